//! Running a log again: the same calls over the same bytes give the same decisions.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::frame::{LogReader, Record};
use crate::call::{Local, Shared, backfill, decide, new_profile, settle};
use crate::decision::Decision;
use crate::error::Error;
use crate::policy::Policy;
use crate::profile::ProfileBytes;
use crate::snapshot::{Origin, Snapshot};

/// A replay in progress: every subscriber's profile as the log has made it so far.
#[derive(Debug)]
pub struct Replay<'p> {
    policy: &'p Policy,
    snapshot: Snapshot,
    local: Local,
    profiles: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The decision just reproduced, until the log says what it was.
    reproduced: Option<Decision>,
    /// What was found so far.
    pub replayed: Replayed,
}

/// What a replay found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replayed {
    /// Messages that were run again.
    pub messages: u64,
    /// Decisions that came out as logged, to the bit.
    pub equal: u64,
    /// The first that did not.
    pub mismatch: Option<Mismatch>,
}

/// A decision that came out otherwise than logged.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// Which message of the log, from 1.
    pub message: u64,
    /// What the log says.
    pub logged: Decision,
    /// What came out.
    pub reproduced: Decision,
}

impl<'p> Replay<'p> {
    /// A replay from empty profiles.
    pub fn new(policy: &'p Policy) -> Replay<'p> {
        Replay {
            policy,
            snapshot: Snapshot::initial(policy),
            local: Local::new(policy, Origin { node: 0, epoch: 0, sequence: 1 }),
            profiles: BTreeMap::new(),
            reproduced: None,
            replayed: Replayed::default(),
        }
    }

    /// Runs a whole log.
    ///
    /// # Errors
    /// [`Error::Malformed`]: the log is cut or damaged. [`Error::SnapshotMismatch`]: it was
    /// written under another policy. Otherwise what the repeated call answered, which the
    /// original did not.
    pub fn run(policy: &'p Policy, log: &[u8]) -> Result<Replayed, Error> {
        let mut replay = Replay::new(policy);
        for record in LogReader::new(log) {
            replay.step(&record?)?;
        }
        Ok(replay.replayed)
    }

    /// The profiles as the log has made them, by subscriber key.
    pub fn profiles(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.profiles
    }

    /// Runs one record.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn step(&mut self, record: &Record) -> Result<(), Error> {
        match record {
            Record::Start { fingerprint } if *fingerprint != self.policy.fingerprint() => {
                return Err(Error::SnapshotMismatch);
            }
            Record::Start { .. } => {}
            Record::Snapshot(bytes) => self.snapshot = Snapshot::from_bytes(self.policy, bytes)?,
            Record::Grant { budget, amount } => {
                self.local.lease.grant(self.policy, *budget, *amount);
            }
            Record::Backfill(logged) => {
                let profile = profile_of(self.policy, &mut self.profiles, logged.subscriber)?;
                let bytes = ProfileBytes::in_place(profile);
                let scratch = &mut self.local.scratch;
                backfill(self.policy, bytes, logged.subscriber, &logged.dated, scratch)?;
            }
            Record::Message(logged) => {
                let profile = profile_of(self.policy, &mut self.profiles, logged.subscriber())?;
                let bytes = ProfileBytes::in_place(profile);
                let shared = Shared { policy: self.policy, snapshot: &self.snapshot };
                let events = logged.events();
                let message = logged.message(&events);
                let decision = decide(shared, bytes, &message, &logged.context, &mut self.local)?;
                self.reproduced = Some(decision);
                self.replayed.messages += 1;
            }
            Record::Decision(logged) => self.compare(logged),
            Record::Outcome(outcome) => {
                let profile = profile_of(self.policy, &mut self.profiles, outcome.subscriber)?;
                let bytes = ProfileBytes::in_place(profile);
                settle(self.policy, bytes, outcome, &mut self.local)?;
            }
        }
        Ok(())
    }

    fn compare(&mut self, logged: &Decision) {
        let Some(reproduced) = self.reproduced.take() else {
            return;
        };
        if reproduced == *logged {
            self.replayed.equal += 1;
        } else if self.replayed.mismatch.is_none() {
            self.replayed.mismatch = Some(Mismatch {
                message: self.replayed.messages,
                logged: logged.clone(),
                reproduced,
            });
        }
    }
}

/// The profile of a subscriber, begun when first met.
fn profile_of<'s>(
    policy: &Policy,
    profiles: &'s mut BTreeMap<Vec<u8>, Vec<u8>>,
    subscriber: &[u8],
) -> Result<&'s mut [u8], Error> {
    if !profiles.contains_key(subscriber) {
        profiles.insert(subscriber.to_vec(), new_profile(policy, subscriber)?);
    }
    profiles.get_mut(subscriber).map(Vec::as_mut_slice).ok_or(Error::Malformed)
}
