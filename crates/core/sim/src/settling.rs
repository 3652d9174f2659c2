//! When a disturbed day may end early: once everything is as it was.
//!
//! The rest of such a day tells nothing that a quiet day does not, so who wants to know what a disturbance does need
//! not pay for it. The engine looks once a minute of simulated time, whoever watches and however the run is
//! cut into advances, and ends it at the first look at which
//!
//! - all that was planned to disturb this day is over: faults, events, edits and changed demand, those still to come
//!   included; no rollout is under way or to come, no alert fires, and what people did is undone;
//! - visits have recovered by the general rule of the language, those of all clients together and those of each that
//!   sends;
//! - each service's queue and each topic's backlog has been down, for a minute on average, to what it was in the last
//!   minute before the first disturbance, or to its median in the hour before;
//! - each `recovers` and each `drains` of a promise has been met by an instant, early or late;
//! - and since the last of these, as long has passed as the longest window of a promise that is shorter than a day, and
//!   five minutes more, in which the visits of each client were well taken together and queues and backlogs stood at
//!   most twice as high, by their median, as in their highest minute before: so every window that touches
//!   the trouble is whole, and what comes back is seen.
//!
//! A day on which nothing disturbs ends at its end, and so does one that is not well before: not recovered is
//! not recovered.
//!
//! The price is one row per client and minute, one number per queue and minute, and the judge's verdict on recovery a
//! few times.

use crate::engine::Engine;
use crate::fault::What;
use crate::judge::{Finished, Sketch};
use crate::judge_feed::Judges;
use crate::observe::Observer;
use crate::outcome::{Ended, Verdict};
use crate::plan::NONE;
use crate::state::{Kind, flag};
use serde::{Deserialize, Serialize};
use worstday_model::system::{Condition, Metric, Promise};

/// Time between two looks, ns.
const LOOK_NS: u64 = 60_000_000_000;

/// Whether all is lost is asked at every so many looks.
const BROKEN_LOOKS: u64 = 10;

/// So many looks are left out after one that found the promises not yet met: asking them is dear.
const PAUSE: u64 = 5;

/// So many minutes before the first disturbance say what visits are like.
const VISITS_BEFORE: usize = 10;

/// So many say what queues are like.
const QUEUES_BEFORE: usize = 60;

/// Beyond the longest window, ns.
const MARGIN_NS: u64 = 300_000_000_000;

/// What is kept for the question. Plain data.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Settling {
    /// Looks so far.
    looks: u64,
    /// Not asked again before that look.
    pause_until: u64,
    /// What starts later than that is not waited for, ns.
    waits_until_ns: u64,
    /// It ends, too, once every promise is broken: nothing can change that.
    until_broken: bool,
    /// By client, by the minute of the run in which they were sent.
    visits: Vec<Vec<Minute>>,
    /// Services' queues, then topics' backlogs.
    queues: Vec<Queue>,
}

/// The counted visits of one client that were sent in a minute and are over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Minute {
    sent: u64,
    answered: u64,
    responses: Sketch,
}

/// A queue's mean over each minute.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Queue {
    minutes: Vec<f64>,
    /// Its integral at the last look.
    area: u128,
}

/// From the start of the first disturbance to the end of the last.
#[derive(Clone, Copy, Debug)]
struct Trouble {
    from_ns: u64,
    until_ns: u64,
}

impl Minute {
    fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.responses.merge(&other.responses);
    }

    fn median(&self) -> Option<f64> {
        let count = self.responses.count();
        (count != 0).then(|| self.responses.at_rank(count.div_ceil(2)))
    }

    /// The general rule: 95 % answered, and a median of at most twice what it was. `inside` are those that are not over.
    fn is_good(&self, inside: u64, normal: Option<f64>) -> bool {
        95 * (self.sent + inside) <= 100 * self.answered
            && match (normal, self.median()) {
                (Some(normal), Some(median)) => median <= 2.0 * normal,
                _ => true,
            }
    }
}

fn sum(minutes: &[Minute]) -> Minute {
    let mut sum = Minute::default();
    for minute in minutes {
        sum.add(minute);
    }
    sum
}

/// The middle one; none of none.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}

/// The part of a series that lies in minutes `[from, to)`.
fn part<T>(series: &[T], from: usize, to: usize) -> &[T] {
    let to = to.min(series.len());
    &series[from.min(to)..to]
}

/// The first minute that begins at or after an instant.
fn minute_from(at_ns: u64) -> usize {
    at_ns.div_ceil(LOOK_NS) as usize
}

impl Settling {
    fn next_look_ns(&self) -> u64 {
        (self.looks + 1) * LOOK_NS
    }

    /// A counted visit is over.
    pub(crate) fn visit(&mut self, client: usize, finished: &Finished) {
        let index = (finished.sent_ns / LOOK_NS) as usize;
        let minutes = &mut self.visits[client];
        if minutes.len() <= index {
            minutes.resize_with(index + 1, Minute::default);
        }
        minutes[index].sent += 1;
        if finished.end.is_answered() {
            minutes[index].answered += 1;
            minutes[index].responses.add(finished.response_ns);
        }
    }

    /// When every queue has been back, ns; none if one has not.
    fn queues_back(&self, trouble: Trouble, now_ns: u64) -> Option<u64> {
        let mut last = trouble.until_ns;
        let (from, until) = (trouble.from_ns / LOOK_NS, minute_from(trouble.until_ns));
        for queue in &self.queues {
            let before = queue.before(from as usize);
            let last_before = before.last().copied().unwrap_or(0.0);
            let normal = median(before).unwrap_or(0.0).max(last_before);
            let after = part(&queue.minutes, until, (now_ns / LOOK_NS) as usize);
            let back = after.iter().position(|&mean| mean <= normal)?;
            last = last.max((until + back) as u64 * LOOK_NS);
        }
        Some(last)
    }

    /// Whether queues stood low for most of the minutes from `since` on.
    fn queues_stay(&self, trouble: Trouble, since: usize) -> bool {
        let from = (trouble.from_ns / LOOK_NS) as usize;
        self.queues.iter().all(|queue| {
            let highest = queue.before(from).iter().copied().fold(0.0, f64::max);
            let tail = part(&queue.minutes, since, usize::MAX);
            median(tail).is_none_or(|median| median <= 2.0 * highest)
        })
    }

    /// Median response time of a client in the ten minutes before.
    fn normal(&self, client: usize, trouble: Trouble) -> Option<f64> {
        let from = (trouble.from_ns / LOOK_NS) as usize;
        let before = part(
            &self.visits[client],
            from.saturating_sub(VISITS_BEFORE),
            from,
        );
        sum(before).median()
    }

    /// Since when the visits of each client are well, ns; none if those of one are not. `inside` are the instants at which
    /// those that are not over were sent, by client.
    fn visits_back(&self, trouble: Trouble, now_ns: u64, inside: &[Vec<u64>]) -> Option<u64> {
        let until = minute_from(trouble.until_ns);
        let end = (now_ns / LOOK_NS) as usize;
        let mut last = trouble.until_ns;
        for (client, minutes) in self.visits.iter().enumerate() {
            if minutes.is_empty() && inside[client].is_empty() {
                continue;
            }
            let normal = self.normal(client, trouble);
            let open = |at: usize| count_in(&inside[client], at, at + 1);
            let nothing = Minute::default();
            let of = |at: usize| minutes.get(at).unwrap_or(&nothing);
            let is_good = |at: usize| of(at).is_good(open(at), normal);
            let back = (until..end.saturating_sub(1))
                .find(|&at| 0 < of(at).sent && is_good(at) && is_good(at + 1))?;
            last = last.max(back as u64 * LOOK_NS);
        }
        Some(last)
    }

    /// Whether the visits of each client, sent in the minutes from `since` on, are well taken together. Those of the last
    /// minute may not be over yet.
    fn visits_stay(
        &self,
        trouble: Trouble,
        since: usize,
        now_ns: u64,
        inside: &[Vec<u64>],
    ) -> bool {
        let end = (now_ns / LOOK_NS) as usize - 1;
        self.visits.iter().enumerate().all(|(client, minutes)| {
            let open = count_in(&inside[client], since, end);
            let tail = part(minutes, since, end);
            let counts = tail.iter().fold((0, 0), |c, minute| {
                (c.0 + minute.sent, c.1 + minute.answered)
            });
            // Sketches are added up only where the counts are in order.
            95 * (counts.0 + open) <= 100 * counts.1
                && sum(tail).is_good(open, self.normal(client, trouble))
        })
    }
}

/// How many of the instants lie in minutes `[from, to)`.
fn count_in(instants: &[u64], from: usize, to: usize) -> u64 {
    let minutes = from as u64 * LOOK_NS..to as u64 * LOOK_NS;
    instants.iter().filter(|at| minutes.contains(at)).count() as u64
}

impl Queue {
    fn before(&self, from: usize) -> &[f64] {
        part(&self.minutes, from.saturating_sub(QUEUES_BEFORE), from)
    }
}

impl<O: Observer> Engine<O> {
    /// From now on the run ends, as [`Ended::Recovered`], as soon as its disturbances are over and everything is as it was;
    /// this file's page says when that is. To be called at the start.
    ///
    /// # Panics
    ///
    /// If time has passed already.
    pub fn end_when_recovered(&mut self) {
        self.end_when_settled(u64::MAX, false);
    }

    /// The same; but what starts after `waits_until_ns` of the run's clock is not waited for, as it has a day of its own;
    /// and with `until_broken` the run ends, as [`Ended::Decided`], once no promise is left that can be kept.
    ///
    /// # Panics
    ///
    /// If time has passed already.
    pub fn end_when_settled(&mut self, waits_until_ns: u64, until_broken: bool) {
        assert_eq!(self.s.now_ns, 0, "the question must be put at the start");
        self.judges.watch_from(self.day.warm_up_ns);
        self.judges.settling = Some(Settling {
            waits_until_ns,
            until_broken,
            visits: vec![Vec::new(); self.base.clients.len()],
            queues: vec![Queue::default(); self.base.services.len() + self.base.topics.len()],
            ..Settling::default()
        });
    }

    /// When the next look is due, if it is due until then.
    pub(crate) fn next_look_ns(&self, until_ns: u64) -> Option<u64> {
        let settling = self.judges.settling.as_ref()?;
        let next = settling.next_look_ns();
        (next <= until_ns && self.ended.is_none()).then_some(next)
    }

    /// A look, now.
    pub(crate) fn look_whether_settled(&mut self) {
        let Some(mut settling) = self.judges.settling.take() else {
            return;
        };
        if self.ended.is_none() {
            let now = self.s.now_ns;
            settling.looks += 1;
            for (at, queue) in settling.queues.iter_mut().enumerate() {
                let area = match at.checked_sub(self.base.services.len()) {
                    None => self.m.services[at].levels.queue.area(now),
                    Some(topic) => self.m.topics[topic].backlog.area(now),
                };
                queue
                    .minutes
                    .push((area - queue.area) as f64 / LOOK_NS as f64);
                queue.area = area;
            }
            if settling.pause_until <= settling.looks && self.is_settled(&mut settling) {
                self.ended = Some(Ended::Recovered);
            } else if settling.until_broken
                && settling.looks.is_multiple_of(BROKEN_LOOKS)
                && self.day.warm_up_ns < now
                && self.all_broken(now)
            {
                self.ended = Some(Ended::Decided);
            }
        }
        self.judges.settling = Some(settling);
    }

    fn is_settled(&self, settling: &mut Settling) -> bool {
        let Some(trouble) = self.trouble(settling.waits_until_ns) else {
            return false;
        };
        let now = self.s.now_ns;
        let tail = self.longest_window_ns() + MARGIN_NS;
        let Some(since) = now.checked_sub(tail).filter(|&at| trouble.until_ns <= at) else {
            return false;
        };
        let Some(queues) = settling.queues_back(trouble, now) else {
            return false;
        };
        let minute = minute_from(since);
        if since < queues || !settling.queues_stay(trouble, minute) {
            return false;
        }
        let inside = self.visits_inside();
        if !settling.visits_stay(trouble, minute, now, &inside) {
            return false;
        }
        let visits = settling.visits_back(trouble, now, &inside);
        if visits.is_none_or(|at| since < at) {
            return false;
        }
        // All that remains is to ask the judge, who needs to hear of those still inside: a copy of him.
        let mut judges: Judges = self.judges.clone();
        let spell = self.tell_the_end(&mut judges, now);
        let all = match (&judges.watch, spell) {
            (Some(watch), Some((from, until))) => watch.recovery(from, until, now).at_ns,
            _ => None,
        };
        let promises = judges.judge.well_since(now);
        if all.zip(promises).is_some_and(|(a, b)| a.max(b) <= since) {
            return true;
        }
        settling.pause_until = settling.looks + PAUSE;
        false
    }

    /// Whether each promise has a condition that is broken whatever comes: one over less than a day. There must be one.
    fn all_broken(&self, now: u64) -> bool {
        let promises = &self.base.promises;
        // Cheap questions first: on most looks they are enough.
        let is_short = |condition: &Condition| condition.over_ns < crate::judge::DAY_NS;
        let can_be = |promise: &Promise| promise.must.iter().any(is_short);
        if !self.disturbances.rows.iter().any(|row| row.begun) || !promises.iter().all(can_be) {
            return false;
        }
        let mut judges = self.judges.for_verdicts();
        self.tell_the_end(&mut judges, now);
        let verdicts = judges.judge.finish(now);
        !promises.is_empty()
            && promises.iter().zip(&verdicts).all(|(promise, outcome)| {
                outcome.conditions.iter().enumerate().any(|(row, found)| {
                    let condition = &promise.must[row % promise.must.len()];
                    // A single window may stand for all that was sent so far, for want of more.
                    let judged = match condition.metric {
                        Metric::Recovers | Metric::Drains => 1,
                        _ => 3,
                    };
                    found.verdict == Verdict::Broken
                        && condition.over_ns < crate::judge::DAY_NS
                        && judged <= found.windows
                })
            })
    }

    /// What disturbed this day, if something did and all of it is over for today.
    fn trouble(&self, waits_until_ns: u64) -> Option<Trouble> {
        let now = self.s.now_ns;
        let end = self.day.end_ns.min(waits_until_ns);
        let mut whole: Option<Trouble> = None;
        let mut add = |from_ns: u64, until_ns: u64| {
            let so_far = whole.unwrap_or(Trouble { from_ns, until_ns });
            whole = Some(Trouble {
                from_ns: so_far.from_ns.min(from_ns),
                until_ns: so_far.until_ns.max(until_ns),
            });
        };
        for row in &self.disturbances.rows {
            let by_hand = matches!(row.what, What::Act(_));
            if !by_hand && !self.disturbs(row) {
                continue;
            }
            let start = row.start_ns.max(0) as u64;
            if row.begun {
                match row.ended_ns {
                    _ if by_hand => {}
                    Some(ended) => add(start, ended),
                    None => return None,
                }
            } else if now <= start && start <= end {
                return None;
            }
        }
        let rollouts = &self.s.rollouts;
        let to_come = |at_ns: u64| now <= at_ns && at_ns <= end;
        let rolls = rollouts.rows.iter().any(Option::is_some)
            || self.day.rollouts.iter().any(|r| to_come(r.at_ns));
        for bad in &rollouts.bad {
            add(bad.from_ns, bad.until_ns?);
        }
        let watch = &self.s.watch;
        let fires = (watch.firings.iter()).any(|f| !f.missed && f.until_ns.is_none());
        let helped = watch.overrides.iter().any(|row| row.until_ns.is_none())
            || watch.teams.iter().any(crate::operate::Team::is_at_work);
        if rolls || fires || helped {
            return None;
        }
        whole
    }

    /// The longest window of a promise that is shorter than a day, ns.
    fn longest_window_ns(&self) -> u64 {
        let promises = self.base.promises.iter();
        promises
            .flat_map(|promise| &promise.must)
            .map(|condition| condition.over_ns)
            .filter(|&over| over < crate::judge::DAY_NS)
            .max()
            .unwrap_or(0)
    }

    /// When the visits that are not over were sent, by client; those of the warm-up are left out.
    fn visits_inside(&self) -> Vec<Vec<u64>> {
        let mut inside = vec![Vec::new(); self.base.clients.len()];
        for task in &self.s.tasks {
            if task.kind == Kind::Visit && !task.has(flag::THINKS) && task.has(flag::COUNTED) {
                debug_assert_ne!(task.owner, NONE);
                inside[task.owner as usize].push(task.arrived_ns);
            }
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::End;

    const TROUBLE: Trouble = Trouble {
        from_ns: 20 * LOOK_NS,
        until_ns: 30 * LOOK_NS,
    };

    fn with_visits(client: &[(u64, u64, u64)]) -> Settling {
        let mut settling = Settling {
            visits: vec![Vec::new()],
            ..Settling::default()
        };
        for &(minute, answered, lost) in client {
            for n in 0..answered + lost {
                settling.visit(
                    0,
                    &Finished {
                        sent_ns: minute * LOOK_NS + n,
                        response_ns: 1_000,
                        end: if n < answered { End::Ok } else { End::Failed },
                        attempts: 1,
                    },
                );
            }
        }
        settling
    }

    /// 95 of 100 answered is well, 94 is not; the first of two good minutes counts, and it must have visits.
    #[test]
    fn two_good_minutes_with_visits_are_a_recovery() {
        let rows = [
            (10, 100, 0),
            (30, 94, 6),
            (31, 95, 5),
            (32, 90, 10),
            (34, 100, 0),
        ];
        let settling = with_visits(&rows);
        let none = vec![Vec::new()];
        let back = |now: u64| settling.visits_back(TROUBLE, now * LOOK_NS, &none);
        // 31 is good, 32 is not; 33 is empty; 34 and the empty 35 are good.
        assert_eq!(back(35), None);
        assert_eq!(back(36), Some(34 * LOOK_NS));
        // Six that are still inside make 34 a bad minute.
        let inside = vec![vec![34 * LOOK_NS + 5; 6]];
        assert_eq!(settling.visits_back(TROUBLE, 36 * LOOK_NS, &inside), None);
    }

    /// A queue of 3, 5 and 4 before is back at the first minute at 4 or below, and stays if it stands at most at 10.
    #[test]
    fn queues_are_back_when_they_are_what_they_were() {
        let mut minutes = vec![0.0; 40];
        (minutes[17], minutes[18], minutes[19]) = (3.0, 5.0, 4.0);
        minutes[20..34].fill(50.0);
        (minutes[34], minutes[35]) = (4.1, 4.0);
        minutes[36..40].fill(10.0);
        let mut settling = Settling {
            queues: vec![Queue { minutes, area: 0 }],
            ..Settling::default()
        };
        let back = |s: &Settling, now: u64| s.queues_back(TROUBLE, now * LOOK_NS);
        assert_eq!(back(&settling, 35), None);
        assert_eq!(back(&settling, 36), Some(35 * LOOK_NS));
        assert!(settling.queues_stay(TROUBLE, 35));
        settling.queues[0].minutes[39] = 10.1;
        settling.queues[0].minutes[38] = 10.1;
        assert!(settling.queues_stay(TROUBLE, 35));
        settling.queues[0].minutes[37] = 10.1;
        assert!(!settling.queues_stay(TROUBLE, 35));
    }
}
