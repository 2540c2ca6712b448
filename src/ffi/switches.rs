//! Switches of a snapshot: off, and in shadow, from the next decision on.

use alloc::collections::BTreeSet;

use super::guard::guard;
use super::handles::{give, opportune_policy, opportune_snapshot};
use super::pointers;
use super::policy::{
    OPPORTUNE_NAMESPACE_CHANNEL, OPPORTUNE_NAMESPACE_FEATURE, OPPORTUNE_NAMESPACE_ISSUE,
    OPPORTUNE_NAMESPACE_OFFER,
};
use super::status::{OPPORTUNE_OUT_OF_RANGE, Refusal, opportune_status};
use crate::base::ids::{ChannelId, FeatureId, IssueId, OfferId};
use crate::policy::{FeatureKind, Policy};
use crate::snapshot::Switches;

/// As the policy says.
pub const OPPORTUNE_SWITCH_ON: u32 = 0;
/// Not made, not used, nobody in it.
pub const OPPORTUNE_SWITCH_OFF: u32 = 1;
/// Decided in full and reported, never made: offers, issues and the whole policy.
pub const OPPORTUNE_SWITCH_SHADOW: u32 = 2;

/// Makes the snapshot with one switch in another position; the old snapshot stays as it is. name_space
/// says what id is: OPPORTUNE_NAMESPACE_OFFER, _ISSUE, _CHANNEL or, for an experiment or a control
/// group, _FEATURE (the feature called "experiment." and its name); 0, with id 0, is the whole
/// policy. state is one of OPPORTUNE_SWITCH_...; channels and experiments have no shadow, and the
/// policy is on or in shadow. On success *next is a handle that the caller frees with
/// opportune_snapshot_free. OPPORTUNE_OUT_OF_RANGE: nothing of that kind has this id, or not this
/// state.
///
/// Allocates. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn opportune_snapshot_switch(
    policy: *const opportune_policy,
    snapshot: *const opportune_snapshot,
    name_space: u32,
    id: u32,
    state: u32,
    next: *mut *mut opportune_snapshot,
) -> opportune_status {
    guard(|| {
        // SAFETY: pointers are as the header asks, for the length of the call.
        let (policy, snapshot, out) = unsafe {
            (pointers::borrow(policy)?, pointers::borrow(snapshot)?, pointers::out(next)?)
        };
        let mut switches = snapshot.snapshot.switches().clone();
        turn(&policy.policy, &mut switches, (name_space, id), state)
            .ok_or(Refusal(OPPORTUNE_OUT_OF_RANGE))?;
        let snapshot = snapshot.snapshot.clone().with_switches(switches);
        give(opportune_snapshot { snapshot }, out);
        Ok(())
    })
}

fn turn(policy: &Policy, switches: &mut Switches, of: (u32, u32), state: u32) -> Option<()> {
    let (off, shadow) = match state {
        OPPORTUNE_SWITCH_ON => (false, false),
        OPPORTUNE_SWITCH_OFF => (true, false),
        OPPORTUNE_SWITCH_SHADOW => (false, true),
        _ => return None,
    };
    match of {
        (0, 0) if !off => switches.shadow = shadow,
        (OPPORTUNE_NAMESPACE_OFFER, id) => {
            let id = OfferId(id);
            policy.offer_position(id)?;
            put(&mut switches.offers_off, id, off);
            put(&mut switches.offers_shadow, id, shadow);
        }
        (OPPORTUNE_NAMESPACE_ISSUE, id) => {
            let id = IssueId(id);
            policy.tables.issues.iter().find(|issue| issue.id == id)?;
            put(&mut switches.issues_off, id, off);
            put(&mut switches.issues_shadow, id, shadow);
        }
        (OPPORTUNE_NAMESPACE_CHANNEL, id) if !shadow => {
            policy.channel_position(ChannelId(id))?;
            put(&mut switches.channels_off, ChannelId(id), off);
        }
        (OPPORTUNE_NAMESPACE_FEATURE, id) if !shadow => {
            let position = policy.feature_position(FeatureId(id))?;
            let kind = policy.tables.features.get(position)?.kind;
            matches!(kind, FeatureKind::Arm { .. }).then_some(())?;
            put(&mut switches.experiments_off, FeatureId(id), off);
        }
        _ => return None,
    }
    Some(())
}

fn put<T: Ord>(set: &mut BTreeSet<T>, id: T, is_in: bool) {
    if is_in {
        set.insert(id);
    } else {
        set.remove(&id);
    }
}
