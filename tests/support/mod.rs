//! What several test programs share: policies, subscribers, messages.
#![allow(dead_code, reason = "each test program uses a part")]

use std::path::{Path, PathBuf};

use opportune::compile::{Compiled, Source, compile, includes};
use opportune::{Arm, Policy};

/// A policy below `examples/policies/`, with its table of ids.
pub fn shipped_policy(name: &str) -> Policy {
    shipped(name, &shipped_ids(name)).policy
}

/// What compiling a policy below `examples/policies/` gives, with the files that it includes.
pub fn shipped(name: &str, ids: &str) -> Compiled {
    compiled(&shipped_files(name), ids)
}

/// Names and texts of a policy below `examples/policies/` and of what it includes.
pub fn shipped_files(name: &str) -> Vec<(String, String)> {
    let mut files = vec![(format!("{name}.toml"), shipped_text(name))];
    let mut next = 0;
    while let Some((name, text)) = files.get(next) {
        let source = Source { name, bytes: text.as_bytes() };
        let asked = includes(&source).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
        for include in asked {
            let name = include.pattern();
            if !files.iter().any(|(known, _)| known == name) {
                files.push((name.to_owned(), shipped_file(name)));
            }
        }
        next += 1;
    }
    files
}

/// The table of ids of a policy below `examples/policies/`: its own, or else `policy.ids`.
pub fn shipped_ids(name: &str) -> String {
    let own = format!("{name}.ids");
    let found = shipped_folder().join(&own).exists();
    shipped_file(if found { &own } else { "policy.ids" })
}

/// The text of a policy below `examples/policies/`.
pub fn shipped_text(name: &str) -> String {
    shipped_file(&format!("{name}.toml"))
}

/// Where shipped policies are.
pub fn shipped_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies")
}

fn shipped_file(name: &str) -> String {
    std::fs::read_to_string(shipped_folder().join(name)).expect("a shipped file")
}

/// A policy from text, with ids of its own.
pub fn compile_text(text: &str) -> Policy {
    compiled(&[("test.toml".to_owned(), text.to_owned())], "").policy
}

/// Two versions of a policy, the older one first, which share their permanent numbers.
pub fn compile_versions(old: &str, new: &str) -> (Policy, Policy) {
    let file = |text: &str| [("test.toml".to_owned(), text.to_owned())];
    let ids = compiled(&file(old), "").ids;
    (compiled(&file(old), &ids).policy, compiled(&file(new), &ids).policy)
}

/// A policy from names and texts of files.
pub fn compiled(files: &[(String, String)], ids: &str) -> Compiled {
    let sources: Vec<Source> =
        files.iter().map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    compile(&sources, ids).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

/// A file that makes a policy of one that only says what is remembered: a moment on a kind of
/// event, and an offer that answers it.
pub fn one_offer(event: &str) -> (String, String) {
    let text = r#"
[moments.used]
on = "EVENT"
when = "true"
intent = "know"
[channels.sms]
[[contact.caps]]
at_most = 1
within = "1d"
of = "all"
[issues.care.groups.tips]
[offers.tip]
group = "care.tips"
kind = "tip"
moments = ["used"]
value = "0.10"
[offers.tip.treatments.sms]
content = "tip"
propensity = 0.1
"#;
    ("offer.toml".to_owned(), text.replace("EVENT", event))
}

/// A subscriber key that falls into this arm.
pub fn subscriber_in(policy: &Policy, arm: Arm) -> String {
    (0..10_000)
        .map(|number| format!("+99955500{number:04}"))
        .find(|key| policy.arm(key.as_bytes()) == arm)
        .expect("both arms have subscribers")
}
