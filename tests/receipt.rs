//! Receipts: beside every decision in at most 128 bytes, what it was made from. The same inputs give
//! the same decision to the bit, an input that is not the right one is named, and a decision far back
//! in the log is reached from a checkpoint.

#[path = "support/prepaid.rs"]
mod prepaid;
mod support;

use opportune::record::{Input, Inputs, LogWriter, NotReproduced, Receipt, Replay};
use opportune::{
    Arm, BudgetId, Context, Decision, Error, Local, Message, Origin, Outcome, OutcomeKind, Policy,
    ProfileBytes, Shared, Snapshot, advance, decide, erase, settle, update,
};
use prepaid::{AFTERNOON_MS, Ids, MINUTE_MS, known_profile, message, outbound, rich_local};

/// A host that writes a log, and a receipt for each decision.
struct Host<'p> {
    policy: &'p Policy,
    ids: Ids,
    snapshot: Snapshot,
    local: Local,
    log: LogWriter,
    lines: Vec<(String, Vec<u8>)>,
    made: Vec<(Decision, Receipt)>,
}

const ORIGIN: Origin = Origin { node: 1, epoch: 0, sequence: 1 };

impl<'p> Host<'p> {
    fn new(policy: &'p Policy, lines: usize) -> Host<'p> {
        let mut host = Host {
            policy,
            ids: Ids::of(policy),
            snapshot: Snapshot::initial(policy),
            local: Local::new(policy, ORIGIN),
            log: LogWriter::new(policy, 1),
            lines: Vec::new(),
            made: Vec::new(),
        };
        for (budget, _) in policy.names() {
            host.grant(budget, 40_000_000);
        }
        host.log.snapshot(&host.snapshot);
        for number in 0..lines {
            let key = format!("+1999555{number:04}");
            let mut profile = opportune::new_profile(policy, key.as_bytes()).expect("a key");
            prepaid::give_known(policy, &mut profile, &key, |dated| {
                host.log.backfill(key.as_bytes(), dated, AFTERNOON_MS);
            });
            host.lines.push((key, profile));
        }
        host
    }

    fn grant(&mut self, budget: BudgetId, amount: i64) {
        self.local.lease.grant(self.policy, budget, amount);
        self.log.grant(budget, amount);
    }

    /// One message of one of the lines; what is offered is taken up or turned down.
    fn call(&mut self, number: u32) {
        let lines = self.lines.len();
        let (key, profile) = &mut self.lines[number as usize % lines];
        let now_ms = AFTERNOON_MS + i64::from(number) * 3 * MINUTE_MS;
        let call = self.ids.call_fields();
        let balance = self.ids.balance_fields(i64::from(number * 37 % 90) * 100_000);
        let events = self.ids.call(&call, &balance, now_ms);
        let message = message(key, number, now_ms, &events);
        let shared = Shared { policy: self.policy, snapshot: &self.snapshot };
        let inputs = Inputs::of(shared, profile, &message, &outbound(), &self.local.lease);
        let bytes = ProfileBytes::in_place(profile);
        let decision =
            decide(shared, bytes, &message, &outbound(), &mut self.local).expect("a sound call");
        self.log.message(&message, &outbound());
        self.log.decision(&decision);
        if !decision.offers.is_empty() {
            let kind = [OutcomeKind::Accepted, OutcomeKind::Rejected][number as usize % 2];
            let now_ms = now_ms + MINUTE_MS;
            let subscriber = key.as_bytes();
            let outcome = Outcome { subscriber, decision: decision.id, slot: 0, kind, now_ms };
            let bytes = ProfileBytes::in_place(profile);
            settle(self.policy, bytes, &outcome, &mut self.local).expect("a sound outcome");
            self.log.outcome(&outcome);
        }
        let receipt = inputs.receipt(&decision);
        self.made.push((decision, receipt));
    }

    /// What a subscriber may demand; then something is taken in without a decision.
    fn erase(&mut self, line: usize) {
        let (key, profile) = &mut self.lines[line];
        let bytes = ProfileBytes::in_place(profile);
        erase(self.policy, bytes, key.as_bytes(), &mut self.local).expect("a sound profile");
        self.log.erasure(key.as_bytes());
        let call = self.ids.call_fields();
        let balance = self.ids.balance_fields(3_000_000);
        let events = self.ids.call(&call, &balance, AFTERNOON_MS);
        let message = message(key, 1, AFTERNOON_MS, &events);
        let bytes = ProfileBytes::in_place(profile);
        update(self.policy, bytes, &message, &mut self.local.scratch).expect("a sound message");
        self.log.update(&message);
    }

    /// The next snapshot, made of what was learned so far.
    fn learn(&mut self) {
        let learned = advance(self.policy, &self.snapshot, &self.local.delta);
        self.snapshot = learned.expect("the next delta");
        self.log.snapshot(&self.snapshot);
    }
}

#[test]
fn a_decision_ten_thousand_messages_back_is_reached_from_a_checkpoint() {
    let policy = support::shipped_policy("prepaid");
    let mut host = Host::new(&policy, 7);
    (0..1_500).for_each(|number| host.call(number));
    host.erase(3);
    host.learn();
    let before = host.log.take();
    (1_500..12_500).for_each(|number| host.call(number));
    host.erase(5);
    host.call(12_500);
    host.log.end();
    let after = host.log.take();

    let mut replay = Replay::new(&policy);
    replay.go_on(&before).expect("a sound log");
    assert_eq!((replay.replayed().messages, replay.replayed().equal), (1_500, 1_500));
    let checkpoint = replay.checkpoint().expect("between two messages");

    let wanted = (1_500..2_500).filter(|number| !host.made[*number].0.offers.is_empty());
    let wanted: Vec<usize> = wanted.take(3).collect();
    assert_eq!(wanted.len(), 3, "offers were made");
    for number in wanted {
        let (decision, receipt) = &host.made[number];
        let mut replay = Replay::resume(&policy, &checkpoint).expect("a sound checkpoint");
        let reached = replay.reach(&after, decision.id).expect("a sound log").expect("in it");
        assert_eq!(reached.replay(receipt).as_ref(), Ok(decision));
        let explained = reached.explain().expect("a sound call");
        assert_eq!(explained.decision, *decision);
        assert!(!explained.fates.is_empty());
        // The message before was made from other things.
        let other = &host.made[number - 1].1;
        assert!(matches!(reached.replay(other), Err(NotReproduced::Differs(_))));
    }

    // From the checkpoint on the log is whole, and comes out as from the beginning.
    let mut resumed = Replay::resume(&policy, &checkpoint).expect("a sound checkpoint");
    assert!(resumed.reach(&after, 0).expect("a sound log").is_none(), "no decision has the id 0");
    assert!(resumed.replayed().is_faithful());
    for (key, profile) in &host.lines {
        assert_eq!(resumed.profiles()[key.as_bytes()], *profile);
    }

    for cut in [0, 11, checkpoint.len() / 2, checkpoint.len() - 1] {
        let resumed = Replay::resume(&policy, &checkpoint[..cut]);
        assert_eq!(resumed.map(|_| ()), Err(Error::Malformed), "{cut}");
    }
    let other = support::compile_text(&support::shipped_text("prepaid").replace("0.05", "0.06"));
    let resumed = Replay::resume(&other, &checkpoint);
    assert_eq!(resumed.map(|_| ()), Err(Error::SnapshotMismatch));
}

#[test]
fn every_receipt_reproduces_its_decision_and_is_small() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let mut profile = known_profile(&policy, &key);
    let mut local = rich_local(&policy);
    let call = ids.call_fields();
    const { assert!(Receipt::BYTES <= 128) };
    for number in 0..200 {
        let now_ms = AFTERNOON_MS + i64::from(number) * 41 * MINUTE_MS;
        let balance = ids.balance_fields(i64::from(number * 37 % 90) * 100_000);
        let events = ids.call(&call, &balance, now_ms);
        let message = message(&key, number, now_ms, &events);
        let context = Context { seed: (number % 3 == 0).then_some(7), ..outbound() };
        let (prior, was) = (profile.clone(), local.clone());
        let inputs = Inputs::of(shared, &prior, &message, &context, &was.lease);
        let bytes = ProfileBytes::in_place(&mut profile);
        let decision = decide(shared, bytes, &message, &context, &mut local).expect("sound");
        let receipt = inputs.receipt(&decision);
        assert_eq!((receipt.decision(), receipt.now_ms()), (decision.id, now_ms));
        assert_eq!(receipt.seed(), context.seed.unwrap_or(decision.id));
        let bytes = receipt.to_bytes();
        assert_eq!(Receipt::from_bytes(&bytes), Ok(receipt));
        assert_eq!(format!("{receipt}").len(), 2 * bytes.len());
        let again = receipt.replay(shared, &prior, &message, &context, &was);
        assert_eq!(again, Ok(decision));
    }
}

#[test]
fn an_input_that_is_not_the_right_one_is_named() {
    let policy = support::shipped_policy("prepaid");
    let key = support::subscriber_in(&policy, Arm::Treated);
    let snapshot = Snapshot::initial(&policy);
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let ids = Ids::of(&policy);
    let profile = known_profile(&policy, &key);
    let local = rich_local(&policy);
    let (call, balance) = (ids.call_fields(), ids.balance_fields(900_000));
    let events = ids.call(&call, &balance, AFTERNOON_MS);
    let message = message(&key, 1, AFTERNOON_MS, &events);
    let context = outbound();

    let mut written = profile.clone();
    let inputs = Inputs::of(shared, &profile, &message, &context, &local.lease);
    let bytes = ProfileBytes::in_place(&mut written);
    let decision = decide(shared, bytes, &message, &context, &mut local.clone()).expect("sound");
    let receipt = inputs.receipt(&decision);
    assert_eq!(receipt.replay(shared, &profile, &message, &context, &local), Ok(decision));

    let differs =
        |shared: Shared, profile: &[u8], message: &Message, context: &Context, local| match receipt
            .replay(shared, profile, message, context, local)
        {
            Err(NotReproduced::Differs(inputs)) => inputs,
            other => panic!("{other:?}"),
        };
    let price = policy.names().next().map(|(budget, _)| budget).expect("a budget");
    let dearer = snapshot.clone().with_shadow_price(&policy, price, 5);
    let other = Shared { policy: &policy, snapshot: &dearer };
    assert_eq!(differs(other, &profile, &message, &context, &local), [Input::Snapshot]);
    let mut poorer = local.clone();
    poorer.lease.grant(&policy, price, -1);
    assert_eq!(differs(shared, &profile, &message, &context, &poorer), [Input::Lease]);
    assert_eq!(differs(shared, &written, &message, &context, &local), [Input::Profile]);
    let second = Message { number: 2, ..message };
    assert_eq!(differs(shared, &profile, &second, &context, &local), [Input::Message]);
    let fewer = Message { events: &events[1..], ..message };
    assert_eq!(differs(shared, &profile, &fewer, &context, &local), [Input::Message]);
    let seeded = Context { seed: Some(1), ..context };
    assert_eq!(differs(shared, &profile, &message, &seeded, &local), [Input::Context]);
    let later = Message { now_ms: AFTERNOON_MS + 1, ..message };
    assert_eq!(differs(shared, &profile, &later, &context, &local), [Input::Now]);
    let all = differs(other, &written, &Message { number: 2, ..later }, &seeded, &poorer);
    let text = NotReproduced::Differs(all).to_string();
    assert_eq!(
        text,
        "not the inputs of the receipt: snapshot, lease, profile, message, context, time of the call"
    );

    let mut bytes = receipt.to_bytes();
    bytes[40] ^= 1;
    assert_eq!(Receipt::from_bytes(&bytes), Err(Error::Malformed));
    assert_eq!(Receipt::from_bytes(&receipt.to_bytes()[1..]), Err(Error::Malformed));
    assert_eq!(Receipt::from_bytes(&[]), Err(Error::Malformed));
}
