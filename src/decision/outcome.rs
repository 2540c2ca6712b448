//! What follows from the answer: outcomes settle open offers.

use smallvec::SmallVec;

use super::Offered;
use super::interaction::{Interaction, Told};
use crate::base::bytes::{read_u32, read_u64, write_u32};
use crate::base::ids::{OfferId, TreatmentId};
use crate::base::limits::OPEN_OFFERS;
use crate::moment::{MomentState, stop_waiting};
use crate::policy::{Draw, InteractionStep, Policy, header};
use crate::profile::{Entry, OfferState, OpenOffers};
use crate::snapshot::{BudgetCount, Delta, Lease, TreatmentCount};

/// What became of an offer, as a channel reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The line that the offer was made to.
    pub subscriber: &'a [u8],
    /// The decision that made it.
    pub decision: u64,
    /// Its place among that decision's offers, from 0.
    pub slot: u8,
    /// What became of it.
    pub kind: OutcomeKind,
    /// The time of the call, in milliseconds since the Unix epoch.
    pub now_ms: i64,
}

/// The kinds of outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OutcomeKind {
    /// It arrived.
    Delivered = 1,
    /// It was seen.
    Seen = 2,
    /// The subscriber reacted without deciding.
    Clicked = 3,
    /// The subscriber takes it: what was reserved is committed.
    Accepted = 4,
    /// The subscriber does not want it: closed, what is refundable is given back.
    Rejected = 5,
    /// Nobody answered in time: closed, what is refundable is given back.
    Expired = 6,
    /// What was accepted has been delivered: closed.
    Fulfilled = 7,
    /// What was accepted could not be delivered: closed.
    Failed = 8,
}

impl OutcomeKind {
    fn step(self) -> InteractionStep {
        match self {
            OutcomeKind::Delivered => InteractionStep::Delivered,
            OutcomeKind::Seen => InteractionStep::Seen,
            OutcomeKind::Clicked => InteractionStep::Clicked,
            OutcomeKind::Accepted => InteractionStep::Accepted,
            OutcomeKind::Rejected => InteractionStep::Rejected,
            OutcomeKind::Expired => InteractionStep::Expired,
            OutcomeKind::Fulfilled => InteractionStep::Fulfilled,
            OutcomeKind::Failed => InteractionStep::Failed,
        }
    }

    /// Every kind, in numeric order.
    pub const ALL: [OutcomeKind; 8] = [
        OutcomeKind::Delivered,
        OutcomeKind::Seen,
        OutcomeKind::Clicked,
        OutcomeKind::Accepted,
        OutcomeKind::Rejected,
        OutcomeKind::Expired,
        OutcomeKind::Fulfilled,
        OutcomeKind::Failed,
    ];

    /// The kind with this number.
    pub fn from_number(number: u32) -> Option<OutcomeKind> {
        Self::ALL.into_iter().find(|kind| *kind as u32 == number)
    }
}

/// What settling an outcome came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was credited to this offer.
    Credited {
        /// The offer.
        offer: OfferId,
        /// In which form it had been made.
        treatment: TreatmentId,
    },
    /// The offer is no longer open, or never was: counted, not credited.
    Unattributed,
    /// The offer has come at least as far already: a repetition, nothing changed.
    Repeated,
    /// It cannot follow on what the offer has come to (fulfilled before accepted): nothing
    /// changed.
    OutOfOrder,
}

/// What settling an outcome came to, and what is to be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What it came to.
    pub settled: Settled,
    /// When to call [`tick`](crate::tick) for this subscriber, as in
    /// [`Decision::next_call_ms`](crate::Decision::next_call_ms): at once if the outcome raised a
    /// moment, such as a fulfilment that failed. Zero: no need.
    pub next_call_ms: i64,
}

/// Settles an outcome in a profile; whether that changed it. Cannot fail.
pub(crate) fn settle(
    policy: &Policy,
    bytes: &mut [u8],
    outcome: &Outcome,
    (lease, delta): (&mut Lease, &mut Delta),
    told: &mut Told,
) -> (Settled, bool) {
    let found = OpenOffers::of(policy).find(bytes, outcome.decision, outcome.slot);
    let (Some(entry), Some(state)) = (found, found.and_then(|entry| entry.state(bytes))) else {
        count_unattributed(policy, bytes, delta);
        return (Settled::Unattributed, false);
    };
    if state != OfferState::Accepted && entry.expires_ms(bytes) <= outcome.now_ms {
        expire(policy, bytes, entry, entry.expires_ms(bytes), (lease, delta), told);
        count_unattributed(policy, bytes, delta);
        return (Settled::Unattributed, true);
    }
    let credited =
        Settled::Credited { offer: entry.offer(bytes), treatment: entry.treatment(bytes) };
    let open = state < OfferState::Accepted;
    let (count, next) = match outcome.kind {
        OutcomeKind::Delivered => (TreatmentCount::Delivered, Some(OfferState::Delivered)),
        OutcomeKind::Seen => (TreatmentCount::Seen, Some(OfferState::Seen)),
        OutcomeKind::Clicked => (TreatmentCount::Clicked, Some(OfferState::Clicked)),
        OutcomeKind::Accepted => (TreatmentCount::Accepted, Some(OfferState::Accepted)),
        OutcomeKind::Rejected if open => (TreatmentCount::Rejected, None),
        OutcomeKind::Expired if open => (TreatmentCount::Expired, None),
        OutcomeKind::Fulfilled if !open => (TreatmentCount::Fulfilled, None),
        OutcomeKind::Failed if !open => (TreatmentCount::Failed, None),
        _ => return (Settled::OutOfOrder, false),
    };
    if next.is_some_and(|next| next <= state) {
        return (Settled::Repeated, false);
    }
    if matches!(outcome.kind, OutcomeKind::Accepted | OutcomeKind::Rejected)
        && let Some(position) =
            entry.moment(bytes).and_then(|moment| policy.moment_position(moment))
    {
        MomentState::of(policy, position).end(bytes);
        stop_waiting(policy, bytes);
    }
    let interaction = Interaction::of(entry, bytes, outcome.kind.step(), outcome.now_ms);
    told.fold(policy, bytes, interaction);
    match next {
        Some(next) => {
            if next == OfferState::Accepted {
                commit_budgets(policy, bytes, entry, delta);
            }
            entry.set_state(bytes, next);
            count_treatment(policy, bytes, entry, count, delta);
        }
        None => close(policy, bytes, entry, count, lease, delta),
    }
    (credited, true)
}

/// Closes offers whose time to be taken is over. One that was accepted waits to be fulfilled.
pub(crate) fn sweep_expired(
    policy: &Policy,
    bytes: &mut [u8],
    now_ms: i64,
    (lease, delta): (&mut Lease, &mut Delta),
    told: &mut Told,
) {
    if !OpenOffers::some_due(bytes, now_ms) {
        return;
    }
    let over: SmallVec<[Entry; OPEN_OFFERS]> =
        OpenOffers::of(policy).expired(bytes, now_ms).collect();
    for entry in over {
        expire(policy, bytes, entry, entry.expires_ms(bytes), (lease, delta), told);
    }
}

/// Closes an offer that nobody answered, as of a time.
fn expire(
    policy: &Policy,
    bytes: &mut [u8],
    entry: Entry,
    time_ms: i64,
    (lease, delta): (&mut Lease, &mut Delta),
    told: &mut Told,
) {
    let expired = Interaction::of(entry, bytes, InteractionStep::Expired, time_ms);
    told.fold(policy, bytes, expired);
    close(policy, bytes, entry, TreatmentCount::Expired, lease, delta);
}

/// Gives back what offers that wait for an answer have reserved, when the profile is erased. What
/// was accepted is committed, and stays so.
pub(crate) fn release(policy: &Policy, bytes: &[u8], lease: &mut Lease, delta: &mut Delta) {
    for entry in OpenOffers::of(policy).used(bytes) {
        if entry.state(bytes) != Some(OfferState::Accepted) {
            refund_budgets(policy, bytes, entry, lease, delta);
        }
    }
}

/// An entry for one more offer of a decision. When all are taken one that the decision does not show
/// is closed for it, as expired, and counted in the header.
pub(super) fn make_room(
    policy: &Policy,
    bytes: &mut [u8],
    shown: &[Offered],
    now_ms: i64,
    (lease, delta): (&mut Lease, &mut Delta),
    told: &mut Told,
) -> Option<Entry> {
    let entry = OpenOffers::of(policy).next(bytes, |entry| {
        let made = (entry.decision(bytes), entry.slot(bytes));
        shown.iter().any(|offered| (offered.decision, offered.slot) == made)
    })?;
    match entry.state(bytes) {
        None => return Some(entry),
        Some(OfferState::Accepted) => entry.close(bytes),
        Some(_) => expire(policy, bytes, entry, now_ms, (lease, delta), told),
    }
    let count = read_u32(bytes, header::CROWDED_OUT).saturating_add(1);
    write_u32(bytes, header::CROWDED_OUT, count);
    Some(entry)
}

/// Counts and closes; what an offer that was not taken reserved comes back.
fn close(
    policy: &Policy,
    bytes: &mut [u8],
    entry: Entry,
    count: TreatmentCount,
    lease: &mut Lease,
    delta: &mut Delta,
) {
    if matches!(count, TreatmentCount::Rejected | TreatmentCount::Expired) {
        refund_budgets(policy, bytes, entry, lease, delta);
    }
    count_treatment(policy, bytes, entry, count, delta);
    entry.close(bytes);
}

/// Nothing that test subscribers do is counted.
fn is_test(policy: &Policy, bytes: &[u8]) -> bool {
    policy.is_test(read_u64(bytes, header::SUBSCRIBER))
}

fn count_treatment(
    policy: &Policy,
    bytes: &[u8],
    entry: Entry,
    count: TreatmentCount,
    delta: &mut Delta,
) {
    let position = policy.treatment_position(entry.treatment(bytes));
    if let Some(position) = position.filter(|_| !is_test(policy, bytes)) {
        delta.count_treatment(position, count);
    }
}

fn count_unattributed(policy: &Policy, bytes: &[u8], delta: &mut Delta) {
    if !is_test(policy, bytes) {
        delta.count_unattributed();
    }
}

fn commit_budgets(policy: &Policy, bytes: &[u8], entry: Entry, delta: &mut Delta) {
    for draw in draws(policy, bytes, entry) {
        delta.count_budget(draw.budget, BudgetCount::Committed, draw.amount);
    }
}

fn refund_budgets(
    policy: &Policy,
    bytes: &[u8],
    entry: Entry,
    lease: &mut Lease,
    delta: &mut Delta,
) {
    for draw in draws(policy, bytes, entry) {
        let budget = policy.tables.budgets.get(usize::from(draw.budget));
        if budget.is_some_and(|budget| budget.refundable) {
            let refunded = lease.refund(*draw);
            delta.count_budget(draw.budget, BudgetCount::Refunded, refunded);
            delta.count_budget(draw.budget, BudgetCount::Released, draw.amount - refunded);
        }
    }
}

/// What an open offer drew. Nothing is known of one that was made under other terms: giving back
/// today's amounts could invent budget.
fn draws<'p>(policy: &'p Policy, bytes: &[u8], entry: Entry) -> &'p [Draw] {
    policy
        .treatment_position(entry.treatment(bytes))
        .filter(|position| entry.made_on(bytes, policy.terms(*position)))
        .and_then(|position| policy.tables.treatments.get(position))
        .map_or(&[], |treatment| &treatment.draws)
}
