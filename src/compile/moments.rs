//! `[moments]`: situations, and which events raise them.

use std::format;
use std::string::ToString;
use std::vec;
use std::vec::Vec;

use super::Build;
use super::diagnostic::Code;
use super::model;
use super::scope::{EventView, View};
use super::section::Section;
use super::source::Item;
use super::types::{BOOL, DOUBLE, TIMESTAMP};
use crate::base::civil::HOUR_MS;
use crate::base::limits::{MOMENTS_MAX, SUPERSEDES_MAX};
use crate::expr::Program;
use crate::policy::Moment;

/// Something that can raise a moment.
const TICK: &str = "tick";

/// A moment's place among all: the higher priority first, then the order of text.
type Rank = (std::cmp::Reverse<i64>, usize);

/// A moment as far as it has been read: the place that it gets, and what raises it.
struct Raising<'a> {
    item: Item<'a>,
    section: Section<'a>,
    position: usize,
    rank: Rank,
    events: Vec<usize>,
    patterns: Vec<usize>,
}

impl Build<'_> {
    pub(super) fn moments(&mut self, root: &Section<'_>) {
        let mut all = Vec::new();
        for item in self.entries(root, "moments", MOMENTS_MAX, "moments") {
            let Some(section) = item.section(&model::MOMENT) else { continue };
            let Some(position) = self.scope.moments.declare(&item, item.name) else { continue };
            let (events, on_tick, sound) = self.listens(&section);
            let patterns = self.patterns_of(&section);
            self.raised_one_way(&item, &section);
            let mut view = View::of_events(&self.scope, &events, true);
            if !sound {
                view.event = EventView::Unknown;
            }
            if section.get("on").is_none() {
                view = View::PROFILE;
            }
            let priority = section.get("priority").and_then(|item| item.integer()).unwrap_or(0);
            let moment = self.moment(&item, &section, &view, on_tick);
            self.tables.moments.push(moment);
            let rank = (std::cmp::Reverse(priority), position);
            all.push(Raising { item, section, position, rank, events, patterns });
        }
        all.sort_by_key(|raising| raising.rank);
        self.supersedes(&all);
        for (rank, raising) in all.into_iter().enumerate() {
            let position = raising.position;
            self.tables.moments[position].rank = rank as u16;
            for event in raising.events {
                self.tables.events[event].moments.push(position as u16);
            }
            for pattern in raising.patterns {
                self.tables.patterns[pattern].moments.push(position as u16);
            }
        }
    }

    /// A moment is on events or a tick, and then has a rule; or it has patterns.
    fn raised_one_way(&self, item: &Item<'_>, section: &Section<'_>) {
        match (section.get("on"), section.get("pattern")) {
            (Some(_), Some(pattern)) => {
                let message = "`on` and `pattern` exclude one another";
                let help = "the steps of the pattern say which events it is on".to_string();
                pattern.name_error(Code::Conflict, message, help);
            }
            (None, None) => {
                item.error(Code::MissingKey, format!("`{}` has no `on`", item.path), None);
            }
            (Some(_), None) => {
                section.require("when");
            }
            (None, Some(_)) => {}
        }
        let on_tick = || {
            let on = section.get("on").and_then(|on| on.one_or_more()).unwrap_or_default();
            on.iter().any(|item| item.as_text() == Some(TICK))
        };
        if let Some(due) = section.get("due").filter(|_| !on_tick()) {
            let help = "add \"tick\" to `on`".to_string();
            let message = "`due` says when to call without an event, but the moment is on no tick";
            due.name_error(Code::Conflict, message, help);
        }
    }

    fn patterns_of(&self, section: &Section<'_>) -> Vec<usize> {
        let names = section.get("pattern").and_then(|pattern| pattern.one_or_more());
        let mut patterns = Vec::new();
        for item in names.unwrap_or_default() {
            let found =
                item.text().and_then(|name| self.scope.patterns.find(&item, name, "pattern"));
            patterns.extend(found.filter(|pattern| !patterns.contains(pattern)));
        }
        patterns
    }

    /// What each moment ends, now that all are known: some of those that come after it. So none ends
    /// itself, over others or not, and what is crowded out has ended nothing that there is room for.
    fn supersedes(&mut self, all: &[Raising<'_>]) {
        let mut ranks = vec![0; all.len()];
        for (rank, raising) in all.iter().enumerate() {
            if let Some(place) = ranks.get_mut(raising.position) {
                *place = rank;
            }
        }
        for (rank, raising) in all.iter().enumerate() {
            let Some(list) = raising.section.get("supersedes") else { continue };
            let items = list.one_or_more().unwrap_or_default();
            list.within(items.len(), SUPERSEDES_MAX, "moments that it supersedes");
            for item in items.iter().take(SUPERSEDES_MAX) {
                let found =
                    item.text().and_then(|name| self.scope.moments.find(item, name, "moment"));
                let Some(other) = found else { continue };
                if ranks.get(other).is_some_and(|other| *other <= rank) {
                    let message = format!(
                        "`{}` comes before `{}`",
                        item.as_text().unwrap_or("it"),
                        raising.item.name
                    );
                    let help = "give the moment that supersedes the higher `priority`";
                    item.error(Code::SupersedesBefore, message, help.to_string());
                    continue;
                }
                let ended = &mut self.tables.moments[raising.position].supersedes;
                if !ended.contains(&(other as u16)) {
                    ended.push(other as u16);
                }
            }
        }
    }

    /// The events that a moment is on, whether a tick is among them, and whether all are known.
    fn listens(&self, section: &Section<'_>) -> (Vec<usize>, bool, bool) {
        let (mut events, mut on_tick) = (Vec::new(), false);
        let on = section.get("on").and_then(|on| on.one_or_more());
        let mut sound = on.is_some();
        for item in on.unwrap_or_default() {
            match item.text() {
                Some(TICK) => on_tick = true,
                name => {
                    let event = name
                        .and_then(|name| self.scope.events.find(&item, name, "event (or tick)"));
                    sound &= event.is_some();
                    events.extend(event.filter(|event| !events.contains(event)));
                }
            }
        }
        (events, on_tick, sound)
    }

    fn moment(
        &mut self,
        item: &Item<'_>,
        section: &Section<'_>,
        view: &View,
        on_tick: bool,
    ) -> Moment {
        let nothing = Program { start: 0, len: 0 };
        let id = self.ids.id(item.name);
        let rule = section.get("when");
        let when = match &rule {
            Some(rule) => self.program(rule, BOOL, view),
            None => Some(self.constant(1)),
        };
        let period = self.period(section);
        if when.is_some() {
            let [from, until] = ["from", "until"].map(|key| section.get(key));
            let written = [&from, &until].map(|date| date.as_ref().and_then(|date| date.as_date()));
            self.wordings.extend(self.wording(id, rule.as_ref(), view, (period, written)));
        }
        let when = when.and_then(|when| self.within_period(item, Some(when), period));
        let strength = match section.get("strength") {
            Some(strength) => self.number_or_program(&strength, view),
            None => Some(self.constant(1f64.to_bits())),
        };
        let due = section.get("due").and_then(|due| self.program(&due, TIMESTAMP, &View::PROFILE));
        let share =
            |key, default| section.get(key).and_then(|share| share.share()).unwrap_or(default);
        let intent = section.get("intent").and_then(|intent| intent.word());
        let length = |key, default| {
            section.get(key).and_then(|length| length.duration_ms()).unwrap_or(default)
        };
        Moment {
            id,
            intent: self.ids.id(intent.unwrap_or_default()),
            when: when.unwrap_or(nothing),
            strength: strength.unwrap_or(nothing),
            threshold: share("threshold", 0.0),
            due,
            urgency: share("urgency", 0.5),
            lasts_ms: length("lasts", HOUR_MS),
            snooze_ms: length("snooze", 0),
            rank: 0,
            offers: 0..0,
            on_tick,
            supersedes: Vec::new(),
        }
    }

    /// A double, as a TOML number or as an expression.
    fn number_or_program(&mut self, item: &Item<'_>, view: &View) -> Option<Program> {
        if item.is_number() {
            return item.number().map(|value| self.constant((value + 0.0).to_bits()));
        }
        self.program(item, DOUBLE, view)
    }

    /// Gives every moment its range of the list of offers by moment.
    pub(super) fn moment_offers(&mut self, by_moment: Vec<Vec<u32>>) {
        for (moment, offers) in self.tables.moments.iter_mut().zip(by_moment) {
            let start = self.tables.moment_offers.len() as u32;
            self.tables.moment_offers.extend(offers);
            moment.offers = start..self.tables.moment_offers.len() as u32;
        }
    }
}
