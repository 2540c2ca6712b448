//! `[models]`: what is fitted to data, and the features that are its answers.

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Build;
use super::derived::{Becomes, Derivation};
use super::diagnostic::{Code, did_you_mean};
use super::model;
use super::schema::exported;
use super::section::Section;
use super::source::Item;
use super::types::{DOUBLE, Ty};
use crate::base::limits::{
    MODEL_BINS_MAX, MODEL_INPUTS_MAX, MODEL_OUTPUTS_MAX, MODELS_MAX, TIME_MS_MAX,
};
use crate::expr::Type;
use crate::policy::{
    Answer, Bgnbd, FeatureKind, Logistic, Model, ModelInput, ModelOutput, Scoring, Term, Weights,
};

/// How models compute.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bgnbd,
    Logistic,
}

const KINDS: [(&str, Kind); 2] = [("bgnbd", Kind::Bgnbd), ("logistic", Kind::Logistic)];

/// The inputs of BG/NBD in their order, and whether each may be a length of time.
const HISTORY: [(&str, bool); 3] = [("frequency", false), ("recency", true), ("age", true)];

/// The words of the kinds, for the model of the text.
pub(super) fn kinds() -> Vec<&'static str> {
    KINDS.map(|(word, _)| word).into()
}

impl Kind {
    fn word(self) -> &'static str {
        KINDS.into_iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| word)
    }

    /// Keys that only this kind has.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Kind::Bgnbd => &["unit"],
            Kind::Logistic => &["terms"],
        }
    }

    fn parameters(self) -> &'static [&'static str] {
        match self {
            Kind::Bgnbd => &["r", "alpha", "a", "b"],
            Kind::Logistic => &["intercept"],
        }
    }

    fn gives(self) -> &'static [(&'static str, Answer)] {
        match self {
            Kind::Bgnbd => {
                &[("alive", Answer::Alive), ("expected", Answer::Expected { within_ms: 0 })]
            }
            Kind::Logistic => {
                &[("probability", Answer::Probability), ("log_odds", Answer::LogOdds)]
            }
        }
    }
}

/// A model whose outputs are declared, and whose inputs are still to be read.
pub(super) struct Draft<'a> {
    section: Section<'a>,
    kind: Kind,
    inputs: Vec<Item<'a>>,
    model: usize,
}

impl Build<'_> {
    /// The features that models answer, so that all rules can read them.
    pub(super) fn models<'s>(&mut self, root: &Section<'s>) -> Vec<Derivation<'s>> {
        let entries = self.entries(root, "models", MODELS_MAX, "models");
        entries.iter().filter_map(|item| self.declare_model(item)).collect()
    }

    fn declare_model<'s>(&mut self, item: &Item<'s>) -> Option<Derivation<'s>> {
        let section = item.section(&model::MODEL)?;
        let kind = section.get("kind")?.choice(&KINDS)?;
        let others = KINDS.into_iter().filter(|(_, other)| *other != kind);
        for key in others.flat_map(|(_, other)| other.keys()) {
            if let Some(other) = section.get(key) {
                let message = format!("a model of kind {} has no `{key}`", kind.word());
                other.name_error(Code::Conflict, message, None);
            }
        }
        let outputs = section.get("outputs")?;
        let entries = outputs.open_section()?.named();
        if entries.is_empty() {
            outputs.error(Code::Value, "a model without outputs is for nothing", None);
        }
        outputs.within(entries.len(), MODEL_OUTPUTS_MAX, "outputs of a model");
        let model = self.tables.models.len();
        let mut names = Vec::new();
        let mut answers = Vec::new();
        for entry in entries.into_iter().take(MODEL_OUTPUTS_MAX) {
            let output = FeatureKind::Output { model: model as u16 };
            let feature = self.declare_feature(&entry, entry.name, Some(DOUBLE), output);
            let Some((feature, answer)) = feature.zip(answer(&entry, kind)) else { continue };
            names.push(entry.name);
            answers.push(ModelOutput { feature: feature as u16, answer });
        }
        let inputs = ordered(&section.get("inputs")?, kind, &section)?;
        let scoring = Scoring::Logistic(Logistic { intercept: 0.0, terms: Vec::new() });
        self.tables.models.push(Model { scoring, inputs: Vec::new(), outputs: answers });
        let becomes = Becomes::Model(Draft { section, kind, inputs: inputs.clone(), model });
        Some(Derivation { names, exprs: inputs, becomes })
    }

    /// The model itself, when its inputs have their programs and types.
    pub(super) fn finish_model(&mut self, draft: &Draft<'_>, inputs: Vec<(ModelInput, Ty)>) {
        let Draft { section, kind, inputs: items, .. } = draft;
        let scoring = match kind {
            Kind::Bgnbd => bgnbd(section, items, &inputs).map(Scoring::Bgnbd),
            Kind::Logistic => self.logistic(section, items, &inputs).map(Scoring::Logistic),
        };
        let Some(scoring) = scoring else { return };
        let model = &mut self.tables.models[draft.model];
        if let Scoring::Bgnbd(parameters) = &scoring {
            horizons(parameters, &model.outputs, section);
        }
        model.inputs = inputs.into_iter().map(|(input, _)| input).collect();
        model.scoring = scoring;
    }

    fn logistic(
        &self,
        section: &Section<'_>,
        items: &[Item<'_>],
        inputs: &[(ModelInput, Ty)],
    ) -> Option<Logistic> {
        let intercept = parameters(section, Kind::Logistic)?.first().copied()?;
        let terms = section.require("terms")?.open_section()?;
        for term in terms.entries() {
            if !items.iter().any(|input| input.name == term.name) {
                let names = items.iter().map(|input| input.name);
                let help = did_you_mean(term.name, names);
                let message = format!("no input is called `{}`", term.name);
                term.name_error(Code::UnknownName, message, help);
            }
        }
        let read = items.iter().zip(inputs).map(|(input, (_, ty))| {
            let Some(term) = terms.get(input.name) else {
                let help = format!("say in `terms.{}` what it adds", input.name);
                input.name_error(Code::MissingKey, "this input adds nothing", help);
                return None;
            };
            self.term(&term, input, *ty)
        });
        let read: Vec<Option<Term>> = read.collect();
        Some(Logistic { intercept, terms: read.into_iter().collect::<Option<_>>()? })
    }

    fn term(&self, item: &Item<'_>, input: &Item<'_>, ty: Ty) -> Option<Term> {
        let section = item.section(&model::TERM)?;
        let missing = section.get("missing")?.number()?;
        let weights = match (section.get("coefficient"), section.get("bins")) {
            (Some(coefficient), None) if is_number(ty) => {
                Weights::Coefficient(coefficient.number()?)
            }
            (Some(coefficient), None) => {
                let help = "give points to its members with `bins`".to_string();
                let message = format!("`{}` is {}, not a number", input.name, ty.word());
                coefficient.error(Code::Type, message, help);
                return None;
            }
            (None, Some(bins)) => self.bins(&bins, ty)?,
            _ => {
                item.error(Code::Conflict, "give either `coefficient` or `bins`", None);
                return None;
            }
        };
        Some(Term { weights, missing })
    }

    fn bins(&self, item: &Item<'_>, ty: Ty) -> Option<Weights> {
        let mut items = item.list()?;
        if !item.within(items.len(), MODEL_BINS_MAX, "bins") {
            return None;
        }
        let others = items.pop().and_then(|last| Some((last.section(&model::BIN)?, last)));
        let Some((others, last)) = others else {
            item.error(Code::Value, "there are no bins", None);
            return None;
        };
        for key in ["below", "is"].into_iter().filter_map(|key| others.get(key)) {
            let help = "end with a bin such as { add = 0.0 }".to_string();
            key.name_error(Code::Conflict, "the last bin is for all other values", help);
        }
        let rest = others.get("add")?.number()?;
        let Ty::Enum(members) = ty else {
            let below = numbers(&items)?;
            if !is_number(ty) {
                let message = format!("{} has no bins", ty.word());
                last.error(Code::Type, message, None);
                return None;
            }
            return Some(Weights::Bins { below, rest });
        };
        let mut of = Vec::new();
        for item in &items {
            let section = item.section(&model::BIN)?;
            let (is, add) = (section.require("is")?, section.get("add")?.number()?);
            for member in is.one_or_more()? {
                let id = self.member_id(&member, members)?;
                if of.iter().any(|(known, _)| *known == id) {
                    member.error(Code::Duplicate, "this member is in a bin already", None);
                }
                of.push((id, add));
            }
        }
        item.within(of.len(), MODEL_BINS_MAX, "members").then_some(Weights::Members { of, rest })
    }

    fn member_id(&self, item: &Item<'_>, enumeration: u16) -> Option<u32> {
        let name = item.text()?;
        let enumeration = &self.scope.enums[usize::from(enumeration)];
        let found = enumeration.members.iter().find(|(known, _)| known == name);
        if found.is_none() {
            let names = enumeration.members.iter().map(|(known, _)| known.as_str());
            let message = format!("`{}` has no member `{name}`", enumeration.owner);
            item.error(Code::UnknownMember, message, did_you_mean(name, names));
        }
        found.map(|(_, id)| id.0)
    }
}

/// Bounds, ascending, with their points.
fn numbers(items: &[Item<'_>]) -> Option<Vec<(f64, f64)>> {
    let mut bins: Vec<(f64, f64)> = Vec::new();
    for item in items {
        let section = item.section(&model::BIN)?;
        let (below, add) = (section.require("below")?, section.get("add")?.number()?);
        let bound = below.number()?;
        if bins.last().is_some_and(|(last, _)| *last >= bound) {
            below.error(Code::Value, "bounds are ascending", None);
        }
        bins.push((bound, add));
    }
    Some(bins)
}

/// The inputs in the order in which the kind wants them.
fn ordered<'s>(item: &Item<'s>, kind: Kind, section: &Section<'s>) -> Option<Vec<Item<'s>>> {
    let given = item.open_section()?.named();
    if !item.within(given.len(), MODEL_INPUTS_MAX, "inputs of a model") {
        return None;
    }
    if kind == Kind::Logistic {
        return Some(given);
    }
    let names = HISTORY.map(|(name, _)| name);
    for other in given.iter().filter(|input| !names.contains(&input.name)) {
        let message = format!("{} reads no `{}`", kind.word(), other.name);
        let help = did_you_mean(other.name, names)
            .unwrap_or_else(|| format!("it reads {}", names.join(", ")));
        other.name_error(Code::UnknownName, message, help);
    }
    let find = |name: &str| {
        let found = given.iter().find(|input| input.name == name).cloned();
        if found.is_none() {
            section.error(Code::MissingKey, format!("the input `{name}` is missing"), None);
        }
        found
    };
    names.map(find).into_iter().collect()
}

fn answer(item: &Item<'_>, kind: Kind) -> Option<Answer> {
    let section = item.section(&model::OUTPUT)?;
    exported(&section);
    let answer = section.get("gives")?.choice(kind.gives())?;
    match (answer, section.get("within")) {
        (Answer::Expected { .. }, None) => {
            section.require("within");
            None
        }
        (Answer::Expected { .. }, Some(within)) => {
            let within_ms = within.duration_ms().filter(|ms| *ms > 0);
            within_ms.map(|within_ms| Answer::Expected { within_ms })
        }
        (_, Some(within)) => {
            within.name_error(Code::Conflict, "only `expected` looks ahead", None);
            None
        }
        (answer, None) => Some(answer),
    }
}

/// The parameters of a kind in its order.
fn parameters(section: &Section<'_>, kind: Kind) -> Option<Vec<f64>> {
    let item = section.require("parameters")?;
    let given = item.open_section()?;
    let known = kind.parameters();
    for other in given.entries().iter().filter(|other| !known.contains(&other.name)) {
        let message = format!("{} has no parameter `{}`", kind.word(), other.name);
        let help = did_you_mean(other.name, known.iter().copied())
            .unwrap_or_else(|| format!("it has {}", known.join(", ")));
        other.name_error(Code::UnknownKey, message, help);
    }
    let read = known.iter().map(|name| given.require(name)?.number());
    let read: Vec<Option<f64>> = read.collect();
    read.into_iter().collect()
}

fn bgnbd(section: &Section<'_>, items: &[Item<'_>], inputs: &[(ModelInput, Ty)]) -> Option<Bgnbd> {
    let mut sound = true;
    for ((item, (_, ty)), (_, is_time)) in items.iter().zip(inputs).zip(HISTORY) {
        let plain = ty.plain();
        let fits = matches!(plain, Type::Int | Type::Double) || is_time && plain == Type::Duration;
        if !fits {
            let wanted = if is_time { "a duration, or a number of units" } else { "a number" };
            item.error(Code::Type, format!("expected {wanted}, found {}", ty.word()), None);
            sound = false;
        }
    }
    let unit = section.require("unit")?;
    let unit_ms = unit.duration_ms()?;
    if !(1..=TIME_MS_MAX).contains(&unit_ms) {
        unit.error(Code::Value, "a unit is longer than nothing", None);
        return None;
    }
    let [r, alpha, a, b] = parameters(section, Kind::Bgnbd)?.try_into().ok()?;
    if [r, alpha, a, b].iter().any(|value: &f64| *value <= 0.0) {
        section.get("parameters")?.error(Code::Value, "all of them are above 0", None);
        return None;
    }
    sound.then_some(Bgnbd { r, alpha, a, b, unit_ms })
}

/// Refuses answers that would take more terms than a call may.
fn horizons(parameters: &Bgnbd, outputs: &[ModelOutput], section: &Section<'_>) {
    let items = section.get("outputs").and_then(|outputs| outputs.open_section());
    for item in items.map_or_else(Vec::new, |items| items.entries()) {
        let within = item.open_section().and_then(|output| output.get("within"));
        let far = within.as_ref().and_then(Item::duration_ms).is_some_and(|within_ms| {
            let asked = Answer::Expected { within_ms };
            outputs.iter().any(|output| output.answer == asked)
                && parameters.terms(within_ms).is_none()
        });
        if let (Some(within), true) = (within, far) {
            let message: String = "this looks too far ahead for the model's alpha".into();
            let help = "stay below forty times alpha".to_string();
            within.error(Code::Limit, message, help);
        }
    }
}

fn is_number(ty: Ty) -> bool {
    let plain = [Type::Bool, Type::Int, Type::Double, Type::Money, Type::Duration];
    !matches!(ty, Ty::Enum(_)) && plain.contains(&ty.plain())
}
