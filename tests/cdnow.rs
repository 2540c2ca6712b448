//! A real stream: the purchases of CDNOW, taken for recharges, against an exact replay.

#[path = "support/exact/mod.rs"]
mod exact;
#[path = "support/line.rs"]
mod line;
mod support;

use std::io::Read as _;
use std::path::Path;

use exact::facts::{Clock, Fact, Known, Plain};
use exact::{features, late};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use line::{Line, Sent};

const ZONE: &str = "America/New_York";

const POLICY: &str = r#"
[policy]
name = "cdnow"
version = 1
currency = "USD"
zones = ["America/New_York"]
[events.recharge]
amount = "money"
discs = "int"
[features]
ever = { count = "recharge" }
spent_ever = { sum = "recharge.amount" }
discs_ever = { sum = "recharge.discs" }
largest_ever = { max = "recharge.amount" }
smallest_ever = { min = "recharge.amount" }
last_amount = { last = "recharge.amount" }
last_recharge = { last_time = "recharge" }
count_1d = { count = "recharge", window = "24h", buckets = 24 }
count_30d = { count = "recharge", window = "30d", buckets = 5 }
count_90d = { count = "recharge", window = "90d", buckets = 90 }
spent_7d = { sum = "recharge.amount", window = "7d", buckets = 7 }
spent_30d = { sum = "recharge.amount", window = "30d", buckets = 5 }
spent_90d = { sum = "recharge.amount", window = "90d" }
discs_30d = { sum = "recharge.discs", window = "30d", buckets = 30 }
largest_90d = { max = "recharge.amount", window = "90d", buckets = 6 }
smallest_30d = { min = "recharge.discs", window = "30d", buckets = 10 }
large_90d = { count = "recharge", where = "event.amount > 50.00", window = "90d", buckets = 3 }
many_discs_90d = { sum = "recharge.amount", where = "event.discs >= 3", window = "90d", buckets = 9 }
days = { active = "recharge", periods = 64 }
months = { active = "recharge", window = "month", periods = 18 }
months_in_a_row = { streak = "recharge", window = "month" }
spent_month = { sum = "recharge.amount", window = "month" }
spent_before = { sum = "recharge.amount", window = "month", periods = 11, ago = 1 }
spent_week = { sum = "recharge.amount", window = "week", periods = 4 }
spent_cycle = { sum = "recharge.amount", window = "cycle", bill_day = 15, periods = 2 }
bought_today = { count = "recharge", window = "day" }
amount = { mean = "recharge.amount" }
amount_90d = { mean = "recharge.amount", window = "90d", buckets = 6 }
singles = { share = "recharge", of = "event.discs < 2" }
first_amount = { first = "recharge.amount" }
first_recharge = { first_time = "recharge" }
different_amounts = { distinct = "recharge.amount" }
median_amount = { quantile = "recharge.amount", at = 0.5, between = [1.0, 1000.0], error = 0.1 }
spent_lately = { sum = "recharge.amount", half_life = "30d" }
per_month = { count = "recharge", half_life = "90d", per = "30d" }
"#;

/// The purchases of each customer, in the order of the file.
fn customers() -> Vec<Vec<Known>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cdnow/CDNOW_master.txt.gz");
    let file = std::fs::File::open(path).expect("the data");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("text");
    let (mut customers, mut last) = (Vec::<Vec<Known>>::new(), String::new());
    for (line, row) in text.lines().skip(1).enumerate() {
        let mut cells = row.split_whitespace();
        let mut next = || cells.next().expect("four columns");
        let (customer, day, discs, dollars) = (next(), next(), next(), next());
        if customer != last {
            customers.push(Vec::new());
            last = customer.to_owned();
        }
        let (units, cents) = dollars.split_once('.').expect("cents");
        let number = |text: &str| text.parse::<i64>().expect("a number");
        let amount = (number(units) * 100 + number(cents)) * 10_000;
        // The data has days: the minute of the local day is made of the line's number.
        let minute = (line as i64 * 7_919) % 1_440;
        let fields = vec![("amount", Plain::Money(amount)), ("discs", Plain::Int(number(discs)))];
        let time_ms = midnight_ms(day) + minute * 60_000;
        let bought = Fact { kind: "recharge", time_ms, fields };
        customers.last_mut().expect("a customer").push(Known::new(bought, ZONE));
    }
    customers
}

/// Where a day such as 19970131 begins, in New York.
fn midnight_ms(day: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| day[range].parse::<i16>().expect("a number");
    let date = Date::new(number(0..4), number(4..6) as i8, number(6..8) as i8).expect("a day");
    let zone = TimeZone::get(ZONE).expect("a zone");
    date.to_zoned(zone).expect("a time").timestamp().as_millisecond()
}

#[test]
fn features_equal_an_exact_replay() {
    let files = [("cdnow.toml".to_owned(), POLICY.to_owned()), support::one_offer("recharge")];
    let policy = support::compiled(&files, "").policy;
    let features = features(&[POLICY]);
    let customers = customers();
    assert_eq!(customers.len(), 23_570);
    let purchases: usize = customers.iter().map(Vec::len).sum();
    assert_eq!(purchases, 69_659);
    let end_ms = midnight_ms("19980701");
    for (number, arrivals) in customers.into_iter().enumerate() {
        let mut line = Line::new(&policy, &format!("+999{number:05}"));
        let (mut facts, mut now_ms) = (Vec::<Known>::new(), 0);
        for (position, known) in arrivals.iter().enumerate() {
            // Two of one day have come in the order of the file, which has no hours.
            let time_ms = known.fact.time_ms;
            facts.insert(facts.partition_point(|k| k.fact.time_ms <= time_ms), known.clone());
            now_ms = time_ms.max(now_ms);
            let repeated = line.take(&Sent {
                session: "recharges".to_owned(),
                number: position as u32,
                now_ms,
                zone: None,
                facts: vec![known.fact.clone()],
            });
            assert!(!repeated);
            // A look in the middle for some, at the end for all.
            if number % 10 == 0 {
                line.check(&features, &facts, Clock::new(now_ms, ZONE));
            }
        }
        line.check(&features, &facts, Clock::new(end_ms, ZONE));
        assert_eq!(line.health().late_events as usize, late(&features, &arrivals));
    }
}
