//! The command reads what a policy includes.

use std::path::PathBuf;
use std::process::Command;

/// A folder with these files, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Folder {
        let path = std::env::temp_dir().join(format!("opportune-{name}-{}", std::process::id()));
        let folder = Folder(path);
        for (name, text) in files {
            let file = folder.0.join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            std::fs::write(file, text).expect("a file");
        }
        folder
    }

    /// What `opportune check --write-ids` says of one of its files.
    fn check(&self, file: &str) -> Result<String, String> {
        self.run(&["check", "--write-ids", file])
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let done = Command::new(env!("CARGO_BIN_EXE_opportune"))
            .current_dir(&self.0)
            .args(arguments)
            .output()
            .expect("the command runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        if done.status.success() { Ok(text(done.stdout)) } else { Err(text(done.stderr)) }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const MAIN: &str = r#"
include = ["offers/*.toml", "facts.json"]
[policy]
name = "included"
version = 1
currency = "USD"
zones = ["UTC"]
[channels.app]
[contact]
[[contact.caps]]
at_most = 5
within = "7d"
of = "all"
[issues.sales.groups.data]
[moments.call]
on = "call_end"
when = "true"
intent = "buy"
"#;

const FACTS: &str =
    r#"{ "include": ["deep/er.toml"], "events": { "call_end": { "charge": "money" } } }"#;

fn offer(name: &str) -> String {
    format!(
        "[offers.{name}]\ngroup = 'sales.data'\nkind = 'sale'\nmoments = 'call'\nvalue = '1'\n\
         [offers.{name}.treatments.app]\ncontent = 'c'\npropensity = 0.1\n"
    )
}

#[test]
fn what_is_included_is_part_of_the_policy() {
    let (a, b) = (offer("a"), offer("b"));
    let files = [
        ("main.toml", MAIN),
        ("offers/a.toml", &a),
        ("offers/b.toml", &b),
        ("offers/notes.txt", "no policy"),
        ("facts.json", FACTS),
        // Asked for twice, read once.
        ("deep/er.toml", "include = 'more.toml'"),
        ("deep/more.toml", "[segments.all]\nwhen = 'true'"),
    ];
    let folder = Folder::new("parts", &files);
    let said = folder.check("main.toml").unwrap_or_else(|problem| panic!("{problem}"));
    assert!(said.contains("1 event kind, 1 attribute or feature, 1 moment, 2 offers"), "{said}");
}

#[test]
fn a_difference_is_of_all_files() {
    let (a, b) = (offer("a"), offer("b"));
    let facts = "{ \"events\": { \"call_end\": { \"charge\": \"money\" } } }";
    let main = MAIN.replace("include = [", "include = [\"more/*.toml\", ");
    let folder = Folder::new(
        "versions",
        &[
            ("old.toml", MAIN),
            ("new.toml", &main),
            ("offers/a.toml", &a),
            ("more/b.toml", &b),
            ("facts.json", facts),
        ],
    );
    let said = folder.run(&["diff", "old.toml", "new.toml"]).expect("a difference");
    assert!(said.contains("offer b"), "{said}");
    assert!(!said.contains("offer a"), "{said}");
    let wrong = folder.run(&["diff", "old.toml", "none.toml"]).expect_err("no such file");
    assert!(wrong.contains("none.toml"), "{wrong}");
}

#[test]
fn circles_and_files_that_are_not_there_are_mistakes() {
    for (facts, message) in [
        ("{\"include\": \"deep/er.toml\"}", ": deep/er.toml -> deep/er.toml"),
        ("{\"include\": \"*.toml\"}", ": main.toml -> facts.json -> main.toml"),
        ("{\"include\": \"nothing/*.toml\"}", "OPP0104"),
        ("{\"include\": \"deep/*.json\"}", "no file matches"),
        ("{\"include\": \"../main.toml\"}", "is not a plain relative path"),
        ("{\"include\": 1}", "expected text in quotes"),
        ("{", "not JSON"),
    ] {
        let a = offer("a");
        let files = [
            ("main.toml", MAIN),
            ("offers/a.toml", a.as_str()),
            ("facts.json", facts),
            ("deep/er.toml", "include = '*.toml'"),
        ];
        let folder = Folder::new("wrong", &files);
        let problem = folder.check("main.toml").expect_err(facts);
        assert!(problem.contains(message), "{facts}:\n{problem}");
        assert!(problem.contains("error[OPP0"), "{problem}");
        assert!(problem.contains("facts.json") || problem.contains("er.toml"), "{problem}");
    }
}
