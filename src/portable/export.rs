//! A profile to JSON.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value, json};

use super::units::{hex, time, value};
use super::{FORMAT, Shape, pieces, slots};
use crate::base::bytes::{read_i64, read_u32, read_u64};
use crate::base::limits::TIME_MS_MIN;
use crate::error::Error;
use crate::expr::Environment;
use crate::policy::{Layout, Policy, describe, header};
use crate::profile::{self, Features, Memo, OpenOffers};

/// Writes a profile as JSON: everything that it holds, by name and in the units that people read,
/// windows with their buckets, and what each feature reads as at the profile's latest call.
/// [`import_profile`](super::import_profile) makes the same bytes of it. Allocates.
///
/// Subscriber, sessions and texts are there as the hashes that the profile has of them: nothing in
/// it says a name or a number.
///
/// # Errors
/// Those of the profile, which may be of a layout that the policy succeeds.
pub fn export_profile(policy: &Policy, profile: &[u8]) -> Result<String, Error> {
    profile::sound(policy, profile, 0)?;
    let layout = read_u64(profile, header::LAYOUT);
    let shape = Shape::of(policy, layout).ok_or(Error::ProfileLayout)?;
    let mut out = Map::new();
    let mut say = |key: &str, value: Value| drop(out.insert(key.into(), value));
    say("format", json!(FORMAT));
    say("policy", json!({ "name": policy.name(), "version": version(&shape) }));
    say("layout", json!(format!("{layout:016x}")));
    let subscriber = read_u64(profile, header::SUBSCRIBER);
    say("subscriber", json!(format!("{subscriber:016x}")));
    say("revision", json!(read_u64(profile, header::REVISION)));
    let latest_ms = read_i64(profile, header::NOW);
    say("latest_call", time(latest_ms));
    say("late_events", json!(read_u32(profile, header::LATE)));
    say("sessions_forgotten", json!(read_u32(profile, header::EVICTED)));
    say("offers_crowded_out", json!(read_u32(profile, header::CROWDED_OUT)));
    say("sequence_gaps", json!(read_u32(profile, header::GAPS)));
    let spare = profile.get(header::FORMAT + 2..header::BYTES).unwrap_or(&[]);
    let due = OpenOffers::within(shape.layout).due(profile);
    if spare.iter().any(|byte| *byte != 0) || read_u32(profile, header::OFFERS_DUE) != due {
        say("header", json!(hex(profile.get(..header::BYTES).unwrap_or(&[]))));
    }
    say("features", Value::Array(features(&shape, profile, latest_ms.max(TIME_MS_MIN))?));
    pieces::write(&shape, profile, &mut out);
    Ok(format!("{:#}", Value::Object(out)))
}

fn version(shape: &Shape<'_>) -> u32 {
    shape.older.map_or(shape.policy.version(), |older| older.version)
}

fn features(shape: &Shape<'_>, profile: &[u8], now_ms: i64) -> Result<Vec<Value>, Error> {
    let policy = shape.policy;
    let mut scratch = alloc::vec![0; policy.profile_bytes().max(policy.account_bytes())];
    let own = profile::open(policy, profile, 0, &mut scratch)?;
    let mut memo = Memo::new(policy);
    let mut readings = Features::alone(policy, own, &mut memo, now_ms);
    let mut list = Vec::new();
    for (feature, &from) in shape.features.iter().zip(&shape.layout.features) {
        if !Layout::stores(feature) || feature.holder != shape.layout.holder {
            continue;
        }
        let mut out = Map::new();
        out.insert("id".into(), json!(feature.id.0));
        out.insert("name".into(), json!(shape.name(feature.id)));
        out.insert("is".into(), json!(describe(feature)));
        let position = policy.feature_position(feature.id);
        let newer = position.and_then(|position| policy.tables.features.get(position));
        let cell = position.map(|position| readings.feature(position as u16));
        let reading = newer.zip(cell.and_then(|cell| cell.bits()));
        let reads = reading.map_or(Value::Null, |(newer, bits)| value(shape, bits, newer.ty));
        out.insert("reads".into(), reads);
        let from = from as usize;
        let slot = profile.get(from..from + slots::bytes(feature)).unwrap_or(&[]);
        slots::write(shape, feature, slot, &mut out);
        list.push(Value::Object(out));
    }
    Ok(list)
}
