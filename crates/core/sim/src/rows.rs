//! What a row is, for whoever watches a history and hears of rows ([`crate::observe::Fact`]).
//!
//! Reading changes nothing. Rows stay where they are for as long as a history runs, so what has ended can be asked for too.

use crate::engine::Engine;
use crate::fault::What;
use crate::observe::Observer;
use crate::plan::NONE;
use worstday_model::day::Day;

/// A row of the disturbances.
#[derive(Clone, Debug, PartialEq)]
pub struct Disturbance {
    /// `fault`, `event`, `edit`, `demand` or `override`.
    pub what: &'static str,
    /// Its name.
    pub name: String,
    /// Target and size in words.
    pub detail: String,
    /// When it begins; may lie before the run, ns.
    pub start_ns: i64,
    /// When it ends, as far as is known, ns.
    pub end_ns: Option<u64>,
    /// It is over already: an act that leaves nothing behind is as soon as it is done.
    pub over: bool,
}

/// A row of what people did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overridden {
    /// Who, by number; none for what a scenario does by hand.
    pub operator: Option<u32>,
    /// What, in words.
    pub text: String,
    /// Why, in words; may be empty.
    pub because: String,
    /// Since, ns.
    pub from_ns: u64,
    /// When it was undone; none if it is in force, ns.
    pub until_ns: Option<u64>,
}

impl<O: Observer> Engine<O> {
    /// The day that is lived.
    #[must_use]
    pub fn day(&self) -> &Day {
        &self.day
    }

    /// Names of the call series, by the number that an observer hears.
    #[must_use]
    pub fn series(&self) -> &[String] {
        &self.plan.series
    }

    /// A row of the disturbances, if there is one.
    #[must_use]
    pub fn disturbance(&self, row: u32) -> Option<Disturbance> {
        let occurs = self.disturbances.rows.get(row as usize)?;
        let told = match occurs.what {
            What::Act(_) => {
                let done = self.s.watch.overrides.get(occurs.by_hand as usize);
                debug_assert!(done.is_some() || occurs.by_hand == NONE || !occurs.begun);
                Disturbance {
                    what: "override",
                    name: "by hand".to_owned(),
                    detail: done.map_or_else(String::new, |done| done.text.clone()),
                    start_ns: occurs.start_ns,
                    end_ns: None,
                    over: done.is_some_and(|done| done.until_ns.is_some()),
                }
            }
            _ => {
                let told = self.told(occurs)?;
                Disturbance {
                    what: match occurs.what {
                        What::Fault(_) => "fault",
                        What::Event(_) => "event",
                        What::Edit(_) => "edit",
                        What::Demand(_) => "demand",
                        What::Act(_) => "override",
                    },
                    name: told.name,
                    detail: told.detail,
                    start_ns: occurs.start_ns,
                    end_ns: None,
                    over: occurs.ended_ns.is_some(),
                }
            }
        };
        // What never ends is kept as an instant that no run reaches.
        let end_ns = (occurs.end_ns < 1 << 62).then_some(occurs.end_ns);
        Some(Disturbance { end_ns, ..told })
    }

    /// A row of what people did, if there is one.
    #[must_use]
    pub fn overridden(&self, row: u32) -> Option<Overridden> {
        let done = self.s.watch.overrides.get(row as usize)?;
        let is_operator = (done.operator as usize) < self.base.operators.len();
        Some(Overridden {
            operator: is_operator.then_some(done.operator),
            text: done.text.clone(),
            because: done.because.clone(),
            from_ns: done.from_ns,
            until_ns: done.until_ns,
        })
    }

    /// Messages that each topic has given up, let expire, lost or refused so far, warm-up included.
    #[must_use]
    pub fn topics_lost(&self) -> Vec<u64> {
        let all = self.m.topics.iter().map(|topic| topic.all);
        all.map(|all| all.dead_letters + all.expired + all.lost + all.rejected)
            .collect()
    }
}
