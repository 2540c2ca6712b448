//! History and outside data: what a warehouse knows already.

use super::fold::fold_value;
use super::message::{Value, check_time};
use crate::base::ids::FeatureId;
use crate::error::Error;
use crate::expr::{Cell, Type};
use crate::policy::{FeatureKind, Fold, Policy};

/// A dated value for one feature.
///
/// For an attribute: its value, as of that time (an older one does not replace a newer). For an
/// aggregate: what its events of one bucket come to, at any time within the bucket: how many for
/// a count (an integer), their sum, least, greatest or last value; for a last time, the time
/// alone counts. For the stage of a lifecycle: the stage, and since when. Backfilling a day's total equals having seen the day's events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dated<'a> {
    /// Which feature.
    pub feature: FeatureId,
    /// As of when, in milliseconds since the Unix epoch; not after the call's `now`.
    pub time_ms: i64,
    /// The value, of the feature's type.
    pub value: Value<'a>,
}

/// Folds dated values into scratch bytes. An error leaves scratch half done.
pub(crate) fn backfill(
    policy: &Policy,
    bytes: &mut [u8],
    dated: &[Dated],
    now_ms: i64,
) -> Result<(), Error> {
    for entry in dated {
        check_time(entry.time_ms)?;
        if entry.time_ms > now_ms {
            return Err(Error::Time);
        }
        let position = policy.feature_position(entry.feature).ok_or(Error::UnknownFeature)?;
        let cell = cell(policy, position, entry)?;
        fold_value(policy, bytes, position, cell, entry.time_ms);
    }
    Ok(())
}

fn cell(policy: &Policy, position: usize, entry: &Dated) -> Result<Cell, Error> {
    let feature = policy.tables.features.get(position).ok_or(Error::UnknownFeature)?;
    match feature.kind {
        FeatureKind::Derived(_) | FeatureKind::Output { .. } | FeatureKind::Since { .. } => {
            Err(Error::UnknownFeature)
        }
        FeatureKind::Aggregate { fold: Fold::Count, .. } => match entry.value {
            Value::Int(count) if count >= 0 => Ok(Cell::int(count)),
            _ => Err(Error::ValueType),
        },
        FeatureKind::Aggregate { fold: Fold::LastTime, .. } => {
            entry.value.cell(Type::Timestamp, &[])
        }
        _ => entry.value.cell(feature.ty, &feature.members),
    }
}
