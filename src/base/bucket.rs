//! Deterministic assignment to control groups and to the arms of experiments.
//!
//! The hashes are those of GrowthBook (SDK specification 0.12.0: FNV-1a over the UTF-16 code units
//! of seed and key) and of Unleash (client specification: MurmurHash3 over bytes). An experiment
//! that moves between the systems keeps every subscriber where they were.

use super::murmur::murmur3;

/// Buckets that a key can fall into.
pub(crate) const BUCKETS: u32 = 10_000;
/// Buckets of GrowthBook's first version, and of its namespaces.
pub(crate) const BUCKETS_V1: u32 = 1_000;
/// Buckets of a gradual rollout of Unleash.
pub(crate) const BUCKETS_ROLLOUT: u32 = 100;

/// Unleash hashes variants under a seed of their own, so that they do not follow the rollout.
const VARIANT_SEED: u32 = 86_028_157;

/// Whose hash says into which bucket a key falls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Hashing {
    /// GrowthBook's second version: ten thousand buckets.
    #[default]
    GrowthbookV2,
    /// GrowthBook's first version: a thousand.
    GrowthbookV1,
    /// Unleash's variants: as many buckets as their weights are together.
    Unleash,
}

impl Hashing {
    /// The bucket of `key`, of so many.
    pub(crate) fn bucket(self, seed: &str, key: &[u8], buckets: u16) -> u32 {
        match self {
            Hashing::GrowthbookV2 => bucket(seed, key),
            Hashing::GrowthbookV1 => bucket_v1(seed, key),
            Hashing::Unleash => murmur3(VARIANT_SEED, seed, key) % u32::from(buckets).max(1),
        }
    }
}

/// The bucket of a gradual rollout of Unleash: 0 to 99.
pub(crate) fn rollout_bucket(group: &str, key: &[u8]) -> u32 {
    murmur3(0, group, key) % BUCKETS_ROLLOUT
}

/// The bucket in GrowthBook's namespace of this name: 0 to 999.
pub(crate) fn layer_bucket(layer: &str, key: &[u8]) -> u32 {
    // `key` + "__" + name, as its first version has it.
    let hash = fnv1a_text(fnv1a_text(FNV_OFFSET, key), b"__");
    fnv1a_text(hash, layer.as_bytes()) % BUCKETS_V1
}

/// GrowthBook's first version: 0 to 999. Seeds that are alike put keys into like buckets, which is
/// why there is a second.
fn bucket_v1(seed: &str, key: &[u8]) -> u32 {
    fnv1a_text(fnv1a_text(FNV_OFFSET, key), seed.as_bytes()) % BUCKETS_V1
}

const FNV_OFFSET: u32 = 0x811C_9DC5;

fn fnv1a(hash: u32, unit: u32) -> u32 {
    (hash ^ unit).wrapping_mul(0x0100_0193)
}

fn fnv1a_text(hash: u32, bytes: &[u8]) -> u32 {
    let byte_for_byte = || bytes.iter().fold(hash, |hash, byte| fnv1a(hash, u32::from(*byte)));
    if bytes.is_ascii() {
        return byte_for_byte();
    }
    match core::str::from_utf8(bytes) {
        Ok(text) => text.encode_utf16().fold(hash, |hash, unit| fnv1a(hash, u32::from(unit))),
        // Keys are bytes; one that is not text is hashed as it is.
        Err(_) => byte_for_byte(),
    }
}

fn fnv1a_decimal(mut number: u32) -> u32 {
    let mut digits = [0u8; 10];
    let mut count = 0;
    loop {
        digits[count] = b'0' + (number % 10) as u8;
        number /= 10;
        count += 1;
        if number == 0 {
            break;
        }
    }
    digits[..count].iter().rev().fold(FNV_OFFSET, |hash, digit| fnv1a(hash, u32::from(*digit)))
}

/// The bucket of `key` in the experiment with this `seed`: 0 to 9,999, uniform.
pub(crate) fn bucket(seed: &str, key: &[u8]) -> u32 {
    let first = fnv1a_text(fnv1a_text(FNV_OFFSET, seed.as_bytes()), key);
    fnv1a_decimal(first) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the GrowthBook SDK specification 0.12.0 (MIT).
    #[test]
    fn published_vectors() {
        for (seed, key, expected) in [
            ("seed", "a", 505),
            ("seed", "b", 2696),
            ("foo", "ab", 2575),
            ("foo", "def", 2019),
            ("89123klj", "8952klfjas09ujkasdf", 1240),
            ("90850943850283058242805", "123", 7516),
            ("()**(%$##$%#$#", "___)((*\":&", 128),
            ("bucket-range-rounding", "user-3436", 2200),
            ("", "jos\u{e9}", 1315),
            ("", "\u{7528}\u{6237}123", 3071),
            ("", "\u{1F600}", 4971),
            ("exp\u{e9}rience", "123", 9001),
        ] {
            assert_eq!(bucket(seed, key.as_bytes()), expected, "{seed} {key}");
        }
    }
}
