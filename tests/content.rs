//! What offers say, whom they are for by name, and when they are in force.

use opportune::compile::{Diagnostics, Source, compile};
use opportune::{
    ContentId, Context, Decision, Event, EventId, Field, FieldId, Local, Message, Origin, Policy,
    ProfileBytes, Shared, Snapshot, Stage, Type, Value, decide, new_profile,
};

/// A policy with texts. Bad ones are this one, changed.
const GOOD: &str = r#"
[policy]
name = "texts"
version = 1
currency = "USD"
zones = ["America/New_York"]
languages = ["en", "pt-BR"]
test_subscribers = ["+99955500001", "+99955500002"]
[attributes.home]
type = "text"
[events.balance_change]
balance = "money"
[features.balance]
last = "balance_change.balance"
[features.changes]
count = "balance_change"
[segments.poor]
when = "balance < 2.00"
[segments.rich_and_busy]
when = "!poor && changes >= 2"
[moments.changed]
on = "balance_change"
when = "poor || rich_and_busy"
intent = "buy"
[channels.sms]
text_max = 40
[channels.app]
[contact]
[[contact.caps]]
at_most = 50
within = "30d"
of = "all"
[issues.sales.groups.data]
[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["changed"]
value = "1"
parameters = { price = { type = "money", value = "5" }, mb = "1024", left = "balance", at = "home" }
[offers.pass.treatments.sms]
content = "pass"
propensity = 0.06
[offers.pass.treatments.app]
content = "pass_app"
propensity = 0.1
[content.pass]
en = "{mb} MB for {price}, {{now}}"
pt-BR = "{mb} MB por {price}, já"
[content.pass_app]
en = "{mb} MB. You have {left} left."
pt-BR = "{mb} MB. Você tem {left}."
"#;

fn compiled(text: &str) -> Result<Policy, Diagnostics> {
    let source = Source { name: "policy.toml", bytes: text.as_bytes() };
    compile(&[source], "").map(|compiled| compiled.policy)
}

fn good(text: &str) -> Policy {
    compiled(text).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn changed(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    GOOD.replace(from, to)
}

#[test]
fn texts_are_kept_for_hosts() {
    let policy = good(GOOD);
    let id: ContentId = policy.id("pass").expect("a content");
    assert_eq!(policy.content(id, "en"), Some("{mb} MB for {price}, {{now}}"));
    assert_eq!(policy.content(id, "pt-BR"), Some("{mb} MB por {price}, já"));
    assert_eq!(policy.content(id, "es"), None);
    assert_eq!(policy.content(ContentId(9), "en"), None);
    let loaded = Policy::from_bytes(&policy.to_bytes()).expect("an artifact");
    assert_eq!(loaded.content(id, "en"), policy.content(id, "en"));
    assert!(loaded.is_test_subscriber(b"+99955500002"));
}

/// A text that nobody gets is a warning, as other things without a use are.
#[test]
fn a_text_without_a_use_is_a_warning() {
    let unused = changed("[content.pass_app]", "[content.other]\nen = \"\"\n[content.pass_app]");
    let source = Source { name: "policy.toml", bytes: unused.as_bytes() };
    let found = compile(&[source], "").unwrap_or_else(|wrong| panic!("{wrong}")).warnings;
    let found: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
    assert!(found.contains(&("OPP0912", "content.other")), "{found:?}");
}

/// The channel carries 40 characters: of GSM 03.38, or 17 of UCS-2. With the accent, the text is as long
/// as before and too long.
#[test]
fn one_accent_makes_a_text_message_short() {
    let gsm = changed("text_max = 40", "text_max = 40\nalphabet = \"gsm\"");
    let wrong = compiled(&gsm).expect_err("an accent in Portuguese");
    let found: Vec<_> = wrong.iter().map(|d| (d.code().as_str(), d.rule())).collect();
    assert_eq!(found, [("OPP0702", "content.pass.pt-BR")], "{wrong}");
    let help = wrong.iter().next().and_then(|d| d.help()).expect("which character");
    assert!(help.starts_with("`\u{e1}` is not in the alphabet"), "{help}");
    good(&gsm.replace(", j\u{e1}", ", ja"));
}

#[test]
fn test_subscribers_are_known() {
    let policy = good(GOOD);
    for (key, expected) in [("+99955500001", true), ("+99955500002", true), ("+99955500003", false)]
    {
        assert_eq!(policy.is_test_subscriber(key.as_bytes()), expected, "{key}");
    }
}

/// What is replaced, by what, and code, line and start of the message of the one mistake.
#[rustfmt::skip]
const BAD: &[(&str, &str, &str, &str, &str)] = &[
    // Placeholders.
    ("for {price}, {{", "for @{prise}, {{", "OPP0404", "content.pass.en", "`{prise}` is no parameter of the offer `pass`"),
    ("You have {left}", "You have @{at}", "OPP0404", "content.pass_app.en", "`{at}` is text"),
    ("You have {left}", "You have @{left", "OPP0404", "content.pass_app.en", "`{` opens or closes no"),
    ("You have {left}", "You have @} left", "OPP0404", "content.pass_app.en", "`}` opens or closes no"),
    ("You have {left}", "You have @{}", "OPP0404", "content.pass_app.en", "`{` opens or closes no"),
    // Languages.
    ("pt-BR = \"{mb} MB por {price}, já\"", "", "OPP0302", "content.pass", "`pass` has no text in `pt-BR`"),
    ("pt-BR = \"{mb} MB por", "pt-BR = \"\"\n@pt = \"{mb} MB por", "OPP0401", "content.pass.pt", "`pt` is not a language of the policy"),
    ("\"pt-BR\"]", "\"pt-BR\", @\"en\"]", "OPP0306", "policy.languages[2]", "`en` is given twice"),
    ("\"pt-BR\"]", "\"pt-BR\", @\"pt BR\"]", "OPP0304", "policy.languages[2]", "`pt BR` is not a language"),
    // Lengths: 1,024 is five characters and 5.00 USD eight.
    ("MB por {price}, já", "MB por {price}, agora, agora, agora", "OPP0702", "content.pass.pt-BR", "the text can be 42 characters long, but the channel of `offers.pass.treatments.sms` carries 40"),
    ("text_max = 40", "text_max = @0", "OPP0304", "channels.sms.text_max", "0 is not within"),
    // Keys.
    ("content = \"pass_app\"", "content = @\"pass_ap\"", "OPP0401", "offers.pass.treatments.app.content", "[content] has no `pass_ap`"),
    ("en = \"{mb} MB.", "en = @1\nfr = \"{mb} MB.", "OPP0303", "content.pass_app.en", "expected text"),
    // Segments.
    ("\"balance < 2.00\"", "\"@changes\"", "OPP0503", "segments.poor.when", "expected bool"),
    ("\"balance < 2.00\"", "@\"rich_and_busy\"", "OPP0505", "segments.poor.when", "derived features read one another"),
    ("[segments.poor]", "[segments.@changes]\nwhen = \"true\"\n[segments.poor]", "OPP0306", "segments.changes", "`changes` is declared already"),
    // Test subscribers.
    ("\"+99955500002\"]", "@\"\"]", "OPP0304", "policy.test_subscribers[1]", "a subscriber's key has"),
];

#[test]
fn every_mistake_has_its_place() {
    for (from, to, code, rule, message) in BAD {
        let marked = changed(from, to);
        let wrong = compiled(&marked.replace('@', "")).expect_err(to);
        let found = wrong.iter().find(|d| (d.code().as_str(), d.rule()) == (*code, *rule));
        let Some(found) = found else { panic!("{to}\n{wrong}") };
        assert!(found.message().starts_with(message), "{to}\n{wrong}");
        if let Some((before, _)) = marked.split_once('@') {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().expect("a line").chars().count() + 1;
            assert_eq!((found.line(), found.column()), (line, column), "{wrong}");
        }
    }
}

#[test]
fn content_is_asked_for_only_where_there_is_some() {
    let (before, _) = GOOD.split_once("[content.pass]").expect("content");
    let policy = good(before);
    assert_eq!(policy.content(policy.id("pass").expect("a content"), "en"), None);
    // Without languages, any will do.
    let free = GOOD.replace("languages = [\"en\", \"pt-BR\"]\n", "").replace("pt-BR", "es-419");
    good(&free);
}

/// The decision after one change of the balance, in dollars.
fn decision(
    policy: &Policy,
    profile: &mut [u8],
    number: u32,
    now_ms: i64,
    dollars: i64,
) -> Decision {
    let snapshot = Snapshot::initial(policy);
    let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let balance: FieldId = policy.id("balance_change.balance").expect("a field");
    let kind: EventId = policy.id("balance_change").expect("an event");
    let fields = [Field { id: balance, value: Value::Money(dollars * opportune::MICROS) }];
    let events = [Event { kind, time_ms: now_ms, fields: &fields }];
    let message = Message {
        subscriber: b"+99955500001",
        session: b"s",
        number,
        now_ms,
        zone: None,
        account: None,
        events: &events,
    };
    let shared = Shared { policy, snapshot: &snapshot };
    let bytes = ProfileBytes::in_place(profile);
    decide(shared, bytes, &message, &Context::default(), &mut local).expect("sound")
}

/// 2026-06-01T12:00:00Z.
const NOON_MS: i64 = 1_780_315_200_000;
const HOUR_MS: i64 = 3_600_000;

#[test]
fn segments_are_features_by_name() {
    let policy = good(GOOD);
    let poor = policy.id("poor").expect("a feature");
    assert_eq!(policy.feature_type(poor), Some(Type::Bool));
    let mut profile = new_profile(&policy, b"+99955500001").expect("a key");
    // Rich, but seen once; then busy.
    let first = decision(&policy, &mut profile, 1, NOON_MS, 50);
    assert!(first.moments.is_empty());
    let second = decision(&policy, &mut profile, 2, NOON_MS + 1, 50);
    assert_eq!(second.moments.len(), 1);
}

/// How far the one offer comes at an instant.
fn stage(text: &str, now_ms: i64) -> Stage {
    let policy = good(text);
    let mut profile = new_profile(&policy, b"+99955500001").expect("a key");
    decision(&policy, &mut profile, 1, now_ms, 1).furthest
}

#[test]
fn what_has_dates_is_in_force_between_them() {
    // Noon in Greenwich is eight in New York, the policy's first zone.
    let dates = "from = 2026-06-01T08:00:00\nuntil = \"2026-06-01T09:00\"\n";
    let offset = "from = 2026-06-01T12:00:00Z\nuntil = 2026-06-01T15:00:00+02:00\n";
    let days = "from = 2026-06-01\nuntil = \"2026-06-02\"\n";
    for (section, early) in [
        ("[offers.pass]\n", Stage::NotValid),
        ("[issues.sales.groups.data]\n", Stage::NotValid),
        ("[moments.changed]\n", Stage::NoMoment),
    ] {
        for dates in [dates, offset] {
            let text = changed(section, &format!("{section}{dates}"));
            for (now_ms, expected) in [
                (NOON_MS - 1, early),
                (NOON_MS, Stage::Offered),
                (NOON_MS + HOUR_MS - 1, Stage::Offered),
                (NOON_MS + HOUR_MS, early),
            ] {
                assert_eq!(stage(&text, now_ms), expected, "{section} {dates} {now_ms}");
            }
        }
        let text = changed(section, &format!("{section}{days}"));
        for (hours, expected) in
            [(-9, early), (-8, Stage::Offered), (15, Stage::Offered), (16, early)]
        {
            assert_eq!(stage(&text, NOON_MS + hours * HOUR_MS), expected, "{section} {hours}");
        }
    }
}

#[test]
fn dates_of_a_channel_and_of_an_issue() {
    let both = GOOD.replace("[channels.app]\n", "[channels.app]\nuntil = 2026-06-01\n").replace(
        "[channels.sms]\n",
        "[channels.sms]\nreach = \"balance < 1.50\"\nuntil = 2026-06-01\n",
    );
    assert_eq!(stage(&both, NOON_MS - 24 * HOUR_MS), Stage::Offered);
    assert_eq!(stage(&both, NOON_MS), Stage::Unreachable);
    let issue = changed(
        "[issues.sales.groups.data]",
        "[issues.sales]\nfrom = 2026-06-02\n[issues.sales.groups.data]\nuntil = 2026-06-03",
    );
    assert_eq!(stage(&issue, NOON_MS), Stage::NotValid);
    assert_eq!(stage(&issue, NOON_MS + 24 * HOUR_MS), Stage::Offered);
    assert_eq!(stage(&issue, NOON_MS + 48 * HOUR_MS), Stage::NotValid);
}

#[test]
fn dates_that_never_meet_are_a_mistake() {
    for (from, to, rule) in [
        (
            "[offers.pass]\n",
            "[offers.pass]\nfrom = 2026-06-02\nuntil = 2026-06-02\n",
            "offers.pass.until",
        ),
        (
            "[issues.sales.groups.data]",
            "[issues.sales]\nuntil = 2026-06-02\n[issues.sales.groups.data]\nfrom = 2026-06-02",
            "issues.sales.groups.data",
        ),
        ("[channels.app]\n", "[channels.app]\nfrom = 2026-06-31\n", ""),
        ("[moments.changed]\n", "[moments.changed]\nfrom = '2026-06-31'\n", "moments.changed.from"),
    ] {
        let wrong = compiled(&changed(from, to)).expect_err(to);
        let rules: Vec<_> = wrong.iter().map(|d| d.rule()).collect();
        assert_eq!(rules, [rule], "{wrong}");
    }
}
