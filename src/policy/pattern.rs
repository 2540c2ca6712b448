//! Patterns: what has to happen, and in which order, before a moment is worth asking for.

use alloc::vec::Vec;

use crate::base::ids::PatternId;
use crate::expr::Program;

/// Something that completes at one instant, over several events.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(crate) id: PatternId,
    pub(crate) shape: Shape,
    /// Positions of the moments that are asked when it completes, first by priority.
    pub(crate) moments: Vec<u16>,
}

/// What a pattern waits for. Times are in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// So many steps one after the other, all within a time of the first.
    Sequence { steps: u8, within_s: u32 },
    /// One step so many times; within a time of one another, or ever.
    Repeat { times: u16, within_s: Option<u32> },
    /// One step, and then another not within a time.
    Absence { within_s: u32 },
    /// A rule comes to hold, and must have ceased (`rearm`) before that counts again.
    Crossing { enter: Program, rearm: Program },
}

impl Shape {
    /// A number for each kind and its steps: what a state in a profile means by.
    pub(crate) fn digest(self) -> u64 {
        match self {
            Shape::Sequence { steps, .. } => 1 | u64::from(steps) << 8,
            Shape::Repeat { times, within_s: Some(_) } => 2 | u64::from(times) << 8,
            Shape::Repeat { within_s: None, .. } => 3,
            Shape::Absence { .. } => 4,
            Shape::Crossing { .. } => 5,
        }
    }
}

/// What an event of one kind is to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listen {
    /// Position of the pattern.
    pub(crate) pattern: u8,
    /// The number of the step that it may be, from 1; [`Listen::AGAINST`] for what must not
    /// happen. Of one pattern that comes first, then the steps, the last first: so no event is
    /// two steps in a row.
    pub(crate) step: u8,
    /// Only events for which this holds.
    pub(crate) filter: Option<Program>,
}

impl Listen {
    /// In place of a step: what must not happen.
    pub(crate) const AGAINST: u8 = 0;
}
