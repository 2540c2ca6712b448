//! Values as C passes them.

use core::ffi::c_void;

use super::pointers;
use super::status::{OPPORTUNE_BAD_ENUM, Refusal};
use crate::base::ids::MemberId;
use crate::expr::Type;
use crate::profile::Value;

/// No value: what it would be computed from is missing.
pub const OPPORTUNE_TYPE_NONE: u32 = 0;
/// integer: 0 is false, anything else true.
pub const OPPORTUNE_TYPE_BOOL: u32 = 1;
/// integer.
pub const OPPORTUNE_TYPE_INT: u32 = 2;
/// number; NaN is refused.
pub const OPPORTUNE_TYPE_DOUBLE: u32 = 3;
/// integer: micro-units (millionths) of the policy's currency.
pub const OPPORTUNE_TYPE_MONEY: u32 = 4;
/// integer: milliseconds since the Unix epoch.
pub const OPPORTUNE_TYPE_TIMESTAMP: u32 = 5;
/// integer: milliseconds.
pub const OPPORTUNE_TYPE_DURATION: u32 = 6;
/// member: an id of the namespace OPPORTUNE_NAMESPACE_MEMBER.
pub const OPPORTUNE_TYPE_MEMBER: u32 = 7;
/// text: open-set text (an APN, a cell, an app); only its stable hash is kept.
pub const OPPORTUNE_TYPE_TEXT: u32 = 8;
/// hash: such text by its hash, which is how it is read back.
pub const OPPORTUNE_TYPE_TEXT_HASH: u32 = 9;

/// Bytes, or text without a terminating NUL. {NULL, 0} is empty; NULL with a length is refused.
/// The bytes are read during the call only. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opportune_bytes {
    /// Where they begin; any alignment.
    pub ptr: *const c_void,
    /// How many.
    pub len: usize,
}

/// What a value holds; its type says which member counts. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub union opportune_data {
    /// OPPORTUNE_TYPE_BOOL, _INT, _MONEY, _TIMESTAMP, _DURATION.
    pub integer: i64,
    /// OPPORTUNE_TYPE_DOUBLE.
    pub number: f64,
    /// OPPORTUNE_TYPE_MEMBER.
    pub member: u32,
    /// OPPORTUNE_TYPE_TEXT.
    pub text: opportune_bytes,
    /// OPPORTUNE_TYPE_TEXT_HASH.
    pub hash: u64,
}

/// A typed value and what it is the value of. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opportune_value {
    /// The field of an event, the feature, or the parameter of an offer.
    pub id: u32,
    /// One of OPPORTUNE_TYPE_...
    pub r#type: u32,
    /// The value itself.
    pub data: opportune_data,
}

const _: () = {
    assert!(OPPORTUNE_TYPE_BOOL == Type::Bool as u32);
    assert!(OPPORTUNE_TYPE_INT == Type::Int as u32);
    assert!(OPPORTUNE_TYPE_DOUBLE == Type::Double as u32);
    assert!(OPPORTUNE_TYPE_MONEY == Type::Money as u32);
    assert!(OPPORTUNE_TYPE_TIMESTAMP == Type::Timestamp as u32);
    assert!(OPPORTUNE_TYPE_DURATION == Type::Duration as u32);
    assert!(OPPORTUNE_TYPE_MEMBER == Type::Member as u32);
    assert!(OPPORTUNE_TYPE_TEXT == Type::Text as u32);
};

impl opportune_bytes {
    /// The bytes themselves.
    ///
    /// # Safety
    /// Those of [`pointers`].
    pub(super) unsafe fn get<'a>(self) -> Result<&'a [u8], Refusal> {
        // SAFETY: passed on.
        unsafe { pointers::bytes(self.ptr, self.len) }
    }
}

impl opportune_value {
    /// The value for the library.
    ///
    /// # Safety
    /// The member of `data` that `type` names is set, and a text as [`pointers`] wants it.
    pub(super) unsafe fn get<'a>(&self) -> Result<Value<'a>, Refusal> {
        // SAFETY: of all members the one that is set is read, as promised; text is passed on.
        unsafe {
            Ok(match self.r#type {
                OPPORTUNE_TYPE_BOOL => Value::Bool(self.data.integer != 0),
                OPPORTUNE_TYPE_INT => Value::Int(self.data.integer),
                OPPORTUNE_TYPE_DOUBLE => Value::Double(self.data.number),
                OPPORTUNE_TYPE_MONEY => Value::Money(self.data.integer),
                OPPORTUNE_TYPE_TIMESTAMP => Value::Timestamp(self.data.integer),
                OPPORTUNE_TYPE_DURATION => Value::Duration(self.data.integer),
                OPPORTUNE_TYPE_MEMBER => Value::Member(MemberId(self.data.member)),
                OPPORTUNE_TYPE_TEXT => Value::Text(self.data.text.get()?),
                OPPORTUNE_TYPE_TEXT_HASH => Value::TextHash(self.data.hash),
                _ => return Err(Refusal(OPPORTUNE_BAD_ENUM)),
            })
        }
    }

    /// No value. All bytes are zero, so that no byte of a result depends on what was in memory.
    pub(super) const NONE: opportune_value = opportune_value {
        id: 0,
        r#type: OPPORTUNE_TYPE_NONE,
        data: opportune_data { text: opportune_bytes { ptr: core::ptr::null(), len: 0 } },
    };

    /// The value for C.
    pub(super) fn new(id: u32, value: Option<Value<'static>>) -> opportune_value {
        let mut out = opportune_value { id, ..Self::NONE };
        out.r#type = match value {
            None => OPPORTUNE_TYPE_NONE,
            Some(Value::Bool(value)) => out.integer(OPPORTUNE_TYPE_BOOL, i64::from(value)),
            Some(Value::Int(value)) => out.integer(OPPORTUNE_TYPE_INT, value),
            Some(Value::Money(value)) => out.integer(OPPORTUNE_TYPE_MONEY, value),
            Some(Value::Timestamp(value)) => out.integer(OPPORTUNE_TYPE_TIMESTAMP, value),
            Some(Value::Duration(value)) => out.integer(OPPORTUNE_TYPE_DURATION, value),
            Some(Value::Double(value)) => {
                out.data.number = value;
                OPPORTUNE_TYPE_DOUBLE
            }
            Some(Value::Member(value)) => {
                out.data.member = value.0;
                OPPORTUNE_TYPE_MEMBER
            }
            Some(Value::TextHash(value)) => {
                out.data.hash = value;
                OPPORTUNE_TYPE_TEXT_HASH
            }
            Some(Value::Text(value)) => {
                let (ptr, len) = (value.as_ptr().cast(), value.len());
                out.data.text = opportune_bytes { ptr, len };
                OPPORTUNE_TYPE_TEXT
            }
        };
        out
    }

    fn integer(&mut self, r#type: u32, value: i64) -> u32 {
        self.data.integer = value;
        r#type
    }
}
