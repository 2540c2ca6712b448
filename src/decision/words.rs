//! An explanation in words, as somebody who looks into one subscriber's case reads it.

use alloc::format;
use alloc::string::{String, ToString};
use core::cmp::Ordering;
use core::fmt;

use super::{Change, Decision, Explanation, Fate, RuleOwner, Stage};
use crate::base::civil::{LocalTime, date_of_day};
use crate::base::ids::{MomentId, PermanentId};
use crate::base::money::MICROS;
use crate::moment::{ConditionFate, MomentFate, MomentVerdict, PatternState, RaisedMoment};
use crate::policy::Policy;
use crate::profile::Value;

impl Explanation {
    /// The explanation in words: what became of each moment and of each offer. Times are in UTC.
    pub fn in_words<'a>(&'a self, policy: &'a Policy) -> impl fmt::Display + 'a {
        Words { explanation: self, policy }
    }
}

struct Words<'a> {
    explanation: &'a Explanation,
    policy: &'a Policy,
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { decision, moments, fates } = self.explanation;
        self.decided(f, decision)?;
        moments.iter().try_for_each(|fate| self.moment(f, fate))?;
        fates.iter().try_for_each(|fate| self.offer(f, fate))
    }
}

impl Words<'_> {
    fn name<I: PermanentId>(&self, id: I) -> String {
        let number = || id.number().to_string();
        self.policy.name_of(id).map_or_else(number, ToString::to_string)
    }

    fn decided(&self, f: &mut fmt::Formatter<'_>, decision: &Decision) -> fmt::Result {
        if decision.repeated {
            return writeln!(f, "decided before: nothing is offered again");
        }
        if decision.offers.is_empty() {
            writeln!(f, "nothing is offered: {}", decision.furthest.words())?;
        }
        for offered in &decision.offers {
            let (offer, channel) = (self.name(offered.offer), self.name(offered.channel));
            match offered.moment {
                _ if offered.decision != decision.id => {
                    writeln!(f, "goes on with: {offer} by {channel}, as it was offered before")?;
                }
                Some(moment) => {
                    let moment = self.name(moment);
                    writeln!(f, "offered: {offer} by {channel}, in the moment {moment}")?;
                }
                None => writeln!(f, "offered: {offer} by {channel}, in a place that was left")?,
            }
        }
        match decision.next_call_ms {
            0 => Ok(()),
            next => writeln!(f, "the next call is due at {}", Time(next)),
        }
    }

    fn moment(&self, f: &mut fmt::Formatter<'_>, fate: &MomentFate) -> fmt::Result {
        write!(f, "moment {}: ", self.name(fate.moment))?;
        match fate.verdict {
            MomentVerdict::Raised => self.how(f, fate.moment, "raised"),
            MomentVerdict::Active => self.how(f, fate.moment, "raised before, and still active"),
            MomentVerdict::Silent { until_ms } => {
                writeln!(f, "silent until {}, since an offer was made on it", Time(until_ms))
            }
            MomentVerdict::RuleFails => writeln!(f, "not raised, its rule does not hold"),
            MomentVerdict::TooWeak { strength, threshold } => {
                writeln!(f, "not raised, its strength {strength} is below {threshold}")
            }
            MomentVerdict::Superseded { by } => writeln!(f, "superseded by {}", self.name(by)),
            MomentVerdict::CrowdedOut => {
                writeln!(f, "left out, as many as there is room for come before it")
            }
            MomentVerdict::PatternWaits => writeln!(f, "not raised, its pattern is not complete"),
        }?;
        for (pattern, state) in &fate.patterns {
            writeln!(f, "    pattern {}: {}", self.name(*pattern), State(*state))?;
        }
        fate.conditions.iter().try_for_each(|condition| self.condition(f, condition))
    }

    /// A moment that counts, with how pronounced and how pressing it is.
    fn how(&self, f: &mut fmt::Formatter<'_>, moment: MomentId, verdict: &str) -> fmt::Result {
        let Decision { moments, .. } = &self.explanation.decision;
        match moments.iter().find(|raised| raised.id == moment) {
            Some(RaisedMoment { strength, urgency, .. }) => {
                writeln!(f, "{verdict}, strength {strength}, urgency {urgency}")
            }
            None => writeln!(f, "{verdict}"),
        }
    }

    fn condition(&self, f: &mut fmt::Formatter<'_>, condition: &ConditionFate) -> fmt::Result {
        let holds = match condition.holds {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not known",
        };
        write!(f, "    {}: {holds}", condition.text)?;
        for (at, value) in condition.read.iter().enumerate() {
            let value = value.map_or_else(|| "missing".into(), |value| self.value(value));
            write!(f, "{}{value}", if at == 0 { ", it is " } else { " and " })?;
        }
        writeln!(f)
    }

    fn value(&self, value: Value<'_>) -> String {
        match value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Double(value) => value.to_string(),
            Value::Money(micros) => Money(micros).to_string(),
            Value::Timestamp(ms) => Time(ms).to_string(),
            Value::Duration(ms) => Length(ms).to_string(),
            Value::Member(id) => {
                let name = self.name(id);
                name.split_once('.').map_or(name.clone(), |(_, member)| member.to_string())
            }
            Value::Text(_) | Value::TextHash(_) => "another text".to_string(),
        }
    }

    fn offer(&self, f: &mut fmt::Formatter<'_>, fate: &Fate) -> fmt::Result {
        write!(f, "offer {}: {}", self.name(fate.offer), fate.stage.words())?;
        match fate.refused_by {
            Some(RuleOwner::Issue(issue)) => write!(f, " by issue {}", self.name(issue))?,
            Some(RuleOwner::Group(group)) => write!(f, " by group {}", self.name(group))?,
            Some(RuleOwner::Offer(_)) => write!(f, " by its own rule")?,
            None => {}
        }
        if let Some(score) = fate.score {
            write!(f, ", worth {:.4}", score / MICROS as f64)?;
        }
        let offered = self.explanation.decision.offers.iter().map(|offered| offered.score);
        let short = fate.score.zip(offered.reduce(f64::min)).map(|(score, last)| last - score);
        match short.filter(|short| fate.stage == Stage::Outranked && *short > 0.0) {
            Some(short) => {
                writeln!(f, ", {:.4} less than what was offered", short / MICROS as f64)?
            }
            None => writeln!(f)?,
        }
        fate.changes.iter().try_for_each(|change| self.change(f, *change))
    }

    /// A value that is wanted in place of another; by the bound that it keeps to, where that is
    /// shorter to say.
    fn bound(&self, is: Option<Value<'_>>, wanted: Option<Value<'_>>) -> String {
        let Some(wanted) = wanted else { return "missing".into() };
        let text = self.value(wanted);
        let next = |up: bool| {
            let step = if up { 1 } else { -1 };
            Some(match wanted {
                Value::Money(micros) => Value::Money(micros.checked_add(step)?),
                Value::Timestamp(ms) => Value::Timestamp(ms.checked_add(step)?),
                Value::Duration(ms) => Value::Duration(ms.checked_add(step)?),
                Value::Double(value) if up => Value::Double(value.next_up()),
                Value::Double(value) => Value::Double(value.next_down()),
                _ => return None,
            })
        };
        let shorter = |value: Option<Value<'_>>| {
            value.map(|value| self.value(value)).filter(|other| other.len() < text.len())
        };
        let (below, above) = (shorter(next(true)), shorter(next(false)));
        match (below, above, is.map(rank).partial_cmp(&Some(rank(wanted)))) {
            (Some(below), _, Some(Ordering::Greater)) => format!("below {below}"),
            (_, Some(above), Some(Ordering::Less)) => format!("above {above}"),
            _ => text,
        }
    }

    fn change(&self, f: &mut fmt::Formatter<'_>, change: Change) -> fmt::Result {
        match change {
            Change::Feature { feature, is, wanted } => {
                let (name, wanted) = (self.name(feature), self.bound(is, wanted));
                let is = is.map_or_else(|| "missing".into(), |is| self.value(is));
                writeln!(f, "    its rules would hold if {name} were {wanted}, it is {is}")
            }
            Change::Wait { until_ms } => {
                writeln!(f, "    its rules will hold at {}", Time(until_ms))
            }
        }
    }
}

/// Orders numbers of one type.
fn rank(value: Value<'_>) -> f64 {
    match value {
        Value::Double(value) => value,
        Value::Int(value)
        | Value::Money(value)
        | Value::Timestamp(value)
        | Value::Duration(value) => value as f64,
        _ => 0.0,
    }
}

struct State(PatternState);

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            PatternState::Completed => f.write_str("has just completed"),
            PatternState::Idle => f.write_str("nothing of it yet"),
            PatternState::Seen { seen, of, since_ms: 0 } => write!(f, "{seen} of {of}"),
            PatternState::Seen { seen, of, since_ms } => {
                write!(f, "{seen} of {of}, since {}", Time(since_ms))
            }
            PatternState::Waiting { until_ms } => write!(f, "waits until {}", Time(until_ms)),
            PatternState::Crossed => f.write_str("has been crossed, and waits to be armed again"),
        }
    }
}

/// An instant, in UTC: to the second, or as close as it needs.
struct Time(i64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = LocalTime::new(self.0, 0);
        let (year, month, day) = date_of_day(clock.day());
        let second = clock.ms_of_day() / 1_000 % 60;
        let (hour, minute) = (clock.hour(), clock.minute());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match clock.ms_of_day() % 1_000 {
            0 => f.write_str("Z"),
            ms => write!(f, ".{ms:03}Z"),
        }
    }
}

/// An amount with two decimals, or as many as it needs.
struct Money(i64);

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let (units, part) = (micros / MICROS as u64, micros % MICROS as u64);
        if part % 10_000 == 0 {
            write!(f, "{sign}{units}.{:02}", part / 10_000)
        } else {
            write!(f, "{sign}{units}.{part:06}")
        }
    }
}

/// A length of time, as a policy writes it.
struct Length(i64);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.unsigned_abs() / 1_000;
        f.write_str(if self.0 < 0 { "-" } else { "" })?;
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        match (hours, minutes, seconds) {
            (0, 0, seconds) => write!(f, "{seconds}s"),
            (0, minutes, 0) => write!(f, "{minutes}m"),
            (0, minutes, seconds) => write!(f, "{minutes}m{seconds}s"),
            (hours, 0, 0) => write!(f, "{hours}h"),
            (hours, minutes, 0) => write!(f, "{hours}h{minutes}m"),
            (hours, minutes, seconds) => write!(f, "{hours}h{minutes}m{seconds}s"),
        }
    }
}
