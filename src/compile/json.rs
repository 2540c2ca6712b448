//! JSON values and how they are written: for people indented, for machines a list's items a line.

use std::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

/// A JSON value; the keys of an object keep their order. Displayed with an indentation.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(super) fn object<'k>(entries: impl IntoIterator<Item = (&'k str, Json)>) -> Json {
        let entries = entries.into_iter().map(|(key, value)| (key.to_string(), value));
        Json::Object(entries.collect())
    }

    pub(super) fn list<T: Into<Json>>(items: impl IntoIterator<Item = T>) -> Json {
        Json::List(items.into_iter().map(Into::into).collect())
    }

    /// The text without spaces, with each item of a list on a line of its own.
    pub(super) fn to_lines(&self) -> String {
        struct Lines<'a>(&'a Json);
        impl fmt::Display for Lines<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.write(f, None)
            }
        }
        Lines(self).to_string()
    }

    /// At this depth, or without indentation.
    fn write(&self, f: &mut fmt::Formatter<'_>, depth: Option<usize>) -> fmt::Result {
        match self {
            Json::Null => write!(f, "null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Int(value) => write!(f, "{value}"),
            Json::Text(text) => write_text(f, text),
            Json::List(items) => {
                let gaps = Gaps::new(depth, "\n");
                gaps.write(f, ('[', ']'), items.iter().map(|item| (None, item)))
            }
            Json::Object(entries) => {
                let gaps = Gaps::new(depth, "");
                let items = entries.iter().map(|(name, value)| (Some(name.as_str()), value));
                gaps.write(f, ('{', '}'), items)
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Some(0))
    }
}

/// What stands between the parts of a list or an object.
struct Gaps {
    /// The depth of the parts, where there is indentation.
    depth: Option<usize>,
    before_item: String,
    before_end: String,
    after_colon: &'static str,
}

impl Gaps {
    fn new(depth: Option<usize>, plain: &str) -> Gaps {
        let line = |depth: usize| format!("\n{:indent$}", "", indent = 2 * depth);
        Gaps {
            depth: depth.map(|depth| depth + 1),
            before_item: depth.map_or_else(|| plain.into(), |depth| line(depth + 1)),
            before_end: depth.map_or_else(|| plain.into(), line),
            after_colon: if depth.is_some() { " " } else { "" },
        }
    }

    fn write<'a>(
        &self,
        f: &mut fmt::Formatter<'_>,
        (open, close): (char, char),
        items: impl Iterator<Item = (Option<&'a str>, &'a Json)>,
    ) -> fmt::Result {
        write!(f, "{open}")?;
        let mut count = 0;
        for (name, value) in items {
            write!(f, "{}{}", if count > 0 { "," } else { "" }, self.before_item)?;
            if let Some(name) = name {
                write_text(f, name)?;
                write!(f, ":{}", self.after_colon)?;
            }
            value.write(f, self.depth)?;
            count += 1;
        }
        write!(f, "{}{close}", if count > 0 { &self.before_end } else { "" })
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"")?;
    for character in text.chars() {
        match character {
            '"' => write!(f, "\\\"")?,
            '\\' => write!(f, "\\\\")?,
            '\n' => write!(f, "\\n")?,
            control if control < ' ' => write!(f, "\\u{:04x}", control as u32)?,
            other => write!(f, "{other}")?,
        }
    }
    write!(f, "\"")
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text)
    }
}

impl From<usize> for Json {
    fn from(number: usize) -> Json {
        Json::Int(number as i64)
    }
}

/// What is absent is null.
impl From<Option<&str>> for Json {
    fn from(text: Option<&str>) -> Json {
        text.map_or(Json::Null, Json::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written() {
        let list = Json::List([Json::Int(-1), "a\"\\\n\u{1}\u{e9}".into()].into());
        let object = Json::object([
            ("k", list),
            ("e", Json::List(Vec::new())),
            ("n", None.into()),
            ("o", Json::object([("b", Json::Bool(true))])),
        ]);
        let indented = "{\n  \"k\": [\n    -1,\n    \"a\\\"\\\\\\n\\u0001\u{e9}\"\n  ],\n  \"e\": [],\n  \
                        \"n\": null,\n  \"o\": {\n    \"b\": true\n  }\n}";
        assert_eq!(object.to_string(), indented);
        let lines = "{\"k\":[\n-1,\n\"a\\\"\\\\\\n\\u0001\u{e9}\"\n],\"e\":[],\"n\":null,\"o\":{\"b\":true}}";
        assert_eq!(object.to_lines(), lines);
        assert_eq!(Json::Object(Vec::new()).to_lines(), "{}");
    }
}
