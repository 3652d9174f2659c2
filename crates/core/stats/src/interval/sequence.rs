//! Intervals that hold at every moment at once: whoever counts may look after each trial, stop when they please,
//! and choose from what they saw where to count next.
//!
//! For one stratum with hits at an unknown share p, take the likelihood averaged over a prior and divide it by the
//! likelihood at p:
//!
//! ```text
//! M(p) = integral of s^hits (1 - s)^misses d prior(s)  /  p^hits (1 - p)^misses
//! ```
//!
//! At the true p this starts at 1, is never negative and changes by a fair game at each trial (a test martingale), so
//! the chance that it *ever* reaches 1/alpha is at most alpha (J. Ville, 1939). The shares with M(p) < 1/alpha
//! hold the truth at all times at once with probability 1 - alpha (H. Robbins, "Statistical methods
//! related to the law of the iterated logarithm", 1970; in this form S. R. Howard, A. Ramdas, J. McAuliffe and
//! J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021).
//!
//! For many strata the game is the product of theirs: each trial belongs to one of them, and as that one is chosen from
//! the past only, the product stays fair. A rate summed over the strata lies between the least and the largest sum of
//! `rate * p` over all vectors p whose product stays below 1/alpha. That region is convex; at an end each p solves a
//! quadratic equation for a common multiplier, which is found by bisection. No alpha is divided
//! among the strata: splitting one into ten alike costs little.
//!
//! The prior is Beta(1, scale) with weight 0.98 and Beta(1, 1) with weight 0.02. The first expects shares of about
//! `1 / scale` and is tight around the number of trials at which a rare share is to be decided; the second sees within
//! a few trials that a share is near 1. Mixing them costs 0.02 per stratum. The price against knowing beforehand when one
//! will stop: after n trials without a hit, ln((scale + n) / scale) and that 0.02, so ln 2 at n = scale. In
//! trials: a share is known to be below p after about (ln(1/alpha) + ln 2) / p of them instead of ln(1/alpha) / p.
//!
//! One end costs about 60 steps of some logarithms per stratum.

use serde::{Deserialize, Serialize};

use super::Interval;
use crate::math::{binomial_mass, deviance, exp, ln, ln_1p, ln_gamma_ratio};

/// The weight of the prior that expects rare hits; the rest knows nothing.
const RARE: f64 = 0.98;

/// A part of all trials with a share of its own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stratum {
    /// What one unit of its share adds to the sum; at least 0, in the unit of the sum (say, days per year).
    pub rate: f64,
    /// Trials that hit.
    pub hits: u64,
    /// Trials.
    pub trials: u64,
}

/// How sure at all times at once, and at which number of trials tightest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    confidence: f64,
    scale: f64,
}

/// Which end of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Low,
    High,
}

impl Sequence {
    /// Intervals that hold the truth at all times at once with probability `confidence`, tightest for rare hits when
    /// there are about `scale` trials.
    ///
    /// # Panics
    ///
    /// If `confidence` is not strictly between 0 and 1, or `scale` is below 1 or not finite.
    #[must_use]
    pub fn new(confidence: f64, scale: f64) -> Self {
        assert!(
            0.0 < confidence && confidence < 1.0,
            "a confidence of {confidence}"
        );
        assert!(1.0 <= scale && scale.is_finite(), "a scale of {scale}");
        Self { confidence, scale }
    }

    /// Where the share may lie after `hits` in `trials`: everywhere after none.
    ///
    /// # Panics
    ///
    /// If there are more hits than trials.
    #[must_use]
    pub fn share(&self, hits: u64, trials: u64) -> Interval {
        self.total(&[Stratum {
            rate: 1.0,
            hits,
            trials,
        }])
    }

    /// Where the sum of `rate * share` over the strata may lie. A stratum without trials may have any share; of no
    /// strata the sum is 0.
    ///
    /// # Panics
    ///
    /// If a stratum has more hits than trials, or a rate that is negative or not finite.
    #[must_use]
    pub fn total(&self, strata: &[Stratum]) -> Interval {
        let sum = |shares: Vec<f64>| strata.iter().zip(shares).map(|(s, p)| s.rate * p).sum();
        Interval {
            low: sum(self.lowest(strata)),
            high: sum(self.highest(strata)),
        }
    }

    /// The shares at which the sum is least, in the order of the strata.
    ///
    /// # Panics
    ///
    /// As [`Sequence::total`].
    #[must_use]
    pub fn lowest(&self, strata: &[Stratum]) -> Vec<f64> {
        self.extreme(strata, Side::Low)
    }

    /// The shares at which the sum is largest, in the order of the strata: `rate * share` says how much of the upper end
    /// is owed to which stratum, and so where further trials help.
    ///
    /// # Panics
    ///
    /// As [`Sequence::total`].
    #[must_use]
    pub fn highest(&self, strata: &[Stratum]) -> Vec<f64> {
        self.extreme(strata, Side::High)
    }

    /// The natural logarithm of M(share), the evidence against `share`: below ln(1 / (1 - confidence)) it lies in the
    /// interval.
    ///
    /// # Panics
    ///
    /// If there are more hits than trials, or `share` is not within 0..=1.
    #[must_use]
    pub fn evidence(&self, hits: u64, trials: u64, share: f64) -> f64 {
        assert!((0.0..=1.0).contains(&share), "a share of {share}");
        let counts = Counts::new(hits, trials);
        self.best(&counts) + counts.distance(share, 1.0 - share)
    }

    fn extreme(&self, strata: &[Stratum], side: Side) -> Vec<f64> {
        let counts: Vec<Counts> = strata
            .iter()
            .map(|s| Counts::new(s.hits, s.trials))
            .collect();
        for rate in strata.iter().map(|s| s.rate) {
            assert!(0.0 <= rate && rate.is_finite(), "a rate of {rate}");
        }
        let most = strata.iter().map(|s| s.rate).fold(0.0, f64::max);
        // Only the proportions of the rates count, so that the multiplier needs no scale of its own. Where a rate
        // is 0 it is left where it is likeliest.
        let weights: Vec<f64> = strata
            .iter()
            .map(|s| if most > 0.0 { s.rate / most } else { 0.0 })
            .collect();
        let mut room = -ln(1.0 - self.confidence);
        for counts in &counts {
            room -= self.best(counts);
        }
        let shares = |u: f64| {
            let multiplier = exp(u);
            counts
                .iter()
                .zip(&weights)
                .map(move |(counts, weight)| counts.pushed(multiplier * weight, side))
        };
        let distance = |u: f64| {
            counts
                .iter()
                .zip(shares(u))
                .map(|(counts, (p, q))| counts.distance(p, q))
                .sum::<f64>()
        };
        // The distance grows with the multiplier. Beyond the upper end of the bracket every share that can move has
        // arrived at 0 or 1 as exactly as a number can say.
        let (mut inside, mut outside) = (-700.0, 700.0);
        let far = distance(outside);
        if far <= room {
            return shares(outside).map(|(p, _)| p).collect();
        }
        let (mut near, mut far) = (distance(inside), far);
        loop {
            let middle = 0.5 * (inside + outside);
            if middle <= inside || outside <= middle {
                break;
            }
            let at = distance(middle);
            if at < room {
                (inside, near) = (middle, at);
            } else {
                (outside, far) = (middle, at);
            }
        }
        // Where no hit was seen the share is the small difference of two large numbers, so two neighbouring multipliers
        // may lie 1e-6 of it apart. The way between is straight.
        let part = ((room - near) / (far - near)).clamp(0.0, 1.0);
        shares(inside)
            .zip(shares(outside))
            .map(|((a, _), (b, _))| a + part * (b - a))
            .collect()
    }

    /// ln M at the share `hits / trials`, where it is least: never above 0.
    fn best(&self, counts: &Counts) -> f64 {
        let Counts { hits, misses } = *counts;
        let trials = hits + misses;
        // The chance of just so many hits, averaged over each prior: beta-binomial.
        let rare = ln(self.scale) - ln_gamma_ratio(trials + 1.0, self.scale)
            + ln_gamma_ratio(misses + 1.0, self.scale - 1.0);
        let any = -ln(trials + 1.0);
        let parts = [ln(RARE) + rare, ln(1.0 - RARE) + any];
        let most = parts[0].max(parts[1]);
        let averaged = most + ln(exp(parts[0] - most) + exp(parts[1] - most));
        let likeliest = if hits == 0.0 || misses == 0.0 {
            0.0
        } else {
            ln(binomial_mass(hits, trials, hits / trials, misses / trials))
        };
        (averaged - likeliest).min(0.0)
    }
}

/// The trials of a stratum.
#[derive(Clone, Copy, Debug)]
struct Counts {
    hits: f64,
    misses: f64,
}

impl Counts {
    fn new(hits: u64, trials: u64) -> Self {
        assert!(hits <= trials, "{hits} hits in {trials} trials");
        Self {
            hits: hits as f64,
            misses: (trials - hits) as f64,
        }
    }

    /// The logarithm of how much less likely the counts are at the share `p` than at `hits / trials`; `q` is `1 - p`,
    /// which the caller may know more exactly.
    fn distance(&self, p: f64, q: f64) -> f64 {
        let Self { hits, misses } = *self;
        let trials = hits + misses;
        // ln of a number given with its complement: near 1 the complement has the digits.
        let log = |share: f64, rest: f64| if share < 0.5 { ln(share) } else { ln_1p(-rest) };
        if hits == 0.0 {
            return if misses == 0.0 {
                0.0
            } else {
                -misses * log(q, p)
            };
        }
        if misses == 0.0 {
            return -hits * log(p, q);
        }
        // How far p is from where the counts are likeliest, by whichever of the two is small.
        let excess = if p < q {
            hits - trials * p
        } else {
            trials * q - misses
        };
        (deviance(hits, trials * p, excess) + deviance(misses, trials * q, -excess)).max(0.0)
    }

    /// Where `push * p - distance(p)` is largest (for [`Side::Low`], `-push * p - distance(p)`): the share and its
    /// complement, both without cancellation.
    ///
    /// Upwards it solves `push p^2 + (trials - push) p - hits = 0`. Downwards hits and misses change places.
    fn pushed(&self, push: f64, side: Side) -> (f64, f64) {
        let Self { hits, misses } = *self;
        let trials = hits + misses;
        if push <= 0.0 {
            // Nothing hangs on it.
            return if trials > 0.0 {
                (hits / trials, misses / trials)
            } else {
                (0.5, 0.5)
            };
        }
        let (for_it, against) = match side {
            Side::High => (hits, misses),
            Side::Low => (misses, hits),
        };
        // In units of the larger of the two, so that no square overflows.
        let unit = push.max(trials);
        let (push, trials, for_it, against) =
            (push / unit, trials / unit, for_it / unit, against / unit);
        let lead = push - trials;
        let root = (lead * lead + 4.0 * push * for_it).sqrt();
        let towards = if lead < 0.0 {
            2.0 * for_it / (root - lead)
        } else {
            (root + lead) / (2.0 * push)
        };
        let away = 2.0 * against / (push + trials + root);
        match side {
            Side::High => (towards.min(1.0), away.min(1.0)),
            Side::Low => (away.min(1.0), towards.min(1.0)),
        }
    }
}
