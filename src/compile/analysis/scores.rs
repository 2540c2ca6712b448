//! Treatments that can never score enough to be made.

use std::format;

use super::Analysis;
use super::formula::{Formula, Tree};
use crate::base::money::MICROS;
use crate::compile::diagnostic::Code;
use crate::expr::Op;
use crate::policy::{Offer, Treatment};

/// How many times the propensity that the text gives is still believed: it is a guess, and what is
/// never made is never learnt.
const GUESS_FACTOR: f64 = 2.0;

impl Analysis<'_> {
    /// A treatment is hopeless when value, weight and lever at their most, by twice the propensity
    /// that the text gives, less what the channel costs, stay below `score_min`.
    pub(super) fn scores(&self) {
        let tables = &self.policy.tables;
        for treatment in &tables.treatments {
            // What fills a place needs no score.
            if tables.fallbacks.contains(&treatment.offer) {
                continue;
            }
            let offer = &tables.offers[treatment.offer as usize];
            let Some(worth_micros) = self.worth_max(offer) else { continue };
            let guess = treatment.prior_accepted / treatment.prior_offered;
            let propensity = (guess * GUESS_FACTOR).min(1.0);
            let channel = &tables.channels[usize::from(treatment.channel)];
            let cost_micros = channel.cost_micros as f64;
            let score_micros = propensity * worth_micros - cost_micros;
            if score_micros < tables.score_micros_min {
                self.hopeless(treatment, offer, propensity, worth_micros, cost_micros);
            }
        }
    }

    fn hopeless(
        &self,
        treatment: &Treatment,
        offer: &Offer,
        propensity: f64,
        worth_micros: f64,
        cost_micros: f64,
    ) {
        let tables = &self.policy.tables;
        let channel = self.name(tables.channels[usize::from(treatment.channel)].id);
        let name = self.name(offer.id);
        let units = |micros: f64| micros / MICROS as f64;
        let (worth, cost) = (units(worth_micros), units(cost_micros));
        let message = format!(
            "`{name}` on `{channel}` can never score enough: even if twice as many accept as guessed, \
             {propensity} x {worth:.2} less the cost of {cost} is {:.4}, and score_min is {}",
            propensity * worth - cost,
            units(tables.score_micros_min),
        );
        let help = format!(
            "look at the value of the offer, at channels.{channel}.cost and at policy.score_min; an \
             offer that is to be made without earning anything says what it saves as its value"
        );
        let path = ["offers", name, "treatments", channel];
        self.warn(&path, Code::NeverScores, message, Some(help));
    }

    /// What a score multiplies with the propensity, in micro-units of money, at its most; none when
    /// it is not known beforehand.
    fn worth_max(&self, offer: &Offer) -> Option<f64> {
        let value = range(&self.reader.formula(offer.value), &|bits| bits as i64 as f64)?;
        let weight = match offer.weight {
            Some(weight) => range(&self.reader.formula(weight), &f64::from_bits)?,
            None => (1.0, 1.0),
        };
        let corners =
            [value.0 * weight.0, value.0 * weight.1, value.1 * weight.0, value.1 * weight.1];
        let most = corners.into_iter().fold(f64::NEG_INFINITY, f64::max);
        Some(most * offer.lever)
    }
}

/// The least and the greatest value of a choice among known ones.
fn range(tree: &Tree, read: &dyn Fn(u64) -> f64) -> Option<(f64, f64)> {
    match &**tree {
        Formula::Constant(bits) => Some((read(*bits), read(*bits))),
        Formula::Select(_, a, b) | Formula::OrElse(a, b) => {
            let (a, b) = (range(a, read)?, range(b, read)?);
            Some((a.0.min(b.0), a.1.max(b.1)))
        }
        Formula::Apply(Op::Number, operands) => range(operands.first()?, read),
        _ => None,
    }
}
