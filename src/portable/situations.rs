//! What a profile holds of moments and patterns: times in whole seconds, and the words of automata.

use alloc::string::String;
use serde_json::{Map, Value, json};

use super::Shape;
use super::error::ImportError;
use super::import::At;
use super::units::time;
use crate::base::bytes::{read_u32, write_u32};
use crate::base::ids::{MomentId, PatternId, PermanentId};
use crate::policy::DUE_TIMES;

type Told = Map<String, Value>;

fn second(entry: &[u8], offset: usize) -> Value {
    time(i64::from(read_u32(entry, offset)) * 1_000)
}

fn read_second(at: &At<'_>, key: &str, entry: &mut [u8], offset: usize) -> Result<(), ImportError> {
    write_second(&at.get(key)?, entry, offset)
}

fn write_second(at: &At<'_>, entry: &mut [u8], offset: usize) -> Result<(), ImportError> {
    let ms = at.time()?;
    let second = u32::try_from(ms / 1_000).ok().filter(|_| ms % 1_000 == 0);
    write_u32(entry, offset, at.some(second, "a time in whole seconds, to the year 2106")?);
    Ok(())
}

/// A place says which one it is; the name must not say another.
fn check_name<I: PermanentId + PartialEq>(
    shape: &Shape<'_>,
    at: &At<'_>,
    there: impl Fn(usize) -> Option<I>,
) -> Result<(), ImportError> {
    if let (Some(place), Some(name)) = (at.maybe("place"), at.maybe("name")) {
        let there = there(place.number()? as usize);
        let named: Option<I> = name.value.as_str().and_then(|name| shape.id(name));
        name.expect(named.is_some() && named == there, "the name of what is at this place")?;
    }
    Ok(())
}

fn moment_at(shape: &Shape<'_>, place: usize) -> Option<MomentId> {
    shape.moments.get(place).map(|moment| moment.id)
}

fn pattern_at(shape: &Shape<'_>, place: usize) -> Option<PatternId> {
    shape.patterns.get(place).map(|pattern| pattern.id)
}

pub(super) fn tell_moment(shape: &Shape<'_>, place: usize, entry: &[u8]) -> Told {
    let mut told = Map::new();
    told.insert("name".into(), json!(moment_at(shape, place).map(|id| shape.name(id))));
    told.insert("active_until".into(), second(entry, 0));
    told.insert("silent_until".into(), second(entry, 4));
    told
}

pub(super) fn read_moment(
    shape: &Shape<'_>,
    at: &At<'_>,
    entry: &mut [u8],
) -> Result<(), ImportError> {
    at.keys(&["place", "name", "active_until", "silent_until"])?;
    check_name(shape, at, |place| moment_at(shape, place))?;
    read_second(at, "active_until", entry, 0)?;
    read_second(at, "silent_until", entry, 4)
}

pub(super) fn tell_calls(_: &Shape<'_>, _: usize, entry: &[u8]) -> Told {
    let mut told = Map::new();
    told.insert("moment_due".into(), second(entry, 0));
    told.insert("quiet_until".into(), second(entry, 4));
    told.insert("due_under".into(), json!(read_u32(entry, 8)));
    let times = (0..DUE_TIMES).map(|nth| second(entry, 12 + 4 * nth));
    told.insert("due_times".into(), Value::Array(times.collect()));
    told
}

pub(super) fn read_calls(_: &Shape<'_>, at: &At<'_>, entry: &mut [u8]) -> Result<(), ImportError> {
    at.keys(&["place", "moment_due", "quiet_until", "due_under", "due_times"])?;
    read_second(at, "moment_due", entry, 0)?;
    read_second(at, "quiet_until", entry, 4)?;
    write_u32(entry, 8, at.get("due_under")?.number()?);
    let times = at.items("due_times")?;
    at.expect(times.len() == DUE_TIMES, "as many due times as a profile keeps")?;
    (0..).zip(&times).try_for_each(|(nth, time)| write_second(time, entry, 12 + 4 * nth))
}

pub(super) fn tell_waits(_: &Shape<'_>, _: usize, entry: &[u8]) -> Told {
    let mut told = Map::new();
    told.insert("completed".into(), json!(read_u32(entry, 0)));
    told.insert("first_over".into(), second(entry, 4));
    told
}

pub(super) fn read_waits(_: &Shape<'_>, at: &At<'_>, entry: &mut [u8]) -> Result<(), ImportError> {
    at.keys(&["place", "completed", "first_over"])?;
    write_u32(entry, 0, at.get("completed")?.number()?);
    read_second(at, "first_over", entry, 4)
}

pub(super) fn tell_pattern(shape: &Shape<'_>, place: usize, entry: &[u8]) -> Told {
    let mut told = Map::new();
    told.insert("name".into(), json!(pattern_at(shape, place).map(|id| shape.name(id))));
    let words: [u32; 4] = core::array::from_fn(|word| read_u32(entry, 4 * word));
    told.insert("words".into(), json!(words));
    told
}

pub(super) fn read_pattern(
    shape: &Shape<'_>,
    at: &At<'_>,
    entry: &mut [u8],
) -> Result<(), ImportError> {
    at.keys(&["place", "name", "words"])?;
    check_name(shape, at, |place| pattern_at(shape, place))?;
    let words = at.items("words")?;
    at.expect(words.len() == 4, "a pattern of four words")?;
    for (word, value) in words.iter().enumerate() {
        write_u32(entry, 4 * word, value.number()?);
    }
    Ok(())
}
