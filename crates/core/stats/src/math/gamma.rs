//! The gamma function and the gamma (and so Poisson) distribution.

use super::{Tails, exp, invert, ln, ln_1p};

/// ln sqrt(2 pi).
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// The natural logarithm of the absolute value of the gamma function.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The natural logarithm of gamma(x + step) / gamma(x), for `x` of at least 1 and a `step` that is not negative.
///
/// By Stirling's formula for both, so that nothing large cancels: to 1e-14 of `step * ln(x + step)`, and to
/// some 1e-14 where that is small, however large `x` is.
#[must_use]
pub fn ln_gamma_ratio(x: f64, step: f64) -> f64 {
    let end = x + step;
    // ln gamma(x) = (x - 1/2) ln x - x + ln sqrt(2 pi) + rest(x)
    step * ln(end) + (x - 0.5) * ln_1p(step / x) - step + stirling_rest(end) - stirling_rest(x)
}

/// `ln n! - ln(sqrt(2 pi n) (n/e)^n)`: what Stirling's formula lacks. `n` may be any positive number.
pub(super) fn stirling_rest(n: f64) -> f64 {
    if n <= 15.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * ln(n) + n - LN_SQRT_2PI;
    }
    let inverse = 1.0 / (n * n);
    (1.0 / 12.0
        - (1.0 / 360.0
            - (1.0 / 1260.0 - (1.0 / 1680.0 - (1.0 / 1188.0) * inverse) * inverse) * inverse)
            * inverse)
        / n
}

/// `x ln(x/m) + m - x`, without cancellation when `x` is near `m`; `excess` is `x - m`.
pub(crate) fn deviance(x: f64, m: f64, excess: f64) -> f64 {
    if excess.abs() < 0.1 * (x + m) {
        let v = excess / (x + m);
        let mut sum = excess * v;
        let mut term = 2.0 * x * v;
        for j in 1..1000 {
            term *= v * v;
            let next = sum + term / f64::from(2 * j + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        sum
    } else {
        x * ln(x / m) - excess
    }
}

/// The probability of exactly `n` events when `mean` are expected; `n` may be any number of at least 0.
///
/// Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000): no cancellation,
/// however large the numbers.
#[must_use]
pub fn poisson_mass(n: f64, mean: f64) -> f64 {
    if n <= 0.0 {
        return exp(-mean);
    }
    if mean <= 0.0 {
        return 0.0;
    }
    exp(-stirling_rest(n) - deviance(n, mean, n - mean)) / (core::f64::consts::TAU * n).sqrt()
}

/// The gamma distribution function of `shape` (scale 1) at `x`: both tails.
///
/// The work grows with the square root of `shape`. `1 - gamma_tails(n + 1, m).lower` is the probability
/// of at most n Poisson events with mean m.
#[must_use]
pub fn gamma_tails(shape: f64, x: f64) -> Tails {
    if x <= 0.0 {
        return Tails::of_lower(0.0);
    }
    if x == f64::INFINITY {
        return Tails::of_upper(0.0);
    }
    // x^shape e^-x / gamma(shape + 1)
    let front = poisson_mass(shape, x);
    if x < shape + 1.0 {
        let mut term = 1.0;
        let mut sum = 1.0;
        let mut n = shape;
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        Tails::of_lower((front * sum).min(1.0))
    } else {
        // Lentz's evaluation of the continued fraction of the upper tail.
        let mut b = x + 1.0 - shape;
        let mut c = 1e300;
        let mut d = 1.0 / b;
        let mut h = d;
        let mut i = 0.0;
        loop {
            i += 1.0;
            let an = -i * (i - shape);
            b += 2.0;
            d = 1.0 / (an * d + b);
            c = b + an / c;
            let step = c * d;
            h *= step;
            if (step - 1.0).abs() < 1e-16 || 1e7 < i {
                return Tails::of_upper((front * shape * h).min(1.0));
            }
        }
    }
}

/// The value that a gamma variable of `shape` (scale 1) stays below with probability `wanted.lower`.
#[must_use]
pub fn gamma_quantile(shape: f64, wanted: Tails) -> f64 {
    if wanted.lower <= 0.0 {
        return 0.0;
    }
    if wanted.upper <= 0.0 {
        return f64::INFINITY;
    }
    // Near zero the distribution function is x^shape / gamma(shape + 1).
    let small = (ln(wanted.lower) + ln_gamma(shape + 1.0)) / shape;
    let start = if small < ln(shape) - 1.0 {
        exp(small.max(-700.0))
    } else {
        shape.max(ln_1p(1.0 / wanted.upper))
    };
    invert(wanted, start, -700.0, 700.0, |x| {
        (gamma_tails(shape, x), poisson_mass(shape, x) * shape / x)
    })
}
