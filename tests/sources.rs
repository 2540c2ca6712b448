//! Policies of several files, in TOML and in JSON.

use opportune::compile::{Compiled, Diagnostics, Source, compile, includes};
use opportune::{OfferId, limits};

const BASE: &str = r#"
[policy]
name = "several"
version = 1
currency = "USD"
zones = ["America/New_York"]
[attributes.smart]
type = "bool"
[events.call_end]
charge = "money"
[features.calls]
count = "call_end"
[moments.call]
on = "call_end"
when = "calls > 1"
intent = "buy"
[channels.app]
[contact]
[[contact.caps]]
at_most = 5
within = "7d"
of = "all"
[issues.sales.groups.data]
"#;

const OFFER: &str = r#"{
  "offers": {
    "pass": {
      "group": "sales.data", "kind": "sale", "moments": ["call"], "value": "1.50",
      "eligible": "smart",
      "treatments": { "app": { "content": "pass", "propensity": 0.1 } }
    }
  }
}"#;

fn compiled(files: &[(&str, &str)]) -> Result<Compiled, Diagnostics> {
    let sources: Vec<Source<'_>> =
        files.iter().map(|(name, text)| Source { name, bytes: text.as_bytes() }).collect();
    compile(&sources, "")
}

fn good(files: &[(&str, &str)]) -> Compiled {
    compiled(files).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Code, file, line and message of every mistake.
fn mistakes(files: &[(&str, &str)]) -> Vec<(String, String, usize, String)> {
    let wrong = compiled(files).expect_err("a mistake");
    let row = |d: &opportune::compile::Diagnostic| {
        (d.code().to_string(), d.file().to_owned(), d.line(), d.message().to_owned())
    };
    wrong.iter().map(row).collect()
}

#[test]
fn files_make_one_policy() {
    let policy = good(&[("base.toml", BASE), ("offer.json", OFFER)]).policy;
    assert_eq!(policy.names::<OfferId>().count(), 1);
    // The order of files is the order of text: another policy, but as good.
    let other = good(&[("offer.json", OFFER), ("base.toml", BASE)]).policy;
    assert_ne!(policy.fingerprint(), other.fingerprint());
}

#[test]
fn what_any_file_may_add() {
    for added in [
        "[issues.sales.groups.voice]",
        "[channels.app]\ntext_max = 160",
        "[policy]\nlanguages = ['en']",
        "[offers.pass.treatments.app2]\ncontent = 'x'\npropensity = 0.5\n[channels.app2]",
        "[[contact.caps]]\nat_most = 1\nwithin = '1d'\nof = 'each offer'",
        "[segments.caller]\nwhen = 'calls > 10'",
    ] {
        let three = [("a.toml", BASE), ("b.json", OFFER), ("c.toml", added)];
        let first = good(&three).policy;
        assert_eq!(first.names::<OfferId>().count(), 1, "{added}");
        good(&[three[2], three[1], three[0]]);
    }
}

#[test]
fn a_name_is_defined_in_one_file() {
    for (again, path, place, line) in [
        ("[features.calls]\nsum = 'call_end.charge'", "features.calls", "base.toml line 11", 1),
        ("[events.call_end]\nminutes = 'double'", "events.call_end", "base.toml line 9", 1),
        ("\n[channels.app]", "channels.app", "base.toml line 17", 2),
        ("[channels.app]\ncost = '1'", "channels.app", "base.toml line 17", 1),
        ("[issues.sales.groups.data]", "issues.sales.groups.data", "base.toml line 23", 1),
        ("[policy]\nname = 'x'", "policy.name", "base.toml line 3", 2),
        ("[offers.pass]\nvalue = '1'", "offers.pass", "offer.json line 3", 1),
        (
            "[offers.pass.treatments.app]\nprior = 5",
            "offers.pass.treatments.app",
            "offer.json line 6",
            1,
        ),
        ("{\"features\": {\"calls\": 1}}", "features.calls", "base.toml line 11", 1),
    ] {
        let found = mistakes(&[("base.toml", BASE), ("offer.json", OFFER), ("again", again)]);
        let message = format!("`{path}` is defined already, in {place}");
        assert!(
            found.contains(&("OPP0306".into(), "again".into(), line, message)),
            "{again}: {found:?}"
        );
    }
}

#[test]
fn each_mistake_is_in_its_own_file() {
    let offer = OFFER.replace("\"smart\"", "\"sm\\u0061rt \\u0026& calls > 1.0\"");
    let base = BASE.replace("calls > 1", "cals > 1");
    let wrong = compiled(&[("base.toml", &base), ("offer.json", &offer)]).expect_err("mistakes");
    let places: Vec<_> = wrong.iter().map(|d| (d.file(), d.line(), d.column())).collect();
    assert_eq!(places, [("base.toml", 15, 9), ("offer.json", 5, 45)], "{wrong}");
}

#[test]
fn json_is_strict() {
    let with = |text: &str| OFFER.replace("\"sale\"", text);
    for (text, code) in [
        (with("\"sale\",").as_str(), "OPP0103"),
        (&with("'sale'"), "OPP0103"),
        (&with("\"sale\" // why"), "OPP0103"),
        (&OFFER[..OFFER.len() - 1], "OPP0103"),
        ("[]", "OPP0103"),
        ("", "OPP0103"),
        ("{} {}", "OPP0103"),
        (&with("null"), "OPP0303"),
        (&with("1"), "OPP0303"),
        (&with("\"sale\", \"kind\": \"tip\""), "OPP0306"),
        (&with("\"sale\", \"open\": 99999999999999999999"), "OPP0303"),
        (&with("\"sale\", \"lever\": 1e999"), "OPP0304"),
        (&with("\"sale\", \"lever\": 99999999999999999999"), "OPP0304"),
    ] {
        let found = mistakes(&[("base.toml", BASE), ("offer.json", text)]);
        assert_eq!(
            (found.len(), found[0].0.as_str(), found[0].1.as_str()),
            (1, code, "offer.json"),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn a_json_file_may_name_its_schema() {
    let named = OFFER.replacen('{', "{ \"$schema\": \"policy.schema.json\",", 1);
    let compiled = compiled(&[("base.toml", BASE), ("offer.json", &named)]);
    assert!(compiled.is_ok(), "{}", compiled.err().unwrap_or_default());
}

#[test]
fn money_and_minutes_do_not_mix() {
    for (rule, code) in [
        ("calls > 1 && charged > duration('1m')", "OPP0503"),
        ("charged + calls > 1", "OPP0503"),
        ("charged == calls", "OPP0503"),
        ("money(charged) > double(calls)", "OPP0503"),
    ] {
        let feature = "[features.charged]\nsum = 'call_end.charge'";
        let segment = format!("{feature}\n[segments.x]\nwhen = \"{rule}\"");
        let found = mistakes(&[("base.toml", BASE), ("offer.json", OFFER), ("x.toml", &segment)]);
        assert_eq!((found.len(), found[0].0.as_str()), (1, code), "{rule}: {found:?}");
    }
}

#[test]
fn includes_are_for_whoever_reads_files() {
    let text = format!("include = ['offers/*.toml', \"b.json\"]\n{BASE}");
    let source = Source { name: "a.toml", bytes: text.as_bytes() };
    let found = includes(&source).expect("plain paths");
    let patterns: Vec<_> = found.iter().map(|include| include.pattern()).collect();
    assert_eq!(patterns, ["offers/*.toml", "b.json"]);
    let wrong = found[1].error("no such file", None);
    let first = wrong.iter().next().expect("a mistake");
    assert_eq!((first.code().as_str(), first.line(), first.column()), ("OPP0104", 1, 29));
    // With the other files it compiles, without them it would be another policy than was meant.
    good(&[("a.toml", &text), ("b.json", OFFER)]);
    assert_eq!(mistakes(&[("a.toml", &text)])[0].0, "OPP0104");
    for bad in ["/etc/x", "../x", "a/../b", "a\\\\b", "c:x", "*/a", "", "./a", "a//b", "a/"] {
        let text = format!("include = \"{bad}\"");
        let wrong = includes(&Source { name: "a", bytes: text.as_bytes() }).expect_err(bad);
        assert_eq!(wrong.iter().next().expect("a mistake").code().as_str(), "OPP0104", "{bad}");
    }
}

#[test]
fn too_many_files_are_refused() {
    let names: Vec<String> = (0..=limits::SOURCES_MAX).map(|n| format!("{n}.toml")).collect();
    let sources: Vec<Source<'_>> = names.iter().map(|name| Source { name, bytes: b"" }).collect();
    let wrong = compile(&sources, "").expect_err("too many");
    assert_eq!(wrong.iter().next().expect("a mistake").code().as_str(), "OPP0601");
}

#[test]
fn bombs_of_depth_length_and_count_are_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[[", "]]"), ("{\"a\":[", "]}")] {
        for count in [600, 200_000] {
            let deep = format!("{}1{}", open.repeat(count), close.repeat(count));
            let found = mistakes(&[("x.json", &format!("{{\"a\":{deep}}}"))]);
            assert_eq!(found[0].0, "OPP0103");
            mistakes(&[("x.json", &open.repeat(count))]);
        }
    }
    for count in [100, 100_000] {
        let key = vec!["a"; count].join(".");
        mistakes(&[("x.toml", &format!("{key} = 1"))]);
        mistakes(&[("x.toml", &format!("[{key}]"))]);
        mistakes(&[("x.toml", &format!("[[{key}]]"))]);
    }
    // A name of a megabyte, a million names, a million mistakes.
    let long = "a".repeat(1_000_000);
    mistakes(&[("x.toml", BASE), ("y.toml", &format!("[features.{long}]\ncount = 'call_end'"))]);
    let many: String = (0..200_000).map(|n| format!("f{n} = {{ count = 'x' }}\n")).collect();
    let wrong = compiled(&[("x.toml", BASE), ("y.toml", &format!("[features]\n{many}"))]);
    assert!(wrong.expect_err("too many").iter().count() <= 1_000);
    let again: String = (0..200_000).map(|n| format!("\"{}\": 1,", n % 2)).collect();
    let wrong = compiled(&[("x.json", &format!("{{{again} \"z\": 1}}"))]);
    assert!(wrong.expect_err("too many").iter().count() <= 1_000);
}

#[test]
fn noise_that_looks_like_json_is_refused() {
    let tokens = ["{", "}", "[", "]", "\"a\"", ":", ",", "1", "null", "\\", "\n", "\u{e9}"];
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as usize
    };
    let soup: String = (0..5_000_000).map(|_| tokens[next() % tokens.len()]).collect();
    let flat: String = (0..2_000_000).map(|n| if n % 2 == 0 { "[1]," } else { "{}," }).collect();
    for text in [format!("{{{soup}"), format!("{{\"a\":[{soup}"), format!("{{\"a\":[{flat}1]}}")] {
        let found = mistakes(&[("noise", &text)]);
        assert!(found.len() <= 3, "{found:?}");
    }
}

#[test]
fn broken_json_never_panics() {
    for (end, _) in OFFER.char_indices() {
        let _ = compiled(&[("base.toml", BASE), ("offer.json", &OFFER[..end])]);
    }
    for value in
        ["1", "-1", "1.5", "\"\"", "[]", "{}", "[[]]", "null", "true", "\"\\ud83d\\ude00(\""]
    {
        for part in OFFER.split('"').filter(|part| !part.contains([':', ',', '\n'])) {
            let text = OFFER.replacen(&format!("\"{part}\""), value, 1);
            let _ = compiled(&[("base.toml", BASE), ("offer.json", &text)])
                .map_err(|wrong| wrong.to_string());
        }
    }
}
