//! Decisions as C gets them.

use super::stage::OPPORTUNE_STAGES_MAX;
use super::structs::Versioned;
use super::value::opportune_value;
use crate::base::ids::{IntentId, MomentId};
use crate::base::limits::{
    DECISION_ARMS_MAX, DECISION_OFFERS_MAX, MOMENTS_RAISED_MAX, OFFER_PARAMETERS_MAX,
};
use crate::decision::{Decision, Offered, ShadowOffer};
use crate::moment::RaisedMoment;
use crate::policy::{Arm, Assignment};

/// Offers in one decision.
pub const OPPORTUNE_DECISION_OFFERS_MAX: usize = 4;
/// Parameters of one offer.
pub const OPPORTUNE_OFFER_PARAMETERS_MAX: usize = 4;
/// Moments that one message can raise.
pub const OPPORTUNE_MOMENTS_MAX: usize = 8;

/// Experiments of which one decision tells.
pub const OPPORTUNE_DECISION_ARMS_MAX: usize = 16;

/// Gets offers.
pub const OPPORTUNE_ARM_TREATED: u32 = 1;
/// Gets none but those of exempt kinds, to measure what offers are worth.
pub const OPPORTUNE_ARM_CONTROL: u32 = 2;

const _: () = {
    assert!(OPPORTUNE_DECISION_OFFERS_MAX == DECISION_OFFERS_MAX);
    assert!(OPPORTUNE_OFFER_PARAMETERS_MAX == OFFER_PARAMETERS_MAX);
    assert!(OPPORTUNE_MOMENTS_MAX == MOMENTS_RAISED_MAX);
    assert!(OPPORTUNE_DECISION_ARMS_MAX == DECISION_ARMS_MAX);
    assert!(OPPORTUNE_ARM_TREATED == Arm::Treated as u32);
    assert!(OPPORTUNE_ARM_CONTROL == Arm::Control as u32);
};

/// A moment that is true now. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct opportune_moment {
    /// Which moment.
    pub id: u32,
    /// What the subscriber wants in it.
    pub intent: u32,
    /// How pronounced it is, 0 to 1.
    pub strength: f64,
    /// How soon the answer must come to be of use, 0 to 1.
    pub urgency: f64,
    /// Until when it counts, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
    /// 1: an earlier message raised it, and it is still active. 0: this one did.
    pub earlier: u32,
    /// 0.
    pub reserved: u32,
}

/// The arm of an experiment that the subscriber is in. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct opportune_assignment {
    /// Which experiment: the feature called "experiment." and its name, or "control." and the name
    /// of the issue or group.
    pub experiment: u32,
    /// Which arm: the member of that feature.
    pub arm: u32,
}

/// An offer in shadow that would have been made. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct opportune_shadow_offer {
    /// What would have been offered.
    pub offer: u32,
    /// In which form.
    pub treatment: u32,
    /// The moment that it would have answered; 0 where only a channel asked.
    pub moment: u32,
    /// 0.
    pub reserved: u32,
    /// Expected value in micro-units of money; what offers are ranked by.
    pub score: f64,
    /// The probability with which it would have been chosen for its place.
    pub probability: f64,
}

/// An offer that a decision makes. This shape is frozen.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct opportune_offered {
    /// What is offered.
    pub offer: u32,
    /// In which form.
    pub treatment: u32,
    /// Where.
    pub channel: u32,
    /// Which text or picture says it.
    pub content: u32,
    /// The moment that it answers. 0: none, it fills a place that is left.
    pub moment: u32,
    /// How many parameters.
    pub parameter_count: u32,
    /// Expected value in micro-units of money; what offers are ranked by.
    pub score: f64,
    /// The probability that it is accepted, as the snapshot knows it.
    pub propensity: f64,
    /// The probability with which this offer was chosen for its place, given the places before.
    pub probability: f64,
    /// Until when it can be taken, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
    /// The decision that made it, which outcomes name: this one; or, in the answer to a channel
    /// that asks, the earlier one that made an offer which is open still.
    pub decision: u64,
    /// Its place among the offers of the decision that made it, which outcomes name.
    pub slot: u32,
    /// 0.
    pub reserved: u32,
    /// Values for the content, in the order of the policy; one that the profile lacks the data
    /// for has OPPORTUNE_TYPE_NONE.
    pub parameters: [opportune_value; OPPORTUNE_OFFER_PARAMETERS_MAX],
}

/// The answer to a message: offers in order, or none with the reason. Set struct_size; the rest
/// is written by the call.
#[repr(C)]
pub struct opportune_decision {
    /// sizeof(opportune_decision).
    pub struct_size: usize,
    /// Stands for this decision in outcomes, logs and open offers: the same for every
    /// transmission of the message. Never 0.
    pub id: u64,
    /// The revision of the profile that the call wrote (or kept, if repeated).
    pub revision: u64,
    /// When to call opportune_tick for this subscriber, unless a message comes before that, in
    /// milliseconds since the Unix epoch: a pattern waits for something not to happen, a moment is
    /// due, or an offer waits for the end of quiet hours. It stands in place of what earlier
    /// decisions said; a time that has come stays until the tick. 0: no need.
    pub next_call_ms: i64,
    /// 1: the message had been decided before; nothing has changed, nothing is offered again.
    pub repeated: u32,
    /// 1: a budget of the lease is nearly used up; ask for more.
    pub lease_low: u32,
    /// One of OPPORTUNE_ARM_...: the subscriber's arm of the universal control group experiment. 0
    /// when no moment was raised, and the arms are treated alike.
    pub arm: u32,
    /// One of OPPORTUNE_STAGE_...: the furthest that any candidate came. OPPORTUNE_STAGE_OFFERED
    /// when there are offers, else why there are none.
    pub furthest: u32,
    /// How many offers there are.
    pub offer_count: u32,
    /// How many moments the message raised or found active.
    pub moment_count: u32,
    /// What to offer: to a channel that asks first what is open for the subscriber already, then
    /// what is new, best first, then what fills the places that are left.
    pub offers: [opportune_offered; OPPORTUNE_DECISION_OFFERS_MAX],
    /// How many candidates fell out at each stage. Written as far as struct_size reaches.
    pub stages: [u32; OPPORTUNE_STAGES_MAX],
    /// The moments, first by priority. Written as far as struct_size reaches.
    pub moments: [opportune_moment; OPPORTUNE_MOMENTS_MAX],
    /// How many arms there are.
    pub assignment_count: u32,
    /// How many offers in shadow there are.
    pub shadow_count: u32,
    /// The subscriber's arms of the experiments, and of the control groups of issues and groups,
    /// that can have changed this decision. Written as far as struct_size reaches.
    pub assignments: [opportune_assignment; OPPORTUNE_DECISION_ARMS_MAX],
    /// What would have been offered, but is in shadow: nothing to deliver. Written as far as
    /// struct_size reaches.
    pub shadows: [opportune_shadow_offer; OPPORTUNE_DECISION_OFFERS_MAX],
    /// 1: the subscriber is one of the policy's test_subscribers. Quiet hours, caps, control groups
    /// and budgets did not bind it (consent did), nothing was taken from the lease, and nothing of
    /// it enters a delta.
    pub test: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, then numbers, and values that hold numbers and pointers.
unsafe impl Versioned for opportune_decision {
    const SIZE_MIN: usize = core::mem::offset_of!(opportune_decision, stages);
}

impl From<&RaisedMoment> for opportune_moment {
    fn from(moment: &RaisedMoment) -> opportune_moment {
        opportune_moment {
            id: moment.id.0,
            intent: moment.intent.0,
            strength: moment.strength,
            urgency: moment.urgency,
            expires_ms: moment.expires_ms,
            earlier: u32::from(moment.earlier),
            reserved: 0,
        }
    }
}

impl From<&Assignment> for opportune_assignment {
    fn from(assignment: &Assignment) -> opportune_assignment {
        opportune_assignment { experiment: assignment.experiment.0, arm: assignment.arm.0 }
    }
}

impl From<&ShadowOffer> for opportune_shadow_offer {
    fn from(shadow: &ShadowOffer) -> opportune_shadow_offer {
        opportune_shadow_offer {
            offer: shadow.offer.0,
            treatment: shadow.treatment.0,
            moment: shadow.moment.map_or(0, |moment| moment.0),
            reserved: 0,
            score: shadow.score,
            probability: shadow.probability,
        }
    }
}

impl From<&opportune_moment> for RaisedMoment {
    fn from(moment: &opportune_moment) -> RaisedMoment {
        RaisedMoment {
            id: MomentId(moment.id),
            intent: IntentId(moment.intent),
            strength: moment.strength,
            urgency: moment.urgency,
            expires_ms: moment.expires_ms,
            earlier: moment.earlier != 0,
        }
    }
}

impl From<&Offered> for opportune_offered {
    fn from(offered: &Offered) -> opportune_offered {
        opportune_offered {
            offer: offered.offer.0,
            treatment: offered.treatment.0,
            channel: offered.channel.0,
            content: offered.content.0,
            moment: offered.moment.map_or(0, |moment| moment.0),
            parameter_count: offered.parameters.len() as u32,
            score: offered.score,
            propensity: offered.propensity,
            probability: offered.probability,
            expires_ms: offered.expires_ms,
            decision: offered.decision,
            slot: u32::from(offered.slot),
            reserved: 0,
            parameters: filled(
                offered.parameters.iter().map(|p| opportune_value::new(p.id.0, p.value)),
                opportune_value::NONE,
            ),
        }
    }
}

impl From<&Decision> for opportune_decision {
    fn from(decision: &Decision) -> opportune_decision {
        opportune_decision {
            struct_size: size_of::<opportune_decision>(),
            id: decision.id,
            revision: decision.revision,
            next_call_ms: decision.next_call_ms,
            repeated: u32::from(decision.repeated),
            lease_low: u32::from(decision.lease_low),
            arm: decision.arm.map_or(0, |arm| arm as u32),
            furthest: decision.furthest as u32,
            offer_count: decision.offers.len() as u32,
            moment_count: decision.moments.len() as u32,
            offers: filled(decision.offers.iter().map(Into::into), opportune_offered::NONE),
            stages: filled(decision.stages.iter().copied(), 0),
            moments: filled(decision.moments.iter().map(Into::into), opportune_moment::NONE),
            assignment_count: decision.arms.len() as u32,
            shadow_count: decision.shadows.len() as u32,
            assignments: filled(
                decision.arms.iter().map(Into::into),
                opportune_assignment { experiment: 0, arm: 0 },
            ),
            shadows: filled(
                decision.shadows.iter().map(Into::into),
                opportune_shadow_offer {
                    offer: 0,
                    treatment: 0,
                    moment: 0,
                    reserved: 0,
                    score: 0.0,
                    probability: 0.0,
                },
            ),
            test: u32::from(decision.test),
            reserved: 0,
        }
    }
}

impl opportune_offered {
    const NONE: opportune_offered = opportune_offered {
        offer: 0,
        treatment: 0,
        channel: 0,
        content: 0,
        moment: 0,
        parameter_count: 0,
        score: 0.0,
        propensity: 0.0,
        probability: 0.0,
        expires_ms: 0,
        decision: 0,
        slot: 0,
        reserved: 0,
        parameters: [opportune_value::NONE; OPPORTUNE_OFFER_PARAMETERS_MAX],
    };
}

impl opportune_moment {
    pub(super) const NONE: opportune_moment = opportune_moment {
        id: 0,
        intent: 0,
        strength: 0.0,
        urgency: 0.0,
        expires_ms: 0,
        earlier: 0,
        reserved: 0,
    };
}

/// An array that begins with these and goes on with nothing.
pub(super) fn filled<T: Copy, const N: usize>(
    items: impl Iterator<Item = T>,
    nothing: T,
) -> [T; N] {
    let mut out = [nothing; N];
    for (slot, item) in out.iter_mut().zip(items) {
        *slot = item;
    }
    out
}
