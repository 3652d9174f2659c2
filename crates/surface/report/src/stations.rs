//! Who waits where, and why: the bottleneck and the next one behind it.
//!
//! The rule, in four steps (`docs/reference/outcome.md` repeats it for readers):
//!
//! 1. **Waiting** is the mean number of requests in a line over the counted time: in front of workers, of
//!    permits, of a link; where cores are shared, those inside that get no core. By Little's law its share
//!    is the share of all time that anybody spent waiting.
//! 2. **The line** is the station with the most waiting, if waiting there is worth the name: half as
//!    long as being served, or a line that once grew longer than the servers and ten more.
//! 3. **Why**: workers that are held while they wait for somebody else are not what is too few. As long as
//!    more than half of the time that a service's workers are held is waiting for one callee, the
//!    reason is that callee.
//! 4. **Next** is, of all others, the one whose own work (waiting for callees left out) fills it most.
//!
//! Costs one pass over services, calls, pools and links.

use std::collections::BTreeMap;
use worstday_model::system::{Caller, System};
use worstday_sim::outcome::Outcome;
use worstday_stats::sketch::Sketch;

use crate::document::{Bottleneck, HeldBy, Mark, Station, StationKind};
use crate::summary::{binds_by_cores, counted};

/// More of a service's worker time than this spent on one callee makes the callee the reason.
const HELD: f64 = 0.5;

/// Ranks the stations by waiting and names the bottleneck.
pub(crate) fn rank(rows: &[&Outcome], system: &System) -> (Vec<Station>, Bottleneck) {
    let mut stations = services(rows, system);
    stations.extend(pools(rows));
    stations.extend(links(rows));
    let waiting: f64 = stations.iter().map(|station| station.wait_share).sum();
    if waiting > 0.0 {
        for station in &mut stations {
            station.wait_share /= waiting;
        }
    }
    let bottleneck = bottleneck(&mut stations, rows);
    stations.sort_by(|a, b| {
        b.wait_share.total_cmp(&a.wait_share).then(
            b.utilisation
                .unwrap_or(0.0)
                .total_cmp(&a.utilisation.unwrap_or(0.0)),
        )
    });
    (stations, bottleneck)
}

/// The mean over rows of something of the entity at `at`.
fn mean(rows: &[&Outcome], of: impl Fn(&Outcome) -> f64) -> f64 {
    rows.iter().map(|row| of(row)).sum::<f64>() / rows.len() as f64
}

/// For each service (by index): the mean number of workers that wait for each callee, most first.
fn held(rows: &[&Outcome], system: &System) -> BTreeMap<usize, Vec<(String, f64)>> {
    let mut declared = BTreeMap::new();
    for call in &system.calls {
        declared.entry(call.name.as_str()).or_insert(call);
    }
    let mut held: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
    for (at, call) in rows[0].calls.iter().enumerate() {
        let Some(declared) = declared.get(call.name.as_str()) else {
            continue;
        };
        let Caller::Endpoint(endpoint) = declared.caller else {
            continue;
        };
        let caller = system.endpoints[endpoint.index()].service;
        let callee = system.endpoints[declared.target.index()].service;
        let timeout = declared.policy.timeout_ns.unwrap_or(0) as f64;
        let workers = mean(rows, |row| {
            let call = &row.calls[at];
            (call.response.sum() as f64 + call.attempt_results.timeout as f64 * timeout)
                / counted(row).max(1.0)
        });
        *held
            .entry(caller.index())
            .or_default()
            .entry(callee.index())
            .or_insert(0.0) += workers;
    }
    held.into_iter()
        .map(|(caller, callees)| {
            let mut callees: Vec<(String, f64)> = callees
                .into_iter()
                .map(|(callee, workers)| (system.services[callee].name.clone(), workers))
                .collect();
            callees.sort_by(|a, b| b.1.total_cmp(&a.1));
            (caller, callees)
        })
        .collect()
}

/// One station per service. `wait_share` holds the number waiting until all are known.
fn services(rows: &[&Outcome], system: &System) -> Vec<Station> {
    let mut all_held = held(rows, system);
    let times = endpoint_times(rows);
    (0..rows[0].services.len())
        .map(|at| {
            let service = &rows[0].services[at];
            let held = all_held.remove(&at).unwrap_or_default();
            let busy = mean(rows, |row| row.services[at].busy_mean);
            let queue = mean(rows, |row| row.services[at].queue_mean);
            let by_cores = binds_by_cores(service);
            let waiting_for_others: f64 = held.iter().map(|(_, workers)| workers).sum();
            let without_core = if by_cores && service.utilisation.is_some_and(|u| u > 0.5) {
                let cores = mean(rows, |row| row.services[at].cores_mean.unwrap_or(0.0));
                let inside = mean(rows, |row| row.services[at].inside_mean);
                (inside - queue - waiting_for_others - cores).max(0.0)
            } else {
                0.0
            };
            let (waits, served) = times
                .get(service.name.as_str())
                .copied()
                .unwrap_or((None, None));
            Station {
                name: service.name.clone(),
                kind: StationKind::Service,
                wait_share: queue + without_core,
                wait: waits,
                service: served,
                utilisation: service
                    .utilisation
                    .map(|_| mean(rows, |row| row.services[at].utilisation.unwrap_or(0.0))),
                queue,
                queue_max: rows.iter().map(|row| row.services[at].queue_max).max(),
                held_by: held
                    .first()
                    .filter(|_| busy > 0.0 && !by_cores)
                    .map(|(name, workers)| HeldBy {
                        service: name.clone(),
                        share: (workers / busy).min(1.0),
                    }),
                mark: None,
            }
        })
        .collect()
}

/// Mean wait and mean service time over the endpoints of each service, s.
fn endpoint_times<'a>(rows: &[&'a Outcome]) -> BTreeMap<&'a str, (Option<f64>, Option<f64>)> {
    let mut sums: BTreeMap<&str, (f64, u64, f64, u64)> = BTreeMap::new();
    for endpoint in rows.iter().flat_map(|row| &row.endpoints) {
        let Some((service, _)) = endpoint.name.split_once('.') else {
            continue;
        };
        let sum = sums.entry(service).or_default();
        sum.0 += endpoint.wait.sum() as f64;
        sum.1 += endpoint.wait.count();
        sum.2 += endpoint.service.sum() as f64;
        sum.3 += endpoint.service.count();
    }
    let mean = |sum: f64, count: u64| (count > 0).then(|| sum / count as f64 / 1e9);
    sums.into_iter()
        .map(|(service, (waited, waits, served, services))| {
            (service, (mean(waited, waits), mean(served, services)))
        })
        .collect()
}

fn pools(rows: &[&Outcome]) -> Vec<Station> {
    (0..rows[0].pools.len())
        .map(|at| {
            let pool = &rows[0].pools[at];
            let queue = mean(rows, |row| row.pools[at].queue_mean);
            let granted: u64 = rows.iter().map(|row| row.pools[at].wait.count()).sum();
            let waited: f64 = rows.iter().map(|row| row.pools[at].wait.sum() as f64).sum();
            Station {
                name: pool.name.clone(),
                kind: StationKind::Pool,
                wait_share: queue,
                wait: (granted > 0).then(|| waited / granted as f64 / 1e9),
                service: None,
                utilisation: None,
                queue,
                queue_max: None,
                held_by: None,
                mark: None,
            }
        })
        .collect()
}

/// Links with a capacity; how many wait there is not counted, so they are known by utilisation.
fn links(rows: &[&Outcome]) -> Vec<Station> {
    rows[0]
        .links
        .iter()
        .filter_map(|link| {
            link.utilisation?;
            let utilisation = mean(rows, |row| {
                row.links
                    .iter()
                    .find(|other| other.name == link.name)
                    .and_then(|link| link.utilisation)
                    .unwrap_or(0.0)
            });
            Some(Station {
                name: link.name.clone(),
                kind: StationKind::Link,
                wait_share: 0.0,
                wait: None,
                service: None,
                utilisation: Some(utilisation),
                queue: 0.0,
                queue_max: None,
                held_by: None,
                mark: None,
            })
        })
        .collect()
}

/// Whether waiting here is worth the name.
fn is_line(station: &Station, rows: &[&Outcome]) -> bool {
    if station.wait_share <= 0.0 {
        return false;
    }
    let Some(service) = rows[0].services.iter().find(|s| s.name == station.name) else {
        return station.queue >= 0.5;
    };
    let in_service = (service.inside_mean - service.queue_mean).max(0.0);
    let servers = f64::from(service.replicas) * f64::from(service.workers.unwrap_or(1));
    station.queue >= 0.5 * in_service
        || station
            .queue_max
            .is_some_and(|most| most as f64 >= servers + 10.0)
        || station
            .utilisation
            .is_some_and(|utilisation| utilisation >= 0.9)
}

fn bottleneck(stations: &mut [Station], rows: &[&Outcome]) -> Bottleneck {
    let line = (0..stations.len())
        .filter(|&at| is_line(&stations[at], rows))
        .max_by(|&a, &b| stations[a].wait_share.total_cmp(&stations[b].wait_share));
    let mut path = Vec::new();
    if let Some(line) = line {
        path.push(line);
        let mut at = line;
        while let Some(next) = stations[at]
            .held_by
            .as_ref()
            .filter(|held| held.share > HELD)
            .and_then(|held| stations.iter().position(|other| other.name == held.service))
            .filter(|next| !path.contains(next))
        {
            path.push(next);
            at = next;
        }
    }
    let why = path.last().copied();
    let own = |station: &Station| {
        let held = station.held_by.as_ref().map_or(0.0, |held| held.share);
        station
            .utilisation
            .map(|utilisation| utilisation * (1.0 - held))
    };
    let next = (0..stations.len())
        .filter(|at| !path.contains(at))
        .filter_map(|at| own(&stations[at]).map(|full| (at, full)))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, full)| *full > 0.0);
    for (at, station) in stations.iter_mut().enumerate() {
        station.mark = match (Some(at) == line, Some(at) == why) {
            (true, true) => Some(Mark::LineAndWhy),
            (true, false) => Some(Mark::Line),
            (false, true) => Some(Mark::Why),
            (false, false) if next.is_some_and(|(next, _)| next == at) => Some(Mark::Next),
            (false, false) => None,
        };
    }
    let name = |at: usize| stations[at].name.clone();
    Bottleneck {
        line: line.map(name),
        why: why.map(name),
        next: next.map(|(at, _)| name(at)),
        next_utilisation: next.map(|(_, full)| full),
    }
}
