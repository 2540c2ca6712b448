//! Values that are known while an expression is compiled.

use std::cmp::Ordering;
use std::string::String;
use std::vec::Vec;

use super::types::{BOOL, DOUBLE, DURATION, INT, MONEY, TEXT, TIMESTAMP, Ty};
use crate::base::hash::hash_bytes;
use crate::expr::Type;

/// Nanoseconds of a millisecond: the unit of compiled programs.
pub(super) const MS_NS: i128 = 1_000_000;

/// A value of CEL, or one that only policies have.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    Uint(u64),
    /// A float, which can be NaN here.
    Double(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Nanoseconds since the Unix epoch.
    Timestamp(i128),
    /// A length of time in nanoseconds.
    Duration(i128),
    /// A type, by its name.
    Type(String),
    /// An amount in micro-units of the policy's currency.
    Money(i64),
    /// A member of an enumeration, by its permanent number.
    Member(u32),
    /// A list.
    List(Vec<Constant>),
    /// A map, in the order in which it was written.
    Map(Vec<(Constant, Constant)>),
}

impl Constant {
    /// The type, which for a member only its node knows.
    pub(super) fn ty(&self) -> Ty {
        match self {
            Constant::Null => Ty::Null,
            Constant::Bool(_) => BOOL,
            Constant::Int(_) => INT,
            Constant::Uint(_) => Ty::Uint,
            Constant::Double(_) => DOUBLE,
            Constant::Text(_) => TEXT,
            Constant::Bytes(_) => Ty::Bytes,
            Constant::Timestamp(_) => TIMESTAMP,
            Constant::Duration(_) => DURATION,
            Constant::Type(_) => Ty::Type,
            Constant::Money(_) => MONEY,
            Constant::Member(_) => Ty::Unknown,
            Constant::List(_) => Ty::List,
            Constant::Map(_) => Ty::Map,
        }
    }

    /// CEL's name of the type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Constant::Null => "null_type",
            Constant::Bool(_) => "bool",
            Constant::Int(_) => "int",
            Constant::Uint(_) => "uint",
            Constant::Double(_) => "double",
            Constant::Text(_) => "string",
            Constant::Bytes(_) => "bytes",
            Constant::Timestamp(_) => "google.protobuf.Timestamp",
            Constant::Duration(_) => "google.protobuf.Duration",
            Constant::Type(_) => "type",
            Constant::Money(_) => "money",
            Constant::Member(_) => "enum",
            Constant::List(_) => "list",
            Constant::Map(_) => "map",
        }
    }

    /// What a cell of a program holds for it, if a cell can.
    pub(super) fn bits(&self) -> Option<u64> {
        let ms = |ns: i128| i64::try_from(ns / MS_NS).ok().filter(|_| ns % MS_NS == 0);
        match self {
            Constant::Bool(value) => Some(u64::from(*value)),
            Constant::Int(value) | Constant::Money(value) => Some(*value as u64),
            Constant::Uint(value) => Some(*value),
            Constant::Double(value) => Some(value.to_bits()),
            Constant::Text(text) => Some(hash_bytes(0, text.as_bytes())),
            Constant::Timestamp(ns) | Constant::Duration(ns) => ms(*ns).map(|ms| ms as u64),
            Constant::Member(number) => Some(u64::from(*number)),
            _ => None,
        }
    }

    /// What a cell of this type holds; none for types whose values cells do not hold whole.
    pub(super) fn from_bits(ty: Ty, bits: u64) -> Option<Constant> {
        let ns = i128::from(bits as i64) * MS_NS;
        Some(match ty {
            Ty::Uint => Constant::Uint(bits),
            Ty::Enum(_) => Constant::Member(bits as u32),
            Ty::Plain(Type::Bool) => Constant::Bool(bits != 0),
            Ty::Plain(Type::Int) => Constant::Int(bits as i64),
            Ty::Plain(Type::Double) => Constant::Double(f64::from_bits(bits)),
            Ty::Plain(Type::Money) => Constant::Money(bits as i64),
            Ty::Plain(Type::Timestamp) => Constant::Timestamp(ns),
            Ty::Plain(Type::Duration) => Constant::Duration(ns),
            _ => return None,
        })
    }

    /// CEL's equality: numbers of all types on one number line, NaN equal to nothing, maps
    /// without order, values of other types unequal.
    pub(super) fn equals(&self, other: &Constant) -> bool {
        if let (Some(left), Some(right)) = (self.number(), other.number()) {
            return left.compare(right) == Some(Ordering::Equal);
        }
        match (self, other) {
            (Constant::List(left), Constant::List(right)) => {
                left.len() == right.len() && left.iter().zip(right).all(|(l, r)| l.equals(r))
            }
            (Constant::Map(left), Constant::Map(right)) => {
                let same = |(key, value): &(Constant, Constant)| {
                    find(right, key).is_some_and(|other| value.equals(other))
                };
                left.len() == right.len() && left.iter().all(same)
            }
            _ => self == other,
        }
    }

    /// CEL's order. The outer option: whether the two types have one; the inner: whether the
    /// values do, which NaN does not.
    pub(super) fn order(&self, other: &Constant) -> Option<Option<Ordering>> {
        if let (Some(left), Some(right)) = (self.number(), other.number()) {
            return Some(left.compare(right));
        }
        Some(Some(match (self, other) {
            (Constant::Bool(l), Constant::Bool(r)) => l.cmp(r),
            (Constant::Text(l), Constant::Text(r)) => l.cmp(r),
            (Constant::Bytes(l), Constant::Bytes(r)) => l.cmp(r),
            (Constant::Timestamp(l), Constant::Timestamp(r))
            | (Constant::Duration(l), Constant::Duration(r)) => l.cmp(r),
            (Constant::Money(l), Constant::Money(r)) => l.cmp(r),
            _ => return None,
        }))
    }

    pub(super) fn number(&self) -> Option<Number> {
        match self {
            Constant::Int(value) => Some(Number::Whole(i128::from(*value))),
            Constant::Uint(value) => Some(Number::Whole(i128::from(*value))),
            Constant::Double(value) => Some(Number::Float(*value)),
            _ => None,
        }
    }

    /// The integer that indexes a list, of any numeric type.
    pub(super) fn whole(&self) -> Option<i128> {
        match self.number()? {
            Number::Whole(value) => Some(value),
            Number::Float(value) => (value.fract() == 0.0).then_some(value as i128),
        }
    }
}

/// The value under an equal key.
pub(super) fn find<'a, V>(entries: &'a [(Constant, V)], key: &Constant) -> Option<&'a V> {
    entries.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| value)
}

/// A number on the one number line of CEL.
#[derive(Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

impl Number {
    /// An integer beside a float is rounded to one, as in cel-go: the conformance cases hold
    /// 2^63 - 1 for equal to 2^63.
    fn compare(self, other: Number) -> Option<Ordering> {
        match (self, other) {
            (Number::Whole(left), Number::Whole(right)) => Some(left.cmp(&right)),
            (Number::Float(left), Number::Float(right)) => left.partial_cmp(&right),
            (Number::Whole(left), Number::Float(right)) => (left as f64).partial_cmp(&right),
            (Number::Float(left), Number::Whole(right)) => left.partial_cmp(&(right as f64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_line() {
        let (int, uint) = (Constant::Int, Constant::Uint);
        let double = Constant::Double;
        for (left, right, order) in [
            (int(1), uint(1), Some(Ordering::Equal)),
            (int(1), double(1.5), Some(Ordering::Less)),
            (int(-1), double(-1.5), Some(Ordering::Greater)),
            (int(-1), uint(u64::MAX), Some(Ordering::Less)),
            (int(i64::MAX), double(9_223_372_036_854_775_808.0), Some(Ordering::Equal)),
            (uint(u64::MAX), int(-1), Some(Ordering::Greater)),
            (uint(1), double(f64::INFINITY), Some(Ordering::Less)),
            (int(0), double(-0.0), Some(Ordering::Equal)),
            (int(0), double(f64::NAN), None),
        ] {
            assert_eq!(left.order(&right), Some(order), "{left:?} {right:?}");
            assert_eq!(right.order(&left), Some(order.map(Ordering::reverse)));
            assert_eq!(left.equals(&right), order == Some(Ordering::Equal));
        }
        assert_eq!(int(1).order(&Constant::Bool(true)), None);
    }
}
