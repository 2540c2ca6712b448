//! What commands read: policies with their tables of ids.

use std::path::{Path, PathBuf};

use opportune::Policy;
use opportune::compile::{Code, Compiled, Diagnostics, compile};

use crate::{load, output};

/// Numbers that are listed when they are written: more would scroll away.
const NUMBERS_SHOWN: usize = 10;

/// Where a table of permanent ids is.
pub struct IdTable {
    pub path: PathBuf,
    /// Whether the options say so.
    given: bool,
}

/// The table of permanent ids: where the options say, or beside the policy: its own, or else the
/// one that the policies of a folder share.
pub fn ids_beside(policy: &Path, given: Option<PathBuf>) -> IdTable {
    if let Some(path) = given {
        return IdTable { path, given: true };
    }
    let own = own_ids(policy);
    let path = if own.exists() { own } else { policy.with_file_name("policy.ids") };
    IdTable { path, given: false }
}

fn own_ids(policy: &Path) -> PathBuf {
    policy.with_extension("ids")
}

/// The compiled policy, and the text of the table of ids as it was.
pub fn compilation(path: &Path, ids: &IdTable) -> Result<(Compiled, String), Diagnostics> {
    let (files, before) = (load::files(path)?, ids.text()?);
    compile(&load::sources(&files), &before).map(|compiled| (compiled, before))
}

/// The compiled policy, with every name in the table of ids: `write_ids` adds those that are new.
pub fn numbered(path: &Path, ids: &IdTable, write_ids: bool) -> Result<Compiled, String> {
    let numbered = compilation(path, ids).and_then(|(compiled, before)| {
        ids.keep(path, &before, &compiled, write_ids)?;
        Ok(compiled)
    });
    numbered.map_err(|diagnostics| diagnostics.to_string())
}

impl IdTable {
    /// The text of the table; a policy may have none yet.
    pub fn text(&self) -> Result<String, Diagnostics> {
        match std::fs::read_to_string(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            text => text.map_err(|error| unusable(&self.path, &error.to_string(), None)),
        }
    }

    /// Writes new names into the table, if that was asked for; else they are a mistake.
    pub fn keep(
        &self,
        policy: &Path,
        before: &str,
        compiled: &Compiled,
        write_ids: bool,
    ) -> Result<(), Diagnostics> {
        let new = compiled.new_ids(before);
        if new.is_empty() {
            return Ok(());
        }
        let path = self.path.display().to_string();
        if !write_ids {
            return compiled.require_ids(before, &path, &self.advice(policy));
        }
        std::fs::write(&self.path, &compiled.ids)
            .map_err(|error| unusable(&self.path, &error.to_string(), None))?;
        let shown = new.iter().take(NUMBERS_SHOWN).copied().collect::<Vec<_>>().join(", ");
        let more = if new.len() > NUMBERS_SHOWN { ", ..." } else { "" };
        let numbers = if new.len() == 1 { "number" } else { "numbers" };
        output::note(&format!("{} new {numbers} in {path}: {shown}{more}", new.len()));
        Ok(())
    }

    /// What to do about names without a number.
    fn advice(&self, policy: &Path) -> String {
        let option = match self.given {
            true => format!("--ids {} ", self.path.display()),
            false => String::new(),
        };
        format!(
            "{}look for misspelt names; if all are meant, run\n`opportune check --write-ids {option}{}`\nand keep {} with the policy",
            self.elsewhere(policy),
            policy.display(),
            self.path.display(),
        )
    }

    /// Where the table may be, when it was not found.
    fn elsewhere(&self, policy: &Path) -> String {
        if self.path.exists() {
            return String::new();
        }
        if self.given {
            return format!("there is no {}; ", self.path.display());
        }
        let looked =
            format!("there is no {} and no {}; ", own_ids(policy).display(), self.path.display());
        let folder = policy.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else {
            return looked;
        };
        let is_table =
            |path: &PathBuf| path.extension().is_some_and(|extension| extension == "ids");
        let mut others: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_table).collect();
        others.sort();
        others.first().map_or(looked.clone(), |other| {
            format!(
                "{looked}if {} has the numbers of this policy,\ncopy it to {}; otherwise ",
                other.display(),
                own_ids(policy).display()
            )
        })
    }
}

/// The policy that a file holds, if it is an artifact.
pub fn artifact(path: &Path) -> Result<Option<Policy>, Diagnostics> {
    let bytes = std::fs::read(path).map_err(|error| unusable(path, &error.to_string(), None))?;
    if !Policy::is_artifact(&bytes) {
        return Ok(None);
    }
    Policy::from_bytes(&bytes).map(Some).map_err(|error| unusable(path, &error.to_string(), None))
}

/// The policy that a file holds, as text or as an artifact.
pub fn policy(path: &Path, ids: Option<PathBuf>) -> Result<Policy, String> {
    let found = artifact(path).and_then(|found| match found {
        Some(policy) => Ok(policy),
        None => compilation(path, &ids_beside(path, ids)).map(|(compiled, _)| compiled.policy),
    });
    found.map_err(|diagnostics| diagnostics.to_string())
}

/// The bytes of a file.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("error: {}: {error}", path.display()))
}

/// Makes a file of bytes.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("error: {}: {error}", path.display()))
}

/// Why a file of a policy could not be read or written.
pub fn unusable(path: &Path, why: &str, help: Option<&str>) -> Diagnostics {
    Diagnostics::about_file(Code::Sources, &path.display().to_string(), why, help)
}
