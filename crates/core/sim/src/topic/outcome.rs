//! What a run has to say about its topics.

use serde::{Deserialize, Serialize};
use worstday_stats::sketch::{Histogram, Sparse};

/// Messages of a topic by what became of them. Together with those that lie there they add up to `sent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicCounts {
    /// Stored.
    pub sent: u64,
    /// Not stored, for lack of room; not among `sent`.
    pub rejected: u64,
    /// Handled well.
    pub handled: u64,
    /// Handled, and declined: what was promised when they were sent does not come true.
    pub declined: u64,
    /// Given up after the last attempt.
    pub dead_letters: u64,
    /// Dropped because they had waited too long.
    pub expired: u64,
    /// Lost with the process that had taken them (`commit: before`).
    pub lost: u64,
    /// Put back by an operator into the topic where they had been given up.
    pub replayed: u64,
    /// Handed out once more because it was not known what had become of them; besides, not instead.
    pub duplicates: u64,
    /// Waiting or in hand at the end.
    pub inside: u64,
}

impl TopicCounts {
    /// What has left the topic.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.handled + self.declined + self.dead_letters + self.expired + self.lost + self.replayed
    }
}

/// How full a topic is at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicLevel {
    /// Messages that are not done with: waiting and in hand.
    pub backlog: u64,
    /// How long the oldest of them has been there, ns.
    pub age_ns: u64,
}

/// A topic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TopicOutcome {
    /// Name.
    pub name: String,
    /// `service.handler`, if anybody handles its messages.
    pub handler: Option<String>,
    /// Messages that were sent after the warm-up.
    pub counts: TopicCounts,
    /// Value of the visits whose messages were declined, in the file's currency.
    pub declined_money: f64,
    /// Value of the visits whose messages were given up, expired or lost.
    pub lost_money: f64,
    /// Mean messages that are not done with.
    pub backlog_mean: f64,
    /// Most of them.
    pub backlog_max: u64,
    /// The oldest that any of them ever was, ns.
    pub age_max_ns: u64,
    /// From being stored to being taken.
    pub wait: Histogram,
    /// From being stored to being handled or declined.
    pub response: Histogram,
    /// Over the windows.
    pub windows: Vec<TopicWindow>,
}

/// One window of a topic.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TopicWindow {
    /// Counts (`inside` at the window's end).
    pub counts: TopicCounts,
    /// Mean messages that are not done with.
    pub backlog_mean: f64,
    /// The oldest that any of them was, ns.
    pub age_max_ns: u64,
    /// From being stored to being handled or declined, of those handled here.
    pub response: Sparse,
}
