//! Which arms of experiments a decision tells of.

use smallvec::SmallVec;

use super::Context;
use crate::base::ids::MemberId;
use crate::base::limits::DECISION_ARMS_MAX;
use crate::expr::Environment;
use crate::moment::{Moments, RaisedMoment};
use crate::policy::Assignment;
use crate::profile::Features;

/// The arms of the experiments that the offers of these moments read; of all experiments when a
/// channel asks, which may be answered with any offer. O(experiments).
pub(super) fn list_arms(
    features: &mut Features,
    context: &Context,
    moments: &Moments,
    arms: &mut SmallVec<[Assignment; DECISION_ARMS_MAX]>,
) {
    let policy = features.policy();
    if policy.exposures.is_empty() {
        return;
    }
    let exposure = |moment: &RaisedMoment| {
        let position = policy.moment_position(moment.id)?;
        policy.exposures.get(position).copied()
    };
    let of_moments = moments.iter().filter_map(exposure).fold(0, |all, bits| all | bits);
    let exposed = if context.channel.is_some() { u64::MAX } else { of_moments };
    for (at, experiment) in policy.tables.experiments.iter().enumerate() {
        let arm = (exposed >> at & 1 == 1).then(|| features.feature(experiment.feature));
        let feature = policy.tables.features.get(usize::from(experiment.feature));
        let arm = arm.and_then(|arm| arm.bits()).map(|bits| MemberId(bits as u32));
        if let Some((arm, feature)) = arm.zip(feature)
            && arms.len() < DECISION_ARMS_MAX
        {
            arms.push(Assignment { experiment: feature.id, arm });
        }
    }
}
