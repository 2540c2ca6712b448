//! The typed tree between the checker and the lowering.

use std::ops::Range;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::constant::Constant;
use super::types::{MONEY, Ty};
use crate::expr::Op;

/// A typed expression.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) ty: Ty,
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// Whether its type is only known by what it is (CEL's `dyn`), so that operands that do not
    /// fit are an error of the evaluation rather than of the text.
    pub(super) loose: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A known value, never a list or a map: those keep nodes.
    Constant(Constant),
    /// An evaluation that can only fail, and why.
    Failed(String),
    /// Something that is pushed.
    Read(Op),
    /// Operands, then the operation on them.
    Apply(Op, Vec<Node>),
    /// Three-valued and.
    And(Vec<Node>),
    /// Three-valued or.
    Or(Vec<Node>),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Vec<(Constant, Node)>),
}

impl Node {
    pub(super) fn new(ty: Ty, span: Range<usize>, kind: Kind) -> Node {
        Node { ty, kind, span, loose: false }
    }

    /// A known value of any type.
    pub(super) fn known(value: Constant, span: Range<usize>) -> Node {
        let ty = value.ty();
        let within = |value| Node::known(value, span.clone());
        let kind = match value {
            Constant::List(items) => Kind::List(loose_if_mixed(items.into_iter().map(within))),
            Constant::Map(entries) => {
                let entry = |(key, value)| (key, within(value).loosened());
                Kind::Map(entries.into_iter().map(entry).collect())
            }
            value => Kind::Constant(value),
        };
        Node::new(ty, span, kind)
    }

    pub(super) fn failed(ty: Ty, why: impl Into<String>, span: Range<usize>) -> Node {
        Node { loose: true, ..Node::new(ty, span, Kind::Failed(why.into())) }
    }

    pub(super) fn loosened(self) -> Node {
        Node { loose: true, ..self }
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self.kind, Kind::Failed(_))
    }

    /// The value, if all of it is known.
    pub(super) fn value(&self) -> Option<Constant> {
        match &self.kind {
            Kind::Constant(value) => Some(value.clone()),
            Kind::List(items) => {
                items.iter().map(Node::value).collect::<Option<_>>().map(Constant::List)
            }
            Kind::Map(entries) => entries
                .iter()
                .map(|(key, value)| Some((key.clone(), value.value()?)))
                .collect::<Option<_>>()
                .map(Constant::Map),
            _ => None,
        }
    }

    /// Nodes in the tree: what a copy of it costs.
    pub(super) fn size(&self) -> usize {
        let of = |nodes: &[Node]| nodes.iter().map(Node::size).sum::<usize>();
        1 + match &self.kind {
            Kind::Constant(Constant::Text(text)) => text.len() / 64,
            Kind::Constant(Constant::Bytes(bytes)) => bytes.len() / 64,
            Kind::Constant(_) | Kind::Failed(_) | Kind::Read(_) => 0,
            Kind::Apply(_, nodes) | Kind::And(nodes) | Kind::Or(nodes) | Kind::List(nodes) => {
                of(nodes)
            }
            Kind::Map(entries) => entries.iter().map(|(_, value)| 1 + value.size()).sum(),
        }
    }
}

/// The items of a list, whose types are only known by what they are when they differ.
pub(super) fn loose_if_mixed(items: impl Iterator<Item = Node>) -> Vec<Node> {
    let mut items: Vec<Node> = items.collect();
    if items.windows(2).any(|pair| pair[0].ty != pair[1].ty) {
        items.iter_mut().for_each(|item| item.loose = true);
    }
    items
}

/// A known value of a type that only its node knows.
pub(super) fn constant(ty: Ty, value: Constant, span: Range<usize>) -> Node {
    Node::new(ty, span, Kind::Constant(value))
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
    matches!(node.kind, Kind::Constant(_))
}

/// Whether a node is made of known values that can take another type: a number that of money,
/// text that of an enumeration.
pub(super) fn becomes(node: &Node, ty: Ty) -> bool {
    match &node.kind {
        Kind::Constant(Constant::Int(_) | Constant::Double(_)) => ty == MONEY,
        Kind::Constant(Constant::Text(_)) => matches!(ty, Ty::Enum(_)),
        Kind::Apply(op, operands) => results(*op)
            .is_some_and(|results| operands[results].iter().all(|node| becomes(node, ty))),
        _ => false,
    }
}

/// Applies operations of one operand, one after the other.
pub(super) fn chain(node: Node, ops: &[Op], ty: Ty, apply: impl Fn(Op, Vec<Node>) -> Node) -> Node {
    ops.iter().fold(node, |node, op| Node { ty, ..apply(*op, vec![node]) })
}
