//! What the names in an expression stand for.

use std::collections::HashMap;
use std::string::String;
use std::vec::Vec;

use jiff::tz::TimeZone;

use super::alphabet::Alphabet;
use super::channels::Unit;
use super::diagnostic::{Code, did_you_mean};
use super::source::Item;
use super::types::Ty;
use crate::base::ids::MemberId;
use crate::policy::{Draw, Period};

/// Names of one kind with their positions, in the order they were declared.
#[derive(Debug, Default)]
pub(super) struct Directory {
    positions: HashMap<String, usize>,
    /// Where each is declared, for people.
    places: HashMap<String, String>,
}

impl Directory {
    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Adds a name and gives its position; a name that is there already is recorded.
    pub(super) fn declare(&mut self, item: &Item<'_>, name: &str) -> Option<usize> {
        if self.positions.contains_key(name) {
            let message = match self.places.get(name) {
                Some(place) => std::format!("`{name}` is declared already, as {place}"),
                None => std::format!("`{name}` is declared already"),
            };
            item.name_error(Code::Duplicate, message, None);
            return None;
        }
        let position = self.len();
        self.positions.insert(name.into(), position);
        let file = item.report.file();
        let line = file.line_number(item.key_span.start);
        let place = std::format!("`{}` in {} line {line}", item.path, file.name());
        self.places.insert(name.into(), place);
        Some(position)
    }

    /// The position of a name that `item` refers to; `what` it should be, for people.
    pub(super) fn find(&self, item: &Item<'_>, name: &str, what: &str) -> Option<usize> {
        let position = self.position(name);
        if position.is_none() {
            let help = item.report.advise(|| self.nearest(name));
            item.error(Code::UnknownName, std::format!("no {what} is called `{name}`"), help);
        }
        position
    }

    /// The position of the name that is a key.
    pub(super) fn find_key(&self, item: &Item<'_>, what: &str) -> Option<usize> {
        let position = self.position(item.name);
        if position.is_none() {
            let help = item.report.advise(|| self.nearest(item.name));
            item.name_error(
                Code::UnknownName,
                std::format!("no {what} is called `{}`", item.name),
                help,
            );
        }
        position
    }

    /// What was meant by a name that nothing has: one that is nearly the same, or ends in it.
    fn nearest(&self, name: &str) -> Option<String> {
        let ends = |known: &&str| known.rsplit_once('.').is_some_and(|(_, last)| last == name);
        let near = did_you_mean(name, self.names());
        near.or_else(|| Some(std::format!("did you mean `{}`?", self.names().filter(ends).min()?)))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.positions.keys().map(String::as_str)
    }
}

/// A closed set of values.
#[derive(Debug)]
pub(super) struct Enumeration {
    /// The attribute or field that declares it.
    pub(super) owner: String,
    pub(super) members: Vec<(String, MemberId)>,
}

impl Enumeration {
    /// Its members' ids in ascending order.
    pub(super) fn ids(&self) -> Vec<MemberId> {
        let mut ids: Vec<MemberId> = self.members.iter().map(|(_, id)| *id).collect();
        ids.sort();
        ids
    }
}

/// A field of an event kind.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    /// None when its declaration is wrong.
    pub(super) ty: Option<Ty>,
}

/// Everything that has been declared so far.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) features: Directory,
    /// By position; none while it is not known or because it is wrong.
    pub(super) feature_types: Vec<Option<Ty>>,
    pub(super) enums: Vec<Enumeration>,
    /// Of a field that says in which zone something happened.
    pub(super) zone_type: Option<Ty>,
    pub(super) events: Directory,
    pub(super) event_fields: Vec<Vec<Field>>,
    pub(super) patterns: Directory,
    pub(super) moments: Directory,
    pub(super) budgets: Directory,
    /// By position; none where the unit is wrong.
    pub(super) budget_units: Vec<Option<Unit>>,
    pub(super) channels: Directory,
    /// By position: how many characters of which alphabet a text on the channel can have.
    pub(super) text_limits: Vec<Option<(usize, Alphabet)>>,
    /// By position: what every treatment on the channel draws.
    pub(super) channel_draws: Vec<Vec<Draw>>,
    pub(super) issues: Directory,
    pub(super) issue_periods: Vec<Period>,
    pub(super) groups: Directory,
    /// By position, within that of the issue.
    pub(super) group_periods: Vec<Period>,
    pub(super) offers: Directory,
    /// The first zone of the policy.
    pub(super) default_zone: Option<TimeZone>,
}

/// What an expression may read, by where it stands.
#[derive(Debug)]
pub(super) struct View {
    pub(super) features: bool,
    pub(super) event: EventView,
    /// Whether it may read the arms of experiments.
    pub(super) arms: bool,
}

/// What an expression may read of the event that triggers it.
#[derive(Debug)]
pub(super) enum EventView {
    /// There may be none.
    Absent,
    /// Which one is wrong already, so that any field may be meant.
    Unknown,
    Fields(Vec<EventField>),
}

/// A field that an expression may name.
#[derive(Debug)]
pub(super) struct EventField {
    pub(super) name: String,
    /// Position and type; none when the events it may stand for disagree.
    pub(super) read: Option<(u16, Option<Ty>)>,
}

impl EventView {
    /// The fields that are known.
    pub(super) fn fields(&self) -> &[EventField] {
        match self {
            EventView::Fields(fields) => fields,
            EventView::Absent | EventView::Unknown => &[],
        }
    }
}

impl View {
    /// Features only: rules that may be asked without an event.
    pub(super) const PROFILE: View = View { features: true, event: EventView::Absent, arms: false };
    /// Rules about what is offered.
    pub(super) const CHOICE: View = View { arms: true, ..View::PROFILE };

    /// The fields of the events at these positions.
    pub(super) fn of_events(scope: &Scope, events: &[usize], features: bool) -> View {
        let mut fields: Vec<EventField> = Vec::new();
        for event in events {
            for (position, field) in scope.event_fields[*event].iter().enumerate() {
                if !fields.iter().any(|known| known.name == field.name) {
                    let read = Some((position as u16, field.ty));
                    fields.push(EventField { name: field.name.clone(), read });
                }
            }
        }
        for field in &mut fields {
            let agrees = |event: &usize| {
                let of_event = &scope.event_fields[*event];
                let position = of_event.iter().position(|known| known.name == field.name);
                position.map(|position| (position as u16, of_event[position].ty)) == field.read
            };
            if !events.iter().all(agrees) {
                field.read = None;
            }
        }
        View { features, event: EventView::Fields(fields), arms: false }
    }
}
