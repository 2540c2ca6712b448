//! Several trees to one: the files of a policy together.
//!
//! What one file defines another cannot define again. It can put more entries into the same
//! section, and it can give keys that the model lets any file give, such as the treatments of an
//! offer.

use std::borrow::Cow;
use std::collections::btree_map::Entry as Slot;
use std::format;
use std::ops::Range;
use std::string::ToString;

use super::diagnostic::{Code, Report};
use super::model::{Form, ROOT, Record};
use super::tree::{Entry, Table, Value};

/// Adds what another file has. What is defined twice is recorded there.
pub(super) fn merge<'a>(into: &mut Table<'a>, from: Table<'a>) {
    keys("", &ROOT, into, from);
}

/// The keys of one record in two files.
fn keys<'a>(path: &str, record: &Record, into: &mut Table<'a>, from: Table<'a>) {
    for (name, entry) in from {
        let form = record.key(&name).map(|key| &key.form);
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        match into.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => both(&path, form, slot.get_mut(), entry),
        }
    }
}

/// A key that two files give: entries and items add up, all else is given twice.
fn both<'a>(path: &str, form: Option<&Form>, old: &mut Entry<'a>, new: Entry<'a>) {
    match (form, &mut old.placed.value, new.placed.value) {
        (Some(Form::Named(form)), Value::Table(old), Value::Table(new)) => {
            names(path, form, old, new);
        }
        (Some(Form::Translations), Value::Table(old), Value::Table(new)) => {
            names(path, &Form::Text, old, new);
        }
        (Some(Form::Table(record)), Value::Table(old), Value::Table(new)) => {
            keys(path, record, old, new);
        }
        (Some(Form::List(_)), Value::List(old), Value::List(new)) => old.extend(new),
        _ => defined_twice(path, old, new.placed.report, new.key_span),
    }
}

/// Names that the policy gives.
fn names<'a>(path: &str, form: &Form, into: &mut Table<'a>, from: Table<'a>) {
    for (name, entry) in from {
        let path = format!("{path}.{name}");
        match into.entry(name) {
            Slot::Vacant(slot) => {
                slot.insert(entry);
            }
            Slot::Occupied(mut slot) => definition(&path, form, slot.get_mut(), entry),
        }
    }
}

/// One name in two files: allowed when at most one of them defines it and the other adds to it.
fn definition<'a>(path: &str, form: &Form, old: &mut Entry<'a>, mut new: Entry<'a>) {
    let adds = |entry: &Entry<'_>| match form {
        Form::Table(record) => entry.table().is_some_and(|table| only_adds(record, table)),
        Form::Translations => true,
        _ => false,
    };
    let (old_adds, new_adds) = (adds(old), adds(&new));
    if !old_adds && !new_adds {
        return defined_twice(path, old, new.placed.report, new.key_span);
    }
    if !new_adds {
        // The definition takes its place in the order, wherever the additions were found.
        std::mem::swap(old, &mut new);
    }
    both(path, Some(form), old, new);
}

/// Whether a table has nothing but what any file may add.
fn only_adds(record: &Record, table: &Table<'_>) -> bool {
    let adds = |name: &Cow<'_, str>| record.key(name).is_some_and(|key| key.addition);
    !table.is_empty() && table.keys().all(adds)
}

fn defined_twice(path: &str, old: &Entry<'_>, report: &Report, place: Range<usize>) {
    let file = old.placed.report.file();
    let line = file.line_number(old.key_span.start);
    let message = format!("`{path}` is defined already, in {} line {line}", file.name());
    report.error(Code::Duplicate, place, path, message, None);
}
