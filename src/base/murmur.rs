//! MurmurHash3, 32 bits (Austin Appleby, x86_32), of a group and a key joined by a colon, as
//! Unleash hashes them.

const C1: u32 = 0xCC9E_2D51;
const C2: u32 = 0x1B87_3593;

/// The hash of `group:key` under `seed`.
pub(crate) fn murmur3(seed: u32, group: &str, key: &[u8]) -> u32 {
    let (mut hash, mut word, mut len) = (seed, 0u32, 0u32);
    for byte in group.bytes().chain([b':']).chain(key.iter().copied()) {
        word |= u32::from(byte) << (8 * (len % 4));
        len = len.wrapping_add(1);
        if len % 4 == 0 {
            hash = (hash ^ scrambled(word)).rotate_left(13);
            hash = hash.wrapping_mul(5).wrapping_add(0xE654_6B64);
            word = 0;
        }
    }
    // Of nothing left over this is nothing.
    hash ^= scrambled(word) ^ len;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85EB_CA6B);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xC2B2_AE35);
    hash ^ (hash >> 16)
}

fn scrambled(word: u32) -> u32 {
    word.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}
