//! From a snapshot and a delta to the next snapshot.

use crate::error::Error;
use crate::policy::Policy;
use crate::snapshot::{Delta, Snapshot, TreatmentCount};

/// The snapshot after a delta. Allocates; meant for a clock of its own, not for every event.
///
/// # Errors
/// [`Error::SnapshotMismatch`], [`Error::LeaseMismatch`]: made for another policy.
/// [`Error::DeltaSequence`]: the delta, or one it was merged from, went in before, or an earlier
/// one of its node and epoch has not.
pub fn advance(policy: &Policy, snapshot: &Snapshot, delta: &Delta) -> Result<Snapshot, Error> {
    snapshot.check(policy)?;
    delta.check(policy)?;
    let mut next = snapshot.clone();
    for origin in delta.origins() {
        let (epoch, sequence) = next.applied.get(&origin.node).copied().unwrap_or_default();
        let follows = match origin.epoch == epoch {
            true => sequence.checked_add(1) == Some(origin.sequence),
            false => origin.epoch > epoch && origin.sequence == 1,
        };
        if !follows {
            return Err(Error::DeltaSequence);
        }
        next.applied.insert(origin.node, (origin.epoch, origin.sequence));
    }
    for (position, seen) in next.responses.iter_mut().enumerate() {
        let add = |sum: i64, count| sum.saturating_add(delta.treatment(position, count));
        seen.offered = add(seen.offered, TreatmentCount::Offered);
        seen.accepted = add(seen.accepted, TreatmentCount::Accepted);
    }
    next.version = next.version.saturating_add(1);
    next.refresh(policy);
    Ok(next)
}
