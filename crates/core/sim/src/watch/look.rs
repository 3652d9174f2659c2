//! What alerts and operators look at: metrics over the last few minutes, as a dashboard has them.
//!
//! A promise counts requests by when they were sent, with hindsight; somebody who looks now knows only what has
//! *ended*. So a look keeps tallies of ended requests in slots of time and adds up the last ones. A request that
//! never reached its service is known to nobody until its caller stops waiting, and is counted then.
//!
//! Slots are as long as the greatest time that divides both the window and the time between two looks, so that a
//! window is exact; at most [`SLOTS_MAX`] make a window, beyond that it is prolonged by less than a slot.
//! Levels (queue, replicas, CPU) are integrals: each look leaves a mark, and the mean is taken since the mark that
//! lies a window back. A request costs one addition per look of its subject, and a search in a short list for percentiles.

use crate::judge::{Counted, Finished, Level, Measure, Rule, Sketch};
use crate::measure::Areas;
use crate::outcome::Ends;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use worstday_model::system::{Condition, Seen, Sight, Subject, Trend};

/// Slots of one window.
const SLOTS_MAX: u64 = 4_096;

/// Fewer requests than that in a window say nothing.
const TELLS_FROM: u64 = 30;

/// What ended in a slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Tally {
    ends: Ends,
    attempts: u64,
    /// `expired` or `duplicates`.
    extra: u64,
    /// Answered, but later than the condition allows.
    slow: u64,
    sum_ns: u128,
    times: Sketch,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.ends.arrived += other.ends.arrived;
        self.ends.ok += other.ends.ok;
        self.ends.degraded += other.ends.degraded;
        self.ends.declined += other.ends.declined;
        self.ends.failed += other.ends.failed;
        self.ends.shed += other.ends.shed;
        self.ends.abandoned += other.ends.abandoned;
        self.attempts += other.attempts;
        self.extra += other.extra;
        self.slow += other.slow;
        self.sum_ns += other.sum_ns;
        self.times.merge(&other.times);
    }
}

/// One condition of one subject, looked at again and again. Plain data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Look {
    rule: Rule,
    /// Whose levels are read: a service; none for what is counted.
    pub(super) service: Option<u32>,
    /// Whose levels are read, if it is a topic.
    pub(super) topic: Option<u32>,
    trend: Option<bool>,
    for_ns: u64,
    slot_ns: u64,
    /// The newest slot's number; slot `n` is `[n, n + 1) * slot_ns`.
    newest: u64,
    /// Slots up to the newest, oldest first.
    slots: VecDeque<Tally>,
    /// So many are kept.
    keep: u64,
    /// Levels: when was looked, and the integrals then.
    marks: VecDeque<(u64, Areas)>,
    /// Seen at every look since then.
    since_ns: Option<u64>,
}

/// What can be told of a level: its integrals so far, its values now, and what a whole replica has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    pub areas: Areas,
    pub now: [f64; 4],
    pub workers: f64,
    pub cores: f64,
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

impl Look {
    /// Looks for what a person or a rule wants to see, every `every_ns`.
    pub(super) fn new(sight: &Sight, service: Option<u32>, every_ns: u64) -> Self {
        let (condition, trend) = match &sight.seen {
            Seen::Level(condition) => (condition, None),
            Seen::Move { trend, condition } => (condition, Some(*trend == Trend::Rises)),
        };
        let span_ns = condition.over_ns * if trend.is_some() { 2 } else { 1 };
        Self {
            trend,
            for_ns: sight.for_ns,
            ..Self::over(condition, service, span_ns, every_ns)
        }
    }

    /// Looks at the windows up to `span_ns` of a condition.
    pub(super) fn over(
        condition: &Condition,
        service: Option<u32>,
        span_ns: u64,
        every_ns: u64,
    ) -> Self {
        let rule = Rule::new(condition);
        let level = matches!(rule.measure, Measure::Level(_));
        let exact = greatest_common_divisor(span_ns.max(1), every_ns.max(1));
        let slot_ns = exact.max(span_ns.div_ceil(SLOTS_MAX)).max(1);
        Self {
            rule,
            service: service.filter(|_| level),
            topic: None,
            trend: None,
            for_ns: 0,
            slot_ns,
            newest: 0,
            slots: VecDeque::new(),
            keep: span_ns.div_ceil(slot_ns) + 1,
            marks: VecDeque::new(),
            since_ns: None,
        }
    }

    fn slot(&mut self, now_ns: u64) -> &mut Tally {
        self.forward(now_ns);
        self.slots.back_mut().expect("the newest slot is kept")
    }

    /// Brings the slots up to an instant.
    fn forward(&mut self, now_ns: u64) {
        let slot = now_ns / self.slot_ns;
        let missing = if self.slots.is_empty() {
            1
        } else {
            (slot - self.newest).min(self.keep)
        };
        for _ in 0..missing {
            if self.slots.len() as u64 == self.keep {
                self.slots.pop_front();
            }
            self.slots.push_back(Tally::default());
        }
        self.newest = slot;
    }

    /// A request is over, now.
    pub(super) fn record(&mut self, now_ns: u64, finished: &Finished) {
        use crate::judge::End;
        let keeps_times = matches!(self.rule.measure, Measure::Percentile(_));
        let line = self.rule.value;
        let tally = self.slot(now_ns);
        tally.ends.arrived += 1;
        tally.attempts += u64::from(finished.attempts);
        match finished.end {
            End::Ok => tally.ends.ok += 1,
            End::Degraded => tally.ends.degraded += 1,
            End::Declined => tally.ends.declined += 1,
            End::Failed => tally.ends.failed += 1,
            End::Shed => tally.ends.shed += 1,
            End::Abandoned => tally.ends.abandoned += 1,
        }
        if finished.end.is_answered() {
            tally.sum_ns += u128::from(finished.response_ns);
            tally.slow += u64::from(line < finished.response_ns as f64);
            if keeps_times {
                tally.times.add(finished.response_ns);
            }
        }
    }

    /// Something besides the end of a request.
    pub(super) fn count(&mut self, now_ns: u64, what: Counted) {
        let wanted = matches!(
            (self.rule.measure, what),
            (Measure::Expired, Counted::Expired)
                | (Measure::Duplicates, Counted::Duplicate)
                | (Measure::DeadLetters, Counted::DeadLetter)
        );
        if wanted {
            self.slot(now_ns).extra += 1;
        }
    }

    /// What ended from `from_ns` on, before `to_ns`.
    fn tally(&mut self, from_ns: u64, to_ns: u64) -> Tally {
        self.forward(to_ns.max(self.newest * self.slot_ns));
        let oldest = self.newest + 1 - self.slots.len() as u64;
        let first = (from_ns / self.slot_ns).max(oldest);
        let last = (to_ns / self.slot_ns).min(self.newest + 1);
        let mut sum = Tally::default();
        for slot in first..last {
            sum.add(&self.slots[(slot - oldest) as usize]);
        }
        sum
    }

    /// The share of bad requests from `from_ns` on, before `now_ns`, of which there must be some.
    pub(super) fn bad_share(&mut self, from_ns: u64, now_ns: u64) -> Option<f64> {
        let tally = self.tally(from_ns, now_ns);
        if tally.ends.arrived < TELLS_FROM {
            return None;
        }
        let bad = match self.rule.measure {
            Measure::Percentile(_) => tally.slow + tally.ends.lost(),
            Measure::Failed => tally.ends.failed,
            Measure::Shed => tally.ends.shed,
            Measure::Abandoned => tally.ends.abandoned,
            Measure::Errors => tally.ends.failed + tally.ends.shed,
            Measure::Degraded => tally.ends.degraded,
            _ => tally.ends.lost(),
        };
        Some(bad as f64 / tally.ends.arrived as f64)
    }

    /// The metric from `from_ns` on, before `to_ns`; none if it says nothing.
    fn counted(&mut self, from_ns: u64, to_ns: u64) -> Option<f64> {
        let of_answered = self.rule.of_answered;
        let mut tally = self.tally(from_ns, to_ns);
        let (ends, all) = (tally.ends, tally.ends.arrived as f64);
        let answered = ends.answered();
        let population = if of_answered { answered } else { ends.arrived };
        let seconds = (to_ns - from_ns).max(1) as f64 / 1e9;
        match self.rule.measure {
            // A rate, and a number, are told by none at all too.
            Measure::Goodput => return Some(answered as f64 / seconds),
            Measure::Expired | Measure::Duplicates | Measure::DeadLetters
                if !self.rule.is_share =>
            {
                return Some(tally.extra as f64);
            }
            _ if population < TELLS_FROM => return None,
            _ => {}
        }
        Some(match self.rule.measure {
            Measure::Percentile(q) => {
                let rank = crate::judge::rank_of(q, population);
                std::mem::take(&mut tally.times).at_rank(rank)
            }
            Measure::Mean if answered == 0 || (!of_answered && answered < ends.arrived) => {
                f64::INFINITY
            }
            Measure::Mean => tally.sum_ns as f64 / answered as f64,
            Measure::Failed => ends.failed as f64 / all,
            Measure::Shed => ends.shed as f64 / all,
            Measure::Abandoned => ends.abandoned as f64 / all,
            Measure::Lost => ends.lost() as f64 / all,
            Measure::Errors => (ends.failed + ends.shed) as f64 / all,
            Measure::Degraded => ends.degraded as f64 / all,
            Measure::Availability => 1.0 - ends.lost() as f64 / all,
            Measure::Attempts => tally.attempts as f64 / all,
            Measure::Expired | Measure::Duplicates | Measure::DeadLetters => {
                tally.extra as f64 / all
            }
            Measure::Goodput
            | Measure::MoneyLost
            | Measure::Level(_)
            | Measure::Recovers
            | Measure::Drains => {
                unreachable!("{:?} is no share of ended requests", self.rule.measure)
            }
        })
    }

    /// The mean of a level between two marks.
    fn mean(level: Level, from: &(u64, Areas), to: &(u64, Areas), of: &Levels) -> Option<f64> {
        let time = to.0.checked_sub(from.0).filter(|time| 0 < *time)? as f64;
        let ready = (to.1.ready - from.1.ready) as f64;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        Some(match level {
            Level::Queue | Level::Backlog => (to.1.queue - from.1.queue) as f64 / time,
            // An age has no mean: it is read as it is.
            Level::Age => return None,
            Level::Replicas => ready / time,
            Level::Cpu => share(to.1.cores - from.1.cores, of.cores * ready),
            Level::BusyWorkers => share((to.1.busy - from.1.busy) as f64, of.workers * ready),
        })
    }

    fn levels(&mut self, level: Level, now_ns: u64, of: &Levels) -> Option<f64> {
        let over_ns = self.rule.over_ns;
        let back = |marks: &VecDeque<(u64, Areas)>, at_ns: u64| {
            let after = marks.partition_point(|mark| mark.0 <= at_ns);
            marks.get(after.saturating_sub(1)).copied()
        };
        self.marks.push_back((now_ns, of.areas));
        let here = (now_ns, of.areas);
        let span_ns = over_ns * if self.trend.is_some() { 2 } else { 1 };
        // The last mark at or before the window's start is the one that is needed.
        while 1 < self.marks.len() && self.marks[1].0 + span_ns <= now_ns {
            self.marks.pop_front();
        }
        let middle = back(&self.marks, now_ns.saturating_sub(over_ns))?;
        match self.trend {
            None if over_ns == 0 => Some(
                of.now[match level {
                    Level::Queue | Level::Backlog => 0,
                    Level::Replicas | Level::Age => 1,
                    Level::Cpu => 2,
                    Level::BusyWorkers => 3,
                }],
            ),
            None => Self::mean(level, &middle, &here, of),
            Some(rises) => {
                let oldest = back(&self.marks, now_ns.saturating_sub(span_ns))?;
                if now_ns < oldest.0 + span_ns {
                    return None;
                }
                let before = Self::mean(level, &oldest, &middle, of)?;
                let after = Self::mean(level, &middle, &here, of)?;
                Some(moved(before, after, rises))
            }
        }
    }

    /// Looks, now. None: it cannot be told, or has not been so for long enough yet.
    pub(super) fn sees(&mut self, now_ns: u64, levels: Option<&Levels>) -> Option<bool> {
        let over_ns = self.rule.over_ns;
        let value = match (self.rule.measure, levels, self.trend) {
            (Measure::Level(level), Some(levels), _) => self.levels(level, now_ns, levels),
            (_, _, None) => self.counted(now_ns.saturating_sub(over_ns), now_ns),
            (_, _, Some(rises)) => {
                let middle = now_ns.saturating_sub(over_ns);
                let oldest = middle.saturating_sub(over_ns);
                if now_ns < 2 * over_ns {
                    None
                } else {
                    let before = self.counted(oldest, middle);
                    let after = self.counted(middle, now_ns);
                    before
                        .zip(after)
                        .map(|(before, after)| moved(before, after, rises))
                }
            }
        };
        let seen = value.map(|value| match self.trend {
            None => self.rule.holds(value),
            Some(_) => self.rule.value <= value,
        });
        if seen == Some(true) {
            let since = *self.since_ns.get_or_insert(now_ns);
            return (since.saturating_add(self.for_ns) <= now_ns).then_some(true);
        }
        self.since_ns = None;
        seen
    }
}

/// By which share something rose (or fell).
fn moved(before: f64, after: f64, rises: bool) -> f64 {
    let by = if rises {
        after - before
    } else {
        before - after
    };
    if before > 0.0 {
        by / before
    } else if by > 0.0 {
        f64::INFINITY
    } else {
        0.0
    }
}

/// Who looks at whom.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Looks {
    pub(super) rows: Vec<Look>,
    clients: Vec<Vec<u32>>,
    endpoints: Vec<Vec<u32>>,
    services: Vec<Vec<u32>>,
    /// By series.
    calls: Vec<Vec<u32>>,
    topics: Vec<Vec<u32>>,
}

impl Looks {
    /// Adds a look at a subject; `series` finds a call's.
    pub(super) fn add(&mut self, subject: Subject, look: Look, series: impl Fn(u32) -> u32) -> u32 {
        let row = self.rows.len() as u32;
        self.rows.push(look);
        let (list, at) = match subject {
            Subject::Client(id) => (&mut self.clients, id.index()),
            Subject::Endpoint(id) => (&mut self.endpoints, id.index()),
            Subject::Service(id) => (&mut self.services, id.index()),
            Subject::Call(id) => (&mut self.calls, series(id.0) as usize),
            Subject::Topic(id) => {
                let look = &mut self.rows[row as usize];
                let level = matches!(look.rule.measure, Measure::Level(_));
                look.topic = level.then_some(id.0);
                (&mut self.topics, id.index())
            }
        };
        if list.len() <= at {
            list.resize(at + 1, Vec::new());
        }
        list[at].push(row);
        row
    }

    /// Nobody could look: what was seen before does not count as uninterrupted.
    pub(crate) fn interrupted(&mut self, look: u32) {
        self.rows[look as usize].since_ns = None;
    }

    pub(crate) fn at_client(&self, client: usize) -> bool {
        self.clients
            .get(client)
            .is_some_and(|list| !list.is_empty())
    }

    pub(crate) fn at_endpoint(&self, endpoint: usize, service: usize) -> bool {
        let some = |list: Option<&Vec<u32>>| list.is_some_and(|list| !list.is_empty());
        some(self.endpoints.get(endpoint)) || some(self.services.get(service))
    }

    pub(crate) fn at_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// A message of a topic is done with, or was refused.
    pub(crate) fn message(&mut self, topic: usize, now_ns: u64, finished: &Finished) {
        for &row in self.topics.get(topic).into_iter().flatten() {
            self.rows[row as usize].record(now_ns, finished);
        }
    }

    /// Something besides that happened to one.
    pub(crate) fn count_message(&mut self, topic: usize, now_ns: u64, what: Counted) {
        for &row in self.topics.get(topic).into_iter().flatten() {
            self.rows[row as usize].count(now_ns, what);
        }
    }

    pub(crate) fn client(&mut self, client: usize, now_ns: u64, finished: &Finished) {
        let list = self.clients.get(client).into_iter().flatten();
        for &row in list {
            self.rows[row as usize].record(now_ns, finished);
        }
    }

    pub(crate) fn request(
        &mut self,
        endpoint: usize,
        service: usize,
        now_ns: u64,
        finished: &Finished,
    ) {
        let own = self.endpoints.get(endpoint).into_iter().flatten();
        let list = own.chain(self.services.get(service).into_iter().flatten());
        for &row in list {
            self.rows[row as usize].record(now_ns, finished);
        }
    }

    pub(crate) fn count(&mut self, endpoint: usize, service: usize, now_ns: u64, what: Counted) {
        let own = self.endpoints.get(endpoint).into_iter().flatten();
        let list = own.chain(self.services.get(service).into_iter().flatten());
        for &row in list {
            self.rows[row as usize].count(now_ns, what);
        }
    }

    pub(crate) fn call(&mut self, series: usize, now_ns: u64, finished: &Finished) {
        let list = self.calls.get(series).into_iter().flatten();
        for &row in list {
            self.rows[row as usize].record(now_ns, finished);
        }
    }
}
