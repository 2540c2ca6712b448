//! Programs of a loaded artifact are not typed again. So any operation may meet a cell of any type,
//! and this holds such policies to all that is promised of others: nothing panics, the index gives
//! what the rules give, repeated questions get one answer, and what comes out has its type.

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use crate::base::hash::hash_words;
    use crate::compile::{Source, compile};
    use crate::decision::Lookup;
    use crate::expr::{Binary, Calendar, Op, Unary};
    use crate::policy::{Policy, Tables};
    use crate::{
        BudgetId, Context, Dated, Decision, Event, EventId, FeatureId, Field, FieldId, Local,
        Message, MomentId, OfferId, Origin, ProfileBytes, Question, Shared, Snapshot, Type, Value,
        backfill, decide, eligible, new_profile, open_offers,
    };

    const NOW_MS: i64 = 1_772_568_000_000;
    const KEY: &[u8] = b"+99955500001";

    fn policy() -> Policy {
        let mut text = String::from(
            r#"
        policy = { name = "typed", version = 1, currency = "USD", zones = ["UTC"] }
        [attributes]
        b = { type = "bool" }
        i = { type = "int" }
        d = { type = "double" }
        m = { type = "money" }
        t = { type = "timestamp" }
        e = { type = "enum", values = ["red", "green", "blue"] }
        [events.use]
        amount = "money"
        [features]
        spend = { sum = "use.amount", window = "24h", buckets = 4, where = "event.amount > 0.01" }
        flag = { expr = "spend > 1.00 || b" }
        ratio = { expr = "default(m / spend, d)" }
        due = { expr = "t + duration('24h')", export = true }
        [moments.used]
        on = "use"
        when = "event.amount > 0.00 || flag"
        intent = "buy"
        strength = "default(ratio, 0.5)"
        [channels.sms]
        consent = "has(b) || has(i)"
        reach = "i < 9"
        [budgets.gifts]
        unit = "pieces"
        [[contact.caps]]
        at_most = 60
        within = "30d"
        of = "all"
        [[contact.suppress]]
        when = "i > 6 && d < 0.0"
        exempt = ["tip"]
        [issues.sales]
        eligible = "i >= 0 || flag"
        [issues.sales.groups.data]
        applicable = "now - t < duration('720h')"
        "#,
        );
        for number in 0..80 {
            let kind = if number % 9 == 0 { "tip" } else { "sale" };
            text += &format!(
                "[offers.o{number}]\ngroup = 'sales.data'\nkind = '{kind}'\nmoments = 'used'\n\
             eligible = \"i > {} && (d <= {}.5 || e in ['red', 'green'])\"\n\
             suitable = \"!(m < {} && b) && ratio != {}.0\"\n\
             value = \"m * 0.5 + {}.25\"\nweight = \"default(d, 1.0) * 2.0\"\n\
             draws = {{ gifts = 1 }}\n\
             parameters = {{ price = 'm', days = 'i % 5', late = 'now > t', share = 'd / 3.0' }}\n\
             treatments.sms = {{ content = 'c', propensity = 0.5 }}\n",
                number % 7,
                number % 4,
                number % 5,
                number % 3,
                number,
            );
        }
        compile(&[Source { name: "typed.toml", bytes: text.as_bytes() }], "")
            .unwrap_or_else(|wrong| panic!("{wrong}"))
            .policy
    }

    /// Operations of all kinds that take as many cells.
    fn alike(op: Op, draw: u64) -> Op {
        let bits = [0, 1, 7, u64::MAX, f64::NAN.to_bits(), (-0.0f64).to_bits(), i64::MIN as u64];
        let known = [
            Op::Constant(bits[(hash_words(draw, [8]) % 7) as usize]),
            Op::Constant(f64::INFINITY.to_bits()),
            Op::Feature((hash_words(draw, [9]) % 10) as u16),
            Op::Now,
            Op::Missing,
            Op::Not,
            Op::Has,
            Op::NegateInt,
            Op::NegateDouble,
            Op::IntToDouble,
            Op::DoubleToInt,
            Op::MoneyToDouble,
            Op::DoubleToMoney,
            Op::SwitchSign,
            Op::Unary(Unary::Sqrt),
            Op::Local(Calendar::Hour),
            Op::And,
            Op::Or,
            Op::OrElse,
            Op::EqualBits,
            Op::EqualDouble,
            Op::LessInt,
            Op::LessOrEqualInt,
            Op::LessDouble,
            Op::LessOrEqualDouble,
            Op::LessUint,
            Op::AddInt,
            Op::SubtractInt,
            Op::DivideInt,
            Op::AddDouble,
            Op::DivideDouble,
            Op::MultiplyUint,
            Op::Binary(Binary::MaxInt),
        ];
        let alike: Vec<Op> =
            known.into_iter().filter(|other| other.takes() == op.takes()).collect();
        let is_jump = matches!(op, Op::JumpIfFalse(_) | Op::JumpIfTrue(_));
        if is_jump || alike.is_empty() { op } else { alike[(draw % alike.len() as u64) as usize] }
    }

    /// The policy with some of its operations exchanged, as a loader sees it; none if it refuses it.
    fn exchanged(tables: &Tables, seed: u64) -> Option<Policy> {
        let mut tables = tables.clone();
        for change in 0..1 + seed % 5 {
            let draw = hash_words(seed, [change]);
            let at = (hash_words(draw, [1]) % tables.code.len() as u64) as usize;
            tables.code[at] = alike(tables.code[at], draw);
        }
        Policy::from_bytes(&Policy::new(tables).to_bytes()).ok()
    }

    fn profile(policy: &Policy, seed: u64, local: &mut Local) -> Vec<u8> {
        let mut profile = new_profile(policy, KEY).unwrap();
        let draw = |name: u64, below: u64| hash_words(seed, [name]) % below;
        let mut dated = Vec::new();
        for (name, value) in [
            ("b", Value::Bool(draw(0, 2) == 1)),
            ("i", Value::Int(draw(1, 10) as i64 - 1)),
            ("d", Value::Double(draw(2, 9) as f64 / 2.0 - 1.0)),
            ("m", Value::Money(draw(3, 9) as i64 * 700_000)),
            ("t", Value::Timestamp(NOW_MS - draw(4, 35) as i64 * 86_400_000)),
            (
                "e",
                Value::Member(
                    policy.id(["e.red", "e.green", "e.blue"][draw(5, 3) as usize]).unwrap(),
                ),
            ),
        ] {
            let feature: FeatureId = policy.id(name).unwrap();
            if draw(u64::from(feature.0) + 10, 5) > 0 {
                dated.push(Dated::new(feature, NOW_MS - 1, value));
            }
        }
        let bytes = ProfileBytes::in_place(&mut profile);
        backfill(policy, bytes, KEY, &dated, NOW_MS - 1, &mut local.scratch).unwrap();
        profile
    }

    fn decided(policy: &Policy, profile: &[u8]) -> (Decision, Vec<u8>) {
        let snapshot = Snapshot::initial(policy);
        let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
        local.lease.grant(policy, policy.id::<BudgetId>("gifts").unwrap(), 1_000);
        let amount: FieldId = policy.id("use.amount").unwrap();
        let fields = [Field { id: amount, value: Value::Money(3_000_000) }];
        let kind = policy.id::<EventId>("use").unwrap();
        let events = [Event { kind, time_ms: NOW_MS, fields: &fields }];
        let (now_ms, zone) = (NOW_MS, None);
        let message = Message {
            subscriber: KEY,
            session: b"s",
            number: 1,
            now_ms,
            zone,
            account: None,
            events: &events,
        };
        let mut profile = profile.to_vec();
        let shared = Shared { policy, snapshot: &snapshot };
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &Context::default(), &mut local).unwrap();
        (decision, profile)
    }

    fn check_types(policy: &Policy, decision: &Decision) {
        for offered in &decision.offers {
            assert!(!offered.score.is_nan() && !offered.probability.is_nan());
            let position = policy.offer_position(offered.offer).unwrap();
            let specs = &policy.tables.offers[position].parameters;
            for (spec, parameter) in specs.iter().zip(&offered.parameters) {
                let ty = match parameter.value {
                    None => continue,
                    Some(Value::Bool(_)) => Type::Bool,
                    Some(Value::Int(_)) => Type::Int,
                    Some(Value::Double(value)) => {
                        assert!(!value.is_nan());
                        Type::Double
                    }
                    Some(Value::Money(_)) => Type::Money,
                    other => panic!("{other:?}"),
                };
                assert_eq!(ty, spec.ty);
            }
        }
    }

    fn asked(
        policy: &Policy,
        profile: &[u8],
        local: &mut Local,
        lookup: Lookup,
    ) -> (Vec<OfferId>, Vec<u32>) {
        let snapshot = Snapshot::initial(policy);
        let moment = policy.id::<MomentId>("used").unwrap();
        let question =
            Question { subscriber: KEY, moment, now_ms: NOW_MS, zone: None, account: None, lookup };
        let mut found = Vec::new();
        let shared = Shared { policy, snapshot: &snapshot };
        let stages =
            eligible(shared, profile, &question, local, |offer| found.push(offer)).unwrap();
        found.sort();
        (found, stages.into())
    }

    #[test]
    fn ill_typed_programs_do_no_harm() {
        let policy = policy();
        let (mut loaded, mut offers) = (0, 0);
        for seed in 0..60 {
            let Some(policy) = exchanged(&policy.tables, seed) else { continue };
            loaded += 1;
            let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
            for subscriber in 0..4 {
                let profile = profile(&policy, subscriber, &mut local);
                let [index, rules] = [Lookup::Index, Lookup::OneByOne]
                    .map(|lookup| asked(&policy, &profile, &mut local, lookup));
                assert_eq!(index, rules, "policy {seed}, subscriber {subscriber}");
                let (decision, after) = decided(&policy, &profile);
                assert_eq!(decided(&policy, &profile), (decision.clone(), after.clone()));
                check_types(&policy, &decision);
                offers += decision.offers.len();
                let open = open_offers(&policy, &after, NOW_MS);
                assert!(open.is_ok(), "{open:?}");
            }
            let _ = policy.certificate();
        }
        assert!(loaded > 50 && offers > 15, "{loaded} policies, {offers} offers");
    }
}
