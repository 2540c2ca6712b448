//! Policies of one model, somebody of whom attributes are known, and the published histories and
//! figures of BG/NBD.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fmt::Write as _;

use opportune::{
    Dated, FeatureId, Policy, ProfileBytes, Scratch, Value, backfill, new_profile, read_feature,
};

use super::support;

const NOW_MS: i64 = 1_772_568_000_000;

/// A policy of one model. Its inputs are attributes.
pub fn policy(model: &str, attributes: &[(&str, &str)]) -> String {
    let mut text = String::from(
        "[policy]\nname = 'p'\nversion = 1\ncurrency = 'USD'\nzones = ['UTC']\n\
         [[contact.caps]]\nat_most = 1\nwithin = '1d'\nof = 'all'\n[attributes]\n",
    );
    for (name, ty) in attributes {
        writeln!(text, "{name} = {ty}").expect("a string grows");
    }
    text + model
}

#[derive(Clone, Copy, Debug)]
pub struct Parameters {
    pub r: f64,
    pub alpha: f64,
    pub a: f64,
    pub b: f64,
}

/// P(alive) and the purchases expected within so many weeks, as a policy gives them.
pub fn bgnbd(parameters: Parameters, weeks: &[u32]) -> Subscriber {
    let Parameters { r, alpha, a, b } = parameters;
    let mut model = format!(
        "[models.clv]\nkind = 'bgnbd'\nunit = '7d'\n\
         inputs = {{ frequency = 'x', recency = 't_x', age = 'age' }}\n\
         parameters = {{ r = {r:?}, alpha = {alpha:?}, a = {a:?}, b = {b:?} }}\n\
         outputs.alive = {{ gives = 'alive', export = true }}\n"
    );
    for within in weeks {
        let output = format!("{{ gives = 'expected', within = '{within}w', export = true }}");
        writeln!(model, "outputs.weeks_{within} = {output}").expect("a string grows");
    }
    let number = "{ type = 'double' }";
    Subscriber::new(&policy(&model, &[("x", number), ("t_x", number), ("age", number)]))
}

/// Somebody of whom attributes are known.
pub struct Subscriber {
    pub policy: Policy,
    profile: Vec<u8>,
    scratch: Scratch,
}

impl Subscriber {
    pub fn new(text: &str) -> Subscriber {
        let policy = support::compile_text(text);
        let profile = new_profile(&policy, b"key").expect("a key");
        let scratch = Scratch::new(&policy);
        Subscriber { policy, profile, scratch }
    }

    pub fn id(&self, name: &str) -> FeatureId {
        self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"))
    }

    /// Somebody else, of whom this is known.
    pub fn know(&mut self, known: &[(&str, Value<'static>)]) {
        self.profile = new_profile(&self.policy, b"key").expect("a key");
        let dated: Vec<Dated> =
            known.iter().map(|(name, value)| Dated::new(self.id(name), 1, *value)).collect();
        let bytes = ProfileBytes::in_place(&mut self.profile);
        backfill(&self.policy, bytes, b"key", &dated, NOW_MS, &mut self.scratch).expect("sound");
    }

    pub fn bought(&mut self, x: f64, t_x: f64, age: f64) {
        self.know(&[
            ("x", Value::Double(x)),
            ("t_x", Value::Double(t_x)),
            ("age", Value::Double(age)),
        ]);
    }

    pub fn read(&mut self, name: &str) -> Option<f64> {
        let id = self.id(name);
        let value = read_feature(&self.policy, &self.profile, id, NOW_MS, &mut self.scratch);
        match value.expect("a sound profile") {
            Some(Value::Double(value)) => Some(value),
            None => None,
            other => panic!("{name} is {other:?}"),
        }
    }
}

pub fn data(name: &str) -> String {
    let path = format!("{}/tests/data/clv/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("a fixture")
}

/// The rows of a table of numbers, without its head.
pub fn rows(name: &str) -> Vec<Vec<f64>> {
    let numbers =
        |line: &str| line.split(',').map(|cell| cell.parse().expect("a number")).collect();
    data(name).lines().skip(1).map(numbers).collect()
}

pub fn fitted() -> serde_json::Value {
    serde_json::from_str(&data("bgnbd_params.json")).expect("JSON")
}

pub fn parameters(of: &str) -> Parameters {
    let json = &fitted()[of];
    let number = |name: &str| json[name].as_f64().expect("a number");
    Parameters { r: number("r"), alpha: number("alpha"), a: number("a"), b: number("b") }
}

pub fn close(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * expected.abs()
}

/// The log-likelihood of a customer (equation 6 of the paper) is this and P(alive): what is left
/// of it once P(alive) is known is elementary.
pub fn log_likelihood(
    Parameters { r, alpha, a, b }: Parameters,
    x: f64,
    age: f64,
    alive: f64,
) -> f64 {
    let ln_gamma = libm::lgamma;
    let ln_beta = |a: f64, b: f64| ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + ln_beta(a, b + x)
        - ln_beta(a, b)
        - (r + x) * (alpha + age).ln()
        - alive.ln()
}
