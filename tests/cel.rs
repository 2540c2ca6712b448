//! The language that policies are written in is CEL: the conformance suite of its specification,
//! and what it says of our own corners.

#[path = "../src/bin/opportune/conformance.rs"]
mod conformance;

use conformance::{Counts, End, cases};
use opportune::compile::{Constant, Expression};

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
