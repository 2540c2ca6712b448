//! Profiles: bytes that the caller keeps.

use core::ffi::c_void;

use super::guard::guard;
use super::handles::{opportune_local, opportune_policy};
use super::message::opportune_dated;
use super::pointers;
use super::status::{OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, Refusal, opportune_status};
use super::structs::{self, Versioned};
use super::value::opportune_value;
use crate::base::ids::FeatureId;
use crate::call;
use crate::profile::ProfileBytes;

/// The five arguments that every call takes which changes a profile: the old one, room for the
/// new one, and the revision that the old one must be at.
///
/// # Safety
/// Those of [`pointers`]. `input` and `output` may be the same memory.
pub(super) unsafe fn profile_bytes<'a>(
    input: *const u8,
    input_len: usize,
    output: *mut u8,
    output_capacity: usize,
    expected_revision: u64,
) -> Result<ProfileBytes<'a>, Refusal> {
    let in_place = input == output.cast_const() && input_len > 0;
    // SAFETY: passed on.
    let to: &mut [u8] = unsafe {
        if in_place {
            if output_capacity < input_len {
                return Err(Refusal(OPPORTUNE_OUTPUT_TOO_SMALL));
            }
            pointers::bytes_mut(output, output_capacity)?
        } else {
            if overlap(input.addr(), input_len, output.addr(), output_capacity) {
                return Err(Refusal(OPPORTUNE_OVERLAP));
            }
            pointers::bytes_mut(output, output_capacity)?
        }
    };
    let profile = if in_place {
        ProfileBytes::within(to, input_len)
    } else {
        // SAFETY: passed on; what is changed lies apart.
        ProfileBytes::apart(unsafe { pointers::array(input, input_len) }?, to)
    };
    Ok(profile.at_revision(expected_revision))
}

/// Whether two ranges share a byte.
pub(super) fn overlap(a: usize, a_len: usize, b: usize, b_len: usize) -> bool {
    a_len > 0 && b_len > 0 && a < b.saturating_add(b_len) && b < a.saturating_add(a_len)
}

/// Writes the profile of a subscriber about whom nothing is known into the first
/// opportune_policy_profile_bytes bytes of profile; any alignment.
///
/// OPPORTUNE_BAD_KEY, OPPORTUNE_OUTPUT_TOO_SMALL. Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_init(
    policy: *const opportune_policy,
    subscriber: *const c_void,
    subscriber_len: usize,
    profile: *mut u8,
    profile_capacity: usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, subscriber, profile) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::bytes(subscriber, subscriber_len)?,
                pointers::bytes_mut(profile, profile_capacity)?,
            )
        };
        Ok(call::init_profile(&policy.policy, subscriber, profile)?)
    })
}

/// Writes the profile of an account of which nothing is known into the first
/// opportune_policy_account_bytes bytes of profile; any alignment. account is the account's own key;
/// which lines it has, the host knows.
///
/// opportune_update, opportune_backfill, opportune_read_feature and the opportune_profile_ functions
/// take an account's profile as they take a line's: its bytes say what it is. Calls that decide read
/// it beside the line's, as the account of an opportune_message. A host that keeps both takes a
/// message into the account's profile first, decides on the line with it, and commits both together.
///
/// OPPORTUNE_ACCOUNT_LAYOUT if the policy keeps nothing of accounts, OPPORTUNE_BAD_KEY,
/// OPPORTUNE_OUTPUT_TOO_SMALL. Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_account_init(
    policy: *const opportune_policy,
    account: *const c_void,
    account_len: usize,
    profile: *mut u8,
    profile_capacity: usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, account, profile) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::bytes(account, account_len)?,
                pointers::bytes_mut(profile, profile_capacity)?,
            )
        };
        Ok(call::init_account(&policy.policy, account, profile)?)
    })
}

/// Checks a profile and writes its revision to *revision: one more after each call that changed
/// it.
///
/// OPPORTUNE_PROFILE_... Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_revision(
    policy: *const opportune_policy,
    profile: *const u8,
    profile_len: usize,
    revision: *mut u64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, profile, out) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array(profile, profile_len)?,
                pointers::out(revision)?,
            )
        };
        out.write(call::profile_revision(&policy.policy, profile)?);
        Ok(())
    })
}

/// What went past a profile. Counts begin with it, never fall, and stop at UINT32_MAX. Set
/// struct_size; the rest is written by the call.
#[repr(C)]
pub struct opportune_health {
    /// sizeof(opportune_health).
    pub struct_size: usize,
    /// Events, and backfilled values, that came too late for at least one of their windows, and
    /// were left out there. A window takes what is within its own length of the newest event that
    /// it has seen.
    pub late_events: u32,
    /// Message numbers that were skipped within a session, and had not come when 32 higher ones
    /// had passed or when the session was forgotten.
    pub sequence_gaps: u32,
    /// Sessions forgotten to make room: of those a retransmission would not be recognised.
    pub evicted_sessions: u32,
    /// Open offers closed to make room for newer ones.
    pub crowded_out_offers: u32,
    /// The revision: one more after each call that changed the profile.
    pub revision: u64,
    /// The latest now_ms of any call; 0 before the first.
    pub latest_now_ms: i64,
}

// SAFETY: repr(C), struct_size first, then numbers.
unsafe impl Versioned for opportune_health {
    const SIZE_MIN: usize = size_of::<opportune_health>();
}

/// Checks a profile and writes what went past it to *health.
///
/// OPPORTUNE_PROFILE_... Does not allocate. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_health(
    policy: *const opportune_policy,
    profile: *const u8,
    profile_len: usize,
    health: *mut opportune_health,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, profile, out) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::array(profile, profile_len)?,
                structs::out(health)?,
            )
        };
        let health = call::profile_health(&policy.policy, profile)?;
        out.write(&opportune_health {
            struct_size: size_of::<opportune_health>(),
            late_events: health.late_events,
            sequence_gaps: health.sequence_gaps,
            evicted_sessions: health.evicted_sessions,
            crowded_out_offers: health.crowded_out_offers,
            revision: health.revision,
            latest_now_ms: health.latest_now_ms,
        });
        Ok(())
    })
}

/// Takes over history and outside data as far as it is known at now_ms: count dated values, none
/// of a later time. For an attribute: its value, as of that time (an older one does not replace a
/// newer). For an aggregate: what its events of one bucket come to, at any time within the
/// bucket. How many for a count, for active periods and for a streak (an integer); their sum,
/// least, greatest, last or first value; for a last or a first time, the time alone counts; for a
/// mean their sum, among how many; for a share the part, among the whole; of a distinct count or a
/// quantile one of the values. What decays weighs a value by its own time_ms.
///
/// The profile arguments are as for opportune_decide. revision, if not NULL, gets the new
/// profile's; next_call_ms, if not NULL, when to call opportune_tick if nothing happens before, 0
/// for never. OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_KEY, OPPORTUNE_BAD_TIME,
/// OPPORTUNE_UNKNOWN_FEATURE, OPPORTUNE_UNKNOWN_ZONE, OPPORTUNE_UNKNOWN_SOURCE,
/// OPPORTUNE_VALUE_TYPE, OPPORTUNE_BAD_TOTAL, OPPORTUNE_OUT_OF_MEMORY. Allocates when it gets more values than ever before. The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_backfill(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    subscriber: *const c_void,
    subscriber_len: usize,
    dated: *const opportune_dated,
    count: usize,
    now_ms: i64,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    revision: *mut u64,
    next_call_ms: *mut i64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, subscriber, out, next_call_ms, profile) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                pointers::bytes(subscriber, subscriber_len)?,
                pointers::out_if_wanted(revision)?,
                pointers::out_if_wanted(next_call_ms)?,
                profile_bytes(
                    profile_in,
                    profile_in_len,
                    profile_out,
                    profile_out_capacity,
                    expected_revision,
                )?,
            )
        };
        let opportune_local { local, dated: buffer, .. } = local;
        // SAFETY: the array is as the header asks, for the length of the call.
        let dated = unsafe { buffer.fill(dated, count) }?;
        let updated =
            call::backfill(&policy.policy, profile, subscriber, dated, now_ms, &mut local.scratch)?;
        out.map(|out| out.write(updated.revision));
        next_call_ms.map(|out| out.write(updated.next_call_ms));
        Ok(())
    })
}

/// Brings a profile of an older layout that the policy succeeds to the policy's own. Every call
/// that changes a profile does so with one that it meets; this one is for hosts that go through
/// their store ahead of traffic. *migrated, unless NULL, is set to 1 if that was done, and to 0 if
/// there was nothing to do and the profile is handed on as it is; *revision, unless NULL, to the
/// revision of the profile afterwards.
///
/// The profile arguments are as for opportune_decide. OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_KEY,
/// OPPORTUNE_OUTPUT_TOO_SMALL, OPPORTUNE_OVERLAP, OPPORTUNE_SCRATCH_MISMATCH. Does not allocate.
/// The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_profile_migrate(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    subscriber: *const c_void,
    subscriber_len: usize,
    profile_in: *const u8,
    profile_in_len: usize,
    profile_out: *mut u8,
    profile_out_capacity: usize,
    expected_revision: u64,
    migrated: *mut u32,
    revision: *mut u64,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, subscriber, migrated, revision, profile) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                pointers::bytes(subscriber, subscriber_len)?,
                pointers::out_if_wanted(migrated)?,
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
        let scratch = &mut local.local.scratch;
        let updated = call::migrate(&policy.policy, profile, subscriber, scratch)?;
        migrated.map(|out| out.write(u32::from(!updated.repeated)));
        revision.map(|out| out.write(updated.revision));
        Ok(())
    })
}

/// Reads one feature as it is at now_ms: value->type is OPPORTUNE_TYPE_NONE when it is missing.
///
/// OPPORTUNE_PROFILE_..., OPPORTUNE_BAD_TIME, OPPORTUNE_UNKNOWN_FEATURE,
/// OPPORTUNE_SCRATCH_MISMATCH. Does not allocate. The thread that owns the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_read_feature(
    policy: *const opportune_policy,
    local: *mut opportune_local,
    profile: *const u8,
    profile_len: usize,
    feature: u32,
    now_ms: i64,
    value: *mut opportune_value,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, local, profile, out) = unsafe {
            (
                pointers::borrow(policy)?,
                pointers::borrow_mut(local)?,
                pointers::array(profile, profile_len)?,
                pointers::out(value)?,
            )
        };
        let scratch = &mut local.local.scratch;
        let value =
            call::read_feature(&policy.policy, profile, FeatureId(feature), now_ms, scratch)?;
        out.write(opportune_value::new(feature, value));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_overlap_when_they_share_a_byte() {
        assert!(overlap(10, 5, 14, 5) && overlap(14, 5, 10, 5) && overlap(10, 5, 12, 1));
        assert!(!overlap(10, 5, 15, 5) && !overlap(15, 5, 10, 5) && !overlap(10, 0, 10, 5));
        assert!(!overlap(usize::MAX - 1, 5, usize::MAX, 0));
    }
}
