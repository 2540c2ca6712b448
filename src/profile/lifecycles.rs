//! Lifecycles: the stage of a subscriber, and moving on from it.
//!
//! A stage depends on the order of calls, as decisions do: it says what was known when, and an
//! event that comes late does not change what a stage was in between.

use super::features::{Features, Memo};
use crate::base::bytes::{read_i64, read_u64, write_i64, write_u64};
use crate::base::ids::MemberId;
use crate::base::steps::step;
use crate::expr::{Cell, holds};
use crate::policy::{Exit, Lifecycle, Policy};

/// Moves every lifecycle on by at most one stage, over a profile that has taken its message in.
/// `memo` holds nothing at first, and what was read of the profile afterwards. O(transitions from
/// the stage).
pub(crate) fn move_on(
    policy: &Policy,
    bytes: &mut [u8],
    memo: &mut Memo,
    now_ms: i64,
    zone: Option<MemberId>,
) {
    for (lifecycle, exits) in policy.tables.lifecycles.iter().zip(&policy.exits) {
        let Some(&slot) = policy.layout.features.get(usize::from(lifecycle.feature)) else {
            continue;
        };
        let slot = slot as usize;
        let stage = read_u64(bytes, slot);
        let entered = read_i64(bytes, slot + 8) != 0;
        let ways_from = |stage: u64| exits.iter().find(|from| u64::from(from.stage.0) == stage);
        let now_in = if entered { ways_from(stage) } else { None };
        let from = now_in.or_else(|| ways_from(lifecycle.first.0.into()));
        let ways = from.map_or(&[][..], |from| &from.ways);
        let to = next(policy, ways, bytes, memo, now_ms, zone);
        // Who is new enters the first stage, if nothing leads on at once.
        if let Some(stage) = to.or(if now_in.is_none() { Some(lifecycle.first) } else { None }) {
            write_u64(bytes, slot, u64::from(stage.0));
            write_i64(bytes, slot + 8, now_ms);
            memo.forget(&policy.lifecycle_dependents);
        }
    }
}

/// Where the first way leads whose rule holds.
fn next(
    policy: &Policy,
    ways: &[Exit],
    bytes: &[u8],
    memo: &mut Memo,
    now_ms: i64,
    zone: Option<MemberId>,
) -> Option<MemberId> {
    let taken = ways.iter().find(|way| {
        step(1);
        if way.refused(bytes, now_ms) {
            return false;
        }
        let mut features = Features::resumed(policy, bytes, memo, now_ms, zone);
        holds(policy.code(way.when), &mut features)
    });
    taken.map(|way| way.to)
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
