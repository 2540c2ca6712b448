//! CRC32C (Castagnoli, RFC 3720 appendix B.4), portable: eight bytes a step through tables.
//!
//! `simd` has the twin that uses the processor's instruction; a test holds them equal.

const POLYNOMIAL: u32 = 0x82F6_3B78;

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0u32; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let below = tables[table - 1][byte];
            tables[table][byte] = (below >> 8) ^ tables[0][(below & 0xFF) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

static TABLES: [[u32; 256]; 8] = tables();

/// By byte of the state: what it comes to after so many zero bytes.
#[cfg(target_arch = "x86_64")]
pub(crate) const fn after_zeros(zeros: usize) -> [[u32; 256]; 4] {
    let step = tables();
    let mut after = [[0u32; 256]; 4];
    let mut place = 0;
    while place < 4 {
        let mut byte = 0;
        while byte < 256 {
            let mut state = (byte as u32) << (8 * place);
            let mut passed = 0;
            while passed < zeros {
                state = (state >> 8) ^ step[0][(state & 0xFF) as usize];
                passed += 1;
            }
            after[place][byte] = state;
            byte += 1;
        }
        place += 1;
    }
    after
}

/// x to this power modulo the polynomial, the highest bit standing for x^0: what a run of bits is
/// multiplied by to move it over that many zero bits.
#[cfg(target_arch = "x86_64")]
pub(crate) const fn power(exponent: usize) -> u32 {
    let mut product = 1 << 31;
    let mut passed = 0;
    while passed < exponent {
        product = if product & 1 == 1 { (product >> 1) ^ POLYNOMIAL } else { product >> 1 };
        passed += 1;
    }
    product
}

/// Continues the running value `crc` (start with zero) over `bytes`.
pub(crate) fn crc32c_portable(crc: u32, bytes: &[u8]) -> u32 {
    let mut state = !crc;
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        let mixed = u64::from_le_bytes(*word) ^ u64::from(state);
        let mut next = 0;
        for (position, byte) in mixed.to_le_bytes().into_iter().enumerate() {
            next ^= TABLES[7 - position][usize::from(byte)];
        }
        state = next;
    }
    for byte in tail {
        state = (state >> 8) ^ TABLES[0][usize::from(state as u8 ^ byte)];
    }
    !state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3720_vectors() {
        assert_eq!(crc32c_portable(0, b"123456789"), 0xE306_9283);
        assert_eq!(crc32c_portable(0, &[0u8; 32]), 0x8A91_36AA);
        assert_eq!(crc32c_portable(0, &[0xFFu8; 32]), 0x62A8_AB43);
    }
}
