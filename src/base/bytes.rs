//! Little-endian access to bytes whose length is not trusted.

/// Reads a fixed-width integer at `offset`; zero past the end.
///
/// Slots are read at offsets that the layout computed for exactly this length, and a buffer of
/// another length is refused at the door: the zero is never seen, and no read can panic.
macro_rules! fixed {
    ($($read:ident $write:ident $type:ty;)*) => {$(
        #[inline(always)]
        pub(crate) fn $read(bytes: &[u8], offset: usize) -> $type {
            match bytes.get(offset..).and_then(|tail| tail.first_chunk()) {
                Some(chunk) => <$type>::from_le_bytes(*chunk),
                None => 0,
            }
        }

        #[inline(always)]
        pub(crate) fn $write(bytes: &mut [u8], offset: usize, value: $type) {
            if let Some(chunk) = bytes.get_mut(offset..).and_then(|tail| tail.first_chunk_mut()) {
                *chunk = value.to_le_bytes();
            }
        }
    )*};
}

fixed! {
    read_u16 write_u16 u16;
    read_u32 write_u32 u32;
    read_u64 write_u64 u64;
    read_i64 write_i64 i64;
}

/// Reads records front to back; every read says whether the bytes were there.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub(crate) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(head)
    }

    fn chunk<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.chunk().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.chunk().map(i64::from_le_bytes)
    }

    /// A length-prefixed run of bytes.
    pub(crate) fn run(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.take(usize::try_from(len).ok()?)
    }
}

/// Appends little-endian values to a growing buffer (control plane only).
#[derive(Clone, Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: alloc::vec::Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A length-prefixed run of bytes; lengths beyond `u32` cannot occur (callers bound them).
    pub(crate) fn run(&mut self, bytes: &[u8]) {
        self.u32(bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
    }
}
