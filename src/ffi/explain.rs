//! Why a decision is as it is.

use core::ffi::c_char;

use super::context::{self, opportune_context};
use super::decide::shared;
use super::guard::guard;
use super::handles::{opportune_local, opportune_policy, opportune_snapshot};
use super::message::opportune_message;
use super::pointers;
use super::status::opportune_status;
use crate::call;

/// Runs opportune_decide again on copies, and writes as JSON what became of every moment that the
/// message concerned, condition by condition, and of every offer that answers a raised moment.
/// Changes nothing: not the profile, the lease or the delta. profile is what opportune_decide got
/// as its old profile, and everything else as it got it: then the decision in the JSON is the one
/// that it made. docs/explanation.md says what is in it; keys may be added. A tick is explained by a
/// message without events.
///
/// buffer gets UTF-8 text without NUL and *length its length; if that is more than capacity,
/// OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and buffer is untouched (it may be
/// NULL if capacity is 0).
///
/// The statuses of opportune_decide. Allocates: for support and for tests, not for the rating
/// thread. The thread that owns local.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_explain(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
    local: *mut opportune_local,
    message: *const opportune_message,
    context: *const opportune_context,
    profile: *const u8,
    profile_len: usize,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (shared, local, context, profile, buffer, length) = unsafe {
            (
                shared(policy, snapshot)?,
                pointers::borrow_mut(local)?,
                context::read(context)?,
                pointers::array(profile, profile_len)?,
                pointers::array_out(buffer.cast(), capacity)?,
                pointers::out(length)?,
            )
        };
        let opportune_local { local, message: room, .. } = local;
        // SAFETY: the message is as the header asks, for the length of the call.
        let message = unsafe { room.fill(message) }?;
        let explained = call::explain(shared, profile, &message, &context, local)?;
        pointers::deliver(explained.to_json(shared.policy).as_bytes(), buffer, length)
    })
}
