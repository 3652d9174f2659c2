//! What a run counts of its topics while it runs. See [`crate::measure`] for the windows and the two ledgers.

use super::outcome::{TopicCounts, TopicWindow};
use crate::measure::{Level, Recorder};
use serde::{Deserialize, Serialize};

/// How a message leaves its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaves {
    Handled,
    Declined,
    Dead,
    Expired,
    Lost,
    Replayed,
}

/// A topic's figures.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TopicSeries {
    /// Of messages sent after the warm-up.
    pub counts: TopicCounts,
    /// Everything, warm-up included.
    pub all: TopicCounts,
    pub backlog: Level,
    pub backlog_max: u64,
    pub sojourn_ns: u128,
    pub declined_money: f64,
    pub lost_money: f64,
    pub wait: Recorder,
    pub response: Recorder,
    /// When the oldest message that is not done with was stored.
    pub oldest_ns: Option<u64>,
    pub age_max_ns: u64,
    window_age_max_ns: u64,
    base: u128,
    area_mark: u128,
    mark: TopicCounts,
    pub windows: Vec<TopicWindow>,
}

fn each(counts: &mut TopicCounts, leaves: Leaves) -> &mut u64 {
    match leaves {
        Leaves::Handled => &mut counts.handled,
        Leaves::Declined => &mut counts.declined,
        Leaves::Dead => &mut counts.dead_letters,
        Leaves::Expired => &mut counts.expired,
        Leaves::Lost => &mut counts.lost,
        Leaves::Replayed => &mut counts.replayed,
    }
}

impl TopicSeries {
    /// A message was stored. Whether it counts.
    pub(crate) fn stored(&mut self, warm: bool, now_ns: u64) {
        self.backlog.rise(now_ns);
        self.backlog_max = self.backlog_max.max(self.backlog.value);
        for counts in self.ledgers(warm) {
            counts.sent += 1;
            counts.inside += 1;
        }
    }

    /// There was no room for a message.
    pub(crate) fn rejected(&mut self, warm: bool) {
        for counts in self.ledgers(warm) {
            counts.rejected += 1;
        }
    }

    /// A message is handed out once more.
    pub(crate) fn duplicate(&mut self, counted: bool) {
        for counts in self.ledgers(counted) {
            counts.duplicates += 1;
        }
    }

    /// A message that was stored then is done with.
    pub(crate) fn left(&mut self, leaves: Leaves, counted: bool, sent_ns: u64, now_ns: u64) {
        self.backlog.fall(now_ns);
        self.sojourn_ns += u128::from(now_ns - sent_ns);
        for counts in self.ledgers(counted) {
            counts.inside -= 1;
            *each(counts, leaves) += 1;
        }
        if counted && matches!(leaves, Leaves::Handled | Leaves::Declined) {
            self.response.add(now_ns - sent_ns);
        }
    }

    fn ledgers(&mut self, counted: bool) -> impl Iterator<Item = &mut TopicCounts> {
        std::iter::once(&mut self.all).chain(counted.then_some(&mut self.counts))
    }

    /// The oldest message is another one from now on.
    pub(crate) fn oldest_is(&mut self, oldest_ns: Option<u64>, now_ns: u64) {
        if self.oldest_ns != oldest_ns {
            self.look_at_age(now_ns);
            self.oldest_ns = oldest_ns;
        }
    }

    fn look_at_age(&mut self, now_ns: u64) {
        let age = self.oldest_ns.map_or(0, |at| now_ns - at);
        self.window_age_max_ns = self.window_age_max_ns.max(age);
        self.age_max_ns = self.age_max_ns.max(age);
    }

    pub(crate) fn end_warm_up(&mut self, at_ns: u64) {
        self.backlog_max = self.backlog.value;
        self.base = self.backlog.area(at_ns);
        self.area_mark = self.base;
        (self.age_max_ns, self.window_age_max_ns) = (0, 0);
    }

    pub(crate) fn end_window(&mut self, at_ns: u64, length: f64) {
        self.look_at_age(at_ns);
        let area = self.backlog.area(at_ns);
        self.windows.push(TopicWindow {
            counts: since(&self.counts, &self.mark),
            backlog_mean: (area - self.area_mark) as f64 / length,
            age_max_ns: std::mem::take(&mut self.window_age_max_ns),
            response: self.response.end_window(),
        });
        self.wait.end_window();
        (self.mark, self.area_mark) = (self.counts, area);
    }

    /// Mean messages that are not done with, since the warm-up.
    pub(crate) fn backlog_mean(&self, now_ns: u64, length: f64) -> f64 {
        (self.backlog.area(now_ns) - self.base) as f64 / length
    }
}

/// What was counted since a mark; what is inside is inside now.
fn since(now: &TopicCounts, mark: &TopicCounts) -> TopicCounts {
    TopicCounts {
        sent: now.sent - mark.sent,
        rejected: now.rejected - mark.rejected,
        handled: now.handled - mark.handled,
        declined: now.declined - mark.declined,
        dead_letters: now.dead_letters - mark.dead_letters,
        expired: now.expired - mark.expired,
        lost: now.lost - mark.lost,
        replayed: now.replayed - mark.replayed,
        duplicates: now.duplicates - mark.duplicates,
        inside: now.inside,
    }
}

/// Adds a later window to an earlier one.
pub(crate) fn join(a: &mut TopicWindow, b: &TopicWindow) {
    let (x, y) = (&mut a.counts, &b.counts);
    x.sent += y.sent;
    x.rejected += y.rejected;
    x.handled += y.handled;
    x.declined += y.declined;
    x.dead_letters += y.dead_letters;
    x.expired += y.expired;
    x.lost += y.lost;
    x.replayed += y.replayed;
    x.duplicates += y.duplicates;
    x.inside = y.inside;
    a.backlog_mean = f64::midpoint(a.backlog_mean, b.backlog_mean);
    a.age_max_ns = a.age_max_ns.max(b.age_max_ns);
    a.response.merge(&b.response);
}
