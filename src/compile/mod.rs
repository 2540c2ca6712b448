//! Policy text to a compiled [`Policy`], or everything that is wrong with it.
//!
//! ```text
//! files -> one tree of spanned values -> names and types -> expressions -> tables
//!          files.rs, merge.rs            schema, catalogue   cel, check, fold, lower
//! ```
//!
//! Every reader records what it finds wrong and goes on, so one run reports all mistakes. The
//! order of work follows what refers to what: zones, attributes and events, features, moments,
//! the catalogue, contact rules. What sections and keys there are is written down once, in `model`.

mod alphabet;
mod analysis;
mod catalogue;
mod cel;
mod channels;
mod check;
mod code;
mod codes;
mod coerce;
mod comprehension;
mod constant;
mod contact;
mod content;
mod conversions;
mod convert;
mod data_sources;
mod derived;
mod diagnostic;
mod difference;
mod examples;
mod experiments;
mod expression;
mod features;
mod files;
mod fold;
mod format;
mod functions;
mod header;
mod ids;
mod include;
mod instant;
mod interactions;
mod json;
mod json_schema;
mod json_text;
mod lifecycles;
mod literal;
mod lower;
mod math;
mod merge;
mod model;
mod models;
mod moments;
mod node;
mod offers;
mod offset;
mod operators;
#[cfg(test)]
mod parsers;
mod patterns;
mod pauses;
mod periods;
mod placeholder;
mod plain;
#[cfg(test)]
mod programs;
#[cfg(test)]
mod same;
mod schema;
mod scope;
mod section;
mod select;
mod source;
mod strings;
#[cfg(test)]
mod tables;
mod toml_text;
mod tree;
mod types;
mod variables;
mod warnings;
mod windows;
mod wordings;
mod zones;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

pub use code::{Example, Page, Severity};
pub use constant::Constant;
pub use diagnostic::{Code, Diagnostic, Diagnostics};
pub use difference::{
    ArmRanges, Change, Difference, ExperimentChange, FeatureChange, IdConflict, IdConflictKind,
    ProfileChange, Version, difference,
};
pub use expression::{Evaluated, Expression};
pub use include::{Include, includes};
pub use json_schema::json_schema;

use crate::base::hash::hash_bytes;
use crate::base::limits::{ID_NUMBER_MAX, PROFILE_BYTES_MAX};
use crate::policy::{Names, Policy, Tables, Wording, Wordings};
use diagnostic::{File, Report};
use files::Opened;
use ids::Ids;
use scope::Scope;
use section::Section;

/// A file of a policy's text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What diagnostics call it: a file name. One that ends in `.json` is JSON.
    pub name: &'a str,
    /// TOML, or JSON if it begins with `{`, in UTF-8.
    pub bytes: &'a [u8],
}

/// What compiling a policy gives.
#[derive(Debug)]
pub struct Compiled {
    /// The policy, ready to decide with.
    pub policy: Policy,
    /// The new text of the table of permanent numbers. Store it beside the policy text: the next
    /// compilation needs it, so that every name keeps its number.
    pub ids: String,
    /// What compiles, but cannot have been meant; often empty.
    pub warnings: Diagnostics,
}

impl Compiled {
    /// The lines of the table of permanent numbers that are not in `before`, the table as it was.
    pub fn new_ids(&self, before: &str) -> Vec<&str> {
        ids::added(before, &self.ids)
    }

    /// That every name has its number in `before`, the table as it was, which is called `table`;
    /// `help` says how names get theirs.
    ///
    /// # Errors
    /// Which names have none. A misspelt name is a new name as well, so whoever compiles for good
    /// asks for this, and takes new numbers only when told to.
    pub fn require_ids(&self, before: &str, table: &str, help: &str) -> Result<(), Diagnostics> {
        let message = ids::unnumbered(&self.new_ids(before));
        message.map_or(Ok(()), |message| {
            Err(Diagnostics::about_file(Code::Unnumbered, table, &message, Some(help)))
        })
    }
}

/// Compiles a policy from its files. `ids` is the text of its table of permanent numbers,
/// `policy.ids`; empty for a policy that has none yet.
///
/// Several files make one policy: their sections are put together in the order of the files, and
/// a name is defined in one of them. It reads no files itself, so that whoever calls it has to
/// give what an `include` asks for; [`includes`] says what that is.
///
/// # Errors
/// Everything that is wrong with the policy and with the table, each with its place.
pub fn compile(sources: &[Source<'_>], ids: &str) -> Result<Compiled, Diagnostics> {
    let files = files::open(sources)?;
    let ids_report = Report::new(File::new("policy.ids", ids));
    let built = build(&files, ids, &ids_report);
    let sound = ids_report.is_empty();
    let reports = files.into_iter().map(|file| file.report).chain([ids_report]);
    match built {
        Some((policy, ids)) if sound => {
            Ok(Compiled { policy, ids, warnings: Report::join(reports) })
        }
        _ => Err(Report::join(reports)),
    }
}

fn build(files: &[Opened<'_>], ids: &str, ids_report: &Report) -> Option<(Policy, String)> {
    let report = &files.first()?.report;
    let tree = files::tree(files)?;
    let mut build = Build::new(report, Ids::parse(ids, ids_report));
    let root = Section::root(report, &tree).of(&model::ROOT);
    build.everything(&root);
    let built = build.finish(files)?;
    if ids_report.is_empty() {
        analysis::analyse(&built.0, &root);
    }
    Some(built)
}

/// The policy as far as it has been read.
struct Build<'a> {
    report: &'a Report,
    ids: Ids,
    scope: Scope,
    tables: Tables,
    known: lower::Known,
    /// How conditions of moments are written.
    wordings: Vec<Wording>,
}

impl<'a> Build<'a> {
    fn new(report: &'a Report, ids: Ids) -> Build<'a> {
        let (scope, tables) = (Scope::default(), Tables::default());
        Build { report, ids, scope, tables, known: lower::Known::new(), wordings: Vec::new() }
    }

    fn everything(&mut self, root: &Section<'_>) {
        let header = self.header(root);
        self.schema(root, &header);
        self.data_sources(root);
        self.features(root);
        self.experiments(root);
        self.budgets(root);
        self.channels(root);
        self.issues(root);
        self.patterns(root);
        self.moments(root);
        let uses = self.offers(root);
        self.content(root, &header.languages, &uses);
        self.contact(root);
        self.control(root);
        self.interaction_members();
    }

    /// The policy, unless something is wrong with what only the whole shows.
    fn finish(mut self, files: &[Opened<'_>]) -> Option<(Policy, String)> {
        if self.ids.exhausted() {
            let message = format!("permanent numbers of a namespace passed {ID_NUMBER_MAX}");
            self.report.error(Code::Limit, 0..0, "", message, None);
            return None;
        }
        if files.iter().any(|file| !file.report.is_empty()) {
            return None;
        }
        let (ids, used) = self.ids.finish();
        self.tables.names = Names::new(used);
        self.tables.wordings = Wordings::new(self.wordings);
        let texts = files.iter().map(|file| file.text.as_bytes());
        self.tables.fingerprint = hash_bytes(texts.fold(0, hash_bytes), ids.as_bytes());
        let policy = Policy::new(self.tables);
        let sizes =
            [("profiles", policy.profile_bytes()), ("accounts' profiles", policy.account_bytes())];
        if let Some((what, bytes)) = sizes.iter().find(|(_, bytes)| *bytes > PROFILE_BYTES_MAX) {
            let message =
                format!("{what} of {bytes} bytes, but at most {PROFILE_BYTES_MAX} are allowed");
            let help = "fewer features, or fewer buckets in their windows".to_string();
            self.report.error(Code::Limit, 0..0, "features", message, help);
            return None;
        }
        Some((policy, ids))
    }

    /// The named entries of a section, as many as the limit allows.
    fn entries<'s>(
        &self,
        root: &Section<'s>,
        key: &str,
        limit: usize,
        what: &str,
    ) -> Vec<source::Item<'s>> {
        let mut entries = root.named_in(key);
        if let Some(section) = root.get(key) {
            section.within(entries.len(), limit, what);
        }
        entries.truncate(limit);
        entries
    }
}
