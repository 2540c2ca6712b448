//! What a program says, as a tree that can be reasoned about.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::vec::Vec;

use crate::expr::{Op, Program, Type};
use crate::policy::{FeatureKind, Policy};

/// Something whose value is not known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Variable {
    /// The feature at this position.
    Feature(u16),
    /// The field at this position of the triggering event.
    Field(u16),
    Now,
    EventTime,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Everything that is an integer underneath, members and text included.
    Int,
    Double,
}

/// A formula. `a <= b` is `!(b < a)`: both are missing when a side is.
#[derive(Debug, PartialEq)]
pub(super) enum Formula {
    Constant(u64),
    /// What can only fail.
    Missing,
    Variable(Variable),
    Not(Tree),
    And(Tree, Tree),
    Or(Tree, Tree),
    /// Condition, then, otherwise.
    Select(Tree, Tree, Tree),
    Has(Tree),
    /// Value, fallback.
    OrElse(Tree, Tree),
    Less(Scale, Tree, Tree),
    Equal(Scale, Tree, Tree),
    /// Arithmetic and conversions: missing when an operand is.
    Apply(Op, Vec<Tree>),
    /// A program with operations that are not understood here: anything.
    Opaque(u32),
}

pub(super) type Tree = Rc<Formula>;

impl Formula {
    /// Adds the variables that it has; none that an opaque program reads.
    pub(super) fn collect_variables(&self, found: &mut BTreeSet<Variable>) {
        match self {
            Formula::Constant(_) | Formula::Missing | Formula::Opaque(_) => {}
            Formula::Variable(variable) => {
                found.insert(*variable);
            }
            Formula::Not(a) | Formula::Has(a) => a.collect_variables(found),
            Formula::And(a, b)
            | Formula::Or(a, b)
            | Formula::OrElse(a, b)
            | Formula::Less(_, a, b)
            | Formula::Equal(_, a, b) => {
                [a, b].into_iter().for_each(|side| side.collect_variables(found));
            }
            Formula::Select(a, b, c) => {
                [a, b, c].into_iter().for_each(|part| part.collect_variables(found));
            }
            Formula::Apply(_, operands) => {
                operands.iter().for_each(|operand| operand.collect_variables(found));
            }
        }
    }
}

/// Operations of derived booleans that one formula takes in; beyond, they stay variables.
const EXPANDED_OPS_MAX: usize = 256;

/// Reads the programs of a policy, each once. Derived booleans are replaced by what they say, so
/// that a rule over one meets the rules over what it is derived from.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    policy: &'a Policy,
    read: RefCell<HashMap<u32, (Tree, usize)>>,
}

impl Reader<'_> {
    pub(super) fn new(policy: &Policy) -> Reader<'_> {
        Reader { policy, read: RefCell::default() }
    }

    pub(super) fn formula(&self, program: Program) -> Tree {
        self.sized(program).0
    }

    /// A formula, and the operations in it.
    fn sized(&self, program: Program) -> (Tree, usize) {
        if let Some(known) = self.read.borrow().get(&program.start) {
            return known.clone();
        }
        let code = self.policy.code(program);
        let mut size = code.len();
        let mut stack: Vec<Tree> = Vec::new();
        let known = code.iter().all(|op| self.step(code, *op, &mut stack, &mut size).is_some());
        let tree = stack.pop().filter(|_| known && stack.is_empty());
        let tree = tree.unwrap_or_else(|| Rc::new(Formula::Opaque(program.start)));
        self.read.borrow_mut().insert(program.start, (tree.clone(), size));
        (tree, size)
    }

    /// Takes an operation's operands and pushes its formula; `None` for one not known here.
    fn step(&self, code: &[Op], op: Op, stack: &mut Vec<Tree>, size: &mut usize) -> Option<()> {
        use Formula::{Apply, Constant, Has, Missing, Not, Select, Variable};
        let ends_in = |target: u16, join: Op| {
            usize::from(target).checked_sub(1).and_then(|at| code.get(at)) == Some(&join)
        };
        let formula = match op {
            // Jumps to the end of what they skip only save time.
            Op::JumpIfFalse(target) => return ends_in(target, Op::And).then_some(()),
            Op::JumpIfTrue(target) => return ends_in(target, Op::Or).then_some(()),
            Op::Feature(position) => {
                stack.push(self.feature(position, size)?);
                return Some(());
            }
            Op::Constant(bits) => Constant(bits),
            Op::Missing => Missing,
            Op::Field(position) => Variable(self::Variable::Field(position)),
            Op::Now => Variable(self::Variable::Now),
            Op::EventTime => Variable(self::Variable::EventTime),
            Op::Not => Not(stack.pop()?),
            Op::Has => Has(stack.pop()?),
            Op::NegateInt
            | Op::NegateDouble
            | Op::IntToDouble
            | Op::DoubleToInt
            | Op::MoneyToDouble
            | Op::DoubleToMoney
            | Op::DoubleToUint
            | Op::UintToDouble
            | Op::SwitchSign
            | Op::Number
            | Op::TimestampInRange
            | Op::DurationInRange
            | Op::Unary(_)
            | Op::Utc(_)
            | Op::Local(_) => Apply(op, Vec::from([stack.pop()?])),
            Op::Select => {
                let (otherwise, then) = (stack.pop()?, stack.pop()?);
                Select(stack.pop()?, then, otherwise)
            }
            _ => {
                let right = stack.pop()?;
                binary(op, stack.pop()?, right)?
            }
        };
        stack.push(Rc::new(formula));
        Some(())
    }

    fn feature(&self, position: u16, size: &mut usize) -> Option<Tree> {
        let feature = self.policy.tables.features.get(usize::from(position))?;
        if let FeatureKind::Derived(program) = feature.kind
            && feature.ty == Type::Bool
        {
            // The compiler has bounded how deep derived features read one another.
            let (tree, more) = self.sized(program);
            if *size + more <= EXPANDED_OPS_MAX {
                *size += more;
                return Some(tree);
            }
        }
        Some(Rc::new(Formula::Variable(Variable::Feature(position))))
    }
}

fn binary(op: Op, left: Tree, right: Tree) -> Option<Formula> {
    use Formula::{And, Apply, Equal, Less, Not, Or, OrElse};
    let not_less =
        |scale, left: &Tree, right: &Tree| Not(Tree::new(Less(scale, right.clone(), left.clone())));
    // With something that is not a number, a comparison and its opposite may both be false.
    let numbers = is_number(&left) && is_number(&right);
    Some(match op {
        Op::And => And(left, right),
        Op::Or => Or(left, right),
        Op::OrElse => OrElse(left, right),
        Op::EqualBits => Equal(Scale::Int, left, right),
        Op::LessInt => Less(Scale::Int, left, right),
        Op::LessOrEqualInt => not_less(Scale::Int, &left, &right),
        Op::EqualDouble if numbers => Equal(Scale::Double, left, right),
        Op::LessDouble if numbers => Less(Scale::Double, left, right),
        Op::LessOrEqualDouble if numbers => not_less(Scale::Double, &left, &right),
        Op::EqualDouble
        | Op::LessDouble
        | Op::LessOrEqualDouble
        | Op::LessUint
        | Op::LessOrEqualUint
        | Op::AddInt
        | Op::SubtractInt
        | Op::MultiplyInt
        | Op::DivideInt
        | Op::RemainderInt
        | Op::AddUint
        | Op::SubtractUint
        | Op::MultiplyUint
        | Op::DivideUint
        | Op::RemainderUint
        | Op::AddDouble
        | Op::SubtractDouble
        | Op::MultiplyDouble
        | Op::DivideDouble
        | Op::Binary(_) => Apply(op, Vec::from([left, right])),
        _ => return None,
    })
}

/// Whether a float can be missing, but never NaN: what is read and converted cannot.
fn is_number(tree: &Tree) -> bool {
    match &**tree {
        Formula::Constant(bits) => !f64::from_bits(*bits).is_nan(),
        Formula::Variable(_) | Formula::Missing => true,
        Formula::Select(_, a, b) | Formula::OrElse(a, b) => is_number(a) && is_number(b),
        Formula::Apply(Op::NegateDouble, operands) => operands.iter().all(is_number),
        Formula::Apply(op, _) => {
            matches!(op, Op::IntToDouble | Op::UintToDouble | Op::MoneyToDouble | Op::Number)
        }
        _ => false,
    }
}
