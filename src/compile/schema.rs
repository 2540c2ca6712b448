//! `[attributes]` and `[events]`: what comes in from outside.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::Build;
use super::data_sources::expires;
use super::diagnostic::{Code, did_you_mean};
use super::header::Header;
use super::interactions;
use super::model;
use super::scope::{Enumeration, Field};
use super::section::Section;
use super::source::Item;
use super::types::Ty;
use super::zones;
use crate::base::ids::MemberId;
use crate::base::limits::{EVENT_FIELDS_MAX, EVENTS_MAX, FEATURES_MAX, KEY_BYTES_MAX, MEMBERS_MAX};
use crate::expr::Type;
use crate::policy::{EventKind, Feature, FeatureKind, FieldSpec, FoldStep, Holder};

/// The types that a value from outside may have, but for enumerations.
pub(super) const PLAIN: [(&str, Type); 7] = [
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("double", Type::Double),
    ("money", Type::Money),
    ("timestamp", Type::Timestamp),
    ("duration", Type::Duration),
    ("text", Type::Text),
];

/// What `profile` says.
const HOLDERS: [(&str, Holder); 2] = [("line", Holder::Line), ("account", Holder::Account)];

/// The words of `profile`.
pub(super) fn holders() -> Vec<&'static str> {
    HOLDERS.map(|(word, _)| word).into()
}

impl Build<'_> {
    pub(super) fn schema(&mut self, root: &Section<'_>, header: &Header<'_>) {
        let attributes = self.entries(root, "attributes", FEATURES_MAX, "attributes");
        for item in &attributes {
            self.attribute(item, header);
        }
        self.zones(header);
        for item in self.entries(root, "events", EVENTS_MAX, "event kinds") {
            self.event(&item);
        }
        self.interactions(root);
        for item in &attributes {
            self.attribute_sources(item);
        }
    }

    fn attribute(&mut self, item: &Item<'_>, header: &Header<'_>) {
        let Some(section) = item.section(&model::ATTRIBUTE) else { return };
        exported(&section);
        let ty = section.get("type").and_then(|ty| {
            let words = PLAIN.map(|(word, _)| word);
            match ty.text()? {
                "enum" => self.enumeration(item.name, &section.require("values")?),
                "zone" => Some(self.zone_enumeration(item.name, header)),
                _ => plain_type(&ty, words.into_iter().chain(["enum", "zone"])),
            }
        });
        if !matches!(ty, Some(Ty::Enum(_))) && section.get("values").is_some() {
            section.error(Code::Conflict, "only an enumeration has `values`", None);
        }
        let expires_ms = section.get("expires").and_then(|item| expires(&item));
        let (kind, holder) = (FeatureKind::Attribute { expires_ms }, holder(&section));
        if let Some(position) = self.declare_feature(item, item.name, ty, kind) {
            self.tables.features[position].holder = holder;
        }
    }

    /// Has an event folded into the profile that holds the feature.
    pub(super) fn fold(&mut self, event: usize, step: FoldStep) {
        let event = &mut self.tables.events[event];
        match self.tables.features[usize::from(step.feature)].holder {
            Holder::Line => event.folds.push(step),
            Holder::Account => event.account_folds.push(step),
        }
    }

    /// Adds a feature under a name that `item` gives it; its type is none when its declaration is wrong.
    pub(super) fn declare_feature(
        &mut self,
        item: &Item<'_>,
        name: &str,
        ty: Option<Ty>,
        kind: FeatureKind,
    ) -> Option<usize> {
        let position = self.scope.features.declare(item, name)?;
        let id = self.ids.id(name);
        let members = self.members_of(ty);
        self.scope.feature_types.push(ty);
        let plain = ty.map_or(Type::Bool, Ty::plain);
        let holder = Holder::Line;
        self.tables.features.push(Feature { id, ty: plain, kind, members, holder });
        Some(position)
    }

    pub(super) fn members_of(&self, ty: Option<Ty>) -> Vec<MemberId> {
        match ty {
            Some(Ty::Enum(position)) => self.scope.enums[usize::from(position)].ids(),
            _ => Vec::new(),
        }
    }

    /// Declares an enumeration from its list of values.
    pub(super) fn enumeration(&mut self, owner: &str, values: &Item<'_>) -> Option<Ty> {
        let mut members = Vec::new();
        let items = values.one_or_more()?;
        if !values.within(items.len(), MEMBERS_MAX, "members") {
            return None;
        }
        for item in items {
            let Some(name) = member_name(&item) else { continue };
            if members.iter().any(|(known, _)| known == name) {
                item.error(Code::Duplicate, format!("`{name}` is given twice"), None);
                continue;
            }
            members.push((String::from(name), self.ids.id(&format!("{owner}.{name}"))));
        }
        Some(self.add_enumeration(owner, members))
    }

    pub(super) fn add_enumeration(&mut self, owner: &str, members: Vec<(String, MemberId)>) -> Ty {
        // At most one for each attribute and each field, so the position fits.
        let position = self.scope.enums.len() as u16;
        self.scope.enums.push(Enumeration { owner: owner.into(), members });
        Ty::Enum(position)
    }

    fn zone_enumeration(&mut self, owner: &str, header: &Header<'_>) -> Ty {
        let names = header.zones.iter().filter_map(Item::as_text);
        let members: Vec<_> =
            names.map(|name| (name.into(), self.ids.id(&format!("{owner}.{name}")))).collect();
        self.add_enumeration(owner, members)
    }

    /// Zone tables, with the numbers of the members of the attribute that says the zone.
    fn zones(&mut self, header: &Header<'_>) {
        let mut owner = "zone";
        if let Some(item) = &header.zone_from
            && let Some(name) = item.text()
            && let Some(position) = self.scope.features.find(item, name, "attribute")
        {
            let is_zone = matches!(self.scope.feature_types[position], Some(Ty::Enum(of))
                if self.is_zone_enumeration(of, header));
            if is_zone && self.tables.features[position].holder == Holder::Account {
                let message = format!("`{name}` is the account's, and each line has its own zone");
                let help = "name an attribute of the line".into();
                item.error(Code::OtherProfile, message, Some(help));
            } else if is_zone {
                self.tables.zones.feature = Some(position as u16);
                self.scope.zone_type = self.scope.feature_types[position];
                owner = name;
            } else {
                let help = "give it type = \"zone\"".into();
                item.error(Code::ValueType, format!("`{name}` is not a zone"), Some(help));
            }
        }
        for item in &header.zones {
            let Some(name) = item.as_text() else { continue };
            let id = self.ids.id(&format!("{owner}.{name}"));
            self.tables.zones.zones.extend(zones::zone(item, id));
        }
        if self.scope.zone_type.is_none() {
            self.scope.zone_type = Some(self.zone_enumeration(owner, header));
        }
    }

    fn is_zone_enumeration(&self, position: u16, header: &Header<'_>) -> bool {
        let members = self.scope.enums[usize::from(position)].members.iter();
        members.map(|(name, _)| Some(name.as_str())).eq(header.zones.iter().map(Item::as_text))
    }

    fn event(&mut self, item: &Item<'_>) {
        let Some(section) = item.open_section() else { return };
        if interactions::refuse(item) || self.scope.events.declare(item, item.name).is_none() {
            return;
        }
        let id = self.ids.id(item.name);
        let (mut fields, mut specs, mut zone) = (Vec::new(), Vec::new(), None);
        let entries = section.named();
        item.within(entries.len(), EVENT_FIELDS_MAX, "fields");
        for entry in entries.iter().take(EVENT_FIELDS_MAX) {
            let path = format!("{}.{}", item.name, entry.name);
            let field_id = self.ids.id(&path);
            let is_zone = entry.as_text() == Some("zone");
            if is_zone && zone.replace(specs.len() as u16).is_some() {
                entry.error(Code::Duplicate, "an event happens in one zone", None);
            }
            let ty = match is_zone {
                true => self.scope.zone_type,
                false => self.field_type(entry, &path),
            };
            let (plain, members) = (ty.map_or(Type::Bool, Ty::plain), self.members_of(ty));
            fields.push(Field { name: entry.name.into(), ty });
            specs.push(FieldSpec { id: field_id, ty: plain, members });
        }
        self.scope.event_fields.push(fields);
        self.tables.events.push(EventKind {
            id,
            fields: specs,
            zone,
            source: None,
            folds: Vec::new(),
            account_folds: Vec::new(),
            moments: Vec::new(),
            patterns: Vec::new(),
        });
    }

    fn field_type(&mut self, item: &Item<'_>, path: &str) -> Option<Ty> {
        if !item.is_table() {
            return plain_type(item, PLAIN.into_iter().map(|(word, _)| word).chain(["zone"]));
        }
        let section = item.section(&model::ENUM_FIELD)?;
        section.get("type")?.choice(&[("enum", ())])?;
        match (section.get("values"), section.get("attribute")) {
            (Some(values), None) => self.enumeration(path, &values),
            (None, Some(attribute)) => {
                let name = attribute.text()?;
                let position = self.scope.features.find(&attribute, name, "attribute")?;
                let ty = self.scope.feature_types[position]?;
                if !matches!(ty, Ty::Enum(_)) {
                    let message = format!("`{name}` is not an enumeration");
                    attribute.error(Code::ValueType, message, None);
                    return None;
                }
                Some(ty)
            }
            _ => {
                item.error(Code::Conflict, "give either `values` or `attribute`", None);
                None
            }
        }
    }

    /// `from`: event fields that also set an attribute.
    fn attribute_sources(&mut self, item: &Item<'_>) {
        let Some(from) = item.open_section().and_then(|section| section.get("from")) else {
            return;
        };
        let Some(position) = self.scope.features.position(item.name) else { return };
        for source in from.one_or_more().unwrap_or_default() {
            let Some((event, field, ty)) = self.event_field(&source) else { continue };
            let Some(wanted) = self.scope.feature_types[position] else { continue };
            if ty != wanted {
                let (found, name, wanted) = (ty.word(), item.name, wanted.word());
                let message = format!("the field is {found}, but `{name}` is {wanted}");
                let help = matches!(ty, Ty::Enum(_))
                    .then(|| format!("declare it {{ type = \"enum\", attribute = \"{name}\" }}"));
                source.error(Code::Type, message, help);
                continue;
            }
            let step =
                FoldStep { feature: position as u16, field: Some(field), filter: None, part: None };
            self.fold(event, step);
        }
    }

    /// The event, field position and type that `event.field` names.
    pub(super) fn event_field(&self, item: &Item<'_>) -> Option<(usize, u16, Ty)> {
        let text = item.text()?;
        let Some((event, field)) = text.split_once('.') else {
            let help = format!("write the event and its field: \"{text}.<field>\"");
            item.error(Code::Value, format!("`{text}` names no field"), help);
            return None;
        };
        let event = self.scope.events.find(item, event, "event")?;
        let fields = &self.scope.event_fields[event];
        let Some(position) = fields.iter().position(|known| known.name == field) else {
            let help = did_you_mean(field, fields.iter().map(|known| known.name.as_str()));
            item.error(Code::UnknownField, format!("the event has no field `{field}`"), help);
            return None;
        };
        Some((event, position as u16, fields[position].ty?))
    }
}

/// Whose profile holds it, as `profile` says.
pub(super) fn holder(section: &Section<'_>) -> Holder {
    let profile = section.get("profile").and_then(|profile| profile.choice(&HOLDERS));
    profile.unwrap_or_default()
}

/// `export` says that the host reads it; only the analysis asks.
pub(super) fn exported(section: &Section<'_>) {
    section.get("export").and_then(|export| export.boolean());
}

fn plain_type<'k>(item: &Item<'_>, words: impl Iterator<Item = &'k str>) -> Option<Ty> {
    let text = item.text()?;
    if let Some((_, ty)) = PLAIN.into_iter().find(|(word, _)| *word == text) {
        return Some(Ty::Plain(ty));
    }
    let words: Vec<&str> = words.collect();
    let help = did_you_mean(text, words.iter().copied());
    item.error(Code::Value, format!("`{text}` is not one of {}", words.join(", ")), help);
    None
}

/// A member's name may be any short text that fits a line of the id table.
fn member_name<'s>(item: &Item<'s>) -> Option<&'s str> {
    let name = item.text()?;
    let fits = !name.is_empty()
        && name.len() <= KEY_BYTES_MAX
        && name.trim() == name
        && !name.contains(char::is_control);
    if !fits {
        item.error(Code::Name, format!("`{}` cannot be a member", name.escape_debug()), None);
    }
    fits.then_some(name)
}
