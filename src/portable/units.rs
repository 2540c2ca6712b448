//! Values in the units that people read, and back to the bits.

use alloc::format;
use alloc::string::String;
use serde_json::{Number, Value, json};

use super::Shape;
use crate::base::civil::{DAY_MS, HOUR_MS, MINUTE_MS, date_of_day, day_of_date};
use crate::base::ids::MemberId;
use crate::base::limits::{TIME_MS_MAX, TIME_MS_MIN};
use crate::base::money::MICROS;
use crate::expr::Type;

/// The value of a slot of this type.
pub(super) fn value(shape: &Shape<'_>, bits: u64, ty: Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(bits != 0),
        Type::Int => json!(bits as i64),
        Type::Double => Number::from_f64(f64::from_bits(bits)).map_or(Value::Null, Value::Number),
        Type::Money => decimal(bits as i64),
        Type::Timestamp => time(bits as i64),
        Type::Duration => json!(bits as i64),
        Type::Member => json!(shape.name(MemberId(bits as u32))),
        Type::Text => json!(format!("hash:{bits:016x}")),
    }
}

/// The bits of what [`value`] wrote.
pub(super) fn bits(shape: &Shape<'_>, value: &Value, ty: Type) -> Option<u64> {
    match ty {
        Type::Bool => value.as_bool().map(u64::from),
        Type::Int | Type::Duration => value.as_i64().map(|value| value as u64),
        Type::Double => value.as_f64().map(f64::to_bits),
        Type::Money => decimal_back(value).map(|micros| micros as u64),
        Type::Timestamp => time_back(value).map(|ms| ms as u64),
        Type::Member => shape.id(value.as_str()?).map(|MemberId(number)| u64::from(number)),
        Type::Text => hash_back(value.as_str()?.strip_prefix("hash:")?),
    }
}

/// What [`value`] writes of a type, for people.
pub(super) fn words(ty: Type) -> &'static str {
    match ty {
        Type::Bool => "true or false",
        Type::Int => "an integer",
        Type::Double => "a number",
        Type::Money => "an amount such as \"12.50\"",
        Type::Timestamp => "a time such as \"2026-03-03T20:00:00.000Z\"",
        Type::Duration => "an integer of milliseconds",
        Type::Member => "a member of an enumeration",
        Type::Text => "a hash such as \"hash:0123456789abcdef\"",
    }
}

pub(super) fn hash_back(digits: &str) -> Option<u64> {
    let right = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if right { u64::from_str_radix(digits, 16).ok() } else { None }
}

/// Millionths as a decimal, exactly: at least two digits behind the point, at most six.
pub(super) fn decimal(micros: i64) -> Value {
    let (whole, part) = (micros.unsigned_abs() / MICROS as u64, micros.unsigned_abs() % 1_000_000);
    let sign = if micros < 0 { "-" } else { "" };
    let mut text = format!("{sign}{whole}.{part:06}");
    while text.ends_with('0') && !text[text.len() - 3..].starts_with('.') {
        text.pop();
    }
    Value::String(text)
}

pub(super) fn decimal_back(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !plain(whole) || !plain(part) {
        return None;
    }
    let part: i128 = format!("{part:0<6}").parse().ok()?;
    let micros = whole.parse::<i128>().ok()?.checked_mul(i128::from(MICROS))? + part;
    i64::try_from(if negative { -micros } else { micros }).ok()
}

/// A time as RFC 3339 with milliseconds, in UTC; one that no clock shows as milliseconds.
pub(super) fn time(ms: i64) -> Value {
    if !(TIME_MS_MIN..=TIME_MS_MAX).contains(&ms) {
        return json!(ms);
    }
    let (year, month, day) = date_of_day(ms.div_euclid(DAY_MS));
    let left = ms.rem_euclid(DAY_MS);
    let (hour, minute) = (left / HOUR_MS, left % HOUR_MS / MINUTE_MS);
    let (second, milli) = (left % MINUTE_MS / 1_000, left % 1_000);
    let text =
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    Value::String(text)
}

pub(super) fn time_back(value: &Value) -> Option<i64> {
    let Some(text) = value.as_str() else { return value.as_i64() };
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute) = (number(11, 13)?, number(14, 16)?);
    let (second, milli) = (number(17, 19)?, number(20, 23)?);
    if !(1..=12).contains(&month) {
        return None;
    }
    let days = day_of_date(year, month as u32, day as u32);
    let ms = days * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * 1_000 + milli;
    // What is written again as it stands was a time.
    (time(ms) == *value).then_some(ms)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hex_back(text: &str) -> Option<alloc::vec::Vec<u8>> {
    let plain = text.len().is_multiple_of(2) && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    if plain { (0..text.len()).step_by(2).map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_come_back() {
        for (micros, text) in [
            (0, "0.00"),
            (12_500_000, "12.50"),
            (-1, "-0.000001"),
            (1_234_560, "1.23456"),
            (i64::MAX, "9223372036854.775807"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(decimal(micros), json!(text));
            assert_eq!(decimal_back(&json!(text)), Some(micros));
        }
        for wrong in ["", ".5", "1.", "1.0000001", "1e3", "--1", "9223372036854.775808"] {
            let found = decimal_back(&json!(wrong));
            assert!(found.is_none() || wrong == "1.", "{wrong}: {found:?}");
        }
        for ms in [1, 999, 1_772_568_000_123, TIME_MS_MAX, 951_782_400_000] {
            assert!(time(ms).is_string());
            assert_eq!(time_back(&time(ms)), Some(ms));
        }
        assert_eq!(time(1_772_568_000_123), json!("2026-03-03T20:00:00.123Z"));
        for ms in [0, -1, i64::MIN, TIME_MS_MAX + 1] {
            assert_eq!((time(ms), time_back(&time(ms))), (json!(ms), Some(ms)));
        }
        for wrong in ["2026-13-03T20:00:00.123Z", "2026-02-30T20:00:00.123Z", "2026-03-03", "é"] {
            assert_eq!(time_back(&json!(wrong)), None, "{wrong}");
        }
        assert_eq!(hex_back(&hex(&[0, 255, 16])), Some(alloc::vec![0, 255, 16]));
        assert_eq!((hex_back("0"), hex_back("+1")), (None, None));
    }
}
