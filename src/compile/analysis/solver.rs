//! Whether rules can come out as wished, for some profile, event and time.
//!
//! A search over goals: each goal is a formula and what it should come to. Goals are taken apart
//! until they speak of single values, whose facts either stay possible or not; where a goal can
//! be met in several ways, each is tried. What is not understood counts as possible, and so does
//! what takes too long: "no" is a proof, "yes" is not.

use std::vec;
use std::vec::Vec;

use super::domains::Domains;
use super::facts::{Facts, Interval};
use super::formula::{Formula, Tree};
use crate::expr::Op;

/// Goals that one question may look at.
const GOALS_MAX: usize = 10_000;
/// Choices on one path of the search, which is also how deep it recurses.
const CHOICES_MAX: usize = 256;

/// What a formula should come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Missing,
    /// Anything but missing.
    Known,
    /// False or missing: a rule that does not hold.
    NotTrue,
}

pub(super) type Goal = (Tree, Truth);

/// What has been settled so far.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pub(super) goals: Vec<Goal>,
    /// Of variables and of what is computed from them.
    pub(super) facts: Vec<(Tree, Facts)>,
    /// Comparisons that are true or false, by themselves.
    pub(super) atoms: Vec<(Tree, bool)>,
}

/// What became of a goal.
pub(super) enum Step {
    /// It is met, or replaced by goals that have been added.
    Done,
    /// It cannot be met.
    Impossible,
    /// It is met if all goals of one of these are.
    OneOf(Vec<Vec<Goal>>),
}

/// Whether all goals can be met at once.
pub(super) fn possible(domains: &Domains, goals: &[Goal]) -> bool {
    let mut left = GOALS_MAX;
    // The last goal is looked at first.
    let goals = goals.iter().rev().cloned().collect();
    search(domains, State { goals, ..State::default() }, CHOICES_MAX, &mut left)
}

fn search(domains: &Domains, mut state: State, choices: usize, left: &mut usize) -> bool {
    while let Some((tree, truth)) = state.goals.pop() {
        if *left == 0 || choices == 0 {
            return true;
        }
        *left -= 1;
        match state.meet(domains, &tree, truth) {
            Step::Done => {}
            Step::Impossible => return false,
            Step::OneOf(ways) => {
                return ways.into_iter().any(|way| {
                    let mut state = state.clone();
                    state.goals.extend(way);
                    search(domains, state, choices - 1, left)
                });
            }
        }
    }
    true
}

pub(super) fn settled(possible: bool) -> Step {
    if possible { Step::Done } else { Step::Impossible }
}

impl State {
    fn meet(&mut self, domains: &Domains, tree: &Tree, truth: Truth) -> Step {
        use Truth::*;
        let goal = |tree: &Tree, truth| (tree.clone(), truth);
        if truth == NotTrue {
            return Step::OneOf(vec![vec![goal(tree, False)], vec![goal(tree, Missing)]]);
        }
        match &**tree {
            Formula::Constant(bits) => settled(match truth {
                True => *bits != 0,
                False => *bits == 0,
                _ => truth == Known,
            }),
            Formula::Missing => settled(truth == Missing),
            Formula::Variable(_) => self.variable(domains, tree, truth),
            Formula::Not(inner) => {
                let turned = match truth {
                    True => False,
                    False => True,
                    same => same,
                };
                self.goals.push(goal(inner, turned));
                Step::Done
            }
            Formula::And(a, b) => self.both(a, b, truth, True),
            Formula::Or(a, b) => self.both(a, b, truth, False),
            Formula::Has(inner) => {
                match truth {
                    True => self.goals.push(goal(inner, Known)),
                    False => self.goals.push(goal(inner, Missing)),
                    _ => return settled(truth == Known),
                }
                Step::Done
            }
            Formula::Select(condition, then, otherwise) => {
                let mut ways = vec![
                    vec![goal(condition, True), goal(then, truth)],
                    vec![goal(condition, False), goal(otherwise, truth)],
                ];
                if truth == Missing {
                    ways.push(vec![goal(condition, Missing)]);
                }
                Step::OneOf(ways)
            }
            Formula::OrElse(value, fallback) => {
                let instead = vec![goal(value, Missing), goal(fallback, truth)];
                if truth == Missing {
                    self.goals.extend(instead);
                    return Step::Done;
                }
                Step::OneOf(vec![vec![goal(value, truth)], instead])
            }
            Formula::Less(scale, a, b) | Formula::Equal(scale, a, b) => match truth {
                Missing => Step::OneOf(vec![vec![goal(a, Missing)], vec![goal(b, Missing)]]),
                Known => {
                    self.goals.extend([goal(a, Known), goal(b, Known)]);
                    Step::Done
                }
                _ => self.compare(domains, tree, (*scale, a, b), truth == True),
            },
            Formula::Apply(op, operands) => self.applied(*op, operands, truth),
            Formula::Opaque(_) => match truth {
                True | False => settled(self.settle_atom(tree, truth == True)),
                _ => Step::Done,
            },
        }
    }

    /// `&&`, whose whole is true when both sides are; `||` is the same for false.
    fn both(&mut self, a: &Tree, b: &Tree, truth: Truth, whole: Truth) -> Step {
        use Truth::*;
        let side = |a_truth, b_truth| vec![(a.clone(), a_truth), (b.clone(), b_truth)];
        let single = if whole == True { False } else { True };
        match truth {
            Missing => Step::OneOf(vec![
                side(Missing, Missing),
                side(Missing, whole),
                side(whole, Missing),
            ]),
            Known => Step::OneOf(vec![
                side(whole, whole),
                vec![(a.clone(), single)],
                vec![(b.clone(), single)],
            ]),
            truth if truth == whole => {
                self.goals.extend(side(whole, whole));
                Step::Done
            }
            _ => Step::OneOf(vec![vec![(a.clone(), single)], vec![(b.clone(), single)]]),
        }
    }

    fn applied(&mut self, op: Op, operands: &[Tree], truth: Truth) -> Step {
        let total = matches!(
            op,
            Op::IntToDouble | Op::MoneyToDouble | Op::NegateDouble | Op::Local(_) | Op::Utc(_)
        );
        match truth {
            Truth::Missing if total => Step::OneOf(
                operands.iter().map(|operand| vec![(operand.clone(), Truth::Missing)]).collect(),
            ),
            // It may overflow, or divide by zero.
            Truth::Missing => Step::Done,
            _ => {
                self.goals.extend(operands.iter().map(|operand| (operand.clone(), Truth::Known)));
                Step::Done
            }
        }
    }

    pub(super) fn facts(&mut self, domains: &Domains, tree: &Tree) -> &mut Facts {
        let position = self.facts.iter().position(|(known, _)| known == tree);
        let position = position.unwrap_or_else(|| {
            let facts = match **tree {
                Formula::Variable(variable) => domains.of(variable),
                _ => Facts::new(Interval::ALL, true),
            };
            self.facts.push((tree.clone(), facts));
            self.facts.len() - 1
        });
        &mut self.facts[position].1
    }

    fn variable(&mut self, domains: &Domains, tree: &Tree, truth: Truth) -> Step {
        let facts = self.facts(domains, tree);
        match truth {
            Truth::Missing => facts.be_missing(),
            _ => facts.be_known(),
        }
        match truth {
            Truth::True => facts.be_within(Interval::only(1)),
            Truth::False => facts.be_within(Interval::only(0)),
            _ => {}
        }
        settled(facts.possible())
    }
}
