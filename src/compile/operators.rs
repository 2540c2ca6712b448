//! Operators: which types they take and what they mean.

use std::cmp::Ordering;
use std::format;
use std::ops::Range;
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, operators};

use super::check::Checker;
use super::constant::Constant;
use super::diagnostic::Code;
use super::fold::list_of;
use super::node::{Kind, Node};
use super::types::{self, BOOL, TEXT, Ty};
use crate::expr::Op;

/// Why an evaluation fails whose operands have the wrong types.
pub(super) const NO_OVERLOAD: &str = "no such overload";

impl Checker<'_> {
    pub(super) fn call(&self, call: &CallExpr, span: Range<usize>) -> Option<Node> {
        let name = call.func_name.as_str();
        match (&call.target, call.args.as_slice()) {
            (Some(target), arguments) => self.method(name, target, arguments, span),
            (None, [operand]) if name == operators::LOGICAL_NOT => {
                let operand = self.expect(self.node(operand)?, BOOL)?;
                Some(self.apply(BOOL, span, Op::Not, vec![operand]))
            }
            (None, [operand]) if name == operators::NEGATE => self.negate(operand, span),
            (None, [left, right]) if name == operators::LOGICAL_AND => {
                Some(self.folded(Node::new(BOOL, span, Kind::And(self.bools(left, right)?))))
            }
            (None, [left, right]) if name == operators::LOGICAL_OR => {
                Some(self.folded(Node::new(BOOL, span, Kind::Or(self.bools(left, right)?))))
            }
            (None, [left, right]) if name == operators::IN => self.member_of(left, right, span),
            (None, [list, at]) if name == operators::INDEX => self.index(list, at, span),
            (None, [condition, then, otherwise]) if name == operators::CONDITIONAL => {
                let condition = self.node(condition).and_then(|node| self.expect(node, BOOL));
                let branches = self.alike(then, otherwise, &span);
                let (condition, [then, otherwise]) = (condition?, branches?);
                Some(self.apply(then.ty, span, Op::Select, vec![condition, then, otherwise]))
            }
            (None, [left, right]) if name.starts_with('_') => self.binary(name, left, right, span),
            (None, _) if !name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                self.unsupported(&format!("the operator `{name}`"), span)
            }
            (None, arguments) => self.function(name, arguments, span),
        }
    }

    fn negate(&self, operand: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let operand = self.node(operand)?;
        match types::negation(operand.ty) {
            Some(ops) => {
                let ty = operand.ty;
                Some(Node { span, ..self.convert_all(operand, ops, ty) })
            }
            None if self.is_loose(&[&operand]) => {
                Some(Node::failed(Ty::Unknown, NO_OVERLOAD, span))
            }
            None => {
                let message = format!("{} cannot be negated", operand.ty.word());
                self.error(Code::Type, operand.span, message, None)
            }
        }
    }

    /// `x in [a, b]` is `x == a || x == b`; a map has its keys.
    fn member_of(&self, left: &IdedExpr, right: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let (left, right) = (self.node(left)?, self.settled(self.node(right)?));
        let items = match right.kind {
            Kind::List(items) => items,
            Kind::Map(entries) => {
                let key = |(key, _)| Node::known(key, right.span.clone()).loosened();
                entries.into_iter().map(key).collect()
            }
            Kind::Failed(why) => return Some(Node::failed(BOOL, why, span)),
            _ if self.is_loose(&[&right]) => return Some(Node::failed(BOOL, NO_OVERLOAD, span)),
            _ => {
                let message = "`in` needs a list such as ['a', 'b']";
                return self.error(Code::Type, right.span, message, None);
            }
        };
        self.spend(items.len(), &span)?;
        let tests: Option<Vec<Node>> =
            items.into_iter().map(|item| self.equal(left.clone(), item, span.clone())).collect();
        Some(self.either(tests?, span))
    }

    /// Whether one of these holds.
    pub(super) fn either(&self, tests: Vec<Node>, span: Range<usize>) -> Node {
        self.joined(tests, span, false, Kind::Or)
    }

    /// Whether all of these hold.
    pub(super) fn both(&self, tests: Vec<Node>, span: Range<usize>) -> Node {
        self.joined(tests, span, true, Kind::And)
    }

    fn joined(
        &self,
        tests: Vec<Node>,
        span: Range<usize>,
        of_none: bool,
        join: fn(Vec<Node>) -> Kind,
    ) -> Node {
        let two = |left, right| self.folded(Node::new(BOOL, span.clone(), join(vec![left, right])));
        let joined = tests.into_iter().reduce(two);
        joined.unwrap_or_else(|| Node::known(Constant::Bool(of_none), span))
    }

    pub(super) fn equal(&self, left: Node, right: Node, span: Range<usize>) -> Option<Node> {
        let [left, right] = self.unify(left, right)?;
        if left.is_failed() || right.is_failed() {
            return Some(Node::failed(BOOL, "an operand of == fails", span));
        }
        let same = left.ty == right.ty;
        if same && (left.ty.leaves() || left.ty == Ty::Uint) {
            return Some(self.apply(BOOL, span, types::equality(left.ty), vec![left, right]));
        }
        if !same && !self.is_loose(&[&left, &right]) {
            return self.mismatch("==", &left, &right, span);
        }
        let [left, right] = [self.settled(left), self.settled(right)];
        if let (Some(left), Some(right)) = (left.value(), right.value()) {
            return Some(Node::known(Constant::Bool(left.equals(&right)), span));
        }
        match (left.kind, right.kind) {
            (Kind::List(left), Kind::List(right)) => self.equal_lists(left, right, span),
            _ => self
                .unsupported("`==` of values whose types or parts are not known in advance", span),
        }
    }

    fn equal_lists(&self, left: Vec<Node>, right: Vec<Node>, span: Range<usize>) -> Option<Node> {
        if left.len() != right.len() {
            return Some(Node::known(Constant::Bool(false), span));
        }
        let pairs = left.into_iter().zip(right);
        let tests: Option<Vec<Node>> =
            pairs.map(|(l, r)| self.equal(l.loosened(), r, span.clone())).collect();
        Some(self.both(tests?, span))
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
                Some(self.apply(BOOL, span, Op::Not, vec![equal]))
            }
            _ => self.overload(Operation::of(operator), left, right, span),
        }
    }

    fn overload(
        &self,
        operation: Operation<'_>,
        left: Node,
        right: Node,
        span: Range<usize>,
    ) -> Option<Node> {
        let [left, right] = operation.ordered([left, right]);
        let scales = matches!(operation.operator, operators::MULTIPLY | operators::DIVIDE);
        let [left, right] = if scales { [left, right] } else { self.unify(left, right)? };
        let Some(overload) = types::overload(operation.operator, left.ty, right.ty) else {
            return self.known_overload(operation, self.settled(left), self.settled(right), span);
        };
        let [of_left, of_right] = overload.convert;
        let (left_ty, right_ty) = (left.ty, right.ty);
        let operands = vec![
            self.convert_all(left, of_left, left_ty),
            self.convert_all(right, of_right, right_ty),
        ];
        let (first, rest) = overload.ops.split_first()?;
        let result = self.apply(overload.result, span, *first, operands);
        Some(self.convert_all(result, rest, overload.result))
    }

    /// Operators that only known values have.
    fn known_overload(
        &self,
        operation: Operation<'_>,
        left: Node,
        right: Node,
        span: Range<usize>,
    ) -> Option<Node> {
        let (operator, sign) = (operation.operator, operation.sign());
        if left.is_failed() || right.is_failed() {
            return Some(Node::failed(Ty::Unknown, format!("an operand of {sign} fails"), span));
        }
        let loose = self.is_loose(&[&left, &right]);
        if let (operators::ADD, Kind::List(first), Kind::List(rest)) =
            (operator, &left.kind, &right.kind)
        {
            self.spend(left.size() + right.size(), &span)?;
            return Some(Node::new(Ty::List, span, list_of([&first[..], &rest[..]].concat())));
        }
        let values = left.value().zip(right.value()).filter(|_| left.ty == right.ty || loose);
        if let Some(result) = values.and_then(|(left, right)| combine(operator, &left, &right)) {
            return self.known(result, span);
        }
        let words = |ty| matches!(ty, TEXT | Ty::Bytes);
        if left.ty == right.ty
            && words(left.ty)
            && (left.value().is_none() || right.value().is_none())
        {
            return self
                .unsupported(&format!("`{sign}` of text that is not known in advance"), span);
        }
        if loose {
            return Some(Node::failed(Ty::Unknown, NO_OVERLOAD, span));
        }
        let [left, right] = operation.ordered([left, right]);
        self.mismatch(sign, &left, &right, span)
    }

    /// A value that was computed, unless it is too large.
    pub(super) fn known(&self, value: Constant, span: Range<usize>) -> Option<Node> {
        let node = Node::known(value, span);
        self.spend(node.size(), &node.span)?;
        Some(node)
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
        if left.ty != right.ty && !self.is_loose(&[&left, &right]) {
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

/// An operator as it is written, and the one that it is by: `a > b` is `b < a`.
#[derive(Clone, Copy)]
struct Operation<'a> {
    written: &'a str,
    operator: &'a str,
}

impl<'a> Operation<'a> {
    fn of(written: &'a str) -> Operation<'a> {
        let operator = match written {
            operators::GREATER => operators::LESS,
            operators::GREATER_EQUALS => operators::LESS_EQUALS,
            same => same,
        };
        Operation { written, operator }
    }

    /// What people read.
    fn sign(self) -> &'a str {
        self.written.trim_matches('_')
    }

    /// Operands as written in the order in which the operator takes them, and back.
    fn ordered<T>(self, [left, right]: [T; 2]) -> [T; 2] {
        if self.written == self.operator { [left, right] } else { [right, left] }
    }
}

/// Joins and compares known values; none where CEL has no overload.
fn combine(operator: &str, left: &Constant, right: &Constant) -> Option<Constant> {
    match (operator, left, right) {
        (operators::ADD, Constant::Text(left), Constant::Text(right)) => {
            Some(Constant::Text(format!("{left}{right}")))
        }
        (operators::ADD, Constant::Bytes(left), Constant::Bytes(right)) => {
            Some(Constant::Bytes([&left[..], right].concat()))
        }
        (operators::LESS, ..) => {
            left.order(right).map(|order| Constant::Bool(order == Some(Ordering::Less)))
        }
        (operators::LESS_EQUALS, ..) => left
            .order(right)
            .map(|order| Constant::Bool(order.is_some_and(|order| order != Ordering::Greater))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use crate::compile::Expression;

    #[test]
    fn operators_are_named_as_they_are_written() {
        for (text, message) in [
            ("1 > 2.0", "`>` cannot take int and double"),
            ("1 >= 'a'", "`>=` cannot take int and text"),
            ("1 < 2.0", "`<` cannot take int and double"),
            ("true + 1", "`+` cannot take bool and int"),
            ("1 != 'a'", "`==` cannot take int and text"),
        ] {
            let expression = Expression { text, inputs: &[], container: "", checked: true };
            let refused = expression.evaluate().unwrap_err();
            let messages: std::vec::Vec<_> =
                refused.iter().map(|d| d.message().to_string()).collect();
            assert_eq!(messages, [message], "{text}");
        }
    }
}
