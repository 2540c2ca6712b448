//! What the caller asks for, as C says it.

use core::mem::offset_of;

use super::status::{OPPORTUNE_OUT_OF_RANGE, Refusal};
use super::structs::{self, Versioned};
use crate::base::ids::ChannelId;
use crate::base::limits::DECISION_OFFERS_MAX;
use crate::decision::Context;

/// What the caller asks for. Zeros, or NULL in its place, ask for an outbound decision.
#[repr(C)]
pub struct opportune_context {
    /// sizeof(opportune_context).
    pub struct_size: usize,
    /// Inbound: the id of the channel that the subscriber is using and that asks. Such an answer
    /// is no contact: consent to be contacted, quiet hours and caps do not bind it. 0: outbound.
    pub channel: u32,
    /// Inbound: how many offers the channel has room for, at most OPPORTUNE_DECISION_OFFERS_MAX.
    /// Outbound makes at most one.
    pub slots: u32,
    /// Replaces the seed of draws if has_seed is not 0; else it follows the message, so that a
    /// repeated message decides alike. May lie behind struct_size, with has_seed.
    pub seed: u64,
    /// Whether seed counts.
    pub has_seed: u32,
    /// Must be 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, then numbers.
unsafe impl Versioned for opportune_context {
    const SIZE_MIN: usize = offset_of!(opportune_context, seed);
}

/// The context for the library; NULL is the default.
///
/// # Safety
/// `context` is as [`structs::read`] wants it.
pub(super) unsafe fn read(context: *const opportune_context) -> Result<Context, Refusal> {
    if context.is_null() {
        return Ok(Context::default());
    }
    // SAFETY: passed on.
    let context = unsafe { structs::read(context) }?;
    if context.slots as usize > DECISION_OFFERS_MAX || context.reserved != 0 {
        return Err(Refusal(OPPORTUNE_OUT_OF_RANGE));
    }
    Ok(Context {
        channel: (context.channel != 0).then_some(ChannelId(context.channel)),
        slots: context.slots as u8,
        seed: (context.has_seed != 0).then_some(context.seed),
    })
}
