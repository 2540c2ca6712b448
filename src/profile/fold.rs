//! Folding events into slots. Every fold gives the same slot whatever the order of events.

use super::aggregate;
use super::bucket::Sample;
use super::calendar::bucket_number;
use super::clock::Clock;
use super::events::{EventCells, Events};
use super::features::read_attribute;
use super::message::Message;
use super::timed::{Stamp, Timed, later};
use crate::base::bytes::{read_i64, read_u32, read_u64, write_i64, write_u32, write_u64};
use crate::base::civil::LocalTime;
use crate::base::ids::MemberId;
use crate::base::steps;
use crate::expr::{Cell, Environment, Program, holds};
use crate::policy::{FeatureKind, FoldStep, Holder, Policy, header};

/// Folds all events of a message into a profile. Cannot fail.
pub(crate) fn fold_message(
    policy: &Policy,
    holder: Holder,
    bytes: &mut [u8],
    message: &Message,
    events: &Events,
) {
    for (place, event) in events.all().iter().enumerate() {
        let Some(kind) = event.kind(policy) else { continue };
        let own = kind.zone.and_then(|position| event.field(position).bits());
        let mut clock = Clock::new(policy, zone_of(holder, bytes), message.zone, event.time_ms);
        clock.own = own.map(|id| MemberId(id as u32));
        let stamp = Stamp {
            time_ms: event.time_ms,
            source: kind.source.map_or(0, |source| source.0 as u8),
            number: message.number,
            place: place as u8,
        };
        let mut in_time = true;
        for step in kind.folds_of(holder) {
            in_time &= fold_event(policy, bytes, step, event, stamp, &mut clock);
        }
        if !in_time {
            count_late(bytes);
        }
    }
}

/// Where the zone of a profile's holder stands: an account has none of its own, so that its calendar
/// is the message's, or the policy's first.
pub(super) fn zone_of(holder: Holder, bytes: &[u8]) -> &[u8] {
    match holder {
        Holder::Line => bytes,
        Holder::Account => &[],
    }
}

/// One more event that came too late for at least one window.
pub(super) fn count_late(bytes: &mut [u8]) {
    let late = read_u32(bytes, header::LATE).saturating_add(1);
    write_u32(bytes, header::LATE, late);
}

/// Folds an event as one step says; false when it came too late.
fn fold_event(
    policy: &Policy,
    bytes: &mut [u8],
    step: &FoldStep,
    event: &EventCells,
    stamp: Stamp,
    clock: &mut Clock<'_>,
) -> bool {
    steps::step(1);
    let says = |rule: Program| holds(policy.code(rule), &mut EventOnly { event, clock: &*clock });
    let value = match step.field {
        Some(position) => event.field(position),
        None => Cell::int(1),
    };
    let Some(bits) = value.bits().filter(|_| step.filter.is_none_or(says)) else { return true };
    let sample = match step.part {
        Some(part) => Folded { value: if says(part) { bits } else { 0 }, among: bits },
        None => Folded { value: bits, among: 1 },
    };
    fold_value(policy, bytes, usize::from(step.feature), sample, stamp, clock)
}

/// A value, and what stands beside it: see [`Sample`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded {
    pub(super) value: u64,
    pub(super) among: u64,
}

/// Folds one value into the slot of a feature; false when it came too late for its window.
pub(super) fn fold_value(
    policy: &Policy,
    bytes: &mut [u8],
    position: usize,
    folded: Folded,
    stamp: Stamp,
    clock: &mut Clock<'_>,
) -> bool {
    let (Some(feature), Some(&offset)) =
        (policy.tables.features.get(position), policy.layout.features.get(position))
    else {
        return true;
    };
    let (Folded { value, among }, time_ms) = (folded, stamp.time_ms);
    let (offset, sources) = (offset as usize, &policy.tables.sources);
    match feature.kind {
        FeatureKind::Derived(_)
        | FeatureKind::Output { .. }
        | FeatureKind::Since { .. }
        | FeatureKind::Arm { .. } => true,
        FeatureKind::Attribute { .. } => {
            let told = Timed { bits: value, stamp };
            let stands = Timed::read(bytes, offset).map_or(told, |kept| later(sources, told, kept));
            stands.write(bytes, offset);
            true
        }
        FeatureKind::Stage { .. } => {
            enter_latest(bytes, offset, value, time_ms);
            true
        }
        FeatureKind::Aggregate(kept) => {
            let number = bucket_number(
                kept.window,
                time_ms,
                || clock.local(),
                |position| read_attribute(policy, bytes, position, time_ms),
            );
            let sample = Sample { value, among, stamp };
            let slot = bytes.get_mut(offset..).unwrap_or_default();
            aggregate::fold(&kept, sources, slot, number, sample)
        }
    }
}

/// A stage that is taken over: of equal times the larger bits win, so that order cannot matter.
fn enter_latest(bytes: &mut [u8], offset: usize, bits: u64, time_ms: i64) {
    let kept = (read_i64(bytes, offset + 8), read_u64(bytes, offset));
    if (time_ms, bits) > kept {
        write_u64(bytes, offset, bits);
        write_i64(bytes, offset + 8, time_ms);
    }
}

/// What a fold's filter may read: the event alone.
struct EventOnly<'a> {
    event: &'a EventCells,
    clock: &'a Clock<'a>,
}

impl Environment for EventOnly<'_> {
    fn feature(&mut self, _: u16) -> Cell {
        Cell::MISSING
    }

    fn field(&self, position: u16) -> Cell {
        self.event.field(position)
    }

    fn event_time(&self) -> Cell {
        Cell::int(self.event.time_ms)
    }

    fn now_ms(&self) -> i64 {
        // The compiler lets no filter ask: what is folded would depend on when it is heard.
        self.event.time_ms
    }

    fn local(&self, utc_ms: i64) -> LocalTime {
        self.clock.at(utc_ms)
    }
}
