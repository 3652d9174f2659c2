//! Calls, as their callers see them: attempts, timeouts, retries, hedges, fallbacks.
//!
//! The caller's side of an edge in the order of the language: permit, replica, message, answer. A
//! timeout ends the attempt for the caller and for nobody else: the callee works on unless `cancel` says
//! so. Every answer names the serial of its attempt; one that comes late finds its serial gone and
//! is counted as late, its work as wasted.

use crate::calendar::{Kind as Timer, RingId};
use crate::engine::{Engine, Flow};
use crate::measure::count;
use crate::observe::{Doing, Fact, Observer};
use crate::plan::{Aim, CallPlan, FallbackPlan, NONE, PatiencePlan};
use crate::retry;
use crate::state::{Ending, Frame, Frozen, HedgeRow, Kind, Phase, Thaw, flag};
use worstday_model::system::{Cancel, HedgeAfter, Results};
use worstday_stats::draw::{identity, mix64};

/// Answers that a hedge's quantile remembers, and how many it needs.
const HEDGE_MEMORY: usize = 1_000;
const HEDGE_MINIMUM: usize = 100;

fn includes(results: Results, ending: Ending) -> bool {
    match ending {
        Ending::Error => results.error,
        Ending::Rejected => results.rejected,
        Ending::Refused => results.refused,
        Ending::Timeout => results.timeout,
        Ending::Ok | Ending::Degraded | Ending::Declined | Ending::Dropped => false,
    }
}

impl<O: Observer> Engine<O> {
    /// A task begins a call.
    #[inline(always)]
    pub(crate) fn begin_call(&mut self, task: u32, call: u32) -> Flow {
        let now = self.s.now_ns;
        let plan = &self.plan.calls[call as usize];
        let row = &mut self.s.tasks[task as usize];
        row.call = call;
        row.attempt = 0;
        row.call_started_ns = now;
        row.previous_backoff_ns = 0;
        row.flags &= !(flag::HEDGED | flag::EXECUTED);
        row.call_serial = row.serial + 1;
        if row.has(flag::COUNTED) {
            self.m.calls[plan.series as usize].calls += 1;
        }
        let limited = row.kind == Kind::Visit && self.plan.clients[row.owner as usize].limits;
        if plan.direct && !limited {
            return self.attempt_directly(task, call, 1, true);
        }
        self.prepare_call(task, call);
        self.attempts(task)
    }

    /// Sets what limits a whole call: patience, deadline, budget.
    #[inline(never)]
    fn prepare_call(&mut self, task: u32, call: u32) {
        let now = self.s.now_ns;
        let plan = &self.plan.calls[call as usize];
        let (deadline_ns, deadline_ring, budgeted) =
            (plan.deadline_ns, plan.deadline_ring, plan.budgeted);
        if self.s.tasks[task as usize].kind == Kind::Visit {
            self.arm_patience(task, deadline_ns);
        } else if deadline_ns != u64::MAX {
            let timer =
                self.s
                    .calendar
                    .schedule_in(RingId(deadline_ring), now, Timer::Deadline, task);
            self.s.tasks[task as usize].deadline_timer = timer;
        }
        if budgeted {
            self.budget_first_attempt(task);
        }
    }

    /// The user's patience with this call, or its deadline, whichever is first.
    fn arm_patience(&mut self, task: u32, deadline_ns: u64) {
        let row = &self.s.tasks[task as usize];
        let (now, id, presses) = (self.s.now_ns, row.identity, u64::from(row.call));
        let client = &self.plan.clients[row.owner as usize];
        let (patience, is_patience, queued) = match client.patience {
            PatiencePlan::Unlimited => (u64::MAX, false, false),
            PatiencePlan::Time { law, key } => {
                (self.sample_ns(law, key, identity(id, presses)), true, false)
            }
            PatiencePlan::WhileQueued { law, key } => {
                (self.sample_ns(law, key, identity(id, presses)), true, true)
            }
            PatiencePlan::Until { .. } => (row.expiry_ns.saturating_sub(now), true, false),
        };
        if patience == u64::MAX && deadline_ns == u64::MAX {
            return;
        }
        let by_patience = is_patience && patience <= deadline_ns;
        let at = now.saturating_add(patience.min(deadline_ns));
        let until = matches!(client.patience, PatiencePlan::Until { .. });
        let row = &mut self.s.tasks[task as usize];
        row.flags &= !(flag::PATIENCE | flag::WHILE_QUEUED);
        if by_patience {
            row.flags |= flag::PATIENCE;
        }
        if by_patience && queued {
            row.flags |= flag::WHILE_QUEUED;
        }
        if !until && is_patience && !queued {
            row.expiry_ns = now.saturating_add(patience);
        }
        row.deadline_timer = self.s.calendar.schedule(at, Timer::Deadline, task);
    }

    /// Attempts until one is under way, or the call is over.
    #[inline(always)]
    fn attempts(&mut self, task: u32) -> Flow {
        let row = &self.s.tasks[task as usize];
        let (call, number) = (row.call, row.attempt + 1);
        if self.plan.calls[call as usize].direct {
            return self.attempt_directly(task, call, number, false);
        }
        match self.start_attempt(task) {
            None => Flow::Stop,
            Some(ending) => self.attempts_after(task, ending),
        }
    }

    /// Goes on after an attempt that ended at once.
    #[cold]
    #[inline(never)]
    pub(crate) fn attempts_after(&mut self, task: u32, first: Ending) -> Flow {
        let mut ending = first;
        loop {
            self.count_attempt_result(task, ending);
            self.budget_attempt_over(task);
            match self.retry_after(task, ending) {
                Some(0) => {}
                Some(wait_ns) => {
                    self.back_off(task, wait_ns);
                    return Flow::Stop;
                }
                None => return self.call_failed(task, ending),
            }
            match self.start_attempt(task) {
                None => return Flow::Stop,
                Some(next) => ending = next,
            }
        }
    }

    #[inline(always)]
    fn count_attempt_result(&mut self, task: u32, ending: Ending) {
        let row = &self.s.tasks[task as usize];
        if row.has(flag::COUNTED) {
            let series = self.plan.calls[row.call as usize].series;
            count(&mut self.m.calls[series as usize].attempt_results, ending);
        }
        self.attempt_ended(task, ending);
    }

    #[inline(always)]
    fn attempt_ended(&mut self, task: u32, ending: Ending) {
        let visit = self.s.tasks[task as usize].visit;
        self.observer.on(
            self.s.now_ns,
            Fact::AttemptEnded {
                visit,
                task,
                ending,
            },
        );
    }

    fn back_off(&mut self, task: u32, wait_ns: u64) {
        let at = self.s.now_ns.saturating_add(wait_ns);
        let timer = self.s.calendar.schedule(at, Timer::Step, task);
        let row = &mut self.s.tasks[task as usize];
        row.phase = Phase::BackingOff;
        row.previous_backoff_ns = wait_ns;
        row.step_timer = timer;
        row.due_ns = at;
        self.began(task, Doing::BackOff);
    }

    /// The back-off is over.
    pub(crate) fn next_attempt(&mut self, task: u32) {
        // If its process is stalled, the attempt leaves when that goes on.
        if self.frozen(task, Thaw::Attempt) {
            return;
        }
        if matches!(self.attempts(task), Flow::On) {
            self.run(task);
        }
    }

    /// One attempt, up to its message. Returns how it ended if it ended at once.
    #[inline(always)]
    fn start_attempt(&mut self, task: u32) -> Option<Ending> {
        let row = &mut self.s.tasks[task as usize];
        row.attempt += 1;
        let pool = self.plan.calls[row.call as usize].pool;
        if pool != NONE {
            match self.acquire_for_call(task, pool) {
                crate::pool::Acquired::Now => {}
                crate::pool::Acquired::Later => return None,
                crate::pool::Acquired::Refused => return Some(Ending::Rejected),
            }
        }
        self.send_attempt(task)
    }

    /// A permit has come: the attempt goes on.
    pub(crate) fn pool_granted(&mut self, task: u32) {
        if self.frozen(task, Thaw::Send) {
            return;
        }
        if let Some(ending) = self.send_attempt(task) {
            self.attempt_over(task, ending, NONE);
        }
    }

    /// No permit has come in time.
    pub(crate) fn pool_refused(&mut self, task: u32) {
        self.attempt_over(task, Ending::Rejected, NONE);
    }

    /// Chooses a replica and sends the message.
    #[inline(never)]
    fn send_attempt(&mut self, task: u32) -> Option<Ending> {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.call as usize];
        let id = identity(row.identity, plan.entity ^ mix64(u64::from(row.attempt)));
        if plan.aim != Aim::Replica {
            if plan.aim == Aim::Topic {
                self.post(task, id);
            } else {
                self.handle(task, id);
            }
        } else if plan.via != NONE {
            self.send_to(task, NONE, id);
        } else if let Some(replica) = self.choose_replica(task, row.call, id) {
            self.send_to(task, replica, id);
        } else {
            self.release_call_pool(task);
            self.nobody_ready(task);
            return Some(Ending::Refused);
        }
        None
    }

    /// Nobody is there to be asked: refused on the caller's own side.
    #[cold]
    fn nobody_ready(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let endpoint = self.plan.calls[row.call as usize].target as usize;
        if row.has(flag::COUNTED) {
            self.not_sent_to(endpoint);
        }
        self.given_up_on(endpoint, self.s.now_ns);
    }

    /// The caller stops waiting; if what it sent is nowhere, whoever looks at its endpoint learns of it.
    fn stops_waiting(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.call as usize];
        let nowhere = row.child == NONE || !self.is(row.child, row.child_generation);
        if nowhere && plan.via == NONE {
            let (endpoint, sent_ns) = (plan.target as usize, row.call_started_ns);
            self.given_up_on(endpoint, sent_ns);
        }
    }

    /// The message leaves for that replica, or for the mesh layer of this call.
    pub(crate) fn send_to(&mut self, task: u32, replica: u32, id: u64) {
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        let call = row.call;
        let (number, first) = (row.attempt, row.attempt == 1 || row.has(flag::HEDGED));
        let plan = &self.plan.calls[call as usize];
        let (series, timeout_ns, timeout_ring) = (plan.series, plan.timeout_ns, plan.timeout_ring);
        let direct = plan.via == NONE;
        let hedges = plan.hedge.is_some();
        let child = self.new_task(if direct { Kind::Request } else { Kind::Proxy });
        let plan = &self.plan.calls[call as usize];
        let (me, you) = if task < child {
            let (a, b) = self.s.tasks.split_at_mut(child as usize);
            (&mut a[task as usize], &mut b[0])
        } else {
            let (a, b) = self.s.tasks.split_at_mut(task as usize);
            (&mut b[0], &mut a[child as usize])
        };
        me.serial += 1;
        if !me.has(flag::HEDGED) {
            me.first_live = me.serial;
        }
        me.phase = Phase::InCall;
        (me.child, me.child_generation, me.child_replica) = (child, you.generation, replica);
        you.phase = Phase::Travelling;
        (you.caller, you.caller_serial) = (task, me.serial);
        you.by_call = call;
        you.identity = id;
        you.visit = me.visit;
        you.client = me.client;
        you.priority = plan.priority.unwrap_or(me.priority);
        you.flags = me.flags & flag::COUNTED;
        let mut expiry_ns = now.saturating_add(timeout_ns);
        if plan.deadline_ns != u64::MAX {
            expiry_ns = expiry_ns.min(me.call_started_ns.saturating_add(plan.deadline_ns));
        }
        if plan.inherits {
            expiry_ns = expiry_ns.min(me.expiry_ns);
        }
        you.expiry_ns = expiry_ns;
        if direct {
            you.owner = plan.target;
            you.replica = replica;
            you.work_factor = plan.work_factor;
        } else {
            you.owner = me.owner;
            you.replica = me.replica;
            you.pc = plan.proxy_pc;
        }
        let (serial, generation) = (me.serial, you.generation);
        if me.has(flag::COUNTED) {
            let row = &mut self.m.calls[series as usize];
            row.attempts += 1;
            row.retries += u64::from(!first);
        }
        if timeout_ns != u64::MAX && self.s.tasks[task as usize].timeout_timer == 0 {
            let timer =
                self.s
                    .calendar
                    .schedule_in(RingId(timeout_ring), now, Timer::Timeout, task);
            self.s.tasks[task as usize].timeout_timer = timer;
        }
        if hedges {
            self.push_frame(
                task,
                Frame::Child {
                    task: child,
                    generation,
                    serial,
                    replica,
                },
            );
            self.arm_hedge(task);
        }
        self.observer.on(
            now,
            Fact::AttemptSent {
                call: series,
                caller: self.s.tasks[task as usize].identity,
                attempt: number,
                visit: self.s.tasks[task as usize].visit,
                task,
                child,
                request: id,
            },
        );
        if direct {
            self.pair_changes(task, replica, 1);
            self.send_message(child);
        } else {
            self.s.tasks[child as usize].phase = Phase::Ready;
            self.make_ready(child);
        }
    }

    /// An answer, or a refusal, has come back to the caller's side.
    #[inline]
    pub(crate) fn deliver(&mut self, child: u32) {
        let row = &self.s.tasks[child as usize];
        let (caller, serial, ending) = (row.caller, row.caller_serial, row.ending);
        let replica = if row.kind == Kind::Request {
            row.replica
        } else {
            NONE
        };
        let generation = row.generation;
        let at = &self.s.tasks[caller as usize];
        if !(at.first_live <= serial && serial <= at.serial && at.kind != Kind::Free) {
            return self.came_late(child);
        }
        if at.replica != NONE {
            let replica = &mut self.s.replicas[at.replica as usize];
            if at.has(flag::PINNED) || replica.effects.stalled > 0 {
                replica.frozen.push(Frozen {
                    task: child,
                    generation,
                    what: Thaw::Deliver,
                });
                return;
            }
        }
        self.free_task(child);
        self.attempt_over(caller, ending, replica);
    }

    /// An answer that nobody waits for any more.
    #[inline(never)]
    fn came_late(&mut self, child: u32) {
        let row = &self.s.tasks[child as usize];
        if row.has(flag::COUNTED) && row.kind == Kind::Request {
            self.m.calls[self.plan.calls[row.by_call as usize].series as usize].late += 1;
            // It left its replica as answered; on the way its caller went.
            let service = self.plan.endpoints[row.owner as usize].service as usize;
            self.m.services[service].wasted_worker_ns += row.due_ns;
            self.m.services[service].wasted_cpu_ns += row.cpu_ns;
        }
        self.free_task(child);
    }

    /// An attempt is over for its caller.
    #[inline]
    pub(crate) fn attempt_over(&mut self, task: u32, ending: Ending, replica: u32) {
        self.count_attempt_result(task, ending);
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.call as usize];
        if !plan.plain {
            self.release_call_pool(task);
            self.budget_attempt_over(task);
            let call = self.s.tasks[task as usize].call;
            if self.plan.calls[call as usize].hedge.is_some() {
                return self.hedged_attempt_over(task, ending, replica);
            }
        }
        if replica != NONE {
            self.pair_changes(task, replica, -1);
        }
        let row = &mut self.s.tasks[task as usize];
        row.timeout_timer = 0;
        row.first_live = row.serial + 1;
        row.child = NONE;
        if self.go_on_after(task, ending) {
            self.run(task);
        }
    }

    /// Retries, fails or succeeds. True if the task's program goes on now.
    #[inline(always)]
    fn go_on_after(&mut self, task: u32, ending: Ending) -> bool {
        let flow = if ending.is_good() {
            self.call_succeeded(task, ending)
        } else {
            self.go_on_after_failure(task, ending)
        };
        matches!(flow, Flow::On)
    }

    #[inline(never)]
    fn go_on_after_failure(&mut self, task: u32, ending: Ending) -> Flow {
        match self.retry_after(task, ending) {
            Some(0) => self.attempts(task),
            Some(wait_ns) => {
                self.back_off(task, wait_ns);
                Flow::Stop
            }
            None => self.call_failed(task, ending),
        }
    }

    #[inline(always)]
    fn call_succeeded(&mut self, task: u32, ending: Ending) -> Flow {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        let response = now - row.call_started_ns;
        let call = row.call as usize;
        let plan = &self.plan.calls[call];
        if row.has(flag::COUNTED) {
            let series = &mut self.m.calls[plan.series as usize];
            count(&mut series.results, ending);
            series.response.add(response);
        }
        if ending == Ending::Degraded {
            row.flags |= flag::DEGRADED;
        }
        self.observer.on(
            now,
            Fact::CallEnded {
                call: plan.series,
                caller: row.identity,
                ending,
            },
        );
        if !plan.plain {
            let budgeted = plan.budgeted;
            if plan.hedge_row != NONE && ending == Ending::Ok {
                let recent = &mut self.s.hedges[plan.hedge_row as usize].recent;
                if recent.len() == HEDGE_MEMORY {
                    recent.pop_front();
                }
                recent.push_back(response);
            }
            if budgeted {
                self.budget_call_over(task, ending);
            }
        }
        self.call_over(task, ending);
        if ending == Ending::Declined {
            self.end_task(task, Ending::Declined);
            return Flow::Stop;
        }
        Flow::On
    }

    fn call_failed(&mut self, task: u32, ending: Ending) -> Flow {
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.call as usize];
        let (series, fallback, budgeted) = (plan.series, plan.fallback, plan.budgeted);
        let counted = row.has(flag::COUNTED);
        if counted {
            count(&mut self.m.calls[series as usize].results, ending);
        }
        self.observer.on(
            now,
            Fact::CallEnded {
                call: series,
                caller: row.identity,
                ending,
            },
        );
        if budgeted {
            self.budget_call_over(task, ending);
        }
        self.call_over(task, ending);
        if let Some((results, what)) = fallback
            && includes(results, ending)
        {
            if counted {
                self.m.calls[series as usize].fallbacks += 1;
            }
            let row = &mut self.s.tasks[task as usize];
            match what {
                FallbackPlan::Skip => {}
                FallbackPlan::Degraded => row.flags |= flag::DEGRADED,
                FallbackPlan::Goto(pc) => row.pc = pc,
            }
            return Flow::On;
        }
        let ending = self.ending_of_failed_step(task, ending);
        self.end_task(task, ending);
        Flow::Stop
    }

    /// What every end of a call has in common.
    #[inline(always)]
    fn call_over(&mut self, task: u32, ending: Ending) {
        let row = &mut self.s.tasks[task as usize];
        row.deadline_timer = 0;
        row.timeout_timer = 0;
        row.step_timer = 0;
        if row.kind == Kind::Visit && row.expiry_ns != u64::MAX {
            let client = &self.plan.clients[row.owner as usize];
            if let PatiencePlan::Until { .. } = client.patience {
                row.flags |= flag::PATIENCE;
                let at = row.expiry_ns.max(self.s.now_ns);
                row.deadline_timer = self.s.calendar.schedule(at, Timer::Deadline, task);
            } else {
                row.expiry_ns = u64::MAX;
            }
        }
        if self.judges.wants_calls() {
            self.judge_call(task, ending);
        }
    }

    #[inline(never)]
    fn judge_call(&mut self, task: u32, ending: Ending) {
        let row = &self.s.tasks[task as usize];
        let series = self.plan.calls[row.call as usize].series;
        let (started, attempts) = (row.call_started_ns, row.attempt);
        let counted = row.has(flag::COUNTED);
        self.judges
            .call(series, started, self.s.now_ns, ending, attempts, counted);
    }

    /// The attempt's timeout has come.
    pub(crate) fn attempt_timed_out(&mut self, task: u32) {
        if self.frozen_timer(task, Thaw::Timeout) {
            return;
        }
        let row = &self.s.tasks[task as usize];
        debug_assert_eq!(row.phase, Phase::InCall, "a timeout outside a call");
        self.stops_waiting(task);
        let row = &self.s.tasks[task as usize];
        let call = row.call as usize;
        let (cancel, hedges) = (
            self.plan.calls[call].cancel,
            self.plan.calls[call].hedge.is_some(),
        );
        let replica = row.child_replica;
        if hedges {
            self.withdraw(task, cancel);
            self.count_attempt_result(task, Ending::Timeout);
            self.release_call_pool(task);
            self.budget_attempt_over(task);
            if self.go_on_after(task, Ending::Timeout) {
                self.run(task);
            }
            return;
        }
        self.cancel_child(task, cancel);
        self.attempt_over(task, Ending::Timeout, replica);
    }

    /// The call's deadline, or the user's patience, is over.
    pub(crate) fn call_timed_out(&mut self, task: u32) {
        if self.frozen_timer(task, Thaw::Deadline) {
            return;
        }
        let row = &self.s.tasks[task as usize];
        let in_call = matches!(
            row.phase,
            Phase::InCall | Phase::BackingOff | Phase::WaitingForPool
        );
        let call = row.call;
        if row.has(flag::PATIENCE) {
            if row.has(flag::WHILE_QUEUED) && in_call && self.child_in_service(task) {
                return;
            }
            let cancel = self.plan.clients[row.owner as usize].cancel;
            if in_call {
                self.leave_call(task, cancel, Ending::Dropped);
            }
            self.stop_branches(task);
            if self.s.tasks[task as usize].phase == Phase::WaitingToHold {
                self.leave_pool_line(task);
            }
            if self.s.tasks[task as usize].phase == Phase::Ready {
                self.s.tasks[task as usize].flags |= flag::CANCELLED;
                return;
            }
            self.end_task(task, Ending::Dropped);
            return;
        }
        let cancel = self.plan.calls[call as usize].cancel;
        self.leave_call(task, cancel, Ending::Timeout);
        if matches!(self.call_failed(task, Ending::Timeout), Flow::On) {
            self.run(task);
        }
    }

    /// Whether a timer must wait because its process is stalled.
    fn frozen_timer(&mut self, task: u32, what: Thaw) -> bool {
        if !self.frozen(task, what) {
            return false;
        }
        let row = &mut self.s.tasks[task as usize];
        // Alive until the stall ends, unless an answer that came before it is delivered first.
        match what {
            Thaw::Timeout => row.timeout_timer = u64::MAX,
            _ => row.deadline_timer = u64::MAX,
        }
        true
    }

    /// Whether a task is in the middle of a call.
    pub(crate) fn in_call(&self, task: u32) -> bool {
        matches!(
            self.s.tasks[task as usize].phase,
            Phase::InCall | Phase::BackingOff | Phase::WaitingForPool
        )
    }

    fn child_in_service(&self, task: u32) -> bool {
        let row = &self.s.tasks[task as usize];
        row.child != NONE
            && self.is(row.child, row.child_generation)
            && !matches!(
                self.s.tasks[row.child as usize].phase,
                Phase::Travelling | Phase::Queued
            )
    }

    /// The caller stops waiting for whatever is under way, without a result of its own.
    pub(crate) fn leave_call(&mut self, task: u32, cancel: Cancel, ending: Ending) {
        let row = &self.s.tasks[task as usize];
        match row.phase {
            Phase::InCall => {
                let (call, replica) = (row.call as usize, row.child_replica);
                self.stops_waiting(task);
                self.count_attempt_result(task, ending);
                if self.plan.calls[call].hedge.is_some() {
                    self.withdraw(task, cancel);
                } else {
                    self.cancel_child(task, cancel);
                    if replica != NONE {
                        self.pair_changes(task, replica, -1);
                    }
                }
                self.release_call_pool(task);
                self.budget_attempt_over(task);
            }
            Phase::WaitingForPool => self.leave_pool_line(task),
            _ => {}
        }
        let counted = self.s.tasks[task as usize].has(flag::COUNTED);
        if ending == Ending::Dropped {
            let call = self.s.tasks[task as usize].call as usize;
            let plan = &self.plan.calls[call];
            if counted {
                count(&mut self.m.calls[plan.series as usize].results, ending);
            }
            if plan.budgeted {
                self.budget_call_over(task, ending);
            }
            if self.judges.wants_calls() {
                self.judge_call(task, ending);
            }
        }
        let row = &mut self.s.tasks[task as usize];
        (row.step_timer, row.timeout_timer) = (0, 0);
        row.first_live = row.serial + 1;
        row.child = NONE;
    }

    /// Tells the present attempt's callee to stop, if the policy says so.
    fn cancel_child(&mut self, task: u32, cancel: Cancel) {
        let row = &mut self.s.tasks[task as usize];
        let (child, generation) = (row.child, row.child_generation);
        row.first_live = row.serial + 1;
        row.child = NONE;
        if cancel != Cancel::None && child != NONE && self.is(child, generation) {
            self.send_cancel(child, generation, cancel);
        }
    }

    // ---- hedges --------------------------------------------------------------------------------

    fn arm_hedge(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let plan = &self.plan.calls[row.call as usize];
        let Some(hedge) = plan.hedge else { return };
        if row.attempt > hedge.extra {
            return;
        }
        let after_ns = match hedge.after {
            HedgeAfter::Time(ns) => Some(ns),
            HedgeAfter::Quantile(q) => quantile(&self.s.hedges[plan.hedge_row as usize], q),
        };
        if let Some(after_ns) = after_ns {
            // With the timeouts of an instant, behind its answers: one that comes just then is in time.
            let at = self.s.now_ns.saturating_add(after_ns);
            self.s.tasks[task as usize].step_timer =
                self.s.calendar.schedule(at, Timer::WaitOver, task);
        }
    }

    /// The answer takes long: a copy leaves.
    pub(crate) fn hedge_due(&mut self, task: u32) {
        let row = &mut self.s.tasks[task as usize];
        row.flags |= flag::HEDGED;
        row.attempt += 1;
        let counted = row.has(flag::COUNTED);
        let series = self.plan.calls[row.call as usize].series;
        // Nobody else to ask: the first attempt goes on alone.
        if self.send_attempt(task).is_none() && counted {
            self.m.calls[series as usize].hedges += 1;
        }
    }

    fn hedged_attempt_over(&mut self, task: u32, ending: Ending, replica: u32) {
        let call = self.s.tasks[task as usize].call as usize;
        if replica != NONE {
            self.pair_changes(task, replica, -1);
        }
        let mut others = 0;
        let mut met = false;
        let mut at = self.s.tasks[task as usize].frames;
        while at != NONE {
            let row = &mut self.s.frames[at as usize];
            let Frame::Child {
                task: child,
                generation,
                replica: r,
                ..
            } = &mut row.frame
            else {
                break;
            };
            let gone = *child == NONE || self.s.tasks[*child as usize].generation != *generation;
            if gone && *r == replica && !met {
                (*child, *r, met) = (NONE, NONE, true);
            } else if *child != NONE {
                others += 1;
            }
            at = row.outer;
        }
        if !ending.is_good() && others > 0 && replica != NONE {
            return;
        }
        let cancel = self.plan.calls[call].cancel;
        self.withdraw(task, cancel);
        if self.go_on_after(task, ending) {
            self.run(task);
        }
    }

    /// Forgets all attempts of a hedged call.
    fn withdraw(&mut self, task: u32, cancel: Cancel) {
        // First of all nobody waits any more: what is stopped here has no one to answer.
        let row = &mut self.s.tasks[task as usize];
        row.first_live = row.serial + 1;
        while let Some(frame) = self.innermost(task) {
            let Frame::Child {
                task: child,
                generation,
                replica,
                ..
            } = frame
            else {
                break;
            };
            self.pop_frame(task);
            if child == NONE {
                continue;
            }
            if replica != NONE {
                self.pair_changes(task, replica, -1);
            }
            if cancel != Cancel::None && self.is(child, generation) {
                self.send_cancel(child, generation, cancel);
            }
        }
        let row = &mut self.s.tasks[task as usize];
        (row.step_timer, row.timeout_timer) = (0, 0);
        row.child = NONE;
    }

    fn innermost(&self, task: u32) -> Option<Frame> {
        let at = self.s.tasks[task as usize].frames;
        (at != NONE).then(|| self.s.frames[at as usize].frame)
    }

    // ---- stopping ------------------------------------------------------------------------------

    /// The callee's side of a cancel message that has arrived.
    pub(crate) fn cancelled(&mut self, task: u32, all: bool) {
        let row = &self.s.tasks[task as usize];
        match row.phase {
            // Not there yet: it is dropped on the way.
            Phase::Travelling => self.free_task(task),
            Phase::Queued => self.leave_line(task),
            Phase::Answering => {}
            // A message that was sent cannot be called back.
            _ if row.kind == Kind::Parcel => {}
            _ if row.kind == Kind::Proxy => {
                let cancel = if all { Cancel::All } else { Cancel::Queued };
                if matches!(
                    row.phase,
                    Phase::InCall | Phase::BackingOff | Phase::WaitingForPool
                ) {
                    self.leave_call(task, cancel, Ending::Dropped);
                    self.free_task(task);
                }
            }
            _ if all => self.stop_task(task),
            _ => {}
        }
    }

    /// Stops a task in service, and all it has asked for.
    pub(crate) fn stop_task(&mut self, task: u32) {
        let phase = self.s.tasks[task as usize].phase;
        match phase {
            Phase::Ready => {
                self.s.tasks[task as usize].flags |= flag::CANCELLED;
                return;
            }
            Phase::Answering | Phase::Removed => return,
            Phase::Queued => return self.leave_line(task),
            Phase::Travelling => return self.free_task(task),
            Phase::InCall | Phase::BackingOff | Phase::WaitingForPool => {
                self.leave_call(task, Cancel::All, Ending::Dropped);
            }
            Phase::Joining => self.stop_branches(task),
            Phase::OnCore => self.leave_cores(task),
            Phase::WaitingToHold => self.leave_pool_line(task),
            Phase::Working
            | Phase::Waiting
            | Phase::Hung
            | Phase::Thinking
            | Phase::Frozen
            | Phase::Fetching => {}
            Phase::Posting | Phase::Storing | Phase::Clerk => return,
        }
        let row = &mut self.s.tasks[task as usize];
        (row.step_timer, row.timeout_timer, row.deadline_timer) = (0, 0, 0);
        self.end_task(task, Ending::Dropped);
    }

    /// Stops all branches of a joining task.
    pub(crate) fn stop_branches(&mut self, task: u32) {
        if self.s.tasks[task as usize].phase != Phase::Joining {
            return;
        }
        let row = &mut self.s.tasks[task as usize];
        row.first_live = row.serial + 1;
        // The join, then its branches.
        self.pop_frame(task);
        while let Some(frame) = self.innermost(task) {
            let Frame::Child {
                task: branch,
                generation,
                ..
            } = frame
            else {
                break;
            };
            self.pop_frame(task);
            if branch != NONE && self.is(branch, generation) {
                self.stop_task(branch);
            }
        }
    }

    // ---- retries -------------------------------------------------------------------------------

    /// Whether and when the next attempt is made: tested in the language's order.
    fn retry_after(&mut self, task: u32, ending: Ending) -> Option<u64> {
        let row = &self.s.tasks[task as usize];
        let call = row.call as usize;
        let plan: &CallPlan = &self.plan.calls[call];
        let retry = plan.retry.as_ref()?;
        if !includes(retry.retry.results, ending)
            || retry.retry.attempts <= row.attempt
            || self.calls_off(&retry.retry)
        {
            return None;
        }
        let draw = self.keys[retry.key as usize].at(identity(row.identity, u64::from(row.attempt)));
        let wait_ns = retry::backoff_ns(&retry.retry, row.attempt, row.previous_backoff_ns, draw);
        if plan.deadline_ns != u64::MAX {
            let deadline = row.call_started_ns.saturating_add(plan.deadline_ns);
            if deadline <= self.s.now_ns.saturating_add(wait_ns) {
                return None;
            }
        }
        if retry.budget.is_some() && !self.budget_pays(task, ending) {
            let series = self.plan.calls[call].series as usize;
            if self.s.tasks[task as usize].has(flag::COUNTED) {
                self.m.calls[series].over_budget += 1;
            }
            return None;
        }
        Some(wait_ns)
    }

    /// Whether the flag is up while which nothing is tried again.
    fn calls_off(&self, retry: &worstday_model::system::Retry) -> bool {
        retry.unless.is_some_and(|flag| self.s.flags[flag.index()])
    }

    /// The user presses again: the whole visit from its start.
    pub(crate) fn press_again(&mut self, task: u32, ending: Ending) -> bool {
        let row = &self.s.tasks[task as usize];
        let client = row.owner as usize;
        let Some(plan) = &self.plan.clients[client].retry else {
            return false;
        };
        let made = row.presses + 1;
        if !includes(plan.retry.results, ending)
            || plan.retry.attempts <= made
            || self.calls_off(&plan.retry)
        {
            return false;
        }
        let draw = self.keys[plan.key as usize].at(identity(row.visit, u64::from(made)));
        let wait_ns = retry::backoff_ns(&plan.retry, made, row.previous_backoff_ns, draw);
        if let Some(budget) = plan.budget
            && !self.press_budget_pays(task, budget, ending)
        {
            return false;
        }
        let pc = self.plan.clients[client].pc;
        let row = &mut self.s.tasks[task as usize];
        row.presses = made;
        row.pc = pc;
        row.flags &= !(flag::DEGRADED | flag::HEDGED);
        row.identity = identity(row.visit, u64::from(made));
        row.previous_backoff_ns = wait_ns;
        row.phase = Phase::Thinking;
        row.call = NONE;
        let counted = row.has(flag::COUNTED);
        if wait_ns == 0 {
            self.wake(task);
        } else {
            let at = self.s.now_ns.saturating_add(wait_ns);
            let row = &mut self.s.tasks[task as usize];
            row.step_timer = self.s.calendar.schedule(at, Timer::Step, task);
            self.began(task, Doing::BackOff);
        }
        if counted {
            self.m.clients[client].presses += 1;
        }
        true
    }
}

/// The quantile of remembered answers, by the nearest rank; none before enough are known.
fn quantile(row: &HedgeRow, q: f64) -> Option<u64> {
    if row.recent.len() < HEDGE_MINIMUM {
        return None;
    }
    let mut sorted: Vec<u64> = row.recent.iter().copied().collect();
    sorted.sort_unstable();
    let rank = (q * sorted.len() as f64).ceil() as usize;
    Some(sorted[rank.clamp(1, sorted.len()) - 1])
}
