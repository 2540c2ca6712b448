//! What can be offered, on which channel, within which limits.

use std::vec;
use std::vec::Vec;

use super::root::{CONTROL, EXEMPT, kinds};
use super::*;
use crate::base::limits::CONTACTS_MAX;
use crate::compile::alphabet::ALPHABETS;
use crate::compile::contact::CAP_SCOPES;
use crate::compile::{channels, offers, pauses};

pub(in crate::compile) static BUDGET: Record = Record {
    doc: "What offers may consume.",
    keys: &[
        required("unit", Form::Choice(units), "What it counts."),
        optional("refundable", Form::Bool, "Whether what nobody claims comes back; yes if absent."),
        FROM,
        UNTIL,
    ],
};

pub(in crate::compile) static CHANNEL: Record = Record {
    doc: "A way to reach people.",
    keys: &[
        optional(
            "consent",
            Form::Either(&[Form::Bool, Form::Expression]),
            "Whether the subscriber agreed to be contacted here; true where nobody has to.",
        ),
        optional("reach", Form::Expression, "Whether it reaches the subscriber."),
        optional("cost", Form::Amount, "What one contact costs."),
        optional("quiet_hours", Form::Bool, "Whether quiet hours bind it; yes if absent."),
        optional("draws", DRAWS, "What one contact takes from budgets."),
        FROM,
        UNTIL,
        optional(
            "text_max",
            Form::Whole { min: 1, max: u32::MAX as i64 },
            "The longest text that it carries, in characters, with the longest values filled in.",
        )
        .in_any_file(),
        optional(
            "alphabet",
            Form::Choice(alphabets),
            "gsm for text messages: with a character outside GSM 03.38, text_max is 7/16 of what it says.",
        )
        .in_any_file(),
    ],
};

fn alphabets() -> Vec<&'static str> {
    ALPHABETS.map(|(word, _)| word).into()
}

const DRAWS: Form =
    Form::Named(&Form::Either(&[Form::Amount, Form::Whole { min: 0, max: i64::MAX }]));

pub(in crate::compile) static CONTACT: Record = Record {
    doc: "When to leave people alone.",
    keys: &[
        optional("quiet_hours", Form::Table(&QUIET_HOURS), "When nobody is contacted."),
        required(
            "caps",
            Form::List(&Form::Table(&CAP)),
            "How often people are contacted; the longest one of all contacts must exempt nothing.",
        ),
        optional(
            "pauses",
            Form::List(&Form::Table(&PAUSE)),
            "What is not offered for a while after outcomes, such as three rejections.",
        ),
        optional(
            "limits",
            Form::List(&Form::Table(&LIMIT)),
            "How many of a kind somebody may have taken within a time.",
        ),
        optional(
            "remember",
            Form::Whole { min: 1, max: CONTACTS_MAX as i64 },
            "How many outcomes a profile remembers for pauses and limits; while it is full of what still counts, all that they could stop is stopped.",
        ),
        optional(
            "suppress",
            Form::List(&Form::Table(&SUPPRESS)),
            "When only exempt kinds are offered.",
        ),
    ],
};

pub(in crate::compile) static QUIET_HOURS: Record = Record {
    doc: "A stretch of the subscriber's own day, which may span midnight.",
    keys: &[
        required("from", Form::Clock, "When it begins, such as 21:00."),
        required("until", Form::Clock, "The first time that is not quiet, such as 08:00."),
        EXEMPT,
    ],
};

pub(in crate::compile) static CAP: Record = Record {
    doc: "At most so many contacts within any such stretch of time.",
    keys: &[
        required("at_most", Form::Whole { min: 1, max: u16::MAX as i64 }, "How many."),
        optional("within", Form::Length, "Within any stretch of so much time, at most 90d."),
        optional(
            "per",
            Form::Choice(|| vec!["day", "week", "month"]),
            "In place of `within`: within each of the subscriber's own days, weeks or months.",
        ),
        required("of", Form::Either(&SCOPES), "Which contacts count."),
        EXEMPT,
        FROM,
        UNTIL,
    ],
};

pub(in crate::compile) static CAP_SCOPE: Record = Record {
    doc: "Contacts of one thing.",
    keys: &[
        optional("channel", Form::Text, "The channel whose contacts count."),
        optional("issue", Form::Text, "The issue whose contacts count."),
        optional("group", Form::Text, "The group whose contacts count, written issue.group."),
        optional("offer", Form::Text, "The offer whose contacts count."),
        optional("intent", Form::Text, "Those that answer moments with this intent."),
        optional("kind", Form::Choice(kinds), "Those of this kind of offer."),
    ],
};

fn cap_scopes() -> Vec<&'static str> {
    CAP_SCOPES.map(|(word, _)| word).into()
}

pub(in crate::compile) static PAUSE: Record = Record {
    doc: "After so many outcomes nothing of the same is offered for a while.",
    keys: &[
        required("after", Form::Choice(outcomes), "Which outcome."),
        optional("times", Form::Whole { min: 1, max: CONTACTS_MAX as i64 }, "How many of them; 1."),
        optional("within", Form::Length, "Within how much time they all have to be, at most 90d."),
        PAUSE_OF,
        required("for", Form::Length, "How long nothing is offered, from the last of them."),
        EXEMPT,
        FROM,
        UNTIL,
    ],
};

pub(in crate::compile) static LIMIT: Record = Record {
    doc: "Nothing of the same is offered while there were so many outcomes.",
    keys: &[
        required("at_most", Form::Whole { min: 1, max: CONTACTS_MAX as i64 }, "How many."),
        optional("step", Form::Choice(outcomes), "Which outcome; accepted, with open offers."),
        required("within", Form::Length, "Within any stretch of so much time, at most 90d."),
        PAUSE_OF,
        EXEMPT,
        FROM,
        UNTIL,
    ],
};

static SCOPES: [Form; 2] = [Form::Choice(cap_scopes), Form::Table(&CAP_SCOPE)];

const PAUSE_OF: Key = required(
    "of",
    Form::Either(&SCOPES),
    "Outcomes of which offers count together, and which are stopped.",
);

fn outcomes() -> Vec<&'static str> {
    pauses::outcomes().map(|(word, _)| word).collect()
}

pub(in crate::compile) static SUPPRESS: Record = Record {
    doc: "While it holds, only exempt kinds are offered.",
    keys: &[required("when", Form::Expression, "Whether it is so."), EXEMPT, FROM, UNTIL],
};

const ELIGIBLE: Key = optional("eligible", Form::Expression, "Who may have it.");
const APPLICABLE: Key = optional("applicable", Form::Expression, "When it matters.");
const SUITABLE: Key =
    optional("suitable", Form::Expression, "Whether it is in the subscriber's interest.");

const WITHHELD: Key = optional(
    "control",
    Form::Table(&CONTROL),
    "Subscribers who get none of its offers, to measure what they are worth.",
);

pub(in crate::compile) static ISSUE: Record = Record {
    doc: "What offers are for. Its rules and dates hold for all its groups.",
    keys: &[
        optional("goal", Form::Text, "The feature that measures whether it is met."),
        ELIGIBLE,
        APPLICABLE,
        SUITABLE,
        FROM,
        UNTIL,
        WITHHELD,
        optional("groups", Form::Named(&Form::Table(&GROUP)), "Its groups of offers.")
            .in_any_file(),
    ],
};

pub(in crate::compile) static GROUP: Record = Record {
    doc: "Offers of which at most one is made at once. Its rules and dates hold for all of them.",
    keys: &[ELIGIBLE, APPLICABLE, SUITABLE, FROM, UNTIL, WITHHELD],
};

pub(in crate::compile) static OFFER: Record = Record {
    doc: "Something to offer.",
    keys: &[
        required("group", Form::Text, "Where it belongs, written issue.group."),
        required("kind", Form::Choice(kinds), "What it is, as far as contact rules care."),
        optional(
            "moments",
            Form::OneOrMore(&Form::Text),
            "The moments that it answers; a fallback needs none.",
        ),
        optional(
            "fallback",
            Form::Bool,
            "Whether it fills places that are left when a channel asks, whatever its score.",
        ),
        ELIGIBLE,
        APPLICABLE,
        SUITABLE,
        FROM,
        UNTIL,
        optional("open", Form::Length, "How long it stays open once made; a day if absent."),
        required("value", VALUE, "What acceptance is worth: money, or a rule that gives money."),
        optional("weight", Form::Expression, "How well it fits: 1.0 is neutral."),
        optional("lever", Form::Number, "The business's thumb on the scale: 1 is neutral."),
        optional(
            "parameters",
            Form::Named(&Form::Either(&[Form::Expression, Form::Table(&PARAMETER)])),
            "What goes out with it: its price, its size.",
        ),
        optional("draws", DRAWS, "What one offer made takes from budgets."),
        required(
            "treatments",
            Form::Named(&Form::Table(&TREATMENT)),
            "The offer on each of its channels.",
        )
        .in_any_file(),
    ],
};

const VALUE: Form = Form::Either(&[Form::Amount, Form::Expression]);

pub(in crate::compile) static PARAMETER: Record = Record {
    doc: "A typed value that goes out with an offer.",
    keys: &[
        required("type", Form::Choice(parameter_types), "What kind of value it is."),
        required("value", Form::Expression, "The value, or a rule that gives it."),
    ],
};

pub(in crate::compile) static TREATMENT: Record = Record {
    doc: "An offer on a channel.",
    keys: &[
        required("content", Form::Word, "The key of the text that is shown."),
        required("propensity", Form::Number, "The share accepted before we have learnt better."),
        optional("prior", Form::Number, "How sure of that we are, in offers made; 100 if absent."),
        FROM,
        UNTIL,
    ],
};

fn units() -> Vec<&'static str> {
    channels::UNITS.map(|(word, _)| word).into()
}

fn parameter_types() -> Vec<&'static str> {
    offers::parameter_types().map(|(word, _)| word).into()
}
