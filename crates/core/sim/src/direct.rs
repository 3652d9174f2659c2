//! The direct way: the steps between two events of a request that nothing stands in the way of.
//!
//! Most attempts meet no pool, no hedge, no delay and an open door; most answers are good and awaited.
//! Each such passage is made here in one go, every row looked up once. Whatever is out of the ordinary is
//! found before anything has changed and left to the general steps in `attempt`, `service` and `link`,
//! which mean the same: a run that never takes the direct way has the same digest and outcome, and a
//! test holds that.

use crate::calendar::{Kind as Timer, RingId};
use crate::engine::{Engine, Flow, Next};
use crate::measure::{count, count_end};
use crate::observe::{Doing, Fact, Observer};
use crate::plan::NONE;
use crate::state::{Ending, Kind, Life, Phase, Task, flag};
use worstday_stats::draw::{identity, mix64};

impl<O: Observer> Engine<O> {
    /// From now on nothing takes the direct way: the same history by the general steps, for tests and for
    /// whoever doubts a figure.
    pub fn go_at_length(&mut self) {
        self.plan.without_shortcuts();
    }

    /// An attempt over a path without delay to an open service ([`crate::plan::CallPlan::direct`]): chosen,
    /// sent, arrived, and in service or in line. `number` is the attempt's. If `follows`, the request that
    /// is served at once may be returned as what goes on instead of being put on the ready list.
    #[inline(always)]
    pub(crate) fn attempt_directly(
        &mut self,
        task: u32,
        call: u32,
        number: u32,
        follows: bool,
    ) -> Flow {
        let around = &self.s.services[self.plan.calls[call as usize].service as usize];
        match around.view[..] {
            [sole] if around.replicas.len() == 1 => {
                self.attempt_to(task, call, number, sole, follows)
            }
            _ => self.attempt_among(task, call, number),
        }
    }

    #[inline(never)]
    fn attempt_among(&mut self, task: u32, call: u32, number: u32) -> Flow {
        let me = &mut self.s.tasks[task as usize];
        me.attempt = number;
        let entity = self.plan.calls[call as usize].entity;
        let id = identity(me.identity, entity ^ mix64(u64::from(number)));
        match self.choose_replica(task, call, id) {
            Some(to) => self.attempt_to(task, call, number, to, false),
            None => self.attempts_after(task, Ending::Refused),
        }
    }

    /// The same by the general steps.
    #[inline(never)]
    fn attempt_at_length(&mut self, task: u32, number: u32, to: u32, id: u64) -> Flow {
        self.s.tasks[task as usize].attempt = number;
        self.send_to(task, to, id);
        Flow::Stop
    }

    #[inline(always)]
    fn attempt_to(&mut self, task: u32, call: u32, number: u32, to: u32, follows: bool) -> Flow {
        let now = self.s.now_ns;
        let Some(child) = self.s.free_tasks.pop() else {
            let entity = self.plan.calls[call as usize].entity;
            let me = &self.s.tasks[task as usize];
            let id = identity(me.identity, entity ^ mix64(u64::from(number)));
            return self.attempt_at_length(task, number, to, id);
        };
        let Ok([me, you]) = self
            .s
            .tasks
            .get_disjoint_mut([task as usize, child as usize])
        else {
            unreachable!("task {task} is free and calls")
        };
        let plan = &self.plan.calls[call as usize];
        let id = identity(me.identity, plan.entity ^ mix64(u64::from(number)));
        let replica = &mut self.s.replicas[to as usize];
        if replica.life != Life::Up || replica.affected || self.disturbances.on_links {
            self.s.free_tasks.push(child);
            return self.attempt_at_length(task, number, to, id);
        }
        let place = &self.plan.endpoints[plan.target as usize];
        me.attempt = number;
        // The attempt leaves.
        self.s.live += 1;
        let generation = you.generation;
        me.serial += 1;
        me.first_live = me.serial;
        me.phase = Phase::InCall;
        (me.child, me.child_generation, me.child_replica) = (child, generation, to);
        if me.has(flag::COUNTED) {
            let series = &mut self.m.calls[plan.series as usize];
            series.attempts += 1;
            series.retries += u64::from(number != 1);
        }
        let mut expiry_ns = now.saturating_add(plan.timeout_ns);
        if plan.inherits {
            expiry_ns = expiry_ns.min(me.expiry_ns);
        }
        if plan.timeout_ns != u64::MAX && me.timeout_timer == 0 {
            let ring = RingId(plan.timeout_ring);
            me.timeout_timer = self.s.calendar.schedule_in(ring, now, Timer::Timeout, task);
        }
        self.observer.on(
            now,
            Fact::AttemptSent {
                call: plan.series,
                caller: me.identity,
                attempt: number,
                visit: me.visit,
                task,
                child,
                request: id,
            },
        );
        // It arrives.
        let starts = replica.line.waiting == 0
            && replica.busy.saturating_add(replica.lost_workers) < place.workers;
        let served = &mut self.m.services[plan.service as usize];
        let asked = &mut self.m.endpoints[plan.target as usize];
        served.levels.inside.rise(now);
        served.all.arrived += 1;
        replica.inside += 1;
        asked.inside += 1;
        let mut flags = if plan.work_factor == 1.0 {
            flag::INSIDE | flag::DIRECT
        } else {
            flag::INSIDE
        };
        if self.m.warm {
            asked.ends.arrived += 1;
            asked.ends.inside += 1;
            flags |= flag::COUNTED;
        }
        self.observer.on(
            now,
            Fact::RequestArrived {
                endpoint: plan.target,
                replica: replica.number,
                request: id,
            },
        );
        let mut again = false;
        if starts {
            // And is served at once.
            flags |= flag::WORKER;
            if self.m.warm {
                asked.wait.add(0);
            }
            served.levels.busy.rise(now);
            replica.busy += 1;
            again = me.has(flag::EXECUTED);
            me.flags |= flag::EXECUTED;
            self.observer.on(
                now,
                Fact::ServiceBegan {
                    endpoint: plan.target,
                    request: id,
                },
            );
        }
        *you = Task {
            kind: Kind::Request,
            phase: Phase::Ready,
            flags,
            owner: plan.target,
            pc: place.pc,
            generation,
            caller: task,
            caller_serial: me.serial,
            replica: to,
            client: me.client,
            priority: plan.priority.unwrap_or(me.priority),
            work_factor: plan.work_factor,
            identity: id,
            visit: me.visit,
            arrived_ns: now,
            started_ns: now,
            expiry_ns,
            serial: you.serial,
            first_live: you.serial + 1,
            by_call: call,
            ..Task::free()
        };
        let (counts, numbered) = (plan.counts, place.numbered);
        if counts {
            self.pair_changes(task, to, 1);
        }
        if !starts {
            self.wait_in_line(child);
            return Flow::Stop;
        }
        if again || numbered {
            self.started_oddly(child, again, numbered);
        }
        if follows && self.s.ready.is_empty() {
            return Flow::Then(child);
        }
        self.s.ready.push(child, generation);
        Flow::Stop
    }

    #[inline(never)]
    fn started_oddly(&mut self, task: u32, again: bool, numbered: bool) {
        if again {
            self.executed_again(task);
        }
        if numbered {
            let at = self.s.tasks[task as usize].replica as usize;
            self.take_worker(task, at);
        }
    }

    /// CPU time, where nothing stretches it.
    #[inline(always)]
    pub(crate) fn work_directly(&mut self, task: u32, law: u32, key: u32) -> Flow {
        let row = &mut self.s.tasks[task as usize];
        let draw = self.keys[key as usize].at(row.identity);
        let ns = self.plan.laws[law as usize].sample_ns(draw);
        if !row.has(flag::DIRECT) || ns == 0 {
            return self.work(task, ns);
        }
        let replica = &self.s.replicas[row.replica as usize];
        if replica.affected
            || replica.cpu.is_some()
            || self.plan.endpoints[row.owner as usize].stretches
        {
            return self.work(task, ns);
        }
        row.cpu_ns += ns;
        row.phase = Phase::Working;
        row.due_ns = self.s.now_ns.saturating_add(ns);
        row.step_timer = self.s.calendar.schedule(row.due_ns, Timer::Step, task);
        self.observer.on(
            self.s.now_ns,
            Fact::Began {
                visit: row.visit,
                task,
                doing: Doing::Work,
            },
        );
        Flow::Stop
    }

    /// A request has done all its steps and its answer is back at once. `None`, with nothing changed, if
    /// there is more to it.
    #[inline(always)]
    pub(crate) fn done_directly(&mut self, task: u32, ending: Ending) -> Option<Next> {
        const WORKS_DIRECTLY: u16 = flag::DIRECT | flag::WORKER;
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        if row.flags & WORKS_DIRECTLY != WORKS_DIRECTLY || row.frames != NONE {
            return None;
        }
        let caller = row.caller as usize;
        let Ok([row, caller]) = self.s.tasks.get_disjoint_mut([task as usize, caller]) else {
            unreachable!("task {task} calls itself")
        };
        let place = &self.plan.endpoints[row.owner as usize];
        let replica = &mut self.s.replicas[row.replica as usize];
        if row.caller_serial < caller.first_live
            || caller.serial < row.caller_serial
            || caller.kind == Kind::Free
            || place.fails > 0.0
            || place.judged
            || replica.affected
            || row.worker != NONE
            || self.disturbances.on_keys
            || self.disturbances.on_links
        {
            return None;
        }
        let (worker_ns, response_ns) = (now - row.started_ns, now - row.arrived_ns);
        let served = &mut self.m.services[place.service as usize];
        let asked = &mut self.m.endpoints[row.owner as usize];
        served.levels.busy.fall(now);
        served.levels.inside.fall(now);
        served.sojourn_ns += u128::from(response_ns);
        count_end(&mut served.all, ending);
        asked.inside -= 1;
        if row.has(flag::COUNTED) {
            served.worker_ns += worker_ns;
            served.cpu_ns += row.cpu_ns;
            asked.service.add(worker_ns);
            asked.response.add(response_ns);
            asked.ends.inside -= 1;
            count_end(&mut asked.ends, ending);
        }
        self.observer.on(
            now,
            Fact::RequestEnded {
                endpoint: row.owner,
                request: row.identity,
                ending,
            },
        );
        replica.busy -= 1;
        replica.inside -= 1;
        (row.step_timer, row.timeout_timer, row.deadline_timer) = (0, 0, 0);
        row.due_ns = worker_ns;
        row.flags &= !(flag::INSIDE | flag::WORKER);
        row.ending = ending;
        row.phase = Phase::Answering;
        let generation = row.generation;
        if replica.life != Life::Up || replica.line.waiting > 0 || !place.open {
            let at = row.replica as usize;
            self.s.ready.push(task, generation);
            self.served(at);
            return Some(Next::Ready);
        }
        if self.s.ready.is_empty() {
            return Some(Next::Deliver(task));
        }
        self.s.ready.push(task, generation);
        Some(Next::Ready)
    }

    /// An answer reaches its caller. That task goes on, if the answer is good.
    #[inline(always)]
    pub(crate) fn deliver_directly(&mut self, child: u32) -> Next {
        let now = self.s.now_ns;
        let row = &self.s.tasks[child as usize];
        let (caller, serial) = (row.caller, row.caller_serial);
        let Ok([row, me]) = self
            .s
            .tasks
            .get_disjoint_mut([child as usize, caller as usize])
        else {
            unreachable!("task {child} calls itself")
        };
        let (ending, replica) = (row.ending, row.replica);
        let plan = match self.plan.calls.get(me.call as usize) {
            Some(plan) if plan.plain => plan,
            _ => {
                self.deliver(child);
                return Next::Ready;
            }
        };
        if serial < me.first_live
            || me.serial < serial
            || me.kind == Kind::Free
            || row.kind != Kind::Request
            || !matches!(ending, Ending::Ok | Ending::Degraded)
            || (me.replica != NONE
                && (self.s.replicas[me.replica as usize].affected || me.has(flag::PINNED)))
            || (me.kind == Kind::Visit && me.expiry_ns != u64::MAX)
            || self.judges.wants_calls()
        {
            self.deliver(child);
            return Next::Ready;
        }
        // The answer is delivered, and its caller goes on.
        row.vacate();
        if me.has(flag::COUNTED) {
            let series = &mut self.m.calls[plan.series as usize];
            count(&mut series.attempt_results, ending);
            count(&mut series.results, ending);
            series.response.add(now - me.call_started_ns);
        }
        if ending == Ending::Degraded {
            me.flags |= flag::DEGRADED;
        }
        (me.step_timer, me.timeout_timer, me.deadline_timer) = (0, 0, 0);
        me.first_live = me.serial + 1;
        me.child = NONE;
        self.observer.on(
            now,
            Fact::AttemptEnded {
                visit: me.visit,
                task: caller,
                ending,
            },
        );
        self.observer.on(
            now,
            Fact::CallEnded {
                call: plan.series,
                caller: me.identity,
                ending,
            },
        );
        let counts = plan.counts;
        self.slot_is_free(child);
        if counts {
            self.pair_changes(caller, replica, -1);
        }
        Next::Run(caller)
    }

    /// An open visit ends well. False, with nothing changed, if there is more to it.
    #[inline(always)]
    pub(crate) fn visit_done_directly(&mut self, task: u32, ending: Ending) -> bool {
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        if row.kind != Kind::Visit || row.frames != NONE {
            return false;
        }
        let client = row.owner as usize;
        let plan = &self.plan.clients[client];
        if plan.value.is_some()
            || plan.think.is_some()
            || !self.s.visit_budgets.is_empty()
            || self.judges.wants_client(client)
        {
            return false;
        }
        let counted = row.has(flag::COUNTED);
        self.m
            .visit_ended(client, now, row.arrived_ns, row.started_ns, ending, counted);
        self.observer.on(
            now,
            Fact::VisitEnded {
                client: client as u32,
                visit: row.visit,
                ending,
                response_ns: now - row.arrived_ns - row.started_ns,
                counted,
            },
        );
        row.vacate();
        self.slot_is_free(task);
        true
    }
}
