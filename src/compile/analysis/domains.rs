//! Between what the values of formulas lie.

use std::vec::Vec;

use super::facts::{Facts, Interval, double_at, of_doubles};
use super::formula::{Formula, Reader, Scale, Tree, Variable};
use crate::base::limits::{STREAK_PERIODS_MAX, TIME_MS_MAX, TIME_MS_MIN};
use crate::base::money::MICROS;
use crate::expr::{Calendar, Op, Type};
use crate::policy::{FeatureKind, Fold, Holder, ModelOutput, Policy};

/// Times that a call accepts.
const TIMES: Interval = Interval { low: TIME_MS_MIN, high: TIME_MS_MAX };

/// What is known of every feature before any rule is asked.
#[derive(Debug)]
pub(super) struct Domains {
    features: Vec<Facts>,
}

impl Domains {
    pub(super) fn new(policy: &Policy, reader: &Reader<'_>) -> Domains {
        let count = policy.tables.features.len();
        let mut domains = Domains { features: Vec::with_capacity(count) };
        for position in 0..count {
            let facts = of_feature(policy, reader, position);
            domains.features.push(facts);
        }
        domains
    }

    pub(super) fn of(&self, variable: Variable) -> Facts {
        match variable {
            Variable::Feature(position) => self.features[usize::from(position)].clone(),
            Variable::Field(_) => Facts::new(Interval::ALL, true),
            Variable::Now => Facts::new(TIMES, false),
            Variable::EventTime => Facts::new(TIMES, true),
        }
    }
}

fn of_feature(policy: &Policy, reader: &Reader<'_>, position: usize) -> Facts {
    let feature = &policy.tables.features[position];
    let all = Interval::of_type(feature.ty);
    match feature.kind {
        _ if feature.ty == Type::Member => {
            let mut facts =
                Facts::of_members(feature.members.iter().map(|id| i64::from(id.0)).collect());
            // Everybody is in some stage.
            facts.may_be_missing = !matches!(feature.kind, FeatureKind::Stage { .. });
            facts
        }
        FeatureKind::Aggregate(aggregate) => {
            // Nothing counted is 0, and nothing summed: neither is ever missing.
            let interval = match aggregate.fold {
                Fold::Count if feature.ty == Type::Double => of_doubles(0.0, f64::INFINITY),
                Fold::Active | Fold::Streak => Interval::new(0, STREAK_PERIODS_MAX.into()),
                Fold::Count | Fold::Distinct { .. } => Interval::new(0, i64::MAX),
                _ => all,
            };
            // Without its account a line knows nothing of it.
            let known = aggregate.always_known() && feature.holder == Holder::Line;
            Facts::new(interval, !known)
        }
        FeatureKind::Output { model } => {
            let model = &policy.tables.models[usize::from(model)];
            let own = |output: &&ModelOutput| usize::from(output.feature) == position;
            let range = model.outputs.iter().find(own).map(|output| output.answer.range());
            let (low, high) = range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            Facts::new(of_doubles(low, high), true)
        }
        // What it reads is taken at its widest: constants and clocks bound it.
        FeatureKind::Derived(program) => {
            let scale = if feature.ty == Type::Double { Scale::Double } else { Scale::Int };
            Facts::new(span(&reader.formula(program), scale, &|_| None), true)
        }
        _ => Facts::new(all, true),
    }
}

/// Between what a formula lies if it is known. `of` says it of variables.
pub(super) fn span(
    tree: &Tree,
    scale: Scale,
    of: &impl Fn(Variable) -> Option<Interval>,
) -> Interval {
    match &**tree {
        Formula::Constant(bits) => Interval::of_bits(*bits, scale),
        Formula::Variable(variable) => of(*variable).unwrap_or(Interval::ALL),
        Formula::Select(_, a, b) | Formula::OrElse(a, b) => {
            span(a, scale, of).union(span(b, scale, of))
        }
        Formula::Apply(op, operands) => applied(*op, operands, of),
        Formula::Opaque(_) | Formula::Missing => Interval::ALL,
        _ => Interval::of_type(Type::Bool),
    }
}

fn applied(op: Op, operands: &[Tree], of: &impl Fn(Variable) -> Option<Interval>) -> Interval {
    let int = |at: usize| span(&operands[at], Scale::Int, of);
    let all_doubles = Interval::of_type(Type::Double);
    let doubles = |at: usize| {
        let Interval { low, high } = span(&operands[at], Scale::Double, of);
        (double_at(low.max(all_doubles.low)), double_at(high.min(all_doubles.high)))
    };
    match op {
        // What overflows is missing, so what is known is within the ends.
        Op::AddInt => {
            let (a, b) = (int(0), int(1));
            Interval::new(a.low.saturating_add(b.low), a.high.saturating_add(b.high))
        }
        Op::SubtractInt => {
            let (a, b) = (int(0), int(1));
            Interval::new(a.low.saturating_sub(b.high), a.high.saturating_sub(b.low))
        }
        Op::NegateInt => {
            let a = int(0);
            Interval::new(a.high.saturating_neg(), a.low.saturating_neg())
        }
        Op::MultiplyInt => corners(int(0), int(1), i64::saturating_mul),
        // Rounding keeps the order, so the ends of the result are results of ends.
        Op::AddDouble => {
            let ((a, b), (c, d)) = (doubles(0), doubles(1));
            of_doubles(a + c, b + d)
        }
        Op::SubtractDouble => {
            let ((a, b), (c, d)) = (doubles(0), doubles(1));
            of_doubles(a - d, b - c)
        }
        Op::NegateDouble => {
            let (a, b) = doubles(0);
            of_doubles(-b, -a)
        }
        Op::IntToDouble => of_doubles(int(0).low as f64, int(0).high as f64),
        Op::MoneyToDouble => {
            let unit = MICROS as f64;
            of_doubles(int(0).low as f64 / unit, int(0).high as f64 / unit)
        }
        Op::Local(part) | Op::Utc(part) => of_calendar(part),
        Op::TimestampInRange | Op::DurationInRange => int(0),
        // What is not a number is missing here.
        Op::Number => span(&operands[0], Scale::Double, of),
        Op::MultiplyDouble | Op::DivideDouble => all_doubles,
        _ => Interval::ALL,
    }
}

fn corners(a: Interval, b: Interval, compute: impl Fn(i64, i64) -> i64) -> Interval {
    let ends = [(a.low, b.low), (a.low, b.high), (a.high, b.low), (a.high, b.high)];
    let results = ends.map(|(a, b)| Interval::only(compute(a, b)));
    results.into_iter().reduce(Interval::union).unwrap_or(Interval::ALL)
}

fn of_calendar(part: Calendar) -> Interval {
    match part {
        Calendar::Hour => Interval::new(0, 23),
        Calendar::Minute | Calendar::Second => Interval::new(0, 59),
        Calendar::Millisecond => Interval::new(0, 999),
        Calendar::DayOfWeek => Interval::new(0, 6),
        Calendar::DayOfMonth => Interval::new(0, 30),
        Calendar::Date => Interval::new(1, 31),
        Calendar::DayOfYear => Interval::new(0, 365),
        Calendar::Month => Interval::new(0, 11),
        Calendar::Year => Interval::ALL,
    }
}
