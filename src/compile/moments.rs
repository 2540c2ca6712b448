//! `[moments]`: situations, and which events raise them.

use std::vec::Vec;

use super::Build;
use super::model;
use super::scope::{EventView, View};
use super::section::Section;
use super::source::Item;
use super::types::{BOOL, DOUBLE};
use crate::base::civil::HOUR_MS;
use crate::base::limits::MOMENTS_MAX;
use crate::expr::Program;
use crate::policy::Moment;

/// Something that can raise a moment.
const TICK: &str = "tick";

/// A moment's place among all: the higher priority first, then the order of text.
type Rank = (std::cmp::Reverse<i64>, usize);

impl Build<'_> {
    pub(super) fn moments(&mut self, root: &Section<'_>) {
        let mut ranks: Vec<(Rank, Vec<usize>)> = Vec::new();
        for item in self.entries(root, "moments", MOMENTS_MAX, "moments") {
            let Some(section) = item.section(&model::MOMENT) else { continue };
            let Some(position) = self.scope.moments.declare(&item, item.name) else { continue };
            let (events, on_tick, sound) = self.listens(&section);
            let mut view = View::of_events(&self.scope, &events, true);
            if !sound {
                view.event = EventView::Unknown;
            }
            let priority = section.get("priority").and_then(|item| item.integer()).unwrap_or(0);
            let moment = self.moment(&item, &section, &view, on_tick);
            self.tables.moments.push(moment);
            ranks.push(((std::cmp::Reverse(priority), position), events));
        }
        ranks.sort();
        for (rank, ((_, position), events)) in ranks.into_iter().enumerate() {
            if let Some(moment) = self.tables.moments.get_mut(position) {
                moment.rank = rank as u16;
            }
            for event in events {
                self.tables.events[event].moments.push(position as u16);
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
        let when = section.get("when").and_then(|when| self.program(&when, BOOL, view));
        let period = self.period(section);
        let when = when.and_then(|when| self.within_period(item, Some(when), period));
        let strength = match section.get("strength") {
            Some(strength) => self.number_or_program(&strength, view),
            None => Some(self.constant(1f64.to_bits())),
        };
        let intent = section.get("intent").and_then(|intent| intent.word());
        let length = |key, default| {
            section.get(key).and_then(|length| length.duration_ms()).unwrap_or(default)
        };
        Moment {
            id: self.ids.id(item.name),
            intent: self.ids.id(intent.unwrap_or_default()),
            when: when.unwrap_or(nothing),
            strength: strength.unwrap_or(nothing),
            urgency: section.get("urgency").and_then(|urgency| urgency.share()).unwrap_or(0.5),
            lasts_ms: length("lasts", HOUR_MS),
            snooze_ms: length("snooze", 0),
            rank: 0,
            offers: 0..0,
            on_tick,
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
