//! The operations of a program and where they are kept.

/// One step on the stack. Binary operations take the left operand from below the top.
///
/// `Int` operations also serve money, timestamps and durations: all are scaled integers, and the
/// compiler has seen to the units.
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
    /// Sum of floats; missing if NaN, as for all float arithmetic.
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
    /// Money in micro-units as a float in units.
    MoneyToDouble,
    /// A float in units as money, to the nearest micro-unit; missing when out of range.
    DoubleToMoney,
    /// A part of a timestamp on the subscriber's own clock.
    Local(Calendar),
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
    /// 0 (Sunday) to 6.
    DayOfWeek,
    /// 0 to 30.
    DayOfMonth,
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
