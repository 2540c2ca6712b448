//! Patterns.

use alloc::vec::Vec;

use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::bytes::{Reader, Writer};
use crate::base::encoding::{Broken, Encoded, encoded};
use crate::base::ids::PatternId;
use crate::base::limits::{
    PATTERN_MS_MAX, PATTERN_STEPS_MAX, PATTERN_TIMES_MAX, PATTERN_TIMES_WITHIN_MAX, PATTERNS_MAX,
};
use crate::expr::Program;
use crate::policy::{EventKind, Listen, Pattern, Shape};

encoded! {
    Pattern { id: PatternId, shape: Shape, moments: Vec<u16> }
    Listen { pattern: u8, step: u8, filter: Option<Program> }
}

impl Encoded for Shape {
    const BYTES_MIN: usize = 4;

    fn write(&self, out: &mut Writer) {
        match *self {
            Shape::Sequence { steps, within_s } => (1u8, (steps, within_s)).write(out),
            Shape::Repeat { times, within_s } => (2u8, (times, within_s)).write(out),
            Shape::Absence { within_s } => (3u8, within_s).write(out),
            Shape::Crossing { enter, rearm } => (4u8, (enter, rearm)).write(out),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok(match u8::read(input)? {
            1 => Shape::Sequence { steps: u8::read(input)?, within_s: u32::read(input)? },
            2 => Shape::Repeat { times: u16::read(input)?, within_s: Option::read(input)? },
            3 => Shape::Absence { within_s: u32::read(input)? },
            4 => Shape::Crossing { enter: Program::read(input)?, rearm: Program::read(input)? },
            _ => return Err(Broken::Bytes),
        })
    }
}

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let tables = check.tables;
    ensure(tables.patterns.len() <= PATTERNS_MAX, "too many patterns")?;
    let long = |within_s: u32| (1..=PATTERN_MS_MAX / 1_000).contains(&i64::from(within_s));
    for pattern in &tables.patterns {
        let fits = match pattern.shape {
            Shape::Sequence { steps, within_s } => {
                (2..=PATTERN_STEPS_MAX).contains(&usize::from(steps)) && long(within_s)
            }
            Shape::Repeat { times, within_s: None } => {
                (2..=PATTERN_TIMES_MAX).contains(&usize::from(times))
            }
            Shape::Repeat { times, within_s: Some(within_s) } => {
                (2..=PATTERN_TIMES_WITHIN_MAX).contains(&usize::from(times)) && long(within_s)
            }
            Shape::Absence { within_s } => long(within_s),
            Shape::Crossing { enter, rearm } => {
                check.program(enter)?;
                check.program(rearm)?;
                true
            }
        };
        ensure(fits, "a pattern is out of range")?;
        let moments = tables.moments.len();
        let known = pattern.moments.iter().all(|moment| usize::from(*moment) < moments);
        ensure(known, "a pattern raises a moment that is not there")?;
    }
    Ok(())
}

/// What an event is to patterns: steps that they have, in order.
pub(super) fn event_kind(check: &Check<'_>, event: &EventKind) -> Result<(), ArtifactError> {
    for listen in &event.patterns {
        let pattern = check.tables.patterns.get(usize::from(listen.pattern));
        let steps = match pattern.map(|pattern| pattern.shape) {
            Some(Shape::Sequence { steps, .. }) => steps,
            Some(Shape::Repeat { .. } | Shape::Absence { .. }) => 1,
            Some(Shape::Crossing { .. }) | None => {
                return ensure(false, "an event is part of a pattern that has no such step");
            }
        };
        ensure(listen.step <= steps, "an event is part of a pattern that has no such step")?;
        listen.filter.map_or(Ok(()), |filter| check.of_event(filter, event.fields.len()))?;
    }
    let order = |listen: &Listen| {
        (listen.pattern, listen.step != Listen::AGAINST, core::cmp::Reverse(listen.step))
    };
    let few = event.patterns.len() <= PATTERNS_MAX * (PATTERN_STEPS_MAX + 1);
    let sorted = event.patterns.is_sorted_by(|a, b| order(a) < order(b));
    ensure(few && sorted, "the patterns of an event are not in order")
}
