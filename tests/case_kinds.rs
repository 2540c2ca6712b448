//! `tests/cases/*.toml` have a case for everything that a policy can say of features, patterns and
//! moments: one where it shows and one where it does not. The list is the JSON Schema, so what is
//! added to the language fails here until it has its cases.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use toml::{Table, Value};

/// A file of cases, and the text of its policy.
struct Cases {
    file: Table,
    policy: Table,
}

fn all() -> Vec<Cases> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = std::fs::read_dir(folder).expect("tests/cases");
    files
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let file: Table = std::fs::read_to_string(path)
                .expect("case text")
                .parse()
                .unwrap_or_else(|error| panic!("{error}"));
            let shipped = || {
                let name = file.get("policy").and_then(Value::as_str).unwrap_or("prepaid");
                support::shipped_text(name)
            };
            let own = file.get("policy_text").and_then(Value::as_str).map(str::to_owned);
            let policy = own.unwrap_or_else(shipped).parse().expect("a policy");
            Cases { file, policy }
        })
        .collect()
}

impl Cases {
    fn entries(&self, section: &str) -> impl Iterator<Item = (&String, &Table)> {
        let section = self.policy.get(section).and_then(Value::as_table);
        section.into_iter().flatten().filter_map(|(name, entry)| Some((name, entry.as_table()?)))
    }

    fn steps(&self) -> impl Iterator<Item = &Value> {
        let cases = self.file.get("case").and_then(Value::as_array).into_iter().flatten();
        cases.flat_map(|case| case["steps"].as_array().into_iter().flatten())
    }

    /// The different values that cases expect of a feature.
    fn values(&self, feature: &str) -> BTreeSet<String> {
        let expected = self.steps().filter_map(|step| step.get("features")?.get(feature));
        expected.map(Value::to_string).collect()
    }

    /// Whether some step expects a moment, and some step expects that it is not raised.
    fn shows(&self, moment: &str) -> [bool; 2] {
        let lists = || self.steps().filter_map(|step| step.get("moments")?.as_array());
        let has = |list: &Vec<Value>| list.iter().any(|name| name.as_str() == Some(moment));
        [lists().any(has), lists().any(|list| !has(list))]
    }
}

/// The keys that a section of the policy knows, without what no case can show.
fn keys(section: &str, left_out: &[&str]) -> Vec<String> {
    let schema: serde_json::Value =
        serde_json::from_str(&opportune::compile::json_schema()).expect("JSON");
    let entry = &schema["properties"][section]["additionalProperties"]["properties"];
    let keys = entry.as_object().unwrap_or_else(|| panic!("no keys of {section}: {schema:#}"));
    keys.keys().filter(|key| !left_out.contains(&key.as_str())).cloned().collect()
}

/// Asserts that each kind has been shown both ways.
fn both_ways(kinds: BTreeMap<String, [bool; 2]>) {
    let lacking: Vec<_> = kinds.iter().filter(|(_, shown)| **shown != [true; 2]).collect();
    assert!(lacking.is_empty(), "no case where it shows, or none where it does not: {lacking:?}");
}

#[test]
fn every_way_to_fold_and_every_window_has_two_different_readings() {
    let windows = ["day", "week", "month", "cycle"].map(|word| format!("window {word}"));
    let mut kinds: BTreeMap<String, [bool; 2]> = keys("features", &["export"])
        .into_iter()
        .chain(windows)
        .map(|key| (key, [false; 2]))
        .collect();
    for cases in all() {
        for (name, feature) in cases.entries("features") {
            let values = cases.values(name).len();
            let window = feature.get("window").and_then(Value::as_str);
            let window = window.map(|word| format!("window {word}"));
            for kind in feature.keys().chain(&window) {
                if let Some([shown, other]) = kinds.get_mut(kind) {
                    (*shown, *other) = (*shown || values >= 1, *other || values >= 2);
                }
            }
        }
    }
    both_ways(kinds);
}

#[test]
fn every_key_of_patterns_and_moments_raises_one_and_keeps_one_back() {
    let mut of_patterns: BTreeMap<String, [bool; 2]> =
        keys("patterns", &[]).into_iter().map(|key| (key, [false; 2])).collect();
    let mut of_moments: BTreeMap<String, [bool; 2]> = keys("moments", &[])
        .into_iter()
        .chain(["on tick".to_owned(), "scored by a model".to_owned()])
        .map(|key| (key, [false; 2]))
        .collect();
    for cases in all() {
        let outputs: BTreeSet<&String> = cases
            .entries("models")
            .filter_map(|(_, model)| model.get("outputs")?.as_table())
            .flat_map(Table::keys)
            .collect();
        for (name, moment) in cases.entries("moments") {
            let shows = cases.shows(name);
            let note = |kinds: &mut BTreeMap<String, [bool; 2]>, key: &str| {
                if let Some([raised, not]) = kinds.get_mut(key) {
                    (*raised, *not) = (*raised || shows[0], *not || shows[1]);
                }
            };
            moment.keys().for_each(|key| note(&mut of_moments, key));
            if moment.get("on").is_some_and(|on| on.to_string().contains("\"tick\"")) {
                note(&mut of_moments, "on tick");
            }
            let strength = moment.get("strength").and_then(Value::as_str).unwrap_or_default();
            if outputs.iter().any(|output| strength.contains(output.as_str())) {
                note(&mut of_moments, "scored by a model");
            }
            let patterns = moment.get("pattern").map(Value::to_string).unwrap_or_default();
            for (pattern, keys) in cases.entries("patterns") {
                if patterns.contains(&format!("\"{pattern}\"")) {
                    keys.keys().for_each(|key| note(&mut of_patterns, key));
                }
            }
        }
    }
    both_ways(of_patterns);
    both_ways(of_moments);
}

/// What only `raised` can show: intent, strength, urgency and until when.
#[test]
fn what_a_moment_says_is_compared() {
    let mut compared: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let all = all();
    for step in all.iter().flat_map(Cases::steps) {
        let raised = step.get("raised").and_then(Value::as_table).into_iter().flatten();
        for (key, value) in raised.filter_map(|(_, says)| says.as_table()).flatten() {
            compared.entry(key).or_default().insert(value.to_string());
        }
    }
    for key in ["intent", "strength", "urgency", "expires"] {
        assert!(compared.get(key).is_some_and(|values| values.len() >= 2), "{key}: {compared:?}");
    }
}
