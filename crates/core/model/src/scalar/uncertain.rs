//! What nobody knows exactly: a best estimate and the range in which the one true value lies.
//!
//! A range is an unknown constant, never something that varies (that is a [`super::Dist`]): one value holds
//! through a whole history. Invariant: `low <= best <= high`, all of one currency and time.

use std::fmt;

use super::{
    Bandwidth, Cores, Count, Cursor, Duration, Factor, Growth, Money, Number, Pin, Rate, Ratio,
    Scalar, ScalarError, Size, Within,
};

/// A kind of value with a size that can be scaled and averaged.
pub trait Quantity: Scalar + Copy + PartialOrd {
    /// The size as a number, in the kind's own unit.
    fn magnitude(self) -> f64;

    /// The same kind of value (unit, currency) of another size, rounded if the kind is whole; `None` if the size
    /// is not finite, negative, or beyond what the kind can hold.
    fn with_magnitude(self, magnitude: f64) -> Option<Self>;

    /// Whether it has no dimension, so that a guess of it stays what it is: counts and bare numbers.
    const BARE: bool = false;

    /// So many times as much, as what a guess may be.
    fn times(self, factor: f64) -> Option<Self> {
        self.with_magnitude(self.magnitude() * factor)
    }
}

macro_rules! float_quantity {
    ($($kind:ty, $get:ident, $new:path);+ $(;)?) => {$(
        impl Quantity for $kind {
            fn magnitude(self) -> f64 {
                self.$get()
            }
            fn with_magnitude(self, magnitude: f64) -> Option<Self> {
                $new(magnitude)
            }
        }
    )+};
}

float_quantity! {
    Factor, get, Factor::new;
    Cores, get, Cores::new;
    Rate, get, Rate::per_second;
}

impl Quantity for Number {
    const BARE: bool = true;

    fn magnitude(self) -> f64 {
        self.get()
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        Self::new(magnitude)
    }
}

impl Quantity for Ratio {
    fn magnitude(self) -> f64 {
        self.get()
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        Self::new(magnitude)
    }

    fn times(self, factor: f64) -> Option<Self> {
        let times = self.get() * factor;
        // A share that is guessed stays a share.
        Self::new(if self.is_share() {
            times.min(1.0)
        } else {
            times
        })
    }
}

/// Below 2^64 as an `f64`, so that the conversion to `u64` is exact.
const WHOLE_MAX: f64 = 18_446_744_073_709_549_568.0;

/// The nearest whole number; halves go to the even neighbour.
fn nearest_whole(magnitude: f64) -> Option<u64> {
    let rounded = magnitude.round_ties_even();
    (0.0..=WHOLE_MAX)
        .contains(&rounded)
        .then_some(rounded as u64)
}

impl Quantity for Duration {
    fn magnitude(self) -> f64 {
        self.nanos() as f64
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        nearest_whole(magnitude).map(Self::from_nanos)
    }
}

impl Quantity for Count {
    const BARE: bool = true;

    fn magnitude(self) -> f64 {
        self.get() as f64
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        // Counts round half up.
        nearest_whole((magnitude + 0.5).floor()).and_then(Self::new)
    }
}

impl Quantity for Size {
    fn magnitude(self) -> f64 {
        self.get() as f64
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        nearest_whole(magnitude).map(Self::bytes)
    }
}

impl Quantity for Bandwidth {
    fn magnitude(self) -> f64 {
        self.get() as f64
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        nearest_whole(magnitude).map(Self::bits_per_second)
    }
}

impl Quantity for Money {
    fn magnitude(self) -> f64 {
        self.amount()
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        Self::new(magnitude, self.currency, self.per)
    }
}

impl Quantity for Growth {
    fn magnitude(self) -> f64 {
        self.share.get()
    }

    fn with_magnitude(self, magnitude: f64) -> Option<Self> {
        Some(Self {
            share: Ratio::new(magnitude)?,
            per: self.per,
        })
    }
}

/// A best estimate, and the range that the true value lies in. Without a range all three are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertain<T> {
    best: T,
    low: T,
    high: T,
}

impl<T: Quantity> Uncertain<T> {
    /// Known exactly.
    pub fn exactly(value: T) -> Self {
        Self {
            best: value,
            low: value,
            high: value,
        }
    }

    /// `None` unless `low <= best <= high`.
    pub fn new(best: T, low: T, high: T) -> Option<Self> {
        (low <= best && best <= high).then_some(Self { best, low, high })
    }

    /// Only the range is known: the best estimate is the geometric mean, or the arithmetic one if `low` is 0.
    /// `None` unless `low <= high`.
    pub fn between(low: T, high: T) -> Option<Self> {
        low.partial_cmp(&high).filter(|order| order.is_le())?;
        let (a, b) = (low.magnitude(), high.magnitude());
        let middle = if a == 0.0 { b / 2.0 } else { (a * b).sqrt() };
        let middle = low.with_magnitude(middle)?;
        // Rounding must not push the middle out of a narrow range.
        let middle = if middle < low {
            low
        } else if high < middle {
            high
        } else {
            middle
        };
        Some(Self {
            best: middle,
            low,
            high,
        })
    }

    /// From `1 - ratio` to `1 + ratio` times `best`. `None` if that is not possible.
    pub fn around(best: T, ratio: Ratio) -> Option<Self> {
        let low = best.with_magnitude(best.magnitude() * (1.0 - ratio.get()))?;
        let high = best.with_magnitude(best.magnitude() * (1.0 + ratio.get()))?;
        Self::new(best, low, high)
    }

    /// The best estimate.
    pub fn best(self) -> T {
        self.best
    }

    /// The lower end of the range.
    pub fn low(self) -> T {
        self.low
    }

    /// The upper end of the range.
    pub fn high(self) -> T {
        self.high
    }

    /// There is no range.
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// Reads a value with at most a range, not the `±` form: where something may follow.
    pub(crate) fn read_range(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let first = T::read(cursor)?;
        if cursor.eat(" in ") {
            let low = T::read(cursor)?;
            if !cursor.eat("..") {
                return Err(cursor
                    .wanted("a range such as `2..8`")
                    .hint("two dots between the two ends"));
            }
            let high = T::read(cursor)?;
            return Self::new(first, low, high).ok_or_else(|| {
                let reason = if low <= high {
                    format!("{first} is not between {low} and {high}")
                } else {
                    not_in_order(low, high)
                };
                cursor.refused(start, Self::about(), reason)
            });
        }
        if cursor.eat("..") {
            let high = T::read(cursor)?;
            return Self::between(first, high)
                .ok_or_else(|| cursor.refused(start, Self::about(), not_in_order(first, high)));
        }
        Ok(Self::exactly(first))
    }

    pub(crate) fn range_fragment() -> String {
        let one = T::fragment();
        format!(r"{one}(?: in {one}\.\.{one}|\.\.{one})?")
    }
}

fn not_in_order<T: Quantity>(low: T, high: T) -> String {
    if low.partial_cmp(&high).is_none() {
        format!("{low} and {high} cannot be compared")
    } else {
        format!("a range goes from low to high, and {low} is more than {high}")
    }
}

/// Reads what follows `±` or `+-`, if one of them is next.
pub(crate) fn read_plus_minus(cursor: &mut Cursor<'_>) -> Result<Option<Ratio>, ScalarError> {
    if !(cursor.eat(" ± ") || cursor.eat(" +- ")) {
        return Ok(None);
    }
    let start = cursor.at();
    let ratio = Ratio::read(cursor)?;
    if ratio.is_share() {
        Ok(Some(ratio))
    } else {
        Err(cursor.refused(
            start,
            Ratio::about(),
            format!("± {ratio} would reach below zero"),
        ))
    }
}

pub(crate) fn plus_minus_fragment() -> String {
    format!(r" (?:±|\+-) {}", Ratio::fragment())
}

impl<T: Quantity> fmt::Display for Uncertain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { best, low, high } = self;
        if low == high {
            best.fmt(f)
        } else if Self::between(*low, *high) == Some(*self) {
            write!(f, "{low}..{high}")
        } else {
            write!(f, "{best} in {low}..{high}")
        }
    }
}

impl<T: Quantity> Scalar for Uncertain<T> {
    fn about() -> String {
        T::about()
    }

    fn example() -> String {
        T::example()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let value = Self::read_range(cursor)?;
        let before = *cursor;
        match read_plus_minus(cursor)? {
            None => Ok(value),
            Some(_) if cursor.since(start).contains("..") => {
                Err(ScalarError::form(before.at()..cursor.at(), Self::about())
                    .hint("either a range or ±, not both"))
            }
            Some(ratio) => Self::around(value.best, ratio)
                .ok_or_else(|| cursor.refused(start, Self::about(), "this range is out of bounds")),
        }
    }

    fn pin(&self, pin: Pin) -> Option<Self> {
        if self.is_exact() {
            return pin.guessed(self.best).map(Self::exactly);
        }
        let there = match pin.to {
            Within::Low => self.low,
            Within::Best => self.best,
            Within::High => self.high,
            Within::At(_) => {
                let ends = [self.low, self.best, self.high].map(T::magnitude);
                self.low.with_magnitude(pin.of(ends[0], ends[1], ends[2]))?
            }
        };
        Some(Self::exactly(there))
    }

    fn fragment() -> String {
        let one = T::fragment();
        format!(
            r"{one}(?: in {one}\.\.{one}|\.\.{one}|{})?",
            plus_minus_fragment()
        )
    }
}
