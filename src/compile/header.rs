//! `[policy]` and `[control]`: what holds for the whole policy.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::Build;
use super::content;
use super::diagnostic::Code;
use super::model;
use super::section::Section;
use super::source::Item;
use crate::base::bucket::BUCKETS;
use crate::base::hash::hash_bytes;
use crate::base::limits::{EXPLORATION_TOP_MAX, KEY_BYTES_MAX, ZONES_MAX};
use crate::policy::{Control, Exploration};

/// What later sections need of `[policy]`.
#[derive(Default)]
pub(super) struct Header<'a> {
    /// Zone names in order, each once.
    pub(super) zones: Vec<Item<'a>>,
    pub(super) zone_from: Option<Item<'a>>,
    /// The languages that texts must be in; empty when the policy does not say.
    pub(super) languages: Vec<&'a str>,
}

impl Build<'_> {
    pub(super) fn header<'s>(&mut self, root: &Section<'s>) -> Header<'s> {
        let Some(policy) = root.get("policy").and_then(|item| item.section(&model::POLICY)) else {
            return Header::default();
        };
        if let Some(name) = policy.get("name").and_then(|item| named(&item)) {
            self.tables.salt = hash_bytes(0, name.as_bytes());
            self.tables.name = name;
        }
        if let Some(salt) = policy.get("salt").and_then(|item| item.text()) {
            self.tables.salt = hash_bytes(0, salt.as_bytes());
        }
        let version =
            policy.get("version").and_then(|item| item.integer_in(1..i64::from(u32::MAX) + 1));
        self.tables.version = version.unwrap_or(0) as u32;
        if let Some(currency) = policy.get("currency").and_then(|item| currency(&item)) {
            self.tables.currency = currency;
        }
        let score_min = policy.get("score_min").and_then(|item| item.money());
        self.tables.score_micros_min = score_min.unwrap_or(0) as f64;
        self.tables.exploration = exploration(policy.get("explore"));
        let zones = policy.get("zones").and_then(|item| zone_names(&item));
        let zones = zones.unwrap_or_default();
        self.scope.default_zone =
            zones.first().and_then(Item::as_text).and_then(super::zones::by_name);
        self.test_subscribers(policy.get("test_subscribers"));
        let languages = content::languages(policy.get("languages"));
        Header { zones, zone_from: policy.get("zone_from"), languages }
    }

    /// Keys of subscribers, kept as profiles keep them: by their hash.
    fn test_subscribers(&mut self, item: Option<Item<'_>>) {
        let items = item.and_then(|item| item.list()).unwrap_or_default();
        let mut hashes = Vec::new();
        for item in &items {
            let Some(key) = item.text() else { continue };
            if key.is_empty() || key.len() > KEY_BYTES_MAX {
                let message = format!("a subscriber's key has 1 to {KEY_BYTES_MAX} bytes");
                item.error(Code::Value, message, None);
            } else {
                hashes.push(hash_bytes(self.tables.salt, key.as_bytes()).max(1));
            }
        }
        hashes.sort_unstable();
        self.tables.test_subscribers = hashes;
    }

    pub(super) fn control(&mut self, root: &Section<'_>) {
        let Some(control) = root.get("control").and_then(|item| item.section(&model::CONTROL))
        else {
            return;
        };
        let share = control.get("share").and_then(|item| item.share()).unwrap_or(0.0);
        let seed = control.get("seed").and_then(|item| item.text()).unwrap_or_default();
        self.tables.control = Control {
            seed: seed.into(),
            buckets: libm::rint(share * f64::from(BUCKETS)) as u32,
            exempt: super::contact::kinds(control.get("exempt")),
        };
    }
}

fn named(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    if text.is_empty() {
        item.error(Code::Value, "name is empty", None);
        return None;
    }
    Some(text.into())
}

fn currency(item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    if text.len() != 3 || !text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        item.error(Code::Value, format!("`{text}` is not a code of ISO 4217 such as USD"), None);
        return None;
    }
    Some(text.into())
}

fn exploration(item: Option<Item<'_>>) -> Exploration {
    let Some(section) = item.and_then(|item| item.section(&model::EXPLORE)) else {
        return Exploration { epsilon: 0.0, top: 1 };
    };
    let epsilon = section.get("epsilon").and_then(|item| item.share());
    let limit = EXPLORATION_TOP_MAX as i64 + 1;
    let top = section.get("top").and_then(|item| item.integer_in(1..limit));
    Exploration { epsilon: epsilon.unwrap_or(0.0), top: top.unwrap_or(1) as u8 }
}

fn zone_names<'s>(item: &Item<'s>) -> Option<Vec<Item<'s>>> {
    let mut names: Vec<Item<'s>> = Vec::new();
    for name in item.one_or_more()? {
        let Some(text) = name.text() else { continue };
        if names.iter().any(|known| known.as_text() == Some(text)) {
            name.error(Code::Duplicate, format!("zone `{text}` is given twice"), None);
        } else {
            names.push(name);
        }
    }
    item.within(names.len(), ZONES_MAX, "zones").then_some(names)
}
