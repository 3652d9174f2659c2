//! `worstday demo`: the supermarket's worst day on one screen, and what saves it.
//!
//! The system is `systems/supermarket.yaml`, built in; every number is simulated when the command runs: a hundred
//! mornings on which the server is silent, as the shop is and with offline mode and a shift lead. Because draws are
//! functions, both have the same customers. The first of them is drawn, and written as a page.

use std::path::Path;
use std::sync::Arc;

use worstday_report::document::{ClientReport, Series};
use worstday_report::quantity::{percent, seconds};
use worstday_report::{Asked, report};

use crate::arguments::{Arguments, Command, Demo, Run};
use crate::exit::{Exit, Stop};
use crate::load::load_from;
use crate::page::{Beside, Finished, write_beside};
use crate::run::{SEED, colour, plan, simulate, write_out};

/// The shop, its variants and its worst morning.
pub(crate) const FILES: [(&str, &str); 3] = [
    (
        "systems/supermarket.yaml",
        include_str!("../../../../systems/supermarket.yaml"),
    ),
    (
        "systems/supermarket.variants.yaml",
        include_str!("../../../../systems/supermarket.variants.yaml"),
    ),
    (
        "systems/supermarket.silent.yaml",
        include_str!("../../../../systems/supermarket.silent.yaml"),
    ),
];

/// As the shop is.
const AS_IT_IS: &str = "run systems/supermarket.yaml --scenario systems/supermarket.silent.yaml";
/// With all that helps.
const SAVED: &str = "run systems/supermarket.yaml --scenario systems/supermarket.silent.yaml \
                     --overlay systems/supermarket.variants.yaml --variant together";

/// Mornings that are simulated.
const MORNINGS: u64 = 100;

/// Columns of a strip: one for each five minutes from 07:00 to 11:00.
const COLUMNS: usize = 48;

/// Where the page goes, in the folder where the command runs.
const PAGE: &str = "worstday-demo.html";

/// Tells the story.
///
/// # Errors
///
/// If the engine fails.
pub fn demo(arguments: &Demo) -> Result<Exit, Stop> {
    let seed = arguments.seed.unwrap_or(SEED);
    let Some((_, as_it_is)) = mornings(AS_IT_IS, seed)? else {
        return Ok(Exit::Interrupted);
    };
    let Some((run, saved)) = mornings(SAVED, seed)? else {
        return Ok(Exit::Interrupted);
    };
    let mut text = tell(&as_it_is, &saved);
    let page = write_beside(
        Path::new(PAGE),
        &run,
        &saved,
        Some(&(Beside::Before, as_it_is)),
    );
    let next = |words: &str| format!("     {words}\n");
    text.push_str(&match page {
        Ok(kilobytes) => format!(
            "{} {PAGE} ({kilobytes} kB) shows this morning minute by minute\n",
            bold("page")
        ),
        // A folder that cannot be written is no reason to hide the story.
        Err(_) => format!("{} {PAGE} cannot be written here\n", bold("page")),
    });
    text.push_str(&format!("{} worstday {AS_IT_IS}\n", bold("next")));
    text.push_str(&next("worstday demo --live    (live it yourself)"));
    text.push_str(&next("worstday schema > worstday.schema.json"));
    write_out(&text)?;
    Ok(Exit::Kept)
}

/// A hundred mornings of a built-in system; none if somebody stopped it.
fn mornings(words: &str, seed: u64) -> Result<Option<(Run, Finished)>, Stop> {
    use clap::Parser;
    let words = ["worstday"].into_iter().chain(words.split_whitespace());
    let Command::Run(run) = Arguments::parse_from(words).command else {
        unreachable!("these words are a run")
    };
    let run: Run = *run;
    let loaded = load_from(&run, &FILES)?;
    let day = Arc::new(plan(&run, &loaded)?);
    let seeds: Vec<u64> = (seed..seed.saturating_add(MORNINGS)).collect();
    let (campaign, interrupted) = simulate(&loaded, &day, &seeds, None)?;
    if interrupted {
        return Ok(None);
    }
    let report = report(
        &campaign,
        &Asked {
            system: &loaded.system,
            day: &day,
            file: "systems/supermarket.yaml",
            arguments: &[],
            warnings: &[],
            described: &[],
        },
    );
    let finished = Finished {
        loaded,
        day,
        campaign,
        report,
    };
    Ok(Some((run, finished)))
}

fn bold(text: &str) -> String {
    match colour() {
        worstday_report::text::Colour::Ansi => format!("\u{1b}[1m{text}\u{1b}[0m"),
        worstday_report::text::Colour::None => text.to_owned(),
    }
}

fn client<'a>(run: &'a Finished, name: &str) -> &'a ClientReport {
    let found = run.report.clients.iter().find(|client| client.name == name);
    found.expect("the demo's system has this client")
}

/// What this morning's people, and those of all mornings, came to.
fn felt(run: &Finished) -> [String; 2] {
    let first = run
        .campaign
        .rows
        .values()
        .next()
        .expect("a morning was simulated");
    let of = |name: &str| {
        let row = first.clients.iter().find(|client| client.name == name);
        let ends = row.expect("the demo's system has this client").ends;
        (ends.lost(), ends.arrived)
    };
    let (missed, commuters) = of("commuters");
    let (left, shoppers) = of("shoppers");
    let median = client(run, "commuters")
        .of_sent
        .iter()
        .find(|point| point.percentile == 50.0)
        .and_then(|point| point.time.value)
        .map_or_else(|| "never".to_owned(), seconds);
    let lost = &client(run, "commuters").lost;
    let share = percent(lost.value.unwrap_or(0.0));
    let range = lost.interval.map_or_else(String::new, |interval| {
        format!(" ({} to {})", percent(interval.low), percent(interval.high))
    });
    [
        format!(
            "  {missed} of {commuters} commuters missed the train, {left} of {shoppers} shoppers left everything."
        ),
        format!("  In {MORNINGS} such mornings {share}{range} miss it; half take {median}."),
    ]
}

/// The screen, but for what comes next.
fn tell(as_it_is: &Finished, saved: &Finished) -> String {
    let series = |run: &Finished| run.report.histories[0].series.clone();
    let mut lines = vec![
        bold("worstday demo: a till server is silent for fifteen minutes"),
        "Saturday in a supermarket beside a station. Six tills, one server that asks the"
            .to_owned(),
        "bank. People buy breakfast; about twenty of them must catch the train at 09:00."
            .to_owned(),
        "At 08:20 the server falls silent, at 08:35 it is back. Each till asks it again".to_owned(),
        "and again, ten seconds at a time, until it answers or the customer walks away.".to_owned(),
        "The line is full within minutes, and stays long after the server is back.".to_owned(),
        "Then the same customers, in a shop that can sell without its server.".to_owned(),
        String::new(),
        format!("{}{}", " ".repeat(13), axis()),
        bold("as it is"),
    ];
    lines.extend(strips(&series(as_it_is)));
    lines.extend(felt(as_it_is));
    lines.push(bold(
        "saved: offline after the second silence, a shift lead who opens two tills",
    ));
    lines.extend(strips(&series(saved)));
    lines.extend(felt(saved));
    lines.join("\n") + "\n"
}

/// The times under which the strips stand.
fn axis() -> String {
    let mut text = String::new();
    for (minute, label) in [
        (0, "07:00"),
        (80, "├─┤"),
        (120, "09:00 train"),
        (180, "10:00"),
    ] {
        let (at, column) = (text.chars().count(), minute * COLUMNS / 240);
        text.push_str(&" ".repeat(column.saturating_sub(at)));
        text.push_str(label);
    }
    text
}

/// Two strips: who stands in line, and who gave up.
fn strips(series: &Series) -> Vec<String> {
    let till = series
        .services
        .iter()
        .find(|service| service.name == "till")
        .expect("the demo's system has tills");
    let left: Vec<f64> = (0..series.count)
        .map(|at| {
            let gone = series.clients.iter().map(|client| {
                client.abandoned.get(at).copied().unwrap_or(0)
                    + client.failed.get(at).copied().unwrap_or(0)
            });
            gone.sum::<u64>() as f64
        })
        .collect();
    let line = by_column(&till.queue, |part| {
        part.iter().sum::<f64>() / part.len() as f64
    });
    let gone = by_column(&left, |part| part.iter().sum());
    let most = line.iter().copied().fold(0.0, f64::max).round();
    let lost = gone.iter().sum::<f64>();
    vec![
        format!("  in line    {}  up to {most}", strip(&line, 48.0)),
        format!("  gave up    {}  {lost} in all", strip(&gone, 8.0)),
    ]
}

/// One figure for each of equal parts of the morning.
fn by_column(values: &[f64], of: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    (0..COLUMNS)
        .map(|column| {
            let from = column * values.len() / COLUMNS;
            let to = ((column + 1) * values.len() / COLUMNS)
                .max(from + 1)
                .min(values.len());
            let part = &values[from.min(to)..to];
            if part.is_empty() { 0.0 } else { of(part) }
        })
        .collect()
}

/// Heights in eighths of a line; nothing is a dot, so that it can be told from a missing value.
fn strip(values: &[f64], full: f64) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    values
        .iter()
        .map(|value| {
            if *value <= 0.0 {
                '·'
            } else {
                BARS[((value / full * 8.0).ceil() as usize).clamp(1, 8) - 1]
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A strip has a column for each part of the morning, whatever the windows are.
    #[test]
    fn strips_are_as_long_as_the_morning() {
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        for windows in [1, 47, 48, 270, 512] {
            let values = vec![5.0; windows];
            assert_eq!(strip(&by_column(&values, mean), 10.0), "▄".repeat(COLUMNS));
        }
        assert_eq!(strip(&[0.0, 0.1, 10.0, 99.0], 10.0), "·▁██");
        assert!(axis().chars().count() <= COLUMNS + 4, "{}", axis());
    }
}
