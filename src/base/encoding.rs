//! Values with one place in a run of bytes: little-endian, one after the other, nothing between.
//!
//! A type says how it is written and how it is read in one row, `encoded!` or
//! `encoded_choice!`, and a row that forgets a field does not compile. Reading never panics, asks for
//! memory with `try_reserve`, and only for elements whose bytes are still there, so that what it
//! allocates is a multiple of what it was given.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::bytes::{Reader, Writer};
use super::ids::PermanentId;
use super::limits::ID_NUMBER_MAX;

/// Why bytes are not a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// They end early, or say something that the type has no value for.
    Bytes,
    /// Memory could not be had.
    Memory,
}

/// Something that can be written and read back.
pub(crate) trait Encoded: Sized {
    /// The least that one value takes.
    const BYTES_MIN: usize;
    fn write(&self, out: &mut Writer);
    fn read(input: &mut Reader<'_>) -> Result<Self, Broken>;
    /// Bytes that a value read from bytes keeps on the heap.
    fn heap_bytes(&self) -> usize {
        0
    }
}

macro_rules! encoded_numbers {
    ($($type:ty)*) => {$(
        impl Encoded for $type {
            const BYTES_MIN: usize = size_of::<$type>();

            fn write(&self, out: &mut Writer) {
                out.bytes.extend_from_slice(&self.to_le_bytes());
            }

            fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
                let bytes = input.take(size_of::<$type>()).ok_or(Broken::Bytes)?;
                bytes.try_into().map(<$type>::from_le_bytes).map_err(|_| Broken::Bytes)
            }
        }
    )*};
}

encoded_numbers! { u8 u16 u32 u64 i32 i64 }

/// A NaN is no value: it would compare with nothing.
impl Encoded for f64 {
    const BYTES_MIN: usize = 8;

    fn write(&self, out: &mut Writer) {
        self.to_bits().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        let value = f64::from_bits(u64::read(input)?);
        if value.is_nan() { Err(Broken::Bytes) } else { Ok(value) }
    }
}

impl Encoded for bool {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        u8::from(*self).write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        match u8::read(input)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Broken::Bytes),
        }
    }
}

/// Permanent ids: the numbers that a table of ids may hand out.
impl<I: PermanentId> Encoded for I {
    const BYTES_MIN: usize = 4;

    fn write(&self, out: &mut Writer) {
        self.number().write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        let number = u32::read(input)?;
        if (1..=ID_NUMBER_MAX).contains(&number) {
            Ok(I::from_number(number))
        } else {
            Err(Broken::Bytes)
        }
    }
}

impl<T: Encoded> Encoded for Option<T> {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        bool::read(input)?.then(|| T::read(input)).transpose()
    }

    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }
}

impl<T: Encoded> Encoded for Range<T> {
    const BYTES_MIN: usize = 2 * T::BYTES_MIN;

    fn write(&self, out: &mut Writer) {
        self.start.write(out);
        self.end.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok(T::read(input)?..T::read(input)?)
    }
}

impl<A: Encoded, B: Encoded> Encoded for (A, B) {
    const BYTES_MIN: usize = A::BYTES_MIN + B::BYTES_MIN;

    fn write(&self, out: &mut Writer) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        Ok((A::read(input)?, B::read(input)?))
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes()
    }
}

/// A count, then the elements.
impl<T: Encoded> Encoded for Vec<T> {
    const BYTES_MIN: usize = 4;

    fn write(&self, out: &mut Writer) {
        (self.len() as u32).write(out);
        self.iter().for_each(|value| value.write(out));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        let count = u32::read(input)? as usize;
        if count > input.remaining() / T::BYTES_MIN {
            return Err(Broken::Bytes);
        }
        let mut values = Vec::new();
        values.try_reserve_exact(count).map_err(|_| Broken::Memory)?;
        for _ in 0..count {
            values.push(T::read(input)?);
        }
        Ok(values)
    }

    fn heap_bytes(&self) -> usize {
        size_of_val(self.as_slice()) + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

/// A length in bytes, then UTF-8.
impl Encoded for String {
    const BYTES_MIN: usize = 4;

    fn write(&self, out: &mut Writer) {
        out.run(self.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        let bytes = input.run().ok_or(Broken::Bytes)?;
        let text = core::str::from_utf8(bytes).map_err(|_| Broken::Bytes)?;
        copied(text)
    }

    fn heap_bytes(&self) -> usize {
        self.len()
    }
}

/// A text of one's own.
pub(crate) fn copied(text: &str) -> Result<String, Broken> {
    let mut copy = String::new();
    copy.try_reserve_exact(text.len()).map_err(|_| Broken::Memory)?;
    copy.push_str(text);
    Ok(copy)
}

/// Structs by their fields, in the order in which they are written.
macro_rules! encoded {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {$(
        impl $crate::base::encoding::Encoded for $name {
            const BYTES_MIN: usize =
                0 $(+ <$type as $crate::base::encoding::Encoded>::BYTES_MIN)*;

            fn write(&self, out: &mut $crate::base::bytes::Writer) {
                let $name { $($field),* } = self;
                $($crate::base::encoding::Encoded::write($field, out);)*
            }

            fn read(
                input: &mut $crate::base::bytes::Reader<'_>,
            ) -> Result<Self, $crate::base::encoding::Broken> {
                $(let $field = <$type as $crate::base::encoding::Encoded>::read(input)?;)*
                Ok($name { $($field),* })
            }

            fn heap_bytes(&self) -> usize {
                0 $(+ $crate::base::encoding::Encoded::heap_bytes(&self.$field))*
            }
        }
    )*};
}

/// Enumerations by the number of each variant, and what a variant carries after its number.
macro_rules! encoded_choice {
    ($name:ident { $(
        $number:literal $variant:ident
            $(($($value:ident: $type:ty),*))?
            $({ $($field:ident: $of:ty),* })?;
    )* }) => {
        impl $crate::base::encoding::Encoded for $name {
            const BYTES_MIN: usize = 1;

            fn write(&self, out: &mut $crate::base::bytes::Writer) {
                match self {
                    $($name::$variant $(($($value),*))? $({ $($field),* })? => {
                        out.u8($number);
                        $($($crate::base::encoding::Encoded::write($value, out);)*)?
                        $($($crate::base::encoding::Encoded::write($field, out);)*)?
                    })*
                }
            }

            fn read(
                input: &mut $crate::base::bytes::Reader<'_>,
            ) -> Result<Self, $crate::base::encoding::Broken> {
                match <u8 as $crate::base::encoding::Encoded>::read(input)? {
                    $($number => Ok($name::$variant $(($(
                        <$type as $crate::base::encoding::Encoded>::read(input)?
                    ),*))? $({$(
                        $field: <$of as $crate::base::encoding::Encoded>::read(input)?
                    ),*})?),)*
                    _ => Err($crate::base::encoding::Broken::Bytes),
                }
            }
        }
    };
}

pub(crate) use {encoded, encoded_choice};

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Encoded>(bytes: &[u8]) -> Result<T, Broken> {
        T::read(&mut Reader::new(bytes))
    }

    #[test]
    fn a_count_beyond_the_bytes_reserves_nothing() {
        assert_eq!(read::<Vec<u64>>(&[255, 255, 255, 255, 1, 2, 3]), Err(Broken::Bytes));
        assert_eq!(read::<Vec<u16>>(&[2, 0, 0, 0, 1, 0, 2, 0]), Ok(Vec::from([1, 2])));
    }

    #[test]
    fn what_has_no_value_is_refused() {
        assert_eq!(read::<bool>(&[2]), Err(Broken::Bytes));
        assert_eq!(read::<f64>(&f64::NAN.to_le_bytes()), Err(Broken::Bytes));
        assert_eq!(read::<String>(&[1, 0, 0, 0, 0xFF]), Err(Broken::Bytes));
        assert_eq!(read::<crate::base::ids::OfferId>(&[0; 4]), Err(Broken::Bytes));
        assert_eq!(read::<u32>(&[0; 3]), Err(Broken::Bytes));
    }
}
