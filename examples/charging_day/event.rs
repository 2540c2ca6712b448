//! What happens to a subscriber, as the systems around charging report it.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    Video,
    Social,
    Web,
    Messaging,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Offers,
    Usage,
    Bill,
}

/// Charges and amounts are micro-dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    Call {
        minutes: f64,
        charge_micros: i64,
        international: bool,
    },
    Sms {
        charge_micros: i64,
    },
    Data {
        megabytes: f64,
        app: App,
        charge_micros: i64,
    },
    /// ISO 3166 code of the country. Use abroad is charged as at home.
    RoamingAttach {
        country: &'static str,
    },
    HomeAttach,
    /// A recharge attempt that failed; the subscriber tries again.
    RechargeFailed {
        amount_micros: i64,
    },
    /// A recharge that works.
    RechargeIntent {
        amount_micros: i64,
    },
    DisputeOpened,
    DisputeResolved,
    /// Sentiment from -1 (angry) to 1 (pleased).
    CareContact {
        sentiment: f64,
    },
    AppBrowse {
        page: Page,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// UTC. A session is reported when it ends.
    pub at_ms: i64,
    pub event: Event,
}
