//! Which of two shares it is, with as few trials as can be.
//!
//! The sequential probability ratio test (A. Wald, "Sequential tests of statistical hypotheses", 1945): count until
//! the logarithm of how much likelier the hits are at the larger share than at the smaller one leaves a strip. Of all
//! tests with these errors it needs the fewest trials on average where either share is the true one (Wald and
//! Wolfowitz, 1948); in between it needs most, so it has a cap, and reaching it is no decision.
//!
//! The strip is Wald's own: the errors together stay below `alpha + beta`, each alone below `alpha / (1 - beta)` and
//! `beta / (1 - alpha)`; the cap only makes them smaller. For shares below `p0` and above `p1` they are smaller still.

use serde::{Deserialize, Serialize};

use crate::math::{ln, ln_1p};

/// A question with two answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sprt {
    /// The smaller share.
    pub p0: f64,
    /// The larger share.
    pub p1: f64,
    /// How likely [`Decision::AtLeastP1`] may be if the share is `p0` or less.
    pub alpha: f64,
    /// How likely [`Decision::AtMostP0`] may be if the share is `p1` or more.
    pub beta: f64,
    /// After so many trials it stays open.
    pub cap: u64,
}

/// What the trials have shown so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Decision {
    /// Nothing yet: count on.
    Undecided,
    /// It is not as large as `p1`.
    AtMostP0,
    /// It is larger than `p0`.
    AtLeastP1,
    /// All trials were spent without an answer.
    Capped,
}

impl Sprt {
    /// What `hits` in `trials` show. The errors are those of the first answer that is not [`Decision::Undecided`],
    /// asked after every trial or after every few.
    ///
    /// # Panics
    ///
    /// If there are more hits than trials, or unless 0 < `p0` < `p1` < 1 and both errors are positive and below one
    /// together.
    #[must_use]
    pub fn decide(&self, hits: u64, trials: u64) -> Decision {
        let ratio = self.log_ratio(hits, trials);
        if ln((1.0 - self.beta) / self.alpha) <= ratio {
            Decision::AtLeastP1
        } else if ratio <= ln(self.beta / (1.0 - self.alpha)) {
            Decision::AtMostP0
        } else if self.cap <= trials {
            Decision::Capped
        } else {
            Decision::Undecided
        }
    }

    /// The logarithm of how much likelier the hits are at `p1` than at `p0`.
    ///
    /// # Panics
    ///
    /// As [`Sprt::decide`].
    #[must_use]
    pub fn log_ratio(&self, hits: u64, trials: u64) -> f64 {
        let Self {
            p0,
            p1,
            alpha,
            beta,
            ..
        } = *self;
        assert!(hits <= trials, "{hits} hits in {trials} trials");
        assert!(
            0.0 < p0 && p0 < p1 && p1 < 1.0,
            "a test of {p0} against {p1}"
        );
        assert!(
            0.0 < alpha && 0.0 < beta && alpha + beta < 1.0,
            "errors of {alpha} and {beta}"
        );
        hits as f64 * ln(p1 / p0) + (trials - hits) as f64 * (ln_1p(-p1) - ln_1p(-p0))
    }
}
