//! Which library this is.

use core::ffi::c_char;

use super::text::c_text;

/// Grows by one when a program that was compiled with an older header could no longer use the
/// library; until then libraries can be exchanged.
pub const OPPORTUNE_ABI_VERSION: u32 = 1;

/// The version of the library as one number, major * 1000000 + minor * 1000 + patch: compare it
/// with OPPORTUNE_VERSION_NUMBER, the header's.
#[unsafe(no_mangle)]
pub extern "C" fn opportune_version_number() -> u32 {
    const {
        number(env!("CARGO_PKG_VERSION_MAJOR")) * 1_000_000
            + number(env!("CARGO_PKG_VERSION_MINOR")) * 1_000
            + number(env!("CARGO_PKG_VERSION_PATCH"))
    }
}

/// The version of the library as static, NUL-terminated text, such as "1.2.3". Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn opportune_version() -> *const c_char {
    c_text!(env!("CARGO_PKG_VERSION"))
}

/// The library's OPPORTUNE_ABI_VERSION: a program whose header says another number must not go
/// on.
#[unsafe(no_mangle)]
pub extern "C" fn opportune_abi_version() -> u32 {
    OPPORTUNE_ABI_VERSION
}

/// A decimal number, at compile time.
const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => panic!("version is not a number"),
    }
}
