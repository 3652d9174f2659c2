//! Who answers: services with their replicas, queues and probes, and the frames of their endpoints.

use super::Resolver;
use super::directory::{Item, Written, id, missing, service_key};
use super::facts::UNLIMITED;
use super::laws::Bare;
use super::place::{order, per};
use super::policy::Layer;
use super::step::Walk;
use crate::ast;
use crate::diagnostic::{Diagnostic, quoted};
use crate::form::OrNone;
use crate::scalar::{Bounded, Duration, Uncertain};
use crate::source::Span;
use crate::system::{
    Admission, Balance, Caller, Contention, CoreOrder, Cores, Dist, Endpoint, Expired, Order, Per,
    Probe, Queue, REPLICAS_IN_ALL_MAX, REPLICAS_MAX, Service, ServiceId, ZoneId,
};

const SECOND: u64 = 1_000_000_000;

impl<'a> Resolver<'a> {
    /// All services and the frames of their endpoints, without steps.
    pub(super) fn services(&mut self) {
        let directory = self.directory;
        for endpoint in &directory.endpoints {
            let service = directory.services[endpoint.service];
            self.enter(service.defaults);
            let path = format!("{}.{}", service.name, endpoint.name);
            let (admission, fails, names) = match endpoint.value {
                Written::Endpoint(written) => (
                    self.admission(&path, written.admission.as_ref()),
                    written
                        .fails
                        .as_ref()
                        .map_or(0.0, |fails| self.share(&format!("{path}.fails"), fails)),
                    known_as(written.known_as.as_ref()),
                ),
                Written::Handler(..) => (Admission::default(), 0.0, Vec::new()),
            };
            self.system.endpoints.push(Endpoint {
                name: endpoint.name.to_owned(),
                service: ServiceId(id(endpoint.service)),
                known_as: names,
                steps: Vec::new(),
                fails,
                admission,
                reached: false,
            });
        }
        for (position, &service) in directory.services.iter().enumerate() {
            self.enter(service.defaults);
            let service = self.service(position, service);
            self.system.services.push(service);
        }
    }

    fn service(&mut self, position: usize, item: Item<'a, ast::Service>) -> Service {
        let Item { name, at, .. } = item;
        let path = format!("services.{name}");
        let replicas = match service_key(item, |service| service.replicas.as_ref()) {
            Some(replicas) => {
                let count = self.small_count(&format!("{path}.replicas"), replicas);
                if count == 0 {
                    self.error(replicas.span, format!("{} has no replicas", quoted(name)));
                }
                let known = self.system.services.iter();
                let known: u64 = known.map(|service| u64::from(service.replicas)).sum();
                let fits = known + u64::from(count) <= REPLICAS_IN_ALL_MAX;
                if count > REPLICAS_MAX || !fits {
                    let all = if fits || count > REPLICAS_MAX {
                        ""
                    } else {
                        " with the other services'"
                    };
                    let message = format!("{count} replicas{all} are more than can be simulated");
                    let hint = "at most a million of one service, and two million in all";
                    let error = Diagnostic::error(replicas.span, message).hint(hint);
                    self.found.push(error);
                }
                count
            }
            None => {
                self.assume(
                    &format!("{path}.replicas"),
                    "1",
                    "one replica unless the file says otherwise",
                    at,
                );
                1
            }
        };
        let cores = service_key(item, |service| service.cores.as_ref())
            .map(|cores| self.cores(&path, cores));
        let workers = self.workers(&path, item, cores.is_some());
        let queue = self.queue(&path, item);
        let admission = service_key(item, |service| service.admission.as_ref());
        let admission = self.admission(&path, admission);
        let (balance, panic, slow_start_ns) = self.balance(&path, item);
        let (start, cold) = self.start(&path, item);
        let stop = service_key(item, |service| service.stop.as_ref());
        let grace = stop.and_then(|stop| stop.grace.as_ref());
        let unready = stop.and_then(|stop| stop.unready.as_ref());
        let contention = service_key(item, |service| service.contention.as_ref());
        let (endpoints_from, endpoints_to) = self.directory.endpoints_of(position);
        Service {
            name: name.to_owned(),
            owner: service_key(item, |service| service.owner.as_ref())
                .map(|owner| owner.value.to_string()),
            known_as: known_as(item.value.known_as.as_ref()),
            replicas,
            workers,
            cores,
            zones: self.zones_of(&path, item),
            queue,
            admission,
            balance,
            panic,
            slow_start_ns,
            start,
            cold,
            start_steps: Vec::new(),
            stop_grace_ns: self.time_or(
                (&format!("{path}.stop.grace"), at),
                grace,
                (30 * SECOND, "30s", "as Kubernetes does"),
            ),
            stop_unready_ns: self.time_or(
                (&format!("{path}.stop.unready"), at),
                unready,
                (0, "0s", "a replica that stops takes no new work at once"),
            ),
            ready: self.probe(position, &path, item),
            contention: self.contention(&path, contention),
            rollout: None,
            endpoints_from,
            endpoints_to,
        }
    }

    fn cores(&mut self, path: &str, written: &ast::Cores) -> Cores {
        let request = self
            .say(&format!("{path}.cores.request"), &written.request)
            .best()
            .get();
        if request == 0.0 {
            self.error(written.request.span, "a replica without CPU does no work");
        }
        let limit = match &written.limit {
            Some(limit) => {
                let limit_value = self.say(&format!("{path}.cores.limit"), limit).best().get();
                if limit_value < request {
                    let message = format!("the limit {limit_value} is below the request {request}");
                    let error = Diagnostic::error(limit.span, message);
                    let error = error.also(written.request.span, "the request");
                    self.found.push(error.lacking(written.span));
                }
                limit_value
            }
            None => request,
        };
        let order = match &written.order {
            Some(given)
                if *self.say(&format!("{path}.cores.order"), given) == ast::CoreOrder::Fifo =>
            {
                CoreOrder::Fifo
            }
            _ => CoreOrder::Shared,
        };
        Cores {
            request,
            limit,
            order,
        }
    }

    fn workers(&mut self, path: &str, item: Item<'a, ast::Service>, has_cores: bool) -> u32 {
        match service_key(item, |service| service.workers.as_ref()) {
            Some(given) => match self.say(&format!("{path}.workers"), given) {
                Bounded::Unlimited => u32::MAX,
                Bounded::None => {
                    self.error(given.span, "a service without workers serves nobody");
                    1
                }
                Bounded::At(count) => match u32::try_from(count.best().get()) {
                    Ok(0) => {
                        self.error(given.span, "a service without workers serves nobody");
                        1
                    }
                    Ok(count) if count < u32::MAX => count,
                    _ => {
                        let error = Diagnostic::error(given.span, "this is too many to count");
                        self.found.push(error.hint("`unlimited`"));
                        1
                    }
                },
            },
            None if has_cores => {
                self.assume(
                    &format!("{path}.workers"),
                    "unlimited",
                    "with `cores`, no request waits for a worker",
                    item.at,
                );
                u32::MAX
            }
            None => {
                let message = format!("{} has neither `workers` nor `cores`", quoted(item.name));
                let hint = "`workers: 16` is a thread pool, `workers: unlimited` never makes a request wait";
                let error = Diagnostic::error(item.at, message).hint(hint);
                self.found.push(error.lacking(item.value.span));
                1
            }
        }
    }

    fn queue(&mut self, path: &str, item: Item<'a, ast::Service>) -> Queue {
        let path = format!("{path}.queue");
        let mut queue = Queue {
            bound: UNLIMITED,
            order: Order::Fifo,
            per: Per::Replica,
            expired: Expired::Keep,
            timeout_ns: None,
        };
        let written = service_key(item, |service| service.queue.as_ref());
        match written.and_then(|written| written.bound.as_ref()) {
            Some(bound) => queue.bound = self.bound(&format!("{path}.bound"), bound),
            None => {
                let at = written.map_or(item.at, |written| written.span);
                self.assume(
                    &format!("{path}.bound"),
                    "unlimited",
                    "a queue without a bound takes everything",
                    at,
                );
            }
        }
        let Some(written) = written else { return queue };
        if let Some(given) = &written.order {
            queue.order = order(*self.say(&format!("{path}.order"), given));
        }
        if let Some(given) = &written.per {
            queue.per = per(*self.say(&format!("{path}.per"), given));
        }
        if let Some(given) = &written.expired
            && *self.say(&format!("{path}.expired"), given) == ast::Expired::Drop
        {
            queue.expired = Expired::Drop;
        }
        if let Some(timeout) = &written.timeout {
            queue.timeout_ns = Some(self.nanos(&format!("{path}.timeout"), timeout));
        }
        queue
    }

    fn admission(&mut self, path: &str, written: Option<&OrNone<ast::Admission>>) -> Admission {
        let Some(OrNone::Some(written)) = written else {
            return Admission::default();
        };
        let rate = written.rate.as_ref().map(|given| {
            let bucket = self.say(&format!("{path}.admission.rate"), given);
            (bucket.rate.best().get(), bucket.burst.best().get() as f64)
        });
        let concurrency = written.concurrency.as_ref().map(|given| {
            let concurrency = self.count(&format!("{path}.admission.concurrency"), given);
            if concurrency == 0 {
                self.error(given.span, "this lets nobody in");
            }
            concurrency
        });
        Admission { rate, concurrency }
    }

    fn balance(&mut self, path: &str, item: Item<'a, ast::Service>) -> (Balance, f64, u64) {
        let path = format!("{path}.balance");
        let written = service_key(item, |service| service.balance.as_ref());
        let by = match written.and_then(|written| written.by.as_ref()) {
            Some(by) => self.balance_by(&path, by).unwrap_or(Balance::Random),
            None => {
                self.assume(
                    &path,
                    "random",
                    "as kube-proxy's iptables mode does",
                    item.at,
                );
                Balance::Random
            }
        };
        let panic = written.and_then(|written| written.panic.as_ref());
        let slow_start = written.and_then(|written| written.slow_start.as_ref());
        let panic = match panic {
            Some(panic) => self.share(&format!("{path}.panic"), panic),
            None => {
                self.assume(
                    &format!("{path}.panic"),
                    "0%",
                    "only replicas that seem ready are tried",
                    item.at,
                );
                0.0
            }
        };
        let slow_start_ns = self.time_or(
            (&format!("{path}.slow-start"), item.at),
            slow_start,
            (0, "0s", "a replica that became ready gets its full share"),
        );
        (by, panic, slow_start_ns)
    }

    fn start(&mut self, path: &str, item: Item<'a, ast::Service>) -> (Dist, Option<(f64, u64)>) {
        let path = format!("{path}.start");
        let written = service_key(item, |service| service.start.as_ref());
        let time = written.and_then(|written| written.time.as_ref().or(written.then.as_ref()));
        let start = match time {
            Some(time) => self.dist(&path, time, Bare::Constant),
            None => {
                let at = written.map_or(item.at, |written| written.span);
                self.assume(
                    &path,
                    "30s",
                    "our choice: a replica that starts is slow to be ready",
                    at,
                );
                Dist::Constant(30.0 * SECOND as f64)
            }
        };
        let cold = written
            .and_then(|written| written.cold.as_ref())
            .map(|given| {
                let cold = self.say(&format!("{path}.cold"), given);
                let speed = cold.speed.best().get();
                if speed == 0.0 || speed > 1.0 {
                    self.error(
                        given.span,
                        "a cold replica works at more than 0% and at most 100% of its speed",
                    );
                }
                (speed, cold.lasts.best().nanos())
            });
        (start, cold)
    }

    fn probe(&mut self, position: usize, path: &str, item: Item<'a, ast::Service>) -> Probe {
        let path = format!("{path}.probes.ready");
        let written = service_key(item, |service| service.probes.as_ref())
            .and_then(|probes| probes.ready.as_ref());
        let at = written.map_or(item.at, |written| written.span);
        let every_ns = match written.and_then(|ready| ready.every.as_ref()) {
            Some(every) => {
                let nanos = self.nanos(&format!("{path}.every"), every);
                if nanos == 0 {
                    self.error(every.span, "a probe takes some time between two");
                }
                nanos
            }
            None => {
                self.assume(&format!("{path}.every"), "10s", "as Kubernetes does", at);
                10 * SECOND
            }
        };
        let timeout = written.and_then(|ready| ready.timeout.as_ref());
        let timeout_ns = self.time_or(
            (&format!("{path}.timeout"), at),
            timeout,
            (SECOND, "1s", "as Kubernetes does"),
        );
        let failures = match written.and_then(|ready| ready.failures.as_ref()) {
            Some(failures) => self
                .small_count(&format!("{path}.failures"), failures)
                .max(1),
            None => {
                self.assume(&format!("{path}.failures"), "3", "as Kubernetes does", at);
                3
            }
        };
        let calls = written
            .and_then(|ready| ready.calls.as_ref())
            .and_then(|given| {
                let name = self.say(&format!("{path}.calls"), given).as_str();
                let endpoint = self.directory.called_endpoint(position, name);
                if endpoint.is_none() {
                    let (first, last) = self.directory.endpoints_of(position);
                    let names = self
                        .names((first..last).map(|at| self.directory.endpoints[at as usize].name));
                    let message = format!("{} has no endpoint {}", quoted(item.name), quoted(name));
                    self.found.push(missing(
                        Diagnostic::error(given.span, message),
                        name,
                        &names,
                    ));
                }
                endpoint
            });
        Probe {
            every_ns,
            timeout_ns,
            failures,
            calls,
        }
    }

    /// A time, or what is taken if nobody says: nanoseconds, their text, and why.
    fn time_or(
        &mut self,
        (path, at): (&str, Span),
        given: Option<&crate::form::Given<Uncertain<Duration>>>,
        (nanos, text, reason): (u64, &str, &'static str),
    ) -> u64 {
        match given {
            Some(given) => self.nanos(path, given),
            None => {
                self.assume(path, text, reason, at);
                nanos
            }
        }
    }

    fn contention(
        &mut self,
        path: &str,
        written: Option<&OrNone<ast::Contention>>,
    ) -> Option<Contention> {
        let Some(OrNone::Some(written)) = written else {
            return None;
        };
        let path = format!("{path}.contention");
        let part = |this: &mut Self, key: &str, given: Option<&crate::form::Given<_>>| {
            given.map_or(0.0, |given| this.share(&format!("{path}.{key}"), given))
        };
        let serial = part(self, "serial", written.serial.as_ref());
        let crosstalk = part(self, "crosstalk", written.crosstalk.as_ref());
        if let Some(of) = &written.of {
            self.say(&format!("{path}.of"), of);
        }
        (serial > 0.0 || crosstalk > 0.0).then_some(Contention { serial, crosstalk })
    }

    /// The zones of replicas 0, 1, 2 ...: dealt in turn.
    fn zones_of(&mut self, path: &str, item: Item<'a, ast::Service>) -> Vec<ZoneId> {
        let all = (0..id(self.directory.zones.len())).map(ZoneId).collect();
        let spread = service_key(item, |service| service.spread.as_ref());
        if let Some(spread) = spread {
            self.say(&format!("{path}.spread"), spread);
            if self.directory.zones.is_empty() {
                let error = Diagnostic::error(
                    spread.span,
                    "there are no zones in this system to spread over",
                );
                let error = error.hint("`zones: [a, b, c]`");
                self.found.push(error.lacking(spread.span));
            }
        }
        let Some(zone) = service_key(item, |service| service.zone.as_ref()) else {
            return all;
        };
        let (own_spread, own_zone) = (&item.value.spread, &item.value.zone);
        if own_spread.is_some() && own_zone.is_none() {
            // The service's own word is nearer than a zone for all services.
            return all;
        }
        if let Some(spread) = spread
            && own_spread.is_some() == own_zone.is_some()
        {
            let error = Diagnostic::error(zone.span, "a service is in one zone or spread over all");
            self.found.push(error.also(spread.span, "spread here"));
        }
        let name = self.say(&format!("{path}.zone"), zone).as_str();
        let Some(known) = self.directory.zone(name) else {
            let names = self.names(self.directory.zones.iter().map(|known| known.0));
            let error = self.directory.unknown(zone.span, name, "a zone", &names);
            self.found.push(error);
            return all;
        };
        vec![ZoneId(id(known))]
    }

    /// The policies of a service's calls, behind those of the endpoint.
    pub(super) fn service_layers(
        &mut self,
        service: Item<'a, ast::Service>,
        layers: &mut Vec<Layer<'a>>,
    ) {
        if let Some(calls) = service_key(service, |service| service.calls.as_ref()) {
            self.push_layer(layers, format!("services.{}.calls", service.name), calls);
        }
        if let Some(calls) = service
            .defaults
            .and_then(|defaults| defaults.calls.as_ref())
        {
            self.push_layer(layers, "defaults.calls".to_owned(), calls);
        }
    }

    /// What replicas do before they are ready.
    pub(super) fn start_steps(&mut self) {
        let directory = self.directory;
        for (position, &service) in directory.services.iter().enumerate() {
            let start = service_key(service, |service| service.start.as_ref());
            let Some(steps) = start.and_then(|start| start.steps.as_ref()) else {
                continue;
            };
            self.enter(service.defaults);
            let mut layers = Vec::new();
            self.service_layers(service, &mut layers);
            let caller = Caller::Start(ServiceId(id(position)));
            let mut walk = Walk::new(
                caller,
                format!("{}.start", service.name),
                Some(position),
                layers,
            );
            self.system.services[position].start_steps = self.steps(steps, &mut walk);
        }
    }
}

/// What telemetry calls a thing.
pub(super) fn known_as(names: Option<&Vec<crate::form::Given<ast::Text>>>) -> Vec<String> {
    names
        .into_iter()
        .flatten()
        .map(|name| name.value.to_string())
        .collect()
}
