//! Lifecycles: what is wrong with one is said, and calls agree with one another about stages.

#[path = "support/sample.rs"]
mod sample;
mod support;

use opportune::compile::{Source, Version, compile, difference};
use opportune::{
    Context, Dated, Event, Field, Local, MICROS, Message, Origin, Policy, ProfileBytes, Scratch,
    Shared, Snapshot, Value, allocate, backfill, classify, decide, new_profile, read_feature, tick,
    update,
};
use sample::{diagnostics, with};

const NOW_MS: i64 = 1_772_568_000_000;
const DAY_MS: i64 = 86_400_000;

const STAGE: &str = r#"
[lifecycles.stage]
stages = ["new", "active", "gone"]
export = true
[[lifecycles.stage.transitions]]
from = "new"
to = "active"
when = "recharged > 0.00"
[[lifecycles.stage.transitions]]
from = ["new", "active"]
to = "gone"
when = "now - stage_since > duration('240h')"
"#;

#[test]
fn what_is_wrong_with_a_lifecycle_is_said() {
    for (old, new, wrong) in [
        ("", "", None),
        ("to = \"active\"", "to = \"activ\"", Some("no stage is called `activ`")),
        ("from = \"new\"", "from = \"nwe\"", Some("no stage is called `nwe`")),
        (
            "[\"new\", \"active\"]\nto = \"gone\"",
            "[\"new\", \"gone\"]\nto = \"gone\"",
            Some("this leads from a stage to itself"),
        ),
        ("[\"new\", \"active\"]\nto", "[\"new\", \"new\"]\nto", Some("this stage is given twice")),
        ("\"active\", \"gone\"]", "\"active\", \"new\"]", Some("`new` is given twice")),
        ("to = \"gone\"\n", "", Some("has no `to`")),
        ("recharged > 0.00", "event.amount > 0.00", Some("`event.amount` cannot be read here")),
        ("recharged > 0.00", "recharged > 1.00 && recharged < 1.00", Some("can never hold")),
        ("recharged > 0.00", "recharged > 1.00 && recharged < 1.00", Some("the stage `active`")),
        ("[lifecycles.stage]", "[lifecycles.tariff]", Some("declared already")),
        ("export = true\n", "", None),
        ("now - stage_since > duration('240h')", "recharged > 9.00", None),
    ] {
        let text = with(&STAGE.replacen(old, new, 1));
        let found = diagnostics(&[text.as_bytes()], "").to_string();
        match wrong {
            Some(wrong) => assert!(found.contains(wrong), "{wrong}:\n{found}"),
            None => assert_eq!(found, "", "{text}"),
        }
    }
    let unread = STAGE
        .replace("export = true\n", "")
        .replace("now - stage_since > duration('240h')", "recharged > 9.00");
    let found = diagnostics(&[with(&unread).as_bytes()], "").to_string();
    assert!(found.contains("nothing reads the lifecycle `stage`"), "{found}");
}

#[test]
fn a_difference_names_transitions_by_where_they_lead() {
    let compare = |later: &str| {
        let (old, new) = (with(STAGE), with(later));
        let sources = |text| [Source { name: "p.toml", bytes: str::as_bytes(text) }];
        let (before, after) = (sources(&old), sources(&new));
        let ids = compile(&before, "").expect("sound").ids;
        let version = |sources| Version { sources, ids: &ids };
        difference(version(&before), version(&after)).expect("both compile").to_string()
    };
    let words =
        compare(&STAGE.replace("240h", "480h").replace("[\"new\", \"active\"]", "\"active\""));
    assert!(words.contains("transition stage from new, active to gone: removed"), "{words}");
    assert!(words.contains("transition stage from active to gone: added"), "{words}");
    let words = compare(&STAGE.replace("240h", "480h"));
    assert!(words.contains("transition stage from new, active to gone: when now"), "{words}");
    let words = compare(&STAGE.replace("\"gone\"", "\"lost\""));
    assert!(words.contains("feature stage: kept; members dropped: stage.gone"), "{words}");
}

fn policy(lifecycle: &str) -> Policy {
    support::compile_text(&with(lifecycle))
}

/// A recharge of so many dollars.
fn recharge<T>(policy: &Policy, dollars: i64, now_ms: i64, call: impl FnOnce(&Message) -> T) -> T {
    let amount = policy.id("recharge.amount").expect("a field");
    let fields = [Field { id: amount, value: Value::Money(dollars * MICROS) }];
    let kind = policy.id("recharge").expect("a kind of event");
    let events = [Event { kind, time_ms: now_ms, fields: &fields }];
    let (session, number, zone) = (&b"s"[..], (now_ms / 1_000) as u32, None);
    call(&Message {
        subscriber: b"key",
        session,
        number,
        now_ms,
        zone,
        account: None,
        events: &events,
    })
}

fn stage(policy: &Policy, profile: &[u8]) -> (String, Option<Value<'static>>) {
    let mut scratch = Scratch::new(policy);
    let mut read = |name: &str| {
        let id = policy.id(name).expect("a feature");
        read_feature(policy, profile, id, NOW_MS, &mut scratch).expect("a sound profile")
    };
    let Some(Value::Member(member)) = read("stage") else { panic!("a stage is never missing") };
    (policy.name_of(member).expect("a name").to_owned(), read("stage_since"))
}

#[test]
fn before_the_first_call_everybody_is_in_the_first_stage() {
    let policy = policy(STAGE);
    let profile = new_profile(&policy, b"key").expect("a key");
    assert_eq!(stage(&policy, &profile), ("stage.new".to_owned(), None));
}

/// `decide` is `update`, `classify` and `allocate`, for stages too: only the update moves on.
#[test]
fn one_by_one_or_at_once_the_stage_is_the_same() {
    let policy = policy(STAGE);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let mut at_once = new_profile(&policy, b"key").expect("a key");
    let mut parts = at_once.clone();
    let context = Context::default();
    for (dollars, now_ms, expected) in [
        (0, NOW_MS, "stage.new"),
        (5, NOW_MS + DAY_MS, "stage.active"),
        (0, NOW_MS + 20 * DAY_MS, "stage.gone"),
        (5, NOW_MS + 21 * DAY_MS, "stage.gone"),
    ] {
        recharge(&policy, dollars, now_ms, |message| {
            let bytes = ProfileBytes::in_place(&mut at_once);
            decide(shared, bytes, message, &context, &mut local).expect("sound");
            let bytes = ProfileBytes::in_place(&mut parts);
            update(&policy, bytes, message, &mut local.scratch).expect("sound");
            let before = stage(&policy, &parts);
            let moments = classify(&policy, &parts, message, &mut local.scratch).expect("sound");
            let bytes = ProfileBytes::in_place(&mut parts);
            allocate(shared, bytes, message, moments, &context, &mut local).expect("sound");
            assert_eq!(stage(&policy, &parts), before);
        });
        assert_eq!(stage(&policy, &at_once), stage(&policy, &parts));
        assert_eq!(stage(&policy, &at_once).0, expected);
    }
}

/// A policy that no longer has the stage somebody is in puts them into the first, at the next call.
#[test]
fn a_stage_that_is_gone_is_left() {
    let (old, ids) = {
        let text = with(STAGE);
        let source = [Source { name: "p.toml", bytes: text.as_bytes() }];
        let compiled = compile(&source, "").expect("sound");
        (compiled.policy, compiled.ids)
    };
    let text = with(&STAGE.replace("\"gone\"", "\"lost\""));
    let source = [Source { name: "p.toml", bytes: text.as_bytes() }];
    let new = compile(&source, &ids).expect("sound").policy;
    let mut scratch = Scratch::new(&old);
    let mut profile = new_profile(&old, b"key").expect("a key");
    let gone = Value::Member(old.id("stage.gone").expect("a member"));
    let feature = old.id("stage").expect("a feature");
    let dated = [Dated::new(feature, NOW_MS - DAY_MS, gone)];
    let bytes = ProfileBytes::in_place(&mut profile);
    backfill(&old, bytes, b"key", &dated, NOW_MS, &mut scratch).expect("sound");
    assert_eq!(stage(&old, &profile).0, "stage.gone");
    // The layout is the same: profiles are used as they are.
    assert_eq!(stage(&new, &profile).0, "stage.new");
    let snapshot = Snapshot::initial(&new);
    let shared = Shared { policy: &new, snapshot: &snapshot };
    let mut local = Local::new(&new, Origin { node: 1, epoch: 1, sequence: 1 });
    let bytes = ProfileBytes::in_place(&mut profile);
    tick(shared, bytes, b"key", None, NOW_MS, &mut local).expect("sound");
    let since = Some(Value::Timestamp(NOW_MS));
    assert_eq!(stage(&new, &profile), ("stage.new".to_owned(), since));
}
