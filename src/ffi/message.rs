//! Messages as C passes them, and their conversion without allocation.

use alloc::vec::Vec;
use core::slice;

use super::pointers;
use super::status::{OPPORTUNE_OUT_OF_MEMORY, OPPORTUNE_UNKNOWN_FIELD, Refusal};
use super::structs::{self, Versioned};
use super::value::{OPPORTUNE_TYPE_NONE, opportune_bytes, opportune_value};
use crate::base::ids::{EventId, FeatureId, FieldId, MemberId, SourceId};
use crate::base::limits::{EVENT_FIELDS_MAX, MESSAGE_EVENTS_MAX};
use crate::error::Error;
use crate::profile::{Dated, Event, Field, Message};

/// Events in one message.
pub const OPPORTUNE_MESSAGE_EVENTS_MAX: usize = 32;
/// Fields of one event.
pub const OPPORTUNE_EVENT_FIELDS_MAX: usize = 16;

const _: () = {
    assert!(OPPORTUNE_MESSAGE_EVENTS_MAX == MESSAGE_EVENTS_MAX);
    assert!(OPPORTUNE_EVENT_FIELDS_MAX == EVENT_FIELDS_MAX);
};

/// A timestamped fact. This shape is frozen.
#[repr(C)]
pub struct opportune_event {
    /// What kind of fact: an id of OPPORTUNE_NAMESPACE_EVENT.
    pub kind: u32,
    /// When it happened, in milliseconds since the Unix epoch: places it in windows. At most an
    /// hour after the message's now_ms.
    pub time_ms: i64,
    /// The fields that are known, in any order, each at most once; their ids are of
    /// OPPORTUNE_NAMESPACE_FIELD.
    pub fields: *const opportune_value,
    /// How many fields, at most OPPORTUNE_EVENT_FIELDS_MAX.
    pub field_count: usize,
}

/// One message of the charging protocol: what happened to one subscriber, as one unit that is
/// recognised when it is transmitted again. Zero it, set struct_size, then what is known.
#[repr(C)]
pub struct opportune_message {
    /// sizeof(opportune_message).
    pub struct_size: usize,
    /// The line being decided for: 1 to 256 bytes, for example its MSISDN. Of a message for an
    /// account's profile, the account's key.
    pub subscriber: opportune_bytes,
    /// What numbers are counted in: Diameter's Session-Id, Nchf's ChargingDataRef. Empty for a
    /// message that cannot be retransmitted; such a message is never taken for a repetition.
    pub session: opportune_bytes,
    /// The time of the call, in milliseconds since the Unix epoch. Rules, caps, quiet hours and
    /// expiry follow it; the library reads no clock.
    pub now_ms: i64,
    /// What happened; none for a tick.
    pub events: *const opportune_event,
    /// How many events, at most OPPORTUNE_MESSAGE_EVENTS_MAX.
    pub event_count: usize,
    /// The message's number within its session: CC-Request-Number, invocationSequenceNumber.
    pub number: u32,
    /// The zone whose clock rules follow: the member id of its name. 0: the subscriber's own, or
    /// the policy's default. May lie behind struct_size, then it is 0.
    pub zone: u32,
    /// The profile of the account that pays for the line, as it lies, for rules to read: it is never
    /// changed, and may not overlap profile_out. Empty where the host knows none: what accounts hold
    /// is missing then. Not looked at when the message is taken into an account's own profile. May
    /// lie behind struct_size, then it is empty.
    pub account: opportune_bytes,
}

// SAFETY: repr(C), struct_size first, then numbers and raw pointers.
unsafe impl Versioned for opportune_message {
    const SIZE_MIN: usize = core::mem::offset_of!(opportune_message, zone);
}

/// A dated value of one feature, for opportune_backfill. This shape is frozen.
#[repr(C)]
pub struct opportune_dated {
    /// As of when, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// The value; its id is of OPPORTUNE_NAMESPACE_FEATURE.
    pub value: opportune_value,
    /// Of a mean the number of events, of a share the whole, of a quantile how often the value
    /// occurred; its id does not matter. Otherwise OPPORTUNE_TYPE_NONE.
    pub among: opportune_value,
    /// The zone whose calendar places it: the member id of its name. 0: the subscriber's own, or
    /// the policy's default.
    pub zone: u32,
    /// Where the value comes from: an id of OPPORTUNE_NAMESPACE_SOURCE, or 0 for no source. Of two
    /// values of one time, the one whose source has the higher rank stands.
    pub source: u32,
    /// Which of the values of one time and source it is: the higher comes later. 0 if nobody counts.
    pub sequence: u32,
}

/// Room for the largest message, so that converting one never allocates and needs no deep stack.
///
/// What is in here refers to the caller's memory, which is why it says `'static` and is private:
/// it is written anew by each call and read during that call only.
pub(super) struct MessageBuffer {
    events: Vec<Event<'static>>,
    fields: Vec<Field<'static>>,
}

impl MessageBuffer {
    pub(super) fn new() -> MessageBuffer {
        MessageBuffer {
            events: Vec::with_capacity(MESSAGE_EVENTS_MAX),
            fields: Vec::with_capacity(MESSAGE_EVENTS_MAX * EVENT_FIELDS_MAX),
        }
    }

    /// Converts a message, whose account's profile lies apart from the bytes that a call writes.
    ///
    /// # Safety
    /// `message` and all that it points to is as [`structs`], [`pointers`] and
    /// [`opportune_value::get`] want it, for as long as `'a`.
    pub(super) unsafe fn fill<'a>(
        &'a mut self,
        message: *const opportune_message,
    ) -> Result<Message<'a>, Refusal> {
        self.events.clear();
        self.fields.clear();
        // SAFETY: passed on.
        let message = unsafe { structs::read(message) }?;
        // SAFETY: passed on.
        let events = unsafe { pointers::array(message.events, message.event_count) }?;
        if events.len() > MESSAGE_EVENTS_MAX {
            return Err(Error::TooManyEvents.into());
        }
        for event in events {
            // SAFETY: passed on.
            unsafe { self.push(event) }?;
        }
        Ok(Message {
            // SAFETY: passed on.
            subscriber: unsafe { message.subscriber.get() }?,
            // SAFETY: passed on.
            session: unsafe { message.session.get() }?,
            number: message.number,
            now_ms: message.now_ms,
            zone: (message.zone != 0).then_some(MemberId(message.zone)),
            // SAFETY: passed on.
            account: unsafe { account(message.account) }?,
            events: &self.events,
        })
    }

    /// Converts one event; there is room for it.
    ///
    /// # Safety
    /// As for [`fill`](Self::fill).
    unsafe fn push(&mut self, event: &opportune_event) -> Result<(), Refusal> {
        // SAFETY: passed on.
        let fields = unsafe { pointers::array(event.fields, event.field_count) }?;
        if fields.len() > EVENT_FIELDS_MAX {
            // One of them is given twice, or not the event's.
            return Err(Refusal(OPPORTUNE_UNKNOWN_FIELD));
        }
        let first = self.fields.len();
        for field in fields {
            // SAFETY: passed on. What borrows from the caller is not read after `'a`.
            let value = unsafe { field.get() }?;
            self.fields.push(Field { id: FieldId(field.id), value });
        }
        // SAFETY: these fields are initialised, and neither move nor change until the next
        // `fill`: the vector has capacity for the largest message, so it never grows.
        let fields = unsafe {
            slice::from_raw_parts(self.fields.as_ptr().add(first), self.fields.len() - first)
        };
        self.events.push(Event { kind: EventId(event.kind), time_ms: event.time_ms, fields });
        Ok(())
    }
}

/// The account's profile; none if there are no bytes.
///
/// # Safety
/// Those of [`pointers`].
pub(super) unsafe fn account<'a>(account: opportune_bytes) -> Result<Option<&'a [u8]>, Refusal> {
    // SAFETY: passed on.
    let bytes = unsafe { account.get() }?;
    Ok((!bytes.is_empty()).then_some(bytes))
}

/// Room for the values of a backfill: grows to the most that were ever given at once. Holds
/// references as [`MessageBuffer`] does.
pub(super) struct DatedBuffer {
    values: Vec<Dated<'static>>,
}

impl DatedBuffer {
    pub(super) fn new() -> DatedBuffer {
        DatedBuffer { values: Vec::new() }
    }

    /// Converts dated values.
    ///
    /// # Safety
    /// As for [`MessageBuffer::fill`].
    pub(super) unsafe fn fill<'a>(
        &'a mut self,
        dated: *const opportune_dated,
        count: usize,
    ) -> Result<&'a [Dated<'a>], Refusal> {
        self.values.clear();
        // SAFETY: passed on.
        let dated = unsafe { pointers::array(dated, count) }?;
        self.values.try_reserve(dated.len()).map_err(|_| Refusal(OPPORTUNE_OUT_OF_MEMORY))?;
        for entry in dated {
            let feature = FeatureId(entry.value.id);
            // SAFETY: passed on. What borrows from the caller is not read after `'a`.
            let value = unsafe { entry.value.get() }?;
            let among = match entry.among.r#type {
                OPPORTUNE_TYPE_NONE => None,
                // SAFETY: passed on, as above.
                _ => Some(unsafe { entry.among.get() }?),
            };
            let zone = (entry.zone != 0).then_some(MemberId(entry.zone));
            let source = (entry.source != 0).then_some(SourceId(entry.source));
            let (time_ms, sequence) = (entry.time_ms, entry.sequence);
            self.values.push(Dated { feature, time_ms, value, among, zone, source, sequence });
        }
        Ok(&self.values)
    }
}
