//! Where everything is in a profile. The byte table for people is `docs/profile.md`.

use alloc::vec::Vec;

use super::aggregate::TIMED_BYTES;
use super::pattern::Pattern;
use super::schema::{Feature, FeatureKind, Holder, Moment};
use super::{Policy, Tables};
use crate::base::bytes::Writer;
use crate::base::encoding::Encoded;
use crate::base::hash::hash_bytes;
use crate::base::ids::FeatureId;
use crate::base::limits::{ACCOUNT_SESSIONS, OPEN_OFFERS, SESSIONS};

/// Offsets of the header's fields; slots begin at [`header::BYTES`].
pub(crate) mod header {
    /// The bytes `OPPR`.
    pub(crate) const MAGIC: usize = 0;
    /// u32: CRC32C over everything from [`CHECKED`] on.
    pub(crate) const CHECKSUM: usize = 4;
    /// Where what the checksum covers begins: all but the magic, which is compared as it is.
    pub(crate) const CHECKED: usize = 8;
    /// u64: digest of the layout that the slots follow.
    pub(crate) const LAYOUT: usize = 8;
    /// u64: hash of the subscriber key.
    pub(crate) const SUBSCRIBER: usize = 16;
    /// u64: one more after each call that changed the profile.
    pub(crate) const REVISION: usize = 24;
    /// i64: the latest `now` of any call.
    pub(crate) const NOW: usize = 32;
    /// u32: events that came too late for at least one of their windows.
    pub(crate) const LATE: usize = 40;
    /// u32: sessions forgotten to make room.
    pub(crate) const EVICTED: usize = 44;
    /// u32: open offers closed to make room.
    pub(crate) const CROWDED_OUT: usize = 48;
    /// u32: message numbers that never came.
    pub(crate) const GAPS: usize = 52;
    /// u32: the second since the Unix epoch before which no open offer expires; zero when none is
    /// open. So most calls need not look at the open offers.
    pub(crate) const OFFERS_DUE: usize = 56;
    /// u16: version of this format.
    pub(crate) const FORMAT: usize = 60;
    /// Bytes of the header.
    pub(crate) const BYTES: usize = 64;
}

/// Bytes of one entry of the session table.
pub(crate) const SESSION_BYTES: usize = 24;
/// Bytes of the times of calls to come: the first moment that is due, the end of quiet hours; of
/// which policy the due times are that follow, and these.
pub(crate) const CALLS_BYTES: usize = 12 + 4 * DUE_TIMES;
/// The first two of them, which mean the same under every policy.
pub(crate) const NEXT_CALLS_BYTES: usize = 8;
/// How many moments have their due time kept, so that it is worked out anew only when what it reads
/// has changed. The others' are worked out whenever any is.
pub(crate) const DUE_TIMES: usize = 3;
/// Bytes before the states of patterns, if there are any: which have just completed, and the first
/// time at which a wait is over.
pub(crate) const PATTERNS_HEAD_BYTES: usize = 8;
/// Bytes of one moment: until when it is active, until when it is silent.
pub(crate) const MOMENT_BYTES: usize = 8;
/// Bytes of the state of one pattern.
pub(crate) const PATTERN_BYTES: usize = 16;
/// Bytes of one entry of the logs of contacts and of outcomes.
pub(crate) const CONTACT_BYTES: usize = 16;
/// Bytes of one open offer.
pub(crate) const OPEN_OFFER_BYTES: usize = 88;

/// The version of header and slots that this library reads and writes.
pub(crate) const FORMAT_VERSION: u16 = 2;

/// How many entries the logs of a profile have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Logs {
    /// Of contacts: the limit of the mandatory cap.
    pub(crate) contacts: usize,
    /// Of outcomes: none without pauses and limits.
    pub(crate) outcomes: usize,
}

/// Computed offsets: header, sessions, calls to come, patterns, slots, moments, contacts, outcomes,
/// open offers.
/// What every message touches comes first. An account's profile has its sessions and its slots:
/// moments, contacts and offers are of lines.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Whose profiles lie so.
    pub(crate) holder: Holder,
    /// Bytes in all, a multiple of eight.
    pub(crate) bytes: usize,
    /// Digest of the meaning of every byte.
    pub(crate) hash: u64,
    /// `session_entries` entries of [`SESSION_BYTES`].
    pub(crate) sessions: usize,
    pub(crate) session_entries: usize,
    /// Offset of each feature's slot, by feature position; zero for derived features. A policy's own
    /// layout of lines has those in the account's profile too.
    pub(crate) features: Vec<u32>,
    /// [`CALLS_BYTES`].
    pub(crate) calls: usize,
    /// [`MOMENT_BYTES`] a moment.
    pub(crate) moments: usize,
    /// [`PATTERNS_HEAD_BYTES`], then [`PATTERN_BYTES`] a pattern; nothing without patterns.
    pub(crate) patterns: usize,
    /// `logs.contacts` entries of [`CONTACT_BYTES`].
    pub(crate) contacts: usize,
    /// `logs.outcomes` entries of [`CONTACT_BYTES`].
    pub(crate) outcomes: usize,
    pub(crate) logs: Logs,
    /// `open_offer_entries` entries of [`OPEN_OFFER_BYTES`].
    pub(crate) open_offers: usize,
    pub(crate) open_offer_entries: usize,
}

impl Layout {
    /// How profiles of lines lie.
    pub(crate) fn line(tables: &Tables) -> Layout {
        let contacts = tables.contact.caps.first().map_or(0, |cap| usize::from(cap.limit));
        let logs = Logs { contacts, outcomes: usize::from(tables.contact.remembered) };
        let (features, moments) = (&tables.features, &tables.moments);
        let mut line = Layout::of_line(features, moments, &tables.patterns, logs);
        let account = Layout::account(tables).map_or(Vec::new(), |account| account.features);
        // A feature has a slot in one of the two.
        line.features.iter_mut().zip(account).for_each(|(slot, offset)| *slot |= offset);
        line
    }

    /// How profiles of accounts lie, if the policy keeps anything of them.
    pub(crate) fn account(tables: &Tables) -> Option<Layout> {
        let kept = |feature: &Feature| feature.holder == Holder::Account && Layout::stores(feature);
        tables.features.iter().any(kept).then(|| Layout::of_account(&tables.features))
    }

    /// The layout of a line's profile that holds these features and moments and remembers so much
    /// contact. Of a moment only what it is and what it remembers counts, and derived features
    /// and those of accounts do not count.
    pub(crate) fn of_line(
        features: &[Feature],
        moments: &[Moment],
        patterns: &[Pattern],
        logs: Logs,
    ) -> Layout {
        let mut place = Place { next: header::BYTES };
        let sessions = place.table(SESSIONS * SESSION_BYTES);
        let calls = place.table(CALLS_BYTES);
        let of_patterns = place.table(patterns_bytes(patterns.len()));
        let slots = place.slots(features, Holder::Line);
        let of_moments = place.table(MOMENT_BYTES * moments.len());
        let contacts = place.table(logs.contacts * CONTACT_BYTES);
        let outcomes = place.table(logs.outcomes * CONTACT_BYTES);
        let open_offers = place.table(OPEN_OFFERS * OPEN_OFFER_BYTES);
        Layout {
            holder: Holder::Line,
            bytes: place.next,
            hash: line_hash(features, moments, patterns, logs),
            sessions,
            session_entries: SESSIONS,
            features: slots,
            calls,
            moments: of_moments,
            patterns: of_patterns,
            contacts,
            outcomes,
            logs,
            open_offers,
            open_offer_entries: OPEN_OFFERS,
        }
    }

    /// The layout of an account's profile that holds those of these features that are an account's.
    pub(crate) fn of_account(features: &[Feature]) -> Layout {
        let mut place = Place { next: header::BYTES };
        let sessions = place.table(ACCOUNT_SESSIONS * SESSION_BYTES);
        let slots = place.slots(features, Holder::Account);
        let end = place.next;
        Layout {
            holder: Holder::Account,
            bytes: end,
            hash: account_hash(features),
            sessions,
            session_entries: ACCOUNT_SESSIONS,
            features: slots,
            calls: end,
            moments: end,
            patterns: end,
            contacts: end,
            outcomes: end,
            logs: Logs::default(),
            open_offers: end,
            open_offer_entries: 0,
        }
    }

    /// Whether a feature has a slot. Others are computed when they are read.
    pub(crate) fn stores(feature: &Feature) -> bool {
        slot_bytes(feature) > 0
    }

    /// Bytes that a feature takes in a profile.
    pub(crate) fn feature_bytes(feature: &Feature) -> usize {
        slot_bytes(feature)
    }
}

impl Policy {
    /// Bytes of one subscriber's profile.
    pub fn profile_bytes(&self) -> usize {
        self.layout.bytes
    }

    /// Bytes of one account's profile; zero for a policy that keeps nothing of accounts.
    pub fn account_bytes(&self) -> usize {
        self.account.as_ref().map_or(0, |account| account.bytes)
    }

    /// How the profiles of a holder lie.
    pub(crate) fn layout_of(&self, holder: Holder) -> Option<&Layout> {
        match holder {
            Holder::Line => Some(&self.layout),
            Holder::Account => self.account.as_ref(),
        }
    }

    /// Whose profile holds a feature; none for what is computed, which may read both.
    pub fn holder(&self, id: FeatureId) -> Option<Holder> {
        let feature = &self.tables.features[self.feature_position(id)?];
        Layout::stores(feature).then_some(feature.holder)
    }
}

/// Bytes that so many patterns take in a profile.
pub(crate) fn patterns_bytes(patterns: usize) -> usize {
    if patterns == 0 { 0 } else { PATTERNS_HEAD_BYTES + PATTERN_BYTES * patterns }
}

/// Bytes of a feature's slot. Slots begin as zeros, which is "never" for times and "nothing" for
/// counts and sums.
fn slot_bytes(feature: &Feature) -> usize {
    match feature.kind {
        FeatureKind::Derived(_)
        | FeatureKind::Output { .. }
        | FeatureKind::Since { .. }
        | FeatureKind::Arm { .. } => 0,
        FeatureKind::Attribute { .. } => TIMED_BYTES,
        // Stage, time.
        FeatureKind::Stage { .. } => 16,
        FeatureKind::Aggregate(aggregate) => aggregate.slot_bytes(),
    }
}

/// Where the next table goes: tables begin at eights.
struct Place {
    next: usize,
}

impl Place {
    /// Offsets of the slots that a holder's profile has: first stages, which every message asks,
    /// then what events are folded into, then attributes, which nobody writes often; of each the
    /// order of the policy. They follow one another as they are, since bytes are read at any
    /// alignment.
    fn slots(&mut self, features: &[Feature], holder: Holder) -> Vec<u32> {
        let held = |feature: &&Feature| feature.holder == holder;
        let mut next = self.table(features.iter().filter(held).map(slot_bytes).sum());
        let mut slots = alloc::vec![0; features.len()];
        let kinds: [fn(&Feature) -> bool; 3] = [
            |feature| matches!(feature.kind, FeatureKind::Stage { .. }),
            |feature| matches!(feature.kind, FeatureKind::Aggregate(_)),
            |feature| matches!(feature.kind, FeatureKind::Attribute { .. }),
        ];
        for is_next in kinds {
            let of_kind = slots.iter_mut().zip(features);
            for (slot, feature) in of_kind.filter(|(_, it)| held(it) && is_next(it)) {
                *slot = next as u32;
                next += slot_bytes(feature);
            }
        }
        slots
    }

    fn table(&mut self, bytes: usize) -> usize {
        let offset = self.next;
        self.next += bytes.next_multiple_of(8);
        offset
    }
}

/// Two layouts with one hash mean the same by every byte.
fn line_hash(features: &[Feature], moments: &[Moment], patterns: &[Pattern], logs: Logs) -> u64 {
    let mut meaning = Writer::default();
    FORMAT_VERSION.write(&mut meaning);
    meaning.u32(CALLS_BYTES as u32);
    meaning.u32(logs.contacts as u32);
    if logs.outcomes > 0 {
        meaning.u32(logs.outcomes as u32);
    }
    write_features(features, Holder::Line, &mut meaning);
    for moment in moments {
        (moment.id, 6u8).write(&mut meaning);
    }
    for pattern in patterns {
        (pattern.id, (7u8, pattern.shape.digest())).write(&mut meaning);
    }
    hash_bytes(0, &meaning.bytes)
}

/// The same of accounts: never that of a line.
fn account_hash(features: &[Feature]) -> u64 {
    let mut meaning = Writer::default();
    FORMAT_VERSION.write(&mut meaning);
    write_features(features, Holder::Account, &mut meaning);
    hash_bytes(Holder::Account as u64, &meaning.bytes)
}

fn write_features(features: &[Feature], holder: Holder, meaning: &mut Writer) {
    for feature in features.iter().filter(|feature| feature.holder == holder) {
        let kind = match feature.kind {
            FeatureKind::Derived(_)
            | FeatureKind::Output { .. }
            | FeatureKind::Since { .. }
            | FeatureKind::Arm { .. } => {
                continue;
            }
            FeatureKind::Attribute { .. } => 1,
            FeatureKind::Aggregate(_) => 2,
            FeatureKind::Stage { .. } => 4,
        };
        (feature.id, (feature.ty as u8, kind)).write(meaning);
        if let FeatureKind::Aggregate(aggregate) = feature.kind {
            aggregate.meaning(features).write(meaning);
        }
    }
}
