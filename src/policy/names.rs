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
        let by_name = Self::index(&entries).collect();
        Names { entries, by_name }
    }

    /// The same of entries that are ascending already, or no memory.
    #[cfg(feature = "std")]
    pub(crate) fn try_new(
        entries: Vec<(Namespace, u32, String)>,
    ) -> Result<Self, hashbrown::TryReserveError> {
        let mut by_name = HashMap::new();
        by_name.try_reserve(entries.len())?;
        by_name.extend(Self::index(&entries));
        Ok(Names { entries, by_name })
    }

    #[cfg(feature = "std")]
    fn index(
        entries: &[(Namespace, u32, String)],
    ) -> impl Iterator<Item = ((Namespace, String), usize)> {
        let key = |entry: &(Namespace, u32, String)| (entry.0, entry.2.clone());
        entries.iter().enumerate().map(move |(position, entry)| (key(entry), position))
    }

    /// Bytes on the heap: every name is there twice.
    pub(crate) fn heap_bytes(&self) -> usize {
        let names = self.entries.iter().map(|entry| 2 * entry.2.len()).sum::<usize>();
        size_of_val(self.entries.as_slice()) + self.by_name.allocation_size() + names
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
