//! The day: every event becomes a message, every message is decided inline, and what subscribers
//! make of offers comes back as outcomes and further messages.

use opportune::{ChannelId, Decision};

use super::book::Book;
use super::event::{Event, Page};
use super::host::Host;
use super::inputs::{Draft, DraftFact, Inputs, id};
use super::local_time::HOUR_MS;
use super::ocs::{Account, Rated};
use super::offers::Offers;
use super::population::Subscriber;
use super::progress::Progress;
use super::queue::{Made, Queue, What};
use super::rhythm::DAY_MS;
use super::rng::Rng;
use super::traffic;

/// Share of messages whose answer is lost on the way back, so that the client sends them again.
pub const RETRANSMITTED_SHARE: f64 = 0.002;
/// After how long it does: the usual Tx timer of credit control (RFC 8506, section 13).
const RETRANSMIT_MS: i64 = 10_000;
/// The subscribers' days end at their own midnights, in Honolulu last.
pub const LONGEST_MS: i64 = DAY_MS + 10 * HOUR_MS;
/// How many offers the app has room for.
const APP_SLOTS: u8 = 2;

const STREAM_RETRANSMIT: u64 = 4;

pub struct Day<'a> {
    pub(super) subscribers: &'a [Subscriber],
    pub(super) start_ms: i64,
    pub(super) effect: f64,
    app: ChannelId,
    pub(super) inputs: Inputs,
    pub(super) offers: Offers,
    pub(super) host: &'a mut Host,
    pub(super) book: &'a mut Book,
    pub(super) queue: Queue,
    pub(super) lines: Vec<Line>,
}

/// What the charging system keeps for one subscriber besides his profile.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) account: Account,
    /// Sessions opened so far, but for the one data session of the day.
    pub(super) sessions: u32,
    /// Messages of the data session.
    data_messages: u32,
    /// When the library is to be called again; zero: no need.
    tick_ms: i64,
}

impl<'a> Day<'a> {
    /// A day that starts at midnight UTC of the date, with the accounts as they are then.
    pub fn new(
        subscribers: &'a [Subscriber],
        accounts: Vec<Account>,
        (start_ms, effect): (i64, f64),
        host: &'a mut Host,
        book: &'a mut Book,
    ) -> Result<Self, String> {
        let lines = accounts.into_iter().map(|account| Line {
            account,
            sessions: 0,
            data_messages: 0,
            tick_ms: 0,
        });
        Ok(Self {
            subscribers,
            start_ms,
            effect,
            app: id(&host.policy, "app")?,
            inputs: Inputs::resolve(&host.policy)?,
            offers: Offers::resolve(&host.policy)?,
            host,
            book,
            queue: Queue::default(),
            lines: lines.collect(),
        })
    }

    pub fn run(&mut self, progress: &mut Progress) -> Result<(), String> {
        for (position, subscriber) in self.subscribers.iter().enumerate() {
            for usage in traffic::day(subscriber, self.start_ms) {
                self.queue.schedule(usage.at_ms, position, What::Organic(usage.event));
            }
        }
        let end_ms = self.start_ms + LONGEST_MS;
        let mut hour_end_ms = self.start_ms + HOUR_MS;
        while hour_end_ms <= end_ms {
            while let Some(due) = self.queue.next_before(hour_end_ms) {
                self.happen(due.subscriber, due.at_ms, due.what)?;
            }
            progress.show(hour_end_ms - self.start_ms, LONGEST_MS);
            self.host.publish()?;
            hour_end_ms += HOUR_MS;
        }
        Ok(())
    }

    fn happen(&mut self, subscriber: usize, at_ms: i64, what: What) -> Result<(), String> {
        match what {
            What::Organic(event) => self.organic(subscriber, at_ms, &event),
            What::Again(draft) => self.send(subscriber, at_ms, &draft),
            What::Tick => self.tick(subscriber, at_ms),
            What::Outcome(made, kind) => self.settle(subscriber, at_ms, made, kind).map(|_| ()),
            What::Accept { made, terms, extra_micros } => {
                self.accept(subscriber, at_ms, made, terms, extra_micros)
            }
            What::ExtraRecharge { amount_micros } => {
                self.organic(subscriber, at_ms, &Event::RechargeIntent { amount_micros })
            }
            What::Fulfil { made, terms } => self.fulfil(subscriber, at_ms, made, terms),
        }
    }

    /// Charges an event and reports it with the balance that it leaves. Use that was refused did
    /// not happen: the balance alone is reported.
    fn organic(&mut self, subscriber: usize, at_ms: i64, event: &Event) -> Result<(), String> {
        let rated = self.lines[subscriber].account.rate(event);
        let balance = |micros: i64| self.inputs.balance(at_ms, micros);
        let facts = match rated {
            Rated::Charged { balance_micros, .. } | Rated::Recharged { balance_micros, .. } => {
                vec![self.inputs.fact(at_ms, event), balance(balance_micros)]
            }
            Rated::Refused { balance_micros, .. } => vec![balance(balance_micros)],
            Rated::Free => vec![self.inputs.fact(at_ms, event)],
        };
        if matches!(rated, Rated::Refused { .. }) {
            self.book.refused += 1;
        }
        if let Rated::Recharged { amount_micros, .. } = rated {
            self.book.recharge(subscriber, amount_micros);
        }
        let draft = self.draft(subscriber, event, facts);
        self.send_or_lose(subscriber, at_ms, draft)
    }

    /// Use of data is one long session with numbered updates; everything else is a session of
    /// its own. An app that shows its offers asks for some.
    fn draft(&mut self, subscriber: usize, event: &Event, facts: Vec<DraftFact>) -> Draft {
        let key = &self.subscribers[subscriber].key;
        let line = &mut self.lines[subscriber];
        let inbound = match event {
            Event::AppBrowse { page: Page::Offers } => Some((self.app, APP_SLOTS)),
            _ => None,
        };
        if let Event::Data { .. } = event {
            line.data_messages += 1;
            let session = format!("data;{key};{}", self.start_ms);
            return Draft { session, number: line.data_messages, facts, inbound };
        }
        line.sessions += 1;
        let session = format!("{};{key};{}", self.start_ms, line.sessions);
        // An initial request went before the one that ends a call.
        let number = u32::from(matches!(event, Event::Call { .. }));
        Draft { session, number, facts, inbound }
    }

    pub(super) fn send_or_lose(
        &mut self,
        subscriber: usize,
        at_ms: i64,
        draft: Draft,
    ) -> Result<(), String> {
        let key = [STREAM_RETRANSMIT, at_ms as u64, u64::from(draft.number)];
        let mut rng = Rng::keyed(self.subscribers[subscriber].seed, &key);
        self.send(subscriber, at_ms, &draft)?;
        if rng.chance(RETRANSMITTED_SHARE) {
            self.queue.schedule(at_ms + RETRANSMIT_MS, subscriber, What::Again(draft));
        }
        Ok(())
    }

    fn send(&mut self, subscriber: usize, at_ms: i64, draft: &Draft) -> Result<(), String> {
        let key = &self.subscribers[subscriber].key;
        let decision = self.host.decide(subscriber, key, draft, at_ms)?;
        self.decided(subscriber, at_ms, &decision, draft.inbound.is_some());
        Ok(())
    }

    fn tick(&mut self, subscriber: usize, at_ms: i64) -> Result<(), String> {
        self.lines[subscriber].tick_ms = 0;
        self.book.ticks += 1;
        self.send(subscriber, at_ms, &Draft::tick())
    }

    fn decided(&mut self, subscriber: usize, at_ms: i64, decision: &Decision, inbound: bool) {
        self.book.decision(subscriber, decision, inbound);
        // What a channel goes on with was answered, or will be, when it was made.
        let new = decision.offers.iter().filter(|offered| offered.decision == decision.id);
        for offered in new {
            let made = Made { decision: offered.decision, slot: offered.slot };
            self.respond(subscriber, at_ms, made, offered);
        }
        let line = &mut self.lines[subscriber];
        let next_ms = decision.next_call_ms;
        if next_ms > at_ms && (line.tick_ms == 0 || next_ms < line.tick_ms) {
            line.tick_ms = next_ms;
            self.queue.schedule(next_ms, subscriber, What::Tick);
        }
    }
}
