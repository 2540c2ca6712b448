//! `from` and `until`: when something is in force.

use std::format;

use super::Build;
use super::diagnostic::Code;
use super::section::Section;
use super::source::Item;
use crate::expr::{Op, Program};
use crate::policy::Period;

impl Build<'_> {
    /// The dates of a section.
    pub(super) fn period(&self, section: &Section<'_>) -> Period {
        let zone = self.scope.default_zone.as_ref();
        let (from, until) = (section.get("from"), section.get("until"));
        let from_ms = from.and_then(|item| item.instant_ms(zone)).unwrap_or(0);
        let until_ms = until.as_ref().and_then(|item| item.instant_ms(zone)).unwrap_or(i64::MAX);
        let period = Period { from_ms, until_ms };
        if let Some(item) = until.filter(|_| period.is_empty()) {
            item.error(Code::Value, "`until` is not after `from`", None);
            return Period::ALWAYS;
        }
        period
    }

    /// The dates of a section within those of what it belongs to. So whatever is in force is so
    /// by its own dates: the data plane looks at nothing else.
    pub(super) fn period_within(&self, section: &Section<'_>, whole: Period, what: &str) -> Period {
        let own = self.period(section);
        let period = own.and(whole);
        if period.is_empty() {
            let message =
                format!("it is never in force: its dates and those of its {what} do not meet");
            section.error(Code::Value, message, None);
            return Period::ALWAYS;
        }
        period
    }

    /// A rule that holds only within a period, too.
    pub(super) fn within_period(
        &mut self,
        item: &Item<'_>,
        rule: Option<Program>,
        period: Period,
    ) -> Option<Program> {
        if period == Period::ALWAYS {
            return rule;
        }
        let mut ops = rule
            .map_or_else(|| [Op::Constant(1)].into(), |rule| rule.of(&self.tables.code).to_vec());
        // What follows a rule leaves the places that its jumps lead to where they are.
        ops.extend([Op::Now, Op::Constant(period.until_ms as u64), Op::LessInt, Op::And]);
        ops.extend([Op::Constant(period.from_ms as u64), Op::Now, Op::LessOrEqualInt, Op::And]);
        self.place(item, &ops)
    }
}
