//! Calls: what an expression can call, and with what.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::Expr;

use super::check::{Checker, Mode};
use super::constant::Constant;
use super::convert;
use super::diagnostic::{Code, did_you_mean};
use super::instant;
use super::math;
use super::node::{Kind, Node, becomes};
use super::strings;
use super::types::{self, BOOL, DURATION, INT, MONEY, TEXT, TIMESTAMP, Ty};
use crate::expr::{Binary, Calendar, Op};

/// What a function of known values gives.
pub(super) type Outcome = Result<Constant, Problem>;

/// Why it gives nothing.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// It does not take these types.
    Overload,
    /// It has no result for these values.
    Failed(String),
    /// It is not supported for these values.
    Unsupported(&'static str),
}

impl Problem {
    pub(super) fn failed(why: impl Into<String>) -> Problem {
        Problem::Failed(why.into())
    }
}

/// Namespaces of extension functions.
const NAMESPACES: [&str; 4] = ["math", "strings", "base64", "cel"];

impl Checker<'_> {
    pub(super) fn function(
        &self,
        name: &str,
        arguments: &[IdedExpr],
        span: Range<usize>,
    ) -> Option<Node> {
        match (name, arguments) {
            ("has" | "known", [value]) => self.has(value, span),
            ("default", [value, fallback]) => {
                let [value, fallback] = self.alike(value, fallback, &span)?;
                Some(self.apply(value.ty, span, Op::OrElse, vec![value, fallback]))
            }
            ("dyn", [value]) => Some(self.node(value)?.loosened()),
            ("type", [value]) => self.type_of(value, span),
            ("size", [value]) => self.size(self.node(value)?, span),
            ("matches", [text, pattern]) => {
                let operands = vec![self.node(text)?, self.node(pattern)?];
                self.of_known(name, operands, span, |values| strings::call(name, values))
            }
            (name, [value]) if convert::is_conversion(name) => self.convert(name, value, span),
            _ => self.unknown_function(name, span),
        }
    }

    pub(super) fn method(
        &self,
        name: &str,
        target: &IdedExpr,
        arguments: &[IdedExpr],
        span: Range<usize>,
    ) -> Option<Node> {
        if let Expr::Ident(space) = &target.expr
            && NAMESPACES.contains(&space.as_str())
            && self.local(space, &span).is_none()
        {
            return self.extension(space, name, arguments, span);
        }
        if let Some(result) = self.comprehension(name, target, arguments, &span) {
            return result;
        }
        let target = self.node(target)?;
        if name == "size" && arguments.is_empty() {
            return self.size(target, span);
        }
        let operands: Option<Vec<Node>> =
            std::iter::once(Some(target)).chain(arguments.iter().map(|a| self.node(a))).collect();
        let operands = operands?;
        match types::accessor(name) {
            Some(part) => self.accessor(part, operands, span),
            None if !strings::names().any(|known| known == name) => {
                self.unknown_function(name, span)
            }
            None => self.of_known(name, operands, span, |values| strings::call(name, values)),
        }
    }

    fn extension(
        &self,
        space: &str,
        name: &str,
        arguments: &[IdedExpr],
        span: Range<usize>,
    ) -> Option<Node> {
        let full = format!("{space}.{name}");
        if full == "cel.bind" {
            return self.bind(arguments, span);
        }
        let operands: Option<Vec<Node>> = arguments.iter().map(|a| self.node(a)).collect();
        match space {
            "math" => self.math(name, operands?, span),
            _ if strings::extension_names().contains(&full.as_str()) => {
                self.of_known(&full, operands?, span, |values| strings::call(&full, values))
            }
            _ => self.unsupported(&format!("the function `{full}`"), span),
        }
    }

    fn math(&self, name: &str, operands: Vec<Node>, span: Range<usize>) -> Option<Node> {
        let operands = match operands.as_slice() {
            [Node { kind: Kind::List(items), .. }] if math::takes_list(name) => items.clone(),
            _ => operands,
        };
        if !math::is_known(name) {
            return self.unknown_function(&format!("math.{name}"), span);
        }
        if operands.iter().any(Node::is_failed) {
            return Some(Node::failed(Ty::Unknown, "an operand fails", span));
        }
        let types: Vec<Ty> = operands.iter().map(|operand| operand.ty).collect();
        if let Some((op, ty)) = math::operation(name, &types) {
            let joined = |left, right| self.apply(ty, span.clone(), op, vec![left, right]);
            return match operands.len() {
                1 if math::takes_list(name) => operands.into_iter().next(),
                1 => Some(self.apply(ty, span, op, operands)),
                _ => operands.into_iter().reduce(joined),
            };
        }
        let loose = operands.iter().any(|operand| operand.loose);
        self.of_known(name, operands, span, |values| math::mixed(name, values))
            .map(|node| Node { loose: loose || math::takes_list(name), ..node })
    }

    /// A function that only known values have.
    pub(super) fn of_known(
        &self,
        name: &str,
        operands: Vec<Node>,
        span: Range<usize>,
        compute: impl FnOnce(&[Constant]) -> Outcome,
    ) -> Option<Node> {
        let operands: Vec<Node> = operands.into_iter().map(|node| self.settled(node)).collect();
        if operands.iter().any(Node::is_failed) {
            return Some(Node::failed(Ty::Unknown, "an operand fails", span));
        }
        let loose = self.is_loose(&operands.iter().collect::<Vec<_>>());
        let values: Option<Vec<Constant>> = operands.iter().map(Node::value).collect();
        let Some(values) = values else {
            return self.unsupported(&format!("`{name}` of what is not known in advance"), span);
        };
        match compute(&values) {
            Ok(value) => self.known(value, span),
            Err(Problem::Failed(why)) => Some(Node::failed(Ty::Unknown, why, span)),
            Err(Problem::Overload) if loose => {
                Some(Node::failed(Ty::Unknown, "no such overload", span))
            }
            Err(Problem::Overload) => {
                let types: Vec<&str> = operands.iter().map(|operand| operand.ty.word()).collect();
                let message = format!("`{name}` cannot take {}", types.join(", "));
                self.error(Code::Type, span, message, None)
            }
            Err(Problem::Unsupported(what)) => self.unsupported(what, span),
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

    /// Of a map, whether it has the key; of anything else, whether it is known.
    fn has(&self, value: &IdedExpr, span: Range<usize>) -> Option<Node> {
        if let Expr::Select(select) = &value.expr
            && !matches!(&select.operand.expr, Expr::Ident(name) if name == "event")
        {
            let operand = self.settled(self.node(&select.operand)?);
            return match &operand.kind {
                Kind::Map(entries) => {
                    let key = Constant::Text(select.field.clone());
                    let has = entries.iter().any(|(known, _)| known.equals(&key));
                    Some(Node::known(Constant::Bool(has), span))
                }
                Kind::Failed(why) => Some(Node::failed(BOOL, why, span)),
                _ => self.unsupported("a field of anything but `event`", operand.span),
            };
        }
        let value = self.node(value)?;
        Some(self.apply(BOOL, span, Op::Has, vec![value]))
    }

    fn type_of(&self, value: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let value = self.settled(self.node(value)?);
        match (&value.kind, value.value()) {
            (Kind::Failed(why), _) => Some(Node::failed(Ty::Type, why, span)),
            (Kind::List(_), _) => Some(Node::known(Constant::Type("list".into()), span)),
            (_, Some(known)) => Some(Node::known(Constant::Type(known.type_name().into()), span)),
            _ => self.unsupported("the type of what is not known in advance", span),
        }
    }

    fn size(&self, value: Node, span: Range<usize>) -> Option<Node> {
        let value = self.settled(value);
        let size = match &value.kind {
            Kind::List(items) => items.len(),
            Kind::Map(entries) => entries.len(),
            _ => return self.of_known("size", vec![value], span, strings::size),
        };
        Some(Node::known(Constant::Int(size as i64), span))
    }

    fn convert(&self, name: &str, value: &IdedExpr, span: Range<usize>) -> Option<Node> {
        let value = self.node(value)?;
        if name == "money" && becomes(&value, MONEY) {
            return self.coerce(value, MONEY);
        }
        if let Some((ops, ty)) = types::conversion(name, value.ty) {
            return Some(self.convert_all(value, ops, ty));
        }
        let thousand = Node::known(Constant::Int(1_000), span.clone());
        match (name, value.ty) {
            ("int", TIMESTAMP) => {
                let seconds = Op::Binary(Binary::FloorDivide);
                Some(self.apply(INT, span, seconds, vec![value, thousand]))
            }
            ("timestamp", INT) => {
                let ms = self.apply(TIMESTAMP, span, Op::MultiplyInt, vec![value, thousand]);
                Some(self.convert_all(ms, &[Op::TimestampInRange], TIMESTAMP))
            }
            _ => self.convert_known(name, value, span),
        }
    }

    /// Conversions of known values, mostly from text and to text.
    fn convert_known(&self, name: &str, value: Node, span: Range<usize>) -> Option<Node> {
        let value = self.settled(value);
        let place = value.span.clone();
        let form = match name {
            "duration" => "a length of time such as '90s' or '1h30m' in quotes",
            "timestamp" => "an instant such as '2026-01-31T00:00:00Z' in quotes",
            _ if value.ty == TEXT && value.value().is_none() => {
                let what = format!("`{name}` of text that is not known in advance");
                return self.unsupported(&what, span);
            }
            _ => {
                let loose = self.is_loose(&[&value]) || value.value().is_some();
                if !loose || !convert::takes(name, value.ty) && !self.is_loose(&[&value]) {
                    let message = format!("`{name}` cannot convert {}", value.ty.word());
                    return self.error(Code::Type, place, message, None);
                }
                return self.of_known(name, vec![value], span, |values| convert::of(name, values));
            }
        };
        // Literals of time are checked with the text, however it is taken.
        match value.value().map(|value| convert::of(name, &[value])) {
            Some(Ok(known)) => self.known(known, place),
            None if !value.is_failed() => {
                self.error(Code::Type, place, format!("expected {form}"), None)
            }
            Some(Err(_)) if self.mode == Mode::POLICY => {
                self.error(Code::Type, place, format!("expected {form}"), None)
            }
            _ => {
                let ty = if name == "duration" { DURATION } else { TIMESTAMP };
                Some(Node::failed(ty, format!("not {form}"), span))
            }
        }
    }

    /// A part of an instant on a clock, or of a length of time.
    fn accessor(&self, part: Calendar, operands: Vec<Node>, span: Range<usize>) -> Option<Node> {
        let mut operands = operands.into_iter();
        let target = operands.next()?;
        let zone = operands.next();
        if target.ty == DURATION && zone.is_none() {
            return self.length_in(part, target, span);
        }
        let target = self.expect(target, TIMESTAMP)?;
        let Some(zone) = zone else {
            let op = if self.mode.utc { Op::Utc(part) } else { Op::Local(part) };
            return Some(self.apply(INT, span, op, vec![target]));
        };
        let zone = self.settled(zone);
        let at = self.settled(target.clone()).value();
        let Some(Constant::Text(name)) = zone.value() else {
            return self.unsupported("a zone that is not text known in advance", zone.span);
        };
        match instant::offset_ms(&name, at.as_ref()) {
            Ok(offset_ms) => {
                let offset = Constant::Duration(i128::from(offset_ms) * super::constant::MS_NS);
                let offset = Node::known(offset, span.clone());
                let local = self.apply(TIMESTAMP, span.clone(), Op::AddInt, vec![target, offset]);
                Some(self.apply(INT, span, Op::Utc(part), vec![local]))
            }
            Err(Problem::Unsupported(what)) => self.unsupported(what, zone.span),
            Err(_) => Some(Node::failed(INT, format!("no zone is called {name}"), span)),
        }
    }

    fn length_in(&self, part: Calendar, target: Node, span: Range<usize>) -> Option<Node> {
        let (op, unit_ms) = match part {
            Calendar::Hour => (Op::DivideInt, 3_600_000),
            Calendar::Minute => (Op::DivideInt, 60_000),
            Calendar::Second => (Op::DivideInt, 1_000),
            Calendar::Millisecond => (Op::RemainderInt, 1_000),
            _ => return self.mismatch("a part of a date", &target, &target, span),
        };
        let unit = Node::known(Constant::Int(unit_ms), span.clone());
        Some(self.apply(INT, span, op, vec![target, unit]))
    }
}
