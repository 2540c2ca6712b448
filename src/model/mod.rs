//! Scoring: from the inputs of a model to its answers.
//!
//! Everything here is arithmetic on floats with `libm`, in one fixed order, so that every machine
//! gives the same bits. An input that is missing or makes no sense gives an answer that is missing,
//! unless the model says otherwise.

mod bgnbd;
mod logistic;

use smallvec::SmallVec;

use crate::base::limits::MODEL_INPUTS_MAX;
use crate::base::steps::step;
use crate::expr::Cell;
use crate::policy::{Answer, Model, Scoring};

/// What the inputs of a model are, in its order.
pub(crate) type Inputs = SmallVec<[Cell; MODEL_INPUTS_MAX]>;

/// One answer of a model: each output is worked out by itself, so that one that nobody reads costs
/// nothing. O(inputs, and what its certificate says of the kind).
pub(crate) fn score(model: &Model, inputs: &Inputs, answer: Answer) -> Cell {
    step(inputs.len());
    match &model.scoring {
        Scoring::Bgnbd(parameters) => {
            let history = bgnbd::History::of(parameters, &model.inputs, inputs);
            let value = history.and_then(|history| parameters.answer(&history, answer));
            value.map_or(Cell::MISSING, Cell::double)
        }
        Scoring::Logistic(parameters) => {
            Cell::double(logistic::answer(parameters.log_odds(&model.inputs, inputs), answer))
        }
    }
}
