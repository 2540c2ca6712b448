//! The month before the day, as a warehouse extract would hold it.
//!
//! The days are generated and charged exactly as the day of the example is, and
//! then only their totals are kept. The balance at the start of the day is what
//! that month of charging left.

use super::event::{App, Event};
use super::ocs::{Account, Rated};
use super::population::Subscriber;
use super::rhythm::DAY_MS;
use super::traffic;

/// Served use and recharges of one local calendar day. Refused use is not in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DailyTotals {
    /// Midnight UTC of the date.
    pub day_start_ms: i64,
    /// National calls only, with their minutes and charge.
    pub calls: u32,
    pub call_minutes: f64,
    pub call_micros: i64,
    pub international_calls: u32,
    pub international_minutes: f64,
    pub international_micros: i64,
    pub sms_micros: i64,
    pub data_megabytes: f64,
    pub video_megabytes: f64,
    pub data_micros: i64,
    pub recharges: u32,
    pub recharge_micros: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Oldest first, one entry per day, idle days included. A subscriber who
    /// joined later than the first day has fewer.
    pub days: Vec<DailyTotals>,
    /// UTC. For a subscriber who never recharged since he joined, the start of
    /// his first day: a SIM is sold with its first recharge.
    pub last_recharge_ms: i64,
    /// The account at the start of the day.
    pub account: Account,
}

/// The `days` before the day that starts at `day_start_ms` (midnight UTC).
pub fn history(subscriber: &Subscriber, day_start_ms: i64, days: u32) -> History {
    let joined_ms = day_start_ms - i64::from(subscriber.tenure_days) * DAY_MS;
    let first_ms = joined_ms.max(day_start_ms - i64::from(days) * DAY_MS);
    let mut account = Account::opening(subscriber, first_ms);
    let totals = (first_ms..day_start_ms)
        .step_by(DAY_MS as usize)
        .map(|start_ms| totals_of(subscriber, start_ms, &mut account))
        .collect();
    let (recharge_day_ms, _) = subscriber.rhythm.last_before(day_start_ms);
    let last_recharge_ms = if recharge_day_ms < joined_ms {
        joined_ms
    } else {
        traffic::recharge_time_ms(subscriber, recharge_day_ms)
    };
    History { days: totals, last_recharge_ms, account }
}

fn totals_of(subscriber: &Subscriber, day_start_ms: i64, account: &mut Account) -> DailyTotals {
    let mut totals = DailyTotals { day_start_ms, ..DailyTotals::default() };
    for usage in traffic::day(subscriber, day_start_ms) {
        match account.rate(&usage.event) {
            Rated::Refused { .. } => {}
            _ => totals.add(&usage.event),
        }
    }
    totals
}

impl DailyTotals {
    /// What all served use cost.
    pub fn spent_micros(&self) -> i64 {
        self.call_micros + self.international_micros + self.sms_micros + self.data_micros
    }

    fn add(&mut self, event: &Event) {
        match *event {
            Event::Call { minutes, charge_micros, international: true } => {
                self.international_calls += 1;
                self.international_minutes += minutes;
                self.international_micros += charge_micros;
            }
            Event::Call { minutes, charge_micros, international: false } => {
                self.calls += 1;
                self.call_minutes += minutes;
                self.call_micros += charge_micros;
            }
            Event::Sms { charge_micros } => {
                self.sms_micros += charge_micros;
            }
            Event::Data { megabytes, app, charge_micros } => {
                self.data_megabytes += megabytes;
                if app == App::Video {
                    self.video_megabytes += megabytes;
                }
                self.data_micros += charge_micros;
            }
            Event::RechargeIntent { amount_micros } => {
                self.recharges += 1;
                self.recharge_micros += amount_micros;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::population::population;
    use super::super::rhythm::day_number;
    use super::*;

    const DAY: i64 = day_number(2026, 3, 3) * DAY_MS;

    #[test]
    fn days_are_in_time_order_and_repeat() {
        let subscribers = population(11, 1);
        assert_eq!(subscribers, population(11, 1));
        for subscriber in subscribers.iter().step_by(50) {
            let day = traffic::day(subscriber, DAY);
            assert!(day.is_sorted_by_key(|usage| usage.at_ms));
            assert_eq!(day, traffic::day(subscriber, DAY));
            assert_eq!(history(subscriber, DAY, 30), history(subscriber, DAY, 30));
        }
    }

    #[test]
    fn keys_are_unique() {
        let mut keys: Vec<String> = population(11, 2).into_iter().map(|s| s.key).collect();
        keys.sort();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn money_is_neither_made_nor_lost() {
        for subscriber in population(11, 1).iter().step_by(50) {
            let history = history(subscriber, DAY, 30);
            let opening = Account::opening(subscriber, history.days[0].day_start_ms);
            let moved: i64 =
                history.days.iter().map(|day| day.recharge_micros - day.spent_micros()).sum();
            assert_eq!(opening.balance_micros + moved, history.account.balance_micros);
            if let Some(last) = history.days.iter().rev().find(|day| day.recharges > 0) {
                // Local time runs behind UTC here, so a late recharge may be dated a day on.
                let since_ms = history.last_recharge_ms - last.day_start_ms;
                assert!((0..2 * DAY_MS).contains(&since_ms));
            }
        }
    }
}
