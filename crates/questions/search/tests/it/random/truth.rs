//! What is true of the random systems, by brute force.
//!
//! Sixty thousand days each, thirty times what a check may spend: of every part of the year so many that its share is known well, in the
//! order of their numbers, until all are lived. Nobody looks in between, and none of the code that gives verdicts takes part: the
//! number of broken days a year is the plain sum of rate times share, and its interval that of a normal sum of
//! binomials. Parts of days are simulated as `check` does it; on some systems whole dates stand beside them,
//! on which everything strikes at its own rate, drawn by the engine itself: no strata, no windows, no rates.
//!
//! The counts are kept in `truth.csv` beside this file:
//!
//! ```sh
//! WORSTDAY_TRUTH=write cargo test --release -p worstday-search --test it random::truth::brute_force -- --ignored
//! ```
//!
//! lives those of the systems that it lacks (three minutes of a core each; `anew`: of all) and writes it after each. Without the
//! variable, as in `cargo xtask verify`, other days are lived, a tenth as many, and must agree with what is kept.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use worstday_model::day::{self, DayRequest, Random, What};
use worstday_search::lived::{Trial, World};
use worstday_search::year::{DAYS_PER_YEAR, Kind};
use worstday_sim::outcome::Verdict;
use worstday_sim::{History, NoEdits};

use super::systems::{SYSTEMS, text};
use crate::crew::world;

/// Days of a system: thirty times the budget of a check.
const DAYS: u64 = 60_000;

/// Of these, quiet ones: whole days, and most of them alike.
const QUIET_DAYS: u64 = 2_000;

/// Whole dates that stand beside the parts of days, on [`WHOLE_ON`] of the systems.
const WHOLE_DAYS: u64 = 2_000;

/// Systems on which whole dates are lived.
const WHOLE_ON: [u64; 6] = [2, 10, 11, 14, 32, 36];

/// What a row of whole dates is called.
const WHOLE: &str = "(whole dates)";

/// What was counted in one part of a system's year.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Its name.
    pub stratum: String,
    /// Days a year.
    pub rate: f64,
    /// Days lived.
    pub days: u64,
    /// Of these, those that broke each promise.
    pub broken: Vec<u64>,
}

/// What is true of a promise, days a year.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    /// The rate.
    pub rate: f64,
    /// The standard error that its count leaves.
    pub error: f64,
}

/// What is known of a system.
#[derive(Clone, Debug)]
pub struct Known {
    /// The hash of its model: a table of other models says nothing.
    pub model: String,
    /// Part by part.
    pub parts: Vec<Counted>,
    /// On whole dates.
    pub whole: Option<Counted>,
}

impl Known {
    /// Days a year that break a promise: all of them.
    pub fn all(&self, promise: usize) -> Truth {
        sum(self.parts.iter(), promise)
    }

    /// The same of days on which something strikes.
    pub fn disturbed(&self, promise: usize) -> Truth {
        sum(
            self.parts.iter().filter(|part| part.stratum != "quiet"),
            promise,
        )
    }
}

/// Rate times share, summed; the variance of a share is that of a binomial with two hits and two misses more
/// (A. Agresti and B. Coull, "Approximate is better than exact for interval estimation of binomial proportions", 1998).
fn sum<'a>(parts: impl Iterator<Item = &'a Counted>, promise: usize) -> Truth {
    let (mut rate, mut variance) = (0.0, 0.0);
    for part in parts {
        let (days, broken) = (part.days as f64, part.broken[promise] as f64);
        rate += part.rate * broken / days;
        let share = (broken + 2.0) / (days + 4.0);
        variance += part.rate * part.rate * share * (1.0 - share) / (days + 4.0);
    }
    Truth {
        rate,
        error: variance.sqrt(),
    }
}

/// How many days of each part: of quiet ones so many, of the others in proportion to their rates, and none too few.
fn planned(world: &World) -> Vec<u64> {
    let strata = &world.year.strata;
    let is_quiet = |kind: Kind| matches!(kind, Kind::Dated(_));
    let disturbed: f64 = strata
        .iter()
        .filter(|stratum| !is_quiet(stratum.kind))
        .map(|stratum| stratum.rate)
        .sum();
    let least = 2_000.0;
    let others = (DAYS - QUIET_DAYS) as f64 - least * strata.len() as f64;
    strata
        .iter()
        .map(|stratum| {
            if is_quiet(stratum.kind) {
                QUIET_DAYS
            } else {
                (least + others * stratum.rate / disturbed) as u64
            }
        })
        .collect()
}

/// Lives the days of a system.
fn counted(number: u64, phase: &str, part_of: u64) -> Known {
    let (world, _, _) = world(&text(number));
    let promises = world.system.promises.len();
    let mut parts = Vec::new();
    for (at, days) in planned(&world).into_iter().enumerate() {
        let days = days / part_of;
        let mut broken = vec![0; promises];
        for index in 0..days {
            let drawn = world.year.draw(&world.system, at, phase, index);
            let trial = Trial::new(world.scenario(&drawn), drawn.seed);
            let tried = world.live(&trial, &|| false).expect("it can be lived");
            let tried = tried.expect("nobody stops it");
            assert!(!tried.broke_off, "system {number}: too many inside");
            for (broken, judged) in broken.iter_mut().zip(&tried.promises) {
                *broken += u64::from(judged.broken);
            }
        }
        let stratum = &world.year.strata[at];
        parts.push(Counted {
            stratum: stratum.name.clone(),
            rate: stratum.rate,
            days,
            broken,
        });
    }
    let whole = WHOLE_ON
        .contains(&number)
        .then(|| whole_dates(&world, WHOLE_DAYS / part_of));
    Known {
        model: world.hash.clone(),
        parts,
        whole,
    }
}

/// Dates of the year, one after the other, each from midnight to midnight: what strikes is the engine's own business.
fn whole_dates(world: &World, days: u64) -> Counted {
    let mut broken = vec![0; world.system.promises.len()];
    let dates = world.year.dates();
    for index in 0..days {
        let date: Date = dates[index as usize % dates.len()];
        let request = DayRequest {
            as_of: date,
            what: What::Ordinary { day: Some(date) },
            length_ns: Some(86_400_000_000_000),
            random: Random::Yes,
        };
        let day = Arc::new(day::plan(&world.system, &request).expect("there is such a date"));
        let end_ns = day.end_ns;
        let system = Arc::clone(&world.system);
        let mut history = History::new(system, day, Arc::new(NoEdits), 1_000_000 + index)
            .expect("it can be lived");
        history.advance(end_ns);
        let outcome = history.finish(&world.hash).expect("its counts add up");
        for (broken, promise) in broken.iter_mut().zip(&outcome.promises) {
            let mut conditions = promise.conditions.iter();
            *broken += u64::from(conditions.any(|row| row.verdict == Verdict::Broken));
        }
    }
    Counted {
        stratum: WHOLE.to_owned(),
        rate: DAYS_PER_YEAR,
        days,
        broken,
    }
}

// ---- the table ---------------------------------------------------------------------------------

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/random/truth.csv")
}

fn lines(number: u64, known: &Known) -> String {
    let mut text = String::new();
    for part in known.parts.iter().chain(&known.whole) {
        let broken: Vec<String> = part.broken.iter().map(u64::to_string).collect();
        let _ = writeln!(
            text,
            "{number},{},{},{:.9},{},{}",
            known.model,
            part.stratum,
            part.rate,
            part.days,
            broken.join(",")
        );
    }
    text
}

/// The table that is kept: what is known of each system, by number.
pub fn kept() -> BTreeMap<u64, Known> {
    read(&std::fs::read_to_string(path()).expect("the table is kept"))
}

fn read(table: &str) -> BTreeMap<u64, Known> {
    let mut all: BTreeMap<u64, Known> = BTreeMap::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split(',').collect();
        let count = |at: usize| -> u64 { cells[at].parse().expect("a count") };
        let row = Counted {
            stratum: cells[2].to_owned(),
            rate: cells[3].parse().expect("a rate"),
            days: count(4),
            broken: (5..cells.len()).map(count).collect(),
        };
        let known = all.entry(count(0)).or_insert_with(|| Known {
            model: cells[1].to_owned(),
            parts: Vec::new(),
            whole: None,
        });
        if row.stratum == WHOLE {
            known.whole = Some(row);
        } else {
            known.parts.push(row);
        }
    }
    all
}

const HEAD: &str = "\
# What brute force counted: see truth.rs beside this file, whose head has the command that writes this.
# system,model,part of the year,days a year,days lived,broken days of each promise
";

/// The truth is of these very systems: who changes the generator counts again.
#[test]
fn the_table_is_of_these_systems() {
    for (number, known) in kept() {
        let (world, _, _) = world(&text(number));
        assert_eq!(known.model, world.hash, "system {number}");
        let strata = world.year.strata.iter();
        for (part, stratum) in known.parts.iter().zip(strata) {
            assert_eq!(part.stratum, stratum.name, "system {number}");
            assert!((part.rate / stratum.rate - 1.0).abs() < 1e-6);
        }
    }
}

/// Parts of days, weighed by the rates of their strata, say the same as whole dates on which the engine lets things strike.
#[test]
fn whole_dates_agree() {
    let mut compared = 0;
    for (number, known) in kept() {
        let Some(whole) = &known.whole else { continue };
        for promise in 0..whole.broken.len() {
            let parts = known.all(promise);
            let whole = sum(std::iter::once(whole), promise);
            let error = (parts.error.powi(2) + whole.error.powi(2)).sqrt();
            // A hundred and some comparisons could be made: one in ten thousand each.
            assert!(
                (parts.rate - whole.rate).abs() < 3.9 * error,
                "system {number}, promise {promise}: {parts:?} {whole:?}"
            );
            compared += 1;
        }
    }
    assert!(0 < compared);
}

/// The systems in the order of the events that a few of their days take: an interrupted count has many.
fn cheapest_first() -> Vec<u64> {
    let price = |number: u64| {
        let (world, _, _) = world(&text(number));
        let strata = world.year.strata.iter().enumerate();
        let disturbed = strata.filter(|(_, stratum)| !matches!(stratum.kind, Kind::Dated(_)));
        let events = disturbed.map(|(at, stratum)| {
            let days = (0..5).map(|index| {
                let drawn = world.year.draw(&world.system, at, "price", index);
                let trial = Trial::new(world.scenario(&drawn), drawn.seed);
                let tried = world.live(&trial, &|| false).expect("it can be lived");
                // What is simulated costs, whether or not much happens: as much as an event a second.
                let tried = tried.expect("nobody stops it");
                tried.events as f64 + tried.simulated_ns as f64 * 1e-9
            });
            (stratum.rate, stratum.rate * days.sum::<f64>() / 5.0)
        });
        let (rate, events) = events.fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        events / rate
    };
    let mut order: Vec<(u64, u64)> = (0..SYSTEMS)
        .map(|number| (price(number) as u64, number))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, number)| number).collect()
}

/// Lives the days of every system that the table lacks and writes it; or lives a tenth of all days, others, and compares.
#[test]
#[ignore = "long: brute force"]
fn brute_force() {
    let asked = std::env::var("WORSTDAY_TRUTH").unwrap_or_default();
    let mut table = if asked == "anew" {
        BTreeMap::new()
    } else {
        kept()
    };
    for number in cheapest_first() {
        let (world, _, _) = world(&text(number));
        let known = table.get(&number);
        let known = known.filter(|known| known.model == world.hash).cloned();
        if matches!(asked.as_str(), "write" | "anew") {
            if known.is_none() {
                table.insert(number, counted(number, "brute force", 1));
                let text: String = table
                    .iter()
                    .map(|(number, known)| lines(*number, known))
                    .collect();
                std::fs::write(path(), format!("{HEAD}{text}")).expect("the table can be written");
            }
            continue;
        }
        let Some(known) = known else { continue };
        let again = counted(number, "brute force again", 10);
        for promise in 0..known.parts[0].broken.len() {
            let (was, is) = (known.all(promise), again.all(promise));
            let error = (was.error.powi(2) + is.error.powi(2)).sqrt();
            assert!(
                (was.rate - is.rate).abs() < 4.5 * error,
                "system {number}, promise {promise}: {was:?}, and again {is:?}"
            );
        }
    }
}
