//! `worstday run`: from a command line to a report.
//!
//! The order is: read the model, plan the day, run one history per seed, judge, print. Everything that is printed on
//! stdout is a function of the files and the arguments: elapsed time, threads and terminals only show on stderr.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use worstday_model::day::{self, Day, DayRequest, Random, Scenario, What};
use worstday_model::scalar::{self, Scalar};
use worstday_report::text::{Colour, Drawing, Length, draw};
use worstday_report::{Asked, Report, Verdict, json, quantity, report, tried};
use worstday_sim::History;
use worstday_sim::outcome::{Campaign, Ended, Outcome};

use crate::arguments::{Format, Output, Run};
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupt;
use crate::load::{Loaded, load};
use crate::page::{self, Finished};
use crate::part;
use crate::progress::Line;
use crate::threads::{Gauge, histories};

/// The seed of those who name none.
pub const SEED: u64 = 1;

/// Runs the command and says how to exit.
///
/// # Errors
///
/// What to say instead of a report.
pub fn run(arguments: &Run) -> Result<Exit, Stop> {
    let loaded = load(arguments)?;
    if !loaded.warnings.is_empty() && arguments.output.verbose {
        eprint!("{}", loaded.warnings);
    }
    let day = Arc::new(plan(arguments, &loaded)?);
    if !arguments.merge.is_empty() {
        let campaign = part::merge(&arguments.merge)?;
        check_parts(&campaign, &loaded)?;
        return print(campaign, loaded, day, arguments, Trying::Yes);
    }
    let first = arguments.seed.or(loaded.seed).unwrap_or(SEED);
    let Some(end) = first.checked_add(arguments.seeds) else {
        return Err(Stop::usage(
            format!("{first} leaves no room for {} seeds", arguments.seeds),
            "",
        ));
    };
    let mut seeds: Vec<u64> = (first..end).collect();
    if let Some(shard) = arguments.shard {
        seeds = shard.seeds(&seeds);
    }
    let (campaign, interrupted) = simulate(&loaded, &day, &seeds, arguments.threads)?;
    if arguments.shard.is_some() {
        if !interrupted {
            write_out(&part::write(campaign)?)?;
        }
        return Ok(if interrupted {
            Exit::Interrupted
        } else {
            Exit::Kept
        });
    }
    if campaign.rows.is_empty() {
        return Ok(Exit::Interrupted);
    }
    let trying = if interrupted { Trying::No } else { Trying::Yes };
    let exit = print(campaign, loaded, day, arguments, trying)?;
    Ok(if interrupted { Exit::Interrupted } else { exit })
}

/// The day that the arguments ask for.
pub(crate) fn plan(arguments: &Run, loaded: &Loaded) -> Result<Day, Stop> {
    let request = request(arguments, loaded.scenario.as_ref(), loaded.as_of)?;
    day::plan(&loaded.system, &request).map_err(no_day)
}

/// Why there is no such day.
pub(crate) fn no_day(error: day::DayError) -> Stop {
    match error {
        day::DayError::TimeZone(_) | day::DayError::NoPeak { .. } => Stop::invalid(error, ""),
        _ => Stop::usage(error, ""),
    }
}

/// What the arguments ask for.
pub(crate) fn request(
    arguments: &Run,
    scenario: Option<&Scenario>,
    as_of: jiff::civil::Date,
) -> Result<DayRequest, Stop> {
    let date = arguments.day.as_deref().map(read_date).transpose()?;
    let what = match (scenario, arguments.at.as_deref()) {
        (Some(scenario), _) => What::Scenario(scenario.clone()),
        (None, Some(at)) => What::Constant {
            day: date,
            peak: read_peak(at)?,
        },
        (None, None) => What::Ordinary { day: date },
    };
    let length_ns = arguments.length.as_deref().map(read_length).transpose()?;
    Ok(DayRequest {
        as_of,
        what,
        length_ns,
        random: if arguments.faults {
            Random::Yes
        } else {
            Random::No
        },
    })
}

fn read_date(text: &str) -> Result<jiff::civil::Date, Stop> {
    text.parse().map_err(|_| {
        Stop::usage(
            format!("`--day {text}` is no date"),
            "dates are written `2026-11-27`",
        )
    })
}

fn read_length(text: &str) -> Result<u64, Stop> {
    scalar::Duration::parse(text)
        .map(scalar::Duration::nanos)
        .map_err(|_| {
            Stop::usage(
                format!("`--for {text}` is no length of time"),
                "lengths are written `45m` or `1h30m`",
            )
        })
}

/// `2x peak`, or just `2x`.
fn read_peak(text: &str) -> Result<f64, Stop> {
    let factor = text.strip_suffix("peak").map_or(text, str::trim_end);
    scalar::Factor::parse(if factor.is_empty() { "1x" } else { factor })
        .map(scalar::Factor::get)
        .map_err(|_| {
            Stop::usage(
                format!("`--at {text}` is no demand"),
                "demand is written as a multiple of the day's busiest moment: `--at \"2x peak\"`",
            )
        })
}

/// Runs the histories; the second value says whether somebody stopped it.
pub(crate) fn simulate(
    loaded: &Loaded,
    day: &Arc<Day>,
    seeds: &[u64],
    threads: Option<u16>,
) -> Result<(Campaign, bool), Stop> {
    let interrupt = Interrupt::listen()
        .map_err(|error| Stop::failed(format!("cannot listen for Ctrl-C: {error}"), ""))?;
    let threads = threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        usize::from,
    );
    let whole_ns = u128::from(day.end_ns) * seeds.len() as u128;
    let mut line = Line::new(whole_ns);
    let finished = histories(
        seeds,
        threads,
        &interrupt,
        |seed, gauge| history(loaded, day, seed, gauge, &interrupt),
        |progress| line.show(progress),
    );
    line.clear();
    if let Some(failure) = finished.failure {
        return Err(failure);
    }
    if !finished.unfinished.is_empty() {
        eprintln!(
            "{}",
            lost(&finished.unfinished, finished.rows.len(), seeds.len(), day)
        );
    }
    let interrupted = !finished.unfinished.is_empty();
    let rows = finished
        .rows
        .into_iter()
        .map(|row| (row.seed, row))
        .collect();
    Ok((Campaign { rows }, interrupted))
}

/// One history, in stretches short enough to notice Ctrl-C; none if that came.
fn history(
    loaded: &Loaded,
    day: &Arc<Day>,
    seed: u64,
    gauge: &Gauge,
    interrupt: &Interrupt,
) -> Result<Option<Outcome>, Stop> {
    let mut engine = History::new(
        Arc::clone(&loaded.system),
        Arc::clone(day),
        Arc::clone(&loaded.editing),
        seed,
    )
    .map_err(|error| Stop::invalid(error, ""))?;
    // How long a stretch is changes nothing in the history, so it may follow the clock.
    let mut stretch_ns = 10_000_000_u64;
    while !engine.is_over() && engine.now_ns() < day.end_ns {
        let begun = Instant::now();
        let until = engine.now_ns().saturating_add(stretch_ns).min(day.end_ns);
        engine.advance(until);
        gauge.now_ns.store(engine.now_ns(), Ordering::Relaxed);
        gauge.events.store(engine.events(), Ordering::Relaxed);
        if interrupt.asked() && engine.now_ns() < day.end_ns {
            return Ok(None);
        }
        let took = begun.elapsed();
        if took < Duration::from_millis(20) {
            stretch_ns = stretch_ns.saturating_mul(2);
        } else if took > Duration::from_millis(100) {
            stretch_ns = (stretch_ns / 2).max(1_000_000);
        }
    }
    let outcome = engine.finish(&loaded.hash).map_err(|violation| {
        Stop::failed(
            violation,
            "this is a bug of worstday: please report it with the model and this seed",
        )
    })?;
    gauge.now_ns.store(day.end_ns, Ordering::Relaxed);
    Ok(Some(outcome))
}

/// What an orderly end cost.
fn lost(unfinished: &[(u64, u64)], finished: usize, all: usize, day: &Day) -> String {
    let (seed, reached) = unfinished
        .iter()
        .copied()
        .max_by_key(|(_, reached)| *reached)
        .unwrap_or_default();
    format!(
        "interrupted: {finished} of {all} {} finished{}; seed {seed} had come to {} of {}",
        if all == 1 { "history" } else { "histories" },
        if finished == 0 {
            ", so there is nothing to report"
        } else {
            " and are reported"
        },
        quantity::seconds(reached as f64 / 1e9),
        quantity::seconds(day.end_ns as f64 / 1e9),
    )
}

/// Parts must be of the model and the day that the command line names: places and findings are taken from there.
fn check_parts(campaign: &Campaign, loaded: &Loaded) -> Result<(), Stop> {
    let Some(first) = campaign.rows.values().next() else {
        return Err(Stop::usage("the parts hold no history", ""));
    };
    if first.system_hash != loaded.hash {
        return Err(Stop::usage(
            "the parts are of another model, or of this one before it was changed",
            "give the file and the arguments with which the parts were made",
        ));
    }
    Ok(())
}

/// Whether the suggested step is simulated too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trying {
    Yes,
    No,
}

/// Prints the report of a campaign, writes its page if one was asked for, and says how to exit.
fn print(
    campaign: Campaign,
    loaded: Loaded,
    day: Arc<Day>,
    arguments: &Run,
    trying: Trying,
) -> Result<Exit, Stop> {
    let file = arguments.file.display().to_string();
    let repeated = arguments.repeated();
    let asked = Asked {
        system: &loaded.system,
        day: &day,
        file: &file,
        arguments: &repeated,
        warnings: &loaded.findings,
        described: &loaded.described,
    };
    let mut report = report(&campaign, &asked);
    let trial = match trying {
        Trying::Yes => try_step(&campaign, &report, arguments),
        Trying::No => None,
    };
    if let Some(trial) = &trial {
        report.step.tried = tried(&report, &trial.report);
    }
    show(&report, arguments.output)?;
    for row in campaign
        .rows
        .values()
        .filter(|row| row.ended == Ended::TooManyInside)
    {
        eprintln!(
            "warning: seed {} ended at {}: more requests inside at once than can be simulated",
            row.seed,
            quantity::seconds(row.end_ns as f64 / 1e9)
        );
    }
    let exit = match report.verdict {
        Verdict::Kept | Verdict::NoPromise => Exit::Kept,
        Verdict::Broken => Exit::Broken,
        Verdict::CantTell => Exit::CantTell,
    };
    if let Some(path) = &arguments.html {
        let asked = Finished {
            loaded,
            day,
            campaign,
            report,
        };
        page::write(path, arguments, &asked, trial)?;
    }
    Ok(exit)
}

/// A step is tried only if that costs no more than so many events: a second or two.
const TRIAL_EVENTS: u64 = 20_000_000;

/// What the suggested step does to the same days, same seeds. None if there is nothing to try, it costs too much (which
/// is a matter of events, so that the same files say the same on every machine), or somebody stopped it.
fn try_step(campaign: &Campaign, report: &Report, arguments: &Run) -> Option<Finished> {
    if arguments.no_trial || report.step.for_worse {
        return None;
    }
    let set = report.step.set.clone()?;
    if campaign.rows.values().map(|row| row.events).sum::<u64>() > TRIAL_EVENTS {
        return None;
    }
    let mut arguments = arguments.clone();
    arguments.set.push(set);
    let loaded = load(&arguments).ok()?;
    let day = Arc::new(plan(&arguments, &loaded).ok()?);
    let seeds: Vec<u64> = campaign.rows.keys().copied().collect();
    let (after, interrupted) = simulate(&loaded, &day, &seeds, arguments.threads).ok()?;
    if interrupted {
        return None;
    }
    let file = arguments.file.display().to_string();
    let asked = Asked {
        system: &loaded.system,
        day: &day,
        file: &file,
        arguments: &[],
        warnings: &[],
        described: &[],
    };
    let report = worstday_report::report(&after, &asked);
    Some(Finished {
        loaded,
        day,
        campaign: after,
        report,
    })
}

pub(crate) fn show(report: &Report, output: Output) -> Result<(), Stop> {
    let text = match output.format {
        Format::Json => json::write(report),
        Format::Text => draw(
            report,
            Drawing {
                colour: colour(),
                length: if output.verbose {
                    Length::Full
                } else {
                    Length::Screen
                },
            },
        ),
    };
    write_out(&text)
}

/// Colours on a terminal, unless the reader says no (<https://no-color.org>).
pub(crate) fn colour() -> Colour {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if std::io::stdout().is_terminal() && !unwanted && !dumb {
        Colour::Ansi
    } else {
        Colour::None
    }
}

/// Writes to stdout; a reader that has seen enough (`| head`) is no failure.
pub(crate) fn write_out(text: &str) -> Result<(), Stop> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Stop::failed(format!("cannot write: {error}"), ""))
        }
        _ => Ok(()),
    }
}
