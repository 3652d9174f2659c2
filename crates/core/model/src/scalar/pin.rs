//! What nobody knows exactly, taken for known: the same scalar with its unknown constants at one point of their ranges.
//!
//! A range is an unknown constant; a verdict that is to hold over all of it is asked for at its ends, and between. All
//! ranges of one scalar go together: at [`Within::Low`] each of them is at its lower end. A scalar that has no range but is
//! marked as a guess is scaled as a whole, by factors that the file's `defaults.guess` gives; counts and bare
//! numbers have no dimension and stay.

use worstday_stats::math;

use super::{Quantity, Scalar};

/// A point of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Within {
    /// Its lower end.
    Low,
    /// Its best estimate.
    Best,
    /// Its upper end.
    High,
    /// So far from the lower end (0) to the upper end (1), in equal ratios if the lower end is above zero, else in equal
    /// differences, to six digits; beyond the ends it is the end.
    At(f64),
}

/// Where the unknown constants of a scalar are to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pin {
    /// Where in their ranges.
    pub to: Within,
    /// The range of what has none, as factors of its value: what a guess is taken for.
    pub guess: Option<(f64, f64)>,
}

impl Pin {
    /// The number at that point of a range.
    pub(crate) fn of(self, low: f64, best: f64, high: f64) -> f64 {
        match self.to {
            Within::Low => low,
            Within::Best => best,
            Within::High => high,
            Within::At(at) if at <= 0.0 => low,
            Within::At(at) if at < 1.0 => {
                let there = if 0.0 < low {
                    low * math::exp(at * math::ln(high / low))
                } else {
                    low + at * (high - low)
                };
                // As a person would write it: nobody reads the digits behind the sixth.
                let there = format!("{there:.5e}").parse().unwrap_or(there);
                there.clamp(low, high)
            }
            Within::At(_) => high,
        }
    }

    /// A guess without a range, at that point.
    pub(crate) fn guessed<Q: Quantity>(self, best: Q) -> Option<Q> {
        let (low, high) = self.guess?;
        if Q::BARE {
            return None;
        }
        best.times(self.of(low, 1.0, high))
    }

    /// Parts of a scalar that are pinned together.
    pub(crate) fn parts(self) -> Parts {
        Parts {
            pin: self,
            any: false,
        }
    }
}

/// Pins the parts of a scalar, and remembers whether there was anything to pin.
pub(crate) struct Parts {
    pin: Pin,
    any: bool,
}

impl Parts {
    /// The part, pinned if there is something unknown in it.
    pub(crate) fn of<T: Scalar + Clone>(&mut self, part: &T) -> T {
        match part.pin(self.pin) {
            Some(pinned) => {
                self.any = true;
                pinned
            }
            None => part.clone(),
        }
    }

    /// The whole, if anything in it was unknown.
    pub(crate) fn whole<T>(self, whole: T) -> Option<T> {
        self.any.then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::{
        Admission, Count, Dist, Duration, Every, Lasting, Number, Patience, Peak, Rate, Ratio,
        Uncertain,
    };

    fn pinned<T: Scalar>(text: &str, to: Within) -> Option<String> {
        let value = T::parse(text).expect(text);
        let pin = Pin { to, guess: None };
        value.pin(pin).map(|value| value.to_string())
    }

    fn guessed<T: Scalar>(text: &str, to: Within) -> Option<String> {
        let guess = Some((0.5, 2.0));
        let pinned = T::parse(text).expect(text).pin(Pin { to, guess });
        pinned.map(|value| value.to_string())
    }

    /// Each kind of scalar with something unknown in it, at its ends: computed by hand.
    #[test]
    fn what_is_unknown_goes_to_its_ends() {
        let ends =
            |low: &str, best: &str, high: &str| [low, best, high].map(|text| Some(text.to_owned()));
        let all =
            |pin: fn(Within) -> Option<String>| [Within::Low, Within::Best, Within::High].map(pin);
        assert_eq!(
            all(|to| pinned::<Uncertain<Duration>>("3s in 1s..8s", to)),
            ends("1s", "3s", "8s")
        );
        assert_eq!(
            all(|to| pinned::<Uncertain<Count>>("2..8", to)),
            ends("2", "4", "8")
        );
        assert_eq!(
            all(|to| pinned::<Dist<Duration>>("4ms cv 0.5 in 0.25..2", to)),
            ends("4ms cv 0.25", "4ms cv 0.5", "4ms cv 2")
        );
        assert_eq!(
            all(|to| pinned::<Dist<Duration>>("p50 4ms p99 40ms ± 25%", to)),
            ends("p50 3ms p99 30ms", "p50 4ms p99 40ms", "p50 5ms p99 50ms")
        );
        assert_eq!(
            all(|to| pinned::<Dist<Duration>>("uniform 1s..2s to 5s in 4s..9s", to)),
            ends(
                "uniform 1s to 4s",
                "uniform 1.414213562s to 5s",
                "uniform 2s to 9s"
            )
        );
        assert_eq!(
            all(|to| pinned::<Every>("2 months in 1 month..1 year per replica", to)),
            ends(
                "1 month per replica",
                "2 months per replica",
                "1 year per replica"
            )
        );
        assert_eq!(
            all(|to| pinned::<Lasting>("exponential 1h in 30m..4h", to)),
            ends("exponential 30m", "exponential 1h", "exponential 4h")
        );
        assert_eq!(
            all(|to| pinned::<Peak>("100/s in 50/s..200/s at 12:00 width 2h", to)),
            ends(
                "50/s at 12:00 width 2h",
                "100/s at 12:00 width 2h",
                "200/s at 12:00 width 2h"
            )
        );
        assert_eq!(
            all(|to| pinned::<Admission>("100/s burst 4 in 2..8", to)),
            ends("100/s burst 2", "100/s burst 4", "100/s burst 8")
        );
        assert_eq!(
            all(|to| pinned::<Patience>("10m in 5m..15m cv 1 while queued", to)),
            ends(
                "5m cv 1 while queued",
                "10m cv 1 while queued",
                "15m cv 1 while queued"
            )
        );
        for known in ["3s", "0s"] {
            assert_eq!(pinned::<Uncertain<Duration>>(known, Within::High), None);
        }
        assert_eq!(pinned::<Lasting>("until repaired", Within::High), None);
    }

    /// Between its ends a range goes in equal ratios, from zero in equal differences, and never beyond.
    #[test]
    fn ranges_are_crossed_evenly() {
        for (text, at, expected) in [
            ("1/s..100/s", 0.5, "10/s"),
            ("9/s in 1/s..100/s", 0.5, "10/s"),
            ("0/s..100/s", 0.25, "25/s"),
            ("1/s..100/s", -1.0, "1/s"),
            ("1/s..100/s", 7.0, "100/s"),
        ] {
            let found = pinned::<Uncertain<Rate>>(text, Within::At(at));
            assert_eq!(found.as_deref(), Some(expected), "{text} at {at}");
        }
    }

    /// A guess without a range is half to twice what it says; what has no dimension stays, and a share is at most all of it.
    #[test]
    fn guesses_are_scaled() {
        let high = Within::High;
        assert_eq!(
            guessed::<Uncertain<Duration>>("3s", high).as_deref(),
            Some("6s")
        );
        assert_eq!(
            guessed::<Dist<Duration>>("4ms cv 0.8", Within::Low).as_deref(),
            Some("2ms cv 0.8")
        );
        assert_eq!(
            guessed::<Uncertain<Ratio>>("60%", high).as_deref(),
            Some("100%")
        );
        assert_eq!(
            guessed::<Uncertain<Ratio>>("120%", high).as_deref(),
            Some("240%")
        );
        assert_eq!(guessed::<Uncertain<Count>>("3", high), None);
        assert_eq!(guessed::<Uncertain<Number>>("3", high), None);
        assert_eq!(guessed::<Lasting>("until repaired", high), None);
    }
}
