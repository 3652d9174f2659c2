//! Services at work: admission, the queue, workers, and cores.
//!
//! A request passes admission, then the queue, then holds one worker until it ends, through every
//! wait, call, back-off and permit of its steps. A refusal costs no worker and no time. Cores are shared
//! among the jobs in `work`: each gets `speed * min(1, cores / jobs)`, kept as one virtual clock
//! per replica, so a job that joins or leaves costs O(log jobs), not a visit to each.

use crate::calendar::Kind as Timer;
use crate::engine::{Engine, Flow};
use crate::judge::Counted;
use crate::observe::{Doing, Fact, Observer};
use crate::plan::NONE;
use crate::state::{Cpu, Ending, Job, Kind, Life, Line, Phase, Thaw, flag};
use worstday_model::system::{Admission, CoreOrder, Expired, Order, Per};

/// How long a queue must have stood for adaptive LIFO to turn around.
const ADAPTIVE_NS: u64 = 100_000_000;

/// What a step's time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// CPU: slowed by everything.
    Work,
    /// Time without CPU: slowed only by `slow`.
    Wait,
}

fn take_token(admission: &Admission, tokens: &mut f64, tokens_ns: &mut u64, now_ns: u64) -> bool {
    let Some((rate, burst)) = admission.rate else {
        return true;
    };
    *tokens = (*tokens + rate * ((now_ns - *tokens_ns) as f64 / 1e9)).min(burst);
    *tokens_ns = now_ns;
    let pays = 1.0 <= *tokens;
    *tokens -= if pays { 1.0 } else { 0.0 };
    pays
}

impl Line {
    fn class_of(&self, priority: u16) -> usize {
        usize::from(priority).min(self.classes.len() - 1)
    }
}

impl<O: Observer> Engine<O> {
    /// A request's message has reached its replica.
    #[inline(always)]
    pub(crate) fn message_arrived(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        let (endpoint, at) = (row.owner as usize, row.replica as usize);
        let replica = &mut self.s.replicas[at];
        if replica.life != Life::Up && (replica.life != Life::Stopping || replica.draining) {
            return self.not_served(task);
        }
        row.arrived_ns = now;
        row.due_ns = 0;
        let plan = &self.plan.endpoints[endpoint];
        let service = plan.service as usize;
        let counted = self.m.request_arrived(service, endpoint, now);
        row.flags =
            (row.flags & !flag::COUNTED) | flag::INSIDE | if counted { flag::COUNTED } else { 0 };
        replica.inside += 1;
        self.observer.on(
            now,
            Fact::RequestArrived {
                endpoint: endpoint as u32,
                replica: replica.number,
                request: row.identity,
            },
        );
        if replica.affected && self.turned_away(task) {
            return self.shed(task);
        }
        let plan = &self.plan.endpoints[endpoint];
        let replica = &self.s.replicas[at];
        if !plan.open {
            return self.admit(task);
        }
        let free =
            replica.busy.saturating_add(replica.lost_workers) < self.plan.services[service].workers;
        if free && replica.line.waiting == 0 && replica.effects.stalled == 0 {
            return self.begin_service(task);
        }
        self.wait_in_line(task);
    }

    /// What a message meets at a replica that does not serve.
    #[inline(never)]
    fn not_served(&mut self, task: u32) {
        let at = self.s.tasks[task as usize].replica as usize;
        self.never_arrived(task);
        if self.s.replicas[at].life == Life::Gone {
            // Nobody is told.
            self.free_task(task);
        } else {
            let row = &self.s.tasks[task as usize];
            self.given_up_on(row.owner as usize, self.s.now_ns);
            self.refuse(task, Ending::Refused);
        }
    }

    /// A message is lost on its way, or meets nobody: for a promise, its endpoint never answers it.
    pub(crate) fn never_arrived(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let endpoint = row.owner as usize;
        if row.has(flag::COUNTED) {
            self.not_sent_to(endpoint);
        }
    }

    /// Nobody answers for this endpoint: a request to it is lost as it is sent.
    pub(crate) fn not_sent_to(&mut self, endpoint: usize) {
        let service = self.plan.endpoints[endpoint].service as usize;
        if self.judges.wants_endpoint(endpoint, service) {
            self.judges.never_arrived(endpoint, service, self.s.now_ns);
        }
    }

    /// The caller of a request that never arrived stops waiting: whoever looks at the endpoint learns of it.
    pub(crate) fn given_up_on(&mut self, endpoint: usize, sent_ns: u64) {
        let service = self.plan.endpoints[endpoint].service as usize;
        if self.judges.wants_endpoint(endpoint, service) {
            let now = self.s.now_ns;
            self.judges.given_up(endpoint, service, sent_ns, now);
        }
    }

    /// Sends back that nobody is there: never inside, so not counted at the service.
    fn refuse(&mut self, task: u32, ending: Ending) {
        self.s.tasks[task as usize].due_ns = 0;
        self.answer(task, ending);
    }

    /// The door of a service that may turn away or whose replicas share a line.
    #[inline(never)]
    fn admit(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let (endpoint, at) = (row.owner as usize, row.replica as usize);
        let service = self.plan.endpoints[endpoint].service as usize;
        let plan = &self.plan.services[service];
        if (plan.admission != Admission::default()
            || self.plan.endpoints[endpoint].admission != Admission::default())
            && !self.admitted(service, endpoint, at)
        {
            return self.shed(task);
        }
        let plan = &self.plan.services[service];
        if plan.queue.per == Per::Service {
            return self.admit_to_service(task, service);
        }
        let replica = &self.s.replicas[at];
        let free = replica.busy.saturating_add(replica.lost_workers) < plan.workers;
        if free && replica.line.waiting == 0 && replica.effects.stalled == 0 {
            return self.begin_service(task);
        }
        self.wait_in_line(task);
    }

    /// A place in the replica's line, if there is one.
    #[inline]
    pub(crate) fn wait_in_line(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        let at = row.replica as usize;
        let replica = &mut self.s.replicas[at];
        let plan = &self.plan.services[replica.service as usize];
        let queue = &plan.queue;
        if replica.line.waiting < queue.bound
            && queue.timeout_ns.is_none()
            && queue.per == Per::Replica
        {
            row.phase = Phase::Queued;
            let line = &mut replica.line;
            if line.waiting == 0 {
                line.busy_since_ns = now;
            }
            line.waiting += 1;
            let class = line.class_of(row.priority);
            line.classes[class].push_back(task);
            let levels = &mut self.m.services[replica.service as usize].levels;
            levels.queue.rise(now);
            levels.queue_max = levels.queue_max.max(levels.queue.value);
            return;
        }
        if replica.line.waiting < queue.bound {
            return self.enter_line(task);
        }
        if queue.order == Order::Priority && queue.bound > 0 && self.displace(task, at) {
            return self.enter_line(task);
        }
        self.shed(task);
    }

    fn admitted(&mut self, service: usize, endpoint: usize, at: usize) -> bool {
        let now = self.s.now_ns;
        let own = self.plan.endpoints[endpoint].admission;
        let state = &mut self.s.endpoints[endpoint];
        let inside = self.m.endpoints[endpoint].inside;
        if own.concurrency.is_some_and(|most| most < inside)
            || !take_token(&own, &mut state.tokens, &mut state.tokens_ns, now)
        {
            return false;
        }
        let of_service = self.plan.services[service].admission;
        if of_service
            .concurrency
            .is_some_and(|most| most < u64::from(self.s.replicas[at].inside))
        {
            return false;
        }
        let state = &mut self.s.services[service];
        take_token(&of_service, &mut state.tokens, &mut state.tokens_ns, now)
    }

    /// One line for all replicas: the lowest one with a free worker serves.
    fn admit_to_service(&mut self, task: u32, service: usize) {
        let workers = self.plan.services[service].workers;
        let free = self.s.services[service]
            .replicas
            .iter()
            .copied()
            .find(|&r| {
                let r = &self.s.replicas[r as usize];
                r.life == Life::Up
                    && r.effects.stalled == 0
                    && r.busy.saturating_add(r.lost_workers) < workers
            });
        if let (Some(replica), 0) = (free, self.s.services[service].line.waiting) {
            self.move_to(task, replica);
            return self.begin_service(task);
        }
        let queue = self.plan.services[service].queue;
        let at = self.s.tasks[task as usize].replica as usize;
        if self.s.services[service].line.waiting < queue.bound
            || (queue.order == Order::Priority && queue.bound > 0 && self.displace(task, at))
        {
            return self.enter_line(task);
        }
        self.shed(task);
    }

    fn move_to(&mut self, task: u32, replica: u32) {
        let row = &mut self.s.tasks[task as usize];
        let from = std::mem::replace(&mut row.replica, replica);
        self.s.replicas[from as usize].inside -= 1;
        self.s.replicas[replica as usize].inside += 1;
    }

    fn line_of(&mut self, at: usize) -> &mut Line {
        let service = self.s.replicas[at].service as usize;
        if self.plan.services[service].queue.per == Per::Service {
            &mut self.s.services[service].line
        } else {
            &mut self.s.replicas[at].line
        }
    }

    #[inline(never)]
    fn enter_line(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        row.phase = Phase::Queued;
        let (at, priority) = (row.replica as usize, row.priority);
        let service = self.s.replicas[at].service as usize;
        let line = self.line_of(at);
        if line.waiting == 0 {
            line.busy_since_ns = now;
        }
        line.waiting += 1;
        let class = line.class_of(priority);
        line.classes[class].push_back(task);
        let levels = &mut self.m.services[service].levels;
        levels.queue.rise(now);
        levels.queue_max = levels.queue_max.max(levels.queue.value);
        if let Some(timeout_ns) = self.plan.services[service].queue.timeout_ns {
            let at = now.saturating_add(timeout_ns);
            self.s.tasks[task as usize].step_timer =
                self.s.calendar.schedule(at, Timer::WaitOver, task);
        }
    }

    /// Makes room for a more important newcomer: the youngest of the lowest class present goes.
    fn displace(&mut self, task: u32, at: usize) -> bool {
        let priority = self.s.tasks[task as usize].priority;
        let line = self.line_of(at);
        let mine = line.class_of(priority);
        let mut victim = None;
        for class in (mine + 1..line.classes.len()).rev() {
            if !line.classes[class].is_empty() {
                victim = Some(class);
                break;
            }
        }
        // Classes may hold only taken-out requests: look for one that still waits.
        while let Some(class) = victim {
            let Some(last) = self.line_of(at).classes[class].pop_back() else {
                victim = (mine + 1..class)
                    .rev()
                    .find(|&c| !self.line_of(at).classes[c].is_empty());
                continue;
            };
            if self.s.tasks[last as usize].phase == Phase::Removed {
                self.free_task(last);
                continue;
            }
            self.left_line(last);
            self.shed(last);
            return true;
        }
        false
    }

    #[inline(always)]
    fn left_line(&mut self, task: u32) {
        let row = &mut self.s.tasks[task as usize];
        row.step_timer = 0;
        let at = row.replica as usize;
        self.line_of(at).waiting -= 1;
        let service = self.s.replicas[at].service as usize;
        let now = self.s.now_ns;
        self.m.services[service].levels.queue.fall(now);
    }

    /// Rejected: counted as shed, answered at once.
    fn shed(&mut self, task: u32) {
        self.request_leaves(task, Ending::Rejected);
    }

    /// A caller has taken its request out of the queue. The slot waits to be met there.
    pub(crate) fn leave_line(&mut self, task: u32) {
        self.left_line(task);
        self.account_end(task, Ending::Dropped);
        self.s.tasks[task as usize].phase = Phase::Removed;
    }

    /// The queue's own time limit.
    pub(crate) fn wait_over(&mut self, task: u32) {
        if self.s.tasks[task as usize].phase != Phase::Queued && self.frozen(task, Thaw::WaitOver) {
            // Alive until the stall ends, unless an answer that came before it is delivered first.
            self.s.tasks[task as usize].step_timer = u64::MAX;
            return;
        }
        match self.s.tasks[task as usize].phase {
            Phase::Queued => {
                // Its slot still stands in the line: the answer goes out with another.
                let answer = self.clone_for_answer(task);
                self.left_line(task);
                self.account_end(task, Ending::Rejected);
                self.s.tasks[task as usize].phase = Phase::Removed;
                self.answer(answer, Ending::Rejected);
            }
            Phase::WaitingToHold => {
                self.leave_pool_line(task);
                self.hold_refused(task);
            }
            Phase::WaitingForPool => {
                self.leave_pool_line(task);
                self.pool_refused(task);
            }
            Phase::InCall => self.hedge_due(task),
            other => unreachable!("task {task} waits for nothing while {other:?}"),
        }
    }

    /// A second row that carries only the answer.
    fn clone_for_answer(&mut self, task: u32) -> u32 {
        let answer = self.new_task(Kind::Request);
        let from = self.s.tasks[task as usize];
        let row = &mut self.s.tasks[answer as usize];
        (row.caller, row.caller_serial, row.by_call) =
            (from.caller, from.caller_serial, from.by_call);
        (row.replica, row.owner, row.identity) = (from.replica, from.owner, from.identity);
        row.flags = from.flags & flag::COUNTED;
        answer
    }

    #[inline(always)]
    pub(crate) fn begin_service(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        let (endpoint, at) = (row.owner as usize, row.replica as usize);
        let plan = &self.plan.endpoints[endpoint];
        let service = plan.service as usize;
        row.flags |= flag::WORKER;
        row.started_ns = now;
        row.pc = plan.pc;
        row.phase = Phase::Ready;
        let (generation, caller, serial) = (row.generation, row.caller as usize, row.caller_serial);
        if row.has(flag::COUNTED) {
            self.m.endpoints[endpoint].wait.add(now - row.arrived_ns);
        }
        self.m.services[service].levels.busy.rise(now);
        self.observer.on(
            now,
            Fact::ServiceBegan {
                endpoint: endpoint as u32,
                request: row.identity,
            },
        );
        let replica = &mut self.s.replicas[at];
        replica.busy += 1;
        let hangs = replica.effects.hanging > 0;
        let version = replica.revision.version;
        // A call's second and later executions are the same work done again.
        let caller = &mut self.s.tasks[caller];
        if caller.call_serial <= serial && caller.kind != Kind::Free {
            if caller.has(flag::EXECUTED) {
                self.executed_again(task);
            } else {
                caller.flags |= flag::EXECUTED;
            }
        }
        if self.plan.services[service].numbered {
            self.take_worker(task, at);
        }
        if version != 0 {
            self.take_version(task, version);
        }
        if hangs {
            self.s.tasks[task as usize].phase = Phase::Hung;
            return;
        }
        self.s.ready.push(task, generation);
    }

    /// Gives a request the lowest free worker's number.
    #[inline(never)]
    pub(crate) fn take_worker(&mut self, task: u32, at: usize) {
        let workers = &mut self.s.replicas[at].workers;
        let free = workers
            .iter()
            .position(|used| !used)
            .unwrap_or(workers.len());
        if free == workers.len() {
            workers.push(true);
        } else {
            workers[free] = true;
        }
        self.s.tasks[task as usize].worker = free as u32;
    }

    #[inline(never)]
    pub(crate) fn executed_again(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        if row.has(flag::COUNTED) {
            let endpoint = row.owner as usize;
            let service = self.plan.endpoints[endpoint].service as usize;
            self.m.services[service].duplicates += 1;
            self.judges.count(
                endpoint,
                service,
                Counted::Duplicate,
                row.arrived_ns,
                self.s.now_ns,
            );
        }
    }

    /// Hands free workers of a replica to those who wait.
    #[inline]
    pub(crate) fn serve_next(&mut self, at: usize) {
        loop {
            let replica = &self.s.replicas[at];
            let plan = &self.plan.services[replica.service as usize];
            if !plan.consumers.is_empty() {
                return self.serve_or_take(at);
            }
            let shared = plan.queue.per == Per::Service;
            let waiting = if shared {
                self.s.services[replica.service as usize].line.waiting
            } else {
                replica.line.waiting
            };
            if waiting == 0
                || replica.effects.stalled > 0
                || plan.workers <= replica.busy.saturating_add(replica.lost_workers)
                || !matches!(replica.life, Life::Up | Life::Stopping)
            {
                return;
            }
            if !self.hand_out(at) {
                return;
            }
        }
    }

    /// Hands a free worker to the next in line. False if nobody waits.
    #[inline]
    pub(crate) fn hand_out(&mut self, at: usize) -> bool {
        let plan = &self.plan.services[self.s.replicas[at].service as usize];
        let shared = plan.queue.per == Per::Service;
        let (order, expired) = (plan.queue.order, plan.queue.expired);
        let Some(task) = self.next_in_line(at, order) else {
            return false;
        };
        self.left_line(task);
        if shared {
            self.move_to(task, at as u32);
        }
        if expired == Expired::Drop && self.s.tasks[task as usize].expiry_ns <= self.s.now_ns {
            self.expire(task);
        } else {
            self.begin_service(task);
        }
        true
    }

    /// When the request that has waited longest came; none if nobody waits.
    pub(crate) fn next_request(&mut self, at: usize) -> Option<u64> {
        let mut oldest: Option<u64> = None;
        for class in 0..self.line_of(at).classes.len() {
            while let Some(&task) = self.line_of(at).classes[class].front() {
                let row = &self.s.tasks[task as usize];
                if row.phase != Phase::Removed {
                    let came = row.arrived_ns;
                    oldest = Some(oldest.map_or(came, |o| o.min(came)));
                    break;
                }
                self.line_of(at).classes[class].pop_front();
                self.free_task(task);
            }
        }
        oldest
    }

    /// Nobody should wait for it any more; if its caller does all the same, it is told.
    #[inline(never)]
    fn expire(&mut self, task: u32) {
        let row = &self.s.tasks[task as usize];
        let (caller, serial, endpoint) = (row.caller, row.caller_serial, row.owner as usize);
        if row.has(flag::COUNTED) {
            let service = self.plan.endpoints[endpoint].service as usize;
            self.m.services[service].expired += 1;
            self.judges.count(
                endpoint,
                service,
                Counted::Expired,
                row.arrived_ns,
                self.s.now_ns,
            );
        }
        self.account_end(task, Ending::Dropped);
        if self.awaits(caller, serial) {
            self.answer(task, Ending::Rejected);
        } else {
            self.free_task(task);
        }
    }

    fn next_in_line(&mut self, at: usize, order: Order) -> Option<u32> {
        let now = self.s.now_ns;
        loop {
            let line = self.line_of(at);
            let newest = match order {
                Order::Fifo | Order::Priority => false,
                Order::Lifo => true,
                Order::AdaptiveLifo => line.busy_since_ns + ADAPTIVE_NS <= now,
            };
            let class = match order {
                Order::Priority => line.classes.iter().position(|c| !c.is_empty())?,
                Order::Fifo | Order::Lifo | Order::AdaptiveLifo => 0,
            };
            let line = &mut line.classes[class];
            let task = if newest {
                line.pop_back()
            } else {
                line.pop_front()
            }?;
            if self.s.tasks[task as usize].phase == Phase::Removed {
                self.free_task(task);
                continue;
            }
            return Some(task);
        }
    }

    // ---- the end of a request ------------------------------------------------------------------

    /// A request's steps are over, or it was stopped.
    #[inline]
    pub(crate) fn request_done(&mut self, task: u32, ending: Ending) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        let (endpoint, at) = (row.owner as usize, row.replica as usize);
        (row.step_timer, row.timeout_timer, row.deadline_timer) = (0, 0, 0);
        if row.has(flag::WORKER) {
            let (started, arrived) = (row.started_ns, row.arrived_ns);
            row.due_ns = now - started;
            let service = self.plan.endpoints[endpoint].service as usize;
            self.m.services[service].levels.busy.fall(now);
            if row.has(flag::COUNTED) && ending != Ending::Dropped {
                let series = &mut self.m.endpoints[endpoint];
                series.service.add(now - started);
                series.response.add(now - arrived);
            }
            let replica = &mut self.s.replicas[at];
            replica.busy -= 1;
            if row.worker != NONE {
                replica.workers[row.worker as usize] = false;
            }
        }
        if self.s.tasks[task as usize].has(flag::HANDLER) {
            self.handler_done(task);
        }
        self.request_leaves(task, ending);
        let replica = &self.s.replicas[at];
        if replica.life != Life::Up
            || replica.line.waiting > 0
            || !self.plan.endpoints[endpoint].open
        {
            self.served(at);
        }
    }

    /// A worker is free again: the next one, or the end of a replica that stops.
    #[inline]
    pub(crate) fn served(&mut self, at: usize) {
        let replica = &mut self.s.replicas[at];
        let service = replica.service as usize;
        let plan = &self.plan.services[service];
        if plan.queue.order == Order::Fifo
            && plan.queue.per == Per::Replica
            && plan.queue.expired == Expired::Keep
            && replica.life == Life::Up
            && !replica.affected
            && plan.consumers.is_empty()
            && replica.busy.saturating_add(replica.lost_workers) < plan.workers
            && let Some(line) = replica.line.classes.first_mut()
            && let Some(&task) = line.front()
            && self.s.tasks[task as usize].phase == Phase::Queued
        {
            // The first in line gets the worker; with one free worker there is no second.
            line.pop_front();
            replica.line.waiting -= 1;
            let more = replica.line.waiting > 0
                && replica.busy.saturating_add(replica.lost_workers) + 1 < plan.workers;
            self.m.services[service].levels.queue.fall(self.s.now_ns);
            self.s.tasks[task as usize].step_timer = 0;
            self.begin_service(task);
            if !more {
                return;
            }
        }
        self.serve_next(at);
        let replica = &self.s.replicas[at];
        if replica.life == Life::Stopping && replica.inside == 0 {
            self.replica_stopped(at as u32);
        }
    }

    /// A request leaves its replica with that ending, and its caller is answered.
    #[inline(always)]
    fn request_leaves(&mut self, task: u32, ending: Ending) {
        let row = &self.s.tasks[task as usize];
        let (caller, serial) = (row.caller, row.caller_serial);
        if self.awaits(caller, serial) {
            self.account_end(task, ending);
            self.answer(task, ending);
        } else {
            self.unwanted(task, ending);
        }
    }

    /// A request leaves whose caller waits no more.
    #[inline(never)]
    fn unwanted(&mut self, task: u32, ending: Ending) {
        let booked = if ending == Ending::Rejected {
            ending
        } else {
            Ending::Dropped
        };
        self.account_end(task, booked);
        let row = &self.s.tasks[task as usize];
        if row.has(flag::COUNTED) && ending != Ending::Dropped {
            self.m.calls[self.plan.calls[row.by_call as usize].series as usize].late += 1;
        }
        self.free_task(task);
    }

    /// Books the end of a request at its service.
    #[inline(always)]
    pub(crate) fn account_end(&mut self, task: u32, ending: Ending) {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        let (endpoint, at, arrived, counted) = (
            row.owner as usize,
            row.replica as usize,
            row.arrived_ns,
            row.has(flag::COUNTED),
        );
        debug_assert!(
            row.has(flag::INSIDE),
            "a request that never arrived cannot end"
        );
        let worker_ns = if row.has(flag::WORKER) { row.due_ns } else { 0 };
        row.flags &= !(flag::INSIDE | flag::WORKER);
        let service = self.plan.endpoints[endpoint].service as usize;
        self.m
            .request_ended(service, endpoint, now, arrived, ending, counted);
        if counted {
            let series = &mut self.m.services[service];
            series.worker_ns += worker_ns;
            series.cpu_ns += row.cpu_ns;
            if ending == Ending::Dropped {
                series.wasted_worker_ns += worker_ns;
                series.wasted_cpu_ns += row.cpu_ns;
            }
        }
        self.observer.on(
            now,
            Fact::RequestEnded {
                endpoint: endpoint as u32,
                request: row.identity,
                ending,
            },
        );
        if self.judges.wants_endpoint(endpoint, service) {
            self.judges
                .request(endpoint, service, arrived, now, ending, counted);
        }
        self.s.replicas[at].inside -= 1;
        if self.s.replicas[at].watched {
            self.rollout_saw(task, ending);
        }
    }

    // ---- work ----------------------------------------------------------------------------------

    /// A step's time as faults, cold starts and company stretch it.
    #[inline(always)]
    pub(crate) fn stretched(&self, task: u32, ns: u64, what: Stretch) -> u64 {
        let row = &self.s.tasks[task as usize];
        let replica = &self.s.replicas[row.replica as usize];
        let of_endpoint = matches!(row.kind, Kind::Request | Kind::Branch)
            && self.s.endpoints[row.owner as usize].affected;
        if !replica.affected
            && !of_endpoint
            && row.work_factor == 1.0
            && !self.plan.services[replica.service as usize].stretches
        {
            return ns;
        }
        self.stretched_by_all(task, ns, what)
    }

    #[inline(never)]
    fn stretched_by_all(&self, task: u32, ns: u64, what: Stretch) -> u64 {
        let row = &self.s.tasks[task as usize];
        let replica = &self.s.replicas[row.replica as usize];
        let effects = &replica.effects;
        let mut factor = effects.slow_new * effects.slow_running;
        if effects.on_workers > 0 {
            factor *= self.slowness_of_its_worker(task, what);
        }
        if matches!(row.kind, Kind::Request | Kind::Branch) {
            let endpoint = &self.s.endpoints[row.owner as usize];
            factor *= endpoint.slow_new * endpoint.slow_running;
        }
        if what == Stretch::Work {
            factor *= f64::from(row.work_factor);
            let service = replica.service as usize;
            if let Some(c) = self.plan.services[service].contention {
                let n = f64::from(replica.busy);
                factor *=
                    1.0 + c.serial * (n - 1.0).max(0.0) + c.crosstalk * n * (n - 1.0).max(0.0);
            }
            if replica.cpu.is_some() {
                // Its cores are slowed as a whole: what faults do to running jobs is in their speed.
                factor /= effects.slow_running;
            } else {
                factor /= effects.capacity * self.warmth(row.replica);
            }
        }
        if factor == 1.0 {
            ns
        } else {
            (ns as f64 * factor).round_ties_even() as u64
        }
    }

    /// Share of full speed after a start.
    pub(crate) fn warmth(&self, replica: u32) -> f64 {
        let row = &self.s.replicas[replica as usize];
        match self.plan.services[row.service as usize].cold {
            Some((share, _)) if self.s.now_ns < row.cold_until_ns => share,
            _ => 1.0,
        }
    }

    /// Needs CPU time.
    #[inline(always)]
    pub(crate) fn work(&mut self, task: u32, ns: u64) -> Flow {
        let row = &self.s.tasks[task as usize];
        let mut ns = ns;
        if row.replica != NONE {
            ns = self.stretched(task, ns, Stretch::Work);
            let row = &mut self.s.tasks[task as usize];
            row.cpu_ns += ns;
            if self.s.replicas[row.replica as usize].cpu.is_some() {
                if ns == 0 {
                    return Flow::On;
                }
                row.phase = Phase::OnCore;
                self.began(task, Doing::Work);
                self.join_cores(task, ns);
                return Flow::Stop;
            }
        }
        if ns == 0 {
            return Flow::On;
        }
        let due = self.s.now_ns.saturating_add(ns);
        let timer = self.s.calendar.schedule(due, Timer::Step, task);
        let row = &mut self.s.tasks[task as usize];
        row.phase = Phase::Working;
        row.due_ns = due;
        row.step_timer = timer;
        self.began(task, Doing::Work);
        Flow::Stop
    }

    #[inline(always)]
    pub(crate) fn began(&mut self, task: u32, doing: Doing) {
        let visit = self.s.tasks[task as usize].visit;
        self.observer
            .on(self.s.now_ns, Fact::Began { visit, task, doing });
    }

    pub(crate) fn join_cores(&mut self, task: u32, ns: u64) {
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        let (at, generation) = (row.replica as usize, row.generation);
        let service = self.s.replicas[at].service as usize;
        let fifo = self.plan.services[service].core_order == CoreOrder::Fifo;
        let Some(cpu) = &mut self.s.replicas[at].cpu else {
            return;
        };
        self.m.services[service].cores_area += cpu.advance(now);
        cpu.joined += 1;
        let order = cpu.joined;
        if fifo && cpu.cores < (cpu.jobs.len() + 1) as f64 && !cpu.jobs.is_empty() {
            cpu.waiting.push_back(Job {
                finish: (ns as f64).to_bits(),
                order,
                task,
                generation,
            });
        } else {
            let finish = (cpu.virtual_ns + ns as f64).to_bits();
            cpu.push(Job {
                finish,
                order,
                task,
                generation,
            });
        }
        self.arm_cores(at);
    }

    /// Sets the timer of the replica's next job to end.
    pub(crate) fn arm_cores(&mut self, at: usize) {
        let now = self.s.now_ns;
        let replica = &mut self.s.replicas[at];
        let stalled = replica.effects.stalled > 0;
        let Some(cpu) = &mut replica.cpu else { return };
        let Some(first) = cpu.jobs.first() else {
            cpu.timer = 0;
            return;
        };
        let rate = cpu.rate();
        if stalled || rate <= 0.0 {
            cpu.timer = 0;
            return;
        }
        let left = (f64::from_bits(first.finish) - cpu.virtual_ns).max(0.0) / rate;
        let due = now.saturating_add(left.ceil() as u64);
        cpu.timer = self.s.calendar.schedule(due, Timer::Core, at as u32);
    }

    /// The replica's next job, or several, are done.
    pub(crate) fn cores_done(&mut self, replica: u32) {
        let now = self.s.now_ns;
        let at = replica as usize;
        let service = self.s.replicas[at].service as usize;
        let fifo = self.plan.services[service].core_order == CoreOrder::Fifo;
        let mut done = Vec::new();
        if let Some(cpu) = &mut self.s.replicas[at].cpu {
            self.m.services[service].cores_area += cpu.advance(now);
            // Within half a nanosecond is done: the clock has no finer step.
            while let Some(first) = cpu.jobs.first().copied() {
                if cpu.virtual_ns + 0.5 * cpu.rate().max(f64::MIN_POSITIVE)
                    < f64::from_bits(first.finish)
                {
                    break;
                }
                cpu.pop();
                done.push(first);
                if fifo && let Some(next) = cpu.waiting.pop_front() {
                    let finish = (cpu.virtual_ns + f64::from_bits(next.finish)).to_bits();
                    cpu.push(Job { finish, ..next });
                }
            }
        }
        self.arm_cores(at);
        for job in done {
            if self.is(job.task, job.generation) {
                self.wake(job.task);
            }
        }
    }

    /// A job leaves its core unfinished.
    pub(crate) fn leave_cores(&mut self, task: u32) {
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        let (at, generation) = (row.replica as usize, row.generation);
        let service = self.s.replicas[at].service as usize;
        let mut unused = 0.0;
        if let Some(cpu) = &mut self.s.replicas[at].cpu {
            self.m.services[service].cores_area += cpu.advance(now);
            let me = |j: &Job| j.task == task && j.generation == generation;
            if let Some(i) = cpu.waiting.iter().position(me) {
                unused = cpu
                    .waiting
                    .remove(i)
                    .map_or(0.0, |j| f64::from_bits(j.finish));
            } else if let Some(i) = cpu.jobs.iter().position(me) {
                unused = (f64::from_bits(cpu.jobs[i].finish) - cpu.virtual_ns).max(0.0);
                cpu.remove(i);
                if self.plan.services[service].core_order == CoreOrder::Fifo
                    && let Some(next) = cpu.waiting.pop_front()
                {
                    let finish = (cpu.virtual_ns + f64::from_bits(next.finish)).to_bits();
                    cpu.push(Job { finish, ..next });
                }
            }
        }
        let row = &mut self.s.tasks[task as usize];
        row.cpu_ns = row.cpu_ns.saturating_sub(unused as u64);
        self.arm_cores(at);
    }
}

impl Cpu {
    /// Virtual service per ns for each job.
    pub(crate) fn rate(&self) -> f64 {
        let jobs = self.jobs.len() as f64;
        if jobs <= self.cores {
            self.speed
        } else {
            self.speed * self.cores / jobs
        }
    }

    /// Brings the virtual clock to `now_ns`. Returns the core time used since.
    pub(crate) fn advance(&mut self, now_ns: u64) -> f64 {
        let dt = (now_ns - self.last_ns) as f64;
        self.last_ns = now_ns;
        if self.jobs.is_empty() {
            // An idle clock starts again: its precision never wears off.
            self.virtual_ns = 0.0;
            return 0.0;
        }
        self.virtual_ns += dt * self.rate();
        dt * (self.jobs.len() as f64).min(self.cores)
    }

    /// Adds a job; the first of `jobs` is always the next to finish.
    pub(crate) fn push(&mut self, job: Job) {
        self.jobs.push(job);
        let mut i = self.jobs.len() - 1;
        while i > 0 && self.jobs[i] < self.jobs[(i - 1) / 2] {
            self.jobs.swap(i, (i - 1) / 2);
            i = (i - 1) / 2;
        }
    }

    fn pop(&mut self) {
        self.remove(0);
    }

    fn remove(&mut self, at: usize) {
        let last = self.jobs.len() - 1;
        self.jobs.swap(at, last);
        self.jobs.pop();
        if at == last {
            return;
        }
        let mut i = at;
        loop {
            let mut least = i;
            for child in [2 * i + 1, 2 * i + 2] {
                if child < self.jobs.len() && self.jobs[child] < self.jobs[least] {
                    least = child;
                }
            }
            if least == i {
                break;
            }
            self.jobs.swap(i, least);
            i = least;
        }
        while i > 0 && self.jobs[i] < self.jobs[(i - 1) / 2] {
            self.jobs.swap(i, (i - 1) / 2);
            i = (i - 1) / 2;
        }
    }
}
