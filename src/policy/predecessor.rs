//! What a policy keeps of those that it succeeds: enough to work out how their profiles lie, and
//! nothing that runs.
//!
//! An artifact carries these descriptions and not the moves themselves. The moves are worked out
//! when it is loaded, from two layouts that the library computed: whatever the bytes of an
//! artifact say, no move can leave a profile.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::layout::{Layout, Logs};
use super::migration::MigrationProgram;
use super::pattern::{Pattern, Shape};
use super::schema::{Feature, FeatureKind, Holder, Moment};
use super::{Policy, Tables};
use crate::base::hash::hash_words;
use crate::base::ids::{
    FeatureId, MemberId, MomentId, Namespace, PermanentId, SourceId, TreatmentId,
};
use crate::base::limits::PREDECESSORS_MAX;
use crate::expr::Program;

/// An older layout, as its policy declared it.
#[derive(Clone, Debug)]
pub(crate) struct Predecessor {
    /// The version that its author gave the policy.
    pub(crate) version: u32,
    /// Whose profiles: those of accounts hold features alone.
    pub(crate) holder: Holder,
    /// Those that are stored, in the order of their slots.
    pub(crate) features: Vec<Feature>,
    /// In the order of the profile, without their programs.
    pub(crate) moments: Vec<Moment>,
    /// The same of patterns.
    pub(crate) patterns: Vec<Pattern>,
    /// How many contacts a profile remembers.
    pub(crate) contact_entries: u16,
    /// How many outcomes.
    pub(crate) outcome_entries: u16,
    /// What the successor has no longer, for people.
    pub(crate) gone: Vec<GoneName>,
}

/// A name that the older policy had, and its permanent number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GoneName {
    /// Number of a [`Namespace`].
    pub(crate) namespace: u8,
    pub(crate) number: u32,
    pub(crate) name: String,
}

/// Why a policy cannot take over the profiles of another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuccessionError {
    /// The salts differ (the key `salt`, or else the name of the policy), and with them the hashes
    /// by which profiles know their subscribers and sessions.
    Salt {
        /// The version of the older policy.
        version: u32,
    },
    /// A permanent number stands for two things.
    Number {
        /// Of which kind of names.
        namespace: Namespace,
        /// The number.
        number: u32,
        /// What it stands for in the older policy.
        old: String,
        /// And in the new one.
        new: String,
    },
    /// More layouts than [`PREDECESSORS_MAX`](crate::limits::PREDECESSORS_MAX).
    TooMany,
}

impl fmt::Display for SuccessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SuccessionError::Salt { version } => write!(
                f,
                "version {version} has another salt: give `salt` in [policy] the name or the salt \
                 of that version"
            ),
            SuccessionError::Number { namespace, number, old, new } => write!(
                f,
                "{} {number} is {new} now and was {old}: what is stored under {number} would be \
                 misread",
                namespace.word()
            ),
            SuccessionError::TooMany => {
                write!(f, "a policy succeeds at most {PREDECESSORS_MAX} layouts")
            }
        }
    }
}

impl core::error::Error for SuccessionError {}

impl Policy {
    /// This policy, ready to take over profiles that were written under older ones: any call that
    /// meets one brings it to the new layout first. What each of the older policies succeeds
    /// itself is taken over too, as far as there is room. The new policy has a fingerprint of its
    /// own. Allocates.
    ///
    /// ```
    /// # #[cfg(feature = "compiler")] {
    /// # use opportune::compile::{Source, compile};
    /// # let text = include_str!("../../examples/policies/tutorial.toml");
    /// # let ids = include_str!("../../examples/policies/tutorial.ids");
    /// # let longer = text.replace("[policy]", "[attributes.shoe_size]\ntype = \"int\"\n[policy]");
    /// # let build = |text: &str| compile(&[Source { name: "p.toml", bytes: text.as_bytes() }], ids);
    /// let (old, new) = (build(text)?.policy, build(&longer)?.policy);
    /// let new = new.succeeding(&[&old])?;
    /// let report = &new.migrations()[0];
    /// assert_eq!(report.bytes.0, old.profile_bytes());
    /// println!("{report}");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SuccessionError`]: the profiles of an older policy would be misread.
    pub fn succeeding(&self, older: &[&Policy]) -> Result<Policy, SuccessionError> {
        let mut tables = self.tables.clone();
        for old in older {
            compatible(old, self)?;
            add(&mut tables, self, Predecessor::of(old, self))?;
            if old.account.is_some() {
                add(&mut tables, self, Predecessor::of_account(old, self))?;
            }
        }
        for old in older {
            let gone = gone(old, self);
            for inherited in &old.tables.predecessors {
                let mut inherited = inherited.clone();
                inherited.gone.extend(gone.iter().cloned());
                inherited.gone.retain(|name| !name.is_in(self));
                inherited.gone.sort();
                inherited.gone.dedup();
                // The eldest are left behind when there is no more room.
                add(&mut tables, self, inherited).ok();
            }
        }
        for predecessor in &tables.predecessors {
            tables.fingerprint = hash_words(tables.fingerprint, [predecessor.layout().hash]);
        }
        Ok(Policy::new(tables))
    }
}

/// Adds a layout that is neither the policy's own nor there already. Accounts of which the policy
/// keeps nothing have nowhere to go.
fn add(tables: &mut Tables, policy: &Policy, old: Predecessor) -> Result<(), SuccessionError> {
    let Some(own) = policy.layout_of(old.holder) else { return Ok(()) };
    let hash = old.layout().hash;
    let known = tables.predecessors.iter().any(|other| other.layout().hash == hash);
    if hash == own.hash || known {
        return Ok(());
    }
    if tables.predecessors.len() == PREDECESSORS_MAX {
        return Err(SuccessionError::TooMany);
    }
    tables.predecessors.push(old);
    Ok(())
}

fn compatible(old: &Policy, new: &Policy) -> Result<(), SuccessionError> {
    if old.tables.salt != new.tables.salt {
        return Err(SuccessionError::Salt { version: old.version() });
    }
    for namespace in Namespace::ALL {
        for (number, was) in old.tables.names.all(namespace) {
            match new.tables.names.name(namespace, number) {
                Some(is) if is != was => {
                    let (old, new) = (was.to_string(), is.to_string());
                    return Err(SuccessionError::Number { namespace, number, old, new });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// What has a place in profiles under the old policy, and no name under the new one.
fn gone(old: &Policy, new: &Policy) -> Vec<GoneName> {
    fn of<I: PermanentId>(old: &Policy) -> impl Iterator<Item = GoneName> {
        old.names::<I>().map(|(id, name)| GoneName {
            namespace: I::NAMESPACE as u8,
            number: id.number(),
            name: name.to_string(),
        })
    }
    let stored = |name: &GoneName| {
        let position = old.feature_position(FeatureId(name.number));
        let stores =
            position.is_some_and(|position| Layout::stores(&old.tables.features[position]));
        name.namespace != Namespace::Feature as u8 || stores
    };
    let all = of::<FeatureId>(old)
        .filter(stored)
        .chain(of::<MemberId>(old))
        .chain(of::<MomentId>(old))
        .chain(of::<TreatmentId>(old))
        .chain(of::<SourceId>(old));
    all.filter(|name| !name.is_in(new)).collect()
}

impl GoneName {
    fn is_in(&self, policy: &Policy) -> bool {
        Namespace::from_number(u32::from(self.namespace))
            .is_some_and(|namespace| policy.tables.names.name(namespace, self.number).is_some())
    }
}

impl Predecessor {
    pub(crate) fn of(old: &Policy, new: &Policy) -> Predecessor {
        let tables = &old.tables;
        let nothing = Program { start: 0, len: 0 };
        let bare = |moment: &Moment| {
            let offers = 0..0;
            let supersedes = Vec::new();
            Moment {
                when: nothing,
                strength: nothing,
                due: None,
                offers,
                supersedes,
                ..moment.clone()
            }
        };
        let shape = |pattern: &Pattern| match pattern.shape {
            Shape::Crossing { .. } => Shape::Crossing { enter: nothing, rearm: nothing },
            shape => shape,
        };
        let bare_pattern = |pattern: &Pattern| Pattern {
            id: pattern.id,
            shape: shape(pattern),
            moments: Vec::new(),
        };
        Predecessor {
            version: tables.version,
            holder: Holder::Line,
            features: held(old, Holder::Line),
            moments: tables.moments.iter().map(bare).collect(),
            patterns: tables.patterns.iter().map(bare_pattern).collect(),
            contact_entries: old.layout.logs.contacts as u16,
            outcome_entries: old.layout.logs.outcomes as u16,
            gone: gone(old, new),
        }
    }

    /// The same of the profiles of accounts; without features if the older policy kept none.
    pub(crate) fn of_account(old: &Policy, new: &Policy) -> Predecessor {
        let of_features = |name: &GoneName| {
            [Namespace::Feature, Namespace::Member].map(|it| it as u8).contains(&name.namespace)
        };
        Predecessor {
            version: old.tables.version,
            holder: Holder::Account,
            features: held(old, Holder::Account),
            moments: Vec::new(),
            patterns: Vec::new(),
            contact_entries: 0,
            outcome_entries: 0,
            gone: gone(old, new).into_iter().filter(of_features).collect(),
        }
    }

    /// How profiles of the older policy lie.
    pub(crate) fn layout(&self) -> Layout {
        let contacts = usize::from(self.contact_entries);
        let logs = Logs { contacts, outcomes: usize::from(self.outcome_entries) };
        match self.holder {
            Holder::Line => Layout::of_line(&self.features, &self.moments, &self.patterns, logs),
            Holder::Account => Layout::of_account(&self.features),
        }
    }

    /// The number of a name that the successor has no longer.
    #[cfg(feature = "json")]
    pub(crate) fn gone_number(&self, namespace: Namespace, name: &str) -> Option<u32> {
        let found =
            self.gone.iter().find(|gone| gone.namespace == namespace as u8 && gone.name == name);
        found.map(|gone| gone.number)
    }

    /// What the successor calls a number no longer.
    pub(crate) fn gone_name(&self, namespace: Namespace, number: u32) -> Option<&str> {
        let found = self
            .gone
            .iter()
            .find(|gone| gone.namespace == namespace as u8 && gone.number == number);
        found.map(|gone| gone.name.as_str())
    }
}

impl Policy {
    /// What the profiles of an older layout hold, if the policy succeeds it.
    #[cfg(feature = "json")]
    pub(crate) fn predecessor(&self, layout: u64) -> Option<&Predecessor> {
        self.tables.predecessors.iter().find(|older| older.layout().hash == layout)
    }
}

/// What the profiles of a holder store, in the order of their slots.
fn held(old: &Policy, holder: Holder) -> Vec<Feature> {
    let features = old.tables.features.iter();
    let held = features.filter(|feature| feature.holder == holder && Layout::stores(feature));
    held.map(|feature| alone(feature, old)).collect()
}

/// A feature as it is stored, among those of its holder: its lifecycle is the older policy's own.
fn alone(feature: &Feature, old: &Policy) -> Feature {
    let features = &old.tables.features;
    let kind = match feature.kind {
        FeatureKind::Stage { .. } => FeatureKind::Stage { lifecycle: 0 },
        FeatureKind::Aggregate(aggregate) => FeatureKind::Aggregate(aggregate.moved(|at| {
            let before = features.iter().take(usize::from(at));
            let held = |other: &&Feature| other.holder == feature.holder && Layout::stores(other);
            before.filter(held).count() as u16
        })),
        kind => kind,
    };
    Feature { kind, ..feature.clone() }
}

/// The programs of all layouts that tables succeed, ascending by hash.
pub(super) fn programs(
    tables: &Tables,
    line: &Layout,
    account: Option<&Layout>,
) -> Vec<MigrationProgram> {
    let program = |old: &Predecessor| {
        let layout = match old.holder {
            Holder::Line => line,
            Holder::Account => account?,
        };
        Some(MigrationProgram::new(old, tables, layout))
    };
    let mut programs: Vec<MigrationProgram> =
        tables.predecessors.iter().filter_map(program).collect();
    programs.sort_by_key(|program| program.from.hash);
    programs
}
