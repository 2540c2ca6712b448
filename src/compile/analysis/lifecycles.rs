//! Lifecycles: stages that nobody can come to, transitions that are never taken.

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Analysis;
use super::solver::Truth;
use crate::base::ids::MemberId;
use crate::compile::diagnostic::Code;
use crate::policy::{Lifecycle, Transition};

impl Analysis<'_> {
    pub(super) fn lifecycles(&self) {
        let tables = &self.policy.tables;
        for lifecycle in &tables.lifecycles {
            let feature = &tables.features[usize::from(lifecycle.feature)];
            let name = self.name(feature.id);
            let list = self.item(&["lifecycles", name, "transitions"]);
            let list = list.and_then(|item| item.list()).unwrap_or_default();
            for (item, transition) in list.iter().zip(&lifecycle.transitions) {
                let when = item.open_section().and_then(|section| section.get("when"));
                if let Some((when, (code, message))) = when.zip(self.verdict("when", transition.when))
                    // There is no other way to say that nobody stays in a stage.
                    && code == Code::NeverHolds
                {
                    when.error(code, message, None);
                }
            }
            let reached = self.stages_reached(lifecycle);
            for stage in feature.members.iter().filter(|stage| !reached.contains(stage)) {
                let stage = self.name(*stage);
                let stage = stage.split_once('.').map_or(stage, |(_, stage)| stage);
                let message = format!("nobody can come to the stage `{stage}`");
                let help = "add a transition that leads to it, or remove it".to_string();
                let path = ["lifecycles", name, "stages"];
                self.warn(&path, Code::UnreachableStage, message, Some(help));
            }
        }
    }

    /// The stages that transitions lead to from the first one.
    fn stages_reached(&self, lifecycle: &Lifecycle) -> Vec<MemberId> {
        let taken =
            |transition: &&Transition| self.possible(&[self.goal(transition.when, Truth::True)]);
        let transitions: Vec<&Transition> = lifecycle.transitions.iter().filter(taken).collect();
        let mut reached = Vec::from([lifecycle.first]);
        let mut at = 0;
        while let Some(stage) = reached.get(at).copied() {
            for transition in transitions.iter().filter(|way| way.from.contains(&stage)) {
                if !reached.contains(&transition.to) {
                    reached.push(transition.to);
                }
            }
            at += 1;
        }
        reached
    }
}
