//! `include`: which other files a file asks for. Whoever reads files resolves it.

use std::format;
use std::ops::Range;
use std::string::String;
use std::sync::Arc;
use std::vec::Vec;

use super::Source;
use super::diagnostic::{Code, Diagnostics, File, Report};
use super::files::{self, INCLUDE, Opened};
use super::section::Section;
use super::source::Item;

/// Files that a file of a policy asks for.
#[derive(Clone, Debug)]
pub struct Include {
    pattern: String,
    file: Arc<File>,
    range: Range<usize>,
}

impl Include {
    /// A path relative to the file that asks, with `/` between folders; in the last part, `*`
    /// stands for any characters.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// What is wrong with it, such as that no file is there, at its place.
    pub fn error(&self, message: &str, help: Option<&str>) -> Diagnostics {
        let report = Report::new(self.file.clone());
        report.error(Code::Include, self.range.clone(), INCLUDE, message, help.map(String::from));
        Report::join([report])
    }
}

/// What a file of a policy includes, in the order of its text.
///
/// # Errors
/// What is wrong with the text or with its `include`.
pub fn includes(source: &Source<'_>) -> Result<Vec<Include>, Diagnostics> {
    let files = files::open(&[*source])?;
    let found: Vec<Include> = files.iter().flat_map(of_file).collect();
    if files.iter().all(|file| file.report.is_empty()) {
        return Ok(found);
    }
    Err(Report::join(files.into_iter().map(|file| file.report)))
}

fn of_file(file: &Opened<'_>) -> Vec<Include> {
    let Some(tree) = file.parse() else { return Vec::new() };
    let include = Section::root(&file.report, &tree).get(INCLUDE);
    let items = include.and_then(|item| item.one_or_more()).unwrap_or_default();
    items.iter().filter_map(of_item).collect()
}

fn of_item(item: &Item<'_>) -> Option<Include> {
    let pattern = item.text()?;
    if !is_plain(pattern) {
        let message = format!("`{}` is not a plain relative path", pattern.escape_debug());
        let help = "it leads down from this file, such as offers/data.toml or offers/*.toml";
        item.error(Code::Include, message, String::from(help));
        return None;
    }
    let (file, range) = (item.report.shared_file(), item.span.clone());
    Some(Include { pattern: pattern.into(), file, range })
}

/// Whether a path leads down and has `*` in its last part only. What names a drive, a root or a
/// folder above could read what the policy's author was not given.
fn is_plain(pattern: &str) -> bool {
    let folders = pattern.rsplit_once('/').map_or("", |(folders, _)| folders);
    let part = |part: &str| !matches!(part, "" | "." | "..");
    pattern.split('/').all(part) && !pattern.contains(['\\', ':', '\0']) && !folders.contains('*')
}
