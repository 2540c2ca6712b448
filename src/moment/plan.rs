//! When to call again, though nothing happens.

use super::state::{Call, MomentState, second_from};
use crate::base::steps::step;
use crate::expr::evaluate;
use crate::policy::Policy;
use crate::profile::{Event, Features, Memo, Message};

/// A tick answers whatever was due until now. Other calls leave that to the tick: they cannot raise
/// what time alone raises.
pub(crate) fn serve(policy: &Policy, bytes: &mut [u8], now_ms: i64) {
    for call in [Call::Due, Call::Waiting] {
        if call.time_ms(policy, bytes) <= now_ms {
            call.set(policy, bytes, 0);
        }
    }
}

/// Whether a message can have changed the first time at which a moment is `due`. The call that
/// allocates by itself has not taken its events.
#[inline]
pub(crate) fn concerns_due(policy: &Policy, message: &Message) -> bool {
    let touches = |event: &Event| {
        let position = policy.event_position(event.kind);
        position.is_some_and(|at| policy.touched.concerns(at).due)
    };
    let some_due = !policy.touched.due_moments.is_empty();
    some_due && (message.events.is_empty() || message.events.iter().any(touches))
}

/// The same after what no message told, for a profile that was changed by it.
pub(crate) fn plan_anew(policy: &Policy, bytes: &mut [u8], memo: &mut Memo, now_ms: i64) {
    let (subscriber, session, events) = (&[][..], &[][..], &[][..]);
    let message =
        Message { subscriber, session, number: 0, now_ms, zone: None, account: None, events };
    if concerns_due(policy, &message) {
        plan(policy, bytes, memo, &message);
    }
}

/// Finds the first time at which a moment says that it is `due`, for a message that can have changed
/// it. O(moments with such a time).
// By itself, so that it takes no room on the stack while offers are asked.
#[inline(never)]
pub(crate) fn plan(policy: &Policy, bytes: &mut [u8], memo: &mut Memo, message: &Message) {
    // Due already, and no tick has come yet.
    if (1..=message.now_ms).contains(&Call::Due.time_ms(policy, bytes)) {
        return;
    }
    let first = first_due_ms(policy, bytes, memo, message);
    Call::Due.set(policy, bytes, first.map_or(0, second_from));
}

fn first_due_ms(policy: &Policy, bytes: &[u8], memo: &mut Memo, message: &Message) -> Option<i64> {
    let mut features = Features::resumed(policy, bytes, memo, message.now_ms, message.zone);
    let mut first = None;
    for &position in &policy.touched.due_moments {
        step(1);
        let position = usize::from(position);
        let moment = policy.tables.moments.get(position);
        let Some(due) = moment.and_then(|moment| moment.due) else { continue };
        let Some(due_ms) = evaluate(policy.code(due), &mut features).as_int() else { continue };
        // A silent moment can be raised when its silence is over, not before.
        let silent_ms = MomentState::of(policy, position).silent_until_ms(bytes);
        let call_ms = due_ms.max(silent_ms);
        if call_ms > message.now_ms && first.is_none_or(|first| call_ms < first) {
            first = Some(call_ms);
        }
    }
    first
}

/// The first time at which a call is due, `now` if that has passed; zero for none.
pub(crate) fn next_call_ms(policy: &Policy, bytes: &[u8], now_ms: i64) -> i64 {
    let times = Call::ALL.into_iter().map(|call| call.time_ms(policy, bytes));
    times.filter(|time_ms| *time_ms != 0).min().map_or(0, |time_ms| time_ms.max(now_ms))
}
