//! Where the bytes of a record go: into a buffer, or, for a receipt, into a digest of them.

use crate::base::bytes::Writer;
use crate::base::hash::{hash_bytes, hash_words};

/// Takes little-endian values one after the other.
pub(super) trait Sink {
    fn u8(&mut self, value: u8);
    fn u32(&mut self, value: u32);
    fn u64(&mut self, value: u64);
    /// Bytes with their length before them; lengths beyond `u32` cannot occur (callers bound them).
    fn run(&mut self, bytes: &[u8]);

    fn i64(&mut self, value: i64) {
        self.u64(value as u64);
    }
}

impl Sink for Writer {
    fn u8(&mut self, value: u8) {
        self.u8(value);
    }

    fn u32(&mut self, value: u32) {
        self.u32(value);
    }

    fn u64(&mut self, value: u64) {
        self.u64(value);
    }

    fn run(&mut self, bytes: &[u8]) {
        self.run(bytes);
    }
}

/// A digest of the values that went in, in their order. Never allocates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Digest(pub(super) u64);

impl Sink for Digest {
    fn u8(&mut self, value: u8) {
        self.u64(u64::from(value));
    }

    fn u32(&mut self, value: u32) {
        self.u64(u64::from(value));
    }

    fn u64(&mut self, value: u64) {
        self.0 = hash_words(self.0, [value]);
    }

    fn run(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        self.0 = hash_bytes(self.0, bytes);
    }
}
