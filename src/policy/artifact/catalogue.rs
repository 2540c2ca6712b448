//! Issues, groups, offers, treatments, channels and budgets.

use alloc::vec::Vec;
use core::ops::Range;

use super::check::{Check, ensure, pieces};
use super::error::ArtifactError;
use crate::base::encoding::{encoded, encoded_choice};
use crate::base::ids::{
    BudgetId, ChannelId, ContentId, GroupId, IssueId, OfferId, ParameterId, TreatmentId,
};
use crate::base::limits::{
    BUDGETS_MAX, CHANNELS_MAX, GROUPS_MAX, ISSUES_MAX, OFFER_PARAMETERS_MAX, OFFER_TREATMENTS_MAX,
    OFFERS_MAX, TREATMENT_BUDGETS_MAX,
};
use crate::expr::{Program, Type};
use crate::policy::{
    Budget, Channel, Draw, Group, Issue, Offer, OfferKind, ParameterSpec, Period, Rules, Treatment,
    Withheld,
};

encoded! {
    Rules {
        eligible: Option<Program>,
        applicable: Option<Program>,
        suitable: Option<Program>,
    }
    Issue { id: IssueId, rules: Rules, goal: Option<u16>, control: Option<Withheld> }
    Group { id: GroupId, issue: u16, rules: Rules, control: Option<Withheld> }
    Offer {
        id: OfferId,
        group: u16,
        kind: OfferKind,
        rules: Rules,
        period: Period,
        open_ms: i64,
        value: Program,
        weight: Option<Program>,
        lever: f64,
        parameters: Vec<ParameterSpec>,
        treatments: Range<u32>,
    }
    ParameterSpec { id: ParameterId, ty: Type, value: Program }
    Treatment {
        id: TreatmentId,
        offer: u32,
        channel: u16,
        content: ContentId,
        period: Period,
        prior_accepted: f64,
        prior_offered: f64,
        draws: Vec<Draw>,
    }
    Draw { budget: u16, amount: i64 }
    Channel {
        id: ChannelId,
        consent: Option<Program>,
        reach: Option<Program>,
        cost_micros: i64,
        quiet: bool,
    }
    Budget { id: BudgetId, period: Period, refundable: bool, amounts_per_unit: i64 }
    Period { from_ms: i64, until_ms: i64 }
}

// The numbers of the C ABI.
encoded_choice! { OfferKind {
    1 Sale;
    2 Loan;
    3 Incentive;
    4 Tip;
    5 Service;
    6 Recovery;
} }

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let tables = check.tables;
    ensure(tables.issues.len() <= ISSUES_MAX, "too many issues")?;
    ensure(tables.groups.len() <= GROUPS_MAX, "too many groups")?;
    ensure(tables.offers.len() <= OFFERS_MAX, "too many offers")?;
    ensure(tables.channels.len() <= CHANNELS_MAX, "too many channels")?;
    ensure(tables.budgets.len() <= BUDGETS_MAX, "too many budgets")?;
    for issue in &tables.issues {
        rules(check, &issue.rules)?;
        let goal = issue.goal.is_none_or(|goal| usize::from(goal) < tables.features.len());
        ensure(goal, "the goal of an issue is not there")?;
    }
    for group in &tables.groups {
        rules(check, &group.rules)?;
        ensure(usize::from(group.issue) < tables.issues.len(), "a group is of no issue")?;
    }
    pieces(tables.offers.iter().map(|offer| &offer.treatments), tables.treatments.len())?;
    for (position, offer) in tables.offers.iter().enumerate() {
        self::offer(check, position as u32, offer)?;
    }
    tables.treatments.iter().try_for_each(|treatment| self::treatment(check, treatment))?;
    for channel in &tables.channels {
        check.optional(channel.consent)?;
        check.optional(channel.reach)?;
        ensure(channel.cost_micros >= 0, "a contact costs less than nothing")?;
    }
    let units = tables.budgets.iter().all(|budget| budget.amounts_per_unit >= 1);
    ensure(units, "a unit of a budget is nothing")?;
    tables.budgets.iter().try_for_each(|budget| period(budget.period))
}

pub(super) fn period(period: Period) -> Result<(), ArtifactError> {
    ensure(period.from_ms < period.until_ms, "something ends before it begins")
}

fn rules(check: &Check<'_>, rules: &Rules) -> Result<(), ArtifactError> {
    check.optional(rules.eligible)?;
    check.optional(rules.applicable)?;
    check.optional(rules.suitable)
}

fn offer(check: &Check<'_>, position: u32, offer: &Offer) -> Result<(), ArtifactError> {
    rules(check, &offer.rules)?;
    check.program(offer.value)?;
    check.optional(offer.weight)?;
    ensure(usize::from(offer.group) < check.tables.groups.len(), "an offer is of no group")?;
    period(offer.period)?;
    ensure(offer.open_ms >= 0, "an offer is open for less than no time")?;
    ensure(offer.lever > 0.0 && offer.lever.is_finite(), "a lever is not above nothing")?;
    ensure(offer.parameters.len() <= OFFER_PARAMETERS_MAX, "too many parameters of an offer")?;
    offer.parameters.iter().try_for_each(|parameter| check.program(parameter.value))?;
    ensure(offer.treatments.len() <= OFFER_TREATMENTS_MAX, "too many treatments of an offer")?;
    let range = offer.treatments.start as usize..offer.treatments.end as usize;
    let own = check.tables.treatments.get(range).unwrap_or(&[]);
    ensure(own.iter().all(|treatment| treatment.offer == position), "a treatment is of two offers")
}

fn treatment(check: &Check<'_>, treatment: &Treatment) -> Result<(), ArtifactError> {
    let channel = usize::from(treatment.channel) < check.tables.channels.len();
    ensure(channel, "a treatment is on no channel")?;
    let (accepted, offered) = (treatment.prior_accepted, treatment.prior_offered);
    let prior = accepted >= 0.0 && offered > 0.0 && accepted <= offered && offered.is_finite();
    ensure(prior, "a prior is no share")?;
    period(treatment.period)?;
    ensure(treatment.draws.len() <= TREATMENT_BUDGETS_MAX, "too many draws of a treatment")?;
    let draws = treatment
        .draws
        .iter()
        .all(|draw| usize::from(draw.budget) < check.tables.budgets.len() && draw.amount >= 0);
    ensure(draws, "a draw is on no budget, or would fill it")
}
