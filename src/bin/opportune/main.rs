//! The `opportune` command: what people do with policies and logs from a shell. The only code of
//! the project that reads and writes files.
//!
//! Each command has a file of its own: its options, its help, and a `run` that returns what to
//! print.

mod check;
mod diff;
mod explain_code;
mod input;
mod replay;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Check policies and replay logs of the opportune decisioning library.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  opportune check examples/policies/prepaid.toml
  opportune check --write-ids my.toml
  opportune explain-code OPP0901
  opportune diff old.toml new.toml
  opportune replay examples/policies/prepaid.toml day.log"
)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Options),
    Diff(diff::Options),
    ExplainCode(explain_code::Options),
    Replay(replay::Options),
}

fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Check(options) => options.run(),
        Command::Diff(options) => options.run(),
        Command::ExplainCode(options) => options.run(),
        Command::Replay(options) => options.run(),
    };
    match done {
        Ok(text) => {
            if !text.is_empty() {
                println!("{text}");
            }
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
