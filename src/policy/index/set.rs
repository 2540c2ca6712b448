//! Sets of the values that one source can have: what single-source parts of a rule come down to.

use smallvec::SmallVec;

/// Inclusive ranges of keys. Nearly all sets are one range, or two.
pub(super) type Ranges = SmallVec<[(i64, i64); 2]>;

/// Keys, in the order of the values that they stand for, and whether a missing value belongs too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set {
    missing: bool,
    /// Ascending, and no two of them touch.
    ranges: Ranges,
}

impl Set {
    pub(super) fn empty() -> Set {
        Set { missing: false, ranges: Ranges::new() }
    }

    /// Every value that is not missing.
    pub(super) fn known() -> Set {
        Set::range(i64::MIN, i64::MAX)
    }

    pub(super) fn missing() -> Set {
        Set { missing: true, ranges: Ranges::new() }
    }

    pub(super) fn range(low: i64, high: i64) -> Set {
        Set {
            missing: false,
            ranges: Some((low, high)).filter(|_| low <= high).into_iter().collect(),
        }
    }

    /// Keys below this one.
    pub(super) fn below(key: i64) -> Set {
        key.checked_sub(1).map_or_else(Set::empty, |high| Set::range(i64::MIN, high))
    }

    /// Keys above this one.
    pub(super) fn above(key: i64) -> Set {
        key.checked_add(1).map_or_else(Set::empty, |low| Set::range(low, i64::MAX))
    }

    pub(super) fn and_missing(self, missing: bool) -> Set {
        Set { missing, ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.missing && self.ranges.is_empty()
    }

    pub(super) fn is_everything(&self) -> bool {
        self.missing && self.ranges[..] == [(i64::MIN, i64::MAX)]
    }

    pub(super) fn has_missing(&self) -> bool {
        self.missing
    }

    /// How many ranges it has.
    pub(super) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether a key belongs; none for a missing value.
    pub(super) fn has(&self, key: Option<i64>) -> bool {
        match key {
            None => self.missing,
            Some(key) => self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&key)),
        }
    }

    /// The key that belongs and is nearest to this one, or to zero where there is none, within
    /// `-end..=end`.
    pub(super) fn nearest(&self, key: Option<i64>, end: i64) -> Option<i64> {
        let key = key.unwrap_or(0);
        let within = |(low, high): &(i64, i64)| key.clamp(*low, *high);
        self.ranges
            .iter()
            .map(within)
            .filter(|found| (-end..=end).contains(found))
            .min_by_key(|found| found.abs_diff(key))
    }

    /// The least key above this one that belongs.
    pub(super) fn next_after(&self, key: i64) -> Option<i64> {
        let next = key.checked_add(1)?;
        self.ranges.iter().find(|(_, high)| *high >= next).map(|(low, _)| next.max(*low))
    }

    /// Keys at which membership changes.
    pub(super) fn edges(&self) -> impl Iterator<Item = i64> + '_ {
        self.ranges.iter().flat_map(|(low, high)| {
            let low = Some(*low).filter(|low| *low != i64::MIN);
            low.into_iter().chain(high.checked_add(1))
        })
    }

    pub(super) fn intersection(&self, other: &Set) -> Set {
        let mut ranges = Ranges::new();
        let (mut left, mut right) = (self.ranges.as_slice(), other.ranges.as_slice());
        while let (Some(a), Some(b)) = (left.first(), right.first()) {
            let (low, high) = (a.0.max(b.0), a.1.min(b.1));
            if low <= high {
                ranges.push((low, high));
            }
            if a.1 < b.1 { left = &left[1..] } else { right = &right[1..] }
        }
        Set { missing: self.missing && other.missing, ranges }
    }

    pub(super) fn union(&self, other: &Set) -> Set {
        let mut all: Ranges = self.ranges.iter().chain(&other.ranges).copied().collect();
        all.sort_unstable();
        let mut ranges = Ranges::new();
        for (low, high) in all {
            match ranges.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => ranges.push((low, high)),
            }
        }
        Set { missing: self.missing || other.missing, ranges }
    }

    /// The ranges within `low..=high` that do not belong.
    pub(super) fn gaps(&self, low: i64, high: i64) -> Ranges {
        let mut gaps = Ranges::new();
        let mut next = Some(low);
        let first = self.ranges.partition_point(|range| range.1 < low);
        for range in self.ranges[first..].iter().take_while(|range| range.0 <= high) {
            let Some(from) = next else { break };
            if from < range.0 {
                gaps.push((from, range.0 - 1));
            }
            next = range.1.checked_add(1);
        }
        gaps.extend(next.filter(|from| *from <= high).map(|from| (from, high)));
        gaps
    }
}

/// The place of a float among floats. Equal floats have equal keys: zero has one sign.
#[inline]
pub(super) fn float_key(bits: u64) -> i64 {
    let bits = (f64::from_bits(bits) + 0.0).to_bits() as i64;
    bits ^ ((bits >> 63) as u64 >> 1) as i64
}

/// The bits of the float at this place.
pub(super) fn float_of_key(key: i64) -> u64 {
    (key ^ ((key >> 63) as u64 >> 1) as i64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algebra_of_sets() {
        let (low, high) = (Set::below(10), Set::above(20));
        let outside = low.union(&high);
        let gaps = |set: &Set, low, high| set.gaps(low, high).to_vec();
        assert_eq!(gaps(&outside, 0, 30), [(10, 20)]);
        assert_eq!(gaps(&outside, 12, 15), [(12, 15)]);
        assert_eq!(gaps(&outside, 30, 40), []);
        let both = outside.intersection(&Set::range(5, 25));
        assert_eq!(gaps(&both, 0, 30), [(0, 4), (10, 20), (26, 30)]);
        assert!(low.intersection(&high).is_empty());
        assert_eq!(Set::range(1, 2).union(&Set::range(3, 4)), Set::range(1, 4));
        assert!(Set::known().union(&Set::missing()).is_everything());
        assert!(Set::below(i64::MIN).is_empty() && Set::above(i64::MAX).is_empty());
        assert_eq!(outside.edges().collect::<Vec<_>>(), [10, 21]);
        assert_eq!(gaps(&Set::known(), i64::MIN, i64::MAX), []);
    }

    #[test]
    fn the_nearest_that_belongs() {
        let outside = Set::below(10).union(&Set::above(20));
        let near = [(Some(12), 9), (Some(16), 21), (Some(3), 3), (None, 0)];
        for (key, nearest) in near {
            assert_eq!(outside.nearest(key, i64::MAX), Some(nearest), "{key:?}");
        }
        let after = [(5, 6), (9, 21), (15, 21), (30, 31)];
        for (key, next) in after {
            assert_eq!(outside.next_after(key), Some(next), "{key}");
        }
        assert_eq!(Set::below(10).next_after(9), None);
        assert_eq!(Set::missing().nearest(Some(1), i64::MAX), None);
        assert_eq!(Set::above(20).nearest(Some(1), 20), None, "out of reach");
    }

    #[test]
    fn keys_of_floats_are_in_their_order() {
        let floats = [f64::NEG_INFINITY, -1e300, -1.0, -5e-324, 0.0, 5e-324, 1.0, f64::INFINITY];
        let keys = floats.map(|float| float_key(float.to_bits()));
        assert!(keys.is_sorted_by(|a, b| a < b));
        assert_eq!(float_key((-0.0f64).to_bits()), float_key(0.0f64.to_bits()));
        assert!(floats.iter().zip(keys).all(|(float, key)| float_of_key(key) == float.to_bits()));
    }
}
