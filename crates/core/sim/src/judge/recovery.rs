//! When things are well again after a disturbance.
//!
//! Disturbances that start on one day make one *spell*, from the start of the first to the end of the
//! last. A promise with other conditions has recovered at the first instant since which all of
//! them hold for five minutes: every window that lies in these minutes, or the first one if windows
//! are longer. Otherwise the general rule of the language holds, which a [`Watch`] follows.
//!
//! `recovers` without a time is broken if all was not well again when the run ended, and cannot be told if the run ended,
//! or the next spell began, before anything wrong could be seen after the last disturbance.

use super::level::LevelTrack;
use super::rule::Rule;
use super::sketch::Sketch;
use super::window::{CountTrack, Found};
use super::{DAY_NS, Finished, Timeline};
use crate::outcome::Recovery;
use serde::{Deserialize, Serialize};

/// All conditions must hold for that long, ns.
const HOLD_NS: u64 = 300_000_000_000;

/// Windows of the general rule, ns.
const WINDOW_NS: u64 = 60_000_000_000;

/// So long before the first disturbance is normal, ns.
const BEFORE_NS: u64 = 600_000_000_000;

/// Slots of a watch, ns, as long as there are at most [`MOST_WATCHED`] of them.
const WATCH_SLOT_NS: u64 = 1_000_000_000;

/// Then neighbours merge.
const MOST_WATCHED: usize = 1 << 18;

/// A fault or event.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Disturbance {
    pub(super) from_ns: i64,
    pub(super) until_ns: Option<u64>,
}

/// All disturbances that start on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) from_ns: i64,
    /// None if one of them lasts to the end of the run.
    pub(super) until_ns: Option<u64>,
    /// Recovery is looked for until here: the next spell, or the end of the run.
    pub(super) horizon_ns: u64,
}

impl Spell {
    /// The time that a promise excuses which recovers within `rule`; however long that took, if it may.
    pub(super) fn excused(&self, rule: &Rule, recovered: Option<Seen>) -> (i64, i64) {
        if rule.is_ever() {
            return match recovered {
                Some(Seen::At(at)) => (self.from_ns, at as i64),
                Some(Seen::NotBefore(_)) | None => (self.from_ns, i64::MAX),
            };
        }
        let until = self.until_ns.map_or(i64::MAX, |until| {
            (until as i64).saturating_add(rule.value as i64)
        });
        (self.from_ns, until)
    }
}

/// The spells of a run, by start.
pub(super) fn spells(disturbances: &[Disturbance], timeline: &Timeline) -> Vec<Spell> {
    let end = timeline.end_ns;
    let mut sorted: Vec<_> = disturbances
        .iter()
        .filter(|d| {
            d.from_ns < end as i64 && d.until_ns.is_none_or(|until| timeline.from_ns < until)
        })
        .collect();
    sorted.sort_by_key(|d| (d.from_ns, d.until_ns));
    let mut spells: Vec<Spell> = Vec::new();
    let mut day = None;
    for disturbance in sorted {
        let from_ns = disturbance.from_ns.max(timeline.from_ns as i64);
        let until_ns = disturbance.until_ns.filter(|&until| until < end);
        let this_day = timeline.day_of_window(from_ns + 1);
        match spells.last_mut() {
            // One that reaches into the next day takes what starts there along.
            Some(last)
                if day == Some(this_day)
                    || last.until_ns.is_none_or(|until| from_ns <= until as i64) =>
            {
                last.until_ns = last.until_ns.zip(until_ns).map(|(a, b)| a.max(b));
            }
            _ => spells.push(Spell {
                from_ns,
                until_ns,
                horizon_ns: end,
            }),
        }
        day = Some(this_day);
    }
    for index in 1..spells.len() {
        spells[index - 1].horizon_ns = spells[index].from_ns as u64;
    }
    spells
}

/// What is known of a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Well since then.
    At(u64),
    /// Not well before then; nobody looked further.
    NotBefore(u64),
}

/// The time each spell took, against the rule.
pub(super) fn judge(
    rule: &Rule,
    timeline: &Timeline,
    spells: &[Spell],
    recovered: impl Fn(&Spell) -> Option<Seen>,
) -> Found {
    let mut found = Found::default();
    for spell in spells {
        let (Some(until), Some(seen)) = (spell.until_ns, recovered(spell)) else {
            continue;
        };
        match seen {
            Seen::At(at) => {
                let took = (at - until) as f64;
                found.note(
                    rule,
                    timeline,
                    (until as i64, at as i64),
                    rule.holds(took),
                    Some(took),
                );
            }
            // Whatever came after: it took at least that long. Or it did not end by itself: something was wrong after the
            // last disturbance, and nothing followed it but the end of the run.
            Seen::NotBefore(at)
                if !rule.holds((at - until) as f64)
                    || rule.is_ever()
                        && spell.horizon_ns == timeline.end_ns
                        && WATCH_SLOT_NS < at - until =>
            {
                found.note(
                    rule,
                    timeline,
                    (until as i64, spell.horizon_ns as i64),
                    false,
                    Some(f64::INFINITY),
                );
            }
            Seen::NotBefore(_) => {}
        }
    }
    found
}

/// The instant since which all conditions hold for five minutes.
pub(super) fn since_when(
    spell: &Spell,
    counts: &[&CountTrack],
    levels: &[&LevelTrack],
    at_least: u64,
) -> Option<Seen> {
    let until = spell.until_ns? as i64;
    let horizon = spell.horizon_ns as i64;
    // A window longer than the five minutes starts at the next multiple of its fifth.
    let look = |track: &CountTrack| match track.rule.over_ns {
        over if HOLD_NS < over && over < DAY_NS => (over + over / 5 - 1) as i64,
        _ => HOLD_NS as i64,
    };
    let longest = counts
        .iter()
        .map(|track| look(track))
        .fold(HOLD_NS as i64, i64::max);
    let mut at = until;
    while at + longest <= horizon {
        let broken_counts = counts
            .iter()
            .filter_map(|track| track.last_broken(at, at + look(track), until, at_least));
        let broken_levels = levels
            .iter()
            .filter_map(|track| track.last_broken(at, at + HOLD_NS as i64));
        match broken_counts.chain(broken_levels).max() {
            None => return Some(Seen::At(at as u64)),
            Some(next) => at = next.max(at + 1),
        }
    }
    Some(Seen::NotBefore(at.min(horizon) as u64))
}

/// Follows the general rule of recovery: 95 % answered, and a median of at most twice what it was.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watch {
    from_ns: u64,
    slot_ns: u64,
    slots: Vec<Watched>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Watched {
    sent: u32,
    answered: u32,
    responses: Sketch,
}

impl Watch {
    /// Nothing seen yet; visits sent before `from_ns` are not looked at.
    #[must_use]
    pub fn new(from_ns: u64) -> Self {
        Self {
            from_ns,
            slot_ns: WATCH_SLOT_NS,
            slots: Vec::new(),
        }
    }

    fn slot_mut(&mut self, sent_ns: u64) -> &mut Watched {
        let since = sent_ns - self.from_ns;
        while MOST_WATCHED as u64 <= since / self.slot_ns {
            self.slot_ns *= 2;
            let merged = self.slots.chunks(2).map(|pair| {
                let mut sum = pair[0].clone();
                if let Some(second) = pair.get(1) {
                    sum.sent += second.sent;
                    sum.answered += second.answered;
                    sum.responses.merge(&second.responses);
                }
                sum
            });
            self.slots = merged.collect();
        }
        let index = (since / self.slot_ns) as usize;
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, Watched::default);
        }
        &mut self.slots[index]
    }

    /// A visit is over.
    pub fn record(&mut self, finished: &Finished) {
        if finished.sent_ns < self.from_ns {
            return;
        }
        let slot = self.slot_mut(finished.sent_ns);
        slot.sent += 1;
        if finished.end.is_answered() {
            slot.answered += 1;
            slot.responses.add(finished.response_ns);
        }
    }

    /// A visit is still inside at the end.
    pub fn record_inside(&mut self, sent_ns: u64) {
        if self.from_ns <= sent_ns {
            self.slot_mut(sent_ns).sent += 1;
        }
    }

    /// When things were well again after disturbances from `from_ns` until `until_ns`, looked for until
    /// `end_ns`. Windows begin at the second after `until_ns`; the first good one must have visits.
    #[must_use]
    pub fn recovery(&self, from_ns: u64, until_ns: u64, end_ns: u64) -> Recovery {
        let seen = self.seen(from_ns, until_ns, end_ns);
        Recovery {
            from_ns: until_ns,
            at_ns: match seen {
                Seen::At(at) => Some(at),
                Seen::NotBefore(_) => None,
            },
            horizon_ns: end_ns.saturating_sub(until_ns),
            median_before_ns: self.median_before(from_ns),
        }
    }

    /// Median response time in the ten minutes before.
    fn median_before(&self, from_ns: u64) -> Option<f64> {
        let before = self.between(from_ns.saturating_sub(BEFORE_NS), from_ns);
        median(&before.responses)
    }

    pub(super) fn seen(&self, from_ns: u64, until_ns: u64, end_ns: u64) -> Seen {
        let normal = self.median_before(from_ns);
        let is_good = |window: &Watched| {
            let enough = 95 * u64::from(window.sent) <= 100 * u64::from(window.answered);
            let fast = match (normal, median(&window.responses)) {
                (Some(normal), Some(median)) => median <= 2.0 * normal,
                _ => true,
            };
            enough && fast
        };
        let since = until_ns.saturating_sub(self.from_ns);
        let mut at = self.from_ns + since.div_ceil(self.slot_ns) * self.slot_ns;
        while at + 2 * WINDOW_NS <= end_ns {
            let first = self.between(at, at + WINDOW_NS);
            let next = self.between(at + WINDOW_NS, at + 2 * WINDOW_NS);
            if 0 < first.sent && is_good(&first) && is_good(&next) {
                return Seen::At(at.max(until_ns));
            }
            at += WINDOW_NS;
        }
        Seen::NotBefore(at.min(end_ns).max(until_ns))
    }

    /// Slots that start in `[from_ns, to_ns)`.
    fn between(&self, from_ns: u64, to_ns: u64) -> Watched {
        let slot = |at: u64| at.saturating_sub(self.from_ns).div_ceil(self.slot_ns) as usize;
        let mut sum = Watched::default();
        let to = slot(to_ns).min(self.slots.len());
        for watched in self.slots.get(slot(from_ns)..to).unwrap_or_default() {
            sum.sent += watched.sent;
            sum.answered += watched.answered;
            sum.responses.merge(&watched.responses);
        }
        sum
    }
}

fn median(responses: &Sketch) -> Option<f64> {
    let count = responses.count();
    (count != 0).then(|| responses.at_rank(count.div_ceil(2)))
}
