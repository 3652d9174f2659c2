//! One condition as plain data, and when a value satisfies it.

use super::Level;
use crate::outcome::{Goal, Op};
use serde::{Deserialize, Serialize};
use worstday_model::system::{Compare, Condition, Metric, OfAnswered};

/// Ratios are quotients of counts; two that should be equal may differ in the last bits.
const EPSILON: f64 = 1e-12;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Measure {
    Percentile(f64),
    Mean,
    Failed,
    Shed,
    Abandoned,
    Lost,
    Errors,
    Degraded,
    Availability,
    Goodput,
    Attempts,
    Expired,
    Duplicates,
    DeadLetters,
    MoneyLost,
    Level(Level),
    Recovers,
    Drains,
}

/// A condition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) measure: Measure,
    pub(crate) of_answered: bool,
    pub(crate) op: Op,
    pub(crate) value: f64,
    pub(crate) over_ns: u64,
    /// `expired`, `duplicates` and `dead-letters` may be a share of all requests, or a number.
    pub(crate) is_share: bool,
}

impl Rule {
    pub(crate) fn new(condition: &Condition) -> Self {
        Self {
            measure: match condition.metric {
                Metric::Percentile(q) => Measure::Percentile(q),
                Metric::Mean => Measure::Mean,
                Metric::Failed => Measure::Failed,
                Metric::Shed => Measure::Shed,
                Metric::Abandoned => Measure::Abandoned,
                Metric::Lost => Measure::Lost,
                Metric::Errors => Measure::Errors,
                Metric::Degraded => Measure::Degraded,
                Metric::Availability => Measure::Availability,
                Metric::Goodput => Measure::Goodput,
                Metric::Attempts => Measure::Attempts,
                Metric::Expired => Measure::Expired,
                Metric::Duplicates => Measure::Duplicates,
                Metric::DeadLetters => Measure::DeadLetters,
                Metric::MoneyLost => Measure::MoneyLost,
                Metric::Backlog => Measure::Level(Level::Backlog),
                Metric::Age => Measure::Level(Level::Age),
                Metric::Queue => Measure::Level(Level::Queue),
                Metric::Replicas => Measure::Level(Level::Replicas),
                Metric::Cpu => Measure::Level(Level::Cpu),
                Metric::BusyWorkers => Measure::Level(Level::BusyWorkers),
                Metric::Recovers => Measure::Recovers,
                Metric::Drains => Measure::Drains,
            },
            of_answered: condition.of_answered == OfAnswered::Yes,
            op: match condition.op {
                Compare::Less => Op::Less,
                Compare::AtMost => Op::AtMost,
                Compare::More => Op::More,
                Compare::AtLeast => Op::AtLeast,
                Compare::Equal => Op::Equal,
            },
            value: condition.value,
            over_ns: condition.over_ns,
            is_share: condition.text.contains('%') || condition.text.contains(" of "),
        }
    }

    /// What outsiders see of it.
    pub(crate) fn goal(&self) -> Goal {
        Goal {
            op: self.op,
            value: self.value,
            of_one: self.measure == Measure::Availability,
        }
    }

    /// Whether a value satisfies the condition.
    pub(crate) fn holds(&self, value: f64) -> bool {
        // What never comes is no number's neighbour.
        let near = (value - self.value).abs() <= EPSILON * self.value.abs().max(value.abs());
        let equal = value == self.value || (value.is_finite() && near);
        match self.op {
            Op::Less => value < self.value && !equal,
            Op::AtMost => value < self.value || equal,
            Op::More => self.value < value && !equal,
            Op::AtLeast => self.value < value || equal,
            Op::Equal => equal,
        }
    }

    /// `recovers` without a time: it does before the run ends, however long it takes.
    pub(crate) fn is_ever(&self) -> bool {
        self.measure == Measure::Recovers && Condition::EVER <= self.value
    }

    /// How bad a value is: higher is worse.
    pub(crate) fn badness(&self, value: f64) -> f64 {
        match self.op {
            Op::Less | Op::AtMost => value,
            Op::More | Op::AtLeast => -value,
            Op::Equal => (value - self.value).abs(),
        }
    }

    /// The value of a sketch, moved to the side of the threshold on which the exact counts saw it.
    pub(crate) fn on_the_side(&self, value: f64, holds: bool) -> f64 {
        match (self.op, holds) {
            (Op::Less | Op::AtMost, true) | (Op::More | Op::AtLeast, false) => {
                value.min(self.value)
            }
            (Op::Less | Op::AtMost, false) | (Op::More | Op::AtLeast, true) => {
                value.max(self.value)
            }
            (Op::Equal, true) => self.value,
            (Op::Equal, false) => value,
        }
    }
}
