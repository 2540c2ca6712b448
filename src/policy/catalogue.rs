//! What can be offered: issue > group > offer > treatment, channels, budgets.

use alloc::vec::Vec;
use core::ops::Range;

use super::experiments::Withheld;
use super::period::Period;
use crate::base::ids::{
    BudgetId, ChannelId, ContentId, GroupId, IssueId, OfferId, ParameterId, TreatmentId,
};
use crate::expr::{Program, Type};

/// Who may have it, when it matters, and whether it is in the subscriber's interest. An absent
/// rule always holds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) eligible: Option<Program>,
    pub(crate) applicable: Option<Program>,
    pub(crate) suitable: Option<Program>,
}

/// A business issue: what offers are for.
#[derive(Clone, Debug)]
pub(crate) struct Issue {
    pub(crate) id: IssueId,
    pub(crate) rules: Rules,
    /// Position of the feature that measures whether the issue is met.
    pub(crate) goal: Option<u16>,
    /// Who gets none of its offers, to measure what they are worth.
    pub(crate) control: Option<Withheld>,
}

/// A group of offers within an issue.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) issue: u16,
    pub(crate) rules: Rules,
    /// The same as for an issue.
    pub(crate) control: Option<Withheld>,
}

/// What an offer is, as far as contact rules care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OfferKind {
    /// Something to buy.
    Sale = 1,
    /// Credit: an airtime loan.
    Loan = 2,
    /// A reward for doing something: a recharge bonus.
    Incentive = 3,
    /// Advice that costs nothing.
    Tip = 4,
    /// A service message.
    Service = 5,
    /// Making good after something went wrong.
    Recovery = 6,
}

impl OfferKind {
    /// Every kind, in numeric order.
    pub const ALL: [OfferKind; 6] = [
        OfferKind::Sale,
        OfferKind::Loan,
        OfferKind::Incentive,
        OfferKind::Tip,
        OfferKind::Service,
        OfferKind::Recovery,
    ];

    /// The word that a policy uses.
    pub fn word(self) -> &'static str {
        match self {
            OfferKind::Sale => "sale",
            OfferKind::Loan => "loan",
            OfferKind::Incentive => "incentive",
            OfferKind::Tip => "tip",
            OfferKind::Service => "service",
            OfferKind::Recovery => "recovery",
        }
    }
}

/// An offer.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) id: OfferId,
    pub(crate) group: u16,
    pub(crate) kind: OfferKind,
    pub(crate) rules: Rules,
    /// When it may be made: within the dates of its group and issue.
    pub(crate) period: Period,
    /// How long it stays open once made.
    pub(crate) open_ms: i64,
    /// What acceptance is worth to the operator: money.
    pub(crate) value: Program,
    /// How well it fits the moment: a double, 1 when absent.
    pub(crate) weight: Option<Program>,
    /// The business's thumb on the scale; 1 is neutral.
    pub(crate) lever: f64,
    pub(crate) parameters: Vec<ParameterSpec>,
    /// Range of `Tables::treatments`.
    pub(crate) treatments: Range<u32>,
}

/// A typed value that goes out with an offer: its price, its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParameterSpec {
    pub(crate) id: ParameterId,
    pub(crate) ty: Type,
    pub(crate) value: Program,
}

/// An offer on a channel.
#[derive(Clone, Debug)]
pub(crate) struct Treatment {
    pub(crate) id: TreatmentId,
    pub(crate) offer: u32,
    pub(crate) channel: u16,
    pub(crate) content: ContentId,
    /// When it may be made: within the dates of its offer.
    pub(crate) period: Period,
    /// Acceptances that the prior is worth ...
    pub(crate) prior_accepted: f64,
    /// ... out of so many offers made: a Beta prior with mean `accepted / offered`.
    pub(crate) prior_offered: f64,
    /// What one of these takes from budgets, the channel's share included.
    pub(crate) draws: Vec<Draw>,
}

/// An amount of one budget: micro-units of money, or pieces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    pub(crate) budget: u16,
    pub(crate) amount: i64,
}

/// A way to reach the subscriber.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    /// Must definitely hold before the channel is used to contact.
    pub(crate) consent: Option<Program>,
    /// Whether the channel reaches this subscriber: device, app installed.
    pub(crate) reach: Option<Program>,
    /// Cost of one contact in micro-units.
    pub(crate) cost_micros: i64,
    /// Whether quiet hours bind it.
    pub(crate) quiet: bool,
}

/// A limit on what offers may consume in all.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    pub(crate) id: BudgetId,
    /// When it may be drawn on.
    pub(crate) period: Period,
    /// Whether what was reserved comes back when an offer is rejected or expires. A voucher does;
    /// an SMS that was sent does not.
    pub(crate) refundable: bool,
    /// Amounts that make one unit: a million for money, which is counted in micro-units, one for
    /// pieces. Shadow prices are for a unit.
    pub(crate) amounts_per_unit: i64,
}
