//! What a profile remembers of moments and patterns, in seconds since the Unix epoch: they last to
//! the year 2106.

use crate::base::bytes::{read_u32, write_u32};
use crate::base::steps::step;
use crate::policy::{
    DUE_TIMES, MOMENT_BYTES, Moment, NEXT_CALLS_BYTES, PATTERN_BYTES, PATTERNS_HEAD_BYTES, Policy,
};

/// A whole second that an event may have happened in: never zero, which stands for "never".
pub(super) fn second(time_ms: i64) -> u32 {
    u32::try_from(time_ms.max(1_000) / 1_000).unwrap_or(u32::MAX)
}

/// The first whole second that is not before a time.
pub(super) fn second_from(time_ms: i64) -> u32 {
    u32::try_from(time_ms.max(1).saturating_add(999) / 1_000).unwrap_or(u32::MAX)
}

pub(super) fn milliseconds(second: u32) -> i64 {
    i64::from(second) * 1_000
}

/// What is remembered of one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MomentState {
    offset: usize,
}

impl MomentState {
    pub(crate) fn of(policy: &Policy, position: usize) -> MomentState {
        MomentState { offset: policy.layout.moments + MOMENT_BYTES * position }
    }

    /// Until when it is active; zero when it is not.
    pub(crate) fn active_until_ms(self, bytes: &[u8]) -> i64 {
        milliseconds(read_u32(bytes, self.offset))
    }

    /// It is active until then, to the second below.
    pub(crate) fn raise(self, bytes: &mut [u8], until_ms: i64) {
        write_u32(bytes, self.offset, second(until_ms));
    }

    /// It is over.
    pub(crate) fn end(self, bytes: &mut [u8]) {
        write_u32(bytes, self.offset, 0);
    }

    /// Until when it is silent; zero when it never was.
    pub(crate) fn silent_until_ms(self, bytes: &[u8]) -> i64 {
        milliseconds(read_u32(bytes, self.offset + 4))
    }

    /// It is silent until then, to the second above.
    pub(crate) fn snooze(self, bytes: &mut [u8], until_ms: i64) {
        write_u32(bytes, self.offset + 4, second_from(until_ms));
    }
}

/// Times at which a call is due, though nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// The first wait for something that does not happen is over.
    Absence,
    /// The first moment that says when it is due.
    Due,
    /// An offer waits for the end of quiet hours, or a moment to be answered.
    Waiting,
}

impl Call {
    pub(super) const ALL: [Call; 3] = [Call::Absence, Call::Due, Call::Waiting];

    fn offset(self, policy: &Policy) -> Option<usize> {
        match self {
            Call::Absence => patterns_head(policy).map(|head| head + 4),
            Call::Due => Some(policy.layout.calls),
            Call::Waiting => Some(policy.layout.calls + 4),
        }
    }

    /// When; zero for never.
    pub(super) fn second(self, policy: &Policy, bytes: &[u8]) -> u32 {
        self.offset(policy).map_or(0, |offset| read_u32(bytes, offset))
    }

    pub(super) fn time_ms(self, policy: &Policy, bytes: &[u8]) -> i64 {
        milliseconds(self.second(policy, bytes))
    }

    /// Sets it; a time beyond the last second that can be said is never: a call that is asked for
    /// too early would be asked for again at once.
    pub(super) fn set(self, policy: &Policy, bytes: &mut [u8], second: u32) {
        if let Some(offset) = self.offset(policy) {
            let second = if second == u32::MAX { 0 } else { second };
            write_u32(bytes, offset, second);
        }
    }
}

/// When the first moments that can be due are, whether or not they are silent then; zero for never.
pub(super) type DueTimes = [u32; DUE_TIMES];

/// The due times as they were last worked out; none if that was under another policy.
pub(super) fn due_times(policy: &Policy, bytes: &[u8]) -> Option<DueTimes> {
    let at = policy.layout.calls + NEXT_CALLS_BYTES;
    let times = core::array::from_fn(|nth| read_u32(bytes, at + 4 + 4 * nth));
    (read_u32(bytes, at) == due_mark(policy)).then_some(times)
}

pub(super) fn set_due_times(policy: &Policy, bytes: &mut [u8], times: DueTimes) {
    let at = policy.layout.calls + NEXT_CALLS_BYTES;
    write_u32(bytes, at, due_mark(policy));
    for (nth, second) in times.into_iter().enumerate() {
        write_u32(bytes, at + 4 + 4 * nth, second);
    }
}

/// Stands for the policy whose due times a profile keeps. Never zero, which a new profile has.
fn due_mark(policy: &Policy) -> u32 {
    (policy.fingerprint() as u32).max(1)
}

/// Something waits for a call at this time: the first of such times stands.
pub(crate) fn wait_until_ms(policy: &Policy, bytes: &mut [u8], until_ms: i64) {
    let (second, waiting) = (second_from(until_ms), Call::Waiting.second(policy, bytes));
    let first = if waiting == 0 { second } else { second.min(waiting) };
    Call::Waiting.set(policy, bytes, first);
}

/// Something may have been answered: if no moment is left that a call at the end of quiet hours
/// could find, none is due. O(moments) while an offer waits, else nothing.
pub(crate) fn stop_waiting(policy: &Policy, bytes: &mut [u8]) {
    let quiet_ms = Call::Waiting.time_ms(policy, bytes);
    if quiet_ms == 0 {
        return;
    }
    let waits = |(position, moment): (usize, &Moment)| {
        step(1);
        let state = MomentState::of(policy, position);
        // A tick can raise those anew that it asks; what was answered has no time left.
        let last_ms = match (state.active_until_ms(bytes), moment.on_tick) {
            (1.., true) => i64::MAX,
            (until_ms, _) => until_ms,
        };
        last_ms > quiet_ms && state.silent_until_ms(bytes) <= quiet_ms
    };
    if !policy.tables.moments.iter().enumerate().any(waits) {
        Call::Waiting.set(policy, bytes, 0);
    }
}

fn patterns_head(policy: &Policy) -> Option<usize> {
    (!policy.tables.patterns.is_empty()).then_some(policy.layout.patterns)
}

/// A bit for each pattern that the last message completed.
pub(crate) fn completed(policy: &Policy, bytes: &[u8]) -> u32 {
    patterns_head(policy).map_or(0, |head| read_u32(bytes, head))
}

pub(crate) fn set_completed(policy: &Policy, bytes: &mut [u8], completed: u32) {
    if let Some(head) = patterns_head(policy) {
        write_u32(bytes, head, completed);
    }
}

fn words_offset(policy: &Policy, pattern: usize) -> usize {
    policy.layout.patterns + PATTERNS_HEAD_BYTES + PATTERN_BYTES * pattern
}

/// The words of one pattern's automaton.
pub(super) type Words = [u32; PATTERN_BYTES / 4];

pub(super) fn read_words(policy: &Policy, bytes: &[u8], pattern: usize) -> Words {
    let offset = words_offset(policy, pattern);
    core::array::from_fn(|word| read_u32(bytes, offset + 4 * word))
}

pub(super) fn write_words(policy: &Policy, bytes: &mut [u8], pattern: usize, words: Words) {
    let offset = words_offset(policy, pattern);
    for (at, word) in words.into_iter().enumerate() {
        write_u32(bytes, offset + 4 * at, word);
    }
}
