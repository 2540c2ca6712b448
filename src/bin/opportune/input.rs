//! What commands read: policies with their tables of ids.

use std::path::{Path, PathBuf};

use opportune::compile::{Compiled, Diagnostics, Source, compile};

/// The table of permanent ids: where the options say, or beside the policy.
pub fn ids_beside(policy: &Path, given: Option<PathBuf>) -> PathBuf {
    given.unwrap_or_else(|| policy.with_file_name("policy.ids"))
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
    let (bytes, table) = (read(path)?, table(ids)?);
    let name = path.display().to_string();
    let source = Source { name: &name, bytes: &bytes };
    Ok((compile(&[source], &table), table))
}

/// The text of a table of ids; a policy may have none yet.
pub fn table(ids: &Path) -> Result<String, String> {
    match std::fs::read_to_string(ids) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        text => text.map_err(|error| unusable(ids, &error)),
    }
}

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| unusable(path, &error))
}

/// Why a file could not be read or written.
pub fn unusable(path: &Path, error: &std::io::Error) -> String {
    format!("error: {}: {error}", path.display())
}
