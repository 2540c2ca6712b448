//! Learning from outcomes: deltas are merged, and new snapshots are made from them, by pure
//! functions that give the same bits in any order.

mod advance;
mod lift;

pub use advance::advance;
pub use lift::{Lift, Sample};
