//! Local time: the zones of the population, and when in a day things happen.

use super::rng::Rng;

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Share of a day's activity that begins in each local hour, in parts per 100.
pub const HOUR_WEIGHTS: [f64; 24] = [
    0.8, 0.4, 0.2, 0.2, 0.3, 0.8, 2.0, 3.5, 4.8, 5.3, 5.5, 5.7, 6.2, 6.0, 5.6, 5.7, 6.0, 6.6, 7.2,
    7.5, 7.4, 6.2, 4.0, 2.1,
];
/// The bands of the call totals. The data set does not define them; these are
/// the customary ones of the period.
pub const DAY_HOURS: [usize; 10] = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
pub const EVENING_HOURS: [usize; 4] = [17, 18, 19, 20];
pub const NIGHT_HOURS: [usize; 10] = [21, 22, 23, 0, 1, 2, 3, 4, 5, 6];
pub const ALL_HOURS: [usize; 24] = {
    let mut hours = [0; 24];
    let mut hour = 0;
    while hour < 24 {
        hours[hour] = hour;
        hour += 1;
    }
    hours
};
/// Shops, care lines and airports are not for the small hours.
pub const OPEN_HOURS: [usize; 14] = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Zone {
    /// IANA name.
    pub name: &'static str,
    /// Offset from UTC on the day of the example, which has no daylight saving.
    pub utc_offset_hours: i64,
}

impl Zone {
    /// The zone in which most people of a state live; states that span two zones
    /// are given one.
    pub fn of_state(state: &str) -> Self {
        let (name, utc_offset_hours) = match state {
            "AK" => ("America/Anchorage", -9),
            "HI" => ("Pacific/Honolulu", -10),
            "AZ" => ("America/Phoenix", -7),
            "CA" | "NV" | "OR" | "WA" => ("America/Los_Angeles", -8),
            "CO" | "ID" | "MT" | "NM" | "UT" | "WY" => ("America/Denver", -7),
            "AL" | "AR" | "IA" | "IL" | "KS" | "LA" | "MN" | "MO" | "MS" | "ND" | "NE" | "OK"
            | "SD" | "TN" | "TX" | "WI" => ("America/Chicago", -6),
            _ => ("America/New_York", -5),
        };
        Self { name, utc_offset_hours }
    }

    /// When, in UTC, the date that starts at `day_start_ms` in UTC starts here.
    pub fn midnight_ms(&self, day_start_ms: i64) -> i64 {
        day_start_ms - self.utc_offset_hours * HOUR_MS
    }
}

/// A moment within the given local hours, in milliseconds since midnight.
pub fn moment_ms(rng: &mut Rng, hours: &[usize]) -> i64 {
    let hour = rng.weighted(hours, |hour| HOUR_WEIGHTS[hour]);
    hour as i64 * HOUR_MS + rng.between(0, HOUR_MS)
}
