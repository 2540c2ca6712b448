//! Values that are written as text: lengths of time, times of day, instants.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::base::civil::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::base::limits::{TIME_MS_MAX, TIME_MS_MIN};

/// Longer units first, so that `ms` is not read as `m`.
const UNITS: [(&str, i64); 6] =
    [("ms", 1), ("w", 7 * DAY_MS), ("d", DAY_MS), ("h", HOUR_MS), ("m", MINUTE_MS), ("s", 1_000)];

/// Milliseconds of a length of time such as `30m`, `7d` or `1h30m`.
pub(super) fn duration_ms(text: &str) -> Option<i64> {
    let (mut rest, mut total) = (text, 0i64);
    while total == 0 || !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let (unit, unit_ms) = UNITS.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(unit_ms)?)?;
        rest = &tail[unit.len()..];
        if rest.is_empty() {
            break;
        }
    }
    (total <= TIME_MS_MAX).then_some(total)
}

/// Milliseconds after midnight of a time such as `21:00`.
pub(super) fn clock_ms(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, end: i64| {
        let value = text.parse().ok().filter(|value| (0..end).contains(value));
        value.filter(|_| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
    };
    Some(number(hours, 24)? * HOUR_MS + number(minutes, 60)? * MINUTE_MS)
}

/// Milliseconds since the Unix epoch of a date, or a date and a time, in a zone. A time that a
/// change of clocks skips or repeats is taken as RFC 5545 does.
pub(super) fn local_ms(text: &str, zone: &TimeZone) -> Option<i64> {
    let local: civil::DateTime = text.parse().ok()?;
    let instant = local.to_zoned(zone.clone()).ok()?.timestamp();
    Some(instant.as_millisecond()).filter(|ms| (TIME_MS_MIN..=TIME_MS_MAX).contains(ms))
}

/// Milliseconds since the Unix epoch of an RFC 3339 instant.
pub(super) fn instant_ms(text: &str) -> Option<i64> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(instant.as_millisecond()).filter(|ms| (TIME_MS_MIN..=TIME_MS_MAX).contains(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_values() {
        for (text, ms) in [
            ("90s", Some(90_000)),
            ("1h30m", Some(90 * MINUTE_MS)),
            ("2w", Some(14 * DAY_MS)),
            ("0s", Some(0)),
            ("250ms", Some(250)),
            ("", None),
            ("h", None),
            ("5", None),
            ("-5s", None),
            ("1.5h", None),
            ("99999999999999999w", None),
        ] {
            assert_eq!(duration_ms(text), ms, "{text}");
        }
        for (text, ms) in [
            ("21:00", Some(21 * HOUR_MS)),
            ("08:30", Some(510 * MINUTE_MS)),
            ("24:00", None),
            ("8:00", None),
        ] {
            assert_eq!(clock_ms(text), ms, "{text}");
        }
        assert_eq!(instant_ms("1970-01-02T00:00:00Z"), Some(DAY_MS));
        assert_eq!(instant_ms("1970-01-02"), None);
        let zone = TimeZone::fixed(jiff::tz::offset(-5));
        assert_eq!(local_ms("1970-01-02", &zone), Some(DAY_MS + 5 * HOUR_MS));
        assert_eq!(local_ms("1970-01-02 01:00", &zone), Some(DAY_MS + 6 * HOUR_MS));
        assert_eq!(local_ms("01:00", &zone), None);
    }
}
