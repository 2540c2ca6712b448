//! A time and the clock of the zone that was in force then.

use super::features::read_attribute;
use crate::base::civil::LocalTime;
use crate::base::ids::MemberId;
use crate::policy::{Policy, Zone, Zones};

/// When something happened or is asked. Its zone and its place on the local clock are looked up
/// once, if at all: most folds and rules do not ask.
#[derive(Debug)]
pub(super) struct Clock<'p> {
    zones: &'p Zones,
    /// The zone of an event that has one of its own: it goes first, if the policy has it.
    pub(super) own: Option<MemberId>,
    /// The zone of the message or of the subscriber.
    given: Option<MemberId>,
    pub(super) time_ms: i64,
    local: Option<LocalTime>,
}

impl<'p> Clock<'p> {
    /// The clock of the subscriber, as the profile says it of that time, unless a zone is given.
    pub(super) fn new(
        policy: &'p Policy,
        bytes: &[u8],
        given: Option<MemberId>,
        time_ms: i64,
    ) -> Clock<'p> {
        let zones = &policy.tables.zones;
        let of_profile = || {
            let bits = read_attribute(policy, bytes, zones.feature?, time_ms).bits()?;
            Some(MemberId(bits as u32))
        };
        Clock { zones, own: None, given: given.or_else(of_profile), time_ms, local: None }
    }

    /// Another time in the same zone.
    pub(super) fn moved_to(&self, time_ms: i64) -> Clock<'p> {
        Clock { time_ms, local: None, ..*self }
    }

    /// The time itself on the local clock.
    pub(super) fn local(&mut self) -> LocalTime {
        match self.local {
            Some(local) => local,
            None => *self.local.insert(self.at(self.time_ms)),
        }
    }

    /// Another time on the clock of the same zone.
    pub(super) fn at(&self, utc_ms: i64) -> LocalTime {
        LocalTime::new(utc_ms, self.zone().map_or(0, |zone| zone.offset_s(utc_ms)))
    }

    fn zone(&self) -> Option<&'p Zone> {
        let own = self.own.and_then(|id| self.zones.by_id(id));
        own.or_else(|| self.zones.in_force(self.given))
    }
}
