//! JSON values, written for people: indented.

use std::fmt;
use std::string::String;
use std::vec::Vec;

/// A JSON value; the keys of an object keep their order. Displayed with an indentation.
#[derive(Debug)]
pub(super) enum Json {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

impl Json {
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        match self {
            Json::Bool(value) => write!(f, "{value}"),
            Json::Int(value) => write!(f, "{value}"),
            Json::Text(text) => write_text(f, text),
            Json::List(items) => {
                let items = items.iter().map(|item| (None, item));
                write_items(f, depth, ('[', ']'), items)
            }
            Json::Object(entries) => {
                let entries = entries.iter().map(|(name, value)| (Some(name.as_str()), value));
                write_items(f, depth, ('{', '}'), entries)
            }
        }
    }
}

fn write_items<'a>(
    f: &mut fmt::Formatter<'_>,
    depth: usize,
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'a str>, &'a Json)>,
) -> fmt::Result {
    write!(f, "{open}")?;
    let mut count = 0;
    for (name, value) in items {
        write!(f, "{}\n{:indent$}", if count > 0 { "," } else { "" }, "", indent = 2 * depth + 2)?;
        if let Some(name) = name {
            write_text(f, name)?;
            write!(f, ": ")?;
        }
        value.write(f, depth + 1)?;
        count += 1;
    }
    if count > 0 {
        write!(f, "\n{:indent$}", "", indent = 2 * depth)?;
    }
    write!(f, "{close}")
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"")?;
    for character in text.chars() {
        match character {
            '"' => write!(f, "\\\"")?,
            '\\' => write!(f, "\\\\")?,
            control if control < ' ' => write!(f, "\\u{:04x}", control as u32)?,
            other => write!(f, "{other}")?,
        }
    }
    write!(f, "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written() {
        let list = Json::List([Json::Int(-1), Json::Text("a\"\\\n\u{e9}".into())].into());
        let object =
            Json::Object([("k".into(), list), ("e".into(), Json::List(Vec::new()))].into());
        let expected =
            "{\n  \"k\": [\n    -1,\n    \"a\\\"\\\\\\u000a\u{e9}\"\n  ],\n  \"e\": []\n}";
        assert_eq!(std::format!("{object}"), expected);
    }
}
