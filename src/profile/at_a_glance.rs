//! What refuses a transition of a lifecycle at a glance, against its rule.

#[cfg(test)]
mod tests {
    use super::super::{Features, Memo};
    use crate::base::civil::HOUR_MS;
    use crate::compile::{Source, compile};
    use crate::expr::holds;
    use crate::policy::Policy;
    use crate::{Event, Message, ProfileBytes, Scratch, new_profile, update};

    const USED_MS: i64 = 1_772_568_000_000;

    fn policy(when: &str) -> Policy {
        let text = std::format!(
            "[policy]\nname = 'p'\nversion = 1\ncurrency = 'USD'\nzones = ['UTC']\n\
             [events.use]\n[events.idle]\n[features.used]\nlast_time = 'use'\n\
             [features.uses]\ncount = 'use'\n[features.silence]\nexpr = 'now - used'\n\
             [features.silence_too]\nexpr = 'silence'\nexport = true\n\
             [lifecycles.stage]\nstages = ['a', 'b']\nexport = true\n\
             [[lifecycles.stage.transitions]]\nfrom = 'a'\nto = 'b'\nwhen = \"\"\"{when}\"\"\"\n\
             [moments.m]\non = 'use'\nwhen = 'uses > 0 && silence > duration(\"1h\")'\nintent = 'buy'\n\
             [channels.ussd]\n[[contact.caps]]\nat_most = 1\nwithin = '1d'\nof = 'all'\n\
             [issues.a.groups.b]\n[offers.o]\ngroup = 'a.b'\nkind = 'sale'\nmoments = ['m']\n\
             value = '1.00'\ntreatments.ussd = {{ content = 'c', propensity = 0.1 }}\n"
        );
        let found = compile(&[Source { name: "p", bytes: text.as_bytes() }], "");
        found.unwrap_or_else(|refused| panic!("{when}: {refused:?}")).policy
    }

    /// A rule is refused at a glance only if it is false, and where it begins with an age, whenever
    /// that age settles it.
    #[test]
    fn a_glance_says_what_the_rule_says() {
        for (when, glances) in [
            ("now - used > duration('24h')", true),
            ("now - used >= duration('24h')", true),
            ("now - used < duration('24h')", true),
            ("duration('24h') >= now - used", true),
            ("silence > duration('24h') && uses > 1 && uses < 9", true),
            ("now - used <= duration('24h') && (uses > 1 || uses < 9)", true),
            ("now - used <= duration('24h') || uses > 1", false),
            ("!(now - used <= duration('24h'))", false),
            ("(now - used <= duration('24h')) == (uses > 1)", false),
            ("uses > 1 && now - used <= duration('24h')", false),
            ("silence_too > duration('24h')", false),
            ("now - stage_since > duration('24h')", true),
        ] {
            let policy = policy(when);
            let ways = &policy.exits[0][0].ways;
            let mut scratch = Scratch::new(&policy);
            let mut memo = Memo::new(&policy);
            let mut profile = new_profile(&policy, b"key").unwrap();
            let mut refusals = 0;
            let kind = |name: &str| policy.id(name).unwrap();
            let kinds = [kind("idle"), kind("use"), kind("idle"), kind("use")];
            for (number, kind) in kinds.into_iter().enumerate() {
                for hours in [-1, 0, 1, 23, 24, 25, 1_000, 80_000_000] {
                    let now_ms = USED_MS + hours * HOUR_MS;
                    memo.clear();
                    let mut features =
                        Features::resumed(&policy, &profile, &mut memo, now_ms, None);
                    let holds = holds(policy.code(ways[0].when), &mut features);
                    let refused = ways[0].refused(&profile, now_ms);
                    assert!(!refused || !holds, "{when}, {hours} h, message {number}");
                    refusals += u32::from(refused);
                }
                let events = [Event { kind, time_ms: USED_MS, fields: &[] }];
                let message = Message {
                    subscriber: b"key",
                    session: &[],
                    number: 0,
                    now_ms: USED_MS,
                    zone: None,
                    account: None,
                    events: &events,
                };
                let bytes = ProfileBytes::in_place(&mut profile);
                update(&policy, bytes, &message, &mut scratch).unwrap();
            }
            assert_eq!(refusals > 0, glances, "{when}");
        }
    }
}
