//! How often verdicts are right, and how often one is given: `check` on random systems against what brute force counted.
//!
//! A verdict is wrong where the count says so: *broken* where fewer days break the promise than are allowed, *kept* where
//! more do, *kept \** where more of the days on which something strikes do. Where the count itself lies within three
//! standard errors of what is allowed, nobody knows, and nothing is counted as wrong.
//!
//! ```sh
//! UPDATE_PAGES=1 WORSTDAY_LONG=1 cargo test --release -p worstday-search --test it random::calibrated
//! ```
//!
//! checks every system with a truth under 25 seeds, goes on where it was interrupted, and writes `calibrated.csv`, of which
//! [`super::page`] makes the table of the documentation. Days are lived until all verdicts of a check are
//! given; making a day smaller, which comes after, is left out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use worstday_model::system::Claim;
use worstday_search::answer::Verdict;
use worstday_search::check::{Crew, Options, Progress, check};
use worstday_search::lived::{Trial, Tried, Unlived, World};
use worstday_search::year::DAYS_PER_YEAR;

use super::systems::text;
use super::truth::{self, Known, Truth};
use crate::crew::{is_long, world};
use crate::resume;

/// Days that a check may spend.
const BUDGET_DAYS: u64 = 2_000;

/// The short form, of systems that cost little, and the seeds of each.
const SHORT: [u64; 6] = [2, 4, 6, 14, 15, 25];
const SHORT_SEEDS: u64 = 5;

/// Seeds of each system in the long form.
const SEEDS: u64 = 25;

/// Of the verdicts that are given, so many may be wrong.
const WRONG_MOST: f64 = 0.07;

/// Where the truth is a factor of 3 from what is allowed, so many must be given.
const GIVEN_LEAST: f64 = 0.85;

/// What came of one claim of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The verdict.
    pub verdict: Verdict,
    /// Days hunted and confirmed.
    pub days: u64,
}

/// A claim, and what is true of it.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// The system.
    pub system: u64,
    /// The promise.
    pub promise: usize,
    /// So many days a year may break it.
    pub allowed: f64,
    /// So many do.
    pub all: Truth,
    /// So many of those on which something strikes.
    pub disturbed: Truth,
}

impl Asked {
    /// Days that break it, of those that may.
    pub fn ratio(&self) -> f64 {
        self.all.rate / self.allowed
    }

    /// Whether the truth is far from what is allowed.
    pub fn is_clear(&self) -> bool {
        let ratio = self.ratio();
        3.0 <= ratio || ratio <= 1.0 / 3.0
    }

    /// Whether a verdict is wrong.
    pub fn is_wrong(&self, verdict: Verdict) -> bool {
        let above = |truth: Truth| self.allowed < truth.rate - 3.0 * truth.error;
        let below = |truth: Truth| truth.rate + 3.0 * truth.error < self.allowed;
        match verdict {
            Verdict::Broken => below(self.all),
            Verdict::Kept => above(self.all),
            Verdict::KeptOnDisturbedDays => above(self.disturbed),
            Verdict::CantTell => false,
        }
    }
}

/// Every claim of a system, with its truth.
pub fn asked(system: u64, known: &Known) -> Vec<Asked> {
    let (world, _, _) = world(&text(system));
    let promises = world.system.promises.iter().enumerate();
    promises
        .map(|(promise, row)| {
            let Claim::OnceIn { ns } = row.survives[0].what else {
                panic!("a random promise is made for once in a time");
            };
            Asked {
                system,
                promise,
                allowed: DAYS_PER_YEAR * 86_400e9 / ns as f64,
                all: known.all(promise),
                disturbed: known.disturbed(promise),
            }
        })
        .collect()
}

/// Lives days one after the other until the verdicts are given; what would follow is not lived.
struct UntilGiven {
    given: bool,
}

impl Crew for UntilGiven {
    fn live(&mut self, world: &World, trials: &[Trial]) -> Result<Option<Vec<Tried>>, Unlived> {
        if self.given {
            return Ok(None);
        }
        trials
            .iter()
            .map(|trial| world.live(trial, &|| false))
            .collect()
    }

    fn was_stopped(&self) -> bool {
        false
    }

    fn time_left(&mut self) -> f64 {
        1.0
    }

    fn events_left(&mut self) -> f64 {
        f64::INFINITY
    }

    fn tell(&mut self, progress: &Progress<'_>) {
        self.given |= matches!(progress.trying, "a smaller day" | "windows");
    }
}

/// Checks a system.
fn checked(system: u64, seed: u64) -> Vec<Given> {
    let (world, extra, known_faults) = world(&text(system));
    let options = Options {
        seed,
        budget_days: Some(BUDGET_DAYS),
        confidence: 0.95,
        guessed: Vec::new(),
        only: Vec::new(),
        brink: false,
        known_faults,
    };
    let mut crew = UntilGiven { given: false };
    let checked = check(&world, &extra, &options, &mut crew).expect("its days can be lived");
    let days = checked.answer.days.hunted + checked.answer.days.confirmed;
    let promises = checked.answer.promises.iter();
    promises
        .map(|promise| Given {
            verdict: promise.claims[0].verdict,
            days,
        })
        .collect()
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Kept => "kept",
        Verdict::KeptOnDisturbedDays => "kept-on-disturbed-days",
        Verdict::Broken => "broken",
        Verdict::CantTell => "cant-tell",
    }
}

fn verdict(word: &str) -> Verdict {
    match word {
        "kept" => Verdict::Kept,
        "kept-on-disturbed-days" => Verdict::KeptOnDisturbedDays,
        "broken" => Verdict::Broken,
        "cant-tell" => Verdict::CantTell,
        other => panic!("no verdict is called {other}"),
    }
}

/// One line of all that a check gave: verdict and days of each promise.
fn line(given: &[Given]) -> String {
    let words: Vec<String> = given
        .iter()
        .map(|row| format!("{},{}", word(row.verdict), row.days))
        .collect();
    words.join(",")
}

fn unline(line: &str) -> Vec<Given> {
    let cells: Vec<&str> = line.split(',').collect();
    cells
        .chunks(2)
        .map(|pair| Given {
            verdict: verdict(pair[0]),
            days: pair[1].parse().expect("a count"),
        })
        .collect()
}

// ---- what came of all of them ------------------------------------------------------------------

/// All checks of all systems: by system and seed.
pub type Results = BTreeMap<(u64, u64), Vec<Given>>;

/// What is said of them together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// Verdicts that were given.
    pub given: u64,
    /// Of these, wrong.
    pub wrong: u64,
    /// Claims whose truth is clear.
    pub clear: u64,
    /// Of these, those on which a verdict was given.
    pub clear_given: u64,
}

/// Adds up.
pub fn sums(results: &Results, known: &BTreeMap<u64, Known>) -> Sums {
    let mut sums = Sums::default();
    let systems: BTreeMap<u64, Vec<Asked>> = known
        .iter()
        .map(|(system, known)| (*system, asked(*system, known)))
        .collect();
    for ((system, _), given) in results {
        for (asked, given) in systems[system].iter().zip(given) {
            let is_given = u64::from(given.verdict != Verdict::CantTell);
            sums.given += is_given;
            sums.wrong += u64::from(asked.is_wrong(given.verdict));
            if asked.is_clear() {
                sums.clear += 1;
                sums.clear_given += is_given;
            }
        }
    }
    sums
}

fn run(name: Option<&str>, systems: &[u64], seeds: u64) -> Results {
    let keys: Vec<String> = systems
        .iter()
        .flat_map(|system| (0..seeds).map(move |seed| format!("{system}/{seed}")))
        .collect();
    let pair = |key: &str| -> (u64, u64) {
        let (system, seed) = key.split_once('/').expect("two numbers");
        (system.parse().unwrap(), seed.parse().unwrap())
    };
    let lines = resume::lines(name, &keys, |key| {
        let (system, seed) = pair(key);
        line(&checked(system, seed))
    });
    lines
        .iter()
        .map(|(key, line)| (pair(key), unline(line)))
        .collect()
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/random/calibrated.csv")
}

/// The results that are kept.
pub fn kept() -> Results {
    let text = std::fs::read_to_string(path()).expect("the results are kept");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let mut cells = row.splitn(3, ',');
        let mut number = || -> u64 { cells.next().unwrap().parse().expect("a number") };
        let key = (number(), number());
        (key, unline(cells.next().expect("verdicts")))
    })
    .collect()
}

fn keep(results: &Results) {
    let mut text = "\
# What `check` said: see calibrated.rs beside this file, whose head has the command that writes this.
# system,seed,then of each promise its verdict and the days hunted and confirmed
"
    .to_owned();
    for ((system, seed), given) in results {
        let _ = writeln!(text, "{system},{seed},{}", line(given));
    }
    std::fs::write(path(), text).expect("the results can be written");
}

/// Verdicts are wrong no more often than they may be, and given where the truth is clear. The short form allows what chance
/// allows, with one failure of the test in a thousand.
#[test]
fn verdicts_are_calibrated_and_given() {
    let known = truth::kept();
    let results = if is_long() {
        let systems: Vec<u64> = known.keys().copied().collect();
        let results = run(Some("calibrated"), &systems, SEEDS);
        if std::env::var_os("UPDATE_PAGES").is_some() {
            keep(&results);
        }
        results
    } else {
        run(None, &SHORT, SHORT_SEEDS)
    };
    let sums = sums(&results, &known);
    println!("{sums:?}");
    let most = |tries: u64, share: f64| {
        if is_long() {
            (tries as f64 * share) as u64
        } else {
            worstday_stats::interval::binomial_bounds(tries, share, 0.998).1
        }
    };
    let show = |results: &Results| {
        let rows = results.iter();
        let rows = rows.map(|((system, seed), given)| format!("{system}/{seed} {}", line(given)));
        rows.collect::<Vec<String>>().join("\n")
    };
    assert!(
        sums.wrong <= most(sums.given, WRONG_MOST),
        "{sums:?}\n{}",
        show(&results)
    );
    let silent = sums.clear - sums.clear_given;
    assert!(
        silent <= most(sums.clear, 1.0 - GIVEN_LEAST),
        "{sums:?}\n{}",
        show(&results)
    );
}
