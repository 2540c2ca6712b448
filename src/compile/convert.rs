//! Conversions between known values, as CEL has them.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::constant::Constant;
use super::functions::{Outcome, Problem};
use super::instant;
use super::types::{BOOL, DOUBLE, DURATION, INT, TEXT, TIMESTAMP, Ty};

const NAMES: [&str; 9] =
    ["int", "uint", "double", "string", "bytes", "bool", "timestamp", "duration", "money"];

pub(super) fn is_conversion(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Whether there is a conversion of known values of this type.
pub(super) fn takes(name: &str, ty: Ty) -> bool {
    match name {
        "string" => {
            [INT, Ty::Uint, DOUBLE, BOOL, TEXT, Ty::Bytes, TIMESTAMP, DURATION].contains(&ty)
        }
        "money" => false,
        _ => ty == TEXT,
    }
}

/// A known value as another type.
pub(super) fn of(name: &str, values: &[Constant]) -> Outcome {
    let [value] = values else { return Err(Problem::Overload) };
    match (name, value) {
        ("string", Constant::Bytes(bytes)) => String::from_utf8(bytes.clone())
            .map(Constant::Text)
            .map_err(|_| Problem::failed("bytes that are not UTF-8")),
        ("string", value) => text(value).map(Constant::Text).ok_or(Problem::Overload),
        ("bytes", Constant::Text(text)) => Ok(Constant::Bytes(text.as_bytes().to_vec())),
        ("int", Constant::Text(text)) => parsed(text, Constant::Int),
        ("uint", Constant::Text(text)) => parsed(text, Constant::Uint),
        ("double", Constant::Text(text)) => double(text),
        ("bool", Constant::Text(text)) => match text.as_str() {
            "true" | "TRUE" | "True" | "t" | "1" => Ok(Constant::Bool(true)),
            "false" | "FALSE" | "False" | "f" | "0" => Ok(Constant::Bool(false)),
            _ => Err(Problem::failed("not a truth value")),
        },
        ("timestamp", Constant::Text(text)) => {
            instant::timestamp(text).map(Constant::Timestamp).ok_or(not_of(text))
        }
        ("duration", Constant::Text(text)) => {
            instant::duration(text).map(Constant::Duration).ok_or(not_of(text))
        }
        _ => Err(Problem::Overload),
    }
}

fn not_of(text: &str) -> Problem {
    Problem::Failed(format!("'{text}' cannot be converted"))
}

fn parsed<T: std::str::FromStr>(text: &str, of: fn(T) -> Constant) -> Outcome {
    text.parse().map(of).map_err(|_| not_of(text))
}

/// Numbers as Go's `strconv.ParseFloat` takes them, without its hexadecimal and its underscores.
fn double(text: &str) -> Outcome {
    let value: f64 = text.parse().map_err(|_| not_of(text))?;
    let is_too_large = value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
    if is_too_large { Err(not_of(text)) } else { Ok(Constant::Double(value)) }
}

/// A value as `string()` writes it.
pub(super) fn text(value: &Constant) -> Option<String> {
    Some(match value {
        Constant::Bool(value) => value.to_string(),
        Constant::Int(value) => value.to_string(),
        Constant::Uint(value) => value.to_string(),
        Constant::Double(value) => double_text(*value),
        Constant::Text(text) => text.clone(),
        Constant::Timestamp(ns) => instant::timestamp_text(*ns),
        Constant::Duration(ns) => instant::duration_text(*ns),
        _ => return None,
    })
}

/// The shortest digits that read back as the same float, with an exponent where Go has one.
fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..21).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => value.to_string(),
    }
}

/// Base64 (RFC 4648, the standard alphabet), padded.
pub(super) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte));
        let word = word << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let index = (word >> (18 - 6 * place)) & 63;
            text.push(if place <= chunk.len() {
                char::from(ALPHABET[index as usize])
            } else {
                '='
            });
        }
    }
    text
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of base64, padded or not.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for digit in digits {
        let value = ALPHABET.iter().position(|known| *known == digit)?;
        (word, bits) = (word << 6 | value as u32, bits + 6);
        if bits >= 8 {
            bits -= 8;
            bytes.push((word >> bits) as u8);
            word &= (1 << bits) - 1;
        }
    }
    (word == 0 && bits < 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_there_and_back() {
        for (bytes, text) in [("", ""), ("h", "aA=="), ("he", "aGU="), ("hello", "aGVsbG8=")] {
            assert_eq!(base64(bytes.as_bytes()), text);
            assert_eq!(from_base64(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(from_base64("aGVsbG8").as_deref(), Some(&b"hello"[..]));
        assert_eq!(from_base64("a*"), None);
    }

    #[test]
    fn floats_as_text() {
        for (value, text) in [
            (1.0, "1"),
            (-0.0045, "-0.0045"),
            (1e-7, "1e-07"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
        ] {
            assert_eq!(double_text(value), text);
        }
    }
}
