//! Lists in memory that is there before calls begin, as scratch has it: a copy has as much.

use alloc::vec::Vec;

/// A list that never grows beyond its room.
#[derive(Clone, Debug)]
pub(super) struct Room<T> {
    slots: Vec<T>,
    used: usize,
}

impl<T> Default for Room<T> {
    fn default() -> Room<T> {
        Room { slots: Vec::new(), used: 0 }
    }
}

impl<T: Copy> Room<T> {
    /// Room for so many, and what stands in it until then.
    pub(super) fn new(len: usize, filler: T) -> Room<T> {
        Room { slots: alloc::vec![filler; len], used: 0 }
    }

    /// Whether it has room for exactly so many.
    pub(super) fn fits(&self, len: usize) -> bool {
        self.slots.len() == len
    }

    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    /// Adds one; without room for it nothing happens.
    pub(super) fn push(&mut self, value: T) {
        if let Some(slot) = self.slots.get_mut(self.used) {
            *slot = value;
            self.used += 1;
        }
    }

    pub(super) fn all(&self) -> &[T] {
        self.slots.get(..self.used).unwrap_or(&[])
    }
}
