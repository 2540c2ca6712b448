//! `[patterns]`: what has to happen, over several events, before a moment is asked.

use std::cmp::Reverse;
use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::diagnostic::Code;
use super::model;
use super::scope::View;
use super::section::Section;
use super::source::Item;
use super::types::BOOL;
use crate::base::limits::{
    PATTERN_MS_MAX, PATTERN_STEPS_MAX, PATTERN_TIMES_MAX, PATTERN_TIMES_WITHIN_MAX, PATTERNS_MAX,
};
use crate::expr::{Op, Program};
use crate::policy::{Listen, Pattern, Shape};

/// The keys that say what kind of pattern it is, each with those that it needs and those that it
/// may have beside it.
const KINDS: [(&str, &[&str], &[&str]); 4] = [
    ("sequence", &["within"], &["without"]),
    ("repeat", &["times"], &["within", "without"]),
    ("after", &["without", "within"], &[]),
    ("crosses", &[], &["rearm"]),
];

impl Build<'_> {
    pub(super) fn patterns(&mut self, root: &Section<'_>) {
        for item in self.entries(root, "patterns", PATTERNS_MAX, "patterns") {
            let Some(section) = item.section(&model::PATTERN) else { continue };
            let Some(position) = self.scope.patterns.declare(&item, item.name) else { continue };
            let shape = self.shape(&item, &section, position as u8);
            // What could not be read has been recorded: nothing comes of this.
            let shape = shape.unwrap_or(Shape::Absence { within_s: 1 });
            let (id, moments) = (self.ids.id(item.name), Vec::new());
            self.tables.patterns.push(Pattern { id, shape, moments });
        }
        for event in &mut self.tables.events {
            let order = |listen: &Listen| {
                (listen.pattern, listen.step != Listen::AGAINST, Reverse(listen.step))
            };
            event.patterns.sort_by_key(order);
        }
    }

    fn shape(&mut self, item: &Item<'_>, section: &Section<'_>, pattern: u8) -> Option<Shape> {
        let given = KINDS.iter().filter_map(|kind| Some((section.get(kind.0)?, kind)));
        let given: Vec<_> = given.collect();
        let [(what, (key, needed, allowed))] = given.as_slice() else {
            let keys = KINDS.map(|(key, ..)| key).join(", ");
            item.error(Code::Conflict, format!("give exactly one of {keys}"), None);
            return None;
        };
        for other in section.entries() {
            let known = other.name == *key
                || needed.contains(&other.name)
                || allowed.contains(&other.name)
                || model::PATTERN.key(other.name).is_none();
            if !known {
                let message = format!("`{}` does not go with `{key}`", other.name);
                other.name_error(Code::Conflict, message, None);
            }
        }
        let complete = needed.iter().filter(|key| section.require(key).is_none()).count() == 0;
        let against =
            section.get("without").map(|without| self.step(&without, pattern, Listen::AGAINST));
        let within = section.get("within").map(|within| within_s(&within));
        let shape = match *key {
            "sequence" => {
                let steps = what.list()?;
                let fits = (2..=PATTERN_STEPS_MAX).contains(&steps.len());
                if !fits {
                    let message = format!("a sequence has 2 to {PATTERN_STEPS_MAX} steps");
                    what.error(Code::Value, message, None);
                }
                let steps: Vec<_> = steps.iter().take(PATTERN_STEPS_MAX).collect();
                for (at, step) in steps.iter().enumerate() {
                    self.step(step, pattern, at as u8 + 1);
                }
                Shape::Sequence { steps: steps.len() as u8, within_s: within.flatten()? }
            }
            "repeat" => {
                self.step(what, pattern, 1);
                let times = section.get("times")?;
                let most = match within {
                    Some(_) => PATTERN_TIMES_WITHIN_MAX,
                    None => PATTERN_TIMES_MAX,
                };
                let times = times.integer_in(2..most as i64 + 1)? as u16;
                Shape::Repeat { times, within_s: within.map_or(Some(None), |ms| ms.map(Some))? }
            }
            "after" => {
                self.step(what, pattern, 1);
                Shape::Absence { within_s: within.flatten()? }
            }
            _ => {
                let enter = self.program(what, BOOL, &View::PROFILE)?;
                let rearm = match section.get("rearm") {
                    Some(rearm) => self.program(&rearm, BOOL, &View::PROFILE)?,
                    None => self.opposite(what, enter)?,
                };
                Shape::Crossing { enter, rearm }
            }
        };
        (complete && against.is_none_or(|step| step.is_some())).then_some(shape)
    }

    /// A rule that holds when another definitely does not.
    fn opposite(&mut self, item: &Item<'_>, rule: Program) -> Option<Program> {
        let mut ops = rule.of(&self.tables.code).to_vec();
        ops.push(Op::Not);
        self.place(item, &ops)
    }

    /// What an event of some kinds is to a pattern: kinds, or tables with a `where`.
    fn step(&mut self, item: &Item<'_>, pattern: u8, step: u8) -> Option<()> {
        let mut sound = true;
        for part in item.one_or_more()? {
            let (kinds, rule) = if part.is_table() {
                let section = part.section(&model::STEP)?;
                (section.get("event")?.one_or_more()?, section.get("where"))
            } else {
                (Vec::from([part]), None)
            };
            let mut events = Vec::new();
            for kind in kinds {
                let name = kind.text();
                match name.and_then(|name| self.scope.events.find(&kind, name, "event")) {
                    Some(event) => events.push((kind, event)),
                    None => sound = false,
                }
            }
            let positions: Vec<usize> = events.iter().map(|(_, event)| *event).collect();
            let filter = match rule {
                Some(rule) => {
                    let view = View::of_events(&self.scope, &positions, false);
                    let filter = self.program(&rule, BOOL, &view);
                    sound &= filter.is_some();
                    filter
                }
                None => None,
            };
            for (kind, event) in events {
                let listens = &mut self.tables.events[event].patterns;
                if listens.iter().any(|known| known.pattern == pattern && known.step == step) {
                    let help = "join the rules of its `where` with ||".to_string();
                    kind.error(Code::Duplicate, "this kind of event is given twice here", help);
                    sound = false;
                }
                listens.push(Listen { pattern, step, filter });
            }
        }
        sound.then_some(())
    }
}

/// Times of patterns are kept in whole seconds.
fn within_s(item: &Item<'_>) -> Option<u32> {
    let within_ms = item.duration_ms()?;
    if !(1_000..=PATTERN_MS_MAX).contains(&within_ms) {
        let days = PATTERN_MS_MAX / crate::base::civil::DAY_MS;
        let message = format!("a pattern takes at least a second and at most {days}d");
        item.error(Code::Limit, message, None);
        return None;
    }
    Some((within_ms / 1_000) as u32)
}
