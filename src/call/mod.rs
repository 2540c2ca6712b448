//! The pure functions that a host calls. Each opens the profile, refuses what
//! can be refused, and only then runs stages of the rooms below in the bytes of the new one, so an
//! error changes nothing.

mod decide;
#[cfg(all(test, feature = "compiler"))]
mod due_by_need;
mod eligible;
#[cfg(all(test, feature = "compiler"))]
mod ill_typed;
mod profiles;
mod scratch;

pub use decide::{allocate, classify, decide, explain, settle, tick, update};
pub use eligible::{Question, eligible};
pub use profiles::{
    Updated, backfill, erase, init_account, init_profile, migrate, new_account, new_profile,
    open_offers, profile_health, profile_revision, read_feature,
};
pub use scratch::{Local, Scratch, Shared};
