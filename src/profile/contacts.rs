//! The exact logs of contacts and of outcomes, which caps, pauses and limits count.
//!
//! That of contacts holds as many entries as the policy's mandatory cap allows within its window,
//! the longest of all, so an entry that is overwritten can no longer count for any cap. That of
//! outcomes is as long as the policy says; while it is full of what still counts, everything that
//! it could stop is stopped.

use crate::base::bytes::{read_i64, read_u32, read_u64, write_u32, write_u64};
use crate::base::ids::{ChannelId, IntentId, OfferId};
use crate::base::limits::{ID_NUMBER_MAX, TIME_MS_MAX};
use crate::policy::{CONTACT_BYTES, InteractionStep, OfferKind, Policy};

/// A contact that was made, or an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) time_ms: i64,
    pub(crate) offer: OfferId,
    pub(crate) channel: ChannelId,
    /// Of the moment that the offer answered.
    pub(crate) intent: IntentId,
    /// What the offer was then; none if it was not known.
    pub(crate) kind: Option<OfferKind>,
    /// What became of it; none for a contact.
    pub(crate) step: Option<InteractionStep>,
}

// An entry is a word and two halves: the time with the lower part of the intent above it; the offer
// with the intent's upper part; the channel with kind and step.
const TIME_BITS: u32 = 48;
const ID_BITS: u32 = 24;
const KIND_BITS: u32 = 3;

const _: () = {
    assert!(TIME_MS_MAX < 1 << TIME_BITS);
    assert!(ID_NUMBER_MAX < 1 << ID_BITS);
    assert!(OfferKind::ALL.len() < 1 << KIND_BITS);
    assert!(InteractionStep::ALL.len() < 1 << (u32::BITS - ID_BITS - KIND_BITS));
};

impl Contact {
    /// The entry at an offset; none where there is none.
    pub(crate) fn read(bytes: &[u8], at: usize) -> Option<Contact> {
        let time_ms = contact_time_ms(bytes, at);
        if time_ms == 0 {
            return None;
        }
        let (time, offer, channel) =
            (read_u64(bytes, at), read_u32(bytes, at + 8), read_u32(bytes, at + 12));
        let id = |half: u32| half & ((1 << ID_BITS) - 1);
        let intent = (time >> TIME_BITS) as u32 | offer >> ID_BITS << (u64::BITS - TIME_BITS);
        let kind = channel >> ID_BITS & ((1 << KIND_BITS) - 1);
        Some(Contact {
            time_ms,
            offer: OfferId(id(offer)),
            channel: ChannelId(id(channel)),
            intent: IntentId(intent),
            kind: OfferKind::ALL.into_iter().find(|known| *known as u32 == kind),
            step: InteractionStep::from_number(channel >> (ID_BITS + KIND_BITS)),
        })
    }

    pub(crate) fn write(self, bytes: &mut [u8], at: usize) {
        let intent = u64::from(self.intent.0);
        let kind = self.kind.map_or(0, |kind| kind as u32);
        let step = self.step.map_or(0, |step| step as u32);
        let upper = (intent >> (u64::BITS - TIME_BITS)) as u32;
        write_u64(bytes, at, self.time_ms as u64 | intent << TIME_BITS);
        write_u32(bytes, at + 8, self.offer.0 | upper << ID_BITS);
        write_u32(bytes, at + 12, self.channel.0 | kind << ID_BITS | step << (ID_BITS + KIND_BITS));
    }
}

/// The time of the entry at an offset; zero where there is none.
pub(super) fn contact_time_ms(bytes: &[u8], at: usize) -> i64 {
    read_i64(bytes, at) & ((1 << TIME_BITS) - 1)
}

/// A log within a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    start: usize,
    entries: usize,
}

impl Log {
    pub(crate) fn of_contacts(policy: &Policy) -> Log {
        Log { start: policy.layout.contacts, entries: policy.layout.logs.contacts }
    }

    pub(crate) fn of_outcomes(policy: &Policy) -> Log {
        Log { start: policy.layout.outcomes, entries: policy.layout.logs.outcomes }
    }

    /// What is in the log, in no particular order.
    pub(crate) fn read(self, bytes: &[u8]) -> impl Iterator<Item = Contact> + '_ {
        self.offsets().filter_map(|at| Contact::read(bytes, at))
    }

    /// The time of the oldest entry of a log that is full: what came before it may be forgotten.
    pub(crate) fn full_since_ms(self, bytes: &[u8]) -> Option<i64> {
        self.offsets().map(|at| contact_time_ms(bytes, at)).min().filter(|time_ms| *time_ms != 0)
    }

    /// Writes over the oldest entry.
    pub(crate) fn record(self, bytes: &mut [u8], contact: Contact) {
        if let Some(oldest) = self.offsets().min_by_key(|at| contact_time_ms(bytes, *at)) {
            contact.write(bytes, oldest);
        }
    }

    fn offsets(self) -> impl Iterator<Item = usize> {
        (0..self.entries).map(move |entry| self.start + entry * CONTACT_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back() {
        for (time_ms, number) in [(1, 1), (TIME_MS_MAX, ID_NUMBER_MAX), (1_772_568_000_000, 65_536)]
        {
            for step in [None, Some(InteractionStep::Failed)] {
                let kind = OfferKind::ALL.last().copied();
                let (offer, channel) = (OfferId(number), ChannelId(number));
                let contact =
                    Contact { time_ms, offer, channel, intent: IntentId(number), kind, step };
                let mut bytes = [0; CONTACT_BYTES];
                contact.write(&mut bytes, 0);
                assert_eq!(Contact::read(&bytes, 0), Some(contact));
            }
        }
        assert_eq!(Contact::read(&[0; CONTACT_BYTES], 0), None);
    }
}
