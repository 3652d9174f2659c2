//! The long-run mean of one run: where it settles, how sure that is, and whether it can be told at all.
//!
//! The rule, in order:
//!
//! 1. The run comes as windows of equal length, each with a sum and a weight (say, response times and
//!    the number of requests). At least 100 of them are needed.
//! 2. MSER-5 drops the warm-up: means of five windows each, cut where the standard error of the rest is
//!    smallest (K. P. White, 1997). A best cut in the second half means that the run never settled.
//! 3. The rest is cut into 30 batches of equal length (beyond 30, more batches add little: B. Schmeiser,
//!    1982), or into 15 if the 30 still resemble their neighbours (von Neumann's ratio, at 5 %).
//!    If the 15 do too, the run is too short.
//! 4. If the first and the last third of the batches differ (t test, at 0.1 %), the run drifts.
//!    (On a queue with a hundredth of the customers that it would need, the two refuse 8 or 9 runs of 10, on one
//!    with enough 2 of 100: they are a warning, no proof.)
//! 5. The estimate is the ratio of the summed sums to the summed weights; its interval is Student's t over
//!    the batches, for a ratio.

use serde::{Deserialize, Serialize};

use super::{Estimate, Interval, student_quantile, student_tails, two_sided};
use crate::math;

/// What one stretch of a run adds to a mean.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct Window {
    /// The sum of what is averaged.
    pub sum: f64,
    /// How many, or how long: what it is averaged over.
    pub weight: f64,
}

/// Where a run settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmUp {
    /// How many windows to drop.
    pub windows: usize,
    /// False if the best cut lies so late that the run cannot be said to settle.
    pub settled: bool,
}

/// A long-run mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Steady {
    /// The mean and its interval.
    pub estimate: Estimate,
    /// How many windows at the start were dropped.
    pub warm_up: usize,
    /// Over how many batches the interval was taken.
    pub batches: usize,
}

/// Why one run gives no long-run mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum NotSteady {
    /// Too few windows, or windows with nothing in them, after the warm-up.
    TooFew {
        /// How many windows there are.
        windows: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The best place to cut the warm-up off lies in the second half.
    NeverSettled,
    /// Even long batches resemble their neighbours.
    TooShort {
        /// The correlation of neighbouring batches.
        correlation: f64,
    },
    /// The end differs from the beginning.
    Drifting {
        /// The mean over the first third after the warm-up.
        first: f64,
        /// The mean over the last third.
        last: f64,
    },
}

impl core::fmt::Display for NotSteady {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooFew { windows, needed } => {
                write!(f, "{windows} windows are too few: {needed} are needed")
            }
            Self::NeverSettled => write!(f, "it was still settling in its second half"),
            Self::TooShort { correlation } => {
                write!(
                    f,
                    "long stretches still resemble their neighbours (correlation {correlation:.2})"
                )
            }
            Self::Drifting { first, last } => write!(
                f,
                "it drifted, from {first:.4} at first to {last:.4} at last"
            ),
        }
    }
}

const WINDOWS_MIN: usize = 100;
const MSER_BATCH: usize = 5;
const BATCHES: [usize; 2] = [30, 15];

/// The warm-up by MSER-5: the cut, in steps of five values, after which the standard error of the mean is
/// smallest, sought in the first half.
#[must_use]
pub fn mser5(values: &[f64]) -> WarmUp {
    let means: Vec<f64> = values
        .chunks_exact(MSER_BATCH)
        .map(|five| five.iter().sum::<f64>() / MSER_BATCH as f64)
        .collect();
    let n = means.len();
    if n < 4 {
        return WarmUp {
            windows: 0,
            settled: false,
        };
    }
    // From the back: squared error of the means from `cut` on, by Welford's update.
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut errors = vec![0.0; n];
    for (cut, value) in means.iter().enumerate().rev() {
        count += 1.0;
        let step = value - mean;
        mean += step / count;
        squares += step * (value - mean);
        errors[cut] = squares / (count * count);
    }
    // The last few means agree by chance, so that the whole range is only asked whether it would go on.
    let best = |range: core::ops::Range<usize>| {
        range
            .min_by(|&a, &b| errors[a].total_cmp(&errors[b]))
            .unwrap_or(0)
    };
    let cut = best(0..n / 2 + 1);
    let late = best(0..n - n / 5);
    WarmUp {
        windows: cut * MSER_BATCH,
        settled: late <= n / 2,
    }
}

/// The long-run mean of a run, by the rule that opens this module.
///
/// # Errors
///
/// Why the run cannot tell.
///
/// # Panics
///
/// If `confidence` is not strictly between 0 and 1.
pub fn steady_state(windows: &[Window], confidence: f64) -> Result<Steady, NotSteady> {
    if windows.len() < WINDOWS_MIN {
        return Err(NotSteady::TooFew {
            windows: windows.len(),
            needed: WINDOWS_MIN,
        });
    }
    let warm_up = mser5(&window_means(windows));
    if !warm_up.settled {
        return Err(NotSteady::NeverSettled);
    }
    let rest = &windows[warm_up.windows..];

    let mut correlation = 0.0;
    for count in BATCHES {
        let batches = batched(rest, count);
        if batches.iter().any(|batch| batch.weight <= 0.0) {
            return Err(NotSteady::TooFew {
                windows: rest.len(),
                needed: WINDOWS_MIN,
            });
        }
        let residuals = Residuals::of(&batches);
        correlation = match residuals.neighbours() {
            Neighbours::Alike { correlation } => correlation,
            Neighbours::Unrelated => {
                residuals.check_drift(&batches)?;
                let estimate = residuals.estimate(confidence);
                return Ok(Steady {
                    estimate,
                    warm_up: warm_up.windows,
                    batches: count,
                });
            }
        };
    }
    Err(NotSteady::TooShort { correlation })
}

/// The mean of each window; one without weight repeats its predecessor.
fn window_means(windows: &[Window]) -> Vec<f64> {
    let mut last = windows
        .iter()
        .find(|w| 0.0 < w.weight)
        .map_or(0.0, |w| w.sum / w.weight);
    windows
        .iter()
        .map(|w| {
            if 0.0 < w.weight {
                last = w.sum / w.weight;
            }
            last
        })
        .collect()
}

/// The last `count * k` windows as `count` batches of k.
fn batched(windows: &[Window], count: usize) -> Vec<Window> {
    let size = windows.len() / count;
    windows[windows.len() - size * count..]
        .chunks_exact(size)
        .map(|batch| Window {
            sum: batch.iter().map(|w| w.sum).sum(),
            weight: batch.iter().map(|w| w.weight).sum(),
        })
        .collect()
}

/// What the batches are about their common mean.
struct Residuals {
    mean: f64,
    /// `sum - mean * weight` of each batch, in units of the mean batch weight: what a ratio's error is made of.
    values: Vec<f64>,
    squares: f64,
}

enum Neighbours {
    Unrelated,
    Alike { correlation: f64 },
}

impl Residuals {
    fn of(batches: &[Window]) -> Self {
        let weight: f64 = batches.iter().map(|b| b.weight).sum();
        let mean = batches.iter().map(|b| b.sum).sum::<f64>() / weight;
        let unit = weight / batches.len() as f64;
        let values: Vec<f64> = batches
            .iter()
            .map(|b| (b.sum - mean * b.weight) / unit)
            .collect();
        let squares = values.iter().map(|v| v * v).sum();
        Self {
            mean,
            values,
            squares,
        }
    }

    /// Von Neumann's test at 5 %, one-sided: neighbours that resemble each other make intervals too short.
    fn neighbours(&self) -> Neighbours {
        if self.squares == 0.0 {
            return Neighbours::Unrelated;
        }
        let n = self.values.len() as f64;
        let steps: f64 = self
            .values
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0]))
            .sum();
        // The lag-1 correlation with its end terms, which is 0 on average under independence.
        let correlation = 1.0 - steps / (2.0 * self.squares);
        let score = correlation * ((n * n - 1.0) / (n - 2.0)).sqrt();
        if score <= -math::normal_quantile(0.05) {
            Neighbours::Unrelated
        } else {
            Neighbours::Alike { correlation }
        }
    }

    fn check_drift(&self, batches: &[Window]) -> Result<(), NotSteady> {
        let third = batches.len() / 3;
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (early, late) = (
            &self.values[..third],
            &self.values[self.values.len() - third..],
        );
        let (m0, m1) = (mean(early), mean(late));
        let squares =
            |part: &[f64], mean: f64| part.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
        let n = third as f64;
        let freedom = 2.0 * (n - 1.0);
        let error = ((squares(early, m0) + squares(late, m1)) / freedom * 2.0 / n).sqrt();
        if m0 == m1 || 0.0005 <= student_tails(freedom, ((m1 - m0) / error).abs()).upper {
            return Ok(());
        }
        let ratio = |part: &[Window]| {
            part.iter().map(|b| b.sum).sum::<f64>() / part.iter().map(|b| b.weight).sum::<f64>()
        };
        Err(NotSteady::Drifting {
            first: ratio(&batches[..third]),
            last: ratio(&batches[batches.len() - third..]),
        })
    }

    fn estimate(&self, confidence: f64) -> Estimate {
        let n = self.values.len() as f64;
        let error = (self.squares / (n - 1.0) / n).sqrt();
        let reach = student_quantile(n - 1.0, two_sided(confidence)) * error;
        Estimate {
            mean: self.mean,
            interval: Interval {
                low: self.mean - reach,
                high: self.mean + reach,
            },
        }
    }
}
