//! What one decision has read for the index.

use alloc::vec::Vec;

use super::axis::Axis;
use super::decompile::{AGE, NOW};
use super::set::float_key;
use crate::base::simd::CpuLevel;
use crate::expr::{Cell, DURATION_MS, Environment};

/// Not read yet.
const UNREAD: u8 = u8::MAX;
const _: () = assert!(crate::base::limits::INDEX_BINS_MAX < UNREAD as usize);

/// Room for one decision's look-ups: each source is read and binned at most once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probe {
    pub(super) cpu: CpuLevel,
    bins: Vec<u8>,
    keys: Vec<i64>,
    /// Where the rows to intersect begin.
    pub(super) rows: Vec<u32>,
    /// Lists of patches to apply, with their axes.
    pub(super) patches: Vec<(u32, u16)>,
}

impl Probe {
    pub(super) fn new(cpu: CpuLevel, axes: usize, columns: usize) -> Probe {
        Probe {
            cpu,
            bins: alloc::vec![UNREAD; axes],
            keys: alloc::vec![0; axes],
            rows: Vec::with_capacity(columns),
            patches: Vec::with_capacity(columns),
        }
    }

    /// Forgets the last decision.
    pub(crate) fn begin(&mut self) {
        self.bins.fill(UNREAD);
    }

    pub(super) fn len(&self) -> usize {
        self.bins.len()
    }

    /// The bin that an axis' source is in now.
    #[inline]
    pub(super) fn bin(
        &mut self,
        number: usize,
        axis: &Axis,
        environment: &mut impl Environment,
    ) -> usize {
        if self.bins[number] == UNREAD {
            let cell = match axis.source {
                NOW => Cell::int(environment.now_ms()),
                age if age >= AGE => {
                    let since = environment.feature(age - AGE).as_int();
                    let age = since.and_then(|since| environment.now_ms().checked_sub(since));
                    age.filter(|age| DURATION_MS.contains(age)).into()
                }
                feature => environment.feature(feature),
            };
            let key =
                cell.bits().map(|bits| if axis.float { float_key(bits) } else { bits as i64 });
            self.keys[number] = key.unwrap_or_default();
            self.bins[number] = axis.bin(key) as u8;
        }
        usize::from(self.bins[number])
    }

    /// The key of an axis that was read and is not missing.
    pub(super) fn key(&self, number: usize) -> Option<i64> {
        if self.bins[number] == 0 { None } else { Some(self.keys[number]) }
    }
}
