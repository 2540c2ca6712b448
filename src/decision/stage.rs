//! The stages of a decision.

use core::cmp::Ordering;

/// Where a candidate fell out. Stages compare by the order in which candidates are tested, which is
/// that of [`Stage::ALL`]; numbers stay what they are as stages come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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
    /// Outcomes have paused it: it was rejected often enough.
    Paused = 18,
    /// A limit excludes it: there are as many of its like as may be.
    Excluded = 19,
}

impl Stage {
    /// How many stages there are.
    pub const COUNT: usize = 20;

    /// Every stage, in the order in which candidates are tested.
    pub const ALL: [Stage; Stage::COUNT] = [
        Stage::NoMoment,
        Stage::NoCandidate,
        Stage::SwitchedOff,
        Stage::NotValid,
        Stage::NotEligible,
        Stage::NotApplicable,
        Stage::NotSuitable,
        Stage::Suppressed,
        Stage::Paused,
        Stage::InControl,
        Stage::AlreadyOpen,
        Stage::Excluded,
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
            Stage::Paused => "paused",
            Stage::Excluded => "excluded",
        }
    }

    /// The stage with this number.
    pub fn from_number(number: u32) -> Option<Stage> {
        Self::ALL.into_iter().find(|stage| *stage as u32 == number)
    }

    /// Its place in the order in which candidates are tested.
    const fn place(self) -> u8 {
        const PLACES: [u8; Stage::COUNT] = {
            let (mut places, mut place) = ([0; Stage::COUNT], 0);
            while place < Stage::COUNT {
                places[Stage::ALL[place] as usize] = place as u8;
                place += 1;
            }
            places
        };
        PLACES[self as usize]
    }
}

impl Ord for Stage {
    fn cmp(&self, other: &Stage) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for Stage {
    fn partial_cmp(&self, other: &Stage) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_one_stage_and_the_order_is_that_of_the_list() {
        let mut numbers = Stage::ALL.map(|stage| stage as usize);
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..Stage::COUNT));
        assert!(Stage::ALL.is_sorted());
        assert!(Stage::Suppressed < Stage::Paused && Stage::Paused < Stage::InControl);
        assert_eq!(Stage::from_number(18), Some(Stage::Paused));
        assert_eq!(Stage::from_number(Stage::COUNT as u32), None);
    }
}
