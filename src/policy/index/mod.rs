//! Which offers' rules hold, answered for 64 offers at a time.
//!
//! ```text
//! operations of a rule -> sets of values by source -> bins of each source -> rows of bits
//!         decompile.rs    formula.rs, set.rs          axis.rs                layer.rs
//! ```
//!
//! An offer's rules of one tier, with those that it inherits from group and issue, become a
//! disjunction of a few terms; a term asks of each source (a feature, or `now`) to be within a
//! set. For each bin of a source there is a row with a bit for every offer whose set meets it, so
//! the offers that hold are the intersection of one row a source. A set whose edge lies inside a
//! bin keeps its bit there, and a patch clears it exactly. What cannot be written so is a bound,
//! and the rule itself is asked of the offers that are left: the answer is always that of the
//! programs.
//!
//! A pure function of the tables, built when a policy is loaded. Rules are inherited, so that a small
//! policy could ask for a large index: what it may take is bounded for each offer, and what does not
//! fit is a bound, too.

mod axis;
mod build;
mod changes;
mod decompile;
mod formula;
mod layer;
mod order;
mod probe;
mod set;

use alloc::vec::Vec;
use core::ops::Range;

use axis::Axis;
pub(crate) use changes::{Change, changes};
use layer::Layer;
pub(crate) use order::Word;
use order::{Order, WordSets};
pub(crate) use probe::Probe;

use crate::base::ids::OfferId;
use crate::base::limits::INDEX_CANDIDATES_MIN;
use crate::base::simd::CpuLevel;
use crate::expr::Environment;

/// Tiers of rules that the index answers, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexTier {
    /// The dates of the offer.
    Valid,
    Eligible,
    Applicable,
    Suitable,
}

impl IndexTier {
    pub(crate) const ALL: [IndexTier; 4] =
        [IndexTier::Valid, IndexTier::Eligible, IndexTier::Applicable, IndexTier::Suitable];
}

/// The index of a policy; empty when none of its moments has offers enough for it to pay.
#[derive(Debug, Default)]
pub(crate) struct Index {
    order: Order,
    moments: WordSets,
    issues: WordSets,
    axes: Vec<Axis>,
    tiers: [Tier; 4],
}

/// What the index over the rules of a policy's offers takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSize {
    /// Bytes; zero for a policy too small to need an index.
    pub bytes: usize,
    /// Features, times and ages that rules are looked up by.
    pub sources: usize,
    /// Bits that are corrected one by one, since they lie within a bin.
    pub patches: usize,
    /// Tiers of offers of which the rules themselves must be asked in the end.
    pub bounds: usize,
}

/// One tier of rules.
#[derive(Debug, Default)]
struct Tier {
    /// By word: the offers that it asks nothing of.
    free: Vec<u64>,
    /// By word: the offers for which the index gives a bound only.
    bounds: Vec<u64>,
    /// An offer holds when one of its terms does.
    layers: Vec<Layer>,
    /// Whether it asks nothing of any offer.
    idle: bool,
}

impl Index {
    /// Words of bits over all offers; zero for an empty index.
    pub(crate) fn words(&self) -> usize {
        self.order.words()
    }

    /// Room for look-ups. Allocates.
    pub(crate) fn probe(&self, cpu: CpuLevel) -> Probe {
        let columns = self.tiers.iter().flat_map(|tier| &tier.layers).map(Layer::columns);
        Probe::new(cpu, self.axes.len(), columns.max().unwrap_or(0))
    }

    pub(crate) fn fits(&self, probe: &Probe) -> bool {
        probe.len() == self.axes.len()
    }

    /// The offers that answer a moment, by word.
    pub(crate) fn of_moment(&self, moment: usize) -> &[Word] {
        self.moments.get(moment)
    }

    /// The offers of an issue, by word.
    pub(crate) fn of_issue(&self, issue: usize) -> &[Word] {
        self.issues.get(issue)
    }

    /// Whether asking one by one costs more for the offers of a moment.
    pub(crate) fn pays(&self, candidates: usize) -> bool {
        candidates >= INDEX_CANDIDATES_MIN && !self.order.offers.is_empty()
    }

    /// The position of the offer at a place.
    pub(crate) fn offer(&self, place: u32) -> u32 {
        self.order.offers.get(place as usize).copied().unwrap_or(u32::MAX)
    }

    /// The permanent id of the offer at a place.
    pub(crate) fn id(&self, place: u32) -> Option<OfferId> {
        self.order.ids.get(place as usize).copied()
    }

    /// The place of the offer at a position.
    pub(crate) fn place(&self, offer: usize) -> Option<u32> {
        self.order.places.get(offer).copied()
    }

    /// Whether a tier asks nothing of any offer.
    pub(crate) fn idle(&self, tier: IndexTier) -> bool {
        self.tiers[tier as usize].idle
    }

    /// The offers in a word for which a tier's answer is a bound: their rules must be asked.
    pub(crate) fn bounds(&self, tier: IndexTier, word: usize) -> u64 {
        self.tiers[tier as usize].bounds.get(word).copied().unwrap_or(0)
    }

    /// Writes the offers whose rules of a tier hold (may hold, for those of [`Index::bounds`])
    /// into `out`, one entry for each of these words; `room` is as long. Reads the sources that
    /// matter to offers in these words and no others.
    pub(crate) fn holding(
        &self,
        tier: IndexTier,
        words: Range<usize>,
        probe: &mut Probe,
        environment: &mut impl Environment,
        out: &mut [u64],
        room: &mut [u64],
    ) {
        let tier = &self.tiers[tier as usize];
        out.copy_from_slice(&tier.free[words.clone()]);
        for layer in &tier.layers {
            let slots = layer.slots(words.clone());
            let held = &mut room[..slots.len()];
            layer.holding(slots.clone(), &self.axes, probe, environment, held);
            for (held, word) in held.iter().zip(&layer.words[slots]) {
                out[*word as usize - words.start] |= held;
            }
        }
    }

    /// What it holds.
    pub(crate) fn size(&self) -> IndexSize {
        let ones = |tier: &Tier| tier.bounds.iter().map(|word| word.count_ones()).sum::<u32>();
        IndexSize {
            bytes: self.bytes(),
            sources: self.axes.len(),
            patches: self.tiers.iter().flat_map(|tier| &tier.layers).map(Layer::patches).sum(),
            bounds: self.tiers.iter().map(ones).sum::<u32>() as usize,
        }
    }

    fn bytes(&self) -> usize {
        let order = self.order.offers.as_slice();
        let tier = |tier: &Tier| {
            2 * size_of_val(tier.free.as_slice())
                + tier.layers.iter().map(Layer::bytes).sum::<usize>()
        };
        3 * size_of_val(order)
            + self.moments.bytes()
            + self.issues.bytes()
            + self.axes.iter().map(Axis::bytes).sum::<usize>()
            + self.tiers.iter().map(tier).sum::<usize>()
    }
}
