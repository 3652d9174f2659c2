//! The laws of chance that a file can name, compiled for drawing.
//!
//! A [`Law`] is a distribution of non-negative numbers in base units (nanoseconds, bytes, requests,
//! plain factors: whatever the caller reads them as). The constructors check and choose the cheapest
//! equal law: a log-normal with `cv` 0 is a constant, two points are a log-normal, a gamma with `cv` 1
//! an exponential. Drawing is one `match` and, for the common three, no memory access beyond the
//! ziggurat's tables: about 3 ns for an exponential, 6 for a log-normal.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::draw::Draw;
use crate::math::{self, Tails};

/// A distribution over numbers of at least 0. Made by the constructors, which check; matched freely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Law {
    /// Always the same.
    Constant(f64),
    /// `exp` of a normal value with mean `mu` and standard deviation `sigma`.
    LogNormal {
        /// Mean of the logarithm.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Exponential.
    Exponential {
        /// The mean.
        mean: f64,
    },
    /// Gamma; as a gap between arrivals it gives any coefficient of variation.
    Gamma {
        /// The shape: 1 / cv².
        shape: f64,
        /// The scale: mean / shape.
        scale: f64,
    },
    /// Uniform between two numbers.
    Uniform {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// `low + k·step` with k uniform among 0..`count`.
    WholeUniform {
        /// The smallest value.
        low: f64,
        /// The distance of neighbouring values: 1 until scaled.
        step: f64,
        /// How many values there are.
        count: u64,
    },
    /// At least `min`, and beyond x with probability (min/x)^tail.
    Pareto {
        /// The smallest value.
        min: f64,
        /// The tail index, above 1, so that the mean is finite.
        tail: f64,
    },
    /// Through given quantiles.
    Points(Arc<Points>),
    /// One of given values, each as likely.
    Sample(Arc<Sample>),
}

/// Why numbers make no law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LawError {
    /// The number must be finite and at least 0.
    Negative {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// The number must be finite and above 0.
    NotPositive {
        /// What the number is.
        what: &'static str,
        /// The number.
        value: f64,
    },
    /// A tail index of 1 or less has no mean.
    HeavyTail {
        /// The tail index.
        tail: f64,
    },
    /// The upper end lies below the lower.
    EndsSwapped {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// The ends must be whole numbers below 2^53.
    NotWhole {
        /// The end that is not.
        value: f64,
    },
    /// A point's share must lie strictly between 0 and 1.
    Share {
        /// The share.
        share: f64,
    },
    /// Quantiles must rise: the point does not lie above the one before.
    NotRising {
        /// The index of the point, from 0.
        index: usize,
    },
    /// Fewer than two points, or no values at all.
    TooFew {
        /// How many there are.
        found: usize,
    },
}

impl core::fmt::Display for LawError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Negative { what, value } => write!(
                f,
                "{what} must be a finite number of at least 0, not {value}"
            ),
            Self::NotPositive { what, value } => {
                write!(f, "{what} must be a finite number above 0, not {value}")
            }
            Self::HeavyTail { tail } => {
                write!(f, "a tail index of {tail} has no mean: it must be above 1")
            }
            Self::EndsSwapped { low, high } => {
                write!(f, "the upper end {high} lies below the lower end {low}")
            }
            Self::NotWhole { value } => write!(f, "{value} is not a whole number"),
            Self::Share { share } => {
                write!(f, "a point at p{} is outside p0 to p100", share * 100.0)
            }
            Self::NotRising { index } => {
                write!(
                    f,
                    "point {} does not lie above point {index}: shares and values must rise",
                    index + 1
                )
            }
            Self::TooFew { found: 0 } => write!(f, "there is no value"),
            Self::TooFew { found } => write!(f, "{found} is too few: two points are needed"),
        }
    }
}

impl core::error::Error for LawError {}

fn at_least_zero(what: &'static str, value: f64) -> Result<f64, LawError> {
    if value.is_finite() && 0.0 <= value {
        Ok(value)
    } else {
        Err(LawError::Negative { what, value })
    }
}

fn positive(what: &'static str, value: f64) -> Result<f64, LawError> {
    if value.is_finite() && 0.0 < value {
        Ok(value)
    } else {
        Err(LawError::NotPositive { what, value })
    }
}

impl Law {
    /// Always `value`.
    ///
    /// # Errors
    ///
    /// If `value` is negative or not finite.
    pub fn constant(value: f64) -> Result<Self, LawError> {
        Ok(Self::Constant(at_least_zero("the value", value)?))
    }

    /// Log-normal with the given mean and coefficient of variation; `cv` 0 is a constant.
    ///
    /// # Errors
    ///
    /// If either is negative or not finite.
    pub fn log_normal(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (
            at_least_zero("the mean", mean)?,
            at_least_zero("the cv", cv)?,
        );
        if mean == 0.0 || cv == 0.0 {
            return Ok(Self::Constant(mean));
        }
        let variance = math::ln_1p(cv * cv);
        Ok(Self::LogNormal {
            mu: math::ln(mean) - 0.5 * variance,
            sigma: variance.sqrt(),
        })
    }

    /// Exponential with the given mean; mean 0 is a constant.
    ///
    /// # Errors
    ///
    /// If the mean is negative or not finite.
    pub fn exponential(mean: f64) -> Result<Self, LawError> {
        let mean = at_least_zero("the mean", mean)?;
        Ok(if mean == 0.0 {
            Self::Constant(0.0)
        } else {
            Self::Exponential { mean }
        })
    }

    /// Gamma with the given mean and coefficient of variation; `cv` 0 is a constant, 1 an exponential.
    ///
    /// # Errors
    ///
    /// If either is negative or not finite.
    pub fn gamma(mean: f64, cv: f64) -> Result<Self, LawError> {
        let (mean, cv) = (
            at_least_zero("the mean", mean)?,
            at_least_zero("the cv", cv)?,
        );
        if mean == 0.0 || cv == 0.0 {
            return Ok(Self::Constant(mean));
        }
        if cv == 1.0 {
            return Ok(Self::Exponential { mean });
        }
        Ok(Self::Gamma {
            shape: 1.0 / (cv * cv),
            scale: mean * cv * cv,
        })
    }

    /// Uniform from `low` to `high`; equal ends are a constant.
    ///
    /// # Errors
    ///
    /// If an end is negative or not finite, or if they are swapped.
    pub fn uniform(low: f64, high: f64) -> Result<Self, LawError> {
        let (low, high) = (
            at_least_zero("the lower end", low)?,
            at_least_zero("the upper end", high)?,
        );
        if high < low {
            return Err(LawError::EndsSwapped { low, high });
        }
        Ok(if low == high {
            Self::Constant(low)
        } else {
            Self::Uniform { low, high }
        })
    }

    /// Uniform among the whole numbers from `low` to `high`, both included.
    ///
    /// # Errors
    ///
    /// As [`Law::uniform`], and if an end is not a whole number below 2^53.
    pub fn whole_uniform(low: f64, high: f64) -> Result<Self, LawError> {
        let (low, high) = (
            at_least_zero("the lower end", low)?,
            at_least_zero("the upper end", high)?,
        );
        if let Some(&value) = [low, high]
            .iter()
            .find(|&&v| v.fract() != 0.0 || 9.007e15 < v)
        {
            return Err(LawError::NotWhole { value });
        }
        if high < low {
            return Err(LawError::EndsSwapped { low, high });
        }
        Ok(if low == high {
            Self::Constant(low)
        } else {
            Self::WholeUniform {
                low,
                step: 1.0,
                count: (high - low) as u64 + 1,
            }
        })
    }

    /// Pareto: at least `min`, with tail index `tail`.
    ///
    /// # Errors
    ///
    /// If `min` is not positive or `tail` not above 1.
    pub fn pareto(min: f64, tail: f64) -> Result<Self, LawError> {
        let min = positive("the minimum", min)?;
        if !(1.0 < tail && tail.is_finite()) {
            return Err(LawError::HeavyTail { tail });
        }
        Ok(Self::Pareto { min, tail })
    }

    /// Through the given (share below, value) points: the quantile function is linear in (normal
    /// score, logarithm of the value) between them and runs on with the end slopes beyond. Two points
    /// are exactly a log-normal.
    ///
    /// # Errors
    ///
    /// If there are fewer than two, if a share is not strictly between 0 and 1, if a value is not
    /// positive, or if shares and values do not both rise.
    pub fn points(points: &[(f64, f64)]) -> Result<Self, LawError> {
        if points.len() < 2 {
            return Err(LawError::TooFew {
                found: points.len(),
            });
        }
        for (index, &(share, value)) in points.iter().enumerate() {
            if !(0.0 < share && share < 1.0) {
                return Err(LawError::Share { share });
            }
            positive("the value of a point", value)?;
            if 0 < index && (share <= points[index - 1].0 || value <= points[index - 1].1) {
                return Err(LawError::NotRising { index });
            }
        }
        let segments: Box<[Segment]> = points
            .windows(2)
            .enumerate()
            .map(|(i, pair)| {
                let [z0, z1] = [0, 1].map(|k: usize| math::normal_quantile(pair[k].0));
                let [ln0, ln1] = [0, 1].map(|k: usize| math::ln(pair[k].1));
                let slope = (ln1 - ln0) / (z1 - z0);
                let until = if i + 2 == points.len() {
                    f64::INFINITY
                } else {
                    z1
                };
                Segment {
                    until,
                    intercept: ln0 - slope * z0,
                    slope,
                }
            })
            .collect();
        Ok(match *segments {
            [
                Segment {
                    intercept, slope, ..
                },
            ] => Self::LogNormal {
                mu: intercept,
                sigma: slope,
            },
            _ => Self::Points(Arc::new(Points { segments })),
        })
    }

    /// One of `values`, each as likely, drawn with replacement.
    ///
    /// # Errors
    ///
    /// If there are none, or if one is negative or not finite.
    pub fn sample_of(mut values: Vec<f64>) -> Result<Self, LawError> {
        for &value in &values {
            at_least_zero("a value", value)?;
        }
        values.sort_by(f64::total_cmp);
        match *values {
            [] => Err(LawError::TooFew { found: 0 }),
            [first, .., last] if first == last => Ok(Self::Constant(first)),
            [only] => Ok(Self::Constant(only)),
            _ => Ok(Self::Sample(Arc::new(Sample {
                values: values.into(),
            }))),
        }
    }

    /// The law of `factor` times a value of this one.
    ///
    /// # Panics
    ///
    /// If `factor` is negative or not finite.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        assert!(
            factor.is_finite() && 0.0 <= factor,
            "a law scaled by {factor}"
        );
        if factor == 0.0 {
            return Self::Constant(0.0);
        }
        let shift = math::ln(factor);
        match self {
            Self::Constant(value) => Self::Constant(value * factor),
            Self::LogNormal { mu, sigma } => Self::LogNormal {
                mu: mu + shift,
                sigma: *sigma,
            },
            Self::Exponential { mean } => Self::Exponential {
                mean: mean * factor,
            },
            Self::Gamma { shape, scale } => Self::Gamma {
                shape: *shape,
                scale: scale * factor,
            },
            Self::Uniform { low, high } => Self::Uniform {
                low: low * factor,
                high: high * factor,
            },
            Self::WholeUniform { low, step, count } => Self::WholeUniform {
                low: low * factor,
                step: step * factor,
                count: *count,
            },
            Self::Pareto { min, tail } => Self::Pareto {
                min: min * factor,
                tail: *tail,
            },
            Self::Points(points) => {
                let moved = |s: &Segment| Segment {
                    intercept: s.intercept + shift,
                    ..*s
                };
                Self::Points(Arc::new(Points {
                    segments: points.segments.iter().map(moved).collect(),
                }))
            }
            Self::Sample(sample) => Self::Sample(Arc::new(Sample {
                values: sample.values.iter().map(|v| v * factor).collect(),
            })),
        }
    }

    /// One value.
    #[inline]
    #[must_use]
    pub fn sample(&self, draw: Draw) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Exponential { mean } => mean * draw.only_exp1(),
            Self::LogNormal { mu, sigma } => math::exp(mu + sigma * draw.only_normal()),
            other => other.sample_rarer(draw),
        }
    }

    #[inline(never)]
    fn sample_rarer(&self, mut draw: Draw) -> f64 {
        match self {
            Self::Constant(_) | Self::Exponential { .. } | Self::LogNormal { .. } => {
                self.sample(draw)
            }
            Self::Gamma { shape, scale } => scale * draw.gamma(*shape),
            Self::Uniform { low, high } => low + (high - low) * draw.unit(),
            Self::WholeUniform { low, step, count } => low + step * draw.below(*count) as f64,
            Self::Pareto { min, tail } => min * math::exp(draw.exp1() / tail),
            Self::Points(points) => points.at(draw.normal()),
            Self::Sample(sample) => sample.values[draw.below(sample.values.len() as u64) as usize],
        }
    }

    /// One value in nanoseconds, rounded once, half to even, and at most [`math::NS_MAX`].
    #[inline]
    #[must_use]
    pub fn sample_ns(&self, draw: Draw) -> u64 {
        // The commonest law without a call.
        if let Self::Exponential { mean } = self {
            return math::round_ns(mean * draw.only_exp1());
        }
        math::round_ns(self.sample(draw))
    }

    /// The mean; always finite in principle, infinite only where the numbers overflow.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.moment(1)
    }

    /// The standard deviation divided by the mean; `None` where the variance is infinite. 0 for a
    /// constant, also for the constant 0.
    #[must_use]
    pub fn cv(&self) -> Option<f64> {
        let mean = self.mean();
        let squared = match self {
            Self::Constant(_) => 0.0,
            Self::LogNormal { sigma, .. } => math::exp_m1(sigma * sigma),
            Self::Exponential { .. } => 1.0,
            Self::Gamma { shape, .. } => 1.0 / shape,
            Self::Uniform { low, high } => (high - low) * (high - low) / (12.0 * mean * mean),
            Self::WholeUniform { step, count, .. } => {
                let n = *count as f64;
                step * step * (n * n - 1.0) / (12.0 * mean * mean)
            }
            Self::Pareto { tail, .. } if *tail <= 2.0 => return None,
            Self::Pareto { tail, .. } => 1.0 / (tail * (tail - 2.0)),
            Self::Points(_) => (self.moment(2) / (mean * mean) - 1.0).max(0.0),
            Self::Sample(sample) => {
                let n = sample.values.len() as f64;
                sample
                    .values
                    .iter()
                    .map(|v| (v / mean - 1.0) * (v / mean - 1.0))
                    .sum::<f64>()
                    / n
            }
        };
        squared.is_finite().then(|| squared.sqrt())
    }

    /// The mean of the `k`th power, for the laws whose [`Law::cv`] is not a formula of its own.
    fn moment(&self, k: i32) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::LogNormal { mu, sigma } => math::exp(mu + 0.5 * sigma * sigma),
            Self::Exponential { mean } => *mean,
            Self::Gamma { shape, scale } => shape * scale,
            Self::Uniform { low, high } => 0.5 * (low + high),
            Self::WholeUniform { low, step, count } => low + 0.5 * step * (*count - 1) as f64,
            Self::Pareto { min, tail } => min * tail / (tail - 1.0),
            Self::Points(points) => points.moment(f64::from(k)),
            Self::Sample(sample) => sample.values.iter().sum::<f64>() / sample.values.len() as f64,
        }
    }

    /// The value that a draw stays at or below with probability `p`. At 1 it may be infinite.
    ///
    /// # Panics
    ///
    /// If `p` is outside 0..=1.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        assert!((0.0..=1.0).contains(&p), "a quantile at {p}");
        match self {
            Self::Constant(value) => *value,
            Self::LogNormal { mu, sigma } => math::exp(mu + sigma * math::normal_quantile(p)),
            Self::Exponential { mean } => -mean * math::ln_1p(-p),
            Self::Gamma { shape, scale } => {
                scale * math::gamma_quantile(*shape, Tails::of_lower(p))
            }
            Self::Uniform { low, high } => low + (high - low) * p,
            Self::WholeUniform { low, step, count } => low + step * rank(p, *count) as f64,
            Self::Pareto { min, tail } => min * math::exp(-math::ln_1p(-p) / tail),
            Self::Points(points) => points.at(math::normal_quantile(p)),
            Self::Sample(sample) => sample.values[rank(p, sample.values.len() as u64) as usize],
        }
    }
}

/// The index, among `count` equally likely values in rising order, of the quantile at `p`.
fn rank(p: f64, count: u64) -> u64 {
    ((p * count as f64).ceil() as u64).clamp(1, count) - 1
}

/// A quantile function that is piecewise linear in (normal score, logarithm of the value).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Points {
    segments: Box<[Segment]>,
}

/// One piece: `exp(intercept + slope·z)` for normal scores z from the piece before up to `until`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Segment {
    #[serde(with = "open_end")]
    until: f64,
    intercept: f64,
    slope: f64,
}

/// JSON has no infinity: the open end of the last segment is written as `null`.
mod open_end {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn serialize<S: Serializer>(until: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        until.is_finite().then_some(*until).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
    }
}

impl Points {
    fn at(&self, z: f64) -> f64 {
        let piece = self
            .segments
            .iter()
            .find(|s| z <= s.until)
            .unwrap_or(&self.segments[self.segments.len() - 1]);
        math::exp(piece.intercept + piece.slope * z)
    }

    /// The mean of the `k`th power: a sum of pieces of log-normals.
    fn moment(&self, k: f64) -> f64 {
        let mut from = f64::NEG_INFINITY;
        let mut sum = 0.0;
        for piece in &self.segments {
            let (a, b) = (k * piece.intercept, k * piece.slope);
            // The integral of exp(a + b z) over the normal density, taken on the side where it is small.
            let (low, high) = (from - b, piece.until - b);
            let mass = if 0.0 < low {
                math::normal_upper(low) - math::normal_upper(high)
            } else {
                math::normal_cdf(high) - math::normal_cdf(low)
            };
            sum += math::exp(a + 0.5 * b * b) * mass;
            from = piece.until;
        }
        sum
    }
}

/// Given values in rising order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    values: Box<[f64]>,
}
