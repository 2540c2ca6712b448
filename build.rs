//! Generates the C header under the feature `capi`, for `tests/header.rs` to compare with the one
//! that is checked in.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "capi")]
    header::generate();
}

#[cfg(feature = "capi")]
mod header {
    use std::env;
    use std::path::Path;

    use cbindgen::{Builder, Config};

    /// The files with exported items, in the order in which a reader of the header meets them.
    const SOURCES: [&str; 19] = [
        "version",
        "status",
        "handles",
        "value",
        "message",
        "context",
        "stage",
        "decision",
        "policy",
        "source",
        "snapshot",
        "switches",
        "local",
        "profile",
        "decide",
        "explain",
        "outcome",
        "open_offers",
        "portable",
    ];

    pub(super) fn generate() {
        println!("cargo::rerun-if-changed=src/ffi");
        println!("cargo::rerun-if-changed=cbindgen.toml");
        let root = variable("CARGO_MANIFEST_DIR");
        let out = Path::new(&variable("OUT_DIR")).join("opportune.h");

        let mut config = Config::from_file(Path::new(&root).join("cbindgen.toml"))
            .expect("cbindgen.toml is a configuration");
        config.after_includes = Some(version_macros());
        SOURCES
            .iter()
            .fold(Builder::new().with_config(config), |builder, source| {
                builder.with_src(Path::new(&root).join(format!("src/ffi/{source}.rs")))
            })
            .generate()
            .expect("src/ffi can be put into C")
            .write_to_file(out);
    }

    /// The header's version, from Cargo.toml's.
    fn version_macros() -> String {
        let part = |name: &str| -> u32 {
            variable(&format!("CARGO_PKG_VERSION_{name}")).parse().expect("a number")
        };
        let (major, minor, patch) = (part("MAJOR"), part("MINOR"), part("PATCH"));
        let number = major * 1_000_000 + minor * 1_000 + patch;
        format!(
            r#"
/** The version of this header; opportune_version_number is the library's. */
#define OPPORTUNE_VERSION_MAJOR {major}
#define OPPORTUNE_VERSION_MINOR {minor}
#define OPPORTUNE_VERSION_PATCH {patch}
#define OPPORTUNE_VERSION_NUMBER {number}
#define OPPORTUNE_VERSION "{}""#,
            variable("CARGO_PKG_VERSION")
        )
    }

    fn variable(name: &str) -> String {
        env::var(name).expect("cargo sets it")
    }
}
