//! How the conditions of moments are written in the policy's text, for explanations. The data
//! plane never asks.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::ids::MomentId;
use crate::expr::Type;

#[derive(Clone, Debug, Default)]
pub(crate) struct Wordings {
    /// Ascending by moment, each once.
    pub(crate) entries: Vec<Wording>,
}

/// The conditions of one moment's `when`: what `&&` joins at its top.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wording {
    pub(crate) moment: MomentId,
    pub(crate) conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// As written.
    pub(crate) text: String,
    /// The type of what is compared, if it is one comparison.
    pub(crate) compares: Option<Type>,
}

impl Wordings {
    #[cfg(feature = "compiler")]
    pub(crate) fn new(mut entries: Vec<Wording>) -> Self {
        entries.sort_by_key(|entry| entry.moment);
        Wordings { entries }
    }

    /// The conditions of a moment, none where the policy does not have their words.
    pub(crate) fn of(&self, moment: MomentId) -> &[Condition] {
        let found = self.entries.binary_search_by_key(&moment, |entry| entry.moment).ok();
        found.and_then(|at| self.entries.get(at)).map_or(&[], |entry| &entry.conditions)
    }
}
