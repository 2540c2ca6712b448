//! Where values come from.

use alloc::vec::Vec;

use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::encoding::encoded;
use crate::base::ids::SourceId;
use crate::base::limits::DATA_SOURCES_MAX;
use crate::policy::{DataSource, DataSources};

encoded! {
    DataSources { sources: Vec<DataSource> }
    DataSource { id: SourceId, rank: u8, expires_ms: Option<i64> }
}

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let sources = &check.tables.sources.sources;
    ensure(sources.is_sorted_by(|a, b| a.id < b.id), "sources are not ascending")?;
    let small = |source: &DataSource| source.id.0 as usize <= DATA_SOURCES_MAX;
    ensure(sources.iter().all(small), "the number of a source is too high")?;
    sources.iter().try_for_each(|source| lasts(source.expires_ms))
}

pub(super) fn lasts(expires_ms: Option<i64>) -> Result<(), ArtifactError> {
    ensure(expires_ms.is_none_or(|ms| ms > 0), "a value expires before it is there")
}
