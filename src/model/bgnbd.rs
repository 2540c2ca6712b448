//! BG/NBD: whether somebody who buys now and then is still a customer, and how often they will buy.
//!
//! Fader, Hardie and Lee, "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD
//! Model, Marketing Science 24 (2005) 275-284. While alive, a customer buys as a Poisson process,
//! whose rate varies over customers as a gamma of shape `r` and rate `alpha`; after each purchase
//! they leave with a probability that varies as a beta of `a` and `b`.

use super::Inputs;
use crate::base::steps::step;
use crate::expr::Type;
use crate::policy::{Answer, Bgnbd, ModelInput};

/// What the model needs of a customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct History {
    /// Purchases after the first one, `x`: a whole number, as the model counts them.
    frequency: f64,
    /// From the first purchase to the last, `t_x`.
    recency: f64,
    /// From the first purchase to now, `T`.
    age: f64,
}

impl History {
    /// None where something is missing or cannot be.
    pub(super) fn of(model: &Bgnbd, inputs: &[ModelInput], cells: &Inputs) -> Option<History> {
        let mut numbers = inputs.iter().zip(cells).map(|(input, cell)| match input.ty {
            Type::Duration => cell.as_int().map(|ms| model.periods(ms)),
            _ => input.number(*cell),
        });
        let mut next = || numbers.next().flatten();
        let history = History { frequency: next()?, recency: next()?, age: next()? };
        history.is_sound().then_some(history)
    }

    /// A NaN is not.
    fn is_sound(&self) -> bool {
        let History { frequency, recency, age } = *self;
        frequency >= 0.0
            && frequency.is_finite()
            && libm::trunc(frequency) == frequency
            && 0.0 <= recency
            && recency <= age
            && age.is_finite()
    }
}

impl Bgnbd {
    pub(super) fn answer(&self, history: &History, answer: Answer) -> Option<f64> {
        match answer {
            Answer::Alive => Some(self.alive(history)),
            Answer::Expected { within_ms } => self.expected(history, within_ms),
            Answer::Probability | Answer::LogOdds => None,
        }
    }

    /// P(alive | x, t_x, T). Who has not bought again counts as alive: nobody leaves before they
    /// have bought again.
    fn alive(&self, history: &History) -> f64 {
        let History { frequency, recency, age } = *history;
        if frequency == 0.0 {
            return 1.0;
        }
        let silence = (self.alpha + age) / (self.alpha + recency);
        let odds = self.a / (self.b + frequency - 1.0) * libm::pow(silence, self.r + frequency);
        1.0 / (1.0 + odds)
    }

    /// E[Y(t) | x, t_x, T], equation (10) of the paper, in a form that is also defined at `a = 1`.
    ///
    /// With w = t / (alpha + T + t), e = a - 1 and C = a + b + x - 1, Euler's transformation turns
    /// the equation into C/e [1 - (1-w)^e F(a+b-1-r, e; C; w)] P(alive). Both factors are 1 plus a
    /// multiple of e, which is taken out: (1-w)^e = 1 + e H, F = 1 + e G.
    fn expected(&self, history: &History, within_ms: i64) -> Option<f64> {
        let ahead = self.periods(within_ms);
        let ratio = ahead / (self.alpha + history.age + ahead);
        let sum = self.a + self.b + history.frequency - 1.0;
        let shape = self.a - 1.0;
        let log = libm::log1p(-ratio);
        let power = if shape == 0.0 { log } else { libm::expm1(shape * log) / shape };
        let series = self.series(sum, ratio, libm::fabs(sum * power), self.terms(within_ms)?)?;
        let purchases = -(sum * power + series * (1.0 + shape * power));
        Some((purchases * self.alive(history)).max(0.0))
    }

    /// C G of [`expected`](Self::expected): the sum over n from 1 of
    /// (a+b-1-r)_n (a)_(n-1) w^n / ((C+1)_(n-1) n!), to the last bit of what it is added to.
    fn series(&self, sum: f64, ratio: f64, beside: f64, terms: usize) -> Option<f64> {
        let rising = self.a + self.b - 1.0 - self.r;
        let mut term = rising * ratio;
        let mut total = term;
        for n in 1..terms {
            step(1);
            let n = n as f64;
            term *= (rising + n) * (self.a + n - 1.0) * ratio / ((sum + n) * (n + 1.0));
            total += term;
            if libm::fabs(term) <= f64::EPSILON / 4.0 * (libm::fabs(total) + beside) {
                return Some(total);
            }
        }
        None
    }
}
