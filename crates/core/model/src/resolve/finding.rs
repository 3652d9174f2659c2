//! What is not wrong, but probably not wanted: findings about the whole system, from its structure alone.

use std::collections::{BTreeMap, BTreeSet};

use super::Resolver;
use super::call::Edge;
use super::directory::id;
use super::laws::mean;
use super::step::Always;
use crate::ast;
use crate::diagnostic::{Diagnostic, quoted};
use crate::source::Span;
use crate::system::{
    Act, Arrive, Call, CallId, Caller, Condition, Deadline, EndpointId, FaultKind, Lasts, Metric,
    Patience, PoolId, Step, Subject, Verb,
};

/// The findings about a file: stable identifier, name, and when it is raised.
pub const FINDINGS: &[(&str, &str, &str)] = &[
    ("WD0001", "call-without-timeout", "a call waits for ever"),
    (
        "WD0002",
        "timeout-below-callee",
        "a caller gives up before its callee has finished trying",
    ),
    (
        "WD0003",
        "queue-outlives-timeout",
        "a full queue takes longer than its callers wait",
    ),
    (
        "WD0004",
        "retry-amplification",
        "attempts multiply along a path to more than 4",
    ),
    (
        "WD0005",
        "retry-without-budget",
        "nothing bounds how many requests are tried again",
    ),
    (
        "WD0006",
        "pool-below-workers",
        "a pool is smaller than the workers that use it",
    ),
    (
        "WD0007",
        "single-replica",
        "a service that clients need has one replica",
    ),
    (
        "WD0008",
        "fault-without-frequency",
        "nobody says how often a fault comes",
    ),
    (
        "WD0009",
        "probe-in-queue",
        "a probe waits behind the users' requests",
    ),
    ("WD0010", "no-variation", "a distribution with cv 0"),
    (
        "WD0011",
        "wide-range",
        "a value may lie anywhere in a range of more than 10x",
    ),
    (
        "WD0014",
        "percentile-too-fine",
        "a window has too few requests for its percentile",
    ),
    (
        "WD0015",
        "recording-remark",
        "a recording was read, but not without a remark",
    ),
    (
        "WD0016",
        "model-changed",
        "a scenario was found on another state of the model",
    ),
    (
        "WD0017",
        "repaired-by-nobody",
        "a fault lasts until it is repaired, and no runbook repairs it",
    ),
];

/// The attempts that a request may multiply to before it is worth a word.
const ATTEMPTS_MAX: u64 = 4;

impl Resolver<'_> {
    /// Marks what clients reach, and refuses calls that never end.
    pub(super) fn reach(&mut self) {
        for (at, edge) in self.edges.iter().enumerate() {
            if let Some(from) = edge.from {
                self.made_by.entry(from).or_default().push(at);
            }
        }
        let mut open: Vec<EndpointId> = self
            .edges
            .iter()
            .filter(|edge| {
                matches!(
                    self.system.calls[edge.call.index()].caller,
                    Caller::Client(_)
                )
            })
            .map(|edge| edge.to)
            .collect();
        loop {
            while let Some(endpoint) = open.pop() {
                let reached = &mut self.system.endpoints[endpoint.index()].reached;
                if !std::mem::replace(reached, true) {
                    let made = self.made_by.get(&endpoint).into_iter().flatten();
                    open.extend(made.map(|&at| self.edges[at].to));
                }
            }
            // What is reached may send, and who handles that may call.
            open = self.handlers_reached();
            if open.is_empty() {
                break;
            }
        }
        self.refuse_cycles();
    }

    /// A request that always makes a request that always makes it again has no end.
    fn refuse_cycles(&mut self) {
        let mut calls: BTreeMap<EndpointId, Vec<(EndpointId, Span)>> = BTreeMap::new();
        for Edge {
            from,
            to,
            always,
            at,
            ..
        } in &self.edges
        {
            if let (Some(from), Always::Yes) = (from, always) {
                calls.entry(*from).or_default().push((*to, *at));
            }
        }
        for (from, to, at) in self.handled_always() {
            calls.entry(from).or_default().push((to, at));
        }
        let mut done: BTreeSet<EndpointId> = BTreeSet::new();
        let starts: Vec<EndpointId> = calls.keys().copied().collect();
        for start in starts {
            // Depth first, with the path kept: (endpoint, next call to look at).
            let mut path: Vec<(EndpointId, usize)> = vec![(start, 0)];
            while let Some((endpoint, next)) = path.last_mut() {
                if done.contains(endpoint) {
                    path.pop();
                    continue;
                }
                let call = calls
                    .get(endpoint)
                    .and_then(|calls| calls.get(*next))
                    .copied();
                *next += 1;
                let Some((to, at)) = call else {
                    done.insert(*endpoint);
                    path.pop();
                    continue;
                };
                if let Some(first) = path.iter().position(|(endpoint, _)| *endpoint == to) {
                    let mut names: Vec<String> = path[first..]
                        .iter()
                        .map(|(endpoint, _)| self.directory.endpoint_name(*endpoint))
                        .collect();
                    names.push(self.directory.endpoint_name(to));
                    let message = format!("these calls never end: {}", names.join(" -> "));
                    let hint = "a `chance` or an `if` on one of them ends it";
                    let error = Diagnostic::error(at, message).hint(hint);
                    self.found.push(error.lacking_calls());
                } else if !done.contains(&to) {
                    path.push((to, 0));
                }
            }
        }
    }

    /// All findings that need the whole.
    pub(super) fn findings(&mut self) {
        if self.found.has_errors() {
            // What is said about half a system would be wrong.
            return;
        }
        self.timeouts();
        self.queues();
        self.amplification();
        self.pools_below_workers();
        self.lonely();
        self.never_repaired();
        // One finding of a kind at a place, except that a recording may be odd in several ways.
        let mut seen: BTreeSet<(&str, Span, String)> = BTreeSet::new();
        self.findings.retain(|finding| {
            let code = finding.code.unwrap_or_default();
            let words = if code == "WD0015" {
                finding.message.clone()
            } else {
                String::new()
            };
            seen.insert((code, finding.at, words))
        });
    }

    fn call_span(&self, call: CallId) -> Span {
        self.calls[call.index()].at
    }

    fn timeouts(&mut self) {
        // Of each endpoint, the call that it may spend most on.
        let mut slowest: BTreeMap<EndpointId, (u64, CallId)> = BTreeMap::new();
        for Edge { from, call, .. } in &self.edges {
            let inner = &self.system.calls[call.index()];
            let total = attempt_timeout(inner).and_then(|one| one.checked_mul(attempts(inner)));
            if let (Some(from), Some(total)) = (from, total) {
                let known = slowest.entry(*from).or_insert((total, *call));
                *known = (*known).max((total, *call));
            }
        }
        for at in 0..self.system.calls.len() {
            let call = &self.system.calls[at];
            let span = self.call_span(CallId(id(at)));
            let bounded = call.policy.timeout_ns.is_some()
                || matches!(call.policy.deadline, Deadline::After(_))
                || call.mesh.as_ref().is_some_and(|mesh| {
                    mesh.timeout_ns.is_some() || matches!(mesh.deadline, Deadline::After(_))
                });
            let patient = match call.caller {
                Caller::Client(client) => matches!(
                    self.system.clients[client.index()].patience,
                    Patience::Unlimited
                ),
                Caller::Endpoint(_) | Caller::Start(_) => true,
            };
            if !bounded && patient {
                let message = format!(
                    "the call {} has no timeout: it waits for ever",
                    quoted(&call.name)
                );
                self.find("WD0001", span, message, "`timeout: 1s`");
                continue;
            }
            let Some(timeout) = attempt_timeout(&self.system.calls[at]) else {
                continue;
            };
            let longest = slowest.get(&self.system.calls[at].target).copied();
            let longest = longest.filter(|(total, _)| *total > timeout);
            if let Some((total, inner)) = longest {
                let call = &self.system.calls[at];
                let inner_name = quoted(&self.system.calls[inner.index()].name);
                let message = format!(
                    "{} gives up after {}, while {inner_name} may try for {}",
                    quoted(&call.name),
                    crate::scalar::Duration::from_nanos(timeout),
                    crate::scalar::Duration::from_nanos(total),
                );
                let hint =
                    "a caller's timeout covers its callee's timeouts, or work is done for nobody";
                self.find("WD0002", span, message, hint);
            }
        }
    }

    /// A queue that takes longer to empty than its callers wait is full of requests that nobody waits for.
    fn queues(&mut self) {
        let mut worst: BTreeMap<usize, (f64, CallId)> = BTreeMap::new();
        let mut own: BTreeMap<EndpointId, Times> = BTreeMap::new();
        for (at, call) in self.system.calls.iter().enumerate() {
            let Some(timeout) = attempt_timeout(call) else {
                continue;
            };
            let endpoint = &self.system.endpoints[call.target.index()];
            let service = &self.system.services[endpoint.service.index()];
            let expired_drop = service.queue.expired == crate::system::Expired::Drop;
            let newest_first = matches!(
                service.queue.order,
                crate::system::Order::Lifo | crate::system::Order::AdaptiveLifo
            );
            if service.workers == u32::MAX || expired_drop || newest_first {
                continue;
            }
            let times = *own
                .entry(call.target)
                .or_insert_with(|| self.own_times(&endpoint.steps));
            // A worker is held for the whole time; a core only for the work.
            let mut per_request = (times.work + times.wait) / f64::from(service.workers);
            if let Some(cores) = service.cores {
                per_request =
                    per_request.max(times.work / cores.limit.min(f64::from(service.workers)));
            }
            let lines = match service.queue.per {
                crate::system::Per::Replica => 1.0,
                crate::system::Per::Service => f64::from(service.replicas),
            };
            let bound = if service.queue.bound == u64::MAX {
                f64::INFINITY
            } else {
                service.queue.bound as f64
            };
            let excess = bound * per_request / lines / timeout as f64;
            let position = endpoint.service.index();
            if excess > 1.0
                && worst
                    .get(&position)
                    .is_none_or(|(known, _)| *known < excess)
            {
                worst.insert(position, (excess, CallId(id(at))));
            }
        }
        for (position, (excess, call)) in worst {
            let service = self.directory.services[position];
            let queue = super::directory::service_key(service, |service| service.queue.as_ref());
            let at = queue.map_or(service.at, |queue| {
                queue.bound.as_ref().map_or(queue.span, |bound| bound.span)
            });
            let caller = quoted(&self.system.calls[call.index()].name);
            let message = if excess.is_finite() {
                format!(
                    "when the queue of {} is full, {caller} waits {excess:.1} times as long as its timeout",
                    quoted(service.name)
                )
            } else {
                format!(
                    "the queue of {} has no bound, and {caller} has a timeout",
                    quoted(service.name)
                )
            };
            let hint = "hold no more than workers x rate x timeout, or `expired: drop`";
            self.find("WD0003", at, message, hint);
        }
    }

    /// The mean time that a request's own steps take, calls left out.
    fn own_times(&self, steps: &[Step]) -> Times {
        let mut total = Times::default();
        for step in steps {
            let share = step.chance.unwrap_or(1.0);
            let times = match &step.verb {
                Verb::Work(dist) => Times {
                    work: mean(dist),
                    wait: 0.0,
                },
                Verb::Wait(dist) => Times {
                    work: 0.0,
                    wait: mean(dist),
                },
                Verb::Hold(_, steps) | Verb::Do(steps) => self.own_times(steps),
                Verb::Repeat(times, steps) => self.own_times(steps).times(mean(times)),
                Verb::Parallel { branches, .. } => branches
                    .iter()
                    .map(|branch| self.own_times(branch))
                    .fold(Times::default(), |a, b| Times {
                        work: a.work + b.work,
                        wait: a.wait.max(b.wait),
                    }),
                Verb::Choose(branches) => branches
                    .iter()
                    .map(|branch| self.own_times(&branch.steps).times(branch.chance))
                    .fold(Times::default(), Times::plus),
                Verb::Call(_) | Verb::Send(_) | Verb::Fail(_) | Verb::Answer(_) => Times::default(),
            };
            total = total.plus(times.times(share));
        }
        total
    }

    /// Attempts multiply: three times three times three is 27 requests at the bottom.
    fn amplification(&mut self) {
        let mut most: BTreeMap<EndpointId, u64> = BTreeMap::new();
        let mut open: Vec<(EndpointId, u64)> = Vec::new();
        let mut told: BTreeMap<CallId, u64> = BTreeMap::new();
        let mut visit =
            |this: &Self, call: CallId, before: u64, open: &mut Vec<(EndpointId, u64)>| {
                let after = before.saturating_mul(attempts(&this.system.calls[call.index()]));
                if before <= ATTEMPTS_MAX && after > ATTEMPTS_MAX {
                    let worst = told.entry(call).or_insert(after);
                    *worst = (*worst).max(after);
                }
                let target = this.system.calls[call.index()].target;
                // Beyond the first crossing nothing more is said, so counting stops there: circles end too.
                if most.get(&target).is_none_or(|known| *known < after) && after <= ATTEMPTS_MAX {
                    most.insert(target, after);
                    open.push((target, after));
                }
            };
        for edge in &self.edges {
            if let Caller::Client(client) = self.system.calls[edge.call.index()].caller {
                let presses = self.system.clients[client.index()]
                    .retry
                    .as_ref()
                    .map_or(1, |retry| u64::from(retry.attempts));
                visit(self, edge.call, presses, &mut open);
            }
        }
        while let Some((endpoint, before)) = open.pop() {
            for &edge in self.made_by.get(&endpoint).into_iter().flatten() {
                visit(self, self.edges[edge].call, before, &mut open);
            }
        }
        for (call, attempts) in told {
            let name = quoted(&self.system.calls[call.index()].name);
            let message = format!(
                "with all tries of its callers, {name} may make {attempts} requests out of one"
            );
            self.find(
                "WD0004",
                self.call_span(call),
                message,
                "retry in one layer only, or with a budget",
            );
        }
    }

    fn pools_below_workers(&mut self) {
        let mut users: BTreeMap<PoolId, BTreeSet<usize>> = BTreeMap::new();
        for endpoint in &self.system.endpoints {
            let mut held = Vec::new();
            pools_held(&endpoint.steps, &self.system.calls, &mut held);
            for pool in held {
                users
                    .entry(pool)
                    .or_default()
                    .insert(endpoint.service.index());
            }
        }
        for (pool, services) in users {
            let known = &self.system.pools[pool.index()];
            if known.keys.is_some() || known.size == u64::MAX {
                continue;
            }
            let mut workers: u64 = 0;
            for service in services {
                let service = &self.system.services[service];
                if service.workers == u32::MAX {
                    continue;
                }
                let copies = match known.per {
                    crate::system::Per::Replica => 1,
                    crate::system::Per::Service => u64::from(service.replicas),
                };
                workers = workers.saturating_add(u64::from(service.workers).saturating_mul(copies));
            }
            if known.size < workers {
                let message = format!(
                    "the pool {} has {} permits for {workers} workers",
                    quoted(&known.name),
                    known.size
                );
                let at = self.directory.pools[pool.index()].value.span;
                self.find(
                    "WD0006",
                    at,
                    message,
                    "workers that wait for a permit serve nobody",
                );
            }
        }
    }

    fn lonely(&mut self) {
        let directory = self.directory;
        for (position, service) in directory.services.iter().enumerate() {
            let known = &self.system.services[position];
            let endpoints = known.endpoints_from as usize..known.endpoints_to as usize;
            let reached = self.system.endpoints[endpoints]
                .iter()
                .any(|endpoint| endpoint.reached);
            let probes_in_queue = known.ready.calls.is_some() && known.workers != u32::MAX;
            if reached && known.replicas == 1 {
                let replicas =
                    super::directory::service_key(*service, |service| service.replicas.as_ref());
                let at = replicas.map_or(service.at, |replicas| replicas.span);
                let message = format!("{} has a single replica", quoted(service.name));
                self.find("WD0007", at, message, "`replicas: 2`");
            }
            if probes_in_queue {
                let probes =
                    super::directory::service_key(*service, |service| service.probes.as_ref());
                let calls = probes.and_then(|probes| probes.ready.as_ref()?.calls.as_ref());
                let at = calls.map_or(service.at, |calls| calls.span);
                let message = format!(
                    "the probe of {} waits in line with its users",
                    quoted(service.name)
                );
                self.find(
                    "WD0009",
                    at,
                    message,
                    "a busy replica fails it and is taken out, which makes the others busier",
                );
            }
        }
    }

    /// What nobody repairs lasts to the end of every run.
    fn never_repaired(&mut self) {
        let entries = self
            .system
            .operators
            .iter()
            .flat_map(|operator| &operator.runbook);
        let repaired: BTreeSet<usize> = entries
            .flat_map(|entry| &entry.actions)
            .filter_map(|action| match action.act {
                Act::Repair(fault) => Some(fault.index()),
                _ => None,
            })
            .collect();
        // Of faults that come together, the repair of the group ends each.
        let members = |group: &usize| match &self.system.faults[*group].kind {
            FaultKind::Together(members) => members.iter().map(|member| member.index()).collect(),
            _ => Vec::new(),
        };
        let with_groups: BTreeSet<usize> = repaired
            .iter()
            .flat_map(members)
            .chain(repaired.iter().copied())
            .collect();
        let directory = self.directory;
        for (position, item) in directory.faults.iter().enumerate() {
            let lasts = &self.system.faults[position].lasts;
            if !matches!(lasts, Lasts::Repaired) || with_groups.contains(&position) {
                continue;
            }
            let at = item
                .value
                .lasts
                .as_ref()
                .map_or(item.at, |lasts| lasts.span);
            let name = quoted(item.name);
            let message = format!("nobody repairs {name}: it lasts to the end of every run");
            let hint = format!("`{{repair: {}}}` in a runbook, or `lasts: 30m`", item.name);
            self.find("WD0017", at, message, &hint);
        }
    }

    /// A percentile of fewer requests than it takes to show it is the slowest one of them.
    pub(super) fn find_fine_percentiles(
        &mut self,
        written: &ast::Promise,
        must: &[Condition],
        subjects: &[Subject],
        at_least: u64,
    ) {
        for (condition, given) in must.iter().zip(&written.must) {
            let Metric::Percentile(quantile) = condition.metric else {
                continue;
            };
            for subject in subjects {
                let Subject::Client(client) = subject else {
                    continue;
                };
                let Arrive::Stream { curve, batch, .. } =
                    &self.system.clients[client.index()].arrive
                else {
                    continue;
                };
                let highest = curve
                    .peaks
                    .iter()
                    .map(|peak| peak.height_per_s)
                    .fold(curve.base_per_s, f64::max);
                let per_window = highest * f64::from(*batch) * condition.over_ns as f64 / 1e9;
                let requests = per_window.max(at_least as f64);
                if requests * (1.0 - quantile) < 1.0 {
                    let message = format!(
                        "{} needs more requests than the {requests:.0} that a window has",
                        quoted(&condition.text)
                    );
                    self.find(
                        "WD0014",
                        given.span,
                        message,
                        "a longer window, or a coarser percentile",
                    );
                    break;
                }
            }
        }
    }
}

/// Mean times of own steps, in nanoseconds.
#[derive(Clone, Copy, Default)]
struct Times {
    work: f64,
    wait: f64,
}

impl Times {
    fn plus(self, other: Self) -> Self {
        Self {
            work: self.work + other.work,
            wait: self.wait + other.wait,
        }
    }

    fn times(self, factor: f64) -> Self {
        // 0 x infinity: a branch that is never taken takes no time.
        if factor == 0.0 {
            Self::default()
        } else {
            Self {
                work: self.work * factor,
                wait: self.wait * factor,
            }
        }
    }
}

/// Attempts of one call, both layers.
fn attempts(call: &Call) -> u64 {
    let tries =
        |retry: Option<&crate::system::Retry>| retry.map_or(1, |retry| u64::from(retry.attempts));
    tries(call.policy.retry.as_ref()).saturating_mul(tries(
        call.mesh.as_ref().and_then(|mesh| mesh.retry.as_ref()),
    ))
}

/// How long one attempt of the application may take.
fn attempt_timeout(call: &Call) -> Option<u64> {
    match (call.policy.timeout_ns, call.policy.deadline) {
        (Some(timeout), Deadline::After(deadline)) => Some(timeout.min(deadline)),
        (Some(timeout), _) => Some(timeout),
        (None, Deadline::After(deadline)) => Some(deadline),
        (None, _) => None,
    }
}

/// The pools that these steps hold.
fn pools_held(steps: &[Step], calls: &[Call], held: &mut Vec<PoolId>) {
    for step in steps {
        match &step.verb {
            Verb::Hold(pool, steps) => {
                held.push(*pool);
                pools_held(steps, calls, held);
            }
            Verb::Call(call) => {
                let call = &calls[call.index()];
                held.extend(call.policy.pool);
                if let Some(crate::system::Fallback {
                    what: crate::system::FallbackDo::Steps(steps),
                    ..
                }) = &call.fallback
                {
                    pools_held(steps, calls, held);
                }
            }
            Verb::Do(steps) | Verb::Repeat(_, steps) => pools_held(steps, calls, held),
            Verb::Parallel { branches, .. } => branches
                .iter()
                .for_each(|branch| pools_held(branch, calls, held)),
            Verb::Choose(branches) => branches
                .iter()
                .for_each(|branch| pools_held(&branch.steps, calls, held)),
            Verb::Send(_) | Verb::Work(_) | Verb::Wait(_) | Verb::Fail(_) | Verb::Answer(_) => {}
        }
    }
}
