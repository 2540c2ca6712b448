//! The whole call: update, classify and allocate in one pass over the shipped prepaid policy.

#[path = "../tests/support/prepaid.rs"]
mod prepaid;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use opportune::{Arm, ProfileBytes, Shared, Snapshot, decide};
use prepaid::{AFTERNOON_MS, Ids, known_profile, message, outbound, rich_local};

fn benches(criterion: &mut Criterion) {
    let policy = support::shipped_policy("prepaid");
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let stored = known_profile(&policy, &key);
    let call = ids.call_fields();
    let (plenty, little) = (ids.balance_fields(9_000_000), ids.balance_fields(900_000));
    let mut out = vec![0; policy.profile_bytes()];
    let mut local = rich_local(&policy);
    for (name, balance, offers) in
        [("a message that is no moment", &plenty, 0), ("an offer is made", &little, 1)]
    {
        let events = ids.call(&call, balance, AFTERNOON_MS);
        let message = message(&key, 1, AFTERNOON_MS, &events);
        criterion.bench_function(&format!("decide/{name}"), |bencher| {
            bencher.iter(|| {
                let bytes = ProfileBytes::apart(&stored, &mut out);
                let decision = decide(shared, bytes, black_box(&message), &outbound(), &mut local);
                assert_eq!(decision.as_ref().map(|d| d.offers.len()), Ok(offers));
                decision
            });
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
