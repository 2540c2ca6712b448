//! Logistic regression, and scorecards, which are the same with points by bin.
//!
//! Source: Cox, The Regression Analysis of Binary Sequences, Journal of the Royal Statistical
//! Society B 20 (1958) 215-242; bins and points as in Siddiqi, Credit Risk Scorecards (2006).

use super::Inputs;
use crate::base::steps::step;
use crate::expr::Cell;
use crate::policy::{Answer, Logistic, ModelInput, Term, Weights};

impl Logistic {
    /// The logarithm of the odds: the intercept and what each input adds.
    pub(super) fn log_odds(&self, inputs: &[ModelInput], cells: &Inputs) -> f64 {
        let terms = self.terms.iter().zip(inputs).zip(cells);
        terms.fold(self.intercept, |sum, ((term, input), cell)| sum + term.adds(input, *cell))
    }
}

impl Term {
    fn adds(&self, input: &ModelInput, cell: Cell) -> f64 {
        let number = || input.number(cell).filter(|value| value.is_finite());
        let known = match &self.weights {
            Weights::Coefficient(coefficient) => number().map(|value| coefficient * value),
            Weights::Bins { below, rest } => number().map(|value| {
                step(below.len());
                let bin = below.iter().find(|(bound, _)| value < *bound);
                bin.map_or(*rest, |(_, points)| *points)
            }),
            Weights::Members { of, rest } => cell.bits().map(|member| {
                step(of.len());
                let found = of.iter().find(|(known, _)| u64::from(*known) == member);
                found.map_or(*rest, |(_, points)| *points)
            }),
        };
        known.unwrap_or(self.missing)
    }
}

/// What the logarithm of odds comes to.
pub(super) fn answer(log_odds: f64, answer: Answer) -> f64 {
    match answer {
        Answer::LogOdds => log_odds,
        _ => 1.0 / (1.0 + libm::exp(-log_odds)),
    }
}
