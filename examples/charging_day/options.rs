//! What the command line says.

use std::path::PathBuf;

pub const HELP: &str = "\
One simulated day of a prepaid operator, decided message by message inside the charging process.

Usage: cargo run --release --example charging_day -- [OPTIONS]

Options:
  --effect E        share of the extra recharge money that is real, 0 to 1 [default: 1];
                    at 0 subscribers answer as ever, but no offer brings money
  --seed S          seed of everything drawn [default: 20260303]
  --subscribers N   subscribers; above 5,000 rows are used again with other draws [default: 5000]
  --json            print one JSON object instead of text, and no progress
  --log FILE        write every input and decision to a log
  --replay FILE     decide a log again and compare, instead of simulating
  --help            print this

Examples:
  charging_day                       the default day
  charging_day --effect 0            a day on which offers change nothing
  charging_day --subscribers 50000   enough subscribers to measure what offers bring
  charging_day --json | jq .ns_p99   one figure for a script
";

const SEED: u64 = 20_260_303;
const SUBSCRIBERS: usize = 5_000;
const SUBSCRIBERS_MAX: usize = 1_000_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    pub effect: f64,
    pub seed: u64,
    pub subscribers: usize,
    pub json: bool,
    pub log: Option<PathBuf>,
    pub replay: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    Help,
    Run(Options),
}

/// Reads the arguments after the program's name.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Request, String> {
    let mut options = Options {
        effect: 1.0,
        seed: SEED,
        subscribers: SUBSCRIBERS,
        json: false,
        log: None,
        replay: None,
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        // Both `--seed 7` and `--seed=7`.
        let (name, mut inline) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (argument.as_str(), None),
        };
        let mut value = || {
            let given = inline.take().or_else(|| arguments.next());
            given.ok_or_else(|| format!("{name} needs a value"))
        };
        match name {
            "--help" | "-h" => return Ok(Request::Help),
            "--json" => options.json = true,
            "--effect" => {
                let share = |effect: &f64| (0.0..=1.0).contains(effect);
                options.effect = number(name, &value()?, "a number from 0 to 1", share)?;
            }
            "--seed" => {
                options.seed = number(name, &value()?, "a whole number, 0 or more", |_| true)?;
            }
            "--subscribers" => {
                let some = |count: &usize| (1..=SUBSCRIBERS_MAX).contains(count);
                options.subscribers =
                    number(name, &value()?, "a whole number from 1 to 1000000", some)?;
            }
            "--log" => options.log = Some(value()?.into()),
            "--replay" => options.replay = Some(value()?.into()),
            _ => return Err(format!("unknown option {name}")),
        }
        if inline.is_some() {
            return Err(format!("{name} takes no value"));
        }
    }
    if options.log.is_some() && options.replay.is_some() {
        return Err("--log and --replay exclude each other".into());
    }
    Ok(Request::Run(options))
}

fn number<T: std::str::FromStr>(
    name: &str,
    text: &str,
    wanted: &str,
    fits: impl Fn(&T) -> bool,
) -> Result<T, String> {
    let parsed = text.parse().ok().filter(fits);
    parsed.ok_or_else(|| format!("{name}: {wanted} expected, found {text:?}"))
}
