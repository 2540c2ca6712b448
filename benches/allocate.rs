//! Finding the offer that answers a moment.

#[path = "../tests/support/prepaid.rs"]
mod prepaid;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use opportune::{Arm, ProfileBytes, Shared, Snapshot, allocate, classify, update};
use prepaid::{AFTERNOON_MS, Ids, known_profile, message, outbound, rich_local};

fn benches(criterion: &mut Criterion) {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let mut out = vec![0; policy.profile_bytes()];
    let mut local = rich_local(&policy);
    for (name, arm, offers) in [("treated", Arm::Treated, 1), ("control", Arm::Control, 0)] {
        let key = support::subscriber_in(&policy, arm);
        let mut stored = known_profile(&policy, &key);
        let message = message(&key, 1, AFTERNOON_MS, &events);
        update(&policy, ProfileBytes::in_place(&mut stored), &message, &mut local.scratch)
            .expect("a sound message");
        let moments = classify(&policy, &stored, &message, &mut local.scratch).expect("sound");
        criterion.bench_function(&format!("allocate/{name}"), |bencher| {
            bencher.iter(|| {
                let bytes = ProfileBytes::apart(&stored, &mut out);
                let raised = black_box(moments.clone());
                let decision = allocate(shared, bytes, &message, raised, &outbound(), &mut local);
                assert_eq!(decision.as_ref().map(|d| d.offers.len()), Ok(offers));
                decision
            });
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
