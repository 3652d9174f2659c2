//! Every event of a history, as lines of text.
//!
//! For whoever wants to see how something came about, request by request: the moment in local time, what it is about, and
//! what happened. Visits, requests and attempts are told by the numbers that their draws follow from, so that the same
//! visit of another history (with another policy, or more load) has the same number.
//!
//! The price is a line per fact, and the engine compiled once more; a history that nobody lists pays nothing. Lines come out
//! while it runs: nothing is kept.

use std::sync::Arc;

use worstday_model::calendar::Calendar;
use worstday_model::day::Day;
use worstday_model::system::System;

use crate::engine::{Editing, Engine};
use crate::judge::JudgeError;
use crate::observe::{Doing, EventLog, Fact};
use crate::outcome::Outcome;
use crate::state::Ending;

/// Between two looks at what was written down, ns of simulated time.
const STRETCH_NS: u64 = 1_000_000_000;

/// Why a history could not be listed.
#[derive(Debug)]
pub enum Untold {
    /// There is no such run.
    Judge(JudgeError),
    /// What was counted does not add up.
    Violation(crate::finish::Violation),
}

impl std::fmt::Display for Untold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Judge(error) => error.fmt(f),
            Self::Violation(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Untold {}

/// Lives a day and says every event of its counted part to `line`, until that answers no. The lines have the clock of the
/// model's time zone in front, to the microsecond. The outcome is that of the same history without a listener; none if it
/// was ended by an answer.
///
/// # Errors
///
/// [`Untold`] if there is no such run, or its counts do not add up.
pub fn tell(
    system: &Arc<System>,
    day: &Arc<Day>,
    editing: &Arc<dyn Editing>,
    seed: u64,
    system_hash: &str,
    line: &mut dyn FnMut(&str) -> bool,
) -> Result<Option<Outcome>, Untold> {
    let mut engine = Engine::new(
        Arc::clone(system),
        Arc::clone(day),
        Arc::clone(editing),
        seed,
        EventLog::default(),
    )
    .map_err(Untold::Judge)?;
    // A checked system's time zone is one.
    let calendar = Calendar::new(&system.timezone).or_else(|_| Calendar::new("UTC"));
    let clock = |at_ns: u64| {
        let at = day.start_unix_ns + at_ns as i64;
        match &calendar {
            Ok(calendar) => calendar
                .local(at)
                .strftime("%Y-%m-%d %H:%M:%S%.6f")
                .to_string(),
            Err(_) => at.to_string(),
        }
    };
    let mut wanted = true;
    while wanted && !engine.is_over() && engine.now_ns() < day.end_ns {
        let until = engine.now_ns().saturating_add(STRETCH_NS).min(day.end_ns);
        engine.advance(until);
        for (at_ns, fact) in std::mem::take(&mut engine.observer.rows) {
            if at_ns < day.warm_up_ns {
                continue;
            }
            let Some(text) = said(&engine, fact) else {
                continue;
            };
            wanted = line(&format!("{} {text}", clock(at_ns)));
            if !wanted {
                break;
            }
        }
    }
    if !wanted {
        return Ok(None);
    }
    let ended = engine.finish(system_hash).map_err(Untold::Violation)?;
    Ok(Some(ended.0))
}

/// One fact in words; none for what only rows of the engine are told by.
fn said(engine: &Engine<EventLog>, fact: Fact) -> Option<String> {
    let base = &engine.base;
    let client = |client: u32| base.clients[client as usize].name.as_str();
    let endpoint = |endpoint: u32| {
        let row = &base.endpoints[endpoint as usize];
        format!("{}.{}", base.services[row.service.index()].name, row.name)
    };
    let call = |call: u32| engine.plan.series[call as usize].as_str();
    Some(match fact {
        Fact::VisitArrived {
            client: of, visit, ..
        } => format!("visit {} {visit:x} arrives", client(of)),
        Fact::VisitEnded {
            client: of,
            visit,
            ending,
            response_ns,
            ..
        } => format!(
            "visit {} {visit:x} ends: {} after {} ms",
            client(of),
            word(ending),
            response_ns as f64 / 1e6
        ),
        Fact::RequestArrived {
            endpoint: at,
            replica,
            request,
        } => format!(
            "request {} {request:x} reaches replica {replica}",
            endpoint(at)
        ),
        Fact::ServiceBegan {
            endpoint: at,
            request,
        } => {
            format!("request {} {request:x} gets a worker", endpoint(at))
        }
        Fact::RequestEnded {
            endpoint: at,
            request,
            ending,
        } => format!(
            "request {} {request:x} ends: {}",
            endpoint(at),
            word(ending)
        ),
        Fact::AttemptSent {
            call: of,
            attempt,
            visit,
            request,
            ..
        } => format!(
            "attempt {attempt} of {} is sent for visit {visit:x}, request {request:x}",
            call(of)
        ),
        Fact::CallEnded {
            call: of,
            caller,
            ending,
        } => {
            format!("call {} of {caller:x} ends: {}", call(of), word(ending))
        }
        Fact::Began { visit, doing, .. } => format!(
            "visit {visit:x} {}",
            match doing {
                Doing::Work => "works",
                Doing::Wait => "waits",
                Doing::Permit => "waits for a permit",
                Doing::BackOff => "backs off",
            }
        ),
        Fact::Started { row } => format!("{} begins", struck(engine, row)?),
        Fact::Ended { row } => format!("{} is over", struck(engine, row)?),
        Fact::AlertFired { alert, missed } => format!(
            "alert {} fires{}",
            base.alerts[alert as usize].name,
            if missed { ", unseen" } else { "" }
        ),
        Fact::AlertCleared { alert } => {
            format!("alert {} clears", base.alerts[alert as usize].name)
        }
        Fact::Overrides { row } => {
            let row = engine.done_by_hand(&engine.s.watch.overrides[row as usize]);
            format!("{} {}", row.name, row.detail)
        }
        Fact::Undone { row } => {
            let row = engine.done_by_hand(&engine.s.watch.overrides[row as usize]);
            format!("{} {}, undone", row.name, row.detail)
        }
        Fact::AttemptEnded { .. } | Fact::Branched { .. } | Fact::BranchEnded { .. } => {
            return None;
        }
    })
}

/// What strikes, in words.
fn struck(engine: &Engine<EventLog>, row: u32) -> Option<String> {
    let told = engine.told(&engine.disturbances.rows[row as usize])?;
    let detail = if told.detail.is_empty() {
        String::new()
    } else {
        format!(" ({})", told.detail)
    };
    Some(format!("{} {}{detail}", told.what, told.name))
}

fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Ok => "ok",
        Ending::Degraded => "degraded",
        Ending::Declined => "declined",
        Ending::Error => "error",
        Ending::Rejected => "rejected",
        Ending::Refused => "refused",
        Ending::Timeout => "timeout",
        Ending::Dropped => "given up",
    }
}
