//! Eligibility against a naive oracle.
//!
//! The oracle takes the rules from the policy's text, walks their syntax trees with plain floats
//! and strings, and knows nothing of programs, stages or shared answers.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use cel::parser::Parser;
use opportune::{
    Arm, Context, Dated, Event, EventId, FeatureId, Field, FieldId, Local, MICROS, MemberId,
    Message, Namespace, OfferId, Origin, Policy, ProfileBytes, Scratch, Shared, Snapshot, Stage,
    Type, Value, backfill, explain, new_profile, read_feature, update,
};
use toml::{Table, Value as Toml};

const START_MS: i64 = 1_772_568_000_000;
const HOUR_MS: i64 = 3_600_000;

/// What the oracle computes with; none is missing.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Truth(bool),
    Number(f64),
    Word(String),
}

type Known = BTreeMap<String, Plain>;

/// Kleene's strong logic over the syntax tree.
fn evaluate(expression: &cel::IdedExpr, known: &Known) -> Option<Plain> {
    use cel::common::ast::{Expr, LiteralValue};
    match &expression.expr {
        Expr::Ident(name) => known.get(name).cloned(),
        Expr::Literal(literal) => Some(match literal {
            LiteralValue::Boolean(value) => Plain::Truth(**value),
            LiteralValue::Int(value) => Plain::Number(**value as f64),
            LiteralValue::Double(value) => Plain::Number(**value),
            LiteralValue::String(value) => Plain::Word(value.inner().to_owned()),
            other => panic!("no oracle for {other:?}"),
        }),
        Expr::Call(call) => {
            let operand = |i: usize| evaluate(&call.args[i], known);
            match call.func_name.as_str() {
                // The policy writes durations in hours; here they are milliseconds.
                "duration" => match operand(0)? {
                    Plain::Word(text) => {
                        let hours = text.strip_suffix('h').expect("a duration in hours");
                        Some(Plain::Number(hours.parse::<f64>().expect("hours") * HOUR_MS as f64))
                    }
                    other => panic!("no duration: {other:?}"),
                },
                "getHours" => known.get("local hour").cloned(),
                "default" => operand(0).or_else(|| operand(1)),
                "!_" => match operand(0)? {
                    Plain::Truth(truth) => Some(Plain::Truth(!truth)),
                    other => panic!("not of {other:?}"),
                },
                "_&&_" => junction(operand(0), operand(1), false),
                "_||_" => junction(operand(0), operand(1), true),
                name => Some(arithmetic(name, operand(0)?, operand(1)?)),
            }
        }
        other => panic!("no oracle for {other:?}"),
    }
}

/// `decisive`: the value that decides alone.
fn junction(left: Option<Plain>, right: Option<Plain>, decisive: bool) -> Option<Plain> {
    let decides = Some(Plain::Truth(decisive));
    if left == decides || right == decides {
        return decides;
    }
    left.and(right)
}

fn arithmetic(name: &str, left: Plain, right: Plain) -> Plain {
    match (name, left, right) {
        ("_==_", left, right) => Plain::Truth(left == right),
        ("_!=_", left, right) => Plain::Truth(left != right),
        ("_<_", Plain::Number(l), Plain::Number(r)) => Plain::Truth(l < r),
        ("_<=_", Plain::Number(l), Plain::Number(r)) => Plain::Truth(l <= r),
        ("_>_", Plain::Number(l), Plain::Number(r)) => Plain::Truth(l > r),
        ("_>=_", Plain::Number(l), Plain::Number(r)) => Plain::Truth(l >= r),
        ("_+_", Plain::Number(l), Plain::Number(r)) => Plain::Number(l + r),
        ("_-_", Plain::Number(l), Plain::Number(r)) => Plain::Number(l - r),
        ("_*_", Plain::Number(l), Plain::Number(r)) => Plain::Number(l * r),
        ("_/_", Plain::Number(l), Plain::Number(r)) => Plain::Number(l / r),
        (name, left, right) => panic!("no oracle for {left:?} {name} {right:?}"),
    }
}

/// The rules of every offer, by tier, with those of its issue and group.
fn rules() -> BTreeMap<String, [Vec<cel::IdedExpr>; 3]> {
    let text = support::shipped_text("prepaid");
    let policy: Table = text.parse().expect("TOML");
    let offers = policy["offers"].as_table().expect("offers");
    let rules_of = |table: &Toml, tier: &str| -> Option<cel::IdedExpr> {
        let text = table.get(tier)?.as_str()?;
        Some(Parser::new().parse(text).unwrap_or_else(|errors| panic!("{text}: {errors}")))
    };
    offers
        .iter()
        .map(|(name, offer)| {
            let place = offer["group"].as_str().expect("a group");
            let (issue, group) = place.split_once('.').expect("issue and group");
            let issue = &policy["issues"][issue];
            let group = &issue["groups"][group];
            let tiers = ["eligible", "applicable", "suitable"].map(|tier| {
                [issue, group, offer]
                    .into_iter()
                    .filter_map(|table| rules_of(table, tier))
                    .collect()
            });
            (name.clone(), tiers)
        })
        .collect()
}

/// A small repeatable sequence of draws.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

struct World {
    policy: Policy,
    snapshot: Snapshot,
    local: Local,
    key: String,
}

impl World {
    /// A profile in which each stored feature is missing or drawn, round amounts often.
    fn profile(&mut self, draws: &mut Draws) -> Vec<u8> {
        let mut dated = Vec::new();
        for (id, name) in self.policy.names::<FeatureId>() {
            if draws.below(4) == 0 {
                continue;
            }
            let value = match self.policy.feature_type(id).expect("a feature") {
                Type::Bool => Value::Bool(draws.below(2) == 0),
                Type::Int if draws.below(2) == 0 => Value::Int(draws.below(12) as i64),
                Type::Int => Value::Int(draws.below(800) as i64),
                Type::Double if name == "sentiment" => {
                    Value::Double(draws.below(9) as f64 / 4.0 - 1.0)
                }
                Type::Double => Value::Double(draws.below(80) as f64 * 100.0),
                Type::Money => Value::Money(draws.below(140) as i64 * MICROS / 2),
                Type::Timestamp => Value::Timestamp(START_MS - draws.below(1_000) as i64 * HOUR_MS),
                Type::Member => {
                    let members: Vec<MemberId> = self
                        .policy
                        .names::<MemberId>()
                        .filter(|(_, member)| member.starts_with(&format!("{name}.")))
                        .map(|(id, _)| id)
                        .collect();
                    Value::Member(members[draws.below(members.len() as u64) as usize])
                }
                Type::Duration | Type::Text => continue,
            };
            // The last time of something is the time of its entry.
            let time_ms = match value {
                Value::Timestamp(time_ms) => time_ms,
                _ => START_MS - 1,
            };
            dated.push(Dated::new(id, time_ms, value));
        }
        let mut profile = new_profile(&self.policy, self.key.as_bytes()).expect("a key");
        for entry in dated {
            let bytes = ProfileBytes::in_place(&mut profile);
            let key = self.key.as_bytes();
            // Computed features cannot be set: they are refused, one by one.
            let _ = backfill(&self.policy, bytes, key, &[entry], START_MS, &mut self.local.scratch);
        }
        profile
    }

    fn known(&mut self, profile: &[u8], now_ms: i64, local_hour: f64) -> Known {
        let mut known = Known::from([
            ("local hour".to_owned(), Plain::Number(local_hour)),
            ("now".to_owned(), Plain::Number(now_ms as f64)),
        ]);
        let ids: Vec<FeatureId> = self.policy.names().map(|(id, _)| id).collect();
        for id in ids {
            let value = read_feature(&self.policy, profile, id, now_ms, &mut self.local.scratch);
            let plain = match value.expect("a sound profile") {
                None => continue,
                Some(Value::Bool(value)) => Plain::Truth(value),
                Some(Value::Int(value)) => Plain::Number(value as f64),
                Some(Value::Double(value)) => Plain::Number(value),
                Some(Value::Money(micros)) => Plain::Number(micros as f64 / MICROS as f64),
                Some(Value::Timestamp(ms)) => Plain::Number(ms as f64),
                Some(Value::Member(member)) => {
                    let name = self.policy.name_of(member).expect("a member");
                    Plain::Word(name.split_once('.').expect("attribute.member").1.to_owned())
                }
                Some(_) => continue,
            };
            let name = self.policy.name_of(id).expect("a feature");
            known.insert(name.to_owned(), plain);
        }
        known
    }
}

/// Messages that between them raise every moment the offers hang on.
fn happenings() -> Vec<(&'static str, Vec<(&'static str, Value<'static>)>)> {
    let money = |units: i64| Value::Money(units * MICROS);
    vec![
        ("balance_change", vec![("balance", Value::Money(1_500_000))]),
        ("balance_change", vec![("balance", money(0))]),
        ("recharge", vec![("amount", money(25))]),
        ("recharge_failed", vec![("amount", money(10))]),
        ("roaming_attach", vec![("country", Value::Text(b"MX"))]),
        ("data_session", vec![("megabytes", Value::Double(2_000.0))]),
        ("app_browse", vec![("page", Value::Text(b"offers"))]),
        ("call_end", vec![("international", Value::Bool(true))]),
        ("care_contact", vec![("sentiment", Value::Double(-0.5))]),
        ("fulfilment_failed", vec![]),
    ]
}

#[test]
fn every_offer_falls_out_where_its_rules_say() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let mut world = World { snapshot: Snapshot::initial(&policy), local, key, policy };
    let rules = rules();
    let mut draws = Draws(2026);
    let (mut passed, mut refused, mut compared) = (BTreeSet::new(), BTreeSet::new(), 0);
    for round in 0..1_500 {
        let now_ms = START_MS + round % 24 * HOUR_MS;
        let profile = world.profile(&mut draws);
        for (kind, fields) in happenings() {
            let kind_id: EventId = world.policy.id(kind).expect("an event");
            let fields: Vec<Field> = fields
                .into_iter()
                .map(|(name, value)| {
                    let id: FieldId = world.policy.id(&format!("{kind}.{name}")).expect("a field");
                    // A page is a member: `Text` in the table above is its name.
                    let member = format!("{kind}.{name}.offers");
                    let value = match world.policy.id::<MemberId>(&member) {
                        Some(member) => Value::Member(member),
                        None => value,
                    };
                    Field { id, value }
                })
                .collect();
            let event = Event { kind: kind_id, time_ms: now_ms, fields: &fields };
            let events = [event; 2];
            let message = Message {
                subscriber: world.key.as_bytes(),
                session: b"s",
                number: 1,
                now_ms,
                zone: None,
                account: None,
                events: &events,
            };
            let shared = Shared { policy: &world.policy, snapshot: &world.snapshot };
            let context = Context::default();
            let explanation =
                explain(shared, &profile, &message, &context, &world.local).expect("sound");
            let mut after = profile.clone();
            let mut scratch = Scratch::new(&world.policy);
            let bytes = ProfileBytes::in_place(&mut after);
            update(&world.policy, bytes, &message, &mut scratch).expect("sound");
            let hour = local_hour(&world.policy, &after, now_ms);
            let known = world.known(&after, now_ms, hour);
            for fate in explanation.fates {
                let name = world.policy.name_of(fate.offer).expect("an offer").to_owned();
                let expected = expected(&rules[&name], &known);
                let found = Some(fate.stage).filter(|stage| *stage <= Stage::NotSuitable);
                assert_eq!(found, expected, "{name} after {kind} in round {round}: {known:?}");
                if expected.is_none() { &mut passed } else { &mut refused }.insert(name);
                compared += 1;
            }
        }
    }
    let offers = world.policy.names::<OfferId>().count();
    assert!(offers >= 25, "{offers} offers in {:?}", Namespace::Offer);
    assert_eq!(passed.len(), offers, "only these were ever allowed: {passed:?}");
    assert!(refused.len() > 15, "only these were ever refused: {refused:?}");
    assert!(compared > 20_000, "{compared} comparisons");
}

/// The first tier of which some rule does not definitely hold.
fn expected(tiers: &[Vec<cel::IdedExpr>; 3], known: &Known) -> Option<Stage> {
    let stages = [Stage::NotEligible, Stage::NotApplicable, Stage::NotSuitable];
    let holds = |rule: &cel::IdedExpr| evaluate(rule, known) == Some(Plain::Truth(true));
    tiers.iter().zip(stages).find(|(rules, _)| !rules.iter().all(holds)).map(|(_, stage)| stage)
}

/// The hour on the subscriber's clock, from the zone database itself.
fn local_hour(policy: &Policy, profile: &[u8], now_ms: i64) -> f64 {
    let feature = policy.id("home_zone").expect("a feature");
    let mut scratch = Scratch::new(policy);
    let zone = match read_feature(policy, profile, feature, now_ms, &mut scratch) {
        Ok(Some(Value::Member(member))) => policy.name_of(member).expect("a zone"),
        _ => "home_zone.America/New_York",
    };
    let stamp = jiff::Timestamp::from_millisecond(now_ms).expect("a time");
    let zone = zone.split_once('.').expect("attribute.zone").1;
    f64::from(stamp.in_tz(zone).expect("a zone").hour())
}
