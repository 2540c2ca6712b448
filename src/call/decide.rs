//! The data plane.

use alloc::vec::Vec;

use super::profiles::{Updated, subscriber_hash};
use super::scratch::{Local, Scratch, Shared};
use crate::base::limits::{DECISION_OFFERS_MAX, MOMENTS_RAISED_MAX};
use crate::decision::{
    self, Context, Decision, Explaining, Explanation, Inputs, NoTrace, Outcome, Settlement, Told,
    Trace, Workspace,
};
use crate::error::Error;
use crate::moment::{self, Moments, NoWatch, RaisedMoment};
use crate::policy::{Holder, Policy};
use crate::profile::{
    self, Events, Features, Memo, Message, MessageKey, OpenOffers, Opened, ProfileBytes, Seen,
};
use crate::snapshot::{Delta, Lease};

/// Takes a message into the profile: a line's, or an account's, whose key stands in the message as
/// the subscriber then and into which only what accounts hold is folded. A host that keeps both
/// takes a message into the account's profile first, and then decides on the line with it. Never
/// allocates.
///
/// # Errors
/// Those of the profile and of the message; on any of them nothing has changed.
pub fn update(
    policy: &Policy,
    profile: ProfileBytes,
    message: &Message,
    scratch: &mut Scratch,
) -> Result<Updated, Error> {
    let key = MessageKey::new(policy, message)?;
    scratch.check(policy)?;
    let Scratch { room, events, memo, .. } = scratch;
    let opened = profile.open(policy, key.subscriber, room)?;
    let layout = opened.layout();
    let account = if layout.holder == Holder::Line { message.account } else { None };
    profile::begin(policy, memo, account)?;
    let Seen::First(session) = profile::seen(layout, opened.read(), key) else {
        return Ok(Updated::unchanged(policy, layout, opened.keep(policy), message.now_ms));
    };
    events.take(policy, message)?;
    let bytes = opened.change();
    profile::note_message(layout, bytes, key, session, message.now_ms);
    match layout.holder {
        Holder::Line => {
            take_in(policy, bytes, memo, message, events);
            let due = moment::moved_due(policy, message, events);
            if due != 0 {
                moment::plan(policy, bytes, memo, message, due);
            }
        }
        Holder::Account => {
            profile::fold_message(policy, Holder::Account, bytes, message, events);
        }
    }
    profile::commit(policy, bytes, message.now_ms);
    Ok(Updated::new(policy, layout, bytes, message.now_ms))
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
    let Scratch { room, events, memo, .. } = scratch;
    let profile = profile::open_line(policy, profile, key.subscriber, room)?;
    profile::begin(policy, memo, message.account)?;
    events.take(policy, message)?;
    if !moment::concerned(policy, profile, message, events) {
        return Ok(Moments::new());
    }
    let mut features = Features::resumed(policy, profile, memo, message.now_ms, message.zone);
    let mut moments = Moments::new();
    moment::classify(&mut features, message, events, &mut NoWatch, &mut moments);
    Ok(moments)
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
    profile: ProfileBytes,
    message: &Message,
    moments: Moments,
    context: &Context,
    local: &mut Local,
) -> Result<Decision, Error> {
    check_shared(shared, context, local)?;
    let policy = shared.policy;
    check_moments(policy, &moments, message.now_ms)?;
    let key = MessageKey::new(policy, message)?;
    local.scratch.check(policy)?;
    let Local { lease, delta, scratch } = local;
    let Scratch { room, events, memo, workspace } = scratch;
    let opened = profile.open_line(policy, key.subscriber, room)?;
    profile::begin(policy, memo, message.account)?;
    let inputs = inputs(shared, message, context, key, opened.read());
    let mut decision = Decision::nothing();
    decision.id = inputs.decision;
    decision.test = inputs.test;
    if made_before(&inputs, opened.read()) {
        repeat(&inputs, opened, &mut decision);
        return Ok(decision);
    }
    decision.moments = moments;
    let due = moment::concerns_due(policy, message);
    let work = Work { bytes: opened.change(), events, memo, workspace, lease, delta, due };
    answer(&inputs, message, context, work, &mut NoTrace, &mut decision);
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
    profile: ProfileBytes,
    message: &Message,
    context: &Context,
    local: &mut Local,
) -> Result<Decision, Error> {
    let mut decision = Decision::nothing();
    decide_traced(shared, profile, message, context, local, &mut NoTrace, &mut decision)?;
    if decision.moments.is_empty() && context.channel.is_none() {
        // PERF: a decision has room for eight moments and four offers, 1.2 KB that would be moved
        // out for the answer that most messages get: nothing.
        let Decision { id, repeated, revision, next_call_ms, test, .. } = decision;
        return Ok(Decision { id, repeated, revision, next_call_ms, test, ..Decision::nothing() });
    }
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
    account: Option<&[u8]>,
    now_ms: i64,
    local: &mut Local,
) -> Result<Decision, Error> {
    let (session, number, zone, events) = (&[], 0, None, &[]);
    let message = Message { subscriber, session, number, now_ms, zone, account, events };
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
        ProfileBytes::apart(profile, &mut new),
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
/// It makes no decision. Where the policy makes features or moments of interactions, those follow
/// the outcome at once, and a moment that it raises is active, for a [`tick`] to answer.
///
/// # Errors
/// Those of the profile; [`Error::Key`], [`Error::Time`], [`Error::LeaseMismatch`]. On any of
/// them nothing has changed.
pub fn settle(
    policy: &Policy,
    profile: ProfileBytes,
    outcome: &Outcome,
    local: &mut Local,
) -> Result<Settlement, Error> {
    local.check(policy)?;
    local.scratch.check(policy)?;
    profile::check_time(outcome.now_ms)?;
    let subscriber = subscriber_hash(policy, outcome.subscriber)?;
    let Local { lease, delta, scratch } = local;
    let Scratch { room, events, memo, .. } = scratch;
    let opened = profile.open_line(policy, subscriber, room)?;
    let migrated = opened.is_migrated();
    let bytes = opened.change();
    let mut told = Told::new(events);
    let (settled, changed) =
        decision::settle(policy, bytes, outcome, (lease, &mut *delta), &mut told);
    if !told.is_empty() {
        memo.clear();
        profile::move_on(policy, bytes, memo, outcome.now_ms, None);
        told.follow(policy, bytes, memo, outcome.now_ms, delta);
    }
    let next_call_ms = moment::next_call_ms(policy, bytes, outcome.now_ms);
    if changed {
        profile::commit(policy, bytes, outcome.now_ms);
    } else if migrated {
        profile::commit(policy, bytes, 0);
    }
    Ok(Settlement { settled, next_call_ms })
}

fn decide_traced(
    shared: Shared,
    profile: ProfileBytes,
    message: &Message,
    context: &Context,
    local: &mut Local,
    trace: &mut impl Trace,
    decision: &mut Decision,
) -> Result<(), Error> {
    check_shared(shared, context, local)?;
    let policy = shared.policy;
    let key = MessageKey::new(policy, message)?;
    local.scratch.check(policy)?;
    let Local { lease, delta, scratch } = local;
    let Scratch { room, events, memo, workspace } = scratch;
    let opened = profile.open_line(policy, key.subscriber, room)?;
    profile::begin(policy, memo, message.account)?;
    let inputs = inputs(shared, message, context, key, opened.read());
    decision.id = inputs.decision;
    decision.test = inputs.test;
    let seen = match made_before(&inputs, opened.read()) {
        true => Seen::Again,
        false => profile::seen(&policy.layout, opened.read(), key),
    };
    let Seen::First(session) = seen else {
        repeat(&inputs, opened, decision);
        return Ok(());
    };
    events.take(policy, message)?;
    // Nothing can fail from here on, so the profile, the lease and the delta may change.
    let bytes = opened.change();
    profile::note_message(&policy.layout, bytes, key, session, message.now_ms);
    take_in(policy, bytes, memo, message, events);
    if moment::concerned(policy, bytes, message, events) {
        let mut features = Features::resumed(policy, bytes, memo, message.now_ms, message.zone);
        moment::classify(&mut features, message, events, &mut *trace, &mut decision.moments);
    }
    let due = moment::moved_due(policy, message, events);
    let work = Work { bytes, events, memo, workspace, lease, delta, due };
    answer(&inputs, message, context, work, trace, decision);
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
fn made_before(inputs: &Inputs, bytes: &[u8]) -> bool {
    let open = OpenOffers::of(inputs.policy);
    open.of_decision(bytes, inputs.decision).next().is_some()
}

/// Folds a message that is new, and moves lifecycles and patterns on over what comes of it.
fn take_in(policy: &Policy, bytes: &mut [u8], memo: &mut Memo, message: &Message, events: &Events) {
    profile::fold_message(policy, Holder::Line, bytes, message, events);
    profile::move_on(policy, bytes, memo, message.now_ms, message.zone);
    moment::observe(policy, bytes, memo, message, events);
}

fn inputs<'a>(
    shared: Shared<'a>,
    message: &Message<'a>,
    context: &Context,
    key: MessageKey,
    bytes: &[u8],
) -> Inputs<'a> {
    let message_hash = key.message_hash(shared.policy, profile::revision(bytes));
    let decision = shared.policy.decision_id(key.subscriber, message_hash);
    Inputs {
        policy: shared.policy,
        snapshot: shared.snapshot,
        decision,
        seed: context.seed.unwrap_or(decision),
        now_ms: message.now_ms,
        subscriber: message.subscriber,
        test: shared.policy.is_test(key.subscriber),
    }
}

/// What a decision is worked out in, and what it changes.
struct Work<'w> {
    bytes: &'w mut [u8],
    events: &'w mut Events,
    memo: &'w mut Memo,
    workspace: &'w mut Workspace,
    lease: &'w mut Lease,
    delta: &'w mut Delta,
    /// Whose due times may be others now, a bit each.
    due: u8,
}

/// Decides on the moments in `decision`, writes the decision down and seals the profile. Cannot fail.
fn answer(
    inputs: &Inputs,
    message: &Message,
    context: &Context,
    work: Work<'_>,
    trace: &mut impl Trace,
    decision: &mut Decision,
) {
    let Inputs { policy, now_ms, .. } = *inputs;
    let Work { bytes, events, memo, workspace, lease, delta, due } = work;
    let mut told = Told::new(events);
    decision::sweep_expired(policy, bytes, now_ms, (lease, delta), &mut told);
    if !decision.moments.is_empty() || context.channel.is_some() {
        if !told.is_empty() {
            memo.forget_read();
        }
        let mut features = Features::resumed(policy, bytes, memo, now_ms, message.zone);
        decision::allocate(&mut features, decision, inputs, context, lease, workspace, trace);
        decision::apply(inputs, context, decision, bytes, (lease, delta), &mut told);
    }
    if message.events.is_empty() && context.channel.is_none() {
        moment::serve(policy, bytes, now_ms);
    }
    if decision.next_call_ms != 0 {
        moment::wait_until_ms(policy, bytes, decision.next_call_ms);
    }
    if !told.is_empty() {
        told.follow(policy, bytes, memo, now_ms, delta);
    }
    if due != 0 {
        moment::plan(policy, bytes, memo, message, due);
    }
    decision.next_call_ms = moment::next_call_ms(policy, bytes, now_ms);
    profile::commit(policy, bytes, message.now_ms);
    decision.revision = profile::revision(bytes);
}

/// The answer to a message that was answered before: the profile is handed on as it is.
fn repeat(inputs: &Inputs, opened: Opened<'_>, decision: &mut Decision) {
    decision.repeated = true;
    let bytes = opened.keep(inputs.policy);
    decision.revision = profile::revision(bytes);
    decision.next_call_ms = moment::next_call_ms(inputs.policy, bytes, inputs.now_ms);
}
