//! Instants and lengths of time as text, to the nanosecond, and zones.
//!
//! Instants are RFC 3339, lengths what Go's `time.ParseDuration` takes, as CEL has them.

use std::format;
use std::string::{String, ToString};

use jiff::tz::TimeZoneDatabase;

use super::constant::{Constant, MS_NS};
use super::functions::Problem;
use crate::base::civil::{DAY_MS, date_of_day, day_of_date};

const SECOND_NS: i128 = 1_000_000_000;
const DAY_S: i64 = DAY_MS / 1_000;

/// Longer names first, so that `ms` is not read as `m`.
const UNITS: [(&str, i128); 8] = [
    ("ms", MS_NS),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
    ("h", 3_600 * SECOND_NS),
    ("m", 60 * SECOND_NS),
    ("s", SECOND_NS),
];

/// Nanoseconds of a length of time such as `-1.5h` or `1h30m`; none beyond 2^63.
pub(super) fn duration(text: &str) -> Option<i128> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0i128;
    while total == 0 || !rest.is_empty() {
        let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let (number, tail) = rest.split_at(digits);
        let (unit, unit_ns) = UNITS.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        total += scaled(number, unit_ns)?;
        rest = &tail[unit.len()..];
        if rest.is_empty() {
            break;
        }
    }
    i64::try_from(sign * total).ok().map(i128::from)
}

/// A decimal number of units in nanoseconds, rounded down.
fn scaled(number: &str, unit_ns: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || fraction.contains('.') || number.len() > 32 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let scale = 10i128.pow(fraction.len() as u32);
    let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Some(whole.checked_mul(unit_ns)? + fraction * unit_ns / scale)
}

/// A length of time in seconds, as CEL writes it.
pub(super) fn duration_text(ns: i128) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let ns = ns.unsigned_abs();
    let (seconds, rest) = (ns / SECOND_NS as u128, ns % SECOND_NS as u128);
    format!("{sign}{seconds}{}s", fraction_text(rest))
}

fn fraction_text(ns: u128) -> String {
    if ns == 0 {
        return String::new();
    }
    format!(".{ns:09}").trim_end_matches('0').to_string()
}

/// Nanoseconds since the Unix epoch of an RFC 3339 instant of the years 1 to 9999.
pub(super) fn timestamp(text: &str) -> Option<i128> {
    let (date, rest) = text.split_at_checked(10)?;
    let number = |text: &str, from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let marked = |text: &str, at: usize, mark: &[u8]| {
        text.as_bytes().get(at).is_some_and(|byte| mark.contains(byte))
    };
    let (year, month, day) = (number(date, 0, 4)?, number(date, 5, 7)?, number(date, 8, 10)?);
    let (hour, minute, second) = (number(rest, 1, 3)?, number(rest, 4, 6)?, number(rest, 7, 9)?);
    let shaped = marked(date, 4, b"-")
        && marked(date, 7, b"-")
        && marked(rest, 0, b"Tt")
        && marked(rest, 3, b":")
        && marked(rest, 6, b":");
    let tail = rest.get(9..)?;
    let digits = tail
        .strip_prefix('.')
        .map_or(0, |fraction| fraction.bytes().take_while(u8::is_ascii_digit).count() + 1);
    let (fraction, zone) = tail.split_at(digits);
    let fraction_ns = if digits > 0 { scaled(&format!("0{fraction}"), SECOND_NS)? } else { 0 };
    let offset_s = if matches!(zone, "Z" | "z") { 0 } else { offset_s(zone, true)? };
    let days = day_of_date(year, month as u32, day as u32);
    let real = date_of_day(days) == (year, month as u32, day as u32) && digits != 1;
    if !shaped || !real || hour > 23 || minute > 59 || second > 59 || year < 1 {
        return None;
    }
    let seconds = days * DAY_S + hour * 3_600 + minute * 60 + second - offset_s;
    let in_range = (-62_135_596_800..=253_402_300_799).contains(&seconds);
    in_range.then_some(i128::from(seconds) * SECOND_NS + fraction_ns)
}

/// An instant as CEL writes it.
pub(super) fn timestamp_text(ns: i128) -> String {
    let (seconds, rest) = (ns.div_euclid(SECOND_NS) as i64, ns.rem_euclid(SECOND_NS) as u128);
    let (year, month, day) = date_of_day(seconds.div_euclid(DAY_S));
    let of_day = seconds.rem_euclid(DAY_S);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let fraction = fraction_text(rest);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Seconds of an offset such as `+02:00`, with or, where CEL allows it, without its sign.
fn offset_s(text: &str, signed: bool) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ if signed => return None,
        _ => (1, text),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str, end: i64| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i64>().ok().filter(|value| digits && *value < end)
    };
    Some(sign * (number(hours, 24)? * 3_600 + number(minutes, 60)? * 60))
}

/// Milliseconds east of UTC of an offset, or of a zone's name at a known instant.
pub(super) fn offset_ms(name: &str, at: Option<&Constant>) -> Result<i64, Problem> {
    if name == "UTC" {
        return Ok(0);
    }
    if let Some(seconds) = offset_s(name, false) {
        return Ok(seconds * 1_000);
    }
    let Ok(zone) = TimeZoneDatabase::bundled().get(name) else {
        return Err(Problem::failed("no such zone"));
    };
    let Some(Constant::Timestamp(ns)) = at else {
        return Err(Problem::Unsupported(
            "a named zone of an instant that is not known in advance",
        ));
    };
    // Zones have no transitions in the first and the last days that timestamps have.
    let (first, last) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
    let ns = (*ns).clamp(first.as_nanosecond(), last.as_nanosecond());
    let instant = jiff::Timestamp::from_nanosecond(ns).unwrap_or(last);
    Ok(i64::from(zone.to_offset(instant).seconds()) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        for (text, ns) in [
            ("90s", Some(90 * SECOND_NS)),
            ("1h30m", Some(5_400 * SECOND_NS)),
            ("-1.5h", Some(-5_400 * SECOND_NS)),
            ("1.5ms", Some(1_500_000)),
            ("2us", Some(2_000)),
            ("3ns", Some(3)),
            ("0", Some(0)),
            (".5s", Some(SECOND_NS / 2)),
            ("", None),
            ("-", None),
            (".s", None),
            ("5", None),
            ("1d", None),
            ("1w", None),
            ("9223372037s", None),
        ] {
            assert_eq!(duration(text), ns, "{text}");
        }
        assert_eq!(duration_text(-1_500_000_000), "-1.5s");
    }

    #[test]
    fn instants() {
        for text in [
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "2000-02-29T12:34:56.000000001Z",
            "9999-12-31T23:59:59.999999999Z",
        ] {
            assert_eq!(timestamp_text(timestamp(text).unwrap()), text);
        }
        assert_eq!(timestamp("1970-01-01T02:00:00+02:00"), Some(0));
        for text in [
            "1970-01-01",
            "1970-02-30T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01é00:00:00Z",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn zones() {
        assert_eq!(offset_ms("-02:30", None), Ok(-9_000_000));
        assert_eq!(offset_ms("02:00", None), Ok(7_200_000));
        let at = Constant::Timestamp(timestamp("2009-02-13T23:31:30Z").unwrap());
        assert_eq!(offset_ms("Asia/Kathmandu", Some(&at)), Ok(20_700_000));
        assert!(offset_ms("Asia/Kathmandu", None).is_err());
        assert!(offset_ms("Nowhere", Some(&at)).is_err());
    }
}
