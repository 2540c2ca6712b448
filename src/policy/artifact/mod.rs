//! The policy as bytes: compiled once, loaded where there is no compiler.
//!
//! An envelope (magic, version, checksum), then sections (number, length, bytes) in ascending
//! order. Sections of tables are flat little-endian values, read by [`Encoded`] rows that stand
//! beside one another as their structs do in `policy`; the descriptive section of names is for
//! hosts and people, and a build without `std` passes it over. What was read is believed only
//! after it was checked: `check` and its neighbours hold it to everything that the compiler
//! guarantees. The byte table for people is `docs/artifact.md`.
//!
//! [`Encoded`]: crate::base::encoding::Encoded

mod catalogue;
mod check;
mod contact;
mod error;
#[cfg_attr(not(feature = "std"), path = "no_names.rs")]
mod names;
mod schema;
mod sections;
mod zones;

use alloc::vec::Vec;

pub use error::ArtifactError;

use super::{Names, Policy, Tables};
use crate::base::envelope::Envelope;
use crate::base::limits::{ARTIFACT_BYTES_MAX, PROFILE_BYTES_MAX};
use check::ensure;
use sections::Sections;

/// The version grows with every change of the sections, whatever the library's own version.
const ENVELOPE: Envelope = Envelope { magic: *b"OPPA", version: 1 };

impl Policy {
    /// The policy as an artifact: versioned, checksummed bytes that [`from_bytes`] reads, with
    /// or without the compiler. Equal policies give equal bytes. Allocates.
    ///
    /// Without the feature `std` the names are left out.
    ///
    /// [`from_bytes`]: Policy::from_bytes
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut sections = Sections::default();
        sections::write(&self.tables, &mut sections);
        names::append(&self.tables.names, &mut sections);
        ENVELOPE.seal(sections.bytes())
    }

    /// Whether bytes begin as an artifact does, of whatever version.
    pub fn is_artifact(bytes: &[u8]) -> bool {
        bytes.starts_with(&ENVELOPE.magic)
    }

    /// Loads an artifact. The policy decides as the one that was written, to the bit. Allocates at
    /// most [`ARTIFACT_MEMORY_FACTOR`](crate::limits::ARTIFACT_MEMORY_FACTOR) times the bytes.
    ///
    /// Without the feature `std` the names are passed over: `id`, `name_of` and `names` find
    /// nothing, and a host keeps the numbers that it resolved elsewhere.
    ///
    /// # Errors
    /// What is wrong with the bytes. Whatever they are, this neither panics nor believes them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Policy, ArtifactError> {
        if bytes.len() > ARTIFACT_BYTES_MAX {
            return Err(ArtifactError::Size);
        }
        let body = ENVELOPE.open(bytes)?;
        let (tables, names) = sections::read(body)?;
        check::tables(&tables)?;
        check::unique_ids(&tables)?;
        let names = names.map_or(Ok(Names::default()), names::read)?;
        let policy = Policy::new(Tables { names, ..tables });
        let fits = policy.profile_bytes() <= PROFILE_BYTES_MAX;
        ensure(fits, "profiles are larger than the limit")?;
        Ok(policy)
    }
}
