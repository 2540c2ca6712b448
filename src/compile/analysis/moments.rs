//! Moments that no offer answers.

use std::format;
use std::string::ToString;

use super::Analysis;
use crate::compile::diagnostic::Code;

impl Analysis<'_> {
    pub(super) fn moments(&self) {
        for moment in self.policy.tables.moments.iter().filter(|m| m.offers.is_empty()) {
            let name = self.name(moment.id);
            let message = format!("no offer answers the moment `{name}`");
            let help = "list it under the `moments` of an offer, or remove it".to_string();
            self.warn(&["moments", name], Code::UnansweredMoment, message, Some(help));
        }
    }
}
