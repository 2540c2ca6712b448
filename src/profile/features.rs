//! Reading features: from slots, from rings of buckets, or computed; each at most once a call.

use alloc::vec::Vec;

use super::lifecycles::{since_of, stage_of};
use super::message::EventCells;
use crate::base::bytes::{read_i64, read_u32, read_u64};
use crate::base::civil::LocalTime;
use crate::base::ids::MemberId;
use crate::base::limits::MODEL_INPUTS_MAX;
use crate::base::money::MICROS;
use crate::base::steps::step;
use crate::expr::{Cell, Environment, Type, evaluate};
use crate::model;
use crate::policy::{Feature, FeatureKind, Fold, Policy, Window, Zone, bucket_bytes};

/// Values of features already read in this call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    cells: Vec<Cell>,
    /// One bit a feature: whether its cell is up to date.
    fresh: Vec<u64>,
}

impl Memo {
    pub(crate) fn new(features: usize) -> Memo {
        Memo {
            cells: alloc::vec![Cell::MISSING; features],
            fresh: alloc::vec![0; features.div_ceil(64)],
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.fresh.fill(0);
    }

    /// Forgets the features whose bits are set.
    pub(super) fn forget(&mut self, features: &[u64]) {
        for (fresh, gone) in self.fresh.iter_mut().zip(features) {
            *fresh &= !gone;
        }
    }

    #[inline(always)]
    fn get(&self, index: u16) -> Option<Cell> {
        let index = usize::from(index);
        let word = self.fresh.get(index / 64)?;
        if word >> (index % 64) & 1 == 1 { self.cells.get(index).copied() } else { None }
    }

    #[inline(always)]
    fn set(&mut self, index: u16, cell: Cell) {
        let index = usize::from(index);
        if let (Some(slot), Some(word)) =
            (self.cells.get_mut(index), self.fresh.get_mut(index / 64))
        {
            *slot = cell;
            *word |= 1 << (index % 64);
        }
    }
}

/// The features of one profile at one `now`, and the event that expressions may read.
#[derive(Debug)]
pub(crate) struct Features<'a> {
    policy: &'a Policy,
    bytes: &'a [u8],
    memo: &'a mut Memo,
    now_ms: i64,
    zone: Option<&'a Zone>,
    event: Option<EventCells>,
}

impl<'a> Features<'a> {
    /// A view on checked bytes; `memo` is cleared. `zone` overrides the subscriber's own.
    pub(crate) fn new(
        policy: &'a Policy,
        bytes: &'a [u8],
        memo: &'a mut Memo,
        now_ms: i64,
        zone: Option<MemberId>,
    ) -> Features<'a> {
        memo.clear();
        Features::resumed(policy, bytes, memo, now_ms, zone)
    }

    /// The same over a `memo` that holds what was read of these bytes in this call, and nothing
    /// else.
    pub(crate) fn resumed(
        policy: &'a Policy,
        bytes: &'a [u8],
        memo: &'a mut Memo,
        now_ms: i64,
        zone: Option<MemberId>,
    ) -> Features<'a> {
        let mut features = Features { policy, bytes, memo, now_ms, zone: None, event: None };
        let zones = &policy.tables.zones;
        let own = || {
            let cell = features.feature(zones.feature?);
            Some(MemberId(cell.bits()? as u32))
        };
        features.zone =
            zone.or_else(own).and_then(|id| zones.by_id(id)).or_else(|| zones.zones.first());
        features
    }

    /// Sets the event that expressions read from here on.
    pub(crate) fn set_event(&mut self, event: Option<EventCells>) {
        self.event = event;
    }

    pub(crate) fn policy(&self) -> &'a Policy {
        self.policy
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What a model answers for the feature at this index. By itself, so that its inputs take no room on
    /// the stack of derived features that read one another.
    #[inline(never)]
    fn score(&mut self, model: u16, index: u16) -> Cell {
        let policy = self.policy;
        let model = policy.tables.models.get(usize::from(model));
        let Some((model, output)) = model.and_then(|model| {
            Some((model, model.outputs.iter().find(|output| output.feature == index)?))
        }) else {
            return Cell::MISSING;
        };
        let mut inputs = model::Inputs::new();
        for input in model.inputs.iter().take(MODEL_INPUTS_MAX) {
            inputs.push(evaluate(policy.code(input.program), self));
        }
        model::score(model, &inputs, output.answer)
    }

    fn read(&mut self, index: u16) -> Cell {
        step(1);
        let position = usize::from(index);
        let (Some(feature), Some(&offset)) =
            (self.policy.tables.features.get(position), self.policy.layout.features.get(position))
        else {
            return Cell::MISSING;
        };
        let offset = offset as usize;
        match feature.kind {
            FeatureKind::Derived(program) => evaluate(self.policy.code(program), self),
            FeatureKind::Attribute => read_timed(self.bytes, offset),
            FeatureKind::Output { model } => self.score(model, index),
            FeatureKind::Stage { lifecycle } => stage_of(self.policy, self.bytes, lifecycle),
            FeatureKind::Since { stage } => since_of(self.policy, self.bytes, stage),
            FeatureKind::Aggregate { fold, window: Window::Lifetime } => {
                read_lifetime(self.bytes, offset, fold, feature)
            }
            FeatureKind::Aggregate { fold, window: Window::Rolling { bucket_ms, buckets } } => {
                let ring = Ring { bytes: self.bytes, offset, fold, buckets: i64::from(buckets) };
                ring.read(self.now_ms / bucket_ms.max(1), feature)
            }
        }
    }
}

impl Environment for Features<'_> {
    #[inline]
    fn feature(&mut self, index: u16) -> Cell {
        if let Some(cell) = self.memo.get(index) {
            return cell;
        }
        let cell = self.read(index);
        self.memo.set(index, cell);
        cell
    }

    #[inline]
    fn field(&self, position: u16) -> Cell {
        self.event.as_ref().map_or(Cell::MISSING, |event| event.field(position))
    }

    fn event_time(&self) -> Cell {
        self.event.as_ref().map(|event| event.time_ms).into()
    }

    fn now_ms(&self) -> i64 {
        self.now_ms
    }

    fn local(&self, utc_ms: i64) -> LocalTime {
        LocalTime::new(utc_ms, self.zone.map_or(0, |zone| zone.offset_s(utc_ms)))
    }
}

/// A value with its time; missing while the time is zero.
fn read_timed(bytes: &[u8], offset: usize) -> Cell {
    match read_i64(bytes, offset + 8) {
        0 => Cell::MISSING,
        _ => Cell::from_bits(read_u64(bytes, offset)),
    }
}

fn read_lifetime(bytes: &[u8], offset: usize, fold: Fold, feature: &Feature) -> Cell {
    match fold {
        Fold::Count => Cell::int(read_i64(bytes, offset)),
        Fold::Sum => sum_cell(read_i64(bytes, offset), feature.ty),
        Fold::LastTime => Some(read_i64(bytes, offset)).filter(|time_ms| *time_ms != 0).into(),
        // The second word is a time or a flag: zero means nothing yet.
        Fold::Min | Fold::Max | Fold::Last => read_timed(bytes, offset),
    }
}

/// Sums of doubles are kept in micro-units.
fn sum_cell(sum: i64, ty: Type) -> Cell {
    match ty {
        Type::Double => Cell::double(sum as f64 / MICROS as f64),
        _ => Cell::int(sum),
    }
}

/// A rolling window: the number of its newest bucket, then `buckets + 1` buckets by number.
struct Ring<'a> {
    bytes: &'a [u8],
    offset: usize,
    fold: Fold,
    buckets: i64,
}

impl Ring<'_> {
    /// The fold over the buckets from `last - buckets` to `last`, as far as the ring holds them.
    fn read(&self, last: i64, feature: &Feature) -> Cell {
        let head = read_i64(self.bytes, self.offset);
        let from = last.max(head).saturating_sub(self.buckets);
        let live = from..=last.min(head);
        step(live.end().saturating_sub(from).saturating_add(1).max(0) as usize);
        match self.fold {
            Fold::Count => {
                Cell::int(live.map(|b| i64::from(read_u32(self.bytes, self.bucket(b)))).sum())
            }
            Fold::Sum => {
                let total = live
                    .map(|bucket| read_i64(self.bytes, self.bucket(bucket)))
                    .fold(0, i64::saturating_add);
                sum_cell(total, feature.ty)
            }
            Fold::Min => self.extreme(live, |a, b| less(a, b, feature.ty)),
            Fold::Max => self.extreme(live, |a, b| less(b, a, feature.ty)),
            // The compiler allows these over a lifetime only.
            Fold::Last | Fold::LastTime => Cell::MISSING,
        }
    }

    fn extreme(
        &self,
        live: core::ops::RangeInclusive<i64>,
        wins: impl Fn(u64, u64) -> bool,
    ) -> Cell {
        live.filter_map(|bucket| read_timed(self.bytes, self.bucket(bucket)).bits())
            .reduce(|best, bits| if wins(bits, best) { bits } else { best })
            .map_or(Cell::MISSING, Cell::from_bits)
    }

    fn bucket(&self, number: i64) -> usize {
        let index = number.rem_euclid(self.buckets + 1) as usize;
        self.offset + 8 + index * bucket_bytes(self.fold)
    }
}

/// Order of two values of one type.
pub(super) fn less(a: u64, b: u64, ty: Type) -> bool {
    match ty {
        Type::Double => f64::from_bits(a) < f64::from_bits(b),
        _ => (a as i64) < (b as i64),
    }
}
