//! Experiments that cannot tell anything.

use std::format;
use std::string::ToString;

use super::Analysis;
use crate::base::bucket::BUCKETS;
use crate::compile::diagnostic::Code;

impl Analysis<'_> {
    /// The universal control group is the one experiment there is: it needs people on both sides,
    /// and offers that only one side gets.
    pub(super) fn experiment(&self) {
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
