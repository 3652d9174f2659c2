//! What one may ask for: an ordinary day, constant demand, or a scenario.

use super::Random;
use crate::calendar::UnknownTimeZone;
use crate::system::{ClientId, EditId, EventId, FaultId, Target};
use jiff::civil::{Date, Time};

/// Which day to simulate.
#[derive(Clone, Debug)]
pub struct DayRequest {
    /// The default day is the first working day after this one.
    pub as_of: Date,
    /// An ordinary day, constant demand, or a scenario.
    pub what: What,
    /// How long to count, ns, instead of the default.
    pub length_ns: Option<u64>,
    /// Whether faults and events strike at their own rates too.
    pub random: Random,
}

/// What kind of day.
#[derive(Clone, Debug)]
pub enum What {
    /// A day as it comes.
    Ordinary {
        /// Which; none takes the default.
        day: Option<Date>,
    },
    /// Constant demand: `peak` times that of the day's busiest moment.
    Constant {
        /// The day whose peak it is; none takes the default.
        day: Option<Date>,
        /// Factor on the peak.
        peak: f64,
    },
    /// A concrete story.
    Scenario(Scenario),
}

/// One concrete day, as a scenario file tells it, its names resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The day.
    pub day: Date,
    /// Counting starts here; none is midnight.
    pub from: Option<Time>,
    /// The run ends here, on the next day if this is not later than `from`; none is 24 h after `from`.
    pub until: Option<Time>,
    /// Factors on clients' demand.
    pub demand: Vec<(ClientId, f64)>,
    /// What happens.
    pub happens: Vec<Happening>,
}

/// Something that a scenario makes happen.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When. In a run past midnight, a time up to `until` is one after midnight.
    pub at: Time,
    /// What.
    pub what: Happens,
    /// Instead of the fault's own target.
    pub target: Option<Target>,
    /// Its size, if it has one: factor, ratio, share or ns.
    pub by: Option<f64>,
    /// Its length, ns.
    pub lasts_ns: Option<u64>,
    /// Why somebody does it.
    pub because: Option<String>,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happens {
    /// A declared fault strikes.
    Fault(FaultId),
    /// A declared event takes place.
    Event(EventId),
    /// The file reads differently.
    Edit(EditId),
    /// Somebody does something: its number in the system's `by_hand`.
    Act(u32),
    /// A client's demand is multiplied by the line's size.
    Demand(ClientId),
}

/// Why there is no such day.
#[derive(Clone, Debug, PartialEq)]
pub enum DayError {
    /// The system's time zone is not in the database.
    TimeZone(UnknownTimeZone),
    /// Nothing was recorded on that day.
    NotRecorded {
        /// The client whose arrivals are a recording.
        client: String,
        /// The day asked for.
        day: Date,
        /// First local date of the recording.
        first: Date,
        /// Last local date of the recording.
        last: Date,
    },
    /// A multiple of the peak was asked for, and nobody comes on that day.
    NoPeak {
        /// The day.
        day: Date,
    },
    /// The factor on demand is negative or no number.
    Factor {
        /// As given.
        value: f64,
    },
    /// The length is 0 or more than ten years.
    Length {
        /// As given.
        ns: u64,
    },
    /// The day is before 1700 or after 2200.
    OutOfReach {
        /// The day.
        day: Date,
    },
}

impl std::fmt::Display for DayError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TimeZone(error) => error.fmt(f),
            Self::NotRecorded {
                client,
                day,
                first,
                last,
            } => write!(
                f,
                "the arrivals of `{client}` were recorded from {first} to {last}, so nothing is known of {day}: \
                 choose a day of the recording, or move it with `at: {day}`"
            ),
            Self::NoPeak { day } => {
                write!(f, "nobody comes on {day}, so its peak is no demand at all")
            }
            Self::Factor { value } => write!(f, "demand cannot be {value} times what it is"),
            Self::Length { ns } => {
                write!(f, "a run of {ns} ns: give more than 0 and at most 10 years")
            }
            Self::OutOfReach { day } => write!(f, "{day} is not between the years 1700 and 2200"),
        }
    }
}

impl std::error::Error for DayError {}
