//! What of one source alone would have to differ for rules to hold: the sets of the index, read the
//! other way round. For explanations; allocates.

use alloc::vec::Vec;

use super::decompile::{AGE, NOW, decompile};
use super::formula::Formula;
use super::set::{Set, float_key, float_of_key};
use crate::expr::{Cell, DURATION_MS, Environment, Op, Type};
use crate::policy::Feature;

/// One source, and the nearest value of it that the rules could hold with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// A feature; missing for none.
    Feature(u16, Cell),
    /// The call's `now`, which can only grow.
    Later(i64),
}

/// The changes of one source each after which rules that do not hold may hold: what their terms
/// ask. A rule that is no such sets may ask more, so whoever uses them asks the rules again.
pub(crate) fn changes<'c>(
    rules: impl Iterator<Item = &'c [Op]>,
    features: &[Feature],
    environment: &mut impl Environment,
) -> Vec<Change> {
    let formulas = rules.map(|rule| decompile(rule, features));
    let all = formulas.fold(Formula::always(), Formula::and);
    let mut found: Vec<Change> = Vec::new();
    for term in &all.terms {
        let mut failing = term.iter().filter(|(source, set)| {
            let key = key_of(*source, features, environment);
            !set.has(key)
        });
        let (Some((source, set)), None) = (failing.next(), failing.next()) else { continue };
        let Some(change) = change(*source, set, features, environment) else { continue };
        if !found.contains(&change) {
            found.push(change);
        }
    }
    found
}

fn change(
    source: u16,
    set: &Set,
    features: &[Feature],
    environment: &mut impl Environment,
) -> Option<Change> {
    let now_ms = environment.now_ms();
    if source == NOW {
        return set.next_after(now_ms).map(Change::Later);
    }
    if source >= AGE {
        let age = key_of(source, features, environment);
        let wanted = set.nearest(age, *DURATION_MS.end())?;
        let since = environment.feature(source - AGE).as_int();
        return match since.zip(age) {
            // It comes about by itself.
            Some((since, age)) if wanted > age => Some(Change::Later(since.checked_add(wanted)?)),
            _ => Some(Change::Feature(source - AGE, Cell::int(now_ms.checked_sub(wanted)?))),
        };
    }
    let feature = features.get(usize::from(source))?;
    let now = environment.feature(source);
    let cell = match feature.ty {
        Type::Member => {
            let members = feature.members.iter().map(|member| i64::from(member.0));
            members.clone().find(|member| set.has(Some(*member))).map(Cell::int)
        }
        Type::Bool => [0, 1].into_iter().find(|key| set.has(Some(*key))).map(Cell::int),
        Type::Double => {
            let key = now.bits().map(float_key);
            let end = float_key(f64::MAX.to_bits());
            set.nearest(key, end).map(|key| Cell::from_bits(float_of_key(key)))
        }
        // One that it is not cannot be named; one that it would have to be has only its hash.
        Type::Text => set.nearest(None, i64::MAX).map(Cell::int),
        Type::Int | Type::Money | Type::Timestamp | Type::Duration => {
            set.nearest(now.as_int(), i64::MAX).map(Cell::int)
        }
    };
    cell.or(set.has(None).then_some(Cell::MISSING)).map(|cell| Change::Feature(source, cell))
}

/// What stands for a source's value in sets; none where it is missing.
fn key_of(source: u16, features: &[Feature], environment: &mut impl Environment) -> Option<i64> {
    if source == NOW {
        return Some(environment.now_ms());
    }
    if source >= AGE {
        let since = environment.feature(source - AGE).as_int()?;
        let age = environment.now_ms().checked_sub(since)?;
        return Some(age).filter(|age| DURATION_MS.contains(age));
    }
    let bits = environment.feature(source).bits()?;
    let float = features.get(usize::from(source)).is_some_and(|f| f.ty == Type::Double);
    Some(if float { float_key(bits) } else { bits as i64 })
}
