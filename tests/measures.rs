//! The measures of the ready policy (docs/measures.md): which way each goes, and churn risk against
//! the subscribers that its points were fitted to.

mod support;

use opportune::{
    Dated, Event, Field, Message, Policy, ProfileBytes, Scratch, Value, backfill, new_profile,
    read_feature, update,
};
use proptest::prelude::*;

const NOW_MS: i64 = 1_772_568_000_000;
const DAY_MS: i64 = 86_400_000;

/// For the rest of the test program.
fn ready() -> &'static Policy {
    Box::leak(Box::new(support::shipped_policy("ready")))
}

/// A subscriber of the ready policy.
struct Subscriber {
    policy: &'static Policy,
    scratch: Scratch,
    profile: Vec<u8>,
}

impl Subscriber {
    fn new(policy: &'static Policy) -> Subscriber {
        let profile = new_profile(policy, b"key").expect("a key");
        Subscriber { policy, scratch: Scratch::new(policy), profile }
    }

    /// Somebody of whom nothing but this is known, as of now.
    fn known(mut self, known: &[(&str, Value<'static>)]) -> Self {
        let dated: Vec<Dated> = known
            .iter()
            .map(|(name, value)| {
                let feature = self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
                Dated::new(feature, NOW_MS, *value)
            })
            .collect();
        let bytes = ProfileBytes::in_place(&mut self.profile);
        let scratch = &mut self.scratch;
        backfill(self.policy, bytes, b"key", &dated, NOW_MS, scratch).expect("sound");
        self
    }

    /// An event of so many days ago.
    fn event(mut self, kind: &str, fields: &[(&str, Value<'static>)], days_ago: i64) -> Self {
        let policy = self.policy;
        let fields: Vec<Field> = fields
            .iter()
            .map(|(name, value)| {
                let id = policy.id(&format!("{kind}.{name}")).expect("a field");
                Field { id, value: *value }
            })
            .collect();
        let kind = policy.id(kind).expect("a kind of event");
        let time_ms = NOW_MS - days_ago * DAY_MS;
        let message = Message {
            subscriber: b"key",
            session: &[],
            number: 0,
            now_ms: NOW_MS,
            zone: None,
            account: None,
            events: &[Event { kind, time_ms, fields: &fields }],
        };
        let bytes = ProfileBytes::in_place(&mut self.profile);
        update(policy, bytes, &message, &mut self.scratch).expect("a sound message");
        self
    }

    fn read(&mut self, name: &str) -> f64 {
        let id = self.policy.id(name).unwrap_or_else(|| panic!("no feature {name}"));
        let value = read_feature(self.policy, &self.profile, id, NOW_MS, &mut self.scratch);
        match value.expect("a sound profile").unwrap_or_else(|| panic!("{name} is missing")) {
            Value::Double(value) => value,
            Value::Money(micros) => micros as f64 / 1e6,
            Value::Int(value) | Value::Duration(value) | Value::Timestamp(value) => value as f64,
            other => panic!("{name} is {other:?}"),
        }
    }
}

/// The measure of two subscribers who differ in one thing.
fn pair<T>(
    policy: &'static Policy,
    name: &str,
    of: impl Fn(Subscriber, T) -> Subscriber,
    ends: [T; 2],
) -> [f64; 2] {
    ends.map(|end| of(Subscriber::new(policy), end).read(name))
}

fn money(units: i64) -> Value<'static> {
    Value::Money(units * 1_000_000)
}

/// Recharged so often, the last time so many days ago, with us for a year.
fn recharged(of: Subscriber, times: i64, days_ago: i64) -> Subscriber {
    let known = [
        ("tenure_days", Value::Int(365)),
        ("recharges", Value::Int(times - 1)),
        ("recharged", money(5 * (times - 1))),
        ("referrals", Value::Int(1)),
    ];
    of.known(&known).event("recharge", &[("amount", money(5))], days_ago)
}

#[test]
fn measures_go_the_right_way() {
    let policy = ready();
    proptest!(ProptestConfig::with_cases(48), |(
        a in 1i64..60, more in 1i64..60, times in 2i64..80, base in 1i64..50
    )| {
        let [few, many] = [a, a + more];
        // Silence makes leaving likelier and recharges fewer; it comes before more value.
        for name in ["p_alive", "recharges_13w", "clv_13w", "referral_value", "next_recharge"] {
            let [recent, silent] =
                pair(policy, name, |of, days| recharged(of, times, days), [few, many]);
            prop_assert!(recent > silent, "{name} {recent} {silent}");
        }
        // Who recharges more often has shorter to wait and brings more, while they do.
        let often = |of, times| recharged(of, times, 0);
        let [slow, fast] = pair(policy, "recharge_interval", often, [times, times + more]);
        prop_assert!(fast < slow);
        for name in ["recharges_13w", "clv_13w"] {
            let [seldom, often] = pair(policy, name, often, [times, times + more]);
            prop_assert!(often > seldom, "{name} {seldom} {often}");
        }
        let spending = |of: Subscriber, units| {
            let smartphone = policy.id("device.smartphone").expect("a member");
            of.known(&[("spend_7d", money(units)), ("balance", money(base)),
                ("device", Value::Member(smartphone))])
        };
        for (name, grows) in [("arpu_30d", true), ("margin_30d", true), ("days_to_empty", false),
            ("empty_at", false)] {
            let [low, high] = pair(policy, name, spending, [few, many]);
            prop_assert!(if grows { low < high } else { low > high }, "{name} {low} {high}");
        }
        let [low, high] = pair(policy, "wallet_share", spending, [few, many]);
        prop_assert!(low <= high && (0.0..=1.0).contains(&low) && high <= 1.0);
        let cost = |of: Subscriber, units| {
            of.known(&[("recharged", money(base))]).event("cost_booked", &[("amount", money(units))], 0)
        };
        let [cheap, dear] = pair(policy, "profit", cost, [few, many]);
        prop_assert!(cheap > dear);
        // A count, and the measure that it moves: up or down.
        for (count, name, grows) in [
            ("loan_defaults", "bad_debt_risk", true),
            ("loans_granted", "bad_debt_risk", false),
            ("app_visits", "app_affinity", true),
            ("care_contacts", "app_affinity", false),
            ("drops_24h", "network_experience", false),
        ] {
            let counted = |of: Subscriber, times| of.known(&[(count, Value::Int(times))]);
            let [low, high] = pair(policy, name, counted, [few, many]);
            prop_assert!(if grows { low < high } else { low > high }, "{name} {low} {high}");
        }
        let tenure = |of: Subscriber, days| {
            of.known(&[("tenure_days", Value::Int(days)), ("recharged_30d", money(base))])
        };
        let [new, old] = pair(policy, "churn_risk", tenure, [few, few + 30 * more]);
        prop_assert!(new >= old);
        let used = |of: Subscriber, days| {
            of.event("data_session", &[("megabytes", Value::Double(100.0))], days)
        };
        let [today, long_ago] = pair(policy, "engagement", used, [0, more]);
        prop_assert!(today > long_ago);
    });
}

#[test]
fn churn_risk_ranks_the_subscribers_it_was_fitted_to_as_the_script_says() {
    let policy = ready();
    let path = format!("{}/tests/data/churn/wa_churn_small.csv", env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(path).expect("a fixture");
    let mut scored: Vec<(f64, bool)> = Vec::new();
    for line in table.lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().expect("a number")).collect();
        let [days, monthly, automatic, left] = cells[..] else { panic!("{line}") };
        let risk = Subscriber::new(policy)
            .known(&[
                ("tenure_days", Value::Int(days as i64)),
                ("recharged_30d", Value::Money((monthly * 1e6).round() as i64)),
                ("auto_recharge", Value::Bool(automatic == 1.0)),
            ])
            .read("churn_risk");
        scored.push((risk, left == 1.0));
    }
    let left = scored.iter().filter(|(_, left)| *left).count();
    assert_eq!((scored.len(), left), (7_043, 1_869));
    // Calibrated in the large: as many leave as the scores say.
    let expected: f64 = scored.iter().map(|(risk, _)| risk).sum();
    assert!((expected - left as f64).abs() < 0.01 * left as f64, "{expected}");
    // AUC: the share of pairs in which who left scores higher.
    scored.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins) = (0.0, 0.0);
    for same in scored.chunk_by(|a, b| a.0 == b.0) {
        let gone = same.iter().filter(|(_, left)| *left).count() as f64;
        let stayed = same.len() as f64 - gone;
        wins += gone * (below + stayed / 2.0);
        below += stayed;
    }
    let auc = wins / (below * left as f64);
    assert_eq!(format!("{auc:.4}"), "0.8055");
}
