//! What a policy's text is made of: every section and key, what it takes, and a sentence about it.
//!
//! The readers ask it which keys they allow and require, the merging of files what may be added
//! from another file, and `opportune schema` prints it. So none of them can drift from another.

mod catalogue;
mod root;
mod scored;
mod situations;

use std::vec::Vec;

pub(super) use catalogue::*;
pub(super) use root::*;
pub(super) use scored::*;
pub(super) use situations::*;

/// A table whose keys are known words.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
}

/// A key of a record.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) form: Form,
    pub(super) required: bool,
    /// Whether another file than the one that has the rest of the table may give it.
    pub(super) addition: bool,
}

/// What a key takes.
#[derive(Debug)]
pub(super) enum Form {
    Text,
    /// Text that can stand as one name in the id table.
    Word,
    Bool,
    Whole {
        min: i64,
        max: i64,
    },
    Number,
    /// A number from 0 to 1.
    Share,
    /// Money, as text.
    Amount,
    /// A length of time, as text.
    Length,
    /// A time of day, as text.
    Clock,
    /// An instant: text or a TOML date.
    Instant,
    /// CEL.
    Expression,
    /// One of a few words.
    Choice(fn() -> Vec<&'static str>),
    List(&'static Form),
    /// A list, or one value in place of a list of one.
    OneOrMore(&'static Form),
    /// A table whose keys are names that the policy gives.
    Named(&'static Form),
    Table(&'static Record),
    /// A text in each language.
    Translations,
    Either(&'static [Form]),
}

impl Record {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.keys.iter().map(|key| key.name)
    }
}

const fn required(name: &'static str, form: Form, doc: &'static str) -> Key {
    Key { name, doc, form, required: true, addition: false }
}

const fn optional(name: &'static str, form: Form, doc: &'static str) -> Key {
    Key { name, doc, form, required: false, addition: false }
}

impl Key {
    const fn in_any_file(self) -> Key {
        Key { addition: true, ..self }
    }
}

/// From when and until when something is in force, as all that can be switched has it.
const FROM: Key = optional(
    "from",
    Form::Instant,
    "The first instant at which it is in force; without an offset, in the policy's first zone.",
);
const UNTIL: Key = optional(
    "until",
    Form::Instant,
    "The first instant at which it is no longer in force; without an offset, in the policy's first zone.",
);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &Form) {
        match form {
            Form::Table(record) => {
                for (at, key) in record.keys.iter().enumerate() {
                    assert!(!key.doc.is_empty() && key.doc.ends_with('.'), "{}", key.name);
                    let again = record.keys[at + 1..].iter().any(|other| other.name == key.name);
                    assert!(!again, "{} twice", key.name);
                    check(&key.form);
                }
            }
            Form::List(form) | Form::OneOrMore(form) | Form::Named(form) => check(form),
            Form::Either(forms) => forms.iter().for_each(check),
            Form::Choice(words) => assert!(!words().is_empty()),
            _ => {}
        }
    }

    #[test]
    fn every_key_is_described_once() {
        check(&Form::Table(&ROOT));
    }
}
