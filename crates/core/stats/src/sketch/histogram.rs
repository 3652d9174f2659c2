//! The recording sketch: 64 buckets per octave, one increment per value.
//!
//! Counts are 32 bits wide in pages of one octave, opened when first needed, so that a histogram costs
//! 256 bytes per octave that its values really span and an idle one next to nothing. Recording is a
//! leading-zero count, a page lookup and an increment: about a nanosecond. A count that passes 2^32 goes
//! on in a list of carries; nothing is ever lost or saturated.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::sparse::{Builder, PARTS as SPARSE_PARTS};
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
        let sparse = self.fold();
        total.sum += core::mem::take(&mut self.sum);
        // A page may be clear only because its counts were carried; its carries need it open.
        let carried = !self.carries.is_empty();
        total.carries.append(&mut self.carries);
        for (octave, &slot) in self.slots.iter().enumerate() {
            let Some(page) = self.pages.get_mut(usize::from(slot)) else {
                continue;
            };
            if carried || !is_clear(page) {
                total.merge_page(octave, page);
                page.fill(0);
            }
        }
        sparse
    }

    /// The same values to 5 %.
    #[must_use]
    pub fn fold(&self) -> Sparse {
        let mut carried: Vec<u16> = self
            .carries
            .iter()
            .map(|&carry| coarse(usize::from(carry) / PAGE, usize::from(carry) % PAGE))
            .collect();
        carried.sort_unstable_by(|a, b| b.cmp(a));
        let mut builder = Builder::with_capacity(32 * self.pages.len());
        for (octave, &slot) in self.slots.iter().enumerate() {
            let Some(page) = self.pages.get(usize::from(slot)) else {
                continue;
            };
            if is_clear(page) && carried.is_empty() {
                continue;
            }
            fold_page(octave, page, |index, count| {
                while let Some(index) = carried.pop_if(|carried| *carried <= index) {
                    builder.push(index, 1 << 32);
                }
                if count != 0 {
                    builder.push(index, count);
                }
            });
        }
        // A carry's own page is open, so that none is left.
        debug_assert!(carried.is_empty());
        builder.finish(self.sum)
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

/// The index of the 5 % bucket that a 1 % bucket lies in.
fn coarse(octave: usize, part: usize) -> u16 {
    let (octave, part) = place(span(octave, part, PARTS).0, SPARSE_PARTS);
    (octave * SPARSE_PARTS as usize + part) as u16
}

fn is_clear(page: &[u32; PAGE]) -> bool {
    page.iter().fold(0, |any, count| any | count) == 0
}

/// The counts of an octave in 5 % buckets, rising; the first page's come in pieces.
fn fold_page(octave: usize, page: &[u32; PAGE], mut push: impl FnMut(u16, u64)) {
    const RATIO: usize = (PARTS / SPARSE_PARTS) as usize;
    if octave == 0 {
        for (part, &count) in page.iter().enumerate() {
            push(coarse(0, part), u64::from(count));
        }
    } else {
        for (index, parts) in (coarse(octave, 0)..).zip(page.chunks_exact(RATIO)) {
            push(index, parts.iter().map(|&count| u64::from(count)).sum());
        }
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
