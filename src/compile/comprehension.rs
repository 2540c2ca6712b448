//! Macros over lists and maps, unrolled: one copy of the body for each element.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr};

use super::check::Checker;
use super::constant::{Constant, find};
use super::fold::list_of;
use super::node::{Kind, Node};
use super::types::{BOOL, INT, Ty};
use crate::expr::Op;

/// A macro and what it ranges over.
struct Macro<'m> {
    name: &'m str,
    variables: Vec<&'m str>,
    /// What follows the variables.
    bodies: &'m [IdedExpr],
    span: Range<usize>,
}

const NAMES: [&str; 9] = [
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "filter",
    "map",
    "transformList",
    "transformMap",
    "transformMapEntry",
];

impl Checker<'_> {
    /// A macro, if the call is one.
    pub(super) fn comprehension(
        &self,
        name: &str,
        range: &IdedExpr,
        arguments: &[IdedExpr],
        span: &Range<usize>,
    ) -> Option<Option<Node>> {
        let name = NAMES.into_iter().find(|known| *known == name)?;
        let (variables, bodies) = parts(name, arguments)?;
        let call = Macro { name, variables, bodies, span: span.clone() };
        Some(self.unroll(&call, range))
    }

    fn unroll(&self, call: &Macro<'_>, range: &IdedExpr) -> Option<Node> {
        let range = self.settled(self.node(range)?);
        let elements = match range.kind {
            Kind::List(items) => numbered(items, &range.span),
            Kind::Map(entries) => entries
                .into_iter()
                .map(|(key, value)| (Node::known(key, range.span.clone()).loosened(), value))
                .map(|(key, value)| {
                    (key.clone(), if call.variables.len() == 2 { value } else { key })
                })
                .collect(),
            Kind::Failed(why) => return Some(Node::failed(Ty::Unknown, why, call.span.clone())),
            _ if self.is_loose(&[&range]) => {
                return Some(Node::failed(Ty::Unknown, "not a list", call.span.clone()));
            }
            _ => {
                let what = format!("`{}` over a list that is not known in advance", call.name);
                return self.unsupported(&what, call.span.clone());
            }
        };
        let span = call.span.clone();
        match (call.name, call.bodies) {
            ("all", [test]) => Some(self.both(self.tests(call, &elements, test)?, span)),
            ("exists", [test]) => Some(self.either(self.tests(call, &elements, test)?, span)),
            ("exists_one" | "existsOne", [test]) => {
                self.exactly_one(self.tests(call, &elements, test)?, span)
            }
            ("filter", [test]) => {
                let kept = self.kept(call, elements, Some(test))?;
                Some(self.list(kept.map(|kept| kept.into_iter().map(|(_, value)| value)), span))
            }
            ("map" | "transformList", [body]) => self.mapped(call, elements, None, body),
            ("map" | "transformList", [test, body]) => {
                self.mapped(call, elements, Some(test), body)
            }
            ("transformMap", [body]) => self.mapped_values(call, elements, None, body),
            ("transformMap", [test, body]) => self.mapped_values(call, elements, Some(test), body),
            _ => self.unsupported(&format!("`{}` with these arguments", call.name), span),
        }
    }

    /// The body for one element.
    fn body(&self, call: &Macro<'_>, element: &(Node, Node), body: &IdedExpr) -> Option<Node> {
        let depth = self.locals.borrow().len();
        let values = if call.variables.len() == 2 {
            vec![element.0.clone(), element.1.clone()]
        } else {
            vec![element.1.clone()]
        };
        let variables = call.variables.iter().map(|name| String::from(*name));
        self.locals.borrow_mut().extend(variables.zip(values));
        let node = self.node(body);
        self.locals.borrow_mut().truncate(depth);
        node
    }

    fn tests(
        &self,
        call: &Macro<'_>,
        elements: &[(Node, Node)],
        test: &IdedExpr,
    ) -> Option<Vec<Node>> {
        let one = |element| self.body(call, element, test).and_then(|node| self.expect(node, BOOL));
        elements.iter().map(one).collect()
    }

    /// The tests that hold, counted, are one. An error in any is an error.
    fn exactly_one(&self, tests: Vec<Node>, span: Range<usize>) -> Option<Node> {
        let number = |value| Node::known(Constant::Int(value), span.clone());
        let count = tests
            .into_iter()
            .map(|test| self.apply(INT, span.clone(), Op::Select, vec![test, number(1), number(0)]))
            .reduce(|sum, one| self.apply(INT, span.clone(), Op::AddInt, vec![sum, one]))
            .unwrap_or_else(|| number(0));
        Some(self.apply(BOOL, span.clone(), Op::EqualBits, vec![count, number(1)]))
    }

    /// The elements that a known test keeps; why it fails, if it does.
    fn kept(
        &self,
        call: &Macro<'_>,
        elements: Vec<(Node, Node)>,
        test: Option<&IdedExpr>,
    ) -> Option<Result<Vec<(Node, Node)>, String>> {
        let Some(test) = test else { return Some(Ok(elements)) };
        let mut kept = Vec::new();
        for element in elements {
            let test = self.settled(self.expect(self.body(call, &element, test)?, BOOL)?);
            match test.kind {
                Kind::Constant(Constant::Bool(true)) => kept.push(element),
                Kind::Constant(_) => {}
                Kind::Failed(why) => return Some(Err(why)),
                _ => {
                    let what = format!("a test of `{}` that is not known in advance", call.name);
                    return self.unsupported(&what, test.span);
                }
            }
        }
        Some(Ok(kept))
    }

    fn list(&self, items: Result<impl Iterator<Item = Node>, String>, span: Range<usize>) -> Node {
        match items {
            Ok(items) => Node::new(Ty::List, span, list_of(items.collect())),
            Err(why) => Node::failed(Ty::List, why, span),
        }
    }

    fn mapped(
        &self,
        call: &Macro<'_>,
        elements: Vec<(Node, Node)>,
        test: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Option<Node> {
        let span = call.span.clone();
        let kept = match self.kept(call, elements, test)? {
            Ok(kept) => kept,
            Err(why) => return Some(Node::failed(Ty::List, why, span)),
        };
        let items: Option<Vec<Node>> = kept
            .iter()
            .map(|element| self.body(call, element, body).map(|n| self.settled(n)))
            .collect();
        Some(Node::new(Ty::List, span, list_of(items?)))
    }

    fn mapped_values(
        &self,
        call: &Macro<'_>,
        elements: Vec<(Node, Node)>,
        test: Option<&IdedExpr>,
        body: &IdedExpr,
    ) -> Option<Node> {
        let span = call.span.clone();
        let kept = match self.kept(call, elements, test)? {
            Ok(kept) => kept,
            Err(why) => return Some(Node::failed(Ty::Map, why, span)),
        };
        let mut entries: Vec<(Constant, Node)> = Vec::new();
        for element in &kept {
            let value = self.settled(self.body(call, element, body)?);
            if let Kind::Failed(why) = value.kind {
                return Some(Node::failed(Ty::Map, why, span));
            }
            let key = element.0.value().filter(|key| find(&entries, key).is_none());
            entries.push((key?, value.loosened()));
        }
        Some(Node::new(Ty::Map, span, Kind::Map(entries)))
    }

    /// `cel.bind(name, value, body)`.
    pub(super) fn bind(&self, arguments: &[IdedExpr], span: Range<usize>) -> Option<Node> {
        let [name, value, body] = arguments else {
            return self.unsupported("`cel.bind` with these arguments", span);
        };
        let Some(name) = variable(name) else {
            return self.unsupported("`cel.bind` without a name", span);
        };
        let value = self.node(value)?;
        let call = Macro { name: "bind", variables: vec![name], bodies: &[], span };
        let element = (value.clone(), value);
        self.body(&call, &element, body)
    }
}

/// The variables of a macro, and the arguments in which they can be read; none of another call.
fn parts<'m>(name: &str, arguments: &'m [IdedExpr]) -> Option<(Vec<&'m str>, &'m [IdedExpr])> {
    let name = NAMES.into_iter().find(|known| *known == name)?;
    let pairs = name.starts_with("transform") || (name != "map" && arguments.len() == 3);
    let (variables, bodies) = arguments.split_at_checked(if pairs { 2 } else { 1 })?;
    let variables: Option<Vec<&str>> = variables.iter().map(variable).collect();
    Some((variables?, bodies))
}

/// What a call binds: the names, and the last arguments, in which they hide others. The arguments
/// before are its names, and then what is read outside.
pub(super) fn bound(call: &CallExpr) -> Option<(Vec<&str>, &[IdedExpr])> {
    let target = call.target.as_deref()?;
    match call.args.as_slice() {
        [name, _, body] if call.func_name == "bind" && variable(target) == Some("cel") => {
            Some((vec![variable(name)?], std::slice::from_ref(body)))
        }
        arguments => parts(&call.func_name, arguments),
    }
}

fn variable(ast: &IdedExpr) -> Option<&str> {
    match &ast.expr {
        Expr::Ident(name) => Some(name),
        _ => None,
    }
}

fn numbered(items: Vec<Node>, span: &Range<usize>) -> Vec<(Node, Node)> {
    let index = |at: usize| Node::known(Constant::Int(at as i64), span.clone());
    items.into_iter().enumerate().map(|(at, item)| (index(at), item)).collect()
}
