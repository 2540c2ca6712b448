//! What the plain parser accepts, the generated one accepts with the same tree in the same places.

use std::format;
use std::string::String;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};
use proptest::prelude::*;

use super::cel::{Parsed, parse_generated, parse_plain};
use super::diagnostic::{File, Report};
use super::toml_text;
use super::tree::Value;

const CASES: &str = include_str!("../../tests/data/cel-conformance.json");
const POLICIES: [&str; 3] = [
    include_str!("../../examples/policies/prepaid.toml"),
    include_str!("../../examples/policies/ready.toml"),
    include_str!("../../examples/policies/tutorial.toml"),
];

/// Each node with its place, a line each: ids are the parsers' own.
fn outline(parsed: &Parsed, node: &IdedExpr, depth: usize, out: &mut String) {
    let mut children: Vec<&IdedExpr> = Vec::new();
    let what = match &node.expr {
        Expr::Call(call) => {
            children.extend(call.target.as_deref());
            children.extend(&call.args);
            format!("call {} {}", call.func_name, call.target.is_some())
        }
        Expr::List(list) => {
            children.extend(&list.elements);
            format!("list {:?}", list.optional_indices)
        }
        Expr::Select(select) => {
            children.push(&select.operand);
            format!("select {} {}", select.field, select.test)
        }
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    children.extend([&entry.key, &entry.value]);
                }
            }
            String::from("map")
        }
        // `{:?}` tells -0.0 from 0.0.
        leaf => format!("{leaf:?}"),
    };
    *out += &format!("{depth} {what} {:?}\n", parsed.span(node));
    for child in children {
        outline(parsed, child, depth + 1, out);
    }
}

/// Whether the plain parser takes the text; it must then be right.
fn is_plain(text: &str) -> bool {
    let Some(plain) = parse_plain(text) else { return false };
    let show = |parsed: &Parsed| {
        let mut out = String::new();
        outline(parsed, &parsed.root, 0, &mut out);
        out
    };
    match parse_generated(text) {
        Ok(generated) => assert_eq!(show(&plain), show(&generated), "{text}"),
        Err(error) => panic!("{text}: {error:?}"),
    }
    true
}

/// Every string in a policy: its expressions, and much that is none.
fn strings(value: &Value<'_>, found: &mut Vec<String>) {
    match value {
        Value::Text(text) => found.push(text.to_string()),
        Value::List(list) => list.iter().for_each(|item| strings(&item.value, found)),
        Value::Table(table) => table.values().for_each(|entry| strings(&entry.placed.value, found)),
        _ => {}
    }
}

#[test]
fn policies_read_alike() {
    let (mut plain, mut accepted) = (0, 0);
    for policy in POLICIES {
        let report = Report::new(File::new("policy", policy));
        let table = toml_text::read(policy, &report, 0).unwrap();
        let mut texts = Vec::new();
        strings(&Value::Table(table), &mut texts);
        texts.sort();
        texts.dedup();
        for text in texts {
            plain += usize::from(is_plain(&text));
            accepted += usize::from(parse_generated(&text).is_ok());
        }
    }
    assert!(accepted > 200 && plain * 10 > accepted * 9, "{plain} of {accepted}");
}

#[test]
fn the_conformance_cases_read_alike() {
    let cases: serde_json::Value = serde_json::from_str(CASES).unwrap();
    let mut expressions = Vec::new();
    collect(&cases, &mut expressions);
    let plain = expressions.iter().filter(|text| is_plain(text)).count();
    assert!(expressions.len() > 1_000 && plain > 500, "{plain} of {}", expressions.len());
}

fn collect<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
    match value {
        serde_json::Value::String(text) => found.push(text),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        serde_json::Value::Object(object) => object.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

#[test]
fn rules_of_every_plain_form_are_plain() {
    for text in [
        "a",
        "a.b",
        "a.b(c)",
        "f()",
        "f(a, 1)",
        "[]",
        "[1, a]",
        "a[0]",
        "!a",
        "-a",
        "-1",
        "- 1.5",
        "a - 1",
        "a-1",
        "a -1",
        "1 - -1",
        "(a)",
        "((a))",
        "a ? b : c ? d : e",
        "a && b && c || d",
        "a || b || c || d || e || f || g",
        "a < b",
        "a in [1]",
        "a\nin\t[ 'x' , \"y\" ]",
        "true",
        "!false",
        "null",
        "inside in insides",
        "a * b / c % d + e - f",
        "!(a)",
        "-(a)",
        "''",
        "-9223372036854775808",
        "9223372036854775807",
        "0.10",
        "x.exists(i, i > 1)",
        "has(a.b)",
    ] {
        assert!(is_plain(text), "{text}");
    }
}

#[test]
fn the_rest_is_left_to_the_generated_parser() {
    for text in [
        "",
        " ",
        "a b",
        "'a",
        "1u",
        "1e3",
        "1.",
        ".5",
        "0x1f",
        "1.a",
        "a.5",
        ".a",
        "r'a'",
        "b'a'",
        "'''a'''",
        "'\\n'",
        "'é'",
        "a // b",
        "--a",
        "!!a",
        "!-a",
        "-!a",
        "--1",
        "- -1",
        "-1.a()",
        "-1[0]",
        "a.?b",
        "a[?0]",
        "{}",
        "{a: b}",
        "a{}",
        "a.if",
        "if",
        "a.`b`",
        "[1,]",
        "f(1,)",
        "a = b",
        "a & b",
        "a <> b",
        "in",
        "a in",
        "1a",
        "9223372036854775808",
        "a ? b",
        "f(",
        "[",
        "a ? b ? c : d : e",
        "a\u{b}b",
        "a ! b",
        "a.true",
        "(a",
        "a)",
        "''''",
        "'a''b'",
    ] {
        assert!(!is_plain(text), "{text}");
    }
    let nested = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(is_plain(&nested(20)) && !is_plain(&nested(40)));
    assert!(!is_plain(&("a?b:".repeat(40) + "c")));
}

/// Texts of the grammar, plain or not.
fn expression() -> impl Strategy<Value = String> {
    let plain: [&'static str; 9] = ["a", "event.b", "1", "-2", "0.5", "'x'", "[]", "true", "-3.5"];
    let other: [&'static str; 4] = ["1u", "r'y'", "\"\\n\"", "{}"];
    let leaf = prop_oneof![
        40 => proptest::sample::select(plain.to_vec()),
        1 => proptest::sample::select(other.to_vec()),
    ]
    .prop_map(String::from);
    leaf.prop_recursive(5, 24, 3, |inner| {
        let binary = proptest::sample::select(
            &["&&", "||", "<", "<=", ">", ">=", "==", "!=", " in ", "+", "-", "*", "/", "%"][..],
        );
        let space = proptest::sample::select(&["", " ", "\n"][..]);
        prop_oneof![
            6 => (inner.clone(), binary, inner.clone(), space)
                .prop_map(|(a, op, b, s)| format!("{a}{s}{op}{s}{b}")),
            3 => (proptest::collection::vec(inner.clone(), 3..7), proptest::sample::select(&["&&", " || "][..]))
                .prop_map(|(parts, op)| parts.join(op)),
            1 => inner.clone().prop_map(|a| format!("!{a}")),
            1 => inner.clone().prop_map(|a| format!("-{a}")),
            2 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("{a}.c")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}.f({b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("g({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}[{b}]")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => (inner.clone(), inner.clone(), inner)
                .prop_map(|(a, b, c)| format!("{a} ? {b} : {c}")),
        ]
    })
}

/// Symbols in any order: most of it is not an expression.
fn noise() -> impl Strategy<Value = String> {
    let symbols = [
        "a", "b1", "in", "if", "true", "1", "2.5", "0x1", "1u", "'s'", "\"", "'", "(", ")", "[",
        "]", "{", "}", ".", ",", "?", ":", "!", "-", "+", "*", "/", "%", "<", "=", ">", "&&", "||",
        "==", "!=", " ", "\n", "`", "\\",
    ];
    proptest::collection::vec(proptest::sample::select(symbols.to_vec()), 0..10)
        .prop_map(|symbols| symbols.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn random_expressions_read_alike(text in expression()) {
        is_plain(&text);
    }

    #[test]
    fn noise_reads_alike(text in noise()) {
        is_plain(&text);
    }
}
