//! When to call again, though nothing happens.

use super::state::{
    Call, DueTimes, MomentState, due_times, milliseconds, second, second_from, set_due_times,
};
use crate::base::steps::step;
use crate::expr::{Program, evaluate};
use crate::policy::{Concerns, Policy};
use crate::profile::{Event, Events, Features, Memo, Message};

/// A tick answers whatever was due until now. Other calls leave that to the tick: they cannot raise
/// what time alone raises.
pub(crate) fn serve(policy: &Policy, bytes: &mut [u8], now_ms: i64) {
    for call in [Call::Due, Call::Waiting] {
        if call.time_ms(policy, bytes) <= now_ms {
            call.set(policy, bytes, 0);
        }
    }
}

/// Whose due times a message can have changed whose events were taken, a bit each.
#[inline]
pub(crate) fn moved_due(policy: &Policy, message: &Message, events: &Events) -> u8 {
    // Where nothing can be due, no event concerns it.
    if message.events.is_empty() { all_due(policy) } else { events.concerns().due }
}

fn all_due(policy: &Policy) -> u8 {
    if policy.touched.due_moments.is_empty() { 0 } else { Concerns::ALL_DUE }
}

/// The same for the call that allocates by itself, which has not taken its events.
pub(crate) fn concerns_due(policy: &Policy, message: &Message) -> u8 {
    let touches = |event: &Event| {
        let position = policy.event_position(event.kind);
        position.map_or(0, |at| policy.touched.concerns(at).due)
    };
    if message.events.is_empty() {
        return all_due(policy);
    }
    message.events.iter().fold(0, |all, event| all | touches(event))
}

/// Finds it anew after what no message told, for a profile that was changed by it.
pub(crate) fn plan_anew(policy: &Policy, bytes: &mut [u8], memo: &mut Memo, now_ms: i64) {
    let (subscriber, session, events) = (&[][..], &[][..], &[][..]);
    let message =
        Message { subscriber, session, number: 0, now_ms, zone: None, account: None, events };
    let due = all_due(policy);
    if due != 0 {
        plan(policy, bytes, memo, &message, due);
    }
}

/// Finds the first time at which a moment says that it is `due`, for a message that can have changed
/// those `concerned`. O(moments with such a time).
// By itself, so that it takes no room on the stack while offers are asked.
#[inline(never)]
pub(crate) fn plan(
    policy: &Policy,
    bytes: &mut [u8],
    memo: &mut Memo,
    message: &Message,
    concerned: u8,
) {
    // Due already, and no tick has come yet: that works all of them out.
    if (1..=message.now_ms).contains(&Call::Due.time_ms(policy, bytes)) {
        return;
    }
    let kept = due_times(policy, bytes);
    let concerned = if kept.is_some() { concerned } else { Concerns::ALL_DUE };
    let mut times = kept.unwrap_or_default();
    let first = first_due_ms(policy, bytes, memo, message, concerned, &mut times);
    set_due_times(policy, bytes, times);
    Call::Due.set(policy, bytes, first.map_or(0, second_from));
}

fn first_due_ms(
    policy: &Policy,
    bytes: &[u8],
    memo: &mut Memo,
    message: &Message,
    concerned: u8,
    times: &mut DueTimes,
) -> Option<i64> {
    let mut features = Features::resumed(policy, bytes, memo, message.now_ms, message.zone);
    let mut first = None;
    for (nth, &position) in policy.touched.due_moments.iter().enumerate() {
        step(1);
        let position = usize::from(position);
        let moment = policy.tables.moments.get(position);
        let Some(due) = moment.and_then(|moment| moment.due) else { continue };
        let second = match times.get_mut(nth) {
            Some(kept) if concerned >> nth & 1 == 0 => *kept,
            Some(kept) => {
                *kept = due_second(due, &mut features, message.now_ms);
                *kept
            }
            None => due_second(due, &mut features, message.now_ms),
        };
        if second == 0 {
            continue;
        }
        // A silent moment can be raised when its silence is over, not before.
        let silent_ms = MomentState::of(policy, position).silent_until_ms(bytes);
        let call_ms = milliseconds(second).max(silent_ms);
        if call_ms > message.now_ms && first.is_none_or(|first| call_ms < first) {
            first = Some(call_ms);
        }
    }
    first
}

/// The second in which a moment is due; zero for never. What is yet to come is rounded up, what is
/// past down, so that it stays on its side of now.
fn due_second(due: Program, features: &mut Features, now_ms: i64) -> u32 {
    match evaluate(features.policy().code(due), features).as_int() {
        None => 0,
        Some(due_ms) if due_ms > now_ms => second_from(due_ms),
        Some(due_ms) => second(due_ms),
    }
}

/// The first time at which a call is due, `now` if that has passed; zero for none.
pub(crate) fn next_call_ms(policy: &Policy, bytes: &[u8], now_ms: i64) -> i64 {
    let times = Call::ALL.into_iter().map(|call| call.time_ms(policy, bytes));
    times.filter(|time_ms| *time_ms != 0).min().map_or(0, |time_ms| time_ms.max(now_ms))
}
