//! `run --html`: the same run once more as a page, with the day before or after a change beside it and a few visits
//! followed step by step.

use std::path::Path;
use std::sync::Arc;

use worstday_model::day::Day;
pub(crate) use worstday_page::Beside;
use worstday_page::{Page, Told, page};
use worstday_report::{Asked, Report, quoted, report};
use worstday_sim::outcome::{Campaign, Outcome};
use worstday_sim::trace::{Chosen, Trace, choose, follow};

use crate::arguments::Run;
use crate::exit::Stop;
use crate::interrupt::Interrupt;
use crate::load::{Loaded, load};
use crate::run::{plan, simulate};

/// Visits are followed only in histories of at most so many events: half a minute for the two more tellings.
const FOLLOWED_EVENTS: u64 = 100_000_000;
/// Clients whose visits are followed, those who lost most first.
const FOLLOWED_CLIENTS: usize = 4;

/// One run with all that it is made of.
pub(crate) struct Finished {
    pub loaded: Loaded,
    pub day: Arc<Day>,
    pub campaign: Campaign,
    pub report: Report,
}

/// Writes the page of `asked` beside the same run before its changes; `trial` is the suggested step, if it was
/// simulated.
///
/// # Errors
///
/// If it cannot be made or written.
pub(crate) fn write(
    path: &Path,
    arguments: &Run,
    asked: &Finished,
    trial: Option<Finished>,
) -> Result<(), Stop> {
    let other = match before(arguments, asked)? {
        Some(before) => Some((Beside::Before, before)),
        None => trial.map(|after| (Beside::After, after)),
    };
    let kilobytes = write_beside(path, arguments, asked, other.as_ref())?;
    eprintln!("page: {} ({kilobytes} kB)", path.display());
    Ok(())
}

/// Writes the page of `asked` beside another run; returns its size in kB.
///
/// # Errors
///
/// If it cannot be made or written.
pub(crate) fn write_beside(
    path: &Path,
    arguments: &Run,
    asked: &Finished,
    other: Option<&(Beside, Finished)>,
) -> Result<usize, Stop> {
    let followed = followed(asked, other.map(|(_, other)| other))?;
    let (traces, other_traces, untraced) = match followed {
        Ok((traces, other)) => (traces, other, None),
        Err(why) => (Vec::new(), Vec::new(), Some(why)),
    };
    let title = title(arguments);
    let other_title = match other {
        Some((Beside::Before, _)) => "as described".to_owned(),
        _ => "with the smallest step".to_owned(),
    };
    let Some(outcome) = first(&asked.campaign) else {
        return Err(Stop::failed("there is no history to show", ""));
    };
    let html = page(&Page {
        asked: Told {
            report: &asked.report,
            system: &asked.loaded.system,
            day: &asked.day,
            outcome,
            title: &title,
            traces: &traces,
        },
        other: other.and_then(|(beside, run)| {
            let told = Told {
                report: &run.report,
                system: &run.loaded.system,
                day: &run.day,
                outcome: first(&run.campaign)?,
                title: &other_title,
                traces: &other_traces,
            };
            Some((*beside, told))
        }),
        command: &command(path, arguments, asked),
        untraced: untraced.as_deref(),
    });
    if html.len() > worstday_page::LARGEST {
        return Err(Stop::failed(
            format!(
                "the page would be {} MB, more than 2",
                html.len() / 1_000_000
            ),
            "this is a bug of worstday: please report it with the model",
        ));
    }
    std::fs::write(path, &html)
        .map_err(|error| Stop::failed(format!("cannot write {}: {error}", path.display()), ""))?;
    Ok(html.len().div_ceil(1_000))
}

fn first(campaign: &Campaign) -> Option<&Outcome> {
    campaign.rows.values().next()
}

/// What sets the run apart from its file.
fn title(arguments: &Run) -> String {
    let mut parts = Vec::new();
    if let Some(variant) = &arguments.variant {
        parts.push(format!("with `{variant}`"));
    } else if !arguments.overlay.is_empty() {
        let names = arguments
            .overlay
            .iter()
            .map(|path| path.display().to_string());
        parts.push(format!("with {}", names.collect::<Vec<_>>().join(", ")));
    }
    parts.extend(arguments.set.iter().map(|set| format!("`{set}`")));
    if parts.is_empty() {
        "as described".to_owned()
    } else {
        parts.join(", ")
    }
}

/// The same days without overlays, variants and changed lines; none if the run has no such change.
fn before(arguments: &Run, asked: &Finished) -> Result<Option<Finished>, Stop> {
    if arguments.overlay.is_empty() && arguments.variant.is_none() && arguments.set.is_empty() {
        return Ok(None);
    }
    let mut plain = arguments.clone();
    plain.overlay.clear();
    plain.variant = None;
    plain.set.clear();
    let loaded = load(&plain)?;
    let day = Arc::new(plan(&plain, &loaded)?);
    let seeds: Vec<u64> = asked.campaign.rows.keys().copied().collect();
    let (campaign, interrupted) = simulate(&loaded, &day, &seeds, arguments.threads)?;
    if interrupted {
        return Ok(None);
    }
    let report = report(
        &campaign,
        &Asked {
            system: &loaded.system,
            day: &day,
            file: &arguments.file.display().to_string(),
            arguments: &[],
            warnings: &loaded.findings,
            described: &loaded.described,
        },
    );
    Ok(Some(Finished {
        loaded,
        day,
        campaign,
        report,
    }))
}

/// Visits of the first history, and the same ones of the other run; or why there are none.
type Followed = Result<(Vec<Trace>, Vec<Trace>), String>;

fn followed(asked: &Finished, other: Option<&Finished>) -> Result<Followed, Stop> {
    let Some(outcome) = first(&asked.campaign) else {
        return Ok(Err("there is no history".to_owned()));
    };
    let events = |run: &Finished| first(&run.campaign).map_or(0, |row| row.events);
    if events(asked).max(other.map_or(0, events)) > FOLLOWED_EVENTS {
        return Ok(Err(format!(
            "Single visits are not followed in a day of {} events; a shorter one (`--for`) shows them.",
            worstday_report::quantity::count(events(asked))
        )));
    }
    let mut clients: Vec<usize> = (0..outcome.clients.len())
        .filter(|at| outcome.clients[*at].ends.arrived > 0)
        .collect();
    clients.sort_by_key(|at| std::cmp::Reverse(outcome.clients[*at].ends.lost()));
    clients.truncate(FOLLOWED_CLIENTS);
    let interrupt = Interrupt::listen()
        .map_err(|error| Stop::failed(format!("cannot listen for Ctrl-C: {error}"), ""))?;
    let goes_on = &|| !interrupt.asked();
    let seed = outcome.seed;
    let stop = |error| Stop::invalid(error, "");
    let loaded = &asked.loaded;
    let mut chosen = choose(
        &loaded.system,
        &asked.day,
        &loaded.editing,
        seed,
        &clients,
        goes_on,
    )
    .map_err(stop)?;
    let place = |one: &Chosen| {
        let named = |at: &usize| loaded.system.clients[*at].name == one.client;
        clients.iter().position(named)
    };
    chosen.sort_by_key(place);
    let tell = |run: &Finished, chosen: &[Chosen]| {
        let loaded = &run.loaded;
        follow(
            &loaded.system,
            &run.day,
            &loaded.editing,
            seed,
            chosen,
            goes_on,
        )
        .map_err(stop)
    };
    let traces = tell(asked, &chosen)?;
    let others = match other {
        Some(run) => tell(run, &chosen)?,
        None => Vec::new(),
    };
    Ok(Ok((traces, others)))
}

/// What to type to get this page again: on any date, so the day is named.
fn command(path: &Path, arguments: &Run, asked: &Finished) -> String {
    let mut words = vec![
        "worstday".to_owned(),
        "run".to_owned(),
        arguments.file.display().to_string(),
    ];
    words.extend(arguments.repeated());
    if arguments.seed.is_none() {
        let seed = asked.report.day.seeds.first().copied().unwrap_or_default();
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    if arguments.day.is_none() && arguments.scenario.is_none() && asked.report.day.has_a_shape {
        let date = asked.report.day.from.split('T').next().unwrap_or_default();
        words.extend(["--day".to_owned(), date.to_owned()]);
    }
    words.extend(["--html".to_owned(), path.display().to_string()]);
    words
        .iter()
        .map(|word| quoted(word))
        .collect::<Vec<_>>()
        .join(" ")
}
