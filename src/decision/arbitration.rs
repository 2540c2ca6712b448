//! Ranking: propensity x context weight x value x lever, less what making the offer costs.

use smallvec::SmallVec;

use super::allocate::group_of;
use super::pauses::apart;
use super::{Context, Fate, Inputs, Offered, Stage, Trace};
use crate::base::hash::{hash_words, unit_interval};
use crate::base::ids::OfferId;
use crate::base::limits::{DECISION_OFFERS_MAX, EXPLORATION_TOP_MAX};
use crate::expr::evaluate;
use crate::policy::{Channel, Offer, Treatment};
use crate::profile::Features;
use crate::snapshot::{Lease, Snapshot};

/// An offer that passed all stages, in its best treatment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) offer: u32,
    pub(crate) id: OfferId,
    pub(crate) treatment: u32,
    /// Position among the moments raised.
    pub(crate) moment: u8,
    pub(crate) group: u16,
    pub(crate) score: f64,
}

impl Candidate {
    /// Higher score first; of equal scores the older offer, that is the lower id.
    fn before(&self, other: &Candidate) -> bool {
        self.score > other.score || (self.score == other.score && self.id < other.id)
    }
}

/// What of the score does not depend on the treatment, in micro-units of money: context weight x
/// value x lever. None when the value cannot be computed.
pub(crate) fn worth(features: &mut Features, offer: &Offer) -> Option<f64> {
    let policy = features.policy();
    let value = evaluate(policy.code(offer.value), features).as_int()? as f64;
    let weight = match offer.weight {
        Some(program) => evaluate(policy.code(program), features).as_double()?,
        None => 1.0,
    };
    Some(weight * value * offer.lever)
}

/// The expected value of making an offer in this treatment, in micro-units of money.
pub(crate) fn score(
    inputs: &Inputs,
    worth: f64,
    treatment_position: usize,
    treatment: &Treatment,
    channel: &Channel,
) -> f64 {
    let propensity = inputs.snapshot.propensity_at(treatment_position);
    propensity * worth
        - channel.cost_micros as f64
        - consumption(inputs.policy, inputs.snapshot, treatment)
}

/// What the budgets that a treatment draws on are worth elsewhere.
fn consumption(policy: &crate::policy::Policy, snapshot: &Snapshot, treatment: &Treatment) -> f64 {
    treatment
        .draws
        .iter()
        .map(|draw| {
            let budget = usize::from(draw.budget);
            let price = snapshot.shadow_prices.get(budget).copied().unwrap_or(0);
            let per_unit = policy.tables.budgets.get(budget).map_or(1, |b| b.amounts_per_unit);
            price as f64 * draw.amount as f64 / per_unit as f64
        })
        .sum()
}

/// The best candidates seen so far, best first.
#[derive(Debug)]
pub(crate) struct Ranking {
    best: SmallVec<[Candidate; EXPLORATION_TOP_MAX]>,
    /// No group gets two places, so where there are several only the best of each group matters.
    one_of_a_group: bool,
    /// How many were ranked in all.
    pub(crate) ranked: u32,
}

impl Ranking {
    pub(crate) fn new(context: &Context) -> Ranking {
        Ranking { best: SmallVec::new(), one_of_a_group: context.slots > 1, ranked: 0 }
    }

    /// Ranks one more. O(number kept).
    pub(crate) fn insert(&mut self, candidate: Candidate, trace: &mut impl Trace) {
        self.ranked += 1;
        let mut outranked =
            |other: Candidate| trace.fate(Fate::scored(other.id, Stage::Outranked, other.score));
        if self.one_of_a_group
            && let Some(rival) = self.best.iter().position(|other| other.group == candidate.group)
        {
            if self.best[rival].before(&candidate) {
                return outranked(candidate);
            }
            outranked(self.best.remove(rival));
        }
        let place = self.best.partition_point(|other| other.before(&candidate));
        if place == EXPLORATION_TOP_MAX {
            return outranked(candidate);
        }
        if self.best.len() == EXPLORATION_TOP_MAX
            && let Some(last) = self.best.pop()
        {
            outranked(last);
        }
        self.best.insert(place, candidate);
    }

    /// Those kept, best first.
    pub(crate) fn best(&self) -> &[Candidate] {
        &self.best
    }

    /// Fills the places that `open` leaves one after the other, no group twice, each with the
    /// probability of its choice given the places before. What one place takes of the lease is not
    /// there for the next.
    pub(crate) fn choose(
        &self,
        inputs: &Inputs,
        context: &Context,
        lease: &Lease,
        open: &[Offered],
    ) -> SmallVec<[(Candidate, f64); DECISION_OFFERS_MAX]> {
        let slots = match context.channel {
            Some(_) => usize::from(context.slots).min(DECISION_OFFERS_MAX),
            None => 1,
        };
        let draws_of = |candidate: &Candidate| {
            let treatment = inputs.policy.tables.treatments.get(candidate.treatment as usize);
            treatment.map_or(&[][..], |treatment| &treatment.draws)
        };
        let mut rest = self.best.clone();
        rest.retain(|candidate| {
            open.iter().all(|shown| group_of(inputs.policy, shown) != Some(candidate.group))
        });
        let mut chosen: SmallVec<[(Candidate, f64); DECISION_OFFERS_MAX]> = SmallVec::new();
        for slot in open.len()..slots {
            let Some((place, probability)) = draw(inputs, rest.len(), slot as u64) else {
                break;
            };
            let candidate = rest[place];
            chosen.push((candidate, probability));
            let taken = chosen.iter().flat_map(|(other, _)| draws_of(other));
            rest.retain(|other| {
                other.group != candidate.group
                    && !apart(inputs.policy, candidate.offer, other.offer)
                    && (inputs.test || lease.covers(draws_of(other), taken.clone()))
            });
        }
        chosen
    }
}

/// Epsilon-greedy over the first `top` of `candidates`: which one, and with what probability.
fn draw(inputs: &Inputs, candidates: usize, slot: u64) -> Option<(usize, f64)> {
    let exploration = inputs.policy.tables.exploration;
    let top = candidates.min(usize::from(exploration.top).max(1));
    if top == 0 {
        return None;
    }
    let share = exploration.epsilon / top as f64;
    let best = 1.0 - exploration.epsilon + share;
    if top == 1 {
        return Some((0, 1.0));
    }
    let unit = unit_interval(hash_words(inputs.seed, [slot]));
    if unit < best {
        return Some((0, best));
    }
    // The rest of the unit interval is cut into equal shares for the others.
    let other = 1 + ((unit - best) / share) as usize;
    Some((other.min(top - 1), share))
}
