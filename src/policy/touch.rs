//! Which kinds of event can change what a program reads: only then is it worth asking again.

use alloc::vec::Vec;

use super::schema::FeatureKind;
use super::{Shape, Tables};
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
    let mut read = alloc::vec![false; tables.features.len()];
    let mut waiting = Vec::from(programs);
    while let Some(program) = waiting.pop() {
        for op in program.of(&tables.code) {
            let Op::Feature(position) = *op else { continue };
            let position = usize::from(position);
            let Some(known) = read.get_mut(position).filter(|known| !**known) else { continue };
            *known = true;
            match tables.features.get(position).map(|feature| feature.kind) {
                Some(FeatureKind::Derived(program)) => waiting.push(program),
                Some(FeatureKind::Output { model }) => {
                    let model = tables.models.get(usize::from(model));
                    let inputs = model.map_or(&[][..], |model| &model.inputs);
                    waiting.extend(inputs.iter().map(|input| input.program));
                }
                Some(FeatureKind::Stage { .. } | FeatureKind::Since { .. }) => {
                    return (0..tables.events.len()).collect();
                }
                Some(
                    FeatureKind::Attribute { .. }
                    | FeatureKind::Aggregate { .. }
                    | FeatureKind::Arm { .. },
                )
                | None => {}
            }
        }
    }
    let events = tables.events.iter().enumerate();
    let folded = |step: &super::FoldStep| read.get(usize::from(step.feature)) == Some(&true);
    events
        .filter(|(_, event)| event.folds.iter().any(folded))
        .map(|(position, _)| position)
        .collect()
}
