//! What a profile remembers and what makes it remember: event kinds, features, moments.

use alloc::vec::Vec;
use core::ops::Range;

use super::aggregate::Aggregate;
use super::pattern::Listen;
use crate::base::ids::{EventId, FeatureId, FieldId, IntentId, MemberId, MomentId, SourceId};
use crate::expr::{Program, Type};

/// A kind of event, its fields, and what hangs on it.
#[derive(Clone, Debug)]
pub(crate) struct EventKind {
    pub(crate) id: EventId,
    pub(crate) fields: Vec<FieldSpec>,
    /// Position of the field that says in which zone it happened.
    pub(crate) zone: Option<u16>,
    /// Where its values come from, if the policy says so.
    pub(crate) source: Option<SourceId>,
    /// What an event of this kind is folded into.
    pub(crate) folds: Vec<FoldStep>,
    /// The same of features that the account's profile holds.
    pub(crate) account_folds: Vec<FoldStep>,
    /// Positions of the moments that listen to it, first by priority. Most kinds have few or
    /// none: that is what makes an irrelevant event cheap.
    pub(crate) moments: Vec<u16>,
    /// What it is to patterns.
    pub(crate) patterns: Vec<Listen>,
}

impl EventKind {
    /// What an event of this kind is folded into, whoever holds it.
    pub(crate) fn all_folds(&self) -> impl Iterator<Item = &FoldStep> {
        self.folds.iter().chain(&self.account_folds)
    }

    /// What it is folded into of a profile of this holder.
    pub(crate) fn folds_of(&self, holder: Holder) -> &[FoldStep] {
        match holder {
            Holder::Line => &self.folds,
            Holder::Account => &self.account_folds,
        }
    }
}

/// A field of an event kind.
#[derive(Clone, Debug)]
pub(crate) struct FieldSpec {
    pub(crate) id: FieldId,
    pub(crate) ty: Type,
    /// The members that the field may hold, in ascending order, when its type is an enumeration.
    pub(crate) members: Vec<MemberId>,
}

/// One way in which an event kind feeds a stored feature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoldStep {
    /// Position of the feature.
    pub(crate) feature: u16,
    /// Position of the field that is folded; none for counts and times.
    pub(crate) field: Option<u16>,
    /// Only events for which this holds are folded. It reads the event alone, so that the order
    /// in which events arrive cannot matter.
    pub(crate) filter: Option<Program>,
    /// Of a share: which of these events are the part. It reads the event alone, too.
    pub(crate) part: Option<Program>,
}

/// A typed value of the profile.
#[derive(Clone, Debug)]
pub(crate) struct Feature {
    pub(crate) id: FeatureId,
    pub(crate) ty: Type,
    pub(crate) kind: FeatureKind,
    /// The members that it may hold, in ascending order, when its type is an enumeration.
    pub(crate) members: Vec<MemberId>,
    /// Whose profile holds what is stored of it. What is computed may read both.
    pub(crate) holder: Holder,
}

/// Whose profile: that of the line which is decided for, or of the account that pays for several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Holder {
    /// The line's own.
    #[default]
    Line = 1,
    /// The account's.
    Account = 2,
}

/// Where a feature's value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FeatureKind {
    /// Set from outside with an as-of time, and by events if a fold step names it: the value
    /// with the latest time stands, and is missing once it is older than it lasts.
    Attribute { expires_ms: Option<i64> },
    /// Folded from events into a slot of the profile.
    Aggregate(Aggregate),
    /// Computed when read.
    Derived(Program),
    /// An answer of a model, at this position of the policy.
    Output { model: u16 },
    /// The stage of a lifecycle, at this position of the policy: where the subscriber is, and since when.
    Stage { lifecycle: u16 },
    /// Since when the subscriber is in the stage that the feature at this position says.
    Since { stage: u16 },
    /// The arm of an experiment, at this position of the policy, that the subscriber is in.
    Arm { experiment: u16 },
}

/// A situation worth acting on.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) id: MomentId,
    pub(crate) intent: IntentId,
    /// Reads features and the triggering event.
    pub(crate) when: Program,
    /// 0 to 1 (clamped), a double.
    pub(crate) strength: Program,
    /// The least strength with which it is raised.
    pub(crate) threshold: f64,
    /// 0 to 1: how soon the answer must come to be of use.
    pub(crate) urgency: f64,
    /// When a call without events is due, though nothing happens: a timestamp over the profile.
    pub(crate) due: Option<Program>,
    /// How long after it was raised it still counts.
    pub(crate) lasts_ms: i64,
    /// How long it stays silent after an offer was made on it.
    pub(crate) snooze_ms: i64,
    /// Its place among all moments by priority, the first being 0.
    pub(crate) rank: u16,
    /// Range of `Tables::moment_offers`.
    pub(crate) offers: Range<u32>,
    /// Whether a message without events (a tick) asks for it too.
    pub(crate) on_tick: bool,
    /// Positions of the moments that it ends.
    pub(crate) supersedes: Vec<u16>,
}
