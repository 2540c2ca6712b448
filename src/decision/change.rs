//! What would have had to differ for an offer's rules to hold. Allocates; asked for explanations
//! only.

use alloc::vec::Vec;

use super::gates::Gates;
use crate::base::ids::FeatureId;
use crate::expr::{Environment, holds};
use crate::policy::{Change as Found, Offer, changes};
use crate::profile::{Features, Value};

/// One thing that, alone, would have made all the rules of an offer hold: its own and those of its
/// group and issue. Other stages may still refuse it then.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// The nearest value of a feature; of an enumeration the first that would do. All that is
    /// computed from it follows.
    Feature {
        /// Which.
        feature: FeatureId,
        /// What it is; none where it is missing.
        is: Option<Value<'static>>,
        /// What it would have to be; none for missing.
        wanted: Option<Value<'static>>,
    },
    /// The same call at that time, if nothing else happens; milliseconds since the Unix epoch.
    Wait {
        /// When.
        until_ms: i64,
    },
}

/// The changes of one feature each, in the order of the rules, that were tried out and help. Rules
/// that compare features with one another, or with what is computed from them, have none.
pub(super) fn helping(gates: &mut Gates, offer: &Offer) -> Vec<Change> {
    let (policy, now_ms) = (gates.inputs.policy, gates.inputs.now_ms);
    let rules: Vec<_> = gates.programs(offer).map(|program| policy.code(program)).collect();
    let found = changes(rules.iter().copied(), &policy.tables.features, gates.features);
    let mut helping = Vec::new();
    for change in found {
        let (feature, at_ms) = match change {
            Found::Feature(at, cell) => (Some((at, cell)), now_ms),
            Found::Later(at_ms) => (None, at_ms),
        };
        let all = |features: &mut Features| rules.iter().all(|rule| holds(rule, features));
        if gates.features.supposing(feature, at_ms, all) {
            helping.extend(in_public(gates, change));
        }
    }
    helping
}

fn in_public(gates: &mut Gates, change: Found) -> Option<Change> {
    Some(match change {
        Found::Later(until_ms) => Change::Wait { until_ms },
        Found::Feature(at, wanted) => {
            let feature = gates.inputs.policy.tables.features.get(usize::from(at))?;
            let is = gates.features.feature(at);
            Change::Feature {
                feature: feature.id,
                is: Value::of_cell(is, feature.ty),
                wanted: Value::of_cell(wanted, feature.ty),
            }
        }
    })
}
