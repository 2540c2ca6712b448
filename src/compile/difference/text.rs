//! The text of a policy as a list of things with keys, which two versions are compared by.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::base::money::parse_micros;
use crate::compile::literal;
use crate::compile::section::Section;
use crate::compile::source::Item;

/// Something that a policy declares.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    /// What it is: `offer`, `cap`.
    pub(super) what: String,
    /// Its name; caps and suppressions, which have none, are known by what they are about.
    pub(super) name: String,
    /// What it belongs to: comes and goes with it.
    pub(super) owner: Option<String>,
    /// Keys with their values as written.
    pub(super) keys: Vec<(String, String)>,
}

impl Thing {
    /// Its name for people. Of several caps about the same, the time tells which.
    pub(super) fn label(&self) -> String {
        match self.get("within").filter(|_| self.what == "cap") {
            Some(within) => format!("{} within {within}", self.name),
            None => self.name.clone(),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// Sections that are one thing each.
const SINGLE: [&str; 2] = ["policy", "control"];

/// Everything that a policy declares, in the order of its text.
pub(super) fn things(root: &Section<'_>) -> Vec<Thing> {
    let mut found = Vec::new();
    for section in root.entries() {
        match section.name {
            name if SINGLE.contains(&name) => found.push(thing(name, "", &section, &[])),
            "contact" => contact(&section, &mut found),
            "issues" => nested(&section, ("issue", "groups", "group"), &mut found),
            "lifecycles" => lifecycles(&section, &mut found),
            "offers" => nested(&section, ("offer", "treatments", "treatment"), &mut found),
            name => {
                let what = name.strip_suffix('s').unwrap_or(name);
                found.extend(entries(&section).map(|item| thing(what, item.name, &item, &[])));
            }
        }
    }
    found
}

fn entries<'a>(item: &Item<'a>) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let open = item.is_table().then(|| item.open_section()).flatten();
    open.map_or_else(Vec::new, |section| section.entries()).into_iter()
}

/// Things that hold other things under one of their keys.
fn nested(section: &Item<'_>, (what, key, inner): (&str, &str, &str), found: &mut Vec<Thing>) {
    for item in entries(section) {
        found.push(thing(what, item.name, &item, &[key]));
        for part in entries(&item).filter(|entry| entry.name == key) {
            for entry in entries(&part) {
                let name = format!("{}.{}", item.name, entry.name);
                let owner = Some(format!("{what} {}", item.name));
                found.push(Thing { owner, ..thing(inner, &name, &entry, &[]) });
            }
        }
    }
}

/// Transitions have no names of their own: they are known by where they lead.
fn lifecycles(section: &Item<'_>, found: &mut Vec<Thing>) {
    for item in entries(section) {
        found.push(thing("lifecycle", item.name, &item, &["transitions"]));
        for list in entries(&item).filter(|entry| entry.name == "transitions") {
            for transition in list.list().unwrap_or_default() {
                let transition = thing("transition", "", &transition, &[]);
                let end = |key| transition.get(key).unwrap_or_default();
                let name = format!("{} from {} to {}", item.name, end("from"), end("to"));
                let owner = Some(format!("lifecycle {}", item.name));
                found.push(Thing { name, owner, ..transition });
            }
        }
    }
}

fn contact(section: &Item<'_>, found: &mut Vec<Thing>) {
    for item in entries(section) {
        match item.name {
            "caps" => found.extend(item.list().unwrap_or_default().iter().map(|cap| {
                let cap = thing("cap", "", cap, &[]);
                let of = cap.keys.iter().find(|(key, _)| key == "of" || key.starts_with("of."));
                let name = of.map_or(String::new(), |(key, value)| match key.strip_prefix("of.") {
                    Some(scope) => format!("of {scope} {value}"),
                    None => format!("of {value}"),
                });
                Thing { name, ..cap }
            })),
            "suppress" => found.extend(item.list().unwrap_or_default().iter().map(|rule| {
                let rule = thing("suppression", "", rule, &[]);
                Thing { name: format!("when {}", rule.get("when").unwrap_or_default()), ..rule }
            })),
            other => found.push(thing(&other.replace('_', " "), "", &item, &[])),
        }
    }
}

fn thing(what: &str, name: &str, item: &Item<'_>, without: &[&str]) -> Thing {
    let mut keys = Vec::new();
    if item.is_table() {
        let inner = entries(item).filter(|entry| !without.contains(&entry.name));
        inner.for_each(|entry| flatten(&entry, "", &mut keys));
    } else {
        keys.push(("value".into(), written(item)));
    }
    Thing { what: what.into(), name: name.into(), owner: None, keys }
}

/// Values with the path of their keys.
fn flatten(item: &Item<'_>, above: &str, keys: &mut Vec<(String, String)>) {
    let path =
        if above.is_empty() { item.name.to_string() } else { format!("{above}.{}", item.name) };
    if item.is_table() {
        entries(item).for_each(|entry| flatten(&entry, &path, keys));
    } else {
        keys.push((path, written(item)));
    }
}

/// A value as people write it, without quotes and line ends.
fn written(item: &Item<'_>) -> String {
    if let Some(text) = item.as_text() {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    if item.is_list() {
        let items = item.list().unwrap_or_default();
        return items.iter().map(written).collect::<Vec<_>>().join(", ");
    }
    item.report.file().text().get(item.span.clone()).unwrap_or_default().to_string()
}

/// Whether two values mean the same, however they are written: 1.5 and 1.50, 24h and 1d.
pub(super) fn same(old: &str, new: &str) -> bool {
    fn equal<T: PartialEq>(read: impl Fn(&str) -> Option<T>, old: &str, new: &str) -> bool {
        read(old).is_some_and(|value| read(new) == Some(value))
    }
    old == new
        || equal(parse_micros, old, new)
        || equal(literal::duration_ms, old, new)
        || equal(|text| text.parse::<f64>().ok(), old, new)
}
