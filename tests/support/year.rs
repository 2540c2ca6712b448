//! A year of one subscriber's messages, drawn from a row of `mlc_churn.csv`, as they arrive: late,
//! out of order, repeated, with gaps, from other zones, through both changes of the clock.
#![allow(dead_code, reason = "each test program uses a part")]

use std::path::Path;

use super::exact::facts::{Fact, Plain};
use super::line::Sent;

/// 2026-01-01T00:00Z.
pub const START_MS: i64 = 1_767_225_600_000;
const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY_MS: i64 = 24 * HOUR_MS;
const DAYS: i64 = 365;

/// A subscriber of the data set: totals of a month.
pub struct Row {
    pub state: String,
    /// Calls and minutes by day, evening, night; and international.
    bands: [(f64, f64); 4],
    care_calls: f64,
}

/// The 5,000 subscribers.
pub fn rows() -> Vec<Row> {
    let path = "examples/charging_day/data/mlc_churn.csv";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).expect("the data");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name: &str| names.iter().position(|known| *known == name).expect("a column");
    let bands = ["day", "eve", "night", "intl"];
    let bands =
        bands.map(|band| ["calls", "minutes"].map(|of| column(&format!("total_{band}_{of}"))));
    let care = column("number_customer_service_calls");
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |column: usize| cells[column].parse::<f64>().expect("a number");
            Row {
                state: cells[0].to_owned(),
                bands: bands.map(|[calls, minutes]| (number(calls), number(minutes))),
                care_calls: number(care),
            }
        })
        .collect()
}

/// The zone in which most people of a state live.
pub fn zone_of_state(state: &str) -> &'static str {
    match state {
        "AK" => "America/Anchorage",
        "HI" => "Pacific/Honolulu",
        "AZ" => "America/Phoenix",
        "CA" | "NV" | "OR" | "WA" => "America/Los_Angeles",
        "CO" | "ID" | "MT" | "NM" | "UT" | "WY" => "America/Denver",
        "AL" | "AR" | "IA" | "IL" | "KS" | "LA" | "MN" | "MO" | "MS" | "ND" | "NE" | "OK"
        | "SD" | "TN" | "TX" | "WI" => "America/Chicago",
        _ => "America/New_York",
    }
}

const AWAY: [&str; 4] =
    ["Pacific/Honolulu", "America/New_York", "America/Anchorage", "America/Los_Angeles"];

/// Numbers that look drawn, the same on every run (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: i64) -> i64 {
        (self.next() % end as u64) as i64
    }

    fn percent(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }

    /// A count with this mean.
    fn count(&mut self, mean: f64) -> i64 {
        let share = self.below(1_000_000) as f64 / 1e6;
        (mean * 2.0 * share).round() as i64
    }
}

/// All messages of the year, in the order of their arrival.
pub fn year(row: &Row, seed: u64) -> Vec<Sent> {
    let mut year = Year { dice: Dice(seed), sent: Vec::new(), balance: 20_000_000, trips: vec![] };
    for _ in 0..3 {
        let from = year.dice.below(DAYS);
        let zone = AWAY[year.dice.below(AWAY.len() as i64) as usize];
        year.trips.push((from, from + 1 + year.dice.below(10), zone));
    }
    for day in 0..DAYS {
        for band in 0..row.bands.len() {
            year.calls(row, day, band);
        }
        for number in 0..year.dice.count(row.bands[1].0 / 100.0) {
            year.data(day, number);
        }
        if year.dice.percent(15) {
            year.recharge(day);
        }
        if year.dice.below(3_000) < (row.care_calls * 100.0) as i64 {
            year.care(day);
        }
    }
    year.arrive()
}

struct Year {
    dice: Dice,
    sent: Vec<Sent>,
    balance: i64,
    /// From which day until which the subscriber was where.
    trips: Vec<(i64, i64, &'static str)>,
}

impl Year {
    fn calls(&mut self, row: &Row, day: i64, band: usize) {
        let (calls, minutes) = row.bands[band];
        for number in 0..self.dice.count(calls / 30.0) {
            let mean = minutes / calls.max(1.0);
            let minutes = (mean * self.dice.below(2_000) as f64).round() / 1e3;
            let charge = (minutes * [90_000.0, 60_000.0, 30_000.0, 270_000.0][band]) as i64;
            let time_ms = START_MS + day * DAY_MS + self.dice.below(DAY_MS);
            let mut fields = vec![
                ("minutes", Plain::Double(minutes)),
                ("charge", Plain::Money(charge)),
                ("international", Plain::Bool(band == 3)),
            ];
            // Not every switch knows it.
            if self.dice.percent(80) {
                fields.push(("on_net", Plain::Bool(self.dice.percent(40))));
            }
            let call = Fact { kind: "call_end", time_ms, fields };
            self.send(format!("call {day} {band} {number}"), 0, vec![call], charge);
        }
    }

    /// A session: a beginning without use, reports of one or two services, some of them lost.
    fn data(&mut self, day: i64, number: i64) {
        let session = format!("data {day} {number}");
        let mut time_ms = START_MS + day * DAY_MS + self.dice.below(DAY_MS);
        let begun = Sent {
            session: session.clone(),
            number: 0,
            now_ms: time_ms,
            zone: self.zone(time_ms),
            facts: Vec::new(),
        };
        self.sent.push(begun);
        for report in 1..=1 + self.dice.below(5) {
            time_ms += MINUTE_MS + self.dice.below(HOUR_MS);
            let (mut facts, mut charge) = (Vec::new(), 0);
            for _ in 0..1 + self.dice.below(2) {
                let kilobytes = self.dice.below(60_000);
                let apps = ["video", "social", "web", "messaging", "music"];
                let app = apps[self.dice.below(5) as usize];
                let fields = vec![
                    ("megabytes", Plain::Double(kilobytes as f64 / 1e3)),
                    ("app", Plain::Word(app)),
                    ("charge", Plain::Money(kilobytes * 5)),
                ];
                charge += kilobytes * 5;
                facts.push(Fact { kind: "data_session", time_ms, fields });
            }
            // A gap in the numbers.
            if !self.dice.percent(3) {
                self.send(session.clone(), report as u32, facts, charge);
            }
        }
    }

    fn recharge(&mut self, day: i64) {
        let mut time_ms = START_MS + day * DAY_MS + self.dice.below(DAY_MS);
        let amount = [3, 5, 10, 10, 20, 50][self.dice.below(6) as usize] * 1_000_000;
        let fields = vec![("amount", Plain::Money(amount))];
        for number in 0..self.dice.below(3) {
            let failed = Fact { kind: "recharge_failed", time_ms, fields: fields.clone() };
            let session = format!("failed {day} {number}");
            let zone = self.zone(time_ms);
            self.sent.push(Sent { session, number: 1, now_ms: time_ms, zone, facts: vec![failed] });
            time_ms += 1 + self.dice.below(10 * MINUTE_MS);
        }
        let recharge = Fact { kind: "recharge", time_ms, fields };
        self.send(format!("recharge {day}"), 1, vec![recharge], -amount);
    }

    fn care(&mut self, day: i64) {
        let time_ms = START_MS + day * DAY_MS + self.dice.below(DAY_MS);
        let sentiment = self.dice.below(2_001) as f64 / 1e3 - 1.0;
        let fields = vec![("sentiment", Plain::Double(sentiment))];
        let facts = vec![Fact { kind: "care_contact", time_ms, fields }];
        // What has no session is never taken for a repetition.
        self.sent.push(Sent {
            session: String::new(),
            number: 0,
            now_ms: time_ms,
            zone: self.zone(time_ms),
            facts,
        });
    }

    /// A message with what it charges, and the balance that it leaves.
    fn send(&mut self, session: String, number: u32, mut facts: Vec<Fact>, charge: i64) {
        let time_ms = facts[0].time_ms;
        self.balance = (self.balance - charge).max(0);
        let fields = vec![("balance", Plain::Money(self.balance))];
        facts.push(Fact { kind: "balance_change", time_ms, fields });
        let zone = self.zone(time_ms);
        self.sent.push(Sent { session, number, now_ms: time_ms, zone, facts });
    }

    /// What a message of that time carries: abroad, the zone there.
    fn zone(&self, time_ms: i64) -> Option<&'static str> {
        let day = (time_ms - START_MS) / DAY_MS;
        let trip = self.trips.iter().find(|(from, until, _)| (*from..*until).contains(&day));
        trip.map(|(_, _, zone)| *zone)
    }

    /// Gives each message its way through the network.
    fn arrive(mut self) -> Vec<Sent> {
        let mut arrivals = Vec::new();
        for mut sent in self.sent {
            let delay_ms = match self.dice.below(1_000) {
                0..900 => self.dice.below(2 * SECOND_MS),
                900..960 => self.dice.below(2 * HOUR_MS),
                960..980 => self.dice.below(4 * DAY_MS),
                980..987 => self.dice.below(40 * DAY_MS),
                987..990 => self.dice.below(120 * DAY_MS),
                // The clock of the network ahead of ours.
                _ => -self.dice.below(10 * MINUTE_MS),
            };
            sent.now_ms += delay_ms;
            if self.dice.percent(4) {
                let again_ms = match self.dice.below(10) {
                    0 => self.dice.below(10 * DAY_MS),
                    _ => self.dice.below(5 * SECOND_MS),
                };
                arrivals.push(Sent { now_ms: sent.now_ms + again_ms, ..sent.clone() });
            }
            arrivals.push(sent);
        }
        arrivals.sort_by_key(|sent| sent.now_ms);
        arrivals
    }
}

/// Which messages are repetitions, as `docs/profile.md` says: four sessions, each with its highest
/// number and the 32 below.
#[derive(Default)]
pub struct Sessions {
    known: Vec<Session>,
    pub forgotten: u32,
    /// Numbers between the lowest and the highest of a session that had not come when it was
    /// forgotten. (No session here is so long that one leaves the 32 before that.)
    pub gaps: u32,
}

struct Session {
    key: String,
    numbers: Vec<u32>,
    used_ms: i64,
}

impl Sessions {
    pub fn repeated(&mut self, sent: &Sent) -> bool {
        if sent.session.is_empty() {
            return false;
        }
        if let Some(known) = self.known.iter_mut().find(|known| known.key == sent.session) {
            let highest = known.numbers.iter().copied().max().unwrap_or(0);
            if known.numbers.contains(&sent.number) || sent.number + 32 < highest {
                return true;
            }
            known.numbers.push(sent.number);
            known.used_ms = known.used_ms.max(sent.now_ms);
            return false;
        }
        let new =
            Session { key: sent.session.clone(), numbers: vec![sent.number], used_ms: sent.now_ms };
        if self.known.len() < 4 {
            self.known.push(new);
        } else {
            let longest = self.known.iter_mut().min_by_key(|known| known.used_ms);
            let old = std::mem::replace(longest.expect("four sessions"), new);
            let lowest = old.numbers.iter().min().zip(old.numbers.iter().max());
            let span = lowest.map_or(0, |(lowest, highest)| highest - lowest + 1);
            self.gaps += span - old.numbers.len() as u32;
            self.forgotten += 1;
        }
        false
    }
}
