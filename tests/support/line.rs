//! A subscriber's profile as a host keeps it, fed with plain facts.
#![allow(dead_code, reason = "each test program uses a part")]

use opportune::{
    Error, Event, EventId, FeatureId, Field, FieldId, MemberId, Message, Policy, ProfileBytes,
    ProfileHealth, Scratch, Value, new_profile, profile_health, read_feature, update,
};

use super::exact::facts::{Clock, Fact, Known, Plain};
use super::exact::{Expected, Feature};

/// A message of plain facts.
#[derive(Clone, Debug)]
pub struct Sent {
    pub session: String,
    pub number: u32,
    pub now_ms: i64,
    /// The zone that it carries.
    pub zone: Option<&'static str>,
    pub facts: Vec<Fact>,
}

/// One subscriber.
pub struct Line<'p> {
    policy: &'p Policy,
    scratch: Scratch,
    pub profile: Vec<u8>,
    key: String,
}

impl<'p> Line<'p> {
    pub fn new(policy: &'p Policy, key: &str) -> Line<'p> {
        let profile = new_profile(policy, key.as_bytes()).expect("a short key");
        Line { policy, scratch: Scratch::new(policy), profile, key: key.to_owned() }
    }

    /// Takes a sound message in; whether it was recognised as a repetition.
    pub fn take(&mut self, sent: &Sent) -> bool {
        self.try_take(sent).expect("a sound message")
    }

    /// The same of any message.
    pub fn try_take(&mut self, sent: &Sent) -> Result<bool, Error> {
        let fields: Vec<Vec<Field>> = sent.facts.iter().map(|fact| self.fields(fact)).collect();
        let events: Vec<Event> = sent
            .facts
            .iter()
            .zip(&fields)
            .map(|(fact, fields)| {
                let kind: Option<EventId> = self.policy.id(fact.kind);
                let kind = kind.unwrap_or_else(|| panic!("no event {}", fact.kind));
                Event { kind, time_ms: fact.time_ms, fields }
            })
            .collect();
        let message = Message {
            subscriber: self.key.as_bytes(),
            session: sent.session.as_bytes(),
            number: sent.number,
            now_ms: sent.now_ms,
            zone: sent.zone.map(|zone| self.member(&format!("home_zone.{zone}"))),
            account: None,
            events: &events,
        };
        let bytes = ProfileBytes::in_place(&mut self.profile);
        Ok(update(self.policy, bytes, &message, &mut self.scratch)?.repeated)
    }

    fn fields(&self, fact: &Fact) -> Vec<Field<'static>> {
        let field = |(name, value): &(&str, Plain)| {
            let name = format!("{}.{name}", fact.kind);
            let id: Option<FieldId> = self.policy.id(&name);
            let value = match *value {
                Plain::Bool(value) => Value::Bool(value),
                Plain::Int(value) => Value::Int(value),
                Plain::Double(value) => Value::Double(value),
                Plain::Money(micros) => Value::Money(micros),
                Plain::Word(word) => Value::Member(self.member(&format!("{name}.{word}"))),
            };
            Field { id: id.unwrap_or_else(|| panic!("no field {name}")), value }
        };
        fact.fields.iter().map(field).collect()
    }

    fn member(&self, name: &str) -> MemberId {
        self.policy.id(name).unwrap_or_else(|| panic!("no member {name}"))
    }

    pub fn read(&mut self, name: &str, now_ms: i64) -> Option<Value<'static>> {
        let id: FeatureId = self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
        read_feature(self.policy, &self.profile, id, now_ms, &mut self.scratch).expect("sound")
    }

    /// Every feature is what the oracle says, and within what its window promises.
    pub fn check(&mut self, features: &[Feature], facts: &[Known], now: Clock) {
        for feature in features {
            let found = self.read(&feature.name, now.time_ms);
            let place = || format!("{} of {} at {}", feature.name, self.key, now.time_ms);
            match feature.expected(facts, now) {
                Expected::Is(value) => assert_eq!(found, value, "{}", place()),
                Expected::Near { value, by } => {
                    let distance = (number(found) - value).abs();
                    assert!(distance <= by, "{}: {found:?} is no {value}", place());
                }
            }
            if let Some((least, most)) = feature.bounds(facts, now.time_ms) {
                let units = match found {
                    Some(Value::Double(value)) => (value * 1e6).round(),
                    other => number(other),
                };
                let held = (least as f64..=most as f64).contains(&units);
                assert!(held, "{}: {units} is not from {least} to {most}", place());
            }
        }
    }

    /// What went past the profile.
    pub fn health(&self) -> ProfileHealth {
        profile_health(self.policy, &self.profile).expect("a sound profile")
    }
}

fn number(value: Option<Value>) -> f64 {
    match value {
        Some(Value::Int(value) | Value::Money(value) | Value::Duration(value)) => value as f64,
        Some(Value::Double(value)) => value,
        other => panic!("not a number: {other:?}"),
    }
}
