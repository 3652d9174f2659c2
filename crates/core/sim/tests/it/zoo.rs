//! Small systems, built by hand: every number of them stands in the test that uses it.
//!
//! Arrivals are recorded instants and times are constants unless a test says otherwise, so that what must
//! happen can be worked out on paper. Links take no time by default.

use std::sync::Arc;

use worstday_model::day::{
    Day, Demand, EventDemand, Random, RateCurve, RecordedDemand, Strike, Varies,
};
use worstday_model::system::*;
use worstday_sim::observe::{EventLog, Fact};
use worstday_sim::outcome::{CallOutcome, ClientOutcome, Outcome, ServiceOutcome};
use worstday_sim::{Editing, Ending, Engine, NoEdits};

/// Nanoseconds of a millisecond.
pub const MS: u64 = 1_000_000;
/// Nanoseconds of a second.
pub const S: u64 = 1_000 * MS;

/// Whether the long forms are wanted.
pub fn long() -> bool {
    std::env::var_os("WORSTDAY_LONG").is_some_and(|value| value == "1")
}

/// A system and its day in the making.
#[derive(Clone)]
pub struct Zoo {
    pub system: Tables,
    pub day: Day,
}

fn link(name: &str) -> Link {
    Link {
        name: name.into(),
        from: vec![],
        to: vec![],
        delay: Dist::Constant(0.0),
        capacity: None,
        queue: LinkQueue::Unlimited,
        loss: 0.0,
    }
}

/// A step, addressed by its verb.
pub fn step(verb: Verb) -> Step {
    let address = match &verb {
        Verb::Work(_) => "work",
        Verb::Wait(_) => "wait",
        Verb::Call(_) => "call",
        Verb::Send(_) => "send",
        Verb::Hold(..) => "hold",
        Verb::Parallel { .. } => "parallel",
        Verb::Choose(_) => "choose",
        Verb::Repeat(..) => "repeat",
        Verb::Do(_) => "do",
        Verb::Fail(_) => "fail",
        Verb::Answer(_) => "answer",
    };
    Step {
        name: None,
        address: address.into(),
        chance: None,
        condition: None,
        verb,
        place: Place::default(),
    }
}

/// `work: exactly D`.
pub fn work(ns: u64) -> Step {
    step(Verb::Work(Dist::Constant(ns as f64)))
}

/// `wait: exactly D`.
pub fn wait(ns: u64) -> Step {
    step(Verb::Wait(Dist::Constant(ns as f64)))
}

/// `work: exponential D`.
pub fn exponential(mean_ns: f64) -> Step {
    step(Verb::Work(Dist::Exponential { mean: mean_ns }))
}

/// `N attempts` after any bad result, at once.
pub fn attempts(n: u32) -> Retry {
    Retry {
        attempts: n,
        backoff_ns: 0,
        grow: 2.0,
        cap_ns: u64::MAX,
        jitter: Jitter::None,
        budget: None,
        results: Results::ALL,
        unless: None,
    }
}

/// The system that tables are: what a test builds by hand is checked like a file.
pub fn checked(tables: &Tables) -> System {
    System::new(tables.clone()).expect("the system of a test is consistent")
}

/// `timeout: D`, nothing else.
pub fn timeout(ns: u64) -> CallPolicy {
    CallPolicy {
        timeout_ns: Some(ns),
        ..CallPolicy::default()
    }
}

/// A policy of a timeout and retries.
pub fn retrying(timeout_ns: u64, n: u32) -> CallPolicy {
    CallPolicy {
        timeout_ns: Some(timeout_ns),
        retry: Some(attempts(n)),
        ..CallPolicy::default()
    }
}

impl Zoo {
    /// Nothing but the two built-in links; the day lasts `end_ns` and has no warm-up.
    pub fn new(end_ns: u64) -> Self {
        let system = Tables {
            name: "zoo".into(),
            timezone: "UTC".into(),
            links: vec![link("between-zones"), link("within-zone")],
            within_zone: LinkId(1),
            between_zones: LinkId(0),
            priorities: vec![String::new()],
            ..Tables::default()
        };
        let day = Day {
            start_unix_ns: 0,
            warm_up_ns: 0,
            end_ns,
            label: "a day".into(),
            varies: Varies::Yes,
            demand: vec![],
            events: vec![],
            faults: vec![],
            edits: vec![],
            acts: vec![],
            demands: vec![],
            random: Random::No,
            event_demand: EventDemand::Multiplies,
            grown: Vec::new(),
            growing: Vec::new(),
            rollouts: Vec::new(),
        };
        Self { system, day }
    }

    /// A service of one replica with endpoints that do nothing yet.
    pub fn service<const N: usize>(
        &mut self,
        name: &str,
        workers: u32,
        endpoints: [&str; N],
    ) -> [EndpointId; N] {
        let from = self.system.endpoints.len() as u32;
        let id = ServiceId(self.system.services.len() as u32);
        self.system.services.push(Service {
            name: name.into(),
            owner: None,
            known_as: vec![],
            replicas: 1,
            workers,
            cores: None,
            zones: vec![],
            queue: Queue {
                bound: u64::MAX,
                order: Order::Fifo,
                per: Per::Replica,
                expired: Expired::Keep,
                timeout_ns: None,
            },
            admission: Admission::default(),
            balance: Balance::Random,
            panic: 0.0,
            slow_start_ns: 0,
            start: Dist::Constant(30e9),
            cold: None,
            start_steps: vec![],
            stop_grace_ns: 30 * S,
            stop_unready_ns: 0,
            ready: Probe {
                every_ns: 10 * S,
                timeout_ns: S,
                failures: 3,
                calls: None,
            },
            contention: None,
            rollout: None,
            endpoints_from: from,
            endpoints_to: from + N as u32,
        });
        let mut next = from;
        endpoints.map(|endpoint| {
            self.system.endpoints.push(Endpoint {
                name: endpoint.into(),
                service: id,
                known_as: vec![],
                steps: vec![],
                fails: 0.0,
                admission: Admission::default(),
                reached: true,
            });
            next += 1;
            EndpointId(next - 1)
        })
    }

    /// A service by name, to change it.
    pub fn of(&mut self, name: &str) -> &mut Service {
        self.system
            .services
            .iter_mut()
            .find(|s| s.name == name)
            .expect("a service of the test")
    }

    /// What an endpoint does.
    pub fn does(&mut self, endpoint: EndpointId, steps: Vec<Step>) {
        self.system.endpoints[endpoint.index()].steps = steps;
    }

    /// A client without steps; its demand is the day's.
    pub fn client(&mut self, name: &str, arrive: Arrive, demand: Demand) -> ClientId {
        self.system.clients.push(Client {
            name: name.into(),
            known_as: vec![],
            arrive,
            active: None,
            steps: vec![],
            patience: Patience::Unlimited,
            cancel: Cancel::None,
            retry: None,
            value: None,
            priority: 0,
        });
        self.day.demand.push(demand);
        ClientId(self.system.clients.len() as u32 - 1)
    }

    /// A client whose visits come at these instants.
    pub fn client_at(&mut self, name: &str, at_ns: &[u64]) -> ClientId {
        let instants: Vec<i64> = at_ns.iter().map(|&t| t as i64).collect();
        let arrive = Arrive::Recorded(Recording {
            what: Recorded::Instants(instants.into()),
            at: None,
            clock: Clock::FromStart,
        });
        let what = RecordedDemand::Instants {
            first: 0,
            at_ns: at_ns.into(),
        };
        self.client(name, arrive, Demand::Recorded { what, factor: 1.0 })
    }

    /// A client whose visits come as a stream of constant rate.
    pub fn client_stream(&mut self, name: &str, per_s: f64, pattern: Pattern) -> ClientId {
        let curve = Curve {
            base_per_s: per_s,
            peaks: vec![],
            open: vec![],
            days: [1.0; 7],
        };
        let arrive = Arrive::Stream {
            curve,
            pattern,
            batch: 1,
        };
        let demand = Demand::Stream {
            rate: RateCurve::constant(per_s, per_s, self.day.end_ns),
            pattern,
            batch: 1,
            factor: 1.0,
        };
        self.client(name, arrive, demand)
    }

    /// Closed users.
    pub fn users(&mut self, name: &str, population: u64, think: Dist) -> ClientId {
        self.client(
            name,
            Arrive::Closed { population, think },
            Demand::Closed { factor: 1.0 },
        )
    }

    fn name_of(&self, caller: Caller) -> String {
        match caller {
            Caller::Client(c) => self.system.clients[c.index()].name.clone(),
            Caller::Endpoint(e) => self.endpoint_name(e),
            Caller::Start(s) => self.system.services[s.index()].name.clone(),
        }
    }

    fn endpoint_name(&self, e: EndpointId) -> String {
        let row = &self.system.endpoints[e.index()];
        format!(
            "{}.{}",
            self.system.services[row.service.index()].name,
            row.name
        )
    }

    /// A call step. Calls of the same two ends share a name.
    pub fn call(&mut self, caller: Caller, target: EndpointId, policy: CallPolicy) -> Step {
        let name = format!("{} -> {}", self.name_of(caller), self.endpoint_name(target));
        self.system.calls.push(Call {
            name,
            caller,
            target,
            subset: None,
            policy,
            mesh: None,
            fallback: None,
            priority: None,
            size_bytes: 2_000,
            work_factor: 1.0,
            place: Place::default(),
        });
        step(Verb::Call(CallId(self.system.calls.len() as u32 - 1)))
    }

    /// The call made last, to change it.
    pub fn last_call(&mut self) -> &mut Call {
        self.system.calls.last_mut().expect("a call of the test")
    }

    /// The client's visits are one call.
    pub fn asks(&mut self, client: ClientId, target: EndpointId, policy: CallPolicy) {
        let step = self.call(Caller::Client(client), target, policy);
        self.system.clients[client.index()].steps = vec![step];
    }

    /// A pool of a service, or of all.
    pub fn pool(&mut self, name: &str, service: Option<&str>, size: u64) -> PoolId {
        let service = service.map(|name| {
            let at = self.system.services.iter().position(|s| s.name == name);
            ServiceId(at.expect("a service of the test") as u32)
        });
        self.system.pools.push(Pool {
            name: name.into(),
            service,
            size,
            wait_ns: None,
            queue: u64::MAX,
            per: Per::Replica,
            keys: None,
            order: Order::Fifo,
        });
        PoolId(self.system.pools.len() as u32 - 1)
    }

    /// The id of a service.
    pub fn id(&self, name: &str) -> ServiceId {
        let at = self.system.services.iter().position(|s| s.name == name);
        ServiceId(at.expect("a service of the test") as u32)
    }

    /// All replicas of a service, as a fault's target.
    pub fn all_of(&self, name: &str) -> Target {
        Target::Replicas(self.id(name), Replicas::All)
    }

    /// A fault that strikes once.
    pub fn strikes(&mut self, kind: FaultKind, at_ns: u64, lasts_ns: u64) -> FaultId {
        let fault = FaultId(self.system.faults.len() as u32);
        self.system.faults.push(Fault {
            name: format!("fault-{}", fault.0),
            kind,
            when: FaultWhen::Possible,
            lasts: Lasts::Time(Dist::Constant(lasts_ns as f64)),
            place: Place::default(),
        });
        self.day.faults.push(Strike {
            fault,
            ordinal: 0,
            at_ns: at_ns as i64,
            lasts_ns: None,
            by: None,
            target: None,
        });
        fault
    }

    /// Delay of the link that everything crosses.
    pub fn delay(&mut self, ns: u64) {
        self.system.links[1].delay = Dist::Constant(ns as f64);
    }

    /// The history of a seed, watched.
    pub fn engine<O: worstday_sim::observe::Observer>(&self, seed: u64, observer: O) -> Engine<O> {
        self.engine_with(Arc::new(NoEdits), seed, observer)
    }

    /// The same with edits.
    pub fn engine_with<O: worstday_sim::observe::Observer>(
        &self,
        editing: Arc<dyn Editing>,
        seed: u64,
        observer: O,
    ) -> Engine<O> {
        Engine::new(
            Arc::new(checked(&self.system)),
            Arc::new(self.day.clone()),
            editing,
            seed,
            observer,
        )
        .expect("windows that fit the run")
    }

    /// Runs the whole day of seed 1.
    pub fn run(&self) -> Told {
        self.told(self.engine(1, EventLog::default()))
    }

    /// Runs the whole day with edits.
    pub fn run_with(&self, editing: Arc<dyn Editing>) -> Told {
        self.told(self.engine_with(editing, 1, EventLog::default()))
    }

    /// Runs an engine to its end. What does not add up fails the test.
    pub fn told(&self, mut engine: Engine<EventLog>) -> Told {
        engine.advance(u64::MAX);
        let (outcome, log) = engine.finish("zoo").unwrap_or_else(|v| panic!("{v}"));
        Told { outcome, log }
    }

    /// Runs the whole day of a seed without a log.
    pub fn outcome(&self, seed: u64) -> Outcome {
        let mut engine = self.engine(seed, ());
        engine.advance(u64::MAX);
        engine.finish("zoo").unwrap_or_else(|v| panic!("{v}")).0
    }
}

/// What a run told.
pub struct Told {
    pub outcome: Outcome,
    pub log: EventLog,
}

impl Told {
    /// Visits of the first client in order of arrival: arrival, end and ending; those inside are left out.
    pub fn visits(&self) -> Vec<(u64, u64, Ending)> {
        self.visits_of(ClientId(0))
    }

    /// The same of any client.
    pub fn visits_of(&self, of: ClientId) -> Vec<(u64, u64, Ending)> {
        let mut rows: Vec<(u64, u64, u64, Option<Ending>)> = Vec::new();
        for &(at, fact) in &self.log.rows {
            match fact {
                Fact::VisitArrived { client, visit, .. } if client == of.0 => {
                    rows.push((visit, at, 0, None));
                }
                Fact::VisitEnded {
                    client,
                    visit,
                    ending,
                    ..
                } if client == of.0 => {
                    let open =
                        |r: &&mut (u64, u64, u64, Option<Ending>)| r.0 == visit && r.3.is_none();
                    let row = rows.iter_mut().find(open).expect("it arrived");
                    (row.2, row.3) = (at, Some(ending));
                }
                _ => {}
            }
        }
        rows.into_iter()
            .filter_map(|(_, from, to, ending)| ending.map(|e| (from, to, e)))
            .collect()
    }

    /// Ends of the first client's visits, in ms since the start, in order of arrival.
    pub fn ends_ms(&self) -> Vec<u64> {
        self.visits().iter().map(|v| v.1 / MS).collect()
    }

    /// Endings of the first client's visits, in order of arrival.
    pub fn endings(&self) -> Vec<Ending> {
        self.visits().iter().map(|v| v.2).collect()
    }

    /// When requests of an endpoint got a worker, in ms.
    pub fn began_ms(&self, of: EndpointId) -> Vec<u64> {
        self.times(|f| matches!(f, Fact::ServiceBegan { endpoint, .. } if *endpoint == of.0))
    }

    /// When requests of an endpoint reached a replica, in ms.
    pub fn reached_ms(&self, of: EndpointId) -> Vec<u64> {
        self.times(|f| matches!(f, Fact::RequestArrived { endpoint, .. } if *endpoint == of.0))
    }

    /// When requests of an endpoint ended, in ms.
    pub fn done_ms(&self, of: EndpointId) -> Vec<u64> {
        self.times(|f| matches!(f, Fact::RequestEnded { endpoint, .. } if *endpoint == of.0))
    }

    /// Which replicas the requests of an endpoint reached, in order.
    pub fn replicas(&self, of: EndpointId) -> Vec<u32> {
        self.log
            .rows
            .iter()
            .filter_map(|(_, f)| match f {
                Fact::RequestArrived {
                    endpoint, replica, ..
                } if *endpoint == of.0 => Some(*replica),
                _ => None,
            })
            .collect()
    }

    /// When attempts left, all calls together, in ms.
    pub fn sent_ms(&self) -> Vec<u64> {
        self.times(|f| matches!(f, Fact::AttemptSent { .. }))
    }

    fn times(&self, what: impl Fn(&Fact) -> bool) -> Vec<u64> {
        self.log
            .rows
            .iter()
            .filter(|(_, f)| what(f))
            .map(|(at, _)| at / MS)
            .collect()
    }

    /// A service's figures.
    pub fn service(&self, name: &str) -> &ServiceOutcome {
        self.outcome
            .services
            .iter()
            .find(|s| s.name == name)
            .expect("a service of the test")
    }

    /// A client's figures.
    pub fn client(&self, name: &str) -> &ClientOutcome {
        self.outcome
            .clients
            .iter()
            .find(|c| c.name == name)
            .expect("a client of the test")
    }

    /// A call's figures.
    pub fn call(&self, name: &str) -> &CallOutcome {
        self.outcome
            .calls
            .iter()
            .find(|c| c.name == name)
            .expect("a call of the test")
    }
}
