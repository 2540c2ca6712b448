//! Contact caps that can never bind.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Analysis;
use crate::base::civil::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::compile::diagnostic::Code;
use crate::compile::source::Item;
use crate::policy::{CalendarUnit, Cap, CapScope, KindSet, Offer, OfferKind, Treatment};

impl<'a> Analysis<'a> {
    pub(super) fn caps(&self) {
        let caps = &self.policy.tables.contact.caps;
        let items = self.cap_items();
        for (position, (cap, item)) in caps.iter().zip(&items).enumerate() {
            if let Some(reason) = self.uncounted(cap) {
                item.error(Code::IdleCap, format!("this cap can never bind: {reason}"), None);
                continue;
            }
            // Of two that bind alike the later is superfluous.
            let tighter = caps.iter().enumerate().find(|(other, tighter)| {
                *other != position
                    && self.implies(tighter, cap)
                    && (*other < position || !self.implies(cap, tighter))
            });
            if let Some((other, tighter)) = tighter {
                let by = self.words(tighter);
                let message = format!("this cap can never bind: {by} always binds first");
                let help = match position {
                    // The profile keeps as many contacts as this cap allows.
                    0 => {
                        let most = within(tighter, cap.window_ms);
                        format!(
                            "it must be there, but at_most = {most} says the same and makes profiles smaller"
                        )
                    }
                    _ => format!("remove it, or make it tighter than {}", items[other].path),
                };
                item.error(Code::IdleCap, message, help);
            }
        }
    }

    /// The caps of the text in the order of the tables, which have the mandatory one first.
    fn cap_items(&self) -> Vec<Item<'a>> {
        let caps = self.item(&["contact", "caps"]);
        let mut items = caps.and_then(|item| item.list()).unwrap_or_default();
        let longest = self.policy.tables.contact.caps.first().map(|cap| cap.window_ms);
        let mandatory = items.iter().position(|item| {
            let section = item.open_section();
            let get = |key: &str| section.as_ref().and_then(|section| section.get(key));
            ["from", "until", "per"].into_iter().all(|date| get(date).is_none())
                && get("of").and_then(|of| of.as_text()) == Some("all")
                && get("within").and_then(|within| within.duration_ms()) == longest
        });
        if let Some(position) = mandatory {
            items[..=position].rotate_right(1);
        }
        items
    }

    /// Why no contact counts for a cap.
    fn uncounted(&self, cap: &Cap) -> Option<&'static str> {
        let mut counted = self.contacts(cap.scope).peekable();
        if counted.peek().is_none() {
            return Some("there is nothing that it counts");
        }
        let exempt = counted.all(|(offer, _)| cap.exempt.contains(offer.kind));
        exempt.then_some("it exempts every kind of offer that it would count")
    }

    /// The offers and treatments that a cap is about.
    fn contacts(&self, scope: CapScope) -> impl Iterator<Item = (&'a Offer, &'a Treatment)> {
        let tables = &self.policy.tables;
        let pairs = tables.treatments.iter().map(|t| (&tables.offers[t.offer as usize], t));
        pairs.filter(move |(offer, treatment)| match scope {
            CapScope::All
            | CapScope::EachOffer
            | CapScope::EachIssue
            | CapScope::EachGroup
            | CapScope::EachChannel
            | CapScope::Intent(_) => true,
            CapScope::Kind(kind) => offer.kind == kind,
            CapScope::Issue(issue) => tables.groups[usize::from(offer.group)].issue == issue,
            CapScope::Group(group) => offer.group == group,
            CapScope::Offer(capped) => treatment.offer == capped,
            CapScope::Channel(channel) => treatment.channel == channel,
        })
    }

    /// Whether a cap stops every contact that another would stop: it counts all that the other
    /// counts, and within the other's window it lets no more through.
    fn implies(&self, tighter: &Cap, cap: &Cap) -> bool {
        self.covers(tighter.scope, cap.scope)
            && tighter.period.covers(cap.period)
            && is_within(tighter.exempt, cap.exempt)
            && match tighter.per {
                None => within(tighter, cap.window_ms) <= i64::from(cap.limit),
                per => per == cap.per && tighter.limit <= cap.limit,
            }
    }

    /// Whether everything that one scope counts together, the other counts together too.
    fn covers(&self, wide: CapScope, narrow: CapScope) -> bool {
        let tables = &self.policy.tables;
        let issue_of = |group: u16| tables.groups[usize::from(group)].issue;
        let group_of = |offer: u32| tables.offers[offer as usize].group;
        match (wide, narrow) {
            (CapScope::All, _) => true,
            (CapScope::EachOffer, CapScope::Offer(_))
            | (
                CapScope::EachGroup,
                CapScope::Group(_) | CapScope::Offer(_) | CapScope::EachOffer,
            )
            | (CapScope::EachIssue, CapScope::Issue(_) | CapScope::Group(_) | CapScope::Offer(_))
            | (CapScope::EachIssue, CapScope::EachGroup | CapScope::EachOffer)
            | (CapScope::EachChannel, CapScope::Channel(_)) => true,
            (CapScope::Issue(issue), CapScope::Group(group)) => issue_of(group) == issue,
            (CapScope::Issue(issue), CapScope::Offer(offer)) => issue_of(group_of(offer)) == issue,
            (CapScope::Group(group), CapScope::Offer(offer)) => group_of(offer) == group,
            (wide, narrow) => wide == narrow,
        }
    }

    fn words(&self, cap: &Cap) -> String {
        let tables = &self.policy.tables;
        let of = match cap.scope {
            CapScope::All => "in all".to_string(),
            CapScope::EachOffer => "of each offer".to_string(),
            CapScope::EachGroup => "of each group".to_string(),
            CapScope::EachIssue => "of each issue".to_string(),
            CapScope::EachChannel => "on each channel".to_string(),
            CapScope::Intent(id) => format!("of the intent {}", self.name(id)),
            CapScope::Kind(kind) => format!("of kind {}", kind.word()),
            CapScope::Issue(at) => format!("of {}", self.name(tables.issues[usize::from(at)].id)),
            CapScope::Group(at) => format!("of {}", self.name(tables.groups[usize::from(at)].id)),
            CapScope::Offer(at) => format!("of {}", self.name(tables.offers[at as usize].id)),
            CapScope::Channel(at) => {
                format!("on {}", self.name(tables.channels[usize::from(at)].id))
            }
        };
        let listed = CalendarUnit::LISTED.into_iter().find(|(_, unit, _)| Some(*unit) == cap.per);
        match listed {
            Some((unit, _, _)) => format!("at most {} {of} per {unit}", cap.limit),
            None => format!("at most {} {of} within {}", cap.limit, length(cap.window_ms)),
        }
    }
}

/// A length of time in the largest unit that it is a multiple of.
fn length(ms: i64) -> String {
    let units = [(DAY_MS, "day"), (HOUR_MS, "hour"), (MINUTE_MS, "minute"), (1_000, "second")];
    let unit = units.into_iter().find(|(unit_ms, _)| ms % unit_ms == 0);
    let (unit_ms, word) = unit.unwrap_or((1, "millisecond"));
    let count = ms / unit_ms;
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// What a cap lets through within any stretch of so many milliseconds.
fn within(cap: &Cap, window_ms: i64) -> i64 {
    let windows = (window_ms + cap.window_ms - 1) / cap.window_ms;
    windows.saturating_mul(i64::from(cap.limit))
}

fn is_within(few: KindSet, many: KindSet) -> bool {
    OfferKind::ALL.iter().all(|kind| !few.contains(*kind) || many.contains(*kind))
}
