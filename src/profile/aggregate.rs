//! The slot of an aggregate: what an event does to it, and what it comes to. Bytes are given from
//! where the slot begins; what lies behind it is others'.

use super::bucket::{self, Sample};
use super::ring::{bucket_at, live_buckets};
use super::streak::{active_periods, note_period, streak};
use crate::base::steps::step;
use crate::expr::Cell;
use crate::policy::{Aggregate, DataSources, Fold, Window};

/// Folds a sample into the bucket with this number; false when the slot has moved past it.
#[must_use]
pub(super) fn fold(
    aggregate: &Aggregate,
    sources: &DataSources,
    slot: &mut [u8],
    number: u32,
    sample: Sample,
) -> bool {
    if aggregate.fold.counts_periods() {
        return sample.value == 0 || note_period(slot, number);
    }
    let bucket = match aggregate.window {
        Window::Lifetime => Some(slot),
        _ => bucket_at(aggregate, slot, number),
    };
    bucket.map(|bucket| bucket::add(aggregate, sources, bucket, number, sample)).is_some()
}

/// The value when the current bucket has this number.
pub(super) fn read(
    aggregate: &Aggregate,
    sources: &DataSources,
    slot: &[u8],
    current: u32,
    now_ms: i64,
) -> Cell {
    match (aggregate.fold, aggregate.window) {
        (Fold::Active, Window::Calendar { periods, ago, .. }) => {
            Cell::int(active_periods(slot, current, periods, ago))
        }
        (Fold::Streak, _) => Cell::int(streak(slot, current)),
        (_, Window::Lifetime) => {
            step(aggregate.bucket_steps());
            let bucket = slot.get(..aggregate.bucket_bytes());
            let bucket = bucket.map(|bucket| (0, bucket)).into_iter();
            bucket::read(aggregate, sources, bucket, now_ms)
        }
        _ => bucket::read(aggregate, sources, live_buckets(aggregate, slot, current), now_ms),
    }
}
