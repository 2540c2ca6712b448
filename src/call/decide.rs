//! The data plane.

use alloc::vec::Vec;

use super::profiles::{Updated, subscriber_hash};
use super::scratch::{Local, Scratch, Shared};
use crate::base::limits::{DECISION_OFFERS_MAX, MOMENTS_RAISED_MAX};
use crate::decision::{
    self, Context, Decision, Explaining, Explanation, Inputs, NoTrace, Outcome, Settled, Trace,
};
use crate::error::Error;
use crate::moment::{self, Moments, NoWatch, RaisedMoment};
use crate::policy::Policy;
use crate::profile::{self, Features, Message, MessageKey, OpenOffers, ProfileBytes, Seen};

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
    let bytes = &mut scratch.profile;
    if repeated {
        profile::hand_on(policy, bytes, &mut profile);
    } else {
        profile::commit(policy, bytes, &mut profile, message.now_ms);
    }
    Ok(Updated { repeated, revision: profile::revision(bytes) })
}

/// The moments that a message raises over a profile that has taken it in just before; without
/// events also those that are still active. Changes nothing, never allocates.
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
    let Scratch { profile: room, memo, .. } = scratch;
    let profile = profile::open(policy, profile, key.subscriber, room)?;
    profile::check_events(policy, message)?;
    let mut features = Features::new(policy, profile, memo, message.now_ms, message.zone);
    Ok(moment::classify(&mut features, message, &mut NoWatch))
}

/// Decides on moments that were raised, and writes the decision into the profile, the lease and
/// the delta. Never allocates.
///
/// # Errors
/// Those of the profile and of the message's header; [`Error::SnapshotMismatch`],
/// [`Error::LeaseMismatch`], [`Error::UnknownChannel`], [`Error::Slots`], [`Error::Moments`]. On
/// any of them nothing has changed.
pub fn allocate(
    shared: Shared,
    mut profile: ProfileBytes,
    message: &Message,
    moments: Moments,
    context: &Context,
    local: &mut Local,
) -> Result<Decision, Error> {
    check_shared(shared, context, local)?;
    check_moments(shared.policy, &moments, message.now_ms)?;
    let key = open(shared.policy, &profile, message, &mut local.scratch)?;
    let inputs = inputs(shared, message, context, key, &local.scratch);
    let mut decision = Decision::nothing();
    if made_before(&inputs, &local.scratch) {
        repeat(&inputs, &mut profile, &mut local.scratch, &mut decision);
        return Ok(decision);
    }
    answer(&inputs, message, Some(moments), context, local, &mut NoTrace, &mut decision);
    close(shared.policy, &mut decision, message, &mut profile, local);
    Ok(decision)
}

/// [`update`], [`classify`] and [`allocate`] in one pass over the profile: the one call of an
/// inline host. Never allocates; bounded work.
///
/// # Errors
/// Those of the profile and of the message; [`Error::SnapshotMismatch`],
/// [`Error::LeaseMismatch`], [`Error::UnknownChannel`], [`Error::Slots`]. On any of them nothing
/// has changed: neither the profile, nor the lease, nor the delta.
pub fn decide(
    shared: Shared,
    mut profile: ProfileBytes,
    message: &Message,
    context: &Context,
    local: &mut Local,
) -> Result<Decision, Error> {
    let mut decision = Decision::nothing();
    decide_traced(shared, &mut profile, message, context, local, &mut NoTrace, &mut decision)?;
    Ok(decision)
}

/// A message without events: asks the moments that time alone can raise and those that are still
/// active, and closes offers that have expired. When it is worth calling, decisions say in
/// [`next_call_ms`](Decision::next_call_ms).
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
    let mut new = alloc::vec![0; shared.policy.profile_bytes()];
    let mut trace = Explaining::default();
    let mut decision = Decision::nothing();
    decide_traced(
        shared,
        &mut ProfileBytes::apart(profile, &mut new),
        message,
        context,
        &mut local.clone(),
        &mut trace,
        &mut decision,
    )?;
    let Explaining { mut fates, moments } = trace;
    fates.sort_by_key(|fate| fate.offer);
    let moments = match decision.repeated {
        true => Vec::new(),
        false => moments.finish(shared.policy, &new, message),
    };
    Ok(Explanation { decision, moments, fates })
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
    let (settled, changed) = decision::settle(policy, &mut scratch.profile, outcome, lease, delta);
    if changed {
        profile::commit(policy, &mut scratch.profile, &mut profile, outcome.now_ms);
    } else {
        profile::hand_on(policy, &mut scratch.profile, &mut profile);
    }
    Ok(settled)
}

fn decide_traced(
    shared: Shared,
    profile: &mut ProfileBytes,
    message: &Message,
    context: &Context,
    local: &mut Local,
    trace: &mut impl Trace,
    decision: &mut Decision,
) -> Result<(), Error> {
    check_shared(shared, context, local)?;
    let policy = shared.policy;
    let key = open(policy, profile, message, &mut local.scratch)?;
    let inputs = inputs(shared, message, context, key, &local.scratch);
    if made_before(&inputs, &local.scratch)
        || take_in(policy, key, message, &mut local.scratch)? == Seen::Again
    {
        repeat(&inputs, profile, &mut local.scratch, decision);
        return Ok(());
    }
    answer(&inputs, message, None, context, local, trace, decision);
    close(policy, decision, message, profile, local);
    Ok(())
}

/// Everything that can be refused before the profile is looked at.
fn check_shared(shared: Shared, context: &Context, local: &Local) -> Result<(), Error> {
    shared.snapshot.check(shared.policy)?;
    local.check(shared.policy)?;
    match context.channel {
        None => Ok(()),
        Some(channel) if shared.policy.channel_position(channel).is_none() => {
            Err(Error::UnknownChannel)
        }
        Some(_) if (1..=DECISION_OFFERS_MAX).contains(&usize::from(context.slots)) => Ok(()),
        Some(_) => Err(Error::Slots),
    }
}

/// Whether moments are such as [`classify`] gives, and still count.
fn check_moments(policy: &Policy, moments: &Moments, now_ms: i64) -> Result<(), Error> {
    let known = |moment: &RaisedMoment| {
        policy.moment_position(moment.id).is_some() && moment.expires_ms >= now_ms
    };
    if moments.len() <= MOMENTS_RAISED_MAX && moments.iter().all(known) {
        Ok(())
    } else {
        Err(Error::Moments)
    }
}

/// Whether an offer of this very decision is open: the message was answered before, however long
/// ago its session was forgotten.
fn made_before(inputs: &Inputs, scratch: &Scratch) -> bool {
    let open = OpenOffers::of(inputs.policy);
    open.of_decision(&scratch.profile, inputs.decision).next().is_some()
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
    scratch.memo.clear();
    profile::load(policy, profile, key.subscriber, &mut scratch.profile)?;
    Ok(key)
}

/// Folds a message that is new into scratch, and moves lifecycles and patterns on over what comes
/// of it.
fn take_in(
    policy: &Policy,
    key: MessageKey,
    message: &Message,
    scratch: &mut Scratch,
) -> Result<Seen, Error> {
    let Scratch { profile: bytes, memo, .. } = scratch;
    let seen = profile::note_message(policy, bytes, key, message.now_ms);
    if seen == Seen::First {
        profile::fold_message(policy, bytes, message)?;
        profile::move_on(policy, bytes, memo, message.now_ms, message.zone);
        moment::observe(policy, bytes, memo, message);
    }
    Ok(seen)
}

fn inputs<'a>(
    shared: Shared<'a>,
    message: &Message<'a>,
    context: &Context,
    key: MessageKey,
    scratch: &Scratch,
) -> Inputs<'a> {
    let message_hash = key.message_hash(shared.policy, profile::revision(&scratch.profile));
    let decision = shared.policy.decision_id(key.subscriber, message_hash);
    Inputs {
        policy: shared.policy,
        snapshot: shared.snapshot,
        decision,
        seed: context.seed.unwrap_or(decision),
        now_ms: message.now_ms,
        subscriber: message.subscriber,
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
    decision: &mut Decision,
) {
    let Local { lease, delta, scratch } = local;
    decision.id = inputs.decision;
    let Scratch { profile, memo, workspace } = scratch;
    decision::sweep_expired(inputs.policy, profile, inputs.now_ms, lease, delta);
    let mut features = Features::resumed(inputs.policy, profile, memo, inputs.now_ms, message.zone);
    decision.moments =
        moments.unwrap_or_else(|| moment::classify(&mut features, message, &mut *trace));
    decision::allocate(&mut features, decision, inputs, context, lease, workspace, trace);
    decision::apply(inputs, context, decision, profile, lease, delta);
    if message.events.is_empty() && context.channel.is_none() {
        moment::serve(inputs.policy, profile, inputs.now_ms);
    }
    if decision.next_call_ms != 0 {
        moment::wait_until_ms(inputs.policy, profile, decision.next_call_ms);
    }
    moment::plan(inputs.policy, profile, memo, message);
    decision.next_call_ms = moment::next_call_ms(inputs.policy, profile, inputs.now_ms);
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

/// The answer to a message that was answered before: the profile is handed on as it is.
fn repeat(
    inputs: &Inputs,
    profile: &mut ProfileBytes,
    scratch: &mut Scratch,
    decision: &mut Decision,
) {
    decision.id = inputs.decision;
    decision.repeated = true;
    let Inputs { policy, now_ms, .. } = *inputs;
    decision.revision = profile::hand_on(policy, &mut scratch.profile, profile);
    decision.next_call_ms = moment::next_call_ms(policy, &scratch.profile, now_ms);
}
