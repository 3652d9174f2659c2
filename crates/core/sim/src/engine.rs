//! The engine: takes the next event, and does what it says.
//!
//! One history per engine. [`Engine::advance`] runs to an instant and returns; between two advances
//! one may inject, snapshot, fork, or change the seed for later draws. This file holds the door, the main loop and
//! the instructions of a task; what a noun of the field does stands in its own file: `attempt`
//! (calls and their policies), `service` (admission, queues, workers, cores), `pool`, `link`, `fault`,
//! `arrivals`.
//!
//! Whatever becomes able to go on in an instant goes on the ready list and is run before the
//! next event is taken: nothing recurses, and the order is the order of becoming ready.

use crate::arrivals::Streams;
use crate::calendar::{Due, Kind as Timer};
use crate::fault::Disturbances;
use crate::judge::JudgeError;
use crate::judge_feed::Judges;
use crate::measure::Measures;
use crate::observe::{Doing, Fact, Observer};
use crate::outcome::Ended;
use crate::plan::{ClientPlan, NONE, Op, Plan};
use crate::rollout::{Revision, Rollouts};
use crate::state::{
    BudgetRow, Cpu, Effects, Ending, EndpointState, Frame, FrameRow, Frozen, HedgeRow, Kind, Life,
    Line, LinkState, PairRow, Permits, Phase, ReadyList, Replica, ServiceState, State, Task, Thaw,
    flag,
};
use crate::watch::Watch;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use worstday_model::day::Day;
use worstday_model::system::{AnswerWord, Compare, EditId, FailWord, Guard, Order, System};
use worstday_stats::digest::Digest;
use worstday_stats::draw::{Draw, Key, Seed, identity, mix64};

/// Most requests inside at once: the calendar names tasks by 24 bits.
pub const TASKS_MAX: usize = crate::calendar::SLOT_MAX as usize;

/// Makes the system that results when edits come into force at run time.
pub trait Editing: Send + Sync {
    /// The system with these edits applied in order, of the same entities.
    fn edited(&self, active: &[EditId]) -> Arc<System>;
}

/// For systems without edits.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEdits;

impl Editing for NoEdits {
    fn edited(&self, active: &[EditId]) -> Arc<System> {
        unreachable!("a system without edits was asked for {active:?}")
    }
}

/// What was compiled onto the plan while a history ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Compiled {
    /// The system with these edits in force, and every version that was known then.
    Edits(Vec<u32>),
    /// A bad version of a service, with the edits in force then.
    Version {
        edits: Vec<u32>,
        service: u32,
        bad: u32,
    },
}

/// All that changes: enough to go on from here, elsewhere or twice.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) state: State,
    pub(crate) measures: Measures,
    pub(crate) streams: Streams,
    pub(crate) disturbances: Disturbances,
    pub(crate) judges: Judges,
    /// What was compiled so far, in order: the plan is compiled again from these.
    pub(crate) compiled: Vec<Compiled>,
    pub(crate) ended: Option<Ended>,
}

/// One running history. See the module's page.
pub struct Engine<O> {
    pub(crate) plan: Plan,
    /// The system without run-time edits.
    pub(crate) base: Arc<System>,
    pub(crate) day: Arc<Day>,
    pub(crate) editing: Arc<dyn Editing>,
    pub(crate) keys: Vec<Key>,
    pub(crate) s: State,
    pub(crate) m: Measures,
    pub(crate) streams: Streams,
    pub(crate) disturbances: Disturbances,
    pub(crate) judges: Judges,
    pub(crate) compiled: Vec<Compiled>,
    pub(crate) ended: Option<Ended>,
    /// Who watches.
    pub observer: O,
}

/// What an instruction leaves behind.
pub(crate) enum Flow {
    /// Go on with the next one.
    On,
    /// Something must happen first, or the task is gone.
    Stop,
    /// The same, and that task goes on: nothing else is ready.
    Then(u32),
}

/// What happens in this instant after a task has run as far as it could.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Whatever is ready.
    Ready,
    /// This task goes on: nothing else is ready.
    Run(u32),
    /// This answer is delivered: nothing else is ready.
    Deliver(u32),
}

impl<O: Observer> Engine<O> {
    /// A history of `system` on `day`, at its start.
    ///
    /// # Errors
    ///
    /// [`JudgeError`] if a promise's windows are too short for so long a run.
    pub fn new(
        system: Arc<System>,
        day: Arc<Day>,
        editing: Arc<dyn Editing>,
        seed: u64,
        observer: O,
    ) -> Result<Self, JudgeError> {
        let plan = Plan::new(&system);
        let mut m = Measures::new(
            day.warm_up_ns,
            plan.clients.len(),
            plan.services.len(),
            plan.endpoints.len(),
            plan.series.len(),
            plan.pools.len(),
        );
        m.topics = vec![crate::topic::TopicSeries::default(); plan.topics.len()];
        let judges = Judges::new(&system, &day, &plan)?;
        let s = State {
            now_ns: 0,
            seed,
            calendar: crate::calendar::Calendar::default(),
            tasks: Vec::new(),
            free_tasks: Vec::new(),
            frames: Vec::new(),
            free_frames: NONE,
            ready: ReadyList::default(),
            replicas: Vec::new(),
            services: vec![ServiceState::default(); plan.services.len()],
            flags: vec![false; plan.system.flags.len()],
            shed_clients: vec![0.0; plan.clients.len()],
            shedding: false,
            numbered: Vec::new(),
            drained: Vec::new(),
            watch: Watch::default(),
            endpoints: vec![
                EndpointState {
                    slow_new: 1.0,
                    slow_running: 1.0,
                    ..EndpointState::default()
                };
                plan.endpoints.len()
            ],
            pools: vec![Vec::new(); plan.pools.len()],
            keyed: BTreeMap::new(),
            budgets: vec![Vec::new(); plan.budget_groups as usize],
            visit_budgets: BTreeMap::new(),
            pairs: vec![Vec::new(); plan.pair_groups as usize],
            hedges: vec![HedgeRow::default(); plan.hedge_rows as usize],
            links: vec![LinkState::default(); 2 * plan.links.len()],
            cancels: Vec::new(),
            free_cancels: Vec::new(),
            topics: crate::topic::Topics::default(),
            rollouts: Rollouts::new(plan.services.len()),
            digest: Digest::new(),
            events: 0,
            live: 0,
            live_max: 0,
        };
        let mut engine = Self {
            keys: Vec::new(),
            plan,
            base: system,
            day,
            editing,
            s,
            m,
            streams: Streams::default(),
            disturbances: Disturbances::default(),
            judges,
            compiled: Vec::new(),
            ended: None,
            observer,
        };
        engine.start_watching();
        engine.fit_tables();
        let services = engine.plan.services.iter();
        engine.s.numbered = services.map(|service| service.numbered).collect();
        let replicas = engine.plan.services.iter().map(|row| row.replicas as usize);
        engine.s.replicas.reserve_exact(replicas.sum());
        for service in 0..engine.plan.services.len() {
            let row = &engine.plan.services[service];
            let (replicas, admission) = (row.replicas, row.admission);
            engine.s.services[service].tokens = admission.rate.map_or(0.0, |(_, burst)| burst);
            for _ in 0..replicas {
                let replica = engine.new_replica(service as u32, Life::Up);
                engine.s.services[service].view.push(replica);
            }
            engine.m.services[service].levels.ready =
                crate::measure::Level::start_at(u64::from(replicas));
        }
        for endpoint in 0..engine.plan.endpoints.len() {
            engine.s.endpoints[endpoint].tokens = engine.plan.endpoints[endpoint]
                .admission
                .rate
                .map_or(0.0, |(_, burst)| burst);
        }
        engine.start_topics();
        engine.start_probes();
        engine.plan_disturbances();
        engine.plan_rollouts();
        engine.start_streams();
        Ok(engine)
    }

    /// Brings the tables that follow the plan to its present size: keys, rings, budget and link rows.
    pub(crate) fn fit_tables(&mut self) {
        for strike in &self.day.faults {
            // A scenario's own target; those of declared faults are known to the plan.
            if let Some(worstday_model::system::Target::Worker { service, .. }) = strike.target {
                self.plan.services[service.index()].numbered = true;
            }
        }
        let seed = Seed(self.s.seed);
        self.keys = self
            .plan
            .keys
            .iter()
            .map(|k| Key::new(seed, k.entity, k.purpose))
            .collect();
        for &(delay_ns, timer) in &self.plan.rings {
            self.s.calendar.ring(delay_ns, timer);
        }
        self.s
            .budgets
            .resize(self.plan.budget_groups as usize, Vec::new());
        self.s
            .pairs
            .resize(self.plan.pair_groups as usize, Vec::new());
        self.s
            .hedges
            .resize(self.plan.hedge_rows as usize, HedgeRow::default());
        let fresh = self
            .m
            .calls
            .first()
            .map_or_else(Default::default, crate::measure::CallSeries::empty_like);
        self.m
            .calls
            .resize_with(self.plan.series.len(), || fresh.clone());
        for (i, row) in self.plan.endpoints.iter_mut().enumerate() {
            let service = &self.plan.services[row.service as usize];
            row.workers = service.workers;
            row.stretches = service.stretches;
            row.numbered = service.numbered;
            row.judged = self.judges.wants_endpoint(i, row.service as usize);
        }
    }

    /// Whether a fault does anything to a replica or to an endpoint of its service.
    pub(crate) fn is_affected(&self, replica: u32) -> bool {
        let row = &self.s.replicas[replica as usize];
        let own = &self.base.services[row.service as usize];
        let endpoints = own.endpoints_from as usize..own.endpoints_to as usize;
        row.effects != Effects::NONE
            || row.watched
            || row.revision.version != 0
            || self.s.endpoints[endpoints]
                .iter()
                .any(|e| e.affected || 0.0 < e.shed)
    }

    /// Runs until `until_ns` or the end of the day, whichever is first.
    pub fn advance(&mut self, until_ns: u64) {
        while let Some(look_ns) = self.next_look_ns(until_ns.min(self.day.end_ns)) {
            self.advance_to(look_ns);
            self.look_whether_settled();
        }
        self.advance_to(until_ns);
    }

    fn advance_to(&mut self, until_ns: u64) {
        let end_ns = until_ns.min(self.day.end_ns);
        // What an injection made ready happens in the present instant.
        self.drain();
        while self.ended.is_none() {
            let tasks = &self.s.tasks;
            let alive = |due: Due| {
                let task = &tasks[due.slot as usize];
                match due.kind {
                    Timer::Timeout => task.timeout_timer == due.sequence,
                    Timer::Deadline => task.deadline_timer == due.sequence,
                    _ => true,
                }
            };
            let Some(due) = self.s.calendar.take(end_ns, alive) else {
                break;
            };
            self.s.now_ns = due.at_ns;
            if self.m.window_end_ns <= due.at_ns {
                self.m.tick(due.at_ns);
            }
            let next = self.dispatch(due);
            self.drain_from(next);
            self.report_levels();
            if self.observer.decided() {
                self.ended = Some(Ended::Decided);
            }
        }
        if self.ended.is_none() {
            self.s.now_ns = self.s.now_ns.max(end_ns);
            if end_ns == self.day.end_ns {
                self.ended = Some(Ended::Horizon);
            }
        }
    }

    /// Does what an event says. Returns the task that goes on, or `NONE`.
    #[inline(always)]
    fn dispatch(&mut self, due: Due) -> u32 {
        let slot = due.slot as usize;
        match due.kind {
            Timer::Step => {
                let task = &mut self.s.tasks[slot];
                if task.step_timer == due.sequence {
                    task.step_timer = 0;
                    let id = task.identity;
                    self.note(due, id);
                    return self.step_over(due.slot);
                }
            }
            Timer::Arrival => return self.arrival(due),
            _ => self.dispatch_rarer(due),
        }
        NONE
    }

    #[inline(never)]
    fn dispatch_rarer(&mut self, due: Due) {
        let slot = due.slot as usize;
        match due.kind {
            Timer::Core => {
                if self.s.replicas[slot]
                    .cpu
                    .as_ref()
                    .is_some_and(|c| c.timer == due.sequence)
                {
                    let id = self.s.replicas[slot].identity;
                    self.note(due, id);
                    self.cores_done(due.slot);
                }
            }
            Timer::Timeout => {
                let task = &mut self.s.tasks[slot];
                if task.timeout_timer == due.sequence {
                    task.timeout_timer = 0;
                    let id = task.identity;
                    self.note(due, id);
                    self.attempt_timed_out(due.slot);
                }
            }
            Timer::Deadline => {
                let task = &mut self.s.tasks[slot];
                if task.deadline_timer == due.sequence {
                    task.deadline_timer = 0;
                    let id = task.identity;
                    self.note(due, id);
                    self.call_timed_out(due.slot);
                }
            }
            Timer::WaitOver => {
                let task = &mut self.s.tasks[slot];
                if task.step_timer == due.sequence {
                    task.step_timer = 0;
                    let id = task.identity;
                    self.note(due, id);
                    self.wait_over(due.slot);
                }
            }
            Timer::Cancel => self.cancel_arrived(due),
            Timer::Started => self.replica_timer(due),
            Timer::View => self.view_changes(due),
            Timer::Probe => self.probe(due),
            Timer::Rollout => self.rollout_due(due),
            Timer::Start => self.disturbance_starts(due.slot),
            Timer::End => self.disturbance_ends(due.slot),
            Timer::Control => self.control(due),
            Timer::Step | Timer::Arrival => unreachable!("{due:?} is handled by the loop"),
        }
    }

    /// Counts a live event and puts it into the digest. Indices stay out of it: an entity that nobody
    /// uses may shift them.
    #[inline(always)]
    pub(crate) fn note(&mut self, due: Due, id: u64) {
        self.s.events += 1;
        self.s
            .digest
            .push(due.at_ns.rotate_left(8) ^ id ^ ((due.kind as u64) << 1));
    }

    /// Runs all that can go on in this instant, in the order of becoming ready; `task`, if any, before the others.
    #[inline(always)]
    pub(crate) fn drain_from(&mut self, task: u32) {
        let mut next = if task == NONE {
            Next::Ready
        } else {
            Next::Run(task)
        };
        loop {
            next = match next {
                Next::Run(task) => self.proceed(task),
                Next::Deliver(task) => self.deliver_directly(task),
                Next::Ready => {
                    let Some((task, generation)) = self.s.ready.pop() else {
                        return;
                    };
                    let row = &self.s.tasks[task as usize];
                    match row.phase {
                        _ if row.generation != generation => Next::Ready,
                        Phase::Answering => Next::Deliver(task),
                        Phase::Ready => Next::Run(task),
                        // Killed after it became ready.
                        _ => Next::Ready,
                    }
                }
            }
        }
    }

    /// Runs all that can go on in this instant.
    pub(crate) fn drain(&mut self) {
        self.drain_from(NONE);
    }

    /// Puts a task on the ready list, or with its stalled replica's frozen ones.
    #[inline(always)]
    pub(crate) fn wake(&mut self, task: u32) {
        if self.frozen(task, Thaw::Wake) {
            self.s.tasks[task as usize].phase = Phase::Frozen;
            return;
        }
        self.s.tasks[task as usize].phase = Phase::Ready;
        self.make_ready(task);
    }

    /// Puts a row on the ready list.
    #[inline(always)]
    pub(crate) fn make_ready(&mut self, task: u32) {
        let generation = self.s.tasks[task as usize].generation;
        self.s.ready.push(task, generation);
    }

    /// Whether a task's process, or its worker, is stalled: then what comes to it waits for the end of that.
    #[inline(always)]
    pub(crate) fn frozen(&mut self, task: u32, what: Thaw) -> bool {
        let row = &self.s.tasks[task as usize];
        let at = row.replica;
        if at == NONE
            || (self.s.replicas[at as usize].effects.stalled == 0 && !row.has(flag::PINNED))
        {
            return false;
        }
        let frozen = Frozen {
            task,
            generation: row.generation,
            what,
        };
        self.s.replicas[at as usize].frozen.push(frozen);
        true
    }

    /// The draw of a plan's key for an identity.
    #[inline(always)]
    pub(crate) fn draw(&self, key: u32, id: u64) -> Draw {
        self.keys[key as usize].at(id)
    }

    /// A draw of an entity that has no row in the plan (a replica, a stream, a fault's occurrence).
    pub(crate) fn draw_of(&self, entity: u64, purpose: u32, id: u64) -> Draw {
        Key::new(Seed(self.s.seed), entity, purpose).at(id)
    }

    #[inline(always)]
    pub(crate) fn sample_ns(&self, law: u32, key: u32, id: u64) -> u64 {
        self.plan.laws[law as usize].sample_ns(self.keys[key as usize].at(id))
    }

    // ---- tasks ---------------------------------------------------------------------------------

    /// A fresh task. Its serial goes on where the slot's last one ended.
    pub(crate) fn new_task(&mut self, kind: Kind) -> u32 {
        self.seat(Task {
            kind,
            ..Task::free()
        })
        .0
    }

    /// Gives a task a slot; returns that and its generation. The serial goes on where the slot's last one ended.
    #[inline(always)]
    pub(crate) fn seat(&mut self, task: Task) -> (u32, u32) {
        self.s.live += 1;
        if let Some(slot) = self.s.free_tasks.pop() {
            let row = &mut self.s.tasks[slot as usize];
            row.begin(task);
            return (slot, row.generation);
        }
        (self.seat_at_the_end(task), 0)
    }

    #[cold]
    #[inline(never)]
    fn seat_at_the_end(&mut self, task: Task) -> u32 {
        if self.s.tasks.len() == TASKS_MAX {
            self.ended = Some(Ended::TooManyInside);
        }
        self.s.live_max = self.s.live_max.max(self.s.live);
        self.s.tasks.push(task);
        self.s.tasks.len() as u32 - 1
    }

    #[inline(always)]
    pub(crate) fn free_task(&mut self, slot: u32) {
        self.s.tasks[slot as usize].vacate();
        self.slot_is_free(slot);
    }

    /// Notes that a slot whose task is gone may be given away.
    #[inline(always)]
    pub(crate) fn slot_is_free(&mut self, slot: u32) {
        self.s.live -= 1;
        // A calendar names tasks by 24 bits: a slot beyond them is never handed out.
        if (slot as usize) < TASKS_MAX {
            self.s.free_tasks.push(slot);
        }
    }

    #[inline(always)]
    pub(crate) fn is(&self, task: u32, generation: u32) -> bool {
        self.s.tasks[task as usize].generation == generation
    }

    #[inline]
    pub(crate) fn push_frame(&mut self, task: u32, frame: Frame) {
        let outer = self.s.tasks[task as usize].frames;
        let row = FrameRow { frame, outer };
        let at = if self.s.free_frames == NONE {
            self.s.frames.push(row);
            self.s.frames.len() as u32 - 1
        } else {
            let at = self.s.free_frames;
            self.s.free_frames = self.s.frames[at as usize].outer;
            self.s.frames[at as usize] = row;
            at
        };
        self.s.tasks[task as usize].frames = at;
    }

    #[inline]
    pub(crate) fn pop_frame(&mut self, task: u32) -> Option<Frame> {
        let at = self.s.tasks[task as usize].frames;
        if at == NONE {
            return None;
        }
        let row = self.s.frames[at as usize];
        self.s.tasks[task as usize].frames = row.outer;
        self.s.frames[at as usize].outer = self.s.free_frames;
        self.s.free_frames = at;
        Some(row.frame)
    }

    /// Undoes open frames down to `keep` of them: permits go back, loops are left.
    pub(crate) fn unwind(&mut self, task: u32, count: u32) {
        for _ in 0..count {
            match self.pop_frame(task) {
                Some(frame) => self.undo(task, frame),
                None => return,
            }
        }
    }

    fn undo(&mut self, task: u32, frame: Frame) {
        match frame {
            Frame::Hold {
                pool,
                instance,
                key,
            } => self.give_back(pool, instance, key),
            Frame::Repeat { identity, .. } => self.s.tasks[task as usize].identity = identity,
            Frame::Join { .. } | Frame::Child { .. } => {}
        }
    }

    // ---- instructions --------------------------------------------------------------------------

    /// Runs a task until something must happen first.
    #[inline(never)]
    pub(crate) fn run(&mut self, task: u32) {
        match self.proceed(task) {
            Next::Ready => {}
            // Whoever calls this may still make others ready, but these were ready before.
            Next::Run(task) | Next::Deliver(task) => self.make_ready(task),
        }
    }

    #[inline(always)]
    fn proceed(&mut self, task: u32) -> Next {
        loop {
            let row = &mut self.s.tasks[task as usize];
            if row.has(flag::CANCELLED) {
                self.end_task(task, Ending::Dropped);
                return Next::Ready;
            }
            let pc = row.pc;
            row.pc = pc + 1;
            let flow = match self.plan.ops[pc as usize] {
                Op::Call { call } => self.begin_call(task, call),
                Op::Work { law, key } => self.work_directly(task, law, key),
                Op::End => return self.program_ended(task),
                Op::Fork { fork } => self.start_branches(task, fork),
                Op::Jump { to } => {
                    row.pc = to;
                    Flow::On
                }
                other => self.instruct(task, other),
            };
            match flow {
                Flow::On => {}
                Flow::Stop => return Next::Ready,
                Flow::Then(task) => return Next::Run(task),
            }
        }
    }

    /// The rarer instructions.
    #[inline(never)]
    fn instruct(&mut self, task: u32, op: Op) -> Flow {
        let id = self.s.tasks[task as usize].identity;
        match op {
            Op::Wait { law, key } => {
                let ns = self.sample_ns(law, key, id);
                return self.wait(task, ns);
            }
            Op::Hold { pool } => return self.hold(task, pool),
            Op::Leave => self.unwind(task, 1),
            Op::Coin { chance, key, to } => {
                if !self.draw(key, id).chance(chance) {
                    self.s.tasks[task as usize].pc = to;
                }
            }
            Op::Test { test, to } => {
                let test = self.plan.tests[test as usize];
                if !self.guard_holds(task, test) {
                    self.s.tasks[task as usize].pc = to;
                }
            }
            Op::Choose { choice } => self.choose(task, choice),
            Op::Repeat { law, key, to } => {
                let left = self.plan.laws[law as usize].sample(self.draw(key, id)) as u64;
                if left == 0 {
                    self.s.tasks[task as usize].pc = to;
                } else {
                    self.push_frame(
                        task,
                        Frame::Repeat {
                            left: left - 1,
                            round: 1,
                            identity: id,
                        },
                    );
                    self.s.tasks[task as usize].identity = identity(id, 1);
                }
            }
            Op::Again { to } => match self.pop_frame(task) {
                Some(Frame::Repeat {
                    left: 0, identity, ..
                }) => self.s.tasks[task as usize].identity = identity,
                Some(Frame::Repeat {
                    left,
                    round,
                    identity: first,
                }) => {
                    let round = round + 1;
                    self.push_frame(
                        task,
                        Frame::Repeat {
                            left: left - 1,
                            round,
                            identity: first,
                        },
                    );
                    let row = &mut self.s.tasks[task as usize];
                    row.identity = identity(first, round);
                    row.pc = to;
                }
                other => unreachable!("a loop's frame is innermost at its end, not {other:?}"),
            },
            Op::Fail { word } => {
                let ending = match word {
                    FailWord::Declined => Ending::Declined,
                    FailWord::Error => Ending::Error,
                };
                self.end_task(task, ending);
                return Flow::Stop;
            }
            Op::Answer { word, depth, to } => {
                if to == NONE {
                    let row = &mut self.s.tasks[task as usize];
                    match word {
                        AnswerWord::Ok => row.flags &= !flag::DEGRADED,
                        AnswerWord::Degraded => row.flags |= flag::DEGRADED,
                    }
                    match self.program_ended(task) {
                        Next::Ready => {}
                        Next::Run(task) | Next::Deliver(task) => self.make_ready(task),
                    }
                    return Flow::Stop;
                }
                self.unwind(task, depth);
                self.s.tasks[task as usize].pc = to;
            }
            Op::TurnAway => {
                self.end_task(task, Ending::Rejected);
                return Flow::Stop;
            }
            Op::Degrade => self.s.tasks[task as usize].flags |= flag::DEGRADED,
            Op::Post { call } => return self.post_and_forget(task, call),
            Op::Call { .. } | Op::Work { .. } | Op::End | Op::Fork { .. } | Op::Jump { .. } => {
                unreachable!("{op:?} is run by the loop")
            }
        }
        Flow::On
    }

    fn choose(&mut self, task: u32, choice: u32) {
        let row = &self.plan.choices[choice as usize];
        let mut to = row.end;
        let mut dice = None;
        for &(condition, up_to, pc) in &row.branches {
            let taken = match condition {
                Some(test) => self.guard_holds(task, test),
                None => {
                    let id = self.s.tasks[task as usize].identity;
                    *dice.get_or_insert_with(|| self.draw(row.key, id).unit()) < up_to
                }
            };
            if taken {
                to = pc;
                break;
            }
        }
        self.s.tasks[task as usize].pc = to;
    }

    pub(crate) fn guard_holds(&self, task: u32, guard: Guard) -> bool {
        let test = match guard {
            Guard::Value(test) => test,
            Guard::Up(flag) => return self.s.flags[flag.index()],
            Guard::Down(flag) => return !self.s.flags[flag.index()],
        };
        let row = &self.s.tasks[task as usize];
        let value = self.value_of(row.client, row.visit);
        match test.op {
            Compare::Less => value < test.value,
            Compare::AtMost => value <= test.value,
            Compare::More => value > test.value,
            Compare::AtLeast => value >= test.value,
            Compare::Equal => value == test.value,
        }
    }

    /// Money of a visit: a draw of its identity, the same whoever asks. 0 without `value`.
    pub(crate) fn value_of(&self, client: u32, visit: u64) -> f64 {
        // What a starting replica sends comes from no client.
        let client = self.plan.clients.get(client as usize);
        match client.and_then(|client| client.value) {
            Some((law, key)) => self.plan.laws[law as usize].sample(self.draw(key, visit)),
            None => 0.0,
        }
    }

    /// Takes time without CPU.
    fn wait(&mut self, task: u32, ns: u64) -> Flow {
        let row = &self.s.tasks[task as usize];
        let ns = if row.replica == NONE {
            ns
        } else {
            self.stretched(task, ns, crate::service::Stretch::Wait)
        };
        let now = self.s.now_ns;
        let row = &mut self.s.tasks[task as usize];
        if row.kind == Kind::Visit {
            // Reading is the user's own time: it is no part of the response time.
            row.started_ns += ns;
        }
        if ns == 0 {
            return Flow::On;
        }
        row.phase = Phase::Waiting;
        row.due_ns = now.saturating_add(ns);
        let due = row.due_ns;
        row.step_timer = self.s.calendar.schedule(due, Timer::Step, task);
        self.began(task, Doing::Wait);
        Flow::Stop
    }

    #[inline(never)]
    fn start_branches(&mut self, task: u32, fork: u32) -> Flow {
        let row = &self.plan.forks[fork as usize];
        let (entity, need, count) = (row.entity, row.need, row.branches.len() as u32);
        let me = &self.s.tasks[task as usize];
        let serial = me.serial + 1;
        let mut branch = Task {
            kind: Kind::Branch,
            owner: me.owner,
            caller: task,
            caller_serial: serial,
            replica: me.replica,
            client: me.client,
            priority: me.priority,
            work_factor: me.work_factor,
            visit: me.visit,
            arrived_ns: self.s.now_ns,
            expiry_ns: me.expiry_ns,
            flags: me.flags & flag::COUNTED,
            ..Task::free()
        };
        let id = me.identity;
        for b in 0..count {
            branch.pc = self.plan.forks[fork as usize].branches[b as usize];
            branch.identity = identity(id, mix64(entity ^ u64::from(b)));
            let (slot, generation) = self.seat(branch);
            self.push_frame(
                task,
                Frame::Child {
                    task: slot,
                    generation,
                    serial,
                    replica: NONE,
                },
            );
            self.s.ready.push(slot, generation);
            let fact = Fact::Branched {
                visit: branch.visit,
                task,
                branch: slot,
            };
            self.observer.on(self.s.now_ns, fact);
        }
        // Innermost, so that a branch that ends finds it at once.
        self.push_frame(
            task,
            Frame::Join {
                need,
                may_fail: count - need,
                fork,
            },
        );
        let row = &mut self.s.tasks[task as usize];
        (row.serial, row.first_live) = (serial, serial);
        row.phase = Phase::Joining;
        Flow::Stop
    }

    /// A branch has ended: counts it at its parent, if that still waits.
    fn branch_ended(&mut self, branch: u32, ending: Ending) {
        let row = &self.s.tasks[branch as usize];
        let (parent, serial) = (row.caller, row.caller_serial);
        let fact = Fact::BranchEnded {
            visit: row.visit,
            branch,
            ending,
        };
        self.observer.on(self.s.now_ns, fact);
        self.free_task(branch);
        let row = &mut self.s.tasks[parent as usize];
        let awaited = row.first_live <= serial && serial <= row.serial && row.kind != Kind::Free;
        if !awaited || row.phase != Phase::Joining {
            return;
        }
        if ending == Ending::Degraded {
            row.flags |= flag::DEGRADED;
        }
        let frame = &mut self.s.frames[row.frames as usize].frame;
        let Frame::Join {
            need,
            may_fail,
            fork,
        } = frame
        else {
            unreachable!("a joining task's innermost frame is its join, not {frame:?}")
        };
        let fork = *fork;
        if ending.is_good() {
            *need -= 1;
            if *need == 0 {
                self.join_over(parent, fork, None);
            }
        } else if *may_fail == 0 {
            self.join_over(parent, fork, Some(ending));
        } else {
            *may_fail -= 1;
        }
    }

    /// `parallel` is decided: leftover branches run on, or are stopped.
    fn join_over(&mut self, parent: u32, fork: u32, failed: Option<Ending>) {
        let plan = &self.plan.forks[fork as usize];
        let (branches, next) = (plan.branches.len(), plan.next);
        let stop = plan.left_over == worstday_model::system::LeftOver::Cancel;
        let row = &mut self.s.tasks[parent as usize];
        row.first_live = row.serial + 1;
        self.pop_frame(parent);
        for _ in 0..branches {
            if let Some(Frame::Child {
                task, generation, ..
            }) = self.pop_frame(parent)
                && stop
                && self.is(task, generation)
            {
                self.stop_task(task);
            }
        }
        if let Some(ending) = failed {
            let ending = self.ending_of_failed_step(parent, ending);
            self.end_task(parent, ending);
        } else {
            self.s.tasks[parent as usize].pc = next;
            self.wake(parent);
        }
    }

    /// A failed step ends a request with `error`; whoever only hands on (a visit, a proxy, a branch) keeps the word.
    pub(crate) fn ending_of_failed_step(&self, task: u32, ending: Ending) -> Ending {
        if self.s.tasks[task as usize].kind == Kind::Request {
            Ending::Error
        } else {
            ending
        }
    }

    /// All steps are done.
    #[inline(always)]
    fn program_ended(&mut self, task: u32) -> Next {
        let row = &self.s.tasks[task as usize];
        let ending = if row.has(flag::DEGRADED) {
            Ending::Degraded
        } else {
            Ending::Ok
        };
        if let Some(next) = self.done_directly(task, ending) {
            return next;
        }
        if self.visit_done_directly(task, ending) {
            return Next::Ready;
        }
        let row = &self.s.tasks[task as usize];
        if row.kind == Kind::Branch && row.frames == NONE {
            self.branch_ended(task, ending);
            return Next::Ready;
        }
        if self.s.tasks[task as usize].kind == Kind::Request && self.fails(task) {
            self.end_task(task, Ending::Error);
        } else {
            self.end_task(task, ending);
        }
        Next::Ready
    }

    /// Whether a request that has done all its steps fails all the same.
    #[inline(never)]
    fn fails(&self, task: u32) -> bool {
        let row = &self.s.tasks[task as usize];
        let owner = row.owner as usize;
        let plan = &self.plan.endpoints[owner];
        let (mut fails, mut key) = (plan.fails, plan.fails_key);
        let version = self.s.replicas[row.replica as usize].revision.version;
        if version != 0
            && let Some(other) = self.fails_of_version(task, version)
        {
            (fails, key) = other;
        }
        let faults = self.s.endpoints[owner].errors;
        let replica = self.s.replicas[row.replica as usize].effects.errors;
        let its_key = if self.disturbances.on_keys {
            self.errors_of_its_key(task)
        } else {
            0.0
        };
        if fails > 0.0 || faults > 0.0 || replica > 0.0 || its_key > 0.0 {
            // Ratios combine as 1 - prod(1 - r); one coin decides for all of them.
            let good = (1.0 - fails) * (1.0 - faults) * (1.0 - replica) * (1.0 - its_key);
            return self.draw(key, row.identity).unit() >= good;
        }
        false
    }

    /// Ends a task, whatever it is: frames are undone, its worker goes back, its caller hears of it.
    pub(crate) fn end_task(&mut self, task: u32, ending: Ending) {
        while let Some(frame) = self.pop_frame(task) {
            self.undo(task, frame);
        }
        match self.s.tasks[task as usize].kind {
            Kind::Request => self.request_done(task, ending),
            Kind::Visit => self.visit_done(task, ending),
            Kind::Branch => self.branch_ended(task, ending),
            Kind::Proxy => {
                let row = &mut self.s.tasks[task as usize];
                row.ending = ending;
                row.phase = Phase::Answering;
                self.make_ready(task);
            }
            Kind::Starter => self.starter_done(task, ending),
            Kind::Probe => self.probe_done(task, ending),
            Kind::Delivery => self.delivery_done(task, ending),
            Kind::Parcel | Kind::Clerk => unreachable!("{task} has no steps to end"),
            Kind::Free => unreachable!("task {task} ends twice"),
        }
    }

    /// Whether the caller still waits for the attempt or branch of that serial.
    #[inline(always)]
    pub(crate) fn awaits(&self, caller: u32, serial: u32) -> bool {
        let row = &self.s.tasks[caller as usize];
        row.first_live <= serial && serial <= row.serial && row.kind != Kind::Free
    }

    /// The end of a task's own timed step.
    #[inline(always)]
    fn step_over(&mut self, task: u32) -> u32 {
        let row = &mut self.s.tasks[task as usize];
        match row.phase {
            Phase::Working | Phase::Waiting => {
                // Nothing else is ready at the start of an event: no need to go through the list.
                let calm = row.replica == NONE
                    || (!self.s.replicas[row.replica as usize].affected && !row.has(flag::PINNED));
                if calm || !self.frozen(task, Thaw::Wake) {
                    self.s.tasks[task as usize].phase = Phase::Ready;
                    return task;
                }
                self.s.tasks[task as usize].phase = Phase::Frozen;
            }
            Phase::Travelling => self.message_arrived(task),
            Phase::BackingOff => self.next_attempt(task),
            Phase::Answering => self.deliver(task),
            Phase::Thinking => self.visit_begins(task),
            Phase::Posting => self.parcel_arrived(task),
            Phase::Storing => self.parcel_stored(task),
            Phase::Fetching => self.fetched(task),
            Phase::Clerk => self.clerk(task),
            other => unreachable!("task {task} has a step timer while {other:?}"),
        }
        NONE
    }

    // ---- visits --------------------------------------------------------------------------------

    /// A visit arrives now.
    #[inline(always)]
    pub(crate) fn visit_arrives(&mut self, client: u32, visit: u64) -> u32 {
        let now = self.s.now_ns;
        let counted = self.m.visit_arrived(client as usize, now);
        let plan = &self.plan.clients[client as usize];
        let limits = plan.limits;
        let first = plan.first_row(client, visit, now, counted);
        let task = match self.s.free_tasks.pop() {
            Some(slot) => {
                self.s.live += 1;
                self.s.tasks[slot as usize].begin(first);
                slot
            }
            None => self.seat(first).0,
        };
        self.observer.on(
            now,
            Fact::VisitArrived {
                client,
                visit,
                task,
            },
        );
        if limits {
            self.visit_limits(task, client);
        }
        if self.s.shedding && self.visit_turned_away(client, visit) {
            self.s.tasks[task as usize].pc = self.plan.turn_away_pc;
        }
        task
    }

    /// Makes a closed user's row the beginning of a visit. The row keeps who the user is.
    pub(crate) fn visit_set(&mut self, task: u32, client: u32, visit: u64) {
        let now = self.s.now_ns;
        let counted = self.m.visit_arrived(client as usize, now);
        let plan = &self.plan.clients[client as usize];
        let limits = plan.limits;
        let row = &mut self.s.tasks[task as usize];
        row.kind = Kind::Visit;
        row.owner = client;
        row.client = client;
        row.pc = plan.pc;
        row.priority = plan.priority;
        row.identity = visit;
        row.visit = visit;
        row.arrived_ns = now;
        row.started_ns = 0;
        row.presses = 0;
        row.expiry_ns = u64::MAX;
        row.flags = if counted { flag::COUNTED } else { 0 };
        row.phase = Phase::Ready;
        self.observer.on(
            now,
            Fact::VisitArrived {
                client,
                visit,
                task,
            },
        );
        if limits {
            self.visit_limits(task, client);
        }
        if self.s.shedding && self.visit_turned_away(client, visit) {
            self.s.tasks[task as usize].pc = self.plan.turn_away_pc;
        }
    }

    /// What limits a visit from its start: patience until an event, a budget for presses.
    #[inline(never)]
    fn visit_limits(&mut self, task: u32, client: u32) {
        let now = self.s.now_ns;
        let plan = &self.plan.clients[client as usize];
        let patience = plan.patience;
        if plan.retry.as_ref().is_some_and(|r| r.budget.is_some()) {
            self.press_budget_first(task);
        }
        if let crate::plan::PatiencePlan::Until { event } = patience {
            let at = self.disturbances.next_start(event, now);
            if let Some(at) = at {
                let row = &mut self.s.tasks[task as usize];
                row.expiry_ns = at;
                row.flags |= flag::PATIENCE;
                row.deadline_timer = self.s.calendar.schedule(at, Timer::Deadline, task);
            }
        }
    }

    /// A visit's steps are over, or one of them failed.
    fn visit_done(&mut self, task: u32, ending: Ending) {
        let now = self.s.now_ns;
        let row = &self.s.tasks[task as usize];
        let client = row.owner as usize;
        if !ending.is_good() && ending != Ending::Dropped && self.press_again(task, ending) {
            return;
        }
        let row = &self.s.tasks[task as usize];
        let (visit, arrived, reading, counted) = (
            row.visit,
            row.arrived_ns,
            row.started_ns,
            row.has(flag::COUNTED),
        );
        self.m
            .visit_ended(client, now, arrived, reading, ending, counted);
        if counted && self.plan.clients[client].value.is_some() {
            let value = self.value_of(client as u32, visit);
            self.m.money(client, value, ending);
            if !crate::judge_feed::end_of(ending).is_answered() {
                self.judges.visit_lost(client, arrived, value);
            }
        }
        if !self.s.visit_budgets.is_empty() {
            self.s.visit_budgets.remove(&visit);
        }
        self.observer.on(
            now,
            Fact::VisitEnded {
                client: client as u32,
                visit,
                ending,
                response_ns: now - arrived - reading,
                counted,
            },
        );
        if self.judges.wants_client(client) {
            let finished = crate::judge::Finished {
                sent_ns: arrived,
                response_ns: now - arrived - reading,
                end: crate::judge_feed::end_of(ending),
                attempts: self.s.tasks[task as usize].presses + 1,
            };
            self.judges.visit(client, now, finished, counted);
        }
        if self.plan.clients[client].think.is_some() {
            self.user_thinks(task);
        } else {
            self.free_task(task);
        }
    }
}

impl ClientPlan {
    /// The row of a visit at its start.
    #[inline(always)]
    fn first_row(&self, client: u32, visit: u64, now_ns: u64, counted: bool) -> Task {
        Task {
            kind: Kind::Visit,
            flags: if counted { flag::COUNTED } else { 0 },
            owner: client,
            client,
            pc: self.pc,
            priority: self.priority,
            identity: visit,
            visit,
            arrived_ns: now_ns,
            ..Task::free()
        }
    }
}

impl Line {
    /// How many classes this order needs.
    pub(crate) fn new(order: Order, classes: usize) -> Self {
        let count = if order == Order::Priority {
            classes.max(1)
        } else {
            1
        };
        Self {
            classes: vec![VecDeque::new(); count],
            waiting: 0,
            busy_since_ns: 0,
        }
    }
}

impl Replica {
    /// A replica of its service, empty.
    pub(crate) fn new(
        service: u32,
        number: u32,
        zone: u32,
        life: Life,
        line: Line,
        cpu: Option<Cpu>,
        id: u64,
    ) -> Self {
        Self {
            service,
            number,
            zone,
            life,
            in_view: life == Life::Up,
            view_timer: 0,
            probe_timer: 0,
            probe_failures: 0,
            start_timer: 0,
            draining: false,
            incarnation: 0,
            ready_ns: 0,
            busy: 0,
            lost_workers: 0,
            inside: 0,
            line,
            workers: Vec::new(),
            effects: Effects::NONE,
            affected: false,
            frozen: Vec::new(),
            cpu,
            cold_until_ns: 0,
            revision: Revision::default(),
            watched: false,
            asked: 0,
            identity: id,
        }
    }
}

impl BudgetRow {
    /// A row that starts full.
    pub(crate) fn full(tokens: i64) -> Self {
        Self {
            tokens,
            started: true,
            ..Self::default()
        }
    }
}

impl PairRow {
    /// In-flight count of a callee's replica.
    pub(crate) fn in_flight(&self, number: u32) -> u32 {
        self.in_flight.get(number as usize).copied().unwrap_or(0)
    }

    /// Changes it.
    pub(crate) fn change(&mut self, number: u32, by: i32) {
        let at = number as usize;
        if self.in_flight.len() <= at {
            self.in_flight.resize(at + 1, 0);
        }
        self.in_flight[at] = self.in_flight[at].saturating_add_signed(by);
    }
}

impl Permits {
    /// An instance for this order.
    pub(crate) fn new(order: Order, classes: usize) -> Self {
        let count = if order == Order::Priority {
            classes.max(1)
        } else {
            1
        };
        Self {
            line: vec![VecDeque::new(); count],
            ..Self::default()
        }
    }
}
