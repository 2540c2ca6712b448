//! The stack machine.

use core::ops::RangeInclusive;

use super::{Calendar, Cell, Op};
use crate::base::civil::{LocalTime, day_of_date};
use crate::base::limits::EXPRESSION_STACK_MAX;
use crate::base::money::{MICROS, micros_of_f64};
use crate::base::steps::step;

/// What a program can read.
pub(crate) trait Environment {
    /// The feature at this index of the policy.
    fn feature(&mut self, index: u16) -> Cell;
    /// The field at this position of the triggering event; missing without one.
    fn field(&self, position: u16) -> Cell;
    /// The triggering event's own time; missing without one.
    fn event_time(&self) -> Cell;
    /// The call's `now`.
    fn now_ms(&self) -> i64;
    /// A UTC time on the subscriber's own clock.
    fn local(&self, utc_ms: i64) -> LocalTime;
}

/// The operand stack. A policy is refused whose programs go deeper, so places never come round;
/// that they would is there so that no program, however it was made, can panic.
struct Stack {
    cells: [Cell; EXPRESSION_STACK_MAX],
    depth: usize,
}

// PERF: the place of a depth is known to lie within without being compared.
const _: () = assert!(EXPRESSION_STACK_MAX.is_power_of_two());

impl Stack {
    #[inline(always)]
    fn push(&mut self, cell: Cell) {
        if let Some(slot) = self.cells.get_mut(self.depth % EXPRESSION_STACK_MAX) {
            *slot = cell;
        }
        self.depth = self.depth.wrapping_add(1);
    }

    #[inline(always)]
    fn pop(&mut self) -> Cell {
        self.depth = self.depth.wrapping_sub(1);
        self.cells.get(self.depth % EXPRESSION_STACK_MAX).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn top(&self) -> Cell {
        let top = self.depth.wrapping_sub(1) % EXPRESSION_STACK_MAX;
        self.cells.get(top).copied().unwrap_or_default()
    }

    #[inline(always)]
    fn unary(&mut self, compute: impl FnOnce(Cell) -> Cell) {
        let operand = self.pop();
        self.push(compute(operand));
    }

    #[inline(always)]
    fn ints(&mut self, compute: impl FnOnce(i64, i64) -> Option<i64>) {
        let (right, left) = (self.pop(), self.pop());
        let result = left.as_int().zip(right.as_int()).and_then(|(l, r)| compute(l, r));
        self.push(result.into());
    }

    #[inline(always)]
    fn doubles(&mut self, compute: impl FnOnce(f64, f64) -> f64) {
        let (right, left) = (self.pop(), self.pop());
        let result = left.as_double().zip(right.as_double()).map(|(l, r)| compute(l, r));
        self.push(from_double(result));
    }

    #[inline(always)]
    fn uints(&mut self, compute: impl FnOnce(u64, u64) -> Option<u64>) {
        let (right, left) = (self.pop(), self.pop());
        let result = left.bits().zip(right.bits()).and_then(|(l, r)| compute(l, r));
        self.push(result.map_or(Cell::MISSING, Cell::from_bits));
    }

    #[inline(always)]
    fn compare_ints(&mut self, compute: impl FnOnce(i64, i64) -> bool) {
        self.ints(|l, r| Some(i64::from(compute(l, r))));
    }

    #[inline(always)]
    fn compare_doubles(&mut self, compute: impl FnOnce(f64, f64) -> bool) {
        let (right, left) = (self.pop(), self.pop());
        let result = left.as_double().zip(right.as_double()).map(|(l, r)| compute(l, r));
        self.push(result.map_or(Cell::MISSING, Cell::bool));
    }
}

/// Runs a program to its one result. Steps are bounded by its length: jumps only go forward.
pub(crate) fn evaluate(program: &[Op], environment: &mut impl Environment) -> Cell {
    let mut stack = Stack { cells: [Cell::MISSING; EXPRESSION_STACK_MAX], depth: 0 };
    let mut next = 0;
    while let Some(op) = program.get(next) {
        step(1);
        next += 1;
        match *op {
            Op::Constant(bits) => stack.push(Cell::from_bits(bits)),
            Op::Feature(index) => stack.push(environment.feature(index)),
            Op::Field(position) => stack.push(environment.field(position)),
            Op::Now => stack.push(Cell::int(environment.now_ms())),
            Op::EventTime => stack.push(environment.event_time()),
            Op::Missing => stack.push(Cell::MISSING),

            Op::Not => stack.unary(not),
            Op::JumpIfFalse(target) if stack.top().is_false() => next = next.max(target.into()),
            Op::JumpIfTrue(target) if stack.top().is_true() => next = next.max(target.into()),
            Op::JumpIfFalse(_) | Op::JumpIfTrue(_) => {}
            Op::And => {
                let (right, left) = (stack.pop(), stack.pop());
                stack.push(and(left, right));
            }
            Op::Or => {
                let (right, left) = (stack.pop(), stack.pop());
                stack.push(not(and(not(left), not(right))));
            }
            Op::Select => {
                let (otherwise, then, condition) = (stack.pop(), stack.pop(), stack.pop());
                stack.push(match condition.bits() {
                    None => Cell::MISSING,
                    Some(0) => otherwise,
                    Some(_) => then,
                });
            }
            Op::Has => stack.unary(|cell| Cell::bool(cell.known())),
            Op::OrElse => {
                let (fallback, value) = (stack.pop(), stack.pop());
                stack.push(if value.known() { value } else { fallback });
            }

            Op::EqualBits => stack.compare_ints(|l, r| l == r),
            Op::EqualDouble => stack.compare_doubles(|l, r| l == r),
            Op::LessInt => stack.compare_ints(|l, r| l < r),
            Op::LessOrEqualInt => stack.compare_ints(|l, r| l <= r),
            Op::LessDouble => stack.compare_doubles(|l, r| l < r),
            Op::LessOrEqualDouble => stack.compare_doubles(|l, r| l <= r),

            Op::AddInt => stack.ints(i64::checked_add),
            Op::SubtractInt => stack.ints(i64::checked_sub),
            Op::MultiplyInt => stack.ints(i64::checked_mul),
            Op::DivideInt => stack.ints(i64::checked_div),
            Op::RemainderInt => stack.ints(i64::checked_rem),
            Op::NegateInt => stack.unary(|cell| cell.as_int().and_then(i64::checked_neg).into()),
            Op::LessUint => stack.uints(|l, r| Some(u64::from(l < r))),
            Op::LessOrEqualUint => stack.uints(|l, r| Some(u64::from(l <= r))),
            Op::AddUint => stack.uints(u64::checked_add),
            Op::SubtractUint => stack.uints(u64::checked_sub),
            Op::MultiplyUint => stack.uints(u64::checked_mul),
            Op::DivideUint => stack.uints(u64::checked_div),
            Op::RemainderUint => stack.uints(u64::checked_rem),
            Op::AddDouble => stack.doubles(|l, r| l + r),
            Op::SubtractDouble => stack.doubles(|l, r| l - r),
            Op::MultiplyDouble => stack.doubles(|l, r| l * r),
            Op::DivideDouble => stack.doubles(|l, r| l / r),
            Op::NegateDouble => stack.unary(|cell| from_double(cell.as_double().map(|v| -v))),

            Op::IntToDouble => stack.unary(|cell| from_double(cell.as_int().map(|v| v as f64))),
            Op::DoubleToInt => stack.unary(|cell| cell.as_double().and_then(truncate).into()),
            Op::DoubleToUint => {
                let truncated =
                    |value: f64| (0.0..U64_END).contains(&value).then_some(value as u64);
                stack.unary(|cell| from_uint(cell.as_double().and_then(truncated)));
            }
            Op::UintToDouble => stack.unary(|cell| from_double(cell.bits().map(|v| v as f64))),
            Op::SwitchSign => stack.unary(|cell| cell.as_int().filter(|v| *v >= 0).into()),
            Op::Number => {
                let finite = |value: &f64| value.is_finite();
                stack.unary(|cell| {
                    cell.as_double().filter(finite).map_or(Cell::MISSING, Cell::double)
                });
            }
            Op::TimestampInRange => stack.unary(|cell| within(cell, TIMESTAMP_MS)),
            Op::DurationInRange => stack.unary(|cell| within(cell, DURATION_MS)),
            Op::Unary(function) => stack.unary(|cell| function.of(cell)),
            Op::Binary(function) => {
                let (right, left) = (stack.pop(), stack.pop());
                stack.push(function.of(left, right));
            }
            Op::MoneyToDouble => {
                stack.unary(|cell| from_double(cell.as_int().map(|v| v as f64 / MICROS as f64)));
            }
            Op::DoubleToMoney => {
                stack.unary(|cell| cell.as_double().and_then(micros_of_f64).into());
            }
            Op::Local(part) => {
                stack.unary(|cell| {
                    cell.as_int().map(|utc_ms| calendar(part, environment.local(utc_ms))).into()
                });
            }
            Op::Utc(part) => {
                stack.unary(|cell| {
                    cell.as_int().map(|utc_ms| calendar(part, LocalTime::new(utc_ms, 0))).into()
                });
            }
        }
    }
    stack.pop()
}

/// Whether a rule holds: definitely true, not merely not false.
pub(crate) fn holds(program: &[Op], environment: &mut impl Environment) -> bool {
    evaluate(program, environment).is_true()
}

fn not(cell: Cell) -> Cell {
    cell.bits().map_or(Cell::MISSING, |bits| Cell::bool(bits == 0))
}

fn and(left: Cell, right: Cell) -> Cell {
    if left.is_false() || right.is_false() {
        Cell::FALSE
    } else if left.known() && right.known() {
        Cell::TRUE
    } else {
        Cell::MISSING
    }
}

fn from_double(value: Option<f64>) -> Cell {
    value.map_or(Cell::MISSING, |value| Cell::from_bits(value.to_bits()))
}

fn from_uint(value: Option<u64>) -> Cell {
    value.map_or(Cell::MISSING, Cell::from_bits)
}

/// 2^64 as a float: the first value above every `u64`.
const U64_END: f64 = 18_446_744_073_709_551_616.0;

/// From 0001-01-01T00:00:00Z to the end of the year 9999, the timestamps of CEL.
const TIMESTAMP_MS: RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// The durations of CEL, whose nanoseconds fit 64 bits.
pub(crate) const DURATION_MS: RangeInclusive<i64> = i64::MIN / 1_000_000..=i64::MAX / 1_000_000;

fn within(cell: Cell, range: RangeInclusive<i64>) -> Cell {
    cell.as_int().filter(|value| range.contains(value)).into()
}

/// The integer part, when it fits.
fn truncate(value: f64) -> Option<i64> {
    let whole = libm::trunc(value);
    // CEL leaves the two ends of the range out, since f64 cannot tell them from their neighbours.
    (whole > i64::MIN as f64 && whole < i64::MAX as f64).then_some(whole as i64)
}

fn calendar(part: Calendar, local: LocalTime) -> i64 {
    match part {
        Calendar::Hour => local.hour(),
        Calendar::Minute => local.minute(),
        Calendar::DayOfWeek => local.day_of_week(),
        Calendar::Second => local.ms_of_day() / 1_000 % 60,
        Calendar::Millisecond => local.ms_of_day() % 1_000,
        Calendar::DayOfMonth => local.day_of_month(),
        Calendar::Date => local.day_of_month() + 1,
        Calendar::DayOfYear => local.day() - day_of_date(local.year(), 1, 1),
        Calendar::Month => local.month(),
        Calendar::Year => local.year(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl Environment for Nothing {
        fn feature(&mut self, _: u16) -> Cell {
            Cell::MISSING
        }
        fn field(&self, _: u16) -> Cell {
            Cell::MISSING
        }
        fn event_time(&self) -> Cell {
            Cell::MISSING
        }
        fn now_ms(&self) -> i64 {
            0
        }
        fn local(&self, utc_ms: i64) -> LocalTime {
            LocalTime::new(utc_ms, 0)
        }
    }

    fn run(ops: &[Op]) -> Cell {
        evaluate(ops, &mut Nothing)
    }

    fn literal(value: Option<bool>) -> Op {
        // `Nothing` has no features: reading one is how to get a missing value.
        value.map_or(Op::Feature(0), |v| Op::Constant(u64::from(v)))
    }

    #[test]
    fn three_valued_tables() {
        // Kleene's strong logic: left, right, and, or.
        let (t, f, u) = (Some(true), Some(false), None);
        for (left, right, conjunction, disjunction) in
            [(t, t, t, t), (t, f, f, t), (f, f, f, f), (t, u, u, t), (f, u, f, u), (u, u, u, u)]
        {
            for (a, b) in [(left, right), (right, left)] {
                let expect = |value: Option<bool>| value.map_or(Cell::MISSING, Cell::bool);
                assert_eq!(run(&[literal(a), literal(b), Op::And]), expect(conjunction));
                assert_eq!(run(&[literal(a), literal(b), Op::Or]), expect(disjunction));
                // With the jump that skips what cannot matter.
                let skip = Op::JumpIfFalse(4);
                assert_eq!(run(&[literal(a), skip, literal(b), Op::And]), expect(conjunction));
                let skip = Op::JumpIfTrue(4);
                assert_eq!(run(&[literal(a), skip, literal(b), Op::Or]), expect(disjunction));
            }
        }
    }

    #[test]
    fn arithmetic_that_has_no_answer_is_missing() {
        let int = |v: i64| Op::Constant(v as u64);
        for ops in [
            [int(i64::MAX), int(1), Op::AddInt],
            [int(1), int(0), Op::DivideInt],
            [int(i64::MIN), int(-1), Op::DivideInt],
            [int(1), int(0), Op::RemainderInt],
        ] {
            assert_eq!(run(&ops), Cell::MISSING, "{ops:?}");
        }
        let double = |v: f64| Op::Constant(v.to_bits());
        let nan = [double(0.0), double(0.0), Op::DivideDouble];
        assert_eq!(run(&[nan[0], nan[1], nan[2], Op::Number]), Cell::MISSING);
        assert_eq!(run(&[nan[0], nan[1], nan[2], double(1.0), Op::LessDouble]), Cell::FALSE);
        assert_eq!(run(&[double(-0.0), Op::Number]), Cell::double(0.0));
        assert_eq!(run(&[double(1e300), Op::DoubleToInt]), Cell::MISSING);
        assert_eq!(run(&[double(-2.9), Op::DoubleToInt]), Cell::int(-2));
    }

    #[test]
    fn a_broken_program_cannot_panic() {
        assert_eq!(run(&[Op::And, Op::Select, Op::AddInt, Op::JumpIfTrue(9)]), Cell::MISSING);
        assert_eq!(run(&[Op::Constant(1); 40]), Cell::from_bits(1));
    }
}
