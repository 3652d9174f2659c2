//! The plan: a checked system compiled for running.
//!
//! Steps become a flat list of [`Op`]s with jumps, distributions become [`Law`]s, names become
//! the entities that key the draws, network paths become tables. A plan is immutable while a
//! history runs; an edit that comes into force at run time compiles the edited system *onto*
//! the old plan: new code is appended, so a request that is under way finishes the code it began.
//!
//! Nothing here depends on the seed or the day.

use crate::calendar::Kind as Timer;
use crate::topic::{ConsumerPlan, TopicPlan, consumes};
use std::collections::BTreeMap;
use std::sync::Arc;
use worstday_model::system::{
    Admission, AnswerWord, Balance, Budget, BudgetScope, Call, CallPolicy, Caller, Cancel,
    CoreOrder, Deadline, Dist, End, EndpointId, FailWord, Fallback, FallbackDo, Guard, Hedge,
    LeftOver, LinkId, LinkQueue, Patience, Per, Replicas, Results, Retry, ServiceId, Step, System,
    Verb,
};
use worstday_stats::draw::entity;
use worstday_stats::law::Law;

/// "No index."
pub const NONE: u32 = u32::MAX;

/// One instruction of a client's, endpoint's or branch's program.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// CPU time: law and key.
    Work { law: u32, key: u32 },
    /// Time without CPU.
    Wait { law: u32, key: u32 },
    /// A call; on failure its fallback decides where to go on.
    Call { call: u32 },
    /// A message is handed over, and nobody waits for what becomes of it.
    Post { call: u32 },
    /// Take a permit; the frame is given back by `Leave`.
    Hold { pool: u32 },
    /// End of a `Hold` or of the last round of a `Repeat`.
    Leave,
    /// Skip to `to` unless the coin shows heads.
    Coin { chance: f64, key: u32, to: u32 },
    /// Skip to `to` unless the flag is so, or the visit's value matches.
    Test { test: u32, to: u32 },
    /// Branch by condition or chance.
    Choose { choice: u32 },
    /// Go on elsewhere.
    Jump { to: u32 },
    /// Draw the number of rounds; none: go to `to`.
    Repeat { law: u32, key: u32, to: u32 },
    /// Next round from `to`, or on.
    Again { to: u32 },
    /// Start branches.
    Fork { fork: u32 },
    /// End badly.
    Fail { word: FailWord },
    /// Leave `depth` frames and go on at `to` (the end of a fallback), degraded or not.
    Answer {
        word: AnswerWord,
        depth: u32,
        to: u32,
    },
    /// Ends as turned away by an operator.
    TurnAway,
    /// The request is less than full from here on.
    Degrade,
    /// End well.
    End,
}

/// Where `choose` may go.
#[derive(Clone, Debug)]
pub struct Choice {
    pub key: u32,
    /// Condition (or none), cumulated chance of those without one, and where.
    pub branches: Vec<(Option<Guard>, f64, u32)>,
    /// Where to go if nothing is taken.
    pub end: u32,
}

/// What `parallel` starts.
#[derive(Clone, Debug)]
pub struct Fork {
    pub entity: u64,
    pub branches: Vec<u32>,
    pub need: u32,
    pub left_over: LeftOver,
    pub next: u32,
}

/// What a draw is for, before the seed is known.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    pub entity: u64,
    pub purpose: u32,
}

/// Purposes of draws of one entity.
pub mod purpose {
    pub const STEP: u32 = 1;
    pub const COIN: u32 = 2;
    pub const CHOOSE: u32 = 3;
    pub const FAILS: u32 = 4;
    pub const BALANCE: u32 = 5;
    pub const BACKOFF: u32 = 6;
    pub const PATIENCE: u32 = 7;
    pub const VALUE: u32 = 8;
    pub const ARRIVAL: u32 = 9;
    pub const HEIGHT: u32 = 10;
    pub const THINK: u32 = 11;
    pub const COPY: u32 = 12;
    pub const DELAY: u32 = 13;
    pub const LOSS: u32 = 14;
    pub const START: u32 = 15;
    pub const GAP: u32 = 16;
    pub const SIZE: u32 = 17;
    pub const LASTS: u32 = 18;
    pub const TARGET: u32 = 19;
    pub const JITTER: u32 = 20;
    pub const KEY: u32 = 21;
    pub const COUNT: u32 = 22;
}

#[derive(Clone, Debug)]
pub struct ClientPlan {
    pub pc: u32,
    pub entity: u64,
    pub patience: PatiencePlan,
    pub cancel: Cancel,
    pub retry: Option<RetryPlan>,
    pub value: Option<(u32, u32)>,
    pub priority: u16,
    /// Think time law and key of a closed population.
    pub think: Option<(u32, u32)>,
    /// Its users' patience ends, or their presses are paid for.
    pub limits: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum PatiencePlan {
    Unlimited,
    Time { law: u32, key: u32 },
    WhileQueued { law: u32, key: u32 },
    Until { event: u32 },
}

#[derive(Clone, Debug)]
pub struct EndpointPlan {
    pub pc: u32,
    pub service: u32,
    pub fails: f64,
    pub fails_key: u32,
    pub admission: Admission,
    /// Nobody is turned away before the queue, and each replica has its own.
    pub open: bool,
    /// Of its service: workers of a replica, and what is out of the ordinary.
    pub workers: u32,
    pub stretches: bool,
    pub numbered: bool,
    /// Some promise looks at its requests.
    pub judged: bool,
}

/// What the endpoints of a service do in a bad version of it.
#[derive(Clone, Debug)]
pub struct VersionPlan {
    pub service: u32,
    /// Which of the rollout's bad versions.
    pub bad: u32,
    /// Only for these requests.
    pub condition: Option<Guard>,
    /// First of the service's endpoints.
    pub first_endpoint: u32,
    pub endpoints: Vec<EndpointPlan>,
}

#[derive(Clone, Debug)]
pub struct ServicePlan {
    pub entity: u64,
    pub replicas: u32,
    pub workers: u32,
    pub cores: Option<f64>,
    /// What a replica asks for, in millionths of a core: what is paid for.
    pub asked: u64,
    pub core_order: CoreOrder,
    pub zones: Vec<u32>,
    pub queue: worstday_model::system::Queue,
    pub admission: Admission,
    pub panic: f64,
    pub slow_start_ns: u64,
    pub start: u32,
    pub start_key: u32,
    pub cold: Option<(f64, u64)>,
    pub start_pc: u32,
    /// Program of a probe that is a request.
    pub probe_pc: u32,
    pub stop_grace_ns: u64,
    pub stop_unready_ns: u64,
    pub probe: worstday_model::system::Probe,
    pub contention: Option<worstday_model::system::Contention>,
    /// Contention or cold starts may stretch a step without any fault.
    pub stretches: bool,
    /// Some fault speaks of single workers: their numbers are kept.
    pub numbered: bool,
    /// Whose messages it handles: then its workers are shared between requests and messages.
    pub consumers: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
pub enum FallbackPlan {
    Skip,
    Degraded,
    Goto(u32),
}

#[derive(Clone, Copy, Debug)]
pub struct BudgetPlan {
    pub budget: Budget,
    /// Row group in the state's budgets.
    pub rows: u32,
}

#[derive(Clone, Debug)]
pub struct RetryPlan {
    pub retry: Retry,
    pub budget: Option<BudgetPlan>,
    pub key: u32,
}

/// Whom a call asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// A replica of a service.
    Replica,
    /// A topic, to store a message.
    Topic,
    /// The handler beside a run of messages.
    Handler,
}

/// A call in one layer; the mesh layer is a call of its own that the application's attempts pass through.
#[derive(Clone, Debug)]
pub struct CallPlan {
    pub aim: Aim,
    /// Row in the measures; the mesh layer shares the application's name with ` (mesh)`.
    pub series: u32,
    pub entity: u64,
    /// Endpoint, or topic.
    pub target: u32,
    pub service: u32,
    /// The mesh layer's call, run by a proxy inside each attempt.
    pub via: u32,
    /// Program of that proxy.
    pub proxy_pc: u32,
    pub timeout_ns: u64,
    pub timeout_ring: u32,
    pub deadline_ns: u64,
    pub deadline_ring: u32,
    pub inherits: bool,
    pub cancel: Cancel,
    pub retry: Option<RetryPlan>,
    pub hedge: Option<Hedge>,
    pub hedge_row: u32,
    pub pool: u32,
    pub balance: Balance,
    pub balance_key: u32,
    pub subset: Option<Replicas>,
    /// Row group of turns and in-flight counts of (caller, callee).
    pub pair: u32,
    pub fallback: Option<(Results, FallbackPlan)>,
    pub priority: Option<u16>,
    pub size_bytes: u64,
    pub work_factor: f32,
    /// First of `zones x zones` paths, there and back.
    pub paths: u32,
    /// The only path's delay and ring where no zones are declared and it is a constant; else `u64::MAX`.
    pub flat_ns: u64,
    pub flat_ring: u32,
    /// Its balance looks at how many are in flight.
    pub counts: bool,
    /// Nothing stands between an attempt and its message: no mesh, hedge, pool, deadline, budget or subset.
    pub plain: bool,
    /// Plain, over a path without delay to an open service.
    pub direct: bool,
    /// Its retries are paid for.
    pub budgeted: bool,
    /// The caller, as an end of links.
    pub from: End,
}

/// The links between two ends, and their sum where it is a constant.
#[derive(Clone, Debug, Default)]
pub struct Path {
    pub links: Vec<u32>,
    /// Total delay if every link's delay is constant, without capacity or loss; `u64::MAX` if not.
    pub constant_ns: u64,
    pub ring: u32,
}

#[derive(Clone, Debug)]
pub struct LinkPlan {
    pub delay: u32,
    pub delay_key: u32,
    pub loss: f64,
    pub loss_key: u32,
    pub capacity: Option<worstday_model::system::Capacity>,
    pub queue: LinkQueue,
}

#[derive(Clone, Debug)]
pub struct PoolPlan {
    pub service: u32,
    pub size: u64,
    pub wait_ns: Option<u64>,
    pub queue: u64,
    pub per_replica: bool,
    pub keys: u32,
    pub order: worstday_model::system::Order,
}

/// The whole plan.
#[derive(Clone, Debug)]
pub struct Plan {
    pub system: Arc<System>,
    pub ops: Vec<Op>,
    pub laws: Vec<Law>,
    pub keys: Vec<KeySpec>,
    pub choices: Vec<Choice>,
    pub forks: Vec<Fork>,
    pub tests: Vec<Guard>,
    pub clients: Vec<ClientPlan>,
    pub services: Vec<ServicePlan>,
    pub endpoints: Vec<EndpointPlan>,
    pub calls: Vec<CallPlan>,
    /// First call of the newest system in `calls`; earlier ones belong to code that is running out.
    pub calls_from: u32,
    /// The same of its sends.
    pub sends_from: u32,
    pub topics: Vec<TopicPlan>,
    pub consumers: Vec<ConsumerPlan>,
    pub pools: Vec<PoolPlan>,
    pub links: Vec<LinkPlan>,
    pub paths: Vec<Path>,
    /// Constant delays and what they are for, one ring each.
    pub rings: Vec<(u64, Timer)>,
    /// Names of the call series.
    pub series: Vec<String>,
    /// How many row groups there are.
    pub budget_groups: u32,
    pub pair_groups: u32,
    pub hedge_rows: u32,
    /// Program of a visit that is turned away.
    pub turn_away_pc: u32,
    /// Bad versions that have come so far.
    pub versions: Vec<VersionPlan>,
    /// Ordinary attempts may take the direct way.
    shortcuts: bool,
    names: Names,
}

#[derive(Clone, Debug, Default)]
struct Names {
    series: BTreeMap<String, u32>,
    budgets: BTreeMap<String, u32>,
    pairs: BTreeMap<(String, u32), u32>,
    rings: BTreeMap<(u64, u8), u32>,
    /// Calls of one name met so far in this system: their draws differ.
    twins: BTreeMap<String, u32>,
}

/// Converts a checked distribution.
///
/// # Panics
///
/// If the system was not checked: its constructor refuses what a law refuses.
#[must_use]
pub fn law(dist: &Dist) -> Law {
    let made = match dist {
        Dist::Constant(v) => Law::constant(*v),
        Dist::LogNormal { mean, cv } => Law::log_normal(*mean, *cv),
        Dist::Exponential { mean } => Law::exponential(*mean),
        Dist::Uniform { low, high } => Law::uniform(*low, *high),
        Dist::WholeUniform { low, high } => Law::whole_uniform(*low as f64, *high as f64),
        Dist::Pareto { min, tail } => Law::pareto(*min, *tail),
        Dist::Points(points) => Law::points(points),
        Dist::Sample(values) => Law::sample_of(values.to_vec()),
    };
    made.unwrap_or_else(|error| {
        panic!("a checked system holds {dist:?}, which is no distribution: {error:?}")
    })
}

impl Plan {
    /// Compiles a checked system.
    #[must_use]
    pub fn new(system: &Arc<System>) -> Self {
        let mut plan = Self {
            system: Arc::clone(system),
            ops: vec![Op::TurnAway],
            laws: Vec::new(),
            keys: Vec::new(),
            choices: Vec::new(),
            forks: Vec::new(),
            tests: Vec::new(),
            clients: Vec::new(),
            services: Vec::new(),
            endpoints: Vec::new(),
            calls: Vec::new(),
            calls_from: 0,
            sends_from: 0,
            topics: Vec::new(),
            consumers: Vec::new(),
            pools: Vec::new(),
            links: Vec::new(),
            paths: Vec::new(),
            rings: Vec::new(),
            series: Vec::new(),
            budget_groups: 0,
            pair_groups: 0,
            hedge_rows: 0,
            turn_away_pc: 0,
            versions: Vec::new(),
            shortcuts: true,
            names: Names::default(),
        };
        plan.compile(system);
        plan
    }

    /// Compiles an edited system of the same entities onto this plan.
    pub fn edited(&mut self, system: &Arc<System>) {
        self.compile(system);
    }

    /// The number of a version, if it has come before.
    pub fn version_of(&self, service: u32, bad: u32) -> Option<u32> {
        let known = |row: &VersionPlan| (row.service, row.bad) == (service, bad);
        self.versions.iter().position(known).map(|at| at as u32 + 1)
    }

    /// Which bad version of which service a row is.
    pub fn version(&self, row: usize) -> (u32, u32) {
        (self.versions[row].service, self.versions[row].bad)
    }

    /// Compiles what the endpoints of a service do in a bad version. Everything else stays what it is.
    pub fn compile_version(
        &mut self,
        system: &Arc<System>,
        service: u32,
        bad: u32,
        condition: Option<Guard>,
    ) {
        let base = Arc::clone(&self.system);
        let (calls_from, links, pools) = (self.calls_from, self.links.clone(), self.pools.clone());
        let (endpoints, services, clients) = (
            self.endpoints.clone(),
            self.services.clone(),
            self.clients.clone(),
        );
        let turn_away_pc = self.turn_away_pc;
        self.compile(system);
        self.turn_away_pc = turn_away_pc;
        let own = &system.services[service as usize];
        let range = own.endpoints_from as usize..own.endpoints_to as usize;
        let row = VersionPlan {
            service,
            bad,
            condition,
            first_endpoint: own.endpoints_from,
            endpoints: self.endpoints[range].to_vec(),
        };
        self.system = base;
        (self.calls_from, self.links, self.pools) = (calls_from, links, pools);
        (self.endpoints, self.services, self.clients) = (endpoints, services, clients);
        match self.version_of(service, bad) {
            Some(known) => self.versions[known as usize - 1] = row,
            None => self.versions.push(row),
        }
    }

    fn compile(&mut self, system: &Arc<System>) {
        self.system = Arc::clone(system);
        self.links = system
            .links
            .iter()
            .map(|l| {
                let entity = entity(&format!("link {}", l.name));
                LinkPlan {
                    delay: self.law(&l.delay),
                    delay_key: self.key(entity, purpose::DELAY),
                    loss: l.loss,
                    loss_key: self.key(entity, purpose::LOSS),
                    capacity: l.capacity,
                    queue: l.queue,
                }
            })
            .collect();
        self.pools = system
            .pools
            .iter()
            .map(|p| PoolPlan {
                service: p.service.map_or(NONE, |s| s.0),
                size: p.size,
                wait_ns: p.wait_ns,
                queue: p.queue,
                per_replica: p.service.is_some() && p.per == Per::Replica,
                keys: p.keys.map_or(NONE, |k| k.0),
                order: p.order,
            })
            .collect();
        self.calls_from = self.calls.len() as u32;
        self.names.twins.clear();
        // Mesh calls come after all application calls, so that a system's `CallId`s index directly.
        let mut mesh = Vec::new();
        for call in &system.calls {
            let mut plan = self.call(system, call, &call.policy, "");
            if let Some(policy) = &call.mesh {
                plan.via = self.calls_from + (system.calls.len() + mesh.len()) as u32;
                plan.proxy_pc = self.ops.len() as u32;
                self.ops.extend([Op::Call { call: plan.via }, Op::End]);
                mesh.push((call, policy));
            }
            self.calls.push(plan);
        }
        for (call, policy) in mesh {
            let plan = self.call(system, call, policy, " (mesh)");
            self.calls.push(plan);
        }
        self.compile_topics(system);
        let compile_steps = |plan: &mut Self, owner: &str, steps: &[Step]| {
            let pc = plan.ops.len() as u32;
            Emitter {
                plan,
                owner,
                seen: BTreeMap::new(),
            }
            .program(steps);
            pc
        };
        self.endpoints = Vec::with_capacity(system.endpoints.len());
        for e in &system.endpoints {
            let owner = format!("{}.{}", system.services[e.service.index()].name, e.name);
            let pc = compile_steps(self, &owner, &e.steps);
            let fails_key = self.key(entity(&owner), purpose::FAILS);
            let service = &system.services[e.service.index()];
            self.endpoints.push(EndpointPlan {
                pc,
                service: e.service.0,
                fails: e.fails,
                fails_key,
                admission: e.admission,
                open: is_open(system, e, service),
                workers: 0,
                stretches: false,
                numbered: false,
                judged: false,
            });
        }
        self.services = Vec::with_capacity(system.services.len());
        for s in &system.services {
            let this = entity(&s.name);
            let start_pc = if s.start_steps.is_empty() {
                NONE
            } else {
                compile_steps(self, &format!("start of {}", s.name), &s.start_steps)
            };
            let probe_pc = match s.ready.calls {
                Some(endpoint) => self.probe_program(system, self.services.len() as u32, endpoint),
                None => NONE,
            };
            let row = ServicePlan {
                entity: this,
                replicas: s.replicas,
                workers: s.workers,
                cores: s.cores.map(|c| c.limit),
                asked: s
                    .cores
                    .map_or(0, |c| (c.request * 1e6).round_ties_even() as u64),
                core_order: s.cores.map_or(CoreOrder::Shared, |c| c.order),
                zones: s.zones.iter().map(|z| z.0 + 1).collect(),
                queue: s.queue,
                admission: s.admission,
                panic: s.panic,
                slow_start_ns: s.slow_start_ns,
                start: self.law(&s.start),
                start_key: self.key(this, purpose::START),
                cold: s.cold,
                start_pc,
                probe_pc,
                stop_grace_ns: s.stop_grace_ns,
                stop_unready_ns: s.stop_unready_ns,
                probe: s.ready.clone(),
                contention: s.contention,
                stretches: s.contention.is_some() || s.cold.is_some(),
                numbered: false,
                consumers: Vec::new(),
            };
            self.services.push(row);
        }
        for (i, consumer) in self.consumers.iter().enumerate() {
            self.services[consumer.service as usize]
                .consumers
                .push(i as u32);
        }
        for fault in &system.faults {
            if let Some(worstday_model::system::Target::Worker { service, .. }) =
                target_of(&fault.kind)
            {
                self.services[service.index()].numbered = true;
            }
        }
        self.clients = Vec::with_capacity(system.clients.len());
        for c in &system.clients {
            let this = entity(&c.name);
            let pc = compile_steps(self, &c.name, &c.steps);
            let retry = c
                .retry
                .as_ref()
                .map(|r| self.retry(r, this, &c.name, "itself"));
            let patience_key = self.key(this, purpose::PATIENCE);
            let patience = match &c.patience {
                Patience::Unlimited => PatiencePlan::Unlimited,
                Patience::Time(d) => PatiencePlan::Time {
                    law: self.law(d),
                    key: patience_key,
                },
                Patience::WhileQueued(d) => PatiencePlan::WhileQueued {
                    law: self.law(d),
                    key: patience_key,
                },
                Patience::Until(e) => PatiencePlan::Until { event: e.0 },
            };
            let value = c
                .value
                .as_ref()
                .map(|d| (self.law(d), self.key(this, purpose::VALUE)));
            let think = match &c.arrive {
                worstday_model::system::Arrive::Closed { think, .. } => {
                    Some((self.law(think), self.key(this, purpose::THINK)))
                }
                _ => None,
            };
            let limits = !matches!(c.patience, Patience::Unlimited)
                || retry
                    .as_ref()
                    .is_some_and(|r: &RetryPlan| r.budget.is_some());
            self.clients.push(ClientPlan {
                pc,
                entity: this,
                patience,
                cancel: c.cancel,
                retry,
                value,
                priority: c.priority,
                think,
                limits,
            });
        }
    }

    /// A readiness probe that is a request: one call of one attempt, to the replica that is probed.
    fn probe_program(&mut self, system: &System, service: u32, endpoint: EndpointId) -> u32 {
        let row = &system.services[service as usize];
        let policy = CallPolicy {
            timeout_ns: Some(row.ready.timeout_ns),
            ..CallPolicy::default()
        };
        let call = Call {
            name: format!("probe of {}", row.name),
            caller: Caller::Start(ServiceId(service)),
            target: endpoint,
            subset: None,
            policy: policy.clone(),
            mesh: None,
            fallback: None,
            priority: Some(0),
            size_bytes: 0,
            work_factor: 1.0,
            place: worstday_model::system::Place::default(),
        };
        let plan = self.call(system, &call, &policy, "");
        self.calls.push(plan);
        let pc = self.ops.len() as u32;
        self.ops.extend([
            Op::Call {
                call: self.calls.len() as u32 - 1,
            },
            Op::End,
        ]);
        pc
    }

    pub(crate) fn law(&mut self, dist: &Dist) -> u32 {
        self.laws.push(law(dist));
        self.laws.len() as u32 - 1
    }

    pub(crate) fn key(&mut self, entity: u64, purpose: u32) -> u32 {
        self.keys.push(KeySpec { entity, purpose });
        self.keys.len() as u32 - 1
    }

    fn ring(&mut self, delay_ns: u64, timer: Timer) -> u32 {
        let next = self.rings.len() as u32;
        let at = *self
            .names
            .rings
            .entry((delay_ns, timer as u8))
            .or_insert(next);
        if at == next {
            self.rings.push((delay_ns, timer));
        }
        at
    }

    fn retry(&mut self, retry: &Retry, entity: u64, caller: &str, callee: &str) -> RetryPlan {
        let budget = retry.budget.map(|budget| {
            let next = self.budget_groups;
            let rows = *self
                .names
                .budgets
                .entry(format!("{caller} -> {callee}: {budget:?}"))
                .or_insert(next);
            self.budget_groups += u32::from(rows == next);
            BudgetPlan { budget, rows }
        });
        RetryPlan {
            retry: retry.clone(),
            budget,
            key: self.key(entity, purpose::BACKOFF),
        }
    }

    pub(crate) fn call(
        &mut self,
        system: &System,
        call: &Call,
        policy: &CallPolicy,
        layer: &str,
    ) -> CallPlan {
        let service = system.endpoints[call.target.index()].service;
        let callee = &system.services[service.index()];
        let (caller, from) = self.caller_of(system, call.caller);
        let outer = layer.is_empty();
        let through_mesh = outer && call.mesh.is_some();
        // The fallback is the application's: the mesh layer just hands its result over.
        let fallback = call.fallback.as_ref().filter(|_| outer);
        let frame = self.frame(
            &format!("{}{layer}", call.name),
            (caller, from),
            &callee.name,
            policy,
            fallback,
        );
        let next_pair = self.pair_groups;
        let pair = *self
            .names
            .pairs
            .entry((caller.clone(), service.0))
            .or_insert(next_pair);
        self.pair_groups += u32::from(pair == next_pair);
        let paths = if through_mesh {
            NONE
        } else {
            self.paths(system, from, End::Service(service))
        };
        let (flat_ns, flat_ring) = match self.paths.get(paths as usize) {
            Some(path) if system.zones.is_empty() => (path.constant_ns, path.ring),
            _ => (u64::MAX, NONE),
        };
        let balance = policy.balance.unwrap_or(callee.balance);
        let plain = self.shortcuts
            && !through_mesh
            && policy.hedge.is_none()
            && policy.pool.is_none()
            && !matches!(policy.deadline, Deadline::After(_))
            && !frame.budgeted
            && call.subset.is_none();
        CallPlan {
            aim: Aim::Replica,
            target: call.target.0,
            service: service.0,
            balance,
            subset: call.subset,
            pair,
            priority: call.priority,
            size_bytes: call.size_bytes,
            work_factor: call.work_factor as f32,
            paths,
            flat_ns,
            flat_ring,
            counts: balance == Balance::LeastRequests,
            plain,
            direct: plain
                && flat_ns == 0
                && is_open(system, &system.endpoints[call.target.index()], callee),
            ..frame
        }
    }

    /// Who calls: its name, and as an end of links.
    pub(crate) fn caller_of<'s>(&self, system: &'s System, caller: Caller) -> (&'s String, End) {
        match caller {
            Caller::Client(c) => (&system.clients[c.index()].name, End::Client(c)),
            Caller::Endpoint(e) => {
                let s = system.endpoints[e.index()].service;
                (&system.services[s.index()].name, End::Service(s))
            }
            Caller::Start(s) => (&system.services[s.index()].name, End::Service(s)),
        }
    }

    /// What a call is whomever it asks: its names, its timers and its policy.
    pub(crate) fn frame(
        &mut self,
        name: &str,
        (caller, from): (&str, End),
        callee: &str,
        policy: &CallPolicy,
        fallback: Option<&Fallback>,
    ) -> CallPlan {
        let twin = self.names.twins.entry(name.to_owned()).or_insert(0);
        *twin += 1;
        let entity = if *twin == 1 {
            entity(name)
        } else {
            entity(&format!("{name}~{twin}"))
        };
        let next_series = self.series.len() as u32;
        let series = *self
            .names
            .series
            .entry(name.to_owned())
            .or_insert(next_series);
        if series == next_series {
            self.series.push(name.to_owned());
        }
        let retry = policy
            .retry
            .as_ref()
            .map(|r| self.retry(r, entity, caller, callee));
        let budgeted = retry.as_ref().is_some_and(|r| r.budget.is_some());
        let hedge_row = if policy.hedge.is_some() {
            self.hedge_rows += 1;
            self.hedge_rows - 1
        } else {
            NONE
        };
        CallPlan {
            aim: Aim::Replica,
            series,
            entity,
            target: NONE,
            service: NONE,
            via: NONE,
            proxy_pc: NONE,
            timeout_ns: policy.timeout_ns.unwrap_or(u64::MAX),
            timeout_ring: policy
                .timeout_ns
                .map_or(NONE, |t| self.ring(t, Timer::Timeout)),
            deadline_ns: match policy.deadline {
                Deadline::After(t) => t,
                Deadline::None | Deadline::Inherit => u64::MAX,
            },
            deadline_ring: match policy.deadline {
                Deadline::After(t) => self.ring(t, Timer::Deadline),
                Deadline::None | Deadline::Inherit => NONE,
            },
            inherits: policy.deadline != Deadline::None,
            cancel: policy.cancel,
            retry,
            hedge: policy.hedge,
            hedge_row,
            pool: policy.pool.map_or(NONE, |p| p.0),
            balance: Balance::Random,
            balance_key: self.key(entity, purpose::BALANCE),
            subset: None,
            pair: NONE,
            fallback: fallback.map(|f| {
                let what = match &f.what {
                    FallbackDo::Skip => FallbackPlan::Skip,
                    FallbackDo::Degraded => FallbackPlan::Degraded,
                    FallbackDo::Steps(_) => FallbackPlan::Goto(NONE),
                };
                (f.results, what)
            }),
            priority: None,
            size_bytes: 0,
            work_factor: 1.0,
            paths: NONE,
            flat_ns: u64::MAX,
            flat_ring: NONE,
            counts: false,
            plain: false,
            direct: false,
            budgeted,
            from,
        }
    }

    /// From now on every attempt takes the general steps.
    pub fn without_shortcuts(&mut self) {
        self.shortcuts = false;
        for call in &mut self.calls {
            (call.plain, call.direct) = (false, false);
        }
    }

    /// Number of zones, "none" included: the side of every path table.
    #[must_use]
    pub fn zone_count(&self) -> u32 {
        self.system.zones.len() as u32 + 1
    }

    pub(crate) fn paths(&mut self, system: &System, from: End, to: End) -> u32 {
        let first = self.paths.len() as u32;
        let zones = system.zones.len() as u32 + 1;
        for zone_from in 0..zones {
            for zone_to in 0..zones {
                let path = self.path(system, from, zone_from, to, zone_to);
                self.paths.push(path);
            }
        }
        first
    }

    fn path(&mut self, system: &System, from: End, zone_from: u32, to: End, zone_to: u32) -> Path {
        let is = |ends: &[End], me: End, zone: u32| {
            ends.iter().any(|e| {
                *e == me || matches!(e, End::Any) || matches!(e, End::Zone(z) if z.0 + 1 == zone)
            })
        };
        let across = zone_from != 0
            && zone_to != 0
            && zone_from != zone_to
            && !matches!(from, End::Client(_));
        let mut links = Vec::new();
        for (i, link) in system.links.iter().enumerate() {
            let id = LinkId(i as u32);
            let crossed = if id == system.within_zone {
                !across
            } else if id == system.between_zones {
                across
            } else {
                is(&link.from, from, zone_from) && is(&link.to, to, zone_to)
            };
            if crossed {
                links.push(id.0);
            }
        }
        let mut constant_ns = 0_u64;
        for &l in &links {
            let link = &system.links[l as usize];
            match link.delay {
                Dist::Constant(d) if link.loss == 0.0 && link.capacity.is_none() => {
                    constant_ns = constant_ns.saturating_add(d as u64);
                }
                _ => constant_ns = u64::MAX,
            }
        }
        let ring = if constant_ns == u64::MAX || constant_ns == 0 {
            NONE
        } else {
            self.ring(constant_ns, Timer::Step)
        };
        Path {
            links,
            constant_ns,
            ring,
        }
    }
}

/// Whether nobody is turned away before the queue, and each replica has its own.
fn is_open(
    system: &System,
    endpoint: &worstday_model::system::Endpoint,
    service: &worstday_model::system::Service,
) -> bool {
    endpoint.admission == Admission::default()
        && service.admission == Admission::default()
        && service.queue.per == Per::Replica
        && !consumes(system, endpoint.service)
}

pub(crate) fn target_of(
    kind: &worstday_model::system::FaultKind,
) -> Option<&worstday_model::system::Target> {
    use worstday_model::system::FaultKind as K;
    match kind {
        K::Crash(t) | K::Vanish(t) | K::Stall(t) | K::Cut(t) => Some(t),
        K::Hang { target, .. }
        | K::Slow { target, .. }
        | K::Capacity { target, .. }
        | K::Errors { target, .. }
        | K::Loss { target, .. }
        | K::Delay { target, .. } => Some(target),
        K::Edit(_) | K::Together(_) => None,
    }
}

/// Writes the code of one owner's steps.
struct Emitter<'a> {
    plan: &'a mut Plan,
    owner: &'a str,
    /// How often each address was met: the same block used twice draws twice.
    seen: BTreeMap<String, u32>,
}

/// Where `answer` leads: the frames open there, and jumps to patch to its two ends.
struct Scope {
    depth: u32,
    /// Jumps to the end past the `Degrade`, and to the `Degrade` itself; none for the request.
    to_ok: Vec<usize>,
    to_degraded: Vec<usize>,
    fallback: bool,
}

impl Emitter<'_> {
    fn program(&mut self, steps: &[Step]) {
        let mut scope = Scope {
            depth: 0,
            to_ok: vec![],
            to_degraded: vec![],
            fallback: false,
        };
        self.steps(steps, 0, &mut scope);
        self.emit(Op::End);
    }

    fn emit(&mut self, op: Op) -> usize {
        self.plan.ops.push(op);
        self.plan.ops.len() - 1
    }

    fn here(&self) -> u32 {
        self.plan.ops.len() as u32
    }

    fn patch(&mut self, at: usize) {
        let here = self.here();
        match &mut self.plan.ops[at] {
            Op::Coin { to, .. }
            | Op::Test { to, .. }
            | Op::Jump { to }
            | Op::Repeat { to, .. }
            | Op::Answer { to, .. } => *to = here,
            other => unreachable!("{other:?} has nowhere to go"),
        }
    }

    /// The entity of a step: its owner and address, and a number if met before.
    fn entity(&mut self, step: &Step) -> u64 {
        let count = self.seen.entry(step.address.clone()).or_insert(0);
        *count += 1;
        if *count == 1 {
            entity(&format!("{}#{}", self.owner, step.address))
        } else {
            entity(&format!("{}#{}~{count}", self.owner, step.address))
        }
    }

    fn steps(&mut self, steps: &[Step], depth: u32, scope: &mut Scope) {
        for step in steps {
            self.step(step, depth, scope);
        }
    }

    fn step(&mut self, step: &Step, depth: u32, scope: &mut Scope) {
        let this = self.entity(step);
        let mut skips = Vec::new();
        if let Some(test) = step.condition {
            self.plan.tests.push(test);
            skips.push(self.emit(Op::Test {
                test: self.plan.tests.len() as u32 - 1,
                to: NONE,
            }));
        }
        if let Some(chance) = step.chance {
            let key = self.plan.key(this, purpose::COIN);
            skips.push(self.emit(Op::Coin {
                chance,
                key,
                to: NONE,
            }));
        }
        match &step.verb {
            Verb::Work(dist) => {
                let (law, key) = (self.plan.law(dist), self.plan.key(this, purpose::STEP));
                self.emit(Op::Work { law, key });
            }
            Verb::Wait(dist) => {
                let (law, key) = (self.plan.law(dist), self.plan.key(this, purpose::STEP));
                self.emit(Op::Wait { law, key });
            }
            Verb::Call(id) => {
                let system = Arc::clone(&self.plan.system);
                let fallback = system.calls[id.index()].fallback.as_ref();
                self.call(self.plan.calls_from + id.0, fallback, depth);
            }
            Verb::Send(id) => {
                let system = Arc::clone(&self.plan.system);
                let send = &system.sends[id.index()];
                let call = self.plan.sends_from + id.0;
                if send.acks == worstday_model::system::Acks::None {
                    self.emit(Op::Post { call });
                } else {
                    self.call(call, send.fallback.as_ref(), depth);
                }
            }
            Verb::Hold(pool, body) => {
                self.emit(Op::Hold { pool: pool.0 });
                self.steps(body, depth + 1, scope);
                self.emit(Op::Leave);
            }
            Verb::Parallel {
                branches,
                need,
                cancel,
            } => {
                let fork = self.plan.forks.len() as u32;
                self.plan.forks.push(Fork {
                    entity: this,
                    branches: vec![],
                    need: *need,
                    left_over: *cancel,
                    next: NONE,
                });
                self.emit(Op::Fork { fork });
                let over = self.emit(Op::Jump { to: NONE });
                let starts = branches
                    .iter()
                    .map(|branch| {
                        let pc = self.here();
                        let mut scope = Scope {
                            depth: 0,
                            to_ok: vec![],
                            to_degraded: vec![],
                            fallback: false,
                        };
                        self.steps(branch, 0, &mut scope);
                        self.emit(Op::End);
                        pc
                    })
                    .collect();
                self.patch(over);
                let next = self.here();
                let row = &mut self.plan.forks[fork as usize];
                (row.branches, row.next) = (starts, next);
            }
            Verb::Choose(branches) => {
                let key = self.plan.key(this, purpose::CHOOSE);
                let choice = self.plan.choices.len() as u32;
                self.plan.choices.push(Choice {
                    key,
                    branches: vec![],
                    end: NONE,
                });
                self.emit(Op::Choose { choice });
                let mut rows = Vec::new();
                let mut ends = Vec::new();
                let mut sum = 0.0;
                for branch in branches {
                    if branch.condition.is_none() {
                        sum += branch.chance;
                    }
                    rows.push((branch.condition, sum, self.here()));
                    self.steps(&branch.steps, depth, scope);
                    ends.push(self.emit(Op::Jump { to: NONE }));
                }
                // Chances that add up to 1 leave no gap for rounding.
                if (sum - 1.0).abs() < 1e-9
                    && let Some(last) = rows
                        .iter_mut()
                        .rev()
                        .find(|r: &&mut (Option<Guard>, f64, u32)| r.0.is_none())
                {
                    last.1 = f64::INFINITY;
                }
                for end in ends {
                    self.patch(end);
                }
                let end = self.here();
                let row = &mut self.plan.choices[choice as usize];
                (row.branches, row.end) = (rows, end);
            }
            Verb::Repeat(count, body) => {
                let (law, key) = (self.plan.law(count), self.plan.key(this, purpose::STEP));
                let start = self.emit(Op::Repeat { law, key, to: NONE });
                let top = self.here();
                self.steps(body, depth + 1, scope);
                self.emit(Op::Again { to: top });
                self.patch(start);
            }
            Verb::Do(body) => self.steps(body, depth, scope),
            Verb::Fail(word) => {
                self.emit(Op::Fail { word: *word });
            }
            Verb::Answer(word) => {
                let at = self.emit(Op::Answer {
                    word: *word,
                    depth: depth - scope.depth,
                    to: NONE,
                });
                if scope.fallback {
                    match word {
                        AnswerWord::Ok => scope.to_ok.push(at),
                        AnswerWord::Degraded => scope.to_degraded.push(at),
                    }
                }
            }
        }
        for skip in skips {
            self.patch(skip);
        }
    }

    fn call(&mut self, call: u32, fallback: Option<&Fallback>, depth: u32) {
        self.emit(Op::Call { call });
        let Some(fallback) = fallback else {
            return;
        };
        let FallbackDo::Steps(steps) = &fallback.what else {
            return;
        };
        let over = self.emit(Op::Jump { to: NONE });
        let start = self.here();
        let mut scope = Scope {
            depth,
            to_ok: vec![],
            to_degraded: vec![],
            fallback: true,
        };
        self.steps(steps, depth, &mut scope);
        for at in scope.to_degraded {
            self.patch(at);
        }
        self.emit(Op::Degrade);
        self.patch(over);
        for at in scope.to_ok {
            self.patch(at);
        }
        if let Some((_, what)) = &mut self.plan.calls[call as usize].fallback {
            *what = FallbackPlan::Goto(start);
        }
    }
}

/// Whose row of a budget a caller uses.
#[must_use]
pub fn scope_of(budget: &Budget) -> BudgetScope {
    match *budget {
        Budget::Bucket { scope, .. }
        | Budget::Concurrent { scope, .. }
        | Budget::Quota { scope, .. }
        | Budget::Windowed { scope, .. } => scope,
    }
}
