//! One number that differs when two runs do.

use opportune::Decision;

/// FNV-1a of 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Digest {
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// What was decided, to the last bit of the score.
    pub fn decision(&mut self, decision: &Decision) {
        self.word(decision.id);
        self.word(decision.offers.len() as u64);
        for offered in &decision.offers {
            self.word(u64::from(offered.offer.0) << 32 | u64::from(offered.channel.0));
            self.word(offered.score.to_bits());
        }
    }

    pub fn value(self) -> u64 {
        self.0
    }

    fn word(&mut self, word: u64) {
        self.bytes(&word.to_le_bytes());
    }
}
