//! Profiles as JSON, and erased.

use alloc::string::ToString;
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;

use super::guard::guard;
use super::handles::{opportune_local, opportune_policy};
use super::pointers;
use super::profile::profile_bytes;
use super::status::{OPPORTUNE_IMPORT_FAILED, Refusal, opportune_status};
use crate::call;
use crate::portable::{export_profile, import_profile};

/// Writes a profile as JSON: everything that it holds, by name and in the units that people read.
/// opportune_profile_import makes the same bytes of it. buffer gets UTF-8 text without NUL and
/// *length its length; if that is more than capacity, OPPORTUNE_TOO_SMALL is returned, *length is
/// what is needed, and buffer is untouched (it may be NULL if capacity is 0).
///
/// OPPORTUNE_PROFILE_... Allocates: for support and for subscribers who ask, not for the rating
/// thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_export(
    policy: *const opportune_policy,
    profile: *const u8,
    profile_len: usize,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, profile, buffer, length) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array(profile, profile_len)?,
                pointers::array_out(buffer.cast(), capacity)?,
                pointers::out(length)?,
            )
        };
        let json = export_profile(&policy.policy, profile)?;
        pointers::deliver(json.as_bytes(), buffer, length)
    })
}

/// Makes a profile of the JSON that opportune_profile_export wrote under this policy, or under one
/// that it succeeds, whose profiles it migrates. profile gets the bytes and *length their number; if
/// that is more than capacity, OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and
/// profile is untouched (it may be NULL if capacity is 0).
///
/// On OPPORTUNE_IMPORT_FAILED, message gets which key is wrong and how, as UTF-8 text without NUL
/// for people, cut if it is longer than message_capacity; *message_length is its full length. On any
/// other status *message_length is 0. message may be NULL if message_capacity is 0;
/// message_length may be NULL.
///
/// Allocates: not for the rating thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_import(
    policy: *const opportune_policy,
    json: *const c_void,
    json_len: usize,
    profile: *mut u8,
    profile_capacity: usize,
    length: *mut usize,
    message: *mut c_char,
    message_capacity: usize,
    message_length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, json, profile, length, message, message_length) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::bytes(json, json_len)?,
                pointers::array_out(profile, profile_capacity)?,
                pointers::out(length)?,
                pointers::array_out::<u8>(message.cast(), message_capacity)?,
                pointers::out_if_wanted(message_length)?,
            )
        };
        let message_length = message_length.map(|length| length.write(0));
        match import_profile(&policy.policy, json) {
            Ok(bytes) => pointers::deliver(&bytes, profile, length),
            Err(error) => {
                let words = error.to_string();
                if let Some(length) = message_length {
                    *length = words.len();
                }
                say(&words, message);
                Err(Refusal(OPPORTUNE_IMPORT_FAILED))
            }
        }
    })
}

/// As much of a text as there is room for, in whole characters.
fn say(words: &str, message: &mut [MaybeUninit<u8>]) {
    let fits = |end: &usize| *end <= message.len() && words.is_char_boundary(*end);
    let shown = (0..=words.len()).rev().find(fits).unwrap_or(0);
    for (slot, byte) in message.iter_mut().zip(&words.as_bytes()[..shown]) {
        slot.write(*byte);
    }
}

/// Erases what a profile holds, as its subscriber may demand: what is left is that of somebody of
/// whom nothing is known, one revision on. What open offers have reserved goes back to the lease, or
/// into the delta for the ledger; what was accepted stays committed. *revision, unless NULL, is set
/// to the revision of the profile afterwards. The host deletes its own copies, and its log.
///
/// The profile arguments are as for opportune_decide. OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_KEY,
/// OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_LEASE_MISMATCH,
/// OPPORTUNE_SCRATCH_MISMATCH. Does not allocate. The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_erase(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    subscriber: *const c_void,
    subscriber_len: usize,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    revision: *mut u64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, subscriber, revision, profile) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                pointers::bytes(subscriber, subscriber_len)?,
                pointers::out_if_wanted(revision)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
            )
        };
        let erased = call::erase(&policy.policy, profile, subscriber, &mut local.local)?;
        revision.map(|out| out.write(erased.revision));
        Ok(())
    })
}
