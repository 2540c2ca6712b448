//! Bad input gets a typed error and changes nothing.

#[path = "support/prepaid.rs"]
mod prepaid;
mod support;

use opportune::{
    Arm, ChannelId, Context, Dated, Error, Event, EventId, FeatureId, Field, FieldId, Local,
    MemberId, Message, Origin, Policy, ProfileBytes, Shared, Snapshot, Value, backfill, decide,
    init_profile, new_profile, profile_revision, read_feature, update,
};
use prepaid::{AFTERNOON_MS, Ids, known_profile, outbound, rich_local};

struct Bench {
    policy: Policy,
    snapshot: Snapshot,
    local: Local,
    key: String,
    profile: Vec<u8>,
}

impl Bench {
    fn new() -> Bench {
        Bench::of(support::shipped_policy("prepaid"))
    }

    fn of(policy: Policy) -> Bench {
        let key = support::subscriber_in(&policy, Arm::Treated);
        Bench {
            snapshot: Snapshot::initial(&policy),
            local: rich_local(&policy),
            profile: known_profile(&policy, &key),
            key,
            policy,
        }
    }

    /// Decides on `profile`, and checks that after an error nothing has changed.
    fn decide_on(
        &mut self,
        profile: &[u8],
        revision: u64,
        change: impl Fn(&mut Message),
    ) -> Result<(), Error> {
        self.decide_with(profile, revision, &[], change)
    }

    fn decide_with(
        &mut self,
        profile: &[u8],
        revision: u64,
        events: &[Event],
        change: impl Fn(&mut Message),
    ) -> Result<(), Error> {
        let mut message = Message {
            subscriber: self.key.as_bytes(),
            session: b"s",
            number: 1,
            now_ms: AFTERNOON_MS,
            zone: None,
            account: None,
            events,
        };
        change(&mut message);
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        let mut out = vec![0xAA; self.policy.profile_bytes()];
        let (lease, delta) = (self.local.lease.clone(), self.local.delta.clone());
        let bytes = ProfileBytes::apart(profile, &mut out).at_revision(revision);
        let result = decide(shared, bytes, &message, &outbound(), &mut self.local);
        if result.is_err() {
            assert!(out.iter().all(|byte| *byte == 0xAA), "an error wrote to the output");
            assert_eq!((lease, delta), (self.local.lease.clone(), self.local.delta.clone()));
            let mut copy = profile.to_vec();
            let bytes = ProfileBytes::in_place(&mut copy).at_revision(revision);
            assert_eq!(decide(shared, bytes, &message, &outbound(), &mut self.local), result);
            assert_eq!(copy, profile, "an error changed the profile");
        }
        result.map(|_| ())
    }
}

#[test]
fn profiles_that_are_not_the_subscribers_own_sound_bytes() {
    let mut bench = Bench::new();
    let sound = bench.profile.clone();
    assert_eq!(bench.decide_on(&sound, 0, |_| {}), Ok(()));
    for length in [0, 1, 63, 64, 65, sound.len() - 1] {
        let found = bench.decide_on(&sound[..length], 0, |_| {});
        assert_eq!(found, Err(Error::ProfileLength), "{length} bytes");
    }
    let longer = [&sound[..], &[0]].concat();
    assert_eq!(bench.decide_on(&longer, 0, |_| {}), Err(Error::ProfileLength));
    assert_eq!(bench.decide_on(&vec![0; sound.len()], 0, |_| {}), Err(Error::ProfileFormat));

    let other = new_profile(&bench.policy, b"another").expect("a key");
    assert_eq!(bench.decide_on(&other, 0, |_| {}), Err(Error::ProfileSubscriber));

    let foreign = support::compile_text(&small_policy("a_count"));
    let foreign = new_profile(&foreign, bench.key.as_bytes()).expect("a key");
    assert_eq!(bench.decide_on(&foreign, 0, |_| {}), Err(Error::ProfileLayout));

    let revision = profile_revision(&bench.policy, &sound).expect("a sound profile");
    assert_eq!(bench.decide_on(&sound, revision, |_| {}), Ok(()));
    assert_eq!(bench.decide_on(&sound, revision + 1, |_| {}), Err(Error::ProfileRevision));
}

#[test]
fn every_flipped_bit_is_noticed() {
    let mut bench = Bench::new();
    let sound = bench.profile.clone();
    for bit in 0..sound.len() * 8 {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let found = bench.decide_on(&flipped, 0, |_| {});
        // The magic and the format.
        let expected = match bit / 8 {
            0..4 | 60 | 61 => Error::ProfileFormat,
            _ => Error::ProfileChecksum,
        };
        assert_eq!(found, Err(expected), "bit {bit}");
    }
}

#[test]
fn messages_that_do_not_fit_the_policy() {
    let mut bench = Bench::new();
    let profile = bench.profile.clone();
    let policy = support::shipped_policy("prepaid");
    let long = [b'x'; 257];
    let call: EventId = policy.id("call_end").expect("an event");
    let minutes: FieldId = policy.id("call_end.minutes").expect("a field");
    let balance: FieldId = policy.id("balance_change.balance").expect("a field");
    let app: FieldId = policy.id("data_session.app").expect("a field");
    let data: EventId = policy.id("data_session").expect("an event");
    let wrong_member: MemberId = policy.id("language.en").expect("a member");

    type Change = Box<dyn Fn(&mut Message)>;
    let headers: [(Error, Change); 6] = [
        (Error::Key, Box::new(|m| m.subscriber = b"")),
        (Error::Key, Box::new(move |m| m.subscriber = &[b'x'; 257])),
        (Error::Key, Box::new(|m| m.session = &[b'x'; 257])),
        (Error::Time, Box::new(|m| m.now_ms = 0)),
        (Error::Time, Box::new(|m| m.now_ms = i64::MAX)),
        (Error::UnknownZone, Box::new(|m| m.zone = Some(MemberId(9_999)))),
    ];
    for (expected, change) in headers {
        assert_eq!(bench.decide_on(&profile, 0, change), Err(expected));
    }

    let field = |id, value| Field { id, value };
    let cases: [(Error, EventId, i64, Vec<Field>); 11] = [
        (Error::UnknownEvent, EventId(0), AFTERNOON_MS, vec![]),
        (Error::UnknownEvent, EventId(u32::MAX), AFTERNOON_MS, vec![]),
        (Error::Time, call, i64::MIN, vec![]),
        (Error::Time, call, i64::MAX, vec![]),
        (Error::Time, call, AFTERNOON_MS + 3_600_001, vec![]),
        (Error::UnknownField, call, AFTERNOON_MS, vec![field(balance, Value::Money(1))]),
        (Error::UnknownField, call, AFTERNOON_MS, vec![field(minutes, Value::Double(1.0)); 2]),
        (Error::ValueType, call, AFTERNOON_MS, vec![field(minutes, Value::Int(1))]),
        (Error::ValueType, call, AFTERNOON_MS, vec![field(minutes, Value::Double(f64::NAN))]),
        (Error::ValueType, data, AFTERNOON_MS, vec![field(app, Value::Member(wrong_member))]),
        (Error::ValueType, data, AFTERNOON_MS, vec![field(app, Value::Text(&long))]),
    ];
    for (expected, kind, time_ms, fields) in &cases {
        // A sound event goes before, so that something would have changed.
        let ids = Ids::of(&policy);
        let (call, money) = (ids.call_fields(), ids.balance_fields(1));
        let [first, _] = ids.call(&call, &money, AFTERNOON_MS);
        let events = [first, Event { kind: *kind, time_ms: *time_ms, fields }];
        assert_eq!(bench.decide_with(&profile, 0, &events, |_| {}), Err(*expected));
    }
    let event = Event { kind: call, time_ms: AFTERNOON_MS, fields: &[] };
    let many = [event; 33];
    assert_eq!(bench.decide_with(&profile, 0, &many, |_| {}), Err(Error::TooManyEvents));
}

#[test]
fn what_was_made_for_another_policy() {
    let mut bench = Bench::new();
    let other = support::compile_text(&small_policy("a_count"));
    let key = bench.key.clone();
    let message = Message {
        subscriber: key.as_bytes(),
        session: b"s",
        number: 1,
        now_ms: AFTERNOON_MS,
        zone: None,
        account: None,
        events: &[],
    };
    let origin = Origin { node: 1, epoch: 1, sequence: 1 };
    let foreign_snapshot = Snapshot::initial(&other);
    let mut foreign = Local::new(&other, origin);
    let mut own = Local::new(&bench.policy, origin);
    let shared = Shared { policy: &bench.policy, snapshot: &foreign_snapshot };
    let mut decide_with = |shared: Shared, context: Context, local: &mut Local| {
        let bytes = ProfileBytes::in_place(&mut bench.profile);
        decide(shared, bytes, &message, &context, local).map(|_| ())
    };
    assert_eq!(decide_with(shared, outbound(), &mut own), Err(Error::SnapshotMismatch));
    let shared = Shared { policy: &bench.policy, snapshot: &bench.snapshot };
    assert_eq!(decide_with(shared, outbound(), &mut foreign), Err(Error::LeaseMismatch));
    own.scratch = foreign.scratch.clone();
    assert_eq!(decide_with(shared, outbound(), &mut own), Err(Error::ScratchMismatch));
    let unknown = Context { channel: Some(ChannelId(999)), ..Context::default() };
    assert_eq!(decide_with(shared, unknown, &mut own), Err(Error::UnknownChannel));
    let sms = bench.policy.id("sms");
    for slots in [0, 5] {
        let context = Context { channel: sms, slots, seed: None };
        assert_eq!(decide_with(shared, context, &mut own), Err(Error::Slots));
    }
    for bytes in [&b""[..], b"OPPS", &bench.snapshot.to_bytes()[1..]] {
        assert_eq!(Snapshot::from_bytes(&bench.policy, bytes), Err(Error::Malformed));
    }
    let written = foreign_snapshot.to_bytes();
    assert!(Snapshot::from_bytes(&bench.policy, &written).is_err());
    assert_eq!(Snapshot::from_bytes(&other, &written), Ok(foreign_snapshot));
}

#[test]
fn backfills_and_readings_that_do_not_fit() {
    let mut bench = Bench::new();
    let id = |name: &str| -> FeatureId { bench.policy.id(name).expect("a feature") };
    let (tenure, calls, derived) = (id("tenure_days"), id("calls_7d"), id("open_disputes"));
    let spent = id("spend_7d");
    let sound = Dated::new(tenure, AFTERNOON_MS, Value::Int(1));
    let cases = [
        (Error::UnknownFeature, Dated { feature: FeatureId(9_999), ..sound }),
        (Error::UnknownFeature, Dated { feature: derived, ..sound }),
        (Error::ValueType, Dated { value: Value::Money(1), ..sound }),
        (Error::ValueType, Dated { feature: calls, value: Value::Int(-1), ..sound }),
        (Error::ValueType, sound.among(Value::Int(1))),
        (Error::UnknownZone, sound.in_zone(MemberId(9_999))),
        (Error::Total, Dated { feature: calls, value: Value::Int(65_536), ..sound }),
        (Error::Total, Dated { feature: spent, value: Value::Money((1 << 53) + 1), ..sound }),
        (Error::Time, Dated { time_ms: -1, ..sound }),
        (Error::Time, Dated { time_ms: AFTERNOON_MS + 1, ..sound }),
    ];
    for (expected, wrong) in cases {
        let before = bench.profile.clone();
        let bytes = ProfileBytes::in_place(&mut bench.profile);
        let key = bench.key.as_bytes();
        let dated = [sound, wrong];
        let scratch = &mut bench.local.scratch;
        let found = backfill(&bench.policy, bytes, key, &dated, AFTERNOON_MS, scratch);
        assert_eq!(found, Err(expected));
        assert_eq!(bench.profile, before);
    }
    let scratch = &mut bench.local.scratch;
    let found = read_feature(&bench.policy, &bench.profile, FeatureId(0), AFTERNOON_MS, scratch);
    assert_eq!(found, Err(Error::UnknownFeature));
    let mut short = vec![0; bench.policy.profile_bytes() - 1];
    assert_eq!(init_profile(&bench.policy, b"k", &mut short), Err(Error::OutputTooSmall));
    assert_eq!(new_profile(&bench.policy, b""), Err(Error::Key));
}

/// A call looks at a profile of an older layout as it would be, and leaves it as it is.
#[test]
fn older_profiles_stay_as_they_are() {
    let (old, new) = support::compile_versions(&small_policy("a_count"), &small_policy("b_count"));
    let new = new.succeeding(&[&old]).expect("one salt");
    let before = new_profile(&old, b"k").expect("a key");
    let (snapshot, mut local) = (Snapshot::initial(&new), rich_local(&new));
    let shared = Shared { policy: &new, snapshot: &snapshot };
    let call: EventId = new.id("call_end").expect("an event");
    let event = |kind| Event { kind, time_ms: AFTERNOON_MS, fields: &[] };
    let mut message = Message {
        subscriber: b"k",
        session: b"s",
        number: 1,
        now_ms: AFTERNOON_MS,
        zone: None,
        account: None,
        events: &[event(call), event(EventId(9_999))],
    };
    let mut within = before.clone();
    within.resize(new.profile_bytes() + 8, 0xAA);
    let untouched = within.clone();
    let bytes = ProfileBytes::within(&mut within, before.len());
    let found = decide(shared, bytes, &message, &outbound(), &mut local);
    assert_eq!(found, Err(Error::UnknownEvent));
    let bytes = ProfileBytes::within(&mut within, before.len());
    let found = update(&new, bytes, &message, &mut local.scratch);
    assert_eq!(found, Err(Error::UnknownEvent));
    assert_eq!(within, untouched);
    // Where the new profile goes makes no difference to it.
    let events = [event(call)];
    message.events = &events;
    let mut apart = vec![0; new.profile_bytes()];
    let bytes = ProfileBytes::apart(&before, &mut apart);
    let first = decide(shared, bytes, &message, &outbound(), &mut local);
    let bytes = ProfileBytes::within(&mut within, before.len());
    assert_eq!(decide(shared, bytes, &message, &outbound(), &mut local), first);
    assert!(first.is_ok() && within.starts_with(&apart) && within.ends_with(&[0xAA; 8]));
}

/// The least that is a policy, with one feature of this name.
fn small_policy(feature: &str) -> String {
    format!(
        r#"
[policy]
name = "small"
version = 1
currency = "USD"
zones = ["UTC"]
[events.call_end]
minutes = "double"
[features.{feature}]
count = "call_end"
[moments.called]
on = ["call_end"]
when = "{feature} > 0"
intent = "know"
[channels.sms]
[[contact.caps]]
at_most = 2
within = "1d"
of = "all"
[issues.care.groups.tips]
[offers.hello]
group = "care.tips"
kind = "tip"
moments = ["called"]
value = "0.10"
[offers.hello.treatments.sms]
content = "hello"
propensity = 0.1
"#
    )
}

#[test]
fn what_the_library_itself_reports() {
    let text = support::shipped_text("prepaid")
        + "\n[features.offered]\ncount = 'interaction'\nexport = true\n";
    let policy = support::compile_text(&text);
    let mut bench = Bench::of(policy);
    let (kind, profile) =
        (bench.policy.id("interaction").expect("an event"), bench.profile.clone());
    let event = Event { kind, time_ms: AFTERNOON_MS, fields: &[] };
    let refused = bench.decide_with(&profile, 0, &[event], |_| {});
    assert_eq!(refused, Err(Error::UnknownEvent));
}
