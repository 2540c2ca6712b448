//! Snapshots: what all nodes share.

use super::guard::guard;
use super::handles::{give, opportune_policy, opportune_snapshot, take_back};
use super::pointers;
use super::status::opportune_status;
use crate::learning;
use crate::snapshot::{Delta, Snapshot};

/// Makes the snapshot before anything has been learned: the policy's priors, nothing scarce,
/// everything switched on. On success *snapshot is a handle that the caller frees with
/// opportune_snapshot_free.
///
/// Allocates. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_snapshot_initial(
    policy: *const opportune_policy,
    snapshot: *mut *mut opportune_snapshot,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, out) = unsafe { (pointers::borrow(policy)?, pointers::out(snapshot)?) };
        give(opportune_snapshot { snapshot: Snapshot::initial(&policy.policy) }, out);
        Ok(())
    })
}

/// Frees a snapshot. NULL is allowed and does nothing. No call may be using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_snapshot_free(snapshot: *mut opportune_snapshot) {
    // SAFETY: passed on.
    unsafe { take_back(snapshot) }
}

/// Writes a snapshot as versioned, checksummed bytes; equal snapshots give equal bytes. buffer
/// gets them and *length their number; if that is more than capacity, OPPORTUNE_TOO_SMALL is
/// returned, *length is what is needed, and buffer is untouched (it may be NULL if capacity is 0).
///
/// Allocates. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_snapshot_to_bytes(
    snapshot: *const opportune_snapshot,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (snapshot, buffer, length) = unsafe {
            (
                pointers::borrow(snapshot)?,
                pointers::array_out(buffer, capacity)?,
                pointers::out(length)?,
            )
        };
        pointers::deliver(&snapshot.snapshot.to_bytes(), buffer, length)
    })
}

/// Reads what opportune_snapshot_to_bytes wrote under an equal policy. On success *snapshot is a
/// handle that the caller frees with opportune_snapshot_free. OPPORTUNE_MALFORMED,
/// OPPORTUNE_SNAPSHOT_MISMATCH.
///
/// Allocates. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_snapshot_from_bytes(
    policy: *const opportune_policy,
    bytes: *const u8,
    bytes_len: usize,
    snapshot: *mut *mut opportune_snapshot,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, bytes, out) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array(bytes, bytes_len)?,
                pointers::out(snapshot)?,
            )
        };
        give(opportune_snapshot { snapshot: Snapshot::from_bytes(&policy.policy, bytes)? }, out);
        Ok(())
    })
}

/// Makes the snapshot after a delta, the bytes that opportune_delta_take wrote. The old snapshot
/// stays as it is. On success *next is a handle that the caller frees with
/// opportune_snapshot_free. Apply the deltas of each node in the order of their sequence:
/// OPPORTUNE_DELTA_SEQUENCE if this one, or a later one of its node, went in before.
/// OPPORTUNE_MALFORMED, OPPORTUNE_SNAPSHOT_MISMATCH, OPPORTUNE_LEASE_MISMATCH.
///
/// Allocates; meant for a clock of its own, not for every message. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_snapshot_advance(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
    delta: *const u8,
    delta_len: usize,
    next: *mut *mut opportune_snapshot,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, snapshot, bytes, out) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow(snapshot)?,
                pointers::array(delta, delta_len)?,
                pointers::out(next)?,
            )
        };
        let delta = Delta::from_bytes(&policy.policy, bytes)?;
        let next = learning::advance(&policy.policy, &snapshot.snapshot, &delta)?;
        give(opportune_snapshot { snapshot: next }, out);
        Ok(())
    })
}
