//! `events.toml`: the kinds of event that policies include.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use opportune::EventId;
use toml::{Table, Value};

/// A policy that uses none of the kinds.
const POLICY: &str = r#"
[policy]
name = "includes"
version = 1
currency = "USD"
zones = ["UTC"]
[attributes]
tariff = { type = "enum", values = ["small", "large"], export = true }
device = { type = "enum", values = ["phone"], export = true }
[moments.hello]
on = "tick"
when = "true"
intent = "know"
[channels.sms]
consent = true
[contact]
caps = [{ at_most = 1, within = "1d", of = "all" }]
[issues.care.groups.tips]
[offers.tip]
group = "care.tips"
kind = "tip"
moments = "hello"
value = "0.10"
treatments.sms = { content = "tip", propensity = 0.1 }
"#;

fn kinds() -> Table {
    let file: Table = support::shipped_text("events").parse().expect("TOML");
    file["events"].as_table().expect("events").clone()
}

/// Lines of a table of ids that number something.
fn lines(ids: &str) -> impl Iterator<Item = &str> {
    ids.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[test]
fn kinds_that_nothing_uses_do_no_harm() {
    let files = [
        ("policy.toml".to_owned(), POLICY.to_owned()),
        ("events.toml".to_owned(), support::shipped_text("events")),
    ];
    let ids = support::shipped_ids("events");
    let compiled = support::compiled(&files, &ids);
    assert!(compiled.warnings.is_empty(), "{}", compiled.warnings);
    assert_eq!(compiled.policy.names::<EventId>().count(), kinds().len());
    // The table has every number of the file, and the policy's own come after.
    let new: Vec<&str> = lines(&compiled.ids).skip(lines(&ids).count()).collect();
    let own = |line: &&str| !line.starts_with("event ") && !line.starts_with("field ");
    assert!(new.iter().all(own), "without a number in events.ids: {new:?}");
    let members = new.iter().filter(|line| line.starts_with("member "));
    let of_policy =
        |line: &&str| ["tariff.", "device.", "zone."].iter().any(|of| line.contains(of));
    assert!(members.clone().all(of_policy), "without a number in events.ids: {new:?}");
}

/// Code that holds numbers as constants works with every policy.
#[test]
fn the_ready_policy_has_the_same_numbers() {
    let ready = support::shipped_ids("ready");
    let ready: BTreeSet<&str> = lines(&ready).collect();
    let ids = support::shipped_ids("events");
    for line in lines(&ids) {
        assert!(ready.contains(line), "ready.ids has no line `{line}`");
    }
    // Nothing but what the file declares.
    let names: BTreeSet<String> = kinds()
        .iter()
        .flat_map(|(kind, fields)| {
            let fields = fields.as_table().expect("fields").clone().into_iter();
            fields.flat_map(move |(field, ty)| names_of_field(kind, &field, &ty))
        })
        .chain(kinds().keys().map(|kind| format!("event {kind}")))
        .collect();
    let numbered: BTreeSet<String> = lines(&ids)
        .map(|line| {
            let mut words = line.splitn(3, ' ');
            let (word, _, name) = (words.next(), words.next(), words.next());
            format!("{} {}", word.unwrap_or_default(), name.unwrap_or_default())
        })
        .collect();
    assert_eq!(names, numbered);
}

fn names_of_field(kind: &str, field: &str, ty: &Value) -> Vec<String> {
    let values = ty.get("values").and_then(Value::as_array);
    let members = values
        .into_iter()
        .flatten()
        .map(|member| format!("member {kind}.{field}.{}", member.as_str().expect("a member")));
    members.chain([format!("field {kind}.{field}")]).collect()
}

/// Each kind has a row in the documentation, with its fields and their members; each row is a kind.
#[test]
fn the_documentation_has_every_kind() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/events.md");
    let text = std::fs::read_to_string(path).expect("docs/events.md");
    let (text, _) = text.split_once("\n# From Diameter Gy\n").expect("mappings come last");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let kinds = kinds();
    assert_eq!(rows.len(), kinds.len());
    for row in rows {
        let mut cells = row.split('|').skip(1);
        let kind = cells.next().and_then(|cell| cell.split('`').nth(1)).expect("a kind");
        let fields = cells.next().expect("fields");
        let declared = kinds[kind].as_table().expect("fields");
        let shown: BTreeSet<&str> = fields.split('`').skip(1).step_by(2).collect();
        assert_eq!(shown, declared.keys().map(String::as_str).collect(), "{kind}");
        for (name, ty) in declared {
            if let Some(values) = ty.get("values").and_then(Value::as_array) {
                let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
                let list = format!("`{name}` ({})", values.join(", "));
                assert!(fields.contains(&list), "{kind}: {list}");
            }
        }
    }
}
