//! Budgets that nothing draws on while they are in force.

use std::format;
use std::vec;

use super::Analysis;
use crate::compile::diagnostic::Code;

impl Analysis<'_> {
    /// A budget is idle when no treatment draws more than nothing on it, for its offer or for its
    /// channel, at a time when both are in force.
    pub(super) fn budgets(&self) {
        let tables = &self.policy.tables;
        let mut drawn = vec![false; tables.budgets.len()];
        for treatment in &tables.treatments {
            for draw in &treatment.draws {
                let at = usize::from(draw.budget);
                let meets = !treatment.period.and(tables.budgets[at].period).is_empty();
                drawn[at] |= draw.amount > 0 && meets;
            }
        }
        for (budget, _) in tables.budgets.iter().zip(drawn).filter(|(_, drawn)| !drawn) {
            let name = self.name(budget.id);
            let message = format!("nothing draws on the budget `{name}`");
            let help = format!("let an offer or a channel draw on it: draws = {{ {name} = ... }}");
            self.warn(&["budgets", name], Code::IdleBudget, message, Some(help));
        }
    }
}
