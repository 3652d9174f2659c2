//! One concrete day: the system's dates and curves on the engine's own clock.
//!
//! Simulated time 0 is the start of the warm-up; all times here are ns on that clock. What is
//! drawn (jitter, sizes, lengths, random faults) is left to the engine, because it depends on
//! the seed; what the calendar decides is decided here.

mod curve;
mod expected;
mod plan;
mod request;

pub use expected::{ACCURACY, busiest_moment, mean, visits_at};
pub use plan::{WARM_UP_NS, date, plan};
pub use request::{DayError, DayRequest, Happening, Happens, Scenario, What};

use crate::system::{ClientId, EditId, EventId, FaultId, Grown, Pattern, ServiceId, Target};
use std::sync::Arc;

/// A day to simulate.
#[derive(Clone, Debug)]
pub struct Day {
    /// Instant of simulated time 0 (start of the warm-up), Unix time in ns.
    pub start_unix_ns: i64,
    /// Counting starts here.
    pub warm_up_ns: u64,
    /// The run ends here.
    pub end_ns: u64,
    /// What a person would call it: `Monday 2026-11-23`, or `constant demand, 2x peak`.
    pub label: String,
    /// Whether demand, events or faults vary over the counted part: then there is no steady state.
    pub varies: Varies,
    /// One row per client.
    pub demand: Vec<Demand>,
    /// Occurrences of events that touch this day, by start, then name.
    pub events: Vec<Occurrence>,
    /// Dated faults, by start, then name; on a scenario's day those that it makes happen, in its order, so that a line more
    /// at its end leaves the others where they were.
    pub faults: Vec<Strike>,
    /// Rollouts that start on this day, by start, then service.
    pub rollouts: Vec<DatedRollout>,
    /// Edits that a scenario makes happen.
    pub edits: Vec<DatedEdit>,
    /// What somebody does on a scenario's day, in its order.
    pub acts: Vec<DatedAct>,
    /// Changes of demand that a scenario makes happen, in its order.
    pub demands: Vec<DatedDemand>,
    /// Whether faults and events strike at their own rates too.
    pub random: Random,
    /// Whether events multiply demand on this day.
    pub event_demand: EventDemand,
    /// What has grown until this day, and to what: factors of demand are in [`Self::demand`], those of numbers
    /// in the system.
    pub grown: Vec<Grown>,
    /// In a run of more than a day demand grows on: the logarithm of each client's growth in one ns of counted
    /// time, for streams; empty where nothing does.
    pub growing: Vec<f64>,
}

/// What becomes of [`crate::system::Event::demand`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventDemand {
    /// Events multiply their clients' rates while they last.
    Multiplies,
    /// Constant demand: the factors of this day already hold what events and `active` do at its peak.
    Included,
}

/// Whether a day has a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varies {
    /// Constant demand, nothing happens.
    No,
    /// It has a curve, events or faults.
    Yes,
}

/// Whether random faults and events strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Random {
    /// Only dated ones.
    No,
    /// At their rates.
    Yes,
}

/// How one client's visits come on this day.
#[derive(Clone, Debug)]
pub enum Demand {
    /// An open stream.
    Stream {
        /// Rate over time.
        rate: RateCurve,
        /// How gaps vary.
        pattern: Pattern,
        /// Visits per arrival.
        batch: u32,
        /// Constant factor of this day (`--at`, a scenario's `demand`).
        factor: f64,
    },
    /// Follows an event's occurrences (see [`crate::system::Arrive::Visits`] and `Rate`).
    WithEvent {
        /// Constant factor of this day.
        factor: f64,
    },
    /// Recorded arrivals on the engine's clock, ascending.
    Recorded {
        /// What is replayed.
        what: RecordedDemand,
        /// Constant factor of this day: duplicates or thins by keyed coins.
        factor: f64,
    },
    /// A closed population.
    Closed {
        /// Constant factor on the population.
        factor: f64,
    },
}

/// A recording on the engine's clock.
#[derive(Clone, Debug)]
pub enum RecordedDemand {
    /// Instants in ns, ascending, with their ordinals in the whole recording starting at `first`.
    Instants {
        /// Ordinal of the first one in the whole recording.
        first: u64,
        /// Times.
        at_ns: Arc<[u64]>,
    },
    /// Intervals `[start, start + per)` with counts; `first` is the ordinal of the first interval.
    Counts {
        /// Interval, ns.
        per_ns: u64,
        /// Ordinal of the first interval in the whole recording.
        first: u64,
        /// Start (may lie before 0) and count.
        rows: Arc<[(i64, f64)]>,
    },
}

/// A rate over the day in pieces: inside a piece
/// `rate(t) = scale * (base + sum (height - base) exp(-4 ln 2 d^2 / width^2))`,
/// where `d` is the distance from local time of day to the peak, the shorter way around midnight.
#[derive(Clone, Debug)]
pub struct RateCurve {
    /// Ascending, without gaps, covering the day.
    pub pieces: Vec<RatePiece>,
    /// Rate far from every peak, per second.
    pub base_per_s: f64,
    /// Bell-shaped peaks.
    pub peaks: Vec<crate::system::Peak>,
    /// The largest value that the file's curve can take on any day, per second: an upper bound
    /// that does not depend on the day simulated.
    pub bound_per_s: f64,
}

/// A piece of a day's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatePiece {
    /// First ns.
    pub from_ns: u64,
    /// One past the last ns.
    pub to_ns: u64,
    /// Weekday factor; 0 when closed.
    pub scale: f64,
    /// Local time of day at `from_ns`, ns since midnight.
    pub local_ns: u64,
}

/// One occurrence of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// Which event.
    pub event: EventId,
    /// Its number among all occurrences of the event (keys its draws): days since 1970 for dated ones.
    pub ordinal: u64,
    /// Nominal start; may lie before the run.
    pub start_ns: i64,
    /// Length if the calendar gives it; else the event's own.
    pub lasts_ns: Option<u64>,
}

/// One occurrence of a fault that is given, not drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Strike {
    /// Which fault.
    pub fault: FaultId,
    /// Its number (keys its draws).
    pub ordinal: u64,
    /// When.
    pub at_ns: i64,
    /// Length, if given.
    pub lasts_ns: Option<u64>,
    /// Size, if given (factor, ratio, share or ns, by kind).
    pub by: Option<f64>,
    /// Instead of the fault's own target.
    pub target: Option<Target>,
}

/// An edit a scenario makes happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedEdit {
    /// Which.
    pub edit: EditId,
    /// From.
    pub at_ns: u64,
    /// For that long; none to the end.
    pub lasts_ns: Option<u64>,
}

/// Something that somebody does on a scenario's day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedAct {
    /// What: its number in the system's `by_hand`.
    pub act: u32,
    /// Why, if they say so.
    pub because: Option<String>,
    /// When.
    pub at_ns: u64,
    /// Undone after that long; none to the end.
    pub lasts_ns: Option<u64>,
}

/// A client's demand is multiplied for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DatedDemand {
    /// Whose.
    pub client: ClientId,
    /// By what.
    pub factor: f64,
    /// From.
    pub at_ns: u64,
    /// For that long; none to the end.
    pub lasts_ns: Option<u64>,
}

/// A rollout that starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedRollout {
    /// Of which service.
    pub service: ServiceId,
    /// Its number among all rollouts of the service (keys its draws).
    pub ordinal: u64,
    /// When.
    pub at_ns: u64,
}

/// Names used by the engine's injections between two advances.
#[derive(Clone, Debug, PartialEq)]
pub enum Injection {
    /// A fault strikes now.
    Fault(Strike),
    /// All demand of the client is multiplied from now on.
    Demand(ClientId, f64),
    /// An edit comes into force now.
    Edit(DatedEdit),
}

#[cfg(test)]
mod tests;
