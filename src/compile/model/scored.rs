//! Numbers that are fitted to data, and stages that a subscriber goes through.

use std::vec;
use std::vec::Vec;

use super::situations::EXPORT;
use super::*;
use crate::compile::models;

pub(in crate::compile) static MODEL: Record = Record {
    doc: "Numbers computed from features by something that was fitted to data.",
    keys: &[
        required("kind", Form::Choice(models::kinds), "How it computes."),
        required(
            "inputs",
            Form::Named(&Form::Expression),
            "What it reads: its own names, and where each comes from.",
        ),
        optional(
            "parameters",
            Form::Named(&Form::Number),
            "The numbers that were fitted: r, alpha, a and b, or intercept.",
        ),
        optional("unit", Form::Length, "bgnbd: the time that alpha counts in, such as 7d."),
        optional(
            "terms",
            Form::Named(&Form::Table(&TERM)),
            "logistic: what each input adds to the logarithm of the odds.",
        ),
        required(
            "outputs",
            Form::Named(&Form::Table(&OUTPUT)),
            "Its answers, by the names that rules read them under.",
        ),
    ],
};

pub(in crate::compile) static TERM: Record = Record {
    doc: "What an input adds to the logarithm of the odds: either coefficient or bins.",
    keys: &[
        optional("coefficient", Form::Number, "So much for each unit."),
        optional(
            "bins",
            Form::List(&Form::Table(&BIN)),
            "Points, by where the value lies; the first that fits counts, the last is for the rest.",
        ),
        required("missing", Form::Number, "What it adds when the input is missing."),
    ],
};

pub(in crate::compile) static BIN: Record = Record {
    doc: "Points for some values.",
    keys: &[
        optional("below", Form::Number, "For numbers below this; ascending."),
        optional("is", Form::OneOrMore(&Form::Text), "For these members of the enumeration."),
        required("add", Form::Number, "The points."),
    ],
};

pub(in crate::compile) static OUTPUT: Record = Record {
    doc: "An answer of a model.",
    keys: &[
        required("gives", Form::Choice(answers), "What it is."),
        optional("within", Form::Length, "expected: how far ahead."),
        EXPORT,
    ],
};

pub(in crate::compile) static LIFECYCLE: Record = Record {
    doc: "Stages that a subscriber goes through. Rules read the stage under its name, and since when under the name with _since.",
    keys: &[
        required(
            "stages",
            Form::OneOrMore(&Form::Text),
            "Their names; everybody begins in the first.",
        ),
        required(
            "transitions",
            Form::List(&Form::Table(&TRANSITION)),
            "Ways between them; the first that holds is taken, at most one a call.",
        ),
        EXPORT,
    ],
};

pub(in crate::compile) static TRANSITION: Record = Record {
    doc: "A way from some stages to another.",
    keys: &[
        required("from", Form::OneOrMore(&Form::Text), "The stages that it leads from."),
        required("to", Form::Text, "The stage that it leads to."),
        required("when", Form::Expression, "Whether it is taken; reads features."),
    ],
};

fn answers() -> Vec<&'static str> {
    vec!["alive", "expected", "probability", "log_odds"]
}
