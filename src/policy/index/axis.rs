//! Bins: the values of one source cut where rules use them most.

use alloc::vec::Vec;

use super::set::{Ranges, Set};

/// How many equal stretches between the first and the last cut have a count of their own.
const STRETCHES: u64 = 256;

/// One source and its bins: 0 for missing, then from the lowest key to the highest.
#[derive(Debug)]
pub(super) struct Axis {
    pub(super) source: u16,
    /// Whether the source is a float, whose keys are not its bits.
    pub(super) float: bool,
    /// The first key of each bin after the lowest.
    cuts: Vec<i64>,
    /// How many cuts lie at or before the beginning of each stretch of `1 << shift` keys.
    before: Vec<u8>,
    shift: u32,
}

impl Axis {
    /// Cuts at as many of the edges as `bins` allows.
    pub(super) fn new(source: u16, float: bool, edges: &[(i64, u32)], bins: usize) -> Axis {
        let cuts = cuts(edges, bins - 2);
        let (first, last) = (cuts.first().copied().unwrap_or(0), cuts.last().copied().unwrap_or(0));
        let span = last.wrapping_sub(first) as u64;
        let shift = (64 - span.leading_zeros()).saturating_sub(STRETCHES.trailing_zeros());
        let before = (0..=span >> shift).map(|stretch| {
            let key = first.wrapping_add((stretch << shift) as i64);
            cuts.partition_point(|cut| *cut <= key) as u8
        });
        Axis { source, float, before: before.collect(), shift, cuts }
    }

    pub(super) fn bins(&self) -> usize {
        self.cuts.len() + 2
    }

    /// One look-up by stretch instead of a binary search of up to six dependent steps: few cuts
    /// are left to compare with. The gain was not separated from noise (`docs/benchmarks.md`).
    #[inline]
    pub(super) fn bin(&self, key: Option<i64>) -> usize {
        let Some(key) = key else { return 0 };
        let Some(first) = self.cuts.first().filter(|first| **first <= key) else { return 1 };
        let stretch = key.wrapping_sub(*first) as u64 >> self.shift;
        let at = (stretch as usize).min(self.before.len() - 1);
        let mut cuts = usize::from(self.before[at]);
        while self.cuts.get(cuts).is_some_and(|cut| *cut <= key) {
            cuts += 1;
        }
        1 + cuts
    }

    /// How many uses of these edges lie within bins: as many patches at most.
    pub(super) fn uncut(&self, edges: &[(i64, u32)]) -> usize {
        let uncut = edges.iter().filter(|(edge, _)| self.cuts.binary_search(edge).is_err());
        uncut.map(|(_, uses)| *uses as usize).sum()
    }

    /// The keys of a bin that do not belong to a set: none when all do. `None` when it is
    /// disjoint from the set as a whole.
    pub(super) fn outside(&self, bin: usize, set: &Set) -> Option<Ranges> {
        let Some(known) = bin.checked_sub(1) else {
            return set.has_missing().then(Ranges::new);
        };
        let low = known.checked_sub(1).map_or(i64::MIN, |at| self.cuts[at]);
        let high = self.cuts.get(known).map_or(i64::MAX, |cut| cut - 1);
        Some(set.gaps(low, high)).filter(|gaps| gaps[..] != [(low, high)])
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Axis>() + size_of_val(self.cuts.as_slice()) + self.before.len()
    }
}

/// At most `count` cuts. Edges used more than their share each get one; the others are cut where
/// equal shares of their uses end.
fn cuts(edges: &[(i64, u32)], count: usize) -> Vec<i64> {
    if edges.len() <= count {
        return edges.iter().map(|(edge, _)| *edge).collect();
    }
    let uses = |edges: &mut dyn Iterator<Item = &(i64, u32)>| -> u64 {
        edges.map(|(_, uses)| u64::from(*uses)).sum()
    };
    let share = uses(&mut edges.iter()) / count as u64;
    let often = |edge: &&(i64, u32)| u64::from(edge.1) > share;
    let mut left = count - edges.iter().filter(often).count();
    let mut rest = uses(&mut edges.iter().filter(|edge| !often(edge)));
    let (mut cuts, mut since) = (Vec::with_capacity(count), 0);
    for edge in edges {
        if often(&edge) {
            cuts.push(edge.0);
            continue;
        }
        since += u64::from(edge.1);
        if left > 0 && since * left as u64 >= rest {
            cuts.push(edge.0);
            (left, rest, since) = (left - 1, rest - since, 0);
        }
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn often_used_edges_are_cut_and_the_rest_evenly() {
        let mut edges: Vec<(i64, u32)> = (0..1_000).map(|edge| (edge, 1)).collect();
        edges[500].1 = 400;
        let axis = Axis::new(0, false, &edges, 12);
        assert_eq!(axis.bins(), 12);
        assert_eq!(axis.bin(None), 0);
        assert_ne!(axis.bin(Some(499)), axis.bin(Some(500)));
        let widest = axis.cuts.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(widest < Some(130), "{:?}", axis.cuts);
        assert_eq!(Axis::new(0, false, &edges[..9], 12).bins(), 11);
    }

    #[test]
    fn bins_are_counts_of_cuts() {
        let lists: [&[i64]; 4] =
            [&[], &[7], &[-3, 0, 1, 2, 1_000_000], &[i64::MIN + 1, -9, i64::MAX]];
        for cuts in lists {
            let edges: Vec<(i64, u32)> = cuts.iter().map(|cut| (*cut, 1)).collect();
            let axis = Axis::new(0, false, &edges, 64);
            let near =
                cuts.iter().flat_map(|cut| [cut.saturating_sub(1), *cut, cut.saturating_add(1)]);
            for key in near.chain([i64::MIN, -1, 0, 500_000, i64::MAX]) {
                let expected = 1 + cuts.iter().filter(|cut| **cut <= key).count();
                assert_eq!(axis.bin(Some(key)), expected, "{key} in {cuts:?}");
            }
        }
    }

    #[test]
    fn what_lies_outside_a_bin() {
        let axis = Axis::new(0, false, &[(10, 1), (20, 1)], 8);
        let set = Set::range(10, 14);
        assert_eq!(axis.outside(0, &set), None);
        assert_eq!(axis.outside(1, &set), None);
        assert_eq!(axis.outside(2, &set).unwrap().to_vec(), [(15, 19)]);
        assert_eq!(axis.outside(3, &set), None);
        assert_eq!(axis.outside(0, &Set::missing()), Some(Ranges::new()));
        assert_eq!(axis.outside(3, &Set::known()), Some(Ranges::new()));
    }
}
