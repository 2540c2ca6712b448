//! Static analysis: what compiles, but cannot have been meant. One file for each analysis.
//!
//! It works on the compiled policy, so that it sees what will run, and on the text for places.
//! Everything is reported only when it is sure: an analysis that does not understand a rule takes
//! it to come out either way. The time is linear in the number of offers, but for shadowing,
//! which compares each offer with a bounded number of others. Measured with 20 offers to a group
//! and moment, each with three comparisons: `check` takes 0.8 s of processor time for 10,000
//! offers and 6.3 s for 100,000 (two shared cores), about half of it analysis.

mod budgets;
mod caps;
mod comparison;
mod consent;
mod domains;
mod eligibility;
mod experiment;
mod facts;
mod formula;
mod lifecycles;
mod moments;
mod patterns;
mod reads;
mod rules;
mod scores;
mod shadowing;
mod solver;
#[cfg(test)]
mod soundness;

use std::string::String;

use super::diagnostic::Code;
use super::section::Section;
use super::source::Item;
use crate::base::ids::PermanentId;
use crate::expr::Program;
use crate::policy::Policy;
use domains::Domains;
use formula::Reader;
use solver::{Goal, Truth};

/// Records a warning for everything that the analyses find in a sound policy.
pub(super) fn analyse(policy: &Policy, root: &Section<'_>) {
    let reader = Reader::new(policy);
    let domains = Domains::new(policy, &reader);
    let analysis = Analysis { policy, root, reader, domains };
    analysis.rules();
    analysis.eligibility();
    analysis.shadowing();
    analysis.scores();
    analysis.moments();
    analysis.patterns();
    analysis.reads();
    analysis.lifecycles();
    analysis.caps();
    analysis.consent();
    analysis.budgets();
    analysis.experiments();
}

/// A compiled policy and its text.
struct Analysis<'a> {
    policy: &'a Policy,
    root: &'a Section<'a>,
    reader: Reader<'a>,
    domains: Domains,
}

impl<'a> Analysis<'a> {
    /// What stands at a path of the text.
    fn item(&self, path: &[&str]) -> Option<Item<'a>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.root.get(first)?, |item, step| item.open_section()?.get(step))
    }

    /// The name of something in the policy.
    fn name<I: PermanentId>(&self, id: I) -> &'a str {
        self.policy.name_of(id).unwrap_or_default()
    }

    /// Warns of what stands at a path: of its value, or of its key when it is a section.
    fn warn(&self, path: &[&str], code: Code, message: String, help: Option<String>) {
        if let Some(item) = self.item(path) {
            item.error(code, message, help);
        }
    }

    fn goal(&self, program: Program, truth: Truth) -> Goal {
        (self.reader.formula(program), truth)
    }

    /// Whether these can all be so at once.
    fn possible(&self, goals: &[Goal]) -> bool {
        solver::possible(&self.domains, goals)
    }
}
