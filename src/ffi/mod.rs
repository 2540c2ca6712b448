//! The C ABI, at the edge: names everything, is named by nothing.
//!
//! What is exported is what `include/opportune.h` says, which the build generates from this room
//! and a test compares. The doc comments of exported items are that header's text, so they speak
//! of C.
//!
//! Every exported function has the same shape: [`guard`] around checked conversions
//! ([`pointers`], [`structs`]) around one call of the library, and results are written last.
//! What C hands in is judged once, at the conversion; past it, only safe types travel.
#![allow(non_camel_case_types, reason = "types are named as C names them")]
#![allow(clippy::too_many_arguments, reason = "C has no slices: each is two arguments")]

mod context;
mod decide;
mod decision;
mod explain;
mod guard;
mod handles;
mod local;
mod message;
mod open_offers;
mod outcome;
mod pointers;
mod policy;
mod portable;
mod profile;
mod snapshot;
mod source;
mod stage;
mod status;
mod structs;
mod switches;
mod text;
mod value;
mod version;
