//! Constant folding: what is known becomes a value, by the operations that programs run.

use std::string::String;
use std::vec::Vec;

use super::constant::{Constant, MS_NS};
use super::node::{Kind, Node, loose_if_mixed};
use super::types::Ty;
use crate::base::civil::LocalTime;
use crate::expr::{Binary, Cell, Environment, Op, evaluate};

/// One step: the node itself, whose parts are folded already.
pub(super) fn fold(node: Node) -> Node {
    let Node { ty, kind, span, loose } = node;
    let kind = match kind {
        Kind::Apply(op, operands) => match apply(op, ty, operands) {
            // A branch that was chosen keeps its own place.
            Folded::Operand(operand) => return Node { loose: loose | operand.loose, ..operand },
            Folded::Kind(kind) => kind,
        },
        Kind::And(operands) => logic(operands, false, Kind::And),
        Kind::Or(operands) => logic(operands, true, Kind::Or),
        kind => kind,
    };
    Node { ty, kind, span, loose }
}

/// The whole tree.
pub(super) fn settle(node: Node) -> Node {
    let all = |nodes: Vec<Node>| nodes.into_iter().map(settle).collect();
    let kind = match node.kind {
        Kind::Apply(op, operands) => Kind::Apply(op, all(operands)),
        Kind::And(operands) => Kind::And(all(operands)),
        Kind::Or(operands) => Kind::Or(all(operands)),
        Kind::List(items) => Kind::List(all(items)),
        Kind::Map(entries) => {
            Kind::Map(entries.into_iter().map(|(key, value)| (key, settle(value))).collect())
        }
        kind => kind,
    };
    fold(Node { kind, ..node })
}

enum Folded {
    Operand(Node),
    Kind(Kind),
}

fn apply(op: Op, ty: Ty, mut operands: Vec<Node>) -> Folded {
    let kind = match op {
        Op::Select => match &operands[0].kind {
            Kind::Constant(Constant::Bool(true)) => {
                return Folded::Operand(operands.swap_remove(1));
            }
            Kind::Constant(_) => return Folded::Operand(operands.swap_remove(2)),
            Kind::Failed(why) => Kind::Failed(why.clone()),
            _ => Kind::Apply(op, operands),
        },
        Op::OrElse if operands[0].is_failed() => return Folded::Operand(operands.swap_remove(1)),
        Op::OrElse if is_known(&operands[0]) => return Folded::Operand(operands.swap_remove(0)),
        Op::OrElse => Kind::Apply(op, operands),
        Op::Has if operands[0].is_failed() => Kind::Constant(Constant::Bool(false)),
        Op::Has if is_known(&operands[0]) => Kind::Constant(Constant::Bool(true)),
        Op::Has => Kind::Apply(op, operands),
        _ => strict(op, ty, operands),
    };
    Folded::Kind(kind)
}

fn is_known(node: &Node) -> bool {
    matches!(node.kind, Kind::Constant(_) | Kind::List(_) | Kind::Map(_))
}

/// An operation that needs all its operands.
fn strict(op: Op, ty: Ty, operands: Vec<Node>) -> Kind {
    if let Some(why) = failure(&operands) {
        return Kind::Failed(why);
    }
    // The subscriber's own clock is only known when they call.
    if matches!(op, Op::Local(_)) {
        return Kind::Apply(op, operands);
    }
    let values: Option<Vec<Constant>> = operands.iter().map(Node::value).collect();
    match values {
        None => Kind::Apply(op, operands),
        Some(values) => match compute(op, ty, &values) {
            Some(value) => Kind::Constant(value),
            None => Kind::Failed(String::from("no result: out of range or divided by zero")),
        },
    }
}

/// Why one of the nodes fails, if one does.
pub(super) fn failure(nodes: &[Node]) -> Option<String> {
    nodes.iter().find_map(|node| match &node.kind {
        Kind::Failed(why) => Some(why.clone()),
        _ => None,
    })
}

/// `&&` and `||`: operands that cannot change the result go, one that settles it is the result.
fn logic(operands: Vec<Node>, settles: bool, rebuild: fn(Vec<Node>) -> Kind) -> Kind {
    let is = |node: &Node, value| matches!(node.kind, Kind::Constant(Constant::Bool(known)) if known == value);
    if operands.iter().any(|node| is(node, settles)) {
        return Kind::Constant(Constant::Bool(settles));
    }
    let mut open: Vec<Node> = operands.into_iter().filter(|node| !is(node, !settles)).collect();
    if open.is_empty() {
        return Kind::Constant(Constant::Bool(!settles));
    }
    match open.iter().all(Node::is_failed).then(|| failure(&open)).flatten() {
        Some(why) => Kind::Failed(why),
        None if open.len() == 1 => open.remove(0).kind,
        None => rebuild(open),
    }
}

/// The result of an operation on known operands; none when it has none.
fn compute(op: Op, ty: Ty, operands: &[Constant]) -> Option<Constant> {
    let bits: Option<Vec<u64>> = operands.iter().map(Constant::bits).collect();
    match bits {
        Some(bits) => run(op, ty, &bits),
        None => finer(op, ty, operands),
    }
}

fn run(op: Op, ty: Ty, operands: &[u64]) -> Option<Constant> {
    let mut ops: Vec<Op> = operands.iter().map(|bits| Op::Constant(*bits)).collect();
    ops.push(op);
    Constant::from_bits(ty, evaluate(&ops, &mut Nowhere).bits()?)
}

/// Operations on instants and lengths of time that are finer than the milliseconds of programs.
fn finer(op: Op, ty: Ty, operands: &[Constant]) -> Option<Constant> {
    if matches!(op, Op::Utc(_) | Op::DivideInt | Op::RemainderInt | Op::Binary(Binary::FloorDivide))
    {
        let bits: Option<Vec<u64>> = operands.iter().map(|value| coarse(value).bits()).collect();
        return run(op, ty, &bits?);
    }
    let ns: Option<Vec<i128>> = operands.iter().map(nanoseconds).collect();
    let timed = |ns: i128| Constant::from_bits(ty, 0).map(|zero| with_nanoseconds(&zero, ns));
    let truth = |value: bool| Some(Constant::Bool(value));
    let in_range = |ns: i128| {
        let rounded = i64::try_from(ns.div_euclid(MS_NS)).ok()?;
        run(op, ty, &[rounded as u64])?;
        // Durations end at 2^63 nanoseconds, which is not a whole number of milliseconds.
        (op != Op::DurationInRange || i64::try_from(ns).is_ok()).then_some(ns)
    };
    match (op, ns?.as_slice()) {
        (Op::AddInt, [left, right]) => timed(left + right),
        (Op::SubtractInt, [left, right]) => timed(left - right),
        (Op::NegateInt, [value]) => timed(-value),
        (Op::LessInt, [left, right]) => truth(left < right),
        (Op::LessOrEqualInt, [left, right]) => truth(left <= right),
        (Op::EqualBits, [left, right]) => truth(left == right),
        (Op::TimestampInRange | Op::DurationInRange, [value]) => timed(in_range(*value)?),
        _ => None,
    }
}

fn nanoseconds(value: &Constant) -> Option<i128> {
    match value {
        Constant::Timestamp(ns) | Constant::Duration(ns) => Some(*ns),
        _ => None,
    }
}

fn with_nanoseconds(like: &Constant, ns: i128) -> Constant {
    match like {
        Constant::Timestamp(_) => Constant::Timestamp(ns),
        _ => Constant::Duration(ns),
    }
}

/// Whole milliseconds: the one that an instant is in, those that a length of time has.
fn coarse(value: &Constant) -> Constant {
    match value {
        Constant::Timestamp(ns) => Constant::Timestamp(ns.div_euclid(MS_NS) * MS_NS),
        Constant::Duration(ns) => Constant::Duration(ns / MS_NS * MS_NS),
        other => other.clone(),
    }
}

/// Where constants are evaluated: there is nothing to read.
struct Nowhere;

impl Environment for Nowhere {
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

/// A list of these items, which fails when one of them does.
pub(super) fn list_of(items: Vec<Node>) -> Kind {
    match failure(&items) {
        Some(why) => Kind::Failed(why),
        None => Kind::List(loose_if_mixed(items.into_iter())),
    }
}
