//! Chance as a function: a draw depends on (seed, entity, identity, purpose) and on nothing else.
//!
//! Nobody keeps a generator, so nobody can be shifted by somebody else's draws: an extra retry, a
//! disabled policy or a higher load leaves every other draw where it was. Comparisons between designs,
//! shrinking and replay rest on that.
//!
//! A [`Key`] is made once per seed, entity and purpose (two words, four mixes); [`Key::at`] turns it
//! and an identity into a [`Draw`], a copyable generator of as many words as that one draw needs:
//!
//! ```
//! use worstday_stats::draw::{Key, Seed, entity};
//!
//! const WORK: u32 = 7;
//! let key = Key::new(Seed(42), entity("till"), WORK);
//! let service_ms = 4.0 * key.at(1001).exp1();
//! assert_eq!(service_ms, 4.0 * key.at(1001).exp1());
//! ```
//!
//! The first word of a draw is one keyed bijection of the identity (`SplitMix64`'s finalizer over a
//! Weyl sequence, with the key's second word between its rounds), so two identities never share it.
//! An exponential or normal value costs that one mix, one table row and one multiplication in 98 of
//! 100 cases: 2 to 3 ns. The golden values in the tests are a promise: they change for no upgrade.

mod tables;

use serde::{Deserialize, Serialize};

use crate::math;
use tables::{EXP_X, EXP_Y, NORMAL_X, NORMAL_Y};

/// 2^64 divided by the golden ratio, the step of `SplitMix64`'s Weyl sequence.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The number that a whole history follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(pub u64);

impl Seed {
    /// The seed of the `index`th replication. Index 0 is the seed itself, so that one run and the
    /// first of many are the same history; no two indices share a seed.
    #[must_use]
    pub fn replication(self, index: u64) -> Self {
        if index == 0 {
            self
        } else {
            Self(mix64(mix64(self.0) ^ index.wrapping_mul(GOLDEN)))
        }
    }
}

/// Scrambles a word: every input bit flips every output bit about half the time, and no two inputs
/// share an output. The finalizer of `SplitMix64` (variant 13 of D. Stafford).
#[inline]
#[must_use]
pub const fn mix64(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The fixed number of a name: FNV-1a over its UTF-8 bytes, then [`mix64`].
#[must_use]
pub const fn entity(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    mix64(hash)
}

/// One identity out of two, order-dependent: (client, arrival), (request, attempt). Nest it for more.
#[inline]
#[must_use]
pub const fn identity(a: u64, b: u64) -> u64 {
    member(family(a), b)
}

/// The part of [`identity`] that all identities of one `a` share: whoever numbers many members of one
/// family keeps it.
#[inline]
#[must_use]
pub const fn family(a: u64) -> u64 {
    mix64(a.wrapping_add(0x6a09_e667_f3bc_c909))
}

/// One identity of a [`family`]: `member(family(a), b)` is `identity(a, b)`.
#[inline]
#[must_use]
pub const fn member(family: u64, b: u64) -> u64 {
    // Xor of a hash and a multiple: identities of two clients do not run side by side at a shift.
    family ^ b.wrapping_mul(0xd134_2543_de82_ef95)
}

/// Seed, entity and purpose, mixed ahead of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    offset: u64,
    tweak: u64,
}

impl Key {
    /// The key of all draws for `purpose` at `entity` (see [`entity`]) in the history of `seed`.
    #[inline]
    #[must_use]
    pub const fn new(seed: Seed, entity: u64, purpose: u32) -> Self {
        let offset = mix64(
            mix64(mix64(seed.0 ^ 0x243f_6a88_85a3_08d3).wrapping_add(entity))
                ^ (purpose as u64 + 1).wrapping_mul(GOLDEN),
        );
        Self {
            offset,
            tweak: mix64(offset ^ 0x1319_8a2e_0370_7344),
        }
    }

    /// The draw of `identity`.
    #[inline]
    #[must_use]
    pub const fn at(self, identity: u64) -> Draw {
        // `mix64` of a Weyl sequence, with the tweak between its rounds: without it, two keys' draws
        // would be one sequence at a shift.
        let word = identity.wrapping_mul(GOLDEN).wrapping_add(self.offset);
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ self.tweak;
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Draw {
            next: word ^ (word >> 31),
        }
    }

    /// The draw of two identities, as [`identity`] joins them.
    #[inline]
    #[must_use]
    pub const fn at2(self, a: u64, b: u64) -> Draw {
        self.at(identity(a, b))
    }
}

/// One draw: a tiny generator that lives for one decision. A copy repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    next: u64,
}

impl Draw {
    /// 64 random bits. Each word follows from the one before by a Weyl step and a mix.
    #[inline]
    pub const fn next_u64(&mut self) -> u64 {
        let word = self.next;
        self.next = mix64(word.wrapping_add(GOLDEN));
        word
    }

    /// Uniform in [0, 1): a multiple of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in (0, 1): an odd multiple of 2^-53.
    #[inline]
    pub fn unit_open(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
    }

    /// True with probability `p` (never for 0 or less, always for 1 or more).
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Uniform among the whole numbers 0..`n`, without bias (D. Lemire's method).
    ///
    /// # Panics
    ///
    /// If `n` is 0: there is nothing to choose from.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n != 0, "a draw among no choices");
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            let fraction = product as u64;
            if n <= fraction || n.wrapping_neg() % n <= fraction {
                return (product >> 64) as u64;
            }
        }
    }

    /// Exponential with mean 1, by a ziggurat of 256 layers.
    #[inline]
    pub fn exp1(&mut self) -> f64 {
        let word = self.next_u64();
        let layer = (word & 255) as usize;
        // The top 52 bits make the position and the low 8 the layer: none does both.
        let x = open_unit(word) * EXP_X[layer];
        if x < EXP_X[layer + 1] {
            x
        } else {
            self.exp1_edge(layer, x)
        }
    }

    /// The same as [`Draw::exp1`] for a draw that is asked nothing else: the next word is made only if needed.
    #[inline]
    #[must_use]
    pub fn only_exp1(mut self) -> f64 {
        let word = self.next;
        let layer = (word & 255) as usize;
        let x = open_unit(word) * EXP_X[layer];
        if x < EXP_X[layer + 1] {
            return x;
        }
        self.next_u64();
        self.exp1_edge(layer, x)
    }

    /// The same as [`Draw::normal`] for a draw that is asked nothing else.
    #[inline]
    #[must_use]
    pub fn only_normal(mut self) -> f64 {
        let word = self.next;
        let layer = (word & 255) as usize;
        let x = symmetric_unit(word) * NORMAL_X[layer];
        if x.abs() < NORMAL_X[layer + 1] {
            return x;
        }
        self.next_u64();
        self.normal_edge(layer, x)
    }

    /// The other 1.1 % of the exponential: the tail, or the wedge between a layer's box and the curve.
    #[cold]
    #[inline(never)]
    fn exp1_edge(&mut self, mut layer: usize, mut x: f64) -> f64 {
        let mut shift = 0.0;
        loop {
            if layer == 0 {
                // Beyond the last edge the curve repeats itself.
                shift += EXP_X[1];
            } else if EXP_Y[layer + 1] + (EXP_Y[layer] - EXP_Y[layer + 1]) * self.unit()
                < math::exp(-x)
            {
                return shift + x;
            }
            let word = self.next_u64();
            layer = (word & 255) as usize;
            x = open_unit(word) * EXP_X[layer];
            if x < EXP_X[layer + 1] {
                return shift + x;
            }
        }
    }

    /// Normal with mean 0 and standard deviation 1, by a ziggurat of 256 layers.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let word = self.next_u64();
        let layer = (word & 255) as usize;
        let x = symmetric_unit(word) * NORMAL_X[layer];
        if x.abs() < NORMAL_X[layer + 1] {
            x
        } else {
            self.normal_edge(layer, x)
        }
    }

    /// The other 1.2 % of the normal.
    #[cold]
    #[inline(never)]
    fn normal_edge(&mut self, mut layer: usize, mut x: f64) -> f64 {
        loop {
            if layer == 0 {
                // Marsaglia's tail: exponentials of the tail's slope, thinned to the curve.
                let edge = NORMAL_X[1];
                loop {
                    let beyond = self.exp1() / edge;
                    if beyond * beyond < 2.0 * self.exp1() {
                        return if x < 0.0 {
                            -edge - beyond
                        } else {
                            edge + beyond
                        };
                    }
                }
            }
            if NORMAL_Y[layer + 1] + (NORMAL_Y[layer] - NORMAL_Y[layer + 1]) * self.unit()
                < math::exp(-0.5 * x * x)
            {
                return x;
            }
            let word = self.next_u64();
            layer = (word & 255) as usize;
            x = symmetric_unit(word) * NORMAL_X[layer];
            if x.abs() < NORMAL_X[layer + 1] {
                return x;
            }
        }
    }

    /// Gamma with mean `shape` (scale 1).
    ///
    /// Source: G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables" (2000);
    /// below shape 1 the value of shape + 1, times a uniform to the power 1/shape.
    ///
    /// # Panics
    ///
    /// If `shape` is not positive.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        assert!(0.0 < shape, "a gamma draw of shape {shape}");
        let (shape, factor) = if shape < 1.0 {
            (shape + 1.0, math::exp(-self.exp1() / shape))
        } else {
            (shape, 1.0)
        };
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            let u = self.unit_open();
            let x2 = x * x;
            if u < 1.0 - 0.0331 * x2 * x2 || math::ln(u) < 0.5 * x2 + d * (1.0 - v + math::ln(v)) {
                return d * v * factor;
            }
        }
    }
}

/// A word's top 52 bits, uniform in (0, 1), symmetric about a half.
#[inline]
fn open_unit(word: u64) -> f64 {
    f64::from_bits((word >> 12) | 0x3ff0_0000_0000_0000) - (1.0 - f64::EPSILON / 2.0)
}

/// A word's top 52 bits, uniform in [-1, 1).
#[inline]
fn symmetric_unit(word: u64) -> f64 {
    f64::from_bits((word >> 12) | 0x4000_0000_0000_0000) - 3.0
}
