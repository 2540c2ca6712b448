//! Expressions from text to value: every operator on every type that has it, and what missing
//! does to it.

use std::format;
use std::string::String;
use std::vec::Vec;

use super::Build;
use super::diagnostic::{Code, File, Report};
use super::ids::Ids;
use super::scope::View;
use super::section::Section;
use super::toml_text;
use crate::base::civil::{DAY_MS, HOUR_MS, LocalTime};
use crate::base::hash::hash_bytes;
use crate::expr::{Cell, Environment, Type, evaluate};

/// Two attributes of each type: one that is set and one that is not.
const SCHEMA: &str = r#"
policy = { name = "p", version = 1, currency = "USD", zones = ["UTC"] }
[attributes]
t = { type = "bool" }
i = { type = "int" }
d = { type = "double" }
m = { type = "money" }
at = { type = "timestamp" }
len = { type = "duration" }
s = { type = "text" }
e = { type = "enum", values = ["red", "green"] }
e2 = { type = "enum", values = ["red", "green"] }
no_t = { type = "bool" }
no_i = { type = "int" }
no_d = { type = "double" }
no_m = { type = "money" }
[events.call]
minutes = "double"
charge = "money"
[events.text]
charge = "money"
[expressions]
"#;

const AT: i64 = 20_515 * DAY_MS + 150 * 60_000;

struct Subscriber;

impl Environment for Subscriber {
    fn feature(&mut self, index: u16) -> Cell {
        match index {
            0 => Cell::TRUE,
            1 => Cell::int(7),
            2 => Cell::double(2.5),
            3 => Cell::int(3_500_000),
            4 => Cell::int(AT),
            5 => Cell::int(HOUR_MS),
            6 => Cell::from_bits(hash_bytes(0, b"apn")),
            7 => Cell::from_bits(1),
            8 => Cell::from_bits(3),
            _ => Cell::MISSING,
        }
    }
    fn field(&self, position: u16) -> Cell {
        if position == 0 { Cell::double(12.0) } else { Cell::int(400_000) }
    }
    fn event_time(&self) -> Cell {
        Cell::int(AT - HOUR_MS)
    }
    fn now_ms(&self) -> i64 {
        AT
    }
    fn local(&self, utc_ms: i64) -> LocalTime {
        LocalTime::new(utc_ms, -5 * 3_600)
    }
}

/// The type and value of an expression, or its first mistake: code and column in the expression.
fn run(expression: &str) -> Result<(Type, Cell), (Code, isize)> {
    let text = format!("{SCHEMA}x = '''{expression}'''\n");
    let report = Report::new(File::new("p", &text));
    let table = toml_text::read(&text, &report, 0).unwrap();
    let root = Section::root(&report, &table);
    let mut build = Build::new(&report, Ids::parse("", &report));
    let header = build.header(&root);
    build.schema(&root, &header);
    assert!(report.is_empty());
    let item = root.get("expressions").unwrap().open_section().unwrap().get("x").unwrap();
    let view = View::of_events(&build.scope, &[0], true);
    let program = build.typed_program(&item, None, &view);
    match program {
        Some((program, ty)) => {
            assert!(report.is_empty());
            let ops = program.of(&build.tables.code);
            Ok((ty.plain(), evaluate(ops, &mut Subscriber)))
        }
        None => {
            let all = Report::join([report]);
            let first = all.iter().next().unwrap();
            Err((first.code(), first.column() as isize - 7))
        }
    }
}

fn check(ty: Type, cases: &[(&str, Cell)]) {
    for (expression, value) in cases {
        assert_eq!(run(expression), Ok((ty, *value)), "{expression}");
    }
}

const T: Cell = Cell::TRUE;
const F: Cell = Cell::FALSE;
const U: Cell = Cell::MISSING;

#[test]
fn three_valued_logic() {
    check(
        Type::Bool,
        &[
            ("t && !t", F),
            ("t || no_t", T),
            ("no_t || t", T),
            ("no_t && !t", F),
            ("no_t && t", U),
            ("!no_t", U),
            ("t && t && t && no_i > 1", U),
            ("false || false || i == 7 || no_t", T),
            ("has(no_t) || known(t)", T),
            ("has(no_t)", F),
            ("known(no_i + 1)", F),
            ("default(no_t, true)", T),
            ("t ? false : true", F),
            ("no_t ? true : true", U),
            ("i in [1, 7]", T),
            ("i in [1, 2]", F),
            ("no_i in [1]", U),
            ("i in []", F),
            ("true", T),
        ],
    );
}

#[test]
fn comparisons() {
    check(
        Type::Bool,
        &[
            ("i == 7 && i != 8 && i > 6 && i >= 7 && i < 8 && i <= 7", T),
            ("i > 7 || i < 7 || i >= 8 || i <= 6 || i != 7", F),
            ("d == 2.5 && d > 2.0 && d <= 2.5", T),
            // A literal beside money is money, whole or not, on either side.
            ("m > 3 && m < 3.6 && 3.5 == m && 4 >= m", T),
            ("m == 3.500001", F),
            ("m > (t ? 3.0 : 4.5)", T),
            ("at > timestamp('2026-01-01T00:00:00Z')", T),
            ("len == duration('60m') && len < duration('24h')", T),
            ("e == 'red' && e != 'green' && e in ['green', 'red']", T),
            ("'red' == e", T),
            ("s == 'apn' && s != 'other'", T),
            ("no_m > 1", U),
            ("d / 0.0 > 1.0", T),
            ("no_d == no_d", U),
            ("event.minutes > 10.0 && event.charge < 1", T),
            ("at == now && event.time < now", T),
        ],
    );
}

#[test]
fn arithmetic() {
    check(
        Type::Int,
        &[
            ("i + 1 - 2 * 3", Cell::int(2)),
            ("-i / 2", Cell::int(-3)),
            ("i % 4", Cell::int(3)),
            ("i / 0", U),
            ("int(d)", Cell::int(2)),
            ("int(-2.9)", Cell::int(-2)),
            ("default(no_i, i)", Cell::int(7)),
        ],
    );
    check(
        Type::Double,
        &[
            ("d * 2.0 + 1.0 - 0.5", Cell::double(5.5)),
            ("-d", Cell::double(-2.5)),
            ("double(i) / 2.0", Cell::double(3.5)),
            ("double(m)", Cell::double(3.5)),
            ("m / m", Cell::double(1.0)),
            ("no_m / m", U),
            ("default(1 / 0, 3) > 2 ? 1.0 : 2.0", Cell::double(1.0)),
            ("-0.0", Cell::double(0.0)),
        ],
    );
}

#[test]
fn money_keeps_its_unit() {
    check(
        Type::Money,
        &[
            ("m + 1", Cell::int(4_500_000)),
            ("0.000001 + m", Cell::int(3_500_001)),
            ("m - m", Cell::int(0)),
            ("m * 2", Cell::int(7_000_000)),
            ("2 * m", Cell::int(7_000_000)),
            ("m * 0.1", Cell::int(350_000)),
            ("0.1 * m", Cell::int(350_000)),
            ("m / 2", Cell::int(1_750_000)),
            ("m / 2.0", Cell::int(1_750_000)),
            ("-m", Cell::int(-3_500_000)),
            ("money(d)", Cell::int(2_500_000)),
            ("money(i)", Cell::int(7_000_000)),
            ("money(1.10)", Cell::int(1_100_000)),
            ("default(no_m, 2)", Cell::int(2_000_000)),
            ("no_m + 1", U),
        ],
    );
}

#[test]
fn time() {
    check(
        Type::Int,
        &[
            // 2026-03-03T02:30Z is the evening of Monday the 2nd where the subscriber lives.
            ("at.getHours()", Cell::int(21)),
            ("now.getMinutes()", Cell::int(30)),
            ("at.getDayOfWeek()", Cell::int(1)),
            ("at.getDayOfMonth()", Cell::int(1)),
            ("at.getMonth()", Cell::int(2)),
            ("at.getFullYear()", Cell::int(2026)),
        ],
    );
    let hours = |hours: i64| Cell::int(hours * HOUR_MS);
    check(
        Type::Duration,
        &[
            ("now - event.time", hours(1)),
            ("len + duration('1h')", hours(2)),
            ("len - duration('2h')", hours(-1)),
            ("-len", hours(-1)),
        ],
    );
    check(
        Type::Timestamp,
        &[("at + len - len", Cell::int(AT)), ("len + at - duration('1h')", Cell::int(AT))],
    );
}

/// What exists at compile time only folds away around what is read.
#[test]
fn lists_text_and_macros() {
    check(
        Type::Bool,
        &[
            ("[1, 7].exists(x, x == i)", T),
            ("[1, 7].all(x, x <= i && no_i < x)", U),
            ("['red', 'blue'.replace('blue', 'green')].exists(c, e == c)", T),
            ("e == 'r' + 'ed'", T),
            ("i in [1, 2].map(x, x + 5)", T),
            ("i in {7: 'a'} && !(i in {1: 'a'})", T),
            ("[i, 9].exists_one(x, x > 8)", T),
            ("[i, 7] == [7, i]", T),
            ("size('é' + 'a') == 2 && 'abc'.startsWith('ab')", T),
            ("'a' < 'b' ? t : no_t", T),
            ("m > double('3.25') && m < '4'.size() * 4", T),
            ("d / 0.0 - d / 0.0 == 0.0", F),
            ("math.isNaN(d / 0.0 - d / 0.0)", T),
            ("1 / 0 > 1 || t", T),
            ("timestamp(0) < at && at.getHours('UTC') == 2 && at.getHours('-05:00') == 21", T),
            ("duration('1.5s').getMilliseconds() == 500", T),
            ("now - at < duration('1ms') && len == duration('3600s')", T),
        ],
    );
    check(
        Type::Int,
        &[
            ("math.greatest(i, 3) + math.least(i, 3)", Cell::int(10)),
            ("math.bitAnd(i, 5)", Cell::int(5)),
            ("cel.bind(x, i + 1, x * x)", Cell::int(64)),
            ("int(uint(i) * 2u)", Cell::int(14)),
            ("int(uint(-i))", U),
            ("{'a': i}.a + [i][0]", Cell::int(14)),
            ("len.getMinutes()", Cell::int(60)),
            ("int(at) % 60", Cell::int(0)),
        ],
    );
    check(Type::Double, &[("d / 0.0 - d / 0.0", U), ("math.ceil(d)", Cell::double(3.0))]);
}

#[test]
fn mistakes_have_places() {
    for (expression, code, column) in [
        ("i + d", Code::Type, 3),
        ("m > d", Code::Type, 3),
        ("m + i", Code::Type, 3),
        ("i + 2.0", Code::Type, 3),
        ("t + t", Code::Type, 3),
        ("!i", Code::Type, 2),
        ("-t", Code::Type, 2),
        ("t && i", Code::Type, 6),
        ("t ? 1 : 2.0", Code::Type, 3),
        ("e == e2", Code::Type, 3),
        ("e > 'red'", Code::Type, 3),
        ("e == 'blue'", Code::UnknownMember, 6),
        ("e in ['red', 'blue']", Code::UnknownMember, 14),
        ("m > 0.0000001", Code::Type, 5),
        ("i == 'é' || nope > 1", Code::Type, 3),
        ("t || nope > 1", Code::UnknownName, 6),
        ("minutes > 1.0", Code::UnknownName, 1),
        ("t && event.hours > 1.0", Code::UnknownField, 6),
        ("event", Code::Type, 1),
        ("t.x", Code::Unsupported, 1),
        ("size(s)", Code::Unsupported, 1),
        ("s + 'x' == 'yx'", Code::Unsupported, 3),
        ("size('x') == 1u", Code::Type, 11),
        ("duration('1d') < len", Code::Type, 10),
        ("[1, 2].map(x, x + i)[i] == 3", Code::Unsupported, 22),
        ("at == timestamp('2026-01-01T00:00:00.0001Z')", Code::Unsupported, 17),
        ("s.contains('x')", Code::Unsupported, 3),
        ("[1, 2]", Code::Unsupported, 1),
        ("{'a': 1}", Code::Unsupported, 1),
        ("1u", Code::Unsupported, 1),
        ("i == 1u", Code::Type, 3),
        ("i == null", Code::Type, 3),
        ("[i].filter(x, x > 1) == [7]", Code::Unsupported, 17),
        ("i in i", Code::Type, 6),
        ("has(t, t)", Code::Unsupported, 1),
        ("duration(s)", Code::Type, 10),
        ("duration('soon')", Code::Type, 10),
        ("int(t)", Code::Type, 5),
        ("i.getHours()", Code::Type, 1),
        ("9223372036854775807 + 1", Code::OnlyFails, 21),
        ("0.0 / 0.0", Code::OnlyFails, 5),
        ("1 / 0 > 2", Code::OnlyFails, 7),
        ("{'a': 1}.b", Code::OnlyFails, 1),
        ("1 % 0 == 1 && 1 / 0 > 1", Code::OnlyFails, 12),
        ("i +", Code::ExpressionSyntax, 4),
        ("i == 99999999999999999999", Code::ExpressionSyntax, 6),
    ] {
        assert_eq!(run(expression), Err((code, column)), "{expression}");
    }
}

#[test]
fn limits_of_one_program() {
    let sum = |terms: usize| Vec::from_iter((0..terms).map(|_| "i")).join("+");
    assert_eq!(run(&sum(128)), Ok((Type::Int, Cell::int(7 * 128))));
    assert_eq!(run(&sum(129)), Err((Code::Limit, -2)));
    // Each level keeps one value waiting.
    let nested =
        |depth: usize| -> String { format!("{}i{}", "i-(".repeat(depth), ")".repeat(depth)) };
    assert!(run(&nested(15)).is_ok());
    assert_eq!(run(&nested(16)), Err((Code::Limit, -2)));
}
