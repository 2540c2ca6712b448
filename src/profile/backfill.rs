//! History and outside data: what a warehouse knows already.

use super::bucket::can_take;
use super::clock::Clock;
use super::fold::{Folded, count_late, fold_value, zone_of};
use super::message::{Value, check_time};
use super::timed::Stamp;
use crate::base::ids::{FeatureId, MemberId, SourceId};
use crate::error::Error;
use crate::expr::Type;
use crate::policy::{FeatureKind, Fold, Holder, Policy};

/// A dated value for one feature.
///
/// For an attribute: its value, as of that time (an older one does not replace a newer, and of two of
/// one time the one whose source has the higher rank stands, then the one of the higher `sequence`). For an
/// aggregate: what its events of one bucket come to, at any time within the bucket:
///
/// | fold | `value` | `among` |
/// |---|---|---|
/// | count | how many events, an integer | |
/// | sum, min, max, last, first | their sum, least, greatest, last, first value | |
/// | last time, first time | anything: `time_ms` alone counts | |
/// | mean | their sum | how many they are, an integer |
/// | share | the part: how much matched | the whole |
/// | distinct | one of the values | |
/// | quantile | one of the values | how often, an integer; once if absent |
/// | active, streak | how many events, an integer: none is no activity | |
///
/// For the stage of a lifecycle: the stage, and since when.
///
/// A total is at most [`SUMMAND_MAX`](crate::limits::SUMMAND_MAX) either way, in integer units (doubles, and
/// whole numbers that fade, in millionths), a count what its bucket holds (65,535 in a window, of
/// what fades 524,287): a larger one is [`Error::Total`], and nothing is taken. Buckets that several values are added to
/// stop at their largest value.
///
/// So backfilling a day's total equals having seen the day's events. What decays weighs its events
/// by the millisecond: there a total stands for events that all happened at `time_ms`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dated<'a> {
    /// Which feature.
    pub feature: FeatureId,
    /// As of when, in milliseconds since the Unix epoch; not after the call's `now`.
    pub time_ms: i64,
    /// The value, of the type of what is folded; of an attribute, its own.
    pub value: Value<'a>,
    /// What the value is among: see above.
    pub among: Option<Value<'a>>,
    /// The zone whose calendar places it; none for the subscriber's own, or the policy's default.
    pub zone: Option<MemberId>,
    /// Where the value comes from; none if nobody says. Of two values of one time, the one whose
    /// source has the higher rank stands.
    pub source: Option<SourceId>,
    /// Which of the values of one time and source it is: the higher comes later. What an event of
    /// this number would have been, if it is one of a charging session.
    pub sequence: u32,
}

impl<'a> Dated<'a> {
    /// A value by itself, on the subscriber's own calendar.
    pub fn new(feature: FeatureId, time_ms: i64, value: Value<'a>) -> Dated<'a> {
        Dated { feature, time_ms, value, among: None, zone: None, source: None, sequence: 0 }
    }

    /// The same value, among so many events or out of such a whole.
    pub fn among(self, among: Value<'a>) -> Dated<'a> {
        Dated { among: Some(among), ..self }
    }

    /// The same value on the calendar of a zone.
    pub fn in_zone(self, zone: MemberId) -> Dated<'a> {
        Dated { zone: Some(zone), ..self }
    }

    /// The same value from a source.
    pub fn from_source(self, source: SourceId) -> Dated<'a> {
        Dated { source: Some(source), ..self }
    }

    /// The same value, with its number among those of one time and source.
    pub fn numbered(self, sequence: u32) -> Dated<'a> {
        Dated { sequence, ..self }
    }
}

/// Checks dated values for a profile of this holder, each by itself.
pub(crate) fn check_dated(
    policy: &Policy,
    holder: Holder,
    dated: &[Dated],
    now_ms: i64,
) -> Result<(), Error> {
    for entry in dated {
        check_time(entry.time_ms)?;
        if entry.time_ms > now_ms {
            return Err(Error::Time);
        }
        if entry.zone.is_some_and(|zone| policy.tables.zones.by_id(zone).is_none()) {
            return Err(Error::UnknownZone);
        }
        if entry.source.is_some_and(|source| policy.tables.sources.by_id(source).is_none()) {
            return Err(Error::UnknownSource);
        }
        let (position, _) = folded(policy, entry)?;
        let feature = policy.tables.features.get(position);
        if feature.is_none_or(|feature| feature.holder != holder) {
            return Err(Error::ProfileHolder);
        }
    }
    Ok(())
}

/// Folds dated values that were checked into a profile.
pub(crate) fn backfill(policy: &Policy, holder: Holder, bytes: &mut [u8], dated: &[Dated]) {
    for entry in dated {
        let Ok((position, folded)) = folded(policy, entry) else { continue };
        let mut clock = Clock::new(policy, zone_of(holder, bytes), entry.zone, entry.time_ms);
        let stamp = Stamp {
            time_ms: entry.time_ms,
            source: entry.source.map_or(0, |source| source.0 as u8),
            number: entry.sequence,
            place: 0,
        };
        if !fold_value(policy, bytes, position, folded, stamp, &mut clock) {
            count_late(bytes);
        }
    }
}

/// The position of an entry's feature, and its bits if they are of the types that this folds.
fn folded(policy: &Policy, entry: &Dated) -> Result<(usize, Folded), Error> {
    let position = policy.feature_position(entry.feature).ok_or(Error::UnknownFeature)?;
    let folded = bits_of(policy, position, entry)?;
    let feature = policy.tables.features.get(position).ok_or(Error::UnknownFeature)?;
    match feature.kind {
        FeatureKind::Aggregate(kept) if !can_take(&kept, folded) => Err(Error::Total),
        _ => Ok((position, folded)),
    }
}

fn bits_of(policy: &Policy, position: usize, entry: &Dated) -> Result<Folded, Error> {
    let feature = policy.tables.features.get(position).ok_or(Error::UnknownFeature)?;
    let bits = |value: Value, ty| match value {
        // A count of different members is no enumeration itself.
        Value::Member(member) if ty == Type::Member && feature.ty != ty => Ok(member.0.into()),
        value => value.cell(ty, &feature.members)?.bits().ok_or(Error::ValueType),
    };
    let count = |value: Value| match value {
        Value::Int(count) if count >= 0 => Ok(count as u64),
        _ => Err(Error::ValueType),
    };
    let aggregate = match feature.kind {
        FeatureKind::Derived(_)
        | FeatureKind::Output { .. }
        | FeatureKind::Since { .. }
        | FeatureKind::Arm { .. } => {
            return Err(Error::UnknownFeature);
        }
        FeatureKind::Attribute { .. } | FeatureKind::Stage { .. } => {
            return alone(entry, bits(entry.value, feature.ty)?);
        }
        FeatureKind::Aggregate(aggregate) => aggregate,
    };
    let ty = aggregate.value;
    match (aggregate.fold, entry.among) {
        (Fold::Count | Fold::Active | Fold::Streak, _) => alone(entry, count(entry.value)?),
        // The time alone counts.
        (Fold::LastTime | Fold::FirstTime, _) => alone(entry, entry.time_ms as u64),
        (Fold::Mean, Some(among)) => {
            Ok(Folded { value: bits(entry.value, ty)?, among: count(among)? })
        }
        (Fold::Quantile(_), among) => {
            let among = among.map_or(Ok(1), count)?;
            Ok(Folded { value: bits(entry.value, ty)?, among })
        }
        (Fold::Share { amounts: true }, Some(among)) => {
            Ok(Folded { value: bits(entry.value, ty)?, among: bits(among, ty)? })
        }
        (Fold::Share { amounts: false }, Some(among)) => {
            Ok(Folded { value: count(entry.value)?, among: count(among)? })
        }
        (Fold::Mean | Fold::Share { .. }, None) => Err(Error::ValueType),
        _ => alone(entry, bits(entry.value, ty)?),
    }
}

/// A value that is among nothing.
fn alone(entry: &Dated, value: u64) -> Result<Folded, Error> {
    if entry.among.is_some() { Err(Error::ValueType) } else { Ok(Folded { value, among: 1 }) }
}
