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
    /// Those that exist while an expression is compiled, or between its operations.
    Uint,
    Bytes,
    Null,
    List,
    Map,
    Type,
    /// Of an evaluation that can only fail.
    Unknown,
}

pub(super) const BOOL: Ty = Ty::Plain(Type::Bool);
pub(super) const INT: Ty = Ty::Plain(Type::Int);
pub(super) const DOUBLE: Ty = Ty::Plain(Type::Double);
pub(super) const MONEY: Ty = Ty::Plain(Type::Money);
pub(super) const TIMESTAMP: Ty = Ty::Plain(Type::Timestamp);
pub(super) const DURATION: Ty = Ty::Plain(Type::Duration);
pub(super) const TEXT: Ty = Ty::Plain(Type::Text);

impl Ty {
    /// The type that tables and profiles know it by. The checker lets no other leave.
    pub(super) fn plain(self) -> Type {
        match self {
            Ty::Plain(plain) => plain,
            _ => Type::Member,
        }
    }

    /// Whether tables and profiles know it.
    pub(super) fn leaves(self) -> bool {
        matches!(self, Ty::Plain(_) | Ty::Enum(_))
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Ty::Plain(plain) => plain.word(),
            Ty::Enum(_) => Type::Member.word(),
            Ty::Uint => "uint",
            Ty::Bytes => "bytes",
            Ty::Null => "null",
            Ty::List => "list",
            Ty::Map => "map",
            Ty::Type => "type",
            Ty::Unknown => "an error",
        }
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
/// Milliseconds as a float.
const LENGTH: &[Op] = &[Op::IntToDouble];
const SCALED_LENGTH: &[Op] = &[Op::MultiplyDouble, Op::DoubleToInt, Op::DurationInRange];
const UINT: Ty = Ty::Uint;
/// Sums of time that leave CEL's range are errors.
const ADD_TO_INSTANT: &[Op] = &[Op::AddInt, Op::TimestampInRange];
const ADD_DURATIONS: &[Op] = &[Op::AddInt, Op::DurationInRange];
const SUBTRACT_TO_DURATION: &[Op] = &[Op::SubtractInt, Op::DurationInRange];

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
    same(operators::ADD, DURATION, ADD_DURATIONS, DURATION),
    mixed(operators::ADD, [TIMESTAMP, DURATION], ADD_TO_INSTANT, TIMESTAMP),
    mixed(operators::ADD, [DURATION, TIMESTAMP], ADD_TO_INSTANT, TIMESTAMP),
    same(operators::SUBSTRACT, INT, &[Op::SubtractInt], INT),
    same(operators::SUBSTRACT, DOUBLE, &[Op::SubtractDouble], DOUBLE),
    same(operators::SUBSTRACT, MONEY, &[Op::SubtractInt], MONEY),
    same(operators::SUBSTRACT, DURATION, SUBTRACT_TO_DURATION, DURATION),
    same(operators::SUBSTRACT, TIMESTAMP, SUBTRACT_TO_DURATION, DURATION),
    mixed(operators::SUBSTRACT, [TIMESTAMP, DURATION], &[Op::SubtractInt, Op::TimestampInRange], TIMESTAMP),
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
    // Lengths of time scale, and one length in another is a number: the pace of something, and what
    // is left at that pace.
    Overload {
        convert: [LENGTH, &[]],
        ..mixed(operators::MULTIPLY, [DURATION, DOUBLE], SCALED_LENGTH, DURATION)
    },
    Overload {
        convert: [&[], LENGTH],
        ..mixed(operators::MULTIPLY, [DOUBLE, DURATION], SCALED_LENGTH, DURATION)
    },
    Overload {
        convert: [LENGTH, &[]],
        ..mixed(operators::DIVIDE, [DURATION, DOUBLE], &[Op::DivideDouble, Op::DoubleToInt, Op::DurationInRange], DURATION)
    },
    mixed(operators::DIVIDE, [DURATION, INT], &[Op::DivideInt], DURATION),
    Overload {
        convert: [LENGTH, LENGTH],
        ..mixed(operators::DIVIDE, [DURATION, DURATION], &[Op::DivideDouble], DOUBLE)
    },
    same(operators::MODULO, INT, &[Op::RemainderInt], INT),
    same(operators::LESS, BOOL, &[Op::LessUint], BOOL),
    same(operators::LESS, UINT, &[Op::LessUint], BOOL),
    same(operators::LESS_EQUALS, BOOL, &[Op::LessOrEqualUint], BOOL),
    same(operators::LESS_EQUALS, UINT, &[Op::LessOrEqualUint], BOOL),
    same(operators::ADD, UINT, &[Op::AddUint], UINT),
    same(operators::SUBSTRACT, UINT, &[Op::SubtractUint], UINT),
    same(operators::MULTIPLY, UINT, &[Op::MultiplyUint], UINT),
    same(operators::DIVIDE, UINT, &[Op::DivideUint], UINT),
    same(operators::MODULO, UINT, &[Op::RemainderUint], UINT),
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

/// The operations that negate a type.
pub(super) fn negation(ty: Ty) -> Option<&'static [Op]> {
    match ty {
        INT | MONEY => Some(&[Op::NegateInt]),
        DURATION => Some(&[Op::NegateInt, Op::DurationInRange]),
        DOUBLE => Some(&[Op::NegateDouble]),
        _ => None,
    }
}

/// Conversion functions: name, from, operations, to.
static CONVERSIONS: &[(&str, Ty, &[Op], Ty)] = &[
    ("int", INT, &[], INT),
    ("int", DOUBLE, &[Op::DoubleToInt], INT),
    ("int", UINT, &[Op::SwitchSign], INT),
    ("uint", UINT, &[], UINT),
    ("uint", INT, &[Op::SwitchSign], UINT),
    ("uint", DOUBLE, &[Op::DoubleToUint], UINT),
    ("double", DOUBLE, &[], DOUBLE),
    ("double", UINT, &[Op::UintToDouble], DOUBLE),
    ("bool", BOOL, &[], BOOL),
    ("string", TEXT, &[], TEXT),
    ("bytes", Ty::Bytes, &[], Ty::Bytes),
    ("timestamp", TIMESTAMP, &[], TIMESTAMP),
    ("duration", DURATION, &[], DURATION),
    ("double", INT, &[Op::IntToDouble], DOUBLE),
    ("double", MONEY, &[Op::MoneyToDouble], DOUBLE),
    ("money", MONEY, &[], MONEY),
    ("money", DOUBLE, &[Op::DoubleToMoney], MONEY),
    ("money", INT, &[Op::IntToDouble, Op::DoubleToMoney], MONEY),
];

pub(super) fn conversion(name: &str, from: Ty) -> Option<(&'static [Op], Ty)> {
    CONVERSIONS
        .iter()
        .find(|(known, source, ..)| *known == name && *source == from)
        .map(|(_, _, ops, to)| (*ops, *to))
}

/// Accessors on timestamps. Without a zone they read the subscriber's own clock.
static ACCESSORS: &[(&str, Calendar)] = &[
    ("getHours", Calendar::Hour),
    ("getMinutes", Calendar::Minute),
    ("getSeconds", Calendar::Second),
    ("getMilliseconds", Calendar::Millisecond),
    ("getDayOfWeek", Calendar::DayOfWeek),
    ("getDayOfMonth", Calendar::DayOfMonth),
    ("getDayOfYear", Calendar::DayOfYear),
    ("getDate", Calendar::Date),
    ("getMonth", Calendar::Month),
    ("getFullYear", Calendar::Year),
];

pub(super) fn accessor(name: &str) -> Option<Calendar> {
    ACCESSORS.iter().find(|(known, _)| *known == name).map(|(_, part)| *part)
}

/// Names that stand for a type.
pub(super) fn is_type_name(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "bool",
        "bytes",
        "double",
        "int",
        "list",
        "map",
        "null_type",
        "string",
        "type",
        "uint",
        "google.protobuf.Duration",
        "google.protobuf.Timestamp",
    ];
    NAMES.contains(&name)
}

/// Functions that are not in a table here.
const OTHERS: &[&str] = &["has", "known", "default", "size", "type", "dyn", "matches"];

/// Every function and accessor that an expression can call, for advice.
pub(super) fn function_names() -> impl Iterator<Item = &'static str> {
    let conversions = CONVERSIONS.iter().map(|(name, ..)| *name);
    let accessors = ACCESSORS.iter().map(|(name, _)| *name);
    OTHERS.iter().copied().chain(conversions).chain(accessors).chain(super::strings::names())
}
