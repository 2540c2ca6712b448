//! Lift: what offers changed, as treated against control.

/// A mean's worth of observations as exact integers, so that samples merge in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    count: u64,
    sum: i128,
    sum_of_squares: u128,
}

impl Sample {
    /// Adds one observation, for example a subscriber's revenue in micro-units.
    pub fn add(&mut self, value: i64) {
        let value = i128::from(value);
        self.count += 1;
        self.sum += value;
        self.sum_of_squares += (value * value).unsigned_abs();
    }

    /// Adds another sample's observations.
    pub fn merge(&mut self, other: &Sample) {
        self.count += other.count;
        self.sum += other.sum;
        self.sum_of_squares += other.sum_of_squares;
    }

    /// How many observations.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; zero of none.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// Their unbiased variance; zero of fewer than two.
    pub fn variance(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        let mean = self.mean();
        let centred = self.sum_of_squares as f64 - self.count as f64 * mean * mean;
        (centred / (self.count - 1) as f64).max(0.0)
    }
}

/// The difference of two means with its 95 % confidence interval, in the unit of the
/// observations.
///
/// Fixed horizon: the interval holds for one look at a time chosen beforehand. Welch's standard
/// error with the normal quantile, which arms of a hundred or more justify.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lift {
    /// Mean of the treated less mean of the control.
    pub difference: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// The difference as a part of the control's mean; none when that is zero.
    pub relative: Option<f64>,
}

/// The 97.5 % quantile of the standard normal distribution.
const NORMAL_QUANTILE_975: f64 = 1.959_963_984_540_054;

impl Lift {
    /// Compares two arms; none while either has fewer than two observations.
    pub fn between(treated: &Sample, control: &Sample) -> Option<Lift> {
        if treated.count < 2 || control.count < 2 {
            return None;
        }
        let difference = treated.mean() - control.mean();
        let error = libm::sqrt(
            treated.variance() / treated.count as f64 + control.variance() / control.count as f64,
        );
        let half = NORMAL_QUANTILE_975 * error;
        let base = control.mean();
        Some(Lift {
            difference,
            low: difference - half,
            high: difference + half,
            relative: (base != 0.0).then(|| difference / base),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: &[i64]) -> Sample {
        let mut sample = Sample::default();
        values.iter().for_each(|value| sample.add(*value));
        sample
    }

    #[test]
    fn moments_and_interval() {
        let treated = sample(&[2, 4, 4, 4, 5, 5, 7, 9]);
        assert_eq!((treated.mean(), treated.variance()), (5.0, 32.0 / 7.0));
        let control = sample(&[1, 3, 3, 3, 4, 4, 6, 8]);
        let lift = Lift::between(&treated, &control).expect("both arms have observations");
        // By hand: standard error sqrt(2 * (32/7) / 8) = 1.0690449676.
        assert!((lift.difference - 1.0).abs() < 1e-12);
        assert!((lift.low - (1.0 - 2.095_289_634_4)).abs() < 1e-9, "{}", lift.low);
        assert_eq!(lift.relative, Some(0.25));
    }

    #[test]
    fn merging_is_adding() {
        let mut merged = sample(&[1, -5, 7]);
        merged.merge(&sample(&[i64::MAX, 2]));
        assert_eq!(merged, sample(&[2, i64::MAX, 7, -5, 1]));
        assert_eq!(Lift::between(&merged, &sample(&[1])), None);
    }
}
