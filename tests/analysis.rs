//! What the static analysis warns of, and what it leaves alone. Each case is a piece of a policy
//! that replaces the sections of the sample with the same headings.

use std::fmt::Write;
use std::time::{Duration, Instant};

use sample::{SAMPLE, diagnostics, with};

#[path = "support/sample.rs"]
mod sample;

/// What a case is about, the piece of policy, and the warnings: code and rule.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

fn check(cases: &[Case]) {
    for (name, piece, expected) in cases {
        let found = diagnostics(&[with(piece).as_bytes()], "");
        let warnings: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        assert_eq!(&warnings, expected, "{name}:\n{found}");
    }
}

/// Attributes that rules below read, and a reader for each so that none is unread.
const ATTRIBUTES: &str = r#"
[attributes.age]
type = "int"
export = true
[attributes.credit]
type = "money"
export = true
[attributes.share]
type = "double"
export = true
[attributes.since]
type = "timestamp"
export = true
[attributes.waited]
type = "duration"
export = true
[attributes.prepaid]
type = "bool"
export = true
[attributes.apn]
type = "text"
export = true
[features.recharges]
count = "recharge"
export = true
[features.gold]
expr = "tariff == 'gold'"
export = true
[features.rich]
expr = "gold && credit > 50.00"
export = true
"#;

/// The sample's offer with an `eligible`, in a group that is open to all.
fn warnings_of_rule(rule: &str) -> Vec<String> {
    let piece = format!(
        "{ATTRIBUTES}\n[issues.sales.groups.data]\n[offers.pass]\ngroup = \"sales.data\"\n\
         kind = \"sale\"\nmoments = [\"thanks\"]\nvalue = \"2.50\"\neligible = \"{rule}\"\n\
         [features.group]\nexpr = \"tariff == 'basic'\"\nexport = true\n"
    );
    let found = diagnostics(&[with(&piece).as_bytes()], "");
    found.iter().map(|d| format!("{} {}", d.code(), d.rule())).collect()
}

#[test]
fn rules_that_contradict_themselves() {
    for rule in [
        // Numbers, with gaps of one and bounds that meet.
        "age > 60 && age < 18",
        "age > 17 && age < 18",
        "age >= 18 && age <= 18 && age != 18",
        "age == 3 && age == 4",
        "age in [1, 2] && age in [3, 4]",
        "share > 0.5 && share < 0.5",
        "share >= 0.5 && share < 0.5",
        "credit > 5.00 && credit < 2.00",
        "credit > 5.00 && credit <= 5.000000",
        "waited > duration('2h') && waited < duration('90m')",
        "since > timestamp('2026-02-01T00:00:00Z') && since < timestamp('2026-01-01T00:00:00Z')",
        "now.getHours() >= 24",
        "now.getHours() > 20 && now.getHours() < 8",
        "now.getDayOfWeek() == 7",
        "now.getDayOfWeek() == 1 && now.getDayOfWeek() != 1",
        "age + 1 > 5 && age + 1 < 3",
        // Counts are never below nothing.
        "recharges < 0",
        "recharges + 1 <= 0",
        // Enumerations and booleans.
        "tariff == 'gold' && tariff == 'basic'",
        "tariff != 'gold' && tariff != 'basic'",
        "!(tariff in ['gold', 'basic'])",
        "prepaid && !prepaid",
        "prepaid == true && prepaid == false",
        "apn == 'a' && apn == 'b'",
        // What is derived is what it is derived from.
        "gold && tariff == 'basic'",
        "rich && credit < 10.00",
        "rich && !gold",
        // Missing is neither.
        "!has(age) && age > 3",
        "!has(age) && !(age > 3)",
        "!has(recharges)",
        "default(age, 0) > 5 && !has(age)",
        "default(age, 0) > 5 && age < 3",
        "!default(prepaid, true) && !has(prepaid)",
        // Choices and alternatives.
        "(age > 60 || age > 50) && age < 18",
        "prepaid ? age > 3 && age < 3 : age == 1 && age == 2",
        "(prepaid ? 10 : 20) > 30",
        // Two values against one another.
        "age < recharges && recharges < age",
        "age < recharges && age >= recharges",
        "age == recharges && recharges != age",
        "age < age",
        "credit / 2 > credit && !(credit / 2 > credit)",
        "false",
        "1 > 2",
    ] {
        assert_eq!(warnings_of_rule(rule), ["OPP0901 offers.pass.eligible"], "{rule}");
    }
}

#[test]
fn rules_that_somebody_meets() {
    for rule in [
        "age > 18 && age < 60",
        "age > 17 && age < 19",
        "age != 18 && age != 19",
        "share > 0.5 && share < 0.6",
        "share >= 0.5 && share <= 0.5",
        "credit > 5.00 && credit < 5.000002",
        "age in [1, 2] && age in [2, 3]",
        "now.getHours() >= 23",
        "now.getHours() > 20 || now.getHours() < 8",
        "recharges >= 1",
        "recharges + age < 0",
        "tariff != 'gold'",
        "gold || tariff == 'basic'",
        "!gold && credit > 50.00",
        "!rich && gold",
        "apn == 'a' || apn == 'b'",
        "!has(age) && default(age, 7) > 5",
        "default(age, 0) > 5 && age > 6",
        "default(age, 9) > 5 && !(default(age, 0) > 5)",
        "prepaid ? age > 3 : age < 3",
        "(prepaid ? 10 : 20) > 15",
        "age < recharges && age + 1 >= recharges",
        "age < recharges || recharges < age",
        "age / 2 < 5 && age > 9",
        "credit / credit > 2.0",
        // Nearly always, but a value may be missing.
        "age > 3 || age <= 3",
        "tariff == 'gold' || tariff == 'basic'",
        "prepaid || !prepaid",
        "has(age) && (age < 5 || age >= 5 || prepaid)",
        "known(age + 1) || !has(age)",
    ] {
        assert_eq!(warnings_of_rule(rule), Vec::<String>::new(), "{rule}");
    }
}

#[test]
fn rules_that_everybody_meets() {
    for rule in [
        "true",
        "has(age) || !has(age)",
        "recharges >= 0",
        "has(recharges)",
        "default(prepaid, true) || !default(prepaid, true)",
        "default(prepaid, true) || has(prepaid)",
        "!has(age) || age > 3 || age <= 3",
        "default(age, 5) > 3 || default(age, 5) <= 3",
        "!has(tariff) || tariff == 'gold' || tariff == 'basic'",
        "!has(prepaid) || (prepaid ? true : true)",
        "now.getHours() < 24",
        "age > 3 || true",
        "!(now < timestamp('1970-01-01T00:00:00.001Z'))",
    ] {
        assert_eq!(warnings_of_rule(rule), ["OPP0903 offers.pass.eligible"], "{rule}");
    }
}

#[test]
fn offers_that_nobody_can_get() {
    check(&[
        (
            "the offer against its group",
            r#"
[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.50"
suitable = "tariff == 'basic'"
"#,
            &[("OPP0901", "offers.pass.suitable")],
        ),
        (
            "a group against its issue, reported once",
            r#"
[issues.sales]
goal = "recharged"
applicable = "recharged == 0.00"
[issues.sales.groups.data]
eligible = "tariff == 'gold' && recharged > 5.00"
"#,
            &[("OPP0901", "issues.sales.groups.data.eligible")],
        ),
        (
            "three rules, any two of which agree",
            r#"
[issues.sales]
goal = "recharged"
eligible = "tariff == 'gold' || recharged > 5.00"
[issues.sales.groups.data]
eligible = "tariff == 'basic' || recharged > 10.00"
[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.50"
eligible = "recharged < 1.00"
"#,
            &[("OPP0901", "offers.pass.eligible")],
        ),
        (
            "a suppression silences exactly those who may have it",
            r#"
[[contact.suppress]]
when = "default(tariff, 'gold') == 'gold'"
"#,
            &[("OPP0901", "offers.pass")],
        ),
        (
            "the same suppression, but the kind is exempt",
            r#"
[[contact.suppress]]
when = "tariff == 'gold'"
exempt = ["sale"]
"#,
            &[],
        ),
        (
            "no channel reaches them",
            r#"
[channels.sms]
consent = "consent"
reach = "tariff == 'basic'"
"#,
            &[("OPP0901", "offers.pass")],
        ),
        (
            "one channel of two reaches them",
            r#"
[channels.sms]
consent = "consent"
reach = "tariff == 'basic'"
[channels.app]
consent = true
[offers.pass.treatments.app]
content = "pass_app"
propensity = 0.1
"#,
            &[],
        ),
    ]);
}

#[test]
fn other_rules() {
    check(&[
        (
            "a moment that never comes",
            r#"
[moments.thanks]
on = "recharge"
when = "event.amount > 10.00 && event.amount < 5.00"
intent = "do"
"#,
            &[("OPP0902", "moments.thanks.when")],
        ),
        (
            "a moment may always be, if it says so",
            r#"
[moments.thanks]
on = "recharge"
when = "true"
intent = "do"
"#,
            &[],
        ),
        (
            "a moment's field may be missing",
            r#"
[moments.thanks]
on = "recharge"
when = "event.amount >= 0.00 || event.amount < 0.00"
intent = "do"
"#,
            &[],
        ),
        (
            "a filter that lets nothing through, and one that lets all",
            r#"
[features.recharged]
sum = "recharge.amount"
where = "event.amount < 1.00 && event.amount > 1.00"
[features.all]
count = "recharge"
where = "has(event.amount) || !has(event.amount)"
export = true
"#,
            &[("OPP0902", "features.recharged.where"), ("OPP0903", "features.all.where")],
        ),
        (
            "a suppression that silences everything, always",
            r#"
[[contact.suppress]]
when = "recharged >= 0.00 || recharged < 0.00"
"#,
            &[("OPP0903", "contact.suppress[0].when")],
        ),
        (
            "consent that nobody can give",
            r#"
[channels.sms]
consent = "consent && !consent"
"#,
            &[("OPP0902", "channels.sms.consent")],
        ),
    ]);
}

const RIVAL: &str = r#"
[offers.poor]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.00"
eligible = "recharged > 5.00"
[offers.poor.treatments.sms]
content = "poor_sms"
propensity = 0.05
"#;

#[test]
fn offers_in_the_shadow() {
    let shadowed: &[_] = &[("OPP0904", "offers.poor")];
    let cases: &[(&str, &str, &str, bool)] = &[
        ("worth less, for fewer people", "", "", true),
        ("worth more", "\"2.00\"", "\"3.00\"", false),
        ("worth the same, but younger", "\"2.00\"", "\"2.50\"", true),
        ("a heavier lever", "\"2.00\"", "\"2.00\"\nlever = 1.5", false),
        ("accepted more often", "0.05", "0.06", false),
        ("for other people", "recharged > 5.00", "default(recharged, 0) > 5.00", true),
        ("another kind", "\"sale\"", "\"tip\"", false),
        ("a worth of its own", "value = \"2.00\"", "value = \"recharged * 2\"", false),
        (
            "a weight",
            "value = \"2.00\"",
            "value = \"1.00\"\nweight = \"recharged > 9.00 ? 3.0 : 1.0\"",
            false,
        ),
        (
            "while a date lasts",
            "value = \"2.00\"",
            "value = \"2.00\"\nuntil = \"2026-07-01T00:00:00Z\"",
            true,
        ),
    ];
    for (name, from, to, warns) in cases {
        let piece = RIVAL.replacen(from, to, usize::from(!from.is_empty()));
        let found = diagnostics(&[with(&piece).as_bytes()], "");
        let warnings: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        assert_eq!(warnings, if *warns { shadowed } else { &[] }, "{name}:\n{found}");
    }
    let better = |rule: &str| {
        format!(
            "{RIVAL}[offers.pass]\ngroup = \"sales.data\"\nkind = \"sale\"\n\
             moments = [\"thanks\"]\nvalue = \"2.50\"\n{rule}\n"
        )
    };
    for (name, rule, warns) in [
        ("the better offer is for fewer", "eligible = \"recharged > 6.00\"", false),
        ("the better offer is for more", "eligible = \"recharged > 4.00\"", true),
        ("the better offer needs what may be missing", "eligible = \"consent\"", false),
        ("the better offer is over before", "until = \"2026-07-01T00:00:00Z\"", false),
    ] {
        let found = diagnostics(&[with(&better(rule)).as_bytes()], "");
        assert_eq!(found.is_empty(), !warns, "{name}:\n{found}");
    }
    let turns = "[[contact.caps]]\nat_most = 12\nwithin = \"30d\"\nof = \"all\"\n\
                 [[contact.caps]]\nat_most = 1\nwithin = \"3d\"\nof = \"each offer\"\n";
    let found = diagnostics(&[with(&format!("{RIVAL}{turns}")).as_bytes()], "");
    assert!(found.is_empty(), "a cap over each offer gives both their turn:\n{found}");
}

#[test]
fn treatments_that_never_pay() {
    const NEVER: &[(&str, &str)] = &[("OPP0911", "offers.pass.treatments.sms")];
    let offer = "[offers.pass]\ngroup = \"sales.data\"\nkind = \"sale\"\nmoments = [\"thanks\"]\n";
    let costing =
        |cost: &str| format!("[channels.sms]\nconsent = \"consent\"\ncost = \"{cost}\"\n");
    let policy = |more: &str| {
        format!(
            "[policy]\nname = \"sample\"\nversion = 1\ncurrency = \"USD\"\nzones = [\"UTC\"]\n{more}\n"
        )
    };
    // Twice 0.05 x 2.50 is 0.25.
    for (name, piece, expected) in [
        ("a cost in the wrong place", costing("5"), NEVER),
        ("just not enough", costing("0.250001"), NEVER),
        ("just enough", costing("0.25"), &[]),
        ("score_min", policy("score_min = \"0.26\""), NEVER),
        (
            "the best weight is enough",
            format!(
                "{}{offer}value = \"2.50\"\nweight = \"recharged > 1.00 ? 2.0 : 1.0\"",
                costing("0.4")
            ),
            &[],
        ),
        (
            "the best weight is not enough",
            format!(
                "{}{offer}value = \"2.50\"\nweight = \"recharged > 1.00 ? 1.5 : 1.0\"",
                costing("0.4")
            ),
            NEVER,
        ),
        (
            "the lever is enough",
            format!("{}{offer}value = \"2.50\"\nlever = 2", costing("0.4")),
            &[],
        ),
        (
            "a value that nobody knows beforehand",
            format!("{}{offer}value = \"recharged\"", costing("0.4")),
            &[],
        ),
        ("worth nothing, costs nothing", format!("{offer}value = \"0\""), &[]),
        ("worth less than nothing", format!("{offer}value = \"-1\""), NEVER),
    ] {
        let found = diagnostics(&[with(&piece).as_bytes()], "");
        let warnings: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        assert_eq!(warnings, expected, "{name}:\n{found}");
    }
}

#[test]
fn what_is_of_no_use() {
    check(&[
        (
            "a moment that no offer answers",
            "[moments.large]\non = \"recharge\"\nwhen = \"event.amount > 50.00\"\nintent = \"do\"",
            &[("OPP0905", "moments.large")],
        ),
        (
            "features and attributes that nothing reads",
            "[features.count]\ncount = \"recharge\"\n[attributes.age]\ntype = \"int\"",
            &[("OPP0906", "features.count"), ("OPP0906", "attributes.age")],
        ),
        (
            "the host reads them",
            "[features.count]\ncount = \"recharge\"\nexport = true\n\
             [attributes.age]\ntype = \"int\"\nexport = true",
            &[],
        ),
        (
            "another feature reads it",
            "[features.count]\ncount = \"recharge\"\n\
             [features.more]\nexpr = \"count + 1\"\nexport = true",
            &[],
        ),
        (
            "a budget nothing draws on",
            "[budgets.b]\nunit = \"pieces\"",
            &[("OPP0909", "budgets.b")],
        ),
        (
            "a budget drawn on with nothing",
            "[budgets.b]\nunit = \"pieces\"\n\
             [channels.sms]\nconsent = \"consent\"\ndraws = { b = 0 }",
            &[("OPP0909", "budgets.b")],
        ),
        (
            "a budget that is drawn on when it is over",
            "[budgets.b]\nunit = \"pieces\"\nuntil = 2026-01-01\n\
             [offers.pass]\ngroup = \"sales.data\"\nkind = \"sale\"\nmoments = \"thanks\"\n\
             value = \"2.50\"\ndraws = { b = 1 }\nfrom = 2026-01-01",
            &[("OPP0909", "budgets.b")],
        ),
        (
            "a budget that a channel draws on",
            "[budgets.b]\nunit = \"pieces\"\n\
             [channels.sms]\nconsent = \"consent\"\ndraws = { b = 1 }",
            &[],
        ),
    ]);
}

#[test]
fn channels_ask_for_consent() {
    let app = "[offers.pass.treatments.app]\ncontent = \"pass_app\"\npropensity = 0.1\n";
    for (channel, warns) in [
        ("[channels.app]\ncost = \"0\"\n", true),
        ("[channels.app]\nconsent = true\n", false),
        ("[channels.app]\nconsent = \"consent\"\n", false),
        // It only answers when it asks itself.
        ("[channels.app]\nconsent = \"false\"\n", false),
    ] {
        let found = diagnostics(&[with(&format!("{channel}{app}")).as_bytes()], "");
        let rules: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        let expected: &[_] = if warns { &[("OPP0908", "channels.app")] } else { &[] };
        assert_eq!(rules, expected, "{channel}");
    }
    let unused = diagnostics(&[with("[channels.app]\ncost = \"0\"").as_bytes()], "");
    assert!(unused.is_empty(), "a channel that nothing uses contacts nobody:\n{unused}");
}

#[test]
fn caps_that_never_bind() {
    let cap = |at_most: u32, within: &str, of: &str, exempt: &str| {
        format!(
            "[[contact.caps]]\nat_most = {at_most}\nwithin = \"{within}\"\nof = {of}\n\
             exempt = [{exempt}]\n"
        )
    };
    let all = cap(12, "30d", "\"all\"", "");
    let sms = "{ channel = \"sms\" }";
    for (name, caps, warned) in [
        ("a cap of a channel above the cap of all", cap(12, "7d", sms, ""), Some(1)),
        ("below it", cap(11, "7d", sms, ""), None),
        ("in a longer window, of each offer", cap(1, "3d", "\"each offer\"", ""), None),
        ("many short windows make a long one", cap(2, "7d", "\"all\"", ""), Some(0)),
        (
            "always, but the tighter one for a year only",
            cap(2, "3d", "{ issue = \"sales\" }", "")
                + "until = 2027-01-01\n"
                + &cap(3, "3d", "{ group = \"sales.data\" }", ""),
            None,
        ),
        (
            "for a year, and the tighter one always",
            cap(2, "3d", "{ issue = \"sales\" }", "")
                + &cap(3, "3d", "{ group = \"sales.data\" }", "")
                + "until = 2027-01-01\n",
            Some(2),
        ),
        (
            "of all, but for a day only",
            cap(30, "30d", "\"all\"", "") + "from = 2027-01-01\n",
            Some(1),
        ),
        ("not that many", cap(3, "7d", "\"all\"", ""), None),
        ("it exempts what the other counts", cap(2, "7d", "\"all\"", "\"service\""), None),
        ("it exempts all there is", cap(1, "1d", sms, "\"sale\""), Some(1)),
        (
            "of two that are alike the later",
            cap(2, "1d", sms, "") + &cap(2, "1d", sms, ""),
            Some(2),
        ),
        (
            "each offer is tighter than one offer",
            cap(1, "3d", "\"each offer\"", "") + &cap(2, "3d", "{ offer = \"pass\" }", ""),
            Some(2),
        ),
        (
            "an issue is tighter than its group",
            cap(2, "3d", "{ issue = \"sales\" }", "")
                + &cap(2, "2d", "{ group = \"sales.data\" }", ""),
            Some(2),
        ),
        (
            "a group says nothing of its issue",
            cap(2, "3d", "{ group = \"sales.data\" }", "")
                + &cap(3, "3d", "{ issue = \"sales\" }", ""),
            None,
        ),
    ] {
        let found = diagnostics(&[with(&format!("{all}{caps}")).as_bytes()], "");
        let rules: Vec<_> =
            found.iter().map(|d| (d.code().as_str(), d.rule().to_owned())).collect();
        let expected: Vec<_> =
            warned.iter().map(|at| ("OPP0907", format!("contact.caps[{at}]"))).collect();
        assert_eq!(rules, expected, "{name}:\n{found}");
    }
}

#[test]
fn experiments_that_tell_nothing() {
    let control = |share: &str, exempt: &str| {
        format!("[control]\nshare = {share}\nseed = \"s\"\nexempt = [{exempt}]\n")
    };
    for (name, piece, rule) in [
        ("a fifth is held back", control("0.2", "\"service\""), None),
        ("nobody is", control("0.0", ""), Some("control.share")),
        ("so few that it is nobody", control("0.00001", ""), Some("control.share")),
        ("everybody is", control("1", ""), Some("control.share")),
        ("every offer is exempt", control("0.2", "\"sale\""), Some("control.exempt")),
    ] {
        let found = diagnostics(&[with(&piece).as_bytes()], "");
        let rules: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        let expected: Vec<_> = rule.iter().map(|rule| ("OPP0910", *rule)).collect();
        assert_eq!(rules, expected, "{name}:\n{found}");
    }
}

#[test]
fn experiments_that_cannot_be_told_from_nothing() {
    let reads =
        "[issues.sales.groups.data]\neligible = \"tariff == 'gold'\"\nsuitable = \"RULE\"\n";
    let tone = "[experiments.tone]\narms = { a = 1, b = 1, c = 1 }\n";
    let by = |rule: &str| format!("{tone}{}", reads.replace("RULE", rule));
    let when = |rule: &str| {
        let tone = tone.replace("arms", &format!("when = \"{rule}\"\narms"));
        format!("{tone}{}", reads.replace("RULE", "experiment.tone in ['a', 'b']"))
    };
    for (name, piece, expected) in [
        ("nothing reads it", tone.to_owned(), &[("OPP0910", "experiments.tone")][..]),
        ("two arms are named", by("experiment.tone == 'a' || experiment.tone == 'b'"), &[]),
        ("two arms are alike", by("experiment.tone == 'a'"), &[("OPP0910", "experiments.tone")]),
        (
            "whether it is in it at all",
            by("has(experiment.tone)"),
            &[("OPP0910", "experiments.tone")],
        ),
        (
            "an arm of nobody",
            by("experiment.tone == 'a'").replace("c = 1", "c = 0"),
            &[("OPP0910", "experiments.tone.arms")],
        ),
        (
            "one seed twice",
            format!(
                "{}[experiments.other]\nseed = \"tone\"\narms = {{ a = 1, b = 1 }}\n\
                 [issues.sales]\ngoal = \"recharged\"\nsuitable = \"experiment.other == 'a'\"\n",
                by("experiment.tone in ['a', 'b']")
            ),
            &[("OPP0910", "experiments.other")],
        ),
        (
            "the seed of the control group",
            "[control]\nshare = 0.1\nseed = \"s\"\n[issues.sales]\ngoal = \"recharged\"\n\
             control = { share = 0.1, seed = \"s\" }\n"
                .to_owned(),
            &[("OPP0910", "issues.sales.control")],
        ),
        (
            "a control group of everybody",
            "[issues.sales]\ngoal = \"recharged\"\ncontrol = { share = 1.0, seed = \"s\" }\n"
                .to_owned(),
            &[("OPP0910", "issues.sales.control")],
        ),
        ("its people hold still", when("tariff == 'gold'"), &[]),
        (
            "its people come and go",
            when("now > timestamp('2026-01-01T00:00:00Z')"),
            &[("OPP0913", "experiments.tone.when")],
        ),
    ] {
        let found = diagnostics(&[with(&piece).as_bytes()], "");
        let rules: Vec<_> = found.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        assert_eq!(rules, expected, "{name}:\n{found}");
    }
}

#[test]
fn the_shipped_policy_has_no_warning() {
    let found = diagnostics(&[include_bytes!("../examples/policies/prepaid.toml")], "");
    assert!(found.is_empty(), "{found}");
}

#[test]
fn warnings_print_as_compilers_do() {
    let piece = "[offers.pass]\ngroup = \"sales.data\"\nkind = \"sale\"\nmoments = [\"thanks\"]\n\
                 value = \"2.50\"\neligible = \"tariff == 'basic'\"";
    let found = diagnostics(&[with(piece).as_bytes()], "");
    let expected = "\
warning[OPP0901]: this offer can never be eligible: `issues.sales.groups.data.eligible` and `offers.pass.eligible` contradict one another
  --> policy.toml:47:12
   |
47 | eligible = \"tariff == 'basic'\"
   |            ^^^^^^^^^^^^^^^^^^^ offers.pass.eligible

1 warning in the policy; `opportune explain-code OPP0901` says more
";
    assert_eq!(found.to_string(), expected);
    let json = "[\n{\"code\":\"OPP0901\",\"severity\":\"warning\",\"message\":\"this offer can never \
                be eligible: `issues.sales.groups.data.eligible` and `offers.pass.eligible` \
                contradict one another\",\"file\":\"policy.toml\",\"line\":47,\"column\":12,\
                \"end_line\":47,\"end_column\":31,\"rule\":\"offers.pass.eligible\",\"help\":null}\n]";
    assert_eq!(found.to_json(), json);
}

/// Many offers in few groups, which is where comparing all with all would show.
#[test]
fn the_time_grows_with_the_offers() {
    let many = |count: usize| {
        let mut text = SAMPLE.to_string();
        for n in 0..count {
            write!(
                text,
                "[offers.o{n}]\ngroup = \"sales.data\"\nkind = \"sale\"\nmoments = [\"thanks\"]\n\
                 value = \"{}.00\"\neligible = \"recharged > {}.00 && recharged < {}.00\"\n\
                 [offers.o{n}.treatments.sms]\ncontent = \"c\"\npropensity = 0.04\n",
                n % 97 + 3,
                n,
                n + 10,
            )
            .unwrap();
        }
        text
    };
    let time = |text: &str| {
        let start = Instant::now();
        let found = diagnostics(&[text.as_bytes()], "");
        assert!(found.iter().all(|d| d.code().as_str().starts_with("OPP09")), "{found}");
        start.elapsed()
    };
    let (small, large) = (time(&many(500)), time(&many(4_000)));
    assert!(large < small * 30 + Duration::from_millis(200), "{small:?}, then {large:?}");
}

#[test]
fn patterns_and_thresholds() {
    let waiting =
        |patterns: &str| format!("{patterns}\n[moments.thanks]\npattern = \"p\"\nintent = \"do\"");
    for (name, patterns, expected) in [
        (
            "a sound sequence",
            "[patterns.p]\nsequence = ['recharge', 'recharge']\nwithin = '1h'",
            &[][..],
        ),
        (
            "a step that can never be",
            "[patterns.p]\nsequence = ['recharge', { event = 'recharge', where = 'event.amount > 5.00 && event.amount < 1.00' }]\nwithin = '1h'",
            &["OPP0930"],
        ),
        (
            "a second step that undoes the first",
            "[patterns.p]\nsequence = ['recharge', 'recharge']\nwithout = 'recharge'\nwithin = '1h'",
            &["OPP0930"],
        ),
        ("silence", "[patterns.p]\nafter = 'recharge'\nwithout = 'recharge'\nwithin = '30d'", &[]),
        ("a gap", "[patterns.p]\ncrosses = 'recharged < 5.00'\nrearm = 'recharged > 9.00'", &[]),
        (
            "no gap",
            "[patterns.p]\ncrosses = 'recharged < 5.00'\nrearm = 'recharged > 4.00'",
            &["OPP0932"],
        ),
        ("no rule for arming", "[patterns.p]\ncrosses = 'recharged < 5.00'", &[]),
        (
            "a pattern by itself",
            "[patterns.p]\nrepeat = 'recharge'\ntimes = 2\n[patterns.q]\nrepeat = 'recharge'\ntimes = 3",
            &["OPP0931"],
        ),
        // Mistakes that keep a policy from compiling.
        (
            "two kinds at once",
            "[patterns.p]\nrepeat = 'recharge'\ntimes = 2\ncrosses = 'true'",
            &["OPP0307"],
        ),
        (
            "what does not go with it",
            "[patterns.p]\nrepeat = 'recharge'\ntimes = 2\nrearm = 'true'",
            &["OPP0307"],
        ),
        (
            "too many within a time",
            "[patterns.p]\nrepeat = 'recharge'\ntimes = 6\nwithin = '1h'",
            &["OPP0304"],
        ),
        (
            "longer than is kept",
            "[patterns.p]\nsequence = ['recharge', 'recharge']\nwithin = '91d'",
            &["OPP0601"],
        ),
        ("no time", "[patterns.p]\nsequence = ['recharge', 'recharge']", &["OPP0302"]),
        ("an unknown event", "[patterns.p]\nrepeat = 'recharg'\ntimes = 2", &["OPP0401"]),
    ] {
        let found = diagnostics(&[with(&waiting(patterns)).as_bytes()], "");
        let codes: Vec<_> = found.iter().map(|d| d.code().as_str()).collect();
        assert_eq!(codes, expected, "{name}:\n{found}");
    }
    let thanks = "[moments.thanks]\non = 'recharge'\nwhen = 'event.amount > 1.00'\nintent = 'do'\n";
    for (keys, expected) in [
        ("strength = 0.4\nthreshold = 0.5", &["OPP0902"][..]),
        ("strength = 0.5\nthreshold = 0.5", &[]),
        ("threshold = 1.5", &["OPP0304"]),
        ("supersedes = 'nothing'", &["OPP0401"]),
        ("due = 'now'", &["OPP0307"]),
        ("pattern = 'p'", &["OPP0307", "OPP0401"]),
    ] {
        let found = diagnostics(&[with(&format!("{thanks}{keys}")).as_bytes()], "");
        let codes: Vec<_> = found.iter().map(|d| d.code().as_str()).collect();
        assert_eq!(codes, expected, "{keys}:\n{found}");
    }
}
