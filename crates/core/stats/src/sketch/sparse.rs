//! The remembering sketch: 16 buckets per octave, only the occupied ones, one or two bytes each.
//!
//! A window of a thousand exponential response times occupies some 140 buckets and takes 200 bytes, an idle
//! one none; a report keeps some hundred windows of every measure. Neighbouring windows merge by one pass
//! over both.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Bucket, Sketch, Written, bucket};

/// Buckets per octave.
pub(super) const PARTS: u64 = 16;

/// How many values fell where, to 5 %, in little memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sparse {
    /// For each occupied bucket in rising order: its count, doubled, plus one if empty buckets lie
    /// between it and the one before; if so, then their number. Each in 7-bit groups, lowest first.
    bytes: Box<[u8]>,
    sum: u128,
}

impl Sparse {
    /// From (index, count) in rising order of the index, which may repeat; counts are below 2^62.
    pub(super) fn from_counts(counts: impl Iterator<Item = (u16, u64)>, sum: u128) -> Self {
        let mut builder = Builder::default();
        for (index, count) in counts {
            builder.push(index, count);
        }
        builder.finish(sum)
    }

    /// (index, count), rising.
    fn counts(&self) -> Reader<'_> {
        Reader {
            bytes: self.bytes.iter(),
            next: 0,
        }
    }

    /// The values of both.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut mine = self.counts().peekable();
        let mut theirs = other.counts().peekable();
        let both = core::iter::from_fn(|| match (mine.peek(), theirs.peek()) {
            (Some(a), Some(b)) if b.0 < a.0 => theirs.next(),
            (Some(_), _) => mine.next(),
            (None, _) => theirs.next(),
        });
        Self::from_counts(both, self.sum + other.sum)
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
        } else if !other.is_empty() {
            *self = self.merged(other);
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many bytes it takes beyond its own fields.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len()
    }
}

/// Writes buckets as they come, in rising order.
#[derive(Default)]
pub(super) struct Builder {
    bytes: Vec<u8>,
    /// The index after the last one written.
    next: u16,
    /// The bucket that may still grow.
    open: (u16, u64),
}

impl Builder {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Counts `count` more at `index`, which must not lie below an earlier one.
    #[inline]
    pub(super) fn push(&mut self, index: u16, count: u64) {
        if index != self.open.0 {
            self.write();
            self.open = (index, 0);
        }
        self.open.1 += count;
    }

    pub(super) fn finish(mut self, sum: u128) -> Sparse {
        self.write();
        Sparse {
            bytes: self.bytes.into_boxed_slice(),
            sum,
        }
    }

    fn write(&mut self) {
        let (index, count) = self.open;
        if count == 0 {
            return;
        }
        let gap = index - self.next;
        self.number(count << 1 | u64::from(gap != 0));
        if gap != 0 {
            self.number(u64::from(gap));
        }
        self.next = index + 1;
    }

    fn number(&mut self, mut number: u64) {
        while 128 <= number {
            self.bytes.push(number as u8 | 128);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
}

#[derive(Clone)]
struct Reader<'a> {
    bytes: core::slice::Iter<'a, u8>,
    next: u16,
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        let mut shift = 0;
        loop {
            let byte = *self.bytes.next()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = (u16, u64);

    fn next(&mut self) -> Option<(u16, u64)> {
        let head = self.number()?;
        let gap = if head & 1 == 1 { self.number()? } else { 0 };
        let index = self.next + gap as u16;
        self.next = index + 1;
        Some((index, head >> 1))
    }
}

impl Sketch for Sparse {
    const RELATIVE_ERROR: f64 = 0.05;

    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        let parts = PARTS as usize;
        self.counts().map(move |(index, count)| {
            bucket(
                usize::from(index) / parts,
                usize::from(index) % parts,
                PARTS,
                count,
            )
        })
    }

    fn sum(&self) -> u128 {
        self.sum
    }
}

impl Serialize for Sparse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::new(PARTS, self.sum, self.counts()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sparse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let (sum, counts) = written.checked(PARTS).map_err(serde::de::Error::custom)?;
        Ok(Self::from_counts(counts.into_iter(), sum))
    }
}
