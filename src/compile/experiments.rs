//! `[experiments]`, and the control groups of issues and groups: who is in which arm.

use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::Build;
use super::contact::kinds;
use super::diagnostic::Code;
use super::model;
use super::section::Section;
use super::source::Item;
use super::types::BOOL;
use crate::base::bucket::{BUCKETS, BUCKETS_ROLLOUT, BUCKETS_V1, Hashing};
use crate::base::ids::MemberId;
use crate::base::limits::{
    DECISION_ARMS_MAX, EXPERIMENTS_MAX, FEATURES_MAX, KEY_BYTES_MAX, MEMBERS_MAX,
};
use crate::policy::{ArmRange, Experiment, FeatureKind, LayerPart, Period, Withheld, at_once};

/// What the names of the features begin with that say arms.
pub(super) const EXPERIMENT: &str = "experiment.";
pub(super) const CONTROL: &str = "control.";

const HASHINGS: [(&str, Hashing); 3] = [
    ("growthbook_v2", Hashing::GrowthbookV2),
    ("growthbook_v1", Hashing::GrowthbookV1),
    ("unleash", Hashing::Unleash),
];

/// The words of the hashes, for the model of the text.
pub(super) fn hashings() -> Vec<&'static str> {
    HASHINGS.map(|(word, _)| word).into()
}

/// Parts of 0 to 1, by arm.
type Shares = Vec<(MemberId, f64, f64)>;

impl Build<'_> {
    pub(super) fn experiments(&mut self, root: &Section<'_>) {
        let entries = self.entries(root, "experiments", EXPERIMENTS_MAX, "experiments");
        for item in &entries {
            self.experiment(item);
        }
    }

    fn experiment(&mut self, item: &Item<'_>) -> Option<()> {
        let section = item.section(&model::EXPERIMENT)?;
        let period = self.period(&section);
        let when = self.rule(section.get("when"), BOOL);
        let seed = section.get("seed").map_or(Some(item.name), |seed| seed.text())?;
        let hashing =
            section.get("hash").map_or(Some(Hashing::default()), |hash| hash.choice(&HASHINGS));
        let layer = section.get("layer").map(|layer| layer_part(&layer, &section));
        if let Some(range) = section.get("layer_range").filter(|_| layer.is_none()) {
            range.name_error(Code::Conflict, "`layer_range` stands beside `layer`", None);
        }
        let arms = section.get("arms")?;
        let entries = arms.open_section()?.named();
        let name = format!("{EXPERIMENT}{}", item.name);
        let ids = entries.iter().map(|arm| {
            let id = self.ids.id(&format!("{name}.{}", arm.name));
            (arm.name.to_string(), id)
        });
        let ids: Vec<_> = ids.collect();
        let drawn = self.draw_arms(&arms, &entries, &ids, hashing?, &section)?;
        let (ranges, buckets, rollout) = drawn;
        let (hashing, seed) = (hashing?, seed.into());
        let experiment = Experiment {
            feature: 0,
            hashing,
            seed,
            buckets,
            rollout,
            layer: layer.map_or(Some(None), |part| part.map(Some))?,
            period,
            when,
            ranges,
        };
        self.add_experiment(item, &name, ids, experiment)?;
        Some(())
    }

    /// Declares the feature that says the arm, and adds the experiment; its feature's position.
    fn add_experiment(
        &mut self,
        item: &Item<'_>,
        name: &str,
        arms: Vec<(std::string::String, MemberId)>,
        experiment: Experiment,
    ) -> Option<u16> {
        let position = self.tables.experiments.len();
        let fits = item.within(position + 1, EXPERIMENTS_MAX, "experiments and control groups")
            && item.within(self.scope.features.len() + 1, FEATURES_MAX, "features")
            && item.within(arms.len(), MEMBERS_MAX, "arms");
        if !fits {
            return None;
        }
        if let Some(other) = self.tables.experiments.iter().find(|one| one.collides(&experiment)) {
            let other = &self.tables.features[usize::from(other.feature)];
            let other = self.ids.name_of(other.id).unwrap_or_default();
            let other = other.strip_prefix(EXPERIMENT).unwrap_or(other);
            let message = format!("it has a part of the layer that `{other}` has, too");
            let help =
                "give them parts of their own, such as [0.0, 0.5] and [0.5, 1.0]".to_string();
            item.error(Code::Conflict, message, help);
        }
        let ty = self.add_enumeration(name, arms);
        let kind = FeatureKind::Arm { experiment: position as u16 };
        let feature = self.declare_feature(item, name, Some(ty), kind)? as u16;
        self.tables.experiments.push(Experiment { feature, ..experiment });
        let count = at_once(&self.tables.experiments);
        let what = "experiments that one subscriber can be in at once (those of one layer are one)";
        item.within(count, DECISION_ARMS_MAX, what).then_some(feature)
    }

    /// The ranges of the arms, of how many buckets, and how many of a rollout's are in it.
    fn draw_arms(
        &self,
        item: &Item<'_>,
        arms: &[Item<'_>],
        ids: &[(std::string::String, MemberId)],
        hashing: Hashing,
        section: &Section<'_>,
    ) -> Option<(Vec<ArmRange>, u16, u8)> {
        if arms.is_empty() {
            item.error(Code::Value, "an experiment needs arms", None);
            return None;
        }
        let coverage_item = section.get("coverage");
        let coverage = coverage_item.as_ref().map_or(Some(1.0), Item::share)?;
        let explicit = arms.iter().filter(|arm| arm.is_list()).count();
        let ids: Vec<MemberId> = ids.iter().map(|(_, id)| *id).collect();
        let mut rollout = BUCKETS_ROLLOUT as u8;
        let (buckets, shares) = match (explicit, hashing) {
            (0, Hashing::Unleash) => {
                let percent = libm::rint(coverage * 100.0);
                if let Some(item) =
                    coverage_item.filter(|_| (percent / 100.0 - coverage).abs() > 1e-9)
                {
                    item.error(Code::Value, "Unleash covers whole percents", None);
                }
                rollout = percent as u8;
                let weights = whole_weights(item, arms)?;
                let total: u16 = weights.iter().sum();
                return Some((unleash_ranges(&ids, &weights), total, rollout));
            }
            (0, _) => (buckets_of(hashing), weighted(item, arms, &ids, coverage)?),
            (all, _) if all == arms.len() => {
                if let Some(coverage) = coverage_item {
                    let message = "ranges say themselves how many are in it";
                    coverage.name_error(Code::Conflict, message, None);
                }
                (buckets_of(hashing), ranges_as_written(arms, &ids)?)
            }
            _ => {
                item.error(Code::Conflict, "give all arms weights, or all arms ranges", None);
                return None;
            }
        };
        let ranges = in_buckets(shares, buckets);
        if let Some(pair) = ranges.windows(2).find(|pair| pair[1].from < pair[0].until) {
            let name = |arm: MemberId| ids.iter().position(|id| *id == arm).map(|at| arms[at].name);
            let (a, b) = (name(pair[0].arm)?, name(pair[1].arm)?);
            let message = format!("the ranges of `{a}` and `{b}` overlap");
            item.error(Code::Conflict, message, None);
            return None;
        }
        Some((ranges, buckets, rollout))
    }

    /// The control group of an issue or group of this name.
    pub(super) fn withheld(&mut self, section: &Section<'_>, of: &str) -> Option<Withheld> {
        let item = section.get("control")?;
        let control = item.section(&model::CONTROL)?;
        let share = control.get("share").and_then(|item| item.share())?;
        let seed = control.get("seed").and_then(|item| item.text())?.into();
        let exempt = kinds(control.get("exempt"));
        let name = format!("{CONTROL}{of}");
        let mut arm = |word: &str| (word.to_string(), self.ids.id(&format!("{name}.{word}")));
        let arms = vec![arm("control"), arm("treated")];
        let (control, treated) = (arms[0].1, arms[1].1);
        let shares = vec![(control, 0.0, share), (treated, share, 1.0)];
        let buckets = BUCKETS as u16;
        let experiment = Experiment {
            feature: 0,
            hashing: Hashing::GrowthbookV2,
            seed,
            buckets,
            rollout: BUCKETS_ROLLOUT as u8,
            layer: None,
            period: Period::ALWAYS,
            when: None,
            ranges: in_buckets(shares, buckets),
        };
        let feature = self.add_experiment(&item, &name, arms, experiment)?;
        Some(Withheld { feature, arm: control, exempt })
    }
}

fn buckets_of(hashing: Hashing) -> u16 {
    match hashing {
        Hashing::GrowthbookV2 => BUCKETS as u16,
        Hashing::GrowthbookV1 | Hashing::Unleash => BUCKETS_V1 as u16,
    }
}

/// The part of a layer that `layer_range` says.
fn layer_part(layer: &Item<'_>, section: &Section<'_>) -> Option<LayerPart> {
    let name = layer.text()?;
    if name.is_empty() || name.len() > KEY_BYTES_MAX {
        layer.error(Code::Value, "a layer has a name of 1 to 256 bytes", None);
        return None;
    }
    let (from, until) = part(&section.require("layer_range")?)?;
    let buckets = BUCKETS_V1 as u16;
    Some(LayerPart {
        layer: name.into(),
        from: first_bucket(from, buckets),
        until: first_bucket(until, buckets),
    })
}

/// Two shares, the smaller first.
fn part(item: &Item<'_>) -> Option<(f64, f64)> {
    let ends: Option<Vec<f64>> = item.list()?.iter().map(Item::share).collect();
    match ends?.as_slice() {
        [from, until] if from < until => Some((*from, *until)),
        _ => {
            let help = "such as [0.0, 0.5]".to_string();
            item.error(Code::Value, "a range is two shares, the smaller first", help);
            None
        }
    }
}

/// Ranges one after the other, by weight; of each the first `coverage` is in the experiment
/// (GrowthBook's getBucketRanges), so that covering more moves nobody.
fn weighted(item: &Item<'_>, arms: &[Item<'_>], ids: &[MemberId], coverage: f64) -> Option<Shares> {
    let weights: Option<Vec<f64>> = arms.iter().map(weight).collect();
    let weights = weights?;
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        item.error(Code::Value, "nobody is in any arm", None);
        return None;
    }
    // Weights that are shares are taken as they are written, to the bit; so does GrowthBook.
    let total = if (0.99..=1.01).contains(&total) { 1.0 } else { total };
    let mut start = 0.0;
    let share = |(id, weight): (&MemberId, &f64)| {
        let (from, weight) = (start, weight / total);
        start += weight;
        (*id, from, from + coverage * weight)
    };
    Some(ids.iter().zip(&weights).map(share).collect())
}

fn weight(item: &Item<'_>) -> Option<f64> {
    let weight = item.number()?;
    if weight < 0.0 {
        item.error(Code::Value, format!("{weight} is no weight"), None);
        return None;
    }
    Some(weight)
}

fn whole_weights(item: &Item<'_>, arms: &[Item<'_>]) -> Option<Vec<u16>> {
    let whole = |arm: &Item<'_>| arm.integer_in(0..10_001).map(|weight| weight as u16);
    let weights = arms.iter().map(whole).collect::<Option<Vec<u16>>>()?;
    let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
    if !(1..=u64::from(u16::MAX)).contains(&total) {
        item.error(Code::Value, format!("the weights are {total} together"), None);
        return None;
    }
    Some(weights)
}

fn unleash_ranges(ids: &[MemberId], weights: &[u16]) -> Vec<ArmRange> {
    let mut from = 0;
    let range = |(arm, weight): (&MemberId, &u16)| {
        let until = from + weight;
        let range = ArmRange { arm: *arm, from, until };
        from = until;
        range
    };
    let ranges = ids.iter().zip(weights).map(range);
    ranges.filter(|range| range.from < range.until).collect()
}

/// One range of each arm, or several.
fn ranges_as_written(arms: &[Item<'_>], ids: &[MemberId]) -> Option<Shares> {
    let mut shares = Vec::new();
    for (arm, id) in arms.iter().zip(ids) {
        let items = arm.list()?;
        if items.iter().any(Item::is_list) {
            for item in &items {
                let (from, until) = part(item)?;
                shares.push((*id, from, until));
            }
        } else {
            let (from, until) = part(arm)?;
            shares.push((*id, from, until));
        }
    }
    Some(shares)
}

/// Shares as buckets, ascending. GrowthBook asks whether a bucket's number, as a part of all, is at
/// or above the start and below the end.
fn in_buckets(shares: Shares, buckets: u16) -> Vec<ArmRange> {
    let range = |(arm, from, until): (MemberId, f64, f64)| ArmRange {
        arm,
        from: first_bucket(from, buckets),
        until: first_bucket(until, buckets),
    };
    let mut ranges: Vec<ArmRange> = shares.into_iter().map(range).collect();
    ranges.retain(|range| range.from < range.until);
    ranges.sort_by_key(|range| (range.from, range.until));
    ranges
}

/// The first bucket at or above a share.
fn first_bucket(share: f64, buckets: u16) -> u16 {
    let all = f64::from(buckets);
    let near = (libm::rint(share * all) as u16).saturating_sub(1);
    (near..buckets).find(|bucket| f64::from(*bucket) / all >= share).unwrap_or(buckets)
}
