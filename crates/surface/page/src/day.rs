//! The day over time: columns of windows, and what happened.
//!
//! A column that never changes is one number; every other number is rounded to four significant digits,
//! a tenth of what a window's sketch is sure of.
//!
//! A window in which one visit ends has no percentile worth drawing: neighbouring windows of a client are put together until
//! a busy one holds [`MANY`] visits, counts added and percentiles asked of the merged sketches. The same is done for services
//! and calls, means averaged, and where a large system would make the page heavy. Windows are never cut: what is drawn is
//! never finer than what was measured.

use serde::Serialize;
use worstday_model::system::System;
use worstday_report::document::{Report, ServiceReport, ServiceSeries};
use worstday_sim::outcome::{CallWindow, ClientOutcome, ClientWindow, Outcome, Results};
use worstday_stats::sketch::{Sketch, Sparse};

use crate::Told;
use crate::drawing::struck;

/// Cells of services and calls that a run may bring: about five bytes each.
const CELLS: usize = 110_000;
/// Visits that a busy window holds, for one of them to be no more than a twentieth.
const MANY: u64 = 20;
/// A client's day is never drawn in fewer windows: its shape matters more than its last percentile.
const FEWEST: usize = 24;
/// The same for services and calls, whose levels are known at any time.
const FEWEST_LEVELS: usize = 90;

/// One run over time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Day {
    /// Length of a window, s.
    pub window: f64,
    /// How many.
    pub count: usize,
    /// So many windows are one, for services and calls.
    pub together: usize,
    pub clients: Vec<Client>,
    pub services: Vec<Service>,
    pub calls: Vec<Call>,
    pub topics: Vec<Topic>,
    pub marks: Vec<Mark>,
}

/// A column of values; one that is the same throughout is written once.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Column {
    Same(Cell),
    Each(Vec<Cell>),
}

/// A value: a number, `"never"`, or null where there was nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell {
    Whole(u64),
    Number(f64),
    Never,
    Nothing,
}

impl Serialize for Cell {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Whole(n) => serializer.serialize_u64(n),
            Self::Number(x) => serializer.serialize_f64(x),
            Self::Never => serializer.serialize_str("never"),
            Self::Nothing => serializer.serialize_none(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Client {
    pub name: String,
    /// So many windows are one, for this client.
    pub together: usize,
    pub arrived: Column,
    pub answered: Column,
    pub degraded: Column,
    pub failed: Column,
    pub shed: Column,
    pub abandoned: Column,
    /// Over all that ended, what was lost counting as never.
    pub p50: Column,
    pub p95: Column,
    pub p99: Column,
    /// Nothing if the client has no value.
    pub money_lost: Option<Column>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    pub name: String,
    pub arrived: Column,
    pub lost: Column,
    pub queue: Column,
    /// Share of workers or cores in use, none where neither is limited.
    pub utilisation: Option<Column>,
    pub ready: Column,
    /// Worker time on answers nobody took, as a share of all worker time of the window.
    pub wasted: Column,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Call {
    pub name: String,
    pub attempts: Column,
    pub retries: Column,
    /// Calls that ended here.
    pub ended: Column,
    /// Those of them that were not answered.
    pub unanswered: Column,
}

/// Where messages wait.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Topic {
    pub name: String,
    pub sent: Column,
    pub declined: Column,
    /// Given up, expired, lost, or refused for lack of room.
    pub lost: Column,
    pub backlog: Column,
    /// The oldest that any message was, s.
    pub age: Column,
}

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mark {
    /// `fault`, `event`, `edit`, `alert`, `override`, …
    pub what: String,
    pub name: String,
    pub detail: String,
    /// s from where counting starts.
    pub from: f64,
    pub until: Option<f64>,
    /// Nodes and edges of the drawing that it hits.
    pub hits: Vec<String>,
    /// What is hit does not work at all, as opposed to badly.
    pub fails: bool,
}

fn whole(values: &[u64]) -> Column {
    column(values.iter().map(|n| Cell::Whole(*n)).collect())
}

fn numbers(values: impl Iterator<Item = f64>) -> Column {
    column(values.map(|x| Cell::Number(rounded(x))).collect())
}

/// Times in s, infinite where too many were lost.
fn moments(values: impl Iterator<Item = Option<f64>>) -> Column {
    let cell = |value| match value {
        None => Cell::Nothing,
        Some(x) if f64::is_finite(x) => Cell::Number(rounded(x)),
        Some(_) => Cell::Never,
    };
    column(values.map(cell).collect())
}

fn column(cells: Vec<Cell>) -> Column {
    match cells.first() {
        Some(first) if cells.iter().all(|cell| cell == first) => Column::Same(*first),
        _ => Column::Each(cells),
    }
}

/// Four significant digits.
fn rounded(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    format!("{x:.3e}").parse().unwrap_or(x)
}

/// How many neighbouring windows are one, for the busiest of those to hold [`MANY`]: as few as that takes.
fn grain(ended: &[u64], fewest: usize) -> usize {
    let most = (ended.len() / fewest).max(1);
    let busiest = |together: usize| {
        let sums = ended.chunks(together).map(|part| part.iter().sum::<u64>());
        sums.max().unwrap_or(0)
    };
    (1..most)
        .find(|together| busiest(*together) >= MANY)
        .unwrap_or(most)
}

fn ended(client: &ClientOutcome) -> Vec<u64> {
    let all = client.windows.iter();
    all.map(|w| w.ends.answered() + w.ends.lost()).collect()
}

/// How many windows of that client are drawn as one.
fn grain_of(outcome: &Outcome, name: &str) -> Option<usize> {
    let client = outcome.clients.iter().find(|one| one.name == name)?;
    Some(grain(&ended(client), FEWEST))
}

/// The same for services and calls: what all clients ask for.
fn grain_of_all(outcome: &Outcome) -> usize {
    let mut sum = vec![0; outcome.windows.count];
    for client in &outcome.clients {
        for (sum, n) in sum.iter_mut().zip(ended(client)) {
            *sum += n;
        }
    }
    grain(&sum, FEWEST_LEVELS)
}

/// The day of a run, in windows as they suit `beside`: the same day otherwise is drawn in the same windows.
pub(crate) fn day(told: &Told<'_>, beside: &Outcome) -> Day {
    let history = &told.report.histories[0];
    let series = &history.series;
    let beside = if beside.windows.count == series.count {
        beside
    } else {
        told.outcome
    };
    let mut together = grain_of_all(beside);
    loop {
        let day = Day {
            window: series.window,
            count: series.count,
            together,
            clients: clients(told, beside),
            services: services(told.report, together),
            calls: calls(told.outcome, together),
            topics: topics(told.report, together),
            marks: marks(told.report, told.system),
        };
        if cells(&day) <= CELLS || series.count <= 32 * together {
            return day;
        }
        together *= 2;
    }
}

fn cells(day: &Day) -> usize {
    let length = |column: &Column| match column {
        Column::Same(_) => 1,
        Column::Each(cells) => cells.len(),
    };
    let services = day.services.iter().map(|s| {
        [&s.arrived, &s.lost, &s.queue, &s.ready, &s.wasted]
            .into_iter()
            .chain(s.utilisation.as_ref())
            .map(length)
            .sum::<usize>()
    });
    let calls = day
        .calls
        .iter()
        .map(|c| [&c.attempts, &c.retries, &c.ended, &c.unanswered].map(length))
        .map(|lengths| lengths.iter().sum::<usize>());
    services.chain(calls).sum()
}

fn clients(told: &Told<'_>, beside: &Outcome) -> Vec<Client> {
    let valued = |name: &str| {
        let mut all = told.report.clients.iter();
        all.any(|client| client.name == name && client.money_lost.is_some())
    };
    let all = told.outcome.clients.iter();
    all.map(|client| {
        let together =
            grain_of(beside, &client.name).unwrap_or_else(|| grain(&ended(client), FEWEST));
        let windows = &client.windows;
        let counted = |of: fn(&ClientWindow) -> u64| {
            sums(&windows.iter().map(of).collect::<Vec<_>>(), together)
        };
        let within = |q: f64| moments(windows.chunks(together).map(|part| quantile(part, q)));
        Client {
            name: client.name.clone(),
            together,
            arrived: counted(|w| w.ends.arrived),
            answered: counted(|w| w.ends.answered()),
            degraded: counted(|w| w.ends.degraded),
            failed: counted(|w| w.ends.failed),
            shed: counted(|w| w.ends.shed),
            abandoned: counted(|w| w.ends.abandoned),
            p50: within(0.5),
            p95: within(0.95),
            p99: within(0.99),
            money_lost: valued(&client.name).then(|| {
                let all = windows.chunks(together);
                numbers(all.map(|part| part.iter().map(|w| w.money_lost).sum()))
            }),
        }
    })
    .collect()
}

/// The response time of all that ended in these windows, s; what was lost counts as never.
fn quantile(part: &[ClientWindow], q: f64) -> Option<f64> {
    let mut all = Sparse::default();
    for window in part {
        all.merge(&window.response);
    }
    let lost = part.iter().map(|window| window.ends.lost()).sum();
    all.quantile(q, lost).ns().map(|ns| ns / 1e9)
}

fn sums(values: &[u64], together: usize) -> Column {
    let sums: Vec<u64> = values
        .chunks(together)
        .map(|part| part.iter().sum())
        .collect();
    whole(&sums)
}

fn means(values: &[f64], together: usize) -> Column {
    numbers(
        values
            .chunks(together)
            .map(|part| part.iter().sum::<f64>() / part.len() as f64),
    )
}

fn services(report: &Report, together: usize) -> Vec<Service> {
    let series = &report.histories[0].series;
    series
        .services
        .iter()
        .zip(&report.services)
        .map(|(row, whole_run)| Service {
            name: row.name.clone(),
            arrived: sums(&row.arrived, together),
            lost: sums(&row.lost, together),
            queue: means(&row.queue, together),
            utilisation: utilisation(row, whole_run).map(|values| means(&values, together)),
            ready: means(&row.ready, together),
            wasted: {
                let shares = row.wasted.iter().zip(&row.busy).map(|(wasted, busy)| {
                    let spent = busy * series.window;
                    // A late answer books all its work where it ends: a window can end more than it spent.
                    if spent > 0.0 {
                        (wasted / spent).min(1.0)
                    } else {
                        0.0
                    }
                });
                means(&shares.collect::<Vec<_>>(), together)
            },
        })
        .collect()
}

/// Share of workers in use, or of cores where those are fuller over the whole run.
fn utilisation(row: &ServiceSeries, service: &ServiceReport) -> Option<Vec<f64>> {
    service.utilisation.as_ref()?;
    let of = |level: &[f64], each: f64| -> Vec<f64> {
        level
            .iter()
            .zip(&row.ready)
            .map(|(level, ready)| {
                let most = each * ready.max(f64::from(service.replicas).min(1.0));
                (level / most).clamp(0.0, 1.0)
            })
            .collect()
    };
    let workers = service.workers.map(|w| of(&row.busy, f64::from(w)));
    let cores = service.cores.map(|c| of(&row.cores, c));
    let total = |values: &Vec<f64>| values.iter().sum::<f64>();
    match (workers, cores) {
        (Some(w), Some(c)) => Some(if total(&c) > total(&w) { c } else { w }),
        (w, c) => w.or(c),
    }
}

/// Calls by when they ended: one that began here and is answered later is not unanswered.
fn calls(outcome: &Outcome, together: usize) -> Vec<Call> {
    outcome
        .calls
        .iter()
        .map(|call| {
            let counted = |of: fn(&CallWindow) -> u64| {
                sums(&call.windows.iter().map(of).collect::<Vec<_>>(), together)
            };
            Call {
                name: call.name.clone(),
                attempts: counted(|w| w.attempts),
                retries: counted(|w| w.retries),
                ended: counted(|w| answered(&w.results) + unanswered(&w.results)),
                unanswered: counted(|w| unanswered(&w.results)),
            }
        })
        .collect()
}

fn answered(results: &Results) -> u64 {
    results.ok + results.degraded + results.declined
}

fn unanswered(results: &Results) -> u64 {
    results.error + results.rejected + results.refused + results.timeout + results.dropped
}

fn topics(report: &Report, together: usize) -> Vec<Topic> {
    let series = &report.histories[0].series;
    let most = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    series
        .topics
        .iter()
        .map(|row| Topic {
            name: row.name.clone(),
            sent: sums(&row.sent, together),
            declined: sums(&row.declined, together),
            lost: {
                let all = row.lost.iter().zip(&row.rejected);
                sums(&all.map(|(a, b)| a + b).collect::<Vec<_>>(), together)
            },
            backlog: means(&row.backlog, together),
            age: numbers(row.age.chunks(together).map(most)),
        })
        .collect()
}

fn marks(report: &Report, system: &System) -> Vec<Mark> {
    let length = report.day.length;
    report.histories[0]
        .happened
        .iter()
        .filter(|what| what.from < length && what.until.is_none_or(|until| until > 0.0))
        .map(|what| {
            let (hits, fails) = if what.what == "fault" {
                struck(system, &what.name, &what.detail)
            } else {
                (Vec::new(), false)
            };
            Mark {
                what: what.what.clone(),
                name: what.name.clone(),
                detail: what.detail.clone(),
                from: what.from,
                until: what.until,
                hits,
                fails,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of the page must find the report's numbers in it.
    #[test]
    fn columns_say_what_the_series_said() {
        assert_eq!(whole(&[7, 7, 7]), Column::Same(Cell::Whole(7)));
        assert_eq!(
            numbers([0.123_456, 2.0].into_iter()),
            Column::Each(vec![Cell::Number(0.1235), Cell::Number(2.0)])
        );
        assert_eq!(
            sums(&[1, 2, 3], 2),
            Column::Each(vec![Cell::Whole(3), Cell::Whole(3)]).collapsed()
        );
        let never = moments([None, Some(f64::INFINITY)].into_iter());
        assert_eq!(never, Column::Each(vec![Cell::Nothing, Cell::Never]));
    }

    /// Few visits are put together until a busy window holds enough, as long as the day keeps a shape.
    #[test]
    fn windows_of_few_visits_are_put_together() {
        assert_eq!(grain(&[25; 240], 24), 1, "enough as it is");
        assert_eq!(grain(&[7; 240], 24), 3, "21 in three");
        assert_eq!(grain(&[0; 240], 24), 10, "nothing in any of 24");
        assert_eq!(grain(&[1; 20], 24), 1, "too few to put together");
        let mut rush = [0; 240];
        rush[100..104].fill(10);
        assert_eq!(grain(&rush, 24), 2, "the rush decides");
    }

    impl Column {
        fn collapsed(self) -> Self {
            match self {
                Self::Each(cells) => column(cells),
                same @ Self::Same(_) => same,
            }
        }
    }
}
