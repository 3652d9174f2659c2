//! Student's t distribution.

use crate::math::{Tails, beta_quantile, beta_tails};

/// The distribution function of Student's t with `freedom` degrees of freedom at `t`: both tails.
#[must_use]
pub fn student_tails(freedom: f64, t: f64) -> Tails {
    // Beyond |t| on both sides lies the beta distribution's lower tail at freedom / (freedom + t^2).
    let square = t * t;
    let outside = if square <= freedom {
        beta_tails(0.5, 0.5 * freedom, square / (freedom + square)).upper
    } else {
        beta_tails(0.5 * freedom, 0.5, freedom / (freedom + square)).lower
    };
    let tail = 0.5 * outside;
    if t < 0.0 {
        Tails::of_lower(tail)
    } else {
        Tails::of_upper(tail)
    }
}

/// The value that Student's t with `freedom` degrees of freedom stays below with probability
/// `wanted.lower`.
#[must_use]
pub fn student_quantile(freedom: f64, wanted: Tails) -> f64 {
    let tail = wanted.lower.min(wanted.upper);
    if tail <= 0.0 {
        return if wanted.lower < wanted.upper {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        };
    }
    let outside = 2.0 * tail;
    // y = t^2 / (freedom + t^2); near 1 its complement is the number that keeps its digits.
    let y = beta_quantile(0.5, 0.5 * freedom, Tails::of_upper(outside));
    let square = if y <= 0.5 {
        freedom * y / (1.0 - y)
    } else {
        let x = beta_quantile(0.5 * freedom, 0.5, Tails::of_lower(outside));
        freedom * (1.0 - x) / x
    };
    if wanted.lower < wanted.upper {
        -square.sqrt()
    } else {
        square.sqrt()
    }
}
