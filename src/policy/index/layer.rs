//! Rows of bits: for each bin of each source, the offers whose term it does not exclude.

use alloc::vec::Vec;

use super::axis::Axis;
use super::formula::Term;
use super::probe::Probe;
use crate::base::simd;
use crate::expr::Environment;

/// The n-th term of every offer that has one. Only words with such offers have a slot here.
#[derive(Debug)]
pub(super) struct Layer {
    /// By word, and one more: how many slots lie before it.
    ranks: Vec<u32>,
    /// By slot: its word.
    pub(super) words: Vec<u32>,
    /// By slot: the offers that have a term in this layer.
    members: Vec<u64>,
    columns: Vec<Column>,
    /// By slot, `touch_words` words: which columns exclude any of its offers in some bin. The
    /// others are not read.
    touched: Vec<u64>,
    touch_words: usize,
    rows: Vec<u64>,
    /// By column and bin, and one more: the first of its patches.
    patch_starts: Vec<u32>,
    /// Keys between which the offer at the same position of `patch_bits` does not hold.
    patch_gaps: Vec<(i64, i64)>,
    /// Slot and bit, ascending within a bin.
    patch_bits: Vec<u32>,
}

/// The rows of one axis.
#[derive(Debug)]
struct Column {
    axis: u16,
    /// Where its first row begins.
    row: u32,
    /// Its first entry of `patch_starts`.
    patches: u32,
}

impl Layer {
    /// `terms`: places with their terms, ascending; of `words` words in all.
    pub(super) fn new(terms: &[(u32, &Term)], words: usize, axes: &[Axis]) -> Layer {
        let mut layer = Layer::empty(terms, words);
        let mut used = alloc::vec![Vec::new(); axes.len()];
        for (entry, (_, term)) in terms.iter().enumerate() {
            for (at, (source, _)) in term.iter().enumerate() {
                if let Ok(axis) = axes.binary_search_by_key(source, |axis| axis.source) {
                    used[axis].push((entry, at));
                }
            }
        }
        layer.touch_words = used.iter().filter(|uses| !uses.is_empty()).count().div_ceil(64);
        layer.touched = alloc::vec![0; layer.words.len() * layer.touch_words];
        for (axis, uses) in used.iter().enumerate().filter(|(_, uses)| !uses.is_empty()) {
            layer.column(
                axis,
                &axes[axis],
                uses.iter().map(|(entry, at)| {
                    let (place, term) = terms[*entry];
                    (place, &term[*at].1)
                }),
            );
        }
        layer.patch_starts.push(layer.patch_bits.len() as u32);
        layer
    }

    fn empty(terms: &[(u32, &Term)], words: usize) -> Layer {
        let mut all = alloc::vec![0u64; words];
        for (place, _) in terms {
            all[*place as usize / 64] |= 1 << (place % 64);
        }
        let mut ranks = Vec::with_capacity(words + 1);
        let (mut slots, mut members) = (Vec::new(), Vec::new());
        for (word, bits) in all.into_iter().enumerate() {
            ranks.push(slots.len() as u32);
            if bits != 0 {
                slots.push(word as u32);
                members.push(bits);
            }
        }
        ranks.push(slots.len() as u32);
        Layer {
            ranks,
            words: slots,
            members,
            columns: Vec::new(),
            touched: Vec::new(),
            touch_words: 0,
            rows: Vec::new(),
            patch_starts: Vec::new(),
            patch_gaps: Vec::new(),
            patch_bits: Vec::new(),
        }
    }

    fn column<'s>(
        &mut self,
        number: usize,
        axis: &Axis,
        sets: impl Iterator<Item = (u32, &'s super::set::Set)>,
    ) {
        let (row, slots) = (self.rows.len(), self.words.len());
        (0..axis.bins()).for_each(|_| self.rows.extend_from_slice(&self.members));
        let mut patches: Vec<Vec<(u32, (i64, i64))>> = alloc::vec![Vec::new(); axis.bins()];
        let column = self.columns.len();
        for (place, set) in sets {
            let slot = self.ranks[place as usize / 64] as usize;
            self.touched[slot * self.touch_words + column / 64] |= 1 << (column % 64);
            for (bin, patches) in patches.iter_mut().enumerate() {
                match axis.outside(bin, set) {
                    None => self.rows[row + bin * slots + slot] &= !(1 << (place % 64)),
                    Some(gaps) => {
                        let bit = slot as u32 * 64 + place % 64;
                        patches.extend(gaps.into_iter().map(|gap| (bit, gap)));
                    }
                }
            }
        }
        let first = self.patch_starts.len() as u32;
        self.columns.push(Column { axis: number as u16, row: row as u32, patches: first });
        for bin in patches {
            self.patch_starts.push(self.patch_bits.len() as u32);
            self.patch_bits.extend(bin.iter().map(|(bit, _)| *bit));
            self.patch_gaps.extend(bin.iter().map(|(_, gap)| *gap));
        }
    }

    /// The slots of a range of words.
    pub(super) fn slots(&self, words: core::ops::Range<usize>) -> core::ops::Range<usize> {
        let rank = |word: usize| self.ranks.get(word).map_or(0, |rank| *rank as usize);
        rank(words.start)..rank(words.end)
    }

    /// Writes which offers of these slots hold by their term in this layer.
    pub(super) fn holding(
        &self,
        slots: core::ops::Range<usize>,
        axes: &[Axis],
        probe: &mut Probe,
        environment: &mut impl Environment,
        out: &mut [u64],
    ) {
        out.copy_from_slice(&self.members[slots.clone()]);
        probe.rows.clear();
        probe.patches.clear();
        for group in 0..self.touch_words {
            let touched = slots.clone().map(|slot| self.touched[slot * self.touch_words + group]);
            let mut need = touched.fold(0, |any, word| any | word);
            while need != 0 {
                let column = &self.columns[group * 64 + need.trailing_zeros() as usize];
                need &= need - 1;
                let axis = usize::from(column.axis);
                let bin = probe.bin(axis, &axes[axis], environment);
                let row = column.row as usize + bin * self.words.len();
                probe.rows.push((row + slots.start) as u32);
                let list = column.patches as usize + bin;
                if self.patch_starts[list] != self.patch_starts[list + 1] {
                    probe.patches.push((list as u32, column.axis));
                }
            }
        }
        simd::intersect(probe.cpu, &self.rows, &probe.rows, out);
        for (list, axis) in &probe.patches {
            if let Some(key) = probe.key(usize::from(*axis)) {
                self.patch(*list as usize, key, slots.clone(), out);
            }
        }
    }

    /// Clears the offers that a key within their bin does exclude.
    fn patch(&self, list: usize, key: i64, slots: core::ops::Range<usize>, out: &mut [u64]) {
        let all = self.patch_starts[list] as usize..self.patch_starts[list + 1] as usize;
        let (bits, gaps) = (&self.patch_bits[all.clone()], &self.patch_gaps[all]);
        let first = bits.partition_point(|bit| (*bit as usize) < slots.start * 64);
        let end = slots.end * 64;
        for (bit, (low, high)) in bits[first..].iter().zip(&gaps[first..]) {
            if *bit as usize >= end {
                break;
            }
            let excluded = u64::from((*low <= key) & (key <= *high));
            out[*bit as usize / 64 - slots.start] &= !(excluded << (bit % 64));
        }
    }

    pub(super) fn patches(&self) -> usize {
        self.patch_bits.len()
    }

    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.ranks.as_slice())
            + size_of_val(self.words.as_slice())
            + size_of_val(self.members.as_slice())
            + size_of_val(self.columns.as_slice())
            + size_of_val(self.touched.as_slice())
            + size_of_val(self.rows.as_slice())
            + size_of_val(self.patch_starts.as_slice())
            + size_of_val(self.patch_gaps.as_slice())
            + size_of_val(self.patch_bits.as_slice())
    }
}
