//! `opportune check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use opportune::compile::Diagnostics;
use opportune::{ChannelId, EventId, FeatureId, MomentId, OfferId, Policy, TreatmentId};

use crate::input::{artifact, compilation, ids_beside};
use crate::output::{self, Failure};

/// Compile a policy and say what is in it, or what is wrong with it and where.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune check examples/policies/ready.toml
  opportune check --write-ids my.toml                       (your own, the first time)
  opportune check --format json --deny-warnings my.toml     (in a pipeline)

The fingerprint tells two policies apart: it is of every byte of the text and of the table of ids,
comments included. An artifact has that of its text.")]
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
    pub fn run(self) -> Result<String, Failure> {
        let (policy, warnings) =
            self.policy().map_err(|diagnostics| self.failure(&diagnostics, ""))?;
        if self.deny_warnings && !warnings.is_empty() {
            return Err(self.failure(&warnings, "error: warnings are denied"));
        }
        if self.format == Format::Json {
            return Ok(warnings.to_json());
        }
        output::note(&warnings.to_string());
        Ok(summary(&policy))
    }

    /// The policy, with every name in the table of ids, and what it is warned of.
    fn policy(&self) -> Result<(Policy, Diagnostics), Diagnostics> {
        if let Some(policy) = artifact(&self.policy)? {
            return Ok((policy, Diagnostics::default()));
        }
        let ids = ids_beside(&self.policy, self.ids.clone());
        let (compiled, before) = compilation(&self.policy, &ids)?;
        if !self.deny_warnings || compiled.warnings.is_empty() {
            ids.keep(&self.policy, &before, &compiled, self.write_ids)?;
        }
        Ok((compiled.policy, compiled.warnings))
    }

    /// As text, everything goes to standard error; JSON goes to standard output.
    fn failure(&self, diagnostics: &Diagnostics, why: &str) -> Failure {
        match self.format {
            Format::Text => Failure::from(format!("{diagnostics}{why}")),
            Format::Json => {
                Failure { result: diagnostics.to_json(), ..Failure::from(why.to_owned()) }
            }
        }
    }
}

fn summary(policy: &Policy) -> String {
    let account = match policy.account_bytes() {
        0 => String::new(),
        bytes => format!(", {bytes} an account"),
    };
    format!(
        "{} version {}: sound\n  {}, {}, {}, {} in {} on {}\n  {} bytes a subscriber{}, fingerprint {:016x}",
        policy.name(),
        policy.version(),
        count(policy.names::<EventId>().count(), "event kind"),
        facts(policy.names::<FeatureId>().count()),
        count(policy.names::<MomentId>().count(), "moment"),
        count(policy.names::<OfferId>().count(), "offer"),
        count(policy.names::<TreatmentId>().count(), "treatment"),
        count(policy.names::<ChannelId>().count(), "channel"),
        policy.profile_bytes(),
        account,
        policy.fingerprint(),
    )
}

fn count(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Rules read attributes and features alike.
fn facts(count: usize) -> String {
    if count == 1 {
        "1 attribute or feature".into()
    } else {
        format!("{count} attributes and features")
    }
}
