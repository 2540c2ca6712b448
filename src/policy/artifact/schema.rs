//! Event kinds, features and moments.

use alloc::vec::Vec;
use core::ops::Range;

use super::check::{Check, ensure, members, pieces};
use super::error::ArtifactError;
use super::{lifecycles, models, patterns};
use crate::base::bytes::{Reader, Writer};
use crate::base::encoding::{Broken, Encoded, encoded, encoded_choice};
use crate::base::ids::{EventId, FeatureId, FieldId, IntentId, MemberId, MomentId};
use crate::base::limits::{
    DERIVED_DEPTH_MAX, EVENT_FIELDS_MAX, EVENTS_MAX, FEATURES_MAX, MOMENTS_MAX, SUPERSEDES_MAX,
    WINDOW_BUCKETS_MAX, WINDOW_MS_MAX,
};
use crate::expr::{Op, Program, Type};
use crate::policy::{
    EventKind, Feature, FeatureKind, FieldSpec, Fold, FoldStep, Listen, Moment, Window,
};

encoded! {
    EventKind { id: EventId, fields: Vec<FieldSpec>, folds: Vec<FoldStep>, moments: Vec<u16>, patterns: Vec<Listen> }
    FieldSpec { id: FieldId, ty: Type, members: Vec<MemberId> }
    FoldStep { feature: u16, field: Option<u16>, filter: Option<Program> }
    Feature { id: FeatureId, ty: Type, kind: FeatureKind, members: Vec<MemberId> }
    Moment {
        id: MomentId,
        intent: IntentId,
        when: Program,
        strength: Program,
        threshold: f64,
        due: Option<Program>,
        urgency: f64,
        lasts_ms: i64,
        snooze_ms: i64,
        rank: u16,
        offers: Range<u32>,
        on_tick: bool,
        supersedes: Vec<u16>,
    }
}

encoded_choice! { Fold {
    1 Count;
    2 Sum;
    3 Min;
    4 Max;
    5 Last;
    6 LastTime;
} }

impl Encoded for FeatureKind {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        match self {
            FeatureKind::Attribute => out.u8(1),
            FeatureKind::Aggregate { fold, window } => {
                out.u8(2);
                fold.write(out);
                window.write(out);
            }
            FeatureKind::Derived(program) => {
                out.u8(3);
                program.write(out);
            }
            FeatureKind::Output { model } => {
                out.u8(4);
                model.write(out);
            }
            FeatureKind::Stage { lifecycle } => {
                out.u8(5);
                lifecycle.write(out);
            }
            FeatureKind::Since { stage } => {
                out.u8(6);
                stage.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        match u8::read(input)? {
            1 => Ok(FeatureKind::Attribute),
            2 => {
                let (fold, window) = (Fold::read(input)?, Window::read(input)?);
                Ok(FeatureKind::Aggregate { fold, window })
            }
            3 => Program::read(input).map(FeatureKind::Derived),
            4 => u16::read(input).map(|model| FeatureKind::Output { model }),
            5 => u16::read(input).map(|lifecycle| FeatureKind::Stage { lifecycle }),
            6 => u16::read(input).map(|stage| FeatureKind::Since { stage }),
            _ => Err(Broken::Bytes),
        }
    }
}

impl Encoded for Window {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        match self {
            Window::Lifetime => out.u8(1),
            Window::Rolling { bucket_ms, buckets } => {
                out.u8(2);
                bucket_ms.write(out);
                buckets.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        match u8::read(input)? {
            1 => Ok(Window::Lifetime),
            2 => {
                let (bucket_ms, buckets) = (i64::read(input)?, u16::read(input)?);
                Ok(Window::Rolling { bucket_ms, buckets })
            }
            _ => Err(Broken::Bytes),
        }
    }
}

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let tables = check.tables;
    ensure(tables.events.len() <= EVENTS_MAX, "too many event kinds")?;
    ensure(tables.features.len() <= FEATURES_MAX, "too many features")?;
    ensure(tables.moments.len() <= MOMENTS_MAX, "too many moments")?;
    for (position, feature) in tables.features.iter().enumerate() {
        members(feature.ty, &feature.members)?;
        kind(check, position, feature)?;
    }
    chains_end(check)?;
    tables.events.iter().try_for_each(|event| event_kind(check, event))?;
    tables.moments.iter().try_for_each(|asked| moment(check, asked))?;
    patterns::check(check)?;
    let mut ranked = [false; MOMENTS_MAX];
    let ranks = tables.moments.iter().map(|moment| usize::from(moment.rank));
    for rank in ranks {
        let free = rank < tables.moments.len() && !ranked[rank];
        ensure(free, "two moments have one rank")?;
        ranked[rank] = true;
    }
    pieces(tables.moments.iter().map(|moment| &moment.offers), tables.moment_offers.len())?;
    let known = tables.moment_offers.iter().all(|offer| (*offer as usize) < tables.offers.len());
    ensure(known, "a moment has an offer that is not there")
}

fn kind(check: &Check<'_>, position: usize, feature: &Feature) -> Result<(), ArtifactError> {
    match feature.kind {
        FeatureKind::Attribute => Ok(()),
        FeatureKind::Derived(program) => check.program(program),
        FeatureKind::Output { model } => models::output(check, position, model),
        FeatureKind::Stage { lifecycle } => lifecycles::stage(check, position, lifecycle),
        FeatureKind::Since { stage } => lifecycles::since(check, feature, stage),
        FeatureKind::Aggregate { fold, window } => aggregate(feature.ty, fold, window),
    }
}

pub(super) fn aggregate(ty: Type, fold: Fold, window: Window) -> Result<(), ArtifactError> {
    ensure(folds_to(fold, ty), "a fold over values of the wrong type")?;
    let Window::Rolling { bucket_ms, buckets } = window else { return Ok(()) };
    ensure(!matches!(fold, Fold::Last | Fold::LastTime), "a fold that needs no window")?;
    let counted = (1..=WINDOW_BUCKETS_MAX).contains(&usize::from(buckets));
    let long = bucket_ms.checked_mul(i64::from(buckets));
    let fits = long.is_some_and(|ms| (1..=WINDOW_MS_MAX).contains(&ms));
    ensure(counted && fits, "a window is out of range")
}

fn folds_to(fold: Fold, ty: Type) -> bool {
    match fold {
        Fold::Count => ty == Type::Int,
        Fold::LastTime => ty == Type::Timestamp,
        Fold::Sum => matches!(ty, Type::Int | Type::Double | Type::Money | Type::Duration),
        Fold::Min | Fold::Max => !matches!(ty, Type::Bool | Type::Member | Type::Text),
        Fold::Last => true,
    }
}

/// Derived features read one another along chains that end soon. Each round lengthens what is
/// known of the chains by one, so a circle grows beyond the limit.
fn chains_end(check: &Check<'_>) -> Result<(), ArtifactError> {
    let mut depths: Vec<u8> = Vec::new();
    depths.try_reserve_exact(check.tables.features.len()).map_err(|_| ArtifactError::Memory)?;
    depths.resize(check.tables.features.len(), 0);
    for _ in 0..=DERIVED_DEPTH_MAX {
        let mut settled = true;
        for (position, feature) in check.tables.features.iter().enumerate() {
            let read = |program: Program| {
                let reads = program.of(&check.tables.code).iter().map(|op| match op {
                    Op::Feature(index) => depths[usize::from(*index)],
                    _ => 0,
                });
                reads.max().unwrap_or(0)
            };
            let deepest = match feature.kind {
                FeatureKind::Derived(program) => read(program),
                FeatureKind::Output { model } => {
                    let inputs = check.tables.models[usize::from(model)].inputs.iter();
                    inputs.map(|input| read(input.program)).max().unwrap_or(0)
                }
                _ => continue,
            };
            let depth = deepest.saturating_add(1);
            settled &= depth == depths[position];
            depths[position] = depth;
        }
        if settled {
            break;
        }
    }
    let longest = depths.iter().copied().max().unwrap_or(0);
    ensure(usize::from(longest) <= DERIVED_DEPTH_MAX, "derived features in too long a chain")
}

fn event_kind(check: &Check<'_>, event: &EventKind) -> Result<(), ArtifactError> {
    ensure(event.fields.len() <= EVENT_FIELDS_MAX, "too many fields of an event kind")?;
    for (position, field) in event.fields.iter().enumerate() {
        members(field.ty, &field.members)?;
        let again = event.fields.iter().take(position).any(|other| other.id == field.id);
        ensure(!again, "one number for two fields of an event kind")?;
    }
    event.folds.iter().try_for_each(|step| fold_step(check, event, step))?;
    patterns::event_kind(check, event)?;
    let moments = check.tables.moments.len();
    let known = event.moments.iter().all(|position| usize::from(*position) < moments);
    ensure(known, "an event raises a moment that is not there")
}

/// A slot gets values of its own type, and a fold that needs a value has a field.
fn fold_step(check: &Check<'_>, event: &EventKind, step: &FoldStep) -> Result<(), ArtifactError> {
    let feature = check.tables.features.get(usize::from(step.feature));
    let fits = feature.is_some_and(|feature| match (feature.kind, step.field) {
        (
            FeatureKind::Derived(_)
            | FeatureKind::Output { .. }
            | FeatureKind::Stage { .. }
            | FeatureKind::Since { .. },
            _,
        ) => false,
        (FeatureKind::Aggregate { fold: Fold::Count | Fold::LastTime, .. }, field) => {
            field.is_none()
        }
        (_, None) => false,
        (_, Some(position)) => {
            event.fields.get(usize::from(position)).is_some_and(|field| field.ty == feature.ty)
        }
    });
    ensure(fits, "an event is folded into what cannot take it")?;
    step.filter.map_or(Ok(()), |filter| check.of_event(filter, event.fields.len()))
}

fn moment(check: &Check<'_>, moment: &Moment) -> Result<(), ArtifactError> {
    check.on_event(moment.when)?;
    check.on_event(moment.strength)?;
    check.optional(moment.due)?;
    let moments = check.tables.moments.len();
    let known = moment.supersedes.iter().all(|position| usize::from(*position) < moments);
    let few = moment.supersedes.len() <= SUPERSEDES_MAX;
    ensure(known && few, "a moment supersedes one that is not there")?;
    ensure((0.0..=1.0).contains(&moment.threshold), "the threshold of a moment is no share")?;
    ensure((0.0..=1.0).contains(&moment.urgency), "the urgency of a moment is no share")?;
    ensure(moment.lasts_ms >= 0 && moment.snooze_ms >= 0, "a moment lasts less than no time")
}
