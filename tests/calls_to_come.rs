//! When to call again is told by every call that changes a profile, and is right at the ends of what
//! seconds can say.

mod support;

use opportune::{
    Context, Dated, Event, EventId, Field, FieldId, Local, Message, Origin, Policy, ProfileBytes,
    Scratch, Shared, Snapshot, Updated, Value, backfill, decide, limits, new_profile,
    profile_health, read_feature, tick, update,
};

const KEY: &[u8] = b"+99955500001";
const NOW_MS: i64 = 1_772_600_000_000;
const HOUR_MS: i64 = 3_600_000;
/// The last second that four bytes can say.
const LAST_SECOND_MS: i64 = u32::MAX as i64 * 1_000;

const POLICY: &str = r#"
[policy]
name = "calls"
version = 1
currency = "USD"
zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]
[attributes.pass_until]
type = "timestamp"
from = "sold.until"
[events.sold]
until = "timestamp"
[events.used]
zone = "zone"
[features]
used_today = { count = "used", window = "day", export = true }
[patterns.forgot]
after = "used"
without = "sold"
within = "1h"
[moments.pass_ends]
on = "tick"
when = "now >= pass_until"
due = "pass_until"
intent = "buy"
lasts = "1h"
snooze = "1h"
[moments.nothing_sold]
pattern = "forgot"
intent = "buy"
[channels.sms]
consent = true
quiet_hours = false
[[contact.caps]]
at_most = 9
within = "30d"
of = "all"
[issues.sales.groups.passes]
[offers.pass]
group = "sales.passes"
kind = "sale"
moments = ["pass_ends", "nothing_sold"]
value = "1"
[offers.pass.treatments.sms]
content = "pass"
propensity = 0.5
"#;

fn sold(policy: &Policy, until_ms: i64) -> [Field<'static>; 1] {
    let id: FieldId = policy.id("sold.until").expect("a field");
    [Field { id, value: Value::Timestamp(until_ms) }]
}

fn message<'m>(events: &'m [Event<'m>], number: u32, now_ms: i64) -> Message<'m> {
    Message { subscriber: KEY, session: b"s", number, now_ms, zone: None, account: None, events }
}

#[test]
fn updates_and_backfills_say_when_to_call() {
    let policy = support::compile_text(POLICY);
    let mut scratch = Scratch::new(&policy);
    let mut profile = new_profile(&policy, KEY).expect("a key");
    let until =
        |ms| Dated::new(policy.id("pass_until").expect("a feature"), NOW_MS, Value::Timestamp(ms));
    let mut told = |dated: &[Dated], profile: &mut [u8], now_ms| -> Updated {
        let bytes = ProfileBytes::in_place(profile);
        backfill(&policy, bytes, KEY, dated, now_ms, &mut scratch).expect("sound")
    };
    assert_eq!(told(&[], &mut profile, NOW_MS).next_call_ms, 0);
    let later_ms = NOW_MS + 9 * HOUR_MS;
    assert_eq!(told(&[until(later_ms)], &mut profile, NOW_MS).next_call_ms, later_ms);
    // What was told before stays, whatever else is backfilled.
    assert_eq!(told(&[], &mut profile, NOW_MS + HOUR_MS).next_call_ms, later_ms);

    let kind: EventId = policy.id("sold").expect("an event");
    let sooner_ms = NOW_MS + 2 * HOUR_MS;
    let fields = sold(&policy, sooner_ms);
    let events = [Event { kind, time_ms: NOW_MS + HOUR_MS, fields: &fields }];
    let sale = message(&events, 1, NOW_MS + HOUR_MS);
    for repeated in [false, true] {
        let bytes = ProfileBytes::in_place(&mut profile);
        let updated = update(&policy, bytes, &sale, &mut Scratch::new(&policy)).expect("sound");
        assert_eq!((updated.repeated, updated.next_call_ms), (repeated, sooner_ms));
    }
    let used: EventId = policy.id("used").expect("an event");
    let events = [Event { kind: used, time_ms: NOW_MS + HOUR_MS / 2, fields: &[] }];
    let bytes = ProfileBytes::in_place(&mut profile);
    let use_ = message(&events, 2, NOW_MS + HOUR_MS);
    let updated = update(&policy, bytes, &use_, &mut Scratch::new(&policy)).expect("sound");
    assert_eq!(updated.next_call_ms, NOW_MS + HOUR_MS + HOUR_MS / 2);

    // And `decide` says the same of the same message.
    let mut own = profile.clone();
    let fields = sold(&policy, sooner_ms + 1_000);
    let events = [Event { kind, time_ms: NOW_MS + HOUR_MS, fields: &fields }];
    let sale = message(&events, 3, NOW_MS + HOUR_MS);
    let bytes = ProfileBytes::in_place(&mut profile);
    let updated = update(&policy, bytes, &sale, &mut Scratch::new(&policy)).expect("sound");
    let (snapshot, mut local) = (Snapshot::initial(&policy), local(&policy));
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    let bytes = ProfileBytes::in_place(&mut own);
    let made = decide(shared, bytes, &sale, &Context::default(), &mut local).expect("sound");
    assert_eq!(made.next_call_ms, updated.next_call_ms);
    assert_ne!(made.next_call_ms, 0);
}

fn local(policy: &Policy) -> Local {
    Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 })
}

/// Around the last second that a profile can say, and at the last time of all: nothing asks for a
/// call over and over, and nothing panics.
#[test]
fn seconds_end_in_2106() {
    let policy = support::compile_text(POLICY);
    let (snapshot, mut local) = (Snapshot::initial(&policy), local(&policy));
    let shared = Shared { policy: &policy, snapshot: &snapshot };
    for now_ms in [
        LAST_SECOND_MS - 2 * HOUR_MS,
        LAST_SECOND_MS - 1,
        LAST_SECOND_MS,
        LAST_SECOND_MS + HOUR_MS,
        limits::TIME_MS_MAX,
    ] {
        let mut profile = new_profile(&policy, KEY).expect("a key");
        let fields = sold(&policy, (now_ms + HOUR_MS).min(limits::TIME_MS_MAX));
        for (number, name, fields) in [(1, "used", &[][..]), (2, "sold", &fields), (3, "used", &[])]
        {
            let kind: EventId = policy.id(name).expect("an event");
            let events = [Event { kind, time_ms: now_ms, fields }];
            let message = message(&events, number, now_ms);
            let bytes = ProfileBytes::in_place(&mut profile);
            decide(shared, bytes, &message, &Context::default(), &mut local).expect("sound");
        }
        let mut calls = 0;
        let mut at_ms = now_ms;
        loop {
            let bytes = ProfileBytes::in_place(&mut profile);
            let made = tick(shared, bytes, KEY, None, at_ms, &mut local).expect("sound");
            if made.next_call_ms == 0 {
                break;
            }
            assert!(made.next_call_ms > at_ms, "{} at {at_ms}", made.next_call_ms);
            at_ms = made.next_call_ms;
            calls += 1;
            assert!(calls < 8, "it asks again and again at {at_ms}");
        }
        // Two hours before, the wait and the pass have their calls; beyond the end nothing has.
        assert_eq!(calls > 0, now_ms < LAST_SECOND_MS - HOUR_MS, "{now_ms}");
    }
}

/// Between UTC+14 and UTC-11 lie two local days for an hour: what comes from the western zone then
/// is late for a window of a day, and is counted as that.
#[test]
fn zones_two_days_apart_are_late_and_counted() {
    let policy = support::compile_text(POLICY);
    let mut scratch = Scratch::new(&policy);
    let mut profile = new_profile(&policy, KEY).expect("a key");
    let zone_field: FieldId = policy.id("used.zone").expect("a field");
    let kind: EventId = policy.id("used").expect("an event");
    // 2026-03-04T10:30Z: the 5th on Kiritimati, the 3rd in Pago Pago.
    let now_ms = 1_772_620_200_000;
    for (number, zone) in [(1, "Pacific/Kiritimati"), (2, "Pacific/Pago_Pago")] {
        let zone = policy.id(&format!("zone.{zone}")).expect("a zone");
        let fields = [Field { id: zone_field, value: Value::Member(zone) }];
        let events = [Event { kind, time_ms: now_ms, fields: &fields }];
        let bytes = ProfileBytes::in_place(&mut profile);
        update(&policy, bytes, &message(&events, number, now_ms), &mut scratch).expect("sound");
    }
    let today = policy.id("used_today").expect("a feature");
    let count = read_feature(&policy, &profile, today, now_ms, &mut scratch).expect("sound");
    let late = profile_health(&policy, &profile).expect("sound").late_events;
    assert_eq!((count, late), (Some(Value::Int(1)), 1));
}
