//! What a description warns of before anything is simulated, weighed by what the run saw.
//!
//! Each rule compares numbers of the file with each other: a line that outlives the patience of those in
//! it, attempts that multiply, calls that wait for ever. Whether it mattered on this day is asked of
//! the run: [`Finding::weight`] is the share of work, attempts or answers that it explains, and orders the
//! list. Every finding has a stable ID, a line of the file and, where one exists, the smallest
//! change that removes it; `docs/reference/outcome-findings.md` has a paragraph for each. What the reader of the
//! file warns of besides is passed on at the end of the list.

use worstday_model::system::{
    Call, CallPolicy, Caller, Cancel, Deadline, EndpointId, Expired, FallbackDo, Order, Patience,
    Per, PoolId, Service, Step, System, Verb,
};
use worstday_sim::outcome::{CallOutcome, EndpointOutcome, Outcome, ServiceOutcome};
use worstday_stats::sketch::Sketch;

use crate::document::{Advice, Bottleneck, Finding};
use crate::places::{Places, place};
use crate::quantity::{Unit, percent, plain, quantity, seconds};

/// How much of a line may be filled with requests that still have a chance: what is left is for the
/// variation of service times.
const FILL: f64 = 0.7;
/// Attempts multiplied along a path above which a dead service is hit too hard.
const AMPLIFICATION: f64 = 4.0;

/// All findings, the most consequential on this day first.
pub(crate) fn find(
    rows: &[&Outcome],
    system: &System,
    bottleneck: &Bottleneck,
    warnings: &[Finding],
) -> Vec<Finding> {
    let look = Look {
        rows,
        system,
        bottleneck,
        places: Places::new(system),
    };
    let mut found = Vec::new();
    look.lines(&mut found);
    look.calls(&mut found);
    look.amplification(&mut found);
    look.nesting(&mut found);
    look.pools(&mut found);
    look.replicas(&mut found);
    // What only the reader of the file can tell, nothing on a day speaks for or against.
    found.extend(
        warnings
            .iter()
            .filter(|warning| !WEIGHED.contains(&warning.id.as_str()))
            .cloned(),
    );
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.id.cmp(&b.id)));
    found
}

struct Look<'a> {
    rows: &'a [&'a Outcome],
    system: &'a System,
    bottleneck: &'a Bottleneck,
    places: Places<'a>,
}

/// What the file says of the rule.
struct Rule {
    id: &'static str,
    name: &'static str,
    /// Weight of a finding that nothing on this day speaks for.
    least: f64,
}

impl Rule {
    fn finding(&self, subject: &str, message: String, seen: f64) -> Finding {
        Finding {
            id: self.id.to_owned(),
            name: self.name.to_owned(),
            subject: subject.to_owned(),
            message,
            place: None,
            weight: (self.least + seen.clamp(0.0, 1.0) * (1.0 - self.least)).min(1.0),
            step: None,
        }
    }
}

const AMPLIFIES: Rule = Rule {
    id: "WD0004",
    name: "retry-amplification",
    least: 0.06,
};
const OUTLIVES: Rule = Rule {
    id: "WD0003",
    name: "queue-outlives-timeout",
    least: 0.09,
};
const NO_BUDGET: Rule = Rule {
    id: "WD0005",
    name: "retry-without-budget",
    least: 0.05,
};
const NO_TIMEOUT: Rule = Rule {
    id: "WD0001",
    name: "call-without-timeout",
    least: 0.04,
};
const NESTING: Rule = Rule {
    id: "WD0002",
    name: "timeout-below-callee",
    least: 0.06,
};
const SINGLE: Rule = Rule {
    id: "WD0007",
    name: "single-replica",
    least: 0.02,
};
const SMALL_POOL: Rule = Rule {
    id: "WD0006",
    name: "pool-below-workers",
    least: 0.03,
};

/// Rules that are weighed here: the reader's own sentence about them would be a second one.
const WEIGHED: [&str; 7] = [
    NO_TIMEOUT.id,
    NESTING.id,
    OUTLIVES.id,
    AMPLIFIES.id,
    NO_BUDGET.id,
    SMALL_POOL.id,
    SINGLE.id,
];

/// Attempts that one call makes at most, both layers.
fn attempts(call: &Call) -> f64 {
    let of = |policy: &CallPolicy| {
        policy
            .retry
            .as_ref()
            .map_or(1.0, |retry| f64::from(retry.attempts))
    };
    of(&call.policy) * call.mesh.as_ref().map_or(1.0, of)
}

/// The shorter timeout of an attempt, ns.
fn timeout(call: &Call) -> Option<u64> {
    let mesh = call.mesh.as_ref().and_then(|mesh| mesh.timeout_ns);
    match (call.policy.timeout_ns, mesh) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The callee's line is left when its caller gives up.
fn leaves_line(call: &Call) -> bool {
    call.policy.cancel != Cancel::None
        || call
            .mesh
            .as_ref()
            .is_some_and(|mesh| mesh.cancel != Cancel::None)
}

/// A call's figures in one history; they stand by name.
fn call_of<'a>(row: &'a Outcome, name: &str) -> Option<&'a CallOutcome> {
    let at = row
        .calls
        .binary_search_by(|call| call.name.as_str().cmp(name));
    at.ok().map(|at| &row.calls[at])
}

/// A service's row of an outcome: they stand in the order of their names.
fn service_of<'a>(row: &'a Outcome, name: &str) -> Option<&'a ServiceOutcome> {
    let at = row
        .services
        .binary_search_by(|service| service.name.as_str().cmp(name));
    at.ok().map(|at| &row.services[at])
}

impl<'a> Look<'a> {
    /// One entity's counts over all rows.
    fn call_sum(&self, name: &str, of: fn(&CallOutcome) -> u64) -> u64 {
        self.rows
            .iter()
            .filter_map(|row| call_of(row, name))
            .map(of)
            .sum()
    }

    fn ratio(&self, name: &str, part: fn(&CallOutcome) -> u64) -> f64 {
        let attempts = self.call_sum(name, |call| call.attempts);
        if attempts == 0 {
            0.0
        } else {
            self.call_sum(name, part) as f64 / attempts as f64
        }
    }

    /// Share of a service's worker time that went into answers nobody took.
    fn wasted(&self, service: &str) -> f64 {
        let of = |get: fn(&ServiceOutcome) -> u64| {
            self.rows
                .iter()
                .filter_map(|row| service_of(row, service))
                .map(|s| get(s) as f64)
                .sum::<f64>()
        };
        let all = of(|s| s.worker_ns);
        if all > 0.0 {
            of(|s| s.wasted_worker_ns) / all
        } else {
            0.0
        }
    }

    /// Mean time that a worker of the service is held by a request, s, as measured.
    fn service_time(&self, service: &str) -> Option<f64> {
        let (mut sum, mut count) = (0.0, 0);
        let owner = |e: &EndpointOutcome| {
            e.name
                .split_once('.')
                .map_or("", |(owner, _)| owner)
                .to_owned()
        };
        for row in self.rows {
            // Endpoints stand by service: theirs are one stretch.
            let from = row
                .endpoints
                .partition_point(|e| owner(e).as_str() < service);
            for endpoint in row.endpoints[from..]
                .iter()
                .take_while(|e| owner(e) == service)
            {
                sum += endpoint.service.sum() as f64;
                count += endpoint.service.count();
            }
        }
        (count > 0 && sum > 0.0).then(|| sum / count as f64 / 1e9)
    }

    fn service_of(&self, endpoint: EndpointId) -> &'a Service {
        &self.system.services[self.system.endpoints[endpoint.index()].service.index()]
    }

    fn call_place(call: &Call) -> Option<String> {
        place(&call.place)
    }

    /// A line that holds more than its workers can serve before those in it are gone.
    fn lines(&self, found: &mut Vec<Finding>) {
        let mut shortest = vec![None; self.system.services.len()];
        for call in self.system.calls.iter().filter(|call| !leaves_line(call)) {
            let service = self.system.endpoints[call.target.index()].service.index();
            if let Some(ns) = timeout(call) {
                shortest[service] = Some(shortest[service].map_or(ns, |least: u64| least.min(ns)));
            }
        }
        for (service, shortest) in self.system.services.iter().zip(shortest) {
            let queue = service.queue;
            let unbounded_workers = service.workers == u32::MAX;
            if unbounded_workers
                || queue.bound == 0
                || queue.expired == Expired::Drop
                || queue.order == Order::Lifo
            {
                continue;
            }
            let (Some(patience_ns), Some(mean)) = (shortest, self.service_time(&service.name))
            else {
                continue;
            };
            let replicas = if queue.per == Per::Service {
                service.replicas
            } else {
                1
            };
            let workers = service.workers.saturating_mul(replicas);
            let patience = patience_ns as f64 / 1e9;
            let in_time = f64::from(workers) * patience / mean;
            // One may always wait: where callers do not even wait for that one, it is not the line that is too long.
            if queue.bound as f64 <= in_time.max(1.0) {
                continue;
            }
            let holds = if queue.bound == u64::MAX {
                "has a line without bound".to_owned()
            } else {
                format!("lets {} wait", plain(queue.bound as f64))
            };
            let mut finding = OUTLIVES.finding(
                &service.name,
                format!(
                    "`{}` {holds}, but only {} can be served before their callers give up ({} × {} × {})",
                    service.name,
                    plain(in_time.floor()),
                    if workers == 1 { "1 worker".to_owned() } else { format!("{workers} workers") },
                    quantity(1.0 / mean, Unit::PerSecond),
                    seconds(patience),
                ),
                self.wasted(&service.name),
            );
            let path = format!("services.{}.queue", service.name);
            let bound = ((in_time * FILL).floor() as u64).max(1);
            finding.place = self.places.of(
                std::slice::from_ref(&path),
                &format!("services.{}", service.name),
            );
            finding.step = Some(Advice {
                text: format!("let at most {bound} wait at `{}`", service.name),
                place: finding.place.clone(),
                set: Some(format!("{path}={bound}")),
                ..Advice::default()
            });
            found.push(finding);
        }
    }

    /// Retries that nothing limits, calls that wait for ever.
    fn calls(&self, found: &mut Vec<Finding>) {
        for call in &self.system.calls {
            if self.call_sum(&call.name, |call| call.calls) == 0 {
                continue;
            }
            let unlimited = |policy: &CallPolicy| {
                policy
                    .retry
                    .as_ref()
                    .is_some_and(|retry| retry.attempts > 1 && retry.budget.is_none())
            };
            let by_mesh = call.mesh.as_ref().is_some_and(unlimited);
            if unlimited(&call.policy) || by_mesh {
                let retries = self.ratio(&call.name, |call| call.retries);
                let mut finding = NO_BUDGET.finding(
                    &call.name,
                    format!(
                        "`{}` retries up to {} times without a budget; {} of its attempts were retries",
                        call.name,
                        plain(attempts(call) - 1.0),
                        percent(retries),
                    ),
                    retries,
                );
                finding.place = Self::call_place(call);
                finding.step = Some(Advice {
                    text: format!("give the retries of `{}` a budget of 10 %", call.name),
                    place: finding.place.clone(),
                    set: Some(if unlimited(&call.policy) {
                        format!("{}={{retry: {{budget: 10%}}}}", call.name)
                    } else {
                        format!(
                            "services.{}.mesh.retry.budget=10%",
                            self.service_of(call.target).name
                        )
                    }),
                    ..Advice::default()
                });
                found.push(finding);
            }
            self.waits_for_ever(call, found);
        }
    }

    fn waits_for_ever(&self, call: &Call, found: &mut Vec<Finding>) {
        let bounded = timeout(call).is_some() || matches!(call.policy.deadline, Deadline::After(_));
        let patient = match call.caller {
            Caller::Client(client) => {
                matches!(
                    self.system.clients[client.index()].patience,
                    Patience::Unlimited
                )
            }
            Caller::Endpoint(_) => true,
            Caller::Start(_) => false,
        };
        if bounded || !patient {
            return;
        }
        let callee = &self.service_of(call.target).name;
        let blamed = self.bottleneck.why.as_ref() == Some(callee)
            && matches!(call.caller, Caller::Endpoint(_));
        let mut finding = NO_TIMEOUT.finding(
            &call.name,
            format!(
                "`{}` has no timeout: if `{callee}` stalls, its caller waits for ever",
                call.name
            ),
            if blamed { 0.2 } else { 0.0 },
        );
        finding.place = Self::call_place(call);
        let slowest = self
            .rows
            .iter()
            .filter_map(|row| call_of(row, &call.name))
            .filter_map(|call| call.response.quantile(0.999, 0).ns())
            .fold(0.0, f64::max);
        if slowest > 0.0 {
            let limit = round_up(slowest * 2.0);
            finding.step = Some(Advice {
                text: format!(
                    "give `{}` a timeout of {} (twice what 999 of 1,000 took)",
                    call.name,
                    seconds(limit as f64 / 1e9)
                ),
                place: finding.place.clone(),
                set: Some(format!("{}={{timeout: {}}}", call.name, in_file(limit))),
                ..Advice::default()
            });
        }
        found.push(finding);
    }

    /// Attempts multiplied along a path of calls.
    fn amplification(&self, found: &mut Vec<Finding>) {
        let by_endpoint = self.calls_by_endpoint();
        let mut worst = vec![None; self.system.endpoints.len()];
        for (client_at, client) in self.system.clients.iter().enumerate() {
            let presses = client
                .retry
                .as_ref()
                .map_or(1.0, |retry| f64::from(retry.attempts));
            let best = self
                .system
                .calls
                .iter()
                .enumerate()
                .filter(|(_, call)| matches!(call.caller, Caller::Client(id) if id.index() == client_at))
                .map(|(at, call)| {
                    let below = self.worst_below(call.target, &by_endpoint, &mut worst);
                    (presses * attempts(call) * below, at)
                })
                .max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((product, first)) = best.filter(|(product, _)| *product > AMPLIFICATION)
            else {
                continue;
            };
            let mut path = vec![first];
            while let Some(next) = self.worst_call(
                self.system.calls[path[path.len() - 1]].target,
                &by_endpoint,
                &worst,
            ) {
                if path.contains(&next) || path.len() > 16 {
                    break;
                }
                path.push(next);
            }
            path.retain(|&at| attempts(&self.system.calls[at]) > 1.0);
            let retries = path
                .iter()
                .map(|&at| self.ratio(&self.system.calls[at].name, |call| call.retries))
                .fold(0.0, f64::max);
            let factors: Vec<String> = (presses > 1.0)
                .then(|| plain(presses))
                .into_iter()
                .chain(
                    path.iter()
                        .map(|&at| plain(attempts(&self.system.calls[at]))),
                )
                .collect();
            let last = path.last().map_or(first, |&at| at);
            let call = &self.system.calls[last];
            let mut finding = AMPLIFIES.finding(
                &client.name,
                format!(
                    "one visit of `{}` can become {} requests at `{}` ({} attempts)",
                    client.name,
                    plain(product),
                    self.service_of(call.target).name,
                    factors.join(" × "),
                ),
                0.8 * retries,
            );
            finding.place = Self::call_place(call);
            if path.len() > 1 {
                finding.step = Some(Advice {
                    text: format!("retry at one layer only: none at `{}`", call.name),
                    place: finding.place.clone(),
                    set: Some(format!("{}={{retry: none}}", call.name)),
                    ..Advice::default()
                });
            }
            found.push(finding);
        }
    }

    fn calls_by_endpoint(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new(); self.system.endpoints.len()];
        for (at, call) in self.system.calls.iter().enumerate() {
            if let Caller::Endpoint(endpoint) = call.caller {
                all[endpoint.index()].push(at);
            }
        }
        all
    }

    /// The largest product of attempts below an endpoint; a cycle counts once.
    fn worst_below(
        &self,
        endpoint: EndpointId,
        by_endpoint: &[Vec<usize>],
        worst: &mut [Option<f64>],
    ) -> f64 {
        // An explicit stack: descriptions may be thousands of calls deep.
        let mut stack = vec![(endpoint.index(), false)];
        let mut open = vec![false; worst.len()];
        while let Some((at, done)) = stack.pop() {
            if worst[at].is_some() {
                continue;
            }
            if done {
                let product = by_endpoint[at]
                    .iter()
                    .map(|&call| {
                        let call = &self.system.calls[call];
                        attempts(call) * worst[call.target.index()].unwrap_or(1.0)
                    })
                    .fold(1.0, f64::max);
                worst[at] = Some(product);
                continue;
            }
            if std::mem::replace(&mut open[at], true) {
                continue;
            }
            stack.push((at, true));
            stack.extend(
                by_endpoint[at]
                    .iter()
                    .map(|&call| (self.system.calls[call].target.index(), false)),
            );
        }
        worst[endpoint.index()].unwrap_or(1.0)
    }

    /// The call below an endpoint on which the largest product stands, if it is larger than 1.
    fn worst_call(
        &self,
        endpoint: EndpointId,
        by_endpoint: &[Vec<usize>],
        worst: &[Option<f64>],
    ) -> Option<usize> {
        by_endpoint[endpoint.index()]
            .iter()
            .map(|&at| {
                let call = &self.system.calls[at];
                (
                    attempts(call) * worst[call.target.index()].unwrap_or(1.0),
                    at,
                )
            })
            .filter(|(product, _)| *product > 1.0)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, at)| at)
    }

    /// A caller that gives up before its callee has made all the attempts it would make.
    fn nesting(&self, found: &mut Vec<Finding>) {
        let by_endpoint = self.calls_by_endpoint();
        for outer in &self.system.calls {
            let Some(patience) = timeout(outer) else {
                continue;
            };
            for &at in &by_endpoint[outer.target.index()] {
                let inner = &self.system.calls[at];
                let Some(limit) = timeout(inner) else {
                    continue;
                };
                let most = limit as f64 * attempts(inner);
                if most <= patience as f64 {
                    continue;
                }
                let late = self.ratio(&outer.name, |call| call.late);
                let mut finding = NESTING.finding(
                    &inner.name,
                    format!(
                        "`{}` may try for {}, but its caller gives up after {}",
                        inner.name,
                        seconds(most / 1e9),
                        seconds(patience as f64 / 1e9),
                    ),
                    0.7 * late,
                );
                finding.place = Self::call_place(inner);
                let fits =
                    (patience as f64 * 0.9 / attempts(inner) / 1e6).floor() as u64 * 1_000_000;
                if fits > 0 {
                    finding.step = Some(Advice {
                        text: format!(
                            "shorten the timeout of `{}` to {}",
                            inner.name,
                            seconds(fits as f64 / 1e9)
                        ),
                        place: finding.place.clone(),
                        set: Some(format!("{}={{timeout: {}}}", inner.name, in_file(fits))),
                        ..Advice::default()
                    });
                }
                found.push(finding);
            }
        }
    }

    /// Permits that are fewer than the workers that ask for them.
    fn pools(&self, found: &mut Vec<Finding>) {
        for (at, pool) in self.system.pools.iter().enumerate() {
            let id = PoolId(u32::try_from(at).unwrap_or(u32::MAX));
            let Some(service) = pool
                .service
                .map(|service| &self.system.services[service.index()])
            else {
                continue;
            };
            if pool.per == Per::Service || pool.keys.is_some() || service.workers == u32::MAX {
                continue;
            }
            let users = self.system.endpoints
                [service.endpoints_from as usize..service.endpoints_to as usize]
                .iter()
                .any(|endpoint| uses(&endpoint.steps, id, self.system));
            if !users || pool.size >= u64::from(service.workers) {
                continue;
            }
            let name = format!("{}.{}", service.name, pool.name);
            let (mut waiting, mut used) = (0.0, 0.0);
            for row in self
                .rows
                .iter()
                .flat_map(|row| row.pools.iter().filter(|pool| pool.name == name))
            {
                waiting += row.queue_mean;
                used += row.used_mean;
            }
            let seen = if waiting + used > 0.0 {
                waiting / (waiting + used)
            } else {
                0.0
            };
            let mut finding = SMALL_POOL.finding(
                &name,
                format!(
                    "`{name}` has {} permits for {} workers: the others hold their worker while they wait",
                    pool.size, service.workers
                ),
                seen,
            );
            let path = format!("services.{}.pools.{}", service.name, pool.name);
            finding.place = self.places.of(
                &[format!("{path}.size"), path.clone()],
                &format!("services.{}", service.name),
            );
            finding.step = Some(Advice {
                text: format!(
                    "as many permits in `{name}` as workers: {}",
                    service.workers
                ),
                place: finding.place.clone(),
                set: Some(format!("{path}.size={}", service.workers)),
                ..Advice::default()
            });
            found.push(finding);
        }
    }

    /// A service that one machine's death takes away.
    fn replicas(&self, found: &mut Vec<Finding>) {
        for service in &self.system.services {
            let arrived: u64 = self
                .rows
                .iter()
                .filter_map(|row| service_of(row, &service.name))
                .map(|service| service.ends.arrived)
                .sum();
            if service.replicas != 1 || arrived == 0 {
                continue;
            }
            let path = format!("services.{}.replicas", service.name);
            let mut finding = SINGLE.finding(
                &service.name,
                format!(
                    "`{}` is a single replica: when it dies, everything behind it is gone",
                    service.name
                ),
                0.0,
            );
            finding.place = self.places.of(
                std::slice::from_ref(&path),
                &format!("services.{}", service.name),
            );
            finding.step = Some(Advice {
                text: format!("a second replica of `{}`", service.name),
                place: finding.place.clone(),
                set: Some(format!("{path}=2")),
                ..Advice::default()
            });
            found.push(finding);
        }
    }
}

/// Whether steps take permits of a pool, themselves or around a call.
fn uses(steps: &[Step], pool: PoolId, system: &System) -> bool {
    steps.iter().any(|step| match &step.verb {
        Verb::Hold(held, inner) => *held == pool || uses(inner, pool, system),
        Verb::Call(call) => {
            let call = &system.calls[call.index()];
            let fallback = call.fallback.as_ref().is_some_and(
                |fallback| matches!(&fallback.what, FallbackDo::Steps(steps) if uses(steps, pool, system)),
            );
            call.policy.pool == Some(pool) || fallback
        }
        Verb::Parallel { branches, .. } => branches.iter().any(|branch| uses(branch, pool, system)),
        Verb::Choose(branches) => branches.iter().any(|branch| uses(&branch.steps, pool, system)),
        Verb::Repeat(_, inner) | Verb::Do(inner) => uses(inner, pool, system),
        Verb::Send(send) => {
            let fallback = system.sends[send.index()].fallback.as_ref();
            fallback.is_some_and(
                |fallback| matches!(&fallback.what, FallbackDo::Steps(steps) if uses(steps, pool, system)),
            )
        }
        Verb::Work(_) | Verb::Wait(_) | Verb::Fail(_) | Verb::Answer(_) => false,
    })
}

/// Two significant digits, upwards, ns.
fn round_up(ns: f64) -> u64 {
    let mut scale = 1.0;
    while ns / scale >= 100.0 {
        scale *= 10.0;
    }
    ((ns / scale).ceil() * scale) as u64
}

/// A length as the file takes it: a whole number of the largest unit that divides it.
fn in_file(ns: u64) -> String {
    for (unit, size) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)] {
        if ns.is_multiple_of(size) {
            return format!("{}{unit}", ns / size);
        }
    }
    format!("{ns}ns")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is suggested must be readable by the file's own grammar.
    #[test]
    fn lengths_are_written_as_the_file_takes_them() {
        assert_eq!(in_file(round_up(123_456_789.0)), "130ms");
        assert_eq!(in_file(round_up(2_000_000_000.0)), "2s");
        assert_eq!(in_file(round_up(4_321.0)), "4400ns");
    }
}
