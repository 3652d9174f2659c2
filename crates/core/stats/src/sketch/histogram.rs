//! The recording sketch: 64 buckets per octave, one increment per value.
//!
//! Counts are 32 bits wide in pages of one octave, opened when first needed, so that a histogram costs
//! 256 bytes per octave that its values really span and an idle one next to nothing. Recording is a
//! leading-zero count, a page lookup and an increment: about a nanosecond. A count that passes 2^32 goes
//! on in a list of carries; nothing is ever lost or saturated.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sparse::PARTS as SPARSE_PARTS;
use super::{Bucket, Sketch, Sparse, Written, bucket, place, span};

/// Buckets per octave.
pub(super) const PARTS: u64 = 64;
const PAGE: usize = PARTS as usize;
/// Octaves of a `u64`: one for the values below 64, and one for each further bit.
const OCTAVES: usize = 59;
/// The slot of an octave that has no page yet.
const CLOSED: u8 = u8::MAX;

/// How many values fell where, to 1 %.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// Which page holds an octave's counts.
    slots: [u8; OCTAVES],
    pages: Vec<[u32; PAGE]>,
    /// Buckets (by index) that passed 2^32, once for each time. Almost always empty.
    carries: Vec<u16>,
    sum: u128,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// A histogram of nothing. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [CLOSED; OCTAVES],
            pages: Vec::new(),
            carries: Vec::new(),
            sum: 0,
        }
    }

    /// Records a value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.sum += u128::from(value);
        let (octave, part) = place(value, PARTS);
        if let Some(page) = self.pages.get_mut(usize::from(self.slots[octave])) {
            page[part] = page[part].wrapping_add(1);
            if page[part] != 0 {
                return;
            }
            self.carries.push((octave * PAGE + part) as u16);
        } else {
            self.open(octave)[part] += 1;
        }
    }

    /// The page of an octave, new if need be.
    #[cold]
    #[inline(never)]
    fn open(&mut self, octave: usize) -> &mut [u32; PAGE] {
        if self.slots[octave] == CLOSED {
            self.slots[octave] = self.pages.len() as u8;
            self.pages.push([0; PAGE]);
        }
        &mut self.pages[usize::from(self.slots[octave])]
    }

    /// Adds `count` values to the bucket at `octave` and `part`, not touching the sum.
    fn add_count(&mut self, octave: usize, part: usize, count: u64) {
        let slot = &mut self.open(octave)[part];
        let total = u64::from(*slot) + (count & u64::from(u32::MAX));
        *slot = total as u32;
        let carries = (total >> 32) + (count >> 32);
        self.carries
            .extend((0..carries).map(|_| (octave * PAGE + part) as u16));
    }

    /// Adds all values of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.sum += other.sum;
        for (octave, &slot) in other.slots.iter().enumerate() {
            let Some(theirs) = other.pages.get(usize::from(slot)) else {
                continue;
            };
            self.merge_page(octave, theirs);
        }
        self.carries.extend(&other.carries);
    }

    fn merge_page(&mut self, octave: usize, theirs: &[u32; PAGE]) {
        let mut carried = [false; PAGE];
        let mut any = false;
        for ((mine, theirs), carried) in self.open(octave).iter_mut().zip(theirs).zip(&mut carried)
        {
            (*mine, *carried) = mine.overflowing_add(*theirs);
            any |= *carried;
        }
        if any {
            let parts = carried.iter().enumerate().filter(|(_, carried)| **carried);
            self.carries
                .extend(parts.map(|(part, _)| (octave * PAGE + part) as u16));
        }
    }

    /// Moves everything into `total`, leaving nothing here, and returns the same values as a [`Sparse`]:
    /// how a window ends. Pages stay open for the next one; the price is a walk over them.
    #[must_use = "the window's values are in it"]
    pub fn drain_into(&mut self, total: &mut Self) -> Sparse {
        let mut sparse = sparse_of_carries(&self.carries);
        total.carries.append(&mut self.carries);
        for octave in 0..OCTAVES {
            let Some(page) = self.pages.get_mut(usize::from(self.slots[octave])) else {
                continue;
            };
            if page.iter().fold(0, |any, count| any | count) == 0 {
                continue;
            }
            sparse.push_page(octave, page);
            total.merge_page(octave, page);
            page.fill(0);
        }
        total.sum += self.sum;
        let sparse = sparse.finish(self.sum);
        self.sum = 0;
        sparse
    }

    /// The same values to 5 %.
    #[must_use]
    pub fn fold(&self) -> Sparse {
        let mut sparse = sparse_of_carries(&self.carries);
        for (octave, &slot) in self.slots.iter().enumerate() {
            if let Some(page) = self.pages.get(usize::from(slot)) {
                sparse.push_page(octave, page);
            }
        }
        sparse.finish(self.sum)
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.carries.is_empty() && self.pages.iter().flatten().all(|&count| count == 0)
    }

    /// Occupied buckets by index.
    fn counts(&self) -> impl Iterator<Item = (usize, u64)> {
        self.slots
            .iter()
            .enumerate()
            .flat_map(move |(octave, &slot)| {
                let page = self
                    .pages
                    .get(usize::from(slot))
                    .map_or(&[][..], |page| &page[..]);
                page.iter().enumerate().filter_map(move |(part, &count)| {
                    let index = octave * PAGE + part;
                    let carried = self
                        .carries
                        .iter()
                        .filter(|&&carry| usize::from(carry) == index)
                        .count() as u64;
                    let count = u64::from(count) + (carried << 32);
                    (count != 0).then_some((index, count))
                })
            })
    }
}

/// The 5 % buckets of what was carried beyond 32 bits.
fn sparse_of_carries(carries: &[u16]) -> Folding {
    let mut folding = Folding {
        counts: Vec::new(),
        carried: Vec::new(),
    };
    for &carry in carries {
        let (octave, part) = (usize::from(carry) / PAGE, usize::from(carry) % PAGE);
        folding.carried.push((coarse(octave, part), 1 << 32));
    }
    folding
}

/// The index of the 5 % bucket that a 1 % bucket lies in.
fn coarse(octave: usize, part: usize) -> u16 {
    let (octave, part) = place(span(octave, part, PARTS).0, SPARSE_PARTS);
    (octave * SPARSE_PARTS as usize + part) as u16
}

/// 5 % buckets in the making.
struct Folding {
    counts: Vec<(u16, u64)>,
    carried: Vec<(u16, u64)>,
}

impl Folding {
    /// Takes an octave in; octaves must come in rising order.
    fn push_page(&mut self, octave: usize, page: &[u32; PAGE]) {
        if octave == 0 {
            for (part, &count) in page.iter().enumerate() {
                self.push(coarse(0, part), u64::from(count));
            }
            return;
        }
        const RATIO: usize = (PARTS / SPARSE_PARTS) as usize;
        let first = coarse(octave, 0);
        for (index, parts) in (first..).zip(page.chunks_exact(RATIO)) {
            self.push(index, parts.iter().map(|&count| u64::from(count)).sum());
        }
    }

    fn push(&mut self, index: u16, count: u64) {
        if count == 0 {
            return;
        }
        match self.counts.last_mut() {
            Some(last) if last.0 == index => last.1 += count,
            _ => self.counts.push((index, count)),
        }
    }

    fn finish(self, sum: u128) -> Sparse {
        let mut counts = self.counts;
        if !self.carried.is_empty() {
            counts.extend(self.carried);
            counts.sort_unstable();
        }
        Sparse::from_counts(counts.into_iter(), sum)
    }
}

impl Sketch for Histogram {
    const RELATIVE_ERROR: f64 = 0.01;

    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        self.counts()
            .map(|(index, count)| bucket(index / PAGE, index % PAGE, PARTS, count))
    }

    fn sum(&self) -> u128 {
        self.sum
    }
}

/// Equal when they hold the same values, whatever pages happen to be open.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum && self.counts().eq(other.counts())
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let buckets = self.counts().map(|(index, count)| (index as u16, count));
        Written::new(PARTS, self.sum, buckets).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let (sum, buckets) = written.checked(PARTS).map_err(serde::de::Error::custom)?;
        let mut histogram = Self { sum, ..Self::new() };
        for (index, count) in buckets {
            histogram.add_count(usize::from(index) / PAGE, usize::from(index) % PAGE, count);
        }
        Ok(histogram)
    }
}
