//! Time: how long ([`Duration`]), and when (dates, times of day, weekdays, months).
//!
//! Durations are whole nanoseconds up to 584 years. A year of a rate or a gap is 365.25 days, and a month a
//! twelfth of it.

use std::fmt;

use super::{
    Cursor, Scalar, ScalarError, from_str,
    number::{self, Decimal, NotWhole, shorter},
    words,
};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
/// 365.25 days.
const YEAR: u64 = 31_557_600 * SECOND;
/// A twelfth of a year: 30.4375 days.
const MONTH: u64 = YEAR / 12;

/// How long: whole nanoseconds. `4ms`, `1m30s`, `4 months`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// This many nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// This many milliseconds.
    pub const fn from_millis(millis: u32) -> Self {
        Self(millis as u64 * 1_000_000)
    }

    /// This many seconds.
    pub const fn from_secs(seconds: u32) -> Self {
        Self(seconds as u64 * SECOND)
    }

    /// The nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The seconds, rounded to the nearest `f64`.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / SECOND as f64
    }
}

/// Longest spelling first.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("m", MINUTE),
    ("h", HOUR),
    ("d", DAY),
    ("w", WEEK),
];

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(nanos) = *self;
        if nanos == 0 {
            return f.write_str("0s");
        }
        for (unit, word) in [(YEAR, "year"), (MONTH, "month")] {
            if nanos % unit == 0 {
                let number = nanos / unit;
                return write!(f, "{number} {word}{}", if number == 1 { "" } else { "s" });
            }
        }
        // One unit, shortest text; on a tie the larger unit, so that `60m` is `1h`.
        let mut best = String::new();
        for (name, unit) in UNITS.iter().rev() {
            if let Some(text) = in_units(nanos, *unit) {
                let text = format!("{text}{name}");
                best = if best.is_empty() {
                    text
                } else {
                    shorter(best, text)
                };
            }
        }
        f.write_str(&best)
    }
}

/// `nanos / unit` as a decimal: in full for seconds and below, with at most one digit after the point above; never `0.1s`.
fn in_units(nanos: u64, unit: u64) -> Option<String> {
    let whole = nanos / unit;
    let left = nanos % unit;
    if whole == 0 {
        return None;
    }
    if left == 0 {
        return Some(whole.to_string());
    }
    if unit > SECOND {
        return (u128::from(left) * 10 % u128::from(unit) == 0)
            .then(|| format!("{whole}.{}", u128::from(left) * 10 / u128::from(unit)));
    }
    let digits = unit.ilog10() as usize;
    let fraction = format!("{left:0digits$}");
    Some(format!("{whole}.{}", fraction.trim_end_matches('0')))
}

words! {
    /// The units that are written as words.
    LongUnit, "a unit of time", {
        /// 1 s
        Second = "second",
        /// 60 s
        Minute = "minute",
        /// 60 minutes
        Hour = "hour",
        /// 24 h
        Day = "day",
        /// 7 days
        Week = "week",
        /// 30.4375 days: a twelfth of a year.
        Month = "month",
        /// 365.25 days.
        Year = "year",
    }
}

impl LongUnit {
    /// The length in nanoseconds.
    pub fn nanos(self) -> u64 {
        match self {
            Self::Second => SECOND,
            Self::Minute => MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week => WEEK,
            Self::Month => MONTH,
            Self::Year => YEAR,
        }
    }
}

const LONG_UNITS: [(&str, LongUnit); 7] = [
    ("second", LongUnit::Second),
    ("minute", LongUnit::Minute),
    ("hour", LongUnit::Hour),
    ("day", LongUnit::Day),
    ("week", LongUnit::Week),
    ("month", LongUnit::Month),
    ("year", LongUnit::Year),
];

impl Scalar for Duration {
    fn about() -> String {
        "a duration such as `30s`, `1m30s` or `4 months`".to_owned()
    }

    fn example() -> String {
        "30s".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        read_duration(cursor)
    }

    fn fragment() -> String {
        let number = number::FRAGMENT;
        format!(
            "(?:(?:{number}(?:ns|us|ms|s|m|h|d|w))+|{number} (?:second|minute|hour|day|week|month|year)s?)"
        )
    }
}

fn read_duration(cursor: &mut Cursor<'_>) -> Result<Duration, ScalarError> {
    let about = Duration::about();
    let start = cursor.at();
    let mut total: u64 = 0;
    loop {
        let mut decimal = Decimal::digits(cursor, &about)?;
        let (digits, before_unit) = (decimal, *cursor);
        let scaled = |decimal: Decimal<'_>, unit: u64, cursor: &Cursor<'_>| {
            decimal.to_whole(unit).map_err(|why| match why {
                NotWhole::Fraction => {
                    cursor.refused(decimal.start(), about.clone(), "time is whole nanoseconds")
                }
                NotWhole::TooLarge => too_long(cursor, start),
            })
        };
        if let Some(unit) = decimal.eat_unit(cursor, &UNITS) {
            // `5min` is no `5m` with something behind it.
            if cursor.rest().starts_with(|c: char| c.is_alphabetic()) {
                return Err(missing_unit(digits, &before_unit, &about));
            }
            let nanos = scaled(decimal, unit, cursor)?;
            total = total
                .checked_add(nanos)
                .ok_or_else(|| too_long(cursor, start))?;
            if cursor.rest().starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            return Ok(Duration(total));
        }
        let first = decimal.start() == start;
        let mut ahead = *cursor;
        decimal.eat_suffix(&mut ahead);
        if first
            && ahead.eat(" ")
            && let Some(&(name, unit)) = LONG_UNITS
                .iter()
                .find(|(name, _)| ahead.rest().starts_with(name))
        {
            ahead.eat(name);
            ahead.eat("s");
            *cursor = ahead;
            return scaled(decimal, unit.nanos(), cursor).map(Duration);
        }
        return Err(missing_unit(decimal, cursor, &about));
    }
}

fn too_long(cursor: &Cursor<'_>, start: usize) -> ScalarError {
    cursor.refused(start, Duration::about(), "this is longer than 584 years")
}

fn missing_unit(decimal: Decimal<'_>, cursor: &Cursor<'_>, about: &str) -> ScalarError {
    let text = decimal.text();
    let word = cursor.word();
    let error = ScalarError::form(decimal.start()..cursor.word_range().end, about);
    match word {
        "" => {
            let next = cursor.rest().trim_start();
            let next = next.split(' ').next().unwrap_or("");
            if next.is_empty() {
                error.hint(format!("`{text}s` or `{text}ms`?"))
            } else if UNITS.iter().any(|(name, _)| *name == next) {
                error.hint(format!("no blank before a short unit: `{text}{next}`"))
            } else {
                error.hint(format!("time carries its unit: `{text}s` or `{text}ms`?"))
            }
        }
        "min" | "mins" => error.hint(format!("minutes are `{text}m`")),
        "sec" | "secs" => error.hint(format!("seconds are `{text}s`")),
        "µs" | "μs" => error.hint(format!("microseconds are `{text}us`")),
        "M" => error.hint(format!("`{text}m` is minutes, `{text} months` is months")),
        "y" | "a" => error.hint(format!("`{text} years`?")),
        _ => match LONG_UNITS
            .iter()
            .find(|(name, _)| word.trim_end_matches('s') == *name)
        {
            Some((name, _)) => {
                error.hint(format!("one blank before a long unit: `{text} {name}s`"))
            }
            None => error.hint("the units are ns, us, ms, s, m, h, d, w"),
        },
    }
}

words! {
    /// A day of the week.
    Weekday, "a day of the week", {
        /// Monday
        Monday = "monday",
        /// Tuesday
        Tuesday = "tuesday",
        /// Wednesday
        Wednesday = "wednesday",
        /// Thursday
        Thursday = "thursday",
        /// Friday
        Friday = "friday",
        /// Saturday
        Saturday = "saturday",
        /// Sunday
        Sunday = "sunday",
    }
}

words! {
    /// A month of the year.
    Month, "a month", {
        /// January
        January = "january",
        /// February
        February = "february",
        /// March
        March = "march",
        /// April
        April = "april",
        /// May
        May = "may",
        /// June
        June = "june",
        /// July
        July = "july",
        /// August
        August = "august",
        /// September
        September = "september",
        /// October
        October = "october",
        /// November
        November = "november",
        /// December
        December = "december",
    }
}

impl Month {
    /// 1 for January.
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The days this month can have in some year.
    pub fn days_at_most(self) -> u8 {
        match self {
            Self::February => 29,
            Self::April | Self::June | Self::September | Self::November => 30,
            _ => 31,
        }
    }
}

/// A day of the Gregorian calendar, from 1970 to 2199: `2026-11-27`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `None` if there is no such day between 1970 and 2199.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let month_name = *Month::ALL.get(usize::from(month).checked_sub(1)?)?;
        let days = if month == 2 && !leap {
            28
        } else {
            month_name.days_at_most()
        };
        let known = (1970..=2199).contains(&year) && (1..=days).contains(&day);
        known.then_some(Self { year, month, day })
    }

    /// The year.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, from 1.
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Reads exactly two digits.
fn two_digits(cursor: &mut Cursor<'_>) -> Option<u8> {
    let bytes = cursor.rest().as_bytes();
    let &[tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] = bytes else {
        return None;
    };
    cursor.eat(&cursor.rest()[..2]);
    Some((tens - b'0') * 10 + (ones - b'0'))
}

impl Scalar for Date {
    fn about() -> String {
        "a date such as `2026-11-27`".to_owned()
    }

    fn example() -> String {
        "2026-11-27".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = *cursor;
        let parts = (|| {
            let (century, years) = (two_digits(cursor)?, two_digits(cursor)?);
            let month = cursor.eat("-").then(|| two_digits(cursor))??;
            let day = cursor.eat("-").then(|| two_digits(cursor))??;
            let plausible = (1..=12).contains(&month) && (1..=31).contains(&day);
            plausible.then_some((u16::from(century) * 100 + u16::from(years), month, day))
        })();
        let Some((year, month, day)) = parts else {
            return Err(start
                .wanted(Self::about())
                .hint("year-month-day, two digits each for month and day"));
        };
        Self::new(year, month, day).ok_or_else(|| {
            let text = cursor.since(start.at());
            let reason = if (1970..=2199).contains(&year) {
                format!("there is no {text}")
            } else {
                format!("{text} is not between 1970 and 2199")
            };
            cursor.refused(start.at(), Self::about(), reason)
        })
    }

    fn fragment() -> String {
        "[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])".to_owned()
    }
}

/// Two days and all between them: `2026-11-16 to 2026-11-20`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateRange {
    /// The first day.
    pub first: Date,
    /// The last day, included.
    pub last: Date,
}

impl fmt::Display for DateRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            self.first.fmt(f)
        } else {
            write!(f, "{} to {}", self.first, self.last)
        }
    }
}

impl Scalar for DateRange {
    fn about() -> String {
        "days such as `2026-11-16 to 2026-11-20`".to_owned()
    }

    fn example() -> String {
        "2026-11-16 to 2026-11-20".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        let first = Date::read(cursor)?;
        let last = if cursor.eat(" to ") {
            Date::read(cursor)?
        } else {
            first
        };
        if last < first {
            return Err(cursor.refused(start, Self::about(), format!("{last} is before {first}")));
        }
        Ok(Self { first, last })
    }

    fn fragment() -> String {
        format!("{0}(?: to {0})?", Date::fragment())
    }
}

/// A time of day on the wall, to the nanosecond: `09:14`, `09:14:40`, `09:14:40.125`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// Since midnight, as a wall clock counts.
    nanos: u64,
}

impl Time {
    /// 00:00.
    pub const MIDNIGHT: Self = Self { nanos: 0 };

    /// `None` unless it is a time of a day of 24 hours.
    pub fn new(hour: u8, minute: u8, second: u8, nanos: u32) -> Option<Self> {
        let valid = hour < 24 && minute < 60 && second < 60 && u64::from(nanos) < SECOND;
        valid.then(|| Self {
            nanos: u64::from(hour) * HOUR
                + u64::from(minute) * MINUTE
                + u64::from(second) * SECOND
                + u64::from(nanos),
        })
    }

    /// The hour, minute, second and nanosecond on the wall.
    pub fn parts(self) -> (u8, u8, u8, u32) {
        let part = |value: u64| u8::try_from(value).expect("below 60");
        (
            part(self.nanos / HOUR),
            part(self.nanos % HOUR / MINUTE),
            part(self.nanos % MINUTE / SECOND),
            u32::try_from(self.nanos % SECOND).expect("below a second"),
        )
    }

    /// Nanoseconds since midnight, as a wall clock counts them.
    pub fn since_midnight(self) -> Duration {
        Duration(self.nanos)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second, nanos) = self.parts();
        write!(f, "{hour:02}:{minute:02}")?;
        if second != 0 || nanos != 0 {
            write!(f, ":{second:02}")?;
        }
        if nanos != 0 {
            write!(f, ".{}", format!("{nanos:09}").trim_end_matches('0'))?;
        }
        Ok(())
    }
}

impl Scalar for Time {
    fn about() -> String {
        "a time of day such as `09:14` or `09:14:40`".to_owned()
    }

    fn example() -> String {
        "09:14".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = *cursor;
        let read = (|| {
            let hour = two_digits(cursor)?;
            let minute = cursor.eat(":").then(|| two_digits(cursor))??;
            let (mut second, mut nanos) = (0, 0);
            let mut ahead = *cursor;
            if ahead.eat(":") {
                second = two_digits(&mut ahead)?;
                *cursor = ahead;
                if ahead.eat(".") {
                    let digits = ahead.take_while(|c| c.is_ascii_digit());
                    if digits.is_empty() || digits.len() > 9 {
                        return None;
                    }
                    nanos = format!("{digits:0<9}").parse().ok()?;
                    *cursor = ahead;
                }
            }
            Self::new(hour, minute, second, nanos)
        })();
        read.ok_or_else(|| {
            let error = start.wanted(Self::about());
            if start.rest().starts_with("24:") {
                error.hint("the day ends at `00:00` of the next one")
            } else if start.rest().get(1..2) == Some(":") {
                error.hint(format!("two digits for the hour: `0{}`", start.word()))
            } else {
                error
            }
        })
    }

    fn fragment() -> String {
        r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?".to_owned()
    }
}

from_str!(Duration, Date, DateRange, Time, Weekday, Month);
