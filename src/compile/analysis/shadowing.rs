//! Offers that another offer leaves nothing to do.
//!
//! One offer shadows another of the same group, kind and moments when it may be made to everybody
//! who may have the other, whenever the other may, on all its channels, for a score that is never
//! lower. Scores are compared by the policy's own numbers: value, weight, lever and propensity;
//! what is learnt later may say otherwise. A cap over each offer, or over the better one, gives
//! the other its turn: then nothing is shadowed.

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::vec;
use std::vec::Vec;

use super::Analysis;
use super::formula::{Tree, Variable};
use super::rules::tiers;
use super::solver::{Goal, Truth};
use crate::base::money::MICROS;
use crate::compile::diagnostic::Code;
use crate::expr::{Op, Program};
use crate::policy::{CapScope, Offer, Treatment};

/// With how many others an offer is compared: the most valuable of its group and moments.
const RIVALS_MAX: usize = 32;

impl Analysis<'_> {
    pub(super) fn shadowing(&self) {
        let offers = &self.policy.tables.offers;
        for alike in self.alike().into_values().filter(|alike| alike.len() > 1) {
            let mut rivals: Vec<(f64, &Offer)> = alike
                .iter()
                .map(|at| &offers[*at as usize])
                .filter_map(|offer| Some((self.worth(offer)?, offer)))
                .collect();
            rivals.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
            rivals.truncate(RIVALS_MAX);
            let rivals: Vec<Rival<'_>> = rivals.into_iter().map(|(_, o)| self.rival(o)).collect();
            for at in alike {
                self.shadowed(at, &rivals);
            }
        }
    }

    /// Offers by group, kind and moments.
    fn alike(&self) -> BTreeMap<(u16, u8, Vec<u16>), Vec<u32>> {
        let tables = &self.policy.tables;
        let mut moments = vec![Vec::new(); tables.offers.len()];
        for (position, moment) in tables.moments.iter().enumerate() {
            let range = moment.offers.start as usize..moment.offers.end as usize;
            for offer in &tables.moment_offers[range] {
                moments[*offer as usize].push(position as u16);
            }
        }
        let mut alike: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for (position, (offer, moments)) in tables.offers.iter().zip(moments).enumerate() {
            let key = (offer.group, offer.kind as u8, moments);
            alike.entry(key).or_default().push(position as u32);
        }
        alike
    }

    fn rival<'o>(&self, offer: &'o Offer) -> Rival<'o> {
        let rules = tiers(&offer.rules).map(|(_, rule)| self.reader.formula(rule));
        let rules: Vec<Tree> = rules.collect();
        Rival { offer, variables: variables(&rules), rules }
    }

    fn shadowed(&self, position: u32, rivals: &[Rival<'_>]) {
        let tables = &self.policy.tables;
        let offer = &tables.offers[position as usize];
        let group = &tables.groups[usize::from(offer.group)];
        let issue = &tables.issues[usize::from(group.issue)];
        let held = [&issue.rules, &group.rules, &offer.rules].into_iter().flat_map(tiers);
        let held: Vec<Tree> = held.map(|(_, rule)| self.reader.formula(rule)).collect();
        let known = variables(&held);
        let better = rivals.iter().find(|rival| {
            let better = rival.offer;
            better.id != offer.id
                // PERF: what reads more than the others is not implied by them, unless it is no
                // condition at all; asking the solver was nine tenths of all analyses.
                && rival.variables.is_subset(&known)
                && !self.takes_turns(better)
                && self.never_worse(better, offer)
                && self.implied(rival, &held)
        });
        if let Some(better) = better {
            let (name, by) = (self.name(offer.id), self.name(better.offer.id));
            let message = format!("offer `{name}` has nothing to do beside `{by}`");
            let help = format!(
                "`{by}` may be made to everybody who may have `{name}`, on all its channels, and \
                 is never worth less"
            );
            self.warn(&["offers", name], Code::Shadowed, message, Some(help));
        }
    }

    /// Whether a cap stops an offer while others of its kind may still be made.
    fn takes_turns(&self, offer: &Offer) -> bool {
        let tables = &self.policy.tables;
        tables.contact.caps.iter().any(|cap| {
            !cap.exempt.contains(offer.kind)
                && match cap.scope {
                    CapScope::EachOffer => true,
                    CapScope::Offer(capped) => tables.offers[capped as usize].id == offer.id,
                    _ => false,
                }
        })
    }

    /// Whether the better offer scores no less wherever the other can be made, and comes first
    /// where both score alike.
    fn never_worse(&self, better: &Offer, offer: &Offer) -> bool {
        let period = better.period.covers(offer.period);
        let (Some(more), Some(less)) = (self.worth(better), self.worth(offer)) else {
            return false;
        };
        let worth = more >= 0.0 && (more > less || more == less && better.id < offer.id);
        let others = self.treatments(better);
        period
            && worth
            && self.treatments(offer).iter().all(|treatment| {
                others.iter().any(|other| {
                    other.channel == treatment.channel
                        && other.period.covers(treatment.period)
                        && mean(other) >= mean(treatment)
                        && draws_no_more(other, treatment)
                })
            })
    }

    fn treatments(&self, offer: &Offer) -> &[Treatment] {
        let range = offer.treatments.start as usize..offer.treatments.end as usize;
        &self.policy.tables.treatments[range]
    }

    /// What a score multiplies with the propensity, in money, if it is the same for everybody.
    fn worth(&self, offer: &Offer) -> Option<f64> {
        let constant = |program: Program| match self.policy.code(program) {
            [Op::Constant(bits)] => Some(*bits),
            _ => None,
        };
        let value = constant(offer.value)? as i64 as f64 / MICROS as f64;
        let weight = match offer.weight {
            Some(weight) => f64::from_bits(constant(weight)?),
            None => 1.0,
        };
        Some(value * weight * offer.lever)
    }

    /// Whether the rules of the better offer hold wherever those of the other do.
    fn implied(&self, better: &Rival<'_>, held: &[Tree]) -> bool {
        let held: Vec<Goal> = held.iter().map(|rule| (rule.clone(), Truth::True)).collect();
        better.rules.iter().all(|rule| {
            let mut goals = held.clone();
            goals.push((rule.clone(), Truth::NotTrue));
            !self.possible(&goals)
        })
    }
}

/// An offer that may shadow others.
struct Rival<'a> {
    offer: &'a Offer,
    rules: Vec<Tree>,
    /// What its rules read.
    variables: BTreeSet<Variable>,
}

fn variables(rules: &[Tree]) -> BTreeSet<Variable> {
    let mut found = BTreeSet::new();
    rules.iter().for_each(|rule| rule.collect_variables(&mut found));
    found
}

fn mean(treatment: &Treatment) -> f64 {
    treatment.prior_accepted / treatment.prior_offered
}

fn draws_no_more(better: &Treatment, other: &Treatment) -> bool {
    better.draws.iter().all(|draw| {
        draw.amount == 0
            || other.draws.iter().any(|o| o.budget == draw.budget && o.amount >= draw.amount)
    })
}
