//! Messages on their way: delay, capacity, loss, cuts, and cancel messages.
//!
//! A message crosses every link between its two ends, one after the other; the answer crosses their
//! twins. Where all of it is a constant the sum is known beforehand, a zero costs nothing and a
//! delay waits in a ring. A lost message is nobody's answer: the caller waits for its timeout.

use crate::calendar::{Due, Kind as Timer, RingId};
use crate::engine::Engine;
use crate::fault::At;
use crate::observe::Observer;
use crate::plan::NONE;
use crate::state::{CancelRow, Ending, Kind, Phase, flag};
use worstday_model::system::{Cancel, Capacity, LinkQueue};
use worstday_stats::draw::identity;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    There,
    Back,
}

impl<O: Observer> Engine<O> {
    /// A message's path, and its delay and ring if that is a constant (else `u64::MAX`).
    #[inline(always)]
    fn way_of(&self, task: u32) -> (usize, u64, u32) {
        let plan = &self.plan.calls[self.s.tasks[task as usize].by_call as usize];
        if plan.flat_ns != u64::MAX {
            return (plan.paths as usize, plan.flat_ns, plan.flat_ring);
        }
        let path = self.path_of(task) as usize;
        let row = &self.plan.paths[path];
        (path, row.constant_ns, row.ring)
    }

    fn path_of(&self, task: u32) -> u32 {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.by_call as usize];
        let count = self.plan.zone_count();
        if count == 1 {
            return plan.paths;
        }
        // The caller may have gone: its zone is that of the replica it ran on, kept by its slot's row.
        let caller = &self.s.tasks[row.caller as usize];
        let from = if caller.replica == NONE {
            0
        } else {
            self.s.replicas[caller.replica as usize].zone
        };
        let to = if row.replica == NONE {
            0
        } else {
            self.s.replicas[row.replica as usize].zone
        };
        plan.paths + from * count + to
    }

    /// Sends a request to its replica.
    #[inline(always)]
    pub(crate) fn send_message(&mut self, task: u32) {
        let (path, constant_ns, ring) = self.way_of(task);
        if !self.disturbances.on_links {
            if constant_ns == 0 {
                return self.message_arrived(task);
            }
            if constant_ns != u64::MAX {
                let timer =
                    self.s
                        .calendar
                        .schedule_in(RingId(ring), self.s.now_ns, Timer::Step, task);
                self.s.tasks[task as usize].step_timer = timer;
                return;
            }
        }
        match self.cross(task, path, Way::There) {
            Some(0) => self.message_arrived(task),
            Some(delay_ns) => {
                let at = self.s.now_ns.saturating_add(delay_ns);
                self.s.tasks[task as usize].step_timer =
                    self.s.calendar.schedule(at, Timer::Step, task);
            }
            None => {
                self.never_arrived(task);
                self.free_task(task);
            }
        }
    }

    /// Sends an answer back. The row carries it until it is delivered.
    #[inline(always)]
    pub(crate) fn answer(&mut self, task: u32, ending: Ending) {
        let row = &mut self.s.tasks[task as usize];
        row.ending = ending;
        row.phase = Phase::Answering;
        row.step_timer = 0;
        let (path, constant_ns, ring) = self.way_of(task);
        if !self.disturbances.on_links {
            if constant_ns == 0 {
                self.make_ready(task);
                return;
            }
            if constant_ns != u64::MAX {
                let timer =
                    self.s
                        .calendar
                        .schedule_in(RingId(ring), self.s.now_ns, Timer::Step, task);
                self.s.tasks[task as usize].step_timer = timer;
                return;
            }
        }
        if self.s.tasks[task as usize].has(flag::HANDLER) {
            self.make_ready(task);
            return;
        }
        match self.cross(task, path, Way::Back) {
            Some(0) => self.make_ready(task),
            Some(delay_ns) => {
                let at = self.s.now_ns.saturating_add(delay_ns);
                self.s.tasks[task as usize].step_timer =
                    self.s.calendar.schedule(at, Timer::Step, task);
            }
            None => self.free_task(task),
        }
    }

    /// How long a task's message takes to where it goes; none if it is lost.
    pub(crate) fn travel(&mut self, task: u32) -> Option<u64> {
        let (path, constant_ns, _) = self.way_of(task);
        if !self.disturbances.on_links && constant_ns != u64::MAX {
            Some(constant_ns)
        } else {
            self.cross(task, path, Way::There)
        }
    }

    /// How long a message takes over a path, link by link; none if it is lost.
    fn cross(&mut self, task: u32, path: usize, way: Way) -> Option<u64> {
        let row = &self.s.tasks[task as usize];
        let (id, call) = (row.identity, row.by_call as usize);
        let size = self.plan.calls[call].size_bytes;
        let ends = self.ends_of(task, way);
        self.cross_path(id, size, path, ends, way)
    }

    /// The same for a message of that identity and size.
    pub(crate) fn cross_path(
        &mut self,
        id: u64,
        size: u64,
        path: usize,
        ends: (At, At),
        way: Way,
    ) -> Option<u64> {
        let id = identity(id, way as u64);
        let on_path = self.disturbances.path_effects(ends);
        let mut at = self.s.now_ns;
        for i in 0..self.plan.paths[path].links.len() {
            let link = self.plan.paths[path].links[i] as usize;
            let direction = 2 * link + usize::from(way == Way::Back);
            let plan = &self.plan.links[link];
            let effects = self.s.links[direction].effects;
            let arriving = u64::from(i as u32);
            let lost = effects.cut > 0 || {
                let ratio = 1.0 - (1.0 - plan.loss) * (1.0 - effects.loss);
                ratio > 0.0 && self.draw(plan.loss_key, id ^ arriving).unit() < ratio
            };
            if lost {
                self.s.links[direction].lost += 1;
                return None;
            }
            if let Some(capacity) = plan.capacity {
                let left = 1.0 - effects.capacity_lost;
                let each = match capacity {
                    Capacity::Messages(rate) => 1e9 / (rate * left),
                    Capacity::Bytes(rate) => 1e9 * size as f64 / (rate * left),
                };
                let each_ns = each.round_ties_even() as u64;
                let state = &mut self.s.links[direction];
                // Whole messages: one crosses, however little of it is left, and the others wait.
                let backlog_ns = state.free_ns.saturating_sub(at);
                let waiting = backlog_ns.div_ceil(each_ns.max(1)).saturating_sub(1);
                let full = backlog_ns > 0
                    && match plan.queue {
                        LinkQueue::Unlimited => false,
                        LinkQueue::Messages(bound) => bound <= waiting,
                        LinkQueue::Bytes(bound) => bound < (waiting + 1).saturating_mul(size),
                    };
                if full || !each.is_finite() {
                    state.lost += 1;
                    return None;
                }
                state.free_ns = state.free_ns.max(at).saturating_add(each_ns);
                state.busy_ns += each_ns;
                at = state.free_ns;
            }
            let delay =
                self.plan.laws[plan.delay as usize].sample_ns(self.draw(plan.delay_key, id));
            at = at.saturating_add(delay).saturating_add(effects.delay_ns);
            self.s.links[direction].messages += 1;
        }
        if on_path.cut > 0 {
            return None;
        }
        if on_path.loss > 0.0
            && self.draw_of(0, crate::plan::purpose::LOSS, id).unit() < on_path.loss
        {
            return None;
        }
        Some((at - self.s.now_ns).saturating_add(on_path.delay_ns))
    }

    // ---- cancel --------------------------------------------------------------------------------

    /// Tells a callee to stop, effective after the path's delay.
    pub(crate) fn send_cancel(&mut self, task: u32, generation: u32, cancel: Cancel) {
        let all = cancel == Cancel::All;
        match self.s.tasks[task as usize].kind {
            Kind::Proxy => return self.cancelled(task, all),
            // A message that was sent cannot be called back, and a run stands beside its handler.
            Kind::Parcel => return,
            _ => {}
        }
        let path = self.path_of(task) as usize;
        let constant_ns = self.plan.paths[path].constant_ns;
        let delay = if !self.disturbances.on_links && constant_ns != u64::MAX {
            Some(constant_ns)
        } else {
            self.cross(task, path, Way::There)
        };
        match delay {
            Some(0) => self.cancelled(task, all),
            Some(delay_ns) => {
                let row = CancelRow {
                    task,
                    generation,
                    timer: 0,
                    all,
                };
                let slot = if let Some(slot) = self.s.free_cancels.pop() {
                    self.s.cancels[slot as usize] = row;
                    slot
                } else {
                    self.s.cancels.push(row);
                    self.s.cancels.len() as u32 - 1
                };
                let at = self.s.now_ns.saturating_add(delay_ns);
                self.s.cancels[slot as usize].timer =
                    self.s.calendar.schedule(at, Timer::Cancel, slot);
            }
            None => {}
        }
    }

    /// A cancel message has arrived.
    pub(crate) fn cancel_arrived(&mut self, due: Due) {
        let row = self.s.cancels[due.slot as usize];
        self.s.free_cancels.push(due.slot);
        if self.is(row.task, row.generation) {
            let id = self.s.tasks[row.task as usize].identity;
            self.note(due, id);
            self.cancelled(row.task, row.all);
        }
    }
}
