//! Policies: text to a handle, names to numbers.

use core::ffi::{c_char, c_void};

use alloc::string::String;
use alloc::vec::Vec;

use super::guard::guard;
use super::handles::{give, opportune_policy, take_back};
use super::pointers;
use super::source::{Words, compile_to};
use super::status::{
    OPPORTUNE_BAD_ENUM, OPPORTUNE_OUT_OF_MEMORY, OPPORTUNE_SUCCESSION, OPPORTUNE_UNKNOWN_NAME,
    Refusal, opportune_status,
};
use crate::base::ids::Namespace;
use crate::compile::Source;
use crate::policy::Policy;

/// An event kind: "call_end".
pub const OPPORTUNE_NAMESPACE_EVENT: u32 = 1;
/// A field of an event kind: "call_end.minutes".
pub const OPPORTUNE_NAMESPACE_FIELD: u32 = 2;
/// An attribute, an aggregate or a derived feature: "spend_24h".
pub const OPPORTUNE_NAMESPACE_FEATURE: u32 = 3;
/// A member of an enumeration: "tariff.gold".
pub const OPPORTUNE_NAMESPACE_MEMBER: u32 = 4;
/// A moment: "low_balance".
pub const OPPORTUNE_NAMESPACE_MOMENT: u32 = 5;
/// An intent: "buy".
pub const OPPORTUNE_NAMESPACE_INTENT: u32 = 6;
/// An issue: "sales".
pub const OPPORTUNE_NAMESPACE_ISSUE: u32 = 7;
/// A group of offers: "sales.data".
pub const OPPORTUNE_NAMESPACE_GROUP: u32 = 8;
/// An offer: "data_1gb".
pub const OPPORTUNE_NAMESPACE_OFFER: u32 = 9;
/// An offer on a channel: "data_1gb.sms".
pub const OPPORTUNE_NAMESPACE_TREATMENT: u32 = 10;
/// A channel: "sms".
pub const OPPORTUNE_NAMESPACE_CHANNEL: u32 = 11;
/// A budget: "incentives".
pub const OPPORTUNE_NAMESPACE_BUDGET: u32 = 12;
/// A parameter of an offer: "price".
pub const OPPORTUNE_NAMESPACE_PARAMETER: u32 = 13;
/// A content key: "data_1gb_sms".
pub const OPPORTUNE_NAMESPACE_CONTENT: u32 = 14;
/// A pattern: "gave_up".
pub const OPPORTUNE_NAMESPACE_PATTERN: u32 = 15;
/// A source of values: "crm".
pub const OPPORTUNE_NAMESPACE_SOURCE: u32 = 16;

const _: () = {
    assert!(OPPORTUNE_NAMESPACE_EVENT == Namespace::Event as u32);
    assert!(OPPORTUNE_NAMESPACE_FIELD == Namespace::Field as u32);
    assert!(OPPORTUNE_NAMESPACE_FEATURE == Namespace::Feature as u32);
    assert!(OPPORTUNE_NAMESPACE_MEMBER == Namespace::Member as u32);
    assert!(OPPORTUNE_NAMESPACE_MOMENT == Namespace::Moment as u32);
    assert!(OPPORTUNE_NAMESPACE_INTENT == Namespace::Intent as u32);
    assert!(OPPORTUNE_NAMESPACE_ISSUE == Namespace::Issue as u32);
    assert!(OPPORTUNE_NAMESPACE_GROUP == Namespace::Group as u32);
    assert!(OPPORTUNE_NAMESPACE_OFFER == Namespace::Offer as u32);
    assert!(OPPORTUNE_NAMESPACE_TREATMENT == Namespace::Treatment as u32);
    assert!(OPPORTUNE_NAMESPACE_CHANNEL == Namespace::Channel as u32);
    assert!(OPPORTUNE_NAMESPACE_BUDGET == Namespace::Budget as u32);
    assert!(OPPORTUNE_NAMESPACE_PARAMETER == Namespace::Parameter as u32);
    assert!(OPPORTUNE_NAMESPACE_CONTENT == Namespace::Content as u32);
    assert!(OPPORTUNE_NAMESPACE_PATTERN == Namespace::Pattern as u32);
    assert!(OPPORTUNE_NAMESPACE_SOURCE == Namespace::Source as u32);
    assert!(Namespace::ALL.len() == OPPORTUNE_NAMESPACE_SOURCE as usize);
};

/// Compiles a policy from its text.
///
/// name is what messages call the text (a file name, UTF-8); text is TOML, or JSON if the name ends
/// in ".json" or the text begins with a brace; ids is the table of permanent numbers that is
/// stored beside it (UTF-8; empty for a policy that has none yet). On success *policy is a handle
/// that the caller frees with opportune_policy_free. If names were new, the table has grown: store
/// what opportune_policy_ids gives before using the policy, or the numbers will mean something
/// else another time.
///
/// On OPPORTUNE_COMPILE_FAILED, message gets every mistake with its line and column, as UTF-8
/// text without NUL for people, cut if it is longer than message_capacity; *message_length is
/// its full length. On OPPORTUNE_OK the same is told of what the policy says and cannot mean:
/// warnings, often none. On any other status *message_length is 0. message may be NULL if
/// message_capacity is 0; message_length may be NULL.
///
/// Allocates, takes milliseconds or more, and needs an ordinary stack: for start-up, not for the
/// rating thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_compile(
    name: *const c_char,
    name_len: usize,
    text: *const c_void,
    text_len: usize,
    ids: *const c_char,
    ids_len: usize,
    policy: *mut *mut opportune_policy,
    message: *mut c_char,
    message_capacity: usize,
    message_length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (words, policy, name, bytes, ids) = unsafe {
            (
                Words::new(message, message_capacity, message_length)?,
                pointers::out(policy)?,
                pointers::text(name, name_len)?,
                pointers::bytes(text, text_len)?,
                pointers::text(ids, ids_len)?,
            )
        };
        compile_to(&[Source { name, bytes }], ids, policy, words)
    })
}

/// Loads a policy from an artifact, the bytes that opportune_policy_save or the command
/// "opportune compile" wrote. It decides as the policy that was saved, to the bit; profiles,
/// snapshots and deltas of one are those of the other. On success *policy is a handle that the
/// caller frees with opportune_policy_free; bytes may be freed or changed. Whatever the bytes are,
/// they are checked before they are believed: OPPORTUNE_MALFORMED if they are no artifact, or
/// not a sound one; OPPORTUNE_ARTIFACT_VERSION if they are of another version than this library
/// reads.
///
/// Allocates, a small multiple of the bytes: for start-up, not for the rating thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_load(
    bytes: *const c_void,
    bytes_len: usize,
    policy: *mut *mut opportune_policy,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (bytes, out) = unsafe { (pointers::bytes(bytes, bytes_len)?, pointers::out(policy)?) };
        give(opportune_policy { policy: Policy::from_bytes(bytes)?, ids: String::new() }, out);
        Ok(())
    })
}

/// Writes a policy as an artifact: versioned, checksummed bytes for opportune_policy_load; equal
/// policies give equal bytes. buffer gets them and *length their number; if that is more than
/// capacity, OPPORTUNE_TOO_SMALL is returned, *length is what is needed, and buffer is untouched
/// (it may be NULL if capacity is 0).
///
/// Allocates: for start-up, not for the rating thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_save(
    policy: *const opportune_policy,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, buffer, length) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array_out(buffer, capacity)?,
                pointers::out(length)?,
            )
        };
        pointers::deliver(&policy.policy.to_bytes(), buffer, length)
    })
}

/// Makes a policy that decides as the given one and takes over profiles that were written under
/// count older ones, and under what those succeed themselves: any call that meets such a profile
/// brings it to the new layout first. On success *successor is a handle that the caller frees
/// with opportune_policy_free; it has a fingerprint of its own, so snapshots and local handles are
/// made for it. OPPORTUNE_SUCCESSION if the profiles would be misread: another salt, a
/// permanent number that stands for two things, or too many layouts. The command
/// "opportune compile --succeeds" does the same, and says what becomes of what profiles hold.
///
/// Allocates: for start-up, not for the rating thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_succeeding(
    policy: *const opportune_policy,
    older: *const *const opportune_policy,
    count: usize,
    successor: *mut *mut opportune_policy,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, older, out) = unsafe {
            (pointers::borrow(policy)?, pointers::array(older, count)?, pointers::out(successor)?)
        };
        let mut policies = Vec::new();
        policies.try_reserve(count).map_err(|_| Refusal(OPPORTUNE_OUT_OF_MEMORY))?;
        for &old in older {
            // SAFETY: as above.
            policies.push(&unsafe { pointers::borrow(old) }?.policy);
        }
        let policy_ids = policy.ids.clone();
        let made = policy.policy.succeeding(&policies);
        let made = made.map_err(|_| Refusal(OPPORTUNE_SUCCESSION))?;
        give(opportune_policy { policy: made, ids: policy_ids }, out);
        Ok(())
    })
}

/// Frees a policy. NULL is allowed and does nothing. No call may be using it; snapshots, local
/// handles and profiles that were made for it stay valid and work with an equal policy.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_free(policy: *mut opportune_policy) {
    // SAFETY: passed on.
    unsafe { take_back(policy) }
}

/// Writes the table of permanent numbers, to be stored beside the policy text. buffer gets UTF-8
/// text without NUL and *length its length; if that is more than capacity, OPPORTUNE_TOO_SMALL is
/// returned, *length is what is needed, and buffer is untouched (it may be NULL if capacity is 0).
/// A policy that was loaded from an artifact has no table, and the text is empty.
///
/// Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_ids(
    policy: *const opportune_policy,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, buffer, length) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array_out(buffer.cast(), capacity)?,
                pointers::out(length)?,
            )
        };
        pointers::deliver(policy.ids.as_bytes(), buffer, length)
    })
}

/// Writes the bytes of one subscriber's profile to *bytes: the same for all subscribers.
///
/// Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_profile_bytes(
    policy: *const opportune_policy,
    bytes: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, bytes) = unsafe { (pointers::borrow(policy)?, pointers::out(bytes)?) };
        bytes.write(policy.policy.profile_bytes());
        Ok(())
    })
}

/// Writes the bytes of one account's profile to *bytes: the same for all accounts, 0 for a policy
/// that keeps nothing of accounts.
///
/// Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_account_bytes(
    policy: *const opportune_policy,
    bytes: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, bytes) = unsafe { (pointers::borrow(policy)?, pointers::out(bytes)?) };
        bytes.write(policy.policy.account_bytes());
        Ok(())
    })
}

/// Writes the permanent id of a name to *id; never 0. space is one of OPPORTUNE_NAMESPACE_...,
/// name is UTF-8. Fields, members, groups and treatments are named with what they belong to:
/// "call_end.minutes". OPPORTUNE_UNKNOWN_NAME if the policy has no such name.
///
/// Allocates: resolve names once, at start-up. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_id(
    policy: *const opportune_policy,
    space: u32,
    name: *const c_char,
    name_len: usize,
    id: *mut u32,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, name, id) = unsafe {
            (pointers::borrow(policy)?, pointers::text(name, name_len)?, pointers::out(id)?)
        };
        let number = policy.policy.tables.names.number(namespace(space)?, name);
        id.write(number.ok_or(Refusal(OPPORTUNE_UNKNOWN_NAME))?);
        Ok(())
    })
}

/// Writes the name of a permanent id, the reverse of opportune_policy_id. buffer gets UTF-8 text
/// without NUL and *length its length; if that is more than capacity, OPPORTUNE_TOO_SMALL is
/// returned, *length is what is needed, and buffer is untouched (it may be NULL if capacity is 0).
/// OPPORTUNE_UNKNOWN_NAME if the policy has no such id.
///
/// Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_name(
    policy: *const opportune_policy,
    space: u32,
    id: u32,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, buffer, length) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array_out(buffer.cast(), capacity)?,
                pointers::out(length)?,
            )
        };
        let name = policy.policy.tables.names.name(namespace(space)?, id);
        let name = name.ok_or(Refusal(OPPORTUNE_UNKNOWN_NAME))?;
        pointers::deliver(name.as_bytes(), buffer, length)
    })
}

fn namespace(number: u32) -> Result<Namespace, Refusal> {
    Namespace::from_number(number).ok_or(Refusal(OPPORTUNE_BAD_ENUM))
}
