//! Running a log again: the same calls over the same bytes give the same decisions.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::frame::{LogReader, Record};
use super::message_bytes::{LoggedBackfill, LoggedMessage};
use super::receipt::{NotReproduced, Receipt};
use crate::call::{Local, Shared, backfill, decide, erase, explain, new_profile, settle, update};
use crate::decision::{Decision, Explanation};
use crate::error::Error;
use crate::policy::Policy;
use crate::profile::ProfileBytes;
use crate::snapshot::{Origin, Snapshot};

/// A replay in progress: every subscriber's profile as the log has made it so far.
#[derive(Debug)]
pub struct Replay<'p> {
    pub(super) policy: &'p Policy,
    pub(super) lanes: BTreeMap<u32, Lane>,
    pub(super) profiles: BTreeMap<Vec<u8>, Vec<u8>>,
    replayed: Replayed,
}

/// What the log says of one `Local`.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) local: Local,
    /// What its decisions read.
    pub(super) snapshot: Snapshot,
    pub(super) records: u64,
    /// The decision just reproduced, until the log says what it was.
    pub(super) reproduced: Option<Decision>,
    pub(super) ended: bool,
}

/// A message of a log, with all that its decision is made from.
#[derive(Clone, Debug)]
pub struct Reached<'r, 'l> {
    /// The policy, and the snapshot of that time.
    pub shared: Shared<'r>,
    /// The profile before the call.
    pub profile: &'r [u8],
    /// The lease of that time.
    pub local: &'r Local,
    /// The message and its context.
    pub logged: LoggedMessage<'l>,
}

impl Reached<'_, '_> {
    /// The decision, made again on copies. Allocates.
    ///
    /// # Errors
    /// As [`explain`](crate::explain).
    pub fn explain(&self) -> Result<Explanation, Error> {
        let events = self.logged.events();
        let message = self.logged.message(&events);
        explain(self.shared, self.profile, &message, &self.logged.context, self.local)
    }

    /// The same, if a receipt says that it was made from just this.
    ///
    /// # Errors
    /// As [`Receipt::replay`].
    pub fn replay(&self, receipt: &Receipt) -> Result<Decision, NotReproduced> {
        let events = self.logged.events();
        let message = self.logged.message(&events);
        receipt.replay(self.shared, self.profile, &message, &self.logged.context, self.local)
    }
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
    /// Whether the log is there from its beginning to its end.
    pub complete: bool,
}

impl Replayed {
    /// Whether all of a whole log was reproduced.
    pub fn is_faithful(&self) -> bool {
        self.complete && self.mismatch.is_none() && self.equal == self.messages
    }
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
            lanes: BTreeMap::new(),
            profiles: BTreeMap::new(),
            replayed: Replayed::default(),
        }
    }

    /// Runs a whole log.
    ///
    /// # Errors
    /// [`Error::Malformed`]: a frame is cut or damaged, or out of place.
    /// [`Error::SnapshotMismatch`]: the log was written under another policy. Otherwise what the
    /// repeated call answered, which the original did not.
    pub fn run(policy: &'p Policy, log: &[u8]) -> Result<Replayed, Error> {
        let mut replay = Replay::new(policy);
        replay.go_on(log)?;
        Ok(replay.replayed())
    }

    /// Runs a part of a log that follows on what was run before.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn go_on(&mut self, log: &[u8]) -> Result<(), Error> {
        for entry in LogReader::new(log) {
            let (local, record) = entry?;
            self.step(local, &record)?;
        }
        Ok(())
    }

    /// Runs a log up to the message that was answered with this decision, and gives the message with
    /// what it met: nothing of that message itself has been run yet. None if the log has no such
    /// message. A message that came twice is found where it was answered first.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn reach<'l>(
        &mut self,
        log: &'l [u8],
        decision: u64,
    ) -> Result<Option<Reached<'_, 'l>>, Error> {
        let mut reader = LogReader::new(log);
        while let Some(entry) = reader.next() {
            let (number, record) = entry?;
            let answered = |(of, record): (u32, Record)| match record {
                Record::Decision(logged) if of == number => Some(logged.id),
                _ => None,
            };
            if let Record::Message(logged) = &record
                && reader.clone().flatten().find_map(answered) == Some(decision)
            {
                return self.reached(number, logged.clone()).map(Some);
            }
            self.step(number, &record)?;
        }
        Ok(None)
    }

    fn reached<'l>(
        &mut self,
        number: u32,
        logged: LoggedMessage<'l>,
    ) -> Result<Reached<'_, 'l>, Error> {
        let profile = &*profile_of(self.policy, &mut self.profiles, logged.subscriber())?;
        let lane = self.lanes.get(&number).ok_or(Error::Malformed)?;
        let shared = Shared { policy: self.policy, snapshot: &lane.snapshot };
        Ok(Reached { shared, profile, local: &lane.local, logged })
    }

    /// What was found so far.
    pub fn replayed(&self) -> Replayed {
        let ended = |lane: &Lane| lane.ended && lane.reproduced.is_none();
        let complete = !self.lanes.is_empty() && self.lanes.values().all(ended);
        Replayed { complete, ..self.replayed.clone() }
    }

    /// The profiles as the log has made them, by subscriber key.
    pub fn profiles(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.profiles
    }

    /// Runs one record of the `Local` of this number.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn step(&mut self, local: u32, record: &Record) -> Result<(), Error> {
        if let Record::Start { fingerprint } = record {
            return self.start(local, *fingerprint);
        }
        let lane = self.lanes.get_mut(&local).filter(|lane| !lane.ended);
        let lane = lane.ok_or(Error::Malformed)?;
        match record {
            Record::Start { .. } => {}
            Record::Snapshot(bytes) => lane.snapshot = Snapshot::from_bytes(self.policy, bytes)?,
            Record::Grant { budget, amount } => {
                lane.local.lease.grant(self.policy, *budget, *amount);
            }
            Record::Backfill(logged) => {
                let profile = profile_of(self.policy, &mut self.profiles, logged.subscriber)?;
                let bytes = ProfileBytes::in_place(profile);
                let scratch = &mut lane.local.scratch;
                let LoggedBackfill { subscriber, dated, now_ms } = logged;
                backfill(self.policy, bytes, subscriber, dated, *now_ms, scratch)?;
            }
            Record::Message(logged) => {
                let profile = profile_of(self.policy, &mut self.profiles, logged.subscriber())?;
                let bytes = ProfileBytes::in_place(profile);
                let shared = Shared { policy: self.policy, snapshot: &lane.snapshot };
                let events = logged.events();
                let message = logged.message(&events);
                let decision = decide(shared, bytes, &message, &logged.context, &mut lane.local)?;
                self.replayed.messages += 1;
                if lane.reproduced.replace(decision).is_some() {
                    return Err(Error::Malformed);
                }
            }
            Record::Update(logged) => {
                let profile = profile_of(self.policy, &mut self.profiles, logged.subscriber())?;
                let bytes = ProfileBytes::in_place(profile);
                let events = logged.events();
                update(self.policy, bytes, &logged.message(&events), &mut lane.local.scratch)?;
            }
            Record::Erasure(subscriber) => {
                let profile = profile_of(self.policy, &mut self.profiles, subscriber)?;
                let bytes = ProfileBytes::in_place(profile);
                erase(self.policy, bytes, subscriber, &mut lane.local)?;
            }
            Record::Decision(logged) => {
                let reproduced = lane.reproduced.take().ok_or(Error::Malformed)?;
                self.replayed.compare(logged, reproduced);
            }
            Record::Outcome(outcome) => {
                let profile = profile_of(self.policy, &mut self.profiles, outcome.subscriber)?;
                settle(self.policy, ProfileBytes::in_place(profile), outcome, &mut lane.local)?;
            }
            Record::End { records } if *records == lane.records => lane.ended = true,
            Record::End { .. } => return Err(Error::Malformed),
        }
        lane.records += 1;
        Ok(())
    }

    fn start(&mut self, local: u32, fingerprint: u64) -> Result<(), Error> {
        if fingerprint != self.policy.fingerprint() {
            return Err(Error::SnapshotMismatch);
        }
        let origin = Origin { node: local, epoch: 0, sequence: 1 };
        let local_state = Local::new(self.policy, origin);
        let snapshot = Snapshot::initial(self.policy);
        let (reproduced, ended) = (None, false);
        let lane = Lane { local: local_state, snapshot, records: 1, reproduced, ended };
        match self.lanes.insert(local, lane) {
            None => Ok(()),
            Some(_) => Err(Error::Malformed),
        }
    }
}

impl Replayed {
    fn compare(&mut self, logged: &Decision, reproduced: Decision) {
        if reproduced == *logged {
            self.equal += 1;
        } else if self.mismatch.is_none() {
            self.mismatch =
                Some(Mismatch { message: self.messages, logged: logged.clone(), reproduced });
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
