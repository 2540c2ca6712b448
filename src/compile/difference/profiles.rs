//! What a new policy makes of the profiles that were written under the old one.

use std::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::base::civil::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::base::ids::FeatureId;
use crate::compile::json::Json;
use crate::policy::{Feature, FeatureKind, Fold, Policy, Window};

/// What happens to stored profiles.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProfileChange {
    /// Whether every byte still means the same: then stored profiles are used as they are.
    /// Otherwise they are refused with [`Error::ProfileLayout`](crate::Error::ProfileLayout).
    pub layout_equal: bool,
    /// Bytes of a profile, before and after.
    pub bytes: (usize, usize),
    /// Contacts that a profile remembers, before and after.
    pub contacts: (usize, usize),
    /// Features by name, with what happens to each that is not the same.
    pub features: Vec<(String, FeatureChange)>,
}

/// What happens to what is remembered in one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeatureChange {
    /// It is new, and begins empty.
    Added,
    /// It is gone, with what it held.
    Dropped,
    /// Its value means something else: type or way of folding, before and after.
    Retyped(String, String),
    /// It looks back over another time: window and buckets, before and after.
    Window(String, String),
    /// Values that an enumeration no longer has, which a profile may hold.
    MembersDropped(Vec<String>),
}

impl FeatureChange {
    /// For people.
    pub(super) fn words(&self) -> String {
        match self {
            FeatureChange::Added => "added, empty at first".to_string(),
            FeatureChange::Dropped => "dropped, with what it held".to_string(),
            FeatureChange::Retyped(old, new) => format!("retyped, {old} -> {new}"),
            FeatureChange::Window(old, new) => format!("window changed, {old} -> {new}"),
            FeatureChange::MembersDropped(gone) => {
                format!("members dropped: {}", gone.join(", "))
            }
        }
    }

    /// One word for machines.
    pub(super) fn word(&self) -> &'static str {
        match self {
            FeatureChange::Added => "added",
            FeatureChange::Dropped => "dropped",
            FeatureChange::Retyped(..) => "retyped",
            FeatureChange::Window(..) => "window",
            FeatureChange::MembersDropped(_) => "members_dropped",
        }
    }
}

impl fmt::Display for ProfileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.bytes;
        if self.layout_equal {
            writeln!(
                f,
                "profiles: layout equal, {after} bytes: stored profiles are used as they are"
            )?;
        } else {
            writeln!(
                f,
                "profiles: layout differs, {before} -> {after} bytes: stored profiles are refused as they are"
            )?;
        }
        for (name, change) in &self.features {
            writeln!(f, "  feature {name}: {}", change.words())?;
        }
        let (before, after) = self.contacts;
        if before != after {
            writeln!(f, "  contacts remembered: {before} -> {after}")?;
        }
        Ok(())
    }
}

impl ProfileChange {
    pub(super) fn to_json(&self) -> Json {
        let feature = |(name, change): &(String, FeatureChange)| {
            let mut known =
                Vec::from([("name", name.as_str().into()), ("change", change.word().into())]);
            match change {
                FeatureChange::Retyped(old, new) | FeatureChange::Window(old, new) => {
                    known.extend([("old", old.as_str().into()), ("new", new.as_str().into())]);
                }
                FeatureChange::MembersDropped(gone) => {
                    known.push(("members", Json::list(gone.iter().map(String::as_str))));
                }
                FeatureChange::Added | FeatureChange::Dropped => {}
            }
            Json::object(known)
        };
        Json::object([
            ("layout_equal", Json::Bool(self.layout_equal)),
            ("bytes_before", self.bytes.0.into()),
            ("bytes_after", self.bytes.1.into()),
            ("contacts_before", self.contacts.0.into()),
            ("contacts_after", self.contacts.1.into()),
            ("features", Json::list(self.features.iter().map(feature))),
        ])
    }
}

pub(super) fn profiles(old: &Policy, new: &Policy) -> ProfileChange {
    let mut features = Vec::new();
    for (_, name) in old.names::<FeatureId>() {
        let Some(before) = feature(old, name) else { continue };
        let change = match feature(new, name) {
            None => Some(FeatureChange::Dropped),
            Some(after) => changed((old, before), (new, after)),
        };
        features.extend(change.map(|change| (name.to_string(), change)));
    }
    let added = new.names::<FeatureId>().filter(|(_, name)| feature(old, name).is_none());
    features.extend(added.map(|(_, name)| (name.to_string(), FeatureChange::Added)));
    ProfileChange {
        layout_equal: old.layout.hash == new.layout.hash,
        bytes: (old.profile_bytes(), new.profile_bytes()),
        contacts: (old.layout.contact_entries, new.layout.contact_entries),
        features,
    }
}

fn feature<'p>(policy: &'p Policy, name: &str) -> Option<&'p Feature> {
    let position = policy.feature_position(policy.id(name)?)?;
    policy.tables.features.get(position)
}

fn changed(
    (old, before): (&Policy, &Feature),
    (new, after): (&Policy, &Feature),
) -> Option<FeatureChange> {
    let (was, is) = (kind(before), kind(after));
    if was != is {
        return Some(FeatureChange::Retyped(was, is));
    }
    let (was, is) = (window(before), window(after));
    if was != is {
        return Some(FeatureChange::Window(words(was), words(is)));
    }
    let has = |name: &str| after.members.iter().any(|member| new.name_of(*member) == Some(name));
    let members = before.members.iter().filter_map(|member| old.name_of(*member));
    let gone: Vec<String> = members.filter(|name| !has(name)).map(ToString::to_string).collect();
    (!gone.is_empty()).then_some(FeatureChange::MembersDropped(gone))
}

/// How a feature comes by its value, and of what type.
fn kind(feature: &Feature) -> String {
    let way = match feature.kind {
        FeatureKind::Attribute => "attribute",
        FeatureKind::Derived(_) => "derived",
        FeatureKind::Output { .. } => "output of a model",
        FeatureKind::Stage { .. } => "stage of a lifecycle",
        FeatureKind::Since { .. } => "time of a stage",
        FeatureKind::Aggregate { fold, .. } => match fold {
            Fold::Count => "count",
            Fold::Sum => "sum",
            Fold::Min => "min",
            Fold::Max => "max",
            Fold::Last => "last",
            Fold::LastTime => "last time",
        },
    };
    format!("{way} of {}", feature.ty.word())
}

fn window(feature: &Feature) -> Window {
    match feature.kind {
        FeatureKind::Aggregate { window, .. } => window,
        _ => Window::Lifetime,
    }
}

fn words(window: Window) -> String {
    let Window::Rolling { bucket_ms, buckets } = window else { return "lifetime".to_string() };
    let ms = bucket_ms * i64::from(buckets);
    let units = [(DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit_ms, _)| ms % unit_ms == 0);
    let (unit_ms, unit) = unit.unwrap_or((1, "ms"));
    format!("{}{unit} in {buckets} buckets", ms / unit_ms)
}
