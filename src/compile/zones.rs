//! Zone transition tables out of the database that the library was built with.

use std::format;
use std::string::String;
use std::vec::Vec;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::diagnostic::{Code, did_you_mean};
use super::source::Item;
use crate::base::ids::MemberId;
use crate::policy::Zone;

/// The end of the tables: 2100-01-01T00:00:00Z. The last offset stays in force after it.
const END_MS: i64 = 4_102_444_800_000;

/// The zone of a name, if the database has it.
pub(super) fn by_name(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The transitions of the zone that an item names, from 1970 on.
pub(super) fn zone(item: &Item<'_>, id: MemberId) -> Option<Zone> {
    let name = item.text()?;
    let database = TimeZoneDatabase::bundled();
    match database.get(name) {
        // The database is not particular about case; a policy is.
        Ok(found) if found.iana_name() == Some(name) => Some(table(&found, id)),
        _ => {
            let known: Vec<_> =
                database.available().map(|known| String::from(known.as_str())).collect();
            let help = did_you_mean(name, known.iter().map(String::as_str));
            item.error(Code::UnknownName, format!("no time zone is called `{name}`"), help);
            None
        }
    }
}

fn table(zone: &TimeZone, id: MemberId) -> Zone {
    let first_offset_s = zone.to_offset(Timestamp::UNIX_EPOCH).seconds();
    let mut transitions: Vec<(i64, i32)> = Vec::new();
    for transition in zone.following(Timestamp::UNIX_EPOCH) {
        let (from_ms, offset_s) =
            (transition.timestamp().as_millisecond(), transition.offset().seconds());
        if from_ms >= END_MS {
            break;
        }
        // Some transitions only rename the offset.
        if transitions.last().map_or(first_offset_s, |(_, last)| *last) != offset_s {
            transitions.push((from_ms, offset_s));
        }
    }
    Zone { id, first_offset_s, transitions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone_of(name: &str) -> Zone {
        table(&TimeZoneDatabase::bundled().get(name).unwrap(), MemberId(1))
    }

    #[test]
    fn offsets_across_the_years() {
        let ms = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        for (name, at, hours) in [
            ("America/New_York", "1970-01-01T00:00:00Z", -5),
            // 2026: summer time begins 8 March at 07:00Z, ends 1 November at 06:00Z.
            ("America/New_York", "2026-03-08T06:59:59Z", -5),
            ("America/New_York", "2026-03-08T07:00:00Z", -4),
            ("America/New_York", "2026-11-01T06:00:00Z", -5),
            ("America/New_York", "2099-07-01T00:00:00Z", -4),
            ("America/Phoenix", "2026-07-01T00:00:00Z", -7),
            ("Pacific/Honolulu", "2026-07-01T00:00:00Z", -10),
            ("America/Anchorage", "2026-07-01T00:00:00Z", -8),
        ] {
            assert_eq!(zone_of(name).offset_s(ms(at)), hours * 3_600, "{name} {at}");
        }
    }
}
