//! The C library as a host builds it, and the system's C compiler.
#![allow(dead_code, reason = "each test program uses a part")]

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// What the build of the C library leaves behind.
pub struct Library {
    pub archive: PathBuf,
    pub header: PathBuf,
}

/// The static library, built by the command that `examples/c/README.md` gives, in a target folder
/// of its own: tests run under whatever features and profile, the library is always the released
/// one.
pub fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(root())
            .args(["rustc", "--lib", "--release", "--features", "capi"])
            .args(["--crate-type", "staticlib", "--message-format", "json-render-diagnostics"])
            .arg("--target-dir")
            .arg(work_folder().join("library"));
        let output = run(&mut cargo);
        let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
        let find = |kind: &str, key: &str| -> PathBuf {
            messages
                .lines()
                .filter(|line| line.contains(kind) && line.contains("\"path+file:"))
                .find_map(|line| line.split_once(key)?.1.split('"').next())
                .unwrap_or_else(|| panic!("cargo told of no {kind}"))
                .into()
        };
        Library {
            archive: find(r#""crate_types":["staticlib"]"#, r#""filenames":[""#),
            header: find(r#""build-script-executed""#, r#""out_dir":""#).join("opportune.h"),
        }
    })
}

/// The root of the package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where test programs go.
pub fn work_folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

/// A tool of the system, or none with a word on the terminal: without it a test cannot say
/// anything. `variable` may name another one, as for `make`.
pub fn tool(variable: &str, default: &str) -> Option<OsString> {
    let name = env::var_os(variable).unwrap_or_else(|| default.into());
    if Command::new(&name).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Some(name);
    }
    // Past the test harness, which shows what passing tests print to nobody.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: no {default} here; set {variable} or install it to run this test"
    );
    None
}

/// Compiles and links a C program below the root with all warnings as errors.
pub fn c_program(cc: &OsStr, source: &str, flags: &[&str]) -> PathBuf {
    let name = Path::new(source).file_stem().expect("a file name");
    let program = work_folder().join(name);
    run(Command::new(cc)
        .current_dir(root())
        .args(["-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Iinclude"])
        .arg(source)
        .arg(&library().archive)
        .args(["-lm", "-lpthread", "-ldl"])
        .args(flags)
        .arg("-o")
        .arg(&program));
    program
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
