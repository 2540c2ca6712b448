//! An exact oracle of features. It takes them from the policy's text, keeps every event, and works
//! out what `docs/profile.md` says that a reading is; it knows nothing of buckets in bytes.
#![allow(dead_code, reason = "each test program uses a part")]

use opportune::Value;
use toml::{Table, Value as Toml};

/// The value of a field, with the names of members as in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plain {
    Bool(bool),
    Int(i64),
    Double(f64),
    Money(i64),
    Word(&'static str),
}

/// An event that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub kind: &'static str,
    pub time_ms: i64,
    pub fields: Vec<(&'static str, Plain)>,
}

/// What a reading must be, and between what it must lie because of what the window promises.
#[derive(Debug)]
pub struct Expected {
    pub value: Option<Value<'static>>,
    /// For counts and sums of what is not negative over a rolling window.
    pub between: Option<(i64, i64)>,
}

/// A feature of the text.
pub struct Feature {
    pub name: String,
    fold: String,
    /// Kind of event, and the field that is folded.
    sources: Vec<(String, Option<String>)>,
    /// Type of the folded field.
    ty: String,
    filter: Vec<Test>,
    window: Window,
}

enum Window {
    Ever,
    Rolling { bucket_ms: i64, buckets: i64 },
}

/// A comparison of a field with a constant, joined to others by `&&`.
struct Test {
    field: String,
    sign: String,
    constant: String,
}

/// The features of a policy's files that are folded from events in a way that the oracle knows.
pub fn features(files: &[&str]) -> Vec<Feature> {
    let mut policy = Table::new();
    for file in files {
        policy.extend(file.parse::<Table>().expect("TOML"));
    }
    let declared = policy["features"].as_table().expect("features");
    let known = declared.iter();
    known.filter_map(|(name, feature)| Feature::read(name, feature, &policy["events"])).collect()
}

fn word<'t>(feature: &'t Toml, key: &str) -> Option<&'t str> {
    feature.get(key).and_then(Toml::as_str)
}

impl Feature {
    fn read(name: &str, feature: &Toml, events: &Toml) -> Option<Feature> {
        let folds = ["count", "sum", "min", "max", "last", "last_time"];
        let fold = folds.into_iter().find(|fold| feature.get(fold).is_some())?;
        let sources = match &feature[fold] {
            Toml::Array(list) => list.iter().map(|item| source(item, events)).collect(),
            one => vec![source(one, events)],
        };
        let ty = sources.iter().find_map(|(_, _, ty)| ty.clone()).unwrap_or_default();
        let window = word(feature, "window").map_or(Window::Ever, |window| {
            let buckets = feature.get("buckets").map_or(12, |n| n.as_integer().expect("a number"));
            Window::Rolling { bucket_ms: length_ms(window) / buckets, buckets }
        });
        let filter = word(feature, "where")
            .map_or(Vec::new(), |rule| rule.split(" && ").map(Test::read).collect());
        let sources = sources.into_iter().map(|(kind, field, _)| (kind, field)).collect();
        Some(Feature { name: name.to_owned(), fold: fold.to_owned(), sources, ty, filter, window })
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

    /// What a reading at `now_ms` is, of all facts that have come until then, by time.
    pub fn expected(&self, facts: &[Fact], now_ms: i64) -> Expected {
        let (from_ms, between) = match self.window {
            Window::Ever => (i64::MIN, None),
            Window::Rolling { bucket_ms, buckets } => {
                let from_ms = (now_ms / bucket_ms - buckets) * bucket_ms;
                let total_from = |from_ms| self.total(facts, from_ms);
                let window_ms = bucket_ms * buckets;
                // At least the window, at most a bucket more.
                let bounds = (
                    total_from(now_ms - window_ms + 1),
                    total_from(now_ms - window_ms - bucket_ms),
                );
                (from_ms, Some(bounds))
            }
        };
        let additive = matches!(self.fold.as_str(), "count" | "sum");
        let taken = since(facts, from_ms).iter();
        let taken = taken.filter_map(|fact| Some((fact.time_ms, self.takes(fact)?)));
        let order = |(_, a): &(i64, Plain), (_, b): &(i64, Plain)| {
            a.number().partial_cmp(&b.number()).expect("numbers")
        };
        let value = match self.fold.as_str() {
            "count" => Some(Value::Int(self.total(facts, from_ms))),
            "sum" => Some(self.sum(self.total(facts, from_ms))),
            "min" => taken.min_by(order).map(|(_, value)| value.value()),
            "max" => taken.max_by(order).map(|(_, value)| value.value()),
            "last" => taken.max_by_key(|(time_ms, _)| *time_ms).map(|(_, value)| value.value()),
            _ => taken.map(|(time_ms, _)| time_ms).max().map(Value::Timestamp),
        };
        Expected { value, between: between.filter(|_| additive) }
    }

    /// The sum of everything from a time on, in integer units; of a count, how many.
    fn total(&self, facts: &[Fact], from_ms: i64) -> i64 {
        since(facts, from_ms).iter().filter_map(|fact| self.takes(fact)).map(Plain::units).sum()
    }

    fn sum(&self, units: i64) -> Value<'static> {
        match self.ty.as_str() {
            "money" => Value::Money(units),
            // Doubles are summed in millionths.
            "double" => Value::Double(units as f64 / 1e6),
            _ => Value::Int(units),
        }
    }

    /// How many of these arrivals, in their order, the ring had moved past.
    pub fn late(&self, arrivals: &[Fact]) -> usize {
        let Window::Rolling { bucket_ms, buckets } = self.window else { return 0 };
        let (mut newest, mut late) = (i64::MIN, 0);
        for fact in arrivals.iter().filter(|fact| self.takes(fact).is_some()) {
            let bucket = fact.time_ms / bucket_ms;
            newest = newest.max(bucket);
            late += usize::from(bucket < newest - buckets);
        }
        late
    }
}

impl Test {
    fn read(text: &str) -> Test {
        let mut words = text.split_whitespace();
        let field = words.next().expect("a field").strip_prefix("event.").expect("of the event");
        let (sign, constant) = (words.next().unwrap_or("=="), words.next().unwrap_or("true"));
        let constant = constant.trim_matches('\'').to_owned();
        Test { field: field.to_owned(), sign: sign.to_owned(), constant }
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

impl Fact {
    pub fn field(&self, name: &str) -> Option<Plain> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

impl Plain {
    /// As an integer: micro-units of money, millionths of a double.
    pub fn units(self) -> i64 {
        match self {
            Plain::Int(units) | Plain::Money(units) => units,
            Plain::Double(value) => (value * 1e6).round_ties_even() as i64,
            Plain::Bool(_) | Plain::Word(_) => panic!("no number: {self:?}"),
        }
    }

    /// As a rule writes it.
    fn number(self) -> f64 {
        match self {
            Plain::Int(value) => value as f64,
            Plain::Double(value) => value,
            Plain::Money(micros) => micros as f64 / 1e6,
            Plain::Bool(_) | Plain::Word(_) => panic!("no number: {self:?}"),
        }
    }

    /// As the library reads it back. (Members are known by number there.)
    fn value(self) -> Value<'static> {
        match self {
            Plain::Bool(value) => Value::Bool(value),
            Plain::Int(value) => Value::Int(value),
            Plain::Double(value) => Value::Double(value),
            Plain::Money(micros) => Value::Money(micros),
            Plain::Word(word) => panic!("no plain value: {word}"),
        }
    }
}

/// The facts from a time on, of facts by time.
fn since(facts: &[Fact], from_ms: i64) -> &[Fact] {
    &facts[facts.partition_point(|fact| fact.time_ms < from_ms)..]
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
        other => panic!("the oracle does not know {other}"),
    };
    number.parse::<i64>().expect("a number") * unit_ms
}
