//! `opportune check`.

use std::path::PathBuf;

use clap::Args;
use opportune::{ChannelId, EventId, FeatureId, MomentId, OfferId, Policy, TreatmentId};

use crate::input::{artifact, ids_beside, numbered};

/// Compile a policy and say what is in it, or what is wrong with it and where.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune check examples/policies/prepaid.toml
  opportune check --write-ids my.toml
  opportune check prepaid.opp")]
pub struct Options {
    /// The policy's text (TOML), or an artifact.
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
        if let Some(policy) = artifact(&self.policy)? {
            return Ok(summary(&policy));
        }
        let ids = ids_beside(&self.policy, self.ids);
        numbered(&self.policy, &ids, self.write_ids).map(|compiled| summary(&compiled.policy))
    }
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
