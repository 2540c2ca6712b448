//! Every code has a page, and the example of every page has the mistake.

use std::collections::HashSet;

use opportune::compile::{Code, Diagnostics, Example, Severity, Source, compile};
use sample::{SAMPLE, diagnostics, with};

#[path = "support/sample.rs"]
mod sample;

#[test]
fn the_sample_has_no_mistake() {
    let found = diagnostics(&[SAMPLE.as_bytes()], "");
    assert!(found.is_empty(), "{found}");
}

/// What is wrong with the sample and a table of ids that must have all its names.
fn numbered(ids: &str) -> Diagnostics {
    let compiled = compile(&[Source { name: "policy.toml", bytes: SAMPLE.as_bytes() }], ids);
    let found = compiled.and_then(|compiled| compiled.require_ids(ids, "policy.ids", "write them"));
    found.err().unwrap_or_default()
}

#[test]
fn every_example_has_its_mistake_and_no_other() {
    for code in Code::ALL {
        let found = match code.page().example {
            Example::Policy(text) => diagnostics(&[with(text).as_bytes()], ""),
            Example::Ids(ids) => numbered(ids),
            Example::Files(files) => diagnostics(files, ""),
            other => panic!("{other:?}"),
        };
        assert!(!found.is_empty(), "{code} is not triggered by its example");
        for diagnostic in found.iter() {
            assert_eq!(diagnostic.code(), *code, "{found}");
            assert_eq!(diagnostic.severity(), code.severity());
        }
    }
}

#[test]
fn codes_are_in_order_and_found_again() {
    let texts: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(texts.is_sorted());
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), texts.len());
    for code in Code::ALL {
        let text = code.as_str();
        assert!(text.len() == 7 && text.starts_with("OPP"), "{text}");
        assert_eq!(Code::from_text(&text.to_lowercase()), Some(*code));
        assert_eq!(code.severity() == Severity::Warning, text.starts_with("OPP09"), "{text}");
    }
    assert_eq!(Code::from_text("0901"), Some(Code::NeverEligible));
    assert_eq!(Code::from_text("901"), Some(Code::NeverEligible));
    for text in ["OPP9999", "9999", "", "-901", "OPP"] {
        assert_eq!(Code::from_text(text), None, "{text}");
    }
}

#[test]
fn pages_read_well() {
    let page = Code::IdleBudget.page().to_string();
    let expected = "\
warning[OPP0909]: A budget that nothing draws on.

What is granted to it can never be spent, and keeps nothing within its limit: nothing draws on it, or not while it is in force.

This has the mistake:

    [budgets.gifts]
    unit = \"money\"

Draw on it from offers or channels (draws = { gifts = \"1.00\" }), or remove it.";
    assert_eq!(page, expected);
    for code in Code::ALL {
        let page = code.page();
        for text in [page.title.trim(), page.why, page.mend] {
            assert!(text.ends_with(['.', ')', '`']) && !text.contains("  "), "{code}: {text}");
        }
    }
}
