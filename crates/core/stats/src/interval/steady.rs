//! The long-run mean of one run: where it settles, how sure that is, and whether it can be told at all.
//!
//! The rule, in order:
//!
//! 1. The run comes as windows of equal length, each with a sum and a weight (say, response times and
//!    the number of requests). At least 100 of them are needed.
//! 2. MSER-5 drops the warm-up: means of five windows each, cut where the standard error of the rest is
//!    smallest, or earlier if nearly so (K. P. White, 1997). If cutting far into the second half were
//!    much better, the run never settled.
//! 3. The rest must be 50 times as long as what it remembers (its integrated autocorrelation time).
//! 4. It is cut into 30 batches of equal length (beyond 30, more batches add little: B. Schmeiser,
//!    1982), or into 15 if the 30 still resemble their neighbours (von Neumann's ratio, at 5 %).
//!    If the 15 do too, the run is too short.
//! 5. If the first and the last third of the batches differ (t test, at 0.1 %), the run drifts.
//! 6. The estimate is the ratio of the summed sums to the summed weights; its interval is Student's t over
//!    the batches, for a ratio, widened by what correlation is left.
//!
//! Measured on M/M/1 waits, 300 runs each, in 500 windows: at 50 % load and 30,000 customers, 4 % of the 95 %
//! intervals miss; at 90 % load 5 % miss with a million customers, 7 % with 200,000, 15 % with 50,000; with
//! 10,000 two runs in five are refused and a third of the rest miss. No test of one run sees what
//! the run has not shown: independent runs do.

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
    /// To cut far into the second half would leave a much steadier rest.
    NeverSettled,
    /// Windows resemble each other over so long that the run holds too few independent stretches.
    Remembers {
        /// How many windows there are after the warm-up.
        windows: usize,
        /// How many windows weigh as much as one independent one.
        memory: f64,
    },
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
            Self::Remembers { windows, memory } => write!(
                f,
                "it remembers for {memory:.0} of its {windows} windows: it would have to be {:.0} times as long",
                (MEMORIES_MIN * memory / *windows as f64).ceil()
            ),
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
/// An earlier cut is as good when its squared error is at most this many times the best.
const NEARLY: f64 = 1.1;
/// A late cut speaks against the run when its squared error is below this many times the best early one: a
/// straight ramp gives 0.4, a steady run hardly ever less than 0.6.
const MUCH_BETTER: f64 = 0.6;
const MEMORIES_MIN: f64 = 50.0;
const BATCHES: [usize; 2] = [30, 15];

/// The warm-up by MSER-5: the earliest cut in the first half, in steps of five values, after which the standard
/// error of the mean is nearly as small as it gets.
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
    let best =
        |range: core::ops::Range<usize>| range.map(|cut| errors[cut]).fold(f64::INFINITY, f64::min);
    // The first cut that is nearly as good as the best: a better one by chance would drop early bursts, and
    // with them part of the truth.
    let early = best(0..n / 2 + 1);
    let cut = (0..n)
        .find(|&cut| errors[cut] <= NEARLY * early)
        .unwrap_or(0);
    // Short rests agree by chance as well, so only a much better late cut speaks against the run.
    let late = best(n / 2 + 1..n - n / 5);
    WarmUp {
        windows: cut * MSER_BATCH,
        settled: MUCH_BETTER * early <= late,
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

    let memory = memory(rest);
    if (rest.len() as f64) < MEMORIES_MIN * memory {
        return Err(NotSteady::Remembers {
            windows: rest.len(),
            memory,
        });
    }
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
        if residuals.neighbours_differ() {
            residuals.check_drift(&batches)?;
            let estimate = residuals.estimate(confidence);
            return Ok(Steady {
                estimate,
                warm_up: warm_up.windows,
                batches: count,
            });
        }
        correlation = residuals.correlation();
    }
    Err(NotSteady::TooShort { correlation })
}

/// The mean over `count` batches of equal length (windows that are left over at the start are not used), with
/// Student's t interval for a ratio. `None` for fewer windows than batches, fewer than two batches, or one
/// without weight.
///
/// Right when the windows are steady and batches are long against what they remember: [`steady_state`] asks
/// that first.
///
/// # Panics
///
/// If `confidence` is not strictly between 0 and 1.
#[must_use]
pub fn batch_means(windows: &[Window], count: usize, confidence: f64) -> Option<Estimate> {
    if count < 2 || windows.len() < count {
        return None;
    }
    let batches = batched(windows, count);
    batches
        .iter()
        .all(|batch| 0.0 < batch.weight)
        .then(|| Residuals::of(&batches).estimate(confidence))
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

/// How many neighbouring windows weigh as much as one independent one: the integrated autocorrelation time, summed
/// as far as five times itself (A. Sokal's rule).
fn memory(windows: &[Window]) -> f64 {
    let residuals = Residuals::of(windows);
    if residuals.squares == 0.0 {
        return 1.0;
    }
    let values = &residuals.values;
    let mut memory = 1.0;
    for lag in 1..values.len() {
        let products: f64 = values.iter().zip(&values[lag..]).map(|(a, b)| a * b).sum();
        memory += 2.0 * products / residuals.squares;
        if 5.0 * memory <= lag as f64 {
            break;
        }
    }
    memory.max(1.0)
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

    /// How much neighbours resemble each other: the lag-1 correlation with its end terms, which is 0 on average
    /// under independence.
    fn correlation(&self) -> f64 {
        if self.squares == 0.0 {
            return 0.0;
        }
        let steps: f64 = self
            .values
            .windows(2)
            .map(|pair| (pair[1] - pair[0]) * (pair[1] - pair[0]))
            .sum();
        1.0 - steps / (2.0 * self.squares)
    }

    /// Von Neumann's test at 5 %, one-sided: neighbours that resemble each other make intervals too short.
    fn neighbours_differ(&self) -> bool {
        let n = self.values.len() as f64;
        let score = self.correlation() * ((n * n - 1.0) / (n - 2.0)).sqrt();
        score <= -math::normal_quantile(0.05)
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
        // What resemblance is left among neighbours makes the mean less sure than independent batches would.
        let correlation = self.correlation().max(0.0);
        let inflation = (1.0 + correlation) / (1.0 - correlation).max(0.1);
        let error = (self.squares / (n - 1.0) / n * inflation).sqrt();
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
