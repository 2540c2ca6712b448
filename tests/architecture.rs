//! The house keeps its shape: arrows between the rooms of `src/` point downwards, rooms are
//! entered by their face, and what the core promises not to use is not there.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from the ground up. A room may name those before it.
const ROOMS: [&str; 15] = [
    "error",
    "base",
    "expr",
    "policy",
    "snapshot",
    "model",
    "profile",
    "moment",
    "decision",
    "call",
    "record",
    "learning",
    "certificate",
    "portable",
    "ffi",
];

/// Beside the tower: stands on `policy`, and only `lib.rs`, `ffi` and the command may enter.
const SIDE_ROOM: &str = "compile";
const SIDE_ROOM_STANDS_ON: [&str; 4] = ["error", "base", "expr", "policy"];
const SIDE_ROOM_VISITORS: [&str; 3] = ["lib", "ffi", "bin"];

struct File {
    path: PathBuf,
    room: String,
    /// Without comments, and without the tests at the end.
    code: String,
}

fn files() -> Vec<File> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("folder of sources") {
            let path = entry.expect("entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&source).expect("below src");
                let first = inside.components().next().expect("a name").as_os_str();
                let room = first.to_string_lossy().trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).expect("source text");
                found.push(File { path, room, code: code_of(&text) });
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// The paths below `crate::` that a file names: `crate::policy::header` is `policy::header`.
fn paths(code: &str) -> Vec<String> {
    let word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with('$'))
        .map(|(at, prefix)| code[at + prefix.len()..].chars().take_while(|c| word(*c)).collect())
        .collect()
}

#[test]
fn arrows_point_downwards() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.room != "lib" && file.room != "bin") {
        for path in paths(&file.code) {
            let target = path.split("::").next().unwrap_or("").to_owned();
            let rank = |room: &str| ROOMS.iter().position(|r| *r == room);
            let allowed = target == file.room
                || match (rank(&file.room), rank(&target)) {
                    (Some(from), Some(to)) => to < from,
                    (None, Some(_)) if file.room == SIDE_ROOM => {
                        SIDE_ROOM_STANDS_ON.contains(&target.as_str())
                    }
                    (_, None) if target == SIDE_ROOM => {
                        SIDE_ROOM_VISITORS.contains(&file.room.as_str())
                    }
                    // The crate's own face may be named in documentation and by `ffi`.
                    (Some(_), None) => file.room == "ffi",
                    _ => false,
                };
            if !allowed {
                wrong.push(format!("{}: crate::{path}", file.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point upwards:\n{}", wrong.join("\n"));
}

/// A file of a room is private to it, so the compiler keeps others out. The ground floor has no
/// face: its files are what it offers.
#[test]
fn rooms_are_entered_by_their_face() {
    for file in files().iter().filter(|file| file.room != "base" && file.path.ends_with("mod.rs")) {
        let public = file
            .code
            .lines()
            .find(|line| line.starts_with("pub") && line.contains(" mod ") && line.ends_with(';'));
        assert_eq!(public, None, "in {}", file.path.display());
    }
}

#[test]
fn unsafe_stays_where_it_belongs() {
    for file in files() {
        let word = file.code.split(|c: char| !c.is_alphanumeric() && c != '_');
        let found = word.into_iter().any(|word| word == "unsafe");
        let allowed = file.room == "ffi" || file.path.ends_with("base/simd.rs");
        assert!(!found || allowed, "unsafe in {}", file.path.display());
    }
}

#[test]
fn the_core_names_no_standard_library() {
    let with_std = ["lib", "bin", "ffi", SIDE_ROOM];
    for file in files().iter().filter(|file| !with_std.contains(&file.room.as_str())) {
        assert!(!file.code.contains("std::"), "std in {}", file.path.display());
        assert!(!file.code.contains("println!"), "printing in {}", file.path.display());
    }
}

#[test]
fn the_library_does_no_input_or_output() {
    let forbidden = ["std::fs", "std::net", "std::env", "std::thread", "std::time", "std::process"];
    for file in files().iter().filter(|file| file.room != "bin") {
        for name in forbidden {
            assert!(!file.code.contains(name), "{name} in {}", file.path.display());
        }
    }
}

#[test]
fn maps_with_a_random_seed_are_only_looked_up() {
    for file in files() {
        let allowed =
            file.path.ends_with("policy/names.rs") || file.room == SIDE_ROOM || file.room == "bin";
        let found = file.code.contains("HashMap") || file.code.contains("HashSet");
        assert!(!found || allowed, "a hash map in {}", file.path.display());
    }
}

#[test]
fn files_are_a_pleasure_to_read() {
    for file in files() {
        let lines = file.code.lines().count();
        assert!(lines <= 450, "{} has {lines} lines before its tests", file.path.display());
    }
}
