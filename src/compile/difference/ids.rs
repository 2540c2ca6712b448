//! Permanent numbers that two versions disagree about.

use std::collections::HashMap;
use std::fmt;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::base::ids::Namespace;
use crate::compile::ids::entry;
use crate::compile::json::Json;

/// A name whose number is not for ever, or a number whose name is not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdConflict {
    /// The namespace of both.
    pub namespace: &'static str,
    /// The number in the old version.
    pub number: u32,
    /// The name in the old version.
    pub name: String,
    /// What the new version says.
    pub kind: IdConflictKind,
}

/// How a new table of ids breaks with the old one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdConflictKind {
    /// The name has another number.
    Renumbered(u32),
    /// The number has another name.
    Reused(String),
    /// The line is gone.
    Vanished,
}

impl fmt::Display for IdConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IdConflict { namespace, number, name, kind } = self;
        write!(f, "{namespace} {number} {name} ")?;
        match kind {
            IdConflictKind::Renumbered(new) => write!(f, "has number {new} now"),
            IdConflictKind::Reused(new) => write!(f, "lost its number to {new}"),
            IdConflictKind::Vanished => write!(f, "is gone from the table"),
        }?;
        write!(f, ": what is stored under {number} would be misread")
    }
}

impl IdConflict {
    pub(super) fn to_json(&self) -> Json {
        let (conflict, new) = match &self.kind {
            IdConflictKind::Renumbered(new) => {
                ("renumbered", Some(("new_number", (*new as usize).into())))
            }
            IdConflictKind::Reused(new) => ("reused", Some(("new_name", new.as_str().into()))),
            IdConflictKind::Vanished => ("vanished", None),
        };
        let known = [
            ("namespace", self.namespace.into()),
            ("number", (self.number as usize).into()),
            ("name", self.name.as_str().into()),
            ("conflict", conflict.into()),
        ];
        Json::object(known.into_iter().chain(new))
    }
}

/// Where the new table does not continue the old one.
pub(super) fn conflicts(old: &str, new: &str) -> Vec<IdConflict> {
    let after = entries(new);
    let by_name: HashMap<_, _> =
        after.iter().map(|(n, number, name)| ((*n, *name), *number)).collect();
    let by_number: HashMap<_, _> =
        after.iter().map(|(n, number, name)| ((*n, *number), *name)).collect();
    let mut conflicts = Vec::new();
    for (namespace, number, name) in entries(old) {
        let kind = match (by_name.get(&(namespace, name)), by_number.get(&(namespace, number))) {
            (Some(new), _) if *new == number => continue,
            (Some(new), _) => IdConflictKind::Renumbered(*new),
            (None, Some(other)) => IdConflictKind::Reused(other.to_string()),
            (None, None) => IdConflictKind::Vanished,
        };
        let (namespace, name) = (namespace.word(), name.to_string());
        conflicts.push(IdConflict { namespace, number, name, kind });
    }
    conflicts
}

fn entries(table: &str) -> Vec<(Namespace, u32, &str)> {
    let lines = table.lines().map(str::trim);
    lines.filter(|line| !line.starts_with('#')).filter_map(|line| entry(line).ok()).collect()
}
