//! Spellings of a time in a recording.
//!
//! | written | means |
//! |---|---|
//! | `2014-07-01T00:30:00Z`, `2014-07-01 00:30:00+02:00` | RFC 3339, also with a blank in the middle |
//! | `2014-07-01 00:30:00`, `2014-07-01` | the wall clock of the model's `timezone` |
//! | `12.5s`, `1m30s`, `250ms` | since the recording's start |
//! | a number below 1e8 | seconds since the recording's start |
//! | a number below 1e11, 1e14, 1e17, above | Unix time in s, ms, us, ns (since March 1973) |

use crate::calendar::Calendar;
use crate::recording::table::quoted;
use crate::system::Clock;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// A time, and how it was spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// On the clock of its kind.
    pub(super) ns: i64,
    pub(super) kind: Kind,
}

/// How a time was spelled, as far as two of one file must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Date,
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    FromStart,
}

impl Kind {
    pub(super) fn clock(self) -> Clock {
        match self {
            Self::FromStart => Clock::FromStart,
            _ => Clock::Unix,
        }
    }

    /// How many of its units a second has, if it is a number.
    fn per_second(self) -> i128 {
        match self {
            Self::Date | Self::Seconds | Self::FromStart => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
            Self::Nanoseconds => 1_000_000_000,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Date => "a date and time",
            Self::Seconds => "Unix time in seconds",
            Self::Milliseconds => "Unix time in milliseconds",
            Self::Microseconds => "Unix time in microseconds",
            Self::Nanoseconds => "Unix time in nanoseconds",
            Self::FromStart => "a time since the start of the recording",
        })
    }
}

impl Stamp {
    pub(super) fn read(text: &str, calendar: &Calendar) -> Result<Self, String> {
        if let Some(billionths) = decimal(text) {
            let kind = match billionths.unsigned_abs() / 1_000_000_000 {
                0..100_000_000 => Kind::FromStart,
                100_000_000..100_000_000_000 => Kind::Seconds,
                100_000_000_000..100_000_000_000_000 => Kind::Milliseconds,
                100_000_000_000_000..100_000_000_000_000_000 => Kind::Microseconds,
                _ => Kind::Nanoseconds,
            };
            let ns = i64::try_from(billionths.div_euclid(kind.per_second()));
            return match ns {
                Ok(ns) => Ok(Self { ns, kind }),
                Err(_) => Err(format!("{} is too large for a time", quoted(text))),
            };
        }
        if let Ok(length) = text.parse::<crate::scalar::Duration>() {
            let ns = i64::try_from(length.nanos());
            let ns = ns.map_err(|_| format!("{} is too long", quoted(text)))?;
            return Ok(Self {
                ns,
                kind: Kind::FromStart,
            });
        }
        let date = |ns: i64| {
            // The ends stand for all that lies outside.
            if ns == i64::MIN || ns == i64::MAX {
                Err(format!(
                    "{} is not between the years 1678 and 2261",
                    quoted(text)
                ))
            } else {
                Ok(Self {
                    ns,
                    kind: Kind::Date,
                })
            }
        };
        if let Ok(at) = text.parse::<Timestamp>() {
            let ns = at.as_nanosecond();
            return date(i64::try_from(ns).unwrap_or(i64::MAX));
        }
        if let Ok(local) = text.parse::<DateTime>() {
            return date(calendar.instant(local));
        }
        Err(format!("{} is no time", quoted(text)))
    }
}

/// A length in ns: with a unit, or a number in the unit of the time beside it.
pub(super) fn length(text: &str, kind: Kind) -> Result<i64, String> {
    let ns = match decimal(text) {
        Some(billionths) => i64::try_from(billionths.div_euclid(kind.per_second())).ok(),
        None => match text.parse::<crate::scalar::Duration>() {
            Ok(length) => i64::try_from(length.nanos()).ok(),
            Err(_) => return Err(format!("{} is no length of time", quoted(text))),
        },
    };
    ns.ok_or_else(|| format!("{} is too long", quoted(text)))
}

/// A plain number in billionths; digits beyond are cut off. None if it is anything else.
fn decimal(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !is_number(whole) {
        return None;
    }
    if !is_number(fraction) {
        // Some programs write times as 1.7e9; a float has microseconds of them.
        let value = digits
            .contains(['e', 'E'])
            .then(|| digits.parse::<f64>().ok())??;
        return (value < 1e20).then_some(if negative { -1 } else { 1 } * (value * 1e9) as i128);
    }
    // 20 digits of billionths of nanoseconds are far beyond any clock.
    if 20 < whole.len() {
        return Some(i128::MAX);
    }
    let mut billionths: i128 = whole.parse().ok()?;
    for place in 0..9 {
        let digit = fraction.as_bytes().get(place).map_or(0, |byte| byte - b'0');
        billionths = 10 * billionths + i128::from(digit);
    }
    Some(if negative { -billionths } else { billionths })
}

/// The instant in the first `[17/May/2015:10:05:03 +0000]` of a line, Unix time in ns.
pub(super) fn of_log_line(line: &str) -> Option<i64> {
    line.match_indices('[')
        .find_map(|(at, _)| log_stamp(&line[at + 1..]))
}

fn log_stamp(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let text = text.as_bytes().get(..27)?;
    let number = |from: usize, to: usize| -> Option<i64> {
        text[from..to].iter().try_fold(0, |number, byte| {
            byte.is_ascii_digit()
                .then(|| 10 * number + i64::from(byte - b'0'))
        })
    };
    let marks = [
        (2, b'/'),
        (6, b'/'),
        (11, b':'),
        (14, b':'),
        (17, b':'),
        (20, b' '),
        (26, b']'),
    ];
    if marks.iter().any(|&(at, mark)| text[at] != mark) {
        return None;
    }
    let month = MONTHS
        .iter()
        .position(|month| month.as_bytes().eq_ignore_ascii_case(&text[3..6]))?;
    let sign = match text[21] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let date = Date::new(number(7, 11)? as i16, month as i8 + 1, number(0, 2)? as i8).ok()?;
    // A leap second has the number 60, and is the next minute's first.
    let (hour, minute, second) = (number(12, 14)?, number(15, 17)?, number(18, 20)?);
    if 23 < hour || 59 < minute || 60 < second {
        return None;
    }
    let midnight = date
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_second();
    let offset = sign * (number(22, 24)? * 60 + number(24, 26)?) * 60;
    let seconds = midnight + hour * 3600 + minute * 60 + second - offset;
    seconds.checked_mul(1_000_000_000)
}
