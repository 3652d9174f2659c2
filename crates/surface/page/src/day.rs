//! The day over time: columns of windows, and what happened.
//!
//! A column that never changes is one number; every other number is rounded to four significant digits,
//! a tenth of what a window's sketch is sure of. Clients keep all windows. Where a large system would make the page heavy,
//! neighbouring windows of services and calls are put together, means averaged and counts added.

use serde::Serialize;
use worstday_model::system::System;
use worstday_report::document::{Moment, Report, ServiceReport, ServiceSeries};

use crate::Told;
use crate::drawing::struck;

/// Cells of services and calls that a run may bring: about five bytes each.
const CELLS: usize = 110_000;

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
    pub arrived: Column,
    pub answered: Column,
    pub degraded: Column,
    pub failed: Column,
    pub shed: Column,
    pub abandoned: Column,
    pub inside: Column,
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
    /// Calls that were not answered.
    pub unanswered: Column,
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

fn moments(values: &[Moment]) -> Column {
    let cell = |value: &Moment| match value.0 {
        None => Cell::Nothing,
        Some(x) if x.is_finite() => Cell::Number(rounded(x)),
        Some(_) => Cell::Never,
    };
    column(values.iter().map(cell).collect())
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

/// The day of a run.
pub(crate) fn day(told: &Told<'_>) -> Day {
    let history = &told.report.histories[0];
    let series = &history.series;
    let mut together = 1;
    loop {
        let day = Day {
            window: series.window,
            count: series.count,
            together,
            clients: clients(told.report),
            services: services(told.report, together),
            calls: calls(told.report, together),
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
        .map(|c| length(&c.attempts) + length(&c.retries) + length(&c.unanswered));
    services.chain(calls).sum()
}

fn clients(report: &Report) -> Vec<Client> {
    let series = &report.histories[0].series;
    let valued = |name: &str| {
        let mut all = report.clients.iter();
        all.any(|client| client.name == name && client.money_lost.is_some())
    };
    series
        .clients
        .iter()
        .map(|client| Client {
            name: client.name.clone(),
            arrived: whole(&client.arrived),
            answered: whole(&client.answered),
            degraded: whole(&client.degraded),
            failed: whole(&client.failed),
            shed: whole(&client.shed),
            abandoned: whole(&client.abandoned),
            inside: whole(&client.inside),
            p50: moments(&client.sent_p50),
            p95: moments(&client.sent_p95),
            p99: moments(&client.sent_p99),
            money_lost: valued(&client.name).then(|| numbers(client.money_lost.iter().copied())),
        })
        .collect()
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

fn calls(report: &Report, together: usize) -> Vec<Call> {
    let series = &report.histories[0].series;
    series
        .calls
        .iter()
        .map(|call| {
            let unanswered: Vec<u64> = call
                .calls
                .iter()
                .zip(&call.answered)
                .map(|(calls, answered)| calls.saturating_sub(*answered))
                .collect();
            Call {
                name: call.name.clone(),
                attempts: sums(&call.attempts, together),
                retries: sums(&call.retries, together),
                unanswered: sums(&unanswered, together),
            }
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
        let never = moments(&[Moment(None), Moment(Some(f64::INFINITY))]);
        assert_eq!(never, Column::Each(vec![Cell::Nothing, Cell::Never]));
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
