//! Who is in which arm: against the published cases of GrowthBook and Unleash, against a second
//! implementation of both on many keys, and by what layers promise.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use opportune::compile::{Difference, Source, Version, compile, difference};
use opportune::{FeatureId, Policy};
use proptest::prelude::*;
use serde_json::Value as Json;

/// A policy of one offer whose weight tells the arms of nothing apart.
const FRAME: &str = r#"
[policy]
name = "experiments"
version = 1
currency = "USD"
zones = ["UTC"]
[events.recharge]
amount = "money"
"#;

fn policy(experiments: &str) -> Policy {
    let (name, offer) = support::one_offer("recharge");
    let text = format!("{FRAME}\n{experiments}");
    support::compiled(&[("test.toml".to_owned(), text), (name, offer)], "").policy
}

/// The arm by its own name.
fn arm<'p>(policy: &'p Policy, experiment: &str, key: &str) -> Option<&'p str> {
    let id: FeatureId = policy.id(experiment).expect("an experiment");
    let arm = policy.name_of(policy.arm_in(id, key.as_bytes())?).expect("arms have names");
    arm.strip_prefix(experiment)?.strip_prefix('.')
}

fn published(file: &str) -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hash").join(file);
    serde_json::from_str(&fs::read_to_string(path).expect("published cases")).expect("JSON")
}

fn list<'j>(json: &'j Json, key: &str) -> &'j Vec<Json> {
    json[key].as_array().expect("a list of cases")
}

fn text(json: &Json) -> &str {
    json.as_str().expect("text")
}

fn number(json: &Json) -> f64 {
    json.as_f64().expect("a number")
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// GrowthBook's hash, written down once more: FNV-1a over UTF-16.
fn fnv(text: &str) -> u32 {
    text.encode_utf16()
        .fold(0x811C_9DC5, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193))
}

fn growthbook(seed: &str, key: &str, version: u64) -> f64 {
    match version {
        1 => f64::from(fnv(&format!("{key}{seed}")) % 1_000) / 1_000.0,
        _ => f64::from(fnv(&fnv(&format!("{seed}{key}")).to_string()) % 10_000) / 10_000.0,
    }
}

fn keys() -> impl Iterator<Item = String> {
    (0..3_000).map(|number| format!("+9995550{:04}", number * 7))
}

#[test]
fn growthbook_hashes() {
    let cases = published("growthbook.json");
    let mut compared = 0;
    for case in list(&cases, "hash") {
        let (seed, key) = (text(&case[0]), text(&case[1]));
        let version = case[2].as_u64().expect("a version");
        // There is no version 99.
        let Some(expected) = case[3].as_f64() else { continue };
        let buckets = if version == 1 { 1_000.0 } else { 10_000.0 };
        assert_eq!(growthbook(seed, key, version), expected, "{seed:?} {key:?}");
        // An arm of one bucket, and its neighbours.
        let bucket = (expected * buckets).round();
        let part = |from: f64| format!("[{:?}, {:?}]", from / buckets, (from + 1.0) / buckets);
        let policy = policy(&format!(
            "[experiments.one]\nseed = {}\nhash = 'growthbook_v{version}'\n\
             arms = {{ here = {}, after = {} }}",
            quoted(seed),
            part(bucket),
            part((bucket + 1.0) % buckets),
        ));
        assert_eq!(arm(&policy, "experiment.one", key), Some("here"), "{seed:?} {key:?}");
        compared += 1;
    }
    assert_eq!(compared, 26);
}

#[test]
fn growthbook_ranges() {
    let cases = published("growthbook.json");
    let mut compared = 0;
    for case in list(&cases, "getBucketRange") {
        let title = text(&case[0]);
        let (count, coverage) = (case[1][0].as_u64().expect("a count"), number(&case[1][1]));
        // What GrowthBook mends silently is a mistake here.
        let weights: Vec<f64> = match case[1][2].as_array() {
            Some(weights) => weights.iter().map(number).collect(),
            None => vec![1.0; count as usize],
        };
        let mended =
            title.starts_with("weights sum below") || title.starts_with("weights sum above");
        if !(0.0..=1.0).contains(&coverage) || weights.len() as u64 != count || mended {
            continue;
        }
        let names: Vec<String> = (0..count).map(|at| format!("arm_{at}")).collect();
        let arms: Vec<String> = names
            .iter()
            .zip(&weights)
            .map(|(name, weight)| format!("{name} = {weight:?}"))
            .collect();
        let policy = policy(&format!(
            "[experiments.one]\ncoverage = {coverage:?}\narms = {{ {} }}",
            arms.join(", ")
        ));
        for key in keys() {
            let at = growthbook("one", &key, 2);
            let ranges = case[2].as_array().expect("ranges").iter();
            let expected = ranges
                .zip(&names)
                .find(|(range, _)| number(&range[0]) <= at && at < number(&range[1]))
                .map(|(_, name)| name.as_str());
            assert_eq!(arm(&policy, "experiment.one", &key), expected, "{title} {key}");
        }
        compared += 1;
    }
    assert_eq!(compared, 8);
}

#[test]
fn growthbook_choices() {
    let cases = published("growthbook.json");
    let mut compared = 0;
    for case in list(&cases, "chooseVariation") {
        let ranges = case[2].as_array().expect("ranges");
        if ranges.iter().any(|range| range[0] == range[1]) {
            continue; // An empty range is a mistake here.
        }
        let arms: Vec<String> =
            ranges.iter().enumerate().map(|(at, range)| format!("arm_{at} = {range}")).collect();
        let policy = policy(&format!("[experiments.one]\narms = {{ {} }}", arms.join(", ")));
        // A key whose bucket is the one asked for.
        let key = (0..200_000)
            .map(|n| n.to_string())
            .find(|key| growthbook("one", key, 2) == number(&case[1]));
        let expected = case[3].as_i64().filter(|at| *at >= 0).map(|at| format!("arm_{at}"));
        let found = arm(&policy, "experiment.one", &key.expect("a key in the bucket"));
        assert_eq!(found, expected.as_deref(), "{}", case[0]);
        compared += 1;
    }
    assert_eq!(compared, 12);
}

#[test]
fn growthbook_namespaces() {
    let cases = published("growthbook.json");
    for case in list(&cases, "inNamespace") {
        let policy = policy(&format!(
            "[experiments.one]\nlayer = {}\nlayer_range = [{}, {}]\narms = {{ all = 1 }}",
            case[2][0], case[2][1], case[2][2]
        ));
        let is_in = arm(&policy, "experiment.one", text(&case[1])).is_some();
        assert_eq!(is_in, case[3].as_bool().expect("whether it is"), "{}", case[0]);
    }
    assert_eq!(list(&cases, "inNamespace").len(), 16);
}

#[test]
fn unleash_variants() {
    let cases = published("unleash-08-variants.json");
    let toggles: BTreeMap<&str, &Json> = list(&cases["state"], "features")
        .iter()
        .map(|toggle| (text(&toggle["name"]), toggle))
        .collect();
    let mut compared = 0;
    for case in list(&cases, "variantTests") {
        let toggle = toggles.get(text(&case["toggleName"]));
        let (Some(toggle), Some(key)) = (toggle, case["context"]["userId"].as_str()) else {
            continue;
        };
        let variants = toggle["variants"].as_array().expect("variants");
        let simple = toggle["enabled"] == true
            && toggle["strategies"]
                .as_array()
                .is_some_and(|all| all.iter().all(|one| one["name"] == "default"))
            && !variants.is_empty()
            && variants.iter().all(|variant| variant["overrides"].is_null());
        if !simple {
            continue; // Constraints and overrides are rules here.
        }
        let arms: Vec<String> =
            variants.iter().map(|v| format!("{} = {}", text(&v["name"]), v["weight"])).collect();
        let policy = policy(&format!(
            "[experiments.one]\nhash = 'unleash'\nseed = {}\narms = {{ {} }}",
            toggle["name"],
            arms.join(", ")
        ));
        let expected = case["expectedResult"]["name"].as_str();
        assert_eq!(arm(&policy, "experiment.one", key), expected, "{}", case["description"]);
        compared += 1;
    }
    assert!(compared >= 10, "{compared}");
}

#[test]
fn unleash_rollouts() {
    let cases = published("unleash-10-flexible-rollout.json");
    let toggles: BTreeMap<&str, &Json> = list(&cases["state"], "features")
        .iter()
        .map(|toggle| (text(&toggle["name"]), toggle))
        .collect();
    let mut compared = 0;
    for case in list(&cases, "tests") {
        let parameters = &toggles[text(&case["toggleName"])]["strategies"][0]["parameters"];
        // What the toggle sticks to, as the client resolves it.
        let key = match parameters["stickiness"].as_str() {
            Some("default") => {
                case["context"]["userId"].as_str().or(case["context"]["sessionId"].as_str())
            }
            Some(field) => case["context"][field].as_str(),
            None => None,
        };
        let Some(key) = key else { continue };
        let percent: f64 = text(&parameters["rollout"]).parse().expect("a percentage");
        let policy = policy(&format!(
            "[experiments.one]\nhash = 'unleash'\nseed = {}\ncoverage = {:?}\narms = {{ on = 1 }}",
            parameters["groupId"],
            percent / 100.0
        ));
        let is_on = arm(&policy, "experiment.one", key).is_some();
        assert_eq!(is_on, case["expectedResult"] == true, "{}", case["description"]);
        compared += 1;
    }
    assert_eq!(compared, 7);
}

/// Keys need not be text: such are hashed byte by byte.
#[test]
fn any_bytes_are_a_key() {
    let policy = policy("[experiments.one]\narms = { a = 1, b = 1 }");
    let id: FeatureId = policy.id("experiment.one").expect("the experiment");
    let arms: Vec<_> = (0..=255u8).map(|byte| policy.arm_in(id, &[0xFF, byte])).collect();
    assert!(arms.iter().all(Option::is_some));
    assert!(arms.iter().any(|arm| *arm != arms[0]));
}

const LAYERS: &str = r#"
[experiments.a]
layer = "tone"
layer_range = [0.0, 0.5]
arms = { x = 1, y = 1 }
[experiments.b]
layer = "tone"
layer_range = [0.5, 1.0]
arms = { x = 1, y = 1 }
[experiments.c]
layer = "price"
layer_range = [0.0, 1.0]
arms = { x = 1, y = 1 }
"#;

#[test]
fn experiments_of_one_layer_exclude_each_other_and_layers_are_independent() {
    let policy = policy(LAYERS);
    let of = |name: &str, key: &str| arm(&policy, &format!("experiment.{name}"), key);
    let mut together = BTreeMap::new();
    for key in keys() {
        let (a, b, c) = (of("a", &key), of("b", &key), of("c", &key));
        assert!(a.is_some() != b.is_some(), "{key} is in one of them");
        *together.entry((a.or(b), c)).or_insert(0u32) += 1;
    }
    // Chi-square of independence on one degree of freedom, at one in a thousand.
    let count = |row, column| f64::from(together[&(Some(row), Some(column))]);
    let (xx, xy, yx, yy) = (count("x", "x"), count("x", "y"), count("y", "x"), count("y", "y"));
    let all = xx + xy + yx + yy;
    let determinant = xx * yy - xy * yx;
    let chi = all * determinant * determinant / ((xx + xy) * (yx + yy) * (xx + yx) * (xy + yy));
    assert!(chi < 10.83, "{chi} {together:?}");
}

#[test]
fn what_experiments_may_not_say() {
    for (experiments, message) in [
        (
            "[experiments.a]\narms = { x = [0.0, 0.6], y = [0.5, 1.0] }",
            "the ranges of `x` and `y` overlap",
        ),
        ("[experiments.a]\narms = { x = [0.0, 1.2] }", "1.2 is not within 0 to 1"),
        ("[experiments.a]\narms = { x = [0.5, 0.5] }", "a range is two shares, the smaller first"),
        (
            "[experiments.a]\narms = { x = 1, y = [0.5, 1.0] }",
            "give all arms weights, or all arms ranges",
        ),
        ("[experiments.a]\narms = { x = 0 }", "nobody is in any arm"),
        ("[experiments.a]\narms = { x = -1, y = 2 }", "-1 is no weight"),
        ("[experiments.a]\narms = {}", "an experiment needs arms"),
        (
            "[experiments.a]\ncoverage = 0.5\narms = { x = [0.0, 1.0] }",
            "ranges say themselves how many are in it",
        ),
        ("[experiments.a]\nlayer = 'l'\narms = { x = 1 }", "`experiments.a` has no `layer_range`"),
        (
            "[experiments.a]\nlayer_range = [0.0, 1.0]\narms = { x = 1 }",
            "`layer_range` stands beside `layer`",
        ),
        (
            "[experiments.a]\nlayer = 'l'\nlayer_range = [0.0, 0.6]\narms = { x = 1 }\n\
             [experiments.b]\nlayer = 'l'\nlayer_range = [0.5, 1.0]\narms = { x = 1 }",
            "it has a part of the layer that `a` has, too",
        ),
        (
            "[experiments.a]\nhash = 'unleash'\narms = { x = 0.5 }",
            "expected a whole number, found float",
        ),
        (
            "[experiments.a]\nhash = 'unleash'\ncoverage = 0.005\narms = { x = 1 }",
            "Unleash covers whole percents",
        ),
        (
            "[experiments.a]\narms = { x = 1 }\n[features.f]\nexpr = \"experiment.a == 'x'\"",
            "`experiment.a` cannot be read here: what is remembered and noticed of a subscriber is \
             the same in every arm",
        ),
        (
            "[experiments.a]\narms = { x = 1 }\nwhen = \"experiment.a == 'x'\"",
            "`experiment.a` cannot be read here: what is remembered and noticed of a subscriber is \
             the same in every arm",
        ),
    ] {
        let (name, offer) = support::one_offer("recharge");
        let text = format!("{FRAME}\n{experiments}");
        let sources = [
            Source { name: "test.toml", bytes: text.as_bytes() },
            Source { name: &name, bytes: offer.as_bytes() },
        ];
        let refused = compile(&sources, "").expect_err(experiments);
        let messages: Vec<&str> = refused.iter().map(|diagnostic| diagnostic.message()).collect();
        assert_eq!(messages, [message], "{experiments}");
    }
}

fn text_of(experiment: &str) -> String {
    let (_, offer) = support::one_offer("recharge");
    format!("{FRAME}\n[experiments.one]\n{experiment}\n{offer}")
}

fn compare(old: &str, new: &str) -> (Policy, Policy, Difference) {
    let (old, new) = (text_of(old), text_of(new));
    let sources = |text| [Source { name: "policy.toml", bytes: text }];
    let (old, new) = (sources(old.as_bytes()), sources(new.as_bytes()));
    let before = compile(&old, "").unwrap_or_else(|d| panic!("{d}"));
    let after = compile(&new, &before.ids).unwrap_or_else(|d| panic!("{d}"));
    let version = |sources| Version { sources, ids: &after.ids };
    let found = difference(version(&old), version(&new)).unwrap_or_else(|d| panic!("{d}"));
    (before.policy, after.policy, found)
}

/// Of many keys, the shares that change arm, that come in and that leave.
fn counted(old: &Policy, new: &Policy) -> [f64; 3] {
    let mut counts = [0.0; 3];
    let keys = 20_000;
    for key in (0..keys).map(|number| format!("subscriber {number}")) {
        match (arm(old, "experiment.one", &key), arm(new, "experiment.one", &key)) {
            (Some(was), Some(is)) if was != is => counts[0] += 1.0,
            (None, Some(_)) => counts[1] += 1.0,
            (Some(_), None) => counts[2] += 1.0,
            _ => {}
        }
    }
    counts.map(|count| count / f64::from(keys))
}

#[test]
fn a_difference_says_who_changes_arm() {
    let words = |old: &str, new: &str| {
        let (.., found) = compare(old, new);
        found.experiments.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (old, new, expected) in [
        ("arms = { a = 1, b = 1 }", "arms = { a = 2, b = 2 }", ""),
        // Covering more moves nobody.
        (
            "coverage = 0.2\narms = { a = 1, b = 1 }",
            "coverage = 0.6\narms = { a = 1, b = 1 }",
            "experiment one: 0 % of subscribers change arm, 40 % join",
        ),
        // One arm grows at the expense of the other: as few as can be.
        (
            "arms = { a = 0.5, b = 0.5 }",
            "arms = { a = 0.4, b = 0.6 }",
            "experiment one: 10 % of subscribers change arm",
        ),
        // Of three arms the one in the middle moves, too.
        (
            "arms = { a = 0.5, b = 0.25, c = 0.25 }",
            "arms = { a = 0.25, b = 0.25, c = 0.5 }",
            "experiment one: 50 % of subscribers change arm; 25 % needlessly\n  to move the fewest: \
             arms = { a = [0.0, 0.25], c = [[0.25, 0.5], [0.75, 1.0]], b = [0.5, 0.75] }",
        ),
        (
            "layer = 'l'\nlayer_range = [0.0, 0.5]\narms = { a = 1, b = 1 }",
            "layer = 'l'\nlayer_range = [0.25, 0.5]\narms = { a = 1, b = 1 }",
            "experiment one: 0 % of subscribers change arm, 25 % leave",
        ),
        (
            "arms = { a = 1, b = 1 }",
            "seed = 'two'\narms = { a = 1, b = 1 }",
            "experiment one: 50 % of subscribers change arm: all are drawn anew, because the seed, \
             the hash or the layer changes",
        ),
    ] {
        assert_eq!(words(old, new), expected, "{old} -> {new}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What a difference says is what many keys show; and with the ranges that it proposes nobody
    /// leaves an arm that did not shrink.
    #[test]
    fn the_fewest_move(
        old in prop::collection::vec(0u32..6, 4),
        new in prop::collection::vec(0u32..6, 4),
        coverage in (1u32..=10, 1u32..=10),
    ) {
        prop_assume!(old.iter().sum::<u32>() > 0 && new.iter().sum::<u32>() > 0);
        let names = ["a", "b", "c", "d"];
        let write = |weights: &[u32], coverage: u32| {
            let arms = names.iter().zip(weights).map(|(name, weight)| format!("{name} = {weight}"));
            let arms = arms.collect::<Vec<_>>().join(", ");
            format!("coverage = {:?}\narms = {{ {arms} }}", f64::from(coverage) / 10.0)
        };
        let (old_text, new_text) = (write(&old, coverage.0), write(&new, coverage.1));
        let (before, after, found) = compare(&old_text, &new_text);
        let said = found.experiments.first();
        let said_shares = said.map_or([0.0; 3], |one| [one.moved, one.joined, one.left]);
        for (said, seen) in said_shares.into_iter().zip(counted(&before, &after)) {
            prop_assert!((said - seen).abs() < 0.02, "{said} {seen}: {old_text} -> {new_text}");
        }
        let Some(fewest) = said.and_then(|one| one.fewest.as_ref()) else { return Ok(()) };
        let arms: Vec<String> = fewest.iter().map(|one| {
                let (arm, ranges) = (&one.arm, &one.ranges);
            let parts: Vec<String> =
                ranges.iter().map(|(from, until)| format!("[{from:?}, {until:?}]")).collect();
            format!("{arm} = [{}]", parts.join(", "))
        }).collect();
        let proposed = format!("arms = {{ {} }}", arms.join(", "));
        let (before, kept, changed) = compare(&old_text, &proposed);
        prop_assert!(changed.experiments.iter().all(|one| one.needless == 0.0));
        let size = |policy: &Policy, name: &str| {
            let keys = (0..4_000).map(|number| format!("subscriber {number}"));
            keys.filter(|key| arm(policy, "experiment.one", key) == Some(name)).count()
        };
        for name in names {
            let shrinks = |weights: &[u32], coverage: u32| {
                let at = names.iter().position(|known| *known == name).expect("an arm");
                f64::from(weights[at] * coverage) / f64::from(weights.iter().sum::<u32>())
            };
            // Sizes are those of the new version.
            let (wanted, got) = (size(&after, name), size(&kept, name));
            prop_assert!(wanted.abs_diff(got) < 200, "{name}: {wanted} {got}");
            if shrinks(&new, coverage.1) < shrinks(&old, coverage.0) {
                continue;
            }
            for key in (0..4_000).map(|number| format!("subscriber {number}")) {
                if arm(&before, "experiment.one", &key) == Some(name) {
                    prop_assert_eq!(arm(&kept, "experiment.one", &key), Some(name));
                }
            }
        }
    }
}
