//! Caps, quiet hours, suppressions and the control group.

use alloc::string::String;
use alloc::vec::Vec;

use super::catalogue;
use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::bytes::{Reader, Writer};
use crate::base::civil::DAY_MS;
use crate::base::encoding::{Broken, Encoded, encoded, encoded_choice};
use crate::base::limits::{CONTACT_RULES_MAX, CONTACTS_MAX, WINDOW_MS_MAX};
use crate::expr::Program;
use crate::policy::{
    Cap, CapScope, Contact, Control, KindSet, OfferKind, Period, QuietHours, Suppression,
};

encoded! {
    Contact { caps: Vec<Cap>, quiet: Option<QuietHours>, suppressions: Vec<Suppression> }
    Cap { scope: CapScope, limit: u16, window_ms: i64, period: Period, exempt: KindSet }
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
    let Contact { caps, quiet, suppressions } = &check.tables.contact;
    let few = caps.len() <= CONTACT_RULES_MAX && suppressions.len() <= CONTACT_RULES_MAX;
    ensure(few, "too many contact rules")?;
    mandatory_first(caps)?;
    caps.iter().try_for_each(|cap| self::cap(check, cap))?;
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
        && first.exempt == KindSet::default()
        && first.period == Period::ALWAYS;
    let remembered = usize::from(first.limit) <= CONTACTS_MAX;
    let longest = caps.iter().all(|cap| cap.window_ms <= first.window_ms);
    ensure(over_all && remembered && longest, "the mandatory cap is not the first")
}

fn cap(check: &Check<'_>, cap: &Cap) -> Result<(), ArtifactError> {
    let window = (1..=WINDOW_MS_MAX).contains(&cap.window_ms);
    ensure(window && cap.limit >= 1, "a cap is out of range")?;
    catalogue::period(cap.period)?;
    let tables = check.tables;
    let there = match cap.scope {
        CapScope::All | CapScope::EachOffer => true,
        CapScope::Issue(position) => usize::from(position) < tables.issues.len(),
        CapScope::Group(position) => usize::from(position) < tables.groups.len(),
        CapScope::Offer(position) => (position as usize) < tables.offers.len(),
        CapScope::Channel(position) => usize::from(position) < tables.channels.len(),
    };
    ensure(there, "a cap is of something that is not there")
}
