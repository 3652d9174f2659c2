//! From histories to a report: counts are added up over seeds, estimates judged by [`Ground`].
//!
//! Every entity stands at the same place of every row, because rows of one campaign are of one
//! system; a column over seeds is a list of references. What is still inside at the end is in no share
//! and no percentile: nobody knows yet what becomes of it.

use worstday_model::day::{Day, Varies};
use worstday_model::system::System;
use worstday_sim::outcome::{self, Campaign, ClientOutcome, Ends, Outcome};
use worstday_stats::interval::Window;
use worstday_stats::sketch::{Histogram, Sketch, Sparse};

use crate::Verdict;
use crate::clock::Clock;
use crate::document::{
    CallReport, ClientReport, Counts, DayHead, Description, EndpointReport, Finding, GrownReport,
    LinkReport, Percentile, PoolReport, Report, ResultCounts, ServiceReport, SystemHead, VERSION,
};
use crate::estimate::{Estimate, Ground};
use crate::quantity::Unit;
use crate::told::{assumed, cautions, cut_short, history, sentence};
use crate::verdicts::{overall, promises, recovery};
use crate::{advice, findings, money, stations};

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The checked system.
    pub system: &'a System,
    /// The day that was simulated.
    pub day: &'a Day,
    /// The model file as the person gave it.
    pub file: &'a str,
    /// The other arguments of `run`, without output flags, as they were typed: they
    /// are repeated in the command that is suggested.
    pub arguments: &'a [String],
    /// What the reader of the file warns of, each with its ID.
    pub warnings: &'a [Finding],
    /// What the files say that is only printed.
    pub described: &'a [Description],
}

/// The percentiles of every response time.
pub(crate) const PERCENTILES: [f64; 6] = [50.0, 90.0, 95.0, 99.0, 99.9, 99.99];
/// Those of waits and service times.
pub(crate) const FEW_PERCENTILES: [f64; 3] = [50.0, 95.0, 99.0];

/// Makes the report of a campaign.
///
/// # Panics
///
/// If the campaign is empty, or its rows are not of `asked.system`.
#[must_use]
pub fn report(campaign: &Campaign, asked: &Asked<'_>) -> Report {
    let rows: Vec<&Outcome> = campaign.rows.values().collect();
    let first = *rows.first().expect("a campaign has at least one history");
    let clock = Clock::new(asked.system, asked.day, first);
    let table = Table {
        ground: Ground::new(rows.len(), asked.day.varies),
        rows: &rows,
    };
    let clients = table.clients();
    let mut promises = promises(&rows, asked.system, &clock);
    let services = table.services();
    let calls = table.calls();
    let (stations, bottleneck) = stations::rank(&rows, asked.system);
    let findings = findings::find(&rows, asked.system, &bottleneck, asked.warnings);
    let recovery = recovery(&rows, &table);
    let mut sentence = sentence(&clients, asked.system.currency.as_deref());
    if let Some(why) = cut_short(&rows) {
        sentence = match clients.iter().any(|client| client.visits.arrived > 0) {
            true => format!("{why} {sentence}"),
            false => why,
        };
        // What held as far as the run came may have broken on the rest of the day.
        for promise in &mut promises {
            for verdict in (promise.conditions.iter_mut())
                .map(|condition| &mut condition.verdict)
                .chain([&mut promise.verdict])
            {
                if *verdict == Verdict::Kept {
                    *verdict = Verdict::CantTell;
                }
            }
        }
    }
    let verdict = overall(promises.iter().map(|promise| promise.verdict));
    let mut report = Report {
        report: VERSION,
        tool: format!("worstday {}", env!("CARGO_PKG_VERSION")),
        system: SystemHead {
            name: first.system.clone(),
            file: asked.file.to_owned(),
            hash: first.system_hash.clone(),
            services: first.services.len(),
            currency: asked.system.currency.clone(),
        },
        day: DayHead {
            label: asked.day.label.clone(),
            scenario: first.scenario.clone(),
            from: clock.date_time(first.warm_up_ns),
            length: counted(first) / 1e9,
            warm_up: first.warm_up_ns as f64 / 1e9,
            has_a_shape: asked.day.varies == Varies::Yes,
            grown: grown(asked.day),
            seeds: campaign.rows.keys().copied().collect(),
        },
        verdict,
        sentence,
        cautions: cautions(asked.system, asked.warnings),
        clients,
        promises,
        stations,
        bottleneck,
        recovery,
        money: money::money(&rows, &table),
        services,
        endpoints: table.endpoints(),
        calls,
        pools: table.pools(),
        links: table.links(),
        topics: crate::topics::topics(&table, &rows, asked.system.currency.is_some()),
        findings,
        risk: advice::Advice::default(),
        step: advice::Advice::default(),
        next: String::new(),
        assumed: assumed(asked.system),
        described: asked.described.to_vec(),
        histories: rows.iter().map(|row| history(row)).collect(),
    };
    advice::advise(&mut report, &rows, asked);
    report
}

/// What has grown until the day.
fn grown(day: &Day) -> Vec<GrownReport> {
    day.grown
        .iter()
        .map(|grown| GrownReport {
            what: grown.what.clone(),
            factor: grown.factor,
            since: grown.since.to_string(),
        })
        .collect()
}

/// The counted length of a run, ns.
pub(crate) fn counted(row: &Outcome) -> f64 {
    row.end_ns.saturating_sub(row.warm_up_ns) as f64
}

/// Length of each window of a run, ns.
fn lengths(row: &Outcome) -> impl Iterator<Item = f64> {
    let windows = &row.windows;
    let end = row.end_ns;
    (0..windows.count as u64).map(move |at| {
        let from = windows.from_ns + at * windows.length_ns;
        windows.length_ns.min(end.saturating_sub(from)) as f64
    })
}

/// Rows side by side.
pub(crate) struct Table<'a> {
    ground: Ground,
    rows: &'a [&'a Outcome],
}

/// The same entity in every row.
pub(crate) fn column<'a, T>(
    rows: &[&'a Outcome],
    get: impl Fn(&'a Outcome) -> &'a [T],
) -> Vec<Vec<&'a T>> {
    let entities = get(rows[0]).len();
    (0..entities)
        .map(|at| {
            rows.iter()
                .map(|row| {
                    get(row)
                        .get(at)
                        .expect("rows of one campaign hold the same entities")
                })
                .collect()
        })
        .collect()
}

/// Those that ended: what shares are taken of.
fn ended(ends: &Ends) -> u64 {
    ends.answered() + ends.lost()
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole != 0).then(|| part as f64 / whole as f64)
}

fn window(sum: f64, weight: f64) -> Window {
    Window { sum, weight }
}

impl<'a> Table<'a> {
    /// A share of two counts: of each row, and of each window of a single row.
    fn share<T, W: 'a>(
        &self,
        entities: &[&'a T],
        of: impl Fn(&T) -> (u64, u64),
        windows: impl Fn(&'a T) -> &'a [W],
        in_window: impl Fn(&W) -> (u64, u64),
    ) -> Estimate {
        let values: Vec<Option<f64>> = entities
            .iter()
            .map(|entity| {
                let (part, whole) = of(entity);
                share(part, whole)
            })
            .collect();
        self.ground.mean(&values, Unit::Ratio, || {
            windows(entities[0])
                .iter()
                .map(|w| {
                    let (part, whole) = in_window(w);
                    window(part as f64, whole as f64)
                })
                .collect()
        })
    }

    /// A level averaged over time: of each row, and its mean in each window of a single row.
    fn level<T, W: 'a>(
        &self,
        entities: &[&'a T],
        unit: Unit,
        of: impl Fn(&T) -> Option<f64>,
        windows: impl Fn(&'a T) -> &'a [W],
        in_window: impl Fn(&W) -> f64,
    ) -> Estimate {
        let values: Vec<Option<f64>> = entities.iter().map(|entity| of(entity)).collect();
        self.ground.mean(&values, unit, || {
            windows(entities[0])
                .iter()
                .zip(lengths(self.rows[0]))
                .map(|(w, length)| window(in_window(w) * length, length))
                .collect()
        })
    }

    /// Something that is counted only over whole histories.
    pub(crate) fn whole(&self, values: &[Option<f64>], unit: Unit) -> Estimate {
        self.ground.mean(values, unit, Vec::new)
    }

    /// Mean of a time in seconds, over what each sketch holds.
    fn mean_time(
        &self,
        sketches: &[&Histogram],
        windows: impl Fn() -> Vec<&'a Sparse>,
    ) -> Estimate {
        let values: Vec<Option<f64>> = sketches
            .iter()
            .map(|sketch| sketch.mean().map(|ns| ns / 1e9))
            .collect();
        self.ground.mean(&values, Unit::Seconds, || {
            windows()
                .into_iter()
                .map(|sketch| window(sketch.sum() as f64 / 1e9, sketch.count() as f64))
                .collect()
        })
    }

    /// Percentiles of a time over what each sketch holds and so many that never came back.
    pub(crate) fn percentiles(
        &self,
        list: &[f64],
        sketches: &[(&Histogram, u64)],
        windows: impl Fn() -> Vec<(&'a Sparse, u64)>,
    ) -> Vec<Percentile> {
        list.iter()
            .map(|&percentile| Percentile {
                percentile,
                time: self
                    .ground
                    .percentile(percentile / 100.0, sketches, |limit| {
                        windows()
                            .into_iter()
                            .map(|(sketch, never)| {
                                let total = (sketch.count() + never) as f64;
                                window(
                                    sketch.share_within(limit, never).unwrap_or(0.0) * total,
                                    total,
                                )
                            })
                            .collect()
                    }),
            })
            .collect()
    }

    fn clients(&self) -> Vec<ClientReport> {
        column(self.rows, |row| &row.clients)
            .iter()
            .map(|rows| self.client(rows))
            .collect()
    }

    fn client(&self, rows: &[&'a ClientOutcome]) -> ClientReport {
        fn windows(client: &ClientOutcome) -> &[outcome::ClientWindow] {
            &client.windows
        }
        let first = rows[0];
        let length: Vec<f64> = self.rows.iter().map(|row| counted(row) / 1e9).collect();
        let money = |of: fn(&outcome::Money) -> f64| {
            first.money.map(|_| {
                let values: Vec<Option<f64>> =
                    rows.iter().map(|row| row.money.as_ref().map(of)).collect();
                self.whole(&values, Unit::Money)
            })
        };
        let goodput: Vec<Option<f64>> = rows
            .iter()
            .zip(&length)
            .map(|(row, length)| (*length > 0.0).then(|| row.ends.answered() as f64 / length))
            .collect();
        let presses: Vec<Option<f64>> = rows
            .iter()
            .map(|row| share(row.presses, row.ends.arrived))
            .collect();
        ClientReport {
            name: first.name.clone(),
            visits: counts(rows.iter().map(|row| &row.ends)),
            lost: self.share(
                rows,
                |c| (c.ends.lost(), ended(&c.ends)),
                windows,
                |w| (w.ends.lost(), ended(&w.ends)),
            ),
            degraded: self.share(
                rows,
                |c| (c.ends.degraded, ended(&c.ends)),
                windows,
                |w| (w.ends.degraded, ended(&w.ends)),
            ),
            goodput: self.ground.mean(&goodput, Unit::PerSecond, || {
                first
                    .windows
                    .iter()
                    .zip(lengths(self.rows[0]))
                    .map(|(w, length)| window(w.ends.answered() as f64, length / 1e9))
                    .collect()
            }),
            presses: self.whole(&presses, Unit::Count),
            of_sent: self.percentiles(
                &PERCENTILES,
                &rows
                    .iter()
                    .map(|c| (&c.response, c.ends.lost()))
                    .collect::<Vec<_>>(),
                || {
                    first
                        .windows
                        .iter()
                        .map(|w| (&w.response, w.ends.lost()))
                        .collect()
                },
            ),
            of_answered: self.percentiles(
                &PERCENTILES,
                &rows.iter().map(|c| (&c.response, 0)).collect::<Vec<_>>(),
                || first.windows.iter().map(|w| (&w.response, 0)).collect(),
            ),
            mean: self.mean_time(
                &rows.iter().map(|c| &c.response).collect::<Vec<_>>(),
                || first.windows.iter().map(|w| &w.response).collect(),
            ),
            earned: money(|money| money.earned),
            money_lost: money(|money| money.lost),
        }
    }

    fn services(&self) -> Vec<ServiceReport> {
        column(self.rows, |row| &row.services)
            .iter()
            .map(|rows| self.service(rows))
            .collect()
    }

    fn service(&self, rows: &[&'a outcome::ServiceOutcome]) -> ServiceReport {
        fn windows(service: &outcome::ServiceOutcome) -> &[outcome::ServiceWindow] {
            &service.windows
        }
        let first = rows[0];
        // Utilisation is that of workers or of cores, whichever binds; its windows are scaled alike.
        let by_cores = binds_by_cores(first);
        let scale = first.utilisation.map_or(0.0, |utilisation| {
            let level = if by_cores {
                first.cores_mean.unwrap_or(0.0)
            } else {
                first.busy_mean
            };
            if level > 0.0 {
                utilisation / level
            } else {
                0.0
            }
        });
        let wasted = |of: fn(&outcome::ServiceOutcome) -> (u64, u64)| {
            let values: Vec<Option<f64>> = rows
                .iter()
                .map(|row| {
                    let (part, whole) = of(row);
                    share(part, whole)
                })
                .collect();
            self.whole(&values, Unit::Ratio)
        };
        ServiceReport {
            name: first.name.clone(),
            replicas: first.replicas,
            workers: first.workers,
            cores: first.cores,
            requests: counts(rows.iter().map(|row| &row.ends)),
            expired: rows.iter().map(|row| row.expired).sum(),
            duplicates: rows.iter().map(|row| row.duplicates).sum(),
            utilisation: first.utilisation.map(|_| {
                self.level(
                    rows,
                    Unit::Ratio,
                    |s| s.utilisation,
                    windows,
                    |w| scale * if by_cores { w.cores_mean } else { w.busy_mean },
                )
            }),
            inside: self.whole(
                &rows.iter().map(|s| Some(s.inside_mean)).collect::<Vec<_>>(),
                Unit::Count,
            ),
            queue: self.level(
                rows,
                Unit::Count,
                |s| Some(s.queue_mean),
                windows,
                |w| w.queue_mean,
            ),
            queue_max: rows.iter().map(|row| row.queue_max).max().unwrap_or(0),
            ready: self.level(
                rows,
                Unit::Count,
                |s| Some(s.ready_mean),
                windows,
                |w| w.ready_mean,
            ),
            wasted_worker_time: wasted(|s| (s.wasted_worker_ns, s.worker_ns)),
            wasted_cpu_time: wasted(|s| (s.wasted_cpu_ns, s.cpu_ns)),
        }
    }

    fn endpoints(&self) -> Vec<EndpointReport> {
        column(self.rows, |row| &row.endpoints)
            .iter()
            .map(|rows| {
                let first = rows[0];
                let few =
                    |of: fn(&outcome::EndpointOutcome) -> &Histogram,
                     in_window: fn(&outcome::EndpointWindow) -> &Sparse| {
                        self.percentiles(
                            &FEW_PERCENTILES,
                            &rows.iter().map(|e| (of(e), 0)).collect::<Vec<_>>(),
                            || first.windows.iter().map(|w| (in_window(w), 0)).collect(),
                        )
                    };
                let mean =
                    |of: fn(&outcome::EndpointOutcome) -> &Histogram,
                     in_window: fn(&outcome::EndpointWindow) -> &Sparse| {
                        self.mean_time(&rows.iter().map(|e| of(e)).collect::<Vec<_>>(), || {
                            first.windows.iter().map(in_window).collect()
                        })
                    };
                EndpointReport {
                    name: first.name.clone(),
                    requests: counts(rows.iter().map(|row| &row.ends)),
                    wait_mean: mean(|e| &e.wait, |w| &w.wait),
                    wait: few(|e| &e.wait, |w| &w.wait),
                    service_mean: mean(|e| &e.service, |w| &w.service),
                    service: few(|e| &e.service, |w| &w.service),
                    response_mean: mean(|e| &e.response, |w| &w.response),
                    of_sent: self.percentiles(
                        &PERCENTILES,
                        &rows
                            .iter()
                            .map(|e| (&e.response, unanswered(&e.response, &e.ends)))
                            .collect::<Vec<_>>(),
                        || {
                            first
                                .windows
                                .iter()
                                .map(|w| (&w.response, w.ends.lost()))
                                .collect()
                        },
                    ),
                }
            })
            .collect()
    }

    fn calls(&self) -> Vec<CallReport> {
        column(self.rows, |row| &row.calls)
            .iter()
            .map(|rows| {
                let first = rows[0];
                let sum = |of: fn(&outcome::CallOutcome) -> u64| {
                    rows.iter().map(|row| of(row)).sum::<u64>()
                };
                let per_call: Vec<Option<f64>> = rows
                    .iter()
                    .map(|row| share(row.attempts, row.calls))
                    .collect();
                CallReport {
                    name: first.name.clone(),
                    calls: sum(|c| c.calls),
                    attempts: sum(|c| c.attempts),
                    retries: sum(|c| c.retries),
                    hedges: sum(|c| c.hedges),
                    over_budget: sum(|c| c.over_budget),
                    late: sum(|c| c.late),
                    fallbacks: sum(|c| c.fallbacks),
                    attempts_per_call: self.ground.mean(&per_call, Unit::Count, || {
                        first
                            .windows
                            .iter()
                            .map(|w| window(w.attempts as f64, w.calls as f64))
                            .collect()
                    }),
                    results: results(rows.iter().map(|row| &row.results)),
                    attempt_results: results(rows.iter().map(|row| &row.attempt_results)),
                    mean: self.mean_time(
                        &rows.iter().map(|c| &c.response).collect::<Vec<_>>(),
                        || first.windows.iter().map(|w| &w.response).collect(),
                    ),
                    of_answered: self.percentiles(
                        &PERCENTILES,
                        &rows.iter().map(|c| (&c.response, 0)).collect::<Vec<_>>(),
                        || first.windows.iter().map(|w| (&w.response, 0)).collect(),
                    ),
                }
            })
            .collect()
    }

    fn pools(&self) -> Vec<PoolReport> {
        column(self.rows, |row| &row.pools)
            .iter()
            .map(|rows| {
                let first = rows[0];
                let values = |of: fn(&outcome::PoolOutcome) -> Option<f64>| {
                    rows.iter().map(|row| of(row)).collect::<Vec<_>>()
                };
                let waits: Vec<Option<f64>> = rows
                    .iter()
                    .map(|row| row.wait.mean().map(|ns| ns / 1e9))
                    .collect();
                PoolReport {
                    name: first.name.clone(),
                    size: (first.size != u64::MAX).then_some(first.size),
                    granted: rows.iter().map(|row| row.granted).sum(),
                    rejected: rows.iter().map(|row| row.rejected).sum(),
                    used: self.whole(&values(|p| Some(p.used_mean)), Unit::Count),
                    queue: self.whole(&values(|p| Some(p.queue_mean)), Unit::Count),
                    wait_mean: self.whole(&waits, Unit::Seconds),
                    wait: self.percentiles(
                        &FEW_PERCENTILES,
                        &rows.iter().map(|p| (&p.wait, 0)).collect::<Vec<_>>(),
                        Vec::new,
                    ),
                }
            })
            .collect()
    }

    fn links(&self) -> Vec<LinkReport> {
        // A link is only listed where something crossed it, so rows may differ: they meet by name.
        let mut names: Vec<&str> = self
            .rows
            .iter()
            .flat_map(|row| row.links.iter().map(|link| link.name.as_str()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
            .into_iter()
            .map(|name| {
                let links: Vec<Option<&outcome::LinkOutcome>> = self
                    .rows
                    .iter()
                    .map(|row| row.links.iter().find(|link| link.name == name))
                    .collect();
                let sum = |of: fn(&outcome::LinkOutcome) -> u64| {
                    links.iter().flatten().map(|link| of(link)).sum()
                };
                let utilisation: Vec<Option<f64>> = links
                    .iter()
                    .map(|link| link.and_then(|link| link.utilisation))
                    .collect();
                LinkReport {
                    name: name.to_owned(),
                    messages: sum(|link| link.messages),
                    lost: sum(|link| link.lost),
                    utilisation: utilisation
                        .iter()
                        .any(Option::is_some)
                        .then(|| self.whole(&utilisation, Unit::Ratio)),
                }
            })
            .collect()
    }
}

/// Requests of an endpoint that ended without a measured response: they count as never.
fn unanswered(response: &Histogram, ends: &Ends) -> u64 {
    ended(ends)
        .saturating_sub(response.count())
        .max(ends.lost())
}

/// Whether the cores, not the workers, are what limits a service.
pub(crate) fn binds_by_cores(service: &outcome::ServiceOutcome) -> bool {
    match (service.workers, service.cores_mean) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(workers), Some(cores)) => {
            let busy =
                service.busy_mean / (f64::from(service.replicas) * f64::from(workers)).max(1.0);
            let cpu = cores
                / (f64::from(service.replicas) * service.cores.unwrap_or(1.0))
                    .max(f64::MIN_POSITIVE);
            busy < cpu
        }
    }
}

pub(crate) fn counts<'e>(all: impl Iterator<Item = &'e Ends>) -> Counts {
    let mut sum = Counts::default();
    for ends in all {
        sum.arrived += ends.arrived;
        sum.ok += ends.ok;
        sum.degraded += ends.degraded;
        sum.declined += ends.declined;
        sum.failed += ends.failed;
        sum.shed += ends.shed;
        sum.abandoned += ends.abandoned;
        sum.inside += ends.inside;
    }
    sum
}

fn results<'e>(all: impl Iterator<Item = &'e outcome::Results>) -> ResultCounts {
    let mut sum = ResultCounts::default();
    for results in all {
        sum.ok += results.ok;
        sum.degraded += results.degraded;
        sum.declined += results.declined;
        sum.error += results.error;
        sum.rejected += results.rejected;
        sum.refused += results.refused;
        sum.timeout += results.timeout;
        sum.dropped += results.dropped;
    }
    sum
}
