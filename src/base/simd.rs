//! The one file outside the C ABI with `unsafe`: code that runs only on processors that have the
//! instructions it names. Each function has a portable twin that a test holds equal.

use super::bits;
use super::checksum::crc32c_portable;
#[cfg(target_arch = "x86_64")]
use super::checksum::power;

/// What the processor can do, read once when a policy is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CpuLevel {
    /// SSE4.2, for its CRC32C instruction.
    crc32c: bool,
    /// AVX2.
    avx2: bool,
    /// AVX-512 F and VPCLMULQDQ besides SSE4.2: products of polynomials, four at a time.
    folding: bool,
}

impl CpuLevel {
    /// The portable paths only.
    #[cfg(test)]
    pub(crate) const PORTABLE: CpuLevel = CpuLevel { crc32c: false, avx2: false, folding: false };

    /// The same processor without what is newest.
    #[cfg(all(test, target_arch = "x86_64"))]
    fn without_folding(self) -> Self {
        CpuLevel { folding: false, ..self }
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn detect() -> Self {
        // Leaf 1 exists on every x86-64 processor; ECX bit 20 is SSE4.2.
        let leaf_1 = core::arch::x86_64::__cpuid(1);
        let crc32c = leaf_1.ecx & (1 << 20) != 0;
        let wide = wide_registers(leaf_1.ecx);
        CpuLevel { crc32c, avx2: wide.avx2, folding: crc32c && wide.folding }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn detect() -> Self {
        CpuLevel::default()
    }
}

/// CRC32C of `bytes`, continued from `crc` (start with zero).
pub(crate) fn crc32c(level: CpuLevel, crc: u32, bytes: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if level.folding {
        // SAFETY: `CpuLevel::detect` saw all three features on this processor.
        return unsafe { crc32c_folded(crc, bytes) };
    }
    #[cfg(target_arch = "x86_64")]
    if level.crc32c {
        // SAFETY: `CpuLevel::detect` saw SSE4.2 on this processor.
        return unsafe { crc32c_sse42(crc, bytes) };
    }
    let _ = level;
    crc32c_portable(crc, bytes)
}

/// What there is beyond 128 bits.
#[cfg(target_arch = "x86_64")]
#[derive(Default)]
struct Wide {
    avx2: bool,
    folding: bool,
}

/// Which wider registers processor and system both keep, and what can be done with them. Intel
/// SDM volume 1, 14.7.1 and 15.2.
#[cfg(target_arch = "x86_64")]
fn wide_registers(leaf_1_ecx: u32) -> Wide {
    const OSXSAVE_AND_AVX: u32 = 1 << 27 | 1 << 28;
    const AVX_STATE: u64 = 0b110;
    const AVX512_STATE: u64 = 0b1110_0110;
    if leaf_1_ecx & OSXSAVE_AND_AVX != OSXSAVE_AND_AVX || core::arch::x86_64::__cpuid(0).eax < 7 {
        return Wide::default();
    }
    // SAFETY: OSXSAVE says that the instruction may be used.
    let kept = unsafe { kept_registers() };
    let leaf_7 = core::arch::x86_64::__cpuid_count(7, 0);
    let (avx2, avx512f, vpclmulqdq) =
        (leaf_7.ebx & 1 << 5 != 0, leaf_7.ebx & 1 << 16 != 0, leaf_7.ecx & 1 << 10 != 0);
    Wide {
        avx2: avx2 && kept & AVX_STATE == AVX_STATE,
        folding: avx512f && vpclmulqdq && kept & AVX512_STATE == AVX512_STATE,
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "xsave")]
fn kept_registers() -> u64 {
    // SAFETY: register 0 exists wherever the instruction does.
    unsafe { core::arch::x86_64::_xgetbv(0) }
}

/// Intersects `out` with the rows of words that begin at `starts`.
pub(crate) fn intersect(level: CpuLevel, rows: &[u64], starts: &[u32], out: &mut [u64]) {
    #[cfg(target_arch = "x86_64")]
    if level.avx2 {
        // SAFETY: `CpuLevel::detect` saw AVX2 on this processor.
        return unsafe { intersect_avx2(rows, starts, out) };
    }
    let _ = level;
    bits::intersect::<16>(rows, starts, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn intersect_avx2(rows: &[u64], starts: &[u32], out: &mut [u64]) {
    bits::intersect::<32>(rows, starts, out);
}

/// Bytes of one of the three lanes that the instruction is fed in turn.
///
/// PERF: it takes three cycles and one can start each cycle, so one chain leaves two thirds of the
/// unit idle. 1,864 bytes, median: 131 ns in one chain, 70 in three, 749 by the portable tables
/// (Zen 5).
#[cfg(target_arch = "x86_64")]
const LANE_BYTES: usize = 256;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn crc32c_sse42(crc: u32, bytes: &[u8]) -> u32 {
    use core::arch::x86_64::_mm_crc32_u64;
    let (blocks, rest) = bytes.as_chunks::<{ 3 * LANE_BYTES }>();
    let mut state = !crc;
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        let (first, others) = words.split_at(LANE_BYTES / 8);
        let (second, third) = others.split_at(LANE_BYTES / 8);
        let mut lanes = [u64::from(state), 0, 0];
        for ((a, b), c) in first.iter().zip(second).zip(third) {
            lanes[0] = _mm_crc32_u64(lanes[0], u64::from_le_bytes(*a));
            lanes[1] = _mm_crc32_u64(lanes[1], u64::from_le_bytes(*b));
            lanes[2] = _mm_crc32_u64(lanes[2], u64::from_le_bytes(*c));
        }
        let [a, b, c] = lanes.map(|lane| lane as u32);
        state = after_lane(after_lane(a) ^ b) ^ c;
    }
    !one_chain(state, rest)
}

/// The state after these bytes, an instruction for each word and each byte of the rest.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse4.2")]
fn one_chain(state: u32, bytes: &[u8]) -> u32 {
    use core::arch::x86_64::{_mm_crc32_u8, _mm_crc32_u64};
    let (words, tail) = bytes.as_chunks::<8>();
    let state = words
        .iter()
        .fold(u64::from(state), |state, word| _mm_crc32_u64(state, u64::from_le_bytes(*word)));
    tail.iter().fold(state as u32, |state, byte| _mm_crc32_u8(state, *byte))
}

/// The state after [`LANE_BYTES`] zero bytes: CRC is linear, so the lanes are put together by
/// moving each over those that follow it.
#[cfg(target_arch = "x86_64")]
fn after_lane(state: u32) -> u32 {
    state
        .to_le_bytes()
        .into_iter()
        .zip(&AFTER_LANE)
        .fold(0, |moved, (byte, table)| moved ^ table[usize::from(byte)])
}

#[cfg(target_arch = "x86_64")]
static AFTER_LANE: [[u32; 256]; 4] = crate::base::checksum::after_zeros(LANE_BYTES);

/// Folding (Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
/// Instruction", Intel 2009): bits are replaced by their product with a power of x, congruent to
/// them and short, over those that lie that far ahead. Four registers swallow 256 bytes with eight
/// products; only the last 16 bytes go through the CRC instruction.
///
/// PERF: 1,904 bytes, least of many runs (Zen 5): 32 ns, against 70 by the CRC instruction in three
/// lanes.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,vpclmulqdq,sse4.2")]
fn crc32c_folded(crc: u32, bytes: &[u8]) -> u32 {
    use core::arch::x86_64::*;
    let (blocks, rest) = bytes.as_chunks::<64>();
    let Some(([a, b, c, d], others)) = blocks.split_first_chunk() else {
        return crc32c_sse42(crc, bytes);
    };
    let start = _mm512_zextsi128_si512(_mm_cvtsi32_si128(!crc as i32));
    let mut lanes = [_mm512_xor_si512(load(a), start), load(b), load(c), load(d)];
    let (rounds, others) = others.as_chunks::<4>();
    for round in rounds {
        for (lane, block) in lanes.iter_mut().zip(round) {
            *lane = fold(*lane, &OVER_4, load(block));
        }
    }
    let [a, b, c, d] = lanes;
    let mut joined = fold(a, &OVER_3, fold(b, &OVER_2, fold(c, &OVER_1, d)));
    for block in others {
        joined = fold(joined, &OVER_1, load(block));
    }
    // The quarters of the register, each over those that follow it.
    let last = _mm512_zextsi128_si512(_mm512_extracti32x4_epi32::<3>(joined));
    let moved = fold(joined, &OVER_QUARTERS, last);
    let half =
        _mm256_xor_si256(_mm512_castsi512_si256(moved), _mm512_extracti64x4_epi64::<1>(moved));
    let quarter = _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
    let state = _mm_crc32_u64(0, _mm_cvtsi128_si64(quarter) as u64);
    let state = _mm_crc32_u64(state, _mm_extract_epi64::<1>(quarter) as u64);
    !one_chain(state as u32, rest)
}

/// Moves each quarter of `bits` over by its multipliers, onto `ahead`.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn fold(bits: Register, multipliers: &[u8; 64], ahead: Register) -> Register {
    use core::arch::x86_64::{_mm512_clmulepi64_epi128, _mm512_ternarylogic_epi64};
    const XOR_OF_THREE: i32 = 0b1001_0110;
    let by = load(multipliers);
    _mm512_ternarylogic_epi64::<XOR_OF_THREE>(
        _mm512_clmulepi64_epi128::<0x00>(bits, by),
        _mm512_clmulepi64_epi128::<0x11>(bits, by),
        ahead,
    )
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8; 64]) -> Register {
    // SAFETY: the pointer is to 64 bytes, at any alignment.
    unsafe { core::arch::x86_64::_mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[cfg(target_arch = "x86_64")]
type Register = core::arch::x86_64::__m512i;

#[cfg(target_arch = "x86_64")]
static OVER_1: [u8; 64] = multipliers([512; 4]);
#[cfg(target_arch = "x86_64")]
static OVER_2: [u8; 64] = multipliers([2 * 512; 4]);
#[cfg(target_arch = "x86_64")]
static OVER_3: [u8; 64] = multipliers([3 * 512; 4]);
#[cfg(target_arch = "x86_64")]
static OVER_4: [u8; 64] = multipliers([4 * 512; 4]);
#[cfg(target_arch = "x86_64")]
static OVER_QUARTERS: [u8; 64] = multipliers([3 * 128, 2 * 128, 128, 0]);

/// What each quarter of a register is multiplied by to move it over so many bits (zero: dropped).
///
/// The first eight bytes of a quarter lie 64 bits further back than the others. A product of two
/// runs of 64 bits, lowest first, stands one bit too high, and a multiplier in the lower half of
/// its word 32: hence the distances below.
#[cfg(target_arch = "x86_64")]
const fn multipliers(over: [usize; 4]) -> [u8; 64] {
    let mut bytes = [0; 64];
    let mut quarter = 0;
    while quarter < 4 {
        if over[quarter] > 0 {
            let powers = [power(over[quarter] + 64 - 33), power(over[quarter] - 33)];
            let mut byte = 0;
            while byte < 4 {
                bytes[16 * quarter + byte] = powers[0].to_le_bytes()[byte];
                bytes[16 * quarter + 8 + byte] = powers[1].to_le_bytes()[byte];
                byte += 1;
            }
        }
        quarter += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_intersections_agree() {
        let rows: alloc::vec::Vec<u64> =
            (1..800u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << (i % 64)).collect();
        for len in [0, 1, 15, 16, 17, 32, 33, 64, 100] {
            for starts in [&[][..], &[0], &[7, 300, 650]] {
                let mut outs = [(); 2].map(|()| alloc::vec![u64::MAX; len]);
                for (out, level) in outs.iter_mut().zip([CpuLevel::detect(), CpuLevel::PORTABLE]) {
                    intersect(level, &rows, starts, out);
                }
                assert_eq!(outs[0], outs[1], "{len} words of {starts:?}");
                let all = |at| starts.iter().fold(u64::MAX, |all, s| all & rows[*s as usize + at]);
                assert_eq!(outs[0], (0..len).map(all).collect::<alloc::vec::Vec<u64>>());
            }
        }
    }

    #[test]
    fn both_twins_agree() {
        let bytes: alloc::vec::Vec<u8> = (0..2_000u32).map(|i| (i * 7 + i / 13) as u8).collect();
        for start in [0, 1, 3, 8] {
            for end in
                [start, start + 1, start + 7, start + 64, 256, 264, 320, 767, 768, 776, 777, 1_999]
            {
                let run = &bytes[start..end];
                let portable = crc32c(CpuLevel::PORTABLE, 5, run);
                assert_eq!(crc32c(CpuLevel::detect(), 5, run), portable);
                #[cfg(target_arch = "x86_64")]
                assert_eq!(crc32c(CpuLevel::detect().without_folding(), 5, run), portable);
            }
        }
    }
}
