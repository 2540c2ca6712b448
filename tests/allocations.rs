//! The data plane does not allocate: every call, whatever it answers.

#[path = "support/prepaid.rs"]
mod prepaid;
mod support;
#[path = "../benches/workload/mod.rs"]
mod workload;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use opportune::record::Inputs;
use opportune::{
    Arm, Event, Lookup, Outcome, OutcomeKind, ProfileBytes, Question, Shared, Snapshot, allocate,
    classify, decide, eligible, migrate, open_offers, read_feature, settle, tick, update,
};
use prepaid::{AFTERNOON_MS, Ids, MINUTE_MS, known_profile, message, outbound, rich_local};

/// Counts what the current thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no counter any more.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as our caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as our caller promises.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as our caller promises.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn the_counter_counts() {
    let mut kept = Vec::new();
    assert_eq!(allocations(|| kept = vec![1u64; 100]), 1);
    assert_eq!(kept.len(), 100);
}

#[test]
fn no_call_of_the_data_plane_allocates() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let mut local = rich_local(&policy);
    let ids = Ids::of(&policy);
    let call_fields = ids.call_fields();
    let (mut offers, mut none) = (0, 0);
    let mut deciding = 0;
    for arm in [Arm::Treated, Arm::Control] {
        let key = support::subscriber_in(&policy, arm);
        let mut profile = known_profile(&policy, &key);
        for number in 0..3_000 {
            // A balance that runs from nine dollars to nothing and up again, over two months.
            let micros = i64::from(9_000_000 - (number * 37 % 90) as u32 * 100_000);
            let balance_fields = ids.balance_fields(micros);
            let now_ms = AFTERNOON_MS + i64::from(number) * 29 * MINUTE_MS;
            let events = ids.call(&call_fields, &balance_fields, now_ms);
            let message = message(&key, number as u32, now_ms, &events);
            let mut decision = None;
            let mut receipt = None;
            deciding += allocations(|| {
                let inputs = Inputs::of(shared, &profile, &message, &outbound(), &local.lease);
                let bytes = ProfileBytes::in_place(&mut profile);
                decision = Some(decide(shared, bytes, &message, &outbound(), &mut local));
                let made = decision.as_ref().and_then(|decision| decision.as_ref().ok());
                receipt = made.map(|decision| inputs.receipt(decision).to_bytes());
            });
            assert!(receipt.is_some());
            let decision = decision.expect("the call was made").expect("a sound message");
            none += u64::from(decision.offers.is_empty());
            offers += decision.offers.len() as u64;
            let kinds = [OutcomeKind::Delivered, OutcomeKind::Accepted, OutcomeKind::Fulfilled];
            let rejected = [OutcomeKind::Seen, OutcomeKind::Rejected, OutcomeKind::Rejected];
            for kind in if number % 2 == 0 { kinds } else { rejected } {
                let outcome = Outcome {
                    subscriber: key.as_bytes(),
                    decision: decision.id,
                    slot: 0,
                    kind,
                    now_ms,
                };
                deciding += allocations(|| {
                    let bytes = ProfileBytes::in_place(&mut profile);
                    settle(&policy, bytes, &outcome, &mut local).expect("a sound outcome");
                });
            }
        }
    }
    assert!(offers > 20 && none > 1_000, "{offers} offers, {none} times none: both are exercised");
    assert_eq!(deciding, 0);
}

#[test]
fn neither_do_the_calls_one_by_one_nor_refusals() {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let mut local = rich_local(&policy);
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let mut profile = known_profile(&policy, &key);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let feature = policy.id("balance").expect("a feature");
    let counted = allocations(|| {
        let bytes = ProfileBytes::in_place(&mut profile);
        update(&policy, bytes, &message, &mut local.scratch).expect("a sound message");
        let moments = classify(&policy, &profile, &message, &mut local.scratch).expect("sound");
        assert!(!moments.is_empty());
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = allocate(shared, bytes, &message, moments, &outbound(), &mut local);
        assert_eq!(decision.expect("a sound message").offers.len(), 1);
        let open = open_offers(&policy, &profile, AFTERNOON_MS).expect("a sound profile");
        assert_eq!(open.len(), 1);
        read_feature(&policy, &profile, feature, AFTERNOON_MS, &mut local.scratch).expect("sound");
        let bytes = ProfileBytes::in_place(&mut profile);
        tick(shared, bytes, key.as_bytes(), None, AFTERNOON_MS, &mut local).expect("a sound tick");
        profile[70] ^= 1;
        let bytes = ProfileBytes::in_place(&mut profile);
        assert!(decide(shared, bytes, &message, &outbound(), &mut local).is_err());
    });
    assert_eq!(counted, 0);
}

#[test]
fn neither_does_a_migration() {
    let text = support::shipped_text("prepaid");
    let other = text
        .replace("window = \"7d\"", "window = \"14d\"")
        .replace("within = \"30d\"", "within = \"45d\"");
    let other = format!("{other}\n[attributes.added]\ntype = \"int\"\n");
    let (old, new) = support::compile_versions(&text, &other);
    let new = new.succeeding(&[&old]).expect("one salt");
    let (snapshot, mut local) = (Snapshot::initial(&new), rich_local(&new));
    let key = support::subscriber_in(&new, Arm::Treated);
    let before = known_profile(&old, &key);
    let mut buffer = before.clone();
    buffer.resize(new.profile_bytes(), 0);
    let ids = Ids::of(&new);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let shared = Shared { policy: &new, snapshot: &snapshot };
    let counted = allocations(|| {
        let short = ProfileBytes::apart(&before, &mut []);
        assert!(decide(shared, short, &message, &outbound(), &mut local).is_err());
        let bytes = ProfileBytes::within(&mut buffer, before.len());
        let decision = decide(shared, bytes, &message, &outbound(), &mut local);
        assert_eq!(decision.expect("a known layout").offers.len(), 1);
        assert_eq!(open_offers(&new, &buffer, AFTERNOON_MS).expect("sound").len(), 1);
        assert_eq!(open_offers(&new, &before, AFTERNOON_MS).expect("sound").len(), 0);
        let bytes = ProfileBytes::apart(&before, &mut buffer);
        migrate(&new, bytes, key.as_bytes(), &mut local.scratch).expect("a known layout");
    });
    assert_eq!(counted, 0);
}

#[test]
fn neither_does_a_search_through_the_index() {
    let policy = support::compile_text(&workload::policy_text(500, 3));
    assert!(policy.index_size().bytes > 0);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let mut local = rich_local(&policy);
    let kind = policy.id("ask").expect("an event");
    let moment = policy.id("all").expect("a moment");
    for number in 0..20 {
        let key = workload::key(number);
        let mut profile = workload::profile(&policy, number, &mut local.scratch);
        let events = [Event { kind, time_ms: workload::NOW_MS, fields: &[] }];
        let message = message(&key, 1, workload::NOW_MS, &events);
        let question = Question {
            subscriber: key.as_bytes(),
            moment,
            now_ms: workload::NOW_MS,
            zone: None,
            account: None,
            lookup: Lookup::Index,
        };
        let count = allocations(|| {
            let mut found = 0;
            eligible(shared, &profile, &question, &mut local, |_| found += 1).expect("sound");
            let bytes = ProfileBytes::in_place(&mut profile);
            decide(shared, bytes, &message, &outbound(), &mut local).expect("sound");
        });
        assert_eq!(count, 0);
    }
}
