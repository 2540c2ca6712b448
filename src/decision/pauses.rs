//! What outcomes stop, worked out once a decision: pauses after so many of them, and limits to how
//! many there may be.

use super::Stage;
use super::contact::Touch;
use super::room::Room;
use crate::base::ids::IntentId;
use crate::base::limits::OPEN_OFFERS;
use crate::base::steps::step;
use crate::policy::{InteractionStep, OfferKind, Pause, Policy};
use crate::profile::{Log, OfferState, OpenOffers};

/// What some rule counts.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    time_ms: i64,
    /// None for an offer that is open and may yet be accepted.
    step: Option<InteractionStep>,
    touch: Touch,
}

/// What is stopped in one decision. Sized for a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    asked: bool,
    outcomes: Room<Outcome>,
    /// One bit a rule that stops everything of its scope.
    all: u64,
    /// Rules over each of several things, and which of them they stop.
    some: Room<(u8, u32)>,
}

impl Pauses {
    pub(super) fn new(policy: &Policy) -> Pauses {
        let (outcomes, some) = room(policy);
        Pauses {
            outcomes: Room::new(outcomes, Outcome { time_ms: 0, step: None, touch: Touch::NONE }),
            some: Room::new(some, (0, 0)),
            ..Pauses::default()
        }
    }

    pub(super) fn fits(&self, policy: &Policy) -> bool {
        let (outcomes, some) = room(policy);
        self.outcomes.fits(outcomes) && self.some.fits(some)
    }

    /// Forgets the last decision.
    pub(super) fn begin(&mut self) {
        self.asked = false;
    }

    /// Whether a pause or a limit, as the stage says, stops an offer. They bind answers to a channel
    /// that asks, too.
    pub(super) fn stop(
        &mut self,
        policy: &Policy,
        bytes: &[u8],
        now_ms: i64,
        touch: &Touch,
        at_stage: Stage,
    ) -> Result<(), Stage> {
        let rules = &policy.tables.contact.pauses;
        if rules.is_empty() {
            return Ok(());
        }
        if !self.asked {
            self.ask(policy, bytes, now_ms);
        }
        if self.all == 0 && self.some.all().is_empty() {
            return Ok(());
        }
        for (at, rule) in rules.iter().enumerate() {
            step(1);
            let binds = stage(rule) == at_stage && in_force(rule, touch.kind, now_ms);
            let Some(key) = touch.key(rule.scope).filter(|_| binds) else {
                continue;
            };
            if self.all >> (at % 64) & 1 == 1 || self.some.all().contains(&(at as u8, key)) {
                return Err(at_stage);
            }
        }
        Ok(())
    }

    /// Finds what is stopped now. O(rules x outcomes^2).
    fn ask(&mut self, policy: &Policy, bytes: &[u8], now_ms: i64) {
        (self.asked, self.all) = (true, 0);
        self.some.clear();
        self.outcomes.clear();
        let log = Log::of_outcomes(policy);
        for outcome in log.read(bytes) {
            let (time_ms, step) = (outcome.time_ms, outcome.step);
            self.outcomes.push(Outcome { time_ms, step, touch: Touch::of(policy, &outcome) });
        }
        let rules = &policy.tables.contact.pauses;
        if rules.iter().any(Pause::counts_open) {
            open(policy, bytes, now_ms).for_each(|open| self.outcomes.push(open));
        }
        let full_since_ms = log.full_since_ms(bytes);
        for (at, rule) in rules.iter().enumerate() {
            step(1);
            // What came before may be forgotten, and might still count.
            let over = |since_ms: i64| since_ms <= now_ms.saturating_sub(rule.horizon_ms());
            if full_since_ms.is_some_and(|since_ms| !over(since_ms)) {
                self.all |= 1 << (at % 64);
                continue;
            }
            for last in self.outcomes.all() {
                step(1);
                let Some(key) = stops(rule, last, self.outcomes.all(), now_ms) else { continue };
                if !rule.scope.each() {
                    self.all |= 1 << (at % 64);
                    break;
                }
                if !self.some.all().contains(&(at as u8, key)) {
                    self.some.push((at as u8, key));
                }
            }
        }
    }
}

/// The most outcomes that a decision looks at, and the most things that rules can stop.
fn room(policy: &Policy) -> (usize, usize) {
    let rules = policy.tables.contact.pauses.len();
    let outcomes = if rules == 0 { 0 } else { policy.layout.logs.outcomes + OPEN_OFFERS };
    (outcomes, rules * outcomes)
}

/// Offers that wait for an answer.
fn open<'a>(
    policy: &'a Policy,
    bytes: &'a [u8],
    now_ms: i64,
) -> impl Iterator<Item = Outcome> + 'a {
    let waiting = OpenOffers::of(policy).used(bytes).filter(move |entry| {
        entry.expires_ms(bytes) > now_ms && entry.state(bytes) != Some(OfferState::Accepted)
    });
    waiting.filter_map(move |entry| {
        let position = policy.offer_position(entry.offer(bytes))?;
        let touch = Touch::at(policy, position, IntentId(0));
        Some(Outcome { time_ms: now_ms, step: None, touch })
    })
}

/// What of its scope a rule stops, if this outcome is the last of as many as it takes.
fn stops(rule: &Pause, last: &Outcome, outcomes: &[Outcome], now_ms: i64) -> Option<u32> {
    let key = counted(rule, last)?;
    let until_ms = rule.for_ms.map_or(i64::MAX, |for_ms| last.time_ms.saturating_add(for_ms));
    if until_ms <= now_ms {
        return None;
    }
    // A limit counts back from now, and a pause from the last.
    let (newest_ms, since_ms) = match rule.for_ms {
        None => (i64::MAX, now_ms.saturating_sub(rule.within_ms)),
        Some(_) => (last.time_ms, last.time_ms.saturating_sub(rule.within_ms)),
    };
    let of_them = |outcome: &&Outcome| {
        step(1);
        (since_ms < outcome.time_ms && outcome.time_ms <= newest_ms)
            && counted(rule, outcome) == Some(key)
    };
    (outcomes.iter().filter(of_them).count() >= usize::from(rule.times)).then_some(key)
}

/// What of its scope an outcome counts for.
fn counted(rule: &Pause, outcome: &Outcome) -> Option<u32> {
    let counts = match outcome.step {
        Some(step) => step == rule.after,
        None => rule.counts_open(),
    };
    let exempt = outcome.touch.kind.is_some_and(|kind| rule.exempt.contains(kind));
    if counts && !exempt { outcome.touch.key(rule.scope) } else { None }
}

fn in_force(rule: &Pause, kind: Option<OfferKind>, now_ms: i64) -> bool {
    rule.period.contains(now_ms) && !kind.is_some_and(|kind| rule.exempt.contains(kind))
}

fn stage(rule: &Pause) -> Stage {
    if rule.for_ms.is_some() { Stage::Paused } else { Stage::Excluded }
}

/// Whether a limit counts both of two offers, so that one decision does not make both.
pub(super) fn apart(policy: &Policy, one: u32, other: u32) -> bool {
    let touch = |position: u32| Touch::at(policy, position as usize, IntentId(0));
    policy.tables.contact.pauses.iter().filter(|rule| rule.counts_open()).any(|rule| {
        step(1);
        let key = |touch: Touch| {
            let exempt = touch.kind.is_some_and(|kind| rule.exempt.contains(kind));
            if exempt { None } else { touch.key(rule.scope) }
        };
        let (one, other) = (key(touch(one)), key(touch(other)));
        one.is_some() && one == other
    })
}

/// Remembers an outcome, if some rule counts it.
pub(super) fn remember(policy: &Policy, bytes: &mut [u8], outcome: crate::profile::Contact) {
    let pauses = &policy.tables.contact.pauses;
    if pauses.is_empty() {
        return;
    }
    let (time_ms, step) = (outcome.time_ms, outcome.step);
    let touched = Outcome { time_ms, step, touch: Touch::of(policy, &outcome) };
    if pauses.iter().any(|rule| counted(rule, &touched).is_some()) {
        Log::of_outcomes(policy).record(bytes, outcome);
    }
}
