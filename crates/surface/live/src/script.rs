//! The scenario that is being written: a head, and a line for everything that happens.
//!
//! What it was begun with stays as it is; what is done by hand comes behind it, each line at an instant of its own: a whole
//! millisecond, never a whole second, after every other line. So nothing that was planned can fall together with it, and
//! the order in which things were planned decides nothing.
//!
//! A scenario names instants by the wall clock, within a day of where it begins. What the wall clock cannot name (the
//! hour that comes twice when clocks go back) cannot be written, and is refused.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, Time};
use worstday_model::calendar::Calendar;
use worstday_model::scalar::Duration;
use worstday_model::tree::Node;

use worstday_model::yaml::{Yaml, scalar};

/// One millisecond, ns.
pub const MILLISECOND_NS: i64 = 1_000_000;
const SECOND_NS: i64 = 1_000_000_000;

/// Lines by hand in one session: every edit among them costs a reading of the model at each further line.
pub const LINES_MAX: usize = 500;

/// Keys that are written anew.
const OWN_KEYS: [&str; 12] = [
    "worstday", "scenario", "base", "model", "seed", "day", "from", "until", "happens", "breaks",
    "found", "raises",
];

/// What a session begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begin {
    /// The model, as a path from where the scenario will be read.
    pub base: String,
    /// The seed of all draws.
    pub seed: u64,
    /// The day.
    pub day: Date,
    /// Counting starts here.
    pub from: Time,
    /// It ends here; a day after `from` if that is the same time.
    pub until: Time,
    /// Other keys of the file that it was begun with.
    pub kept: Vec<(String, Yaml)>,
    /// What happens without anybody's doing: the time as written, and the rest of the line.
    pub lines: Vec<(Time, Vec<(String, Yaml)>)>,
}

impl Begin {
    /// From a scenario file that the reader has accepted. Its `until`, or a day.
    #[must_use]
    pub fn from_file(file: &Node, base: &str, seed: u64) -> Option<Self> {
        use worstday_model::scalar::{self, Scalar};
        let time = |node: &Node| {
            let (hour, minute, second, nanos) = scalar::Time::parse(node.text()?).ok()?.parts();
            let part = |part: u8| i8::try_from(part).ok();
            let nanos = i32::try_from(nanos).ok()?;
            Time::new(part(hour)?, part(minute)?, part(second)?, nanos).ok()
        };
        let from = file.get("from").and_then(time).unwrap_or(Time::midnight());
        let lines = file
            .get("happens")
            .and_then(Node::items)
            .unwrap_or_default();
        let kept = file.entries()?.iter();
        Some(Self {
            base: base.to_owned(),
            seed,
            day: file.get("day")?.text()?.parse().ok()?,
            from,
            until: file.get("until").and_then(time).unwrap_or(from),
            kept: kept
                .filter(|entry| !OWN_KEYS.contains(&&*entry.key.text))
                .map(|entry| (entry.key.text.to_string(), Yaml::from(&entry.value)))
                .collect(),
            lines: lines
                .iter()
                .map(|line| {
                    let rest = line
                        .entries()?
                        .iter()
                        .filter(|entry| &*entry.key.text != "at");
                    let rest =
                        rest.map(|entry| (entry.key.text.to_string(), Yaml::from(&entry.value)));
                    Some((time(line.get("at")?)?, rest.collect()))
                })
                .collect::<Option<_>>()?,
        })
    }
}

/// A line by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the session's log.
    pub id: u32,
    /// When, Unix time in ns.
    pub at_ns: i64,
    /// What, as the file says it.
    pub body: Vec<(String, Yaml)>,
    /// How long it was meant to last, ns; none as long as the thing itself says, or to the end.
    pub lasts_ns: Option<u64>,
    /// When somebody ended it early, Unix time in ns.
    pub released_ns: Option<i64>,
    /// Why.
    pub because: Option<String>,
}

impl Line {
    /// How long it lasts, ns, if the line says so.
    #[must_use]
    pub fn lasts_ns(&self) -> Option<u64> {
        let until_released = self.released_ns.map(|end| (end - self.at_ns).max(0) as u64);
        match (self.lasts_ns, until_released) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// Why an instant cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unnamed {
    /// It is a day or more after the beginning.
    TooLate,
    /// The wall clock shows this time twice.
    Twice,
}

impl std::fmt::Display for Unnamed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::TooLate => "a scenario names instants of one day, and this one is later",
            Self::Twice => {
                "clocks go back in this hour: a scenario could not say which of two instants is meant; go on a little"
            }
        })
    }
}

/// The scenario so far. See the module's page.
#[derive(Clone, Debug)]
pub struct Script {
    begin: Begin,
    calendar: Calendar,
    /// By hand, in the order of their instants.
    pub lines: Vec<Line>,
}

impl Script {
    /// A scenario without lines by hand.
    #[must_use]
    pub fn new(begin: Begin, calendar: Calendar) -> Self {
        Self {
            begin,
            calendar,
            lines: Vec::new(),
        }
    }

    /// What it was begun with.
    #[must_use]
    pub fn begin(&self) -> &Begin {
        &self.begin
    }

    /// The instants of the lines that it was begun with, Unix time in ns, in their order.
    pub fn begun_with(&self) -> impl Iterator<Item = i64> + '_ {
        let past_midnight = self.begin.until <= self.begin.from;
        self.begin.lines.iter().map(move |(at, _)| {
            let tomorrow = past_midnight && *at < self.begin.from && *at <= self.begin.until;
            self.instant(*at, tomorrow)
        })
    }

    fn instant(&self, time: Time, tomorrow: bool) -> i64 {
        let date = if tomorrow {
            self.begin.day.saturating_add(1.day())
        } else {
            self.begin.day
        };
        self.calendar.instant(date.to_datetime(time))
    }

    /// The wall clock's time of an instant.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] if reading it would not lead back to that instant.
    pub fn time(&self, at_ns: i64) -> Result<Time, Unnamed> {
        let local = self.calendar.local(at_ns);
        let time = local.time();
        let tomorrow = time < self.begin.from;
        let day_after = self.begin.day.saturating_add(1.day());
        let date = if tomorrow { day_after } else { self.begin.day };
        if local.date() != date {
            // At the very end the time is that of the beginning again.
            if local.date() == day_after && time == self.begin.from {
                return Ok(time);
            }
            return Err(Unnamed::TooLate);
        }
        if self.instant(time, tomorrow) == at_ns {
            Ok(time)
        } else {
            Err(Unnamed::Twice)
        }
    }

    /// The next instant for a line, or for the end of one: a whole millisecond after `now_ns` and after the last line, no whole
    /// second, and not the end of another line.
    #[must_use]
    pub fn next_instant(&self, now_ns: i64) -> i64 {
        let begun = self.lines.iter().map(|line| line.at_ns).max();
        let ends = || {
            let ends = self.lines.iter();
            ends.filter_map(|line| Some(line.at_ns.saturating_add_unsigned(line.lasts_ns()?)))
        };
        let released = self.lines.iter().filter_map(|line| line.released_ns).max();
        let after = [begun, released]
            .into_iter()
            .flatten()
            .fold(now_ns, i64::max);
        let mut at = (after.div_euclid(MILLISECOND_NS) + 1) * MILLISECOND_NS;
        while at.rem_euclid(SECOND_NS) == 0 || ends().any(|end| end == at) {
            at += MILLISECOND_NS;
        }
        at
    }

    /// The session's scenario, to be read: it ends where the session ends.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] if a line cannot be written.
    pub fn text(&self) -> Result<String, Unnamed> {
        self.written(self.begin.until, i64::MAX, "")
    }

    /// What happened until now, to be kept: it ends now, and lines that lie ahead and could be misread are left out.
    ///
    /// # Errors
    ///
    /// [`Unnamed`] if now, or a line, cannot be written.
    pub fn text_until(&self, now_ns: i64, head: &str) -> Result<String, Unnamed> {
        let until = self.time(now_ns)?;
        self.written(until, now_ns, head)
    }

    fn written(&self, until: Time, now_ns: i64, head: &str) -> Result<String, Unnamed> {
        let begin = &self.begin;
        let mut out = String::new();
        for line in head.lines() {
            // A line break would end the comment.
            out.push_str(&format!("# {line}\n"));
        }
        out.push_str("worstday: 1\nscenario: by-hand\n");
        let mut pair = |key: &str, value: &str| {
            out.push_str(key);
            out.push_str(": ");
            scalar(&mut out, value);
            out.push('\n');
        };
        pair("base", &begin.base);
        pair("seed", &format!("{:08x}", begin.seed));
        pair("day", &begin.day.to_string());
        pair("from", &clock(begin.from));
        pair("until", &clock(until));
        for (key, value) in &begin.kept {
            out.push_str(&format!("{}: {}\n", plain(key), value.flow()));
        }
        let mut lines = Vec::new();
        for ((at, rest), at_ns) in begin.lines.iter().zip(self.begun_with()) {
            // What lies ahead changes nothing before it begins, but for an event that it moves. Past midnight it would
            // be read as this morning's.
            if now_ns < at_ns && *at < begin.from {
                continue;
            }
            let at = ("at".to_owned(), Yaml::text(clock(*at)));
            lines.push(Yaml::Map(
                [at].into_iter().chain(rest.iter().cloned()).collect(),
            ));
        }
        for line in self.lines.iter().filter(|line| line.at_ns <= now_ns) {
            let mut entries = vec![("at".to_owned(), Yaml::text(clock(self.time(line.at_ns)?)))];
            entries.extend(line.body.iter().cloned());
            if let Some(lasts) = line.lasts_ns() {
                entries.push((
                    "lasts".to_owned(),
                    Yaml::text(Duration::from_nanos(lasts).to_string()),
                ));
            }
            if let Some(because) = &line.because {
                entries.push(("because".to_owned(), Yaml::text(because)));
            }
            lines.push(Yaml::Map(entries));
        }
        if !lines.is_empty() {
            out.push_str("happens:\n");
        }
        for line in lines {
            out.push_str(&format!("  - {}\n", line.flow()));
        }
        Ok(out)
    }
}

fn plain(key: &str) -> String {
    let mut out = String::new();
    scalar(&mut out, key);
    out
}

/// `08:20`, `08:20:13` or `08:20:13.251`: as much as is needed.
#[must_use]
pub fn clock(time: Time) -> String {
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    let nanos = time.subsec_nanosecond();
    let mut text = format!("{hour:02}:{minute:02}");
    if second != 0 || nanos != 0 {
        text.push_str(&format!(":{second:02}"));
    }
    if nanos != 0 {
        let fraction = format!("{nanos:09}");
        text.push_str(&format!(".{}", fraction.trim_end_matches('0')));
    }
    text
}

/// What edits say that the model knows by a name (`operators.sre.runbook.0.0`).
pub type Edits = BTreeMap<String, Yaml>;

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    fn script(day: Date, from: Time, until: Time, lines: Vec<Time>) -> Script {
        let lines = lines
            .into_iter()
            .map(|at| (at, vec![("fault".to_owned(), Yaml::text("x"))]));
        let begin = Begin {
            base: "a.yaml".to_owned(),
            seed: 0x7f3a,
            day,
            from,
            until,
            kept: Vec::new(),
            lines: lines.collect(),
        };
        Script::new(begin, Calendar::new("Europe/Zurich").unwrap())
    }

    /// Where it begins, Unix time in ns.
    fn from(script: &Script) -> i64 {
        script.instant(script.begin.from, false)
    }

    /// Each line has an instant of its own, a whole millisecond and never a whole second.
    #[test]
    fn instants_of_lines_fall_together_with_nothing() {
        let mut script = script(
            date(2026, 11, 28),
            time(7, 0, 0, 0),
            time(7, 0, 0, 0),
            vec![],
        );
        let from = from(&script);
        for (now, wanted) in [
            (from, from + 1_000_000),
            (from + 999_000_000, from + 1_001_000_000),
            (from + 999_999_999, from + 1_001_000_000),
            (from + 5_300_000, from + 6_000_000),
        ] {
            assert_eq!(script.next_instant(now), wanted);
        }
        script.lines.push(Line {
            id: 1,
            at_ns: from + 6_000_000,
            body: vec![],
            lasts_ns: None,
            released_ns: Some(from + 9_000_000),
            because: None,
        });
        assert_eq!(script.next_instant(from + 6_000_000), from + 10_000_000);
    }

    /// Across midnight an instant is one after it; what lies ahead there is left out of what is kept.
    #[test]
    fn a_session_across_midnight_is_written_as_it_is_read() {
        let evening = time(22, 0, 0, 0);
        let late = script(
            date(2026, 11, 28),
            evening,
            evening,
            vec![time(23, 0, 0, 0), time(2, 0, 0, 0)],
        );
        let at = |hours: i64| from(&late) + hours * 3600 * SECOND_NS;
        assert_eq!(late.begun_with().collect::<Vec<_>>(), [at(1), at(4)]);
        assert_eq!(late.time(at(3)), Ok(time(1, 0, 0, 0)));
        assert_eq!(late.time(at(24)), Ok(evening));
        assert_eq!(late.time(at(24) + 1_000_000), Err(Unnamed::TooLate));
        let before = late.text_until(at(1) + 1_000_000, "").unwrap();
        assert!(
            before.contains("at: 23:00") && !before.contains("at: 02:00"),
            "{before}"
        );
        let after = late.text_until(at(5), "").unwrap();
        assert!(
            after.contains("at: 02:00") && after.contains("until: 03:00"),
            "{after}"
        );
    }

    /// In the hour that comes twice an instant has no name of its own.
    #[test]
    fn the_hour_that_comes_twice_is_refused() {
        let back = script(
            date(2026, 10, 25),
            time(0, 0, 0, 0),
            time(0, 0, 0, 0),
            vec![],
        );
        let at = |minutes: i64| from(&back) + minutes * 60 * SECOND_NS;
        assert_eq!(back.time(at(150)), Ok(time(2, 30, 0, 0)));
        assert_eq!(back.time(at(210)), Err(Unnamed::Twice));
        assert_eq!(back.time(at(270)), Ok(time(3, 30, 0, 0)));
    }

    /// What is released early lasts until then, and a text of a stranger ends no line.
    #[test]
    fn lines_are_written_as_the_language_has_them() {
        let mut script = script(
            date(2026, 11, 28),
            time(7, 0, 0, 0),
            time(11, 0, 0, 0),
            vec![],
        );
        script.lines.push(Line {
            id: 1,
            at_ns: from(&script) + 13_251_000_000,
            body: vec![("vanish".to_owned(), Yaml::text("pos"))],
            lasts_ns: Some(900_000_000_000),
            released_ns: Some(from(&script) + 14_252_000_000),
            because: Some("it's \"bad\"\n  - {at: 08:00}".to_owned()),
        });
        let text = script.text().unwrap();
        let expected = r#"worstday: 1
scenario: by-hand
base: a.yaml
seed: 00007f3a
day: 2026-11-28
from: 07:00
until: 11:00
happens:
  - {at: 07:00:13.251, vanish: pos, lasts: 1.001s, because: "it's \"bad\"\u000a  - {at: 08:00}"}
"#;
        assert_eq!(text, expected);
    }
}
