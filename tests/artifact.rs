//! Artifacts: what was compiled comes back to the bit, and nothing else gets in.

#[path = "support/prepaid.rs"]
mod prepaid;
mod support;
#[path = "support/tracking.rs"]
mod tracking;
#[path = "../benches/workload/mod.rs"]
mod workload;

use opportune::limits::{ARTIFACT_BYTES_MAX, ARTIFACT_MEMORY_FACTOR};
use opportune::{
    Arm, ArtifactError, Event, EventId, FeatureId, Local, OfferId, Origin, Policy, ProfileBytes,
    Shared, Snapshot, decide, migrate, new_profile, tick,
};
use prepaid::{AFTERNOON_MS, Ids, MINUTE_MS, known_profile, message, outbound, rich_local};
use proptest::prelude::*;
use tracking::{held_by, peak_of};

/// Bytes of magic, version and checksum.
const HEADER: usize = 12;

fn prepaid_bytes() -> Vec<u8> {
    support::shipped_policy("prepaid").to_bytes()
}

/// CRC32C by RFC 3720, a byte a step: nothing of the library's.
fn crc32c(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut at = 0;
        while at < 256 * 8 {
            let crc = if at % 8 == 0 { at as u32 / 8 } else { table[at / 8] };
            table[at / 8] = if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 };
            at += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc, byte| (crc >> 8) ^ TABLE[usize::from(crc as u8 ^ byte)])
}

/// The artifact with a checksum that fits what it holds.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32c(&bytes[HEADER..]).to_le_bytes();
    bytes[8..HEADER].copy_from_slice(&sum);
    bytes
}

/// A small policy that succeeds another, whose artifact can be mutated in every byte.
fn small() -> Policy {
    let (old, new) = small_versions();
    new.succeeding(&[&old]).expect("one salt")
}

/// Its profile under the policy that it succeeds.
fn older_profile() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(|| new_profile(&small_versions().0, b"key").expect("a key"))
}

fn small_versions() -> (Policy, Policy) {
    let text = small_text();
    let older = text
        .replace("window = \"24h\"", "window = \"48h\"")
        .replace("at_most = 10", "at_most = 3")
        .replace("\"basic\"", "\"basic\", \"old\"");
    support::compile_versions(&older, text)
}

fn small_text() -> &'static str {
    r#"
        [policy]
        name = "small"
        version = 1
        currency = "USD"
        zones = ["America/New_York"]
        [attributes]
        tariff = { type = "enum", values = ["gold", "basic"] }
        [events.use]
        balance = "money"
        tariff = { type = "enum", attribute = "tariff" }
        [features]
        seen_24h = { count = "use", window = "24h", where = "event.balance > 1" }
        often = { expr = "seen_24h > 3" }
        [models.returns]
        kind = "bgnbd"
        unit = "1d"
        inputs = { frequency = "seen_24h", recency = "duration('1h')", age = "duration('9h')" }
        parameters = { r = 0.2, alpha = 4.4, a = 0.8, b = 2.4 }
        outputs.here = { gives = "alive" }
        outputs.uses = { gives = "expected", within = "1d" }
        [models.leaves]
        kind = "logistic"
        inputs = { here = "here", tariff = "tariff", seen = "seen_24h" }
        parameters = { intercept = 0.1 }
        terms.here = { missing = 0.5, coefficient = -2.0 }
        terms.tariff = { missing = 0.5, bins = [{ is = "gold", add = -1.0 }, { add = 0.0 }] }
        terms.seen = { missing = 0.5, bins = [{ below = 2, add = 1.0 }, { add = 0.0 }] }
        outputs.leaving = { gives = "probability" }
        [lifecycles.stage]
        stages = ["new", "busy"]
        [[lifecycles.stage.transitions]]
        from = "new"
        to = "busy"
        when = "leaving < 0.5 || uses > 2.0"
        [moments.low]
        on = ["use", "tick"]
        when = "event.balance < 2 || often && stage == 'busy' && now > stage_since"
        intent = "buy"
        [channels.sms]
        consent = "has(tariff)"
        [budgets.gifts]
        unit = "money"
        [[contact.caps]]
        at_most = 10
        within = "30d"
        of = "all"
        [issues.recharge.groups.bonus]
        eligible = "tariff == 'gold'"
        [offers.bonus]
        group = "recharge.bonus"
        kind = "incentive"
        moments = ["low"]
        value = "1.30"
        draws = { gifts = "0.50" }
        parameters = { size = "seen_24h * 2" }
        treatments.sms = { content = "bonus", propensity = 0.1 }
        "#
}

/// A policy that was let in can be used: whatever it says, nothing panics.
fn use_it(policy: &Policy) {
    let snapshot = Snapshot::initial(policy);
    let shared = Shared { policy, snapshot: &snapshot };
    let mut local = Local::new(policy, Origin { node: 1, epoch: 1, sequence: 1 });
    for (budget, _) in policy.names() {
        // A name may be of a budget that the policy does not have.
        local.lease.grant(policy, budget, 1_000_000);
    }
    let mut profile = new_profile(policy, b"key").expect("a key");
    let kinds: Vec<EventId> = (1..20).map(EventId).collect();
    for (number, kind) in kinds.into_iter().enumerate() {
        let events = [Event { kind, time_ms: AFTERNOON_MS, fields: &[] }];
        let message = message("key", number as u32, AFTERNOON_MS, &events);
        let bytes = ProfileBytes::in_place(&mut profile);
        let _ = decide(shared, bytes, &message, &outbound(), &mut local);
    }
    let bytes = ProfileBytes::in_place(&mut profile);
    let _ = tick(shared, bytes, b"key", None, AFTERNOON_MS, &mut local);
    let bytes = ProfileBytes::apart(older_profile(), &mut profile);
    let _ = migrate(policy, bytes, b"key", &mut local.scratch);
    assert!(policy.migrations().iter().all(|migration| !migration.to_string().is_empty()));
}

#[test]
fn a_loaded_policy_is_the_compiled_one() {
    let compiled = support::shipped_policy("prepaid");
    let bytes = compiled.to_bytes();
    let loaded = Policy::from_bytes(&bytes).expect("what was just written");
    assert_eq!(loaded.to_bytes(), bytes);
    assert_eq!(loaded.fingerprint(), compiled.fingerprint());
    assert_eq!(loaded.profile_bytes(), compiled.profile_bytes());
    assert_eq!((loaded.name(), loaded.version()), (compiled.name(), compiled.version()));
    assert_eq!(loaded.currency(), compiled.currency());
    assert!(loaded.names::<OfferId>().eq(compiled.names::<OfferId>()));
    for (id, name) in compiled.names::<FeatureId>() {
        assert_eq!(loaded.id(name), Some(id));
        assert_eq!(loaded.feature_type(id), compiled.feature_type(id));
    }
}

#[test]
fn it_decides_to_the_same_bits() {
    let compiled = support::shipped_policy("prepaid");
    let loaded = Policy::from_bytes(&compiled.to_bytes()).expect("what was just written");
    let (mut offers, mut none) = (0, 0);
    for arm in [Arm::Treated, Arm::Control] {
        let key = support::subscriber_in(&compiled, arm);
        let mut sides = [&compiled, &loaded].map(|policy| {
            (policy, Snapshot::initial(policy), rich_local(policy), known_profile(policy, &key))
        });
        let ids = Ids::of(&loaded);
        let call = ids.call_fields();
        for number in 0..400u32 {
            let balance = ids.balance_fields(i64::from(number * 37 % 90) * 100_000);
            let now_ms = AFTERNOON_MS + i64::from(number) * 47 * MINUTE_MS;
            let events = ids.call(&call, &balance, now_ms);
            let message = message(&key, number, now_ms, &events);
            let decisions = sides.each_mut().map(|(policy, snapshot, local, profile)| {
                let shared = Shared { policy, snapshot };
                let bytes = ProfileBytes::in_place(profile);
                decide(shared, bytes, &message, &outbound(), local).expect("sound")
            });
            assert_eq!(decisions[0], decisions[1]);
            offers += decisions[0].offers.len();
            none += usize::from(decisions[0].offers.is_empty());
        }
        let [one, other] = sides;
        assert_eq!(one.3, other.3);
        assert_eq!((one.2.lease, one.2.delta), (other.2.lease, other.2.delta));
    }
    assert!(offers > 5 && none > 100, "{offers} offers, {none} times none: both are exercised");
}

#[test]
fn equal_text_gives_equal_bytes() {
    assert_eq!(prepaid_bytes(), prepaid_bytes());
    assert_eq!(small().to_bytes(), small().to_bytes());
}

#[test]
fn another_version_is_refused_by_name() {
    let mut bytes = prepaid_bytes();
    bytes[4] = 9;
    let refused = Policy::from_bytes(&bytes).expect_err("another version");
    assert_eq!(refused, ArtifactError::Version { found: 9, read: 3 });
    assert_eq!(
        refused.to_string(),
        "artifact of version 9, but this library reads version 3: compile the policy text again"
    );
}

#[test]
fn what_is_no_artifact_is_refused() {
    let refused = |bytes: &[u8]| Policy::from_bytes(bytes).expect_err("no artifact");
    assert_eq!(refused(b""), ArtifactError::Format);
    assert_eq!(refused(b"OPPR\x01\0\0\0"), ArtifactError::Format);
    assert_eq!(refused(b"OPPA"), ArtifactError::Format);
    assert_eq!(refused(b"[policy]\nname = 'x'"), ArtifactError::Format);
    assert_eq!(refused(&vec![0; ARTIFACT_BYTES_MAX + 1]), ArtifactError::Size);
    let empty = resealed(b"OPPA\x03\0\0\0\0\0\0\0".to_vec());
    let section = "the policy's own facts";
    assert_eq!(refused(&empty), ArtifactError::Malformed { section });
}

#[test]
fn no_flipped_bit_and_no_cut_passes_the_checksum() {
    let sound = prepaid_bytes();
    for at in (0..sound.len()).step_by(97).chain(0..200) {
        let mut bytes = sound.clone();
        bytes[at] ^= 1 << (at % 8);
        assert!(Policy::from_bytes(&bytes).is_err(), "byte {at}");
        assert!(Policy::from_bytes(&sound[..at]).is_err(), "cut to {at}");
    }
}

/// With the checksum mended, what is read is validated, byte by byte.
#[test]
fn every_byte_of_a_small_policy_can_be_anything() {
    let sound = small().to_bytes();
    let end = tables_end(&sound);
    // What comes after the tables may be missing, section by section.
    let names = u32::from_le_bytes(sound[end + 4..end + 8].try_into().expect("four bytes"));
    let whole = [end, end + 8 + names as usize];
    let (mut refused, mut loaded) = (0, 0);
    for at in HEADER..sound.len() {
        for value in [0, 2, 0x7F, 0xFF, sound[at].wrapping_add(1)] {
            let mut bytes = sound.clone();
            bytes[at] = value;
            let bytes = resealed(bytes);
            match Policy::from_bytes(&bytes) {
                Ok(policy) => {
                    loaded += 1;
                    use_it(&policy);
                    // Tables are written as they were read. Names are not: a section of another
                    // number is passed over.
                    let again = policy.to_bytes();
                    assert!(again[HEADER..end] == bytes[HEADER..end], "byte {at}");
                }
                Err(_) => refused += 1,
            }
        }
        let cut = Policy::from_bytes(&resealed(sound[..at].to_vec()));
        assert_eq!(cut.is_ok(), whole.contains(&at), "cut to {at}");
    }
    assert!(refused > 1_000 && loaded > 500, "{refused} refused, {loaded} loaded");
}

/// Where the names begin: the sections of tables end there.
fn tables_end(bytes: &[u8]) -> usize {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let mut at = HEADER;
    while number(at) < 0x100 {
        at += 8 + number(at + 4) as usize;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Runs of bytes written over, cut out or doubled anywhere in a real policy.
    #[test]
    fn mutated_artifacts_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>(), 0..4usize), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = prepaid_artifact().to_vec();
        for (at, value, edit) in edits {
            let at = HEADER + at.index(bytes.len() - HEADER - 8);
            match edit {
                0 => bytes[at] = value as u8,
                1 => bytes[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes()),
                2 => bytes[at..at + 8].copy_from_slice(&value.to_le_bytes()),
                _ => drop(bytes.drain(at..at + (value % 8) as usize)),
            }
        }
        if let Some(cut) = cut {
            bytes.truncate(HEADER + cut.index(bytes.len() - HEADER));
        }
        let bytes = resealed(bytes);
        let mut loaded = None;
        let peak = peak_of(|| loaded = Policy::from_bytes(&bytes).ok());
        prop_assert!(peak <= ARTIFACT_MEMORY_FACTOR * bytes.len(), "{peak} bytes at once");
        if let Some(policy) = loaded {
            use_it(&policy);
        }
    }
}

fn prepaid_artifact() -> &'static [u8] {
    static BYTES: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    BYTES.get_or_init(prepaid_bytes)
}

#[test]
fn a_loaded_policy_holds_what_its_certificate_says() {
    let workload = workload::policy_text(300, 1);
    for policy in [support::shipped_policy("ready"), small(), support::compile_text(&workload)] {
        let bytes = policy.to_bytes();
        let (loaded, held) = held_by(|| Policy::from_bytes(&bytes).expect("sound"));
        let said = loaded.certificate().loaded_bytes;
        // Lists that grew, in the index, have room that they do not use.
        assert!(said <= held && held <= said + said / 10, "{said} said, {held} held");
        assert_eq!(policy.certificate().loaded_bytes, said);
        assert_eq!(loaded.certificate().index, loaded.index_size());
    }
}

#[test]
fn loading_allocates_a_multiple_of_the_bytes() {
    for bytes in [prepaid_bytes(), small().to_bytes()] {
        let mut loaded = None;
        let peak = peak_of(|| loaded = Policy::from_bytes(&bytes).ok());
        assert!(loaded.is_some());
        assert!(peak <= ARTIFACT_MEMORY_FACTOR * bytes.len(), "{peak} for {}", bytes.len());
    }
    // Counts that promise more than there is, at every place where a count could stand.
    let sound = small().to_bytes();
    for at in HEADER..sound.len() - 4 {
        for count in [u32::MAX, 1 << 24, sound.len() as u32] {
            let mut bytes = sound.clone();
            bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
            let bytes = resealed(bytes);
            let peak = peak_of(|| drop(Policy::from_bytes(&bytes)));
            assert!(peak <= ARTIFACT_MEMORY_FACTOR * bytes.len(), "{peak} at {at}");
        }
    }
}

/// A few long rules that hundreds of offers inherit: what the index makes of them is bounded, too.
#[test]
fn inherited_rules_do_not_multiply_what_loading_allocates() {
    let mut text = String::from(
        "policy = { name = 'wide', version = 1, currency = 'USD', zones = ['UTC'] }\n\
         contact.caps = [{ at_most = 1, within = '1d', of = 'all' }]\n\
         [attributes]\nx = { type = 'int' }\nworth = { type = 'money' }\n\
         [attributes.b0]\ntype = 'bool'\n[attributes.b1]\ntype = 'bool'\n\
         [attributes.b2]\ntype = 'bool'\n[attributes.b3]\ntype = 'bool'\n\
         [events.use]\n[moments.used]\non = 'use'\nwhen = 'true'\nintent = 'buy'\n\
         [channels.sms]\n[issues.sales]\n",
    );
    for group in 0..6 {
        text += &format!("[issues.sales.groups.g{group}]\n");
        for tier in ["eligible", "applicable", "suitable"] {
            let value =
                |at: usize| (7_919 * (at + 44 * group + tier.len() * 300) % 100_003).to_string();
            let values: Vec<String> = (0..44).map(value).collect();
            text += &format!("{tier} = 'x in [{}] && (b0 || b1 || b2 || b3)'\n", values.join(", "));
        }
    }
    for offer in 0..300 {
        text += &format!(
            "[offers.o{offer}]\ngroup = 'sales.g{}'\nkind = 'sale'\nmoments = ['used']\n\
             value = 'worth'\ntreatments.sms = {{ content = 'c', propensity = 0.1 }}\n",
            offer % 6
        );
    }
    let bytes = support::compile_text(&text).to_bytes();
    let mut loaded = None;
    let peak = peak_of(|| loaded = Policy::from_bytes(&bytes).ok());
    let size = loaded.expect("sound").index_size();
    assert!(size.bytes > 0 && size.bounds > 0, "{size:?}");
    assert!(peak <= ARTIFACT_MEMORY_FACTOR * bytes.len(), "{peak} for {}", bytes.len());
}
