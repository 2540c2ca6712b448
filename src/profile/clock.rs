//! A time and the clock of the zone that was in force then.

use crate::base::civil::LocalTime;
use crate::policy::Zone;

/// When something happened or is asked; its place on the local clock is looked up once, if at all.
#[derive(Debug)]
pub(super) struct Clock<'p> {
    pub(super) zone: Option<&'p Zone>,
    pub(super) time_ms: i64,
    local: Option<LocalTime>,
}

impl<'p> Clock<'p> {
    pub(super) fn new(zone: Option<&'p Zone>, time_ms: i64) -> Clock<'p> {
        Clock { zone, time_ms, local: None }
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
        LocalTime::new(utc_ms, self.zone.map_or(0, |zone| zone.offset_s(utc_ms)))
    }
}
