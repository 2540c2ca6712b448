//! What several test programs share: policies, subscribers, messages.
#![allow(dead_code, reason = "each test program uses a part")]

use std::path::{Path, PathBuf};

use opportune::compile::{Source, compile};
use opportune::{Arm, Policy};

/// A policy below `examples/policies/`, with its table of ids.
pub fn shipped_policy(name: &str) -> Policy {
    compiled(name, &shipped_text(name), &shipped_ids(name))
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
    compiled("test", text, "")
}

/// Two versions of a policy, the older one first, which share their permanent numbers.
pub fn compile_versions(old: &str, new: &str) -> (Policy, Policy) {
    let source = |text| [Source { name: "test.toml", bytes: str::as_bytes(text) }];
    let ids = compile(&source(old), "").unwrap_or_else(|diagnostics| panic!("{diagnostics}")).ids;
    (compiled("test", old, &ids), compiled("test", new, &ids))
}

fn compiled(name: &str, text: &str, ids: &str) -> Policy {
    let file = format!("{name}.toml");
    let source = Source { name: &file, bytes: text.as_bytes() };
    match compile(&[source], ids) {
        Ok(compiled) => compiled.policy,
        Err(diagnostics) => panic!("{diagnostics}"),
    }
}

/// A subscriber key that falls into this arm.
pub fn subscriber_in(policy: &Policy, arm: Arm) -> String {
    (0..10_000)
        .map(|number| format!("+99955500{number:04}"))
        .find(|key| policy.arm(key.as_bytes()) == arm)
        .expect("both arms have subscribers")
}
