//! JSON back to a profile.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::Value;

use super::error::{ImportError, ImportProblem};
use super::units::{hash_back, time_back};
use super::{FORMAT, Shape, pieces, slots};
use crate::base::bytes::{write_i64, write_u32, write_u64};
use crate::base::ids::FeatureId;
use crate::policy::{Feature, Policy, header};
use crate::profile::{self, OpenOffers, ProfileBytes};

/// Reads a profile that [`export_profile`](super::export_profile) wrote under this policy or one
/// that it succeeds, whose profiles it migrates. Of one of the same layout the bytes are those that
/// were exported. The subscriber is the one in the JSON, so a call for another will refuse it.
/// Allocates.
///
/// Keys that only explain (`policy`, `is`, `reads`) may be missing, and what a profile does not say
/// is empty; other keys are refused, so that a misspelt one loses nothing.
///
/// # Errors
/// [`ImportError`]: which key is wrong, and how.
pub fn import_profile(policy: &Policy, json: &[u8]) -> Result<Vec<u8>, ImportError> {
    let root: Value = serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ImportError::new("", ImportProblem::Json { line, column })
    })?;
    let root = At { value: &root, key: String::new() };
    root.keys(&[
        "format",
        "policy",
        "layout",
        "subscriber",
        "revision",
        "latest_call",
        "late_events",
        "sessions_forgotten",
        "offers_crowded_out",
        "sequence_gaps",
        "header",
        "features",
        "sessions",
        "padding",
        "moments",
        "calls_to_come",
        "pattern_waits",
        "patterns",
        "contacts",
        "outcomes",
        "open_offers",
    ])?;
    let format = root.get("format")?;
    format.expect(format.value.as_str() == Some(FORMAT), "\"opportune profile 1\"")?;
    let layout = root.get("layout")?;
    let hash = layout.value.as_str().and_then(hash_back);
    let shape = Shape::of(policy, layout.some(hash, "16 hexadecimal digits")?)
        .ok_or_else(|| layout.problem(ImportProblem::Layout))?;
    let mut bytes = alloc::vec![0; shape.layout.bytes];
    read_header(&root, &mut bytes)?;
    features(&shape, &root, &mut bytes)?;
    pieces::read(&shape, &root, &mut bytes)?;
    if root.maybe("header").is_none() {
        OpenOffers::within(shape.layout).note_due(&mut bytes);
    }
    let sealed = |error| ImportError::new("", ImportProblem::Profile(error));
    profile::restore(policy, shape.layout, &mut bytes);
    if shape.older.is_none() {
        profile::sound(policy, &bytes, 0).map_err(sealed)?;
        return Ok(bytes);
    }
    let own = policy
        .layout_of(shape.layout.holder)
        .ok_or_else(|| layout.problem(ImportProblem::Layout))?;
    let (mut new, mut scratch) = (alloc::vec![0; own.bytes], alloc::vec![0; own.bytes]);
    let profile = ProfileBytes::apart(&bytes, &mut new);
    profile.open(policy, 0, &mut scratch).map_err(sealed)?.keep(policy);
    Ok(new)
}

fn read_header(root: &At<'_>, bytes: &mut [u8]) -> Result<(), ImportError> {
    if let Some(at) = root.maybe("header") {
        at.hex_into(bytes, 0, header::BYTES)?;
    }
    let at = root.get("subscriber")?;
    let subscriber = at.value.as_str().and_then(hash_back).filter(|hash| *hash != 0);
    write_u64(bytes, header::SUBSCRIBER, at.some(subscriber, "16 hexadecimal digits")?);
    if let Some(at) = root.maybe("revision") {
        write_u64(bytes, header::REVISION, at.some(at.value.as_u64(), "a revision")?);
    }
    if let Some(at) = root.maybe("latest_call") {
        write_i64(bytes, header::NOW, at.some(time_back(at.value), "a time")?);
    }
    for (key, offset) in [
        ("late_events", header::LATE),
        ("sessions_forgotten", header::EVICTED),
        ("offers_crowded_out", header::CROWDED_OUT),
        ("sequence_gaps", header::GAPS),
    ] {
        if let Some(at) = root.maybe(key) {
            write_u32(bytes, offset, at.number()?);
        }
    }
    Ok(())
}

fn features(shape: &Shape<'_>, root: &At<'_>, bytes: &mut [u8]) -> Result<(), ImportError> {
    let mut seen: Vec<FeatureId> = Vec::new();
    for at in root.items("features")? {
        let id: FeatureId = at.named(shape)?;
        let held = |feature: &Feature| feature.holder == shape.layout.holder;
        let found = shape.features.iter().position(|feature| feature.id == id && held(feature));
        let position = found.ok_or_else(|| at.problem(ImportProblem::UnknownName))?;
        if seen.contains(&id) {
            return Err(at.problem(ImportProblem::Twice));
        }
        seen.push(id);
        let from = shape.layout.features.get(position).map_or(0, |at| *at as usize);
        if let Some(feature) = shape.features.get(position)
            && let Some(slot) = bytes.get_mut(from..from + slots::bytes(feature))
        {
            slots::read(shape, feature, &at, slot)?;
        }
    }
    Ok(())
}

/// A value of the JSON and where it is.
pub(super) struct At<'v> {
    pub(super) value: &'v Value,
    pub(super) key: String,
}

impl<'v> At<'v> {
    pub(super) fn problem(&self, problem: ImportProblem) -> ImportError {
        ImportError::new(self.key.clone(), problem)
    }

    pub(super) fn expect(&self, holds: bool, what: &'static str) -> Result<(), ImportError> {
        if holds { Ok(()) } else { Err(self.problem(ImportProblem::Expected(what))) }
    }

    pub(super) fn some<T>(&self, value: Option<T>, what: &'static str) -> Result<T, ImportError> {
        value.ok_or_else(|| self.problem(ImportProblem::Expected(what)))
    }

    fn below(&self, key: &str) -> String {
        if self.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.key) }
    }

    /// Refuses keys that are none of these.
    pub(super) fn keys(&self, known: &[&str]) -> Result<(), ImportError> {
        let object = self.some(self.value.as_object(), "an object")?;
        match object.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(ImportError::new(self.below(key), ImportProblem::UnknownKey)),
            None => Ok(()),
        }
    }

    pub(super) fn maybe(&self, key: &str) -> Option<At<'v>> {
        Some(At { value: self.value.get(key)?, key: self.below(key) })
    }

    pub(super) fn get(&self, key: &str) -> Result<At<'v>, ImportError> {
        self.maybe(key).ok_or_else(|| ImportError::new(self.below(key), ImportProblem::Missing))
    }

    /// The elements of a list, none if it is missing.
    pub(super) fn items(&self, key: &str) -> Result<Vec<At<'v>>, ImportError> {
        let Some(list) = self.maybe(key) else { return Ok(Vec::new()) };
        let items = list.some(list.value.as_array(), "a list")?;
        let at = |(index, value)| At { value, key: format!("{}[{index}]", list.key) };
        Ok(items.iter().enumerate().map(at).collect())
    }

    /// What `name` names; or `id`, which outlasts names.
    pub(super) fn named<I: crate::base::ids::PermanentId>(
        &self,
        shape: &Shape<'_>,
    ) -> Result<I, ImportError> {
        if let Some(id) = self.maybe("id") {
            return Ok(I::from_number(id.number()?));
        }
        let name = self.get("name")?;
        let text = name.some(name.value.as_str(), "a name")?;
        shape.id(text).ok_or_else(|| name.problem(ImportProblem::UnknownName))
    }

    pub(super) fn number(&self) -> Result<u32, ImportError> {
        let number = self.value.as_u64().and_then(|number| u32::try_from(number).ok());
        self.some(number, "a number of 32 bits")
    }

    pub(super) fn time(&self) -> Result<i64, ImportError> {
        self.some(time_back(self.value), "a time such as \"2026-03-03T20:00:00.000Z\"")
    }

    pub(super) fn hash(&self) -> Result<u64, ImportError> {
        self.some(self.value.as_str().and_then(hash_back), "16 hexadecimal digits")
    }

    /// Bytes as they are, for a run of so many.
    pub(super) fn hex_into(
        &self,
        bytes: &mut [u8],
        from: usize,
        len: usize,
    ) -> Result<(), ImportError> {
        let read = self.value.as_str().and_then(super::units::hex_back);
        let read = self.some(read, "hexadecimal bytes")?;
        let room = bytes.get_mut(from..from + len).filter(|room| room.len() == read.len());
        self.some(room, "as many bytes as belong there")?.copy_from_slice(&read);
        Ok(())
    }
}
