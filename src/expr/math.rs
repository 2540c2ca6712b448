//! The functions of CEL's math extension on one or two cells.
//!
//! Source: cel-go, `ext/math.go`; the conformance cases `math_ext` hold for all of them.

use super::Cell;

/// Functions of one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    /// Towards positive infinity, of a float.
    Ceil,
    /// Towards negative infinity.
    Floor,
    /// To the nearest whole number, halves away from zero.
    Round,
    /// Towards zero.
    Trunc,
    /// The square root; NaN of a negative number.
    Sqrt,
    /// The absolute value of a float.
    AbsDouble,
    /// The absolute value of an integer; missing for the smallest.
    AbsInt,
    /// -1.0, 0.0 or 1.0; NaN of NaN.
    SignDouble,
    /// -1, 0 or 1.
    SignInt,
    /// 0 or 1, of an unsigned integer.
    SignUint,
    /// Whether a float is not a number.
    IsNan,
    /// Whether a float is infinite.
    IsInf,
    /// Whether a float is neither.
    IsFinite,
    /// Every bit the other way.
    BitNot,
}

/// Functions of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    /// The larger integer.
    MaxInt,
    /// The smaller integer.
    MinInt,
    /// The larger unsigned integer.
    MaxUint,
    /// The smaller unsigned integer.
    MinUint,
    /// The larger float.
    MaxDouble,
    /// The smaller float.
    MinDouble,
    /// Bits that are set in both.
    BitAnd,
    /// Bits that are set in either.
    BitOr,
    /// Bits that are set in one.
    BitXor,
    /// Bits moved up; zero from 64 places on; missing for less than no places.
    ShiftLeft,
    /// Bits moved down, zeros from above, of signed integers too.
    ShiftRight,
    /// The quotient rounded down: seconds of milliseconds before 1970.
    FloorDivide,
}

impl Unary {
    /// The result, missing when the operand is.
    pub(crate) fn of(self, operand: Cell) -> Cell {
        let Some(bits) = operand.bits() else { return Cell::MISSING };
        let (int, double) = (bits as i64, f64::from_bits(bits));
        match self {
            Unary::Ceil => from_double(libm::ceil(double)),
            Unary::Floor => from_double(libm::floor(double)),
            Unary::Round => from_double(libm::round(double)),
            Unary::Trunc => from_double(libm::trunc(double)),
            Unary::Sqrt => from_double(libm::sqrt(double)),
            Unary::AbsDouble => from_double(libm::fabs(double)),
            Unary::AbsInt => int.checked_abs().into(),
            Unary::SignDouble if double == 0.0 || double.is_nan() => operand,
            Unary::SignDouble => from_double(libm::copysign(1.0, double)),
            Unary::SignInt => Cell::int(int.signum()),
            Unary::SignUint => Cell::from_bits(bits.min(1)),
            Unary::IsNan => Cell::bool(double.is_nan()),
            Unary::IsInf => Cell::bool(double.is_infinite()),
            Unary::IsFinite => Cell::bool(double.is_finite()),
            Unary::BitNot => Cell::from_bits(!bits),
        }
    }
}

impl Binary {
    /// The result, missing when an operand is.
    pub(crate) fn of(self, left: Cell, right: Cell) -> Cell {
        let Some((l, r)) = left.bits().zip(right.bits()) else { return Cell::MISSING };
        let (left_int, right_int) = (l as i64, r as i64);
        let (left_double, right_double) = (f64::from_bits(l), f64::from_bits(r));
        let first = |wins: bool| if wins { left } else { right };
        match self {
            Binary::MaxInt => first(left_int >= right_int),
            Binary::MinInt => first(left_int <= right_int),
            Binary::MaxUint => first(l >= r),
            Binary::MinUint => first(l <= r),
            Binary::MaxDouble => first(left_double >= right_double),
            Binary::MinDouble => first(left_double <= right_double),
            Binary::BitAnd => Cell::from_bits(l & r),
            Binary::BitOr => Cell::from_bits(l | r),
            Binary::BitXor => Cell::from_bits(l ^ r),
            Binary::ShiftLeft => shift(right_int, |places| l.checked_shl(places)),
            Binary::ShiftRight => shift(right_int, |places| l.checked_shr(places)),
            Binary::FloorDivide => left_int.checked_div_euclid(right_int).into(),
        }
    }
}

fn from_double(value: f64) -> Cell {
    Cell::from_bits(value.to_bits())
}

fn shift(places: i64, moved: impl FnOnce(u32) -> Option<u64>) -> Cell {
    if places < 0 {
        return Cell::MISSING;
    }
    Cell::from_bits(u32::try_from(places).ok().and_then(moved).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges() {
        assert_eq!(Unary::AbsInt.of(Cell::int(i64::MIN)), Cell::MISSING);
        assert_eq!(Unary::Round.of(Cell::double(-1.5)), Cell::double(-2.0));
        assert_eq!(Unary::SignDouble.of(Cell::double(-0.5)), Cell::double(-1.0));
        assert_eq!(Binary::ShiftLeft.of(Cell::int(-1), Cell::int(200)), Cell::int(0));
        assert_eq!(Binary::ShiftLeft.of(Cell::int(1), Cell::int(-1)), Cell::MISSING);
        assert_eq!(Binary::ShiftRight.of(Cell::int(-1), Cell::int(63)), Cell::int(1));
        assert_eq!(Binary::FloorDivide.of(Cell::int(-1), Cell::int(1_000)), Cell::int(-1));
        assert_eq!(Binary::MaxInt.of(Cell::MISSING, Cell::int(1)), Cell::MISSING);
    }
}
