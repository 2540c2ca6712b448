//! What the library's own kind of event is made of.

use alloc::vec::Vec;

use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::encoding::encoded;
use crate::base::ids::{EventId, MemberId};
use crate::expr::Type;
use crate::policy::{EventKind, InteractionField, InteractionStep, Interactions, OfferKind};

encoded! {
    Interactions {
        event: EventId,
        steps: Vec<MemberId>,
        kinds: Vec<MemberId>,
        issues: Vec<MemberId>,
        groups: Vec<MemberId>,
        offers: Vec<MemberId>,
        channels: Vec<MemberId>,
        intents: Vec<MemberId>,
    }
}

/// An event that is made of these members is one that the kind of event takes.
pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    let tables = check.tables;
    let Some(all) = &tables.interactions else { return Ok(()) };
    let Some(kind) = tables.events.last().filter(|kind| kind.id == all.event) else {
        return ensure(false, "the library's own kind of event is not the last");
    };
    ensure(kind.fields.len() == InteractionField::COUNT, "an interaction has other fields")?;
    let inbound = kind.fields.get(InteractionField::Inbound as usize);
    ensure(inbound.is_some_and(|spec| spec.ty == Type::Bool), "an interaction has other fields")?;
    let steps = all.steps.len() == InteractionStep::ALL.len();
    ensure(steps && all.kinds.len() == OfferKind::ALL.len(), "an interaction has other members")?;
    use InteractionField::{Channel, Group, Intent, Issue, Kind, Offer, Step};
    members(kind, Step, &all.steps, InteractionStep::ALL.len())?;
    members(kind, Kind, &all.kinds, OfferKind::ALL.len())?;
    members(kind, Issue, &all.issues, tables.issues.len())?;
    members(kind, Group, &all.groups, tables.groups.len())?;
    members(kind, Offer, &all.offers, tables.offers.len())?;
    members(kind, Channel, &all.channels, tables.channels.len())?;
    members(kind, Intent, &all.intents, tables.moments.len())
}

fn members(
    kind: &EventKind,
    field: InteractionField,
    members: &[MemberId],
    len: usize,
) -> Result<(), ArtifactError> {
    let Some(spec) = kind.fields.get(field as usize).filter(|spec| spec.ty == Type::Member) else {
        return ensure(false, "an interaction has other fields");
    };
    let declared = |member: &MemberId| spec.members.binary_search(member).is_ok();
    let sound = (members.is_empty() || members.len() == len) && members.iter().all(declared);
    ensure(sound, "an interaction has other members")
}
