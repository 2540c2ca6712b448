//! The slot of one feature, for people and back.

use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value, json};

use super::Shape;
use super::error::{ImportError, ImportProblem};
use super::import::At;
use super::units::{bits, decimal, decimal_back, hex, time, value, words};
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::ids::SourceId;
use crate::base::limits::{TIME_MS_MAX, TIME_MS_MIN};
use crate::expr::Type;
use crate::policy::{Aggregate, Feature, FeatureKind, Fold, Layout, RING_HEAD_BYTES, Window};
use crate::profile::{Stamp, Timed, extreme_of, kept_extreme};

/// The keys of a feature that say what its slot holds.
const KEYS: [&str; 13] = [
    "id", "name", "is", "reads", "value", "as_of", "source", "number", "place", "total", "newest",
    "buckets", "bytes",
];

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
    match feature.kind {
        FeatureKind::Derived(_) | FeatureKind::Output { .. } | FeatureKind::Since { .. } => {
            return None;
        }
        FeatureKind::Attribute { .. } => tell_timed(shape, slot, feature.ty, out)?,
        FeatureKind::Stage { .. } => {
            out.insert("value".into(), value(shape, read_u64(slot, 0), feature.ty));
            out.insert("as_of".into(), time(read_i64(slot, 8)));
        }
        FeatureKind::Aggregate(kept) => match kept.window {
            Window::Lifetime => tell_bucket(shape, &kept, slot, out)?,
            Window::Rolling { bucket_ms, .. } => {
                let head = read_u32(slot, 0);
                let starts = |number: u32| i64::from(number).checked_mul(bucket_ms).map(time);
                let (count, bytes) = (kept.buckets() as u32, kept.bucket_bytes());
                let mut list = Vec::new();
                for number in head.checked_sub(count - 1)?..=head {
                    let at = RING_HEAD_BYTES + (number % count) as usize * bytes;
                    let bucket = slot.get(at..at + bytes)?;
                    if bucket.iter().all(|byte| *byte == 0) {
                        continue;
                    }
                    let mut told = Map::new();
                    told.insert("from".into(), starts(number)?);
                    tell_bucket(shape, &kept, bucket, &mut told)?;
                    list.push(Value::Object(told));
                }
                out.insert("newest".into(), starts(head)?);
                out.insert("buckets".into(), Value::Array(list));
            }
            Window::Calendar { .. } | Window::Decay { .. } => return None,
        },
    }
    Some(())
}

/// One bucket; none where its bytes say it better.
fn tell_bucket(
    shape: &Shape<'_>,
    kept: &Aggregate,
    bucket: &[u8],
    out: &mut Map<String, Value>,
) -> Option<()> {
    let (key, held) = match kept.fold {
        Fold::Count if kept.bucket_bytes() == 2 => ("total", json!(read_u16(bucket, 0))),
        Fold::Count => ("total", json!(read_u32(bucket, 0))),
        Fold::Sum => ("total", total(read_i64(bucket, 0), kept.value)),
        Fold::LastTime | Fold::FirstTime => ("value", time(read_i64(bucket, 0))),
        fold @ (Fold::Min | Fold::Max) => {
            let extreme = extreme_of(read_u64(bucket, 0), fold == Fold::Min, kept.value);
            ("value", value(shape, extreme.bits()?, kept.value))
        }
        Fold::Last | Fold::First => return tell_timed(shape, bucket, kept.value, out),
        _ => return None,
    };
    out.insert(key.into(), held);
    Some(())
}

/// A value, as of when, and who told it where that is known.
fn tell_timed(
    shape: &Shape<'_>,
    bytes: &[u8],
    ty: Type,
    out: &mut Map<String, Value>,
) -> Option<()> {
    let Timed { bits, stamp } = Timed::read(bytes, 0)?;
    out.insert("value".into(), value(shape, bits, ty));
    out.insert("as_of".into(), time(stamp.time_ms));
    if stamp.source != 0 {
        out.insert("source".into(), json!(shape.name(SourceId(stamp.source.into()))));
    }
    for (key, number) in [("number", stamp.number), ("place", stamp.place.into())] {
        if number != 0 {
            out.insert(key.into(), json!(number));
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
    match feature.kind {
        FeatureKind::Derived(_) | FeatureKind::Output { .. } | FeatureKind::Since { .. } => {}
        FeatureKind::Attribute { .. } => {
            if at.maybe("value").is_some() {
                read_timed(shape, at, feature.ty, slot)?;
            }
        }
        FeatureKind::Stage { .. } => {
            if let Some(held) = at.maybe("value") {
                write_u64(slot, 0, value_back(shape, &held, feature.ty)?);
                write_i64(slot, 8, at.get("as_of")?.time()?);
            }
        }
        FeatureKind::Aggregate(kept) => match kept.window {
            Window::Lifetime if at.maybe("total").or(at.maybe("value")).is_some() => {
                read_bucket(shape, &kept, at, slot)?;
            }
            Window::Rolling { bucket_ms, .. } => read_ring(shape, &kept, bucket_ms, at, slot)?,
            Window::Lifetime | Window::Calendar { .. } | Window::Decay { .. } => {}
        },
    }
    Ok(())
}

fn read_ring(
    shape: &Shape<'_>,
    kept: &Aggregate,
    bucket_ms: i64,
    at: &At<'_>,
    slot: &mut [u8],
) -> Result<(), ImportError> {
    let Some(newest) = at.maybe("newest") else {
        return at.expect(at.maybe("buckets").is_none(), "a window with its newest bucket");
    };
    let number = |at: &At<'_>| {
        let ms = at.time()?;
        at.expect(bucket_ms > 0 && ms % bucket_ms == 0, "where a bucket begins")?;
        at.some(u32::try_from(ms / bucket_ms.max(1)).ok(), "where a bucket begins")
    };
    let (head, count, bytes) = (number(&newest)?, kept.buckets() as u32, kept.bucket_bytes());
    write_u32(slot, 0, head);
    for held in at.items("buckets")? {
        held.keys(&["from", "total", "value", "as_of", "source", "number", "place"])?;
        let from = held.get("from")?;
        let bucket = number(&from)?;
        let within = bucket <= head && head - bucket < count;
        from.expect(within, "within the window up to its newest bucket")?;
        let place = RING_HEAD_BYTES + (bucket % count) as usize * bytes;
        if let Some(bucket) = slot.get_mut(place..place + bytes) {
            read_bucket(shape, kept, &held, bucket)?;
        }
    }
    Ok(())
}

fn read_bucket(
    shape: &Shape<'_>,
    kept: &Aggregate,
    at: &At<'_>,
    bucket: &mut [u8],
) -> Result<(), ImportError> {
    match kept.fold {
        Fold::Count => {
            let held = at.get("total")?;
            let count = held.number()?;
            match u16::try_from(count) {
                _ if kept.bucket_bytes() == 4 => write_u32(bucket, 0, count),
                Ok(count) => write_u16(bucket, 0, count),
                Err(_) => return held.expect(false, "at most 65535"),
            }
        }
        Fold::Sum => write_i64(bucket, 0, total_back(&at.get("total")?, kept.value)?),
        Fold::LastTime | Fold::FirstTime => write_i64(bucket, 0, at.get("value")?.time()?),
        fold @ (Fold::Min | Fold::Max) => {
            let bits = value_back(shape, &at.get("value")?, kept.value)?;
            write_u64(bucket, 0, kept_extreme(bits, fold == Fold::Min, kept.value));
        }
        Fold::Last | Fold::First => read_timed(shape, at, kept.value, bucket)?,
        _ => {}
    }
    Ok(())
}

/// What [`tell_timed`] said.
fn read_timed(
    shape: &Shape<'_>,
    at: &At<'_>,
    ty: Type,
    bytes: &mut [u8],
) -> Result<(), ImportError> {
    let bits = value_back(shape, &at.get("value")?, ty)?;
    let as_of = at.get("as_of")?;
    let time_ms = as_of.time()?;
    as_of.expect((TIME_MS_MIN..=TIME_MS_MAX).contains(&time_ms), "a time from 1970 to 9999")?;
    let mut stamp = Stamp { time_ms, ..Stamp::default() };
    if let Some(at) = at.maybe("source") {
        let source = at.value.as_str().and_then(|name| shape.id::<SourceId>(name));
        let number = source.and_then(|source| u8::try_from(source.0).ok());
        let number = number.ok_or_else(|| at.problem(ImportProblem::UnknownName))?;
        stamp.source = number;
    }
    if let Some(at) = at.maybe("number") {
        stamp.number = at.number()?;
    }
    if let Some(at) = at.maybe("place") {
        let place = u8::try_from(at.number()?).ok();
        stamp.place = at.some(place, "at most 255")?;
    }
    Timed { bits, stamp }.write(bytes, 0);
    Ok(())
}

fn value_back(shape: &Shape<'_>, at: &At<'_>, ty: Type) -> Result<u64, ImportError> {
    at.some(bits(shape, at.value, ty), words(ty))
}

/// A sum: of doubles in millionths, as of money.
fn total(sum: i64, ty: Type) -> Value {
    match ty {
        Type::Double | Type::Money => decimal(sum),
        _ => json!(sum),
    }
}

fn total_back(at: &At<'_>, ty: Type) -> Result<i64, ImportError> {
    match ty {
        Type::Double | Type::Money => {
            at.some(decimal_back(at.value), "an amount such as \"12.50\"")
        }
        _ => at.some(at.value.as_i64(), "an integer"),
    }
}
