//! Runs the tables of `tests/cases/*.toml`, which are written to be read by marketers.
//!
//! A file names its policy (a file below `examples/policies/`, or `policy_text`) and lists cases.
//! A case says what is `given` about a subscriber, then steps, each at a time (UTC): an `event`
//! with its fields, a `tick`, a channel that `asks` for so many `slots`, the `outcome` of the last offer
//! (or of the last offer `of` that name), or what another system `told`: values of features, with its
//! `source`, `as_of` (that time if absent) and `sequence`. Beside each step stands what should come of it:
//! `offer`, `offers` (all, in order), `goes_on` (with how many that were open before), `channel`,
//! `moments`, `none` (why nothing was offered), `settled`, `active` (moments of earlier messages that
//! are found), `repeated`, `parameters`, `call_again`
//! (a time, or `"never"`), `arms` (of experiments and control groups), `features`, `open` (what any
//! channel may show) with the `open_parameters` of the first, `raised` (of a
//! moment: `intent`, `strength`, `urgency`, `expires`). A case may say in which `arms` the subscriber
//! is (`"none"`: in none) or its key (`subscriber`), what is switched `off` and what is in `shadow`; a
//! step, which `shadows` would have been offered. Where the policy keeps something of accounts,
//! every case is a household: each message is taken into the account's profile first, then decided on
//! beside it. A step says which `line` it is of, if there are several; `account` has what is read of
//! the account alone, and `without_account` decides as if nobody knew it. The worked examples of `docs/measures.md` are cases too, of
//! the ready policy; their numbers are rounded.

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use opportune::{
    Arm, Context, Dated, Decision, Event, EventId, FeatureId, Field, FieldId, Holder, Local,
    MICROS, MemberId, Message, Offered, Origin, Outcome, OutcomeKind, Policy, ProfileBytes,
    Scratch, Shared, Snapshot, Switches, Type, Value, backfill, decide, new_account, new_profile,
    open_offers, read_feature, settle, update,
};
use toml::{Table, Value as Toml};

#[test]
fn cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("tests/cases")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let (mut ran, mut wrong) = (0, String::new());
    for path in &files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("case text");
        let file: Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let policy = policy_of(&file);
        for case in array(&file, "case") {
            let case = case.as_table().expect("[[case]] is a table");
            let title = text_of(case, "name").expect("a case has a name");
            ran += 1;
            for problem in run_case(&policy, case) {
                writeln!(wrong, "{name}: {title}: {problem}").expect("a string grows");
            }
        }
    }
    assert!(ran > 0, "no cases found");
    assert!(wrong.is_empty(), "\n{wrong}");
    println!("{ran} cases in {} files", files.len());
}

fn policy_of(file: &Table) -> Policy {
    match text_of(file, "policy_text") {
        Some(text) => support::compile_text(text),
        None => support::shipped_policy(text_of(file, "policy").unwrap_or("prepaid")),
    }
}

/// Each fence of the guide to measures that is marked as a case.
#[test]
fn worked_examples_of_measures() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/measures.md");
    let text = std::fs::read_to_string(path).expect("docs/measures.md");
    let policy = support::shipped_policy("ready");
    let (mut ran, mut wrong) = (0, String::new());
    for fence in text.split("```toml case\n").skip(1) {
        let (example, _) = fence.split_once("\n```").expect("a fence ends");
        let case: Table = example.parse().unwrap_or_else(|error| panic!("{error}\n{example}"));
        ran += 1;
        for problem in run_case(&policy, &case) {
            writeln!(wrong, "{problem}\n{example}\n").expect("a string grows");
        }
    }
    assert!(ran >= 14, "{ran} examples");
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The key of the account of every case.
const ACCOUNT: &[u8] = b"household";

/// One subscriber, one thread.
struct Stage<'p> {
    policy: &'p Policy,
    snapshot: Snapshot,
    local: Local,
    profile: Vec<u8>,
    key: String,
    /// What was offered, the latest last.
    made: Vec<Offered>,
    /// The account's profile; empty where the policy keeps nothing of accounts.
    account: Vec<u8>,
    /// The other lines of the account, by name, and which is on stage.
    wings: BTreeMap<String, (String, Vec<u8>)>,
    line: String,
}

fn run_case(policy: &Policy, case: &Table) -> Vec<String> {
    let arm = if text_of(case, "arm") == Some("control") { Arm::Control } else { Arm::Treated };
    let key = subscriber(policy, arm, case);
    let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
    for (budget, name) in policy.names() {
        let lease = case.get("lease").and_then(|lease| lease.get(name));
        local.lease.grant(policy, budget, lease.and_then(micros).unwrap_or(i64::MAX / 4));
    }
    let mut stage = Stage {
        policy,
        snapshot: Snapshot::initial(policy).with_switches(switches(policy, case)),
        local,
        profile: new_profile(policy, key.as_bytes()).expect("a key of a few bytes"),
        key,
        made: Vec::new(),
        account: match policy.account_bytes() {
            0 => Vec::new(),
            _ => new_account(policy, ACCOUNT).expect("a key of a few bytes"),
        },
        wings: BTreeMap::new(),
        line: String::new(),
    };
    if let Some(given) = case.get("given").and_then(Toml::as_table) {
        let start_ms = time_ms(array(case, "steps")[0].get("at").expect("a step has a time")) - 1;
        stage.give(given, start_ms);
    }
    let mut problems = Vec::new();
    for (position, step) in array(case, "steps").iter().enumerate() {
        let step = step.as_table().expect("a step is a table");
        for problem in stage.run_step(step, position) {
            problems.push(format!("step {}: {problem}", position + 1));
        }
    }
    problems
}

/// A key in the arms that the case says.
fn subscriber(policy: &Policy, arm: Arm, case: &Table) -> String {
    if let Some(key) = text_of(case, "subscriber") {
        return key.to_owned();
    }
    let Some(arms) = case.get("arms").and_then(Toml::as_table) else {
        return support::subscriber_in(policy, arm);
    };
    let is_in = |key: &String| {
        let mut arms = arms.iter();
        policy.arm(key.as_bytes()) == arm
            && arms.all(|(experiment, wanted)| {
                let id: FeatureId =
                    policy.id(experiment).unwrap_or_else(|| panic!("no {experiment}"));
                let drawn = policy.arm_in(id, key.as_bytes()).and_then(|arm| policy.name_of(arm));
                let drawn = drawn.and_then(|name| name.rsplit('.').next()).unwrap_or("none");
                wanted.as_str() == Some(drawn)
            })
    };
    let mut keys = (0..100_000).map(|number| format!("+9995{number:07}"));
    keys.find(is_in).expect("every combination of arms has subscribers")
}

/// What a case says is switched off: `"experiment.tone"`, `"offer.pass"`.
fn switches(policy: &Policy, case: &Table) -> Switches {
    let mut switches = Switches::default();
    for name in array(case, "off") {
        let name = name.as_str().expect("a name");
        let no = || -> ! { panic!("nothing is called {name}") };
        match name.split_once('.').expect("what it is, and its name") {
            ("offer", offer) => {
                switches.offers_off.insert(policy.id(offer).unwrap_or_else(|| no()))
            }
            ("issue", issue) => {
                switches.issues_off.insert(policy.id(issue).unwrap_or_else(|| no()))
            }
            ("channel", channel) => {
                switches.channels_off.insert(policy.id(channel).unwrap_or_else(|| no()))
            }
            _ => switches.experiments_off.insert(policy.id(name).unwrap_or_else(|| no())),
        };
    }
    for name in array(case, "shadow") {
        let name = name.as_str().expect("a name");
        let no = || -> ! { panic!("nothing is called {name}") };
        match name.split_once('.') {
            Some(("offer", offer)) => {
                switches.offers_shadow.insert(policy.id(offer).unwrap_or_else(|| no()));
            }
            Some(("issue", issue)) => {
                switches.issues_shadow.insert(policy.id(issue).unwrap_or_else(|| no()));
            }
            _ if name == "policy" => switches.shadow = true,
            _ => no(),
        }
    }
    switches
}

impl Stage<'_> {
    fn give(&mut self, given: &Table, time_ms: i64) {
        let dated = self.dated(given, time_ms);
        self.backfill(&dated, time_ms);
    }

    /// What another system tells.
    fn take(&mut self, told: &Table, step: &Table, now_ms: i64) {
        let as_of_ms = step.get("as_of").map_or(now_ms, time_ms);
        let source = text_of(step, "source");
        let source = source.map(|name| self.policy.id(name).expect("a source"));
        let sequence = step.get("sequence").and_then(Toml::as_integer).unwrap_or(0) as u32;
        let told = self.dated(told, as_of_ms);
        let dated: Vec<Dated> =
            told.into_iter().map(|dated| Dated { source, sequence, ..dated }).collect();
        self.backfill(&dated, now_ms);
    }

    fn dated<'t>(&self, values: &'t Table, time_ms: i64) -> Vec<Dated<'t>> {
        values
            .iter()
            .map(|(name, value)| {
                let feature: FeatureId =
                    self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
                let ty = self.policy.feature_type(feature).expect("a feature has a type");
                Dated::new(feature, time_ms, typed(self.policy, name, ty, value))
            })
            .collect()
    }

    fn backfill(&mut self, dated: &[Dated], now_ms: i64) {
        let (key, account) = (self.key.as_bytes(), self.account.as_mut_slice());
        for (holder, key, profile) in
            [(Holder::Line, key, self.profile.as_mut_slice()), (Holder::Account, ACCOUNT, account)]
        {
            let held = |dated: &&Dated| self.policy.holder(dated.feature) == Some(holder);
            let held: Vec<Dated> = dated.iter().filter(held).copied().collect();
            if !held.is_empty() {
                let profile = ProfileBytes::in_place(profile);
                let scratch = &mut self.local.scratch;
                backfill(self.policy, profile, key, &held, now_ms, scratch)
                    .expect("what is given fits the policy");
            }
        }
    }

    fn run_step(&mut self, step: &Table, position: usize) -> Vec<String> {
        let now_ms = time_ms(step.get("at").expect("a step has a time"));
        self.enter(text_of(step, "line").unwrap_or_default());
        let mut problems = Vec::new();
        if let Some(told) = step.get("told").and_then(Toml::as_table) {
            self.take(told, step, now_ms);
        } else if let Some(kind) = text_of(step, "outcome") {
            let (settled, next_call_ms) = self.settle(kind, text_of(step, "of"), now_ms);
            problems.extend(call_again(step, next_call_ms));
            let expected = text_of(step, "settled").unwrap_or("credited");
            if settled != expected {
                problems.push(format!("{kind} was {settled}, not {expected}"));
            }
        } else {
            let decision = self.decide(step, now_ms, position);
            problems.extend(self.compare(step, &decision));
            // The first is what an outcome is of, unless it names another.
            self.made.extend(decision.offers.into_iter().rev());
        }
        problems.extend(self.compare_open(step, now_ms));
        if let Some(features) = step.get("features").and_then(Toml::as_table) {
            problems.extend(self.compare_features(&self.profile, features, now_ms));
        }
        if let Some(features) = step.get("account").and_then(Toml::as_table) {
            problems.extend(self.compare_features(&self.account, features, now_ms));
        }
        problems
    }

    /// Brings a line on stage; one that was never there is new.
    fn enter(&mut self, line: &str) {
        if line == self.line {
            return;
        }
        let entering = self.wings.remove(line).unwrap_or_else(|| {
            let same_arm = |key: &String| self.policy.arm(key.as_bytes()) == Arm::Treated;
            let key = (0..).map(|number| format!("{line}{number}")).find(same_arm);
            let key = key.expect("most are treated");
            let profile = new_profile(self.policy, key.as_bytes()).expect("a key of a few bytes");
            (key, profile)
        });
        let key = std::mem::replace(&mut self.key, entering.0);
        let profile = std::mem::replace(&mut self.profile, entering.1);
        let left = std::mem::replace(&mut self.line, line.to_owned());
        self.wings.insert(left, (key, profile));
    }

    fn decide(&mut self, step: &Table, now_ms: i64, position: usize) -> Decision {
        let kinds: Vec<(EventId, &str)> = text_of(step, "event")
            .map(|name| (self.policy.id(name).unwrap_or_else(|| panic!("no event {name}")), name))
            .into_iter()
            .collect();
        let fields: Vec<Field> = kinds
            .iter()
            .flat_map(|(_, kind)| step.iter().map(move |(name, value)| (*kind, name, value)))
            .filter_map(|(kind, name, value)| {
                let full = format!("{kind}.{name}");
                let id: FieldId = self.policy.id(&full)?;
                let ty = self.policy.field_type(id).expect("a field has a type");
                Some(Field { id, value: typed(self.policy, &full, ty, value) })
            })
            .collect();
        let time_ms = step.get("happened").map_or(now_ms, time_ms);
        let events: Vec<Event> =
            kinds.iter().map(|(kind, _)| Event { kind: *kind, time_ms, fields: &fields }).collect();
        let number = step.get("number").and_then(Toml::as_integer);
        let session = format!("case {}", self.line);
        let message = Message {
            subscriber: self.key.as_bytes(),
            session: session.as_bytes(),
            number: number.unwrap_or(1_000 + position as i64) as u32,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        if !self.account.is_empty() {
            let of_account = Message { subscriber: ACCOUNT, ..message };
            let bytes = ProfileBytes::in_place(&mut self.account);
            update(self.policy, bytes, &of_account, &mut self.local.scratch).expect("sound");
        }
        let known = !self.account.is_empty() && step.get("without_account").is_none();
        let message = Message { account: known.then_some(&*self.account), ..message };
        let channel = text_of(step, "asks");
        let context = Context {
            channel: channel.map(|name| self.policy.id(name).expect("a channel")),
            slots: step.get("slots").and_then(Toml::as_integer).unwrap_or(1) as u8,
            // Cases describe what is best, not what exploration draws: seed 0 draws low.
            seed: Some(0),
        };
        let shared = Shared { policy: self.policy, snapshot: &self.snapshot };
        let profile = ProfileBytes::in_place(&mut self.profile);
        decide(shared, profile, &message, &context, &mut self.local).expect("a sound message")
    }

    fn settle(&mut self, kind: &str, of: Option<&str>, now_ms: i64) -> (&'static str, i64) {
        let kind = OutcomeKind::ALL
            .into_iter()
            .find(|k| format!("{k:?}").to_lowercase() == kind)
            .unwrap_or_else(|| panic!("no outcome {kind}"));
        let is_meant = |made: &&Offered| of.is_none() || self.policy.name_of(made.offer) == of;
        let made = self.made.iter().rev().find(is_meant);
        let (decision, slot) = made.map_or((0, 0), |made| (made.decision, made.slot));
        let subscriber = self.key.as_bytes();
        let outcome = Outcome { subscriber, decision, slot, kind, now_ms };
        let profile = ProfileBytes::in_place(&mut self.profile);
        let settlement = settle(self.policy, profile, &outcome, &mut self.local);
        let settlement = settlement.expect("a sound outcome");
        let word = match settlement.settled {
            opportune::Settled::Credited { .. } => "credited",
            opportune::Settled::Unattributed => "unattributed",
            opportune::Settled::Repeated => "repeated",
            opportune::Settled::OutOfOrder => "out of order",
        };
        (word, settlement.next_call_ms)
    }

    fn compare(&self, step: &Table, decision: &Decision) -> Vec<String> {
        let policy = self.policy;
        let mut problems = Vec::new();
        let mut expect = |what: &str, expected: Option<String>, found: String| {
            if let Some(expected) = expected
                && expected != found
            {
                problems.push(format!("{what} is {found:?}, not {expected:?}"));
            }
        };
        let text = |key: &str| text_of(step, key).map(str::to_owned);
        let name = |name: Option<&str>| name.unwrap_or("nothing").to_owned();
        let first = decision.offers.first();
        let reason = || format!("nothing ({})", decision.furthest.words());
        let offer = first.map_or_else(reason, |first| name(policy.name_of(first.offer)));
        expect("the offer", text("offer"), offer.clone());
        let names = |key: &str| {
            let names = step.get(key).and_then(Toml::as_array)?;
            Some(names.iter().map(|n| n.as_str().unwrap_or("?")).collect::<Vec<_>>().join(", "))
        };
        let offers = decision.offers.iter().map(|offered| name(policy.name_of(offered.offer)));
        expect("the list of offers", names("offers"), offers.collect::<Vec<_>>().join(", "));
        let goes_on = step.get("goes_on").and_then(Toml::as_integer).map(|count| count.to_string());
        let open = decision.offers.iter().filter(|offered| offered.decision != decision.id);
        expect("how many it goes on with", goes_on, open.count().to_string());
        let channel = first.and_then(|first| policy.name_of(first.channel));
        expect("the channel", text("channel"), name(channel));
        let none = if first.is_some() { offer } else { decision.furthest.words().to_owned() };
        expect("the reason for nothing", text("none"), none);
        for (key, earlier) in [("moments", false), ("active", true)] {
            let found = decision.moments.iter().filter(|raised| raised.earlier == earlier);
            let found: Vec<_> = found.map(|raised| name(policy.name_of(raised.id))).collect();
            expect(&format!("the list of {key}"), names(key), found.join(", "));
        }
        let found = decision.arms.iter().map(|assigned| name(policy.name_of(assigned.arm)));
        expect("the list of arms", names("arms"), found.collect::<Vec<_>>().join(", "));
        for (moment, says) in step.get("raised").and_then(Toml::as_table).into_iter().flatten() {
            let raised = decision.moments.iter().find(|m| policy.name_of(m.id) == Some(moment));
            for (key, value) in says.as_table().into_iter().flatten() {
                let found = raised.map_or("nothing".to_owned(), |raised| match key.as_str() {
                    "intent" => name(policy.name_of(raised.intent)),
                    "strength" => raised.strength.to_string(),
                    "urgency" => raised.urgency.to_string(),
                    "expires" => raised.expires_ms.to_string(),
                    other => panic!("a moment says no {other}"),
                });
                let expected = if rounds_to(&found, value) { found.clone() } else { words(value) };
                expect(&format!("{key} of {moment}"), Some(expected), found);
            }
        }
        let shadows = step.get("shadows").and_then(Toml::as_array).map(|names| {
            names.iter().map(|n| n.as_str().unwrap_or("?")).collect::<Vec<_>>().join(", ")
        });
        let found = decision.shadows.iter().map(|shadow| name(policy.name_of(shadow.offer)));
        expect("what is in shadow", shadows, found.collect::<Vec<_>>().join(", "));
        let test = step.get("test").and_then(Toml::as_bool).map(|b| b.to_string());
        expect("a test subscriber", test, decision.test.to_string());
        let repeated = step.get("repeated").and_then(Toml::as_bool).map(|b| b.to_string());
        expect("repeated", repeated, decision.repeated.to_string());
        if let Some(parameters) = step.get("parameters").and_then(Toml::as_table) {
            for (key, value) in parameters {
                let found = first.into_iter().flat_map(|first| &first.parameters);
                let found = found
                    .filter(|parameter| policy.name_of(parameter.id) == Some(key))
                    .find_map(|parameter| parameter.value);
                expect(key, Some(words(value)), found.map_or("nothing".to_owned(), shown));
            }
        }
        problems.extend(call_again(step, decision.next_call_ms));
        problems
    }

    /// What any channel may show: the offers that are open, and the parameters of the first.
    fn compare_open(&self, step: &Table, now_ms: i64) -> Vec<String> {
        let mut problems = Vec::new();
        let open = open_offers(self.policy, &self.profile, now_ms).expect("a sound profile");
        let names: Vec<_> =
            open.iter().filter_map(|open| self.policy.name_of(open.offer)).collect();
        if let Some(expected) = step.get("open").and_then(Toml::as_array) {
            let expected: Vec<_> = expected.iter().filter_map(Toml::as_str).collect();
            if expected != names {
                problems.push(format!("open are {names:?}, not {expected:?}"));
            }
        }
        let parameters = step.get("open_parameters").and_then(Toml::as_table);
        for (key, value) in parameters.into_iter().flatten() {
            let found = open.first().into_iter().flat_map(|open| &open.parameters);
            let found = found
                .filter(|parameter| self.policy.name_of(parameter.id) == Some(key))
                .find_map(|parameter| parameter.value)
                .map_or("nothing".to_owned(), shown);
            if found != words(value) {
                problems.push(format!("{key} is still {found}, not {}", words(value)));
            }
        }
        problems
    }

    fn compare_features(&self, profile: &[u8], features: &Table, now_ms: i64) -> Vec<String> {
        let mut scratch = Scratch::new(self.policy);
        let mut problems = Vec::new();
        for (name, expected) in features {
            let id: FeatureId = self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
            let found = read_feature(self.policy, profile, id, now_ms, &mut scratch)
                .expect("a sound profile");
            let member = match found {
                Some(Value::Member(member)) => self.policy.name_of(member),
                _ => None,
            };
            let found = match member {
                Some(full) => full.rsplit('.').next().unwrap_or(full).to_owned(),
                None => found.map_or("missing".to_owned(), shown),
            };
            if found != words(expected) && !rounds_to(&found, expected) {
                problems.push(format!("{name} is {found}, not {}", words(expected)));
            }
        }
        problems
    }
}

/// What is wrong with the time at which to call again, if the step says one.
fn call_again(step: &Table, next_call_ms: i64) -> Option<String> {
    let expected = step.get("call_again").map(|time| match time.as_str() {
        Some("never") => 0,
        _ => time_ms(time),
    })?;
    (expected != next_call_ms)
        .then(|| format!("the time to call again is {next_call_ms}, not {expected}"))
}

/// A value of the table as the policy's type wants it: money and times from plain numbers.
fn typed<'a>(policy: &Policy, name: &str, ty: Type, value: &'a Toml) -> Value<'a> {
    let wrong = || -> ! { panic!("{name} is a {}, not {value}", ty.word()) };
    match (ty, value) {
        (Type::Bool, Toml::Boolean(value)) => Value::Bool(*value),
        (Type::Int, Toml::Integer(value)) => Value::Int(*value),
        (Type::Double, Toml::Float(value)) => Value::Double(*value),
        (Type::Double, Toml::Integer(value)) => Value::Double(*value as f64),
        (Type::Money, value) => Value::Money(micros(value).unwrap_or_else(|| wrong())),
        (Type::Timestamp, value) => Value::Timestamp(time_ms(value)),
        (Type::Member, Toml::String(member)) => {
            let full = format!("{name}.{member}");
            // A field may share the members of an attribute.
            let shared = |name: &str| name.ends_with(&format!(".{member}"));
            let id = policy.id(&full).or_else(|| {
                policy.names::<MemberId>().find(|(_, name)| shared(name)).map(|(id, _)| id)
            });
            Value::Member(id.unwrap_or_else(|| panic!("no member {full}")))
        }
        (Type::Text, Toml::String(text)) => Value::Text(text.as_bytes()),
        _ => wrong(),
    }
}

fn micros(value: &Toml) -> Option<i64> {
    match value {
        Toml::Integer(units) => Some(units * MICROS),
        Toml::Float(units) => Some((units * MICROS as f64).round() as i64),
        _ => None,
    }
}

fn time_ms(value: &Toml) -> i64 {
    let text = value.to_string();
    let text = text.trim_matches('"');
    let stamp: jiff::Timestamp = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    stamp.as_millisecond()
}

/// Whether a number of a case is this one, rounded to four digits.
fn rounds_to(found: &str, expected: &Toml) -> bool {
    let (Ok(found), Toml::Float(expected)) = (found.parse::<f64>(), expected) else { return false };
    (found - expected).abs() <= 5e-4 * expected.abs()
}

/// A value as a case writes it.
fn shown(value: Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Money(micros) => (micros as f64 / MICROS as f64).to_string(),
        Value::Timestamp(ms) => ms.to_string(),
        Value::Duration(ms) => format!("{}h", ms as f64 / 3_600_000.0),
        Value::Member(member) => member.0.to_string(),
        Value::Text(_) | Value::TextHash(_) => "text".to_owned(),
    }
}

fn words(value: &Toml) -> String {
    match value {
        Toml::String(text) => text.clone(),
        Toml::Datetime(_) => time_ms(value).to_string(),
        Toml::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

fn text_of<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get(key).and_then(Toml::as_str)
}

fn array<'t>(table: &'t Table, key: &str) -> &'t [Toml] {
    table.get(key).and_then(Toml::as_array).map_or(&[], Vec::as_slice)
}
