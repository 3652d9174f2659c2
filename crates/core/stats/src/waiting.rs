//! How long it takes, while some are still waiting.
//!
//! Of those who wait it is known only that it takes them longer than they have waited so far. Counting who was done says
//! that all is well as long as nobody gets through; counting the waits as answers says that it is quicker than it is. The
//! product-limit estimator uses both as what they are: at each time that an answer took, the chance of an answer then,
//! given none before, is taken of those who had waited as long.
//!
//! Source: E. L. Kaplan and P. Meier, Nonparametric estimation from incomplete observations, Journal of the American
//! Statistical Association 53 (1958). Who was lost counts as never, as everywhere.

use crate::sketch::{Bucket, Sketch};

/// An answer to "how long does it take a share of them at most?" while some are still waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SoFar {
    /// Nobody came.
    Empty,
    /// This long, ns.
    At(f64),
    /// Longer than the longest wait so far, ns: nobody knows yet how much.
    Beyond(f64),
    /// So many were lost that no time is long enough.
    Never,
}

/// The time that a share `q` stays at or below: of those in `times`, of `lost` ones, and of those who have waited so long
/// and still do (`waiting`: ns and how many, in any order). As exact as the sketch.
///
/// # Panics
///
/// If `q` is outside 0..=1.
#[must_use]
pub fn quantile_so_far(times: &impl Sketch, lost: u64, waiting: &[(u64, u64)], q: f64) -> SoFar {
    assert!((0.0..=1.0).contains(&q), "a quantile at {q}");
    let mut waiting = waiting.to_vec();
    waiting.sort_unstable();
    let inside: u64 = waiting.iter().map(|(_, count)| count).sum();
    let mut at_risk = times.count() + lost + inside;
    if at_risk == 0 {
        return SoFar::Empty;
    }
    // The share for whom it takes longer than what was looked at so far.
    let mut longer = 1.0;
    let mut waits = waiting.iter().peekable();
    for Bucket { low, high, count } in times.buckets() {
        while let Some((_, count)) = waits.next_if(|(so_far, _)| *so_far < low) {
            at_risk -= count;
        }
        let left = longer * (1.0 - count as f64 / at_risk as f64);
        if 1.0 - q >= left {
            // Inside a bucket they spread evenly.
            let part = (longer - (1.0 - q)) / (longer - left);
            return SoFar::At(low as f64 + part * (high - low) as f64);
        }
        at_risk -= count;
        longer = left;
    }
    // What is left is lost, or waits: if all who wait were answered now, would it be enough?
    let behind: u64 = waits.map(|(_, count)| count).sum();
    let never = if at_risk == 0 {
        0.0
    } else {
        longer * lost as f64 / (lost + behind).max(1) as f64
    };
    match waiting.last() {
        Some((so_far, _)) if never <= 1.0 - q => SoFar::Beyond(*so_far as f64),
        _ => SoFar::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::Histogram;

    fn sketch(values: &[u64]) -> Histogram {
        let mut all = Histogram::new();
        for value in values {
            all.add(*value);
        }
        all
    }

    #[track_caller]
    fn near(found: SoFar, wanted: f64) {
        let SoFar::At(found) = found else {
            panic!("{found:?} instead of {wanted}")
        };
        assert!((found / wanted - 1.0).abs() < 0.02, "{found} for {wanted}");
    }

    /// Remission of leukaemia under 6-mercaptopurine, in weeks (Freireich and others, 1963), as every textbook has it:
    /// 21 patients, 9 relapses, 12 still well; S(6) = 0.857, S(7) = 0.807, S(10) = 0.753, S(13) = 0.690, S(16) = 0.627,
    /// S(22) = 0.538, S(23) = 0.448, so half relapse within 23 weeks.
    #[test]
    fn the_textbooks_patients() {
        let done = sketch(&[6, 6, 6, 7, 10, 13, 16, 22, 23].map(|week| week * 1_000_000));
        let still: Vec<(u64, u64)> = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
            .map(|week| (week * 1_000_000 + 100_000, 1))
            .into();
        let at = |q: f64| quantile_so_far(&done, 0, &still, q);
        for (survive, week) in [
            (0.857, 6.0),
            (0.807, 7.0),
            (0.753, 10.0),
            (0.690, 13.0),
            (0.627, 16.0),
            (0.538, 22.0),
            (0.448, 23.0),
        ] {
            near(at(1.0 - survive - 0.0006), week * 1e6);
        }
        near(at(0.5), 23e6);
        // Beyond 0.448 nobody knows: the longest is well for 35 weeks.
        assert_eq!(at(0.56), SoFar::Beyond(35_100_000.0));
    }

    /// Without anybody who waits it is the plain quantile, lost ones never.
    #[test]
    fn nobody_waits() {
        let done = sketch(&[100, 200, 300, 400].map(|ms| ms * 1_000_000));
        near(quantile_so_far(&done, 0, &[], 0.5), 200e6);
        near(quantile_so_far(&done, 4, &[], 0.25), 200e6);
        assert_eq!(quantile_so_far(&done, 4, &[], 0.6), SoFar::Never);
        assert_eq!(quantile_so_far(&sketch(&[]), 0, &[], 0.5), SoFar::Empty);
        assert_eq!(quantile_so_far(&sketch(&[]), 3, &[], 0.5), SoFar::Never);
    }

    /// While nobody gets through, the wait so far is all that is known; most of those lost are lost for good.
    #[test]
    fn a_line_that_stands() {
        let minute = 60_000_000_000;
        let line = [(3 * minute, 2), (9 * minute, 1), (minute, 4)];
        let one = sketch(&[69_000_000_000]);
        let found = quantile_so_far(&one, 0, &line, 0.5);
        assert_eq!(found, SoFar::Beyond(9.0 * 60e9));
        assert_eq!(quantile_so_far(&one, 40, &line, 0.5), SoFar::Never);
    }

    /// Those who have only just come say nothing, and change nothing.
    #[test]
    fn who_has_just_come_says_nothing() {
        let done = sketch(&[100, 200, 300, 400].map(|ms| ms * 1_000_000));
        for q in [0.2, 0.5, 0.9] {
            let alone = quantile_so_far(&done, 0, &[], q);
            assert_eq!(quantile_so_far(&done, 0, &[(0, 1000)], q), alone);
        }
    }
}
