//! Models: numbers computed from features by something that was fitted to data.

use alloc::vec::Vec;

use crate::base::civil::DAY_MS;
use crate::base::limits::MODEL_SERIES_TERMS_MAX;
use crate::base::money::MICROS;
use crate::expr::{Cell, Program, Type};

/// What is scored, from what, and which features its answers are.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) scoring: Scoring,
    /// In the order in which the kind of model wants them.
    pub(crate) inputs: Vec<ModelInput>,
    pub(crate) outputs: Vec<ModelOutput>,
}

/// A number or a member that a model reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelInput {
    pub(crate) program: Program,
    pub(crate) ty: Type,
}

/// An answer of a model.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelOutput {
    /// Position of the feature that it is read as: a double.
    pub(crate) feature: u16,
    pub(crate) answer: Answer,
}

/// What a model can be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    /// BG/NBD: the probability that the subscriber is still a customer.
    Alive,
    /// BG/NBD: how many purchases are expected in a stretch of time from now.
    Expected { within_ms: i64 },
    /// Logistic: the probability.
    Probability,
    /// Logistic: its logarithm of odds.
    LogOdds,
}

/// How a model computes.
#[derive(Clone, Debug)]
pub(crate) enum Scoring {
    Bgnbd(Bgnbd),
    Logistic(Logistic),
}

/// The four parameters of BG/NBD (Fader, Hardie and Lee 2005), and the time that they count in.
/// Inputs: frequency, recency, age.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bgnbd {
    pub(crate) r: f64,
    pub(crate) alpha: f64,
    pub(crate) a: f64,
    pub(crate) b: f64,
    pub(crate) unit_ms: i64,
}

/// A sum of terms, one for each input, taken for the logarithm of odds.
#[derive(Clone, Debug)]
pub(crate) struct Logistic {
    pub(crate) intercept: f64,
    pub(crate) terms: Vec<Term>,
}

/// What one input adds.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) weights: Weights,
    /// What it adds when the input is missing.
    pub(crate) missing: f64,
}

/// How much an input that is known adds.
#[derive(Clone, Debug)]
pub(crate) enum Weights {
    /// So much for each unit.
    Coefficient(f64),
    /// For a number below each bound, ascending, and for all others.
    Bins { below: Vec<(f64, f64)>, rest: f64 },
    /// For each of some members of an enumeration, and for all others.
    Members { of: Vec<(u32, f64)>, rest: f64 },
}

impl ModelInput {
    /// The input as a number: money in units, a length of time in days, a truth as 1 or 0.
    pub(crate) fn number(&self, cell: Cell) -> Option<f64> {
        match self.ty {
            Type::Bool | Type::Int => cell.as_int().map(|value| value as f64),
            Type::Double => cell.as_double(),
            Type::Money => cell.as_int().map(|micros| micros as f64 / MICROS as f64),
            Type::Duration => cell.as_int().map(|ms| ms as f64 / DAY_MS as f64),
            Type::Timestamp | Type::Member | Type::Text => None,
        }
    }
}

impl Bgnbd {
    /// A length of time in the model's own.
    pub(crate) fn periods(&self, ms: i64) -> f64 {
        ms as f64 / self.unit_ms.max(1) as f64
    }

    /// Terms after which the series of expected purchases has converged, whoever it is asked of:
    /// most are needed for a subscriber who is new. None when they are more than a call may take.
    ///
    /// A term is at most `w^n n^(a - 2)` in proportion to the first; this is where that falls
    /// below 2^-64.
    pub(crate) fn terms(&self, within_ms: i64) -> Option<usize> {
        let ahead = self.periods(within_ms);
        let decay = -libm::log(ahead / (self.alpha + ahead));
        let growth = (self.a - 2.0).max(0.0);
        let mut terms = 1.0;
        // Each round takes the number of the last for `n`.
        for _ in 0..4 {
            terms = (45.0 + growth * libm::log(terms)) / decay;
        }
        let fits = (0.0..MODEL_SERIES_TERMS_MAX as f64).contains(&terms);
        // The first two always.
        fits.then(|| terms as usize + 2)
    }
}

impl Model {
    /// The largest number of steps of one answer, besides those of the inputs' programs: each
    /// input, each bin that is compared, each term of a series.
    pub(crate) fn steps(&self, answer: Answer) -> u64 {
        let scoring: usize = match &self.scoring {
            Scoring::Bgnbd(model) => match answer {
                Answer::Expected { within_ms } => model.terms(within_ms).unwrap_or(0),
                _ => 0,
            },
            Scoring::Logistic(model) => model.terms.iter().map(|term| term.weights.len()).sum(),
        };
        (self.inputs.len() + scoring) as u64
    }
}

impl Weights {
    /// How many bounds or members are compared.
    pub(crate) fn len(&self) -> usize {
        match self {
            Weights::Coefficient(_) => 0,
            Weights::Bins { below, .. } => below.len(),
            Weights::Members { of, .. } => of.len(),
        }
    }
}

impl Answer {
    /// Between what it lies, where it is known.
    #[cfg(feature = "compiler")]
    pub(crate) fn range(self) -> (f64, f64) {
        match self {
            Answer::Alive | Answer::Probability => (0.0, 1.0),
            Answer::Expected { .. } => (0.0, f64::INFINITY),
            Answer::LogOdds => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}
