//! Whether a program that was not compiled here is one that the compiler could have made, as far
//! as running it goes: it ends, it fits the stack, and what it names exists.
//!
//! Types are not checked: a cell is 64 bits, every operation has an answer for all of them, and
//! whoever takes a result reads it as what it should be. So an operation on a cell of another type
//! gives a wrong answer, always the same one, and does no other harm; `call/ill_typed.rs` tries.

use super::program::Op;
use crate::base::limits::{EXPRESSION_OPS_MAX, EXPRESSION_STACK_MAX};

/// What a program may name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgramNames {
    /// Features below this index.
    pub(crate) features: usize,
    /// Fields below this position, and the time, of the triggering event; none where there is no
    /// event.
    pub(crate) fields: Option<usize>,
    /// Whether it may ask for the time of the call.
    pub(crate) now: bool,
}

/// No way leads to an operation yet.
const UNREACHED: u8 = u8::MAX;

/// What is wrong with a program, if anything is.
pub(crate) fn verify(program: &[Op], names: ProgramNames) -> Result<(), &'static str> {
    if program.is_empty() || program.len() > EXPRESSION_OPS_MAX {
        return Err("a program is empty or has too many operations");
    }
    // The depth of the stack before each operation, and after the last, by the jumps that lead
    // there: all ways to one operation must have brought equally many cells.
    let mut jumped = [UNREACHED; EXPRESSION_OPS_MAX + 1];
    let mut depth = 0usize;
    for (at, op) in program.iter().enumerate() {
        meets(jumped[at], depth)?;
        check_names(*op, names)?;
        depth = depth.checked_sub(op.takes()).ok_or("a program takes from an empty stack")? + 1;
        if depth > EXPRESSION_STACK_MAX {
            return Err("a program needs too deep a stack");
        }
        if let Op::JumpIfFalse(target) | Op::JumpIfTrue(target) = *op {
            let target = usize::from(target);
            if target <= at || target > program.len() {
                return Err("a jump goes back or beyond its program");
            }
            meets(jumped[target], depth)?;
            jumped[target] = depth as u8;
        }
    }
    meets(jumped[program.len()], depth)?;
    if depth == 1 { Ok(()) } else { Err("a program does not leave one value") }
}

fn meets(jumped: u8, depth: usize) -> Result<(), &'static str> {
    if jumped == UNREACHED || usize::from(jumped) == depth {
        Ok(())
    } else {
        Err("a jump meets another depth of the stack")
    }
}

fn check_names(op: Op, names: ProgramNames) -> Result<(), &'static str> {
    let known = match op {
        Op::Feature(index) => usize::from(index) < names.features,
        Op::Field(position) => names.fields.is_some_and(|fields| usize::from(position) < fields),
        Op::EventTime => names.fields.is_some(),
        Op::Now => names.now,
        _ => true,
    };
    if known { Ok(()) } else { Err("a program reads what it may not") }
}

const _: () = assert!(EXPRESSION_STACK_MAX < UNREACHED as usize);

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: ProgramNames = ProgramNames { features: 2, fields: None, now: true };

    #[test]
    fn what_the_compiler_makes_passes() {
        let double = Op::Constant(1f64.to_bits());
        for program in [
            &[double][..],
            &[Op::Feature(1), Op::Has],
            &[Op::Feature(0), Op::JumpIfFalse(4), Op::Feature(1), Op::And],
            &[Op::Feature(0), Op::JumpIfTrue(4), Op::Feature(1), Op::Or, Op::Not],
            &[Op::Feature(0), double, double, Op::Select],
        ] {
            assert_eq!(verify(program, NAMES), Ok(()), "{program:?}");
        }
        let event = ProgramNames { fields: Some(3), ..NAMES };
        assert_eq!(verify(&[Op::Field(2), Op::EventTime, Op::LessInt], event), Ok(()));
    }

    #[test]
    fn what_could_not_end_or_fit_is_refused() {
        let one = Op::Constant(1);
        for program in [
            &[][..],
            &[Op::Not],
            &[one, Op::And],
            &[one, one],
            &[one; EXPRESSION_STACK_MAX + 1],
            &[one, Op::JumpIfFalse(1)],
            &[one, Op::JumpIfFalse(0)],
            &[one, Op::JumpIfTrue(3)],
            // The jump would skip the operand of the `&&` but not the `&&`.
            &[one, Op::JumpIfFalse(3), one, Op::And],
            &[Op::Feature(2)],
            &[Op::Field(0)],
            &[Op::EventTime],
        ] {
            assert!(verify(program, NAMES).is_err(), "{program:?}");
        }
        let event = ProgramNames { fields: Some(1), ..NAMES };
        assert!(verify(&[Op::Field(1)], event).is_err());
        assert!(verify(&[Op::Now], ProgramNames { now: false, ..event }).is_err());
        assert!(verify(&[one; EXPRESSION_OPS_MAX + 1], NAMES).is_err());
    }
}
