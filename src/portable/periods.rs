//! The numbers of buckets, for people: when a part of a window begins.
//!
//! Parts of rolling and fading windows begin at an instant; periods of the local calendar have the
//! date of their first day, months and cycles the month in which they begin.

use alloc::format;
use serde_json::{Value, json};

use super::error::ImportError;
use super::import::At;
use super::units::{time, time_back};
use crate::base::civil::{date_of_day, day_of_date};
use crate::base::limits::TIME_MS_MAX;
use crate::policy::{CalendarUnit, Window};
use crate::profile::EPOCH_DAY;

/// What the bucket with this number is called; none for one that no time belongs to.
pub(super) fn name(window: Window, number: u32) -> Option<Value> {
    let number = i64::from(number);
    Some(match window {
        Window::Lifetime => return None,
        Window::Rolling { bucket_ms: width_ms, .. }
        | Window::Decay { half_life_ms: width_ms, .. } => {
            let start_ms = number.checked_mul(width_ms).filter(|ms| *ms <= TIME_MS_MAX)?;
            time(start_ms)
        }
        Window::Calendar { unit, .. } => match unit {
            CalendarUnit::Day => date(number - EPOCH_DAY)?,
            CalendarUnit::Week => date(7 * number - EPOCH_DAY)?,
            CalendarUnit::Month | CalendarUnit::Cycle(_) => {
                let (year, month) = (number / 12, number % 12 + 1);
                (year <= YEAR_MAX).then(|| json!(format!("{year:04}-{month:02}")))?
            }
        },
    })
}

/// The number of what [`name`] calls so.
pub(super) fn number(window: Window, at: &At<'_>) -> Result<u32, ImportError> {
    let found = match window {
        Window::Lifetime => None,
        Window::Rolling { bucket_ms: width_ms, .. }
        | Window::Decay { half_life_ms: width_ms, .. } => {
            time_back(at.value).and_then(|ms| ms.checked_div(width_ms))
        }
        Window::Calendar { unit, .. } => at.value.as_str().and_then(|text| match unit {
            CalendarUnit::Day => Some(day(text)? + EPOCH_DAY),
            CalendarUnit::Week => Some((day(text)? + EPOCH_DAY) / 7),
            CalendarUnit::Month | CalendarUnit::Cycle(_) => {
                let (year, month) = text.split_once('-')?;
                Some(12 * whole(year)? + whole(month)? - 1)
            }
        }),
    };
    // What is not called so when it is written again does not begin there.
    let number = found.and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| name(window, *number).as_ref() == Some(at.value));
    at.some(number, "where a bucket begins")
}

const YEAR_MAX: i64 = 9_999;

fn date(day: i64) -> Option<Value> {
    let (year, month, day) = date_of_day(day);
    (year <= YEAR_MAX).then(|| json!(format!("{year:04}-{month:02}-{day:02}")))
}

fn day(text: &str) -> Option<i64> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = u32::try_from(whole(month)?).ok().filter(|month| (1..=12).contains(month))?;
    Some(day_of_date(whole(year)?, month, u32::try_from(whole(day)?).ok()?))
}

fn whole(digits: &str) -> Option<i64> {
    let plain = digits.len() <= 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn names_come_back() {
        let calendar = |unit| Window::Calendar { unit, periods: 1, ago: 0 };
        for (window, of, called) in [
            (calendar(CalendarUnit::Day), 20_518, "2026-03-03"),
            (calendar(CalendarUnit::Week), 2_931, "2026-03-02"),
            (calendar(CalendarUnit::Month), 12 * 2026 + 2, "2026-03"),
            (Window::Rolling { bucket_ms: 3_600_000, buckets: 6 }, 1, "1970-01-01T01:00:00.000Z"),
        ] {
            let told = name(window, of).expect("a name");
            assert_eq!(told, json!(called));
            let at = At { value: &told, key: String::new() };
            assert_eq!(number(window, &at), Ok(of));
            assert_eq!(name(window, u32::MAX), None);
            for wrong in [
                json!("2026-03-04T00:00:00.001Z"),
                json!("2026-00"),
                json!("2026-13"),
                json!("2026-3"),
                json!("2026-02-30"),
                json!("2026-03-03x"),
                json!(-1),
                json!({}),
            ] {
                let at = At { value: &wrong, key: String::new() };
                assert!(number(window, &at).is_err(), "{wrong} in {window:?}");
            }
        }
    }
}
