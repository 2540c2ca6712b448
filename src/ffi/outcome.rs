//! What became of offers, and which are open.

use super::decision::{OPPORTUNE_OFFER_PARAMETERS_MAX, filled};
use super::guard::guard;
use super::handles::{opportune_local, opportune_policy};
use super::pointers;
use super::profile::profile_bytes;
use super::status::{OPPORTUNE_BAD_ENUM, OPPORTUNE_OUT_OF_RANGE, Refusal, opportune_status};
use super::structs::{self, Versioned};
use super::value::{opportune_bytes, opportune_value};
use crate::base::limits::OPEN_OFFERS;
use crate::call;
use crate::decision::{Outcome, OutcomeKind, Settled};
use crate::profile::{OfferState, OpenOffer};

/// Offers that are open at once for one subscriber.
pub const OPPORTUNE_OPEN_OFFERS_MAX: usize = 6;

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

/// Decided and handed to the channel.
pub const OPPORTUNE_STATE_OFFERED: u32 = 1;
/// The channel says it arrived.
pub const OPPORTUNE_STATE_DELIVERED: u32 = 2;
/// The subscriber has seen it.
pub const OPPORTUNE_STATE_SEEN: u32 = 3;
/// The subscriber has reacted without deciding.
pub const OPPORTUNE_STATE_CLICKED: u32 = 4;
/// The subscriber has taken it; it waits to be fulfilled.
pub const OPPORTUNE_STATE_ACCEPTED: u32 = 5;

const _: () = {
    assert!(OPPORTUNE_OPEN_OFFERS_MAX == OPEN_OFFERS);
    assert!(OPPORTUNE_OUTCOME_DELIVERED == OutcomeKind::Delivered as u32);
    assert!(OPPORTUNE_OUTCOME_SEEN == OutcomeKind::Seen as u32);
    assert!(OPPORTUNE_OUTCOME_CLICKED == OutcomeKind::Clicked as u32);
    assert!(OPPORTUNE_OUTCOME_ACCEPTED == OutcomeKind::Accepted as u32);
    assert!(OPPORTUNE_OUTCOME_REJECTED == OutcomeKind::Rejected as u32);
    assert!(OPPORTUNE_OUTCOME_EXPIRED == OutcomeKind::Expired as u32);
    assert!(OPPORTUNE_OUTCOME_FULFILLED == OutcomeKind::Fulfilled as u32);
    assert!(OPPORTUNE_OUTCOME_FAILED == OutcomeKind::Failed as u32);
    assert!(OutcomeKind::ALL.len() == OPPORTUNE_OUTCOME_FAILED as usize);
    assert!(OPPORTUNE_STATE_OFFERED == OfferState::Offered as u32);
    assert!(OPPORTUNE_STATE_DELIVERED == OfferState::Delivered as u32);
    assert!(OPPORTUNE_STATE_SEEN == OfferState::Seen as u32);
    assert!(OPPORTUNE_STATE_CLICKED == OfferState::Clicked as u32);
    assert!(OPPORTUNE_STATE_ACCEPTED == OfferState::Accepted as u32);
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
}

// SAFETY: repr(C), struct_size first, then numbers.
unsafe impl Versioned for opportune_settled {
    const SIZE_MIN: usize = core::mem::offset_of!(opportune_settled, treatment);
}

/// An offer that is open for a subscriber, for any channel to show. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opportune_open_offer {
    /// The decision that made it.
    pub decision: u64,
    /// When, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// Until when it can be taken.
    pub expires_ms: i64,
    /// The probability with which it was chosen.
    pub probability: f64,
    /// Its place among that decision's offers, from 0.
    pub slot: u32,
    /// What was offered.
    pub offer: u32,
    /// In which form.
    pub treatment: u32,
    /// Where.
    pub channel: u32,
    /// One of OPPORTUNE_STATE_...: how far it has come. It only moves forward.
    pub state: u32,
    /// How many parameters; missing ones are left out at the end.
    pub parameter_count: u32,
    /// The values it was made with, in the order of the policy. Their id is 0.
    pub parameters: [opportune_value; OPPORTUNE_OFFER_PARAMETERS_MAX],
}

impl opportune_open_offer {
    const NONE: opportune_open_offer = opportune_open_offer {
        decision: 0,
        made_ms: 0,
        expires_ms: 0,
        probability: 0.0,
        slot: 0,
        offer: 0,
        treatment: 0,
        channel: 0,
        state: 0,
        parameter_count: 0,
        parameters: [opportune_value::NONE; OPPORTUNE_OFFER_PARAMETERS_MAX],
    };
}

impl From<&OpenOffer> for opportune_open_offer {
    fn from(open: &OpenOffer) -> opportune_open_offer {
        opportune_open_offer {
            decision: open.decision,
            made_ms: open.made_ms,
            expires_ms: open.expires_ms,
            probability: open.probability,
            slot: u32::from(open.slot),
            offer: open.offer.0,
            treatment: open.treatment.0,
            channel: open.channel.0,
            state: open.state as u32,
            parameter_count: open.parameters.len() as u32,
            parameters: filled(
                open.parameters.iter().map(|value| opportune_value::new(0, Some(*value))),
                opportune_value::NONE,
            ),
        }
    }
}

impl From<Settled> for opportune_settled {
    fn from(settled: Settled) -> opportune_settled {
        let (result, offer, treatment) = match settled {
            Settled::Credited { offer, treatment } => {
                (OPPORTUNE_SETTLED_CREDITED, offer.0, treatment.0)
            }
            Settled::Unattributed => (OPPORTUNE_SETTLED_UNATTRIBUTED, 0, 0),
            Settled::Repeated => (OPPORTUNE_SETTLED_REPEATED, 0, 0),
            Settled::OutOfOrder => (OPPORTUNE_SETTLED_OUT_OF_ORDER, 0, 0),
        };
        let struct_size = size_of::<opportune_settled>();
        opportune_settled { struct_size, result, offer, treatment, reserved: 0 }
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

/// Lists the offers that are open at now_ms, oldest first: what any channel may show or settle.
/// offers gets them and *count their number, at most OPPORTUNE_OPEN_OFFERS_MAX; if that is more
/// than capacity, OPPORTUNE_TOO_SMALL is returned, *count is what is needed, and offers is
/// untouched (it may be NULL if capacity is 0).
///
/// OPPORTUNE_PROFILE_... Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_open_offers(
    policy: *const opportune_policy,
    profile: *const u8,
    profile_len: usize,
    now_ms: i64,
    offers: *mut opportune_open_offer,
    capacity: usize,
    count: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, profile, offers, count) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array(profile, profile_len)?,
                pointers::array_out(offers, capacity)?,
                pointers::out(count)?,
            )
        };
        let open = call::open_offers(&policy.policy, profile, now_ms)?;
        let all: [opportune_open_offer; OPPORTUNE_OPEN_OFFERS_MAX] =
            filled(open.iter().map(Into::into), opportune_open_offer::NONE);
        pointers::deliver(&all[..open.len()], offers, count)
    })
}
