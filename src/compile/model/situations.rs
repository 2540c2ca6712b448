//! What comes in, what is remembered of it, and when it is worth acting on.

use std::vec;
use std::vec::Vec;

use super::*;
use crate::base::limits::{BILL_DAY_MAX, PATTERN_TIMES_MAX, WINDOW_BUCKETS_MAX};
use crate::compile::{schema, windows};

pub(in crate::compile) static ATTRIBUTE: Record = Record {
    doc: "What other systems know of a subscriber.",
    keys: &[
        required("type", Form::Choice(attribute_types), "What kind of value it is."),
        optional("values", Form::OneOrMore(&Form::Text), "The members of an enumeration."),
        optional(
            "from",
            Form::OneOrMore(&Form::Text),
            "Event fields that set it too, as event.field.",
        ),
        optional("expires", Form::Length, "After how long a value is too old to be known."),
        PROFILE,
        EXPORT,
    ],
};

pub(in crate::compile) static SOURCE: Record = Record {
    doc: "A system that tells of subscribers.",
    keys: &[
        optional(
            "rank",
            Form::Whole { min: 0, max: u8::MAX as i64 },
            "Of two values of one time that of the higher rank stands; without a source it is 0.",
        ),
        optional(
            "expires",
            Form::Length,
            "After how long a value of an attribute from it is too old to be known.",
        ),
        optional("events", Form::OneOrMore(&Form::Text), "Kinds of event that come from it."),
    ],
};

/// A field of an event kind: a type's name, or an enumeration.
pub(in crate::compile) static EVENT_FIELD: Form =
    Form::Either(&[Form::Choice(field_types), Form::Table(&ENUM_FIELD)]);

pub(in crate::compile) static ENUM_FIELD: Record = Record {
    doc: "A field that holds a member of an enumeration.",
    keys: &[
        required("type", Form::Choice(|| vec!["enum"]), "An enumeration."),
        optional("values", Form::OneOrMore(&Form::Text), "The members of its own enumeration."),
        optional("attribute", Form::Text, "The attribute whose enumeration it shares."),
    ],
};

pub(in crate::compile) static FEATURE: Record = Record {
    doc: "Exactly one of the first keys, to `expr`, says where it comes from.",
    keys: &[
        optional("count", Form::OneOrMore(&Form::Text), "Kinds of event that are counted."),
        optional("sum", FIELDS, "Fields that are added up, as event.field."),
        optional("min", FIELDS, "Fields of which the smallest value is kept."),
        optional("max", FIELDS, "Fields of which the largest value is kept."),
        optional("mean", FIELDS, "Fields of which the mean is kept."),
        optional(
            "share",
            FIELDS,
            "Kinds of event, or fields, of which it is kept how much of all matches `of`.",
        ),
        optional("last", FIELDS, "Fields of which the latest value is kept."),
        optional("first", FIELDS, "Fields of which the earliest value is kept."),
        optional(
            "last_time",
            Form::OneOrMore(&Form::Text),
            "Kinds of event whose latest time is kept.",
        ),
        optional(
            "first_time",
            Form::OneOrMore(&Form::Text),
            "Kinds of event whose earliest time is kept.",
        ),
        optional("distinct", FIELDS, "Fields of which different values are counted, about."),
        optional("quantile", FIELDS, "Fields of which a quantile is kept, about."),
        optional(
            "active",
            Form::OneOrMore(&Form::Text),
            "Kinds of event: in how many of the last `periods` there was one.",
        ),
        optional(
            "streak",
            Form::OneOrMore(&Form::Text),
            "Kinds of event: in how many periods in a row there was one, until this or the last.",
        ),
        optional("expr", Form::Expression, "Computed from other features when it is read."),
        optional(
            "where",
            Form::Expression,
            "Only events for which this holds; reads the event alone.",
        ),
        optional(
            "of",
            Form::Expression,
            "The part of a share: which events; reads the event alone.",
        ),
        optional(
            "registers",
            Form::Whole { min: 32, max: 256 },
            "Half a byte each of a distinct count: four times as many halve its error.",
        ),
        optional("at", Form::Share, "Which quantile: 0.5 is the median."),
        optional("between", Form::List(&Form::Number), "The range that a quantile distinguishes."),
        optional("error", Form::Share, "The relative error that a quantile may have."),
        optional(
            "window",
            Form::Either(&[Form::Choice(windows::periods), Form::Length]),
            "Only the last stretch of time, at most 90d, or a period of the local calendar; for ever if absent.",
        ),
        optional(
            "buckets",
            Form::Whole { min: 1, max: WINDOW_BUCKETS_MAX as i64 },
            "How many equal parts the window is kept in, or half-lives: more make its edge sharper and profiles larger.",
        ),
        optional(
            "periods",
            Form::Whole { min: 1, max: WINDOW_BUCKETS_MAX as i64 },
            "How many periods of the calendar the window has.",
        ),
        optional(
            "ago",
            Form::Whole { min: 0, max: WINDOW_BUCKETS_MAX as i64 - 1 },
            "How many periods before the current one the window ends.",
        ),
        optional(
            "bill_day",
            Form::Either(&[Form::Whole { min: 1, max: BILL_DAY_MAX as i64 }, Form::Text]),
            "The day of the month on which cycles begin, or the attribute that says it.",
        ),
        optional("half_life", Form::Length, "After how long an event weighs half."),
        optional("per", Form::Length, "What decays, as a rate per this length of time."),
        PROFILE,
        EXPORT,
    ],
};

const FIELDS: Form = Form::OneOrMore(&Form::Text);

/// Whose profile remembers it.
const PROFILE: Key = optional(
    "profile",
    Form::Choice(schema::holders),
    "Whose profile remembers it: the line's, if absent, or that of the account that pays for it.",
);

pub(super) const EXPORT: Key =
    optional("export", Form::Bool, "Whether the host reads it, though no rule does.");

pub(in crate::compile) static SEGMENT: Record = Record {
    doc: "A group of subscribers by rule.",
    keys: &[required("when", Form::Expression, "Who belongs to it.")],
};

pub(in crate::compile) static PATTERN: Record = Record {
    doc: "Exactly one of sequence, repeat, after and crosses says what it waits for.",
    keys: &[
        optional(
            "sequence",
            Form::List(&STEPS),
            "Two or three steps, one after the other, all `within` a time of the first.",
        ),
        optional("repeat", STEPS, "A step that has to happen so many `times`."),
        optional(
            "after",
            STEPS,
            "A step that another one has to follow, `without` which it completes.",
        ),
        optional(
            "crosses",
            Form::Expression,
            "A rule over features: it completes once, when this comes to hold.",
        ),
        optional(
            "rearm",
            Form::Expression,
            "What must hold before `crosses` counts again; that it no longer holds, if absent.",
        ),
        optional(
            "times",
            Form::Whole { min: 2, max: PATTERN_TIMES_MAX as i64 },
            "How many times; at most 5 `within` a time.",
        ),
        optional("within", Form::Length, "In what time, from a second to 90d."),
        optional(
            "without",
            STEPS,
            "What must not happen meanwhile: of a sequence, between its first and its last step.",
        ),
    ],
};

/// A step: kinds of event, or tables that say which of them; any of several.
const STEPS: Form = Form::OneOrMore(&Form::Either(&[Form::Text, Form::Table(&STEP)]));

pub(in crate::compile) static STEP: Record = Record {
    doc: "Events that are a step of a pattern.",
    keys: &[
        required("event", Form::OneOrMore(&Form::Text), "Kinds of event."),
        optional(
            "where",
            Form::Expression,
            "Only events for which this holds; reads the event alone.",
        ),
    ],
};

pub(in crate::compile) static MOMENT: Record = Record {
    doc: "A situation worth acting on: `on` events, or when a `pattern` completes.",
    keys: &[
        optional(
            "on",
            Form::OneOrMore(&Form::Text),
            "Kinds of event that can raise it, and tick for a call without events.",
        ),
        optional(
            "pattern",
            Form::OneOrMore(&Form::Text),
            "Patterns of which one has to complete, in place of `on`.",
        ),
        optional(
            "when",
            Form::Expression,
            "Whether it is so; reads features and, with `on`, the event. A pattern needs none.",
        ),
        required("intent", Form::Word, "What the subscriber wants: know, go, do, buy, service."),
        optional(
            "strength",
            Form::Either(&[Form::Number, Form::Expression]),
            "How pronounced it is, 0 to 1.",
        ),
        optional("threshold", Form::Share, "The least strength with which it is raised."),
        optional("urgency", Form::Share, "How soon the answer must come to be of use."),
        optional("lasts", Form::Length, "How long after it was raised it still counts."),
        optional(
            "due",
            Form::Expression,
            "A timestamp: when a call without events should come, though nothing happens.",
        ),
        optional("snooze", Form::Length, "How long it stays silent after an offer was made on it."),
        optional(
            "supersedes",
            Form::OneOrMore(&Form::Text),
            "Moments that end when this one is raised.",
        ),
        optional(
            "priority",
            Form::Whole { min: i64::MIN, max: i64::MAX },
            "Higher comes first when several are raised.",
        ),
        FROM,
        UNTIL,
    ],
};

fn plain_types() -> Vec<&'static str> {
    schema::PLAIN.map(|(word, _)| word).into()
}

fn attribute_types() -> Vec<&'static str> {
    plain_types().into_iter().chain(["enum", "zone"]).collect()
}

fn field_types() -> Vec<&'static str> {
    plain_types().into_iter().chain(["zone"]).collect()
}
