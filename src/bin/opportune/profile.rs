//! `opportune profile`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use opportune::{export_profile, import_profile};

use crate::input::{policy, read, write};

/// Read a subscriber's profile as JSON, and make a profile of such JSON.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune profile export prepaid.opp 99955500001.profile
  opportune profile export prepaid.opp 99955500001.profile -o 99955500001.json
  opportune profile import prepaid.opp 99955500001.json -o 99955500001.profile

What is imported is what was exported, byte for byte; a profile of an older policy that the given
one succeeds is migrated. docs/profile.md has the format.")]
pub struct Options {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(Subcommand)]
enum Direction {
    /// Write what a profile holds as JSON, with names and in the units that people read.
    Export(Files),
    /// Make a profile of exported JSON.
    Import(Files),
}

#[derive(Args)]
struct Files {
    /// The policy: an artifact, or its text with a table of ids beside it.
    policy: PathBuf,
    /// The profile, or its JSON.
    file: PathBuf,
    /// Where the result goes [default: an export is printed; an import goes beside the JSON, with
    /// the extension profile].
    #[arg(short, long)]
    output: Option<PathBuf>,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        match self.direction {
            Direction::Export(files) => export(&files),
            Direction::Import(files) => import(&files),
        }
    }
}

fn export(files: &Files) -> Result<String, String> {
    let policy = policy(&files.policy, None)?;
    let json = export_profile(&policy, &read(&files.file)?).map_err(|e| wrong(&files.file, &e))?;
    match &files.output {
        None => Ok(json),
        Some(output) => {
            write(output, json.as_bytes())?;
            Ok(format!("{} bytes of JSON in {}", json.len(), output.display()))
        }
    }
}

fn import(files: &Files) -> Result<String, String> {
    let policy = policy(&files.policy, None)?;
    let profile =
        import_profile(&policy, &read(&files.file)?).map_err(|e| wrong(&files.file, &e))?;
    let output = files.output.clone().unwrap_or_else(|| files.file.with_extension("profile"));
    write(&output, &profile)?;
    Ok(format!("a profile of {} bytes in {}", profile.len(), output.display()))
}

fn wrong(file: &Path, error: &dyn std::error::Error) -> String {
    format!("error: {}: {error}", file.display())
}
