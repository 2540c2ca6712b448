//! The host behind the examples of charging protocols: it rates what a session used, and decides on
//! the same thread before it answers.

use std::collections::HashMap;
use std::error::Error;

use opportune::compile::{Source, compile};
use opportune::{
    Context, Decision, Event, Field, Local, MICROS, Message, Origin, PermanentId, Policy,
    ProfileBytes, Shared, Snapshot, Value, new_profile,
};

/// A charging request, whatever protocol it came in.
#[derive(Debug)]
pub struct Request {
    pub subscriber: String,
    /// What requests of one session have in common, and their number in it.
    pub session: String,
    pub number: u32,
    /// When the host took it in.
    pub now_ms: i64,
    pub used: Vec<Used>,
}

/// What was used of one service since the request before.
#[derive(Debug)]
pub struct Used {
    pub time_ms: i64,
    pub rating_group: u32,
    pub octets: u64,
}

/// What the host keeps of a subscriber, and commits in one transaction.
struct Line {
    balance_micros: i64,
    profile: Vec<u8>,
}

pub struct Host {
    policy: Policy,
    snapshot: Snapshot,
    local: Local,
    lines: HashMap<String, Line>,
    /// What every subscriber begins with.
    balance_micros: i64,
}

/// Ten cents a megabyte, whatever the service.
const MICROS_PER_MEGABYTE: f64 = 100_000.0;

impl Host {
    pub fn new(balance_micros: i64) -> Result<Host, Box<dyn Error>> {
        let sources = [
            ("ready.toml", include_bytes!("../policies/ready.toml").as_slice()),
            ("events.toml", include_bytes!("../policies/events.toml").as_slice()),
        ];
        let sources = sources.map(|(name, bytes)| Source { name, bytes });
        let policy = compile(&sources, include_str!("../policies/ready.ids"))?.policy;
        let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        local.lease.grant(&policy, id(&policy, "incentives")?, 100 * MICROS);
        local.lease.grant(&policy, id(&policy, "loan_book")?, 100 * MICROS);
        let snapshot = Snapshot::initial(&policy);
        Ok(Host { policy, snapshot, local, lines: HashMap::new(), balance_micros })
    }

    /// Rates a request and decides. A repeated request is rated once and gets no second offer.
    pub fn take(&mut self, request: &Request) -> Result<Decision, Box<dyn Error>> {
        let (policy, key) = (&self.policy, request.subscriber.as_bytes());
        if !self.lines.contains_key(&request.subscriber) {
            let line =
                Line { balance_micros: self.balance_micros, profile: new_profile(policy, key)? };
            self.lines.insert(request.subscriber.clone(), line);
        }
        let line = self.lines.get_mut(&request.subscriber).ok_or("just inserted")?;
        let (mut balance_micros, mut happened) = (line.balance_micros, Vec::new());
        for used in &request.used {
            let megabytes = used.octets as f64 / 1e6;
            let charge = (megabytes * MICROS_PER_MEGABYTE).round() as i64;
            balance_micros = (balance_micros - charge).max(0);
            let session = vec![
                field(policy, "data_session.megabytes", Value::Double(megabytes))?,
                field(policy, "data_session.charge", Value::Money(charge))?,
                field(policy, "data_session.app", app(policy, used.rating_group)?)?,
            ];
            let left = field(policy, "balance_change.balance", Value::Money(balance_micros))?;
            happened.push((id(policy, "data_session")?, used.time_ms, session));
            happened.push((id(policy, "balance_change")?, used.time_ms, vec![left]));
        }
        let mut events: Vec<Event> = Vec::with_capacity(happened.len());
        for (kind, time_ms, fields) in &happened {
            events.push(Event { kind: *kind, time_ms: *time_ms, fields });
        }
        let message = Message {
            subscriber: key,
            session: request.session.as_bytes(),
            number: request.number,
            now_ms: request.now_ms,
            zone: None,
            account: None,
            events: &events,
        };
        let shared = Shared { policy, snapshot: &self.snapshot };
        let profile = ProfileBytes::in_place(&mut line.profile);
        let context = Context::default();
        let decision = opportune::decide(shared, profile, &message, &context, &mut self.local)?;
        if !decision.repeated {
            line.balance_micros = balance_micros;
        }
        Ok(decision)
    }

    /// A request and what was decided, in words.
    pub fn words(&self, request: &Request, decision: &Decision) -> String {
        let used: u64 = request.used.iter().map(|used| used.octets).sum();
        let name = |name: Option<&str>| name.unwrap_or("?").to_owned();
        let outcome = match decision.offers.first() {
            _ if decision.repeated => "repeated".to_owned(),
            None => format!("nothing ({})", decision.furthest.words()),
            Some(offered) => {
                let offer = name(self.policy.name_of(offered.offer));
                format!("{offer} on {}", name(self.policy.name_of(offered.channel)))
            }
        };
        let left = self.lines.get(&request.subscriber).map_or(0, |line| line.balance_micros);
        format!(
            "{} {}: {:.1} MB used, {:.2} left: {outcome}",
            request.subscriber,
            request.number,
            used as f64 / 1e6,
            left as f64 / MICROS as f64,
        )
    }
}

/// The operator's own table: which rating group is which class of app.
fn app(policy: &Policy, rating_group: u32) -> Result<Value<'static>, String> {
    let class = match rating_group {
        100 => "web",
        200 => "video",
        _ => "other",
    };
    id(policy, &format!("data_session.app.{class}")).map(Value::Member)
}

fn field(policy: &Policy, name: &str, value: Value<'static>) -> Result<Field<'static>, String> {
    Ok(Field { id: id(policy, name)?, value })
}

/// A host resolves names once, at the start; this one is short instead.
fn id<I: PermanentId>(policy: &Policy, name: &str) -> Result<I, String> {
    policy.id(name).ok_or_else(|| format!("the policy has no `{name}`"))
}
