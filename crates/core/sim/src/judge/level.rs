//! A level over time: its lowest and highest value in every slot.

use super::rule::{Measure, Rule};
use super::window::{Found, Grid, SLOTS_PER_WINDOW, overlaps, parts_outside};
use super::{DAY_NS, Level, Timeline};
use crate::outcome::Op;
use serde::{Deserialize, Serialize};

/// The lowest and the highest value of a slot; none before the first value.
pub(super) type Range = Option<(f64, f64)>;

/// A level of one service, as one condition sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct LevelTrack {
    pub(super) rule: Rule,
    grid: Grid,
    from_ns: u64,
    slots: Vec<Range>,
    /// The value since then.
    value: Option<f64>,
    since_ns: u64,
}

impl LevelTrack {
    pub(super) fn new(rule: Rule, timeline: &Timeline) -> Option<Self> {
        Some(Self {
            rule,
            grid: Grid::new(rule.over_ns, timeline)?,
            from_ns: timeline.from_ns,
            slots: Vec::new(),
            value: None,
            since_ns: 0,
        })
    }

    #[inline]
    pub(super) fn change(&mut self, level: Level, now_ns: u64, value: f64) {
        if self.rule.measure == Measure::Level(level) && self.value != Some(value) {
            self.end(now_ns);
            self.value = Some(value);
        }
    }

    /// The value has stood until now. What was changed again in the same instant never stood.
    pub(super) fn end(&mut self, now_ns: u64) {
        let since = self.since_ns.max(self.from_ns);
        self.since_ns = now_ns;
        let Some(value) = self.value else { return };
        if now_ns <= since {
            return;
        }
        let (first, last) = (self.grid.slot(since), self.grid.slot(now_ns - 1));
        if self.slots.len() <= last {
            self.slots.resize(last + 1, None);
        }
        for slot in first..=last {
            let (least, most) = if self.rule.measure == Measure::Level(Level::Age) {
                // What grows by itself is lowest where it comes into the slot and highest where it leaves.
                let age = |at: u64| if value < 0.0 { 0.0 } else { at as f64 - value };
                let (start, end) = (self.grid.at(slot), self.grid.at(slot + 1));
                (
                    age(since.max(start.max(0) as u64)),
                    age(now_ns.min(end.max(0) as u64)),
                )
            } else {
                (value, value)
            };
            let (low, high) = self.slots[slot].unwrap_or((least, most));
            self.slots[slot] = Some((low.min(least), high.max(most)));
        }
    }

    /// The slots of a day that was simulated whole.
    pub(super) fn day(&self, day: (i64, i64)) -> Vec<Range> {
        let slots = self.grid.slot_from(day.0)..self.grid.slot_from(day.1);
        slots
            .map(|slot| self.slots.get(slot).copied().flatten())
            .collect()
    }

    pub(super) fn judge(
        &self,
        timeline: &Timeline,
        left_out: &[(i64, i64)],
        quiet: Option<&[Range]>,
    ) -> Found {
        let mut found = Found::default();
        let (from, end) = (timeline.from_ns as i64, timeline.end_ns as i64);
        let first = self.grid.slot_from(from);
        let last = (self.grid.slots_to(end) + 1).saturating_sub(SLOTS_PER_WINDOW);
        if DAY_NS <= self.rule.over_ns || last <= first {
            let quiet = quiet.filter(|_| DAY_NS <= self.rule.over_ns);
            for &day in &timeline.days {
                let simulated = (day.0.max(from), day.1.min(end));
                self.whole(&mut found, timeline, (day, simulated), left_out, quiet);
            }
        } else {
            for slot in first..last {
                let window = (self.grid.at(slot), self.grid.at(slot + SLOTS_PER_WINDOW));
                if !overlaps(left_out, window.0, window.1) {
                    self.note(
                        &mut found,
                        timeline,
                        window,
                        self.range(slot, slot + SLOTS_PER_WINDOW),
                    );
                }
            }
        }
        found
    }

    fn whole(
        &self,
        found: &mut Found,
        timeline: &Timeline,
        (day, simulated): ((i64, i64), (i64, i64)),
        left_out: &[(i64, i64)],
        quiet: Option<&[Range]>,
    ) {
        if simulated.1 <= simulated.0 {
            return;
        }
        let slots = self.grid.slot(simulated.0.max(0) as u64)..self.grid.slot_from(simulated.1);
        let kept = slots.filter(|&slot| {
            let (from, to) = (self.grid.at(slot), self.grid.at(slot + 1));
            !overlaps(left_out, from.max(simulated.0), to.min(simulated.1))
        });
        let own = kept.filter_map(|slot| self.range(slot, slot + 1));
        let Some(quiet) = quiet else {
            return self.note(found, timeline, simulated, own.reduce(wider));
        };
        let rest = parts_outside(day, simulated, left_out)
            .filter_map(|(slot, _)| quiet.get(slot).copied().flatten());
        self.note(found, timeline, day, own.chain(rest).reduce(wider));
    }

    fn note(
        &self,
        found: &mut Found,
        timeline: &Timeline,
        window: (i64, i64),
        range: Option<(f64, f64)>,
    ) {
        if let Some((low, high)) = range {
            let worst = if self.rule.badness(low) < self.rule.badness(high) {
                high
            } else {
                low
            };
            let holds = self.holds(low, high);
            found.note(&self.rule, timeline, window, holds, Some(worst));
        }
    }

    fn holds(&self, low: f64, high: f64) -> bool {
        match self.rule.op {
            Op::Less | Op::AtMost => self.rule.holds(high),
            Op::More | Op::AtLeast => self.rule.holds(low),
            Op::Equal => self.rule.holds(low) && self.rule.holds(high),
        }
    }

    fn range(&self, from: usize, to: usize) -> Option<(f64, f64)> {
        let slots = self.slots.get(from..to.min(self.slots.len()))?;
        slots.iter().copied().flatten().reduce(wider)
    }

    /// The end of the last slot in `[from_ns, to_ns)` in which the condition did not hold.
    pub(super) fn last_broken(&self, from_ns: i64, to_ns: i64) -> Option<i64> {
        let slots = self.grid.slot_from(from_ns)..self.grid.slot_from(to_ns);
        slots.rev().find_map(|slot| {
            let (low, high) = self.range(slot, slot + 1)?;
            (!self.holds(low, high)).then(|| self.grid.at(slot + 1))
        })
    }
}

fn wider(a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (a.0.min(b.0), a.1.max(b.1))
}
