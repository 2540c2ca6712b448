//! Which bucket of a window a time belongs to.

use crate::base::civil::{LocalTime, date_of_day, days_of_month};
use crate::base::limits::BILL_DAY_MAX;
use crate::expr::Cell;
use crate::policy::{BillDay, CalendarUnit, Window};

/// 1970-01-01 was a Thursday: days are counted from the Monday before, so that no local day has a
/// negative number and a week is seven of them.
pub(crate) const EPOCH_DAY: i64 = 3;

/// The number of a time's bucket, in the order of time. `local` is asked for the subscriber's
/// clock, and `attribute` for a bill day, by calendar windows only.
#[inline]
pub(super) fn bucket_number(
    window: Window,
    time_ms: i64,
    local: impl FnOnce() -> LocalTime,
    attribute: impl FnOnce(u16) -> Cell,
) -> u32 {
    let number = match window {
        Window::Lifetime => 0,
        Window::Rolling { bucket_ms: width_ms, .. }
        | Window::Decay { half_life_ms: width_ms, .. } => time_ms / width_ms.max(1),
        Window::Calendar { unit, .. } => {
            let day = local().day();
            match unit {
                CalendarUnit::Day => day + EPOCH_DAY,
                CalendarUnit::Week => (day + EPOCH_DAY).div_euclid(7),
                CalendarUnit::Month => month(day),
                CalendarUnit::Cycle(BillDay::Day(bill_day)) => cycle(day, bill_day.into()),
                CalendarUnit::Cycle(BillDay::Attribute(position)) => {
                    cycle(day, attribute(position).as_int().unwrap_or(1))
                }
            }
        }
    };
    u32::try_from(number).unwrap_or(if number < 0 { 0 } else { u32::MAX })
}

/// The number of the local day, week or month of a time, in the order of time; of a billing cycle,
/// the month in which it began if it began on the first.
pub(crate) fn period_number(unit: CalendarUnit, local: LocalTime) -> u32 {
    let window = Window::Calendar { unit, periods: 1, ago: 0 };
    bucket_number(window, 0, || local, |_| Cell::MISSING)
}

/// Months since the year 0.
fn month(day: i64) -> i64 {
    let (year, month, _) = date_of_day(day);
    12 * year + i64::from(month) - 1
}

/// The month in which the billing cycle of a day began.
fn cycle(day: i64, bill_day: i64) -> i64 {
    let (year, month, day_of_month) = date_of_day(day);
    let bill_day = bill_day.clamp(1, BILL_DAY_MAX.into()) as u32;
    let begins = bill_day.min(days_of_month(year, month));
    12 * year + i64::from(month) - 1 - i64::from(day_of_month < begins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::civil::{DAY_MS, day_of_date};

    fn number(unit: CalendarUnit, (year, month, day): (i64, u32, u32)) -> u32 {
        let window = Window::Calendar { unit, periods: 1, ago: 0 };
        let local = LocalTime::new(day_of_date(year, month, day) * DAY_MS, 0);
        bucket_number(window, 0, || local, |_| Cell::MISSING)
    }

    #[test]
    fn a_week_begins_on_monday() {
        // 2026-03-02 was a Monday, and the first week of 2021 began on 2021-01-04 (ISO 8601).
        for (sunday, monday) in [
            ((2026, 3, 1), (2026, 3, 2)),
            ((2021, 1, 3), (2021, 1, 4)),
            ((1970, 1, 4), (1970, 1, 5)),
        ] {
            let week = |date| number(CalendarUnit::Week, date);
            assert_eq!(week(sunday) + 1, week(monday));
            assert_eq!(week(monday), week((monday.0, monday.1, monday.2 + 6)));
        }
    }

    #[test]
    fn a_cycle_begins_on_the_bill_day_or_the_last_of_the_month() {
        for (bill_day, before, first) in [
            (1, (2026, 2, 28), (2026, 3, 1)),
            (15, (2026, 3, 14), (2026, 3, 15)),
            (31, (2026, 2, 27), (2026, 2, 28)),
            (31, (2028, 2, 28), (2028, 2, 29)),
            (30, (2026, 4, 29), (2026, 4, 30)),
            (31, (2026, 4, 29), (2026, 4, 30)),
            (28, (2026, 12, 27), (2026, 12, 28)),
        ] {
            let cycle = |date| number(CalendarUnit::Cycle(BillDay::Day(bill_day)), date);
            assert_eq!(cycle(before) + 1, cycle(first), "{bill_day}");
            // A month later at most the next begins.
            let (year, month, day) = first;
            let next = (year + i64::from(month / 12), month % 12 + 1, day);
            assert!(cycle(next) <= cycle(first) + 1, "{bill_day}");
        }
    }

    #[test]
    fn no_time_has_a_negative_number() {
        let dawn = LocalTime::new(1, -86_400);
        for unit in [
            CalendarUnit::Day,
            CalendarUnit::Week,
            CalendarUnit::Month,
            CalendarUnit::Cycle(BillDay::Day(31)),
        ] {
            let window = Window::Calendar { unit, periods: 1, ago: 0 };
            let at = |local| bucket_number(window, 1, || local, |_| Cell::MISSING);
            assert!(at(dawn) <= at(LocalTime::new(1, 0)));
            assert!(at(LocalTime::new(253_402_300_799_999, 86_400)) < u32::MAX);
        }
    }
}
