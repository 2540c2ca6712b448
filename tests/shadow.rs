//! Shadow mode says what a live decision does, and does nothing; what test subscribers do is never
//! counted.

mod support;

#[path = "support/prepaid.rs"]
mod prepaid;

use std::collections::BTreeSet;

use opportune::{
    Context, Decision, Local, Origin, Outcome, OutcomeKind, Policy, ProfileBytes, Shared, Snapshot,
    Switches, TreatmentId, decide, open_offers, settle,
};
use prepaid::{AFTERNOON_MS, Ids, known_profile, message, outbound, rich_local};

/// What a subscriber is offered when a call has left this balance.
fn decided(
    policy: &Policy,
    snapshot: &Snapshot,
    key: &str,
    balance_micros: i64,
    profile: &mut [u8],
    local: &mut Local,
) -> Decision {
    let ids = Ids::of(policy);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(balance_micros));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let shared = Shared { policy, snapshot };
    let message = message(key, 1, AFTERNOON_MS, &events);
    let context = Context { seed: Some(7), ..outbound() };
    decide(shared, ProfileBytes::in_place(profile), &message, &context, local).expect("sound")
}

fn keys() -> impl Iterator<Item = (String, i64)> {
    (0..200).map(|n| (format!("+99955540{n:03}"), 100_000 + n * 37_000))
}

#[test]
fn a_policy_in_shadow_reports_what_it_would_offer() {
    let policy = support::shipped_policy("prepaid");
    let live = Snapshot::initial(&policy);
    let shadow = live.clone().with_switches(Switches { shadow: true, ..Switches::default() });
    let mut made = BTreeSet::new();
    for (key, balance) in keys() {
        let (mut own, mut other) = (known_profile(&policy, &key), known_profile(&policy, &key));
        let (mut spends, mut reports) = (rich_local(&policy), rich_local(&policy));
        let before = reports.lease.to_bytes();
        let offers = decided(&policy, &live, &key, balance, &mut own, &mut spends).offers;
        let found = decided(&policy, &shadow, &key, balance, &mut other, &mut reports);
        let offers: Vec<_> = offers
            .iter()
            .map(|o| (o.offer, o.treatment, o.moment, o.score, o.probability))
            .collect();
        let shadows: Vec<_> = found
            .shadows
            .iter()
            .map(|o| (o.offer, o.treatment, o.moment, o.score, o.probability))
            .collect();
        assert_eq!(offers, shadows, "{key}");
        assert!(found.offers.is_empty());
        // Nothing is taken, opened or counted but the shadow itself.
        assert_eq!(reports.lease.to_bytes(), before);
        assert!(open_offers(&policy, &other, AFTERNOON_MS).expect("sound").is_empty());
        for (treatment, _) in policy.names::<TreatmentId>() {
            assert_eq!(reports.delta.responses(&policy, treatment), Some((0, 0)));
            let count = shadows.iter().filter(|shadow| shadow.1 == treatment).count() as i64;
            assert_eq!(reports.delta.shadowed(&policy, treatment), Some(count));
        }
        made.extend(offers.iter().map(|offer| offer.0));
    }
    assert!(made.len() >= 2, "{made:?}");
}

/// An offer in shadow changes nothing of what is offered: as if it were switched off.
#[test]
fn an_offer_in_shadow_displaces_nothing() {
    let policy = support::shipped_policy("prepaid");
    let live = Snapshot::initial(&policy);
    let mut reported = 0;
    for (key, balance) in keys() {
        let first = {
            let mut profile = known_profile(&policy, &key);
            decided(&policy, &live, &key, balance, &mut profile, &mut rich_local(&policy))
        };
        let Some(best) = first.offers.first().map(|offered| offered.offer) else { continue };
        let with = |switches: Switches| {
            let snapshot = live.clone().with_switches(switches);
            let mut profile = known_profile(&policy, &key);
            decided(&policy, &snapshot, &key, balance, &mut profile, &mut rich_local(&policy))
        };
        let one = || BTreeSet::from([best]);
        let off = with(Switches { offers_off: one(), ..Switches::default() });
        let shadow = with(Switches { offers_shadow: one(), ..Switches::default() });
        assert_eq!(shadow.shadows.first().map(|shadow| shadow.offer), Some(best), "{key}");
        assert_eq!(
            (&off.offers, &off.stages, off.furthest),
            (&shadow.offers, &shadow.stages, shadow.furthest),
            "{key}"
        );
        reported += 1;
    }
    assert!(reported > 20, "{reported}");
}

#[test]
fn what_test_subscribers_do_is_not_counted() {
    let text = support::shipped_text("prepaid");
    let text = text.replace("[policy]", "[policy]\ntest_subscribers = [\"+99955540001\"]");
    let mut files = support::shipped_files("prepaid");
    files[0].1 = text;
    let policy = support::compiled(&files, &support::shipped_ids("prepaid")).policy;
    let snapshot = Snapshot::initial(&policy);
    let key = "+99955540001";
    let mut profile = known_profile(&policy, key);
    // No lease at all.
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let before = local.clone();
    let decision = decided(&policy, &snapshot, key, 500_000, &mut profile, &mut local);
    assert!(decision.test && !decision.offers.is_empty(), "{}", decision.furthest.words());
    for kind in [OutcomeKind::Seen, OutcomeKind::Accepted, OutcomeKind::Fulfilled] {
        let (subscriber, decision, now_ms) = (key.as_bytes(), decision.id, AFTERNOON_MS + 1);
        let outcome = Outcome { subscriber, decision, slot: 0, kind, now_ms };
        let bytes = ProfileBytes::in_place(&mut profile);
        settle(&policy, bytes, &outcome, &mut local).expect("a sound outcome");
    }
    assert_eq!(local.delta, before.delta);
    assert_eq!(local.lease.to_bytes(), before.lease.to_bytes());
}
