//! The command, from the outside: a policy becomes an artifact, which does what the text does.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use opportune::record::{Inputs, LogWriter};
use opportune::{
    Context, Local, Message, Origin, ProfileBytes, Shared, Snapshot, decide, new_profile,
};

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
    assert!(words.contains("artifact of version 9, but this library reads version 3"), "{words}");
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
    let copy = copy.to_str().expect("a path in UTF-8");
    let words = complaint(&["check", copy]);
    assert!(words.lines().count() < 20, "{words}");
    assert!(words.starts_with("error[OPP0203]: "), "{words}");
    assert!(words.contains(" names have no permanent number: "), "{words}");
    for looked_for in ["mine.ids", "policy.ids"] {
        let path = folder.join(looked_for);
        assert!(words.contains(&format!("no {}", path.display())), "{words}");
    }
    let count: usize = words.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a count");
    assert!(words.contains(&format!("and {} more", count - 10)), "{words}");
    assert!(words.contains(&format!("check --write-ids {copy}`")), "{words}");

    // With a table of its own, the advice has it too, and no other.
    let own = folder.join("own.tsv");
    let own = own.to_str().expect("a path in UTF-8");
    let words = complaint(&["check", "--ids", own, copy]);
    assert!(words.contains(&format!("check --write-ids --ids {own} {copy}`")), "{words}");
    assert!(!words.contains("policy.ids"), "{words}");

    // A table of another name beside it may be the one.
    let other = folder.join("other.ids");
    std::fs::write(&other, "").expect("room for a file");
    let words = complaint(&["check", copy]);
    assert!(words.contains(&format!("if {} has the numbers", other.display())), "{words}");
    std::fs::remove_file(&other).expect("the file");
}

#[test]
fn new_numbers_are_named_when_they_are_written() {
    let (copy, ids) = (work_file("numbered.toml"), work_file("numbered.ids"));
    std::fs::copy("examples/policies/tutorial.toml", &copy).expect("room for a file");
    let table = std::fs::read_to_string("examples/policies/tutorial.ids").expect("the table");
    let last = table.lines().last().expect("a line");
    std::fs::write(&ids, table.replace(last, "")).expect("room for a file");
    let copy = copy.to_str().expect("a path in UTF-8");
    let output = opportune(&["check", "--write-ids", copy]);
    let words = String::from_utf8(output.stderr).expect("text");
    assert!(words.contains(&format!("1 new number in {}: {last}", ids.display())), "{words}");
    assert!(std::fs::read_to_string(&ids).expect("the table").ends_with(&format!("{last}\n")));
}

/// Whatever is wrong, a program that reads JSON gets it.
#[test]
fn as_json_nothing_is_hidden() {
    let unnumbered = work_file("json_unnumbered.toml");
    std::fs::copy("examples/policies/tutorial.toml", &unnumbered).expect("room for a file");
    let damaged = work_file("json_damaged.opp");
    std::fs::write(&damaged, b"OPPA\x09\0\0\0\0\0\0\0").expect("room for a file");
    let none = work_file("json_none.toml");
    for (file, code) in [(&unnumbered, "OPP0203"), (&damaged, "OPP0102"), (&none, "OPP0102")] {
        let output = opportune(&["check", "--format", "json", file.to_str().expect("UTF-8")]);
        assert!(!output.status.success());
        let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(found[0]["code"], code, "{found}");
    }
    let sound = said(&["check", "--format", "json", "examples/policies/tutorial.toml"]);
    assert_eq!(sound.trim(), "[]");
}

#[test]
fn a_difference_is_a_code_for_pipelines() {
    let code = |arguments: &[&str]| opportune(arguments).status.code();
    let [prepaid, tutorial] = [POLICY, "examples/policies/tutorial.toml"];
    assert_eq!(code(&["diff", "--exit-code", prepaid, prepaid]), Some(0));
    assert_eq!(code(&["diff", "--exit-code", prepaid, tutorial]), Some(1));
    assert_eq!(code(&["diff", "--exit-code", prepaid, "none.toml"]), Some(2));
    assert_eq!(code(&["diff", prepaid, tutorial]), Some(0));
}

/// Profiles of an older policy: what becomes of them is said, and they come along.
#[test]
fn a_profile_goes_to_json_and_back_and_on_to_the_next_policy() {
    let text = |file: &PathBuf| file.to_str().expect("a path in UTF-8").to_owned();
    let (older, newer) = (work_file("older.opp"), work_file("newer.opp"));
    said(&["compile", POLICY, "-o", &text(&older)]);
    let next = work_file("newer.toml");
    let wider = std::fs::read_to_string(POLICY).expect("the policy").replace(
        "[features.spend_24h]",
        "[features.calls_ever]\ncount = \"call_end\"\nexport = true\n[features.spend_24h]",
    );
    std::fs::write(&next, wider).expect("room for a file");
    let ids = work_file("newer.ids");
    std::fs::copy("examples/policies/policy.ids", &ids).expect("room for a file");
    let words = said(&[
        "compile",
        "--write-ids",
        &text(&next),
        "--succeeds",
        &text(&older),
        "-o",
        &text(&newer),
    ]);
    assert!(words.contains("calls_ever"), "{words}");
    let alone = work_file("alone.opp");
    said(&["compile", &text(&next), "-o", &text(&alone)]);

    let policy = |file: &PathBuf| {
        opportune::Policy::from_bytes(&std::fs::read(file).expect("the artifact")).expect("sound")
    };
    let profile = opportune::new_profile(&policy(&older), b"key").expect("a profile");
    let (file, json) = (work_file("somebody.profile"), work_file("somebody.json"));
    std::fs::write(&file, &profile).expect("room for a file");
    let printed = said(&["profile", "export", &text(&older), &text(&file)]);
    assert!(printed.contains("\"format\": \"opportune profile 1\""), "{printed}");
    let words = said(&["profile", "export", &text(&older), &text(&file), "-o", &text(&json)]);
    assert!(words.contains("bytes of JSON in "), "{words}");
    assert_eq!(std::fs::read_to_string(&json).expect("the JSON").trim(), printed.trim());
    let again = work_file("again.profile");
    said(&["profile", "import", &text(&older), &text(&json), "-o", &text(&again)]);
    assert_eq!(std::fs::read(&again).expect("the profile"), profile);

    // The next policy takes it over; one that succeeds nothing does not.
    let words = said(&["profile", "import", &text(&newer), &text(&json), "-o", &text(&again)]);
    let bytes = policy(&newer).profile_bytes();
    assert!(words.starts_with(&format!("a profile of {bytes} bytes")), "{words}");
    let migrated = std::fs::read(&again).expect("the profile");
    assert!(said(&["profile", "export", &text(&newer), &text(&again)]).contains("calls_ever"));
    assert_eq!(migrated.len(), bytes);
    for direction in ["export", "import"] {
        let wrong = if direction == "export" { &file } else { &json };
        let words = complaint(&["profile", direction, &text(&alone), &text(wrong)]);
        assert!(words.contains("layout"), "{words}");
    }
    std::fs::write(&json, "{").expect("room for a file");
    let words = complaint(&["profile", "import", &text(&older), &text(&json)]);
    assert!(words.contains("not JSON from line 1"), "{words}");
}

#[test]
fn an_artifact_is_not_taken_for_text() {
    let file = work_file("not_text.opp");
    let artifact = file.to_str().expect("a path in UTF-8");
    said(&["compile", POLICY, "-o", artifact]);
    for arguments in [&["compile", artifact][..], &["diff", POLICY, artifact]] {
        let words = complaint(arguments);
        assert!(words.contains("this is an artifact"), "{words}");
    }
}

/// Whoever reads the first lines only closes the pipe.
#[test]
fn a_closed_pipe_is_the_end_and_no_mistake() {
    for arguments in [
        &["schema"][..],
        &["certify", POLICY],
        &["explain-code"],
        &["check", "--format", "json", POLICY],
        &["diff", POLICY, "examples/policies/ready.toml"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_opportune"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(arguments)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("the command runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("the command ends");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !words.contains("panicked"), "{arguments:?}: {words}");
    }
}

#[test]
fn every_command_has_help_with_examples() {
    for command in [
        "check",
        "compile",
        "certify",
        "replay",
        "diff",
        "schema",
        "explain-code",
        "cel",
        "profile",
    ] {
        let help = said(&[command, "--help"]);
        assert!(help.contains(&format!("Examples:\n  opportune {command} ")), "{help}");
    }
}

/// A log whose second part goes on from a checkpoint; a decision of it is explained by its id.
#[test]
fn a_decision_of_a_log_is_explained() {
    let file = |name: &str| work_file(name).to_str().expect("a path in UTF-8").to_owned();
    let (first, second, checkpoint) = (file("first.log"), file("second.log"), file("first.opk"));
    let policy = support::shipped_policy("prepaid");
    let (key, now_ms) = (b"+15550100".as_slice(), 1_772_568_000_000);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 0, sequence: 1 });
    let mut profile = new_profile(&policy, key).expect("a key");
    let mut log = LogWriter::new(&policy, 1);
    let (mut id, mut receipt) = (0, String::new());
    for number in 0..4 {
        let now_ms = now_ms + i64::from(number) * 1_000;
        let message = Message {
            subscriber: key,
            session: b"s",
            number,
            now_ms,
            zone: None,
            account: None,
            events: &[],
        };
        let context = Context::default();
        let inputs = Inputs::of(shared, &profile, &message, &context, &local.lease);
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
        log.message(&message, &context);
        log.decision(&decision);
        (id, receipt) = (decision.id, inputs.receipt(&decision).to_string());
        if number == 1 {
            std::fs::write(&first, log.take()).expect("room for a file");
        }
    }
    log.end();
    std::fs::write(&second, log.take()).expect("room for a file");

    assert!(complaint(&["replay", POLICY, &first]).contains("was cut: 2 messages"));
    let words = said(&["replay", POLICY, &first, "--checkpoint", &checkpoint]);
    assert_eq!(words, "2 messages run again, 2 decisions as logged, to the bit\n");
    let words = said(&["replay", POLICY, &second, "--from", &checkpoint]);
    assert_eq!(words, "2 messages run again, 2 decisions as logged, to the bit\n");
    fn asked<'a>(log: &'a str, from: &'a str, key: &'a str, value: &'a str) -> [&'a str; 7] {
        ["replay", POLICY, log, "--from", from, key, value]
    }
    let words = said(&asked(&second, &checkpoint, "--decision", &format!("{id:016x}")));
    let expected = "nothing is offered: no moment\n";
    assert_eq!(words, format!("decision {id:016x}\n{expected}"));
    let words = said(&asked(&second, &checkpoint, "--receipt", &receipt));
    let proof = "made again from what its receipt says\n";
    assert_eq!(words, format!("decision {id:016x}\n{proof}{expected}"));
    assert!(
        complaint(&asked(&second, &checkpoint, "--decision", "7"))
            .contains("no decision 0000000000000007")
    );
    assert!(
        complaint(&asked(&second, &checkpoint, "--receipt", &receipt[2..]))
            .contains("200 hexadecimal digits")
    );
}
