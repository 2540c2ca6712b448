//! What the compiler guarantees of tables, held against tables that came as bytes.

use alloc::vec::Vec;
use core::ops::Range;

use super::error::ArtifactError;
use super::{
    catalogue, contact, experiments, interactions, lifecycles, models, predecessors, schema,
    sources, zones,
};
use crate::base::bucket::BUCKETS;
use crate::base::ids::{MemberId, PermanentId};
use crate::base::limits::{EVENT_FIELDS_MAX, EXPLORATION_TOP_MAX, MEMBERS_MAX};
use crate::expr::{Program, ProgramNames, Type, verify};
use crate::policy::Tables;

/// Refuses what does not hold.
pub(super) fn ensure(holds: bool, what: &'static str) -> Result<(), ArtifactError> {
    if holds { Ok(()) } else { Err(ArtifactError::Unsound { what }) }
}

/// Everything that can be said of tables without building anything.
pub(super) fn tables(tables: &Tables) -> Result<(), ArtifactError> {
    let check = Check { tables };
    check.own_facts()?;
    zones::check(&check)?;
    sources::check(&check)?;
    // What models read is followed when chains of derived features are.
    models::check(&check)?;
    schema::check(&check)?;
    lifecycles::check(&check)?;
    experiments::check(&check)?;
    catalogue::check(&check)?;
    interactions::check(&check)?;
    contact::check(&check)?;
    predecessors::check(&check)
}

/// The tables, and what several rows are asked.
pub(super) struct Check<'a> {
    pub(super) tables: &'a Tables,
}

impl Check<'_> {
    fn own_facts(&self) -> Result<(), ArtifactError> {
        let Tables { name, currency, control, exploration, test_subscribers, .. } = self.tables;
        ensure(!name.is_empty(), "the policy has no name")?;
        let code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
        ensure(code, "the currency is no code of ISO 4217")?;
        ensure(test_subscribers.is_sorted(), "test subscribers are not ascending")?;
        ensure(control.buckets <= BUCKETS, "the control group is more than everybody")?;
        let share = (0.0..=1.0).contains(&exploration.epsilon);
        let top = (1..=EXPLORATION_TOP_MAX).contains(&usize::from(exploration.top));
        ensure(share && top, "exploration is out of range")
    }

    /// A program over the profile.
    pub(super) fn program(&self, program: Program) -> Result<(), ArtifactError> {
        let features = self.tables.features.len();
        self.verified(program, ProgramNames { features, fields: None, now: true })
    }

    pub(super) fn optional(&self, program: Option<Program>) -> Result<(), ArtifactError> {
        program.map_or(Ok(()), |program| self.program(program))
    }

    /// A program over the profile and an event of any kind: kinds have different fields, and one
    /// that the event lacks is missing.
    pub(super) fn on_event(&self, program: Program) -> Result<(), ArtifactError> {
        let features = self.tables.features.len();
        self.verified(program, ProgramNames { features, fields: Some(EVENT_FIELDS_MAX), now: true })
    }

    /// A program over an event alone, whenever it is heard.
    pub(super) fn of_event(&self, program: Program, fields: usize) -> Result<(), ArtifactError> {
        self.verified(program, ProgramNames { features: 0, fields: Some(fields), now: false })
    }

    fn verified(&self, program: Program, names: ProgramNames) -> Result<(), ArtifactError> {
        // A program that is not within the code has no operations, and is refused for that.
        verify(program.of(&self.tables.code), names).map_err(|what| ArtifactError::Unsound { what })
    }
}

/// Members of a type that has some: ascending, to be searched.
pub(super) fn members(ty: Type, members: &[MemberId]) -> Result<(), ArtifactError> {
    ensure(ty == Type::Member || members.is_empty(), "members of what is no enumeration")?;
    ensure(members.len() <= MEMBERS_MAX, "too many members in an enumeration")?;
    ensure(members.is_sorted_by(|a, b| a < b), "members are not ascending")
}

/// Ranges that cut a list into pieces, one after the other, with nothing between and nothing left.
pub(super) fn pieces<'r>(
    ranges: impl Iterator<Item = &'r Range<u32>>,
    len: usize,
) -> Result<(), ArtifactError> {
    let mut next = 0;
    for range in ranges {
        ensure(range.start == next && range.end >= next, "ranges are not ascending")?;
        next = range.end;
    }
    ensure(next as usize == len, "ranges do not end with their list")
}

/// No number stands for two things of one kind.
pub(super) fn unique_ids(tables: &Tables) -> Result<(), ArtifactError> {
    unique(tables.events.iter().map(|event| event.id))?;
    unique(tables.features.iter().map(|feature| feature.id))?;
    unique(tables.moments.iter().map(|moment| moment.id))?;
    unique(tables.patterns.iter().map(|pattern| pattern.id))?;
    unique(tables.issues.iter().map(|issue| issue.id))?;
    unique(tables.groups.iter().map(|group| group.id))?;
    unique(tables.offers.iter().map(|offer| offer.id))?;
    unique(tables.treatments.iter().map(|treatment| treatment.id))?;
    unique(tables.channels.iter().map(|channel| channel.id))?;
    unique(tables.budgets.iter().map(|budget| budget.id))
}

pub(super) fn unique<I: PermanentId>(
    ids: impl ExactSizeIterator<Item = I>,
) -> Result<(), ArtifactError> {
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(ids.len()).map_err(|_| ArtifactError::Memory)?;
    numbers.extend(ids.map(PermanentId::number));
    numbers.sort_unstable();
    ensure(numbers.is_sorted_by(|a, b| a < b), "one number for two things of a kind")
}
