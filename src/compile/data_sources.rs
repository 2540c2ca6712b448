//! `[sources]`: where values come from.

use std::format;
use std::string::{String, ToString};

use super::Build;
use super::diagnostic::Code;
use super::model;
use super::section::Section;
use super::source::Item;
use crate::base::ids::SourceId;
use crate::base::limits::DATA_SOURCES_MAX;
use crate::policy::DataSource;

impl Build<'_> {
    /// Reads the sources; the kinds of event that they name are known.
    pub(super) fn data_sources(&mut self, root: &Section<'_>) {
        for item in self.entries(root, "sources", DATA_SOURCES_MAX, "sources") {
            let Some(section) = item.section(&model::SOURCE) else { continue };
            let id: SourceId = self.ids.id(item.name);
            if id.0 as usize > DATA_SOURCES_MAX {
                let message = format!(
                    "the permanent number of a source is at most {DATA_SOURCES_MAX}, not {}",
                    id.0
                );
                let help = "profiles keep it in one byte beside each value: numbers of sources \
                            that are gone cannot be given again";
                item.name_error(Code::Limit, message, help.to_string());
                continue;
            }
            let rank = section.get("rank").and_then(|rank| rank.integer_in(0..256)).unwrap_or(0);
            let expires_ms = section.get("expires").and_then(|item| expires(&item));
            self.tables.sources.sources.push(DataSource { id, rank: rank as u8, expires_ms });
            for event in
                section.get("events").and_then(|item| item.one_or_more()).unwrap_or_default()
            {
                self.event_of_source(&event, id);
            }
        }
        self.tables.sources.sources.sort_by_key(|source| source.id);
    }

    fn event_of_source(&mut self, item: &Item<'_>, id: SourceId) {
        let Some(position) =
            item.text().and_then(|name| self.scope.events.find(item, name, "event"))
        else {
            return;
        };
        let known = &mut self.tables.events[position].source;
        if known.replace(id).is_some() {
            let message = "a kind of event comes from one source, and this one has it already";
            item.error(Code::Duplicate, message, None);
        }
    }
}

/// How long a value counts: longer than nothing.
pub(super) fn expires(item: &Item<'_>) -> Option<i64> {
    let ms = item.duration_ms()?;
    if ms <= 0 {
        item.error(Code::Value, "a value counts for longer than nothing", None::<String>);
        return None;
    }
    Some(ms)
}
