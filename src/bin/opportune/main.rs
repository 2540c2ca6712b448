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
mod input;
mod replay;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Check, compile and certify policies, and replay logs, of the opportune decisioning library.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  opportune check examples/policies/prepaid.toml
  opportune check --write-ids my.toml
  opportune compile examples/policies/prepaid.toml -o prepaid.opp
  opportune certify prepaid.opp
  opportune replay prepaid.opp day.log"
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
    Replay(replay::Options),
}

fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Cel(options) => cel::run(&options),
        Command::Certify(options) => options.run(),
        Command::Check(options) => options.run(),
        Command::Compile(options) => options.run(),
        Command::Replay(options) => options.run(),
    };
    match done {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
