//! What treatments say, by content and language, for hosts to show. The data plane never asks.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base::ids::ContentId;

#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    /// Ascending by content and language, each pair once.
    pub(crate) entries: Vec<Text>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    pub(crate) content: ContentId,
    pub(crate) language: String,
    pub(crate) text: String,
}

impl Texts {
    #[cfg(feature = "compiler")]
    pub(crate) fn new(mut entries: Vec<Text>) -> Self {
        entries.sort();
        Texts { entries }
    }

    pub(crate) fn text(&self, content: ContentId, language: &str) -> Option<&str> {
        self.entries
            .binary_search_by(|entry| {
                (entry.content, entry.language.as_str()).cmp(&(content, language))
            })
            .ok()
            .map(|position| self.entries[position].text.as_str())
    }
}
