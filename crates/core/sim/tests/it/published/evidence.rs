//! When two experiments agree: tests of two samples, at 99.9 %.
//!
//! Published figures are samples too: ten seeds, twelve, or one, rounded. What may lie between theirs
//! and ours follows from both sizes and from how much single runs of ours differ, never from what was seen.

use worstday_stats::interval::student_quantile;
use worstday_stats::math::Tails;

/// How often two experiments that tell the same story may look as different as they do: once in a thousand.
const DOUBT: f64 = 0.001;

/// Hits in a number of trials.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    pub hits: u64,
    pub trials: u64,
}

/// `hits` of `trials`.
pub const fn of(hits: u64, trials: u64) -> Share {
    Share { hits, trials }
}

impl Share {
    /// How probable a table at least as unlikely as this one is if both have the same chance (Fisher's exact
    /// test, two-sided).
    pub fn compared_with(self, other: Self) -> f64 {
        let weights = tables(self, other);
        let seen = weights[(self.hits - least(self, other)) as usize];
        // Weights that differ by rounding alone are equally likely.
        let unlikely = |w: &&f64| **w <= seen * (1.0 + 1e-7);
        weights.iter().filter(unlikely).sum::<f64>() / weights.iter().sum::<f64>()
    }

    /// Whether both may have the same chance.
    pub fn agrees_with(self, other: Self) -> bool {
        DOUBT <= self.compared_with(other)
    }

    /// Whether this one has the larger chance, beyond doubt.
    pub fn exceeds(self, other: Self) -> bool {
        let weights = tables(self, other);
        let from = (self.hits - least(self, other)) as usize;
        weights[from..].iter().sum::<f64>() < 0.5 * DOUBT * weights.iter().sum::<f64>()
    }
}

/// The fewest hits of the first, given the hits of both together.
fn least(a: Share, b: Share) -> u64 {
    (a.hits + b.hits).saturating_sub(b.trials)
}

/// Relative probabilities of the first's hits, from the fewest to the most, given the hits of both together: a
/// hypergeometric law, each weight from its neighbour, away from the most likely so that none is too large.
fn tables(a: Share, b: Share) -> Vec<f64> {
    let hits = a.hits + b.hits;
    let (first, last) = (least(a, b), hits.min(a.trials));
    let step = |k: u64| {
        ((a.trials - k) as f64 * (hits - k) as f64)
            / ((k + 1) as f64 * (b.trials + k + 1 - hits) as f64)
    };
    let mut weights = vec![1.0];
    for k in first..last {
        let next = weights[weights.len() - 1] * step(k);
        weights.push(next);
        if next > 1e100 {
            weights.iter_mut().for_each(|w| *w /= next);
        }
    }
    weights
}

/// A published mean over so many runs, printed to so many places.
#[derive(Clone, Copy, Debug)]
pub struct Printed {
    pub mean: f64,
    /// 0 for a mean so well known that only its rounding counts.
    pub runs: u32,
    /// Half of its last place.
    pub rounding: f64,
}

/// The mean of ten runs, to two places.
pub const fn ten(mean: f64) -> Printed {
    Printed {
        mean,
        runs: 10,
        rounding: 0.005,
    }
}

impl Printed {
    /// The same to other places.
    pub const fn to(self, rounding: f64) -> Self {
        Self { rounding, ..self }
    }

    /// Whether runs of ours may have the same mean: the difference of two means, each as good as its number of
    /// runs makes it if theirs differ as ours do, and the rounding.
    pub fn agrees_with(self, ours: &[f64]) -> Result<(), String> {
        let n = ours.len() as f64;
        let mean = ours.iter().sum::<f64>() / n;
        let squares: f64 = ours.iter().map(|v| (v - mean) * (v - mean)).sum();
        let deviation = (squares / (n - 1.0)).sqrt();
        let theirs = if self.runs == 0 {
            0.0
        } else {
            1.0 / f64::from(self.runs)
        };
        let reach = student_quantile(n - 1.0, Tails::of_upper(0.5 * DOUBT))
            * deviation
            * (1.0 / n + theirs).sqrt()
            + self.rounding;
        if (mean - self.mean).abs() <= reach {
            return Ok(());
        }
        Err(format!(
            "{mean:.4} over {n} runs, published {self:?}, {reach:.4} may lie between"
        ))
    }
}

/// The tests of this module can tell: known p-values (R's `fisher.test`), and what is not the same is found.
#[test]
fn differences_are_found() {
    let p = |a, b, c, d| of(a, b).compared_with(of(c, d));
    for (found, exact) in [
        (p(3, 4, 1, 4), 0.485_714_3),
        (p(1, 10, 11, 14), 0.002_759_456),
        (p(0, 100, 2, 12), 0.010_617_76),
        (p(6, 12, 6, 12), 1.0),
    ] {
        assert!((found - exact).abs() < 1e-6, "{found} for {exact}");
    }
    assert!(of(30, 100).exceeds(of(5, 100)) && !of(12, 100).exceeds(of(5, 100)));
    assert!(!of(5, 100).exceeds(of(30, 100)));
    let ours: Vec<f64> = (0..20).map(|i| 5.0 + 0.1 * f64::from(i % 5)).collect();
    assert!(ten(5.2).agrees_with(&ours).is_ok());
    assert!(ten(5.0).agrees_with(&ours).is_ok());
    assert!(ten(4.9).agrees_with(&ours).is_err());
}
