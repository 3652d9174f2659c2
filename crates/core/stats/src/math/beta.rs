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
    let log = stirling_rest(n)
        - stirling_rest(k)
        - stirling_rest(rest)
        - deviance(k, n * p)
        - deviance(rest, n * q);
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
    // x^a y^b / B(a, b) = front * a b / (a + b)
    let front = binomial_mass(a, a + b, x, y);
    if x < (a + 1.0) / (a + b + 2.0) {
        Tails::of_lower((front * b / (a + b) * fraction(a, b, x)).clamp(0.0, 1.0))
    } else {
        Tails::of_upper((front * a / (a + b) * fraction(b, a, y)).clamp(0.0, 1.0))
    }
}

/// Lentz's evaluation of the continued fraction of the incomplete beta function.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };

    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    let mut m = 0.0;
    loop {
        m += 1.0;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 || 1e7 < m {
            return h;
        }
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

fn below_half(a: f64, b: f64, wanted: Tails) -> f64 {
    // Near zero the distribution function is x^a / (a B(a, b)).
    let at = |x: f64| {
        let density = binomial_mass(a, a + b, x, 1.0 - x) * a * b / ((a + b) * x * (1.0 - x));
        (beta_tails(a, b, x), density)
    };
    let start = (a / (a + b)).min(0.49);
    invert(wanted, start, -700.0, -core::f64::consts::LN_2, at)
}
