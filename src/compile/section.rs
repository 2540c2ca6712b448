//! Tables of the policy's text, whose keys are known words or names that the policy gives.

use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use super::diagnostic::{Code, Report, did_you_mean};
use super::files::INCLUDE;
use super::model::Record;
use super::source::Item;
use super::tree::Table;
use crate::base::limits::KEY_BYTES_MAX;

/// A table with its place.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub(super) report: &'a Report,
    pub(super) table: &'a Table<'a>,
    pub(super) path: String,
    pub(super) key_span: Range<usize>,
    /// What its keys are, where they are known words.
    pub(super) record: Option<&'static Record>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn root(report: &'a Report, table: &'a Table<'a>) -> Section<'a> {
        Section { report, table, path: String::new(), key_span: 0..0, record: None }
    }

    /// The section as one with these keys: others are recorded, and those that are missing.
    pub(super) fn of(self, record: &'static Record) -> Section<'a> {
        let section = Section { record: Some(record), ..self };
        section.refuse_others(record);
        for key in record.keys.iter().filter(|key| key.required) {
            section.require(key.name);
        }
        section
    }

    fn refuse_others(&self, record: &Record) {
        for item in self.entries().iter().filter(|item| record.key(item.name).is_none()) {
            let all = || format!("known here: {}", record.names().collect::<Vec<_>>().join(", "));
            let nearest = || did_you_mean(item.name, record.names()).unwrap_or_else(all);
            let of_file = "it is a key of the file: put it before the first section";
            let help = item.report.advise(|| {
                Some(if item.name == INCLUDE { of_file.to_string() } else { nearest() })
            });
            item.name_error(Code::UnknownKey, format!("unknown key `{}`", item.name), help);
        }
    }

    fn step(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        let known = self.record.is_none_or(|record| record.key(key).is_some());
        debug_assert!(known, "`{key}` is not in the model of `{}`", self.path);
        self.find(key)
    }

    fn find(&self, key: &str) -> Option<Item<'a>> {
        let (name, entry) = self.table.get_key_value(key)?;
        Some(Item {
            report: entry.placed.report,
            name,
            key_span: entry.key_span.clone(),
            path: self.step(key),
            span: entry.placed.span.clone(),
            value: &entry.placed.value,
        })
    }

    pub(super) fn require(&self, key: &str) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            let (message, help) = match (self.path.as_str(), key) {
                ("", "policy") => (
                    format!("section [{key}] is missing"),
                    Some("a file without it is a part: check the policy that includes it"),
                ),
                ("", _) => (format!("section [{key}] is missing"), None),
                ("contact", "caps") => (
                    "`contact` has no caps".into(),
                    Some(
                        "the cap over everything bounds the profile; such as [[contact.caps]] with at_most = 12, within = \"30d\", of = \"all\"",
                    ),
                ),
                (path, _) => (format!("`{path}` has no `{key}`"), None),
            };
            self.error(Code::MissingKey, message, help.map(String::from));
        }
        item
    }

    /// Records a mistake in the section as a whole.
    pub(super) fn error(
        &self,
        code: Code,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.report.error(code, self.key_span.clone(), &self.path, message, help);
    }

    /// All entries in the order of the files and their text.
    pub(super) fn entries(&self) -> Vec<Item<'a>> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(_, entry)| entry.order);
        entries.into_iter().filter_map(|(name, _)| self.find(name)).collect()
    }

    /// The entries whose keys are names that the policy gives; others are recorded.
    pub(super) fn named(&self) -> Vec<Item<'a>> {
        self.entries().into_iter().filter(check_name).collect()
    }

    /// The named entries of a section that may be absent.
    pub(super) fn named_in(&self, key: &str) -> Vec<Item<'a>> {
        self.get(key)
            .and_then(|item| item.open_section())
            .map_or_else(Vec::new, |section| section.named())
    }
}

/// Words that an expression or the event scope already gives a meaning.
const RESERVED: [&str; 26] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "event",
    "experiment",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "now",
    "null",
    "package",
    "return",
    "tick",
    "time",
    "true",
    "var",
    "void",
    "while",
];

/// Whether a name can be used in expressions and in `policy.ids`.
fn check_name(item: &Item<'_>) -> bool {
    let name = item.name;
    let mut bytes = name.bytes();
    let well_formed = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let help = "names begin with a letter and go on with letters, digits and _";
    if !well_formed || name.len() > KEY_BYTES_MAX {
        item.name_error(Code::Name, format!("`{name}` cannot be a name"), help.to_string());
    } else if RESERVED.contains(&name) {
        item.name_error(Code::Name, format!("`{name}` is a reserved word"), None);
    } else {
        return true;
    }
    false
}
