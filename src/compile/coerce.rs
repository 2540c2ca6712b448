//! Making types meet: literals take the type of what they stand beside, nothing else does.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec::Vec;

use super::check::Checker;
use super::constant::Constant;
use super::diagnostic::{Code, did_you_mean};
use super::node::{Kind, Node, becomes, constant, is_literal, results};
use super::types::{BOOL, DOUBLE, INT, MONEY, TEXT, Ty};
use crate::base::money::{MICROS, micros_of_f64};

impl Checker<'_> {
    /// Lets a literal on one side become what the other side is.
    pub(super) fn unify(&self, left: Node, right: Node) -> Option<[Node; 2]> {
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

    pub(super) fn expect(&self, node: Node, ty: Ty) -> Option<Node> {
        if node.ty == ty {
            return Some(node);
        }
        if becomes(&node, ty) {
            return self.coerce(node, ty);
        }
        if node.is_failed() {
            return Some(Node { ty, ..node });
        }
        if self.is_loose(&[&node]) {
            let why = format!("no such overload: {} is not {}", node.ty.word(), ty.word());
            return Some(Node::failed(ty, why, node.span));
        }
        let help = match (ty, node.ty) {
            (DOUBLE, INT) if is_literal(&node) => {
                Some("write it with a decimal point, such as 1.0")
            }
            (DOUBLE, INT | MONEY) => Some("convert it with double(x)"),
            (MONEY, INT | DOUBLE) => Some("make it an amount with money(x)"),
            (BOOL, Ty::Enum(_)) => Some("compare it with a member: x == 'member'"),
            (BOOL, TEXT) => Some("compare it: x == 'text'"),
            (BOOL, _) => Some("compare it: x == y, x < y"),
            _ => None,
        };
        let message = format!("expected {}, found {}", ty.word(), node.ty.word());
        self.error(Code::Type, node.span, message, help.map(String::from))
    }

    /// Turns the literals of a node that `becomes` a type into that type.
    pub(super) fn coerce(&self, node: Node, ty: Ty) -> Option<Node> {
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
                Some(self.apply(ty, node.span, op, operands?))
            }
            Kind::Constant(Constant::Int(value)) => {
                self.amount(value.checked_mul(MICROS), node.span)
            }
            Kind::Constant(Constant::Double(value)) => {
                let exact = |micros: &i64| *micros as f64 / MICROS as f64 == value;
                self.amount(micros_of_f64(value).filter(exact), node.span)
            }
            Kind::Constant(Constant::Text(text)) => self.member(&text, ty, node.span),
            kind => Some(Node { kind, ..node }),
        }
    }

    fn amount(&self, micros: Option<i64>, span: Range<usize>) -> Option<Node> {
        match micros {
            Some(micros) => Some(constant(MONEY, Constant::Money(micros), span)),
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
            return Some(constant(ty, Constant::Member(id.0), span));
        }
        let names = enumeration.members.iter().map(|(name, _)| name.as_str());
        let nearest = || did_you_mean(text, names.clone());
        let help = self.item.report.advise(nearest).unwrap_or_else(|| {
            format!("it has {}", names.clone().take(10).collect::<Vec<_>>().join(", "))
        });
        let message = format!("`{}` has no member `{text}`", enumeration.owner);
        self.error(Code::UnknownMember, span, message, help)
    }

    pub(super) fn mismatch(
        &self,
        sign: &str,
        left: &Node,
        right: &Node,
        span: Range<usize>,
    ) -> Option<Node> {
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
        } else if sign.starts_with(['<', '>']) && pair.contains(&BOOL) {
            Some("one comparison at a time: write 1 < x && x < 5")
        } else if pair.contains(&Ty::Null) {
            Some("whether something is known is asked with has(x)")
        } else if matches!(pair, [Ty::Enum(_), Ty::Enum(_)]) {
            Some("they are members of different enumerations")
        } else {
            None
        };
        self.error(Code::Type, span, message, help.map(String::from))
    }
}
