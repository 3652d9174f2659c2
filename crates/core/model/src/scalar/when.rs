//! Reading and printing [`When`]: what the text says. Which instants that means in a time zone is decided elsewhere.

use std::fmt;

use jiff::civil;

use super::{
    Cursor, Date, Duration, LongUnit, Month, Scalar, ScalarError, Time, Weekday, from_str,
};
use crate::when::{Days, Hours, Nth, NthDay, Shift, When};

const NTH: [(&str, Nth); 5] = [
    ("first", Nth::Number(1)),
    ("2nd", Nth::Number(2)),
    ("3rd", Nth::Number(3)),
    ("4th", Nth::Number(4)),
    ("last", Nth::Last),
];

/// Ordinals that people try.
const NOT_NTH: [&str; 7] = ["1st", "second", "third", "fourth", "5th", "fifth", "every"];

fn weekday(day: Weekday) -> civil::Weekday {
    let offset = i8::try_from(day as usize).expect("seven days");
    civil::Weekday::from_monday_zero_offset(offset).expect("monday is 0")
}

fn weekday_name(day: civil::Weekday) -> Weekday {
    Weekday::ALL[usize::try_from(day.to_monday_zero_offset()).expect("monday is 0")]
}

fn month_name(month: i8) -> Month {
    Month::ALL[usize::try_from(month - 1).expect("january is 1")]
}

fn civil_date(date: Date) -> civil::Date {
    let year = i16::try_from(date.year()).expect("at most 2199");
    civil::date(year, date.month().cast_signed(), date.day().cast_signed())
}

fn civil_time(time: Time) -> civil::Time {
    let (hour, minute, second, nanos) = time.parts();
    civil::time(
        hour.cast_signed(),
        minute.cast_signed(),
        second.cast_signed(),
        nanos.cast_signed(),
    )
}

/// A date as it is written.
fn date_text(date: civil::Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// A time as it is written.
fn time_text(time: civil::Time) -> String {
    let part = i8::cast_unsigned;
    let nanos = time.subsec_nanosecond().cast_unsigned();
    Time::new(
        part(time.hour()),
        part(time.minute()),
        part(time.second()),
        nanos,
    )
    .expect("a civil time is a time of day")
    .to_string()
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryDay => f.write_str("every day"),
            Self::EveryWeekday => f.write_str("every weekday"),
            Self::Every(day) => write!(f, "every {}", weekday_name(*day)),
            Self::Season(from, to) => {
                write!(
                    f,
                    "every {} {} to {} {}",
                    month_name(from.0),
                    from.1,
                    month_name(to.0),
                    to.1
                )
            }
            Self::Nth { nth, day, month } => {
                let word = NTH
                    .iter()
                    .find(|(_, known)| known == nth)
                    .map_or("last", |(word, _)| word);
                match day {
                    NthDay::Day(day) => write!(f, "{word} {} of ", weekday_name(*day))?,
                    NthDay::Weekday => write!(f, "{word} weekday of ")?,
                }
                match month {
                    Some(month) => month_name(*month).fmt(f),
                    None => f.write_str("every month"),
                }
            }
            Self::OfMonth(day, shift) => {
                write!(f, "{day} of every month")?;
                match shift {
                    Shift::None => Ok(()),
                    Shift::Before => f.write_str(" or weekday before"),
                    Shift::After => f.write_str(" or weekday after"),
                }
            }
            Self::Date(date, _) => f.write_str(&date_text(*date)),
            Self::From(date) => write!(f, "from {}", date_text(*date)),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.days.fmt(f)?;
        let last_date = match &self.days {
            Days::Date(_, last) => *last,
            _ => None,
        };
        let dated = matches!(self.days, Days::Date(..));
        match self.hours {
            Hours::WholeDay => {}
            Hours::At(time) => write!(f, "{} {}", if dated { "" } else { " at" }, time_text(time))?,
            Hours::Band(from, to) => {
                write!(f, " {} to ", time_text(from))?;
                if let Some(last) = last_date {
                    write!(f, "{} ", date_text(last))?;
                }
                f.write_str(&time_text(to))?;
            }
        }
        match self.lasts_ns {
            Some(nanos) => write!(f, " for {}", Duration::from_nanos(nanos)),
            None => Ok(()),
        }
    }
}

fn read_month_day(cursor: &mut Cursor<'_>) -> Result<(i8, i8), ScalarError> {
    let start = cursor.at();
    let month = Month::read(cursor)?;
    if !cursor.eat(" ") {
        return Err(cursor.wanted(format!("a day of {month}")));
    }
    let day = read_day_number(cursor)?;
    if day > month.days_at_most().cast_signed() {
        return Err(cursor.refused(start, When::about(), format!("{month} has no day {day}")));
    }
    Ok((month.number().cast_signed(), day))
}

fn read_day_number(cursor: &mut Cursor<'_>) -> Result<i8, ScalarError> {
    let start = *cursor;
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    let day = if digits.len() <= 2 && !digits.starts_with('0') {
        digits.parse().ok()
    } else {
        None
    };
    day.filter(|day| (1..=31).contains(day))
        .ok_or_else(|| start.wanted("a day of the month, from 1 to 31"))
}

const DAY_NUMBER: &str = "(?:[1-9]|[12][0-9]|3[01])";

fn read_days(cursor: &mut Cursor<'_>) -> Result<Days, ScalarError> {
    if cursor.eat("every ") {
        return read_every(cursor);
    }
    if let Some(&(word, nth)) = NTH.iter().find(|(word, _)| cursor.word() == *word) {
        cursor.eat(word);
        if !cursor.eat(" ") {
            return Err(cursor.wanted(format!(
                "a day after `{word}`, such as `{word} friday of november`"
            )));
        }
        let day = if cursor.eat_word("weekday") {
            NthDay::Weekday
        } else {
            NthDay::Day(weekday(Weekday::read(cursor)?))
        };
        if !cursor.eat(" of ") {
            return Err(cursor.wanted("`of every month`, or `of` and a month"));
        }
        let month = if cursor.eat("every month") {
            None
        } else {
            Some(Month::read(cursor)?.number().cast_signed())
        };
        return Ok(Days::Nth { nth, day, month });
    }
    let word = cursor.word();
    if NOT_NTH.contains(&word) {
        let hint = format!("`first`, `2nd`, `3rd`, `4th` or `last`, not `{word}`");
        return Err(cursor.wanted(When::about()).hint(hint));
    }
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(cursor.wanted(When::about()));
    }
    let day = read_day_number(cursor)?;
    if !cursor.eat(" of every month") {
        return Err(cursor
            .wanted("`of every month`")
            .hint(format!("`{day} of every month`")));
    }
    let shift = if cursor.eat(" or weekday before") {
        Shift::Before
    } else if cursor.eat(" or weekday after") {
        Shift::After
    } else {
        Shift::None
    };
    Ok(Days::OfMonth(day, shift))
}

fn read_every(cursor: &mut Cursor<'_>) -> Result<Days, ScalarError> {
    if cursor.eat_word("day") {
        return Ok(Days::EveryDay);
    }
    if cursor.eat_word("weekday") {
        return Ok(Days::EveryWeekday);
    }
    if Month::ALL.iter().any(|month| cursor.word() == month.word()) {
        let from = read_month_day(cursor)?;
        if !cursor.eat(" to ") {
            return Err(
                cursor.wanted("`to` and the last day, such as `every november 10 to december 1`")
            );
        }
        return Ok(Days::Season(from, read_month_day(cursor)?));
    }
    let word = cursor.word();
    Weekday::read(cursor)
        .map(|day| Days::Every(weekday(day)))
        .map_err(|mut error| {
            error.expected =
                "`every` day, weekday, a day of the week, or a season of the year".to_owned();
            if word == "month" {
                error.hint =
                    Some("`1 of every month`, or `first monday of every month`".to_owned());
            }
            error
        })
}

/// A blank, two digits and a colon: a time follows.
fn time_follows(cursor: &Cursor<'_>) -> bool {
    matches!(
        cursor.rest().as_bytes(),
        [b' ', b'0'..=b'9', b'0'..=b'9', b':', ..]
    )
}

/// Reads what follows `for`. Months and years have no fixed length on a calendar.
fn read_lasts(cursor: &mut Cursor<'_>) -> Result<u64, ScalarError> {
    let start = cursor.at();
    let lasts = Duration::read(cursor)?;
    let text = cursor.since(start);
    if [LongUnit::Month, LongUnit::Year]
        .iter()
        .any(|unit| text.contains(unit.word()))
    {
        let reason = format!("how long `{text}` is depends on the calendar");
        let hint = format!(
            "give days: `{}d`",
            lasts.nanos().div_ceil(86_400_000_000_000)
        );
        return Err(cursor.refused(start, When::about(), reason).hint(hint));
    }
    Ok(lasts.nanos())
}

impl Scalar for When {
    fn about() -> String {
        "when it happens, such as `every weekday 08:00 to 19:00` or `2026-12-04 18:00 for 20m`"
            .to_owned()
    }

    fn example() -> String {
        "every weekday 08:00 to 19:00".to_owned()
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, ScalarError> {
        let start = cursor.at();
        if cursor.eat("from ") {
            let days = Days::From(civil_date(Date::read(cursor)?));
            return Ok(Self {
                days,
                hours: Hours::WholeDay,
                lasts_ns: None,
            });
        }
        if matches!(
            cursor.rest().as_bytes(),
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]
        ) {
            return read_dated(cursor);
        }
        let days = read_days(cursor)?;
        let hours = if cursor.eat(" at ") {
            Hours::At(civil_time(Time::read(cursor)?))
        } else if time_follows(cursor) {
            cursor.eat(" ");
            let from = Time::read(cursor)?;
            if !cursor.eat(" to ") {
                return Err(cursor
                    .wanted("`to` and the end")
                    .hint(format!("an instant is `at {from}`")));
            }
            Hours::Band(civil_time(from), civil_time(Time::read(cursor)?))
        } else {
            Hours::WholeDay
        };
        let lasts_ns = if cursor.eat(" for ") {
            Some(read_lasts(cursor)?)
        } else {
            None
        };
        if let (Hours::Band(..), Some(_)) = (hours, lasts_ns) {
            return Err(cursor.refused(
                start,
                Self::about(),
                "either `to` an end or `for` a duration, not both",
            ));
        }
        Ok(Self {
            days,
            hours,
            lasts_ns,
        })
    }

    fn fragment() -> String {
        let (time, date, lasts) = (Time::fragment(), Date::fragment(), Duration::fragment());
        let (day, month) = (Weekday::fragment(), Month::fragment());
        let month_day = format!("{month} {DAY_NUMBER}");
        let every = format!("every (?:day|weekday|{day}|{month_day} to {month_day})");
        let nth =
            format!("(?:first|2nd|3rd|4th|last) (?:{day}|weekday) of (?:every month|{month})");
        let of_month =
            format!("{DAY_NUMBER} of every month(?: or weekday before| or weekday after)?");
        let pattern = format!(
            "(?:{every}|{nth}|{of_month})(?: at {time}| {time} to {time})?(?: for {lasts})?"
        );
        let dated = format!("{date}(?: {time})?(?: for {lasts}| to (?:{date} )?{time})?");
        format!("(?:{pattern}|{dated}|from {date})")
    }
}

fn read_dated(cursor: &mut Cursor<'_>) -> Result<When, ScalarError> {
    let start = cursor.at();
    let date = Date::read(cursor)?;
    let mut time = None;
    if time_follows(cursor) {
        cursor.eat(" ");
        time = Some(Time::read(cursor)?);
    }
    let first = civil_date(date);
    let open_hours = time.map_or(Hours::WholeDay, |time| Hours::At(civil_time(time)));
    if cursor.eat(" for ") {
        let lasts_ns = Some(read_lasts(cursor)?);
        return Ok(When {
            days: Days::Date(first, None),
            hours: open_hours,
            lasts_ns,
        });
    }
    if !cursor.eat(" to ") {
        return Ok(When {
            days: Days::Date(first, None),
            hours: open_hours,
            lasts_ns: None,
        });
    }
    let begin = time.unwrap_or(Time::MIDNIGHT);
    let mut last = None;
    if !matches!(cursor.rest().as_bytes(), [_, _, b':', ..]) {
        let end = Date::read(cursor)?;
        if !cursor.eat(" ") {
            return Err(cursor
                .wanted("the time it ends")
                .hint(format!("`to {end} 00:00`?")));
        }
        last = Some(end);
    }
    let end = Time::read(cursor)?;
    if last.is_some_and(|last| (last, end) < (date, begin)) {
        return Err(cursor.refused(start, When::about(), "this ends before it begins"));
    }
    Ok(When {
        days: Days::Date(first, last.map(civil_date)),
        hours: Hours::Band(civil_time(begin), civil_time(end)),
        lasts_ns: None,
    })
}

from_str!(When);
