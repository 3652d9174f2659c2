//! What a scenario's day does by hand: overrides and more demand, planned like faults.
//!
//! A day that is being lived gets longer while it runs: [`Engine::schedule`] plans one more of its lines, and what comes of
//! it is the history of a day that had the line from the start. Hence an instant of its own for each line, after now:
//! in one instant the order would be that in which things were planned.

use crate::calendar::Kind as Timer;
use crate::engine::Engine;
use crate::fault::What;
use crate::observe::Observer;
use crate::plan::NONE;
use worstday_model::day::Strike;
use worstday_model::system::Target;
use worstday_stats::draw::{entity, identity};

/// A line of the day that is still to be planned, by its place in the day's list of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// One of the day's faults.
    Fault(usize),
    /// One of its edits.
    Edit(usize),
    /// One of its acts.
    Act(usize),
    /// One of its changes of demand.
    Demand(usize),
}

/// Why a line cannot be planned while the day is being lived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unplannable {
    /// It does not come after now.
    TooLate {
        /// When it begins or ends, ns.
        at_ns: u64,
        /// The present instant, ns.
        now_ns: u64,
    },
    /// It hits single workers, and nobody has numbered them so far.
    Workers,
}

impl std::fmt::Display for Unplannable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLate { at_ns, now_ns } => {
                write!(f, "{at_ns} ns is not after now, {now_ns} ns")
            }
            Self::Workers => f.write_str(
                "a fault of single workers must be declared, or on the day from its start",
            ),
        }
    }
}

impl std::error::Error for Unplannable {}

impl<O: Observer> Engine<O> {
    /// Plans a line of the day as if it had been known from the start; several together if it is a fault that brings
    /// others. Says which rows of the disturbances it became: the first, and one past the last.
    ///
    /// # Errors
    ///
    /// [`Unplannable`] if it does not begin after now (the past stays what it was), or hits what was not kept apart so far.
    pub fn schedule(&mut self, line: Line) -> Result<std::ops::Range<u32>, Unplannable> {
        let day = std::sync::Arc::clone(&self.day);
        let at_ns = match line {
            Line::Fault(row) => day.faults[row].at_ns.max(0) as u64,
            Line::Edit(row) => day.edits[row].at_ns,
            Line::Act(row) => day.acts[row].at_ns,
            Line::Demand(row) => day.demands[row].at_ns,
        };
        self.must_come(at_ns)?;
        if let Line::Fault(row) = line {
            self.must_be_numbered(&day.faults[row])?;
        }
        let first = self.disturbances.rows.len() as u32;
        match line {
            Line::Fault(row) => self.plan_strike(&day.faults[row], row as u32),
            Line::Edit(row) => self.plan_edit(&day.edits[row]),
            Line::Act(row) => self.plan_act(row),
            Line::Demand(row) => self.plan_demand(&day.demands[row]),
        }
        let rows = first..self.disturbances.rows.len() as u32;
        for row in rows.clone() {
            if self.disturbs(&self.disturbances.rows[row as usize]) {
                self.judges.watch_from(self.day.warm_up_ns);
                self.fit_tables();
            }
            self.schedule_row(row);
        }
        Ok(rows)
    }

    /// Ends an occurrence at an instant before its own end, as if it had been meant to last no longer. One that is over
    /// by then, or has not begun, is left as it is.
    ///
    /// # Errors
    ///
    /// [`Unplannable::TooLate`] if the instant is not after now.
    pub fn end_at(&mut self, row: u32, at_ns: u64) -> Result<(), Unplannable> {
        self.must_come(at_ns)?;
        let occurs = &mut self.disturbances.rows[row as usize];
        if occurs.begun && occurs.ended_ns.is_none() && at_ns < occurs.end_ns {
            occurs.end_ns = at_ns;
            self.s.calendar.schedule(at_ns, Timer::End, row);
        }
        Ok(())
    }

    fn must_come(&self, at_ns: u64) -> Result<(), Unplannable> {
        let now_ns = self.s.now_ns;
        if now_ns < at_ns {
            Ok(())
        } else {
            Err(Unplannable::TooLate { at_ns, now_ns })
        }
    }

    /// Workers of a fault that nobody knew of have no numbers.
    fn must_be_numbered(&self, strike: &Strike) -> Result<(), Unplannable> {
        let kind = &self.plan.system.faults[strike.fault.index()].kind;
        let own = crate::plan::target_of(kind);
        match strike.target.as_ref().or(own) {
            Some(Target::Worker { service, .. }) if !self.s.numbered[service.index()] => {
                Err(Unplannable::Workers)
            }
            _ => Ok(()),
        }
    }

    /// A row that stands for a hand's work starts or ends.
    pub(crate) fn hand_moves(&mut self, row: u32, starts: bool) {
        match self.disturbances.rows[row as usize].what {
            What::Demand(client) => self.demand_by_hand(client),
            What::Act(act) if starts => self.hand_acts(row, act as usize),
            What::Act(_) => {
                let done = self.disturbances.rows[row as usize].by_hand;
                let lasts = (self.s.watch.overrides.get(done as usize))
                    .is_some_and(|done| done.until_ns.is_none());
                if lasts {
                    self.note_human("by hand", identity(u64::from(done), u64::MAX));
                    self.override_ends(done as usize);
                }
            }
            What::Fault(_) | What::Event(_) | What::Edit(_) => {}
        }
    }

    fn hand_acts(&mut self, row: u32, number: usize) {
        let day = std::sync::Arc::clone(&self.day);
        let dated = &day.acts[number];
        let system = std::sync::Arc::clone(&self.base);
        let action = &system.by_hand[dated.act as usize];
        let because = dated.because.clone().unwrap_or_default();
        // Of several targets each act by hand draws its own.
        let done = self.s.watch.overrides.len() as u64;
        self.note_human("by hand", identity(done, 0));
        let pick = identity(entity("by hand"), done);
        let made = self.act(&action.act, NONE, NONE, action.text.clone(), because, pick);
        self.disturbances.rows[row as usize].by_hand = made as u32;
    }

    /// A client's demand is what all changes in force make of it.
    fn demand_by_hand(&mut self, client: u32) {
        self.pace_until_now(client);
        let active = self.disturbances.active.iter();
        let rows = active.map(|&row| &self.disturbances.rows[row as usize]);
        self.streams.by_hand[client as usize] = rows
            .filter(|row| row.what == What::Demand(client))
            .map(|row| row.size)
            .product();
        self.demand_changes(client);
    }
}
