//! The number of every operation in an artifact, and what it takes from the stack.
//!
//! Numbers are never used again for something else: a new operation gets the next one.

use super::math::{Binary, Unary};
use super::program::{Calendar, Op, Program};
use super::value::Type;
use crate::base::encoding::{encoded, encoded_choice};

macro_rules! operations {
    ($($number:literal $op:ident $(($value:ident: $type:ty))? takes $takes:literal;)*) => {
        encoded_choice! { Op { $($number $op $(($value: $type))?;)* } }

        impl Op {
            /// How many cells it takes. Every operation leaves one.
            pub(crate) fn takes(self) -> usize {
                match self {
                    $(Op::$op { .. } => $takes,)*
                }
            }
        }
    };
}

operations! {
    1 Constant(bits: u64) takes 0;
    2 Feature(index: u16) takes 0;
    3 Field(position: u16) takes 0;
    4 Now takes 0;
    5 EventTime takes 0;
    6 Not takes 1;
    7 JumpIfFalse(target: u16) takes 1;
    8 JumpIfTrue(target: u16) takes 1;
    9 And takes 2;
    10 Or takes 2;
    11 Select takes 3;
    12 Has takes 1;
    13 OrElse takes 2;
    14 EqualBits takes 2;
    15 EqualDouble takes 2;
    16 LessInt takes 2;
    17 LessOrEqualInt takes 2;
    18 LessDouble takes 2;
    19 LessOrEqualDouble takes 2;
    20 AddInt takes 2;
    21 SubtractInt takes 2;
    22 MultiplyInt takes 2;
    23 DivideInt takes 2;
    24 RemainderInt takes 2;
    25 NegateInt takes 1;
    26 AddDouble takes 2;
    27 SubtractDouble takes 2;
    28 MultiplyDouble takes 2;
    29 DivideDouble takes 2;
    30 NegateDouble takes 1;
    31 IntToDouble takes 1;
    32 DoubleToInt takes 1;
    33 MoneyToDouble takes 1;
    34 DoubleToMoney takes 1;
    35 Local(part: Calendar) takes 1;
    36 Missing takes 0;
    37 LessUint takes 2;
    38 LessOrEqualUint takes 2;
    39 AddUint takes 2;
    40 SubtractUint takes 2;
    41 MultiplyUint takes 2;
    42 DivideUint takes 2;
    43 RemainderUint takes 2;
    44 DoubleToUint takes 1;
    45 UintToDouble takes 1;
    46 SwitchSign takes 1;
    47 Number takes 1;
    48 TimestampInRange takes 1;
    49 DurationInRange takes 1;
    50 Unary(function: Unary) takes 1;
    51 Binary(function: Binary) takes 2;
    52 Utc(part: Calendar) takes 1;
}

encoded_choice! { Calendar {
    1 Hour;
    2 Minute;
    3 DayOfWeek;
    4 DayOfMonth;
    5 Month;
    6 Year;
    7 Second;
    8 Millisecond;
    9 Date;
    10 DayOfYear;
} }

encoded_choice! { Unary {
    1 Ceil;
    2 Floor;
    3 Round;
    4 Trunc;
    5 Sqrt;
    6 AbsDouble;
    7 AbsInt;
    8 SignDouble;
    9 SignInt;
    10 SignUint;
    11 IsNan;
    12 IsInf;
    13 IsFinite;
    14 BitNot;
} }

encoded_choice! { Binary {
    1 MaxInt;
    2 MinInt;
    3 MaxUint;
    4 MinUint;
    5 MaxDouble;
    6 MinDouble;
    7 BitAnd;
    8 BitOr;
    9 BitXor;
    10 ShiftLeft;
    11 ShiftRight;
    12 FloorDivide;
} }

// The numbers of the C ABI.
encoded_choice! { Type {
    1 Bool;
    2 Int;
    3 Double;
    4 Money;
    5 Timestamp;
    6 Duration;
    7 Member;
    8 Text;
} }

encoded! { Program { start: u32, len: u16 } }
