//! A value with its time and where it came from, and which of two stands.
//!
//! Whole seconds are often all that a protocol says of time, so ties are common. They are broken by
//! what does not depend on the order of arrival: the rank of the source, the number of the message
//! in its session, the place of the event in its message, and last by the bits themselves.

use core::cmp::{Ordering, Reverse};

use crate::base::bytes::{read_u32, read_u64, write_u32, write_u64};
use crate::policy::DataSources;

/// When a value was so, and who told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) time_ms: i64,
    /// Number of the source; 0 for none.
    pub(crate) source: u8,
    /// Of the message within its session, of a dated value within its source.
    pub(crate) number: u32,
    /// Of the event within its message.
    pub(crate) place: u8,
}

/// A value with its stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timed {
    pub(crate) bits: u64,
    pub(crate) stamp: Stamp,
}

const STAMP: usize = 8;
const NUMBER: usize = 16;
const TIME_BITS: u32 = 48;

impl Timed {
    /// What begins at an offset; none while the time there is zero.
    #[inline]
    pub(crate) fn read(bytes: &[u8], at: usize) -> Option<Timed> {
        let word = read_u64(bytes, at + STAMP);
        let time_ms = (word & ((1 << TIME_BITS) - 1)) as i64;
        if time_ms == 0 {
            return None;
        }
        let [.., source, place] = word.to_le_bytes();
        let stamp = Stamp { time_ms, source, number: read_u32(bytes, at + NUMBER), place };
        Some(Timed { bits: read_u64(bytes, at), stamp })
    }

    #[inline]
    pub(crate) fn write(self, bytes: &mut [u8], at: usize) {
        let Stamp { time_ms, source, number, place } = self.stamp;
        let told = u64::from(source) << TIME_BITS | u64::from(place) << (TIME_BITS + u8::BITS);
        write_u64(bytes, at, self.bits);
        write_u64(bytes, at + STAMP, time_ms as u64 | told);
        write_u32(bytes, at + NUMBER, number);
    }
}

/// The one of the later time; of one time the one of the higher rank, then the later one.
#[inline]
pub(super) fn later(sources: &DataSources, one: Timed, other: Timed) -> Timed {
    let order = one.stamp.time_ms.cmp(&other.stamp.time_ms).then_with(|| {
        let rank = |timed: Timed| sources.rank(timed.stamp.source);
        rank(one).cmp(&rank(other)).then_with(|| sequence(one, other))
    });
    if order == Ordering::Less { other } else { one }
}

/// The one of the earlier time; of one time the one of the higher rank, then the earlier one.
#[inline]
pub(super) fn earlier(sources: &DataSources, one: Timed, other: Timed) -> Timed {
    let order = one.stamp.time_ms.cmp(&other.stamp.time_ms).then_with(|| {
        let rank = |timed: Timed| Reverse(sources.rank(timed.stamp.source));
        rank(one).cmp(&rank(other)).then_with(|| sequence(one, other))
    });
    if order == Ordering::Greater { other } else { one }
}

/// Which came first, as far as numbers tell. Bits and source end every tie: two that are equal in all
/// are one.
fn sequence(one: Timed, other: Timed) -> Ordering {
    let key = |Timed { bits, stamp }: Timed| (stamp.number, stamp.place, bits, stamp.source);
    key(one).cmp(&key(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::SourceId;
    use crate::base::limits::TIME_MS_MAX;
    use crate::policy::DataSource;
    use proptest::prelude::*;

    fn sources() -> DataSources {
        let source = |id, rank| DataSource { id: SourceId(id), rank, expires_ms: None };
        DataSources { sources: alloc::vec![source(1, 5), source(2, 9), source(3, 5)] }
    }

    fn timed() -> impl Strategy<Value = Timed> {
        (1i64..3, 0u8..5, 0u32..3, 0u8..3, 0u64..3).prop_map(|drawn| {
            let (time_ms, source, number, place, bits) = drawn;
            Timed { bits, stamp: Stamp { time_ms, source, number, place } }
        })
    }

    #[test]
    fn what_is_written_is_read() {
        let mut slot = [0; 20];
        assert_eq!(Timed::read(&slot, 0), None);
        for stamp in [
            Stamp { time_ms: 1, ..Stamp::default() },
            Stamp { time_ms: TIME_MS_MAX, source: 255, number: u32::MAX, place: 31 },
        ] {
            let timed = Timed { bits: u64::MAX - 3, stamp };
            timed.write(&mut slot, 0);
            assert_eq!(Timed::read(&slot, 0), Some(timed));
        }
    }

    proptest! {
        /// Choosing is commutative and associative, so that any order of arrival ends the same.
        #[test]
        fn the_order_of_arrival_cannot_matter(a in timed(), b in timed(), c in timed()) {
            let sources = sources();
            for choose in [later, earlier] {
                let choose = |one, other| choose(&sources, one, other);
                prop_assert_eq!(choose(a, b), choose(b, a));
                prop_assert_eq!(choose(choose(a, b), c), choose(a, choose(b, c)));
            }
        }
    }

    #[test]
    fn time_then_rank_then_number_then_place_then_bits() {
        let sources = sources();
        let of = |time_ms, source, number, place, bits| Timed {
            bits,
            stamp: Stamp { time_ms, source, number, place },
        };
        // Each stands above the one before; of the first values the rank counts the same way.
        let rising = [
            of(1, 2, 9, 9, 9),
            of(2, 0, 9, 9, 9),
            of(2, 1, 1, 9, 9),
            of(2, 3, 2, 1, 9),
            of(2, 1, 2, 2, 1),
            of(2, 1, 2, 2, 3),
            of(2, 2, 0, 0, 0),
        ];
        for pair in rising.windows(2) {
            assert_eq!(later(&sources, pair[0], pair[1]), pair[1]);
        }
        assert_eq!(earlier(&sources, of(2, 2, 9, 9, 9), of(2, 1, 0, 0, 0)), of(2, 2, 9, 9, 9));
        assert_eq!(earlier(&sources, of(2, 1, 1, 9, 9), of(2, 3, 2, 0, 0)), of(2, 1, 1, 9, 9));
        assert_eq!(earlier(&sources, of(1, 0, 9, 9, 9), of(2, 2, 0, 0, 0)), of(1, 0, 9, 9, 9));
    }
}
