//! Types and the cells that carry them.

/// The type of a feature, a field or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Type {
    /// True or false.
    Bool = 1,
    /// A 64-bit signed integer.
    Int = 2,
    /// A 64-bit float, never NaN.
    Double = 3,
    /// An amount of the policy's currency, in micro-units.
    Money = 4,
    /// Milliseconds since the Unix epoch.
    Timestamp = 5,
    /// A length of time in milliseconds.
    Duration = 6,
    /// A member of an enumeration, by its permanent id.
    Member = 7,
    /// Open-set text (an APN, a cell, an app), kept as its stable hash.
    Text = 8,
}

impl Type {
    /// The word that a policy and a diagnostic use.
    pub fn word(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Double => "double",
            Type::Money => "money",
            Type::Timestamp => "timestamp",
            Type::Duration => "duration",
            Type::Member => "enum",
            Type::Text => "text",
        }
    }

    /// The type with this number.
    pub fn from_number(number: u32) -> Option<Type> {
        use Type::*;
        [Bool, Int, Double, Money, Timestamp, Duration, Member, Text]
            .into_iter()
            .find(|t| *t as u32 == number)
    }
}

/// A value of a type that the program knows, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    bits: u64,
    known: bool,
}

impl Cell {
    pub(crate) const MISSING: Cell = Cell { bits: 0, known: false };
    pub(crate) const TRUE: Cell = Cell { bits: 1, known: true };
    pub(crate) const FALSE: Cell = Cell { bits: 0, known: true };

    #[inline(always)]
    pub(crate) fn from_bits(bits: u64) -> Cell {
        Cell { bits, known: true }
    }

    #[inline(always)]
    pub(crate) fn bool(value: bool) -> Cell {
        Cell::from_bits(u64::from(value))
    }

    #[inline(always)]
    pub(crate) fn int(value: i64) -> Cell {
        Cell::from_bits(value as u64)
    }

    /// A NaN is missing.
    #[inline(always)]
    pub(crate) fn double(value: f64) -> Cell {
        if value.is_nan() {
            return Cell::MISSING;
        }
        // Adding zero turns -0.0 into 0.0, so that equal numbers have equal bits.
        Cell::from_bits((value + 0.0).to_bits())
    }

    #[inline(always)]
    pub(crate) fn known(self) -> bool {
        self.known
    }

    #[inline(always)]
    pub(crate) fn bits(self) -> Option<u64> {
        self.known.then_some(self.bits)
    }

    #[inline(always)]
    pub(crate) fn as_int(self) -> Option<i64> {
        self.known.then_some(self.bits as i64)
    }

    #[inline(always)]
    pub(crate) fn as_double(self) -> Option<f64> {
        self.known.then(|| f64::from_bits(self.bits))
    }

    #[inline(always)]
    pub(crate) fn is_true(self) -> bool {
        self.known && self.bits != 0
    }

    #[inline(always)]
    pub(crate) fn is_false(self) -> bool {
        self.known && self.bits == 0
    }
}

impl From<Option<i64>> for Cell {
    #[inline(always)]
    fn from(value: Option<i64>) -> Cell {
        value.map_or(Cell::MISSING, Cell::int)
    }
}
