//! Syntax tree to typed tree: what every name means and whether the types fit.
//!
//! The tree is folded while it is built, so what reaches the lowering reads something. A policy
//! is checked strictly; where CEL leaves types to the evaluation (`dyn`), an operand that does not
//! fit is an error of the evaluation, a [`Kind::Failed`], which `&&` and `||` can absorb.

use std::cell::{Cell, RefCell};
use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, LiteralValue};

use super::cel::Parsed;
use super::constant::{Constant, find};
use super::diagnostic::Code;
use super::fold::{fold, list_of, settle};
use super::node::{Kind, Node, chain};
use super::offset::raw_offset;
use super::scope::{Scope, View};
use super::source::Item;
use super::types::{BOOL, Ty};
use crate::base::limits::{EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX};
use crate::expr::Op;

/// How an expression is taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mode {
    /// What is known is folded at once. Without it operations stay, so that they can be run.
    pub(super) fold: bool,
    /// Types that do not fit are mistakes of the text.
    pub(super) checked: bool,
    /// A timestamp without a zone is read in UTC, as CEL has it; a policy reads the subscriber's
    /// own clock.
    pub(super) utc: bool,
    /// Names that nothing has are errors of the evaluation.
    pub(super) undeclared: bool,
}

impl Mode {
    pub(super) const POLICY: Mode =
        Mode { fold: true, checked: true, utc: false, undeclared: false };
}

/// Checks one expression. Nothing comes back when a mistake was recorded.
pub(super) struct Checker<'a> {
    pub(super) scope: &'a Scope,
    pub(super) view: &'a View,
    pub(super) item: &'a Item<'a>,
    pub(super) parsed: &'a Parsed,
    pub(super) mode: Mode,
    /// Variables of macros, the innermost last.
    pub(super) locals: RefCell<Vec<(String, Node)>>,
    /// Nodes made so far: macros are unrolled, and a few brackets can ask for a great many.
    spent: Cell<usize>,
    /// Levels of the syntax tree above the one that is being checked.
    depth: Cell<usize>,
}

/// Records a mistake at a place inside the text of an expression.
pub(super) fn error_inside(
    item: &Item<'_>,
    code: Code,
    span: Range<usize>,
    message: impl Into<String>,
    help: impl Into<Option<String>>,
) {
    let raw = &item.report.file().text()[item.span.clone()];
    let place = |at| item.span.start + raw_offset(raw, at);
    item.report.error(code, place(span.start)..place(span.end), &item.path, message, help);
}

impl<'a> Checker<'a> {
    pub(super) fn new(
        scope: &'a Scope,
        view: &'a View,
        item: &'a Item<'a>,
        parsed: &'a Parsed,
    ) -> Checker<'a> {
        let (locals, mode) = (RefCell::default(), Mode::POLICY);
        let (spent, depth) = (Cell::default(), Cell::default());
        Checker { scope, view, item, parsed, mode, locals, spent, depth }
    }

    /// The whole expression, as this type if one is wanted, of a type that programs result in and
    /// with a value now and then.
    pub(super) fn root(&self, wanted: Option<Ty>) -> Option<Node> {
        let node = self.node(&self.parsed.root)?;
        let node = match wanted {
            Some(ty) => self.expect(node, ty)?,
            None => node,
        };
        let why = match &node.kind {
            Kind::Failed(why) => Some(why.as_str()),
            Kind::Constant(Constant::Double(value)) if value.is_nan() => Some("not a number"),
            _ => None,
        };
        if let Some(why) = why {
            let message = format!("this can only fail: {why}");
            return self.error(Code::OnlyFails, node.span.clone(), message, None);
        }
        if !node.ty.leaves() {
            return self.unsupported(&format!("a result of type {}", node.ty.word()), node.span);
        }
        Some(node)
    }

    pub(super) fn error<T>(
        &self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) -> Option<T> {
        error_inside(self.item, code, span, message, help);
        None
    }

    pub(super) fn unsupported<T>(&self, what: &str, span: Range<usize>) -> Option<T> {
        self.error(Code::Unsupported, span, format!("{what} cannot be used in a policy"), None)
    }

    /// Counts nodes that are made or copied.
    pub(super) fn spend(&self, nodes: usize, span: &Range<usize>) -> Option<()> {
        self.spent.set(self.spent.get().saturating_add(nodes));
        if self.spent.get() > EXPRESSION_NODES_MAX {
            let message = format!("unrolled, it has more than {EXPRESSION_NODES_MAX} parts");
            return self.error(Code::Limit, span.clone(), message, None);
        }
        Some(())
    }

    pub(super) fn apply(&self, ty: Ty, span: Range<usize>, op: Op, operands: Vec<Node>) -> Node {
        let loose = operands.iter().any(|operand| operand.loose);
        self.folded(Node { loose, ..Node::new(ty, span, Kind::Apply(op, operands)) })
    }

    pub(super) fn convert_all(&self, node: Node, ops: &[Op], ty: Ty) -> Node {
        let span = node.span.clone();
        chain(node, ops, ty, |op, operands| self.apply(ty, span.clone(), op, operands))
    }

    pub(super) fn folded(&self, node: Node) -> Node {
        if self.mode.fold { fold(node) } else { node }
    }

    /// A node as a value, where only a value will do.
    pub(super) fn settled(&self, node: Node) -> Node {
        if self.mode.fold { node } else { settle(node) }
    }

    /// Whether types that do not fit are left to the evaluation.
    pub(super) fn is_loose(&self, nodes: &[&Node]) -> bool {
        !self.mode.checked || nodes.iter().any(|node| node.loose)
    }

    pub(super) fn node(&self, ast: &IdedExpr) -> Option<Node> {
        let span = self.parsed.span(ast);
        self.spend(1, &span)?;
        if self.depth.get() >= EXPRESSION_DEPTH_MAX {
            let message = format!("more than {EXPRESSION_DEPTH_MAX} levels");
            return self.error(Code::Limit, span, message, None);
        }
        self.depth.set(self.depth.get() + 1);
        let node = self.construct(ast, span);
        self.depth.set(self.depth.get() - 1);
        node
    }

    fn construct(&self, ast: &IdedExpr, span: Range<usize>) -> Option<Node> {
        match &ast.expr {
            Expr::Literal(value) => Some(Node::known(literal(value), span)),
            Expr::Ident(name) => self.name(name, span),
            Expr::Select(select) => self.select(select, span),
            Expr::Call(call) => self.call(call, span),
            Expr::List(list) if list.optional_indices.is_empty() => {
                let items: Vec<_> = list.elements.iter().map(|item| self.node(item)).collect();
                let items = items.into_iter().collect::<Option<Vec<_>>>()?;
                Some(Node::new(Ty::List, span, list_of(items)))
            }
            Expr::List(_) => self.unsupported("an optional element", span),
            Expr::Map(map) => self.map(&map.entries, span),
            Expr::Struct(message) => {
                self.unsupported(&format!("the message `{}`", message.type_name), span)
            }
            Expr::Comprehension(_) | Expr::Unspecified => self.unsupported("this construct", span),
        }
    }

    fn map(&self, entries: &[IdedEntryExpr], span: Range<usize>) -> Option<Node> {
        let mut known: Vec<(Constant, Node)> = Vec::new();
        for entry in entries {
            let EntryExpr::MapEntry(entry) = &entry.expr else {
                return self.unsupported("this entry of a map", span);
            };
            if entry.optional {
                return self.unsupported("an optional entry", span);
            }
            let (key, value) = (self.node(&entry.key)?, self.node(&entry.value)?);
            let key = self.settled(key);
            if key.is_failed() || value.is_failed() {
                return Some(Node::failed(Ty::Map, "an entry of the map fails", span));
            }
            let Some(constant) = key.value() else {
                return self.unsupported("a key that is not known in advance", key.span);
            };
            let can_be_key = matches!(
                constant,
                Constant::Bool(_) | Constant::Int(_) | Constant::Uint(_) | Constant::Text(_)
            );
            if !can_be_key || find(&known, &constant).is_some() {
                let why = if can_be_key { "a key is repeated" } else { "not a type of keys" };
                return Some(Node::failed(Ty::Map, why, span));
            }
            known.push((constant, value.loosened()));
        }
        Some(Node::new(Ty::Map, span, Kind::Map(known)))
    }

    pub(super) fn bools(&self, left: &IdedExpr, right: &IdedExpr) -> Option<Vec<Node>> {
        let left = self.node(left).and_then(|node| self.expect(node, BOOL));
        let right = self.node(right).and_then(|node| self.expect(node, BOOL));
        Some(Vec::from([left?, right?]))
    }
}

fn literal(value: &LiteralValue) -> Constant {
    match value {
        LiteralValue::Boolean(value) => Constant::Bool(*value.inner()),
        LiteralValue::Int(value) => Constant::Int(*value.inner()),
        LiteralValue::UInt(value) => Constant::Uint(*value.inner()),
        LiteralValue::Double(value) => Constant::Double(*value.inner()),
        LiteralValue::String(value) => Constant::Text(value.inner().to_string()),
        LiteralValue::Bytes(value) => Constant::Bytes(value.inner().to_vec()),
        LiteralValue::Null => Constant::Null,
    }
}
