//! The ways out of each stage of a lifecycle, and what refuses most of them at a glance.
//!
//! Lifecycles are asked at every message, and nearly always stay as they are. Most of their rules
//! begin with how long ago something was (`now - last_use > duration('336h')`): such a time is read
//! and compared in place, and the rule is run only if that does not settle it.

use alloc::vec::Vec;

use super::aggregate::{Aggregate, Fold, Window};
use super::lifecycles::{Lifecycle, Transition};
use super::{FeatureKind, Holder, Layout, Tables};
use crate::base::bytes::read_i64;
use crate::base::ids::MemberId;
use crate::expr::{DURATION_MS, Op, Program};

/// The ways out of one stage, in the order in which they are asked.
#[derive(Clone, Debug)]
pub(crate) struct Exits {
    pub(crate) stage: MemberId,
    pub(crate) ways: Vec<Exit>,
}

/// A way out of a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exit {
    pub(crate) to: MemberId,
    pub(crate) when: Program,
    age: Option<Age>,
}

/// A rule is false while the time at this offset is known and its age lies outside.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Age {
    offset: usize,
    least_ms: i64,
    most_ms: i64,
}

impl Exit {
    /// Whether the rule is false, as far as can be seen without running it.
    #[inline(always)]
    pub(crate) fn refused(&self, bytes: &[u8], now_ms: i64) -> bool {
        let Some(Age { offset, least_ms, most_ms }) = self.age else { return false };
        let time_ms = read_i64(bytes, offset);
        let Some(age_ms) = now_ms.checked_sub(time_ms) else { return false };
        // Beyond the durations of CEL an age is missing, and so may the rule be.
        time_ms != 0 && DURATION_MS.contains(&age_ms) && !(least_ms <= age_ms && age_ms <= most_ms)
    }
}

/// The ways out of each stage of each lifecycle.
pub(super) fn all(tables: &Tables, layout: &Layout) -> Vec<Vec<Exits>> {
    let of = |lifecycle: &Lifecycle| {
        let stages = tables.features.get(usize::from(lifecycle.feature));
        let stages = stages.map_or(&[][..], |feature| &feature.members);
        let ways = |stage: MemberId| {
            let leads = |transition: &&Transition| transition.from.contains(&stage);
            let way = |transition: &Transition| Exit {
                to: transition.to,
                when: transition.when,
                age: age(tables, layout, transition.when.of(&tables.code)),
            };
            lifecycle.transitions.iter().filter(leads).map(way).collect()
        };
        stages.iter().map(|&stage| Exits { stage, ways: ways(stage) }).collect()
    };
    tables.lifecycles.iter().map(of).collect()
}

/// Bytes that they keep on the heap.
pub(super) fn heap_bytes(all: &[Vec<Exits>]) -> usize {
    let of_stage = |exits: &Exits| size_of_val(exits) + size_of_val(exits.ways.as_slice());
    size_of_val(all) + all.iter().flatten().map(of_stage).sum::<usize>()
}

/// What the first condition of a rule says of an age, if being false settles the rule.
fn age(tables: &Tables, layout: &Layout, rule: &[Op]) -> Option<Age> {
    let compares = rule.iter().position(|op| matches!(op, Op::LessInt | Op::LessOrEqualInt))?;
    let (condition, rest) = rule.split_at_checked(compares + 1)?;
    if !false_settles(rule, rest) {
        return None;
    }
    let (op, operands) = condition.split_last()?;
    let strictly = i64::from(*op == Op::LessInt);
    let (time, least_ms, most_ms) = match operands {
        [Op::Constant(least), age @ ..] => {
            (age_of(tables, age)?, (*least as i64).checked_add(strictly)?, i64::MAX)
        }
        [age @ .., Op::Constant(most)] => {
            (age_of(tables, age)?, i64::MIN, (*most as i64).checked_sub(strictly)?)
        }
        _ => return None,
    };
    Some(Age { offset: time_offset(tables, layout, time)?, least_ms, most_ms })
}

/// Whether a rule that has come to false at the beginning of `rest` jumps to its end with it.
fn false_settles<'p>(rule: &'p [Op], mut rest: &'p [Op]) -> bool {
    while let Some(op) = rest.first() {
        let Op::JumpIfFalse(target) = *op else { return false };
        // Jumps only lead forward.
        let target = usize::from(target).max(rule.len() - rest.len() + 1);
        rest = rule.get(target..).unwrap_or(&[]);
    }
    true
}

/// The feature whose age these operations give: a time before now.
fn age_of(tables: &Tables, ops: &[Op]) -> Option<u16> {
    match ops {
        [Op::Now, Op::Feature(time), Op::SubtractInt]
        | [Op::Now, Op::Feature(time), Op::SubtractInt, Op::DurationInRange] => Some(*time),
        [Op::Feature(age)] => match tables.features.get(usize::from(*age))?.kind {
            FeatureKind::Derived(program) => match program.of(&tables.code) {
                [Op::Feature(_)] => None,
                ops => age_of(tables, ops),
            },
            _ => None,
        },
        _ => None,
    }
}

/// Where a time lies in the profile; zero there says that it is missing.
fn time_offset(tables: &Tables, layout: &Layout, position: u16) -> Option<usize> {
    let position = usize::from(position);
    let feature = tables.features.get(position)?;
    if feature.holder == Holder::Account {
        return None;
    }
    match feature.kind {
        FeatureKind::Aggregate(Aggregate {
            fold: Fold::LastTime | Fold::FirstTime,
            window: Window::Lifetime,
            ..
        }) => Some(*layout.features.get(position)? as usize),
        FeatureKind::Since { stage } => {
            Some(*layout.features.get(usize::from(stage))? as usize + 8)
        }
        _ => None,
    }
}
