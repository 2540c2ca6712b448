//! Event time: the same messages, in whatever order they arrive and however often, give the same
//! features.

#[path = "support/exact/mod.rs"]
mod exact;
#[path = "support/line.rs"]
mod line;
mod support;

use exact::facts::{Clock, Fact, Known, Plain};
use exact::{Feature, features};
use line::{Line, Sent};
use opportune::{Policy, Value};
use proptest::prelude::*;

const POLICY: &str = r#"
[policy]
name = "stream"
version = 1
currency = "USD"
zones = ["America/New_York", "Pacific/Honolulu"]
zone_from = "home_zone"
[attributes]
home_zone = { type = "zone" }
tariff = { type = "enum", values = ["basic"], export = true }
device = { type = "enum", values = ["phone"], export = true }
[features]
balance = { last = "balance_change.balance" }
calls = { count = "call_end" }
longest = { max = "call_end.minutes" }
last_use = { last_time = ["call_end", "data_session"] }
failures_1h = { count = "recharge_failed", window = "1h", buckets = 4 }
spend_24h = { sum = ["call_end.charge", "data_session.charge"], window = "24h", buckets = 4 }
spend_30d = { sum = ["call_end.charge", "data_session.charge"], window = "30d", buckets = 30 }
video_7d = { sum = "data_session.megabytes", where = "event.app == 'video'", window = "7d", buckets = 7 }
largest_7d = { max = "data_session.megabytes", window = "7d", buckets = 7 }
least_7d = { min = "balance_change.balance", window = "7d", buckets = 3 }
recharged_30d = { sum = "recharge.amount", window = "30d", buckets = 5 }
calls_by_day = { count = "call_end", window = "day", periods = 20 }
spend_week = { sum = ["call_end.charge", "data_session.charge"], window = "week", periods = 2 }
spend_last_week = { sum = "call_end.charge", window = "week", ago = 1 }
nights_month = { count = "call_end", where = "event.time.getHours() < 6", window = "month" }
first_balance = { first = "balance_change.balance", window = "month" }
first_use = { first_time = "data_session" }
minutes_a_call = { mean = "call_end.minutes" }
video_share = { share = "data_session.megabytes", of = "event.app == 'video'" }
sizes = { distinct = "data_session.megabytes" }
median_session = { quantile = "data_session.megabytes", at = 0.5, between = [0.01, 100.0], error = 0.2 }
days_with_data = { active = "data_session", periods = 20 }
days_in_a_row = { streak = ["call_end", "data_session"] }
spend_lately = { sum = ["call_end.charge", "data_session.charge"], half_life = "7d" }
calls_a_week = { count = "call_end", half_life = "48h", per = "7d" }
"#;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;
/// A week before the clocks in New York go forward, on 2026-03-08.
const START_MS: i64 = 1_772_341_200_000;
/// When everything has come.
const END_MS: i64 = START_MS + 20 * DAY_MS;

/// A message's events, some minutes after the start: one to four of them.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let amount = || (1..40_000_000i64).prop_map(Plain::Money);
    let size = || (1..90_000i64).prop_map(|kilobytes| Plain::Double(kilobytes as f64 / 1e3));
    let app = prop::sample::select(vec!["video", "social", "web"]).prop_map(Plain::Word);
    let event = prop_oneof![
        (size(), amount()).prop_map(|(minutes, charge)| {
            ("call_end", vec![("minutes", minutes), ("charge", charge)])
        }),
        (size(), app, amount()).prop_map(|(megabytes, app, charge)| {
            ("data_session", vec![("megabytes", megabytes), ("app", app), ("charge", charge)])
        }),
        amount().prop_map(|balance| ("balance_change", vec![("balance", balance)])),
        amount().prop_map(|amount| ("recharge", vec![("amount", amount)])),
        Just(("recharge_failed", vec![])),
    ];
    let timed = (event, 0..20 * 24 * 60i64).prop_map(|((kind, fields), minute)| Fact {
        kind,
        time_ms: START_MS + minute * MINUTE_MS,
        fields,
    });
    prop::collection::vec(timed, 0..4)
}

/// Messages of three sessions at once, which is fewer than a profile remembers; numbers have gaps.
fn messages() -> impl Strategy<Value = Vec<Sent>> {
    let away = prop::option::of(Just("Pacific/Honolulu"));
    let message = (facts(), away, 1..3u32, 0..3usize);
    // At most 16 of them, so that no number is further behind than a session remembers.
    prop::collection::vec(message, 1..=16).prop_map(|drawn| {
        let mut numbers = [0; 3];
        let sent = drawn.into_iter().map(|(facts, zone, step, session)| {
            numbers[session] += step;
            let number = numbers[session];
            Sent { session: format!("s{session}"), number, now_ms: END_MS, zone, facts }
        });
        sent.collect()
    })
}

fn policy() -> (Policy, Vec<Feature>) {
    let events = ("events.toml".to_owned(), support::shipped_text("events"));
    let features = features(&[POLICY, &events.1]);
    let files =
        [("stream.toml".to_owned(), POLICY.to_owned()), support::one_offer("call_end"), events];
    (support::compiled(&files, "").policy, features)
}

fn values(line: &mut Line, features: &[Feature]) -> Vec<Option<Value<'static>>> {
    features.iter().map(|feature| line.read(&feature.name, END_MS)).collect()
}

/// The profile after messages in the order of these numbers; a number beyond them repeats one.
fn after<'p>(policy: &'p Policy, messages: &[Sent], order: &[usize]) -> Line<'p> {
    let mut line = Line::new(policy, "+99955500001");
    let mut seen = vec![false; messages.len()];
    for number in order.iter().map(|number| number % messages.len()) {
        assert_eq!(line.take(&messages[number]), seen[number], "{:?}", messages[number]);
        seen[number] = true;
    }
    assert!(seen.iter().all(|seen| *seen), "every message comes");
    line
}

#[test]
fn order_and_repetitions_do_not_show() {
    let (policy, features) = policy();
    let repetitions = prop::collection::vec(any::<prop::sample::Index>(), 0..20);
    let shuffled = messages().prop_flat_map(|messages| {
        let order: Vec<usize> = (0..messages.len()).collect();
        (Just(messages), Just(order).prop_shuffle())
    });
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |((messages, mut order) in shuffled, repetitions in repetitions)| {
        let straight: Vec<usize> = (0..messages.len()).collect();
        let mut in_order = after(&policy, &messages, &straight);
        for again in repetitions {
            order.insert(again.index(order.len() + 1), again.index(messages.len()));
        }
        let mut in_disorder = after(&policy, &messages, &order);
        prop_assert_eq!(values(&mut in_order, &features), values(&mut in_disorder, &features));
        // And both are right.
        let mut facts: Vec<Known> = Vec::new();
        for sent in &messages {
            let zone = sent.zone.unwrap_or("America/New_York");
            facts.extend(sent.facts.iter().map(|fact| Known::new(fact.clone(), zone)));
        }
        // Of balances of one time the larger is kept: the oracle keeps the last.
        let balance = |known: &Known| known.fact.field("balance").map(Plain::units);
        facts.sort_by_key(|known| (known.fact.time_ms, balance(known)));
        in_disorder.check(&features, &facts, Clock::new(END_MS, "America/New_York"));
    });
}

/// Times at the ends of what there is, and beyond.
#[test]
fn times_out_of_range_are_refused_and_change_nothing() {
    use opportune::limits::{TIME_MS_MAX, TIME_MS_MIN};
    let (policy, _) = policy();
    let mut line = Line::new(&policy, "+99955500001");
    let sent = |now_ms: i64, time_ms: i64| Sent {
        session: format!("{now_ms} {time_ms}"),
        number: 1,
        now_ms,
        zone: None,
        facts: vec![Fact {
            kind: "call_end",
            time_ms,
            fields: vec![("charge", Plain::Money(1_000_000))],
        }],
    };
    for (now_ms, time_ms) in [
        (END_MS, i64::MIN),
        (END_MS, 0),
        (END_MS, i64::MAX),
        (END_MS, END_MS + 60 * MINUTE_MS + 1),
        (i64::MIN, END_MS),
        (i64::MAX, END_MS),
        (0, END_MS),
        (TIME_MS_MAX + 1, TIME_MS_MAX),
    ] {
        let before = line.profile.clone();
        assert!(line.try_take(&sent(now_ms, time_ms)).is_err(), "{now_ms} {time_ms}");
        assert_eq!(line.profile, before, "{now_ms} {time_ms}");
    }
    // From the first to the last time, and from there on everything else is late.
    for (now_ms, time_ms) in [(TIME_MS_MIN, TIME_MS_MIN), (TIME_MS_MAX, TIME_MS_MAX)] {
        line.try_take(&sent(now_ms, time_ms)).expect("within range");
        assert_eq!(line.read("spend_24h", now_ms), Some(Value::Money(1_000_000)));
        assert_eq!(line.read("last_use", now_ms), Some(Value::Timestamp(time_ms)));
    }
    line.try_take(&sent(END_MS, END_MS)).expect("a clock that goes back");
    assert_eq!(line.read("calls", END_MS), Some(Value::Int(3)));
    assert_eq!(line.read("last_use", END_MS), Some(Value::Timestamp(TIME_MS_MAX)));
    assert_eq!(line.health().late_events, 1, "windows of charges have moved on for ever");
}
