//! Asking moments. Only those that listen to the kinds of event in the message are asked, in order
//! of priority, so that an event nothing listens to costs one look-up.

use smallvec::SmallVec;

use super::observe::bits;
use super::state::{MomentState, completed};
use crate::base::ids::{IntentId, MomentId};
use crate::base::limits::MOMENTS_RAISED_MAX;
use crate::base::steps::step;
use crate::expr::{evaluate, holds};
use crate::policy::{Moment, Policy};
use crate::profile::{Events, Features, Message};

/// A moment that counts now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaisedMoment {
    /// Which moment.
    pub id: MomentId,
    /// What the subscriber wants in it.
    pub intent: IntentId,
    /// How pronounced it is, 0 to 1. Of an earlier one it is computed anew, from the profile alone;
    /// where that cannot be, it is the moment's `threshold`.
    pub strength: f64,
    /// How soon the answer must come to be of use, 0 to 1.
    pub urgency: f64,
    /// Until when it counts, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
    /// Whether an earlier message raised it, and it is still active; otherwise this one did.
    pub earlier: bool,
}

/// The moments of one message, first by priority.
pub type Moments = SmallVec<[RaisedMoment; MOMENTS_RAISED_MAX]>;

/// What became of a moment that was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Raised,
    /// Raised by an earlier message, and still active.
    Active,
    /// Silent after an offer was made on it.
    Silent {
        until_ms: i64,
    },
    /// Its rule does not hold.
    RuleFails,
    /// Its strength is below its threshold.
    TooWeak {
        strength: f64,
    },
    /// Another moment, at this position, was raised and ends it.
    Superseded {
        by: u16,
    },
    /// As many as there is room for come before it.
    CrowdedOut,
}

/// Told what becomes of each moment.
pub(crate) trait Watch {
    fn verdict(&mut self, features: &mut Features, position: usize, verdict: Verdict);
}

/// Watches nothing.
#[derive(Debug)]
pub(crate) struct NoWatch;

impl Watch for NoWatch {
    #[inline(always)]
    fn verdict(&mut self, _: &mut Features, _: usize, _: Verdict) {}
}

/// Whether there is anything to classify: most messages are nothing to any moment.
#[inline]
pub(crate) fn concerned(policy: &Policy, bytes: &[u8], message: &Message, events: &Events) -> bool {
    message.events.is_empty() || events.concerns().moments || completed(policy, bytes) != 0
}

/// Finds the moments that listen to the message's events and hold, and those whose patterns it
/// completed; `moments` has none before. A message without events also finds those that earlier
/// ones raised. O(moments that listen); of all moments without events.
// By itself, so that it takes no room on the stack while offers are asked.
#[inline(never)]
pub(crate) fn classify<'a>(
    features: &mut Features<'a>,
    message: &Message,
    events: &'a Events,
    watch: &mut impl Watch,
    moments: &mut Moments,
) {
    let policy = features.policy();
    let mut raised = Raised { moments, places: SmallVec::new() };
    if message.events.is_empty() {
        for (position, moment) in policy.tables.moments.iter().enumerate() {
            step(1);
            if moment.on_tick {
                raised.ask(features, message, position, watch);
            }
        }
    }
    for event in events.all() {
        let listening = event.kind(policy).map_or(&[][..], |kind| &kind.moments);
        if listening.is_empty() {
            continue;
        }
        features.set_event(Some(event));
        for &position in listening {
            raised.ask(features, message, usize::from(position), watch);
        }
        features.set_event(None);
    }
    for pattern in bits(completed(policy, features.bytes())) {
        let moments = policy.tables.patterns.get(pattern).map_or(&[][..], |found| &found.moments);
        for &position in moments {
            raised.ask(features, message, usize::from(position), watch);
        }
    }
    if message.events.is_empty() {
        for position in 0..policy.tables.moments.len() {
            step(1);
            raised.find_active(features, message, position, watch);
        }
    }
}

/// The moments raised so far, first by priority, with their ranks and positions.
struct Raised<'m> {
    moments: &'m mut Moments,
    places: SmallVec<[(u16, u16); MOMENTS_RAISED_MAX]>,
}

impl Raised<'_> {
    /// Raises a moment if it holds, is not silent and was not raised by an earlier event.
    fn ask(
        &mut self,
        features: &mut Features,
        message: &Message,
        position: usize,
        watch: &mut impl Watch,
    ) {
        step(1);
        let policy = features.policy();
        let Some(moment) = policy.tables.moments.get(position) else { return };
        let place = match self.place(moment) {
            Ok(place) => place,
            Err(verdict) => return verdict.map_or((), |v| watch.verdict(features, position, v)),
        };
        let until_ms = MomentState::of(policy, position).silent_until_ms(features.bytes());
        let verdict = if until_ms > message.now_ms {
            Verdict::Silent { until_ms }
        } else if !holds(policy.code(moment.when), features) {
            Verdict::RuleFails
        } else if let Some(by) = self.superseding(policy, position) {
            Verdict::Superseded { by }
        } else {
            let strength = strength(features, moment).unwrap_or(0.0);
            if strength < moment.threshold {
                Verdict::TooWeak { strength }
            } else {
                let expires_ms = message.now_ms.saturating_add(moment.lasts_ms);
                let raised = raised_moment(moment, strength, expires_ms, false);
                self.insert(features, place, position, raised, watch);
                self.supersede(features, moment, position, watch);
                Verdict::Raised
            }
        };
        watch.verdict(features, position, verdict);
    }

    /// Adds a moment that an earlier message raised, if it is still active and not silent.
    fn find_active(
        &mut self,
        features: &mut Features,
        message: &Message,
        position: usize,
        watch: &mut impl Watch,
    ) {
        let policy = features.policy();
        let state = MomentState::of(policy, position);
        let expires_ms = state.active_until_ms(features.bytes());
        if expires_ms <= message.now_ms {
            return;
        }
        let Some(moment) = policy.tables.moments.get(position) else { return };
        let until_ms = state.silent_until_ms(features.bytes());
        let verdict = if until_ms > message.now_ms {
            Verdict::Silent { until_ms }
        } else if let Some(by) = self.superseding(policy, position) {
            Verdict::Superseded { by }
        } else {
            match self.place(moment) {
                Ok(place) => {
                    let strength = strength(features, moment).unwrap_or(moment.threshold);
                    let raised = raised_moment(moment, strength, expires_ms, true);
                    self.insert(features, place, position, raised, watch);
                    Verdict::Active
                }
                Err(Some(verdict)) => verdict,
                Err(None) => return,
            }
        };
        watch.verdict(features, position, verdict);
    }

    /// Where a moment belongs; none if it is there already.
    fn place(&self, moment: &Moment) -> Result<usize, Option<Verdict>> {
        match self.places.binary_search_by_key(&moment.rank, |(rank, _)| *rank) {
            Err(place) if place < MOMENTS_RAISED_MAX => Ok(place),
            Err(_) => Err(Some(Verdict::CrowdedOut)),
            Ok(_) => Err(None),
        }
    }

    fn insert(
        &mut self,
        features: &mut Features,
        place: usize,
        position: usize,
        raised: RaisedMoment,
        watch: &mut impl Watch,
    ) {
        if self.moments.len() == MOMENTS_RAISED_MAX {
            self.moments.pop();
            if let Some((_, last)) = self.places.pop() {
                watch.verdict(features, usize::from(last), Verdict::CrowdedOut);
            }
        }
        let tables = &features.policy().tables;
        let rank = tables.moments.get(position).map_or(u16::MAX, |moment| moment.rank);
        self.places.insert(place, (rank, position as u16));
        self.moments.insert(place, raised);
    }

    /// A moment that this message raised and that supersedes the one at this position.
    fn superseding(&self, policy: &Policy, position: usize) -> Option<u16> {
        let raised = self.moments.iter().zip(&self.places).filter(|(moment, _)| !moment.earlier);
        let supersedes = |by: u16| {
            let moment = policy.tables.moments.get(usize::from(by));
            moment.is_some_and(|moment| moment.supersedes.contains(&(position as u16)))
        };
        raised.map(|(_, (_, by))| *by).find(|by| supersedes(*by))
    }

    /// Drops what a moment supersedes that has just been raised.
    fn supersede(
        &mut self,
        features: &mut Features,
        moment: &Moment,
        by: usize,
        watch: &mut impl Watch,
    ) {
        for other in &moment.supersedes {
            if let Some(at) = self.places.iter().position(|(_, position)| position == other) {
                self.places.remove(at);
                self.moments.remove(at);
                let verdict = Verdict::Superseded { by: by as u16 };
                watch.verdict(features, usize::from(*other), verdict);
            }
        }
    }
}

fn raised_moment(moment: &Moment, strength: f64, expires_ms: i64, earlier: bool) -> RaisedMoment {
    let Moment { id, intent, urgency, .. } = *moment;
    RaisedMoment { id, intent, strength, urgency, expires_ms, earlier }
}

fn strength(features: &mut Features, moment: &Moment) -> Option<f64> {
    let code = features.policy().code(moment.strength);
    Some(evaluate(code, features).as_double()?.clamp(0.0, 1.0))
}
