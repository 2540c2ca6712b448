//! A small policy that tests change section by section.
#![allow(dead_code, reason = "each test program uses a part")]

use opportune::compile::{Diagnostics, Source, compile};

/// A policy without any mistake. Examples replace the sections that they show.
pub const SAMPLE: &str = r#"
[policy]
name = "sample"
version = 1
currency = "USD"
zones = ["UTC"]

[attributes.tariff]
type = "enum"
values = ["basic", "gold"]

[attributes.consent]
type = "bool"

[events.recharge]
amount = "money"

[features.recharged]
sum = "recharge.amount"
window = "24h"

[moments.thanks]
on = "recharge"
when = "event.amount >= 10.00"
intent = "do"

[channels.sms]
consent = "consent"

[contact]

[[contact.caps]]
at_most = 12
within = "30d"
of = "all"

[issues.sales]
goal = "recharged"

[issues.sales.groups.data]
eligible = "tariff == 'gold'"

[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.50"

[offers.pass.treatments.sms]
content = "pass_sms"
propensity = 0.05
"#;

/// The sections of a text, each with its heading.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for line in text.trim().lines() {
        if line.starts_with('[') {
            found.push((line, String::new()));
        }
        let (_, section) = found.last_mut().expect("a heading comes first");
        section.push_str(line);
        section.push('\n');
    }
    found
}

/// The sample with the sections of an example in the places of those with the same headings, and
/// the others after them.
pub fn with(example: &str) -> String {
    let mut shown = sections(example);
    let mut text = String::new();
    for (heading, section) in sections(SAMPLE) {
        let (alike, others): (Vec<_>, Vec<_>) =
            shown.into_iter().partition(|(other, _)| *other == heading);
        match alike.as_slice() {
            [] => text.push_str(&section),
            alike => text.extend(alike.iter().map(|(_, section)| section.as_str())),
        }
        shown = others;
    }
    text.extend(shown.iter().map(|(_, section)| section.as_str()));
    text
}

pub fn diagnostics(files: &[&[u8]], ids: &str) -> Diagnostics {
    let sources: Vec<Source> =
        files.iter().map(|bytes| Source { name: "policy.toml", bytes }).collect();
    match compile(&sources, ids) {
        Ok(compiled) => compiled.warnings,
        Err(diagnostics) => diagnostics,
    }
}
