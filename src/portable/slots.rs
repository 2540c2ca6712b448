//! The slot of one feature, for people and back.

use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value, json};

use super::Shape;
use super::error::{ImportError, ImportProblem};
use super::import::At;
use super::periods;
use super::units::{bits, decimal, decimal_back, hex, time, value, words};
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::ids::SourceId;
use crate::base::limits::{TIME_MS_MAX, TIME_MS_MIN};
use crate::expr::Type;
use crate::policy::{Aggregate, Feature, FeatureKind, Fold, Layout, RING_HEAD_BYTES, Window};
use crate::profile::{COUNT_PARTS, Stamp, Timed, extreme_of, kept_extreme};

/// The keys of a feature that say what its slot holds.
const KEYS: [&str; 19] = [
    "id",
    "name",
    "is",
    "reads",
    "value",
    "as_of",
    "source",
    "number",
    "place",
    "total",
    "count",
    "weight",
    "part",
    "counts",
    "registers",
    "newest",
    "buckets",
    "periods",
    "bytes",
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
        FeatureKind::Derived(_)
        | FeatureKind::Output { .. }
        | FeatureKind::Since { .. }
        | FeatureKind::Arm { .. } => {
            return None;
        }
        FeatureKind::Attribute { .. } => tell_timed(shape, slot, feature.ty, out)?,
        FeatureKind::Stage { .. } => {
            out.insert("value".into(), value(shape, read_u64(slot, 0), feature.ty));
            out.insert("as_of".into(), time(read_i64(slot, 8)));
        }
        FeatureKind::Aggregate(kept) => match kept.window {
            Window::Lifetime => tell_bucket(shape, &kept, slot, out)?,
            _ if kept.fold.counts_periods() => tell_periods(&kept, slot, out)?,
            _ => tell_ring(shape, &kept, slot, out)?,
        },
    }
    Some(())
}

/// The buckets of a window that hold something.
fn tell_ring(
    shape: &Shape<'_>,
    kept: &Aggregate,
    slot: &[u8],
    out: &mut Map<String, Value>,
) -> Option<()> {
    let head = read_u32(slot, 0);
    let (count, bytes) = (kept.buckets() as u32, kept.bucket_bytes());
    let mut list = Vec::new();
    for number in head.saturating_sub(count.saturating_sub(1))..=head {
        let at = RING_HEAD_BYTES + (number % count.max(1)) as usize * bytes;
        let bucket = slot.get(at..at + bytes)?;
        if bucket.iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut told = Map::new();
        told.insert("from".into(), periods::name(kept.window, number)?);
        tell_bucket(shape, kept, bucket, &mut told)?;
        list.push(Value::Object(told));
    }
    out.insert("newest".into(), periods::name(kept.window, head)?);
    out.insert("buckets".into(), Value::Array(list));
    Some(())
}

/// The periods in which there was something.
fn tell_periods(kept: &Aggregate, slot: &[u8], out: &mut Map<String, Value>) -> Option<()> {
    let (newest, bits) = (read_u32(slot, 0), read_u64(slot, RING_HEAD_BYTES));
    let mut list = Vec::new();
    for back in (0..u64::BITS).filter(|back| bits >> back & 1 == 1) {
        list.push(periods::name(kept.window, newest.checked_sub(back)?)?);
    }
    out.insert("newest".into(), periods::name(kept.window, newest)?);
    out.insert("periods".into(), Value::Array(list));
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
        Fold::Count => count(kept, ("total", "weight"), read_u32(bucket, 0)),
        Fold::Sum => ("total", total(read_i64(bucket, 0), kept)),
        Fold::Mean => {
            let (key, held) = count(kept, ("count", "weight"), read_u32(bucket, 8));
            out.insert(key.into(), held);
            ("total", total(read_i64(bucket, 0), kept))
        }
        Fold::Share { amounts: true } => {
            out.insert("part".into(), total(read_i64(bucket, 0), kept));
            ("total", total(read_i64(bucket, 8), kept))
        }
        Fold::Share { amounts: false } => {
            let (key, held) = count(kept, ("part", "part"), read_u32(bucket, 0));
            out.insert(key.into(), held);
            count(kept, ("total", "weight"), read_u32(bucket, 4))
        }
        Fold::Distinct { .. } => ("registers", json!(hex(bucket))),
        Fold::Quantile(_) => {
            let counts = bucket.chunks_exact(2).map(|pair| json!(read_u16(pair, 0)));
            ("counts", Value::Array(counts.collect()))
        }
        Fold::LastTime | Fold::FirstTime => ("value", time(read_i64(bucket, 0))),
        fold @ (Fold::Min | Fold::Max) => {
            let extreme = extreme_of(read_u64(bucket, 0), fold == Fold::Min, kept.value);
            ("value", value(shape, extreme.bits()?, kept.value))
        }
        Fold::Last | Fold::First => return tell_timed(shape, bucket, kept.value, out),
        Fold::Active | Fold::Streak => return None,
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

/// Keys of what one bucket holds.
const HELD: [&str; 11] = [
    "total",
    "count",
    "weight",
    "part",
    "counts",
    "registers",
    "value",
    "as_of",
    "source",
    "number",
    "place",
];

/// Whether there is a key of what a bucket holds.
fn holds_something(at: &At<'_>) -> bool {
    HELD.iter().any(|key| at.maybe(key).is_some())
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
        FeatureKind::Derived(_)
        | FeatureKind::Output { .. }
        | FeatureKind::Since { .. }
        | FeatureKind::Arm { .. } => {}
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
            Window::Lifetime if holds_something(at) => read_bucket(shape, &kept, at, slot)?,
            Window::Lifetime => {}
            _ if kept.fold.counts_periods() => read_periods(&kept, at, slot)?,
            _ => read_ring(shape, &kept, at, slot)?,
        },
    }
    Ok(())
}

fn read_ring(
    shape: &Shape<'_>,
    kept: &Aggregate,
    at: &At<'_>,
    slot: &mut [u8],
) -> Result<(), ImportError> {
    let Some(newest) = at.maybe("newest") else {
        return at.expect(at.maybe("buckets").is_none(), "a window with its newest bucket");
    };
    let head = periods::number(kept.window, &newest)?;
    let (count, bytes) = (kept.buckets() as u32, kept.bucket_bytes());
    write_u32(slot, 0, head);
    for held in at.items("buckets")? {
        let keys = HELD.iter().chain(&["from"]).copied().collect::<Vec<_>>();
        held.keys(&keys)?;
        let from = held.get("from")?;
        let bucket = periods::number(kept.window, &from)?;
        let within = bucket <= head && head - bucket < count;
        from.expect(within, "within the window up to its newest bucket")?;
        let place = RING_HEAD_BYTES + (bucket % count) as usize * bytes;
        if let Some(bucket) = slot.get_mut(place..place + bytes) {
            read_bucket(shape, kept, &held, bucket)?;
        }
    }
    Ok(())
}

/// What [`tell_periods`] said.
fn read_periods(kept: &Aggregate, at: &At<'_>, slot: &mut [u8]) -> Result<(), ImportError> {
    let Some(newest) = at.maybe("newest") else {
        return at.expect(at.maybe("periods").is_none(), "periods with the newest");
    };
    let head = periods::number(kept.window, &newest)?;
    let mut bits = 0u64;
    for period in at.items("periods")? {
        let back = head.checked_sub(periods::number(kept.window, &period)?);
        let bit = back.and_then(|back| 1u64.checked_shl(back));
        bits |= period.some(bit, "one of the 64 periods up to the newest")?;
    }
    write_u32(slot, 0, head);
    write_u64(slot, RING_HEAD_BYTES, bits);
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
            if kept.bucket_bytes() == 2 {
                let held = at.get("total")?;
                let count = u16::try_from(held.number()?).ok();
                write_u16(bucket, 0, held.some(count, "at most 65535")?);
            } else {
                write_u32(bucket, 0, count_back(kept, at, ("total", "weight"))?);
            }
        }
        Fold::Sum => write_i64(bucket, 0, total_back(&at.get("total")?, kept)?),
        Fold::Mean => {
            write_i64(bucket, 0, total_back(&at.get("total")?, kept)?);
            write_u32(bucket, 8, count_back(kept, at, ("count", "weight"))?);
        }
        Fold::Share { amounts: true } => {
            write_i64(bucket, 0, total_back(&at.get("part")?, kept)?);
            write_i64(bucket, 8, total_back(&at.get("total")?, kept)?);
        }
        Fold::Share { amounts: false } => {
            write_u32(bucket, 0, count_back(kept, at, ("part", "part"))?);
            write_u32(bucket, 4, count_back(kept, at, ("total", "weight"))?);
        }
        Fold::Distinct { .. } => at.get("registers")?.hex_into(bucket, 0, bucket.len())?,
        Fold::Quantile(quantile) => {
            let counts = at.items("counts")?;
            at.expect(counts.len() == usize::from(quantile.bins), "a count for each bin")?;
            for (bin, count) in counts.iter().enumerate() {
                let held = u16::try_from(count.number()?).ok();
                write_u16(bucket, 2 * bin, count.some(held, "at most 65535")?);
            }
        }
        Fold::LastTime | Fold::FirstTime => write_i64(bucket, 0, at.get("value")?.time()?),
        fold @ (Fold::Min | Fold::Max) => {
            let bits = value_back(shape, &at.get("value")?, kept.value)?;
            write_u64(bucket, 0, kept_extreme(bits, fold == Fold::Min, kept.value));
        }
        Fold::Last | Fold::First => read_timed(shape, at, kept.value, bucket)?,
        Fold::Active | Fold::Streak => {}
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

/// A sum: of doubles in millionths, as of money, and so are integers that fade.
fn in_millionths(kept: &Aggregate) -> bool {
    let fades = matches!(kept.window, Window::Decay { .. });
    matches!(kept.value, Type::Double | Type::Money) || fades && kept.value == Type::Int
}

fn total(sum: i64, kept: &Aggregate) -> Value {
    if in_millionths(kept) { decimal(sum) } else { json!(sum) }
}

fn total_back(at: &At<'_>, kept: &Aggregate) -> Result<i64, ImportError> {
    if in_millionths(kept) {
        at.some(decimal_back(at.value), "an amount such as \"12.50\"")
    } else {
        at.some(at.value.as_i64(), "an integer")
    }
}

/// A count; of what fades the weight of its events, which is no whole number and has a key of its own.
fn count<'k>(kept: &Aggregate, (key, fading): (&'k str, &'k str), count: u32) -> (&'k str, Value) {
    match kept.window {
        // Exact: the parts are a power of two.
        Window::Decay { .. } => (fading, json!(f64::from(count) / COUNT_PARTS)),
        _ => (key, json!(count)),
    }
}

fn count_back(
    kept: &Aggregate,
    at: &At<'_>,
    (key, fading): (&str, &str),
) -> Result<u32, ImportError> {
    let Window::Decay { .. } = kept.window else { return at.get(key)?.number() };
    let held = at.get(fading)?;
    let parts = held.value.as_f64().map(|weight| weight * COUNT_PARTS);
    let whole = |parts: &f64| *parts >= 0.0 && *parts <= f64::from(u32::MAX) && parts % 1.0 == 0.0;
    Ok(held.some(parts.filter(whole), "a weight in parts of 1/4096")? as u32)
}
