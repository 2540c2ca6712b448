//! The programs of a policy, each once, and the predicates in them.

use alloc::collections::BTreeSet;

use crate::expr::{Op, Program};
use crate::policy::{EventKind, FeatureKind, Rules, Shape, Tables};

/// Every program that anything of the tables refers to.
pub(super) fn all(tables: &Tables) -> BTreeSet<Program> {
    let events = tables.events.iter().flat_map(EventKind::all_folds);
    let events = events.flat_map(|fold| [fold.filter, fold.part]).flatten();
    let derived = tables.features.iter().filter_map(|feature| match feature.kind {
        FeatureKind::Derived(program) => Some(program),
        _ => None,
    });
    let inputs = tables.models.iter().flat_map(|model| &model.inputs).map(|input| input.program);
    let transitions = tables.lifecycles.iter().flat_map(|lifecycle| &lifecycle.transitions);
    let asked = tables.moments.iter().flat_map(|moment| [moment.when, moment.strength]);
    let members = tables.experiments.iter().filter_map(|experiment| experiment.when);
    let due = tables.moments.iter().filter_map(|moment| moment.due);
    let steps = tables.events.iter().flat_map(|event| &event.patterns);
    let issues = tables.issues.iter().flat_map(|issue| of_rules(&issue.rules));
    let groups = tables.groups.iter().flat_map(|group| of_rules(&group.rules));
    let offers = tables.offers.iter().flat_map(|offer| {
        let parameters = offer.parameters.iter().map(|parameter| parameter.value);
        let scored = [Some(offer.value), offer.weight].into_iter().flatten();
        of_rules(&offer.rules).chain(scored).chain(parameters)
    });
    let channels =
        tables.channels.iter().flat_map(|channel| [channel.consent, channel.reach]).flatten();
    let suppressions = tables.contact.suppressions.iter().map(|suppression| suppression.when);
    events
        .chain(derived)
        .chain(inputs)
        .chain(transitions.map(|transition| transition.when))
        .chain(asked)
        .chain(due)
        .chain(members)
        .chain(steps.filter_map(|listen| listen.filter))
        .chain(crossings(tables))
        .chain(issues)
        .chain(groups)
        .chain(offers)
        .chain(channels)
        .chain(suppressions)
        .collect()
}

/// The rules of crossings.
pub(super) fn crossings(tables: &Tables) -> impl Iterator<Item = Program> {
    let shapes = tables.patterns.iter().map(|pattern| pattern.shape);
    shapes
        .flat_map(|shape| match shape {
            Shape::Crossing { enter, rearm } => [Some(enter), Some(rearm)],
            _ => [None, None],
        })
        .flatten()
}

/// The programs of three tiers of rules.
pub(super) fn of_rules(rules: &Rules) -> impl Iterator<Item = Program> + use<> {
    [rules.eligible, rules.applicable, rules.suitable].into_iter().flatten()
}

/// How many comparisons of a feature with a constant differ from one another.
pub(super) fn predicates(tables: &Tables, programs: &BTreeSet<Program>) -> usize {
    let mut found = BTreeSet::new();
    for program in programs {
        for ops in program.of(&tables.code).windows(3) {
            // `x > 5` is compiled as `5 < x`.
            let (feature, bits, compares, turned) = match *ops {
                [Op::Feature(feature), Op::Constant(bits), op] => (feature, bits, op, false),
                [Op::Constant(bits), Op::Feature(feature), op] => (feature, bits, op, true),
                _ => continue,
            };
            if let Some(comparison) = compares.comparison() {
                let turned = turned && !matches!(compares, Op::EqualBits | Op::EqualDouble);
                found.insert((feature, bits, comparison, turned));
            }
        }
    }
    found.len()
}
