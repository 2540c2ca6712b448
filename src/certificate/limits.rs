//! How near a policy comes to each limit.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::base::limits as max;
use crate::expr::Program;
use crate::policy::{FeatureKind, Policy, Window, at_once};

/// Something that has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nearness {
    /// What is limited, in words.
    pub what: &'static str,
    /// How many there are.
    pub used: usize,
    /// How many there may be.
    pub limit: usize,
}

impl Nearness {
    /// How much of the limit is used, in parts of a thousand.
    pub fn permille(&self) -> usize {
        self.used.saturating_mul(1_000) / self.limit.max(1)
    }
}

pub(super) fn nearness(
    policy: &Policy,
    programs: &BTreeSet<Program>,
    artifact_bytes: usize,
) -> Vec<Nearness> {
    let tables = &policy.tables;
    let most = |counts: &mut dyn Iterator<Item = usize>| counts.max().unwrap_or(0);
    let fields = most(&mut tables.events.iter().map(|event| event.fields.len()));
    let members = most(&mut tables.features.iter().map(|feature| feature.members.len()));
    let buckets = most(&mut tables.features.iter().map(|feature| match feature.kind {
        FeatureKind::Aggregate(kept) if kept.window != Window::Lifetime => kept.buckets(),
        _ => 0,
    }));
    let inputs = most(&mut tables.models.iter().map(|model| model.inputs.len()));
    let transitions = most(&mut tables.lifecycles.iter().map(|cycle| cycle.transitions.len()));
    let treatments = most(&mut tables.offers.iter().map(|offer| offer.treatments.len()));
    let parameters = most(&mut tables.offers.iter().map(|offer| offer.parameters.len()));
    let draws = most(&mut tables.treatments.iter().map(|treatment| treatment.draws.len()));
    let ops = most(&mut programs.iter().map(|program| usize::from(program.len)));
    let mut all: Vec<Nearness> = [
        ("bytes of a profile", policy.profile_bytes(), max::PROFILE_BYTES_MAX),
        ("bytes of an account's profile", policy.account_bytes(), max::PROFILE_BYTES_MAX),
        ("bytes of the artifact", artifact_bytes, max::ARTIFACT_BYTES_MAX),
        ("zones", tables.zones.zones.len(), max::ZONES_MAX),
        ("sources", tables.sources.sources.len(), max::DATA_SOURCES_MAX),
        ("event kinds", tables.events.len(), max::EVENTS_MAX),
        ("fields of an event kind", fields, max::EVENT_FIELDS_MAX),
        ("features", tables.features.len(), max::FEATURES_MAX),
        ("members of an enumeration", members, max::MEMBERS_MAX),
        ("buckets of a window", buckets, max::WINDOW_BUCKETS_MAX + 1),
        ("models", tables.models.len(), max::MODELS_MAX),
        ("inputs of a model", inputs, max::MODEL_INPUTS_MAX),
        ("lifecycles", tables.lifecycles.len(), max::LIFECYCLES_MAX),
        ("transitions of a lifecycle", transitions, max::LIFECYCLE_TRANSITIONS_MAX),
        ("experiments", tables.experiments.len(), max::EXPERIMENTS_MAX),
        ("experiments at once", at_once(&tables.experiments), max::DECISION_ARMS_MAX),
        ("moments", tables.moments.len(), max::MOMENTS_MAX),
        ("patterns", tables.patterns.len(), max::PATTERNS_MAX),
        ("issues", tables.issues.len(), max::ISSUES_MAX),
        ("groups", tables.groups.len(), max::GROUPS_MAX),
        ("offers", tables.offers.len(), max::OFFERS_MAX),
        ("treatments of an offer", treatments, max::OFFER_TREATMENTS_MAX),
        ("parameters of an offer", parameters, max::OFFER_PARAMETERS_MAX),
        ("budgets of a treatment", draws, max::TREATMENT_BUDGETS_MAX),
        ("channels", tables.channels.len(), max::CHANNELS_MAX),
        ("budgets", tables.budgets.len(), max::BUDGETS_MAX),
        ("contact caps", tables.contact.caps.len(), max::CONTACT_RULES_MAX),
        ("suppressions", tables.contact.suppressions.len(), max::CONTACT_RULES_MAX),
        ("contacts remembered", policy.layout.logs.contacts, max::CONTACTS_MAX),
        ("outcomes remembered", policy.layout.logs.outcomes, max::CONTACTS_MAX),
        ("operations of a program", ops, max::EXPRESSION_OPS_MAX),
    ]
    .into_iter()
    .map(|(what, used, limit)| Nearness { what, used, limit })
    .collect();
    all.sort_by_key(|nearness| core::cmp::Reverse(nearness.permille()));
    all
}
