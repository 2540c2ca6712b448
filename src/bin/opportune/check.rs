//! `opportune check`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use opportune::{ChannelId, EventId, FeatureId, MomentId, OfferId, Policy, TreatmentId};

use crate::input::{compiled, ids_beside, unusable};

/// Compile a policy and say what is in it, or what is wrong with it and where.
#[derive(Args)]
pub struct Options {
    /// The policy's text (TOML or JSON); files that it includes are read too.
    policy: PathBuf,
    /// The append-only table of permanent ids [default: policy.ids beside the policy].
    #[arg(long)]
    ids: Option<PathBuf>,
    /// Write new names into the table of ids. Without it, new names are an error, so that
    /// numbers are never handed out and forgotten.
    #[arg(long)]
    write_ids: bool,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let ids = ids_beside(&self.policy, self.ids);
        let (compiled, before) = compiled(&self.policy, &ids)?;
        if compiled.ids != before {
            if !self.write_ids {
                return Err(new_names(&compiled.ids, &before, &ids, &self.policy));
            }
            std::fs::write(&ids, &compiled.ids).map_err(|error| unusable(&ids, &error))?;
        }
        Ok(summary(&compiled.policy))
    }
}

/// The names that have no permanent id yet: new ones, or misspelt ones.
fn new_names(after: &str, before: &str, ids: &Path, policy: &Path) -> String {
    let known: BTreeSet<&str> = before.lines().collect();
    let new: Vec<&str> = after.lines().filter(|line| !known.contains(line)).collect();
    format!(
        "error: {} names have no permanent id in {}\n  {}\n  help: look for misspelt ones; if all are meant, run `opportune check --write-ids {}`\n        and keep the file with the policy",
        new.len(),
        ids.display(),
        new.join("\n  "),
        policy.display()
    )
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
