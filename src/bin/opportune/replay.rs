//! `opportune replay`.

use std::path::PathBuf;

use clap::Args;
use opportune::record::Replay;

use crate::input::{compiled, ids_beside, read};

/// Run a log again and compare every decision with what was logged.
#[derive(Args)]
pub struct Options {
    /// The policy that the log was written under.
    policy: PathBuf,
    /// The log.
    log: PathBuf,
    /// The table of permanent ids [default: policy.ids beside the policy].
    #[arg(long)]
    ids: Option<PathBuf>,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let ids = ids_beside(&self.policy, self.ids);
        let (compiled, _) = compiled(&self.policy, &ids)?;
        let bytes = read(&self.log)?;
        let replayed = Replay::run(&compiled.policy, &bytes)
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
