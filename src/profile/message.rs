//! What the host tells: a message with its events, and the values they carry.

use crate::base::hash::{hash_bytes, hash_words};
use crate::base::ids::{EventId, FieldId, MemberId};
use crate::base::limits::{KEY_BYTES_MAX, MESSAGE_EVENTS_MAX, TIME_MS_MAX, TIME_MS_MIN};
use crate::error::Error;
use crate::expr::{Cell, Type};
use crate::policy::Policy;

/// One message of the charging protocol: what happened to one subscriber, as one unit that is
/// recognised when it is transmitted again.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The line being decided for: 1 to 256 bytes, for example its MSISDN. Of a message for an
    /// account's profile, the account's key.
    pub subscriber: &'a [u8],
    /// What numbers are counted in: Diameter's Session-Id, Nchf's ChargingDataRef. Empty for a
    /// message that cannot be retransmitted; such a message is never taken for a repetition. Lines
    /// of one account need different ones, as those of the protocols are.
    pub session: &'a [u8],
    /// The message's number within its session: CC-Request-Number, invocationSequenceNumber.
    pub number: u32,
    /// The time of the call, in milliseconds since the Unix epoch. Rules, caps, quiet hours and
    /// expiry follow it; the library reads no clock.
    pub now_ms: i64,
    /// The zone whose clock rules follow; none for the subscriber's own, or the policy's default.
    pub zone: Option<MemberId>,
    /// The profile of the account that pays for the line, as it lies, for rules to read; never
    /// changed. None where the host knows none: what accounts hold is missing then. Not looked at
    /// when the message is taken into an account's own profile.
    pub account: Option<&'a [u8]>,
    /// What happened; empty for a tick.
    pub events: &'a [Event<'a>],
}

/// A timestamped fact.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// What kind of fact.
    pub kind: EventId,
    /// When it happened, in milliseconds since the Unix epoch: places it in windows. At most an
    /// hour after the message's `now_ms`, and then it counts as happening now.
    pub time_ms: i64,
    /// The fields that are known, in any order, each at most once.
    pub fields: &'a [Field<'a>],
}

/// A field of an event and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Field<'a> {
    /// Which field of the event's kind.
    pub id: FieldId,
    /// Its value, of the type that the policy declares.
    pub value: Value<'a>,
}

/// A typed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float; NaN is refused.
    Double(f64),
    /// Micro-units (millionths) of the policy's currency.
    Money(i64),
    /// Milliseconds since the Unix epoch.
    Timestamp(i64),
    /// Milliseconds.
    Duration(i64),
    /// A member of an enumeration.
    Member(MemberId),
    /// Open-set text; only its stable hash is kept.
    Text(&'a [u8]),
    /// Open-set text by the hash that [`Value::Text`] keeps; how such a value is read back.
    TextHash(u64),
}

impl Value<'_> {
    /// The cell for a slot of this type, if the value is one of it. `members` are the permitted
    /// members of an enumeration, ascending.
    pub(crate) fn cell(self, ty: Type, members: &[MemberId]) -> Result<Cell, Error> {
        let fits = match (self, ty) {
            (Value::Bool(_), Type::Bool)
            | (Value::Int(_), Type::Int)
            | (Value::Money(_), Type::Money)
            | (Value::TextHash(_), Type::Text) => true,
            (Value::Timestamp(ms), Type::Timestamp) => check_time(ms).is_ok(),
            (Value::Duration(ms), Type::Duration) => ms.unsigned_abs() <= TIME_MS_MAX as u64,
            (Value::Double(value), Type::Double) => !value.is_nan(),
            (Value::Member(value), Type::Member) => members.binary_search(&value).is_ok(),
            (Value::Text(value), Type::Text) => value.len() <= KEY_BYTES_MAX,
            _ => false,
        };
        if fits { Ok(self.into_cell()) } else { Err(Error::ValueType) }
    }

    /// The type that it is of.
    pub(crate) fn ty(self) -> Type {
        match self {
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Double(_) => Type::Double,
            Value::Money(_) => Type::Money,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Duration(_) => Type::Duration,
            Value::Member(_) => Type::Member,
            Value::Text(_) | Value::TextHash(_) => Type::Text,
        }
    }

    /// The cell that holds this value.
    pub(crate) fn into_cell(self) -> Cell {
        match self {
            Value::Bool(value) => Cell::bool(value),
            Value::Double(value) => Cell::double(value),
            Value::Int(value)
            | Value::Money(value)
            | Value::Timestamp(value)
            | Value::Duration(value) => Cell::int(value),
            Value::Member(value) => Cell::from_bits(u64::from(value.0)),
            Value::Text(value) => Cell::from_bits(hash_bytes(0, value)),
            Value::TextHash(value) => Cell::from_bits(value),
        }
    }

    /// The value that a cell of this type holds.
    pub(crate) fn of_cell(cell: Cell, ty: Type) -> Option<Value<'static>> {
        let bits = cell.bits()?;
        Some(match ty {
            Type::Bool => Value::Bool(bits != 0),
            Type::Int => Value::Int(bits as i64),
            Type::Double => Value::Double(f64::from_bits(bits)),
            Type::Money => Value::Money(bits as i64),
            Type::Timestamp => Value::Timestamp(bits as i64),
            Type::Duration => Value::Duration(bits as i64),
            Type::Member => Value::Member(MemberId(bits as u32)),
            Type::Text => Value::TextHash(bits),
        })
    }
}

/// The hashes that stand for a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageKey {
    pub(crate) subscriber: u64,
    /// Zero when the message has no session.
    pub(crate) session: u64,
    /// Within the session.
    pub(crate) number: u32,
}

impl MessageKey {
    /// Checks the header of a message.
    pub(crate) fn new(policy: &Policy, message: &Message) -> Result<MessageKey, Error> {
        if message.subscriber.is_empty()
            || message.subscriber.len() > KEY_BYTES_MAX
            || message.session.len() > KEY_BYTES_MAX
        {
            return Err(Error::Key);
        }
        check_time(message.now_ms)?;
        if message.events.len() > MESSAGE_EVENTS_MAX {
            return Err(Error::TooManyEvents);
        }
        if let Some(own) = &policy.tables.interactions
            && message.events.iter().any(|event| event.kind == own.event)
        {
            return Err(Error::UnknownEvent);
        }
        if message.zone.is_some_and(|zone| policy.tables.zones.by_id(zone).is_none()) {
            return Err(Error::UnknownZone);
        }
        let session = match message.session {
            [] => 0,
            key => hash_bytes(policy.tables.salt, key).max(1),
        };
        Ok(MessageKey {
            subscriber: policy.subscriber_hash(message.subscriber),
            session,
            number: message.number,
        })
    }

    /// The hash of the message itself. One without a session is told apart by the revision of the
    /// profile that it meets: it is never taken for a repetition.
    pub(crate) fn message_hash(self, policy: &Policy, revision: u64) -> u64 {
        let unit = if self.session == 0 { revision } else { u64::from(self.number) };
        hash_words(policy.tables.salt, [self.session, unit])
    }
}

pub(crate) fn check_time(time_ms: i64) -> Result<(), Error> {
    if (TIME_MS_MIN..=TIME_MS_MAX).contains(&time_ms) { Ok(()) } else { Err(Error::Time) }
}
