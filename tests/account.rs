//! A household: several lines and the account that pays for them, whose profile is folded from the
//! messages of all and read beside each.

mod support;

use opportune::record::{Inputs, LogWriter, Replay};
use opportune::{
    Context, Dated, Decision, Error, Event, EventId, FeatureId, Field, FieldId, Holder, Local,
    Message, Origin, Policy, ProfileBytes, Scratch, Shared, Snapshot, Value, allocate, backfill,
    classify, decide, erase, explain, init_account, migrate, new_account, new_profile, open_offers,
    profile_health, profile_revision, read_feature, tick, update,
};
use proptest::prelude::*;

const NOW_MS: i64 = 1_772_568_000_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const ACCOUNT: &[u8] = b"account 7";

const POLICY: &str = r#"
[policy]
name = "household"
version = 1
currency = "USD"
zones = ["UTC", "Pacific/Honolulu"]
zone_from = "home"

[attributes]
home = { type = "zone" }
lines = { type = "int", profile = "account" }
bill_day = { type = "int", profile = "account" }
child = { type = "bool" }

[events.data_session]
megabytes = "double"
app = { type = "enum", values = ["video", "social"] }
[events.quiet]

[features]
data = { sum = "data_session.megabytes", window = "30d", buckets = 30 }
household_data = { sum = "data_session.megabytes", window = "30d", buckets = 30, profile = "account" }
household_video = { share = "data_session.megabytes", of = "event.app == 'video'", profile = "account" }
household_days = { active = "data_session", periods = 7, profile = "account" }
household_cycle = { max = "data_session.megabytes", window = "cycle", bill_day = "bill_day", profile = "account" }
household_last = { last = "data_session.megabytes", profile = "account" }
household_sessions = { count = "data_session", profile = "account" }
share_of_household = { expr = "data / household_data" }

[patterns.household_hot]
crosses = "household_data > 1000.0"

[lifecycles.habit]
stages = ["light", "heavy"]
transitions = [{ from = "light", to = "heavy", when = "household_sessions >= 3" }]

[moments.used]
on = ["data_session", "tick"]
when = "household_sessions >= 2"
intent = "buy"
strength = "share_of_household"
[moments.hot]
pattern = "household_hot"
intent = "buy"

[channels.app]
[contact]
[[contact.caps]]
at_most = 3
within = "30d"
of = "all"
[issues.sales.groups.plans]
[offers.family]
group = "sales.plans"
kind = "sale"
moments = ["used"]
eligible = "lines >= 2 && habit == 'heavy'"
value = "1.00"
treatments.app = { content = "family", propensity = 0.1 }
"#;

/// The same where everything is each line's own.
fn without_accounts() -> Policy {
    support::compile_text(&POLICY.replace("profile = \"account\"", "profile = \"line\""))
}

/// What one line used.
#[derive(Clone, Copy, Debug)]
struct Use {
    line: u8,
    /// Within the line's session.
    number: u32,
    time_ms: i64,
    megabytes: f64,
    video: bool,
}

struct Home<'p> {
    policy: &'p Policy,
    snapshot: Snapshot,
    local: Local,
    account: Vec<u8>,
}

impl<'p> Home<'p> {
    fn new(policy: &'p Policy) -> Home<'p> {
        let local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let account = new_account(policy, ACCOUNT).expect("a short key");
        Home { policy, snapshot: Snapshot::initial(policy), local, account }
    }

    fn id<I: opportune::PermanentId>(&self, name: &str) -> I {
        self.policy.id(name).unwrap_or_else(|| panic!("no {name}"))
    }

    /// Builds the message of a use, and hands it over with the key of its line.
    fn with_message<R>(&self, used: Use, now_ms: i64, call: impl FnOnce(&Message) -> R) -> R {
        let app = if used.video { "video" } else { "social" };
        let fields = [
            Field {
                id: self.id::<FieldId>("data_session.megabytes"),
                value: Value::Double(used.megabytes),
            },
            Field {
                id: self.id::<FieldId>("data_session.app"),
                value: Value::Member(self.id(&format!("data_session.app.{app}"))),
            },
        ];
        let kind = self.id::<EventId>("data_session");
        let events = [Event { kind, time_ms: used.time_ms, fields: &fields }];
        let (key, session) = (format!("line {}", used.line), format!("session {}", used.line));
        call(&Message {
            subscriber: key.as_bytes(),
            session: session.as_bytes(),
            number: used.number,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        })
    }

    /// Takes a use into the account's profile; whether it had been seen.
    fn account_hears(&mut self, used: Use, now_ms: i64) -> bool {
        let (policy, mut account) = (self.policy, std::mem::take(&mut self.account));
        let mut scratch = Scratch::new(policy);
        let updated = self.with_message(used, now_ms, |message| {
            let message = Message { subscriber: ACCOUNT, ..*message };
            update(policy, ProfileBytes::in_place(&mut account), &message, &mut scratch)
        });
        self.account = account;
        updated.expect("a sound message").repeated
    }

    /// Decides on a line beside an account's profile.
    fn decide(
        &mut self,
        profile: &mut [u8],
        used: Use,
        account: Option<&[u8]>,
    ) -> Result<Decision, Error> {
        let mut local = self.local.clone();
        let decision = self.with_message(used, NOW_MS, |message| {
            let message = Message { account, ..*message };
            let shared = Shared { policy: self.policy, snapshot: &self.snapshot };
            let bytes = ProfileBytes::in_place(profile);
            decide(shared, bytes, &message, &Context::default(), &mut local)
        });
        self.local = local;
        decision
    }

    /// All features as the account's profile has them.
    fn features(&self, profile: &[u8]) -> Vec<(String, Option<Value<'static>>)> {
        let mut scratch = Scratch::new(self.policy);
        let read = |(id, name): (FeatureId, &str)| {
            let value = read_feature(self.policy, profile, id, NOW_MS, &mut scratch);
            (name.to_owned(), value.expect("a sound profile"))
        };
        self.policy.names::<FeatureId>().map(read).collect()
    }
}

fn uses() -> impl Strategy<Value = Vec<Use>> {
    let one = (0..3u8, 0..200i64, 0..4_000u32, any::<bool>());
    proptest::collection::vec(one, 1..24).prop_map(|uses| {
        let mut numbers = [0; 3];
        let numbered = |(line, hours, megabytes, video): (u8, i64, u32, bool)| {
            let number = &mut numbers[usize::from(line)];
            *number += 1;
            let time_ms = NOW_MS - hours * HOUR_MS;
            Use { line, number: *number, time_ms, megabytes: f64::from(megabytes) / 4.0, video }
        };
        uses.into_iter().map(numbered).collect()
    })
}

proptest! {
    /// Lines do not wait for one another: whatever the order of their messages, and whichever come
    /// again, the account's features are the same.
    #[test]
    fn any_order_of_the_lines_gives_the_same_account(
        uses in uses(),
        order in proptest::collection::vec(any::<proptest::sample::Index>(), 30),
    ) {
        let policy = support::compile_text(POLICY);
        let mut in_order = Home::new(&policy);
        for used in &uses {
            prop_assert!(!in_order.account_hears(*used, NOW_MS));
        }
        let (mut shuffled, mut left) = (Home::new(&policy), uses.clone());
        for index in &order {
            if left.is_empty() {
                break;
            }
            let used = left.swap_remove(index.index(left.len()));
            prop_assert!(!shuffled.account_hears(used, NOW_MS));
            prop_assert!(shuffled.account_hears(used, NOW_MS));
        }
        prop_assert!(left.is_empty());
        prop_assert_eq!(shuffled.features(&shuffled.account), in_order.features(&in_order.account));
        let sessions = policy.id("household_sessions").expect("a feature");
        let mut scratch = Scratch::new(&policy);
        let found = read_feature(&policy, &shuffled.account, sessions, NOW_MS, &mut scratch);
        prop_assert_eq!(found, Ok(Some(Value::Int(uses.len() as i64))));
    }
}

fn used(line: u8, number: u32, megabytes: f64) -> Use {
    Use { line, number, time_ms: NOW_MS - MINUTE_MS, megabytes, video: false }
}

/// An account with so many lines that has heard so many sessions.
fn account(home: &mut Home<'_>, lines: i64, sessions: u32) -> Vec<u8> {
    home.account = new_account(home.policy, ACCOUNT).expect("a short key");
    let known = [Dated::new(home.id("lines"), NOW_MS - HOUR_MS, Value::Int(lines))];
    let bytes = ProfileBytes::in_place(&mut home.account);
    backfill(home.policy, bytes, ACCOUNT, &known, NOW_MS, &mut home.local.scratch).expect("sound");
    for number in 0..sessions {
        home.account_hears(used(9, number, 300.0), NOW_MS);
    }
    home.account.clone()
}

#[test]
fn a_decision_reads_this_account_and_no_other() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let (rich, poor) = (account(&mut home, 3, 5), account(&mut home, 1, 0));
    let fresh = new_profile(&policy, b"line 1").expect("a short key");
    let mut decided = |account: Option<&[u8]>, before: Option<&[u8]>| {
        // Another line of another household, on the same thread, just before.
        let mut other = new_profile(&policy, b"line 2").expect("a short key");
        home.decide(&mut other, used(2, 1, 5.0), before).expect("sound");
        let mut profile = fresh.clone();
        let decision = home.decide(&mut profile, used(1, 1, 50.0), account).expect("sound");
        (decision, profile)
    };
    let offered = decided(Some(&rich), None);
    assert_eq!(offered.0.offers.len(), 1, "{:?}", offered.0);
    assert_eq!(offered.0.moments.len(), 2);
    let none = decided(Some(&poor), None);
    assert!(none.0.moments.is_empty());
    let unknown = decided(None, None);
    assert!(unknown.0.moments.is_empty());
    for before in [None, Some(&*rich), Some(&*poor)] {
        assert_eq!(decided(Some(&rich), before), offered);
        assert_eq!(decided(Some(&poor), before), none);
        assert_eq!(decided(None, before), unknown);
    }
}

#[test]
fn the_calls_one_by_one_decide_as_the_one_call() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let rich = account(&mut home, 3, 5);
    let fresh = new_profile(&policy, b"line 1").expect("a short key");
    let mut at_once = fresh.clone();
    let decision = home.decide(&mut at_once, used(1, 1, 50.0), Some(&rich)).expect("sound");
    let shared = Shared { policy: &policy, snapshot: &home.snapshot };
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let context = Context::default();
    home.with_message(used(1, 1, 50.0), NOW_MS, |message| {
        let message = Message { account: Some(&rich), ..*message };
        let explained = explain(shared, &fresh, &message, &context, &local).expect("sound");
        assert_eq!(explained.decision, decision);
        let mut by_steps = fresh.clone();
        let bytes = ProfileBytes::in_place(&mut by_steps);
        update(&policy, bytes, &message, &mut local.scratch).expect("sound");
        let raised = classify(&policy, &by_steps, &message, &mut local.scratch).expect("sound");
        assert_eq!(raised, decision.moments);
        let bytes = ProfileBytes::in_place(&mut by_steps);
        let made = allocate(shared, bytes, &message, raised, &context, &mut local).expect("sound");
        assert_eq!(made.offers, decision.offers);
        // Of the account itself nothing is read when it is updated without.
        let mut alone = fresh.clone();
        let message = Message { account: None, ..message };
        let bytes = ProfileBytes::in_place(&mut alone);
        update(&policy, bytes, &message, &mut local.scratch).expect("sound");
        assert_ne!(alone, by_steps);
    });
    let mut ticked = fresh.clone();
    let bytes = ProfileBytes::in_place(&mut ticked);
    let decision = tick(shared, bytes, b"line 1", Some(&rich), NOW_MS, &mut local).expect("sound");
    assert_eq!(decision.offers.len(), 1);
    let bytes = ProfileBytes::apart(&fresh, &mut ticked);
    let decision = tick(shared, bytes, b"line 1", None, NOW_MS, &mut local).expect("sound");
    assert_eq!(decision.offers.len(), 0);
}

#[test]
fn what_is_no_account_is_refused_and_changes_nothing() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let good = account(&mut home, 3, 5);
    let line = new_profile(&policy, b"line 2").expect("a short key");
    let changed = |place: usize| {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        bytes
    };
    let no_accounts = without_accounts();
    assert_eq!(no_accounts.account_bytes(), 0);
    assert_eq!(new_account(&no_accounts, ACCOUNT), Err(Error::AccountLayout));
    let fresh = new_profile(&policy, b"line 1").expect("a short key");
    for (account, error) in [
        (good[..good.len() - 1].to_vec(), Error::AccountLength),
        (good[..10].to_vec(), Error::AccountLength),
        (Vec::new(), Error::AccountLength),
        (changed(0), Error::AccountFormat),
        (changed(100), Error::AccountChecksum),
        (line.clone(), Error::AccountLayout),
    ] {
        let mut profile = fresh.clone();
        let before = format!("{:?}", (&home.local.lease, &home.local.delta));
        let found = home.decide(&mut profile, used(1, 1, 5.0), Some(&account));
        assert_eq!(found, Err(error), "{}", account.len());
        assert!(error.is_account() && !error.is_profile());
        assert!(error.message().contains("account"));
        assert_eq!(profile, fresh);
        assert_eq!(format!("{:?}", (&home.local.lease, &home.local.delta)), before);
    }
    // A policy that keeps nothing of accounts does not take one either.
    let mut other = Home { policy: &no_accounts, ..Home::new(&policy) };
    other.snapshot = Snapshot::initial(&no_accounts);
    other.local = Local::new(&no_accounts, Origin { node: 1, epoch: 1, sequence: 1 });
    let mut profile = new_profile(&no_accounts, b"line 1").expect("a short key");
    let found = other.decide(&mut profile, used(1, 1, 5.0), Some(&good));
    assert_eq!(found, Err(Error::AccountLayout));
}

#[test]
fn an_account_is_no_line() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let good = account(&mut home, 3, 2);
    let mut taken = good.clone();
    let shared = Shared { policy: &policy, snapshot: &home.snapshot };
    let mut local = home.local.clone();
    let refused = Err(Error::ProfileHolder);
    home.with_message(used(1, 1, 5.0), NOW_MS, |message| {
        let message = Message { subscriber: ACCOUNT, ..*message };
        let context = Context::default();
        let bytes = ProfileBytes::in_place(&mut taken);
        assert_eq!(decide(shared, bytes, &message, &context, &mut local), refused);
        let bytes = ProfileBytes::in_place(&mut taken);
        let none = opportune::Moments::new();
        assert_eq!(allocate(shared, bytes, &message, none, &context, &mut local), refused);
        let found = classify(&policy, &good, &message, &mut local.scratch);
        assert_eq!(found, Err(Error::ProfileHolder));
    });
    assert_eq!(open_offers(&policy, &taken, NOW_MS).err(), Some(Error::ProfileHolder));
    // What a line holds is not written to an account, nor the other way round.
    let of_line = [Dated::new(home.id("child"), NOW_MS, Value::Bool(true))];
    let bytes = ProfileBytes::in_place(&mut taken);
    let found = backfill(&policy, bytes, ACCOUNT, &of_line, NOW_MS, &mut local.scratch);
    assert_eq!(found, Err(Error::ProfileHolder));
    let of_account = [Dated::new(home.id("lines"), NOW_MS, Value::Int(2))];
    let mut line = new_profile(&policy, b"line 1").expect("a short key");
    let bytes = ProfileBytes::in_place(&mut line);
    let found = backfill(&policy, bytes, b"line 1", &of_account, NOW_MS, &mut local.scratch);
    assert_eq!(found, Err(Error::ProfileHolder));
    assert_eq!(taken, good);
    let holder = |name: &str| policy.holder(home.id(name));
    assert_eq!(holder("lines"), Some(Holder::Account));
    assert_eq!(holder("data"), Some(Holder::Line));
    assert_eq!(holder("share_of_household"), None);
    // Its own calls take it.
    assert_eq!(profile_revision(&policy, &taken), Ok(3));
    assert_eq!(profile_health(&policy, &taken).expect("sound").evicted_sessions, 0);
    let mut short = vec![0; policy.account_bytes() - 1];
    assert_eq!(init_account(&policy, ACCOUNT, &mut short), Err(Error::OutputTooSmall));
    let bytes = ProfileBytes::in_place(&mut taken);
    let erased = erase(&policy, bytes, ACCOUNT, &mut local).expect("sound");
    assert_eq!((erased.revision, taken.len()), (4, policy.account_bytes()));
    assert_eq!(
        home.features(&taken),
        home.features(&new_account(&policy, ACCOUNT).expect("sound"))
    );
}

/// Sessions of as many lines as there is room for are remembered, and then the oldest is forgotten.
#[test]
fn the_sessions_of_many_lines_are_remembered() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let lines = opportune::limits::ACCOUNT_SESSIONS as u8;
    for line in 0..lines {
        assert!(!home.account_hears(used(line, 1, 1.0), NOW_MS + i64::from(line)));
    }
    for line in 0..lines {
        assert!(home.account_hears(used(line, 1, 1.0), NOW_MS + 100));
    }
    assert!(!home.account_hears(used(lines, 1, 1.0), NOW_MS + 200));
    let health = profile_health(&policy, &home.account).expect("sound");
    assert_eq!(health.evicted_sessions, 1);
}

#[test]
fn an_account_s_calendar_is_the_message_s_or_the_first() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let fresh = new_account(&policy, ACCOUNT).expect("a short key");
    let honolulu = home.id("home.Pacific/Honolulu");
    let days = |account: &[u8]| {
        let mut scratch = Scratch::new(&policy);
        let id = policy.id("household_days").expect("a feature");
        read_feature(&policy, account, id, NOW_MS, &mut scratch).expect("sound")
    };
    // Two hours apart: one day in UTC, two in Honolulu, where it is ten hours earlier.
    let noon_ms = NOW_MS - NOW_MS % (24 * HOUR_MS) + 9 * HOUR_MS;
    for (zone, expected) in [(None, 1), (Some(honolulu), 2)] {
        home.account.clone_from(&fresh);
        for (number, time_ms) in [(1, noon_ms), (2, noon_ms + 2 * HOUR_MS)] {
            let mut scratch = Scratch::new(&policy);
            let mut account = home.account.clone();
            let used = Use { line: 1, number, time_ms, megabytes: 1.0, video: true };
            home.with_message(used, time_ms, |message| {
                let message = Message { subscriber: ACCOUNT, zone, ..*message };
                let bytes = ProfileBytes::in_place(&mut account);
                update(&policy, bytes, &message, &mut scratch).expect("sound");
            });
            home.account = account;
        }
        assert_eq!(days(&home.account), Some(Value::Int(expected)), "{zone:?}");
    }
}

#[test]
fn accounts_of_an_older_policy_are_migrated() {
    let longer = POLICY
        .replace("version = 1", "version = 2")
        .replace(
            "window = \"30d\", buckets = 30, profile",
            "window = \"60d\", buckets = 60, profile",
        )
        .replace(
            "child = { type",
            "child = { type = \"bool\" }\ncity = { profile = \"account\", export = true, type",
        );
    let (old, plain) = support::compile_versions(POLICY, &longer);
    let new = plain.succeeding(&[&old]).expect("one salt");
    assert_ne!(old.account_bytes(), new.account_bytes());
    let holders: Vec<Holder> = new.migrations().iter().map(|it| it.holder).collect();
    // The layout of lines is the same in both.
    assert_eq!(holders, [Holder::Account]);
    let report = new.migrations()[0].to_string();
    for said in ["of accounts", "feature city: added", "feature household_data: kept as far back"] {
        assert!(report.contains(said), "{report}");
    }
    let mut home = Home::new(&old);
    let before = account(&mut home, 3, 5);
    let mut after = vec![0; new.account_bytes()];
    let mut scratch = Scratch::new(&new);
    let bytes = ProfileBytes::apart(&before, &mut after);
    assert!(!migrate(&new, bytes, ACCOUNT, &mut scratch).expect("a known layout").repeated);
    let (mut as_old, mut as_new) = (home.features(&before), Home::new(&new).features(&after));
    as_old.sort_by(|a, b| a.0.cmp(&b.0));
    as_new.sort_by(|a, b| a.0.cmp(&b.0));
    as_new.retain(|(name, _)| name != "city");
    assert_eq!(as_old, as_new);
    // A decision beside the older bytes is one beside the new.
    let mut newer = Home::new(&new);
    let fresh = new_profile(&new, b"line 1").expect("a short key");
    let (mut one, mut two) = (fresh.clone(), fresh);
    let found = newer.decide(&mut one, used(1, 1, 50.0), Some(&before)).expect("sound");
    assert_eq!(found.offers.len(), 1);
    assert_eq!(newer.decide(&mut two, used(1, 1, 50.0), Some(&after)), Ok(found));
    assert_eq!(one, two);
    // A policy that knows nothing of the older one refuses it.
    let mut stranger = Home::new(&plain);
    let mut profile = new_profile(&plain, b"line 1").expect("a short key");
    let found = stranger.decide(&mut profile, used(1, 1, 50.0), Some(&before));
    assert_eq!(found, Err(Error::AccountLayout));
    let artifact = Policy::from_bytes(&new.to_bytes()).expect("sound");
    assert_eq!(artifact.migrations(), new.migrations());
}

/// What moves from the line to the account begins empty there.
#[test]
fn a_feature_that_moves_begins_empty() {
    let moved = POLICY.replace(
        "child = { type = \"bool\" }",
        "child = { type = \"bool\", profile = \"account\" }",
    );
    let (old, new) = support::compile_versions(POLICY, &moved);
    let new = new.succeeding(&[&old]).expect("one salt");
    let mut reports = new.migrations();
    reports.sort_by_key(|report| report.holder == Holder::Account);
    let [line, account] = &reports[..] else { panic!("{reports:?}") };
    assert_eq!((line.holder, account.holder), (Holder::Line, Holder::Account));
    let said = "feature child: begins empty, since it means something else, attribute of bool -> \
                attribute of bool, of the account";
    assert!(line.to_string().contains(said), "{line}");
    assert!(account.to_string().contains("feature child: added"), "{account}");
    let mut home = Home::new(&old);
    let mut profile = new_profile(&old, b"line 1").expect("a short key");
    let known = [Dated::new(home.id("child"), NOW_MS, Value::Bool(true))];
    let bytes = ProfileBytes::in_place(&mut profile);
    backfill(&old, bytes, b"line 1", &known, NOW_MS, &mut home.local.scratch).expect("sound");
    let mut after = vec![0; new.profile_bytes()];
    let mut scratch = Scratch::new(&new);
    let bytes = ProfileBytes::apart(&profile, &mut after);
    migrate(&new, bytes, b"line 1", &mut scratch).expect("a known layout");
    let child = new.id("child").expect("a feature");
    assert_eq!(read_feature(&new, &after, child, NOW_MS, &mut scratch), Ok(None));
}

#[test]
fn a_log_and_a_receipt_have_the_account() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let (rich, poor) = (account(&mut home, 3, 5), account(&mut home, 1, 0));
    let mut log = LogWriter::new(&policy, 1);
    let snapshot = home.snapshot.clone();
    log.snapshot(&snapshot);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let (context, mut offered) = (Context::default(), 0);
    for (line, account) in [(1, Some(&rich)), (2, Some(&poor)), (3, None)] {
        let key = format!("line {line}");
        let fresh = new_profile(&policy, key.as_bytes()).expect("a short key");
        let mut local = home.local.clone();
        home.with_message(used(line, 1, 50.0), NOW_MS, |message| {
            let message = Message { account: account.map(Vec::as_slice), ..*message };
            let inputs = Inputs::of(shared, &fresh, &message, &context, &local.lease);
            let mut profile = fresh.clone();
            let bytes = ProfileBytes::in_place(&mut profile);
            let before = local.clone();
            let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
            offered += decision.offers.len();
            log.message(&message, &context);
            log.decision(&decision);
            let receipt = inputs.receipt(&decision);
            assert_eq!(receipt.replay(shared, &fresh, &message, &context, &before), Ok(decision));
            let other = Message { account: Some(&home.account[..]), ..message };
            let found = Inputs::of(shared, &fresh, &other, &context, &before.lease);
            let named: Vec<_> = receipt.differences(&found).collect();
            // The poor account is the one that was made last.
            let same = account == Some(&poor);
            assert_eq!(named.is_empty(), same, "{named:?}");
            assert!(named.iter().all(|input| input.words() == "account"));
        });
        home.local = local;
    }
    assert_eq!(offered, 1);
    log.end();
    let replayed = Replay::run(&policy, &log.take()).expect("a sound log");
    assert_eq!((replayed.messages, replayed.equal, replayed.complete), (3, 3, true));
}

#[cfg(feature = "json")]
#[test]
fn an_account_is_exported_and_imported() {
    let policy = support::compile_text(POLICY);
    let mut home = Home::new(&policy);
    let good = account(&mut home, 3, 5);
    let json = opportune::export_profile(&policy, &good).expect("a sound profile");
    for said in ["\"household_data\"", "1500", "\"lines\""] {
        assert!(json.contains(said), "{json}");
    }
    for line in ["\"child\"", "\"data\"", "habit"] {
        assert!(!json.contains(line), "{json}");
    }
    assert_eq!(opportune::import_profile(&policy, json.as_bytes()).expect("sound"), good);
}

#[test]
fn what_an_account_cannot_have_is_refused_by_name() {
    let compiled = |text: &str| {
        let source = opportune::compile::Source { name: "p.toml", bytes: text.as_bytes() };
        opportune::compile::compile(&[source], "").map(|_| ()).map_err(|it| it.to_string())
    };
    assert_eq!(compiled(POLICY), Ok(()));
    for (from, to, said) in [
        (
            "home = { type = \"zone\" }",
            "home = { type = \"zone\", profile = \"account\" }",
            "OPP0508",
        ),
        (
            "bill_day = { type = \"int\", profile = \"account\" }",
            "bill_day = { type = \"int\" }",
            "OPP0508",
        ),
        (
            "expr = \"data / household_data\"",
            "expr = \"data / household_data\", profile = \"account\"",
            "exclude one another",
        ),
        (
            "stages = [\"light\", \"heavy\"]",
            "stages = [\"light\", \"heavy\"]\nprofile = \"account\"",
            "unknown key `profile`",
        ),
        (
            "crosses = \"household_data > 1000.0\"",
            "crosses = \"household_data > 1000.0\"\nprofile = \"account\"",
            "unknown key `profile`",
        ),
        (
            "lines = { type = \"int\", profile = \"account\" }",
            "lines = { type = \"int\", profile = \"household\" }",
            "not one of line, account",
        ),
    ] {
        let found = compiled(&POLICY.replace(from, to)).expect_err(to);
        assert!(found.contains(said), "{said}: {found}");
    }
}
