//! Lifecycles: their stages and transitions, and the features that they are read as.

use alloc::vec::Vec;

use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::encoding::encoded;
use crate::base::ids::MemberId;
use crate::base::limits::{LIFECYCLE_STAGES_MAX, LIFECYCLE_TRANSITIONS_MAX, LIFECYCLES_MAX};
use crate::expr::{Program, Type};
use crate::policy::{Feature, FeatureKind, Lifecycle, Transition};

encoded! {
    Lifecycle { feature: u16, first: MemberId, transitions: Vec<Transition> }
    Transition { from: Vec<MemberId>, to: MemberId, when: Program }
}

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let lifecycles = &check.tables.lifecycles;
    ensure(lifecycles.len() <= LIFECYCLES_MAX, "too many lifecycles")?;
    lifecycles.iter().enumerate().try_for_each(|(at, one)| lifecycle(check, at, one))
}

fn lifecycle(
    check: &Check<'_>,
    position: usize,
    lifecycle: &Lifecycle,
) -> Result<(), ArtifactError> {
    let feature = check.tables.features.get(usize::from(lifecycle.feature));
    let own = |feature: &&Feature| match feature.kind {
        FeatureKind::Stage { lifecycle } => usize::from(lifecycle) == position,
        _ => false,
    };
    let Some(feature) = feature.filter(own) else {
        return ensure(false, "the stage of a lifecycle is not its feature");
    };
    let stages = &feature.members;
    let few = stages.len() <= LIFECYCLE_STAGES_MAX
        && lifecycle.transitions.len() <= LIFECYCLE_TRANSITIONS_MAX;
    ensure(few, "too many stages or transitions in a lifecycle")?;
    let among = |stage: &MemberId| stages.contains(stage);
    let known = |transition: &Transition| {
        let from = transition.from.len() <= stages.len() && transition.from.iter().all(among);
        from && among(&transition.to)
    };
    let sound = among(&lifecycle.first) && lifecycle.transitions.iter().all(known);
    ensure(sound, "a lifecycle has a stage that is not there")?;
    lifecycle.transitions.iter().try_for_each(|transition| check.program(transition.when))
}

/// A feature that says a stage: the lifecycle names it.
pub(super) fn stage(
    check: &Check<'_>,
    position: usize,
    lifecycle: u16,
) -> Result<(), ArtifactError> {
    let member = check.tables.features.get(position).is_some_and(|f| f.ty == Type::Member);
    let lifecycle = check.tables.lifecycles.get(usize::from(lifecycle));
    let own = lifecycle.is_some_and(|lifecycle| usize::from(lifecycle.feature) == position);
    ensure(member && own, "a feature is the stage of no lifecycle")
}

/// A feature that says since when: it names the feature of the stage.
pub(super) fn since(check: &Check<'_>, feature: &Feature, stage: u16) -> Result<(), ArtifactError> {
    let of = check.tables.features.get(usize::from(stage));
    let is_stage = of.is_some_and(|of| matches!(of.kind, FeatureKind::Stage { .. }));
    let sound = is_stage && feature.ty == Type::Timestamp;
    ensure(sound, "a feature is the time of no stage")
}
