//! Values of one time: whose stands does not depend on the order in which they come, and is what an
//! exact comparison says.

mod support;

use std::cmp::Reverse;

use opportune::{
    Dated, Event, EventId, FeatureId, Field, FieldId, Message, Policy, ProfileBytes, Scratch,
    SourceId, Value, backfill, new_profile, read_feature, update,
};
use proptest::prelude::*;

const KEY: &[u8] = b"+99955500001";
const START_MS: i64 = 1_772_600_000_000;
const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;

/// Ranks 0, 7, 3, 7: two sources of one rank.
const POLICY: &str = r#"
[policy]
name = "ties"
version = 1
currency = "USD"
zones = ["UTC"]
[sources.high]
rank = 7
expires = "1m"
events = "from_high"
[sources.low]
rank = 3
expires = "2m"
events = "from_low"
[sources.equal]
rank = 7
events = "from_equal"
[events]
from_nobody = { value = "int" }
from_high = { value = "int" }
from_low = { value = "int" }
from_equal = { value = "int" }
[attributes.told]
type = "int"
expires = "90m"
from = ["from_nobody.value", "from_high.value", "from_low.value", "from_equal.value"]
[features]
last = { last = ["from_nobody.value", "from_high.value", "from_low.value", "from_equal.value"] }
first = { first = ["from_nobody.value", "from_high.value", "from_low.value", "from_equal.value"] }
last_hour = { last = ["from_nobody.value", "from_high.value", "from_low.value", "from_equal.value"], window = "1h", buckets = 4 }
first_day = { first = ["from_nobody.value", "from_high.value", "from_low.value", "from_equal.value"], window = "day" }
[channels.sms]
consent = true
[[contact.caps]]
at_most = 1
within = "30d"
of = "all"
"#;

const KINDS: [&str; 4] = ["from_nobody", "from_high", "from_low", "from_equal"];
const RANKS: [u8; 4] = [0, 7, 3, 7];
const LASTS_MS: [i64; 4] = [i64::MAX, 60_000, 120_000, i64::MAX];
const ATTRIBUTE_LASTS_MS: i64 = 90 * 60_000;

/// Something that was told: by an event, or by an extract of a warehouse.
#[derive(Clone, Copy, Debug)]
struct Told {
    time_ms: i64,
    kind: usize,
    value: i64,
    number: u32,
    place: usize,
}

/// What a call brings.
#[derive(Clone, Debug)]
enum Call {
    Message(Vec<Told>),
    Backfill(Told),
}

impl Call {
    fn told(&self) -> &[Told] {
        match self {
            Call::Message(all) => all,
            Call::Backfill(one) => std::slice::from_ref(one),
        }
    }
}

/// A few seconds, numbers and values, so that nearly everything ties with something.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let told = (0..4i64, 0..KINDS.len(), 0..4i64).prop_map(|(second, kind, value)| Told {
        time_ms: START_MS + second * SECOND_MS,
        kind,
        value,
        number: 0,
        place: 0,
    });
    let message = prop::collection::vec(told.clone(), 1..4).prop_map(Call::Message);
    let call = prop_oneof![message, told.prop_map(Call::Backfill)];
    prop::collection::vec((call, 0..5u32), 1..12).prop_map(|drawn| {
        let numbered = drawn.into_iter().map(|(call, number)| match call {
            Call::Message(mut told) => {
                for (place, one) in told.iter_mut().enumerate() {
                    (one.number, one.place) = (number, place);
                }
                Call::Message(told)
            }
            Call::Backfill(told) => Call::Backfill(Told { number, ..told }),
        });
        numbered.collect()
    })
}

struct Bench<'p> {
    policy: &'p Policy,
    scratch: Scratch,
    profile: Vec<u8>,
}

impl<'p> Bench<'p> {
    fn new(policy: &'p Policy) -> Bench<'p> {
        let profile = new_profile(policy, KEY).expect("a key");
        Bench { policy, scratch: Scratch::new(policy), profile }
    }

    /// The nth call of all, at a time.
    fn call(&mut self, nth: usize, call: &Call, now_ms: i64) {
        let policy = self.policy;
        match call {
            Call::Message(told) => {
                let fields: Vec<[Field; 1]> = told
                    .iter()
                    .map(|one| {
                        let name = format!("{}.value", KINDS[one.kind]);
                        let id: FieldId = policy.id(&name).expect("a field");
                        [Field { id, value: Value::Int(one.value) }]
                    })
                    .collect();
                let events: Vec<Event> = told
                    .iter()
                    .zip(&fields)
                    .map(|(one, fields)| {
                        let kind: EventId = policy.id(KINDS[one.kind]).expect("an event");
                        Event { kind, time_ms: one.time_ms, fields }
                    })
                    .collect();
                // A session each, so that none is forgotten for another's number.
                let session = format!("session {nth}");
                let message = Message {
                    subscriber: KEY,
                    session: session.as_bytes(),
                    number: told[0].number,
                    now_ms,
                    zone: None,
                    account: None,
                    events: &events,
                };
                let bytes = ProfileBytes::in_place(&mut self.profile);
                update(policy, bytes, &message, &mut self.scratch).expect("a sound message");
            }
            Call::Backfill(one) => {
                let source = KINDS[one.kind].strip_prefix("from_").expect("a prefix");
                let source: Option<SourceId> = policy.id(source);
                let dated = ["told", "last", "first", "last_hour", "first_day"].map(|name| {
                    let feature: FeatureId = policy.id(name).expect("a feature");
                    let dated = Dated::new(feature, one.time_ms, Value::Int(one.value));
                    Dated { source, ..dated.numbered(one.number) }
                });
                let bytes = ProfileBytes::in_place(&mut self.profile);
                backfill(policy, bytes, KEY, &dated, now_ms, &mut self.scratch).expect("sound");
            }
        }
    }

    fn read(&mut self, name: &str, now_ms: i64) -> Option<i64> {
        let id: FeatureId = self.policy.id(name).expect("a feature");
        let value = read_feature(self.policy, &self.profile, id, now_ms, &mut self.scratch);
        match value.expect("sound") {
            Some(Value::Int(value)) => Some(value),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    fn all(&mut self, now_ms: i64) -> [Option<i64>; 5] {
        ["told", "last", "first", "last_hour", "first_day"].map(|name| self.read(name, now_ms))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_arrival_shows(
        calls in calls(),
        keys in prop::collection::vec(any::<u64>(), 24),
        later_ms in 0..3 * HOUR_MS,
    ) {
        let policy = support::compile_text(POLICY);
        let end_ms = START_MS + 4 * SECOND_MS;
        let now_ms = end_ms + later_ms;
        let mut in_order = Bench::new(&policy);
        for (nth, call) in calls.iter().enumerate() {
            in_order.call(nth, call, end_ms);
        }
        let found = in_order.all(now_ms);

        // Each once or twice, in any order.
        let twice = calls.iter().enumerate().chain(calls.iter().enumerate());
        let mut shuffled: Vec<_> = keys.iter().zip(twice).collect();
        shuffled.sort_by_key(|(key, _)| **key);
        let mut in_disorder = Bench::new(&policy);
        for (_, (nth, call)) in shuffled {
            in_disorder.call(nth, call, end_ms);
        }
        prop_assert_eq!(found, in_disorder.all(now_ms));

        let all: Vec<Told> = calls.iter().flat_map(|call| call.told().to_vec()).collect();
        let id = |told: &Told| {
            let source = KINDS[told.kind].strip_prefix("from_").expect("a prefix");
            policy.id::<SourceId>(source).map_or(0, |source| source.0)
        };
        let sequence = |told: &Told| (told.number, told.place, told.value, id(told));
        let last = all.iter().max_by_key(|one| (one.time_ms, RANKS[one.kind], sequence(one)));
        let first =
            all.iter().min_by_key(|one| (one.time_ms, Reverse(RANKS[one.kind]), sequence(one)));
        let (last, first) = (last.expect("some"), first.expect("some"));
        prop_assert_eq!(found[1], Some(last.value));
        prop_assert_eq!(found[2], Some(first.value));
        let lasts_ms = LASTS_MS[last.kind].min(ATTRIBUTE_LASTS_MS);
        let told = Some(last.value).filter(|_| now_ms - last.time_ms <= lasts_ms);
        prop_assert_eq!(found[0], told);
    }
}

/// A source that the policy does not have is refused, and nothing changes.
#[test]
fn a_source_that_is_not_there() {
    let policy = support::compile_text(POLICY);
    let mut bench = Bench::new(&policy);
    let before = bench.profile.clone();
    let told: FeatureId = policy.id("told").expect("a feature");
    for source in [0, 4, 256, u32::MAX] {
        let dated = Dated::new(told, START_MS, Value::Int(1)).from_source(SourceId(source));
        let bytes = ProfileBytes::in_place(&mut bench.profile);
        let refused = backfill(&policy, bytes, KEY, &[dated], START_MS, &mut bench.scratch);
        assert_eq!(refused, Err(opportune::Error::UnknownSource), "{source}");
        assert_eq!(bench.profile, before);
    }
}
