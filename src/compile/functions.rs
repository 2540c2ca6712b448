//! Calls: what an expression can call, and with what.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::Expr;

use super::check::Checker;
use super::constant::Constant;
use super::convert;
use super::diagnostic::{Code, did_you_mean};
use super::math;
use super::node::{Kind, Node};
use super::strings;
use super::types::{self, BOOL, Ty};
use super::variables::ARMS;
use crate::expr::Op;

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

/// What a function of other languages is called here.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "hour" | "hours" | "gethour" => "getHours",
        "minute" | "minutes" | "getminute" => "getMinutes",
        "weekday" | "dayofweek" | "getday" | "getweekday" => "getDayOfWeek",
        "day" | "dayofmonth" => "getDate",
        "month" => "getMonth",
        "year" | "getyear" => "getFullYear",
        "floor" => "math.floor",
        "ceil" | "ceiling" => "math.ceil",
        "round" => "math.round",
        "abs" => "math.abs",
        "sqrt" => "math.sqrt",
        "min" | "least" => "math.least",
        "max" | "greatest" => "math.greatest",
        "isnull" | "is_null" | "ismissing" => "!has",
        "not" => "!",
        "coalesce" | "ifnull" | "nvl" => "default",
        _ => return None,
    })
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
            let ours = || elsewhere(name).map(|ours| format!("did you mean `{ours}`?"));
            let nearest = || ours().or_else(|| did_you_mean(name, types::function_names()));
            let help = self.item.report.advise(nearest);
            (format!("policies have no function `{name}`"), help)
        };
        self.error(Code::Unsupported, span, message, help)
    }

    /// Of a map, whether it has the key; of anything else, whether it is known.
    fn has(&self, value: &IdedExpr, span: Range<usize>) -> Option<Node> {
        if let Expr::Select(select) = &value.expr
            && !matches!(&select.operand.expr, Expr::Ident(name) if name == "event" || name == ARMS)
        {
            let operand = self.settled(self.node(&select.operand)?);
            return match &operand.kind {
                Kind::Map(entries) => {
                    let key = Constant::Text(select.field.clone());
                    let has = entries.iter().any(|(known, _)| known.equals(&key));
                    Some(Node::known(Constant::Bool(has), span))
                }
                Kind::Failed(why) => Some(Node::failed(BOOL, why, span)),
                _ => self
                    .unsupported("a field of anything but `event` or `experiment`", operand.span),
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
}
