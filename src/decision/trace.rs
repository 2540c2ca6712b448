//! Watching a decision. The hot path watches nothing, at no cost: a decision is explained by
//! running the same function again with a trace.

use alloc::vec::Vec;

use super::{Change, Decision, Stage};
use crate::base::ids::{GroupId, IssueId, OfferId};
use crate::moment::{MomentFate, NoWatch, Recorder, Verdict, Watch};
use crate::profile::Features;

/// Told what becomes of each moment and of each candidate.
pub(crate) trait Trace: Watch {
    /// Whether it wants to hear of candidates at all. If so, offers are asked one by one instead
    /// of through the index, which knows how many fell out but names none.
    const WATCHES: bool = true;

    /// A candidate fell out, or was offered.
    fn fate(&mut self, fate: Fate);
}

/// Watches nothing.
#[derive(Debug)]
pub(crate) struct NoTrace;

impl Trace for NoTrace {
    const WATCHES: bool = false;

    #[inline(always)]
    fn fate(&mut self, _: Fate) {}
}

impl Watch for NoTrace {
    #[inline(always)]
    fn verdict(&mut self, features: &mut Features, position: usize, verdict: Verdict) {
        NoWatch.verdict(features, position, verdict);
    }
}

/// A decision, and what became of every moment and every candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The decision, as [`decide`](crate::decide) makes it from the same inputs.
    pub decision: Decision,
    /// One entry for each moment that the message concerned, first by priority.
    pub moments: Vec<MomentFate>,
    /// One entry for each offer that answers a raised moment.
    pub fates: Vec<Fate>,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Fate {
    /// The offer.
    pub offer: OfferId,
    /// The first stage that refused it; for one with several treatments the furthest that any of
    /// them reached.
    pub stage: Stage,
    /// Whose rule refused it, where its stage is one of rules: eligible, applicable, suitable.
    pub refused_by: Option<RuleOwner>,
    /// What would have had to differ for its rules to hold, where one of them refused it: each of
    /// these alone. Empty where no change of one feature alone is known to help.
    pub changes: Vec<Change>,
    /// Its score, if it came that far: expected value in micro-units of money.
    pub score: Option<f64>,
}

/// Where a rule stands that an offer is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleOwner {
    /// In its issue.
    Issue(IssueId),
    /// In its group.
    Group(GroupId),
    /// In the offer itself.
    Offer(OfferId),
}

impl Fate {
    /// Of a candidate that was scored.
    pub(super) fn scored(offer: OfferId, stage: Stage, score: f64) -> Fate {
        Fate { offer, stage, refused_by: None, changes: Vec::new(), score: Some(score) }
    }
}

/// Writes down what it is told.
#[derive(Debug, Default)]
pub(crate) struct Explaining {
    pub(crate) fates: Vec<Fate>,
    pub(crate) moments: Recorder,
}

impl Trace for Explaining {
    fn fate(&mut self, fate: Fate) {
        self.fates.push(fate);
    }
}

impl Watch for Explaining {
    fn verdict(&mut self, features: &mut Features, position: usize, verdict: Verdict) {
        self.moments.verdict(features, position, verdict);
    }
}
