//! Where values come from: whose stands when two are of one time, and how long it counts.

use alloc::vec::Vec;

use crate::base::ids::SourceId;

/// The sources of a policy, ascending by their permanent numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataSources {
    pub(crate) sources: Vec<DataSource>,
}

/// A system that tells of subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DataSource {
    /// At most [`DATA_SOURCES_MAX`](crate::limits::DATA_SOURCES_MAX).
    pub(crate) id: SourceId,
    /// Of values of one time the one of the highest rank stands; what has no source has rank 0.
    pub(crate) rank: u8,
    /// How long a value of an attribute counts.
    pub(crate) expires_ms: Option<i64>,
}

impl DataSources {
    /// The source with this number. O(log of their number).
    pub(crate) fn by_id(&self, id: SourceId) -> Option<&DataSource> {
        let found = self.sources.binary_search_by_key(&id, |source| source.id).ok()?;
        self.sources.get(found)
    }

    /// The rank of the source with this number; 0 if there is none.
    pub(crate) fn rank(&self, number: u8) -> u8 {
        self.by_id(SourceId(number.into())).map_or(0, |source| source.rank)
    }

    /// How long a value of an attribute counts that the source with this number told.
    pub(crate) fn expires_ms(&self, number: u8) -> Option<i64> {
        match number {
            0 => None,
            _ => self.by_id(SourceId(number.into()))?.expires_ms,
        }
    }
}
