//! Taking a message into the profile.

#[path = "../tests/support/prepaid.rs"]
mod prepaid;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use opportune::{Arm, ProfileBytes, update};
use prepaid::{AFTERNOON_MS, Ids, known_profile, message, rich_local};

fn benches(criterion: &mut Criterion) {
    let policy = support::shipped_policy("prepaid");
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let stored = known_profile(&policy, &key);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(9_000_000));
    let both = ids.call(&call, &balance, AFTERNOON_MS);
    let mut out = vec![0; policy.profile_bytes()];
    let mut local = rich_local(&policy);
    for (name, events) in
        [("no event", &both[..0]), ("balance", &both[1..]), ("call and balance", &both[..])]
    {
        let message = message(&key, 1, AFTERNOON_MS, events);
        criterion.bench_function(&format!("update/{name}"), |bencher| {
            bencher.iter(|| {
                let bytes = ProfileBytes::apart(&stored, &mut out);
                update(&policy, bytes, black_box(&message), &mut local.scratch)
            });
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
