//! Turning things off at the next decision, without a new policy.

use alloc::collections::BTreeSet;

use crate::base::bytes::{Reader, Writer};
use crate::base::ids::{ChannelId, FeatureId, IssueId, OfferId};

/// What is switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// Offers that are not made.
    pub offers_off: BTreeSet<OfferId>,
    /// Issues none of whose offers are made.
    pub issues_off: BTreeSet<IssueId>,
    /// Channels that are not used.
    pub channels_off: BTreeSet<ChannelId>,
    /// Experiments that nobody is in, by the feature that rules read
    /// (`policy.id("experiment.tone")`).
    pub experiments_off: BTreeSet<FeatureId>,
}

impl Switches {
    pub(crate) fn write(&self, out: &mut Writer) {
        out.u32(self.offers_off.len() as u32);
        self.offers_off.iter().for_each(|id| out.u32(id.0));
        out.u32(self.issues_off.len() as u32);
        self.issues_off.iter().for_each(|id| out.u32(id.0));
        out.u32(self.channels_off.len() as u32);
        self.channels_off.iter().for_each(|id| out.u32(id.0));
        out.u32(self.experiments_off.len() as u32);
        self.experiments_off.iter().for_each(|id| out.u32(id.0));
    }

    pub(crate) fn read(body: &mut Reader) -> Option<Switches> {
        let mut set = || -> Option<alloc::vec::Vec<u32>> {
            let len = body.u32()?;
            (0..len).map(|_| body.u32()).collect()
        };
        Some(Switches {
            offers_off: set()?.into_iter().map(OfferId).collect(),
            issues_off: set()?.into_iter().map(IssueId).collect(),
            channels_off: set()?.into_iter().map(ChannelId).collect(),
            experiments_off: set()?.into_iter().map(FeatureId).collect(),
        })
    }
}
