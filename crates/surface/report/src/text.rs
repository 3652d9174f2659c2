//! The report for a terminal of 80 by 24.
//!
//! The order is always: verdict, evidence, bulk, next step. The short form never scrolls: when there is
//! more than fits, tables and promises give way first and say how many rows they left out; `--verbose` has all of it.
//! Signs and words carry every meaning; colour only repeats it, and only where asked for.

mod full;
pub(crate) mod layout;

use crate::document::{
    ClientReport, ConditionReport, Mark, PromiseReport, Report, Station, Verdict,
};
use crate::estimate::{Estimate, NoInterval};
use crate::quantity::{Unit, count, percent, quantity, seconds, significant};
use layout::{Paint, Style, cell, cut, wrap};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Lines of a terminal, less the prompt.
const HEIGHT: usize = 23;

/// How the report is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// Colours, where the terminal has them and the reader wants them.
    pub colour: Colour,
    /// How much.
    pub length: Length,
}

/// Whether colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// Plain text.
    #[default]
    None,
    /// ANSI colours.
    Ansi,
}

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Length {
    /// One screen.
    #[default]
    Screen,
    /// Everything.
    Full,
}

/// Draws a report.
#[must_use]
pub fn draw(report: &Report, drawing: Drawing) -> String {
    let paint = Paint(drawing.colour);
    let mut lines = match drawing.length {
        Length::Screen => screen(report, paint),
        Length::Full => {
            let mut lines = head(report, paint);
            lines.extend(body(
                report,
                paint,
                Room {
                    promises: usize::MAX,
                    clients: usize::MAX,
                    stations: usize::MAX,
                    cautions: usize::MAX,
                    advice: usize::MAX,
                },
            ));
            lines.extend(full::rest(report, paint));
            lines.push(String::new());
            lines.extend(tail(report, paint, usize::MAX));
            lines
        }
    };
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let mut text: String = lines
        .iter()
        .map(|line| line.trim_end())
        .collect::<Vec<_>>()
        .join("\n");
    text.push('\n');
    text
}

/// How many lines each part may take.
#[derive(Clone, Copy)]
struct Room {
    promises: usize,
    clients: usize,
    stations: usize,
    cautions: usize,
    /// Lines of risk and step.
    advice: usize,
}

/// The largest drawing that fits on a screen.
fn screen(report: &Report, paint: Paint) -> Vec<String> {
    let mut room = Room {
        promises: 6,
        clients: 4,
        stations: 5,
        cautions: 2,
        advice: 3,
    };
    loop {
        let mut lines = head(report, paint);
        lines.extend(body(report, paint, room));
        lines.push(String::new());
        lines.extend(tail(report, paint, room.advice));
        if lines.len() <= HEIGHT || room.stations <= 1 && room.advice <= 1 {
            return lines;
        }
        // What costs least to leave out goes first.
        if room.stations > 3 {
            room.stations -= 1;
        } else if room.clients > 2 {
            room.clients -= 1;
        } else if room.cautions > 1 {
            room.cautions -= 1;
        } else if room.promises > 3 {
            room.promises -= 1;
        } else if room.stations > 2 {
            room.stations -= 1;
        } else if room.advice > 2 {
            room.advice -= 1;
        } else if room.promises > 2 {
            room.promises -= 1;
        } else if room.clients > 1 {
            room.clients -= 1;
        } else if room.stations > 1 {
            room.stations -= 1;
        } else {
            room.advice -= 1;
        }
    }
}

fn head(report: &Report, paint: Paint) -> Vec<String> {
    let counted = |n: usize, one: &str| format!("{n} {one}{}", if n == 1 { "" } else { "s" });
    let right = format!(
        "{} · {} · {}",
        cut(&report.system.name, 28),
        counted(report.system.services, "service"),
        counted(report.assumed.len(), "assumption"),
    );
    let left = "worstday run";
    let gap = WIDTH
        .saturating_sub(left.len() + right.chars().count())
        .max(1);
    let seeds = &report.day.seeds;
    let seeds = match seeds[..] {
        [seed] => format!("seed {seed}"),
        [first, .., last] => format!("{} seeds, {first} to {last}", seeds.len()),
        [] => String::new(),
    };
    // What one needs to live the day again is never cut; its name may be.
    let again = format!(" · {} · {seeds}", seconds(report.day.length));
    let room = WIDTH.saturating_sub(again.chars().count());
    let day = format!("{}{again}", cut(&report.day.label, room));
    let mut lines = vec![
        format!(
            "{}{}{}",
            paint.style(left, Style::Strong),
            " ".repeat(gap),
            right
        ),
        paint.style(&day, Style::Quiet),
    ];
    if let Some(grown) = grown(report) {
        let told = wrap(&grown, "", "", WIDTH, 2);
        lines.extend(told.iter().map(|line| paint.style(line, Style::Quiet)));
    }
    lines.push(String::new());
    lines
}

/// What has grown until this day.
fn grown(report: &Report) -> Option<String> {
    let told: Vec<String> = report
        .day
        .grown
        .iter()
        .map(|grown| {
            format!(
                "{} {}x since {}",
                grown.what,
                significant(grown.factor),
                grown.since
            )
        })
        .collect();
    (!told.is_empty()).then(|| told.join(" · "))
}

fn body(report: &Report, paint: Paint, room: Room) -> Vec<String> {
    let mut lines = wrap(&report.sentence, "", "", WIDTH, 2);
    lines.extend(clients(report, room.clients));
    for caution in report.cautions.iter().take(room.cautions) {
        let label = paint.style("caution  ", Style::Strong);
        lines.extend(wrap(caution, &label, "         ", WIDTH, 2));
    }
    lines.extend(promises(report, paint, room.promises));
    lines.push(String::new());
    lines.extend(stations(report, paint, room.stations));
    if let Some(recovery) = &report.recovery {
        lines.extend(wrap(
            &recovery.sentence,
            &format!("{}  ", paint.style("RECOVERY", Style::Strong)),
            "          ",
            WIDTH,
            2,
        ));
    }
    if let Some(money) = &report.money {
        lines.extend(wrap(
            &in_money(report, money),
            &format!("{}  ", paint.style("MONEY", Style::Strong)),
            "       ",
            WIDTH,
            2,
        ));
    }
    if let Some(why) = unsteady(report) {
        lines.extend(wrap(
            &why,
            &paint.style("no steady state  ", Style::Quiet),
            "  ",
            WIDTH,
            1,
        ));
    }
    lines
}

/// What the day earned and cost; parts that cost nothing are left out.
fn in_money(report: &Report, money: &crate::document::MoneyReport) -> String {
    let currency = report.system.currency.as_deref().unwrap_or("money");
    let amount = |estimate: &Estimate| {
        let value = estimate.value;
        value.map_or_else(
            || "–".to_owned(),
            |value| format!("{} {currency}", quantity(value, estimate.unit)),
        )
    };
    let mut parts = vec![format!("earned {}", amount(&money.earned))];
    for (what, cost) in [
        ("lost", &money.lost),
        ("machines", &money.machines),
        ("penalties", &money.penalties),
    ] {
        if cost.value != Some(0.0) {
            parts.push(format!("{what} {}", amount(cost)));
        }
    }
    parts.push(format!(
        "cost in all {} {currency}",
        estimate(&money.total, 30)
    ));
    parts.join(" · ")
}

/// Why one history of a day without a shape gives no steady-state interval.
fn unsteady(report: &Report) -> Option<String> {
    if report.day.has_a_shape || report.day.seeds.len() != 1 {
        return None;
    }
    let shown = report.clients.iter().flat_map(|client| {
        let p99 = client.of_sent.iter().find(|p| p.percentile == 99.0);
        [Some(&client.mean), p99.map(|p| &p.time)]
    });
    let why = shown.flatten().find_map(|estimate| estimate.no_interval)?;
    match why {
        NoInterval::TooFewWindows
        | NoInterval::NeverSettled
        | NoInterval::TooShort
        | NoInterval::Drifting => Some(why.words().to_owned()),
        _ => None,
    }
}

/// One line per client: how many came, were lost, and how long the others took.
fn clients(report: &Report, room: usize) -> Vec<String> {
    let came: Vec<&ClientReport> = report
        .clients
        .iter()
        .filter(|client| client.visits.arrived > 0)
        .collect();
    if came.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "  {}{}{}{}{}",
        cell("", 14),
        cell("visits", 11),
        cell("lost", 18),
        cell("half within", 13),
        "99 % within"
    )];
    let shown = if came.len() > room {
        room.max(1)
    } else {
        came.len()
    };
    for client in &came[..shown] {
        let at = |percentile: f64| {
            client
                .of_sent
                .iter()
                .find(|p| p.percentile == percentile)
                .map_or_else(String::new, |p| estimate(&p.time, 20))
        };
        lines.push(format!(
            "  {}{}{}{}{}",
            cell(&client.name, 14),
            cell(&count(client.visits.arrived), 11),
            cell(&estimate(&client.lost, 17), 18),
            cell(&short(&client.of_sent, 50.0), 13),
            at(99.0),
        ));
    }
    if shown < came.len() {
        lines.push(format!(
            "  and {} more clients (--verbose)",
            came.len() - shown
        ));
    }
    lines
}

/// A percentile without its interval.
fn short(percentiles: &[crate::document::Percentile], percentile: f64) -> String {
    percentiles
        .iter()
        .find(|p| p.percentile == percentile)
        .and_then(|p| p.time.value)
        .map_or_else(|| "–".to_owned(), seconds)
}

/// An estimate with its interval if that fits.
fn estimate(estimate: &Estimate, width: usize) -> String {
    let long = estimate.to_string();
    if long.chars().count() <= width {
        return long;
    }
    estimate
        .value
        .map_or_else(|| "–".to_owned(), |value| quantity(value, estimate.unit))
}

fn sign(verdict: Verdict, paint: Paint) -> String {
    match verdict {
        Verdict::Kept => paint.style("✓ kept      ", Style::Kept),
        Verdict::Broken => paint.style("✗ broken    ", Style::Broken),
        Verdict::CantTell => paint.style("? can't tell", Style::CantTell),
        Verdict::NoPromise => "· no promise".to_owned(),
    }
}

fn promises(report: &Report, paint: Paint, room: usize) -> Vec<String> {
    if report.promises.is_empty() {
        return Vec::new();
    }
    // Broken ones first: what does not fit is what was kept.
    let mut rows: Vec<(&PromiseReport, &ConditionReport)> = report
        .promises
        .iter()
        .flat_map(|promise| {
            promise
                .conditions
                .iter()
                .map(move |condition| (promise, condition))
        })
        .collect();
    let rank = |verdict: Verdict| match verdict {
        Verdict::Broken => 0,
        Verdict::CantTell => 1,
        Verdict::Kept | Verdict::NoPromise => 2,
    };
    rows.sort_by_key(|(_, condition)| rank(condition.verdict));
    let shown = if rows.len() > room {
        room.saturating_sub(1).max(1)
    } else {
        rows.len()
    };
    let mut lines = vec![String::new()];
    for (promise, condition) in &rows[..shown] {
        let several = promise
            .conditions
            .iter()
            .any(|other| other.subject != condition.subject);
        let name = if several {
            format!("{} · {}", promise.name, condition.subject)
        } else {
            promise.name.clone()
        };
        let line = format!(
            "{}{}{}",
            cell(&name, 18),
            cell(&condition.text, 20),
            found(condition, report.system.currency.as_deref())
        );
        lines.push(format!(
            "  {} {}",
            sign(condition.verdict, paint),
            cut(&line, WIDTH - 15)
        ));
    }
    let mut rest = Vec::new();
    if shown < rows.len() {
        rest.push(format!(
            "{} more conditions (--verbose)",
            rows.len() - shown
        ));
    }
    let mut not_judged: Vec<&str> = report
        .promises
        .iter()
        .flat_map(|promise| promise.not_judged.iter().map(String::as_str))
        .collect();
    not_judged.dedup();
    if !not_judged.is_empty() {
        rest.push(format!(
            "not judged by run: survives {}",
            not_judged.join(", ")
        ));
    }
    if !rest.is_empty() {
        lines.push(format!("  {}", cut(&rest.join(" · "), WIDTH - 2)));
    }
    lines
}

/// The worst value found, where, and how often.
fn found(condition: &ConditionReport, currency: Option<&str>) -> String {
    let Some(value) = condition.worst.value else {
        return "nothing ended".to_owned();
    };
    let mut text = quantity(value, condition.worst.unit);
    if let (Unit::Money, Some(currency)) = (condition.worst.unit, currency) {
        text.push_str(&format!(" {currency}"));
    }
    if condition.histories > 1 {
        if condition.histories_broken > 0 {
            text.push_str(&format!(
                ", {} of {} days",
                condition.histories_broken, condition.histories
            ));
        }
    } else if let Some(window) = &condition.worst_window {
        text.push_str(&format!(" ({window})"));
    }
    text
}

fn stations(report: &Report, paint: Paint, room: usize) -> Vec<String> {
    let mut lines = vec![format!(
        "{}{}{}{}{}",
        paint.style(&cell("WHO WAITS WHERE", 24), Style::Strong),
        cell("wait", 12),
        cell("service", 12),
        cell("busy", 10),
        "line",
    )];
    let mut rows: Vec<&Station> = report
        .stations
        .iter()
        .filter(|station| {
            station.mark.is_some() || station.queue > 0.0 || station.utilisation.is_some()
        })
        .collect();
    // The marked ones tell the story, so they stay when the table is short.
    rows.sort_by_key(|station| station.mark.is_none());
    let shown = room.min(rows.len());
    for station in &rows[..shown] {
        let time = |time: Option<f64>| time.map_or_else(|| "–".to_owned(), seconds);
        let line = format!(
            "  {}{}{}{}{}",
            cell(&station.name, 22),
            cell(&time(station.wait), 12),
            cell(&time(station.service), 12),
            cell(
                &station.utilisation.map_or_else(|| "–".to_owned(), percent),
                10
            ),
            cell(&queue(station), 8),
        );
        lines.push(match mark(station) {
            Some(mark) => format!("{line}{}", paint.style(mark, Style::Strong)),
            None => line,
        });
    }
    if shown < rows.len() && room > 1 {
        lines.push(paint.style(
            &format!("  and {} more (--verbose)", rows.len() - shown),
            Style::Quiet,
        ));
    }
    if report.bottleneck.line.is_none() {
        lines.push("  nobody waits half as long as they are served".to_owned());
    }
    lines
}

fn queue(station: &Station) -> String {
    if station.queue == 0.0 {
        "0".to_owned()
    } else {
        significant(station.queue)
    }
}

fn mark(station: &Station) -> Option<&'static str> {
    Some(match station.mark? {
        Mark::LineAndWhy | Mark::Line => "← the line",
        Mark::Why => "← why",
        Mark::Next => "← next",
    })
}

/// Before and after, or that nobody looked.
fn trial(step: &crate::document::Advice) -> Option<String> {
    step.set.as_ref().filter(|_| !step.for_worse)?;
    let Some(trial) = &step.tried else {
        return Some("(not simulated)".to_owned());
    };
    let said = |estimate: &Estimate| {
        let value = estimate.value;
        value.map_or_else(|| "–".to_owned(), |value| quantity(value, estimate.unit))
    };
    Some(format!(
        "(lost {} to {}, 99 % {} to {})",
        said(&trial.lost_before),
        said(&trial.lost_after),
        said(&trial.p99_before),
        said(&trial.p99_after)
    ))
}

fn tail(report: &Report, paint: Paint, room: usize) -> Vec<String> {
    let with_place = |advice: &crate::document::Advice| match &advice.place {
        Some(place) => format!("{} ({place})", advice.text),
        None => advice.text.clone(),
    };
    let label = |text: &str| paint.style(&cell(text, 21), Style::Strong);
    let indent = " ".repeat(21);
    let mut lines = wrap(
        &with_place(&report.risk),
        &label("biggest risk"),
        &indent,
        WIDTH,
        room,
    );
    lines.extend(wrap(
        &with_place(&report.step),
        &label("smallest step today"),
        &indent,
        WIDTH,
        room,
    ));
    if let Some(trial) = trial(&report.step) {
        lines.push(cut(&format!("{indent}{trial}"), WIDTH));
    }
    // A command is for copying: it is never cut.
    lines.push(format!(
        "{}{}",
        paint.style(&cell("next", 7), Style::Strong),
        report.next
    ));
    lines
}
