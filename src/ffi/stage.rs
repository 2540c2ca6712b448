//! Stages as C sees them: the reasons why there is no offer.

use core::ffi::c_char;

use super::text::c_text;
use crate::decision::Stage;

/// Room for counts by stage; later versions may have more stages than this one.
pub const OPPORTUNE_STAGES_MAX: usize = 32;

/// The message raised no moment: there was nothing to answer.
pub const OPPORTUNE_STAGE_NO_MOMENT: u32 = 0;
/// Moments were raised, but no offer answers them.
pub const OPPORTUNE_STAGE_NO_CANDIDATE: u32 = 1;
/// The offer or its issue is switched off.
pub const OPPORTUNE_STAGE_SWITCHED_OFF: u32 = 2;
/// Outside the dates of the offer.
pub const OPPORTUNE_STAGE_NOT_VALID: u32 = 3;
/// The subscriber may not have it.
pub const OPPORTUNE_STAGE_NOT_ELIGIBLE: u32 = 4;
/// It is not relevant now.
pub const OPPORTUNE_STAGE_NOT_APPLICABLE: u32 = 5;
/// It is not in the subscriber's interest.
pub const OPPORTUNE_STAGE_NOT_SUITABLE: u32 = 6;
/// Sales are silenced: an open dispute, a complaint.
pub const OPPORTUNE_STAGE_SUPPRESSED: u32 = 7;
/// The subscriber is in the control group.
pub const OPPORTUNE_STAGE_IN_CONTROL: u32 = 8;
/// The offer is open already.
pub const OPPORTUNE_STAGE_ALREADY_OPEN: u32 = 9;
/// No channel of the offer reaches the subscriber.
pub const OPPORTUNE_STAGE_UNREACHABLE: u32 = 10;
/// The subscriber has not agreed to be contacted there.
pub const OPPORTUNE_STAGE_NO_CONSENT: u32 = 11;
/// It is night where the subscriber lives.
pub const OPPORTUNE_STAGE_QUIET_HOURS: u32 = 12;
/// The subscriber has been contacted often enough.
pub const OPPORTUNE_STAGE_CONTACT_CAP: u32 = 13;
/// The lease does not cover it.
pub const OPPORTUNE_STAGE_NO_BUDGET: u32 = 14;
/// Its expected value is below the policy's minimum.
pub const OPPORTUNE_STAGE_SCORE_TOO_LOW: u32 = 15;
/// Another offer was better.
pub const OPPORTUNE_STAGE_OUTRANKED: u32 = 16;
/// It was offered.
pub const OPPORTUNE_STAGE_OFFERED: u32 = 17;
/// Outcomes have paused it: it was rejected often enough.
pub const OPPORTUNE_STAGE_PAUSED: u32 = 18;
/// A limit excludes it: there are as many of its like as may be.
pub const OPPORTUNE_STAGE_EXCLUDED: u32 = 19;

const _: () = assert!(OPPORTUNE_STAGES_MAX >= Stage::COUNT);

/// Ties the constants to the stages, whose words serve both languages. A stage without a row does
/// not compile.
macro_rules! stages {
    ($($number:ident $stage:ident;)*) => {
        const _: () = {
            $(assert!($number == Stage::$stage as u32);)*
            assert!([$($number),*].len() == Stage::COUNT);
        };

        fn words(stage: u32) -> Option<*const c_char> {
            Some(match stage {
                $($number => c_text!(Stage::$stage.words()),)*
                _ => return None,
            })
        }
    };
}

stages! {
    OPPORTUNE_STAGE_NO_MOMENT NoMoment;
    OPPORTUNE_STAGE_NO_CANDIDATE NoCandidate;
    OPPORTUNE_STAGE_SWITCHED_OFF SwitchedOff;
    OPPORTUNE_STAGE_NOT_VALID NotValid;
    OPPORTUNE_STAGE_NOT_ELIGIBLE NotEligible;
    OPPORTUNE_STAGE_NOT_APPLICABLE NotApplicable;
    OPPORTUNE_STAGE_NOT_SUITABLE NotSuitable;
    OPPORTUNE_STAGE_SUPPRESSED Suppressed;
    OPPORTUNE_STAGE_IN_CONTROL InControl;
    OPPORTUNE_STAGE_ALREADY_OPEN AlreadyOpen;
    OPPORTUNE_STAGE_UNREACHABLE Unreachable;
    OPPORTUNE_STAGE_NO_CONSENT NoConsent;
    OPPORTUNE_STAGE_QUIET_HOURS QuietHours;
    OPPORTUNE_STAGE_CONTACT_CAP ContactCap;
    OPPORTUNE_STAGE_NO_BUDGET NoBudget;
    OPPORTUNE_STAGE_SCORE_TOO_LOW ScoreTooLow;
    OPPORTUNE_STAGE_OUTRANKED Outranked;
    OPPORTUNE_STAGE_OFFERED Offered;
    OPPORTUNE_STAGE_PAUSED Paused;
    OPPORTUNE_STAGE_EXCLUDED Excluded;
}

/// A few words for people about one of OPPORTUNE_STAGE_..., such as "contact cap". Static,
/// NUL-terminated English; never NULL, "unknown stage" for a number that this version does not
/// have.
#[unsafe(no_mangle)]
pub extern "C" fn opportune_stage_words(stage: u32) -> *const c_char {
    words(stage).unwrap_or(c_text!("unknown stage"))
}
