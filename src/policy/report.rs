//! What becomes of stored profiles, in words: for people who put a new policy in an old one's
//! place.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::aggregate::{Aggregate, BillDay, CalendarUnit, Fold, Quantile, Window};
use super::migration::Fate;
use super::predecessor::Predecessor;
use super::schema::{Feature, FeatureKind, Holder};
use super::{Layout, Policy, Tables};
use crate::base::civil::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::base::ids::{MemberId, Namespace, PermanentId};

/// What a policy makes of the profiles of one older layout. Prints for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// The version of the older policy.
    pub version: u32,
    /// Whose profiles they are.
    pub holder: Holder,
    /// The digest by which a profile names its layout.
    pub layout: u64,
    /// Bytes of a profile, before and after.
    pub bytes: (usize, usize),
    /// Contacts that a profile remembers, before and after. Of more than there is room for, the
    /// latest are kept.
    pub contacts: (usize, usize),
    /// Stored features by name, the old ones first.
    pub features: Vec<(String, FeatureChange)>,
    /// Moments that are gone, with what they remembered.
    pub moments_dropped: Vec<String>,
    /// Treatments that are gone: open offers that were made in them are closed.
    pub treatments_dropped: Vec<String>,
}

/// What happens to what is remembered in one feature. Before and after are words such as `sum of
/// money over 1d in 12 buckets`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeatureChange {
    /// The same bytes.
    Kept,
    /// It is new, and begins empty.
    Added,
    /// It is gone, with what it held.
    Dropped,
    /// Its values are kept as another type.
    Converted(String, String),
    /// What it holds is kept in a window of other buckets, as far back as both reach.
    Window(String, String),
    /// It means something else now, and begins empty.
    Emptied(String, String),
    /// It is computed, now or as before, and of another type.
    Retyped(String, String),
    /// It is kept; these members, which a profile may hold, are gone from its enumeration.
    MembersDropped(Vec<String>),
}

impl FeatureChange {
    /// For people.
    pub(crate) fn words(&self) -> String {
        match self {
            FeatureChange::Kept => "kept".to_string(),
            FeatureChange::Added => "added, empty at first".to_string(),
            FeatureChange::Dropped => "dropped, with what it held".to_string(),
            FeatureChange::Converted(old, new) => format!("converted, {old} -> {new}"),
            FeatureChange::Window(old, new) => {
                format!("kept as far back as both windows reach, {old} -> {new}")
            }
            FeatureChange::Emptied(old, new) => {
                format!("begins empty, since it means something else, {old} -> {new}")
            }
            FeatureChange::Retyped(old, new) => format!("retyped, {old} -> {new}"),
            FeatureChange::MembersDropped(gone) => {
                format!("kept; members dropped: {}", gone.join(", "))
            }
        }
    }

    /// One word for machines.
    #[cfg(feature = "compiler")]
    pub(crate) fn word(&self) -> &'static str {
        match self {
            FeatureChange::Kept => "kept",
            FeatureChange::Added => "added",
            FeatureChange::Dropped => "dropped",
            FeatureChange::Converted(..) => "converted",
            FeatureChange::Window(..) => "window",
            FeatureChange::Emptied(..) => "emptied",
            FeatureChange::Retyped(..) => "retyped",
            FeatureChange::MembersDropped(_) => "members_dropped",
        }
    }
}

impl Policy {
    /// What becomes of profiles that were written under each of the layouts that this policy
    /// succeeds. Allocates.
    pub fn migrations(&self) -> Vec<Migration> {
        let of = |old: &Predecessor| {
            Some(Migration::new(old, &self.tables, self.layout_of(old.holder)?.bytes))
        };
        self.tables.predecessors.iter().filter_map(of).collect()
    }
}

impl Migration {
    /// `bytes` is what a profile of the newer policy has.
    pub(crate) fn new(old: &Predecessor, tables: &Tables, bytes: usize) -> Migration {
        let from = old.layout();
        let contacts = match old.holder {
            Holder::Line => tables.contact.caps.first().map_or(0, |cap| usize::from(cap.limit)),
            Holder::Account => 0,
        };
        let names = Naming { old, tables };
        let stored = |feature: &&Feature| Layout::stores(feature);
        let mut features: Vec<(String, FeatureChange)> = Vec::new();
        for feature in &old.features {
            let new = tables.features.iter().filter(stored).find(|new| new.id == feature.id);
            let change = new.map_or(FeatureChange::Dropped, |new| names.change(feature, new));
            features.push((names.of(feature.id), change));
        }
        let held = |new: &&Feature| Layout::stores(new) && new.holder == old.holder;
        for new in tables.features.iter().filter(held) {
            if !old.features.iter().any(|feature| feature.id == new.id) {
                features.push((names.of(new.id), FeatureChange::Added));
            }
        }
        let gone = |namespace: Namespace| {
            let of = old.gone.iter().filter(move |gone| gone.namespace == namespace as u8);
            of.map(|gone| gone.name.clone()).collect()
        };
        Migration {
            version: old.version,
            holder: old.holder,
            layout: from.hash,
            bytes: (from.bytes, bytes),
            contacts: (from.logs.contacts, contacts),
            features,
            moments_dropped: gone(Namespace::Moment),
            treatments_dropped: gone(Namespace::Treatment),
        }
    }
}

/// Where names come from.
struct Naming<'a> {
    old: &'a Predecessor,
    tables: &'a Tables,
}

impl Naming<'_> {
    /// The name of a number in the newer policy, else in the older one, else the number.
    fn of<I: PermanentId>(&self, id: I) -> String {
        let number = id.number();
        let new = self.tables.names.name(I::NAMESPACE, number);
        let name = new.or_else(|| self.old.gone_name(I::NAMESPACE, number));
        name.map_or_else(|| format!("#{number}"), ToString::to_string)
    }

    fn change(&self, old: &Feature, new: &Feature) -> FeatureChange {
        let both = || (describe(old), describe(new));
        match Fate::of((old, &self.old.features), (new, &self.tables.features)) {
            Fate::Kept => {
                let has = |member: &&MemberId| new.members.binary_search(member).is_err();
                let gone: Vec<String> =
                    old.members.iter().filter(has).map(|member| self.of(*member)).collect();
                if gone.is_empty() {
                    FeatureChange::Kept
                } else {
                    FeatureChange::MembersDropped(gone)
                }
            }
            Fate::Converted(_) => FeatureChange::Converted(both().0, both().1),
            Fate::Rewindowed { .. } => FeatureChange::Window(both().0, both().1),
            Fate::Emptied => FeatureChange::Emptied(both().0, both().1),
        }
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((before, after), version) = (self.bytes, self.version);
        let same = |(_, change): &&(String, FeatureChange)| *change == FeatureChange::Kept;
        let kept = self.features.iter().filter(same).count();
        let whose = match self.holder {
            Holder::Line => "",
            Holder::Account => " of accounts",
        };
        write!(
            f,
            "from version {version}{whose}: {before} -> {after} bytes, {kept} features kept"
        )?;
        for (name, change) in self.features.iter().filter(|feature| !same(feature)) {
            write!(f, "\n  feature {name}: {}", change.words())?;
        }
        let (before, after) = self.contacts;
        if before != after {
            write!(f, "\n  contacts remembered: {before} -> {after}")?;
        }
        for name in &self.moments_dropped {
            write!(f, "\n  moment {name}: dropped, with its snooze")?;
        }
        for name in &self.treatments_dropped {
            write!(f, "\n  treatment {name}: dropped, open offers in it are closed")?;
        }
        Ok(())
    }
}

/// How a feature comes by its value, of what type, and over which time.
pub(crate) fn describe(feature: &Feature) -> String {
    let kind = kind(feature);
    match feature.holder {
        Holder::Line => kind,
        Holder::Account => format!("{kind}, of the account"),
    }
}

fn kind(feature: &Feature) -> String {
    let ty = feature.ty.word();
    match feature.kind {
        FeatureKind::Attribute { .. } => format!("attribute of {ty}"),
        FeatureKind::Derived(_) => format!("derived of {ty}"),
        FeatureKind::Output { .. } => format!("output of a model of {ty}"),
        FeatureKind::Stage { .. } => format!("stage of a lifecycle of {ty}"),
        FeatureKind::Since { .. } => format!("time of a stage of {ty}"),
        FeatureKind::Arm { .. } => format!("arm of an experiment of {ty}"),
        FeatureKind::Aggregate(Aggregate { fold, value, window }) => {
            // Times fold no values.
            let of = match fold {
                Fold::LastTime | Fold::FirstTime => ty,
                _ => value.word(),
            };
            format!("{} of {of} over {}", way(fold), stretch(window))
        }
    }
}

fn way(fold: Fold) -> String {
    match fold {
        Fold::Count => "count".into(),
        Fold::Sum => "sum".into(),
        Fold::Min => "min".into(),
        Fold::Max => "max".into(),
        Fold::Last => "last".into(),
        Fold::First => "first".into(),
        Fold::LastTime => "last time".into(),
        Fold::FirstTime => "first time".into(),
        Fold::Mean => "mean".into(),
        Fold::Share { .. } => "share".into(),
        Fold::Distinct { registers } => format!("distinct in {registers} registers"),
        Fold::Active => "active periods".into(),
        Fold::Streak => "streak".into(),
        Fold::Quantile(Quantile { at_millionths, least, bins, .. }) => {
            let at = f64::from(at_millionths) / 1e6;
            format!("quantile {at} from {least} in {bins} bins")
        }
    }
}

fn stretch(window: Window) -> String {
    match window {
        Window::Lifetime => "a lifetime".into(),
        Window::Rolling { bucket_ms, buckets } => {
            let ms = bucket_ms.saturating_mul(i64::from(buckets));
            format!("{} in {buckets} buckets", duration(ms))
        }
        Window::Calendar { unit, periods, ago } => {
            let unit = match unit {
                CalendarUnit::Day => "days".into(),
                CalendarUnit::Week => "weeks".into(),
                CalendarUnit::Month => "months".into(),
                CalendarUnit::Cycle(BillDay::Day(day)) => format!("cycles from day {day}"),
                CalendarUnit::Cycle(BillDay::Attribute(_)) => String::from("cycles"),
            };
            format!("{periods} {unit}, {ago} ago")
        }
        Window::Decay { half_life_ms, half_lives, per_ms } => {
            let rate = per_ms.map_or(String::new(), |ms| format!(", per {}", duration(ms)));
            format!("{half_lives} half-lives of {}{rate}", duration(half_life_ms))
        }
    }
}

fn duration(ms: i64) -> String {
    let units = [(DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(unit_ms, _)| ms % unit_ms == 0);
    let (unit_ms, unit) = unit.unwrap_or((1, "ms"));
    format!("{}{unit}", ms / unit_ms)
}
