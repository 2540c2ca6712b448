//! A small seeded generator whose draws are the same on every machine.
//!
//! The example's figures are quoted in its documentation, so a run must repeat
//! bit for bit. Two things usually spoil that: hash maps with random seeds, and
//! `ln`/`exp` from the platform's mathematics library. Nothing here uses either:
//! the logarithm and the exponential below need only `+ - * /`, which IEEE 754
//! rounds exactly.

/// SplitMix64 (Steele, Lea, Flood, 2014): one addition and one mix per draw.
///
/// Chosen because a generator can be made for every (subscriber, day) or every
/// decision at no cost. A draw then depends on its key alone, never on what was
/// drawn before it elsewhere, so treatment and control see the same organic day.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

/// The odd constant by which SplitMix64 steps (2^64 divided by the golden ratio).
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// Above this mean, `exp(-mean)` loses digits; larger means are drawn in parts.
const POISSON_PART_MAX: f64 = 16.0;

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Rng {
    /// The generator of one key: equal keys give equal draws, different keys
    /// give unrelated ones.
    pub fn keyed(seed: u64, key: &[u64]) -> Self {
        let state = key.iter().fold(mix(seed), |state, part| {
            mix(state.wrapping_add(GOLDEN_GAMMA) ^ mix(part.wrapping_add(GOLDEN_GAMMA)))
        });
        Self { state }
    }

    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// Uniform in `[0, 1)`, a multiple of 2^-53.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with the given probability. Always takes one draw, so that changing
    /// a rate does not shift the draws after it.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Uniform in `low..high`; `low` when the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.uniform() * (high - low).max(0) as f64) as i64
    }

    /// A count with the given mean (Knuth's product of uniforms).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let mut count = 0;
        let mut left = mean;
        while left > 0.0 {
            let part = left.min(POISSON_PART_MAX);
            left -= part;
            let limit = exp(-part);
            let mut product = self.uniform();
            while product > limit {
                count += 1;
                product *= self.uniform();
            }
        }
        count
    }

    pub fn exponential(&mut self, mean: f64) -> f64 {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        -mean * ln(1.0 - self.uniform())
    }

    /// Standard normal, by Marsaglia's polar method.
    pub fn normal(&mut self) -> f64 {
        loop {
            let x = 2.0 * self.uniform() - 1.0;
            let y = 2.0 * self.uniform() - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * ln(square) / square).sqrt();
            }
        }
    }

    /// Lognormal with the given arithmetic mean and standard deviation of the
    /// logarithm.
    pub fn lognormal(&mut self, mean: f64, sigma: f64) -> f64 {
        mean * exp(sigma * self.normal() - 0.5 * sigma * sigma)
    }

    /// One of `items`, each with the chance its weight has in the sum.
    ///
    /// # Panics
    /// When `items` is empty.
    pub fn weighted<T: Copy>(&mut self, items: &[T], weight: impl Fn(T) -> f64) -> T {
        let total: f64 = items.iter().map(|&item| weight(item)).sum();
        let mut left = self.uniform() * total;
        for &item in items {
            left -= weight(item);
            if left < 0.0 {
                return item;
            }
        }
        items[items.len() - 1]
    }
}

/// Natural logarithm of a positive normal number, to about 1e-13.
///
/// `x = m * 2^e` with `m` near 1, then the series of `2 atanh((m-1)/(m+1))`.
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut term = s;
    let mut sum = 0.0;
    for odd in (1..18).step_by(2) {
        sum += term / f64::from(odd);
        term *= square;
    }
    exponent as f64 * std::f64::consts::LN_2 + 2.0 * sum
}

/// Exponential, to about 1e-13 relative, for `|x| < 700`.
pub fn exp(x: f64) -> f64 {
    let halvings = (x / std::f64::consts::LN_2).round();
    let rest = x - halvings * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..16 {
        term *= rest / f64::from(n);
        sum += term;
    }
    sum * f64::from_bits(((halvings as i64 + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_draws_never_change() {
        // The reference implementation's first outputs for state 0.
        let mut rng = Rng { state: 0 };
        assert_eq!(rng.next_u64(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.next_u64(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn ln_and_exp_agree_with_the_platform() {
        for step in 1..2_000 {
            let x = f64::from(step) * 0.037;
            assert!((ln(x) - x.ln()).abs() < 1e-12, "ln {x}");
            let y = f64::from(step) * 0.02 - 20.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-12, "exp {y}");
        }
    }

    #[test]
    fn draws_have_the_stated_means() {
        const DRAWS: u32 = 200_000;
        let mut rng = Rng::keyed(1, &[2]);
        let mut mean_of = |draw: &dyn Fn(&mut Rng) -> f64| {
            (0..DRAWS).map(|_| draw(&mut rng)).sum::<f64>() / f64::from(DRAWS)
        };
        assert!((mean_of(&|r| f64::from(r.poisson(3.5))) - 3.5).abs() < 0.03);
        assert!((mean_of(&|r| f64::from(r.poisson(40.0))) - 40.0).abs() < 0.1);
        assert!((mean_of(&|r| r.exponential(2.0)) - 2.0).abs() < 0.03);
        assert!((mean_of(&|r| r.lognormal(10.0, 0.8)) - 10.0).abs() < 0.15);
        assert!(mean_of(&Rng::normal).abs() < 0.01);
    }
}
