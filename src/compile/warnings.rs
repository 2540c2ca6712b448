//! The codes of warnings: what compiles, but cannot have been meant. They stand behind the errors of
//! `codes.rs`.

/// Errors, which are given, and all warnings: one list for `codes!`.
macro_rules! codes_and_warnings {
    ($($errors:tt)*) => {
codes! {
    $($errors)*

    /// An offer that nobody can ever get.
    NeverEligible = "OPP0901", Warning;
    why: "The rules of the offer, its group and its issue must all hold, and at least one of its \
        channels must reach the subscriber. These contradict one another for every profile, \
        whatever is missing from it.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "tariff == 'gold'"
[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.50"
eligible = "tariff == 'basic'"
"#);
    mend: "Change one of the rules that the message names, move the offer to another group, or \
        remove it.";

    /// A rule that can never hold.
    NeverHolds = "OPP0902", Warning;
    why: "It is false or unknown for every profile and every event, so what hangs on it never \
        happens.";
    example: Example::Policy(r#"
[moments.thanks]
on = "recharge"
when = "event.amount >= 10.00 && event.amount < 5.00"
intent = "do"
"#);
    mend: "Correct the comparison; || may be meant instead of &&.";

    /// A rule that always holds.
    AlwaysHolds = "OPP0903", Warning;
    why: "It is true for every profile and every event, even when values are missing, so it \
        decides nothing. A comparison of something that may be missing is not such a rule; a \
        count, which is never missing, compared with 0 is.";
    example: Example::Policy(r#"
[issues.sales.groups.data]
eligible = "has(tariff) || !has(tariff)"
"#);
    mend: "Remove the rule if everybody is meant; otherwise correct it. (A moment that is always \
        true says when = \"true\".)";

    /// An offer that another offer leaves nothing to do.
    Shadowed = "OPP0904", Warning;
    why: "Another offer of the same group, kind and moments may be made to everybody who may have \
        this one, at all times and on all its channels, is worth at least as much, is accepted \
        at least as often and costs no more. This one comes only while the other is open, or by \
        exploration. Not reported where a cap over each offer gives both their turn.";
    example: Example::Policy(examples::SHADOWED);
    mend: "Remove it, give it a value or weight of its own, or exclude its subscribers from the \
        other offer.";

    /// A moment that no offer answers.
    UnansweredMoment = "OPP0905", Warning;
    why: "Its rule is asked for every event that it listens to, and nothing comes of it.";
    example: Example::Policy(r#"
[moments.large]
on = "recharge"
when = "event.amount >= 50.00"
intent = "do"
"#);
    mend: "List it under the `moments` of an offer, or remove it.";

    /// A feature or attribute that nothing reads.
    UnreadFeature = "OPP0906", Warning;
    why: "It takes room in every profile and time for every event. Rules, values, weights, \
        parameters, goals, other features and zone_from read features.";
    example: Example::Policy(r#"
[features.recharges]
count = "recharge"
"#);
    mend: "Remove it, or say export = true if the host reads it.";

    /// A contact cap that can never bind.
    IdleCap = "OPP0907", Warning;
    why: "Another cap stops every contact before this one would, or there is nothing that it could \
        count.";
    example: Example::Policy(examples::IDLE_CAP);
    mend: "Remove it, or make it tighter than the cap that the message names.";

    /// A channel that offers use and that asks for no consent.
    NoConsentRule = "OPP0908", Warning;
    why: "Consent that nobody knows of is no consent; a channel without a rule contacts everybody.";
    example: Example::Policy(r#"
[channels.app]
cost = "0"
[offers.pass.treatments.app]
content = "pass_app"
propensity = 0.1
"#);
    mend: "Give the channel a rule such as consent = \"consent_sms\", or say consent = true if none \
        is needed, as for a menu in the subscriber's own session.";

    /// A budget that nothing draws on.
    IdleBudget = "OPP0909", Warning;
    why: "What is granted to it can never be spent, and keeps nothing within its limit: nothing draws on \
        it, or not while it is in force.";
    example: Example::Policy(r#"
[budgets.gifts]
unit = "money"
"#);
    mend: "Draw on it from offers or channels (draws = { gifts = \"1.00\" }), or remove it.";

    /// An experiment that cannot tell anything.
    Experiment = "OPP0910", Warning;
    why: "Lift is the difference between two arms, such as the treated and the control group: one of them \
        is empty, both get the same, or another experiment draws the same people.";
    example: Example::Policy(r#"
[control]
share = 1.0
seed = "sample"
"#);
    mend: "Choose a share between 0 and 1, and exempt fewer kinds; without [control] nobody is held \
        back. Let rules say what the arms of an experiment get, and give it a seed of its own.";

    /// A treatment that can never score enough to be made.
    NeverScores = "OPP0911", Warning;
    why: "A score is propensity x value x weight x lever, less what the channel costs. With value, weight \
        and lever at their most and twice the propensity it stays below score_min, so the treatment is \
        never made, and its propensity never learnt.";
    example: Example::Policy(r#"
[channels.sms]
consent = "consent"
# For a message of 5 cents.
cost = "5"
"#);
    mend: "Correct the cost of the channel or the value of the offer, or lower score_min.";

    /// A text that no treatment uses.
    UnusedContent = "OPP0912", Warning;
    why: "Nobody ever gets it, and nobody looks after it. It is not checked.";
    example: Example::Policy(r#"
[content.pass_sms]
en = "A pass for you"
[content.pass_smss]
en = "A pass for you"
"#);
    mend: "Use its key as the `content` of a treatment, or remove it.";

    /// An experiment whose members come and go.
    UnsteadyExperiment = "OPP0913", Warning;
    why: "Arms are compared by what their members do. Whoever comes in or leaves because of what they did, \
        which may well be because of the arm, makes the arms differ in who is in them, too.";
    example: Example::Policy(r#"
[features.recharged]
sum = "recharge.amount"
window = "24h"
[experiments.tone]
arms = { neutral = 1, warm = 1 }
when = "recharged > 5.00"
[issues.sales.groups.data]
eligible = "tariff == 'gold' && experiment.tone == 'warm'"
"#);
    mend: "Let `when` read attributes that hold still, such as a tariff, and let the rules of offers say \
        who gets what.";

    /// A stage of a lifecycle that nobody can come to.
    UnreachableStage = "OPP0920", Warning;
    why: "No chain of transitions leads to it from the first stage, so every rule about it is for \
        nobody.";
    example: Example::Policy(examples::UNREACHABLE_STAGE);
    mend: "Add a transition that leads to it, or remove it.";

    /// A pattern that never completes.
    NeverCompletes = "OPP0930", Warning;
    why: "One of its steps can never be seen, or is also what must not happen.";
    example: Example::Policy("[patterns.twice]\nrepeat = 'recharge'\nwithout = 'recharge'\ntimes = 2\n\
        [moments.thanks]\npattern = 'twice'\nintent = 'do'\n");
    mend: "Correct the step, or tell what must not happen from it by a `where` of its own.";

    /// A pattern that no moment waits for.
    UnusedPattern = "OPP0931", Warning;
    why: "It takes 16 bytes of every profile, and nothing comes of it.";
    example: Example::Policy("[patterns.twice]\nrepeat = 'recharge'\ntimes = 2\n");
    mend: "Name it in a moment, as in pattern = \"twice\", or remove it.";

    /// A crossing that is armed again while its rule still holds.
    Chatter = "OPP0932", Warning;
    why: "Where both rules hold at once, it completes again and again.";
    example: Example::Policy("[patterns.rich]\ncrosses = 'recharged > 50.00'\nrearm = 'recharged > 40.00'\n\
        [moments.thanks]\npattern = 'rich'\nintent = 'do'\n");
    mend: "Turn the comparison of `rearm` round, with a gap between the two.";
}
    };
}

pub(super) use codes_and_warnings;
