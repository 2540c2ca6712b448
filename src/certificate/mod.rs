//! What a policy can cost at most, known before the first message: bytes a subscriber, steps a
//! call, and how near its limits are.
//!
//! A *step* is one turn of an inner loop of the data plane: an operation of a program; an event
//! or a field taken in; an event folded into a feature; a feature read, and each bucket of its
//! ring; an input of a model taken, a bin compared, a term of a series; a transition of a lifecycle
//! asked; a bucket cleared; an event held against a step of a pattern, a pattern looked at; a
//! moment asked; an offer looked at, each time that a moment lists it; a
//! treatment tried; a suppression asked; a cap compared with a contact in the log or with a
//! treatment. A test counts the steps of real calls and holds them against the certificate.
//!
//! What a constant of [`limits`](crate::limits) bounds is part of the step that does it: looking
//! through the `SESSIONS` and `OPEN_OFFERS` of a profile and the ranked candidates; finding a zone
//! among `ZONES_MAX`, once for each that a message or an event names; finding the oldest of
//! `CONTACTS_MAX` contacts for each offer made; asking, of each moment asked, whether one of
//! `MOMENTS_RAISED_MAX` is among its `SUPERSEDES_MAX` at most; hashing keys and texts of
//! `KEY_BYTES_MAX` bytes.

mod display;
mod limits;
#[cfg(all(test, feature = "compiler"))]
mod measured;
mod programs;
mod steps;

use alloc::vec::Vec;

pub use limits::Nearness;
pub use steps::Steps;

use crate::base::ids::FeatureId;
use crate::decision::Decision;
use crate::policy::{
    CALLS_BYTES, CONTACT_BYTES, Holder, IndexSize, Layout, MOMENT_BYTES, OPEN_OFFER_BYTES, Policy,
    SESSION_BYTES, header, patterns_bytes,
};

/// What a policy can cost at most. The data plane never exceeds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// The fingerprint of the policy.
    pub fingerprint: u64,
    /// Bytes of one subscriber's profile.
    pub profile: ProfileCost,
    /// Bytes of one account's profile, if the policy keeps anything of accounts.
    pub account: Option<ProfileCost>,
    /// The largest number of steps of one call.
    pub steps: Steps,
    /// Bytes of a decision in memory, whatever it says: it is never on the heap.
    pub decision_bytes: usize,
    /// Programs that differ in text or in what they are about.
    pub programs: usize,
    /// Operations of all programs.
    pub operations: usize,
    /// Comparisons of a feature with a constant that differ from one another.
    pub predicates: usize,
    /// The index over the rules of offers.
    pub index: IndexSize,
    /// Bytes of the artifact.
    pub artifact_bytes: usize,
    /// Bytes that the policy keeps on the heap once its artifact is loaded, on this machine and
    /// without what the allocator adds. While it is loaded, it is never more than
    /// [`ARTIFACT_MEMORY_FACTOR`](crate::limits::ARTIFACT_MEMORY_FACTOR) times the artifact.
    pub loaded_bytes: usize,
    /// Everything that has a limit, the nearest first.
    pub limits: Vec<Nearness>,
}

/// The bytes of one profile, a subscriber's or an account's, and what they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProfileCost {
    /// Whose profile.
    pub holder: Holder,
    /// In all.
    pub total: usize,
    /// Identity, revision, checksum.
    pub header: usize,
    /// To recognise messages that come again.
    pub sessions: usize,
    /// Until when each moment is active and silent, and when to call again.
    pub moments: usize,
    /// How far each pattern has come.
    pub patterns: usize,
    /// The log that makes every contact cap exact.
    pub contacts: usize,
    /// Offers that wait for an answer.
    pub open_offers: usize,
    /// What brings the slots of features to a multiple of eight.
    pub padding: usize,
    /// Each stored feature with its bytes, the largest first.
    pub features: Vec<(FeatureId, usize)>,
}

impl Policy {
    /// What this policy can cost at most. Allocates; takes time in proportion to the policy.
    pub fn certificate(&self) -> Certificate {
        let artifact_bytes = self.to_bytes().len();
        let programs = programs::all(&self.tables);
        Certificate {
            fingerprint: self.fingerprint(),
            profile: profile_bytes(self, &self.layout),
            account: self.account.as_ref().map(|account| profile_bytes(self, account)),
            steps: steps::worst(self),
            decision_bytes: size_of::<Decision>(),
            programs: programs.len(),
            operations: self.tables.code.len(),
            predicates: programs::predicates(&self.tables, &programs),
            index: self.index.size(),
            artifact_bytes,
            loaded_bytes: self.heap_bytes(),
            limits: limits::nearness(self, &programs, artifact_bytes),
        }
    }
}

fn profile_bytes(policy: &Policy, layout: &Layout) -> ProfileCost {
    let tables = &policy.tables;
    let mut features: Vec<(FeatureId, usize)> = tables
        .features
        .iter()
        .filter(|feature| feature.holder == layout.holder)
        .map(|feature| (feature.id, Layout::feature_bytes(feature)))
        .filter(|(_, bytes)| *bytes > 0)
        .collect();
    let slots: usize = features.iter().map(|(_, bytes)| bytes).sum();
    features.sort_by_key(|(id, bytes)| (core::cmp::Reverse(*bytes), *id));
    let (moments, patterns) = match layout.holder {
        Holder::Line => (tables.moments.len(), tables.patterns.len()),
        Holder::Account => (0, 0),
    };
    let calls = if layout.holder == Holder::Line { CALLS_BYTES } else { 0 };
    ProfileCost {
        holder: layout.holder,
        total: layout.bytes,
        header: header::BYTES,
        sessions: layout.session_entries * SESSION_BYTES,
        moments: calls + MOMENT_BYTES * moments,
        patterns: patterns_bytes(patterns),
        contacts: (layout.logs.contacts + layout.logs.outcomes) * CONTACT_BYTES,
        open_offers: layout.open_offer_entries * OPEN_OFFER_BYTES,
        padding: slots.next_multiple_of(8) - slots,
        features,
    }
}
