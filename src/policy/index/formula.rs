//! Rules as disjunctions of conjunctions of sets, each a bound: never smaller than the rule.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::set::Set;
use crate::base::limits::INDEX_TERMS_MAX;

/// What one conjunction asks of each source that it names, by ascending source.
pub(super) type Term = Vec<(u16, Set)>;

/// Where a rule may hold: in one of these terms and nowhere else.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula {
    pub(super) terms: Vec<Term>,
    /// Whether it holds in all of them. Else the rule itself must be asked.
    pub(super) exact: bool,
}

impl Formula {
    pub(super) fn always() -> Formula {
        Formula { terms: Vec::from([Term::new()]), exact: true }
    }

    pub(super) fn never() -> Formula {
        Formula { terms: Vec::new(), exact: true }
    }

    /// Of a part that says nothing to the index.
    pub(super) fn unknown() -> Formula {
        Formula { exact: false, ..Formula::always() }
    }

    pub(super) fn of_set(source: u16, set: Set) -> Formula {
        if set.is_empty() {
            return Formula::never();
        }
        if set.is_everything() {
            return Formula::always();
        }
        Formula { terms: Vec::from([Vec::from([(source, set)])]), exact: true }
    }

    pub(super) fn of_bool(value: bool) -> Formula {
        if value { Formula::always() } else { Formula::never() }
    }

    pub(super) fn is_always(&self) -> bool {
        self.terms.iter().any(Vec::is_empty)
    }

    /// The terms to look up: none when it always may hold.
    pub(super) fn asked(&self) -> &[Term] {
        if self.is_always() { &[] } else { &self.terms }
    }

    /// What it takes to keep, in ranges: of sixteen bytes each, as a set takes four of and a term two.
    pub(super) fn weight(&self) -> usize {
        let of_term = |term: &Term| 2 + term.iter().map(|(_, set)| 4 + set.len()).sum::<usize>();
        self.terms.iter().map(of_term).sum()
    }

    /// Asks nothing of these sources any more: what is left is a bound.
    pub(super) fn forget(&mut self, sources: &BTreeSet<u16>) {
        for term in &mut self.terms {
            let before = term.len();
            term.retain(|(source, _)| !sources.contains(source));
            self.exact &= term.len() == before;
        }
    }

    pub(super) fn and(mut self, mut other: Formula) -> Formula {
        let exact = self.exact && other.exact;
        match (self.terms.as_mut_slice(), other.terms.as_mut_slice()) {
            ([left], [right]) => {
                let joined = conjunction(core::mem::take(left), core::mem::take(right));
                Formula::of_terms(joined.into_iter().collect(), exact)
            }
            (left, right) if left.len() * right.len() > INDEX_TERMS_MAX => {
                // Either alone is a bound of both; the one with fewer terms costs less.
                let less = if left.len() <= right.len() { self } else { other };
                Formula { exact: false, ..less }
            }
            (left, right) => {
                let mut terms = Vec::new();
                for one in left.iter() {
                    let both = right.iter().map(|other| conjunction(one.clone(), other.clone()));
                    terms.extend(both.flatten());
                }
                Formula::of_terms(terms, exact)
            }
        }
    }

    /// A bound that is empty is exact.
    fn of_terms(terms: Vec<Term>, exact: bool) -> Formula {
        let exact = exact || terms.is_empty();
        Formula { terms, exact }
    }

    pub(super) fn or(mut self, other: Formula) -> Formula {
        let whole = |formula: &Formula| formula.exact && formula.is_always();
        if whole(&self) || whole(&other) {
            return Formula::always();
        }
        let exact = self.exact && other.exact;
        other.terms.into_iter().for_each(|term| add(&mut self.terms, term));
        if self.terms.len() > INDEX_TERMS_MAX {
            return Formula::unknown();
        }
        if self.is_always() {
            return Formula { exact, ..Formula::always() };
        }
        Formula { exact, ..self }
    }
}

/// Both terms at once; none when they contradict one another.
fn conjunction(mut left: Term, right: Term) -> Option<Term> {
    if left.is_empty() {
        return Some(right);
    }
    for (source, set) in right {
        match left.binary_search_by_key(&source, |(source, _)| *source) {
            Ok(at) => {
                let both = left[at].1.intersection(&set);
                if both.is_empty() {
                    return None;
                }
                left[at].1 = both;
            }
            Err(at) => left.insert(at, (source, set)),
        }
    }
    Some(left)
}

/// Adds a term; one that differs in one source only widens the term that is there, so that
/// `x in [...]` and ranges stay one term.
fn add(terms: &mut Vec<Term>, term: Term) {
    for known in terms.iter_mut() {
        if let Some(source) = only_difference(known, &term) {
            let both = known[source].1.union(&term[source].1);
            if both.is_everything() {
                known.remove(source);
            } else {
                known[source].1 = both;
            }
            return;
        }
    }
    terms.push(term);
}

/// The one place at which two terms over the same sources differ; any if they are equal.
fn only_difference(a: &Term, b: &Term) -> Option<usize> {
    if a.is_empty() || a.len() != b.len() || a.iter().zip(b).any(|(a, b)| a.0 != b.0) {
        return None;
    }
    let mut different = a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at);
    let first = different.next().unwrap_or(0);
    if different.next().is_some() { None } else { Some(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above(source: u16, key: i64) -> Formula {
        Formula::of_set(source, Set::above(key))
    }

    #[test]
    fn one_source_stays_one_term() {
        let any = (0..40).map(|v| Formula::of_set(3, Set::range(2 * v, 2 * v)));
        let any = any.reduce(|any, one| any.or(one)).unwrap();
        assert_eq!((any.terms.len(), any.exact), (1, true));
        let all = above(1, 5).and(above(1, 9));
        assert_eq!(all, above(1, 9));
        assert_eq!(above(1, 5).and(Formula::of_set(1, Set::below(2))), Formula::never());
    }

    #[test]
    fn what_is_forgotten_leaves_a_bound() {
        let mut pair = above(0, 1).and(above(1, 1)).or(above(2, 1).and(above(3, 1)));
        pair.forget(&[7].into());
        assert!(pair.exact);
        pair.forget(&[1].into());
        assert_eq!((pair.exact, pair.asked().len()), (false, 2));
        pair.forget(&[0].into());
        assert!(pair.asked().is_empty(), "a term that asks nothing");
    }

    #[test]
    fn what_is_too_long_is_a_bound() {
        let pairs =
            (0..INDEX_TERMS_MAX as u16 + 1).map(|v| above(2 * v, 1).and(above(2 * v + 1, 1)));
        let any = pairs.reduce(|any, pair| any.or(pair)).unwrap();
        assert_eq!(any, Formula::unknown());
        let pair = above(0, 1).or(above(1, 1));
        let wide =
            (1..4).fold(pair.clone(), |all, v| all.and(above(2 * v, 1).or(above(2 * v + 1, 1))));
        assert_eq!((wide.terms.len(), wide.exact), (2, false));
        assert_eq!(Formula::unknown().and(Formula::never()), Formula::never());
        assert_eq!(Formula::unknown().or(Formula::always()), Formula::always());
        assert!(!Formula::unknown().or(pair.clone()).exact);
    }
}
