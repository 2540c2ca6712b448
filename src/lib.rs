//! opportune
#![no_std]
#![deny(unsafe_code)]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base;
#[cfg(feature = "compiler")]
pub mod compile;
mod error;
mod expr;
mod policy;

pub use base::ids::{
    BudgetId, ChannelId, ContentId, EventId, FeatureId, FieldId, GroupId, IntentId, IssueId,
    MemberId, MomentId, Namespace, OfferId, ParameterId, PermanentId, TreatmentId,
};
pub use base::limits;
pub use expr::Type;
pub use policy::{Arm, OfferKind, Policy};
