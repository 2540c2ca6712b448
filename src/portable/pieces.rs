//! What lies behind the slots: sessions, moments, patterns, contacts, open offers.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value, json};

use super::Shape;
use super::error::{ImportError, ImportProblem};
use super::import::At;
use super::situations::{
    read_calls, read_moment, read_pattern, read_waits, tell_calls, tell_moment, tell_pattern,
    tell_waits,
};
use super::units::{bits, hex, time, value, words};
use crate::base::bytes::{
    read_i64, read_u16, read_u32, read_u64, write_i64, write_u16, write_u32, write_u64,
};
use crate::base::ids::{ChannelId, MomentId, OfferId, TreatmentId};
use crate::base::limits::{ID_NUMBER_MAX, OFFER_PARAMETERS_MAX, SESSION_REORDER};
use crate::expr::Type;
use crate::policy::{
    CALLS_BYTES, CONTACT_BYTES, Holder, InteractionStep, Layout, MOMENT_BYTES, OPEN_OFFER_BYTES,
    OfferKind, PATTERN_BYTES, PATTERNS_HEAD_BYTES, SESSION_BYTES,
};
use crate::profile::Contact;

/// Entries of one kind, one after the other.
struct Table {
    key: &'static str,
    start: usize,
    entries: usize,
    bytes: usize,
    tell: fn(&Shape<'_>, usize, &[u8]) -> Map<String, Value>,
    read: fn(&Shape<'_>, &At<'_>, &mut [u8]) -> Result<(), ImportError>,
}

fn tables(shape: &Shape<'_>) -> [Table; 9] {
    let layout = shape.layout;
    let patterns = shape.patterns.len();
    let stored = shape.features.iter().zip(&layout.features);
    let ends = stored
        .filter(|(feature, _)| Layout::stores(feature) && feature.holder == layout.holder)
        .map(|(feature, from)| *from as usize + Layout::feature_bytes(feature));
    let end = ends.max().unwrap_or(layout.moments);
    [
        // Between the slots and the next table: zeros, unless somebody wrote there.
        Table {
            key: "padding",
            start: end,
            entries: usize::from(layout.moments > end),
            bytes: layout.moments.saturating_sub(end),
            tell: |_, _, _| Map::new(),
            read: |_, at, _| at.keys(&["place"]),
        },
        Table {
            key: "sessions",
            start: layout.sessions,
            entries: layout.session_entries,
            bytes: SESSION_BYTES,
            tell: tell_session,
            read: read_session,
        },
        Table {
            key: "moments",
            start: layout.moments,
            entries: shape.moments.len(),
            bytes: MOMENT_BYTES,
            tell: tell_moment,
            read: read_moment,
        },
        Table {
            key: "calls_to_come",
            start: layout.calls,
            entries: usize::from(layout.holder == Holder::Line),
            bytes: CALLS_BYTES,
            tell: tell_calls,
            read: read_calls,
        },
        Table {
            key: "pattern_waits",
            start: layout.patterns,
            entries: patterns.min(1),
            bytes: PATTERNS_HEAD_BYTES,
            tell: tell_waits,
            read: read_waits,
        },
        Table {
            key: "patterns",
            start: layout.patterns + PATTERNS_HEAD_BYTES,
            entries: patterns,
            bytes: PATTERN_BYTES,
            tell: tell_pattern,
            read: read_pattern,
        },
        Table {
            key: "contacts",
            start: layout.contacts,
            entries: layout.logs.contacts,
            bytes: CONTACT_BYTES,
            tell: tell_contact,
            read: read_contact,
        },
        Table {
            key: "outcomes",
            start: layout.outcomes,
            entries: layout.logs.outcomes,
            bytes: CONTACT_BYTES,
            tell: tell_contact,
            read: read_contact,
        },
        Table {
            key: "open_offers",
            start: layout.open_offers,
            entries: layout.open_offer_entries,
            bytes: OPEN_OFFER_BYTES,
            tell: tell_offer,
            read: read_offer,
        },
    ]
}

/// Adds all entries that are not empty, with their places.
pub(super) fn write(shape: &Shape<'_>, profile: &[u8], out: &mut Map<String, Value>) {
    for table in tables(shape) {
        let mut list = Vec::new();
        for place in 0..table.entries {
            let from = table.start + place * table.bytes;
            let entry = profile.get(from..from + table.bytes).unwrap_or(&[]);
            if entry.iter().all(|byte| *byte == 0) {
                continue;
            }
            let told = Value::Object((table.tell)(shape, place, entry));
            let at = At { value: &told, key: String::new() };
            let mut again = alloc::vec![0; entry.len()];
            let same = (table.read)(shape, &at, &mut again).is_ok() && again == entry;
            let Value::Object(mut told) = told else { continue };
            if !same {
                told = Map::new();
                told.insert("bytes".into(), json!(hex(entry)));
            }
            told.insert("place".into(), json!(place));
            list.push(Value::Object(told));
        }
        out.insert(table.key.into(), Value::Array(list));
    }
}

pub(super) fn read(shape: &Shape<'_>, root: &At<'_>, bytes: &mut [u8]) -> Result<(), ImportError> {
    for table in tables(shape) {
        for at in root.items(table.key)? {
            at.some(at.value.as_object(), "an object")?;
            let place_at = at.get("place")?;
            let place = place_at.number()? as usize;
            place_at.expect(place < table.entries, "a place that there is")?;
            let from = table.start + place * table.bytes;
            let room = bytes.get_mut(from..from + table.bytes);
            let entry = place_at.some(room, "a place that there is")?;
            if entry.iter().any(|byte| *byte != 0) {
                return Err(place_at.problem(ImportProblem::Twice));
            }
            match at.maybe("bytes") {
                Some(as_they_are) => as_they_are.hex_into(entry, 0, table.bytes)?,
                None => (table.read)(shape, &at, entry)?,
            }
        }
    }
    Ok(())
}

type Told = Map<String, Value>;

fn told<const N: usize>(pairs: [(&str, Value); N]) -> Told {
    pairs.into_iter().map(|(key, value)| (String::from(key), value)).collect()
}

fn tell_session(_: &Shape<'_>, _: usize, entry: &[u8]) -> Told {
    told([
        ("session", json!(format!("{:016x}", read_u64(entry, 0)))),
        ("highest_number", json!(read_u32(entry, 8))),
        ("numbers_below", json!(read_u32(entry, 12))),
        // Its upper two bytes are another number.
        ("used", time(read_i64(entry, 16) & USED_MS_MAX)),
        ("numbers_known", json!(read_u16(entry, 22))),
    ])
}

/// The six bytes of the time at which a session was last used.
const USED_MS_MAX: i64 = (1 << 48) - 1;

fn read_session(_: &Shape<'_>, at: &At<'_>, entry: &mut [u8]) -> Result<(), ImportError> {
    at.keys(&["place", "session", "highest_number", "numbers_below", "used", "numbers_known"])?;
    write_u64(entry, 0, at.get("session")?.hash()?);
    write_u32(entry, 8, at.get("highest_number")?.number()?);
    write_u32(entry, 12, at.get("numbers_below")?.number()?);
    write_i64(entry, 16, at.get("used")?.time()?);
    if let Some(at) = at.maybe("numbers_known") {
        let known = at.number()?;
        at.expect(known <= SESSION_REORDER, "at most 32")?;
        write_u16(entry, 22, known as u16);
    }
    Ok(())
}

fn tell_contact(shape: &Shape<'_>, _: usize, entry: &[u8]) -> Told {
    let Some(contact) = Contact::read(entry, 0) else { return Told::new() };
    let mut told = told([
        ("time", time(contact.time_ms)),
        ("offer", json!(shape.name(contact.offer))),
        ("channel", json!(shape.name(contact.channel))),
        ("intent", json!(shape.name(contact.intent))),
        ("kind", json!(contact.kind.map(OfferKind::word))),
    ]);
    if let Some(step) = contact.step {
        told.insert("step".into(), json!(step.word()));
    }
    told
}

fn read_contact(shape: &Shape<'_>, at: &At<'_>, entry: &mut [u8]) -> Result<(), ImportError> {
    at.keys(&["place", "time", "offer", "channel", "intent", "kind", "step"])?;
    let kind = at.get("kind")?;
    let known = OfferKind::ALL.into_iter().find(|known| kind.value.as_str() == Some(known.word()));
    let step = at.maybe("step").map(|at| {
        let mut steps = InteractionStep::ALL.into_iter();
        at.some(steps.find(|known| at.value.as_str() == Some(known.word())), "a step")
    });
    let contact = Contact {
        time_ms: at.get("time")?.time()?,
        offer: id(shape, at, "offer")?,
        channel: id(shape, at, "channel")?,
        intent: id(shape, at, "intent")?,
        kind: Some(kind.some(known, "a kind of offer")?),
        step: step.transpose()?,
    };
    contact.write(entry, 0);
    Ok(())
}

fn id<I: crate::base::ids::PermanentId>(
    shape: &Shape<'_>,
    at: &At<'_>,
    key: &str,
) -> Result<I, ImportError> {
    let at = at.get(key)?;
    let name = at.some(at.value.as_str(), "a name")?;
    shape.id(name).ok_or_else(|| at.problem(ImportProblem::UnknownName))
}

const STATES: [&str; 5] = ["offered", "delivered", "seen", "clicked", "accepted"];

fn tell_offer(shape: &Shape<'_>, _: usize, entry: &[u8]) -> Told {
    let state = read_u32(entry, 36);
    let word = STATES.get((state as usize & 0x7).wrapping_sub(1));
    let types = read_u32(entry, 52).to_le_bytes();
    let parameter = |(place, ty): (usize, u8)| {
        let held = read_u64(entry, 56 + 8 * place);
        Type::from_number(u32::from(ty))
            .map_or(Value::Null, |ty| json!({ "type": ty.word(), "value": value(shape, held, ty) }))
    };
    told([
        ("decision", json!(format!("{:016x}", read_u64(entry, 0)))),
        ("made", time(read_i64(entry, 8))),
        ("expires", time(read_i64(entry, 16))),
        ("offer", json!(shape.name(OfferId(read_u32(entry, 24))))),
        ("treatment", json!(shape.name(TreatmentId(read_u32(entry, 28))))),
        ("channel", json!(shape.name(ChannelId(read_u32(entry, 32))))),
        ("state", json!(word)),
        ("inbound", json!(state >> 3 & 1 == 1)),
        ("slot", json!(state >> 4 & 0xF)),
        ("moment", json!(shape.name(MomentId(state >> 8)))),
        ("probability", value(shape, read_u64(entry, 40), Type::Double)),
        ("terms", json!(read_u32(entry, 48))),
        ("parameters", types.into_iter().enumerate().map(parameter).collect()),
    ])
}

fn read_offer(shape: &Shape<'_>, at: &At<'_>, entry: &mut [u8]) -> Result<(), ImportError> {
    at.keys(&[
        "place",
        "decision",
        "made",
        "expires",
        "offer",
        "treatment",
        "channel",
        "state",
        "inbound",
        "slot",
        "moment",
        "probability",
        "terms",
        "parameters",
    ])?;
    write_u64(entry, 0, at.get("decision")?.hash()?);
    write_i64(entry, 8, at.get("made")?.time()?);
    write_i64(entry, 16, at.get("expires")?.time()?);
    write_u32(entry, 24, id::<OfferId>(shape, at, "offer")?.0);
    write_u32(entry, 28, id::<TreatmentId>(shape, at, "treatment")?.0);
    write_u32(entry, 32, id::<ChannelId>(shape, at, "channel")?.0);
    let state = at.get("state")?;
    let found = STATES.iter().position(|word| state.value.as_str() == Some(word));
    let number = state.some(found, "a state of an open offer")? as u32 + 1;
    let inbound = at.get("inbound")?;
    let inbound = u32::from(inbound.some(inbound.value.as_bool(), "true or false")?);
    let slot = at.get("slot")?;
    slot.expect(slot.number()? <= 0xF, "a place in a decision")?;
    let moment = id::<MomentId>(shape, at, "moment")?.0;
    at.expect(moment <= ID_NUMBER_MAX, "the number of a moment")?;
    write_u32(entry, 36, number | inbound << 3 | slot.number()? << 4 | moment << 8);
    let probability = at.get("probability")?;
    let held = bits(shape, probability.value, Type::Double);
    write_u64(entry, 40, probability.some(held, "a number")?);
    write_u32(entry, 48, at.get("terms")?.number()?);
    let mut types = [0; OFFER_PARAMETERS_MAX];
    let parameters = at.items("parameters")?;
    at.expect(parameters.len() <= types.len(), "an offer of at most four parameters")?;
    for (place, (parameter, slot)) in parameters.iter().zip(&mut types).enumerate() {
        if parameter.value.is_null() {
            continue;
        }
        parameter.keys(&["type", "value"])?;
        let word = parameter.get("type")?;
        let named =
            |number: &u32| Type::from_number(*number).map(Type::word) == word.value.as_str();
        let number = word.some((1..=u32::from(u8::MAX)).find(named), "a type")?;
        let ty = word.some(Type::from_number(number), "a type")?;
        let held = parameter.get("value")?;
        let held_bits = held.some(bits(shape, held.value, ty), words(ty))?;
        *slot = number as u8;
        write_u64(entry, 56 + 8 * place, held_bits);
    }
    write_u32(entry, 52, u32::from_le_bytes(types));
    Ok(())
}
