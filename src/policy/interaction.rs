//! The kind of event that the library itself reports: what was offered, and what became of it.

use alloc::vec::Vec;

use super::Policy;
use crate::base::ids::{EventId, IntentId, MemberId, MomentId};

/// The name of the kind of event. No policy declares it, and no message may bring it.
#[cfg(feature = "compiler")]
pub(crate) const INTERACTION: &str = "interaction";

impl Policy {
    /// What the subscriber wants in a moment; number zero without one.
    pub(crate) fn intent_of(&self, moment: Option<MomentId>) -> IntentId {
        let position = moment.and_then(|moment| self.moment_position(moment));
        let moment = position.and_then(|position| self.tables.moments.get(position));
        moment.map_or(IntentId(0), |moment| moment.intent)
    }
}

/// How a subscriber and an offer met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum InteractionStep {
    Offered = 1,
    Delivered = 2,
    Seen = 3,
    Clicked = 4,
    Accepted = 5,
    Rejected = 6,
    Expired = 7,
    Fulfilled = 8,
    Failed = 9,
}

impl InteractionStep {
    pub(crate) const ALL: [InteractionStep; 9] = [
        InteractionStep::Offered,
        InteractionStep::Delivered,
        InteractionStep::Seen,
        InteractionStep::Clicked,
        InteractionStep::Accepted,
        InteractionStep::Rejected,
        InteractionStep::Expired,
        InteractionStep::Fulfilled,
        InteractionStep::Failed,
    ];

    pub(crate) fn from_number(number: u32) -> Option<InteractionStep> {
        Self::ALL.into_iter().find(|step| *step as u32 == number)
    }

    /// The word that a policy uses.
    #[cfg(any(feature = "compiler", feature = "json"))]
    pub(crate) fn word(self) -> &'static str {
        match self {
            InteractionStep::Offered => "offered",
            InteractionStep::Delivered => "delivered",
            InteractionStep::Seen => "seen",
            InteractionStep::Clicked => "clicked",
            InteractionStep::Accepted => "accepted",
            InteractionStep::Rejected => "rejected",
            InteractionStep::Expired => "expired",
            InteractionStep::Fulfilled => "fulfilled",
            InteractionStep::Failed => "failed",
        }
    }
}

/// The fields of the kind of event, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum InteractionField {
    Step = 0,
    Kind = 1,
    Issue = 2,
    Group = 3,
    Offer = 4,
    Channel = 5,
    Intent = 6,
    /// Whether a channel had asked.
    Inbound = 7,
}

impl InteractionField {
    pub(crate) const COUNT: usize = 8;
}

/// What the fields of an interaction can be, as members of enumerations. A list that is empty
/// stands for a field that is never known: the catalogue has more of it than an enumeration may.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interactions {
    /// The permanent id of the kind of event.
    pub(crate) event: EventId,
    /// By number of the step, less one.
    pub(crate) steps: Vec<MemberId>,
    /// By number of the kind of offer, less one.
    pub(crate) kinds: Vec<MemberId>,
    /// By position of the issue, and so on.
    pub(crate) issues: Vec<MemberId>,
    pub(crate) groups: Vec<MemberId>,
    pub(crate) offers: Vec<MemberId>,
    pub(crate) channels: Vec<MemberId>,
    /// By position of the moment.
    pub(crate) intents: Vec<MemberId>,
}
