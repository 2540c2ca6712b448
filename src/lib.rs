//! opportune
#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base;
mod call;
#[cfg(feature = "compiler")]
pub mod compile;
mod decision;
mod error;
mod expr;
#[cfg(feature = "capi")]
#[allow(unsafe_code)]
mod ffi;
mod learning;
mod moment;
mod policy;
mod profile;
pub mod record;
mod snapshot;

pub use base::hash::hash_bytes;
pub use base::ids::{
    BudgetId, ChannelId, ContentId, EventId, FeatureId, FieldId, GroupId, IntentId, IssueId,
    MemberId, MomentId, Namespace, OfferId, ParameterId, PermanentId, TreatmentId,
};
pub use base::limits;
pub use base::money::MICROS;
pub use call::{
    Local, Scratch, Shared, Updated, allocate, backfill, classify, decide, explain, init_profile,
    new_profile, open_offers, profile_revision, read_feature, settle, tick, update,
};
pub use decision::{
    Context, Decision, Explanation, Fate, Offered, Outcome, OutcomeKind, Parameter, Settled, Stage,
};
pub use error::Error;
pub use expr::Type;
pub use learning::{Lift, Sample, advance};
pub use moment::{Moments, RaisedMoment};
pub use policy::{Arm, OfferKind, OfferPlace, Policy};
pub use profile::{Dated, Event, Field, Message, OfferState, OpenOffer, ProfileBytes, Value};
pub use snapshot::{Delta, Lease, Origin, Snapshot, Switches};
