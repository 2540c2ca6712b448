//! An exact oracle of features. It takes them from the policy's text, keeps every event, and works
//! out what `docs/profile.md` says that a reading is; it knows nothing of buckets in bytes.
#![allow(dead_code, reason = "each test program uses a part")]

pub mod facts;
mod rule;
mod window;

use std::collections::BTreeSet;

use opportune::Value;
use toml::{Table, Value as Toml};

use facts::{Clock, Known, Plain};
use rule::Rule;
use window::Window;

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
    filter: Rule,
    /// The part of a share.
    part: Rule,
    window: Window,
    registers: f64,
    /// Which quantile, between which values, and its relative error.
    at: f64,
    between: (f64, f64),
    error: f64,
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
            filter: Rule::read(feature, "where")?,
            part: Rule::read(feature, "of")?,
            window: Window::read(feature, fold)?,
            registers: number("registers").unwrap_or(64.0),
            at: number("at").unwrap_or(0.5),
            between: feature.get("between").map_or((0.0, f64::MAX), |between| {
                let end = |at: usize| between[at].as_float().expect("with a fraction");
                (end(0), end(1))
            }),
            error: number("error").unwrap_or(0.0),
        })
    }

    /// What a fact gives this feature: the value of a field, or that it happened.
    fn takes(&self, known: &Known) -> Option<Plain> {
        let (_, field) = self.sources.iter().find(|(kind, _)| kind == known.fact.kind)?;
        if !self.filter.holds(known) {
            return None;
        }
        match field {
            Some(field) => known.fact.field(field),
            None => Some(Plain::Int(1)),
        }
    }

    /// What a reading is, of all facts that have come until then, by time.
    pub fn expected(&self, facts: &[Known], now: Clock) -> Expected {
        let current = self.window.number(now);
        let covers = |known: &Known| self.window.covers(current - self.window.number(known.clock));
        let taken: Vec<(&Known, Plain)> = since(facts, self.window.begins_ms(now.time_ms))
            .iter()
            .filter_map(|known| Some((known, self.takes(known)?)))
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
                let part = taken.iter().filter(|(known, _)| self.part.holds(known));
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
                // Six times HyperLogLog's standard error, and one for rounding: of the hundred
                // thousand readings of all subscribers some are beyond four times by chance.
                // That the error is what is stated, `profile/sketch.rs` tests.
                let by = 6.0 * 1.04 / self.registers.sqrt() * different + 1.0;
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
            let taken = since(facts, from_ms).iter().filter_map(|known| self.takes(known));
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
        let part = taken.iter().filter(|(known, _)| self.part.holds(known));
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

    /// Within the relative error of the value at the rank.
    fn quantile(&self, taken: &[(&Known, Plain)]) -> Expected {
        let mut values: Vec<f64> = taken.iter().map(|(_, value)| value.number()).collect();
        values.sort_by(f64::total_cmp);
        let rank = (self.at * values.len() as f64).ceil() as usize;
        let value = values[rank.max(1) - 1];
        let scale = if self.ty == "money" { 1e6 } else { 1.0 };
        // What is beyond the ends counts as the ends.
        let value = value.clamp(self.between.0, self.between.1) * scale;
        Expected::Near { value, by: value * (self.error + 1e-9) }
    }

    /// Which of these arrivals, in their order, its window had moved past.
    fn late<'a>(&'a self, arrivals: &'a [Known]) -> impl Iterator<Item = bool> + 'a {
        let kept = match self.fold.as_str() {
            "active" | "streak" => 64,
            _ => self.window.kept(),
        };
        let mut newest = i64::MIN;
        arrivals.iter().map(move |known| {
            if self.takes(known).is_none() {
                return false;
            }
            let number = self.window.number(known.clock);
            newest = newest.max(number);
            newest - number >= kept
        })
    }
}

/// How many of these arrivals, in their order, came too late for at least one window.
pub fn late(features: &[Feature], arrivals: &[Known]) -> usize {
    let mut late = vec![false; arrivals.len()];
    for feature in features {
        late.iter_mut().zip(feature.late(arrivals)).for_each(|(late, of_this)| *late |= of_this);
    }
    late.into_iter().filter(|late| *late).count()
}

fn word<'t>(feature: &'t Toml, key: &str) -> Option<&'t str> {
    feature.get(key).and_then(Toml::as_str)
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
