//! Experiments: their arms, and the features that they are read as.

use alloc::string::String;
use alloc::vec::Vec;

use super::catalogue;
use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::bucket::{BUCKETS, BUCKETS_ROLLOUT, BUCKETS_V1, Hashing};
use crate::base::encoding::{encoded, encoded_choice};
use crate::base::ids::MemberId;
use crate::base::limits::{DECISION_ARMS_MAX, EXPERIMENTS_MAX};
use crate::expr::{Op, Program, Type};
use crate::policy::{
    ArmRange, Experiment, Feature, FeatureKind, KindSet, LayerPart, Period, Shape, Tables,
    Withheld, at_once,
};

encoded! {
    Experiment {
        feature: u16,
        hashing: Hashing,
        seed: String,
        buckets: u16,
        rollout: u8,
        layer: Option<LayerPart>,
        period: Period,
        when: Option<Program>,
        ranges: Vec<ArmRange>,
    }
    LayerPart { layer: String, from: u16, until: u16 }
    ArmRange { arm: MemberId, from: u16, until: u16 }
    Withheld { feature: u16, arm: MemberId, exempt: KindSet }
}

encoded_choice! { Hashing {
    1 GrowthbookV2;
    2 GrowthbookV1;
    3 Unleash;
} }

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let experiments = &check.tables.experiments;
    ensure(experiments.len() <= EXPERIMENTS_MAX, "too many experiments")?;
    experiments.iter().enumerate().try_for_each(|(at, one)| experiment(check, at, one))?;
    for (at, one) in experiments.iter().enumerate() {
        let apart = !experiments.iter().skip(at + 1).any(|other| one.collides(other));
        ensure(apart, "experiments of one layer overlap")?;
    }
    ensure(at_once(experiments) <= DECISION_ARMS_MAX, "too many experiments at once")?;
    only_choices_read_arms(check.tables)?;
    let issues = check.tables.issues.iter().map(|issue| issue.control);
    let groups = check.tables.groups.iter().map(|group| group.control);
    issues.chain(groups).flatten().try_for_each(|control| withheld(check, control))
}

fn experiment(
    check: &Check<'_>,
    position: usize,
    experiment: &Experiment,
) -> Result<(), ArtifactError> {
    let feature = check.tables.features.get(usize::from(experiment.feature));
    let own = |feature: &&Feature| match feature.kind {
        FeatureKind::Arm { experiment } => usize::from(experiment) == position,
        _ => false,
    };
    let Some(feature) = feature.filter(own) else {
        return ensure(false, "the arm of an experiment is not its feature");
    };
    let buckets = u32::from(experiment.buckets);
    let fits = match experiment.hashing {
        Hashing::GrowthbookV2 => buckets == BUCKETS,
        Hashing::GrowthbookV1 => buckets == BUCKETS_V1,
        Hashing::Unleash => buckets >= 1,
    };
    let rollout = u32::from(experiment.rollout) <= BUCKETS_ROLLOUT;
    ensure(fits && rollout, "an experiment has buckets that its hash has not")?;
    let mut from = 0;
    for range in &experiment.ranges {
        let sound = from <= range.from && range.from < range.until;
        let within = u32::from(range.until) <= buckets && feature.members.contains(&range.arm);
        ensure(sound && within, "ranges of an experiment overlap, or leave it")?;
        from = range.until;
    }
    if let Some(part) = &experiment.layer {
        let within = part.from < part.until && u32::from(part.until) <= BUCKETS_V1;
        ensure(within, "a part of a layer is not within it")?;
    }
    catalogue::period(experiment.period)?;
    check.optional(experiment.when)
}

fn withheld(check: &Check<'_>, control: Withheld) -> Result<(), ArtifactError> {
    let feature = check.tables.features.get(usize::from(control.feature));
    let sound = feature.is_some_and(|feature| {
        matches!(feature.kind, FeatureKind::Arm { .. }) && feature.members.contains(&control.arm)
    });
    ensure(sound, "a control group is of no experiment")
}

/// A feature that says an arm: the experiment names it.
pub(super) fn arm(
    check: &Check<'_>,
    position: usize,
    experiment: u16,
) -> Result<(), ArtifactError> {
    let member = check.tables.features.get(position).is_some_and(|f| f.ty == Type::Member);
    let experiment = check.tables.experiments.get(usize::from(experiment));
    let own = experiment.is_some_and(|experiment| usize::from(experiment.feature) == position);
    ensure(member && own, "a feature is the arm of no experiment")
}

/// Only the catalogue and suppressions read arms: what is remembered, which situations are noticed
/// and who agreed to what is the same in every arm.
fn only_choices_read_arms(tables: &Tables) -> Result<(), ArtifactError> {
    let derived = tables.features.iter().filter_map(|feature| match feature.kind {
        FeatureKind::Derived(program) => Some(program),
        _ => None,
    });
    let inputs = tables.models.iter().flat_map(|model| &model.inputs).map(|input| input.program);
    let transitions = tables.lifecycles.iter().flat_map(|lifecycle| &lifecycle.transitions);
    let moments = tables.moments.iter();
    let moments = moments.flat_map(|moment| [Some(moment.when), Some(moment.strength), moment.due]);
    let crossings = tables.patterns.iter().flat_map(|pattern| match pattern.shape {
        Shape::Crossing { enter, rearm } => [Some(enter), Some(rearm)],
        _ => [None, None],
    });
    let consents = tables.channels.iter().map(|channel| channel.consent);
    let members = tables.experiments.iter().map(|experiment| experiment.when);
    let mut others = derived
        .chain(inputs)
        .chain(transitions.map(|transition| transition.when))
        .chain(moments.chain(crossings).chain(consents).chain(members).flatten());
    ensure(!others.any(|program| reads_arm(tables, program)), "an arm is read where it may not be")
}

fn reads_arm(tables: &Tables, program: Program) -> bool {
    program.of(&tables.code).iter().any(|op| match op {
        Op::Feature(position) => {
            let feature = tables.features.get(usize::from(*position));
            feature.is_some_and(|feature| matches!(feature.kind, FeatureKind::Arm { .. }))
        }
        _ => false,
    })
}
