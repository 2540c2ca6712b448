//! Recognising messages that come again.
//!
//! A session is remembered as its hash, the highest number seen and a bitmap of the numbers just
//! below. What is older than the bitmap is taken for a repetition: a charging client does not
//! send a new message so far out of order.

use super::message::MessageKey;
use crate::base::bytes::{read_i64, read_u32, read_u64, write_i64, write_u32, write_u64};
use crate::base::limits::{SESSION_REORDER, SESSIONS};
use crate::policy::{Policy, SESSION_BYTES, header};

/// Whether a message is new to the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    First,
    Again,
}

/// Looks a message up and remembers it.
pub(crate) fn note_message(
    policy: &Policy,
    bytes: &mut [u8],
    key: MessageKey,
    now_ms: i64,
) -> Seen {
    if key.session == 0 {
        return Seen::First;
    }
    let entries = (0..SESSIONS).map(|entry| policy.layout.sessions + entry * SESSION_BYTES);
    match entries.clone().find(|&entry| read_u64(bytes, entry) == key.session) {
        Some(entry) => note_number(bytes, entry, key.number, now_ms),
        None => {
            // An unused entry has time zero, so it goes first.
            let Some(oldest) = entries.min_by_key(|&entry| read_i64(bytes, entry + 16)) else {
                return Seen::First;
            };
            if read_u64(bytes, oldest) != 0 {
                let evicted = read_u32(bytes, header::EVICTED).saturating_add(1);
                write_u32(bytes, header::EVICTED, evicted);
            }
            write_u64(bytes, oldest, key.session);
            write_u32(bytes, oldest + 8, key.number);
            write_u32(bytes, oldest + 12, 0);
            write_i64(bytes, oldest + 16, now_ms);
            Seen::First
        }
    }
}

fn note_number(bytes: &mut [u8], entry: usize, number: u32, now_ms: i64) -> Seen {
    let highest = read_u32(bytes, entry + 8);
    // Bit i stands for number `highest - 1 - i`.
    let below = read_u32(bytes, entry + 12);
    if number > highest {
        let ahead = number - highest;
        let moved = below.checked_shl(ahead).unwrap_or(0);
        // The old highest becomes one of those below.
        let old = if ahead <= SESSION_REORDER { 1 << (ahead - 1) } else { 0 };
        write_u32(bytes, entry + 8, number);
        write_u32(bytes, entry + 12, moved | old);
    } else {
        let behind = highest - number;
        if behind == 0 || behind > SESSION_REORDER || below >> (behind - 1) & 1 == 1 {
            return Seen::Again;
        }
        write_u32(bytes, entry + 12, below | 1 << (behind - 1));
    }
    let latest = read_i64(bytes, entry + 16).max(now_ms);
    write_i64(bytes, entry + 16, latest);
    Seen::First
}
