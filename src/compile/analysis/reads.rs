//! Features and attributes that nothing reads.

use std::format;
use std::string::ToString;
use std::vec;

use super::Analysis;
use crate::compile::diagnostic::Code;
use crate::expr::Op;
use crate::policy::FeatureKind;

impl Analysis<'_> {
    /// A feature is read by every program, as the goal of an issue, as the
    /// subscriber's zone and as the day of the bill;
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
        for (feature, _) in tables.features.iter().zip(read).filter(|(_, read)| !read) {
            let (section, what) = match feature.kind {
                FeatureKind::Attribute => ("attributes", "attribute"),
                _ => ("features", "feature"),
            };
            let name = self.name(feature.id);
            let exported = self.item(&[section, name, "export"]);
            if exported.and_then(|item| item.boolean()) != Some(true) {
                let message = format!("nothing reads the {what} `{name}`");
                let help = "remove it, or say export = true if the host reads it".to_string();
                self.warn(&[section, name], Code::UnreadFeature, message, Some(help));
            }
        }
    }
}
