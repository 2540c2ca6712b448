//! The codes: what a diagnostic can be about, and the page of each for
//! `opportune explain-code`. The numbers below 0900 are errors; those from it, in `warnings.rs`,
//! warnings.

use super::code::{Example, Page, Severity, codes};
use super::examples;
use super::warnings::codes_and_warnings;

codes_and_warnings! {
    /// The text is not UTF-8.
    Encoding = "OPP0101", Error;
    why: "Policies are UTF-8, so that a name has one spelling on every machine.";
    example: Example::Files(&[b"[policy]\nname = \"caf\xE9\"\n"]);
    mend: "Save the file as UTF-8.";

    /// No source, or a file that cannot be used.
    Sources = "OPP0102", Error;
    why: "A policy is compiled from its text; nothing is read from anywhere else.";
    example: Example::Files(&[]);
    mend: "Give the text of the policy: look at the path, and whether the file may be read.";

    /// The text is not TOML, or not JSON.
    Syntax = "OPP0103", Error;
    why: "Nothing after the place where reading stopped has been looked at.";
    example: Example::Policy(r#"
[policy]
name = "sample
"#);
    mend: "Mend the line: often a quote, a bracket or an equals sign is missing, or a key is given \
        twice.";

    /// Files that a text includes are missing, or include one another in a circle.
    Include = "OPP0104", Error;
    why: "A policy without some of its files would be another policy than was meant. Paths lead \
        down from the file that includes, so that a policy reads only what lies beside it.";
    example: Example::Files(&[b"include = [\"offers/*.toml\"]\n[policy]\nname = \"a\"\nversion = 1\n\
        currency = \"USD\"\nzones = [\"UTC\"]\n[[contact.caps]]\nat_most = 12\nwithin = \"30d\"\n\
        of = \"all\"\n"]);
    mend: "Name files that are there, such as \"offers/*.toml\", none of which includes this one; \
        through the library, give all of them.";

    /// A line of the id table is malformed.
    IdLine = "OPP0201", Error;
    why: "Profiles and logs know names by these numbers, so a line that cannot be read is not \
        skipped.";
    example: Example::Ids("offer one pass\n");
    mend: "Restore the line that was committed: `<namespace> <number> <name>`.";

    /// The id table gives one number to two names, or two numbers to one name.
    IdConflict = "OPP0202", Error;
    why: "A number stands for its name for ever: what was stored under it would come to mean \
        something else.";
    example: Example::Ids("offer 1 pass\noffer 1 gift\n");
    mend: "Restore the line that was committed first. After a merge, keep both names and give the \
        newer one a number above all of its namespace.";

    /// Names that have no permanent number yet.
    Unnumbered = "OPP0203", Error;
    why: "Profiles and logs know names by numbers that are kept in a file beside the policy. Numbers \
        are handed out only when asked, so that none is forgotten there, and a misspelt name does \
        not get one.";
    example: Example::Ids("# Nothing has a number yet.\n");
    mend: "Look for misspelt names. If all are meant, `opportune check --write-ids` writes their \
        numbers: commit the file with the policy.";

    /// A key that this section does not have.
    UnknownKey = "OPP0301", Error;
    why: "A key with a typo would silently do nothing.";
    example: Example::Policy(r#"
[moments.thanks]
on = "recharge"
when = "event.amount >= 10.00"
intent = "do"
snoze = "6h"
"#);
    mend: "Use one of the keys that the section has; the help of the diagnostic names them.";

    /// A key that this section must have.
    MissingKey = "OPP0302", Error;
    why: "There is no value that would be right for everybody.";
    example: Example::Policy(r#"
[moments.thanks]
on = "recharge"
when = "event.amount >= 10.00"
"#);
    mend: "Add the key.";

    /// A value of another TOML type than its key takes.
    ValueType = "OPP0303", Error;
    why: "Money and lengths of time are text in quotes, because 0.1 as a TOML float is not a \
        tenth.";
    example: Example::Policy(r#"
[channels.sms]
consent = "consent"
cost = 0.01
"#);
    mend: "Write the value as the message says: amounts and lengths of time in quotes, counts \
        without.";

    /// A value that its key cannot take.
    Value = "OPP0304", Error;
    why: "The value is outside what the key means.";
    example: Example::Policy(r#"
[moments.thanks]
on = "recharge"
when = "event.amount >= 10.00"
intent = "do"
snooze = "6 hours"
"#);
    mend: "Write a value of the form that the message names.";

    /// A name with characters that names cannot have, or one that is reserved.
    Name = "OPP0305", Error;
    why: "Names are used in expressions and in policy.ids.";
    example: Example::Policy(r#"
[moments."thank you"]
on = "recharge"
when = "event.amount >= 10.00"
intent = "do"
"#);
    mend: "Begin with a letter and go on with letters, digits and _.";

    /// A name that is given twice.
    Duplicate = "OPP0306", Error;
    why: "Attributes and features share one set of names, because rules read both alike.";
    example: Example::Policy(r#"
[features.tariff]
count = "recharge"
"#);
    mend: "Rename one of them.";

    /// Keys that exclude one another, or that need one another.
    Conflict = "OPP0307", Error;
    why: "Together the keys do not say one thing.";
    example: Example::Policy(r#"
[features.recharges]
count = "recharge"
sum = "recharge.amount"
"#);
    mend: "Keep one of the keys; a feature has exactly one source.";

    /// A name that nothing in the policy has.
    UnknownName = "OPP0401", Error;
    why: "What is named must be declared somewhere in the policy.";
    example: Example::Policy(r#"
[features.recharged]
sum = "recharge.amount"
window = "24h"
[issues.sales]
# Without its last letter.
goal = "recharge"
"#);
    mend: "Correct the name, or declare it. The help names the nearest one.";

    /// A member that the enumeration does not have.
    UnknownMember = "OPP0402", Error;
    why: "A comparison with something that can never occur is always false.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "tariff == 'golden'"
"#);
    mend: "Use a member of the enumeration, or add it to `values`.";

    /// A field that an event kind does not have.
    UnknownField = "OPP0403", Error;
    why: "Rules can read only what the charging system reports.";
    example: Example::Policy(r#"
[moments.thanks]
on = "recharge"
when = "event.charge >= 10.00"
intent = "do"
"#);
    mend: "Use a field of the event, or declare it under [events].";

    /// A placeholder of a text that no parameter of the offer can fill.
    Placeholder = "OPP0404", Error;
    why: "Whoever shows the text has only the parameters that go out with the offer.";
    example: Example::Policy(r#"
[content.pass_sms]
en = "A pass for {price}"
"#);
    mend: "Give every offer that uses the text a parameter of that name; write {{ and }} for \
        brackets.";

    /// The text of an expression is not CEL.
    ExpressionSyntax = "OPP0501", Error;
    why: "Expressions are written in CEL, see https://cel.dev.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "tariff = 'gold'"
"#);
    mend: "Equality is ==, and is &&, or is ||, not is !; text inside an expression has single \
        quotes.";

    /// A construct of CEL that policies do not have.
    Unsupported = "OPP0502", Error;
    why: "A rule runs in bounded time without allocating, so not everything in CEL can be had.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "{'gold': true}[tariff]"
"#);
    mend: "Say it with comparisons, `in` and the functions that docs/policy.md lists.";

    /// Operands or a result of the wrong type.
    Type = "OPP0503", Error;
    why: "Amounts, numbers, times and members are not the same thing, and nothing is converted \
        behind your back.";
    example: Example::Policy(r#"
[features.recharged]
sum = "recharge.amount"
window = "24h"
[issues.sales]
goal = "recharged"
# An amount, and no rule: recharged > 5.00 is one.
eligible = "recharged"
"#);
    mend: "Compare things of one type, or convert with double(x), int(x) or money(x).";

    /// A rule reads something that it may not read in its place.
    Scope = "OPP0504", Error;
    why: "Rules of the catalogue are also asked when there is no event.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "event.amount > 5.00"
"#);
    mend: "Keep what you need of the event in a feature, and read that.";

    /// Derived features that read one another in a circle.
    Cycle = "OPP0505", Error;
    why: "None of them could ever be computed.";
    example: Example::Policy(r#"
[features.a]
expr = "b + 1"
[features.b]
expr = "a + 1"
"#);
    mend: "Break the circle: one of them must be folded from events.";

    /// An expression that can only fail.
    OnlyFails = "OPP0506", Error;
    why: "Whatever the profile says, it divides by zero, overflows or looks for what is not there: its \
        value is always missing.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "1 / 0 > 2"
"#);
    mend: "Mend what fails. For a rule that nobody passes say \"false\".";

    /// A moment supersedes itself, or one that comes before it.
    SupersedesBefore = "OPP0507", Error;
    why: "A moment that comes first by priority is the one that matters more. When more hold than one \
        message can raise, the last are left out: one that is left out must not have ended one that \
        there is room for.";
    example: Example::Policy("[moments.thanks]\non = 'recharge'\nwhen = 'event.amount >= 10.00'\n\
        intent = 'do'\nsupersedes = 'thanks'\n");
    mend: "Give the moment that supersedes the higher `priority`; of equal ones the first in the text \
        comes first.";

    /// What one profile needs is in another.
    OtherProfile = "OPP0508", Error;
    why: "An event is folded into a profile by what that profile says: a line's may be taken in \
        without its account's, and an account has many lines.";
    example: Example::Policy(r#"
[attributes.household_bill_day]
type = "int"
profile = "account"

[features.recharged]
sum = "recharge.amount"
window = "cycle"
bill_day = "household_bill_day"
"#);
    mend: "Name an attribute of the same profile. Rules, models and derived features may read both.";

    /// A named limit is exceeded.
    Limit = "OPP0601", Error;
    why: "Every limit has a name, so that the time and the memory of a decision are known \
        beforehand.";
    example: Example::Policy(r#"
[features.recharged]
sum = "recharge.amount"
window = "120d"
"#);
    mend: "Stay below the limit that the message names; they are all in the library's `limits`.";

    /// The mandatory contact cap is missing, given twice or not the longest.
    MandatoryCap = "OPP0701", Error;
    why: "A cap over all contacts bounds the log of contacts in the profile, and no other cap \
        looks further back.";
    example: Example::Policy(r#"
[[contact.caps]]
at_most = 12
within = "30d"
of = "all"
exempt = ["service"]
"#);
    mend: "Have one cap with of = \"all\", without `exempt`, and with the longest window.";

    /// A text can be longer than its channel carries.
    TextLength = "OPP0702", Error;
    why: "A text that is cut, or sent as two, costs more than it says. Values count as long as \
        they can get.";
    example: Example::Policy(r#"
[channels.sms]
consent = "consent"
text_max = 10

[content.pass_sms]
en = "Take the day pass"
"#);
    mend: "Shorten the text, or raise `text_max` if the channel carries more.";
}
