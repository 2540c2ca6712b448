//! Classifying: which situations are true right now.
//!
//! Only moments that listen to the kinds of event in the message are asked, in order of
//! priority, so that an event nothing listens to costs one look-up.

use smallvec::SmallVec;

use crate::base::bytes::read_i64;
use crate::base::ids::{IntentId, MomentId};
use crate::base::limits::MOMENTS_RAISED_MAX;
use crate::base::steps::step;
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
    let mut raised = Raised::default();
    if message.events.is_empty() {
        for (position, moment) in policy.tables.moments.iter().enumerate() {
            step(1);
            if moment.on_tick {
                raised.ask(features, message, position);
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
            raised.ask(features, message, usize::from(position));
        }
        features.set_event(None);
    }
    raised.moments
}

/// The moments raised so far, first by priority, with their ranks.
#[derive(Default)]
struct Raised {
    moments: Moments,
    ranks: SmallVec<[u16; MOMENTS_RAISED_MAX]>,
}

impl Raised {
    /// Raises a moment if it holds, is not snoozed and was not raised by an earlier event.
    fn ask(&mut self, features: &mut Features, message: &Message, position: usize) {
        step(1);
        let policy = features.policy();
        let Some(moment) = policy.tables.moments.get(position) else {
            return;
        };
        let place = match self.ranks.binary_search(&moment.rank) {
            Err(place) if place < MOMENTS_RAISED_MAX => place,
            // Raised already, or behind as many as there is room for.
            _ => return,
        };
        if snoozed_until_ms(policy, features.bytes(), position) > message.now_ms
            || !holds(policy.code(moment.when), features)
        {
            return;
        }
        if self.moments.len() == MOMENTS_RAISED_MAX {
            self.moments.pop();
            self.ranks.pop();
        }
        self.ranks.insert(place, moment.rank);
        self.moments.insert(
            place,
            RaisedMoment {
                id: moment.id,
                intent: moment.intent,
                strength: strength(features, moment),
                urgency: moment.urgency,
                expires_ms: message.now_ms.saturating_add(moment.lasts_ms),
            },
        );
    }
}

fn strength(features: &mut Features, moment: &Moment) -> f64 {
    let code = features.policy().code(moment.strength);
    evaluate(code, features).as_double().unwrap_or(0.0).clamp(0.0, 1.0)
}

/// Until when a moment is silent in this profile; zero when it never was.
fn snoozed_until_ms(policy: &Policy, bytes: &[u8], position: usize) -> i64 {
    read_i64(bytes, policy.layout.moments + 8 * position)
}
