//! The type rules of expressions, as tables.

use cel::common::ast::operators;

use crate::expr::{Calendar, Op, Type};

/// The type of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ty {
    /// A type with one meaning.
    Plain(Type),
    /// A member of the enumeration at this position of the scope.
    Enum(u16),
}

pub(super) const BOOL: Ty = Ty::Plain(Type::Bool);
pub(super) const INT: Ty = Ty::Plain(Type::Int);
pub(super) const DOUBLE: Ty = Ty::Plain(Type::Double);
pub(super) const MONEY: Ty = Ty::Plain(Type::Money);
pub(super) const TIMESTAMP: Ty = Ty::Plain(Type::Timestamp);
pub(super) const DURATION: Ty = Ty::Plain(Type::Duration);
pub(super) const TEXT: Ty = Ty::Plain(Type::Text);

impl Ty {
    /// The type that tables and profiles know it by.
    pub(super) fn plain(self) -> Type {
        match self {
            Ty::Plain(plain) => plain,
            Ty::Enum(_) => Type::Member,
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.plain().word()
    }
}

/// How an operator works on one pair of types.
pub(super) struct Overload {
    operator: &'static str,
    operands: [Ty; 2],
    /// Applied to each operand first.
    pub(super) convert: [&'static [Op]; 2],
    /// The operator, then what turns its result into the result's type.
    pub(super) ops: &'static [Op],
    pub(super) result: Ty,
}

const fn same(operator: &'static str, ty: Ty, op: &'static [Op], result: Ty) -> Overload {
    mixed(operator, [ty, ty], op, result)
}

const fn mixed(
    operator: &'static str,
    operands: [Ty; 2],
    ops: &'static [Op],
    result: Ty,
) -> Overload {
    Overload { operator, operands, convert: [&[], &[]], ops, result }
}

const TO_DOUBLE: &[Op] = &[Op::MoneyToDouble];

/// Binary operators. `>` and `>=` are `<` and `<=` with the operands exchanged; `==`, which every
/// type has, is apart.
#[rustfmt::skip]
static OVERLOADS: &[Overload] = &[
    same(operators::LESS, INT, &[Op::LessInt], BOOL),
    same(operators::LESS, DOUBLE, &[Op::LessDouble], BOOL),
    same(operators::LESS, MONEY, &[Op::LessInt], BOOL),
    same(operators::LESS, TIMESTAMP, &[Op::LessInt], BOOL),
    same(operators::LESS, DURATION, &[Op::LessInt], BOOL),
    same(operators::LESS_EQUALS, INT, &[Op::LessOrEqualInt], BOOL),
    same(operators::LESS_EQUALS, DOUBLE, &[Op::LessOrEqualDouble], BOOL),
    same(operators::LESS_EQUALS, MONEY, &[Op::LessOrEqualInt], BOOL),
    same(operators::LESS_EQUALS, TIMESTAMP, &[Op::LessOrEqualInt], BOOL),
    same(operators::LESS_EQUALS, DURATION, &[Op::LessOrEqualInt], BOOL),
    same(operators::ADD, INT, &[Op::AddInt], INT),
    same(operators::ADD, DOUBLE, &[Op::AddDouble], DOUBLE),
    same(operators::ADD, MONEY, &[Op::AddInt], MONEY),
    same(operators::ADD, DURATION, &[Op::AddInt], DURATION),
    mixed(operators::ADD, [TIMESTAMP, DURATION], &[Op::AddInt], TIMESTAMP),
    mixed(operators::ADD, [DURATION, TIMESTAMP], &[Op::AddInt], TIMESTAMP),
    same(operators::SUBSTRACT, INT, &[Op::SubtractInt], INT),
    same(operators::SUBSTRACT, DOUBLE, &[Op::SubtractDouble], DOUBLE),
    same(operators::SUBSTRACT, MONEY, &[Op::SubtractInt], MONEY),
    same(operators::SUBSTRACT, DURATION, &[Op::SubtractInt], DURATION),
    same(operators::SUBSTRACT, TIMESTAMP, &[Op::SubtractInt], DURATION),
    mixed(operators::SUBSTRACT, [TIMESTAMP, DURATION], &[Op::SubtractInt], TIMESTAMP),
    same(operators::MULTIPLY, INT, &[Op::MultiplyInt], INT),
    same(operators::MULTIPLY, DOUBLE, &[Op::MultiplyDouble], DOUBLE),
    mixed(operators::MULTIPLY, [MONEY, INT], &[Op::MultiplyInt], MONEY),
    mixed(operators::MULTIPLY, [INT, MONEY], &[Op::MultiplyInt], MONEY),
    Overload {
        convert: [TO_DOUBLE, &[]],
        ..mixed(operators::MULTIPLY, [MONEY, DOUBLE], &[Op::MultiplyDouble, Op::DoubleToMoney], MONEY)
    },
    Overload {
        convert: [&[], TO_DOUBLE],
        ..mixed(operators::MULTIPLY, [DOUBLE, MONEY], &[Op::MultiplyDouble, Op::DoubleToMoney], MONEY)
    },
    same(operators::DIVIDE, INT, &[Op::DivideInt], INT),
    same(operators::DIVIDE, DOUBLE, &[Op::DivideDouble], DOUBLE),
    mixed(operators::DIVIDE, [MONEY, INT], &[Op::DivideInt], MONEY),
    Overload {
        convert: [TO_DOUBLE, &[]],
        ..mixed(operators::DIVIDE, [MONEY, DOUBLE], &[Op::DivideDouble, Op::DoubleToMoney], MONEY)
    },
    Overload {
        convert: [TO_DOUBLE, TO_DOUBLE],
        ..mixed(operators::DIVIDE, [MONEY, MONEY], &[Op::DivideDouble], DOUBLE)
    },
    same(operators::MODULO, INT, &[Op::RemainderInt], INT),
];

pub(super) fn overload(operator: &str, left: Ty, right: Ty) -> Option<&'static Overload> {
    OVERLOADS
        .iter()
        .find(|overload| overload.operator == operator && overload.operands == [left, right])
}

/// Equality of two values of one type.
pub(super) fn equality(ty: Ty) -> Op {
    if ty == DOUBLE { Op::EqualDouble } else { Op::EqualBits }
}

/// The operation that negates a type.
pub(super) fn negation(ty: Ty) -> Option<Op> {
    match ty.plain() {
        Type::Int | Type::Money | Type::Duration => Some(Op::NegateInt),
        Type::Double => Some(Op::NegateDouble),
        _ => None,
    }
}

/// Conversion functions: name, from, operations, to.
static CONVERSIONS: &[(&str, Ty, &[Op], Ty)] = &[
    ("int", INT, &[], INT),
    ("int", DOUBLE, &[Op::DoubleToInt], INT),
    ("double", DOUBLE, &[], DOUBLE),
    ("double", INT, &[Op::IntToDouble], DOUBLE),
    ("double", MONEY, &[Op::MoneyToDouble], DOUBLE),
    ("money", MONEY, &[], MONEY),
    ("money", DOUBLE, &[Op::DoubleToMoney], MONEY),
    ("money", INT, &[Op::IntToDouble, Op::DoubleToMoney], MONEY),
];

pub(super) fn is_conversion(name: &str) -> bool {
    CONVERSIONS.iter().any(|(known, ..)| *known == name)
}

pub(super) fn conversion(name: &str, from: Ty) -> Option<(&'static [Op], Ty)> {
    CONVERSIONS
        .iter()
        .find(|(known, source, ..)| *known == name && *source == from)
        .map(|(_, _, ops, to)| (*ops, *to))
}

/// Accessors on timestamps, which read the subscriber's own clock.
static ACCESSORS: &[(&str, Calendar)] = &[
    ("getHours", Calendar::Hour),
    ("getMinutes", Calendar::Minute),
    ("getDayOfWeek", Calendar::DayOfWeek),
    ("getDayOfMonth", Calendar::DayOfMonth),
    ("getMonth", Calendar::Month),
    ("getFullYear", Calendar::Year),
];

pub(super) fn accessor(name: &str) -> Option<Calendar> {
    ACCESSORS.iter().find(|(known, _)| *known == name).map(|(_, part)| *part)
}

/// Every function and accessor that an expression can call, for advice.
pub(super) fn function_names() -> impl Iterator<Item = &'static str> {
    ["has", "known", "default", "duration", "timestamp"]
        .into_iter()
        .chain(CONVERSIONS.iter().map(|(name, ..)| *name))
        .chain(ACCESSORS.iter().map(|(name, _)| *name))
}
