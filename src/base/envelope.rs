//! The wrapping of bytes that leave the process: magic, version, checksum.

use alloc::vec::Vec;

use super::bytes::{Reader, Writer};
use super::checksum::crc32c_portable;
use crate::error::Error;

/// One kind of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) magic: [u8; 4],
    pub(crate) version: u32,
}

/// Why an envelope was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unopened {
    /// The bytes do not begin as this kind does.
    Magic,
    /// They are of another version, which they name.
    Version(u32),
    /// They were changed or cut.
    Checksum,
}

impl From<Unopened> for Error {
    fn from(_: Unopened) -> Error {
        Error::Malformed
    }
}

impl Envelope {
    /// Bytes before the body.
    pub(crate) const BYTES: usize = 12;

    /// Magic, version, checksum of the body, body.
    pub(crate) fn seal(self, body: &[u8]) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes.reserve_exact(Self::BYTES + body.len());
        out.u32(u32::from_le_bytes(self.magic));
        out.u32(self.version);
        out.u32(crc32c_portable(0, body));
        out.bytes.extend_from_slice(body);
        out.bytes
    }

    /// The body, if everything around it is right.
    pub(crate) fn open(self, bytes: &[u8]) -> Result<&[u8], Unopened> {
        let mut reader = Reader::new(bytes);
        if reader.u32() != Some(u32::from_le_bytes(self.magic)) {
            return Err(Unopened::Magic);
        }
        let version = reader.u32().ok_or(Unopened::Magic)?;
        if version != self.version {
            return Err(Unopened::Version(version));
        }
        let sum = reader.u32();
        let body = bytes.get(Self::BYTES..).unwrap_or(&[]);
        if sum == Some(crc32c_portable(0, body)) { Ok(body) } else { Err(Unopened::Checksum) }
    }
}
