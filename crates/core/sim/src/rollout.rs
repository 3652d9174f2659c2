//! Rollouts: a new version of a service comes, replica by replica, in steps, with a way back.
//!
//! Replicas are replaced as a Kubernetes Deployment does it: at most `surge` more than described exist, at least
//! the described ones less `unavailable` are ready in the callers' view, replicas that stop count no more, and those
//! that are not ready go first, then the youngest. `to` shares and `surge` round up, `unavailable` down; both 0 means
//! one is unavailable. Whenever a replica becomes ready the next ones move, so a rollout waits for `start` and the
//! readiness probe, never for a clock of its own; only a watch has a timer, in the control loops' turn of its instant.
//!
//! A replica has a *revision* (which rollout brought it) and a *version* (which program it runs: 0 is the file's). A
//! good rollout brings a revision of version 0; a bad one, by a keyed coin of its ordinal, the version that its `bad`
//! edit makes, compiled behind the plan's other code. Requests at such a replica, and those that a watch counts, go by
//! the general steps; nobody else looks a thing up. A watch judges what arrived during it, the last `over` of it.
//!
//! A rollback is `kubectl rollout undo`: the same replacement in the other direction, without steps.

use crate::calendar::{Due, Kind as Timer};
use crate::engine::{Compiled, Engine};
use crate::observe::Observer;
use crate::plan::{NONE, purpose};
use crate::state::{Ending, Kind, Life, flag};
use serde::{Deserialize, Serialize};
use worstday_model::system::{
    Compare, Compared, KeepIf, Metric, OfAnswered, Otherwise, Portion, RolloutStep,
};
use worstday_stats::draw::entity;

/// What a replica is of: which rollout brought it, and which program it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Number of the rollout in its service; 0 is from before.
    pub number: u32,
    /// 0 is the file's program, else a row of the plan's versions + 1.
    pub version: u32,
}

/// What a rollout is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Replaces replicas.
    Moving,
    /// Counts requests until its timer.
    Watching,
    /// Does nothing.
    Paused,
}

/// A rollout under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rollout {
    pub to: Revision,
    /// What it goes back to.
    pub from: Revision,
    pub phase: Phase,
    /// The step after the present one.
    pub next_step: u32,
    /// Share of the replicas that are to be of the new revision now.
    pub share: f64,
    /// Undoes another: it has no steps.
    pub undoes: bool,
    pub timer: u64,
    /// One per condition.
    pub tallies: Vec<Tally>,
}

/// Requests of a watch, as one condition counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Only those that arrived from here on.
    pub from_ns: u64,
    pub sent: u64,
    pub answered: u64,
    pub degraded: u64,
    pub failed: u64,
    pub shed: u64,
    pub abandoned: u64,
    /// Answered in less than the threshold, and in at most that.
    pub below: u64,
    pub upto: u64,
    pub sum_ns: u128,
}

/// Something that a rollout did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub service: u32,
    pub at_ns: u64,
    pub what: String,
}

/// A bad version, while a replica of it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadSpell {
    pub service: u32,
    pub revision: u32,
    pub from_ns: u64,
    pub until_ns: Option<u64>,
}

/// All rollouts of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rollouts {
    /// By service; none is under way.
    pub rows: Vec<Option<Rollout>>,
    /// By service: what its replicas are when no rollout is under way, and what they were before that.
    pub settled: Vec<Revision>,
    pub previous: Vec<Option<Revision>>,
    /// By service: how many revisions there were.
    pub revisions: Vec<u32>,
    pub notes: Vec<Note>,
    pub bad: Vec<BadSpell>,
}

impl Rollouts {
    pub(crate) fn new(services: usize) -> Self {
        Self {
            rows: vec![None; services],
            settled: vec![Revision::default(); services],
            previous: vec![None; services],
            revisions: vec![0; services],
            ..Self::default()
        }
    }
}

impl Tally {
    fn count(&mut self, condition: &KeepIf, response_ns: u64, ending: Ending) {
        self.sent += 1;
        match ending {
            Ending::Ok | Ending::Declined => {}
            Ending::Degraded => self.degraded += 1,
            Ending::Rejected => self.shed += 1,
            Ending::Dropped => self.abandoned += 1,
            Ending::Error | Ending::Refused | Ending::Timeout => self.failed += 1,
        }
        if ending.is_good() {
            let response = response_ns as f64;
            self.answered += 1;
            self.below += u64::from(response < condition.condition.value);
            self.upto += u64::from(response <= condition.condition.value);
            self.sum_ns += u128::from(response_ns);
        }
    }

    /// Whether the condition holds; an empty window does.
    fn holds(&self, keep: &KeepIf) -> bool {
        let condition = &keep.condition;
        let answered_only = condition.of_answered == OfAnswered::Yes;
        let all = if answered_only {
            self.answered
        } else {
            self.sent
        };
        if all == 0 {
            return true;
        }
        let lost = self.failed + self.shed + self.abandoned;
        let share = |part: u64| part as f64 / self.sent as f64;
        let value = match condition.metric {
            Metric::Percentile(q) => {
                // The request of that rank: within the threshold or not is counted exactly.
                let rank = ((q * all as f64 - 1e-9).ceil() as u64).clamp(1, all);
                return match condition.op {
                    Compare::Less => rank <= self.below,
                    Compare::AtMost => rank <= self.upto,
                    Compare::More => self.upto < rank,
                    Compare::AtLeast => self.below < rank,
                    Compare::Equal => self.below < rank && rank <= self.upto,
                };
            }
            Metric::Mean if self.answered == 0 || (lost > 0 && !answered_only) => f64::INFINITY,
            Metric::Mean => self.sum_ns as f64 / self.answered as f64,
            Metric::Failed => share(self.failed),
            Metric::Shed => share(self.shed),
            Metric::Abandoned => share(self.abandoned),
            Metric::Lost => share(lost),
            Metric::Errors => share(self.failed + self.shed),
            Metric::Degraded => share(self.degraded),
            Metric::Availability => 1.0 - share(lost),
            other => unreachable!("a checked rollout does not look at {other:?}"),
        };
        let equal = (value - condition.value).abs() <= 1e-12;
        match condition.op {
            Compare::Less => value < condition.value && !equal,
            Compare::AtMost => value < condition.value || equal,
            Compare::More => condition.value < value && !equal,
            Compare::AtLeast => condition.value < value || equal,
            Compare::Equal => equal,
        }
    }
}

impl<O: Observer> Engine<O> {
    /// Puts the day's rollouts on the calendar.
    pub(crate) fn plan_rollouts(&mut self) {
        let services = self.plan.services.len() as u32;
        let day = std::sync::Arc::clone(&self.day);
        for (row, rollout) in day.rollouts.iter().enumerate() {
            // Slots below belong to watches.
            let slot = services + row as u32;
            self.s
                .calendar
                .schedule(rollout.at_ns, Timer::Rollout, slot);
            let service = &self.base.services[rollout.service.index()];
            if service.rollout.as_ref().is_some_and(|r| r.fails > 0.0) {
                self.judges.watch_from(day.warm_up_ns);
            }
        }
    }

    /// A rollout starts, or the end of a watch has come.
    pub(crate) fn rollout_due(&mut self, due: Due) {
        let services = self.plan.services.len() as u32;
        if services <= due.slot {
            let rollout = self.day.rollouts[(due.slot - services) as usize];
            let service = rollout.service.0;
            self.note(due, self.plan.services[service as usize].entity);
            return self.rollout_starts(service, rollout.ordinal);
        }
        let alive = |r: &Rollout| r.timer == due.sequence;
        if self.s.rollouts.rows[due.slot as usize]
            .as_ref()
            .is_some_and(alive)
        {
            self.note(due, self.plan.services[due.slot as usize].entity);
            self.watch_ends(due.slot);
        }
    }

    fn rollout_starts(&mut self, service: u32, ordinal: u64) {
        let at = service as usize;
        let Some(config) = self.base.services[at].rollout.clone() else {
            unreachable!("a day has rollouts of services that have one")
        };
        let this = entity(&format!("rollout of {}", self.base.services[at].name));
        let mut bad = None;
        if self.draw_of(this, purpose::COIN, ordinal).unit() < config.fails {
            let dice = self.draw_of(this, purpose::CHOOSE, ordinal).unit();
            let mut sum = 0.0;
            let chosen = config.bad.iter().position(|bad| {
                sum += bad.chance;
                dice < sum
            });
            // Chances that add up to 1 leave no gap for rounding.
            bad = Some(chosen.unwrap_or(config.bad.len() - 1));
        }
        let version = bad.map_or(0, |bad| self.version_of(service, bad as u32));
        self.s.rollouts.revisions[at] += 1;
        let to = Revision {
            number: self.s.rollouts.revisions[at],
            version,
        };
        if self.s.rollouts.rows[at].is_some() {
            self.unwatch(service);
            self.rollout_note(service, "a newer one takes its place".to_owned());
        }
        self.rollout_note(
            service,
            match bad {
                None => "starts".to_owned(),
                Some(bad) if config.bad.len() == 1 => {
                    let _ = bad;
                    "starts, with a bad version".to_owned()
                }
                Some(bad) => format!(
                    "starts, with bad version {} of {}",
                    bad + 1,
                    config.bad.len()
                ),
            },
        );
        if bad.is_some() {
            self.s.rollouts.bad.push(BadSpell {
                service,
                revision: to.number,
                from_ns: self.s.now_ns,
                until_ns: None,
            });
        }
        self.s.rollouts.rows[at] = Some(Rollout {
            to,
            from: self.s.rollouts.settled[at],
            phase: Phase::Moving,
            next_step: 0,
            share: 0.0,
            undoes: false,
            timer: 0,
            tallies: Vec::new(),
        });
        self.rollout_next(service);
    }

    /// The version of a service that one of its bad edits makes, compiled when it first comes.
    fn version_of(&mut self, service: u32, bad: u32) -> u32 {
        if let Some(known) = self.plan.version_of(service, bad) {
            return known;
        }
        let edits = self.edits_in_force();
        let made = Compiled::Version {
            edits,
            service,
            bad,
        };
        self.compiled.push(made.clone());
        self.recompile(&made);
        self.fit_tables();
        self.plan
            .version_of(service, bad)
            .expect("it was compiled just now")
    }

    fn rollout_note(&mut self, service: u32, what: String) {
        let at_ns = self.s.now_ns;
        self.s.rollouts.notes.push(Note {
            service,
            at_ns,
            what,
        });
    }

    /// The next step begins, or all are done.
    fn rollout_next(&mut self, service: u32) {
        let at = service as usize;
        let steps = self.base.services[at]
            .rollout
            .as_ref()
            .map(|r| r.steps.clone());
        let Some(row) = &mut self.s.rollouts.rows[at] else {
            return;
        };
        let step = if row.undoes {
            (row.share < 1.0).then_some(RolloutStep::To(1.0))
        } else {
            steps.and_then(|steps| steps.get(row.next_step as usize).copied())
        };
        row.next_step += 1;
        match step {
            Some(RolloutStep::To(share)) => {
                row.share = share;
                row.phase = Phase::Moving;
                self.rollout_moves(service);
            }
            Some(RolloutStep::Watch(length_ns)) => self.watch_begins(service, length_ns),
            None => self.rollout_done(service),
        }
    }

    /// Replicas of a service that are not about to go, of the wanted revision and of others.
    fn by_revision(&self, service: u32, number: u32) -> (Vec<u32>, Vec<u32>) {
        let replicas = self.s.services[service as usize].replicas.iter().copied();
        replicas
            .filter(|&r| {
                let life = self.s.replicas[r as usize].life;
                !matches!(life, Life::Stopping | Life::Stopped)
            })
            .partition(|&r| self.s.replicas[r as usize].revision.number == number)
    }

    fn is_available(&self, replica: u32) -> bool {
        let row = &self.s.replicas[replica as usize];
        row.in_view && row.life == Life::Up
    }

    /// Starts and stops what may start and stop now; the step is over when nothing is left to do.
    pub(crate) fn rollout_moves(&mut self, service: u32) {
        let at = service as usize;
        loop {
            let Some(row) = &self.s.rollouts.rows[at] else {
                return;
            };
            if row.phase != Phase::Moving {
                return;
            }
            let (to, share) = (row.to, row.share);
            let described = self.plan.services[at].replicas;
            let quarter = (Portion::Share(0.25), Portion::Share(0.25));
            let config = self.base.services[at].rollout.as_ref();
            let (surge, unavailable) = config.map_or(quarter, |r| (r.surge, r.unavailable));
            let surge = surge.up(described);
            let mut unavailable = unavailable.down(described).min(described);
            if surge == 0 && unavailable == 0 {
                unavailable = 1;
            }
            let wanted = Portion::Share(share).up(described).min(described);
            let (new, mut old) = self.by_revision(service, to.number);
            let (many_new, many_old) = (new.len() as u32, old.len() as u32);
            let room = (described + surge).saturating_sub(many_new + many_old);
            let starting = room.min(wanted.saturating_sub(many_new));
            for _ in 0..starting {
                let replica = self.new_replica(service, Life::Starting);
                let row = &mut self.s.replicas[replica as usize];
                row.in_view = false;
                row.revision = to;
                self.s.replicas[replica as usize].affected = self.is_affected(replica);
                self.start_replica(replica);
                self.arm_probe(replica);
            }
            // Those that serve nobody go first, then the youngest.
            let to_go = many_old.saturating_sub(described - wanted);
            old.sort_by_key(|&r| {
                let row = &self.s.replicas[r as usize];
                (
                    self.is_available(r),
                    std::cmp::Reverse((row.ready_ns, row.number)),
                )
            });
            let available = new
                .iter()
                .chain(&old)
                .filter(|&&r| self.is_available(r))
                .count() as u32;
            let mut spare = available.saturating_sub(described - unavailable);
            let mut stopped = 0;
            for &replica in old.iter().take(to_go as usize) {
                if self.is_available(replica) {
                    if spare == 0 {
                        break;
                    }
                    spare -= 1;
                }
                self.stop_replica(replica);
                stopped += 1;
            }
            let ready = new.iter().filter(|&&r| self.is_available(r)).count() as u32;
            if starting == 0 && stopped == 0 {
                if wanted <= many_new && ready == many_new && many_old <= described - wanted {
                    self.rollout_note(
                        service,
                        format!("{many_new} of {described} replicas are new"),
                    );
                    self.rollout_next(service);
                }
                return;
            }
        }
    }

    fn rollout_done(&mut self, service: u32) {
        let at = service as usize;
        let Some(row) = self.s.rollouts.rows[at].take() else {
            return;
        };
        let what = if row.undoes { "rolled back" } else { "done" };
        self.rollout_note(service, what.to_owned());
        self.s.rollouts.previous[at] = Some(row.from);
        self.s.rollouts.settled[at] = row.to;
        for spell in &mut self.s.rollouts.bad {
            if spell.service == service && spell.revision != row.to.number {
                spell.until_ns.get_or_insert(self.s.now_ns);
            }
        }
        self.resize_service(at);
    }

    // ---- watching ------------------------------------------------------------------------------

    fn watch_begins(&mut self, service: u32, length_ns: u64) {
        let at = service as usize;
        let now = self.s.now_ns;
        let end = now.saturating_add(length_ns);
        let timer = self.s.calendar.schedule(end, Timer::Rollout, service);
        let base = std::sync::Arc::clone(&self.base);
        let Some(config) = &base.services[at].rollout else {
            return;
        };
        let Some(row) = &mut self.s.rollouts.rows[at] else {
            return;
        };
        row.phase = Phase::Watching;
        row.timer = timer;
        row.tallies = config
            .keep_if
            .iter()
            .map(|keep| Tally {
                // A window longer than the watch is the watch.
                from_ns: end.saturating_sub(keep.condition.over_ns).max(now),
                ..Tally::default()
            })
            .collect();
        let number = row.to.number;
        if config.keep_if.is_empty() {
            return;
        }
        for replica in self.s.services[at].replicas.clone() {
            let of_new = self.s.replicas[replica as usize].revision.number == number;
            self.s.replicas[replica as usize].watched = of_new || config.compare == Compared::All;
            self.s.replicas[replica as usize].affected = self.is_affected(replica);
        }
    }

    /// Nobody counts requests of a service any more.
    fn unwatch(&mut self, service: u32) {
        for replica in self.s.services[service as usize].replicas.clone() {
            if std::mem::take(&mut self.s.replicas[replica as usize].watched) {
                self.s.replicas[replica as usize].affected = self.is_affected(replica);
            }
        }
    }

    /// A request at a watched replica has ended.
    #[cold]
    #[inline(never)]
    pub(crate) fn rollout_saw(&mut self, task: u32, ending: Ending) {
        let row = &self.s.tasks[task as usize];
        let (endpoint, arrived) = (row.owner, row.arrived_ns);
        let service = self.plan.endpoints[endpoint as usize].service as usize;
        let response = self.s.now_ns - arrived;
        let Some(config) = &self.base.services[service].rollout else {
            return;
        };
        let Some(row) = &mut self.s.rollouts.rows[service] else {
            return;
        };
        for (keep, tally) in config.keep_if.iter().zip(&mut row.tallies) {
            if tally.from_ns <= arrived && keep.endpoint.is_none_or(|e| e.0 == endpoint) {
                tally.count(keep, response, ending);
            }
        }
    }

    fn watch_ends(&mut self, service: u32) {
        let at = service as usize;
        let now = self.s.now_ns;
        let base = std::sync::Arc::clone(&self.base);
        let Some(config) = &base.services[at].rollout else {
            return;
        };
        let mut tallies = match &self.s.rollouts.rows[at] {
            Some(row) => row.tallies.clone(),
            None => return,
        };
        // What is still inside and has taken too long already is too slow, whatever becomes of it.
        for task in &self.s.tasks {
            if task.kind != Kind::Request
                || !task.has(flag::INSIDE)
                || task.replica == NONE
                || !self.s.replicas[task.replica as usize].watched
                || self.s.replicas[task.replica as usize].service != service
            {
                continue;
            }
            for (keep, tally) in config.keep_if.iter().zip(&mut tallies) {
                let age = (now - task.arrived_ns) as f64;
                if matches!(keep.condition.metric, Metric::Percentile(_))
                    && keep.condition.of_answered == OfAnswered::No
                    && tally.from_ns <= task.arrived_ns
                    && keep.endpoint.is_none_or(|e| e.0 == task.owner)
                    && keep.condition.value < age
                {
                    tally.sent += 1;
                }
            }
        }
        self.unwatch(service);
        let broken = config
            .keep_if
            .iter()
            .zip(&tallies)
            .find(|(keep, tally)| !tally.holds(keep));
        let Some((keep, tally)) = broken else {
            return self.rollout_next(service);
        };
        let seen = format!(
            "`{}` does not hold over {} requests",
            keep.condition.text, tally.sent
        );
        match config.otherwise {
            Some(Otherwise::RollBack) => {
                self.rollout_note(service, seen);
                self.roll_back(service);
            }
            Some(Otherwise::Pause) => {
                self.rollout_note(service, seen);
                self.pause_rollout(service);
            }
            None => {
                self.rollout_note(service, format!("{seen}; it goes on"));
                self.rollout_next(service);
            }
        }
    }

    // ---- by hand -------------------------------------------------------------------------------

    /// Undoes a service's rollout, also one that is paused; if none is under way, the last one. Whether there was
    /// anything to undo.
    pub fn roll_back(&mut self, service: u32) -> bool {
        let at = service as usize;
        let settled = self.s.rollouts.settled[at];
        let (to, from) = match (&self.s.rollouts.rows[at], self.s.rollouts.previous[at]) {
            (Some(row), _) if row.undoes => return false,
            (Some(row), _) => (row.from, row.to),
            (None, Some(previous)) => (previous, settled),
            (None, None) => return false,
        };
        self.unwatch(service);
        self.rollout_note(service, "rolls back".to_owned());
        self.s.rollouts.rows[at] = Some(Rollout {
            to,
            from,
            phase: Phase::Moving,
            next_step: 0,
            share: 0.0,
            undoes: true,
            timer: 0,
            tallies: Vec::new(),
        });
        self.rollout_next(service);
        true
    }

    /// Stops a service's rollout where it is, and says its number; none if none moved.
    pub fn pause_rollout(&mut self, service: u32) -> Option<u32> {
        let running = |row: &&mut Rollout| row.phase != Phase::Paused;
        let row = self.s.rollouts.rows[service as usize]
            .as_mut()
            .filter(running)?;
        (row.phase, row.timer) = (Phase::Paused, 0);
        let number = row.to.number;
        self.unwatch(service);
        self.rollout_note(service, "paused".to_owned());
        Some(number)
    }

    /// Lets that rollout go on with its next step if it is paused. Whether it was.
    pub fn resume_rollout(&mut self, service: u32, number: u32) -> bool {
        let paused = |row: &&mut Rollout| row.phase == Phase::Paused && row.to.number == number;
        let Some(row) = self.s.rollouts.rows[service as usize]
            .as_mut()
            .filter(paused)
        else {
            return false;
        };
        row.phase = Phase::Moving;
        self.rollout_note(service, "goes on".to_owned());
        self.rollout_moves(service);
        true
    }

    /// What a request does at a replica of another version than the file's.
    #[cold]
    #[inline(never)]
    pub(crate) fn take_version(&mut self, task: u32, version: u32) {
        if let Some(row) = self.versioned(task, version) {
            self.s.tasks[task as usize].pc = row.0;
        }
    }

    /// The share of its requests that fails, and the coin's key, at a replica of another version; none if that
    /// version is not for this request.
    #[cold]
    #[inline(never)]
    pub(crate) fn fails_of_version(&self, task: u32, version: u32) -> Option<(f64, u32)> {
        self.versioned(task, version).map(|row| (row.1, row.2))
    }

    fn versioned(&self, task: u32, version: u32) -> Option<(u32, f64, u32)> {
        let plan = &self.plan.versions[version as usize - 1];
        let row = &self.s.tasks[task as usize];
        if let Some(test) = plan.condition
            && (row.client == NONE || !self.guard_holds(task, test))
        {
            return None;
        }
        let endpoint = &plan.endpoints[(row.owner - plan.first_endpoint) as usize];
        Some((endpoint.pc, endpoint.fails, endpoint.fails_key))
    }
}
