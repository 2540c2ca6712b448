//! Spanned reading of TOML. Every getter records what is wrong and where, and gives `None`, so
//! that one run finds all mistakes.

use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use toml::de::DeValue;

use super::diagnostic::{Code, Report, did_you_mean};
use super::literal;
use super::section::Section;
use crate::base::limits::KEY_BYTES_MAX;

/// A value with its key and its place.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) report: &'a Report,
    /// The last step of the path.
    pub(super) name: &'a str,
    pub(super) key_span: Range<usize>,
    pub(super) path: String,
    pub(super) span: Range<usize>,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Item<'a> {
    /// Records a mistake in this value.
    pub(super) fn error(
        &self,
        code: Code,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report.error(code, self.place(), &self.path, message, help);
    }

    /// Records a mistake in this key.
    pub(super) fn name_error(
        &self,
        code: Code,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report.error(code, self.key_span.clone(), &self.path, message, help);
    }

    /// Where the value is; of a table, its key.
    fn place(&self) -> Range<usize> {
        if self.value.is_table() { self.key_span.clone() } else { self.span.clone() }
    }

    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        let found = self.value.type_str();
        self.error(Code::ValueType, format!("expected {wanted}, found {found}"), None);
        None
    }

    /// Records that a limit is exceeded, if it is.
    pub(super) fn within(&self, count: usize, limit: usize, what: &str) -> bool {
        if count > limit {
            let message = format!("{count} {what}, but at most {limit} are allowed");
            self.error(Code::Limit, message, None);
        }
        count <= limit
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn as_text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str().or_else(|| self.wrong_type("text in quotes"))
    }

    /// Text that can stand as one name in the id table.
    pub(super) fn word(&self) -> Option<&'a str> {
        let text = self.text()?;
        let is_word = |byte: u8| byte.is_ascii_graphic();
        if text.is_empty() || text.len() > KEY_BYTES_MAX || !text.bytes().all(is_word) {
            let message = format!("`{}` is not one word", text.escape_debug());
            self.error(Code::Name, message, None);
            return None;
        }
        Some(text)
    }

    pub(super) fn as_boolean(&self) -> Option<bool> {
        self.value.as_bool()
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong_type("true or false"))
    }

    pub(super) fn integer(&self) -> Option<i64> {
        let Some(integer) = self.value.as_integer() else {
            return self.wrong_type("a whole number");
        };
        i64::from_str_radix(integer.as_str(), integer.radix())
            .inspect_err(|_| self.error(Code::Value, "number does not fit 64 bits", None))
            .ok()
    }

    /// A whole number within a range.
    pub(super) fn integer_in(&self, range: Range<i64>) -> Option<i64> {
        let value = self.integer()?;
        let (low, high) = (range.start, range.end - 1);
        if !range.contains(&value) {
            self.error(Code::Value, format!("{value} is not within {low} to {high}"), None);
            return None;
        }
        Some(value)
    }

    pub(super) fn is_number(&self) -> bool {
        self.value.is_float() || self.value.is_integer()
    }

    /// A finite number, whole or not.
    pub(super) fn number(&self) -> Option<f64> {
        let text = match self.value {
            DeValue::Float(float) => float.as_str(),
            DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
            _ => return self.wrong_type("a number"),
        };
        let value = text.parse().ok().filter(|value: &f64| value.is_finite());
        if value.is_none() {
            self.error(Code::Value, "number is not finite", None);
        }
        value
    }

    /// A number from 0 to 1.
    pub(super) fn share(&self) -> Option<f64> {
        let value = self.number()?;
        if !(0.0..=1.0).contains(&value) {
            self.error(Code::Value, format!("{value} is not within 0 to 1"), None);
            return None;
        }
        Some(value)
    }

    /// Text that `read` understands; `form` says what it understands.
    fn form<T>(&self, form: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text()?;
        read(text).or_else(|| {
            self.error(Code::Value, format!("`{text}` is not {form}"), None);
            None
        })
    }

    pub(super) fn money(&self) -> Option<i64> {
        self.form("an amount such as \"2.50\"", crate::base::money::parse_micros)
    }

    pub(super) fn duration_ms(&self) -> Option<i64> {
        self.form("a length of time such as \"90s\", \"6h\" or \"7d\"", literal::duration_ms)
    }

    pub(super) fn clock_ms(&self) -> Option<i64> {
        self.form("a time of day such as \"21:00\"", literal::clock_ms)
    }

    /// An instant, as RFC 3339 text or as a TOML date with an offset.
    pub(super) fn instant_ms(&self) -> Option<i64> {
        let form = "an instant such as \"2026-01-31T00:00:00Z\"";
        match self.value.as_datetime() {
            Some(datetime) => literal::instant_ms(&datetime.to_string()).or_else(|| {
                self.error(Code::Value, format!("`{datetime}` is not {form}"), None);
                None
            }),
            None => self.form(form, literal::instant_ms),
        }
    }

    pub(super) fn list(&self) -> Option<Vec<Item<'a>>> {
        let Some(array) = self.value.as_array() else {
            return self.wrong_type("a list");
        };
        let step = |position: usize| format!("{}[{position}]", self.path);
        Some(
            array
                .iter()
                .enumerate()
                .map(|(position, value)| Item {
                    path: step(position),
                    span: value.span(),
                    value: value.get_ref(),
                    ..self.clone()
                })
                .collect(),
        )
    }

    /// A list, or one value in place of a list of one.
    pub(super) fn one_or_more(&self) -> Option<Vec<Item<'a>>> {
        let items = if self.value.is_array() { self.list()? } else { [self.clone()].into() };
        if items.is_empty() {
            self.error(Code::Value, "list is empty", None);
            return None;
        }
        Some(items)
    }

    /// A table whose keys are names.
    pub(super) fn open_section(&self) -> Option<Section<'a>> {
        let Some(table) = self.value.as_table() else {
            return self.wrong_type("a table");
        };
        let (report, path) = (self.report, self.path.clone());
        Some(Section { report, table, path, key_span: self.key_span.clone() })
    }

    /// A table with these keys and no others.
    pub(super) fn section(&self, keys: &[&'static str]) -> Option<Section<'a>> {
        let section = self.open_section()?;
        section.refuse_others(keys);
        Some(section)
    }

    /// What `name` finds among the choices.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*choice);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let help = did_you_mean(text, words.iter().copied());
        let message = format!("`{text}` is not one of {}", words.join(", "));
        self.error(Code::Value, message, help);
        None
    }
}
