//! The door: bytes are checked when they come in and sealed when they go out.
//!
//! Work happens in scratch and is copied out last, so whatever fails in between, neither the
//! caller's old bytes nor its new ones have changed.

use super::migration::migrate;
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::simd::crc32c;
use crate::error::Error;
#[cfg(feature = "json")]
use crate::policy::Layout;
use crate::policy::{FORMAT_VERSION, MigrationProgram, Policy, header};

const MAGIC: u32 = u32::from_le_bytes(*b"OPPR");

/// Where a call finds a profile, where it puts the new one, and which revision it expects.
#[derive(Debug)]
pub struct ProfileBytes<'a> {
    from: From<'a>,
    to: &'a mut [u8],
    expected_revision: u64,
}

/// Where the old profile is.
#[derive(Debug)]
enum From<'a> {
    Apart(&'a [u8]),
    /// At the beginning of `to`, so many bytes.
    Within(usize),
}

impl<'a> ProfileBytes<'a> {
    /// The new profile replaces the old one, if the call succeeds. One of an older layout that
    /// needs more room than it has is refused with [`Error::OutputTooSmall`]: see
    /// [`within`](Self::within).
    pub fn in_place(profile: &'a mut [u8]) -> Self {
        let bytes = profile.len();
        ProfileBytes::within(profile, bytes)
    }

    /// The same in a buffer that may be longer than the old profile, of which it is the first
    /// `bytes` bytes: room for a profile of an older layout to grow. After any call that changed it
    /// the profile is as long as [`Policy::profile_bytes`] says.
    pub fn within(buffer: &'a mut [u8], bytes: usize) -> Self {
        ProfileBytes { from: From::Within(bytes), to: buffer, expected_revision: 0 }
    }

    /// The old profile stays as it is; `to` receives the new one, if the call succeeds, and needs
    /// room for the policy's profile size.
    pub fn apart(from: &'a [u8], to: &'a mut [u8]) -> Self {
        ProfileBytes { from: From::Apart(from), to, expected_revision: 0 }
    }

    /// Refuses the call unless the old profile is at this revision (0: any). This is how a host
    /// notices that another node has written the profile since it was read.
    pub fn at_revision(self, expected_revision: u64) -> Self {
        ProfileBytes { expected_revision, ..self }
    }

    pub(crate) fn old(&self) -> &[u8] {
        match self.from {
            From::Apart(from) => from,
            // A profile cannot be longer than the buffer that it is in: this one is cut.
            From::Within(bytes) => self.to.get(..bytes).unwrap_or(self.to),
        }
    }

    /// Hands the old profile on unchanged.
    fn keep(&mut self) {
        if let From::Apart(from) = self.from
            && let Some(out) = self.to.get_mut(..from.len())
        {
            out.copy_from_slice(from);
        }
    }
}

/// Writes the profile of a subscriber about whom nothing is known.
pub(crate) fn initialise(policy: &Policy, subscriber: u64, out: &mut [u8]) -> Result<(), Error> {
    let bytes = out.get_mut(..policy.layout.bytes).ok_or(Error::OutputTooSmall)?;
    bytes.fill(0);
    write_u32(bytes, header::MAGIC, MAGIC);
    write_u16(bytes, header::FORMAT, FORMAT_VERSION);
    write_u64(bytes, header::LAYOUT, policy.layout.hash);
    write_u64(bytes, header::SUBSCRIBER, subscriber);
    seal(policy, bytes);
    Ok(())
}

/// Checks a profile and copies it into scratch, in the policy's own layout: one of a layout that
/// the policy succeeds is migrated. The output's room is checked here too, so that nothing can
/// fail later. A `subscriber` of zero stands for any.
pub(crate) fn load(
    policy: &Policy,
    profile: &ProfileBytes,
    subscriber: u64,
    scratch: &mut [u8],
) -> Result<(), Error> {
    let old = profile.old();
    let found = sound(policy, old, subscriber)?;
    if profile.expected_revision != 0 && revision(old) != profile.expected_revision {
        return Err(Error::ProfileRevision);
    }
    if profile.to.len() < policy.layout.bytes {
        return Err(Error::OutputTooSmall);
    }
    if scratch.len() != policy.layout.bytes {
        return Err(Error::ScratchMismatch);
    }
    match found {
        Found::Own => scratch.copy_from_slice(old),
        Found::Older(program) => migrate(policy, program, old, scratch),
    }
    Ok(())
}

/// Checks a profile that is only read, and gives it in the policy's own layout: as it lies, or
/// migrated in scratch.
pub(crate) fn open<'a>(
    policy: &Policy,
    profile: &'a [u8],
    subscriber: u64,
    scratch: &'a mut [u8],
) -> Result<&'a [u8], Error> {
    match sound(policy, profile, subscriber)? {
        Found::Own => Ok(profile),
        Found::Older(_) if scratch.len() != policy.layout.bytes => Err(Error::ScratchMismatch),
        Found::Older(program) => {
            migrate(policy, program, profile, scratch);
            Ok(scratch)
        }
    }
}

/// Hands on a profile that the call did not change: as it was, or, if it was of an older layout, as
/// it was migrated into scratch. Gives its revision.
pub(crate) fn hand_on(policy: &Policy, scratch: &mut [u8], profile: &mut ProfileBytes) -> u64 {
    if read_u64(profile.old(), header::LAYOUT) == policy.layout.hash {
        profile.keep();
    } else {
        commit(policy, scratch, profile, 0);
    }
    revision(scratch)
}

/// Which layout a sound profile is of.
#[derive(Debug)]
pub(crate) enum Found<'p> {
    /// The policy's own.
    Own,
    /// One that the policy succeeds.
    Older(&'p MigrationProgram),
}

/// Checks that bytes are a sound profile of this policy or one that it succeeds and, unless zero,
/// of this subscriber.
pub(crate) fn sound<'p>(
    policy: &'p Policy,
    bytes: &[u8],
    subscriber: u64,
) -> Result<Found<'p>, Error> {
    if bytes.len() < header::BYTES {
        return Err(Error::ProfileLength);
    }
    if read_u32(bytes, header::MAGIC) != MAGIC || read_u16(bytes, header::FORMAT) != FORMAT_VERSION
    {
        return Err(Error::ProfileFormat);
    }
    // A sound profile of another layout may well have another length: say what it is.
    let sound = read_u32(bytes, header::CHECKSUM) == checksum(policy, bytes);
    let layout = read_u64(bytes, header::LAYOUT);
    let (found, length) = if layout == policy.layout.hash {
        (Found::Own, policy.layout.bytes)
    } else {
        match policy.migration(layout) {
            Some(program) => (Found::Older(program), program.from.bytes),
            None if sound => return Err(Error::ProfileLayout),
            None => (Found::Own, policy.layout.bytes),
        }
    };
    if bytes.len() != length {
        return Err(Error::ProfileLength);
    }
    if !sound {
        return Err(Error::ProfileChecksum);
    }
    if subscriber != 0 && read_u64(bytes, header::SUBSCRIBER) != subscriber {
        return Err(Error::ProfileSubscriber);
    }
    Ok(found)
}

/// How many calls have changed these bytes.
pub(crate) fn revision(bytes: &[u8]) -> u64 {
    read_u64(bytes, header::REVISION)
}

/// Seals scratch as the next revision and copies it out.
pub(crate) fn commit(policy: &Policy, scratch: &mut [u8], profile: &mut ProfileBytes, now_ms: i64) {
    let next = revision(scratch).wrapping_add(1);
    write_u64(scratch, header::REVISION, next);
    let latest = read_i64(scratch, header::NOW).max(now_ms);
    write_i64(scratch, header::NOW, latest);
    seal(policy, scratch);
    if let Some(out) = profile.to.get_mut(..scratch.len()) {
        out.copy_from_slice(scratch);
    }
}

/// Makes a profile of bytes that say all but what every profile of this layout says.
#[cfg(feature = "json")]
pub(crate) fn restore(policy: &Policy, layout: &Layout, bytes: &mut [u8]) {
    write_u32(bytes, header::MAGIC, MAGIC);
    write_u16(bytes, header::FORMAT, FORMAT_VERSION);
    write_u64(bytes, header::LAYOUT, layout.hash);
    seal(policy, bytes);
}

/// Empties a profile, of which its subscriber and its revision stay.
pub(crate) fn empty(policy: &Policy, scratch: &mut [u8]) {
    let (subscriber, revision) = (read_u64(scratch, header::SUBSCRIBER), revision(scratch));
    if initialise(policy, subscriber, scratch).is_ok() {
        write_u64(scratch, header::REVISION, revision);
    }
}

fn seal(policy: &Policy, bytes: &mut [u8]) {
    let sum = checksum(policy, bytes);
    write_u32(bytes, header::CHECKSUM, sum);
}

fn checksum(policy: &Policy, bytes: &[u8]) -> u32 {
    crc32c(policy.cpu, 0, bytes.get(header::CHECKED..).unwrap_or(&[]))
}
