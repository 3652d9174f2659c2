//! How often: rates of arrivals (`5/s`, `40 visits/h`) and of growth (`45%/year`).

use std::fmt;

use super::{
    Cursor, LongUnit, Ratio, Scalar, ScalarError, from_str,
    number::{self, Decimal, shorter},
};

/// The time that a rate is counted per.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// `/s`
    Second,
    /// `/min`
    Minute,
    /// `/h`
    Hour,
    /// `/d`
    Day,
    /// `/week`
    Week,
    /// `/month`: a twelfth of a year
    Month,
    /// `/year`: 365.25 days
    Year,
}

/// Longer spellings first where one begins with another.
const PERS: [(&str, Per); 7] = [
    ("/s", Per::Second),
    ("/min", Per::Minute),
    ("/h", Per::Hour),
    ("/d", Per::Day),
    ("/week", Per::Week),
    ("/month", Per::Month),
    ("/year", Per::Year),
];

const PER_FRAGMENT: &str = "/(?:s|min|h|d|week|month|year)";

impl Per {
    /// The length in seconds.
    pub fn seconds(self) -> f64 {
        let unit = match self {
            Self::Second => LongUnit::Second,
            Self::Minute => LongUnit::Minute,
            Self::Hour => LongUnit::Hour,
            Self::Day => LongUnit::Day,
            Self::Week => LongUnit::Week,
            Self::Month => LongUnit::Month,
            Self::Year => LongUnit::Year,
        };
        // Whole seconds, all below 2^53: exact.
        (unit.nanos() / 1_000_000_000) as f64
    }

    fn written(self) -> &'static str {
        PERS.iter()
            .find(|(_, per)| *per == self)
            .expect("every unit is listed")
            .0
    }

    /// Steps over the unit that ends a rate. The unit ends the word.
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let rest = cursor.rest().strip_prefix('/')?;
        let length = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let &(name, per) = PERS.iter().find(|(name, _)| name[1..] == rest[..length])?;
        cursor.eat(name);
        Some(per)
    }
}

/// How often, per second. The word between number and unit (`40 visits/h`) is for the reader alone.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// Never.
    pub const ZERO: Self = Self(0.0);

    /// `None` unless `rate` is zero or between 1e-15 and 1e20.
    pub fn per_second(rate: f64) -> Option<Self> {
        number::is_bounded(rate).then_some(Self(rate.abs()))
    }

    /// Times per second.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// The shortest text for `per_second` in some unit, from which exactly `per_second` is computed back.
fn in_best_unit(per_second: f64, number: impl Fn(f64) -> String) -> String {
    let mut best = format!("{}/s", number(per_second));
    for (_, per) in &PERS[1..] {
        let scaled = per_second * per.seconds();
        // What was written has few digits; the product may have noise behind the fifteenth.
        let tidy: f64 = format!("{scaled:.14e}")
            .parse()
            .expect("a float prints as a float");
        for value in [tidy, scaled] {
            if number::is_bounded(value) && value / per.seconds() == per_second {
                best = shorter(best, format!("{}{}", number(value), per.written()));
                break;
            }
        }
    }
    best
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&in_best_unit(self.0, number::short))
    }
}

impl Scalar for Rate {
    fn about() -> String {
        "a rate such as `5/s` or `30/h`".to_owned()
    }

    fn example() -> String {
        "30/h".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        let after_number = *cursor;
        if cursor.eat(" ") {
            let word = cursor.take_while(|c| c.is_ascii_lowercase() || c == '-');
            if word.is_empty() || !cursor.rest().starts_with('/') {
                *cursor = after_number;
            }
        }
        let Some(per) = Per::read(cursor) else {
            return Err(missing_per(decimal, cursor, about));
        };
        let number = decimal.to_f64(0, cursor, &about)?;
        Self::per_second(number / per.seconds())
            .ok_or_else(|| cursor.refused(decimal.start(), about, "this rate is too close to zero"))
    }

    fn fragment() -> String {
        format!("{}(?: [a-z-]+)?{PER_FRAGMENT}", number::FRAGMENT)
    }
}

fn missing_per(decimal: Decimal<'_>, cursor: &Cursor<'_>, about: String) -> ScalarError {
    let text = decimal.text();
    let error = ScalarError::form(decimal.start()..cursor.word_range().end, about);
    match cursor.word() {
        "" => error.hint(format!("per what: `{text}/s`, `{text}/min` or `{text}/h`?")),
        "/m" => error.hint(format!("`{text}/min` or `{text}/month`?")),
        "/minute" => error.hint(format!("`{text}/min`")),
        "/hour" => error.hint(format!("`{text}/h`")),
        "/day" => error.hint(format!("`{text}/d`")),
        "/sec" | "/second" => error.hint(format!("`{text}/s`")),
        "/w" => error.hint(format!("`{text}/week`")),
        "/y" => error.hint(format!("`{text}/year`")),
        "rps" | "qps" | "Hz" => error.hint(format!("`{text}/s`")),
        _ => error.hint("a rate is per s, min, h, d, week, month or year"),
    }
}

/// How fast something grows: `45%/year`, compound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The share that is added in one unit of time.
    pub share: Ratio,
    /// The unit of time.
    pub per: Per,
}

/// Growth per year and growth per month are not compared: compounding would have to choose.
impl PartialOrd for Growth {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        if self.per == other.per {
            self.share.partial_cmp(&other.share)
        } else {
            None
        }
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.share, self.per.written())
    }
}

impl Scalar for Growth {
    fn about() -> String {
        "growth such as `45%/year`".to_owned()
    }

    fn example() -> String {
        "45%/year".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let about = Self::about();
        let decimal = Decimal::number(cursor, &about)?;
        let per = cursor.eat("%").then(|| Per::read(cursor)).flatten();
        let Some(per) = per else {
            return Err(
                ScalarError::form(decimal.start()..cursor.word_range().end, about)
                    .hint(format!("`{}%/year`?", decimal.text())),
            );
        };
        let share = decimal.to_f64(-2, cursor, &about)?;
        Ok(Self {
            share: Ratio::new(share).expect("bounded by the reader"),
            per,
        })
    }

    fn fragment() -> String {
        format!("{}%{PER_FRAGMENT}", number::FRAGMENT)
    }
}

from_str!(Rate, Growth);
