//! Folding events into slots. Every fold gives the same slot whatever the order of events. (Sums
//! saturate, and then order would show; a thousand events of the largest amount do not reach it.)

use super::features::less;
use super::message::{EventCells, Message, resolve};
use crate::base::bytes::{read_i64, read_u32, read_u64, write_i64, write_u32, write_u64};
use crate::base::civil::LocalTime;
use crate::base::limits::SUMMAND_MAX;
use crate::base::money::micros_of_f64;
use crate::base::steps;
use crate::error::Error;
use crate::expr::{Cell, Environment, Type, holds};
use crate::policy::{FeatureKind, Fold, FoldStep, Policy, Window, bucket_bytes, header};

/// Folds all events of a message into scratch bytes. An error leaves scratch half done; the
/// caller throws it away.
pub(crate) fn fold_message(
    policy: &Policy,
    bytes: &mut [u8],
    message: &Message,
) -> Result<(), Error> {
    for event in message.events {
        let (kind, cells) = resolve(policy, event, message.now_ms)?;
        for step in &kind.folds {
            fold_event(policy, bytes, step, &cells, message.now_ms);
        }
    }
    Ok(())
}

fn fold_event(policy: &Policy, bytes: &mut [u8], step: &FoldStep, event: &EventCells, now_ms: i64) {
    steps::step(1);
    if let Some(filter) = step.filter
        && !holds(policy.code(filter), &mut EventOnly { event, now_ms })
    {
        return;
    }
    let value = match step.field {
        Some(position) => event.field(position),
        None => Cell::int(1),
    };
    fold_value(policy, bytes, usize::from(step.feature), value, event.time_ms);
}

/// Folds one value into the slot of a feature. A missing value leaves it alone.
pub(super) fn fold_value(
    policy: &Policy,
    bytes: &mut [u8],
    position: usize,
    value: Cell,
    time_ms: i64,
) {
    let (Some(feature), Some(&offset), Some(bits)) =
        (policy.tables.features.get(position), policy.layout.features.get(position), value.bits())
    else {
        return;
    };
    let offset = offset as usize;
    match feature.kind {
        FeatureKind::Derived(_) | FeatureKind::Output { .. } | FeatureKind::Since { .. } => {}
        FeatureKind::Attribute | FeatureKind::Stage { .. } => {
            keep_latest(bytes, offset, bits, time_ms)
        }
        FeatureKind::Aggregate { fold, window: Window::Lifetime } => match fold {
            Fold::Count | Fold::Sum => add(bytes, offset, summand(bits, fold, feature.ty)),
            Fold::Min | Fold::Max => keep_extreme(bytes, offset, bits, fold, feature.ty),
            Fold::Last => keep_latest(bytes, offset, bits, time_ms),
            Fold::LastTime => {
                let latest = read_i64(bytes, offset).max(time_ms);
                write_i64(bytes, offset, latest);
            }
        },
        FeatureKind::Aggregate { fold, window: Window::Rolling { bucket_ms, buckets } } => {
            let number = time_ms / bucket_ms.max(1);
            match ring_bucket(bytes, offset, number, i64::from(buckets), bucket_bytes(fold)) {
                Some(bucket) => fold_bucket(bytes, bucket, bits, fold, feature.ty),
                None => {
                    let late = read_u32(bytes, header::LATE).saturating_add(1);
                    write_u32(bytes, header::LATE, late);
                }
            }
        }
    }
}

/// The offset of the bucket with this number, after the ring has been moved on to hold it; `None`
/// when the ring has moved past it.
fn ring_bucket(
    bytes: &mut [u8],
    offset: usize,
    number: i64,
    buckets: i64,
    bucket_bytes: usize,
) -> Option<usize> {
    let slots = buckets + 1;
    let at = |number: i64| offset + 8 + number.rem_euclid(slots) as usize * bucket_bytes;
    let head = read_i64(bytes, offset);
    if number > head {
        for passed in (number - slots).max(head) + 1..=number {
            steps::step(1);
            let start = at(passed);
            if let Some(bucket) = bytes.get_mut(start..start + bucket_bytes) {
                bucket.fill(0);
            }
        }
        write_i64(bytes, offset, number);
    } else if number <= head.saturating_sub(slots) {
        return None;
    }
    Some(at(number))
}

fn fold_bucket(bytes: &mut [u8], bucket: usize, bits: u64, fold: Fold, ty: Type) {
    match fold {
        Fold::Count => {
            let count = i64::from(read_u32(bytes, bucket)).saturating_add((bits as i64).max(0));
            write_u32(bytes, bucket, u32::try_from(count).unwrap_or(u32::MAX));
        }
        Fold::Sum => add(bytes, bucket, summand(bits, fold, ty)),
        Fold::Min | Fold::Max => keep_extreme(bytes, bucket, bits, fold, ty),
        // The compiler allows these over a lifetime only.
        Fold::Last | Fold::LastTime => {}
    }
}

/// What is added for a value, at most [`SUMMAND_MAX`] either way: doubles count in micro-units.
fn summand(bits: u64, fold: Fold, ty: Type) -> i64 {
    let amount = match (fold, ty) {
        (Fold::Sum, Type::Double) => micros_of_f64(f64::from_bits(bits)).unwrap_or(0),
        _ => bits as i64,
    };
    amount.clamp(-SUMMAND_MAX, SUMMAND_MAX)
}

fn add(bytes: &mut [u8], offset: usize, amount: i64) {
    let sum = read_i64(bytes, offset).saturating_add(amount);
    write_i64(bytes, offset, sum);
}

/// Of equal times the larger bits win, so that order cannot matter.
fn keep_latest(bytes: &mut [u8], offset: usize, bits: u64, time_ms: i64) {
    let kept = (read_i64(bytes, offset + 8), read_u64(bytes, offset));
    if (time_ms, bits) > kept {
        write_u64(bytes, offset, bits);
        write_i64(bytes, offset + 8, time_ms);
    }
}

fn keep_extreme(bytes: &mut [u8], offset: usize, bits: u64, fold: Fold, ty: Type) {
    let empty = read_i64(bytes, offset + 8) == 0;
    let kept = read_u64(bytes, offset);
    let wins = match fold {
        Fold::Min => less(bits, kept, ty),
        _ => less(kept, bits, ty),
    };
    if empty || wins {
        write_u64(bytes, offset, bits);
        write_i64(bytes, offset + 8, 1);
    }
}

/// What a fold's filter may read: the event alone.
struct EventOnly<'a> {
    event: &'a EventCells,
    now_ms: i64,
}

impl Environment for EventOnly<'_> {
    fn feature(&mut self, _: u16) -> Cell {
        Cell::MISSING
    }

    fn field(&self, position: u16) -> Cell {
        self.event.field(position)
    }

    fn event_time(&self) -> Cell {
        Cell::int(self.event.time_ms)
    }

    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn local(&self, utc_ms: i64) -> LocalTime {
        LocalTime::new(utc_ms, 0)
    }
}
