//! A number and how sure it is.
//!
//! An interval is only printed where it can be believed, at 95 %:
//!
//! - **From five seeds on** it comes from the independent histories: Student's t over the values that
//!   each of them gave, for means and percentiles alike. Where some histories never got an answer and
//!   others did there is no mean: the median history is shown, with its order-statistics interval.
//! - **From one history** only on a day without a shape, and only if it settled: means by batches,
//!   percentiles by order statistics whose ranks are widened to what neighbouring requests share.
//!   The rule for both, warm-up included, is [`interval::steady_state`].
//! - Otherwise there is none, and [`NoInterval`] says why. Two to four histories are too few for a
//!   t interval worth its width, and their spread is no interval.
//!
//! What a sketch rounds (1 %) widens the intervals of percentiles.

use serde::{Serialize, Serializer};
use worstday_stats::interval::{self, NotSteady, Window};
use worstday_stats::sketch::{Histogram, Quantile, Sketch};

use crate::quantity::{Unit, quantity, span};

/// How sure every printed interval is.
pub const CONFIDENCE: f64 = 0.95;
/// The fewest histories that give an interval.
pub const SEEDS_MIN: usize = 5;

/// A value with its unit and, where it can be told, its interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Estimate {
    /// The estimate: over one history its own value, over several their mean (their median, if some
    /// say never). `"never"` if so much never came back that no value is large enough; null if there
    /// was nothing to measure.
    #[serde(serialize_with = "amount")]
    #[cfg_attr(test, schemars(with = "Amount"))]
    pub value: Option<f64>,
    /// What it is measured in.
    pub unit: Unit,
    /// Where the truth lies, with 95 % confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Why there is no interval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_interval: Option<NoInterval>,
}

/// A number, `"never"`, or null.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what `amount` writes")]
pub(crate) enum Amount {
    Number(f64),
    Never(Never),
    Nothing,
}

#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(dead_code, reason = "describes what `amount` writes")]
pub(crate) enum Never {
    Never,
}

/// Two ends, both included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Interval {
    /// The lower end.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "Amount"))]
    pub low: f64,
    /// The upper end.
    #[serde(serialize_with = "number")]
    #[cfg_attr(test, schemars(with = "Amount"))]
    pub high: f64,
    /// What it was taken from.
    pub from: From,
}

/// What an interval was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// Student's t over independent histories: it holds the mean of all of them.
    Seeds,
    /// Order statistics over independent histories: it holds their median.
    Medians,
    /// Batches of one stationary history: it holds the long-run value.
    Batches,
}

/// Why a value has no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NoInterval {
    /// Nothing was measured.
    NothingMeasured,
    /// Fewer than five histories of a day that has a shape, or two to four of one that has none.
    FewSeeds,
    /// All histories gave the same value, so their spread says nothing.
    AllTheSame,
    /// One history with too few windows or too few requests in them.
    TooFewWindows,
    /// One history that was still settling in its second half.
    NeverSettled,
    /// One history whose long stretches still resemble their neighbours.
    TooShort,
    /// One history whose end differs from its beginning.
    Drifting,
    /// Too few requests for so fine a percentile.
    TooFine,
    /// It is counted only over the whole history.
    WholeRunOnly,
}

impl NoInterval {
    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NothingMeasured => "nothing was measured",
            Self::FewSeeds => "fewer than 5 seeds",
            Self::AllTheSame => "all seeds agree",
            Self::TooFewWindows => "too few windows for a steady-state interval",
            Self::NeverSettled => "not stationary: it was still settling in its second half",
            Self::TooShort => {
                "too short to be stationary: long stretches still resemble their neighbours"
            }
            Self::Drifting => "not stationary: its end differs from its beginning",
            Self::TooFine => "too few requests for so fine a percentile",
            Self::WholeRunOnly => "one history, counted as a whole",
        }
    }
}

impl std::convert::From<NotSteady> for NoInterval {
    fn from(why: NotSteady) -> Self {
        match why {
            NotSteady::TooFew { .. } => Self::TooFewWindows,
            NotSteady::NeverSettled => Self::NeverSettled,
            NotSteady::TooShort { .. } | NotSteady::Remembers { .. } => Self::TooShort,
            NotSteady::Drifting { .. } => Self::Drifting,
        }
    }
}

/// Where values come from, which decides what intervals may be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Independent histories, five or more.
    Seeds,
    /// Two to four histories, or one of a day that has a shape.
    Few,
    /// One history of a day without a shape.
    Steady,
}

impl Ground {
    /// For so many histories of a day that has a shape or has none.
    #[must_use]
    pub fn new(histories: usize, varies: worstday_model::day::Varies) -> Self {
        match (histories, varies) {
            (SEEDS_MIN.., _) => Self::Seeds,
            (1, worstday_model::day::Varies::No) => Self::Steady,
            _ => Self::Few,
        }
    }

    /// A mean: the value of each history (none where it measured nothing), and for one stationary
    /// history its windows.
    #[must_use]
    pub fn mean(
        self,
        values: &[Option<f64>],
        unit: Unit,
        windows: impl FnOnce() -> Vec<Window>,
    ) -> Estimate {
        let measured: Vec<f64> = values.iter().copied().flatten().collect();
        match self {
            Self::Seeds => over_seeds(&measured, unit),
            Self::Few => plain(&measured, unit, NoInterval::FewSeeds),
            Self::Steady => {
                let [value] = measured[..] else {
                    return nothing(unit);
                };
                let windows = windows();
                if windows.is_empty() {
                    return plain(&measured, unit, NoInterval::WholeRunOnly);
                }
                match interval::steady_state(&windows, CONFIDENCE) {
                    Ok(steady) if steady.estimate.interval.half_width() > 0.0 => Estimate {
                        value: Some(steady.estimate.mean),
                        unit,
                        interval: Some(bounded(
                            steady.estimate.interval.low,
                            steady.estimate.interval.high,
                            unit,
                            From::Batches,
                        )),
                        no_interval: None,
                    },
                    // Windows that all say the same (nothing was ever lost) bound nothing.
                    Ok(_) => plain(&[value], unit, NoInterval::AllTheSame),
                    Err(why) => plain(&[value], unit, why.into()),
                }
            }
        }
    }

    /// The percentile at `q` (0..1) of a time, in seconds, over each history's sketch with its number of
    /// requests that never came back. `windows` gives, for a limit in ns, how many of a window's
    /// requests stayed within it.
    #[must_use]
    pub fn percentile(
        self,
        q: f64,
        sketches: &[(&Histogram, u64)],
        windows: impl FnOnce(u64) -> Vec<Window>,
    ) -> Estimate {
        let unit = Unit::Seconds;
        let measured: Vec<f64> = sketches
            .iter()
            .filter_map(|(sketch, never)| sketch.quantile(q, *never).ns())
            .map(|ns| ns / 1e9)
            .collect();
        match self {
            Self::Seeds => over_seeds(&measured, unit),
            Self::Few => plain(&measured, unit, NoInterval::FewSeeds),
            Self::Steady => {
                let ([value], [(sketch, never)]) = (&measured[..], sketches) else {
                    return nothing(unit);
                };
                if value.is_infinite() {
                    // It is beyond all values; how far cannot be said, and need not be.
                    return plain(&measured, unit, NoInterval::TooFine);
                }
                match quantile_interval(q, *value, sketch, *never, windows) {
                    Ok(interval) => Estimate {
                        value: Some(*value),
                        unit,
                        interval: Some(interval),
                        no_interval: None,
                    },
                    Err(why) => plain(&measured, unit, why),
                }
            }
        }
    }
}

/// Order statistics for requests that resemble their neighbours: how far the share at or below the
/// estimate is uncertain is measured by batches, never taken smaller than independent requests would
/// give, and turned back into values by the sketch.
fn quantile_interval(
    q: f64,
    value: f64,
    sketch: &Histogram,
    never: u64,
    windows: impl FnOnce(u64) -> Vec<Window>,
) -> Result<Interval, NoInterval> {
    let total = sketch.count() + never;
    let shares = windows((value * 1e9).round() as u64);
    let steady = interval::steady_state(&shares, CONFIDENCE).map_err(NoInterval::from)?;
    let reach = steady.estimate.interval.half_width();
    let ranks = interval::quantile_ranks(total, q, CONFIDENCE);
    let (Some(low), Some(high)) = (ranks.low, ranks.high) else {
        return Err(NoInterval::TooFine);
    };
    let low = (low as f64).min((q - reach) * total as f64);
    let high = (high as f64).max((q + reach) * total as f64);
    if low < 1.0 || total as f64 <= high {
        return Err(NoInterval::TooFine);
    }
    let at = |rank: f64| match sketch.at_rank(rank) {
        Quantile::At(ns) => ns / 1e9,
        Quantile::Never | Quantile::Empty => f64::INFINITY,
    };
    // The sketch rounds, so the interval gives way by as much.
    let rounding = Histogram::RELATIVE_ERROR;
    Ok(bounded(
        at(low) / (1.0 + rounding),
        at(high) * (1.0 + rounding),
        Unit::Seconds,
        From::Batches,
    ))
}

fn over_seeds(measured: &[f64], unit: Unit) -> Estimate {
    if measured.len() < SEEDS_MIN {
        return plain(measured, unit, NoInterval::FewSeeds);
    }
    let spread = measured.iter().any(|value| *value != measured[0]);
    if !spread {
        return plain(&measured[..1], unit, NoInterval::AllTheSame);
    }
    if measured.iter().all(|value| value.is_finite()) {
        let mean = interval::mean_t(measured, CONFIDENCE).expect("five values have a mean");
        return Estimate {
            value: Some(mean.mean),
            unit,
            interval: Some(bounded(
                mean.interval.low,
                mean.interval.high,
                unit,
                From::Seeds,
            )),
            no_interval: None,
        };
    }
    let mut sorted = measured.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ranks = interval::quantile_ranks(sorted.len() as u64, 0.5, CONFIDENCE);
    let at = |rank: u64| sorted[rank as usize - 1];
    let interval = match (ranks.low, ranks.high) {
        (Some(low), Some(high)) => Some(Interval {
            low: at(low),
            high: at(high),
            from: From::Medians,
        }),
        _ => None,
    };
    Estimate {
        value: Some(sorted[(sorted.len() - 1) / 2]),
        unit,
        no_interval: interval.is_none().then_some(NoInterval::FewSeeds),
        interval,
    }
}

/// Without interval: the mean of what was measured, or the median if some of it is "never".
fn plain(measured: &[f64], unit: Unit, why: NoInterval) -> Estimate {
    if measured.is_empty() {
        return nothing(unit);
    }
    let value = if measured.iter().all(|value| value.is_finite()) {
        measured.iter().sum::<f64>() / measured.len() as f64
    } else {
        let mut sorted = measured.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted[(sorted.len() - 1) / 2]
    };
    Estimate {
        value: Some(value),
        unit,
        interval: None,
        no_interval: Some(why),
    }
}

fn nothing(unit: Unit) -> Estimate {
    Estimate {
        value: None,
        unit,
        interval: None,
        no_interval: Some(NoInterval::NothingMeasured),
    }
}

/// An interval cut to what the unit allows: the truth cannot lie outside.
fn bounded(low: f64, high: f64, unit: Unit, from: From) -> Interval {
    let most = if unit == Unit::Ratio {
        1.0
    } else {
        f64::INFINITY
    };
    Interval {
        low: low.clamp(0.0, most),
        high: high.clamp(0.0, most),
        from,
    }
}

impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(value) = self.value else {
            return f.write_str("nothing");
        };
        let value = quantity(value, self.unit);
        f.write_str(&value)?;
        // From never to never there is no way.
        let is_wide = |interval: &Interval| interval.low.is_finite();
        if let Some(interval) = self.interval.filter(is_wide) {
            let span = span(interval.low, interval.high, self.unit);
            // `38.0 ms (37.6–38.5)`: a unit that all three share is said once.
            let unit = unit_of(&value);
            let shared =
                unit_of(&span) == unit && !span.trim_end_matches(unit).contains(unit.trim());
            let span = if shared {
                span.strip_suffix(unit).unwrap_or(&span)
            } else {
                &span
            };
            write!(f, " ({span})")?;
        }
        Ok(())
    }
}

/// What follows the digits of a number, a blank before it included; nothing for `12m40s`, whose units belong inside.
fn unit_of(text: &str) -> &str {
    let at = text
        .rfind(|c: char| c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    let unit = &text[at..];
    if unit.starts_with(' ') || unit.starts_with('/') {
        unit
    } else {
        ""
    }
}

pub(crate) fn amount<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => number(value, serializer),
        None => serializer.serialize_none(),
    }
}

fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else {
        serializer.serialize_str("never")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use worstday_model::day::Varies;

    /// Independent windows of mean 1 whose truth is known: a small mixed congruential series.
    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut state = seed;
        (0..n)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                0.5 + (state >> 11) as f64 / (1u64 << 53) as f64
            })
            .collect()
    }

    fn windows(values: &[f64]) -> Vec<Window> {
        values
            .iter()
            .map(|value| Window {
                sum: value * 10.0,
                weight: 10.0,
            })
            .collect()
    }

    /// The promise of this module: what is printed covers the truth about as often as it says.
    #[test]
    fn intervals_cover() {
        let (mut seeds, mut batches, mut told) = (0, 0, 0);
        for trial in 0..400 {
            let values: Vec<Option<f64>> = noise(8, trial).into_iter().map(Some).collect();
            let estimate = Ground::Seeds.mean(&values, Unit::Count, Vec::new);
            let interval = estimate.interval.expect("eight seeds differ");
            seeds += usize::from(interval.low <= 1.0 && 1.0 <= interval.high);
            let run = noise(450, 1_000 + trial);
            let estimate = Ground::Steady.mean(&[Some(1.0)], Unit::Count, || windows(&run));
            if let Some(interval) = estimate.interval {
                told += 1;
                batches += usize::from(interval.low <= 1.0 && 1.0 <= interval.high);
            }
        }
        assert!((368..=392).contains(&seeds), "{seeds} of 400 from seeds");
        assert!(told >= 350, "only {told} runs of 400 told");
        assert!(
            batches as f64 >= 0.92 * told as f64,
            "{batches} of {told} from batches"
        );
    }

    /// A day with a shape has no steady state, however many windows it has; neither has a drift.
    #[test]
    fn no_interval_where_none_can_be_believed() {
        let run = noise(450, 7);
        let value = [Some(1.0)];
        let shaped = Ground::new(1, Varies::Yes).mean(&value, Unit::Count, || windows(&run));
        assert_eq!(shaped.no_interval, Some(NoInterval::FewSeeds));
        let three = Ground::new(3, Varies::No).mean(
            &[Some(1.0), Some(2.0), Some(3.0)],
            Unit::Count,
            || windows(&run),
        );
        assert_eq!((three.value, three.interval), (Some(2.0), None));
        let drift: Vec<f64> = run
            .iter()
            .enumerate()
            .map(|(at, v)| v + at as f64 / 100.0)
            .collect();
        let drift = Ground::Steady.mean(&value, Unit::Count, || windows(&drift));
        assert!(drift.interval.is_none(), "{drift:?}");
        let short = Ground::Steady.mean(&value, Unit::Count, || windows(&run[..60]));
        assert_eq!(short.no_interval, Some(NoInterval::TooFewWindows));
        let same = Ground::Seeds.mean(&[Some(0.0); 9], Unit::Ratio, Vec::new);
        assert_eq!(
            (same.value, same.no_interval),
            (Some(0.0), Some(NoInterval::AllTheSame))
        );
    }

    /// As people read it: the unit once, unless the ends need others.
    #[test]
    fn units_are_said_once() {
        let told = |value: f64, low: f64, high: f64, unit: Unit| {
            let interval = Some(Interval {
                low,
                high,
                from: From::Seeds,
            });
            Estimate {
                value: Some(value),
                unit,
                interval,
                no_interval: None,
            }
            .to_string()
        };
        assert_eq!(
            told(0.038, 0.0376, 0.0385, Unit::Seconds),
            "38.0 ms (37.6–38.5)"
        );
        assert_eq!(told(1.0, 0.9, 1.1, Unit::Seconds), "1.00 s (900 ms–1.10 s)");
        assert_eq!(
            told(0.998, 0.9, 1.1, Unit::Seconds),
            "998 ms (900 ms–1.10 s)"
        );
        assert_eq!(told(0.5, 0.4, 0.6, Unit::Ratio), "50.0 % (40.0–60.0)");
        assert_eq!(
            told(29.6, 29.0, 30.0, Unit::PerSecond),
            "29.6/s (29.0–30.0)"
        );
        assert_eq!(
            told(90.0, 80.0, 100.0, Unit::Seconds),
            "1m30s (1m20s–1m40s)"
        );
        assert_eq!(told(3.0, 2.0, 4.0, Unit::Count), "3.00 (2.00–4.00)");
        let never = f64::INFINITY;
        assert_eq!(told(never, never, never, Unit::Seconds), "never");
        assert_eq!(
            told(never, 8.0, never, Unit::Seconds),
            "never (8.00 s–never)"
        );
        assert_eq!(
            told(9.0, 8.0, never, Unit::Seconds),
            "9.00 s (8.00 s–never)"
        );
    }

    /// Percentiles count what never came back, and a mean over "never" would be no number.
    #[test]
    fn never_is_an_answer() {
        let mut fast = Histogram::new();
        (0..100).for_each(|_| fast.add(1_000_000));
        let lost = [(&fast, 100_u64); 6];
        let estimate = Ground::Seeds.percentile(0.99, &lost, |_| Vec::new());
        assert_eq!(estimate.to_string(), "never");
        let mixed: Vec<(&Histogram, u64)> = (0..6)
            .map(|at| (&fast, if at < 3 { 0 } else { 100 }))
            .collect();
        let estimate = Ground::Seeds.percentile(0.99, &mixed, |_| Vec::new());
        let interval = estimate.interval.expect("six seeds enclose a median");
        assert!(estimate.value.is_some_and(f64::is_finite) && interval.high.is_infinite());
        assert_eq!(
            serde_json::to_value(&estimate).expect("it is plain data")["interval"]["high"],
            "never"
        );
    }

    /// Independent requests: about 95 % of the intervals of a percentile hold the true one.
    #[test]
    fn percentile_intervals_cover() {
        let (mut held, mut told) = (0, 0);
        for trial in 0..200 {
            let mut all = Histogram::new();
            let runs: Vec<Vec<u64>> = (0..200)
                .map(|window| {
                    noise(20, trial * 1_000 + window)
                        .into_iter()
                        .map(|v| (v * 1e9) as u64)
                        .collect()
                })
                .collect();
            runs.iter().flatten().for_each(|v| all.add(*v));
            let estimate = Ground::Steady.percentile(0.9, &[(&all, 0)], |limit| {
                runs.iter()
                    .map(|run| Window {
                        sum: run.iter().filter(|v| **v <= limit).count() as f64,
                        weight: run.len() as f64,
                    })
                    .collect()
            });
            if let Some(interval) = estimate.interval {
                told += 1;
                held += usize::from(interval.low <= 1.4 && 1.4 <= interval.high);
            }
        }
        assert!(told >= 170, "only {told} of 200 told");
        assert!(
            held as f64 >= 0.93 * told as f64,
            "{held} of {told} hold 1.4 s"
        );
    }
}
