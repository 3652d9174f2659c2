//! How often days break a promise: the strata of the year, hunted, then confirmed until the rate is decided.

use worstday_model::day::Happens;
use worstday_model::system::{Lasts, Survive};
use worstday_sim::law;
use worstday_stats::interval::Interval;
use worstday_stats::interval::Sequence;

use crate::answer::{ClaimAnswer, Guessed, Rate, StratumAnswer, Verdict, Worst};
use crate::check::{BATCH, Check, Crew, Found, OTHERS, place, rounded};
use crate::guess::{Several, verdict_of};
use crate::lived::{Strike, Trial, Unlived};
use crate::tally::{self, Seen, Towards};
use crate::year::{DAYS_PER_YEAR, Drawn, Kind};

/// Kinds that are hunted one by one.
const HUNTED_MAX: usize = 64;

/// How often a broken day comes is found out until its interval is no wider than that, upper to lower end.
const ENOUGH_RATIO: f64 = 3.9;

/// But with no more days than that.
pub(crate) const REFINED_MAX: u64 = 8_000;

/// Where quiet days cannot be excluded, so many are lived nevertheless, if there is a budget for them: what breaks one in
/// twenty of them is seen on these in 19 of 20 checks.
const QUIET_LOOKS: u64 = 59;

const MINUTE_NS: i64 = 60_000_000_000;

impl<C: Crew> Check<'_, C> {
    /// The kinds of days that are hunted, the most frequent first.
    fn hunted_strata(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.rates.len())
            .filter(|&at| Some(at) != self.quiet && 0.0 < self.rates[at])
            .collect();
        order.sort_by(|&a, &b| self.rates[b].total_cmp(&self.rates[a]).then(a.cmp(&b)));
        order.truncate(HUNTED_MAX);
        order
    }

    /// What strikes alone in them.
    pub(crate) fn hunted_clocks(&self) -> Vec<usize> {
        let strata = self.hunted_strata().into_iter();
        strata
            .filter_map(|at| match self.world.year.strata[at].kind {
                Kind::One(clock) => Some(clock),
                _ => None,
            })
            .collect()
    }

    /// Each kind of day, in order of rate: once under stress, once as it is drawn.
    pub(crate) fn hunts(&mut self) -> Vec<(usize, Trial)> {
        let year = std::sync::Arc::clone(&self.world.year);
        let order = self.hunted_strata();
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
    pub(crate) fn hunt(&mut self) -> Result<(), Unlived> {
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
    pub(crate) fn stressed(&self, drawn: &Drawn) -> worstday_model::day::Scenario {
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
    pub(crate) fn long(&self, what: Happens) -> Option<u64> {
        let Happens::Fault(id) = what else {
            return None;
        };
        match &self.world.system.faults[id.index()].lasts {
            Lasts::Time(dist) => Some(law(dist).quantile(0.9).max(0.0) as u64),
            _ => None,
        }
    }

    /// What one more day of a stratum costs, in events.
    pub(crate) fn costs(&mut self) -> Vec<f64> {
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

    pub(crate) fn sequence(&self, threshold: f64) -> Sequence {
        let disturbed = self.disturbed().iter().sum::<f64>();
        let scale = (3.0 * disturbed / threshold).clamp(8.0, 1e7);
        Sequence::new(1.0 - self.alpha(), scale)
    }

    /// Rates without those of quiet days.
    pub(crate) fn disturbed(&self) -> Vec<f64> {
        let mut rates = self.rates.clone();
        if let Some(quiet) = self.quiet {
            rates[quiet] = 0.0;
        }
        rates
    }

    /// Days of the strata, until each rate is decided or nothing is left.
    pub(crate) fn confirm_rates(&mut self, claims: &[(usize, usize, f64)]) -> Result<(), Unlived> {
        let named = self.broken;
        loop {
            let costs = self.costs();
            let mut undecided = Vec::new();
            // All of them, each time: days that one claim asked for may open again what another had decided.
            for &(promise, _, threshold) in claims {
                let open = self.undecided(promise, threshold, &costs);
                let open = open.or_else(|| self.open_by_guesses(promise, threshold, &costs));
                if let Some(towards) = open {
                    undecided.push((promise, threshold, towards));
                }
            }
            let is_broken = |&&(promise, _, threshold): &&(usize, usize, f64)| {
                let sequence = self.sequence(threshold);
                threshold < tally::rate(&sequence, &self.rates, &self.seen[promise]).low
            };
            self.broken = named + claims.iter().filter(is_broken).count();
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
    pub(crate) fn confirm(&mut self, planned: &[usize]) -> Result<bool, Unlived> {
        let phase = self.phase("confirm");
        let mut trials = Vec::with_capacity(planned.len());
        let mut struck: Vec<Vec<usize>> = Vec::with_capacity(planned.len());
        let drawn = self.drawn.clone();
        for &stratum in planned {
            let index = self.drawn[stratum];
            self.drawn[stratum] += 1;
            let drawn = self
                .world
                .year
                .draw(&self.world.system, stratum, &phase, index);
            let clock = |what: Happens| {
                let clocks = self.world.year.clocks.iter();
                clocks.clone().position(|clock| clock.what == what)
            };
            let strikes = drawn.strikes.iter();
            struck.push(strikes.filter_map(|&(what, _)| clock(what)).collect());
            trials.push(Trial::new(self.world.scenario(&drawn), drawn.seed));
        }
        let trying = self.world.year.strata[planned[0]].name.clone();
        let Some(tried) = self.batch(&trials, &trying)? else {
            self.drawn = drawn;
            return Ok(false);
        };
        self.days.confirmed += trials.len() as u64;
        for (((&stratum, trial), tried), struck) in
            planned.iter().zip(&trials).zip(&tried).zip(struck)
        {
            if self.world.year.strata[stratum].kind == Kind::Several {
                let unknown = |broken: bool| !broken && tried.broke_off;
                let judged = tried.promises.iter();
                self.several.push(Several {
                    struck,
                    judged: judged
                        .map(|judged| (judged.broken, unknown(judged.broken)))
                        .collect(),
                });
            }
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
    pub(crate) fn undecided(
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
        if threshold / 3.0 <= of_disturbed && can_have(self, at, threshold * 2.0 / 3.0) {
            return Some((Towards::Kept, disturbed));
        }
        let dear = self.crew.events_left() < 4.0 * BATCH as f64 * costs[at];
        (self.seen[promise][at].trials < QUIET_LOOKS && !dear).then_some((Towards::Kept, only))
    }

    pub(crate) fn rate_answer(
        &mut self,
        promise: usize,
        survive: &Survive,
        threshold: f64,
    ) -> (ClaimAnswer, Option<Found>) {
        let sequence = self.sequence(threshold);
        let seen = self.seen[promise].clone();
        let all = tally::rate(&sequence, &self.rates, &seen);
        let disturbed = tally::rate(&sequence, &self.disturbed(), &seen);
        let mut verdict = verdict_of(threshold, &all, &disturbed);
        let flips = |guesses| self.flips(&sequence, promise, (threshold, verdict), guesses);
        let single = self
            .guesses
            .iter()
            .filter(|guesses| guesses.clocks.len() == 1);
        let guessed: Vec<Guessed> = single
            .map(|guesses| {
                let clock = &self.world.year.clocks[guesses.clocks[0]];
                Guessed {
                    name: clock.name.clone(),
                    place: format!("{}:{}", clock.place.file, clock.place.line),
                    flips: flips(guesses),
                }
            })
            .collect();
        let together_flip =
            guessed.iter().any(|guess| guess.flips) || self.guesses.last().is_some_and(flips);
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
        } else if together_flip && verdict != Verdict::CantTell {
            verdict = Verdict::CantTell;
            let names = guessed
                .iter()
                .map(|guess| format!("{} ({})", guess.name, guess.place));
            why = format!(
                "the rates of {} are guesses, and with all of them three times higher or lower the verdict is another",
                names.collect::<Vec<_>>().join(", ")
            );
        } else if verdict == Verdict::CantTell {
            why = self.what_decides(&sequence, promise, threshold);
        }
        let quiet = self.quiet.map_or((0.0, 1.0, 0), |at| {
            let share = tally::share(&sequence, &seen, at);
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
            together_flip,
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
            measure: None,
        };
        (answer, found)
    }

    /// The part of the year that keeps the answer open.
    pub(crate) fn what_decides(
        &self,
        sequence: &Sequence,
        promise: usize,
        threshold: f64,
    ) -> String {
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
    pub(crate) fn worst_of_rate(
        &self,
        sequence: &Sequence,
        promise: usize,
    ) -> (Option<Worst>, Option<Found>) {
        let rows = self.seen[promise].iter().enumerate();
        let often = |at: usize, seen: &Seen| {
            self.rates[at] * seen.broken as f64 / seen.trials.max(1) as f64
        };
        let Some((at, _)) = rows.filter(|(_, seen)| 0 < seen.broken).max_by(|a, b| {
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
        let share = tally::share(sequence, &self.seen[promise], at);
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

    pub(crate) fn worst(
        &self,
        trial: &Trial,
        kind: &str,
        share: Interval,
        rate: Option<f64>,
    ) -> Worst {
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

    pub(crate) fn strata_answers(&self, asked: &[usize]) -> Vec<StratumAnswer> {
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

    pub(crate) fn of_unknown_rate(&self) -> Vec<String> {
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
}
