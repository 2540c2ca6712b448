//! What became of each moment that a message concerned, and why. Allocates; a decision is
//! explained by running it again.

use alloc::string::String;
use alloc::vec::Vec;

use super::classify::{Verdict, Watch};
use super::pattern::{deadline, is_disarmed};
use super::state::{Words, completed, read_words};
use crate::base::ids::{MomentId, PatternId};
use crate::expr::{Op, Type, compared, conjuncts, evaluate};
use crate::policy::{Moment, Policy, Shape};
use crate::profile::{Features, Message, Value};

/// What became of a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct MomentFate {
    /// The moment.
    pub moment: MomentId,
    /// What became of it.
    pub verdict: MomentVerdict,
    /// The conditions of its `when`, in the order of the text, if it was asked; none where an
    /// artifact was written without their words.
    pub conditions: Vec<ConditionFate>,
    /// The patterns that raise it, as they stand after the message.
    pub patterns: Vec<(PatternId, PatternState)>,
}

/// What became of a moment that was asked.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum MomentVerdict {
    /// The message raised it.
    Raised,
    /// An earlier message raised it, and it is still active.
    Active,
    /// It is silent until then, since an offer was made on it; milliseconds since the Unix epoch.
    Silent {
        /// Until when.
        until_ms: i64,
    },
    /// Its rule does not hold.
    RuleFails,
    /// Its strength is below its threshold.
    TooWeak {
        /// The strength.
        strength: f64,
        /// The least that it needs.
        threshold: f64,
    },
    /// Another moment that was raised ends it.
    Superseded {
        /// The other.
        by: MomentId,
    },
    /// As many as one message can raise come before it.
    CrowdedOut,
    /// None of its patterns has completed.
    PatternWaits,
}

/// One of the conditions that `&&` joins in the `when` of a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionFate {
    /// As the policy writes it.
    pub text: String,
    /// Whether it holds; none if that is not known.
    pub holds: Option<bool>,
    /// If it is one comparison: what was read on the side that is no constant, on both if neither
    /// is; none where nothing is known.
    pub read: Vec<Option<Value<'static>>>,
}

/// How far a pattern has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternState {
    /// The message has completed it.
    Completed,
    /// Nothing has begun.
    Idle,
    /// So many steps, or times, have been seen.
    Seen {
        /// How many.
        seen: u32,
        /// Of how many.
        of: u32,
        /// When the latest attempt began, or the latest was seen; zero where that is not kept.
        since_ms: i64,
    },
    /// Something must not happen until then.
    Waiting {
        /// Until when, in milliseconds since the Unix epoch.
        until_ms: i64,
    },
    /// The rule of a crossing has held, and has not ceased to since.
    Crossed,
}

/// Notes what becomes of moments.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    fates: Vec<(u16, MomentFate)>,
}

impl Watch for Recorder {
    fn verdict(&mut self, features: &mut Features, position: usize, verdict: Verdict) {
        let policy = features.policy();
        let Some(moment) = policy.tables.moments.get(position) else { return };
        let verdict = in_public(policy, moment, verdict);
        let fate = MomentFate {
            moment: moment.id,
            verdict,
            conditions: condition_fates(features, moment),
            patterns: Vec::new(),
        };
        match self.fates.iter_mut().find(|(_, known)| known.moment == moment.id) {
            // A moment that several events asked for is raised if one of them raises it.
            Some((_, known)) if stands(known.verdict, verdict) => {}
            Some((_, known)) => *known = fate,
            None => self.fates.push((moment.rank, fate)),
        }
    }
}

/// Whether what is known of a moment outweighs what another event brings.
fn stands(known: MomentVerdict, new: MomentVerdict) -> bool {
    use MomentVerdict::{Active, CrowdedOut, Raised, Superseded};
    matches!(known, Raised | Active) && !matches!(new, Superseded { .. } | CrowdedOut)
}

fn in_public(policy: &Policy, moment: &Moment, verdict: Verdict) -> MomentVerdict {
    let id = |at: u16| policy.tables.moments.get(usize::from(at)).map(|moment| moment.id);
    match verdict {
        Verdict::Raised => MomentVerdict::Raised,
        Verdict::Active => MomentVerdict::Active,
        Verdict::Silent { until_ms } => MomentVerdict::Silent { until_ms },
        Verdict::RuleFails => MomentVerdict::RuleFails,
        Verdict::TooWeak { strength } => {
            MomentVerdict::TooWeak { strength, threshold: moment.threshold }
        }
        Verdict::Superseded { by } => MomentVerdict::Superseded { by: id(by).unwrap_or_default() },
        Verdict::CrowdedOut => MomentVerdict::CrowdedOut,
    }
}

impl Recorder {
    /// The fates, first by priority, with those of the moments whose patterns the message concerned
    /// without completing them. `bytes` are the profile afterwards.
    pub(crate) fn finish(
        mut self,
        policy: &Policy,
        bytes: &[u8],
        message: &Message,
    ) -> Vec<MomentFate> {
        for (position, moment) in policy.tables.moments.iter().enumerate() {
            let mut patterns = Vec::new();
            let mut concerned = false;
            for (at, pattern) in policy.tables.patterns.iter().enumerate() {
                if pattern.moments.contains(&(position as u16)) {
                    concerned |= concerns(policy, at, message);
                    patterns.push((pattern.id, state_of(policy, bytes, at, pattern.shape)));
                }
            }
            match self.fates.iter_mut().find(|(_, known)| known.moment == moment.id) {
                Some((_, known)) => known.patterns = patterns,
                None if concerned => {
                    let (verdict, conditions) = (MomentVerdict::PatternWaits, Vec::new());
                    let fate = MomentFate { moment: moment.id, verdict, conditions, patterns };
                    self.fates.push((moment.rank, fate));
                }
                None => {}
            }
        }
        self.fates.sort_by_key(|(rank, _)| *rank);
        self.fates.into_iter().map(|(_, fate)| fate).collect()
    }
}

/// Whether a message is something to a pattern; one without events is to all that time can move.
fn concerns(policy: &Policy, pattern: usize, message: &Message) -> bool {
    let positions = message.events.iter().filter_map(|event| policy.event_position(event.kind));
    let mut touched = positions.map(|at| {
        let listens = policy.tables.events.get(at).is_some_and(|kind| {
            kind.patterns.iter().any(|listen| usize::from(listen.pattern) == pattern)
        });
        listens || policy.touched.concerns(at).crossings >> (pattern % 32) & 1 == 1
    });
    let shape = policy.tables.patterns.get(pattern).map(|pattern| pattern.shape);
    let by_time = matches!(shape, Some(Shape::Absence { .. } | Shape::Crossing { .. }));
    touched.any(|touched| touched) || message.events.is_empty() && by_time
}

fn state_of(policy: &Policy, bytes: &[u8], pattern: usize, shape: Shape) -> PatternState {
    if completed(policy, bytes) >> (pattern % 32) & 1 == 1 {
        return PatternState::Completed;
    }
    let words: Words = read_words(policy, bytes, pattern);
    let milliseconds = |second: u32| i64::from(second) * 1_000;
    let begun = words.iter().filter(|word| **word != 0).count() as u32;
    let latest = words.iter().rposition(|word| *word != 0).and_then(|at| words.get(at));
    match shape {
        Shape::Crossing { .. } if is_disarmed(&words) => PatternState::Crossed,
        Shape::Absence { within_s } => match deadline(&words, within_s) {
            Some(second) => PatternState::Waiting { until_ms: milliseconds(second) },
            None => PatternState::Idle,
        },
        _ if begun == 0 => PatternState::Idle,
        Shape::Sequence { steps, .. } => {
            let seen = words.iter().rposition(|word| *word != 0).map_or(0, |at| at as u32 + 1);
            let since_ms = latest.map_or(0, |second| milliseconds(*second));
            PatternState::Seen { seen, of: u32::from(steps), since_ms }
        }
        Shape::Repeat { times, within_s: Some(_) } => {
            let since_ms = words.first().map_or(0, |second| milliseconds(*second));
            PatternState::Seen { seen: begun, of: u32::from(times), since_ms }
        }
        Shape::Repeat { times, within_s: None } => {
            let [seen, ..] = words;
            PatternState::Seen { seen, of: u32::from(times), since_ms: 0 }
        }
        Shape::Crossing { .. } => PatternState::Idle,
    }
}

/// What each condition of a moment's rule comes to.
fn condition_fates(features: &mut Features, moment: &Moment) -> Vec<ConditionFate> {
    let policy = features.policy();
    let rule = policy.code(moment.when);
    let words = policy.tables.wordings.of(moment.id);
    let mut parts = conjuncts(rule);
    if words.len() == 1 {
        // Written as one condition, whatever became of it.
        parts = Vec::from([rule.to_vec()]);
    }
    words
        .iter()
        .zip(parts)
        .map(|(words, part)| ConditionFate {
            text: words.text.clone(),
            holds: evaluate(&part, features).bits().map(|bits| bits != 0),
            read: words.compares.map_or_else(Vec::new, |ty| read(features, &part, ty)),
        })
        .collect()
}

/// What a comparison reads on the sides that are no constants.
fn read(features: &mut Features, part: &[Op], ty: Type) -> Vec<Option<Value<'static>>> {
    let sides = compared(part).into_iter().flatten();
    sides
        .filter(|side| !matches!(side.as_slice(), [Op::Constant(_)]))
        .map(|side| Value::of_cell(evaluate(&side, features), ty))
        .collect()
}
