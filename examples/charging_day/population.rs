//! Five thousand prepaid subscribers made from two published data sets.
//!
//! `data/mlc_churn.csv` gives who they are and how they call; `rhythm` gives how
//! they recharge. The two sets have never met: a subscriber's recharge rhythm is
//! drawn, and his prices are then fitted so that he spends what he recharges.
//! What neither set holds (device, consents, language, messages, data) is drawn
//! at the rates named here, which are assumptions and not measurements.

use super::local_time::Zone;
use super::rhythm::{Rhythm, rhythms};
use super::rng::Rng;

/// A row's totals are taken as the use of one month of this many days.
pub const MONTH_DAYS: f64 = 30.0;
/// The data set gives `account_length` without a unit; it is taken as days.
pub const ACCOUNT_LENGTH_UNIT_DAYS: u32 = 1;

pub const SMARTPHONE_SHARE: f64 = 0.82;
pub const SMS_CONSENT_SHARE: f64 = 0.78;
/// Of smartphone users; a feature phone has no app to consent to.
pub const APP_CONSENT_SHARE: f64 = 0.55;
pub const EMAIL_CONSENT_SHARE: f64 = 0.40;
pub const SPANISH_SHARE: f64 = 0.13;

pub const SMARTPHONE_SMS_PER_DAY: f64 = 2.5;
pub const FEATURE_PHONE_SMS_PER_DAY: f64 = 5.0;
pub const SMARTPHONE_DATA_SESSIONS_PER_DAY: f64 = 7.0;
pub const FEATURE_PHONE_DATA_SESSIONS_PER_DAY: f64 = 0.4;

/// List prices before the subscriber's own price factor.
pub const SMS_MICROS: f64 = 50_000.0;
pub const DATA_MICROS_PER_MEGABYTE: f64 = 10_000.0;
/// Mean size of a data session over the mix of apps in `traffic`.
pub const MEGABYTES_PER_SESSION: f64 = 22.4;

/// What a subscriber would use, in units of what he recharges. Slightly above
/// one: a prepaid balance runs dry now and then, and does not grow without end.
pub const DEMAND_PER_RECHARGE: f64 = 1.05;
/// Bounds of the price factor, so that no call is absurdly cheap or dear.
pub const PRICE_FACTOR_MIN: f64 = 0.1;
pub const PRICE_FACTOR_MAX: f64 = 12.0;

/// Rows of the data set: subscribers of one copy.
pub const ROWS: usize = 5_000;

const CHURN_CSV: &str = include_str!("data/mlc_churn.csv");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    Smartphone,
    FeaturePhone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consents {
    pub sms: bool,
    pub app: bool,
    pub email: bool,
}

/// Calls of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallRate {
    pub calls_per_day: f64,
    pub minutes_per_call: f64,
    pub micros_per_minute: f64,
}

impl CallRate {
    fn micros_per_day(&self) -> f64 {
        self.calls_per_day * self.minutes_per_call * self.micros_per_minute
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    pub day: CallRate,
    pub evening: CallRate,
    pub night: CallRate,
    pub international: CallRate,
    pub sms_per_day: f64,
    pub micros_per_sms: f64,
    pub data_sessions_per_day: f64,
    pub micros_per_megabyte: f64,
}

impl Rates {
    /// What a day of this use costs on average.
    pub fn micros_per_day(&self) -> f64 {
        let calls = [self.day, self.evening, self.night, self.international];
        calls.iter().map(CallRate::micros_per_day).sum::<f64>()
            + self.sms_per_day * self.micros_per_sms
            + self.data_sessions_per_day * MEGABYTES_PER_SESSION * self.micros_per_megabyte
    }

    /// The same use, `activity` times as often.
    pub fn used_by(&self, activity: f64) -> Self {
        let mut rates = self.clone();
        for calls in rates.calls_mut() {
            calls.calls_per_day *= activity;
        }
        rates.sms_per_day *= activity;
        rates.data_sessions_per_day *= activity;
        rates
    }

    fn calls_mut(&mut self) -> [&mut CallRate; 4] {
        [&mut self.day, &mut self.evening, &mut self.night, &mut self.international]
    }

    fn priced_by(mut self, factor: f64) -> Self {
        for calls in self.calls_mut() {
            calls.micros_per_minute *= factor;
        }
        self.micros_per_sms *= factor;
        self.micros_per_megabyte *= factor;
        self
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subscriber {
    /// A fictitious MSISDN. Country code 999 is assigned to nobody, so the
    /// number can belong to no one; the row's area code and the position in the
    /// population follow.
    pub key: String,
    /// The subscriber's own random stream.
    pub seed: u64,
    pub zone: Zone,
    pub tenure_days: u32,
    pub international_plan: bool,
    pub care_calls_per_month: u32,
    pub device: Device,
    pub consents: Consents,
    pub language: Language,
    pub rates: Rates,
    pub rhythm: Rhythm,
}

/// The 5,000 rows as subscribers, `copies` times over.
///
/// Copies share the row and differ in everything drawn. One copy is the example;
/// more are for the question how many subscribers an experiment needs.
///
/// # Panics
/// When the embedded file is not what `data/reduce.py` writes.
pub fn population(seed: u64, copies: usize) -> Vec<Subscriber> {
    let rhythms = rhythms();
    let mut lines = CHURN_CSV.lines();
    let names: Vec<&str> = lines.next().expect("mlc_churn.csv: a header").split(',').collect();
    let rows: Vec<Row> =
        lines.map(|line| Row { names: &names, fields: line.split(',').collect() }).collect();
    (0..copies * rows.len())
        .map(|position| subscriber(&rows[position % rows.len()], position, seed, &rhythms))
        .collect()
}

struct Row<'a> {
    names: &'a [&'a str],
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn text(&self, name: &str) -> &str {
        let column = self.names.iter().position(|known| *known == name);
        column
            .and_then(|column| self.fields.get(column).copied())
            .unwrap_or_else(|| panic!("mlc_churn.csv: no column {name}"))
    }

    fn number(&self, name: &str) -> f64 {
        self.text(name).parse().unwrap_or_else(|_| panic!("mlc_churn.csv: {name}: a number"))
    }

    fn calls(&self, band: &str) -> CallRate {
        let total = |what: &str| self.number(&format!("total_{band}_{what}"));
        let (calls, minutes) = (total("calls"), total("minutes"));
        let per = |amount: f64, units: f64| if units > 0.0 { amount / units } else { 0.0 };
        CallRate {
            calls_per_day: calls / MONTH_DAYS,
            minutes_per_call: per(minutes, calls),
            micros_per_minute: per(total("charge") * 1e6, minutes),
        }
    }
}

fn subscriber(row: &Row, position: usize, seed: u64, rhythms: &[Rhythm]) -> Subscriber {
    let mut rng = Rng::keyed(seed, &[position as u64]);
    let smartphone = rng.chance(SMARTPHONE_SHARE);
    let pick = rng.between(0, rhythms.len() as i64) as usize;
    let rhythm = rhythms[pick].begun_anywhere(&mut rng);
    let listed = Rates {
        day: row.calls("day"),
        evening: row.calls("eve"),
        night: row.calls("night"),
        international: row.calls("intl"),
        sms_per_day: if smartphone { SMARTPHONE_SMS_PER_DAY } else { FEATURE_PHONE_SMS_PER_DAY },
        micros_per_sms: SMS_MICROS,
        data_sessions_per_day: if smartphone {
            SMARTPHONE_DATA_SESSIONS_PER_DAY
        } else {
            FEATURE_PHONE_DATA_SESSIONS_PER_DAY
        },
        micros_per_megabyte: DATA_MICROS_PER_MEGABYTE,
    };
    let factor = DEMAND_PER_RECHARGE * rhythm.revenue_per_day_micros() / listed.micros_per_day();
    let area_code = row.text("area_code").trim_start_matches("area_code_");
    Subscriber {
        key: format!("+999{area_code}{position:05}"),
        zone: Zone::of_state(row.text("state")),
        tenure_days: row.number("account_length") as u32 * ACCOUNT_LENGTH_UNIT_DAYS,
        international_plan: row.text("international_plan") == "yes",
        care_calls_per_month: row.number("number_customer_service_calls") as u32,
        device: if smartphone { Device::Smartphone } else { Device::FeaturePhone },
        consents: Consents {
            sms: rng.chance(SMS_CONSENT_SHARE),
            app: rng.chance(APP_CONSENT_SHARE) && smartphone,
            email: rng.chance(EMAIL_CONSENT_SHARE),
        },
        language: if rng.chance(SPANISH_SHARE) { Language::Spanish } else { Language::English },
        rates: listed.priced_by(factor.clamp(PRICE_FACTOR_MIN, PRICE_FACTOR_MAX)),
        rhythm,
        seed: rng.next_u64(),
    }
}
