//! Experiments that cannot tell anything.

use std::collections::BTreeSet;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Analysis;
use super::formula::{Formula, Variable};
use super::rules::tiers;
use crate::base::bucket::{BUCKETS, Hashing};
use crate::base::ids::{FeatureId, MemberId};
use crate::compile::diagnostic::Code;
use crate::compile::experiments::{CONTROL, EXPERIMENT};
use crate::expr::{Op, Program};
use crate::policy::{Experiment, FeatureKind};

impl<'a> Analysis<'a> {
    pub(super) fn experiments(&self) {
        self.control();
        let experiments = &self.policy.tables.experiments;
        for (at, experiment) in experiments.iter().enumerate() {
            match self.name(self.feature_of(experiment)).strip_prefix(EXPERIMENT) {
                Some(name) => self.experiment(experiment, name),
                None => self.control_of(experiment),
            }
            for other in experiments.iter().take(at) {
                self.entangled(experiment, other);
            }
        }
        let tables = &self.policy.tables;
        if tables.control.buckets > 0 {
            for experiment in experiments.iter().filter(|one| one.seed == tables.control.seed) {
                self.same_people(experiment, "the universal control group");
            }
        }
    }

    fn feature_of(&self, experiment: &Experiment) -> FeatureId {
        self.policy.tables.features[usize::from(experiment.feature)].id
    }

    /// Where an experiment, or the control group of an issue or a group, stands in the text.
    fn path_of(&self, experiment: &Experiment) -> Vec<&'a str> {
        let name = self.name(self.feature_of(experiment));
        match (
            name.strip_prefix(EXPERIMENT),
            name.strip_prefix(CONTROL).unwrap_or(name).split_once('.'),
        ) {
            (Some(name), _) => ["experiments", name].into(),
            (None, Some((issue, group))) => ["issues", issue, "groups", group, "control"].into(),
            (None, None) => {
                ["issues", name.strip_prefix(CONTROL).unwrap_or(name), "control"].into()
            }
        }
    }

    fn experiment(&self, experiment: &Experiment, name: &str) {
        let path = ["experiments", name];
        let members = &self.policy.tables.features[usize::from(experiment.feature)].members;
        let drawn: BTreeSet<MemberId> = experiment.ranges.iter().map(|range| range.arm).collect();
        for arm in members.iter().filter(|arm| !drawn.contains(arm)) {
            let message = format!("nobody is in the arm `{}`", self.arm_name(*arm));
            self.warn(&["experiments", name, "arms"], Code::Experiment, message, None);
        }
        match self.arms_told_apart(experiment.feature) {
            None => {
                let message = format!("nothing reads the experiment `{name}`");
                let help = format!("say what its arms get, as in experiment.{name} == '...'");
                self.warn(&path, Code::Experiment, message, Some(help));
            }
            Some(told) => {
                let alike = members.iter().filter(|arm| drawn.contains(arm) && !told.contains(arm));
                let alike: Vec<&str> = alike.map(|arm| self.arm_name(*arm)).collect();
                if alike.len() > 1 {
                    let message = format!(
                        "the arms {} get the same: no rule names them",
                        alike.join(" and ")
                    );
                    self.warn(&path, Code::Experiment, message, None);
                }
            }
        }
        let Some(when) = experiment.when else { return };
        if let Some((code, message)) = self.verdict("when", when) {
            self.warn(&["experiments", name, "when"], code, message, None);
        }
        if let Some(what) = self.what_changes(when) {
            let message = format!("this `when` reads {what}: people come and go");
            let help =
                "read attributes that hold still, or say in the rules who gets what".to_string();
            self.warn(
                &["experiments", name, "when"],
                Code::UnsteadyExperiment,
                message,
                Some(help),
            );
        }
    }

    fn arm_name(&self, arm: MemberId) -> &'a str {
        let name = self.name(arm);
        name.rsplit_once('.').map_or(name, |(_, arm)| arm)
    }

    /// The arms that some rule compares the experiment with; none when nothing reads it. Arms are
    /// told apart by comparisons only.
    fn arms_told_apart(&self, feature: u16) -> Option<BTreeSet<MemberId>> {
        let reads = |op: &Op| matches!(op, Op::Feature(position) if *position == feature);
        let reading = |program: &Program| self.policy.code(*program).iter().any(reads);
        let programs: Vec<Program> = self.choices().into_iter().filter(reading).collect();
        if programs.is_empty() {
            return None;
        }
        let mut told = BTreeSet::new();
        for program in programs {
            if !collect_arms(&self.reader.formula(program), feature, &mut told) {
                // What is not understood may tell all arms apart.
                told.extend(&self.policy.tables.features[usize::from(feature)].members);
            }
        }
        Some(told)
    }

    /// The programs that may read arms.
    fn choices(&self) -> Vec<Program> {
        let tables = &self.policy.tables;
        let issues = tables.issues.iter().flat_map(|issue| tiers(&issue.rules));
        let groups = tables.groups.iter().flat_map(|group| tiers(&group.rules));
        let offers = tables.offers.iter().flat_map(|offer| tiers(&offer.rules));
        let mut found: Vec<Program> =
            issues.chain(groups).chain(offers).map(|(_, rule)| rule).collect();
        found.extend(tables.channels.iter().filter_map(|channel| channel.reach));
        found.extend(tables.contact.suppressions.iter().map(|suppression| suppression.when));
        for offer in &tables.offers {
            found.push(offer.value);
            found.extend(offer.weight);
            found.extend(offer.parameters.iter().map(|parameter| parameter.value));
        }
        found
    }

    /// Something that a rule reads and that changes with what the subscriber does, in words.
    fn what_changes(&self, rule: Program) -> Option<String> {
        let tables = &self.policy.tables;
        self.policy.code(rule).iter().find_map(|op| match op {
            Op::Now => Some("the time".to_string()),
            Op::Feature(position) => {
                let feature = &tables.features[usize::from(*position)];
                let name = self.name(feature.id);
                match feature.kind {
                    FeatureKind::Attribute { .. } => {
                        let mut steps = tables.events.iter().flat_map(|event| &event.folds);
                        let from_events = steps.any(|step| step.feature == *position);
                        from_events.then(|| format!("`{name}`, which events set"))
                    }
                    FeatureKind::Derived(program) => self.what_changes(program),
                    _ => Some(format!("`{name}`, which changes with what the subscriber does")),
                }
            }
            _ => None,
        })
    }

    /// Two experiments that put the same people into like arms.
    fn entangled(&self, experiment: &Experiment, other: &Experiment) {
        let one_layer = experiment.layer.is_some()
            && experiment.layer.as_ref().map(|part| &part.layer)
                == other.layer.as_ref().map(|part| &part.layer);
        if experiment.seed == other.seed && experiment.hashing == other.hashing && !one_layer {
            self.same_people(experiment, self.name(self.feature_of(other)));
        }
    }

    fn same_people(&self, experiment: &Experiment, other: &str) {
        if experiment.hashing == Hashing::GrowthbookV2 || other.starts_with(EXPERIMENT) {
            let message = format!(
                "it has the seed of {other}: both draw the same people, and neither can be told from the other"
            );
            let help = "give it a seed of its own".to_string();
            self.warn(&self.path_of(experiment), Code::Experiment, message, Some(help));
        }
    }

    /// The control group of an issue or group needs people on both sides.
    fn control_of(&self, experiment: &Experiment) {
        let arms: BTreeSet<MemberId> = experiment.ranges.iter().map(|range| range.arm).collect();
        if arms.len() < 2 {
            let message = "its share leaves one side empty: lift cannot be measured";
            let help = "choose a share between 0 and 1, or leave `control` out".to_string();
            self.warn(&self.path_of(experiment), Code::Experiment, message.to_string(), Some(help));
        }
    }

    /// The universal control group needs people on both sides, and offers that only one side gets.
    fn control(&self) {
        let Some(control) = self.item(&["control"]).and_then(|item| item.open_section()) else {
            return;
        };
        let tables = &self.policy.tables;
        let message = match tables.control.buckets {
            0 => "nobody is in the control group: lift cannot be measured",
            BUCKETS => "everybody is in the control group: only exempt kinds are ever offered",
            _ => "",
        };
        if !message.is_empty() {
            let help = "choose a share between 0 and 1, or leave [control] out".to_string();
            self.warn(&["control", "share"], Code::Experiment, message.to_string(), Some(help));
        }
        let mut offers = tables.offers.iter();
        let exempt = offers.all(|offer| tables.control.exempt.contains(offer.kind));
        if let Some(item) = control.get("exempt").filter(|_| exempt && !tables.offers.is_empty()) {
            let message = format!(
                "every offer is of an exempt kind: the control group gets all {} that the others \
                 get",
                tables.offers.len()
            );
            item.error(Code::Experiment, message, None);
        }
    }
}

/// The members of a feature that a formula compares it with; false when there may be more.
fn collect_arms(formula: &Formula, feature: u16, found: &mut BTreeSet<MemberId>) -> bool {
    let mut all = |parts: &[&Formula]| {
        let known = parts.iter().map(|part| collect_arms(part, feature, found));
        known.fold(true, |all, known| all & known)
    };
    match formula {
        Formula::Equal(_, a, b) => match (&**a, &**b) {
            (Formula::Variable(Variable::Feature(at)), Formula::Constant(bits))
            | (Formula::Constant(bits), Formula::Variable(Variable::Feature(at)))
                if *at == feature =>
            {
                found.insert(MemberId(*bits as u32));
                true
            }
            _ => all(&[a, b]),
        },
        Formula::Not(a) | Formula::Has(a) => all(&[a]),
        Formula::And(a, b) | Formula::Or(a, b) | Formula::OrElse(a, b) | Formula::Less(_, a, b) => {
            all(&[a, b])
        }
        Formula::Select(a, b, c) => all(&[a, b, c]),
        Formula::Apply(_, parts) => {
            let parts: Vec<&Formula> = parts.iter().map(|part| &**part).collect();
            all(&parts)
        }
        Formula::Opaque(_) => false,
        Formula::Constant(_) | Formula::Missing | Formula::Variable(_) => true,
    }
}
