//! One bucket of an aggregate: what an event adds to it, and what buckets come to together.
//!
//! All of it is integers that begin as zero, and adding is commutative and associative. (Sums and
//! counts saturate, and then order would show; a thousand events of the largest amount do not
//! reach it.)

use super::fold::Folded;
use super::sketch::{note_distinct, note_value, read_distinct, read_quantile};
use super::timed::{Stamp, Timed, earlier, later};
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::hash::hash_words;
use crate::base::limits::SUMMAND_MAX;
use crate::base::money::MICROS;
use crate::expr::{Cell, Type};
use crate::policy::{Aggregate, DataSources, Fold, Window};

/// What is folded: an event's value, or what the events of one bucket come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Bits of the value; of a count how many, of a share the part.
    pub(super) value: u64,
    /// Of a share the whole, of a mean and a quantile how many events it stands for.
    pub(super) among: u64,
    pub(super) stamp: Stamp,
}

/// Adds a sample to the bucket with this number.
pub(super) fn add(
    aggregate: &Aggregate,
    sources: &DataSources,
    bucket: &mut [u8],
    number: u32,
    sample: Sample,
) {
    let Aggregate { fold, value: ty, window } = *aggregate;
    let Sample { value, among, stamp } = sample;
    let (time_ms, told) = (stamp.time_ms, Timed { bits: value, stamp });
    let weight = weight(window, number, time_ms);
    match fold {
        Fold::Count if aggregate.bucket_bytes() == 2 => {
            let count = i64::from(read_u16(bucket, 0)).saturating_add((value as i64).max(0));
            write_u16(bucket, 0, u16::try_from(count).unwrap_or(u16::MAX));
        }
        Fold::Count => add_count(bucket, 0, value, weight),
        Fold::Sum => add_amount(bucket, 0, amount(value, ty, weight)),
        Fold::Min => keep_larger(bucket, kept_extreme(value, true, ty)),
        Fold::Max => keep_larger(bucket, kept_extreme(value, false, ty)),
        Fold::Last | Fold::First => {
            let kept = Timed::read(bucket, 0);
            let stands = match fold {
                Fold::Last => kept.map_or(told, |kept| later(sources, told, kept)),
                _ => kept.map_or(told, |kept| earlier(sources, told, kept)),
            };
            stands.write(bucket, 0);
        }
        Fold::LastTime => {
            let latest = read_i64(bucket, 0).max(time_ms);
            write_i64(bucket, 0, latest);
        }
        Fold::FirstTime => {
            let kept = read_i64(bucket, 0);
            write_i64(bucket, 0, if kept == 0 { time_ms } else { kept.min(time_ms) });
        }
        Fold::Mean => {
            add_amount(bucket, 0, amount(value, ty, weight));
            add_count(bucket, 8, among, weight);
        }
        Fold::Share { amounts: true } => {
            add_amount(bucket, 0, amount(value, ty, weight));
            add_amount(bucket, 8, amount(among, ty, weight));
        }
        Fold::Share { amounts: false } => {
            add_count(bucket, 0, value, weight);
            add_count(bucket, 4, among, weight);
        }
        Fold::Distinct { registers } => note_distinct(bucket, registers, hash_words(0, [value])),
        Fold::Quantile(quantile) => note_value(bucket, &quantile, units(value, ty), among),
        // They have bits for periods, not buckets.
        Fold::Active | Fold::Streak => {}
    }
}

/// Whether an empty bucket can take a value whole, whenever it is of.
pub(super) fn can_take(aggregate: &Aggregate, folded: Folded) -> bool {
    let Aggregate { fold, value: ty, window } = *aggregate;
    let Folded { value, among } = folded;
    let fades = matches!(window, Window::Decay { .. });
    // What fades weighs less than twice as much while its half-life lasts.
    let weight_max = if fades { 2.0 } else { 1.0 };
    let amount = |bits: u64| {
        let units = match ty {
            Type::Double => f64::from_bits(bits) * MICROS as f64,
            _ if !fades => return (bits as i64).unsigned_abs() <= SUMMAND_MAX as u64,
            Type::Int => bits as i64 as f64 * MICROS as f64,
            _ => bits as i64 as f64,
        };
        units.abs() * weight_max <= SUMMAND_MAX as f64
    };
    let count = |count: u64| match fades {
        true => count as f64 * COUNT_PARTS * weight_max <= f64::from(u32::MAX),
        false => count <= u64::from(u32::MAX),
    };
    let short = |count: u64| count <= u64::from(u16::MAX);
    match fold {
        Fold::Count if aggregate.bucket_bytes() == 2 => short(value),
        Fold::Count => count(value),
        Fold::Sum => amount(value),
        Fold::Mean => amount(value) && count(among),
        Fold::Share { amounts: true } => amount(value) && amount(among),
        Fold::Share { amounts: false } => count(value) && count(among),
        Fold::Quantile(_) => short(among),
        _ => true,
    }
}

/// What buckets come to. `now_ms` is asked by what decays.
pub(super) fn read<'b>(
    aggregate: &Aggregate,
    sources: &DataSources,
    buckets: impl Iterator<Item = (u32, &'b [u8])>,
    now_ms: i64,
) -> Cell {
    if let Window::Decay { half_life_ms, per_ms, .. } = aggregate.window {
        return read_decayed(aggregate, buckets, now_ms, half_life_ms, per_ms);
    }
    let buckets = buckets.map(|(_, bucket)| bucket);
    let ty = aggregate.value;
    match aggregate.fold {
        Fold::Count if aggregate.bucket_bytes() == 2 => {
            Cell::int(buckets.map(|bucket| i64::from(read_u16(bucket, 0))).sum())
        }
        Fold::Count => Cell::int(buckets.map(|bucket| i64::from(read_u32(bucket, 0))).sum()),
        Fold::Sum => {
            let sum = buckets.map(|bucket| read_i64(bucket, 0)).fold(0, i64::saturating_add);
            // Sums of doubles are kept in micro-units.
            if ty == Type::Double { Cell::double(in_units(sum)) } else { Cell::int(sum) }
        }
        Fold::Min => extreme_of(largest(buckets), true, ty),
        Fold::Max => extreme_of(largest(buckets), false, ty),
        Fold::Last | Fold::First => {
            let kept = buckets.filter_map(|bucket| Timed::read(bucket, 0));
            let stands = kept.reduce(|one, other| match aggregate.fold {
                Fold::Last => later(sources, one, other),
                _ => earlier(sources, one, other),
            });
            stands.map_or(Cell::MISSING, |stands| Cell::from_bits(stands.bits))
        }
        Fold::LastTime => {
            buckets.map(|bucket| read_i64(bucket, 0)).max().filter(|time_ms| *time_ms != 0).into()
        }
        Fold::FirstTime => {
            buckets.map(|bucket| read_i64(bucket, 0)).filter(|time_ms| *time_ms != 0).min().into()
        }
        Fold::Mean => mean(buckets, ty),
        Fold::Share { amounts } => share(buckets, amounts),
        Fold::Distinct { registers } => Cell::int(read_distinct(registers, buckets)),
        Fold::Quantile(quantile) => match read_quantile(&quantile, buckets) {
            Some(units) => of_units(units, ty),
            None => Cell::MISSING,
        },
        Fold::Active | Fold::Streak => Cell::MISSING,
    }
}

/// How much an event weighs that happened after its half-life began: 1 to 2. What it weighs now is
/// this by what its half-life weighs now, so that ageing touches no stored sum. Forward decay:
/// Cormode, Shkapenyuk, Srivastava, Xu, "Forward decay" (ICDE 2009).
fn weight(window: Window, number: u32, time_ms: i64) -> Option<f64> {
    let Window::Decay { half_life_ms, .. } = window else { return None };
    Some(libm::exp2(half_lives_after(time_ms, number, half_life_ms)))
}

fn half_lives_after(time_ms: i64, number: u32, half_life_ms: i64) -> f64 {
    (time_ms - i64::from(number) * half_life_ms) as f64 / half_life_ms as f64
}

/// Parts of one event in which decayed counts are kept.
pub(crate) const COUNT_PARTS: f64 = 4_096.0;

fn read_decayed<'b>(
    aggregate: &Aggregate,
    buckets: impl Iterator<Item = (u32, &'b [u8])>,
    now_ms: i64,
    half_life_ms: i64,
    per_ms: Option<i64>,
) -> Cell {
    let half_life_ms = half_life_ms.max(1);
    let current = now_ms / half_life_ms;
    let last = libm::exp2(-((now_ms % half_life_ms) as f64 / half_life_ms as f64));
    let (mut first_sum, mut second_sum) = (0.0, 0.0);
    for (number, bucket) in buckets {
        // Halving is exact.
        let weighs = libm::ldexp(last, (i64::from(number) - current) as i32);
        let (first, second) = match aggregate.fold {
            Fold::Count => (f64::from(read_u32(bucket, 0)), 0.0),
            Fold::Sum => (read_i64(bucket, 0) as f64, 0.0),
            Fold::Mean => (read_i64(bucket, 0) as f64, f64::from(read_u32(bucket, 8))),
            Fold::Share { amounts: false } => {
                (f64::from(read_u32(bucket, 0)), f64::from(read_u32(bucket, 4)))
            }
            _ => (read_i64(bucket, 0) as f64, read_i64(bucket, 8) as f64),
        };
        first_sum += first * weighs;
        second_sum += second * weighs;
    }
    // What came at a steady rate has decayed to that rate times half-life / ln 2.
    let rate =
        per_ms.map_or(1.0, |per_ms| core::f64::consts::LN_2 * per_ms as f64 / half_life_ms as f64);
    let amount = |sum: f64| match aggregate.value {
        Type::Int | Type::Double => Cell::double(sum / MICROS as f64),
        _ => Cell::int(libm::rint(sum) as i64),
    };
    match aggregate.fold {
        Fold::Count => Cell::double(first_sum / COUNT_PARTS * rate),
        Fold::Sum => amount(first_sum * rate),
        _ if second_sum <= 0.0 => Cell::MISSING,
        Fold::Mean => amount(first_sum / (second_sum / COUNT_PARTS)),
        _ => Cell::double(first_sum / second_sum),
    }
}

/// What is added for a value, at most [`SUMMAND_MAX`] either way: doubles count in micro-units,
/// and so does what decays.
fn amount(bits: u64, ty: Type, weight: Option<f64>) -> i64 {
    let value = match (ty, weight) {
        (Type::Double, weight) => f64::from_bits(bits) * MICROS as f64 * weight.unwrap_or(1.0),
        (Type::Int, Some(weight)) => bits as i64 as f64 * MICROS as f64 * weight,
        (_, Some(weight)) => bits as i64 as f64 * weight,
        (_, None) => return (bits as i64).clamp(-SUMMAND_MAX, SUMMAND_MAX),
    };
    libm::rint(value).clamp(-SUMMAND_MAX as f64, SUMMAND_MAX as f64) as i64
}

fn add_amount(bucket: &mut [u8], offset: usize, amount: i64) {
    let sum = read_i64(bucket, offset).saturating_add(amount);
    write_i64(bucket, offset, sum);
}

fn add_count(bucket: &mut [u8], offset: usize, count: u64, weight: Option<f64>) {
    let count = (count as i64).max(0) as u64;
    let parts =
        weight.map_or(count, |weight| libm::rint(count as f64 * COUNT_PARTS * weight) as u64);
    let sum = u64::from(read_u32(bucket, offset)).saturating_add(parts);
    write_u32(bucket, offset, u32::try_from(sum).unwrap_or(u32::MAX));
}

/// Values as integers in the same order, of which zero is left to mean "none yet" and the largest
/// too, since the least is kept as the largest of complements. No float has either, and the two
/// ends of the integers count as their neighbours.
fn order_of(bits: u64, ty: Type) -> u64 {
    let order = match ty {
        // Sign and magnitude: below zero a larger magnitude comes first.
        Type::Double if bits >> 63 == 1 => !bits,
        _ => bits ^ 1 << 63,
    };
    order.clamp(1, u64::MAX - 1)
}

fn value_of(order: u64, ty: Type) -> Cell {
    Cell::from_bits(match ty {
        Type::Double if order >> 63 == 0 => !order,
        _ => order ^ 1 << 63,
    })
}

/// The least or greatest integer, as it is kept, as a double is kept; nothing stays nothing.
pub(super) fn extreme_as_double(kept: u64, least: bool) -> u64 {
    match extreme_of(kept, least, Type::Int).as_int() {
        Some(value) => {
            let double = Cell::double(value as f64).bits().unwrap_or(0);
            kept_extreme(double, least, Type::Double)
        }
        None => 0,
    }
}

/// How a least or greatest value is kept.
pub(crate) fn kept_extreme(bits: u64, least: bool, ty: Type) -> u64 {
    let order = order_of(bits, ty);
    if least { !order } else { order }
}

/// The least or greatest value that is kept, if there is one.
pub(crate) fn extreme_of(kept: u64, least: bool, ty: Type) -> Cell {
    match kept {
        0 => Cell::MISSING,
        _ => value_of(if least { !kept } else { kept }, ty),
    }
}

fn keep_larger(bucket: &mut [u8], order: u64) {
    let kept = read_u64(bucket, 0).max(order);
    write_u64(bucket, 0, kept);
}

fn largest<'b>(buckets: impl Iterator<Item = &'b [u8]>) -> u64 {
    buckets.map(|bucket| read_u64(bucket, 0)).max().unwrap_or(0)
}

fn mean<'b>(buckets: impl Iterator<Item = &'b [u8]>, ty: Type) -> Cell {
    let (sum, count) = buckets.fold((0i64, 0i64), |(sum, count), bucket| {
        (sum.saturating_add(read_i64(bucket, 0)), count + i64::from(read_u32(bucket, 8)))
    });
    match ty {
        _ if count == 0 => Cell::MISSING,
        Type::Double => Cell::double(in_units(sum) / count as f64),
        Type::Int => Cell::double(sum as f64 / count as f64),
        // To the nearest integer unit, halves away from zero.
        _ => Cell::int(sum.saturating_add(sum.signum() * (count / 2)) / count),
    }
}

/// Missing while the whole is not above zero.
fn share<'b>(buckets: impl Iterator<Item = &'b [u8]>, amounts: bool) -> Cell {
    let (part, whole) = buckets.fold((0i64, 0i64), |(part, whole), bucket| {
        let at = |offset| match amounts {
            true => read_i64(bucket, 2 * offset),
            false => read_u32(bucket, offset).into(),
        };
        (part.saturating_add(at(0)), whole.saturating_add(at(4)))
    });
    if whole > 0 { Cell::double(part as f64 / whole as f64) } else { Cell::MISSING }
}

fn in_units(micros: i64) -> f64 {
    micros as f64 / MICROS as f64
}

/// A value as a double: money in units, durations in milliseconds.
fn units(bits: u64, ty: Type) -> f64 {
    match ty {
        Type::Double => f64::from_bits(bits),
        Type::Money => in_units(bits as i64),
        _ => bits as i64 as f64,
    }
}

/// A value between values, from a double.
fn of_units(units: f64, ty: Type) -> Cell {
    match ty {
        Type::Money => Cell::int(libm::rint(units * MICROS as f64) as i64),
        Type::Duration => Cell::int(libm::rint(units) as i64),
        _ => Cell::double(units),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_survives() {
        let ints = [i64::MIN + 1, -5, -1, 0, 1, 7, i64::MAX - 1];
        let doubles = [f64::NEG_INFINITY, -2.5, -1e-300, 0.0, 1e-300, 2.5, f64::INFINITY];
        let of_ints = ints.map(|value| (value as u64, Type::Int));
        let of_doubles = doubles.map(|value| (value.to_bits(), Type::Double));
        for values in [of_ints, of_doubles] {
            let orders = values.map(|(bits, ty)| order_of(bits, ty));
            assert!(orders.is_sorted_by(|a, b| a < b), "{orders:?}");
            for ((bits, ty), order) in values.into_iter().zip(orders) {
                assert_eq!(value_of(order, ty), Cell::from_bits(bits));
                assert!(order != 0 && !order != 0);
            }
        }
    }
}
