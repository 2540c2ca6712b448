//! The whole document, and what holds for the whole policy.

use std::vec::Vec;

use super::*;
use crate::base::limits::EXPLORATION_TOP_MAX;
use crate::compile::experiments;
use crate::policy::OfferKind;

pub(in crate::compile) static ROOT: Record = Record {
    doc: "A policy: what to remember of a subscriber, which situations are worth an answer, what can be offered to whom, on which channel, and when to leave people alone.",
    keys: &[
        optional(
            "include",
            Form::OneOrMore(&Form::Text),
            "Files that belong to the policy too: relative paths, * in the file's name for any characters.",
        ),
        required("policy", Form::Table(&POLICY), "What holds for the whole policy."),
        optional(
            "control",
            Form::Table(&CONTROL),
            "Subscribers who get no marketing, to measure it.",
        ),
        optional(
            "attributes",
            Form::Named(&Form::Table(&ATTRIBUTE)),
            "What other systems know of a subscriber.",
        ),
        optional(
            "sources",
            Form::Named(&Form::Table(&SOURCE)),
            "Systems that tell of subscribers: whose word counts, and for how long.",
        ),
        optional(
            "events",
            Form::Named(&Form::Named(&EVENT_FIELD)),
            "What the charging system reports: the fields of each kind of event.",
        ),
        optional(
            "features",
            Form::Named(&Form::Table(&FEATURE)),
            "What is remembered of events, and what is derived from that.",
        ),
        optional(
            "segments",
            Form::Named(&Form::Table(&SEGMENT)),
            "Groups of subscribers by rule; their names can be used in every rule.",
        ),
        optional(
            "models",
            Form::Named(&Form::Table(&MODEL)),
            "Numbers computed from features by something that was fitted to data.",
        ),
        optional(
            "lifecycles",
            Form::Named(&Form::Table(&LIFECYCLE)),
            "Stages that subscribers go through.",
        ),
        optional(
            "experiments",
            Form::Named(&Form::Table(&EXPERIMENT)),
            "Which subscribers get which of several variants. Rules about what is offered read the arm: experiment.tone == 'warm'.",
        ),
        optional(
            "patterns",
            Form::Named(&Form::Table(&PATTERN)),
            "What has to happen, over several events, before a moment is asked.",
        ),
        optional("moments", Form::Named(&Form::Table(&MOMENT)), "Situations worth acting on."),
        optional(
            "budgets",
            Form::Named(&Form::Table(&BUDGET)),
            "What offers may consume. How much there is, is granted at run time.",
        ),
        optional("channels", Form::Named(&Form::Table(&CHANNEL)), "Ways to reach people."),
        required("contact", Form::Table(&CONTACT), "When to leave people alone."),
        optional("issues", Form::Named(&Form::Table(&ISSUE)), "What offers are for."),
        optional("offers", Form::Named(&Form::Table(&OFFER)), "What can be offered."),
        optional(
            "content",
            Form::Named(&Form::Translations),
            "Texts: by content key, then by language. {price} stands for the offer's parameter of that name, {{ and }} for brackets.",
        ),
    ],
};

pub(in crate::compile) static POLICY: Record = Record {
    doc: "What holds for the whole policy.",
    keys: &[
        required("name", Form::Text, "What the policy is called."),
        required(
            "version",
            Form::Whole { min: 1, max: u32::MAX as i64 },
            "Its author's number for it.",
        ),
        required("currency", Form::Text, "The code of ISO 4217 that all money is in, such as USD."),
        required(
            "zones",
            Form::OneOrMore(&Form::Text),
            "Time zones by their IANA names; the first is for subscribers whose zone nobody told us.",
        ),
        optional(
            "zone_from",
            Form::Text,
            "The attribute that says in which zone a subscriber lives.",
        ),
        optional(
            "salt",
            Form::Text,
            "Part of every hash of a subscriber and a decision; the name if absent. Never change it while profiles are stored.",
        ),
        optional("score_min", Form::Amount, "What is expected to earn less is not offered."),
        optional("explore", Form::Table(&EXPLORE), "How often to try another than the best offer."),
        optional(
            "languages",
            Form::OneOrMore(&Form::Text),
            "The languages that every text must be in, such as en or pt-BR.",
        )
        .in_any_file(),
        optional(
            "test_subscribers",
            Form::List(&Form::Text),
            "Keys of subscribers that are ours: caps, quiet hours, control groups and budgets do not bind what they are offered, and nothing of them is counted.",
        )
        .in_any_file(),
    ],
};

pub(in crate::compile) static EXPLORE: Record = Record {
    doc: "How often to try another than the best offer.",
    keys: &[
        required("epsilon", Form::Share, "The share of decisions that try one of the best few."),
        required(
            "top",
            Form::Whole { min: 1, max: EXPLORATION_TOP_MAX as i64 },
            "How many the best few are.",
        ),
    ],
};

pub(in crate::compile) static EXPERIMENT: Record = Record {
    doc: "Which subscribers get which of several variants, by a hash of their keys.",
    keys: &[
        required(
            "arms",
            Form::Named(&Form::Either(&[Form::Number, RANGES])),
            "Its arms, with their weights or with the ranges of 0 to 1 that they have: [0.0, 0.5], or several such.",
        ),
        optional("coverage", Form::Share, "The share of subscribers who are in it; all if absent."),
        optional(
            "when",
            Form::Expression,
            "Who may be in it. Read what holds still: whoever leaves it is lost to the comparison.",
        ),
        optional(
            "layer",
            Form::Text,
            "Experiments of one layer exclude each other; those of different layers are independent.",
        ),
        optional("layer_range", Form::List(&Form::Share), "Its part of the layer: [0.0, 0.5]."),
        optional("seed", Form::Text, "Another seed draws other subscribers; its name if absent."),
        optional(
            "hash",
            Form::Choice(experiments::hashings),
            "Whose bucketing: growthbook_v2 if absent.",
        ),
        FROM,
        UNTIL,
    ],
};

const RANGES: Form = Form::List(&Form::Either(&[Form::Share, Form::List(&Form::Share)]));

pub(in crate::compile) static CONTROL: Record = Record {
    doc: "Subscribers who get no marketing, to measure what marketing is worth.",
    keys: &[
        required("share", Form::Share, "The share of subscribers in control."),
        required("seed", Form::Text, "Another seed draws other subscribers: keep it."),
        EXEMPT,
    ],
};

pub(super) const EXEMPT: Key =
    optional("exempt", Form::List(&Form::Choice(kinds)), "Kinds of offer that it does not stop.");

pub(super) fn kinds() -> Vec<&'static str> {
    OfferKind::ALL.map(OfferKind::word).into()
}
