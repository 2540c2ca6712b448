//! A subscriber of the shipped prepaid policy, and messages for them.
#![allow(dead_code, reason = "each program uses a part")]

use opportune::{
    BudgetId, Context, Dated, Event, EventId, FeatureId, Field, FieldId, Local, MICROS, MemberId,
    Message, Origin, Policy, ProfileBytes, Scratch, Value, backfill, new_profile,
};

/// Tuesday 2026-03-03, 15:00 in New York.
pub const AFTERNOON_MS: i64 = 1_772_568_000_000;
/// One minute.
pub const MINUTE_MS: i64 = 60_000;

/// What one thread owns, with more in the lease than it can spend.
pub fn rich_local(policy: &Policy) -> Local {
    let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let budgets: Vec<BudgetId> = policy.names().map(|(id, _)| id).collect();
    for budget in budgets {
        assert!(local.lease.grant(policy, budget, i64::MAX / 4));
    }
    local
}

/// The profile of a subscriber of whom the warehouse knows enough to make offers.
pub fn known_profile(policy: &Policy, key: &str) -> Vec<u8> {
    let mut profile = new_profile(policy, key.as_bytes()).expect("a key of a few bytes");
    give_known(policy, &mut profile, key, |_| {});
    profile
}

/// Backfills what the warehouse knows; `log` sees it too.
pub fn give_known(policy: &Policy, profile: &mut [u8], key: &str, log: impl FnOnce(&[Dated])) {
    let before_ms = AFTERNOON_MS - 1;
    let member = |name: &str| {
        let id: Option<MemberId> = policy.id(name);
        Value::Member(id.unwrap_or_else(|| panic!("no member {name}")))
    };
    let known = [
        ("home_zone", member("home_zone.America/New_York")),
        ("language", member("language.en")),
        ("device", member("device.smartphone")),
        ("international_plan", Value::Bool(false)),
        ("tenure_days", Value::Int(400)),
        ("care_calls", Value::Int(1)),
        ("consent_sms", Value::Bool(true)),
        ("consent_app", Value::Bool(true)),
        ("consent_email", Value::Bool(true)),
        ("balance", Value::Money(8 * MICROS)),
        ("spend_7d", Value::Money(9 * MICROS)),
        ("recharges_30d", Value::Int(4)),
        ("recharged_30d", Value::Money(80 * MICROS)),
        ("calls_7d", Value::Int(40)),
        ("data_mb_7d", Value::Double(900.0)),
    ];
    let dated = known.map(|(name, value)| {
        Dated::new(
            policy.id::<FeatureId>(name).unwrap_or_else(|| panic!("no feature {name}")),
            before_ms,
            value,
        )
    });
    log(&dated);
    let mut scratch = Scratch::new(policy);
    let bytes = ProfileBytes::in_place(profile);
    backfill(policy, bytes, key.as_bytes(), &dated, before_ms, &mut scratch)
        .expect("the values fit the policy");
}

/// The permanent ids that messages are made of.
#[derive(Clone, Copy)]
pub struct Ids {
    call_end: EventId,
    minutes: FieldId,
    charge: FieldId,
    international: FieldId,
    balance_change: EventId,
    balance: FieldId,
}

impl Ids {
    pub fn of(policy: &Policy) -> Ids {
        let event = |name: &str| policy.id(name).unwrap_or_else(|| panic!("no event {name}"));
        let field = |name: &str| policy.id(name).unwrap_or_else(|| panic!("no field {name}"));
        Ids {
            call_end: event("call_end"),
            minutes: field("call_end.minutes"),
            charge: field("call_end.charge"),
            international: field("call_end.international"),
            balance_change: event("balance_change"),
            balance: field("balance_change.balance"),
        }
    }

    /// What a call of a few minutes carries.
    pub fn call_fields(&self) -> [Field<'static>; 3] {
        [
            Field { id: self.minutes, value: Value::Double(3.5) },
            Field { id: self.charge, value: Value::Money(MICROS / 3) },
            Field { id: self.international, value: Value::Bool(false) },
        ]
    }

    pub fn balance_fields(&self, micros: i64) -> [Field<'static>; 1] {
        [Field { id: self.balance, value: Value::Money(micros) }]
    }

    /// The end of a call and the balance that it leaves, as one message's events.
    pub fn call<'a>(
        &self,
        call: &'a [Field],
        balance: &'a [Field],
        time_ms: i64,
    ) -> [Event<'a>; 2] {
        [
            Event { kind: self.call_end, time_ms, fields: call },
            Event { kind: self.balance_change, time_ms, fields: balance },
        ]
    }
}

/// A message of one session.
pub fn message<'a>(key: &'a str, number: u32, now_ms: i64, events: &'a [Event]) -> Message<'a> {
    Message {
        subscriber: key.as_bytes(),
        session: b"session;1",
        number,
        now_ms,
        zone: None,
        account: None,
        events,
    }
}

/// Outbound.
pub fn outbound() -> Context {
    Context::default()
}
