//! Making, filling and reading profiles.

use alloc::vec::Vec;
use smallvec::SmallVec;

use super::scratch::{Local, Scratch};
use crate::base::ids::FeatureId;
use crate::base::limits::{KEY_BYTES_MAX, OPEN_OFFERS};
use crate::decision;
use crate::error::Error;
use crate::expr::Environment;
use crate::moment;
use crate::policy::{Holder, Layout, Policy};
use crate::profile::{
    self, Dated, Features, OpenOffer, OpenOffers, ProfileBytes, ProfileHealth, Value,
};

/// What an update did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updated {
    /// The message had been seen before: nothing changed.
    pub repeated: bool,
    /// The revision of the profile afterwards.
    pub revision: u64,
    /// When to call [`tick`](crate::tick) if nothing happens before, in milliseconds since the Unix
    /// epoch, as in [`Decision::next_call_ms`](crate::Decision::next_call_ms); zero for never, as of an account.
    pub next_call_ms: i64,
}

impl Updated {
    /// Of a profile that has changed.
    pub(super) fn new(policy: &Policy, layout: &Layout, bytes: &[u8], now_ms: i64) -> Updated {
        Updated { repeated: false, ..Updated::unchanged(policy, layout, bytes, now_ms) }
    }

    /// Of one that is as it was.
    pub(super) fn unchanged(
        policy: &Policy,
        layout: &Layout,
        bytes: &[u8],
        now_ms: i64,
    ) -> Updated {
        let next_call_ms = match layout.holder {
            Holder::Line => moment::next_call_ms(policy, bytes, now_ms),
            Holder::Account => 0,
        };
        Updated { repeated: true, revision: profile::revision(bytes), next_call_ms }
    }
}

/// Writes the profile of a subscriber about whom nothing is known into the first
/// [`Policy::profile_bytes`] of `out`.
///
/// # Errors
/// [`Error::Key`], [`Error::OutputTooSmall`].
pub fn init_profile(policy: &Policy, subscriber: &[u8], out: &mut [u8]) -> Result<(), Error> {
    profile::initialise(policy, &policy.layout, subscriber_hash(policy, subscriber)?, out)
}

/// The same in a buffer of its own. Allocates.
///
/// # Errors
/// [`Error::Key`].
pub fn new_profile(policy: &Policy, subscriber: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = alloc::vec![0; policy.profile_bytes()];
    init_profile(policy, subscriber, &mut bytes)?;
    Ok(bytes)
}

/// Writes the profile of an account of which nothing is known into the first
/// [`Policy::account_bytes`] of `out`. Which lines an account has, the host knows; the key is the
/// account's own.
///
/// [`update`](crate::update), [`backfill`], [`read_feature`], [`erase`], [`migrate`],
/// [`profile_health`] and [`profile_revision`] take an account's profile as they take a line's: its
/// bytes say what it is. Calls that decide read it beside the line's, as
/// [`Message::account`](crate::Message::account).
///
/// # Errors
/// [`Error::AccountLayout`]: the policy keeps nothing of accounts. [`Error::Key`],
/// [`Error::OutputTooSmall`].
pub fn init_account(policy: &Policy, account: &[u8], out: &mut [u8]) -> Result<(), Error> {
    let layout = policy.account.as_ref().ok_or(Error::AccountLayout)?;
    profile::initialise(policy, layout, subscriber_hash(policy, account)?, out)
}

/// The same in a buffer of its own. Allocates.
///
/// # Errors
/// [`Error::AccountLayout`], [`Error::Key`].
pub fn new_account(policy: &Policy, account: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = alloc::vec![0; policy.account_bytes()];
    init_account(policy, account, &mut bytes)?;
    Ok(bytes)
}

/// Takes over history and outside data, as far as it is known at `now_ms`: see [`Dated`]. Finds anew
/// when a moment is `due`. Does not allocate. O(values + moments with such a time).
///
/// # Errors
/// Those of the profile; [`Error::Time`], [`Error::UnknownFeature`], [`Error::UnknownZone`],
/// [`Error::UnknownSource`], [`Error::ValueType`], [`Error::Total`],
/// [`Error::ProfileHolder`] for a feature of the other profile. On any of them nothing has changed.
pub fn backfill(
    policy: &Policy,
    profile: ProfileBytes,
    subscriber: &[u8],
    dated: &[Dated],
    now_ms: i64,
    scratch: &mut Scratch,
) -> Result<Updated, Error> {
    scratch.check(policy)?;
    let subscriber = subscriber_hash(policy, subscriber)?;
    let opened = profile.open(policy, subscriber, &mut scratch.room)?;
    profile::check_time(now_ms)?;
    let layout = opened.layout();
    let holder = layout.holder;
    profile::check_dated(policy, holder, dated, now_ms)?;
    let bytes = opened.change();
    profile::backfill(policy, holder, bytes, dated);
    if holder == Holder::Line {
        scratch.memo.clear();
        moment::plan_anew(policy, bytes, &mut scratch.memo, now_ms);
    }
    profile::commit(policy, bytes, now_ms);
    Ok(Updated::new(policy, layout, bytes, now_ms))
}

/// Reads one feature as it is at `now_ms`: none when it is missing, as what the other profile holds
/// is, the account's or the line's.
///
/// # Errors
/// Those of the profile; [`Error::Time`], [`Error::UnknownFeature`], [`Error::ScratchMismatch`].
pub fn read_feature(
    policy: &Policy,
    profile: &[u8],
    feature: FeatureId,
    now_ms: i64,
    scratch: &mut Scratch,
) -> Result<Option<Value<'static>>, Error> {
    scratch.check(policy)?;
    let Scratch { room, memo, .. } = scratch;
    let opened = profile::open(policy, profile, 0, room)?;
    profile::check_time(now_ms)?;
    let position = policy.feature_position(feature).ok_or(Error::UnknownFeature)?;
    let ty = policy.feature_type(feature).ok_or(Error::UnknownFeature)?;
    let mut features = Features::alone(policy, opened, memo, now_ms);
    Ok(Value::of_cell(features.feature(position as u16), ty))
}

/// The offers that are open at `now_ms`, oldest first: what any channel may show or settle.
///
/// # Errors
/// Those of the profile.
pub fn open_offers(
    policy: &Policy,
    profile: &[u8],
    now_ms: i64,
) -> Result<SmallVec<[OpenOffer; OPEN_OFFERS]>, Error> {
    let known = |treatment| policy.treatment_position(treatment).is_some();
    let mut open: SmallVec<[OpenOffer; OPEN_OFFERS]> = OpenOffers::found(policy, profile)?
        .used(profile)
        .filter(|entry| entry.expires_ms(profile) > now_ms && known(entry.treatment(profile)))
        .filter_map(|entry| {
            let offer = policy.offer_position(entry.offer(profile));
            let treatment = policy.treatment_position(entry.treatment(profile));
            // Under other terms today's parameters are not those that were promised.
            let same = treatment.is_some_and(|t| entry.made_on(profile, policy.terms(t)))
                || treatment.is_some_and(|t| entry.made_on(profile, !policy.terms(t)));
            let parameters = offer
                .filter(|_| same)
                .and_then(|position| policy.tables.offers.get(position))
                .map_or(&[][..], |offer| &offer.parameters);
            entry.read(profile, parameters.iter().map(|parameter| parameter.id))
        })
        .collect();
    open.sort_by_key(|offer| (offer.made_ms, offer.decision, offer.slot));
    Ok(open)
}

/// What went past a profile. The counts begin with it, never fall, and stop at their largest value.
///
/// # Errors
/// Those of the profile.
pub fn profile_health(policy: &Policy, profile: &[u8]) -> Result<ProfileHealth, Error> {
    profile::sound(policy, profile, 0)?;
    Ok(ProfileHealth::read(profile))
}

/// The revision of a profile: one more after each call that changed it.
///
/// # Errors
/// Those of the profile.
pub fn profile_revision(policy: &Policy, profile: &[u8]) -> Result<u64, Error> {
    profile::sound(policy, profile, 0)?;
    Ok(profile::revision(profile))
}

/// Erases what a profile holds, as its subscriber may demand: what is left is that of somebody of
/// whom nothing is known, one revision on, so that a write that was under way is noticed. What open
/// offers have reserved goes back to the lease, or into the delta for the ledger; what was accepted
/// stays committed. The host deletes its own copies, and its log. Does not allocate.
///
/// # Errors
/// Those of the profile; [`Error::Key`], [`Error::OutputTooSmall`], [`Error::LeaseMismatch`],
/// [`Error::ScratchMismatch`]. On any of them nothing has changed.
pub fn erase(
    policy: &Policy,
    profile: ProfileBytes,
    subscriber: &[u8],
    local: &mut Local,
) -> Result<Updated, Error> {
    local.check(policy)?;
    local.scratch.check(policy)?;
    let Local { lease, delta, scratch } = local;
    let subscriber = subscriber_hash(policy, subscriber)?;
    let opened = profile.open(policy, subscriber, &mut scratch.room)?;
    let layout = opened.layout();
    let bytes = opened.change();
    if layout.holder == Holder::Line {
        decision::release(policy, bytes, lease, delta);
    }
    profile::empty(policy, layout, bytes);
    profile::commit(policy, bytes, 0);
    Ok(Updated::new(policy, layout, bytes, 0))
}

/// Brings a profile of a layout that the policy succeeds to the policy's own. Every call does so
/// with a profile that it changes; this one is for hosts that go through their store ahead of
/// traffic. `repeated` says that there was nothing to do. Does not allocate.
///
/// # Errors
/// Those of the profile; [`Error::Key`], [`Error::OutputTooSmall`], [`Error::ScratchMismatch`]. On
/// any of them nothing has changed.
pub fn migrate(
    policy: &Policy,
    profile: ProfileBytes,
    subscriber: &[u8],
    scratch: &mut Scratch,
) -> Result<Updated, Error> {
    scratch.check(policy)?;
    let subscriber = subscriber_hash(policy, subscriber)?;
    let opened = profile.open(policy, subscriber, &mut scratch.room)?;
    let before = profile::revision(opened.read());
    let layout = opened.layout();
    let kept = Updated::unchanged(policy, layout, opened.keep(policy), 0);
    Ok(Updated { repeated: kept.revision == before, ..kept })
}

pub(super) fn subscriber_hash(policy: &Policy, subscriber: &[u8]) -> Result<u64, Error> {
    if subscriber.is_empty() || subscriber.len() > KEY_BYTES_MAX {
        return Err(Error::Key);
    }
    Ok(policy.subscriber_hash(subscriber))
}
