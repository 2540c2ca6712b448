//! Offers that were made and are not closed yet: what was offered, where, on which terms, and how
//! far the subscriber has come with it.

use smallvec::SmallVec;

use super::buffer::{Found, sound};
use super::message::Value;
use crate::base::bytes::{read_i64, read_u32, read_u64, write_i64, write_u32, write_u64};
use crate::base::ids::{ChannelId, MomentId, OfferId, ParameterId, TreatmentId};
use crate::base::limits::{DECISION_OFFERS_MAX, OFFER_PARAMETERS_MAX, OPEN_OFFERS};
use crate::error::Error;
use crate::expr::{Cell, Type};
use crate::policy::{Holder, Layout, OPEN_OFFER_BYTES, Policy};

/// How far an open offer has come. It only moves forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum OfferState {
    /// Decided and handed to the channel.
    Offered = 1,
    /// The channel says it arrived.
    Delivered = 2,
    /// The subscriber has seen it.
    Seen = 3,
    /// The subscriber has reacted without deciding.
    Clicked = 4,
    /// The subscriber has taken it; it waits to be fulfilled.
    Accepted = 5,
}

impl OfferState {
    fn from_number(number: u32) -> Option<OfferState> {
        use OfferState::*;
        [Offered, Delivered, Seen, Clicked, Accepted].into_iter().find(|s| *s as u32 == number)
    }
}

/// An offer that is open for a subscriber, for any channel to show.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenOffer {
    /// The decision that made it.
    pub decision: u64,
    /// Its place among that decision's offers, from 0.
    pub slot: u8,
    /// What was offered.
    pub offer: OfferId,
    /// In which form.
    pub treatment: TreatmentId,
    /// Where.
    pub channel: ChannelId,
    /// When, in milliseconds since the Unix epoch.
    pub made_ms: i64,
    /// Until when it can be taken.
    pub expires_ms: i64,
    /// How far it has come.
    pub state: OfferState,
    /// The probability with which it was chosen.
    pub probability: f64,
    /// The terms it was made on, in the order of the policy. Empty when the policy has changed the
    /// offer's terms since.
    pub parameters: SmallVec<[Parameter; OFFER_PARAMETERS_MAX]>,
}

/// A typed value that goes out with an offer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Which parameter.
    pub id: ParameterId,
    /// Its value; none when the profile lacks what it is computed from.
    pub value: Option<Value<'static>>,
}

/// In place of a decision's id: the entry holds no offer.
const FREE: u64 = 0;

// Offsets within an entry.
const DECISION: usize = 0;
const MADE: usize = 8;
const EXPIRES: usize = 16;
const OFFER: usize = 24;
const TREATMENT: usize = 28;
const CHANNEL: usize = 32;
/// State in the lowest four bits, slot in the next four, the moment's number in the rest.
const STATE: usize = 36;
const PROBABILITY: usize = 40;
/// Digest of the terms: which parameters there are, and what was drawn from budgets.
const TERMS: usize = 48;
/// The type of each parameter's value, a byte each; zero for none.
const TYPES: usize = 52;
const PARAMETERS: usize = 56;

const _: () = {
    assert!(PARAMETERS + 8 * OFFER_PARAMETERS_MAX == OPEN_OFFER_BYTES);
    assert!(TYPES + OFFER_PARAMETERS_MAX == PARAMETERS);
    assert!(DECISION_OFFERS_MAX <= 16);
};

/// The table of open offers within a profile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenOffers {
    start: usize,
}

impl OpenOffers {
    pub(crate) fn of(policy: &Policy) -> OpenOffers {
        OpenOffers { start: policy.layout.open_offers }
    }

    /// The table within a profile of the policy's own layout, or of one that it succeeds: its
    /// entries mean the same in all of them.
    pub(crate) fn found(policy: &Policy, bytes: &[u8]) -> Result<OpenOffers, Error> {
        Ok(match sound(policy, bytes, 0)? {
            Found::Own(layout) => OpenOffers::within(layout)?,
            Found::Older(program) => OpenOffers::within(&program.from)?,
        })
    }

    fn within(layout: &Layout) -> Result<OpenOffers, Error> {
        match layout.holder {
            Holder::Line => Ok(OpenOffers { start: layout.open_offers }),
            Holder::Account => Err(Error::ProfileHolder),
        }
    }

    /// Entries in use.
    pub(crate) fn used(self, bytes: &[u8]) -> impl Iterator<Item = Entry> {
        self.all().filter(move |entry| read_u64(bytes, entry.offset + DECISION) != FREE)
    }

    /// The entry of one offer of one decision.
    pub(crate) fn find(self, bytes: &[u8], decision: u64, slot: u8) -> Option<Entry> {
        self.of_decision(bytes, decision).find(|entry| entry.slot(bytes) == slot)
    }

    /// The entries of one decision.
    pub(crate) fn of_decision(self, bytes: &[u8], decision: u64) -> impl Iterator<Item = Entry> {
        self.used(bytes).filter(move |entry| entry.decision(bytes) == decision)
    }

    /// Which entry the next offer takes: a free one; when none is free, the oldest of those
    /// accepted, else the oldest.
    pub(crate) fn next(self, bytes: &[u8]) -> Option<Entry> {
        self.all().min_by_key(|entry| {
            let state = entry.state(bytes);
            let accepted = state == Some(OfferState::Accepted);
            (state.is_some(), !accepted, read_i64(bytes, entry.offset + MADE))
        })
    }

    fn all(self) -> impl Iterator<Item = Entry> {
        (0..OPEN_OFFERS).map(move |i| Entry { offset: self.start + i * OPEN_OFFER_BYTES })
    }
}

/// What is written when an offer is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewOffer<'a> {
    pub(crate) decision: u64,
    pub(crate) slot: u8,
    pub(crate) moment: MomentId,
    pub(crate) offer: OfferId,
    pub(crate) treatment: TreatmentId,
    pub(crate) channel: ChannelId,
    pub(crate) made_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) probability: f64,
    pub(crate) terms: u32,
    pub(crate) parameters: &'a [Parameter],
}

/// One entry of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    offset: usize,
}

impl Entry {
    pub(crate) fn decision(self, bytes: &[u8]) -> u64 {
        read_u64(bytes, self.offset + DECISION)
    }

    pub(crate) fn offer(self, bytes: &[u8]) -> OfferId {
        OfferId(read_u32(bytes, self.offset + OFFER))
    }

    pub(crate) fn treatment(self, bytes: &[u8]) -> TreatmentId {
        TreatmentId(read_u32(bytes, self.offset + TREATMENT))
    }

    pub(crate) fn expires_ms(self, bytes: &[u8]) -> i64 {
        read_i64(bytes, self.offset + EXPIRES)
    }

    pub(crate) fn state(self, bytes: &[u8]) -> Option<OfferState> {
        OfferState::from_number(read_u32(bytes, self.offset + STATE) & 0xF)
    }

    /// The moment that it answers.
    pub(crate) fn moment(self, bytes: &[u8]) -> MomentId {
        MomentId(read_u32(bytes, self.offset + STATE) >> 8)
    }

    fn slot(self, bytes: &[u8]) -> u8 {
        (read_u32(bytes, self.offset + STATE) >> 4 & 0xF) as u8
    }

    pub(crate) fn set_state(self, bytes: &mut [u8], state: OfferState) {
        let others = read_u32(bytes, self.offset + STATE) & !0xF;
        write_u32(bytes, self.offset + STATE, others | state as u32);
    }

    /// Frees the entry.
    pub(crate) fn close(self, bytes: &mut [u8]) {
        if let Some(entry) = bytes.get_mut(self.offset..self.offset + OPEN_OFFER_BYTES) {
            entry.fill(0);
        }
    }

    /// Whether the offer was made on these terms.
    pub(crate) fn made_on(self, bytes: &[u8], terms: u32) -> bool {
        read_u32(bytes, self.offset + TERMS) == terms
    }

    /// Writes an offer over the entry.
    pub(crate) fn write(self, bytes: &mut [u8], offer: &NewOffer) {
        self.close(bytes);
        let at = self.offset;
        write_u64(bytes, at + DECISION, offer.decision);
        write_i64(bytes, at + MADE, offer.made_ms);
        write_i64(bytes, at + EXPIRES, offer.expires_ms);
        write_u32(bytes, at + OFFER, offer.offer.0);
        write_u32(bytes, at + TREATMENT, offer.treatment.0);
        write_u32(bytes, at + CHANNEL, offer.channel.0);
        let state = OfferState::Offered as u32 | u32::from(offer.slot) << 4 | offer.moment.0 << 8;
        write_u32(bytes, at + STATE, state);
        write_u64(bytes, at + PROBABILITY, offer.probability.to_bits());
        write_u32(bytes, at + TERMS, offer.terms);
        let mut types = [0; OFFER_PARAMETERS_MAX];
        for (i, (parameter, ty)) in offer.parameters.iter().zip(&mut types).enumerate() {
            if let Some(value) = parameter.value {
                *ty = value.ty() as u8;
                write_u64(bytes, at + PARAMETERS + 8 * i, value.into_cell().bits().unwrap_or(0));
            }
        }
        write_u32(bytes, at + TYPES, u32::from_le_bytes(types));
    }

    /// The entry as the host sees it, with parameters of these ids.
    pub(crate) fn read(
        self,
        bytes: &[u8],
        parameters: impl Iterator<Item = ParameterId>,
    ) -> Option<OpenOffer> {
        let at = self.offset;
        let types = read_u32(bytes, at + TYPES).to_le_bytes();
        let value = |i: usize, ty: u8| {
            let cell = Cell::from_bits(read_u64(bytes, at + PARAMETERS + 8 * i));
            Value::of_cell(cell, Type::from_number(u32::from(ty))?)
        };
        Some(OpenOffer {
            decision: self.decision(bytes),
            slot: self.slot(bytes),
            offer: self.offer(bytes),
            treatment: self.treatment(bytes),
            channel: ChannelId(read_u32(bytes, at + CHANNEL)),
            made_ms: read_i64(bytes, at + MADE),
            expires_ms: self.expires_ms(bytes),
            state: self.state(bytes)?,
            probability: f64::from_bits(read_u64(bytes, at + PROBABILITY)),
            parameters: parameters
                .zip(types)
                .enumerate()
                .map(|(i, (id, ty))| Parameter { id, value: value(i, ty) })
                .collect(),
        })
    }
}
