//! Who changes arm from one version to the next, and which ranges would have moved the fewest.

use std::collections::BTreeMap;
use std::fmt;
use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use crate::base::bucket::{BUCKETS_ROLLOUT, BUCKETS_V1, Hashing};
use crate::base::ids::{FeatureId, MemberId};
use crate::compile::experiments::EXPERIMENT;
use crate::compile::json::Json;
use crate::policy::{ArmRange, Experiment, Policy};

/// Who changes arm in an experiment, or in the control group of an issue or a group, that both
/// versions have. Shares are of all subscribers, by hash alone: dates and rules are not looked at.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExperimentChange {
    /// What rules call it: `experiment.tone`, `control.retention`.
    pub name: String,
    /// Whether all are drawn anew, because the seed, the hash or the layer is another. The shares
    /// are what is to be expected then.
    pub redrawn: bool,
    /// Those who go from one arm to another.
    pub moved: f64,
    /// Those among them for whom there was no need.
    pub needless: f64,
    /// Those who come into it.
    pub joined: f64,
    /// Those who leave it.
    pub left: f64,
    /// Each arm with its ranges, where others than those of the new version would move fewer.
    pub fewest: Option<Vec<ArmRanges>>,
}

/// An arm and the parts of 0 to 1 that it has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ArmRanges {
    /// Its name.
    pub arm: String,
    /// Ascending, each from its first value to the first beyond it.
    pub ranges: Vec<(f64, f64)>,
}

impl ExperimentChange {
    fn of(old: &Experiment, new: &Experiment, name: &str, policy: &Policy) -> ExperimentChange {
        let layer = |one: &Experiment| one.layer.as_ref().map(|part| part.layer.clone());
        let redrawn = old.seed != new.seed
            || old.hashing != new.hashing
            || old.buckets != new.buckets
            || layer(old) != layer(new);
        let [both, only_old, only_new] = admitted(old, new, redrawn);
        let (sizes_old, sizes_new) = (sizes(old), sizes(new));
        let (old_all, new_all) = (share(&sizes_old, old), share(&sizes_new, new));
        let mut change = ExperimentChange {
            name: name.to_string(),
            redrawn,
            moved: 0.0,
            needless: 0.0,
            joined: only_new * new_all,
            left: only_old * old_all,
            fewest: None,
        };
        if redrawn {
            let of_both = |arm: &MemberId| {
                let in_new = sizes_new.get(arm).copied().unwrap_or(0);
                f64::from(sizes_old[arm]) / f64::from(old.buckets) * f64::from(in_new)
                    / f64::from(new.buckets)
            };
            let stay: f64 = sizes_old.keys().map(of_both).sum();
            change.moved = both * (old_all * new_all - stay);
            change.joined += both * (1.0 - old_all) * new_all;
            change.left += both * old_all * (1.0 - new_all);
            change.needless = change.moved;
            return change;
        }
        let fewest = fewest(old, &sizes_new);
        let (moved, joined, left) = moves(old, &new.ranges);
        let (least, ..) = moves(old, &fewest);
        let part = |buckets: u32| both * f64::from(buckets) / f64::from(new.buckets);
        change.moved = part(moved);
        change.joined += part(joined);
        change.left += part(left);
        change.needless = part(moved.saturating_sub(least));
        if moved > least {
            change.fewest = Some(written(&fewest, new.buckets, policy));
        }
        change
    }

    fn is_none(&self) -> bool {
        self.moved == 0.0 && self.joined == 0.0 && self.left == 0.0
    }

    pub(super) fn to_json(&self) -> Json {
        let millionths = |share: f64| Json::Int(libm::rint(share * 1e6) as i64);
        let arm = |ArmRanges { arm, ranges }: &ArmRanges| {
            Json::object([
                ("arm", arm.as_str().into()),
                ("ranges", ranges_text(ranges).as_str().into()),
            ])
        };
        Json::object([
            ("name", self.name.as_str().into()),
            ("redrawn", Json::Bool(self.redrawn)),
            ("moved_millionths", millionths(self.moved)),
            ("needless_millionths", millionths(self.needless)),
            ("joined_millionths", millionths(self.joined)),
            ("left_millionths", millionths(self.left)),
            (
                "fewest",
                self.fewest.as_ref().map_or(Json::Null, |arms| Json::list(arms.iter().map(arm))),
            ),
        ])
    }
}

/// The shares of all subscribers that both versions let into their arms, only the old one, and only
/// the new one: by layer and rollout.
fn admitted(old: &Experiment, new: &Experiment, redrawn: bool) -> [f64; 3] {
    let layer = |one: &Experiment| match &one.layer {
        Some(part) => (part.from, part.until),
        None => (0, BUCKETS_V1 as u16),
    };
    let rollout = |one: &Experiment| match one.hashing {
        Hashing::Unleash => u32::from(one.rollout),
        _ => BUCKETS_ROLLOUT,
    };
    let part = |buckets: u16| f64::from(buckets) / f64::from(BUCKETS_V1);
    let percent = |buckets: u32| f64::from(buckets) / f64::from(BUCKETS_ROLLOUT);
    let own = |one: &Experiment| {
        let (from, until) = layer(one);
        part(until - from) * percent(rollout(one))
    };
    let both = if redrawn {
        own(old) * own(new)
    } else {
        let (a, b) = (layer(old), layer(new));
        let common = a.1.min(b.1).saturating_sub(a.0.max(b.0));
        part(common) * percent(rollout(old).min(rollout(new)))
    };
    [both, own(old) - both, own(new) - both]
}

/// Buckets of each arm.
fn sizes(experiment: &Experiment) -> BTreeMap<MemberId, u32> {
    let mut sizes = BTreeMap::new();
    for range in &experiment.ranges {
        *sizes.entry(range.arm).or_insert(0) += u32::from(range.until - range.from);
    }
    sizes
}

fn share(sizes: &BTreeMap<MemberId, u32>, of: &Experiment) -> f64 {
    f64::from(sizes.values().sum::<u32>()) / f64::from(of.buckets)
}

/// How many buckets go from arm to arm, come in, and leave.
fn moves(old: &Experiment, ranges: &[ArmRange]) -> (u32, u32, u32) {
    let new = Experiment { ranges: ranges.to_vec(), ..old.clone() };
    let (mut moved, mut joined, mut left) = (0, 0, 0);
    for bucket in 0..u32::from(old.buckets) {
        match (old.arm_of(bucket), new.arm_of(bucket)) {
            (Some(was), Some(is)) => moved += u32::from(was != is),
            (None, Some(_)) => joined += 1,
            (Some(_), None) => left += 1,
            (None, None) => {}
        }
    }
    (moved, joined, left)
}

/// Ranges of these sizes that move the fewest: every arm keeps what it has, as far as it has room;
/// what is missing is taken first from buckets that were in no arm, then from those of arms that
/// shrink.
fn fewest(old: &Experiment, sizes: &BTreeMap<MemberId, u32>) -> Vec<ArmRange> {
    let buckets = usize::from(old.buckets);
    let mut room = sizes.clone();
    let mut arms: Vec<Option<MemberId>> = vec![None; buckets];
    let (mut empty, mut freed) = (Vec::new(), Vec::new());
    for (bucket, slot) in arms.iter_mut().enumerate() {
        match old.arm_of(bucket as u32) {
            None => empty.push(bucket),
            Some(arm) => match room.get_mut(&arm).filter(|left| **left > 0) {
                Some(left) => {
                    *left -= 1;
                    *slot = Some(arm);
                }
                None => freed.push(bucket),
            },
        }
    }
    let mut free = empty.into_iter().chain(freed);
    for (arm, missing) in room {
        for bucket in free.by_ref().take(missing as usize) {
            arms[bucket] = Some(arm);
        }
    }
    let mut ranges: Vec<ArmRange> = Vec::new();
    for (bucket, arm) in arms.into_iter().enumerate() {
        let (from, until) = (bucket as u16, bucket as u16 + 1);
        match (arm, ranges.last_mut()) {
            (Some(arm), Some(last)) if last.arm == arm && last.until == from => last.until = until,
            (Some(arm), _) => ranges.push(ArmRange { arm, from, until }),
            (None, _) => {}
        }
    }
    ranges
}

/// Ranges as the text of a policy has them.
fn written(ranges: &[ArmRange], buckets: u16, policy: &Policy) -> Vec<ArmRanges> {
    let mut arms: Vec<(MemberId, Vec<(f64, f64)>)> = Vec::new();
    for range in ranges {
        let part = |bucket: u16| f64::from(bucket) / f64::from(buckets);
        let part = (part(range.from), part(range.until));
        match arms.iter_mut().find(|(arm, _)| *arm == range.arm) {
            Some((_, parts)) => parts.push(part),
            None => arms.push((range.arm, Vec::from([part]))),
        }
    }
    let name = |arm: MemberId| {
        let name = policy.name_of(arm).unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(_, arm)| arm).to_string()
    };
    arms.into_iter().map(|(arm, ranges)| ArmRanges { arm: name(arm), ranges }).collect()
}

fn ranges_text(ranges: &[(f64, f64)]) -> String {
    let parts: Vec<String> =
        ranges.iter().map(|(from, until)| format!("[{from:?}, {until:?}]")).collect();
    if let [part] = parts.as_slice() { part.clone() } else { format!("[{}]", parts.join(", ")) }
}

/// The experiments of both versions in which somebody changes arm.
pub(super) fn experiments(old: &Policy, new: &Policy) -> Vec<ExperimentChange> {
    let mut changes = Vec::new();
    for before in &old.tables.experiments {
        let id: FeatureId = old.tables.features[usize::from(before.feature)].id;
        let same = |now: &&Experiment| new.tables.features[usize::from(now.feature)].id == id;
        let Some(now) = new.tables.experiments.iter().find(same) else { continue };
        let change = ExperimentChange::of(before, now, new.name_of(id).unwrap_or_default(), new);
        changes.extend(Some(change).filter(|change| !change.is_none()));
    }
    changes
}

impl fmt::Display for ExperimentChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| {
            let percent = format!("{:.2}", share * 100.0);
            let percent = percent.trim_end_matches('0').trim_end_matches('.');
            format!("{percent} %")
        };
        let name = self.name.strip_prefix(EXPERIMENT).unwrap_or(&self.name);
        write!(f, "experiment {name}: {} of subscribers change arm", percent(self.moved))?;
        for (share, what) in [(self.joined, "join"), (self.left, "leave")] {
            if share > 0.0 {
                write!(f, ", {} {what}", percent(share))?;
            }
        }
        if self.redrawn {
            let help = "all are drawn anew, because the seed, the hash or the layer changes";
            return write!(f, ": {help}");
        }
        if let Some(fewest) = &self.fewest {
            let arms =
                fewest.iter().map(|one| format!("{} = {}", one.arm, ranges_text(&one.ranges)));
            let arms = arms.collect::<Vec<_>>().join(", ");
            let needless = percent(self.needless);
            write!(f, "; {needless} needlessly\n  to move the fewest: arms = {{ {arms} }}")?;
        }
        Ok(())
    }
}
