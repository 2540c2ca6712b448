//! Time zones as the compiler wrote them down: tables of transitions, so that an update of the
//! host's zone database cannot change a decision.

use alloc::vec::Vec;

use crate::base::ids::MemberId;

/// The zones of a policy. The first is the default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Zones {
    pub(crate) zones: Vec<Zone>,
    /// Position of the attribute that says which zone a subscriber lives in.
    pub(crate) feature: Option<u16>,
}

/// One zone: the offset before the first transition, then who takes over when.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    /// The permanent id of its name, a member of the zone attribute's enumeration.
    pub(crate) id: MemberId,
    /// Seconds east of UTC before the first transition.
    pub(crate) first_offset_s: i32,
    /// (UTC milliseconds, seconds east of UTC from then on), ascending.
    pub(crate) transitions: Vec<(i64, i32)>,
}

impl Zone {
    /// Seconds east of UTC in force at this instant. O(log transitions).
    pub(crate) fn offset_s(&self, utc_ms: i64) -> i32 {
        let after = self.transitions.partition_point(|(from_ms, _)| *from_ms <= utc_ms);
        after
            .checked_sub(1)
            .and_then(|last| self.transitions.get(last))
            .map_or(self.first_offset_s, |(_, offset_s)| *offset_s)
    }
}

impl Zones {
    /// The zone with this id, or else the default.
    pub(crate) fn in_force(&self, id: Option<MemberId>) -> Option<&Zone> {
        id.and_then(|id| self.by_id(id)).or_else(|| self.zones.first())
    }

    /// The zone with this id.
    pub(crate) fn by_id(&self, id: MemberId) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions_take_over_at_their_instant() {
        let zone = Zone {
            id: MemberId(1),
            first_offset_s: 3_600,
            transitions: alloc::vec![(100, 7_200), (200, 3_600)],
        };
        for (utc_ms, offset_s) in
            [(0, 3_600), (99, 3_600), (100, 7_200), (199, 7_200), (200, 3_600)]
        {
            assert_eq!(zone.offset_s(utc_ms), offset_s);
        }
    }
}
