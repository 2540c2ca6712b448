//! The calls together: one pass equals the calls one by one, what is logged is reproduced, deltas
//! merge in any order, and nothing of it changes from one version to the next unnoticed.

#[path = "support/prepaid.rs"]
mod prepaid;
mod support;

use opportune::record::{LogReader, LogWriter, Record, Replay};
use opportune::{
    Arm, Context, Dated, Decision, Delta, Error, Event, FeatureId, Field, Local, Origin, Outcome,
    OutcomeKind, Policy, ProfileBytes, Settled, Settlement, Shared, Snapshot, Stage, Value,
    advance, allocate, backfill, classify, decide, explain, hash_bytes, init_profile, new_profile,
    open_offers, profile_revision, read_feature, settle, tick, update,
};
use prepaid::{AFTERNOON_MS, Ids, MINUTE_MS, known_profile, message, outbound, rich_local};

/// A month of calls for one subscriber; every offer is taken up or turned down.
struct Month {
    decisions: Vec<Decision>,
    profile: Vec<u8>,
    local: Local,
    log: Vec<u8>,
}

fn month(policy: &Policy, key: &str, snapshot: &Snapshot, origin: Origin) -> Month {
    let shared = Shared { policy, snapshot };
    let ids = Ids::of(policy);
    let mut profile = new_profile(policy, key.as_bytes()).expect("a key");
    let mut local = Local::new(policy, origin);
    let mut log = LogWriter::new(policy, 1);
    for (budget, _) in policy.names() {
        local.lease.grant(policy, budget, 1_000_000_000);
        log.grant(budget, 1_000_000_000);
    }
    log.snapshot(snapshot);
    prepaid::give_known(policy, &mut profile, key, |dated| {
        log.backfill(key.as_bytes(), dated, AFTERNOON_MS);
    });
    let call = ids.call_fields();
    let mut decisions = Vec::new();
    for number in 0..1_500u32 {
        let balance = ids.balance_fields(i64::from(number * 37 % 90) * 100_000);
        let now_ms = AFTERNOON_MS + i64::from(number) * 29 * MINUTE_MS;
        let events = ids.call(&call, &balance, now_ms);
        // Every fiftieth message comes twice.
        let message = message(key, number - u32::from(number % 50 == 49), now_ms, &events);
        log.message(&message, &outbound());
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &outbound(), &mut local).expect("sound");
        log.decision(&decision);
        let kinds = [OutcomeKind::Accepted, OutcomeKind::Rejected];
        if !decision.offers.is_empty() {
            let outcome = Outcome {
                subscriber: key.as_bytes(),
                decision: decision.id,
                slot: 0,
                kind: kinds[number as usize % 2],
                now_ms: now_ms + MINUTE_MS,
            };
            log.outcome(&outcome);
            let bytes = ProfileBytes::in_place(&mut profile);
            settle(policy, bytes, &outcome, &mut local).expect("a sound outcome");
        }
        decisions.push(decision);
    }
    log.end();
    Month { decisions, profile, local, log: log.take() }
}

fn origin(node: u32, sequence: u64) -> Origin {
    Origin { node, epoch: 1, sequence }
}

#[test]
fn one_pass_equals_the_calls_one_by_one() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let stored = known_profile(&policy, &key);
    let call = ids.call_fields();
    for micros in [9_000_000, 1_500_000, 900_000, 0] {
        let balance = ids.balance_fields(micros);
        let events = ids.call(&call, &balance, AFTERNOON_MS);
        let message = message(&key, 1, AFTERNOON_MS, &events);
        let (mut at_once, mut by_steps) = (stored.clone(), stored.clone());
        let (mut one, mut other) = (rich_local(&policy), rich_local(&policy));
        let bytes = ProfileBytes::in_place(&mut at_once);
        let whole = decide(shared, bytes, &message, &outbound(), &mut one).expect("sound");

        let bytes = ProfileBytes::in_place(&mut by_steps);
        update(&policy, bytes, &message, &mut other.scratch).expect("sound");
        let raised = classify(&policy, &by_steps, &message, &mut other.scratch).expect("sound");
        let bytes = ProfileBytes::in_place(&mut by_steps);
        let mut steps =
            allocate(shared, bytes, &message, raised, &outbound(), &mut other).expect("sound");
        assert_eq!((one.lease, one.delta), (other.lease, other.delta));
        // Two calls have written where one wrote.
        assert_eq!(steps.revision, whole.revision + 1);
        steps.revision = whole.revision;
        assert_eq!(steps, whole);
        // Apart from revision and checksum, the bytes are the same.
        assert_eq!(at_once[8..24], by_steps[8..24]);
        assert_eq!(at_once[32..], by_steps[32..]);
    }
}

#[test]
fn apart_and_in_place_are_the_same() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let stored = known_profile(&policy, &key);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 7, AFTERNOON_MS, &events);
    let mut in_place = stored.clone();
    let bytes = ProfileBytes::in_place(&mut in_place);
    let first = decide(shared, bytes, &message, &outbound(), &mut rich_local(&policy));
    // At odd addresses, into a larger buffer.
    let mut room = vec![0xAA; stored.len() + 9];
    let mut unaligned = vec![0];
    unaligned.extend_from_slice(&stored);
    let bytes = ProfileBytes::apart(&unaligned[1..], &mut room[1..]);
    let second = decide(shared, bytes, &message, &outbound(), &mut rich_local(&policy));
    assert_eq!(first, second);
    assert_eq!(room[1..=stored.len()], in_place[..]);
    assert!(room[stored.len() + 1..].iter().all(|byte| *byte == 0xAA));
    assert_eq!(unaligned[1..], stored);

    // The message again: the same id, and the profile is handed on as it is.
    let mut again = vec![0; stored.len()];
    let bytes = ProfileBytes::apart(&in_place, &mut again);
    let repeated = decide(shared, bytes, &message, &outbound(), &mut rich_local(&policy));
    let (first, repeated) = (first.expect("sound"), repeated.expect("sound"));
    assert!(repeated.repeated && repeated.offers.is_empty());
    assert_eq!((repeated.id, repeated.revision), (first.id, first.revision));
    assert_eq!(again, in_place);
}

#[test]
fn a_log_is_reproduced_and_a_changed_one_is_noticed() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let month = month(&policy, &key, &Snapshot::initial(&policy), origin(1, 1));
    let offers: usize = month.decisions.iter().map(|decision| decision.offers.len()).sum();
    assert!(offers > 10, "{offers} offers");
    assert_eq!(month.decisions.iter().filter(|decision| decision.repeated).count(), 30);

    let replayed = Replay::run(&policy, &month.log).expect("a sound log");
    assert!(replayed.is_faithful());
    assert_eq!((replayed.messages, replayed.equal), (1_500, 1_500));
    let mut replay = Replay::new(&policy);
    for record in LogReader::new(&month.log) {
        let (local, record) = record.expect("a sound record");
        replay.step(local, &record).expect("a sound call");
    }
    assert_eq!(replay.profiles()[key.as_bytes()], month.profile);

    // A decision that was tampered with is named.
    let mut tampered = LogWriter::new(&policy, 1);
    for (budget, _) in policy.names() {
        tampered.grant(budget, 1_000_000_000);
    }
    let mut messages = 0;
    for record in LogReader::new(&month.log) {
        match record.expect("a sound record").1 {
            Record::Backfill(logged) => {
                tampered.backfill(logged.subscriber, &logged.dated, logged.now_ms);
            }
            Record::Message(logged) => {
                messages += 1;
                let events = logged.events();
                tampered.message(&logged.message(&events), &logged.context);
            }
            Record::Decision(mut decision) => {
                decision.revision += u64::from(messages == 700);
                tampered.decision(&decision);
            }
            Record::Outcome(outcome) => tampered.outcome(&outcome),
            Record::End { .. } => tampered.end(),
            Record::Update(_) | Record::Erasure(_) => panic!("the month has none"),
            Record::Start { .. } | Record::Snapshot(_) | Record::Grant { .. } => {}
        }
    }
    let replayed = Replay::run(&policy, &tampered.take()).expect("a sound log");
    assert_eq!(replayed.mismatch.map(|mismatch| mismatch.message), Some(700));

    // A log that was cut between two records lacks its end.
    for records in [1, 2, 5, 100, 1_001] {
        let mut frames = month.log.as_slice();
        for _ in 0..records {
            let length = u32::from_le_bytes(frames[..4].try_into().expect("4 bytes")) as usize;
            frames = &frames[length + 8..];
        }
        let cut = &month.log[..month.log.len() - frames.len()];
        let replayed = Replay::run(&policy, cut).expect("sound as far as it goes");
        assert!(!replayed.complete && !replayed.is_faithful(), "{records} records");
        assert_eq!(Replay::run(&policy, frames), Err(Error::Malformed), "without its start");
    }
    assert!(!Replay::run(&policy, &[]).expect("nothing is sound").is_faithful());

    // Cut or damaged logs are errors, wherever.
    for cut in [1, 4, month.log.len() / 2, month.log.len() - 1] {
        assert_eq!(Replay::run(&policy, &month.log[..cut]), Err(Error::Malformed), "{cut}");
        let mut damaged = month.log.clone();
        damaged[cut] ^= 0x10;
        assert_eq!(Replay::run(&policy, &damaged), Err(Error::Malformed), "{cut}");
    }
    let other = support::compile_text(&support::shipped_text("prepaid").replace("0.05", "0.06"));
    assert_eq!(Replay::run(&other, &month.log), Err(Error::SnapshotMismatch));
}

#[test]
fn deltas_merge_in_any_order_and_go_in_once() {
    let policy = support::shipped_policy("prepaid");
    let initial = Snapshot::initial(&policy);
    let keys = (0..12).map(|number| format!("+99955501{number:03}"));
    let deltas: Vec<Delta> = keys
        .enumerate()
        .map(|(node, key)| month(&policy, &key, &initial, origin(node as u32, 1)).local.delta)
        .collect();
    let merge = |order: &[usize]| {
        let mut merged = deltas[order[0]].clone();
        order[1..].iter().for_each(|next| merged.merge(&deltas[*next]).expect("another origin"));
        merged
    };
    let forward = merge(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let backward = merge(&[11, 5, 3, 10, 1, 9, 0, 2, 8, 4, 7, 6]);
    assert_eq!(forward.to_bytes(), backward.to_bytes());
    assert_eq!(forward.clone().merge(&deltas[3]), Err(Error::DeltaSequence));
    assert_eq!(Delta::from_bytes(&policy, &forward.to_bytes()).as_ref(), Ok(&forward));

    let next = advance(&policy, &initial, &forward).expect("a sound delta");
    assert_eq!(next.version(), 1);
    assert_eq!(advance(&policy, &next, &deltas[0]), Err(Error::DeltaSequence));
    assert_eq!(Snapshot::from_bytes(&policy, &next.to_bytes()).as_ref(), Ok(&next));
    // What was accepted half the time is thought better of than before, whatever the prior.
    let treatment = policy
        .names()
        .map(|(id, _)| id)
        .max_by_key(|id| forward.responses(&policy, *id))
        .expect("treatments");
    let (offered, accepted) = forward.responses(&policy, treatment).expect("a treatment");
    assert!(offered > 20 && accepted > 0, "{accepted} of {offered}");
    let (before, after) =
        (initial.propensity(&policy, treatment), next.propensity(&policy, treatment));
    assert!(after > before, "{before:?} {after:?} {accepted} of {offered}");
}

#[test]
fn leases_are_never_overspent_and_rejections_give_back() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let incentives = policy.id("incentives").expect("a budget");
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    // The bonus costs two dollars, double data eighty cents.
    let costs = [2_000_000, 800_000];
    for granted in [0, 799_999, 800_000, 2_000_000, 5_000_000, 50_000_000] {
        let mut local = rich_local(&policy);
        local.lease.grant(&policy, incentives, i64::MIN / 2);
        assert_eq!(local.lease.left(&policy, incentives), Some(0), "taken back, never below zero");
        local.lease.grant(&policy, incentives, granted);
        let mut profile = known_profile(&policy, &key);
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &outbound(), &mut local).expect("sound");
        let left = local.lease.left(&policy, incentives).expect("a budget");
        assert!(left >= 0);
        if granted < 800_000 {
            assert_eq!(left, granted);
            assert!(decision.stages[Stage::NoBudget as usize] > 0);
            continue;
        }
        assert!(costs.contains(&(granted - left)), "{granted} granted, {left} left");
        let outcome = Outcome {
            subscriber: key.as_bytes(),
            decision: decision.id,
            slot: 0,
            kind: OutcomeKind::Rejected,
            now_ms: AFTERNOON_MS + MINUTE_MS,
        };
        let bytes = ProfileBytes::in_place(&mut profile);
        let settled = settle(&policy, bytes, &outcome, &mut local).expect("sound");
        assert!(matches!(settled.settled, Settled::Credited { .. }));
        assert_eq!(local.lease.left(&policy, incentives), Some(granted));
    }
}

#[test]
fn the_places_of_one_decision_share_the_lease() {
    let text = support::shipped_text("prepaid")
        .replace("[channels.app]\n", "[channels.app]\ndraws = { sms_gateway = 1 }\n");
    let policy = support::compile_text(&text);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let key = support::subscriber_in(&policy, Arm::Treated);
    let gateway = policy.id("sms_gateway").expect("a budget");
    let fields = [Field {
        id: policy.id("app_browse.page").expect("a field"),
        value: Value::Member(policy.id("app_browse.page.offers").expect("a member")),
    }];
    let kind = policy.id("app_browse").expect("an event");
    let events = [Event { kind, time_ms: AFTERNOON_MS, fields: &fields }];
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let context = Context { channel: policy.id("app"), slots: 4, seed: None };
    for granted in 0..4 {
        let mut local = rich_local(&policy);
        local.lease.grant(&policy, gateway, i64::MIN / 2);
        local.lease.grant(&policy, gateway, granted);
        let mut profile = known_profile(&policy, &key);
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
        // Two groups of offers answer: data bundles and passes for apps.
        assert_eq!(decision.offers.len() as i64, granted.min(2), "{granted} granted");
        assert_eq!(local.lease.left(&policy, gateway), Some(granted - granted.min(2)));
    }
}

#[test]
fn a_lease_is_low_against_its_last_grant() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let incentives = policy.id("incentives").expect("a budget");
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    // Granted in one piece or in many, what counts is what was there afterwards.
    for (pieces, piece, low) in [(1, 820_000, true), (1, 50_000_000, false), (50, 1_000_000, false)]
    {
        let mut local = rich_local(&policy);
        local.lease.grant(&policy, incentives, i64::MIN / 2);
        (0..pieces).for_each(|_| {
            local.lease.grant(&policy, incentives, piece);
        });
        let mut profile = known_profile(&policy, &key);
        let bytes = ProfileBytes::in_place(&mut profile);
        let context = Context { seed: Some(u64::MAX), ..outbound() };
        let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
        assert!(
            local.lease.left(&policy, incentives) < Some(pieces * piece),
            "something was spent"
        );
        assert_eq!(decision.lease_low, low, "{pieces} pieces of {piece}");
        assert_eq!(opportune::Lease::from_bytes(&policy, &local.lease.to_bytes()), Ok(local.lease));
    }
}

#[test]
fn expired_offers_are_swept_by_a_tick() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let mut profile = known_profile(&policy, &key);
    let mut local = rich_local(&policy);
    let before = local.lease.clone();
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let context = Context { seed: Some(0), ..outbound() };
    let bytes = ProfileBytes::in_place(&mut profile);
    let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
    let [open] = &open_offers(&policy, &profile, AFTERNOON_MS).expect("sound")[..] else {
        panic!("one offer is open");
    };
    let offered = &decision.offers[0];
    assert_eq!((open.decision, open.offer, open.slot), (decision.id, offered.offer, 0));
    assert_eq!(open.probability, offered.probability);
    assert_eq!(open.parameters, offered.parameters);

    let later_ms = open.expires_ms;
    assert!(open_offers(&policy, &profile, later_ms).expect("sound").is_empty());
    assert_ne!(local.lease, before);
    let bytes = ProfileBytes::in_place(&mut profile);
    tick(shared, bytes, key.as_bytes(), None, later_ms, &mut local).expect("sound");
    let incentives = policy.id("incentives").expect("a budget");
    assert_eq!(local.lease.left(&policy, incentives), before.left(&policy, incentives));
}

#[test]
fn an_explanation_is_of_the_same_decision() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let call = ids.call_fields();
    for arm in [Arm::Treated, Arm::Control] {
        let key = support::subscriber_in(&policy, arm);
        let mut profile = known_profile(&policy, &key);
        let mut local = rich_local(&policy);
        for (number, micros) in [900_000, 8_000_000, 0, 1_100_000].into_iter().enumerate() {
            let balance = ids.balance_fields(micros);
            let now_ms = AFTERNOON_MS + number as i64 * 600 * MINUTE_MS;
            let events = ids.call(&call, &balance, now_ms);
            let message = message(&key, number as u32, now_ms, &events);
            let explanation =
                explain(shared, &profile, &message, &outbound(), &local).expect("sound");
            let bytes = ProfileBytes::in_place(&mut profile);
            let decision = decide(shared, bytes, &message, &outbound(), &mut local).expect("sound");
            assert_eq!(explanation.decision, decision);
            let mut stages = decision.stages;
            explanation.fates.iter().for_each(|fate| stages[fate.stage as usize] -= 1);
            assert_eq!(stages, [0; Stage::COUNT], "every candidate has one fate");
        }
    }
}

#[test]
fn a_profile_begins_the_same_everywhere() {
    let policy = support::shipped_policy("prepaid");
    let mut profile = vec![0xAA; policy.profile_bytes() + 3];
    init_profile(&policy, b"+99955500001", &mut profile).expect("room enough");
    assert!(profile[policy.profile_bytes()..].iter().all(|byte| *byte == 0xAA));
    profile.truncate(policy.profile_bytes());
    assert_eq!(profile_revision(&policy, &profile), Ok(0));
    assert_eq!(&profile[..4], b"OPPR");
    assert!(policy.profile_bytes() <= 2_048, "{} bytes", policy.profile_bytes());
}

/// What a month comes to, as one number. It changes only when the format, the policy or a rule of
/// the library changes, and then on purpose: write the new number down with the reason.
#[test]
fn golden_digest_of_a_month() {
    let policy = support::shipped_policy("prepaid");
    let mut digest = 0;
    for number in 0..20 {
        let key = format!("+99955502{number:03}");
        let month = month(&policy, &key, &Snapshot::initial(&policy), origin(1, 1));
        digest = hash_bytes(digest, &month.log);
        digest = hash_bytes(digest, &month.profile);
        digest = hash_bytes(digest, &month.local.delta.to_bytes());
    }
    assert_eq!(format!("{digest:016x}"), "039051b634b9eb90");
}

/// The checksum, as the profile's header describes it, to seal bytes that are not what they claim.
#[path = "../src/base/checksum.rs"]
#[allow(dead_code, reason = "only the portable checksum is used")]
mod checksum;

fn reseal(profile: &mut [u8]) {
    let sum = checksum::crc32c_portable(0, &profile[8..]);
    profile[4..8].copy_from_slice(&sum.to_le_bytes());
}

/// A checksum is no signature: bytes that are sealed and still nonsense are decided on without a
/// panic and without breaking the lease.
#[test]
fn sealed_nonsense_is_survived() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let sound = known_profile(&policy, &key);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let mut draws = 1u64;
    for round in 0..4_000u32 {
        let mut profile = sound.clone();
        for _ in 0..=round % 40 {
            draws = hash_bytes(draws, b"next");
            let at = 64 + (draws >> 8) as usize % (profile.len() - 72);
            let extremes = [i64::MIN, i64::MAX, -1, 0, draws as i64, 1 << 40];
            let word = extremes[draws as usize % extremes.len()];
            let at = if draws & 0x80 == 0 { at & !7 } else { at };
            profile[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
        reseal(&mut profile);
        let mut local = rich_local(&policy);
        for step in 0..3 {
            let now_ms = AFTERNOON_MS + i64::from(step) * 7 * MINUTE_MS;
            let events = ids.call(&call, &balance, now_ms);
            let message = message(&key, step, now_ms, &events);
            let bytes = ProfileBytes::in_place(&mut profile);
            let decision =
                decide(shared, bytes, &message, &outbound(), &mut local).expect("sealed");
            let outcome = Outcome {
                subscriber: key.as_bytes(),
                decision: decision.id,
                slot: 0,
                kind: OutcomeKind::Rejected,
                now_ms,
            };
            let bytes = ProfileBytes::in_place(&mut profile);
            settle(&policy, bytes, &outcome, &mut local).expect("sealed");
            open_offers(&policy, &profile, now_ms).expect("sealed");
        }
        for (budget, _) in policy.names() {
            assert!(local.lease.left(&policy, budget) >= Some(0));
        }
    }
}

/// Times and amounts at the ends of their ranges are refused or taken, and never overflow.
#[test]
fn extremes_are_survived() {
    let policy = support::shipped_policy("prepaid");
    let mut scratch = opportune::Scratch::new(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let mut profile = known_profile(&policy, &key);
    let ids: Vec<FeatureId> = policy.names().map(|(id, _)| id).collect();
    let extremes = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
    for time_ms in [1, AFTERNOON_MS] {
        for &feature in ids.iter().chain(&ids) {
            for value in extremes.into_iter().flat_map(|extreme| {
                let double = f64::from_bits(extreme as u64);
                let doubles = [double, extreme as f64, f64::MAX, f64::MIN, f64::INFINITY];
                let whole = [
                    Value::Int(extreme),
                    Value::Money(extreme),
                    Value::Timestamp(extreme),
                    Value::Duration(extreme),
                ];
                whole.into_iter().chain(doubles.map(Value::Double))
            }) {
                let dated = [Dated::new(feature, time_ms, value)];
                let bytes = ProfileBytes::in_place(&mut profile);
                // Refused or not: the next reading must do.
                let _ =
                    backfill(&policy, bytes, key.as_bytes(), &dated, AFTERNOON_MS, &mut scratch);
            }
            read_feature(&policy, &profile, feature, AFTERNOON_MS, &mut scratch).expect("sound");
        }
    }
}

/// More offers than fit are made: the oldest are closed as expired, and what they reserved comes
/// back.
#[test]
fn what_is_crowded_out_gives_back() {
    let mut text = String::from(
        "[policy]\nname = \"crowd\"\nversion = 1\ncurrency = \"EUR\"\nzones = [\"UTC\"]\n\
         [moments.always]\non = \"tick\"\nwhen = \"true\"\nintent = \"know\"\n\
         [budgets.gifts]\nunit = \"pieces\"\n\
         [[contact.caps]]\nat_most = 2\nwithin = \"7d\"\nof = \"all\"\n[issues.care]\n",
    );
    // Each channel has four of its own, so that none goes on with what another has shown.
    for channel in 0..4 {
        text.push_str(&format!("[channels.c{channel}]\ndraws = {{ gifts = 1 }}\n"));
    }
    for number in 0..16 {
        let channel = number / 4;
        text.push_str(&format!(
            "[issues.care.groups.g{number}]\n[offers.o{number}]\ngroup = \"care.g{number}\"\n\
             kind = \"tip\"\nmoments = [\"always\"]\nvalue = \"1.00\"\nopen = \"9d\"\n\
             [offers.o{number}.treatments.c{channel}]\ncontent = \"c\"\npropensity = 0.1\n"
        ));
    }
    let policy = support::compile_text(&text);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let gifts = policy.id("gifts").expect("a budget");
    let mut local = Local::new(&policy, origin(1, 1));
    local.lease.grant(&policy, gifts, 100);
    let mut profile = new_profile(&policy, b"k").expect("a key");
    for (number, open) in [(1, 4), (2, 6), (3, 6), (4, 6)] {
        let now_ms = AFTERNOON_MS + i64::from(number);
        let message = message("k", number, now_ms, &[]);
        let channel = policy.id(&format!("c{}", number - 1));
        let context = Context { channel, slots: 4, seed: None };
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
        assert_eq!(decision.offers.len(), 4);
        let found = open_offers(&policy, &profile, now_ms).expect("sound");
        assert_eq!(found.len(), open);
        // What is open, and nothing else, is reserved.
        assert_eq!(local.lease.left(&policy, gifts), Some(100 - open as i64));
    }
    // 16 offers were made, 6 are open.
    assert_eq!(profile[48..52], 10u32.to_le_bytes());
}

/// Without a session nothing is taken for a repetition, even within one millisecond.
#[test]
fn messages_without_a_session_have_decisions_of_their_own() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let key = support::subscriber_in(&policy, Arm::Treated);
    let mut profile = known_profile(&policy, &key);
    let mut local = rich_local(&policy);
    let mut decide_once = || {
        let bytes = ProfileBytes::in_place(&mut profile);
        tick(shared, bytes, key.as_bytes(), None, AFTERNOON_MS, &mut local).expect("sound")
    };
    let (first, second) = (decide_once(), decide_once());
    assert!(!first.repeated && !second.repeated);
    assert_ne!(first.id, second.id);
}

/// An outcome that changes nothing leaves the profile as it is, revision and all.
#[test]
fn outcomes_without_an_open_offer_change_no_profile() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let mut profile = known_profile(&policy, &key);
    let mut local = rich_local(&policy);
    let before = profile.clone();
    let outcome = Outcome {
        subscriber: key.as_bytes(),
        decision: 42,
        slot: 0,
        kind: OutcomeKind::Accepted,
        now_ms: AFTERNOON_MS,
    };
    let bytes = ProfileBytes::in_place(&mut profile);
    let settlement = Settlement { settled: Settled::Unattributed, next_call_ms: 0 };
    assert_eq!(settle(&policy, bytes, &outcome, &mut local), Ok(settlement));
    assert_eq!(profile, before);
    assert_eq!(local.delta.unattributed(), 1);
}

/// A policy that changes what an offer draws does not give back what was never taken.
#[test]
fn offers_on_earlier_terms_are_settled_without_inventing_budget() {
    let text = support::shipped_text("prepaid");
    let (old, new) = (
        support::compile_text(&text),
        support::compile_text(&text.replace("incentives = \"2.00\"", "incentives = \"5.00\"")),
    );
    let snapshot = Snapshot::initial(&old);
    let shared = Shared { policy: &old, snapshot: &snapshot };
    let ids = Ids::of(&old);
    let key = support::subscriber_in(&old, Arm::Treated);
    let mut profile = known_profile(&old, &key);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let context = Context { seed: Some(u64::MAX), ..outbound() };
    let mut local = rich_local(&old);
    let bytes = ProfileBytes::in_place(&mut profile);
    let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
    let offered = old.name_of(decision.offers[0].offer);
    let mut local = rich_local(&new);
    let incentives = new.id("incentives").expect("a budget");
    local.lease.grant(&new, incentives, i64::MIN / 2);
    local.lease.grant(&new, incentives, 1_000_000_000);
    let open = open_offers(&new, &profile, AFTERNOON_MS).expect("the layout is the same");
    let terms_changed = offered == Some("recharge_bonus_20");
    assert_eq!(open[0].parameters.is_empty(), terms_changed, "{offered:?}");
    let outcome = Outcome {
        subscriber: key.as_bytes(),
        decision: decision.id,
        slot: 0,
        kind: OutcomeKind::Rejected,
        now_ms: AFTERNOON_MS,
    };
    let bytes = ProfileBytes::in_place(&mut profile);
    settle(&new, bytes, &outcome, &mut local).expect("sound");
    // This lease reserved nothing, so nothing comes back to it either way.
    assert_eq!(local.lease.left(&new, incentives), Some(1_000_000_000));
}
