//! Contact caps for one decision, worked out once when first asked.

use alloc::vec::Vec;

use super::room::Room;
use crate::base::ids::{IntentId, OfferId};
use crate::base::steps::step;
use crate::policy::{Cap, CapScope, OfferKind, Policy};
use crate::profile::{Contact, Features, Log, period_number};

/// What a contact, an outcome or a candidate is to the scopes of contact rules. What the policy no
/// longer has, has the position [`Touch::GONE`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Touch {
    pub(super) offer: OfferId,
    pub(super) position: u32,
    pub(super) group: u16,
    pub(super) issue: u16,
    pub(super) channel: u16,
    pub(super) intent: IntentId,
    pub(super) kind: Option<OfferKind>,
}

impl Touch {
    const GONE: u16 = u16::MAX;
    /// Nothing.
    pub(super) const NONE: Touch = Touch {
        offer: OfferId(0),
        position: u32::MAX,
        group: Touch::GONE,
        issue: Touch::GONE,
        channel: Touch::GONE,
        intent: IntentId(0),
        kind: None,
    };

    /// One of the profile's: what it was then, and where its offer stands now.
    pub(super) fn of(policy: &Policy, contact: &Contact) -> Touch {
        let position = policy.offer_position(contact.offer);
        let channel = policy.channel_position(contact.channel);
        let known = Touch::at(policy, position.unwrap_or(usize::MAX), contact.intent);
        Touch {
            offer: contact.offer,
            channel: channel.map_or(Touch::GONE, |position| position as u16),
            kind: contact.kind,
            ..known
        }
    }

    /// The offer at a position, on no channel yet.
    pub(super) fn at(policy: &Policy, position: usize, intent: IntentId) -> Touch {
        let offer = policy.tables.offers.get(position);
        let group = offer.map_or(Touch::GONE, |offer| offer.group);
        let issue = policy.tables.groups.get(usize::from(group));
        Touch {
            offer: offer.map_or(OfferId(0), |offer| offer.id),
            position: offer.map_or(u32::MAX, |_| position as u32),
            group,
            issue: issue.map_or(Touch::GONE, |group| group.issue),
            channel: Touch::GONE,
            intent,
            kind: offer.map(|offer| offer.kind),
        }
    }

    /// What tells it apart from others of a scope; none where it is not of the scope.
    pub(super) fn key(&self, scope: CapScope) -> Option<u32> {
        let one = |of: bool| of.then_some(0);
        let each = |position: u16| (position != Touch::GONE).then_some(u32::from(position));
        match scope {
            CapScope::All => Some(0),
            CapScope::EachOffer => Some(self.offer.0),
            CapScope::EachGroup => each(self.group),
            CapScope::EachIssue => each(self.issue),
            CapScope::EachChannel => each(self.channel),
            CapScope::Offer(capped) => one(capped == self.position),
            CapScope::Group(group) => one(group == self.group),
            CapScope::Issue(issue) => one(issue == self.issue),
            CapScope::Channel(channel) => one(channel == self.channel),
            CapScope::Intent(intent) => one(intent == self.intent),
            CapScope::Kind(kind) => one(Some(kind) == self.kind),
        }
    }
}

/// How often each cap has been used within its window. Sized for a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct CapUse {
    counted: bool,
    /// By cap position; caps over each of several things are counted when asked.
    used: Vec<u16>,
    /// The contacts that some cap counts, each with one bit a cap.
    contacts: Room<(Touch, u64)>,
}

impl CapUse {
    pub(super) fn new(policy: &Policy) -> CapUse {
        CapUse {
            counted: false,
            used: alloc::vec![0; policy.tables.contact.caps.len()],
            contacts: Room::new(policy.layout.logs.contacts, (Touch::NONE, 0)),
        }
    }

    pub(super) fn fits(&self, policy: &Policy) -> bool {
        self.used.len() == policy.tables.contact.caps.len()
            && self.contacts.fits(policy.layout.logs.contacts)
    }

    /// Forgets the last decision.
    pub(super) fn begin(&mut self) {
        self.counted = false;
    }

    /// Counts the log once for all caps, unless that has been done.
    pub(super) fn count(&mut self, policy: &Policy, features: &Features, now_ms: i64) {
        if self.counted {
            return;
        }
        self.counted = true;
        self.used.fill(0);
        self.contacts.clear();
        for contact in Log::of_contacts(policy).read(features.bytes()) {
            let touch = Touch::of(policy, &contact);
            let mut counts = 0u64;
            for (at, (used, cap)) in
                self.used.iter_mut().zip(&policy.tables.contact.caps).enumerate()
            {
                step(1);
                let exempt = touch.kind.is_some_and(|kind| cap.exempt.contains(kind));
                if !exempt
                    && touch.key(cap.scope).is_some()
                    && in_window(cap, &contact, features, now_ms)
                {
                    *used += 1;
                    counts |= 1 << (at % 64);
                }
            }
            self.contacts.push((touch, counts));
        }
    }

    /// Whether one more contact would break a cap, once the log is counted.
    pub(super) fn capped(&self, policy: &Policy, now_ms: i64, touch: &Touch) -> bool {
        let caps = self.used.iter().zip(&policy.tables.contact.caps);
        caps.enumerate().any(|(at, (&used, cap))| {
            step(1);
            used >= cap.limit
                && cap.period.contains(now_ms)
                && !touch.kind.is_some_and(|kind| cap.exempt.contains(kind))
                && touch.key(cap.scope).is_some_and(|key| {
                    !cap.scope.each() || self.count_of(at, cap.scope, key) >= cap.limit
                })
        })
    }

    /// How many contacts count for a cap over each of several things, of one of them.
    fn count_of(&self, cap: usize, scope: CapScope, key: u32) -> u16 {
        let contacts = self.contacts.all().iter().inspect(|_| step(1));
        let of_it = |(touch, counts): &&(Touch, u64)| {
            counts >> (cap % 64) & 1 == 1 && touch.key(scope) == Some(key)
        };
        contacts.filter(of_it).count() as u16
    }
}

/// A window is free of a contact once its whole length has passed, and a calendar cap once the
/// local day, week or month is over. Contacts after `now` count too, however far: a clock that jumps
/// ahead and back can only make caps stricter, and an entry that the log overwrites no longer counts
/// for any cap.
fn in_window(cap: &Cap, contact: &Contact, features: &Features, now_ms: i64) -> bool {
    use crate::expr::Environment;
    let time_ms = contact.time_ms;
    time_ms > now_ms.saturating_sub(cap.window_ms)
        && cap.per.is_none_or(|unit| {
            let number = |time_ms| period_number(unit, features.local(time_ms));
            time_ms > now_ms || number(time_ms) == number(now_ms)
        })
}
