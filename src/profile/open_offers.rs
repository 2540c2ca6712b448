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
use crate::policy::{Holder, Layout, OPEN_OFFER_BYTES, Policy, header};

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
/// In place of a moment's id: it answers none.
const NO_MOMENT: u32 = 0;

// Offsets within an entry.
const DECISION: usize = 0;
const MADE: usize = 8;
const EXPIRES: usize = 16;
const OFFER: usize = 24;
const TREATMENT: usize = 28;
const CHANNEL: usize = 32;
/// State in the lowest three bits, then one for a channel that had asked, slot in the next four, the
/// moment's number in the rest.
const STATE: usize = 36;
const STATE_BITS: u32 = 0b111;
const INBOUND: u32 = 0b1000;
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
        OpenOffers::within(&policy.layout)
    }

    /// The table within a profile of this layout.
    pub(crate) fn within(layout: &Layout) -> OpenOffers {
        OpenOffers { start: layout.open_offers }
    }

    /// The table within a profile of the policy's own layout, or of one that it succeeds: its
    /// entries mean the same in all of them.
    pub(crate) fn found(policy: &Policy, bytes: &[u8]) -> Result<OpenOffers, Error> {
        Ok(match sound(policy, bytes, 0)? {
            Found::Own(layout) => OpenOffers::of_line(layout)?,
            Found::Older(program) => OpenOffers::of_line(&program.from)?,
        })
    }

    fn of_line(layout: &Layout) -> Result<OpenOffers, Error> {
        match layout.holder {
            Holder::Line => Ok(OpenOffers::within(layout)),
            Holder::Account => Err(Error::ProfileHolder),
        }
    }

    /// Entries in use.
    pub(crate) fn used(self, bytes: &[u8]) -> impl Iterator<Item = Entry> {
        self.all().filter(move |entry| read_u64(bytes, entry.offset + DECISION) != FREE)
    }

    /// Whether an offer may be over.
    ///
    /// PERF: the header says when that can first be, so that of six entries, each in cache lines of
    /// its own, most calls look at none. A decide that is no moment: 3,939 to 3,338 instructions,
    /// with what `policy/exits.rs` saves.
    #[inline]
    pub(crate) fn some_due(bytes: &[u8], now_ms: i64) -> bool {
        let due = read_u32(bytes, header::OFFERS_DUE);
        // Zero is no second: the first counts as the second.
        due != 0 && i64::from(due) * 1_000 <= now_ms.max(1_000)
    }

    /// Entries of offers whose time to be taken is over; one that was accepted has none.
    pub(crate) fn expired(self, bytes: &[u8], now_ms: i64) -> impl Iterator<Item = Entry> {
        let over = move |entry: &Entry| {
            entry.expires_ms(bytes) <= now_ms && entry.state(bytes) != Some(OfferState::Accepted)
        };
        self.used(bytes).filter(over)
    }

    /// What the header says of the table: see [`header::OFFERS_DUE`].
    pub(crate) fn due(self, bytes: &[u8]) -> u32 {
        let due = |entry: Entry| match entry.state(bytes) {
            // Open, and never due.
            Some(OfferState::Accepted) => u32::MAX,
            _ => u32::try_from(entry.expires_ms(bytes).max(1_000) / 1_000).unwrap_or(u32::MAX),
        };
        self.used(bytes).map(due).min().unwrap_or(0)
    }

    /// Notes in the header what the table has come to.
    pub(crate) fn note_due(self, bytes: &mut [u8]) {
        let due = self.due(bytes);
        write_u32(bytes, header::OFFERS_DUE, due);
    }

    /// The entry of one offer of one decision.
    pub(crate) fn find(self, bytes: &[u8], decision: u64, slot: u8) -> Option<Entry> {
        self.of_decision(bytes, decision).find(|entry| entry.slot(bytes) == slot)
    }

    /// The entries of one decision.
    pub(crate) fn of_decision(self, bytes: &[u8], decision: u64) -> impl Iterator<Item = Entry> {
        let open = if read_u32(bytes, header::OFFERS_DUE) == 0 { 0 } else { OPEN_OFFERS };
        self.all().take(open).filter(move |entry| entry.decision(bytes) == decision)
    }

    /// Which entry the next offer takes, of those that need not be `kept`: a free one; when none is
    /// free, the oldest of those that fill a place, of those accepted, or of all.
    pub(crate) fn next(self, bytes: &[u8], kept: impl Fn(Entry) -> bool) -> Option<Entry> {
        let worth_keeping = |entry: &Entry| match entry.state(bytes) {
            None => 0,
            Some(_) if entry.moment(bytes).is_none() => 1,
            Some(OfferState::Accepted) => 2,
            Some(_) => 3,
        };
        let free_to_go = self.all().filter(|entry| entry.state(bytes).is_none() || !kept(*entry));
        free_to_go.min_by_key(|entry| (worth_keeping(entry), read_i64(bytes, entry.offset + MADE)))
    }

    fn all(self) -> impl Iterator<Item = Entry> {
        let entry = move |i| Entry { table: self, offset: self.start + i * OPEN_OFFER_BYTES };
        (0..OPEN_OFFERS).map(entry)
    }
}

/// What is written when an offer is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewOffer<'a> {
    pub(crate) decision: u64,
    pub(crate) slot: u8,
    pub(crate) moment: Option<MomentId>,
    pub(crate) offer: OfferId,
    pub(crate) treatment: TreatmentId,
    pub(crate) channel: ChannelId,
    /// Whether the channel had asked.
    pub(crate) inbound: bool,
    pub(crate) made_ms: i64,
    pub(crate) expires_ms: i64,
    pub(crate) probability: f64,
    pub(crate) terms: u32,
    pub(crate) parameters: &'a [Parameter],
}

/// One entry of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    table: OpenOffers,
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

    pub(crate) fn channel(self, bytes: &[u8]) -> ChannelId {
        ChannelId(read_u32(bytes, self.offset + CHANNEL))
    }

    /// Whether the channel had asked.
    pub(crate) fn inbound(self, bytes: &[u8]) -> bool {
        read_u32(bytes, self.offset + STATE) & INBOUND != 0
    }

    pub(crate) fn expires_ms(self, bytes: &[u8]) -> i64 {
        read_i64(bytes, self.offset + EXPIRES)
    }

    pub(crate) fn state(self, bytes: &[u8]) -> Option<OfferState> {
        OfferState::from_number(read_u32(bytes, self.offset + STATE) & STATE_BITS)
    }

    /// The moment that it answers, if any.
    pub(crate) fn moment(self, bytes: &[u8]) -> Option<MomentId> {
        Some(read_u32(bytes, self.offset + STATE) >> 8).filter(|id| *id != NO_MOMENT).map(MomentId)
    }

    pub(crate) fn slot(self, bytes: &[u8]) -> u8 {
        (read_u32(bytes, self.offset + STATE) >> 4 & 0xF) as u8
    }

    pub(crate) fn set_state(self, bytes: &mut [u8], state: OfferState) {
        let others = read_u32(bytes, self.offset + STATE) & !STATE_BITS;
        write_u32(bytes, self.offset + STATE, others | state as u32);
        self.table.note_due(bytes);
    }

    /// Frees the entry.
    pub(crate) fn close(self, bytes: &mut [u8]) {
        self.clear(bytes);
        self.table.note_due(bytes);
    }

    fn clear(self, bytes: &mut [u8]) {
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
        self.clear(bytes);
        let at = self.offset;
        write_u64(bytes, at + DECISION, offer.decision);
        write_i64(bytes, at + MADE, offer.made_ms);
        write_i64(bytes, at + EXPIRES, offer.expires_ms);
        write_u32(bytes, at + OFFER, offer.offer.0);
        write_u32(bytes, at + TREATMENT, offer.treatment.0);
        write_u32(bytes, at + CHANNEL, offer.channel.0);
        let inbound = if offer.inbound { INBOUND } else { 0 };
        let moment = offer.moment.map_or(NO_MOMENT, |moment| moment.0);
        let place = u32::from(offer.slot) << 4 | moment << 8;
        write_u32(bytes, at + STATE, OfferState::Offered as u32 | inbound | place);
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
        self.table.note_due(bytes);
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
            channel: self.channel(bytes),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hash::hash_words;

    /// Whatever becomes of entries, the header says when a call has to look at them, and that is
    /// never too late.
    #[test]
    fn the_header_knows_when_to_look() {
        let table = OpenOffers { start: header::BYTES };
        let mut bytes = [0; header::BYTES + OPEN_OFFERS * OPEN_OFFER_BYTES];
        let (mut looked, mut passed) = (0, 0);
        for turn in 0..5_000u64 {
            let draw = |name: u64, below: u64| hash_words(turn, [name]) % below;
            let entry = table.all().nth(draw(0, OPEN_OFFERS as u64) as usize).unwrap();
            let used = entry.decision(&bytes) != FREE;
            match draw(1, 4) {
                0 | 1 => {
                    let offer = NewOffer {
                        decision: turn + 1,
                        slot: 0,
                        moment: Some(MomentId(1)),
                        offer: OfferId(1),
                        treatment: TreatmentId(1),
                        channel: ChannelId(1),
                        inbound: false,
                        made_ms: 1,
                        expires_ms: draw(2, 40) as i64 * 333,
                        probability: 1.0,
                        terms: 0,
                        parameters: &[],
                    };
                    entry.write(&mut bytes, &offer);
                }
                2 if used => entry.set_state(&mut bytes, OfferState::Accepted),
                _ => entry.close(&mut bytes),
            }
            assert_eq!(read_u32(&bytes, header::OFFERS_DUE), table.due(&bytes));
            for now_ms in (0..14_000).step_by(111) {
                let over = table.expired(&bytes, now_ms).next().is_some();
                let looks = OpenOffers::some_due(&bytes, now_ms);
                assert!(looks || !over, "turn {turn}, at {now_ms}");
                (looked, passed) = (looked + u32::from(looks), passed + u32::from(!looks));
            }
            let decisions: SmallVec<[u64; OPEN_OFFERS]> =
                table.used(&bytes).map(|entry| entry.decision(&bytes)).collect();
            assert!(decisions.iter().all(|id| table.of_decision(&bytes, *id).count() == 1));
        }
        assert!(looked > 10_000 && passed > 10_000, "{looked} {passed}");
    }
}
