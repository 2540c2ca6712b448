//! Why bytes are not loaded.

use core::fmt;

use crate::base::encoding::Broken;
use crate::base::envelope::Unopened;

/// Why bytes were not loaded as a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArtifactError {
    /// The bytes do not begin as an artifact does.
    Format,
    /// The artifact is of another version than this library reads.
    Version {
        /// The version of the artifact.
        found: u32,
        /// The version that this library reads.
        read: u32,
    },
    /// The artifact is longer than [`ARTIFACT_BYTES_MAX`](crate::limits::ARTIFACT_BYTES_MAX).
    Size,
    /// The checksum does not match: bytes were changed or lost.
    Checksum,
    /// A section is cut, too long, in the wrong place, or says what has no meaning.
    Malformed {
        /// What the section holds.
        section: &'static str,
    },
    /// The sections can be read, but no compiler would have written them.
    Unsound {
        /// What is wrong.
        what: &'static str,
    },
    /// Memory could not be had.
    Memory,
}

impl ArtifactError {
    /// What went wrong in a section.
    pub(super) fn in_section(section: &'static str, broken: Broken) -> ArtifactError {
        match broken {
            Broken::Bytes => ArtifactError::Malformed { section },
            Broken::Memory => ArtifactError::Memory,
        }
    }
}

impl From<Unopened> for ArtifactError {
    fn from(unopened: Unopened) -> ArtifactError {
        match unopened {
            Unopened::Magic => ArtifactError::Format,
            Unopened::Version(found) => {
                ArtifactError::Version { found, read: super::ENVELOPE.version }
            }
            Unopened::Checksum => ArtifactError::Checksum,
        }
    }
}

impl fmt::Display for ArtifactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArtifactError::Format => f.write_str("bytes are not a policy artifact"),
            ArtifactError::Version { found, read } => write!(
                f,
                "artifact of version {found}, but this library reads version {read}: \
                 compile the policy text again"
            ),
            ArtifactError::Size => f.write_str("artifact is longer than the limit"),
            ArtifactError::Checksum => {
                f.write_str("artifact checksum does not match: the bytes were changed or cut")
            }
            ArtifactError::Malformed { section } => {
                write!(f, "artifact is malformed in its section of {section}")
            }
            ArtifactError::Unsound { what } => write!(f, "artifact is unsound: {what}"),
            ArtifactError::Memory => f.write_str("no memory for the policy"),
        }
    }
}

impl core::error::Error for ArtifactError {}
