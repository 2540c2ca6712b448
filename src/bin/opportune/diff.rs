//! `opportune diff`.

use std::path::PathBuf;

use clap::Args;
use opportune::compile::{Diagnostics, Difference, Version, difference};

use crate::input::ids_beside;
use crate::load::{files, sources};
use crate::output::Failure;

/// Say in words what changes between two versions of a policy, and what becomes of the profiles
/// that were written under the old one.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune diff old.toml new.toml
  opportune diff --json old.toml new.toml
  opportune diff --exit-code old.toml new.toml > /dev/null || echo changed

The versions are texts, each with its table of ids beside it: `git show HEAD:policies/my.toml` gives
an old one.")]
pub struct Options {
    /// The old version's text (TOML or JSON, with the files that it includes).
    old: PathBuf,
    /// The new version's text.
    new: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// End with 1 when anything changes, 0 when nothing does and 2 on an error, for pipelines.
    #[arg(long)]
    exit_code: bool,
    /// The old table of permanent ids [default: beside the old version, `<its name>.ids` if there
    /// is one, or else policy.ids].
    #[arg(long)]
    old_ids: Option<PathBuf>,
    /// The new table of permanent ids [default: the one beside the new version, or else the old
    /// table].
    #[arg(long)]
    new_ids: Option<PathBuf>,
}

impl Options {
    pub fn run(self) -> Result<String, Failure> {
        let refused = if self.exit_code { 2 } else { 1 };
        let found = self.difference().map_err(|diagnostics| Failure {
            code: refused,
            ..Failure::from(diagnostics.to_string())
        })?;
        let result =
            if self.json { found.to_json() } else { found.to_string().trim_end().to_owned() };
        if self.exit_code && !found.is_empty() {
            return Err(Failure { result, problem: String::new(), code: 1 });
        }
        Ok(result)
    }

    fn difference(&self) -> Result<Difference, Diagnostics> {
        let old_ids = ids_beside(&self.old, self.old_ids.clone());
        let beside = ids_beside(&self.new, self.new_ids.clone());
        let is_there = self.new_ids.is_some() || beside.path.exists();
        let new_ids = if is_there { &beside } else { &old_ids };
        let (old, new) = (files(&self.old)?, files(&self.new)?);
        difference(
            Version { sources: &sources(&old), ids: &old_ids.text()? },
            Version { sources: &sources(&new), ids: &new_ids.text()? },
        )
    }
}
