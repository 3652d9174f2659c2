//! What a run has to say: a row per (system hash, scenario, seed), versioned and mergeable.
//!
//! An [`Outcome`] is one history. A [`Campaign`] is a set of them by seed: merging two is a
//! union, so parts that were run elsewhere, in any order, give the same whole. Everything is named,
//! nothing is an index, so that parts of different processes agree.
//!
//! Times are ns on the run's clock (0 is the start of the warm-up), lengths are ns, money is in
//! the file's currency. What arrived during the warm-up is counted nowhere but in
//! [`Outcome::conservation`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use worstday_stats::math;
use worstday_stats::sketch::{Histogram, Sparse};

pub use crate::topic::{TopicCounts, TopicLevel, TopicOutcome, TopicWindow};

/// Version of the serialised form; a reader refuses newer ones.
pub const VERSION: u32 = 1;

/// Many runs of one system on one day, by seed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Campaign {
    /// One history per seed.
    pub rows: BTreeMap<u64, Outcome>,
}

/// Why two campaigns are not parts of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeError {
    /// They simulate different systems or days.
    Different {
        /// What differs: `system`, `scenario` or `version`.
        what: &'static str,
    },
    /// Both hold this seed, with different histories.
    Contradiction {
        /// The seed.
        seed: u64,
    },
}

impl Campaign {
    /// Adds the rows of another part of the same campaign.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the parts are not of one campaign or contradict each other.
    pub fn merge(&mut self, other: Self) -> Result<(), MergeError> {
        if let (Some(a), Some(b)) = (self.rows.values().next(), other.rows.values().next()) {
            for (what, same) in [
                ("version", a.version == b.version),
                ("system", a.system_hash == b.system_hash),
                ("scenario", a.scenario == b.scenario),
            ] {
                if !same {
                    return Err(MergeError::Different { what });
                }
            }
        }
        for (seed, row) in other.rows {
            if let Some(mine) = self.rows.get(&seed) {
                if mine.digest != row.digest {
                    return Err(MergeError::Contradiction { seed });
                }
            } else {
                self.rows.insert(seed, row);
            }
        }
        Ok(())
    }
}

/// One history in numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// [`VERSION`].
    pub version: u32,
    /// The system's name.
    pub system: String,
    /// Hash of its expanded text.
    pub system_hash: String,
    /// What was simulated, in words.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// 128 bits over the ordered events.
    pub digest: String,
    /// Events handled.
    pub events: u64,
    /// Length of the warm-up that is not counted.
    pub warm_up_ns: u64,
    /// End of the run on its clock.
    pub end_ns: u64,
    /// Unix time in ns of the run's time 0.
    pub start_unix_ns: i64,
    /// How it ended.
    pub ended: Ended,
    /// Windows that all series share.
    pub windows: Windows,
    /// Per client, in name order.
    pub clients: Vec<ClientOutcome>,
    /// Per service, in name order.
    pub services: Vec<ServiceOutcome>,
    /// Per endpoint, by service, then name.
    pub endpoints: Vec<EndpointOutcome>,
    /// Per call step, by name.
    pub calls: Vec<CallOutcome>,
    /// Per pool.
    pub pools: Vec<PoolOutcome>,
    /// Per topic, in name order.
    #[serde(default)]
    pub topics: Vec<TopicOutcome>,
    /// Per declared link that carried something.
    pub links: Vec<LinkOutcome>,
    /// Verdicts on promises, in name order.
    pub promises: Vec<PromiseOutcome>,
    /// What all of it cost, if the file has prices.
    pub bill: Option<Bill>,
    /// Faults, events and edits that happened, by start.
    pub happened: Vec<Happened>,
    /// Recovery by the general rule (language, section 17), if something was disturbed.
    pub recovery: Option<Recovery>,
    /// The counts that must add up, over the whole run, warm-up included.
    pub conservation: Vec<Conservation>,
    /// Permit cycles found: requests that wait for each other for ever.
    pub deadlocks: Vec<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// At its horizon.
    Horizon,
    /// A monitor decided its question.
    Decided,
    /// Everything was again as before the disturbances, which is all that was asked.
    Recovered,
    /// Somebody stopped it.
    Stopped,
    /// More requests inside at once than the engine holds.
    TooManyInside,
}

/// The time axis of all windowed series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Start of the first one.
    pub from_ns: u64,
    /// Length of each; the last may be shorter.
    pub length_ns: u64,
    /// How many.
    pub count: usize,
}

/// Counts of how things ended. Together with those still inside they add up to `arrived`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    /// Arrived.
    pub arrived: u64,
    /// Answered fully.
    pub ok: u64,
    /// Answered less than fully.
    pub degraded: u64,
    /// Answered with a refusal the user must accept.
    pub declined: u64,
    /// Failed.
    pub failed: u64,
    /// Shed: rejected.
    pub shed: u64,
    /// Abandoned: its user or caller had left.
    pub abandoned: u64,
    /// Still inside at the end.
    pub inside: u64,
}

impl Ends {
    /// Answered in any way.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.ok + self.degraded + self.declined
    }

    /// Failed, shed or abandoned.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.failed + self.shed + self.abandoned
    }
}

/// How calls came back, by result of the call or of its attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// `ok`.
    pub ok: u64,
    /// `degraded`.
    pub degraded: u64,
    /// `declined`.
    pub declined: u64,
    /// `error`.
    pub error: u64,
    /// `rejected`.
    pub rejected: u64,
    /// `refused`.
    pub refused: u64,
    /// `timeout`.
    pub timeout: u64,
    /// Given up by the caller itself (patience, cancellation, its own end).
    pub dropped: u64,
}

/// What a client's users felt.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ClientOutcome {
    /// Name.
    pub name: String,
    /// Visits.
    pub ends: Ends,
    /// Times the user pressed again.
    pub presses: u64,
    /// Response time of answered visits.
    pub response: Histogram,
    /// Money of answered, and of lost visits, if the client has a value.
    pub money: Option<Money>,
    /// Over the windows: arrivals by arrival time, ends by end time.
    pub windows: Vec<ClientWindow>,
}

/// Money of visits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Money {
    /// Of answered visits.
    pub earned: f64,
    /// Of failed, shed and abandoned ones.
    pub lost: f64,
}

/// One window of a client.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ClientWindow {
    /// Counts (`inside` at the window's end).
    pub ends: Ends,
    /// Response time of those answered here.
    pub response: Sparse,
    /// Money lost here.
    pub money_lost: f64,
    /// Money earned here: what those answered here were worth.
    pub money_earned: f64,
}

/// A service: levels over all replicas.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceOutcome {
    /// Name.
    pub name: String,
    /// Replicas, workers each (none: unlimited), cores each as described.
    pub replicas: u32,
    /// Workers per replica; none is unlimited.
    pub workers: Option<u32>,
    /// Cores per replica.
    pub cores: Option<f64>,
    /// Requests at all endpoints.
    pub ends: Ends,
    /// Requests dropped because they had expired in the queue (within `ends.abandoned`).
    pub expired: u64,
    /// Requests that did the same call's work once more.
    pub duplicates: u64,
    /// Mean requests inside, waiting and in service.
    pub inside_mean: f64,
    /// Mean requests waiting for a worker.
    pub queue_mean: f64,
    /// Most that ever waited.
    pub queue_max: u64,
    /// Mean workers held.
    pub busy_mean: f64,
    /// Mean cores in use, where there are cores.
    pub cores_mean: Option<f64>,
    /// Share of workers held, or of cores where they bind; none where neither is limited.
    pub utilisation: Option<f64>,
    /// Mean ready replicas.
    pub ready_mean: f64,
    /// Worker time spent on answers that nobody took, ns.
    pub wasted_worker_ns: u64,
    /// Worker time spent in all, ns.
    pub worker_ns: u64,
    /// CPU time spent on answers that nobody took, ns.
    pub wasted_cpu_ns: u64,
    /// CPU time spent in all, ns.
    pub cpu_ns: u64,
    /// Over the windows.
    pub windows: Vec<ServiceWindow>,
}

/// One window of a service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceWindow {
    /// Counts.
    pub ends: Ends,
    /// Mean waiting.
    pub queue_mean: f64,
    /// Mean workers held.
    pub busy_mean: f64,
    /// Mean cores in use.
    pub cores_mean: f64,
    /// Mean ready replicas.
    pub ready_mean: f64,
    /// Worker time on answers nobody took, ns.
    pub wasted_worker_ns: u64,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndpointOutcome {
    /// `service.endpoint`.
    pub name: String,
    /// Requests.
    pub ends: Ends,
    /// From reaching the replica to the start of service, of those served.
    pub wait: Histogram,
    /// From the start of service to its end.
    pub service: Histogram,
    /// From reaching the replica to the answer leaving, of those served.
    pub response: Histogram,
    /// Over the windows.
    pub windows: Vec<EndpointWindow>,
}

/// One window of an endpoint.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EndpointWindow {
    /// Counts.
    pub ends: Ends,
    /// Wait.
    pub wait: Sparse,
    /// Service time.
    pub service: Sparse,
    /// Response time.
    pub response: Sparse,
}

/// A call step, as its caller sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallOutcome {
    /// As in [`worstday_model::system::Call::name`].
    pub name: String,
    /// Calls begun.
    pub calls: u64,
    /// Attempts and hedges sent.
    pub attempts: u64,
    /// Retries among them.
    pub retries: u64,
    /// Retries that the budget refused.
    pub over_budget: u64,
    /// Hedges among them.
    pub hedges: u64,
    /// Answers that came after the caller had stopped waiting.
    pub late: u64,
    /// Times a fallback stood in.
    pub fallbacks: u64,
    /// Results of whole calls.
    pub results: Results,
    /// Results of attempts.
    pub attempt_results: Results,
    /// Response time of answered calls, all attempts included.
    pub response: Histogram,
    /// Over the windows.
    pub windows: Vec<CallWindow>,
}

/// One window of a call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CallWindow {
    /// Calls begun.
    pub calls: u64,
    /// Attempts and hedges sent.
    pub attempts: u64,
    /// Retries among them.
    pub retries: u64,
    /// Results of whole calls.
    pub results: Results,
    /// Response time of answered calls.
    pub response: Sparse,
}

/// A pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PoolOutcome {
    /// `service.pool` or `pool`.
    pub name: String,
    /// Permits (per replica or key where it is so).
    pub size: u64,
    /// Permits given.
    pub granted: u64,
    /// Refused: room full, or the wait was over.
    pub rejected: u64,
    /// Mean permits in use, all instances together.
    pub used_mean: f64,
    /// Mean waiting.
    pub queue_mean: f64,
    /// Wait of those who got a permit.
    pub wait: Histogram,
}

/// A link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkOutcome {
    /// Name; the twin direction has ` (back)`.
    pub name: String,
    /// Messages that crossed.
    pub messages: u64,
    /// Messages lost: loss, cut, or no room.
    pub lost: u64,
    /// Share of the time that its capacity was in use.
    pub utilisation: Option<f64>,
}

/// A promise, judged on this history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PromiseOutcome {
    /// Name.
    pub name: String,
    /// One row per subject and condition.
    pub conditions: Vec<ConditionOutcome>,
    /// Calendar days of the time zone on which at least one condition broke: the day in which its window ends.
    pub broken_days: u64,
    /// `survives`, printed as not judged.
    pub survives: Vec<String>,
}

/// One condition for one subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ConditionOutcome {
    /// For whom.
    pub subject: String,
    /// As written.
    pub text: String,
    /// Whether it held.
    pub verdict: Verdict,
    /// What is asked for; none where nothing of this subject has such a figure.
    #[serde(default)]
    pub goal: Option<Goal>,
    /// The worst value of all windows in base units; none if nothing was measured, infinite for never.
    pub worst: Option<f64>,
    /// Window with the worst value: start and end on the run's clock.
    pub worst_window: Option<(u64, u64)>,
    /// Windows judged, and those that broke.
    pub windows: u64,
    /// Windows that broke.
    pub broken: u64,
}

/// What a condition asks of its figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// How the figure is compared.
    pub op: Op,
    /// With what, in base units: ns, shares of 1, numbers.
    pub value: f64,
    /// The figure is a share of 1 of what went well: how near it comes to 1 is what counts.
    pub of_one: bool,
}

/// Comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Op {
    /// Below.
    Less,
    /// At or below.
    AtMost,
    /// Above.
    More,
    /// At or above.
    AtLeast,
    /// Just so.
    Equal,
}

/// A margin never tells more than a factor of half a billion.
const FURTHEST: f64 = 20.0;

/// Nor less than a billionth: on which side it was is always told.
const NEAREST: f64 = 1e-9;

impl ConditionOutcome {
    /// How far this history was from the other verdict: above 0 if the condition was kept, below if it was broken;
    /// none if it cannot be told. For ranking only.
    ///
    /// The natural logarithm of the factor between the figure and the goal, from 1e-9 to 20 and with the sign of the
    /// verdict; for what went well the factor between the shares that did not. A figure of 0 or of never is 20
    /// away. Where one of the two is negative, or the goal is a number to be hit, it is their difference instead.
    #[must_use]
    pub fn margin(&self) -> Option<f64> {
        let sign = match self.verdict {
            Verdict::Kept => 1.0,
            Verdict::Broken => -1.0,
            Verdict::CantTell => return None,
        };
        let size = match (self.goal, self.worst) {
            (Some(goal), Some(worst)) => goal.distance(worst),
            // Nothing was there to break it, or its figure was not kept.
            _ if self.verdict == Verdict::Kept => FURTHEST,
            _ => NEAREST,
        };
        Some(sign * size.clamp(NEAREST, FURTHEST))
    }
}

/// What is left of a run of which nobody asks but whether it kept its promises.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// As [`Outcome::promises`].
    pub promises: Vec<PromiseOutcome>,
    /// As [`Outcome::recovery`].
    pub recovery: Option<Recovery>,
    /// As [`Outcome::events`].
    pub events: u64,
    /// As [`Outcome::end_ns`].
    pub end_ns: u64,
    /// As [`Outcome::ended`].
    pub ended: Ended,
    /// Visits that arrived after the warm-up, by client.
    pub arrived: Vec<u64>,
}

impl Goal {
    /// How far a figure is from the goal, on either side of it.
    fn distance(&self, worst: f64) -> f64 {
        let (figure, goal) = if self.of_one {
            (1.0 - worst, 1.0 - self.value)
        } else {
            (worst, self.value)
        };
        if self.op == Op::Equal || figure < 0.0 || goal < 0.0 {
            (figure - goal).abs()
        } else if figure == goal {
            0.0
        } else {
            // A quotient of 0 or of infinity is as far as anything.
            math::ln(figure / goal).abs()
        }
    }
}

/// Whether a condition held on this history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every window held.
    Kept,
    /// At least one broke.
    Broken,
    /// Nothing was sent.
    CantTell,
}

/// What a run cost and earned, in the file's currency, warm-up not counted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// What each service's replicas cost while they existed, with those that have a price, in name order.
    pub replicas: Vec<(String, f64)>,
    /// What the cores of all replicas cost.
    pub cores: f64,
    /// What lost visits cost.
    pub lost: f64,
    /// What alarms cost that told an operator.
    pub pages: f64,
    /// What each promise with a price cost for its broken days, in name order.
    pub breaches: Vec<(String, f64)>,
    /// All of these together.
    pub total: f64,
    /// What answered visits were worth.
    pub earned: f64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Happened {
    /// `fault`, `event`, `edit`, `alert`, `override` or `rollout`.
    pub what: String,
    /// Its name.
    pub name: String,
    /// In words: target and size.
    pub detail: String,
    /// When, may lie before the run.
    pub from_ns: i64,
    /// Until; none if it outlasts the run.
    pub until_ns: Option<u64>,
}

/// Recovery after the last disturbance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// End of the last fault or event.
    pub from_ns: u64,
    /// Start of the first good window; none: not within the horizon.
    pub at_ns: Option<u64>,
    /// How long was looked, ns.
    pub horizon_ns: u64,
    /// Median response time before the first disturbance, ns; none if there was nothing to compare.
    pub median_before_ns: Option<f64>,
}

/// Counts that add up, of one client, service or topic. Of a topic, `ok` is handled, `failed` given up, `shed` lost or
/// replayed, `abandoned` expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conservation {
    /// `client NAME`, `service NAME` or `topic NAME`.
    pub name: String,
    /// Over the whole run, warm-up included.
    pub ends: Ends,
    /// Little's law in exact integers: integral of the number inside over time, ns.
    pub area_ns: u128,
    /// Sum of the times spent inside, those still inside included, ns.
    pub sojourn_ns: u128,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn margin(op: Op, value: f64, of_one: bool, worst: f64, verdict: Verdict) -> f64 {
        let outcome = ConditionOutcome {
            subject: String::new(),
            text: String::new(),
            verdict,
            goal: Some(Goal { op, value, of_one }),
            worst: Some(worst),
            worst_window: None,
            windows: 1,
            broken: 0,
        };
        outcome.margin().unwrap()
    }

    /// Twice too slow is as far as half as slow as allowed; nothing lost and never back are as far as can be; and
    /// the sign is the verdict's even where a figure was rounded.
    #[test]
    fn margins_are_factors_with_the_sign_of_the_verdict() {
        use Verdict::{Broken, Kept};
        let two = core::f64::consts::LN_2;
        let near = |got: f64, want: f64| assert!((got - want).abs() < 1e-12, "{got}, not {want}");
        near(margin(Op::Less, 4e9, false, 2e9, Kept), two);
        near(margin(Op::Less, 4e9, false, 8e9, Broken), -two);
        near(margin(Op::AtLeast, 50.0, false, 100.0, Kept), two);
        near(margin(Op::More, 50.0, false, 25.0, Broken), -two);
        // 99.8 % where 99.9 % was promised: twice as many go wrong.
        let missed = margin(Op::More, 0.999, true, 0.998, Broken);
        assert!((missed + two).abs() < 1e-9, "{missed}");
        near(margin(Op::Less, 0.01, false, 0.0, Kept), 20.0);
        near(margin(Op::Less, 1e9, false, f64::INFINITY, Broken), -20.0);
        near(margin(Op::AtMost, 0.0, false, 3.0, Broken), -20.0);
        near(margin(Op::AtMost, 0.0, false, 0.0, Kept), 1e-9);
        near(margin(Op::Less, 5.0, false, 5.0, Broken), -1e-9);
        near(margin(Op::Equal, 3.0, false, 5.0, Broken), -2.0);
    }
}
