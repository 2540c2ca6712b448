//! The calls on messages.

use core::ffi::c_void;

use super::context::{self, opportune_context};
use super::decision::{OPPORTUNE_MOMENTS_MAX, filled, opportune_decision, opportune_moment};
use super::guard::guard;
use super::handles::{opportune_local, opportune_policy, opportune_snapshot};
use super::message::{self, opportune_message};
use super::pointers;
use super::profile::{overlap, profile_bytes};
use super::status::{OPPORTUNE_OUT_OF_RANGE, OPPORTUNE_OVERLAP, Refusal, opportune_status};
use super::structs;
use super::value::opportune_bytes;
use crate::call::{self, Shared};
use crate::moment::Moments;

/// Takes a message into the profile, finds the moments that it raises, and decides what to offer:
/// the one call of an inline host, and the same as opportune_update, opportune_classify and
/// opportune_allocate in one pass.
///
/// The old profile is read from profile_in, profile_in_len bytes; the new one is written to
/// profile_out, which needs room for opportune_policy_profile_bytes bytes. Both have any
/// alignment, and may be the same memory, not overlap otherwise. expected_revision, unless 0, is
/// the revision that the old profile must be at. local's lease and delta change along with the
/// profile: store the profile in the transaction that stores the balance, and on a rollback go on
/// with the old bytes.
///
/// context may be NULL. *decision is written on OPPORTUNE_OK; a message that was decided before
/// gives OPPORTUNE_OK with decision->repeated set and changes nothing.
///
/// OPPORTUNE_PROFILE_..., OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_..._MISMATCH,
/// OPPORTUNE_BAD_KEY, OPPORTUNE_BAD_TIME, OPPORTUNE_TOO_MANY_EVENTS, OPPORTUNE_UNKNOWN_EVENT,
/// OPPORTUNE_UNKNOWN_FIELD, OPPORTUNE_VALUE_TYPE, OPPORTUNE_UNKNOWN_CHANNEL,
/// OPPORTUNE_UNKNOWN_ZONE, and those of bad arguments. Never allocates, locks or makes a system
/// call. The thread that owns local.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_decide(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
    local: *mut opportune_local,
    message: *const opportune_message,
    context: *const opportune_context,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    decision: *mut opportune_decision,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (shared, local, context, profile, out) = unsafe {
            (
                shared(policy, snapshot)?,
                pointers::borrow_mut(local)?,
                context::read(context)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
                structs::out(decision)?,
            )
        };
        let opportune_local { local, message: buffer, .. } = local;
        // SAFETY: the message is as the header asks, for the length of the call.
        let message = unsafe { buffer.fill(message) }?;
        apart(message.account, profile_out, profile_out_capacity)?;
        let decision = call::decide(shared, profile, &message, &context, local)?;
        out.write(&opportune_decision::from(&decision));
        Ok(())
    })
}

/// Decides when no message comes: asks the moments that time alone can raise, and closes offers
/// that have expired. Call it when a decision's next_call_ms has come, or on a clock of the
/// host's own. account is the profile of the account that pays for the line, as in
/// opportune_message; NULL and 0 if there is none.
///
/// Everything else is as for opportune_decide.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_tick(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
    local: *mut opportune_local,
    subscriber: *const c_void,
    subscriber_len: usize,
    account: *const u8,
    account_len: usize,
    now_ms: i64,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    decision: *mut opportune_decision,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (shared, local, subscriber, profile, out) = unsafe {
            (
                shared(policy, snapshot)?,
                pointers::borrow_mut(local)?,
                pointers::bytes(subscriber, subscriber_len)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
                structs::out(decision)?,
            )
        };
        let account = opportune_bytes { ptr: account.cast(), len: account_len };
        // SAFETY: the bytes are as the header asks, for the length of the call.
        let account = unsafe { message::account(account) }?;
        apart(account, profile_out, profile_out_capacity)?;
        let decision = call::tick(shared, profile, subscriber, account, now_ms, &mut local.local)?;
        out.write(&opportune_decision::from(&decision));
        Ok(())
    })
}

/// Takes a message into the profile without deciding. *repeated, unless NULL, is set to 1 if the
/// message had been seen before (and nothing changed), else to 0; *revision, unless NULL, to the
/// revision of the profile afterwards; *next_call_ms, unless NULL, to when opportune_tick should be
/// called if nothing happens before, 0 for never, as in a decision.
///
/// Everything else is as for opportune_decide.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_update(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    message: *const opportune_message,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    repeated: *mut u32,
    revision: *mut u64,
    next_call_ms: *mut i64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, profile, repeated, revision, next_call_ms) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
                pointers::out_if_wanted(repeated)?,
                pointers::out_if_wanted(revision)?,
                pointers::out_if_wanted(next_call_ms)?,
            )
        };
        let opportune_local { local, message: buffer, .. } = local;
        // SAFETY: the message is as the header asks, for the length of the call.
        let message = unsafe { buffer.fill(message) }?;
        apart(message.account, profile_out, profile_out_capacity)?;
        let updated = call::update(&policy.policy, profile, &message, &mut local.scratch)?;
        repeated.map(|out| out.write(u32::from(updated.repeated)));
        revision.map(|out| out.write(updated.revision));
        next_call_ms.map(|out| out.write(updated.next_call_ms));
        Ok(())
    })
}

/// Finds the moments that a message raises over a profile that has taken it in. Changes nothing.
/// moments gets them, first by priority, and *count their number, at most OPPORTUNE_MOMENTS_MAX;
/// if that is more than capacity, OPPORTUNE_TOO_SMALL is returned, *count is what is needed, and
/// moments is untouched (it may be NULL if capacity is 0).
///
/// Everything else is as for opportune_decide.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_classify(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    message: *const opportune_message,
    profile: *const u8,
    profile_len: usize,
    moments: *mut opportune_moment,
    capacity: usize,
    count: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, profile, moments, count) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                pointers::array(profile, profile_len)?,
                pointers::array_out(moments, capacity)?,
                pointers::out(count)?,
            )
        };
        let opportune_local { local, message: buffer, .. } = local;
        // SAFETY: the message is as the header asks, for the length of the call.
        let message = unsafe { buffer.fill(message) }?;
        let raised = call::classify(&policy.policy, profile, &message, &mut local.scratch)?;
        let all: [opportune_moment; OPPORTUNE_MOMENTS_MAX] =
            filled(raised.iter().map(Into::into), opportune_moment::NONE);
        pointers::deliver(&all[..raised.len()], moments, count)
    })
}

/// Decides on moments that opportune_classify found, moment_count of them, and writes the decision
/// into the profile, the lease and the delta. The message's events are not looked at.
///
/// OPPORTUNE_OUT_OF_RANGE for more moments than OPPORTUNE_MOMENTS_MAX. Everything else is as for
/// opportune_decide.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_allocate(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
    local: *mut opportune_local,
    message: *const opportune_message,
    moments: *const opportune_moment,
    moment_count: usize,
    context: *const opportune_context,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    decision: *mut opportune_decision,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (shared, local, moments, context, profile, out) = unsafe {
            (
                shared(policy, snapshot)?,
                pointers::borrow_mut(local)?,
                pointers::array(moments, moment_count)?,
                context::read(context)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
                structs::out(decision)?,
            )
        };
        if moments.len() > OPPORTUNE_MOMENTS_MAX {
            return Err(Refusal(OPPORTUNE_OUT_OF_RANGE));
        }
        let moments: Moments = moments.iter().map(Into::into).collect();
        let opportune_local { local, message: buffer, .. } = local;
        // SAFETY: the message is as the header asks, for the length of the call.
        let message = unsafe { buffer.fill(message) }?;
        apart(message.account, profile_out, profile_out_capacity)?;
        let decision = call::allocate(shared, profile, &message, moments, &context, local)?;
        out.write(&opportune_decision::from(&decision));
        Ok(())
    })
}

/// Refuses an account's profile that lies where the new profile goes.
fn apart(
    account: Option<&[u8]>,
    profile_out: *mut u8,
    profile_out_capacity: usize,
) -> Result<(), Refusal> {
    let account = account.unwrap_or(&[]);
    let (from, to) = (account.as_ptr().addr(), profile_out.addr());
    match overlap(from, account.len(), to, profile_out_capacity) {
        true => Err(Refusal(OPPORTUNE_OVERLAP)),
        false => Ok(()),
    }
}

/// What all threads share.
///
/// # Safety
/// Those of [`pointers`].
pub(super) unsafe fn shared<'a>(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
) -> Result<Shared<'a>, Refusal> {
    // SAFETY: passed on.
    let (policy, snapshot) = unsafe { (pointers::borrow(policy)?, pointers::borrow(snapshot)?) };
    Ok(Shared { policy: &policy.policy, snapshot: &snapshot.snapshot })
}
