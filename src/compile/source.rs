//! Reading values with their places. Every getter records what is wrong and where, and gives `None`, so
//! that one run finds all mistakes.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec::Vec;

use jiff::tz::TimeZone;

use super::diagnostic::{Code, Report, did_you_mean};
use super::literal;
use super::model::Record;
use super::section::Section;
use super::tree::Value;
use crate::base::limits::KEY_BYTES_MAX;

/// What values must be, for people.
const TEXT: &str = "text in quotes";
const LIST: &str = "a list";
const AMOUNT: &str = "an amount such as \"2.50\"";
const LENGTH_OF_TIME: &str = "a length of time such as \"90s\", \"6h\" or \"7d\"";

/// A value with its key and its place.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) report: &'a Report,
    /// The last step of the path.
    pub(super) name: &'a str,
    pub(super) key_span: Range<usize>,
    pub(super) path: String,
    pub(super) span: Range<usize>,
    pub(super) value: &'a Value<'a>,
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
        if self.is_table() { self.key_span.clone() } else { self.span.clone() }
    }

    fn wrong_type<T>(&self, wanted: &str) -> Option<T> {
        let found = self.value.word();
        self.error(
            Code::ValueType,
            format!("expected {wanted}, found {found}"),
            self.rewritten(wanted),
        );
        None
    }

    /// How a value of another type than `wanted` is written right.
    fn rewritten(&self, wanted: &str) -> Option<String> {
        let written = self.report.file().text().get(self.span.clone())?;
        match self.value {
            Value::Integer(_) if wanted == LENGTH_OF_TIME => Some(format!(
                "write it in quotes, with its unit: \"{written}h\" are hours, \"{written}d\" days"
            )),
            Value::Integer(_) | Value::Float(_) | Value::Bool(_)
                if [TEXT, AMOUNT].contains(&wanted) =>
            {
                Some(format!("write it in quotes: \"{written}\""))
            }
            Value::Table(_) if wanted == LIST => {
                Some(format!("a list of tables has double brackets: [[{}]]", self.path))
            }
            _ => None,
        }
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
        matches!(self.value, Value::Table(_))
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.value, Value::List(_))
    }

    pub(super) fn as_text(&self) -> Option<&'a str> {
        match self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An instant as written.
    pub(super) fn as_date(&self) -> Option<&'a str> {
        match self.value {
            Value::Date(date) => Some(date),
            Value::Text(date) => Some(date),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        self.as_text().or_else(|| self.wrong_type(TEXT))
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
        match self.value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(*value),
            _ => self.wrong_type("true or false"),
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        let Value::Integer(integer) = self.value else {
            return self.wrong_type("a whole number");
        };
        if integer.is_none() {
            self.error(Code::Value, "number does not fit 64 bits", None);
        }
        *integer
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
        matches!(self.value, Value::Float(_) | Value::Integer(_))
    }

    /// A finite number, whole or not.
    pub(super) fn number(&self) -> Option<f64> {
        let value = match self.value {
            Value::Float(value) => *value,
            Value::Integer(_) => self.integer()? as f64,
            _ => return self.wrong_type("a number"),
        };
        if !value.is_finite() {
            self.error(Code::Value, "number is not finite", None);
            return None;
        }
        Some(value)
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
        let Some(text) = self.as_text() else { return self.wrong_type(form) };
        read(text).or_else(|| {
            self.error(Code::Value, format!("`{text}` is not {form}"), None);
            None
        })
    }

    pub(super) fn money(&self) -> Option<i64> {
        self.form(AMOUNT, crate::base::money::parse_micros)
    }

    pub(super) fn duration_ms(&self) -> Option<i64> {
        self.form(LENGTH_OF_TIME, literal::duration_ms)
    }

    pub(super) fn clock_ms(&self) -> Option<i64> {
        self.form("a time of day such as \"21:00\"", literal::clock_ms)
    }

    /// An instant, as text or as a TOML date; without an offset, in this zone.
    pub(super) fn instant_ms(&self, zone: Option<&TimeZone>) -> Option<i64> {
        let form = "an instant such as \"2026-01-31T00:00:00Z\", or a date such as \"2026-01-31\"";
        let read =
            |text: &str| literal::instant_ms(text).or_else(|| literal::local_ms(text, zone?));
        match self.value {
            Value::Date(date) => read(date).or_else(|| {
                self.error(Code::Value, format!("`{date}` is not {form}"), None);
                None
            }),
            _ => self.form(form, read),
        }
    }

    pub(super) fn list(&self) -> Option<Vec<Item<'a>>> {
        let Value::List(list) = self.value else {
            return self.wrong_type(LIST);
        };
        let step = |position: usize| format!("{}[{position}]", self.path);
        Some(
            list.iter()
                .enumerate()
                .map(|(position, placed)| Item {
                    path: step(position),
                    report: placed.report,
                    span: placed.span.clone(),
                    value: &placed.value,
                    ..self.clone()
                })
                .collect(),
        )
    }

    /// A list, or one value in place of a list of one.
    pub(super) fn one_or_more(&self) -> Option<Vec<Item<'a>>> {
        let items =
            if matches!(self.value, Value::List(_)) { self.list()? } else { [self.clone()].into() };
        if items.is_empty() {
            self.error(Code::Value, "list is empty", None);
            return None;
        }
        Some(items)
    }

    /// A table whose keys are names.
    pub(super) fn open_section(&self) -> Option<Section<'a>> {
        let Value::Table(table) = self.value else {
            return self.wrong_type("a table");
        };
        let (path, key_span) = (self.path.clone(), self.key_span.clone());
        Some(Section { report: self.report, table, path, key_span, record: None })
    }

    /// A table with the keys of this record.
    pub(super) fn section(&self, record: &'static Record) -> Option<Section<'a>> {
        Some(self.open_section()?.of(record))
    }

    /// What `name` finds among the choices.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*choice);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let help = self.report.advise(|| did_you_mean(text, words.iter().copied()));
        let message = format!("`{text}` is not one of {}", words.join(", "));
        self.error(Code::Value, message, help);
        None
    }
}
