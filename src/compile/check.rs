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
use super::literal;
use super::scope::{Scope, View};
use super::source::{Item, raw_offset};
use super::types::{self, BOOL, DOUBLE, DURATION, INT, MONEY, TEXT, TIMESTAMP, Ty};
use crate::base::money::{MICROS, micros_of_f64};
use crate::expr::{Cell, Op};

/// A typed expression.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) ty: Ty,
    pub(super) kind: Kind,
    span: Range<usize>,
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

    fn error<T>(
        &self,
        code: Code,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) -> Option<T> {
        error_inside(self.item, code, span, message, help);
        None
    }

    fn node(&self, ast: &IdedExpr) -> Option<Node> {
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
            let of_event = self.view.event.iter().flatten().find(|field| field.name == name);
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
        let Some(fields) = &self.view.event else {
            let help = "only `when`, `strength` and `where` read the triggering event; keep what \
                        you need of it in a feature"
                .to_string();
            let message = format!("`event.{field}` cannot be read here");
            return self.error(Code::Scope, span, message, help);
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
        Some(Node { ty, span, kind: Kind::Read(Op::Field(position)) })
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

    fn function(&self, name: &str, arguments: &[IdedExpr], span: Range<usize>) -> Option<Node> {
        match (name, arguments) {
            ("has" | "known", [value]) => {
                let value = self.node(value)?;
                Some(apply(BOOL, span, Op::Has, vec![value]))
            }
            ("default", [value, fallback]) => {
                let [value, fallback] = self.alike(value, fallback, &span)?;
                Some(apply(value.ty, span, Op::OrElse, vec![value, fallback]))
            }
            ("duration", [text]) => self.written(
                text,
                DURATION,
                "a length of time such as '90s' or '7d'",
                literal::duration_ms,
            ),
            ("timestamp", [text]) => self.written(
                text,
                TIMESTAMP,
                "an instant such as '2026-01-31T00:00:00Z'",
                literal::instant_ms,
            ),
            (name, [value]) if types::is_conversion(name) => self.convert(name, value),
            _ => self.unknown_function(name, span),
        }
    }

    fn unknown_function(&self, name: &str, span: Range<usize>) -> Option<Node> {
        let known = types::function_names().any(|known| known == name);
        let (message, help) = if known {
            (format!("`{name}` does not take these arguments"), None)
        } else {
            let help = did_you_mean(name, types::function_names());
            (format!("policies have no function `{name}`"), help)
        };
        self.error(Code::Unsupported, span, message, help)
    }

    /// `duration('...')` and `timestamp('...')`, of literal text only.
    fn written(
        &self,
        text: &IdedExpr,
        ty: Ty,
        form: &str,
        read: impl FnOnce(&str) -> Option<i64>,
    ) -> Option<Node> {
        let node = self.node(text)?;
        match &node.kind {
            Kind::Literal(Literal::Text(text)) => match read(text) {
                Some(ms) => Some(constant(ty, ms as u64, node.span)),
                None => self.error(Code::Type, node.span, format!("'{text}' is not {form}"), None),
            },
            _ => self.error(Code::Type, node.span, format!("expected {form} in quotes"), None),
        }
    }

    fn convert(&self, name: &str, value: &IdedExpr) -> Option<Node> {
        let value = self.node(value)?;
        if name == "money" && becomes(&value, MONEY) {
            return self.coerce(value, MONEY);
        }
        let Some((ops, ty)) = types::conversion(name, value.ty) else {
            let message = format!("`{name}` cannot convert {}", value.ty.word());
            return self.error(Code::Type, value.span, message, None);
        };
        Some(convert_all(value, ops, ty))
    }

    fn accessor(&self, name: &str, target: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let Some(part) = types::accessor(name) else {
            return self.unknown_function(name, span);
        };
        let target = self.expect(self.node(target)?, TIMESTAMP)?;
        Some(apply(INT, span, Op::Local(part), vec![target]))
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

    fn mismatch(&self, sign: &str, left: &Node, right: &Node, span: Range<usize>) -> Option<Node> {
        let message = format!("`{sign}` cannot take {} and {}", left.ty.word(), right.ty.word());
        let pair = [left.ty, right.ty];
        let has = |a, b| pair == [a, b] || pair == [b, a];
        let literal = |ty| [left, right].into_iter().any(|node| node.ty == ty && is_literal(node));
        let help = if has(MONEY, DOUBLE) || has(MONEY, INT) {
            Some(
                "amounts have a unit: make the number an amount with money(x), or the amount a number with double(x)",
            )
        } else if has(INT, DOUBLE) && literal(INT) {
            Some("write the whole number with a decimal point, such as 2.0")
        } else if has(INT, DOUBLE) {
            Some("convert the whole number with double(x)")
        } else if matches!(pair, [Ty::Enum(_), Ty::Enum(_)]) {
            Some("they are members of different enumerations")
        } else {
            None
        };
        self.error(Code::Type, span, message, help.map(String::from))
    }

    /// Two expressions of one type: the branches of a choice.
    fn alike(&self, left: &IdedExpr, right: &IdedExpr, span: &Range<usize>) -> Option<[Node; 2]> {
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

    /// Lets a literal on one side become what the other side is.
    fn unify(&self, left: Node, right: Node) -> Option<[Node; 2]> {
        if left.ty != right.ty && becomes(&right, left.ty) {
            let right = self.coerce(right, left.ty)?;
            return Some([left, right]);
        }
        if left.ty != right.ty && becomes(&left, right.ty) {
            let left = self.coerce(left, right.ty)?;
            return Some([left, right]);
        }
        Some([left, right])
    }

    fn expect(&self, node: Node, ty: Ty) -> Option<Node> {
        if node.ty == ty {
            return Some(node);
        }
        if becomes(&node, ty) {
            return self.coerce(node, ty);
        }
        let help = match (ty, node.ty) {
            (DOUBLE, INT) if is_literal(&node) => {
                Some("write it with a decimal point, such as 1.0")
            }
            (DOUBLE, INT | MONEY) => Some("convert it with double(x)"),
            (MONEY, INT | DOUBLE) => Some("make it an amount with money(x)"),
            _ => None,
        };
        let message = format!("expected {}, found {}", ty.word(), node.ty.word());
        self.error(Code::Type, node.span, message, help.map(String::from))
    }

    /// Turns the literals of a node that `becomes` a type into that type.
    fn coerce(&self, node: Node, ty: Ty) -> Option<Node> {
        match node.kind {
            Kind::Apply(op, operands) => {
                let results = results(op).unwrap_or(0..0);
                let operands: Vec<Option<Node>> = operands
                    .into_iter()
                    .enumerate()
                    .map(
                        |(at, node)| {
                            if results.contains(&at) { self.coerce(node, ty) } else { Some(node) }
                        },
                    )
                    .collect();
                let operands: Option<Vec<Node>> = operands.into_iter().collect();
                Some(apply(ty, node.span, op, operands?))
            }
            Kind::Literal(Literal::Int(value)) => self.amount(value.checked_mul(MICROS), node.span),
            Kind::Literal(Literal::Double(value)) => {
                let exact = |micros: &i64| *micros as f64 / MICROS as f64 == value;
                self.amount(micros_of_f64(value).filter(exact), node.span)
            }
            Kind::Literal(Literal::Text(text)) => self.member(&text, ty, node.span),
            kind => Some(Node { kind, ..node }),
        }
    }

    fn amount(&self, micros: Option<i64>, span: Range<usize>) -> Option<Node> {
        match micros {
            Some(micros) => Some(constant(MONEY, micros as u64, span)),
            None => self.error(
                Code::Type,
                span,
                "not an amount: at most six decimals, and below 9.2 trillion",
                None,
            ),
        }
    }

    fn member(&self, text: &str, ty: Ty, span: Range<usize>) -> Option<Node> {
        let Ty::Enum(position) = ty else { return None };
        let enumeration = &self.scope.enums[usize::from(position)];
        if let Some((_, id)) = enumeration.members.iter().find(|(name, _)| name == text) {
            return Some(constant(ty, u64::from(id.0), span));
        }
        let names = enumeration.members.iter().map(|(name, _)| name.as_str());
        let help = did_you_mean(text, names.clone())
            .unwrap_or_else(|| format!("it has {}", names.take(10).collect::<Vec<_>>().join(", ")));
        let message = format!("`{}` has no member `{text}`", enumeration.owner);
        self.error(Code::UnknownMember, span, message, help)
    }
}

fn constant(ty: Ty, bits: u64, span: Range<usize>) -> Node {
    Node { ty, span, kind: Kind::Read(Op::Constant(bits)) }
}

fn apply(ty: Ty, span: Range<usize>, op: Op, operands: Vec<Node>) -> Node {
    Node { ty, span, kind: Kind::Apply(op, operands) }
}

fn convert_all(node: Node, ops: &[Op], ty: Ty) -> Node {
    ops.iter().fold(node, |node, op| apply(ty, node.span.clone(), *op, vec![node]))
}

/// Which operands an operation's result is one of.
fn results(op: Op) -> Option<Range<usize>> {
    match op {
        Op::Select => Some(1..3),
        Op::OrElse => Some(0..2),
        _ => None,
    }
}

fn is_literal(node: &Node) -> bool {
    matches!(node.kind, Kind::Literal(_))
}

/// Whether a node is made of literals that can take another type: a number that of money, text
/// that of an enumeration.
fn becomes(node: &Node, ty: Ty) -> bool {
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
