//! An exact oracle of features. It takes them from the policy's text, keeps every event, and works
//! out what `docs/profile.md` says that a reading is; it knows nothing of buckets in bytes.
#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::BTreeSet;

use opportune::Value;
use toml::{Table, Value as Toml};

use super::facts::{Clock, Fact, Known, Plain};

/// What a reading must be.
#[derive(Debug)]
pub enum Expected {
    Is(Option<Value<'static>>),
    /// As far as rounding or a sketch allow.
    Near {
        value: f64,
        by: f64,
    },
}

/// A feature of the text.
pub struct Feature {
    pub name: String,
    fold: String,
    /// Kind of event, and the field that is folded.
    sources: Vec<(String, Option<String>)>,
    /// Type of the folded field; empty for none.
    ty: String,
    filter: Vec<Test>,
    /// The part of a share.
    part: Vec<Test>,
    window: Window,
    registers: f64,
    /// Which quantile, and its relative error.
    at: f64,
    error: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Window {
    Ever,
    Rolling { bucket_ms: i64, buckets: i64 },
    Calendar { unit: Unit, periods: i64, ago: i64 },
    Decay { half_life_ms: i64, half_lives: i64, per_ms: Option<i64> },
}

#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Day,
    Week,
    Month,
    /// From this day of the month on.
    Cycle(i8),
}

/// A comparison of a field with a constant.
struct Test {
    field: String,
    sign: String,
    constant: String,
}

const FOLDS: [&str; 14] = [
    "count",
    "sum",
    "min",
    "max",
    "mean",
    "share",
    "last",
    "first",
    "last_time",
    "first_time",
    "distinct",
    "quantile",
    "active",
    "streak",
];

/// The features of a policy's files that are folded from events in a way that the oracle knows.
pub fn features(files: &[&str]) -> Vec<Feature> {
    let files: Vec<Table> = files.iter().map(|file| file.parse().expect("TOML")).collect();
    let all = |section: &str| -> Table {
        let tables = files.iter().filter_map(|file| file.get(section)?.as_table());
        tables.flatten().map(|(name, entry)| (name.clone(), entry.clone())).collect()
    };
    let events = Toml::Table(all("events"));
    let known = all("features").into_iter();
    known.filter_map(|(name, feature)| Feature::read(&name, &feature, &events)).collect()
}

impl Feature {
    fn read(name: &str, feature: &Toml, events: &Toml) -> Option<Feature> {
        let fold = FOLDS.into_iter().find(|fold| feature.get(fold).is_some())?;
        let sources = match &feature[fold] {
            Toml::Array(list) => list.iter().map(|item| source(item, events)).collect(),
            one => vec![source(one, events)],
        };
        let number = |key: &str| {
            feature.get(key).map(|number| match number {
                Toml::Integer(number) => *number as f64,
                number => number.as_float().expect("a number"),
            })
        };
        Some(Feature {
            name: name.to_owned(),
            fold: fold.to_owned(),
            ty: sources.iter().find_map(|(_, _, ty)| ty.clone()).unwrap_or_default(),
            sources: sources.into_iter().map(|(kind, field, _)| (kind, field)).collect(),
            filter: tests(feature, "where")?,
            part: tests(feature, "of")?,
            window: Window::read(feature, fold)?,
            registers: number("registers").unwrap_or(64.0),
            at: number("at").unwrap_or(0.5),
            error: number("error").unwrap_or(0.0),
        })
    }

    /// What a fact gives this feature: the value of a field, or that it happened.
    fn takes(&self, fact: &Fact) -> Option<Plain> {
        let (_, field) = self.sources.iter().find(|(kind, _)| kind == fact.kind)?;
        if !self.filter.iter().all(|test| test.holds(fact)) {
            return None;
        }
        match field {
            Some(field) => fact.field(field),
            None => Some(Plain::Int(1)),
        }
    }

    /// What a reading is, of all facts that have come until then, by time.
    pub fn expected(&self, facts: &[Known], now: Clock) -> Expected {
        let current = self.window.number(now);
        let covers = |known: &Known| self.window.covers(current - self.window.number(known.clock));
        let taken: Vec<(&Known, Plain)> = since(facts, self.window.begins_ms(now.time_ms))
            .iter()
            .filter_map(|known| Some((known, self.takes(&known.fact)?)))
            .filter(|(known, _)| covers(known))
            .collect();
        if let Window::Decay { half_life_ms, per_ms, .. } = self.window {
            return self.decayed(&taken, now, half_life_ms, per_ms);
        }
        let units = || taken.iter().map(|(_, value)| value.units());
        let times = || taken.iter().map(|(known, _)| known.fact.time_ms);
        let by_number = |(_, a): &&(&Known, Plain), (_, b): &&(&Known, Plain)| {
            a.number().partial_cmp(&b.number()).expect("numbers")
        };
        let by_time = |(known, _): &&(&Known, Plain)| known.fact.time_ms;
        let value = |found: Option<&(&Known, Plain)>| found.map(|(_, value)| value.value());
        Expected::Is(match self.fold.as_str() {
            "count" => Some(Value::Int(taken.len() as i64)),
            "sum" => Some(self.sum(units().sum())),
            "min" => value(taken.iter().min_by(by_number)),
            "max" => value(taken.iter().max_by(by_number)),
            "last" => value(taken.iter().max_by_key(by_time)),
            "first" => value(taken.iter().min_by_key(by_time)),
            "last_time" => times().max().map(Value::Timestamp),
            "first_time" => times().min().map(Value::Timestamp),
            "active" => Some(Value::Int(self.periods(&taken).len() as i64)),
            "streak" => Some(Value::Int(self.streak(&taken, now))),
            _ if taken.is_empty() && self.fold == "distinct" => Some(Value::Int(0)),
            _ if taken.is_empty() => None,
            "mean" => {
                let value = units().sum::<i64>() as f64 / taken.len() as f64;
                let scale = if self.ty == "double" { 1e6 } else { 1.0 };
                // Money to the nearest micro-unit.
                return Expected::Near { value: value / scale, by: 0.6 / scale };
            }
            "share" => {
                let part = taken.iter().filter(|(known, _)| holds(&self.part, &known.fact));
                let part: i64 = part.map(|(_, value)| value.units()).sum();
                let whole: i64 = units().sum();
                if whole <= 0 {
                    return Expected::Is(None);
                }
                return Expected::Near { value: part as f64 / whole as f64, by: 1e-9 };
            }
            "distinct" => {
                let different: BTreeSet<String> =
                    taken.iter().map(|(_, value)| format!("{value:?}")).collect();
                let different = different.len() as f64;
                // Four times HyperLogLog's standard error, and one for rounding.
                let by = 4.0 * 1.04 / self.registers.sqrt() * different + 1.0;
                return Expected::Near { value: different, by };
            }
            "quantile" => return self.quantile(&taken),
            other => panic!("the oracle does not know {other}"),
        })
    }

    /// Between what a count or sum of what is not negative must lie: at least the window, at most
    /// a bucket more.
    pub fn bounds(&self, facts: &[Known], now_ms: i64) -> Option<(i64, i64)> {
        let Window::Rolling { bucket_ms, buckets } = self.window else { return None };
        if !matches!(self.fold.as_str(), "count" | "sum") {
            return None;
        }
        let total = |from_ms| -> i64 {
            let taken = since(facts, from_ms).iter().filter_map(|known| self.takes(&known.fact));
            taken.map(Plain::units).sum()
        };
        let from_ms = now_ms - bucket_ms * buckets;
        Some((total(from_ms + 1), total(from_ms - bucket_ms)))
    }

    fn sum(&self, units: i64) -> Value<'static> {
        match self.ty.as_str() {
            "money" => Value::Money(units),
            // Doubles are summed in millionths.
            "double" => Value::Double(units as f64 / 1e6),
            _ => Value::Int(units),
        }
    }

    fn periods(&self, taken: &[(&Known, Plain)]) -> BTreeSet<i64> {
        taken.iter().map(|(known, _)| self.window.number(known.clock)).collect()
    }

    /// In how many periods in a row there was one, until this or the last.
    fn streak(&self, taken: &[(&Known, Plain)], now: Clock) -> i64 {
        let (periods, current) = (self.periods(taken), self.window.number(now));
        let last = if periods.contains(&current) { current } else { current - 1 };
        (0..64).take_while(|back| periods.contains(&(last - back))).count() as i64
    }

    /// Every event weighs half after each half-life.
    fn decayed(
        &self,
        taken: &[(&Known, Plain)],
        now: Clock,
        half_life_ms: i64,
        per_ms: Option<i64>,
    ) -> Expected {
        let weighs = |known: &Known| {
            let age_ms = (now.time_ms - known.fact.time_ms) as f64;
            (-age_ms / half_life_ms as f64).exp2()
        };
        let scale = if self.ty == "money" { 1.0 } else { 1e6 };
        let amount = |value: Plain| value.units() as f64 * if self.ty == "int" { 1e6 } else { 1.0 };
        let count: f64 = taken.iter().map(|(known, _)| weighs(known)).sum();
        let sum: f64 = taken.iter().map(|(known, value)| weighs(known) * amount(*value)).sum();
        let part = taken.iter().filter(|(known, _)| holds(&self.part, &known.fact));
        let part: f64 = part.map(|(known, value)| weighs(known) * amount(*value)).sum();
        let rate = per_ms
            .map_or(1.0, |per_ms| std::f64::consts::LN_2 * per_ms as f64 / half_life_ms as f64);
        let events = taken.len() as f64;
        match self.fold.as_str() {
            // Each is rounded to a part of 4,096.
            "count" => Expected::Near { value: count * rate, by: events * rate / 4_096.0 + 1e-9 },
            "sum" => {
                Expected::Near { value: sum * rate / scale, by: (events * rate + 1.0) / scale }
            }
            _ if taken.is_empty() => Expected::Is(None),
            "mean" => {
                let value = sum / count / scale;
                Expected::Near { value, by: value.abs() * events / count / 4_096.0 + 1.0 / scale }
            }
            "share" => Expected::Near { value: part / sum, by: events / sum * scale / 4_096.0 },
            other => panic!("the oracle does not know a decaying {other}"),
        }
    }

    /// Within the relative error of the value at the rank, or beside it.
    fn quantile(&self, taken: &[(&Known, Plain)]) -> Expected {
        let mut values: Vec<f64> = taken.iter().map(|(_, value)| value.number()).collect();
        values.sort_by(f64::total_cmp);
        let rank = (self.at * values.len() as f64).ceil() as usize;
        let value = values[rank.max(1) - 1];
        let scale = if self.ty == "money" { 1e6 } else { 1.0 };
        Expected::Near { value: value * scale, by: value * scale * self.error + 1.0 }
    }

    /// How many of these arrivals, in their order, the window had moved past.
    pub fn late(&self, arrivals: &[Known]) -> usize {
        let kept = match (self.fold.as_str(), self.window) {
            (_, Window::Ever) => return 0,
            ("active" | "streak", _) => 64,
            (_, Window::Rolling { buckets, .. }) => buckets + 1,
            (_, Window::Decay { half_lives, .. }) => half_lives + 1,
            (_, Window::Calendar { periods, ago, .. }) => periods + ago,
        };
        let (mut newest, mut late) = (i64::MIN, 0);
        for known in arrivals.iter().filter(|known| self.takes(&known.fact).is_some()) {
            let number = self.window.number(known.clock);
            newest = newest.max(number);
            late += usize::from(newest - number >= kept);
        }
        late
    }
}

impl Window {
    /// None if the oracle does not know it.
    fn read(feature: &Toml, fold: &str) -> Option<Window> {
        let whole = |key: &str, otherwise: i64| {
            feature.get(key).map_or(otherwise, |number| number.as_integer().expect("a number"))
        };
        if let Some(half_life) = word(feature, "half_life") {
            let half_lives = whole("buckets", 8);
            let per_ms = word(feature, "per").map(length_ms);
            return Some(Window::Decay { half_life_ms: length_ms(half_life), half_lives, per_ms });
        }
        let unit = match word(feature, "window") {
            None if ["active", "streak"].contains(&fold) => Unit::Day,
            None => return Some(Window::Ever),
            Some("day") => Unit::Day,
            Some("week") => Unit::Week,
            Some("month") => Unit::Month,
            Some("cycle") => Unit::Cycle(feature.get("bill_day")?.as_integer()? as i8),
            Some(length) => {
                let buckets = whole("buckets", 12);
                return Some(Window::Rolling { bucket_ms: length_ms(length) / buckets, buckets });
            }
        };
        let (periods, ago) = (whole("periods", 1), whole("ago", 0));
        let periods = if fold == "streak" { 64 } else { periods };
        Some(Window::Calendar { unit, periods, ago })
    }

    /// The number of the bucket or period of a time.
    fn number(self, clock: Clock) -> i64 {
        match self {
            Window::Ever => 0,
            Window::Rolling { bucket_ms: width_ms, .. }
            | Window::Decay { half_life_ms: width_ms, .. } => clock.time_ms / width_ms,
            Window::Calendar { unit, .. } => match unit {
                Unit::Day => clock.day,
                Unit::Week => clock.day.div_euclid(7),
                Unit::Month => clock.month,
                Unit::Cycle(day) => {
                    let begins = day.min(clock.days_of_month);
                    clock.month - i64::from(clock.day_of_month < begins)
                }
            },
        }
    }

    /// Whether it covers what is so many buckets or periods back.
    fn covers(self, back: i64) -> bool {
        match self {
            Window::Ever => true,
            Window::Rolling { buckets, .. } => (0..=buckets).contains(&back),
            Window::Decay { half_lives, .. } => (0..=half_lives).contains(&back),
            Window::Calendar { periods, ago, .. } => (ago..ago + periods).contains(&back),
        }
    }

    /// A time before which it covers nothing.
    fn begins_ms(self, now_ms: i64) -> i64 {
        const DAY_MS: i64 = 86_400_000;
        match self {
            Window::Ever => i64::MIN,
            Window::Rolling { bucket_ms: width_ms, buckets }
            | Window::Decay { half_life_ms: width_ms, half_lives: buckets, .. } => {
                now_ms - (buckets + 1) * width_ms
            }
            Window::Calendar { unit, periods, ago } => {
                let days = match unit {
                    Unit::Day => 1,
                    Unit::Week => 7,
                    Unit::Month | Unit::Cycle(_) => 31,
                };
                now_ms - ((periods + ago + 1) * days + 2) * DAY_MS
            }
        }
    }
}

impl Test {
    fn read(text: &str) -> Option<Test> {
        let mut words = text.split_whitespace();
        let field = words.next()?.strip_prefix("event.").filter(|field| !field.contains('.'))?;
        let (sign, constant) = (words.next().unwrap_or("=="), words.next().unwrap_or("true"));
        let constant = constant.trim_matches('\'').to_owned();
        Some(Test { field: field.to_owned(), sign: sign.to_owned(), constant })
    }

    /// A field that is missing makes no test hold.
    fn holds(&self, fact: &Fact) -> bool {
        let Some(found) = fact.field(&self.field) else { return false };
        let number = || self.constant.parse::<f64>().expect("a number");
        match (self.sign.as_str(), found) {
            ("==", Plain::Word(found)) => found == self.constant,
            ("==", Plain::Bool(found)) => found.to_string() == self.constant,
            (">", found) => found.number() > number(),
            (">=", found) => found.number() >= number(),
            ("<", found) => found.number() < number(),
            (sign, found) => panic!("the oracle does not know {found:?} {sign}"),
        }
    }
}

fn word<'t>(feature: &'t Toml, key: &str) -> Option<&'t str> {
    feature.get(key).and_then(Toml::as_str)
}

/// What `&&` joins; none if the oracle does not know it.
fn tests(feature: &Toml, key: &str) -> Option<Vec<Test>> {
    word(feature, key).map_or(Some(Vec::new()), |rule| rule.split(" && ").map(Test::read).collect())
}

fn holds(tests: &[Test], fact: &Fact) -> bool {
    tests.iter().all(|test| test.holds(fact))
}

/// The facts from a time on, of facts by time.
fn since(facts: &[Known], from_ms: i64) -> &[Known] {
    &facts[facts.partition_point(|known| known.fact.time_ms < from_ms)..]
}

/// `event` or `event.field`, and the type of the field.
fn source(item: &Toml, events: &Toml) -> (String, Option<String>, Option<String>) {
    let text = item.as_str().expect("a name");
    match text.split_once('.') {
        Some((kind, field)) => {
            let ty = events[kind][field].as_str().unwrap_or("enum");
            (kind.to_owned(), Some(field.to_owned()), Some(ty.to_owned()))
        }
        None => (text.to_owned(), None, None),
    }
}

fn length_ms(text: &str) -> i64 {
    let (number, unit) = text.split_at(text.len() - 1);
    let unit_ms = match unit {
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        other => panic!("the oracle does not know {other}"),
    };
    number.parse::<i64>().expect("a number") * unit_ms
}
