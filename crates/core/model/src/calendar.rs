//! Which instants a `when` means: local dates and times become Unix time in ns.
//!
//! The rules are short. A local time that does not exist moves to the next one that does; one
//! that exists twice is the first. A band past midnight belongs to the day on which it starts.
//! Without a time it is the whole local day, 23 or 25 hours long where the clocks change. A list
//! is the union of its entries: occurrences that overlap are one.
//!
//! The time zone database is the one that is compiled in; no clock, file or variable of the
//! machine is read. An occurrence's [`ordinal`](Occurrence::ordinal) is its nominal local start,
//! so the same occurrence has the same one, whatever window was asked for and wherever it stands
//! in its list.
//!
//! Finding occurrences costs one test per local day of the window asked for, and of what must be
//! looked back at: the longest length that the list gives.

use crate::when::{Days, Hours, Nth, NthDay, Shift, When};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// The end of what has no end: `from DATE`, and ever after.
pub const EVER_AFTER_NS: i64 = i64::MAX;

/// ns in a day of 24 hours.
pub const DAY_NS: i64 = 86_400 * 1_000_000_000;

/// How far to both sides overlapping occurrences are joined; a union without a gap for longer is cut there.
const LONGEST_UNION_DAYS: i64 = 800;

/// A time zone, and what its clocks show.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
}

/// The time zone is not in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTimeZone {
    /// As given.
    pub name: String,
    /// One whose name is similar.
    pub nearest: Option<String>,
}

impl std::fmt::Display for UnknownTimeZone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no time zone of the IANA database", self.name)
    }
}

impl std::error::Error for UnknownTimeZone {}

/// One time at which a `when` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its nominal local start, in ms since 1970-01-01 00:00 on the wall clock.
    pub ordinal: u64,
    /// First instant, Unix time in ns.
    pub start_ns: i64,
    /// One past the last instant; none for an instant, [`EVER_AFTER_NS`] for `from DATE`.
    pub end_ns: Option<i64>,
}

impl Occurrence {
    /// Whether it has a moment in `[from_ns, to_ns)`.
    #[must_use]
    pub fn touches(&self, from_ns: i64, to_ns: i64) -> bool {
        // What has no length still happens at its start.
        let end = self.end_ns.unwrap_or(self.start_ns);
        self.start_ns < to_ns && (from_ns < end || from_ns <= self.start_ns)
    }
}

/// One local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalDay {
    /// Its date.
    pub date: Date,
    /// Its first instant, Unix time in ns.
    pub start_ns: i64,
    /// One past its last instant.
    pub end_ns: i64,
}

impl Calendar {
    /// The calendar of an IANA time zone such as `Europe/Zurich`.
    ///
    /// # Errors
    ///
    /// [`UnknownTimeZone`] if the compiled-in database does not have it.
    pub fn new(timezone: &str) -> Result<Self, UnknownTimeZone> {
        match TimeZone::get(timezone) {
            Ok(zone) => Ok(Self { zone }),
            Err(_) => Err(UnknownTimeZone {
                name: timezone.to_owned(),
                nearest: nearest_name(timezone),
            }),
        }
    }

    /// The instant at which the wall clock shows `local`: the next time that exists if this one
    /// does not, the first if it exists twice. Unix time in ns, held inside the years 1678 to 2261.
    #[must_use]
    pub fn instant(&self, local: DateTime) -> i64 {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let resolved = match ambiguous.offset() {
            // The wall clock jumps at one instant, and nothing in the gap is ever shown. Read with
            // the offset that holds after it, a time in the gap lies just before the jump.
            AmbiguousOffset::Gap { after, .. } => {
                after.to_timestamp(local).ok().and_then(|before| {
                    let jump = self.zone.following(before).next();
                    jump.map(|jump| jump.timestamp())
                })
            }
            _ => ambiguous.earlier().ok(),
        };
        match resolved {
            Some(at) => nanoseconds(at),
            None if local.year() < 1970 => i64::MIN,
            None => i64::MAX,
        }
    }

    /// The first instant of a local day.
    #[must_use]
    pub fn midnight(&self, date: Date) -> i64 {
        self.instant(date.to_datetime(Time::midnight()))
    }

    /// What the wall clock shows.
    #[must_use]
    pub fn local(&self, unix_ns: i64) -> DateTime {
        self.zone.to_datetime(timestamp(unix_ns))
    }

    /// The local days that have a moment in `[from_ns, to_ns)`, in order, whole.
    #[must_use]
    pub fn days(&self, from_ns: i64, to_ns: i64) -> Vec<LocalDay> {
        let mut days = Vec::new();
        if to_ns <= from_ns {
            return days;
        }
        let mut date = self.local(from_ns).date();
        let mut start_ns = self.midnight(date);
        while start_ns < to_ns {
            let Ok(next) = date.tomorrow() else { break };
            let end_ns = self.midnight(next);
            // A zone that crosses the date line skips a whole day; that day has no moment.
            if from_ns < end_ns && start_ns < end_ns {
                days.push(LocalDay {
                    date,
                    start_ns,
                    end_ns,
                });
            }
            (date, start_ns) = (next, end_ns);
        }
        days
    }

    /// Instants in `(from_ns, to_ns)` at which the wall clock jumps.
    #[must_use]
    pub fn jumps(&self, from_ns: i64, to_ns: i64) -> Vec<i64> {
        self.zone
            .following(timestamp(from_ns))
            .map(|jump| nanoseconds(jump.timestamp()))
            .take_while(|&at| at < to_ns)
            .filter(|&at| from_ns < at && self.shift(at))
            .collect()
    }

    /// Whether the wall clock shows anything else than an ns more than an ns ago.
    fn shift(&self, at: i64) -> bool {
        let before = self.zone.to_offset(timestamp(at - 1));
        before != self.zone.to_offset(timestamp(at))
    }

    /// Occurrences of the union of `whens` that have a moment in `[from_ns, to_ns)`, by start.
    /// They are whole: one that began before `from_ns` has its own start.
    #[must_use]
    pub fn occurrences(&self, whens: &[When], from_ns: i64, to_ns: i64) -> Vec<Occurrence> {
        if whens.is_empty() || to_ns <= from_ns {
            return Vec::new();
        }
        let longest = whens.iter().map(longest_days).max().unwrap_or(0);
        let furthest = LONGEST_UNION_DAYS.max(longest + 1);
        let (mut back, mut ahead) = (longest + 1, 0);
        loop {
            let first = days_away(from_ns, -back);
            let last = days_away(to_ns, ahead);
            let joined = join(self.starting_in(whens, first, last));
            let touching = joined.into_iter().filter(|o| o.touches(from_ns, to_ns));
            let found: Vec<_> = touching.collect();
            // Complete if nothing earlier can reach into the first one, and the last one ends
            // before anything that was not looked at.
            let safe = days_away(first, longest + 1);
            let begun = found.first().is_none_or(|o| safe <= o.start_ns) || back == furthest;
            let ended = found
                .last()
                .and_then(|o| o.end_ns)
                .is_none_or(|end| end <= last || end == EVER_AFTER_NS)
                || ahead == furthest;
            if begun && ended {
                return found;
            }
            if !begun {
                back = (2 * back).min(furthest);
            }
            if !ended {
                ahead = (2 * ahead).clamp(1, furthest);
            }
        }
    }

    /// The union of `whens` inside `[from_ns, to_ns)` as intervals with gaps between them.
    /// Instants have no length and are left out.
    #[must_use]
    pub fn intervals(&self, whens: &[When], from_ns: i64, to_ns: i64) -> Vec<(i64, i64)> {
        let mut intervals: Vec<(i64, i64)> = Vec::new();
        for occurrence in self.occurrences(whens, from_ns, to_ns) {
            let start = occurrence.start_ns.max(from_ns);
            let end = occurrence.end_ns.unwrap_or(start).min(to_ns);
            if end <= start {
                continue;
            }
            match intervals.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => intervals.push((start, end)),
            }
        }
        intervals
    }

    /// The first start of the union of `whens` in `[from_ns, to_ns)`.
    #[must_use]
    pub fn next_start(&self, whens: &[When], from_ns: i64, to_ns: i64) -> Option<i64> {
        let occurrences = self.occurrences(whens, from_ns, to_ns);
        occurrences
            .iter()
            .map(|o| o.start_ns)
            .find(|&start| from_ns <= start)
    }

    /// Occurrences of each entry by itself that start in `[from_ns, to_ns)` or are under way then
    /// because they have no end, unsorted.
    fn starting_in(&self, whens: &[When], from_ns: i64, to_ns: i64) -> Vec<Occurrence> {
        let mut found = Vec::new();
        // A day more on both sides: a moved local time may start on the day after its own.
        let first = self.local(from_ns).date().checked_sub(1.day());
        let last = self.local(to_ns).date().checked_add(1.day());
        let (first, last) = (first.unwrap_or(Date::MIN), last.unwrap_or(Date::MAX));
        for when in whens {
            match when.days {
                Days::Date(date, until) => found.extend(self.dated(when, date, until)),
                Days::From(date) => found.push(Occurrence {
                    ordinal: ordinal(date.to_datetime(start_time(when.hours))),
                    start_ns: self.instant(date.to_datetime(start_time(when.hours))),
                    end_ns: Some(EVER_AFTER_NS),
                }),
                Days::Season(..) if is_whole(when) => {
                    for (start, end) in seasons(&when.days, first, last) {
                        found.extend(self.dated(when, start, Some(end)));
                    }
                }
                _ => {
                    let mut date = first;
                    while date <= last {
                        if falls_on(&when.days, date) {
                            found.extend(self.dated(when, date, None));
                        }
                        let Ok(next) = date.tomorrow() else { break };
                        date = next;
                    }
                }
            }
        }
        found
            .retain(|o| o.start_ns < to_ns && (from_ns <= o.start_ns || o.touches(from_ns, to_ns)));
        found
    }

    /// The occurrence that starts on `date`, and ends on `until` if that is given (a last day if
    /// no hours are, the day of the second time of a band otherwise).
    fn dated(&self, when: &When, date: Date, until: Option<Date>) -> Option<Occurrence> {
        let time = start_time(when.hours);
        let start_ns = self.instant(date.to_datetime(time));
        let end_ns = match (when.lasts_ns, when.hours) {
            (Some(lasts), _) => Some(start_ns.saturating_add_unsigned(lasts)),
            (None, Hours::At(_)) => None,
            (None, Hours::WholeDay) => {
                let last = until.unwrap_or(date);
                Some(
                    last.tomorrow()
                        .map_or(EVER_AFTER_NS, |next| self.midnight(next)),
                )
            }
            (None, Hours::Band(from, to)) => {
                let day = match until {
                    Some(until) => until,
                    None if to <= from => date.tomorrow().ok()?,
                    None => date,
                };
                Some(self.instant(day.to_datetime(to)))
            }
        };
        let runs_backwards = end_ns.is_some_and(|end| end < start_ns);
        (!runs_backwards).then(|| Occurrence {
            ordinal: ordinal(date.to_datetime(time)),
            start_ns,
            end_ns,
        })
    }
}

/// Whether `days` names `date`. Dated days name theirs; `from` every later one too.
#[must_use]
pub fn falls_on(days: &Days, date: Date) -> bool {
    let month_day = (date.month(), date.day());
    match *days {
        Days::EveryDay => true,
        Days::EveryWeekday => is_weekday(date),
        Days::Every(weekday) => date.weekday() == weekday,
        Days::Season(from, to) if from <= to => (from..=to).contains(&month_day),
        Days::Season(from, to) => from <= month_day || month_day <= to,
        Days::Nth { nth, day, month } => {
            month.is_none_or(|month| date.month() == month) && is_nth(nth, day, date)
        }
        Days::OfMonth(day, Shift::None) => date.day() == day,
        // The day itself, or the Friday before it, or the Monday after it: at most two days away,
        // perhaps in the next or the last month.
        Days::OfMonth(day, shift) => {
            is_weekday(date)
                && (0..=2).any(|away| {
                    let nominal = match shift {
                        Shift::Before => date.checked_add(away.days()),
                        _ => date.checked_sub(away.days()),
                    };
                    nominal.is_ok_and(|nominal| {
                        nominal.day() == day
                            && (away == 0 || lands_on(nominal, shift) == Some(date))
                    })
                })
        }
        Days::Date(from, until) => (from..=until.unwrap_or(from)).contains(&date),
        Days::From(from) => from <= date,
    }
}

/// Monday to Friday.
#[must_use]
pub fn is_weekday(date: Date) -> bool {
    !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The first Monday to Friday after `date`.
#[must_use]
pub fn next_working_day(date: Date) -> Date {
    let mut next = date.tomorrow().unwrap_or(date);
    while !is_weekday(next) {
        let Ok(later) = next.tomorrow() else { break };
        next = later;
    }
    next
}

/// Where a day of the month goes: itself if it is a weekday.
fn lands_on(nominal: Date, shift: Shift) -> Option<Date> {
    let mut date = nominal;
    while !is_weekday(date) {
        date = match shift {
            Shift::None => return Some(date),
            Shift::Before => date.yesterday().ok()?,
            Shift::After => date.tomorrow().ok()?,
        };
    }
    Some(date)
}

fn is_nth(nth: Nth, day: NthDay, date: Date) -> bool {
    let counted = |d: i8| {
        let date = Date::new(date.year(), date.month(), d);
        date.is_ok_and(|date| match day {
            NthDay::Day(weekday) => date.weekday() == weekday,
            NthDay::Weekday => is_weekday(date),
        })
    };
    let count = |days: std::ops::RangeInclusive<i8>| days.filter(|&d| counted(d)).count();
    counted(date.day())
        && match nth {
            Nth::Number(n) => usize::try_from(n) == Ok(count(1..=date.day())),
            Nth::Last => count(date.day()..=date.days_in_month()) == 1,
        }
}

/// First and last days of the seasons that touch `[first, last]`.
fn seasons(days: &Days, first: Date, last: Date) -> Vec<(Date, Date)> {
    let mut seasons: Vec<(Date, Date)> = Vec::new();
    // A season is at most a year long, so one that is under way on `first` began in the year before.
    let mut date = first.checked_sub(366.days()).unwrap_or(Date::MIN);
    let &Days::Season(from, _) = days else {
        return seasons;
    };
    while date <= last
        || seasons
            .last()
            .is_some_and(|s| s.1.tomorrow().ok() == Some(date))
    {
        if falls_on(days, date) {
            let begins = from == (date.month(), date.day());
            match seasons.last_mut() {
                Some(season) if !begins && season.1.tomorrow().ok() == Some(date) => {
                    season.1 = date;
                }
                _ => seasons.push((date, date)),
            }
        }
        let Ok(next) = date.tomorrow() else { break };
        date = next;
    }
    // The first may have been met in its middle; it ended long before.
    seasons.retain(|&(_, end)| first <= end);
    seasons
}

/// Occurrences that overlap, or start together, become one; by start.
fn join(mut occurrences: Vec<Occurrence>) -> Vec<Occurrence> {
    occurrences.sort_by_key(|o| (o.start_ns, o.ordinal));
    let mut joined: Vec<Occurrence> = Vec::with_capacity(occurrences.len());
    for next in occurrences {
        match joined.last_mut() {
            Some(last)
                if next.start_ns == last.start_ns
                    || last.end_ns.is_some_and(|end| next.start_ns < end) =>
            {
                last.end_ns = last.end_ns.max(next.end_ns);
            }
            _ => joined.push(next),
        }
    }
    joined
}

fn days_away(from_ns: i64, days: i64) -> i64 {
    from_ns.saturating_add(days.saturating_mul(DAY_NS))
}

/// An upper bound on the length, in days; what has no end is found by its start.
fn longest_days(when: &When) -> i64 {
    let given = when
        .lasts_ns
        .map(|ns| (ns / DAY_NS.unsigned_abs()) as i64 + 1);
    let by_days = match (&when.days, when.hours) {
        (Days::Season(..), Hours::WholeDay) => 367,
        _ => 2,
    };
    given.unwrap_or(by_days)
}

/// Whether a season is one occurrence, not one per day.
fn is_whole(when: &When) -> bool {
    when.hours == Hours::WholeDay && when.lasts_ns.is_none()
}

fn start_time(hours: Hours) -> Time {
    match hours {
        Hours::WholeDay => Time::midnight(),
        Hours::At(time) | Hours::Band(time, _) => time,
    }
}

/// See [`Occurrence::ordinal`]. Before 1970 it is huge, and still nobody else's.
pub(crate) fn ordinal(local: DateTime) -> u64 {
    let since_1970 = local.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    (since_1970.as_secs() * 1000 + i64::from(since_1970.subsec_millis())) as u64
}

fn timestamp(unix_ns: i64) -> Timestamp {
    // Every i64 of ns lies inside jiff's years -9999 to 9999.
    Timestamp::from_nanosecond(i128::from(unix_ns)).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn nanoseconds(at: Timestamp) -> i64 {
    let ns = at.as_nanosecond();
    i64::try_from(ns).unwrap_or(if ns < 0 { i64::MIN } else { i64::MAX })
}

fn nearest_name(name: &str) -> Option<String> {
    let distance = |known: &str| strsim::osa_distance(&known.to_lowercase(), &name.to_lowercase());
    let known = jiff::tz::db().available();
    let nearest = known
        .map(|known| (distance(known.as_str()), known.to_string()))
        .min()?;
    (nearest.0 <= 1 + name.len() / 4).then_some(nearest.1)
}

#[cfg(test)]
mod tests;
