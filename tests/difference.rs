//! What two versions of a policy differ by, as people read it.

use opportune::compile::{
    Difference, FeatureChange, IdConflictKind, Source, Version, compile, difference,
};
use sample::{SAMPLE, with};

#[path = "support/sample.rs"]
mod sample;

fn compare(old: &str, new: &str) -> Difference {
    let old = [Source { name: "old.toml", bytes: old.as_bytes() }];
    let new = [Source { name: "new.toml", bytes: new.as_bytes() }];
    let ids = compile(&old, "").unwrap_or_else(|d| panic!("{d}")).ids;
    let version = |sources| Version { sources, ids: &ids };
    difference(version(&old), version(&new)).unwrap_or_else(|d| panic!("{d}"))
}

fn lines(difference: &Difference) -> Vec<String> {
    difference.changes.iter().map(ToString::to_string).collect()
}

const PASS: &str =
    "[offers.pass]\ngroup = \"sales.data\"\nkind = \"sale\"\nmoments = [\"thanks\"]\n";
const CAP: &str = "[[contact.caps]]\nat_most = 12\nwithin = \"30d\"\nof = \"all\"\n";

#[test]
fn changes_are_words() {
    let pass = |more: &str| format!("{PASS}{more}");
    let caps = |more: &str| format!("{CAP}[[contact.caps]]\n{more}");
    let day = |at_most: u32, more: &str| {
        caps(&format!("at_most = {at_most}\nwithin = \"1d\"\nof = {{ channel = \"sms\" }}\n{more}"))
    };
    for (old, new, expected) in [
        (
            pass("value = \"1.20\""),
            pass("value = \"1.50\"\nlever = 1.5"),
            &["offer pass: value 1.20 -> 1.50", "offer pass: lever none -> 1.5"][..],
        ),
        // The same, written otherwise.
        (pass("value = \"1.20\"\nopen = \"24h\""), pass("value = '1.2'\nopen = \"1d\""), &[]),
        (
            "[moments.thanks]\non = \"recharge\"\nwhen = \"event.amount >= 10.00\"\nintent = \"do\"".into(),
            "[moments.thanks]\non = [\"recharge\", \"tick\"]\nwhen = \"\"\"\nevent.amount\n  >= 20.00\"\"\"\nintent = \"do\"".into(),
            &[
                "moment thanks: on recharge -> recharge, tick",
                "moment thanks: when event.amount >= 10.00 -> event.amount >= 20.00",
            ],
        ),
        (
            String::new(),
            "[issues.sales.groups.data]\neligible = \"tariff == 'basic'\"".into(),
            &["group sales.data: eligible tariff == 'gold' -> tariff == 'basic'"],
        ),
        (
            String::new(),
            "[offers.pass.treatments.sms]\ncontent = \"pass_sms\"\npropensity = 0.07".into(),
            &["treatment pass.sms: propensity 0.05 -> 0.07"],
        ),
        // An offer comes and goes with its treatments.
        (
            String::new(),
            format!("{}[offers.gift.treatments.sms]\ncontent = \"gift\"\npropensity = 0.2",
                PASS.replace("pass", "gift") + "value = \"1\"\n"),
            &["offer gift: added"],
        ),
        (
            String::new(),
            "[channels.app]\nconsent = true\n[offers.pass.treatments.app]\ncontent = \"a\"\npropensity = 0.1".into(),
            &["channel app: added", "treatment pass.app: added"],
        ),
        (day(2, ""), day(3, ""), &["cap of channel sms within 1d: at_most 2 -> 3 (loosened)"]),
        (
            day(2, ""),
            day(2, "exempt = [\"service\"]"),
            &["cap of channel sms within 1d: exempt none -> service (loosened)"],
        ),
        (day(2, "exempt = [\"tip\", \"service\"]"), day(2, "exempt = [\"tip\"]"),
            &["cap of channel sms within 1d: exempt tip, service -> tip (tightened)"]),
        (
            day(2, ""),
            day(2, "until = 2027-01-01"),
            &["cap of channel sms within 1d: until none -> 2027-01-01 (loosened)"],
        ),
        (
            day(2, "from = 2026-01-01"),
            day(2, "from = 2026-02-01"),
            &["cap of channel sms within 1d: from 2026-01-01 -> 2026-02-01"],
        ),
        (CAP.into(), day(2, ""), &["cap of channel sms within 1d: added (tightened)"]),
        (
            day(2, ""),
            caps("at_most = 2\nwithin = \"2d\"\nof = { channel = \"sms\" }"),
            &["cap of channel sms within 1d: within 1d -> 2d (tightened)"],
        ),
        (
            "[[contact.suppress]]\nwhen = \"recharged > 90.00\"".into(),
            String::new(),
            &["suppression when recharged > 90.00: removed (loosened)"],
        ),
        (
            String::new(),
            "[budgets.b]\nunit = \"pieces\"\n[channels.sms]\nconsent = \"consent\"\ndraws = { b = 2 }".into(),
            &["channel sms: draws.b none -> 2", "budget b: added"],
        ),
        (
            String::new(),
            "[control]\nshare = 0.1\nseed = \"s\"".into(),
            &["control: added"],
        ),
        (
            "[control]\nshare = 0.1\nseed = \"s\"".into(),
            "[control]\nshare = 0.2\nseed = \"t\"".into(),
            &[
                "control: seed s -> t (people move between the control group and the others: lift \
                 cannot be compared with before)",
                "control: share 0.1 -> 0.2 (some join the control group, nobody leaves it)",
            ],
        ),
    ] {
        let mut found = lines(&compare(&with(&old), &with(&new)));
        let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn nothing_changes() {
    let found = compare(SAMPLE, &format!("# A comment.\n{SAMPLE}"));
    assert!(found.is_empty());
    let bytes = found.profiles.bytes.1;
    assert_eq!(
        found.to_string(),
        format!(
            "the policy says the same\n\nprofiles: layout equal, {bytes} bytes: stored profiles \
             are used as they are\n"
        )
    );
}

/// The salt is the name where it is not written out.
#[test]
fn profiles_of_another_salt_are_lost() {
    let salted = |name: &str, more: &str| {
        SAMPLE.replace("name = \"sample\"", &format!("name = \"{name}\"{more}"))
    };
    for (new, salts) in [
        (salted("renamed", ""), Some(("sample", "renamed"))),
        (salted("renamed", "\nsalt = \"sample\""), None),
        (salted("sample", "\nsalt = \"sample\""), None),
        (salted("sample", "\nsalt = \"s\""), Some(("sample", "s"))),
    ] {
        let found = compare(SAMPLE, &new);
        let expected = salts.map(|(old, new)| (old.to_owned(), new.to_owned()));
        assert_eq!(found.profiles.salts, expected, "{found}");
        let says = found.to_string();
        assert_eq!(says.contains("EVERY STORED PROFILE IS REFUSED"), salts.is_some(), "{says}");
        assert_eq!(says.contains("used as they are"), salts.is_none(), "{says}");
        assert_eq!(says.contains("to keep them: salt = \"sample\""), salts.is_some(), "{says}");
    }
}

#[test]
fn a_version_with_changes_has_a_higher_number() {
    let changed = with(&format!("{PASS}value = \"3.00\""));
    let note = "the version was not raised";
    assert!(compare(SAMPLE, &changed).to_string().contains(note));
    let raised = changed.replace("version = 1", "version = 2");
    assert!(!compare(SAMPLE, &raised).to_string().contains(note));
}

#[test]
fn a_renamed_offer_starts_anew() {
    let renamed = SAMPLE.replace("offers.pass", "offers.day_pass");
    let sources = |text| [Source { name: "policy.toml", bytes: str::as_bytes(text) }];
    let (old, new) = (sources(SAMPLE), sources(&renamed));
    let ids = compile(&old, "").unwrap().ids;
    let ids = compile(&new, &ids).unwrap().ids;
    let version = |sources| Version { sources, ids: &ids };
    let said = difference(version(&old), version(&new)).unwrap().to_string();
    assert!(said.contains("a renamed offer is a new one, and starts anew"), "{said}");
}

#[test]
fn profiles_meet_the_new_policy() {
    let window = |from: &str, to: &str| FeatureChange::Window(from.into(), to.into());
    let emptied = |from: &str, to: &str| FeatureChange::Emptied(from.into(), to.into());
    let day = "sum of money over 1d in 12 buckets";
    let recharged = "[features.recharged]\nsum = \"recharge.amount\"\n";
    for (new, name, change, layout_equal) in [
        (
            format!("{recharged}window = \"7d\"\nbuckets = 7"),
            "recharged",
            window(day, "sum of money over 7d in 7 buckets"),
            false,
        ),
        (recharged.into(), "recharged", emptied(day, "sum of money over a lifetime"), false),
        (
            "[features.recharged]\nmax = \"recharge.amount\"\nwindow = \"24h\"".into(),
            "recharged",
            emptied(day, "max of money over 1d in 12 buckets"),
            false,
        ),
        (
            "[features.recharges]\ncount = \"recharge\"".into(),
            "recharges",
            FeatureChange::Added,
            false,
        ),
        // What is computed has no bytes.
        ("[features.gold]\nexpr = \"tariff == 'gold'\"".into(), "gold", FeatureChange::Added, true),
        (
            "[attributes.tariff]\ntype = \"enum\"\nvalues = [\"gold\", \"silver\"]".into(),
            "tariff",
            FeatureChange::MembersDropped(vec!["tariff.basic".into()]),
            true,
        ),
    ] {
        let found = compare(SAMPLE, &with(&new)).profiles;
        assert_eq!(found.features, [(name.to_owned(), change)]);
        assert_eq!(found.layout_equal, layout_equal, "{found}");
        let back = compare(&with(&new), SAMPLE).profiles;
        assert_eq!((back.bytes.0, back.bytes.1), (found.bytes.1, found.bytes.0));
    }
    let fewer = compare(SAMPLE, &with(&CAP.replace("12", "8"))).profiles;
    assert_eq!((fewer.contacts, fewer.layout_equal), ((12, 8), false));
}

#[test]
fn numbers_that_come_to_mean_something_else() {
    let sources = [Source { name: "policy.toml", bytes: SAMPLE.as_bytes() }];
    let ids = compile(&sources, "").unwrap().ids;
    let conflicts = |new: &str| {
        let version = |ids| Version { sources: &sources, ids };
        difference(version(&ids), version(new)).unwrap().id_conflicts
    };
    assert!(conflicts(&ids).is_empty());
    assert!(conflicts(&format!("{ids}offer 2 gift\n")).is_empty());
    let moved = conflicts(&ids.replace("offer 1 pass", "offer 7 pass"));
    assert_eq!(moved[0].kind, IdConflictKind::Renumbered(7));
    assert_eq!(
        moved[0].to_string(),
        "offer 1 pass has number 7 now: what is stored under 1 would be misread"
    );
    let reused = conflicts(&ids.replace("offer 1 pass", "offer 1 gift\noffer 2 pass"));
    assert_eq!(reused[0].kind, IdConflictKind::Renumbered(2));
}

#[test]
fn machines_read_it_too() {
    let found = compare(SAMPLE, &with(&format!("{PASS}value = \"3.00\"")));
    let bytes = found.profiles.bytes.0;
    assert_eq!(
        found.to_json(),
        format!(
            "{{\"changes\":[\n{{\"what\":\"offer\",\"name\":\"pass\",\"change\":\"changed\",\
             \"key\":\"value\",\"old\":\"2.50\",\"new\":\"3.00\",\"effect\":null}}\n],\
             \"experiments\":[],\"version_raised\":false,\"profiles\":{{\"salt_equal\":true,\"layout_equal\":true,\"bytes_before\":{bytes},\
             \"bytes_after\":{bytes},\"account_layout_equal\":true,\"account_bytes_before\":0,\
             \"account_bytes_after\":0,\"contacts_before\":12,\"contacts_after\":12,\
             \"features\":[]}},\"id_conflicts\":[]}}"
        )
    );
}

#[test]
fn a_version_that_does_not_compile_is_named() {
    let sources = [Source { name: "broken.toml", bytes: b"[policy" }];
    let version = Version { sources: &sources, ids: "" };
    let diagnostics = difference(version, version).unwrap_err();
    assert_eq!(diagnostics.iter().next().unwrap().file(), "broken.toml");
}
