//! Caps, quiet hours, suppressions and the control group.

use alloc::string::String;
use alloc::vec::Vec;

use super::catalogue;
use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::bytes::{Reader, Writer};
use crate::base::civil::DAY_MS;
use crate::base::encoding::{Broken, Encoded, encoded, encoded_choice};
use crate::base::ids::IntentId;
use crate::base::limits::{CONTACT_RULES_MAX, CONTACTS_MAX, WINDOW_MS_MAX};
use crate::expr::Program;
use crate::policy::{
    CalendarUnit, Cap, CapScope, Contact, Control, InteractionStep, KindSet, OfferKind, Pause,
    Period, QuietHours, Suppression,
};

encoded! {
    Contact {
        caps: Vec<Cap>,
        pauses: Vec<Pause>,
        remembered: u16,
        quiet: Option<QuietHours>,
        suppressions: Vec<Suppression>,
    }
    Cap {
        scope: CapScope,
        limit: u16,
        window_ms: i64,
        per: Option<CalendarUnit>,
        period: Period,
        exempt: KindSet,
    }
    Pause {
        after: InteractionStep,
        times: u16,
        within_ms: i64,
        scope: CapScope,
        for_ms: Option<i64>,
        period: Period,
        exempt: KindSet,
    }
    QuietHours { from_ms: i64, until_ms: i64, exempt: KindSet }
    Suppression { when: Program, exempt: KindSet }
    Control { seed: String, buckets: u32, exempt: KindSet }
}

encoded_choice! { CapScope {
    1 All;
    2 Issue(position: u16);
    3 Group(position: u16);
    4 Offer(position: u32);
    5 EachOffer;
    6 Channel(position: u16);
    7 EachIssue;
    8 EachGroup;
    9 EachChannel;
    10 Intent(intent: IntentId);
    11 Kind(kind: OfferKind);
} }

encoded_choice! { InteractionStep {
    1 Offered;
    2 Delivered;
    3 Seen;
    4 Clicked;
    5 Accepted;
    6 Rejected;
    7 Expired;
    8 Fulfilled;
    9 Failed;
} }

/// One bit a kind, by its number.
impl Encoded for KindSet {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        out.u8(OfferKind::ALL.into_iter().filter(|kind| self.contains(*kind)).map(bit).sum());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        let bits = u8::read(input)?;
        let known: u8 = OfferKind::ALL.into_iter().map(bit).sum();
        if bits & !known != 0 {
            return Err(Broken::Bytes);
        }
        Ok(OfferKind::ALL.into_iter().filter(|kind| bits & bit(*kind) != 0).collect())
    }
}

fn bit(kind: OfferKind) -> u8 {
    1 << kind as u8
}

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let Contact { caps, pauses, remembered, quiet, suppressions } = &check.tables.contact;
    let few = caps.len() <= CONTACT_RULES_MAX
        && pauses.len() <= CONTACT_RULES_MAX
        && suppressions.len() <= CONTACT_RULES_MAX;
    ensure(few, "too many contact rules")?;
    mandatory_first(caps)?;
    caps.iter().try_for_each(|cap| self::cap(check, cap))?;
    pauses.iter().try_for_each(|pause| self::pause(check, pause, *remembered))?;
    ensure(usize::from(*remembered) <= CONTACTS_MAX, "too many outcomes to remember")?;
    suppressions.iter().try_for_each(|suppression| check.program(suppression.when))?;
    let Some(quiet) = quiet else { return Ok(()) };
    let day = 0..DAY_MS;
    let clock = day.contains(&quiet.from_ms) && day.contains(&quiet.until_ms);
    ensure(clock && quiet.from_ms != quiet.until_ms, "quiet hours are no part of a day")
}

/// The log of contacts is as long as the first cap allows, and must remember what every other
/// cap asks for.
fn mandatory_first(caps: &[Cap]) -> Result<(), ArtifactError> {
    let Some(first) = caps.first() else { return ensure(false, "there is no cap") };
    let over_all = first.scope == CapScope::All
        && first.per.is_none()
        && first.exempt == KindSet::default()
        && first.period == Period::ALWAYS;
    let remembered = usize::from(first.limit) <= CONTACTS_MAX;
    let longest = caps.iter().all(|cap| cap.window_ms <= first.window_ms);
    ensure(over_all && remembered && longest, "the mandatory cap is not the first")
}

fn cap(check: &Check<'_>, cap: &Cap) -> Result<(), ArtifactError> {
    let window = (1..=WINDOW_MS_MAX).contains(&cap.window_ms);
    ensure(window && cap.limit >= 1, "a cap is out of range")?;
    let calendar = cap.per.is_none_or(|unit| {
        let listed = CalendarUnit::LISTED.into_iter().find(|(_, listed, _)| *listed == unit);
        listed.is_some_and(|(_, _, longest_ms)| longest_ms == cap.window_ms)
    });
    ensure(calendar, "a calendar cap is out of range")?;
    catalogue::period(cap.period)?;
    scope(check, cap.scope)
}

fn pause(check: &Check<'_>, pause: &Pause, remembered: u16) -> Result<(), ArtifactError> {
    let window = 1..=WINDOW_MS_MAX;
    let sound = window.contains(&pause.within_ms)
        && pause.for_ms.is_none_or(|for_ms| window.contains(&for_ms))
        && (1..=remembered).contains(&pause.times)
        && pause.after != InteractionStep::Offered;
    ensure(sound, "a pause is out of range")?;
    catalogue::period(pause.period)?;
    scope(check, pause.scope)
}

fn scope(check: &Check<'_>, scope: CapScope) -> Result<(), ArtifactError> {
    let tables = check.tables;
    let there = match scope {
        CapScope::All | CapScope::Intent(_) | CapScope::Kind(_) => true,
        CapScope::EachOffer | CapScope::EachIssue | CapScope::EachGroup | CapScope::EachChannel => {
            true
        }
        CapScope::Issue(position) => usize::from(position) < tables.issues.len(),
        CapScope::Group(position) => usize::from(position) < tables.groups.len(),
        CapScope::Offer(position) => (position as usize) < tables.offers.len(),
        CapScope::Channel(position) => usize::from(position) < tables.channels.len(),
    };
    ensure(there, "a cap is of something that is not there")
}
