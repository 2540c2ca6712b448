//! What the operator knows before the day, as a warehouse extract would bring it: attributes,
//! totals of each day for every window, and the last of what has a last.

use opportune::{Dated, FeatureId, MemberId, Policy, Value};

use super::history::{DailyTotals, History};
use super::inputs::id;
use super::local_time::{HOUR_MS, HOUR_WEIGHTS};
use super::population::{Device, Language, Subscriber};
use super::rhythm::DAY_MS;

/// Days of history: as many as the policy's longest window.
pub const HISTORY_DAYS: u32 = 30;

/// The care desk counts over 90 days, the data set over a month.
const CARE_MONTHS: u32 = 3;

/// A day's total of what a feature counts or sums.
#[derive(Clone, Copy, Debug)]
enum Total {
    Count(u32),
    Money(i64),
    /// Minutes or megabytes.
    Amount(f64),
}

type Of = fn(&DailyTotals) -> Total;

/// The policy's windows, their lengths in days, and what is in them.
const WINDOWS: [(&str, usize, Of); 11] = [
    ("spend_24h", 1, |day| Total::Money(day.spent_micros())),
    ("spend_7d", 7, |day| Total::Money(day.spent_micros())),
    ("calls_7d", 7, |day| Total::Count(day.calls + day.international_calls)),
    ("minutes_7d", 7, |day| Total::Amount(day.call_minutes + day.international_minutes)),
    ("intl_calls_30d", 30, |day| Total::Count(day.international_calls)),
    ("data_mb_24h", 1, |day| Total::Amount(day.data_megabytes)),
    ("data_mb_7d", 7, |day| Total::Amount(day.data_megabytes)),
    ("video_mb_7d", 7, |day| Total::Amount(day.video_megabytes)),
    ("recharges_30d", 30, |day| Total::Count(day.recharges)),
    ("recharged_30d", 30, |day| Total::Money(day.recharge_micros)),
    ("recharged_24h", 1, |day| Total::Money(day.recharge_micros)),
];

#[derive(Clone, Debug)]
pub struct Backfill {
    home_zone: FeatureId,
    language: (FeatureId, MemberId, MemberId),
    device: (FeatureId, MemberId, MemberId),
    international_plan: FeatureId,
    tenure_days: FeatureId,
    consents: [FeatureId; 3],
    care_calls: FeatureId,
    balance: FeatureId,
    last_recharge: FeatureId,
    windows: Vec<(FeatureId, usize, Of)>,
}

impl Backfill {
    pub fn resolve(policy: &Policy) -> Result<Self, String> {
        let feature = |name: &str| id::<FeatureId>(policy, name);
        let member = |name: &str| id::<MemberId>(policy, name);
        let windows = WINDOWS.iter().map(|&(name, days, of)| Ok((feature(name)?, days, of)));
        Ok(Self {
            home_zone: feature("home_zone")?,
            language: (feature("language")?, member("language.en")?, member("language.es")?),
            device: (
                feature("device")?,
                member("device.smartphone")?,
                member("device.feature_phone")?,
            ),
            international_plan: feature("international_plan")?,
            tenure_days: feature("tenure_days")?,
            consents: [feature("consent_sms")?, feature("consent_app")?, feature("consent_email")?],
            care_calls: feature("care_calls")?,
            balance: feature("balance")?,
            last_recharge: feature("last_recharge")?,
            windows: windows.collect::<Result<Vec<_>, String>>()?,
        })
    }

    /// All that is known of a subscriber when his day starts.
    pub fn dated(
        &self,
        policy: &Policy,
        subscriber: &Subscriber,
        history: &History,
        day_start_ms: i64,
    ) -> Result<Vec<Dated<'static>>, String> {
        let time_ms = subscriber.zone.midnight_ms(day_start_ms);
        let mut known = self.attributes(policy, subscriber, time_ms)?;
        let balance = Value::Money(history.account.balance_micros);
        known.push(Dated::new(self.balance, time_ms, balance));
        known.push(Dated::new(
            self.last_recharge,
            history.last_recharge_ms,
            Value::Timestamp(history.last_recharge_ms),
        ));
        for &(feature, days, of) in &self.windows {
            let recent = history.days.len().saturating_sub(days);
            for day in &history.days[recent..] {
                let midnight_ms = subscriber.zone.midnight_ms(day.day_start_ms);
                let yesterday = day.day_start_ms + DAY_MS == day_start_ms;
                place(&mut known, feature, of(day), midnight_ms, yesterday);
            }
        }
        Ok(known)
    }

    fn attributes(
        &self,
        policy: &Policy,
        subscriber: &Subscriber,
        time_ms: i64,
    ) -> Result<Vec<Dated<'static>>, String> {
        let zone = id(policy, &format!("home_zone.{}", subscriber.zone.name))?;
        let (language, english, spanish) = self.language;
        let spoken = if subscriber.language == Language::English { english } else { spanish };
        let (device, smartphone, feature_phone) = self.device;
        let smart = subscriber.device == Device::Smartphone;
        let carried = if smart { smartphone } else { feature_phone };
        let [sms, app, email] = self.consents;
        let care_calls = CARE_MONTHS * subscriber.care_calls_per_month;
        let values = [
            (self.home_zone, Value::Member(zone)),
            (language, Value::Member(spoken)),
            (device, Value::Member(carried)),
            (self.international_plan, Value::Bool(subscriber.international_plan)),
            (self.tenure_days, Value::Int(i64::from(subscriber.tenure_days))),
            (sms, Value::Bool(subscriber.consents.sms)),
            (app, Value::Bool(subscriber.consents.app)),
            (email, Value::Bool(subscriber.consents.email)),
            (self.care_calls, Value::Int(i64::from(care_calls))),
        ];
        Ok(values.map(|(feature, value)| Dated::new(feature, time_ms, value)).into())
    }
}

/// Dates a day's total: at noon, but yesterday's over its hours, as windows of a day forget it
/// hour by hour.
fn place(
    known: &mut Vec<Dated<'static>>,
    feature: FeatureId,
    total: Total,
    midnight_ms: i64,
    yesterday: bool,
) {
    if !yesterday {
        known.extend(
            total.part(0.0, 1.0).map(|value| Dated::new(feature, midnight_ms + DAY_MS / 2, value)),
        );
        return;
    }
    let all: f64 = HOUR_WEIGHTS.iter().sum();
    let mut before = 0.0;
    for (hour, weight) in HOUR_WEIGHTS.iter().enumerate() {
        let after = if hour + 1 == HOUR_WEIGHTS.len() { 1.0 } else { before + weight / all };
        known.extend(total.part(before, after).map(|value| {
            Dated::new(feature, midnight_ms + hour as i64 * HOUR_MS + HOUR_MS / 2, value)
        }));
        before = after;
    }
}

impl Total {
    /// What falls into a part of the day, if anything does; the parts of a day add up.
    fn part(self, from: f64, to: f64) -> Option<Value<'static>> {
        let whole = |total: i64| {
            let until = |share: f64| (total as f64 * share) as i64;
            Some(until(to) - until(from)).filter(|part| *part > 0)
        };
        match self {
            Self::Count(count) => whole(i64::from(count)).map(Value::Int),
            Self::Money(micros) => whole(micros).map(Value::Money),
            Self::Amount(amount) => {
                Some(amount * (to - from)).filter(|part| *part > 0.0).map(Value::Double)
            }
        }
    }
}
