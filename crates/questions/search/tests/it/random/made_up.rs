//! Verdicts on years of which everything is known.
//!
//! A crew that simulates nothing: whether a day breaks the promise is a coin, whose chance is made up for each part of a random
//! system's year. So the rate of broken days is a sum that needs no counting, a check takes milliseconds, and a thousand of
//! them say how often a verdict is wrong or missing. What is tested is all that lies between days and verdicts.

use worstday_model::day::Happens;
use worstday_search::answer::Verdict;
use worstday_search::check::{Crew, Options, Progress, check};
use worstday_search::lived::{Judged, Trial, Tried, Unlived, World};
use worstday_search::year::{DAYS_PER_YEAR, Kind};
use worstday_stats::draw::{Draw, Key, Seed, entity};
use worstday_stats::interval::{Sequence, Stratum};

use super::systems::text;
use crate::crew::{is_long, world};

/// Days that a check may spend.
const BUDGET_DAYS: u64 = 2_000;

/// Tosses a coin for each day.
struct Coins {
    /// By part of the year.
    shares: Vec<f64>,
    lived: u64,
    known: Option<u64>,
    stops_when_known: bool,
    over: bool,
}

impl Coins {
    fn part(world: &World, trial: &Trial) -> usize {
        let strata = &world.year.strata;
        let of = |wanted: &dyn Fn(Kind) -> bool| {
            strata
                .iter()
                .position(|stratum| wanted(stratum.kind))
                .expect("each day is of some part")
        };
        let struck: Vec<Happens> = trial.day.happens.iter().map(|row| row.what).collect();
        match struck.as_slice() {
            [] => of(&|kind| matches!(kind, Kind::Dated(_))),
            [what] => of(
                &|kind| matches!(kind, Kind::One(clock) if world.year.clocks[clock].what == *what),
            ),
            _ => of(&|kind| kind == Kind::Several),
        }
    }
}

impl Crew for Coins {
    fn live(&mut self, world: &World, trials: &[Trial]) -> Result<Option<Vec<Tried>>, Unlived> {
        if self.over || (self.stops_when_known && self.known.is_some()) {
            return Ok(None);
        }
        let lived = trials.iter().map(|trial| {
            let share = self.shares[Self::part(world, trial)];
            let broken = Key::new(Seed(trial.seed), entity("coin"), 0)
                .at(0)
                .chance(share);
            let judged = Judged {
                broken,
                told: true,
                margin: if broken { -1.0 } else { 1.0 },
                windows: 1,
                broken_windows: u64::from(broken),
                sent: 1_000,
            };
            Tried {
                promises: vec![judged; world.system.promises.len()],
                // A part of a day is an eighth of it.
                events: if trial.day.from.is_some() {
                    1_000
                } else {
                    8_000
                },
                simulated_ns: 10_800_000_000_000,
                broke_off: false,
                recovered: true,
            }
        });
        let lived: Vec<Tried> = lived.collect();
        self.lived += lived.len() as u64;
        Ok(Some(lived))
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
        self.over |= matches!(progress.trying, "a smaller day" | "windows");
        if 0 < progress.broken {
            self.known.get_or_insert(self.lived);
        }
    }
}

/// A system, its shares, and what its promise allows.
struct Year {
    world: World,
    extra: worstday_search::claim::Extra,
    known_faults: usize,
    shares: Vec<f64>,
    allowed: f64,
}

impl Year {
    fn new(number: u64) -> Self {
        let text = text(number);
        let mut draw = Key::new(Seed(entity("made up")), number, 0).at(0);
        let days = (7.0 * worstday_stats::math::pow(104.0, draw.unit())).round();
        let head = text.split("promises:").next().expect("it has promises");
        let text = format!(
            "{head}promises: {{made-up: {{for: users, must: [lost < 1%], survives: [1 in {days} days]}}}}\n"
        );
        let (world, extra, known_faults) = world(&text);
        let shares = world.year.strata.iter();
        let shares = shares.map(|row| share(row.kind, &mut draw)).collect();
        Self {
            world,
            extra,
            known_faults,
            shares,
            allowed: DAYS_PER_YEAR / days,
        }
    }

    /// Days a year that break it: of all, and of those on which something strikes.
    fn truth(&self) -> (f64, f64) {
        let strata = self.world.year.strata.iter().zip(&self.shares);
        strata.fold((0.0, 0.0), |(all, disturbed), (row, share)| {
            let is_quiet = matches!(row.kind, Kind::Dated(_));
            let part = row.rate * share;
            (
                all + part,
                if is_quiet {
                    disturbed
                } else {
                    disturbed + part
                },
            )
        })
    }

    fn check(&self, seed: u64, budget: u64, stops_when_known: bool) -> (Verdict, u64, Option<u64>) {
        let options = Options {
            seed,
            budget_days: Some(budget),
            confidence: 0.95,
            guessed: Vec::new(),
            only: Vec::new(),
            brink: false,
            known_faults: self.known_faults,
        };
        let mut crew = Coins {
            shares: self.shares.clone(),
            lived: 0,
            known: None,
            stops_when_known,
            over: false,
        };
        let checked = check(&self.world, &self.extra, &options, &mut crew).expect("coins fall");
        let verdict = checked.answer.promises[0].claims[0].verdict;
        (verdict, crew.lived, crew.known)
    }

    /// Days until it is known to be broken, each kind of day as likely as any other.
    fn unlooked(&self, seed: u64, most: u64) -> u64 {
        let strata = &self.world.year.strata;
        let disturbed: f64 = strata
            .iter()
            .filter(|row| !matches!(row.kind, Kind::Dated(_)))
            .map(|row| row.rate)
            .sum();
        let sequence = Sequence::new(0.95, (3.0 * disturbed / self.allowed).clamp(8.0, 1e7));
        let mut seen: Vec<Stratum> = strata
            .iter()
            .map(|row| Stratum {
                rate: row.rate,
                hits: 0,
                trials: 0,
            })
            .collect();
        let mut draw = Key::new(Seed(entity("without looking")), seed, 0).at(0);
        for lived in 1..=most {
            let at = draw.below(seen.len() as u64) as usize;
            seen[at].trials += 1;
            seen[at].hits += u64::from(draw.chance(self.shares[at]));
            if self.allowed < sequence.total(&seen).low {
                return lived;
            }
        }
        most
    }
}

/// Half of all kinds of day never break it; the others now and then, or nearly always.
fn share(kind: Kind, draw: &mut Draw) -> f64 {
    let harmless = if matches!(kind, Kind::Dated(_)) {
        0.8
    } else {
        0.5
    };
    if draw.chance(harmless) {
        return 0.0;
    }
    let least: f64 = if matches!(kind, Kind::Dated(_)) {
        1e-4
    } else {
        1e-2
    };
    least * worstday_stats::math::pow(1.0 / least, draw.unit())
}

/// What came of all checks of one year.
#[derive(Default, Debug)]
struct Sums {
    given: u64,
    wrong: u64,
    clear: u64,
    clear_given: u64,
}

/// Verdicts are right, and given where the truth is a factor of 3 away: as `calibrated` asks of simulated days.
#[test]
fn verdicts_are_right_and_given() {
    let (years, seeds) = if is_long() { (400, 25) } else { (40, 5) };
    let mut sums = Sums::default();
    for number in 0..years {
        let year = Year::new(number);
        let (all, disturbed) = year.truth();
        let ratio = all / year.allowed;
        let is_clear = 3.0 <= ratio || ratio <= 1.0 / 3.0;
        for seed in 0..seeds {
            let (verdict, days, _) = year.check(seed, BUDGET_DAYS, false);
            let is_given = u64::from(verdict != Verdict::CantTell);
            let is_wrong = match verdict {
                Verdict::Broken => all < year.allowed,
                Verdict::Kept => year.allowed < all,
                Verdict::KeptOnDisturbedDays => year.allowed < disturbed,
                Verdict::CantTell => false,
            };
            if is_wrong || (is_clear && is_given == 0) {
                println!(
                    "year {number}, seed {seed}: {verdict:?} after {days} days, {ratio:.2} of what is allowed"
                );
            }
            sums.given += is_given;
            sums.wrong += u64::from(is_wrong);
            sums.clear += u64::from(is_clear);
            sums.clear_given += u64::from(is_clear) * is_given;
        }
    }
    println!("{sums:?}");
    assert!(100 * sums.wrong <= 5 * sums.given, "{sums:?}");
    assert!(85 * sums.clear <= 100 * sums.clear_given, "{sums:?}");
}

/// Quiet days that break a promise in one of six are not passed over, where there is a budget for them: of 40 checks not one
/// says that it is kept on disturbed days.
#[test]
fn what_quiet_days_break_is_seen() {
    let mut year = Year::new(3);
    for (row, share) in year.world.year.strata.iter().zip(&mut year.shares) {
        *share = if matches!(row.kind, Kind::Dated(_)) {
            1.0 / 6.0
        } else {
            0.0
        };
    }
    for seed in 0..40 {
        let (verdict, _, _) = year.check(seed, BUDGET_DAYS, false);
        assert_eq!(verdict, Verdict::Broken, "seed {seed}");
    }
}

/// How long it takes to know that a promise is broken, in days: medians.
pub struct Contest {
    /// The year.
    pub number: u64,
    /// Parts of it.
    pub parts: usize,
    /// Days that break it, of those that may.
    pub ratio: f64,
    /// By `check`.
    pub checked: u64,
    /// Each kind of day as likely as any other.
    pub unlooked: u64,
}

impl Contest {
    /// How many times fewer days.
    pub fn gain(&self) -> f64 {
        self.unlooked as f64 / self.checked as f64
    }
}

/// All of so many years in which it takes more than 200 days without looking, under so many seeds; nobody looks longer
/// than `most` days.
pub fn contests(years: u64, seeds: u64, most: u64) -> Vec<Contest> {
    let years = (0..years).map(|number| (number, Year::new(number)));
    let all = years.filter_map(|(number, year)| {
        let ratio = year.truth().0 / year.allowed;
        // Nearer to what is allowed it is the interval that takes long, and not the search.
        if ratio < 1.5 {
            return None;
        }
        let middle = |days: &dyn Fn(u64) -> u64| {
            let mut days: Vec<u64> = (0..seeds).map(days).collect();
            days.sort_unstable();
            days[days.len() / 2]
        };
        let unlooked = middle(&|seed| year.unlooked(seed, most));
        (200 < unlooked).then(|| Contest {
            number,
            parts: year.shares.len(),
            ratio,
            checked: middle(&|seed| year.check(seed, most, true).2.unwrap_or(most)),
            unlooked,
        })
    });
    all.collect()
}

/// The median of what looking gains.
pub fn gain(contests: &[Contest]) -> f64 {
    let mut gains: Vec<f64> = contests.iter().map(Contest::gain).collect();
    gains.sort_by(f64::total_cmp);
    gains[gains.len() / 2]
}

/// Where it takes more than 200 days to know that a promise is broken when every kind of day is as likely as any other,
/// looking takes a third of them in the median.
#[test]
fn looking_takes_a_third() {
    let contests = if is_long() {
        contests(200, 9, 6_000)
    } else {
        contests(40, 3, 2_000)
    };
    let gain = gain(&contests);
    println!("{gain:.2} in the median of {}", contests.len());
    // In the short form half a dozen years say it: chance may take a third of it away.
    let least = if is_long() { 3.0 } else { 2.0 };
    assert!(least <= gain, "{gain}");
}
