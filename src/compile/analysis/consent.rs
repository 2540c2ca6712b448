//! Channels that contact people without asking whether they agreed.

use std::format;
use std::string::ToString;

use super::Analysis;
use crate::compile::diagnostic::Code;

impl Analysis<'_> {
    /// Every channel that a treatment uses must say `consent`: a rule, or `true` where none is
    /// needed. One warning a channel, which names the first offer that uses it.
    pub(super) fn consent(&self) {
        let tables = &self.policy.tables;
        for (position, channel) in tables.channels.iter().enumerate() {
            let mut uses = tables.treatments.iter().filter(|t| usize::from(t.channel) == position);
            let Some(first) = uses.next() else { continue };
            let name = self.name(channel.id);
            if self.item(&["channels", name, "consent"]).is_some() {
                continue;
            }
            let offer = self.name(tables.offers[first.offer as usize].id);
            let others = match uses.count() {
                0 => "".to_string(),
                1 => " and another offer".to_string(),
                more => format!(" and {more} other offers"),
            };
            let message =
                format!("channel `{name}` carries `{offer}`{others}, but has no rule for consent");
            let help = "say consent = \"...\", or consent = true if none is needed".to_string();
            self.warn(&["channels", name], Code::NoConsentRule, message, Some(help));
        }
    }
}
