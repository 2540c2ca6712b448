//! Offers that are open, as C sees them.

use super::decision::{OPPORTUNE_OFFER_PARAMETERS_MAX, filled};
use super::guard::guard;
use super::handles::opportune_policy;
use super::pointers;
use super::status::opportune_status;
use super::value::opportune_value;
use crate::base::limits::OPEN_OFFERS;
use crate::call;
use crate::profile::{OfferState, OpenOffer};

/// Offers that are open at once for one subscriber.
pub const OPPORTUNE_OPEN_OFFERS_MAX: usize = 6;

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
    assert!(OPPORTUNE_STATE_OFFERED == OfferState::Offered as u32);
    assert!(OPPORTUNE_STATE_DELIVERED == OfferState::Delivered as u32);
    assert!(OPPORTUNE_STATE_SEEN == OfferState::Seen as u32);
    assert!(OPPORTUNE_STATE_CLICKED == OfferState::Clicked as u32);
    assert!(OPPORTUNE_STATE_ACCEPTED == OfferState::Accepted as u32);
};

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
    /// How many parameters; 0 when the policy has changed the offer's terms since.
    pub parameter_count: u32,
    /// The terms it was made on, in the order of the policy; type OPPORTUNE_TYPE_NONE for a value
    /// that was missing.
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
                open.parameters.iter().map(|p| opportune_value::new(p.id.0, p.value)),
                opportune_value::NONE,
            ),
        }
    }
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
