//! `[[contact.pauses]]` and `[[contact.limits]]`: what outcomes stop.

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::contact::{kinds, rules, window_ms};
use super::diagnostic::Code;
use super::model;
use super::section::Section;
use super::source::Item;
use crate::base::limits::{CONTACT_RULES_MAX, CONTACTS_MAX};
use crate::policy::{CapScope, InteractionStep, Pause};

/// The outcomes that can stop something; how often something is offered is for caps.
pub(super) fn outcomes() -> impl Iterator<Item = (&'static str, InteractionStep)> {
    let steps = InteractionStep::ALL.into_iter().filter(|step| *step != InteractionStep::Offered);
    steps.map(|step| (step.word(), step))
}

/// Outcomes that a profile remembers at least when the policy does not say: a few things that are
/// counted each by itself do not fill it.
const REMEMBERED_MIN: usize = 16;

impl Build<'_> {
    pub(super) fn pauses(&mut self, contact: &Section<'_>) {
        let mut pauses = Vec::new();
        for item in contact.get("pauses").map_or_else(Vec::new, |item| rules(&item, "pauses")) {
            pauses.extend(self.pause(&item));
        }
        for item in contact.get("limits").map_or_else(Vec::new, |item| rules(&item, "limits")) {
            pauses.extend(self.limit(&item));
        }
        let all = pauses.len();
        if let Some(item) = contact.get("limits").or_else(|| contact.get("pauses")) {
            item.within(all, CONTACT_RULES_MAX, "pauses and limits");
        }
        let most = pauses.iter().map(|pause| usize::from(pause.times)).max().unwrap_or(0);
        let remember = contact.get("remember");
        let wanted = remember.as_ref().and_then(|item| item.integer_in(1..CONTACTS_MAX as i64 + 1));
        let remembered = match (wanted, remember) {
            (Some(wanted), Some(item)) => {
                if most == 0 {
                    item.error(Code::Conflict, "there are no pauses and no limits", None);
                } else if (wanted as usize) < most {
                    let message =
                        format!("{wanted} outcomes are remembered, but a rule takes {most}");
                    item.error(Code::Value, message, None);
                }
                wanted as usize
            }
            _ if most == 0 => 0,
            _ => {
                let taken = pauses.iter().map(|pause| 2 * usize::from(pause.times)).sum::<usize>();
                taken.clamp(REMEMBERED_MIN, CONTACTS_MAX)
            }
        };
        self.tables.contact.pauses = pauses;
        self.tables.contact.remembered = remembered as u16;
    }

    fn pause(&self, item: &Item<'_>) -> Option<Pause> {
        let section = item.section(&model::PAUSE)?;
        let after = section.get("after").and_then(|item| outcome(&item));
        let times = section.get("times").map_or(Some(1), |item| times(&item));
        let for_ms = section.get("for").and_then(|item| window_ms(&item));
        let within = section.get("within").map(|item| window_ms(&item));
        let scope = self.pause_scope(&section);
        let (after, times, for_ms, scope) = (after?, times?, for_ms?, scope?);
        let within_ms = match within {
            Some(within) => within?,
            // One by itself is within any time.
            None if times == 1 => 1,
            None => {
                let help = "within how much time do they all have to be?".to_string();
                section.error(Code::MissingKey, "several outcomes need `within`", help);
                return None;
            }
        };
        let (period, exempt) = (self.period(&section), kinds(section.get("exempt")));
        Some(Pause { after, times, within_ms, scope, for_ms: Some(for_ms), period, exempt })
    }

    fn limit(&self, item: &Item<'_>) -> Option<Pause> {
        let section = item.section(&model::LIMIT)?;
        let accepted = Some(InteractionStep::Accepted);
        let after = section.get("step").map_or(accepted, |item| outcome(&item));
        let times = section.get("at_most").and_then(|item| times(&item));
        let within_ms = section.get("within").and_then(|item| window_ms(&item));
        let scope = self.pause_scope(&section);
        let (after, times, within_ms, scope) = (after?, times?, within_ms?, scope?);
        let (period, exempt) = (self.period(&section), kinds(section.get("exempt")));
        Some(Pause { after, times, within_ms, scope, for_ms: None, period, exempt })
    }

    /// What outcomes are counted of is told by the offer alone.
    fn pause_scope(&self, section: &Section<'_>) -> Option<CapScope> {
        let item = section.get("of")?;
        let scope = self.cap_scope(&item)?;
        let by_offer =
            !matches!(scope, CapScope::Channel(_) | CapScope::EachChannel | CapScope::Intent(_));
        if !by_offer {
            let message = "outcomes are counted by offer, whatever the channel and the intent";
            let help = "write all, each offer, each group, each issue, or one of these or a kind";
            item.error(Code::Value, message, help.to_string());
        }
        by_offer.then_some(scope)
    }
}

fn outcome(item: &Item<'_>) -> Option<InteractionStep> {
    let words: Vec<_> = outcomes().collect();
    item.choice(&words)
}

fn times(item: &Item<'_>) -> Option<u16> {
    item.integer_in(1..CONTACTS_MAX as i64 + 1).map(|times| times as u16)
}
