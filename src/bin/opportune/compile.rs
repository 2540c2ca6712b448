//! `opportune compile`.

use std::path::PathBuf;

use clap::Args;

use crate::input::{ids_beside, numbered, write};

/// Compile a policy into an artifact, which loads without a compiler.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune compile examples/policies/prepaid.toml -o prepaid.opp
  opportune compile --write-ids my.toml

The artifact is versioned and checksummed; equal text gives equal bytes. Load it with
Policy::from_bytes, or opportune_policy_load from C. docs/artifact.md is its byte table.")]
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
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let ids = ids_beside(&self.policy, self.ids);
        let policy = numbered(&self.policy, &ids, self.write_ids)?.policy;
        let output = self.output.unwrap_or_else(|| self.policy.with_extension("opp"));
        let bytes = policy.to_bytes();
        write(&output, &bytes)?;
        Ok(format!(
            "{} version {}: {} bytes in {}, fingerprint {:016x}",
            policy.name(),
            policy.version(),
            bytes.len(),
            output.display(),
            policy.fingerprint(),
        ))
    }
}
