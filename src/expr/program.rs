//! The operations of a program and where they are kept.

use super::math::{Binary, Unary};

/// One step on the stack. Binary operations take the left operand from below the top.
///
/// `Int` operations also serve money, timestamps and durations: all are scaled integers, and the
/// compiler has seen to the units. The compiler folds constants by running these same operations,
/// so an expression means the same whether its operands were known early or late.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    /// Push a known value.
    Constant(u64),
    /// Push the feature at this index of the policy.
    Feature(u16),
    /// Push the field at this position of the event that triggered the evaluation.
    Field(u16),
    /// Push the call's `now`.
    Now,
    /// Push the triggering event's own time.
    EventTime,
    /// Push nothing known: an expression that can only fail.
    Missing,

    /// Three-valued not.
    Not,
    /// If the top is definitely false, jump to this operation and keep it: the operands between
    /// cannot change an `&&` that is false already.
    JumpIfFalse(u16),
    /// The same for `||` and true.
    JumpIfTrue(u16),
    /// Three-valued and of two.
    And,
    /// Three-valued or of two.
    Or,
    /// Of condition, then, otherwise: the branch chosen; missing when the condition is.
    Select,
    /// Whether the top is known; always known itself.
    Has,
    /// Of value and fallback: the value if known, else the fallback.
    OrElse,

    /// Equal bits (integers, members, text, booleans).
    EqualBits,
    /// Equal floats.
    EqualDouble,
    /// Less, integers.
    LessInt,
    /// Less or equal, integers.
    LessOrEqualInt,
    /// Less, floats.
    LessDouble,
    /// Less or equal, floats.
    LessOrEqualDouble,

    /// Sum; missing on overflow, as for all integer arithmetic.
    AddInt,
    /// Difference.
    SubtractInt,
    /// Product.
    MultiplyInt,
    /// Quotient, truncated towards zero; missing when the divisor is zero.
    DivideInt,
    /// Remainder with the sign of the dividend; missing when the divisor is zero.
    RemainderInt,
    /// Negation.
    NegateInt,
    /// Less, unsigned integers; also false before true.
    LessUint,
    /// Less or equal, unsigned integers.
    LessOrEqualUint,
    /// Sum of unsigned integers; missing when it does not fit, as for all their arithmetic.
    AddUint,
    /// Difference of unsigned integers.
    SubtractUint,
    /// Product of unsigned integers.
    MultiplyUint,
    /// Quotient of unsigned integers.
    DivideUint,
    /// Remainder of unsigned integers.
    RemainderUint,
    /// Sum of floats. Within an expression floats are those of IEEE 754, as in CEL: a NaN is
    /// unequal to itself. `Number` keeps it from leaving.
    AddDouble,
    /// Difference of floats.
    SubtractDouble,
    /// Product of floats.
    MultiplyDouble,
    /// Quotient of floats.
    DivideDouble,
    /// Negation of a float.
    NegateDouble,

    /// An integer as a float.
    IntToDouble,
    /// A float as an integer, truncated towards zero; missing when out of range.
    DoubleToInt,
    /// A float as an unsigned integer, truncated; missing when out of range.
    DoubleToUint,
    /// An unsigned integer as a float.
    UintToDouble,
    /// An integer as an unsigned one or back; missing when the other cannot hold it.
    SwitchSign,
    /// The float that a program results in: missing if NaN or infinite, and zero without a sign.
    Number,
    /// A timestamp that CEL can hold, of the years 1 to 9999; missing otherwise.
    TimestampInRange,
    /// A duration that CEL can hold, of at most 2^63 nanoseconds; missing otherwise.
    DurationInRange,
    /// One operand to one result.
    Unary(Unary),
    /// Two operands to one result.
    Binary(Binary),
    /// Money in micro-units as a float in units.
    MoneyToDouble,
    /// A float in units as money, to the nearest micro-unit; missing when out of range.
    DoubleToMoney,
    /// A part of a timestamp on the subscriber's own clock.
    Local(Calendar),
    /// A part of a timestamp on a clock in UTC.
    Utc(Calendar),
}

impl Op {
    /// A number for each way to compare two values; none for operations that do not.
    pub(crate) fn comparison(self) -> Option<u8> {
        match self {
            Op::EqualBits => Some(1),
            Op::EqualDouble => Some(2),
            Op::LessInt => Some(3),
            Op::LessOrEqualInt => Some(4),
            Op::LessDouble => Some(5),
            Op::LessOrEqualDouble => Some(6),
            Op::LessUint => Some(7),
            Op::LessOrEqualUint => Some(8),
            _ => None,
        }
    }
}

/// A part of a local date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calendar {
    /// 0 to 23.
    Hour,
    /// 0 to 59.
    Minute,
    /// 0 to 59.
    Second,
    /// 0 to 999.
    Millisecond,
    /// 0 (Sunday) to 6.
    DayOfWeek,
    /// 0 to 30.
    DayOfMonth,
    /// 1 to 31.
    Date,
    /// 0 to 365.
    DayOfYear,
    /// 0 (January) to 11.
    Month,
    /// The year.
    Year,
}

/// A run of operations in the policy's one pool of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program {
    pub(crate) start: u32,
    pub(crate) len: u16,
}

impl Program {
    /// The operations of this program.
    #[inline(always)]
    pub(crate) fn of(self, code: &[Op]) -> &[Op] {
        let start = self.start as usize;
        code.get(start..start + usize::from(self.len)).unwrap_or(&[])
    }
}
