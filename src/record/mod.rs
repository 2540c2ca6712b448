//! The log record: what went into a decision and what came out, as bytes.
//!
//! One format for messages, decisions, outcomes and what is shared, so that replay, simulation,
//! comparison and off-policy evaluation all read the same log. The layout of every record is in
//! `docs/log-record.md`. Writing appends to a buffer; where it goes is the host's business.

mod checkpoint;
mod decision_bytes;
mod frame;
mod message_bytes;
mod receipt;
mod replay;
mod sink;

pub use frame::{LogReader, LogWriter, Record};
pub use message_bytes::{LoggedBackfill, LoggedMessage};
pub use receipt::{Input, Inputs, NotReproduced, Receipt};
pub use replay::{Mismatch, Reached, Replay, Replayed};

/// The version of the format, in each log's first record.
pub const LOG_VERSION: u32 = 1;
