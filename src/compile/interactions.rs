//! The kind of event `interaction`, which the library itself reports. It is there if the policy
//! names it, so that others pay nothing.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Build;
use super::diagnostic::Code;
use super::scope::Field;
use super::section::Section;
use super::source::Item;
use super::tree::Value;
use super::types::{BOOL, Ty};
use crate::base::ids::MemberId;
use crate::base::limits::{EVENTS_MAX, MEMBERS_MAX};
use crate::expr::Type;
use crate::policy::{
    EventKind, FieldSpec, INTERACTION, InteractionField, InteractionStep, Interactions, OfferKind,
};

/// Where a policy can name a kind of event.
const NAMING: [&str; 4] = ["attributes", "features", "patterns", "moments"];

/// The fields of the kind of event.
const FIELDS: [(&str, InteractionField); InteractionField::COUNT] = [
    ("step", InteractionField::Step),
    ("kind", InteractionField::Kind),
    ("issue", InteractionField::Issue),
    ("group", InteractionField::Group),
    ("offer", InteractionField::Offer),
    ("channel", InteractionField::Channel),
    ("intent", InteractionField::Intent),
    ("inbound", InteractionField::Inbound),
];

impl Build<'_> {
    /// Declares the kind of event if the policy names it; it comes after all that the policy
    /// declares.
    pub(super) fn interactions(&mut self, root: &Section<'_>) {
        let sections = NAMING.into_iter().filter_map(|key| root.get(key));
        let Some(item) = sections.into_iter().find(|item| names_it(item.value)) else { return };
        if !item.within(self.scope.events.len() + 1, EVENTS_MAX, "event kinds")
            || self.scope.events.declare(&item, INTERACTION).is_none()
        {
            return;
        }
        let id = self.ids.id(INTERACTION);
        let (mut fields, mut specs) = (Vec::new(), Vec::new());
        for (name, field) in FIELDS {
            let path = format!("{INTERACTION}.{name}");
            let ty = self.interaction_type(root, &path, field);
            let (plain, members) = (ty.map_or(Type::Bool, Ty::plain), self.members_of(ty));
            fields.push(Field { name: name.into(), ty });
            specs.push(FieldSpec { id: self.ids.id(&path), ty: plain, members });
        }
        self.scope.event_fields.push(fields);
        let (folds, account_folds) = (Vec::new(), Vec::new());
        let (moments, patterns) = (Vec::new(), Vec::new());
        let (zone, source) = (None, None);
        let kind =
            EventKind { id, fields: specs, zone, source, folds, account_folds, moments, patterns };
        self.tables.events.push(kind);
        self.tables.interactions = Some(Interactions { event: id, ..Interactions::default() });
    }

    fn interaction_type(
        &mut self,
        root: &Section<'_>,
        path: &str,
        field: InteractionField,
    ) -> Option<Ty> {
        let names = match field {
            InteractionField::Inbound => return Some(BOOL),
            InteractionField::Step => words(InteractionStep::ALL.map(InteractionStep::word)),
            InteractionField::Kind => words(OfferKind::ALL.map(OfferKind::word)),
            InteractionField::Issue => named(root, "issues"),
            InteractionField::Group => groups(root),
            InteractionField::Offer => named(root, "offers"),
            InteractionField::Channel => named(root, "channels"),
            InteractionField::Intent => intents(root),
        };
        // An enumeration without members is one whose field is never known.
        let names = if names.len() <= MEMBERS_MAX { names } else { Vec::new() };
        let member = |name: String| {
            let id: MemberId = self.ids.id(&format!("{path}.{name}"));
            (name, id)
        };
        let members: Vec<(String, MemberId)> = names.into_iter().map(member).collect();
        Some(self.add_enumeration(path, members))
    }

    /// Finds the members of everything that an interaction can name, now that all is declared.
    pub(super) fn interaction_members(&mut self) {
        let Some(mut all) = self.tables.interactions.take() else { return };
        let ids = &self.ids;
        let declared = |member: &MemberId| {
            let fields = self.tables.events.last().map_or(&[][..], |event| &event.fields);
            fields.iter().any(|field| field.members.binary_search(member).is_ok())
        };
        let member = |field: &str, name: Option<&str>| {
            let path = format!("{INTERACTION}.{field}.{}", name.unwrap_or_default());
            ids.known(&path).filter(declared)
        };
        let tables = &self.tables;
        let steps = InteractionStep::ALL.into_iter();
        all.steps = steps.filter_map(|step| member("step", Some(step.word()))).collect();
        let kinds = OfferKind::ALL.into_iter();
        all.kinds = kinds.filter_map(|kind| member("kind", Some(kind.word()))).collect();
        // One that has no member leaves its list empty.
        all.issues = members(tables.issues.iter().map(|it| member("issue", ids.name_of(it.id))));
        all.groups = members(tables.groups.iter().map(|it| member("group", ids.name_of(it.id))));
        all.offers = members(tables.offers.iter().map(|it| member("offer", ids.name_of(it.id))));
        let channels = tables.channels.iter();
        all.channels = members(channels.map(|it| member("channel", ids.name_of(it.id))));
        let moments = tables.moments.iter();
        all.intents = members(moments.map(|it| member("intent", ids.name_of(it.intent))));
        self.tables.interactions = Some(all);
    }
}

/// That the name is the library's own, where a policy declares it.
pub(super) fn refuse(item: &Item<'_>) -> bool {
    let own = item.name == INTERACTION;
    if own {
        let message = format!("`{INTERACTION}` is what the library itself reports");
        let help = "it is there without being declared: what was offered, and what became of it";
        item.name_error(Code::Name, message, help.to_string());
    }
    own
}

/// All members, or none if one is missing.
fn members(all: impl Iterator<Item = Option<MemberId>>) -> Vec<MemberId> {
    all.collect::<Option<Vec<MemberId>>>().unwrap_or_default()
}

/// Whether something names the kind of event or one of its fields.
fn names_it(value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) => {
            let rest = text.strip_prefix(INTERACTION);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
        Value::List(list) => list.iter().any(|placed| names_it(&placed.value)),
        Value::Table(table) => table.values().any(|entry| names_it(&entry.placed.value)),
        _ => false,
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(String::from).into()
}

fn entries<'s>(item: Option<Item<'s>>) -> Vec<Item<'s>> {
    // What is no table is refused where it is read.
    let section = item.filter(Item::is_table).and_then(|item| item.open_section());
    section.map_or_else(Vec::new, |section| section.entries())
}

fn named(root: &Section<'_>, key: &str) -> Vec<String> {
    entries(root.get(key)).iter().map(|item| item.name.into()).collect()
}

fn groups(root: &Section<'_>) -> Vec<String> {
    let issues =
        entries(root.get("issues")).into_iter().map(|issue| (issue.name, entries(Some(issue))));
    let groups = issues.flat_map(|(issue, keys)| {
        let groups = keys.into_iter().find(|key| key.name == "groups");
        entries(groups).into_iter().map(move |group| format!("{issue}.{}", group.name))
    });
    groups.collect()
}

fn intents(root: &Section<'_>) -> Vec<String> {
    let mut intents: Vec<String> = Vec::new();
    for moment in entries(root.get("moments")) {
        let keys = entries(Some(moment));
        let intent = keys.iter().find(|key| key.name == "intent").and_then(|item| item.as_text());
        if let Some(intent) = intent.filter(|intent| !intents.iter().any(|known| known == intent)) {
            intents.push(intent.into());
        }
    }
    intents
}
