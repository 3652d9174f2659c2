//! The chain of a day: where it departs from its twin, and in which order.
//!
//! Each service, call and client has a few series over the windows of a report. A series departs where it is further from its
//! twin's than half of it and than a floor of its own, for two windows running or three times as far at once: the draws
//! are the same, so that what is left to chance is only what the strikes shifted. A window is as long as the report's.

use serde::{Deserialize, Serialize};
use worstday_sim::outcome::{Outcome, Verdict};

/// A step of the chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Beat {
    /// When it begins, local time.
    pub at: String,
    /// What it is about: a fault, a service, a call, a client, a promise.
    pub of: String,
    /// What happens to it.
    pub kind: Kind,
    /// What it would have been then, had nothing struck.
    pub usual: f64,
    /// What it came to at most.
    pub most: f64,
    /// When it was so, local time.
    pub most_at: String,
    /// When it was over, local time; none if it was not at the end of the history.
    pub until: Option<String>,
    /// It went on for five minutes and more after the last strike had ended.
    pub outlives: bool,
}

/// What happens to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A fault or an event strikes.
    Strikes,
    /// Replicas that are ready.
    Ready,
    /// Workers held.
    Busy,
    /// Requests that wait.
    Queue,
    /// Share of the worker time that goes into answers nobody takes.
    Wasted,
    /// Requests that are turned away, in a window.
    Refused,
    /// Attempts per call.
    Attempts,
    /// Share of calls that fail.
    Failing,
    /// Share of visits that are lost.
    Lost,
    /// The window of a promise that broke most.
    Breaks,
}

/// What was found.
pub(super) struct Told {
    pub(super) beats: Vec<Beat>,
    /// Names of services and clients that departed, and of what struck.
    pub(super) took_part: Vec<String>,
}

/// One series of a thing, in both histories.
struct Series {
    of: String,
    kind: Kind,
    with: Vec<f64>,
    without: Vec<f64>,
    /// Smaller differences are none.
    floor: f64,
}

/// The chain of a history against its twin.
pub(super) fn chain(
    with: &Outcome,
    without: &Outcome,
    last_end: i64,
    local: impl Fn(i64) -> String,
) -> Told {
    let unix = |ns: u64| with.start_unix_ns + ns as i64;
    let start = |window: usize| unix(with.windows.from_ns + window as u64 * with.windows.length_ns);
    let mut rows: Vec<(i64, Beat)> = Vec::new();
    let mut took_part: Vec<String> = Vec::new();
    for happened in &with.happened {
        let struck = matches!(happened.what.as_str(), "fault" | "event" | "demand");
        if !struck || happened.from_ns < 0 {
            continue;
        }
        let from = with.start_unix_ns + happened.from_ns;
        let until = happened.until_ns.map(unix);
        let lasts = until.map_or(0.0, |until| (until - from) as f64 / 1e9);
        rows.push((
            from,
            Beat {
                at: local(from),
                of: happened.name.clone(),
                kind: Kind::Strikes,
                usual: 0.0,
                most: lasts,
                most_at: local(from),
                until: until.map(&local),
                outlives: false,
            },
        ));
    }
    // What began in the window in which the first strike falls did not begin before it.
    let first = rows.iter().map(|row| row.0).min().unwrap_or(i64::MIN);
    let mut departed: Vec<(usize, Series, usize)> = Vec::new();
    for series in all(with, without) {
        if let Some((onset, until)) = departure(&series) {
            departed.push((onset, series, until));
        }
    }
    for (onset, series, until) in departed {
        let service = series.of.split([' ', '.']).next().unwrap_or_default();
        for name in [service, series.of.rsplit("-> ").next().unwrap_or_default()] {
            let name = name.split('.').next().unwrap_or_default().to_owned();
            if !took_part.contains(&name) {
                took_part.push(name);
            }
        }
        let falls = series.kind == Kind::Ready;
        let peak = (onset..=until)
            .max_by(|&a, &b| {
                let far = |at: usize| {
                    let far = series.with[at] - series.without[at];
                    if falls { -far } else { far }
                };
                far(a).total_cmp(&far(b)).then(b.cmp(&a))
            })
            .unwrap_or(onset);
        let ends = until + 1 < series.with.len();
        let end = start(until + 1);
        let begins = start(onset).max(first);
        rows.push((
            begins,
            Beat {
                at: local(begins),
                of: series.of,
                kind: series.kind,
                usual: series.without[peak],
                most: series.with[peak],
                most_at: local(start(peak).max(first)),
                until: ends.then(|| local(end)),
                outlives: last_end + 300_000_000_000 < end,
            },
        ));
    }
    for promise in &with.promises {
        for condition in &promise.conditions {
            let Some((from, to)) = condition.worst_window else {
                continue;
            };
            if condition.verdict == Verdict::Broken {
                let begins = unix(from).max(first);
                rows.push((
                    begins,
                    Beat {
                        at: local(begins),
                        of: format!("{}: {}", promise.name, condition.text),
                        kind: Kind::Breaks,
                        usual: condition.goal.map_or(0.0, |goal| goal.value),
                        most: condition.worst.unwrap_or(f64::INFINITY),
                        most_at: local(unix(to)),
                        until: Some(local(unix(to))),
                        outlives: false,
                    },
                ));
            }
        }
    }
    rows.sort_by_key(|row| (row.0, row.1.kind));
    Told {
        beats: rows.into_iter().map(|(_, beat)| beat).collect(),
        took_part,
    }
}

/// Every series of both histories.
fn all(with: &Outcome, without: &Outcome) -> Vec<Series> {
    let mut all = Vec::new();
    let window = with.windows.length_ns.max(1) as f64;
    for (a, b) in with.services.iter().zip(&without.services) {
        let mut add =
            |kind: Kind, floor: f64, of: &dyn Fn(&worstday_sim::outcome::ServiceWindow) -> f64| {
                all.push(Series {
                    of: a.name.clone(),
                    kind,
                    with: a.windows.iter().map(of).collect(),
                    without: b.windows.iter().map(of).collect(),
                    floor,
                });
            };
        add(Kind::Ready, 0.5, &|row| row.ready_mean);
        let capacity = a
            .workers
            .map(|workers| f64::from(workers) * f64::from(a.replicas));
        if let Some(capacity) = capacity {
            add(Kind::Busy, (0.2 * capacity).max(0.5), &|row| row.busy_mean);
            add(Kind::Wasted, 0.1, &|row| {
                row.wasted_worker_ns as f64 / (window * capacity)
            });
        }
        add(Kind::Queue, 2.0, &|row| row.queue_mean);
        add(Kind::Refused, 5.0, &|row| row.ends.shed as f64);
    }
    for (a, b) in with.calls.iter().zip(&without.calls) {
        let mut add =
            |kind: Kind, floor: f64, of: &dyn Fn(&worstday_sim::outcome::CallWindow) -> f64| {
                all.push(Series {
                    of: a.name.clone(),
                    kind,
                    with: a.windows.iter().map(of).collect(),
                    without: b.windows.iter().map(of).collect(),
                    floor,
                });
            };
        // Calls of earlier windows send attempts in later ones: few calls say nothing.
        add(Kind::Attempts, 0.5, &|row| {
            row.attempts as f64 / row.calls.max(3) as f64
        });
        add(Kind::Failing, 0.1, &|row| {
            let results = &row.results;
            let bad = results.error + results.rejected + results.refused + results.timeout;
            bad as f64 / row.calls.max(3) as f64
        });
    }
    for (a, b) in with.clients.iter().zip(&without.clients) {
        let mut add =
            |kind: Kind, floor: f64, of: &dyn Fn(&worstday_sim::outcome::ClientWindow) -> f64| {
                all.push(Series {
                    of: a.name.clone(),
                    kind,
                    with: a.windows.iter().map(of).collect(),
                    without: b.windows.iter().map(of).collect(),
                    floor,
                });
            };
        add(Kind::Lost, 0.05, &|row| {
            row.ends.lost() as f64 / row.ends.arrived.max(3) as f64
        });
    }
    all
}

/// The first window in which a series is not what it would have been, and the last.
fn departure(series: &Series) -> Option<(usize, usize)> {
    let count = series.with.len().min(series.without.len());
    let far = |at: usize| {
        let (with, without) = (series.with[at], series.without[at]);
        let more = if series.kind == Kind::Ready {
            without - with
        } else {
            with - without
        };
        more / (0.5 * without.abs()).max(series.floor)
    };
    let is = |at: usize| 1.0 <= far(at);
    let onset =
        (0..count).find(|&at| is(at) && (3.0 <= far(at) || at + 1 < count && is(at + 1)))?;
    let mut until = onset;
    for at in onset..count {
        if is(at) {
            until = at;
        }
    }
    Some((onset, until))
}
