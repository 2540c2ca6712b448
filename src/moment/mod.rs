//! Classifying: which situations are true right now.
//!
//! Only moments that listen to the kinds of event in the message are asked, in order of
//! priority, so that an event nothing listens to costs one look-up.

use smallvec::SmallVec;

use crate::base::bytes::read_i64;
use crate::base::ids::{IntentId, MomentId};
use crate::base::limits::MOMENTS_RAISED_MAX;
use crate::expr::{evaluate, holds};
use crate::policy::{Moment, Policy};
use crate::profile::{Features, Message, resolve};

/// A moment that is true now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaisedMoment {
    /// Which moment.
    pub id: MomentId,
    /// What the subscriber wants in it.
    pub intent: IntentId,
    /// How pronounced it is, 0 to 1.
    pub strength: f64,
    /// How soon the answer must come to be of use, 0 to 1.
    pub urgency: f64,
    /// Until when it counts, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
}

/// The moments of one message, first by priority.
pub type Moments = SmallVec<[RaisedMoment; MOMENTS_RAISED_MAX]>;

/// Asks the moments that listen to the message, whose events were checked when they were folded.
/// O(moments that listen).
pub(crate) fn classify(features: &mut Features, message: &Message) -> Moments {
    let policy = features.policy();
    let mut raised = Moments::new();
    if message.events.is_empty() {
        for (position, moment) in policy.tables.moments.iter().enumerate() {
            if moment.on_tick {
                ask(features, message, position, &mut raised);
            }
        }
    }
    for event in message.events {
        let listening = policy
            .event_position(event.kind)
            .and_then(|position| policy.tables.events.get(position))
            .map_or(&[][..], |kind| &kind.moments);
        if listening.is_empty() {
            continue;
        }
        features.set_event(resolve(policy, event, message.now_ms).ok().map(|(_, cells)| cells));
        for &position in listening {
            ask(features, message, usize::from(position), &mut raised);
        }
        features.set_event(None);
    }
    raised
}

/// Raises a moment if it holds, is not snoozed and was not raised by an earlier event.
fn ask(features: &mut Features, message: &Message, position: usize, raised: &mut Moments) {
    let policy = features.policy();
    let Some(moment) = policy.tables.moments.get(position) else {
        return;
    };
    if raised.len() == MOMENTS_RAISED_MAX
        || raised.iter().any(|other| other.id == moment.id)
        || snoozed_until_ms(policy, features.bytes(), position) > message.now_ms
        || !holds(policy.code(moment.when), features)
    {
        return;
    }
    raised.push(RaisedMoment {
        id: moment.id,
        intent: moment.intent,
        strength: strength(features, moment),
        urgency: moment.urgency,
        expires_ms: message.now_ms.saturating_add(moment.lasts_ms),
    });
}

fn strength(features: &mut Features, moment: &Moment) -> f64 {
    let code = features.policy().code(moment.strength);
    evaluate(code, features).as_double().unwrap_or(0.0).clamp(0.0, 1.0)
}

/// Until when a moment is silent in this profile; zero when it never was.
fn snoozed_until_ms(policy: &Policy, bytes: &[u8], position: usize) -> i64 {
    read_i64(bytes, policy.layout.moments + 8 * position)
}
