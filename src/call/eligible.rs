//! Asking for the offers whose rules hold, without deciding.

use super::profiles::subscriber_hash;
use super::scratch::{Local, Scratch, Shared};
use crate::base::ids::{MemberId, MomentId, OfferId};
use crate::decision::{self, Inputs, Lookup, Stage};
use crate::error::Error;
use crate::profile::{self, Features};

/// Of whom, and in which moment.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The subscriber's key.
    pub subscriber: &'a [u8],
    /// The moment that the offers answer. One that the policy does not have has no offers.
    pub moment: MomentId,
    /// When, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Overrides the subscriber's own zone.
    pub zone: Option<MemberId>,
    /// The profile of the account that pays for the line, if it is known.
    pub account: Option<&'a [u8]>,
    /// By index or one by one.
    pub lookup: Lookup,
}

/// Hands over the offers of a moment that are switched on, within their dates and allowed by all
/// their rules, in no particular order: what a decision goes on with. Gives how many others fell
/// out, by [`Stage`] number. Changes nothing, never allocates.
///
/// # Errors
/// Those of the profile; [`Error::Key`], [`Error::Time`], [`Error::SnapshotMismatch`],
/// [`Error::LeaseMismatch`], [`Error::ScratchMismatch`].
pub fn eligible(
    shared: Shared,
    profile: &[u8],
    question: &Question,
    local: &mut Local,
    found: impl FnMut(OfferId),
) -> Result<[u32; Stage::COUNT], Error> {
    let policy = shared.policy;
    shared.snapshot.check(policy)?;
    local.check(policy)?;
    local.scratch.check(policy)?;
    profile::check_time(question.now_ms)?;
    let subscriber = subscriber_hash(policy, question.subscriber)?;
    let (lease, now_ms) = (&local.lease, question.now_ms);
    let Scratch { room, memo, workspace, .. } = &mut local.scratch;
    let profile = profile::open_line(policy, profile, subscriber, room)?;
    profile::begin(policy, memo, question.account)?;
    let mut features = Features::resumed(policy, profile, memo, now_ms, question.zone);
    let inputs = Inputs {
        policy,
        snapshot: shared.snapshot,
        decision: 0,
        seed: 0,
        now_ms,
        subscriber: question.subscriber,
        test: false,
    };
    let asked = (question.moment, question.lookup);
    Ok(decision::eligible(&mut features, &inputs, lease, workspace, asked, found))
}
