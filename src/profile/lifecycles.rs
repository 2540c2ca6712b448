//! Lifecycles: the stage of a subscriber, and moving on from it.
//!
//! A stage depends on the order of calls, as decisions do: it says what was known when, and an
//! event that comes late does not change what a stage was in between.

use super::features::{Features, Memo};
use crate::base::bytes::{read_i64, read_u64, write_i64, write_u64};
use crate::base::ids::MemberId;
use crate::base::steps::step;
use crate::expr::{Cell, holds};
use crate::policy::{Lifecycle, Policy};

/// Moves every lifecycle on by at most one stage, over a profile that has taken its message in.
/// `memo` holds nothing at first, and what was read of the profile afterwards. O(transitions).
pub(crate) fn move_on(
    policy: &Policy,
    bytes: &mut [u8],
    memo: &mut Memo,
    now_ms: i64,
    zone: Option<MemberId>,
) {
    for lifecycle in &policy.tables.lifecycles {
        let Some(&slot) = policy.layout.features.get(usize::from(lifecycle.feature)) else {
            continue;
        };
        let slot = slot as usize;
        let now_in = entered(policy, lifecycle, bytes, slot);
        let from = now_in.unwrap_or(lifecycle.first);
        let mut features = Features::resumed(policy, bytes, memo, now_ms, zone);
        let to = next(lifecycle, from, &mut features);
        // Who is new enters the first stage, if nothing leads on at once.
        if let Some(stage) = to.or(if now_in.is_none() { Some(from) } else { None }) {
            write_u64(bytes, slot, u64::from(stage.0));
            write_i64(bytes, slot + 8, now_ms);
            memo.forget(&policy.lifecycle_dependents);
        }
    }
}

/// Where the first transition leads that holds.
fn next(lifecycle: &Lifecycle, from: MemberId, features: &mut Features<'_>) -> Option<MemberId> {
    let policy = features.policy();
    let taken = lifecycle.transitions.iter().find(|transition| {
        step(1);
        transition.from.contains(&from) && holds(policy.code(transition.when), features)
    });
    taken.map(|transition| transition.to)
}

/// The stage that the profile says; none at first, or if the policy has no such stage.
fn entered(policy: &Policy, lifecycle: &Lifecycle, bytes: &[u8], slot: usize) -> Option<MemberId> {
    let feature = policy.tables.features.get(usize::from(lifecycle.feature))?;
    let stage = MemberId(u32::try_from(read_u64(bytes, slot)).ok()?);
    let known = read_i64(bytes, slot + 8) != 0 && feature.members.contains(&stage);
    known.then_some(stage)
}

/// The stage of a lifecycle, which is never missing.
pub(super) fn stage_of(policy: &Policy, bytes: &[u8], lifecycle: u16) -> Cell {
    let Some(lifecycle) = policy.tables.lifecycles.get(usize::from(lifecycle)) else {
        return Cell::MISSING;
    };
    let slot = policy.layout.features.get(usize::from(lifecycle.feature));
    let now_in = slot.and_then(|slot| entered(policy, lifecycle, bytes, *slot as usize));
    Cell::from_bits(u64::from(now_in.unwrap_or(lifecycle.first).0))
}

/// Since when; missing until the first call.
pub(super) fn since_of(policy: &Policy, bytes: &[u8], stage: u16) -> Cell {
    let slot = policy.layout.features.get(usize::from(stage));
    let since_ms = slot.map(|slot| read_i64(bytes, *slot as usize + 8));
    since_ms.filter(|since_ms| *since_ms != 0).into()
}
