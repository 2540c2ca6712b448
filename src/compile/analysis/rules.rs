//! Rules that always hold, and rules that never do.
//!
//! A rule holds when it is definitely true. So one "always holds" if it can be neither false nor
//! missing: `balance >= 0.00` does not, since the balance may be unknown; `calls_7d >= 0` does,
//! since a count is never missing. A rule "never holds" if it cannot be true.

use std::format;
use std::string::{String, ToString};

use super::Analysis;
use super::solver::Truth;
use crate::compile::diagnostic::Code;
use crate::expr::{Op, Program};
use crate::policy::{EventKind, FeatureKind, Rules};

/// The three tiers of a catalogue entry, with their keys.
pub(super) fn tiers(rules: &Rules) -> impl Iterator<Item = (&'static str, Program)> {
    let tiers = [
        ("eligible", rules.eligible),
        ("applicable", rules.applicable),
        ("suitable", rules.suitable),
    ];
    tiers.into_iter().filter_map(|(key, rule)| Some((key, rule?)))
}

impl Analysis<'_> {
    pub(super) fn rules(&self) {
        self.catalogue_rules();
        let tables = &self.policy.tables;
        for moment in &tables.moments {
            // There is no other way to say that a moment always is.
            if self.policy.code(moment.when) != [Op::Constant(1)] {
                self.rule(&["moments", self.name(moment.id), "when"], moment.when);
            }
        }
        for channel in &tables.channels {
            let name = self.name(channel.id);
            // There is no other way to say that a channel only answers when it asks.
            let consent =
                channel.consent.filter(|rule| self.policy.code(*rule) != [Op::Constant(0)]);
            for (key, rule) in [("consent", consent), ("reach", channel.reach)] {
                rule.into_iter().for_each(|rule| self.rule(&["channels", name, key], rule));
            }
        }
        self.filters();
        self.suppressions();
    }

    /// Rules of the catalogue that always hold; those that never do are the eligibility's.
    fn catalogue_rules(&self) {
        let tables = &self.policy.tables;
        for issue in &tables.issues {
            self.always(&["issues", self.name(issue.id)], &issue.rules);
        }
        for group in &tables.groups {
            if let Some((issue, name)) = self.name(group.id).split_once('.') {
                self.always(&["issues", issue, "groups", name], &group.rules);
            }
        }
        for offer in &tables.offers {
            self.always(&["offers", self.name(offer.id)], &offer.rules);
        }
    }

    fn always(&self, path: &[&str], rules: &Rules) {
        for (key, _) in tiers(rules).filter(|(_, rule)| self.always_holds(*rule)) {
            let help = "remove it if everybody is meant".to_string();
            let message = format!("this `{key}` always holds");
            self.warn(&[path, &[key]].concat(), Code::AlwaysHolds, message, Some(help));
        }
    }

    /// Filters of features, each once for every event that it filters.
    fn filters(&self) {
        let tables = &self.policy.tables;
        for step in tables.events.iter().flat_map(EventKind::all_folds) {
            let feature = &tables.features[usize::from(step.feature)];
            if let FeatureKind::Aggregate(_) = feature.kind {
                for (key, rule) in [("where", step.filter), ("of", step.part)] {
                    let path = ["features", self.name(feature.id), key];
                    rule.into_iter().for_each(|rule| self.rule(&path, rule));
                }
            }
        }
    }

    fn suppressions(&self) {
        let list = self.item(&["contact", "suppress"]).and_then(|item| item.list());
        let suppressions = &self.policy.tables.contact.suppressions;
        for (item, suppression) in list.unwrap_or_default().iter().zip(suppressions) {
            let when = item.open_section().and_then(|section| section.get("when"));
            let Some((when, (code, message))) = when.zip(self.verdict("when", suppression.when))
            else {
                continue;
            };
            when.error(code, message, None);
        }
    }

    /// Warns of a rule by itself.
    fn rule(&self, path: &[&str], rule: Program) {
        let key = path.last().copied().unwrap_or_default();
        if let Some((code, message)) = self.verdict(key, rule) {
            self.warn(path, code, message, None);
        }
    }

    pub(super) fn verdict(&self, key: &str, rule: Program) -> Option<(Code, String)> {
        if !self.possible(&[self.goal(rule, Truth::True)]) {
            return Some((Code::NeverHolds, format!("this `{key}` can never hold")));
        }
        self.always_holds(rule).then(|| (Code::AlwaysHolds, format!("this `{key}` always holds")))
    }

    pub(super) fn always_holds(&self, rule: Program) -> bool {
        !self.possible(&[self.goal(rule, Truth::NotTrue)])
    }
}
