//! From raised moments to offers.

use super::arbitration::{Candidate, score, worth};
use super::arms::list_arms;
use super::change::helping;
use super::continuing::{continued, filling_still};
use super::gates::Gates;
use super::search::{Search, SearchSpace};
use super::shadow::{self, Rivals};
use super::workspace::Workspace;
use super::{Context, Decision, Fate, NoTrace, Offered, Stage, Trace};
use crate::base::ids::{IntentId, MomentId};
use crate::base::limits::{DECISION_OFFERS_MAX, MOMENTS_RAISED_MAX};
use crate::base::steps::step;
use crate::expr::evaluate;
use crate::moment::{Moments, RaisedMoment};
use crate::policy::{Moment, Offer, Policy};
use crate::profile::{Features, Parameter, Value};
use crate::snapshot::{Lease, Snapshot};

/// In place of a moment's position: the offer fills a place that is left.
const NO_MOMENT: u8 = u8::MAX;
const _: () = assert!(MOMENTS_RAISED_MAX < NO_MOMENT as usize);

/// What a decision is made from, besides the profile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inputs<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) decision: u64,
    pub(crate) seed: u64,
    pub(crate) now_ms: i64,
    pub(crate) subscriber: &'a [u8],
    /// Whether it is a test subscriber.
    pub(crate) test: bool,
}

impl Inputs<'_> {
    /// The terms of a treatment, for an open offer. What a test subscriber gets has reserved nothing
    /// and has nothing to give back: its terms are none that any treatment has.
    pub(super) fn terms(&self, treatment: usize) -> u32 {
        let terms = self.policy.terms(treatment);
        if self.test { !terms } else { terms }
    }
}

/// Decides on the moments in `decision`, of which there is one at least unless a channel asks, and
/// writes there what is offered; changes nothing else.
/// O(offers that answer the raised moments): a bit each while their
/// rules are looked up, more for those that are left.
pub(crate) fn allocate<'a, T: Trace>(
    features: &mut Features<'a>,
    decision: &mut Decision,
    inputs: &Inputs<'a>,
    context: &Context,
    lease: &Lease,
    workspace: &mut Workspace,
    trace: &mut T,
) {
    let Decision { moments, stages, .. } = decision;
    let arm = inputs.policy.arm(inputs.subscriber);
    features.choose_for(inputs.subscriber, inputs.snapshot.switches());
    let Workspace { gates: answers, search } = workspace;
    let mut gates = Gates::new(features, inputs, arm, context, lease, answers);
    let mut rivals = Rivals::new(inputs, context);
    let waits = if by_index::<T>(inputs.policy, moments) {
        search_all(&mut gates, search, moments, &mut rivals, stages)
    } else {
        ask_all(&mut gates, moments, &mut rivals, stages, trace)
    };
    if waits {
        decision.next_call_ms = gates.quiet_until_ms();
    }
    decision.arm = Some(arm);
    list_arms(gates.features, context, &decision.moments, &mut decision.arms);
    if context.channel.is_some() {
        decision.offers = continued(&mut gates, context);
    }

    rivals.list_shadows(inputs, context, lease, decision);
    let ranking = &rivals.live;
    let chosen = ranking.choose(inputs, context, lease, &decision.offers);
    for candidate in ranking.best() {
        let offered = chosen.iter().any(|(other, _)| other.offer == candidate.offer);
        let stage = if offered { Stage::Offered } else { Stage::Outranked };
        trace.fate(Fate::scored(candidate.id, stage, candidate.score));
    }
    decision.stages[Stage::Offered as usize] = chosen.len() as u32;
    decision.stages[Stage::Outranked as usize] = ranking.ranked - chosen.len() as u32;
    for (candidate, probability) in &chosen {
        let offered = make_offer(gates.features, inputs, decision, candidate, *probability);
        decision.offers.extend(offered);
    }
    if context.channel.is_some() {
        fill(&mut gates, decision, context);
    }
    decision.furthest = furthest(decision);
}

/// The furthest that any candidate came.
fn furthest(decision: &Decision) -> Stage {
    if !decision.offers.is_empty() {
        return Stage::Offered;
    }
    if decision.moments.is_empty() {
        return Stage::NoMoment;
    }
    let reached = |stage: &Stage| decision.stages[*stage as usize] > 0;
    Stage::ALL.into_iter().rev().find(reached).unwrap_or(Stage::NoCandidate)
}

/// Fills the places that are left of a channel that asks with the offers that are there for that,
/// in the order of the policy, whatever their score, but no group twice. O(fallbacks).
fn fill(gates: &mut Gates, decision: &mut Decision, context: &Context) {
    let inputs = gates.inputs;
    let places = usize::from(context.slots).min(DECISION_OFFERS_MAX);
    for &position in &inputs.policy.tables.fallbacks {
        if decision.offers.len() == places {
            return;
        }
        step(1);
        let Some(offer) = inputs.policy.tables.offers.get(position as usize) else { continue };
        let shown = |other: &Offered| group_of(inputs.policy, other) == Some(offer.group);
        let stays = decision.offers.iter().any(shown) || shadow::in_shadow(inputs, offer);
        if stays {
            continue;
        }
        if let Some(open) = filling_still(gates, offer.id, context) {
            decision.offers.push(open);
            continue;
        }
        if gates.rules(offer).is_err() {
            continue;
        }
        let Ok(candidate) = consider(gates, position, offer, (NO_MOMENT, IntentId(0))) else {
            continue;
        };
        if !gates.covered_beside(candidate.treatment, decision) {
            continue;
        }
        let offered = make_offer(gates.features, inputs, decision, &candidate, 1.0);
        decision.stages[Stage::Offered as usize] += u32::from(offered.is_some());
        decision.offers.extend(offered);
    }
}

/// The group of an offer that is made.
pub(super) fn group_of(policy: &Policy, offered: &Offered) -> Option<u16> {
    let position = policy.offer_position(offered.offer)?;
    policy.tables.offers.get(position).map(|offer| offer.group)
}

/// Whether candidates are found through the index: when nobody watches, and there are enough.
fn by_index<T: Trace>(policy: &Policy, moments: &Moments) -> bool {
    let candidates = moments.iter().map(|moment| answering(policy, moment.id).len());
    !T::WATCHES && policy.index.pays(candidates.sum())
}

/// Takes the offers of the moments through the stages, one by one; whether one of them waits for
/// the end of quiet hours that a tick can tell of.
fn ask_all<T: Trace>(
    gates: &mut Gates,
    moments: &Moments,
    rivals: &mut Rivals,
    stages: &mut [u32; Stage::COUNT],
    trace: &mut T,
) -> bool {
    let policy = gates.inputs.policy;
    let mut waits = false;
    for (place, moment) in moments.iter().enumerate() {
        let can_wait = can_wait(policy, moment, gates.quiet_until_ms());
        for &position in answering(policy, moment.id) {
            step(1);
            let Some(offer) = policy.tables.offers.get(position as usize) else { continue };
            if !gates.first_look(position) {
                continue;
            }
            let passed = gates.rules(offer);
            match passed
                .and_then(|()| consider(gates, position, offer, (place as u8, moment.intent)))
            {
                Ok(candidate) => rivals.insert(candidate, gates.inputs, offer, stages, trace),
                Err(stage) => {
                    waits |= stage == Stage::QuietHours && can_wait;
                    stages[stage as usize] += 1;
                    if T::WATCHES {
                        let refused_by = gates.refused_by(offer, stage);
                        let changes = refused_by.map(|_| helping(gates, offer)).unwrap_or_default();
                        trace.fate(Fate {
                            offer: offer.id,
                            stage,
                            refused_by,
                            changes,
                            score: None,
                        });
                    }
                }
            }
        }
    }
    waits
}

/// The same through the index. Candidates come in another order, which their ranking and the
/// counts do not depend on.
fn search_all(
    gates: &mut Gates,
    space: &mut SearchSpace,
    moments: &Moments,
    rivals: &mut Rivals,
    stages: &mut [u32; Stage::COUNT],
) -> bool {
    let policy = gates.inputs.policy;
    let mut search = Search::new(gates.inputs, space, moments.len() > 1);
    let mut waits = false;
    for (place, raised) in moments.iter().enumerate() {
        let Some(moment) = policy.moment_position(raised.id) else { continue };
        let can_wait = can_wait(policy, raised, gates.quiet_until_ms());
        search.moment(moment, gates, stages, |gates, stages, at| {
            step(1);
            let position = policy.index.offer(at);
            let Some(offer) = policy.tables.offers.get(position as usize) else { return };
            match consider(gates, position, offer, (place as u8, raised.intent)) {
                Ok(candidate) => {
                    rivals.insert(candidate, gates.inputs, offer, stages, &mut NoTrace);
                }
                Err(stage) => {
                    waits |= stage == Stage::QuietHours && can_wait;
                    stages[stage as usize] += 1;
                }
            }
        });
    }
    waits
}

/// Whether a call at the end of quiet hours would find the moment.
fn can_wait(policy: &Policy, raised: &RaisedMoment, quiet_until_ms: i64) -> bool {
    raised.expires_ms > quiet_until_ms
        || moment_of(policy, raised.id).is_some_and(|moment| moment.on_tick)
}

fn moment_of(policy: &Policy, id: MomentId) -> Option<&Moment> {
    policy.moment_position(id).and_then(|position| policy.tables.moments.get(position))
}

/// Positions of the offers that answer a moment.
pub(super) fn answering(policy: &Policy, moment: MomentId) -> &[u32] {
    moment_of(policy, moment)
        .map(|moment| moment.offers.start as usize..moment.offers.end as usize)
        .and_then(|range| policy.tables.moment_offers.get(range))
        .unwrap_or(&[])
}

/// Takes an offer whose rules hold through the other stages; its best treatment if one passes, else
/// where it fell out.
fn consider(
    gates: &mut Gates,
    position: u32,
    offer: &Offer,
    (moment, intent): (u8, IntentId),
) -> Result<Candidate, Stage> {
    let touch = gates.offer(position, offer, intent)?;
    let tables = &gates.inputs.policy.tables;
    let mut furthest = Stage::Unreachable;
    let mut best: Option<Candidate> = None;
    let mut worth_memo = None;
    for treatment_position in offer.treatments.clone() {
        step(1);
        let at = treatment_position as usize;
        let Some(treatment) = tables.treatments.get(at) else { continue };
        let Some(channel) = tables.channels.get(usize::from(treatment.channel)) else { continue };
        if let Err(stage) = gates.treatment(treatment, channel, touch) {
            furthest = furthest.max(stage);
            continue;
        }
        let worth = *worth_memo.get_or_insert_with(|| worth(gates.features, offer));
        let score = worth.map(|worth| score(gates.inputs, worth, at, treatment, channel));
        // What fills a place that is left needs none.
        let score = if moment == NO_MOMENT { score.or(Some(0.0)) } else { score };
        match score {
            Some(score) if score >= tables.score_micros_min || moment == NO_MOMENT => {
                // Treatments are in order of their ids: of equal scores the first stays.
                if best.is_none_or(|best| score > best.score) {
                    best = Some(Candidate {
                        offer: position,
                        id: offer.id,
                        treatment: treatment_position,
                        moment,
                        group: offer.group,
                        score,
                    });
                }
            }
            _ => furthest = furthest.max(Stage::ScoreTooLow),
        }
    }
    best.ok_or(furthest)
}

fn make_offer(
    features: &mut Features,
    inputs: &Inputs,
    decision: &Decision,
    candidate: &Candidate,
    probability: f64,
) -> Option<Offered> {
    let tables = &inputs.policy.tables;
    let offer = tables.offers.get(candidate.offer as usize)?;
    let treatment = tables.treatments.get(candidate.treatment as usize)?;
    let channel = tables.channels.get(usize::from(treatment.channel))?;
    let moment = decision.moments.get(usize::from(candidate.moment)).map(|moment| moment.id);
    let parameters = offer
        .parameters
        .iter()
        .map(|parameter| Parameter {
            id: parameter.id,
            value: Value::of_cell(
                evaluate(inputs.policy.code(parameter.value), features),
                parameter.ty,
            ),
        })
        .collect();
    Some(Offered {
        decision: inputs.decision,
        slot: decision.offers.len() as u8,
        offer: offer.id,
        treatment: treatment.id,
        channel: channel.id,
        content: treatment.content,
        moment,
        parameters,
        score: candidate.score,
        propensity: inputs.snapshot.propensity_at(candidate.treatment as usize),
        probability,
        expires_ms: inputs.now_ms.saturating_add(offer.open_ms),
    })
}
