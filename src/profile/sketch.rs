//! How many different values, and which value lies where among all: in a few bytes, with a stated
//! error.

use crate::base::bytes::{read_u16, write_u16};
use crate::base::limits::{DISTINCT_REGISTERS, QUANTILE_BINS_MAX};
use crate::policy::Quantile;

/// The largest rank that half a byte holds.
const RANK_MAX: u32 = 15;
const REGISTERS_MAX: usize = DISTINCT_REGISTERS[DISTINCT_REGISTERS.len() - 1] as usize;

/// Notes a value by its hash: two registers a byte, each with the highest rank seen.
///
/// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007).
pub(super) fn note_distinct(bucket: &mut [u8], registers: u16, hash: u64) {
    let register = hash as usize & (usize::from(registers).max(1) - 1);
    // The bits that choose a register say nothing of the rank.
    let rank = ((hash >> 8).trailing_zeros() + 1).min(RANK_MAX) as u8;
    if let Some(byte) = bucket.get_mut(register / 2) {
        let shift = 4 * (register % 2);
        let kept = *byte >> shift & 0xF;
        *byte = *byte & !(0xF << shift) | rank.max(kept) << shift;
    }
}

/// How many different values the buckets have seen together.
pub(super) fn read_distinct<'b>(registers: u16, buckets: impl Iterator<Item = &'b [u8]>) -> i64 {
    let mut ranks = [0u8; REGISTERS_MAX];
    for bucket in buckets {
        for (pair, byte) in ranks.chunks_exact_mut(2).zip(bucket) {
            if let [low, high] = pair {
                *low = (*low).max(byte & 0xF);
                *high = (*high).max(byte >> 4);
            }
        }
    }
    let mut counts = [0u16; RANK_MAX as usize + 1];
    for rank in ranks.iter().take(registers.into()) {
        if let Some(count) = counts.get_mut(usize::from(*rank)) {
            *count += 1;
        }
    }
    libm::rint(estimate(f64::from(registers), &counts)) as i64
}

/// How many values leave so many registers at each rank. Few are counted by the registers that are
/// empty (linear counting: Whang, Vander-Zanden, Taylor 1990), which is exact but for those that
/// share one. Many: Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017),
/// algorithm 6, which is unbiased from there on.
fn estimate(registers: f64, counts: &[u16; RANK_MAX as usize + 1]) -> f64 {
    /// 1 / (2 ln 2).
    const ALPHA: f64 = 0.721_347_520_444_481_7;
    let [empty, ranks @ .., full] = counts.map(f64::from);
    let linear = registers * libm::log(registers / empty);
    if linear <= LINEAR_SHARE_MAX * registers {
        return linear;
    }
    let above = registers * tau(1.0 - full / registers);
    let ranked = ranks.iter().rev().fold(above, |sum, count| 0.5 * (sum + count));
    ALPHA * registers * registers / (ranked + registers * sigma(empty / registers))
}

/// Values a register up to which linear counting is used.
const LINEAR_SHARE_MAX: f64 = 0.6;

/// Turns after which both series below no longer change.
const TURNS_MAX: usize = 64;

fn sigma(share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut x, mut y, mut sum) = (share, 1.0, share);
    for _ in 0..TURNS_MAX {
        x *= x;
        let next = sum + x * y;
        if next == sum {
            break;
        }
        (sum, y) = (next, y + y);
    }
    sum
}

fn tau(share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut x, mut y, mut sum) = (share, 1.0, 1.0 - share);
    for _ in 0..TURNS_MAX {
        x = libm::sqrt(x);
        y *= 0.5;
        let next = sum - (1.0 - x) * (1.0 - x) * y;
        if next == sum {
            break;
        }
        sum = next;
    }
    sum / 3.0
}

/// Counts a value, in units, in its bin. What lies outside the declared range counts as its end.
pub(super) fn note_value(bucket: &mut [u8], quantile: &Quantile, value: f64, count: u64) {
    let steps = libm::floor(libm::log(value / quantile.least) / quantile.ratio_ln);
    // Of what is not above zero there is no logarithm: a NaN or minus infinity is bin 0.
    let bin = (steps.max(0.0) as usize).min(usize::from(quantile.bins).saturating_sub(1));
    let sum = u64::from(read_u16(bucket, 2 * bin)).saturating_add(count);
    write_u16(bucket, 2 * bin, u16::try_from(sum).unwrap_or(u16::MAX));
}

/// The value, in units, below which the share of the values lies; none when there are none.
pub(super) fn read_quantile<'b>(
    quantile: &Quantile,
    buckets: impl Iterator<Item = &'b [u8]>,
) -> Option<f64> {
    let mut counts = [0u64; QUANTILE_BINS_MAX];
    for bucket in buckets {
        for (count, pair) in counts.iter_mut().zip(bucket.as_chunks::<2>().0) {
            *count += u64::from(u16::from_le_bytes(*pair));
        }
    }
    let all: u64 = counts.iter().sum();
    // Nearest rank: the smallest value that so many are at most as large as.
    let rank = (all * u64::from(quantile.at_millionths)).div_ceil(1_000_000).max(1);
    let mut passed = 0;
    let bin = counts.iter().position(|count| {
        passed += count;
        passed >= rank
    })?;
    // The point of a bin whose relative distance from both its ends is the same.
    let ratio = libm::exp(quantile.ratio_ln);
    let begins = quantile.least * libm::exp(quantile.ratio_ln * bin as f64);
    Some(begins * 2.0 * ratio / (ratio + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::hash_words;

    fn distinct(registers: u16, values: impl Iterator<Item = u64>) -> i64 {
        let mut bucket = [0; REGISTERS_MAX / 2];
        values.for_each(|value| note_distinct(&mut bucket, registers, hash_words(0, [value])));
        read_distinct(registers, core::iter::once(&bucket[..usize::from(registers) / 2]))
    }

    /// The root of the mean square of the relative error over many sets, against what is stated.
    #[test]
    fn distinct_keeps_its_standard_error() {
        const SETS: u64 = 200;
        for registers in DISTINCT_REGISTERS {
            let stated = 1.04 / libm::sqrt(registers.into());
            for size in [1u64, 5, 20, 100, 500, 5_000] {
                let errors = (0..SETS).map(|set| {
                    let values = (0..size).map(|nth| set << 32 | nth);
                    let found = distinct(registers, values) as f64;
                    (found - size as f64) / size as f64
                });
                let (mut squares, mut sum) = (0.0, 0.0);
                for error in errors {
                    (squares, sum) = (squares + error * error, sum + error);
                }
                let (spread, bias) = (libm::sqrt(squares / SETS as f64), sum / SETS as f64);
                assert!(spread < 1.25 * stated, "{registers} registers, {size}: {spread}");
                assert!(bias.abs() < 0.5 * stated, "{registers} registers, {size}: {bias}");
            }
        }
    }

    #[test]
    fn repetitions_are_no_news() {
        let once = distinct(64, 0..30);
        assert_eq!(distinct(64, (0..30).chain(0..30).chain(5..20)), once);
        assert_eq!(distinct(64, core::iter::empty()), 0);
    }

    #[test]
    fn a_quantile_keeps_its_relative_error() {
        let ratio: f64 = 1.5;
        let at = |at_millionths| Quantile {
            at_millionths,
            least: 1.0,
            ratio_ln: libm::log(ratio),
            bins: 20,
        };
        let stated = (ratio - 1.0) / (ratio + 1.0);
        let mut bucket = [0; 40];
        for value in 1..=1_000u32 {
            note_value(&mut bucket, &at(1), value.into(), 1);
        }
        for (millionths, exact) in
            [(1_000, 1.0), (500_000, 500.0), (900_000, 900.0), (1_000_000, 1_000.0)]
        {
            let found = read_quantile(&at(millionths), core::iter::once(&bucket[..])).unwrap();
            assert!((found - exact).abs() <= stated * exact * 1.000_001, "{millionths}: {found}");
        }
        assert_eq!(read_quantile(&at(500_000), core::iter::empty()), None);
        // The ends stand for what lies beyond them.
        for (outside, end) in
            [(0.0, 1.0), (-5.0, 1.0), (1e9, 1.5f64.powi(20)), (f64::INFINITY, 1.5f64.powi(20))]
        {
            let mut bucket = [0; 40];
            note_value(&mut bucket, &at(1), outside, 1);
            let found = read_quantile(&at(500_000), core::iter::once(&bucket[..])).unwrap();
            assert!((found - end).abs() <= 0.5 * end, "{outside}: {found}");
        }
    }
}
