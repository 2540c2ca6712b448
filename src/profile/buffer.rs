//! The door: bytes are checked when they come in and sealed when they go out.
//!
//! A call looks at a profile where it lies until nothing can fail any more, and only then makes it
//! the new one, in the bytes that the caller gave for it. So on an error neither the caller's old
//! bytes nor its new ones have changed, and a profile that is changed in place is never copied.

use super::features::Memo;
use super::migration::migrate;
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::simd::crc32c;
use crate::error::Error;
use crate::policy::{FORMAT_VERSION, Holder, Layout, MigrationProgram, Policy, header};

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

    fn old(&self) -> &[u8] {
        match self.from {
            From::Apart(from) => from,
            // A profile cannot be longer than the buffer that it is in: this one is cut.
            From::Within(bytes) => self.to.get(..bytes).unwrap_or(self.to),
        }
    }

    /// Checks the profile, the revision that is expected and the output's room, so that nothing can
    /// fail later. One of a layout that the policy succeeds is migrated in `room`, which has the
    /// length of the longest of the policy's own. Changes nothing of the caller's. A `subscriber` of
    /// zero stands for any.
    pub(crate) fn open(
        self,
        policy: &'a Policy,
        subscriber: u64,
        room: &'a mut [u8],
    ) -> Result<Opened<'a>, Error> {
        if matches!(self.from, From::Within(bytes) if bytes > self.to.len()) {
            return Err(Error::ProfileLength);
        }
        let old = self.old();
        let found = sound(policy, old, subscriber)?;
        let layout = found.own_layout(policy)?;
        if self.expected_revision != 0 && revision(old) != self.expected_revision {
            return Err(Error::ProfileRevision);
        }
        if self.to.len() < layout.bytes {
            return Err(Error::OutputTooSmall);
        }
        let room = room.get_mut(..layout.bytes).ok_or(Error::ScratchMismatch)?;
        let migrated = match found {
            Found::Own(_) => None,
            Found::Older(program) => {
                migrate(policy, (program, layout), old, room);
                Some(&*room)
            }
        };
        Ok(Opened { profile: self, layout, migrated })
    }

    /// The same of a line's profile, and of no account's.
    pub(crate) fn open_line(
        self,
        policy: &'a Policy,
        subscriber: u64,
        room: &'a mut [u8],
    ) -> Result<Opened<'a>, Error> {
        let opened = self.open(policy, subscriber, room)?;
        line(opened.layout)?;
        Ok(opened)
    }
}

fn line(layout: &Layout) -> Result<(), Error> {
    if layout.holder == Holder::Line { Ok(()) } else { Err(Error::ProfileHolder) }
}

/// A profile that has passed the door, in the policy's own layout. Nothing has changed yet.
#[derive(Debug)]
pub(crate) struct Opened<'a> {
    profile: ProfileBytes<'a>,
    layout: &'a Layout,
    /// What it is under the policy, if it is of an older layout.
    migrated: Option<&'a [u8]>,
}

impl<'a> Opened<'a> {
    /// How it lies, and whose it is.
    pub(crate) fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// The profile as it is.
    pub(crate) fn read(&self) -> &[u8] {
        match self.migrated {
            Some(migrated) => migrated,
            None => self.profile.old(),
        }
    }

    /// Whether it is of an older layout, and has to be sealed even if nothing changes.
    pub(crate) fn is_migrated(&self) -> bool {
        self.migrated.is_some()
    }

    /// The bytes in which it becomes the new one, to be sealed when that is done.
    pub(crate) fn change(self) -> &'a mut [u8] {
        let ProfileBytes { from, to, .. } = self.profile;
        let old = match (self.migrated, from) {
            (Some(old), _) | (None, From::Apart(old)) => old,
            (None, From::Within(bytes)) => return to.get_mut(..bytes).unwrap_or_default(),
        };
        // There is room: it was checked at the door.
        let Some(new) = to.get_mut(..old.len()) else { return &mut [] };
        new.copy_from_slice(old);
        new
    }

    /// Hands it on as it is, sealed if it is of another layout than it was.
    pub(crate) fn keep(self, policy: &Policy) -> &'a mut [u8] {
        let migrated = self.is_migrated();
        let bytes = self.change();
        if migrated {
            commit(policy, bytes, 0);
        }
        bytes
    }
}

/// Writes the profile of a subscriber, or of an account, of whom nothing is known.
pub(crate) fn initialise(
    policy: &Policy,
    layout: &Layout,
    subscriber: u64,
    out: &mut [u8],
) -> Result<(), Error> {
    let bytes = out.get_mut(..layout.bytes).ok_or(Error::OutputTooSmall)?;
    bytes.fill(0);
    write_u32(bytes, header::MAGIC, MAGIC);
    write_u16(bytes, header::FORMAT, FORMAT_VERSION);
    write_u64(bytes, header::LAYOUT, layout.hash);
    write_u64(bytes, header::SUBSCRIBER, subscriber);
    seal(policy, bytes);
    Ok(())
}

/// Checks a profile that is only read, and gives it in the policy's own layout: as it lies, or
/// migrated in scratch.
pub(crate) fn open<'a>(
    policy: &'a Policy,
    profile: &'a [u8],
    subscriber: u64,
    scratch: &'a mut [u8],
) -> Result<(&'a Layout, &'a [u8]), Error> {
    let found = sound(policy, profile, subscriber)?;
    let layout = found.own_layout(policy)?;
    let program = match found {
        Found::Own(_) => return Ok((layout, profile)),
        Found::Older(program) => program,
    };
    let room = scratch.get_mut(..layout.bytes).ok_or(Error::ScratchMismatch)?;
    migrate(policy, (program, layout), profile, room);
    Ok((layout, room))
}

/// The same of a line's profile, and of no account's.
pub(crate) fn open_line<'a>(
    policy: &'a Policy,
    profile: &'a [u8],
    subscriber: u64,
    scratch: &'a mut [u8],
) -> Result<&'a [u8], Error> {
    let (layout, bytes) = open(policy, profile, subscriber, scratch)?;
    line(layout)?;
    Ok(bytes)
}

/// Begins what a call reads anew: over the account's profile, if one is given, which is checked and
/// taken over in the policy's own layout.
pub(crate) fn begin(policy: &Policy, memo: &mut Memo, account: Option<&[u8]>) -> Result<(), Error> {
    memo.clear();
    let Some(account) = account else { return Ok(()) };
    let found = sound(policy, account, 0).map_err(Error::of_account)?;
    let layout = found.own_layout(policy).map_err(Error::of_account)?;
    if layout.holder != Holder::Account {
        return Err(Error::AccountLayout);
    }
    let room = memo.take_account(layout.bytes).ok_or(Error::ScratchMismatch)?;
    match found {
        Found::Own(_) => room.copy_from_slice(account),
        Found::Older(program) => migrate(policy, (program, layout), account, room),
    }
    Ok(())
}

/// Which layout a sound profile is of.
#[derive(Debug)]
pub(crate) enum Found<'p> {
    /// One of the policy's own.
    Own(&'p Layout),
    /// One that the policy succeeds.
    Older(&'p MigrationProgram),
}

impl<'p> Found<'p> {
    /// The policy's own layout of profiles of this kind.
    fn own_layout(&self, policy: &'p Policy) -> Result<&'p Layout, Error> {
        match self {
            Found::Own(layout) => Ok(layout),
            Found::Older(program) => {
                policy.layout_of(program.from.holder).ok_or(Error::ProfileLayout)
            }
        }
    }
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
    let own = [Some(&policy.layout), policy.account.as_ref()];
    let (found, length) = match own.into_iter().flatten().find(|own| own.hash == layout) {
        Some(own) => (Found::Own(own), own.bytes),
        None => match policy.migration(layout) {
            Some(program) => (Found::Older(program), program.from.bytes),
            None if sound => return Err(Error::ProfileLayout),
            None => (Found::Own(&policy.layout), policy.layout.bytes),
        },
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

/// Seals a profile that has changed, as the next revision.
pub(crate) fn commit(policy: &Policy, bytes: &mut [u8], now_ms: i64) {
    let next = revision(bytes).wrapping_add(1);
    write_u64(bytes, header::REVISION, next);
    let latest = read_i64(bytes, header::NOW).max(now_ms);
    write_i64(bytes, header::NOW, latest);
    seal(policy, bytes);
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
pub(crate) fn empty(policy: &Policy, layout: &Layout, bytes: &mut [u8]) {
    let (subscriber, revision) = (read_u64(bytes, header::SUBSCRIBER), revision(bytes));
    if initialise(policy, layout, subscriber, bytes).is_ok() {
        write_u64(bytes, header::REVISION, revision);
    }
}

fn seal(policy: &Policy, bytes: &mut [u8]) {
    let sum = checksum(policy, bytes);
    write_u32(bytes, header::CHECKSUM, sum);
}

fn checksum(policy: &Policy, bytes: &[u8]) -> u32 {
    crc32c(policy.cpu, 0, bytes.get(header::CHECKED..).unwrap_or(&[]))
}
