//! `[channels]` and `[budgets]`: how to reach people, and what that may consume.

use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::content;
use super::diagnostic::Code;
use super::model;
use super::section::Section;
use super::source::Item;
use super::types::BOOL;
use crate::base::limits::{BUDGETS_MAX, CHANNELS_MAX};
use crate::base::money::MICROS;
use crate::policy::{Budget, Channel, Draw};

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Money,
    Pieces,
}

/// The words for units.
pub(super) const UNITS: [(&str, Unit); 2] = [("money", Unit::Money), ("pieces", Unit::Pieces)];

impl Build<'_> {
    pub(super) fn budgets(&mut self, root: &Section<'_>) {
        for item in self.entries(root, "budgets", BUDGETS_MAX, "budgets") {
            let Some(section) = item.section(&model::BUDGET) else { continue };
            if self.scope.budgets.declare(&item, item.name).is_none() {
                continue;
            }
            let unit = section.get("unit").and_then(|unit| unit.choice(&UNITS));
            self.scope.budget_units.push(unit);
            let period = self.period(&section);
            let refundable = section.get("refundable").and_then(|item| item.boolean());
            self.tables.budgets.push(Budget {
                id: self.ids.id(item.name),
                period,
                refundable: refundable.unwrap_or(true),
                amounts_per_unit: if unit == Some(Unit::Money) { MICROS } else { 1 },
            });
        }
    }

    pub(super) fn channels(&mut self, root: &Section<'_>) {
        for item in self.entries(root, "channels", CHANNELS_MAX, "channels") {
            let Some(section) = item.section(&model::CHANNEL) else { continue };
            if self.scope.channels.declare(&item, item.name).is_none() {
                continue;
            }
            let reach = self.choice(section.get("reach"), BOOL);
            let period = self.period(&section);
            let channel = Channel {
                id: self.ids.id(item.name),
                consent: self.rule(section.get("consent").filter(asks), BOOL),
                reach: self.within_period(&item, reach, period),
                cost_micros: section.get("cost").and_then(|item| cost(&item)).unwrap_or(0),
                quiet: section.get("quiet_hours").and_then(|item| item.boolean()).unwrap_or(true),
            };
            self.tables.channels.push(channel);
            let draws = self.draws(section.get("draws"));
            self.scope.channel_draws.push(draws);
            self.scope.text_limits.push(content::text_limit(&section));
        }
    }

    /// What a table of draws takes from each budget.
    pub(super) fn draws(&self, item: Option<Item<'_>>) -> Vec<Draw> {
        let entries = item.and_then(|item| item.open_section()).map(|section| section.entries());
        entries.unwrap_or_default().iter().filter_map(|entry| self.draw(entry)).collect()
    }

    fn draw(&self, item: &Item<'_>) -> Option<Draw> {
        let position = self.scope.budgets.find_key(item, "budget")?;
        let amount = match self.scope.budget_units[position]? {
            Unit::Money => item.money(),
            Unit::Pieces => item.integer(),
        }?;
        if amount < 0 {
            let help = "write how much one contact or offer takes from the budget".to_string();
            item.error(Code::Value, "a draw cannot be negative", help);
            return None;
        }
        Some(Draw { budget: position as u16, amount })
    }
}

/// Whether a channel's `consent` is a rule. `true` says that none is needed.
fn asks(consent: &Item<'_>) -> bool {
    match consent.as_boolean() {
        None => true,
        Some(needless) => {
            if !needless {
                let help = "for a channel that only answers when it asks, give a rule that never \
                            holds: consent = \"false\"";
                consent.error(Code::Value, "consent is a rule or true", help.to_string());
            }
            false
        }
    }
}

fn cost(item: &Item<'_>) -> Option<i64> {
    let micros = item.money()?;
    if micros < 0 {
        item.error(Code::Value, "a contact cannot cost less than nothing", None);
        return None;
    }
    Some(micros)
}
