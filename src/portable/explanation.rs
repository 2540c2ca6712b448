//! An explanation as JSON: for support, for a page, for a test. The format is in
//! `docs/explanation.md`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Map, Value as Json, json};

use super::Shape;
use super::units::{decimal, time};
use crate::base::money::MICROS;
use crate::decision::{
    Change, Decision, Explanation, Fate, Offered, RuleOwner, ShadowOffer, Stage,
};
use crate::moment::{ConditionFate, MomentFate, MomentVerdict, PatternState, RaisedMoment};
use crate::policy::{Arm, Policy};
use crate::profile::Value;

/// What the word under `format` is.
const FORMAT: &str = "opportune explanation 1";

impl Explanation {
    /// The explanation as JSON, with what [`in_words`](Self::in_words) says of it. Later versions
    /// may add keys: read those that you know.
    pub fn to_json(&self, policy: &Policy) -> String {
        let shape = Shape::own(policy);
        let moments: Vec<Json> = self.moments.iter().map(|fate| moment(&shape, fate)).collect();
        let offers: Vec<Json> = self.fates.iter().map(|fate| offer(&shape, fate)).collect();
        let words = self.in_words(policy).to_string();
        let all = json!({
            "format": FORMAT,
            "policy": { "name": policy.name(), "version": policy.version() },
            "decision": decision(&shape, &self.decision),
            "moments": moments,
            "offers": offers,
            "words": words.lines().collect::<Vec<_>>(),
        });
        format!("{all:#}")
    }
}

fn decision(shape: &Shape<'_>, decision: &Decision) -> Json {
    let count = |stage: Stage| (stage, decision.stages[stage as usize]);
    let counts = Stage::ALL.into_iter().map(count).filter(|(_, count)| *count > 0);
    let stages: Map<String, Json> =
        counts.map(|(stage, count)| (stage.words().into(), json!(count))).collect();
    json!({
        "id": format!("{:016x}", decision.id),
        "repeated": decision.repeated,
        "revision": decision.revision,
        "moments": decision.moments.iter().map(|found| raised(shape, found)).collect::<Vec<_>>(),
        "offers": decision.offers.iter().map(|found| offered(shape, found)).collect::<Vec<_>>(),
        "furthest": decision.furthest.words(),
        "stages": stages,
        "arm": decision.arm.map(|arm| match arm {
            Arm::Treated => "treated",
            Arm::Control => "control",
        }),
        "arms": decision.arms.iter().map(|own| {
            (shape.name(own.experiment), value(shape, Value::Member(own.arm)))
        }).collect::<Map<_, _>>(),
        "shadows": decision.shadows.iter().map(|found| shadow(shape, found)).collect::<Vec<_>>(),
        "test": decision.test,
        "next_call": (decision.next_call_ms != 0).then(|| time(decision.next_call_ms)),
        "lease_low": decision.lease_low,
    })
}

fn raised(shape: &Shape<'_>, raised: &RaisedMoment) -> Json {
    json!({
        "moment": shape.name(raised.id),
        "intent": shape.name(raised.intent),
        "strength": raised.strength,
        "urgency": raised.urgency,
        "expires": time(raised.expires_ms),
        "earlier": raised.earlier,
    })
}

fn offered(shape: &Shape<'_>, offered: &Offered) -> Json {
    let parameter = |parameter: &crate::profile::Parameter| {
        let value = parameter.value.map_or(Json::Null, |found| value(shape, found));
        (shape.name(parameter.id), value)
    };
    json!({
        "offer": shape.name(offered.offer),
        "treatment": shape.name(offered.treatment),
        "channel": shape.name(offered.channel),
        "content": shape.name(offered.content),
        "moment": offered.moment.map(|moment| shape.name(moment)),
        "decision": format!("{:016x}", offered.decision),
        "slot": offered.slot,
        "parameters": offered.parameters.iter().map(parameter).collect::<Map<_, _>>(),
        "score": score(offered.score),
        "propensity": offered.propensity,
        "probability": offered.probability,
        "expires": time(offered.expires_ms),
    })
}

fn shadow(shape: &Shape<'_>, shadow: &ShadowOffer) -> Json {
    json!({
        "offer": shape.name(shadow.offer),
        "treatment": shape.name(shadow.treatment),
        "moment": shadow.moment.map(|moment| shape.name(moment)),
        "score": score(shadow.score),
        "probability": shadow.probability,
    })
}

fn moment(shape: &Shape<'_>, fate: &MomentFate) -> Json {
    let mut out = Map::new();
    let mut say = |key: &str, value: Json| drop(out.insert(key.into(), value));
    say("moment", json!(shape.name(fate.moment)));
    let verdict = match fate.verdict {
        MomentVerdict::Raised => "raised",
        MomentVerdict::Active => "active",
        MomentVerdict::Silent { until_ms } => {
            say("until", time(until_ms));
            "silent"
        }
        MomentVerdict::RuleFails => "rule fails",
        MomentVerdict::TooWeak { strength, threshold } => {
            say("strength", json!(strength));
            say("threshold", json!(threshold));
            "too weak"
        }
        MomentVerdict::Superseded { by } => {
            say("by", json!(shape.name(by)));
            "superseded"
        }
        MomentVerdict::CrowdedOut => "crowded out",
        MomentVerdict::PatternWaits => "pattern waits",
    };
    say("verdict", json!(verdict));
    let conditions = fate.conditions.iter().map(|found| condition(shape, found));
    say("conditions", conditions.collect());
    say(
        "patterns",
        fate.patterns.iter().map(|(id, state)| pattern(shape.name(*id), state)).collect(),
    );
    Json::Object(out)
}

fn condition(shape: &Shape<'_>, condition: &ConditionFate) -> Json {
    let read = condition.read.iter().map(|read| read.map_or(Json::Null, |read| value(shape, read)));
    json!({ "text": condition.text, "holds": condition.holds, "read": read.collect::<Vec<_>>() })
}

fn pattern(name: String, state: &PatternState) -> Json {
    match *state {
        PatternState::Completed => json!({ "pattern": name, "state": "completed" }),
        PatternState::Idle => json!({ "pattern": name, "state": "idle" }),
        PatternState::Seen { seen, of, since_ms } => {
            let since = (since_ms != 0).then(|| time(since_ms));
            json!({ "pattern": name, "state": "seen", "seen": seen, "of": of, "since": since })
        }
        PatternState::Waiting { until_ms } => {
            json!({ "pattern": name, "state": "waiting", "until": time(until_ms) })
        }
        PatternState::Crossed => json!({ "pattern": name, "state": "crossed" }),
    }
}

fn offer(shape: &Shape<'_>, fate: &Fate) -> Json {
    let refused_by = fate.refused_by.zip(key_of(fate.stage));
    json!({
        "offer": shape.name(fate.offer),
        "stage": fate.stage.words(),
        "rule": refused_by.map(|(owner, key)| format!("{}.{key}", place(shape, owner))),
        "score": fate.score.map(score),
        "changes": fate.changes.iter().map(|found| change(shape, *found)).collect::<Vec<_>>(),
    })
}

fn change(shape: &Shape<'_>, change: Change) -> Json {
    let known = |found: Option<Value<'_>>| found.map_or(Json::Null, |found| value(shape, found));
    match change {
        Change::Feature { feature, is, wanted } => {
            json!({ "feature": shape.name(feature), "is": known(is), "wanted": known(wanted) })
        }
        Change::Wait { until_ms } => json!({ "wait_until": time(until_ms) }),
    }
}

/// Where the policy's text has a rule: `issues.recharge.groups.bonus`.
fn place(shape: &Shape<'_>, owner: RuleOwner) -> String {
    match owner {
        RuleOwner::Issue(issue) => format!("issues.{}", shape.name(issue)),
        RuleOwner::Group(group) => {
            let name = shape.name(group);
            match name.split_once('.') {
                Some((issue, group)) => format!("issues.{issue}.groups.{group}"),
                None => name,
            }
        }
        RuleOwner::Offer(offer) => format!("offers.{}", shape.name(offer)),
    }
}

fn key_of(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::NotEligible => Some("eligible"),
        Stage::NotApplicable => Some("applicable"),
        Stage::NotSuitable => Some("suitable"),
        _ => None,
    }
}

/// In units of the policy's currency.
fn score(micros: f64) -> f64 {
    micros / MICROS as f64
}

fn value(shape: &Shape<'_>, value: Value<'_>) -> Json {
    match value {
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Double(value) => json!(value),
        Value::Money(micros) => decimal(micros),
        Value::Timestamp(ms) => time(ms),
        Value::Duration(ms) => json!(ms),
        Value::Member(id) => json!(shape.name(id)),
        // What was heard as text is kept as its hash.
        Value::TextHash(hash) => json!(format!("hash:{hash:016x}")),
        Value::Text(_) => Json::Null,
    }
}
