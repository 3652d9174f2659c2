//! Alerts, operators, and what operators do.

use super::{
    AlertId, Condition, Dist, EditId, EndpointId, FaultId, FlagId, OperatorId, Place, PromiseId,
    ServiceId, Subject, Target, TopicId, ZoneId,
};
use crate::when::When;

/// A rule that looks at a metric again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// What it looks for.
    pub on: AlertOn,
    /// Time between two looks, ns; at least 1.
    pub every_ns: u64,
    /// From firing until those whom it tells know, ns.
    pub delay: Dist,
    /// Probability that a firing goes unseen.
    pub misses: f64,
    /// While this does not answer, it is silent.
    pub needs: Option<EndpointId>,
    /// Who is told.
    pub tells: Vec<OperatorId>,
    /// Where it stands.
    pub place: Place,
}

/// What an alert looks for.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertOn {
    /// A condition.
    Sight(Sight),
    /// An error budget that burns.
    Burn(Burn),
}

/// A condition that somebody looks at: as a promise's, but of a named subject, at an instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// As written.
    pub text: String,
    /// Of what.
    pub subject: Subject,
    /// What must be seen.
    pub seen: Seen,
    /// Seen at every look for that long, ns; 0 for at once.
    pub for_ns: u64,
}

/// What is seen in a metric.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It is above or below a line; a level with `over_ns` 0 is read at the instant.
    Level(Condition),
    /// Its value over the last `condition.over_ns` differs from that over the time before by a share (`condition.value`).
    Move {
        /// Which way.
        trend: Trend,
        /// Metric, share and time; its comparison is not looked at.
        condition: Condition,
    },
}

impl Seen {
    /// The metric with its numbers.
    #[must_use]
    pub fn condition(&self) -> &Condition {
        match self {
            Self::Level(condition) | Self::Move { condition, .. } => condition,
        }
    }
}

/// Which way a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Down.
    Falls,
    /// Up.
    Rises,
}

/// An error budget that burns too fast: the share of bad requests over a window, and over its short one, is at least
/// `factor` times what the promise allows.
#[derive(Clone, Debug, PartialEq)]
pub struct Burn {
    /// Whose budget.
    pub promise: PromiseId,
    /// Any of these.
    pub windows: Vec<BurnWindow>,
}

/// One pair of windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurnWindow {
    /// How many times as fast as would use the budget up just in time.
    pub factor: f64,
    /// The long window, ns.
    pub long_ns: u64,
    /// The short one, so that it clears soon, ns.
    pub short_ns: u64,
}

/// People who are told, decide and act.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// The name.
    pub name: String,
    /// From being told to acting, ns, where neither entry nor shift says.
    pub after: Option<Dist>,
    /// How many; each does one thing at a time.
    pub people: u32,
    /// When somebody is there; always if empty.
    pub shifts: Vec<Shift>,
    /// Through what they see.
    pub needs: Option<EndpointId>,
    /// From being told to acting while that does not answer, ns.
    pub blind: Option<Dist>,
    /// What they do about which alert.
    pub runbook: Vec<Entry>,
    /// What they do instead, now and then.
    pub mistakes: Option<Mistakes>,
    /// Where it stands.
    pub place: Place,
}

/// A time in which somebody is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Shift {
    /// When.
    pub when: Vec<When>,
    /// From being told to acting, ns.
    pub after: Option<Dist>,
}

/// What is done about an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which.
    pub alert: AlertId,
    /// From being told to acting, ns, in place of the shift's.
    pub after: Option<Dist>,
    /// In order.
    pub actions: Vec<Action>,
    /// When it is undone.
    pub expiry: Expiry,
    /// The reason, if given.
    pub because: Option<String>,
}

/// When what was done is undone.
#[derive(Clone, Debug, PartialEq)]
pub enum Expiry {
    /// Never.
    Never,
    /// After this time, ns.
    After(Dist),
    /// As soon as this is seen.
    Until(Sight),
}

/// What goes wrong when people act.
#[derive(Clone, Debug, PartialEq)]
pub struct Mistakes {
    /// How often.
    pub chance: f64,
    /// What they do instead.
    pub actions: Vec<Action>,
}

/// Something that an operator does.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// In words: `sets offline-mode`.
    pub text: String,
    /// What.
    pub act: Act,
    /// How long hands are full, ns.
    pub takes: Option<Dist>,
    /// Tried every minute until this answers.
    pub through: Option<EndpointId>,
}

/// What can be done to a running system.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The file reads differently.
    Edit(EditId),
    /// A flag goes up.
    Set(FlagId),
    /// A flag goes down.
    Clear(FlagId),
    /// A share of the requests is turned away.
    Shed(Shed, f64),
    /// Processes end and start again.
    Restart(Target),
    /// Nobody is sent to a zone any more.
    Drain(ZoneId),
    /// A fault ends.
    Repair(FaultId),
    /// What was given up in a topic, and waits where it went, goes back into it.
    Replay(TopicId),
    /// The rollout of a service that is under way, else its last one, is undone.
    RollBack(ServiceId),
    /// The rollout of a service stops where it is.
    Pause(ServiceId),
}

/// Whose requests are turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shed {
    /// Visits of a client.
    Client(super::ClientId),
    /// Requests at an endpoint.
    Endpoint(EndpointId),
}

impl super::Metric {
    /// Whether it is read at an instant rather than counted over a window.
    #[must_use]
    pub fn is_level(self) -> bool {
        matches!(
            self,
            Self::Queue
                | Self::Replicas
                | Self::Cpu
                | Self::BusyWorkers
                | Self::Backlog
                | Self::Age
        )
    }
}

impl Condition {
    /// However long it takes, ns: longer than anything lasts (292 years).
    pub const EVER: f64 = 9_223_372_036_854_775_808.0;

    /// The share of requests that may be bad before this condition is broken, if it is about a share: 1 % for
    /// `lost < 1%`, for `availability > 99%` and for `p99 < 1s` (slower or lost is bad there).
    #[must_use]
    pub fn error_budget(&self) -> Option<f64> {
        use super::{Compare, Metric};
        let below = matches!(self.op, Compare::Less | Compare::AtMost);
        let above = matches!(self.op, Compare::More | Compare::AtLeast);
        match self.metric {
            Metric::Lost
            | Metric::Failed
            | Metric::Shed
            | Metric::Abandoned
            | Metric::Errors
            | Metric::Degraded
                if below =>
            {
                Some(self.value)
            }
            Metric::Availability if above => Some(1.0 - self.value),
            Metric::Percentile(quantile) if below => Some(1.0 - quantile),
            _ => None,
        }
    }
}
