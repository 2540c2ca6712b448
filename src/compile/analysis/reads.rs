//! Features and attributes that nothing reads.

use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::Analysis;
use crate::compile::diagnostic::Code;
use crate::expr::Op;
use crate::policy::FeatureKind;

impl<'a> Analysis<'a> {
    /// A feature is read by every program, as the goal of an issue, as the subscriber's zone and as
    /// the day of the bill;
    /// `export = true` says that the host reads it. One that only unread features read counts as
    /// read: it shows when they are gone.
    pub(super) fn reads(&self) {
        let tables = &self.policy.tables;
        let mut read = vec![false; tables.features.len()];
        let reads = tables.code.iter().filter_map(|op| match op {
            Op::Feature(position) => Some(*position),
            _ => None,
        });
        let goals = tables.issues.iter().filter_map(|issue| issue.goal);
        let bill_days = tables.features.iter().filter_map(|feature| match feature.kind {
            FeatureKind::Aggregate(aggregate) => aggregate.bill_day(),
            _ => None,
        });
        for position in reads.chain(goals).chain(tables.zones.feature).chain(bill_days) {
            read[usize::from(position)] = true;
        }
        // Who asks since when asks for the stage.
        for (position, feature) in tables.features.iter().enumerate() {
            if let FeatureKind::Since { stage } = feature.kind {
                read[usize::from(stage)] |= read[position];
                read[position] = true;
            }
        }
        for (feature, _) in tables.features.iter().zip(read).filter(|(_, read)| !read) {
            let name = self.name(feature.id);
            let (path, what): (&[&str], _) = match feature.kind {
                FeatureKind::Attribute { .. } => (&["attributes", name], "the attribute"),
                FeatureKind::Output { .. } => {
                    (&["models", self.model_of(name), "outputs", name], "the model's output")
                }
                FeatureKind::Stage { .. } => (&["lifecycles", name], "the lifecycle"),
                // Experiments have an analysis of their own.
                FeatureKind::Arm { .. } => continue,
                _ => (&["features", name], "the feature"),
            };
            let exported = self.item(&[path, &["export"]].concat());
            if exported.and_then(|item| item.boolean()) != Some(true) {
                let message = format!("nothing reads {what} `{name}`");
                let help = "remove it, or say export = true if the host reads it".to_string();
                self.warn(path, Code::UnreadFeature, message, Some(help));
            }
        }
    }

    /// The name of the model that has this output.
    fn model_of(&self, output: &str) -> &'a str {
        let models = self.item(&["models"]).and_then(|models| models.open_section());
        let models = models.map_or_else(Vec::new, |models| models.entries());
        let of = models.iter().find(|model| {
            let outputs = model.open_section().and_then(|model| model.get("outputs"));
            let outputs = outputs.and_then(|outputs| outputs.open_section());
            outputs.is_some_and(|outputs| outputs.get(output).is_some())
        });
        of.map_or("", |model| model.name)
    }
}
