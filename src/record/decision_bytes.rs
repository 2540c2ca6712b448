//! Decisions as bytes.

use smallvec::SmallVec;

use super::message_bytes::{NO_ID, read_value, write_value};
use super::sink::Sink;
use crate::base::bytes::Reader;
use crate::base::ids::{
    ChannelId, ContentId, FeatureId, IntentId, MemberId, MomentId, OfferId, ParameterId,
    TreatmentId,
};
use crate::base::limits::DECISION_ARMS_MAX;
use crate::decision::{Decision, Offered, ShadowOffer, Stage};
use crate::moment::RaisedMoment;
use crate::policy::{Arm, Assignment};
use crate::profile::{Parameter, Value};

pub(super) fn write_decision(body: &mut impl Sink, decision: &Decision) {
    body.u64(decision.id);
    body.u8(u8::from(decision.repeated));
    body.u64(decision.revision);
    body.u8(decision.furthest as u8);
    body.u8(decision.arm.map_or(0, |arm| arm as u8));
    body.u8(decision.arms.len() as u8);
    for Assignment { experiment, arm } in &decision.arms {
        body.u32(experiment.0);
        body.u32(arm.0);
    }
    body.i64(decision.next_call_ms);
    body.u8(u8::from(decision.lease_low));
    body.u8(Stage::COUNT as u8);
    decision.stages.iter().for_each(|count| body.u32(*count));
    body.u8(decision.moments.len() as u8);
    for moment in &decision.moments {
        body.u32(moment.id.0);
        body.u32(moment.intent.0);
        body.u64(moment.strength.to_bits());
        body.u64(moment.urgency.to_bits());
        body.i64(moment.expires_ms);
        body.u8(u8::from(moment.earlier));
    }
    body.u8(decision.offers.len() as u8);
    decision.offers.iter().for_each(|offered| write_offered(body, offered));
    body.u8(u8::from(decision.test));
    body.u8(decision.shadows.len() as u8);
    for shadow in &decision.shadows {
        body.u32(shadow.offer.0);
        body.u32(shadow.treatment.0);
        body.u32(shadow.moment.map_or(NO_ID, |moment| moment.0));
        body.u64(shadow.score.to_bits());
        body.u64(shadow.probability.to_bits());
    }
}

fn write_offered(body: &mut impl Sink, offered: &Offered) {
    body.u64(offered.decision);
    body.u8(offered.slot);
    body.u32(offered.offer.0);
    body.u32(offered.treatment.0);
    body.u32(offered.channel.0);
    body.u32(offered.content.0);
    body.u32(offered.moment.map_or(NO_ID, |moment| moment.0));
    body.u64(offered.score.to_bits());
    body.u64(offered.propensity.to_bits());
    body.u64(offered.probability.to_bits());
    body.i64(offered.expires_ms);
    body.u8(offered.parameters.len() as u8);
    for parameter in &offered.parameters {
        body.u32(parameter.id.0);
        match parameter.value {
            Some(value) => write_value(body, value),
            None => body.u8(0),
        }
    }
}

pub(super) fn read_decision(body: &mut Reader) -> Option<Decision> {
    let mut decision = Decision {
        id: body.u64()?,
        repeated: flag(body)?,
        revision: body.u64()?,
        furthest: Stage::from_number(u32::from(body.u8()?))?,
        arm: match body.u8()? {
            0 => None,
            1 => Some(Arm::Treated),
            2 => Some(Arm::Control),
            _ => return None,
        },
        arms: read_arms(body)?,
        next_call_ms: body.i64()?,
        lease_low: flag(body)?,
        stages: [0; Stage::COUNT],
        moments: SmallVec::new(),
        offers: SmallVec::new(),
        shadows: SmallVec::new(),
        test: false,
    };
    (usize::from(body.u8()?) == Stage::COUNT).then_some(())?;
    for count in &mut decision.stages {
        *count = body.u32()?;
    }
    for _ in 0..body.u8()? {
        decision.moments.push(RaisedMoment {
            id: MomentId(body.u32()?),
            intent: IntentId(body.u32()?),
            strength: f64::from_bits(body.u64()?),
            urgency: f64::from_bits(body.u64()?),
            expires_ms: body.i64()?,
            earlier: flag(body)?,
        });
    }
    for _ in 0..body.u8()? {
        decision.offers.push(read_offered(body)?);
    }
    decision.test = flag(body)?;
    for _ in 0..body.u8()? {
        decision.shadows.push(ShadowOffer {
            offer: OfferId(body.u32()?),
            treatment: TreatmentId(body.u32()?),
            moment: Some(body.u32()?).filter(|id| *id != NO_ID).map(MomentId),
            score: f64::from_bits(body.u64()?),
            probability: f64::from_bits(body.u64()?),
        });
    }
    Some(decision)
}

fn read_arms(body: &mut Reader) -> Option<SmallVec<[Assignment; DECISION_ARMS_MAX]>> {
    let count = body.u8()?;
    let arm =
        |_| Some(Assignment { experiment: FeatureId(body.u32()?), arm: MemberId(body.u32()?) });
    (0..count).map(arm).collect()
}

fn flag(body: &mut Reader) -> Option<bool> {
    match body.u8()? {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn read_offered(body: &mut Reader) -> Option<Offered> {
    let mut offered = Offered {
        decision: body.u64()?,
        slot: body.u8()?,
        offer: OfferId(body.u32()?),
        treatment: TreatmentId(body.u32()?),
        channel: ChannelId(body.u32()?),
        content: ContentId(body.u32()?),
        moment: Some(body.u32()?).filter(|id| *id != NO_ID).map(MomentId),
        score: f64::from_bits(body.u64()?),
        propensity: f64::from_bits(body.u64()?),
        probability: f64::from_bits(body.u64()?),
        expires_ms: body.i64()?,
        parameters: SmallVec::new(),
    };
    for _ in 0..body.u8()? {
        let id = ParameterId(body.u32()?);
        let mut ahead = body.clone();
        let value = if ahead.u8()? == 0 {
            *body = ahead;
            None
        } else {
            Some(owned(read_value(body)?)?)
        };
        offered.parameters.push(Parameter { id, value });
    }
    Some(offered)
}

/// Parameters never hold text: a feature keeps its hash only.
fn owned(value: Value) -> Option<Value<'static>> {
    Some(match value {
        Value::Text(_) => return None,
        Value::Bool(value) => Value::Bool(value),
        Value::Int(value) => Value::Int(value),
        Value::Double(value) => Value::Double(value),
        Value::Money(value) => Value::Money(value),
        Value::Timestamp(value) => Value::Timestamp(value),
        Value::Duration(value) => Value::Duration(value),
        Value::Member(value) => Value::Member(value),
        Value::TextHash(value) => Value::TextHash(value),
    })
}
