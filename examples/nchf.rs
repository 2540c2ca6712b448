//! Nchf (3GPP TS 32.291): the charging data requests of a session become messages, and each is
//! decided on. `docs/events.md` has the mapping.
//!
//! Run with `cargo run --example nchf`.

mod charging;

use std::error::Error;

use charging::{Host, Request, Used};
use opportune::MICROS;
use serde_json::Value;

/// The requests of one session. A create has no ChargingDataRef yet; its answer hands it out.
const REQUESTS: [&str; 3] = [
    include_str!("charging/nchf/create.json"),
    include_str!("charging/nchf/update.json"),
    include_str!("charging/nchf/release.json"),
];
const CHARGING_DATA_REF: &str = "1";

fn main() -> Result<(), Box<dyn Error>> {
    run()?.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// What came of each request; the second is sent twice.
pub fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let mut host = Host::new(11 * MICROS / 10)?;
    let [create, update, release] = REQUESTS;
    let mut lines = Vec::new();
    for text in [create, update, update, release] {
        let request = request(&serde_json::from_str(text)?).ok_or("not a charging data request")?;
        let decision = host.take(&request)?;
        lines.push(host.words(&request, &decision));
    }
    Ok(lines)
}

fn request(body: &Value) -> Option<Request> {
    let invoked_ms = time_ms(&body["invocationTimeStamp"])?;
    let mut used = Vec::new();
    for unit in body["multipleUnitUsage"].as_array()? {
        let rating_group = u32::try_from(unit["ratingGroup"].as_u64()?).ok()?;
        for container in unit["usedUnitContainer"].as_array().into_iter().flatten() {
            used.push(Used {
                time_ms: time_ms(&container["triggerTimestamp"]).unwrap_or(invoked_ms),
                rating_group,
                octets: container["totalVolume"].as_u64()?,
            });
        }
    }
    Some(Request {
        subscriber: body["subscriberIdentifier"].as_str()?.to_owned(),
        session: CHARGING_DATA_REF.to_owned(),
        number: u32::try_from(body["invocationSequenceNumber"].as_u64()?).ok()?,
        // In place of a clock: when the last of it happened.
        now_ms: used.iter().map(|used| used.time_ms).fold(invoked_ms, i64::max),
        used,
    })
}

/// RFC 3339 to milliseconds since the Unix epoch.
fn time_ms(value: &Value) -> Option<i64> {
    value.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
