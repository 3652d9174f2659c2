//! Everything that changes while a history runs, as plain data.
//!
//! Cloneable and serialisable, no closures, no pointers: rows in tables that name each other by
//! index. A snapshot is a clone, a fork is two of them, and a restored run goes on to the same
//! last bit.
//!
//! A **task** is whatever carries out steps: a visit, a request at a replica, a branch of a
//! `parallel`, a proxy that runs a mesh policy, a replica that starts, a probe. A task makes one
//! call at a time; every attempt gets the next *serial* of its caller, and an answer counts only
//! while its serial is one the caller still waits for. Serials go on when a slot is reused, so
//! a late answer can never meet the wrong caller.

use crate::calendar::Calendar;
use crate::plan::NONE;
use crate::rollout::{Revision, Rollouts};
use crate::watch::Watch;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use worstday_stats::digest::Digest;

/// What a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// A free slot.
    Free,
    /// A user's visit.
    Visit,
    /// A request at a replica: one attempt of a call.
    Request,
    /// A branch of `parallel`.
    Branch,
    /// Runs the mesh layer of one application attempt.
    Proxy,
    /// Runs a replica's `start: {do}`.
    Starter,
    /// A readiness probe that is a request.
    Probe,
    /// A message on its way to a topic.
    Parcel,
    /// Messages in the hands of a consumer: holds a worker and calls the handler.
    Delivery,
    /// Carries a timer of a topic or a consumer.
    Clerk,
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Phase {
    /// On the ready list.
    Ready,
    /// Its message is on the way to the replica.
    Travelling,
    /// In a queue for a worker.
    Queued,
    /// `work` without cores, until `due_ns`.
    Working,
    /// `work` on shared or queued cores.
    OnCore,
    /// `wait`, until `due_ns`.
    Waiting,
    /// Waiting for a permit of its `hold`.
    WaitingToHold,
    /// Waiting for a permit of its call's `pool`.
    WaitingForPool,
    /// Waiting for the answer of its call.
    InCall,
    /// Waiting for the next attempt.
    BackingOff,
    /// Waiting for branches.
    Joining,
    /// Accepted by a hanging replica: for ever.
    Hung,
    /// Its answer is ready, or on the way back.
    Answering,
    /// Taken out of a queue, its slot waits to be met there.
    Removed,
    /// A closed user thinks, or presses again after a back-off.
    Thinking,
    /// Ready to go on, but its replica is stalled.
    Frozen,
    /// A message on its way to its topic.
    Posting,
    /// A message that is being stored.
    Storing,
    /// Messages on their way to the worker that took them.
    Fetching,
    /// Looks at its topic or consumer when its time comes.
    Clerk,
}

/// How an attempt, a call or a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Ending {
    /// Fully.
    Ok,
    /// Less than fully.
    Degraded,
    /// A refusal that the user accepts.
    Declined,
    /// Badly.
    Error,
    /// Full, shed, no permit.
    Rejected,
    /// Nobody there.
    Refused,
    /// Nobody answered in time.
    Timeout,
    /// The caller gave up by itself.
    Dropped,
}

impl Ending {
    /// Whether the caller goes on with it.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::Degraded | Self::Declined)
    }
}

/// Flags of a task.
pub mod flag {
    /// Ends less than full.
    pub const DEGRADED: u16 = 1;
    /// Holds a worker.
    pub const WORKER: u16 = 2;
    /// Arrived after the warm-up: counted.
    pub const COUNTED: u16 = 4;
    /// Cancelled: ends quietly at its next chance.
    pub const CANCELLED: u16 = 8;
    /// Holds the permit of its call's pool.
    pub const PERMIT: u16 = 16;
    /// The deadline timer is the user's patience.
    pub const PATIENCE: u16 = 32;
    /// That patience counts only while queued.
    pub const WHILE_QUEUED: u16 = 64;
    /// Its retry in flight counts in a concurrent budget.
    pub const RETRYING: u16 = 128;
    /// Counts among the callee's inside (it reached admission).
    pub const INSIDE: u16 = 256;
    /// A hedge has been sent for the present call.
    pub const HEDGED: u16 = 512;
    /// A closed user who thinks between two visits.
    pub const THINKS: u16 = 1024;
    /// Some attempt of the present call has been in service.
    pub const EXECUTED: u16 = 4096;
    /// A worker fault stopped exactly this request.
    pub const PINNED: u16 = 2048;
    /// Came the direct way: its answer takes no time either, and its steps are stretched by faults alone.
    pub const DIRECT: u16 = 8192;
    /// A request at the handler of messages: its delivery stands beside it, nothing travels between the two.
    pub const HANDLER: u16 = 16384;
}

/// A row of work. See the module's page.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Task {
    pub kind: Kind,
    pub phase: Phase,
    pub ending: Ending,
    pub flags: u16,
    /// Client (visit), endpoint (request, branch), or service (starter, probe).
    pub owner: u32,
    pub pc: u32,
    /// Bumped when the slot is freed.
    pub generation: u32,
    /// Innermost open frame.
    pub frames: u32,
    /// The calling task and the serial of this attempt; `NONE` for visits.
    pub caller: u32,
    pub caller_serial: u32,
    /// Where it runs; `NONE` for visits.
    pub replica: u32,
    /// Which client's visit this belongs to.
    pub client: u32,
    pub priority: u16,
    pub work_factor: f32,
    /// Keys its draws.
    pub identity: u64,
    /// Identity of its visit: keys, value.
    pub visit: u64,
    /// When it reached the replica; for a visit, its intended arrival.
    pub arrived_ns: u64,
    /// Start of service; for a visit, its own reading time.
    pub started_ns: u64,
    /// When nobody wants it any more.
    pub expiry_ns: u64,
    /// CPU time given so far, ns.
    pub cpu_ns: u64,
    // As a caller.
    pub call: u32,
    pub attempt: u32,
    pub serial: u32,
    pub first_live: u32,
    /// Serial of the present call's first attempt.
    pub call_serial: u32,
    pub child: u32,
    pub child_generation: u32,
    pub child_replica: u32,
    pub call_started_ns: u64,
    pub previous_backoff_ns: u64,
    // Timers: alive while these carry the sequence number.
    pub step_timer: u64,
    pub timeout_timer: u64,
    pub deadline_timer: u64,
    /// End of the present timed step, or what is left of it while frozen.
    pub due_ns: u64,
    /// Worker number, where they are kept.
    pub worker: u32,
    /// Call row of the attempt that made it (request, proxy).
    pub by_call: u32,
    /// User's presses so far (visit).
    pub presses: u32,
}

impl Task {
    /// A free slot.
    #[must_use]
    pub const fn free() -> Self {
        Self {
            kind: Kind::Free,
            phase: Phase::Ready,
            ending: Ending::Ok,
            flags: 0,
            owner: NONE,
            pc: 0,
            generation: 0,
            frames: NONE,
            caller: NONE,
            caller_serial: 0,
            replica: NONE,
            client: NONE,
            priority: 0,
            work_factor: 1.0,
            identity: 0,
            visit: 0,
            arrived_ns: 0,
            started_ns: 0,
            expiry_ns: u64::MAX,
            cpu_ns: 0,
            call: NONE,
            attempt: 0,
            serial: 0,
            first_live: 1,
            call_serial: 1,
            child: NONE,
            child_generation: 0,
            child_replica: NONE,
            call_started_ns: 0,
            previous_backoff_ns: 0,
            step_timer: 0,
            timeout_timer: 0,
            deadline_timer: 0,
            due_ns: 0,
            worker: NONE,
            by_call: NONE,
            presses: 0,
        }
    }

    /// Puts a new task into this slot, whose serial goes on where its last one ended.
    #[inline(always)]
    pub(crate) fn begin(&mut self, task: Self) {
        let (generation, serial) = (self.generation, self.serial);
        *self = Self {
            generation,
            serial,
            first_live: serial + 1,
            ..task
        };
    }

    /// Leaves its slot free: whoever still names it finds another generation, no serial awaited and no timer alive.
    #[inline(always)]
    pub(crate) fn vacate(&mut self) {
        self.kind = Kind::Free;
        self.phase = Phase::Removed;
        self.generation = self.generation.wrapping_add(1);
        self.first_live = self.serial + 1;
        (self.step_timer, self.timeout_timer, self.deadline_timer) = (0, 0, 0);
    }

    /// Whether a flag is set.
    #[inline]
    #[must_use]
    pub const fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }
}

/// Something a task must undo or count when it leaves a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Frame {
    /// A permit is held (pool, instance, key).
    Hold { pool: u32, instance: u32, key: u64 },
    /// Rounds left; the identity before the loop and the round's number.
    Repeat {
        left: u64,
        round: u64,
        identity: u64,
    },
    /// Branches of `parallel`: how many must still succeed, may still fail, and are out.
    Join { need: u32, may_fail: u32, fork: u32 },
    /// A branch or hedge that may have to be stopped.
    Child {
        task: u32,
        generation: u32,
        serial: u32,
        /// Replica of a hedged attempt; `NONE` for a branch.
        replica: u32,
    },
}

/// A frame and the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameRow {
    pub frame: Frame,
    pub outer: u32,
}

/// Whether a replica serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Life {
    /// Serves.
    Up,
    /// Process ended; callers are refused.
    Down,
    /// Process ended; callers are told nothing.
    Gone,
    /// Starting: refuses.
    Starting,
    /// Takes no new work, finishes what it has.
    Stopping,
    /// Stopped for good.
    Stopped,
}

/// A waiting room: one first-come line, or one per class.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Line {
    /// Waiting tasks by class; taken-out ones may still stand here.
    pub classes: Vec<VecDeque<u32>>,
    /// How many really wait.
    pub waiting: u64,
    /// Since when it has not been empty (adaptive LIFO).
    pub busy_since_ns: u64,
}

/// One replica.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Replica {
    pub service: u32,
    /// Number inside its service.
    pub number: u32,
    /// Zone + 1; 0 is none.
    pub zone: u32,
    pub life: Life,
    /// Whether callers believe it ready.
    pub in_view: bool,
    pub view_timer: u64,
    pub probe_timer: u64,
    pub probe_failures: u32,
    pub start_timer: u64,
    /// Stopping, and callers have been told long enough: new work is refused.
    pub draining: bool,
    /// Bumped at every start: answers to an earlier process find nobody.
    pub incarnation: u32,
    /// Became ready then (slow start).
    pub ready_ns: u64,
    /// Workers in use.
    pub busy: u32,
    /// Workers taken away by faults on single workers.
    pub lost_workers: u32,
    /// Waiting and in service.
    pub inside: u32,
    pub line: Line,
    /// Which workers are in use, where they are numbered.
    pub workers: Vec<bool>,
    pub effects: Effects,
    /// Whether these, or faults on one of its endpoints, are any.
    pub affected: bool,
    /// What came to its tasks while it was stalled, in order.
    pub frozen: Vec<Frozen>,
    pub cpu: Option<Cpu>,
    pub cold_until_ns: u64,
    /// Which rollout brought it, and which program it runs.
    pub revision: Revision,
    /// A rollout counts its requests.
    pub watched: bool,
    /// What it asks for while it exists, in millionths of a core.
    pub asked: u64,
    /// Identity for draws of this replica.
    pub identity: u64,
}

/// Something that waits for a stall to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub task: u32,
    pub generation: u32,
    pub what: Thaw,
}

/// What happens to it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Thaw {
    /// It goes on.
    Wake,
    /// Its back-off is over: the next attempt leaves.
    Attempt,
    /// Its answer is delivered (the task is the callee's).
    Deliver,
    /// The permit of its call's pool has come: the attempt leaves.
    Send,
    /// Its wait for a permit is over.
    WaitOver,
    /// Its attempt times out.
    Timeout,
    /// Its call's deadline is over.
    Deadline,
}

/// What faults do to a replica at present; recomputed from the active ones, so their end leaves no trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effects {
    pub down: u32,
    pub gone: u32,
    pub stalled: u32,
    pub hanging: u32,
    /// Slows running and new steps.
    pub slow_running: f64,
    /// Slows steps that start.
    pub slow_new: f64,
    /// Share of cores or workers' speed.
    pub capacity: f64,
    /// Share of requests that fail.
    pub errors: f64,
    /// How many faults are on single workers of it: then each request's own worker is looked at.
    pub on_workers: u32,
}

impl Effects {
    /// Nothing is wrong.
    pub const NONE: Self = Self {
        down: 0,
        gone: 0,
        stalled: 0,
        hanging: 0,
        slow_running: 1.0,
        slow_new: 1.0,
        capacity: 1.0,
        errors: 0.0,
        on_workers: 0,
    };
}

/// A replica's cores under processor sharing or in turn.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Cpu {
    pub cores: f64,
    /// Speed of one core, 1 is full.
    pub speed: f64,
    /// Virtual service that each job has received since the cores were last idle, ns.
    pub virtual_ns: f64,
    pub last_ns: u64,
    /// Jobs by virtual finish (bits of a non-negative float), order of joining, task, generation.
    pub jobs: Vec<Job>,
    /// Jobs waiting for a core (`order: fifo`).
    pub waiting: VecDeque<Job>,
    pub joined: u64,
    pub timer: u64,
}

/// A job on a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Job {
    /// Virtual finish (shared) or work left (waiting), bits of a non-negative float.
    pub finish: u64,
    pub order: u64,
    pub task: u32,
    pub generation: u32,
}

/// A service's own state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ServiceState {
    /// Its replicas, in number order; stopped ones are left out.
    pub replicas: Vec<u32>,
    /// Those that callers believe ready, in number order.
    pub view: Vec<u32>,
    /// The shared line (`per: service`).
    pub line: Line,
    /// Tokens of `admission.rate` and when they were last counted.
    pub tokens: f64,
    pub tokens_ns: u64,
    /// Numbers given so far.
    pub next_number: u32,
}

/// Tokens of an endpoint's own admission.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct EndpointState {
    pub tokens: f64,
    pub tokens_ns: u64,
    /// What faults on this endpoint do.
    pub slow_new: f64,
    pub slow_running: f64,
    pub errors: f64,
    /// The share of requests that operators have turned away.
    pub shed: f64,
    /// Whether faults do anything to it.
    pub affected: bool,
}

/// One instance of a pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Permits {
    pub used: u64,
    pub waiting: u64,
    /// Permits taken away by faults.
    pub taken: u64,
    pub line: Vec<VecDeque<(u32, u32)>>,
}

/// What pays for retries, per caller.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct BudgetRow {
    /// Thousandths (bucket) or whole tokens (quota).
    pub tokens: i64,
    pub started: bool,
    /// Requests and retries in flight (concurrent).
    pub in_flight: u32,
    pub retries_in_flight: u32,
    /// Times of requests and of retries in the window.
    pub requests: VecDeque<u64>,
    pub retries: VecDeque<u64>,
}

/// A calling replica's memory about one callee.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PairRow {
    pub turn: u32,
    /// In flight by the callee's replica number.
    pub in_flight: Vec<u32>,
}

/// A link direction at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkState {
    /// When its capacity is free again.
    pub free_ns: u64,
    pub busy_ns: u64,
    pub messages: u64,
    pub lost: u64,
    pub effects: LinkEffects,
}

/// What faults do to a link or path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkEffects {
    pub cut: u32,
    pub loss: f64,
    pub delay_ns: u64,
    /// 1 - share of capacity left.
    pub capacity_lost: f64,
}

/// A cancel message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRow {
    pub task: u32,
    pub generation: u32,
    pub timer: u64,
    pub all: bool,
}

/// The last answers of a hedged call.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HedgeRow {
    /// Last 1,000 response times, in order of coming.
    pub recent: VecDeque<u64>,
}

/// What can go on in this instant: (task, generation), first come, first served.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ReadyList {
    /// The first of them, outside the list: mostly there is no other.
    first: Option<(u32, u32)>,
    others: VecDeque<(u32, u32)>,
}

impl ReadyList {
    /// Adds one at the end.
    #[inline(always)]
    pub fn push(&mut self, task: u32, generation: u32) {
        if self.first.is_none() {
            self.first = Some((task, generation));
        } else {
            self.others.push_back((task, generation));
        }
    }

    /// Nothing is ready.
    #[inline(always)]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Takes the first.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<(u32, u32)> {
        let first = self.first.take()?;
        if !self.others.is_empty() {
            self.first = self.others.pop_front();
        }
        Some(first)
    }
}

/// All of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct State {
    pub now_ns: u64,
    pub seed: u64,
    pub calendar: Calendar,
    pub tasks: Vec<Task>,
    pub free_tasks: Vec<u32>,
    pub frames: Vec<FrameRow>,
    pub free_frames: u32,
    pub ready: ReadyList,
    pub replicas: Vec<Replica>,
    pub services: Vec<ServiceState>,
    pub endpoints: Vec<EndpointState>,
    /// Which flags are up.
    pub flags: Vec<bool>,
    /// The share of each client's visits that operators have turned away, and whether there is any.
    pub shed_clients: Vec<f64>,
    pub shedding: bool,
    /// Zones (+ 1) that nobody is sent to.
    /// Services whose workers have numbers.
    pub numbered: Vec<bool>,
    pub drained: Vec<bool>,
    /// Alerts and operators.
    pub watch: Watch,
    /// Instances of each pool by replica number (0 for shared ones).
    pub pools: Vec<Vec<Permits>>,
    /// Instances of keyed pools by (pool, instance, key).
    pub keyed: BTreeMap<(u32, u32, u64), Permits>,
    pub budgets: Vec<Vec<BudgetRow>>,
    pub visit_budgets: BTreeMap<u64, BudgetRow>,
    pub pairs: Vec<Vec<PairRow>>,
    pub hedges: Vec<HedgeRow>,
    /// Two per link: its direction and its twin.
    pub links: Vec<LinkState>,
    pub cancels: Vec<CancelRow>,
    pub free_cancels: Vec<u32>,
    pub topics: crate::topic::Topics,
    pub rollouts: Rollouts,
    pub digest: Digest,
    pub events: u64,
    pub live: u32,
    pub live_max: u32,
}
