//! A simulated year under random contact rules, judged by an oracle that reads only the log of
//! decisions and outcomes: caps of every scope, pauses, limits, quiet hours and consent. What it
//! forbids is never offered; and where it allows something, something is offered, so that rules are
//! not kept by silence.
//!
//! `OPPORTUNE_SUBSCRIBERS` says how many subscribers each policy has.

mod support;

use std::env;
use std::fmt::Write as _;

use jiff::{Timestamp, Zoned, tz::TimeZone};
use opportune::{
    Context, Decision, Event, EventId, Field, FieldId, Local, Message, Origin, Outcome,
    OutcomeKind, Policy, ProfileBytes, Shared, Snapshot, Stage, Value, decide, new_profile, settle,
};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const START_MS: i64 = 1_767_225_600_000;
const ZONE: &str = "America/New_York";
/// Outcomes that a profile remembers.
const REMEMBERED: usize = 64;
const OPEN_MS: i64 = 90 * MINUTE_MS;

/// Offers: group, kind; issue and groups are told by `GROUPS`.
const OFFERS: [(usize, &str); 6] =
    [(0, "sale"), (0, "sale"), (1, "loan"), (1, "loan"), (2, "service"), (2, "tip")];
const GROUPS: [(&str, usize); 3] = [("a.x", 0), ("a.y", 0), ("b.z", 1)];
const ISSUES: [&str; 2] = ["a", "b"];
const CHANNELS: [&str; 2] = ["sms", "app"];
const INTENTS: [&str; 2] = ["buy", "do"];
/// The offers that answer each moment.
const ANSWERS: [[usize; 4]; 2] = [[0, 1, 2, 4], [1, 2, 3, 5]];
const KINDS: [&str; 4] = ["sale", "loan", "service", "tip"];
const OUTCOMES: [(&str, OutcomeKind); 3] = [
    ("accepted", OutcomeKind::Accepted),
    ("rejected", OutcomeKind::Rejected),
    ("expired", OutcomeKind::Expired),
];

/// SplitMix64.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % end
    }

    fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }
}

/// What a contact or an outcome is of.
#[derive(Clone, Copy, Debug)]
struct Met {
    time_ms: i64,
    offer: usize,
    channel: usize,
    intent: usize,
}

#[derive(Clone, Copy, Debug)]
enum Scope {
    All,
    EachOffer,
    EachGroup,
    EachIssue,
    EachChannel,
    Offer(usize),
    Group(usize),
    Issue(usize),
    Channel(usize),
    Intent(usize),
    Kind(usize),
}

impl Scope {
    fn draw(draws: &mut Draws, by_offer: bool) -> Scope {
        match draws.below(if by_offer { 8 } else { 11 }) {
            0 => Scope::All,
            1 => Scope::EachOffer,
            2 => Scope::EachGroup,
            3 => Scope::EachIssue,
            4 => Scope::Offer(draws.index(OFFERS.len())),
            5 => Scope::Group(draws.index(GROUPS.len())),
            6 => Scope::Issue(draws.index(ISSUES.len())),
            7 => Scope::Kind(draws.index(KINDS.len())),
            8 => Scope::EachChannel,
            9 => Scope::Channel(draws.index(CHANNELS.len())),
            _ => Scope::Intent(draws.index(INTENTS.len())),
        }
    }

    fn text(self) -> String {
        match self {
            Scope::All => "'all'".into(),
            Scope::EachOffer => "'each offer'".into(),
            Scope::EachGroup => "'each group'".into(),
            Scope::EachIssue => "'each issue'".into(),
            Scope::EachChannel => "'each channel'".into(),
            Scope::Offer(at) => format!("{{ offer = 'o{at}' }}"),
            Scope::Group(at) => format!("{{ group = '{}' }}", GROUPS[at].0),
            Scope::Issue(at) => format!("{{ issue = '{}' }}", ISSUES[at]),
            Scope::Channel(at) => format!("{{ channel = '{}' }}", CHANNELS[at]),
            Scope::Intent(at) => format!("{{ intent = '{}' }}", INTENTS[at]),
            Scope::Kind(at) => format!("{{ kind = '{}' }}", KINDS[at]),
        }
    }

    /// What of it something is counted with; none if it is not of it.
    fn key(self, met: &Met) -> Option<usize> {
        let (group, kind) = OFFERS[met.offer];
        let one = |of: bool| of.then_some(0);
        match self {
            Scope::All => Some(0),
            Scope::EachOffer => Some(met.offer),
            Scope::EachGroup => Some(group),
            Scope::EachIssue => Some(GROUPS[group].1),
            Scope::EachChannel => Some(met.channel),
            Scope::Offer(at) => one(at == met.offer),
            Scope::Group(at) => one(at == group),
            Scope::Issue(at) => one(at == GROUPS[group].1),
            Scope::Channel(at) => one(at == met.channel),
            Scope::Intent(at) => one(at == met.intent),
            Scope::Kind(at) => one(KINDS[at] == kind),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Window {
    Hours(i64),
    Day,
    Week,
    Month,
}

#[derive(Clone, Copy, Debug)]
struct Cap {
    at_most: usize,
    window: Window,
    scope: Scope,
    exempt: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Pause {
    after: usize,
    times: usize,
    within_h: i64,
    scope: Scope,
    /// None for a limit.
    for_h: Option<i64>,
    exempt: Option<usize>,
}

/// Random rules.
#[derive(Debug)]
struct Rules {
    caps: Vec<Cap>,
    pauses: Vec<Pause>,
    quiet_h: (i64, i64),
    quiet_exempt: Option<usize>,
}

impl Rules {
    fn draw(draws: &mut Draws) -> Rules {
        let exempt = |draws: &mut Draws| (draws.below(4) == 0).then(|| draws.index(KINDS.len()));
        let mut caps = vec![Cap {
            at_most: 40 + draws.index(25),
            window: Window::Hours(32 * 24),
            scope: Scope::All,
            exempt: None,
        }];
        for _ in 0..2 + draws.index(5) {
            let (at_most, window) = match draws.below(5) {
                0 => (1 + draws.index(3), Window::Day),
                1 => (2 + draws.index(6), Window::Week),
                2 => (5 + draws.index(12), Window::Month),
                _ => {
                    let hours = 1 + draws.below(14 * 24) as i64;
                    (1 + draws.index(2 + hours as usize / 24), Window::Hours(hours))
                }
            };
            caps.push(Cap {
                at_most,
                window,
                scope: Scope::draw(draws, false),
                exempt: exempt(draws),
            });
        }
        let mut pauses = Vec::new();
        for _ in 0..1 + draws.index(3) {
            let times = 1 + draws.index(4);
            let limit = draws.below(3) == 0;
            pauses.push(Pause {
                // A limit is to what is accepted.
                after: if limit { 0 } else { draws.index(OUTCOMES.len()) },
                times,
                within_h: 1 + draws.below(10 * 24) as i64,
                scope: Scope::draw(draws, true),
                for_h: (!limit).then(|| 1 + draws.below(8 * 24) as i64),
                exempt: exempt(draws),
            });
        }
        let quiet_h = (18 + draws.below(6) as i64, 5 + draws.below(6) as i64);
        Rules { caps, pauses, quiet_h, quiet_exempt: exempt(draws) }
    }

    fn text(&self) -> String {
        let exempt = |kind: Option<usize>| match kind {
            Some(kind) => format!("exempt = ['{}']\n", KINDS[kind]),
            None => String::new(),
        };
        let mut text = format!(
            "[policy]\nname = 'year'\nversion = 1\ncurrency = 'USD'\nzones = ['{ZONE}']\n\
             [attributes]\nconsent_sms = {{ type = 'bool', from = 'told.sms' }}\n\
             consent_app = {{ type = 'bool', from = 'told.app' }}\n\
             [events.told]\nsms = 'bool'\napp = 'bool'\n[events.e0]\n[events.e1]\n\
             [channels.sms]\nconsent = 'consent_sms'\n\
             [channels.app]\nconsent = 'consent_app'\nquiet_hours = false\n\
             [contact]\nremember = {REMEMBERED}\n\
             [contact.quiet_hours]\nfrom = '{:02}:00'\nuntil = '{:02}:00'\n{}",
            self.quiet_h.0,
            self.quiet_h.1,
            exempt(self.quiet_exempt),
        );
        for cap in &self.caps {
            let window = match cap.window {
                Window::Hours(hours) => format!("within = '{hours}h'"),
                Window::Day => "per = 'day'".into(),
                Window::Week => "per = 'week'".into(),
                Window::Month => "per = 'month'".into(),
            };
            let (at_most, of) = (cap.at_most, cap.scope.text());
            let exempt = exempt(cap.exempt);
            writeln!(text, "[[contact.caps]]\nat_most = {at_most}\n{window}\nof = {of}\n{exempt}")
                .expect("a string grows");
        }
        for pause in &self.pauses {
            let (of, exempt, times) = (pause.scope.text(), exempt(pause.exempt), pause.times);
            let within = format!("within = '{}h'", pause.within_h);
            match pause.for_h {
                Some(hours) => {
                    let after = OUTCOMES[pause.after].0;
                    writeln!(
                        text,
                        "[[contact.pauses]]\nafter = '{after}'\ntimes = {times}\n{within}\n\
                         for = '{hours}h'\nof = {of}\n{exempt}"
                    )
                }
                None => {
                    writeln!(
                        text,
                        "[[contact.limits]]\nat_most = {times}\n{within}\nof = {of}\n{exempt}"
                    )
                }
            }
            .expect("a string grows");
        }
        for (moment, intent) in INTENTS.iter().enumerate() {
            writeln!(
                text,
                "[moments.m{moment}]\non = 'e{moment}'\nwhen = 'true'\nintent = '{intent}'"
            )
            .expect("a string grows");
        }
        text += "[issues.a.groups.x]\n[issues.a.groups.y]\n[issues.b.groups.z]\n";
        for (offer, (group, kind)) in OFFERS.iter().enumerate() {
            let moments: Vec<String> = (0..ANSWERS.len())
                .filter(|moment| ANSWERS[*moment].contains(&offer))
                .map(|moment| format!("'m{moment}'"))
                .collect();
            writeln!(
                text,
                "[offers.o{offer}]\ngroup = '{}'\nkind = '{kind}'\nmoments = [{}]\nvalue = '{}.00'\n\
                 open = '90m'\ntreatments.sms = {{ content = 'c', propensity = 0.2 }}\n\
                 treatments.app = {{ content = 'c', propensity = 0.1 }}",
                GROUPS[*group].0,
                moments.join(", "),
                9 - offer
            )
            .expect("a string grows");
        }
        text
    }
}

/// What an offer came to, by the log.
#[derive(Clone, Copy, Debug)]
struct Made {
    met: Met,
    /// Which of `OUTCOMES`, and when.
    answered: Option<(usize, i64)>,
}

/// The log of one subscriber, and what it forbids.
struct Oracle<'r> {
    rules: &'r Rules,
    zone: TimeZone,
    made: Vec<Made>,
    contacts: Vec<Met>,
    consents: [Option<bool>; 2],
}

impl Oracle<'_> {
    fn local(&self, time_ms: i64) -> Zoned {
        Timestamp::from_millisecond(time_ms).expect("a time").to_zoned(self.zone.clone())
    }

    fn exempts(kind: Option<usize>, offer: usize) -> bool {
        kind.is_some_and(|kind| KINDS[kind] == OFFERS[offer].1)
    }

    /// Everything that has come of offers by a time: which outcome, when, of which offer.
    fn outcomes(&self, now_ms: i64) -> impl Iterator<Item = (usize, Met)> + '_ {
        self.made.iter().filter_map(move |made| {
            let over_ms = made.met.time_ms + OPEN_MS;
            let (outcome, time_ms) = match made.answered {
                Some(answered) => answered,
                None if over_ms <= now_ms => (2, over_ms),
                None => return None,
            };
            Some((outcome, Met { time_ms, ..made.met }))
        })
    }

    /// Whether as many outcomes as a profile remembers may still count: then all that they could stop
    /// is stopped.
    fn remembers_no_more(&self, now_ms: i64) -> bool {
        let horizons = self.rules.pauses.iter().map(|p| p.within_h + p.for_h.unwrap_or(0));
        let since_ms = now_ms - horizons.max().unwrap_or(0) * HOUR_MS;
        self.outcomes(now_ms).filter(|(_, met)| met.time_ms > since_ms).count() >= REMEMBERED
    }

    fn is_open(&self, made: &Made, now_ms: i64) -> bool {
        made.answered.is_none() && made.met.time_ms + OPEN_MS > now_ms
    }

    /// Why something may not be offered to somebody who did not ask; none if it may.
    fn forbids(&self, met: &Met, inbound: bool) -> Option<&'static str> {
        let now_ms = met.time_ms;
        if self.rules.pauses.iter().any(|pause| self.stops(pause, met)) {
            return Some("a pause or a limit");
        }
        if inbound {
            return None;
        }
        if self.consents[met.channel] != Some(true) {
            return Some("no consent");
        }
        let hour = i64::from(self.local(now_ms).hour());
        let (from, until) = self.rules.quiet_h;
        let quiet = hour >= from || hour < until;
        if quiet && met.channel == 0 && !Self::exempts(self.rules.quiet_exempt, met.offer) {
            return Some("quiet hours");
        }
        self.rules.caps.iter().any(|cap| self.caps(cap, met)).then_some("a cap")
    }

    fn caps(&self, cap: &Cap, met: &Met) -> bool {
        let Some(key) = cap.scope.key(met).filter(|_| !Self::exempts(cap.exempt, met.offer)) else {
            return false;
        };
        let now = self.local(met.time_ms);
        let counts = |contact: &&Met| {
            let then = self.local(contact.time_ms);
            let within = match cap.window {
                Window::Hours(hours) => contact.time_ms > met.time_ms - hours * HOUR_MS,
                Window::Day => then.date() == now.date(),
                Window::Week => {
                    let week = |time: &Zoned| {
                        let week = time.date().iso_week_date();
                        (week.year(), week.week())
                    };
                    week(&then) == week(&now)
                }
                Window::Month => (then.year(), then.month()) == (now.year(), now.month()),
            };
            within
                && cap.scope.key(contact) == Some(key)
                && !Self::exempts(cap.exempt, contact.offer)
        };
        self.contacts.iter().filter(counts).count() >= cap.at_most
    }

    fn stops(&self, pause: &Pause, met: &Met) -> bool {
        let exempt = |offer| Self::exempts(pause.exempt, offer);
        let Some(key) = pause.scope.key(met).filter(|_| !exempt(met.offer)) else { return false };
        let now_ms = met.time_ms;
        let of_it = |other: &Met| pause.scope.key(other) == Some(key) && !exempt(other.offer);
        let times: Vec<i64> = self
            .outcomes(now_ms)
            .filter(|(outcome, other)| *outcome == pause.after && of_it(other))
            .map(|(_, other)| other.time_ms)
            .collect();
        let within = |last_ms: i64| {
            let since_ms = last_ms - pause.within_h * HOUR_MS;
            times.iter().filter(|time_ms| since_ms < **time_ms && **time_ms <= last_ms).count()
        };
        match pause.for_h {
            Some(hours) => times.iter().any(|last_ms| {
                last_ms + hours * HOUR_MS > now_ms && within(*last_ms) >= pause.times
            }),
            None => {
                let open = |made: &&Made| self.is_open(made, now_ms) && of_it(&made.met);
                within(now_ms) + self.made.iter().filter(open).count() >= pause.times
            }
        }
    }
}

/// What was seen of a policy's year.
#[derive(Debug, Default)]
struct Seen {
    offers: u64,
    stages: [u64; Stage::COUNT],
}

struct Subscriber<'p> {
    policy: &'p Policy,
    snapshot: &'p Snapshot,
    local: Local,
    profile: Vec<u8>,
    key: String,
    number: u32,
}

impl Subscriber<'_> {
    fn decide(
        &mut self,
        event: &str,
        now_ms: i64,
        fields: &[Field],
        context: &Context,
    ) -> Decision {
        self.number += 1;
        let kind: EventId = self.policy.id(event).expect("an event");
        let message = Message {
            subscriber: self.key.as_bytes(),
            session: b"year",
            number: self.number,
            now_ms,
            zone: None,
            account: None,
            events: &[Event { kind, time_ms: now_ms, fields }],
        };
        let shared = Shared { policy: self.policy, snapshot: self.snapshot };
        let bytes = ProfileBytes::in_place(&mut self.profile);
        decide(shared, bytes, &message, context, &mut self.local).expect("a sound message")
    }

    fn settle(&mut self, decision: u64, slot: u8, kind: OutcomeKind, now_ms: i64) {
        let subscriber = self.key.as_bytes();
        let outcome = Outcome { subscriber, decision, slot, kind, now_ms };
        let bytes = ProfileBytes::in_place(&mut self.profile);
        settle(self.policy, bytes, &outcome, &mut self.local).expect("a sound outcome");
    }
}

/// A year of one subscriber. Half of what is offered is answered within the hour.
fn year(subscriber: &mut Subscriber<'_>, rules: &Rules, draws: &mut Draws, seen: &mut Seen) {
    let zone = TimeZone::get(ZONE).expect("a zone");
    let mut oracle =
        Oracle { rules, zone, made: Vec::new(), contacts: Vec::new(), consents: [None; 2] };
    let policy = subscriber.policy;
    let told: [FieldId; 2] = ["told.sms", "told.app"].map(|name| policy.id(name).expect("a field"));
    let mut now_ms = START_MS;
    while now_ms < START_MS + 365 * DAY_MS {
        now_ms += 61 * MINUTE_MS + draws.below(14 * HOUR_MS as u64) as i64;
        if draws.below(20) == 0 || now_ms < START_MS + DAY_MS {
            let channel = draws.index(2);
            let given = draws.below(4) != 0;
            let fields = [Field { id: told[channel], value: Value::Bool(given) }];
            subscriber.decide("told", now_ms, &fields, &Context::default());
            oracle.consents[channel] = Some(given);
            continue;
        }
        let intent = draws.index(2);
        let asking = (draws.below(8) == 0).then(|| draws.index(2));
        let context = Context {
            channel: asking.map(|at| policy.id(CHANNELS[at]).expect("a channel")),
            slots: 2,
            seed: None,
        };
        let decision = subscriber.decide(["e0", "e1"][intent], now_ms, &[], &context);
        judge(&mut oracle, policy, &decision, (now_ms, intent, asking));
        seen.offers += decision.offers.len() as u64;
        for (count, more) in seen.stages.iter_mut().zip(decision.stages) {
            *count += u64::from(more);
        }
        let fresh = decision.offers.iter().filter(|offered| offered.decision == decision.id);
        let fresh: Vec<u8> = fresh.map(|offered| offered.slot).collect();
        let first = oracle.made.len() - fresh.len();
        for (at, slot) in fresh.into_iter().enumerate() {
            let at_ms = now_ms + 1 + draws.below(60 * MINUTE_MS as u64) as i64;
            let answer = draws.index(4);
            if answer < 2 {
                let (_, kind) = OUTCOMES[answer];
                subscriber.settle(decision.id, slot, kind, at_ms);
                if kind == OutcomeKind::Accepted {
                    subscriber.settle(decision.id, slot, OutcomeKind::Fulfilled, at_ms);
                }
                oracle.made[first + at].answered = Some((answer, at_ms));
            }
        }
    }
}

/// Holds a decision against the log before it, and adds it.
fn judge(
    oracle: &mut Oracle<'_>,
    policy: &Policy,
    decision: &Decision,
    (now_ms, intent, asking): (i64, usize, Option<usize>),
) {
    let name = |offer| policy.name_of::<opportune::OfferId>(offer).expect("a name");
    // What goes on was made before.
    for offered in decision.offers.iter().filter(|offered| offered.decision == decision.id) {
        let offer = name(offered.offer)[1..].parse().expect("a number");
        let channel = policy.name_of(offered.channel).expect("a name");
        let channel = CHANNELS.iter().position(|known| *known == channel).expect("a channel");
        let met = Met { time_ms: now_ms, offer, channel, intent };
        // What the same decision has offered before is open: limits count it.
        let forbidden = oracle.forbids(&met, asking.is_some());
        assert_eq!(forbidden, None, "{met:?} {:#?}", oracle.rules);
        if asking.is_none() {
            oracle.contacts.push(met);
        }
        oracle.made.push(Made { met, answered: None });
    }
    if decision.offers.is_empty() {
        let open: Vec<usize> = oracle
            .made
            .iter()
            .filter(|made| oracle.is_open(made, now_ms))
            .map(|made| made.met.offer)
            .collect();
        for offer in ANSWERS[intent].into_iter().filter(|offer| !open.contains(offer)) {
            for channel in (0..2).filter(|channel| asking.is_none_or(|asking| asking == *channel)) {
                let met = Met { time_ms: now_ms, offer, channel, intent };
                let forbidden = oracle.forbids(&met, asking.is_some());
                assert!(
                    forbidden.is_some() || oracle.remembers_no_more(now_ms),
                    "{met:?} might have been offered, but {}: {:#?}",
                    decision.furthest.words(),
                    oracle.rules
                );
            }
        }
    }
}

#[test]
fn no_contact_rule_is_ever_broken_in_a_year() {
    let subscribers = env::var("OPPORTUNE_SUBSCRIBERS").ok().and_then(|text| text.parse().ok());
    let mut seen = Seen::default();
    for number in 0..12u64 {
        let mut draws = Draws(number);
        let rules = Rules::draw(&mut draws);
        let policy = support::compile_text(&rules.text());
        let snapshot = Snapshot::initial(&policy);
        for subscriber in 0..subscribers.unwrap_or(2) {
            let key = format!("subscriber {subscriber}");
            let mut subscriber = Subscriber {
                policy: &policy,
                snapshot: &snapshot,
                local: Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 }),
                profile: new_profile(&policy, key.as_bytes()).expect("a key"),
                key,
                number: 0,
            };
            year(&mut subscriber, &rules, &mut draws, &mut seen);
        }
    }
    assert!(seen.offers > 500, "{seen:?}");
    for stage in
        [Stage::ContactCap, Stage::Paused, Stage::Excluded, Stage::NoConsent, Stage::QuietHours]
    {
        assert!(seen.stages[stage as usize] > 50, "{}: {seen:?}", stage.words());
    }
}
