//! What was seen of each stratum, what follows from it for the rate of broken days, and where to look next.

use worstday_stats::interval::Interval;
use worstday_stats::interval::sequence::{Sequence, Stratum as Counted};

/// What was seen of a stratum, for one promise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Days confirmed.
    pub trials: u64,
    /// Of these, broken.
    pub broken: u64,
    /// Days of which nothing is known: broken for the upper end, kept for the lower.
    pub unknown: u64,
    /// Days that the search tried, and broke: they lead, and are never counted.
    pub hunted: u64,
    /// Of these, broken.
    pub hunted_broken: u64,
}

impl Seen {
    /// A guess at the share that breaks, for deciding where to look: never printed.
    #[must_use]
    pub fn guess(&self) -> f64 {
        // What the hunt saw under stress counts a quarter.
        let broken = self.broken as f64 + 0.25 * self.hunted_broken as f64;
        let trials = self.trials as f64 + 0.25 * self.hunted as f64;
        (broken + 0.1) / (trials + 0.4)
    }
}

/// Days per year that break a promise, between two ends.
#[must_use]
pub fn rate(sequence: &Sequence, rates: &[f64], seen: &[Seen]) -> Interval {
    let with = |hits: fn(&Seen) -> u64| -> Vec<Counted> {
        let rows = rates.iter().zip(seen);
        rows.map(|(&rate, seen)| Counted {
            rate,
            hits: hits(seen),
            trials: seen.trials,
        })
        .collect()
    };
    Interval {
        low: sequence.total(&with(|seen| seen.broken)).low,
        high: sequence
            .total(&with(|seen| seen.broken + seen.unknown))
            .high,
    }
}

/// The share of a stratum's days that break a promise, between two ends: of all strata at once, so that whichever of them is
/// shown, and for whatever it looked like, it holds as often as it says.
#[must_use]
pub fn share(sequence: &Sequence, seen: &[Seen], stratum: usize) -> Interval {
    let mut only = vec![0.0; seen.len()];
    only[stratum] = 1.0;
    rate(sequence, &only, seen)
}

/// The best estimate of the days per year that break a promise: what was seen of each stratum, by its rate. None if a stratum with a rate was not seen.
#[must_use]
pub fn estimate(rates: &[f64], seen: &[Seen]) -> Option<f64> {
    let mut sum = 0.0;
    for (&rate, seen) in rates.iter().zip(seen) {
        if seen.trials == 0 {
            if 0.0 < rate {
                return None;
            }
            continue;
        }
        sum += rate * seen.broken as f64 / seen.trials as f64;
    }
    Some(sum)
}

/// Which end is to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// The lower end up: it is broken.
    Broken,
    /// The upper end down: it is kept.
    Kept,
}

/// Which of the strata to draw the next day from, at `cost` each; none if there is nothing to gain.
#[must_use]
pub fn next(rates: &[f64], seen: &[Seen], cost: &[f64], towards: Towards) -> Option<usize> {
    let gain = |at: usize| {
        let (rate, seen) = (rates[at], &seen[at]);
        let trials = seen.trials as f64 + 1.0;
        let gain = match towards {
            Towards::Broken => rate * seen.guess() / trials,
            // The spread of what this stratum adds to the sum; a stratum never seen adds all of it.
            Towards::Kept => {
                let share = (seen.broken as f64 + 0.5) / trials;
                rate * worstday_stats::math::sqrt((share * (1.5 - share)).max(0.0) / trials)
            }
        };
        gain / worstday_stats::math::sqrt(cost[at])
    };
    let mut best: Option<(usize, f64)> = None;
    for (at, cost) in cost.iter().enumerate() {
        let gain = gain(at);
        if 0.0 < gain && cost.is_finite() && best.is_none_or(|(_, most)| most < gain) {
            best = Some((at, gain));
        }
    }
    best.map(|(at, _)| at)
}
