//! A latency histogram of fixed size: log-linear buckets, as in HdrHistogram.
//!
//! Values below 2,048 ns are exact; above, each power of two is cut into 1,024
//! equal parts, so a reported value is less than 0.1 % above the recorded one.
//! Recording is a shift and an increment, so it hardly disturbs what it measures.

/// Halves of the bucket resolution: 2^10 parts per power of two.
const PARTS_BITS: u32 = 10;
const PARTS: u64 = 1 << PARTS_BITS;
/// Values above this (10 s) are counted as this.
pub const RECORDABLE_MAX_NS: u64 = 10_000_000_000;
const BUCKETS: usize = bucket_of(RECORDABLE_MAX_NS) + 1;

#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max_ns: u64,
    sum_ns: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], count: 0, max_ns: 0, sum_ns: 0 }
    }
}

impl Histogram {
    pub fn record(&mut self, ns: u64) {
        self.counts[bucket_of(ns.min(RECORDABLE_MAX_NS))] += 1;
        self.count += 1;
        self.max_ns = self.max_ns.max(ns);
        self.sum_ns += ns;
    }

    /// The smallest bucket bound that at least `percent` of the values do not
    /// exceed (nearest rank); 0 when nothing was recorded.
    pub fn percentile(&self, percent: f64) -> u64 {
        let rank = (self.count as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return upper_bound_ns(bucket).min(self.max_ns);
            }
        }
        self.max_ns
    }

    /// The largest recorded value, exactly.
    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// How many such values fit into a second.
    pub fn per_second(&self) -> f64 {
        if self.sum_ns == 0 { 0.0 } else { self.count as f64 * 1e9 / self.sum_ns as f64 }
    }
}

const fn bucket_of(ns: u64) -> usize {
    let shift = match ns.checked_ilog2() {
        Some(top) if top > PARTS_BITS => top - PARTS_BITS,
        _ => return ns as usize,
    };
    (shift as u64 * PARTS + (ns >> shift)) as usize
}

fn upper_bound_ns(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PARTS {
        return bucket;
    }
    let shift = bucket / PARTS - 1;
    ((bucket - shift * PARTS + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::super::rng::Rng;
    use super::*;

    #[test]
    fn percentiles_are_within_a_thousandth_of_the_exact_ones() {
        let mut rng = Rng::keyed(5, &[]);
        let mut histogram = Histogram::default();
        let mut values: Vec<u64> =
            (0..50_000).map(|_| rng.lognormal(40_000.0, 2.0) as u64).collect();
        values.iter().for_each(|&ns| histogram.record(ns));
        values.sort_unstable();
        for percent in [0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0] {
            let rank = (values.len() as f64 * percent / 100.0).ceil().max(1.0) as usize;
            let exact = values[rank - 1];
            let found = histogram.percentile(percent);
            assert!(found >= exact && found - exact <= exact / 1_000, "{percent}: {found} {exact}");
        }
        assert_eq!(histogram.max_ns(), values[values.len() - 1]);
        assert_eq!(histogram.count, 50_000);
    }

    #[test]
    fn every_bucket_holds_its_own_upper_bound() {
        assert_eq!((0..BUCKETS).find(|&bucket| bucket_of(upper_bound_ns(bucket)) != bucket), None);
    }

    #[test]
    fn long_waits_are_counted_and_nothing_recorded_is_zero() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(99.0), 0);
        histogram.record(RECORDABLE_MAX_NS + 1);
        assert_eq!(histogram.count, 1);
    }
}
