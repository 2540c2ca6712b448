//! Offers that nobody can ever get.
//!
//! The rules of an offer, its group and its issue must all hold, no suppression may silence its
//! kind, and a channel must reach the subscriber. What contradicts itself higher up is reported
//! there, once.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Analysis;
use super::rules::tiers;
use super::solver::{Goal, Truth};
use crate::compile::diagnostic::Code;
use crate::policy::{Offer, OfferKind, Rules};

/// A rule that must come out some way, and where it stands.
struct Premise {
    path: String,
    goal: Goal,
}

impl Analysis<'_> {
    pub(super) fn eligibility(&self) {
        let tables = &self.policy.tables;
        let issues: Vec<Option<Vec<Premise>>> = tables
            .issues
            .iter()
            .map(|issue| {
                let name = self.name(issue.id);
                self.extended(&[], &["issues", name], &issue.rules, "nothing in this issue")
            })
            .collect();
        let groups: Vec<Option<Vec<Premise>>> = tables
            .groups
            .iter()
            .map(|group| {
                let (issue, name) = self.name(group.id).split_once('.')?;
                let above = issues[usize::from(group.issue)].as_ref()?;
                let path = ["issues", issue, "groups", name];
                self.extended(above, &path, &group.rules, "nothing in this group")
            })
            .collect();
        let silent: Vec<Vec<Premise>> =
            OfferKind::ALL.iter().map(|kind| self.not_suppressed(*kind)).collect();
        for offer in &tables.offers {
            let Some(above) = &groups[usize::from(offer.group)] else { continue };
            let path = ["offers", self.name(offer.id)];
            // First the rules, then what must not hold, which leaves more open.
            let own = self.extended(above, &path, &offer.rules, "this offer");
            let Some(mut all) = own else { continue };
            let silent = &silent[offer.kind as usize - 1];
            all.extend(silent.iter().map(Premise::again));
            if self.sound(&path, &all, "this offer") {
                self.reached(&path, offer, &all);
            }
        }
    }

    /// What stands above with the rules that stand here; nothing if they contradict one another,
    /// which is reported.
    fn extended(
        &self,
        above: &[Premise],
        path: &[&str],
        rules: &Rules,
        what: &str,
    ) -> Option<Vec<Premise>> {
        let mut all: Vec<Premise> = above.iter().map(Premise::again).collect();
        let before = all.len();
        all.extend(tiers(rules).map(|(key, rule)| Premise {
            path: format!("{}.{key}", path.join(".")),
            goal: self.goal(rule, Truth::True),
        }));
        (all.len() == before || self.sound(path, &all, what)).then_some(all)
    }

    /// No suppression silences this kind. One that always holds is reported by itself.
    fn not_suppressed(&self, kind: OfferKind) -> Vec<Premise> {
        let suppressions = self.policy.tables.contact.suppressions.iter().enumerate();
        suppressions
            .filter(|(_, suppression)| !suppression.exempt.contains(kind))
            .filter(|(_, suppression)| !self.always_holds(suppression.when))
            .map(|(position, suppression)| Premise {
                path: format!("contact.suppress[{position}].when"),
                goal: self.goal(suppression.when, Truth::NotTrue),
            })
            .collect()
    }

    /// Whether all can be so at once; if not, the fewest that cannot are named.
    fn sound(&self, path: &[&str], all: &[Premise], what: &str) -> bool {
        if self.all_possible(all.iter()) {
            return true;
        }
        let mut core: Vec<&Premise> = all.iter().collect();
        // The outermost are left out first, so that what is blamed is as near as can be.
        let mut at = 0;
        while at < core.len() {
            let left_out = core.remove(at);
            if self.all_possible(core.iter().copied()) {
                core.insert(at, left_out);
                at += 1;
            }
        }
        let paths: Vec<String> = core.iter().map(|premise| format!("`{}`", premise.path)).collect();
        let because = match paths.as_slice() {
            [alone] => format!("{alone} never holds"),
            several => format!("{} contradict one another", several.join(" and ")),
        };
        let key = core.iter().rev().find_map(|premise| {
            premise.path.strip_prefix(&path.join("."))?.strip_prefix('.').map(ToString::to_string)
        });
        let mut place = Vec::from(path);
        place.extend(key.as_deref());
        let message = format!("{what} can never be eligible: {because}");
        self.warn(&place, Code::NeverEligible, message, None);
        false
    }

    fn all_possible<'p>(&self, premises: impl Iterator<Item = &'p Premise>) -> bool {
        let goals: Vec<Goal> = premises.map(|premise| premise.goal.clone()).collect();
        self.possible(&goals)
    }

    /// Warns when no channel of an offer reaches anybody who may have it.
    fn reached(&self, path: &[&str], offer: &Offer, all: &[Premise]) {
        let tables = &self.policy.tables;
        let range = offer.treatments.start as usize..offer.treatments.end as usize;
        let channels = tables.treatments[range].iter();
        let channels = channels.map(|treatment| &tables.channels[usize::from(treatment.channel)]);
        let rules: Vec<Goal> = all.iter().map(|premise| premise.goal.clone()).collect();
        let reached = channels.clone().any(|channel| {
            channel.reach.is_none_or(|rule| {
                let reach = [self.goal(rule, Truth::True)];
                // A rule that can never hold is reported by itself.
                self.possible(&[&rules, &reach[..]].concat()) || !self.possible(&reach)
            })
        });
        if !reached {
            let names: Vec<&str> = channels.map(|channel| self.name(channel.id)).collect();
            let message = format!(
                "this offer can never be eligible: whoever may have it is out of reach of {}",
                names.join(", ")
            );
            self.warn(path, Code::NeverEligible, message, None);
        }
    }
}

impl Premise {
    fn again(&self) -> Premise {
        Premise { path: self.path.clone(), goal: self.goal.clone() }
    }
}
