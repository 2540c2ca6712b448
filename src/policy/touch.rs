//! Which kinds of event can change what a program reads: only then is it worth asking again.

use alloc::vec::Vec;

use super::schema::FeatureKind;
use super::{Shape, Tables, Window};
use crate::base::encoding::Encoded;
use crate::expr::{Op, Program};

/// By position of the kind of event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    /// Positions of the crossings that it can move.
    pub(crate) crossings: Vec<Vec<u8>>,
    /// Whether it can move the time at which a moment is due.
    pub(crate) due: Vec<bool>,
    /// Whether any moment says when it is due.
    pub(crate) some_due: bool,
}

impl Touched {
    /// Bytes that it keeps on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        self.crossings.heap_bytes() + self.due.heap_bytes()
    }

    pub(super) fn new(tables: &Tables) -> Touched {
        let mut touched = Touched {
            crossings: alloc::vec![Vec::new(); tables.events.len()],
            due: alloc::vec![false; tables.events.len()],
            some_due: tables.moments.iter().any(|moment| moment.due.is_some()),
        };
        for (position, pattern) in tables.patterns.iter().enumerate() {
            if let Shape::Crossing { enter, rearm } = pattern.shape {
                for event in kinds(tables, &[enter, rearm]) {
                    touched.crossings[event].push(position as u8);
                }
            }
        }
        for due in tables.moments.iter().filter_map(|moment| moment.due) {
            for event in kinds(tables, &[due]) {
                touched.due[event] = true;
            }
        }
        touched
    }
}

/// Positions of the kinds of event that are folded into what the programs read; all kinds, if they
/// read how far a lifecycle has come, which any message may move.
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
    /// Whether it reads how far a lifecycle has come.
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
        match tables.features.get(position).map(|feature| feature.kind) {
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
            Some(FeatureKind::Attribute { .. }) | None => false,
        }
    }
}
