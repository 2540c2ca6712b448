//! The `opportune` command: what people do with policies and logs from a shell. The only code of
//! the project that reads and writes files.

mod cel;
mod conformance;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use opportune::compile::{Compiled, Source, compile};
use opportune::record::Replay;
use opportune::{ChannelId, EventId, FeatureId, MomentId, OfferId, Policy, TreatmentId};

/// Check policies and replay logs of the opportune decisioning library.
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  opportune check examples/policies/prepaid.toml
  opportune check --write-ids my.toml
  opportune replay examples/policies/prepaid.toml day.log"
)]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile a policy and say what is in it, or what is wrong with it and where.
    Check {
        /// The policy's text (TOML).
        policy: PathBuf,
        /// The append-only table of permanent ids [default: policy.ids beside the policy].
        #[arg(long)]
        ids: Option<PathBuf>,
        /// Write new names into the table of ids. Without it, new names are an error, so that
        /// numbers are never handed out and forgotten.
        #[arg(long)]
        write_ids: bool,
    },
    /// Run cases of the Common Expression Language's conformance suite: every one gives the
    /// specified result or is refused when it is compiled.
    Cel(cel::Options),
    /// Run a log again and compare every decision with what was logged.
    Replay {
        /// The policy that the log was written under.
        policy: PathBuf,
        /// The log.
        log: PathBuf,
        /// The table of permanent ids [default: policy.ids beside the policy].
        #[arg(long)]
        ids: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let done = match Options::parse().command {
        Command::Check { policy, ids, write_ids } => check(&policy, ids, write_ids),
        Command::Cel(options) => cel::run(&options),
        Command::Replay { policy, log, ids } => replay(&policy, ids, &log),
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

fn check(path: &Path, ids: Option<PathBuf>, write_ids: bool) -> Result<String, String> {
    let ids = ids.unwrap_or_else(|| path.with_file_name("policy.ids"));
    let (compiled, before) = load(path, &ids)?;
    if compiled.ids != before {
        if !write_ids {
            return Err(format!(
                "error: names without a permanent id\n  {} would change; run `opportune check --write-ids {}` and keep the file with the policy",
                ids.display(),
                path.display()
            ));
        }
        std::fs::write(&ids, &compiled.ids).map_err(|error| unusable(&ids, &error))?;
    }
    Ok(summary(&compiled.policy))
}

fn replay(path: &Path, ids: Option<PathBuf>, log: &Path) -> Result<String, String> {
    let ids = ids.unwrap_or_else(|| path.with_file_name("policy.ids"));
    let (compiled, _) = load(path, &ids)?;
    let bytes = std::fs::read(log).map_err(|error| unusable(log, &error))?;
    let replayed = Replay::run(&compiled.policy, &bytes)
        .map_err(|error| format!("error: {}: {error}", log.display()))?;
    match replayed.mismatch {
        None => Ok(format!(
            "{} messages run again, {} decisions as logged, to the bit",
            replayed.messages, replayed.equal
        )),
        Some(mismatch) => Err(format!(
            "error: message {} of {} was decided otherwise\n  logged: {:?}\n  now:    {:?}",
            mismatch.message, replayed.messages, mismatch.logged, mismatch.reproduced
        )),
    }
}

/// The compiled policy, and the text of the table of ids as it was.
fn load(path: &Path, ids: &Path) -> Result<(Compiled, String), String> {
    let bytes = std::fs::read(path).map_err(|error| unusable(path, &error))?;
    let table = match std::fs::read_to_string(ids) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unusable(ids, &error)),
    };
    let name = path.display().to_string();
    let source = Source { name: &name, bytes: &bytes };
    let compiled = compile(&[source], &table).map_err(|diagnostics| diagnostics.to_string())?;
    Ok((compiled, table))
}

fn unusable(path: &Path, error: &std::io::Error) -> String {
    format!("error: {}: {error}", path.display())
}

fn summary(policy: &Policy) -> String {
    format!(
        "{} version {}: sound\n  {} event kinds, {} features, {} moments, {} offers in {} treatments on {} channels\n  {} bytes a subscriber, fingerprint {:016x}",
        policy.name(),
        policy.version(),
        policy.names::<EventId>().count(),
        policy.names::<FeatureId>().count(),
        policy.names::<MomentId>().count(),
        policy.names::<OfferId>().count(),
        policy.names::<TreatmentId>().count(),
        policy.names::<ChannelId>().count(),
        policy.profile_bytes(),
        policy.fingerprint(),
    )
}
