//! The C ABI from the outside: the example for charging engineers, every refusal, the symbols.
#![cfg(all(unix, feature = "compiler"))]

#[path = "support/c_library.rs"]
mod c_library;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use c_library::{c_program, library, root, run, tool};

const POLICY: [&str; 2] = ["examples/policies/prepaid.toml", "examples/policies/policy.ids"];

/// What a C program says about the shipped policy.
fn output_of(source: &str, flags: &[&str]) -> Option<String> {
    let cc = tool("CC", "cc")?;
    let program = c_program(&cc, source, flags);
    let output = run(Command::new(program).current_dir(root()).args(POLICY));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("text"))
}

#[test]
fn the_example_makes_offers_and_survives_a_corrupted_profile() {
    let Some(said) = output_of("examples/c/inline_decision.c", &[]) else { return };
    for expected in [
        "+999555000002, call 1, balance 4.40: nothing: no moment\n",
        "+999555000002, call 2, balance 4.00: offer minutes_100 by ussd, price 3.00, minutes 100",
        "+999555000002 accepts minutes_100\n",
        "+999555000001, call 2, balance 4.00: nothing: in control group\n",
        "+999555000002, call 4, balance 3.20: no decision, status 3: profile checksum",
    ] {
        assert!(said.contains(expected), "no line {expected:?} in\n{said}");
    }
}

#[test]
fn the_example_of_the_readme_makes_an_offer() {
    let Some(cc) = tool("CC", "cc") else { return };
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let program = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next());
    let source = library().archive.with_file_name("readme.c");
    fs::write(&source, program.expect("an example in C")).expect("room for it");
    let output = run(&mut Command::new(c_program(&cc, source.to_str().expect("a path"), &[])));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok: 1 offer, offered\n");
}

#[test]
fn bad_input_is_refused_and_changes_nothing() {
    let Some(said) = output_of("tests/c/bad_input.c", &[]) else { return };
    assert!(said.ends_with(" 0 failures\nok\n"), "{said}");
}

/// What C is told of a decision is what Rust is told of it.
#[cfg(feature = "json")]
#[test]
fn an_explanation_is_the_same_through_c() {
    use opportune::{
        Context, Event, EventId, Local, Message, Origin, ProfileBytes, Shared, Snapshot, decide,
        explain, new_profile,
    };

    let Some(said) = output_of("tests/c/explain.c", &[]) else { return };
    let [text, ids] = POLICY.map(|path| fs::read_to_string(root().join(path)).expect("a policy"));
    let source = opportune::compile::Source { name: "policy", bytes: text.as_bytes() };
    let policy = opportune::compile::compile(&[source], &ids).expect("sound").policy;
    let (snapshot, key) = (Snapshot::initial(&policy), b"+999555000002");
    let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
    let mut profile = new_profile(&policy, key).expect("a profile");
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let kind = policy.id::<EventId>("recharge_failed").expect("a kind");
    let failed = |number: u32| {
        let time_ms = 1_772_568_000_000 + 60_000 * i64::from(number);
        (time_ms, [Event { kind, time_ms, fields: &[] }])
    };
    let (now_ms, events) = failed(0);
    let mut message = Message {
        subscriber: key,
        session: b"session",
        number: 0,
        now_ms,
        zone: None,
        account: None,
        events: &events,
    };
    let bytes = ProfileBytes::in_place(&mut profile);
    decide(shared, bytes, &message, &Context::default(), &mut local).expect("a decision");
    let (now_ms, events) = failed(1);
    (message.number, message.now_ms, message.events) = (1, now_ms, &events);
    let explained =
        explain(shared, &profile, &message, &Context::default(), &local).expect("explained");
    assert_eq!(said, explained.to_json(&policy));
    for expected in [
        "\"text\": \"recharge_failures_1h >= 2\"",
        "\"verdict\": \"raised\"",
        "\"stage\": \"offered\"",
    ] {
        assert!(said.contains(expected), "no {expected} in\n{said}");
    }
}

/// Wrapping functions at link time is for GNU's linker and those that follow it.
#[cfg(target_os = "linux")]
#[test]
fn the_data_plane_allocates_nothing_and_needs_little_stack() {
    let wrap = "-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=posix_memalign";
    let Some(said) = output_of("tests/c/data_plane.c", &[wrap]) else { return };
    assert!(said.starts_with("0 allocations, "), "{said}");
}

#[test]
fn exported_symbols_are_those_on_the_list() {
    let Some(nm) = tool("NM", "nm") else { return };
    let output = run(Command::new(nm).arg("-g").arg(&library().archive));
    let listing = String::from_utf8_lossy(&output.stdout);
    let found: BTreeSet<&str> = listing
        .lines()
        .filter(|line| !line.contains(" U "))
        .filter_map(|line| line.split_whitespace().last())
        // Some systems put an underscore before every name of C.
        .map(|symbol| symbol.strip_prefix("_").unwrap_or(symbol))
        .filter(|symbol| symbol.starts_with("opportune_"))
        .collect();
    let list = fs::read_to_string(root().join("tests/c/symbols.txt")).expect("the list");
    let listed: BTreeSet<&str> = list.lines().collect();
    assert_eq!(found, listed, "exported is on the left, tests/c/symbols.txt on the right");
}

#[test]
fn every_export_is_guarded_and_tried_with_bad_input() {
    let tried = fs::read_to_string(root().join("tests/c/bad_input.c")).expect("the C test");
    let mut exports = BTreeSet::new();
    for entry in fs::read_dir(root().join("src/ffi")).expect("the room") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("source text");
        for item in text.split("#[unsafe(no_mangle)]\n").skip(1) {
            let signature = item.split(" fn ").nth(1).expect("a function");
            let name = signature.split('(').next().expect("a name").to_owned();
            let body = item.split_once(" {\n").expect("a body").1;
            let body = body.split("\n}\n").next().expect("an end").trim_start();
            // What gets no pointer and calls nothing has nothing to guard.
            let bare = !item.starts_with("pub unsafe");
            let frees = name.ends_with("_free") && body.contains("take_back(");
            let guarded = body.starts_with("guard(|| {");
            assert!(guarded || frees || bare, "{name} is not guarded");
            assert!(tried.contains(&format!("{name}(")), "bad_input.c does not try {name}");
            exports.insert(name);
        }
    }
    let list = fs::read_to_string(root().join("tests/c/symbols.txt")).expect("the list");
    assert_eq!(exports, list.lines().map(str::to_owned).collect());
}
