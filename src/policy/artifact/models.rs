//! Models: their parameters, what they read, and the features that are their answers.

use alloc::vec::Vec;

use super::check::{Check, ensure};
use super::error::ArtifactError;
use crate::base::bytes::{Reader, Writer};
use crate::base::encoding::{Broken, Encoded, encoded, encoded_choice};
use crate::base::limits::{
    MODEL_BINS_MAX, MODEL_INPUTS_MAX, MODEL_OUTPUTS_MAX, MODELS_MAX, TIME_MS_MAX,
};
use crate::expr::{Program, Type};
use crate::policy::{
    Answer, Bgnbd, FeatureKind, Logistic, Model, ModelInput, ModelOutput, Scoring, Term, Weights,
};

encoded! {
    Model { scoring: Scoring, inputs: Vec<ModelInput>, outputs: Vec<ModelOutput> }
    ModelInput { program: Program, ty: Type }
    ModelOutput { feature: u16, answer: Answer }
    Bgnbd { r: f64, alpha: f64, a: f64, b: f64, unit_ms: i64 }
    Logistic { intercept: f64, terms: Vec<Term> }
    Term { weights: Weights, missing: f64 }
}

encoded_choice! { Scoring {
    1 Bgnbd(model: Bgnbd);
    2 Logistic(model: Logistic);
} }

impl Encoded for Answer {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        match self {
            Answer::Alive => out.u8(1),
            Answer::Expected { within_ms } => {
                out.u8(2);
                within_ms.write(out);
            }
            Answer::Probability => out.u8(3),
            Answer::LogOdds => out.u8(4),
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        match u8::read(input)? {
            1 => Ok(Answer::Alive),
            2 => i64::read(input).map(|within_ms| Answer::Expected { within_ms }),
            3 => Ok(Answer::Probability),
            4 => Ok(Answer::LogOdds),
            _ => Err(Broken::Bytes),
        }
    }
}

impl Encoded for Weights {
    const BYTES_MIN: usize = 1;

    fn write(&self, out: &mut Writer) {
        match self {
            Weights::Coefficient(coefficient) => {
                out.u8(1);
                coefficient.write(out);
            }
            Weights::Bins { below, rest } => {
                out.u8(2);
                below.write(out);
                rest.write(out);
            }
            Weights::Members { of, rest } => {
                out.u8(3);
                of.write(out);
                rest.write(out);
            }
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Broken> {
        match u8::read(input)? {
            1 => f64::read(input).map(Weights::Coefficient),
            2 => Ok(Weights::Bins { below: Vec::read(input)?, rest: f64::read(input)? }),
            3 => Ok(Weights::Members { of: Vec::read(input)?, rest: f64::read(input)? }),
            _ => Err(Broken::Bytes),
        }
    }
}

pub(super) fn check(check: &Check<'_>) -> Result<(), ArtifactError> {
    ensure(check.tables.models.len() <= MODELS_MAX, "too many models")?;
    check.tables.models.iter().enumerate().try_for_each(|(at, one)| model(check, at, one))
}

fn model(check: &Check<'_>, position: usize, model: &Model) -> Result<(), ArtifactError> {
    ensure(model.inputs.len() <= MODEL_INPUTS_MAX, "too many inputs of a model")?;
    let outputs = (1..=MODEL_OUTPUTS_MAX).contains(&model.outputs.len());
    ensure(outputs, "a model has no outputs, or too many")?;
    model.inputs.iter().try_for_each(|input| check.program(input.program))?;
    match &model.scoring {
        Scoring::Bgnbd(parameters) => bgnbd(model, parameters)?,
        Scoring::Logistic(parameters) => logistic(model, parameters)?,
    }
    for (at, output) in model.outputs.iter().enumerate() {
        let feature = check.tables.features.get(usize::from(output.feature));
        let reads = feature.is_some_and(|feature| match feature.kind {
            FeatureKind::Output { model } => usize::from(model) == position,
            _ => false,
        });
        ensure(reads, "an output of a model is not its feature")?;
        let again = model.outputs.iter().take(at).any(|other| other.feature == output.feature);
        ensure(!again, "two outputs of a model are one feature")?;
    }
    Ok(())
}

fn bgnbd(model: &Model, parameters: &Bgnbd) -> Result<(), ArtifactError> {
    let Bgnbd { r, alpha, a, b, unit_ms } = *parameters;
    let positive = [r, alpha, a, b].iter().all(|value| value.is_finite() && *value > 0.0);
    let unit = (1..=TIME_MS_MAX).contains(&unit_ms);
    ensure(positive && unit, "parameters of a model are out of range")?;
    ensure(model.inputs.len() == 3, "a model has not the inputs that it needs")?;
    let answers = model.outputs.iter().all(|output| match output.answer {
        Answer::Alive => true,
        Answer::Expected { within_ms } => {
            (1..=TIME_MS_MAX).contains(&within_ms) && parameters.terms(within_ms).is_some()
        }
        Answer::Probability | Answer::LogOdds => false,
    });
    ensure(answers, "a model is asked what it cannot answer")
}

fn logistic(model: &Model, parameters: &Logistic) -> Result<(), ArtifactError> {
    let Logistic { intercept, terms } = parameters;
    ensure(model.inputs.len() == terms.len(), "a model has not the inputs that it needs")?;
    let finite = |points: &[(f64, f64)]| points.iter().all(|(_, points)| points.is_finite());
    let sound = |term: &Term| {
        let weights = match &term.weights {
            Weights::Coefficient(coefficient) => coefficient.is_finite(),
            Weights::Bins { below, rest } => {
                below.is_sorted_by(|(a, _), (b, _)| a < b) && finite(below) && rest.is_finite()
            }
            Weights::Members { of, rest } => {
                of.iter().all(|(_, points)| points.is_finite()) && rest.is_finite()
            }
        };
        weights && term.missing.is_finite() && term.weights.len() <= MODEL_BINS_MAX
    };
    let sound = intercept.is_finite() && terms.iter().all(sound);
    ensure(sound, "parameters of a model are out of range")?;
    let answers = model.outputs.iter().all(|output| match output.answer {
        Answer::Probability | Answer::LogOdds => true,
        Answer::Alive | Answer::Expected { .. } => false,
    });
    ensure(answers, "a model is asked what it cannot answer")
}

/// A feature that a model answers: the model has it among its outputs.
pub(super) fn output(check: &Check<'_>, position: usize, model: u16) -> Result<(), ArtifactError> {
    let model = check.tables.models.get(usize::from(model));
    let double = check.tables.features.get(position).is_some_and(|f| f.ty == Type::Double);
    let among = model.is_some_and(|model| {
        model.outputs.iter().any(|output| usize::from(output.feature) == position)
    });
    ensure(double && among, "a feature is the output of no model")
}
