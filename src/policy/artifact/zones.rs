//! Time zones.

use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::encoding::encoded;
use crate::base::ids::MemberId;
use crate::base::limits::{ZONE_OFFSET_S_MAX, ZONES_MAX};
use crate::expr::Type;
use crate::policy::{FeatureKind, Holder, Zone, Zones};

encoded! {
    Zones { zones: Vec<Zone>, feature: Option<u16> }
    Zone { id: MemberId, first_offset_s: i32, transitions: Vec<(i64, i32)> }
}

use alloc::vec::Vec;

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let Zones { zones, feature } = &check.tables.zones;
    ensure(zones.len() <= ZONES_MAX, "too many zones")?;
    for zone in zones {
        let sane = |offset_s: i32| offset_s.unsigned_abs() <= ZONE_OFFSET_S_MAX;
        let offsets = zone.transitions.iter().all(|(_, offset_s)| sane(*offset_s));
        ensure(offsets && sane(zone.first_offset_s), "an offset of more than a day")?;
        let ascending = zone.transitions.is_sorted_by(|(a, _), (b, _)| a < b);
        ensure(ascending, "transitions of a zone are not ascending")?;
    }
    let Some(position) = *feature else { return Ok(()) };
    let feature = check.tables.features.get(usize::from(position));
    let tells = feature.is_some_and(|feature| {
        feature.ty == Type::Member && matches!(feature.kind, FeatureKind::Attribute { .. })
    });
    ensure(tells, "the zone attribute is not an attribute of an enumeration")?;
    let own = feature.is_some_and(|feature| feature.holder == Holder::Line);
    ensure(own, "the zone attribute is an account's")
}
