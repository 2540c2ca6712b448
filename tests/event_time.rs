//! Every fold over every window, against an exact replay: in any order, with duplicates, in any
//! zone, over the changes to and from summer time.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use opportune::{
    Dated, Error, Event, EventId, FeatureId, Field, FieldId, MICROS, MemberId, Message, Policy,
    ProfileBytes, Scratch, Value, backfill, limits, new_profile, profile_health, read_feature,
    update,
};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const KEY: &[u8] = b"+99955500001";
const HOME: &str = "America/New_York";
/// A whole day apart, so that the local date differs between any two at some hours.
const ZONES: [&str; 3] = [HOME, "Pacific/Honolulu", "Pacific/Kiritimati"];
const BILL_DAY: i64 = 31;
/// What the two cycles, of a constant and of an attribute, begin on.
const CYCLE_DAY: i64 = 15;

const HEAD: &str = r#"
[policy]
name = "event_time"
version = 1
currency = "USD"
zones = ["America/New_York", "Pacific/Honolulu", "Pacific/Kiritimati"]
zone_from = "home"
[attributes]
home = { type = "zone" }
bill = { type = "int" }
[events.use]
amount = "money"
size = "double"
pieces = "int"
cell = "text"
zone = "zone"
[channels.sms]
consent = true
[[contact.caps]]
at_most = 2
within = "1d"
of = "all"
[features]
"#;

/// A name, and the keys of a feature that it stands for.
const FOLDS: [(&str, &str); 20] = [
    ("count", "count = 'use'"),
    ("evening", "count = 'use', where = 'event.time.getHours() >= 20'"),
    ("sum", "sum = 'use.amount'"),
    ("sum_size", "sum = 'use.size'"),
    ("sum_pieces", "sum = 'use.pieces'"),
    ("min", "min = 'use.size'"),
    ("max", "max = 'use.pieces'"),
    ("mean", "mean = 'use.amount'"),
    ("mean_pieces", "mean = 'use.pieces'"),
    ("share", "share = 'use', of = 'event.pieces > 3'"),
    ("share_amount", "share = 'use.amount', of = 'event.pieces > 3'"),
    ("last", "last = 'use.amount'"),
    ("first", "first = 'use.amount'"),
    ("last_time", "last_time = 'use'"),
    ("first_time", "first_time = 'use'"),
    ("distinct", "distinct = 'use.cell', registers = 128"),
    ("quantile", "quantile = 'use.size', at = 0.75, between = [1, 1000], error = 0.1"),
    ("median", "quantile = 'use.amount', at = 0.5, between = [0.01, 100], error = 0.2"),
    ("active", "active = 'use'"),
    ("streak", "streak = 'use'"),
];

const WINDOWS: [(&str, &str); 11] = [
    ("ever", ""),
    ("rolling", ", window = '6h', buckets = 6"),
    ("day", ", window = 'day'"),
    ("yesterday", ", window = 'day', ago = 1"),
    ("days", ", window = 'day', periods = 5"),
    ("week", ", window = 'week'"),
    ("month", ", window = 'month'"),
    ("last_month", ", window = 'month', ago = 1"),
    ("cycle", ", window = 'cycle', bill_day = 15"),
    ("own_cycle", ", window = 'cycle', bill_day = 'bill'"),
    ("decay", ", half_life = '12h', buckets = 10"),
];
const HALF_LIFE_MS: i64 = 12 * HOUR_MS;
const HALF_LIVES: i32 = 10;

fn can_be(fold: &str, window: &str) -> bool {
    match window {
        "decay" => {
            ["count", "evening"].contains(&fold)
                || ["sum", "mean", "share"].iter().any(|kind| fold.starts_with(kind))
        }
        "ever" | "rolling" => !["active", "streak"].contains(&fold),
        // A streak goes back from now, as far as periods are remembered.
        "yesterday" | "days" | "last_month" => fold != "streak",
        _ => true,
    }
}

fn pairs() -> impl Iterator<Item = ((&'static str, &'static str), (&'static str, &'static str))> {
    let all = FOLDS.into_iter().flat_map(|fold| WINDOWS.into_iter().map(move |of| (fold, of)));
    all.filter(|(fold, window)| can_be(fold.0, window.0))
}

fn policy() -> Policy {
    let features: String = pairs()
        .map(|((fold, keys), (window, over))| format!("{fold}_{window} = {{ {keys}{over} }}\n"))
        .collect();
    let rate = "rate = { count = 'use', half_life = '12h', buckets = 10, per = '24h' }\n";
    support::compile_text(&format!("{HEAD}{features}{rate}"))
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Use {
    time_ms: i64,
    amount: i64,
    size: f64,
    pieces: i64,
    cell: u64,
    /// Which zone the event says, and which its message.
    own_zone: Option<usize>,
    zone: Option<usize>,
    /// Of its message.
    number: u32,
}

impl Use {
    /// The zone in force.
    fn zone(&self) -> usize {
        self.own_zone.or(self.zone).unwrap_or(0)
    }
}

/// The number of the message that the nth event comes in, of three sessions.
fn number_of(nth: usize) -> u32 {
    (nth / 3) as u32
}

struct Bench {
    policy: Policy,
    scratch: Scratch,
    profile: Vec<u8>,
}

impl Bench {
    fn new() -> Bench {
        let policy = policy();
        let mut bench = Bench {
            scratch: Scratch::new(&policy),
            profile: new_profile(&policy, KEY).expect("a key"),
            policy,
        };
        let home = Value::Member(bench.zone(0));
        let known = [bench.dated("home", 1, home), bench.dated("bill", 1, Value::Int(BILL_DAY))];
        bench.backfill(&known, 1);
        bench
    }

    fn zone(&self, zone: usize) -> MemberId {
        self.policy.id(&format!("home.{}", ZONES[zone])).expect("a zone")
    }

    fn dated(&self, name: &str, time_ms: i64, value: Value<'static>) -> Dated<'static> {
        Dated::new(self.policy.id(name).expect("a feature"), time_ms, value)
    }

    fn backfill(&mut self, dated: &[Dated], now_ms: i64) {
        let bytes = ProfileBytes::in_place(&mut self.profile);
        backfill(&self.policy, bytes, KEY, dated, now_ms, &mut self.scratch).expect("sound");
    }

    fn try_take(&mut self, event: &Use, nth: usize, now_ms: i64) -> Result<bool, Error> {
        let kind: EventId = self.policy.id("use").expect("an event");
        let cell = event.cell.to_le_bytes();
        let field = |name: &str, value| {
            let id: FieldId = self.policy.id(&format!("use.{name}")).expect("a field");
            Field { id, value }
        };
        let mut fields = vec![
            field("amount", Value::Money(event.amount)),
            field("size", Value::Double(event.size)),
            field("pieces", Value::Int(event.pieces)),
            field("cell", Value::Text(&cell)),
        ];
        fields.extend(event.own_zone.map(|at| field("zone", Value::Member(self.zone(at)))));
        let message = Message {
            subscriber: KEY,
            session: [b"a", b"b", b"c"][nth % 3],
            number: number_of(nth),
            now_ms,
            zone: event.zone.map(|at| self.zone(at)),
            account: None,
            events: &[Event { kind, time_ms: event.time_ms, fields: &fields }],
        };
        let bytes = ProfileBytes::in_place(&mut self.profile);
        update(&self.policy, bytes, &message, &mut self.scratch).map(|done| done.repeated)
    }

    fn take(&mut self, event: &Use, nth: usize, now_ms: i64) -> bool {
        self.try_take(event, nth, now_ms).expect("a sound message")
    }

    fn read(&mut self, name: &str, now_ms: i64) -> Option<Value<'static>> {
        let id: FeatureId = self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
        read_feature(&self.policy, &self.profile, id, now_ms, &mut self.scratch).expect("sound")
    }

    fn all(&mut self, now_ms: i64) -> BTreeMap<String, Option<Value<'static>>> {
        let names: Vec<String> =
            self.policy.names::<FeatureId>().map(|(_, name)| name.to_owned()).collect();
        names.into_iter().map(|name| (name.clone(), self.read(&name, now_ms))).collect()
    }

    /// An event as history: one dated value for each aggregate.
    fn history(&self, event: &Use) -> Vec<Dated<'static>> {
        let zone = self.zone(event.zone());
        let part = event.pieces > 3;
        let evening = i64::from(local(event.time_ms, event.zone()).hour() >= 20);
        let cell = opportune::hash_bytes(0, &event.cell.to_le_bytes());
        let (amount, size) = (Value::Money(event.amount), Value::Double(event.size));
        let value = |fold: &str| match fold {
            "count" | "active" | "streak" => (Value::Int(1), None),
            "evening" => (Value::Int(evening), None),
            "sum" | "last" | "first" | "median" => (amount, None),
            "sum_size" | "min" | "quantile" => (size, None),
            "sum_pieces" | "max" => (Value::Int(event.pieces), None),
            "mean" => (amount, Some(Value::Int(1))),
            "mean_pieces" => (Value::Int(event.pieces), Some(Value::Int(1))),
            "share" => (Value::Int(part.into()), Some(Value::Int(1))),
            "share_amount" => (Value::Money(if part { event.amount } else { 0 }), Some(amount)),
            "last_time" | "first_time" => (Value::Timestamp(event.time_ms), None),
            "distinct" => (Value::TextHash(cell), None),
            other => panic!("{other}"),
        };
        let one = |name: &str, fold: &str| {
            let (value, among) = value(fold);
            let dated = self.dated(name, event.time_ms, value).in_zone(zone);
            Dated { among, ..dated.numbered(event.number) }
        };
        let folded = pairs().map(|((fold, _), (window, _))| one(&format!("{fold}_{window}"), fold));
        folded.chain([one("rate", "count")]).collect()
    }
}

fn zone_named(zone: usize) -> TimeZone {
    TimeZoneDatabase::bundled().get(ZONES[zone]).expect("a zone")
}

fn local(time_ms: i64, zone: usize) -> jiff::civil::DateTime {
    let stamp = Timestamp::from_millisecond(time_ms).expect("a time");
    stamp.to_zoned(zone_named(zone)).datetime()
}

/// The first day of the period that a day is in.
fn period_of(day: Date, window: &str) -> Date {
    let cycle = |bill_day: i64| {
        let begins = |of: Date| {
            of.with().day((bill_day as i8).min(of.days_in_month())).build().expect("a day")
        };
        let this = begins(day);
        if day >= this { this } else { begins(day.first_of_month().yesterday().expect("a day")) }
    };
    match window {
        "week" => day - (day.weekday().to_monday_zero_offset() as i64).days(),
        "month" | "last_month" => day.first_of_month(),
        "cycle" => cycle(CYCLE_DAY),
        "own_cycle" => cycle(BILL_DAY),
        _ => day,
    }
}

/// The periods that a window covers at a time, as their first days.
fn periods(now_ms: i64, window: &str, count: usize) -> Vec<Date> {
    let today = local(now_ms, 0).date();
    let (count, ago) = match window {
        "yesterday" | "last_month" => (count, 1),
        "days" => (count.max(5), 0),
        _ => (count, 0),
    };
    let mut first = period_of(today, window);
    let mut found = Vec::new();
    for nth in 0..count + ago {
        if nth >= ago {
            found.push(first);
        }
        first = period_of(first.yesterday().expect("a day"), window);
    }
    found
}

/// The events that a window covers.
fn covered<'e>(events: &'e [Use], now_ms: i64, window: &str) -> Vec<&'e Use> {
    let all = events.iter();
    match window {
        "ever" => all.collect(),
        "decay" => {
            let from = now_ms / HALF_LIFE_MS - i64::from(HALF_LIVES);
            all.filter(|event| event.time_ms / HALF_LIFE_MS >= from).collect()
        }
        "rolling" => {
            let from = now_ms / HOUR_MS - 6;
            all.filter(|event| event.time_ms / HOUR_MS >= from).collect()
        }
        _ => {
            let periods = periods(now_ms, window, 1);
            all.filter(|event| {
                let day = local(event.time_ms, event.zone()).date();
                periods.contains(&period_of(day, window))
            })
            .collect()
        }
    }
}

/// What a fold comes to: exactly, or within a distance.
#[derive(Debug)]
enum Expected {
    Exactly(Option<Value<'static>>),
    Within {
        low: f64,
        high: f64,
    },
    /// So little is left of it that rounding decides.
    Anything,
}

fn near(exact: f64, by: f64) -> Expected {
    Expected::Within { low: exact - by, high: exact + by }
}

fn expected(fold: &str, window: &str, events: &[Use], now_ms: i64) -> Expected {
    let used = covered(events, now_ms, window);
    let exactly = |value| Expected::Exactly(Some(value));
    let part = |event: &&&Use| event.pieces > 3;
    if window == "decay" {
        return decayed(fold, events, now_ms);
    }
    let evening = |event: &&&Use| local(event.time_ms, event.zone()).hour() >= 20;
    let count = used.len() as i64;
    let amounts = used.iter().map(|event| event.amount);
    match fold {
        "count" => exactly(Value::Int(count)),
        "evening" => exactly(Value::Int(used.iter().filter(evening).count() as i64)),
        "sum" => exactly(Value::Money(amounts.sum())),
        "sum_size" => {
            let micros: i64 = used.iter().map(|e| (e.size * 1e6).round() as i64).sum();
            exactly(Value::Double(micros as f64 / 1e6))
        }
        "sum_pieces" => exactly(Value::Int(used.iter().map(|event| event.pieces).sum())),
        "active" => {
            let asked = periods(now_ms, window, 1);
            exactly(Value::Int(asked.iter().filter(|p| happened(events, window, p)).count() as i64))
        }
        "streak" => {
            let asked: Vec<Date> = periods(now_ms, window, 65);
            let today = happened(events, window, &asked[0]);
            let run = asked[usize::from(!today)..].iter();
            exactly(Value::Int(run.take_while(|p| happened(events, window, p)).count() as i64))
        }
        _ if used.is_empty() && fold != "distinct" => Expected::Exactly(None),
        "min" => exactly(Value::Double(used.iter().map(|e| e.size).fold(f64::MAX, f64::min))),
        "max" => exactly(Value::Int(used.iter().map(|e| e.pieces).max().expect("some"))),
        "mean" => {
            let sum: i64 = amounts.sum();
            near(sum as f64 / count as f64, 0.5)
        }
        "mean_pieces" => {
            let sum: i64 = used.iter().map(|event| event.pieces).sum();
            exactly(Value::Double(sum as f64 / count as f64))
        }
        "share" => exactly(Value::Double(used.iter().filter(part).count() as f64 / count as f64)),
        "share_amount" => {
            let whole: i64 = amounts.sum();
            let part: i64 = used.iter().filter(part).map(|event| event.amount).sum();
            match whole {
                0 => Expected::Exactly(None),
                whole => exactly(Value::Double(part as f64 / whole as f64)),
            }
        }
        "last" => {
            let last = used.iter().map(|event| (event.time_ms, event.number, event.amount)).max();
            exactly(Value::Money(last.expect("some").2))
        }
        "first" => {
            let first = used.iter().map(|event| (event.time_ms, event.number, event.amount)).min();
            exactly(Value::Money(first.expect("some").2))
        }
        "last_time" => {
            exactly(Value::Timestamp(used.iter().map(|e| e.time_ms).max().expect("some")))
        }
        "first_time" => {
            exactly(Value::Timestamp(used.iter().map(|e| e.time_ms).min().expect("some")))
        }
        "distinct" => {
            let cells: BTreeSet<u64> = used.iter().map(|event| event.cell).collect();
            let size = cells.len() as f64;
            // Six standard errors, and the rounding to a whole number.
            near(size, size * 6.0 * 1.04 / 128f64.sqrt() + 0.5)
        }
        "quantile" => {
            quantile(used.iter().map(|event| event.size), 750_000, (1.0, 1_000.0), 0.1, 1.0)
        }
        "median" => quantile(
            amounts.map(|amount| amount as f64 / 1e6),
            500_000,
            (0.01, 100.0),
            0.2,
            MICROS as f64,
        ),
        other => panic!("{other}"),
    }
}

fn happened(events: &[Use], window: &str, period: &Date) -> bool {
    events
        .iter()
        .any(|event| period_of(local(event.time_ms, event.zone()).date(), window) == *period)
}

/// What lies outside the declared range counts as its end.
fn quantile(
    values: impl Iterator<Item = f64>,
    millionths: u64,
    (least, most): (f64, f64),
    error: f64,
    unit: f64,
) -> Expected {
    let mut values: Vec<f64> = values.map(|value| value.clamp(least, most)).collect();
    values.sort_by(f64::total_cmp);
    let rank = (values.len() as u64 * millionths).div_ceil(1_000_000).max(1);
    let exact = values[rank as usize - 1] * unit;
    near(exact, exact * error * 1.000_001 + 0.5 * (unit - 1.0).min(1.0))
}

/// Every event weighs `2^-(age / half-life)`. Off by half a unit an event, and by what is
/// forgotten.
fn decayed(fold: &str, events: &[Use], now_ms: i64) -> Expected {
    let weight = |event: &Use| f64::exp2(-((now_ms - event.time_ms) as f64 / HALF_LIFE_MS as f64));
    let used = covered(events, now_ms, "decay");
    let forgotten = |value: &dyn Fn(&Use) -> f64| -> f64 {
        let all: f64 = events.iter().map(|event| value(event).abs() * weight(event)).sum();
        let kept: f64 = used.iter().map(|event| value(event).abs() * weight(event)).sum();
        // What is documented: each value that was forgotten weighed less than this.
        let least = f64::exp2(-f64::from(HALF_LIVES));
        let bound: f64 = events.iter().map(|event| value(event).abs() * least).sum();
        assert!(all - kept <= bound + 1e-9);
        (all - kept).max(0.0)
    };
    let sum = |value: &dyn Fn(&Use) -> f64| -> f64 {
        events.iter().map(|event| value(event) * weight(event)).sum()
    };
    let evening = |e: &Use| f64::from(local(e.time_ms, e.zone()).hour() >= 20);
    let part = |e: &Use| f64::from(e.pieces > 3);
    let n = events.len() as f64;
    match fold {
        "count" => near(sum(&|_| 1.0), n / 8_192.0 + forgotten(&|_| 1.0) + 1e-9),
        "evening" => near(sum(&evening), n / 8_192.0 + forgotten(&evening) + 1e-9),
        "sum" => {
            let amount = |e: &Use| e.amount as f64;
            near(sum(&amount), n * 0.5 + 0.5 + forgotten(&amount) + 1e-3)
        }
        "sum_size" => near(sum(&|e| e.size), n * 0.5e-6 + forgotten(&|e| e.size) + 1e-9),
        "sum_pieces" => {
            let pieces = |e: &Use| e.pieces as f64;
            near(sum(&pieces), n * 0.5e-6 + forgotten(&pieces) + 1e-9)
        }
        // Quotients are held against those of what is kept.
        _ if used.is_empty() => Expected::Exactly(None),
        _ => {
            let of = |value: &dyn Fn(&Use) -> f64| -> f64 {
                used.iter().map(|event| value(event) * weight(event)).sum()
            };
            let (above, below, off_above, off_below) = match fold {
                "mean" => (of(&|e| e.amount as f64), of(&|_| 1.0), 0.5, 1.0 / 8_192.0),
                "mean_pieces" => (of(&|e| e.pieces as f64), of(&|_| 1.0), 0.5e-6, 1.0 / 8_192.0),
                "share" => (of(&part), of(&|_| 1.0), 1.0 / 8_192.0, 1.0 / 8_192.0),
                _ => {
                    let whole = of(&|e| e.amount as f64);
                    if whole < 1_000.0 {
                        return Expected::Anything;
                    }
                    (of(&|e| part(e) * e.amount as f64), whole, 0.5, 0.5)
                }
            };
            let (least, newest) = (used.len() as f64, below);
            // Each event is rounded while it weighs 1 to 2, and ages with its error.
            let relative = off_below * least / newest.max(1e-9);
            if relative > 0.5 {
                return Expected::Anything;
            }
            let ends = [-1.0, 1.0].map(|off| above + off * off_above * least);
            let quotients =
                ends.map(|end| [1.0 - relative, 1.0 + relative].map(|off| end / (below * off)));
            let all = quotients.as_flattened().iter().copied();
            let slack = 0.5 * off_above + 1e-9;
            Expected::Within {
                low: all.clone().fold(f64::INFINITY, f64::min) - slack,
                high: all.fold(f64::NEG_INFINITY, f64::max) + slack,
            }
        }
    }
}

fn number(value: Option<Value>) -> Option<f64> {
    match value? {
        Value::Int(value) | Value::Money(value) | Value::Timestamp(value) => Some(value as f64),
        Value::Double(value) => Some(value),
        other => panic!("not a number: {other:?}"),
    }
}

/// Seasons in which a clock changes, and one that lasts for years.
fn uses() -> impl Strategy<Value = Vec<Use>> {
    let zone = prop::option::weighted(0.3, 0..ZONES.len());
    let one = (
        any::<u64>(),
        0..20_000_000i64,
        1_000..2_000_000_000i64,
        -2..9i64,
        0..40u64,
        zone.clone(),
        zone,
    );
    let season = prop_oneof![
        // Eleven days around 2026-03-08, around 2026-11-01, and the days around a year's end.
        Just((1_772_600_000_000, 11 * DAY_MS)),
        Just((1_793_000_000_000, 11 * DAY_MS)),
        Just((1_798_400_000_000, 40 * DAY_MS)),
        Just((1_700_000_000_000, 700 * DAY_MS)),
        // Whole seconds of a dozen, so that most times come several times.
        Just((1_772_600_000_000, 12_000)),
    ];
    (season, prop::collection::vec(one, 1..90)).prop_map(|((start_ms, long_ms), drawn)| {
        let grain_ms = if long_ms < DAY_MS { 1_000 } else { 1 };
        let event = |(at, amount, size, pieces, cell, own_zone, zone)| Use {
            time_ms: start_ms + (at % long_ms as u64) as i64 / grain_ms * grain_ms,
            amount,
            size: size as f64 / 1e6,
            pieces,
            cell,
            own_zone,
            zone,
            number: 0,
        };
        let mut events: Vec<Use> = drawn.into_iter().map(event).collect();
        events.sort_by_key(|event| event.time_ms);
        events.iter_mut().enumerate().for_each(|(nth, event)| event.number = number_of(nth));
        events
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 48, ..ProptestConfig::default() })]

    /// Whatever the order and however often a message comes, every feature is what an exact replay
    /// says, within its bound; and history from a warehouse is as good as having been there.
    #[test]
    fn every_feature_equals_an_exact_replay(
        events in uses(),
        keys in prop::collection::vec(any::<u64>(), 180),
        later_ms in 0..2 * DAY_MS,
        cut in 0usize..90,
    ) {
        let now_ms = events[events.len() - 1].time_ms + later_ms;
        let mut in_order = Bench::new();
        for (nth, event) in events.iter().enumerate() {
            in_order.take(event, nth, event.time_ms);
        }
        let found = in_order.all(now_ms);
        for ((fold, _), (window, _)) in pairs() {
            let name = format!("{fold}_{window}");
            let value = found[&name];
            match expected(fold, window, &events, now_ms) {
                Expected::Exactly(exact) => prop_assert_eq!(value, exact, "{}", name),
                Expected::Anything => {}
                Expected::Within { low, high } => {
                    let value = number(value);
                    let within = value.is_some_and(|value| (low..=high).contains(&value));
                    prop_assert!(within, "{}: {:?} is not within {} to {}", name, value, low, high);
                }
            }
        }
        // The rate of a steady stream is its count over its mean life.
        let per_day = std::f64::consts::LN_2 * 2.0 * number(found["count_decay"]).expect("a count");
        prop_assert!((number(found["rate"]).expect("a rate") - per_day).abs() < 1e-9);

        // Each message once or twice, in any order, all of them late.
        let twice = events.iter().enumerate().chain(events.iter().enumerate());
        let mut shuffled: Vec<_> = keys.iter().zip(twice).collect();
        shuffled.sort_by_key(|(key, _)| **key);
        let mut in_disorder = Bench::new();
        let mut repeated = 0;
        for (_, (nth, event)) in &shuffled {
            repeated += usize::from(in_disorder.take(event, *nth, now_ms));
        }
        prop_assert_eq!(repeated, shuffled.len() - events.len());
        prop_assert_eq!(&found, &in_disorder.all(now_ms));

        let (history, live) = events.split_at(cut.min(events.len()));
        let mut backfilled = Bench::new();
        let dated: Vec<Dated> =
            history.iter().flat_map(|event| backfilled.history(event)).collect();
        backfilled.backfill(&dated, now_ms);
        for (nth, event) in live.iter().enumerate() {
            backfilled.take(event, history.len() + nth, now_ms);
        }
        prop_assert_eq!(&found, &backfilled.all(now_ms));
    }
}

const PLAIN: Use = Use {
    time_ms: 0,
    amount: MICROS,
    size: 2.0,
    pieces: 1,
    cell: 7,
    own_zone: None,
    zone: None,
    number: 0,
};

/// An event every hour: days of 23, 24 and 25 hours.
#[test]
fn local_days_have_their_hours() {
    // The Saturdays before 2026-03-08 and 2026-11-01, midnight in New York.
    for (saturday_ms, hours) in
        [(1_772_859_600_000, [24, 23, 24]), (1_793_419_200_000, [24, 25, 24])]
    {
        let mut bench = Bench::new();
        let mut at_ms = saturday_ms;
        for (nth, long) in hours.into_iter().enumerate() {
            for _ in 0..long {
                bench.take(
                    &Use { time_ms: at_ms, ..PLAIN },
                    (at_ms - saturday_ms) as usize / HOUR_MS as usize,
                    at_ms,
                );
                at_ms += HOUR_MS;
            }
            let last_ms = at_ms - 1;
            let count = |bench: &mut Bench, name| bench.read(name, last_ms);
            assert_eq!(count(&mut bench, "count_day"), Some(Value::Int(long)));
            let before = nth.checked_sub(1).map_or(0, |before| hours[before]);
            assert_eq!(count(&mut bench, "count_yesterday"), Some(Value::Int(before)));
            // Four of them after eight in the evening, whatever happened at two in the morning.
            assert_eq!(count(&mut bench, "evening_day"), Some(Value::Int(4)));
        }
        assert_eq!(bench.read("count_days", at_ms - 1), Some(Value::Int(hours.iter().sum())));
        assert_eq!(bench.read("active_days", at_ms - 1), Some(Value::Int(3)));
        assert_eq!(bench.read("streak_day", at_ms - 1), Some(Value::Int(3)));
    }
}

/// Times outside the calendar, and far ahead, are refused and change nothing; the first and the
/// last that are accepted work in every window.
#[test]
fn the_ends_of_time() {
    let (first_ms, last_ms) = (limits::TIME_MS_MIN, limits::TIME_MS_MAX);
    let mut bench = Bench::new();
    let before = bench.profile.clone();
    let now_ms = 1_772_600_000_000;
    for (time_ms, now_ms) in [
        (i64::MIN, now_ms),
        (i64::MAX, now_ms),
        (-1, now_ms),
        (0, now_ms),
        (last_ms + 1, last_ms),
        (now_ms, i64::MAX),
        (now_ms, i64::MIN),
        (now_ms, 0),
        (now_ms + limits::EVENT_AHEAD_MS_MAX + 1, now_ms),
        (last_ms, first_ms),
    ] {
        let event = Use { time_ms, ..PLAIN };
        assert_eq!(bench.try_take(&event, 1, now_ms), Err(Error::Time), "{time_ms} at {now_ms}");
        assert_eq!(bench.profile, before);
    }
    for zone in 0..ZONES.len() {
        let mut bench = Bench::new();
        let event = |time_ms| Use { time_ms, zone: Some(zone), ..PLAIN };
        bench.take(&event(first_ms), 1, first_ms);
        assert_eq!(bench.read("count_ever", first_ms), Some(Value::Int(1)));
        assert_eq!(bench.read("count_rolling", first_ms), Some(Value::Int(1)));
        bench.take(&event(last_ms), 2, last_ms);
        assert_eq!(bench.read("count_ever", last_ms), Some(Value::Int(2)));
        assert_eq!(bench.read("count_rolling", last_ms), Some(Value::Int(1)));
        for (name, value) in bench.all(last_ms) {
            assert!(
                value.is_some() || name.contains("yesterday") || name.contains("month") || zone > 0,
                "{name}"
            );
        }
        bench.all(first_ms);
    }
}

/// A clock that goes backwards reads what the windows still hold of that time, and an event a
/// little ahead of the call counts as happening now.
#[test]
fn time_goes_backwards() {
    let mut bench = Bench::new();
    // Noon of a Wednesday in New York.
    let noon_ms = 1_772_643_600_000;
    bench.take(&Use { time_ms: noon_ms - DAY_MS, ..PLAIN }, 0, noon_ms - DAY_MS);
    bench.take(&Use { time_ms: noon_ms, ..PLAIN }, 1, noon_ms);
    assert_eq!(bench.read("count_day", noon_ms), Some(Value::Int(1)));
    assert_eq!(bench.read("count_day", noon_ms - DAY_MS), Some(Value::Int(1)));
    assert_eq!(bench.read("count_day", noon_ms - 2 * DAY_MS), Some(Value::Int(0)));
    assert_eq!(bench.read("count_rolling", noon_ms - DAY_MS), Some(Value::Int(0)));
    assert_eq!(bench.read("count_ever", noon_ms - DAY_MS), Some(Value::Int(2)));
    // Half an hour ahead: as if now, so that no window runs ahead of the calls.
    bench.take(&Use { time_ms: noon_ms + HOUR_MS / 2, ..PLAIN }, 2, noon_ms);
    assert_eq!(bench.read("last_time_ever", noon_ms), Some(Value::Timestamp(noon_ms)));
    assert_eq!(bench.read("count_rolling", noon_ms), Some(Value::Int(2)));
}

#[test]
fn what_went_past_is_counted() {
    let mut bench = Bench::new();
    let noon_ms = 1_772_643_600_000;
    let health = |bench: &Bench| profile_health(&bench.policy, &bench.profile).expect("sound");
    for nth in [0, 3, 12] {
        bench.take(&Use { time_ms: noon_ms, ..PLAIN }, nth, noon_ms);
    }
    assert_eq!((health(&bench).late_events, health(&bench).sequence_gaps), (0, 0));
    // Late for the windows of hours, in time for those of days: one event.
    bench.take(&Use { time_ms: noon_ms - DAY_MS, ..PLAIN }, 6, noon_ms);
    assert_eq!(health(&bench).late_events, 1);
    assert_eq!(bench.read("count_rolling", noon_ms), Some(Value::Int(3)));
    assert_eq!(bench.read("count_yesterday", noon_ms), Some(Value::Int(1)));
    // Numbers 0, 1, 2 and 4 came; 3 has not when 40 does.
    bench.take(&Use { time_ms: noon_ms, ..PLAIN }, 120, noon_ms);
    let now = health(&bench);
    assert_eq!((now.sequence_gaps, now.evicted_sessions), (4, 0));
    assert_eq!((now.latest_now_ms, now.revision), (noon_ms, 6));
}
