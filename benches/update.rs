//! Taking messages into profiles of the ready policy, and asking what moments they are: how long
//! each call takes, over profiles that are in the cache and over ones that are not.
//!
//! `cargo bench --bench update -- [--json] [--profiles N] [--calls N] [--rows PART-OF-A-NAME]`
//!
//! Every call is timed on its own, so that there are percentiles; what the clock itself takes is
//! measured first and taken off. Written down in `docs/benchmarks.md`.

mod messages;
#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Instant;

use messages::{Kind, Prepared, Touched, prepared};
use opportune::{
    BudgetId, Context, Event, Local, Message, Origin, Policy, ProfileBytes, Shared, Snapshot,
    classify, decide, new_profile, update,
};

/// Profiles that stay in the cache.
const WARM: usize = 1_000;
/// Profiles that do not, unless memory is short.
const COLD: usize = 1_000_000;
/// Tuesday 2026-03-03, 15:00 in New York.
const START_MS: i64 = 1_772_568_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let text = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1)
    };
    let value = |name: &str| text(name).map(|text| text.parse::<usize>().expect("a number"));
    let part = text("--rows").map_or("", String::as_str);
    let calls = value("--calls").unwrap_or(200_000);
    let policy = support::shipped_policy("ready");
    let cold = value("--profiles").unwrap_or_else(|| fitting(policy.profile_bytes()));
    let bytes = policy.profile_bytes();
    if !json {
        println!("ready policy, {bytes} bytes a subscriber, {calls} calls a row, ns each\n");
        println!(
            "{:<42} {:>8} {:>9} {:>7} {:>7} {:>7}",
            "", "features", "profiles", "p50", "p99", "p99.9"
        );
    }
    let touched = Touched::read(&support::shipped_text("ready"));
    for row in ROWS.iter().filter(|row| row.call == Call::Decide) {
        assert!(row.features(&touched) <= 4, "{}: {} features", row.name, row.features(&touched));
    }
    for profiles in [WARM, cold] {
        let mut world = World::new(&policy, profiles);
        for row in ROWS.iter().filter(|row| row.name.contains(part)) {
            let times = world.measure(row, calls);
            let features = row.features(&touched);
            if json {
                times.print_json(row, features, profiles);
            } else {
                times.print(row, features, profiles);
            }
        }
    }
}

/// As many profiles as fit into half of the memory that is free, at most [`COLD`].
fn fitting(bytes: usize) -> usize {
    let free = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemAvailable:"))?;
        line.split_whitespace().nth(1)?.parse::<usize>().ok()
    });
    free.map_or(COLD, |kilobytes| (kilobytes * 1_024 / 2 / bytes).clamp(WARM, COLD))
}

/// What is called.
#[derive(Clone, Copy, PartialEq)]
enum Call {
    Update,
    Classify,
    Decide,
}

struct Row {
    name: &'static str,
    call: Call,
    /// Messages of which one is drawn for each call, by share.
    messages: &'static [(u64, &'static [Kind])],
    /// Whether a moment holds; none if that depends on the draw.
    moment: Option<bool>,
}

impl Row {
    /// The most features that one of its messages feeds.
    fn features(&self, touched: &Touched) -> usize {
        self.messages.iter().map(|(_, kinds)| touched.by(kinds)).max().unwrap_or(0)
    }
}

const ROWS: [Row; 9] = [
    Row {
        name: "update: a day's mix of messages",
        call: Call::Update,
        messages: &[
            (50, &[Kind::Video, Kind::Balance]),
            (15, &[Kind::Video, Kind::Web, Kind::Balance]),
            (20, &[Kind::Call, Kind::Balance]),
            (13, &[Kind::Sms, Kind::Balance]),
            (2, &[Kind::Recharge, Kind::Balance]),
        ],
        moment: None,
    },
    Row {
        name: "update: no event",
        call: Call::Update,
        messages: &[(1, &[])],
        moment: Some(false),
    },
    Row {
        name: "update: an SMS",
        call: Call::Update,
        messages: &[(1, &[Kind::Sms])],
        moment: Some(false),
    },
    Row {
        name: "update: video",
        call: Call::Update,
        messages: &[(1, &[Kind::Video])],
        moment: None,
    },
    Row {
        name: "update: a call and the balance",
        call: Call::Update,
        messages: &[(1, &[Kind::Call, Kind::Balance])],
        moment: None,
    },
    Row {
        name: "classify: nothing listens to an SMS",
        call: Call::Classify,
        messages: &[(1, &[Kind::Sms])],
        moment: Some(false),
    },
    Row {
        name: "classify: a balance that is no moment",
        call: Call::Classify,
        messages: &[(1, &[Kind::Balance])],
        moment: Some(false),
    },
    Row {
        name: "classify: a balance that is a moment",
        call: Call::Classify,
        messages: &[(1, &[Kind::LowBalance])],
        moment: Some(true),
    },
    Row {
        name: "decide: at most 4 features, no moment",
        call: Call::Decide,
        messages: &[(1, &[Kind::Sms]), (1, &[Kind::Referral])],
        moment: Some(false),
    },
];

/// Nanoseconds a call, of all calls.
struct Times {
    p50: u64,
    p99: u64,
    p999: u64,
}

struct World<'p> {
    policy: &'p Policy,
    snapshot: Snapshot,
    local: Local,
    /// All profiles, one after the other.
    profiles: Vec<u8>,
    draws: u64,
    /// Messages so far: numbers and times go on with them.
    sent: u32,
}

impl<'p> World<'p> {
    /// Profiles with some use in their windows.
    fn new(policy: &'p Policy, count: usize) -> World<'p> {
        let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let budgets: Vec<BudgetId> = policy.names().map(|(id, _)| id).collect();
        for budget in budgets {
            assert!(local.lease.grant(policy, budget, i64::MAX / 4));
        }
        let mut profiles = Vec::with_capacity(count * policy.profile_bytes());
        for number in 0..count {
            let fresh = new_profile(policy, &key(number)).expect("a short key");
            profiles.extend_from_slice(&fresh);
        }
        let snapshot = Snapshot::initial(policy);
        let mut world = World { policy, snapshot, local, profiles, draws: 2026, sent: 0 };
        let kinds = [Kind::Video, Kind::Call, Kind::Recharge, Kind::Balance];
        let history = kinds.map(|kind| prepared(policy, kind));
        for number in 0..count {
            world.call(Call::Update, number, &history);
        }
        world
    }

    fn measure(&mut self, row: &Row, calls: usize) -> Times {
        let messages: Vec<(u64, Vec<Prepared>)> = row
            .messages
            .iter()
            .map(|(share, kinds)| {
                (*share, kinds.iter().map(|kind| prepared(self.policy, *kind)).collect())
            })
            .collect();
        let shares: u64 = messages.iter().map(|(share, _)| share).sum();
        let count = self.profiles.len() / self.policy.profile_bytes();
        let clock = clock_ns();
        let mut times: Vec<u64> = (0..calls)
            .map(|_| {
                let mut drawn = self.draw() % shares;
                let events = messages.iter().find(|(share, _)| {
                    let found = drawn < *share;
                    drawn = drawn.saturating_sub(*share);
                    found
                });
                let (_, events) = events.expect("within the shares");
                let number = (self.draw() % count as u64) as usize;
                let (ns, moment) = self.call(row.call, number, events);
                assert!(row.moment.is_none_or(|expected| moment.is_none_or(|m| m == expected)));
                ns.saturating_sub(clock)
            })
            .collect();
        times.sort_unstable();
        let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1_000];
        Times { p50: at(500), p99: at(990), p999: at(999) }
    }

    /// One call on one profile: how long it took, and whether a moment held if it says so.
    fn call(&mut self, call: Call, number: usize, prepared: &[Prepared]) -> (u64, Option<bool>) {
        self.sent += 1;
        let now_ms = START_MS + i64::from(self.sent) * 10;
        let key = key(number);
        let events: Vec<Event> = prepared
            .iter()
            .map(|event| Event { kind: event.kind, time_ms: now_ms, fields: &event.fields })
            .collect();
        let message = Message {
            subscriber: &key,
            session: b"session",
            number: self.sent,
            now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let message = black_box(&message);
        let bytes = self.policy.profile_bytes();
        let profile = &mut self.profiles[number * bytes..(number + 1) * bytes];
        let start = Instant::now();
        let moment = match call {
            Call::Update => {
                let bytes = ProfileBytes::in_place(profile);
                let updated = update(self.policy, bytes, message, &mut self.local.scratch);
                assert!(!black_box(updated).expect("a sound message").repeated);
                None
            }
            Call::Classify => {
                let raised = classify(self.policy, profile, message, &mut self.local.scratch);
                Some(!black_box(&raised).as_ref().expect("a sound message").is_empty())
            }
            Call::Decide => {
                let shared = Shared { policy: self.policy, snapshot: &self.snapshot };
                let bytes = ProfileBytes::in_place(profile);
                let decision = decide(shared, bytes, message, &Context::default(), &mut self.local);
                Some(!black_box(&decision).as_ref().expect("a sound message").moments.is_empty())
            }
        };
        (start.elapsed().as_nanos() as u64, moment)
    }

    fn draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        self.draws >> 33
    }
}

/// What reading the clock twice takes.
fn clock_ns() -> u64 {
    let mut times: Vec<u64> = (0..10_000)
        .map(|_| {
            let start = Instant::now();
            start.elapsed().as_nanos() as u64
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The key of a subscriber, without the work of formatting.
fn key(number: usize) -> [u8; 12] {
    let mut key = *b"+99900000000";
    let mut rest = number;
    for digit in key[4..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    key
}

impl Times {
    fn print(&self, row: &Row, features: usize, profiles: usize) {
        println!(
            "{:<42} {features:>8} {profiles:>9} {:>7} {:>7} {:>7}",
            row.name, self.p50, self.p99, self.p999
        );
    }

    fn print_json(&self, row: &Row, features: usize, profiles: usize) {
        println!(
            "{{\"row\":\"{}\",\"features\":{features},\"profiles\":{profiles},\
             \"ns_p50\":{},\"ns_p99\":{},\"ns_p999\":{}}}",
            row.name, self.p50, self.p99, self.p999
        );
    }
}
