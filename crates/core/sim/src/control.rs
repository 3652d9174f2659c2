//! Between two advances: snapshots, forks, injections, and a new seed for what is still to be drawn.

use crate::engine::{Editing, Engine, Snapshot};
use crate::fault::What;
use crate::observe::Observer;
use crate::plan::Plan;
use std::sync::Arc;
use worstday_model::day::{Day, Injection};
use worstday_model::system::System;

impl<O: Observer> Engine<O> {
    /// A copy of everything that changes.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.s.clone(),
            measures: self.m.clone(),
            streams: self.streams.clone(),
            disturbances: self.disturbances.clone(),
            judges: self.judges.clone(),
            compiled: self.compiled.clone(),
            ended: self.ended,
        }
    }

    /// A history that goes on from a snapshot of the same system and day.
    #[must_use]
    pub fn restore(
        system: Arc<System>,
        day: Arc<Day>,
        editing: Arc<dyn Editing>,
        snapshot: Snapshot,
        observer: O,
    ) -> Self {
        let mut engine = Self {
            plan: Plan::new(&system),
            base: system,
            day,
            editing,
            keys: Vec::new(),
            s: snapshot.state,
            m: snapshot.measures,
            streams: snapshot.streams,
            disturbances: snapshot.disturbances,
            judges: snapshot.judges,
            compiled: snapshot.compiled,
            ended: snapshot.ended,
            observer,
        };
        // Programs that requests are in the middle of lie where they lay.
        for made in engine.compiled.clone() {
            engine.recompile(&made);
        }
        engine.fit_tables();
        engine
    }

    /// A second history that shares this one's past, with its own observer.
    #[must_use]
    pub fn fork<P: Observer>(&self, observer: P) -> Engine<P> {
        Engine::restore(
            Arc::clone(&self.base),
            Arc::clone(&self.day),
            Arc::clone(&self.editing),
            self.snapshot(),
            observer,
        )
    }

    /// Draws after now follow another seed; what was drawn stays.
    pub fn reseed(&mut self, seed: u64) {
        self.s.seed = seed;
        self.fit_tables();
        self.refresh_draws();
    }

    /// Something happens now that the day did not know.
    pub fn inject(&mut self, injection: &Injection) {
        match injection {
            Injection::Fault(strike) => {
                let mut day = (*self.day).clone();
                day.faults.push(worstday_model::day::Strike {
                    at_ns: self.s.now_ns as i64,
                    ..strike.clone()
                });
                let row = day.faults.len() - 1;
                let strike = day.faults[row].clone();
                // Its target is looked up once, now: the day itself stays what it was.
                let before = std::mem::replace(&mut self.day, Arc::new(day));
                let first = self.disturbances.rows.len();
                self.plan_strike(&strike, row as u32);
                for row in first..self.disturbances.rows.len() {
                    self.disturbance_starts(row as u32);
                }
                self.day = before;
            }
            Injection::Demand(client, factor) => {
                self.pace_until_now(client.0);
                self.streams.injected[client.index()] = *factor;
                self.demand_changes(client.0);
            }
            Injection::Edit(edit) => {
                let row = self.disturbances.rows.len();
                self.plan_edit(&worstday_model::day::DatedEdit {
                    at_ns: self.s.now_ns,
                    ..*edit
                });
                debug_assert!(matches!(self.disturbances.rows[row].what, What::Edit(_)));
                self.disturbance_starts(row as u32);
            }
        }
        self.drain();
    }

    /// The present instant, ns.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.s.now_ns
    }

    /// Whether the history is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Events handled so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.s.events
    }

    /// 128 bits over the ordered events so far.
    #[must_use]
    pub fn digest(&self) -> u128 {
        self.s.digest.value()
    }

    /// The person at the keyboard has had enough.
    pub fn stop(&mut self) {
        self.ended.get_or_insert(crate::outcome::Ended::Stopped);
    }
}
