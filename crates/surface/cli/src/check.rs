//! `worstday check`: from a model to verdicts on its promises.

use std::time::Duration;

use worstday_model::load::DayFile;
use worstday_model::scalar::{self, Scalar};
use worstday_model::system::{EventId, Fact, FaultId, System};
use worstday_report::checked::baseline::Baseline;
use worstday_report::checked::document::{CheckReport, Verdict, document};
use worstday_report::checked::{Told, draw, github, json, junit, markdown};
use worstday_report::quoted;
use worstday_report::text::{Drawing, Length};
use worstday_search::answer::Early;
use worstday_search::check::{Checked, Crew, Options, check as search, likely};
use worstday_search::claim::Extra;
use worstday_search::lived::{Trial, Unlived, World};
use worstday_search::map::map;
use worstday_search::measure::measure_next;
use worstday_search::year;

use crate::arguments::{Check, CheckFormat};
use crate::check_page;
use crate::crew::{Hands, Memory};
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupt;
use crate::load::{Disk, Loaded, read};
use crate::part::Shard;
use crate::run;
use crate::store::{Kept, Store, StoreError};
use crate::workshop::Ranges;

/// How long is searched if nobody says otherwise.
const BUDGET: Duration = Duration::from_secs(60);

/// What to measure next has this part of the time, where inputs have ranges.
const MEASURE_SHARE: u32 = 4;

/// The map of a page has this part of the search's time, besides it.
const MAP_SHARE: u32 = 2;

/// All verdicts together hold with this confidence.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// Runs the command and says how to exit.
///
/// # Errors
///
/// What to say instead of verdicts.
pub fn check(arguments: &Check) -> Result<Exit, Stop> {
    let read = read(&arguments.as_run(), &Disk, None)?;
    let loaded = &read.loaded;
    if !loaded.warnings.is_empty() && arguments.verbose {
        eprint!("{}", loaded.warnings);
    }
    let system = &loaded.system;
    for name in &arguments.promise {
        if !system.promises.iter().any(|promise| promise.name == *name) {
            let names: Vec<&str> = system
                .promises
                .iter()
                .map(|promise| promise.name.as_str())
                .collect();
            return Err(Stop::usage(
                format!("there is no promise `{name}`"),
                &format!("there is {}", names.join(", ")),
            ));
        }
    }
    if system.promises.is_empty() {
        return Err(Stop::invalid(
            "nothing is promised, so there is nothing to check",
            "`promises: {quick: {for: CLIENT, must: [p95 < 1s over 5m]}}`",
        ));
    }
    let (time, days) = budget(arguments.budget.as_deref())?;
    let first = match &arguments.day {
        Some(text) => text.parse().map_err(|_| {
            Stop::usage(
                format!("`--day {text}` is no date"),
                "dates are written `2026-11-27`",
            )
        })?,
        None => year::first_day(loaded.as_of),
    };
    let extra = Extra::of(system);
    let world = World::new(
        system,
        std::sync::Arc::clone(&loaded.editing),
        loaded.hash.clone(),
        first,
        extra.faults.clone(),
    )
    .map_err(run::no_day)?;
    let options = Options {
        seed: arguments.seed,
        budget_days: days,
        confidence: CONFIDENCE,
        guessed: guessed(system),
        only: arguments.promise.clone(),
        brink: !arguments.no_brink,
        known_faults: system.faults.len(),
    };
    let interrupt = Interrupt::listen()
        .map_err(|error| Stop::failed(format!("cannot listen for Ctrl-C: {error}"), ""))?;
    let threads = arguments.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        usize::from,
    );
    let ranges = Ranges::new(&read, first, &extra.faults);
    let told = ranges.told();
    // What is to be measured has its part of the time, where there is anything.
    let measuring = match time {
        Some(time) if !told.is_empty() => time / MEASURE_SHARE,
        _ => Duration::ZERO,
    };
    let searching = time.map(|time| time - measuring);
    let mut hands = Hands::new(threads, searching, interrupt);
    let store = Store::beside(&arguments.file);
    let memory = Memory::of(&store, &loaded.hash, arguments.seed);
    for part in &arguments.merge {
        hands.remember(Memory::read(part, &loaded.hash)?);
    }
    if !arguments.no_store {
        hands.remember(memory.load(&loaded.hash)?);
    }
    if let Some(shard) = arguments.shard {
        let lived = part_of(&world, &extra, &options, &mut hands, shard);
        hands.clear();
        if !lived.map_err(|error| Stop::invalid(error, ""))? {
            return Ok(Exit::Interrupted);
        }
        run::write_out(&Memory::text(&loaded.hash, hands.memory())?)?;
        return Ok(Exit::Kept);
    }
    let checked = search(&world, &extra, &options, &mut hands);
    let checked = checked.and_then(|mut checked| {
        if !told.is_empty() && checked.answer.ended != Some(Early::Stopped) {
            hands.allow(measuring);
            let answer = &mut checked.answer;
            measure_next(&world, &extra, &options, &ranges, &told, answer, &mut hands)?;
        }
        let drawn = arguments.html.is_some() && checked.answer.ended != Some(Early::Stopped);
        if !drawn {
            return Ok((checked, None));
        }
        hands.allow(time.unwrap_or_default() / MAP_SHARE);
        let map = map(&world, &extra, &options, &checked, &mut hands)?;
        Ok((checked, map))
    });
    hands.clear();
    let (mut checked, map) = checked.map_err(|error| Stop::invalid(error, ""))?;
    let stopped = [checked.answer.ended, map.as_ref().and_then(|map| map.ended)]
        .contains(&Some(Early::Stopped));
    if !arguments.no_store {
        match stopped {
            true => memory.keep(&loaded.hash, hands.memory())?,
            false => memory.forget()?,
        }
    }
    let kept = if arguments.no_store {
        None
    } else {
        keep(&store, loaded, &world, &mut checked)?
    };
    let baseline = match &arguments.baseline {
        Some(name) => Some(baseline(&store, name, &checked)?),
        None => None,
    };
    let mut report = document(&checked.answer, baseline.as_ref());
    report.map = map.as_ref().map(Into::into);
    print(&checked, &report, kept.as_ref(), arguments)?;
    if let Some(path) = &arguments.html {
        check_page::write(path, arguments, loaded, &world, &checked, &report)?;
    }
    if stopped {
        return Ok(Exit::Interrupted);
    }
    Ok(exit(&report))
}

/// The baseline of that name; what is broken now, if there is none yet.
fn baseline(store: &Store, name: &str, checked: &Checked) -> Result<Baseline, Stop> {
    if let Some(text) = store.baseline(name)? {
        return Baseline::read(&text).map_err(|why| {
            Stop::invalid(
                format!("the baseline {name} cannot be used: {why}"),
                "a baseline is written once, by `check --baseline NAME`",
            )
        });
    }
    let now = Baseline::of(&checked.answer, name);
    if checked.answer.ended != Some(Early::Stopped) {
        let path = store.keep_baseline(name, &now.text())?;
        eprintln!("the baseline {name} is kept in {}", path.display());
    }
    Ok(now)
}

/// Lives a shard of the days that a search will need; whether all of it was lived.
fn part_of(
    world: &World,
    extra: &Extra,
    options: &Options,
    hands: &mut Hands,
    shard: Shard,
) -> Result<bool, Unlived> {
    let (world, trials) = likely(world, extra, options, hands)?;
    let mine: Vec<Trial> = shard.of(trials);
    for batch in mine.chunks(64) {
        if hands.live(&world, batch)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Faults and events whose rate somebody guessed, or the library.
fn guessed(system: &System) -> Vec<String> {
    let faults = system.faults.iter().enumerate().filter(|(at, _)| {
        let said = system.said_of_fault(FaultId(*at as u32));
        said.rate.is_some_and(Fact::is_assumed)
    });
    let events = system.events.iter().enumerate().filter(|(at, _)| {
        let said = system.said_of_event(EventId(*at as u32));
        said.rate.is_some_and(Fact::is_assumed)
    });
    let faults = faults.map(|(_, fault)| fault.name.clone());
    faults
        .chain(events.map(|(_, event)| event.name.clone()))
        .collect()
}

/// Keeps the day that breaks a promise beside the model, and says how it is called: none if a file cannot say it.
fn keep(
    store: &Store,
    loaded: &Loaded,
    world: &World,
    checked: &mut Checked,
) -> Result<Option<Kept>, Stop> {
    let mut first = None;
    let found = std::mem::take(&mut checked.found);
    for (promise, claim, found) in &found {
        let name = loaded.system.promises[*promise].name.as_str();
        let answer = checked
            .answer
            .promises
            .iter_mut()
            .find(|answer| answer.name == name);
        let Some(worst) = answer.and_then(|answer| answer.claims[*claim].worst.as_mut()) else {
            continue;
        };
        let breaks_in = format!("{} of {}", worst.broken, worst.trials);
        let returns = worst.per_year.map_or_else(
            || "a day that is named".to_owned(),
            |rate| worstday_report::checked::between(&rate),
        );
        let runs = checked.answer.days.all();
        let file = DayFile {
            system: &world.system,
            day: &found.trial.day,
            base: "",
            model: Some(&loaded.hash),
            seed: found.trial.seed,
            comment: &format!("Found by `worstday check`: {}.", worst.kind),
            breaks: &[name],
            found: Some(worstday_model::load::Found {
                runs,
                breaks_in: &breaks_in,
                returns: &returns,
            }),
            declared: Some(loaded.system.faults.len()),
            spelled_out: None,
        };
        match store.keep(&file) {
            Ok(kept) => {
                worst.id = Some(kept.id.clone());
                first.get_or_insert(kept);
            }
            Err(StoreError::Unwritable(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    checked.found = found;
    Ok(first)
}

/// A length of time, or a number of days such as `200d`.
pub(crate) fn budget(text: Option<&str>) -> Result<(Option<Duration>, Option<u64>), Stop> {
    let Some(text) = text else {
        return Ok((Some(BUDGET), None));
    };
    if let Some(days) = text.strip_suffix('d')
        && let Ok(days) = days.trim().parse::<u64>()
        && 0 < days
    {
        return Ok((None, Some(days)));
    }
    match scalar::Duration::parse(text) {
        Ok(time) if 0 < time.nanos() => Ok((Some(Duration::from_nanos(time.nanos())), None)),
        _ => Err(Stop::usage(
            format!("`--budget {text}` is neither a time nor a number of days"),
            "a search lasts `30s` or `10m`, or lives so many days: `2000d`",
        )),
    }
}

fn print(
    checked: &Checked,
    report: &CheckReport,
    kept: Option<&Kept>,
    arguments: &Check,
) -> Result<(), Stop> {
    let text = match arguments.format {
        CheckFormat::Json => json::write(report),
        CheckFormat::Junit => junit::write(report),
        CheckFormat::Markdown => markdown::write(report),
        CheckFormat::Github => github::write(report),
        CheckFormat::Text => {
            let file = arguments.file.display().to_string();
            // The day is named by its name where that is found from here, else by its file.
            let next = kept.map_or(String::new(), |kept| {
                let from_here = 2 < kept.path.components().count();
                let day = if from_here {
                    kept.path.display().to_string()
                } else {
                    kept.id.clone()
                };
                let mut words = vec![day];
                words.extend(arguments.made_with());
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                format!("worstday explain {}", words.join(" "))
            });
            let told = Told {
                file: &file,
                arguments: &arguments.as_run().repeated(),
                next: &next,
            };
            let drawing = Drawing {
                colour: run::colour(),
                length: if arguments.verbose {
                    Length::Full
                } else {
                    Length::Screen
                },
            };
            let mut text = draw(&checked.answer, &told, drawing);
            if report.baseline.is_some() {
                text.push_str(&format!("       {}\n", report.in_a_line()));
            }
            text
        }
    };
    run::write_out(&text)
}

fn exit(report: &CheckReport) -> Exit {
    match report.verdict {
        Verdict::Broken => Exit::Broken,
        // A baseline is there to fail on nothing else.
        _ if report.baseline.is_some() => Exit::Kept,
        Verdict::Kept => Exit::Kept,
        Verdict::KeptOnDisturbedDays | Verdict::CantTell => Exit::CantTell,
    }
}
