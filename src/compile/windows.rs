//! `window` and the keys beside it: over which stretch of time a feature looks.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Build;
use super::diagnostic::Code;
use super::literal;
use super::section::Section;
use super::source::Item;
use super::types::INT;
use crate::base::civil::DAY_MS;
use crate::base::limits::{
    BILL_DAY_MAX, HALF_LIFE_MS_MAX, STREAK_PERIODS_MAX, WINDOW_BUCKET_MS_MIN, WINDOW_BUCKETS_MAX,
    WINDOW_MS_MAX,
};
use crate::policy::{BillDay, CalendarUnit, FeatureKind, Fold, Holder, Window};

/// Buckets of a rolling window that does not say how many.
const BUCKETS_DEFAULT: u16 = 12;
/// Half-lives after which an event is forgotten, unless said otherwise: it weighs less than a two
/// hundred and fiftieth then.
const HALF_LIVES_DEFAULT: u16 = 8;

/// The periods of the calendar that a window can be.
pub(super) const PERIODS: [&str; 4] = ["day", "week", "month", "cycle"];

/// Keys that say something of a window.
pub(super) const KEYS: [&str; 7] =
    ["window", "buckets", "periods", "ago", "bill_day", "half_life", "per"];

impl Build<'_> {
    /// The window of a feature that is in this holder's profile. One that is wrong is recorded, and taken for a lifetime.
    pub(super) fn window(&self, section: &Section<'_>, fold: &Fold, holder: Holder) -> Window {
        let window = section.get("window");
        let half_life = section.get("half_life");
        if let (Some(_), Some(half_life)) = (&window, &half_life) {
            conflict(half_life, "`window` and `half_life` exclude one another");
            return Window::Lifetime;
        }
        let period = window.as_ref().and_then(Item::as_text).filter(|text| PERIODS.contains(text));
        // A streak goes back as far as periods are remembered.
        let counted: &[&str] = if *fold == Fold::Streak { &[] } else { &["periods", "ago"] };
        let (wanted, allowed): (Option<Window>, &[&str]) = match (window, half_life, period) {
            (_, Some(half_life), _) => (decay(section, &half_life), &["buckets", "per"]),
            (_, _, Some("cycle")) => {
                let bill_day = self.bill_day(section, holder).map(CalendarUnit::Cycle);
                let window = bill_day.and_then(|unit| calendar(section, unit, fold));
                let with_bill_day: &[&str] = if counted.is_empty() {
                    &["bill_day"]
                } else {
                    &["periods", "ago", "bill_day"]
                };
                (window, with_bill_day)
            }
            (_, _, Some(period)) => {
                let unit = match period {
                    "day" => CalendarUnit::Day,
                    "week" => CalendarUnit::Week,
                    _ => CalendarUnit::Month,
                };
                (calendar(section, unit, fold), counted)
            }
            (Some(window), ..) => (rolling(section, &window), &["buckets"]),
            (None, ..) if fold.counts_periods() => {
                (calendar(section, CalendarUnit::Day, fold), counted)
            }
            (None, ..) => (Some(Window::Lifetime), &[]),
        };
        let others = KEYS
            .iter()
            .filter(|key| !matches!(**key, "window" | "half_life") && !allowed.contains(*key));
        for other in others.filter_map(|key| section.get(key)) {
            conflict(&other, needs(other.name));
        }
        let window = wanted.unwrap_or(Window::Lifetime);
        if wanted.is_some() && !fold.fits(window) {
            unfit(section, fold, window);
            return Window::Lifetime;
        }
        window
    }

    /// The day on which a billing cycle begins.
    fn bill_day(&self, section: &Section<'_>, holder: Holder) -> Option<BillDay> {
        let Some(item) = section.get("bill_day") else {
            let help = "a day from 1 to 31, or the attribute that says it".to_string();
            section.error(Code::MissingKey, "a billing cycle needs a `bill_day`", help);
            return None;
        };
        let Some(name) = item.as_text() else {
            let day = item.integer_in(1..i64::from(BILL_DAY_MAX) + 1)?;
            return Some(BillDay::Day(day as u8));
        };
        let position = self.scope.features.find(&item, name, "attribute")?;
        let is_attribute =
            matches!(self.tables.features[position].kind, FeatureKind::Attribute { .. });
        if !is_attribute || self.scope.feature_types[position] != Some(INT) {
            let message = format!("`{name}` is not an attribute of type int");
            item.error(Code::ValueType, message, None);
            return None;
        }
        let found = self.tables.features[position].holder;
        if found != holder {
            let word = |holder| if holder == Holder::Line { "the line's" } else { "the account's" };
            let message = format!("`{name}` is {}, and the feature {}", word(found), word(holder));
            let help = "name an attribute of the same profile".to_string();
            item.error(Code::OtherProfile, message, help);
            return None;
        }
        Some(BillDay::Attribute(position as u16))
    }
}

fn conflict(item: &Item<'_>, message: impl Into<String>) {
    item.name_error(Code::Conflict, message, None);
}

/// What a key stands beside.
fn needs(key: &str) -> &'static str {
    match key {
        "buckets" => "`buckets` divide a `window` that is a length of time, or count half-lives",
        "periods" | "ago" => {
            "`periods` and `ago` count days, weeks, months or cycles of a `window`; a streak has none"
        }
        "bill_day" => "`bill_day` is of `window = \"cycle\"`",
        _ => "`per` makes a rate of what decays: it needs a `half_life`",
    }
}

/// A whole number from 1 or 0 on; the default when it is absent.
fn counted(section: &Section<'_>, key: &str, least: i64, most: i64, default: u16) -> Option<u16> {
    match section.get(key) {
        Some(item) => Some(item.integer_in(least..most + 1)? as u16),
        None => Some(default),
    }
}

fn rolling(section: &Section<'_>, window: &Item<'_>) -> Option<Window> {
    let count = counted(section, "buckets", 1, WINDOW_BUCKETS_MAX as i64, BUCKETS_DEFAULT);
    let Some(window_ms) = window.as_text().and_then(literal::duration_ms) else {
        window.text()?;
        let message =
            "a window is a length of time such as \"7d\", or one of day, week, month, cycle";
        window.error(Code::Value, message, None);
        return None;
    };
    let buckets = count?;
    let count = i64::from(buckets);
    if !(1..=WINDOW_MS_MAX).contains(&window_ms) {
        let days = WINDOW_MS_MAX / DAY_MS;
        let message = format!("a window is longer than nothing and at most {days}d");
        window.error(Code::Limit, message, None);
        return None;
    }
    if window_ms % count != 0 {
        let help = "choose a number of buckets that does".to_string();
        window.error(Code::Value, format!("{count} buckets do not divide the window evenly"), help);
        return None;
    }
    if window_ms / count < WINDOW_BUCKET_MS_MIN {
        let help = "give it fewer buckets, or make it longer".to_string();
        let message = format!("{count} buckets of the window are shorter than a minute each");
        window.error(Code::Limit, message, help);
        return None;
    }
    Some(Window::Rolling { bucket_ms: window_ms / count, buckets })
}

fn calendar(section: &Section<'_>, unit: CalendarUnit, fold: &Fold) -> Option<Window> {
    let most = if fold.counts_periods() { STREAK_PERIODS_MAX as usize } else { WINDOW_BUCKETS_MAX };
    let periods = counted(section, "periods", 1, most as i64, 1);
    let ago = counted(section, "ago", 0, most as i64 - 1, 0);
    let (periods, ago) = (periods?, ago?);
    let kept = usize::from(periods) + usize::from(ago);
    if kept > most {
        let message =
            format!("{kept} periods with those that lie between, but at most {most} are kept");
        section.error(Code::Limit, message, None);
        return None;
    }
    Some(Window::Calendar { unit, periods, ago })
}

fn decay(section: &Section<'_>, half_life: &Item<'_>) -> Option<Window> {
    let half_lives = counted(section, "buckets", 1, WINDOW_BUCKETS_MAX as i64, HALF_LIVES_DEFAULT);
    let half_life_ms = half_life.duration_ms()?;
    if !(WINDOW_BUCKET_MS_MIN..=HALF_LIFE_MS_MAX).contains(&half_life_ms) {
        let days = HALF_LIFE_MS_MAX / DAY_MS;
        half_life.error(
            Code::Limit,
            format!("a half-life is at least 1m and at most {days}d"),
            None,
        );
        return None;
    }
    let per_ms = match section.get("per") {
        Some(per) => {
            let per_ms = per.duration_ms()?;
            if per_ms == 0 {
                per.error(Code::Value, "a rate is per some length of time", None);
                return None;
            }
            Some(per_ms)
        }
        None => None,
    };
    Some(Window::Decay { half_life_ms, half_lives: half_lives?, per_ms })
}

/// Records that a fold cannot have a window of this kind.
fn unfit(section: &Section<'_>, fold: &Fold, window: Window) {
    let keys = ["per", "half_life", "window"];
    let Some(item) = keys.iter().find_map(|key| section.get(key)) else { return };
    let message = match window {
        Window::Decay { .. } if matches!(fold, Fold::Mean | Fold::Share { .. }) => {
            "a mean and a share have no rate: leave `per` away"
        }
        Window::Decay { .. } => "only `count`, `sum`, `mean` and `share` can decay",
        _ => "`active` and `streak` count days, weeks, months or cycles",
    };
    conflict(&item, message);
}

/// The words of a window's choices.
pub(super) fn periods() -> Vec<&'static str> {
    PERIODS.into()
}
