//! From what happens to what the library is told: every name of the policy is resolved once, and
//! a name that the policy lacks is an error at the start, not a surprise at noon.

use opportune::{
    ChannelId, Event as Fact, EventId, Field, FieldId, Message, PermanentId, Policy, Value,
};

use super::event::{App, Event, Page};

/// The id of a name that the example cannot do without.
pub fn id<I: PermanentId>(policy: &Policy, name: &str) -> Result<I, String> {
    let word = I::NAMESPACE.word();
    policy.id(name).ok_or_else(|| format!("the policy has no {word} `{name}`"))
}

/// A message as the host keeps it, to send it again unchanged if no answer came.
#[derive(Clone, Debug)]
pub struct Draft {
    pub session: String,
    pub number: u32,
    pub facts: Vec<DraftFact>,
    /// The channel that asks, if one does, and how many offers it has room for.
    pub inbound: Option<(ChannelId, u8)>,
}

#[derive(Clone, Debug)]
pub struct DraftFact {
    kind: EventId,
    time_ms: i64,
    fields: Vec<Field<'static>>,
}

impl Draft {
    /// A message in which nothing happens but time.
    pub fn tick() -> Self {
        Self { session: String::new(), number: 0, facts: Vec::new(), inbound: None }
    }

    /// Passes the message, sent now, to `send`.
    pub fn with_message<T>(
        &self,
        subscriber: &str,
        now_ms: i64,
        send: impl FnOnce(&Message) -> T,
    ) -> T {
        let facts: Vec<Fact> = self
            .facts
            .iter()
            .map(|fact| Fact { kind: fact.kind, time_ms: fact.time_ms, fields: &fact.fields })
            .collect();
        send(&Message {
            subscriber: subscriber.as_bytes(),
            session: self.session.as_bytes(),
            number: self.number,
            now_ms,
            zone: None,
            account: None,
            events: &facts,
        })
    }
}

/// An event kind with its fields, in the order of the list that resolved them.
#[derive(Clone, Debug)]
struct Kind<const FIELDS: usize> {
    id: EventId,
    fields: [FieldId; FIELDS],
}

impl<const FIELDS: usize> Kind<FIELDS> {
    fn resolve(policy: &Policy, name: &str, fields: [&str; FIELDS]) -> Result<Self, String> {
        let mut ids = [FieldId::default(); FIELDS];
        for (slot, field) in ids.iter_mut().zip(fields) {
            *slot = id(policy, &format!("{name}.{field}"))?;
        }
        Ok(Self { id: id(policy, name)?, fields: ids })
    }

    fn fact(&self, time_ms: i64, values: [Value<'static>; FIELDS]) -> DraftFact {
        let fields = self.fields.into_iter().zip(values);
        DraftFact {
            kind: self.id,
            time_ms,
            fields: fields.map(|(id, value)| Field { id, value }).collect(),
        }
    }
}

/// All events of the policy that the host reports.
#[derive(Clone, Debug)]
pub struct Inputs {
    call_end: Kind<3>,
    sms_sent: Kind<1>,
    data_session: Kind<3>,
    balance_change: Kind<1>,
    recharge: Kind<1>,
    recharge_failed: Kind<1>,
    roaming_attach: Kind<1>,
    home_attach: Kind<0>,
    dispute_opened: Kind<0>,
    dispute_resolved: Kind<0>,
    care_contact: Kind<1>,
    app_browse: Kind<1>,
    fulfilment_failed: Kind<0>,
    apps: [(App, Value<'static>); 4],
    pages: [(Page, Value<'static>); 3],
}

impl Inputs {
    pub fn resolve(policy: &Policy) -> Result<Self, String> {
        let member = |name: &str| Ok::<_, String>(Value::Member(id(policy, name)?));
        Ok(Self {
            call_end: Kind::resolve(policy, "call_end", ["minutes", "charge", "international"])?,
            sms_sent: Kind::resolve(policy, "sms_sent", ["charge"])?,
            data_session: Kind::resolve(policy, "data_session", ["megabytes", "app", "charge"])?,
            balance_change: Kind::resolve(policy, "balance_change", ["balance"])?,
            recharge: Kind::resolve(policy, "recharge", ["amount"])?,
            recharge_failed: Kind::resolve(policy, "recharge_failed", ["amount"])?,
            roaming_attach: Kind::resolve(policy, "roaming_attach", ["country"])?,
            home_attach: Kind::resolve(policy, "home_attach", [])?,
            dispute_opened: Kind::resolve(policy, "dispute_opened", [])?,
            dispute_resolved: Kind::resolve(policy, "dispute_resolved", [])?,
            care_contact: Kind::resolve(policy, "care_contact", ["sentiment"])?,
            app_browse: Kind::resolve(policy, "app_browse", ["page"])?,
            fulfilment_failed: Kind::resolve(policy, "fulfilment_failed", [])?,
            apps: [
                (App::Video, member("data_session.app.video")?),
                (App::Social, member("data_session.app.social")?),
                (App::Web, member("data_session.app.web")?),
                (App::Messaging, member("data_session.app.messaging")?),
            ],
            pages: [
                (Page::Offers, member("app_browse.page.offers")?),
                (Page::Usage, member("app_browse.page.usage")?),
                (Page::Bill, member("app_browse.page.bill")?),
            ],
        })
    }

    /// What an event of the day tells the library.
    pub fn fact(&self, time_ms: i64, event: &Event) -> DraftFact {
        match *event {
            Event::Call { minutes, charge_micros, international } => self.call_end.fact(
                time_ms,
                [Value::Double(minutes), Value::Money(charge_micros), Value::Bool(international)],
            ),
            Event::Sms { charge_micros } => {
                self.sms_sent.fact(time_ms, [Value::Money(charge_micros)])
            }
            Event::Data { megabytes, app, charge_micros } => self.data_session.fact(
                time_ms,
                [Value::Double(megabytes), of(&self.apps, app), Value::Money(charge_micros)],
            ),
            Event::RechargeIntent { amount_micros } => {
                self.recharge.fact(time_ms, [Value::Money(amount_micros)])
            }
            Event::RechargeFailed { amount_micros } => {
                self.recharge_failed.fact(time_ms, [Value::Money(amount_micros)])
            }
            Event::RoamingAttach { country } => {
                self.roaming_attach.fact(time_ms, [Value::Text(country.as_bytes())])
            }
            Event::HomeAttach => self.home_attach.fact(time_ms, []),
            Event::DisputeOpened => self.dispute_opened.fact(time_ms, []),
            Event::DisputeResolved => self.dispute_resolved.fact(time_ms, []),
            Event::CareContact { sentiment } => {
                self.care_contact.fact(time_ms, [Value::Double(sentiment)])
            }
            Event::AppBrowse { page } => self.app_browse.fact(time_ms, [of(&self.pages, page)]),
        }
    }

    pub fn balance(&self, time_ms: i64, balance_micros: i64) -> DraftFact {
        self.balance_change.fact(time_ms, [Value::Money(balance_micros)])
    }

    pub fn fulfilment_failed(&self, time_ms: i64) -> DraftFact {
        self.fulfilment_failed.fact(time_ms, [])
    }
}

fn of<K: PartialEq, V: Copy>(table: &[(K, V)], key: K) -> V {
    let found = table.iter().find(|entry| entry.0 == key);
    found.expect("every variant has an entry").1
}
