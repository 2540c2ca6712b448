//! `[lifecycles]`: stages, and what leads from one to another.

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::diagnostic::{Code, did_you_mean};
use super::model;
use super::schema::exported;
use super::section::Section;
use super::source::Item;
use super::types::{BOOL, TIMESTAMP, Ty};
use crate::base::ids::MemberId;
use crate::base::limits::{LIFECYCLE_STAGES_MAX, LIFECYCLE_TRANSITIONS_MAX, LIFECYCLES_MAX};
use crate::policy::{FeatureKind, Lifecycle, Transition};

/// A lifecycle whose features are declared, and whose transitions are still to be read.
pub(super) struct Declared<'a> {
    section: Section<'a>,
    lifecycle: usize,
    /// The enumeration of its stages.
    stages: u16,
}

impl Build<'_> {
    /// The features of every lifecycle, so that all rules can read them.
    pub(super) fn declare_lifecycles<'s>(&mut self, root: &Section<'s>) -> Vec<Declared<'s>> {
        let entries = self.entries(root, "lifecycles", LIFECYCLES_MAX, "lifecycles");
        entries.iter().filter_map(|item| self.declare_lifecycle(item)).collect()
    }

    fn declare_lifecycle<'s>(&mut self, item: &Item<'s>) -> Option<Declared<'s>> {
        let section = item.section(&model::LIFECYCLE)?;
        exported(&section);
        let stages = section.get("stages")?;
        let count = stages.one_or_more()?.len();
        if !stages.within(count, LIFECYCLE_STAGES_MAX, "stages in a lifecycle") {
            return None;
        }
        let ty @ Ty::Enum(enumeration) = self.enumeration(item.name, &stages)? else { return None };
        let (_, first) = *self.scope.enums[usize::from(enumeration)].members.first()?;
        let lifecycle = self.tables.lifecycles.len();
        let kind = FeatureKind::Stage { lifecycle: lifecycle as u16 };
        let feature = self.declare_feature(item, item.name, Some(ty), kind)? as u16;
        let since = format!("{}_since", item.name);
        let kind = FeatureKind::Since { stage: feature };
        self.declare_feature(item, &since, Some(TIMESTAMP), kind)?;
        self.tables.lifecycles.push(Lifecycle { feature, first, transitions: Vec::new() });
        Some(Declared { section, lifecycle, stages: enumeration })
    }

    /// Reads transitions, which may read every feature.
    pub(super) fn transitions(&mut self, declared: Vec<Declared<'_>>) {
        for declared in declared {
            let Some(list) = declared.section.get("transitions") else { continue };
            let items = list.list().unwrap_or_default();
            let limit = LIFECYCLE_TRANSITIONS_MAX;
            if !list.within(items.len(), limit, "transitions in a lifecycle") {
                continue;
            }
            for item in items {
                let transition = self.transition(&item, declared.stages);
                self.tables.lifecycles[declared.lifecycle].transitions.extend(transition);
            }
        }
    }

    fn transition(&mut self, item: &Item<'_>, stages: u16) -> Option<Transition> {
        let section = item.section(&model::TRANSITION)?;
        let when = section.get("when").and_then(|when| self.rule(Some(when), BOOL));
        let to = section.get("to").and_then(|to| self.stage(&to, stages));
        let mut from = Vec::new();
        for item in section.get("from")?.one_or_more()? {
            let Some(stage) = self.stage(&item, stages) else { continue };
            if Some(stage) == to {
                let help = "a stage that is kept needs no transition".to_string();
                item.error(Code::Conflict, "this leads from a stage to itself", help);
            } else if from.contains(&stage) {
                item.error(Code::Duplicate, "this stage is given twice", None);
            }
            from.push(stage);
        }
        Some(Transition { from, to: to?, when: when? })
    }

    fn stage(&self, item: &Item<'_>, stages: u16) -> Option<MemberId> {
        let name = item.text()?;
        let members = &self.scope.enums[usize::from(stages)].members;
        let found = members.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
        if found.is_none() {
            let help = did_you_mean(name, members.iter().map(|(known, _)| known.as_str()));
            item.error(Code::UnknownMember, format!("no stage is called `{name}`"), help);
        }
        found
    }
}
