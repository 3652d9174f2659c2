//! The one way to a [`System`]: tables that were looked through, and that nobody can change afterwards.
//!
//! The engine indexes by id and divides by shares without asking again; what it relies on is checked here, once,
//! in every build: an id lies in its table, a probability in `0..=1`, a law can be drawn from, the chances of a
//! choice add up, a call is made by some step. What a file may get wrong is said by the reader, with its
//! place, long before; an [`Inconsistent`] is a mistake of the program that made the tables.
//!
//! The cost is one walk over the tables.

use std::fmt;
use std::ops::Deref;

use super::{
    Act, Action, Admission, Alert, AlertOn, Arrive, Balance, Budget, Call, CallPolicy, Caller,
    Claim, Client, Condition, Consumer, Costs, Dist, Edit, End, EndpointId, Event, EventId, Expiry,
    Fallback, FallbackDo, Fault, FaultKind, FaultWhen, FlagId, Grows, Growth, Guard, HedgeAfter,
    KeySpaceId, Lasts, Link, LostCost, Metric, OfAnswered, Operator, Part, Patience, Pattern,
    PoolId, Promise, Recorded, Replicas, Retry, Rollout, RolloutStep, Send, Service, ServiceId,
    Shed, Sight, Step, Subject, Tables, Target, Topic, TopicId, Verb,
};
use crate::resolve::law;

/// Most replicas of one service: each has rows of its own, about half a kB.
pub const REPLICAS_MAX: u32 = 1_000_000;
/// Most replicas of a system.
pub const REPLICAS_IN_ALL_MAX: u64 = 2_000_000;
/// Most users of a closed client, and of all together: each waits in memory, about 200 bytes.
pub const USERS_MAX: u64 = 10_000_000;

/// A whole system, checked, to be read only: it derefs to its [`Tables`].
///
/// ```
/// use worstday_model::system::{System, Tables};
///
/// let system = System::new(Tables::default()).expect("nothing is wrong with nothing");
/// assert!(system.clients.is_empty());
/// ```
///
/// It cannot be changed, so what was checked stays true:
///
/// ```compile_fail,E0596
/// # use worstday_model::system::{System, Tables};
/// let mut system = System::new(Tables::default()).unwrap();
/// system.services.clear();
/// ```
#[derive(Clone, Debug)]
pub struct System {
    tables: Tables,
}

impl Deref for System {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.tables
    }
}

/// What is wrong with tables: which row, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inconsistent {
    /// The row, such as `services.till`.
    pub row: String,
    /// What cannot be.
    pub reason: String,
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.row, self.reason)
    }
}

impl std::error::Error for Inconsistent {}

impl System {
    /// The system that tables are, if they fit together.
    ///
    /// # Errors
    ///
    /// The first row that does not.
    pub fn new(tables: Tables) -> Result<Self, Inconsistent> {
        let mut check = Check {
            tables: &tables,
            row: String::new(),
            calls: vec![0; tables.calls.len()],
            sends: vec![0; tables.sends.len()],
        };
        check.whole()?;
        Ok(Self { tables })
    }

    /// The tables, to make another system of.
    #[must_use]
    pub fn into_tables(self) -> Tables {
        self.tables
    }

    /// The same with a table of edits that has further ones behind its own.
    pub(crate) fn with_edits(mut self, edits: Vec<Edit>) -> Self {
        assert!(
            self.tables.edits.len() <= edits.len(),
            "{} edits cannot stand for {}",
            edits.len(),
            self.tables.edits.len()
        );
        self.tables.edits = edits;
        self
    }

    /// What tests of this crate build by hand, in parts.
    #[cfg(test)]
    pub(crate) fn unchecked(tables: Tables) -> Self {
        Self { tables }
    }
}

type Checked = Result<(), Inconsistent>;

/// All of these, or the first that is wrong.
fn each<T>(rows: impl IntoIterator<Item = T>, check: impl FnMut(T) -> Checked) -> Checked {
    rows.into_iter().try_for_each(check)
}

struct Check<'a> {
    tables: &'a Tables,
    /// The row that is looked at.
    row: String,
    /// How many steps make each call.
    calls: Vec<u32>,
    /// The same of each send.
    sends: Vec<u32>,
}

impl<'a> Check<'a> {
    fn whole(&mut self) -> Checked {
        let tables = self.tables;
        self.row = "links".to_owned();
        self.link_id(tables.within_zone.index())?;
        self.link_id(tables.between_zones.index())?;
        self.row = "priorities".to_owned();
        self.must(
            !tables.priorities.is_empty(),
            "there is a class of requests",
        )?;
        for keys in &tables.keys {
            self.row = format!("keys.{}", keys.name);
            self.must(keys.count > 0, "there is a key")?;
            self.number(keys.zipf)?;
            if let Some((hot, share)) = keys.hot {
                self.must(hot <= keys.count, "not more keys are hot than there are")?;
                self.share(share)?;
            }
        }
        let replicas = tables.services.iter().map(|s| u64::from(s.replicas));
        self.row = "services".to_owned();
        let bounded = replicas.sum::<u64>() <= REPLICAS_IN_ALL_MAX;
        self.must(bounded, "they have not more than two million replicas")?;
        let users = tables.clients.iter().map(|client| match client.arrive {
            Arrive::Closed { population, .. } => population,
            _ => 0,
        });
        self.row = "clients".to_owned();
        let bounded = users.fold(0, u64::saturating_add) <= USERS_MAX;
        self.must(bounded, "they have not more than ten million users")?;
        each(&tables.links, |link| self.link(link))?;
        for pool in &tables.pools {
            self.row = format!("pools.{}", pool.name);
            self.must(pool.size > 0, "it has permits")?;
            each(pool.service, |owner| self.service_id(owner))?;
            each(pool.keys, |keys| self.keys_id(keys))?;
        }
        each(tables.services.iter().enumerate(), |(at, service)| {
            self.service(at, service)
        })?;
        for endpoint in &tables.endpoints {
            self.row = format!("endpoints.{}", endpoint.name);
            self.service_id(endpoint.service)?;
            self.share(endpoint.fails)?;
            self.admission(&endpoint.admission)?;
            self.steps(&endpoint.steps)?;
        }
        each(&tables.clients, |client| self.client(client))?;
        each(&tables.growth, |growth| self.growth(growth))?;
        each(&tables.costs, |costs| self.costs(costs))?;
        each(&tables.calls, |call| self.call(call))?;
        each(&tables.alerts, |alert| self.alert(alert))?;
        each(&tables.operators, |operator| self.operator(operator))?;
        self.row = "happens".to_owned();
        self.actions(&tables.by_hand)?;
        self.row = "calls".to_owned();
        let made = self.calls.iter().all(|steps| *steps > 0);
        self.must(made, "each call is made by some step")?;
        each(&tables.topics, |topic| self.topic(topic))?;
        each(&tables.consumers, |consumer| self.consumer(consumer))?;
        each(&tables.sends, |send| self.send(send))?;
        self.row = "sends".to_owned();
        let made = self.sends.iter().all(|steps| *steps > 0);
        self.must(made, "each send is made by some step")?;
        each(&tables.events, |event| self.event(event))?;
        each(&tables.faults, |fault| self.fault(fault))?;
        each(&tables.promises, |promise| self.promise(promise))
    }

    fn must(&self, holds: bool, what: &str) -> Checked {
        if holds {
            return Ok(());
        }
        Err(Inconsistent {
            row: self.row.clone(),
            reason: format!("it must hold that {what}"),
        })
    }

    fn id(&self, at: usize, length: usize, table: &str) -> Checked {
        if at < length {
            return Ok(());
        }
        Err(Inconsistent {
            row: self.row.clone(),
            reason: format!("there is no {table} number {at}"),
        })
    }

    fn service_id(&self, id: ServiceId) -> Checked {
        self.id(id.index(), self.tables.services.len(), "service")
    }

    fn endpoint_id(&self, id: EndpointId) -> Checked {
        self.id(id.index(), self.tables.endpoints.len(), "endpoint")
    }

    fn keys_id(&self, id: KeySpaceId) -> Checked {
        self.id(id.index(), self.tables.keys.len(), "key space")
    }

    fn pool_id(&self, id: PoolId) -> Checked {
        self.id(id.index(), self.tables.pools.len(), "pool")
    }

    fn event_id(&self, id: EventId) -> Checked {
        self.id(id.index(), self.tables.events.len(), "event")
    }

    fn client_id(&self, at: usize) -> Checked {
        self.id(at, self.tables.clients.len(), "client")
    }

    fn zone_id(&self, at: usize) -> Checked {
        self.id(at, self.tables.zones.len(), "zone")
    }

    fn link_id(&self, at: usize) -> Checked {
        self.id(at, self.tables.links.len(), "link")
    }

    fn edit_id(&self, at: usize) -> Checked {
        self.id(at, self.tables.edits.len(), "edit")
    }

    fn topic_id(&self, id: TopicId) -> Checked {
        self.id(id.index(), self.tables.topics.len(), "topic")
    }

    fn class(&self, class: u16) -> Checked {
        self.id(usize::from(class), self.tables.priorities.len(), "class")
    }

    /// A number of at least 0.
    fn number(&self, value: f64) -> Checked {
        let fits = value.is_finite() && 0.0 <= value;
        self.must(fits, "a number is finite and at least 0")
    }

    /// A probability, or a part of a whole.
    fn share(&self, value: f64) -> Checked {
        self.must((0.0..=1.0).contains(&value), "a share lies in 0..=1")
    }

    fn law(&self, dist: &Dist) -> Checked {
        law(dist).map(drop).map_err(|reason| Inconsistent {
            row: self.row.clone(),
            reason: format!("nothing can be drawn from {dist:?}: {reason}"),
        })
    }

    fn end(&self, end: End) -> Checked {
        match end {
            End::Service(id) => self.service_id(id),
            End::Zone(id) => self.zone_id(id.index()),
            End::Client(id) => self.client_id(id.index()),
            End::Rest | End::Any => Ok(()),
        }
    }

    fn link(&mut self, link: &Link) -> Checked {
        self.row = format!("links.{}", link.name);
        each(link.from.iter().chain(&link.to), |end| self.end(*end))?;
        self.law(&link.delay)?;
        self.share(link.loss)
    }

    fn replicas(&self, service: ServiceId, replicas: Replicas) -> Checked {
        self.service_id(service)?;
        match replicas {
            Replicas::All | Replicas::Any => Ok(()),
            Replicas::One(at) => {
                let count = self.tables.services[service.index()].replicas;
                self.id(at as usize, count as usize, "replica")
            }
            Replicas::Share(share) => self.share(share),
            Replicas::Zone(id) => self.zone_id(id.index()),
        }
    }

    fn admission(&self, admission: &Admission) -> Checked {
        each(admission.rate, |(rate, burst)| {
            self.number(rate)?;
            self.number(burst)
        })
    }

    fn balance(&self, balance: Balance) -> Checked {
        match balance {
            Balance::Hash(keys) => self.keys_id(keys),
            Balance::Random
            | Balance::RoundRobin
            | Balance::LeastRequests
            | Balance::ShortestQueue
            | Balance::Nearest => Ok(()),
        }
    }

    fn service(&mut self, at: usize, service: &'a Service) -> Checked {
        self.row = format!("services.{}", service.name);
        each(&service.rollout, |rollout| self.rollout(rollout))?;
        self.must(service.replicas > 0, "it has replicas")?;
        self.must(
            service.replicas <= REPLICAS_MAX,
            "it has not more than a million replicas",
        )?;
        self.must(service.workers > 0, "it has workers")?;
        if let Some(cores) = service.cores {
            self.must(0.0 < cores.request, "it has CPU")?;
            self.must(
                cores.request <= cores.limit,
                "the request is within the limit",
            )?;
            self.number(cores.limit)?;
        }
        each(&service.zones, |zone| self.zone_id(zone.index()))?;
        let placed = self.tables.zones.is_empty() || !service.zones.is_empty();
        self.must(placed, "its replicas are in zones if there are any")?;
        self.admission(&service.admission)?;
        self.balance(service.balance)?;
        self.share(service.panic)?;
        self.law(&service.start)?;
        if let Some((speed, _)) = service.cold {
            self.must(0.0 < speed, "it does some work while cold")?;
            self.share(speed)?;
        }
        self.must(service.ready.every_ns > 0, "time passes between two probes")?;
        each(service.ready.calls, |id| self.endpoint_id(id))?;
        if let Some(contention) = service.contention {
            self.number(contention.serial)?;
            self.number(contention.crosstalk)?;
        }
        let own = service.endpoints_from as usize..service.endpoints_to as usize;
        let own = self.tables.endpoints.get(own);
        let whole = own.is_some_and(|own| own.iter().all(|other| other.service.index() == at));
        self.must(whole, "its endpoints are its own")?;
        self.steps(&service.start_steps)
    }

    fn client(&mut self, client: &'a Client) -> Checked {
        self.row = format!("clients.{}", client.name);
        self.class(client.priority)?;
        each(client.active, |event| self.event_id(event))?;
        match &client.patience {
            Patience::Unlimited => {}
            Patience::Time(dist) | Patience::WhileQueued(dist) => self.law(dist)?,
            Patience::Until(event) => self.event_id(*event)?,
        }
        each(&client.value, |value| self.law(value))?;
        each(&client.retry, |retry| self.retry(retry))?;
        self.arrive(&client.arrive)?;
        self.steps(&client.steps)
    }

    fn arrive(&self, arrive: &Arrive) -> Checked {
        match arrive {
            Arrive::Stream {
                curve,
                pattern,
                batch,
            } => {
                self.number(curve.base_per_s)?;
                each(&curve.peaks, |peak| self.number(peak.height_per_s))?;
                each(curve.days, |factor| self.number(factor))?;
                if let Pattern::Cv(cv) = pattern {
                    self.number(*cv)?;
                }
                self.must(*batch > 0, "a batch has visits")
            }
            Arrive::Visits { event, count, .. } => {
                self.event_id(*event)?;
                self.law(count)
            }
            Arrive::Rate { event, per_s, .. } => {
                self.event_id(*event)?;
                self.number(*per_s)
            }
            Arrive::Recorded(recording) => {
                let rising = match &recording.what {
                    Recorded::Instants(all) => all.is_sorted(),
                    Recorded::Counts { rows, .. } => rows.is_sorted_by_key(|(start, _)| *start),
                };
                self.must(rising, "a recording goes forward")
            }
            Arrive::Closed { think, .. } => self.law(think),
        }
    }

    fn steps(&mut self, steps: &'a [Step]) -> Checked {
        each(steps, |step| self.step(step))
    }

    fn step(&mut self, step: &'a Step) -> Checked {
        each(step.chance, |chance| self.share(chance))?;
        each(step.condition, |guard| self.guard(guard))?;
        match &step.verb {
            Verb::Work(dist) | Verb::Wait(dist) => self.law(dist),
            Verb::Call(id) => {
                let calls = &self.tables.calls;
                self.id(id.index(), calls.len(), "call")?;
                self.calls[id.index()] += 1;
                match &calls[id.index()].fallback {
                    Some(Fallback {
                        what: FallbackDo::Steps(steps),
                        ..
                    }) if self.calls[id.index()] == 1 => self.steps(steps),
                    _ => Ok(()),
                }
            }
            Verb::Send(id) => {
                let sends = &self.tables.sends;
                self.id(id.index(), sends.len(), "send")?;
                self.sends[id.index()] += 1;
                match &sends[id.index()].fallback {
                    Some(Fallback {
                        what: FallbackDo::Steps(steps),
                        ..
                    }) if self.sends[id.index()] == 1 => self.steps(steps),
                    _ => Ok(()),
                }
            }
            Verb::Hold(pool, steps) => {
                self.pool_id(*pool)?;
                self.steps(steps)
            }
            Verb::Parallel { branches, need, .. } => {
                let enough = *need as usize <= branches.len();
                self.must(enough, "not more branches are needed than there are")?;
                each(branches, |branch| self.steps(branch))
            }
            Verb::Choose(branches) => {
                let open = branches.iter().filter(|branch| branch.condition.is_none());
                let (mut count, mut total) = (0, 0.0);
                for branch in open {
                    self.share(branch.chance)?;
                    (count, total) = (count + 1, total + branch.chance);
                }
                // Shares are decimal, their sum in binary is not.
                let whole = count == 0 || (total - 1.0_f64).abs() < 1e-6;
                self.must(whole, "the chances of a choice add up to 1")?;
                each(branches, |branch| {
                    each(branch.condition, |guard| self.guard(guard))?;
                    self.steps(&branch.steps)
                })
            }
            Verb::Repeat(count, steps) => {
                self.law(count)?;
                self.steps(steps)
            }
            Verb::Do(steps) => self.steps(steps),
            Verb::Fail(_) | Verb::Answer(_) => Ok(()),
        }
    }

    fn call(&mut self, call: &Call) -> Checked {
        self.row = format!("calls.{}", call.name);
        self.endpoint_id(call.target)?;
        let handler = |c: &Consumer| c.endpoint == call.target;
        let handles = self.tables.consumers.iter().any(handler);
        self.must(!handles, "nobody calls a handler")?;
        self.caller(call.caller)?;
        let callee = self.tables.endpoints[call.target.index()].service;
        each(call.subset, |subset| self.replicas(callee, subset))?;
        each(call.priority, |class| self.class(class))?;
        self.number(call.work_factor)?;
        self.policy(&call.policy)?;
        each(&call.mesh, |mesh| self.policy(mesh))
    }

    fn caller(&self, caller: Caller) -> Checked {
        match caller {
            Caller::Client(id) => self.client_id(id.index()),
            Caller::Endpoint(id) => self.endpoint_id(id),
            Caller::Start(id) => self.service_id(id),
        }
    }

    fn topic(&mut self, topic: &Topic) -> Checked {
        self.row = format!("topics.{}", topic.name);
        self.must(topic.partitions > 0, "it has a partition")?;
        self.must(topic.keep_ns > 0, "it keeps messages for some time")?;
        each(topic.key, |keys| self.keys_id(keys))?;
        each(topic.at, |service| self.service_id(service))?;
        self.law(&topic.ack)?;
        self.law(&topic.rebalance)
    }

    fn consumer(&mut self, consumer: &Consumer) -> Checked {
        self.topic_id(consumer.topic)?;
        self.row = format!(
            "consumers.{}",
            self.tables.topics[consumer.topic.index()].name
        );
        self.service_id(consumer.service)?;
        self.endpoint_id(consumer.endpoint)?;
        let owner = self.tables.endpoints[consumer.endpoint.index()].service;
        self.must(owner == consumer.service, "its handler is its own")?;
        let same = |c: &&Consumer| c.topic == consumer.topic;
        let sole = self.tables.consumers.iter().filter(same).count() == 1;
        self.must(sole, "a topic has one consumer")?;
        self.must(consumer.batch > 0, "a batch has messages")?;
        each(consumer.rate, |rate| {
            self.number(rate)?;
            self.must(0.0 < rate, "its rate is not 0")
        })?;
        each(&consumer.retry, |retry| self.retry(retry))?;
        each(consumer.only_if, |flag| self.flag_id(flag))?;
        each(consumer.then, |then| {
            self.topic_id(then)?;
            self.must(then != consumer.topic, "dead letters go elsewhere")?;
            let outbox = self.tables.topics[then.index()].at;
            self.must(
                outbox.is_none_or(|at| at == consumer.service),
                "dead letters go where the consumer can put them",
            )
        })
    }

    fn send(&mut self, send: &Send) -> Checked {
        self.row = format!("sends.{}", send.name);
        self.caller(send.caller)?;
        self.topic_id(send.topic)?;
        if let Some(outbox) = self.tables.topics[send.topic.index()].at {
            let own = match send.caller {
                Caller::Endpoint(id) => self.tables.endpoints[id.index()].service == outbox,
                Caller::Client(_) | Caller::Start(_) => false,
            };
            self.must(own, "an outbox lies where its messages are sent")?;
        }
        self.policy(&send.policy)
    }

    fn policy(&self, policy: &CallPolicy) -> Checked {
        each(&policy.retry, |retry| self.retry(retry))?;
        if let Some(hedge) = policy.hedge
            && let HedgeAfter::Quantile(quantile) = hedge.after
        {
            self.share(quantile)?;
        }
        each(policy.pool, |pool| self.pool_id(pool))?;
        each(policy.balance, |balance| self.balance(balance))
    }

    fn retry(&self, retry: &Retry) -> Checked {
        self.must(retry.attempts > 0, "the first attempt counts")?;
        self.number(retry.grow)?;
        each(retry.unless, |flag| self.flag_id(flag))?;
        match retry.budget {
            Some(Budget::Concurrent { ratio, .. }) => self.number(ratio),
            Some(Budget::Windowed {
                ratio,
                min_per_s,
                window_ns,
                ..
            }) => {
                self.number(ratio)?;
                self.number(min_per_s)?;
                self.must(window_ns > 0, "a window has a length")
            }
            Some(Budget::Bucket { .. } | Budget::Quota { .. }) | None => Ok(()),
        }
    }

    fn rollout(&mut self, rollout: &Rollout) -> Checked {
        self.share(rollout.fails)?;
        for step in &rollout.steps {
            if let RolloutStep::To(share) = step {
                self.share(*share)?;
            }
        }
        let whole = rollout.steps.contains(&RolloutStep::To(1.0));
        self.must(whole, "a rollout goes all the way")?;
        for keep in &rollout.keep_if {
            each(keep.endpoint, |endpoint| self.endpoint_id(endpoint))?;
            self.number(keep.condition.value)?;
        }
        let mut chances = 0.0;
        for bad in &rollout.bad {
            self.share(bad.chance)?;
            self.edit_id(bad.edit.index())?;
            chances += bad.chance;
        }
        self.must(
            rollout.bad.is_empty() || (chances - 1.0).abs() < 1e-6,
            "chances of bad versions add up to 1",
        )?;
        self.must(
            rollout.fails == 0.0 || !rollout.bad.is_empty(),
            "a rollout that fails is bad somehow",
        )
    }

    fn growth(&mut self, growth: &Growth) -> Checked {
        self.row = "growth".to_owned();
        if let Grows::Demand(client) = growth.what {
            self.client_id(client.index())?;
        }
        self.number(growth.share)?;
        self.number(growth.in_force)?;
        self.number(growth.per_ns)?;
        self.must(growth.per_ns > 0.0, "growth takes time")
    }

    fn costs(&mut self, costs: &Costs) -> Checked {
        self.row = "costs".to_owned();
        for &(service, price) in &costs.replica_per_ns {
            self.service_id(service)?;
            self.number(price)?;
        }
        for &(promise, price) in &costs.breach {
            let there = promise.index() < self.tables.promises.len();
            self.must(there, "a breach is of a promise that is there")?;
            self.number(price)?;
        }
        if let Some(LostCost::Each(amount)) = costs.lost {
            self.number(amount)?;
        }
        self.number(costs.core_per_ns)?;
        self.number(costs.page)
    }

    fn event(&mut self, event: &Event) -> Checked {
        self.row = format!("events.{}", event.name);
        each(event.every_ns, |every| self.number(every))?;
        each(&event.lasts, |lasts| self.law(lasts))?;
        for (client, factor) in &event.demand {
            self.client_id(client.index())?;
            self.number(*factor)?;
        }
        each(event.edit, |edit| self.edit_id(edit.index()))
    }

    fn fault(&mut self, fault: &Fault) -> Checked {
        self.row = format!("faults.{}", fault.name);
        match &fault.kind {
            FaultKind::Crash(target)
            | FaultKind::Vanish(target)
            | FaultKind::Stall(target)
            | FaultKind::Cut(target)
            | FaultKind::Hang { target, .. } => self.target(target)?,
            FaultKind::Slow { target, by, .. }
            | FaultKind::Capacity { target, to: by }
            | FaultKind::Loss { target, by }
            | FaultKind::Delay { target, by } => {
                self.target(target)?;
                self.law(by)?;
            }
            FaultKind::Errors { target, by, keys } => {
                self.target(target)?;
                self.law(by)?;
                each(*keys, |keys| self.keys_id(keys))?;
            }
            FaultKind::Edit(edit) => self.edit_id(edit.index())?,
            FaultKind::Together(faults) => {
                let count = self.tables.faults.len();
                each(faults, |other| self.id(other.index(), count, "fault"))?;
            }
        }
        match fault.when {
            FaultWhen::Every {
                mean_ns, during, ..
            } => {
                self.number(mean_ns)?;
                each(during, |event| self.event_id(event))?;
            }
            FaultWhen::Chance { during, chance } => {
                self.event_id(during)?;
                self.share(chance)?;
            }
            FaultWhen::Dated(_) | FaultWhen::Possible => {}
        }
        match &fault.lasts {
            Lasts::Time(dist) => self.law(dist),
            Lasts::Until(event) => self.event_id(*event),
            Lasts::Repaired => Ok(()),
        }
    }

    fn guard(&self, guard: Guard) -> Checked {
        match guard {
            Guard::Value(test) => self.number(test.value),
            Guard::Up(flag) | Guard::Down(flag) => self.flag_id(flag),
        }
    }

    fn flag_id(&self, flag: FlagId) -> Checked {
        self.id(flag.index(), self.tables.flags.len(), "flag")
    }

    fn target(&self, target: &Target) -> Checked {
        match *target {
            Target::Replicas(service, replicas) => self.replicas(service, replicas),
            Target::Worker {
                service,
                replica,
                worker,
            } => {
                self.replicas(service, replica)?;
                let workers = self.tables.services[service.index()].workers as usize;
                each(worker, |worker| self.id(worker as usize, workers, "worker"))
            }
            Target::AnyReplica => self.must(!self.tables.services.is_empty(), "there is a replica"),
            Target::Zone(id) => self.zone_id(id.index()),
            Target::AnyZone => self.must(!self.tables.zones.is_empty(), "there is a zone"),
            Target::Endpoint(id) => self.endpoint_id(id),
            Target::Link(id) => self.link_id(id.index()),
            Target::Path { from, to, .. } => {
                self.end(from)?;
                self.end(to)
            }
            Target::Pool(id) => self.pool_id(id),
        }
    }

    fn promise(&mut self, promise: &Promise) -> Checked {
        self.row = format!("promises.{}", promise.name);
        each(&promise.subjects, |subject| self.subject(*subject))?;
        self.share(promise.at_risk)?;
        each(&promise.survives, |survive| self.claim(&survive.what))?;
        each(&promise.must, |condition| self.condition(condition))
    }

    fn claim(&self, claim: &Claim) -> Checked {
        match claim {
            Claim::NormalDay => Ok(()),
            Claim::OnceIn { ns } => self.must(0 < *ns, "once in no time is no promise"),
            Claim::Together(parts) => {
                self.must(!parts.is_empty(), "a day to survive has something to it")?;
                each(parts, |part| self.part(*part))
            }
        }
    }

    fn part(&self, part: Part) -> Checked {
        let tables = self.tables;
        let some = |count: u32, of: u64| {
            let fits = 0 < count && u64::from(count) <= of;
            self.must(fits, "there are as many as are to fail")
        };
        match part {
            Part::Fault(fault) => self.id(fault.index(), tables.faults.len(), "fault"),
            Part::Event(event) => self.event_id(event),
            Part::AnyZone { count } => some(count, tables.zones.len() as u64),
            Part::AnyFault { count } => some(count, tables.faults.len() as u64),
            Part::AnyReplica { count } => {
                let replicas = tables.services.iter().map(|s| u64::from(s.replicas));
                some(count, replicas.sum())
            }
            Part::AnyRollout { count } => {
                let rollouts = tables.services.iter().filter(|s| s.rollout.is_some());
                some(count, rollouts.count() as u64)
            }
            Part::Peak(factor) => {
                self.number(factor)?;
                self.must(0.0 < factor, "a peak is not nothing")
            }
        }
    }

    fn subject(&self, subject: Subject) -> Checked {
        match subject {
            Subject::Client(id) => self.client_id(id.index()),
            Subject::Service(id) => self.service_id(id),
            Subject::Endpoint(id) => self.endpoint_id(id),
            Subject::Call(id) => self.id(id.index(), self.tables.calls.len(), "call"),
            Subject::Topic(id) => self.topic_id(id),
        }
    }

    fn condition(&self, condition: &Condition) -> Checked {
        self.number(condition.value)?;
        match condition.metric {
            Metric::Percentile(quantile) => self.share(quantile),
            Metric::MoneyLost => self.must(
                condition.of_answered == OfAnswered::No,
                "what was answered is not lost",
            ),
            _ => Ok(()),
        }
    }

    fn alert(&mut self, alert: &Alert) -> Checked {
        self.row = format!("alerts.{}", alert.name);
        match &alert.on {
            AlertOn::Sight(sight) => self.sight(sight)?,
            AlertOn::Burn(burn) => {
                let count = self.tables.promises.len();
                self.id(burn.promise.index(), count, "promise")?;
                for window in &burn.windows {
                    self.number(window.factor)?;
                    let ordered = 0 < window.short_ns && window.short_ns <= window.long_ns;
                    self.must(
                        ordered,
                        "a short window has a length and is not the longer one",
                    )?;
                }
            }
        }
        self.must(alert.every_ns > 0, "an alert looks again after a while")?;
        self.law(&alert.delay)?;
        self.share(alert.misses)?;
        each(alert.needs, |endpoint| self.endpoint_id(endpoint))?;
        let count = self.tables.operators.len();
        each(&alert.tells, |operator| {
            self.id(operator.index(), count, "operator")
        })
    }

    fn sight(&self, sight: &Sight) -> Checked {
        self.subject(sight.subject)?;
        let condition = sight.seen.condition();
        let seen = condition.metric != Metric::MoneyLost;
        self.must(seen, "nobody watches the money")?;
        self.condition(condition)
    }

    fn operator(&mut self, operator: &Operator) -> Checked {
        self.row = format!("operators.{}", operator.name);
        self.must(operator.people > 0, "an operator is somebody")?;
        each(&operator.after, |after| self.law(after))?;
        each(&operator.blind, |blind| self.law(blind))?;
        each(operator.needs, |endpoint| self.endpoint_id(endpoint))?;
        for shift in &operator.shifts {
            each(&shift.after, |after| self.law(after))?;
        }
        for entry in &operator.runbook {
            let count = self.tables.alerts.len();
            self.id(entry.alert.index(), count, "alert")?;
            each(&entry.after, |after| self.law(after))?;
            self.actions(&entry.actions)?;
            match &entry.expiry {
                Expiry::Never => {}
                Expiry::After(time) => self.law(time)?,
                Expiry::Until(sight) => self.sight(sight)?,
            }
        }
        each(&operator.mistakes, |mistakes| {
            self.share(mistakes.chance)?;
            self.actions(&mistakes.actions)
        })
    }

    fn actions(&self, actions: &[Action]) -> Checked {
        each(actions, |action| {
            each(&action.takes, |takes| self.law(takes))?;
            each(action.through, |endpoint| self.endpoint_id(endpoint))?;
            match &action.act {
                Act::Edit(edit) => self.edit_id(edit.index()),
                Act::Set(flag) | Act::Clear(flag) => self.flag_id(*flag),
                Act::Shed(Shed::Client(client), by) => {
                    self.client_id(client.index())?;
                    self.share(*by)
                }
                Act::Shed(Shed::Endpoint(endpoint), by) => {
                    self.endpoint_id(*endpoint)?;
                    self.share(*by)
                }
                Act::Restart(target) => self.target(target),
                Act::Drain(zone) => self.zone_id(zone.index()),
                Act::RollBack(service) | Act::Pause(service) => self.service_id(*service),
                Act::Replay(topic) => self.topic_id(*topic),
                Act::Repair(fault) => self.id(fault.index(), self.tables.faults.len(), "fault"),
            }
        })
    }
}
