//! The decision log: everything that went into the library, and what it decided, in order.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use opportune::record::{LogWriter, Mismatch, Replay, Replayed};
use opportune::{BudgetId, Context, Dated, Decision, Message, Outcome, Policy, Snapshot};

/// Records are gathered up to this size before they are written.
const CHUNK_BYTES: usize = 1 << 20;

/// Where the log goes; nowhere unless it was asked for.
#[derive(Debug)]
pub struct Log(Option<Open>);

#[derive(Debug)]
struct Open {
    name: String,
    file: File,
    writer: LogWriter,
}

impl Log {
    pub fn new(path: Option<&Path>, policy: &Policy) -> Result<Self, String> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let name = path.display().to_string();
        let file = File::create(path).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self(Some(Open { name, file, writer: LogWriter::new(policy, 1) })))
    }

    pub fn backfill(
        &mut self,
        subscriber: &str,
        known: &[Dated],
        now_ms: i64,
    ) -> Result<(), String> {
        self.write(|log| log.backfill(subscriber.as_bytes(), known, now_ms))
    }

    pub fn message(&mut self, message: &Message, context: &Context) -> Result<(), String> {
        self.write(|log| log.message(message, context))
    }

    pub fn decision(&mut self, decision: &Decision) -> Result<(), String> {
        self.write(|log| log.decision(decision))
    }

    pub fn outcome(&mut self, outcome: &Outcome) -> Result<(), String> {
        self.write(|log| log.outcome(outcome))
    }

    pub fn snapshot(&mut self, snapshot: &Snapshot) -> Result<(), String> {
        self.write(|log| log.snapshot(snapshot))
    }

    pub fn grant(&mut self, budget: BudgetId, amount: i64) -> Result<(), String> {
        self.write(|log| log.grant(budget, amount))
    }

    /// Ends the log and puts the rest into the file.
    pub fn finish(&mut self) -> Result<(), String> {
        self.write(LogWriter::end)?;
        self.0.as_mut().map_or(Ok(()), Open::flush)
    }

    fn write(&mut self, record: impl FnOnce(&mut LogWriter)) -> Result<(), String> {
        let Some(open) = &mut self.0 else {
            return Ok(());
        };
        record(&mut open.writer);
        if open.writer.pending() < CHUNK_BYTES { Ok(()) } else { open.flush() }
    }
}

impl Open {
    fn flush(&mut self) -> Result<(), String> {
        let written = self.file.write_all(&self.writer.take());
        written.map_err(|error| format!("{}: {error}", self.name))
    }
}

/// Decides a whole log again; an error unless every decision comes out as it was logged.
pub fn replay(policy: &Policy, path: &Path, json: bool) -> Result<String, String> {
    let name = path.display();
    let log = std::fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let replayed = Replay::run(policy, &log).map_err(|error| format!("{name}: {error}"))?;
    let faithful = replayed.is_faithful();
    let Replayed { messages, equal, mismatch, .. } = replayed;
    if let Some(Mismatch { message, logged, reproduced }) = mismatch {
        return Err(format!(
            "{name}: message {message} was decided otherwise\nlogged     {logged:?}\n\
             reproduced {reproduced:?}"
        ));
    }
    if !faithful {
        return Err(format!(
            "{name}: cut short: {messages} messages decided again, {equal} decisions equal to the \
             log, then nothing"
        ));
    }
    Ok(if json {
        format!("{{\"messages\": {messages}, \"equal\": {equal}}}")
    } else {
        format!("{messages} messages decided again, {equal} decisions equal to the log")
    })
}
