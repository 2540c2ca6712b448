//! The automata of patterns: four words of state each, moved on by one event at a time.
//!
//! Events count in the order in which they arrive; how far they lie apart is said by their own
//! times, to the second. Of several ways to match, the one with the latest events to arrive
//! counts. A pattern that completes begins anew, and the event that completes it begins nothing.

use super::state::Words;
use crate::base::limits::PATTERN_TIMES_WITHIN_MAX;
use crate::policy::{Listen, Shape};

/// An event that is something to a pattern.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sign {
    /// The step that it may be, or [`Listen::AGAINST`].
    pub(super) step: u8,
    /// When it happened.
    pub(super) second: u32,
}

/// Moves a pattern on; whether it completes.
pub(super) fn advance(shape: Shape, words: &mut Words, sign: Sign) -> bool {
    match shape {
        Shape::Absence { within_s } => absence(words, within_s, sign),
        _ if sign.step == Listen::AGAINST => {
            undo(shape, words, sign.second);
            false
        }
        Shape::Sequence { steps, within_s } => sequence(words, steps, within_s, sign),
        Shape::Repeat { times, within_s: None } => repeat(words, times),
        Shape::Repeat { times, within_s: Some(within_s) } => {
            repeat_within(words, usize::from(times), within_s, sign.second)
        }
        // Rules are asked once a message, not event by event.
        Shape::Crossing { .. } => false,
    }
}

/// What must not happen has happened: what began later stands. Where only a number is kept, none is
/// known to be later.
fn undo(shape: Shape, words: &mut Words, second: u32) {
    if let Shape::Repeat { within_s: None, .. } = shape {
        *words = Words::default();
    }
    for word in words.iter_mut().filter(|word| **word <= second) {
        *word = 0;
    }
    // Times are kept without gaps, the latest first.
    if let Shape::Repeat { .. } = shape {
        words.sort_unstable_by(|a, b| b.cmp(a));
    }
}

/// Word *k* is when the sequence began whose first *k + 1* steps have been seen; zero for none.
fn sequence(words: &mut Words, steps: u8, within_s: u32, sign: Sign) -> bool {
    let step = usize::from(sign.step);
    let began = match step.checked_sub(2) {
        None => sign.second,
        Some(before) => words.get(before).copied().unwrap_or(0),
    };
    if began == 0 || !within(began, sign.second, within_s) {
        return false;
    }
    if sign.step == steps {
        *words = Words::default();
        return true;
    }
    if let Some(word) = words.get_mut(step.saturating_sub(1)) {
        *word = began;
    }
    false
}

fn within(began: u32, second: u32, within_s: u32) -> bool {
    second.checked_sub(began).is_some_and(|apart| apart <= within_s)
}

/// The first word counts.
fn repeat(words: &mut Words, times: u16) -> bool {
    let [count, ..] = words;
    *count = count.saturating_add(1);
    let complete = *count >= u32::from(times);
    if complete {
        *count = 0;
    }
    complete
}

/// The words are the latest times but one, by the events' own clock; zero for none.
fn repeat_within(words: &mut Words, times: usize, within_s: u32, second: u32) -> bool {
    let mut latest = [0; PATTERN_TIMES_WITHIN_MAX];
    let [first, rest @ ..] = &mut latest;
    *first = second;
    rest.copy_from_slice(words);
    latest.sort_unstable_by(|a, b| b.cmp(a));
    let [newest, ..] = latest;
    let oldest = latest.get(times.saturating_sub(1)).copied().unwrap_or(0);
    if oldest != 0 && newest - oldest <= within_s {
        *words = Words::default();
        return true;
    }
    let kept = latest.into_iter().take(times.saturating_sub(1));
    *words = Words::default();
    words.iter_mut().zip(kept).for_each(|(word, second)| *word = second);
    false
}

const _: () = assert!(PATTERN_TIMES_WITHIN_MAX == size_of::<Words>() / 4 + 1);

/// The first word is when the wait began; zero for none. While it lasts, it begins no other.
fn absence(words: &mut Words, within_s: u32, sign: Sign) -> bool {
    let complete = deadline(words, within_s).is_some_and(|deadline| deadline < sign.second);
    let [began, ..] = words;
    if complete {
        *began = 0;
    }
    if sign.step == Listen::AGAINST {
        if *began <= sign.second {
            *began = 0;
        }
    } else if *began == 0 {
        *began = sign.second;
    }
    complete
}

/// When a wait for an absence is over.
pub(super) fn deadline(words: &Words, within_s: u32) -> Option<u32> {
    let [began, ..] = *words;
    (began != 0).then(|| began.saturating_add(within_s))
}

/// Whether a crossing is disarmed: its rule has held, and has not ceased to since.
pub(super) fn is_disarmed(words: &Words) -> bool {
    let [disarmed, ..] = *words;
    disarmed != 0
}

pub(super) fn set_disarmed(words: &mut Words, disarmed: bool) {
    let [word, ..] = words;
    *word = u32::from(disarmed);
}
