//! What became of offers.

use super::guard::guard;
use super::handles::{opportune_local, opportune_policy};
use super::pointers;
use super::profile::profile_bytes;
use super::status::{OPPORTUNE_BAD_ENUM, OPPORTUNE_OUT_OF_RANGE, Refusal, opportune_status};
use super::structs::{self, Versioned};
use super::value::opportune_bytes;
use crate::call;
use crate::decision::{Outcome, OutcomeKind, Settled, Settlement};

/// It arrived.
pub const OPPORTUNE_OUTCOME_DELIVERED: u32 = 1;
/// It was seen.
pub const OPPORTUNE_OUTCOME_SEEN: u32 = 2;
/// The subscriber reacted without deciding.
pub const OPPORTUNE_OUTCOME_CLICKED: u32 = 3;
/// The subscriber takes it: what was reserved is committed.
pub const OPPORTUNE_OUTCOME_ACCEPTED: u32 = 4;
/// The subscriber does not want it: closed, what is refundable is given back.
pub const OPPORTUNE_OUTCOME_REJECTED: u32 = 5;
/// Nobody answered in time: closed, what is refundable is given back.
pub const OPPORTUNE_OUTCOME_EXPIRED: u32 = 6;
/// What was accepted has been delivered: closed.
pub const OPPORTUNE_OUTCOME_FULFILLED: u32 = 7;
/// What was accepted could not be delivered: closed.
pub const OPPORTUNE_OUTCOME_FAILED: u32 = 8;

/// The outcome was credited to the offer.
pub const OPPORTUNE_SETTLED_CREDITED: u32 = 1;
/// The offer is no longer open, or never was: counted, not credited.
pub const OPPORTUNE_SETTLED_UNATTRIBUTED: u32 = 2;
/// The offer has come at least as far already: a repetition, nothing changed.
pub const OPPORTUNE_SETTLED_REPEATED: u32 = 3;
/// It cannot follow on what the offer has come to (fulfilled before accepted): nothing changed.
pub const OPPORTUNE_SETTLED_OUT_OF_ORDER: u32 = 4;

const _: () = {
    assert!(OPPORTUNE_OUTCOME_DELIVERED == OutcomeKind::Delivered as u32);
    assert!(OPPORTUNE_OUTCOME_SEEN == OutcomeKind::Seen as u32);
    assert!(OPPORTUNE_OUTCOME_CLICKED == OutcomeKind::Clicked as u32);
    assert!(OPPORTUNE_OUTCOME_ACCEPTED == OutcomeKind::Accepted as u32);
    assert!(OPPORTUNE_OUTCOME_REJECTED == OutcomeKind::Rejected as u32);
    assert!(OPPORTUNE_OUTCOME_EXPIRED == OutcomeKind::Expired as u32);
    assert!(OPPORTUNE_OUTCOME_FULFILLED == OutcomeKind::Fulfilled as u32);
    assert!(OPPORTUNE_OUTCOME_FAILED == OutcomeKind::Failed as u32);
    assert!(OutcomeKind::ALL.len() == OPPORTUNE_OUTCOME_FAILED as usize);
};

/// What became of an offer, as a channel reports it. Zero it, set struct_size, then the rest.
#[repr(C)]
pub struct opportune_outcome {
    /// sizeof(opportune_outcome).
    pub struct_size: usize,
    /// The line that the offer was made to.
    pub subscriber: opportune_bytes,
    /// The decision that made it.
    pub decision: u64,
    /// The time of the call, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// One of OPPORTUNE_OUTCOME_...
    pub kind: u32,
    /// Its place among that decision's offers, from 0. May lie behind struct_size, then it is 0.
    pub slot: u32,
}

// SAFETY: repr(C), struct_size first, then numbers and a raw pointer.
unsafe impl Versioned for opportune_outcome {
    const SIZE_MIN: usize = core::mem::offset_of!(opportune_outcome, slot);
}

/// What settling an outcome came to. Set struct_size; the rest is written by the call.
#[repr(C)]
pub struct opportune_settled {
    /// sizeof(opportune_settled).
    pub struct_size: usize,
    /// One of OPPORTUNE_SETTLED_...
    pub result: u32,
    /// The offer that was credited; 0 if none was.
    pub offer: u32,
    /// In which form it had been made. Written as far as struct_size reaches.
    pub treatment: u32,
    /// Always 0.
    pub reserved: u32,
    /// When to call opportune_tick for this subscriber, as in a decision: at once if the outcome
    /// raised a moment, such as a fulfilment that failed; 0: no need. Written as far as
    /// struct_size reaches.
    pub next_call_ms: i64,
}

// SAFETY: repr(C), struct_size first, then numbers.
unsafe impl Versioned for opportune_settled {
    const SIZE_MIN: usize = core::mem::offset_of!(opportune_settled, treatment);
}

impl From<Settlement> for opportune_settled {
    fn from(settlement: Settlement) -> opportune_settled {
        let (result, offer, treatment) = match settlement.settled {
            Settled::Credited { offer, treatment } => {
                (OPPORTUNE_SETTLED_CREDITED, offer.0, treatment.0)
            }
            Settled::Unattributed => (OPPORTUNE_SETTLED_UNATTRIBUTED, 0, 0),
            Settled::Repeated => (OPPORTUNE_SETTLED_REPEATED, 0, 0),
            Settled::OutOfOrder => (OPPORTUNE_SETTLED_OUT_OF_ORDER, 0, 0),
        };
        let struct_size = size_of::<opportune_settled>();
        let Settlement { next_call_ms, .. } = settlement;
        opportune_settled { struct_size, result, offer, treatment, reserved: 0, next_call_ms }
    }
}

/// Takes in what became of an offer. An outcome that finds no open offer is counted in the delta
/// and credited to none. *settled is written on OPPORTUNE_OK.
///
/// The profile arguments are as for opportune_decide. OPPORTUNE_PROFILE_...,
/// OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_LEASE_MISMATCH, OPPORTUNE_BAD_KEY,
/// OPPORTUNE_BAD_TIME, OPPORTUNE_BAD_ENUM for the kind, OPPORTUNE_OUT_OF_RANGE for the slot.
/// Never allocates. The thread that owns local.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_settle(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    outcome: *const opportune_outcome,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    settled: *mut opportune_settled,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, outcome, profile, out) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                structs::read(outcome)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
                structs::out(settled)?,
            )
        };
        let outcome = Outcome {
            // SAFETY: the key is as the header asks, for the length of the call.
            subscriber: unsafe { outcome.subscriber.get() }?,
            decision: outcome.decision,
            slot: u8::try_from(outcome.slot).map_err(|_| Refusal(OPPORTUNE_OUT_OF_RANGE))?,
            kind: OutcomeKind::from_number(outcome.kind).ok_or(Refusal(OPPORTUNE_BAD_ENUM))?,
            now_ms: outcome.now_ms,
        };
        let settled = call::settle(&policy.policy, profile, &outcome, &mut local.local)?;
        out.write(&settled.into());
        Ok(())
    })
}
