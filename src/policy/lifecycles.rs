//! Lifecycles: in which of a few named stages a subscriber is, and what leads from one to another.

use alloc::vec::Vec;

use super::{FeatureKind, ModelInput, Tables};
use crate::base::ids::MemberId;
use crate::expr::{Op, Program};

/// A state machine over the profile. Its stage is a feature; so is the time since when.
#[derive(Clone, Debug)]
pub(crate) struct Lifecycle {
    /// Position of the feature that says the stage; its members are the stages.
    pub(crate) feature: u16,
    /// The stage that everybody begins in.
    pub(crate) first: MemberId,
    /// The first that leads from the stage and holds is taken, at most one a call.
    pub(crate) transitions: Vec<Transition>,
}

/// A way from some stages to another.
#[derive(Clone, Debug)]
pub(crate) struct Transition {
    pub(crate) from: Vec<MemberId>,
    pub(crate) to: MemberId,
    /// Over the profile, as it is after the message.
    pub(crate) when: Program,
}

/// One bit a feature: whether its value can change when a lifecycle moves on.
pub(super) fn dependents(tables: &Tables) -> Vec<u64> {
    let mut bits = alloc::vec![0u64; tables.features.len().div_ceil(64)];
    if tables.lifecycles.is_empty() {
        return bits;
    }
    let is_set =
        |bits: &[u64], at: usize| bits.get(at / 64).is_some_and(|w| w >> (at % 64) & 1 == 1);
    loop {
        let before = bits.clone();
        for (at, feature) in tables.features.iter().enumerate() {
            let reads = |program: Program| {
                program.of(&tables.code).iter().any(|op| match op {
                    Op::Feature(read) => is_set(&before, usize::from(*read)),
                    _ => false,
                })
            };
            let depends = match feature.kind {
                FeatureKind::Stage { .. } | FeatureKind::Since { .. } => true,
                FeatureKind::Derived(program) => reads(program),
                FeatureKind::Output { model } => {
                    let model = tables.models.get(usize::from(model));
                    let inputs = model.map_or(&[][..], |model| &model.inputs);
                    inputs.iter().any(|ModelInput { program, .. }| reads(*program))
                }
                // Arms are asked when lifecycles have moved on.
                FeatureKind::Attribute { .. }
                | FeatureKind::Aggregate(_)
                | FeatureKind::Arm { .. } => false,
            };
            if depends {
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        if bits == before {
            return bits;
        }
    }
}
