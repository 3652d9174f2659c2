//! From promises to verdicts: hunt, confirm, decide.
//!
//! The **hunt** tries each kind of day under stress (long, at the busiest moment) and with what it draws; it says where to
//! look, and nothing that it saw is ever counted. **Confirmation** lives fresh days, whose seeds follow from the model, the
//! phase, the stratum and their number alone. Which stratum comes next may depend on what was seen: the intervals
//! ([`Sequence`](worstday_stats::interval::Sequence)) hold at every moment and for every such choice. One day judges all promises at once.
//!
//! The error rate of a whole check is divided evenly over its claims; a day that is named and has many cases is broken by one of
//! them, each at its share of the claim's rate, and kept by all of them, each at the whole (who claims that all hold is wrong
//! only if one of them is).

use worstday_model::system::{Claim, Survive};

use crate::answer::{Answer, Days, Early, PromiseAnswer};
use crate::break_point;
use crate::claim::Extra;
use crate::guess::{Guesses, Several};
use crate::lived::{Trial, Tried, Unlived, World};
use crate::tally::Seen;
use crate::year::DAYS_PER_YEAR;

/// Days are handed out so many at a time, whatever number of hands there are: what comes next depends on what came back.
pub(crate) const BATCH: usize = 8;

/// More days that broke a promise, of one kind, that are kept to choose from.
pub(crate) const OTHERS: usize = 5;

/// A whole day of more events than that is not simulated: minutes of work for one quiet day.
const DAY_EVENTS_MAX: f64 = 6e7;

/// Who lives days: threads, a clock and a memory are theirs.
pub trait Crew {
    /// Lives these days, in any order; their outcomes come in the order of the trials. None if somebody stopped it.
    ///
    /// # Errors
    ///
    /// The first trial that could not be lived.
    fn live(&mut self, world: &World, trials: &[Trial]) -> Result<Option<Vec<Tried>>, Unlived>;

    /// Whether a person stopped it: else the time is up.
    fn was_stopped(&self) -> bool;

    /// The share of the time that is left, 0 to 1; 1 where only days count.
    fn time_left(&mut self) -> f64;

    /// How many events can still be handled in that time; infinite where only days count.
    fn events_left(&mut self) -> f64;

    /// Tells how far it is.
    fn tell(&mut self, progress: &Progress<'_>);
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Days lived.
    pub days: u64,
    /// What is being tried.
    pub trying: &'a str,
    /// Promises broken so far.
    pub broken: usize,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Fresh days follow from it too.
    pub seed: u64,
    /// So many days at most.
    pub budget_days: Option<u64>,
    /// All verdicts together hold with this confidence.
    pub confidence: f64,
    /// Faults and events whose rate is a guess.
    pub guessed: Vec<String>,
    /// Only promises of these names; all if it is empty.
    pub only: Vec<String>,
    /// Whether break points and hidden capacity are looked for.
    pub brink: bool,
    /// How many faults the model declares: those behind them stand for what claims ask for.
    pub known_faults: usize,
}

/// A day that broke a promise, and where it came from.
#[derive(Clone, Debug)]
pub struct Found {
    /// The promise, by number.
    pub promise: usize,
    /// The day.
    pub trial: Trial,
    /// What kind of day it is.
    pub kind: String,
    /// More days of this kind that broke it.
    pub others: Vec<Trial>,
}

/// The verdicts, and days that break what is broken: to be shrunk and explained.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What to say.
    pub answer: Answer,
    /// One day for each broken claim, in the order of the answer's claims: promise and claim by number.
    pub found: Vec<(usize, usize, Found)>,
}

/// Checks all promises of a world.
///
/// # Errors
///
/// [`Unlived`] if a day cannot be lived.
pub fn check<C: Crew>(
    world: &World,
    extra: &Extra,
    options: &Options,
    crew: &mut C,
) -> Result<Checked, Unlived> {
    Check::new(world, extra, options, crew).run()
}

/// The days of which a search with this budget will live most: its hunt, and fresh days of the strata in proportion to their
/// rates. Parts of them may be lived elsewhere, and remembered.
///
/// # Errors
///
/// [`Unlived`] if a day cannot be lived.
pub fn likely<C: Crew>(
    world: &World,
    extra: &Extra,
    options: &Options,
    crew: &mut C,
) -> Result<(World, Vec<Trial>), Unlived> {
    let mut check = Check::new(world, extra, options, crew);
    check.begin()?;
    let mut trials: Vec<Trial> = check.hunts().into_iter().map(|(_, trial)| trial).collect();
    let disturbed = check.disturbed();
    let all: f64 = disturbed.iter().sum();
    let days = options.budget_days.unwrap_or(1_000) as f64;
    let phase = check.phase("confirm");
    for (stratum, rate) in disturbed.iter().enumerate() {
        let count = (days * rate / all.max(1e-300)).ceil();
        for index in 0..count.min(days) as u64 {
            let drawn = check
                .world
                .year
                .draw(&check.world.system, stratum, &phase, index);
            trials.push(Trial::new(check.world.scenario(&drawn), drawn.seed));
        }
    }
    Ok((check.world, trials))
}

pub(crate) struct Check<'a, C> {
    pub(crate) world: World,
    pub(crate) extra: &'a Extra,
    pub(crate) options: &'a Options,
    pub(crate) crew: &'a mut C,
    pub(crate) days: Days,
    pub(crate) stopped: Option<Early>,
    /// Rates of the strata.
    pub(crate) rates: Vec<f64>,
    /// Whether a stratum is the quiet days.
    pub(crate) quiet: Option<usize>,
    /// Days drawn so far, per stratum.
    pub(crate) drawn: Vec<u64>,
    /// Per promise, per stratum.
    pub(crate) seen: Vec<Vec<Seen>>,
    /// Events of all confirmed and hunted days, and how many days, per stratum.
    pub(crate) spent: Vec<(f64, f64)>,
    /// Events per ns of simulated time, over all days.
    pub(crate) pace: (f64, f64),
    /// Per promise: whether any day had something to judge.
    pub(crate) told: Vec<bool>,
    /// Rates that somebody guessed: each, and all of them last.
    pub(crate) guesses: Vec<Guesses>,
    /// Confirmed days with several strikes.
    pub(crate) several: Vec<Several>,
    /// Days that broke something: promise, stratum, day.
    pub(crate) broke: Vec<(usize, usize, Trial)>,
    pub(crate) claims: usize,
    pub(crate) broken: usize,
}

impl<'a, C: Crew> Check<'a, C> {
    pub(crate) fn new(
        world: &'a World,
        extra: &'a Extra,
        options: &'a Options,
        crew: &'a mut C,
    ) -> Self {
        let strata = &world.year.strata;
        let promises = world.system.promises.len();
        let asked = |name: &String| options.only.is_empty() || options.only.contains(name);
        let claims = world.system.promises.iter();
        let claims: usize = claims
            .filter(|promise| asked(&promise.name))
            .map(|promise| promise.survives.len())
            .sum();
        Self {
            world: world.clone(),
            extra,
            options,
            crew,
            days: Days::default(),
            stopped: None,
            rates: strata.iter().map(|stratum| stratum.rate).collect(),
            quiet: world
                .year
                .classes
                .iter()
                .position(|class| class.things.is_empty()),
            drawn: vec![0; strata.len()],
            seen: vec![vec![Seen::default(); strata.len()]; promises],
            spent: vec![(0.0, 0.0); strata.len()],
            pace: (0.0, 0.0),
            told: vec![false; promises],
            guesses: Guesses::of(&world.year, &options.guessed),
            several: Vec::new(),
            broke: Vec::new(),
            claims: claims.max(1),
            broken: 0,
        }
    }

    /// The error rate of one claim.
    pub(crate) fn alpha(&self) -> f64 {
        (1.0 - self.options.confidence) / self.claims as f64
    }

    pub(crate) fn phase(&self, name: &str) -> String {
        format!("{} {} {name}", self.world.hash, self.options.seed)
    }

    pub(crate) fn run(mut self) -> Result<Checked, Unlived> {
        let system = std::sync::Arc::clone(&self.world.system);
        let asked: Vec<usize> = (0..system.promises.len())
            .filter(|&at| {
                let name = &system.promises[at].name;
                self.options.only.is_empty() || self.options.only.contains(name)
            })
            .collect();
        self.begin()?;
        let rates: Vec<(usize, usize, f64)> = asked
            .iter()
            .flat_map(|&promise| {
                let claims = system.promises[promise].survives.iter().enumerate();
                claims.filter_map(move |(claim, survive)| match survive.what {
                    Claim::OnceIn { ns } => Some((promise, claim, once_in(ns))),
                    _ => None,
                })
            })
            .collect();
        if !rates.is_empty() {
            self.hunt()?;
        }
        // What is named takes few days each; the rates share all others.
        let mut named = Vec::new();
        for &promise in &asked {
            for (claim, survive) in system.promises[promise].survives.iter().enumerate() {
                if !matches!(survive.what, Claim::OnceIn { .. }) {
                    let answer = self.named(promise, survive)?;
                    named.push(((promise, claim), answer));
                }
            }
        }
        self.confirm_rates(&rates)?;
        let mut promises = Vec::new();
        let mut found = Vec::new();
        for &promise in &asked {
            let mut claims = Vec::new();
            for (claim, survive) in system.promises[promise].survives.iter().enumerate() {
                let (answer, day) = match survive.what {
                    Claim::OnceIn { ns } => self.rate_answer(promise, survive, once_in(ns)),
                    _ => {
                        let at = named
                            .iter()
                            .position(|(key, _)| *key == (promise, claim))
                            .expect("each named claim was tried");
                        named.swap_remove(at).1
                    }
                };
                found.extend(day.map(|day| (promise, claim, day)));
                claims.push(answer);
            }
            for (claim, answer) in claims.iter_mut().enumerate() {
                let quietly = answer
                    .cases
                    .iter()
                    .any(|case| case.quiet && 0 < case.broken)
                    || self
                        .quiet
                        .is_some_and(|at| 0 < self.seen[promise][at].broken);
                if quietly {
                    answer.windows = self.short_windows(promise)?;
                }
                let at = found
                    .iter()
                    .position(|(p, c, _): &(usize, usize, Found)| (*p, *c) == (promise, claim));
                if let (Some(at), Some(worst)) = (at, answer.worst.clone())
                    && let Some((smaller, worst)) = self.shrink(&found[at].2.clone(), &worst)?
                {
                    found[at].2 = smaller;
                    answer.worst = Some(worst);
                }
            }
            let row = &system.promises[promise];
            promises.push(PromiseAnswer {
                name: row.name.clone(),
                place: format!("{}:{}", row.place.file, row.place.line),
                must: row.must.iter().map(|must| must.text.clone()).collect(),
                claims,
                break_point: None,
                break_points_with: Vec::new(),
                hidden_capacity: None,
            });
        }
        if self.options.brink {
            for (answer, &promise) in promises.iter_mut().zip(&asked) {
                answer.break_point = break_point::break_point(&mut self, promise)?;
                answer.hidden_capacity = crate::hidden::hidden_capacity(&mut self, promise)?;
            }
            // With what is left. What was not reached is said there: it leaves no verdict open.
            let decided = self.stopped.is_none();
            let with = break_point::with_each_fault(&mut self, &asked)?;
            for (answer, with) in promises.iter_mut().zip(with) {
                answer.break_points_with = with;
            }
            if decided && self.stopped == Some(Early::Budget) {
                self.stopped = None;
            }
        }
        let answer = Answer {
            system: system.name.clone(),
            model: self.world.hash.clone(),
            first_day: self.world.year.dates()[0].to_string(),
            dates: self.world.year.dates().len() as u64,
            confidence: self.options.confidence,
            days: self.days,
            promises,
            strata: self.strata_answers(&asked),
            of_unknown_rate: self.of_unknown_rate(),
            ended: self.stopped,
        };
        Ok(Checked { answer, found })
    }

    // ---- living days ---------------------------------------------------------------------------

    /// Whether there is anything left to spend.
    pub(crate) fn may_go_on(&mut self) -> bool {
        if self.stopped.is_some() {
            return false;
        }
        let all = self.days.all();
        let spent = self.options.budget_days.is_some_and(|most| most <= all);
        if spent || self.crew.time_left() <= 0.0 {
            self.stopped = Some(Early::Budget);
            return false;
        }
        true
    }

    /// Lives a batch; none if it was stopped.
    pub(crate) fn batch(
        &mut self,
        trials: &[Trial],
        trying: &str,
    ) -> Result<Option<Vec<Tried>>, Unlived> {
        let world = self.world.clone();
        self.batch_of(&world, trials, trying)
    }

    /// The same of another world.
    pub(crate) fn batch_of(
        &mut self,
        world: &World,
        trials: &[Trial],
        trying: &str,
    ) -> Result<Option<Vec<Tried>>, Unlived> {
        if !self.may_go_on() {
            return Ok(None);
        }
        self.crew.tell(&Progress {
            days: self.days.all(),
            trying,
            broken: self.broken,
        });
        let Some(tried) = self.crew.live(world, trials)? else {
            self.stopped = Some(if self.crew.was_stopped() {
                Early::Stopped
            } else {
                Early::Budget
            });
            return Ok(None);
        };
        for tried in &tried {
            self.pace.0 += tried.events as f64;
            self.pace.1 += tried.simulated_ns as f64;
            for (told, judged) in self.told.iter_mut().zip(&tried.promises) {
                *told |= judged.told;
            }
        }
        Ok(Some(tried))
    }

    /// Events of a whole day, as far as is known.
    pub(crate) fn whole_day(&self) -> f64 {
        let per_ns = self.pace.0 / self.pace.1.max(1.0);
        per_ns * 86_400e9
    }

    /// Whether a whole day can be afforded, `times` over.
    pub(crate) fn affords(&mut self, times: f64) -> bool {
        let events = self.whole_day();
        events <= DAY_EVENTS_MAX && events * times <= self.crew.events_left()
    }

    /// The busiest of the next seven quiet dates, or of all if none is quiet.
    pub(crate) fn busiest_date(&self) -> jiff::civil::Date {
        let year = &self.world.year;
        let dates: Vec<jiff::civil::Date> = match self.quiet {
            Some(class) => year.dates_of(class).take(7).collect(),
            None => year.dates().iter().copied().take(7).collect(),
        };
        let mut best = (dates[0], f64::MIN);
        for date in dates {
            let rate = self.world.peak_rate(date).unwrap_or(0.0);
            if best.1 * (1.0 + 1e-9) < rate {
                best = (date, rate);
            }
        }
        best.0
    }

    /// What must be known before anything is tried.
    pub(crate) fn begin(&mut self) -> Result<(), Unlived> {
        self.look_around()?;
        if self.world.needs_whole_days() && self.affords(2.0) {
            let date = self.busiest_date();
            let seed = self.seed_of("quiet day", 0);
            self.world = self.world.with_quiet_day(date, seed)?;
            self.days.hunted += 1;
        }
        Ok(())
    }

    /// Two busy hours: what a day costs, and whether anything is sent at all.
    pub(crate) fn look_around(&mut self) -> Result<(), Unlived> {
        let date = self.busiest_date();
        let trials = [Trial::new(self.world.busiest(date, 1.0), 0)];
        if self.batch(&trials, "two busy hours")?.is_some() {
            self.days.hunted += 1;
        }
        Ok(())
    }

    /// Whether so many windows around a disturbance can be afforded.
    pub(crate) fn affords_windows(&mut self, times: f64) -> bool {
        // A window is an hour and a half with its warm-up.
        let events = self.whole_day() / 16.0;
        events * times <= self.crew.events_left()
    }

    /// The seed of a fresh day of a phase.
    pub(crate) fn seed_of(&self, phase: &str, index: u64) -> u64 {
        use worstday_stats::draw::{Key, Seed, entity};
        let phase = self.phase(phase);
        Key::new(Seed(entity(&phase)), 0, 0).at(index).next_u64()
    }
}

/// Days per year that come at most once in so long.
fn once_in(ns: u64) -> f64 {
    DAYS_PER_YEAR * 86_400e9 / ns as f64
}

pub(crate) fn place(survive: &Survive) -> String {
    format!("{}:{}", survive.place.file, survive.place.line)
}

/// Three significant digits, for sentences.
pub(crate) fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits =
        2 - worstday_stats::math::ln(value.abs()).div_euclid(std::f64::consts::LN_10) as i32;
    let scale = worstday_stats::math::pow(10.0, f64::from(digits));
    let rounded = (value * scale).round() / scale;
    format!("{rounded}")
}
