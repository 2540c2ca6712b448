//! The charging host: it stores the profiles, shares out the budgets, and calls the library.

use std::time::Instant;

use opportune::{
    BudgetId, Context, Dated, Decision, Local, Message, Origin, Outcome, Policy, ProfileBytes,
    Settled, Shared, Snapshot,
};

use super::digest::Digest;
use super::histogram::Histogram;
use super::inputs::{Draft, id};
use super::log::Log;
use super::rhythm::MICROS_PER_DOLLAR;
use super::text::grouped;

/// What offers may cost on the day for each subscriber, by budget.
const DAY_BUDGETS: [(&str, i64, Unit); 2] =
    [("incentives", MICROS_PER_DOLLAR / 2, Unit::MicroDollars), ("sms_gateway", 2, Unit::Pieces)];
/// The part of a day's budget that the node holds at a time, one in so many.
const LEASE_PART: i64 = 10;

pub struct Host {
    pub policy: Policy,
    snapshot: Snapshot,
    local: Local,
    origin: Origin,
    budgets: Vec<Budget>,
    profiles: Vec<Vec<u8>>,
    log: Log,
    pub latency: Histogram,
    pub leases_granted: u64,
    digest: Digest,
}

/// What a budget is counted in.
#[derive(Clone, Copy, Debug)]
enum Unit {
    MicroDollars,
    Pieces,
}

impl Unit {
    fn amount(self, amount: i64) -> String {
        match self {
            Self::MicroDollars => {
                format!("{} dollars", grouped((amount / MICROS_PER_DOLLAR) as u64))
            }
            Self::Pieces => grouped(amount as u64),
        }
    }
}

/// A budget of the day.
#[derive(Clone, Copy, Debug)]
struct Budget {
    id: BudgetId,
    unit: Unit,
    /// Of the whole day.
    amount: i64,
    /// Held by no node yet.
    left: i64,
}

impl Host {
    pub fn new(policy: Policy, log: Log, subscribers: usize) -> Result<Self, String> {
        let budgets = DAY_BUDGETS.iter().map(|&(name, each, unit)| {
            let amount = each * subscribers as i64;
            Ok(Budget { id: id(&policy, name)?, unit, amount, left: amount })
        });
        let budgets = budgets.collect::<Result<Vec<_>, String>>()?;
        let known = |id: &BudgetId| budgets.iter().any(|budget| budget.id == *id);
        if let Some((_, name)) = policy.names::<BudgetId>().find(|(id, _)| !known(id)) {
            return Err(format!("the host has nothing for the policy's budget `{name}`"));
        }
        let origin = Origin { node: 1, epoch: 1, sequence: 1 };
        let mut host = Self {
            snapshot: Snapshot::initial(&policy),
            local: Local::new(&policy, origin),
            origin,
            budgets,
            profiles: Vec::with_capacity(subscribers),
            log,
            latency: Histogram::default(),
            leases_granted: 0,
            digest: Digest::default(),
            policy,
        };
        host.log.snapshot(&host.snapshot)?;
        host.top_up()?;
        Ok(host)
    }

    /// Takes the next subscriber into the store, with what is known about him.
    pub fn add(&mut self, key: &str, known: &[Dated], now_ms: i64) -> Result<(), String> {
        let failed = |error: opportune::Error| format!("subscriber {key}: {error}");
        let scratch = &mut self.local.scratch;
        let mut profile = opportune::new_profile(&self.policy, key.as_bytes()).map_err(failed)?;
        let bytes = ProfileBytes::in_place(&mut profile);
        opportune::backfill(&self.policy, bytes, key.as_bytes(), known, now_ms, scratch)
            .map_err(failed)?;
        self.log.backfill(key, known, now_ms)?;
        self.profiles.push(profile);
        Ok(())
    }

    /// Decides on a message, inline.
    pub fn decide(
        &mut self,
        subscriber: usize,
        key: &str,
        draft: &Draft,
        now_ms: i64,
    ) -> Result<Decision, String> {
        let context = draft.inbound.map_or_else(Context::default, |(channel, slots)| Context {
            channel: Some(channel),
            slots,
            seed: None,
        });
        draft.with_message(key, now_ms, |message| self.answer(subscriber, message, &context))
    }

    fn answer(
        &mut self,
        subscriber: usize,
        message: &Message,
        context: &Context,
    ) -> Result<Decision, String> {
        let shared = Shared { policy: &self.policy, snapshot: &self.snapshot };
        let profile = ProfileBytes::in_place(&mut self.profiles[subscriber]);

        let begun = Instant::now();
        let decision = opportune::decide(shared, profile, message, context, &mut self.local);
        let took = begun.elapsed();

        let decision = decision.map_err(|error| {
            let key = String::from_utf8_lossy(message.subscriber);
            format!("message of {key} at {} ms: {error}", message.now_ms)
        })?;
        self.latency.record(took.as_nanos() as u64);
        self.digest.decision(&decision);
        self.log.message(message, context)?;
        self.log.decision(&decision)?;
        if decision.lease_low {
            self.top_up()?;
        }
        Ok(decision)
    }

    /// Reports what became of an offer.
    pub fn settle(&mut self, subscriber: usize, outcome: &Outcome) -> Result<Settled, String> {
        let profile = ProfileBytes::in_place(&mut self.profiles[subscriber]);
        let settled = opportune::settle(&self.policy, profile, outcome, &mut self.local)
            .map_err(|error| format!("outcome at {} ms: {error}", outcome.now_ms))?;
        self.log.outcome(outcome)?;
        Ok(settled.settled)
    }

    /// Learns from what was counted since the last time, and decides by it from here on.
    pub fn publish(&mut self) -> Result<(), String> {
        self.snapshot = opportune::advance(&self.policy, &self.snapshot, &self.local.delta)
            .map_err(|error| format!("snapshot: {error}"))?;
        self.origin.sequence += 1;
        self.local.delta.restart(self.origin);
        self.log.snapshot(&self.snapshot)
    }

    pub fn snapshots_published(&self) -> u64 {
        self.snapshot.version()
    }

    /// Fills the lease up again, as far as the day's budgets go.
    fn top_up(&mut self) -> Result<(), String> {
        for budget in &mut self.budgets {
            let held = self.local.lease.left(&self.policy, budget.id).unwrap_or(0);
            let lease = (budget.amount / LEASE_PART).max(1);
            // Of a lease that is still half full the library did not speak.
            if held > lease / 2 {
                continue;
            }
            let amount = (lease - held).min(budget.left);
            if amount > 0 {
                budget.left -= amount;
                self.local.lease.grant(&self.policy, budget.id, amount);
                self.leases_granted += 1;
                self.log.grant(budget.id, amount)?;
            }
        }
        Ok(())
    }

    /// Each budget of the day: its name, what is reserved or committed, and all of it.
    pub fn budgets(&self) -> impl Iterator<Item = (&str, String, String)> {
        self.budgets.iter().map(|budget| {
            let held = self.local.lease.left(&self.policy, budget.id).unwrap_or(0);
            let used = budget.unit.amount(budget.amount - budget.left - held);
            let name = self.policy.name_of(budget.id).unwrap_or("?");
            (name, used, budget.unit.amount(budget.amount))
        })
    }

    /// Ends the log; the digest of all decisions and of the profiles as they are now.
    pub fn finish(&mut self) -> Result<u64, String> {
        self.log.finish()?;
        let mut digest = self.digest;
        self.profiles.iter().for_each(|profile| digest.bytes(profile));
        Ok(digest.value())
    }
}
