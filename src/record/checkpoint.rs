//! Checkpoints: a replay in progress as bytes, so that a decision far back in a log is reached from
//! the last checkpoint before it, and not from the beginning.

use alloc::vec::Vec;

use super::replay::{Lane, Replay};
use crate::base::bytes::{Reader, Writer};
use crate::base::envelope::Envelope;
use crate::call::Local;
use crate::error::Error;
use crate::policy::Policy;
use crate::snapshot::{Lease, Origin, Snapshot};

const ENVELOPE: Envelope = Envelope { magic: *b"OPPK", version: 1 };

impl Replay<'_> {
    /// Where the replay stands, for [`resume`](Replay::resume): after a decision, not between a
    /// message and its decision. What is left of the log from here on is what continues it.
    ///
    /// # Errors
    /// [`Error::Malformed`]: a message was run again whose decision the log has not told yet.
    pub fn checkpoint(&self) -> Result<Vec<u8>, Error> {
        let mut body = Writer::default();
        body.u64(self.policy.fingerprint());
        body.u32(self.lanes.len() as u32);
        for (number, lane) in &self.lanes {
            if lane.reproduced.is_some() {
                return Err(Error::Malformed);
            }
            body.u32(*number);
            body.u64(lane.records);
            body.u8(u8::from(lane.ended));
            body.run(&lane.local.lease.to_bytes());
            body.run(&lane.snapshot.to_bytes());
        }
        body.u32(self.profiles.len() as u32);
        for (subscriber, profile) in &self.profiles {
            body.run(subscriber);
            body.run(profile);
        }
        Ok(ENVELOPE.seal(&body.bytes))
    }
}

impl<'p> Replay<'p> {
    /// A replay that goes on from a [`checkpoint`](Replay::checkpoint). It counts what it runs
    /// itself, from zero.
    ///
    /// # Errors
    /// [`Error::Malformed`]: cut, changed, or of another version. [`Error::SnapshotMismatch`]: made
    /// under another policy.
    pub fn resume(policy: &'p Policy, checkpoint: &[u8]) -> Result<Replay<'p>, Error> {
        let mut body = Reader::new(ENVELOPE.open(checkpoint)?);
        if body.u64().ok_or(Error::Malformed)? != policy.fingerprint() {
            return Err(Error::SnapshotMismatch);
        }
        let mut replay = Replay::new(policy);
        replay.take_up(&mut body).filter(|()| body.is_empty()).ok_or(Error::Malformed)?;
        Ok(replay)
    }

    fn take_up(&mut self, body: &mut Reader) -> Option<()> {
        for _ in 0..body.u32()? {
            let number = body.u32()?;
            let records = body.u64()?;
            let ended = match body.u8()? {
                0 => false,
                1 => true,
                _ => return None,
            };
            let origin = Origin { node: number, epoch: 0, sequence: 1 };
            let mut local = Local::new(self.policy, origin);
            local.lease = Lease::from_bytes(self.policy, body.run()?).ok()?;
            let snapshot = Snapshot::from_bytes(self.policy, body.run()?).ok()?;
            let lane = Lane { local, snapshot, records, reproduced: None, ended };
            self.lanes.insert(number, lane);
        }
        for _ in 0..body.u32()? {
            let (subscriber, profile) = (body.run()?, body.run()?);
            self.profiles.insert(subscriber.to_vec(), profile.to_vec());
        }
        Some(())
    }
}
