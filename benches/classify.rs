//! Asking which moments a message raises.

#[path = "../tests/support/prepaid.rs"]
mod prepaid;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use opportune::{Arm, classify};
use prepaid::{AFTERNOON_MS, Ids, known_profile, message, rich_local};

fn benches(criterion: &mut Criterion) {
    let policy = support::shipped_policy("prepaid");
    let ids = Ids::of(&policy);
    let key = support::subscriber_in(&policy, Arm::Treated);
    let stored = known_profile(&policy, &key);
    let call = ids.call_fields();
    let (plenty, little) = (ids.balance_fields(9_000_000), ids.balance_fields(900_000));
    let mut local = rich_local(&policy);
    for (name, balance, moments) in [("no moment", &plenty, 0), ("a low balance", &little, 1)] {
        let events = ids.call(&call, balance, AFTERNOON_MS);
        let message = message(&key, 1, AFTERNOON_MS, &events);
        criterion.bench_function(&format!("classify/{name}"), |bencher| {
            bencher.iter(|| {
                let raised = classify(&policy, &stored, black_box(&message), &mut local.scratch);
                assert_eq!(raised.as_ref().map(|raised| raised.len()), Ok(moments));
                raised
            });
        });
    }
}

criterion_group!(group, benches);
criterion_main!(group);
