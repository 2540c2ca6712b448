//! How offers are laid out: those that answer the same moments lie together, so that a decision
//! touches the words of its moments and no others.

use alloc::vec::Vec;
use core::cmp::Reverse;

use crate::base::ids::OfferId;
use crate::policy::Tables;

/// A word of bits, one an offer, by its number.
pub(crate) type Word = (u32, u64);

/// Positions of offers and places in the index.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// By place: the position of the offer.
    pub(super) offers: Vec<u32>,
    /// By place: the permanent id of the offer, so that an answer needs nothing else of it.
    pub(super) ids: Vec<OfferId>,
    /// By position: the place.
    pub(super) places: Vec<u32>,
}

impl Order {
    /// `terms`: by offer, how many terms its rules have at most. Those with many come first among
    /// offers of the same moments, so that second terms fill few words.
    pub(super) fn new(tables: &Tables, terms: &[usize]) -> Order {
        let mut moments: Vec<Vec<u16>> = alloc::vec![Vec::new(); tables.offers.len()];
        for (moment, offers) in answers(tables).enumerate() {
            offers.iter().for_each(|offer| moments[*offer as usize].push(moment as u16));
        }
        let mut offers: Vec<u32> = (0..tables.offers.len() as u32).collect();
        let group = |offer: usize| tables.offers[offer].group;
        offers.sort_by(|a, b| {
            let key = |at: usize| (&moments[at], Reverse(terms[at]), group(at));
            key(*a as usize).cmp(&key(*b as usize))
        });
        let mut places = alloc::vec![0; offers.len()];
        for (place, offer) in offers.iter().enumerate() {
            places[*offer as usize] = place as u32;
        }
        let ids = offers.iter().map(|offer| tables.offers[*offer as usize].id).collect();
        Order { offers, ids, places }
    }

    pub(super) fn words(&self) -> usize {
        self.offers.len().div_ceil(64)
    }
}

/// The offers that answer each moment.
pub(super) fn answers(tables: &Tables) -> impl Iterator<Item = &[u32]> {
    tables.moments.iter().map(|moment| {
        let range = moment.offers.start as usize..moment.offers.end as usize;
        tables.moment_offers.get(range).unwrap_or(&[])
    })
}

/// Several sets of offers, each as its words that are not empty, ascending.
#[derive(Debug, Default)]
pub(super) struct WordSets {
    words: Vec<Word>,
    starts: Vec<u32>,
}

impl WordSets {
    /// Of lists of places.
    pub(super) fn new(lists: impl Iterator<Item = Vec<u32>>) -> WordSets {
        let mut sets = WordSets { words: Vec::new(), starts: Vec::from([0]) };
        for mut places in lists {
            places.sort_unstable();
            let start = sets.words.len();
            for place in places {
                let (word, bit) = (place / 64, 1 << (place % 64));
                match sets.words[start..].last_mut() {
                    Some(last) if last.0 == word => last.1 |= bit,
                    _ => sets.words.push((word, bit)),
                }
            }
            sets.starts.push(sets.words.len() as u32);
        }
        sets
    }

    pub(super) fn get(&self, set: usize) -> &[Word] {
        match (self.starts.get(set), self.starts.get(set + 1)) {
            (Some(start), Some(end)) => {
                self.words.get(*start as usize..*end as usize).unwrap_or(&[])
            }
            _ => &[],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.words.as_slice()) + size_of_val(self.starts.as_slice())
    }
}
