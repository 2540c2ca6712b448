//! The typed tree between the checker and the lowering.

use std::ops::Range;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::types::{MONEY, Ty};
use crate::expr::{Cell, Op};

/// A typed expression.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) ty: Ty,
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A literal, which can still become money or a member.
    Literal(Literal),
    /// Something that is pushed.
    Read(Op),
    /// Operands, then the operation on them.
    Apply(Op, Vec<Node>),
    /// Three-valued and.
    And(Vec<Node>),
    /// Three-valued or.
    Or(Vec<Node>),
}

#[derive(Clone, Debug)]
pub(super) enum Literal {
    Int(i64),
    Double(f64),
    Text(String),
}

pub(super) fn constant(ty: Ty, bits: u64, span: Range<usize>) -> Node {
    Node { ty, span, kind: Kind::Read(Op::Constant(bits)) }
}

pub(super) fn apply(ty: Ty, span: Range<usize>, op: Op, operands: Vec<Node>) -> Node {
    Node { ty, span, kind: Kind::Apply(op, operands) }
}

pub(super) fn convert_all(node: Node, ops: &[Op], ty: Ty) -> Node {
    ops.iter().fold(node, |node, op| apply(ty, node.span.clone(), *op, vec![node]))
}

/// Which operands an operation's result is one of.
pub(super) fn results(op: Op) -> Option<Range<usize>> {
    match op {
        Op::Select => Some(1..3),
        Op::OrElse => Some(0..2),
        _ => None,
    }
}

pub(super) fn is_literal(node: &Node) -> bool {
    matches!(node.kind, Kind::Literal(_))
}

/// Whether a node is made of literals that can take another type: a number that of money, text
/// that of an enumeration.
pub(super) fn becomes(node: &Node, ty: Ty) -> bool {
    match &node.kind {
        Kind::Literal(Literal::Int(_) | Literal::Double(_)) => ty == MONEY,
        Kind::Literal(Literal::Text(_)) => matches!(ty, Ty::Enum(_)),
        Kind::Apply(op, operands) => results(*op)
            .is_some_and(|results| operands[results].iter().all(|node| becomes(node, ty))),
        _ => false,
    }
}

/// The bits of a literal that kept its own type.
pub(super) fn literal_bits(literal: &Literal) -> u64 {
    match literal {
        Literal::Int(value) => *value as u64,
        Literal::Double(value) => Cell::double(*value).bits().unwrap_or(0),
        Literal::Text(text) => crate::base::hash::hash_bytes(0, text.as_bytes()),
    }
}
