//! The profile: one buffer of bytes that the host owns, and what reads and writes it.
//!
//! Slots sit at offsets that the policy's layout computed. Everything here works on bytes that
//! were checked at the door (`buffer`), so reads and writes are plain little-endian access.

mod aggregate;
#[cfg(all(test, feature = "compiler"))]
mod at_a_glance;
mod backfill;
mod bucket;
mod buffer;
mod calendar;
mod clock;
mod contacts;
mod events;
mod features;
mod fold;
mod health;
mod lifecycles;
mod message;
mod migration;
mod open_offers;
mod ring;
mod sessions;
mod sketch;
mod streak;
mod timed;

pub use backfill::Dated;
pub(crate) use backfill::{backfill, check_dated};
#[cfg(feature = "json")]
pub(crate) use bucket::{COUNT_PARTS, extreme_of, kept_extreme};
pub use buffer::ProfileBytes;
#[cfg(feature = "json")]
pub(crate) use buffer::restore;
pub(crate) use buffer::{
    Opened, begin, commit, empty, initialise, open, open_line, revision, sound,
};
#[cfg(feature = "json")]
pub(crate) use calendar::EPOCH_DAY;
pub(crate) use calendar::period_number;
pub(crate) use contacts::{Contact, Log};
pub(crate) use events::{EventCells, Events};
pub(crate) use features::{Features, Memo};
pub(crate) use fold::fold_message;
pub use health::ProfileHealth;
pub(crate) use lifecycles::move_on;
pub use message::{Event, Field, Message, Value};
pub(crate) use message::{MessageKey, check_time};
pub(crate) use open_offers::{Entry, NewOffer, OpenOffers};
pub use open_offers::{OfferState, OpenOffer, Parameter};
pub(crate) use sessions::{Seen, note_message, seen};
#[cfg(feature = "json")]
pub(crate) use timed::{Stamp, Timed};
