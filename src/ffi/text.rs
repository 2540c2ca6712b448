//! Static text for C, from the texts that Rust callers get.

/// The bytes of `text` and a terminating NUL; `N` is one more than its length.
pub(super) const fn terminated<const N: usize>(text: &str) -> [u8; N] {
    let mut out = [0; N];
    let mut at = 0;
    while at < text.len() {
        out[at] = text.as_bytes()[at];
        at += 1;
    }
    assert!(at + 1 == N && out[at] == 0);
    out
}

/// A `const char *` to a constant text, terminated at compile time.
macro_rules! c_text {
    ($text:expr) => {{
        const TEXT: &str = $text;
        static BYTES: [u8; TEXT.len() + 1] = $crate::ffi::text::terminated(TEXT);
        BYTES.as_ptr().cast::<core::ffi::c_char>()
    }};
}

pub(super) use c_text;
