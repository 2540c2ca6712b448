//! The canonical workload: policies of any number of offers over 64 features, and subscribers.
//! Written down in `docs/benchmarks.md`.
#![allow(dead_code, reason = "each program uses a part")]

use std::collections::BTreeSet;
use std::fmt::Write as _;

use opportune::{
    Dated, FeatureId, MICROS, MemberId, Policy, ProfileBytes, Scratch, Type, Value, backfill,
    new_profile,
};

/// When questions are asked.
pub const NOW_MS: i64 = 1_772_568_000_000;
const HOUR_MS: i64 = 3_600_000;

/// A small repeatable sequence of draws.
pub struct Draws(pub u64);

impl Draws {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// Numbers of members of the twenty enumerations.
const MEMBERS: [u64; 20] = [3, 3, 3, 4, 4, 5, 5, 6, 6, 8, 8, 10, 10, 12, 15, 20, 25, 30, 40, 50];

/// A policy of so many offers, all on the moment `all`; the first fiftieth on `few` as well.
pub fn policy_text(offers: usize, seed: u64) -> String {
    let mut text = schema();
    let mut draws = Draws(seed);
    for offer in 0..offers {
        let moments = if offer < offers / 50 { "['all', 'few']" } else { "['all']" };
        let rule = rule(&mut draws);
        let cents = 10 + draws.below(990);
        let _ = write!(
            text,
            "[offers.o{offer}]\ngroup = 'sales.g{}'\nkind = 'sale'\nmoments = {moments}\n\
             eligible = \"{rule}\"\nvalue = '{}.{:02}'\n\
             treatments = {{ sms = {{ content = 'c', propensity = 0.05 }} }}\n",
            offer % 20,
            cents / 100,
            cents % 100,
        );
    }
    text
}

fn schema() -> String {
    let mut text = String::from(
        "[policy]\nname = 'workload'\nversion = 1\ncurrency = 'USD'\nzones = ['UTC']\n\
         [events.ask]\n[events.ask_few]\n[events.ask_none]\n\
         [moments.all]\nwhen = 'true'\non = 'ask'\nintent = 'i'\n[moments.few]\nwhen = 'true'\non = 'ask_few'\nintent = 'i'\n\
         [moments.none]\nwhen = 'true'\non = 'ask_none'\nintent = 'i'\n\
         [channels.sms]\n[[contact.caps]]\nat_most = 10\nwithin = '30d'\nof = 'all'\n\
         [issues.sales]\n",
    );
    (0..20).for_each(|group| writeln!(text, "[issues.sales.groups.g{group}]").expect("text"));
    for number in 0..20 {
        let ty = ["int", "int", "money", "double"][number % 4];
        let _ = writeln!(text, "[attributes.n{number}]\ntype = '{ty}'");
    }
    (0..12).for_each(|at| writeln!(text, "[attributes.r{at}]\ntype = 'timestamp'").expect("text"));
    (0..12).for_each(|at| writeln!(text, "[attributes.b{at}]\ntype = 'bool'").expect("text"));
    for (number, members) in MEMBERS.iter().enumerate() {
        let values: Vec<String> = (0..*members).map(|member| format!("'v{member}'")).collect();
        let values = values.join(", ");
        let _ = writeln!(text, "[attributes.e{number}]\ntype = 'enum'\nvalues = [{values}]");
    }
    text
}

/// Three to eight conjuncts; 15 % have an OR, 10 % a NOT.
fn rule(draws: &mut Draws) -> String {
    let count = 3 + draws.below(6);
    let mut parts: Vec<String> = Vec::new();
    // Each feature once, so that no rule contradicts itself.
    let first = draws.below(64);
    for step in 0..count {
        parts.push(test((first + step * 23) % 64, draws));
    }
    if draws.below(100) < 15 {
        let other = test((first + 11) % 64, draws);
        parts[0] = format!("({} || {other})", parts[0]);
    }
    if draws.one_in(10) {
        parts[1] = format!("!({})", parts[1]);
    }
    parts.join(" && ")
}

/// One test of a feature that about half of the subscribers pass.
fn test(feature: u64, draws: &mut Draws) -> String {
    match feature {
        0..20 => {
            // Half of the thresholds are a few round ones.
            let at =
                if draws.one_in(2) { 100 * (1 + draws.below(9)) } else { 10 * draws.below(100) };
            let sign = [">", ">=", "<", "<="][draws.below(4) as usize];
            let dot = if feature % 4 == 3 { ".0" } else { "" };
            format!("n{feature} {sign} {at}{dot}")
        }
        20..32 => {
            let hours = [24, 48, 72, 168, 336, 500, 720][draws.below(7) as usize];
            let sign = if hours < 500 { ">" } else { "<" };
            format!("now - r{} {sign} duration('{hours}h')", feature - 20)
        }
        32..44 if draws.one_in(2) => format!("b{}", feature - 32),
        32..44 => format!("!b{}", feature - 32),
        feature => {
            let number = feature - 44;
            let members = MEMBERS[number as usize];
            // Members with low numbers are common among subscribers.
            let picked: BTreeSet<u64> = (0..3).map(|_| draws.below(members.min(8))).collect();
            let picked: Vec<String> = picked.iter().map(|member| format!("'v{member}'")).collect();
            format!("e{number} in [{}]", picked.join(", "))
        }
    }
}

/// The key of a subscriber.
pub fn key(number: u64) -> String {
    format!("+999{number:08}")
}

/// A subscriber of whom one feature in twenty is missing.
pub fn profile(policy: &Policy, number: u64, scratch: &mut Scratch) -> Vec<u8> {
    let mut draws = Draws(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let key = key(number);
    let mut profile = new_profile(policy, key.as_bytes()).expect("a key");
    let mut dated = Vec::new();
    let features: Vec<(FeatureId, &str)> = policy.names().collect();
    for (feature, name) in features {
        if draws.one_in(20) {
            continue;
        }
        let value = match policy.feature_type(feature).expect("a feature") {
            Type::Int => Value::Int(draws.below(1_001) as i64),
            Type::Money => Value::Money(draws.below(1_001) as i64 * MICROS),
            Type::Double => Value::Double(draws.below(10_001) as f64 / 10.0),
            Type::Timestamp => Value::Timestamp(NOW_MS - draws.below(1_000) as i64 * HOUR_MS),
            Type::Bool => Value::Bool(draws.one_in(2)),
            Type::Member => {
                let number: usize = name[1..].parse().expect("a number");
                let members = MEMBERS[number];
                // The lower of two draws: low numbers are common.
                let member = draws.below(members).min(draws.below(members));
                let id: Option<MemberId> = policy.id(&format!("{name}.v{member}"));
                Value::Member(id.expect("a member"))
            }
            Type::Duration | Type::Text => continue,
        };
        dated.push(Dated::new(feature, NOW_MS - 1, value));
    }
    let bytes = ProfileBytes::in_place(&mut profile);
    backfill(policy, bytes, key.as_bytes(), &dated, NOW_MS, scratch)
        .expect("values of the right types");
    profile
}
