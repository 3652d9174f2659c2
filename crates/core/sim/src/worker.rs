//! Faults on a single worker: the request that it has in hand is hit, the replica's queue and its other workers go on.
//!
//! A worker that crashes, hangs or stalls while it is idle takes no request meanwhile. One that is slow, weak or faulty
//! goes on taking requests, and it is these that are slow, weak or faulty. The branches of a `parallel` step are carried
//! by the worker of their request as long as somebody waits for them.
//!
//! Nothing here is on the path of an ordinary request, so it looks through all tasks.

use crate::engine::Engine;
use crate::fault::Effect;
use crate::observe::Observer;
use crate::plan::NONE;
use crate::service::Stretch;
use crate::state::{Frozen, Kind, Phase, flag};

/// A worker's speed never falls to quite nothing, or what is left of a step could not grow back.
const LEAST_CAPACITY: f64 = 1e-9;

impl<O: Observer> Engine<O> {
    /// The worker that carries a task: that of its request, for its branches too while they are waited for.
    fn worker_of(&self, task: u32) -> u32 {
        let mut row = &self.s.tasks[task as usize];
        while row.kind == Kind::Branch && self.awaits(row.caller, row.caller_serial) {
            row = &self.s.tasks[row.caller as usize];
        }
        if row.kind == Kind::Request && row.has(flag::WORKER) {
            row.worker
        } else {
            NONE
        }
    }

    /// The request that a worker has in hand, last, after its branches.
    fn carried_by(&self, replica: u32, worker: u32) -> Vec<u32> {
        let mut all: Vec<u32> = (0..self.s.tasks.len() as u32)
            .filter(|&t| {
                let row = &self.s.tasks[t as usize];
                row.replica == replica
                    && matches!(row.kind, Kind::Request | Kind::Branch)
                    && self.worker_of(t) == worker
            })
            .collect();
        all.sort_by_key(|&t| self.s.tasks[t as usize].kind == Kind::Request);
        all
    }

    /// How much longer a step takes because of the worker that it runs on.
    #[cold]
    pub(crate) fn slowness_of_its_worker(&self, task: u32, what: Stretch) -> f64 {
        let replica = self.s.tasks[task as usize].replica;
        let effects = self.effects_on_worker(replica, self.worker_of(task));
        let slow = effects.slow_new * effects.slow_running;
        if what == Stretch::Work {
            slow / effects.capacity
        } else {
            slow
        }
    }

    /// A fault that makes one worker worse: what is left of its running steps stretches, or shrinks again.
    pub(crate) fn worker_degrades(
        &mut self,
        replica: u32,
        worker: u32,
        effect: Effect,
        size: f64,
        starts: bool,
    ) {
        let (work, other) = match effect {
            Effect::SlowRunning => (size, size),
            Effect::Capacity => (1.0 / size.max(LEAST_CAPACITY), 1.0),
            _ => return,
        };
        for task in self.carried_by(replica, worker) {
            let row = &self.s.tasks[task as usize];
            let factor = match row.phase {
                Phase::Working | Phase::OnCore => work,
                _ => other,
            };
            let factor = if starts { factor } else { 1.0 / factor };
            if row.phase != Phase::OnCore {
                if self.is_timed(task) {
                    self.stretch_rest(task, factor);
                }
            } else if row.has(flag::PINNED) {
                let row = &mut self.s.tasks[task as usize];
                row.due_ns = (row.due_ns as f64 * factor).round_ties_even() as u64;
            } else {
                let left = self.take_off_cores(task);
                let left = (left as f64 * factor).round_ties_even() as u64;
                self.s.tasks[task as usize].cpu_ns += left;
                self.join_cores(task, left);
            }
        }
    }

    /// Takes a job off its cores. Returns what is left of it.
    fn take_off_cores(&mut self, task: u32) -> u64 {
        let before = self.s.tasks[task as usize].cpu_ns;
        self.leave_cores(task);
        before - self.s.tasks[task as usize].cpu_ns
    }

    /// A fault on one worker: its request in hand is hit, the replica's queue and other workers go on.
    pub(crate) fn worker_effect(
        &mut self,
        replica: u32,
        worker: u32,
        effect: Effect,
        starts: bool,
    ) {
        let at = replica as usize;
        let carried = self.carried_by(replica, worker);
        let holder = carried.last().copied();
        let row = &mut self.s.replicas[at];
        if row.workers.len() <= worker as usize {
            row.workers.resize(worker as usize + 1, false);
        }
        match (effect, starts, holder) {
            (Effect::Stall | Effect::HangFreed | Effect::HangKept, true, Some(_)) => {
                for task in carried {
                    self.pin(task);
                }
            }
            (Effect::Stall, false, Some(task)) if self.s.tasks[task as usize].has(flag::PINNED) => {
                for task in carried {
                    self.s.tasks[task as usize].flags &= !flag::PINNED;
                    self.unpin(task);
                }
            }
            (Effect::HangFreed, false, Some(task))
                if self.s.tasks[task as usize].has(flag::PINNED) =>
            {
                for task in carried {
                    self.kill(task, false);
                }
                self.serve_next(at);
            }
            (Effect::HangKept, false, _) => {}
            (Effect::Crash | Effect::Vanish, true, Some(_)) => {
                for task in carried {
                    self.kill(task, effect == Effect::Vanish);
                }
                self.s.replicas[at].workers[worker as usize] = true;
                self.s.replicas[at].lost_workers += 1;
            }
            (_, true, _) => {
                self.s.replicas[at].workers[worker as usize] = true;
                self.s.replicas[at].lost_workers += 1;
            }
            (_, false, _) => {
                self.s.replicas[at].workers[worker as usize] = false;
                self.s.replicas[at].lost_workers =
                    self.s.replicas[at].lost_workers.saturating_sub(1);
                self.serve_next(at);
            }
        }
    }

    /// Stops exactly this task; what comes to it waits.
    fn pin(&mut self, task: u32) {
        if self.s.tasks[task as usize].phase == Phase::OnCore {
            let left = self.take_off_cores(task);
            self.s.tasks[task as usize].due_ns = left;
        } else if self.is_timed(task) {
            self.pause_step(task);
        }
        self.s.tasks[task as usize].flags |= flag::PINNED;
    }

    /// The worker goes on where it stood.
    fn unpin(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let at = row.replica as usize;
        if self.s.replicas[at].effects.stalled > 0 {
            return;
        }
        if row.phase == Phase::OnCore {
            let left = row.due_ns;
            self.s.tasks[task as usize].cpu_ns += left;
            self.join_cores(task, left);
        } else if self.is_timed(task) {
            self.resume_step(task);
        }
        let (mine, others): (Vec<Frozen>, Vec<Frozen>) =
            std::mem::take(&mut self.s.replicas[at].frozen)
                .into_iter()
                .partition(|f| f.task == task || self.s.tasks[f.task as usize].caller == task);
        self.s.replicas[at].frozen = others;
        self.happen(mine);
    }
}
