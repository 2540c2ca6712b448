//! One expression by itself, away from any policy: what the conformance suite of CEL runs.

use std::borrow::Cow;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::cel::Parsed;
use super::check::{Checker, Mode};
use super::constant::Constant;
use super::diagnostic::{Diagnostics, File, Report};
use super::fold::settle;
use super::lower::{lower, parse_item, stack_depth};
use super::node::{Kind, Node};
use super::scope::{EventView, Scope, View};
use super::source::Item;
use super::tree::Value;
use crate::base::civil::LocalTime;
use crate::base::limits::{EXPRESSION_OPS_MAX, EXPRESSION_STACK_MAX};
use crate::expr::{Cell, Environment, Op, evaluate};

/// An expression and what it can read.
#[derive(Clone, Copy, Debug)]
pub struct Expression<'a> {
    /// Its text.
    pub text: &'a str,
    /// Names and the values that they have.
    pub inputs: &'a [(String, Constant)],
    /// The namespace that names may leave out; empty for none.
    pub container: &'a str,
    /// Whether types that do not fit are mistakes of the text, as in a policy, rather than errors
    /// of the evaluation.
    pub checked: bool,
}

/// What an expression evaluates to.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// Its value, or why the evaluation fails.
    pub folded: Result<Constant, String>,
    /// What the operations of the data plane make of it, nothing folded and inputs read when they
    /// run: `None` if it has parts that only exist at compile time, `Some(None)` if it fails.
    pub run: Option<Option<Constant>>,
}

impl Expression<'_> {
    /// Checks, folds and runs the expression.
    ///
    /// # Errors
    /// What of it is not CEL, does not fit, or is not supported.
    pub fn evaluate(&self) -> Result<Evaluated, Diagnostics> {
        let parsed = self.parse()?;
        let node = settle(self.check(&parsed, true)?);
        let folded = match node.kind {
            Kind::Failed(why) => Err(why),
            _ => match node.value() {
                Some(value) => Ok(value),
                None => Err("a value that is not known".into()),
            },
        };
        let run = self.check(&parsed, false).ok().and_then(|node| self.run(&node));
        Ok(Evaluated { folded, run })
    }

    fn parse(&self) -> Result<Parsed, Diagnostics> {
        self.with_item(parse_item)
    }

    fn check(&self, parsed: &Parsed, fold: bool) -> Result<Node, Diagnostics> {
        let undeclared = !self.checked && self.container.is_empty();
        let mode = Mode { fold, checked: self.checked, utc: true, undeclared };
        self.with_item(|item| {
            let view = View { features: false, event: EventView::Absent, arms: false };
            let scope = Scope::default();
            let mut checker = Checker::new(&scope, &view, item, parsed);
            checker.mode = mode;
            checker.locals = self.locals(fold).into();
            checker.node(&parsed.root)
        })
    }

    /// Inputs as variables, with and without the container's name.
    fn locals(&self, fold: bool) -> Vec<(String, Node)> {
        let mut locals: Vec<(String, Node)> = Vec::new();
        let prefix = format!("{}.", self.container);
        for (position, (name, value)) in self.inputs.iter().enumerate() {
            let mut node = Node::known(value.clone(), 0..0);
            if !fold && value.bits().is_some() {
                node.kind = Kind::Read(Op::Field(position as u16));
            }
            // A name in the container goes before the same name outside.
            match name.strip_prefix(&prefix) {
                Some(short) => locals.push((short.into(), node.clone())),
                None => locals.insert(0, (name.clone(), node.clone())),
            }
            locals.insert(0, (name.clone(), node));
        }
        locals
    }

    /// Runs a step on the text as if it stood in a policy.
    fn with_item<T>(&self, step: impl FnOnce(&Item<'_>) -> Option<T>) -> Result<T, Diagnostics> {
        let text = format!("'''\n{}'''", self.text);
        let report = Report::new(File::new("expression", &text));
        let value = Value::Text(Cow::Borrowed(self.text));
        let item = Item {
            report: &report,
            name: "expression",
            key_span: 0..0,
            path: "expression".into(),
            span: 0..text.len(),
            value: &value,
        };
        let done = step(&item);
        drop(item);
        done.ok_or_else(|| Report::join([report]))
    }

    fn run(&self, node: &Node) -> Option<Option<Constant>> {
        let mut ops = lower(node).ok()?;
        if ops.len() > EXPRESSION_OPS_MAX || stack_depth(&ops) > EXPRESSION_STACK_MAX {
            return None;
        }
        // Here a float may be any: the last operation, which keeps a policy from seeing a NaN, is
        // not part of CEL.
        ops.pop_if(|op| *op == Op::Number);
        let fields = self.inputs.iter().map(|(_, value)| value.bits());
        let fields = fields.map(|bits| bits.map_or(Cell::MISSING, Cell::from_bits)).collect();
        let cell = evaluate(&ops, &mut Inputs { fields });
        match cell.bits() {
            None => Some(None),
            Some(bits) => Constant::from_bits(node.ty, bits).map(Some),
        }
    }
}

/// Where an expression by itself is run: an event has its inputs.
struct Inputs {
    fields: Vec<Cell>,
}

impl Environment for Inputs {
    fn feature(&mut self, _: u16) -> Cell {
        Cell::MISSING
    }
    fn field(&self, position: u16) -> Cell {
        self.fields.get(usize::from(position)).copied().unwrap_or_default()
    }
    fn event_time(&self) -> Cell {
        Cell::MISSING
    }
    fn now_ms(&self) -> i64 {
        0
    }
    fn local(&self, utc_ms: i64) -> LocalTime {
        LocalTime::new(utc_ms, 0)
    }
}
