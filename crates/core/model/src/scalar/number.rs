//! Numbers: decimal digits, an optional fraction, an optional `k`, `M` or `G`.
//!
//! No sign, no exponent, no digit separators: one way to write a number. At most
//! 24 digits before the point and 32 after it, so that even hostile text gives a finite value.

use std::fmt;

use super::{Cursor, Scalar, ScalarError, from_str};

/// The largest magnitude any number may have.
const LARGEST: f64 = 1e20;
/// The smallest magnitude above zero any number may have.
const SMALLEST: f64 = 1e-15;

/// Zero, or of a magnitude that prints and reads back: what every `f64` quantity holds.
pub(crate) fn is_bounded(value: f64) -> bool {
    value == 0.0 || (SMALLEST..=LARGEST).contains(&value)
}

/// Digits before the point and after it, with an optional suffix.
pub(crate) const FRAGMENT: &str = r"[0-9]{1,24}(?:\.[0-9]{1,32})?[kMG]?";

/// The decimal digits of a number as written: exact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
    /// Power of ten from the suffix.
    suffix: i32,
    start: usize,
}

impl<'a> Decimal<'a> {
    /// Reads digits and fraction, and no suffix: the caller knows which unit may follow.
    pub(crate) fn digits(cursor: &mut Cursor<'a>, about: &str) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let whole = cursor.take_while(|c| c.is_ascii_digit());
        if whole.is_empty() {
            let error = cursor.wanted(about);
            return Err(match cursor.word().chars().next() {
                Some('-') => error.hint("numbers are never negative"),
                Some('.') => error.hint("a digit stands before the point: `0.5`"),
                Some('+') => error.hint("numbers have no sign"),
                _ => error,
            });
        }
        let mut ahead = *cursor;
        let mut fraction = "";
        if ahead.eat(".") {
            fraction = ahead.take_while(|c| c.is_ascii_digit());
            if !fraction.is_empty() {
                *cursor = ahead;
            }
        }
        if whole.len() > 24 || fraction.len() > 32 {
            return Err(ScalarError::form(start..cursor.at(), about)
                .hint("at most 24 digits before the point and 32 after it"));
        }
        Ok(Self {
            whole,
            fraction,
            suffix: 0,
            start,
        })
    }

    /// Reads a number with its suffix, where no unit follows.
    pub(crate) fn number(cursor: &mut Cursor<'a>, about: &str) -> Result<Self, ScalarError> {
        let mut decimal = Self::digits(cursor, about)?;
        decimal.eat_suffix(cursor);
        Ok(decimal)
    }

    /// Steps over a `k`, `M` or `G`.
    pub(crate) fn eat_suffix(&mut self, cursor: &mut Cursor<'a>) {
        for (suffix, power) in [("k", 3), ("M", 6), ("G", 9)] {
            if cursor.eat(suffix) {
                self.suffix = power;
                return;
            }
        }
    }

    /// Reads the unit that must follow directly, with or without a suffix before it. Units are tried in
    /// the order given, so longer ones come first.
    pub(crate) fn eat_unit<U: Copy>(
        &mut self,
        cursor: &mut Cursor<'a>,
        units: &[(&str, U)],
    ) -> Option<U> {
        if let Some(&(_, unit)) = units.iter().find(|(name, _)| cursor.eat(name)) {
            return Some(unit);
        }
        let mut ahead = *cursor;
        let mut decimal = *self;
        decimal.eat_suffix(&mut ahead);
        if decimal.suffix == 0 {
            return None;
        }
        let &(_, unit) = units.iter().find(|(name, _)| ahead.eat(name))?;
        *cursor = ahead;
        *self = decimal;
        Some(unit)
    }

    /// The text of the digits, for hints.
    pub(crate) fn text(&self) -> String {
        let suffix = match self.suffix {
            3 => "k",
            6 => "M",
            9 => "G",
            _ => "",
        };
        if self.fraction.is_empty() {
            format!("{}{suffix}", self.whole)
        } else {
            format!("{}.{}{suffix}", self.whole, self.fraction)
        }
    }

    /// Where the number begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The nearest `f64` to the number times ten to the `shift`.
    pub(crate) fn to_f64(
        self,
        shift: i32,
        cursor: &Cursor<'_>,
        about: &str,
    ) -> Result<f64, ScalarError> {
        let text = format!("{}.{}e{}", self.whole, self.fraction, self.suffix + shift);
        let value: f64 = text
            .parse()
            .expect("digits, a point and an exponent are a float");
        if is_bounded(value) {
            Ok(value)
        } else {
            let reason = if value < SMALLEST {
                "this is too close to zero: write `0`, or at least 0.000000000000001"
            } else {
                "this is too large: at most 100000000000 G"
            };
            Err(cursor.refused(self.start, about, reason))
        }
    }

    /// The number times `unit`, if that is whole and fits.
    pub(crate) fn to_whole(self, unit: u64) -> Result<u64, NotWhole> {
        let fraction = self.fraction.trim_end_matches('0');
        let whole = self.whole.trim_start_matches('0');
        // 36 digits fit a `u128`; more than that is either huge or absurdly precise.
        if whole.len() + fraction.len() > 36 {
            return Err(if whole.len() > 20 {
                NotWhole::TooLarge
            } else {
                NotWhole::Fraction
            });
        }
        let mut value: u128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            value = value * 10 + u128::from(digit - b'0');
        }
        let mut scale = i32::try_from(fraction.len()).expect("at most 32") - self.suffix;
        let mut unit = u128::from(unit);
        // The unit's own powers of ten cancel first, so that the product stays small.
        while scale > 0 && unit % 10 == 0 {
            unit /= 10;
            scale -= 1;
        }
        while scale > 0 && value.is_multiple_of(10) {
            value /= 10;
            scale -= 1;
        }
        if scale > 0 {
            let divisor = 10u128
                .checked_pow(scale.unsigned_abs())
                .ok_or(NotWhole::Fraction)?;
            let product = value.checked_mul(unit).ok_or(NotWhole::Fraction)?;
            if product % divisor != 0 {
                return Err(NotWhole::Fraction);
            }
            return u64::try_from(product / divisor).map_err(|_| NotWhole::TooLarge);
        }
        let factor = 10u128
            .checked_pow(scale.unsigned_abs())
            .ok_or(NotWhole::TooLarge)?;
        value
            .checked_mul(unit)
            .and_then(|product| product.checked_mul(factor))
            .and_then(|product| u64::try_from(product).ok())
            .ok_or(NotWhole::TooLarge)
    }
}

/// Why a number is no whole `u64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotWhole {
    /// Something is left behind the point.
    Fraction,
    /// More than `u64::MAX`.
    TooLarge,
}

/// `value` times ten to the `shift`, in the fewest digits that read back as `value`.
pub(crate) fn plain(value: f64, shift: i32) -> String {
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific
        .split_once('e')
        .expect("`{:e}` prints an exponent");
    let digits: String = digits.chars().filter(|c| *c != '.').collect();
    let exponent: i32 = exponent.parse().expect("an integer exponent");
    layout(&digits, exponent + shift)
}

/// Digits with the point after the first one, times ten to the `exponent`.
fn layout(digits: &str, exponent: i32) -> String {
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".to_owned();
    }
    if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).expect("positive");
        return format!("0.{}{digits}", "0".repeat(zeros));
    }
    let before = usize::try_from(exponent + 1).expect("positive");
    if digits.len() <= before {
        format!("{digits}{}", "0".repeat(before - digits.len()))
    } else {
        format!("{}.{}", &digits[..before], &digits[before..])
    }
}

/// The shorter of `best` and `other`; `best` on a tie.
pub(crate) fn shorter(best: String, other: String) -> String {
    if other.chars().count() < best.chars().count() {
        other
    } else {
        best
    }
}

/// `value` with the suffix that makes it shortest.
pub(crate) fn short(value: f64) -> String {
    let mut best = plain(value, 0);
    for (suffix, power, least) in [("k", 3, 1e3), ("M", 6, 1e6), ("G", 9, 1e9)] {
        if value >= least {
            best = shorter(best, format!("{}{suffix}", plain(value, -power)));
        }
    }
    best
}

/// A bare number: 0 or more, finite, without a unit (a cv, a Zipf exponent).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(f64);

impl Number {
    /// `None` unless `value` is zero or between 1e-15 and 1e20.
    pub fn new(value: f64) -> Option<Self> {
        is_bounded(value).then_some(Self(value.abs()))
    }

    /// The number itself.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&short(self.0))
    }
}

impl Scalar for Number {
    fn about() -> String {
        "a number such as `0.5` or `2k`".to_owned()
    }

    fn example() -> String {
        "0.5".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        decimal
            .to_f64(0, cursor, &about)
            .map(Self)
            .map_err(|error| hint_separators(error, cursor))
    }

    fn fragment() -> String {
        FRAGMENT.to_owned()
    }
}

fn hint_separators(error: ScalarError, cursor: &Cursor<'_>) -> ScalarError {
    if cursor.rest().starts_with('_') {
        error.hint("digits stand together: `1000` or `1k`")
    } else {
        error
    }
}

/// How many: a whole number from 0 to 10^18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u64);

impl Count {
    /// The largest count: 10^18.
    pub const MAX: Self = Self(1_000_000_000_000_000_000);

    /// `None` above [`Count::MAX`].
    pub fn new(count: u64) -> Option<Self> {
        (count <= Self::MAX.0).then_some(Self(count))
    }

    /// The count itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut best = digits.clone();
        for (suffix, power) in [("k", 3usize), ("M", 6), ("G", 9)] {
            if digits.len() > power {
                let (whole, fraction) = digits.split_at(digits.len() - power);
                let fraction = fraction.trim_end_matches('0');
                let text = if fraction.is_empty() {
                    format!("{whole}{suffix}")
                } else {
                    format!("{whole}.{fraction}{suffix}")
                };
                best = shorter(best, text);
            }
        }
        f.write_str(&best)
    }
}

impl Scalar for Count {
    fn about() -> String {
        "a count such as `16` or `1.5k`".to_owned()
    }

    fn example() -> String {
        "16".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        match decimal.to_whole(1) {
            Ok(count) if count <= Self::MAX.0 => Ok(Self(count)),
            Ok(_) | Err(NotWhole::TooLarge) => Err(cursor.refused(
                decimal.start(),
                about,
                "this count is too large: at most 10^18",
            )),
            Err(NotWhole::Fraction) => Err(cursor.refused(
                decimal.start(),
                about,
                format!("a count is whole, and `{}` is not", decimal.text()),
            )),
        }
    }

    fn fragment() -> String {
        FRAGMENT.to_owned()
    }
}

from_str!(Number, Count);
