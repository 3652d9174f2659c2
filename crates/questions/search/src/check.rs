//! From promises to verdicts: hunt, confirm, decide.
//!
//! The **hunt** tries each kind of day under stress (long, at the busiest moment) and with what it draws; it says where to
//! look, and nothing that it saw is ever counted. **Confirmation** lives fresh days, whose seeds follow from the model, the
//! phase, the stratum and their number alone. Which stratum comes next may depend on what was seen: the intervals
//! ([`Sequence`]) hold at every moment and for every such choice. One day judges all promises at once.
//!
//! The error rate of a whole check is divided evenly over its claims; a day that is named and has many cases is broken by one of
//! them, each at its share of the claim's rate, and kept by all of them, each at the whole (who claims that all hold is wrong
//! only if one of them is).

use worstday_model::day::Happens;
use worstday_model::system::{Claim, Lasts, Metric, Survive};
use worstday_sim::law;
use worstday_stats::interval::Interval;
use worstday_stats::interval::sequence::Sequence;

use crate::answer::{
    Answer, Brink, CaseAnswer, ClaimAnswer, Days, Early, Guessed, PromiseAnswer, Rate,
    StratumAnswer, Verdict, Windows, Worst,
};
use crate::claim::{Case, Extra, cases};
use crate::lived::{Strike, Trial, Tried, Unlived, World};
use crate::tally::{self, Seen, Towards};
use crate::year::{DAYS_PER_YEAR, Drawn, Kind};

/// Days are handed out so many at a time, whatever number of hands there are: what comes next depends on what came back.
const BATCH: usize = 8;

/// Fresh days of a case at most: what is not told by then is too close to the line.
const CASE_DAYS_MAX: u64 = 600;

/// More days that broke a promise, of one kind, that are kept to choose from.
const OTHERS: usize = 5;

/// Kinds that are hunted one by one.
const HUNTED_MAX: usize = 64;

/// A whole day of more events than that is not simulated: minutes of work for one quiet day.
const DAY_EVENTS_MAX: f64 = 6e7;

/// How often a broken day comes is found out until its interval is no wider than that, upper to lower end.
const ENOUGH_RATIO: f64 = 3.9;

/// But with no more days than that.
const REFINED_MAX: u64 = 8_000;

const MINUTE_NS: i64 = 60_000_000_000;

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
    crew: &'a mut C,
    pub(crate) days: Days,
    pub(crate) stopped: Option<Early>,
    /// Rates of the strata.
    rates: Vec<f64>,
    /// Whether a stratum is the quiet days.
    quiet: Option<usize>,
    /// Days drawn so far, per stratum.
    drawn: Vec<u64>,
    /// Per promise, per stratum.
    seen: Vec<Vec<Seen>>,
    /// Events of all confirmed and hunted days, and how many days, per stratum.
    spent: Vec<(f64, f64)>,
    /// Events per ns of simulated time, over all days.
    pace: (f64, f64),
    /// Per promise: whether any day had something to judge.
    told: Vec<bool>,
    /// Days that broke something: promise, stratum, day.
    broke: Vec<(usize, usize, Trial)>,
    claims: usize,
    broken: usize,
}

/// What is known of a case.
struct Tested {
    case: Case,
    at: String,
    place: CaseDay,
    trials: u64,
    broken: u64,
    unknown: u64,
    rank: f64,
    found: Vec<Trial>,
}

/// On which day a case is lived.
#[derive(Clone, Debug)]
enum CaseDay {
    /// A quiet day drawn from the year, whole.
    Quiet,
    /// The busiest two hours of a date.
    Busiest(jiff::civil::Date),
    /// A date, whole.
    Whole(jiff::civil::Date),
    /// Around strikes.
    Around(jiff::civil::Date, Vec<Strike>),
}

impl<'a, C: Crew> Check<'a, C> {
    fn new(world: &'a World, extra: &'a Extra, options: &'a Options, crew: &'a mut C) -> Self {
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
            broke: Vec::new(),
            claims: claims.max(1),
            broken: 0,
        }
    }

    /// The error rate of one claim.
    fn alpha(&self) -> f64 {
        (1.0 - self.options.confidence) / self.claims as f64
    }

    fn phase(&self, name: &str) -> String {
        format!("{} {} {name}", self.world.hash, self.options.seed)
    }

    fn run(mut self) -> Result<Checked, Unlived> {
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
                hidden_capacity: None,
            });
        }
        if self.options.brink {
            for (answer, &promise) in promises.iter_mut().zip(&asked) {
                answer.break_point = self.break_point(promise)?;
                answer.hidden_capacity = crate::hidden::hidden_capacity(&mut self, promise)?;
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
    fn batch_of(
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
    fn whole_day(&self) -> f64 {
        let per_ns = self.pace.0 / self.pace.1.max(1.0);
        per_ns * 86_400e9
    }

    /// Whether a whole day can be afforded, `times` over.
    fn affords(&mut self, times: f64) -> bool {
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
    fn begin(&mut self) -> Result<(), Unlived> {
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
    fn look_around(&mut self) -> Result<(), Unlived> {
        let date = self.busiest_date();
        let trials = [Trial::new(self.world.busiest(date, 1.0), 0)];
        if self.batch(&trials, "two busy hours")?.is_some() {
            self.days.hunted += 1;
        }
        Ok(())
    }

    // ---- rates ---------------------------------------------------------------------------------

    /// Each kind of day, in order of rate: once under stress, once as it is drawn.
    fn hunts(&mut self) -> Vec<(usize, Trial)> {
        let year = std::sync::Arc::clone(&self.world.year);
        let mut order: Vec<usize> = (0..self.rates.len())
            .filter(|&at| Some(at) != self.quiet && 0.0 < self.rates[at])
            .collect();
        order.sort_by(|&a, &b| self.rates[b].total_cmp(&self.rates[a]).then(a.cmp(&b)));
        order.truncate(HUNTED_MAX);
        let phase = self.phase("hunt");
        let mut waiting: Vec<(usize, Trial)> = Vec::new();
        for &stratum in &order {
            let tries = match year.strata[stratum].kind {
                Kind::Several => 6,
                _ => 2,
            };
            for index in 0..tries {
                let drawn = year.draw(&self.world.system, stratum, &phase, index);
                let day = if index % 2 == 0 && !drawn.strikes.is_empty() {
                    self.stressed(&drawn)
                } else {
                    self.world.scenario(&drawn)
                };
                let seed = drawn.seed;
                waiting.push((stratum, Trial::new(day, seed)));
            }
        }
        // A whole dated day may be dear.
        let dated_too_dear = !self.affords(4.0);
        waiting.retain(|(_, trial)| trial.day.from.is_some() || !dated_too_dear);
        waiting
    }

    /// Lives them: what is seen leads, and is never counted.
    fn hunt(&mut self) -> Result<(), Unlived> {
        let year = std::sync::Arc::clone(&self.world.year);
        let waiting = self.hunts();
        for batch in waiting.chunks(BATCH) {
            let trials: Vec<Trial> = batch.iter().map(|(_, trial)| trial.clone()).collect();
            let trying = year.strata[batch[0].0].name.clone();
            let Some(tried) = self.batch(&trials, &trying)? else {
                return Ok(());
            };
            self.days.hunted += trials.len() as u64;
            for ((stratum, trial), tried) in batch.iter().zip(&tried) {
                self.spent[*stratum].0 += tried.events as f64;
                self.spent[*stratum].1 += 1.0;
                for (promise, judged) in tried.promises.iter().enumerate() {
                    let seen = &mut self.seen[promise][*stratum];
                    seen.hunted += 1;
                    seen.hunted_broken += u64::from(judged.broken);
                    if judged.broken {
                        self.broke.push((promise, *stratum, trial.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// The same strikes, long, one upon the other, at the busiest moment of their date.
    fn stressed(&self, drawn: &Drawn) -> worstday_model::day::Scenario {
        let peak = self.world.peak_of(drawn.date);
        let peak = peak.unwrap_or_else(|| self.world.year.calendar().midnight(drawn.date));
        let strikes: Vec<Strike> = drawn
            .strikes
            .iter()
            .enumerate()
            .map(|(nth, &(what, _))| Strike {
                what,
                at: peak.div_euclid(MINUTE_NS) * MINUTE_NS + nth as i64 * MINUTE_NS,
                lasts_ns: self.long(what),
                by: None,
            })
            .collect();
        self.world.around(drawn.date, &strikes, 1.0)
    }

    /// A length that nine of ten occurrences stay below.
    fn long(&self, what: Happens) -> Option<u64> {
        let Happens::Fault(id) = what else {
            return None;
        };
        match &self.world.system.faults[id.index()].lasts {
            Lasts::Time(dist) => Some(law(dist).quantile(0.9).max(0.0) as u64),
            _ => None,
        }
    }

    /// What one more day of a stratum costs, in events.
    fn costs(&mut self) -> Vec<f64> {
        let (events, days) = self
            .spent
            .iter()
            .fold((0.0, 0.0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        let usual = if days == 0.0 {
            self.whole_day()
        } else {
            events / days
        };
        let whole = self.whole_day();
        let affordable = self.affords(4.0);
        (0..self.rates.len())
            .map(|at| {
                let is_whole = matches!(self.world.year.strata[at].kind, Kind::Dated(_));
                let (events, days) = self.spent[at];
                let known = if 0.0 < days { events / days } else { usual };
                match (is_whole, affordable) {
                    (true, false) => f64::INFINITY,
                    (true, true) => known.max(if 0.0 < days { 0.0 } else { whole }).max(1.0),
                    (false, _) => known.max(1.0),
                }
            })
            .collect()
    }

    fn sequence(&self, threshold: f64) -> Sequence {
        let disturbed = self.disturbed().iter().sum::<f64>();
        let scale = (3.0 * disturbed / threshold).clamp(8.0, 1e7);
        Sequence::new(1.0 - self.alpha(), scale)
    }

    /// Rates without those of quiet days.
    fn disturbed(&self) -> Vec<f64> {
        let mut rates = self.rates.clone();
        if let Some(quiet) = self.quiet {
            rates[quiet] = 0.0;
        }
        rates
    }

    /// Days of the strata, until each rate is decided or nothing is left.
    fn confirm_rates(&mut self, claims: &[(usize, usize, f64)]) -> Result<(), Unlived> {
        let mut open: Vec<(usize, f64)> = claims
            .iter()
            .map(|&(promise, _, threshold)| (promise, threshold))
            .collect();
        while !open.is_empty() {
            let costs = self.costs();
            let mut undecided = Vec::new();
            for &(promise, threshold) in &open {
                if let Some(towards) = self.undecided(promise, threshold, &costs) {
                    undecided.push((promise, threshold, towards));
                }
            }
            open = undecided
                .iter()
                .map(|&(promise, threshold, _)| (promise, threshold))
                .collect();
            if undecided.is_empty() {
                break;
            }
            // Claims take turns; what one asks for counts as seen for the next.
            let mut planned: Vec<usize> = Vec::new();
            let mut seen = self.seen.clone();
            for turn in 0..BATCH {
                let (promise, _, (towards, among)) = &undecided[turn % undecided.len()];
                let next = tally::next(among, &seen[*promise], &costs, *towards);
                let Some(stratum) = next else { continue };
                planned.push(stratum);
                for rows in &mut seen {
                    rows[stratum].trials += 1;
                }
            }
            if planned.is_empty() {
                break;
            }
            if !self.confirm(&planned)? {
                break;
            }
        }
        Ok(())
    }

    /// Lives fresh days of these strata; whether it may go on.
    fn confirm(&mut self, planned: &[usize]) -> Result<bool, Unlived> {
        let phase = self.phase("confirm");
        let mut trials = Vec::with_capacity(planned.len());
        let drawn = self.drawn.clone();
        for &stratum in planned {
            let index = self.drawn[stratum];
            self.drawn[stratum] += 1;
            let drawn = self
                .world
                .year
                .draw(&self.world.system, stratum, &phase, index);
            trials.push(Trial::new(self.world.scenario(&drawn), drawn.seed));
        }
        let trying = self.world.year.strata[planned[0]].name.clone();
        let Some(tried) = self.batch(&trials, &trying)? else {
            self.drawn = drawn;
            return Ok(false);
        };
        self.days.confirmed += trials.len() as u64;
        for ((&stratum, trial), tried) in planned.iter().zip(&trials).zip(&tried) {
            self.spent[stratum].0 += tried.events as f64;
            self.spent[stratum].1 += 1.0;
            for (promise, judged) in tried.promises.iter().enumerate() {
                let seen = &mut self.seen[promise][stratum];
                seen.trials += 1;
                seen.broken += u64::from(judged.broken);
                seen.unknown += u64::from(!judged.broken && tried.broke_off);
                if judged.broken {
                    self.broke.push((promise, stratum, trial.clone()));
                }
            }
        }
        Ok(true)
    }

    /// Where to look next for a rate, and among which rates; none if it is decided or cannot be.
    fn undecided(
        &mut self,
        promise: usize,
        threshold: f64,
        costs: &[f64],
    ) -> Option<(Towards, Vec<f64>)> {
        let sequence = self.sequence(threshold);
        let seen = &self.seen[promise];
        let all = tally::rate(&sequence, &self.rates, seen);
        let disturbed = self.disturbed();
        if threshold < all.low {
            // Broken; how often is worth knowing to a factor of two.
            let rate = tally::rate(&sequence, &disturbed, seen);
            let trials: u64 = seen.iter().map(|seen| seen.trials).sum();
            let wide = 0.0 < rate.low && ENOUGH_RATIO < rate.high / rate.low;
            return (wide && trials < REFINED_MAX).then_some((Towards::Kept, disturbed));
        }
        if all.high < threshold {
            return None;
        }
        let quiet = self.quiet.filter(|&at| costs[at].is_finite());
        // A first look at quiet days: what breaks on them breaks often.
        if let Some(at) = quiet
            && seen[at].trials < BATCH as u64
        {
            let mut only = vec![0.0; self.rates.len()];
            only[at] = self.rates[at];
            return Some((Towards::Kept, only));
        }
        let breaks_quietly = quiet.is_some_and(|at| 0 < seen[at].broken);
        let among = if breaks_quietly {
            self.rates.clone()
        } else {
            disturbed.clone()
        };
        let guess: f64 = among
            .iter()
            .zip(seen)
            .map(|(rate, seen)| rate * seen.guess())
            .sum();
        if threshold < guess {
            return Some((Towards::Broken, among));
        }
        let of_disturbed = tally::rate(&sequence, &disturbed, seen).high;
        // How many quiet days it takes if the others leave so much of what is allowed, and whether they can be had.
        let can_have = |check: &mut Self, at: usize, room: f64| {
            let needed = check.rates[at] / room * worstday_stats::math::ln(3.0 / check.alpha());
            let left = (needed - check.seen[promise][at].trials as f64).max(1.0);
            let days_left = check.options.budget_days.map_or(f64::INFINITY, |most| {
                most.saturating_sub(check.days.hunted + check.days.confirmed) as f64
            });
            left <= days_left && left * costs[at] <= check.crew.events_left()
        };
        if threshold <= of_disturbed {
            return Some((Towards::Kept, among));
        }
        let at = quiet?;
        let mut only = vec![0.0; self.rates.len()];
        only[at] = self.rates[at];
        if can_have(self, at, threshold - of_disturbed) {
            return Some((Towards::Kept, only));
        }
        // More of the others leaves more room for quiet days.
        (threshold / 3.0 <= of_disturbed && can_have(self, at, threshold * 2.0 / 3.0))
            .then_some((Towards::Kept, disturbed))
    }

    fn rate_answer(
        &mut self,
        promise: usize,
        survive: &Survive,
        threshold: f64,
    ) -> (ClaimAnswer, Option<Found>) {
        let sequence = self.sequence(threshold);
        let seen = self.seen[promise].clone();
        let verdict_with = |rates: &[f64]| {
            let all = tally::rate(&sequence, rates, &seen);
            let mut without = rates.to_vec();
            if let Some(quiet) = self.quiet {
                without[quiet] = 0.0;
            }
            let disturbed = tally::rate(&sequence, &without, &seen);
            let verdict = if threshold < all.low {
                Verdict::Broken
            } else if all.high < threshold {
                Verdict::Kept
            } else if disturbed.high < threshold {
                Verdict::KeptOnDisturbedDays
            } else {
                Verdict::CantTell
            };
            (verdict, all, disturbed)
        };
        let (mut verdict, all, disturbed) = verdict_with(&self.rates);
        let guessed: Vec<Guessed> = self
            .world
            .year
            .clocks
            .iter()
            .enumerate()
            .filter(|(_, clock)| self.options.guessed.contains(&clock.name))
            .map(|(at, clock)| {
                let flips = [3.0, 1.0 / 3.0].iter().any(|&factor| {
                    let mut factors = vec![1.0; self.world.year.clocks.len()];
                    factors[at] = factor;
                    let strata = self.world.year.strata_with(&factors);
                    let rates: Vec<f64> = strata.iter().map(|stratum| stratum.rate).collect();
                    verdict_with(&rates).0 != verdict
                });
                Guessed {
                    name: clock.name.clone(),
                    place: format!("{}:{}", clock.place.file, clock.place.line),
                    flips,
                }
            })
            .collect();
        let mut why = String::new();
        if !self.told[promise] {
            verdict = Verdict::CantTell;
            why = "nothing was sent on any day: nobody is promised anything".to_owned();
        } else if let Some(guess) = guessed.iter().find(|guess| guess.flips)
            && verdict != Verdict::CantTell
        {
            verdict = Verdict::CantTell;
            why = format!(
                "the rate of {} is a guess ({}), and with it three times higher or lower the verdict is another",
                guess.name, guess.place
            );
        } else if verdict == Verdict::CantTell {
            why = self.what_decides(&sequence, promise, threshold);
        }
        let quiet = self.quiet.map_or((0.0, 1.0, 0), |at| {
            let share = sequence.share(seen[at].broken + seen[at].unknown, seen[at].trials);
            (self.rates[at], share.high, seen[at].trials)
        });
        let unhunted = self
            .disturbed()
            .iter()
            .zip(&seen)
            .filter(|(_, seen)| seen.trials == 0)
            .map(|(rate, _)| rate)
            .sum();
        let rate = Rate {
            threshold,
            all,
            disturbed,
            estimate: tally::estimate(&self.disturbed(), &seen),
            unhunted,
            quiet_not_beyond: DAYS_PER_YEAR / (quiet.0 * quiet.1).max(1e-300),
            quiet_days: quiet.2,
            guessed,
        };
        let (worst, found) = if verdict == Verdict::Broken {
            self.worst_of_rate(&sequence, promise)
        } else {
            (None, None)
        };
        let answer = ClaimAnswer {
            text: survive.text.clone(),
            place: place(survive),
            verdict,
            why,
            rate: Some(rate),
            cases: Vec::new(),
            cases_left_out: 0,
            worst,
            windows: None,
        };
        (answer, found)
    }

    /// The part of the year that keeps the answer open.
    fn what_decides(&self, sequence: &Sequence, promise: usize, threshold: f64) -> String {
        let seen: Vec<worstday_stats::interval::sequence::Stratum> = self
            .disturbed()
            .iter()
            .zip(&self.seen[promise])
            .map(
                |(&rate, seen)| worstday_stats::interval::sequence::Stratum {
                    rate,
                    hits: seen.broken + seen.unknown,
                    trials: seen.trials,
                },
            )
            .collect();
        let highest = sequence.highest(&seen);
        let parts = seen
            .iter()
            .zip(&highest)
            .map(|(row, share)| row.rate * share);
        let most = parts
            .enumerate()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(at, _)| at);
        match most {
            Some(at) => {
                let stratum = &self.world.year.strata[at];
                let row = &self.seen[promise][at];
                format!(
                    "{}: {} of {} days broke it, which leaves up to {} a year of the {} that are allowed",
                    stratum.name,
                    row.broken,
                    row.trials,
                    rounded(stratum.rate * highest[at]),
                    rounded(threshold)
                )
            }
            None => "there are no days to try".to_owned(),
        }
    }

    /// The most frequent breaking kind, and a day of it.
    fn worst_of_rate(&self, sequence: &Sequence, promise: usize) -> (Option<Worst>, Option<Found>) {
        let rows = self.seen[promise].iter().enumerate();
        let often = |at: usize, seen: &Seen| {
            self.rates[at] * seen.broken as f64 / seen.trials.max(1) as f64
        };
        let Some((at, seen)) = rows.filter(|(_, seen)| 0 < seen.broken).max_by(|a, b| {
            often(a.0, a.1)
                .total_cmp(&often(b.0, b.1))
                .then(b.0.cmp(&a.0))
        }) else {
            return (None, None);
        };
        let mut others: Vec<Trial> = self
            .broke
            .iter()
            .rev()
            .filter(|(of, stratum, _)| (*of, *stratum) == (promise, at))
            .map(|(_, _, trial)| trial.clone())
            .take(OTHERS)
            .collect();
        if others.is_empty() {
            return (None, None);
        }
        let trial = &others.remove(0);
        let share = sequence.share(seen.broken, seen.trials);
        let kind = self.world.year.strata[at].name.clone();
        let worst = self.worst(trial, &kind, share, Some(self.rates[at]));
        let found = Found {
            promise,
            trial: trial.clone(),
            kind,
            others,
        };
        (Some(worst), Some(found))
    }

    fn worst(&self, trial: &Trial, kind: &str, share: Interval, rate: Option<f64>) -> Worst {
        Worst {
            kind: kind.to_owned(),
            per_year: rate.map(|rate| Interval {
                low: rate * share.low,
                high: rate * share.high,
            }),
            share,
            day: trial.day.day.to_string(),
            happens: self.world.told(&trial.day),
            seed: trial.seed,
            trials: 0,
            broken: 0,
            weakenings: Vec::new(),
            id: None,
        }
    }

    fn strata_answers(&self, asked: &[usize]) -> Vec<StratumAnswer> {
        let strata = self.world.year.strata.iter().enumerate();
        strata
            .map(|(at, stratum)| StratumAnswer {
                name: stratum.name.clone(),
                rate: stratum.rate,
                confirmed: self.drawn[at],
                hunted: self.seen.first().map_or(0, |rows| rows[at].hunted),
                broken: asked.iter().map(|&p| self.seen[p][at].broken).collect(),
            })
            .collect()
    }

    fn of_unknown_rate(&self) -> Vec<String> {
        let declared = self
            .world
            .system
            .faults
            .iter()
            .take(self.options.known_faults);
        declared
            .filter(|fault| matches!(fault.when, worstday_model::system::FaultWhen::Possible))
            .map(|fault| fault.name.clone())
            .collect()
    }

    // ---- windows -------------------------------------------------------------------------------

    /// Whether quiet days break a promise by its windows: judged whole, the same days keep it.
    fn short_windows(&mut self, promise: usize) -> Result<Option<Windows>, Unlived> {
        let row = &self.world.system.promises[promise];
        let short = row.must.iter().find(|must| {
            matches!(must.metric, Metric::Percentile(_)) && must.over_ns < 86_400_000_000_000
        });
        let Some(short) = short.cloned() else {
            return Ok(None);
        };
        let whole = self.world.with_whole_days();
        let affordable = self.affords(16.0);
        let date = self.busiest_date();
        let day = if affordable {
            self.world.around(date, &[], 1.0)
        } else {
            self.world.busiest(date, 1.0)
        };
        let trials: Vec<Trial> = (0..BATCH as u64)
            .map(|index| Trial::new(day.clone(), self.seed_of("windows", index)))
            .collect();
        let Some(in_windows) = self.batch(&trials, "windows")? else {
            return Ok(None);
        };
        let Some(in_days) = self.batch_of(&whole, &trials, "windows")? else {
            return Ok(None);
        };
        self.days.hunted += 2 * trials.len() as u64;
        let of = |tried: &[Tried]| tried.iter().filter(|t| t.promises[promise].broken).count();
        let sum = |of: fn(&crate::lived::Judged) -> u64| -> u64 {
            in_windows.iter().map(|t| of(&t.promises[promise])).sum()
        };
        let windows = sum(|judged| judged.windows);
        let hours: f64 = in_windows
            .iter()
            .map(|t| t.simulated_ns as f64)
            .sum::<f64>()
            - in_windows.len() as f64 * 1.8e12;
        let requests = sum(|judged| judged.sent) as f64 * short.over_ns as f64 / hours.max(1.0);
        Ok(Some(Windows {
            condition: short.text.clone(),
            requests,
            breaking: sum(|judged| judged.broken_windows) as f64 / windows.max(1) as f64,
            by_chance: 0 < of(&in_windows) && of(&in_days) == 0,
        }))
    }

    // ---- days that are named -------------------------------------------------------------------

    /// A claim that names its day.
    fn named(
        &mut self,
        promise: usize,
        survive: &Survive,
    ) -> Result<(ClaimAnswer, Option<Found>), Unlived> {
        let system = std::sync::Arc::clone(&self.world.system);
        let (cases, left_out) = match &survive.what {
            Claim::Together(parts) => cases(&system, self.options.known_faults, self.extra, parts),
            _ => (
                vec![Case {
                    name: "a normal day".to_owned(),
                    strikes: Vec::new(),
                    peak: 1.0,
                    rollout: None,
                }],
                0,
            ),
        };
        let at_risk = system.promises[promise].at_risk;
        let (alpha, many) = (self.alpha(), cases.len().max(1) as f64);
        let scale = (3.0 / at_risk.max(1e-6)).max(1.0);
        let for_kept = Sequence::new(1.0 - alpha, scale);
        let for_broken = Sequence::new(1.0 - alpha / many, scale);
        let mut tested = Vec::new();
        for case in cases {
            tested.push(self.worst_time(promise, &case)?);
        }
        // What looked worst first: one broken case decides.
        tested.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        let mut answers = Vec::new();
        let mut found = None;
        for mut row in tested {
            let mut verdict = Verdict::CantTell;
            let phase = self.phase(&format!("case {}", row.case.name));
            while row.trials < CASE_DAYS_MAX && found.is_none() {
                let (low, high) = (
                    for_broken.share(row.broken, row.trials).low,
                    for_kept.share(row.broken + row.unknown, row.trials).high,
                );
                if at_risk < low {
                    verdict = Verdict::Broken;
                    break;
                }
                if high <= at_risk {
                    verdict = Verdict::Kept;
                    break;
                }
                let trials = self.case_trials(&row, &phase, row.trials, 2 * BATCH);
                let Some(tried) = self.batch(&trials, &row.case.name.clone())? else {
                    break;
                };
                self.days.confirmed += trials.len() as u64;
                for (trial, tried) in trials.into_iter().zip(&tried) {
                    row.trials += 1;
                    let judged = tried.promises[promise];
                    row.broken += u64::from(judged.broken);
                    row.unknown += u64::from(!judged.broken && tried.broke_off);
                    if judged.broken && row.found.len() <= OTHERS {
                        row.found.push(trial);
                    }
                }
            }
            let share = Interval {
                low: for_broken.share(row.broken, row.trials).low,
                high: for_kept.share(row.broken + row.unknown, row.trials).high,
            };
            if verdict == Verdict::Broken {
                found = (!row.found.is_empty())
                    .then(|| (row.found.clone(), row.case.name.clone(), share));
            }
            answers.push(CaseAnswer {
                name: row.case.name.clone(),
                at: row.at.clone(),
                trials: row.trials,
                broken: row.broken,
                share,
                verdict,
                quiet: row.case.strikes.is_empty() && row.case.rollout.is_none(),
            });
        }
        let is = |verdict: Verdict| {
            answers
                .iter()
                .filter(|case| case.verdict == verdict)
                .count()
        };
        let mut why = String::new();
        let verdict = if !self.told[promise] {
            why = "nothing was sent on any day: nobody is promised anything".to_owned();
            Verdict::CantTell
        } else if 0 < is(Verdict::Broken) {
            Verdict::Broken
        } else if answers.is_empty() {
            why = "there is no such day".to_owned();
            Verdict::CantTell
        } else if left_out == 0 && is(Verdict::Kept) == answers.len() {
            Verdict::Kept
        } else {
            let open = answers
                .iter()
                .find(|case| case.verdict == Verdict::CantTell);
            why = open.map_or_else(
                || format!("{left_out} more cases were not tried"),
                |case| {
                    format!(
                        "{}: {} of {} days broke it, at most {}% may",
                        case.name,
                        case.broken,
                        case.trials,
                        rounded(100.0 * at_risk)
                    )
                },
            );
            Verdict::CantTell
        };
        self.broken += usize::from(verdict == Verdict::Broken);
        let worst = found
            .as_ref()
            .map(|(trials, name, share)| self.worst(&trials[0], name, *share, None));
        let answer = ClaimAnswer {
            text: survive.text.clone(),
            place: place(survive),
            verdict,
            why,
            rate: None,
            cases: answers,
            cases_left_out: left_out as u64,
            worst,
            windows: None,
        };
        let found = found.map(|(mut trials, kind, _)| Found {
            promise,
            trial: trials.remove(0),
            kind,
            others: trials,
        });
        Ok((answer, found.filter(|_| verdict == Verdict::Broken)))
    }

    /// Fresh days of a case.
    fn case_trials(&self, row: &Tested, phase: &str, first: u64, count: usize) -> Vec<Trial> {
        (0..count as u64)
            .map(|more| {
                let index = first + more;
                // Seeds of all kinds of days come from the quiet stratum's draws: any will do, they are fresh.
                let quiet = self.quiet.unwrap_or(0);
                let drawn = self
                    .world
                    .year
                    .draw(&self.world.system, quiet, phase, index);
                let day = match &row.place {
                    CaseDay::Quiet => self.world.around(drawn.date, &[], row.case.peak),
                    CaseDay::Busiest(date) => self.world.busiest(*date, row.case.peak),
                    CaseDay::Whole(date) => self.world.around(*date, &[], row.case.peak),
                    CaseDay::Around(date, strikes) => {
                        self.world.around(*date, strikes, row.case.peak)
                    }
                };
                Trial::new(day, drawn.seed)
            })
            .collect()
    }

    /// The time at which a case breaks a promise most, of those that were tried.
    fn worst_time(&mut self, promise: usize, case: &Case) -> Result<Tested, Unlived> {
        let mut best: Option<Tested> = None;
        let phase = self.phase(&format!("hunt {}", case.name));
        for (place, at) in self.candidates(case) {
            let mut row = Tested {
                case: case.clone(),
                at,
                place,
                trials: 0,
                broken: 0,
                unknown: 0,
                rank: f64::MIN,
                found: Vec::new(),
            };
            let trials = self.case_trials(&row, &phase, 0, 2);
            let Some(tried) = self.batch(&trials, &case.name)? else {
                best.get_or_insert(row);
                break;
            };
            self.days.hunted += trials.len() as u64;
            row.rank = tried
                .iter()
                .map(|tried| {
                    let judged = tried.promises[promise];
                    f64::from(u8::from(judged.broken)) * 10.0 - judged.margin.clamp(-9.0, 9.0)
                })
                .sum();
            if best.as_ref().is_none_or(|best| best.rank < row.rank) {
                best = Some(row);
            }
        }
        Ok(best.expect("each case has a day"))
    }

    /// Days and times at which a case may be worst.
    fn candidates(&mut self, case: &Case) -> Vec<(CaseDay, String)> {
        let year = std::sync::Arc::clone(&self.world.year);
        let date = self.busiest_date();
        if let Some(service) = case.rollout {
            let name = format!(
                "rollout of {}",
                self.world.system.services[service.index()].name
            );
            let class = year
                .classes
                .iter()
                .position(|class| class.things.contains(&name));
            let day = class.and_then(|class| year.dates_of(class).next());
            let day = day.unwrap_or(date);
            return vec![(CaseDay::Whole(day), day.to_string())];
        }
        if case.strikes.is_empty() {
            // Days are drawn whole where they can be afforded; else the busiest hours of the busiest date stand for them.
            let needed = 100.0 * case.peak;
            if self.affords(needed) {
                return if case.peak == 1.0 {
                    vec![(CaseDay::Quiet, "drawn over the year, whole days".to_owned())]
                } else {
                    vec![(CaseDay::Whole(date), format!("{date}, the whole day"))]
                };
            }
            return vec![(
                CaseDay::Busiest(date),
                format!("{date}, its two busiest hours"),
            )];
        }
        let mut times: Vec<i64> = Vec::new();
        let mut date = date;
        let events = case.strikes.iter().filter_map(|strike| match strike.what {
            Happens::Event(id) => Some(id),
            _ => None,
        });
        let mut own: Vec<(Happens, i64)> = Vec::new();
        for id in events {
            let event = &self.world.system.events[id.index()];
            let first = year.calendar().midnight(year.dates()[0]);
            let found =
                year.calendar()
                    .occurrences(&event.when, first, first + 366 * 1_440 * MINUTE_NS);
            if let Some(next) = found.first() {
                own.push((Happens::Event(id), next.start_ns));
                date = year.calendar().local(next.start_ns).date();
                let length = next
                    .end_ns
                    .map_or(20 * MINUTE_NS, |end| end - next.start_ns);
                times.extend([
                    next.start_ns + MINUTE_NS,
                    next.start_ns + length / 2,
                    next.start_ns + length - MINUTE_NS,
                ]);
            }
        }
        if times.is_empty() {
            let midnight = year.calendar().midnight(date);
            let peak = self
                .world
                .peak_of(date)
                .unwrap_or(midnight + 720 * MINUTE_NS);
            times.extend([
                peak - 5 * MINUTE_NS,
                peak - 60 * MINUTE_NS,
                peak + 45 * MINUTE_NS,
            ]);
            // A regular event of the day, from its start.
            for event in &self.world.system.events {
                let there = year.calendar().occurrences(
                    &event.when,
                    midnight,
                    midnight + 1_440 * MINUTE_NS,
                );
                times.extend(
                    there
                        .iter()
                        .take(2)
                        .map(|there| there.start_ns - 30 * MINUTE_NS),
                );
                times.extend(there.iter().take(2).map(|there| there.start_ns + MINUTE_NS));
            }
            times.truncate(8);
        }
        let only_own = case
            .strikes
            .iter()
            .all(|strike| own.iter().any(|(what, _)| *what == strike.what));
        if only_own {
            times.truncate(1);
        }
        times.sort_unstable();
        times.dedup();
        times
            .into_iter()
            .map(|at| {
                let at = at.div_euclid(MINUTE_NS) * MINUTE_NS;
                let strikes: Vec<Strike> = case
                    .strikes
                    .iter()
                    .enumerate()
                    .map(|(nth, strike)| Strike {
                        what: strike.what,
                        at: own
                            .iter()
                            .find(|(what, _)| *what == strike.what)
                            .map_or(at + nth as i64 * 1_000_000_000, |(_, own)| *own),
                        lasts_ns: strike.lasts_ns,
                        by: None,
                    })
                    .collect();
                let shown = if only_own { own[0].1 } else { at };
                let local = year.calendar().local(shown);
                (
                    CaseDay::Around(local.date(), strikes),
                    local.strftime("%Y-%m-%d %H:%M").to_string(),
                )
            })
            .collect()
    }

    /// Whether whole days can be afforded at the factors of a break point.
    pub(crate) fn affords_at_brink(&mut self) -> bool {
        self.affords(120.0)
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

    /// How far demand can grow: see `brink`.
    fn break_point(&mut self, promise: usize) -> Result<Option<Brink>, Unlived> {
        crate::brink::break_point(self, promise)
    }
}

/// Days per year that come at most once in so long.
fn once_in(ns: u64) -> f64 {
    DAYS_PER_YEAR * 86_400e9 / ns as f64
}

fn place(survive: &Survive) -> String {
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
