//! The data plane.

use alloc::vec::Vec;
use smallvec::SmallVec;

use super::profiles::{Updated, subscriber_hash};
use super::scratch::{Local, Scratch, Shared};
use crate::decision::{
    self, Context, Decision, Explanation, Fate, Inputs, NoTrace, Outcome, Settled, Stage, Trace,
};
use crate::error::Error;
use crate::moment::{self, Moments};
use crate::policy::Policy;
use crate::profile::{self, Features, Message, MessageKey, ProfileBytes, Seen};

/// Takes a message into the profile. Never allocates.
///
/// # Errors
/// Those of the profile and of the message; on any of them nothing has changed.
pub fn update(
    policy: &Policy,
    mut profile: ProfileBytes,
    message: &Message,
    scratch: &mut Scratch,
) -> Result<Updated, Error> {
    let key = open(policy, &profile, message, scratch)?;
    let repeated = take_in(policy, key, message, scratch)? == Seen::Again;
    if repeated {
        profile.keep();
    } else {
        profile::commit(policy, &mut scratch.profile, &mut profile, message.now_ms);
    }
    Ok(Updated { repeated, revision: profile::revision(&scratch.profile) })
}

/// The moments that a message raises over an updated profile. Changes nothing, never allocates.
///
/// # Errors
/// Those of the profile and of the message.
pub fn classify(
    policy: &Policy,
    profile: &[u8],
    message: &Message,
    scratch: &mut Scratch,
) -> Result<Moments, Error> {
    let key = MessageKey::new(policy, message)?;
    scratch.check(policy)?;
    profile::check(policy, profile, key.subscriber)?;
    profile::check_events(policy, message)?;
    let mut features =
        Features::new(policy, profile, &mut scratch.memo, message.now_ms, message.zone);
    Ok(moment::classify(&mut features, message))
}

/// Decides on moments that were raised, and writes the decision into the profile, the lease and
/// the delta. Never allocates.
///
/// # Errors
/// Those of the profile and of the message's header; [`Error::SnapshotMismatch`],
/// [`Error::LeaseMismatch`], [`Error::UnknownChannel`]. On any of them nothing has changed.
pub fn allocate(
    shared: Shared,
    mut profile: ProfileBytes,
    message: &Message,
    moments: Moments,
    context: &Context,
    local: &mut Local,
) -> Result<Decision, Error> {
    check_shared(shared, context, local)?;
    let key = open(shared.policy, &profile, message, &mut local.scratch)?;
    let inputs = inputs(shared, message, context, key);
    let mut decision = answer(&inputs, message, Some(moments), context, local, &mut NoTrace);
    close(shared.policy, &mut decision, message, &mut profile, local);
    Ok(decision)
}

/// [`update`], [`classify`] and [`allocate`] in one pass over the profile: the one call of an
/// inline host. Never allocates; bounded work.
///
/// # Errors
/// Those of the profile and of the message; [`Error::SnapshotMismatch`],
/// [`Error::LeaseMismatch`], [`Error::UnknownChannel`]. On any of them nothing has changed:
/// neither the profile, nor the lease, nor the delta.
pub fn decide(
    shared: Shared,
    mut profile: ProfileBytes,
    message: &Message,
    context: &Context,
    local: &mut Local,
) -> Result<Decision, Error> {
    decide_traced(shared, &mut profile, message, context, local, &mut NoTrace)
}

/// A message without events: asks the moments that time alone can raise, and closes offers that
/// have expired.
///
/// # Errors
/// As [`decide`].
pub fn tick(
    shared: Shared,
    profile: ProfileBytes,
    subscriber: &[u8],
    now_ms: i64,
    local: &mut Local,
) -> Result<Decision, Error> {
    let message = Message { subscriber, session: &[], number: 0, now_ms, zone: None, events: &[] };
    decide(shared, profile, &message, &Context::default(), local)
}

/// Runs [`decide`] again with a trace, on copies: what became of each candidate. Allocates.
///
/// # Errors
/// As [`decide`].
pub fn explain(
    shared: Shared,
    profile: &[u8],
    message: &Message,
    context: &Context,
    local: &Local,
) -> Result<Explanation, Error> {
    let mut new = alloc::vec![0; profile.len()];
    let mut fates: Vec<Fate> = Vec::new();
    let decision = decide_traced(
        shared,
        &mut ProfileBytes::apart(profile, &mut new),
        message,
        context,
        &mut local.clone(),
        &mut fates,
    )?;
    fates.sort_by_key(|fate| fate.offer);
    Ok(Explanation { decision, fates })
}

/// Takes in what became of an offer. Never allocates. An outcome that finds no open offer is
/// counted in the delta and changes no profile.
///
/// # Errors
/// Those of the profile; [`Error::Key`], [`Error::Time`], [`Error::LeaseMismatch`]. On any of
/// them nothing has changed.
pub fn settle(
    policy: &Policy,
    mut profile: ProfileBytes,
    outcome: &Outcome,
    local: &mut Local,
) -> Result<Settled, Error> {
    local.check(policy)?;
    local.scratch.check(policy)?;
    profile::check_time(outcome.now_ms)?;
    let subscriber = subscriber_hash(policy, outcome.subscriber)?;
    let Local { lease, delta, scratch } = local;
    profile::load(policy, &profile, subscriber, &mut scratch.profile)?;
    let settled = decision::settle(policy, &mut scratch.profile, outcome, lease, delta);
    profile::commit(policy, &mut scratch.profile, &mut profile, outcome.now_ms);
    Ok(settled)
}

fn decide_traced(
    shared: Shared,
    profile: &mut ProfileBytes,
    message: &Message,
    context: &Context,
    local: &mut Local,
    trace: &mut impl Trace,
) -> Result<Decision, Error> {
    check_shared(shared, context, local)?;
    let policy = shared.policy;
    let key = open(policy, profile, message, &mut local.scratch)?;
    let inputs = inputs(shared, message, context, key);
    if take_in(policy, key, message, &mut local.scratch)? == Seen::Again {
        let revision = profile::revision(profile.old());
        profile.keep();
        return Ok(repeated(&inputs, revision));
    }
    let mut decision = answer(&inputs, message, None, context, local, trace);
    close(policy, &mut decision, message, profile, local);
    Ok(decision)
}

/// Everything that can be refused before the profile is looked at.
fn check_shared(shared: Shared, context: &Context, local: &Local) -> Result<(), Error> {
    shared.snapshot.check(shared.policy)?;
    local.check(shared.policy)?;
    match context.channel {
        Some(channel) if shared.policy.channel_position(channel).is_none() => {
            Err(Error::UnknownChannel)
        }
        _ => Ok(()),
    }
}

/// Checks message and profile, and copies the profile into scratch.
fn open(
    policy: &Policy,
    profile: &ProfileBytes,
    message: &Message,
    scratch: &mut Scratch,
) -> Result<MessageKey, Error> {
    let key = MessageKey::new(policy, message)?;
    scratch.check(policy)?;
    profile::load(policy, profile, key.subscriber, &mut scratch.profile)?;
    Ok(key)
}

/// Folds a message that is new into scratch.
fn take_in(
    policy: &Policy,
    key: MessageKey,
    message: &Message,
    scratch: &mut Scratch,
) -> Result<Seen, Error> {
    let bytes = &mut scratch.profile;
    let seen = profile::note_message(policy, bytes, key, message.number, message.now_ms);
    if seen == Seen::First {
        profile::fold_message(policy, bytes, message)?;
    }
    Ok(seen)
}

fn inputs<'a>(
    shared: Shared<'a>,
    message: &Message,
    context: &Context,
    key: MessageKey,
) -> Inputs<'a> {
    let decision = shared.policy.decision_id(key.subscriber, key.message);
    Inputs {
        policy: shared.policy,
        snapshot: shared.snapshot,
        decision,
        seed: context.seed.unwrap_or(decision),
        now_ms: message.now_ms,
        arm: shared.policy.arm(message.subscriber),
    }
}

/// Decides over scratch and writes the decision into it. Nothing can fail from here on, so the
/// lease and the delta may change.
fn answer(
    inputs: &Inputs,
    message: &Message,
    moments: Option<Moments>,
    context: &Context,
    local: &mut Local,
    trace: &mut impl Trace,
) -> Decision {
    let Local { lease, delta, scratch } = local;
    let Scratch { profile, memo, workspace } = scratch;
    decision::sweep_expired(inputs.policy, profile, inputs.now_ms, lease, delta);
    let mut features = Features::new(inputs.policy, profile, memo, inputs.now_ms, message.zone);
    let moments = moments.unwrap_or_else(|| moment::classify(&mut features, message));
    let mut decision =
        decision::allocate(&mut features, moments, inputs, context, lease, workspace, trace);
    decision::apply(inputs, context, &mut decision, profile, lease, delta);
    decision
}

/// Seals the profile and copies it out.
fn close(
    policy: &Policy,
    decision: &mut Decision,
    message: &Message,
    profile: &mut ProfileBytes,
    local: &mut Local,
) {
    profile::commit(policy, &mut local.scratch.profile, profile, message.now_ms);
    decision.revision = profile::revision(&local.scratch.profile);
}

/// The answer to a message that was answered before.
fn repeated(inputs: &Inputs, revision: u64) -> Decision {
    Decision {
        id: inputs.decision,
        repeated: true,
        revision,
        moments: SmallVec::new(),
        offers: SmallVec::new(),
        furthest: Stage::NoMoment,
        stages: [0; Stage::COUNT],
        arm: inputs.arm,
        next_call_ms: 0,
        lease_low: false,
    }
}
