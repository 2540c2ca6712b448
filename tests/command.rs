//! The command, from the outside: a policy becomes an artifact, which does what the text does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn opportune(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_opportune"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the command runs")
}

/// What a command that must succeed prints.
fn said(arguments: &[&str]) -> String {
    let output = opportune(arguments);
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {problem}");
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that must fail says.
fn complaint(arguments: &[&str]) -> String {
    let output = opportune(arguments);
    assert!(!output.status.success(), "{arguments:?} succeeded");
    String::from_utf8(output.stderr).expect("text")
}

fn work_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

const POLICY: &str = "examples/policies/prepaid.toml";

#[test]
fn an_artifact_is_checked_and_certified_as_its_text() {
    let file = work_file("command.opp");
    let artifact = file.to_str().expect("a path in UTF-8");
    assert!(said(&["compile", POLICY, "-o", artifact]).starts_with("prepaid version "));
    let first = std::fs::read(&file).expect("the artifact");
    said(&["compile", POLICY, "-o", artifact]);
    assert_eq!(std::fs::read(&file).expect("the artifact"), first);
    assert_eq!(said(&["check", artifact]), said(&["check", POLICY]));
    assert_eq!(said(&["certify", artifact]), said(&["certify", POLICY]));
    let json: serde_json::Value =
        serde_json::from_str(&said(&["certify", "--json", artifact])).expect("JSON");
    assert_eq!(json["artifact_bytes"], first.len());
    assert!(json["steps_max"]["decide"].as_u64() > Some(0));
}

#[test]
fn a_damaged_artifact_is_named_with_its_reason() {
    let file = work_file("version.opp");
    std::fs::write(&file, b"OPPA\x09\0\0\0\0\0\0\0").expect("room for a file");
    let words = complaint(&["check", file.to_str().expect("a path in UTF-8")]);
    assert!(words.contains("artifact of version 9, but this library reads version 2"), "{words}");
}

/// A policy's own table goes before the one that a folder shares.
#[test]
fn the_table_of_ids_is_found_beside_the_policy() {
    for (policy, ids) in [("ready", "ready"), ("tutorial", "tutorial"), ("prepaid", "policy")] {
        let policy = format!("examples/policies/{policy}.toml");
        let ids = format!("examples/policies/{ids}.ids");
        assert_eq!(said(&["check", &policy]), said(&["check", "--ids", &ids, &policy]));
        assert_eq!(said(&["certify", &policy]), said(&["certify", "--ids", &ids, &policy]));
    }
    assert!(
        said(&["diff", "examples/policies/ready.toml", "examples/policies/ready.toml"])
            .starts_with("the policy says the same\n")
    );
}

#[test]
fn names_without_an_id_fit_a_screen() {
    let folder = work_file("unnumbered");
    std::fs::create_dir_all(&folder).expect("a folder");
    let copy = folder.join("mine.toml");
    std::fs::copy(POLICY, &copy).expect("room for a file");
    let words = complaint(&["check", copy.to_str().expect("a path in UTF-8")]);
    assert!(words.lines().count() < 20, "{words}");
    assert!(words.contains("names have no permanent id in "), "{words}");
    for looked_for in ["mine.ids", "policy.ids"] {
        let path = folder.join(looked_for);
        assert!(words.contains(&format!("no {}", path.display())), "{words}");
    }
    let count: usize = words.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a count");
    assert!(words.contains(&format!("and {} more", count - 10)), "{words}");
}

#[test]
fn every_command_has_help_with_examples() {
    for command in
        ["check", "compile", "certify", "replay", "diff", "schema", "explain-code", "cel"]
    {
        let help = said(&[command, "--help"]);
        assert!(help.contains(&format!("Examples:\n  opportune {command} ")), "{help}");
    }
}
