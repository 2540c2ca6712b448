//! Where decisions work.

use super::gates::Answers;
use super::search::SearchSpace;
use crate::policy::Policy;

/// Room for one decision's intermediate answers, sized for a policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workspace {
    pub(super) gates: Answers,
    pub(super) search: SearchSpace,
}

impl Workspace {
    pub(crate) fn new(policy: &Policy) -> Workspace {
        Workspace { gates: Answers::new(policy), search: SearchSpace::new(policy) }
    }

    pub(crate) fn fits(&self, policy: &Policy) -> bool {
        self.gates.fits(policy) && self.search.fits(&policy.index)
    }
}
