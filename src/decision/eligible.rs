//! The first question of a decision by itself: whose rules hold.

use super::allocate::answering;
use super::gates::Gates;
use super::search::Search;
use super::{Context, Inputs, Stage, Workspace};
use crate::base::ids::{MomentId, OfferId};
use crate::policy::Arm;
use crate::profile::Features;
use crate::snapshot::Lease;

/// How to find the offers whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Through the policy's index, 64 offers at a time, as a decision does. A policy none of whose
    /// moments has offers enough for an index asks one by one all the same.
    Index,
    /// Rule by rule, offer by offer, as an explanation does. The answer is the same.
    OneByOne,
}

/// Hands over the offers of a moment whose rules hold, in no particular order; how many fell out,
/// by stage.
pub(crate) fn eligible<'a>(
    features: &mut Features<'a>,
    inputs: &Inputs<'a>,
    lease: &Lease,
    workspace: &mut Workspace,
    (moment, lookup): (MomentId, Lookup),
    mut found: impl FnMut(OfferId),
) -> [u32; Stage::COUNT] {
    let policy = inputs.policy;
    let context = Context::default();
    features.choose_for(inputs.subscriber, inputs.snapshot.switches());
    let Workspace { gates, search } = workspace;
    // Rules come before arms.
    let mut gates = Gates::new(features, inputs, Arm::Treated, &context, lease, gates);
    let mut stages = [0; Stage::COUNT];
    let Some(position) = policy.moment_position(moment) else { return stages };
    let offer = |position: u32| policy.tables.offers.get(position as usize);
    if lookup == Lookup::Index && policy.index.words() > 0 {
        let mut search = Search::new(inputs, search, false);
        search.moment(position, &mut gates, &mut stages, |_, _, place| {
            policy.index.id(place).into_iter().for_each(&mut found);
        });
        return stages;
    }
    for offer in answering(policy, moment).iter().filter_map(|position| offer(*position)) {
        match gates.rules(offer) {
            Ok(()) => found(offer.id),
            Err(stage) => stages[stage as usize] += 1,
        }
    }
    stages
}
