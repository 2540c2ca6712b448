//! Writing JSON: what editors and pipelines read of diagnostics and differences.

use std::format;
use std::string::String;

/// An object under construction, its keys in the order they were added.
#[derive(Debug, Default)]
pub(super) struct Object {
    text: String,
}

impl Object {
    pub(super) fn text(self, key: &str, value: &str) -> Object {
        self.raw(key, &quoted(value))
    }

    pub(super) fn number(self, key: &str, value: usize) -> Object {
        self.raw(key, &format!("{value}"))
    }

    /// Text, or null.
    pub(super) fn maybe(self, key: &str, value: Option<&str>) -> Object {
        self.raw(key, &value.map_or("null".into(), quoted))
    }

    /// A value that is JSON already.
    pub(super) fn raw(mut self, key: &str, json: &str) -> Object {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(&quoted(key));
        self.text.push(':');
        self.text.push_str(json);
        self
    }

    pub(super) fn finish(self) -> String {
        format!("{{{}}}", self.text)
    }
}

/// An array of values that are JSON already, one a line.
pub(super) fn array(values: impl Iterator<Item = String>) -> String {
    let lines: std::vec::Vec<String> = values.collect();
    if lines.is_empty() { "[]".into() } else { format!("[\n{}\n]", lines.join(",\n")) }
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(quoted("a\"b\\c\n\u{1}é"), "\"a\\\"b\\\\c\\n\\u0001é\"");
        let object = Object::default().text("a", "x").number("b", 2).maybe("c", None).finish();
        assert_eq!(object, "{\"a\":\"x\",\"b\":2,\"c\":null}");
        assert_eq!(array([].into_iter()), "[]");
    }
}
