//! Experiments: who is in which arm, from the subscriber's key alone.
//!
//! Nothing of it is stored. An arm is a feature that is computed when a rule of the catalogue reads
//! it, so rules, values, weights, the index and explanations work with arms as with any other
//! feature. The control group of an issue or a group is an experiment with two arms.

use alloc::string::String;
use alloc::vec::Vec;

use super::catalogue::OfferKind;
use super::contact::KindSet;
use super::period::Period;
use super::{FeatureKind, Policy, Rules, Tables};
use crate::base::bucket::{Hashing, bucket, layer_bucket, rollout_bucket};
use crate::base::ids::{FeatureId, MemberId};
use crate::expr::{Op, Program};

/// An experiment, and who is in which of its arms.
#[derive(Clone, Debug)]
pub(crate) struct Experiment {
    /// Position of the feature that says the arm; its members are the arms.
    pub(crate) feature: u16,
    pub(crate) hashing: Hashing,
    /// Another seed draws other subscribers.
    pub(crate) seed: String,
    /// Buckets that keys fall into.
    pub(crate) buckets: u16,
    /// Of the buckets of a gradual rollout, those below this are in it.
    pub(crate) rollout: u8,
    /// The part of a layer that it has to itself.
    pub(crate) layer: Option<LayerPart>,
    /// When anybody is in it.
    pub(crate) period: Period,
    /// Who may be in it.
    pub(crate) when: Option<Program>,
    /// Ascending and apart from one another; buckets in none are not in the experiment.
    pub(crate) ranges: Vec<ArmRange>,
}

/// Buckets of a layer: experiments that have different ones exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LayerPart {
    pub(crate) layer: String,
    pub(crate) from: u16,
    pub(crate) until: u16,
}

/// Buckets of an experiment whose subscribers get one arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ArmRange {
    pub(crate) arm: MemberId,
    pub(crate) from: u16,
    pub(crate) until: u16,
}

/// The control group of an issue or a group: an arm that gets none of its offers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Withheld {
    /// Position of the feature that says the arm.
    pub(crate) feature: u16,
    /// The arm that gets nothing.
    pub(crate) arm: MemberId,
    /// Kinds that it gets too.
    pub(crate) exempt: KindSet,
}

/// The arm of the universal control group experiment that a subscriber belongs to, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Arm {
    /// Gets offers.
    Treated = 1,
    /// Gets none but those of exempt kinds, to measure what offers are worth.
    Control = 2,
}

/// The arm that a subscriber is in, of an experiment or of the control group of an issue or a
/// group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Assignment {
    /// Which experiment: the feature that rules read, called `experiment.` and its name, or
    /// `control.` and the name of the issue or group.
    pub experiment: FeatureId,
    /// Which arm: a member of that feature.
    pub arm: MemberId,
}

impl Experiment {
    /// The arm that the key's hash says, whatever the dates, the rule and the switches.
    pub(crate) fn drawn(&self, subscriber: &[u8]) -> Option<MemberId> {
        if let Some(LayerPart { layer, from, until }) = &self.layer
            && !(u32::from(*from)..u32::from(*until)).contains(&layer_bucket(layer, subscriber))
        {
            return None;
        }
        if self.hashing == Hashing::Unleash
            && rollout_bucket(&self.seed, subscriber) >= u32::from(self.rollout)
        {
            return None;
        }
        self.arm_of(self.hashing.bucket(&self.seed, subscriber, self.buckets))
    }

    /// The arm of a bucket. O(log ranges).
    pub(crate) fn arm_of(&self, bucket: u32) -> Option<MemberId> {
        let after = self.ranges.partition_point(|range| u32::from(range.until) <= bucket);
        let range = self.ranges.get(after)?;
        (u32::from(range.from) <= bucket).then_some(range.arm)
    }

    /// Whether they have buckets of a layer in common while both are in force.
    pub(crate) fn collides(&self, other: &Experiment) -> bool {
        let (Some(a), Some(b)) = (&self.layer, &other.layer) else { return false };
        let common = a.layer == b.layer && a.from < b.until && b.from < a.until;
        common && !self.period.and(other.period).is_empty()
    }
}

/// How many experiments a subscriber can be in at once: of one layer it is one.
pub(crate) fn at_once(experiments: &[Experiment]) -> usize {
    fn layer(experiment: &Experiment) -> Option<&str> {
        experiment.layer.as_ref().map(|part| part.layer.as_str())
    }
    let counts = |(at, experiment): &(usize, &Experiment)| {
        let own = layer(experiment);
        own.is_none() || !experiments.iter().take(*at).any(|other| layer(other) == own)
    };
    experiments.iter().enumerate().filter(counts).count()
}

impl Withheld {
    /// Whether an offer of this kind is withheld from who is in this arm.
    pub(crate) fn stops(&self, arm: Option<MemberId>, kind: OfferKind) -> bool {
        arm == Some(self.arm) && !self.exempt.contains(kind)
    }
}

impl Policy {
    /// The arm of the universal control group experiment that this subscriber key belongs to. It
    /// depends on the key and the policy's seed only, so it can be asked at any time.
    pub fn arm(&self, subscriber: &[u8]) -> Arm {
        let control = &self.tables.control;
        if bucket(&control.seed, subscriber) < control.buckets {
            Arm::Control
        } else {
            Arm::Treated
        }
    }

    /// The arm that an experiment has for a subscriber key, or the control group of an issue or a
    /// group (`policy.id("experiment.tone")`, `policy.id("control.retention")`). It depends on the
    /// key and the policy's text only, so it can be asked at any time; who is in it in fact depends
    /// on the experiment's dates, rule and switch, too. None for a key that it leaves out.
    pub fn arm_in(&self, experiment: FeatureId, subscriber: &[u8]) -> Option<MemberId> {
        let position = self.feature_position(experiment)?;
        match self.tables.features.get(position)?.kind {
            FeatureKind::Arm { experiment } => {
                self.tables.experiments.get(usize::from(experiment))?.drawn(subscriber)
            }
            _ => None,
        }
    }
}

/// By moment, a bit for each experiment that an offer which answers it reads, with its issue, its
/// group and its channels: all that can make two arms differ. Empty without experiments.
pub(super) fn exposures(tables: &Tables) -> Vec<u64> {
    if tables.experiments.is_empty() {
        return Vec::new();
    }
    let read = |program: Program| {
        let ops = program.of(&tables.code).iter();
        ops.fold(0, |bits, op| match op {
            Op::Feature(position) => bits | arm_bit(tables, *position),
            _ => bits,
        })
    };
    let all = |programs: &mut dyn Iterator<Item = Program>| {
        programs.fold(0, |bits, program| bits | read(program))
    };
    let rules = |rules: &Rules| {
        all(&mut [rules.eligible, rules.applicable, rules.suitable].into_iter().flatten())
    };
    let control = |withheld: Option<Withheld>| {
        withheld.map_or(0, |withheld| arm_bit(tables, withheld.feature))
    };
    let suppressions = all(&mut tables.contact.suppressions.iter().map(|rule| rule.when));
    let channels: Vec<u64> =
        tables.channels.iter().map(|channel| channel.reach.map_or(0, read)).collect();
    let issues: Vec<u64> =
        tables.issues.iter().map(|issue| rules(&issue.rules) | control(issue.control)).collect();
    let of_group = |group: &super::Group| {
        let issue = issues.get(usize::from(group.issue)).copied().unwrap_or(0);
        issue | rules(&group.rules) | control(group.control)
    };
    let groups: Vec<u64> = tables.groups.iter().map(of_group).collect();
    let of_offer = |position: &u32| {
        let Some(offer) = tables.offers.get(*position as usize) else { return 0 };
        let treatments = offer.treatments.start as usize..offer.treatments.end as usize;
        let treatments = tables.treatments.get(treatments).unwrap_or(&[]);
        let on = |channel: u16| channels.get(usize::from(channel)).copied().unwrap_or(0);
        let scored = [Some(offer.value), offer.weight].into_iter().flatten();
        let parameters = offer.parameters.iter().map(|parameter| parameter.value);
        groups.get(usize::from(offer.group)).copied().unwrap_or(0)
            | rules(&offer.rules)
            | all(&mut scored.chain(parameters))
            | treatments.iter().fold(0, |bits, treatment| bits | on(treatment.channel))
    };
    let of_moment = |moment: &super::Moment| {
        let range = moment.offers.start as usize..moment.offers.end as usize;
        let offers = tables.moment_offers.get(range).unwrap_or(&[]);
        let bits = offers.iter().fold(0, |bits, offer| bits | of_offer(offer));
        // Nothing can be silenced where there is nothing to say.
        if offers.is_empty() { 0 } else { bits | suppressions }
    };
    tables.moments.iter().map(of_moment).collect()
}

/// The bit of the experiment whose arm the feature at a position says.
fn arm_bit(tables: &Tables, position: u16) -> u64 {
    match tables.features.get(usize::from(position)).map(|feature| feature.kind) {
        Some(FeatureKind::Arm { experiment }) => 1u64.checked_shl(experiment.into()).unwrap_or(0),
        _ => 0,
    }
}
