//! The civil calendar (proleptic Gregorian) over milliseconds since the Unix epoch.

/// Milliseconds of one day.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Milliseconds of one hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of one minute.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// Year, month (1 to 12) and day (1 to 31) of the day with this number since 1970-01-01.
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
pub(crate) fn date_of_day(day: i64) -> (i64, u32, u32) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day_of_month as u32)
}

/// The number since 1970-01-01 of a day, given as year, month (1 to 12) and day (1 to 31).
///
/// Source: as above, `days_from_civil`.
pub(crate) fn day_of_date(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Days of a month (1 to 12) of a year.
pub(crate) fn days_of_month(year: i64, month: u32) -> u32 {
    let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    (day_of_date(next_year, next, 1) - day_of_date(year, month, 1)) as u32
}

/// A moment on a subscriber's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// Milliseconds since 1970-01-01T00:00 on the local clock.
    local_ms: i64,
}

impl LocalTime {
    /// `offset_s`: seconds east of UTC in force at `utc_ms`.
    pub(crate) fn new(utc_ms: i64, offset_s: i32) -> Self {
        LocalTime { local_ms: utc_ms.saturating_add(i64::from(offset_s) * 1_000) }
    }

    /// Milliseconds that this clock is ahead of UTC, which shows `utc_ms`.
    pub(crate) fn ahead_ms(self, utc_ms: i64) -> i64 {
        self.local_ms.saturating_sub(utc_ms)
    }

    /// Days since 1970-01-01.
    pub(crate) fn day(self) -> i64 {
        self.local_ms.div_euclid(DAY_MS)
    }

    /// Milliseconds since local midnight.
    pub(crate) fn ms_of_day(self) -> i64 {
        self.local_ms.rem_euclid(DAY_MS)
    }

    /// 0 to 23.
    pub(crate) fn hour(self) -> i64 {
        self.ms_of_day() / HOUR_MS
    }

    /// 0 to 59.
    pub(crate) fn minute(self) -> i64 {
        self.ms_of_day() / MINUTE_MS % 60
    }

    /// 0 (Sunday) to 6, as CEL's `getDayOfWeek`.
    pub(crate) fn day_of_week(self) -> i64 {
        (self.day() + 4).rem_euclid(7)
    }

    /// 0 to 30, as CEL's `getDayOfMonth`.
    pub(crate) fn day_of_month(self) -> i64 {
        i64::from(date_of_day(self.day()).2) - 1
    }

    /// 0 (January) to 11, as CEL's `getMonth`.
    pub(crate) fn month(self) -> i64 {
        i64::from(date_of_day(self.day()).1) - 1
    }

    /// The year.
    pub(crate) fn year(self) -> i64 {
        date_of_day(self.day()).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        for (day, date) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (20_515, (2026, 3, 3)),
            (2_932_896, (9999, 12, 31)),
        ] {
            assert_eq!(date_of_day(day), date);
            assert_eq!(day_of_date(date.0, date.1, date.2), day);
        }
    }

    #[test]
    fn months_have_their_days() {
        let lengths = |year| (1..=12).map(|month| days_of_month(year, month)).sum::<u32>();
        assert_eq!([1900, 2000, 2026, 2028].map(lengths), [365, 366, 365, 366]);
        assert_eq!([1, 2, 4, 12].map(|month| days_of_month(2026, month)), [31, 28, 30, 31]);
    }

    #[test]
    fn local_clock() {
        // 2026-03-03T02:30Z is the evening of Monday the 2nd in New York (UTC-5).
        let utc_ms = 20_515 * DAY_MS + 150 * MINUTE_MS;
        let local = LocalTime::new(utc_ms, -5 * 3_600);
        assert_eq!((local.hour(), local.minute()), (21, 30));
        assert_eq!((local.day_of_week(), local.day_of_month(), local.month()), (1, 1, 2));
        assert_eq!(local.year(), 2026);
    }
}
