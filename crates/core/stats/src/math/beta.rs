//! The beta distribution, and through it the binomial; robust up to parameters of 1e9.

use super::gamma::{deviance, stirling_rest};
use super::{Tails, exp, invert, ln_1p};

/// The probability of exactly `k` successes in `n` trials of probability `p` (`q` is `1 - p`, which the
/// caller may know more exactly). `k` and `n` may be any numbers with 0 <= k <= n.
///
/// Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
#[must_use]
pub fn binomial_mass(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if p <= 0.0 {
        return if k == 0.0 { 1.0 } else { 0.0 };
    }
    if q <= 0.0 {
        return if k == n { 1.0 } else { 0.0 };
    }
    let none = |n: f64, p: f64, q: f64| exp(n * if p < 0.5 { ln_1p(-p) } else { super::ln(q) });
    if k <= 0.0 {
        return none(n, p, q);
    }
    if n <= k {
        return none(n, q, p);
    }
    let rest = n - k;
    // Hits beyond the expected: for a tiny `p` the misses' own difference would be lost in rounding.
    let excess = k - n * p;
    let log = stirling_rest(n)
        - stirling_rest(k)
        - stirling_rest(rest)
        - deviance(k, n * p, excess)
        - deviance(rest, n * q, -excess);
    exp(log) * (n / (core::f64::consts::TAU * k * rest)).sqrt()
}

/// The beta distribution function with parameters `a` and `b` (both positive) at `x`: both tails.
///
/// The work grows with the square root of the larger parameter.
#[must_use]
pub fn beta_tails(a: f64, b: f64, x: f64) -> Tails {
    if x <= 0.0 {
        return Tails::of_lower(0.0);
    }
    if 1.0 <= x {
        return Tails::of_upper(0.0);
    }
    let y = 1.0 - x;
    // x^a y^b / B(a, b)
    let front = binomial_mass(a, a + b, x, y) * a * (b / (a + b));
    // How far x lies below the mean, without cancellation for tiny x.
    let margin = a - (a + b) * x;
    if x < (a + 1.0) / (a + b + 2.0) {
        Tails::of_lower((front * fraction(a, b, x, y, margin)).clamp(0.0, 1.0))
    } else {
        Tails::of_upper((front * fraction(b, a, y, x, -margin)).clamp(0.0, 1.0))
    }
}

/// The continued fraction of the incomplete beta function; `margin` is `a - (a + b) x`.
///
/// Source: A. R. DiDonato and A. H. Morris, "Algorithm 708" (1992), routine BFRAC: all terms positive, and
/// `x` near 1 does no harm as long as `y` is exact.
fn fraction(a: f64, b: f64, x: f64, y: f64, margin: f64) -> f64 {
    let c = 1.0 + margin;
    let c0 = b / a;
    let c1 = 1.0 + 1.0 / a;
    let (mut p, mut s) = (1.0, a + 1.0);
    // Two successive convergents, numerators and denominators.
    let (mut above, mut below, mut above_next, mut below_next) = (0.0, 1.0, 1.0, c / c1);
    let mut value = c1 / c;
    let mut n = 0.0;
    loop {
        n += 1.0;
        let t = n / a;
        let w = n * (b - n) * x;
        let e = a / s;
        let alpha = p * (p + c0) * e * e * (w * x);
        let e = (1.0 + t) / (c1 + t + t);
        let beta = n + w / s + e * (c + n * (1.0 + y));
        p = 1.0 + t;
        s += 2.0;
        (above, above_next) = (above_next, alpha * above + beta * above_next);
        (below, below_next) = (below_next, alpha * below + beta * below_next);
        let before = value;
        value = above_next / below_next;
        if (value - before).abs() <= 1e-16 * value || 1e7 < n {
            return value;
        }
        above /= below_next;
        below /= below_next;
        above_next = value;
        below_next = 1.0;
    }
}

/// The value that a beta variable stays below with probability `wanted.lower`.
///
/// Accurate near both 0 and, to the last bit of `1 - x`, near 1.
#[must_use]
pub fn beta_quantile(a: f64, b: f64, wanted: Tails) -> f64 {
    if wanted.lower <= 0.0 {
        return 0.0;
    }
    if wanted.upper <= 0.0 {
        return 1.0;
    }
    // Solve on the side where the answer is at most a half, so that logarithms resolve it.
    let half = beta_tails(a, b, 0.5);
    if half.lower < wanted.lower && wanted.upper < half.upper {
        1.0 - below_half(
            b,
            a,
            Tails {
                lower: wanted.upper,
                upper: wanted.lower,
            },
        )
    } else {
        below_half(a, b, wanted)
    }
}

/// [`beta_quantile`] where the answer is at most a half.
fn below_half(a: f64, b: f64, wanted: Tails) -> f64 {
    // Near zero the distribution function is x^a / (a B(a, b)).
    let at = |x: f64| {
        let density = binomial_mass(a, a + b, x, 1.0 - x) * a * b / ((a + b) * x * (1.0 - x));
        (beta_tails(a, b, x), density)
    };
    let start = (a / (a + b)).min(0.49);
    invert(wanted, start, -700.0, -core::f64::consts::LN_2, at)
}
