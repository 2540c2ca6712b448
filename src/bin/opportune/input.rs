//! What commands read: policies with their tables of ids.

use std::path::{Path, PathBuf};

use opportune::compile::{Compiled, Source, compile};

use crate::load::{self, Loaded};

/// The table of permanent ids: where the options say, or beside the policy.
pub fn ids_beside(policy: &Path, given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| policy.with_file_name("policy.ids"))
}

/// The compiled policy, and the text of the table of ids as it was.
pub fn compiled(path: &Path, ids: &Path) -> Result<(Compiled, String), String> {
    let files = load::files(path)?;
    let table = match std::fs::read_to_string(ids) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unusable(ids, &error)),
    };
    let sources: Vec<Source<'_>> = files.iter().map(Loaded::source).collect();
    let compiled = compile(&sources, &table).map_err(|diagnostics| diagnostics.to_string())?;
    Ok((compiled, table))
}

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| unusable(path, &error))
}

/// Why a file could not be read or written.
pub fn unusable(path: &Path, error: &std::io::Error) -> String {
    format!("error: {}: {error}", path.display())
}
