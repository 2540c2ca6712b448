//! Policies from text: files to a handle, and what the compiler has to say.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ffi::c_char;
use core::mem::MaybeUninit;

use super::guard::guard;
use super::handles::{give, opportune_policy};
use super::pointers;
use super::status::{OPPORTUNE_COMPILE_FAILED, Refusal, opportune_status};
use super::value::opportune_bytes;
use crate::compile::{Compiled, Diagnostics, Source, compile};

/// A file of a policy's text. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opportune_source {
    /// What messages call it: a file name in UTF-8. One that ends in ".json" is JSON.
    pub name: opportune_bytes,
    /// TOML, or JSON if it begins with a brace, in UTF-8.
    pub text: opportune_bytes,
}

/// Compiles a policy from several files, as opportune_policy_compile does from one: their sections
/// are put together in the order of the files. What a file includes is for the caller to find and
/// pass; nothing is read here.
///
/// Allocates, takes milliseconds or more, and needs an ordinary stack: for start-up, not for the
/// rating thread. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_policy_compile_files(
    sources: *const opportune_source,
    source_count: usize,
    ids: *const c_char,
    ids_len: usize,
    policy: *mut *mut opportune_policy,
    message: *mut c_char,
    message_capacity: usize,
    message_length: *mut usize,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (words, policy, sources, ids) = unsafe {
            (
                Words::new(message, message_capacity, message_length)?,
                pointers::out(policy)?,
                pointers::array(sources, source_count)?,
                pointers::text(ids, ids_len)?,
            )
        };
        let source = |source: &opportune_source| {
            let opportune_source { name, text } = source;
            // SAFETY: as above, of every source.
            unsafe {
                let name = pointers::text(name.ptr.cast(), name.len)?;
                Ok(Source { name, bytes: pointers::bytes(text.ptr, text.len)? })
            }
        };
        let sources = sources.iter().map(source).collect::<Result<Vec<_>, Refusal>>()?;
        compile_to(&sources, ids, policy, words)
    })
}

/// Compiles and hands over; says what is wrong, or what is to be warned of.
pub(super) fn compile_to(
    sources: &[Source<'_>],
    ids: &str,
    policy: &mut MaybeUninit<*mut opportune_policy>,
    words: Words<'_>,
) -> Result<(), Refusal> {
    match compile(sources, ids) {
        Ok(Compiled { policy: compiled, ids, warnings }) => {
            words.say(&warnings);
            give(opportune_policy { policy: compiled, ids }, policy);
            Ok(())
        }
        Err(diagnostics) => {
            words.say(&diagnostics);
            Err(Refusal(OPPORTUNE_COMPILE_FAILED))
        }
    }
}

/// Where words for people go.
pub(super) struct Words<'a> {
    room: &'a mut [MaybeUninit<u8>],
    /// How long they are, if that is asked.
    length: Option<&'a mut usize>,
}

impl Words<'_> {
    /// # Safety
    /// See [`pointers`].
    pub(super) unsafe fn new<'a>(
        message: *mut c_char,
        capacity: usize,
        length: *mut usize,
    ) -> Result<Words<'a>, Refusal> {
        // SAFETY: passed on.
        let (length, room) = unsafe {
            (pointers::out_if_wanted(length)?, pointers::array_out::<u8>(message.cast(), capacity)?)
        };
        Ok(Words { room, length: length.map(|length| length.write(0)) })
    }

    /// As many whole characters as there is room for.
    fn say(self, diagnostics: &Diagnostics) {
        let words: String = diagnostics.to_string();
        if let Some(length) = self.length {
            *length = words.len();
        }
        let fits = |end: &usize| *end <= self.room.len() && words.is_char_boundary(*end);
        let shown = (0..=words.len()).rev().find(fits).unwrap_or(0);
        for (slot, byte) in self.room.iter_mut().zip(&words.as_bytes()[..shown]) {
            slot.write(*byte);
        }
    }
}
