//! What subscribers share. It enters a call as an immutable [`Snapshot`] and a [`Lease`], and
//! leaves as a [`Delta`] of exact integers that merge in any order.

mod delta;
mod lease;
mod switches;

pub(crate) use delta::{BudgetCount, TreatmentCount};
pub use delta::{Delta, Origin};
pub use lease::Lease;
pub use switches::Switches;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::base::bytes::{Reader, Writer};
use crate::base::envelope::Envelope;
use crate::base::hash::hash_bytes;
use crate::base::ids::{BudgetId, TreatmentId};
use crate::error::Error;
use crate::policy::Policy;

const ENVELOPE: Envelope = Envelope { magic: *b"OPPS", version: 1 };

/// What has been learned and set for the whole base at one instant. Immutable; a new one is made
/// from merged deltas by [`advance`](crate::advance).
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub(crate) fingerprint: u64,
    pub(crate) version: u64,
    /// By treatment position.
    pub(crate) responses: Vec<Responses>,
    /// By budget position: what one unit of the budget is worth elsewhere, in micro-units of
    /// money. Zero while the budget is not scarce.
    pub(crate) shadow_prices: Vec<i64>,
    pub(crate) switches: Switches,
    /// By node: the epoch and sequence of the last delta that went in.
    pub(crate) applied: BTreeMap<u32, (u32, u64)>,
    /// By treatment position, from `responses` and the policy's priors.
    propensities: Vec<f64>,
    /// Stands for all of it in receipts.
    digest: u64,
}

/// How often a treatment was offered and accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Responses {
    pub(crate) offered: i64,
    pub(crate) accepted: i64,
}

impl Snapshot {
    /// The snapshot before anything has been learned: priors, no scarcity, everything on.
    pub fn initial(policy: &Policy) -> Snapshot {
        let mut snapshot = Snapshot {
            fingerprint: policy.fingerprint(),
            version: 0,
            responses: alloc::vec![Responses::default(); policy.tables.treatments.len()],
            shadow_prices: alloc::vec![0; policy.tables.budgets.len()],
            switches: Switches::default(),
            applied: BTreeMap::new(),
            propensities: Vec::new(),
            digest: 0,
        };
        snapshot.refresh(policy);
        snapshot
    }

    /// Counts the snapshots since the initial one.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What is switched off.
    pub fn switches(&self) -> &Switches {
        &self.switches
    }

    /// The same snapshot with other switches.
    pub fn with_switches(mut self, switches: Switches) -> Snapshot {
        self.switches = switches;
        self.digest = self.digested();
        self
    }

    /// The same snapshot with another shadow price for one budget, in micro-units of money for
    /// each unit of the budget (each whole currency unit, if the budget is money).
    pub fn with_shadow_price(
        mut self,
        policy: &Policy,
        budget: BudgetId,
        price_micros: i64,
    ) -> Snapshot {
        let position = policy.tables.budgets.iter().position(|b| b.id == budget);
        if let Some(price) = position.and_then(|p| self.shadow_prices.get_mut(p)) {
            *price = price_micros;
        }
        self.digest = self.digested();
        self
    }

    /// Stands for everything that decisions read of it, in receipts. O(1).
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The probability that a treatment is accepted, as far as is known: the mean of the Beta
    /// posterior, `(prior accepted + accepted) / (prior offered + offered)`.
    pub fn propensity(&self, policy: &Policy, treatment: TreatmentId) -> Option<f64> {
        self.propensities.get(policy.treatment_position(treatment)?).copied()
    }

    pub(crate) fn propensity_at(&self, position: usize) -> f64 {
        self.propensities.get(position).copied().unwrap_or(0.0)
    }

    pub(crate) fn check(&self, policy: &Policy) -> Result<(), Error> {
        if self.fingerprint == policy.fingerprint()
            && self.propensities.len() == policy.tables.treatments.len()
        {
            Ok(())
        } else {
            Err(Error::SnapshotMismatch)
        }
    }

    /// Computes what is derived.
    pub(crate) fn refresh(&mut self, policy: &Policy) {
        self.propensities = self
            .responses
            .iter()
            .zip(&policy.tables.treatments)
            .map(|(seen, treatment)| {
                let offered = treatment.prior_offered + seen.offered as f64;
                let accepted = treatment.prior_accepted + seen.accepted as f64;
                if offered > 0.0 { (accepted / offered).clamp(0.0, 1.0) } else { 0.0 }
            })
            .collect();
        self.digest = self.digested();
    }

    fn digested(&self) -> u64 {
        hash_bytes(0, &self.body())
    }

    /// Versioned, checksummed bytes: the same snapshot gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        ENVELOPE.seal(&self.body())
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.u64(self.fingerprint);
        body.u64(self.version);
        body.u32(self.responses.len() as u32);
        for seen in &self.responses {
            body.i64(seen.offered);
            body.i64(seen.accepted);
        }
        body.u32(self.shadow_prices.len() as u32);
        self.shadow_prices.iter().for_each(|price| body.i64(*price));
        self.switches.write(&mut body);
        body.u32(self.applied.len() as u32);
        for (node, (epoch, sequence)) in &self.applied {
            body.u32(*node);
            body.u32(*epoch);
            body.u64(*sequence);
        }
        body.bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote under the same policy.
    pub fn from_bytes(policy: &Policy, bytes: &[u8]) -> Result<Snapshot, Error> {
        let mut body = Reader::new(ENVELOPE.open(bytes)?);
        let snapshot = Snapshot::read(policy, &mut body).ok_or(Error::Malformed)?;
        if !body.is_empty() {
            return Err(Error::Malformed);
        }
        snapshot.check(policy)?;
        Ok(snapshot)
    }

    fn read(policy: &Policy, body: &mut Reader) -> Option<Snapshot> {
        let mut snapshot = Snapshot::initial(policy);
        snapshot.fingerprint = body.u64()?;
        snapshot.version = body.u64()?;
        (body.u32()? as usize == snapshot.responses.len()).then_some(())?;
        for seen in &mut snapshot.responses {
            *seen = Responses { offered: body.i64()?, accepted: body.i64()? };
            (seen.offered >= 0 && seen.accepted >= 0).then_some(())?;
        }
        (body.u32()? as usize == snapshot.shadow_prices.len()).then_some(())?;
        for price in &mut snapshot.shadow_prices {
            *price = body.i64()?;
        }
        snapshot.switches = Switches::read(body)?;
        for _ in 0..body.u32()? {
            snapshot.applied.insert(body.u32()?, (body.u32()?, body.u64()?));
        }
        snapshot.refresh(policy);
        Some(snapshot)
    }
}

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Snapshot>();
};
