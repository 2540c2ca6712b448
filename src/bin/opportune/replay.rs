//! `opportune replay`.

use std::path::{Path, PathBuf};

use clap::Args;
use opportune::Policy;
use opportune::record::{Reached, Receipt, Replay};

use crate::input::{policy, read};

/// Run a log again: compare every decision with what was logged, or explain one of them.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune replay examples/policies/prepaid.toml day.log
  opportune replay prepaid.opp day.log --decision 4be1c0a2d98f7733
  opportune replay prepaid.opp day.log --receipt \"$(cat complaint.receipt)\"
  opportune replay prepaid.opp monday.log --checkpoint monday.opk
  opportune replay prepaid.opp tuesday.log --from monday.opk

Hosts write logs; so does `cargo run --release --example charging_day -- --log day.log`, under
examples/policies/prepaid.toml.")]
pub struct Options {
    /// The policy that the log was written under: its text, or an artifact.
    policy: PathBuf,
    /// The log, or a part of one that goes on from a checkpoint.
    log: PathBuf,
    /// Explain the decision of this id, in 16 hexadecimal digits, instead.
    #[arg(long, value_parser = decision_id, conflicts_with = "receipt")]
    decision: Option<u64>,
    /// Make the decision of this receipt, in hexadecimal digits, again and explain it; an error
    /// names what it was not made from.
    #[arg(long, value_parser = receipt)]
    receipt: Option<Receipt>,
    /// Go on from a checkpoint.
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<PathBuf>,
    /// Write a checkpoint of where the log ends, from which the next part goes on.
    #[arg(long, value_name = "CHECKPOINT", conflicts_with_all = ["decision", "receipt"])]
    checkpoint: Option<PathBuf>,
    /// The table of permanent ids [default: beside the policy, `<its name>.ids` if
    /// there is one, or else policy.ids].
    #[arg(long)]
    ids: Option<PathBuf>,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let policy = policy(&self.policy, self.ids)?;
        let log = read(&self.log)?;
        let mut replay = match &self.from {
            Some(path) => {
                Replay::resume(&policy, &read(path)?).map_err(|error| of_file(path, error))?
            }
            None => Replay::new(&policy),
        };
        let wanted = self.decision.or(self.receipt.map(|receipt| receipt.decision()));
        if let Some(decision) = wanted {
            let reached =
                replay.reach(&log, decision).map_err(|error| of_file(&self.log, error))?;
            let reached = reached.ok_or_else(|| {
                format!("error: {}: no decision {decision:016x}", self.log.display())
            })?;
            return explained(&policy, &reached, self.receipt);
        }
        replay.go_on(&log).map_err(|error| of_file(&self.log, error))?;
        if let Some(path) = &self.checkpoint {
            let bytes = replay.checkpoint().map_err(|error| of_file(&self.log, error))?;
            std::fs::write(path, bytes).map_err(|error| of_file(path, error))?;
        }
        verdict(&replay, &self.log, self.checkpoint.is_some())
    }
}

/// Whether everything came out as logged. A log that goes on elsewhere lacks its end.
fn verdict(replay: &Replay, log: &Path, goes_on: bool) -> Result<String, String> {
    let replayed = replay.replayed();
    if let Some(mismatch) = replayed.mismatch {
        return Err(format!(
            "error: message {} of {} was decided otherwise\n  logged: {:?}\n  now:    {:?}",
            mismatch.message, replayed.messages, mismatch.logged, mismatch.reproduced
        ));
    }
    if !replayed.complete && !goes_on {
        return Err(format!(
            "error: {} was cut: {} messages run again, {} decisions as logged, then nothing\n\
             help: if the log goes on in another file, keep `--checkpoint FILE`, and run that one \
             `--from FILE`",
            log.display(),
            replayed.messages,
            replayed.equal
        ));
    }
    Ok(format!(
        "{} messages run again, {} decisions as logged, to the bit",
        replayed.messages, replayed.equal
    ))
}

/// What was decided and why, on what a receipt says if there is one.
fn explained(
    policy: &Policy,
    reached: &Reached,
    receipt: Option<Receipt>,
) -> Result<String, String> {
    if let Some(receipt) = receipt {
        reached.replay(&receipt).map_err(|why| format!("error: {why}"))?;
    }
    let explanation = reached.explain().map_err(|error| format!("error: {error}"))?;
    let proof = if receipt.is_some() { "made again from what its receipt says\n" } else { "" };
    let words = explanation.in_words(policy).to_string();
    Ok(format!("decision {:016x}\n{proof}{}", explanation.decision.id, words.trim_end()))
}

fn of_file(path: &Path, error: impl std::fmt::Display) -> String {
    format!("error: {}: {error}", path.display())
}

fn decision_id(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|_| "a decision's id has 16 hexadecimal digits".into())
}

fn receipt(text: &str) -> Result<Receipt, String> {
    let pair = |at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(pair).collect();
    let receipt = bytes.and_then(|bytes| Receipt::from_bytes(&bytes).ok());
    receipt.ok_or_else(|| format!("a receipt has {} hexadecimal digits", 2 * Receipt::BYTES))
}
