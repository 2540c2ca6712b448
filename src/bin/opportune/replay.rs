//! `opportune replay`.

use std::path::PathBuf;

use clap::Args;
use opportune::record::Replay;

use crate::input::{policy, read};

/// Run a log again and compare every decision with what was logged.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune replay examples/policies/prepaid.toml day.log
  opportune replay prepaid.opp day.log

Hosts write logs; so does `cargo run --release --example charging_day -- --log day.log`, under
examples/policies/prepaid.toml.")]
pub struct Options {
    /// The policy that the log was written under: its text, or an artifact.
    policy: PathBuf,
    /// The log.
    log: PathBuf,
    /// The table of permanent ids [default: beside the policy, `<its name>.ids` if
    /// there is one, or else policy.ids].
    #[arg(long)]
    ids: Option<PathBuf>,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let policy = policy(&self.policy, self.ids)?;
        let bytes = read(&self.log)?;
        let replayed = Replay::run(&policy, &bytes)
            .map_err(|error| format!("error: {}: {error}", self.log.display()))?;
        match replayed.mismatch {
            None if !replayed.is_faithful() => Err(format!(
                "error: {} was cut: {} messages run again, {} decisions as logged, then nothing",
                self.log.display(),
                replayed.messages,
                replayed.equal
            )),
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
}
