//! `[offers]` and their treatments.

use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::Build;
use super::content::Use;
use super::diagnostic::Code;
use super::model;
use super::scope::View;
use super::section::Section;
use super::source::Item;
use super::types::{DOUBLE, MONEY, Ty};
use crate::base::civil::DAY_MS;
use crate::base::limits::{
    FALLBACKS_MAX, OFFER_PARAMETERS_MAX, OFFER_TREATMENTS_MAX, OFFERS_MAX, TREATMENT_BUDGETS_MAX,
};
use crate::expr::{Program, Type};
use crate::policy::{Draw, Offer, OfferKind, ParameterSpec, Period, Treatment};

/// Offers made that the prior of a treatment is worth when it does not say.
const PRIOR_DEFAULT: f64 = 100.0;

impl Build<'_> {
    /// Gives what the treatments use of the content.
    pub(super) fn offers<'s>(&mut self, root: &Section<'s>) -> Vec<Use<'s>> {
        let mut uses = Vec::new();
        let mut by_moment = vec![Vec::new(); self.tables.moments.len()];
        for item in self.entries(root, "offers", OFFERS_MAX, "offers") {
            let Some(section) = item.section(&model::OFFER) else { continue };
            let Some(position) = self.scope.offers.declare(&item, item.name) else { continue };
            for moment in self.moments_of(&section) {
                if let Some(offers) = by_moment.get_mut(moment) {
                    offers.push(position as u32);
                }
            }
            if section.get("fallback").and_then(|item| item.boolean()) == Some(true) {
                self.tables.fallbacks.push(position as u32);
                item.within(self.tables.fallbacks.len(), FALLBACKS_MAX, "fallbacks");
            } else {
                section.require("moments");
            }
            let offer = self.offer(&item, &section, position as u32, &mut uses);
            self.tables.offers.push(offer);
        }
        self.moment_offers(by_moment);
        uses
    }

    fn moments_of(&self, section: &Section<'_>) -> Vec<usize> {
        let mut moments = Vec::new();
        let items = section.get("moments").and_then(|item| item.one_or_more());
        for item in items.unwrap_or_default() {
            let position =
                item.text().and_then(|name| self.scope.moments.find(&item, name, "moment"));
            match position {
                Some(position) if moments.contains(&position) => {
                    item.error(Code::Duplicate, "this moment is given twice", None);
                }
                position => moments.extend(position),
            }
        }
        moments
    }

    fn offer<'s>(
        &mut self,
        item: &Item<'_>,
        section: &Section<'s>,
        position: u32,
        uses: &mut Vec<Use<'s>>,
    ) -> Offer {
        let id = self.ids.id(item.name);
        let group = section.get("group").and_then(|item| {
            self.scope.groups.find(&item, item.text()?, "group (written issue.group)")
        });
        let kinds = OfferKind::ALL.map(|kind| (kind.word(), kind));
        let kind = section.get("kind").and_then(|item| item.choice(&kinds));
        let value = section.get("value").and_then(|item| self.choice(Some(item), MONEY));
        let of_group = group.map_or(Period::ALWAYS, |at| self.scope.group_periods[at]);
        let period = self.period_within(section, of_group, "group");
        let treatments = self.treatments(item, section, period, position, uses);
        Offer {
            id,
            group: group.unwrap_or(0) as u16,
            kind: kind.unwrap_or(OfferKind::Sale),
            rules: self.rules(section),
            period,
            open_ms: section.get("open").and_then(|item| item.duration_ms()).unwrap_or(DAY_MS),
            value: value.unwrap_or(Program { start: 0, len: 0 }),
            weight: self.choice(section.get("weight"), DOUBLE),
            lever: section.get("lever").and_then(|item| positive(&item)).unwrap_or(1.0),
            parameters: self.parameters(section),
            treatments,
        }
    }

    fn parameters(&mut self, section: &Section<'_>) -> Vec<ParameterSpec> {
        let entries = section.named_in("parameters");
        if let Some(item) = section.get("parameters") {
            item.within(entries.len(), OFFER_PARAMETERS_MAX, "parameters of one offer");
        }
        entries.iter().filter_map(|entry| self.parameter(entry)).collect()
    }

    fn parameter(&mut self, item: &Item<'_>) -> Option<ParameterSpec> {
        let (value, ty) = if item.is_table() {
            let section = item.section(&model::PARAMETER)?;
            let ty = section.get("type").and_then(|ty| ty.choice(&parameter_types()));
            (section.get("value")?, Some(Ty::Plain(ty?)))
        } else {
            (item.clone(), None)
        };
        let (value, ty) = self.typed_program(&value, ty, &View::CHOICE)?;
        Some(ParameterSpec { id: self.ids.id(item.name), ty: ty.plain(), value })
    }

    /// Appends an offer's treatments and gives their range.
    fn treatments<'s>(
        &mut self,
        item: &Item<'_>,
        section: &Section<'s>,
        period: Period,
        offer: u32,
        uses: &mut Vec<Use<'s>>,
    ) -> core::ops::Range<u32> {
        let draws = self.draws(section.get("draws"));
        let entries = section.get("treatments").map_or_else(Vec::new, |treatments| {
            let entries = treatments.open_section().map_or_else(Vec::new, |open| open.entries());
            if entries.is_empty() {
                treatments.error(Code::Value, "an offer needs at least one treatment", None);
            }
            treatments.within(entries.len(), OFFER_TREATMENTS_MAX, "treatments of one offer");
            entries
        });
        let start = self.tables.treatments.len() as u32;
        for entry in &entries {
            let treatment = self.treatment(item, entry, (offer, period), &draws);
            let position = treatment.as_ref().map(|_| self.tables.treatments.len());
            uses.extend(Use::of(entry, position));
            self.tables.treatments.extend(treatment);
        }
        start..self.tables.treatments.len() as u32
    }

    fn treatment(
        &mut self,
        offer_item: &Item<'_>,
        item: &Item<'_>,
        (offer, of_offer): (u32, Period),
        draws: &[Draw],
    ) -> Option<Treatment> {
        let section = item.section(&model::TREATMENT);
        let channel = self.scope.channels.find_key(item, "channel");
        let (section, channel) = (section?, channel?);
        let content = section.get("content").and_then(|content| content.word());
        let propensity = section.get("propensity").and_then(|item| propensity(&item));
        let prior = section.get("prior").map_or(Some(PRIOR_DEFAULT), |item| positive(&item));
        let draws = merged(draws, &self.scope.channel_draws[channel]);
        item.within(draws.len(), TREATMENT_BUDGETS_MAX, "budgets that one treatment draws on");
        let period = self.period_within(&section, of_offer, "offer");
        let (content, propensity, prior) = (content?, propensity?, prior?);
        Some(Treatment {
            id: self.ids.id(&format!("{}.{}", offer_item.name, item.name)),
            offer,
            channel: channel as u16,
            content: self.ids.id(content),
            period,
            prior_accepted: propensity * prior,
            prior_offered: prior,
            draws,
        })
    }
}

/// Draws of an offer and of a channel, one for each budget.
fn merged(offer: &[Draw], channel: &[Draw]) -> Vec<Draw> {
    let mut draws = offer.to_vec();
    for more in channel {
        match draws.iter_mut().find(|draw| draw.budget == more.budget) {
            Some(draw) => draw.amount = draw.amount.saturating_add(more.amount),
            None => draws.push(*more),
        }
    }
    draws
}

fn positive(item: &Item<'_>) -> Option<f64> {
    let value = item.number()?;
    if value <= 0.0 {
        item.error(Code::Value, format!("{value} is not above 0"), None);
        return None;
    }
    Some(value)
}

fn propensity(item: &Item<'_>) -> Option<f64> {
    let value = item.number()?;
    if value <= 0.0 || value >= 1.0 {
        let help = "it is the share of offers that are accepted, such as 0.05".to_string();
        item.error(Code::Value, format!("{value} is not between 0 and 1"), help);
        return None;
    }
    Some(value)
}

pub(super) fn parameter_types() -> [(&'static str, Type); 7] {
    [Type::Bool, Type::Int, Type::Double, Type::Money, Type::Timestamp, Type::Duration, Type::Text]
        .map(|ty| (ty.word(), ty))
}
