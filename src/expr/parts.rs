//! Taking a program apart, for people: what `&&` joins at its top, and what a comparison compares.
//! Allocates; the data plane never asks.

use alloc::vec::Vec;
use core::ops::Range;

use super::program::Op;

/// The operations of each part that `&&` joins at the top of a program, in order, as programs of
/// their own: one if there is no `&&`.
pub(crate) fn conjuncts(program: &[Op]) -> Vec<Vec<Op>> {
    let mut parts = Vec::new();
    let mut end = program.len();
    while let Some((Op::And, inner)) = program.get(..end).and_then(<[Op]>::split_last) {
        let right = last_operand(inner);
        parts.push(own(inner, right..inner.len()));
        let left = inner.get(..right).unwrap_or(&[]);
        // The jump over the right operand goes with the `&&`.
        let jumps = matches!(left.last(), Some(Op::JumpIfFalse(to)) if usize::from(*to) == end);
        end = right - usize::from(jumps);
    }
    parts.push(own(program, 0..end));
    parts.reverse();
    parts
}

/// Both sides of a program that is one comparison, or the opposite of one, as programs of their own.
pub(crate) fn compared(program: &[Op]) -> Option<[Vec<Op>; 2]> {
    let inner = match program {
        [inner @ .., Op::Not] => inner,
        all => all,
    };
    let (compares, operands) = inner.split_last()?;
    compares.comparison()?;
    let right = last_operand(operands);
    Some([own(operands, 0..right), own(operands, right..operands.len())])
}

/// Where the operand begins that a run of operations ends with.
fn last_operand(program: &[Op]) -> usize {
    let mut wanted = 1usize;
    for (at, op) in program.iter().enumerate().rev() {
        wanted = (wanted + op.takes()).saturating_sub(1);
        if wanted == 0 {
            return at;
        }
    }
    0
}

/// A piece of a program: its jumps lead to the same operations.
fn own(program: &[Op], range: Range<usize>) -> Vec<Op> {
    let moved = |target: u16| target.saturating_sub(range.start as u16);
    let piece = program.get(range.clone()).unwrap_or(&[]).iter();
    piece
        .map(|op| match *op {
            Op::JumpIfFalse(target) => Op::JumpIfFalse(moved(target)),
            Op::JumpIfTrue(target) => Op::JumpIfTrue(moved(target)),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conjunction_comes_apart() {
        // (f0 || f1) && (f2 < 7) && f3
        let program = [
            Op::Feature(0),
            Op::JumpIfTrue(4),
            Op::Feature(1),
            Op::Or,
            Op::JumpIfFalse(9),
            Op::Feature(2),
            Op::Constant(7),
            Op::LessInt,
            Op::And,
            Op::JumpIfFalse(12),
            Op::Feature(3),
            Op::And,
        ];
        let parts = conjuncts(&program);
        assert_eq!(parts[0], program[..4]);
        assert_eq!(parts[1], [Op::Feature(2), Op::Constant(7), Op::LessInt]);
        assert_eq!(parts[2], [Op::Feature(3)]);
        assert_eq!(parts.len(), 3);
        assert_eq!(compared(&parts[1]), Some([[Op::Feature(2)].into(), [Op::Constant(7)].into()]));
        assert_eq!(compared(&parts[0]), None);
    }

    #[test]
    fn jumps_lead_to_the_same_operations() {
        // f0 && (f1 || f2)
        let program = [
            Op::Feature(0),
            Op::JumpIfFalse(7),
            Op::Feature(1),
            Op::JumpIfTrue(6),
            Op::Feature(2),
            Op::Or,
            Op::And,
        ];
        let parts = conjuncts(&program);
        assert_eq!(parts[1], [Op::Feature(1), Op::JumpIfTrue(4), Op::Feature(2), Op::Or]);
    }
}
