//! The stages of a decision.

/// Where a candidate fell out, in the order in which candidates are tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Stage {
    /// The message raised no moment: there was nothing to answer.
    #[default]
    NoMoment = 0,
    /// Moments were raised, but no offer answers them.
    NoCandidate = 1,
    /// The offer or its issue is switched off, or in shadow: then it has a score, and is never made.
    SwitchedOff = 2,
    /// Outside the dates of the offer.
    NotValid = 3,
    /// The subscriber may not have it.
    NotEligible = 4,
    /// It is not relevant now.
    NotApplicable = 5,
    /// It is not in the subscriber's interest.
    NotSuitable = 6,
    /// Sales are silenced: an open dispute, a complaint.
    Suppressed = 7,
    /// The subscriber is in the control group, or in that of the offer's group or issue.
    InControl = 8,
    /// The offer is open already.
    AlreadyOpen = 9,
    /// No channel of the offer reaches the subscriber.
    Unreachable = 10,
    /// The subscriber has not agreed to be contacted there.
    NoConsent = 11,
    /// It is night where the subscriber lives.
    QuietHours = 12,
    /// The subscriber has been contacted often enough.
    ContactCap = 13,
    /// The lease does not cover it.
    NoBudget = 14,
    /// Its expected value is below the policy's minimum.
    ScoreTooLow = 15,
    /// Another offer was better.
    Outranked = 16,
    /// It was offered.
    Offered = 17,
}

impl Stage {
    /// How many stages there are.
    pub const COUNT: usize = 18;

    /// Every stage, in order.
    pub const ALL: [Stage; Stage::COUNT] = [
        Stage::NoMoment,
        Stage::NoCandidate,
        Stage::SwitchedOff,
        Stage::NotValid,
        Stage::NotEligible,
        Stage::NotApplicable,
        Stage::NotSuitable,
        Stage::Suppressed,
        Stage::InControl,
        Stage::AlreadyOpen,
        Stage::Unreachable,
        Stage::NoConsent,
        Stage::QuietHours,
        Stage::ContactCap,
        Stage::NoBudget,
        Stage::ScoreTooLow,
        Stage::Outranked,
        Stage::Offered,
    ];

    /// A few words for people and reports.
    pub const fn words(self) -> &'static str {
        match self {
            Stage::NoMoment => "no moment",
            Stage::NoCandidate => "no candidate",
            Stage::SwitchedOff => "switched off",
            Stage::NotValid => "not valid",
            Stage::NotEligible => "not eligible",
            Stage::NotApplicable => "not applicable",
            Stage::NotSuitable => "not suitable",
            Stage::Suppressed => "suppressed",
            Stage::InControl => "in control group",
            Stage::AlreadyOpen => "already open",
            Stage::Unreachable => "unreachable",
            Stage::NoConsent => "no consent",
            Stage::QuietHours => "quiet hours",
            Stage::ContactCap => "contact cap",
            Stage::NoBudget => "no budget",
            Stage::ScoreTooLow => "score too low",
            Stage::Outranked => "outranked",
            Stage::Offered => "offered",
        }
    }

    /// The stage with this number.
    pub fn from_number(number: u32) -> Option<Stage> {
        Self::ALL.get(number as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_positions() {
        for (position, stage) in Stage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, position);
        }
    }
}
