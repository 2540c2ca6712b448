//! What one thread owns: its handle, its lease, its delta.

use super::guard::guard;
use super::handles::{give, opportune_local, opportune_policy, take_back};
use super::message::{DatedBuffer, MessageBuffer};
use super::pointers;
use super::status::{OPPORTUNE_OUT_OF_RANGE, OPPORTUNE_UNKNOWN_NAME, Refusal, opportune_status};
use crate::base::ids::BudgetId;
use crate::call::Local;
use crate::snapshot::Origin;

/// Makes what one thread owns: a lease of nothing, an empty delta, and the memory that calls work
/// in, so that they do not allocate. One for each thread: calls that get the same handle must not
/// run at once. On success *local is a handle that the caller frees with opportune_local_free.
///
/// node, epoch and sequence say where the first delta comes from. Give each handle of the whole
/// installation a node number of its own; after a restart that lost the sequence, a higher epoch;
/// and a sequence from 1, which each opportune_delta_take counts up.
///
/// OPPORTUNE_OUT_OF_RANGE for a sequence of 0. Allocates. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_local_new(
    policy: *const opportune_policy,
    node: u32,
    epoch: u32,
    sequence: u64,
    local: *mut *mut opportune_local,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, out) = unsafe { (pointers::borrow(policy)?, pointers::out(local)?) };
        if sequence == 0 {
            return Err(Refusal(OPPORTUNE_OUT_OF_RANGE));
        }
        let local = Local::new(&policy.policy, Origin { node, epoch, sequence });
        let (message, dated) = (MessageBuffer::new(), DatedBuffer::new());
        give(opportune_local { local, message, dated }, out);
        Ok(())
    })
}

/// Frees a local handle, with what is left of its lease and what its delta has not told. NULL is
/// allowed and does nothing. No call may be using it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_local_free(local: *mut opportune_local) {
    // SAFETY: passed on.
    unsafe { take_back(local) }
}

/// Adds to what this thread may spend of a budget without asking, as quota is granted in charging:
/// micro-units of a money budget, pieces of another. A negative amount takes back what is left,
/// never below zero. An offer that draws on a budget is made only if the lease covers it.
///
/// OPPORTUNE_UNKNOWN_NAME if the policy has no such budget; OPPORTUNE_LEASE_MISMATCH. Does not
/// allocate. The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_lease_grant(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    budget: u32,
    amount: i64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local) = unsafe { (pointers::borrow(policy)?, pointers::borrow_mut(local)?) };
        local.local.check(&policy.policy)?;
        let lease = &mut local.local.lease;
        let known = lease.grant(&policy.policy, BudgetId(budget), amount);
        known.then_some(()).ok_or(Refusal(OPPORTUNE_UNKNOWN_NAME))
    })
}

/// Writes what is left of a budget to *left, in the units of opportune_lease_grant.
///
/// OPPORTUNE_UNKNOWN_NAME if the policy has no such budget; OPPORTUNE_LEASE_MISMATCH. Does not
/// allocate. The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_lease_left(
    policy: *const opportune_policy,
    local: *const opportune_local,
    budget: u32,
    left: *mut i64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, out) =
            unsafe { (pointers::borrow(policy)?, pointers::borrow(local)?, pointers::out(left)?) };
        local.local.check(&policy.policy)?;
        let left = local.local.lease.left(&policy.policy, BudgetId(budget));
        out.write(left.ok_or(Refusal(OPPORTUNE_UNKNOWN_NAME))?);
        Ok(())
    })
}

/// Takes the delta: what happened on this thread since the last one, as versioned, checksummed
/// bytes for opportune_snapshot_advance, and begins the next one, whose sequence is one higher.
/// Keep the bytes until they are applied: the handle has forgotten them. buffer gets them and
/// *length their number, which is the same for all deltas of a policy; if it is more than
/// capacity, OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and nothing was taken
/// (buffer may be NULL if capacity is 0).
///
/// Allocates. The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_delta_take(
    local: *mut opportune_local,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (local, buffer, length) = unsafe {
            (
                pointers::borrow_mut(local)?,
                pointers::array_out(buffer, capacity)?,
                pointers::out(length)?,
            )
        };
        let delta = &mut local.local.delta;
        pointers::deliver(&delta.to_bytes(), buffer, length)?;
        // A delta that was never merged has the one origin it was made with.
        if let Some(&origin) = delta.origins().last() {
            delta.restart(Origin { sequence: origin.sequence.saturating_add(1), ..origin });
        }
        Ok(())
    })
}
