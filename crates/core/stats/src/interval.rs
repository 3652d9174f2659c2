//! How sure an estimate is.
//!
//! - Over independent runs: [`mean_t`] and [`mean_normal`].
//! - Of a share: [`clopper_pearson`], exact at any size; [`binomial_tails`] and [`binomial_bounds`] turn it
//!   round and say which counts to expect.
//! - Of a share, looked at as often as one likes while it is counted, and of a rate summed over parts with
//!   shares of their own: [`Sequence`].
//! - Which of two shares it is, decided as early as chance allows: [`Sprt`].
//! - Of the difference of two shares that were counted in pairs: [`Pairs`].
//! - Of a quantile of independent values: [`quantile_ranks`].
//! - Of the long-run mean within one run, whose neighbours resemble each other: [`steady_state`], which
//!   refuses when the run is too short to tell.
//!
//! A confidence is the least share of times that the interval holds the truth, such as 0.95.

pub mod pairs;
pub mod sequence;
pub mod sprt;
mod steady;
mod student;

pub use pairs::Pairs;
pub use sequence::{Sequence, Stratum};
pub use sprt::{Decision, Sprt};
pub use steady::{NotSteady, Steady, WarmUp, Window, batch_means, mser5, steady_state};
pub use student::{student_quantile, student_tails};

use serde::{Deserialize, Serialize};

use crate::math::{self, Tails, beta_quantile, beta_tails};

/// From `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether `value` lies within.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Half of its width.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        0.5 * (self.high - self.low)
    }
}

/// A mean and where the truth may lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The interval around it.
    pub interval: Interval,
}

/// The mean over independent runs, with Student's t interval. `None` for fewer than two runs.
///
/// # Panics
///
/// If `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn mean_t(values: &[f64], confidence: f64) -> Option<Estimate> {
    let (mean, error) = mean_and_error(values)?;
    let reach = student_quantile((values.len() - 1) as f64, two_sided(confidence)) * error;
    Some(Estimate {
        mean,
        interval: Interval {
            low: mean - reach,
            high: mean + reach,
        },
    })
}

/// The mean over many independent runs, with the normal interval: right when there are some hundred of
/// them. `None` for fewer than two.
///
/// # Panics
///
/// If `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn mean_normal(values: &[f64], confidence: f64) -> Option<Estimate> {
    let (mean, error) = mean_and_error(values)?;
    let reach = -math::normal_quantile(two_sided(confidence).upper) * error;
    Some(Estimate {
        mean,
        interval: Interval {
            low: mean - reach,
            high: mean + reach,
        },
    })
}

/// Mean and standard error, by two passes so that a large mean does not eat a small spread.
fn mean_and_error(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if n < 2.0 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((mean, (squares / (n - 1.0) / n).sqrt()))
}

/// Where the upper end of a two-sided interval lies.
fn two_sided(confidence: f64) -> Tails {
    assert!(
        0.0 < confidence && confidence < 1.0,
        "a confidence of {confidence}"
    );
    Tails::of_upper(0.5 * (1.0 - confidence))
}

/// The exact interval for a probability after `hits` in `trials` (Clopper and Pearson, 1934). Everything
/// is possible after no trials.
///
/// # Panics
///
/// If there are more hits than trials, or if `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn clopper_pearson(hits: u64, trials: u64, confidence: f64) -> Interval {
    assert!(hits <= trials, "{hits} hits in {trials} trials");
    let tail = two_sided(confidence).upper;
    let (k, n) = (hits as f64, trials as f64);
    Interval {
        low: if hits == 0 {
            0.0
        } else {
            beta_quantile(k, n - k + 1.0, Tails::of_lower(tail))
        },
        high: if hits == trials {
            1.0
        } else {
            beta_quantile(k + 1.0, n - k, Tails::of_upper(tail))
        },
    }
}

/// The probability of at most `k` hits in `n` trials of probability `p` (lower), and of more (upper).
#[must_use]
pub fn binomial_tails(k: u64, n: u64, p: f64) -> Tails {
    if n <= k {
        return Tails::of_upper(0.0);
    }
    let Tails { lower, upper } = beta_tails(k as f64 + 1.0, (n - k) as f64, p);
    Tails {
        lower: upper,
        upper: lower,
    }
}

/// The fewest and the most hits in `n` trials of probability `p` that are still to be expected: beyond
/// either end lies at most half of `1 - confidence`.
///
/// # Panics
///
/// If `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn binomial_bounds(n: u64, p: f64, confidence: f64) -> (u64, u64) {
    let tail = two_sided(confidence).upper;
    // The smallest k with more than `tail` at or below it, and the smallest with at most `tail` above.
    let low = first(n, |k| tail < binomial_tails(k, n, p).lower);
    let high = first(n, |k| binomial_tails(k, n, p).upper <= tail);
    (low, high)
}

/// The smallest k in 0..=n for which `holds`, which must hold from there on, and at `n`.
fn first(n: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Which of n independent values, in rising order and counted from 1, enclose a quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranks {
    /// The rank of the lower end; `None` when even the smallest value may lie above.
    pub low: Option<u64>,
    /// The rank of the upper end; `None` when even the largest may lie below.
    pub high: Option<u64>,
}

/// The ranks that enclose the quantile at `q` of whatever law `n` independent values follow: beyond
/// either end it lies with at most half of `1 - confidence`.
///
/// # Panics
///
/// If `q` is outside 0..=1, or if `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn quantile_ranks(n: u64, q: f64, confidence: f64) -> Ranks {
    assert!((0.0..=1.0).contains(&q), "a quantile at {q}");
    let tail = two_sided(confidence).upper;
    // The number of values below the quantile is binomial. The value of rank r lies above it only if
    // fewer than r lie below; it lies below only if at least r do.
    let low = first(n, |k| tail < binomial_tails(k, n, q).lower);
    let high = first(n, |k| binomial_tails(k, n, q).upper <= tail);
    Ranks {
        low: (0 < low).then_some(low),
        high: (high < n).then_some(high + 1),
    }
}

/// How many runs without a single failure show, with `confidence`, that failures are rarer than `p`.
///
/// # Panics
///
/// If `p` or `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn runs_without_failure(p: f64, confidence: f64) -> u64 {
    assert!(0.0 < p && p < 1.0, "a failure probability of {p}");
    assert!(
        0.0 < confidence && confidence < 1.0,
        "a confidence of {confidence}"
    );
    (math::ln_1p(-confidence) / math::ln_1p(-p)).ceil() as u64
}

/// How many runs estimate any probability to within `error` with the given `confidence` (Okamoto's
/// bound, which knows nothing of the probability).
///
/// # Panics
///
/// If `error` is not positive, or if `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn runs_for_accuracy(error: f64, confidence: f64) -> u64 {
    assert!(0.0 < error, "an error of {error}");
    assert!(
        0.0 < confidence && confidence < 1.0,
        "a confidence of {confidence}"
    );
    (math::ln(2.0 / (1.0 - confidence)) / (2.0 * error * error)).ceil() as u64
}
