//! Profiles as JSON: what is exported comes back byte for byte, and what is wrong is named.

#[path = "support/prepaid.rs"]
mod prepaid;
mod support;

use opportune::{
    Arm, BudgetId, Dated, Error, ImportProblem, MICROS, Outcome, OutcomeKind, Policy, ProfileBytes,
    Scratch, Shared, Snapshot, backfill, decide, erase, export_profile, import_profile, migrate,
    new_profile, open_offers, profile_revision, settle,
};
use prepaid::{AFTERNOON_MS, Ids, MINUTE_MS, known_profile, message, outbound, rich_local};
use serde_json::{Value, json};

/// Profiles of a subscriber as their weeks go by, with offers in all states.
fn profiles(policy: &Policy) -> Vec<Vec<u8>> {
    let key = support::subscriber_in(policy, Arm::Treated);
    let snapshot = Snapshot::initial(policy);
    let shared = Shared { policy, snapshot: &snapshot };
    let (mut local, mut profile) = (rich_local(policy), known_profile(policy, &key));
    let ids = Ids::of(policy);
    let call = ids.call_fields();
    let mut all = vec![new_profile(policy, key.as_bytes()).expect("a key"), profile.clone()];
    for number in 0..300u32 {
        let balance = ids.balance_fields(i64::from(number * 37 % 90) * 100_000);
        let now_ms = AFTERNOON_MS + i64::from(number) * 97 * MINUTE_MS;
        let events = ids.call(&call, &balance, now_ms);
        let message = message(&key, number, now_ms, &events);
        let bytes = ProfileBytes::in_place(&mut profile);
        let made = decide(shared, bytes, &message, &outbound(), &mut local).expect("sound");
        let kind = OutcomeKind::ALL[number as usize % 4];
        let outcome =
            Outcome { subscriber: key.as_bytes(), decision: made.id, slot: 0, kind, now_ms };
        let bytes = ProfileBytes::in_place(&mut profile);
        settle(policy, bytes, &outcome, &mut local).expect("sound");
        all.push(profile.clone());
    }
    all
}

fn parsed(policy: &Policy, profile: &[u8]) -> Value {
    serde_json::from_str(&export_profile(policy, profile).expect("sound")).expect("JSON")
}

#[test]
fn what_is_imported_is_what_was_exported() {
    let policy = support::shipped_policy("prepaid");
    let mut open = 0;
    for profile in profiles(&policy) {
        let json = export_profile(&policy, &profile).expect("a sound profile");
        assert!(!json.contains("\"bytes\""), "everything has a form for people: {json}");
        let back = import_profile(&policy, json.as_bytes());
        assert_eq!(back.unwrap_or_else(|error| panic!("{error}")), profile);
        open += open_offers(&policy, &profile, AFTERNOON_MS).expect("sound").len();
    }
    assert!(open > 20, "open offers are exercised: {open}");
}

/// CRC32C by RFC 3720, a bit a step: nothing of the library's.
fn crc32c(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), bit))
}

/// Whatever a sealed profile holds, there is a form that it comes back from.
#[test]
fn any_bytes_come_back() {
    let policy = support::shipped_policy("prepaid");
    let profile = profiles(&policy).pop().expect("one");
    let mut draws = 1u64;
    let mut as_they_are = 0;
    for round in 0..400 {
        let mut bytes = profile.clone();
        for _ in 0..1 + round % 40 {
            draws = draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            // Not the layout and not the version: those are what it is a profile of.
            let at = 16 + (draws >> 33) as usize % (bytes.len() - 16);
            if !(60..62).contains(&at) {
                bytes[at] = (draws >> 24) as u8;
            }
        }
        let sum = crc32c(&bytes[8..]).to_le_bytes();
        bytes[4..8].copy_from_slice(&sum);
        let json = export_profile(&policy, &bytes).expect("sealed");
        as_they_are += usize::from(json.contains("\"bytes\""));
        let back = import_profile(&policy, json.as_bytes());
        assert!(back.unwrap_or_else(|error| panic!("{error}\n{json}")) == bytes, "{json}");
    }
    assert!(as_they_are > 100, "{as_they_are} had something that no form for people can say");
}

#[test]
fn people_read_it() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let said = parsed(&policy, &known_profile(&policy, &key));
    let feature = |name: &str| {
        let all = said["features"].as_array().expect("a list");
        all.iter().find(|feature| feature["name"] == name).expect(name).clone()
    };
    assert_eq!(feature("balance")["value"], "8.00");
    assert_eq!(feature("balance")["as_of"], "2026-03-03T19:59:59.999Z");
    assert_eq!(feature("consent_sms")["reads"], true);
    assert_eq!(feature("language")["value"], "language.en");
    let spend = feature("spend_7d");
    assert_eq!((&spend["reads"], &spend["buckets"][0]["total"]), (&json!("9.00"), &json!("9.00")));
    assert_eq!(spend["is"], "sum of money over 7d in 7 buckets");
    assert_eq!(spend["newest"], "2026-03-03T00:00:00.000Z");
    assert_eq!(said["policy"]["name"], "prepaid");
    assert_eq!(said["revision"], 1);
    // What is not known is not said.
    assert!(feature("tenure_days")["bytes"].is_null());
}

#[test]
fn what_is_wrong_is_named() {
    let policy = support::shipped_policy("prepaid");
    let profile = profiles(&policy).pop().expect("one");
    let sound = parsed(&policy, &profile);
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut json = sound.clone();
        change(&mut json);
        let found = import_profile(&policy, json.to_string().as_bytes()).expect_err("refused");
        (found.key.clone(), found.problem.clone(), found.to_string())
    };
    let at = |name: &str| {
        let all = sound["features"].as_array().expect("a list");
        all.iter().position(|feature| feature["name"] == name).expect(name)
    };
    let (balance, spend) = (at("balance"), at("spend_7d"));
    let expected = |what| ImportProblem::Expected(what);
    let amount = "an amount such as \"12.50\"";
    type Change<'a> = &'a dyn Fn(&mut Value);
    let cases: [(String, ImportProblem, Change<'_>); 14] = [
        ("format".into(), expected("\"opportune profile 1\""), &|j| j["format"] = json!("x")),
        ("layout".into(), ImportProblem::Layout, &|j| j["layout"] = json!("0123456789abcdef")),
        ("layout".into(), expected("16 hexadecimal digits"), &|j| j["layout"] = json!(7)),
        ("subscriber".into(), ImportProblem::Missing, &|j| {
            j.as_object_mut().expect("an object").remove("subscriber");
        }),
        ("feature".into(), ImportProblem::UnknownKey, &|j| j["feature"] = json!([])),
        (format!("features[{balance}].value"), expected(amount), &|j| {
            j["features"][balance]["value"] = json!(8.5);
        }),
        (format!("features[{balance}].as_of"), ImportProblem::Missing, &|j| {
            let balance = j["features"][balance].as_object_mut().expect("an object");
            balance.remove("as_of");
        }),
        (format!("features[{balance}].id"), expected("a number of 32 bits"), &|j| {
            j["features"][balance]["id"] = json!(-1);
        }),
        (format!("features[{balance}]"), ImportProblem::UnknownName, &|j| {
            j["features"][balance]["id"] = json!(9_999);
        }),
        (format!("features[{spend}]"), ImportProblem::Twice, &|j| {
            j["features"][spend]["id"] = j["features"][balance]["id"].clone();
        }),
        (
            format!("features[{spend}].buckets[0].from"),
            expected("within the window up to its newest bucket"),
            &|j| j["features"][spend]["buckets"][0]["from"] = json!("2020-01-01T00:00:00.000Z"),
        ),
        ("contacts[0].offer".into(), ImportProblem::UnknownName, &|j| {
            j["contacts"][0]["offer"] = json!("nothing_like_it");
        }),
        ("sessions[0].numbers_known".into(), expected("at most 32"), &|j| {
            j["sessions"][0]["numbers_known"] = json!(33);
        }),
        ("sessions[0].place".into(), expected("a place that there is"), &|j| {
            j["sessions"][0]["place"] = json!(4);
        }),
    ];
    for (key, problem, change) in cases {
        let found = refused(change);
        // A list of features in another order names another place: the last that is wrong.
        assert!(found.0 == key || problem == ImportProblem::Twice, "{found:?} is not {key}");
        assert_eq!(found.1, problem, "{key}");
        assert!(found.2.starts_with(&found.0), "{}", found.2);
    }
    let broken = import_profile(&policy, b"{\n  \"format\": ,").expect_err("no JSON");
    assert_eq!(broken.problem, ImportProblem::Json { line: 2, column: 13 });
    assert_eq!(broken.to_string(), "not JSON from line 2, column 13 on");
    for cut in 0..200 {
        let json = sound.to_string();
        assert!(import_profile(&policy, &json.as_bytes()[..json.len() * cut / 200]).is_err());
    }
}

/// An export of an older version, under the policy that succeeds it, is what a migration gives.
#[test]
fn an_older_export_is_migrated() {
    let text = support::shipped_text("prepaid");
    let newer = text
        .replace("window = \"7d\"", "window = \"14d\"")
        .replace("[offers.data_1gb", "[offers.data_2gb");
    let (old, new) = support::compile_versions(&text, &newer);
    let new = new.succeeding(&[&old]).expect("one salt");
    for profile in profiles(&old).iter().step_by(23) {
        let json = export_profile(&old, profile).expect("sound");
        let mut scratch = opportune::Scratch::new(&new);
        let mut expected = vec![0; new.profile_bytes()];
        let key = support::subscriber_in(&old, Arm::Treated);
        let bytes = ProfileBytes::apart(profile, &mut expected);
        migrate(&new, bytes, key.as_bytes(), &mut scratch).expect("a known layout");
        let found = import_profile(&new, json.as_bytes());
        assert_eq!(found.unwrap_or_else(|error| panic!("{error}")), expected);
        // The successor exports it as it lies, too.
        let again = export_profile(&new, profile).expect("a known layout");
        assert_eq!(import_profile(&old, again.as_bytes()).expect("the same layout"), *profile);
    }
    let json = export_profile(&new, &new_profile(&new, b"key").expect("a key")).expect("sound");
    let found = import_profile(&old, json.as_bytes()).expect_err("a newer layout");
    assert_eq!((found.key.as_str(), found.problem), ("layout", ImportProblem::Layout));
}

#[test]
fn erasing_releases_what_was_reserved() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(MICROS / 2));
    let (mut local, mut profile) = (rich_local(&policy), known_profile(&policy, &key));
    let left = |local: &opportune::Local| -> Vec<Option<i64>> {
        let budgets = policy.names::<BudgetId>();
        budgets.map(|(budget, _)| local.lease.left(&policy, budget)).collect()
    };
    let full = left(&local);
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let bytes = ProfileBytes::in_place(&mut profile);
    let made = decide(shared, bytes, &message, &outbound(), &mut local).expect("sound");
    assert_eq!(made.offers.len(), 1);
    let reserved = left(&local);

    let before = profile.clone();
    let bytes = ProfileBytes::in_place(&mut profile);
    let refused = erase(&policy, bytes, b"another", &mut local);
    assert_eq!(refused, Err(Error::ProfileSubscriber));
    assert_eq!((&profile, left(&local)), (&before, reserved.clone()));

    // What waits for an answer is as if it had been rejected; nothing else has happened.
    let (mut rejected, mut copy) = (local.clone(), profile.clone());
    let outcome = Outcome {
        subscriber: key.as_bytes(),
        decision: made.id,
        slot: 0,
        kind: OutcomeKind::Rejected,
        now_ms: AFTERNOON_MS,
    };
    settle(&policy, ProfileBytes::in_place(&mut copy), &outcome, &mut rejected).expect("sound");
    let bytes = ProfileBytes::in_place(&mut profile);
    let erased = erase(&policy, bytes, key.as_bytes(), &mut local).expect("sound");
    assert_eq!(left(&local), left(&rejected));
    assert!(full >= left(&local));
    assert_eq!(erased.revision, made.revision + 1);
    assert_eq!(profile_revision(&policy, &profile), Ok(erased.revision));
    let mut nothing = parsed(&policy, &new_profile(&policy, key.as_bytes()).expect("a key"));
    nothing["revision"] = json!(erased.revision);
    assert_eq!(parsed(&policy, &profile), nothing);
}

/// Whose value stands, of which message and event, is there for people and comes back.
#[test]
fn sources_have_names() {
    let policy = support::compile_text(
        r#"
[policy]
name = "told"
version = 1
currency = "USD"
zones = ["UTC"]
[sources.crm]
rank = 2
[attributes.score]
type = "int"
export = true
[events.use]
amount = "money"
[features]
latest = { last = "use.amount", window = "day", export = true }
[channels.sms]
consent = true
[[contact.caps]]
at_most = 1
within = "30d"
of = "all"
"#,
    );
    let key = b"+99955500001";
    let id = |name: &str| policy.id(name).expect("a feature");
    let score = Dated::new(id("score"), AFTERNOON_MS, opportune::Value::Int(7));
    let amount = Dated::new(id("latest"), AFTERNOON_MS, opportune::Value::Money(MICROS));
    let crm = policy.id("crm").expect("a source");
    let mut profile = new_profile(&policy, key).expect("a key");
    let bytes = ProfileBytes::in_place(&mut profile);
    let dated = [score.from_source(crm).numbered(12), amount];
    backfill(&policy, bytes, key, &dated, AFTERNOON_MS, &mut Scratch::new(&policy)).expect("sound");
    let mut said = parsed(&policy, &profile);
    let told = said["features"].as_array().expect("a list")[0].clone();
    assert_eq!((&told["source"], &told["number"]), (&json!("crm"), &json!(12)));
    assert_eq!((&told["value"], told.get("place")), (&json!(7), None));
    let back = |said: &Value| import_profile(&policy, said.to_string().as_bytes());
    assert_eq!(back(&said).expect("what was exported"), profile);
    for (key, wrong, problem) in [
        ("source", json!("erp"), ImportProblem::UnknownName),
        ("source", json!("#256"), ImportProblem::UnknownName),
        ("place", json!(256), ImportProblem::Expected("at most 255")),
        ("as_of", json!(0), ImportProblem::Expected("a time from 1970 to 9999")),
    ] {
        let sound = said["features"][0][key].take();
        said["features"][0][key] = wrong;
        let refused = back(&said).expect_err("it names nothing");
        assert_eq!((refused.key, refused.problem), (format!("features[0].{key}"), problem));
        said["features"][0][key] = sound;
        if said["features"][0][key].is_null() {
            said["features"][0].as_object_mut().expect("an object").remove(key);
        }
    }
    // A source that the policy has no longer goes by its number.
    said["features"][0]["source"] = json!("#9");
    let other = back(&said).expect("a number");
    assert_eq!(parsed(&policy, &other)["features"][0]["source"], "#9");
}

/// Whatever is folded over whatever time, people read it, and it comes back.
#[test]
fn every_fold_over_every_window_has_a_form_for_people() {
    let folds = [
        ("count", "count = 'use'"),
        ("sum", "sum = 'use.amount'"),
        ("pieces", "sum = 'use.pieces'"),
        ("size", "sum = 'use.size'"),
        ("min", "min = 'use.size'"),
        ("last", "last = 'use.amount'"),
        ("first_time", "first_time = 'use'"),
        ("mean", "mean = 'use.pieces'"),
        ("share", "share = 'use', of = 'event.pieces > 3'"),
        ("share_amount", "share = 'use.amount', of = 'event.pieces > 3'"),
        ("distinct", "distinct = 'use.pieces', registers = 32"),
        ("quantile", "quantile = 'use.size', at = 0.5, between = [1, 1000], error = 0.2"),
        ("active", "active = 'use'"),
        ("streak", "streak = 'use'"),
    ];
    let windows = [
        ("ever", ""),
        ("rolling", ", window = '6h', buckets = 6"),
        ("day", ", window = 'day', periods = 3"),
        ("week", ", window = 'week'"),
        ("month", ", window = 'month', ago = 1"),
        ("cycle", ", window = 'cycle', bill_day = 15"),
        ("fading", ", half_life = '12h'"),
    ];
    let can_be = |fold: &str, window: &str| match window {
        "fading" => !["min", "last", "first_time", "distinct", "quantile", "active", "streak"]
            .contains(&fold),
        "ever" | "rolling" => !["active", "streak"].contains(&fold),
        "day" | "month" => fold != "streak",
        _ => true,
    };
    let mut text = String::from(
        "[policy]\nname = 'forms'\nversion = 1\ncurrency = 'USD'\nzones = ['UTC']\n\
         [events.use]\namount = 'money'\nsize = 'double'\npieces = 'int'\n[channels.sms]\n\
         consent = true\n[[contact.caps]]\nat_most = 1\nwithin = '1d'\nof = 'all'\n[features]\n",
    );
    for (fold, keys) in folds {
        for (window, over) in windows.iter().filter(|window| can_be(fold, window.0)) {
            text += &format!("{fold}_{window} = {{ {keys}{over}, export = true }}\n");
        }
    }
    let policy = support::compile_text(&text);
    let key = b"+99955500001";
    let field = |name: &str, value| opportune::Field { id: policy.id(name).expect(name), value };
    let mut profile = new_profile(&policy, key).expect("a key");
    for nth in 0..40 {
        let fields = [
            field("use.amount", opportune::Value::Money(nth * MICROS / 3)),
            field("use.size", opportune::Value::Double(nth as f64 / 7.0 + 1.0)),
            field("use.pieces", opportune::Value::Int(nth % 5)),
        ];
        let now_ms = AFTERNOON_MS + nth * 11 * 60 * MINUTE_MS;
        let kind = policy.id("use").expect("an event");
        let events = [opportune::Event { kind, time_ms: now_ms, fields: &fields }];
        let message = opportune::Message {
            subscriber: key,
            session: b"",
            number: 0,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let bytes = ProfileBytes::in_place(&mut profile);
        opportune::update(&policy, bytes, &message, &mut Scratch::new(&policy)).expect("sound");
        let json = export_profile(&policy, &profile).expect("a sound profile");
        assert!(!json.contains("\"bytes\""), "everything has a form for people: {json}");
        assert_eq!(import_profile(&policy, json.as_bytes()).as_ref(), Ok(&profile));
    }
    let said = parsed(&policy, &profile);
    let all = said["features"].as_array().expect("a list");
    let feature = |name: &str| all.iter().find(|feature| feature["name"] == name).expect(name);
    // The last of forty events, eleven hours apart from 2026-03-03T20:00Z on, was on 2026-03-21.
    let newest = |name: &str| feature(name)["newest"].as_str().expect(name);
    assert_eq!((newest("sum_day"), newest("sum_week")), ("2026-03-21", "2026-03-16"));
    assert_eq!((newest("sum_month"), newest("sum_cycle")), ("2026-03", "2026-03"));
    assert_eq!(feature("active_day")["periods"][1], "2026-03-20");
    assert_eq!(feature("mean_ever")["count"], 40);
    assert_eq!(
        (&feature("share_ever")["part"], &feature("share_ever")["total"]),
        (&json!(8), &json!(40))
    );
    assert_eq!(feature("count_fading")["buckets"][0]["from"], "2026-03-17T12:00:00.000Z");
}
