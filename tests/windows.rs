//! Features against an exact replay of their events, in any order.

mod support;

use opportune::{
    Event, EventId, FeatureId, Field, FieldId, Message, Policy, ProfileBytes, Scratch, Value,
    new_profile, profile_health, read_feature, update,
};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const START_MS: i64 = 1_772_500_000_000;
const KEY: &[u8] = b"+99955500001";

const POLICY: &str = r#"
[policy]
name = "windows"
version = 1
currency = "USD"
zones = ["UTC"]
[events.use]
amount = "money"
size = "double"
[features.count_day]
count = "use"
window = "24h"
buckets = 6
[features.money_day]
sum = "use.amount"
window = "24h"
buckets = 8
[features.size_week]
sum = "use.size"
window = "7d"
buckets = 7
[features.large_day]
count = "use"
where = "event.amount > 5.00"
window = "24h"
buckets = 24
[features.most_day]
max = "use.amount"
window = "24h"
buckets = 6
[features.least]
min = "use.size"
[features.count_ever]
count = "use"
[features.latest]
last = "use.amount"
[features.latest_time]
last_time = "use"
[moments.used]
on = "use"
when = "count_ever > 0"
intent = "know"
[channels.sms]
[[contact.caps]]
at_most = 2
within = "1d"
of = "all"
[issues.care.groups.tips]
[offers.hello]
group = "care.tips"
kind = "tip"
moments = ["used"]
value = "0.10"
[offers.hello.treatments.sms]
content = "hello"
propensity = 0.1
"#;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Use {
    time_ms: i64,
    micros: i64,
    /// Millionths.
    size: i64,
}

struct Bench {
    policy: Policy,
    scratch: Scratch,
    profile: Vec<u8>,
    number: u32,
}

impl Bench {
    fn new() -> Bench {
        let policy = support::compile_text(POLICY);
        Bench {
            scratch: Scratch::new(&policy),
            profile: new_profile(&policy, KEY).expect("a key"),
            policy,
            number: 0,
        }
    }

    /// One message, at the end of all events.
    fn take(&mut self, event: Use, now_ms: i64) {
        let kind: EventId = self.policy.id("use").expect("an event");
        let field = |name: &str| -> FieldId { self.policy.id(name).expect("a field") };
        let fields = [
            Field { id: field("use.amount"), value: Value::Money(event.micros) },
            Field { id: field("use.size"), value: Value::Double(event.size as f64 / 1e6) },
        ];
        let events = [Event { kind, time_ms: event.time_ms, fields: &fields }];
        self.number += 1;
        let message = Message {
            subscriber: KEY,
            session: b"s",
            number: self.number,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let bytes = ProfileBytes::in_place(&mut self.profile);
        update(&self.policy, bytes, &message, &mut self.scratch).expect("a sound message");
    }

    fn read(&mut self, name: &str, now_ms: i64) -> Option<Value<'static>> {
        let id: FeatureId = self.policy.id(name).expect("a feature");
        read_feature(&self.policy, &self.profile, id, now_ms, &mut self.scratch).expect("sound")
    }

    fn all(&mut self, now_ms: i64) -> Vec<Option<Value<'static>>> {
        let ids: Vec<FeatureId> = self.policy.names().map(|(id, _)| id).collect();
        ids.into_iter()
            .map(|id| {
                read_feature(&self.policy, &self.profile, id, now_ms, &mut self.scratch)
                    .expect("sound")
            })
            .collect()
    }
}

fn number(value: Option<Value>) -> i64 {
    match value {
        Some(Value::Int(value) | Value::Money(value) | Value::Timestamp(value)) => value,
        Some(Value::Double(value)) => (value * 1e6).round() as i64,
        other => panic!("not a number: {other:?}"),
    }
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    let one = (0..20 * 24 * HOUR_MS, 0..20_000_000i64, -5_000_000..5_000_000i64);
    prop::collection::vec(one, 1..60).prop_map(|drawn| {
        let event = |(at, micros, size)| Use { time_ms: START_MS + at, micros, size };
        let mut events: Vec<Use> = drawn.into_iter().map(event).collect();
        events.sort_by_key(|event| event.time_ms);
        events
    })
}

/// Events within `(now - length, now]`.
fn within(events: &[Use], now_ms: i64, length_ms: i64) -> impl Iterator<Item = &Use> {
    events.iter().filter(move |e| e.time_ms > now_ms - length_ms && e.time_ms <= now_ms)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A reading covers at least the window and at most one bucket more.
    #[test]
    fn readings_keep_their_bounds(events in uses(), later in 0..3 * 24 * HOUR_MS) {
        let mut bench = Bench::new();
        let now_ms = events[events.len() - 1].time_ms + later;
        for event in &events {
            bench.take(*event, event.time_ms);
        }
        let count = |length_ms| within(&events, now_ms, length_ms).count() as i64;
        let found = number(bench.read("count_day", now_ms));
        prop_assert!((count(24 * HOUR_MS)..=count(28 * HOUR_MS)).contains(&found));

        let money = |length_ms| within(&events, now_ms, length_ms).map(|e| e.micros).sum::<i64>();
        let found = number(bench.read("money_day", now_ms));
        prop_assert!((money(24 * HOUR_MS)..=money(27 * HOUR_MS)).contains(&found));

        let large = |length_ms| {
            within(&events, now_ms, length_ms).filter(|e| e.micros > 5_000_000).count() as i64
        };
        let found = number(bench.read("large_day", now_ms));
        prop_assert!((large(24 * HOUR_MS)..=large(25 * HOUR_MS)).contains(&found));

        let most = |length_ms| within(&events, now_ms, length_ms).map(|e| e.micros).max();
        let found = bench.read("most_day", now_ms).map(|value| number(Some(value)));
        prop_assert!(most(24 * HOUR_MS) <= found && found <= most(28 * HOUR_MS));

        // Over a lifetime there is nothing to bound.
        prop_assert_eq!(number(bench.read("count_ever", now_ms)), events.len() as i64);
        let least = events.iter().map(|e| e.size).min().expect("not empty");
        prop_assert_eq!(number(bench.read("least", now_ms)), least);
        let last = events[events.len() - 1];
        prop_assert_eq!(number(bench.read("latest_time", now_ms)), last.time_ms);
    }

    /// The same events give the same features, in whatever order they arrive.
    #[test]
    fn order_does_not_matter(events in uses(), keys in prop::collection::vec(any::<u64>(), 60)) {
        let now_ms = events[events.len() - 1].time_ms;
        let mut shuffled: Vec<(u64, Use)> = keys.into_iter().zip(events.iter().copied()).collect();
        shuffled.sort_by_key(|(key, _)| *key);
        let (mut in_order, mut in_disorder) = (Bench::new(), Bench::new());
        for event in &events {
            in_order.take(*event, now_ms);
        }
        for (_, event) in &shuffled {
            in_disorder.take(*event, now_ms);
        }
        prop_assert_eq!(in_order.all(now_ms), in_disorder.all(now_ms));
    }

    /// Backfilled totals of a bucket and the events that they are totals of come to the same.
    #[test]
    fn backfill_and_then_live_equals_a_full_replay(events in uses(), cut in 0usize..60) {
        let now_ms = events[events.len() - 1].time_ms;
        let (history, live) = events.split_at(cut.min(events.len()));
        let (mut replayed, mut backfilled) = (Bench::new(), Bench::new());
        for event in &events {
            replayed.take(*event, now_ms);
        }
        let id = |name: &str| -> FeatureId { backfilled.policy.id(name).expect("a feature") };
        let mut dated = Vec::new();
        for event in history {
            let mut add = |name: &str, value| {
                dated.push(opportune::Dated::new(id(name), event.time_ms, value));
            };
            add("count_day", Value::Int(1));
            add("count_ever", Value::Int(1));
            add("large_day", Value::Int(i64::from(event.micros > 5_000_000)));
            add("money_day", Value::Money(event.micros));
            add("most_day", Value::Money(event.micros));
            add("latest", Value::Money(event.micros));
            add("size_week", Value::Double(event.size as f64 / 1e6));
            add("least", Value::Double(event.size as f64 / 1e6));
            add("latest_time", Value::Timestamp(event.time_ms));
        }
        let bytes = ProfileBytes::in_place(&mut backfilled.profile);
        opportune::backfill(&backfilled.policy, bytes, KEY, &dated, now_ms, &mut backfilled.scratch)
            .expect("sound history");
        for event in live {
            backfilled.take(*event, now_ms);
        }
        prop_assert_eq!(replayed.all(now_ms), backfilled.all(now_ms));
    }
}

/// An event older than a ring is counted in the header, once, and left out.
#[test]
fn too_late_is_counted() {
    let mut bench = Bench::new();
    let event = |time_ms| Use { time_ms, micros: 1, size: 1 };
    let now_ms = START_MS + 30 * 24 * HOUR_MS;
    bench.take(event(now_ms), now_ms);
    let late = |bench: &Bench| {
        profile_health(&bench.policy, &bench.profile).expect("a sound profile").late_events
    };
    assert_eq!(late(&bench), 0);
    bench.take(event(START_MS), now_ms);
    assert_eq!(late(&bench), 1);
    assert_eq!(number(bench.read("count_day", now_ms)), 1);
    assert_eq!(number(bench.read("count_ever", now_ms)), 2);
}
