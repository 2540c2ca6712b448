//! What a certificate says is what there is. That calls stay within its steps is tested where steps
//! are counted, in `src/certificate/measured.rs`.

mod support;

use opportune::{Decision, FeatureId, Policy};

#[test]
fn the_parts_of_a_profile_add_up() {
    let policy = support::shipped_policy("prepaid");
    let profile = policy.certificate().profile;
    let features: usize = profile.features.iter().map(|(_, bytes)| bytes).sum();
    let parts = profile.header
        + profile.sessions
        + profile.moments
        + profile.contacts
        + profile.open_offers
        + profile.padding
        + features;
    assert_eq!((profile.total, parts), (policy.profile_bytes(), policy.profile_bytes()));
    // Value and stamp of an attribute; a number and seven buckets of money.
    let of = |name: &str| -> usize {
        let id: FeatureId = policy.id(name).expect("a feature");
        profile.features.iter().find(|(found, _)| *found == id).expect("a stored feature").1
    };
    assert_eq!((of("balance"), of("spend_24h")), (20, 4 + 7 * 8));
}

#[test]
fn a_loaded_policy_has_the_certificate_of_the_compiled_one() {
    let policy = support::shipped_policy("prepaid");
    let bytes = policy.to_bytes();
    let certificate = policy.certificate();
    assert_eq!(Policy::from_bytes(&bytes).expect("sound").certificate(), certificate);
    assert_eq!(certificate.artifact_bytes, bytes.len());
    assert_eq!(certificate.decision_bytes, size_of::<Decision>());
    assert_eq!(certificate.fingerprint, policy.fingerprint());
}

#[test]
fn limits_are_told_the_nearest_first() {
    let certificate = support::shipped_policy("prepaid").certificate();
    let nearness: Vec<usize> = certificate.limits.iter().map(|near| near.permille()).collect();
    assert!(nearness.is_sorted_by(|a, b| a >= b) && nearness.iter().all(|near| *near <= 1_000));
    let words = certificate.to_string();
    for expected in ["a subscriber: ", "steps at most: update ", "\n   50.0 %  2 of 4 parameters"] {
        assert!(words.contains(expected), "no {expected:?} in\n{words}");
    }
}

/// Counted by hand from the text of a policy of a few lines.
#[test]
fn steps_are_those_of_the_policy() {
    let policy = support::compile_text(
        r#"
        [policy]
        name = "counted"
        version = 1
        currency = "USD"
        zones = ["UTC"]
        [events.use]
        amount = "int"
        [features]
        seen_24h = { count = "use", window = "24h", buckets = 4 }
        [moments.often]
        on = "use"
        when = "seen_24h > 3"
        intent = "buy"
        [channels.sms]
        [[contact.caps]]
        at_most = 10
        within = "30d"
        of = "all"
        [issues.sales.groups.data]
        [offers.pass]
        group = "sales.data"
        kind = "sale"
        moments = ["often"]
        value = "1.30"
        treatments.sms = { content = "pass", propensity = 0.1 }
        "#,
    );
    let steps = policy.certificate().steps;
    // The event, its field, one fold, five buckets cleared.
    assert_eq!(steps.event, 2 + 1 + 5);
    assert_eq!(steps.update, 32 * steps.event);
    // Each event taken in, and one moment of three operations asked, and its strength; the
    // window read once.
    assert_eq!(steps.classify, 32 * (2 + 1 + 3 + 1) + (1 + 5));
    // Ten contacts under one cap; an offer, its value, a treatment under one cap; the window;
    // whether the moment waits for the morning; and six open offers with their values.
    assert_eq!(steps.allocate, 10 + (1 + 1 + (1 + 1)) + (1 + 5) + 1 + 6 * (1 + 1));
    // Events are taken once.
    assert_eq!(steps.decide, steps.update + (steps.classify - 32 * 2) + steps.allocate);
}

/// `5 < x` and `x > 5` are one predicate, `5 == x` and `x == 5` another.
#[test]
fn predicates_are_counted_whichever_side_the_feature_stands_on() {
    let counted = |rule: &str| {
        let text = format!(
            r#"
            [policy]
            name = "counted"
            version = 1
            currency = "USD"
            zones = ["UTC"]
            [attributes]
            x = {{ type = "int" }}
            [events.use]
            [moments.used]
            on = "use"
            when = "{rule}"
            intent = "buy"
            [[contact.caps]]
            at_most = 10
            within = "30d"
            of = "all"
            "#
        );
        support::compile_text(&text).certificate().predicates
    };
    for (rule, predicates) in [
        ("x > 5", 1),
        ("x > 5 && x >= 5 && x < 5 && x <= 5", 4),
        ("x > 5 || 5 < x", 1),
        ("x == 5 || 5 == x", 1),
        ("x > 5 || x > 6", 2),
        ("x > 0 - x", 0),
    ] {
        assert_eq!(counted(rule), predicates, "{rule}");
    }
}
