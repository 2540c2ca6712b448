//! The events of a message, found in the policy and checked once, before anything changes.

use alloc::vec::Vec;

use super::message::{Event, Message, check_time};
use crate::base::ids::FieldId;
use crate::base::limits::{EVENT_AHEAD_MS_MAX, EVENT_FIELDS_MAX, EVENTS_MAX, MESSAGE_EVENTS_MAX};
use crate::base::steps::step;
use crate::error::Error;
use crate::expr::Cell;
use crate::policy::{Concerns, EventKind, FieldSpec, Policy};

/// Room for the events of one message, reused from call to call.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    /// As many as a message may carry; those of the message come first.
    room: Vec<EventCells>,
    count: usize,
    concerns: Concerns,
}

/// An event's kind and time, and its values by field position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventCells {
    /// Position of its kind.
    kind: u16,
    /// How many fields its kind has.
    fields: u8,
    /// When it happened, at the latest now.
    pub(crate) time_ms: i64,
    /// Of earlier events beyond `fields`.
    cells: [Cell; EVENT_FIELDS_MAX],
}

impl EventCells {
    const NONE: EventCells =
        EventCells { kind: 0, fields: 0, time_ms: 0, cells: [Cell::MISSING; EVENT_FIELDS_MAX] };

    #[inline(always)]
    pub(crate) fn field(&self, position: u16) -> Cell {
        if position >= u16::from(self.fields) {
            return Cell::MISSING;
        }
        self.cells.get(usize::from(position)).copied().unwrap_or_default()
    }

    /// The kind of event that it is.
    #[inline(always)]
    pub(crate) fn kind<'p>(&self, policy: &'p Policy) -> Option<&'p EventKind> {
        policy.tables.events.get(usize::from(self.kind))
    }
}

impl Events {
    /// Room for any message. Allocates.
    pub(crate) fn new() -> Events {
        Events {
            room: alloc::vec![EventCells::NONE; MESSAGE_EVENTS_MAX],
            count: 0,
            concerns: Concerns::NONE,
        }
    }

    /// Finds the kinds of a message's events and checks their times, fields and types.
    /// O(events x fields).
    pub(crate) fn take(&mut self, policy: &Policy, message: &Message) -> Result<(), Error> {
        self.count = 0;
        self.concerns = Concerns::NONE;
        for (event, cells) in message.events.iter().zip(&mut self.room) {
            self.concerns |= cells.take(policy, event, message.now_ms)?;
            self.count += 1;
        }
        Ok(())
    }

    /// The events of the message that was taken last.
    pub(crate) fn all(&self) -> &[EventCells] {
        self.room.get(..self.count).unwrap_or(&[])
    }

    /// What it can concern beside the features that it is folded into.
    pub(crate) fn concerns(&self) -> Concerns {
        self.concerns
    }
}

impl EventCells {
    fn take(&mut self, policy: &Policy, event: &Event, now_ms: i64) -> Result<Concerns, Error> {
        check_time(event.time_ms)?;
        if event.time_ms - now_ms > EVENT_AHEAD_MS_MAX {
            return Err(Error::Time);
        }
        let position = policy.event_position(event.kind).ok_or(Error::UnknownEvent)?;
        let kind = policy.tables.events.get(position).ok_or(Error::UnknownEvent)?;
        step(1);
        self.kind = position as u16;
        self.fields = kind.fields.len() as u8;
        self.time_ms = event.time_ms.min(now_ms);
        self.cells.iter_mut().take(kind.fields.len()).for_each(|cell| *cell = Cell::MISSING);
        for field in event.fields {
            step(1);
            let (cell, spec) = self.slot(kind, field.id)?;
            *cell = field.value.cell(spec.ty, &spec.members)?;
        }
        Ok(policy.touched.concerns(position))
    }

    /// The empty cell of a field.
    fn slot<'p>(
        &mut self,
        kind: &'p EventKind,
        id: FieldId,
    ) -> Result<(&mut Cell, &'p FieldSpec), Error> {
        self.cells
            .iter_mut()
            .zip(&kind.fields)
            .find(|(_, spec)| spec.id == id)
            .filter(|(cell, _)| !cell.known())
            .ok_or(Error::UnknownField)
    }
}

const _: () = assert!(EVENT_FIELDS_MAX <= u8::MAX as usize && EVENTS_MAX <= u16::MAX as usize);
