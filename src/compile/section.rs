//! Tables of the policy's text, whose keys are known words or names that the policy gives.

use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use toml::de::DeTable;

use super::diagnostic::{Code, Report, did_you_mean};
use super::source::Item;
use crate::base::limits::KEY_BYTES_MAX;

/// A table with its place.
#[derive(Clone, Debug)]
pub(super) struct Section<'a> {
    pub(super) report: &'a Report,
    pub(super) table: &'a DeTable<'a>,
    pub(super) path: String,
    pub(super) key_span: Range<usize>,
}

impl<'a> Section<'a> {
    /// The whole document.
    pub(super) fn root(report: &'a Report, table: &'a DeTable<'a>) -> Section<'a> {
        Section { report, table, path: String::new(), key_span: 0..0 }
    }

    pub(super) fn refuse_others(&self, keys: &[&'static str]) {
        for item in self.entries().iter().filter(|item| !keys.contains(&item.name)) {
            let help = did_you_mean(item.name, keys.iter().copied())
                .unwrap_or_else(|| format!("known here: {}", keys.join(", ")));
            item.name_error(Code::UnknownKey, format!("unknown key `{}`", item.name), help);
        }
    }

    fn step(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }

    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        let (name, value) = self.table.get_key_value(key)?;
        Some(Item {
            report: self.report,
            name: name.get_ref(),
            key_span: name.span(),
            path: self.step(key),
            span: value.span(),
            value: value.get_ref(),
        })
    }

    pub(super) fn require(&self, key: &str) -> Option<Item<'a>> {
        let item = self.get(key);
        if item.is_none() {
            let message = match self.path.as_str() {
                "" => format!("section [{key}] is missing"),
                path => format!("`{path}` has no `{key}`"),
            };
            self.error(Code::MissingKey, message, None);
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

    /// All entries in the order of the text.
    pub(super) fn entries(&self) -> Vec<Item<'a>> {
        let mut items: Vec<Item<'a>> =
            self.table.keys().filter_map(|key| self.get(key.get_ref())).collect();
        items.sort_by_key(|item| item.key_span.start);
        items
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
const RESERVED: [&str; 25] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "event",
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
