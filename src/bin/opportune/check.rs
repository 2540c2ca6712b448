//! `opportune check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use opportune::compile::Diagnostics;
use opportune::{ChannelId, EventId, FeatureId, MomentId, OfferId, Policy, TreatmentId};

use crate::input::{artifact, compilation, ids_beside, keep_ids};

/// Compile a policy and say what is in it, or what is wrong with it and where.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune check my.toml
  opportune check prepaid.opp
  opportune check --format json --deny-warnings my.toml
  opportune explain-code OPP0901")]
pub struct Options {
    /// The policy's text (TOML or JSON, with the files that it includes), or an artifact.
    policy: PathBuf,
    /// The append-only table of permanent ids [default: beside the policy, `<its name>.ids` if
    /// there is one, or else policy.ids].
    #[arg(long)]
    ids: Option<PathBuf>,
    /// Write new names into the table of ids. Without it, new names are an error, so that
    /// numbers are never handed out and forgotten.
    #[arg(long)]
    write_ids: bool,
    /// How to print errors and warnings. As JSON they go to standard output, as an array.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Fail when there are warnings.
    #[arg(long)]
    deny_warnings: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        if let Some(policy) = artifact(&self.policy)? {
            return Ok(summary(&policy));
        }
        let ids = ids_beside(&self.policy, self.ids.clone());
        let (result, before) = compilation(&self.policy, &ids)?;
        let compiled = match result {
            Ok(compiled) => compiled,
            Err(diagnostics) => return Err(self.report(&diagnostics, "error: it does not compile")),
        };
        let warned = self.report(&compiled.warnings, "");
        if self.deny_warnings && !compiled.warnings.is_empty() {
            return Err(format!("{warned}error: warnings are denied"));
        }
        keep_ids(&self.policy, &ids, &before, &compiled, self.write_ids)?;
        eprint!("{warned}");
        Ok(if self.format == Format::Json { String::new() } else { summary(&compiled.policy) })
    }

    /// What goes to standard error. JSON goes to standard output, even when there is nothing.
    fn report(&self, diagnostics: &Diagnostics, otherwise: &str) -> String {
        if self.format == Format::Text {
            return diagnostics.to_string();
        }
        println!("{}", diagnostics.to_json());
        otherwise.into()
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
