//! `opportune diff`.

use std::path::PathBuf;

use clap::Args;
use opportune::compile::{Version, difference};

use crate::input::{ids_beside, table};
use crate::load::{files, sources};

/// Say in words what changes between two versions of a policy, and what becomes of the profiles
/// that were written under the old one.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune diff old.toml new.toml
  opportune diff --json old.toml new.toml")]
pub struct Options {
    /// The old version's text (TOML or JSON, with the files that it includes).
    old: PathBuf,
    /// The new version's text.
    new: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
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
    pub fn run(self) -> Result<String, String> {
        let old_ids = ids_beside(&self.old, self.old_ids);
        let beside = ids_beside(&self.new, self.new_ids.clone());
        let new_ids = if self.new_ids.is_some() || beside.exists() { &beside } else { &old_ids };
        let (old, new) = (files(&self.old)?, files(&self.new)?);
        let found = difference(
            Version { sources: &sources(&old), ids: &table(&old_ids)? },
            Version { sources: &sources(&new), ids: &table(new_ids)? },
        )
        .map_err(|diagnostics| diagnostics.to_string())?;
        Ok(if self.json { found.to_json() } else { found.to_string().trim_end().to_owned() })
    }
}
