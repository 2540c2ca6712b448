//! Watching a decision. The hot path watches nothing, at no cost: a decision is explained by
//! running the same function again with a trace.

use alloc::vec::Vec;

use super::{Decision, Stage};
use crate::base::ids::OfferId;

/// Told what becomes of each candidate.
pub(crate) trait Trace {
    /// Whether it wants to hear of candidates at all. If so, offers are asked one by one instead
    /// of through the index, which knows how many fell out but names none.
    const WATCHES: bool = true;

    /// A candidate fell out, or was offered; `score` once it has one.
    fn fate(&mut self, offer: OfferId, stage: Stage, score: Option<f64>);
}

/// Watches nothing.
#[derive(Debug)]
pub(crate) struct NoTrace;

impl Trace for NoTrace {
    const WATCHES: bool = false;

    #[inline(always)]
    fn fate(&mut self, _: OfferId, _: Stage, _: Option<f64>) {}
}

/// A decision and what became of every candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The decision, as [`decide`](crate::decide) makes it from the same inputs.
    pub decision: Decision,
    /// One entry for each offer that answers a raised moment.
    pub fates: Vec<Fate>,
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fate {
    /// The offer.
    pub offer: OfferId,
    /// The first stage that refused it; for one with several treatments the furthest that any of
    /// them reached.
    pub stage: Stage,
    /// Its score, if it came that far: expected value in micro-units of money.
    pub score: Option<f64>,
}

impl Trace for Vec<Fate> {
    fn fate(&mut self, offer: OfferId, stage: Stage, score: Option<f64>) {
        self.push(Fate { offer, stage, score });
    }
}
