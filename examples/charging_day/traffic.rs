//! One day of one subscriber: what a charging system and its neighbours report.
//!
//! Everything here is organic: it happens whether or not anybody is offered
//! anything, and is drawn from the subscriber's own stream and the date alone.
//! Control and treatment therefore live through the same day.

use super::event::{App, Event, Page, Usage};
use super::local_time::{
    ALL_HOURS, DAY_HOURS, EVENING_HOURS, HOUR_MS, MINUTE_MS, NIGHT_HOURS, OPEN_HOURS, moment_ms,
};
use super::population::{CallRate, Device, Subscriber};
use super::rhythm::DAY_MS;
use super::rng::Rng;

/// Bounds of a day's activity against the subscriber's average. A subscriber
/// paces his use so that a recharge lasts until the next: someone short of money
/// talks less, and someone who has just recharged a lot does not talk all day.
pub const ACTIVITY_MIN: f64 = 0.1;
pub const ACTIVITY_MAX: f64 = 6.0;

/// Share of data sessions, mean megabytes and mean minutes by app; the mix has
/// the mean size `population::MEGABYTES_PER_SESSION`.
const APPS: [(App, f64, f64, f64); 4] = [
    (App::Video, 0.25, 60.0, 18.0),
    (App::Social, 0.35, 15.0, 8.0),
    (App::Web, 0.25, 8.0, 5.0),
    (App::Messaging, 0.15, 1.0, 3.0),
];
/// Standard deviation of the logarithm of a session's megabytes.
const MEGABYTES_SIGMA: f64 = 0.8;

/// Share of subscribers who arrive abroad on a given day, and of those the
/// share who are back the same day.
pub const DEPARTURES_PER_DAY: f64 = 0.012;
pub const SAME_DAY_RETURN_SHARE: f64 = 0.25;
/// Share who come home on a given day from a journey begun before it.
pub const RETURNS_PER_DAY: f64 = 0.009;
const COUNTRIES: [(&str, f64); 5] =
    [("MX", 0.45), ("CA", 0.30), ("DO", 0.10), ("GB", 0.10), ("JP", 0.05)];

/// Share of recharges whose first attempt fails; of the failed, the share that
/// fails once more; and the most failures before it works.
pub const RECHARGE_FAILS_SHARE: f64 = 0.06;
pub const RECHARGE_FAILS_AGAIN_SHARE: f64 = 0.4;
pub const RECHARGE_FAILURES_MAX: u32 = 3;
/// Pause between a failed attempt and the next one.
const RETRY_MS: std::ops::Range<i64> = 2 * MINUTE_MS..12 * MINUTE_MS;

pub const DISPUTES_PER_DAY: f64 = 0.004;
pub const DISPUTE_SAME_DAY_SHARE: f64 = 0.30;
const DISPUTE_OPEN_HOURS_MAX: i64 = 6;

/// Sentiment falls with every care call a month: a first call is a question, a
/// fifth is a complaint.
const SENTIMENT_BASE: f64 = 0.25;
const SENTIMENT_PER_CARE_CALL: f64 = -0.15;
const SENTIMENT_SIGMA: f64 = 0.35;

/// App visits of a subscriber who has the app.
pub const APP_VISITS_PER_DAY: f64 = 0.5;
const PAGES: [(Page, f64); 3] = [(Page::Usage, 0.60), (Page::Bill, 0.22), (Page::Offers, 0.18)];

/// The streams of a subscriber's day, each with draws of its own.
const STREAM_DAY: u64 = 1;
const STREAM_RECHARGE: u64 = 2;

/// All that happens to a subscriber on his local calendar day, in time order.
///
/// `day_start_ms` is midnight UTC of the date. The subscriber's day starts at
/// his own midnight, so a day in New York covers 05:00 UTC to 05:00 UTC; a
/// session begun before midnight may end shortly after it. Sessions of one
/// subscriber may overlap.
pub fn day(subscriber: &Subscriber, day_start_ms: i64) -> Vec<Usage> {
    let key = [STREAM_DAY, (day_start_ms / DAY_MS) as u64];
    let mut day = Day {
        rng: Rng::keyed(subscriber.seed, &key),
        midnight_ms: subscriber.zone.midnight_ms(day_start_ms),
        events: Vec::with_capacity(32),
    };
    let pace = subscriber.rhythm.pace(day_start_ms);
    let rates = subscriber.rates.used_by(pace.clamp(ACTIVITY_MIN, ACTIVITY_MAX));
    day.calls(&rates.day, &DAY_HOURS, false);
    day.calls(&rates.evening, &EVENING_HOURS, false);
    day.calls(&rates.night, &NIGHT_HOURS, false);
    day.calls(&rates.international, &ALL_HOURS, true);
    day.messages(rates.sms_per_day, rates.micros_per_sms);
    day.data(rates.data_sessions_per_day, rates.micros_per_megabyte);
    day.travel();
    day.dispute();
    day.care(subscriber.care_calls_per_month);
    if subscriber.device == Device::Smartphone && subscriber.consents.app {
        day.app_visits();
    }
    if let Some(amount_micros) = subscriber.rhythm.recharge_on(day_start_ms) {
        day.recharge(recharge_time_ms(subscriber, day_start_ms), amount_micros);
    }
    day.events.sort_by_key(|usage| usage.at_ms);
    day.events
}

/// When on the given day the subscriber recharges, if it is a day of his rhythm.
pub fn recharge_time_ms(subscriber: &Subscriber, day_start_ms: i64) -> i64 {
    let key = [STREAM_RECHARGE, (day_start_ms / DAY_MS) as u64];
    let mut rng = Rng::keyed(subscriber.seed, &key);
    subscriber.zone.midnight_ms(day_start_ms) + moment_ms(&mut rng, &OPEN_HOURS)
}

struct Day {
    rng: Rng,
    midnight_ms: i64,
    events: Vec<Usage>,
}

impl Day {
    fn moment(&mut self, hours: &[usize]) -> i64 {
        self.midnight_ms + moment_ms(&mut self.rng, hours)
    }

    fn push(&mut self, at_ms: i64, event: Event) {
        self.events.push(Usage { at_ms, event });
    }

    /// Call lengths are exponential, as in Erlang's traffic theory.
    fn calls(&mut self, rate: &CallRate, hours: &[usize], international: bool) {
        for _ in 0..self.rng.poisson(rate.calls_per_day) {
            let begin_ms = self.moment(hours);
            let minutes = self.rng.exponential(rate.minutes_per_call);
            let charge_micros = (minutes * rate.micros_per_minute) as i64;
            let end_ms = begin_ms + (minutes * MINUTE_MS as f64) as i64;
            self.push(end_ms, Event::Call { minutes, charge_micros, international });
        }
    }

    fn messages(&mut self, per_day: f64, micros: f64) {
        for _ in 0..self.rng.poisson(per_day) {
            let at_ms = self.moment(&ALL_HOURS);
            self.push(at_ms, Event::Sms { charge_micros: micros as i64 });
        }
    }

    fn data(&mut self, sessions_per_day: f64, micros_per_megabyte: f64) {
        for _ in 0..self.rng.poisson(sessions_per_day) {
            let begin_ms = self.moment(&ALL_HOURS);
            let (app, _, mean_megabytes, mean_minutes) = self.rng.weighted(&APPS, |app| app.1);
            let megabytes = self.rng.lognormal(mean_megabytes, MEGABYTES_SIGMA);
            let length_ms = (self.rng.exponential(mean_minutes) * MINUTE_MS as f64) as i64;
            let charge_micros = (megabytes * micros_per_megabyte) as i64;
            self.push(begin_ms + length_ms, Event::Data { megabytes, app, charge_micros });
        }
    }

    fn travel(&mut self) {
        if self.rng.chance(DEPARTURES_PER_DAY) {
            let arrival_ms = self.moment(&OPEN_HOURS);
            let country = self.rng.weighted(&COUNTRIES, |country| country.1).0;
            self.push(arrival_ms, Event::RoamingAttach { country });
            if self.rng.chance(SAME_DAY_RETURN_SHARE) {
                let end_ms = self.midnight_ms + DAY_MS;
                let home_ms = self.rng.between(arrival_ms + HOUR_MS, end_ms);
                self.push(home_ms, Event::HomeAttach);
            }
        } else if self.rng.chance(RETURNS_PER_DAY) {
            let home_ms = self.moment(&OPEN_HOURS);
            self.push(home_ms, Event::HomeAttach);
        }
    }

    fn dispute(&mut self) {
        if self.rng.chance(DISPUTES_PER_DAY) {
            let opened_ms = self.moment(&OPEN_HOURS);
            self.push(opened_ms, Event::DisputeOpened);
            if self.rng.chance(DISPUTE_SAME_DAY_SHARE) {
                let latest_ms = opened_ms + DISPUTE_OPEN_HOURS_MAX * HOUR_MS;
                let end_ms = latest_ms.min(self.midnight_ms + DAY_MS);
                let resolved_ms = self.rng.between(opened_ms + MINUTE_MS, end_ms);
                self.push(resolved_ms, Event::DisputeResolved);
            }
        }
    }

    fn care(&mut self, calls_per_month: u32) {
        let calls_per_month = f64::from(calls_per_month);
        for _ in 0..self.rng.poisson(calls_per_month / super::population::MONTH_DAYS) {
            let at_ms = self.moment(&OPEN_HOURS);
            let mean = SENTIMENT_BASE + SENTIMENT_PER_CARE_CALL * calls_per_month;
            let sentiment = (mean + SENTIMENT_SIGMA * self.rng.normal()).clamp(-1.0, 1.0);
            self.push(at_ms, Event::CareContact { sentiment });
        }
    }

    fn app_visits(&mut self) {
        for _ in 0..self.rng.poisson(APP_VISITS_PER_DAY) {
            let at_ms = self.moment(&ALL_HOURS);
            let page = self.rng.weighted(&PAGES, |page| page.1).0;
            self.push(at_ms, Event::AppBrowse { page });
        }
    }

    /// The recharge, and before it the attempts that failed.
    fn recharge(&mut self, at_ms: i64, amount_micros: i64) {
        self.push(at_ms, Event::RechargeIntent { amount_micros });
        let mut failed_ms = at_ms;
        let mut again = RECHARGE_FAILS_SHARE;
        for _ in 0..RECHARGE_FAILURES_MAX {
            if !self.rng.chance(again) {
                break;
            }
            again = RECHARGE_FAILS_AGAIN_SHARE;
            failed_ms -= self.rng.between(RETRY_MS.start, RETRY_MS.end);
            self.push(failed_ms, Event::RechargeFailed { amount_micros });
        }
    }
}
