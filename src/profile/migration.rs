//! Bringing a profile of an older layout to a policy's own, in scratch, without allocation.

use smallvec::SmallVec;

use super::bucket::extreme_as_double;
use super::contacts::contact_time_ms;
use super::open_offers::{Entry, OpenOffers};
use super::timed::Timed;
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::limits::{CONTACTS_MAX, OPEN_OFFERS};
use crate::base::money::MICROS;
use crate::base::steps::step;
use crate::policy::{
    CONTACT_BYTES, Conversion, FORMAT_VERSION, Fold, Holder, Layout, MigrationProgram, Move,
    Policy, RING_HEAD_BYTES, RingMove, header,
};

/// Fills scratch with what `old`, a sound profile of the program's older layout, says in the
/// policy's own.
/// Everything that the program does not move is empty.
pub(super) fn migrate(
    policy: &Policy,
    (program, layout): (&MigrationProgram, &Layout),
    old: &[u8],
    scratch: &mut [u8],
) {
    scratch.fill(0);
    copy(old, 0, scratch, 0, header::BYTES);
    write_u16(scratch, header::FORMAT, FORMAT_VERSION);
    write_u64(scratch, header::LAYOUT, layout.hash);
    for one in &program.moves {
        step(1);
        match *one {
            Move::Copy { from, to, bytes } => {
                copy(old, from as usize, scratch, to as usize, bytes as usize);
            }
            Move::Value { from, to, conversion } => {
                value(old, from as usize, scratch, to as usize, conversion);
            }
            Move::Sum { from, to } => {
                let sum = read_i64(old, from as usize).saturating_mul(MICROS);
                write_i64(scratch, to as usize, sum);
            }
            Move::Extreme { from, to, least } => {
                let kept = read_u64(old, from as usize);
                write_u64(scratch, to as usize, extreme_as_double(kept, least));
            }
            Move::Ring(ring) => self::ring(old, scratch, ring),
            Move::Contacts { from, to, old: before, new: after } => {
                let (before, after) = (usize::from(before), usize::from(after));
                contacts((old, from as usize, before), (scratch, to as usize, after));
            }
        }
    }
    if layout.holder == Holder::Line {
        close_vanished(policy, scratch);
    }
}

fn copy(old: &[u8], from: usize, scratch: &mut [u8], to: usize, bytes: usize) {
    if let (Some(source), Some(target)) =
        (old.get(from..from + bytes), scratch.get_mut(to..to + bytes))
    {
        target.copy_from_slice(source);
    }
}

/// A value with its stamp.
fn value(old: &[u8], from: usize, scratch: &mut [u8], to: usize, conversion: Conversion) {
    if let Some(Timed { bits, stamp }) = Timed::read(old, from) {
        let bits = match conversion {
            Conversion::IntToDouble => (bits as i64 as f64).to_bits(),
            Conversion::BoolToInt => u64::from(bits != 0),
        };
        Timed { bits, stamp }.write(scratch, to);
    }
}

/// Takes the old ring's buckets one by one, the eldest first, each to the bucket that its time
/// belongs to in the new ring.
fn ring(old: &[u8], scratch: &mut [u8], ring: RingMove) {
    let (from, to) = (ring.from as usize, ring.to as usize);
    let (before, after) = (u32::from(ring.old).max(1), u32::from(ring.new).max(1));
    let bytes = usize::from(ring.bucket_bytes);
    let place = |start: usize, number: u32, count: u32| {
        start + RING_HEAD_BYTES + (number % count) as usize * bytes
    };
    let head = read_u32(old, from);
    let new_head = head / ring.per_bucket.max(1);
    write_u32(scratch, to, new_head);
    for number in head.saturating_sub(before - 1)..=head {
        step(1);
        let new_number = number / ring.per_bucket.max(1);
        if new_head - new_number >= after {
            continue;
        }
        let (source, target) = (place(from, number, before), place(to, new_number, after));
        if ring.per_bucket == 1 {
            copy(old, source, scratch, target, bytes);
        } else {
            add_bucket((old, source), (scratch, target), ring.fold);
        }
    }
}

/// Adds what one bucket holds to another.
fn add_bucket((old, source): (&[u8], usize), (scratch, target): (&mut [u8], usize), fold: Fold) {
    match fold {
        Fold::Count => {
            let count = read_u16(scratch, target).saturating_add(read_u16(old, source));
            write_u16(scratch, target, count);
        }
        Fold::Sum => {
            let sum = read_i64(scratch, target).saturating_add(read_i64(old, source));
            write_i64(scratch, target, sum);
        }
        // Both are kept as the larger of integers in the order of their values.
        Fold::Min | Fold::Max => {
            let larger = read_u64(scratch, target).max(read_u64(old, source));
            write_u64(scratch, target, larger);
        }
        // Such as are never put together.
        _ => {}
    }
}

/// Into a longer log all contacts go, and into a shorter one the latest, in their order.
fn contacts(
    (old, from, before): (&[u8], usize, usize),
    (scratch, to, after): (&mut [u8], usize, usize),
) {
    let time = |entry: usize| contact_time_ms(old, from + entry * CONTACT_BYTES);
    let used: SmallVec<[usize; CONTACTS_MAX]> =
        (0..before.min(CONTACTS_MAX)).filter(|entry| time(*entry) != 0).collect();
    let mut next = 0;
    for &entry in &used {
        step(used.len());
        let later = |&&other: &&usize| (time(other), other) > (time(entry), entry);
        if used.iter().filter(later).count() < after {
            copy(
                old,
                from + entry * CONTACT_BYTES,
                scratch,
                to + next * CONTACT_BYTES,
                CONTACT_BYTES,
            );
            next += 1;
        }
    }
}

/// Closes open offers that the policy does not know any more. What they drew is known to the
/// older policy alone, so it is for the ledger to give back.
fn close_vanished(policy: &Policy, scratch: &mut [u8]) {
    let vanished: SmallVec<[Entry; OPEN_OFFERS]> = OpenOffers::of(policy)
        .used(scratch)
        .filter(|entry| {
            step(1);
            policy.treatment_position(entry.treatment(scratch)).is_none()
                || policy.offer_position(entry.offer(scratch)).is_none()
        })
        .collect();
    for entry in vanished {
        entry.close(scratch);
    }
}
