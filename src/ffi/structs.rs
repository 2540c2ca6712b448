//! Structs that grow: they begin with `struct_size`, so that a program and a library of different
//! versions understand one another.
//!
//! Reading, what an older program does not have is zero, and what a newer one has more is
//! ignored. Writing, an older program gets as much as it has room for, and what only a newer one
//! knows is set to zero.

use core::mem::MaybeUninit;
use core::ptr;

use super::pointers::check;
use super::status::{OPPORTUNE_BAD_STRUCT_SIZE, Refusal};

/// No version of any struct will be larger: a struct_size beyond it was never set.
const STRUCT_SIZE_MAX: usize = 16 * 1024;

/// A struct that begins with its size.
///
/// # Safety
/// `repr(C)`, a `struct_size: usize` first, and nothing but numbers, raw pointers, and arrays and
/// structs of them: any bytes are a value, zeros among them.
pub(super) unsafe trait Versioned {
    /// Bytes that every version has.
    const SIZE_MIN: usize;
}

/// The size that a struct says it has.
///
/// # Safety
/// `pointer`, unless NULL or misaligned, points to at least a `usize` that can be read.
unsafe fn size_of_given<T: Versioned>(pointer: *const T) -> Result<usize, Refusal> {
    const { assert!(T::SIZE_MIN <= size_of::<T>() && size_of::<T>() <= STRUCT_SIZE_MAX) };
    check(pointer)?;
    // SAFETY: not NULL, aligned for a struct that begins with a usize; readable as promised.
    let size = unsafe { pointer.cast::<usize>().read() };
    if (T::SIZE_MIN..=STRUCT_SIZE_MAX).contains(&size) {
        Ok(size)
    } else {
        Err(Refusal(OPPORTUNE_BAD_STRUCT_SIZE))
    }
}

/// Reads a struct of any version.
///
/// # Safety
/// `pointer` is NULL, or points to as many readable bytes as its struct_size says.
pub(super) unsafe fn read<T: Versioned>(pointer: *const T) -> Result<T, Refusal> {
    // SAFETY: passed on.
    let size = unsafe { size_of_given(pointer) }?.min(size_of::<T>());
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both are at least `size` long and apart; all zeros, and any bytes over them, are a
    // value of T.
    unsafe {
        ptr::copy_nonoverlapping(pointer.cast::<u8>(), value.as_mut_ptr().cast(), size);
        Ok(value.assume_init())
    }
}

/// Where a struct of any version goes.
pub(super) struct Out<T> {
    pointer: *mut T,
    size: usize,
}

/// Accepts a place for a struct, so that writing cannot fail later.
///
/// # Safety
/// `pointer` is NULL, or points to as many writable bytes as its struct_size says, until the last
/// use of what is returned.
pub(super) unsafe fn out<T: Versioned>(pointer: *mut T) -> Result<Out<T>, Refusal> {
    // SAFETY: passed on.
    let size = unsafe { size_of_given(pointer) }?;
    Ok(Out { pointer, size })
}

impl<T: Versioned> Out<T> {
    /// Writes everything behind `struct_size`, which stays as it is.
    pub(super) fn write(self, value: &T) {
        const HEAD: usize = size_of::<usize>();
        let known = self.size.min(size_of::<T>());
        // SAFETY: `out` was promised `size` writable bytes, of which all versions have HEAD; the
        // value is elsewhere, being a Rust reference, and has `known` bytes.
        unsafe {
            let (from, to) = (ptr::from_ref(value).cast::<u8>(), self.pointer.cast::<u8>());
            ptr::copy_nonoverlapping(from.add(HEAD), to.add(HEAD), known - HEAD);
            to.add(known).write_bytes(0, self.size - known);
        }
    }
}
