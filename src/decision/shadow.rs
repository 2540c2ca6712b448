//! Shadow mode: what is decided in full and never made.

use smallvec::SmallVec;

use super::arbitration::{Candidate, Ranking};
use super::{Context, Decision, Fate, Inputs, NoTrace, Stage, Trace};
use crate::base::ids::{MomentId, OfferId, TreatmentId};
use crate::base::limits::DECISION_OFFERS_MAX;
use crate::policy::Offer;
use crate::snapshot::{Delta, Lease, TreatmentCount};

/// An offer in shadow that would have been made: by itself, if nothing else were in shadow the
/// same decision. It is no contact, opens nothing and takes nothing from budgets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShadowOffer {
    /// What would have been offered.
    pub offer: OfferId,
    /// In which form.
    pub treatment: TreatmentId,
    /// The moment that it would have answered; none where only a channel asked.
    pub moment: Option<MomentId>,
    /// Expected value in micro-units of money; what offers are ranked by.
    pub score: f64,
    /// The probability with which it would have been chosen for its place.
    pub probability: f64,
}

/// The candidates of a decision: those that can be made, and all as if none were in shadow.
pub(super) struct Rivals {
    pub(super) live: Ranking,
    /// Only while something is in shadow.
    all: Option<Ranking>,
}

impl Rivals {
    pub(super) fn new(inputs: &Inputs, context: &Context) -> Rivals {
        let all = inputs.snapshot.switches().has_shadows().then(|| Ranking::new(context));
        Rivals { live: Ranking::new(context), all }
    }

    /// Ranks one more. One in shadow never displaces another: it counts as switched off.
    pub(super) fn insert(
        &mut self,
        candidate: Candidate,
        inputs: &Inputs,
        offer: &Offer,
        stages: &mut [u32; Stage::COUNT],
        trace: &mut impl Trace,
    ) {
        let Some(all) = &mut self.all else { return self.live.insert(candidate, trace) };
        all.insert(candidate, &mut NoTrace);
        if in_shadow(inputs, offer) {
            stages[Stage::SwitchedOff as usize] += 1;
            trace.fate(Fate::scored(candidate.id, Stage::SwitchedOff, candidate.score));
        } else {
            self.live.insert(candidate, trace);
        }
    }

    /// Lists what would have been offered of what is in shadow.
    pub(super) fn list_shadows(
        &self,
        inputs: &Inputs,
        context: &Context,
        lease: &Lease,
        decision: &mut Decision,
    ) {
        let Some(all) = &self.all else { return };
        let tables = &inputs.policy.tables;
        for (candidate, probability) in all.choose(inputs, context, lease, &decision.offers) {
            let offer = tables.offers.get(candidate.offer as usize);
            let treatment = tables.treatments.get(candidate.treatment as usize);
            let moment = decision.moments.get(usize::from(candidate.moment));
            let (Some(offer), Some(treatment)) = (offer, treatment) else { continue };
            if in_shadow(inputs, offer) {
                decision.shadows.push(ShadowOffer {
                    offer: offer.id,
                    treatment: treatment.id,
                    moment: moment.map(|moment| moment.id),
                    score: candidate.score,
                    probability,
                });
            }
        }
    }
}

/// Whether an offer, its issue or the whole policy is in shadow.
pub(super) fn in_shadow(inputs: &Inputs, offer: &Offer) -> bool {
    let (switches, tables) = (inputs.snapshot.switches(), &inputs.policy.tables);
    let group = tables.groups.get(usize::from(offer.group));
    let issue = group.and_then(|group| tables.issues.get(usize::from(group.issue)));
    switches.shadow
        || switches.offers_shadow.contains(&offer.id)
        || issue.is_some_and(|issue| switches.issues_shadow.contains(&issue.id))
}

/// What is in shadow leaves a count, and nothing else.
pub(super) fn count(inputs: &Inputs, shadows: &Shadows, delta: &mut Delta) {
    for shadow in shadows {
        if let Some(position) = inputs.policy.treatment_position(shadow.treatment) {
            delta.count_treatment(position, TreatmentCount::Shadowed);
        }
    }
}

/// Those of one decision.
pub(crate) type Shadows = SmallVec<[ShadowOffer; DECISION_OFFERS_MAX]>;
