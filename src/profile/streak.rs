//! In which of the last 64 periods there was an event: the number of the newest, then one bit a
//! period, counted back from it.

use crate::base::bytes::{read_u32, read_u64, write_u32, write_u64};
use crate::base::limits::STREAK_PERIODS_MAX;
use crate::policy::RING_HEAD_BYTES;

/// Notes an event in a period; false when it is older than what is remembered.
pub(super) fn note_period(slot: &mut [u8], number: u32) -> bool {
    let newest = read_u32(slot, 0);
    let periods = read_u64(slot, RING_HEAD_BYTES);
    let noted = if number > newest {
        write_u32(slot, 0, number);
        periods.checked_shl(number - newest).unwrap_or(0) | 1
    } else {
        match 1u64.checked_shl(newest - number) {
            Some(bit) => periods | bit,
            None => return false,
        }
    };
    write_u64(slot, RING_HEAD_BYTES, noted);
    true
}

/// One bit a period, counted back from the one with this number.
fn back_from(slot: &[u8], number: u32) -> u64 {
    let newest = read_u32(slot, 0);
    let periods = read_u64(slot, RING_HEAD_BYTES);
    let moved = match number.checked_sub(newest) {
        Some(later) => periods.checked_shl(later),
        None => periods.checked_shr(newest - number),
    };
    moved.unwrap_or(0)
}

/// In how many of `periods` there was an event, the last of which lies `ago` before this one.
pub(super) fn active_periods(slot: &[u8], current: u32, periods: u16, ago: u16) -> i64 {
    let Some(last) = current.checked_sub(ago.into()) else { return 0 };
    let unasked = u32::from(STREAK_PERIODS_MAX.saturating_sub(periods));
    let asked = u64::MAX.checked_shr(unasked).unwrap_or(0);
    (back_from(slot, last) & asked).count_ones().into()
}

/// For how many periods in a row there was an event, until this one or the one before.
pub(super) fn streak(slot: &[u8], current: u32) -> i64 {
    let periods = back_from(slot, current);
    // This period is not over: what has not come yet may still come.
    let run = if periods & 1 == 1 { periods } else { periods >> 1 };
    run.trailing_ones().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_streak_ends_now_or_in_the_period_before() {
        for (noted, current, run, active) in [
            (&[][..], 100, 0, 0),
            (&[100], 100, 1, 1),
            (&[100], 101, 1, 1),
            (&[100], 102, 0, 1),
            (&[98, 99, 100], 100, 3, 3),
            (&[100, 98, 99, 99], 101, 3, 3),
            (&[97, 99, 100], 100, 2, 3),
            (&[97, 99, 100], 98, 1, 1),
            (&[40, 100], 100, 1, 1),
            (&[100], 400, 0, 0),
        ] {
            let mut slot = [0; 12];
            assert!(noted.iter().all(|number| note_period(&mut slot, *number)));
            assert_eq!(streak(&slot, current), run, "{noted:?} at {current}");
            assert_eq!(active_periods(&slot, current, 10, 0), active, "{noted:?} at {current}");
        }
        let mut slot = [0; 12];
        assert!((1..=200).all(|number| note_period(&mut slot, number)));
        assert!(!note_period(&mut slot, 136) && note_period(&mut slot, 137));
        assert_eq!((streak(&slot, 200), active_periods(&slot, 200, 64, 0)), (64, 64));
        assert_eq!(active_periods(&slot, 205, 7, 3), 5);
    }
}
