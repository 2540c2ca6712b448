//! Typed tree to operations, and the whole way from text to program.

use std::collections::HashMap;
use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Build;
use super::cel::{self, Parsed};
use super::check::{Checker, error_inside};
use super::constant::Constant;
use super::diagnostic::Code;
use super::node::{Kind, Node};
use super::scope::{EventView, View};
use super::source::Item;
use super::types::{DOUBLE, MONEY, Ty};
use super::variables::ARMS;
use crate::base::limits::{EXPRESSION_OPS_MAX, EXPRESSION_STACK_MAX};
use crate::base::money::parse_micros;
use crate::expr::{Cell, Op, Program};

/// Programs of rules that read the profile only, by text and wanted type: catalogues repeat the
/// same few rules over thousands of offers.
pub(super) type Known = HashMap<(String, Option<Ty>), (Program, Ty)>;

impl Build<'_> {
    /// The program of an expression that must have this type.
    pub(super) fn program(&mut self, item: &Item<'_>, ty: Ty, view: &View) -> Option<Program> {
        self.typed_program(item, Some(ty), view).map(|(program, _)| program)
    }

    /// The program of a rule over the profile.
    pub(super) fn rule(&mut self, item: Option<Item<'_>>, ty: Ty) -> Option<Program> {
        self.program(&item?, ty, &View::PROFILE)
    }

    /// The program of a rule about what is offered, which may read the arms of experiments, too.
    pub(super) fn choice(&mut self, item: Option<Item<'_>>, ty: Ty) -> Option<Program> {
        self.program(&item?, ty, &View::CHOICE)
    }

    /// The program of an expression and the type that it has.
    pub(super) fn typed_program(
        &mut self,
        item: &Item<'_>,
        wanted: Option<Ty>,
        view: &View,
    ) -> Option<(Program, Ty)> {
        let text = item.text()?;
        let key = (String::from(text), wanted);
        // What may not be read everywhere is checked wherever it stands.
        let shared = view.features
            && matches!(view.event, EventView::Absent)
            && (view.arms || !text.contains(ARMS));
        if let Some(known) = self.known.get(&key).filter(|_| shared) {
            return Some(*known);
        }
        let (ops, ty) = self.operations(item, text, wanted, view)?;
        let program = self.place(item, &ops)?;
        if shared {
            self.known.insert(key, (program, ty));
        }
        Some((program, ty))
    }

    fn operations(
        &self,
        item: &Item<'_>,
        text: &str,
        wanted: Option<Ty>,
        view: &View,
    ) -> Option<(Vec<Op>, Ty)> {
        // Amounts are most of a catalogue's expressions.
        if let Some(micros) = parse_micros(text).filter(|_| wanted == Some(MONEY)) {
            return Some((Vec::from([Op::Constant(micros as u64)]), MONEY));
        }
        let parsed = parse_item(item)?;
        let node = Checker::new(&self.scope, view, item, &parsed).root(wanted)?;
        Some((lower_item(item, &node)?, node.ty))
    }

    /// Appends operations to the policy's code.
    pub(super) fn place(&mut self, item: &Item<'_>, ops: &[Op]) -> Option<Program> {
        let fits = item.within(ops.len(), EXPRESSION_OPS_MAX, "operations in one expression")
            & item.within(stack_depth(ops), EXPRESSION_STACK_MAX, "values held at once");
        let start = u32::try_from(self.tables.code.len()).ok().filter(|_| fits)?;
        self.tables.code.extend_from_slice(ops);
        Some(Program { start, len: ops.len() as u16 })
    }

    /// A program that is one constant.
    pub(super) fn constant(&mut self, bits: u64) -> Program {
        let start = self.tables.code.len() as u32;
        self.tables.code.push(Op::Constant(bits));
        Program { start, len: 1 }
    }
}

/// Parses the expression that an item holds; what is wrong with it is recorded.
pub(super) fn parse_item(item: &Item<'_>) -> Option<Parsed> {
    match cel::parse(item.text()?) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            let message = format!("not an expression: {}", error.message);
            let message = if error.code == Code::Limit { error.message } else { message };
            error_inside(
                item,
                error.code,
                error.span,
                message,
                error.help.map(ToString::to_string),
            );
            None
        }
    }
}

/// The operations of the expression that an item holds; what they cannot say is recorded.
pub(super) fn lower_item(item: &Item<'_>, node: &Node) -> Option<Vec<Op>> {
    match lower(node) {
        Ok(ops) => Some(ops),
        Err(error) => {
            let message = format!("{} cannot be used in a policy", error.what);
            error_inside(item, Code::Unsupported, error.span, message, None);
            None
        }
    }
}

/// Something that operations cannot say, and where.
#[derive(Debug)]
pub(super) struct NotLowered {
    pub(super) what: String,
    pub(super) span: Range<usize>,
}

/// The operations of a tree.
pub(super) fn lower(node: &Node) -> Result<Vec<Op>, NotLowered> {
    let mut ops = Vec::new();
    emit(node, &mut ops)?;
    if node.ty == DOUBLE {
        end_with_number(node, &mut ops);
    }
    Ok(ops)
}

/// No NaN leaves a program, and no negative zero.
fn end_with_number(node: &Node, ops: &mut Vec<Op>) {
    match (&node.kind, ops.as_slice()) {
        (Kind::Read(_) | Kind::Failed(_), _) => {}
        (_, [Op::Constant(bits)]) => {
            let number = Cell::double(f64::from_bits(*bits)).bits();
            *ops = Vec::from([number.map_or(Op::Missing, Op::Constant)]);
        }
        _ => ops.push(Op::Number),
    }
}

fn emit(node: &Node, ops: &mut Vec<Op>) -> Result<(), NotLowered> {
    match &node.kind {
        Kind::Constant(value) => match value.bits() {
            Some(bits) => ops.push(Op::Constant(bits)),
            None => return not_lowered(node, value),
        },
        Kind::Failed(_) => ops.push(Op::Missing),
        Kind::Read(op) => ops.push(*op),
        Kind::Apply(op, operands) => {
            operands.iter().try_for_each(|operand| emit(operand, ops))?;
            ops.push(*op);
        }
        Kind::And(operands) => emit_logic(operands, Op::JumpIfFalse, Op::And, ops)?,
        Kind::Or(operands) => emit_logic(operands, Op::JumpIfTrue, Op::Or, ops)?,
        Kind::List(_) | Kind::Map(_) => {
            let what = format!("a {} that is not known in advance", node.ty.word());
            return Err(NotLowered { what, span: node.span.clone() });
        }
    }
    Ok(())
}

fn not_lowered(node: &Node, value: &Constant) -> Result<(), NotLowered> {
    let what = match value {
        Constant::Timestamp(_) | Constant::Duration(_) => {
            format!("a {} finer than a millisecond", node.ty.word())
        }
        _ => format!("a value of type {}", value.type_name()),
    };
    Err(NotLowered { what, span: node.span.clone() })
}

/// Left, a jump to the end if that settles it, right, and the two joined.
fn emit_logic(
    operands: &[Node],
    jump: fn(u16) -> Op,
    join: Op,
    ops: &mut Vec<Op>,
) -> Result<(), NotLowered> {
    for (position, operand) in operands.iter().enumerate() {
        let at = ops.len();
        if position > 0 {
            ops.push(jump(0));
        }
        emit(operand, ops)?;
        if position > 0 {
            ops.push(join);
            // Programs that are too long for the jump are refused when they are placed.
            ops[at] = jump(u16::try_from(ops.len()).unwrap_or(u16::MAX));
        }
    }
    Ok(())
}

/// Cells that a program needs. A jump leaves as many as the operations that it skips.
pub(super) fn stack_depth(ops: &[Op]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for op in ops {
        depth = (depth + 1).saturating_sub(op.takes());
        deepest = deepest.max(depth);
    }
    deepest
}
