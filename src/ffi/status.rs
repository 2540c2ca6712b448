//! Statuses: the numbers of [`Error`], and from 100 up what only C can get wrong.

use core::ffi::c_char;

use super::text::c_text;
use crate::error::Error;
use crate::policy::ArtifactError;

/// What a call came to: OPPORTUNE_OK, or why it was refused. The numbers are frozen; later
/// versions add new ones at the end, so treat an unknown number as a refusal.
///
/// Whatever the refusal, nothing that was passed in has changed and nothing was written to any
/// output, except where a function says that it reports a length.
pub type opportune_status = i32;

/// The call did what it says.
pub const OPPORTUNE_OK: opportune_status = 0;
/// The profile is shorter or longer than its policy's profiles are.
pub const OPPORTUNE_PROFILE_LENGTH: opportune_status = 1;
/// The bytes do not begin as a profile does, or were written by another format version.
pub const OPPORTUNE_PROFILE_FORMAT: opportune_status = 2;
/// The checksum of the profile does not match: bytes were changed or lost.
pub const OPPORTUNE_PROFILE_CHECKSUM: opportune_status = 3;
/// The profile was written under a policy with another layout.
pub const OPPORTUNE_PROFILE_LAYOUT: opportune_status = 4;
/// The profile is another subscriber's.
pub const OPPORTUNE_PROFILE_SUBSCRIBER: opportune_status = 5;
/// The profile is not at the expected revision: someone else wrote it. Read it again and retry.
pub const OPPORTUNE_PROFILE_REVISION: opportune_status = 6;
/// The buffer for the new profile is shorter than opportune_policy_profile_bytes says.
pub const OPPORTUNE_OUTPUT_TOO_SMALL: opportune_status = 7;
/// The local handle was made for another policy.
pub const OPPORTUNE_SCRATCH_MISMATCH: opportune_status = 8;
/// The snapshot was made for another policy.
pub const OPPORTUNE_SNAPSHOT_MISMATCH: opportune_status = 9;
/// The local handle, or the delta, was made for another policy.
pub const OPPORTUNE_LEASE_MISMATCH: opportune_status = 10;
/// The subscriber key is empty, or a key is longer than 256 bytes.
pub const OPPORTUNE_BAD_KEY: opportune_status = 11;
/// A time lies outside 1970 to 9999, or an event too far after the call's now_ms.
pub const OPPORTUNE_BAD_TIME: opportune_status = 12;
/// More events than OPPORTUNE_MESSAGE_EVENTS_MAX.
pub const OPPORTUNE_TOO_MANY_EVENTS: opportune_status = 13;
/// The policy has no such event kind.
pub const OPPORTUNE_UNKNOWN_EVENT: opportune_status = 14;
/// The event kind has no such field, or the field is given twice.
pub const OPPORTUNE_UNKNOWN_FIELD: opportune_status = 15;
/// A value has another type than its field or feature, or is not a number.
pub const OPPORTUNE_VALUE_TYPE: opportune_status = 16;
/// The policy has no such feature, or it cannot be set from outside.
pub const OPPORTUNE_UNKNOWN_FEATURE: opportune_status = 17;
/// The policy has no such channel.
pub const OPPORTUNE_UNKNOWN_CHANNEL: opportune_status = 18;
/// The policy has no such zone.
pub const OPPORTUNE_UNKNOWN_ZONE: opportune_status = 19;
/// Bytes of a snapshot, a delta or a policy artifact are malformed, cut or of another version.
pub const OPPORTUNE_MALFORMED: opportune_status = 20;
/// The delta was merged before, or one before it was not.
pub const OPPORTUNE_DELTA_SEQUENCE: opportune_status = 21;
/// A channel asks for no offer, or for more than a decision can hold.
pub const OPPORTUNE_BAD_SLOTS: opportune_status = 22;
/// More moments than a message can raise, one that the policy lacks, or one that has expired.
pub const OPPORTUNE_BAD_MOMENTS: opportune_status = 23;
/// The policy has no such source.
pub const OPPORTUNE_UNKNOWN_SOURCE: opportune_status = 24;
/// A backfilled total or count is more than one bucket of its feature can take.
pub const OPPORTUNE_BAD_TOTAL: opportune_status = 25;
/// The profile is an account's where a line's is needed, or a feature is not of the profile that it
/// is to be written to.
pub const OPPORTUNE_PROFILE_HOLDER: opportune_status = 26;
/// The account's profile is shorter or longer than its policy's are.
pub const OPPORTUNE_ACCOUNT_LENGTH: opportune_status = 27;
/// The bytes given as the account's do not begin as a profile does, or were written by another
/// format version.
pub const OPPORTUNE_ACCOUNT_FORMAT: opportune_status = 28;
/// The checksum of the account's profile does not match: bytes were changed or lost.
pub const OPPORTUNE_ACCOUNT_CHECKSUM: opportune_status = 29;
/// The bytes given as the account's are a line's profile, or of a layout of accounts that is neither
/// this policy's nor one that it succeeds.
pub const OPPORTUNE_ACCOUNT_LAYOUT: opportune_status = 30;
/// A pointer is NULL that may not be.
pub const OPPORTUNE_NULL_POINTER: opportune_status = 100;
/// A buffer or array is too short; the length that is needed has been reported.
pub const OPPORTUNE_TOO_SMALL: opportune_status = 101;
/// The struct_size of a struct is none that any version has.
pub const OPPORTUNE_BAD_STRUCT_SIZE: opportune_status = 102;
/// A number that stands for a choice (a namespace, a type, an outcome) is none of them.
pub const OPPORTUNE_BAD_ENUM: opportune_status = 103;
/// A text is not UTF-8.
pub const OPPORTUNE_NOT_UTF8: opportune_status = 104;
/// profile_in and profile_out overlap without being the same memory.
pub const OPPORTUNE_OVERLAP: opportune_status = 105;
/// The policy text or its id table has mistakes; the message says which.
pub const OPPORTUNE_COMPILE_FAILED: opportune_status = 106;
/// A defect of the library, please report it. The handles that the call got may only be freed.
pub const OPPORTUNE_INTERNAL: opportune_status = 107;
/// A struct, an array or a result pointer is not aligned as its type needs.
pub const OPPORTUNE_MISALIGNED: opportune_status = 108;
/// A number or a length is outside its range.
pub const OPPORTUNE_OUT_OF_RANGE: opportune_status = 109;
/// The policy has no such name or id in that namespace.
pub const OPPORTUNE_UNKNOWN_NAME: opportune_status = 110;
/// Memory for a growing buffer could not be had.
pub const OPPORTUNE_OUT_OF_MEMORY: opportune_status = 111;
/// The artifact is of another version than this library reads: compile the policy text again.
pub const OPPORTUNE_ARTIFACT_VERSION: opportune_status = 112;
/// The policy cannot take over the profiles of an older one: another salt, a permanent number that
/// stands for two things, or too many layouts.
pub const OPPORTUNE_SUCCESSION: opportune_status = 113;
/// The JSON of a profile has a mistake; the message says which key and why.
pub const OPPORTUNE_IMPORT_FAILED: opportune_status = 114;

/// Why an exported function does not do what it is asked; never OPPORTUNE_OK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal(pub(super) opportune_status);

/// Ties the constants to the errors, whose texts serve both languages. An error without a row
/// does not compile.
macro_rules! errors {
    ($($status:ident $error:ident;)*) => {
        impl From<Error> for Refusal {
            fn from(error: Error) -> Refusal {
                Refusal(match error {
                    $(Error::$error => const {
                        assert!($status == Error::$error as i32);
                        $status
                    },)*
                })
            }
        }

        fn error_text(status: opportune_status) -> Option<*const c_char> {
            Some(match status {
                $($status => c_text!(Error::$error.message()),)*
                _ => return None,
            })
        }
    };
}

errors! {
    OPPORTUNE_PROFILE_LENGTH ProfileLength;
    OPPORTUNE_PROFILE_FORMAT ProfileFormat;
    OPPORTUNE_PROFILE_CHECKSUM ProfileChecksum;
    OPPORTUNE_PROFILE_LAYOUT ProfileLayout;
    OPPORTUNE_PROFILE_SUBSCRIBER ProfileSubscriber;
    OPPORTUNE_PROFILE_REVISION ProfileRevision;
    OPPORTUNE_OUTPUT_TOO_SMALL OutputTooSmall;
    OPPORTUNE_SCRATCH_MISMATCH ScratchMismatch;
    OPPORTUNE_SNAPSHOT_MISMATCH SnapshotMismatch;
    OPPORTUNE_LEASE_MISMATCH LeaseMismatch;
    OPPORTUNE_BAD_KEY Key;
    OPPORTUNE_BAD_TIME Time;
    OPPORTUNE_TOO_MANY_EVENTS TooManyEvents;
    OPPORTUNE_UNKNOWN_EVENT UnknownEvent;
    OPPORTUNE_UNKNOWN_FIELD UnknownField;
    OPPORTUNE_VALUE_TYPE ValueType;
    OPPORTUNE_UNKNOWN_FEATURE UnknownFeature;
    OPPORTUNE_UNKNOWN_CHANNEL UnknownChannel;
    OPPORTUNE_UNKNOWN_ZONE UnknownZone;
    OPPORTUNE_MALFORMED Malformed;
    OPPORTUNE_DELTA_SEQUENCE DeltaSequence;
    OPPORTUNE_BAD_SLOTS Slots;
    OPPORTUNE_BAD_MOMENTS Moments;
    OPPORTUNE_UNKNOWN_SOURCE UnknownSource;
    OPPORTUNE_BAD_TOTAL Total;
    OPPORTUNE_PROFILE_HOLDER ProfileHolder;
    OPPORTUNE_ACCOUNT_LENGTH AccountLength;
    OPPORTUNE_ACCOUNT_FORMAT AccountFormat;
    OPPORTUNE_ACCOUNT_CHECKSUM AccountChecksum;
    OPPORTUNE_ACCOUNT_LAYOUT AccountLayout;
}

impl From<ArtifactError> for Refusal {
    fn from(error: ArtifactError) -> Refusal {
        Refusal(match error {
            ArtifactError::Version { .. } => OPPORTUNE_ARTIFACT_VERSION,
            ArtifactError::Memory => OPPORTUNE_OUT_OF_MEMORY,
            _ => OPPORTUNE_MALFORMED,
        })
    }
}

/// One line for people about a status: what is wrong and what to do. Static, NUL-terminated
/// English; never NULL, "unknown status" for a number that this version does not have.
#[unsafe(no_mangle)]
pub extern "C" fn opportune_status_message(status: opportune_status) -> *const c_char {
    match status {
        OPPORTUNE_OK => c_text!("ok"),
        OPPORTUNE_NULL_POINTER => c_text!("a pointer is NULL that may not be"),
        OPPORTUNE_TOO_SMALL => {
            c_text!("buffer is too short: make it as long as the reported length and call again")
        }
        OPPORTUNE_BAD_STRUCT_SIZE => {
            c_text!("struct_size is none that any version has: set it to sizeof the struct")
        }
        OPPORTUNE_BAD_ENUM => c_text!("a number that stands for a choice is none of them"),
        OPPORTUNE_NOT_UTF8 => c_text!("text is not UTF-8"),
        OPPORTUNE_OVERLAP => {
            c_text!("profile_in and profile_out overlap: pass the same memory, or memory apart")
        }
        OPPORTUNE_COMPILE_FAILED => c_text!("policy has mistakes: see the message"),
        OPPORTUNE_INTERNAL => {
            c_text!("defect in opportune: free the handles of this call and report it")
        }
        OPPORTUNE_MISALIGNED => c_text!("a pointer is not aligned as its type needs"),
        OPPORTUNE_OUT_OF_RANGE => c_text!("a number or a length is outside its range"),
        OPPORTUNE_UNKNOWN_NAME => {
            c_text!("policy has no such name or id in that namespace")
        }
        OPPORTUNE_OUT_OF_MEMORY => c_text!("out of memory"),
        OPPORTUNE_ARTIFACT_VERSION => {
            c_text!("artifact is of another version: compile the policy text again")
        }
        OPPORTUNE_SUCCESSION => {
            c_text!("policy cannot take over the profiles of an older one: salts or numbers differ")
        }
        OPPORTUNE_IMPORT_FAILED => c_text!("JSON of a profile has a mistake; the message names it"),
        _ => error_text(status).unwrap_or(c_text!("unknown status")),
    }
}
