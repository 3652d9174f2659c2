//! The JSON inside the page: all that the script draws.

use serde::Serialize;
use worstday_report::Verdict;
use worstday_report::clock::Clock;
use worstday_report::document::{Advice, Assumption, Description, Finding, Report};
use worstday_report::estimate::Estimate;
use worstday_report::quantity::{Unit, count, seconds};
use worstday_sim::outcome::Outcome;

use crate::clock::LocalClock;
use crate::day::{Day, day};
use crate::drawing::{Drawing, drawing};
use crate::headline::headline;
use crate::tiles::{self, Tile, tiles};
use crate::waterfall::{Waterfall, waterfalls};
use crate::{Beside, Page, Told};

/// All of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Island {
    pub tool: String,
    pub system: String,
    pub file: String,
    pub hash: String,
    pub label: String,
    pub currency: Option<String>,
    pub command: String,
    pub clock: LocalClock,
    /// The run that was asked for, then the other one.
    pub runs: Vec<Run>,
    pub cautions: Vec<String>,
    pub risk: Advice,
    pub step: Advice,
    pub tried: Option<String>,
    pub next: String,
    pub findings: Vec<Finding>,
    pub assumed: Vec<Assumption>,
    pub described: Vec<Description>,
    pub untraced: Option<String>,
}

/// One run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    /// `asked`, `before` or `after`.
    pub role: &'static str,
    pub title: String,
    pub verdict: Verdict,
    pub sentence: String,
    pub seeds: Vec<u64>,
    pub seed: u64,
    pub digest: String,
    pub events: u64,
    pub ended: String,
    pub warm_up: f64,
    pub recovery: Option<String>,
    /// Of all visits that ended.
    pub lost_share: f64,
    pub tiles: Vec<Tile>,
    /// What the day cost and earned, a line each, in all at the end; empty without prices.
    pub bill: Vec<(String, String)>,
    pub promises: Vec<Promised>,
    pub not_judged: Vec<String>,
    pub day: Day,
    pub drawing: Drawing,
    pub services: Vec<ServiceRow>,
    pub topics: Vec<TopicRow>,
    pub visits: Vec<Waterfall>,
    /// Where requests wait, the longest line first.
    pub waits: Vec<WaitRow>,
}

/// A condition of a promise and what became of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Promised {
    pub name: String,
    pub subject: String,
    pub condition: String,
    pub verdict: Verdict,
    pub worst: String,
    pub window: Option<String>,
    pub place: Option<String>,
    /// `12 of 45 windows broke`.
    pub broken: String,
    /// The limit in s, where it is one on the response time of a client.
    pub limit: Option<f64>,
    /// Of which percentile, 0 to 100.
    pub percentile: Option<f64>,
}

/// A service in figures of the whole run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceRow {
    pub name: String,
    /// `3 replicas, 4 workers each`.
    pub size: String,
    pub utilisation: Option<String>,
    pub queue: String,
    pub queue_max: u64,
    pub wasted: String,
    /// The same share as a number.
    pub wasted_share: f64,
    pub requests: u64,
    pub lost: u64,
    pub expired: u64,
    pub duplicates: u64,
    pub mark: Option<String>,
}

/// A topic in figures of the whole run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TopicRow {
    pub name: String,
    /// `22 messages, handled by pos`.
    pub size: String,
    pub sent: u64,
    pub handled: u64,
    pub declined: u64,
    /// What the declined ones were worth, with its unit.
    pub declined_worth: Option<String>,
    /// Given up, expired, lost, or refused for lack of room.
    pub lost: u64,
    pub inside: u64,
    pub backlog: String,
    pub backlog_max: u64,
    pub age_max: String,
    pub wait: String,
}

/// A row of who waits where.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WaitRow {
    pub name: String,
    pub share: f64,
    pub wait: Option<String>,
    pub service: Option<String>,
    pub held_by: Option<String>,
}

/// Makes the island.
pub(crate) fn island(page: &Page<'_>) -> Island {
    let told = &page.asked;
    let report = told.report;
    let clock = Clock::new(told.system, told.day, told.outcome);
    let mut runs = vec![run("asked", told, told.outcome)];
    if let Some((beside, other)) = &page.other {
        let role = match beside {
            Beside::Before => "before",
            Beside::After => "after",
        };
        runs.push(run(role, other, told.outcome));
    }
    Island {
        tool: report.tool.clone(),
        system: report.system.name.clone(),
        file: report.system.file.clone(),
        hash: report.system.hash.clone(),
        label: report.day.label.clone(),
        currency: report.system.currency.clone(),
        command: page.command.to_owned(),
        clock: local(told, &clock),
        runs,
        cautions: report.cautions.clone(),
        risk: report.risk.clone(),
        step: report.step.clone(),
        tried: report.step.tried.as_ref().map(|trial| {
            format!(
                "Tried on the same {}: visits of `{}` that were lost {} instead of {}, 99 of 100 within {} instead of {}.",
                if report.day.seeds.len() == 1 { "day" } else { "days" },
                trial.client,
                trial.lost_after,
                trial.lost_before,
                trial.p99_after,
                trial.p99_before
            )
        }),
        next: report.next.clone(),
        findings: report.findings.clone(),
        assumed: report.assumed.clone(),
        described: report.described.clone(),
        untraced: page.untraced.map(str::to_owned),
    }
}

fn local(told: &Told<'_>, clock: &Clock) -> LocalClock {
    let row = told.outcome;
    LocalClock::new(clock, row.start_unix_ns, row.warm_up_ns, row.end_ns)
}

/// A run, its day in windows as they suit `beside`.
pub(crate) fn run(role: &'static str, told: &Told<'_>, beside: &Outcome) -> Run {
    let report = told.report;
    let history = &report.histories[0];
    Run {
        role,
        title: told.title.to_owned(),
        verdict: report.verdict,
        sentence: headline(report),
        seeds: report.day.seeds.clone(),
        seed: history.seed,
        digest: history.digest.clone(),
        events: history.events,
        ended: history.ended.clone(),
        warm_up: report.day.warm_up,
        recovery: report.recovery.as_ref().map(tiles::recovered),
        lost_share: tiles::lost_share(report),
        tiles: tiles(report),
        bill: bill(report),
        promises: promises(report),
        not_judged: report
            .promises
            .iter()
            .flat_map(|promise| promise.not_judged.clone())
            .collect(),
        day: day(told, beside),
        drawing: drawing(told.system),
        services: services(report),
        topics: topics(report),
        visits: waterfalls(told),
        waits: report
            .stations
            .iter()
            .map(|station| WaitRow {
                name: station.name.clone(),
                share: station.wait_share,
                wait: station.wait.map(seconds),
                service: station.service.map(seconds),
                held_by: station.held_by.as_ref().map(|held| {
                    format!(
                        "waits for `{}` {} of that time",
                        held.service,
                        worstday_report::quantity::percent(held.share)
                    )
                }),
            })
            .collect(),
    }
}

fn bill(report: &Report) -> Vec<(String, String)> {
    let Some(money) = &report.money else {
        return Vec::new();
    };
    let code = report.system.currency.as_deref().unwrap_or_default();
    let row = |name: String, amount: &Estimate| (name, format!("{amount} {code}"));
    let mut rows = vec![row("lost visits".to_owned(), &money.lost)];
    rows.extend(
        money
            .replicas
            .iter()
            .map(|price| row(format!("replicas of `{}`", price.name), &price.cost)),
    );
    rows.push(row("cores".to_owned(), &money.cores));
    rows.extend(
        money
            .breaches
            .iter()
            .map(|price| row(format!("broken days of `{}`", price.name), &price.cost)),
    );
    rows.push(row("pages to people".to_owned(), &money.pages));
    rows.push(row("cost in all".to_owned(), &money.total));
    rows.push(row("earned".to_owned(), &money.earned));
    // What costs nothing is no line of a bill.
    rows.retain(|(_, amount)| !amount.starts_with("0 "));
    rows
}

fn topics(report: &Report) -> Vec<TopicRow> {
    let code = report.system.currency.as_deref().unwrap_or_default();
    let all = report.topics.iter();
    all.map(|topic| {
        let all = topic.messages;
        let service = topic.handler.as_ref().map(|handler| {
            let end = handler.find('.').unwrap_or(handler.len());
            &handler[..end]
        });
        TopicRow {
            name: topic.name.clone(),
            size: format!(
                "{} {}, {}",
                count(all.sent),
                if all.sent == 1 { "message" } else { "messages" },
                service.map_or_else(
                    || "nobody handles them".to_owned(),
                    |name| format!("handled by {name}")
                )
            ),
            sent: all.sent,
            handled: all.handled,
            declined: all.declined,
            declined_worth: topic
                .money_declined
                .as_ref()
                .filter(|money| money.value.is_some_and(|worth| worth > 0.0))
                .map(|money| format!("{money} {code}")),
            lost: all.dead_letters + all.expired + all.lost + all.rejected,
            inside: all.inside,
            backlog: topic.backlog.to_string(),
            backlog_max: topic.backlog_max,
            age_max: seconds(topic.age_max),
            wait: topic.wait_mean.to_string(),
        }
    })
    .collect()
}

fn promises(report: &Report) -> Vec<Promised> {
    report
        .promises
        .iter()
        .flat_map(|promise| promise.conditions.iter().map(move |row| (promise, row)))
        .map(|(promise, row)| {
            let (percentile, limit) = tiles::time_limit(&row.text).unzip();
            Promised {
                name: promise.name.clone(),
                subject: row.subject.clone(),
                condition: row.text.clone(),
                verdict: row.verdict,
                worst: match (row.worst.unit, &report.system.currency) {
                    (Unit::Money, Some(currency)) => format!("{} {currency}", row.worst),
                    _ => row.worst.to_string(),
                },
                window: row.worst_window.clone(),
                place: promise.place.clone(),
                broken: if row.windows_broken == 0 {
                    String::new()
                } else if row.windows == 1 {
                    "broken".to_owned()
                } else {
                    format!("{} of {} windows broke", row.windows_broken, row.windows)
                },
                limit,
                percentile,
            }
        })
        .collect()
}

fn services(report: &Report) -> Vec<ServiceRow> {
    report
        .services
        .iter()
        .map(|service| {
            let station = report.stations.iter().find(|one| one.name == service.name);
            let requests = service.requests;
            let mut size = if service.replicas == 1 {
                "1 replica".to_owned()
            } else {
                format!("{} replicas", service.replicas)
            };
            match service.workers {
                Some(1) => size.push_str(", 1 worker"),
                Some(workers) => size.push_str(&format!(", {workers} workers")),
                None => size.push_str(", any number at once"),
            }
            if let Some(cores) = service.cores {
                size.push_str(&format!(", {cores} cores"));
            }
            if service.replicas > 1 {
                size.push_str(" each");
            }
            ServiceRow {
                name: service.name.clone(),
                size,
                utilisation: service.utilisation.as_ref().map(ToString::to_string),
                queue: service.queue.to_string(),
                queue_max: service.queue_max,
                wasted: service.wasted_worker_time.to_string(),
                wasted_share: service.wasted_worker_time.value.unwrap_or(0.0),
                requests: requests.arrived,
                lost: requests.failed + requests.shed + requests.abandoned,
                expired: service.expired,
                duplicates: service.duplicates,
                mark: station.and_then(|one| one.mark).map(|mark| {
                    use worstday_report::document::Mark;
                    match mark {
                        Mark::Line => "the longest line",
                        Mark::Why => "what the line waits for",
                        Mark::LineAndWhy => "the longest line, and why",
                        Mark::Next => "would be full next",
                    }
                    .to_owned()
                }),
            }
        })
        .collect()
}
