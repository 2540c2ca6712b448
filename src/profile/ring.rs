//! Buckets of a window: the number of the newest, then as many as are kept, each at the place of
//! its number.

use crate::base::bytes::{read_u32, write_u32};
use crate::base::steps::step;
use crate::policy::{Aggregate, RING_HEAD_BYTES, Window};

/// The bucket with this number, after the ring has been moved on to hold it; `None` when the ring
/// has moved past it: the event is late.
pub(super) fn bucket_at<'s>(
    aggregate: &Aggregate,
    slot: &'s mut [u8],
    number: u32,
) -> Option<&'s mut [u8]> {
    let bucket_bytes = aggregate.bucket_bytes();
    let count = aggregate.buckets() as u32;
    let place = |number: u32| {
        let start = RING_HEAD_BYTES + (number % count.max(1)) as usize * bucket_bytes;
        start..start + bucket_bytes
    };
    let newest = read_u32(slot, 0);
    if number > newest {
        // Beyond a whole turn every bucket is cleared once.
        for passed in newest.max(number.saturating_sub(count)) + 1..=number {
            step(1);
            if let Some(bucket) = slot.get_mut(place(passed)) {
                bucket.fill(0);
            }
        }
        write_u32(slot, 0, number);
    } else if newest - number >= count {
        return None;
    }
    slot.get_mut(place(number))
}

/// The buckets that a reading covers when the current one has this number, oldest first: as far as
/// the ring holds them, each with its number.
pub(super) fn live_buckets<'s>(
    aggregate: &Aggregate,
    slot: &'s [u8],
    current: u32,
) -> impl Iterator<Item = (u32, &'s [u8])> + use<'s> {
    let bucket_bytes = aggregate.bucket_bytes();
    let count = aggregate.buckets() as u32;
    let newest = read_u32(slot, 0);
    let (first, last) = covered(aggregate.window, current);
    let first = first.max(newest.saturating_sub(count - 1));
    let last = last.map(|last| last.min(newest)).filter(|last| first <= *last);
    let live = last.map_or(0, |last| last - first + 1);
    step(live as usize * aggregate.bucket_steps());
    let mut place = first % count;
    (0..live).filter_map(move |nth| {
        let start = RING_HEAD_BYTES + place as usize * bucket_bytes;
        place = if place + 1 == count { 0 } else { place + 1 };
        Some((first + nth, slot.get(start..start + bucket_bytes)?))
    })
}

/// The first and the last bucket that a reading covers; no last one before the beginning of time.
fn covered(window: Window, current: u32) -> (u32, Option<u32>) {
    match window {
        Window::Lifetime => (0, Some(0)),
        Window::Rolling { buckets: before, .. } | Window::Decay { half_lives: before, .. } => {
            (current.saturating_sub(before.into()), Some(current))
        }
        Window::Calendar { periods, ago, .. } => {
            let last = current.checked_sub(ago.into());
            (last.map_or(0, |last| (last + 1).saturating_sub(periods.into())), last)
        }
    }
}
