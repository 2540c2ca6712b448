//! `[issues]` and their groups: what offers are for.

use super::Build;
use super::model;
use super::section::Section;
use super::source::Item;
use super::types::BOOL;
use crate::base::limits::{GROUPS_MAX, ISSUES_MAX};
use crate::policy::{Group, Issue, Rules};

impl Build<'_> {
    pub(super) fn issues(&mut self, root: &Section<'_>) {
        for item in self.entries(root, "issues", ISSUES_MAX, "issues") {
            let Some(section) = item.section(&model::ISSUE) else { continue };
            let Some(position) = self.scope.issues.declare(&item, item.name) else { continue };
            let goal = section.get("goal").and_then(|goal| self.goal(&goal));
            let period = self.period(&section);
            self.scope.issue_periods.push(period);
            let (id, rules) = (self.ids.id(item.name), self.rules(&section));
            let control = self.withheld(&section, item.name);
            let issue = Issue { id, rules, goal, control };
            self.tables.issues.push(issue);
            for group in section.named_in("groups") {
                self.group(&item, position, &group);
            }
        }
    }

    fn goal(&self, item: &Item<'_>) -> Option<u16> {
        let position = self.scope.features.find(item, item.text()?, "feature")?;
        Some(position as u16)
    }

    fn group(&mut self, issue: &Item<'_>, position: usize, item: &Item<'_>) {
        let Some(section) = item.section(&model::GROUP) else { return };
        let path = std::format!("{}.{}", issue.name, item.name);
        if !item.within(self.scope.groups.len() + 1, GROUPS_MAX, "groups")
            || self.scope.groups.declare(item, &path).is_none()
        {
            return;
        }
        let of_issue = self.scope.issue_periods[position];
        let period = self.period_within(&section, of_issue, "issue");
        self.scope.group_periods.push(period);
        let (id, rules) = (self.ids.id(&path), self.rules(&section));
        let control = self.withheld(&section, &path);
        self.tables.groups.push(Group { id, issue: position as u16, rules, control });
    }

    pub(super) fn rules(&mut self, section: &Section<'_>) -> Rules {
        Rules {
            eligible: self.choice(section.get("eligible"), BOOL),
            applicable: self.choice(section.get("applicable"), BOOL),
            suitable: self.choice(section.get("suitable"), BOOL),
        }
    }
}
