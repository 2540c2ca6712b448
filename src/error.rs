//! What can go wrong on the data plane: a small code, never text, never a change.
//!
//! Errors of policy text are `compile::Diagnostics`, which have words and places.

use core::fmt;

/// Why a call was refused. Whatever the code, nothing that was passed in has changed.
///
/// The numbers are those of the C ABI: frozen, and new ones are added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(i32)]
pub enum Error {
    /// The profile is shorter or longer than its policy's profiles are.
    ProfileLength = 1,
    /// The bytes do not begin as a profile does, or were written by another format version.
    ProfileFormat = 2,
    /// The checksum does not match: bytes were changed or lost.
    ProfileChecksum = 3,
    /// The profile was written under a policy with another layout, which this policy does not
    /// [succeed](crate::Policy::succeeding).
    ProfileLayout = 4,
    /// The profile is another subscriber's.
    ProfileSubscriber = 5,
    /// The profile is not at the revision that the caller expected: someone else wrote it.
    ProfileRevision = 6,
    /// The buffer for the new profile is too short.
    OutputTooSmall = 7,
    /// The scratch was made for another, smaller policy.
    ScratchMismatch = 8,
    /// The snapshot was made for another policy.
    SnapshotMismatch = 9,
    /// The lease or the delta was made for another policy.
    LeaseMismatch = 10,
    /// The subscriber or session key is empty where it may not be, or too long.
    Key = 11,
    /// A time lies outside 1970 to 9999, or an event too far after the call's `now`.
    Time = 12,
    /// More events than a message may carry.
    TooManyEvents = 13,
    /// The policy has no such event kind.
    UnknownEvent = 14,
    /// The event kind has no such field, or the field is given twice.
    UnknownField = 15,
    /// A value has another type than its field or feature, or is not a number.
    ValueType = 16,
    /// The policy has no such feature, or it cannot be set from outside.
    UnknownFeature = 17,
    /// The policy has no such channel.
    UnknownChannel = 18,
    /// The policy has no such zone.
    UnknownZone = 19,
    /// Bytes of a snapshot, lease, delta or log record are malformed, cut or of another version.
    Malformed = 20,
    /// A delta with this node, epoch and sequence was merged before, or an earlier one is missing.
    DeltaSequence = 21,
    /// A channel asks for no offer, or for more than a decision can hold.
    Slots = 22,
    /// More moments than a message can raise, one that the policy lacks, or one that has expired.
    Moments = 23,
    /// The policy has no such source.
    UnknownSource = 24,
    /// A backfilled total or count is more than one bucket of its feature can take.
    Total = 25,
    /// The profile is an account's where a line's is needed, or a feature is not of the profile that
    /// it is to be written to.
    ProfileHolder = 26,
    /// The account's profile is shorter or longer than its policy's are.
    AccountLength = 27,
    /// The bytes given as the account's do not begin as a profile does, or were written by another
    /// format version.
    AccountFormat = 28,
    /// The checksum of the account's profile does not match: bytes were changed or lost.
    AccountChecksum = 29,
    /// The bytes given as the account's are a line's profile, or of a layout of accounts that is
    /// neither this policy's nor one that it [succeeds](crate::Policy::succeeding).
    AccountLayout = 30,
}

impl Error {
    /// The stable number.
    pub fn code(self) -> i32 {
        self as i32
    }

    /// Whether the bytes of the profile are to blame, rather than the call.
    pub fn is_profile(self) -> bool {
        (1..=6).contains(&self.code()) || self == Error::ProfileHolder
    }

    /// Whether the bytes of the account's profile are to blame.
    pub fn is_account(self) -> bool {
        matches!(
            self,
            Error::AccountLength
                | Error::AccountFormat
                | Error::AccountChecksum
                | Error::AccountLayout
        )
    }

    /// The same error of the account's profile, where there is one.
    pub(crate) fn of_account(self) -> Error {
        match self {
            Error::ProfileLength => Error::AccountLength,
            Error::ProfileFormat => Error::AccountFormat,
            Error::ProfileChecksum => Error::AccountChecksum,
            Error::ProfileLayout => Error::AccountLayout,
            other => other,
        }
    }

    /// One line for people: what is wrong and what to do.
    pub const fn message(self) -> &'static str {
        match self {
            Error::ProfileLength => {
                "profile has the wrong length: pass exactly the bytes that were written, or make a new one of the policy's profile size"
            }
            Error::ProfileFormat => "bytes are not a profile of this format version",
            Error::ProfileChecksum => {
                "profile checksum does not match: the stored bytes were changed or cut"
            }
            Error::ProfileLayout => {
                "profile was written under a policy with another layout: load a policy that succeeds it"
            }
            Error::ProfileSubscriber => "profile belongs to another subscriber than the message",
            Error::ProfileRevision => {
                "profile is not at the expected revision: read it again and repeat the call"
            }
            Error::OutputTooSmall => {
                "the buffer for the new profile is shorter than the policy's profile size"
            }
            Error::ScratchMismatch => "scratch was made for another policy: make one for this",
            Error::SnapshotMismatch => "snapshot was made for another policy",
            Error::LeaseMismatch => "lease or delta was made for another policy",
            Error::Key => "subscriber key must be 1 to 256 bytes, session key at most 256",
            Error::Time => {
                "time must lie in the years 1970 to 9999, and an event at most an hour after now"
            }
            Error::TooManyEvents => "message carries more than 32 events",
            Error::UnknownEvent => "event kind is not in the policy",
            Error::UnknownField => "field is not one of the event kind's, or is given twice",
            Error::ValueType => "value does not have the type that the policy declares, or is NaN",
            Error::UnknownFeature => {
                "feature is not in the policy, or is computed and cannot be set"
            }
            Error::UnknownChannel => "channel is not in the policy",
            Error::UnknownZone => "zone is not in the policy",
            Error::Malformed => "bytes are malformed, cut short, or of another version",
            Error::DeltaSequence => "delta was merged before, or one before it is missing",
            Error::Slots => "a channel may ask for 1 to 4 offers",
            Error::Moments => {
                "moments are more than a message can raise, not in the policy, or expired"
            }
            Error::UnknownSource => "source is not in the policy",
            Error::Total => {
                "total or count is more than a bucket can take: give it in parts, or as more buckets"
            }
            Error::ProfileHolder => {
                "profile is an account's where a line's is needed, or the feature is not in this profile"
            }
            Error::AccountLength => {
                "account's profile has the wrong length: pass exactly the bytes that were written, or none"
            }
            Error::AccountFormat => {
                "bytes given as the account's are not a profile of this format version"
            }
            Error::AccountChecksum => {
                "checksum of the account's profile does not match: the stored bytes were changed or cut"
            }
            Error::AccountLayout => {
                "account's profile is a line's, or of a policy with another layout of accounts: load a policy that succeeds it"
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}
