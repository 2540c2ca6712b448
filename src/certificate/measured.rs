//! The certificate against what calls really take. Steps are counted where they are taken, in the
//! loops themselves, so that a loop that the certificate forgets shows.

#[cfg(test)]
mod tests {
    use std::borrow::ToOwned;
    use std::vec::Vec;

    use super::super::steps::{Steps, worst};
    use crate::base::civil::DAY_MS;
    use crate::base::hash::hash_words;
    use crate::base::ids::BudgetId;
    use crate::base::limits::MESSAGE_EVENTS_MAX;
    use crate::base::steps::counted;
    use crate::compile::{Source, compile};
    use crate::expr::Type;
    use crate::policy::{EventKind, FeatureKind, FieldSpec, Policy};
    use crate::{
        Context, Dated, Event, Field, Local, Message, Origin, ProfileBytes, Scratch, Shared,
        Snapshot, Value, allocate, backfill, classify, decide, migrate, new_profile, tick, update,
    };

    fn prepaid() -> Policy {
        let bytes = include_bytes!("../../examples/policies/prepaid.toml");
        let ids = include_str!("../../examples/policies/policy.ids");
        compile(&[Source { name: "prepaid.toml", bytes }], ids).unwrap().policy
    }

    /// Everything at once: windows, derived features, suppressions, caps over each offer; and
    /// every rule holds, so that nothing is cut short.
    fn greedy() -> Policy {
        greedy_with("greedy", "")
    }

    /// The same, and every offer that is made or expires is counted and raises a moment.
    fn told() -> Policy {
        let told = "[features.met]\ncount = 'interaction'\nwhere = \"event.step != 'seen'\"\n\
                    window = '90d'\nbuckets = 90\nexport = true\n\
                    [features.latest]\nlast = 'interaction.offer'\nexport = true\n\
                    [patterns.met]\nrepeat = 'interaction'\ntimes = 2\n\
                    [moments.met]\non = 'interaction'\nwhen = 'met >= 0 && both >= 0'\n\
                    intent = 'buy'\n\
                    [moments.met_often]\npattern = 'met'\nwhen = 'met >= 0'\nintent = 'buy'\n\
                    [[contact.caps]]\nat_most = 30\nper = 'month'\nof = 'each group'\n\
                    [[contact.pauses]]\nafter = 'expired'\ntimes = 9\nwithin = '20d'\n\
                    for = '1h'\nof = 'each offer'\n\
                    [[contact.limits]]\nat_most = 9\nwithin = '1d'\nof = 'each issue'\n";
        greedy_with("told", told)
    }

    fn greedy_with(name: &str, more: &str) -> Policy {
        let mut text = std::string::String::from(
            r#"
            [policy]
            name = "NAME"
            version = 1
            currency = "USD"
            zones = ["UTC"]
            [events.use]
            amount = "int"
            [events.idle]
            [features]
            few = { sum = "use.amount", window = "24h", buckets = 2, where = "event.amount >= 0" }
            many = { count = "use", window = "90d", buckets = 90 }
            both = { expr = "few + many" }
            [models.returns]
            kind = "bgnbd"
            unit = "1d"
            inputs = { frequency = "many", recency = "duration('1h')", age = "duration('9h')" }
            parameters = { r = 0.2, alpha = 4.4, a = 0.8, b = 2.4 }
            outputs.uses = { gives = "expected", within = "2d" }
            [models.leaves]
            kind = "logistic"
            inputs = { few = "few", uses = "uses" }
            parameters = { intercept = 0.1 }
            terms.few = { missing = 0, bins = [{ below = -1, add = 1 }, { add = 0 }] }
            terms.uses = { missing = 0, coefficient = -2.0 }
            outputs.leaving = { gives = "probability" }
            [lifecycles.stage]
            stages = ["one", "other"]
            [[lifecycles.stage.transitions]]
            from = "one"
            to = "other"
            when = "both >= 0"
            [[lifecycles.stage.transitions]]
            from = "other"
            to = "one"
            when = "both >= 0"
            [patterns.steps]
            sequence = ["use", { event = "use", where = "event.amount >= 0" }]
            within = "1h"
            without = "idle"
            [patterns.ever]
            after = "idle"
            without = "use"
            within = "1d"
            [patterns.crossed]
            crosses = "both >= 0"
            rearm = "many >= 0"
            [moments.followed]
            pattern = ["steps", "ever", "crossed"]
            when = "both < 0 || few >= 0"
            intent = "buy"
            [moments.timed]
            on = "tick"
            when = "both < 0"
            due = "now + duration('1h')"
            intent = "buy"
            [channels.sms]
            quiet_hours = false
            consent = "both >= 0"
            [channels.app]
            reach = "many >= 0"
            [[contact.caps]]
            at_most = 60
            within = "90d"
            of = "all"
            [[contact.caps]]
            at_most = 2
            within = "7d"
            of = "each offer"
            [[contact.suppress]]
            when = "both < 0"
            [issues.sales]
            eligible = "both >= 0 && leaving <= 1.0"
            [issues.sales.groups.data]
            applicable = "few >= 0"
            "#,
        );
        text = text.replace("NAME", name) + more + "\n";
        for number in 0..8 {
            text += &std::format!(
                "[moments.m{number}]\non = 'use'\nwhen = 'both >= 0'\nintent = 'buy'\n\
                 strength = 'double(few) / 10.0'\n\
                 [offers.o{number}]\ngroup = 'sales.data'\nkind = 'sale'\nmoments = ['m{number}']\n\
                 eligible = 'few >= 0'\nvalue = '9.00'\nweight = 'double(both) + 1.0'\n\
                 open = '1m'\nparameters = {{ size = 'few * 2' }}\n\
                 treatments.sms = {{ content = 'c', propensity = 0.5 }}\n\
                 treatments.app = {{ content = 'c', propensity = 0.5 }}\n\
                 [moments.never{number}]\non = 'idle'\nwhen = 'both < 0 || few < 0'\nintent = 'buy'\n"
            );
        }
        compile(&[Source { name: "greedy.toml", bytes: text.as_bytes() }], "").unwrap().policy
    }

    fn value(field: &FieldSpec, draw: u64) -> Value<'static> {
        let small = (draw % 9) as i64;
        match field.ty {
            Type::Bool => Value::Bool(draw.is_multiple_of(2)),
            Type::Int => Value::Int(small),
            Type::Double => Value::Double(small as f64),
            Type::Money => Value::Money(small * 500_000),
            Type::Timestamp => Value::Timestamp(1 + small),
            Type::Duration => Value::Duration(small * 1_000),
            Type::Member => Value::Member(field.members[draw as usize % field.members.len()]),
            Type::Text => Value::TextHash(draw),
        }
    }

    /// A value for every attribute.
    fn known(policy: &Policy, subscriber: u64) -> Vec<Dated<'static>> {
        let attributes = policy.tables.features.iter();
        attributes
            .filter(|feature| matches!(feature.kind, FeatureKind::Attribute { .. }))
            .map(|feature| {
                let (id, ty, members) = (crate::FieldId(1), feature.ty, feature.members.clone());
                let draw = hash_words(subscriber, [u64::from(feature.id.0)]);
                let value = value(&FieldSpec { id, ty, members }, draw);
                Dated::new(feature.id, 1, value)
            })
            .collect()
    }

    /// All fields of as many events as a message may carry.
    fn fields(kind: &EventKind, seed: u64) -> Vec<Vec<Field<'static>>> {
        let event = |event: u64| {
            let fields = kind.fields.iter();
            let draw = hash_words(seed, [event]);
            fields.map(|field| Field { id: field.id, value: value(field, draw) }).collect()
        };
        (0..MESSAGE_EVENTS_MAX as u64).map(event).collect()
    }

    fn local(policy: &Policy) -> Local {
        let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let budgets: Vec<BudgetId> = policy.tables.budgets.iter().map(|budget| budget.id).collect();
        for budget in budgets {
            local.lease.grant(policy, budget, i64::MAX / 4);
        }
        local
    }

    const NONE: Steps =
        Steps { event: 0, update: 0, classify: 0, allocate: 0, decide: 0, migrate: 0 };

    /// The most steps of each call over messages full of events, of each kind in turn, and ticks.
    fn measured(policy: &Policy) -> Steps {
        let mut most = NONE;
        let mut local = local(policy);
        for subscriber in 0..12u64 {
            let mut now_ms = 1_772_568_000_000;
            let key = subscriber.to_le_bytes();
            let mut profile = new_profile(policy, &key).unwrap();
            let known = known(policy, subscriber);
            let bytes = ProfileBytes::in_place(&mut profile);
            backfill(policy, bytes, &key, &known, now_ms, &mut local.scratch).unwrap();
            for number in 0..60u32 {
                // An event may lie so far after the one before it that a ring begins anew.
                let apart_ms = if number % 3 == 0 { 91 * DAY_MS } else { 0 };
                now_ms += apart_ms * MESSAGE_EVENTS_MAX as i64 + DAY_MS / 9;
                // What the library itself reports, no message may bring.
                let own = usize::from(policy.tables.interactions.is_some());
                let kinds = policy.tables.events.len() - own;
                let kind = &policy.tables.events[number as usize % kinds];
                let fields = fields(kind, subscriber ^ now_ms as u64);
                let events: Vec<Event<'_>> = (1..)
                    .zip(&fields)
                    .map(|(at, fields)| {
                        let before_ms = (MESSAGE_EVENTS_MAX as i64 - at) * apart_ms;
                        Event { kind: kind.id, time_ms: now_ms - before_ms, fields }
                    })
                    .collect();
                let message = Message {
                    subscriber: &key,
                    session: &[],
                    number,
                    now_ms,
                    zone: None,
                    account: None,
                    events: &events,
                };
                most = larger(most, of_calls(policy, &message, &mut profile, &mut local));
            }
        }
        most
    }

    /// The steps of the calls one by one on a copy, then of decide and of a tick.
    fn of_calls(
        policy: &Policy,
        message: &Message<'_>,
        profile: &mut [u8],
        local: &mut Local,
    ) -> Steps {
        let snapshot = Snapshot::initial(policy);
        let shared = Shared { policy, snapshot: &snapshot };
        let context = Context::default();
        let (mut copy, mut other) = (profile.to_vec(), local.clone());
        let scratch = &mut other.scratch;
        let bytes = ProfileBytes::in_place(&mut copy);
        let (updated, update) = counted(|| update(policy, bytes, message, scratch));
        let (moments, classify) = counted(|| classify(policy, &copy, message, scratch));
        let bytes = ProfileBytes::in_place(&mut copy);
        let (allocated, allocate) =
            counted(|| allocate(shared, bytes, message, moments.unwrap(), &context, &mut other));
        let bytes = ProfileBytes::in_place(profile);
        let (decided, decide) = counted(|| decide(shared, bytes, message, &context, local));
        let bytes = ProfileBytes::in_place(profile);
        let (ticked, tick) =
            counted(|| tick(shared, bytes, message.subscriber, None, message.now_ms, local));
        assert!(updated.is_ok() && allocated.is_ok() && decided.is_ok() && ticked.is_ok());
        Steps { event: 0, update, classify, allocate, decide: decide.max(tick), migrate: 0 }
    }

    fn larger(a: Steps, b: Steps) -> Steps {
        Steps {
            event: 0,
            update: a.update.max(b.update),
            classify: a.classify.max(b.classify),
            allocate: a.allocate.max(b.allocate),
            decide: a.decide.max(b.decide),
            migrate: 0,
        }
    }

    /// Steps of one message, to a policy whose model reads `inputs` features and is read by rules.
    fn steps_with(rules: &str) -> u64 {
        let mut text = std::format!(
            "[policy]\nname = 'p'\nversion = 1\ncurrency = 'USD'\nzones = ['UTC']\n\
             [events.use]\n[features.uses]\ncount = 'use'\n{rules}\n\
             [channels.ussd]\n[[contact.caps]]\nat_most = 1\nwithin = '1d'\nof = 'all'\n\
             [issues.a.groups.b]\n[offers.o]\ngroup = 'a.b'\nkind = 'sale'\nmoments = ['m']\n\
             value = '1.00'\nweight = 'score + 1.0'\n\
             treatments.ussd = {{ content = 'c', propensity = 0.5 }}\n\
             [models.m]\nkind = 'logistic'\nparameters = {{ intercept = 0 }}\n\
             outputs.score = {{ gives = 'probability', export = true }}\n"
        );
        for number in 0..50 {
            text += &std::format!(
                "inputs.i{number} = 'uses'\nterms.i{number} = {{ missing = 0, coefficient = 0.1 }}\n"
            );
        }
        let policy = compile(&[Source { name: "p", bytes: text.as_bytes() }], "").unwrap().policy;
        let mut profile = new_profile(&policy, b"key").unwrap();
        let kind = policy.id("use").unwrap();
        let message = Message {
            subscriber: b"key",
            session: &[],
            number: 1,
            now_ms: DAY_MS,
            zone: None,
            account: None,
            events: &[Event { kind, time_ms: DAY_MS, fields: &[] }],
        };
        of_calls(&policy, &message, &mut profile, &mut local(&policy)).decide
    }

    #[test]
    fn a_model_is_scored_once_a_call_and_only_if_it_is_read() {
        let moment =
            |when: &str| std::format!("[moments.m]\non = 'use'\nwhen = '{when}'\nintent = 'buy'");
        // The offer's weight reads the score as well.
        let silent = steps_with(&moment("uses < 0"));
        let asked = steps_with(&moment("uses > 0"));
        let asked_twice = steps_with(&moment("uses > 0 && score > 0.5"));
        let stage = "[lifecycles.stage]\nstages = ['a', 'b']\nexport = true\n\
            [[lifecycles.stage.transitions]]\nfrom = 'a'\nto = 'b'\nwhen = 'score > 0.5'\n";
        let asked_thrice = steps_with(&(stage.to_owned() + &moment("uses > 0 && score > 0.5")));
        // Each input is an operation and a step of the scoring.
        assert!(silent + 100 <= asked, "{silent} {asked}");
        assert!(asked_thrice < asked + 50, "{asked} {asked_twice} {asked_thrice}");
        assert!(asked < asked_twice && asked_twice < asked_thrice);
    }

    #[test]
    fn a_migration_stays_within_the_certificate() {
        let text = |caps: u32, buckets: u32| {
            include_str!("../../examples/policies/prepaid.toml")
                .replace("at_most = 12\n", &std::format!("at_most = {caps}\n"))
                + &std::format!(
                    "[features.more]\ncount = 'call_end'\nwindow = '48h'\nbuckets = {buckets}\n"
                )
        };
        let build = |text: std::string::String| {
            let source = Source { name: "prepaid.toml", bytes: text.as_bytes() };
            compile(&[source], include_str!("../../examples/policies/policy.ids")).unwrap().policy
        };
        let (old, new) = (build(text(12, 48)), build(text(5, 24)));
        let new = new.succeeding(&[&old]).unwrap();
        let (key, mut local) = (b"key", local(&old));
        let mut profile = new_profile(&old, key).unwrap();
        let snapshot = Snapshot::initial(&old);
        let shared = Shared { policy: &old, snapshot: &snapshot };
        for number in 0..200u32 {
            let kind = &old.tables.events[number as usize % old.tables.events.len()];
            let now_ms = 1_772_568_000_000 + i64::from(number) * DAY_MS / 9;
            let fields = fields(kind, u64::from(number));
            let events = [Event { kind: kind.id, time_ms: now_ms, fields: &fields[0] }];
            let message = Message {
                subscriber: key,
                session: &[],
                number,
                now_ms,
                zone: None,
                account: None,
                events: &events,
            };
            let bytes = ProfileBytes::in_place(&mut profile);
            decide(shared, bytes, &message, &Context::default(), &mut local).unwrap();
        }
        let (mut out, mut scratch) = (std::vec![0; new.profile_bytes()], Scratch::new(&new));
        let bytes = ProfileBytes::apart(&profile, &mut out);
        let (migrated, most) = counted(|| migrate(&new, bytes, key, &mut scratch));
        assert!(!migrated.unwrap().repeated);
        let bound = worst(&new).migrate;
        assert!(most <= bound && 5 * most >= bound, "{most} of {bound}");
        assert_eq!(worst(&old).migrate, 0);
    }

    #[test]
    fn real_calls_stay_within_the_certificate() {
        // How much of the bound is seen at least, in per cent: a bound that nothing comes near
        // would hold of anything.
        for (policy, tight) in [(prepaid(), 5), (greedy(), 45), (told(), 5)] {
            let (bound, most) = (worst(&policy), measured(&policy));
            for (bound, most) in [
                (bound.update, most.update),
                (bound.classify, most.classify),
                (bound.allocate, most.allocate),
                (bound.decide, most.decide),
            ] {
                assert!(most <= bound, "{}: {most} of {bound}", policy.name());
                assert!(100 * most >= tight * bound, "{}: {most} of {bound}", policy.name());
            }
        }
    }
}
