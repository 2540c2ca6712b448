//! Patterns that never complete, that nothing waits for, or that complete again and again; and
//! moments that are never strong enough.

use std::format;
use std::string::ToString;

use super::Analysis;
use super::solver::Truth;
use crate::compile::diagnostic::Code;
use crate::expr::Op;
use crate::policy::{Listen, Pattern, Shape};

impl Analysis<'_> {
    pub(super) fn patterns(&self) {
        for (position, pattern) in self.policy.tables.patterns.iter().enumerate() {
            self.pattern(position, pattern);
        }
        self.thresholds();
    }

    fn pattern(&self, position: usize, pattern: &Pattern) {
        let name = self.name(pattern.id);
        let path = ["patterns", name];
        if pattern.moments.is_empty() {
            let message = format!("no moment waits for the pattern `{name}`");
            let help = format!("name it in a moment, pattern = \"{name}\", or remove it");
            self.warn(&path, Code::UnusedPattern, message, Some(help));
        }
        if let Shape::Crossing { enter, rearm } = pattern.shape {
            let holds = |program| self.goal(program, Truth::True);
            if !self.possible(&[holds(enter)]) {
                let message = "this `crosses` can never hold".to_string();
                self.warn(&["patterns", name, "crosses"], Code::NeverHolds, message, None);
            } else if self.possible(&[holds(enter), holds(rearm)]) {
                let message = "`crosses` and `rearm` can hold at once".to_string();
                let help = "leave a gap between them, such as balance < 2.00 and balance > 5.00";
                let place = ["patterns", name, "rearm"];
                self.warn(&place, Code::Chatter, message, Some(help.to_string()));
            }
            return;
        }
        let steps = match pattern.shape {
            Shape::Sequence { steps, .. } => steps,
            _ => 1,
        };
        for step in 1..=steps {
            if let Some(why) = self.never_seen(position, pattern.shape, step) {
                let what = if steps > 1 { format!("step {step}") } else { "its step".to_string() };
                let message = format!("the pattern never completes: {what} {why}");
                self.warn(&path, Code::NeverCompletes, message, None);
            }
        }
    }

    /// Why no event can be a step, if so.
    fn never_seen(&self, pattern: usize, shape: Shape, step: u8) -> Option<&'static str> {
        let events = &self.policy.tables.events;
        let listens = |event: &'_ crate::policy::EventKind, step: u8| {
            let of_pattern = |l: &&Listen| usize::from(l.pattern) == pattern && l.step == step;
            event.patterns.iter().find(of_pattern).copied()
        };
        let (mut happens, mut undone) = (false, true);
        for event in events {
            let Some(listen) = listens(event, step) else { continue };
            let goals: std::vec::Vec<_> =
                listen.filter.iter().map(|filter| self.goal(*filter, Truth::True)).collect();
            if !self.possible(&goals) {
                continue;
            }
            happens = true;
            // What must not happen comes first, so an event that is both is never more than the
            // first step. To wait for an absence begins anew with it.
            let first = step == 1 && matches!(shape, Shape::Sequence { .. });
            let against = listens(event, Listen::AGAINST);
            let cleared = against.is_some_and(|l| l.filter.is_none() || l.filter == listen.filter);
            undone &= cleared && !first && !matches!(shape, Shape::Absence { .. });
        }
        match (happens, undone) {
            (false, _) => Some("can never happen"),
            (true, true) => Some("is also what must not happen"),
            (true, false) => None,
        }
    }

    fn thresholds(&self) {
        for moment in &self.policy.tables.moments {
            if let [Op::Constant(bits)] = self.policy.code(moment.strength)
                && f64::from_bits(*bits) < moment.threshold
            {
                let name = self.name(moment.id);
                let message = "the `strength` is always below this `threshold`".to_string();
                self.warn(&["moments", name, "threshold"], Code::NeverHolds, message, None);
            }
        }
    }
}
