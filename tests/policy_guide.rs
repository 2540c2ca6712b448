//! What is shipped and shown compiles: the policies below `examples/policies/`, and every snippet
//! of `docs/policy.md`.
//!
//! A fence says what its snippet is: ```` ```toml whole ```` is a policy, ```` ```toml case ````
//! stands word for word in a file of `tests/cases/` (which runs it), and plain ```` ```toml ````
//! is a part of a policy, compiled after it was laid over [`FRAME`].

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use opportune::compile::{Source, compile};
use opportune::{
    ChannelId, Context, Dated, Event, EventId, FeatureId, Field, FieldId, Local, MICROS, MemberId,
    Message, MomentId, OfferId, Origin, PatternId, Policy, ProfileBytes, Shared, Snapshot, Type,
    Value as Cell, backfill, decide, new_profile,
};
use toml::{Table, Value};

/// What the guide's parts stand in: tables are merged by key, and the part's words win.
const FRAME: &str = r#"
[policy]
name = "frame"
version = 1
currency = "USD"
zones = ["America/New_York"]
[attributes]
device = { type = "enum", values = ["smartphone", "feature_phone"] }
consent_sms = { type = "bool" }
tenure_days = { type = "int" }
[events.balance_change]
balance = "money"
[events.recharge]
amount = "money"
[events.data_session]
megabytes = "double"
app = { type = "enum", values = ["video", "social", "web"] }
charge = "money"
[events.call_end]
minutes = "double"
charge = "money"
[events.dispute_opened]
[events.dispute_resolved]
[features]
balance = { last = "balance_change.balance" }
recharged_30d = { sum = "recharge.amount", window = "30d", buckets = 6 }
data_mb_7d = { sum = "data_session.megabytes", window = "7d", buckets = 7 }
disputes_opened = { count = "dispute_opened" }
disputes_resolved = { count = "dispute_resolved" }
[moments.low_balance]
on = "balance_change"
when = "event.balance < 1.00"
intent = "buy"
[budgets]
incentives = { unit = "money" }
sms_gateway = { unit = "pieces", refundable = false }
[channels]
sms = { consent = "consent_sms", cost = "0.01" }
ussd = { consent = true, cost = "0.002", quiet_hours = false }
app = { reach = "device == 'smartphone'" }
[contact]
caps = [{ at_most = 12, within = "30d", of = "all" }]
[issues.sales.groups.data]
[offers.data_1gb_day]
group = "sales.data"
kind = "sale"
moments = ["low_balance"]
value = "1.00"
treatments.sms = { content = "data_1gb_day_sms", propensity = 0.06 }
"#;

/// Sections of a policy with fixed keys, each with a mistake in it that makes the compiler list
/// the keys it knows.
const SECTIONS: [(&str, &str); 27] = [
    ("policy", "[policy]\nzzzz = 1"),
    ("control", "[control]\nzzzz = 1"),
    ("experiments", "[experiments.tone]\nzzzz = 1"),
    ("control of issues", "[issues.sales]\ncontrol.zzzz = 1"),
    ("attributes", "[attributes.device]\nzzzz = 1"),
    ("event enumerations", "[events.data_session.app]\nzzzz = 1"),
    ("features", "[features.balance]\nzzzz = 1"),
    ("models", "[models.m]\nzzzz = 1"),
    (
        "terms",
        "[models.m]\nkind = 'logistic'\ninputs.x = '1'\nparameters.intercept = 1\nterms.x.zzzz = 1\noutputs.o.gives = 'probability'",
    ),
    (
        "bins",
        "[models.m]\nkind = 'logistic'\ninputs.x = '1'\nparameters.intercept = 1\nterms.x = { missing = 0, bins = [{ zzzz = 1 }] }\noutputs.o.gives = 'probability'",
    ),
    ("outputs", "[models.m]\nkind = 'bgnbd'\noutputs.o.zzzz = 1"),
    ("lifecycles", "[lifecycles.stage]\nzzzz = 1"),
    (
        "transitions",
        "[lifecycles.stage]\nstages = ['a']\n[[lifecycles.stage.transitions]]\nzzzz = 1",
    ),
    ("patterns", "[patterns.stuck]\nzzzz = 1"),
    ("steps", "[patterns.stuck]\nrepeat = { event = 'recharge', zzzz = 1 }\ntimes = 2"),
    ("moments", "[moments.low_balance]\nzzzz = 1"),
    ("budgets", "[budgets.incentives]\nzzzz = 1"),
    ("channels", "[channels.sms]\nzzzz = 1"),
    ("contact", "[contact]\nzzzz = 1"),
    ("caps", "[[contact.caps]]\nzzzz = 1"),
    ("suppressions", "[[contact.suppress]]\nzzzz = 1"),
    ("quiet hours", "[contact.quiet_hours]\nzzzz = 1"),
    ("issues", "[issues.sales]\nzzzz = 1"),
    ("groups", "[issues.sales.groups.data]\nzzzz = 1"),
    ("offers", "[offers.data_1gb_day]\nzzzz = 1"),
    ("treatments", "[offers.data_1gb_day.treatments.sms]\nzzzz = 1"),
    ("exploration", "[policy.explore]\nzzzz = 1"),
];

#[test]
fn every_snippet_of_the_guide_compiles() {
    let mut seen = [0; 3];
    for (line, kind, snippet) in snippets(&guide()) {
        let (at, wrong) = match kind.as_str() {
            "toml whole" => (0, complaints(&snippet)),
            "toml" => (1, complaints(&framed(&snippet))),
            "toml case" => (2, missing_case(&snippet)),
            _ => continue,
        };
        seen[at] += 1;
        assert!(wrong.is_none(), "docs/policy.md:{line}: {}\n{snippet}", wrong.unwrap_or_default());
    }
    assert!(seen.iter().all(|count| *count > 0), "snippets of every kind: {seen:?}");
}

#[test]
fn the_diagnostic_of_the_guide_is_what_the_compiler_says() {
    let text = support::shipped_text("tutorial");
    let misspelt = text.replace("\"recharged_30d >= 20.00\"", "\"recharged_30 >= 20.00\"");
    assert_ne!(misspelt, text);
    let source = Source { name: "tutorial.toml", bytes: misspelt.as_bytes() };
    let wrong = compile(&[source], "").expect_err("a misspelt name").to_string();
    let shown: Vec<String> = wrong.lines().map(|line| format!("    {line}")).collect();
    let shown = shown.iter().map(|line| line.trim_end()).collect::<Vec<_>>().join("\n");
    assert!(guide().contains(&shown), "docs/policy.md should show\n{shown}");
}

#[test]
fn the_reference_names_every_key() {
    let guide = guide();
    let (_, reference) = guide.split_once("\n# Reference\n").expect("a reference");
    for (what, mistake) in SECTIONS {
        let text = framed(mistake);
        let wrong = complaints(&text).unwrap_or_else(|| panic!("{what}: `zzzz` was accepted"));
        let (_, known) = wrong.split_once("known here: ").expect("the keys that are known");
        let keys = known.split(['\n', ',']).map(str::trim).take_while(|key| !key.is_empty());
        let mut count = 0;
        for key in keys.take_while(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) {
            count += 1;
            let row = format!("| `{key}` |");
            assert!(reference.contains(&row), "{what}: no row {row}");
        }
        assert!(count > 0, "{what}: {wrong}");
    }
}

#[test]
fn shipped_policies_compile_and_keep_their_ids() {
    let mut count = 0;
    for entry in std::fs::read_dir(support::shipped_folder()).expect("examples/policies") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if !table(&support::shipped_text(&name)).contains_key("policy") {
            continue; // A part, for policies to include.
        }
        let ids = support::shipped_ids(&name);
        let compiled = support::shipped(&name, &ids);
        assert!(compiled.warnings.is_empty(), "{name}: {}", compiled.warnings);
        let help = "run `opportune check --write-ids --ids` and keep the table";
        assert_eq!(compiled.ids, ids, "{name}: names without a permanent id: {help}");
        count += 1;
    }
    assert!(count >= 3, "{count} policies");
}

#[test]
fn the_ready_policy_is_as_large_as_an_operator_needs_and_its_profile_small() {
    let policy = support::shipped_policy("ready");
    assert_eq!(policy.names::<OfferId>().count(), 120);
    assert_eq!(policy.names::<MomentId>().count(), 28);
    assert_eq!(policy.names::<PatternId>().count(), 4);
    assert_eq!(policy.names::<ChannelId>().count(), 9);
    assert!((60..=80).contains(&policy.names::<FeatureId>().count()));
    assert!(policy.profile_bytes() <= 2_048, "{}", policy.profile_bytes());
}

#[test]
fn the_tutorial_is_small() {
    let policy = support::shipped_policy("tutorial");
    assert_eq!(policy.names::<OfferId>().count(), 3);
    assert_eq!(policy.names::<MomentId>().count(), 2);
    assert_eq!(policy.names::<FeatureId>().count(), 3);
}

/// Every name that the ready policy declares is used somewhere else in it; kinds of event come from
/// a file for all policies.
#[test]
fn nothing_in_the_ready_policy_is_for_nothing() {
    let policy = table(&support::shipped_text("ready"));
    let mut words: Vec<String> = Vec::new();
    collect_words(&Value::Table(policy.clone()), &mut words);
    let used = |name: &str| words.iter().any(|word| word == name);
    for section in ["attributes", "features", "patterns", "moments"] {
        for (name, entry) in policy[section].as_table().expect("a table") {
            // Some are for the host to show.
            let exported = entry.get("export").is_some();
            assert!(exported || used(name), "{section}: nothing uses `{name}`");
        }
    }
    let offers: Vec<&Value> = policy["offers"].as_table().expect("a table").values().collect();
    for (issue, section) in policy["issues"].as_table().expect("a table") {
        for group in section["groups"].as_table().expect("a table").keys() {
            let path = format!("{issue}.{group}");
            let filled = offers.iter().any(|offer| offer["group"].as_str() == Some(&path));
            assert!(filled, "no offer is in `{path}`");
        }
    }
    for moment in policy["moments"].as_table().expect("a table").keys() {
        let answers = |offer: &&Value| {
            offer["moments"]
                .as_array()
                .is_some_and(|list| list.iter().any(|name| name.as_str() == Some(moment)))
        };
        assert!(offers.iter().any(answers), "no offer answers `{moment}`");
    }
    for (key, place) in [("channels", "treatments"), ("budgets", "draws")] {
        for name in policy[key].as_table().expect("a table").keys() {
            let by_offer = offers.iter().any(|offer| has(offer, place, name));
            let channels = policy["channels"].as_table().expect("a table");
            let by_channel = channels.values().any(|channel| has(channel, place, name));
            assert!(by_offer || by_channel, "{key}: nothing uses `{name}`");
        }
    }
}

/// A treatment that could never earn the policy's least score would be an offer never made.
#[test]
fn every_treatment_of_the_ready_policy_can_pay() {
    let policy = table(&support::shipped_text("ready"));
    let least = number(&policy["policy"]["score_min"]);
    for (name, offer) in policy["offers"].as_table().expect("a table") {
        let lever = offer.get("lever").map_or(1.0, number);
        for (channel, treatment) in offer["treatments"].as_table().expect("a table") {
            let cost = policy["channels"][channel].get("cost").map_or(0.0, number);
            let score = number(&treatment["propensity"]) * number(&offer["value"]) * lever - cost;
            assert!(score >= least, "{name} by {channel} earns {score:.4}, less than {least}");
        }
    }
}

/// A crowd of subscribers of every kind, each with one event: every offer is made to somebody.
#[test]
fn every_offer_of_the_ready_policy_is_made_to_somebody() {
    let (policy, text) = (support::shipped_policy("ready"), table(&support::shipped_text("ready")));
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let stored = stored(&text);
    let mut dice = Dice(1);
    let mut unmade: BTreeSet<&str> = policy.names::<OfferId>().map(|(_, name)| name).collect();
    let mut kinds = Vec::new();
    for round in 0..200_000 {
        if unmade.is_empty() {
            return;
        }
        // What somebody does is what an offer still waits for.
        if kinds.len() != unmade.len() {
            kinds = unmade.iter().map(|offer| waits_for(&text, offer)).collect();
        }
        let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        for (budget, _) in policy.names() {
            local.lease.grant(&policy, budget, i64::MAX / 4);
        }
        // Some time in a week of March.
        let now_ms = 1_772_400_000_000 + dice.below(7 * 24) as i64 * HOUR_MS;
        let key = format!("+999{round}");
        let mut profile = new_profile(&policy, key.as_bytes()).expect("a short key");
        let known = somebody(&policy, &stored, &mut dice, now_ms);
        let bytes = ProfileBytes::in_place(&mut profile);
        backfill(&policy, bytes, key.as_bytes(), &known, now_ms, &mut local.scratch)
            .expect("what is known fits the policy");
        let waited = dice.below(kinds.len());
        let kind = &kinds[waited][dice.below(kinds[waited].len())];
        let fields;
        let twice;
        let events: &[Event] = match policy.id(kind) {
            None => &[],
            Some(kind) => {
                fields = fields_of(&policy, &mut dice, kind, now_ms);
                // At times twice, for patterns that count.
                twice = [Event { kind, time_ms: now_ms, fields: &fields }; 2];
                &twice[dice.below(2)..]
            }
        };
        let message = Message {
            subscriber: key.as_bytes(),
            session: b"s",
            number: 1,
            now_ms,
            zone: None,
            account: None,
            events,
        };
        let asks = ["", "", "", "", "", "app", "web", "agent", "retail"][dice.below(9)];
        let context = Context { channel: policy.id(asks), slots: 4, seed: Some(dice.next()) };
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
        for offered in &decision.offers {
            unmade.remove(policy.name_of(offered.offer).unwrap_or_default());
        }
    }
    assert!(unmade.is_empty(), "{} offers were made to nobody: {unmade:?}", unmade.len());
}

const HOUR_MS: i64 = 3_600_000;

/// The kinds of event, or "tick", that the moments of an offer listen to.
fn waits_for(policy: &Table, offer: &str) -> Vec<String> {
    let mut moments = Vec::new();
    collect_words(&policy["offers"][offer]["moments"], &mut moments);
    let mut kinds = Vec::new();
    for moment in moments {
        let moment = &policy["moments"][&moment];
        moment.get("on").iter().for_each(|on| collect_words(on, &mut kinds));
        if let Some(pattern) = moment.get("pattern").and_then(Value::as_str) {
            let repeat = policy["patterns"][pattern].get("repeat");
            repeat.iter().for_each(|step| collect_words(step, &mut kinds));
        }
    }
    kinds
}

/// The names of what a profile keeps: attributes, what is folded from events, stages.
fn stored(policy: &Table) -> BTreeSet<&str> {
    let section = |name: &str| policy[name].as_table().expect("a table");
    let attributes = section("attributes").keys();
    let folded = section("features").iter().filter(|(_, feature)| feature.get("expr").is_none());
    let stages = section("lifecycles").keys();
    attributes.chain(folded.map(|(name, _)| name)).chain(stages).map(String::as_str).collect()
}

/// What is known of somebody: nine in ten of the features, out of a few telling values.
fn somebody<'a>(
    policy: &'a Policy,
    stored: &BTreeSet<&str>,
    dice: &mut Dice,
    now_ms: i64,
) -> Vec<Dated<'a>> {
    // Trouble is rare.
    let rare = ["disputes_opened", "loan_defaults", "fulfilment_failures_24h", "drops_24h"];
    let mut known = Vec::new();
    // Most loans are paid back.
    let repaid = dice.below(5) as i64;
    let granted = repaid + i64::from(dice.below(5) == 0);
    for (feature, name) in policy.names::<FeatureId>() {
        if let Some((_, loans)) = [("loans_granted", granted), ("loans_repaid", repaid)]
            .iter()
            .find(|(of, _)| *of == name)
        {
            known.push(Dated::new(feature, now_ms, Cell::Int(*loans)));
            continue;
        }
        let kept = if rare.contains(&name) { dice.below(10) == 0 } else { dice.below(10) > 0 };
        if !stored.contains(name) || !kept {
            continue;
        }
        let ty = policy.feature_type(feature).expect("a type");
        let time_ms = match ty {
            Type::Timestamp => now_ms - [1, 30, 250, 350, 550, 800][dice.below(6)] * HOUR_MS,
            _ => now_ms,
        };
        if let Some(value) = some_value(policy, dice, name, ty, time_ms, now_ms) {
            known.push(Dated::new(feature, time_ms, value));
        }
    }
    known
}

fn fields_of<'a>(
    policy: &'a Policy,
    dice: &mut Dice,
    kind: EventId,
    now_ms: i64,
) -> Vec<Field<'a>> {
    let prefix = format!("{}.", policy.name_of(kind).expect("a name"));
    let mut fields = Vec::new();
    for (id, name) in policy.names::<FieldId>().filter(|(_, name)| name.starts_with(&prefix)) {
        let ty = policy.field_type(id).expect("a type");
        let value = some_value(policy, dice, name, ty, now_ms, now_ms);
        fields.extend(value.map(|value| Field { id, value }));
    }
    fields
}

fn some_value<'a>(
    policy: &'a Policy,
    dice: &mut Dice,
    name: &str,
    ty: Type,
    time_ms: i64,
    now_ms: i64,
) -> Option<Cell<'a>> {
    Some(match ty {
        Type::Bool => Cell::Bool(dice.below(3) > 0),
        Type::Int if name == "tenure_days" => {
            Cell::Int([1, 20, 60, 100, 200, 367, 400, 800][dice.below(8)])
        }
        Type::Int if name == "loyalty_points" => Cell::Int([0, 600, 4_000][dice.below(3)]),
        Type::Int => Cell::Int([0, 0, 1, 2, 3, 9][dice.below(6)]),
        Type::Double if name.ends_with("sentiment") => {
            Cell::Double([-0.9, -0.5, -0.1, 0.2, 0.8][dice.below(5)])
        }
        Type::Double => {
            let values = [0.0, 15.0, 50.0, 75.0, 100.0, 250.0, 800.0, 1.2e3, 4e3, 9e3];
            Cell::Double(values[dice.below(values.len())])
        }
        Type::Money => {
            let cents =
                [0, 5, 60, 120, 250, 400, 600, 900, 1_200, 1_800, 2_600, 4_500, 6_000, 9_000];
            Cell::Money(cents[dice.below(cents.len())] * MICROS / 100)
        }
        Type::Timestamp if name.ends_with("ends") => Cell::Timestamp(now_ms + 12 * HOUR_MS),
        Type::Timestamp => Cell::Timestamp(time_ms),
        Type::Member => {
            let owner = match name.rsplit_once('.') {
                Some((_, field @ ("device" | "tariff"))) => field,
                _ => name,
            };
            let prefix = format!("{owner}.");
            let members: Vec<MemberId> = policy
                .names::<MemberId>()
                .filter(|(_, member)| member.starts_with(&prefix))
                .map(|(id, _)| id)
                .collect();
            Cell::Member(members[dice.below(members.len())])
        }
        _ => return None,
    })
}

/// Numbers that look drawn, the same on every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md");
    std::fs::read_to_string(path).expect("the guide")
}

/// The fenced blocks of a text: line, what the fence says, content.
fn snippets(text: &str) -> Vec<(usize, String, String)> {
    let (mut found, mut open) = (Vec::new(), None::<(usize, String, String)>);
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(kind), None) => open = Some((index + 1, kind.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (None, Some((_, _, content))) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is left open");
    found
}

/// What the compiler has against a policy.
fn complaints(text: &str) -> Option<String> {
    let source = Source { name: "snippet.toml", bytes: text.as_bytes() };
    compile(&[source], "").err().map(|diagnostics| diagnostics.to_string())
}

/// Why a snippet is not among the cases that are run.
fn missing_case(snippet: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let runs = std::fs::read_dir(folder).expect("tests/cases").any(|entry| {
        let text = std::fs::read_to_string(entry.expect("an entry").path()).unwrap_or_default();
        text.contains(snippet)
    });
    (!runs).then(|| "no file of tests/cases has this".to_owned())
}

/// A part of a policy, laid over the frame.
fn framed(part: &str) -> String {
    let mut whole = table(FRAME);
    merge(&mut whole, table(part));
    toml::to_string(&whole).expect("a table is TOML")
}

fn table(text: &str) -> Table {
    text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Tables are merged, lists of tables are joined, anything else is replaced.
fn merge(into: &mut Table, part: Table) {
    for (key, value) in part {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(into)), Value::Table(part)) => merge(into, part),
            (Some(Value::Array(into)), Value::Array(part)) if part.iter().all(Value::is_table) => {
                into.extend(part);
            }
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// The words of all texts: names that rules, lists and references mention.
fn collect_words(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            words.extend(text.split(|c| !is_word(c)).map(str::to_owned));
        }
        Value::Array(list) => list.iter().for_each(|value| collect_words(value, words)),
        Value::Table(table) => table.values().for_each(|value| collect_words(value, words)),
        _ => {}
    }
}

fn has(section: &Value, place: &str, name: &str) -> bool {
    section.get(place).is_some_and(|table| table.get(name).is_some())
}

fn number(value: &Value) -> f64 {
    match value {
        Value::Float(number) => *number,
        Value::Integer(number) => *number as f64,
        Value::String(text) => text.parse().unwrap_or_else(|_| panic!("{text} is a number")),
        other => panic!("{other} is a number"),
    }
}
