//! `opportune certify`.

use std::path::PathBuf;

use clap::Args;
use opportune::{Certificate, Policy, ProfileCost};
use serde_json::{Value, json};

use crate::input::policy;

/// Say what a policy can cost at most: bytes a subscriber, steps a call, the index, limits.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune certify examples/policies/prepaid.toml
  opportune certify --json prepaid.opp         (made by opportune compile)

A step is one turn of an inner loop: an operation of a program, a bucket of a window, an offer looked
at. The data plane never takes more of them than this says, whatever the message.

Bytes of a profile, times subscribers, are what the operator stores: a matter for whoever adds features.
Bytes of features say which of them to look at. Steps bound the time of a call on the rating thread, and
bytes on the heap the memory of the process: a matter for whoever runs it. Limits say how much more the
policy can grow: a matter for whoever writes it.")]
pub struct Options {
    /// The policy: an artifact, or its text (TOML or JSON).
    policy: PathBuf,
    /// The table of permanent ids of a text [default: beside the policy, `<its name>.ids` if
    /// there is one, or else policy.ids].
    #[arg(long)]
    ids: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let policy = policy(&self.policy, self.ids)?;
        let certificate = policy.certificate();
        if self.json {
            return Ok(format!("{:#}", as_json(&policy, &certificate)));
        }
        Ok(in_words(&policy, &certificate))
    }
}

fn in_words(policy: &Policy, certificate: &Certificate) -> String {
    let mut text = format!(
        "{} version {}, fingerprint {:016x}\n{certificate}\nbytes of features:",
        policy.name(),
        policy.version(),
        certificate.fingerprint,
    );
    let list = |text: &mut String, cost: &ProfileCost| {
        for (id, bytes) in &cost.features {
            *text += &format!("\n  {bytes:>5}  {}", policy.name_of(*id).unwrap_or("?"));
        }
    };
    list(&mut text, &certificate.profile);
    if let Some(account) = &certificate.account {
        text += "\nbytes of an account's features:";
        list(&mut text, account);
    }
    text
}

fn as_json(policy: &Policy, certificate: &Certificate) -> Value {
    let (profile, steps) = (&certificate.profile, &certificate.steps);
    let features = |cost: &ProfileCost| -> Vec<Value> {
        let named = cost
            .features
            .iter()
            .map(|(id, bytes)| json!({ "id": id.0, "name": policy.name_of(*id), "bytes": bytes }));
        named.collect()
    };
    let account = certificate.account.as_ref().map(|account| {
        json!({
            "total": account.total,
            "header": account.header,
            "sessions": account.sessions,
            "padding": account.padding,
            "features": features(account),
        })
    });
    let limits: Vec<Value> = certificate
        .limits
        .iter()
        .map(|near| json!({ "what": near.what, "used": near.used, "limit": near.limit }))
        .collect();
    json!({
        "name": policy.name(),
        "version": policy.version(),
        "fingerprint": format!("{:016x}", certificate.fingerprint),
        "profile_bytes": {
            "total": profile.total,
            "header": profile.header,
            "sessions": profile.sessions,
            "moments": profile.moments,
            "contacts": profile.contacts,
            "open_offers": profile.open_offers,
            "padding": profile.padding,
            "features": features(profile),
        },
        "account_bytes": account,
        "steps_max": {
            "event": steps.event,
            "update": steps.update,
            "classify": steps.classify,
            "allocate": steps.allocate,
            "decide": steps.decide,
            "migrate": steps.migrate,
        },
        "decision_bytes": certificate.decision_bytes,
        "programs": certificate.programs,
        "operations": certificate.operations,
        "predicates": certificate.predicates,
        "index": {
            "bytes": certificate.index.bytes,
            "sources": certificate.index.sources,
            "patches": certificate.index.patches,
            "bounds": certificate.index.bounds,
        },
        "artifact_bytes": certificate.artifact_bytes,
        "loaded_bytes": certificate.loaded_bytes,
        "limits": limits,
    })
}
