//! The wrapping of bytes that leave the process: magic, version, checksum.

use alloc::vec::Vec;

use crate::base::bytes::{Reader, Writer};
use crate::base::checksum::crc32c_portable;
use crate::error::Error;

/// One kind of bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) magic: [u8; 4],
    pub(crate) version: u32,
}

impl Envelope {
    /// Magic, version, checksum of the body, body.
    pub(crate) fn seal(self, body: &[u8]) -> Vec<u8> {
        let mut out = Writer::default();
        out.u32(u32::from_le_bytes(self.magic));
        out.u32(self.version);
        out.u32(crc32c_portable(0, body));
        out.bytes.extend_from_slice(body);
        out.bytes
    }

    /// The body, if everything around it is right.
    pub(crate) fn open(self, bytes: &[u8]) -> Result<&[u8], Error> {
        let mut reader = Reader::new(bytes);
        let (magic, version, sum) = (reader.u32(), reader.u32(), reader.u32());
        let body = bytes.get(12..).unwrap_or(&[]);
        let sound = magic == Some(u32::from_le_bytes(self.magic))
            && version == Some(self.version)
            && sum == Some(crc32c_portable(0, body));
        if sound { Ok(body) } else { Err(Error::Malformed) }
    }
}
