//! The `opportune` command: what people do with policies and logs from a shell. The only code of
//! the project that reads and writes files.
//!
//! Each command has a file of its own: its options, its help, and a `run` that returns what to
//! print.

mod cel;
mod certify;
mod check;
mod compile;
mod conformance;
mod diff;
mod explain_code;
mod input;
mod load;
mod output;
mod profile;
mod replay;
mod schema;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use output::Failure;

/// Check, compile and certify policies, read profiles, and replay logs, of the opportune decisioning library.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  opportune check examples/policies/prepaid.toml
  opportune check --write-ids my.toml          (your own, the first time)
  opportune compile examples/policies/prepaid.toml -o prepaid.opp
  opportune certify prepaid.opp
  opportune explain-code OPP0901
  opportune diff old.toml new.toml
  opportune profile export prepaid.opp 99955500001.profile
  opportune replay prepaid.opp day.log
  opportune schema > policy.schema.json"
)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Cel(cel::Options),
    Certify(certify::Options),
    Check(check::Options),
    Compile(compile::Options),
    Diff(diff::Options),
    ExplainCode(explain_code::Options),
    Profile(profile::Options),
    Replay(replay::Options),
    Schema(schema::Options),
}

fn main() -> ExitCode {
    output::finish(match Options::parse().command {
        Command::Cel(options) => options.run().map_err(Failure::from),
        Command::Certify(options) => options.run().map_err(Failure::from),
        Command::Check(options) => options.run(),
        Command::Compile(options) => options.run().map_err(Failure::from),
        Command::Diff(options) => options.run(),
        Command::ExplainCode(options) => options.run().map_err(Failure::from),
        Command::Profile(options) => options.run().map_err(Failure::from),
        Command::Replay(options) => options.run().map_err(Failure::from),
        Command::Schema(options) => options.run().map_err(Failure::from),
    })
}
