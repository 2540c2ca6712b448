//! Conversions between types, and the parts of instants and lengths of time.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;

use super::check::{Checker, Mode};
use super::constant::{Constant, MS_NS};
use super::convert;
use super::diagnostic::Code;
use super::functions::Problem;
use super::instant;
use super::literal;
use super::node::{Node, becomes};
use super::types::{self, DURATION, INT, MONEY, TEXT, TIMESTAMP};
use crate::base::civil::HOUR_MS;
use crate::expr::{Binary, Calendar, Op};

impl Checker<'_> {
    pub(super) fn convert(&self, name: &str, value: &IdedExpr, span: Range<usize>) -> Option<Node> {
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
        let written = match value.value() {
            Some(Constant::Text(text)) => Some(text),
            _ => None,
        };
        match value.value().map(|value| convert::of(name, &[value])) {
            Some(Ok(known)) => self.known(known, place),
            None if !value.is_failed() => {
                self.error(Code::Type, place, format!("expected {form}"), None)
            }
            Some(Err(_)) if self.mode == Mode::POLICY => {
                let help = written.filter(|_| name == "duration").and_then(|text| in_hours(&text));
                self.error(Code::Type, place, format!("expected {form}"), help)
            }
            _ => {
                let ty = if name == "duration" { DURATION } else { TIMESTAMP };
                Some(Node::failed(ty, format!("not {form}"), span))
            }
        }
    }

    /// A part of an instant on a clock, or of a length of time.
    pub(super) fn accessor(
        &self,
        part: Calendar,
        operands: Vec<Node>,
        span: Range<usize>,
    ) -> Option<Node> {
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
                let offset = Constant::Duration(i128::from(offset_ms) * MS_NS);
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

/// A length of time that keys of a policy take and CEL does not, in units that it has.
fn in_hours(text: &str) -> Option<String> {
    let ms = literal::duration_ms(text)?;
    let hours = (ms % HOUR_MS == 0).then_some(ms / HOUR_MS)?;
    Some(format!("expressions count days and weeks in hours: '{hours}h'"))
}
