//! How long a backlog takes to be what it was before a disturbance.
//!
//! The backlog is looked at once a second. Normal is its median in the hour before the disturbance; it has drained at the
//! first look after the disturbance at which it is at most that. Longer runs than three days are looked at more
//! rarely, so that memory stays below 2 MiB.

use super::recovery::{Seen, Spell};
use serde::{Deserialize, Serialize};

/// Time between two looks, ns, as long as there are at most [`MOST_LOOKS`] of them.
const STEP_NS: u64 = 1_000_000_000;
const MOST_LOOKS: usize = 1 << 18;

/// So long before the disturbance is normal, ns.
const BEFORE_NS: u64 = 3_600_000_000_000;

/// The backlog of one topic over time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DrainTrack {
    step_ns: u64,
    /// The backlog at 0, one step, two steps ...
    looks: Vec<u64>,
    value: u64,
}

impl DrainTrack {
    pub(super) fn new() -> Self {
        Self {
            step_ns: STEP_NS,
            looks: Vec::new(),
            value: 0,
        }
    }

    /// From now on the backlog is that.
    pub(super) fn change(&mut self, now_ns: u64, value: u64) {
        self.until(now_ns);
        self.value = value;
    }

    /// It has stood until now.
    pub(super) fn until(&mut self, now_ns: u64) {
        while self.looks.len() as u64 * self.step_ns < now_ns {
            if self.looks.len() == MOST_LOOKS {
                let mut nth = 0;
                self.looks.retain(|_| {
                    nth += 1;
                    nth % 2 == 1
                });
                self.step_ns *= 2;
                continue;
            }
            self.looks.push(self.value);
        }
    }

    /// The looks in `[from_ns, to_ns)` and when they were taken.
    fn between(&self, from_ns: u64, to_ns: u64) -> impl Iterator<Item = (u64, u64)> {
        let first = from_ns.div_ceil(self.step_ns) as usize;
        let last = (to_ns.div_ceil(self.step_ns) as usize).min(self.looks.len());
        (first..last).map(|at| (at as u64 * self.step_ns, self.looks[at]))
    }

    /// When the backlog was normal again after a spell; none if nothing is known of what is normal.
    pub(super) fn drained(&self, spell: &Spell, from_ns: u64) -> Option<Seen> {
        let start = spell.from_ns.max(0) as u64;
        let floor = start.saturating_sub(BEFORE_NS).max(from_ns);
        let mut before: Vec<u64> = self.between(floor, start).map(|look| look.1).collect();
        before.sort_unstable();
        let normal = *before.get(before.len().checked_sub(1)? / 2)?;
        let until = spell.until_ns?;
        let mut after = self.between(until, spell.horizon_ns);
        Some(
            after
                .find(|look| look.1 <= normal)
                .map_or(Seen::NotBefore(spell.horizon_ns), |look| Seen::At(look.0)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    /// Five messages are normal; a disturbance from 100 s to 200 s leaves 50, which fall by one every second.
    #[test]
    fn a_backlog_has_drained_when_it_is_what_it_was() {
        let mut track = DrainTrack::new();
        track.change(0, 5);
        track.change(150 * SECOND, 50);
        for n in 0..50 {
            track.change((200 + n) * SECOND + 1, 49 - n);
        }
        track.until(400 * SECOND);
        let spell = Spell {
            from_ns: 100 * SECOND as i64,
            until_ns: Some(200 * SECOND),
            horizon_ns: 400 * SECOND,
        };
        // 49 - n = 5 at n = 44: the value from 244 s and 1 ns on, seen at 245 s.
        assert_eq!(track.drained(&spell, 0), Some(Seen::At(245 * SECOND)));
        // Without anything before it, nothing is normal.
        assert_eq!(track.drained(&spell, 100 * SECOND), None);
        let early = Spell {
            horizon_ns: 230 * SECOND,
            ..spell
        };
        let seen = track.drained(&early, 0);
        assert_eq!(seen, Some(Seen::NotBefore(230 * SECOND)));
    }

    /// A long run keeps every second look, and the same answer to the step.
    #[test]
    fn long_runs_are_looked_at_more_rarely() {
        let mut track = DrainTrack::new();
        track.change(0, 3);
        track.change(300_000 * SECOND, 9);
        track.until(400_000 * SECOND);
        assert_eq!(track.step_ns, 2 * SECOND);
        let at = |second: u64| track.looks[(second / 2) as usize];
        assert_eq!((at(299_998), at(300_002)), (3, 9));
    }
}
