//! The math extension: which functions there are and which operation they are on which types.

use std::cmp::Ordering;

use super::constant::Constant;
use super::functions::{Outcome, Problem};
use super::types::{BOOL, DOUBLE, INT, Ty};
use crate::expr::{Binary, Op, Unary};

const UINT: Ty = Ty::Uint;

/// Name, operands, operation, result. Of `greatest` and `least`, two operands of any number.
#[rustfmt::skip]
static FUNCTIONS: &[(&str, &[Ty], Op, Ty)] = &[
    ("greatest", &[INT, INT], Op::Binary(Binary::MaxInt), INT),
    ("greatest", &[UINT, UINT], Op::Binary(Binary::MaxUint), UINT),
    ("greatest", &[DOUBLE, DOUBLE], Op::Binary(Binary::MaxDouble), DOUBLE),
    ("least", &[INT, INT], Op::Binary(Binary::MinInt), INT),
    ("least", &[UINT, UINT], Op::Binary(Binary::MinUint), UINT),
    ("least", &[DOUBLE, DOUBLE], Op::Binary(Binary::MinDouble), DOUBLE),
    ("ceil", &[DOUBLE], Op::Unary(Unary::Ceil), DOUBLE),
    ("floor", &[DOUBLE], Op::Unary(Unary::Floor), DOUBLE),
    ("round", &[DOUBLE], Op::Unary(Unary::Round), DOUBLE),
    ("trunc", &[DOUBLE], Op::Unary(Unary::Trunc), DOUBLE),
    ("sqrt", &[DOUBLE], Op::Unary(Unary::Sqrt), DOUBLE),
    ("abs", &[DOUBLE], Op::Unary(Unary::AbsDouble), DOUBLE),
    ("abs", &[INT], Op::Unary(Unary::AbsInt), INT),
    ("sign", &[DOUBLE], Op::Unary(Unary::SignDouble), DOUBLE),
    ("sign", &[INT], Op::Unary(Unary::SignInt), INT),
    ("sign", &[UINT], Op::Unary(Unary::SignUint), UINT),
    ("isNaN", &[DOUBLE], Op::Unary(Unary::IsNan), BOOL),
    ("isInf", &[DOUBLE], Op::Unary(Unary::IsInf), BOOL),
    ("isFinite", &[DOUBLE], Op::Unary(Unary::IsFinite), BOOL),
    ("bitNot", &[INT], Op::Unary(Unary::BitNot), INT),
    ("bitNot", &[UINT], Op::Unary(Unary::BitNot), UINT),
    ("bitAnd", &[INT, INT], Op::Binary(Binary::BitAnd), INT),
    ("bitAnd", &[UINT, UINT], Op::Binary(Binary::BitAnd), UINT),
    ("bitOr", &[INT, INT], Op::Binary(Binary::BitOr), INT),
    ("bitOr", &[UINT, UINT], Op::Binary(Binary::BitOr), UINT),
    ("bitXor", &[INT, INT], Op::Binary(Binary::BitXor), INT),
    ("bitXor", &[UINT, UINT], Op::Binary(Binary::BitXor), UINT),
    ("bitShiftLeft", &[INT, INT], Op::Binary(Binary::ShiftLeft), INT),
    ("bitShiftLeft", &[UINT, INT], Op::Binary(Binary::ShiftLeft), UINT),
    ("bitShiftRight", &[INT, INT], Op::Binary(Binary::ShiftRight), INT),
    ("bitShiftRight", &[UINT, INT], Op::Binary(Binary::ShiftRight), UINT),
];

pub(super) fn is_known(name: &str) -> bool {
    FUNCTIONS.iter().any(|(known, ..)| *known == name)
}

/// Whether a function takes any number of operands, or one list of them.
pub(super) fn takes_list(name: &str) -> bool {
    matches!(name, "greatest" | "least")
}

/// The operation on operands of these types, and the type of its result.
pub(super) fn operation(name: &str, types: &[Ty]) -> Option<(Op, Ty)> {
    let fits = |operands: &[Ty]| match types {
        [first, rest @ ..] if takes_list(name) => {
            operands[0] == *first && rest.iter().all(|ty| ty == first)
        }
        _ => operands == types,
    };
    let found = FUNCTIONS.iter().find(|(known, operands, ..)| *known == name && fits(operands));
    found.map(|(.., op, ty)| (*op, *ty))
}

/// Functions of known values whose types no operation takes together.
pub(super) fn mixed(name: &str, values: &[Constant]) -> Outcome {
    let wins = match name {
        "abs" => match values {
            [Constant::Uint(value)] => return Ok(Constant::Uint(*value)),
            _ => return Err(Problem::Overload),
        },
        "greatest" => Ordering::Greater,
        "least" => Ordering::Less,
        _ => return Err(Problem::Overload),
    };
    if values.is_empty() || values.iter().any(|value| value.number().is_none()) {
        return Err(Problem::Overload);
    }
    let mut best = &values[0];
    for value in &values[1..] {
        if value.order(best) == Some(Some(wins)) {
            best = value;
        }
    }
    Ok(best.clone())
}
