//! Single visits, followed through the system: where each spent its time.
//!
//! A history is a function of its seed, so it can be told twice. The first telling only looks at how visits end and
//! chooses a few of each client ([`choose`]): one in the middle, the slowest one in a hundred, the slowest of all, and the
//! lost one that tried longest. The second writes down every step of exactly those ([`follow`]). The same
//! visits can be followed through a changed system, because who comes and when is drawn from the same seed.
//!
//! Nothing here is generic at its door, so that the engine is made with its own crate's optimisation.
//!
//! A trace is a list of lanes: the visit, and under it every attempt that was sent for it, late ones too. A lane is a
//! sequence of spans without gaps, from the message's departure to the end of the request.

use crate::engine::{Editing, Engine};
use crate::judge::JudgeError;
use crate::observe::{Doing, Fact, Observer};
use crate::state::Ending;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use worstday_model::day::Day;
use worstday_model::system::System;
use worstday_stats::draw::mix64;

/// Answered visits of a client that are remembered, to find one at a percentile: the ones with the smallest hashes, so
/// that they are a fair sample whatever the order.
const SAMPLE: usize = 2_048;
/// Lanes of a trace; what is sent beyond that is counted.
const LANES_MAX: usize = 400;

/// Why a visit is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Half of the answered ones were faster.
    Typical,
    /// 99 of 100 answered ones were faster.
    Slow,
    /// No answered one was slower.
    Slowest,
    /// It was lost, after trying longer than any other lost one.
    Lost,
}

/// A visit to be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Name of its client.
    pub client: String,
    /// Which visit.
    pub visit: u64,
    /// Why this one.
    pub which: Which,
}

/// A visit and all that was done for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The visit.
    pub chosen: Chosen,
    /// When it came, ns on the run's clock.
    pub from_ns: u64,
    /// When it ended; none if it was still inside.
    pub until_ns: Option<u64>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// The visit first, then attempts in the order of their departure.
    pub lanes: Vec<Lane>,
    /// Attempts that are left out because there are too many.
    pub left_out: usize,
}

/// What a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// The visit itself.
    Visit,
    /// An attempt: a request at a replica, or under way to one.
    Attempt,
    /// A branch of `parallel`.
    Branch,
}

/// One row of a waterfall.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// What it is.
    pub kind: LaneKind,
    /// The lane that asked for it, by place in the list; the visit has none.
    pub parent: Option<usize>,
    /// Name of the call that made it.
    pub call: Option<String>,
    /// Which attempt of that call, from 1.
    pub attempt: u32,
    /// The endpoint that it reached; none if it never reached one.
    pub endpoint: Option<String>,
    /// The replica that it reached.
    pub replica: Option<u32>,
    /// When it left its caller, ns.
    pub from_ns: u64,
    /// When its own work ended; none if it never did.
    pub until_ns: Option<u64>,
    /// How it ended at its replica.
    pub ending: Option<Ending>,
    /// How it ended for its caller, and when; none if that never happened.
    pub result: Option<(Ending, u64)>,
    /// What it spent its time with.
    pub spans: Vec<Span>,
}

/// A stretch of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// What with.
    pub spent: Spent,
    /// From, ns.
    pub from_ns: u64,
    /// Until, ns.
    pub until_ns: u64,
}

/// What time is spent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spent {
    /// On the way, there or back.
    Travel,
    /// In line for a worker.
    Line,
    /// `work`.
    Work,
    /// `wait`.
    Wait,
    /// Waiting for a permit of a pool.
    Permit,
    /// Waiting before the next attempt.
    BackOff,
    /// Waiting for the answer of that lane.
    Call(usize),
    /// Waiting for branches.
    Branches,
    /// Nothing of its own: it stands still with its replica.
    Held,
}

/// Sees how visits end.
struct Scout {
    clients: Vec<Seen>,
}

#[derive(Default)]
struct Seen {
    /// (hash, response, visit), largest hash first out.
    sample: BinaryHeap<(u64, u64, u64)>,
    slowest: Option<(u64, u64)>,
    lost: Option<(u64, u64)>,
}

impl Observer for Scout {
    fn on(&mut self, _: u64, fact: Fact) {
        let Fact::VisitEnded {
            client,
            visit,
            ending,
            response_ns,
            counted: true,
        } = fact
        else {
            return;
        };
        let seen = &mut self.clients[client as usize];
        // The later visit of two equal ones loses, so that the first of many refused alike is shown.
        let longer = |old: Option<(u64, u64)>| match old {
            Some((ns, _)) if response_ns <= ns => old,
            _ => Some((response_ns, visit)),
        };
        if !ending.is_good() {
            seen.lost = longer(seen.lost);
            return;
        }
        seen.slowest = longer(seen.slowest);
        let hash = mix64(visit);
        if seen.sample.len() < SAMPLE {
            seen.sample.push((hash, response_ns, visit));
        } else if seen.sample.peek().is_some_and(|top| hash < top.0) {
            seen.sample.pop();
            seen.sample.push((hash, response_ns, visit));
        }
    }
}

impl Seen {
    /// At most four visits, none twice.
    fn chosen(self, client: &str) -> Vec<Chosen> {
        let mut answered: Vec<(u64, u64)> = self
            .sample
            .into_iter()
            .map(|(_, ns, visit)| (ns, visit))
            .collect();
        answered.sort_unstable();
        let at = |share: f64| {
            let rank = (share * answered.len() as f64).ceil() as usize;
            answered.get(rank.max(1) - 1).copied()
        };
        let mut chosen: Vec<Chosen> = Vec::new();
        for (which, found) in [
            (Which::Typical, at(0.5)),
            (Which::Slow, at(0.99)),
            (Which::Slowest, self.slowest),
            (Which::Lost, self.lost),
        ] {
            if let Some((_, visit)) = found
                && !chosen.iter().any(|one| one.visit == visit)
            {
                chosen.push(Chosen {
                    client: client.to_owned(),
                    visit,
                    which,
                });
            }
        }
        chosen
    }
}

/// Runs a history and chooses visits of these clients (by index) that are worth following.
///
/// `goes_on` is asked now and then; if it says no, nothing is chosen.
///
/// # Errors
///
/// As [`Engine::new`].
pub fn choose(
    system: &Arc<System>,
    day: &Arc<Day>,
    editing: &Arc<dyn Editing>,
    seed: u64,
    clients: &[usize],
    goes_on: &dyn Fn() -> bool,
) -> Result<Vec<Chosen>, JudgeError> {
    let scout = Scout {
        clients: system.clients.iter().map(|_| Seen::default()).collect(),
    };
    let Some(engine) = told(system, day, editing, seed, scout, goes_on)? else {
        return Ok(Vec::new());
    };
    let seen = engine.observer.clients.into_iter().enumerate();
    Ok(seen
        .filter(|(at, _)| clients.contains(at))
        .flat_map(|(at, seen)| seen.chosen(&system.clients[at].name))
        .collect())
}

/// Runs a history and writes down every step of the chosen visits that occur in it, in their order.
///
/// # Errors
///
/// As [`Engine::new`].
pub fn follow(
    system: &Arc<System>,
    day: &Arc<Day>,
    editing: &Arc<dyn Editing>,
    seed: u64,
    chosen: &[Chosen],
    goes_on: &dyn Fn() -> bool,
) -> Result<Vec<Trace>, JudgeError> {
    let client = |name: &str| system.clients.iter().position(|row| row.name == name);
    let tracer = Tracer {
        wanted: chosen
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some(((client(&one.client)? as u32, one.visit), at)))
            .collect(),
        traces: chosen.iter().map(|_| None).collect(),
        ..Tracer::default()
    };
    let Some(engine) = told(system, day, editing, seed, tracer, goes_on)? else {
        return Ok(Vec::new());
    };
    let end_ns = engine.s.now_ns;
    let traces = engine.observer.traces.into_iter().zip(chosen);
    Ok(traces
        .filter_map(|(trace, chosen)| {
            let named = |lane: Open| lane.named(end_ns, &engine.plan.series, system);
            let trace = trace?;
            Some(Trace {
                chosen: chosen.clone(),
                from_ns: trace.from_ns,
                until_ns: trace.until_ns,
                ending: trace.ending,
                lanes: trace.lanes.into_iter().map(named).collect(),
                left_out: trace.left_out,
            })
        })
        .collect())
}

/// A history with its observer, to its end; none if it was stopped.
fn told<O: Observer>(
    system: &Arc<System>,
    day: &Arc<Day>,
    editing: &Arc<dyn Editing>,
    seed: u64,
    observer: O,
    goes_on: &dyn Fn() -> bool,
) -> Result<Option<Engine<O>>, JudgeError> {
    let mut engine = Engine::new(
        Arc::clone(system),
        Arc::clone(day),
        Arc::clone(editing),
        seed,
        observer,
    )?;
    let stretch_ns = (day.end_ns / 200).max(1);
    while !engine.is_over() && engine.now_ns() < day.end_ns {
        if !goes_on() {
            return Ok(None);
        }
        engine.advance(engine.now_ns().saturating_add(stretch_ns).min(day.end_ns));
    }
    Ok(Some(engine))
}

/// Writes down chosen visits.
#[derive(Default)]
struct Tracer {
    /// (client, visit) to the place of its trace.
    wanted: BTreeMap<(u32, u64), usize>,
    traces: Vec<Option<Following>>,
    /// Visits that are being followed: identity to the place of the trace. Late work keeps one here after its end.
    visits: BTreeMap<u64, usize>,
    /// (trace, row of a task) to the lane that it carries out. A row that is used again is simply entered anew.
    rows: BTreeMap<(usize, u32), usize>,
    /// Requests under way, by identity: (trace, lane).
    requests: BTreeMap<u64, (usize, usize)>,
    ended: usize,
}

struct Following {
    from_ns: u64,
    until_ns: Option<u64>,
    ending: Option<Ending>,
    lanes: Vec<Open>,
    left_out: usize,
}

/// A lane while it is written.
struct Open {
    kind: LaneKind,
    parent: Option<usize>,
    call: Option<u32>,
    attempt: u32,
    endpoint: Option<u32>,
    replica: Option<u32>,
    from_ns: u64,
    until_ns: Option<u64>,
    ending: Option<Ending>,
    result: Option<(Ending, u64)>,
    spans: Vec<Span>,
    now: Spent,
    since_ns: u64,
}

impl Open {
    fn new(kind: LaneKind, parent: Option<usize>, at_ns: u64, now: Spent) -> Self {
        Self {
            kind,
            parent,
            call: None,
            attempt: 1,
            endpoint: None,
            replica: None,
            from_ns: at_ns,
            until_ns: None,
            ending: None,
            result: None,
            spans: Vec::new(),
            now,
            since_ns: at_ns,
        }
    }

    /// From now on time goes elsewhere. What took no time is not written.
    fn turn(&mut self, at_ns: u64, to: Spent) {
        if self.since_ns < at_ns {
            self.spans.push(Span {
                spent: self.now,
                from_ns: self.since_ns,
                until_ns: at_ns,
            });
        }
        (self.now, self.since_ns) = (to, at_ns);
    }

    fn end(&mut self, at_ns: u64, ending: Ending) {
        self.turn(at_ns, Spent::Travel);
        self.until_ns = Some(at_ns);
        self.ending = Some(ending);
    }

    fn named(mut self, end_ns: u64, series: &[String], system: &System) -> Lane {
        match (self.until_ns, self.result) {
            // Its answer was on the way back until its caller had it.
            (Some(until_ns), Some((_, at_ns))) if until_ns < at_ns => {
                self.turn(at_ns, Spent::Travel);
            }
            (None, _) => self.turn(end_ns, Spent::Held),
            _ => {}
        }
        Lane {
            kind: self.kind,
            parent: self.parent,
            call: self.call.map(|call| series[call as usize].clone()),
            attempt: self.attempt,
            endpoint: self.endpoint.map(|endpoint| {
                let row = &system.endpoints[endpoint as usize];
                format!("{}.{}", system.services[row.service.index()].name, row.name)
            }),
            replica: self.replica,
            from_ns: self.from_ns,
            until_ns: self.until_ns,
            ending: self.ending,
            result: self.result,
            spans: self.spans,
        }
    }
}

impl Tracer {
    /// The lane that a task carries out for a visit that is followed.
    fn lane(&mut self, visit: u64, task: u32) -> Option<(usize, usize)> {
        let trace = *self.visits.get(&visit)?;
        let lane = *self.rows.get(&(trace, task))?;
        Some((trace, lane))
    }

    fn open(&mut self, trace: usize, lane: usize) -> &mut Open {
        let trace = self.traces[trace].as_mut().expect("it is followed");
        &mut trace.lanes[lane]
    }

    /// A new lane; none if there are too many.
    fn add(&mut self, trace: usize, task: u32, lane: Open) -> Option<usize> {
        self.rows.remove(&(trace, task));
        let following = self.traces[trace].as_mut().expect("it is followed");
        if following.lanes.len() == LANES_MAX {
            following.left_out += 1;
            return None;
        }
        following.lanes.push(lane);
        let at = following.lanes.len() - 1;
        self.rows.insert((trace, task), at);
        Some(at)
    }
}

impl Observer for Tracer {
    fn on(&mut self, at_ns: u64, fact: Fact) {
        match fact {
            Fact::VisitArrived {
                client,
                visit,
                task,
            } => {
                if let Some(&trace) = self.wanted.get(&(client, visit)) {
                    self.visits.insert(visit, trace);
                    self.traces[trace] = Some(Following {
                        from_ns: at_ns,
                        until_ns: None,
                        ending: None,
                        lanes: Vec::new(),
                        left_out: 0,
                    });
                    let lane = Open::new(LaneKind::Visit, None, at_ns, Spent::Held);
                    self.add(trace, task, lane);
                }
            }
            // Nobody is followed: that is most of the time.
            _ if self.visits.is_empty() => {}
            Fact::VisitEnded { visit, ending, .. } => {
                if let Some(&trace) = self.visits.get(&visit) {
                    self.open(trace, 0).end(at_ns, ending);
                    let following = self.traces[trace].as_mut().expect("it is followed");
                    following.until_ns = Some(at_ns);
                    following.ending = Some(ending);
                    self.ended += 1;
                }
            }
            Fact::AttemptSent {
                call,
                attempt,
                visit,
                task,
                child,
                request,
                ..
            } => {
                let Some((trace, lane)) = self.lane(visit, task) else {
                    return;
                };
                let mut open = Open::new(LaneKind::Attempt, Some(lane), at_ns, Spent::Travel);
                (open.call, open.attempt) = (Some(call), attempt);
                if let Some(sent) = self.add(trace, child, open) {
                    self.requests.insert(request, (trace, sent));
                    self.open(trace, lane).turn(at_ns, Spent::Call(sent));
                }
            }
            Fact::AttemptEnded {
                visit,
                task,
                ending,
            } => {
                if let Some((trace, lane)) = self.lane(visit, task) {
                    let lanes = &mut self.traces[trace].as_mut().expect("it is followed").lanes;
                    // Of several that wait for an answer at once, the one that has just ended is meant.
                    let awaited = |open: &Open| open.parent == Some(lane) && open.result.is_none();
                    let just = lanes
                        .iter()
                        .rposition(|open| awaited(open) && open.until_ns.is_some());
                    let last = lanes.iter().rposition(awaited);
                    if let Some(ended) = just.or(last) {
                        lanes[ended].result = Some((ending, at_ns));
                    }
                    lanes[lane].turn(at_ns, Spent::Held);
                }
            }
            Fact::Branched {
                visit,
                task,
                branch,
            } => {
                if let Some((trace, lane)) = self.lane(visit, task) {
                    self.open(trace, lane).turn(at_ns, Spent::Branches);
                    let open = Open::new(LaneKind::Branch, Some(lane), at_ns, Spent::Held);
                    self.add(trace, branch, open);
                }
            }
            Fact::BranchEnded {
                visit,
                branch,
                ending,
            } => {
                if let Some((trace, lane)) = self.lane(visit, branch) {
                    self.open(trace, lane).end(at_ns, ending);
                    self.open(trace, lane).result = Some((ending, at_ns));
                    self.rows.remove(&(trace, branch));
                }
            }
            Fact::Began { visit, task, doing } => {
                if let Some((trace, lane)) = self.lane(visit, task) {
                    let spent = match doing {
                        Doing::Work => Spent::Work,
                        Doing::Wait => Spent::Wait,
                        Doing::Permit => Spent::Permit,
                        Doing::BackOff => Spent::BackOff,
                    };
                    self.open(trace, lane).turn(at_ns, spent);
                }
            }
            Fact::RequestArrived {
                endpoint,
                replica,
                request,
            } => {
                if let Some(&(trace, lane)) = self.requests.get(&request) {
                    let open = self.open(trace, lane);
                    open.turn(at_ns, Spent::Line);
                    (open.endpoint, open.replica) = (Some(endpoint), Some(replica));
                }
            }
            Fact::ServiceBegan { request, .. } => {
                if let Some(&(trace, lane)) = self.requests.get(&request) {
                    self.open(trace, lane).turn(at_ns, Spent::Held);
                }
            }
            Fact::RequestEnded {
                request, ending, ..
            } => {
                if let Some((trace, lane)) = self.requests.remove(&request) {
                    self.open(trace, lane).end(at_ns, ending);
                }
            }
            // Of no single visit.
            _ => {}
        }
    }

    /// When all are over and nothing is done for them any more.
    fn decided(&self) -> bool {
        self.ended == self.wanted.len() && self.requests.is_empty()
    }
}
