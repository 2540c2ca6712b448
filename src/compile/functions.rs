//! Calls: what an expression can call, and with what.

use std::format;
use std::ops::Range;
use std::vec;

use cel::IdedExpr;

use super::check::Checker;
use super::diagnostic::{Code, did_you_mean};
use super::literal;
use super::node::{Kind, Literal, Node, apply, becomes, constant, convert_all};
use super::types::{self, BOOL, DURATION, INT, MONEY, TIMESTAMP, Ty};
use crate::expr::Op;

impl Checker<'_> {
    pub(super) fn function(
        &self,
        name: &str,
        arguments: &[IdedExpr],
        span: Range<usize>,
    ) -> Option<Node> {
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

    pub(super) fn unknown_function(&self, name: &str, span: Range<usize>) -> Option<Node> {
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

    pub(super) fn accessor(
        &self,
        name: &str,
        target: &IdedExpr,
        span: Range<usize>,
    ) -> Option<Node> {
        let Some(part) = types::accessor(name) else {
            return self.unknown_function(name, span);
        };
        let target = self.expect(self.node(target)?, TIMESTAMP)?;
        Some(apply(INT, span, Op::Local(part), vec![target]))
    }
}
