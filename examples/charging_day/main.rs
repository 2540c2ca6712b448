//! A prepaid operator's day inside the charging process: 5,000 subscribers, every message decided
//! inline before the next, offers answered by a model of subscribers whose effect is known.
//!
//! The simulation (`population`, `rhythm`, `traffic`, `ocs`, `history`, `response`) knows nothing
//! of the library. `host` is what an operator writes: it stores profiles, shares out budgets and
//! calls the library. `day` and `reply` join the two in time order; `book` counts; `report` tells.

mod backfill;
mod book;
mod day;
mod digest;
mod event;
mod figures;
mod histogram;
mod history;
mod host;
mod inputs;
mod local_time;
mod log;
mod ocs;
mod offers;
mod options;
mod population;
mod progress;
mod queue;
mod reply;
mod report;
mod response;
mod rhythm;
mod rng;
mod text;
mod traffic;

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Instant;

use opportune::Policy;
use opportune::compile::{Source, compile};

use backfill::{Backfill, HISTORY_DAYS};
use book::Book;
use day::Day;
use figures::Figures;
use host::Host;
use log::Log;
use ocs::Account;
use options::{Options, Request};
use population::{ROWS, Subscriber, population};
use progress::Progress;
use rhythm::{DAY_MS, day_number};

/// Tuesday, 3 March 2026, before daylight saving starts.
const DAY_START_MS: i64 = day_number(2026, 3, 3) * DAY_MS;

/// How much of the time the history takes.
const HISTORY_PERCENT: i64 = 60;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Help) => {
            print(options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("charging_day: {message}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(output) => {
            print(&output);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("charging_day: {message}");
            ExitCode::FAILURE
        }
    }
}

/// A reader that has seen enough, such as `head`, is no error.
fn print(text: &str) {
    let _ = writeln!(stdout(), "{}", text.trim_end());
}

fn run(options: &Options) -> Result<String, String> {
    let policy = policy()?;
    if let Some(path) = &options.replay {
        return log::replay(&policy, path, options.json);
    }
    let subscribers = subscribers(options);
    let log = Log::new(options.log.as_deref(), &policy)?;
    let mut book = Book::new(&policy, &subscribers);
    let mut host = Host::new(policy, log, subscribers.len())?;
    let mut progress = Progress::new(options.json);

    let accounts = load(&mut host, &subscribers, &mut progress)?;
    let terms = (DAY_START_MS, options.effect);
    let mut day = Day::new(&subscribers, accounts, terms, &mut host, &mut book)?;
    let begun = Instant::now();
    day.run(&mut progress)?;
    let took_s = begun.elapsed().as_secs_f64();
    progress.finish();

    let figures = Figures {
        seed: options.seed,
        effect: options.effect,
        messages_per_s: book.messages as f64 / took_s,
        timer_ns: figures::timer_ns(),
        digest: host.finish()?,
    };
    Ok(if options.json {
        figures::json(&host, &book, &figures)
    } else {
        report::text(&host, &book, &figures)
    })
}

fn policy() -> Result<Policy, String> {
    let source = Source {
        name: "examples/policies/prepaid.toml",
        bytes: include_bytes!("../policies/prepaid.toml"),
    };
    let ids = include_str!("../policies/policy.ids");
    let compiled = compile(&[source], ids).map_err(|mistakes| mistakes.to_string())?;
    Ok(compiled.policy)
}

fn subscribers(options: &Options) -> Vec<Subscriber> {
    let mut subscribers = population(options.seed, options.subscribers.div_ceil(ROWS));
    subscribers.truncate(options.subscribers);
    subscribers
}

/// Fills the store with everybody's month before the day; the accounts as it leaves them.
fn load(
    host: &mut Host,
    subscribers: &[Subscriber],
    progress: &mut Progress,
) -> Result<Vec<Account>, String> {
    let backfill = Backfill::resolve(&host.policy)?;
    let mut accounts = Vec::with_capacity(subscribers.len());
    progress.begin("history", (0, HISTORY_PERCENT));
    for (done, subscriber) in (1..).zip(subscribers) {
        let history = history::history(subscriber, DAY_START_MS, HISTORY_DAYS);
        let known = backfill.dated(&host.policy, subscriber, &history, DAY_START_MS)?;
        host.add(&subscriber.key, &known, subscriber.zone.midnight_ms(DAY_START_MS))?;
        accounts.push(history.account);
        progress.show(done, subscribers.len() as i64);
    }
    progress.begin("day", (HISTORY_PERCENT, 100));
    Ok(accounts)
}
