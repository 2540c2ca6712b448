//! Older layouts whose profiles are migrated.

use alloc::string::String;
use alloc::vec::Vec;

use super::check::{Check, ensure, members, unique};
use super::error::ArtifactError;
use super::schema;
use crate::base::encoding::encoded;
use crate::base::ids::Namespace;
use crate::base::limits::{
    CONTACTS_MAX, FEATURES_MAX, ID_NUMBER_MAX, MOMENTS_MAX, PATTERNS_MAX, PREDECESSORS_MAX,
    PROFILE_BYTES_MAX,
};
use crate::policy::{Feature, FeatureKind, GoneName, Holder, Layout, Moment, Pattern, Predecessor};

encoded! {
    Predecessor {
        version: u32,
        holder: Holder,
        features: Vec<Feature>,
        moments: Vec<Moment>,
        patterns: Vec<Pattern>,
        contact_entries: u16,
        outcome_entries: u16,
        gone: Vec<GoneName>,
    }
    GoneName { namespace: u8, number: u32, name: String }
}

/// Holds older layouts to what the compiler guarantees of a policy's own. Their offsets are
/// computed, so there are none to check; programs they have none that would be run.
pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let older = &check.tables.predecessors;
    ensure(older.len() <= PREDECESSORS_MAX, "too many older layouts")?;
    let mut hashes = Vec::new();
    hashes.try_reserve_exact(older.len() + 2).map_err(|_| ArtifactError::Memory)?;
    let account = Layout::account(check.tables).map(|account| account.hash);
    hashes.push(Layout::line(check.tables).hash);
    hashes.extend(account);
    for old in older {
        predecessor(old)?;
        let wanted = old.holder == Holder::Line || account.is_some();
        ensure(wanted, "an older layout of accounts, of which nothing is kept")?;
        let layout = old.layout();
        ensure(layout.bytes <= PROFILE_BYTES_MAX, "an older layout is larger than the limit")?;
        ensure(!hashes.contains(&layout.hash), "an older layout is there twice")?;
        hashes.push(layout.hash);
    }
    Ok(())
}

fn predecessor(old: &Predecessor) -> Result<(), ArtifactError> {
    let counts = old.features.len() <= FEATURES_MAX
        && old.moments.len() <= MOMENTS_MAX
        && old.patterns.len() <= PATTERNS_MAX
        && usize::from(old.contact_entries) <= CONTACTS_MAX
        && usize::from(old.outcome_entries) <= CONTACTS_MAX;
    ensure(counts, "too much in an older layout")?;
    let held = old.features.iter().all(|feature| feature.holder == old.holder);
    let alone = old.moments.is_empty() && old.patterns.is_empty() && old.contact_entries == 0;
    ensure(held, "an older layout holds what is another's")?;
    ensure(
        alone || old.holder == Holder::Line,
        "an older layout of accounts has more than features",
    )?;
    for feature in &old.features {
        ensure(Layout::stores(feature), "a computed feature in an older layout")?;
        members(feature.ty, &feature.members)?;
        schema::holder(feature)?;
        if let FeatureKind::Aggregate(aggregate) = feature.kind {
            schema::aggregate(feature.ty, &aggregate)?;
            schema::bill_day(&old.features, old.holder, &aggregate)?;
        }
    }
    unique(old.features.iter().map(|feature| feature.id))?;
    unique(old.moments.iter().map(|moment| moment.id))?;
    unique(old.patterns.iter().map(|pattern| pattern.id))?;
    let named = |gone: &GoneName| {
        Namespace::from_number(u32::from(gone.namespace)).is_some()
            && (1..=ID_NUMBER_MAX).contains(&gone.number)
    };
    ensure(old.gone.iter().all(named), "an older layout names what cannot be")
}
