//! `[contact]`: caps, quiet hours and suppression.

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::diagnostic::Code;
use super::model;
use super::scope::Directory;
use super::section::Section;
use super::source::Item;
use super::tree::Value;
use super::types::BOOL;
use crate::base::ids::IntentId;
use crate::base::limits::{CONTACT_RULES_MAX, CONTACTS_MAX, WINDOW_MS_MAX};
use crate::policy::{
    CalendarUnit, Cap, CapScope, KindSet, OfferKind, Period, QuietHours, Suppression,
};

/// Scopes that are one word.
pub(super) const CAP_SCOPES: [(&str, CapScope); 5] = [
    ("all", CapScope::All),
    ("each issue", CapScope::EachIssue),
    ("each group", CapScope::EachGroup),
    ("each offer", CapScope::EachOffer),
    ("each channel", CapScope::EachChannel),
];

impl Build<'_> {
    pub(super) fn contact(&mut self, root: &Section<'_>) {
        let Some(contact) = root.get("contact").and_then(|item| item.section(&model::CONTACT))
        else {
            return;
        };
        self.tables.contact.quiet = contact.get("quiet_hours").and_then(|item| quiet_hours(&item));
        if let Some(item) = contact.get("caps") {
            self.caps(&item);
        }
        self.pauses(&contact);
        let suppress = contact.get("suppress");
        for item in suppress.map_or_else(Vec::new, |item| rules(&item, "suppressions")) {
            let Some(section) = item.section(&model::SUPPRESS) else { continue };
            let period = self.period(&section);
            let when = section.get("when").and_then(|when| self.choice(Some(when), BOOL));
            let when = when.and_then(|when| self.within_period(&item, Some(when), period));
            let exempt = kinds(section.get("exempt"));
            let suppression = when.map(|when| Suppression { when, exempt });
            self.tables.contact.suppressions.extend(suppression);
        }
    }

    fn caps(&mut self, item: &Item<'_>) {
        let items = rules(item, "caps");
        let mut caps: Vec<(Cap, Item<'_>)> = Vec::new();
        for item in items {
            caps.extend(self.cap(&item).map(|cap| (cap, item)));
        }
        let sound = matches!(item.value, Value::List(list) if list.len() == caps.len());
        mandatory_first(item, &mut caps, sound);
        self.tables.contact.caps = caps.into_iter().map(|(cap, _)| cap).collect();
    }

    fn cap(&self, item: &Item<'_>) -> Option<Cap> {
        let section = item.section(&model::CAP)?;
        let limit =
            section.get("at_most").and_then(|item| item.integer_in(1..i64::from(u16::MAX) + 1));
        let window = match (section.get("within"), section.get("per")) {
            (Some(within), None) => window_ms(&within).map(|ms| (ms, None)),
            (None, Some(per)) => {
                let listed = CalendarUnit::LISTED.map(|(word, unit, ms)| (word, (ms, Some(unit))));
                per.choice(&listed)
            }
            _ => {
                item.error(Code::Conflict, "a cap has either `within` or `per`", None);
                None
            }
        };
        let scope = section.get("of").and_then(|of| self.cap_scope(&of));
        let exempt = kinds(section.get("exempt"));
        let period = self.period(&section);
        let (limit, (window_ms, per), scope) = (limit? as u16, window?, scope?);
        Some(Cap { scope, limit, window_ms, per, period, exempt })
    }

    /// An intent that some moment has.
    fn intent(&self, item: &Item<'_>) -> Option<IntentId> {
        let name = item.text()?;
        let known = self.ids.known(name);
        let found =
            known.filter(|id| self.tables.moments.iter().any(|moment| moment.intent == *id));
        if found.is_none() {
            item.error(Code::UnknownName, format!("no moment has the intent `{name}`"), None);
        }
        found
    }

    pub(super) fn cap_scope(&self, item: &Item<'_>) -> Option<CapScope> {
        if !item.is_table() {
            return item.choice(&CAP_SCOPES);
        }
        let section = item.section(&model::CAP_SCOPE)?;
        let entries = section.entries();
        let [of] = entries.as_slice() else {
            item.error(Code::Conflict, "a cap is of one thing", None);
            return None;
        };
        let find = |directory: &Directory| directory.find(of, of.text()?, of.name);
        match of.name {
            "channel" => find(&self.scope.channels).map(|at| CapScope::Channel(at as u16)),
            "issue" => find(&self.scope.issues).map(|at| CapScope::Issue(at as u16)),
            "group" => find(&self.scope.groups).map(|at| CapScope::Group(at as u16)),
            "offer" => find(&self.scope.offers).map(|at| CapScope::Offer(at as u32)),
            "intent" => self.intent(of).map(CapScope::Intent),
            "kind" => {
                of.choice(&OfferKind::ALL.map(|kind| (kind.word(), kind))).map(CapScope::Kind)
            }
            _ => None,
        }
    }
}

pub(super) fn rules<'s>(item: &Item<'s>, what: &str) -> Vec<Item<'s>> {
    let items = item.list().unwrap_or_default();
    if item.within(items.len(), CONTACT_RULES_MAX, what) { items } else { Vec::new() }
}

/// Puts the cap over all contacts with the longest window first, of those without dates: it bounds the log of contacts,
/// so that what the other caps need is always remembered. `sound`: all caps could be read.
fn mandatory_first(item: &Item<'_>, caps: &mut Vec<(Cap, Item<'_>)>, sound: bool) {
    let always =
        |cap: &Cap| cap.scope == CapScope::All && cap.period == Period::ALWAYS && cap.per.is_none();
    let over_all = caps.iter().enumerate().filter(|(_, (cap, _))| always(cap));
    let longest = over_all.rev().max_by_key(|(_, (cap, _))| cap.window_ms);
    let Some((position, _)) = longest else {
        if sound {
            let help = "add a cap with of = \"all\", such as at most 12 within 30d".to_string();
            let message = "there is no cap over all contacts that is always in force";
            item.error(Code::MandatoryCap, message, help);
        }
        return;
    };
    let mandatory = caps.remove(position);
    let (cap, cap_item) = &mandatory;
    if cap.exempt != KindSet::default() {
        let message = "the longest cap over all contacts must not exempt any";
        cap_item.error(Code::MandatoryCap, message, None);
    }
    cap_item.within(usize::from(cap.limit), CONTACTS_MAX, "contacts to remember");
    for (other, other_item) in caps.iter() {
        if other.window_ms > cap.window_ms {
            let message = "this cap looks further back than the longest cap over all contacts";
            let help = "contacts beyond that are not remembered: shorten it, or lengthen the other";
            other_item.error(Code::MandatoryCap, message, help.to_string());
        }
    }
    caps.insert(0, mandatory);
}

/// The length of a rolling window.
pub(super) fn window_ms(item: &Item<'_>) -> Option<i64> {
    item.duration_ms().filter(|ms| {
        let fits = (1..=WINDOW_MS_MAX).contains(ms);
        if !fits {
            item.error(Code::Limit, "it covers more than nothing and at most 90d", None);
        }
        fits
    })
}

fn quiet_hours(item: &Item<'_>) -> Option<QuietHours> {
    let section = item.section(&model::QUIET_HOURS)?;
    let from = section.get("from").and_then(|item| item.clock_ms());
    let until = section.get("until").and_then(|item| item.clock_ms());
    let exempt = kinds(section.get("exempt"));
    let (from_ms, until_ms) = (from?, until?);
    if from_ms == until_ms {
        item.error(Code::Value, "quiet hours begin and end at the same time", None);
    }
    Some(QuietHours { from_ms, until_ms, exempt })
}

/// A list of offer kinds; empty when absent.
pub(super) fn kinds(item: Option<Item<'_>>) -> KindSet {
    let choices = OfferKind::ALL.map(|kind| (kind.word(), kind));
    let items = item.and_then(|item| item.list()).unwrap_or_default();
    items.iter().filter_map(|item| item.choice(&choices)).collect()
}
