//! Names and their permanent numbers, for hosts and people. The data plane never asks.

use alloc::string::String;
use alloc::vec::Vec;
use hashbrown::HashMap;

use crate::base::ids::Namespace;

#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Ascending by namespace and number, so that iteration has one order.
    entries: Vec<(Namespace, u32, String)>,
    /// Position in `entries` by name.
    by_name: HashMap<(Namespace, String), usize>,
}

impl Names {
    /// The names of a policy; of two entries for one name the later is found.
    #[cfg(feature = "compiler")]
    pub(crate) fn new(mut entries: Vec<(Namespace, u32, String)>) -> Self {
        entries.sort();
        let by_name = entries
            .iter()
            .enumerate()
            .map(|(position, (namespace, _, name))| ((*namespace, name.clone()), position))
            .collect();
        Names { entries, by_name }
    }

    pub(crate) fn number(&self, namespace: Namespace, name: &str) -> Option<u32> {
        self.by_name.get(&(namespace, String::from(name))).map(|&position| self.entries[position].1)
    }

    pub(crate) fn name(&self, namespace: Namespace, number: u32) -> Option<&str> {
        self.entries
            .binary_search_by(|entry| (entry.0, entry.1).cmp(&(namespace, number)))
            .ok()
            .map(|position| self.entries[position].2.as_str())
    }

    pub(crate) fn all(&self, namespace: Namespace) -> impl Iterator<Item = (u32, &str)> {
        self.entries
            .iter()
            .filter(move |entry| entry.0 == namespace)
            .map(|entry| (entry.1, entry.2.as_str()))
    }
}
