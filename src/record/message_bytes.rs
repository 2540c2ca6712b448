//! Messages and backfills as bytes.

use alloc::vec::Vec;

use super::sink::Sink;
use crate::base::bytes::Reader;
use crate::base::ids::{ChannelId, EventId, FeatureId, FieldId, MemberId, SourceId};
use crate::decision::Context;
use crate::profile::{Dated, Event, Field, Message, Value};

/// Marks an absent id: zero is never handed out.
pub(super) const NO_ID: u32 = 0;

/// A message and its context, read from a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedMessage<'a> {
    /// The context of the call.
    pub context: Context,
    subscriber: &'a [u8],
    session: &'a [u8],
    number: u32,
    now_ms: i64,
    zone: Option<MemberId>,
    account: Option<&'a [u8]>,
    /// Kind, time, and where the event's fields end in `fields`.
    events: Vec<(EventId, i64, usize)>,
    fields: Vec<Field<'a>>,
}

impl<'a> LoggedMessage<'a> {
    /// Whose message it is.
    pub fn subscriber(&self) -> &'a [u8] {
        self.subscriber
    }

    /// The events, for [`message`](Self::message) to borrow.
    pub fn events(&self) -> Vec<Event<'_>> {
        let mut start = 0;
        self.events
            .iter()
            .map(|&(kind, time_ms, end)| {
                let fields = &self.fields[start..end];
                start = end;
                Event { kind, time_ms, fields }
            })
            .collect()
    }

    /// The message, over its [`events`](Self::events).
    pub fn message<'m>(&'m self, events: &'m [Event<'m>]) -> Message<'m> {
        Message {
            subscriber: self.subscriber,
            session: self.session,
            number: self.number,
            now_ms: self.now_ms,
            zone: self.zone,
            account: self.account,
            events,
        }
    }

    pub(super) fn read(body: &mut Reader<'a>) -> Option<LoggedMessage<'a>> {
        let mut logged = LoggedMessage {
            subscriber: body.run()?,
            session: body.run()?,
            number: body.u32()?,
            now_ms: body.i64()?,
            zone: Some(body.u32()?).filter(|id| *id != NO_ID).map(MemberId),
            context: Context::default(),
            account: None,
            events: Vec::new(),
            fields: Vec::new(),
        };
        for _ in 0..body.u32()? {
            let (kind, time_ms) = (EventId(body.u32()?), body.i64()?);
            for _ in 0..body.u32()? {
                let field = Field { id: FieldId(body.u32()?), value: read_value(body)? };
                logged.fields.push(field);
            }
            logged.events.push((kind, time_ms, logged.fields.len()));
        }
        logged.context = read_context(body)?;
        if !body.is_empty() {
            logged.account = Some(body.run()?);
        }
        Some(logged)
    }
}

fn read_context(body: &mut Reader) -> Option<Context> {
    Some(Context {
        channel: Some(body.u32()?).filter(|id| *id != NO_ID).map(ChannelId),
        slots: body.u8()?,
        seed: match body.u8()? {
            0 => None,
            1 => Some(body.u64()?),
            _ => return None,
        },
    })
}

pub(super) fn write_message(body: &mut impl Sink, message: &Message) {
    body.run(message.subscriber);
    body.run(message.session);
    body.u32(message.number);
    body.i64(message.now_ms);
    body.u32(message.zone.map_or(NO_ID, |zone| zone.0));
    body.u32(message.events.len() as u32);
    for event in message.events {
        body.u32(event.kind.0);
        body.i64(event.time_ms);
        body.u32(event.fields.len() as u32);
        for field in event.fields {
            body.u32(field.id.0);
            write_value(body, field.value);
        }
    }
}

pub(super) fn write_context(body: &mut impl Sink, context: &Context) {
    body.u32(context.channel.map_or(NO_ID, |channel| channel.0));
    body.u8(context.slots);
    body.u8(u8::from(context.seed.is_some()));
    if let Some(seed) = context.seed {
        body.u64(seed);
    }
}

/// The account's profile that the message was decided beside; nothing without one.
pub(super) fn write_account(body: &mut impl Sink, message: &Message) {
    if let Some(account) = message.account {
        body.run(account);
    }
}

/// A backfill, read from a log.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedBackfill<'a> {
    /// Whose history it is.
    pub subscriber: &'a [u8],
    /// The time of the call.
    pub now_ms: i64,
    /// The dated values.
    pub dated: Vec<Dated<'a>>,
}

impl<'a> LoggedBackfill<'a> {
    pub(super) fn read(body: &mut Reader<'a>) -> Option<LoggedBackfill<'a>> {
        let (subscriber, now_ms) = (body.run()?, body.i64()?);
        let dated: Option<Vec<Dated>> = (0..body.u32()?)
            .map(|_| {
                Some(Dated {
                    feature: FeatureId(body.u32()?),
                    time_ms: body.i64()?,
                    value: read_value(body)?,
                    among: match body.u8()? {
                        0 => None,
                        1 => Some(read_value(body)?),
                        _ => return None,
                    },
                    zone: Some(body.u32()?).filter(|id| *id != NO_ID).map(MemberId),
                    source: Some(body.u32()?).filter(|id| *id != NO_ID).map(SourceId),
                    sequence: body.u32()?,
                })
            })
            .collect();
        Some(LoggedBackfill { subscriber, now_ms, dated: dated? })
    }
}

pub(super) fn write_backfill(
    body: &mut impl Sink,
    subscriber: &[u8],
    dated: &[Dated],
    now_ms: i64,
) {
    body.run(subscriber);
    body.i64(now_ms);
    body.u32(dated.len() as u32);
    for entry in dated {
        body.u32(entry.feature.0);
        body.i64(entry.time_ms);
        write_value(body, entry.value);
        body.u8(u8::from(entry.among.is_some()));
        if let Some(among) = entry.among {
            write_value(body, among);
        }
        body.u32(entry.zone.map_or(NO_ID, |zone| zone.0));
        body.u32(entry.source.map_or(NO_ID, |source| source.0));
        body.u32(entry.sequence);
    }
}

/// The numbers of [`crate::Type`], and one more for text that is already a hash.
const TEXT_HASH: u8 = 9;

pub(super) fn write_value(body: &mut impl Sink, value: Value) {
    let (tag, word) = match value {
        Value::Text(text) => {
            body.u8(8);
            return body.run(text);
        }
        Value::Bool(value) => (1, u64::from(value)),
        Value::Int(value) => (2, value as u64),
        Value::Double(value) => (3, value.to_bits()),
        Value::Money(value) => (4, value as u64),
        Value::Timestamp(value) => (5, value as u64),
        Value::Duration(value) => (6, value as u64),
        Value::Member(value) => (7, u64::from(value.0)),
        Value::TextHash(value) => (TEXT_HASH, value),
    };
    body.u8(tag);
    body.u64(word);
}

pub(super) fn read_value<'a>(body: &mut Reader<'a>) -> Option<Value<'a>> {
    let tag = body.u8()?;
    if tag == 8 {
        return body.run().map(Value::Text);
    }
    let word = body.u64()?;
    Some(match tag {
        1 => Value::Bool(word != 0),
        2 => Value::Int(word as i64),
        3 => Value::Double(f64::from_bits(word)),
        4 => Value::Money(word as i64),
        5 => Value::Timestamp(word as i64),
        6 => Value::Duration(word as i64),
        7 => Value::Member(MemberId(u32::try_from(word).ok()?)),
        TEXT_HASH => Value::TextHash(word),
        _ => return None,
    })
}
