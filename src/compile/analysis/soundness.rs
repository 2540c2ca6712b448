//! What the solver calls impossible never happens: random rules against random profiles.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::domains::Domains;
use super::formula::Reader;
use super::solver::{Truth, possible};
use crate::base::civil::LocalTime;
use crate::base::hash::hash_words;
use crate::compile::{Source, compile};
use crate::expr::{Cell, Environment, evaluate};
use crate::policy::{FeatureKind, Policy};

const RULES: usize = 600;
const PROFILES: u64 = 250;

const HEAD: &str = r#"
policy = { name = "p", version = 1, currency = "USD", zones = ["UTC"] }
[attributes]
t = { type = "bool" }
u = { type = "bool" }
a = { type = "int" }
b = { type = "int" }
d = { type = "double" }
m = { type = "money" }
e = { type = "enum", values = ["red", "green", "blue"] }
[events.ping]
[features]
c = { count = "ping" }
big = { expr = "a > 1 && t" }
[contact]
caps = [{ at_most = 1, within = "1d", of = "all" }]
"#;

/// Numbers that look random, the same every time.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = hash_words(self.0, [1]);
        self.0 % end
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn int(&mut self, depth: u32) -> String {
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 | 1 => "a".into(),
            2 => "b".into(),
            3 => "c".into(),
            4 => (self.below(5) as i64 - 1).to_string(),
            5 => format!("default({}, {})", self.of(&["a", "b"]), self.int(0)),
            6 => format!("({} + {})", self.int(depth - 1), self.int(depth - 1)),
            7 => format!("(-{} * {})", self.of(&["a", "b", "c"]), self.int(0)),
            _ => format!("({} ? {} : {})", self.rule(0), self.int(0), self.int(depth - 1)),
        }
    }

    fn comparison(&mut self) -> String {
        let order = self.of(&["<", "<=", ">", ">=", "==", "!="]);
        match self.below(6) {
            0 => format!("d {order} {}.5", self.below(3)),
            1 => format!("{} {order} double(a)", self.of(&["-d", "d / d", "d * 0.0"])),
            2 => format!("m {order} {}.00", self.below(3)),
            3 => format!("e {} '{}'", self.of(&["==", "!="]), self.of(&["red", "green", "blue"])),
            _ => format!("{} {order} {}", self.int(1), self.int(1)),
        }
    }

    fn rule(&mut self, depth: u32) -> String {
        match self.below(if depth == 0 { 4 } else { 12 }) {
            0 => self.of(&["t", "u", "big"]).into(),
            1..=3 => self.comparison(),
            4..=6 => format!("({} && {})", self.rule(depth - 1), self.rule(depth - 1)),
            7..=8 => format!("({} || {})", self.rule(depth - 1), self.rule(depth - 1)),
            9 => format!("!({})", self.rule(depth - 1)),
            10 => format!("has({})", self.of(&["t", "a", "c", "d", "e", "a + b"])),
            _ => {
                format!("({} ? {} : {})", self.rule(0), self.rule(depth - 1), self.rule(depth - 1))
            }
        }
    }
}

/// A profile of small values, some of them missing.
struct Profile<'a> {
    policy: &'a Policy,
    cells: Vec<Cell>,
}

impl Profile<'_> {
    fn random(policy: &Policy, seed: u64) -> Profile<'_> {
        let mut draws = Draws(hash_words(77, [seed]));
        let members = &policy.tables.features[6].members;
        let mut cell = |position: u64| {
            if position != 7 && draws.below(4) == 0 {
                return Cell::MISSING;
            }
            match position {
                0 | 1 => Cell::bool(draws.below(2) == 1),
                2 | 3 => Cell::int(draws.below(6) as i64 - 2),
                4 => Cell::double(draws.below(7) as f64 / 2.0 - 1.0),
                5 => Cell::int(draws.below(5) as i64 * 500_000),
                6 => Cell::from_bits(u64::from(members[draws.below(3) as usize].0)),
                _ => Cell::int(draws.below(4) as i64),
            }
        };
        Profile { policy, cells: (0..8).map(&mut cell).collect() }
    }
}

impl Environment for Profile<'_> {
    fn feature(&mut self, index: u16) -> Cell {
        let policy = self.policy;
        match policy.tables.features[usize::from(index)].kind {
            FeatureKind::Derived(program) => evaluate(policy.code(program), self),
            _ => self.cells[usize::from(index)],
        }
    }
    fn field(&self, _: u16) -> Cell {
        Cell::MISSING
    }
    fn event_time(&self) -> Cell {
        Cell::MISSING
    }
    fn now_ms(&self) -> i64 {
        1_772_568_000_000
    }
    fn local(&self, utc_ms: i64) -> LocalTime {
        LocalTime::new(utc_ms, 0)
    }
}

#[test]
fn what_is_impossible_never_happens() {
    let mut draws = Draws(1);
    let rules: Vec<String> = (0..RULES).map(|_| draws.rule(3)).collect();
    let mut text = HEAD.to_string();
    for (n, rule) in rules.iter().enumerate() {
        text.push_str(&format!("[features.r{n}]\nexpr = \"{rule}\"\n"));
    }
    let source = Source { name: "p", bytes: text.as_bytes() };
    let policy = compile(&[source], "").unwrap_or_else(|d| panic!("{d}")).policy;
    let reader = Reader::new(&policy);
    let domains = Domains::new(&policy, &reader);
    let (mut impossible, mut certain) = (0, 0);
    for (n, rule) in rules.iter().enumerate() {
        let position = policy.feature_position(policy.id(&format!("r{n}")).unwrap()).unwrap();
        let FeatureKind::Derived(program) = policy.tables.features[position].kind else { panic!() };
        let may = |truth| possible(&domains, &[(reader.formula(program), truth)]);
        let (may_hold, may_fail) = (may(Truth::True), may(Truth::NotTrue));
        impossible += usize::from(!may_hold);
        certain += usize::from(!may_fail);
        for seed in 0..PROFILES {
            let mut profile = Profile::random(&policy, seed);
            let cells = profile.cells.clone();
            let holds = evaluate(policy.code(program), &mut profile).is_true();
            assert!(if holds { may_hold } else { may_fail }, "{rule} with {cells:?}");
        }
    }
    // It is worth something only if it finds some.
    assert!(impossible >= RULES / 50 && certain >= RULES / 100, "{impossible}, {certain}");
}
