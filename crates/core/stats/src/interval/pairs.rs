//! The difference of two shares that were counted on the same cases, such as one seed before and after an edit.
//!
//! Only pairs that differ say anything about the difference, which is `d (2 a - 1)`: d is the share of pairs that
//! differ, and a the share of them in which only the second hit. Given how many pairs differ, a has the
//! exact interval of Clopper and Pearson (1934), as McNemar's exact test has it; so has d. Each takes half of the
//! error (Bonferroni), and the difference is monotone in either while the other is fixed, so its ends lie at corners:
//! the truth is inside at least as often as said, at any number of pairs. The sign is called exactly when
//! McNemar's exact test at half the error calls it. Tango's score interval (1998) is narrower and only nearly holds.

use serde::{Deserialize, Serialize};

use super::{Interval, clopper_pearson};

/// How often which of two hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    /// Pairs in which both hit.
    pub both: u64,
    /// Pairs in which only the first hit.
    pub only_before: u64,
    /// Pairs in which only the second hit.
    pub only_after: u64,
    /// Pairs in which neither hit.
    pub neither: u64,
}

impl Pairs {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.both + self.only_before + self.only_after + self.neither
    }

    /// Where the share of hits after, less the share before, may lie: -1 to 1 if there are no pairs.
    ///
    /// # Panics
    ///
    /// If `confidence` is not strictly between 0 and 1.
    #[must_use]
    pub fn difference(&self, confidence: f64) -> Interval {
        let each = 0.5 + 0.5 * confidence;
        let discordant = self.only_before + self.only_after;
        let differ = clopper_pearson(discordant, self.count(), each);
        let after = clopper_pearson(self.only_after, discordant, each);
        // Which way a differing pair leans on average, times how many differ: towards either end as many as can be,
        // or as few if even there it leans the other way.
        let (low, high) = (2.0 * after.low - 1.0, 2.0 * after.high - 1.0);
        Interval {
            low: low * if low < 0.0 { differ.high } else { differ.low },
            high: high * if high < 0.0 { differ.low } else { differ.high },
        }
    }
}
