//! Classifying: which situations are true right now.
//!
//! `observe` moves the patterns on while a message is taken in, `classify` asks the moments, and
//! `plan` says when to call again though nothing happens. What outlasts a message is in `state`.

mod classify;
mod explain;
mod observe;
mod pattern;
mod plan;
mod state;

pub use classify::{Moments, RaisedMoment};
pub(crate) use classify::{NoWatch, Verdict, Watch, classify, concerned};
pub(crate) use explain::Recorder;
pub use explain::{ConditionFate, MomentFate, MomentVerdict, PatternState};
pub(crate) use observe::observe;
pub(crate) use plan::{concerns_due, moved_due, next_call_ms, plan, plan_anew, serve};
pub(crate) use state::{MomentState, completed, set_completed, stop_waiting, wait_until_ms};
