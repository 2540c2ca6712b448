//! What is folded from events: how, over which stretch of event time, and the room it takes.
//!
//! Every fold is a commutative sum of its events over buckets of integers that begin as zeros, so
//! that neither order nor the way events are batched can show in the bytes. (Which calendar bucket an
//! event is of may depend on attributes, the zone and the bill day: those are taken as they are when
//! the event is heard.)

use super::schema::Feature;
use crate::base::civil::{DAY_MS, HOUR_MS};
use crate::base::ids::FeatureId;
use crate::base::limits::{
    BILL_DAY_MAX, DISTINCT_REGISTERS, HALF_LIFE_MS_MAX, QUANTILE_BINS_MAX, STREAK_PERIODS_MAX,
    WINDOW_BUCKET_MS_MIN, WINDOW_BUCKETS_MAX, WINDOW_MS_MAX,
};
use crate::expr::Type;

/// How events become one value of a profile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) fold: Fold,
    /// The type of what is folded; of counts and times an integer.
    pub(crate) value: Type,
    pub(crate) window: Window,
}

/// What is kept of the events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fold {
    Count,
    /// Doubles are summed in micro-units, so that the order of addition cannot matter.
    Sum,
    Min,
    Max,
    /// The value with the latest time; of equal times that of the source of the highest rank, then the
    /// latest by number and place.
    Last,
    /// The value with the earliest time; of equal times that of the source of the highest rank, then the
    /// earliest by number and place.
    First,
    /// The latest time.
    LastTime,
    /// The earliest time.
    FirstTime,
    /// Sum over count.
    Mean,
    /// What matches over the whole, by their amounts or by their counts.
    Share {
        amounts: bool,
    },
    /// How many different values: a HyperLogLog sketch of so many registers.
    Distinct {
        registers: u16,
    },
    /// In how many periods there was an event.
    Active,
    /// For how many periods in a row there was an event.
    Streak,
    Quantile(Quantile),
}

/// The value below which a share of the values lies, from counts in bins whose ends grow by one
/// ratio. Source: DDSketch (Masson, Rim, Lee 2019), over a declared range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quantile {
    /// Which one: millionths of the values that are at most as large.
    pub(crate) at_millionths: u32,
    /// Where the first bin begins, as a double: units of money, milliseconds of a duration.
    pub(crate) least: f64,
    /// Natural logarithm of the ratio between the ends of a bin.
    pub(crate) ratio_ln: f64,
    pub(crate) bins: u8,
}

/// Over which stretch of event time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Window {
    Lifetime,
    /// The last `buckets * bucket_ms` milliseconds, in a ring of one bucket more. A reading covers
    /// at least the window and at most one bucket more.
    Rolling {
        bucket_ms: i64,
        buckets: u16,
    },
    /// Whole periods on the subscriber's own calendar: `periods` of them, the last of which lies
    /// `ago` before the current one.
    Calendar {
        unit: CalendarUnit,
        periods: u16,
        ago: u16,
    },
    /// All of the past, each event weighing half after each half-life; what is older than
    /// `half_lives` is forgotten. With `per_ms`, the rate at which events come.
    Decay {
        half_life_ms: i64,
        half_lives: u16,
        per_ms: Option<i64>,
    },
}

/// A period of the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CalendarUnit {
    Day,
    /// From Monday, as in ISO 8601.
    Week,
    Month,
    /// From the subscriber's bill day to the day before the next.
    Cycle(BillDay),
}

impl CalendarUnit {
    /// Those that every subscriber has alike: how a policy says them, and the longest that they can
    /// be, on the night that summer time ends.
    pub(crate) const LISTED: [(&str, CalendarUnit, i64); 3] = [
        ("day", CalendarUnit::Day, DAY_MS + HOUR_MS),
        ("week", CalendarUnit::Week, 7 * DAY_MS + HOUR_MS),
        ("month", CalendarUnit::Month, 31 * DAY_MS + HOUR_MS),
    ];
}

/// The day of the month on which a billing cycle begins. In a month that has no such day it is
/// the month's last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BillDay {
    /// 1 to 31.
    Day(u8),
    /// The attribute at this position; the first while it is missing.
    Attribute(u16),
}

impl Aggregate {
    /// The type of its value.
    pub(crate) fn result(&self) -> Type {
        let decays = matches!(self.window, Window::Decay { .. });
        match self.fold {
            Fold::Count if decays => Type::Double,
            Fold::Count | Fold::Distinct { .. } | Fold::Active | Fold::Streak => Type::Int,
            Fold::Sum if decays => between(self.value),
            Fold::Sum | Fold::Min | Fold::Max | Fold::Last | Fold::First => self.value,
            Fold::LastTime | Fold::FirstTime => Type::Timestamp,
            Fold::Mean | Fold::Quantile(_) => between(self.value),
            Fold::Share { .. } => Type::Double,
        }
    }

    /// Whether there is a value before the first event.
    #[cfg(feature = "compiler")]
    pub(crate) fn always_known(&self) -> bool {
        matches!(
            self.fold,
            Fold::Count | Fold::Sum | Fold::Distinct { .. } | Fold::Active | Fold::Streak
        )
    }

    /// Whether it folds the value of a field; counts and times have none.
    pub(crate) fn takes_field(&self, field: bool) -> bool {
        match self.fold {
            Fold::Count | Fold::LastTime | Fold::FirstTime | Fold::Active | Fold::Streak => !field,
            Fold::Share { amounts } => field == amounts,
            _ => field,
        }
    }

    /// Why there can be no such aggregate; none if there can.
    pub(crate) fn unsound(&self) -> Option<&'static str> {
        if !self.fold.takes(self.value) {
            Some("a fold over values of the wrong type")
        } else if !self.fold.sound() {
            Some("a fold is out of range")
        } else if !self.fold.fits(self.window) {
            Some("a fold over a window that it cannot have")
        } else if !self.window.sound() {
            Some("a window is out of range")
        } else {
            None
        }
    }

    /// Buckets that are kept.
    pub(crate) fn buckets(&self) -> usize {
        if matches!(self.fold, Fold::Active | Fold::Streak) {
            return 1;
        }
        match self.window {
            Window::Lifetime => 1,
            Window::Rolling { buckets, .. } => usize::from(buckets) + 1,
            // One more, so that an event in a zone where it is tomorrow leaves today in its place.
            Window::Calendar { periods, ago, .. } => usize::from(periods) + usize::from(ago) + 1,
            Window::Decay { half_lives, .. } => usize::from(half_lives) + 1,
        }
    }

    /// Bytes of one bucket.
    pub(crate) fn bucket_bytes(&self) -> usize {
        match self.fold {
            Fold::Count => match self.window {
                // Sixteen bits hold what one subscriber does in a bucket.
                Window::Rolling { .. } | Window::Calendar { .. } => 2,
                Window::Lifetime | Window::Decay { .. } => 4,
            },
            Fold::Sum | Fold::Min | Fold::Max | Fold::LastTime | Fold::FirstTime => 8,
            // One bit for each of the last periods.
            Fold::Active | Fold::Streak => 8,
            Fold::Last | Fold::First => TIMED_BYTES,
            // Sum, count.
            Fold::Mean => 12,
            // Part, whole.
            Fold::Share { amounts: true } => 16,
            Fold::Share { amounts: false } => 8,
            Fold::Distinct { registers } => usize::from(registers) / 2,
            Fold::Quantile(quantile) => 2 * usize::from(quantile.bins),
        }
    }

    /// Bytes of the slot. A window has the number of its newest bucket before its ring.
    pub(crate) fn slot_bytes(&self) -> usize {
        let head = if self.window == Window::Lifetime { 0 } else { RING_HEAD_BYTES };
        head + self.buckets() * self.bucket_bytes()
    }

    /// Steps of reading one bucket.
    pub(crate) fn bucket_steps(&self) -> usize {
        match self.fold {
            Fold::Distinct { registers } => registers.into(),
            Fold::Quantile(quantile) => quantile.bins.into(),
            _ => 1,
        }
    }

    /// The same wherever the attribute of its bill day stands, and which attribute that is: its
    /// meaning, beside the features that its positions are of.
    pub(crate) fn meaning(mut self, features: &[Feature]) -> (Aggregate, Option<FeatureId>) {
        match &mut self.window {
            Window::Calendar { unit: CalendarUnit::Cycle(BillDay::Attribute(at)), .. } => {
                let position = usize::from(core::mem::take(at));
                (self, features.get(position).map(|feature| feature.id))
            }
            _ => (self, None),
        }
    }

    /// The same with the attribute of its bill day at another position.
    pub(crate) fn moved(mut self, to: impl FnOnce(u16) -> u16) -> Aggregate {
        if let Window::Calendar { unit: CalendarUnit::Cycle(BillDay::Attribute(at)), .. } =
            &mut self.window
        {
            *at = to(*at);
        }
        self
    }

    /// The attribute that says where its billing cycles begin.
    pub(crate) fn bill_day(&self) -> Option<u16> {
        match self.window {
            Window::Calendar { unit: CalendarUnit::Cycle(BillDay::Attribute(at)), .. } => Some(at),
            _ => None,
        }
    }
}

/// Bytes of a value with its stamp: value (8), time (6), source (1), place of the event in its
/// message (1), number of the message (4).
pub(crate) const TIMED_BYTES: usize = 20;
/// Bytes of the number of the newest bucket.
pub(crate) const RING_HEAD_BYTES: usize = 4;

/// The type of a value between values: whole numbers have fractions between them.
fn between(ty: Type) -> Type {
    if ty == Type::Int { Type::Double } else { ty }
}

impl Fold {
    /// Whether it can fold values of a type.
    pub(crate) fn takes(self, ty: Type) -> bool {
        let amount = matches!(ty, Type::Int | Type::Double | Type::Money | Type::Duration);
        match self {
            Fold::Count | Fold::LastTime | Fold::FirstTime | Fold::Active | Fold::Streak => {
                ty == Type::Int
            }
            Fold::Share { amounts: false } => ty == Type::Int,
            Fold::Sum | Fold::Mean | Fold::Share { .. } | Fold::Quantile(_) => amount,
            Fold::Min | Fold::Max => amount || ty == Type::Timestamp,
            Fold::Last | Fold::First | Fold::Distinct { .. } => true,
        }
    }

    /// Whether it can look over a window.
    pub(crate) fn fits(self, window: Window) -> bool {
        match window {
            Window::Decay { per_ms, .. } => match self {
                Fold::Count | Fold::Sum => true,
                Fold::Mean | Fold::Share { .. } => per_ms.is_none(),
                _ => false,
            },
            Window::Calendar { periods, ago, .. } => {
                let most = usize::from(STREAK_PERIODS_MAX);
                !self.counts_periods() || usize::from(periods) + usize::from(ago) <= most
            }
            Window::Lifetime | Window::Rolling { .. } => !self.counts_periods(),
        }
    }

    pub(crate) fn counts_periods(self) -> bool {
        matches!(self, Fold::Active | Fold::Streak)
    }

    fn sound(self) -> bool {
        match self {
            Fold::Distinct { registers } => DISTINCT_REGISTERS.contains(&registers),
            Fold::Quantile(Quantile { at_millionths, least, ratio_ln, bins }) => {
                (1..=1_000_000).contains(&at_millionths)
                    && least > 0.0
                    && least.is_finite()
                    && ratio_ln > 0.0
                    && ratio_ln.is_finite()
                    && (1..=QUANTILE_BINS_MAX).contains(&usize::from(bins))
            }
            _ => true,
        }
    }
}

impl Window {
    fn sound(self) -> bool {
        let counted = |buckets: u16| (1..=WINDOW_BUCKETS_MAX).contains(&usize::from(buckets));
        match self {
            Window::Lifetime => true,
            Window::Rolling { bucket_ms, buckets } => {
                let long = bucket_ms.checked_mul(buckets.into());
                counted(buckets)
                    && bucket_ms >= WINDOW_BUCKET_MS_MIN
                    && long.is_some_and(|ms| ms <= WINDOW_MS_MAX)
            }
            Window::Calendar { unit, periods, ago } => {
                let day = match unit {
                    CalendarUnit::Cycle(BillDay::Day(day)) => (1..=BILL_DAY_MAX).contains(&day),
                    _ => true,
                };
                day && periods > 0 && counted(periods.saturating_add(ago))
            }
            Window::Decay { half_life_ms, half_lives, per_ms } => {
                let long = |ms| (WINDOW_BUCKET_MS_MIN..=HALF_LIFE_MS_MAX).contains(&ms);
                counted(half_lives) && long(half_life_ms) && per_ms.is_none_or(|ms| ms > 0)
            }
        }
    }
}
