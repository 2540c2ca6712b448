//! opportune
#![no_std]
#![deny(unsafe_code)]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base;
mod error;
mod expr;
mod policy;
