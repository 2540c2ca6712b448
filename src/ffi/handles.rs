//! What C holds by pointer without seeing inside, and who frees it.

use alloc::boxed::Box;
use alloc::string::String;
use core::mem::MaybeUninit;

use super::guard::guard;
use super::message::{DatedBuffer, MessageBuffer};
use crate::call::Local;
use crate::policy::Policy;
use crate::snapshot::Snapshot;

/// A compiled policy. Immutable: any number of threads may use it at once. It must outlive the
/// calls that get it, nothing else.
pub struct opportune_policy {
    pub(super) policy: Policy,
    /// The id table with the numbers of this policy's names.
    pub(super) ids: String,
}

/// What has been learned and set for all subscribers at one instant, made for one policy.
/// Immutable: any number of threads may use it at once.
pub struct opportune_snapshot {
    pub(super) snapshot: Snapshot,
}

/// What one thread owns: what it may spend (a lease), what it has to tell (a delta), and the
/// memory that calls work in. Made for one policy, used by one thread at a time.
pub struct opportune_local {
    pub(super) local: Local,
    pub(super) message: MessageBuffer,
    pub(super) dated: DatedBuffer,
}

/// Hands a value over to C, which frees it.
pub(super) fn give<T>(value: T, to: &mut MaybeUninit<*mut T>) {
    to.write(Box::into_raw(Box::new(value)));
}

/// Takes back and drops what [`give`] handed over; NULL is nothing.
///
/// # Safety
/// `handle` is NULL or came from [`give`], was not taken back before, and is not in use.
pub(super) unsafe fn take_back<T>(handle: *mut T) {
    guard(|| {
        if !handle.is_null() {
            // SAFETY: promised to be a box of `give`, given back once.
            drop(unsafe { Box::from_raw(handle) });
        }
        Ok(())
    });
}
