//! Contact caps and quiet hours for one decision, worked out once when first asked.

use smallvec::SmallVec;

use crate::base::ids::OfferId;
use crate::base::limits::CONTACT_RULES_MAX;
use crate::base::steps::step;
use crate::policy::{Cap, CapScope, Offer, Policy};
use crate::profile::{Contact, contacts};

/// How often each cap has been used within its window.
#[derive(Debug)]
pub(crate) struct CapUse {
    /// By cap position; caps over each offer by itself are counted when asked.
    used: SmallVec<[u16; CONTACT_RULES_MAX]>,
}

impl CapUse {
    /// Counts the log once for all caps.
    pub(crate) fn count(policy: &Policy, bytes: &[u8], now_ms: i64) -> CapUse {
        let caps = &policy.tables.contact.caps;
        let mut used = SmallVec::from_elem(0u16, caps.len());
        for contact in contacts(policy, bytes) {
            for (count, cap) in used.iter_mut().zip(caps) {
                step(1);
                if in_window(cap, &contact, now_ms) && counts(policy, cap, &contact) {
                    *count += 1;
                }
            }
        }
        CapUse { used }
    }

    /// Whether one more contact with this offer on this channel would break a cap.
    pub(crate) fn capped(
        &self,
        policy: &Policy,
        bytes: &[u8],
        now_ms: i64,
        (offer_position, offer): (u32, &Offer),
        channel_position: u16,
    ) -> bool {
        let caps = &policy.tables.contact.caps;
        self.used.iter().zip(caps).any(|(&used, cap)| {
            step(1);
            cap.period.contains(now_ms)
                && !cap.exempt.contains(offer.kind)
                && match cap.scope {
                    CapScope::EachOffer => {
                        offer_count(policy, bytes, now_ms, cap, offer.id) >= cap.limit
                    }
                    scope => {
                        used >= cap.limit
                            && binds(policy, scope, offer_position, offer, channel_position)
                    }
                }
        })
    }
}

/// A window is free of a contact once its whole length has passed. Contacts after `now` count
/// too, however far: a clock that jumps ahead and back can only make caps stricter, and an entry
/// that the log overwrites no longer counts for any cap.
fn in_window(cap: &Cap, contact: &Contact, now_ms: i64) -> bool {
    contact.time_ms > now_ms.saturating_sub(cap.window_ms)
}

fn binds(policy: &Policy, scope: CapScope, position: u32, offer: &Offer, channel: u16) -> bool {
    match scope {
        CapScope::All | CapScope::EachOffer => true,
        CapScope::Offer(capped) => capped == position,
        CapScope::Group(group) => offer.group == group,
        CapScope::Issue(issue) => {
            policy.tables.groups.get(usize::from(offer.group)).is_some_and(|g| g.issue == issue)
        }
        CapScope::Channel(capped) => capped == channel,
    }
}

/// Whether a logged contact counts for a cap. One whose offer the policy no longer has still
/// counts in all and for its channel.
fn counts(policy: &Policy, cap: &Cap, contact: &Contact) -> bool {
    let channel = policy.channel_position(contact.channel).map_or(u16::MAX, |p| p as u16);
    match policy.offer_position(contact.offer) {
        Some(position) => policy.tables.offers.get(position).is_some_and(|offer| {
            !cap.exempt.contains(offer.kind)
                && cap.scope != CapScope::EachOffer
                && binds(policy, cap.scope, position as u32, offer, channel)
        }),
        None => match cap.scope {
            CapScope::All => true,
            CapScope::Channel(capped) => capped == channel,
            _ => false,
        },
    }
}

fn offer_count(policy: &Policy, bytes: &[u8], now_ms: i64, cap: &Cap, offer: OfferId) -> u16 {
    contacts(policy, bytes)
        .inspect(|_| step(1))
        .filter(|contact| contact.offer == offer && in_window(cap, contact, now_ms))
        .count() as u16
}
