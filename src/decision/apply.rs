//! What a decision writes: moments, contacts and open offers into the profile, reservations into the
//! lease, counts into the delta.

use super::interaction::{Interaction, Told};
use super::outcome::make_room;
use super::shadow;
use super::{Context, Decision, Inputs, Offered};
use crate::moment::{MomentState, RaisedMoment, stop_waiting};
use crate::policy::{InteractionStep, Policy};
use crate::profile::{Contact, Log, NewOffer};
use crate::snapshot::{BudgetCount, Delta, Lease, TreatmentCount};

/// Writes a decision down: moments, contacts and open offers into the profile, reservations into
/// the lease, counts into the delta. Cannot fail.
pub(crate) fn apply(
    inputs: &Inputs,
    context: &Context,
    decision: &mut Decision,
    bytes: &mut [u8],
    (lease, delta): (&mut Lease, &mut Delta),
    told: &mut Told,
) {
    let policy = inputs.policy;
    for raised in decision.moments.iter().filter(|moment| !moment.earlier) {
        if !inputs.test {
            count_moment(policy, raised, delta);
        }
        raise(policy, bytes, raised);
    }
    for offered in decision.offers.iter().filter(|offered| offered.decision == decision.id) {
        let Some(position) = policy.treatment_position(offered.treatment) else { continue };
        let Some(treatment) = policy.tables.treatments.get(position) else { continue };
        if !inputs.test {
            decision.lease_low |= lease.reserve(&treatment.draws);
            for draw in &treatment.draws {
                delta.count_budget(draw.budget, BudgetCount::Reserved, draw.amount);
            }
            delta.count_treatment(position, TreatmentCount::Offered);
        }
        if context.channel.is_none() {
            let kind = policy.tables.offers.get(treatment.offer as usize).map(|offer| offer.kind);
            let contact = Contact {
                time_ms: inputs.now_ms,
                offer: offered.offer,
                channel: offered.channel,
                intent: policy.intent_of(offered.moment),
                kind,
                step: None,
            };
            Log::of_contacts(policy).record(bytes, contact);
        }
        if let Some(entry) =
            make_room(policy, bytes, &decision.offers, inputs.now_ms, (lease, delta), told)
        {
            let terms = inputs.terms(position);
            let inbound = context.channel.is_some();
            entry.write(bytes, &open_offer(inputs, (terms, inbound), offered));
            let offered = Interaction::of(entry, bytes, InteractionStep::Offered, inputs.now_ms);
            told.fold(policy, bytes, offered);
        }
        answer(policy, bytes, offered, context, inputs.now_ms);
    }
    if !inputs.test {
        shadow::count(inputs, &decision.shadows, delta);
    }
    // What is not raised ends nothing.
    if !decision.moments.is_empty() {
        stop_waiting(policy, bytes);
    }
}

fn open_offer<'o>(
    inputs: &Inputs,
    (terms, inbound): (u32, bool),
    offered: &'o Offered,
) -> NewOffer<'o> {
    NewOffer {
        decision: offered.decision,
        slot: offered.slot,
        moment: offered.moment,
        offer: offered.offer,
        treatment: offered.treatment,
        channel: offered.channel,
        inbound,
        made_ms: inputs.now_ms,
        expires_ms: offered.expires_ms,
        probability: offered.probability,
        terms,
        parameters: &offered.parameters,
    }
}

pub(super) fn count_moment(policy: &Policy, raised: &RaisedMoment, delta: &mut Delta) {
    if let Some(position) = policy.moment_position(raised.id) {
        delta.count_moment(position);
    }
}

/// A moment becomes active, and ends those that it supersedes.
pub(super) fn raise(policy: &Policy, bytes: &mut [u8], raised: &RaisedMoment) {
    let Some(position) = policy.moment_position(raised.id) else { return };
    MomentState::of(policy, position).raise(bytes, raised.expires_ms);
    let moment = policy.tables.moments.get(position);
    for other in moment.into_iter().flat_map(|moment| &moment.supersedes) {
        MomentState::of(policy, usize::from(*other)).end(bytes);
    }
}

/// The moment that an offer answered stays silent for a while. A contact ends it; what a channel
/// shows that asked leaves it to be answered elsewhere.
fn answer(policy: &Policy, bytes: &mut [u8], offered: &Offered, context: &Context, now_ms: i64) {
    let position = offered.moment.and_then(|moment| policy.moment_position(moment));
    let Some(position) = position else { return };
    let Some(moment) = policy.tables.moments.get(position) else { return };
    let state = MomentState::of(policy, position);
    if context.channel.is_none() {
        state.end(bytes);
    }
    if moment.snooze_ms > 0 {
        state.snooze(bytes, now_ms.saturating_add(moment.snooze_ms));
    }
}
