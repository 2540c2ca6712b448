//! Over which stretch of time a feature looks.

use toml::Value as Toml;

use super::facts::Clock;
use super::word;

#[derive(Clone, Copy, PartialEq)]
pub enum Window {
    Ever,
    Rolling { bucket_ms: i64, buckets: i64 },
    Calendar { unit: Unit, periods: i64, ago: i64 },
    Decay { half_life_ms: i64, half_lives: i64, per_ms: Option<i64> },
}

#[derive(Clone, Copy, PartialEq)]
pub enum Unit {
    Day,
    Week,
    Month,
    /// From this day of the month on.
    Cycle(i8),
}

impl Window {
    /// None if the oracle does not know it.
    pub fn read(feature: &Toml, fold: &str) -> Option<Window> {
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
    pub fn number(self, clock: Clock) -> i64 {
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

    /// How many buckets or periods it remembers. (Of a calendar one more than it covers, so that
    /// an event in a zone where it is tomorrow leaves today in its place.)
    pub fn kept(self) -> i64 {
        match self {
            Window::Ever => i64::MAX,
            Window::Rolling { buckets, .. } => buckets + 1,
            Window::Decay { half_lives, .. } => half_lives + 1,
            Window::Calendar { periods, ago, .. } => periods + ago + 1,
        }
    }

    /// Whether it covers what is so many buckets or periods back.
    pub fn covers(self, back: i64) -> bool {
        match self {
            Window::Ever => true,
            Window::Rolling { buckets, .. } => (0..=buckets).contains(&back),
            Window::Decay { half_lives, .. } => (0..=half_lives).contains(&back),
            Window::Calendar { periods, ago, .. } => (ago..ago + periods).contains(&back),
        }
    }

    /// A time before which it covers nothing.
    pub fn begins_ms(self, now_ms: i64) -> i64 {
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
