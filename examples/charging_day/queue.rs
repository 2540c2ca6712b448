//! What is going to happen, in time order.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use opportune::OutcomeKind;

use super::event::Event;
use super::inputs::Draft;
use super::offers::Terms;

/// Which offer: the decision that made it and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    pub decision: u64,
    pub slot: u8,
}

#[derive(Debug)]
pub enum What {
    /// Something that happens with or without offers.
    Organic(Event),
    /// A message whose answer was lost is sent again, as it was.
    Again(Draft),
    /// A decision asked to be called back.
    Tick,
    /// A channel or the fulfilment reports on an offer.
    Outcome(Made, OutcomeKind),
    /// The subscriber takes an offer, and recharges for it, if he does, by this much.
    Accept { made: Made, terms: Terms, extra_micros: i64 },
    /// A recharge that an offer brought.
    ExtraRecharge { amount_micros: i64 },
    /// An accepted offer is paid from the balance, or credited to it.
    Fulfil { made: Made, terms: Terms },
}

#[derive(Debug)]
pub struct Due {
    pub at_ms: i64,
    pub subscriber: usize,
    pub what: What,
    /// Of what is due at one time, first scheduled, first served.
    order: u64,
}

#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Due>,
    scheduled: u64,
}

impl Queue {
    pub fn schedule(&mut self, at_ms: i64, subscriber: usize, what: What) {
        self.heap.push(Due { at_ms, subscriber, what, order: self.scheduled });
        self.scheduled += 1;
    }

    /// The next that is due before `end_ms`.
    pub fn next_before(&mut self, end_ms: i64) -> Option<Due> {
        self.heap.peek().is_some_and(|due| due.at_ms < end_ms).then(|| self.heap.pop()).flatten()
    }
}

impl Ord for Due {
    /// The earliest is the greatest, as `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at_ms, other.order).cmp(&(self.at_ms, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}
