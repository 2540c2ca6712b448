//! The index over rules against the rules themselves: random policies, random subscribers, every
//! offer, every stage.

mod support;
#[path = "../benches/workload/mod.rs"]
mod workload;

use std::fmt::Write as _;

use opportune::{
    Arm, Context, Dated, Event, EventId, FeatureId, Local, Lookup, MICROS, MemberId, Message,
    MomentId, OfferId, Origin, Policy, ProfileBytes, Question, Shared, Snapshot, Stage, Type,
    Value, backfill, decide, eligible, explain, new_profile,
};
use workload::Draws;

const NOW_MS: i64 = workload::NOW_MS;
const HOUR_MS: i64 = 3_600_000;

/// Two features of each type, one of them computed where that can be.
const SCHEMA: &str = "
[policy]
name = 'random'
version = 1
currency = 'USD'
zones = ['UTC']
[events.ask]
[attributes]
i = { type = 'int' }
j = { type = 'int' }
d = { type = 'double' }
f = { type = 'double' }
m = { type = 'money' }
n = { type = 'money' }
t = { type = 'timestamp' }
b = { type = 'bool' }
c = { type = 'bool' }
e = { type = 'enum', values = ['v0', 'v1', 'v2', 'v3', 'v4'] }
g = { type = 'enum', values = ['v0', 'v1'] }
s = { type = 'text' }
[features.half]
expr = 'd / f'
[features.more]
expr = 'i > j && !b'
[channels.sms]
[[contact.caps]]
at_most = 10
within = '30d'
of = 'all'
";

/// An expression that is true, false or missing, of at most this depth.
fn truth(draws: &mut Draws, depth: u64) -> String {
    let deeper = |draws: &mut Draws| truth(draws, depth - 1);
    match draws.below(if depth == 0 { 12 } else { 22 }) {
        0 => comparison("i", &int(draws), draws),
        1 => comparison("j", &int(draws), draws),
        2 => comparison("d", &double(draws), draws),
        3 => comparison("m", &format!("{}.5", draws.below(6)), draws),
        4 => comparison("half", &double(draws), draws),
        5 => comparison("now - t", &format!("duration('{}h')", draws.below(9)), draws),
        6 => ["b", "c", "more", "!b"][draws.below(4) as usize].into(),
        7 => format!("e in ['v{}', 'v{}']", draws.below(5), draws.below(5)),
        8 => format!(
            "{} {} 'v{}'",
            ["e", "g"][draws.below(2) as usize],
            equality(draws),
            draws.below(2)
        ),
        9 => {
            format!("has({})", ["i", "d", "m", "b", "e", "half", "t", "s"][draws.below(8) as usize])
        }
        10 => odd(draws),
        11 => format!("s {} 'x{}'", equality(draws), draws.below(3)),
        12..15 => format!("({} && {})", deeper(draws), deeper(draws)),
        15..18 => format!("({} || {})", deeper(draws), deeper(draws)),
        18..20 => format!("!({})", deeper(draws)),
        20 => format!("({} ? {} : {})", deeper(draws), deeper(draws), deeper(draws)),
        _ => format!("default({}, {})", deeper(draws), draws.below(2) == 0),
    }
}

/// What an index can do little with.
fn odd(draws: &mut Draws) -> String {
    match draws.below(8) {
        0 => "i > j".into(),
        1 => "m <= n + 1".into(),
        2 => format!("i * 2 - j > {}", int(draws)),
        3 => format!("now.getHours() < {}", draws.below(24)),
        4 => format!("double(i) / d > {}", double(draws)),
        5 => comparison("default(i, 3)", &int(draws), draws),
        6 => comparison("default(d, 1.0)", &double(draws), draws),
        _ => format!("has(i / j) || default(b, {})", draws.below(2) == 0),
    }
}

fn comparison(left: &str, right: &str, draws: &mut Draws) -> String {
    let sign = ["<", "<=", ">", ">=", "==", "!="][draws.below(6) as usize];
    if draws.below(4) == 0 {
        format!("{right} {sign} {left}")
    } else {
        format!("{left} {sign} {right}")
    }
}

fn equality(draws: &mut Draws) -> &'static str {
    ["==", "!="][draws.below(2) as usize]
}

fn int(draws: &mut Draws) -> String {
    match draws.below(12) {
        0 => "9223372036854775807".into(),
        1 => "-9223372036854775807".into(),
        // More thresholds than bins.
        2..6 => format!("{}", draws.below(300)),
        _ => format!("{}", draws.below(9) as i64 - 3),
    }
}

fn double(draws: &mut Draws) -> String {
    ["0.0", "-0.0", "0.5", "-1.5", "1.0", "2.5", "1e300", "-1e300"][draws.below(8) as usize].into()
}

fn policy_text(offers: usize, draws: &mut Draws) -> String {
    let mut text = String::from(SCHEMA);
    for moment in 0..3 {
        let _ = writeln!(
            text,
            "[moments.m{moment}]\non = 'ask'\nwhen = '{}'\nintent = 'i'",
            ["true", "has(i)", "has(d)"][moment]
        );
    }
    for issue in 0..2 {
        let _ = writeln!(text, "[issues.s{issue}]\n{}", rules(draws, 3));
        for group in 0..3 {
            let _ = writeln!(text, "[issues.s{issue}.groups.g{group}]\n{}", rules(draws, 3));
        }
    }
    for offer in 0..offers {
        let moments = ["['m0']", "['m1']", "['m0', 'm2']", "['m2', 'm1', 'm0']"];
        let _ = writeln!(
            text,
            "[offers.o{offer}]\ngroup = 's{}.g{}'\nkind = 'sale'\nmoments = {}\nvalue = '{}'\n{}\n{}\
             treatments = {{ sms = {{ content = 'c', propensity = 0.05 }} }}",
            draws.below(2),
            draws.below(3),
            moments[draws.below(4) as usize],
            1 + draws.below(9),
            rules(draws, 2),
            ["", "", "from = '2026-03-03T20:00:00Z'\n", "until = '2026-03-03T19:59:59.999Z'\n"]
                [draws.below(4) as usize],
        );
    }
    text
}

/// Rules of some tiers; one in `rare` has none.
fn rules(draws: &mut Draws, rare: u64) -> String {
    let mut text = String::new();
    for tier in ["eligible", "applicable", "suitable"] {
        if draws.below(rare) != 0 {
            let _ = writeln!(text, "{tier} = \"{}\"", truth(draws, 3));
        }
    }
    text
}

fn value(
    policy: &Policy,
    feature: FeatureId,
    name: &str,
    draws: &mut Draws,
) -> Option<Value<'static>> {
    Some(match policy.feature_type(feature)? {
        Type::Bool => Value::Bool(draws.below(2) == 0),
        Type::Int => match draws.below(8) {
            0 => Value::Int(i64::MAX),
            1 => Value::Int(i64::MIN),
            2 => Value::Int(draws.below(300) as i64),
            _ => Value::Int(draws.below(9) as i64 - 3),
        },
        Type::Double => {
            let numbers = [
                0.0,
                -0.0,
                0.5,
                -1.5,
                1.0,
                2.5,
                5e-324,
                1e300,
                f64::MAX,
                f64::INFINITY,
                -f64::INFINITY,
            ];
            Value::Double(numbers[draws.below(11) as usize])
        }
        Type::Money => Value::Money(draws.below(14) as i64 * MICROS / 2),
        Type::Timestamp => Value::Timestamp(NOW_MS - draws.below(9) as i64 * HOUR_MS),
        Type::Member => {
            let members = if name == "e" { 5 } else { 2 };
            let id: Option<MemberId> = policy.id(&format!("{name}.v{}", draws.below(members)));
            Value::Member(id?)
        }
        Type::Text => Value::Text([b"x0", b"x1", b"x9"][draws.below(3) as usize]),
        Type::Duration => return None,
    })
}

struct World {
    policy: Policy,
    snapshot: Snapshot,
    local: Local,
    key: String,
}

impl World {
    fn new(text: &str) -> World {
        let policy = support::compile_text(text);
        let mut snapshot = Snapshot::initial(&policy);
        let local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let key = support::subscriber_in(&policy, Arm::Treated);
        let switched = ["o3", "o70"].map(|name| policy.id::<OfferId>(name));
        let mut switches = snapshot.switches().clone();
        switches.offers_off.extend(switched.into_iter().flatten());
        snapshot = snapshot.with_switches(switches);
        World { policy, snapshot, local, key }
    }

    fn profile(&mut self, draws: &mut Draws) -> Vec<u8> {
        let mut profile = new_profile(&self.policy, self.key.as_bytes()).expect("a key");
        let features: Vec<(FeatureId, String)> =
            self.policy.names().map(|(id, name)| (id, name.to_owned())).collect();
        for (feature, name) in features {
            let value = value(&self.policy, feature, &name, draws);
            let Some(value) = value.filter(|_| draws.below(4) != 0) else { continue };
            let dated = [Dated::new(feature, NOW_MS - 1, value)];
            let bytes = ProfileBytes::in_place(&mut profile);
            // Computed features cannot be set: they are refused.
            let _ = backfill(
                &self.policy,
                bytes,
                self.key.as_bytes(),
                &dated,
                NOW_MS,
                &mut self.local.scratch,
            );
        }
        profile
    }

    /// Both look-ups find the same offers of each moment, and leave the same counts.
    fn check_questions(&mut self, profile: &[u8], now_ms: i64) -> usize {
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        let moments: Vec<MomentId> = self.policy.names().map(|(id, _)| id).collect();
        let mut all = 0;
        for moment in moments {
            let subscriber = self.key.as_bytes();
            let [index, one_by_one] = [Lookup::Index, Lookup::OneByOne].map(|lookup| {
                let question =
                    Question { subscriber, moment, now_ms, zone: None, account: None, lookup };
                let mut found = Vec::new();
                let local = &mut self.local;
                let stages = eligible(shared, profile, &question, local, |offer| found.push(offer));
                found.sort();
                (found, stages.expect("sound"))
            });
            assert_eq!(index, one_by_one);
            all += index.0.len();
        }
        all
    }

    /// A decision, which uses the index, is the one that its explanation comes to, which does not.
    fn check_decision(&mut self, profile: &[u8], now_ms: i64) -> Stage {
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        let kind: EventId = self.policy.id("ask").expect("an event");
        let events = [Event { kind, time_ms: now_ms, fields: &[] }];
        let subscriber = self.key.as_bytes();
        let message = Message {
            subscriber,
            session: b"s",
            number: 1,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let context = Context::default();
        let explained = explain(shared, profile, &message, &context, &self.local).expect("sound");
        let mut local = self.local.clone();
        let mut bytes = profile.to_vec();
        let decided =
            decide(shared, ProfileBytes::in_place(&mut bytes), &message, &context, &mut local);
        assert_eq!(decided, Ok(explained.decision.clone()));
        explained.decision.furthest
    }
}

#[test]
fn the_index_answers_what_the_rules_say() {
    let mut draws = Draws(7);
    let (mut found, mut offered, mut indexed) = (0, 0, 0);
    for round in 0..40 {
        let offers = [90, 130, 400][round % 3];
        let mut world = World::new(&policy_text(offers, &mut draws));
        indexed += usize::from(world.policy.index_size().bytes > 0);
        for _ in 0..40 {
            let profile = world.profile(&mut draws);
            for now_ms in [NOW_MS, NOW_MS + 2 * HOUR_MS] {
                found += world.check_questions(&profile, now_ms);
                offered += usize::from(world.check_decision(&profile, now_ms) == Stage::Offered);
            }
        }
    }
    assert_eq!(indexed, 40, "policies that have an index");
    assert!(found > 5_000 && offered > 200, "{found} found, {offered} decisions made an offer");
}

/// Offers of one moment in a place of their own, more offers than one tile has, and second terms.
#[test]
fn the_workload_of_the_benches_is_answered_alike() {
    for offers in [100, 5_000] {
        let mut world = World::new(&workload::policy_text(offers, 11));
        assert!(world.policy.index_size().bytes > 0);
        for number in 0..20 {
            let mut profile = workload::profile(&world.policy, number, &mut world.local.scratch);
            world.key = workload::key(number);
            world.check_questions(&profile, NOW_MS);
            profile.truncate(world.policy.profile_bytes());
        }
    }
}

/// With more features than there is room for rows, those that rules use least are left out, and the
/// time is one of them: the dates of the one offer that has some are asked all the same.
#[test]
fn dates_hold_when_the_index_has_no_room_for_them() {
    const FEATURES: usize = 240;
    let offers = 2_000;
    let mut text = String::from(SCHEMA);
    for feature in 0..FEATURES {
        let _ = writeln!(text, "[attributes.a{feature}]\ntype = 'int'");
    }
    let _ = writeln!(text, "[moments.m]\non = 'ask'\nwhen = 'true'\nintent = 'i'");
    let _ = writeln!(text, "[issues.s.groups.g]");
    for offer in 0..offers {
        let _ = writeln!(
            text,
            "[offers.o{offer}]\ngroup = 's.g'\nkind = 'sale'\nmoments = ['m']\nvalue = 'm'\n\
             treatments.sms = {{ content = 'c', propensity = 0.1 }}"
        );
        for (tier, key) in ["eligible", "applicable", "suitable"].into_iter().enumerate() {
            let feature = |step: usize| (offer * 3 + tier + step) % FEATURES;
            let bound = offer / FEATURES;
            let (one, other) = (feature(0), feature(97));
            let _ = writeln!(
                text,
                "{key} = '!has(a{one}) || !has(a{other}) || a{one} + 0 > 1 || a{other} > {bound}'"
            );
        }
        if offer == 5 {
            let _ = writeln!(text, "until = '2020-01-01T00:00:00Z'");
        }
    }
    let mut world = World::new(&text);
    let size = world.policy.index_size();
    assert!(size.sources < FEATURES, "{size:?}");
    let profile = new_profile(&world.policy, world.key.as_bytes()).expect("a key");
    // All but the one whose date is over, and the two that are switched off.
    assert_eq!(world.check_questions(&profile, NOW_MS), offers - 3);
}
