//! From the operations of a rule to where it holds.
//!
//! The program is run on formulas instead of values. A truth carries two of them, where it holds
//! and where it fails, because with missing values neither is the complement of the other: `!`
//! swaps them, `&&` and `||` combine each by Kleene's rules. An operation that this file does not
//! know makes its result unknown, which is a bound: the program itself is then asked of whoever is
//! still there.

use alloc::vec::Vec;

use super::formula::Formula;
use super::set::{Set, float_key};
use crate::expr::{Op, Type};
use crate::policy::Feature;

/// The source that stands for the call's `now`, above all others.
pub(super) const NOW: u16 = u16::MAX;
/// Added to the position of a feature: the source that is `now` less that feature, for rules
/// about how long ago something was.
pub(super) const AGE: u16 = 1 << 15;
const _: () = assert!(crate::base::limits::FEATURES_MAX < AGE as usize);

/// What is on the stack.
enum Value {
    Constant(u64),
    /// A feature, `now` or an age, and what stands for it where it is missing.
    Source {
        source: u16,
        fallback: Option<u64>,
    },
    Truth {
        holds: Formula,
        fails: Formula,
    },
    Unknown,
}

/// Where a program definitely holds.
pub(super) fn decompile(ops: &[Op], features: &[Feature]) -> Formula {
    let mut machine = Machine { stack: Vec::new(), features };
    for (at, op) in ops.iter().enumerate() {
        if machine.step(*op, at, ops).is_none() {
            return Formula::unknown();
        }
    }
    match (machine.stack.pop(), machine.stack.is_empty()) {
        (Some(result), true) => machine.truth(result).0,
        _ => Formula::unknown(),
    }
}

struct Machine<'a> {
    stack: Vec<Value>,
    features: &'a [Feature],
}

impl Machine<'_> {
    /// None when the operation is not understood at all.
    fn step(&mut self, op: Op, at: usize, ops: &[Op]) -> Option<()> {
        let value = match op {
            Op::Constant(bits) => Value::Constant(bits),
            Op::Feature(source) => Value::Source { source, fallback: None },
            Op::Now => Value::Source { source: NOW, fallback: None },
            Op::Field(_) | Op::EventTime => Value::Unknown,
            // What a jump leaves out cannot change the result of the operation that it ends at.
            Op::JumpIfFalse(target) => return ends_at(ops, at, target, Op::And),
            Op::JumpIfTrue(target) => return ends_at(ops, at, target, Op::Or),
            Op::Not => {
                let (holds, fails) = self.pop_truth()?;
                Value::Truth { holds: fails, fails: holds }
            }
            Op::And => {
                let (right, left) = (self.pop_truth()?, self.pop_truth()?);
                Value::Truth { holds: left.0.and(right.0), fails: left.1.or(right.1) }
            }
            Op::Or => {
                let (right, left) = (self.pop_truth()?, self.pop_truth()?);
                Value::Truth { holds: left.0.or(right.0), fails: left.1.and(right.1) }
            }
            Op::Select => self.select()?,
            Op::Has => self.has()?,
            Op::OrElse => match (self.stack.pop()?, self.stack.pop()?) {
                (Value::Constant(bits), Value::Source { source, fallback }) => {
                    Value::Source { source, fallback: fallback.or(Some(bits)) }
                }
                (Value::Constant(0), Value::Truth { holds, .. }) => {
                    Value::Truth { holds, fails: Formula::unknown() }
                }
                _ => Value::Unknown,
            },
            Op::EqualBits | Op::LessInt | Op::LessOrEqualInt => self.comparison(op, false)?,
            Op::EqualDouble | Op::LessDouble | Op::LessOrEqualDouble => {
                self.comparison(op, true)?
            }
            Op::SubtractInt => match (self.stack.pop()?, self.stack.pop()?) {
                (
                    Value::Source { source, fallback: None },
                    Value::Source { source: NOW, fallback: None },
                ) if source < AGE && ops.get(at + 1) == Some(&Op::DurationInRange) => {
                    Value::Source { source: AGE | source, fallback: None }
                }
                _ => Value::Unknown,
            },
            // An age is missing where it is no duration, however it is read.
            Op::DurationInRange => match self.stack.pop()? {
                age @ Value::Source { source, fallback: None }
                    if source >= AGE && source != NOW =>
                {
                    age
                }
                _ => Value::Unknown,
            },
            Op::AddInt
            | Op::MultiplyInt
            | Op::DivideInt
            | Op::RemainderInt
            | Op::AddDouble
            | Op::SubtractDouble
            | Op::MultiplyDouble
            | Op::DivideDouble => self.forget(2)?,
            Op::NegateInt
            | Op::NegateDouble
            | Op::IntToDouble
            | Op::DoubleToInt
            | Op::MoneyToDouble
            | Op::DoubleToMoney
            | Op::TimestampInRange
            | Op::Number
            | Op::Local(_)
            | Op::Utc(_) => self.forget(1)?,
            _ => return None,
        };
        self.stack.push(value);
        Some(())
    }

    fn forget(&mut self, operands: usize) -> Option<Value> {
        self.stack.truncate(self.stack.len().checked_sub(operands)?);
        Some(Value::Unknown)
    }

    fn pop_truth(&mut self) -> Option<(Formula, Formula)> {
        let value = self.stack.pop()?;
        Some(self.truth(value))
    }

    /// Where a value is true and where it is false.
    fn truth(&self, value: Value) -> (Formula, Formula) {
        match value {
            Value::Constant(bits) => (Formula::of_bool(bits != 0), Formula::of_bool(bits == 0)),
            Value::Truth { holds, fails } => (holds, fails),
            Value::Source { source, fallback } if !self.is_float(source) => {
                let no = Set::range(0, 0);
                let yes = Set::below(0).union(&Set::above(0));
                let of = |set: Set, bits: bool| Formula::of_set(source, set.and_missing(bits));
                let missing_is = |truth| fallback.is_some_and(|bits| (bits != 0) == truth);
                (of(yes, missing_is(true)), of(no, missing_is(false)))
            }
            Value::Source { .. } | Value::Unknown => (Formula::unknown(), Formula::unknown()),
        }
    }

    fn is_float(&self, source: u16) -> bool {
        self.features.get(usize::from(source)).is_some_and(|feature| feature.ty == Type::Double)
    }

    /// Missing where the condition is.
    fn select(&mut self) -> Option<Value> {
        let (otherwise, then) = (self.pop_truth()?, self.pop_truth()?);
        let (yes, no) = self.pop_truth()?;
        Some(Value::Truth {
            holds: yes.clone().and(then.0).or(no.clone().and(otherwise.0)),
            fails: yes.and(then.1).or(no.and(otherwise.1)),
        })
    }

    fn has(&mut self) -> Option<Value> {
        let (holds, fails) = match self.stack.pop()? {
            Value::Source { source, fallback: None } if source != NOW => {
                (Formula::of_set(source, Set::known()), Formula::of_set(source, Set::missing()))
            }
            Value::Source { .. } | Value::Constant(_) => (Formula::always(), Formula::never()),
            Value::Truth { holds, fails } => (holds.or(fails), Formula::unknown()),
            Value::Unknown => (Formula::unknown(), Formula::unknown()),
        };
        Some(Value::Truth { holds, fails })
    }

    fn comparison(&mut self, op: Op, float: bool) -> Option<Value> {
        let (right, left) = (self.stack.pop()?, self.stack.pop()?);
        let (source, fallback, bits, is_left) = match (left, right) {
            (Value::Source { source, fallback }, Value::Constant(bits)) => {
                (source, fallback, bits, true)
            }
            (Value::Constant(bits), Value::Source { source, fallback }) => {
                (source, fallback, bits, false)
            }
            _ => return Some(Value::Unknown),
        };
        let is_nan = |bits| float && f64::from_bits(bits).is_nan();
        if float != self.is_float(source) || is_nan(bits) || fallback.is_some_and(is_nan) {
            return Some(Value::Unknown);
        }
        let key = |bits: u64| if float { float_key(bits) } else { bits as i64 };
        let fallback = fallback.map(key);
        let [holds, fails] = sides(op, key(bits), is_left).map(|set| {
            let missing = fallback.is_some_and(|at| set.gaps(at, at).is_empty());
            Formula::of_set(source, set.and_missing(missing))
        });
        Some(Value::Truth { holds, fails })
    }
}

/// The known keys for which a comparison with a constant holds, and those for which it fails.
fn sides(op: Op, key: i64, source_is_left: bool) -> [Set; 2] {
    let (below, equal, above) = (Set::below(key), Set::range(key, key), Set::above(key));
    match op {
        Op::LessInt | Op::LessDouble if source_is_left => [below, equal.union(&above)],
        Op::LessInt | Op::LessDouble => [above, equal.union(&below)],
        Op::LessOrEqualInt | Op::LessOrEqualDouble if source_is_left => {
            [below.union(&equal), above]
        }
        Op::LessOrEqualInt | Op::LessOrEqualDouble => [above.union(&equal), below],
        _ => [equal, below.union(&above)],
    }
}

/// Whether a jump goes forward to just after the operation whose result is settled.
fn ends_at(ops: &[Op], at: usize, target: u16, join: Op) -> Option<()> {
    let last = usize::from(target).checked_sub(1)?;
    (last > at && ops.get(last) == Some(&join)).then_some(())
}
