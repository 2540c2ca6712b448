//! Typed expression programs and their three-valued evaluation.
//!
//! The compiler turns CEL text into a flat list of operations on a small stack. At run time a
//! cell is eight bytes and a flag: a value, or *missing*. An attribute nobody set, a division by
//! zero, an overflow and a NaN that a program results in are all missing, and missing is neither true nor false, so
//! a rule holds only when it is definitely true. For `&&` and `||` this is Kleene's strong logic,
//! which is also what CEL says of errors.

mod encoding;
mod eval;
mod math;
mod parts;
mod program;
mod value;
mod verify;

pub(crate) use eval::{DURATION_MS, Environment, evaluate, holds};
#[cfg(feature = "compiler")]
pub(crate) use math::{Binary, Unary};
pub(crate) use parts::{compared, conjuncts};
pub(crate) use program::{Calendar, Op, Program};
pub(crate) use value::Cell;
pub use value::Type;
pub(crate) use verify::{ProgramNames, verify};
