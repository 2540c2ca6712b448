//! The header is the contract: it says what the sources say, in words for C, and every compiler
//! takes it.
#![cfg(unix)]

#[path = "support/c_library.rs"]
mod c_library;

use std::env;
use std::fs;
use std::process::Command;

use c_library::{library, root, run, tool, work_folder};

fn header() -> String {
    fs::read_to_string(root().join("include/opportune.h")).expect("include/opportune.h")
}

#[test]
fn the_checked_in_header_is_what_the_sources_say() {
    let generated = fs::read_to_string(&library().header).expect("the generated header");
    if env::var_os("OPPORTUNE_UPDATE").is_some() {
        fs::write(root().join("include/opportune.h"), &generated).expect("a writable header");
    }
    assert!(
        header() == generated,
        "include/opportune.h is not what src/ffi says; to accept the difference run\n\
         OPPORTUNE_UPDATE=1 cargo test --test header\n\
         and compare it with {}",
        library().header.display()
    );
}

#[test]
fn its_version_is_the_package_version() {
    let part = |text: &str| -> u32 { text.parse().expect("a number") };
    let (major, minor, patch) = (
        part(env!("CARGO_PKG_VERSION_MAJOR")),
        part(env!("CARGO_PKG_VERSION_MINOR")),
        part(env!("CARGO_PKG_VERSION_PATCH")),
    );
    let header = header();
    for line in [
        format!("#define OPPORTUNE_VERSION \"{}\"", env!("CARGO_PKG_VERSION")),
        format!("#define OPPORTUNE_VERSION_MAJOR {major}"),
        format!("#define OPPORTUNE_VERSION_MINOR {minor}"),
        format!("#define OPPORTUNE_VERSION_PATCH {patch}"),
        format!("#define OPPORTUNE_VERSION_NUMBER {}", major * 1_000_000 + minor * 1_000 + patch),
    ] {
        assert!(header.lines().any(|found| found == line), "no line {line}");
    }
}

#[test]
fn it_speaks_of_c_only() {
    let header = header();
    for word in ["# Safety", "# Errors", "Option<", "Result<", "&mut", "`", "[`", "::"] {
        assert!(!header.contains(word), "{word:?} in the header");
    }
}

#[test]
fn every_function_says_who_may_call_it_and_whether_it_allocates() {
    let header = header();
    for text in header.split("/**").skip(1) {
        let Some((comment, code)) = text.split_once("*/") else { continue };
        let Some(name) = code.trim_start().split('(').next().filter(|_| code.contains(");")) else {
            continue;
        };
        if !name.starts_with("opportune_status opportune_") {
            continue;
        }
        let words = comment.replace("\n *", "");
        let refers = words.contains("as for opportune_decide.");
        let allocation = words.contains("llocate");
        let threads = words.contains("hread");
        assert!(refers || (allocation && threads), "{name} does not say");
    }
}

#[test]
fn every_compiler_takes_it_alone() {
    let alone = work_folder().join("alone.c");
    fs::write(&alone, "#include \"opportune.h\"\n").expect("a writable folder");
    let check = |compiler: &str, default: &str, language: &str, standard: &str, source: &str| {
        let Some(compiler) = tool(compiler, default) else { return };
        run(Command::new(compiler)
            .current_dir(root())
            .args(["-x", language, &format!("-std={standard}")])
            .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-empty-translation-unit"])
            .args(["-Iinclude", "-fsyntax-only", source]));
    };
    let alone = alone.to_str().expect("a path in UTF-8");
    for standard in ["c99", "c11", "c17"] {
        check("CC", "cc", "c", standard, alone);
    }
    for standard in ["c++11", "c++17", "c++20"] {
        check("CXX", "c++", "c++", standard, alone);
    }
    check("CC", "cc", "c", "c11", "tests/c/layout.c");
}
