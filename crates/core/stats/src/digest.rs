//! A running fingerprint of a history: 128 bits over an ordered sequence of words.
//!
//! Two runs have the same digest if and only if (up to chance of about 2^-64 for honest histories)
//! they fed the same words in the same order. Two multiplications per word, independent of each
//! other, so a word costs about a nanosecond and a half; it is no cryptographic hash.

use serde::{Deserialize, Serialize};

use crate::draw::mix64;

/// The running digest. `Default` is the digest of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digest {
    low: u64,
    high: u64,
    words: u64,
}

// The odd multipliers of the two lanes: pi and e in 64 fraction bits, with the last bit set.
const LOW_FACTOR: u64 = 0x243f_6a88_85a3_08d3;
const HIGH_FACTOR: u64 = 0xb7e1_5162_8aed_2a6b;

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// The digest of no words.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            low: 0x1319_8a2e_0370_7344,
            high: 0xa409_3822_299f_31d0,
            words: 0,
        }
    }

    /// Takes one word in.
    #[inline]
    pub fn push(&mut self, word: u64) {
        // Each lane is a bijection of the word and of its own state, so that one differing word can
        // never be forgotten by that word alone; the rotations bring high bits back down.
        self.low = (self.low.rotate_left(29) ^ word).wrapping_mul(LOW_FACTOR);
        self.high = (self.high.rotate_left(37).wrapping_add(word)).wrapping_mul(HIGH_FACTOR);
        self.words += 1;
    }

    /// How many words were taken in.
    #[must_use]
    pub fn words(&self) -> u64 {
        self.words
    }

    /// The 128 bits over everything so far; more words may follow.
    #[must_use]
    pub fn value(&self) -> u128 {
        let a = mix64(self.low ^ mix64(self.high.wrapping_add(self.words)));
        let b = mix64(self.high ^ a);
        (u128::from(a) << 64) | u128::from(b)
    }
}

/// As 32 hexadecimal digits.
impl core::fmt::Display for Digest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:032x}", self.value())
    }
}
