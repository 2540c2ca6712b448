//! Why JSON was not imported, and where.

use alloc::string::String;
use core::fmt;

use crate::error::Error;

/// Why JSON was not taken for a profile. Prints for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportError {
    /// Where in the JSON: `features[3].buckets[0].from`; empty for the whole.
    pub key: String,
    /// What is wrong there.
    pub problem: ImportProblem,
}

/// What is wrong with a key of the JSON of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportProblem {
    /// It is no JSON, from this line and column on.
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is missing.
    Missing,
    /// There is no such key.
    UnknownKey,
    /// It is not what belongs there, which is this.
    Expected(&'static str),
    /// It names nothing that the policy has.
    UnknownName,
    /// It comes again.
    Twice,
    /// The policy has neither this layout nor succeeds it.
    Layout,
    /// What was read is no profile that can be used.
    Profile(Error),
}

impl ImportError {
    pub(super) fn new(key: impl Into<String>, problem: ImportProblem) -> ImportError {
        ImportError { key: key.into(), problem }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.key.is_empty() { "the profile" } else { &self.key };
        match &self.problem {
            ImportProblem::Json { line, column } => {
                write!(f, "not JSON from line {line}, column {column} on")
            }
            ImportProblem::Missing => write!(f, "{key} is missing"),
            ImportProblem::UnknownKey => write!(f, "{key} is no key of a profile"),
            ImportProblem::Expected(what) => write!(f, "{key} is not {what}"),
            ImportProblem::UnknownName => write!(f, "{key} names nothing of the policy"),
            ImportProblem::Twice => write!(f, "{key} comes twice"),
            ImportProblem::Layout => {
                write!(f, "{key} is neither the policy's layout nor one that it succeeds")
            }
            ImportProblem::Profile(error) => write!(f, "{key}: {error}"),
        }
    }
}

impl core::error::Error for ImportError {}
