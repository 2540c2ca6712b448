//! A charging service of the smallest kind that is still honest: an in-memory store, one decision
//! inline with each message, optimistic concurrency between nodes, and an outcome that is settled.
//!
//! ```text
//! message -> read profile -> decide over a copy -> write back, if nobody else wrote meanwhile
//!                ^                                   |
//!                '---------- read again -------------'  otherwise
//! ```
//!
//! Run with `cargo run --example in_memory_service`.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Mutex;

use opportune::compile::{Source, compile};
use opportune::{
    BudgetId, Context, Dated, Decision, Event, Field, Local, MICROS, MemberId, Message, Origin,
    Outcome, OutcomeKind, PermanentId, Policy, ProfileBytes, Shared, Snapshot, Value,
};

/// Noon in New York on 3 March 2026.
const NOON_MS: i64 = 1_772_557_200_000;

/// What a key-value store offers a charging node: read with a revision, compare and set.
#[derive(Default)]
struct Store(Mutex<HashMap<Vec<u8>, Vec<u8>>>);

impl Store {
    fn read(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.0.lock().expect("no holder panics").get(key).cloned()
    }

    /// Writes unless the stored profile has another revision than expected (0: none stored).
    fn write(&self, policy: &Policy, key: &[u8], expected: u64, profile: Vec<u8>) -> bool {
        let mut profiles = self.0.lock().expect("no holder panics");
        let stored = profiles.get(key).and_then(|old| revision(policy, old).ok());
        if stored.unwrap_or(0) != expected {
            return false;
        }
        profiles.insert(key.to_vec(), profile);
        true
    }
}

fn revision(policy: &Policy, profile: &[u8]) -> Result<u64, opportune::Error> {
    opportune::profile_revision(policy, profile)
}

/// What every thread of the service shares.
struct Service {
    policy: Policy,
    snapshot: Snapshot,
    store: Store,
}

impl Service {
    /// Makes the profile of a subscriber from what other systems know.
    fn add(&self, key: &[u8], known: &[Dated], local: &mut Local) -> Result<(), Box<dyn Error>> {
        let mut profile = opportune::new_profile(&self.policy, key)?;
        let bytes = ProfileBytes::in_place(&mut profile);
        opportune::backfill(&self.policy, bytes, key, known, NOON_MS, &mut local.scratch)?;
        println!("profile of {} bytes", profile.len());
        self.store.write(&self.policy, key, 0, profile).then_some(()).ok_or("known already".into())
    }

    /// Decides on a message. `interfere` runs between reading and writing, in place of another
    /// node that happens to serve the same subscriber.
    fn decide(
        &self,
        message: &Message,
        local: &mut Local,
        mut interfere: impl FnMut(),
    ) -> Result<Decision, Box<dyn Error>> {
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        let mut attempt = 1;
        loop {
            let old = match self.store.read(message.subscriber) {
                Some(profile) => profile,
                None => opportune::new_profile(&self.policy, message.subscriber)?,
            };
            let expected = revision(&self.policy, &old)?;
            let mut new = vec![0; self.policy.profile_bytes()];
            // A decision reserves from the lease and counts in the delta: undone if it is lost.
            let before = (local.lease.clone(), local.delta.clone());
            let bytes = ProfileBytes::apart(&old, &mut new);
            let decision = opportune::decide(shared, bytes, message, &Context::default(), local)?;
            interfere();
            if self.store.write(&self.policy, message.subscriber, expected, new) {
                return Ok(decision);
            }
            (local.lease, local.delta) = before;
            println!("  attempt {attempt}: someone wrote after revision {expected}, read again");
            attempt += 1;
        }
    }

    /// Reports what became of an offer.
    fn settle(&self, outcome: &Outcome, local: &mut Local) -> Result<(), Box<dyn Error>> {
        let mut profile = self.store.read(outcome.subscriber).ok_or("no such subscriber")?;
        let expected = revision(&self.policy, &profile)?;
        let bytes = ProfileBytes::in_place(&mut profile);
        let settled = opportune::settle(&self.policy, bytes, outcome, local)?;
        println!("{:?}: {settled:?}", outcome.kind);
        let written = self.store.write(&self.policy, outcome.subscriber, expected, profile);
        written.then_some(()).ok_or("someone wrote meanwhile: read again, as in decide".into())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let text = include_bytes!("policies/prepaid.toml");
    let ids = include_str!("policies/policy.ids");
    let policy = compile(&[Source { name: "prepaid.toml", bytes: text }], ids)?.policy;
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    local.lease.grant(&policy, id(&policy, "incentives")?, 100 * MICROS);
    local.lease.grant(&policy, id::<BudgetId>(&policy, "sms_gateway")?, 100);
    let snapshot = Snapshot::initial(&policy);
    let service = Service { policy, snapshot, store: Store::default() };
    let policy = &service.policy;

    // Country code 999 is assigned to nobody.
    let subscriber = b"+99941500002";
    service.add(subscriber, &known(policy)?, &mut local)?;

    println!("a call ends and leaves 1.20 dollars");
    let minutes = Field { id: id(policy, "call_end.minutes")?, value: Value::Double(7.5) };
    let charge = Field { id: id(policy, "call_end.charge")?, value: Value::Money(750_000) };
    let left = Field { id: id(policy, "balance_change.balance")?, value: Value::Money(1_200_000) };
    let event = |kind: &str, fields| {
        Ok::<_, String>(Event { kind: id(policy, kind)?, time_ms: NOON_MS, fields })
    };
    let call = [minutes, charge];
    let balance = [left];
    let events = [event("call_end", &call)?, event("balance_change", &balance)?];
    let message = Message {
        subscriber,
        session: b"call-1",
        number: 1,
        now_ms: NOON_MS,
        zone: None,
        account: None,
        events: &events,
    };

    // Another node takes in a message of the same subscriber just before we write, once.
    let sms = [Field { id: id(policy, "sms_sent.charge")?, value: Value::Money(50_000) }];
    let elsewhere = [event("sms_sent", &sms)?];
    let mut other = Some(Message { session: b"sms-1", events: &elsewhere, ..message });
    let mut others = Local::new(policy, Origin { node: 2, epoch: 1, sequence: 1 });
    let decision = service.decide(&message, &mut local, || {
        if let Some(message) = other.take() {
            let done = service.decide(&message, &mut others, || {});
            println!("  another node decides on an SMS: {}", done.is_ok());
        }
    })?;
    for moment in &decision.moments {
        let name = policy.name_of(moment.id).unwrap_or("?");
        println!("  moment {name}, strength {}", moment.strength);
    }
    let Some(offered) = decision.offers.first() else {
        println!("  no offer: {}", decision.furthest.words());
        return Ok(());
    };
    let offer = policy.name_of(offered.offer).unwrap_or("?");
    let channel = policy.name_of(offered.channel).unwrap_or("?");
    println!("  offer {offer} on {channel}, worth {:.2} dollars", offered.score / MICROS as f64);

    let again = service.decide(&message, &mut local, || {})?;
    let (repeated, offers) = (again.repeated, again.offers.len());
    println!("the message is sent again: repeated {repeated}, {offers} offers");

    for kind in [OutcomeKind::Delivered, OutcomeKind::Accepted, OutcomeKind::Fulfilled] {
        let now_ms = NOON_MS + 60_000;
        let outcome = Outcome { subscriber, decision: decision.id, slot: 0, kind, now_ms };
        service.settle(&outcome, &mut local)?;
    }
    Ok(())
}

/// What other systems know of the subscriber.
fn known(policy: &Policy) -> Result<Vec<Dated<'static>>, String> {
    let zone = id::<MemberId>(policy, "home_zone.America/New_York")?;
    let device = id::<MemberId>(policy, "device.smartphone")?;
    let dated =
        |feature: &str, value| Ok(Dated::new(id(policy, feature)?, NOON_MS - 3_600_000, value));
    [
        ("home_zone", Value::Member(zone)),
        ("device", Value::Member(device)),
        ("tenure_days", Value::Int(400)),
        ("consent_app", Value::Bool(true)),
        ("spend_7d", Value::Money(9 * MICROS)),
        ("recharges_30d", Value::Int(3)),
        ("recharged_30d", Value::Money(30 * MICROS)),
    ]
    .into_iter()
    .map(|(feature, value)| dated(feature, value))
    .collect()
}

/// Names are resolved to permanent ids once, at the start.
fn id<I: PermanentId>(policy: &Policy, name: &str) -> Result<I, String> {
    policy.id(name).ok_or_else(|| format!("the policy has no `{name}`"))
}
