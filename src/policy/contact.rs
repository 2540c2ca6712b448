//! When to leave people alone.

use alloc::string::String;
use alloc::vec::Vec;

use super::aggregate::CalendarUnit;
use super::catalogue::OfferKind;
use super::interaction::InteractionStep;
use super::period::Period;
use crate::base::ids::IntentId;
use crate::expr::Program;

/// A set of offer kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KindSet(u8);

impl KindSet {
    pub(crate) fn contains(self, kind: OfferKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }
}

impl FromIterator<OfferKind> for KindSet {
    fn from_iter<I: IntoIterator<Item = OfferKind>>(kinds: I) -> Self {
        KindSet(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }
}

/// Everything that limits contact. None of it is ever traded against value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Contact {
    /// The first is the mandatory cap over all contacts. It has the longest window, so the log
    /// of contacts never needs to hold more than its limit, and "full" means "capped".
    pub(crate) caps: Vec<Cap>,
    pub(crate) pauses: Vec<Pause>,
    /// How many outcomes a profile remembers for pauses: none without pauses.
    pub(crate) remembered: u16,
    pub(crate) quiet: Option<QuietHours>,
    pub(crate) suppressions: Vec<Suppression>,
}

/// At most `limit` contacts within any `window_ms`, or within a local day, week or month, while it
/// is in force: contacts from before count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap {
    pub(crate) scope: CapScope,
    pub(crate) limit: u16,
    /// Of a calendar cap the longest that its periods can be.
    pub(crate) window_ms: i64,
    /// A calendar cap counts within these; none for one that holds in any window.
    pub(crate) per: Option<CalendarUnit>,
    /// Always for the mandatory cap.
    pub(crate) period: Period,
    /// Kinds that neither count nor are stopped. Empty for the mandatory cap.
    pub(crate) exempt: KindSet,
}

/// Which contacts a cap counts, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CapScope {
    All,
    Issue(u16),
    Group(u16),
    Offer(u32),
    /// Each offer by itself.
    EachOffer,
    Channel(u16),
    EachIssue,
    EachGroup,
    EachChannel,
    /// Of moments with this intent.
    Intent(IntentId),
    Kind(OfferKind),
}

impl CapScope {
    /// Whether it counts several things, each by itself.
    pub(crate) fn each(self) -> bool {
        use CapScope::{EachChannel, EachGroup, EachIssue, EachOffer};
        matches!(self, EachOffer | EachGroup | EachIssue | EachChannel)
    }
}

/// After so many outcomes of one kind nothing more of the same scope is offered for a while; or, a
/// limit, for as long as there were so many within its window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    pub(crate) after: InteractionStep,
    pub(crate) times: u16,
    /// How long ago the first of them may be.
    pub(crate) within_ms: i64,
    pub(crate) scope: CapScope,
    /// How long it lasts, from the last of them; none for a limit.
    pub(crate) for_ms: Option<i64>,
    pub(crate) period: Period,
    /// Kinds that neither count nor are stopped.
    pub(crate) exempt: KindSet,
}

impl Pause {
    /// How long an outcome can count.
    pub(crate) fn horizon_ms(&self) -> i64 {
        self.within_ms.saturating_add(self.for_ms.unwrap_or(0))
    }

    /// Whether an offer that is open may become one outcome more.
    pub(crate) fn counts_open(&self) -> bool {
        self.for_ms.is_none() && self.after == InteractionStep::Accepted
    }
}

/// A stretch of the local day, which may span midnight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuietHours {
    /// Milliseconds after local midnight.
    pub(crate) from_ms: i64,
    /// Milliseconds after local midnight; the first instant that is not quiet.
    pub(crate) until_ms: i64,
    pub(crate) exempt: KindSet,
}

impl QuietHours {
    /// How long quiet lasts from this time of the local day; `None` when it is not quiet.
    pub(crate) fn remaining_ms(self, ms_of_day: i64) -> Option<i64> {
        let day_ms = crate::base::civil::DAY_MS;
        let length = (self.until_ms - self.from_ms).rem_euclid(day_ms);
        let since = (ms_of_day - self.from_ms).rem_euclid(day_ms);
        (since < length).then(|| length - since)
    }
}

/// While `when` holds, only exempt kinds are offered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suppression {
    pub(crate) when: Program,
    pub(crate) exempt: KindSet,
}

/// The universal control group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Control {
    pub(crate) seed: String,
    /// Subscribers whose bucket is below this are in control; 0 for none, 10,000 for all.
    pub(crate) buckets: u32,
    /// Kinds that control gets too.
    pub(crate) exempt: KindSet,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_span_midnight() {
        let hour = crate::base::civil::HOUR_MS;
        let night =
            QuietHours { from_ms: 21 * hour, until_ms: 8 * hour, exempt: KindSet::default() };
        for (at, remaining) in [(20, None), (21, Some(11)), (23, Some(9)), (0, Some(8)), (8, None)]
        {
            assert_eq!(night.remaining_ms(at * hour), remaining.map(|h| h * hour), "{at}");
        }
        let noon =
            QuietHours { from_ms: 12 * hour, until_ms: 14 * hour, exempt: KindSet::default() };
        assert_eq!(noon.remaining_ms(11 * hour), None);
        assert_eq!(noon.remaining_ms(13 * hour), Some(hour));
    }

    #[test]
    fn kind_sets() {
        let set: KindSet = [OfferKind::Service, OfferKind::Tip].into_iter().collect();
        for kind in OfferKind::ALL {
            assert_eq!(set.contains(kind), matches!(kind, OfferKind::Service | OfferKind::Tip));
        }
    }
}
