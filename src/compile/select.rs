//! Selections and indices: fields of an event, entries of maps, items of lists.

use std::format;
use std::ops::Range;
use std::string::String;

use cel::IdedExpr;
use cel::common::ast::{Expr, SelectExpr};

use super::check::Checker;
use super::constant::{Constant, find};
use super::node::{Kind, Node};
use super::operators::NO_OVERLOAD;
use super::types::{self, Ty};
use super::variables::ARMS;

impl Checker<'_> {
    pub(super) fn select(&self, select: &SelectExpr, span: Range<usize>) -> Option<Node> {
        let field = select.field.as_str();
        if let Some(path) = path(select) {
            if let Some(local) = self.local(&path, &span) {
                return local;
            }
            if types::is_type_name(&path) {
                return Some(Node::known(Constant::Type(path), span));
            }
        }
        let of_event = matches!(&select.operand.expr, Expr::Ident(name) if name == "event");
        if of_event && !self.mode.utc {
            return self.event_field(field, span);
        }
        if matches!(&select.operand.expr, Expr::Ident(name) if name == ARMS) && !self.mode.utc {
            return self.arm(field, span);
        }
        let operand = self.settled(self.node(&select.operand)?);
        match &operand.kind {
            Kind::Map(entries) => Some(self.entry(entries, &Constant::Text(field.into()), span)),
            Kind::Failed(why) => Some(Node::failed(Ty::Unknown, why, span)),
            _ if self.is_loose(&[&operand]) => Some(Node::failed(Ty::Unknown, NO_OVERLOAD, span)),
            _ => self.unsupported("a field of anything but `event` or `experiment`", span),
        }
    }

    fn entry(&self, entries: &[(Constant, Node)], key: &Constant, span: Range<usize>) -> Node {
        match find(entries, key) {
            Some(node) => Node { span, ..node.clone() },
            None => Node::failed(Ty::Unknown, "no such key", span),
        }
    }

    pub(super) fn index(&self, list: &IdedExpr, at: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let (list, at) = (self.settled(self.node(list)?), self.settled(self.node(at)?));
        if list.is_failed() || at.is_failed() {
            return Some(Node::failed(Ty::Unknown, "what is indexed fails", span));
        }
        let Some(key) = at.value() else {
            return self.unsupported("an index that is not known in advance", at.span);
        };
        self.spend(1, &span)?;
        match &list.kind {
            Kind::Map(entries) => Some(self.entry(entries, &key, span)),
            Kind::List(_) if !matches!(key, Constant::Int(_)) && !self.is_loose(&[&at]) => {
                self.mismatch("[]", &list, &at, span)
            }
            Kind::List(items) => {
                let item = key.whole().and_then(|at| items.get(usize::try_from(at).ok()?));
                Some(match item {
                    Some(item) => Node { span, ..item.clone() },
                    None => Node::failed(Ty::Unknown, "no such index", span),
                })
            }
            _ if self.is_loose(&[&list]) => Some(Node::failed(Ty::Unknown, NO_OVERLOAD, span)),
            _ => self.unsupported(&format!("an index into {}", list.ty.word()), span),
        }
    }
}

/// `a.b.c`, as the one name that it may be.
fn path(select: &SelectExpr) -> Option<String> {
    let before = match &select.operand.expr {
        Expr::Ident(name) => name.clone(),
        Expr::Select(select) => path(select)?,
        _ => return None,
    };
    Some(format!("{}.{}", before.trim_start_matches('.'), select.field))
}
