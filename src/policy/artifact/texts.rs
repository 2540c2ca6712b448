//! What treatments say: a descriptive section of flat values, so that every build can read it.

use alloc::string::String;
use alloc::vec::Vec;

use super::check::ensure;
use super::error::ArtifactError;
use super::sections::{Sections, descriptive};
use crate::base::bytes::Reader;
use crate::base::encoding::{Encoded, encoded};
use crate::base::ids::ContentId;
use crate::policy::{Text, Texts};

encoded! {
    Texts { entries: Vec<Text> }
    Text { content: ContentId, language: String, text: String }
}

/// Adds the section of texts, if the policy has any.
pub(super) fn append(texts: &Texts, sections: &mut Sections) {
    if !texts.entries.is_empty() {
        sections.append(descriptive::TEXTS, |out| texts.write(out));
    }
}

/// Reads what [`append`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<Texts, ArtifactError> {
    let mut input = Reader::new(bytes);
    let texts =
        Texts::read(&mut input).map_err(|broken| ArtifactError::in_section("texts", broken))?;
    let ascending =
        texts.entries.is_sorted_by(|a, b| (a.content, &a.language) < (b.content, &b.language));
    ensure(ascending && input.is_empty(), "texts are not ascending")?;
    Ok(texts)
}
