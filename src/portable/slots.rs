//! The slot of one feature, for people and back.

use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value, json};

use super::Shape;
use super::error::ImportError;
use super::import::At;
use super::units::{bits, decimal, decimal_back, hex, time, value, words};
use crate::base::bytes::{read_i64, read_u32, read_u64, write_i64, write_u32, write_u64};
use crate::expr::Type;
use crate::policy::{Feature, FeatureKind, Fold, Layout, Window, bucket_bytes};

/// The keys of a feature that say what its slot holds.
const KEYS: [&str; 10] =
    ["id", "name", "is", "reads", "value", "as_of", "total", "newest", "buckets", "bytes"];

pub(super) fn bytes(feature: &Feature) -> usize {
    Layout::feature_bytes(feature)
}

/// Adds what a slot holds. One that is empty has nothing to say.
pub(super) fn write(
    shape: &Shape<'_>,
    feature: &Feature,
    slot: &[u8],
    out: &mut Map<String, Value>,
) {
    if slot.iter().all(|byte| *byte == 0) {
        return;
    }
    let mut said = Map::new();
    let mut again = alloc::vec![0; slot.len()];
    let told = tell(shape, feature, slot, &mut said).is_some();
    let value = Value::Object(said);
    let at = At { value: &value, key: String::new() };
    if told && read(shape, feature, &at, &mut again).is_ok() && again == slot {
        if let Value::Object(said) = value {
            out.extend(said);
        }
    } else {
        out.insert("bytes".into(), json!(hex(slot)));
    }
}

fn tell(
    shape: &Shape<'_>,
    feature: &Feature,
    slot: &[u8],
    out: &mut Map<String, Value>,
) -> Option<()> {
    let of = |at: usize| value(shape, read_u64(slot, at), feature.ty);
    match feature.kind {
        FeatureKind::Derived(_) | FeatureKind::Output { .. } | FeatureKind::Since { .. } => {
            return None;
        }
        FeatureKind::Attribute
        | FeatureKind::Stage { .. }
        | FeatureKind::Aggregate { fold: Fold::Last, .. } => {
            out.insert("value".into(), of(0));
            out.insert("as_of".into(), time(read_i64(slot, 8)));
        }
        FeatureKind::Aggregate { fold, window: Window::Lifetime } => match fold {
            Fold::Count => drop(out.insert("total".into(), json!(read_i64(slot, 0)))),
            Fold::Sum => drop(out.insert("total".into(), total(read_i64(slot, 0), feature.ty))),
            Fold::LastTime => drop(out.insert("value".into(), time(read_i64(slot, 0)))),
            Fold::Min | Fold::Max => drop(out.insert("value".into(), of(0))),
            Fold::Last => return None,
        },
        FeatureKind::Aggregate { fold, window: Window::Rolling { bucket_ms, buckets } } => {
            let head = read_i64(slot, 0);
            let starts = |number: i64| number.checked_mul(bucket_ms).map(time);
            let mut list = Vec::new();
            for number in head.checked_sub(i64::from(buckets))?..=head {
                let at =
                    8 + number.rem_euclid(i64::from(buckets) + 1) as usize * bucket_bytes(fold);
                let bucket = slot.get(at..at + bucket_bytes(fold))?;
                if bucket.iter().all(|byte| *byte == 0) {
                    continue;
                }
                let (key, held) = match fold {
                    Fold::Count => ("total", json!(read_u32(bucket, 0))),
                    Fold::Sum => ("total", total(read_i64(bucket, 0), feature.ty)),
                    Fold::Min | Fold::Max => ("value", of(at)),
                    Fold::Last | Fold::LastTime => return None,
                };
                let mut told = Map::new();
                told.insert("from".into(), starts(number)?);
                told.insert(key.into(), held);
                list.push(Value::Object(told));
            }
            out.insert("newest".into(), starts(head)?);
            out.insert("buckets".into(), Value::Array(list));
        }
    }
    Some(())
}

/// Fills a slot of zeros with what [`write`] said.
pub(super) fn read(
    shape: &Shape<'_>,
    feature: &Feature,
    at: &At<'_>,
    slot: &mut [u8],
) -> Result<(), ImportError> {
    at.keys(&KEYS)?;
    if let Some(as_they_are) = at.maybe("bytes") {
        let len = slot.len();
        return as_they_are.hex_into(slot, 0, len);
    }
    let (what, ty) = (words(feature.ty), feature.ty);
    let of = |at: &At<'_>| at.some(bits(shape, at.value, ty), what);
    match feature.kind {
        FeatureKind::Derived(_) | FeatureKind::Output { .. } | FeatureKind::Since { .. } => {}
        FeatureKind::Attribute
        | FeatureKind::Stage { .. }
        | FeatureKind::Aggregate { fold: Fold::Last, .. } => {
            if let Some(held) = at.maybe("value") {
                write_u64(slot, 0, of(&held)?);
                write_i64(slot, 8, at.get("as_of")?.time()?);
            }
        }
        FeatureKind::Aggregate { fold, window: Window::Lifetime } => match fold {
            Fold::Count | Fold::Sum => {
                if let Some(held) = at.maybe("total") {
                    write_i64(slot, 0, total_back(&held, fold, ty)?);
                }
            }
            Fold::LastTime => {
                if let Some(held) = at.maybe("value") {
                    write_i64(slot, 0, held.time()?);
                }
            }
            Fold::Min | Fold::Max => {
                if let Some(held) = at.maybe("value") {
                    write_u64(slot, 0, of(&held)?);
                    write_i64(slot, 8, 1);
                }
            }
            Fold::Last => {}
        },
        FeatureKind::Aggregate { fold, window: Window::Rolling { bucket_ms, buckets } } => {
            let Some(newest) = at.maybe("newest") else {
                return at.expect(at.maybe("buckets").is_none(), "a window with its newest bucket");
            };
            let number = |at: &At<'_>| {
                let ms = at.time()?;
                at.expect(bucket_ms > 0 && ms % bucket_ms == 0, "where a bucket begins")?;
                Ok(ms / bucket_ms.max(1))
            };
            let (head, buckets) = (number(&newest)?, i64::from(buckets));
            write_i64(slot, 0, head);
            for held in at.items("buckets")? {
                held.keys(&["from", "total", "value"])?;
                let from = held.get("from")?;
                let bucket = number(&from)?;
                let within = bucket <= head && bucket >= head.saturating_sub(buckets);
                from.expect(within, "within the window up to its newest bucket")?;
                let place = 8 + bucket.rem_euclid(buckets + 1) as usize * bucket_bytes(fold);
                match fold {
                    Fold::Count => write_u32(slot, place, held.get("total")?.number()?),
                    Fold::Sum => {
                        let sum = total_back(&held.get("total")?, fold, ty)?;
                        write_i64(slot, place, sum);
                    }
                    Fold::Min | Fold::Max => {
                        write_u64(slot, place, of(&held.get("value")?)?);
                        write_i64(slot, place + 8, 1);
                    }
                    Fold::Last | Fold::LastTime => {}
                }
            }
        }
    }
    Ok(())
}

/// A sum: of doubles in millionths, as of money.
fn total(sum: i64, ty: Type) -> Value {
    match ty {
        Type::Double | Type::Money => decimal(sum),
        _ => json!(sum),
    }
}

fn total_back(at: &At<'_>, fold: Fold, ty: Type) -> Result<i64, ImportError> {
    match (fold, ty) {
        (Fold::Sum, Type::Double | Type::Money) => {
            at.some(decimal_back(at.value), "an amount such as \"12.50\"")
        }
        _ => at.some(at.value.as_i64(), "an integer"),
    }
}
