//! When something is in force.

/// From the first instant to the first that is too late, in milliseconds of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// Zero or less for always.
    pub(crate) from_ms: i64,
    /// `i64::MAX` for for ever.
    pub(crate) until_ms: i64,
}

impl Period {
    pub(crate) const ALWAYS: Period = Period { from_ms: 0, until_ms: i64::MAX };

    pub(crate) fn contains(self, now_ms: i64) -> bool {
        (self.from_ms..self.until_ms).contains(&now_ms)
    }

    /// When both are in force.
    pub(crate) fn and(self, other: Period) -> Period {
        Period {
            from_ms: self.from_ms.max(other.from_ms),
            until_ms: self.until_ms.min(other.until_ms),
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.until_ms <= self.from_ms
    }
}

#[cfg(feature = "compiler")]
impl Period {
    /// Whether it is in force whenever the other is.
    pub(crate) fn covers(self, other: Period) -> bool {
        self.and(other) == other
    }
}
