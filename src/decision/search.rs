//! From a moment to the offers whose rules hold, through the policy's index: 64 offers at a time,
//! with the same counts by stage as asking them one by one.

use alloc::vec::Vec;

use super::gates::{Gates, Tier};
use super::{Inputs, Stage};
use crate::policy::{Index, IndexTier, Policy, Probe, Word};

/// Words that are worked on at once: they and their rows stay in the nearest cache.
const TILE_WORDS: usize = 64;

/// Room for searches, sized for a policy's index.
#[derive(Clone, Debug, Default)]
pub(crate) struct SearchSpace {
    probe: Probe,
    /// By word: offers that this decision has looked at, when several moments may name them.
    seen: Vec<u64>,
    /// By word: offers that are switched off.
    off: Vec<u64>,
}

impl SearchSpace {
    pub(super) fn new(policy: &Policy) -> SearchSpace {
        let index = &policy.index;
        let words = alloc::vec![0; index.words()];
        SearchSpace { probe: index.probe(policy.cpu), seen: words.clone(), off: words }
    }

    pub(super) fn fits(&self, index: &Index) -> bool {
        self.seen.len() == index.words() && index.fits(&self.probe)
    }
}

/// The search of one decision.
pub(super) struct Search<'a> {
    policy: &'a Policy,
    space: &'a mut SearchSpace,
    /// Whether more than one moment is searched.
    several: bool,
    /// Whether anything is switched off.
    switched: bool,
}

/// A run of words next to each other, and what is left of their offers.
struct Tile {
    first: usize,
    len: usize,
    alive: [u64; TILE_WORDS],
}

impl<'a> Search<'a> {
    pub(super) fn new(inputs: &Inputs<'a>, space: &'a mut SearchSpace, several: bool) -> Self {
        let policy = inputs.policy;
        space.probe.begin();
        if several {
            space.seen.fill(0);
        }
        let switches = inputs.snapshot.switches();
        let switched = !switches.offers_off.is_empty() || !switches.issues_off.is_empty();
        if switched {
            mark_switched_off(inputs, &mut space.off);
        }
        Search { policy, space, several, switched }
    }

    /// Hands over the places in the index of a moment's offers that no earlier moment of this decision had
    /// and whose rules hold; counts the others.
    pub(super) fn moment(
        &mut self,
        moment: usize,
        gates: &mut Gates,
        stages: &mut [u32; Stage::COUNT],
        mut survivor: impl FnMut(&mut Gates, &mut [u32; Stage::COUNT], u32),
    ) {
        let index = &self.policy.index;
        let mut words = index.of_moment(moment);
        while !words.is_empty() {
            let mut tile = Tile::first_of(&mut words);
            self.sift(&mut tile, gates, stages);
            for (at, alive) in tile.alive[..tile.len].iter().enumerate() {
                for place in bits(tile.first + at, *alive) {
                    survivor(gates, stages, place);
                }
            }
        }
    }

    /// Leaves the offers whose rules hold.
    fn sift(&mut self, tile: &mut Tile, gates: &mut Gates, stages: &mut [u32; Stage::COUNT]) {
        let words = tile.first..tile.first + tile.len;
        if self.several {
            for (alive, seen) in tile.alive.iter_mut().zip(&mut self.space.seen[words.clone()]) {
                (*alive, *seen) = (*alive & !*seen, *alive | *seen);
            }
        }
        if self.switched {
            for (alive, off) in tile.alive.iter_mut().zip(&self.space.off[words]) {
                stages[Stage::SwitchedOff as usize] += (*alive & off).count_ones();
                *alive &= !off;
            }
        }
        for tier in IndexTier::ALL {
            if !self.policy.index.idle(tier) {
                stages[stage(tier) as usize] += self.tier(tier, tile, gates);
            }
        }
    }

    /// Leaves the offers for which one tier holds; how many it refused.
    fn tier(&mut self, tier: IndexTier, tile: &mut Tile, gates: &mut Gates) -> u32 {
        let index = &self.policy.index;
        let words = tile.first..tile.first + tile.len;
        let (mut holding, mut room) = ([0; TILE_WORDS], [0; TILE_WORDS]);
        let holding = &mut holding[..tile.len];
        let probe = &mut self.space.probe;
        index.holding(tier, words.clone(), probe, gates.features, holding, &mut room);
        let mut refused = 0;
        for ((alive, holding), word) in tile.alive.iter_mut().zip(holding).zip(words) {
            let mut left = *alive & *holding;
            for place in bits(word, left & index.bounds(tier, word)) {
                if !self.asked(tier, place, gates) {
                    left &= !(1 << (place % 64));
                }
            }
            refused += (*alive & !left).count_ones();
            *alive = left;
        }
        refused
    }

    /// A tier asked of one offer.
    fn asked(&self, tier: IndexTier, place: u32, gates: &mut Gates) -> bool {
        let position = self.policy.index.offer(place) as usize;
        let Some(offer) = self.policy.tables.offers.get(position) else { return false };
        match tier {
            IndexTier::Valid => offer.period.contains(gates.inputs.now_ms),
            IndexTier::Eligible => gates.allows(offer, Tier::Eligible),
            IndexTier::Applicable => gates.allows(offer, Tier::Applicable),
            IndexTier::Suitable => gates.allows(offer, Tier::Suitable),
        }
    }
}

impl Tile {
    /// Takes the words next to each other from the front.
    fn first_of(words: &mut &[Word]) -> Tile {
        let first = words.first().map_or(0, |word| word.0);
        let mut tile = Tile { first: first as usize, len: 0, alive: [0; TILE_WORDS] };
        for (expected, (word, bits)) in (first..).zip(words.iter().take(TILE_WORDS)) {
            if *word != expected {
                break;
            }
            tile.alive[tile.len] = *bits;
            tile.len += 1;
        }
        *words = &words[tile.len..];
        tile
    }
}

/// Where offers fall out that a tier refuses.
fn stage(tier: IndexTier) -> Stage {
    match tier {
        IndexTier::Valid => Stage::NotValid,
        IndexTier::Eligible => Stage::NotEligible,
        IndexTier::Applicable => Stage::NotApplicable,
        IndexTier::Suitable => Stage::NotSuitable,
    }
}

/// The places of the bits that are set in a word.
fn bits(word: usize, mut bits: u64) -> impl Iterator<Item = u32> {
    core::iter::from_fn(move || {
        let bit = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (bit < 64).then_some(word as u32 * 64 + bit)
    })
}

/// O(switched-off offers + words of switched-off issues + words).
fn mark_switched_off(inputs: &Inputs, off: &mut [u64]) {
    let (policy, switches) = (inputs.policy, inputs.snapshot.switches());
    off.fill(0);
    for id in &switches.offers_off {
        let place = policy.offer_position(*id).and_then(|offer| policy.index.place(offer));
        if let Some(place) = place {
            off[place as usize / 64] |= 1 << (place % 64);
        }
    }
    for (position, issue) in policy.tables.issues.iter().enumerate() {
        if switches.issues_off.contains(&issue.id) {
            for (word, bits) in policy.index.of_issue(position) {
                off[*word as usize] |= bits;
            }
        }
    }
}
