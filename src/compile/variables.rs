//! Names: variables of macros, `now`, features, types, and the fields of the event.

use std::format;
use std::ops::Range;
use std::string::ToString;

use super::check::Checker;
use super::constant::Constant;
use super::diagnostic::{Code, did_you_mean};
use super::experiments::EXPERIMENT;
use super::node::{Kind, Node};
use super::scope::{Enumeration, EventView};
use super::types::{self, TIMESTAMP, Ty};
use crate::expr::Op;

/// What the arm of an experiment is read from: `experiment.tone`.
pub(super) const ARMS: &str = "experiment";

impl Checker<'_> {
    /// A variable of a macro, as it is used here.
    pub(super) fn local(&self, name: &str, span: &Range<usize>) -> Option<Option<Node>> {
        let locals = self.locals.borrow();
        let (_, node) = locals.iter().rev().find(|(known, _)| known == name)?;
        Some(self.spend(node.size(), span).map(|()| Node { span: span.clone(), ..node.clone() }))
    }

    pub(super) fn name(&self, name: &str, span: Range<usize>) -> Option<Node> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(local) = self.local(name, &span) {
            return local;
        }
        if name == "now" && !self.mode.utc {
            return self.now(span);
        }
        if name == "event" && !self.mode.utc {
            let help = "write `event.` and the name of a field".to_string();
            return self.error(Code::Type, span, "`event` is not a value", help);
        }
        if name == ARMS && !self.mode.utc {
            let help = "write `experiment.` and the name of an experiment".to_string();
            return self.error(Code::Type, span, "`experiment` is not a value", help);
        }
        match self.scope.features.position(name) {
            Some(position) => self.feature(name, position, span),
            None if types::is_type_name(name) => {
                Some(Node::known(Constant::Type(name.into()), span))
            }
            None => self.unknown_name(name, span),
        }
    }

    fn now(&self, span: Range<usize>) -> Option<Node> {
        if !self.view.features {
            let help =
                "what reads the event alone must say the same whenever it is heard: the time \
                        at which it happened is `event.time`"
                    .to_string();
            let message =
                "`now` is the time of the call, but `where` and `of` read the event alone";
            return self.error(Code::Scope, span, message, help);
        }
        Some(Node::new(TIMESTAMP, span, Kind::Read(Op::Now)))
    }

    fn feature(&self, name: &str, position: usize, span: Range<usize>) -> Option<Node> {
        if !self.view.features {
            let help = "a filter that read the profile would depend on the order in which events \
                        arrive: compare the event's own fields"
                .to_string();
            let message = format!("`{name}` is a feature, but `where` reads event fields only");
            return self.error(Code::Scope, span, message, help);
        }
        // A feature whose own declaration is wrong has been recorded there.
        let ty = self.scope.feature_types[position]?;
        Some(Node::new(ty, span, Kind::Read(Op::Feature(position as u16))))
    }

    /// The arm of an experiment that the subscriber is in.
    pub(super) fn arm(&self, name: &str, span: Range<usize>) -> Option<Node> {
        if !self.view.arms {
            let help = "read it where it changes what is offered: in rules, values and weights of \
                        issues, groups and offers"
                .to_string();
            let message = format!(
                "`experiment.{name}` cannot be read here: what is remembered and noticed of a \
                 subscriber is the same in every arm"
            );
            return self.error(Code::Scope, span, message, help);
        }
        let features = &self.scope.features;
        let Some(position) = features.position(&format!("{EXPERIMENT}{name}")) else {
            let known = features.names().filter_map(|known| known.strip_prefix(EXPERIMENT));
            let help = did_you_mean(name, known);
            let message = format!("no experiment is called `{name}`");
            return self.error(Code::UnknownName, span, message, help);
        };
        self.feature(name, position, span)
    }

    fn unknown_name(&self, name: &str, span: Range<usize>) -> Option<Node> {
        if self.mode.undeclared {
            return Some(Node::failed(Ty::Unknown, format!("nothing is called `{name}`"), span));
        }
        let of_event = self.view.event.fields().iter().find(|field| field.name == name);
        let help = match of_event {
            Some(field) => Some(format!("the event's field is `event.{}`", field.name)),
            None => self.item.report.advise(|| {
                let is_member =
                    |e: &&Enumeration| e.members.iter().any(|(member, _)| member == name);
                match self.scope.enums.iter().find(is_member) {
                    Some(of) => Some(format!("a member of `{}` is in quotes: '{name}'", of.owner)),
                    None => did_you_mean(name, self.scope.features.names().chain(["now"])),
                }
            }),
        };
        self.error(Code::UnknownName, span, format!("no feature is called `{name}`"), help)
    }

    pub(super) fn event_field(&self, field: &str, span: Range<usize>) -> Option<Node> {
        let fields = match &self.view.event {
            EventView::Fields(fields) => fields,
            EventView::Unknown => return None,
            EventView::Absent => {
                let help = "only `when`, `strength` and `where` read the triggering event; keep \
                            what you need of it in a feature"
                    .to_string();
                let message = format!("`event.{field}` cannot be read here");
                return self.error(Code::Scope, span, message, help);
            }
        };
        if field == "time" {
            return Some(Node::new(TIMESTAMP, span, Kind::Read(Op::EventTime)));
        }
        let Some(known) = fields.iter().find(|known| known.name == field) else {
            let names = fields.iter().map(|known| known.name.as_str()).chain(["time"]);
            let help = did_you_mean(field, names);
            let message = format!("the event has no `{field}`");
            return self.error(Code::UnknownField, span, message, help);
        };
        let Some((position, ty)) = known.read else {
            let help = "split the moment into one for each kind of event".to_string();
            let message = format!("not every event here has `{field}` in one place with one type");
            return self.error(Code::UnknownField, span, message, help);
        };
        Some(Node::new(ty?, span, Kind::Read(Op::Field(position))))
    }
}
