//! What an explanation says of moments: each that the message concerned, and why.

mod support;

use opportune::compile::{Source, compile};
use opportune::{
    Context, Event, EventId, Field, FieldId, Local, MICROS, Message, MomentVerdict, Origin, Policy,
    ProfileBytes, Shared, Snapshot, Value, decide, explain, new_profile,
};

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
[offers.o]
group = "i.g"
kind = "sale"
moments = ["any"]
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
        explained.in_words(&self.policy).to_string()
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
moment any: raised
    true: yes
moment weak: raised
    recharges > 0: yes, it is 1
moment stuck: not raised, its pattern is not complete
    pattern stuck: nothing of it yet
    pattern gave_up: nothing of it yet
offer o: offered, worth 0.5000
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
moment weak: raised
    recharges > 0: yes, it is 2
moment stuck: not raised, its pattern is not complete
    pattern stuck: nothing of it yet
    pattern gave_up: nothing of it yet
"
    );
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
        third.contains("moment stuck: raised\n    pattern stuck: has just completed"),
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
