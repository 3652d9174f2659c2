//! What looking is worth: days until it is known that a promise is broken, against days drawn without looking.
//!
//! Both count the same kinds of day, with the same times and sizes inside a kind, under the same rule: *broken* is said at the first moment
//! at which the lower end of the same interval is above what is allowed. `check` hunts first, with days that it must not
//! count, and chooses each next kind by what it saw; the other takes one kind after the other as they are drawn, each as likely as any
//! other. Its first day that breaks the promise and its verdict come when they come.
//!
//! ```sh
//! UPDATE_PAGES=1 WORSTDAY_LONG=1 cargo test --release -p worstday-search --test it random::uniform
//! ```
//!
//! does so for every random promise of which the truth says that it is broken, and writes `uniform.csv`, of which
//! [`super::page`] makes the table of the documentation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use worstday_search::check::{Crew, Options, Progress, check};
use worstday_search::lived::{Trial, Tried, Unlived, World};
use worstday_search::year::Kind;
use worstday_stats::draw::{Key, Seed, entity};
use worstday_stats::interval::{Sequence, Stratum};

use super::calibrated::{Asked, asked};
use super::systems::text;
use super::truth;
use crate::crew::{is_long, world};
use crate::resume;

/// Seeds of each promise.
const SEEDS: u64 = 5;

/// Nobody looks longer than that.
const DAYS_MOST: u64 = 6_000;

/// Only where that many days break it, of those that may: nearer, it is the interval that takes long, and not the search.
const RATIO_LEAST: f64 = 1.25;

/// A promise that is broken easily is no contest: below so many days of the other.
pub const EASY: u64 = 200;

/// How long it took, in days; [`DAYS_MOST`] where that was not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// Until a day broke the promise.
    pub first: u64,
    /// Until it was known to be broken.
    pub known: u64,
}

/// Lives days and watches one promise.
struct Watcher {
    promise: usize,
    lived: u64,
    took: Took,
}

impl Watcher {
    fn new(promise: usize) -> Self {
        let took = Took {
            first: DAYS_MOST,
            known: DAYS_MOST,
        };
        Self {
            promise,
            lived: 0,
            took,
        }
    }

    fn live(&mut self, world: &World, trial: &Trial) -> Result<Option<Tried>, Unlived> {
        let tried = world.live(trial, &|| false)?;
        self.lived += 1;
        let is_broken = tried
            .as_ref()
            .is_some_and(|tried| tried.promises[self.promise].broken);
        if is_broken {
            self.took.first = self.took.first.min(self.lived);
        }
        Ok(tried)
    }
}

impl Crew for Watcher {
    fn live(&mut self, world: &World, trials: &[Trial]) -> Result<Option<Vec<Tried>>, Unlived> {
        if self.took.known < DAYS_MOST {
            return Ok(None);
        }
        trials
            .iter()
            .map(|trial| Self::live(self, world, trial))
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
        // It is told before each batch: the days of those that were lived are known.
        if 0 < progress.broken {
            self.took.known = self.took.known.min(self.lived);
        }
    }
}

/// How long `check` takes.
fn checked(system: u64, promise: usize, seed: u64) -> Took {
    let (world, extra, known_faults) = world(&text(system));
    let options = Options {
        seed,
        budget_days: Some(DAYS_MOST),
        confidence: 0.95,
        guessed: Vec::new(),
        only: vec![world.system.promises[promise].name.clone()],
        brink: false,
        known_faults,
    };
    let mut watcher = Watcher::new(promise);
    check(&world, &extra, &options, &mut watcher).expect("its days can be lived");
    watcher.took
}

/// How long it takes who does not look: each kind of day as likely as any other.
fn unlooked(asked: &Asked, seed: u64) -> Took {
    let (world, _, _) = world(&text(asked.system));
    let strata = &world.year.strata;
    let disturbed: f64 = strata
        .iter()
        .filter(|stratum| !matches!(stratum.kind, Kind::Dated(_)))
        .map(|stratum| stratum.rate)
        .sum();
    // As `check` scales it.
    let scale = (3.0 * disturbed / asked.allowed).clamp(8.0, 1e7);
    let sequence = Sequence::new(0.95, scale);
    let mut seen: Vec<Stratum> = strata
        .iter()
        .map(|stratum| Stratum {
            rate: stratum.rate,
            hits: 0,
            trials: 0,
        })
        .collect();
    let mut watcher = Watcher::new(asked.promise);
    let mut choice = Key::new(Seed(entity("kinds without looking")), seed, 0).at(asked.system);
    let phase = format!("without looking {seed}");
    while watcher.lived < DAYS_MOST {
        let at = choice.below(seen.len() as u64) as usize;
        let drawn = world.year.draw(&world.system, at, &phase, seen[at].trials);
        let trial = Trial::new(world.scenario(&drawn), drawn.seed);
        let tried = watcher.live(&world, &trial).expect("it can be lived");
        let tried = tried.expect("nobody stops it");
        seen[at].trials += 1;
        seen[at].hits += u64::from(tried.promises[asked.promise].broken);
        if asked.allowed < sequence.total(&seen).low {
            watcher.took.known = watcher.lived;
            break;
        }
    }
    watcher.took
}

// ---- all of them -------------------------------------------------------------------------------

/// What both took, seed by seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    /// `check`.
    pub checked: Vec<Took>,
    /// Days drawn without looking.
    pub unlooked: Vec<Took>,
}

/// By system and promise.
pub type Results = BTreeMap<(u64, usize), Both>;

/// The middle one.
pub fn median(took: &[Took], of: fn(&Took) -> u64) -> u64 {
    let mut days: Vec<u64> = took.iter().map(of).collect();
    days.sort_unstable();
    days[days.len() / 2]
}

impl Both {
    /// How many times more days it takes without looking, until it is known.
    pub fn gain(&self) -> f64 {
        let of = |took: &[Took]| median(took, |took| took.known) as f64;
        of(&self.unlooked) / of(&self.checked)
    }

    /// Whether it is a contest.
    pub fn is_hard(&self) -> bool {
        EASY < median(&self.unlooked, |took| took.known)
    }
}

/// The median gain of those that are a contest, and how many these are.
pub fn gain(results: &Results) -> Option<(f64, usize)> {
    let hard = results.values().filter(|both| both.is_hard());
    let mut gains: Vec<f64> = hard.map(Both::gain).collect();
    gains.sort_by(f64::total_cmp);
    Some((*gains.get(gains.len() / 2)?, gains.len()))
}

/// Every promise that the truth calls broken, and not just so.
fn broken() -> Vec<Asked> {
    let known = truth::kept();
    let all = known
        .iter()
        .flat_map(|(system, known)| asked(*system, known));
    all.filter(|asked| {
        let surely = asked.all.rate - 3.0 * asked.all.error;
        RATIO_LEAST * asked.allowed < surely
    })
    .collect()
}

fn run(name: Option<&str>, claims: &[Asked], seeds: u64) -> Results {
    let key = |asked: &Asked, seed: u64| format!("{}/{}/{seed}", asked.system, asked.promise);
    let keys: Vec<String> = claims
        .iter()
        .flat_map(|asked| (0..seeds).map(move |seed| key(asked, seed)))
        .collect();
    let lines = resume::lines(name, &keys, |wanted| {
        let found = claims.iter().find_map(|asked| {
            let seed = (0..seeds).find(|&seed| key(asked, seed) == wanted)?;
            Some((asked, seed))
        });
        let (asked, seed) = found.expect("each key is of a claim");
        let (a, b) = (
            checked(asked.system, asked.promise, seed),
            unlooked(asked, seed),
        );
        format!("{},{},{},{}", a.first, a.known, b.first, b.known)
    });
    let mut results = Results::new();
    for asked in claims {
        for seed in 0..seeds {
            add(
                &mut results,
                (asked.system, asked.promise),
                &lines[&key(asked, seed)],
            );
        }
    }
    results
}

fn add(results: &mut Results, key: (u64, usize), line: &str) {
    let days: Vec<u64> = line
        .split(',')
        .map(|cell| cell.parse().expect("days"))
        .collect();
    let both = results.entry(key).or_insert_with(|| Both {
        checked: Vec::new(),
        unlooked: Vec::new(),
    });
    let took = |at: usize| Took {
        first: days[at],
        known: days[at + 1],
    };
    both.checked.push(took(0));
    both.unlooked.push(took(2));
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/random/uniform.csv")
}

/// The results that are kept.
pub fn kept() -> Results {
    let text = std::fs::read_to_string(path()).expect("the results are kept");
    let mut results = Results::new();
    for row in text.lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = row.splitn(4, ',').collect();
        let key = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
        add(&mut results, key, cells[3]);
    }
    results
}

fn keep(results: &Results) {
    let mut text = "\
# Days that it took: see uniform.rs beside this file, whose head has the command that writes this.
# system,promise,seed,check: days until the first broken day and until it is known,without looking: the same
"
    .to_owned();
    for ((system, promise), both) in results {
        for (seed, (a, b)) in both.checked.iter().zip(&both.unlooked).enumerate() {
            let _ = writeln!(
                text,
                "{system},{promise},{seed},{},{},{},{}",
                a.first, a.known, b.first, b.known
            );
        }
    }
    std::fs::write(path(), text).expect("the results can be written");
}

/// Looking takes fewer days than not looking, where it is a contest at all; and where it is not, both come to know it. The
/// short form tries the promise that took fewest days of those that are the hardest contest there is.
#[test]
fn looking_takes_fewer_days() {
    let results = if is_long() {
        let results = run(Some("uniform"), &broken(), SEEDS);
        if std::env::var_os("UPDATE_PAGES").is_some() {
            keep(&results);
        }
        results
    } else {
        let kept = kept();
        let days = |both: &Both| median(&both.unlooked, |took| took.known);
        let hard = kept.iter().filter(|(_, both)| both.is_hard());
        let chosen = hard
            .min_by_key(|(_, both)| days(both))
            .or_else(|| kept.iter().max_by_key(|(_, both)| days(both)));
        let key = *chosen.expect("something was compared").0;
        let mut claims = broken();
        claims.retain(|asked| (asked.system, asked.promise) == key);
        run(None, &claims, 3)
    };
    for (claim, both) in &results {
        let known = |took: &[Took]| median(took, |took| took.known) < DAYS_MOST;
        assert!(known(&both.checked), "{claim:?}: {both:?}");
    }
    if let Some((gain, of)) = gain(&results) {
        println!("{gain} in the median of {of}");
        assert!(1.0 < gain, "{results:?}");
    }
}
