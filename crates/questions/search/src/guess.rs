//! Verdicts if rates that somebody guessed are others: each of them, and all of them together.
//!
//! A guessed rate may be three times higher or lower. The days of each stratum are then reweighted by their exact likelihood
//! ratio (`year::moved`), and the bounds are taken anew: what was seen of a kind of day stays what it
//! is, how often such days come does not. All up and all down are the extremes of every combination between, for days
//! break not less often where more strikes: if they change nothing, none does.
//!
//! A search that stopped as soon as its verdict stands would find each of them to be on the edge: where the verdict seems to
//! stand with other rates too, it goes on until that is sure.

use worstday_stats::interval::Interval;
use worstday_stats::interval::sequence::{Sequence, Stratum as Counted};

use crate::answer::Verdict;
use crate::check::{Check, Crew};
use crate::rates::REFINED_MAX;
use crate::tally::{self, Seen, Towards};
use crate::year::moved::{CELLS, Moved};
use crate::year::{Kind, Year};

/// A guess may be off by that factor.
const OFF: f64 = 3.0;

/// A confirmed day with several strikes.
#[derive(Clone, Debug)]
pub(crate) struct Several {
    /// The clock of each strike.
    pub(crate) struck: Vec<usize>,
    /// Per promise: broken, and nothing known.
    pub(crate) judged: Vec<(bool, bool)>,
}

/// Guessed rates that are moved together, and the year then.
#[derive(Clone, Debug)]
pub(crate) struct Guesses {
    /// Their clocks.
    pub(crate) clocks: Vec<usize>,
    /// With all of them higher, and lower.
    years: [Moved; 2],
}

impl Guesses {
    /// Each guessed rate by itself, and behind them all together, if there are several.
    pub(crate) fn of(year: &Year, guessed: &[String]) -> Vec<Self> {
        let clocks = year.clocks.iter().enumerate();
        let all: Vec<usize> = clocks
            .filter(|(_, clock)| guessed.contains(&clock.name))
            .map(|(at, _)| at)
            .collect();
        let mut sets: Vec<Vec<usize>> = all.iter().map(|&clock| vec![clock]).collect();
        if 1 < all.len() {
            sets.push(all);
        }
        sets.into_iter()
            .map(|clocks| Self {
                years: [OFF, 1.0 / OFF].map(|factor| year.moved(&clocks, factor)),
                clocks,
            })
            .collect()
    }
}

/// A verdict by what may be broken of all days, and of those that are not quiet.
pub(crate) fn verdict_of(threshold: f64, all: &Interval, disturbed: &Interval) -> Verdict {
    if threshold < all.low {
        Verdict::Broken
    } else if all.high < threshold {
        Verdict::Kept
    } else if disturbed.high < threshold {
        Verdict::KeptOnDisturbedDays
    } else {
        Verdict::CantTell
    }
}

impl<C: Crew> Check<'_, C> {
    /// Whether a verdict is another one with these rates higher or lower.
    pub(crate) fn flips(
        &self,
        sequence: &Sequence,
        promise: usize,
        (threshold, verdict): (f64, Verdict),
        guesses: &Guesses,
    ) -> bool {
        guesses.years.iter().any(|moved| {
            let (all, disturbed) = self.moved_rate(sequence, promise, &guesses.clocks, moved);
            verdict_of(threshold, &all, &disturbed) != verdict
        })
    }

    /// Where to look next if a verdict stands, and seems to stand with all guessed rates higher and lower, but not surely.
    pub(crate) fn open_by_guesses(
        &self,
        promise: usize,
        threshold: f64,
        costs: &[f64],
    ) -> Option<(Towards, Vec<f64>)> {
        let guesses = self.guesses.last()?;
        let seen = &self.seen[promise];
        if REFINED_MAX <= seen.iter().map(|seen| seen.trials).sum() {
            return None;
        }
        let sequence = self.sequence(threshold);
        let all = tally::rate(&sequence, &self.rates, seen);
        let disturbed = tally::rate(&sequence, &self.disturbed(), seen);
        let verdict = verdict_of(threshold, &all, &disturbed);
        let towards = match verdict {
            Verdict::CantTell => return None,
            Verdict::Broken => Towards::Broken,
            Verdict::Kept | Verdict::KeptOnDisturbedDays => Towards::Kept,
        };
        for moved in &guesses.years {
            let (all, disturbed) = self.moved_rate(&sequence, promise, &guesses.clocks, moved);
            if verdict_of(threshold, &all, &disturbed) == verdict {
                continue;
            }
            let several = moved.several.iter().map(|rates| rates.1).sum::<f64>() + moved.more;
            let strata = self.world.year.strata.iter().enumerate();
            let rates: Vec<f64> = strata
                .map(|(at, stratum)| match stratum.kind {
                    Kind::Several => several,
                    _ if Some(at) == self.quiet
                        && (verdict != Verdict::Kept || !costs[at].is_finite()) =>
                    {
                        0.0
                    }
                    _ => moved.strata[at].1,
                })
                .collect();
            let guess = rates
                .iter()
                .zip(seen)
                .map(|(rate, seen)| rate * seen.guess());
            // More days help only if the truth seems to be on the same side.
            if (threshold < guess.sum()) == (verdict == Verdict::Broken) {
                return Some((towards, rates));
            }
        }
        None
    }

    /// Days per year that break a promise, all and without quiet ones.
    fn moved_rate(
        &self,
        sequence: &Sequence,
        promise: usize,
        clocks: &[usize],
        moved: &Moved,
    ) -> (Interval, Interval) {
        let mut cells = [Seen::default(); CELLS];
        for day in &self.several {
            if let Some(seen) = cells.get_mut(Year::cell(&day.struck, clocks)) {
                let (broken, unknown) = day.judged[promise];
                seen.trials += 1;
                seen.broken += u64::from(broken);
                seen.unknown += u64::from(unknown);
            }
        }
        // Rates of both ends, what was seen, and whether these are the quiet days.
        let strata = self.world.year.strata.iter().enumerate();
        let mut rows: Vec<((f64, f64), Seen, bool)> = strata
            .filter(|(_, stratum)| stratum.kind != Kind::Several)
            .map(|(at, _)| {
                (
                    moved.strata[at],
                    self.seen[promise][at],
                    Some(at) == self.quiet,
                )
            })
            .collect();
        rows.extend((moved.several.iter().zip(cells)).map(|(&rates, seen)| (rates, seen, false)));
        let total = |with_quiet: bool| {
            let counted = |rate: &dyn Fn((f64, f64)) -> f64, hits: &dyn Fn(&Seen) -> u64| {
                let rows = rows.iter().map(|(rates, seen, quiet)| Counted {
                    rate: if *quiet && !with_quiet {
                        0.0
                    } else {
                        rate(*rates)
                    },
                    hits: hits(seen),
                    trials: seen.trials,
                });
                rows.collect::<Vec<_>>()
            };
            let low = counted(&|rates| rates.0, &|seen| seen.broken);
            let high = counted(&|rates| rates.1, &|seen| seen.broken + seen.unknown);
            Interval {
                low: sequence.total(&low).low,
                high: sequence.total(&high).high + moved.more,
            }
        };
        (total(true), total(false))
    }
}
