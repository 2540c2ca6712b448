//! The language that policies are written in is CEL: the conformance suite of its specification,
//! and what it says of our own corners.

#[path = "../src/bin/opportune/conformance.rs"]
mod conformance;

use conformance::{Counts, End, cases};
use opportune::compile::{Constant, Expression};
use proptest::collection::vec;
use proptest::prelude::*;

const CASES: &[u8] = include_bytes!("data/cel-conformance.json");

/// What has been reached: fewer is a step back.
const PASSED_MIN: usize = 1_030;
const DATA_PLANE_MIN: usize = 785;

#[test]
fn conformance() {
    let mut counts = Counts::default();
    for case in cases(CASES).expect("an array of cases") {
        let end = case.run();
        counts.add(&end);
        match end {
            End::Wrong(what) => panic!("{}: {}\n{what}", case.section(), case.text()),
            End::Refused(why) => assert!(!why.is_empty(), "{}: {}", case.section(), case.text()),
            End::Passed { .. } => {}
        }
    }
    assert!(counts.passed >= PASSED_MIN && counts.data_plane >= DATA_PLANE_MIN, "{counts:?}");
}

fn evaluate(text: &str) -> Result<Constant, String> {
    let expression = Expression { text, inputs: &[], container: "", checked: true };
    match expression.evaluate() {
        Ok(evaluated) => evaluated.folded,
        Err(diagnostics) => Err(diagnostics.iter().next().unwrap().message().to_owned()),
    }
}

#[test]
fn refusals_name_the_construct() {
    for (text, construct) in [
        ("optional.of(1)", "optional"),
        ("a.b.Message{c: 1}", "a.b.Message"),
        ("'a'.matches('(')", "regular expression"),
        ("f(1)", "`f`"),
        ("'%d'.format([1.0])", "verb"),
        ("timestamp('2026-01-01T00:00:00Z').getHours('Nowhere')", "zone"),
        ("cel.block([1], cel.index(0))", "cel.block"),
    ] {
        let why = evaluate(text).unwrap_err();
        assert!(why.contains(construct), "{text}: {why}");
    }
}

/// A few brackets can ask for a great deal of work.
#[test]
fn unrolled_bombs_are_refused() {
    let tens = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]";
    let nested = |depth: usize| {
        let open: String = (0..depth).map(|at| format!("{tens}.map(x{at}, ")).collect();
        format!("size({open}0{})", ")".repeat(depth))
    };
    assert_eq!(evaluate(&nested(2)), Ok(Constant::Int(10)));
    assert!(evaluate(&nested(9)).unwrap_err().contains("unrolled"));
    let doubled = |start: &str, depth: usize| {
        let bind = |at: usize| format!("cel.bind(x{at}, x{0} + x{0} + x{0} + x{0}, ", at - 1);
        let binds: String = (1..depth).map(bind).collect();
        format!("cel.bind(x0, {start}, {binds}size(x{}){}", depth - 1, ")".repeat(depth))
    };
    assert_eq!(evaluate(&doubled("'ab'", 3)), Ok(Constant::Int(32)));
    for start in ["'ab'", "b'ab'", "[1, 2]"] {
        assert!(evaluate(&doubled(start, 20)).unwrap_err().contains("unrolled"), "{start}");
    }
    let replaced = format!("size('a'{})", ".replace('a', 'aaaaaaaaaaaaaaaa')".repeat(20));
    assert!(evaluate(&replaced).unwrap_err().contains("length"));
}

/// The deepest trees that the limits allow, on the smallest stack that threads have.
#[test]
fn the_largest_expressions_fit_a_small_stack() {
    let sizes = [23, 100, 159, 250, 511];
    for (open, middle, close) in [
        ("1+", "1", ""),
        ("!", "true", ""),
        ("-", "1", ""),
        ("true?1:", "1", ""),
        ("true||", "true", ""),
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{1:", "1", "}"),
        ("size([", "1", "])"),
        ("[1].map(x, ", "x", ")"),
        ("cel.bind(x, 1, ", "x", ")"),
        ("'a'+", "'a'", ""),
        ("1 in ", "[1]", ""),
    ] {
        for size in sizes {
            let text = format!("{}{middle}{}", open.repeat(size), close.repeat(size));
            let _ = evaluate(&text);
        }
    }
    let selections = format!("{{}}{}", ".a".repeat(500));
    let indices = format!("[]{}", "[0]".repeat(20));
    let calls = format!("'a'{}", ".trim()".repeat(20));
    for text in [selections, indices, calls] {
        let _ = evaluate(&text);
    }
}

/// Expressions out of random choices: each byte picks what stands next.
struct Author<'a> {
    choices: std::slice::Iter<'a, u8>,
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    Bool,
    Int,
    Uint,
    Double,
    Duration,
    Timestamp,
}

const INPUTS: [(&str, Sort); 6] = [
    ("b", Sort::Bool),
    ("i", Sort::Int),
    ("u", Sort::Uint),
    ("d", Sort::Double),
    ("l", Sort::Duration),
    ("t", Sort::Timestamp),
];

impl Author<'_> {
    /// A number below an end; zero when the choices have run out, which ends every expression.
    fn pick(&mut self, end: usize) -> usize {
        self.choices.next().map_or(0, |choice| usize::from(*choice) % end)
    }

    fn one_of(&mut self, texts: &[&str]) -> String {
        texts[self.pick(texts.len())].to_owned()
    }

    fn leaf(&mut self, sort: Sort) -> String {
        let input = INPUTS.iter().find(|(_, known)| *known == sort).map_or("", |(name, _)| name);
        match sort {
            Sort::Bool => self.one_of(&[input, "true", "false"]),
            Sort::Int => self.one_of(&[
                input,
                "0",
                "1",
                "-1",
                "7",
                "64",
                "9223372036854775807",
                "-9223372036854775808",
            ]),
            Sort::Uint => self.one_of(&[input, "0u", "1u", "7u", "18446744073709551615u"]),
            Sort::Double => self.one_of(&[
                input,
                "0.0",
                "-0.0",
                "1.5",
                "-2.5",
                "1e300",
                "9223372036854775807.0",
            ]),
            Sort::Duration => self.one_of(&[
                input,
                "duration('0')",
                "duration('-1.5s')",
                "duration('1h30m')",
                "duration('2562047h')",
            ]),
            Sort::Timestamp => self.one_of(&[
                input,
                "timestamp('1970-01-01T00:00:00Z')",
                "timestamp('1969-12-31T23:59:59.999Z')",
                "timestamp('0001-01-01T00:00:00Z')",
                "timestamp('9999-12-31T23:59:59Z')",
            ]),
        }
    }

    fn write(&mut self, sort: Sort, depth: usize) -> String {
        if depth == 0 || self.pick(4) == 0 {
            return self.leaf(sort);
        }
        if self.pick(8) == 0 {
            let (c, a, b) =
                (self.inner(Sort::Bool, depth), self.inner(sort, depth), self.inner(sort, depth));
            return format!("({c} ? {a} : {b})");
        }
        match sort {
            Sort::Bool => self.truth(depth),
            Sort::Int => self.whole(depth),
            Sort::Uint => match self.pick(4) {
                0 => format!("uint({})", self.inner(Sort::Int, depth)),
                1 => format!("uint({})", self.inner(Sort::Double, depth)),
                _ => self.infix(Sort::Uint, &["+", "-", "*", "/", "%"], depth),
            },
            Sort::Double => match self.pick(4) {
                0 => format!("double({})", self.inner(Sort::Int, depth)),
                1 => {
                    let function =
                        self.one_of(&["ceil", "floor", "round", "trunc", "abs", "sign", "sqrt"]);
                    format!("math.{function}({})", self.inner(Sort::Double, depth))
                }
                _ => self.infix(Sort::Double, &["+", "-", "*", "/"], depth),
            },
            Sort::Duration => match self.pick(3) {
                0 => self.infix(Sort::Timestamp, &["-"], depth),
                1 => format!("(-{})", self.inner(Sort::Duration, depth)),
                _ => self.infix(Sort::Duration, &["+", "-"], depth),
            },
            Sort::Timestamp => {
                let sign = self.one_of(&["+", "-"]);
                let left = self.inner(Sort::Timestamp, depth);
                format!("({left} {sign} {})", self.inner(Sort::Duration, depth))
            }
        }
    }

    fn inner(&mut self, sort: Sort, depth: usize) -> String {
        self.write(sort, depth - 1)
    }

    fn infix(&mut self, sort: Sort, signs: &[&str], depth: usize) -> String {
        let (left, sign) = (self.inner(sort, depth), self.one_of(signs));
        format!("({left} {sign} {})", self.inner(sort, depth))
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.pick(5) {
            0 => format!("(!{})", self.inner(Sort::Bool, depth)),
            1 | 2 => self.infix(Sort::Bool, &["&&", "||"], depth),
            3 => {
                let test = self.one_of(&["isNaN", "isInf", "isFinite"]);
                format!("math.{test}({})", self.inner(Sort::Double, depth))
            }
            _ => {
                let sort = INPUTS[self.pick(INPUTS.len())].1;
                self.infix(sort, &["==", "!=", "<", "<=", ">", ">="], depth)
            }
        }
    }

    fn whole(&mut self, depth: usize) -> String {
        match self.pick(8) {
            0 => format!("int({})", self.inner(Sort::Double, depth)),
            1 => format!("int({})", self.inner(Sort::Uint, depth)),
            2 => format!("int({})", self.inner(Sort::Timestamp, depth)),
            3 => {
                let part = self.one_of(&["getHours", "getDayOfYear", "getDate", "getDayOfWeek"]);
                let zone = self.one_of(&["", "'-02:30'", "'UTC'"]);
                format!("{}.{part}({zone})", self.inner(Sort::Timestamp, depth))
            }
            4 => format!("{}.getMilliseconds()", self.inner(Sort::Duration, depth)),
            5 => {
                let function =
                    self.one_of(&["greatest", "least", "bitAnd", "bitOr", "bitShiftLeft"]);
                let left = self.inner(Sort::Int, depth);
                format!("math.{function}({left}, {})", self.inner(Sort::Int, depth))
            }
            _ => self.infix(Sort::Int, &["+", "-", "*", "/", "%"], depth),
        }
    }
}

fn same(left: &Constant, right: &Constant) -> bool {
    match (left, right) {
        (Constant::Double(left), Constant::Double(right)) => {
            left == right || (left.is_nan() && right.is_nan())
        }
        _ => left == right,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// What is known early and what is known late mean the same: an expression that is folded
    /// with its inputs has the value that its operations have when they read them.
    #[test]
    fn folding_is_evaluation(
        choices in vec(any::<u8>(), 1..80),
        (b, i, u) in (any::<bool>(), any::<i64>(), any::<u64>()),
        d in any::<f64>(),
        (l, t) in (-9_000_000_000_000i128..9_000_000_000_000, -62_000_000_000_000i128..253_000_000_000_000),
    ) {
        let values = [
            Constant::Bool(b),
            Constant::Int(i),
            Constant::Uint(u),
            Constant::Double(d),
            Constant::Duration(l * 1_000_000),
            Constant::Timestamp(t * 1_000_000),
        ];
        let names = INPUTS.map(|(name, _)| name.to_owned());
        let inputs: Vec<(String, Constant)> = names.into_iter().zip(values).collect();
        let mut author = Author { choices: choices.iter() };
        let sort = INPUTS[author.pick(INPUTS.len())].1;
        let text = author.write(sort, 5);
        let expression = Expression { text: &text, inputs: &inputs, container: "", checked: true };
        let evaluated = match expression.evaluate() {
            Ok(evaluated) => evaluated,
            Err(diagnostics) => panic!("{text}\n{diagnostics}"),
        };
        match (&evaluated.folded, &evaluated.run) {
            (_, None) => {}
            (Ok(folded), Some(Some(run))) => prop_assert!(same(folded, run), "{text}: {evaluated:?}"),
            (folded, Some(run)) => {
                prop_assert_eq!(folded.is_err(), run.is_none(), "{}: {:?}", text, evaluated);
            }
        }
    }
}
