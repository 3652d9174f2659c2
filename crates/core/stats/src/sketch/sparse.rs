//! The remembering sketch: 16 buckets per octave, only the occupied ones, eight bytes each.
//!
//! A window of a busy service occupies some 40 of them, of an idle one none. Neighbouring windows merge
//! by one pass over both lists.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Bucket, Sketch, Written, bucket};

/// Buckets per octave.
pub(super) const PARTS: u64 = 16;

/// How many values fell where, to 5 %, in little memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    /// (bucket index, count) in rising order. A count beyond 32 bits is spread over several entries of
    /// one index, full ones first, so that equal contents are equal lists.
    entries: Box<[(u16, u32)]>,
    sum: u128,
}

impl Sparse {
    /// From (index, count) in rising order of the index, which may repeat.
    pub(super) fn from_counts(counts: impl Iterator<Item = (u16, u64)>, sum: u128) -> Self {
        let mut entries = Vec::with_capacity(counts.size_hint().0);
        let mut put = |index: u16, mut count: u64| {
            while u64::from(u32::MAX) < count {
                entries.push((index, u32::MAX));
                count -= u64::from(u32::MAX);
            }
            if count != 0 {
                entries.push((index, count as u32));
            }
        };
        let mut open = (0, 0);
        for (index, count) in counts {
            if index == open.0 {
                open.1 += count;
            } else {
                put(open.0, open.1);
                open = (index, count);
            }
        }
        put(open.0, open.1);
        Self {
            entries: entries.into_boxed_slice(),
            sum,
        }
    }

    /// (index, count) in rising order; an index may repeat.
    fn entries(&self) -> impl Iterator<Item = (u16, u64)> {
        self.entries
            .iter()
            .map(|&(index, count)| (index, u64::from(count)))
    }

    /// (index, count), each index once.
    fn counts(&self) -> impl Iterator<Item = (u16, u64)> {
        let mut entries = self.entries().peekable();
        core::iter::from_fn(move || {
            let (index, mut count) = entries.next()?;
            while let Some((_, more)) = entries.next_if(|next| next.0 == index) {
                count += more;
            }
            Some((index, count))
        })
    }

    /// The values of both.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut mine = self.entries().peekable();
        let mut theirs = other.entries().peekable();
        let both = core::iter::from_fn(|| match (mine.peek(), theirs.peek()) {
            (Some(a), Some(b)) if b.0 < a.0 => theirs.next(),
            (Some(_), _) => mine.next(),
            (None, _) => theirs.next(),
        });
        Self::from_counts(both, self.sum + other.sum)
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        if !other.is_empty() {
            *self = self.merged(other);
        }
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
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
        if let Some((_, count)) = counts.iter().find(|(_, count)| 1 << 48 <= *count) {
            return Err(serde::de::Error::custom(format!(
                "a bucket with {count} values"
            )));
        }
        Ok(Self::from_counts(counts.into_iter(), sum))
    }
}
