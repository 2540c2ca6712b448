//! What threads share and what each owns.

use alloc::vec::Vec;

use crate::decision::Workspace;
use crate::error::Error;
use crate::policy::Policy;
use crate::profile::{Events, Memo};
use crate::snapshot::{Delta, Lease, Origin, Snapshot};

/// What all threads share: one policy and one snapshot made for it, always swapped together.
#[derive(Clone, Copy, Debug)]
pub struct Shared<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// What was learned and set under it.
    pub snapshot: &'a Snapshot,
}

/// What one thread, or one partition of the subscribers, owns.
#[derive(Clone, Debug)]
pub struct Local {
    /// What it may spend.
    pub lease: Lease,
    /// What it has to tell.
    pub delta: Delta,
    /// Where it works.
    pub scratch: Scratch,
}

impl Local {
    /// An empty lease, an empty delta and scratch. Allocates; calls do not.
    pub fn new(policy: &Policy, origin: Origin) -> Local {
        Local {
            lease: Lease::empty(policy),
            delta: Delta::new(policy, origin),
            scratch: Scratch::new(policy),
        }
    }

    pub(crate) fn check(&self, policy: &Policy) -> Result<(), Error> {
        self.lease.check(policy)?;
        self.delta.check(policy)
    }
}

/// Memory that calls work in, sized for a policy, so that they never allocate. One for each
/// thread; it carries nothing from call to call.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// For profiles of older layouts, migrated.
    pub(super) room: Vec<u8>,
    pub(super) events: Events,
    pub(super) memo: Memo,
    pub(super) workspace: Workspace,
}

impl Scratch {
    /// Scratch for a policy. Allocates.
    pub fn new(policy: &Policy) -> Scratch {
        Scratch {
            room: alloc::vec![0; room(policy)],
            events: Events::new(),
            memo: Memo::new(policy),
            workspace: Workspace::new(policy),
        }
    }

    pub(super) fn check(&self, policy: &Policy) -> Result<(), Error> {
        let fits = self.room.len() == room(policy)
            && self.memo.fits(policy)
            && self.workspace.fits(policy);
        if fits { Ok(()) } else { Err(Error::ScratchMismatch) }
    }
}

/// Bytes of the longest profile.
fn room(policy: &Policy) -> usize {
    policy.profile_bytes().max(policy.account_bytes())
}

const _: () = {
    const fn sent<T: Send>() {}
    sent::<Local>();
};
