//! A sketch that takes values in any order: sixteen buckets per octave, only the occupied ones.

use super::window::Part;
use serde::{Deserialize, Serialize};

/// Buckets per octave, as a power of two.
const PART_BITS: u32 = 4;

/// Buckets there are: one per value up to 16, then 16 for each further octave of 64 bits.
pub(super) const BUCKETS: usize = (64 - PART_BITS as usize + 1) << PART_BITS;

/// How many values fell into which bucket, in order of buckets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch(Vec<(u16, u32)>);

impl Sketch {
    #[inline]
    pub(crate) fn add(&mut self, value: u64) {
        let bucket = bucket_of(value);
        match self.0.binary_search_by_key(&bucket, |entry| entry.0) {
            Ok(at) => self.0[at].1 += 1,
            Err(at) => self.0.insert(at, (bucket, 1)),
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for &(bucket, count) in &other.0 {
            match self.0.binary_search_by_key(&bucket, |entry| entry.0) {
                Ok(at) => self.0[at].1 += count,
                Err(at) => self.0.insert(at, (bucket, count)),
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value at `rank` (1 is the smallest), to 3 %; infinite beyond the last.
    pub(crate) fn at_rank(&self, rank: u64) -> f64 {
        at_rank(
            self.0
                .iter()
                .map(|&(bucket, count)| (usize::from(bucket), u64::from(count))),
            rank,
        )
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.iter().map(|&(_, count)| u64::from(count)).sum()
    }
}

/// Sums of sketches, dense.
#[derive(Clone, Debug)]
pub(super) struct Sum(Vec<u64>);

impl Sum {
    pub(super) fn new() -> Self {
        Self(vec![0; BUCKETS])
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    pub(super) fn add(&mut self, sketch: &Sketch) {
        for &(bucket, count) in &sketch.0 {
            self.0[usize::from(bucket)] += u64::from(count);
        }
    }

    /// The same part of each bucket.
    pub(super) fn add_part(&mut self, sketch: &Sketch, part: Part) {
        for &(bucket, count) in &sketch.0 {
            self.0[usize::from(bucket)] += part.of(u64::from(count));
        }
    }

    /// See [`Sketch::at_rank`].
    pub(super) fn at_rank(&self, rank: u64) -> f64 {
        at_rank(self.0.iter().copied().enumerate(), rank)
    }
}

/// The middle of the bucket in which a rank falls.
fn at_rank(counts: impl Iterator<Item = (usize, u64)>, rank: u64) -> f64 {
    let mut below = 0;
    for (bucket, count) in counts {
        below += count;
        if rank <= below {
            return middle_of(bucket);
        }
    }
    f64::INFINITY
}

#[inline]
fn bucket_of(value: u64) -> u16 {
    let octave = (64 - value.leading_zeros()).saturating_sub(PART_BITS + 1);
    // Within its octave the top bits count from 16 on, but for the values below 16.
    ((octave << PART_BITS) as u64 + (value >> octave)) as u16
}

fn middle_of(bucket: usize) -> f64 {
    let parts = 1_usize << PART_BITS;
    let octave = (bucket >> PART_BITS).saturating_sub(1);
    let low = ((bucket - octave * parts) as u64) << octave;
    let width = 1_u64 << octave;
    low as f64 + 0.5 * (width - 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value lies in a bucket whose middle is within a thirty-second of it, in order.
    #[test]
    fn buckets_are_narrow_and_ordered() {
        let mut last = 0;
        let mut value = 0_u64;
        while value < u64::MAX / 2 {
            let bucket = bucket_of(value);
            assert!(usize::from(bucket) < BUCKETS);
            assert!(last <= bucket, "{value}");
            let middle = middle_of(usize::from(bucket));
            assert!(
                (middle - value as f64).abs() <= value as f64 / 32.0,
                "{value}: {middle}"
            );
            last = bucket;
            value += 1 + value / 37;
        }
        assert!(usize::from(bucket_of(u64::MAX)) < BUCKETS);
    }
}
