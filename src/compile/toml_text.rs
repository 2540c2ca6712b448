//! TOML to a tree.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeString, DeTable, DeValue};

use super::diagnostic::{Code, Report};
use super::tree::{Entry, Placed, Table, Value};

/// The table of a whole document. `base` is added to the places of keys to give their order.
pub(super) fn read<'a>(text: &'a str, report: &'a Report, base: usize) -> Option<Table<'a>> {
    match DeTable::parse(text) {
        Ok(table) => Some(Reader { report, base }.table(table.into_inner())),
        Err(error) => {
            let range = error.span().unwrap_or(0..0);
            let help =
                if error.message() == "duplicate key" { first_of(text, range.start) } else { None };
            report.error(Code::Syntax, range, "", format!("not TOML: {}", error.message()), help);
            None
        }
    }
}

/// Where a key stands first that is given again at this place: the same heading, or the same key in the
/// same section.
fn first_of(text: &str, again: usize) -> Option<String> {
    let line_of = |at: usize| text.get(..at).map_or(0, |before| before.matches('\n').count());
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let given = *lines.get(line_of(again))?;
    let is_heading = |line: &&str| line.starts_with('[');
    let key = |line: &str| line.split_once('=').map(|(key, _)| key.trim().to_string());
    let earlier = lines.get(..line_of(again))?;
    let found = if is_heading(&given) {
        earlier.iter().position(|line| *line == given)?
    } else {
        let from = earlier.iter().rposition(is_heading).map_or(0, |at| at + 1);
        from + earlier[from..]
            .iter()
            .position(|line| key(line).is_some() && key(line) == key(given))?
    };
    Some(format!("it stands first in line {}", found + 1))
}

/// The parser bounds how deep values nest, and with it this recursion.
struct Reader<'a> {
    report: &'a Report,
    base: usize,
}

impl<'a> Reader<'a> {
    fn table(&self, table: DeTable<'a>) -> Table<'a> {
        table.into_iter().map(|(key, value)| self.entry(key, value)).collect()
    }

    fn entry(
        &self,
        key: Spanned<DeString<'a>>,
        value: Spanned<DeValue<'a>>,
    ) -> (DeString<'a>, Entry<'a>) {
        let (key_span, order) = (key.span(), self.base + key.span().start);
        (key.into_inner(), Entry { key_span, order, placed: self.placed(value) })
    }

    fn placed(&self, value: Spanned<DeValue<'a>>) -> Placed<'a> {
        let span = value.span();
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text),
            DeValue::Integer(integer) => Value::Integer(integer_of(&integer)),
            DeValue::Float(float) => Value::Float(float_of(&float)),
            DeValue::Boolean(value) => Value::Bool(value),
            DeValue::Datetime(datetime) => Value::Date(datetime.to_string()),
            DeValue::Array(array) => {
                Value::List(array.into_iter().map(|value| self.placed(value)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table)),
        };
        Placed { report: self.report, span, value }
    }
}

fn integer_of(integer: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

/// What is no number is as little use as one that is not finite.
fn float_of(float: &DeFloat<'_>) -> f64 {
    float.as_str().parse().unwrap_or(f64::NAN)
}
