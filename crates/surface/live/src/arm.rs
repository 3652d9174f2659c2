//! One course of the day: an engine with its observer, the scenario that it lives, and what is known of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use worstday_model::day::Day;
use worstday_model::system::System;
use worstday_sim::rows::{Disturbance, Overridden};
use worstday_sim::{Editing, Engine, Line as DayLine};

use crate::observer::{Point, Probe};
use crate::script::{Line, Script};
use crate::shelf::{Moment, Shelf};
use crate::story::{Book, Entry, Pulled, Source, Story};
use crate::weigh::weight;

/// A scenario's day, read.
#[derive(Clone)]
pub struct Described {
    /// The checked system.
    pub system: Arc<System>,
    /// The day.
    pub day: Arc<Day>,
    /// Makes the system that edits make.
    pub editing: Arc<dyn Editing>,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

pub(crate) fn refuse<T>(why: impl std::fmt::Display) -> Result<T, Refusal> {
    Err(Refusal(why.to_string()))
}

/// One course of the day.
pub struct Arm {
    /// What it is called beside the other.
    pub title: String,
    pub(crate) script: Script,
    pub(crate) described: Described,
    pub(crate) engine: Engine<Probe>,
    pub(crate) story: Story,
    pub(crate) pulled: BTreeMap<u32, Pulled>,
    pub(crate) points: Vec<Point>,
    pub(crate) log: Vec<Entry>,
    pub(crate) shelf: Shelf,
    /// How many points and entries the watchers have been told.
    pub(crate) told: (usize, usize),
}

struct Lookup<'a>(&'a Engine<Probe>, &'a System);

impl Source for Lookup<'_> {
    fn system(&self) -> &System {
        self.1
    }

    fn disturbance(&self, row: u32) -> Option<Disturbance> {
        self.0.disturbance(row)
    }

    fn overridden(&self, row: u32) -> Option<Overridden> {
        self.0.overridden(row)
    }
}

impl Arm {
    /// The system without what edits do to it.
    #[must_use]
    pub fn system(&self) -> &System {
        &self.described.system
    }

    /// 128 bits over the ordered events so far.
    #[must_use]
    pub fn digest(&self) -> String {
        format!("{:032x}", self.engine.digest())
    }

    /// What happened so far.
    #[must_use]
    pub fn log(&self) -> &[Entry] {
        &self.log
    }

    /// The time line so far.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The scenario so far.
    #[must_use]
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// What is going on.
    #[must_use]
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// When kept moments are, ns.
    pub fn moments(&self) -> impl Iterator<Item = u64> + '_ {
        self.shelf.times()
    }

    pub(crate) fn unix(&self, at_ns: u64) -> i64 {
        self.described
            .day
            .start_unix_ns
            .saturating_add_unsigned(at_ns)
    }

    pub(crate) fn on_the_clock(&self, unix_ns: i64) -> u64 {
        (unix_ns - self.described.day.start_unix_ns).max(0) as u64
    }

    pub(crate) fn advance(&mut self, until_ns: u64, next_id: &mut u32) {
        self.engine.advance(until_ns);
        let now_ns = self.engine.now_ns();
        let probe = &mut self.engine.observer;
        probe.until(now_ns);
        self.points.append(&mut probe.take_points());
        let (facts, left) = (probe.take_facts(), probe.take_left());
        if facts.is_empty() && left.is_empty() {
            return;
        }
        let mut book = Book {
            log: &mut self.log,
            next_id,
            from_ns: self.described.day.warm_up_ns,
        };
        let source = Lookup(&self.engine, &self.described.system);
        self.story
            .tell(&facts, &left, &self.pulled, &source, &mut book);
    }

    pub(crate) fn moment(&self, by_hand: bool) -> Moment {
        let snapshot = self.engine.snapshot();
        let probe = self.engine.observer.clone();
        Moment {
            now_ns: self.engine.now_ns(),
            // Pages of histograms are held in full and written in part.
            bytes: 2 * weight(&snapshot),
            snapshot,
            probe,
            story: self.story.clone(),
            points: self.points.len(),
            log: self.log.len(),
            by_hand,
        }
    }

    /// Goes on from a moment on another day.
    pub(crate) fn go_on_from(&mut self, moment: &Moment, described: Described) {
        self.engine = Engine::restore(
            Arc::clone(&described.system),
            Arc::clone(&described.day),
            Arc::clone(&described.editing),
            moment.snapshot.clone(),
            moment.probe.clone(),
        );
        self.described = described;
        self.story = moment.story.clone();
        self.points.truncate(moment.points);
        self.log.truncate(moment.log);
        self.told = (self.told.0.min(moment.points), self.told.1.min(moment.log));
    }

    /// Plans the lines that come after now, and the early ends of those that have begun.
    pub(crate) fn plan_ahead(&mut self) -> Result<(), Refusal> {
        let now_ns = self.engine.now_ns();
        for line in self.script.lines.clone() {
            let at_ns = self.on_the_clock(line.at_ns);
            if now_ns < at_ns {
                self.schedule(&line)?;
            } else if let Some(end) = line.released_ns {
                let end_ns = self.on_the_clock(end);
                if now_ns < end_ns {
                    self.end_at(line.id, end_ns)?;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn schedule(&mut self, line: &Line) -> Result<(), Refusal> {
        let at_ns = self.on_the_clock(line.at_ns);
        let lines = lines_at(&self.described.day, at_ns);
        if lines.is_empty() {
            return refuse("nothing comes of it on this day");
        }
        for of_day in lines {
            let rows = self
                .engine
                .schedule(of_day)
                .map_err(|late| Refusal(late.to_string()))?;
            self.story.rows.extend(rows.map(|row| (row, line.id)));
        }
        Ok(())
    }

    pub(crate) fn end_at(&mut self, id: u32, end_ns: u64) -> Result<(), Refusal> {
        let rows = self.story.rows.iter();
        let rows: Vec<u32> = rows
            .filter(|(_, line)| **line == id)
            .map(|(row, _)| *row)
            .collect();
        for row in rows {
            self.engine
                .end_at(row, end_ns)
                .map_err(|late| Refusal(late.to_string()))?;
        }
        if let Some(open) = self.story.open.iter_mut().find(|open| open.id == id) {
            open.until_ns = Some(end_ns);
        }
        Ok(())
    }
}

/// The lines of a day that begin at an instant, which no other line does.
fn lines_at(day: &Day, at_ns: u64) -> Vec<DayLine> {
    fn all<T>(of: &[T], make: impl Fn(usize) -> DayLine, is: impl Fn(&T) -> bool) -> Vec<DayLine> {
        let rows = of.iter().enumerate().filter(|(_, row)| is(row));
        rows.map(|(at, _)| make(at)).collect()
    }
    let mut lines = all(&day.faults, DayLine::Fault, |row| row.at_ns == at_ns as i64);
    lines.extend(all(&day.edits, DayLine::Edit, |row| row.at_ns == at_ns));
    lines.extend(all(&day.acts, DayLine::Act, |row| row.at_ns == at_ns));
    lines.extend(all(&day.demands, DayLine::Demand, |row| row.at_ns == at_ns));
    lines
}
