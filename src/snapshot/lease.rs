//! A lease: what a node may spend of the shared budgets without asking, as quota is granted in
//! charging.

use alloc::vec::Vec;

use crate::base::bytes::{Reader, Writer};
use crate::base::envelope::Envelope;
use crate::base::hash::hash_words;
use crate::base::ids::BudgetId;
use crate::error::Error;
use crate::policy::{Draw, Policy};

const ENVELOPE: Envelope = Envelope { magic: *b"OPPL", version: 1 };

/// Below one part in this many of what was there after the last grant, a decision says that the
/// lease is low.
const LOW_PART: i64 = 10;

/// What one node may still spend, budget by budget. An offer reserves, an acceptance commits, a
/// rejection or expiry gives back what is refundable. A decision never spends what is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    fingerprint: u64,
    /// By budget position.
    lines: Vec<Line>,
}

/// One budget of a lease: micro-units of money, or pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    /// In all, so that what comes back is never more than was granted.
    granted: i64,
    /// Neither reserved nor committed.
    left: i64,
    /// What was left after the last grant.
    full: i64,
}

impl Lease {
    /// A lease of nothing.
    pub fn empty(policy: &Policy) -> Lease {
        Lease {
            fingerprint: policy.fingerprint(),
            lines: alloc::vec![Line::default(); policy.tables.budgets.len()],
        }
    }

    /// Adds to what may be spent: micro-units of a money budget, pieces of another. A negative
    /// amount takes back, never below zero. False when the policy has no such budget.
    pub fn grant(&mut self, policy: &Policy, budget: BudgetId, amount: i64) -> bool {
        let position = policy.tables.budgets.iter().position(|b| b.id == budget);
        let Some(line) = position.and_then(|p| self.lines.get_mut(p)) else {
            return false;
        };
        let amount = amount.max(-line.left);
        line.granted = line.granted.saturating_add(amount);
        line.left = line.left.saturating_add(amount);
        line.full = line.left;
        true
    }

    /// What is left of a budget.
    pub fn left(&self, policy: &Policy, budget: BudgetId) -> Option<i64> {
        let position = policy.tables.budgets.iter().position(|b| b.id == budget)?;
        self.lines.get(position).map(|line| line.left)
    }

    pub(crate) fn check(&self, policy: &Policy) -> Result<(), Error> {
        if self.fingerprint == policy.fingerprint()
            && self.lines.len() == policy.tables.budgets.len()
        {
            Ok(())
        } else {
            Err(Error::LeaseMismatch)
        }
    }

    /// Whether the draws of one more offer are covered beside those of `others`.
    pub(crate) fn covers<'d>(
        &self,
        draws: &[Draw],
        others: impl Iterator<Item = &'d Draw> + Clone,
    ) -> bool {
        draws.iter().all(|draw| {
            let taken = others.clone().filter(|other| other.budget == draw.budget);
            let needed = taken.map(|other| other.amount).fold(draw.amount, i64::saturating_add);
            self.lines.get(usize::from(draw.budget)).is_some_and(|line| line.left >= needed)
        })
    }

    /// Takes what [`covers`](Self::covers) said is there; true when a budget is low afterwards.
    pub(crate) fn reserve(&mut self, draws: &[Draw]) -> bool {
        let mut low = false;
        for draw in draws {
            if let Some(line) = self.lines.get_mut(usize::from(draw.budget)) {
                line.left -= draw.amount;
                low |= line.left < line.full / LOW_PART;
            }
        }
        low
    }

    /// Gives back what one draw reserved, and says how much of it this lease took: never more than
    /// it was granted. The rest was reserved from another lease, whose ledger has it.
    pub(crate) fn refund(&mut self, draw: Draw) -> i64 {
        let Some(line) = self.lines.get_mut(usize::from(draw.budget)) else { return 0 };
        let taken = draw.amount.min(line.granted - line.left).max(0);
        line.left += taken;
        taken
    }

    /// Stands for everything that decisions read of it, in receipts. O(budgets), does not allocate.
    pub fn digest(&self) -> u64 {
        let lines = self.lines.iter().map(|line| [line.granted, line.left, line.full]);
        lines
            .fold(self.fingerprint, |digest, line| hash_words(digest, line.map(|part| part as u64)))
    }

    /// Versioned, checksummed bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.u64(self.fingerprint);
        body.u32(self.lines.len() as u32);
        for line in &self.lines {
            body.i64(line.granted);
            body.i64(line.left);
            body.i64(line.full);
        }
        ENVELOPE.seal(&body.bytes)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote under the same policy.
    pub fn from_bytes(policy: &Policy, bytes: &[u8]) -> Result<Lease, Error> {
        let mut body = Reader::new(ENVELOPE.open(bytes)?);
        let lease = Lease::read(policy, &mut body).ok_or(Error::Malformed)?;
        lease.check(policy)?;
        Ok(lease)
    }

    fn read(policy: &Policy, body: &mut Reader) -> Option<Lease> {
        let mut lease = Lease::empty(policy);
        lease.fingerprint = body.u64()?;
        (body.u32()? as usize == lease.lines.len()).then_some(())?;
        for line in &mut lease.lines {
            *line = Line { granted: body.i64()?, left: body.i64()?, full: body.i64()? };
        }
        let sound = lease.lines.iter().all(|line| (0..=line.granted).contains(&line.left));
        (sound && body.is_empty()).then_some(lease)
    }
}
