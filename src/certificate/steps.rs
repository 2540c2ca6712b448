//! The largest number of steps that each call of the data plane can take.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::programs::{crossings, of_rules};
use crate::base::limits::{
    DECISION_OFFERS_MAX, EXPLORATION_TOP_MAX, MESSAGE_EVENTS_MAX, MOMENTS_RAISED_MAX, OPEN_OFFERS,
};
use crate::expr::{Op, Program};
use crate::policy::{Aggregate, EventKind, FeatureKind, FoldStep, Moment, Offer, Policy, Tables};

/// The largest number of steps of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Steps {
    /// Of taking in one event of the kind that costs most.
    pub event: u64,
    /// Of `update` of a line or of an account: a message of the most events that one may carry.
    pub update: u64,
    /// Of `classify`, over such a message or a tick.
    pub classify: u64,
    /// Of `allocate`, over the moments that have most offers, none of which falls out early.
    pub allocate: u64,
    /// Of `decide`: all three, but that events are taken once.
    pub decide: u64,
    /// Of bringing profiles of older layouts to the policy's own, of a line and of its account,
    /// which each of the calls does when it meets them, beside what it does; zero for a policy that
    /// succeeds none.
    pub migrate: u64,
}

pub(super) fn worst(policy: &Policy) -> Steps {
    let tables = &policy.tables;
    let events = tables.events.iter();
    let event = |kind: &EventKind| folding(tables, kind, &kind.folds) + observing(kind);
    let of_line = events.clone().map(event).max().unwrap_or(0);
    // Of an account nothing but features is kept.
    let of_account = events.map(|kind| folding(tables, kind, &kind.account_folds)).max();
    let event = of_line.max(of_account.unwrap_or(0));
    let update = MESSAGE_EVENTS_MAX as u64 * event + moving_on(tables) + watching(tables);
    let allocate = allocate(policy);
    // Events are taken once a call.
    let decide = update + classify(tables, |_| 0) + allocate;
    let (classify, migrate) = (classify(tables, taking_in), policy.migration_steps());
    Steps { event, update, classify, allocate, decide, migrate }
}

fn ops(program: impl Into<Option<Program>>) -> u64 {
    program.into().map_or(0, |program| u64::from(program.len))
}

fn aggregate(tables: &Tables, position: u16) -> Option<Aggregate> {
    match tables.features.get(usize::from(position))?.kind {
        FeatureKind::Aggregate(aggregate) => Some(aggregate),
        _ => None,
    }
}

/// Clearing the ring of a feature.
fn clearing(tables: &Tables, position: u16) -> u64 {
    aggregate(tables, position).map_or(0, |aggregate| aggregate.buckets() as u64)
}

/// Reading the buckets of a feature.
fn buckets(tables: &Tables, position: u16) -> u64 {
    aggregate(tables, position)
        .map_or(0, |aggregate| (aggregate.buckets() * aggregate.bucket_steps()) as u64)
}

/// An event and its fields.
fn taking_in(kind: &EventKind) -> u64 {
    1 + kind.fields.len() as u64
}

/// Taking in an event and folding it; the ring of each feature may have to be cleared.
fn folding(tables: &Tables, kind: &EventKind, folds: &[FoldStep]) -> u64 {
    let fold =
        |step: &FoldStep| 1 + ops(step.filter) + ops(step.part) + clearing(tables, step.feature);
    taking_in(kind) + folds.iter().map(fold).sum::<u64>()
}

/// Holding an event against the steps of patterns.
fn observing(kind: &EventKind) -> u64 {
    let filters: u64 = kind.patterns.iter().map(|listen| ops(listen.filter)).sum();
    kind.patterns.len() as u64 + filters
}

/// Looking at all patterns, once for crossings and once for absences.
fn watching(tables: &Tables) -> u64 {
    let rules: u64 = crossings(tables).map(ops).sum();
    2 * tables.patterns.len() as u64 + rules + reading(tables, crossings(tables))
}

/// Asking every transition of every lifecycle; each may have changed what was read for the next.
fn moving_on(tables: &Tables) -> u64 {
    let each = tables.lifecycles.iter().map(|lifecycle| {
        let programs = lifecycle.transitions.iter().map(|transition| transition.when);
        let asked: u64 = programs.clone().map(|program| 1 + ops(program)).sum();
        asked + reading(tables, programs)
    });
    each.sum()
}

fn asking(moment: &Moment) -> u64 {
    1 + ops(moment.when) + ops(moment.strength)
}

fn asking_at(tables: &Tables, position: u16) -> u64 {
    tables.moments.get(usize::from(position)).map_or(0, asking)
}

fn classify(tables: &Tables, taking_in: impl Fn(&EventKind) -> u64) -> u64 {
    let of_kind = |kind| {
        let events = MESSAGE_EVENTS_MAX as u64;
        events * taking_in(kind) + classify_events(tables, kind, events)
    };
    let events = tables.events.iter().map(of_kind).max().unwrap_or(0);
    let on_tick = tables.moments.iter().filter(|moment| moment.on_tick).map(asking).sum::<u64>();
    let active = |moment: &Moment| 2 + ops(moment.strength);
    let tick = tables.moments.iter().map(active).sum::<u64>() + on_tick;
    events.max(tick + completing(tables))
}

/// Asking the moments of so many events of a kind, and of all patterns.
fn classify_events(tables: &Tables, kind: &EventKind, events: u64) -> u64 {
    let listening = kind.moments.iter().map(|position| asking_at(tables, *position)).sum::<u64>();
    events * listening + completing(tables)
}

/// Asking the moments of all patterns, and reading what moments read.
fn completing(tables: &Tables) -> u64 {
    let of_patterns = tables.patterns.iter().flat_map(|pattern| &pattern.moments);
    let completed = of_patterns.map(|position| asking_at(tables, *position)).sum::<u64>();
    let programs = tables.moments.iter().flat_map(|moment| [moment.when, moment.strength]);
    completed + reading(tables, programs)
}

fn allocate(policy: &Policy) -> u64 {
    let tables = &policy.tables;
    let rules = |rules| of_rules(rules).map(ops).sum::<u64>();
    // Shared rules are asked once a decision.
    let issues: u64 = tables.issues.iter().map(|issue| rules(&issue.rules)).sum();
    let groups: u64 = tables.groups.iter().map(|group| rules(&group.rules)).sum();
    let channels: u64 =
        tables.channels.iter().map(|channel| ops(channel.consent) + ops(channel.reach)).sum();
    let suppressions: u64 =
        tables.contact.suppressions.iter().map(|suppression| 1 + ops(suppression.when)).sum();
    let (contacts, caps) = (policy.layout.logs.contacts as u64, tables.contact.caps.len() as u64);
    let of_each = tables.contact.caps.iter().filter(|cap| cap.scope.each()).count();
    let treatment = 1 + caps + of_each as u64 * contacts;
    let parameters = |offer: &Offer| offer.parameters.iter().map(|p| ops(p.value)).sum::<u64>();
    let made = tables.offers.iter().map(parameters).max().unwrap_or(0);
    let programs = super::programs::all(tables);
    // No program reads the arms of control groups.
    let withheld = tables.experiments.len() as u64;
    // Noticing that nothing waits for the morning any more.
    let waiting = tables.moments.len() as u64;
    waiting
        + issues
        + groups
        + withheld
        + channels
        + suppressions
        + contacts * caps
        + pausing(policy)
        + looking(tables, treatment)
        + showing(tables)
        + DECISION_OFFERS_MAX as u64 * made
        + reading(tables, programs)
        + planning(tables)
        + telling(tables)
}

/// Folding the interactions of a call: every open offer expires or makes room, and new ones are
/// made; and what follows from each.
fn telling(tables: &Tables) -> u64 {
    let Some(kind) = tables.events.last().filter(|_| tables.interactions.is_some()) else {
        return 0;
    };
    let following = taking_in(kind)
        + observing(kind)
        + watching(tables)
        + classify_events(tables, kind, 1)
        + planning(tables);
    (OPEN_OFFERS + 2 * DECISION_OFFERS_MAX) as u64
        * (folding(tables, kind, &kind.folds) + following)
}

/// Finding what outcomes stop: for each rule every outcome may be the last of as many as it takes.
fn pausing(policy: &Policy) -> u64 {
    let rules = policy.tables.contact.pauses.len() as u64;
    let outcomes = (policy.layout.logs.outcomes + OPEN_OFFERS) as u64;
    let places = (EXPLORATION_TOP_MAX * DECISION_OFFERS_MAX) as u64;
    rules * (1 + outcomes * (1 + outcomes) + places)
}

/// Finding the first moment that is due.
fn planning(tables: &Tables) -> u64 {
    let due = || tables.moments.iter().filter_map(|moment| moment.due);
    if due().next().is_none() {
        return 0;
    }
    due().count() as u64 + due().map(ops).sum::<u64>() + reading(tables, due())
}

/// Going on with what is open for a channel that asks, and looking what is open of each offer that
/// fills a place.
fn showing(tables: &Tables) -> u64 {
    let worth = |offer: &Offer| ops(offer.value) + ops(offer.weight);
    let open = 1 + tables.offers.iter().map(worth).max().unwrap_or(0);
    OPEN_OFFERS as u64 * open * (1 + tables.fallbacks.len() as u64)
}

/// Looking at every offer that fills a place, and at those of the moments that cost most, as many as
/// one message can raise.
fn looking(tables: &Tables, treatment: u64) -> u64 {
    let offer = |position: &u32| {
        let offer = tables.offers.get(*position as usize);
        1 + offer.map_or(0, |offer| {
            2 * tables.contact.pauses.len() as u64
                + of_rules(&offer.rules).map(ops).sum::<u64>()
                + treatment * offer.treatments.len() as u64
                + ops(offer.value)
                + ops(offer.weight)
        })
    };
    let mut moments: Vec<u64> = tables
        .moments
        .iter()
        .map(|moment| {
            let range = moment.offers.start as usize..moment.offers.end as usize;
            tables.moment_offers.get(range).unwrap_or(&[]).iter().map(offer).sum()
        })
        .collect();
    moments.sort_unstable_by(|a, b| b.cmp(a));
    let fallbacks: u64 = tables.fallbacks.iter().map(offer).sum();
    fallbacks + moments.iter().take(MOMENTS_RAISED_MAX).sum::<u64>()
}

/// Reading every feature that programs can ask for, and the zone's, and scoring the models behind
/// them: each once a call.
fn reading(tables: &Tables, programs: impl IntoIterator<Item = Program>) -> u64 {
    let mut waiting: Vec<Program> = programs.into_iter().collect();
    let mut read: BTreeSet<u16> = tables.zones.feature.into_iter().collect();
    let mut steps = read.len() as u64;
    while let Some(program) = waiting.pop() {
        for op in program.of(&tables.code) {
            let Op::Feature(position) = *op else { continue };
            let Some(feature) = tables.features.get(usize::from(position)) else { continue };
            if !read.insert(position) {
                continue;
            }
            steps += 1 + buckets(tables, position);
            match feature.kind {
                FeatureKind::Derived(program) => {
                    steps += ops(program);
                    waiting.push(program);
                }
                FeatureKind::Output { model } => {
                    let Some(model) = tables.models.get(usize::from(model)) else { continue };
                    let output = model.outputs.iter().find(|output| output.feature == position);
                    let programs = model.inputs.iter().map(|input| input.program);
                    steps += output.map_or(0, |output| model.steps(output.answer));
                    steps += programs.clone().map(ops).sum::<u64>();
                    waiting.extend(programs);
                }
                FeatureKind::Arm { experiment } => {
                    let experiment = tables.experiments.get(usize::from(experiment));
                    let when = experiment.and_then(|experiment| experiment.when);
                    steps += ops(when);
                    waiting.extend(when);
                }
                _ => {}
            }
        }
    }
    steps
}
