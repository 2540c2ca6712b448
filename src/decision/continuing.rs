//! Offers that are open already, in the answer to a channel that asks.

use smallvec::SmallVec;

use super::arbitration::{score, worth};
use super::contact::Touch;
use super::gates::Gates;
use super::{Context, Offered};
use crate::base::ids::OfferId;
use crate::base::limits::{DECISION_OFFERS_MAX, OPEN_OFFERS};
use crate::base::steps::step;
use crate::policy::Draw;
use crate::profile::{Entry, OfferState, OpenOffers};

/// The offers that a channel which asks goes on with, best first: those that answer a moment, are
/// open and have a treatment on that channel which draws on nothing but what was reserved. They keep
/// their terms, and outcomes name the decision that made them; nothing is reserved, counted or
/// remembered again. O(open offers).
pub(super) fn continued(
    gates: &mut Gates,
    context: &Context,
) -> SmallVec<[Offered; DECISION_OFFERS_MAX]> {
    let bytes = gates.features.bytes();
    let mut found: SmallVec<[Offered; OPEN_OFFERS]> = OpenOffers::of(gates.inputs.policy)
        .used(bytes)
        .filter(|entry| entry.moment(bytes).is_some())
        .filter_map(|entry| on_channel(gates, entry, context))
        .collect();
    found.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.offer.cmp(&b.offer)));
    found.into_iter().take(usize::from(context.slots).min(DECISION_OFFERS_MAX)).collect()
}

/// The same of an offer that fills a place which is left. O(open offers).
pub(super) fn filling_still(
    gates: &mut Gates,
    offer: OfferId,
    context: &Context,
) -> Option<Offered> {
    let bytes = gates.features.bytes();
    OpenOffers::of(gates.inputs.policy)
        .used(bytes)
        .filter(|entry| entry.moment(bytes).is_none() && entry.offer(bytes) == offer)
        .find_map(|entry| on_channel(gates, entry, context))
}

/// An open offer as the asking channel shows it, if it can.
fn on_channel(gates: &mut Gates, entry: Entry, context: &Context) -> Option<Offered> {
    step(1);
    let (inputs, bytes) = (gates.inputs, gates.features.bytes());
    let (policy, tables) = (inputs.policy, &inputs.policy.tables);
    let waits = entry.state(bytes).is_some_and(|state| state < OfferState::Accepted);
    let made = policy.treatment_position(entry.treatment(bytes))?;
    if !waits
        || entry.expires_ms(bytes) <= inputs.now_ms
        || !entry.made_on(bytes, inputs.terms(made))
    {
        return None;
    }
    let position = policy.offer_position(entry.offer(bytes))?;
    let offer = tables.offers.get(position)?;
    let taken = &tables.treatments.get(made)?.draws;
    let reserved = |draws: &[Draw]| {
        let covers =
            |draw: &Draw, other: &Draw| other.budget == draw.budget && other.amount >= draw.amount;
        draws.iter().all(|draw| taken.iter().any(|other| covers(draw, other)))
    };
    let touch = Touch::at(policy, position, policy.intent_of(entry.moment(bytes)));
    gates.still_made(offer, &touch).ok()?;
    let at = offer.treatments.clone().find(|at| {
        let treatment = tables.treatments.get(*at as usize);
        let channel = treatment.and_then(|t| tables.channels.get(usize::from(t.channel)));
        treatment.zip(channel).is_some_and(|(treatment, channel)| {
            let here = context.channel == Some(channel.id);
            here && reserved(&treatment.draws) && gates.shown(treatment, channel, touch).is_ok()
        })
    })? as usize;
    let treatment = tables.treatments.get(at)?;
    let channel = tables.channels.get(usize::from(treatment.channel))?;
    let kept = entry.read(bytes, offer.parameters.iter().map(|parameter| parameter.id))?;
    let worth = worth(gates.features, offer);
    Some(Offered {
        decision: kept.decision,
        slot: kept.slot,
        offer: offer.id,
        treatment: treatment.id,
        channel: channel.id,
        content: treatment.content,
        moment: entry.moment(bytes),
        parameters: kept.parameters,
        score: worth.map_or(0.0, |worth| score(inputs, worth, at, treatment, channel)),
        propensity: inputs.snapshot.propensity_at(at),
        probability: kept.probability,
        expires_ms: kept.expires_ms,
    })
}
