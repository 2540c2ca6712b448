//! Policy text to a compiled [`Policy`], or everything that is wrong with it.
//!
//! ```text
//! TOML -> spanned sections -> names and types -> expressions -> tables
//!         source.rs           schema, catalogue   cel, check, fold, lower
//! ```
//!
//! Every reader records what it finds wrong and goes on, so one run reports all mistakes. The
//! order of work follows what refers to what: zones, attributes and events, features, moments,
//! the catalogue, contact rules.

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
mod convert;
mod derived;
mod diagnostic;
mod difference;
mod expression;
mod features;
mod fold;
mod format;
mod functions;
mod header;
mod ids;
mod instant;
mod literal;
mod lower;
mod math;
mod moments;
mod node;
mod offers;
mod offset;
mod operators;
#[cfg(test)]
mod programs;
mod schema;
mod scope;
mod section;
mod source;
mod strings;
#[cfg(test)]
mod tables;
mod types;
mod write_json;
mod zones;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use toml::de::DeTable;

pub use code::{Example, Page, Severity};
pub use constant::Constant;
pub use diagnostic::{Code, Diagnostic, Diagnostics};
pub use difference::{
    Change, Difference, FeatureChange, IdConflict, IdConflictKind, ProfileChange, Version,
    difference,
};
pub use expression::{Evaluated, Expression};

use crate::base::hash::hash_bytes;
use crate::base::limits::{ID_NUMBER_MAX, PROFILE_BYTES_MAX, SOURCE_BYTES_MAX};
use crate::policy::{Names, Policy, Tables};
use diagnostic::{File, Report};
use ids::Ids;
use scope::Scope;
use section::Section;

/// The text of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What diagnostics call it: a file name.
    pub name: &'a str,
    /// TOML in UTF-8.
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

/// Compiles a policy. `ids` is the text of its table of permanent numbers, `policy.ids`; empty
/// for a policy that has none yet.
///
/// # Errors
/// Everything that is wrong with the policy and with the table, each with its place.
pub fn compile(sources: &[Source<'_>], ids: &str) -> Result<Compiled, Diagnostics> {
    let (file, text) = match one_text(sources) {
        Ok(found) => found,
        Err(report) => return Err(Report::join([report])),
    };
    let report = Report::new(file);
    let ids_report = Report::new(File::new("policy.ids", ids));
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let range = error.span().unwrap_or(0..0);
            report.error(Code::Syntax, range, "", format!("not TOML: {}", error.message()), None);
            return Err(Report::join([report]));
        }
    };
    let mut build = Build::new(&report, Ids::parse(ids, &ids_report));
    let root = Section::root(&report, table.get_ref());
    build.everything(&root);
    match build.finish(text) {
        Some((policy, ids)) if report.is_empty() && ids_report.is_empty() => {
            analysis::analyse(&policy, &root);
            Ok(Compiled { policy, ids, warnings: Report::join([report, ids_report]) })
        }
        _ => Err(Report::join([report, ids_report])),
    }
}

/// The one source, as text.
fn one_text<'a>(sources: &[Source<'a>]) -> Result<(std::sync::Arc<File>, &'a str), Report> {
    let refuse = |name: &str, text: &str, code: Code, message: String| {
        let report = Report::new(File::new(name, text));
        report.error(code, text.len()..text.len(), "", message, None);
        report
    };
    let [source] = sources else {
        let name = sources.first().map_or("policy", |source| source.name);
        let message = format!("expected one source, found {}", sources.len());
        return Err(refuse(name, "", Code::Sources, message));
    };
    if source.bytes.len() > SOURCE_BYTES_MAX {
        let count = source.bytes.len();
        let message = format!("{count} bytes of text, but at most {SOURCE_BYTES_MAX} are allowed");
        return Err(refuse(source.name, "", Code::Limit, message));
    }
    match std::str::from_utf8(source.bytes) {
        Ok(text) => Ok((File::new(source.name, text), text)),
        Err(error) => {
            let valid = error.valid_up_to();
            let start = std::str::from_utf8(&source.bytes[..valid]).unwrap_or("");
            Err(refuse(source.name, start, Code::Encoding, format!("byte {valid} is not UTF-8")))
        }
    }
}

/// The policy as far as it has been read.
struct Build<'a> {
    report: &'a Report,
    ids: Ids,
    scope: Scope,
    tables: Tables,
    known: lower::Known,
}

impl<'a> Build<'a> {
    fn new(report: &'a Report, ids: Ids) -> Build<'a> {
        let (scope, tables) = (Scope::default(), Tables::default());
        Build { report, ids, scope, tables, known: lower::Known::new() }
    }

    fn everything(&mut self, root: &Section<'_>) {
        root.refuse_others(&[
            "policy",
            "control",
            "attributes",
            "events",
            "features",
            "moments",
            "channels",
            "budgets",
            "contact",
            "issues",
            "offers",
        ]);
        let header = self.header(root);
        self.schema(root, &header);
        self.features(root);
        self.budgets(root);
        self.channels(root);
        self.issues(root);
        self.moments(root);
        self.offers(root);
        self.contact(root);
        self.control(root);
    }

    /// The policy, unless something is wrong with what only the whole shows.
    fn finish(mut self, text: &str) -> Option<(Policy, String)> {
        if self.ids.exhausted() {
            let message = format!("permanent numbers of a namespace passed {ID_NUMBER_MAX}");
            self.report.error(Code::Limit, 0..0, "", message, None);
            return None;
        }
        if !self.report.is_empty() {
            return None;
        }
        let (ids, used) = self.ids.finish();
        self.tables.names = Names::new(used);
        self.tables.fingerprint = hash_bytes(hash_bytes(0, text.as_bytes()), ids.as_bytes());
        let policy = Policy::new(self.tables);
        let bytes = policy.profile_bytes();
        if bytes > PROFILE_BYTES_MAX {
            let message =
                format!("profiles of {bytes} bytes, but at most {PROFILE_BYTES_MAX} are allowed");
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
