//! Recognising messages that come again.
//!
//! A session is remembered as its hash, the highest number seen, a bitmap of the numbers just
//! below, and how many of those lie above its lowest number. What is older than the bitmap is
//! taken for a repetition: a charging client does not send a new message so far out of order.
//!
//! A number between the lowest and the highest that has not come when it leaves the bitmap, or
//! when the session is forgotten to make room, is a gap: it is counted in the header. What would
//! have come before the lowest or after the highest number is not known, and not counted.

use super::message::MessageKey;
use crate::base::bytes::{read_u32, read_u64, write_u32, write_u64};
use crate::base::limits::{SESSION_REORDER, TIME_MS_MAX};
use crate::policy::{Layout, SESSION_BYTES, header};

// Offsets within an entry.
const KEY: usize = 0;
const HIGHEST: usize = 8;
/// Bit i stands for number `highest - 1 - i`.
const BELOW: usize = 12;
/// When it was last used, and above that how many bits of the bitmap lie above the lowest number.
const USED: usize = 16;
const TIME_BITS: u32 = 48;

const _: () = assert!(TIME_MS_MAX < 1 << TIME_BITS);

/// Whether a message is new to the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is; where its session is remembered, if it is.
    First(Option<usize>),
    Again,
}

/// Looks a message up.
pub(crate) fn seen(layout: &Layout, bytes: &[u8], key: MessageKey) -> Seen {
    if key.session == 0 {
        return Seen::First(None);
    }
    let entry = entries(layout).find(|&entry| read_u64(bytes, entry + KEY) == key.session);
    match entry {
        Some(entry) if came(bytes, entry, key.number) => Seen::Again,
        _ => Seen::First(entry),
    }
}

/// Remembers a message that is new, whose session was found at `entry` or not at all.
pub(crate) fn note_message(
    layout: &Layout,
    bytes: &mut [u8],
    key: MessageKey,
    entry: Option<usize>,
    now_ms: i64,
) {
    if key.session == 0 {
        return;
    }
    if let Some(entry) = entry {
        return note_number(bytes, entry, key.number, now_ms);
    }
    // An unused entry has time zero, so it goes first.
    let Some(oldest) = entries(layout).min_by_key(|&entry| used(bytes, entry).0) else { return };
    if read_u64(bytes, oldest + KEY) != 0 {
        count(bytes, header::EVICTED, 1);
        let (below, known) = (read_u32(bytes, oldest + BELOW), used(bytes, oldest).1);
        count(bytes, header::GAPS, known.saturating_sub(below.count_ones()));
    }
    write_u64(bytes, oldest + KEY, key.session);
    write_u32(bytes, oldest + HIGHEST, key.number);
    write_u32(bytes, oldest + BELOW, 0);
    set_used(bytes, oldest, now_ms, 0);
}

fn entries(layout: &Layout) -> impl Iterator<Item = usize> {
    let start = layout.sessions;
    (0..layout.session_entries).map(move |entry| start + entry * SESSION_BYTES)
}

/// Whether a number has come, or is so old that it is taken to have.
fn came(bytes: &[u8], entry: usize, number: u32) -> bool {
    let highest = read_u32(bytes, entry + HIGHEST);
    let Some(behind) = highest.checked_sub(number) else { return false };
    let below = || read_u32(bytes, entry + BELOW);
    behind == 0 || behind > SESSION_REORDER || below() >> (behind - 1) & 1 == 1
}

/// Notes a number that has not come.
fn note_number(bytes: &mut [u8], entry: usize, number: u32, now_ms: i64) {
    let highest = read_u32(bytes, entry + HIGHEST);
    let below = read_u32(bytes, entry + BELOW);
    let (time_ms, known) = used(bytes, entry);
    let latest_ms = time_ms.max(now_ms as u64) as i64;
    if number > highest {
        let ahead = number - highest;
        let moved = below.checked_shl(ahead).unwrap_or(0);
        let lost = below >> SESSION_REORDER.saturating_sub(ahead);
        // The old highest becomes one of those below.
        let old = if ahead <= SESSION_REORDER { 1 << (ahead - 1) } else { 0 };
        let passed = known.saturating_add(ahead);
        let left = passed.saturating_sub(SESSION_REORDER);
        if left > 0 {
            // Of what has left the bitmap: the old highest came, and so did bits that were set.
            let came = lost.count_ones() + u32::from(old == 0);
            count(bytes, header::GAPS, left.saturating_sub(came));
        }
        write_u32(bytes, entry + HIGHEST, number);
        write_u32(bytes, entry + BELOW, moved | old);
        set_used(bytes, entry, latest_ms, passed.min(SESSION_REORDER));
    } else {
        let behind = highest - number;
        let bit = 1u32.checked_shl(behind.wrapping_sub(1)).unwrap_or(0);
        write_u32(bytes, entry + BELOW, below | bit);
        set_used(bytes, entry, latest_ms, known.max(behind));
    }
}

/// When an entry was last used, and how many of the numbers below its highest belong to it.
fn used(bytes: &[u8], entry: usize) -> (u64, u32) {
    let word = read_u64(bytes, entry + USED);
    (word & ((1 << TIME_BITS) - 1), (word >> TIME_BITS) as u32)
}

fn set_used(bytes: &mut [u8], entry: usize, time_ms: i64, known: u32) {
    write_u64(bytes, entry + USED, time_ms as u64 | u64::from(known) << TIME_BITS);
}

/// Adds to a count of the header.
fn count(bytes: &mut [u8], offset: usize, more: u32) {
    let sum = read_u32(bytes, offset).saturating_add(more);
    write_u32(bytes, offset, sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that came, one session after the other, against what the header counts.
    #[test]
    fn gaps_are_numbers_that_never_came() {
        let in_order: alloc::vec::Vec<u32> = (5..200).collect();
        let holes: alloc::vec::Vec<u32> = (0..200).filter(|n| n % 10 != 7).collect();
        for (numbers, in_bitmap, at_the_end) in [
            (&in_order[..], 0, 0),
            // Of 7, 17, ... 197 those from 167 on may still come.
            (&holes, 16, 20),
            (&[3, 1, 2], 0, 0),
            (&[1, 3], 0, 1),
            (&[3, 1], 0, 1),
            // 2 to 99 never came; 68 to 99 may still.
            (&[1, 100], 66, 98),
            (&[1, 34], 0, 32),
            (&[1, 35], 1, 33),
            (&[1, 35, 2], 1, 33),
            (&[u32::MAX, 0], 0, 0),
            (&[0, u32::MAX], u32::MAX - 33, u32::MAX - 1),
        ] {
            let mut bytes = [0; header::BYTES + SESSION_BYTES];
            let entry = header::BYTES;
            for (nth, number) in numbers.iter().enumerate() {
                if nth == 0 {
                    write_u32(&mut bytes, entry + HIGHEST, *number);
                } else if !came(&bytes, entry, *number) {
                    note_number(&mut bytes, entry, *number, 7);
                }
            }
            let gaps = read_u32(&bytes, header::GAPS);
            assert_eq!(gaps, in_bitmap, "{numbers:?}");
            let (below, known) = (read_u32(&bytes, entry + BELOW), used(&bytes, entry).1);
            assert_eq!(gaps + known - below.count_ones(), at_the_end, "{numbers:?}");
        }
    }
}
