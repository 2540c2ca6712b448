//! Policies, good and bad, through the compiler's public face.

use opportune::compile::{Compiled, Diagnostics, Source, compile};
use opportune::{ChannelId, EventId, FeatureId, MemberId, MomentId, OfferId, TreatmentId, Type};
use opportune::{Policy, limits};

const PREPAID: &str = include_str!("../examples/policies/prepaid.toml");
const PREPAID_IDS: &str = include_str!("../examples/policies/policy.ids");

/// A small policy with something of everything. Bad policies are this one, changed.
const GOOD: &str = r#"
[policy]
name = "small"
version = 3
currency = "USD"
zones = ["America/New_York", "America/Chicago"]
zone_from = "home"
explore = { epsilon = 0.1, top = 2 }
[control]
share = 0.2
seed = "u"
exempt = ["service"]
[attributes]
home = { type = "zone" }
tariff = { type = "enum", values = ["basic", "gold"], from = "tariff_change.tariff" }
smart = { type = "bool" }
consent = { type = "bool" }
[events.call_end]
minutes = "double"
charge = "money"
[events.recharge]
amount = "money"
[events.tariff_change]
tariff = { type = "enum", attribute = "tariff" }
[events.data]
app = { type = "enum", values = ["video", "web"] }
[features.spend]
sum = "call_end.charge"
where = "event.minutes > 1.0"
window = "7d"
buckets = 7
[features.calls]
count = ["call_end", "data"]
[features.recharged]
sum = "recharge.amount"
window = "24h"
[features.last]
last_time = "recharge"
[features.burn]
expr = "spend / 7"
[features.fast]
expr = "burn > 2.00"
[moments.low]
on = ["call_end", "tick"]
when = "event.charge > 1.00 && fast"
intent = "buy"
strength = 0.8
priority = 5
snooze = "6h"
[moments.thanks]
on = "recharge"
when = "event.amount >= 10"
intent = "do"
[budgets.gifts]
unit = "money"
[budgets.gateway]
unit = "pieces"
refundable = false
[channels.sms]
consent = "consent"
cost = "0.01"
draws = { gateway = 1 }
[channels.app]
reach = "smart"
[contact]
quiet_hours = { from = "21:00", until = "08:00", exempt = ["service"] }
[[contact.caps]]
at_most = 1
within = "3d"
of = "each offer"
[[contact.caps]]
at_most = 12
within = "30d"
of = "all"
[[contact.suppress]]
when = "calls > 100"
[issues.sales]
goal = "recharged"
[issues.sales.groups.data]
eligible = "tariff == 'gold'"
[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["low"]
value = "2.50"
weight = "fast ? 1.3 : 1.0"
from = 2026-01-01T00:00:00Z
until = "2027-01-01T00:00:00Z"
parameters = { price = { type = "money", value = "5" }, days = "7" }
draws = { gifts = "1.00", gateway = 2 }
[offers.pass.treatments.sms]
content = "pass_sms"
propensity = 0.06
[offers.pass.treatments.app]
content = "pass_app"
propensity = 0.1
prior = 50
"#;

fn compile_text(text: &str, ids: &str) -> Result<Compiled, Diagnostics> {
    compile(&[Source { name: "policy.toml", bytes: text.as_bytes() }], ids)
}

fn good(text: &str) -> Compiled {
    compile_text(text, "").unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn bad(text: &str) -> Diagnostics {
    match compile_text(text, "") {
        Ok(_) => panic!("compiled: {text}"),
        Err(diagnostics) => diagnostics,
    }
}

/// The good policy with `from` replaced, where it is found exactly once.
fn changed(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "{from}");
    GOOD.replace(from, to)
}

#[test]
fn the_prepaid_example_compiles() {
    let compiled = match compile_text(PREPAID, PREPAID_IDS) {
        Ok(compiled) => compiled,
        Err(diagnostics) => panic!("{diagnostics}"),
    };
    if std::env::var_os("BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/policies/policy.ids");
        std::fs::write(path, &compiled.ids).unwrap();
    } else {
        assert_eq!(compiled.ids, PREPAID_IDS, "run with BLESS=1 to write policy.ids");
    }
    let policy = compiled.policy;
    assert_eq!(policy.names::<OfferId>().count(), 25);
    assert!((1_300..=2_000).contains(&policy.profile_bytes()), "{}", policy.profile_bytes());
    let roaming = policy.id("roaming").unwrap();
    assert_eq!(policy.feature_type(roaming), Some(Type::Bool));
}

#[test]
fn a_good_policy_says_what_it_is() {
    let policy = good(GOOD).policy;
    assert_eq!((policy.name(), policy.version(), policy.currency()), ("small", 3, "USD"));
    assert_eq!(policy.names::<EventId>().count(), 4);
    assert_eq!(policy.names::<FeatureId>().count(), 10);
    assert_eq!(policy.names::<MomentId>().count(), 2);
    assert_eq!(policy.names::<ChannelId>().count(), 2);
    assert!(policy.id::<TreatmentId>("pass.sms").is_some());
    for member in ["home.America/Chicago", "tariff.gold", "data.app.video"] {
        assert!(policy.id::<MemberId>(member).is_some(), "{member}");
    }
    let ty = |name: &str| policy.feature_type(policy.id(name).unwrap()).unwrap();
    assert_eq!(ty("burn"), Type::Money);
    assert_eq!(ty("fast"), Type::Bool);
    assert_eq!(ty("last"), Type::Timestamp);
    assert_eq!(ty("tariff"), Type::Member);
    let place = policy.place_of_offer(policy.id("pass").unwrap()).unwrap();
    let goal = place.goal.unwrap();
    assert_eq!(policy.name_of(goal), Some("recharged"));
}

/// What is replaced, by what, the code, and the rule that is blamed. `@` stands before the place
/// that is blamed, and is not part of the policy.
#[rustfmt::skip]
const BAD: &[(&str, &str, &str, &str)] = &[
    // Keys.
    ("snooze = \"6h\"", "@snoze = \"6h\"", "OPP0301", "moments.low.snoze"),
    ("[control]", "[@controll]", "OPP0301", "controll"),
    ("share = 0.2\n", "@shares = 0.2\nshare = 0.2\n", "OPP0301", "control.shares"),
    ("intent = \"buy\"\n", "", "OPP0302", "moments.low"),
    ("currency = \"USD\"\n", "", "OPP0302", "policy"),
    // Values.
    ("version = 3", "version = @\"3\"", "OPP0303", "policy.version"),
    ("version = 3", "version = @0", "OPP0304", "policy.version"),
    ("event.minutes > 1.0", "event.time < @now", "OPP0504", "features.spend.where"),
    ("[control]", "[sources.crm]\nrank = @256\n[control]", "OPP0304", "sources.crm.rank"),
    ("[control]", "[sources.crm]\nexpires = @\"0s\"\n[control]", "OPP0304", "sources.crm.expires"),
    ("[control]", "[sources.crm]\nevents = @\"nothing\"\n[control]", "OPP0401", "sources.crm.events"),
    ("[control]", "[sources.crm]\nevents = \"data\"\n[sources.erp]\nevents = @\"data\"\n[control]", "OPP0306", "sources.erp.events"),
    ("\"USD\"", "@\"dollars\"", "OPP0304", "policy.currency"),
    ("share = 0.2", "share = @1.2", "OPP0304", "control.share"),
    ("strength = 0.8", "strength = @nan", "OPP0304", "moments.low.strength"),
    ("priority = 5", "priority = @0.5", "OPP0303", "moments.low.priority"),
    ("\"6h\"", "@\"6 hours\"", "OPP0304", "moments.low.snooze"),
    ("cost = \"0.01\"", "cost = @0.01", "OPP0303", "channels.sms.cost"),
    ("cost = \"0.01\"", "cost = @\"-0.01\"", "OPP0304", "channels.sms.cost"),
    ("\"21:00\"", "@\"9 pm\"", "OPP0304", "contact.quiet_hours.from"),
    ("from = 2026-01-01T00:00:00Z", "from = @21:00:00", "OPP0304", "offers.pass.from"),
    ("\"2027-01-01T00:00:00Z\"", "@\"2025-01-01T00:00:00Z\"", "OPP0304", "offers.pass.until"),
    ("refundable = false", "until = @\"soon\"", "OPP0304", "budgets.gateway.until"),
    ("prior = 50", "from = 2026-02-01\nuntil = @2026-01-01", "OPP0304", "offers.pass.treatments.app.until"),
    ("propensity = 0.1\nprior = 50", "propensity = 0.1\nfrom = 2027-01-01", "OPP0304", "offers.pass.treatments.app"),
    ("when = \"calls > 100\"", "when = \"calls > 100\"\nfrom = @\"never\"", "OPP0304", "contact.suppress[0].from"),
    ("within = \"3d\"", "within = \"3d\"\nuntil = @12:00:00", "OPP0304", "contact.caps[0].until"),
    ("within = \"30d\"", "within = \"30d\"\nfrom = 2026-01-01", "OPP0701", "contact.caps"),
    ("propensity = 0.06", "propensity = @1", "OPP0304", "offers.pass.treatments.sms.propensity"),
    ("prior = 50", "prior = @0", "OPP0304", "offers.pass.treatments.app.prior"),
    ("kind = \"sale\"", "kind = @\"sales\"", "OPP0304", "offers.pass.kind"),
    ("buckets = 7", "buckets = 11", "OPP0304", "features.spend.window"),
    ("gateway = 2", "gateway = @\"2\"", "OPP0303", "offers.pass.draws.gateway"),
    ("unit = \"money\"", "unit = @\"euro\"", "OPP0304", "budgets.gifts.unit"),
    // Names.
    ("[features.burn]", "[features.@\"burn rate\"]\nexpr = \"1\"\n[features.burn]", "OPP0305", "features.burn rate"),
    ("[features.burn]", "[features.@now]\nexpr = \"1\"\n[features.burn]", "OPP0305", "features.now"),
    ("[features.burn]", "[features.@smart]\nexpr = \"1\"\n[features.burn]", "OPP0306", "features.smart"),
    ("[\"basic\", \"gold\"]", "[\"basic\", \"gold\", @\"gold\"]", "OPP0306", "attributes.tariff.values[2]"),
    ("content = \"pass_app\"", "content = @\"pass app\"", "OPP0305", "offers.pass.treatments.app.content"),
    ("\"America/Chicago\"", "@\"America/Chicagoo\"", "OPP0401", "policy.zones[1]"),
    ("\"America/Chicago\"", "@\"america/chicago\"", "OPP0401", "policy.zones[1]"),
    ("zone_from = \"home\"", "zone_from = @\"smart\"", "OPP0303", "policy.zone_from"),
    ("on = \"recharge\"", "on = @\"recharges\"", "OPP0401", "moments.thanks.on"),
    ("moments = [\"low\"]", "moments = [@\"lower\"]", "OPP0401", "offers.pass.moments[0]"),
    ("group = \"sales.data\"", "group = @\"sales.dat\"", "OPP0401", "offers.pass.group"),
    ("goal = \"recharged\"", "goal = @\"recharge\"", "OPP0401", "issues.sales.goal"),
    ("{ gateway = 1 }", "{ @gatway = 1 }", "OPP0401", "channels.sms.draws.gatway"),
    ("treatments.sms", "treatments.@smss", "OPP0401", "offers.pass.treatments.smss"),
    ("sum = \"call_end.charge\"", "sum = @\"call_end.charges\"", "OPP0403", "features.spend.sum"),
    ("sum = \"recharge.amount\"", "sum = @\"amount\"", "OPP0304", "features.recharged.sum"),
    ("attribute = \"tariff\"", "attribute = @\"smart\"", "OPP0303", "events.tariff_change.tariff.attribute"),
    // Features.
    ("[features.burn]\n", "[features.@burn]\ncount = \"data\"\nsum = \"recharge.amount\"\n[features.burn2]\n", "OPP0307", "features.burn"),
    ("expr = \"spend / 7\"", "expr = \"spend / 7\"\n@window = \"1h\"", "OPP0307", "features.burn.window"),
    ("window = \"24h\"", "@buckets = 3", "OPP0307", "features.recharged.buckets"),
    ("last_time = \"recharge\"", "last_time = \"recharge\"\n@half_life = \"7d\"", "OPP0307", "features.last.half_life"),
    ("last_time = \"recharge\"", "last_time = \"recharge\"\nwindow = \"month\"\n@bill_day = 3", "OPP0307", "features.last.bill_day"),
    ("window = \"24h\"", "window = \"24h\"\n@periods = 2", "OPP0307", "features.recharged.periods"),
    ("window = \"24h\"", "window = \"day\"\n@buckets = 2", "OPP0307", "features.recharged.buckets"),
    ("window = \"24h\"", "window = \"24h\"\n@half_life = \"1h\"", "OPP0307", "features.recharged.half_life"),
    ("window = \"24h\"", "window = \"24h\"\n@per = \"1h\"", "OPP0307", "features.recharged.per"),
    ("window = \"24h\"", "window = \"24h\"\n@of = \"true\"", "OPP0307", "features.recharged.of"),
    ("window = \"24h\"", "window = @\"100m\"\nbuckets = 7", "OPP0304", "features.recharged.window"),
    ("window = \"24h\"", "window = @\"6m\"\nbuckets = 12", "OPP0601", "features.recharged.window"),
    ("window = \"24h\"", "window = @\"fortnight\"", "OPP0304", "features.recharged.window"),
    ("window = \"24h\"", "half_life = @\"400d\"", "OPP0601", "features.recharged.half_life"),
    ("window = \"24h\"", "half_life = \"1d\"\nper = @\"0s\"", "OPP0304", "features.recharged.per"),
    ("[features.last]\nlast_time = \"recharge\"", "[features.@last]\nlast_time = \"recharge\"\nwindow = \"cycle\"", "OPP0302", "features.last"),
    ("last_time = \"recharge\"", "last_time = \"recharge\"\nwindow = \"cycle\"\nbill_day = @32", "OPP0304", "features.last.bill_day"),
    ("last_time = \"recharge\"", "last_time = \"recharge\"\nwindow = \"cycle\"\nbill_day = @\"calls\"", "OPP0303", "features.last.bill_day"),
    ("last_time = \"recharge\"", "streak = \"recharge\"\n@window = \"7d\"", "OPP0307", "features.last.window"),
    ("last_time = \"recharge\"", "active = \"recharge\"\nperiods = @65", "OPP0304", "features.last.periods"),
    ("[features.last]\nlast_time = \"recharge\"", "[features.@last]\nshare = \"recharge\"", "OPP0302", "features.last"),
    ("last_time = \"recharge\"", "distinct = \"call_end.charge\"\nregisters = @65", "OPP0304", "features.last.registers"),
    ("last_time = \"recharge\"", "quantile = \"call_end.charge\"\nat = 0.5\nerror = 0.1\nbetween = @[2, 1]", "OPP0304", "features.last.between"),
    ("last_time = \"recharge\"", "quantile = \"call_end.charge\"\nat = 0.5\nerror = @0.001\nbetween = [1, 100]", "OPP0601", "features.last.error"),
    ("last_time = \"recharge\"", "quantile = \"call_end.charge\"\nat = @0.0\nerror = 0.1\nbetween = [1, 100]", "OPP0304", "features.last.at"),
    ("window = \"24h\"", "window = @\"91d\"", "OPP0601", "features.recharged.window"),
    ("sum = \"recharge.amount\"", "sum = @\"data.app\"", "OPP0503", "features.recharged.sum"),
    ("from = \"tariff_change.tariff\"", "from = @\"data.app\"", "OPP0503", "attributes.tariff.from"),
    ("\"spend / 7\"", "@\"burn + spend\"", "OPP0505", "features.burn.expr"),
    ("\"spend / 7\"", "@\"fast ? spend : spend\"", "OPP0505", "features.burn.expr"),
    // Expressions.
    ("event.minutes > 1.0", "@spend > 1.0", "OPP0504", "features.spend.where"),
    ("event.charge > 1.00 &&", "event.charge @> burn / burn &&", "OPP0503", "moments.low.when"),
    ("event.charge > 1.00 &&", "@event.charg > 1.00 &&", "OPP0403", "moments.low.when"),
    ("&& fast", "&& @calls", "OPP0503", "moments.low.when"),
    ("&& fast", "&& @é", "OPP0501", "moments.low.when"),
    ("event.amount >= 10", "event.amount >= 10@x", "OPP0501", "moments.thanks.when"),
    ("calls > 100", "'é' == 'é' && @nope", "OPP0401", "contact.suppress[0].when"),
    ("tariff == 'gold'", "tariff == @'golden'", "OPP0402", "issues.sales.groups.data.eligible"),
    ("\"tariff == 'gold'\"", "'''\ntariff == \"gold\"\n && @nope'''", "OPP0401", "issues.sales.groups.data.eligible"),
    ("\"tariff == 'gold'\"", "\"\\u0074ariff == \\\"gold\\\" && @nope\"", "OPP0401", "issues.sales.groups.data.eligible"),
    ("tariff == 'gold'", "@event.minutes > 1.0", "OPP0504", "issues.sales.groups.data.eligible"),
    ("calls > 100", "calls @> 100.0", "OPP0503", "contact.suppress[0].when"),
    ("fast ? 1.3 : 1.0", "@1", "OPP0503", "offers.pass.weight"),
    ("value = \"2.50\"", "value = \"burn @/ burn\"", "OPP0503", "offers.pass.value"),
    ("[\"call_end\", \"tick\"]", "[\"call_end\", \"recharge\"]", "OPP0403", "moments.low.when"),
    // Contact.
    ("of = \"all\"", "of = @\"everything\"", "OPP0304", "contact.caps[1].of"),
    ("of = \"each offer\"", "of = { channel = @\"fax\" }", "OPP0401", "contact.caps[0].of.channel"),
    ("of = \"each offer\"", "of = { @chanel = \"sms\" }", "OPP0301", "contact.caps[0].of.chanel"),
    ("of = \"all\"", "of = { issue = \"sales\" }", "OPP0701", "contact.caps"),
    ("of = \"all\"", "of = \"all\"\nexempt = [\"tip\"]", "OPP0701", "contact.caps[1]"),
    ("within = \"3d\"", "within = \"31d\"", "OPP0701", "contact.caps[0]"),
    ("at_most = 12", "at_most = 65", "OPP0601", "contact.caps[1]"),
];

#[test]
fn every_mistake_has_its_place() {
    for (from, to, code, rule) in BAD {
        let marked = changed(from, to);
        let text = marked.replace('@', "");
        let diagnostics = bad(&text);
        let found: Vec<_> = diagnostics.iter().collect();
        let at = |d: &opportune::compile::Diagnostic| {
            (d.code().as_str().to_owned(), d.rule().to_owned())
        };
        let wanted = found.iter().find(|d| at(d) == (code.to_string(), rule.to_string()));
        let Some(diagnostic) = wanted else { panic!("{from} -> {to}:\n{diagnostics}") };
        assert!(
            found.len() == 1 || code == &"OPP0305" || code == &"OPP0301",
            "{to}:\n{diagnostics}"
        );
        if let Some((before, _)) = marked.split_once('@') {
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!((diagnostic.line(), diagnostic.column()), (line, column), "{diagnostics}");
        }
        assert_eq!(diagnostic.file(), "policy.toml");
    }
}

#[test]
fn advice_names_what_was_meant() {
    for (from, to, help) in [
        ("moments = [\"low\"]", "moments = [\"lov\"]", "did you mean `low`?"),
        ("snooze =", "snoze =", "did you mean `snooze`?"),
        ("'gold'", "'gol'", "did you mean `gold`?"),
        ("&& fast", "&& fost", "did you mean `fast`?"),
        ("event.amount", "amount", "the event's field is `event.amount`"),
        ("fast ? 1.3 : 1.0", "1", "write it with a decimal point, such as 1.0"),
        ("burn > 2.00", "burn > burn / burn", "amounts have a unit"),
        ("consent = \"consent\"", "consent = false", "for a channel that only answers"),
        ("[\"call_end\", \"tick\"]", "[\"call_end\", \"recharge\"]", "split the moment"),
        // Values of another type.
        ("value = \"2.50\"", "value = 2.50", "write it in quotes: \"2.50\""),
        ("cost = \"0.01\"", "cost = 0.01", "write it in quotes: \"0.01\""),
        ("gifts = \"1.00\"", "gifts = 1.00", "write it in quotes: \"1.00\""),
        ("snooze = \"6h\"", "snooze = 6", "write it in quotes, with its unit: \"6h\" are hours"),
        ("reach = \"smart\"", "reach = true", "write it in quotes: \"true\""),
        ("gateway = 1 }", "gateway = -1 }", "write how much one contact or offer takes"),
        (
            "[[contact.caps]]\nat_most = 1\nwithin = \"3d\"\nof = \"each offer\"\n[[contact.caps]]",
            "[contact.caps]",
            "a list of tables has double brackets: [[contact.caps]]",
        ),
        // What other languages have.
        ("&& fast", "and fast", "and is written &&"),
        ("&& fast", "OR fast", "or is written ||"),
        ("&& fast", "&& not fast", "not is written !"),
        ("\"fast ? 1.3 : 1.0\"", "\"not fast ? 1.3 : 1.0\"", "not is written !"),
        ("&& fast", "&& not (fast)", "did you mean `!`?"),
        ("\"fast ? 1.3 : 1.0\"", "\"if fast then 1.3\"", "a choice is written condition ? "),
        ("&& fast", "& fast", "and is written &&"),
        ("&& fast", "| fast", "or is written ||"),
        ("event.amount >= 10", "event.amount = 10", "equal is written =="),
        ("event.amount >= 10", "event.amount <> 10", "unequal is written !="),
        ("value = \"2.50\"", "value = \"$2.50\"", "an amount is a number with a point"),
        ("value = \"2.50\"", "value = \"2,50\"", "an amount is a number with a point"),
        ("calls > 100", "1 < calls < 5", "one comparison at a time"),
        ("calls > 100", "now.hour() > 3", "did you mean `getHours`?"),
        ("calls > 100", "floor(1.5) > 1.0", "did you mean `math.floor`?"),
        (
            "calls > 100",
            "now - last > duration('7d')",
            "expressions count days and weeks in hours: '168h'",
        ),
        ("tariff == 'gold'", "tariff == gold", "a member of `tariff` is in quotes: 'gold'"),
        ("consent = \"consent\"", "consent = \"tariff\"", "compare it with a member"),
        ("consent = \"consent\"", "consent = \"calls\"", "compare it: x == y"),
        // Things in other places.
        ("group = \"sales.data\"", "group = \"data\"", "did you mean `sales.data`?"),
        ("explore =", "include = \"more.toml\"\nexplore =", "it is a key of the file"),
        ("[features.burn]\n", "[features.calls]\n[features.burn]\n", "it stands first in line 32"),
        ("strength = 0.8", "strength = 0.8\nstrength = 0.7", "it stands first in line "),
    ] {
        let diagnostics = bad(&changed(from, to));
        let advice: Vec<_> = diagnostics.iter().filter_map(|d| d.help()).collect();
        assert!(advice.iter().any(|text| text.starts_with(help)), "{to}:\n{diagnostics}");
    }
}

#[test]
fn messages_say_where_the_other_is() {
    for (from, to, message) in [
        (
            "[features.burn]",
            "[features.smart]\nexpr = \"1\"\n[features.burn]",
            "`smart` is declared already, as `attributes.smart` in policy.toml line 16",
        ),
        ("on = \"recharge\"", "on = \"ticks\"", "no event (or tick) is called `ticks`"),
    ] {
        let diagnostics = bad(&changed(from, to));
        let messages: Vec<_> = diagnostics.iter().map(|d| d.message()).collect();
        assert!(messages.contains(&message), "{to}:\n{diagnostics}");
    }
}

#[test]
fn what_every_policy_needs_is_explained() {
    let caps = GOOD.find("[[contact.caps]]").expect("caps");
    let end = GOOD.find("[[contact.suppress]]").expect("suppressions");
    let without_caps = format!("{}{}", &GOOD[..caps], &GOOD[end..]);
    let header = GOOD.find("[control]").expect("control");
    for (text, help) in [
        (without_caps.as_str(), "the cap over everything bounds the profile"),
        (&GOOD[header..], "a file without it is a part"),
    ] {
        let diagnostics = bad(text);
        let mut advice = diagnostics.iter().filter_map(|d| d.help());
        assert!(advice.any(|found| found.starts_with(help)), "{diagnostics}");
    }
}

#[test]
fn one_run_reports_every_mistake() {
    let text = GOOD
        .replace("snooze =", "snoze =")
        .replace("'gold'", "'golden'")
        .replace("&& fast", "&& fost || event.charg > 1")
        .replace("calls > 100", "calls > 1.0")
        .replace("\"sales.data\"", "\"sales.voice\"")
        .replace("cost = \"0.01\"", "cost = 1");
    let diagnostics = bad(&text);
    assert_eq!(diagnostics.iter().count(), 7, "{diagnostics}");
    let lines: Vec<usize> = diagnostics.iter().map(|d| d.line()).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn diagnostics_print_as_compilers_do() {
    let printed = bad(&changed("'gold'", "'golt'")).to_string();
    let expected = "\
error[OPP0402]: `tariff` has no member `golt`
  --> policy.toml:80:23
   |
80 | eligible = \"tariff == 'golt'\"
   |                       ^^^^^^ issues.sales.groups.data.eligible
   |
   = help: did you mean `gold`?

1 error in the policy; `opportune explain-code OPP0402` says more
";
    assert_eq!(printed, expected);
}

#[test]
fn numbers_are_for_ever() {
    let first = good(GOOD);
    // The same names in another order, one gone and one new.
    let (head, offer) = GOOD.split_once("[offers.pass]").unwrap();
    let text = format!("[offers.new]{}\n{head}", offer.replace("offers.pass", "offers.new"));
    let second = compile_text(&text, &first.ids).unwrap_or_else(|d| panic!("{d}"));
    assert!(second.ids.starts_with(&first.ids));
    let number = |policy: &Policy, name: &str| policy.id::<OfferId>(name);
    assert_eq!(number(&first.policy, "pass"), Some(OfferId(1)));
    assert_eq!(number(&second.policy, "new"), Some(OfferId(2)));
    assert_eq!(number(&second.policy, "pass"), None);
    for name in ["spend", "calls", "home", "tariff"] {
        assert_eq!(first.policy.id::<FeatureId>(name), second.policy.id::<FeatureId>(name));
    }
    // Nothing new, nothing written.
    assert_eq!(compile_text(&text, &second.ids).unwrap().ids, second.ids);
    // The old offer finds its old number.
    let third = compile_text(GOOD, &second.ids).unwrap();
    assert_eq!(number(&third.policy, "pass"), Some(OfferId(1)));
    assert_eq!(third.ids, second.ids);
}

#[test]
fn the_id_table_is_checked() {
    for (ids, code, line) in [
        ("# fine\noffer 1 a\noffer 1 b\n", "OPP0202", 3),
        ("offer 1 a\n\noffer 2 a\n", "OPP0202", 3),
        ("offer 1\n", "OPP0201", 1),
        ("offers 1 a\n", "OPP0201", 1),
        ("offer 16777216 a\n", "OPP0201", 1),
        ("offer 16777215 a\n", "OPP0601", 1),
    ] {
        let Err(diagnostics) = compile_text(GOOD, ids) else { panic!("{ids}") };
        let first = diagnostics.iter().next().unwrap();
        assert_eq!((first.code().as_str(), first.line()), (code, line), "{diagnostics}");
    }
}

#[test]
fn equal_text_has_an_equal_fingerprint() {
    let first = good(GOOD);
    assert_eq!(first.policy.fingerprint(), good(GOOD).policy.fingerprint());
    let again = compile_text(GOOD, &first.ids).unwrap();
    assert_eq!(first.policy.fingerprint(), again.policy.fingerprint());
    let other = good(&changed("calls > 100", "calls > 101"));
    assert_ne!(first.policy.fingerprint(), other.policy.fingerprint());
}

/// The text of `count` things, from their number.
fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

#[test]
fn every_limit_is_checked() {
    let offer_tail =
        "group = \"sales.data\"\nkind = \"sale\"\nmoments = [\"low\"]\nvalue = \"1\"\n";
    let append = |text: String| format!("{GOOD}\n{text}");
    let fields = many(limits::EVENT_FIELDS_MAX + 1, |n| format!("f{n} = \"int\"\n"));
    let chain = many(limits::DERIVED_DEPTH_MAX + 1, |n| match n {
        0 => "[features.d0]\nexpr = \"calls + 1\"\n".into(),
        n => format!("[features.d{n}]\nexpr = \"d{} + 1\"\n", n - 1),
    });
    let treatments = many(limits::OFFER_TREATMENTS_MAX + 1, |n| {
        format!("[channels.c{n}]\n[offers.o.treatments.c{n}]\ncontent = \"c\"\npropensity = 0.5\n")
    });
    let budgets =
        many(limits::TREATMENT_BUDGETS_MAX, |n| format!("[budgets.b{n}]\nunit = \"pieces\"\n"));
    let draws = many(limits::TREATMENT_BUDGETS_MAX, |n| format!("b{n} = 1, "));
    let parameters = many(limits::OFFER_PARAMETERS_MAX + 1, |n| format!("p{n} = \"1\", "));
    let parentheses = "(".repeat(limits::EXPRESSION_NESTING_MAX + 1);
    for (text, rule) in [
        (
            append(many(limits::FEATURES_MAX, |n| format!("[features.f{n}]\ncount = \"data\"\n"))),
            "features",
        ),
        (
            append(many(limits::MOMENTS_MAX, |n| {
                format!("[moments.m{n}]\non = \"data\"\nwhen = \"true\"\nintent = \"do\"\n")
            })),
            "moments",
        ),
        (append(many(limits::EVENTS_MAX, |n| format!("[events.e{n}]\n"))), "events"),
        (append(many(limits::DATA_SOURCES_MAX + 1, |n| format!("[sources.s{n}]\n"))), "sources"),
        (append(many(limits::CHANNELS_MAX, |n| format!("[channels.c{n}]\n"))), "channels"),
        (
            append(many(limits::BUDGETS_MAX, |n| format!("[budgets.b{n}]\nunit = \"pieces\"\n"))),
            "budgets",
        ),
        (append(many(limits::ISSUES_MAX, |n| format!("[issues.i{n}]\n"))), "issues"),
        (
            append(many(limits::GROUPS_MAX, |n| format!("[issues.sales.groups.g{n}]\n"))),
            "issues.sales.groups.g4095",
        ),
        (
            append(many(limits::CONTACT_RULES_MAX, |_| {
                "[[contact.suppress]]\nwhen = \"false\"\n".into()
            })),
            "contact.suppress",
        ),
        (append(format!("[events.wide]\n{fields}")), "events.wide"),
        (append(chain), "features.d8.expr"),
        (append(format!("[offers.o]\n{offer_tail}{treatments}")), "offers.o.treatments"),
        (
            append(format!(
                "{budgets}[offers.o]\n{offer_tail}draws = {{ {draws} }}\n[offers.o.treatments.sms]\ncontent = \"c\"\npropensity = 0.5\n"
            )),
            "offers.o.treatments.sms",
        ),
        (
            append(format!(
                "[offers.o]\n{offer_tail}parameters = {{ {parameters} }}\n[offers.o.treatments.sms]\ncontent = \"c\"\npropensity = 0.5\n"
            )),
            "offers.o.parameters",
        ),
        (
            changed(
                "calls > 100",
                &format!("calls > 100{}", " ".repeat(limits::EXPRESSION_BYTES_MAX)),
            ),
            "contact.suppress[0].when",
        ),
        (
            changed(
                "calls > 100",
                &format!("{}true", "!".repeat(limits::EXPRESSION_SYMBOLS_MAX + 1)),
            ),
            "contact.suppress[0].when",
        ),
        (
            changed("calls > 100", &format!("{parentheses}1{}", ")".repeat(parentheses.len()))),
            "contact.suppress[0].when",
        ),
        (
            changed(
                "calls > 100",
                &format!("calls > calls{}", " + 1".repeat(limits::EXPRESSION_OPS_MAX / 2)),
            ),
            "contact.suppress[0].when",
        ),
        (
            changed(
                "buckets = 7",
                &format!(
                    "buckets = {}\n[features.wide]\nsum = \"call_end.charge\"\nwindow = \"96d\"",
                    limits::WINDOW_BUCKETS_MAX
                ),
            ),
            "features.wide.window",
        ),
        (
            append(many(90, |n| {
                format!(
                    "[features.f{n}]\nmax = \"call_end.charge\"\nwindow = \"96h\"\nbuckets = 96\n"
                )
            })),
            "features",
        ),
    ] {
        let diagnostics = bad(&text);
        let found: Vec<_> = diagnostics.iter().map(|d| (d.code().as_str(), d.rule())).collect();
        assert!(found.contains(&("OPP0601", rule)), "{rule}: {diagnostics}");
    }
    for (from, to) in [
        ("top = 2", format!("top = {}", limits::EXPLORATION_TOP_MAX + 1)),
        ("buckets = 7", format!("buckets = {}", limits::WINDOW_BUCKETS_MAX + 1)),
    ] {
        assert_eq!(bad(&changed(from, &to)).iter().next().unwrap().code().as_str(), "OPP0304");
    }
}

#[test]
fn the_largest_allowed_policy_parts_compile() {
    let features = limits::FEATURES_MAX - 10;
    good(&format!("{GOOD}{}", many(features, |n| format!("[features.f{n}]\ncount = \"data\"\n"))));
    let moments = many(limits::MOMENTS_MAX - 2, |n| {
        format!("[moments.m{n}]\non = \"data\"\nwhen = \"true\"\nintent = \"do\"\n")
    });
    good(&format!("{GOOD}{moments}"));
}

/// Bytes that look random, the same every time.
fn noise(count: usize) -> impl Iterator<Item = u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
}

#[test]
fn noise_is_refused() {
    let count = 10_000_000;
    let bytes: Vec<u8> = noise(count).collect();
    let ascii: Vec<u8> = noise(count).map(|byte| b' ' + byte % 95).collect();
    let lines: Vec<u8> =
        noise(count).map(|byte| [b'\n', b'[', b'=', b'a', b'"'][usize::from(byte % 5)]).collect();
    for bytes in [bytes, ascii, lines] {
        let Err(diagnostics) = compile(&[Source { name: "noise", bytes: &bytes }], "") else {
            panic!("noise compiled")
        };
        assert_eq!(diagnostics.iter().count(), 1);
        assert!(!diagnostics.to_string().is_empty());
    }
}

#[test]
fn bombs_are_refused() {
    for (open, close) in [("[", "]"), ("{a=", "}"), ("[[", "]]"), ("a.", "b"), ("\"", "\"")] {
        for count in [50, 5_000, 500_000] {
            let text = format!("{GOOD}x = {}1{}\n", open.repeat(count), close.repeat(count));
            bad(&text);
            bad(&format!("{}\n{GOOD}", open.repeat(count)));
        }
    }
    for open in ["(", "[", "{", "f(", "-(", "!", "-", "a.", "1+", "true?1:", "true&&", "')')(", "'"]
    {
        for count in [20, 200, 100_000] {
            let text = changed("calls > 100", &open.repeat(count));
            bad(&text);
        }
    }
}

#[test]
fn broken_text_never_panics() {
    // Every prefix, and every line left out.
    for (end, _) in GOOD.char_indices().step_by(7) {
        let _ = compile_text(&GOOD[..end], "").map_err(|diagnostics| diagnostics.to_string());
    }
    let lines: Vec<&str> = GOOD.lines().collect();
    for gone in 0..lines.len() {
        let kept: Vec<&str> =
            lines.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, line)| *line).collect();
        let _ = compile_text(&kept.join("\n"), "").map_err(|diagnostics| diagnostics.to_string());
    }
    // Every value replaced by one of another type.
    for (at, line) in lines.iter().enumerate() {
        let Some((key, _)) = line.split_once(" = ") else { continue };
        for value in ["1", "-1", "\"\"", "\"é(\"", "[]", "{}", "[[]]", "nan", "1979-05-27", "true"]
        {
            let mut changed = lines.clone();
            let replaced = format!("{key} = {value}");
            changed[at] = &replaced;
            let text = changed.join("\n");
            let _ = compile_text(&text, "").map_err(|diagnostics| diagnostics.to_string());
        }
    }
}

#[test]
fn token_soup_never_panics() {
    let tokens = [
        "calls",
        "spend",
        "event",
        ".",
        "x",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        "&&",
        "||",
        "!",
        "-",
        "+",
        "*",
        "/",
        "%",
        "==",
        "!=",
        "<",
        ">=",
        "in",
        "has",
        "default",
        "duration",
        "1",
        "1.5",
        "1u",
        "0x",
        "1e",
        "'a'",
        "'é",
        "r'",
        "b'a'",
        "''",
        "`a`",
        "\\\\",
        "null",
        "true",
        "@",
        "#",
        "é",
        "\\n",
        "// c",
        "if",
        "&",
        "|",
        "=",
        ";",
        "$",
        "0x1",
        "-9223372036854775808",
        "'\\\\x'",
    ];
    let mut bytes = noise(10_000);
    for _ in 0..600 {
        let length = usize::from(bytes.next().unwrap()) % 12 + 1;
        let soup: Vec<&str> = bytes
            .by_ref()
            .take(length)
            .map(|byte| tokens[usize::from(byte) % tokens.len()])
            .collect();
        let text = changed("calls > 100", &soup.join(" "));
        let _ = compile_text(&text, "").map_err(|diagnostics| diagnostics.to_string());
    }
}

#[test]
fn sources_have_names_of_their_own() {
    let source = Source { name: "a", bytes: GOOD.as_bytes() };
    for sources in [&[][..], &[source, source][..]] {
        let Err(diagnostics) = compile(sources, "") else { panic!() };
        assert_eq!(diagnostics.iter().next().unwrap().code().as_str(), "OPP0102");
    }
    let Err(diagnostics) = compile(&[Source { name: "a", bytes: b"a = 1\n\xFF" }], "") else {
        panic!()
    };
    let first = diagnostics.iter().next().unwrap();
    assert_eq!((first.code().as_str(), first.line(), first.column()), ("OPP0101", 2, 1));
    assert_eq!(first.message(), "byte 6 is not UTF-8");
    assert_eq!(bad("a = = 1").iter().next().unwrap().code().as_str(), "OPP0103");
}

/// A name with a dot before it is read, too; a variable of a macro is not.
#[test]
fn derived_features_are_typed_after_what_they_read() {
    let text = "
        policy = { name = 'p', version = 1, currency = 'USD', zones = ['UTC'] }
        contact.caps = [{ at_most = 1, within = '1d', of = 'all' }]
        [attributes]
        x = { type = 'int' }
        [features]
        first = { expr = '.second' }
        second = { expr = 'x + 1' }
        any = { expr = '[1, 2].exists(other, other == x)' }
        other = { expr = 'any' }
        ";
    let sources = [Source { name: "p", bytes: text.as_bytes() }];
    let policy = compile(&sources, "").unwrap_or_else(|mistakes| panic!("{mistakes}")).policy;
    let type_of = |name: &str| policy.feature_type(policy.id(name).expect("a feature"));
    assert_eq!(type_of("first"), Some(Type::Int));
    assert_eq!(type_of("other"), Some(Type::Bool));
    assert!(Policy::from_bytes(&policy.to_bytes()).is_ok());
}

#[test]
fn interactions_are_the_librarys_own() {
    let declared =
        GOOD.replace("[events.recharge]", "[events.interaction]\nx = 'int'\n[events.recharge]");
    let found = compile(&[Source { name: "p", bytes: declared.as_bytes() }], "");
    let text = found.expect_err("a name of the library's own").to_string();
    assert!(text.contains("`interaction` is what the library itself reports"), "{text}");
    // A policy that does not name it has none.
    let plain = compile(&[Source { name: "p", bytes: GOOD.as_bytes() }], "").unwrap();
    assert_eq!(plain.policy.id::<EventId>("interaction"), None);
    assert!(!plain.ids.contains("interaction"));
    // A member that is misspelt is found.
    let counted = GOOD.to_owned()
        + "[features.no]\ncount = 'interaction'\nwhere = \"event.step == 'rejectd'\"\nexport = true\n";
    let found = compile(&[Source { name: "p", bytes: counted.as_bytes() }], "");
    let text = found.expect_err("no such step").to_string();
    assert!(text.contains("rejected"), "{text}");
}

/// A source's number stands in one byte of a profile, so none above 255 is taken.
#[test]
fn the_numbers_of_sources_end_at_255() {
    let text = format!("{GOOD}\n[sources.crm]\nrank = 1\n");
    assert!(compile_text(&text, "source 254 erp\n").is_ok());
    let refused = compile_text(&text, "source 255 erp\n").expect_err("256 is too high");
    let found: Vec<_> = refused.iter().map(|found| (found.code().as_str(), found.rule())).collect();
    assert_eq!(found, [("OPP0601", "sources.crm")]);
}
