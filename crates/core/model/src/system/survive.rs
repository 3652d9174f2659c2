//! The days that a promise is made for.
//!
//! Each entry of `survives` is a claim by itself. A [`Claim::OnceIn`] speaks of all days, by how often they come; the
//! others name a day, and speak of it whenever it comes. What several of the parts of one day have in common is the
//! date: at which times they come is not said, so the worst is meant.

use super::{EventId, FaultId, Place};

/// One entry of a promise's `survives`.
#[derive(Clone, Debug, PartialEq)]
pub struct Survive {
    /// As the file says it: `any one zone and 1.1x peak`.
    pub text: String,
    /// Where it stands; the line of the promise where `a normal day` is its default.
    pub place: Place,
    /// What it says.
    pub what: Claim,
}

/// What an entry of `survives` says.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// `a normal day`: one on which no fault strikes by chance.
    NormalDay,
    /// `1 in 5 years`: days that break the promise come at most once in that time, over everything that can happen.
    OnceIn {
        /// The time, ns; never 0.
        ns: u64,
    },
    /// All of these on one day, at the times that are worst; never empty.
    Together(Vec<Part>),
}

/// A part of a day that is named. Counts are 1, 2 or 3, and at most as many as there are of the kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// That fault strikes.
    Fault(FaultId),
    /// That event takes place.
    Event(EventId),
    /// So many zones fail, whichever they are.
    AnyZone {
        /// How many at once.
        count: u32,
    },
    /// So many replicas of any services fail, whichever they are.
    AnyReplica {
        /// How many at once.
        count: u32,
    },
    /// So many of the declared faults strike, whichever they are.
    AnyFault {
        /// How many at once.
        count: u32,
    },
    /// So many services are rolled out, whichever they are.
    AnyRollout {
        /// How many at once.
        count: u32,
    },
    /// All demand of the day times that; finite and more than 0.
    Peak(f64),
}
