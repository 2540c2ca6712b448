//! A year of subscribers' events against an exact oracle.
//!
//! `OPPORTUNE_SUBSCRIBERS=5000 cargo test --release --test year` takes all rows of the data set;
//! without it, as many as an unoptimised run does in a few seconds.

#[path = "support/exact/mod.rs"]
mod exact;
#[path = "support/line.rs"]
mod line;
mod support;
#[path = "support/year.rs"]
mod year;

use exact::Feature;
use exact::facts::{Clock, Known};
use line::Line;
use opportune::{Dated, Policy, ProfileBytes, Scratch, Value, backfill};
use year::{DAY_MS, Dice, Row, START_MS, Sessions, rows, year, zone_of_state};

const POLICY: &str = r#"
[policy]
name = "year"
version = 1
currency = "USD"
zones = ["America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"]
zone_from = "home_zone"
[attributes]
home_zone = { type = "zone" }
tariff = { type = "enum", values = ["basic"], export = true }
device = { type = "enum", values = ["phone"], export = true }
[features]
calls_ever = { count = "call_end" }
minutes_ever = { sum = "call_end.minutes" }
longest_ever = { max = "call_end.minutes" }
cheapest_ever = { min = "recharge.amount" }
recharged_ever = { sum = "recharge.amount" }
balance = { last = "balance_change.balance" }
sentiment = { last = "care_contact.sentiment" }
last_use = { last_time = ["call_end", "data_session"] }
last_recharge = { last_time = "recharge" }
failures_1h = { count = "recharge_failed", window = "1h", buckets = 4 }
calls_1h = { count = "call_end", window = "60m", buckets = 60 }
calls_24h = { count = "call_end", window = "24h", buckets = 24 }
abroad_30d = { count = "call_end", where = "event.international", window = "30d", buckets = 3 }
on_net_7d = { sum = "call_end.minutes", where = "event.on_net", window = "7d", buckets = 7 }
long_7d = { count = "call_end", where = "event.minutes > 3.0 && event.charge >= 0.20", window = "7d" }
spend_24h = { sum = ["call_end.charge", "data_session.charge"], window = "24h", buckets = 4 }
spend_7d = { sum = ["call_end.charge", "data_session.charge"], window = "7d", buckets = 7 }
spend_90d = { sum = ["call_end.charge", "data_session.charge"], window = "90d", buckets = 90 }
video_7d = { sum = "data_session.megabytes", where = "event.app == 'video'", window = "7d", buckets = 3 }
data_30d = { sum = "data_session.megabytes", window = "30d", buckets = 5 }
largest_7d = { max = "data_session.megabytes", window = "7d", buckets = 7 }
dearest_30d = { max = ["call_end.charge", "data_session.charge"], window = "30d", buckets = 30 }
least_30d = { min = "balance_change.balance", window = "30d", buckets = 10 }
worst_90d = { min = "care_contact.sentiment", window = "90d", buckets = 9 }
recharged_30d = { sum = "recharge.amount", window = "30d", buckets = 5 }
recharges_90d = { count = "recharge", window = "90d" }
calls_today = { count = "call_end", window = "day" }
spend_yesterday = { sum = ["call_end.charge", "data_session.charge"], window = "day", ago = 1 }
data_week = { sum = "data_session.megabytes", window = "week" }
spend_month = { sum = ["call_end.charge", "data_session.charge"], window = "month" }
spend_before = { sum = ["call_end.charge", "data_session.charge"], window = "month", periods = 2, ago = 1 }
recharged_cycle = { sum = "recharge.amount", window = "cycle", bill_day = 31, periods = 3 }
dearest_week = { max = "call_end.charge", window = "week", periods = 2 }
least_today = { min = "balance_change.balance", window = "day" }
evenings_week = { count = "call_end", where = "event.time.getHours() >= 18", window = "week" }
first_use = { first_time = ["call_end", "data_session"] }
first_recharge_month = { first = "recharge.amount", window = "month" }
last_recharge_30d = { last = "recharge.amount", window = "30d", buckets = 10 }
minutes_a_call = { mean = "call_end.minutes" }
charge_a_call_30d = { mean = "call_end.charge", window = "30d", buckets = 6 }
video_share_30d = { share = "data_session.megabytes", of = "event.app == 'video'", window = "30d", buckets = 6 }
night_share = { share = "call_end", of = "event.time.getHours() >= 22 || event.time.getHours() < 6" }
sizes = { distinct = "data_session.megabytes", registers = 128 }
amounts_month = { distinct = "recharge.amount", registers = 64, window = "month" }
large_session = { quantile = "data_session.megabytes", at = 0.9, between = [0.01, 100.0], error = 0.2 }
median_call_30d = { quantile = "call_end.minutes", at = 0.5, between = [0.1, 100.0], error = 0.15, window = "30d", buckets = 6 }
days_with_data = { active = "data_session", periods = 30 }
weeks_recharged = { active = "recharge", window = "week", periods = 8, ago = 1 }
days_in_a_row = { streak = "data_session" }
weeks_in_a_row = { streak = "recharge", window = "week" }
recharged_lately = { sum = "recharge.amount", half_life = "7d" }
data_lately = { sum = "data_session.megabytes", half_life = "24h", buckets = 12 }
calls_per_day = { count = "call_end", half_life = "14d", per = "1d" }
sentiment_lately = { mean = "care_contact.sentiment", half_life = "60d" }
video_lately = { share = "data_session.megabytes", of = "event.app == 'video'", half_life = "7d" }
"#;

/// How many subscribers an unoptimised run takes.
const SUBSCRIBERS: usize = 16;

fn subscribers() -> usize {
    let wanted = std::env::var("OPPORTUNE_SUBSCRIBERS");
    wanted.map_or(SUBSCRIBERS, |wanted| wanted.parse().expect("a number"))
}

#[test]
fn a_year_of_events_gives_the_features_of_an_exact_replay() {
    let events = ("events.toml".to_owned(), support::shipped_text("events"));
    let files =
        [("year.toml".to_owned(), POLICY.to_owned()), support::one_offer("call_end"), events];
    let counted = years(&files, "", subscribers());
    assert_eq!(counted.features, 55);
    // What the stream is to have in it was there.
    assert!(counted.messages > 1_000 * subscribers() && counted.events > counted.messages);
    assert!(counted.repeated > 0 && counted.late > 0 && counted.zoned > 0);
    assert!(counted.forgotten > 0 && counted.gaps > 0);
}

/// The same of the features that operators start from.
#[test]
fn a_year_of_events_in_the_ready_policy() {
    let files = support::shipped_files("ready");
    let counted = years(&files, &support::shipped_ids("ready"), subscribers() / 4);
    assert!(counted.features >= 20, "the oracle knows {} features", counted.features);
}

/// Runs so many rows of the data set through a policy.
fn years(files: &[(String, String)], ids: &str, subscribers: usize) -> Counted {
    let policy = support::compiled(files, ids).policy;
    let texts: Vec<&str> = files.iter().map(|(_, text)| text.as_str()).collect();
    let features = exact::features(&texts);
    let complete = files[0].1 == POLICY;
    let mut counted = Counted { features: features.len(), ..Counted::default() };
    for (number, row) in rows().iter().take(subscribers).enumerate() {
        counted.add(subscriber(&policy, (&features, complete), row, number as u64));
    }
    println!("{} subscribers: {counted:?}", subscribers);
    counted
}

#[derive(Debug, Default)]
struct Counted {
    features: usize,
    messages: usize,
    events: usize,
    repeated: usize,
    late: usize,
    forgotten: usize,
    gaps: usize,
    zoned: usize,
}

impl Counted {
    fn add(&mut self, other: Counted) {
        self.messages += other.messages;
        self.events += other.events;
        self.repeated += other.repeated;
        self.late += other.late;
        self.forgotten += other.forgotten;
        self.gaps += other.gaps;
        self.zoned += other.zoned;
    }
}

/// Runs one subscriber's year, with a look at every feature at each month's end, now and then in
/// between, and long after.
fn subscriber(
    policy: &Policy,
    (features, complete): (&[Feature], bool),
    row: &Row,
    number: u64,
) -> Counted {
    let key = format!("+999{number:05}");
    let mut line = Line::new(policy, &key);
    let home = zone_of_state(&row.state);
    give_home(policy, &mut line, &key, home);
    let mut dice = Dice(number);
    let (mut sessions, mut counted) = (Sessions::default(), Counted::default());
    // In the order of arrival, and in the order of time.
    let (mut arrived, mut facts) = (Vec::<Known>::new(), Vec::<Known>::new());
    let mut month_ms = START_MS + 30 * DAY_MS;
    for sent in year(row, number) {
        if sent.now_ms >= month_ms {
            line.check(features, &facts, Clock::new(month_ms, home));
            month_ms += 30 * DAY_MS;
        }
        let repeated = sessions.repeated(&sent);
        assert_eq!(line.take(&sent), repeated, "{} {} of {key}", sent.session, sent.number);
        counted.messages += 1;
        counted.zoned += usize::from(sent.zone.is_some());
        counted.repeated += usize::from(repeated);
        if repeated {
            continue;
        }
        counted.events += sent.facts.len();
        for mut fact in sent.facts {
            // What is ahead of our clock counts as happening now.
            fact.time_ms = fact.time_ms.min(sent.now_ms);
            let known = Known::new(fact, sent.zone.unwrap_or(home));
            let place = facts.partition_point(|k| k.fact.time_ms <= known.fact.time_ms);
            facts.insert(place, known.clone());
            arrived.push(known);
        }
        if dice.below(500) == 0 {
            line.check(features, &facts, Clock::new(sent.now_ms, home));
        }
    }
    line.check(features, &facts, Clock::new(month_ms, home));
    line.check(features, &facts, Clock::new(month_ms + 200 * DAY_MS, home));
    counted.late = exact::late(features, &arrived);
    counted.forgotten = sessions.forgotten as usize;
    counted.gaps = sessions.gaps as usize;
    let health = line.health();
    assert_eq!(health.evicted_sessions, sessions.forgotten, "{key}");
    assert_eq!(health.sequence_gaps, sessions.gaps, "{key}");
    // A policy may have windows that the oracle does not know.
    let late = health.late_events as usize;
    assert!(if complete { late == counted.late } else { late >= counted.late }, "{key}");
    counted
}

/// Where the subscriber lives.
fn give_home(policy: &Policy, line: &mut Line, key: &str, zone: &str) {
    let zone = policy.id(&format!("home_zone.{zone}")).expect("a zone");
    let feature = policy.id("home_zone").expect("an attribute");
    let home = [Dated::new(feature, START_MS - DAY_MS, Value::Member(zone))];
    let bytes = ProfileBytes::in_place(&mut line.profile);
    backfill(policy, bytes, key.as_bytes(), &home, START_MS - DAY_MS, &mut Scratch::new(policy))
        .expect("a zone");
}
