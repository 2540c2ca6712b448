//! `[content]`: what treatments say, in which languages, and whether it fits.
//!
//! A text is checked against every offer that uses it: its placeholders are parameters of that
//! offer, and with the longest values filled in it fits the channel.

use std::collections::{BTreeMap, BTreeSet};
use std::format;
use std::ops::Range;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::alphabet::{ALPHABETS, Alphabet, Length};
use super::check::error_inside;
use super::diagnostic::{Code, did_you_mean};
use super::placeholder::{self, Part};
use super::section::Section;
use super::source::Item;
use crate::base::ids::{ContentId, ParameterId};
use crate::base::limits::{KEY_BYTES_MAX, LANGUAGES_MAX, TEXT_BYTES_MAX};
use crate::expr::Op;
use crate::policy::{ParameterSpec, Text, Texts, Treatment};

/// A treatment that uses a content key.
pub(super) struct Use<'a> {
    pub(super) key: &'a str,
    /// The value of `content`.
    pub(super) item: Item<'a>,
    /// Position of the treatment; none when something else is wrong with it.
    pub(super) treatment: Option<usize>,
}

impl<'a> Use<'a> {
    /// What the treatment at this position uses.
    pub(super) fn of(item: &Item<'a>, treatment: Option<usize>) -> Option<Use<'a>> {
        let section = if item.is_table() { item.open_section() } else { None };
        let item = section?.get("content")?;
        Some(Use { key: item.as_text()?, item, treatment })
    }
}

/// A text that was read.
struct Read<'a> {
    item: Item<'a>,
    parts: Vec<Part<'a>>,
}

impl Build<'_> {
    /// Reads the texts, if there are any, and checks them against the treatments that use them.
    pub(super) fn content<'s>(&mut self, root: &Section<'s>, languages: &[&str], uses: &[Use<'s>]) {
        if root.get("content").is_none() {
            return;
        }
        let mut by_key: BTreeMap<&str, Vec<&Use<'_>>> = BTreeMap::new();
        for one in uses {
            by_key.entry(one.key).or_default().push(one);
        }
        let mut texts = Vec::new();
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for item in root.named_in("content") {
            known.insert(item.name);
            let Some(uses) = by_key.get(item.name) else {
                let help = item.report.advise(|| did_you_mean(item.name, by_key.keys().copied()));
                let message = format!("no treatment uses the content `{}`", item.name);
                item.name_error(Code::UnusedContent, message, help);
                continue;
            };
            let id = self.ids.id(item.name);
            self.translations(&item, id, languages, uses, &mut texts);
        }
        for one in uses.iter().filter(|one| !known.contains(one.key)) {
            let help = one.item.report.advise(|| did_you_mean(one.key, known.iter().copied()));
            let message = format!("[content] has no `{}`", one.key);
            one.item.error(Code::UnknownName, message, help);
        }
        self.tables.texts = Texts::new(texts);
    }

    /// The texts of one content key.
    fn translations(
        &self,
        item: &Item<'_>,
        content: ContentId,
        languages: &[&str],
        uses: &[&Use<'_>],
        texts: &mut Vec<Text>,
    ) {
        let Some(section) = item.open_section() else { return };
        let missing = |language: &&&str| section.get(language).is_none();
        for language in languages.iter().filter(missing) {
            let message = format!("`{}` has no text in `{language}`", item.name);
            item.name_error(Code::MissingKey, message, None);
        }
        let entries = section.entries();
        if entries.is_empty() {
            item.name_error(Code::Value, format!("`{}` has no text", item.name), None);
        }
        for entry in entries {
            if !is_language(&entry, languages) {
                continue;
            }
            let Some(text) = entry.text() else { continue };
            let fits = entry.within(text.len(), TEXT_BYTES_MAX, "bytes in one text");
            let Some(parts) = placeholder::parts(&entry).filter(|_| fits) else { continue };
            let read = Read { item: entry, parts };
            for one in uses {
                self.check(&read, one);
            }
            let language = read.item.name.to_string();
            texts.push(Text { content, language, text: text.to_string() });
        }
    }

    /// One text in one treatment.
    fn check(&self, read: &Read<'_>, one: &Use<'_>) {
        let Some(treatment) = one.treatment.and_then(|at| self.tables.treatments.get(at)) else {
            return;
        };
        let parameters = &self.tables.offers[treatment.offer as usize].parameters;
        let mut length = Length::default();
        for part in &read.parts {
            match part {
                Part::Literal(text) => length.add(text),
                Part::Placeholder(name, place) => {
                    let Some(parameter) = self.parameter_named(name, parameters) else {
                        return self.unbound(read, name, place, one, parameters);
                    };
                    let Some(width) = self.width_of(parameter) else {
                        return unshowable(read, name, place);
                    };
                    length.add_value(width);
                }
            }
        }
        self.fits(read, one, treatment, &length);
    }

    fn fits(&self, read: &Read<'_>, one: &Use<'_>, treatment: &Treatment, length: &Length) {
        let channel = usize::from(treatment.channel);
        let Some((most, alphabet)) = self.scope.text_limits[channel] else { return };
        let (length, limit, foreign) = length.against(most, alphabet);
        if length <= limit {
            return;
        }
        let (of, _) = one.item.path.rsplit_once('.').unwrap_or((&one.item.path, ""));
        let message = format!(
            "the text can be {length} characters long, but the channel of `{of}` carries {limit}"
        );
        let help = foreign.map(|foreign| {
            format!("`{foreign}` is not in the alphabet GSM 03.38: a message with it is this short")
        });
        read.item.error(Code::TextLength, message, help);
    }

    fn unbound(
        &self,
        read: &Read<'_>,
        name: &str,
        place: &Range<usize>,
        one: &Use<'_>,
        parameters: &[ParameterSpec],
    ) {
        let known: Vec<&str> =
            parameters.iter().filter_map(|parameter| self.ids.name_of(parameter.id)).collect();
        let help = did_you_mean(name, known.iter().copied()).or_else(|| {
            let list = if known.is_empty() { "none".into() } else { known.join(", ") };
            Some(format!("its parameters: {list}"))
        });
        let offer = one.item.path.split('.').nth(1).unwrap_or_default();
        let message =
            format!("`{{{name}}}` is no parameter of the offer `{offer}`, which uses this text");
        error_inside(&read.item, Code::Placeholder, place.clone(), message, help);
    }

    fn parameter_named<'p>(
        &self,
        name: &str,
        parameters: &'p [ParameterSpec],
    ) -> Option<&'p ParameterSpec> {
        let id: ParameterId = self.ids.known(name)?;
        parameters.iter().find(|parameter| parameter.id == id)
    }

    /// Characters that a parameter takes at most: of the value itself where it is constant.
    fn width_of(&self, parameter: &ParameterSpec) -> Option<usize> {
        let constant = match parameter.value.of(&self.tables.code) {
            [Op::Constant(bits)] => Some(*bits as i64),
            _ => None,
        };
        placeholder::width(parameter.ty, constant)
    }
}

fn unshowable(read: &Read<'_>, name: &str, place: &Range<usize>) {
    let message = format!("`{{{name}}}` is text, of which an offer carries only a hash");
    error_inside(&read.item, Code::Placeholder, place.clone(), message, None);
}

/// Whether a key of a content is a language that the policy may have.
fn is_language(entry: &Item<'_>, languages: &[&str]) -> bool {
    if languages.is_empty() {
        return language(entry, entry.name);
    }
    let known = languages.contains(&entry.name);
    if !known {
        // Of names of two letters, every other is near.
        let all = || Some(format!("its languages: {}", languages.join(", ")));
        let help = entry.report.advise(all);
        let message = format!("`{}` is not a language of the policy", entry.name);
        entry.name_error(Code::UnknownName, message, help);
    }
    known
}

/// Whether this is the form of a language: letters and digits in groups, as RFC 5646 has it.
fn language(item: &Item<'_>, text: &str) -> bool {
    let part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let known = text.len() <= KEY_BYTES_MAX
        && text.split('-').all(part)
        && text.starts_with(|first: char| first.is_ascii_alphabetic());
    if !known {
        let message = format!("`{}` is not a language such as en or pt-BR", text.escape_debug());
        item.error(Code::Value, message, None);
    }
    known
}

/// The languages of `[policy]`.
pub(super) fn languages<'s>(item: Option<Item<'s>>) -> Vec<&'s str> {
    let mut languages: Vec<&str> = Vec::new();
    for item in item.and_then(|item| item.one_or_more()).unwrap_or_default() {
        let Some(text) = item.text().filter(|text| language(&item, text)) else { continue };
        if languages.contains(&text) {
            item.error(Code::Duplicate, format!("`{text}` is given twice"), None);
        } else if item.within(languages.len() + 1, LANGUAGES_MAX, "languages") {
            languages.push(text);
        }
    }
    languages
}

/// The longest text that a channel carries, and what it is written with.
pub(super) fn text_limit(section: &Section<'_>) -> Option<(usize, Alphabet)> {
    let alphabet = section.get("alphabet").and_then(|item| item.choice(&ALPHABETS));
    let limit = section.get("text_max")?.integer_in(1..i64::from(u32::MAX) + 1)?;
    Some((usize::try_from(limit).ok()?, alphabet.unwrap_or_default()))
}
