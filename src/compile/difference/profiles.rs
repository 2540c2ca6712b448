//! What a new policy makes of the profiles that were written under the old one.

use std::fmt;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::base::ids::FeatureId;
use crate::compile::json::Json;
use crate::policy::{Feature, FeatureChange, Layout, Migration, Policy, Predecessor, describe};

/// What happens to stored profiles.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProfileChange {
    /// Whether every byte still means the same: then stored profiles are used as they are.
    /// Otherwise they are migrated by a policy that [succeeds](Policy::succeeding) the old one, and
    /// refused with [`Error::ProfileLayout`](crate::Error::ProfileLayout) by one that does not.
    pub layout_equal: bool,
    /// The salts, before and after, where they differ: then every stored profile is refused with
    /// [`Error::ProfileSubscriber`](crate::Error::ProfileSubscriber), whatever its layout.
    pub salts: Option<(String, String)>,
    /// Bytes of a profile, before and after.
    pub bytes: (usize, usize),
    /// The same as `layout_equal` of the profiles of accounts.
    pub account_layout_equal: bool,
    /// Bytes of an account's profile, before and after; zero where nothing is kept of accounts.
    pub account_bytes: (usize, usize),
    /// Contacts that a profile remembers, before and after.
    pub contacts: (usize, usize),
    /// Features by name, with what happens to each that is not the same.
    pub features: Vec<(String, FeatureChange)>,
}

impl fmt::Display for ProfileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((before, after)) = &self.salts {
            writeln!(
                f,
                "profiles: THE SALT CHANGES, {before:?} -> {after:?}: EVERY STORED PROFILE IS \
                 REFUSED as another subscriber's\n  to keep them: salt = {before:?} under [policy]"
            )?;
        }
        let (before, after) = self.bytes;
        match self.layout_equal {
            true => write!(f, "profiles: layout equal, {after} bytes")?,
            false => write!(f, "profiles: layout differs, {before} -> {after} bytes")?,
        }
        let fate = match (&self.salts, self.layout_equal) {
            (Some(_), _) => "",
            (None, true) => ": stored profiles are used as they are",
            (None, false) => {
                ": stored profiles are migrated by a policy that succeeds the old one, and refused \
                 by any other\n  to migrate them: opportune compile NEW --succeeds OLD"
            }
        };
        writeln!(f, "{fate}")?;
        self.accounts(f)?;
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
    /// A line on accounts' profiles, if there are any.
    fn accounts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account_bytes {
            (0, 0) => Ok(()),
            (0, after) => writeln!(f, "accounts: profiles of {after} bytes, new"),
            (before, 0) => {
                writeln!(f, "accounts: nothing is kept of them any more; {before} bytes before")
            }
            (_, after) if self.account_layout_equal => {
                writeln!(f, "accounts: layout equal, {after} bytes")
            }
            (before, after) => {
                writeln!(
                    f,
                    "accounts: layout differs, {before} -> {after} bytes, migrated likewise"
                )
            }
        }
    }

    pub(super) fn to_json(&self) -> Json {
        let feature = |(name, change): &(String, FeatureChange)| {
            let mut known =
                Vec::from([("name", name.as_str().into()), ("change", change.word().into())]);
            match change {
                FeatureChange::Retyped(old, new)
                | FeatureChange::Converted(old, new)
                | FeatureChange::Emptied(old, new)
                | FeatureChange::Window(old, new) => {
                    known.extend([("old", old.as_str().into()), ("new", new.as_str().into())]);
                }
                FeatureChange::MembersDropped(gone) => {
                    known.push(("members", Json::list(gone.iter().map(String::as_str))));
                }
                FeatureChange::Added | FeatureChange::Dropped | FeatureChange::Kept => {}
            }
            Json::object(known)
        };
        Json::object([
            ("salt_equal", Json::Bool(self.salts.is_none())),
            ("layout_equal", Json::Bool(self.layout_equal)),
            ("bytes_before", self.bytes.0.into()),
            ("bytes_after", self.bytes.1.into()),
            ("account_layout_equal", Json::Bool(self.account_layout_equal)),
            ("account_bytes_before", self.account_bytes.0.into()),
            ("account_bytes_after", self.account_bytes.1.into()),
            ("contacts_before", self.contacts.0.into()),
            ("contacts_after", self.contacts.1.into()),
            ("features", Json::list(self.features.iter().map(feature))),
        ])
    }
}

pub(super) fn profiles(old: &Policy, new: &Policy) -> ProfileChange {
    let migration = |of: Predecessor, bytes| Migration::new(&of, &new.tables, bytes);
    let of_account = migration(Predecessor::of_account(old, new), new.account_bytes());
    let migration = migration(Predecessor::of(old, new), new.profile_bytes());
    let mut features = migration.features;
    for (name, change) in of_account.features {
        // One that comes from the line's profile was met there.
        if features.iter().all(|(known, _)| *known != name) {
            features.push((name, change));
        }
    }
    features.retain(|(_, change)| *change != FeatureChange::Kept);
    // What is computed has no bytes, but rules read it.
    for (id, name) in old.names::<FeatureId>() {
        let change = match (feature(old, id), feature(new, id)) {
            (Some(was), None) if is_computed(was) => Some(FeatureChange::Dropped),
            (Some(was), Some(is)) if is_computed(was) && is_computed(is) && was.ty == is.ty => None,
            (Some(was), Some(is)) if is_computed(is) => {
                features.retain(|(other, _)| other != name);
                Some(FeatureChange::Retyped(describe(was), describe(is)))
            }
            _ => None,
        };
        features.extend(change.map(|change| (name.to_string(), change)));
    }
    for (id, name) in new.names::<FeatureId>() {
        if feature(new, id).is_some_and(is_computed) && feature(old, id).is_none() {
            features.push((name.to_string(), FeatureChange::Added));
        }
    }
    ProfileChange {
        layout_equal: migration.layout == new.layout.hash,
        salts: None,
        bytes: migration.bytes,
        account_layout_equal: old.account.as_ref().map(|it| it.hash)
            == new.account.as_ref().map(|it| it.hash),
        account_bytes: (old.account_bytes(), new.account_bytes()),
        contacts: migration.contacts,
        features,
    }
}

fn feature(policy: &Policy, id: FeatureId) -> Option<&Feature> {
    policy.tables.features.get(policy.feature_position(id)?)
}

fn is_computed(feature: &Feature) -> bool {
    !Layout::stores(feature)
}
