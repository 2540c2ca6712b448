//! JSON to the same tree as TOML.

use std::borrow::Cow;
use std::collections::btree_map::Entry as Slot;
use std::format;
use std::string::ToString;

use jsonc_parser::ast::{self, ObjectProp};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::diagnostic::{Code, Report};
use super::tree::{Entry, Placed, Table, Value};

/// JSON as RFC 8259 has it: what some parsers also take, others would refuse.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The object of a whole document. `base` is added to the places of keys to give their order.
pub(super) fn read<'a>(text: &'a str, report: &'a Report, base: usize) -> Option<Table<'a>> {
    let refuse = |range, message| {
        report.error(Code::Syntax, range, "", message, None);
        None
    };
    match parse_to_ast(text, &CollectOptions::default(), &STRICT) {
        Err(error) => {
            let range = error.range().start..error.range().end;
            refuse(range, format!("not JSON: {}", error.kind()))
        }
        Ok(parsed) => match parsed.value {
            Some(ast::Value::Object(object)) => {
                Some(Reader { report, base }.table(object.properties))
            }
            _ => refuse(0..text.len().min(1), "a policy is a JSON object".to_string()),
        },
    }
}

/// The parser bounds how deep values nest, and with it this recursion.
struct Reader<'a> {
    report: &'a Report,
    base: usize,
}

impl<'a> Reader<'a> {
    fn table(&self, properties: impl IntoIterator<Item = ObjectProp<'a>>) -> Table<'a> {
        let mut table = Table::new();
        for property in properties {
            self.property(property, &mut table);
        }
        table
    }

    fn property(&self, property: ObjectProp<'a>, table: &mut Table<'a>) {
        let key_span = property.name.range().start..property.name.range().end;
        let order = self.base + key_span.start;
        let name = match property.name {
            ast::ObjectPropName::String(name) => name.value,
            ast::ObjectPropName::Word(name) => Cow::Borrowed(name.value),
        };
        match table.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(Entry { key_span, order, placed: self.placed(property.value) });
            }
            Slot::Occupied(slot) => {
                let line = self.report.file().line_number(slot.get().key_span.start);
                let message = format!("`{}` is given in line {line} already", slot.key());
                self.report.error(Code::Duplicate, key_span, slot.key(), message, None);
            }
        }
    }

    fn placed(&self, value: ast::Value<'a>) -> Placed<'a> {
        let span = value.range().start..value.range().end;
        let value = match value {
            ast::Value::StringLit(text) => Value::Text(text.value),
            ast::Value::NumberLit(number) => number_of(number.value),
            ast::Value::BooleanLit(value) => Value::Bool(value.value),
            ast::Value::Object(object) => Value::Table(self.table(object.properties)),
            ast::Value::Array(array) => {
                Value::List(array.elements.into_iter().map(|value| self.placed(value)).collect())
            }
            ast::Value::NullKeyword(_) => Value::Null,
        };
        Placed { report: self.report, span, value }
    }
}

/// As in TOML, a number is whole when it is written without a point and an exponent.
fn number_of(text: &str) -> Value<'static> {
    if text.contains(['.', 'e', 'E']) {
        Value::Float(text.parse().unwrap_or(f64::NAN))
    } else {
        Value::Integer(text.parse().ok())
    }
}
