//! Diameter Gy (RFC 8506): credit-control requests out of a capture become messages, and each is
//! decided on. `docs/events.md` has the mapping.
//!
//! Run with `cargo run --example gy`.

mod charging;

use std::error::Error;

use charging::{Host, Request, Used};
use opportune::MICROS;

const CAPTURE: &[u8] = include_bytes!("charging/gy_loopback.pcap");

const CREDIT_CONTROL: u32 = 272;

// AVP codes of RFC 6733 and RFC 8506.
const SESSION_ID: u32 = 263;
const EVENT_TIMESTAMP: u32 = 55;
const CC_REQUEST_NUMBER: u32 = 415;
const SUBSCRIPTION_ID: u32 = 443;
const SUBSCRIPTION_ID_DATA: u32 = 444;
const MULTIPLE_SERVICES_CREDIT_CONTROL: u32 = 456;
const RATING_GROUP: u32 = 432;
const USED_SERVICE_UNIT: u32 = 446;
const CC_TOTAL_OCTETS: u32 = 421;

/// From 1900, where Diameter's Time begins, to 1970, in seconds.
const UNIX_EPOCH_S: i64 = 2_208_988_800;

fn main() -> Result<(), Box<dyn Error>> {
    run()?.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// What came of each request of the capture.
pub fn run() -> Result<Vec<String>, Box<dyn Error>> {
    let mut host = Host::new(6 * MICROS)?;
    let mut lines = Vec::new();
    for (now_ms, segment) in segments(CAPTURE) {
        if let Some(request) = request(segment, now_ms) {
            let decision = host.take(&request)?;
            lines.push(host.words(&request, &decision));
        }
    }
    Ok(lines)
}

/// The payloads of the TCP segments of a capture (libpcap's format, Ethernet, IPv4), with the time
/// of each. In this one, every message is one segment.
fn segments(capture: &[u8]) -> impl Iterator<Item = (i64, &[u8])> {
    let mut rest = capture.get(24..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (header, frames) = rest.split_at_checked(16)?;
        let word = |at: usize| header[at..at + 4].try_into().map_or(0, u32::from_le_bytes);
        let (frame, next) = frames.split_at_checked(word(8) as usize)?;
        rest = next;
        Some((i64::from(word(0)) * 1_000 + i64::from(word(4)) / 1_000, payload(frame)?))
    })
}

fn payload(frame: &[u8]) -> Option<&[u8]> {
    let packet = frame.get(14..)?;
    let (header, total) = (usize::from(packet.first()? & 15) * 4, number(packet.get(2..4)?));
    let segment = packet.get(header..total as usize)?;
    segment.get(usize::from(segment.get(12)? >> 4) * 4..)
}

/// The request in a message, if it is one for credit control.
fn request(message: &[u8], now_ms: i64) -> Option<Request> {
    const REQUEST: u8 = 0x80;
    let (header, avps) = message.split_at_checked(20)?;
    if header[4] & REQUEST == 0 || number(&header[5..8]) != u64::from(CREDIT_CONTROL) {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    let time_ms = find(avps, EVENT_TIMESTAMP)
        .map_or(now_ms, |avp| (number(avp) as i64 - UNIX_EPOCH_S) * 1_000);
    let mut used = Vec::new();
    for service in all(avps, MULTIPLE_SERVICES_CREDIT_CONTROL) {
        let rating_group = find(service, RATING_GROUP).map_or(0, number) as u32;
        let octets = all(service, USED_SERVICE_UNIT)
            .filter_map(|unit| find(unit, CC_TOTAL_OCTETS))
            .map(number)
            .sum();
        if octets > 0 {
            used.push(Used { time_ms, rating_group, octets });
        }
    }
    Some(Request {
        subscriber: text(find(find(avps, SUBSCRIPTION_ID)?, SUBSCRIPTION_ID_DATA)?)?,
        session: text(find(avps, SESSION_ID)?)?,
        number: number(find(avps, CC_REQUEST_NUMBER)?) as u32,
        now_ms,
        used,
    })
}

/// Codes and contents of the AVPs that a message or a grouped AVP consists of: code (4), flags (1),
/// length (3), the vendor (4) if the first flag says so, content, up to a multiple of 4
/// (RFC 6733, section 4.1).
fn avps(bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    const VENDOR: u8 = 0x80;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (header, _) = rest.split_at_checked(8)?;
        let (code, length) = (number(&header[..4]) as u32, number(&header[5..8]) as usize);
        let start = if header[4] & VENDOR != 0 { 12 } else { 8 };
        let content = rest.get(start..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, content))
    })
}

fn all(bytes: &[u8], code: u32) -> impl Iterator<Item = &[u8]> {
    avps(bytes).filter(move |(found, _)| *found == code).map(|(_, content)| content)
}

fn find(bytes: &[u8], code: u32) -> Option<&[u8]> {
    all(bytes, code).next()
}

/// A number of up to eight bytes, the first the greatest.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
