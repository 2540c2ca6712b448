//! `'%s of %d'.format([...])` of the strings extension.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::constant::Constant;
use super::convert;
use super::functions::{Outcome, Problem};

/// Digits after the point of `%f` and `%e`, unless the text says how many.
const PRECISION: usize = 6;
/// More digits than any float has.
const PRECISION_MAX: usize = 1_100;

/// The text with its verbs replaced by the values.
pub(super) fn format(text: &str, values: &[Constant]) -> Outcome {
    let mut values = values.iter();
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('%') {
        out.push_str(before);
        if let Some(tail) = tail.strip_prefix('%') {
            out.push('%');
            rest = tail;
            continue;
        }
        let (precision, tail) = precision(tail)?;
        let verb = tail.chars().next().ok_or_else(|| Problem::failed("a % without a verb"))?;
        let value = values.next().ok_or_else(|| Problem::failed("more verbs than values"))?;
        out.push_str(&formatted(verb, precision, value)?);
        rest = &tail[verb.len_utf8()..];
    }
    out.push_str(rest);
    Ok(Constant::Text(out))
}

fn precision(text: &str) -> Result<(Option<usize>, &str), Problem> {
    let Some(tail) = text.strip_prefix('.') else { return Ok((None, text)) };
    let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
    let (number, tail) = tail.split_at(digits);
    let precision = number.parse().ok().filter(|precision| *precision <= PRECISION_MAX);
    precision
        .map(|precision| (Some(precision), tail))
        .ok_or_else(|| Problem::failed("a precision that is not a number"))
}

fn formatted(verb: char, precision: Option<usize>, value: &Constant) -> Result<String, Problem> {
    use Constant::{Bool, Bytes, Double, Int, Text, Uint};
    let digits = precision.unwrap_or(PRECISION);
    Ok(match (verb, value) {
        ('s', value) => shown(value)?,
        ('d' | 'f' | 'e', Double(value)) if !value.is_finite() => not_finite(*value),
        ('d', Int(value)) => value.to_string(),
        ('d', Uint(value)) => value.to_string(),
        ('f', Double(value)) => format!("{value:.digits$}"),
        ('e', Double(value)) => scientific(*value, digits),
        ('f' | 'e', Int(_) | Uint(_)) | ('d', Double(_)) => {
            return Err(Problem::Unsupported("a number of this type under this verb"));
        }
        ('b', Bool(value)) => u8::from(*value).to_string(),
        ('b', Int(value)) => signed(*value, |value| format!("{value:b}")),
        ('b', Uint(value)) => format!("{value:b}"),
        ('o', Int(value)) => signed(*value, |value| format!("{value:o}")),
        ('o', Uint(value)) => format!("{value:o}"),
        ('x', Int(value)) => signed(*value, |value| format!("{value:x}")),
        ('X', Int(value)) => signed(*value, |value| format!("{value:X}")),
        ('x', Uint(value)) => format!("{value:x}"),
        ('X', Uint(value)) => format!("{value:X}"),
        ('x', Text(text)) => hex(text.as_bytes()),
        ('X', Text(text)) => hex(text.as_bytes()).to_ascii_uppercase(),
        ('x', Bytes(bytes)) => hex(bytes),
        ('X', Bytes(bytes)) => hex(bytes).to_ascii_uppercase(),
        _ => return Err(Problem::failed("a value of this type has no such verb")),
    })
}

fn signed(value: i64, digits: impl Fn(u64) -> String) -> String {
    format!("{}{}", if value < 0 { "-" } else { "" }, digits(value.unsigned_abs()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn not_finite(value: f64) -> String {
    let text = if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    text.into()
}

/// An exponent of at least two digits, with its sign.
fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    match text.split_once('e') {
        Some((number, exponent)) => {
            let (sign, exponent) =
                exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
            format!("{number}e{sign}{exponent:0>2}")
        }
        None => text,
    }
}

/// A value as `%s` writes it.
fn shown(value: &Constant) -> Result<String, Problem> {
    Ok(match value {
        Constant::Null => "null".into(),
        Constant::Double(value) if !value.is_finite() => not_finite(*value),
        Constant::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Constant::Type(name) => name.clone(),
        Constant::List(items) => {
            let items: Result<Vec<String>, Problem> = items.iter().map(shown).collect();
            format!("[{}]", items?.join(", "))
        }
        Constant::Map(entries) => {
            let pair = |(key, value): &(Constant, Constant)| Ok((shown(key)?, shown(value)?));
            let pairs: Result<Vec<(String, String)>, Problem> = entries.iter().map(pair).collect();
            let mut pairs = pairs?;
            pairs.sort();
            let pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{k}: {v}")).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        value => {
            convert::text(value).ok_or_else(|| Problem::failed("not a value that has text"))?
        }
    })
}
