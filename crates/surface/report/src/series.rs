//! Measures over time, as columns.

use worstday_sim::outcome::Outcome;
use worstday_stats::sketch::{Sketch, Sparse};

use crate::document::{CallSeries, ClientSeries, EndpointSeries, Moment, Series, ServiceSeries};

/// One cell per window.
pub(crate) fn cells<W, V>(windows: &[W], of: impl Fn(&W) -> V) -> Vec<V> {
    windows.iter().map(of).collect()
}

pub(crate) fn at(sketch: &Sparse, q: f64) -> Option<f64> {
    sketch.quantile(q, 0).ns().map(|ns| ns / 1e9)
}

/// Over all that ended, `lost` of them never.
fn of_sent(sketch: &Sparse, q: f64, lost: u64) -> Moment {
    Moment(sketch.quantile(q, lost).ns().map(|ns| ns / 1e9))
}

fn mean(sketch: &Sparse) -> Option<f64> {
    sketch.mean().map(|ns| ns / 1e9)
}

/// All windowed measures of a history.
pub(crate) fn series(row: &Outcome) -> Series {
    Series {
        window: row.windows.length_ns as f64 / 1e9,
        count: row.windows.count,
        clients: row
            .clients
            .iter()
            .map(|client| {
                let w = &client.windows;
                ClientSeries {
                    name: client.name.clone(),
                    arrived: cells(w, |w| w.ends.arrived),
                    answered: cells(w, |w| w.ends.answered()),
                    degraded: cells(w, |w| w.ends.degraded),
                    failed: cells(w, |w| w.ends.failed),
                    shed: cells(w, |w| w.ends.shed),
                    abandoned: cells(w, |w| w.ends.abandoned),
                    inside: cells(w, |w| w.ends.inside),
                    p50: cells(w, |w| at(&w.response, 0.5)),
                    p99: cells(w, |w| at(&w.response, 0.99)),
                    sent_p50: cells(w, |w| of_sent(&w.response, 0.5, w.ends.lost())),
                    sent_p95: cells(w, |w| of_sent(&w.response, 0.95, w.ends.lost())),
                    sent_p99: cells(w, |w| of_sent(&w.response, 0.99, w.ends.lost())),
                    money_lost: cells(w, |w| w.money_lost),
                    money_earned: cells(w, |w| w.money_earned),
                }
            })
            .collect(),
        services: row
            .services
            .iter()
            .map(|service| {
                let w = &service.windows;
                ServiceSeries {
                    name: service.name.clone(),
                    arrived: cells(w, |w| w.ends.arrived),
                    answered: cells(w, |w| w.ends.answered()),
                    lost: cells(w, |w| w.ends.lost()),
                    queue: cells(w, |w| w.queue_mean),
                    busy: cells(w, |w| w.busy_mean),
                    cores: cells(w, |w| w.cores_mean),
                    ready: cells(w, |w| w.ready_mean),
                    wasted: cells(w, |w| w.wasted_worker_ns as f64 / 1e9),
                }
            })
            .collect(),
        endpoints: row
            .endpoints
            .iter()
            .map(|endpoint| {
                let w = &endpoint.windows;
                EndpointSeries {
                    name: endpoint.name.clone(),
                    arrived: cells(w, |w| w.ends.arrived),
                    answered: cells(w, |w| w.ends.answered()),
                    lost: cells(w, |w| w.ends.lost()),
                    wait: cells(w, |w| mean(&w.wait)),
                    service: cells(w, |w| mean(&w.service)),
                    p50: cells(w, |w| at(&w.response, 0.5)),
                    p99: cells(w, |w| at(&w.response, 0.99)),
                }
            })
            .collect(),
        calls: row
            .calls
            .iter()
            .map(|call| {
                let w = &call.windows;
                CallSeries {
                    name: call.name.clone(),
                    calls: cells(w, |w| w.calls),
                    attempts: cells(w, |w| w.attempts),
                    retries: cells(w, |w| w.retries),
                    answered: cells(w, |w| {
                        w.results.ok + w.results.degraded + w.results.declined
                    }),
                    timeouts: cells(w, |w| w.results.timeout),
                    p50: cells(w, |w| at(&w.response, 0.5)),
                    p99: cells(w, |w| at(&w.response, 0.99)),
                }
            })
            .collect(),
        topics: crate::topics::series(row),
    }
}
