//! Profiles of older policies under newer ones: what is kept reads as before, what is not is said.

mod support;

use opportune::compile::{Source, compile};
use opportune::{
    Context, Dated, Error, Event, EventId, FeatureChange, FeatureId, Field, FieldId, Local,
    Message, OfferId, Origin, Outcome, OutcomeKind, Policy, ProfileBytes, Scratch, Settled, Shared,
    Snapshot, SuccessionError, Value, backfill, classify, decide, migrate, new_profile,
    open_offers, profile_revision, read_feature, settle, update,
};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const START_MS: i64 = 1_772_500_000_000;
const KEY: &[u8] = b"+99955500001";

/// Everything but features, caps and offers.
const BASE: &str = r#"
[policy]
name = "versions"
version = 1
currency = "USD"
zones = ["UTC"]
[events.use]
amount = "money"
size = "double"
number = "int"
flag = "bool"
[events.idle]
[moments.used]
on = "use"
when = "true"
intent = "buy"
snooze = "2h"
[moments.idle]
on = "idle"
when = "true"
intent = "buy"
[channels.sms]
quiet_hours = false
[channels.app]
quiet_hours = false
[budgets.gifts]
unit = "pieces"
refundable = true
[issues.sales.groups.data]
"#;

fn caps(at_most: u32) -> String {
    format!("[[contact.caps]]\nat_most = {at_most}\nwithin = \"30d\"\nof = \"all\"\n")
}

fn offer(name: &str, moment: &str, value: &str) -> String {
    format!(
        "[offers.{name}]\ngroup = 'sales.data'\nkind = 'sale'\nmoments = ['{moment}']\n\
         value = '{value}'\nopen = '30d'\ndraws = {{ gifts = 1 }}\nparameters = {{ price = '2.50' }}\n\
         [offers.{name}.treatments.sms]\ncontent = 'c'\npropensity = 0.5\n"
    )
}

/// Versions of one policy, which share their permanent numbers.
#[derive(Default)]
struct Versions {
    ids: String,
}

impl Versions {
    fn compile(&mut self, features: &str) -> Policy {
        self.compile_text(&format!("{BASE}{}{}{features}", caps(12), offer("pass", "used", "9")))
    }

    fn compile_text(&mut self, text: &str) -> Policy {
        let source = Source { name: "policy.toml", bytes: text.as_bytes() };
        let compiled = compile(&[source], &self.ids).unwrap_or_else(|d| panic!("{d}\n{text}"));
        self.ids = compiled.ids;
        compiled.policy
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Use {
    time_ms: i64,
    micros: i64,
    size: i64,
    number: i64,
}

/// Takes an event into a profile.
fn take(policy: &Policy, profile: &mut [u8], event: &Use, now_ms: i64) {
    take_in(policy, ProfileBytes::in_place(profile), event, now_ms);
}

fn take_in(policy: &Policy, profile: ProfileBytes, event: &Use, now_ms: i64) {
    let kind: EventId = policy.id("use").expect("an event");
    let field = |name: &str, value| {
        let id: FieldId = policy.id(name).expect("a field");
        Field { id, value }
    };
    let fields = [
        field("use.amount", Value::Money(event.micros)),
        field("use.size", Value::Double(event.size as f64)),
        field("use.number", Value::Int(event.number)),
        field("use.flag", Value::Bool(event.number % 2 == 0)),
    ];
    let events = [Event { kind, time_ms: event.time_ms, fields: &fields }];
    let message = Message {
        subscriber: KEY,
        session: b"",
        number: 0,
        now_ms,
        zone: None,
        account: None,
        events: &events,
    };
    update(policy, profile, &message, &mut Scratch::new(policy)).expect("a sound message");
}

fn replayed(policy: &Policy, events: &[Use], now_ms: i64) -> Vec<u8> {
    let mut profile = new_profile(policy, KEY).expect("a key");
    for event in events {
        take(policy, &mut profile, event, now_ms);
    }
    profile
}

fn migrated(policy: &Policy, old: &[u8]) -> Vec<u8> {
    let mut new = vec![0; policy.profile_bytes()];
    let bytes = ProfileBytes::apart(old, &mut new);
    migrate(policy, bytes, KEY, &mut Scratch::new(policy)).expect("a known layout");
    new
}

fn read(policy: &Policy, profile: &[u8], name: &str, now_ms: i64) -> Option<Value<'static>> {
    let id: FeatureId = policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
    read_feature(policy, profile, id, now_ms, &mut Scratch::new(policy)).expect("sound")
}

/// A way in which a feature can be declared, and how far back its ring reaches: the width of its
/// buckets and how many there are, none over a lifetime.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Variant {
    declared: &'static str,
    ring: Option<(i64, i64)>,
}

const fn ever(declared: &'static str) -> Variant {
    Variant { declared, ring: None }
}

const fn ring(declared: &'static str, hours: i64, buckets: i64) -> Variant {
    Variant { declared, ring: Some((hours * HOUR_MS, buckets)) }
}

/// Within a family, a value moves from one variant to another.
const FAMILIES: [&[Variant]; 10] = [
    &[ever("count = 'use'")],
    &[
        ring("count = 'use'\nwindow = '24h'\nbuckets = 6", 4, 6),
        ring("count = 'use'\nwindow = '48h'\nbuckets = 12", 4, 12),
        ring("count = 'use'\nwindow = '12h'\nbuckets = 3", 4, 3),
        ring("count = 'use'\nwindow = '24h'\nbuckets = 3", 8, 3),
        ring("count = 'use'\nwindow = '7d'\nbuckets = 7", 24, 7),
    ],
    &[
        ring("sum = 'use.amount'\nwindow = '24h'\nbuckets = 8", 3, 8),
        ring("sum = 'use.amount'\nwindow = '24h'\nbuckets = 4", 6, 4),
        ring("sum = 'use.amount'\nwindow = '6h'\nbuckets = 2", 3, 2),
    ],
    &[
        ring("max = 'use.size'\nwindow = '24h'\nbuckets = 12", 2, 12),
        ring("max = 'use.size'\nwindow = '48h'\nbuckets = 8", 6, 8),
    ],
    &[
        ring("min = 'use.amount'\nwindow = '10h'\nbuckets = 5", 2, 5),
        ring("min = 'use.amount'\nwindow = '20h'\nbuckets = 2", 10, 2),
    ],
    &[ever("sum = 'use.number'"), ever("sum = 'use.size'")],
    &[ever("min = 'use.number'"), ever("min = 'use.size'")],
    &[ever("max = 'use.amount'")],
    &[ever("last = 'use.number'"), ever("last = 'use.size'")],
    &[ever("last_time = 'use'")],
];

/// Whether the second of two variants is reached from the first: same family, and later in it for
/// types, buckets at least as wide for windows.
fn reached(family: &[Variant], from: usize, to: usize) -> bool {
    match (family[from].ring, family[to].ring) {
        (Some((old_ms, _)), Some((new_ms, _))) => new_ms % old_ms == 0,
        _ => from <= to,
    }
}

/// What a policy has of each family: none, or one of its variants.
type Choice = Vec<Option<usize>>;

fn features(choice: &Choice) -> String {
    // Every other policy declares them the other way round: their places must not matter.
    let mut lines: Vec<String> = choice
        .iter()
        .enumerate()
        .filter_map(|(family, variant)| {
            let declared = FAMILIES[family][(*variant)?].declared;
            Some(format!("[features.f{family}]\n{declared}\n"))
        })
        .collect();
    if choice.iter().flatten().sum::<usize>() % 2 == 1 {
        lines.reverse();
    }
    lines.concat()
}

fn choices() -> impl Strategy<Value = Choice> {
    let one = |family: &[Variant]| prop::option::weighted(0.8, 0..family.len());
    FAMILIES.iter().map(|family| one(family)).collect::<Vec<_>>()
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    let one = (0..9 * DAY_MS, 0..20_000_000i64, -50..50i64, -9..9i64);
    prop::collection::vec(one, 1..40).prop_map(|drawn| {
        let event = |(at, micros, size, number)| Use {
            time_ms: START_MS + at,
            micros,
            size: number * 100 + size,
            number,
        };
        drawn.into_iter().map(event).collect()
    })
}

/// The events that a feature's ring still holds after all of them.
fn held(variant: &Variant, events: &[Use]) -> Vec<Use> {
    let Some((bucket_ms, buckets)) = variant.ring else { return events.to_vec() };
    let bucket = |event: &Use| event.time_ms / bucket_ms;
    let head = events.iter().map(bucket).max().unwrap_or(0);
    events.iter().filter(|event| bucket(event) >= head - buckets).copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 64, ..ProptestConfig::default()
    })]

    /// What is migrated reads as if the newer policy had seen the events that the older profile
    /// still held; what is not reads as in a new profile.
    #[test]
    fn migrated_features_read_as_replayed_ones(
        old in choices(),
        new in choices(),
        events in uses(),
        later_ms in 0..3 * DAY_MS,
    ) {
        let mut versions = Versions::default();
        let (before, plain) = (versions.compile(&features(&old)), versions.compile(&features(&new)));
        let after = plain.succeeding(&[&before]).expect("one salt");
        let last_ms = events.iter().map(|event| event.time_ms).max().expect("not empty");
        let profile = replayed(&before, &events, last_ms);
        let found = migrated(&after, &profile);
        for (family, variants) in FAMILIES.iter().enumerate() {
            let Some(is) = new[family] else { continue };
            let name = format!("f{family}");
            let kept = old[family].filter(|was| reached(variants, *was, is));
            let seen = match kept {
                Some(was) if variants[was].ring.is_some() => held(&variants[was], &events),
                Some(_) => events.clone(),
                None => Vec::new(),
            };
                let mut expected = replayed(&after, &seen, last_ms);
            if let (Some(was), true) = (kept, variants[is].ring.is_none()) && was != is {
                // As another type: the integers as doubles.
                let doubled: Vec<Use> =
                    seen.iter().map(|event| Use { size: event.number, ..*event }).collect();
                expected = replayed(&after, &doubled, last_ms);
            }
            for now_ms in [last_ms, last_ms + later_ms] {
                prop_assert_eq!(
                    read(&after, &found, &name, now_ms),
                    read(&after, &expected, &name, now_ms),
                    "{} {:?} -> {:?}", name, old[family].map(|was| variants[was]), variants[is]
                );
            }
        }
        // A call that meets the older profile leaves what it would have left of the migrated one,
        // but for the revision that a sweep counts.
        let next = Use { time_ms: last_ms + later_ms, micros: 5, size: 5, number: 5 };
        let mut met = profile.clone();
        met.resize(before.profile_bytes().max(after.profile_bytes()), 0xAA);
        take_in(&after, ProfileBytes::within(&mut met, profile.len()), &next, next.time_ms);
        met.truncate(after.profile_bytes());
        let mut swept = found;
        take(&after, &mut swept, &next, next.time_ms);
        let (header, revision) = (8..24, 32..60);
        prop_assert_eq!(&met[header.clone()], &swept[header]);
        prop_assert_eq!(&met[revision.clone()], &swept[revision]);
        prop_assert_eq!(&met[64..], &swept[64..]);
    }

    /// In one step or in two, for what all three policies have alike.
    #[test]
    fn a_chain_is_as_good_as_a_step(
        choices in prop::array::uniform3(choices()),
        events in uses(),
    ) {
        let mut versions = Versions::default();
        let [a, b, c] = choices.each_ref().map(|choice| versions.compile(&features(choice)));
        let b = b.succeeding(&[&a]).expect("one salt");
        let c = c.succeeding(&[&b]).expect("one salt");
        // It took over what its predecessor succeeds.
        let layouts = c.migrations().len();
        prop_assert!(layouts <= 2);
        let last_ms = events.iter().map(|event| event.time_ms).max().expect("not empty");
        let profile = replayed(&a, &events, last_ms);
        let (direct, chained) = (migrated(&c, &profile), migrated(&c, &migrated(&b, &profile)));
        for family in 0..FAMILIES.len() {
            let in_all = choices.iter().map(|choice| choice[family]);
            if in_all.clone().all(|variant| variant.is_some() && variant == choices[0][family]) {
                let name = format!("f{family}");
                let (direct, chained) =
                    (read(&c, &direct, &name, last_ms), read(&c, &chained, &name, last_ms));
                prop_assert_eq!(direct, chained);
                prop_assert_eq!(direct, read(&a, &profile, &name, last_ms));
            }
        }
    }

    /// An artifact carries everything that a migration needs.
    #[test]
    fn a_loaded_artifact_migrates_alike(old in choices(), new in choices(), events in uses()) {
        let mut versions = Versions::default();
        let (before, plain) = (versions.compile(&features(&old)), versions.compile(&features(&new)));
        let after = plain.succeeding(&[&before]).expect("one salt");
        let loaded = Policy::from_bytes(&after.to_bytes()).expect("an artifact");
        let last_ms = events.iter().map(|event| event.time_ms).max().expect("not empty");
        let profile = replayed(&before, &events, last_ms);
        prop_assert_eq!(migrated(&loaded, &profile), migrated(&after, &profile));
        prop_assert_eq!(loaded.migrations(), after.migrations());
    }
}

const ATTRIBUTES: &str = "
[attributes.tariff]
type = 'enum'
values = ['basic', 'gold']
[attributes.age]
type = 'int'
[attributes.prepaid]
type = 'bool'
[attributes.city]
type = 'text'
";

/// The attribute that says where cycles begin is known by its number, as everything is: where it is
/// declared does not matter, and another one means another thing.
#[test]
fn the_bill_day_is_known_by_its_number() {
    let cycle = |attributes: &str, day: &str| {
        format!(
            "{attributes}[features.cycle]\nsum = 'use.number'\nwindow = 'cycle'\nbill_day = '{day}'\n"
        )
    };
    let attribute = |name: &str| format!("[attributes.{name}]\ntype = 'int'\nexport = true\n");
    let (one, two) = (attribute("one"), attribute("two"));
    let mut versions = Versions::default();
    let old = versions.compile(&cycle(&format!("{one}{two}"), "two"));
    let moved = versions.compile(&cycle(&format!("{two}{one}"), "two"));
    let other = versions.compile(&cycle(&format!("{one}{two}"), "one"));

    let known = Dated::new(old.id("two").expect("an attribute"), START_MS, Value::Int(15));
    let mut profile = new_profile(&old, KEY).expect("a key");
    let bytes = ProfileBytes::in_place(&mut profile);
    backfill(&old, bytes, KEY, &[known], START_MS, &mut Scratch::new(&old)).expect("sound");
    take(&old, &mut profile, &Use { time_ms: START_MS, micros: 1, size: 1, number: 7 }, START_MS);

    for (new, change, value) in [(moved, FeatureChange::Kept, 7), (other, empty(), 0)] {
        let new = new.succeeding(&[&old]).expect("compatible");
        // Also when the older layout is read back from an artifact.
        let new = Policy::from_bytes(&new.to_bytes()).expect("sound");
        let found = &new.migrations()[0].features;
        let cycle = found.iter().find(|(name, _)| name == "cycle").expect("a feature");
        assert_eq!(cycle.1, change);
        let profile = migrated(&new, &profile);
        assert_eq!(read(&new, &profile, "cycle", START_MS), Some(Value::Int(value)));
    }
}

fn empty() -> FeatureChange {
    let words = || String::from("sum of int over 1 cycles, 0 ago");
    FeatureChange::Emptied(words(), words())
}

#[test]
fn attributes_keep_their_values_and_times() {
    let mut versions = Versions::default();
    let old = versions.compile(ATTRIBUTES);
    let new = versions.compile(
        "[attributes.tariff]\ntype = 'enum'\nvalues = ['gold', 'silver']\n\
         [attributes.age]\ntype = 'double'\n[attributes.prepaid]\ntype = 'int'\n\
         [attributes.city]\ntype = 'int'\n[attributes.shoe_size]\ntype = 'int'\n",
    );
    let new = new.succeeding(&[&old]).expect("one salt");
    let change = |name: &str| {
        let report = new.migrations().remove(0);
        report.features.into_iter().find(|(feature, _)| feature == name).expect(name).1
    };
    let words =
        |old: &str, new: &str| (format!("attribute of {old}"), format!("attribute of {new}"));
    let converted = |(old, new)| FeatureChange::Converted(old, new);
    let emptied = |(old, new)| FeatureChange::Emptied(old, new);
    assert_eq!(change("tariff"), FeatureChange::MembersDropped(vec!["tariff.basic".into()]));
    assert_eq!(change("age"), converted(words("int", "double")));
    assert_eq!(change("prepaid"), converted(words("bool", "int")));
    assert_eq!(change("city"), emptied(words("text", "int")));
    assert_eq!(change("shoe_size"), FeatureChange::Added);

    let known = |name: &str, value| {
        let feature: FeatureId = old.id(name).expect("a feature");
        Dated::new(feature, START_MS, value)
    };
    let gold = old.id("tariff.gold").expect("a member");
    let dated = [
        known("tariff", Value::Member(gold)),
        known("age", Value::Int(41)),
        known("prepaid", Value::Bool(true)),
        known("city", Value::Text(b"Lima")),
    ];
    let mut profile = new_profile(&old, KEY).expect("a key");
    let bytes = ProfileBytes::in_place(&mut profile);
    backfill(&old, bytes, KEY, &dated, START_MS, &mut Scratch::new(&old)).expect("sound");
    let mut found = migrated(&new, &profile);
    let reads = |profile: &[u8]| {
        ["tariff", "age", "prepaid", "city", "shoe_size"]
            .map(|name| read(&new, profile, name, START_MS))
    };
    let expected =
        [Some(Value::Member(gold)), Some(Value::Double(41.0)), Some(Value::Int(1)), None, None];
    assert_eq!(reads(&found), expected);
    // Reading does not ask for the profile to be migrated first.
    assert_eq!(reads(&profile), expected);
    // What is older than the value that was kept does not replace it.
    let feature: FeatureId = new.id("age").expect("a feature");
    let older = [Dated::new(feature, START_MS - 1, Value::Double(7.0))];
    let bytes = ProfileBytes::in_place(&mut found);
    backfill(&new, bytes, KEY, &older, START_MS, &mut Scratch::new(&new)).expect("sound");
    assert_eq!(read(&new, &found, "age", START_MS), Some(Value::Double(41.0)));
}

/// A node: what it has loaded, and what its one thread owns.
struct Node {
    policy: Policy,
    snapshot: Snapshot,
    local: Local,
}

impl Node {
    fn new(policy: Policy) -> Node {
        let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        local.lease.grant(&policy, policy.id("gifts").expect("a budget"), 1_000);
        Node { snapshot: Snapshot::initial(&policy), local, policy }
    }

    fn load(&mut self, policy: Policy) {
        *self = Node::new(policy);
    }

    /// Decides on an event of a kind, in a row of a store that has room to spare.
    fn decide(
        &mut self,
        row: &mut Vec<u8>,
        session: &[u8],
        kind: &str,
        now_ms: i64,
    ) -> Result<opportune::Decision, Error> {
        let kind: EventId = self.policy.id(kind).expect("an event");
        let events = [Event { kind, time_ms: now_ms, fields: &[] }];
        let message = Message {
            subscriber: KEY,
            session,
            number: 1,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        let before = row.clone();
        let bytes = row.len();
        row.resize(bytes.max(self.policy.profile_bytes()), 0xAA);
        let within = ProfileBytes::within(row, bytes);
        let decided = decide(shared, within, &message, &Context::default(), &mut self.local);
        match decided {
            Ok(_) => row.truncate(self.policy.profile_bytes()),
            Err(_) => {
                row.truncate(bytes);
                assert_eq!(*row, before, "an error changed the profile");
            }
        }
        decided
    }
}

fn shop(at_most: u32, offers: &[(&str, &str)], more: &str) -> String {
    let offers: String = offers.iter().map(|(name, moment)| offer(name, moment, "9")).collect();
    format!("{BASE}{}{offers}{more}", caps(at_most))
}

#[test]
fn sessions_snoozes_contacts_and_open_offers_go_along() {
    let mut versions = Versions::default();
    let old = versions.compile_text(&shop(12, &[("pass", "used"), ("gift", "idle")], ""));
    let fewer = shop(12, &[("pass", "used"), ("other", "idle")], "[features.f]\ncount = 'use'\n");
    let new = versions.compile_text(&fewer).succeeding(&[&old]).expect("one salt");
    let (mut a, mut b) = (Node::new(old), Node::new(new));
    let mut row = new_profile(&a.policy, KEY).expect("a key");
    let made = a.decide(&mut row, b"s1", "use", START_MS).expect("sound");
    assert_eq!(made.offers.len(), 1);
    let gift = a.decide(&mut row, b"s2", "idle", START_MS + 1).expect("sound");
    assert_eq!(gift.offers.len(), 1);

    let open = open_offers(&b.policy, &row, START_MS + 2).expect("a known layout");
    let pass: OfferId = b.policy.id("pass").expect("an offer");
    assert_eq!(open.len(), 1, "the gift is no longer on offer");
    assert_eq!((open[0].offer, open[0].decision), (pass, made.id));
    let price = open[0].parameters[0].value;
    assert_eq!(price, Some(Value::Double(2.5)));

    // The same message again: answered as before, in the new layout.
    let old_bytes = row.len();
    let again = b.decide(&mut row, b"s1", "use", START_MS + 2).expect("sound");
    assert!(again.repeated && again.id == made.id);
    assert_eq!(row.len(), b.policy.profile_bytes());
    assert!(row.len() > old_bytes);
    assert_eq!(again.revision, profile_revision(&b.policy, &row).expect("sound"));
    assert_eq!(read(&b.policy, &row, "f", START_MS), Some(Value::Int(0)), "it is not counted");
    assert_eq!(open_offers(&b.policy, &row, START_MS + 2).expect("sound"), open);

    // The snooze holds: it is two hours from the first offer.
    let snoozed = b.decide(&mut row, b"s3", "use", START_MS + HOUR_MS).expect("sound");
    assert!(snoozed.moments.is_empty());
    let raised = b.decide(&mut row, b"s4", "use", START_MS + 3 * HOUR_MS).expect("sound");
    assert_eq!(raised.moments.len(), 1);

    // What was promised under the old policy is settled under the new one.
    let outcome = |decision, kind| Outcome {
        subscriber: KEY,
        decision,
        slot: 0,
        kind,
        now_ms: START_MS + 4 * HOUR_MS,
    };
    let mut take = |decision, kind| {
        let bytes = ProfileBytes::in_place(&mut row);
        settle(&b.policy, bytes, &outcome(decision, kind), &mut b.local).expect("sound").settled
    };
    assert!(
        matches!(take(made.id, OutcomeKind::Accepted), Settled::Credited { offer, .. } if offer == pass)
    );
    assert_eq!(take(gift.id, OutcomeKind::Accepted), Settled::Unattributed);
}

#[test]
fn the_latest_contacts_are_kept() {
    let offers: Vec<String> = (0..14).map(|number| format!("o{number}")).collect();
    let offers: Vec<(&str, &str)> = offers.iter().map(|name| (name.as_str(), "idle")).collect();
    let mut versions = Versions::default();
    let [twelve, four, eight] =
        [12, 4, 8].map(|caps| versions.compile_text(&shop(caps, &offers, "")));
    let four = four.succeeding(&[&twelve]).expect("one salt");
    let eight = eight.succeeding(&[&four, &twelve]).expect("one salt");
    let contacts = |policy: &Policy| policy.migrations().last().expect("one").contacts;
    assert_eq!((contacts(&four), contacts(&eight)), ((12, 4), (12, 8)));
    let mut node = Node::new(twelve);
    let mut row = new_profile(&node.policy, KEY).expect("a key");
    for number in 0..6 {
        let session = [b's', number];
        let made =
            node.decide(&mut row, &session, "idle", START_MS + i64::from(number)).expect("sound");
        assert_eq!(made.offers.len(), 1);
    }
    // Six contacts fill a log of four, so that its cap holds; in one of eight two are left.
    let made = |policy: &Policy, mut row: Vec<u8>| {
        let mut node = Node::new(Policy::from_bytes(&policy.to_bytes()).expect("an artifact"));
        (0..8u8)
            .filter(|number| {
                let (session, now_ms) = ([b't', *number], START_MS + HOUR_MS + i64::from(*number));
                let made = node.decide(&mut row, &session, "idle", now_ms).expect("sound");
                !made.offers.is_empty()
            })
            .count()
    };
    assert_eq!(made(&four, row.clone()), 0);
    assert_eq!(made(&eight, row.clone()), 2);
    // By way of the shorter log there are four that count, and four are left.
    let short = migrated(&four, &row);
    assert_eq!(made(&eight, short), 4);
}

#[test]
fn refused_profiles_are_untouched() {
    let mut versions = Versions::default();
    let old = versions.compile("[features.a]\ncount = 'use'\n");
    let bare = versions.compile("[features.a]\ncount = 'use'\n[features.b]\nlast_time = 'use'\n");
    let new = bare.succeeding(&[&old]).expect("one salt");
    let sound = replayed(&old, &[], START_MS);
    let mut local = Local::new(&new, Origin { node: 1, epoch: 1, sequence: 1 });
    let mut refused = |policy: &Policy, bytes: &[u8], room: usize, revision: u64, key: &[u8]| {
        let mut buffer = bytes.to_vec();
        buffer.resize(bytes.len() + room, 0xAA);
        let before = buffer.clone();
        let within = ProfileBytes::within(&mut buffer, bytes.len()).at_revision(revision);
        let found = migrate(policy, within, key, &mut local.scratch).map(|_| ());
        if found.is_err() {
            assert_eq!(buffer, before, "an error wrote");
            let mut out = vec![0xAA; bytes.len() + room];
            let apart = ProfileBytes::apart(bytes, &mut out).at_revision(revision);
            assert_eq!(migrate(policy, apart, key, &mut local.scratch).map(|_| ()), found);
            assert!(out.iter().all(|byte| *byte == 0xAA), "an error wrote");
        }
        found
    };
    let grown = new.profile_bytes() - old.profile_bytes();
    assert!(grown > 0);
    assert_eq!(refused(&new, &sound, grown, 0, KEY), Ok(()));
    assert_eq!(refused(&new, &sound, grown - 1, 0, KEY), Err(Error::OutputTooSmall));
    assert_eq!(refused(&new, &sound, grown, 7, KEY), Err(Error::ProfileRevision));
    assert_eq!(refused(&new, &sound, grown, 0, b"another"), Err(Error::ProfileSubscriber));
    assert_eq!(refused(&new, &sound, grown, 0, b""), Err(Error::Key));
    for length in 0..sound.len() {
        let found = refused(&new, &sound[..length], grown + sound.len(), 0, KEY);
        assert_eq!(found, Err(Error::ProfileLength), "{length} bytes");
    }
    let longer = [&sound[..], &[0]].concat();
    assert_eq!(refused(&new, &longer, grown, 0, KEY), Err(Error::ProfileLength));
    for bit in 0..sound.len() * 8 {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let found = refused(&new, &flipped, grown, 0, KEY).expect_err("a flipped bit");
        let expected = match bit / 8 {
            0..4 | 60..62 => &[Error::ProfileFormat][..],
            // Not known to be of the older layout any more, it has the wrong length.
            8..16 => &[Error::ProfileLength, Error::ProfileChecksum],
            _ => &[Error::ProfileChecksum],
        };
        assert!(expected.contains(&found), "bit {bit}: {found:?}");
    }
    // One that does not succeed the older policy says that it is a profile, of another layout.
    assert_eq!(refused(&bare, &sound, grown, 0, KEY), Err(Error::ProfileLayout));
    // And an older policy does not read a newer one's.
    let newer = migrated(&new, &sound);
    let mut scratch = Scratch::new(&old);
    let mut copy = newer.clone();
    let found = migrate(&old, ProfileBytes::in_place(&mut copy), KEY, &mut scratch);
    assert_eq!(found, Err(Error::ProfileLayout));
    assert_eq!(copy, newer);
}

/// Two nodes serve one subscriber from one store, and a new policy comes. Every node loads it, with
/// what it succeeds, before any node writes under it... which no node can know. So an operator
/// loads it everywhere first, as version N+1 beside version N, and then switches.
#[test]
fn a_rolling_upgrade_of_two_nodes_under_traffic() {
    let mut versions = Versions::default();
    let counted = "[features.uses]\ncount = 'use'\n";
    let old = |versions: &mut Versions| versions.compile(counted);
    let (for_a, for_b) = (old(&mut versions), old(&mut versions));
    let new = versions.compile(&format!("[features.idles]\ncount = 'idle'\n{counted}"));
    let new = new.succeeding(&[&for_a]).expect("one salt");
    let artifact = new.to_bytes();
    let load = || Policy::from_bytes(&artifact).expect("an artifact");
    let (mut a, mut b) = (Node::new(for_a), Node::new(for_b));
    let mut row = new_profile(&a.policy, KEY).expect("a key");
    let mut uses = 0;
    let mut go = |node: &mut Node, row: &mut Vec<u8>| {
        let (session, now_ms) = ([b's', uses], START_MS + i64::from(uses));
        let decided = node.decide(row, &session, "use", now_ms)?;
        uses += 1;
        assert_eq!(read(&node.policy, row, "uses", now_ms), Some(Value::Int(i64::from(uses))));
        Ok::<u64, Error>(decided.revision)
    };
    // Both run the old policy.
    for _ in 0..3 {
        go(&mut a, &mut row).expect("sound");
        go(&mut b, &mut row).expect("sound");
    }
    // B has the new one and serves subscribers first: they are migrated as they come.
    b.load(load());
    let before = row.clone();
    assert_eq!(go(&mut b, &mut row), Ok(7));
    assert_eq!(row.len(), b.policy.profile_bytes());
    // A, which was left behind, refuses what B wrote, by a name of its own, and changes nothing:
    // the host sends the message to B, or loads the new policy now.
    assert_eq!(go(&mut a, &mut row), Err(Error::ProfileLayout));
    assert_eq!(go(&mut b, &mut row), Ok(8));
    // A write of A's that was under way when B wrote is noticed by its revision.
    let mut late = before.clone();
    let written = a.decide(&mut late, b"late", "use", START_MS + 8).expect("its own layout");
    assert_eq!(written.revision, 7);
    let stored = profile_revision(&b.policy, &row).expect("sound");
    assert_ne!(stored, 6, "the store's compare-and-set refuses it");
    uses_go_on(&mut a, &mut b, &mut row, load);
}

/// Once all nodes have the new policy, any of them serves anybody.
fn uses_go_on(a: &mut Node, b: &mut Node, row: &mut Vec<u8>, load: impl Fn() -> Policy) {
    a.load(load());
    for number in 0..4u8 {
        let node = if number % 2 == 0 { &mut *a } else { &mut *b };
        let now_ms = START_MS + HOUR_MS + i64::from(number);
        node.decide(row, &[b'u', number], "use", now_ms).expect("sound");
    }
    assert_eq!(read(&a.policy, row, "idles", START_MS + HOUR_MS), Some(Value::Int(0)));
}

#[test]
fn policies_that_cannot_succeed_one_another() {
    let mut versions = Versions::default();
    let counted = "[features.uses]\ncount = 'use'\n";
    let old = versions.compile(counted);
    let text = format!("{BASE}{}{}{counted}", caps(12), offer("pass", "used", "9"));
    let salted = versions.compile_text(&text.replace("\"versions\"", "\"renamed\""));
    let found = salted.succeeding(&[&old]).expect_err("another salt");
    assert_eq!(found, SuccessionError::Salt { version: 1 });
    let kept = text.replace("name = \"versions\"", "name = \"renamed\"\nsalt = \"versions\"");
    assert!(versions.compile_text(&kept).succeeding(&[&old]).is_ok());

    let mut others = Versions { ids: versions.ids.replace("uses", "other") };
    let renumbered = others.compile("[features.other]\ncount = 'use'\n");
    let found = renumbered.succeeding(&[&old]).expect_err("a number for two things");
    assert!(found.to_string().contains("is other now and was uses"), "{found}");

    let many: Vec<Policy> = (1..=17)
        .map(|buckets| {
            let window = format!("window = '{buckets}h'\nbuckets = {buckets}");
            versions.compile(&format!("[features.uses]\ncount = 'use'\n{window}\n"))
        })
        .collect();
    let all: Vec<&Policy> = many.iter().collect();
    assert_eq!(old.succeeding(&all).expect_err("17"), SuccessionError::TooMany);
    let most = old.succeeding(&all[1..]).expect("16");
    assert_eq!(most.migrations().len(), 16);
    // The same layout is there once, and its own is none of them.
    let same = old.succeeding(&[&old, all[0], all[0]]).expect("one");
    assert_eq!(same.migrations().len(), 1);
    assert_ne!(same.fingerprint(), old.fingerprint());
    // A successor has room for what it was given; of what that succeeds, as much as there is room.
    let next = versions.compile("[features.x]\ncount = 'idle'\n").succeeding(&[&most]);
    assert_eq!(next.expect("16").migrations().len(), 16);
}

#[test]
fn classify_reads_an_older_profile_too() {
    let mut versions = Versions::default();
    let old = versions.compile("[features.a]\ncount = 'use'\n");
    let new = versions.compile("").succeeding(&[&old]).expect("one salt");
    let profile = replayed(&old, &[], START_MS);
    let kind: EventId = new.id("use").expect("an event");
    let events = [Event { kind, time_ms: START_MS, fields: &[] }];
    let message = Message {
        subscriber: KEY,
        session: b"",
        number: 0,
        now_ms: START_MS,
        zone: None,
        account: None,
        events: &events,
    };
    let mut scratch = Scratch::new(&new);
    let raised = classify(&new, &profile, &message, &mut scratch).expect("a known layout");
    assert_eq!(raised, classify(&new, &migrated(&new, &profile), &message, &mut scratch).unwrap());
    assert_eq!(raised.len(), 1);
}

#[test]
fn the_report_is_in_words() {
    let mut versions = Versions::default();
    let old = versions.compile(
        "[features.a]\ncount = 'use'\nwindow = '24h'\nbuckets = 6\n[features.b]\nmin = 'use.size'\n",
    );
    let new = versions.compile("[features.a]\ncount = 'use'\nwindow = '24h'\nbuckets = 3\n");
    let new = new.succeeding(&[&old]).expect("one salt");
    let (before, after) = (old.profile_bytes(), new.profile_bytes());
    assert_eq!(
        new.migrations()[0].to_string(),
        format!(
            "from version 1: {before} -> {after} bytes, 0 features kept\n  \
             feature a: kept as far back as both windows reach, count of int over 1d in 6 buckets \
             -> count of int over 1d in 3 buckets\n  \
             feature b: dropped, with what it held"
        )
    );
}
