//! Which due times a message can have changed is known from what it feeds. This holds what follows
//! from that to working all of them out anew.

#[cfg(test)]
mod tests {
    use std::format;
    use std::vec::Vec;

    use crate::base::bytes::{read_u32, write_u32};
    use crate::compile::{Source, compile};
    use crate::policy::{CALLS_BYTES, DUE_TIMES, NEXT_CALLS_BYTES, Policy, header};
    use crate::profile;
    use crate::{
        Context, Event, EventId, Field, FieldId, Local, Message, Origin, ProfileBytes, Shared,
        Snapshot, Value, decide, new_profile,
    };

    const KEY: &[u8] = b"+99955500001";
    const START_MS: i64 = 1_772_600_000_000;
    const HOUR_MS: i64 = 3_600_000;

    /// Due times that follow a told time, a sum and a stage, a local clock, and a last time; the last
    /// has no place in a profile.
    const POLICY: &str = r#"
[policy]
name = "due"
version = 1
currency = "USD"
zones = ["America/New_York", "Pacific/Honolulu"]
zone_from = "home"
[attributes.home]
type = "zone"
from = "moved.home"
[attributes.ends]
type = "timestamp"
from = "sold.ends"
[events.moved]
home = "zone"
[events.sold]
ends = "timestamp"
[events.used]
amount = "int"
[events.paid]
amount = "int"
[events.other]
[features]
used = { sum = "used.amount" }
paid = { sum = "paid.amount" }
first_used = { first_time = "used" }
last_paid = { last_time = "paid" }
[lifecycles.stage]
stages = ["new", "paying"]
[[lifecycles.stage.transitions]]
from = "new"
to = "paying"
when = "paid > 20"
[[lifecycles.stage.transitions]]
from = "paying"
to = "new"
when = "used > 3 * paid"
[moments.used_up]
on = ["tick", "used"]
when = "true"
due = "(stage == 'new' ? first_used : last_paid) + duration('1h') * double(paid - used)"
intent = "buy"
lasts = "1h"
snooze = "5h"
[moments.ends]
on = "tick"
when = "true"
due = "ends - duration('2h')"
intent = "buy"
lasts = "1h"
snooze = "9h"
[moments.morning]
on = ["tick", "other"]
when = "true"
due = "last_paid + duration('1h') * double(24 - last_paid.getHours())"
intent = "buy"
lasts = "1h"
snooze = "2h"
[moments.thanks]
on = ["tick", "paid"]
when = "true"
due = "last_paid + duration('7h')"
intent = "know"
lasts = "1h"
snooze = "3h"
[channels.sms]
consent = true
quiet_hours = false
[[contact.caps]]
at_most = 9
within = "1d"
of = "all"
[issues.sales.groups.all]
[offers.one]
group = "sales.all"
kind = "sale"
moments = ["used_up", "ends", "morning", "thanks"]
value = "1"
[offers.one.treatments.sms]
content = "one"
propensity = 0.5
"#;

    struct Draws(u64);

    impl Draws {
        fn below(&mut self, end: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            (self.0 >> 33) % end
        }
    }

    /// When to call again, and the due times that are kept.
    fn calls(policy: &Policy, profile: &[u8]) -> Vec<u8> {
        let at = policy.layout.calls;
        profile[at..at + CALLS_BYTES].to_vec()
    }

    /// What it is apart from how often it changed, and its checksum.
    fn content(profile: &[u8]) -> Vec<u8> {
        let mut content = profile.to_vec();
        write_u32(&mut content, header::CHECKSUM, 0);
        content[header::REVISION..header::REVISION + 8].fill(0);
        content
    }

    /// After every message of a random stream a profile is what it is if all due times are worked out.
    #[test]
    fn by_need_is_as_all_anew() {
        let source = Source { name: "due.toml", bytes: POLICY.as_bytes() };
        let policy = compile(&[source], "").unwrap().policy;
        assert_eq!(policy.touched.due_moments.len(), DUE_TIMES + 1);
        let event = |name: &str| -> EventId { policy.id(name).unwrap() };
        let field = |name: &str| -> FieldId { policy.id(name).unwrap() };
        let zone = |name: &str| Value::Member(policy.id(&format!("home.{name}")).unwrap());
        let snapshot = Snapshot::initial(&policy);
        let shared = Shared { policy: &policy, snapshot: &snapshot };
        let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
        let mut profile = new_profile(&policy, KEY).unwrap();
        let mut draws = Draws(4);
        let (mut now_ms, mut compared, mut moved, mut offered) = (START_MS, 0, 0, 0);
        for number in 1..4_000 {
            now_ms += draws.below(3_000) as i64 * 1_000;
            let amount = Value::Int(draws.below(4) as i64);
            let ends = Value::Timestamp(now_ms + draws.below(30) as i64 * HOUR_MS);
            let home =
                [zone("America/New_York"), zone("Pacific/Honolulu")][draws.below(2) as usize];
            let kinds = [
                ("moved", Some(("moved.home", home))),
                ("sold", Some(("sold.ends", ends))),
                ("used", Some(("used.amount", amount))),
                ("paid", Some(("paid.amount", amount))),
                ("other", None),
            ];
            let fields = kinds.map(|(_, field_of)| {
                field_of.map(|(name, value)| Field { id: field(name), value })
            });
            let of_kind = |at: usize| Event {
                kind: event(kinds[at].0),
                time_ms: now_ms,
                fields: fields[at].as_slice(),
            };
            let events: Vec<Event> =
                (0..draws.below(3)).map(|_| of_kind(draws.below(5) as usize)).collect();
            let (subscriber, session, zone, account) = (KEY, &b"s"[..], None, None);
            let message =
                Message { subscriber, session, number, now_ms, zone, account, events: &events };
            let before = calls(&policy, &profile);

            let mut anew = profile.clone();
            let mark = policy.layout.calls + NEXT_CALLS_BYTES;
            write_u32(&mut anew, mark, 0);
            profile::commit(&policy, &mut anew, 0);
            let context = Context::default();
            let answer = |bytes: &mut [u8], local: &mut Local| {
                let bytes = ProfileBytes::in_place(bytes);
                decide(shared, bytes, &message, &context, local).unwrap()
            };
            let of_all = answer(&mut anew, &mut local.clone());
            let by_need = answer(&mut profile, &mut local);
            assert_eq!(by_need.next_call_ms, of_all.next_call_ms, "message {number}");
            // Without its mark it stays if nothing that is due was moved, or all of it was past.
            if read_u32(&anew, mark) != 0 {
                assert_eq!(content(&profile), content(&anew), "message {number}");
                compared += 1;
            }
            moved += usize::from(before != calls(&policy, &profile));
            offered += by_need.offers.len();
        }
        let told = [compared, moved, offered];
        assert!(compared > 1_000 && moved > 500 && offered > 50, "{told:?}");
    }
}
