//! What a profile has had to pass over.

use crate::base::bytes::{read_i64, read_u32, read_u64};
use crate::policy::header;

/// What went past a profile: small numbers are life, growing ones say that something upstream is
/// late, lossy or out of order, or that a table is too small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileHealth {
    /// Events, and backfilled values, that came too late for at least one of their windows, and
    /// were left out there. A window takes what is within its own length of the newest event that
    /// it has seen.
    pub late_events: u32,
    /// Message numbers that were skipped within a session, and had not come when 32 higher ones
    /// had passed or when the session was forgotten.
    pub sequence_gaps: u32,
    /// Sessions forgotten to make room: of those a retransmission would not be recognised.
    pub evicted_sessions: u32,
    /// Open offers closed to make room for newer ones.
    pub crowded_out_offers: u32,
    /// The revision: one more after each call that changed the profile.
    pub revision: u64,
    /// The latest `now` of any call, in milliseconds since the Unix epoch; zero before the first.
    pub latest_now_ms: i64,
}

impl ProfileHealth {
    pub(crate) fn read(bytes: &[u8]) -> ProfileHealth {
        ProfileHealth {
            late_events: read_u32(bytes, header::LATE),
            sequence_gaps: read_u32(bytes, header::GAPS),
            evicted_sessions: read_u32(bytes, header::EVICTED),
            crowded_out_offers: read_u32(bytes, header::CROWDED_OUT),
            revision: read_u64(bytes, header::REVISION),
            latest_now_ms: read_i64(bytes, header::NOW),
        }
    }
}
