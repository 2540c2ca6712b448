//! How conditions of moments are written: a descriptive section of flat values, so that every
//! build can read it.

use alloc::string::String;
use alloc::vec::Vec;

use super::check::ensure;
use super::error::ArtifactError;
use super::sections::{Sections, descriptive};
use crate::base::bytes::Reader;
use crate::base::encoding::{Encoded, encoded};
use crate::base::ids::MomentId;
use crate::expr::Type;
use crate::policy::{Condition, Wording, Wordings};

encoded! {
    Wordings { entries: Vec<Wording> }
    Wording { moment: MomentId, conditions: Vec<Condition> }
    Condition { text: String, compares: Option<Type> }
}

/// Adds the section, if the policy has moments.
pub(super) fn append(wordings: &Wordings, sections: &mut Sections) {
    if !wordings.entries.is_empty() {
        sections.append(descriptive::WORDINGS, |out| wordings.write(out));
    }
}

/// Reads what [`append`] wrote.
pub(super) fn read(bytes: &[u8]) -> Result<Wordings, ArtifactError> {
    let mut input = Reader::new(bytes);
    let wordings = Wordings::read(&mut input)
        .map_err(|broken| ArtifactError::in_section("wordings", broken))?;
    let ascending = wordings.entries.is_sorted_by(|a, b| a.moment < b.moment);
    ensure(ascending && input.is_empty(), "wordings are not ascending")?;
    Ok(wordings)
}
