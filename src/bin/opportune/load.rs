//! The files of a policy: the one that is named, and those that it includes.

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use opportune::Policy;
use opportune::compile::{Diagnostics, Include, Source, includes};
use opportune::limits::{SOURCE_BYTES_MAX, SOURCES_MAX};

use crate::input::unusable;

/// A file that was read.
pub struct Loaded {
    name: String,
    bytes: Vec<u8>,
}

impl Loaded {
    fn source(&self) -> Source<'_> {
        Source { name: &self.name, bytes: &self.bytes }
    }
}

/// What the compiler takes.
pub fn sources(files: &[Loaded]) -> Vec<Source<'_>> {
    files.iter().map(Loaded::source).collect()
}

/// A policy's file, then what it includes in the order of its text, each file once.
pub fn files(policy: &Path) -> Result<Vec<Loaded>, Diagnostics> {
    let mut walk = Walk::default();
    walk.visit(policy, &|message, help| unusable(policy, message, help))?;
    Ok(walk.files)
}

#[derive(Default)]
struct Walk {
    files: Vec<Loaded>,
    bytes: usize,
    seen: HashSet<PathBuf>,
    /// The files that wait for what they include.
    open: Vec<(PathBuf, String)>,
}

/// Says what is wrong with a file to whoever asked for it, with advice if there is any.
type Refuse<'a> = dyn Fn(&str, Option<&str>) -> Diagnostics + 'a;

impl Walk {
    fn visit(&mut self, path: &Path, refuse: &Refuse<'_>) -> Result<(), Diagnostics> {
        let of_system = |error: std::io::Error| refuse(&error.to_string(), None);
        let name = path.display().to_string();
        let identity = path.canonicalize().map_err(of_system)?;
        if let Some(at) = self.open.iter().position(|(open, _)| *open == identity) {
            let circle = self.open[at..].iter().map(|(_, name)| name.as_str());
            let circle: Vec<&str> = circle.chain([name.as_str()]).collect();
            let message = format!("files include one another in a circle: {}", circle.join(" -> "));
            return Err(refuse(&message, None));
        }
        if !self.seen.insert(identity.clone()) {
            return Ok(());
        }
        let left = SOURCE_BYTES_MAX - self.bytes;
        let bytes = read_at_most(path, left + 1).map_err(of_system)?;
        if bytes.len() > left || self.files.len() == SOURCES_MAX {
            let message = format!(
                "the policy has more than {SOURCE_BYTES_MAX} bytes of text or {SOURCES_MAX} files"
            );
            return Err(refuse(&message, None));
        }
        if Policy::is_artifact(&bytes) {
            return Err(refuse(
                "this is an artifact, which is compiled already",
                Some("give its text"),
            ));
        }
        self.bytes += bytes.len();
        let file = Loaded { name: name.clone(), bytes };
        let wanted = includes(&file.source())?;
        self.files.push(file);
        self.open.push((identity, name));
        for include in wanted {
            self.include(path, &include)?;
        }
        self.open.pop();
        Ok(())
    }

    fn include(&mut self, from: &Path, include: &Include) -> Result<(), Diagnostics> {
        let refuse = |message: &str, help: Option<&str>| include.error(message, help);
        let folder = from.parent().unwrap_or(Path::new(""));
        for path in matching(folder, include.pattern())
            .map_err(|error| refuse(&format!("`{}`: {error}", include.pattern()), None))?
        {
            self.visit(&path, &|message, help| {
                refuse(&format!("{}: {message}", path.display()), help)
            })?;
        }
        Ok(())
    }
}

fn read_at_most(path: &Path, limit: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(limit as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files that a pattern stands for, in the order of their names; one at least.
fn matching(folder: &Path, pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    let (below, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let folder = folder.join(below);
    if !last.contains('*') {
        return Ok(vec![folder.join(last)]);
    }
    let mut found = Vec::new();
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
    for entry in std::fs::read_dir(listed)? {
        let name = entry?.file_name();
        if name.to_str().is_some_and(|name| matches(last, name)) {
            found.push(folder.join(name));
        }
    }
    if found.is_empty() {
        return Err(std::io::Error::new(std::io::ErrorKind::NotFound, "no file matches"));
    }
    found.sort();
    Ok(found)
}

/// Whether a name is what a pattern says, with `*` for any characters. What stands between two of
/// them is taken where it comes first, so nothing is tried twice.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, pattern)) = pattern.split_once('*') else { return pattern == name };
    let (between, last) = pattern.rsplit_once('*').unwrap_or(("", pattern));
    let inner = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let after = |rest: &str, part: &str| rest.find(part).map(|at| at + part.len());
    inner.is_some_and(|inner| {
        let mut at = 0;
        between.split('*').all(|part| match after(&inner[at..], part) {
            Some(taken) => {
                at += taken;
                true
            }
            None => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*.toml", "a.toml", true),
            ("*.toml", ".toml", true),
            ("*.toml", "a.json", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("*", "é", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("*b*", "abc", true),
            ("**", "", true),
            ("*ab*b", "aab", false),
            ("*ab*b", "abab", true),
            (&"*a".repeat(40), &"a".repeat(200), true),
            (&"*a".repeat(40), &("a".repeat(200) + "b"), false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
