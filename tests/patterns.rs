//! The automata of patterns against an oracle that looks through the whole list of events anew
//! after each of them, in the words of the guide: no state, nothing kept.

mod support;

use opportune::{
    Context, Event, EventId, Local, Message, Origin, Policy, ProfileBytes, Shared, Snapshot,
    decide, export_profile, import_profile, new_profile, tick,
};

/// Something that happened: kind 0 to 3, and its own second. In the order of arrival.
type Fact = (usize, i64);

const KINDS: [&str; 4] = ["a", "b", "c", "d"];
const WITHIN: i64 = 40;
const START: i64 = 1_772_568_000;

fn policy() -> Policy {
    compiled("").0
}

/// The policy with other sections before its own, and its table of numbers.
fn compiled(before: &str) -> (Policy, String) {
    let mut text = String::from(
        r#"
        [policy]
        name = "oracle"
        version = 1
        currency = "USD"
        zones = ["UTC"]
        [patterns.two]
        sequence = ["a", "b"]
        within = "40s"
        [patterns.two_without]
        sequence = ["a", "b"]
        within = "40s"
        without = ["c", "d"]
        [patterns.same]
        sequence = ["a", "a"]
        within = "40s"
        [patterns.three]
        sequence = ["a", "b", "c"]
        within = "40s"
        [patterns.again]
        sequence = ["a", "b", "a"]
        within = "40s"
        [patterns.fourth]
        repeat = ["a", "b"]
        times = 4
        without = "d"
        [patterns.third_soon]
        repeat = "a"
        times = 3
        within = "40s"
        [patterns.fifth_soon]
        repeat = ["a", "b", "c"]
        times = 5
        within = "40s"
        without = "d"
        [patterns.missing]
        after = "a"
        without = "b"
        within = "40s"
        [patterns.silent]
        after = ["a", "c"]
        without = ["a", "c"]
        within = "40s"
        [channels.sms]
        [[contact.caps]]
        at_most = 1
        within = "1d"
        of = "all"
        [issues.i.groups.g]
        [offers.o]
        group = "i.g"
        kind = "sale"
        value = "1.00"
        treatments.sms = { content = "c", propensity = 0.1 }
        moments = ["two", "two_without", "same", "three", "again", "fourth", "third_soon", "fifth_soon", "missing", "silent"]
        "#,
    );
    for kind in KINDS {
        text += &format!("[events.{kind}]\n");
    }
    for name in NAMES {
        // They are counted as they are raised: more than one message can raise would be cut off.
        text += &format!("[moments.{name}]\npattern = '{name}'\nintent = 'buy'\nlasts = '0s'\n");
    }
    let files = [("oracle.toml".to_owned(), format!("{before}{text}"))];
    let ids = if before.is_empty() { String::new() } else { compiled("").1 };
    let compiled = support::compiled(&files, &ids);
    (compiled.policy, compiled.ids)
}

const NAMES: [&str; 10] = [
    "two",
    "two_without",
    "same",
    "three",
    "again",
    "fourth",
    "third_soon",
    "fifth_soon",
    "missing",
    "silent",
];

/// Whether a pattern completes with the last fact. `arrivals` are the seconds at which facts
/// arrived, and `done` is the last fact with which it completed before.
fn completes(name: &str, facts: &[Fact], arrivals: &[i64], done: Option<usize>) -> bool {
    let last = facts.len() - 1;
    let sequence = |steps: &[usize], against: &[usize]| {
        let from = done.map_or(0, |at| at + 1);
        began(steps, against, facts, from, last).is_some()
    };
    let is = |at: usize, kinds: &[usize]| kinds.contains(&facts[at].0);
    let repeat = |kinds: &[usize], times: usize, within: Option<i64>, against: &[usize]| {
        // Of a count alone it is not known when what was counted happened.
        let undone = (0..last).rev().find(|at| is(*at, against) && within.is_none());
        let from = done.max(undone).map_or(0, |at| at + 1);
        let stands = |at: &usize| !undone_by(against, facts, *at..last, facts[*at].1);
        let mut seconds: Vec<i64> =
            (from..=last).filter(|at| is(*at, kinds) && stands(at)).map(|at| facts[at].1).collect();
        seconds.sort_unstable_by(|a, b| b.cmp(a));
        let Some(within) = within else { return is(last, kinds) && seconds.len() >= times };
        // The latest so many, the last fact among them.
        is(last, kinds)
            && seconds.len() >= times
            && facts[last].1 >= seconds[times - 1]
            && seconds[0] - seconds[times - 1] <= within
    };
    match name {
        "two" => sequence(&[0, 1], &[]),
        "two_without" => sequence(&[0, 1], &[2, 3]),
        "same" => sequence(&[0, 0], &[]),
        "three" => sequence(&[0, 1, 2], &[]),
        "again" => sequence(&[0, 1, 0], &[]),
        "fourth" => repeat(&[0, 1], 4, None, &[3]),
        "third_soon" => repeat(&[0], 3, Some(WITHIN), &[]),
        "fifth_soon" => repeat(&[0, 1, 2], 5, Some(WITHIN), &[3]),
        "missing" => waited(&[0], &[1], facts, arrivals).contains(&last),
        "silent" => waited(&[0, 2], &[0, 2], facts, arrivals).contains(&last),
        other => panic!("{other}"),
    }
}

/// Whether something against it, that had not happened before it began, arrived after it.
fn undone_by(
    against: &[usize],
    facts: &[Fact],
    arrived: std::ops::Range<usize>,
    began: i64,
) -> bool {
    arrived.skip(1).any(|at| against.contains(&facts[at].0) && facts[at].1 >= began)
}

/// When the sequence began whose last step is the fact at `at`, looking at none before `from`: its
/// step before is the latest to arrive that is one, and nothing against it arrived in between.
fn began(
    steps: &[usize],
    against: &[usize],
    facts: &[Fact],
    from: usize,
    at: usize,
) -> Option<i64> {
    let (kind, second) = facts[at];
    let (step, before) = steps.split_last()?;
    if kind != *step {
        return None;
    }
    if before.is_empty() {
        return Some(second);
    }
    let latest = |before_at| Some((before_at, began(before, against, facts, from, before_at)?));
    let (before_at, start) = (from..at).rev().find_map(latest)?;
    let undone = undone_by(against, facts, before_at..at, start);
    (!undone && (0..=WITHIN).contains(&(second - start))).then_some(start)
}

/// The facts with which waits for an absence are over: told fact by fact.
fn waited(begin: &[usize], end: &[usize], facts: &[Fact], arrivals: &[i64]) -> Vec<usize> {
    let mut over = Vec::new();
    let mut wait: Option<i64> = None;
    for (at, (kind, second)) in facts.iter().enumerate() {
        let concerned = begin.contains(kind) || end.contains(kind);
        if concerned && wait.is_some_and(|start| *second > start + WITHIN) {
            over.push(at);
            wait = None;
        }
        if end.contains(kind) && wait.is_some_and(|start| start <= *second) {
            wait = None;
        }
        if begin.contains(kind) && wait.is_none() {
            wait = Some(*second);
        }
        if wait.is_some_and(|start| start + WITHIN <= arrivals[at]) {
            over.push(at);
            wait = None;
        }
    }
    over
}

/// Splitmix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ z >> 31) % end
    }
}

#[test]
fn the_automata_say_what_looking_through_all_events_says() {
    let policy = policy();
    let snapshot = Snapshot::initial(&policy);
    let kinds = KINDS.map(|kind| policy.id::<EventId>(kind).expect("a kind"));
    let mut seen = [0; NAMES.len()];
    for seed in 0..150 {
        let mut draws = Draws(seed);
        // In some runs all is in order; in others events come late, or two in one second.
        let (disorder, pace) = (seed % 3 * 30, 1 + seed % 5 * 5);
        let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let mut profile = new_profile(&policy, b"s").expect("a profile");
        let (mut facts, mut arrivals, mut now) = (Vec::new(), Vec::new(), START);
        let mut done = [None; NAMES.len()];
        for _ in 0..60 {
            now += draws.below(pace) as i64;
            let fact = (draws.below(4) as usize, now - draws.below(disorder + 1) as i64);
            facts.push(fact);
            arrivals.push(now);
            let event = Event { kind: kinds[fact.0], time_ms: fact.1 * 1_000, fields: &[] };
            let message = Message {
                subscriber: b"s",
                session: &[],
                number: 0,
                now_ms: now * 1_000,
                zone: None,
                account: None,
                events: &[event],
            };
            let shared = Shared { policy: &policy, snapshot: &snapshot };
            let bytes = ProfileBytes::in_place(&mut profile);
            let decision = decide(shared, bytes, &message, &Context::default(), &mut local)
                .expect("a decision");
            let raised: Vec<&str> =
                decision.moments.iter().filter_map(|moment| policy.name_of(moment.id)).collect();
            for ((name, seen), done) in NAMES.iter().zip(&mut seen).zip(&mut done) {
                let expected = completes(name, &facts, &arrivals, *done);
                if expected {
                    *done = Some(facts.len() - 1);
                }
                // One message raises at most eight; the order of the text decides.
                let cut = raised.len() == 8;
                assert!(
                    expected == raised.contains(name) || cut,
                    "seed {seed}: {name} {expected}, but {raised:?} over {facts:?}"
                );
                *seen += usize::from(expected);
            }
        }
    }
    // Each pattern has been seen to complete, and often not to.
    for (name, seen) in NAMES.iter().zip(seen) {
        assert!((100..4_500).contains(&seen), "{name}: {seen} of 9000");
    }
}

/// Where events arrive in order, a sequence completes exactly when there is one: whatever events
/// are chosen.
#[test]
fn in_order_no_sequence_is_missed() {
    for seed in 0..200 {
        let mut draws = Draws(seed);
        let mut second = START;
        let facts: Vec<Fact> = (0..10)
            .map(|_| {
                second += 1 + draws.below(15) as i64;
                (draws.below(3) as usize, second)
            })
            .collect();
        let arrivals: Vec<i64> = facts.iter().map(|fact| fact.1).collect();
        let first =
            (0..facts.len()).find(|last| completes("three", &facts[..=*last], &arrivals, None));
        let chosen = |kind: usize, range: std::ops::Range<usize>| {
            let facts = &facts;
            range.filter(move |at| facts[*at].0 == kind)
        };
        let exists = (0..facts.len()).find(|last| {
            facts[*last].0 == 2
                && chosen(1, 0..*last).any(|middle| {
                    chosen(0, 0..middle).any(|begin| facts[*last].1 - facts[begin].1 <= WITHIN)
                })
        });
        assert_eq!(first, exists, "{facts:?}");
    }
}

/// A tick at the time that the decision names finds the absence; one before that does not.
#[test]
fn a_tick_comes_when_it_is_worth_it() {
    let policy = policy();
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let mut profile = new_profile(&policy, b"s").expect("a profile");
    let events = [Event {
        kind: policy.id("a").expect("a kind"),
        time_ms: START * 1_000 + 999,
        fields: &[],
    }];
    let now_ms = START * 1_000 + 5_000;
    let message = Message {
        subscriber: b"s",
        session: &[],
        number: 0,
        now_ms,
        zone: None,
        account: None,
        events: &events,
    };
    let bytes = ProfileBytes::in_place(&mut profile);
    let decision =
        decide(shared, bytes, &message, &Context::default(), &mut local).expect("a decision");
    assert_eq!(decision.next_call_ms, (START + WITHIN) * 1_000);
    for (before_ms, raised) in [(1, 0), (0, 2)] {
        let bytes = ProfileBytes::in_place(&mut profile);
        let at_ms = decision.next_call_ms - before_ms;
        let decision = tick(shared, bytes, b"s", None, at_ms, &mut local).expect("a decision");
        assert_eq!(decision.moments.len(), raised);
    }
}

/// What has half happened is not forgotten when the policy changes, nor on the way through JSON.
#[test]
fn what_has_half_happened_goes_along() {
    let (old, _) = compiled("");
    // Patterns before the others, so that all move; and a feature.
    let before = "[features.seen]\ncount = 'a'\n[patterns.first]\nrepeat = 'c'\ntimes = 2\n\
         [moments.first]\npattern = 'first'\nintent = 'buy'\n";
    let new = compiled(before).0.succeeding(&[&old]).expect("a successor");
    let mut profile = new_profile(&old, b"s").expect("a profile");
    let hear = |policy: &Policy, profile: &[u8], kind: &str, after: i64| {
        let kind = policy.id(kind).expect("a kind");
        let now_ms = (START + after) * 1_000;
        let events = [Event { kind, time_ms: now_ms, fields: &[] }];
        let message = Message {
            subscriber: b"s",
            session: &[],
            number: 0,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let snapshot = Snapshot::initial(policy);
        let shared = Shared { policy, snapshot: &snapshot };
        let mut next = vec![0; policy.profile_bytes()];
        let bytes = ProfileBytes::apart(profile, &mut next);
        let decision = decide(shared, bytes, &message, &Context::default(), &mut local);
        (decision.expect("a decision"), next)
    };
    profile = hear(&old, &profile, "a", 0).1;
    let json = export_profile(&old, &profile).expect("a sound profile");
    assert!(json.contains("\"two\"") && json.contains("pattern_waits"), "{json}");
    assert_eq!(import_profile(&old, json.as_bytes()).expect("an export"), profile);
    for policy in [&old, &new] {
        let (decision, after) = hear(policy, &profile, "b", 30);
        let names: Vec<_> =
            decision.moments.iter().filter_map(|raised| policy.name_of(raised.id)).collect();
        assert_eq!(names, ["two", "two_without"]);
        // The wait of `silent` goes on; that of `missing` is over.
        assert_eq!(decision.next_call_ms, (START + WITHIN) * 1_000);
        let json = export_profile(policy, &after).expect("a sound profile");
        assert_eq!(import_profile(policy, json.as_bytes()).expect("an export"), after);
    }
    let imported = import_profile(&new, json.as_bytes()).expect("an older export");
    let (decision, _) = hear(&new, &imported, "b", 30);
    assert_eq!(decision.moments.len(), 2);
}
