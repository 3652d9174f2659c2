//! `worstday demo`: a retry storm on one screen, and what would have saved the day.
//!
//! The system is `systems/retry-storm.yaml`, built in; every number is simulated when the command runs, twice with one
//! seed: as described, and with a retry budget. Because draws are functions, both days have the same visitors.

use std::sync::Arc;

use worstday_report::document::Series;
use worstday_report::quantity::{count, percent, seconds, significant};
use worstday_report::{Asked, Report, report};

use crate::arguments::{Arguments, Command, Demo, Run};
use crate::exit::{Exit, Stop};
use crate::load::{Loaded, load_from};
use crate::run::{SEED, colour, plan, simulate, write_out};

const SYSTEM: &str = include_str!("../../../../systems/retry-storm.yaml");
const VARIANTS: &str = include_str!("../../../../systems/retry-storm.variants.yaml");
const FILES: [(&str, &str); 2] = [
    ("systems/retry-storm.yaml", SYSTEM),
    ("systems/retry-storm.variants.yaml", VARIANTS),
];

/// Columns of a strip: one for each minute.
const MINUTES: usize = 45;

/// Tells the story.
///
/// # Errors
///
/// If the engine fails.
pub fn demo(arguments: &Demo) -> Result<Exit, Stop> {
    let seed = arguments.seed.unwrap_or(SEED);
    let Some(storm) = day_of(&["systems/retry-storm.yaml"], seed)? else {
        return Ok(Exit::Interrupted);
    };
    let budget = ["systems/retry-storm.variants.yaml", "--variant", "budget"];
    let Some(saved) = day_of(&budget, seed)? else {
        return Ok(Exit::Interrupted);
    };
    write_out(&tell(&storm, &saved, seed))?;
    Ok(Exit::Kept)
}

/// Forty-five minutes of a built-in system; none if somebody stopped it.
fn day_of(words: &[&str], seed: u64) -> Result<Option<Report>, Stop> {
    use clap::Parser;
    let words = ["worstday", "run"].iter().chain(words).copied().chain([
        "--for",
        "45m",
        "--day",
        "2026-11-23",
    ]);
    let Command::Run(run) = Arguments::parse_from(words).command else {
        unreachable!("these words are a run")
    };
    let run: Run = *run;
    let loaded: Loaded = load_from(&run, &FILES)?;
    let day = Arc::new(plan(&run, &loaded)?);
    let (campaign, interrupted) = simulate(&loaded, &day, &[seed], Some(1))?;
    if interrupted {
        return Ok(None);
    }
    let asked = Asked {
        system: &loaded.system,
        day: &day,
        file: "systems/retry-storm.yaml",
        arguments: &[],
        warnings: &[],
        described: &[],
    };
    Ok(Some(report(&campaign, &asked)))
}

/// One screen.
fn tell(storm: &Report, saved: &Report, seed: u64) -> String {
    let bold = |text: &str| match colour() {
        worstday_report::text::Colour::Ansi => format!("\u{1b}[1m{text}\u{1b}[0m"),
        worstday_report::text::Colour::None => text.to_owned(),
    };
    let felt = |report: &Report| {
        let visits = report.clients[0].visits;
        let lost = visits.failed + visits.shed + visits.abandoned;
        let ended = lost + visits.ok + visits.degraded + visits.declined;
        format!(
            "{} of {} visits got no answer",
            percent(lost as f64 / ended.max(1) as f64),
            count(ended)
        )
    };
    let back = |report: &Report| match &report.recovery {
        Some(recovery) => match (recovery.recovered, recovery.after.value) {
            (0, _) => format!(
                "not back {} after the newsletter ended",
                seconds(recovery.horizon)
            ),
            (_, Some(0.0) | None) => "back as soon as the newsletter ended".to_owned(),
            (_, Some(after)) => format!("back {} after the newsletter ended", seconds(after)),
        },
        None => "undisturbed".to_owned(),
    };
    let mut lines = vec![
        bold("worstday demo: a service that is half empty, ten busy minutes, and no way back"),
        String::new(),
        "One worker serves 10 requests a second, 5 a second arrive. Users wait 5 s, then"
            .to_owned(),
        "their browser asks again, up to five times. At 00:05 a newsletter triples the".to_owned(),
        "number of visitors for ten minutes. The line in front of the worker holds 150.".to_owned(),
        String::new(),
        format!("{}  {}", " ".repeat(13), axis()),
        bold("as it is"),
    ];
    lines.extend(strips(&storm.histories[0].series));
    lines.push(format!("  {}; {}.", felt(storm), back(storm)));
    lines.push(String::new());
    lines.push(bold(
        "the same visitors, retries limited to a tenth of first requests",
    ));
    lines.extend(strips(&saved.histories[0].series));
    lines.push(format!("  {}; {}.", felt(saved), back(saved)));
    lines.push(String::new());
    lines.push(
        "With 150 ahead at 10/s a request waits 15 s for users who leave after 5: every".to_owned(),
    );
    lines.push(
        "answer comes too late and is asked for again. The trigger ends, the loop does not."
            .to_owned(),
    );
    lines.push(format!(
        "{}   worstday run systems/retry-storm.yaml --for 45m{}",
        bold("next"),
        if seed == SEED {
            String::new()
        } else {
            format!(" --seed {seed}")
        }
    ));
    lines.join("\n") + "\n"
}

/// Minutes under which the strips stand.
fn axis() -> String {
    let mut text = String::new();
    for (minute, label) in [
        (0, "00:00"),
        (5, "├newsletter┤"),
        (20, "00:20"),
        (35, "00:35"),
    ] {
        let at = text.chars().count();
        text.push_str(&" ".repeat(usize::saturating_sub(minute, at)));
        text.push_str(label);
    }
    text
}

/// Three strips: what was asked, what was answered, who stood in line; each with its last value.
fn strips(series: &Series) -> Vec<String> {
    let per_second = |counts: &[u64]| {
        counts
            .iter()
            .map(|n| *n as f64 / series.window)
            .collect::<Vec<f64>>()
    };
    let asked = per_second(&series.calls[0].attempts);
    let answered = per_second(&series.clients[0].answered);
    let line = &series.services[0].queue;
    [
        ("asked/s", &asked, 30.0),
        ("answered/s", &answered, 10.0),
        ("in line", line, 150.0),
    ]
    .into_iter()
    .map(|(label, values, full)| {
        let minutes = by_minute(values);
        let last = minutes.last().copied().unwrap_or(0.0);
        format!(
            "  {label:<11}  {}  {}",
            strip(&minutes, full),
            significant(last)
        )
    })
    .collect()
}

/// Means over equal parts of the day.
fn by_minute(values: &[f64]) -> Vec<f64> {
    (0..MINUTES)
        .map(|minute| {
            let from = minute * values.len() / MINUTES;
            let to = ((minute + 1) * values.len() / MINUTES)
                .max(from + 1)
                .min(values.len());
            let part = &values[from.min(to)..to];
            if part.is_empty() {
                0.0
            } else {
                part.iter().sum::<f64>() / part.len() as f64
            }
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

    /// A strip has a column for each minute, whatever the windows are.
    #[test]
    fn strips_are_as_long_as_the_day() {
        for windows in [1, 44, 45, 270, 512] {
            let values = vec![5.0; windows];
            assert_eq!(strip(&by_minute(&values), 10.0), "▄".repeat(MINUTES));
        }
        assert_eq!(strip(&[0.0, 0.1, 10.0, 99.0], 10.0), "·▁██");
        assert!(axis().chars().count() <= MINUTES + 4, "{}", axis());
    }
}
