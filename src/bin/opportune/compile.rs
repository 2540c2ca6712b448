//! `opportune compile`.

use std::path::PathBuf;

use clap::Args;
use opportune::Policy;

use crate::input::{self, ids_beside, numbered, write};

/// Compile a policy into an artifact, which loads without a compiler.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune compile examples/policies/prepaid.toml -o prepaid.opp
  opportune compile --write-ids my.toml
  opportune compile new.toml --succeeds old.opp -o new.opp

The artifact is versioned and checksummed; equal text gives equal bytes. Load it with
Policy::from_bytes, or opportune_policy_load from C. docs/artifact.md is its byte table.

Profiles that were written under a policy given with --succeeds, or under one that it succeeds
itself, are migrated by the first call that meets them; what becomes of what they hold is printed.")]
pub struct Options {
    /// The policy's text (TOML or JSON, with the files that it includes).
    policy: PathBuf,
    /// Where the artifact goes [default: beside the policy, with the extension opp].
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// The append-only table of permanent ids [default: beside the policy, `<its name>.ids` if
    /// there is one, or else policy.ids].
    #[arg(long)]
    ids: Option<PathBuf>,
    /// Write new names into the table of ids. Without it, new names are an error.
    #[arg(long)]
    write_ids: bool,
    /// An older policy (an artifact, or its text with a policy.ids beside it) whose profiles are
    /// taken over. Can be given several times.
    #[arg(long, value_name = "POLICY")]
    succeeds: Vec<PathBuf>,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let ids = ids_beside(&self.policy, self.ids);
        let mut policy = numbered(&self.policy, &ids, self.write_ids)?.policy;
        if !self.succeeds.is_empty() {
            policy = succeeding(&policy, &self.succeeds)?;
        }
        let output = self.output.unwrap_or_else(|| self.policy.with_extension("opp"));
        let bytes = policy.to_bytes();
        write(&output, &bytes)?;
        let mut said = format!(
            "{} version {}: {} bytes in {}, fingerprint {:016x}",
            policy.name(),
            policy.version(),
            bytes.len(),
            output.display(),
            policy.fingerprint(),
        );
        for migration in policy.migrations() {
            said += &format!("\n{migration}");
        }
        Ok(said)
    }
}

fn succeeding(policy: &Policy, paths: &[PathBuf]) -> Result<Policy, String> {
    let older: Vec<Policy> =
        paths.iter().map(|path| input::policy(path, None)).collect::<Result<_, _>>()?;
    let older: Vec<&Policy> = older.iter().collect();
    policy.succeeding(&older).map_err(|error| format!("error: --succeeds: {error}"))
}
