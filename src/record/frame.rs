//! Frames: length, kind, body, checksum.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::LOG_VERSION;
use super::decision_bytes::{read_decision, write_decision};
use super::message_bytes::{
    LoggedBackfill, LoggedMessage, write_account, write_backfill, write_context, write_message,
};
use crate::base::bytes::{Reader, Writer};
use crate::base::checksum::crc32c_portable;
use crate::base::ids::BudgetId;
use crate::decision::{Context, Decision, Outcome, OutcomeKind};
use crate::error::Error;
use crate::policy::Policy;
use crate::profile::{Dated, Message};
use crate::snapshot::Snapshot;

const MAGIC: u32 = u32::from_le_bytes(*b"OPPG");

/// The kinds of record, by their number in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Start = 1,
    Snapshot = 2,
    Grant = 3,
    Backfill = 4,
    Message = 5,
    Decision = 6,
    Outcome = 7,
    End = 8,
    Update = 9,
    Erasure = 10,
}

impl Kind {
    fn from_number(number: u8) -> Option<Kind> {
        use Kind::*;
        [Start, Snapshot, Grant, Backfill, Message, Decision, Outcome, End, Update, Erasure]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// Writes what one [`Local`](crate::Local) does: first the policy, then what happens, in the order
/// in which it happens. The logs of several may be interleaved, frame by frame, into one.
#[derive(Clone, Debug)]
pub struct LogWriter {
    out: Writer,
    local: u32,
    records: u64,
}

impl LogWriter {
    /// A log of calls under this policy with the `Local` of this number.
    pub fn new(policy: &Policy, local: u32) -> LogWriter {
        let mut log = LogWriter { out: Writer::default(), local, records: 0 };
        log.frame(Kind::Start, |body| {
            body.u32(MAGIC);
            body.u32(LOG_VERSION);
            body.u64(policy.fingerprint());
        });
        log
    }

    /// Takes the bytes written since the last call, for the host to store.
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out.bytes)
    }

    /// Bytes waiting to be taken.
    pub fn pending(&self) -> usize {
        self.out.bytes.len()
    }

    /// The snapshot that decisions read from here on.
    pub fn snapshot(&mut self, snapshot: &Snapshot) {
        self.frame(Kind::Snapshot, |body| body.bytes.extend(snapshot.to_bytes()));
    }

    /// An amount that was granted to the lease.
    pub fn grant(&mut self, budget: BudgetId, amount: i64) {
        self.frame(Kind::Grant, |body| {
            body.u32(budget.0);
            body.i64(amount);
        });
    }

    /// History that a profile took over.
    pub fn backfill(&mut self, subscriber: &[u8], dated: &[Dated], now_ms: i64) {
        self.frame(Kind::Backfill, |body| write_backfill(body, subscriber, dated, now_ms));
    }

    /// A message that was decided on.
    pub fn message(&mut self, message: &Message, context: &Context) {
        self.whole_message(Kind::Message, message, context);
    }

    /// A message that a line's profile only took in, by [`update`](crate::update).
    pub fn update(&mut self, message: &Message) {
        self.whole_message(Kind::Update, message, &Context::default());
    }

    /// A line's profile that was erased, by [`erase`](crate::erase).
    pub fn erasure(&mut self, subscriber: &[u8]) {
        self.frame(Kind::Erasure, |body| body.run(subscriber));
    }

    fn whole_message(&mut self, kind: Kind, message: &Message, context: &Context) {
        self.frame(kind, |body| {
            write_message(body, message);
            write_context(body, context);
            write_account(body, message);
        });
    }

    /// The decision on the message before.
    pub fn decision(&mut self, decision: &Decision) {
        self.frame(Kind::Decision, |body| write_decision(body, decision));
    }

    /// An outcome that was settled.
    pub fn outcome(&mut self, outcome: &Outcome) {
        self.frame(Kind::Outcome, |body| {
            body.run(outcome.subscriber);
            body.u64(outcome.decision);
            body.u8(outcome.slot);
            body.u8(outcome.kind as u8);
            body.i64(outcome.now_ms);
        });
    }

    /// The end: without it a log is known to be cut.
    pub fn end(&mut self) {
        let records = self.records;
        self.frame(Kind::End, |body| body.u64(records));
    }

    fn frame(&mut self, kind: Kind, write: impl FnOnce(&mut Writer)) {
        self.records += 1;
        let start = self.out.bytes.len();
        self.out.u32(0);
        self.out.u8(kind as u8);
        self.out.u32(self.local);
        write(&mut self.out);
        let end = self.out.bytes.len();
        let length = (end - start - 4) as u32;
        self.out.bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
        let sum = crc32c_portable(0, &self.out.bytes[start..end]);
        self.out.u32(sum);
    }
}

/// A record of a log.
#[derive(Clone, Debug, PartialEq)]
pub enum Record<'a> {
    /// The beginning: which policy.
    Start {
        /// [`Policy::fingerprint`] of the policy.
        fingerprint: u64,
    },
    /// Decisions read this snapshot from here on: [`Snapshot::to_bytes`].
    Snapshot(&'a [u8]),
    /// The lease was granted more.
    Grant {
        /// Of which budget.
        budget: BudgetId,
        /// How much.
        amount: i64,
    },
    /// A profile took over history. The first record of a subscriber begins a new profile.
    Backfill(LoggedBackfill<'a>),
    /// A message was decided on.
    Message(LoggedMessage<'a>),
    /// A message was taken in without a decision.
    Update(LoggedMessage<'a>),
    /// The profile of this subscriber was erased.
    Erasure(&'a [u8]),
    /// The decision on the message before.
    Decision(Box<Decision>),
    /// An outcome was settled.
    Outcome(Outcome<'a>),
    /// The `Local` writes no more.
    End {
        /// How many records it wrote before.
        records: u64,
    },
}

/// Reads a log record by record, each with the number of the [`Local`](crate::Local) that it is
/// of. A frame that is cut or damaged ends it with [`Error::Malformed`]; a log that was cut between
/// frames lacks its [`Record::End`].
#[derive(Clone, Debug)]
pub struct LogReader<'a> {
    rest: &'a [u8],
}

impl<'a> LogReader<'a> {
    /// Reads from the first record on.
    pub fn new(log: &'a [u8]) -> LogReader<'a> {
        LogReader { rest: log }
    }

    fn next_record(&mut self) -> Result<(u32, Record<'a>), Error> {
        let mut reader = Reader::new(self.rest);
        let framed = (|| {
            let length = usize::try_from(reader.u32()?).ok()?;
            let body = reader.take(length)?;
            let sum = reader.u32()?;
            let checked = self.rest.get(..length + 4)?;
            (crc32c_portable(0, checked) == sum).then_some((body, length + 8))
        })();
        let (body, size) = framed.ok_or(Error::Malformed)?;
        self.rest = self.rest.get(size..).unwrap_or(&[]);
        read_record(body).ok_or(Error::Malformed)
    }
}

impl<'a> Iterator for LogReader<'a> {
    type Item = Result<(u32, Record<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.next_record();
        if record.is_err() {
            self.rest = &[];
        }
        Some(record)
    }
}

fn read_record(body: &[u8]) -> Option<(u32, Record<'_>)> {
    let mut reader = Reader::new(body);
    let (kind, local) = (reader.u8()?, reader.u32()?);
    let record = match Kind::from_number(kind)? {
        Kind::Start => {
            let known = reader.u32()? == MAGIC && reader.u32()? == LOG_VERSION;
            known.then_some(())?;
            Record::Start { fingerprint: reader.u64()? }
        }
        Kind::Snapshot => Record::Snapshot(reader.take(body.len().checked_sub(5)?)?),
        Kind::Grant => Record::Grant { budget: BudgetId(reader.u32()?), amount: reader.i64()? },
        Kind::Backfill => Record::Backfill(LoggedBackfill::read(&mut reader)?),
        Kind::Message => Record::Message(LoggedMessage::read(&mut reader)?),
        Kind::Update => Record::Update(LoggedMessage::read(&mut reader)?),
        Kind::Erasure => Record::Erasure(reader.run()?),
        Kind::Decision => Record::Decision(Box::new(read_decision(&mut reader)?)),
        Kind::Outcome => Record::Outcome(Outcome {
            subscriber: reader.run()?,
            decision: reader.u64()?,
            slot: reader.u8()?,
            kind: OutcomeKind::from_number(u32::from(reader.u8()?))?,
            now_ms: reader.i64()?,
        }),
        Kind::End => Record::End { records: reader.u64()? },
    };
    reader.is_empty().then_some((local, record))
}
