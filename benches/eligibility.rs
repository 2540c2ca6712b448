//! How the cost of finding the offers whose rules hold grows with the number of offers.
//!
//! `cargo bench --bench eligibility -- [--json] [--offers N,N,...] [--profiles N]`

mod workload;

use std::hint::black_box;
use std::time::Instant;

use opportune::compile::{Source, compile};
use opportune::{
    IndexSize, Local, Lookup, MomentId, OfferId, Origin, Policy, Question, Shared, Snapshot, Stage,
    eligible,
};
use workload::{NOW_MS, key, policy_text, profile};

/// What was measured of one policy.
struct Row {
    offers: usize,
    text_bytes: usize,
    compile_ms: f64,
    build_ms: f64,
    size: IndexSize,
    eligible_percent: f64,
    index: Times,
    one_by_one: Times,
    few: Times,
    opening: Times,
}

/// Nanoseconds a question: over subscribers, of the best time of each.
struct Times {
    p50: f64,
    p99: f64,
}

struct World {
    policy: Policy,
    snapshot: Snapshot,
    local: Local,
    profiles: Vec<(String, Vec<u8>)>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let sizes = value("--offers").unwrap_or("100,1000,10000,100000".into());
    let profiles = value("--profiles").map_or(100, |count| count.parse().expect("a number"));
    let json = arguments.iter().any(|argument| argument == "--json");
    if !json {
        println!(
            "{:>7} {:>9} {:>8} {:>7} {:>8} {:>6} | {:>8} {:>8} {:>10} {:>10} {:>6} | {:>7} {:>7}",
            "offers",
            "compile",
            "build",
            "index",
            "patches",
            "held",
            "p50 ns",
            "p99 ns",
            "loop p50",
            "loop p99",
            "ratio",
            "2% p50",
            "opening"
        );
    }
    for offers in sizes.split(',').map(|size| size.parse().expect("a number of offers")) {
        let row = measure(offers, profiles);
        if json { row.print_json() } else { row.print() }
    }
}

fn measure(offers: usize, profiles: u64) -> Row {
    let text = policy_text(offers, 2026);
    let start = Instant::now();
    let source = Source { name: "workload.toml", bytes: text.as_bytes() };
    let policy = compile(&[source], "").unwrap_or_else(|errors| panic!("{errors}")).policy;
    let compile_ms = ms_since(start);
    let start = Instant::now();
    let size = policy.index_size();
    let build_ms = ms_since(start);
    let snapshot = Snapshot::initial(&policy);
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let profiles = (0..profiles)
        .map(|number| (key(number), profile(&policy, number, &mut local.scratch)))
        .collect();
    let mut world = World { policy, snapshot, local, profiles };
    let held = world.check_equal();
    Row {
        offers,
        text_bytes: text.len(),
        compile_ms,
        build_ms,
        size,
        eligible_percent: 100.0 * held / offers as f64,
        index: world.times("all", Lookup::Index),
        one_by_one: world.times("all", Lookup::OneByOne),
        few: world.times("few", Lookup::Index),
        opening: world.times("none", Lookup::Index),
    }
}

fn ms_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

impl World {
    fn ask(
        &mut self,
        subscriber: usize,
        moment: MomentId,
        lookup: Lookup,
        found: impl FnMut(OfferId),
    ) -> [u32; Stage::COUNT] {
        let (key, bytes) = &self.profiles[subscriber];
        let subscriber = key.as_bytes();
        let question =
            Question { subscriber, moment, now_ms: NOW_MS, zone: None, account: None, lookup };
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        eligible(shared, bytes, &question, &mut self.local, found).expect("sound")
    }

    /// Both ways give one answer for every subscriber; how many offers hold on average.
    fn check_equal(&mut self) -> f64 {
        let mut held = 0;
        for (name, counts) in [("all", 1), ("few", 0)] {
            let moment = self.policy.id(name).expect("a moment");
            for subscriber in 0..self.profiles.len() {
                let [index, one_by_one] = [Lookup::Index, Lookup::OneByOne].map(|lookup| {
                    let mut found = Vec::new();
                    let stages = self.ask(subscriber, moment, lookup, |offer| found.push(offer));
                    found.sort_unstable();
                    (found, stages)
                });
                assert_eq!(index, one_by_one, "subscriber {subscriber}");
                held += counts * index.0.len();
            }
        }
        held as f64 / self.profiles.len() as f64
    }

    fn times(&mut self, moment: &str, lookup: Lookup) -> Times {
        let moment = self.policy.id(moment).expect("a moment");
        let mut best: Vec<f64> = (0..self.profiles.len())
            .map(|subscriber| self.best_ns(subscriber, moment, lookup))
            .collect();
        best.sort_by(f64::total_cmp);
        Times { p50: best[best.len() / 2], p99: best[best.len() * 99 / 100] }
    }

    /// The best of several short runs.
    fn best_ns(&mut self, subscriber: usize, moment: MomentId, lookup: Lookup) -> f64 {
        let mut run = |questions: u32| {
            let start = Instant::now();
            for _ in 0..questions {
                let mut count = 0u32;
                black_box(self.ask(black_box(subscriber), moment, lookup, |_| count += 1));
                black_box(count);
            }
            start.elapsed().as_nanos() as f64 / f64::from(questions)
        };
        let questions = (20_000.0 / run(1).max(1.0)).clamp(1.0, 100.0) as u32;
        (0..7).map(|_| run(questions)).fold(f64::INFINITY, f64::min)
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.one_by_one.p50 / self.index.p50
    }

    fn print(&self) {
        println!(
            "{:>7} {:>7.0}ms {:>6.1}ms {:>5.1}MB {:>8} {:>5.2}% | {:>8.0} {:>8.0} {:>10.0} \
             {:>10.0} {:>6.1} | {:>7.0} {:>7.0}",
            self.offers,
            self.compile_ms,
            self.build_ms,
            self.size.bytes as f64 / 1e6,
            self.size.patches,
            self.eligible_percent,
            self.index.p50,
            self.index.p99,
            self.one_by_one.p50,
            self.one_by_one.p99,
            self.ratio(),
            self.few.p50,
            self.opening.p50,
        );
    }

    fn print_json(&self) {
        println!(
            "{{\"offers\":{},\"text_bytes\":{},\"compile_ms\":{:.1},\"build_ms\":{:.2},\
             \"index_bytes\":{},\"patches\":{},\"bounds\":{},\"eligible_percent\":{:.3},\
             \"ns_p50\":{:.0},\"ns_p99\":{:.0},\"loop_ns_p50\":{:.0},\"loop_ns_p99\":{:.0},\
             \"ratio\":{:.2},\"few_ns_p50\":{:.0},\"opening_ns_p50\":{:.0},\"equal\":true}}",
            self.offers,
            self.text_bytes,
            self.compile_ms,
            self.build_ms,
            self.size.bytes,
            self.size.patches,
            self.size.bounds,
            self.eligible_percent,
            self.index.p50,
            self.index.p99,
            self.one_by_one.p50,
            self.one_by_one.p99,
            self.ratio(),
            self.few.p50,
            self.opening.p50,
        );
    }
}
