//! The files of a policy: names and bytes to one tree.

use std::borrow::Cow;
use std::collections::HashSet;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::diagnostic::{Code, Diagnostics, File, Report};
use super::tree::Table;
use super::{Source, json_text, merge, toml_text};
use crate::base::limits::{SOURCE_BYTES_MAX, SOURCES_MAX};

/// The key by which a file asks for others.
pub(super) const INCLUDE: &str = "include";

/// The key by which a JSON file names its schema to editors.
pub(super) const SCHEMA: &str = "$schema";

/// A file that is text.
#[derive(Debug)]
pub(super) struct Opened<'a> {
    pub(super) text: &'a str,
    pub(super) report: Report,
    /// Bytes of the files before it.
    base: usize,
}

/// Every file as text.
pub(super) fn open<'a>(sources: &[Source<'a>]) -> Result<Vec<Opened<'a>>, Diagnostics> {
    let bytes: usize = sources.iter().map(|source| source.bytes.len()).sum();
    let name = sources.first().map_or("policy", |source| source.name);
    for (count, limit, what) in
        [(bytes, SOURCE_BYTES_MAX, "bytes of text"), (sources.len(), SOURCES_MAX, "files")]
    {
        if count > limit {
            let message = format!("{count} {what}, but at most {limit} are allowed");
            return Err(refusal(name, "", Code::Limit, message));
        }
    }
    if sources.is_empty() {
        return Err(refusal(name, "", Code::Sources, "there is no source".into()));
    }
    let (mut opened, mut base, mut names) = (Vec::<Opened<'_>>::new(), 0, HashSet::new());
    for source in sources {
        if !names.insert(source.name) {
            let message = format!("two sources are called `{}`", source.name);
            return Err(refusal(source.name, "", Code::Sources, message));
        }
        let text = text_of(source)?;
        let file = File::new(source.name, text);
        let report = match opened.first() {
            Some(first) => first.report.beside(file),
            None => Report::new(file),
        };
        opened.push(Opened { text, report, base });
        base += text.len() + 1;
    }
    Ok(opened)
}

fn text_of<'a>(source: &Source<'a>) -> Result<&'a str, Diagnostics> {
    std::str::from_utf8(source.bytes).map_err(|error| {
        let valid = error.valid_up_to();
        let start = std::str::from_utf8(&source.bytes[..valid]).unwrap_or("");
        refusal(source.name, start, Code::Encoding, format!("byte {valid} is not UTF-8"))
    })
}

/// A mistake at the end of a text.
fn refusal(name: &str, text: &str, code: Code, message: String) -> Diagnostics {
    let report = Report::new(File::new(name, text));
    report.error(code, text.len()..text.len(), "", message, None);
    Report::join([report])
}

impl<'a> Opened<'a> {
    /// The tree of the text.
    pub(super) fn parse(&'a self) -> Option<Table<'a>> {
        let name = self.report.file().name();
        if name.ends_with(".json") || self.text.trim_start().starts_with('{') {
            json_text::read(self.text, &self.report, self.base)
        } else {
            toml_text::read(self.text, &self.report, self.base)
        }
    }
}

/// One tree of all files; none when one of them is no tree.
pub(super) fn tree<'a>(files: &'a [Opened<'a>]) -> Option<Table<'a>> {
    let trees: Vec<_> = files.iter().filter_map(Opened::parse).collect();
    if trees.len() < files.len() {
        return None;
    }
    let mut whole = Table::new();
    for mut tree in trees {
        let include = tree.remove(&Cow::Borrowed(INCLUDE));
        tree.remove(&Cow::Borrowed(SCHEMA));
        if let Some(entry) = include.filter(|_| files.len() == 1) {
            let message = "this file includes others, but they were not given";
            let help = "whoever reads files resolves `include`, as the command does";
            let help = String::from(help);
            entry.placed.report.error(Code::Include, entry.key_span, INCLUDE, message, help);
        }
        merge::merge(&mut whole, tree);
    }
    Some(whole)
}
