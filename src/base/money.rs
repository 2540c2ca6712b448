//! Money is an integer number of micro-units (millionths) of the policy's one currency.

/// Micro-units of one unit.
pub const MICROS: i64 = 1_000_000;

/// Reads a decimal amount such as `12.5` or `-0.000001` exactly; `None` when it is not one or
/// does not fit.
#[cfg(feature = "compiler")]
pub(crate) fn parse_micros(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (units, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if units.is_empty() || fraction.len() > 6 || !all_digits(units) || !all_digits(fraction) {
        return None;
    }
    let units: i64 = units.parse().ok()?;
    let fraction: i64 = alloc::format!("{fraction:0<6}").parse().ok()?;
    let micros = units.checked_mul(MICROS)?.checked_add(fraction)?;
    Some(if negative { -micros } else { micros })
}

/// 2^63 as a float: the first value above every `i64`.
const I64_END: f64 = 9_223_372_036_854_775_808.0;

/// The nearest micro-unit to a number, or `None` when it is not finite or does not fit.
pub(crate) fn micros_of_f64(value: f64) -> Option<i64> {
    let scaled = libm::rint(value * MICROS as f64);
    (-I64_END..I64_END).contains(&scaled).then_some(scaled as i64)
}

#[cfg(all(test, feature = "compiler"))]
mod tests {
    use super::*;

    #[test]
    fn decimal_amounts_are_exact() {
        for (text, micros) in [
            ("0", Some(0)),
            ("12.5", Some(12_500_000)),
            ("-0.000001", Some(-1)),
            ("0.0000001", None),
            ("9223372036854.775807", Some(i64::MAX)),
            ("9223372036855", None),
            (".5", None),
            ("1e3", None),
            ("", None),
        ] {
            assert_eq!(parse_micros(text), micros, "{text}");
        }
    }

    #[test]
    fn floats_round_to_the_nearest_micro_unit() {
        assert_eq!(micros_of_f64(0.1 + 0.2), Some(300_000));
        assert_eq!(micros_of_f64(f64::NAN), None);
        assert_eq!(micros_of_f64(1e13), None);
    }
}
