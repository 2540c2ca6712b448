//! The exact log of contacts that all caps share.
//!
//! It holds as many entries as the policy's mandatory cap allows within its window, the longest
//! of all, so an entry that is overwritten can no longer count for any cap.

use crate::base::bytes::{read_i64, read_u32, write_i64, write_u32};
use crate::base::ids::{ChannelId, OfferId};
use crate::policy::{CONTACT_BYTES, Policy};

/// A contact that was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contact {
    pub(crate) time_ms: i64,
    pub(crate) offer: OfferId,
    pub(crate) channel: ChannelId,
}

/// The contacts in the log, in no particular order.
pub(crate) fn contacts<'a>(
    policy: &'a Policy,
    bytes: &'a [u8],
) -> impl Iterator<Item = Contact> + 'a {
    entries(policy).filter_map(move |entry| {
        let time_ms = read_i64(bytes, entry);
        (time_ms != 0).then(|| Contact {
            time_ms,
            offer: OfferId(read_u32(bytes, entry + 8)),
            channel: ChannelId(read_u32(bytes, entry + 12)),
        })
    })
}

/// Writes a contact over the oldest entry.
pub(crate) fn record_contact(policy: &Policy, bytes: &mut [u8], contact: Contact) {
    if let Some(oldest) = entries(policy).min_by_key(|&entry| read_i64(bytes, entry)) {
        write_i64(bytes, oldest, contact.time_ms);
        write_u32(bytes, oldest + 8, contact.offer.0);
        write_u32(bytes, oldest + 12, contact.channel.0);
    }
}

fn entries(policy: &Policy) -> impl Iterator<Item = usize> {
    let start = policy.layout.contacts;
    (0..policy.layout.contact_entries).map(move |entry| start + entry * CONTACT_BYTES)
}
