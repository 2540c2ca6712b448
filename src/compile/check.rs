//! Syntax tree to typed tree: what every name means and whether the types fit.

use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, operators};

use super::cel::Parsed;
use super::diagnostic::{Code, did_you_mean};
use super::node::{Kind, Literal, Node, apply, constant, convert_all};
use super::offset::raw_offset;
use super::scope::{EventView, Scope, View};
use super::source::Item;
use super::types::{self, BOOL, DOUBLE, INT, TEXT, TIMESTAMP, Ty};
use crate::expr::Op;

/// Checks one expression. Nothing comes back when a mistake was recorded.
pub(super) struct Checker<'a> {
    pub(super) scope: &'a Scope,
    pub(super) view: &'a View,
    pub(super) item: &'a Item<'a>,
    pub(super) parsed: &'a Parsed,
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

impl Checker<'_> {
    /// The whole expression, as this type if one is wanted.
    pub(super) fn root(&self, wanted: Option<Ty>) -> Option<Node> {
        let node = self.node(&self.parsed.root)?;
        match wanted {
            Some(ty) => self.expect(node, ty),
            None => Some(node),
        }
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

    pub(super) fn node(&self, ast: &IdedExpr) -> Option<Node> {
        let span = self.parsed.span(ast);
        match &ast.expr {
            Expr::Literal(value) => self.literal(value, span),
            Expr::Ident(name) => self.name(name, span),
            Expr::Select(select) => self.select(select, span),
            Expr::Call(call) => self.call(call, span),
            Expr::List(_) => self.unsupported("a list outside `in`", span),
            Expr::Map(_) | Expr::Struct(_) => self.unsupported("a map or message", span),
            Expr::Comprehension(_) | Expr::Unspecified => self.unsupported("this construct", span),
        }
    }

    fn unsupported(&self, what: &str, span: Range<usize>) -> Option<Node> {
        self.error(Code::Unsupported, span, format!("{what} cannot be used in a policy"), None)
    }

    fn literal(&self, value: &LiteralValue, span: Range<usize>) -> Option<Node> {
        let literal =
            |ty, literal| Some(Node { ty, span: span.clone(), kind: Kind::Literal(literal) });
        match value {
            LiteralValue::Boolean(value) => Some(constant(BOOL, u64::from(*value.inner()), span)),
            LiteralValue::Int(value) => literal(INT, Literal::Int(*value.inner())),
            LiteralValue::Double(value) => literal(DOUBLE, Literal::Double(*value.inner())),
            LiteralValue::String(value) => literal(TEXT, Literal::Text(value.inner().to_string())),
            LiteralValue::UInt(_) => self.unsupported("an unsigned number", span),
            LiteralValue::Bytes(_) => self.unsupported("a bytes literal", span),
            LiteralValue::Null => self.unsupported("null", span),
        }
    }

    fn name(&self, name: &str, span: Range<usize>) -> Option<Node> {
        if name == "now" {
            return Some(Node { ty: TIMESTAMP, span, kind: Kind::Read(Op::Now) });
        }
        if name == "event" {
            let help = "write `event.` and the name of a field".to_string();
            return self.error(Code::Type, span, "`event` is not a value", help);
        }
        let Some(position) = self.scope.features.position(name) else {
            let of_event = self.view.event.fields().iter().find(|field| field.name == name);
            let help = match of_event {
                Some(field) => Some(format!("the event's field is `event.{}`", field.name)),
                None => {
                    let known = self.scope.features.names().chain(["now"]);
                    self.item.report.advise(|| did_you_mean(name, known))
                }
            };
            return self.error(
                Code::UnknownName,
                span,
                format!("no feature is called `{name}`"),
                help,
            );
        };
        if !self.view.features {
            let help = "a filter that read the profile would depend on the order in which events \
                        arrive: compare the event's own fields"
                .to_string();
            let message = format!("`{name}` is a feature, but `where` reads event fields only");
            return self.error(Code::Scope, span, message, help);
        }
        // A feature whose own declaration is wrong has been recorded there.
        let ty = self.scope.feature_types[position]?;
        Some(Node { ty, span, kind: Kind::Read(Op::Feature(position as u16)) })
    }

    fn select(&self, select: &SelectExpr, span: Range<usize>) -> Option<Node> {
        let field = select.field.as_str();
        if !matches!(&select.operand.expr, Expr::Ident(name) if name == "event") {
            return self.unsupported("a field of anything but `event`", span);
        }
        let fields = match &self.view.event {
            EventView::Fields(fields) => fields,
            EventView::Unknown => return None,
            EventView::Absent => {
                let help = "only `when`, `strength` and `where` read the triggering event; keep \
                            what you need of it in a feature"
                    .to_string();
                let message = format!("`event.{field}` cannot be read here");
                return self.error(Code::Scope, span, message, help);
            }
        };
        if field == "time" {
            return Some(Node { ty: TIMESTAMP, span, kind: Kind::Read(Op::EventTime) });
        }
        let Some(known) = fields.iter().find(|known| known.name == field) else {
            let names = fields.iter().map(|known| known.name.as_str()).chain(["time"]);
            let help = did_you_mean(field, names);
            return self.error(
                Code::UnknownField,
                span,
                format!("the event has no `{field}`"),
                help,
            );
        };
        let Some((position, ty)) = known.read else {
            let help = "split the moment into one for each kind of event".to_string();
            let message = format!("not every event here has `{field}` in one place with one type");
            return self.error(Code::UnknownField, span, message, help);
        };
        Some(Node { ty: ty?, span, kind: Kind::Read(Op::Field(position)) })
    }

    fn call(&self, call: &CallExpr, span: Range<usize>) -> Option<Node> {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (Some(target), []) => self.accessor(name, target, span),
            (Some(_), _) => self.unknown_function(name, span),
            (None, [operand]) if name == operators::LOGICAL_NOT => {
                let operand = self.expect(self.node(operand)?, BOOL)?;
                Some(apply(BOOL, span, Op::Not, vec![operand]))
            }
            (None, [operand]) if name == operators::NEGATE => self.negate(operand, span),
            (None, [left, right]) if name == operators::LOGICAL_AND => {
                Some(Node { ty: BOOL, span, kind: Kind::And(self.bools(left, right)?) })
            }
            (None, [left, right]) if name == operators::LOGICAL_OR => {
                Some(Node { ty: BOOL, span, kind: Kind::Or(self.bools(left, right)?) })
            }
            (None, [left, right]) if name == operators::IN => self.member_of(left, right, span),
            (None, [_, _]) if name == operators::INDEX => self.unsupported("an index", span),
            (None, [condition, then, otherwise]) if name == operators::CONDITIONAL => {
                let condition = self.node(condition).and_then(|node| self.expect(node, BOOL));
                let branches = self.alike(then, otherwise, &span);
                let (condition, [then, otherwise]) = (condition?, branches?);
                Some(apply(then.ty, span, Op::Select, vec![condition, then, otherwise]))
            }
            (None, [left, right]) if name.starts_with('_') => self.binary(name, left, right, span),
            (None, arguments) => self.function(name, arguments, span),
        }
    }

    fn bools(&self, left: &IdedExpr, right: &IdedExpr) -> Option<Vec<Node>> {
        let left = self.node(left).and_then(|node| self.expect(node, BOOL));
        let right = self.node(right).and_then(|node| self.expect(node, BOOL));
        Some(vec![left?, right?])
    }

    fn negate(&self, operand: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let operand = self.node(operand)?;
        match types::negation(operand.ty) {
            Some(op) => Some(apply(operand.ty, span, op, vec![operand])),
            None => {
                let message = format!("{} cannot be negated", operand.ty.word());
                self.error(Code::Type, operand.span, message, None)
            }
        }
    }

    /// `x in [a, b]` is `x == a || x == b`.
    fn member_of(&self, left: &IdedExpr, right: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let Expr::List(list) = &right.expr else {
            let span = self.parsed.span(right);
            return self.error(Code::Type, span, "`in` needs a list such as ['a', 'b']", None);
        };
        let left = self.node(left)?;
        let tests: Vec<Option<Node>> = list
            .elements
            .iter()
            .map(|element| self.equal(left.clone(), self.node(element)?, span.clone()))
            .collect();
        let tests: Option<Vec<Node>> = tests.into_iter().collect();
        let any = tests?.into_iter().reduce(|any, test| Node {
            ty: BOOL,
            span: span.clone(),
            kind: Kind::Or(vec![any, test]),
        });
        Some(any.unwrap_or_else(|| constant(BOOL, 0, span)))
    }

    fn equal(&self, left: Node, right: Node, span: Range<usize>) -> Option<Node> {
        let [left, right] = self.unify(left, right)?;
        if left.ty != right.ty {
            return self.mismatch("==", &left, &right, span);
        }
        Some(apply(BOOL, span, types::equality(left.ty), vec![left, right]))
    }

    fn binary(
        &self,
        operator: &str,
        left: &IdedExpr,
        right: &IdedExpr,
        span: Range<usize>,
    ) -> Option<Node> {
        let (left, right) = (self.node(left), self.node(right));
        let (left, right) = (left?, right?);
        match operator {
            operators::EQUALS => self.equal(left, right, span),
            operators::NOT_EQUALS => {
                let equal = self.equal(left, right, span.clone())?;
                Some(apply(BOOL, span, Op::Not, vec![equal]))
            }
            operators::GREATER => self.overload(operators::LESS, right, left, span),
            operators::GREATER_EQUALS => self.overload(operators::LESS_EQUALS, right, left, span),
            _ => self.overload(operator, left, right, span),
        }
    }

    fn overload(
        &self,
        operator: &str,
        left: Node,
        right: Node,
        span: Range<usize>,
    ) -> Option<Node> {
        let scales = matches!(operator, operators::MULTIPLY | operators::DIVIDE);
        let [left, right] = if scales { [left, right] } else { self.unify(left, right)? };
        match types::overload(operator, left.ty, right.ty) {
            Some(overload) => {
                let [of_left, of_right] = overload.convert;
                let (left_ty, right_ty) = (left.ty, right.ty);
                let operands = vec![
                    convert_all(left, of_left, left_ty),
                    convert_all(right, of_right, right_ty),
                ];
                let (first, rest) = overload.ops.split_first()?;
                let result = apply(overload.result, span, *first, operands);
                Some(convert_all(result, rest, overload.result))
            }
            None => self.mismatch(operator.trim_matches('_'), &left, &right, span),
        }
    }

    /// Two expressions of one type: the branches of a choice.
    pub(super) fn alike(
        &self,
        left: &IdedExpr,
        right: &IdedExpr,
        span: &Range<usize>,
    ) -> Option<[Node; 2]> {
        let (left, right) = (self.node(left), self.node(right));
        let [left, right] = self.unify(left?, right?)?;
        if left.ty != right.ty {
            let message = format!(
                "both results must have one type, not {} and {}",
                left.ty.word(),
                right.ty.word()
            );
            return self.error(Code::Type, span.clone(), message, None);
        }
        Some([left, right])
    }
}
