//! What changes from one version of a policy to the next, in words: the text thing by thing, and
//! what becomes of stored profiles and permanent numbers.

mod effect;
mod experiments;
mod ids;
mod profiles;
mod text;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

pub use experiments::{ArmRanges, ExperimentChange};
pub use ids::{IdConflict, IdConflictKind};
pub use profiles::ProfileChange;

pub use crate::policy::FeatureChange;

use super::diagnostic::Diagnostics;
use super::json::Json;
use super::section::Section;
use super::{Source, compile, files};
use text::{Thing, same, things};

/// One version of a policy.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Its text.
    pub sources: &'a [Source<'a>],
    /// Its table of permanent numbers.
    pub ids: &'a str,
}

/// What changes from one version of a policy to the next. Prints for people.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Difference {
    /// What changes in the text.
    pub changes: Vec<Change>,
    /// Who changes arm.
    pub experiments: Vec<ExperimentChange>,
    /// What happens to stored profiles.
    pub profiles: ProfileChange,
    /// Whether the new version has a higher number, or nothing in its text changes.
    pub version_raised: bool,
    /// Numbers that come to mean something else: profiles and logs would be misread.
    pub id_conflicts: Vec<IdConflict>,
}

/// One change in the text of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// What changes: `offer`, `moment`, `cap`.
    pub what: String,
    /// Its name.
    pub name: String,
    /// Which of its keys; empty when the whole thing was added or removed.
    pub key: String,
    /// The value before, as written; none if there was none.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// What it comes to, where that can be told: `loosened`, `tightened`.
    pub effect: Option<&'static str>,
}

/// Compares two versions.
///
/// # Errors
/// What is wrong with a version that does not compile; of two, with the old one.
pub fn difference(old: Version<'_>, new: Version<'_>) -> Result<Difference, Diagnostics> {
    let (before, after) = (compile(old.sources, old.ids)?, compile(new.sources, new.ids)?);
    let (was, is) = (read(old)?, read(new)?);
    let changes = changes(&was, &is);
    let salts = Some((salt(&was), salt(&is))).filter(|(was, is)| was != is);
    let raised = after.policy.version() > before.policy.version();
    Ok(Difference {
        version_raised: raised || changes.is_empty(),
        changes,
        experiments: experiments::experiments(&before.policy, &after.policy),
        profiles: ProfileChange { salts, ..profiles::profiles(&before.policy, &after.policy) },
        id_conflicts: ids::conflicts(&before.ids, &after.ids),
    })
}

/// What a version declares.
fn read(version: Version<'_>) -> Result<Vec<Thing>, Diagnostics> {
    let files = files::open(version.sources)?;
    // It has compiled.
    let tree = files::tree(&files).unwrap_or_default();
    let first = files.first().map(|file| Section::root(&file.report, &tree));
    Ok(first.map_or_else(Vec::new, |root| things(&root)))
}

/// What the hash of a subscriber begins with: the policy's name if it does not say.
fn salt(things: &[Thing]) -> String {
    let header = things.iter().find(|thing| thing.what == "policy");
    let salt = header.and_then(|header| header.get("salt").or_else(|| header.get("name")));
    salt.unwrap_or_default().to_string()
}

fn changes(old: &[Thing], new: &[Thing]) -> Vec<Change> {
    let pairs = pairs(old, new);
    let (of_old, of_new) = (titles(old), titles(new));
    let owned_by_none = |thing: &Thing, titles: &HashSet<String>| {
        thing.owner.as_ref().is_some_and(|owner| !titles.contains(owner))
    };
    let mut changes = Vec::new();
    for (thing, pair) in old.iter().zip(&pairs) {
        match pair {
            Some(at) => of_keys(thing, &new[*at], &mut changes),
            // What went with its owner need not be said.
            None if owned_by_none(thing, &of_new) => {}
            None => changes.push(Change::whole(thing, true)),
        }
    }
    let kept: HashSet<usize> = pairs.into_iter().flatten().collect();
    for (at, thing) in new.iter().enumerate() {
        if !kept.contains(&at) && !owned_by_none(thing, &of_old) {
            changes.push(Change::whole(thing, false));
        }
    }
    changes
}

fn titles(things: &[Thing]) -> HashSet<String> {
    things.iter().map(|thing| format!("{} {}", thing.what, thing.name)).collect()
}

/// For each old thing, where it is among the new ones. Caps, which have no names of their own,
/// are the same when they are about the same within the same time, or else in the same place.
fn pairs(old: &[Thing], new: &[Thing]) -> Vec<Option<usize>> {
    let mut named: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (at, thing) in new.iter().enumerate() {
        named.entry((&thing.what, &thing.name)).or_default().push(at);
    }
    let mut pairs = std::vec![None; old.len()];
    for alike in [true, false] {
        for (thing, pair) in old.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let Some(left) = named.get_mut(&(&*thing.what, &*thing.name)) else { continue };
            let fits = |at: &usize| !alike || new[*at].get("within") == thing.get("within");
            *pair = left.iter().position(fits).map(|place| left.remove(place));
        }
    }
    pairs
}

fn of_keys(old: &Thing, new: &Thing, changes: &mut Vec<Change>) {
    let gone = old.keys.iter().map(|(key, _)| key);
    let added = new.keys.iter().map(|(key, _)| key).filter(|key| old.get(key).is_none());
    for key in gone.chain(added) {
        let (before, after) = (old.get(key), new.get(key));
        if !before.zip(after).is_some_and(|(before, after)| same(before, after)) {
            changes.push(Change {
                what: old.what.clone(),
                name: old.label(),
                key: key.clone(),
                old: before.map(ToString::to_string),
                new: after.map(ToString::to_string),
                effect: effect::of_key(&old.what, key, before, after),
            });
        }
    }
}

impl Change {
    fn whole(thing: &Thing, gone: bool) -> Change {
        let (what, name, key) = (thing.what.clone(), thing.label(), String::new());
        let summary = Some(String::new());
        let (old, new) = if gone { (summary, None) } else { (None, summary) };
        Change { effect: effect::of_whole(&what, gone), what, name, key, old, new }
    }

    fn to_json(&self) -> Json {
        let kind = match (self.key.as_str(), &self.old) {
            ("", None) => "added",
            ("", Some(_)) => "removed",
            _ => "changed",
        };
        let is_whole = self.key.is_empty();
        Json::object([
            ("what", self.what.as_str().into()),
            ("name", self.name.as_str().into()),
            ("change", kind.into()),
            ("key", Some(self.key.as_str()).filter(|_| !is_whole).into()),
            ("old", self.old.as_deref().filter(|_| !is_whole).into()),
            ("new", self.new.as_deref().filter(|_| !is_whole).into()),
            ("effect", self.effect.into()),
        ])
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() { "" } else { " " };
        write!(f, "{}{name}{}: ", self.what, self.name)?;
        match (self.key.as_str(), &self.old) {
            ("", None) => f.write_str("added")?,
            ("", Some(_)) => f.write_str("removed")?,
            (key, _) => {
                let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".into());
                write!(f, "{key} {} -> {}", side(&self.old), side(&self.new))?;
            }
        }
        self.effect.map_or(Ok(()), |effect| write!(f, " ({effect})"))
    }
}

impl Difference {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        let profiles = &self.profiles;
        let same = profiles.layout_equal && profiles.account_layout_equal;
        self.changes.is_empty() && same && self.id_conflicts.is_empty()
    }

    /// One JSON object: `changes` (what, name, change, key, old, new, effect), `experiments` (name,
    /// redrawn, moved_millionths, needless_millionths, joined_millionths, left_millionths, fewest),
    /// `version_raised`, `profiles`
    /// (salt_equal, layout_equal, bytes_before, bytes_after, account_layout_equal,
    /// account_bytes_before, account_bytes_after, contacts_before, contacts_after, features) and
    /// `id_conflicts`.
    pub fn to_json(&self) -> String {
        let json = Json::object([
            ("changes", Json::list(self.changes.iter().map(Change::to_json))),
            ("experiments", Json::list(self.experiments.iter().map(ExperimentChange::to_json))),
            ("version_raised", Json::Bool(self.version_raised)),
            ("profiles", self.profiles.to_json()),
            ("id_conflicts", Json::list(self.id_conflicts.iter().map(IdConflict::to_json))),
        ]);
        json.to_lines()
    }
}

/// What does not follow a name that is changed.
fn lost(what: &str) -> &'static str {
    match what {
        "offer" => ": what was learnt of it, its caps and its open offers stay behind",
        "moment" => ": its snooze stays behind",
        _ => ": what profiles hold of it stays behind",
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            writeln!(f, "the policy says the same")?;
        }
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        for experiment in &self.experiments {
            writeln!(f, "{experiment}")?;
        }
        if !self.version_raised {
            writeln!(f, "policy: the version was not raised")?;
        }
        for what in ["offer", "moment", "feature", "attribute"] {
            let whole = |gone: bool| {
                let mut of_kind = self.changes.iter().filter(|change| change.what == what);
                of_kind.any(|change| change.key.is_empty() && change.old.is_some() == gone)
            };
            if whole(true) && whole(false) {
                writeln!(
                    f,
                    "{what}s: a renamed {what} is a new one, and starts anew{}",
                    lost(what)
                )?;
            }
        }
        write!(f, "\n{}", self.profiles)?;
        for conflict in &self.id_conflicts {
            write!(f, "\nids: {conflict}")?;
        }
        Ok(())
    }
}
