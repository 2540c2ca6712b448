//! Texts as trees of values with their places: what TOML and JSON have in common.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::string::String;
use std::vec::Vec;

use super::diagnostic::Report;

/// A value of the text.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Text(Cow<'a, str>),
    /// None when it does not fit 64 bits.
    Integer(Option<i64>),
    Float(f64),
    Bool(bool),
    /// A date, a time or both, as written: only TOML has them.
    Date(String),
    List(Vec<Placed<'a>>),
    Table(Table<'a>),
    /// Only JSON has it, and no key takes it.
    Null,
}

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed<'a> {
    pub(super) report: &'a Report,
    pub(super) span: Range<usize>,
    pub(super) value: Value<'a>,
}

/// What a key of a table has.
#[derive(Clone, Debug)]
pub(super) struct Entry<'a> {
    pub(super) key_span: Range<usize>,
    /// Ascends with the order of files, and within a file with the order of its text.
    pub(super) order: usize,
    pub(super) placed: Placed<'a>,
}

pub(super) type Table<'a> = BTreeMap<Cow<'a, str>, Entry<'a>>;

impl Value<'_> {
    /// What it is, for people.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Value::Text(_) => "string",
            Value::Integer(_) => "integer",
            Value::Float(_) => "float",
            Value::Bool(_) => "boolean",
            Value::Date(_) => "datetime",
            Value::List(_) => "array",
            Value::Table(_) => "table",
            Value::Null => "null",
        }
    }
}

impl<'a> Entry<'a> {
    /// The table that it holds.
    pub(super) fn table(&self) -> Option<&Table<'a>> {
        match &self.placed.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }
}
