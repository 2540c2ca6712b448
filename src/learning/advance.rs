//! From a snapshot and a delta to the next snapshot.

use crate::error::Error;
use crate::policy::Policy;
use crate::snapshot::{Delta, Snapshot, TreatmentCount};

/// The snapshot after a delta. Allocates; meant for a clock of its own, not for every event.
///
/// # Errors
/// [`Error::SnapshotMismatch`], [`Error::LeaseMismatch`]: made for another policy.
/// [`Error::DeltaSequence`]: the delta, or one it was merged from, went in before.
pub fn advance(policy: &Policy, snapshot: &Snapshot, delta: &Delta) -> Result<Snapshot, Error> {
    snapshot.check(policy)?;
    delta.check(policy)?;
    let mut next = snapshot.clone();
    for origin in delta.origins() {
        let now = (origin.epoch, origin.sequence);
        if next.applied.get(&origin.node).is_some_and(|last| *last >= now) {
            return Err(Error::DeltaSequence);
        }
        next.applied.insert(origin.node, now);
    }
    for (position, seen) in next.responses.iter_mut().enumerate() {
        let add = |sum: i64, count| sum.saturating_add(delta.treatment(position, count));
        seen.offered = add(seen.offered, TreatmentCount::Offered);
        seen.accepted = add(seen.accepted, TreatmentCount::Accepted);
    }
    next.version += 1;
    next.refresh(policy);
    Ok(next)
}
