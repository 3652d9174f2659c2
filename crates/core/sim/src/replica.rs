//! The life of a replica: starting, serving, failing, stalling, stopping, and what callers believe.
//!
//! A crash ends what is inside and tells its callers; a vanished process tells nobody; a stall freezes
//! everything where it stands, and what comes meanwhile waits in order. Nothing here is on the
//! path of an ordinary request, so it looks through all tasks instead of keeping lists.

use crate::calendar::{Due, Kind as Timer};
use crate::engine::Engine;
use crate::observe::Observer;
use crate::plan::NONE;
use crate::state::{Cpu, Effects, Ending, Frozen, Kind, Life, Line, Phase, Replica, Thaw, flag};
use worstday_model::system::{Cancel, Per};
use worstday_stats::draw::{entity, identity, mix64};

/// `start: {do}` is tried again after this long.
const START_AGAIN_NS: u64 = 10_000_000_000;

impl<O: Observer> Engine<O> {
    /// A new replica with the service's next number.
    pub(crate) fn new_replica(&mut self, service: u32, life: Life) -> u32 {
        let plan = &self.plan.services[service as usize];
        let state = &mut self.s.services[service as usize];
        let number = state.next_number;
        state.next_number += 1;
        let zone = if plan.zones.is_empty() {
            0
        } else {
            plan.zones[number as usize % plan.zones.len()]
        };
        let line = Line::new(plan.queue.order, self.plan.system.priorities.len());
        if state.line.classes.is_empty() {
            state.line = line.clone();
        }
        let cpu = plan.cores.map(|cores| Cpu {
            cores,
            speed: 1.0,
            ..Cpu::default()
        });
        let id = identity(plan.entity, u64::from(number));
        self.s
            .replicas
            .push(Replica::new(service, number, zone, life, line, cpu, id));
        let replica = self.s.replicas.len() as u32 - 1;
        self.s.services[service as usize].replicas.push(replica);
        self.s.replicas[replica as usize].revision = self.s.rollouts.settled[service as usize];
        self.s.replicas[replica as usize].affected = self.is_affected(replica);
        let now = self.s.now_ns;
        self.m.services[service as usize].levels.existing.rise(now);
        self.asks_for(replica, self.plan.services[service as usize].asked);
        replica
    }

    /// A replica asks for so many millionths of a core from now on.
    pub(crate) fn asks_for(&mut self, replica: u32, asked: u64) {
        let row = &mut self.s.replicas[replica as usize];
        let before = std::mem::replace(&mut row.asked, asked);
        let level = &mut self.m.services[row.service as usize].levels.asked;
        level.set(level.value - before + asked, self.s.now_ns);
    }

    /// Applies what the active faults add up to.
    pub(crate) fn replica_effects(&mut self, replica: u32, effects: Effects, frees_hung: bool) {
        let at = replica as usize;
        if self.s.replicas[at].life == Life::Stopped {
            // It exists no more: whatever ends there does not bring it back.
            self.s.replicas[at].effects = effects;
            return;
        }
        let old = self.s.replicas[at].effects;
        if frees_hung && effects.hanging == 0 {
            self.free_hung(replica);
        }
        if old == effects {
            return;
        }
        if old.stalled == 0 && effects.stalled > 0 {
            self.freeze(replica);
        }
        let stays_up = effects.down == 0 && effects.gone == 0;
        self.s.replicas[at].effects = effects;
        self.s.replicas[at].affected = self.is_affected(replica);
        let (was_dead, dead) = (old.down + old.gone > 0, !stays_up);
        if dead {
            let leaves = self.s.replicas[at].life == Life::Stopping;
            if !was_dead {
                self.process_ends(replica, effects.gone > 0);
            }
            if leaves {
                // It was to go: nobody starts it again.
                self.s.replicas[at].life = Life::Stopped;
                return self.forget(replica);
            }
            self.s.replicas[at].life = if effects.gone > 0 {
                Life::Gone
            } else {
                Life::Down
            };
        } else if was_dead && self.s.replicas[at].life != Life::Stopped {
            self.start_replica(replica);
        }
        if old.slow_running != effects.slow_running || old.capacity != effects.capacity {
            self.rescale(
                replica,
                old.slow_running,
                old.capacity,
                self.warmth(replica),
            );
        }
        if old.stalled > 0 && effects.stalled == 0 {
            self.thaw(replica);
        }
        self.view_due(replica);
    }

    // ---- ends ----------------------------------------------------------------------------------

    /// The process is gone, with all it had.
    fn process_ends(&mut self, replica: u32, silent: bool) {
        let at = replica as usize;
        let now = self.s.now_ns;
        let service = self.s.replicas[at].service as usize;
        if self.s.replicas[at].life == Life::Up || self.s.replicas[at].life == Life::Stopping {
            self.m.services[service].levels.ready.fall(now);
        }
        let shared = self.plan.services[service].queue.per == Per::Service;
        for task in 0..self.s.tasks.len() as u32 {
            let row = &self.s.tasks[task as usize];
            let queued_elsewhere = shared && row.phase == Phase::Queued;
            let on_the_way = matches!(row.phase, Phase::Travelling | Phase::Answering);
            if row.replica == replica && row.kind != Kind::Free && !on_the_way && !queued_elsewhere
            {
                self.kill(task, silent);
            }
        }
        let line = Line::new(
            self.plan.services[service].queue.order,
            self.plan.system.priorities.len(),
        );
        let row = &mut self.s.replicas[at];
        let removed: Vec<u32> = row.line.classes.iter().flatten().copied().collect();
        row.line = line;
        row.start_timer = 0;
        row.frozen.clear();
        row.workers.clear();
        row.lost_workers = 0;
        row.draining = false;
        if let Some(cpu) = &mut row.cpu {
            self.m.services[service].cores_area += cpu.advance(now);
            cpu.jobs.clear();
            cpu.waiting.clear();
            cpu.timer = 0;
        }
        for task in removed {
            if self.s.tasks[task as usize].phase == Phase::Removed
                && self.s.tasks[task as usize].kind != Kind::Free
            {
                self.free_task(task);
            }
        }
    }

    /// Ends a task whose process, or worker, is gone.
    pub(crate) fn kill(&mut self, task: u32, silent: bool) {
        let now = self.s.now_ns;
        let phase = self.s.tasks[task as usize].phase;
        match phase {
            Phase::Removed => return,
            Phase::InCall | Phase::BackingOff | Phase::WaitingForPool => {
                // Nobody is told downstream: a caller that crashes has stopped waiting, no more.
                self.leave_call(task, Cancel::None, Ending::Dropped);
            }
            Phase::WaitingToHold => self.leave_pool_line(task),
            _ => {}
        }
        while self.s.tasks[task as usize].frames != NONE {
            self.unwind(task, 1);
        }
        let row = &mut self.s.tasks[task as usize];
        (row.step_timer, row.timeout_timer, row.deadline_timer) = (0, 0, 0);
        row.first_live = row.serial + 1;
        row.flags &= !flag::PINNED;
        let kind = row.kind;
        if kind == Kind::Delivery {
            return self.delivery_killed(task, silent);
        }
        if kind != Kind::Request {
            // On the ready list it is met as a free slot and passed over.
            return self.free_task(task);
        }
        let (at, worker) = (row.replica as usize, row.worker);
        if phase == Phase::Queued {
            let service = self.s.replicas[at].service as usize;
            self.s.replicas[at].line.waiting = self.s.replicas[at].line.waiting.saturating_sub(1);
            self.m.services[service].levels.queue.fall(now);
        }
        let row = &mut self.s.tasks[task as usize];
        if row.has(flag::WORKER) {
            row.due_ns = now - row.started_ns;
            let service = self.s.replicas[at].service as usize;
            self.m.services[service].levels.busy.fall(now);
            self.s.replicas[at].busy -= 1;
            if worker != NONE && (worker as usize) < self.s.replicas[at].workers.len() {
                self.s.replicas[at].workers[worker as usize] = false;
            }
        }
        let row = &self.s.tasks[task as usize];
        let (caller, serial) = (row.caller, row.caller_serial);
        let wanted = self.awaits(caller, serial);
        self.account_end(
            task,
            if wanted {
                Ending::Refused
            } else {
                Ending::Dropped
            },
        );
        if wanted && !silent {
            // At once: a reset needs no answer to travel.
            let row = &mut self.s.tasks[task as usize];
            (row.ending, row.phase) = (Ending::Refused, Phase::Answering);
            self.make_ready(task);
        } else {
            self.free_task(task);
        }
    }

    fn free_hung(&mut self, replica: u32) {
        for task in 0..self.s.tasks.len() as u32 {
            let row = &self.s.tasks[task as usize];
            if row.replica == replica && row.phase == Phase::Hung && row.kind == Kind::Request {
                self.kill(task, false);
            }
        }
        self.serve_next(replica as usize);
    }

    /// Somebody restarts it: what it has is gone, and it starts again, unless a fault keeps it down.
    pub(crate) fn restart_replica(&mut self, replica: u32) {
        let row = &self.s.replicas[replica as usize];
        let broken = row.effects.down + row.effects.gone > 0;
        if broken {
            return;
        }
        self.process_ends(replica, false);
        self.start_replica(replica);
        self.view_due(replica);
    }

    // ---- starts --------------------------------------------------------------------------------

    /// The process starts again.
    pub(crate) fn start_replica(&mut self, replica: u32) {
        let at = replica as usize;
        let row = &mut self.s.replicas[at];
        row.life = Life::Starting;
        row.incarnation += 1;
        let service = row.service as usize;
        if !self.plan.services[service].consumers.is_empty() {
            self.revoke(replica);
        }
        if self.plan.services[service].start_pc == NONE {
            return self.starting_time(replica);
        }
        let task = self.new_task(Kind::Starter);
        let id = identity(
            self.s.replicas[at].identity,
            u64::from(self.s.replicas[at].incarnation),
        );
        let pc = self.plan.services[service].start_pc;
        let row = &mut self.s.tasks[task as usize];
        (row.owner, row.worker, row.pc) = (service as u32, replica, pc);
        (row.identity, row.visit) = (id, id);
        row.client = NONE;
        row.phase = Phase::Ready;
        self.make_ready(task);
    }

    /// What had to succeed first has succeeded: the start's own time runs.
    fn starting_time(&mut self, replica: u32) {
        let row = &self.s.replicas[replica as usize];
        let plan = &self.plan.services[row.service as usize];
        let id = identity(row.identity, u64::from(row.incarnation));
        let takes = self.sample_ns(plan.start, plan.start_key, id);
        let at = self.s.now_ns.saturating_add(takes);
        self.s.replicas[replica as usize].start_timer =
            self.s.calendar.schedule(at, Timer::Started, replica);
    }

    /// The steps of `start: {do}` are over.
    pub(crate) fn starter_done(&mut self, task: u32, ending: Ending) {
        let replica = self.s.tasks[task as usize].worker;
        let alive = self.s.replicas[replica as usize].life == Life::Starting;
        if ending.is_good() || !alive {
            self.free_task(task);
            if alive {
                self.starting_time(replica);
            }
            return;
        }
        let service = self.s.tasks[task as usize].owner as usize;
        let pc = self.plan.services[service].start_pc;
        let row = &mut self.s.tasks[task as usize];
        row.presses += 1;
        row.identity = identity(row.visit, u64::from(row.presses));
        row.pc = pc;
        row.phase = Phase::Waiting;
        let at = self.s.now_ns.saturating_add(START_AGAIN_NS);
        self.s.tasks[task as usize].step_timer = self.s.calendar.schedule(at, Timer::Step, task);
    }

    /// A replica's own timer: it is up, warm, draining, or must end.
    pub(crate) fn replica_timer(&mut self, due: Due) {
        let replica = due.slot;
        let at = replica as usize;
        if self.s.replicas[at].start_timer != due.sequence {
            return;
        }
        self.s.replicas[at].start_timer = 0;
        let id = self.s.replicas[at].identity;
        self.note(due, id);
        let now = self.s.now_ns;
        let service = self.s.replicas[at].service as usize;
        match self.s.replicas[at].life {
            Life::Starting => {
                let cold = self.plan.services[service].cold;
                let row = &mut self.s.replicas[at];
                row.life = Life::Up;
                row.ready_ns = now;
                self.m.services[service].levels.ready.rise(now);
                if let Some((_, for_ns)) = cold {
                    row.cold_until_ns = now.saturating_add(for_ns);
                    let until = row.cold_until_ns;
                    row.start_timer = self.s.calendar.schedule(until, Timer::Started, replica);
                }
                self.set_speed(replica);
                self.view_due(replica);
                self.serve_next(at);
                self.outboxes_are_back(service);
            }
            Life::Up => {
                // Warm from now on.
                let (slow, capacity) = (
                    self.s.replicas[at].effects.slow_running,
                    self.s.replicas[at].effects.capacity,
                );
                let share = self.plan.services[service].cold.map_or(1.0, |c| c.0);
                self.rescale(replica, slow, capacity, share);
            }
            Life::Stopping if !self.s.replicas[at].draining => {
                self.s.replicas[at].draining = true;
                // Callers are told of a wanted stop; no probe has to find out.
                self.set_view(replica, false);
                let grace = self.plan.services[service].stop_grace_ns;
                let end = now.saturating_add(grace);
                self.s.replicas[at].start_timer =
                    self.s.calendar.schedule(end, Timer::Started, replica);
                if self.s.replicas[at].inside == 0 {
                    self.replica_stopped(replica);
                }
            }
            Life::Stopping => {
                self.process_ends(replica, false);
                self.s.replicas[at].life = Life::Stopped;
                self.forget(replica);
            }
            Life::Down | Life::Gone | Life::Stopped => {}
        }
    }

    /// Takes a replica out of service: no new work after `unready`, killed after `grace`.
    pub(crate) fn stop_replica(&mut self, replica: u32) {
        let at = replica as usize;
        let service = self.s.replicas[at].service as usize;
        if self.s.replicas[at].life == Life::Up {
            self.s.replicas[at].life = Life::Stopping;
            let at_ns = self
                .s
                .now_ns
                .saturating_add(self.plan.services[service].stop_unready_ns);
            self.s.replicas[at].start_timer =
                self.s.calendar.schedule(at_ns, Timer::Started, replica);
            self.view_due(replica);
        } else {
            self.s.replicas[at].life = Life::Stopped;
            self.forget(replica);
        }
    }

    /// A stopping replica has nothing left to do.
    pub(crate) fn replica_stopped(&mut self, replica: u32) {
        let at = replica as usize;
        if !self.s.replicas[at].draining {
            return;
        }
        let service = self.s.replicas[at].service as usize;
        let now = self.s.now_ns;
        self.m.services[service].levels.ready.fall(now);
        self.s.replicas[at].life = Life::Stopped;
        self.s.replicas[at].start_timer = 0;
        self.forget(replica);
    }

    fn forget(&mut self, replica: u32) {
        let service = self.s.replicas[replica as usize].service as usize;
        let now = self.s.now_ns;
        self.m.services[service].levels.existing.fall(now);
        self.asks_for(replica, 0);
        self.s.services[service].replicas.retain(|&r| r != replica);
        self.s.services[service].view.retain(|&r| r != replica);
        self.s.replicas[replica as usize].in_view = false;
        self.s.replicas[replica as usize].view_timer = 0;
        if !self.plan.services[service].consumers.is_empty() {
            self.consumers_changed(service);
        }
    }

    // ---- stalls and speed ----------------------------------------------------------------------

    /// Whether a task is in a step whose end stands on the calendar.
    pub(crate) fn is_timed(&self, task: u32) -> bool {
        let row = &self.s.tasks[task as usize];
        row.kind != Kind::Free && matches!(row.phase, Phase::Working | Phase::Waiting)
    }

    /// Stops the clock of a timed step: `due_ns` holds what is left.
    pub(crate) fn pause_step(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        if row.step_timer != 0 {
            row.step_timer = 0;
            row.due_ns -= now.min(row.due_ns);
        }
    }

    pub(crate) fn resume_step(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        if row.step_timer == 0 {
            row.due_ns = now.saturating_add(row.due_ns);
            let due = row.due_ns;
            row.step_timer = self.s.calendar.schedule(due, Timer::Step, task);
        }
    }

    fn freeze(&mut self, replica: u32) {
        for task in 0..self.s.tasks.len() as u32 {
            if self.s.tasks[task as usize].replica == replica && self.is_timed(task) {
                self.pause_step(task);
            }
        }
        let now = self.s.now_ns;
        let service = self.s.replicas[replica as usize].service as usize;
        if let Some(cpu) = &mut self.s.replicas[replica as usize].cpu {
            self.m.services[service].cores_area += cpu.advance(now);
            cpu.timer = 0;
            cpu.speed = 0.0;
        }
    }

    /// Everything goes on where it stood, and what came meanwhile happens in its order.
    fn thaw(&mut self, replica: u32) {
        let mut timed: Vec<(u64, u32)> = (0..self.s.tasks.len() as u32)
            .filter(|&t| {
                let row = &self.s.tasks[t as usize];
                row.replica == replica && self.is_timed(t) && !row.has(flag::PINNED)
            })
            .map(|t| (self.s.tasks[t as usize].due_ns, t))
            .collect();
        timed.sort_unstable();
        for (_, task) in timed {
            self.resume_step(task);
        }
        self.set_speed(replica);
        let frozen = std::mem::take(&mut self.s.replicas[replica as usize].frozen);
        self.happen(frozen);
        self.serve_next(replica as usize);
        self.outboxes_are_back(self.s.replicas[replica as usize].service as usize);
    }

    /// Things that waited for the end of a stall.
    pub(crate) fn happen(&mut self, frozen: Vec<Frozen>) {
        for Frozen {
            task,
            generation,
            what,
        } in frozen
        {
            if !self.is(task, generation) {
                continue;
            }
            let row = &self.s.tasks[task as usize];
            match what {
                Thaw::Wake => self.wake(task),
                Thaw::Deliver => self.make_ready(task),
                Thaw::Attempt if row.phase == Phase::BackingOff => self.next_attempt(task),
                Thaw::Send if row.phase == Phase::WaitingForPool => self.pool_granted(task),
                Thaw::WaitOver if row.step_timer == u64::MAX => {
                    self.s.tasks[task as usize].step_timer = 0;
                    self.wait_over(task);
                }
                Thaw::Timeout if row.timeout_timer == u64::MAX => {
                    self.s.tasks[task as usize].timeout_timer = 0;
                    self.attempt_timed_out(task);
                }
                Thaw::Deadline if row.deadline_timer == u64::MAX => {
                    self.s.tasks[task as usize].deadline_timer = 0;
                    self.call_timed_out(task);
                }
                Thaw::Attempt | Thaw::Send | Thaw::WaitOver | Thaw::Timeout | Thaw::Deadline => {}
            }
            self.drain();
        }
    }

    /// Sets the speed of a replica's cores from faults and warmth.
    fn set_speed(&mut self, replica: u32) {
        let now = self.s.now_ns;
        let warmth = self.warmth(replica);
        let at = replica as usize;
        let service = self.s.replicas[at].service as usize;
        let effects = self.s.replicas[at].effects;
        if let Some(cpu) = &mut self.s.replicas[at].cpu {
            self.m.services[service].cores_area += cpu.advance(now);
            cpu.speed = if effects.stalled > 0 {
                0.0
            } else {
                effects.capacity * warmth / effects.slow_running
            };
            self.arm_cores(at);
        }
    }

    /// Running steps take longer, or shorter, from now on.
    fn rescale(&mut self, replica: u32, old_slow: f64, old_capacity: f64, old_warmth: f64) {
        let at = replica as usize;
        let effects = self.s.replicas[at].effects;
        let warmth = self.warmth(replica);
        let slower = effects.slow_running / old_slow;
        let weaker = slower * (old_capacity * old_warmth) / (effects.capacity * warmth);
        let on_cores = self.s.replicas[at].cpu.is_some();
        for task in 0..self.s.tasks.len() as u32 {
            if self.s.tasks[task as usize].replica == replica && self.is_timed(task) {
                let working = self.s.tasks[task as usize].phase == Phase::Working;
                self.stretch_rest(task, if working && !on_cores { weaker } else { slower });
            }
        }
        self.set_speed(replica);
    }

    pub(crate) fn stretch_rest(&mut self, task: u32, factor: f64) {
        if factor == 1.0 {
            return;
        }
        let runs = self.s.tasks[task as usize].step_timer != 0;
        self.pause_step(task);
        let row = &mut self.s.tasks[task as usize];
        let left = row.due_ns as f64 * factor;
        row.due_ns = if left.is_finite() {
            left.round_ties_even() as u64
        } else {
            u64::MAX / 4
        };
        if runs {
            self.resume_step(task);
        }
    }

    /// Applies what faults on an endpoint add up to.
    pub(crate) fn endpoint_effects(&mut self, endpoint: u32, effects: &Effects) {
        let state = &mut self.s.endpoints[endpoint as usize];
        let old = state.slow_running;
        (state.slow_new, state.slow_running, state.errors) =
            (effects.slow_new, effects.slow_running, effects.errors);
        state.affected = *effects != Effects::NONE;
        let factor = effects.slow_running / old;
        let service = self.plan.endpoints[endpoint as usize].service as usize;
        for replica in self.s.services[service].replicas.clone() {
            self.s.replicas[replica as usize].affected = self.is_affected(replica);
        }
        for task in 0..self.s.tasks.len() as u32 {
            let row = &self.s.tasks[task as usize];
            if row.owner == endpoint
                && row.replica != NONE
                && matches!(row.kind, Kind::Request | Kind::Branch)
                && self.is_timed(task)
            {
                self.stretch_rest(task, factor);
            }
        }
    }

    // ---- the callers' view ---------------------------------------------------------------------

    /// Whether a probe would succeed now.
    fn is_ready(&self, replica: u32) -> bool {
        let row = &self.s.replicas[replica as usize];
        row.life == Life::Up
            && row.effects.stalled == 0
            && !self
                .s
                .drained
                .get(row.zone as usize)
                .is_some_and(|drained| *drained)
    }

    /// Sees to it that the callers' view follows the truth at the probe's next ticks.
    pub(crate) fn view_due(&mut self, replica: u32) {
        let row = &self.s.replicas[replica as usize];
        let probe = &self.plan.services[row.service as usize].probe;
        if probe.calls.is_some() {
            // Requests find out by themselves.
            return;
        }
        let truth = self.is_ready(replica);
        let row = &self.s.replicas[replica as usize];
        if truth == row.in_view {
            self.s.replicas[replica as usize].view_timer = 0;
            return;
        }
        let every = probe.every_ns.max(1);
        let next_tick = (self.s.now_ns / every + 1).saturating_mul(every);
        let more = if truth {
            0
        } else {
            u64::from(probe.failures.max(1) - 1)
        };
        let at = next_tick.saturating_add(more.saturating_mul(every));
        if row.view_timer == 0 || truth {
            self.s.replicas[replica as usize].view_timer =
                self.s.calendar.schedule(at, Timer::View, replica);
        }
    }

    /// The callers learn.
    pub(crate) fn view_changes(&mut self, due: Due) {
        let replica = due.slot;
        if self.s.replicas[replica as usize].view_timer != due.sequence {
            return;
        }
        self.s.replicas[replica as usize].view_timer = 0;
        let id = self.s.replicas[replica as usize].identity;
        self.note(due, id);
        let truth = self.is_ready(replica);
        self.set_view(replica, truth);
    }

    /// Callers are told at once, not by their next probe.
    pub(crate) fn see_at_once(&mut self, replica: u32) {
        self.s.replicas[replica as usize].view_timer = 0;
        let truth = self.is_ready(replica);
        self.set_view(replica, truth);
    }

    fn set_view(&mut self, replica: u32, ready: bool) {
        let row = &mut self.s.replicas[replica as usize];
        if row.in_view == ready || row.life == Life::Stopped {
            return;
        }
        row.in_view = ready;
        let service = row.service as usize;
        let view: Vec<u32> = self.s.services[service]
            .replicas
            .iter()
            .copied()
            .filter(|&r| self.s.replicas[r as usize].in_view)
            .collect();
        self.s.services[service].view = view;
        if !self.plan.services[service].consumers.is_empty() {
            // One that stops in good order finishes what it has in hand.
            if !ready && self.s.replicas[replica as usize].life != Life::Stopping {
                self.revoke(replica);
            }
            self.consumers_changed(service);
        }
        if ready && self.s.rollouts.rows[service].is_some() {
            self.rollout_moves(service as u32);
        }
    }

    /// Starts the probes that are requests.
    pub(crate) fn start_probes(&mut self) {
        for replica in 0..self.s.replicas.len() as u32 {
            self.arm_probe(replica);
        }
    }

    pub(crate) fn arm_probe(&mut self, replica: u32) {
        let service = self.s.replicas[replica as usize].service as usize;
        let probe = &self.plan.services[service].probe;
        if probe.calls.is_some() {
            // Each replica has its own phase, as each kubelet has.
            let phase = mix64(entity("probe") ^ self.s.replicas[replica as usize].identity)
                % probe.every_ns.max(1);
            let at = self.s.now_ns.saturating_add(phase);
            self.s.replicas[replica as usize].probe_timer =
                self.s.calendar.schedule(at, Timer::Probe, replica);
        }
    }

    /// A probe is due.
    pub(crate) fn probe(&mut self, due: Due) {
        let replica = due.slot;
        let at = replica as usize;
        if self.s.replicas[at].probe_timer != due.sequence
            || self.s.replicas[at].life == Life::Stopped
        {
            return;
        }
        let id = self.s.replicas[at].identity;
        self.note(due, id);
        let service = self.s.replicas[at].service as usize;
        let every = self.plan.services[service].probe.every_ns.max(1);
        let next = self.s.now_ns.saturating_add(every);
        self.s.replicas[at].probe_timer = self.s.calendar.schedule(next, Timer::Probe, replica);
        let task = self.new_task(Kind::Probe);
        let pc = self.plan.services[service].probe_pc;
        let id = identity(id, self.s.now_ns);
        let row = &mut self.s.tasks[task as usize];
        (row.owner, row.worker, row.pc) = (service as u32, replica, pc);
        (row.identity, row.visit) = (id, id);
        row.client = NONE;
        row.phase = Phase::Ready;
        self.make_ready(task);
    }

    /// A probe has been answered, or not.
    pub(crate) fn probe_done(&mut self, task: u32, ending: Ending) {
        let replica = self.s.tasks[task as usize].worker;
        self.free_task(task);
        let service = self.s.replicas[replica as usize].service as usize;
        let row = &mut self.s.replicas[replica as usize];
        if ending.is_good() {
            row.probe_failures = 0;
            if row.life == Life::Up {
                self.set_view(replica, true);
            }
        } else {
            row.probe_failures += 1;
            if self.plan.services[service].probe.failures
                <= self.s.replicas[replica as usize].probe_failures
            {
                self.set_view(replica, false);
            }
        }
    }
}
