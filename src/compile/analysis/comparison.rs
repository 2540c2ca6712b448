//! Comparisons: what they say of both their sides.

use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use super::domains::{Domains, span};
use super::facts::Interval;
use super::formula::{Formula, Scale, Tree, Variable};
use super::solver::{Goal, State, Step, Truth, settled};

impl State {
    /// A comparison that should be true or false; then both its sides are known.
    pub(super) fn compare(
        &mut self,
        domains: &Domains,
        tree: &Tree,
        (scale, a, b): (Scale, &Tree, &Tree),
        truth: bool,
    ) -> Step {
        let wanted = if truth { Truth::True } else { Truth::False };
        if let Some(ways) = alternatives(tree, scale, a, b, wanted) {
            return Step::OneOf(ways);
        }
        self.goals.extend([(a.clone(), Truth::Known), (b.clone(), Truth::Known)]);
        let is_less = matches!(**tree, Formula::Less(..));
        if a == b {
            return settled(truth != is_less);
        }
        let (of_a, of_b) = (self.span(domains, a, scale), self.span(domains, b, scale));
        let (of_a, of_b) = match (is_less, truth) {
            (true, true) => match (of_b.high.checked_sub(1), of_a.low.checked_add(1)) {
                (Some(high), Some(low)) => {
                    (Interval::new(i64::MIN, high), Interval::new(low, i64::MAX))
                }
                _ => return Step::Impossible,
            },
            (true, false) => {
                (Interval::new(of_b.low, i64::MAX), Interval::new(i64::MIN, of_a.high))
            }
            (false, true) => (of_b, of_a),
            (false, false) => {
                if of_a.single().is_some() && of_a == of_b {
                    return Step::Impossible;
                }
                let mut apart = self.be_other_than(domains, a, of_b.single());
                apart &= self.be_other_than(domains, b, of_a.single());
                return settled(apart && self.settle(tree, scale, a, b, truth));
            }
        };
        let fits =
            self.be_within(domains, a, scale, of_a) && self.be_within(domains, b, scale, of_b);
        settled(fits && self.settle(tree, scale, a, b, truth))
    }

    fn span(&self, domains: &Domains, tree: &Tree, scale: Scale) -> Interval {
        let of = |variable: Variable| {
            let is = |tree: &Tree| **tree == Formula::Variable(variable);
            let known = self.facts.iter().find(|(known, _)| is(known));
            Some(known.map_or_else(|| domains.of(variable).interval, |(_, facts)| facts.interval))
        };
        let computed = span(tree, scale, &of);
        match self.facts.iter().find(|(known, _)| known == tree) {
            Some((_, facts)) => computed.meet(facts.interval),
            None => computed,
        }
    }

    fn be_within(&mut self, domains: &Domains, tree: &Tree, scale: Scale, to: Interval) -> bool {
        let own = self.span(domains, tree, scale).meet(to);
        if is_constant(tree) {
            return own.low <= own.high;
        }
        let facts = self.facts(domains, tree);
        facts.be_known();
        facts.be_within(own);
        facts.possible()
    }

    fn be_other_than(&mut self, domains: &Domains, tree: &Tree, value: Option<i64>) -> bool {
        let Some(value) = value.filter(|_| !is_constant(tree)) else { return true };
        let facts = self.facts(domains, tree);
        facts.be_known();
        facts.be_other_than(value);
        facts.possible()
    }

    /// Notes a comparison of two values, with what it says of the others between them.
    fn settle(&mut self, tree: &Tree, scale: Scale, a: &Tree, b: &Tree, truth: bool) -> bool {
        if is_constant(a) || is_constant(b) {
            return true;
        }
        let less = |a: &Tree, b: &Tree| Rc::new(Formula::Less(scale, a.clone(), b.clone()));
        let equal = |a: &Tree, b: &Tree| Rc::new(Formula::Equal(scale, a.clone(), b.clone()));
        let excluded = match (&**tree, truth) {
            (Formula::Less(..), true) => vec![less(b, a), equal(a, b), equal(b, a)],
            (Formula::Equal(..), true) => vec![less(a, b), less(b, a)],
            _ => Vec::new(),
        };
        let turned = match **tree {
            Formula::Equal(..) => self.settle_atom(&equal(b, a), truth),
            _ => true,
        };
        turned
            && self.settle_atom(tree, truth)
            && excluded.iter().all(|other| self.settle_atom(other, false))
    }

    pub(super) fn settle_atom(&mut self, tree: &Tree, truth: bool) -> bool {
        match self.atoms.iter().find(|(known, _)| known == tree) {
            Some((_, known)) => *known == truth,
            None => {
                self.atoms.push((tree.clone(), truth));
                true
            }
        }
    }
}

fn is_constant(tree: &Tree) -> bool {
    matches!(**tree, Formula::Constant(_))
}

/// A comparison whose side is one of two values, as one comparison for each.
fn alternatives(
    tree: &Tree,
    scale: Scale,
    a: &Tree,
    b: &Tree,
    truth: Truth,
) -> Option<Vec<Vec<Goal>>> {
    let is_less = matches!(**tree, Formula::Less(..));
    let with = |a: &Tree, b: &Tree| -> Tree {
        let (a, b) = (a.clone(), b.clone());
        Rc::new(if is_less { Formula::Less(scale, a, b) } else { Formula::Equal(scale, a, b) })
    };
    let ways = |side: &Tree, put: &dyn Fn(&Tree) -> Tree| match &**side {
        Formula::OrElse(value, fallback) => Some(vec![
            vec![(value.clone(), Truth::Known), (put(value), truth)],
            vec![(value.clone(), Truth::Missing), (put(fallback), truth)],
        ]),
        Formula::Select(condition, then, otherwise) => Some(vec![
            vec![(condition.clone(), Truth::True), (put(then), truth)],
            vec![(condition.clone(), Truth::False), (put(otherwise), truth)],
        ]),
        _ => None,
    };
    ways(a, &|a| with(a, b)).or_else(|| ways(b, &|b| with(a, b)))
}
