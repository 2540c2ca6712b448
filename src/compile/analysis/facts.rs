//! What is known of one value: whether it is there, between what it lies, what it is not.

use std::vec::Vec;

use super::formula::Scale;
use crate::expr::Type;

/// Values that a fact remembers as excluded; more are forgotten, which only finds less.
const EXCLUDED_MAX: usize = 16;

/// Both ends belong to it. Doubles are kept as integers in the same order, so that every bound is
/// exact: the number below a double is one less.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) low: i64,
    pub(super) high: i64,
}

impl Interval {
    pub(super) const ALL: Interval = Interval { low: i64::MIN, high: i64::MAX };

    pub(super) fn new(low: i64, high: i64) -> Interval {
        Interval { low, high }
    }

    pub(super) fn only(value: i64) -> Interval {
        Interval::new(value, value)
    }

    /// Of the bits of a constant.
    pub(super) fn of_bits(bits: u64, scale: Scale) -> Interval {
        Interval::only(match scale {
            Scale::Int => bits as i64,
            Scale::Double => order_of(f64::from_bits(bits)),
        })
    }

    /// All values of a type.
    pub(super) fn of_type(ty: Type) -> Interval {
        match ty {
            Type::Bool => Interval::new(0, 1),
            Type::Double => of_doubles(f64::NEG_INFINITY, f64::INFINITY),
            _ => Interval::ALL,
        }
    }

    /// What both have; its ends are exchanged when that is nothing.
    pub(super) fn meet(self, other: Interval) -> Interval {
        Interval::new(self.low.max(other.low), self.high.min(other.high))
    }

    pub(super) fn union(self, other: Interval) -> Interval {
        Interval::new(self.low.min(other.low), self.high.max(other.high))
    }

    pub(super) fn single(self) -> Option<i64> {
        (self.low == self.high).then_some(self.low)
    }
}

/// The interval of doubles between these; all of them when an end is not a number.
pub(super) fn of_doubles(low: f64, high: f64) -> Interval {
    if low.is_nan() || high.is_nan() {
        return of_doubles(f64::NEG_INFINITY, f64::INFINITY);
    }
    Interval::new(order_of(low), order_of(high))
}

/// An integer in the order of the doubles. The evaluator knows one zero only.
fn order_of(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

/// The double with this place in the order.
pub(super) fn double_at(order: i64) -> f64 {
    let bits = if order < 0 { i64::MIN - order } else { order };
    f64::from_bits(bits as u64)
}

/// What must be so of one value.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) may_be_missing: bool,
    pub(super) may_be_known: bool,
    pub(super) interval: Interval,
    /// Ascending: the members of an enumeration that are left.
    members: Option<Vec<i64>>,
    excluded: Vec<i64>,
}

impl Facts {
    pub(super) fn new(interval: Interval, may_be_missing: bool) -> Facts {
        let (may_be_known, members, excluded) = (true, None, Vec::new());
        Facts { may_be_missing, may_be_known, interval, members, excluded }
    }

    pub(super) fn of_members(members: Vec<i64>) -> Facts {
        Facts { members: Some(members), ..Facts::new(Interval::ALL, true) }
    }

    /// Whether anything is left that it may be.
    pub(super) fn possible(&self) -> bool {
        self.may_be_missing || self.may_be_known
    }

    pub(super) fn be_missing(&mut self) {
        self.may_be_known = false;
    }

    pub(super) fn be_known(&mut self) {
        self.may_be_missing = false;
        self.tighten();
    }

    pub(super) fn be_within(&mut self, interval: Interval) {
        self.interval = self.interval.meet(interval);
        self.tighten();
    }

    pub(super) fn be_other_than(&mut self, value: i64) {
        if self.excluded.len() < EXCLUDED_MAX {
            self.excluded.push(value);
        }
        if let Some(members) = &mut self.members {
            members.retain(|member| *member != value);
        }
        self.tighten();
    }

    /// Moves the ends to values that it may have, and notes when there is none.
    fn tighten(&mut self) {
        if let Some(members) = &mut self.members {
            let Interval { low, high } = self.interval;
            members.retain(|member| (low..=high).contains(member));
            match (members.first(), members.last()) {
                (Some(first), Some(last)) => self.interval = Interval::new(*first, *last),
                _ => self.may_be_known = false,
            }
        }
        let interval = &mut self.interval;
        while interval.low < interval.high && self.excluded.contains(&interval.low) {
            interval.low += 1;
        }
        while interval.low < interval.high && self.excluded.contains(&interval.high) {
            interval.high -= 1;
        }
        let gone = interval.single().is_some_and(|value| self.excluded.contains(&value));
        if interval.low > interval.high || gone {
            self.may_be_known = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_keep_their_order() {
        let values = [f64::NEG_INFINITY, -2.5, -1e-300, 0.0, 1e-300, 2.5, f64::INFINITY];
        for pair in values.windows(2) {
            assert!(order_of(pair[0]) < order_of(pair[1]), "{pair:?}");
        }
        for value in values {
            assert_eq!(double_at(order_of(value)), value);
        }
        assert_eq!(order_of(-0.0), order_of(0.0));
        assert_eq!(double_at(order_of(1.0) - 1), 1.0f64.next_down());
    }

    #[test]
    fn nothing_is_left() {
        let mut flag = Facts::new(Interval::of_type(Type::Bool), false);
        flag.be_other_than(0);
        assert_eq!(flag.interval, Interval::only(1));
        flag.be_other_than(1);
        assert!(!flag.possible());
        let mut tariff = Facts::of_members([3, 5, 9].into());
        tariff.be_other_than(5);
        tariff.be_within(Interval::new(4, 8));
        assert!(tariff.possible() && !tariff.may_be_known);
        tariff.be_known();
        assert!(!tariff.possible());
    }
}
