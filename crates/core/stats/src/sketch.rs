//! Mergeable sketches of values in nanoseconds: how many fell where, in a bounded number of buckets.
//!
//! Buckets are log-linear: every octave is cut into equal parts, 64 for the [`Histogram`] that records
//! and sums up a run, 16 for the [`Sparse`] that remembers a window. Both add up exactly: sketches merged
//! in any order are the sketch of all values. A quantile is off by at most [`Sketch::RELATIVE_ERROR`] of
//! itself (1 % and 5 %), whatever the values; interpolation makes it far better where they spread.
//!
//! A request that never came back has no value, yet percentiles count it: every question takes the number
//! of those and treats them as infinite.

mod histogram;
mod sparse;

use serde::{Deserialize, Serialize};

pub use histogram::Histogram;
pub use sparse::Sparse;

use crate::interval;

/// A run of whole values, `low..high`, and how many fell there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The smallest value that belongs here.
    pub low: u64,
    /// The smallest value above that does not.
    pub high: u64,
    /// How many values there are; never 0.
    pub count: u64,
}

/// An answer to "below which value do that many fall?".
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub enum Quantile {
    /// There is nothing to ask about.
    Empty,
    /// This value, in nanoseconds.
    At(f64),
    /// So many never came back that no value is large enough.
    Never,
}

impl Quantile {
    /// The value in nanoseconds, infinite for [`Quantile::Never`]; `None` if there was nothing.
    #[must_use]
    pub fn ns(self) -> Option<f64> {
        match self {
            Self::Empty => None,
            Self::At(ns) => Some(ns),
            Self::Never => Some(f64::INFINITY),
        }
    }
}

/// What can be asked of any sketch.
pub trait Sketch {
    /// By how much, relative to the exact answer, a quantile may be off.
    const RELATIVE_ERROR: f64;

    /// The occupied buckets in rising order.
    fn buckets(&self) -> impl Iterator<Item = Bucket>;

    /// The exact sum of all values.
    fn sum(&self) -> u128;

    /// How many values were added. Walks the buckets.
    fn count(&self) -> u64 {
        self.buckets().map(|bucket| bucket.count).sum()
    }

    /// The mean of the values, in nanoseconds, exact up to rounding; `None` without values.
    fn mean(&self) -> Option<f64> {
        let count = self.count();
        (count != 0).then(|| self.sum() as f64 / count as f64)
    }

    /// The value that a share `q` of all, `never` among them, stays at or below.
    ///
    /// # Panics
    ///
    /// If `q` is outside 0..=1.
    fn quantile(&self, q: f64, never: u64) -> Quantile {
        assert!((0.0..=1.0).contains(&q), "a quantile at {q}");
        let total = self.count() + never;
        if total == 0 {
            return Quantile::Empty;
        }
        // The q-quantile of n values is the ceil(q n)th smallest; inside its bucket ranks spread evenly.
        self.at_rank((q * total as f64).clamp(1.0, total as f64))
    }

    /// The interval that holds the quantile at `q` with at least the given `confidence`, for independent
    /// values (which those of one run of a queue are not), up to the sketch's own relative error.
    /// `None` where that many values cannot tell that side.
    ///
    /// # Panics
    ///
    /// If `q` or `confidence` is outside 0..=1.
    fn quantile_interval(
        &self,
        q: f64,
        confidence: f64,
        never: u64,
    ) -> (Option<Quantile>, Option<Quantile>) {
        let ranks = interval::quantile_ranks(self.count() + never, q, confidence);
        let at = |rank: Option<u64>| rank.map(|rank| self.at_rank(rank as f64));
        (at(ranks.low), at(ranks.high))
    }

    /// The share of all, `never` among them, that stays at or below `limit` nanoseconds; `None` if there
    /// is nothing.
    fn share_within(&self, limit: u64, never: u64) -> Option<f64> {
        let mut within = 0.0;
        let mut total = never;
        for bucket in self.buckets() {
            total += bucket.count;
            if bucket.high <= limit.saturating_add(1) {
                within += bucket.count as f64;
            } else if bucket.low <= limit {
                let covered = (limit - bucket.low + 1) as f64 / (bucket.high - bucket.low) as f64;
                within += covered * bucket.count as f64;
            }
        }
        (total != 0).then(|| within / total as f64)
    }

    /// The value of the `rank`th smallest (1 is the smallest; fractions lie between), or `Never` beyond
    /// the last.
    fn at_rank(&self, rank: f64) -> Quantile {
        let mut below = 0;
        for bucket in self.buckets() {
            let upto = below + bucket.count;
            if rank <= upto as f64 {
                return Quantile::At(within(
                    bucket,
                    (rank - below as f64) / bucket.count as f64,
                    Self::RELATIVE_ERROR,
                ));
            }
            below = upto;
        }
        Quantile::Never
    }
}

/// The value at `fraction` of a bucket's ranks.
fn within(bucket: Bucket, fraction: f64, relative_error: f64) -> f64 {
    let (first, last) = (bucket.low as f64, (bucket.high - 1) as f64);
    // A whole value stands for all that round to it, so the bucket reaches half a unit beyond its ends.
    let spread = first - 0.5 + (last - first + 1.0) * fraction.clamp(0.0, 1.0);
    // All values may sit at one end of the bucket: stay within reach of both.
    let (low, high) = (
        last / (1.0 + relative_error),
        first * (1.0 + relative_error),
    );
    spread.clamp(low.max(first), high.min(last).max(low.max(first)))
}

/// The octave (0 for all values below `parts`, which must be a power of two) and the part within it.
#[inline]
fn place(value: u64, parts: u64) -> (usize, usize) {
    let bits = parts.trailing_zeros();
    // Values below `parts` are their own buckets; or-ing half of `parts` in keeps the logarithm there.
    let log = 63 - (value | (parts >> 1)).leading_zeros();
    let shift = log.saturating_sub(bits);
    (
        (log + 1 - bits) as usize,
        (value >> shift & (parts - 1)) as usize,
    )
}

/// The first value of a bucket and the number of values in it; the inverse of [`place`].
fn span(octave: usize, part: usize, parts: u64) -> (u64, u64) {
    match octave.checked_sub(1) {
        None => (part as u64, 1),
        Some(shift) => ((parts + part as u64) << shift, 1 << shift),
    }
}

/// A bucket from its place. The top one ends at `u64::MAX`, which no value in nanoseconds reaches.
fn bucket(octave: usize, part: usize, parts: u64, count: u64) -> Bucket {
    let (low, width) = span(octave, part, parts);
    Bucket {
        low,
        high: low.saturating_add(width),
        count,
    }
}

/// How a sketch is written: a version, the sum as (high, low) words, the occupied buckets in rising order.
#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    parts: u64,
    sum: (u64, u64),
    buckets: Vec<(u16, u64)>,
}

impl Written {
    const VERSION: u32 = 1;

    fn new(parts: u64, sum: u128, buckets: impl Iterator<Item = (u16, u64)>) -> Self {
        Self {
            version: Self::VERSION,
            parts,
            sum: ((sum >> 64) as u64, sum as u64),
            buckets: buckets.collect(),
        }
    }

    /// The sum and the buckets, if this was written by a sketch of so many parts per octave.
    fn checked(self, parts: u64) -> Result<(u128, Vec<(u16, u64)>), String> {
        let end = parts as usize * (65 - parts.trailing_zeros() as usize);
        if self.version != Self::VERSION || self.parts != parts {
            return Err(format!(
                "a sketch of version {} with {} parts per octave, where version {} with {parts} is read",
                self.version,
                self.parts,
                Self::VERSION
            ));
        }
        let rising = self.buckets.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let sound = |&(index, count): &(u16, u64)| {
            usize::from(index) < end && (1..1 << 48).contains(&count)
        };
        if !rising || !self.buckets.iter().all(sound) {
            return Err(
                "a sketch's buckets must rise, end in time and hold 1 to 2^48 values".into(),
            );
        }
        Ok((
            (u128::from(self.sum.0) << 64) | u128::from(self.sum.1),
            self.buckets,
        ))
    }
}
