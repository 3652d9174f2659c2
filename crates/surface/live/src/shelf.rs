//! Moments to step back to.
//!
//! A moment is kept about every simulated minute, and right before everything that is done by hand. There is only so much
//! room: when it is full, the moment goes whose neighbours are closest for its age, so that what is left lies close together
//! lately and further apart long ago. The first one always stays.

use std::sync::Arc;

use worstday_sim::Snapshot;

use crate::observer::Probe;
use crate::story::Story;

/// Most moments.
pub const MOMENTS: usize = 64;
/// Most bytes of all of them together, roughly.
pub const BYTES: usize = 384 << 20;

/// A moment of one arm.
#[derive(Debug)]
pub struct Moment {
    /// When, ns on the run's clock.
    pub now_ns: u64,
    /// Everything that changes.
    pub snapshot: Snapshot,
    /// Who watched.
    pub probe: Probe,
    /// What was going on.
    pub story: Story,
    /// Points of the time line that were there.
    pub points: usize,
    /// Entries of the log that were there.
    pub log: usize,
    /// Right before something that was done by hand.
    pub by_hand: bool,
    /// About so many bytes.
    pub bytes: usize,
}

/// The moments of one arm, in order. Arms share those of their common past.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    moments: Vec<Arc<Moment>>,
}

impl Shelf {
    /// Keeps a moment.
    pub fn put(&mut self, moment: Moment) {
        // Of two at one instant the later one has seen more of it.
        self.moments
            .retain(|other| other.now_ns < moment.now_ns || other.by_hand);
        self.moments.push(Arc::new(moment));
        while self.moments.len() > MOMENTS || (self.bytes() > BYTES && self.moments.len() > 2) {
            let at = self.least_missed();
            self.moments.remove(at);
        }
    }

    fn bytes(&self) -> usize {
        self.moments.iter().map(|moment| moment.bytes).sum()
    }

    fn least_missed(&self) -> usize {
        let all = self.moments.iter();
        let all: Vec<(u64, bool)> = all.map(|moment| (moment.now_ns, moment.by_hand)).collect();
        least_missed(&all)
    }

    /// The last moment at or before an instant.
    #[must_use]
    pub fn before(&self, at_ns: u64) -> Option<Arc<Moment>> {
        let moments = self.moments.iter().rev();
        moments
            .into_iter()
            .find(|moment| moment.now_ns <= at_ns)
            .cloned()
    }

    /// Forgets what came after an instant.
    pub fn forget_after(&mut self, at_ns: u64) {
        self.moments.retain(|moment| moment.now_ns <= at_ns);
    }

    /// When they are, ns.
    pub fn times(&self) -> impl Iterator<Item = u64> + '_ {
        self.moments.iter().map(|moment| moment.now_ns)
    }

    /// When the last one is, ns.
    #[must_use]
    pub fn last_ns(&self) -> Option<u64> {
        self.moments.last().map(|moment| moment.now_ns)
    }
}

/// Which one of (instant, before something by hand) to let go: never the first or the last.
fn least_missed(all: &[(u64, bool)]) -> usize {
    let last = all.last().map_or(0, |moment| moment.0);
    let missed = |at: usize| {
        let gap = all[at + 1].0 - all[at - 1].0;
        let age = last - all[at].0;
        let worth = if all[at].1 { 4.0 } else { 1.0 };
        worth * gap as f64 / (age as f64 + 60e9)
    };
    (1..all.len().saturating_sub(1))
        .min_by(|&a, &b| missed(a).total_cmp(&missed(b)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    /// After a day of minutes, what is left reaches back to the start, lies a minute apart lately, and nowhere much
    /// further apart than it is long ago.
    #[test]
    fn what_is_left_is_finer_the_later_it_is() {
        let mut all: Vec<(u64, bool)> = Vec::new();
        for minute in 0..24 * 60 {
            all.push((minute * MINUTE, minute == 700));
            if all.len() > MOMENTS {
                all.remove(least_missed(&all));
            }
        }
        assert_eq!((all.len(), all[0].0), (MOMENTS, 0));
        let last = all[all.len() - 1].0;
        for pair in all.windows(2) {
            let (gap, age) = (pair[1].0 - pair[0].0, last - pair[1].0);
            assert!(
                gap <= MINUTE.max(age / 4 + 2 * MINUTE),
                "{} min apart, {} min ago",
                gap / MINUTE,
                age / MINUTE
            );
        }
        assert!(
            all.windows(2)
                .rev()
                .take(3)
                .all(|pair| pair[1].0 - pair[0].0 <= 2 * MINUTE)
        );
        assert!(
            all.iter().any(|moment| moment.1),
            "what was before something by hand stays longer"
        );
    }
}
