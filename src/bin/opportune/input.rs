//! What commands read: policies with their tables of ids.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use opportune::Policy;
use opportune::compile::{Compiled, Diagnostics, compile};

use crate::load;

/// New names that an error lists: more would scroll away what to do about them.
const NEW_NAMES_SHOWN: usize = 10;

/// The table of permanent ids: where the options say, or beside the policy: its own, or else the
/// one that the policies of a folder share.
pub fn ids_beside(policy: &Path, given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| {
        let own = own_ids(policy);
        if own.exists() { own } else { policy.with_file_name("policy.ids") }
    })
}

fn own_ids(policy: &Path) -> PathBuf {
    policy.with_extension("ids")
}

/// The compiled policy, and the text of the table of ids as it was.
pub fn compiled(path: &Path, ids: &Path) -> Result<(Compiled, String), String> {
    let (result, table) = compilation(path, ids)?;
    Ok((result.map_err(|diagnostics| diagnostics.to_string())?, table))
}

/// What the compiler says of a policy, and the text of the table of ids as it was.
pub fn compilation(
    path: &Path,
    ids: &Path,
) -> Result<(Result<Compiled, Diagnostics>, String), String> {
    let (files, table) = (load::files(path)?, table(ids)?);
    Ok((compile(&load::sources(&files), &table), table))
}

/// The text of a table of ids; a policy may have none yet.
pub fn table(ids: &Path) -> Result<String, String> {
    match std::fs::read_to_string(ids) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        text => text.map_err(|error| unusable(ids, &error)),
    }
}

/// The compiled policy, with every name in the table of ids: `write_ids` adds those that are new.
pub fn numbered(path: &Path, ids: &Path, write_ids: bool) -> Result<Compiled, String> {
    let (compiled, before) = compiled(path, ids)?;
    keep_ids(path, ids, &before, &compiled, write_ids)?;
    Ok(compiled)
}

/// Writes new names into the table of ids, if that was asked for; else they are an error.
pub fn keep_ids(
    path: &Path,
    ids: &Path,
    before: &str,
    compiled: &Compiled,
    write_ids: bool,
) -> Result<(), String> {
    if compiled.ids == before {
        return Ok(());
    }
    if !write_ids {
        return Err(new_names(&compiled.ids, before, ids, path));
    }
    write(ids, compiled.ids.as_bytes())
}

/// The names that have no permanent id yet: new ones, or misspelt ones.
fn new_names(after: &str, before: &str, ids: &Path, policy: &Path) -> String {
    let known: BTreeSet<&str> = before.lines().collect();
    let new = after.lines().filter(|line| !line.starts_with('#') && !known.contains(line));
    let new: Vec<&str> = new.collect();
    let (shown, more) = new.split_at(new.len().min(NEW_NAMES_SHOWN));
    let more = match more.len() {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    format!(
        "error: {} names have no permanent id in {}{}\n  {}{more}\n  help: look for misspelt ones; if all are meant, run `opportune check --write-ids {}`\n        and keep the file with the policy",
        new.len(),
        ids.display(),
        why_this_table(ids, policy),
        shown.join("\n  "),
        policy.display()
    )
}

/// What else there could have been, where a table was not found.
fn why_this_table(ids: &Path, policy: &Path) -> String {
    let own = own_ids(policy);
    let missing: Vec<String> = [(ids != own).then_some(&own), Some(&ids.to_path_buf())]
        .into_iter()
        .flatten()
        .filter(|path| !path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if missing.is_empty() {
        return String::new();
    }
    format!(" (there is no {})", missing.join(" and no "))
}

/// The policy that a file holds, if it is an artifact.
pub fn artifact(path: &Path) -> Result<Option<Policy>, String> {
    let bytes = read(path)?;
    if !Policy::is_artifact(&bytes) {
        return Ok(None);
    }
    let loaded = Policy::from_bytes(&bytes);
    loaded.map(Some).map_err(|error| format!("error: {}: {error}", path.display()))
}

/// The policy that a file holds, as text or as an artifact.
pub fn policy(path: &Path, ids: Option<PathBuf>) -> Result<Policy, String> {
    match artifact(path)? {
        Some(policy) => Ok(policy),
        None => compiled(path, &ids_beside(path, ids)).map(|(compiled, _)| compiled.policy),
    }
}

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| unusable(path, &error))
}

/// Makes a file of bytes.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| unusable(path, &error))
}

/// Why a file could not be read or written.
fn unusable(path: &Path, error: &std::io::Error) -> String {
    format!("error: {}: {error}", path.display())
}
