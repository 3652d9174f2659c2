//! `worstday diff`: what a change does to every promise.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use worstday_report::differs::{document, draw, write};
use worstday_report::text::{Drawing, Length};
use worstday_search::answer::Early;
use worstday_search::check::Options;
use worstday_search::diff::diff as search;
use worstday_search::lived::World;
use worstday_search::year;

use crate::arguments::{Diff, Format, Run};
use crate::check::{CONFIDENCE, budget};
use crate::crew::Hands;
use crate::exit::{Exit, Stop};
use crate::interrupt::Interrupt;
use crate::load::{Loaded, load};
use crate::run;

/// Runs the command and says how to exit.
///
/// # Errors
///
/// What to say instead of a comparison.
pub fn diff(arguments: &Diff) -> Result<Exit, Stop> {
    let unchanged =
        arguments.set.is_empty() && arguments.overlay.is_empty() && arguments.variant.is_none();
    if arguments.other.is_none() && unchanged {
        return Err(Stop::usage(
            "there is nothing to compare with",
            "a second file, or `--set`, `--overlay` or `--variant` on the first",
        ));
    }
    let other = arguments.other.as_ref().unwrap_or(&arguments.file);
    let before = load(&Run::of(&arguments.file))?;
    let after = load(&Run {
        set: arguments.set.clone(),
        overlay: arguments.overlay.clone(),
        variant: arguments.variant.clone(),
        ..Run::of(other)
    })?;
    for (file, loaded) in [(&arguments.file, &before), (other, &after)] {
        if loaded.system.promises.is_empty() {
            return Err(Stop::invalid(
                format!(
                    "{}: nothing is promised, so there is nothing to compare",
                    file.display()
                ),
                "`promises: {quick: {for: CLIENT, must: [p95 < 1s over 5m]}}`",
            ));
        }
    }
    let first = year::first_day(before.as_of);
    let (old, new) = (world(&before, first)?, world(&after, first)?);
    let (time, days) = budget(arguments.budget.as_deref())?;
    let options = Options {
        seed: arguments.seed,
        budget_days: days,
        confidence: CONFIDENCE,
        guessed: Vec::new(),
        only: Vec::new(),
        brink: !arguments.no_brink,
        known_faults: before.system.faults.len(),
    };
    let interrupt = Interrupt::listen()
        .map_err(|error| Stop::failed(format!("cannot listen for Ctrl-C: {error}"), ""))?;
    let threads = arguments.threads.map_or_else(
        || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        usize::from,
    );
    let mut hands = Hands::new(threads, time, interrupt);
    let difference = search(&old, &new, &options, &mut hands);
    hands.clear();
    let difference = difference.map_err(|error| Stop::invalid(error, ""))?;
    let text = match arguments.output.format {
        Format::Json => write(&document(&difference)),
        Format::Text => {
            let names = (named(&arguments.file, None), named(other, Some(arguments)));
            let drawing = Drawing {
                colour: run::colour(),
                length: Length::Screen,
            };
            draw(&difference, (&names.0, &names.1), drawing)
        }
    };
    run::write_out(&text)?;
    Ok(match difference.ended {
        Some(Early::Stopped) => Exit::Interrupted,
        _ => Exit::Kept,
    })
}

fn world(loaded: &Loaded, first: Date) -> Result<World, Stop> {
    World::new(
        &loaded.system,
        Arc::clone(&loaded.editing),
        loaded.hash.clone(),
        first,
        Vec::new(),
    )
    .map_err(run::no_day)
}

/// A file, and what was changed of it.
fn named(file: &Path, changed: Option<&Diff>) -> String {
    let mut words = vec![file.display().to_string()];
    if let Some(arguments) = changed {
        let run = Run {
            set: arguments.set.clone(),
            overlay: arguments.overlay.clone(),
            variant: arguments.variant.clone(),
            ..Run::of(file)
        };
        words.extend(run.repeated());
    }
    words.join(" ")
}
