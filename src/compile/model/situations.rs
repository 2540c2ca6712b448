//! What comes in, what is remembered of it, and when it is worth acting on.

use std::vec;
use std::vec::Vec;

use super::*;
use crate::base::limits::WINDOW_BUCKETS_MAX;
use crate::compile::schema;

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
        EXPORT,
    ],
};

/// A field of an event kind: a type's name, or an enumeration.
pub(in crate::compile) static EVENT_FIELD: Form =
    Form::Either(&[Form::Choice(plain_types), Form::Table(&ENUM_FIELD)]);

pub(in crate::compile) static ENUM_FIELD: Record = Record {
    doc: "A field that holds a member of an enumeration.",
    keys: &[
        required("type", Form::Choice(|| vec!["enum"]), "An enumeration."),
        optional("values", Form::OneOrMore(&Form::Text), "The members of its own enumeration."),
        optional("attribute", Form::Text, "The attribute whose enumeration it shares."),
    ],
};

pub(in crate::compile) static FEATURE: Record = Record {
    doc: "Exactly one of count, sum, min, max, last, last_time and expr says where it comes from.",
    keys: &[
        optional("count", Form::OneOrMore(&Form::Text), "Kinds of event that are counted."),
        optional("sum", FIELDS, "Fields that are added up, as event.field."),
        optional("min", FIELDS, "Fields of which the smallest value is kept."),
        optional("max", FIELDS, "Fields of which the largest value is kept."),
        optional("last", FIELDS, "Fields of which the latest value is kept."),
        optional(
            "last_time",
            Form::OneOrMore(&Form::Text),
            "Kinds of event whose latest time is kept.",
        ),
        optional("expr", Form::Expression, "Computed from other features when it is read."),
        optional(
            "where",
            Form::Expression,
            "Only events for which this holds; reads the event alone.",
        ),
        optional(
            "window",
            Form::Length,
            "Only the last stretch of time, at most 90d; for ever if absent.",
        ),
        optional(
            "buckets",
            Form::Whole { min: 1, max: WINDOW_BUCKETS_MAX as i64 },
            "How many equal parts the window is kept in: more make its edge sharper and profiles larger.",
        ),
        EXPORT,
    ],
};

const FIELDS: Form = Form::OneOrMore(&Form::Text);

pub(super) const EXPORT: Key =
    optional("export", Form::Bool, "Whether the host reads it, though no rule does.");

pub(in crate::compile) static SEGMENT: Record = Record {
    doc: "A group of subscribers by rule.",
    keys: &[required("when", Form::Expression, "Who belongs to it.")],
};

pub(in crate::compile) static MOMENT: Record = Record {
    doc: "A situation worth acting on.",
    keys: &[
        required(
            "on",
            Form::OneOrMore(&Form::Text),
            "Kinds of event that can raise it, and tick for a call without events.",
        ),
        required("when", Form::Expression, "Whether it is so; reads features and the event."),
        required("intent", Form::Word, "What the subscriber wants: know, go, do, buy, service."),
        optional(
            "strength",
            Form::Either(&[Form::Number, Form::Expression]),
            "How pronounced it is, 0 to 1.",
        ),
        optional("urgency", Form::Share, "How soon the answer must come to be of use."),
        optional("lasts", Form::Length, "How long after it was raised it still counts."),
        optional("snooze", Form::Length, "How long it stays silent after an offer was made on it."),
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
