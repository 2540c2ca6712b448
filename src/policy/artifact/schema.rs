//! Event kinds, features and moments.

use alloc::vec::Vec;
use core::ops::Range;

use super::check::{Check, ensure, members, pieces};
use super::error::ArtifactError;
use super::{experiments, lifecycles, models, patterns, sources};
use crate::base::encoding::{encoded, encoded_choice};
use crate::base::ids::{EventId, FeatureId, FieldId, IntentId, MemberId, MomentId, SourceId};
use crate::base::limits::{
    DERIVED_DEPTH_MAX, EVENT_FIELDS_MAX, EVENTS_MAX, FALLBACKS_MAX, FEATURES_MAX, MOMENTS_MAX,
    SUPERSEDES_MAX,
};
use crate::expr::{Op, Program, Type};
use crate::policy::{
    Aggregate, BillDay, CalendarUnit, EventKind, Feature, FeatureKind, FieldSpec, Fold, FoldStep,
    Holder, Listen, Moment, Quantile, Window,
};

encoded! {
    EventKind {
        id: EventId,
        fields: Vec<FieldSpec>,
        zone: Option<u16>,
        source: Option<SourceId>,
        folds: Vec<FoldStep>,
        account_folds: Vec<FoldStep>,
        moments: Vec<u16>,
        patterns: Vec<Listen>,
    }
    FieldSpec { id: FieldId, ty: Type, members: Vec<MemberId> }
    FoldStep { feature: u16, field: Option<u16>, filter: Option<Program>, part: Option<Program> }
    Feature { id: FeatureId, ty: Type, kind: FeatureKind, members: Vec<MemberId>, holder: Holder }
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

encoded! {
    Aggregate { fold: Fold, value: Type, window: Window }
    Quantile { at_millionths: u32, least: f64, ratio_ln: f64, bins: u8 }
}

encoded_choice! { FeatureKind {
    1 Attribute { expires_ms: Option<i64> };
    2 Aggregate(aggregate: Aggregate);
    3 Derived(program: Program);
    4 Output { model: u16 };
    5 Stage { lifecycle: u16 };
    6 Since { stage: u16 };
    7 Arm { experiment: u16 };
} }

encoded_choice! { Holder {
    1 Line;
    2 Account;
} }

encoded_choice! { Fold {
    1 Count;
    2 Sum;
    3 Min;
    4 Max;
    5 Last;
    6 LastTime;
    7 First;
    8 FirstTime;
    9 Mean;
    10 Share { amounts: bool };
    11 Distinct { registers: u16 };
    12 Active;
    13 Streak;
    14 Quantile(quantile: Quantile);
} }

encoded_choice! { Window {
    1 Lifetime;
    2 Rolling { bucket_ms: i64, buckets: u16 };
    3 Calendar { unit: CalendarUnit, periods: u16, ago: u16 };
    4 Decay { half_life_ms: i64, half_lives: u16, per_ms: Option<i64> };
} }

encoded_choice! { CalendarUnit {
    1 Day;
    2 Week;
    3 Month;
    4 Cycle(bill_day: BillDay);
} }

encoded_choice! { BillDay {
    1 Day(day: u8);
    2 Attribute(position: u16);
} }

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let tables = check.tables;
    ensure(tables.events.len() <= EVENTS_MAX, "too many event kinds")?;
    ensure(tables.features.len() <= FEATURES_MAX, "too many features")?;
    ensure(tables.moments.len() <= MOMENTS_MAX, "too many moments")?;
    for (position, feature) in tables.features.iter().enumerate() {
        members(feature.ty, &feature.members)?;
        holder(feature)?;
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
    let mut named = tables.moment_offers.iter().chain(&tables.fallbacks);
    let known = named.all(|offer| (*offer as usize) < tables.offers.len());
    ensure(tables.fallbacks.len() <= FALLBACKS_MAX, "too many fallbacks")?;
    ensure(known, "a moment has an offer that is not there")
}

fn kind(check: &Check<'_>, position: usize, feature: &Feature) -> Result<(), ArtifactError> {
    match feature.kind {
        FeatureKind::Attribute { expires_ms } => sources::lasts(expires_ms),
        FeatureKind::Derived(program) => check.program(program),
        FeatureKind::Output { model } => models::output(check, position, model),
        FeatureKind::Stage { lifecycle } => lifecycles::stage(check, position, lifecycle),
        FeatureKind::Since { stage } => lifecycles::since(check, feature, stage),
        FeatureKind::Arm { experiment } => experiments::arm(check, position, experiment),
        FeatureKind::Aggregate(kept) => {
            aggregate(feature.ty, &kept)?;
            bill_day(&check.tables.features, feature.holder, &kept)
        }
    }
}

/// Only attributes and aggregates are held by accounts.
pub(super) fn holder(feature: &Feature) -> Result<(), ArtifactError> {
    let told = matches!(feature.kind, FeatureKind::Attribute { .. } | FeatureKind::Aggregate(_));
    ensure(told || feature.holder == Holder::Line, "an account holds what only a line can")
}

pub(super) fn aggregate(ty: Type, kept: &Aggregate) -> Result<(), ArtifactError> {
    kept.unsound().map_or(Ok(()), |what| ensure(false, what))?;
    ensure(kept.result() == ty, "a fold that gives another type")
}

pub(super) fn bill_day(
    features: &[Feature],
    holder: Holder,
    kept: &Aggregate,
) -> Result<(), ArtifactError> {
    let Some(position) = kept.bill_day() else { return Ok(()) };
    let feature = features.get(usize::from(position));
    let fits = feature.is_some_and(|feature| {
        feature.ty == Type::Int && matches!(feature.kind, FeatureKind::Attribute { .. })
    });
    ensure(fits, "the day of the bill is no attribute of whole numbers")?;
    let beside = feature.is_some_and(|feature| feature.holder == holder);
    ensure(beside, "the day of the bill is in another profile")
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
    let zone = event.zone.map(|position| event.fields.get(usize::from(position)));
    let sound = zone.is_none_or(|field| field.is_some_and(|field| field.ty == Type::Member));
    ensure(sound, "the zone of an event is no field that can hold one")?;
    let sources = &check.tables.sources;
    let known = event.source.is_none_or(|source| sources.by_id(source).is_some());
    ensure(known, "an event comes from a source that is not there")?;
    for (steps, holder) in [(&event.folds, Holder::Line), (&event.account_folds, Holder::Account)] {
        steps.iter().try_for_each(|step| fold_step(check, event, step, holder))?;
    }
    patterns::event_kind(check, event)?;
    let moments = check.tables.moments.len();
    let known = event.moments.iter().all(|position| usize::from(*position) < moments);
    ensure(known, "an event raises a moment that is not there")
}

/// A slot gets values of its own type, and a fold that needs a value has a field.
fn fold_step(
    check: &Check<'_>,
    event: &EventKind,
    step: &FoldStep,
    holder: Holder,
) -> Result<(), ArtifactError> {
    let feature = check.tables.features.get(usize::from(step.feature));
    let field = step.field.map(|position| event.fields.get(usize::from(position)));
    let is = |ty| field.is_none_or(|field| field.is_some_and(|field| field.ty == ty));
    let fits = feature.is_some_and(|feature| match feature.kind {
        FeatureKind::Derived(_)
        | FeatureKind::Output { .. }
        | FeatureKind::Stage { .. }
        | FeatureKind::Since { .. }
        | FeatureKind::Arm { .. } => false,
        FeatureKind::Attribute { .. } => field.is_some() && is(feature.ty) && step.part.is_none(),
        FeatureKind::Aggregate(aggregate) => {
            aggregate.takes_field(field.is_some())
                && is(aggregate.value)
                && step.part.is_some() == matches!(aggregate.fold, Fold::Share { .. })
        }
    });
    ensure(fits, "an event is folded into what cannot take it")?;
    let held = feature.is_some_and(|feature| feature.holder == holder);
    ensure(held, "an event is folded into another profile")?;
    for program in [step.filter, step.part].into_iter().flatten() {
        check.of_event(program, event.fields.len())?;
    }
    Ok(())
}

fn moment(check: &Check<'_>, moment: &Moment) -> Result<(), ArtifactError> {
    check.on_event(moment.when)?;
    check.on_event(moment.strength)?;
    check.optional(moment.due)?;
    let moments = check.tables.moments.len();
    let known = moment.supersedes.iter().all(|position| usize::from(*position) < moments);
    let few = moment.supersedes.len() <= SUPERSEDES_MAX;
    ensure(known && few, "a moment supersedes one that is not there")?;
    let mut ended =
        moment.supersedes.iter().filter_map(|at| check.tables.moments.get(usize::from(*at)));
    let after = ended.all(|other| other.rank > moment.rank);
    ensure(after, "a moment supersedes one that comes before it")?;
    ensure((0.0..=1.0).contains(&moment.threshold), "the threshold of a moment is no share")?;
    ensure((0.0..=1.0).contains(&moment.urgency), "the urgency of a moment is no share")?;
    ensure(moment.lasts_ms >= 0 && moment.snooze_ms >= 0, "a moment lasts less than no time")
}
