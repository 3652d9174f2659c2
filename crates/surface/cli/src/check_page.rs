//! `check --html`: the verdicts as a page, with the worst day lived once more so that it can be watched.
//!
//! A day that was kept is loaded from its file, as `run --scenario` does it, so that the page and that command tell the same
//! history; a day that was not is taken as it was found.

use std::path::Path;
use std::sync::Arc;

use worstday_model::day;
use worstday_page::{CheckPage, Lived, Told, check as page_of};
use worstday_report::checked::document::CheckReport;
use worstday_report::{Asked, quoted, report};
use worstday_search::check::Checked;
use worstday_search::lived::World;
use worstday_sim::outcome::{Campaign, Outcome};

use crate::arguments::{Check, Run};
use crate::exit::Stop;
use crate::load::{Loaded, load};
use crate::page::Finished;
use crate::run;

/// Of a day that recovers so much more is drawn, ns.
const AFTER_NS: u64 = 30 * 60 * 1_000_000_000;

/// Of a day that does not, so much after the last disturbance.
const DOWN_NS: u64 = 3 * 3_600 * 1_000_000_000;

/// What is drawn is a multiple of that.
const STEP_NS: u64 = 30 * 60 * 1_000_000_000;

/// Writes the page.
///
/// # Errors
///
/// If a day cannot be lived again, or the page cannot be made or written.
pub(crate) fn write(
    path: &Path,
    arguments: &Check,
    loaded: &Loaded,
    world: &World,
    checked: &Checked,
    document: &CheckReport,
) -> Result<(), Stop> {
    let days = worst(arguments, loaded, world, checked)?;
    let lived = days.as_ref().and_then(Days::told);
    let html = page_of(&CheckPage {
        report: document,
        answer: &checked.answer,
        system: &loaded.system,
        file: &arguments.file.display().to_string(),
        tool: concat!("worstday ", env!("CARGO_PKG_VERSION")),
        seed: arguments.seed,
        command: &command(path, arguments),
        lived,
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
    eprintln!(
        "page: {} ({} kB)",
        path.display(),
        html.len().div_ceil(1_000)
    );
    Ok(())
}

/// The worst day, all of it and what is drawn.
struct Days {
    promise: usize,
    claim: usize,
    demand: f64,
    whole: Finished,
    drawn: Finished,
    command: String,
}

impl Days {
    fn told(&self) -> Option<Lived<'_>> {
        Some(Lived {
            promise: self.promise,
            claim: self.claim,
            demand: self.demand,
            whole: told(&self.whole)?,
            drawn: told(&self.drawn)?,
            command: &self.command,
        })
    }
}

fn told(of: &Finished) -> Option<Told<'_>> {
    Some(Told {
        report: &of.report,
        system: &of.loaded.system,
        day: &of.day,
        outcome: first(&of.campaign)?,
        title: "",
        traces: &[],
    })
}

fn first(campaign: &Campaign) -> Option<&Outcome> {
    campaign.rows.values().next()
}

/// Lives the first day that was found; none if there is none, or somebody stopped it.
fn worst(
    arguments: &Check,
    loaded: &Loaded,
    world: &World,
    checked: &Checked,
) -> Result<Option<Days>, Stop> {
    let place = checked.found.iter().find_map(|(number, claim, found)| {
        let name = &loaded.system.promises[*number].name;
        let answers = checked.answer.promises.iter();
        let (promise, answer) = answers.enumerate().find(|(_, row)| row.name == *name)?;
        let worst = answer.claims[*claim].worst.as_ref()?;
        Some((promise, *claim, found, worst))
    });
    let Some((promise, claim, found, worst)) = place else {
        return Ok(None);
    };
    let mut again = arguments.as_run();
    again.day = None;
    again.scenario = worst.id.as_ref().map(Into::into);
    let command = worst.id.as_ref().map_or_else(String::new, |_| {
        let mut words = vec![
            "worstday".to_owned(),
            "run".to_owned(),
            again.file.display().to_string(),
        ];
        words.extend(again.repeated());
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    });
    let source = |again: &Run| -> Result<Loaded, Stop> {
        if again.scenario.is_some() {
            return load(again);
        }
        Ok(Loaded {
            system: Arc::clone(&world.system),
            hash: loaded.hash.clone(),
            editing: Arc::clone(&world.editing),
            warnings: String::new(),
            findings: Vec::new(),
            described: Vec::new(),
            as_of: loaded.as_of,
            scenario: Some(found.trial.day.clone()),
            seed: Some(found.trial.seed),
        })
    };
    let Some(whole) = live(&again, source(&again)?, arguments)? else {
        return Ok(None);
    };
    let Some(outcome) = first(&whole.campaign) else {
        return Ok(None);
    };
    again.length = Some(format!("{}s", drawn_ns(outcome) / 1_000_000_000));
    let Some(drawn) = live(&again, source(&again)?, arguments)? else {
        return Ok(None);
    };
    Ok(Some(Days {
        promise,
        claim,
        demand: (found.trial.day.demand.first()).map_or(1.0, |(_, factor)| *factor),
        whole,
        drawn,
        command,
    }))
}

/// How much of a day is drawn, ns from where counting starts: until it is over and a bit more.
fn drawn_ns(outcome: &Outcome) -> u64 {
    let all = outcome.end_ns - outcome.warm_up_ns;
    let Some(recovery) = outcome.recovery else {
        return all;
    };
    let until = match recovery.at_ns {
        Some(at) => at + AFTER_NS,
        None => recovery.from_ns + DOWN_NS,
    };
    let counted = until.saturating_sub(outcome.warm_up_ns);
    (counted.div_ceil(STEP_NS) * STEP_NS).min(all)
}

fn live(again: &Run, loaded: Loaded, arguments: &Check) -> Result<Option<Finished>, Stop> {
    let request = run::request(again, loaded.scenario.as_ref(), loaded.as_of)?;
    let day = day::plan(&loaded.system, &request).map_err(run::no_day)?;
    let day = Arc::new(day);
    let seed = loaded.seed.unwrap_or(run::SEED);
    let (campaign, interrupted) = run::simulate(&loaded, &day, &[seed], arguments.threads)?;
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
            described: &[],
        },
    );
    Ok(Some(Finished {
        loaded,
        day,
        campaign,
        report,
    }))
}

/// What to type to get this page again.
fn command(path: &Path, arguments: &Check) -> String {
    let mut words = vec![
        "worstday".to_owned(),
        "check".to_owned(),
        arguments.file.display().to_string(),
    ];
    words.extend(arguments.as_run().repeated());
    if let Some(budget) = &arguments.budget {
        words.extend(["--budget".to_owned(), budget.clone()]);
    }
    for name in &arguments.promise {
        words.extend(["--promise".to_owned(), name.clone()]);
    }
    if arguments.seed != 1 {
        words.extend(["--seed".to_owned(), arguments.seed.to_string()]);
    }
    if arguments.no_brink {
        words.push("--no-brink".to_owned());
    }
    if arguments.no_store {
        words.push("--no-store".to_owned());
    }
    if let Some(baseline) = &arguments.baseline {
        words.extend(["--baseline".to_owned(), baseline.clone()]);
    }
    words.extend(["--html".to_owned(), path.display().to_string()]);
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}
