//! What an explanation says of moments: each that the message concerned, and why.

mod support;

use opportune::compile::{Source, compile};
use opportune::{
    Context, Event, EventId, Explanation, Field, FieldId, Local, MICROS, Message, MomentVerdict,
    Origin, Policy, ProfileBytes, Shared, Snapshot, Value, decide, explain, new_profile,
};
use serde_json::json;

const TEXT: &str = r#"
[policy]
name = "explained"
version = 1
currency = "USD"
zones = ["UTC"]
[events.recharge]
amount = "money"
[events.failed]
[features.recharges]
count = "recharge"
[features.tenure]
last = "recharge.amount"
[patterns.stuck]
repeat = "failed"
times = 3
within = "10m"
[patterns.gave_up]
after = "failed"
without = "recharge"
within = "1h"
[moments.large]
on = "recharge"
when = "event.amount >= 20.00 && recharges < 3 && (tenure > 1.00 || recharges == 9)"
intent = "do"
supersedes = "any"
priority = 3
[moments.any]
on = "recharge"
when = "true"
intent = "do"
snooze = "1d"
priority = 2
[moments.weak]
on = "recharge"
when = "recharges > 0"
strength = 0.25
threshold = 0.25
intent = "do"
priority = 1
[moments.stuck]
pattern = ["stuck", "gave_up"]
intent = "do"
[channels.sms]
[[contact.caps]]
at_most = 9
within = "30d"
of = "all"
[issues.i.groups.g]
[issues.i.groups.closed]
eligible = "recharges > 99"
[offers.o]
group = "i.g"
kind = "sale"
moments = ["any"]
value = "1.00"
treatments.sms = { content = "o", propensity = 0.5 }
[offers.grouped]
group = "i.closed"
kind = "sale"
moments = ["any"]
value = "1.00"
treatments.sms = { content = "o", propensity = 0.5 }
[offers.own]
group = "i.g"
kind = "sale"
moments = ["any"]
suitable = "recharges > 99"
value = "1.00"
treatments.sms = { content = "o", propensity = 0.5 }
"#;

/// 2026-03-03T20:00:00Z.
const START_MS: i64 = 1_772_568_000_000;

struct Subscriber {
    policy: Policy,
    profile: Vec<u8>,
    local: Local,
}

impl Subscriber {
    fn new(policy: Policy) -> Subscriber {
        let profile = new_profile(&policy, b"s").expect("a profile");
        let local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        Subscriber { policy, profile, local }
    }

    /// The explanation of a message, in words; then the message is taken in.
    fn hears(&mut self, kind: &str, amount: Option<i64>, after_ms: i64) -> String {
        let explained = self.explained(kind, amount, after_ms);
        explained.in_words(&self.policy).to_string()
    }

    fn explained(&mut self, kind: &str, amount: Option<i64>, after_ms: i64) -> Explanation {
        let now_ms = START_MS + after_ms;
        let amount = amount.map(|amount| Field {
            id: self.policy.id::<FieldId>("recharge.amount").expect("a field"),
            value: Value::Money(amount * MICROS),
        });
        let fields: Vec<Field> = amount.into_iter().collect();
        let kind = self.policy.id::<EventId>(kind).expect("a kind");
        let events = [Event { kind, time_ms: now_ms, fields: &fields }];
        let message = Message {
            subscriber: b"s",
            session: &[],
            number: 0,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let snapshot = Snapshot::initial(&self.policy);
        let shared = Shared { policy: &self.policy, snapshot: &snapshot };
        let context = Context::default();
        let explained =
            explain(shared, &self.profile, &message, &context, &self.local).expect("explained");
        let bytes = ProfileBytes::in_place(&mut self.profile);
        let decided =
            decide(shared, bytes, &message, &context, &mut self.local).expect("a decision");
        assert_eq!(explained.decision, decided);
        let raised = explained.moments.iter().filter(|fate| fate.verdict == MomentVerdict::Raised);
        assert_eq!(
            raised.map(|fate| fate.moment).collect::<Vec<_>>(),
            decided.moments.iter().map(|moment| moment.id).collect::<Vec<_>>()
        );
        explained
    }
}

fn policy() -> Policy {
    support::compile_text(TEXT)
}

#[test]
fn a_support_agent_reads_why() {
    let mut subscriber = Subscriber::new(policy());
    assert_eq!(
        subscriber.hears("recharge", Some(5), 0),
        "\
offered: o by sms, in the moment any
moment large: not raised, its rule does not hold
    event.amount >= 20.00: no, it is 5.00
    recharges < 3: yes, it is 1
    (tenure > 1.00 || recharges == 9): yes
moment any: raised, strength 1, urgency 0.5
    true: yes
moment weak: raised, strength 0.25, urgency 0.5
    recharges > 0: yes, it is 1
moment stuck: not raised, its pattern is not complete
    pattern stuck: nothing of it yet
    pattern gave_up: nothing of it yet
offer o: offered, worth 0.5000
offer grouped: not eligible by group i.closed
    its rules would hold if recharges were 100, it is 1
offer own: not suitable by its own rule
    its rules would hold if recharges were 100, it is 1
"
    );
    assert_eq!(
        subscriber.hears("recharge", None, 60_000),
        "\
nothing is offered: no candidate
moment large: not raised, its rule does not hold
    event.amount >= 20.00: not known, it is missing
    recharges < 3: yes, it is 2
    (tenure > 1.00 || recharges == 9): yes
moment any: silent until 2026-03-04T20:00:00Z, since an offer was made on it
    true: yes
moment weak: raised, strength 0.25, urgency 0.5
    recharges > 0: yes, it is 2
moment stuck: not raised, its pattern is not complete
    pattern stuck: nothing of it yet
    pattern gave_up: nothing of it yet
"
    );
}

/// `docs/explanation.md` says what the keys mean; its example is of this message.
#[test]
fn a_program_reads_the_same() {
    let mut subscriber = Subscriber::new(policy());
    let read = |explained: Explanation, policy: &Policy| -> serde_json::Value {
        serde_json::from_str(&explained.to_json(policy)).expect("JSON")
    };
    let explained = subscriber.explained("recharge", Some(5), 0);
    let words: Vec<String> =
        explained.in_words(&subscriber.policy).to_string().lines().map(str::to_owned).collect();
    let id = format!("{:016x}", explained.decision.id);
    let found = read(explained, &subscriber.policy);
    let idle = |pattern: &str| json!({ "pattern": pattern, "state": "idle" });
    let expected = json!({
        "format": "opportune explanation 1",
        "policy": { "name": "explained", "version": 1 },
        "decision": {
            "id": id, "repeated": false, "revision": 1,
            "moments": [
                { "moment": "any", "intent": "do", "strength": 1.0, "urgency": 0.5,
                  "expires": "2026-03-03T21:00:00.000Z", "earlier": false },
                { "moment": "weak", "intent": "do", "strength": 0.25, "urgency": 0.5,
                  "expires": "2026-03-03T21:00:00.000Z", "earlier": false },
            ],
            "offers": [
                { "offer": "o", "treatment": "o.sms", "channel": "sms", "content": "o",
                  "moment": "any", "decision": found["decision"]["id"], "slot": 0,
                  "parameters": {}, "score": 0.5, "propensity": 0.5,
                  "probability": 1.0, "expires": "2026-03-04T20:00:00.000Z" },
            ],
            "furthest": "offered",
            "stages": { "not eligible": 1, "not suitable": 1, "offered": 1 },
            "arm": "treated", "arms": {}, "shadows": [], "test": false, "next_call": null, "lease_low": false,
        },
        "moments": [
            { "moment": "large", "verdict": "rule fails", "patterns": [], "conditions": [
                { "text": "event.amount >= 20.00", "holds": false, "read": ["5.00"] },
                { "text": "recharges < 3", "holds": true, "read": [1] },
                { "text": "(tenure > 1.00 || recharges == 9)", "holds": true, "read": [] },
            ] },
            { "moment": "any", "verdict": "raised", "patterns": [], "conditions": [
                { "text": "true", "holds": true, "read": [] },
            ] },
            { "moment": "weak", "verdict": "raised", "patterns": [], "conditions": [
                { "text": "recharges > 0", "holds": true, "read": [1] },
            ] },
            { "moment": "stuck", "verdict": "pattern waits", "conditions": [],
              "patterns": [idle("stuck"), idle("gave_up")] },
        ],
        "offers": [
            { "offer": "o", "stage": "offered", "rule": null, "score": 0.5, "changes": [] },
            { "offer": "grouped", "stage": "not eligible",
              "rule": "issues.i.groups.closed.eligible", "score": null,
              "changes": [{ "feature": "recharges", "is": 1, "wanted": 100 }] },
            { "offer": "own", "stage": "not suitable", "rule": "offers.own.suitable",
              "score": null, "changes": [{ "feature": "recharges", "is": 1, "wanted": 100 }] },
        ],
        "words": words,
    });
    assert_eq!(found, expected, "{found:#}");

    let found = read(subscriber.explained("recharge", None, 60_000), &subscriber.policy);
    assert_eq!(found["moments"][0]["conditions"][0]["holds"], json!(null));
    assert_eq!(found["moments"][0]["conditions"][0]["read"], json!([null]));
    assert_eq!(found["moments"][1]["verdict"], "silent");
    assert_eq!(found["moments"][1]["until"], "2026-03-04T20:00:00.000Z");
    let found = read(subscriber.explained("failed", None, 61_000), &subscriber.policy);
    assert_eq!(
        found["moments"][0]["patterns"],
        json!([
            { "pattern": "stuck", "state": "seen", "seen": 1, "of": 3,
              "since": "2026-03-03T20:01:01.000Z" },
            { "pattern": "gave_up", "state": "waiting", "until": "2026-03-03T21:01:01.000Z" },
        ])
    );
    assert_eq!(found["decision"]["next_call"], "2026-03-03T21:01:01.000Z");
    let found = read(subscriber.explained("recharge", Some(20), 62_000), &subscriber.policy);
    assert_eq!(found["moments"][1]["verdict"], "silent");
    assert_eq!(found["moments"][2]["verdict"], "raised");
}

#[test]
fn patterns_say_how_far_they_have_come() {
    let mut subscriber = Subscriber::new(policy());
    assert_eq!(
        subscriber.hears("failed", None, 0),
        "\
nothing is offered: no moment
the next call is due at 2026-03-03T21:00:00Z
moment stuck: not raised, its pattern is not complete
    pattern stuck: 1 of 3, since 2026-03-03T20:00:00Z
    pattern gave_up: waits until 2026-03-03T21:00:00Z
"
    );
    subscriber.hears("failed", None, 1_000);
    let third = subscriber.hears("failed", None, 2_000);
    assert!(
        third.contains(
            "moment stuck: raised, strength 1, urgency 0.5\n    pattern stuck: has just completed"
        ),
        "{third}"
    );
}

#[test]
fn the_more_pressing_moment_is_named() {
    let mut subscriber = Subscriber::new(policy());
    let words = subscriber.hears("recharge", Some(20), 0);
    assert!(words.contains("moment large: raised"), "{words}");
    assert!(words.contains("moment any: superseded by large"), "{words}");
    let text = TEXT.replace("strength = 0.25", "strength = \"recharges > 5 ? 1.0 : 0.2\"");
    let words = Subscriber::new(support::compile_text(&text)).hears("recharge", Some(1), 0);
    assert!(words.contains("moment weak: not raised, its strength 0.2 is below 0.25"), "{words}");
}

#[test]
fn a_loaded_policy_explains_in_the_same_words() {
    let compiled =
        compile(&[Source { name: "p.toml", bytes: TEXT.as_bytes() }], "").expect("sound");
    let loaded = Policy::from_bytes(&compiled.policy.to_bytes()).expect("an artifact");
    let words = |policy| Subscriber::new(policy).hears("recharge", Some(5), 0);
    let expected = words(compiled.policy);
    assert!(expected.contains("event.amount >= 20.00: no, it is 5.00"));
    assert_eq!(words(loaded), expected);
}
