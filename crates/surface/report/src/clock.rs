//! The run's clock as people read it.
//!
//! On a day with a shape a moment is its local time (`20:15`, with the weekday if the run is longer than
//! a day); where demand is constant the time of day means nothing, and a moment is its distance from
//! where counting starts (`+12m`).

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use worstday_model::day::{Day, Varies};
use worstday_model::system::System;
use worstday_sim::outcome::Outcome;

use crate::quantity::seconds;

/// Turns the run's nanoseconds into words.
#[derive(Debug)]
pub struct Clock {
    zone: TimeZone,
    start_unix_ns: i64,
    warm_up_ns: u64,
    style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Offset,
    Time,
    DayAndTime,
}

impl Clock {
    /// The clock of a day; an unknown time zone, which no checked system has, reads as UTC.
    #[must_use]
    pub fn new(system: &System, day: &Day, row: &Outcome) -> Self {
        Self::spanning(system, day, row.start_unix_ns, row.warm_up_ns, row.end_ns)
    }

    /// The same for a run that is still going on: where it starts on the calendar, ns since 1970, and where it
    /// counts from and ends, ns on its own clock.
    #[must_use]
    pub fn spanning(
        system: &System,
        day: &Day,
        start_unix_ns: i64,
        warm_up_ns: u64,
        end_ns: u64,
    ) -> Self {
        let counted = end_ns.saturating_sub(warm_up_ns);
        let style = match day.varies {
            Varies::No => Style::Offset,
            Varies::Yes if counted <= 86_400_000_000_000 => Style::Time,
            Varies::Yes => Style::DayAndTime,
        };
        Self {
            zone: TimeZone::get(&system.timezone).unwrap_or(TimeZone::UTC),
            start_unix_ns,
            warm_up_ns,
            style,
        }
    }

    fn zoned(&self, at_ns: u64) -> Zoned {
        let unix = i128::from(self.start_unix_ns) + i128::from(at_ns);
        Timestamp::from_nanosecond(unix)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_zoned(self.zone.clone())
    }

    /// `2026-11-23T00:00:00+01:00`
    #[must_use]
    pub fn date_time(&self, at_ns: u64) -> String {
        self.zoned(at_ns)
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    }

    /// A moment.
    #[must_use]
    pub fn moment(&self, at_ns: u64) -> String {
        match self.style {
            Style::Offset => {
                let offset = (at_ns as f64 - self.warm_up_ns as f64) / 1e9;
                format!(
                    "{}{}",
                    if offset < 0.0 { "" } else { "+" },
                    seconds(offset).replace(' ', "")
                )
            }
            Style::Time => self.zoned(at_ns).strftime("%H:%M").to_string(),
            Style::DayAndTime => self.zoned(at_ns).strftime("%a %H:%M").to_string(),
        }
    }

    /// Whether a moment is told as a distance from where counting starts, because the time of day means nothing.
    #[must_use]
    pub fn counts_from_start(&self) -> bool {
        self.style == Style::Offset
    }

    /// The distance of local time from UTC at an instant and after each change of clocks up to another, in s:
    /// (ns on the run's clock, offset).
    #[must_use]
    pub fn offsets(&self, from_ns: u64, until_ns: u64) -> Vec<(u64, i32)> {
        let start = i128::from(self.start_unix_ns);
        let first = self.zoned(from_ns);
        let mut all = vec![(from_ns, first.offset().seconds())];
        for change in self.zone.following(first.timestamp()) {
            let at = change.timestamp().as_nanosecond() - start;
            match u64::try_from(at) {
                Ok(at) if at < until_ns => all.push((at, change.offset().seconds())),
                _ => break,
            }
        }
        all
    }

    /// From one moment to another: `00:06–00:11`.
    #[must_use]
    pub fn window(&self, from_ns: u64, until_ns: u64) -> String {
        format!("{}–{}", self.moment(from_ns), self.moment(until_ns))
    }
}
