//! Moving the patterns on while a message is taken in.

use super::pattern::{Sign, advance, deadline, is_disarmed, set_disarmed};
use super::state::{Call, completed, read_words, second, set_completed, write_words};
use crate::base::steps::step;
use crate::expr::{Program, holds};
use crate::policy::{EventKind, Policy, Shape};
use crate::profile::{EventCells, Events, Features, Memo, Message};

/// Moves the patterns on over the events of a message that has been folded into a profile, and
/// notes which completed. O(patterns that the events are something to); a message that is
/// nothing to any costs two reads.
pub(crate) fn observe(
    policy: &Policy,
    bytes: &mut [u8],
    memo: &mut Memo,
    message: &Message,
    events: &Events,
) {
    if policy.tables.patterns.is_empty() {
        return;
    }
    let mut watch = Observed { policy, bytes, memo, message, waits_changed: false };
    if completed(policy, watch.bytes) != 0 {
        set_completed(policy, watch.bytes, 0);
    }
    for event in events.all() {
        watch.event(event);
    }
    watch.crossings(events);
    watch.absences();
}

struct Observed<'a> {
    policy: &'a Policy,
    bytes: &'a mut [u8],
    memo: &'a mut Memo,
    message: &'a Message<'a>,
    /// Whether the first absence may be another one now.
    waits_changed: bool,
}

impl Observed<'_> {
    fn event(&mut self, event: &EventCells) {
        let kind = event.kind(self.policy).filter(|kind| !kind.patterns.is_empty());
        let Some(kind) = kind else { return };
        let passed = self.passed(kind, event);
        let second = second(event.time_ms);
        let mut over = 0u32;
        for (at, listen) in kind.patterns.iter().enumerate() {
            step(1);
            let pattern = usize::from(listen.pattern);
            let Some(shape) = self.policy.tables.patterns.get(pattern).map(|found| found.shape)
            else {
                continue;
            };
            let bit = 1 << (pattern % 32);
            if passed >> at & 1 == 0 || over & bit != 0 {
                continue;
            }
            let mut words = read_words(self.policy, self.bytes, pattern);
            let complete = advance(shape, &mut words, Sign { step: listen.step, second });
            write_words(self.policy, self.bytes, pattern, words);
            let waits = matches!(shape, Shape::Absence { .. });
            self.waits_changed |= waits;
            if complete {
                self.complete(pattern);
                // What ends one wait may begin the next.
                over |= if waits { 0 } else { bit };
            }
        }
    }

    /// A bit for each of a kind's patterns: whether the event passes its filter.
    fn passed(&mut self, kind: &EventKind, event: &EventCells) -> u128 {
        let mut passed = u128::MAX;
        if kind.patterns.iter().all(|listen| listen.filter.is_none()) {
            return passed;
        }
        let Message { now_ms, zone, .. } = *self.message;
        let mut features = Features::resumed(self.policy, self.bytes, self.memo, now_ms, zone);
        features.set_event(Some(event));
        for (at, listen) in kind.patterns.iter().enumerate() {
            if let Some(filter) = listen.filter
                && !holds(self.policy.code(filter), &mut features)
            {
                passed &= !(1 << (at % 128));
            }
        }
        passed
    }

    /// Asks the crossings whose rules the message may have changed; without events all, since
    /// time has passed.
    fn crossings(&mut self, events: &Events) {
        let time_alone = self.message.events.is_empty();
        let asked = if time_alone { u32::MAX } else { events.concerns().crossings };
        if asked == 0 {
            return;
        }
        let Message { now_ms, zone, .. } = *self.message;
        let (mut moved, mut complete) = (0u32, 0u32);
        let mut features = Features::resumed(self.policy, self.bytes, self.memo, now_ms, zone);
        for (at, pattern) in self.policy.tables.patterns.iter().enumerate() {
            step(1);
            let bit = 1 << (at % 32);
            let Shape::Crossing { enter, rearm } = pattern.shape else { continue };
            if asked & bit == 0 {
                continue;
            }
            let mut rule = |rule: Program| holds(self.policy.code(rule), &mut features);
            let disarmed = is_disarmed(&read_words(self.policy, self.bytes, at));
            if disarmed && rule(rearm) {
                moved |= bit;
            } else if !disarmed && rule(enter) {
                (moved, complete) = (moved | bit, complete | bit);
            }
        }
        for at in bits(moved) {
            let mut words = read_words(self.policy, self.bytes, at);
            set_disarmed(&mut words, complete >> at & 1 == 1);
            write_words(self.policy, self.bytes, at, words);
        }
        bits(complete).for_each(|at| self.complete(at));
    }

    /// Ends the waits whose time is over, and finds the first of the others.
    fn absences(&mut self) {
        let first = Call::Absence.second(self.policy, self.bytes);
        let now = self.message.now_ms / 1_000;
        let over = first != 0 && i64::from(first) <= now;
        if !over && !self.waits_changed {
            return;
        }
        let mut first = u32::MAX;
        for (at, pattern) in self.policy.tables.patterns.iter().enumerate() {
            step(1);
            let Shape::Absence { within_s } = pattern.shape else { continue };
            let words = read_words(self.policy, self.bytes, at);
            match deadline(&words, within_s) {
                Some(deadline) if i64::from(deadline) <= now => {
                    write_words(self.policy, self.bytes, at, Default::default());
                    self.complete(at);
                }
                Some(deadline) => first = first.min(deadline),
                None => {}
            }
        }
        let none = first == u32::MAX;
        Call::Absence.set(self.policy, self.bytes, if none { 0 } else { first });
    }

    fn complete(&mut self, pattern: usize) {
        let all = completed(self.policy, self.bytes) | 1 << (pattern % 32);
        set_completed(self.policy, self.bytes, all);
    }
}

/// The positions of the bits that are set.
pub(super) fn bits(mut bits: u32) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let bit = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (bit < u32::BITS).then_some(bit as usize)
    })
}
