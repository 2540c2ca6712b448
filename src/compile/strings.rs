//! Functions of text: CEL's own, and those of the strings and encoders extensions.
//!
//! Places and lengths are in characters, as CEL has them.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use regex::RegexBuilder;

use super::constant::Constant;
use super::convert::{base64, from_base64};
use super::format::format;
use super::functions::{Outcome, Problem};

/// Bytes that a compiled regular expression may take.
const REGEX_BYTES_MAX: usize = 1 << 20;
/// Bytes of a text that a function makes.
const TEXT_BYTES_MAX: usize = 64 * 1024;

const MEMBERS: [&str; 15] = [
    "charAt",
    "contains",
    "endsWith",
    "format",
    "indexOf",
    "join",
    "lastIndexOf",
    "lowerAscii",
    "matches",
    "replace",
    "reverse",
    "split",
    "startsWith",
    "substring",
    "trim",
];

/// Functions that are called on a text or a list.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    MEMBERS.into_iter().chain(["upperAscii", "size"])
}

/// Functions that are called by their full name.
pub(super) fn extension_names() -> [&'static str; 3] {
    ["strings.quote", "base64.encode", "base64.decode"]
}

/// A function of known values; of a call on a value, that value comes first.
pub(super) fn call(name: &str, values: &[Constant]) -> Outcome {
    use Constant::{Bool, Bytes, Int, List, Text};
    match (name, values) {
        ("contains", [Text(text), Text(part)]) => Ok(Bool(text.contains(part.as_str()))),
        ("startsWith", [Text(text), Text(part)]) => Ok(Bool(text.starts_with(part.as_str()))),
        ("endsWith", [Text(text), Text(part)]) => Ok(Bool(text.ends_with(part.as_str()))),
        ("matches", [Text(text), Text(pattern)]) => matches(text, pattern),
        ("charAt", [Text(text), Int(at)]) => char_at(text, *at),
        ("indexOf", [Text(text), Text(part)]) => index_of(text, part, 0),
        ("indexOf", [Text(text), Text(part), Int(from)]) => index_of(text, part, *from),
        ("lastIndexOf", [Text(text), Text(part)]) => last_index_of(text, part, None),
        ("lastIndexOf", [Text(text), Text(part), Int(to)]) => last_index_of(text, part, Some(*to)),
        ("lowerAscii", [Text(text)]) => Ok(Text(text.to_ascii_lowercase())),
        ("upperAscii", [Text(text)]) => Ok(Text(text.to_ascii_uppercase())),
        ("replace", [Text(text), Text(from), Text(to)]) => replace(text, from, to, -1),
        ("replace", [Text(text), Text(from), Text(to), Int(times)]) => {
            replace(text, from, to, *times)
        }
        ("reverse", [Text(text)]) => Ok(Text(text.chars().rev().collect())),
        ("split", [Text(text), Text(at)]) => Ok(split(text, at, -1)),
        ("split", [Text(text), Text(at), Int(parts)]) => Ok(split(text, at, *parts)),
        ("substring", [Text(text), Int(from)]) => substring(text, *from, None),
        ("substring", [Text(text), Int(from), Int(to)]) => substring(text, *from, Some(*to)),
        ("trim", [Text(text)]) => Ok(Text(text.trim_matches(char::is_whitespace).to_string())),
        ("join", [List(parts)]) => join(parts, ""),
        ("join", [List(parts), Text(between)]) => join(parts, between),
        ("format", [Text(text), List(values)]) => format(text, values),
        ("strings.quote", [Text(text)]) => Ok(Text(quote(text))),
        ("base64.encode", [Bytes(bytes)]) => Ok(Text(base64(bytes))),
        ("base64.decode", [Text(text)]) => {
            from_base64(text).map(Bytes).ok_or(Problem::failed("not base64"))
        }
        _ => Err(Problem::Overload),
    }
}

/// The size of a text in characters, or of bytes.
pub(super) fn size(values: &[Constant]) -> Outcome {
    match values {
        [Constant::Text(text)] => Ok(Constant::Int(text.chars().count() as i64)),
        [Constant::Bytes(bytes)] => Ok(Constant::Int(bytes.len() as i64)),
        _ => Err(Problem::Overload),
    }
}

fn matches(text: &str, pattern: &str) -> Outcome {
    let regex = RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
    let regex = regex.map_err(|_| Problem::Unsupported("this regular expression"))?;
    Ok(Constant::Bool(regex.is_match(text)))
}

fn out_of_range() -> Problem {
    Problem::failed("a place outside the text")
}

/// A place from 0 to the length.
fn place(at: i64, length: usize) -> Result<usize, Problem> {
    usize::try_from(at).ok().filter(|at| *at <= length).ok_or_else(out_of_range)
}

fn char_at(text: &str, at: i64) -> Outcome {
    let at = place(at, text.chars().count())?;
    Ok(Constant::Text(text.chars().nth(at).map(String::from).unwrap_or_default()))
}

fn index_of(text: &str, part: &str, from: i64) -> Outcome {
    let (text, part): (Vec<char>, Vec<char>) = (text.chars().collect(), part.chars().collect());
    let from = place(from, text.len())?;
    let found = (from..=text.len()).find(|at| text[*at..].starts_with(&part));
    Ok(Constant::Int(found.map_or(-1, |at| at as i64)))
}

fn last_index_of(text: &str, part: &str, to: Option<i64>) -> Outcome {
    let (text, part): (Vec<char>, Vec<char>) = (text.chars().collect(), part.chars().collect());
    let to = to.map_or(Ok(text.len()), |to| place(to, text.len()))?;
    let found = (0..=to).rev().find(|at| text[*at..].starts_with(&part));
    Ok(Constant::Int(found.map_or(-1, |at| at as i64)))
}

fn replace(text: &str, from: &str, to: &str, times: i64) -> Outcome {
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    let found = text.matches(from).count().min(times);
    if text.len() + found * to.len() > TEXT_BYTES_MAX {
        return Err(Problem::Unsupported("a text of this length"));
    }
    Ok(Constant::Text(text.replacen(from, to, times)))
}

/// Parts between separators: at most so many, all if negative; characters if it is empty.
fn split(text: &str, at: &str, parts: i64) -> Constant {
    let parts = usize::try_from(parts).unwrap_or(usize::MAX);
    let text_of = |part: &str| Constant::Text(part.into());
    if at.is_empty() {
        let whole =
            text.char_indices().nth(parts.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
        let (single, rest) = text.split_at(if parts == 0 { 0 } else { whole });
        let mut items: Vec<_> = single.chars().map(|c| Constant::Text(c.into())).collect();
        items.extend((parts > 0 && !rest.is_empty()).then(|| text_of(rest)));
        return Constant::List(items);
    }
    Constant::List(text.splitn(parts, at).map(text_of).collect())
}

fn substring(text: &str, from: i64, to: Option<i64>) -> Outcome {
    let length = text.chars().count();
    let (from, to) = (place(from, length)?, to.map_or(Ok(length), |to| place(to, length))?);
    let count = to.checked_sub(from).ok_or_else(out_of_range)?;
    Ok(Constant::Text(text.chars().skip(from).take(count).collect()))
}

fn join(parts: &[Constant], between: &str) -> Outcome {
    let texts: Option<Vec<&str>> = parts
        .iter()
        .map(|part| match part {
            Constant::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let texts = texts.ok_or(Problem::Overload)?;
    let bytes = texts.iter().map(|text| text.len() + between.len()).sum::<usize>();
    if bytes > TEXT_BYTES_MAX {
        return Err(Problem::Unsupported("a text of this length"));
    }
    Ok(Constant::Text(texts.join(between)))
}

/// A text as a literal that reads back as it.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0C' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0B' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            c => quoted.push(c),
        }
    }
    format!("{quoted}\"")
}
