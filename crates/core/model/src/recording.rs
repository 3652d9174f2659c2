//! Recorded arrivals: bytes of a file become instants or counts.
//!
//! Three formats. `instants`: a time per line, or a column of a table; `column: end - duration` is one
//! column less another, for recordings of when things ended. `counts`: a table of interval starts and
//! how many came in each. `combined`: the time stamps of a web server's access log. Which spellings of
//! a time there are stands in [`stamp`]; a file holds times of one kind only, so that no seconds are
//! taken for milliseconds.
//!
//! A table must be right: a cell that cannot be read is a mistake, with its line and column. A log is
//! taken as it is: lines without a time stamp are left out, and said. In both, line ends may be
//! those of Windows, a byte order mark and blank lines are passed over, and times that go back are
//! sorted, those of the same instant in the order of the file; that is said too, because where rows are
//! out of order something else may be.
//!
//! Whatever the bytes, the answer is a recording or a list of mistakes; memory stays within a few
//! times the file.

mod stamp;
mod table;

use crate::calendar::Calendar;
use crate::system::{Clock, Recorded, Recording};
use stamp::{Kind, Stamp};
use table::{Lines, Table};

pub use crate::ast::ArrivalFormat;

/// How many mistakes of one kind are listed.
const MOST_LISTED: usize = 20;

/// Counts above this are no counts of visits.
const MOST_VISITS: f64 = 1e12;

/// What the file that names the recording says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options<'a> {
    /// What a line holds.
    pub format: ArrivalFormat,
    /// The column with the times (instants) or the counts, by its head; `A - B` for a difference.
    pub column: Option<&'a str>,
    /// Length of an interval of counts, ns.
    pub per_ns: Option<u64>,
    /// The day on which the recording starts, in place of its own.
    pub at: Option<jiff::civil::Date>,
}

/// A recording that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// What was recorded, in order.
    pub recording: Recording,
    /// Lines that hold a time stamp or a count.
    pub rows: u64,
    /// Lines that are neither blank nor comments and hold none.
    pub skipped: u64,
    /// What one should know before trusting it.
    pub warnings: Vec<Remark>,
}

/// Something about a recording, at a place of it if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// 1-based line; 0 if it is about the whole file.
    pub line: u64,
    /// 1-based character of the line; 0 if it is about the whole line.
    pub column: u64,
    /// One sentence.
    pub text: String,
}

impl Remark {
    fn about_all(text: String) -> Self {
        Self {
            line: 0,
            column: 0,
            text,
        }
    }
}

impl std::fmt::Display for Remark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (0, _) => f.write_str(&self.text),
            (line, 0) => write!(f, "line {line}: {}", self.text),
            (line, column) => write!(f, "line {line}, column {column}: {}", self.text),
        }
    }
}

impl Recording {
    /// Its first time and one past its last, on its own clock; none if it is empty.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        match &self.what {
            Recorded::Instants(instants) => {
                Some((*instants.first()?, instants.last()?.saturating_add(1)))
            }
            Recorded::Counts { per_ns, rows } => Some((
                rows.first()?.0,
                rows.last()?.0.saturating_add_unsigned(*per_ns),
            )),
        }
    }
}

/// Reads a recording. Times without an offset are read on the clocks of `calendar`.
///
/// # Errors
///
/// The mistakes, by line, at most twenty of them.
pub fn read(
    bytes: &[u8],
    options: &Options<'_>,
    calendar: &Calendar,
) -> Result<Reading, Vec<Remark>> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(vec![Remark::about_all(
            "this is UTF-16; save it as UTF-8".to_owned(),
        )]);
    }
    match options.format {
        ArrivalFormat::Instants => instants(bytes, options, calendar),
        ArrivalFormat::Counts => counts(bytes, options, calendar),
        ArrivalFormat::Combined => combined(bytes, options, calendar),
    }
}

fn instants(
    bytes: &[u8],
    options: &Options<'_>,
    calendar: &Calendar,
) -> Result<Reading, Vec<Remark>> {
    let is_time = |cell: &str| Stamp::read(cell, calendar).is_ok();
    let mut table = Table::open(bytes, is_time);
    let column = match options.column {
        Some(column) => table.named(column)?,
        None => table.only()?,
    };
    let mut rows = Rows::new(calendar);
    while let Some(row) = table.next_row() {
        let Some(stamp) = rows.stamp(&row, column.of) else {
            continue;
        };
        let at = match column.less {
            None => Some(stamp.ns),
            Some(less) => rows
                .length(&row, less, stamp.kind)
                .and_then(|ns| stamp.ns.checked_sub(ns)),
        };
        if let Some(at) = at {
            rows.values.push(at);
        }
    }
    let (values, clock, skipped, warnings) = rows.done()?;
    Ok(finish_instants(
        values, clock, skipped, warnings, options, calendar,
    ))
}

fn combined(
    bytes: &[u8],
    options: &Options<'_>,
    calendar: &Calendar,
) -> Result<Reading, Vec<Remark>> {
    let mut values = Vec::new();
    let mut left_out = LeftOut::default();
    for (line, text) in Lines::new(bytes) {
        match stamp::of_log_line(&text) {
            Some(at) => values.push(at),
            None => left_out.note(line),
        }
    }
    if values.is_empty() {
        return Err(vec![Remark::about_all(
            "no line holds a time stamp such as `[17/May/2015:10:05:03 +0000]`".to_owned(),
        )]);
    }
    let warnings = left_out.remark("no time stamp").into_iter().collect();
    Ok(finish_instants(
        values,
        Clock::Unix,
        left_out.count,
        warnings,
        options,
        calendar,
    ))
}

/// Sorts, looks for what is odd, and wraps up.
fn finish_instants(
    mut values: Vec<i64>,
    clock: Clock,
    skipped: u64,
    mut warnings: Vec<Remark>,
    options: &Options<'_>,
    calendar: &Calendar,
) -> Reading {
    // What makes a replay another thing than the recording comes first.
    let sorted = sort(&mut values, |&at| at);
    warnings.extend(one_minute_of_each_hour(&values, clock, calendar));
    warnings.extend(whole_seconds(&values));
    warnings.extend(sorted);
    Reading {
        rows: values.len() as u64,
        skipped,
        warnings,
        recording: Recording {
            what: Recorded::Instants(values.into()),
            at: options.at.map(|date| date.at(0, 0, 0, 0)),
            clock,
        },
    }
}

fn counts(
    bytes: &[u8],
    options: &Options<'_>,
    calendar: &Calendar,
) -> Result<Reading, Vec<Remark>> {
    let is_time = |cell: &str| Stamp::read(cell, calendar).is_ok();
    let mut table = Table::open(bytes, is_time);
    let (time, count) = table.time_and_count(options.column)?;
    let mut rows = Rows::new(calendar);
    while let Some(row) = table.next_row() {
        let Some(stamp) = rows.stamp(&row, time) else {
            continue;
        };
        if let Some(count) = rows.count(&row, count) {
            rows.values.push((stamp.ns, count));
        }
    }
    let (mut values, clock, skipped, mut warnings) = rows.done()?;
    let row_count = values.len() as u64;
    warnings.extend(sort(&mut values, |row| row.0));
    let (values, doubled) = add_up(values);
    if 0 < doubled {
        warnings.push(Remark::about_all(format!(
            "{doubled} rows start at the same instant as another one; their counts were added up"
        )));
    }
    let per_ns = match options.per_ns {
        Some(per) => per,
        None => shortest_gap(&values).ok_or_else(|| {
            let text =
                "one interval alone does not say how long it is: give `per`, such as `per: 30min`";
            vec![Remark::about_all(text.to_owned())]
        })?,
    };
    warnings.extend(odd_gaps(&values, per_ns, options.per_ns.is_some()));
    Ok(Reading {
        rows: row_count,
        skipped,
        warnings,
        recording: Recording {
            what: Recorded::Counts {
                per_ns,
                rows: values.into(),
            },
            at: options.at.map(|date| date.at(0, 0, 0, 0)),
            clock,
        },
    })
}

/// The rows of a table as they are read: all times must be of one kind.
struct Rows<'a, T> {
    calendar: &'a Calendar,
    /// Kind of the first time, and its line.
    kind: Option<(Kind, u64)>,
    values: Vec<T>,
    mistakes: Vec<Remark>,
    left_out: LeftOut,
}

impl<'a, T> Rows<'a, T> {
    fn new(calendar: &'a Calendar) -> Self {
        Self {
            calendar,
            kind: None,
            values: Vec::new(),
            mistakes: Vec::new(),
            left_out: LeftOut::default(),
        }
    }

    fn stamp(&mut self, row: &table::Row<'_>, column: usize) -> Option<Stamp> {
        let cell = row.cell(column);
        if cell.text.is_empty() {
            self.left_out.note(row.line);
            return None;
        }
        let stamp = match Stamp::read(&cell.text, self.calendar) {
            Ok(stamp) => stamp,
            Err(why) => return self.wrong(row, column, why),
        };
        let (kind, line) = *self.kind.get_or_insert((stamp.kind, row.line));
        if kind == stamp.kind {
            Some(stamp)
        } else {
            let text = format!("this is {}, but line {line} holds {kind}", stamp.kind);
            self.wrong(row, column, text)
        }
    }

    /// A length in the unit of the times beside it.
    fn length(&mut self, row: &table::Row<'_>, column: usize, kind: Kind) -> Option<i64> {
        let cell = row.cell(column);
        if cell.text.is_empty() {
            self.left_out.note(row.line);
            return None;
        }
        match stamp::length(&cell.text, kind) {
            Ok(ns) => Some(ns),
            Err(why) => self.wrong(row, column, why),
        }
    }

    fn count(&mut self, row: &table::Row<'_>, column: usize) -> Option<f64> {
        let cell = row.cell(column);
        if cell.text.is_empty() {
            self.left_out.note(row.line);
            return None;
        }
        match cell.text.parse::<f64>() {
            Ok(count) if (0.0..=MOST_VISITS).contains(&count) => Some(count),
            _ => {
                let text = format!("{} is no count of visits", table::quoted(&cell.text));
                self.wrong(row, column, text)
            }
        }
    }

    fn wrong<U>(&mut self, row: &table::Row<'_>, column: usize, text: String) -> Option<U> {
        if self.mistakes.len() < MOST_LISTED {
            self.mistakes.push(Remark {
                line: row.line,
                column: row.cell(column).column,
                text,
            });
        }
        None
    }

    #[allow(
        clippy::type_complexity,
        reason = "four things that are taken apart at once"
    )]
    fn done(self) -> Result<(Vec<T>, Clock, u64, Vec<Remark>), Vec<Remark>> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        let Some((kind, _)) = self.kind.filter(|_| !self.values.is_empty()) else {
            return Err(vec![Remark::about_all(
                "nothing is recorded here".to_owned(),
            )]);
        };
        let warnings = self.left_out.remark("an empty cell").into_iter().collect();
        Ok((self.values, kind.clock(), self.left_out.count, warnings))
    }
}

/// Lines that hold nothing.
#[derive(Default)]
struct LeftOut {
    count: u64,
    first: u64,
}

impl LeftOut {
    fn note(&mut self, line: u64) {
        if self.count == 0 {
            self.first = line;
        }
        self.count += 1;
    }

    fn remark(&self, what: &str) -> Option<Remark> {
        let text = match self.count {
            0 => return None,
            1 => format!("{what}: this line was left out"),
            n => format!("{what}: this line and {} more were left out", n - 1),
        };
        Some(Remark {
            line: self.first,
            column: 0,
            text,
        })
    }
}

/// Sorts by time, and says so if there was something to sort.
fn sort<T>(values: &mut [T], at: impl Fn(&T) -> i64) -> Option<Remark> {
    let back = values
        .windows(2)
        .filter(|pair| at(&pair[1]) < at(&pair[0]))
        .count();
    if back == 0 {
        return None;
    }
    values.sort_by_key(at);
    Some(Remark::about_all(format!(
        "{back} of {} times are earlier than the one before; they were sorted",
        values.len()
    )))
}

/// A recording of a few hours whose times all share a minute was sampled, or its clock stood still.
fn one_minute_of_each_hour(values: &[i64], clock: Clock, calendar: &Calendar) -> Option<Remark> {
    const MINUTE: i64 = 60_000_000_000;
    let minute_of = |at: i64| at.div_euclid(MINUTE).rem_euclid(60);
    let minute = minute_of(*values.first()?);
    let hour_of = |at: i64| at.div_euclid(60 * MINUTE);
    let mut hours = 0;
    let mut last = None;
    for &at in values {
        if minute_of(at) != minute {
            return None;
        }
        if last != Some(hour_of(at)) {
            (hours, last) = (hours + 1, Some(hour_of(at)));
        }
    }
    if hours < 2 {
        return None;
    }
    let shown = match clock {
        Clock::Unix => i64::from(calendar.local(values[0]).minute()),
        Clock::FromStart => minute,
    };
    Some(Remark::about_all(format!(
        "all {} arrivals fall into minute {shown} of their hour, in each of {hours} hours: the recording was \
         thinned out or its clock was wrong, and replaying it is {hours} bursts with silence between",
        values.len()
    )))
}

/// Time stamps that know whole seconds only make crowds of those who came one after another.
fn whole_seconds(values: &[i64]) -> Option<Remark> {
    const SECOND: i64 = 1_000_000_000;
    let together = values.windows(2).filter(|pair| pair[0] == pair[1]).count();
    if together == 0 || values.iter().any(|at| at % SECOND != 0) {
        return None;
    }
    Some(Remark::about_all(format!(
        "times are whole seconds, so {together} of {} arrivals come at the very instant of another",
        values.len()
    )))
}

/// Rows that start together become one.
fn add_up(values: Vec<(i64, f64)>) -> (Vec<(i64, f64)>, usize) {
    let before = values.len();
    let mut sums: Vec<(i64, f64)> = Vec::with_capacity(before);
    for (at, count) in values {
        match sums.last_mut() {
            Some(last) if last.0 == at => last.1 += count,
            _ => sums.push((at, count)),
        }
    }
    let doubled = before - sums.len();
    (sums, doubled)
}

fn shortest_gap(values: &[(i64, f64)]) -> Option<u64> {
    values
        .windows(2)
        .map(|pair| pair[1].0.abs_diff(pair[0].0))
        .min()
}

/// Intervals that overlap, or that have something unknown between them.
fn odd_gaps(values: &[(i64, f64)], per_ns: u64, given: bool) -> Vec<Remark> {
    let gaps = || values.windows(2).map(|pair| pair[1].0.abs_diff(pair[0].0));
    let overlapping = gaps().filter(|&gap| gap < per_ns).count();
    let apart = gaps().filter(|&gap| per_ns < gap).count();
    let missing: u64 = gaps()
        .map(|gap| (gap / per_ns.max(1)).saturating_sub(1))
        .fold(0, u64::saturating_add);
    let mut odd = Vec::new();
    if 0 < overlapping {
        odd.push(Remark::about_all(format!(
            "{overlapping} intervals begin before the one before is over: is `per` too long?"
        )));
    }
    if 0 < apart {
        let length = crate::scalar::Duration::from_nanos(per_ns);
        let source = if given { "" } else { ", the shortest gap" };
        odd.push(Remark::about_all(format!(
            "intervals are {length} long{source}, and {missing} of them are missing in {apart} places: nobody \
             arrives in them"
        )));
    }
    odd
}

#[cfg(test)]
mod tests;
