//! `worstday explain`: why a day that was found breaks a promise.
//!
//! The day is a scenario file; its `base` is the model. The model is read once, and every system with something decided
//! otherwise is made from what was read then.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use worstday_report::explained::{document, draw};
use worstday_report::quoted;
use worstday_report::text::{Drawing, Length};
use worstday_search::answer::Early;
use worstday_search::check::Options;
use worstday_search::explain::{Asked, Explained, explain as search};
use worstday_search::lived::World;
use worstday_search::year;

use crate::arguments::{Explain, Format};
use crate::check::{CONFIDENCE, budget};
use crate::crew::Hands;
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupt;
use crate::load::{Disk, Read, read};
use crate::run;
use crate::store;
use crate::workshop::Workshop;

/// Runs the command and says how to exit.
///
/// # Errors
///
/// What to say instead of an explanation.
pub fn explain(arguments: &Explain) -> Result<Exit, Stop> {
    let path = store::somewhere(&arguments.day)?;
    let base = base_of(&path)?;
    let asked = arguments.as_run(&base, &path);
    let read = read(&asked, &Disk, None)?;
    let loaded = &read.loaded;
    let Some(day) = loaded.scenario.clone() else {
        return Err(Stop::usage(
            format!("{} is no day", path.display()),
            "a day is a scenario file, as `worstday check` keeps them in .worstday",
        ));
    };
    if arguments.scenario {
        let bytes = std::fs::read_to_string(&path)
            .map_err(|error| Stop::usage(format!("cannot read {}: {error}", path.display()), ""))?;
        run::write_out(&bytes)?;
        return Ok(Exit::Kept);
    }
    let seed = loaded.seed.unwrap_or(run::SEED);
    if arguments.events {
        return events(&asked, &read, seed);
    }
    let promise = promise(arguments, &read)?;
    let system = &loaded.system;
    let world = World::new(
        system,
        Arc::clone(&loaded.editing),
        loaded.hash.clone(),
        year::first_day(day.day),
        Vec::new(),
    )
    .map_err(run::no_day)?;
    let (time, days) = budget(arguments.budget.as_deref())?;
    let options = Options {
        seed: arguments.seed,
        budget_days: days,
        confidence: CONFIDENCE,
        guessed: Vec::new(),
        only: Vec::new(),
        brink: false,
        known_faults: system.faults.len(),
    };
    let interrupt = Interrupt::listen()
        .map_err(|error| Stop::failed(format!("cannot listen for Ctrl-C: {error}"), ""))?;
    let threads = arguments.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        usize::from,
    );
    let mut hands = Hands::new(threads, time, interrupt);
    let question = Asked { day, seed, promise };
    let bench = Workshop { read: &read };
    let explained = search(&world, &bench, &question, &options, &mut hands);
    hands.clear();
    let explained = explained.map_err(|error| Stop::invalid(error, ""))?;
    print(arguments, &path, &base, &explained)?;
    Ok(match explained.ended {
        Some(Early::Stopped) => Exit::Interrupted,
        _ => Exit::Kept,
    })
}

/// The model of a scenario file, as a path from here.
fn base_of(path: &Path) -> Result<PathBuf, Stop> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Stop::usage(format!("cannot read {shown}: {error}"), ""))?;
    // Only where the model lies: what else is wrong with the file is told when it is read as one.
    let base = text.lines().find_map(|line| line.strip_prefix("base:"));
    let base = base.map(|base| base.split(" #").next().unwrap_or_default().trim());
    match base.filter(|base| !base.is_empty()) {
        Some(base) => {
            let base = base.trim_matches(|c| c == '"' || c == '\'');
            let folder = path.parent().unwrap_or(Path::new(""));
            Ok(plain(&folder.join(base)))
        }
        None => Err(Stop::usage(
            format!("{shown} is no day: it does not say of which model"),
            "a scenario file has a `base`",
        )),
    }
}

/// A path without steps down and up again.
fn plain(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if plain.file_name().is_some() && !plain.ends_with("..") => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The promise that is asked for, by number.
fn promise(arguments: &Explain, read: &Read) -> Result<usize, Stop> {
    let system = &read.loaded.system;
    let names: Vec<&str> = system
        .promises
        .iter()
        .map(|promise| promise.name.as_str())
        .collect();
    let said = read.model.scenario().and_then(|scenario| {
        let first = scenario.breaks.as_ref()?.first()?;
        Some(first.value.as_str().to_owned())
    });
    let asked = arguments.promise.clone().or(said);
    match asked {
        Some(name) => names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| {
                Stop::usage(
                    format!("there is no promise `{name}`"),
                    &format!("there is {}", names.join(", ")),
                )
            }),
        None if names.len() == 1 => Ok(0),
        None if names.is_empty() => Err(Stop::invalid(
            "nothing is promised, so nothing is broken on this day",
            "",
        )),
        None => Err(Stop::usage(
            "this day does not say which promise it breaks",
            &format!("`--promise NAME`: there is {}", names.join(", ")),
        )),
    }
}

/// Every event of the day.
fn events(asked: &crate::arguments::Run, read: &Read, seed: u64) -> Result<Exit, Stop> {
    let loaded = &read.loaded;
    let day = Arc::new(run::plan(asked, loaded)?);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = None;
    let told = worstday_sim::events::tell(
        &loaded.system,
        &day,
        &loaded.editing,
        seed,
        &loaded.hash,
        &mut |line| {
            failed = writeln!(out, "{line}").err();
            failed.is_none()
        },
    );
    told.map_err(|error| Stop::failed(error, ""))?;
    match failed.or_else(|| out.flush().err()) {
        // Whoever reads may stop reading.
        Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Stop::failed(format!("cannot write: {error}"), ""))
        }
        _ => Ok(Exit::Kept),
    }
}

fn print(arguments: &Explain, path: &Path, base: &Path, explained: &Explained) -> Result<(), Stop> {
    let id = path
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    if arguments.output.format == Format::Json {
        return run::write_out(&document::write(&document::document(explained, &id)));
    }
    let mut words = vec!["worstday".to_owned()];
    match explained.fixes.first() {
        // The change by hand, on the same day.
        Some(fix) => {
            words.extend(["check".to_owned(), base.display().to_string()]);
            words.extend(arguments.made_with());
            words.extend(["--set".to_owned(), fix.set.clone()]);
        }
        None => {
            words.extend(["explain".to_owned(), arguments.day.display().to_string()]);
            words.extend(["--budget".to_owned(), "10m".to_owned()]);
        }
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let drawing = Drawing {
        colour: run::colour(),
        length: if arguments.output.verbose {
            Length::Full
        } else {
            Length::Screen
        },
    };
    run::write_out(&draw(explained, &id, &words.join(" "), drawing))
}
