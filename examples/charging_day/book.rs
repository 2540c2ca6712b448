//! What is counted while the day goes by.

use std::collections::BTreeMap;

use opportune::{
    Arm, ChannelId, Decision, IntentId, Lift, MomentId, OfferId, OutcomeKind, Policy, Sample,
    Settled, Stage, TreatmentId,
};

use super::population::Subscriber;

#[derive(Debug, Default)]
pub struct Book {
    /// Calls of `decide`: messages of charging and its neighbours, repetitions and ticks.
    pub messages: u64,
    pub repeated: u64,
    pub ticks: u64,
    /// Sessions that the balance did not cover.
    pub refused: u64,
    /// Messages that raised a moment: each was answered by a decision about offers.
    pub decisions: u64,
    pub moments: BTreeMap<(IntentId, MomentId), u64>,
    pub treatments: BTreeMap<TreatmentId, TreatmentRow>,
    /// Decisions without an offer by the furthest stage that a candidate reached.
    pub no_offer: [u64; Stage::COUNT],
    /// Outcomes that were credited, by kind.
    pub outcomes: [u64; OutcomeKind::ALL.len() + 1],
    /// Outcomes that came when the offer was no longer open.
    pub late: u64,
    pub recharges: u64,
    pub lines: Vec<LineRow>,
}

/// An offer on a channel.
#[derive(Clone, Copy, Debug)]
pub struct TreatmentRow {
    pub offer: OfferId,
    pub channel: ChannelId,
    pub made: u64,
    pub accepted: u64,
}

/// A subscriber.
#[derive(Clone, Copy, Debug)]
pub struct LineRow {
    pub arm: Arm,
    /// Messages that raised a moment.
    pub decisions: u64,
    pub messages: u64,
    /// Offers that were sent out, and offers that the app asked for.
    pub contacts: u64,
    pub shown: u64,
    pub recharged_micros: i64,
    pub recharged_since_moment_micros: i64,
}

impl Book {
    pub fn new(policy: &Policy, subscribers: &[Subscriber]) -> Self {
        let lines = subscribers.iter().map(|subscriber| LineRow {
            arm: policy.arm(subscriber.key.as_bytes()),
            decisions: 0,
            messages: 0,
            contacts: 0,
            shown: 0,
            recharged_micros: 0,
            recharged_since_moment_micros: 0,
        });
        Self { lines: lines.collect(), ..Self::default() }
    }

    pub fn decision(&mut self, subscriber: usize, decision: &Decision, inbound: bool) {
        self.messages += 1;
        self.lines[subscriber].messages += 1;
        self.repeated += u64::from(decision.repeated);
        if decision.moments.is_empty() {
            return;
        }
        self.decisions += 1;
        for moment in &decision.moments {
            *self.moments.entry((moment.intent, moment.id)).or_default() += 1;
        }
        if decision.offers.is_empty() {
            self.no_offer[decision.furthest as usize] += 1;
        }
        let new = || decision.offers.iter().filter(|offered| offered.decision == decision.id);
        for offered in new() {
            let row = self.treatments.entry(offered.treatment).or_insert(TreatmentRow {
                offer: offered.offer,
                channel: offered.channel,
                made: 0,
                accepted: 0,
            });
            row.made += 1;
        }
        let line = &mut self.lines[subscriber];
        line.decisions += 1;
        let made = if inbound { &mut line.shown } else { &mut line.contacts };
        *made += new().count() as u64;
    }

    pub fn outcome(&mut self, kind: OutcomeKind, settled: Settled) {
        match settled {
            Settled::Credited { treatment, .. } => {
                self.outcomes[kind as usize] += 1;
                if kind == OutcomeKind::Accepted
                    && let Some(row) = self.treatments.get_mut(&treatment)
                {
                    row.accepted += 1;
                }
            }
            _ => self.late += 1,
        }
    }

    pub fn recharge(&mut self, subscriber: usize, amount_micros: i64) {
        self.recharges += 1;
        let line = &mut self.lines[subscriber];
        line.recharged_micros += amount_micros;
        if line.decisions > 0 {
            line.recharged_since_moment_micros += amount_micros;
        }
    }

    pub fn offers(&self) -> u64 {
        self.treatments.values().map(|row| row.made).sum()
    }

    pub fn accepted(&self) -> u64 {
        self.treatments.values().map(|row| row.accepted).sum()
    }

    pub fn moments_raised(&self) -> u64 {
        self.moments.values().sum()
    }

    pub fn no_offer(&self) -> u64 {
        self.no_offer.iter().sum()
    }

    pub fn of_arm(&self, arm: Arm) -> impl Iterator<Item = &LineRow> {
        self.lines.iter().filter(move |line| line.arm == arm)
    }

    /// Money recharged by everybody.
    pub fn recharged_micros(&self) -> i64 {
        self.lines.iter().map(|line| line.recharged_micros).sum()
    }

    /// The measure fixed beforehand: of the subscribers who came to a moment, what they recharged
    /// from their first one to the end. Until then the arms live alike, so choosing by it favours
    /// neither.
    pub fn since_moment(&self) -> Comparison {
        self.compare(|line| (line.decisions > 0).then_some(line.recharged_since_moment_micros))
    }

    /// All subscribers, the whole day.
    pub fn whole_day(&self) -> Comparison {
        self.compare(|line| Some(line.recharged_micros))
    }

    fn compare(&self, measure: impl Fn(&LineRow) -> Option<i64>) -> Comparison {
        let mut comparison = Comparison::default();
        for line in &self.lines {
            let sample = match line.arm {
                Arm::Treated => &mut comparison.treated,
                Arm::Control => &mut comparison.control,
            };
            if let Some(micros) = measure(line) {
                sample.add(micros);
            }
        }
        comparison
    }
}

/// Micro-dollars recharged, by arm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Comparison {
    pub treated: Sample,
    pub control: Sample,
}

impl Comparison {
    /// None when an arm is too small to compare.
    pub fn lift(&self) -> Option<Lift> {
        Lift::between(&self.treated, &self.control)
    }
}
