//! Turning things off at the next decision, without a new policy, and trying them in shadow.

use alloc::collections::BTreeSet;

use crate::base::bytes::{Reader, Writer};
use crate::base::ids::{ChannelId, FeatureId, IssueId, OfferId};

/// What is switched off, and what is in shadow: decided in full, and never made.
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
    /// Offers that are scored and reported, and never made.
    pub offers_shadow: BTreeSet<OfferId>,
    /// Issues all of whose offers are.
    pub issues_shadow: BTreeSet<IssueId>,
    /// Whether all offers are: a policy that runs beside the one that decides.
    pub shadow: bool,
}

impl Switches {
    /// Whether anything is in shadow.
    pub(crate) fn has_shadows(&self) -> bool {
        self.shadow || !self.offers_shadow.is_empty() || !self.issues_shadow.is_empty()
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        let mut set = |ids: &mut dyn ExactSizeIterator<Item = u32>| {
            out.u32(ids.len() as u32);
            ids.for_each(|id| out.u32(id));
        };
        set(&mut self.offers_off.iter().map(|id| id.0));
        set(&mut self.issues_off.iter().map(|id| id.0));
        set(&mut self.channels_off.iter().map(|id| id.0));
        set(&mut self.experiments_off.iter().map(|id| id.0));
        set(&mut self.offers_shadow.iter().map(|id| id.0));
        set(&mut self.issues_shadow.iter().map(|id| id.0));
        out.u8(u8::from(self.shadow));
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
            offers_shadow: set()?.into_iter().map(OfferId).collect(),
            issues_shadow: set()?.into_iter().map(IssueId).collect(),
            shadow: match body.u8()? {
                0 => false,
                1 => true,
                _ => return None,
            },
        })
    }
}
