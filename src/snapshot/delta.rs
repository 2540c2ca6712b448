//! A delta: what a node has to tell the others, as counters that add.

use alloc::vec::Vec;

use crate::base::bytes::{Reader, Writer};
use crate::base::envelope::Envelope;
use crate::base::ids::{MomentId, TreatmentId};
use crate::error::Error;
use crate::policy::Policy;

const ENVELOPE: Envelope = Envelope { magic: *b"OPPD", version: 1 };

/// Where a delta comes from. Each node counts its deltas up; after a restart that lost the
/// count, it starts a new epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The node.
    pub node: u32,
    /// Its epoch.
    pub epoch: u32,
    /// The delta's number within the epoch, from 1.
    pub sequence: u64,
}

/// What is counted for each treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum TreatmentCount {
    Offered,
    Delivered,
    Seen,
    Clicked,
    Accepted,
    Rejected,
    Expired,
    Fulfilled,
    Failed,
    /// Would have been offered, but is in shadow.
    Shadowed,
}

const TREATMENT_COUNTS: usize = 10;

/// What is counted for each budget, in its own units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum BudgetCount {
    Reserved,
    Committed,
    /// Given back to the lease that counts here.
    Refunded,
    /// Released, but reserved from another lease: for the ledger to give back.
    Released,
}

const BUDGET_COUNTS: usize = 4;

/// Counters of everything that happened on one node since its last delta. The calls add to it;
/// it is sized for the policy when it is made, so adding never allocates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    fingerprint: u64,
    /// Ascending; one until deltas are merged.
    origins: Vec<Origin>,
    /// Treatments, then moments, then budgets, then the unattributed.
    counters: Vec<i64>,
    moments_start: usize,
    budgets_start: usize,
}

impl Delta {
    /// An empty delta.
    pub fn new(policy: &Policy, origin: Origin) -> Delta {
        let moments_start = policy.tables.treatments.len() * TREATMENT_COUNTS;
        let budgets_start = moments_start + policy.tables.moments.len();
        let len = budgets_start + policy.tables.budgets.len() * BUDGET_COUNTS + 1;
        Delta {
            fingerprint: policy.fingerprint(),
            origins: alloc::vec![origin],
            counters: alloc::vec![0; len],
            moments_start,
            budgets_start,
        }
    }

    /// Where it comes from, ascending.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }

    /// How often a treatment was offered and accepted.
    pub fn responses(&self, policy: &Policy, treatment: TreatmentId) -> Option<(i64, i64)> {
        let position = policy.treatment_position(treatment)?;
        Some((
            self.treatment(position, TreatmentCount::Offered),
            self.treatment(position, TreatmentCount::Accepted),
        ))
    }

    /// How often a treatment would have been offered, had it not been in shadow.
    pub fn shadowed(&self, policy: &Policy, treatment: TreatmentId) -> Option<i64> {
        let position = policy.treatment_position(treatment)?;
        Some(self.treatment(position, TreatmentCount::Shadowed))
    }

    /// How often a moment was raised.
    pub fn raised(&self, policy: &Policy, moment: MomentId) -> Option<i64> {
        let position = policy.tables.moments.iter().position(|m| m.id == moment)?;
        self.counters.get(self.moments_start + position).copied()
    }

    /// Outcomes that named no open offer: counted, not credited.
    pub fn unattributed(&self) -> i64 {
        self.counters.last().copied().unwrap_or(0)
    }

    /// Adds another delta of the same policy. Associative and commutative to the bit. Refused
    /// when both contain a delta of one origin.
    pub fn merge(&mut self, other: &Delta) -> Result<(), Error> {
        if self.fingerprint != other.fingerprint || self.counters.len() != other.counters.len() {
            return Err(Error::LeaseMismatch);
        }
        if other.origins.iter().any(|origin| self.origins.binary_search(origin).is_ok()) {
            return Err(Error::DeltaSequence);
        }
        self.origins.extend_from_slice(&other.origins);
        self.origins.sort_unstable();
        for (sum, term) in self.counters.iter_mut().zip(&other.counters) {
            *sum = sum.saturating_add(*term);
        }
        Ok(())
    }

    /// Empties the counters for the next delta of the node.
    pub fn restart(&mut self, origin: Origin) {
        self.origins.clear();
        self.origins.push(origin);
        self.counters.fill(0);
    }

    pub(crate) fn check(&self, policy: &Policy) -> Result<(), Error> {
        if self.fingerprint == policy.fingerprint() { Ok(()) } else { Err(Error::LeaseMismatch) }
    }

    pub(crate) fn treatment(&self, position: usize, count: TreatmentCount) -> i64 {
        self.counters.get(position * TREATMENT_COUNTS + count as usize).copied().unwrap_or(0)
    }

    pub(crate) fn count_treatment(&mut self, position: usize, count: TreatmentCount) {
        self.add(position * TREATMENT_COUNTS + count as usize, 1);
    }

    pub(crate) fn count_moment(&mut self, position: usize) {
        self.add(self.moments_start + position, 1);
    }

    pub(crate) fn count_budget(&mut self, position: u16, count: BudgetCount, amount: i64) {
        self.add(
            self.budgets_start + usize::from(position) * BUDGET_COUNTS + count as usize,
            amount,
        );
    }

    pub(crate) fn count_unattributed(&mut self) {
        self.add(self.counters.len().wrapping_sub(1), 1);
    }

    fn add(&mut self, index: usize, amount: i64) {
        if let Some(counter) = self.counters.get_mut(index) {
            *counter = counter.saturating_add(amount);
        }
    }

    /// Versioned, checksummed bytes: equal deltas give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.u64(self.fingerprint);
        body.u32(self.origins.len() as u32);
        for origin in &self.origins {
            body.u32(origin.node);
            body.u32(origin.epoch);
            body.u64(origin.sequence);
        }
        body.u32(self.counters.len() as u32);
        self.counters.iter().for_each(|counter| body.i64(*counter));
        ENVELOPE.seal(&body.bytes)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote under the same policy.
    pub fn from_bytes(policy: &Policy, bytes: &[u8]) -> Result<Delta, Error> {
        let mut body = Reader::new(ENVELOPE.open(bytes)?);
        let delta = Delta::read(policy, &mut body).ok_or(Error::Malformed)?;
        delta.check(policy)?;
        Ok(delta)
    }

    fn read(policy: &Policy, body: &mut Reader) -> Option<Delta> {
        let fingerprint = body.u64()?;
        let origins: Option<Vec<Origin>> = (0..body.u32()?)
            .map(|_| Some(Origin { node: body.u32()?, epoch: body.u32()?, sequence: body.u64()? }))
            .collect();
        let origins = origins?;
        let mut delta = Delta::new(policy, *origins.first()?);
        delta.fingerprint = fingerprint;
        let ascending = origins.is_sorted_by(|a, b| a < b);
        delta.origins = origins;
        (ascending && body.u32()? as usize == delta.counters.len()).then_some(())?;
        for counter in &mut delta.counters {
            *counter = body.i64()?;
        }
        // What is counted only grows.
        let sound = delta.counters.iter().all(|counter| *counter >= 0);
        (sound && body.is_empty()).then_some(delta)
    }
}
