//! A history that nobody watches: the engine, compiled here once.
//!
//! [`Engine`] is generic over its observer, so its code is made in whatever crate uses it, at that crate's optimisation
//! level and in its build time. Who only wants the outcome takes this one, which is made with the engine's own.

use crate::engine::{Editing, Engine};
use crate::finish::Violation;
use crate::judge::{DayProfile, JudgeError};
use crate::outcome::{Judgement, Outcome};
use std::sync::Arc;
use worstday_model::day::Day;
use worstday_model::system::System;

/// One running history without an observer.
pub struct History(Engine<()>);

impl History {
    /// At its start.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn new(
        system: Arc<System>,
        day: Arc<Day>,
        editing: Arc<dyn Editing>,
        seed: u64,
    ) -> Result<Self, JudgeError> {
        Engine::new(system, day, editing, seed, ()).map(Self)
    }

    /// Runs to an instant, or to the end if that comes first.
    pub fn advance(&mut self, until_ns: u64) {
        self.0.advance(until_ns);
    }

    /// The present instant, ns.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.0.now_ns()
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }

    /// Events handled so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.0.events()
    }

    /// Ends it where it stands and says what happened.
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish(self, system_hash: &str) -> Result<Outcome, Violation> {
        self.0.finish(system_hash).map(|(outcome, ())| outcome)
    }

    /// As [`Engine::end_when_recovered`].
    ///
    /// # Panics
    ///
    /// If time has passed already.
    pub fn end_when_recovered(&mut self) {
        self.0.end_when_recovered();
    }

    /// As [`Engine::end_when_settled`].
    ///
    /// # Panics
    ///
    /// If time has passed already.
    pub fn end_when_settled(&mut self, waits_until_ns: u64, until_broken: bool) {
        self.0.end_when_settled(waits_until_ns, until_broken);
    }

    /// As [`Engine::finish_within`].
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish_within(
        self,
        system_hash: &str,
        quiet: &DayProfile,
    ) -> Result<Outcome, Violation> {
        let ended = self.0.finish_within(system_hash, quiet);
        ended.map(|(outcome, ())| outcome)
    }

    /// As [`Engine::keep_only_verdicts`].
    ///
    /// # Panics
    ///
    /// If time has passed already.
    pub fn keep_only_verdicts(&mut self) {
        self.0.keep_only_verdicts();
    }

    /// As [`Engine::finish_judged`].
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish_judged(self, quiet: Option<&DayProfile>) -> Result<Judgement, Violation> {
        self.0.finish_judged(quiet)
    }

    /// As [`Engine::finish_with_profile`].
    ///
    /// # Errors
    ///
    /// As [`Engine::finish`].
    pub fn finish_with_profile(
        self,
        system_hash: &str,
    ) -> Result<(Outcome, Option<DayProfile>), Violation> {
        let ended = self.0.finish_with_profile(system_hash);
        ended.map(|(outcome, profile, ())| (outcome, profile))
    }
}
