//! One policy written in several ways becomes the same tables.

use std::borrow::Cow;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::diagnostic::{File, Report};
use super::json::Json;
use super::tree::{Entry, Table, Value};
use super::{Source, compile, toml_text};

const PREPAID: &str = include_str!("../../examples/policies/prepaid.toml");
const IDS: &str = include_str!("../../examples/policies/policy.ids");

/// All tables but what is for hosts: the fingerprint, which is of the text, names and texts.
fn tables(sources: &[Source<'_>]) -> String {
    let policy = compile(sources, IDS).unwrap_or_else(|wrong| panic!("{wrong}")).policy;
    let mut tables = policy.tables;
    (tables.fingerprint, tables.names, tables.texts) = Default::default();
    format!("{tables:?}")
}

fn json(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => format!("{}", Json::Text(text.as_ref().into())),
        Value::Integer(value) => format!("{}", value.unwrap()),
        Value::Float(value) => format!("{value:?}"),
        Value::Bool(value) => format!("{value}"),
        Value::Date(date) => format!("\"{date}\""),
        Value::List(list) => {
            let items: Vec<String> = list.iter().map(|item| json(&item.value)).collect();
            format!("[{}]", items.join(",\n"))
        }
        Value::Table(table) => object(table),
        Value::Null => "null".into(),
    }
}

/// The entries of a table in the order of the text.
fn in_order<'t, 'a>(table: &'t Table<'a>) -> Vec<(&'t Cow<'a, str>, &'t Entry<'a>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(_, entry)| entry.order);
    entries
}

fn object(table: &Table<'_>) -> String {
    let entries = in_order(table).into_iter().map(|(name, entry)| {
        format!("{}: {}", Json::Text(name.as_ref().into()), json(&entry.placed.value))
    });
    format!("{{{}}}", entries.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn json_is_the_same_policy() {
    let report = Report::new(File::new("prepaid.toml", PREPAID));
    let text = object(&toml_text::read(PREPAID, &report, 0).unwrap());
    let whole = tables(&[Source { name: "prepaid.toml", bytes: PREPAID.as_bytes() }]);
    // By its name, or by how it begins.
    for name in ["prepaid.json", "prepaid"] {
        assert_eq!(tables(&[Source { name, bytes: text.as_bytes() }]), whole);
    }
}

#[test]
fn a_file_for_each_section_is_the_same_policy() {
    // Cut before every comment of a section: "# ----".
    let mut starts: Vec<usize> = PREPAID.match_indices("\n# ----").map(|(at, _)| at + 1).collect();
    starts.push(PREPAID.len());
    let mut files = Vec::from([(String::from("0.toml"), &PREPAID[..starts[0]])]);
    for pair in starts.windows(2) {
        files.push((format!("{}.toml", files.len()), &PREPAID[pair[0]..pair[1]]));
    }
    assert!(files.len() > 10);
    let sources: Vec<Source<'_>> =
        files.iter().map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    let whole = tables(&[Source { name: "prepaid.toml", bytes: PREPAID.as_bytes() }]);
    assert_eq!(tables(&sources), whole);
}

#[test]
fn texts_leave_decisions_as_they_are() {
    let content = include_str!("../../examples/policies/prepaid-content.toml");
    let sources = [("prepaid-content.toml", content), ("prepaid.toml", PREPAID)]
        .map(|(name, text)| Source { name, bytes: text.as_bytes() });
    let policy = compile(&sources, IDS).unwrap().policy;
    assert_eq!(policy.tables.texts.entries.len(), 2 * 58);
    assert_eq!(tables(&sources), tables(&sources[1..]));
}
