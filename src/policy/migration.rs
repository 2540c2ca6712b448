//! From an older layout to a policy's own: what becomes of each thing that a profile holds.
//!
//! One function, [`Fate::of`], says what becomes of a feature. The moves that the data plane runs
//! and the report that people read are both made of what it says.

use alloc::vec::Vec;

use super::Tables;
use super::aggregate::{Aggregate, Fold, Window};
use super::layout::{
    CONTACT_BYTES, Layout, MOMENT_BYTES, NEXT_CALLS_BYTES, OPEN_OFFER_BYTES, PATTERN_BYTES,
    PATTERNS_HEAD_BYTES, SESSION_BYTES,
};
use super::pattern::Pattern;
use super::predecessor::Predecessor;
use super::schema::{Feature, FeatureKind, Holder, Moment};
use crate::base::limits::OPEN_OFFERS;
use crate::expr::Type;

/// How a profile of an older layout becomes one of a policy's own.
#[derive(Clone, Debug)]
pub(crate) struct MigrationProgram {
    /// The older layout.
    pub(crate) from: Layout,
    /// In any order; what none of them writes begins as zeros, which is empty.
    pub(crate) moves: Vec<Move>,
}

/// One piece of a migration. Offsets are those of the two layouts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Move {
    /// Bytes that mean the same.
    Copy { from: u32, to: u32, bytes: u32 },
    /// One value as another type, moved if the time behind it is not zero.
    Value { from: u32, to: u32, conversion: Conversion },
    /// A sum of integers as a sum of doubles, which is kept in millionths.
    Sum { from: u32, to: u32 },
    /// The least or greatest integer as a double, in the order in which extremes are kept.
    Extreme { from: u32, to: u32, least: bool },
    /// A ring into one of another shape.
    Ring(RingMove),
    /// Contacts or outcomes into a log of another length: the latest, in their order.
    Contacts { from: u32, to: u32, old: u16, new: u16 },
}

/// A ring of buckets into a ring of more, fewer or wider ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RingMove {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) fold: Fold,
    /// Bytes of one bucket of either.
    pub(crate) bucket_bytes: u16,
    /// Buckets that the rings have.
    pub(crate) old: u16,
    pub(crate) new: u16,
    /// How many old buckets make a new one.
    pub(crate) per_bucket: u32,
}

/// Values of one type that are values of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// Exact up to 2^53, then to the nearest double.
    IntToDouble,
    /// False is 0, true is 1.
    BoolToInt,
}

/// What becomes of a feature that both policies store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The same bytes.
    Kept,
    Converted(Conversion),
    /// The same values in a window of other buckets; so many old ones make a new one.
    Rewindowed {
        per_bucket: u32,
    },
    /// It means something else: it begins empty.
    Emptied,
}

impl Fate {
    /// Each beside the features of its own policy, which it may name by position.
    pub(crate) fn of(
        (old, were): (&Feature, &[Feature]),
        (new, are): (&Feature, &[Feature]),
    ) -> Fate {
        match (old.kind, new.kind) {
            _ if old.holder != new.holder => Fate::Emptied,
            (FeatureKind::Attribute { .. }, FeatureKind::Attribute { .. }) => {
                Fate::of_values(old.ty, new.ty)
            }
            (FeatureKind::Stage { .. }, FeatureKind::Stage { .. }) => Fate::Kept,
            (FeatureKind::Aggregate(old), FeatureKind::Aggregate(new)) => {
                let ((old, was), (new, is)) = (old.meaning(were), new.meaning(are));
                if was == is { Fate::of_aggregates(&old, &new) } else { Fate::Emptied }
            }
            _ => Fate::Emptied,
        }
    }

    fn of_aggregates(old: &Aggregate, new: &Aggregate) -> Fate {
        match (old.window, new.window) {
            _ if old == new => Fate::Kept,
            _ if old.fold != new.fold => Fate::Emptied,
            (Window::Lifetime, Window::Lifetime) => match new.fold {
                Fold::Sum | Fold::Min | Fold::Max | Fold::Last | Fold::First => {
                    Fate::of_values(old.value, new.value)
                }
                _ => Fate::Emptied,
            },
            _ if old.value != new.value => Fate::Emptied,
            (before, after) => Fate::of_windows(new.fold, before, after),
        }
    }

    fn of_values(old: Type, new: Type) -> Fate {
        match (old, new) {
            _ if old == new => Fate::Kept,
            (Type::Int, Type::Double) => Fate::Converted(Conversion::IntToDouble),
            (Type::Bool, Type::Int) => Fate::Converted(Conversion::BoolToInt),
            _ => Fate::Emptied,
        }
    }

    fn of_windows(fold: Fold, before: Window, after: Window) -> Fate {
        match (before, after) {
            (
                Window::Rolling { bucket_ms: old_ms, .. },
                Window::Rolling { bucket_ms: new_ms, .. },
            ) => {
                // Buckets begin at multiples of their width, so wider ones are made of whole old
                // ones.
                let whole = old_ms > 0 && new_ms % old_ms == 0;
                let per_bucket =
                    if whole { u32::try_from(new_ms / old_ms).unwrap_or(0) } else { 0 };
                match (per_bucket, fold) {
                    (1, _) | (2.., Fold::Count | Fold::Sum | Fold::Min | Fold::Max) => {
                        Fate::Rewindowed { per_bucket }
                    }
                    _ => Fate::Emptied,
                }
            }
            (Window::Calendar { unit: old, .. }, Window::Calendar { unit: new, .. })
                if old == new =>
            {
                // One bit a period, however many are asked.
                if fold.counts_periods() { Fate::Kept } else { Fate::Rewindowed { per_bucket: 1 } }
            }
            (Window::Decay { half_life_ms: old, .. }, Window::Decay { half_life_ms: new, .. })
                if old == new =>
            {
                Fate::Rewindowed { per_bucket: 1 }
            }
            _ => Fate::Emptied,
        }
    }
}

impl MigrationProgram {
    pub(super) fn new(old: &Predecessor, tables: &Tables, layout: &Layout) -> MigrationProgram {
        let mut moves = Moves::default();
        let from = old.layout();
        for (feature, &at) in old.features.iter().zip(&from.features) {
            let same = |new: &&Feature| new.id == feature.id;
            let Some(position) = tables.features.iter().position(|new| same(&new)) else {
                continue;
            };
            if let (Some(new), Some(&to)) =
                (tables.features.get(position), layout.features.get(position))
            {
                let fate = Fate::of((feature, &old.features), (new, &tables.features));
                moves.feature(fate, (feature, at), (new, to));
            }
        }
        moves.copy(from.sessions, layout.sessions, layout.session_entries * SESSION_BYTES);
        for (position, moment) in old.moments.iter().enumerate() {
            let same = |new: &Moment| new.id == moment.id;
            if let Some(new) = tables.moments.iter().position(same) {
                let (at, to) = (MOMENT_BYTES * position, MOMENT_BYTES * new);
                moves.copy(from.moments + at, layout.moments + to, MOMENT_BYTES);
            }
        }
        for (position, pattern) in old.patterns.iter().enumerate() {
            let same = |new: &Pattern| {
                new.id == pattern.id && new.shape.digest() == pattern.shape.digest()
            };
            if let Some(new) = tables.patterns.iter().position(same) {
                let place = |position| PATTERNS_HEAD_BYTES + PATTERN_BYTES * position;
                let (at, to) = (place(position), place(new));
                moves.copy(from.patterns + at, layout.patterns + to, PATTERN_BYTES);
            }
        }
        if !old.patterns.is_empty() && !tables.patterns.is_empty() {
            // When the first wait is over. Which patterns the last message completed is past.
            moves.copy(from.patterns + 4, layout.patterns + 4, PATTERNS_HEAD_BYTES - 4);
        }
        if layout.holder == Holder::Line {
            // The due times are worked out anew.
            moves.copy(from.calls, layout.calls, NEXT_CALLS_BYTES);
        }
        let (old_logs, logs) = (from.logs, layout.logs);
        moves.log((from.contacts, old_logs.contacts), (layout.contacts, logs.contacts));
        moves.log((from.outcomes, old_logs.outcomes), (layout.outcomes, logs.outcomes));
        moves.copy(
            from.open_offers,
            layout.open_offers,
            layout.open_offer_entries * OPEN_OFFER_BYTES,
        );
        MigrationProgram { from, moves: moves.done }
    }

    /// Bytes that it keeps on the heap, with itself in the list of all.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of::<MigrationProgram>()
            + size_of_val(self.from.features.as_slice())
            + size_of_val(self.moves.as_slice())
    }

    /// The largest number of steps that it takes.
    pub(crate) fn steps(&self) -> u64 {
        let steps = |step: &Move| match step {
            Move::Ring(ring) => 2 + u64::from(ring.old),
            Move::Contacts { old, .. } => 1 + u64::from(*old) * u64::from(*old),
            _ => 1,
        };
        self.moves.iter().map(steps).sum::<u64>() + OPEN_OFFERS as u64
    }
}

#[derive(Default)]
struct Moves {
    done: Vec<Move>,
}

impl Moves {
    /// A log at an offset, of so many entries.
    fn log(&mut self, (from, old): (usize, usize), (to, new): (usize, usize)) {
        if old == new {
            self.copy(from, to, new * CONTACT_BYTES);
        } else if old > 0 && new > 0 {
            let (from, to, old, new) = (from as u32, to as u32, old as u16, new as u16);
            self.done.push(Move::Contacts { from, to, old, new });
        }
    }

    /// Copies that follow on one another on both sides are one.
    fn copy(&mut self, from: usize, to: usize, bytes: usize) {
        let (from, to, more) = (from as u32, to as u32, bytes as u32);
        if let Some(Move::Copy { from: first, to: start, bytes }) = self.done.last_mut()
            && (*first + *bytes, *start + *bytes) == (from, to)
        {
            *bytes += more;
        } else if more > 0 {
            self.done.push(Move::Copy { from, to, bytes: more });
        }
    }

    fn feature(&mut self, fate: Fate, (old, from): (&Feature, u32), (new, to): (&Feature, u32)) {
        match fate {
            Fate::Emptied => {}
            Fate::Kept => {
                let bytes = Layout::feature_bytes(new);
                self.copy(from as usize, to as usize, bytes);
            }
            Fate::Converted(conversion) => self.done.push(match new.kind {
                FeatureKind::Aggregate(Aggregate { fold: Fold::Sum, .. }) => Move::Sum { from, to },
                FeatureKind::Aggregate(Aggregate {
                    fold: fold @ (Fold::Min | Fold::Max), ..
                }) => Move::Extreme { from, to, least: fold == Fold::Min },
                _ => Move::Value { from, to, conversion },
            }),
            Fate::Rewindowed { per_bucket } => {
                if let (FeatureKind::Aggregate(old), FeatureKind::Aggregate(kept)) =
                    (old.kind, new.kind)
                {
                    self.done.push(Move::Ring(RingMove {
                        from,
                        to,
                        fold: kept.fold,
                        bucket_bytes: kept.bucket_bytes() as u16,
                        old: old.buckets() as u16,
                        new: kept.buckets() as u16,
                        per_bucket,
                    }));
                }
            }
        }
    }
}
