//! Reading features: from slots, from rings of buckets, or computed; each at most once a call.

use alloc::vec::Vec;

use super::aggregate;
use super::calendar::bucket_number;
use super::clock::Clock;
use super::events::EventCells;
use super::fold::zone_of;
use super::lifecycles::{since_of, stage_of};
use super::timed::Timed;
use crate::base::civil::LocalTime;
use crate::base::ids::MemberId;
use crate::base::limits::MODEL_INPUTS_MAX;
use crate::base::steps::step;
use crate::expr::{Cell, Environment, evaluate, holds};
use crate::model;
use crate::policy::{Aggregate, FeatureKind, Holder, Layout, Policy};
use crate::snapshot::Switches;

/// Values of features already read in this call, and the account's profile that they are read of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memo {
    cells: Vec<Cell>,
    /// One bit a feature: whether its cell is up to date.
    fresh: Vec<u64>,
    /// Room for the account's profile, of which the first bytes are one.
    account: Vec<u8>,
    account_bytes: usize,
}

impl Memo {
    pub(crate) fn new(policy: &Policy) -> Memo {
        let features = policy.tables.features.len();
        Memo {
            cells: alloc::vec![Cell::MISSING; features],
            fresh: alloc::vec![0; features.div_ceil(64)],
            account: alloc::vec![0; policy.account_bytes()],
            account_bytes: 0,
        }
    }

    pub(crate) fn fits(&self, policy: &Policy) -> bool {
        self.cells.len() == policy.tables.features.len()
            && self.account.len() == policy.account_bytes()
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.fresh.fill(0);
        self.account_bytes = 0;
    }

    /// One in which nothing was read, over the same account's profile. Allocates.
    fn beside_account(&self) -> Memo {
        let mut memo = self.clone();
        memo.fresh.fill(0);
        memo
    }

    /// Room for the account's profile that is read from here on; none if it is too large.
    pub(super) fn take_account(&mut self, bytes: usize) -> Option<&mut [u8]> {
        let room = self.account.get_mut(..bytes)?;
        self.account_bytes = bytes;
        Some(room)
    }

    /// The account's profile; empty if none was given.
    fn account(&self) -> &[u8] {
        self.account.get(..self.account_bytes).unwrap_or(&[])
    }

    /// Forgets what was read, of a profile that has changed since.
    pub(crate) fn forget_read(&mut self) {
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
    clock: Clock<'a>,
    /// What the message gave.
    zone: Option<MemberId>,
    event: Option<&'a EventCells>,
    /// Whom experiments ask about, and what is switched off.
    chooses_for: Option<(&'a [u8], &'a Switches)>,
}

impl<'a> Features<'a> {
    /// A view on checked bytes that lie so, be they a line's or an account's, and on nothing else;
    /// `memo` is cleared.
    pub(crate) fn alone(
        policy: &'a Policy,
        (layout, bytes): (&Layout, &'a [u8]),
        memo: &'a mut Memo,
        now_ms: i64,
    ) -> Features<'a> {
        memo.clear();
        let of_line = match layout.holder {
            Holder::Line => bytes,
            Holder::Account => {
                if let Some(room) = memo.take_account(bytes.len()) {
                    room.copy_from_slice(bytes);
                }
                &[]
            }
        };
        Features::resumed(policy, of_line, memo, now_ms, None)
    }

    /// A view on the checked bytes of a line, over a `memo` that holds what was read of them in this
    /// call, with the account's profile if there is one, and nothing else. `zone` overrides the
    /// subscriber's own.
    pub(crate) fn resumed(
        policy: &'a Policy,
        bytes: &'a [u8],
        memo: &'a mut Memo,
        now_ms: i64,
        zone: Option<MemberId>,
    ) -> Features<'a> {
        let clock = Clock::new(policy, bytes, zone, now_ms);
        Features { policy, bytes, memo, clock, zone, event: None, chooses_for: None }
    }

    /// From here on expressions read the arms that the subscriber with this key is in. Before that
    /// every arm is missing, and nothing asks.
    pub(crate) fn choose_for(&mut self, subscriber: &'a [u8], switches: &'a Switches) {
        self.chooses_for = Some((subscriber, switches));
    }

    /// Asks supposing that one feature has another value, or that it is another time. What was read
    /// is read anew, since it may follow from that; there is no event. Allocates.
    pub(crate) fn supposing<R>(
        &self,
        feature: Option<(u16, Cell)>,
        now_ms: i64,
        ask: impl FnOnce(&mut Features) -> R,
    ) -> R {
        let mut memo = self.memo.beside_account();
        if let Some((index, cell)) = feature {
            memo.set(index, cell);
        }
        let Features { policy, bytes, zone, chooses_for, .. } = *self;
        let clock = self.clock.moved_to(now_ms);
        ask(&mut Features { policy, bytes, memo: &mut memo, clock, zone, event: None, chooses_for })
    }

    /// Sets the event that expressions read from here on.
    pub(crate) fn set_event(&mut self, event: Option<&'a EventCells>) {
        self.event = event;
    }

    pub(crate) fn policy(&self) -> &'a Policy {
        self.policy
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The arm of an experiment that the subscriber is in.
    #[inline(never)]
    fn arm(&mut self, experiment: u16) -> Cell {
        let policy = self.policy;
        let experiment = policy.tables.experiments.get(usize::from(experiment));
        let Some((experiment, (subscriber, switches))) = experiment.zip(self.chooses_for) else {
            return Cell::MISSING;
        };
        let feature = policy.tables.features.get(usize::from(experiment.feature));
        let on = feature.is_some_and(|feature| !switches.experiments_off.contains(&feature.id));
        if !on || !experiment.period.contains(self.clock.time_ms) {
            return Cell::MISSING;
        }
        let drawn = experiment.drawn(subscriber);
        let may_be_in =
            drawn.is_some() && experiment.when.is_none_or(|when| holds(policy.code(when), self));
        drawn.filter(|_| may_be_in).map(|arm| i64::from(arm.0)).into()
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
            FeatureKind::Output { model } => self.score(model, index),
            kind if feature.holder == Holder::Account => self.of_account(kind, offset),
            _ if self.bytes.is_empty() => Cell::MISSING,
            FeatureKind::Attribute { expires_ms } => {
                read_told(self.policy, self.bytes, offset, expires_ms, self.clock.time_ms)
            }
            FeatureKind::Stage { lifecycle } => stage_of(self.policy, self.bytes, lifecycle),
            FeatureKind::Since { stage } => since_of(self.policy, self.bytes, stage),
            FeatureKind::Arm { experiment } => self.arm(experiment),
            FeatureKind::Aggregate(kept) => {
                read_aggregate(self.policy, self.bytes, (&kept, offset), &mut self.clock)
            }
        }
    }

    /// What the account's profile says; missing without one. Its calendar is that of its folds.
    #[inline(never)]
    fn of_account(&self, kind: FeatureKind, offset: usize) -> Cell {
        let (bytes, now_ms) = (self.memo.account(), self.clock.time_ms);
        match kind {
            _ if bytes.is_empty() => Cell::MISSING,
            FeatureKind::Attribute { expires_ms } => {
                read_told(self.policy, bytes, offset, expires_ms, now_ms)
            }
            FeatureKind::Aggregate(kept) => {
                let zone_of = zone_of(Holder::Account, bytes);
                let mut clock = Clock::new(self.policy, zone_of, self.zone, now_ms);
                read_aggregate(self.policy, bytes, (&kept, offset), &mut clock)
            }
            _ => Cell::MISSING,
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
        self.event.map_or(Cell::MISSING, |event| event.field(position))
    }

    fn event_time(&self) -> Cell {
        self.event.map(|event| event.time_ms).into()
    }

    fn now_ms(&self) -> i64 {
        self.clock.time_ms
    }

    fn local(&self, utc_ms: i64) -> LocalTime {
        self.clock.at(utc_ms)
    }
}

/// What the buckets of a slot come to.
fn read_aggregate(
    policy: &Policy,
    bytes: &[u8],
    (kept, offset): (&Aggregate, usize),
    clock: &mut Clock<'_>,
) -> Cell {
    let now_ms = clock.time_ms;
    let attribute = |position| read_attribute(policy, bytes, position, now_ms);
    let current = bucket_number(kept.window, now_ms, || clock.local(), attribute);
    let slot = bytes.get(offset..).unwrap_or_default();
    aggregate::read(kept, &policy.tables.sources, slot, current, now_ms)
}

/// The attribute at a position, as it is at a time.
pub(super) fn read_attribute(policy: &Policy, bytes: &[u8], position: u16, at_ms: i64) -> Cell {
    let position = usize::from(position);
    let (Some(feature), Some(&offset)) =
        (policy.tables.features.get(position), policy.layout.features.get(position))
    else {
        return Cell::MISSING;
    };
    match feature.kind {
        FeatureKind::Attribute { expires_ms } => {
            read_told(policy, bytes, offset as usize, expires_ms, at_ms)
        }
        _ => Cell::MISSING,
    }
}

/// What was told of an attribute; missing before, and once it is older than it lasts: by itself, or
/// from its source.
fn read_told(
    policy: &Policy,
    bytes: &[u8],
    offset: usize,
    expires_ms: Option<i64>,
    at_ms: i64,
) -> Cell {
    let Some(Timed { bits, stamp }) = Timed::read(bytes, offset) else { return Cell::MISSING };
    let lasts = |ms: Option<i64>| ms.is_none_or(|ms| at_ms - stamp.time_ms <= ms);
    if lasts(expires_ms) && lasts(policy.tables.sources.expires_ms(stamp.source)) {
        Cell::from_bits(bits)
    } else {
        Cell::MISSING
    }
}
