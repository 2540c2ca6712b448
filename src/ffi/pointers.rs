//! From C's pointers to references: NULL, alignment and length are judged here, once.
//!
//! What cannot be judged stays the caller's promise, and the header states it: a pointer that is
//! not NULL points to live memory of the stated length, which nobody else writes during the call,
//! and memory for results is not also an input. Each `unsafe fn` below turns that promise into
//! references, whose lifetime the caller of the `fn` picks and must end with the exported call.

use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::slice;

use super::status::{
    OPPORTUNE_MISALIGNED, OPPORTUNE_NOT_UTF8, OPPORTUNE_NULL_POINTER, OPPORTUNE_OUT_OF_RANGE,
    OPPORTUNE_TOO_SMALL, Refusal,
};

/// Refuses what no reference may be made of.
pub(super) fn check<T>(pointer: *const T) -> Result<(), Refusal> {
    if pointer.is_null() {
        return Err(Refusal(OPPORTUNE_NULL_POINTER));
    }
    if !pointer.is_aligned() {
        return Err(Refusal(OPPORTUNE_MISALIGNED));
    }
    Ok(())
}

/// Something to read.
///
/// # Safety
/// See the module.
pub(super) unsafe fn borrow<'a, T>(pointer: *const T) -> Result<&'a T, Refusal> {
    check(pointer)?;
    // SAFETY: not NULL and aligned; the rest is the caller's promise.
    Ok(unsafe { &*pointer })
}

/// Something to change: a handle that no other thread uses now.
///
/// # Safety
/// See the module.
pub(super) unsafe fn borrow_mut<'a, T>(pointer: *mut T) -> Result<&'a mut T, Refusal> {
    check(pointer)?;
    // SAFETY: not NULL and aligned; the rest is the caller's promise.
    Ok(unsafe { &mut *pointer })
}

/// Where one result goes; it may be uninitialised.
///
/// # Safety
/// See the module.
pub(super) unsafe fn out<'a, T>(pointer: *mut T) -> Result<&'a mut MaybeUninit<T>, Refusal> {
    // SAFETY: the same promise; MaybeUninit<T> has T's layout and no invalid bytes.
    unsafe { borrow_mut(pointer.cast()) }
}

/// Where a result goes that the caller may not want.
///
/// # Safety
/// See the module.
pub(super) unsafe fn out_if_wanted<'a, T>(
    pointer: *mut T,
) -> Result<Option<&'a mut MaybeUninit<T>>, Refusal> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the same promise.
    unsafe { out(pointer) }.map(Some)
}

/// An array to read. NULL with a length of zero is empty.
///
/// # Safety
/// See the module.
pub(super) unsafe fn array<'a, T>(pointer: *const T, len: usize) -> Result<&'a [T], Refusal> {
    if !there(pointer, len)? {
        return Ok(&[]);
    }
    // SAFETY: not NULL, aligned, no longer than memory can be; the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts(pointer, len) })
}

/// An array for results. NULL with a length of zero has no room.
///
/// # Safety
/// See the module.
pub(super) unsafe fn array_out<'a, T>(
    pointer: *mut T,
    len: usize,
) -> Result<&'a mut [MaybeUninit<T>], Refusal> {
    if !there(pointer, len)? {
        return Ok(&mut []);
    }
    // SAFETY: as for `array`, and MaybeUninit<T> has T's layout and no invalid bytes.
    Ok(unsafe { slice::from_raw_parts_mut(pointer.cast(), len) })
}

/// Bytes to read, wherever they begin.
///
/// # Safety
/// See the module.
pub(super) unsafe fn bytes<'a>(pointer: *const c_void, len: usize) -> Result<&'a [u8], Refusal> {
    // SAFETY: the same promise.
    unsafe { array(pointer.cast(), len) }
}

/// Bytes to write, wherever they begin.
///
/// They may be uninitialised to C. They are not to Rust, which cannot know: they were allocated
/// outside of it, any byte is a `u8`, and the calls only write them, unless they hold a profile.
///
/// # Safety
/// See the module.
pub(super) unsafe fn bytes_mut<'a>(pointer: *mut u8, len: usize) -> Result<&'a mut [u8], Refusal> {
    if !there(pointer, len)? {
        return Ok(&mut []);
    }
    // SAFETY: as for `array`.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, len) })
}

/// UTF-8 to read.
///
/// # Safety
/// See the module.
pub(super) unsafe fn text<'a>(pointer: *const c_char, len: usize) -> Result<&'a str, Refusal> {
    // SAFETY: the same promise.
    let bytes = unsafe { bytes(pointer.cast(), len) }?;
    core::str::from_utf8(bytes).map_err(|_| Refusal(OPPORTUNE_NOT_UTF8))
}

/// Whether there is an array to make a slice of.
fn there<T>(pointer: *const T, len: usize) -> Result<bool, Refusal> {
    if len == 0 {
        return Ok(false);
    }
    check(pointer)?;
    match len.checked_mul(size_of::<T>()) {
        Some(size) if isize::try_from(size).is_ok() => Ok(true),
        _ => Err(Refusal(OPPORTUNE_OUT_OF_RANGE)),
    }
}

/// Copies results out and reports how many there are, or how many would have needed room.
pub(super) fn deliver<T: Copy>(
    results: &[T],
    to: &mut [MaybeUninit<T>],
    count: &mut MaybeUninit<usize>,
) -> Result<(), Refusal> {
    count.write(results.len());
    let room = to.get_mut(..results.len()).ok_or(Refusal(OPPORTUNE_TOO_SMALL))?;
    for (slot, result) in room.iter_mut().zip(results) {
        slot.write(*result);
    }
    Ok(())
}
