//! What `--verbose` adds: every table, what was assumed, and why intervals are missing.

use std::collections::BTreeSet;

use super::layout::{Paint, Style, cell, cut, wrap};
use super::{WIDTH, estimate};
use crate::document::{Percentile, Report};
use crate::estimate::NoInterval;
use crate::quantity::{Unit, count, percent, quantity, seconds};

/// A table is cut after so many rows of one kind: JSON has all of them.
const ROWS: usize = 200;
/// At most so many findings: a list that nobody reads helps nobody.
const FINDINGS: usize = 20;

/// All parts after the screen's own.
pub(super) fn rest(report: &Report, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    happened(report, paint, &mut lines);
    clients(report, paint, &mut lines);
    money(report, paint, &mut lines);
    services(report, paint, &mut lines);
    endpoints(report, paint, &mut lines);
    calls(report, paint, &mut lines);
    pools_and_links(report, paint, &mut lines);
    topics(report, paint, &mut lines);
    findings(report, paint, &mut lines);
    assumed(report, paint, &mut lines);
    described(report, paint, &mut lines);
    histories(report, paint, &mut lines);
    no_intervals(report, paint, &mut lines);
    lines
}

fn title(lines: &mut Vec<String>, paint: Paint, text: &str) {
    lines.push(String::new());
    lines.push(paint.style(text, Style::Strong));
}

fn at(percentiles: &[Percentile], percentile: f64, width: usize) -> String {
    percentiles
        .iter()
        .find(|p| p.percentile == percentile)
        .map_or_else(String::new, |p| estimate(&p.time, width - 1))
}

fn happened(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    let Some(first) = report
        .histories
        .first()
        .filter(|history| !history.happened.is_empty())
    else {
        return;
    };
    title(
        lines,
        paint,
        &format!(
            "WHAT HAPPENED (seed {}; times from where counting starts)",
            first.seed
        ),
    );
    for what in first.happened.iter().take(ROWS) {
        let until = what.until.map_or_else(|| "the end".to_owned(), seconds);
        lines.push(format!(
            "  {}{}{} to {until}  {}",
            cell(&what.what, 7),
            cell(&what.name, 22),
            seconds(what.from),
            what.detail
        ));
    }
}

fn clients(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    title(lines, paint, "USERS");
    for client in report.clients.iter().take(ROWS) {
        let visits = client.visits;
        lines.push(format!(
            "  {}: {} arrived, {} ok, {} degraded, {} declined, {} failed, {} shed, {} abandoned, {} inside",
            client.name,
            count(visits.arrived),
            count(visits.ok),
            count(visits.degraded),
            count(visits.declined),
            count(visits.failed),
            count(visits.shed),
            count(visits.abandoned),
            count(visits.inside),
        ));
        lines.push(format!(
            "    lost {} · degraded {} · goodput {} · pressed again {} times a visit · mean of answered {}",
            client.lost, client.degraded, client.goodput, client.presses, client.mean
        ));
        if let (Some(earned), Some(lost)) = (&client.earned, &client.money_lost) {
            lines.push(format!(
                "    earned {earned}, lost {lost} (in the file's currency, per history)"
            ));
        }
        for (label, list) in [
            ("of sent    ", &client.of_sent),
            ("of answered", &client.of_answered),
        ] {
            let all: Vec<String> = list
                .iter()
                .map(|p| format!("p{} {}", p.percentile, p.time))
                .collect();
            lines.push(format!("    {label} {}", all.join("  ")));
        }
    }
}

fn money(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    let Some(money) = &report.money else { return };
    let currency = report.system.currency.as_deref().unwrap_or("money");
    let histories = report.histories.len();
    title(
        lines,
        paint,
        &if histories > 1 {
            format!("WHAT IT COST (in {currency}, mean of {histories} histories)")
        } else {
            format!("WHAT IT COST (in {currency})")
        },
    );
    let mut row = |indent: usize, what: &str, cost: &crate::estimate::Estimate| {
        let what = format!("{}{what}", " ".repeat(indent));
        lines.push(format!("  {}{cost}", cell(&what, 30)));
    };
    row(0, "earned", &money.earned);
    row(0, "lost visits", &money.lost);
    row(0, "machines", &money.machines);
    for price in &money.replicas {
        row(2, &format!("replicas of {}", price.name), &price.cost);
    }
    row(2, "cores", &money.cores);
    row(0, "penalties", &money.penalties);
    for price in &money.breaches {
        row(2, &format!("promise {}", price.name), &price.cost);
    }
    row(2, "alarms", &money.pages);
    row(0, "cost in all", &money.total);
}

fn services(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    title(lines, paint, "SERVICES");
    lines.push(format!(
        "  {}{}{}{}{}{}{}",
        cell("", 22),
        cell("size", 12),
        cell("busy", 18),
        cell("line", 18),
        cell("longest", 9),
        cell("wasted", 9),
        "requests"
    ));
    for service in report.services.iter().take(ROWS) {
        let size = format!(
            "{}×{}",
            service.replicas,
            service
                .workers
                .map_or_else(|| "∞".to_owned(), |workers| workers.to_string())
        );
        let busy = service
            .utilisation
            .as_ref()
            .map_or_else(|| "–".to_owned(), |utilisation| estimate(utilisation, 17));
        lines.push(format!(
            "  {}{}{}{}{}{}{} ({} lost, {} expired)",
            cell(&service.name, 22),
            cell(&size, 12),
            cell(&busy, 18),
            cell(&estimate(&service.queue, 17), 18),
            cell(&count(service.queue_max), 9),
            cell(
                &service
                    .wasted_worker_time
                    .value
                    .map_or_else(|| "–".to_owned(), percent),
                9
            ),
            count(service.requests.arrived),
            count(service.requests.failed + service.requests.shed + service.requests.abandoned),
            count(service.expired),
        ));
        if let Some(station) = report
            .stations
            .iter()
            .find(|station| station.name == service.name)
            && let Some(held) = &station.held_by
        {
            lines.push(format!(
                "    {} of its workers' time is waiting for `{}`",
                quantity(held.share, Unit::Ratio),
                held.service
            ));
        }
    }
}

fn endpoints(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    title(lines, paint, "ENDPOINTS");
    lines.push(format!(
        "  {}{}{}{}{}",
        cell("", 24),
        cell("requests", 12),
        cell("wait mean, p99", 24),
        cell("service mean, p99", 24),
        "response p50, p99 of sent"
    ));
    let two = |a: String, b: String| format!("{a}, {b}");
    for endpoint in report.endpoints.iter().take(ROWS) {
        lines.push(format!(
            "  {}{}{}{}{}",
            cell(&endpoint.name, 24),
            cell(&count(endpoint.requests.arrived), 12),
            cell(
                &two(
                    estimate(&endpoint.wait_mean, 10),
                    at(&endpoint.wait, 99.0, 11)
                ),
                24
            ),
            cell(
                &two(
                    estimate(&endpoint.service_mean, 10),
                    at(&endpoint.service, 99.0, 11)
                ),
                24
            ),
            two(
                at(&endpoint.of_sent, 50.0, 11),
                at(&endpoint.of_sent, 99.0, 30)
            ),
        ));
    }
}

fn calls(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    if report.calls.is_empty() {
        return;
    }
    title(lines, paint, "CALLS");
    for call in report.calls.iter().take(ROWS) {
        lines.push(format!(
            "  {}: {} calls, {} attempts each, {} retries ({} over budget), {} hedges, {} late answers, {} fallbacks",
            call.name,
            count(call.calls),
            call.attempts_per_call,
            count(call.retries),
            count(call.over_budget),
            count(call.hedges),
            count(call.late),
            count(call.fallbacks),
        ));
        let results = call.results;
        lines.push(format!(
            "    ok {}, degraded {}, declined {}, error {}, rejected {}, refused {}, timeout {}, dropped {}; p50 {}, p99 {}",
            count(results.ok),
            count(results.degraded),
            count(results.declined),
            count(results.error),
            count(results.rejected),
            count(results.refused),
            count(results.timeout),
            count(results.dropped),
            at(&call.of_answered, 50.0, 30),
            at(&call.of_answered, 99.0, 30),
        ));
    }
}

fn pools_and_links(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    if !report.pools.is_empty() {
        title(lines, paint, "POOLS");
        for pool in report.pools.iter().take(ROWS) {
            lines.push(format!(
                "  {}{} permits, {} in use, {} waiting, mean wait {}, {} granted, {} refused",
                cell(&pool.name, 24),
                pool.size.map_or_else(|| "unlimited".to_owned(), count),
                pool.used,
                pool.queue,
                pool.wait_mean,
                count(pool.granted),
                count(pool.rejected),
            ));
        }
    }
    if !report.links.is_empty() {
        title(lines, paint, "LINKS");
        for link in report.links.iter().take(ROWS) {
            let busy = link
                .utilisation
                .as_ref()
                .map_or_else(String::new, |utilisation| format!(", busy {utilisation}"));
            lines.push(format!(
                "  {}{} messages, {} lost{busy}",
                cell(&link.name, 24),
                count(link.messages),
                count(link.lost)
            ));
        }
    }
}

fn topics(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    if report.topics.is_empty() {
        return;
    }
    title(lines, paint, "TOPICS");
    for topic in report.topics.iter().take(ROWS) {
        lines.extend(crate::topics::lines(topic));
    }
}

fn findings(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    if report.findings.is_empty() {
        return;
    }
    title(lines, paint, "FINDINGS");
    for finding in report.findings.iter().take(FINDINGS) {
        let place = finding
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!(" ({place})"));
        lines.extend(wrap(
            &format!("{}{place}", finding.message),
            &format!("  {} ", finding.id),
            "         ",
            WIDTH,
            usize::MAX,
        ));
        if let Some(step) = &finding.step {
            lines.extend(wrap(
                &step.text,
                "         step: ",
                "           ",
                WIDTH,
                usize::MAX,
            ));
        }
    }
    if report.findings.len() > FINDINGS {
        lines.push(format!(
            "  and {} more (--format json)",
            report.findings.len() - FINDINGS
        ));
    }
}

fn assumed(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    if report.assumed.is_empty() {
        return;
    }
    title(lines, paint, "ASSUMED");
    for assumption in report.assumed.iter().take(ROWS) {
        let range = assumption
            .range
            .as_ref()
            .map_or_else(String::new, |(low, high)| format!(" in {low}..{high}"));
        lines.push(cut(
            &format!(
                "  {}: {}{range} – {}",
                assumption.path, assumption.value, assumption.because
            ),
            WIDTH * 2,
        ));
    }
    if report.assumed.len() > ROWS {
        lines.push(format!(
            "  and {} more (--format json)",
            report.assumed.len() - ROWS
        ));
    }
}

fn described(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    if report.described.is_empty() {
        return;
    }
    title(lines, paint, "DESCRIBED");
    for said in report.described.iter().take(ROWS) {
        lines.push(cut(
            &format!("  {}: {} ({})", said.path, said.value, said.place),
            WIDTH * 2,
        ));
    }
    if report.described.len() > ROWS {
        lines.push(format!(
            "  and {} more (--format json)",
            report.described.len() - ROWS
        ));
    }
}

fn histories(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    title(lines, paint, "HISTORIES");
    lines.push(format!(
        "  {} counted from {} on, after {} of warm-up that is counted nowhere",
        seconds(report.day.length),
        report.day.from,
        seconds(report.day.warm_up)
    ));
    for history in report.histories.iter().take(ROWS) {
        lines.push(format!(
            "  seed {}  digest {}  {} events  ended: {}",
            history.seed,
            history.digest,
            count(history.events),
            history.ended
        ));
        for cycle in &history.deadlocks {
            lines.push(format!("    waiting for each other for ever: {cycle}"));
        }
    }
    if report.histories.len() > ROWS {
        lines.push(format!(
            "  and {} more (--format json)",
            report.histories.len() - ROWS
        ));
    }
}

/// The reasons why users' numbers have no interval, each once.
fn no_intervals(report: &Report, paint: Paint, lines: &mut Vec<String>) {
    let all: BTreeSet<NoInterval> = report
        .clients
        .iter()
        .flat_map(|client| {
            client.of_sent.iter().map(|p| &p.time).chain([
                &client.lost,
                &client.mean,
                &client.goodput,
            ])
        })
        .filter_map(|estimate| estimate.no_interval)
        .collect();
    if all.is_empty() {
        return;
    }
    title(lines, paint, "WHERE THERE IS NO INTERVAL");
    for why in all {
        lines.push(format!("  {}", why.words()));
    }
}
