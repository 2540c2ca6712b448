//! Events as the oracle keeps them: plain values, and the local calendar of their time, which is
//! jiff's.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use opportune::Value;

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

/// A fact and the clock of the zone that was in force.
#[derive(Clone, Debug)]
pub struct Known {
    pub fact: Fact,
    pub clock: Clock,
}

/// A time and the local calendar then.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub time_ms: i64,
    /// Days since Monday, 1970-01-05.
    pub day: i64,
    /// Months since the year 0.
    pub month: i64,
    pub day_of_month: i8,
    pub days_of_month: i8,
    pub hour: i8,
}

impl Known {
    pub fn new(fact: Fact, zone: &'static str) -> Known {
        let clock = Clock::new(fact.time_ms, zone);
        Known { fact, clock }
    }
}

impl Clock {
    pub fn new(time_ms: i64, zone: &'static str) -> Clock {
        thread_local! {
            static ZONES: std::cell::RefCell<HashMap<&'static str, TimeZone>> = HashMap::new().into();
        }
        let zone = ZONES.with_borrow_mut(|zones| {
            let known = zones.entry(zone);
            known.or_insert_with(|| TimeZone::get(zone).expect("a zone")).clone()
        });
        let time = Timestamp::from_millisecond(time_ms).expect("a time");
        let local = zone.to_datetime(time);
        let date = local.date();
        Clock {
            time_ms,
            day: i64::from((date - Date::constant(1970, 1, 5)).get_days()),
            month: i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
            day_of_month: date.day(),
            days_of_month: date.days_in_month(),
            hour: local.hour(),
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
    pub fn number(self) -> f64 {
        match self {
            Plain::Int(value) => value as f64,
            Plain::Double(value) => value,
            Plain::Money(micros) => micros as f64 / 1e6,
            Plain::Bool(_) | Plain::Word(_) => panic!("no number: {self:?}"),
        }
    }

    /// As the library reads it back. (Members are known by number there.)
    pub fn value(self) -> Value<'static> {
        match self {
            Plain::Bool(value) => Value::Bool(value),
            Plain::Int(value) => Value::Int(value),
            Plain::Double(value) => Value::Double(value),
            Plain::Money(micros) => Value::Money(micros),
            Plain::Word(word) => panic!("no plain value: {word}"),
        }
    }
}
