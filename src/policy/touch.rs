//! Which kinds of event can change what a program reads: only then is it worth asking again.

use alloc::vec::Vec;
use core::ops::BitOrAssign;

use super::schema::{EventKind, FeatureKind, Holder};
use super::{DUE_TIMES, Shape, Tables, Window};
use crate::expr::{Op, Program};

/// What a message can concern beside the features that its events are folded into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Concerns {
    /// Whether any moment listens to it.
    pub(crate) moments: bool,
    /// A bit for each crossing that it can move.
    pub(crate) crossings: u32,
    /// Whose due times it can move: a bit for each moment that has one, by its place in
    /// [`Touched::due_moments`]; all for which a profile keeps no time of their own share a bit.
    pub(crate) due: u8,
}

impl Concerns {
    pub(crate) const NONE: Concerns = Concerns { moments: false, crossings: 0, due: 0 };
    /// All due times.
    pub(crate) const ALL_DUE: u8 = u8::MAX;
}

impl BitOrAssign for Concerns {
    fn bitor_assign(&mut self, other: Concerns) {
        self.moments |= other.moments;
        self.crossings |= other.crossings;
        self.due |= other.due;
    }
}

/// What each kind of event can concern.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    /// By position of the kind.
    kinds: Vec<Concerns>,
    /// Positions of the moments that say when they are due.
    pub(crate) due_moments: Vec<u16>,
}

impl Touched {
    /// Bytes that it keeps on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(self.kinds.as_slice()) + size_of_val(self.due_moments.as_slice())
    }

    pub(super) fn new(tables: &Tables) -> Touched {
        let listened =
            |event: &EventKind| Concerns { moments: !event.moments.is_empty(), ..Concerns::NONE };
        let mut all: Vec<Concerns> = tables.events.iter().map(listened).collect();
        for (position, pattern) in tables.patterns.iter().enumerate() {
            if let Shape::Crossing { enter, rearm } = pattern.shape {
                for event in kinds(tables, &[enter, rearm]) {
                    all[event].crossings |= 1 << (position % 32);
                }
            }
        }
        for (nth, due) in tables.moments.iter().filter_map(|moment| moment.due).enumerate() {
            for event in kinds(tables, &[due]) {
                all[event].due |= 1 << nth.min(DUE_TIMES);
            }
        }
        let due = (0..).zip(&tables.moments).filter(|(_, moment)| moment.due.is_some());
        Touched { kinds: all, due_moments: due.map(|(position, _)| position).collect() }
    }

    /// What an event can concern whose kind is at this position.
    pub(crate) fn concerns(&self, kind: usize) -> Concerns {
        self.kinds.get(kind).copied().unwrap_or_default()
    }
}

/// Positions of the kinds of event that are folded into what the programs read; all kinds, if they
/// read how far a lifecycle has come, which any message may move, or what an account holds, which
/// messages of other lines move.
fn kinds(tables: &Tables, programs: &[Program]) -> Vec<usize> {
    let mut reads = Reads { tables, read: alloc::vec![false; tables.features.len()] };
    if programs.iter().any(|program| reads.program(*program)) {
        return (0..tables.events.len()).collect();
    }
    let folded = |step: &super::FoldStep| reads.read.get(usize::from(step.feature)) == Some(&true);
    let events = tables.events.iter().enumerate();
    events
        .filter(|(_, event)| event.folds.iter().any(folded))
        .map(|(position, _)| position)
        .collect()
}

/// What programs read, through all that is computed.
struct Reads<'t> {
    tables: &'t Tables,
    /// By position of the feature.
    read: Vec<bool>,
}

impl Reads<'_> {
    /// Whether it reads how far a lifecycle has come, or what an account holds.
    fn program(&mut self, program: Program) -> bool {
        let tables = self.tables;
        program.of(&tables.code).iter().any(|op| match *op {
            Op::Feature(position) => self.feature(position),
            // The local clock is that of the zone in which a subscriber lives.
            Op::Local(_) => self.zone(),
            _ => false,
        })
    }

    fn zone(&mut self) -> bool {
        self.tables.zones.feature.is_some_and(|position| self.feature(position))
    }

    fn feature(&mut self, position: u16) -> bool {
        let (tables, position) = (self.tables, usize::from(position));
        match self.read.get_mut(position) {
            Some(known) if !*known => *known = true,
            _ => return false,
        }
        let feature = tables.features.get(position);
        if feature.is_some_and(|feature| feature.holder == Holder::Account) {
            return true;
        }
        match feature.map(|feature| feature.kind) {
            Some(FeatureKind::Derived(program)) => self.program(program),
            Some(FeatureKind::Output { model }) => {
                let model = tables.models.get(usize::from(model));
                let inputs = model.map_or(&[][..], |model| &model.inputs);
                inputs.iter().any(|input| self.program(input.program))
            }
            Some(FeatureKind::Stage { .. } | FeatureKind::Since { .. }) => true,
            // Which period is now depends on the zone, and on the day of the bill.
            Some(FeatureKind::Aggregate(kept)) => {
                let calendar = matches!(kept.window, Window::Calendar { .. });
                calendar && self.zone()
                    || kept.bill_day().is_some_and(|position| self.feature(position))
            }
            // No such program reads arms.
            Some(FeatureKind::Attribute { .. } | FeatureKind::Arm { .. }) | None => false,
        }
    }
}
