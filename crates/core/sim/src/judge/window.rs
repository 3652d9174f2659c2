//! Requests counted per slot, and the windows they make.

use super::rule::{Measure, Rule};
use super::sketch::{Sketch, Sum};
use super::{Counted, DAY_NS, DAY_SLOT_NS, End, Finished, Lost, MOST_SLOTS, Timeline};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// With more slots than that the worst value is not kept, only the verdicts.
const MOST_SKETCHES: u64 = 1 << 18;

/// Windows are that many slots long.
pub(super) const SLOTS_PER_WINDOW: usize = 5;

/// What a look at all windows found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// Judged.
    pub(super) windows: u64,
    /// Of these, broken.
    pub(super) broken: u64,
    pub(super) worst: Option<Worst>,
    /// Days of the timeline on which a window broke: the day in which it ends.
    pub(super) broken_days: BTreeSet<usize>,
}

/// The worst value so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worst {
    pub(super) value: f64,
    pub(super) window: (u64, u64),
    holds: bool,
}

impl Found {
    /// A window was judged. The first of several equally bad ones stays.
    pub(super) fn note(
        &mut self,
        rule: &Rule,
        timeline: &Timeline,
        window: (i64, i64),
        holds: bool,
        value: Option<f64>,
    ) {
        self.windows += 1;
        if !holds {
            self.broken_days.insert(timeline.day_of_window(window.1));
        }
        self.broken += u64::from(!holds);
        let Some(value) = value else { return };
        let value = rule.on_the_side(value, holds);
        let rank = |holds: bool, value: f64| (!holds, rule.badness(value));
        if self
            .worst
            .is_none_or(|worst| rank(worst.holds, worst.value) < rank(holds, value))
        {
            self.worst = Some(Worst {
                value,
                window: (window.0.max(0) as u64, window.1.max(0) as u64),
                holds,
            });
        }
    }
}

/// Intervals in order, joined where they touch.
pub(super) fn union(mut intervals: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    intervals.retain(|interval| interval.0 < interval.1);
    intervals.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(intervals.len());
    for next in intervals {
        match joined.last_mut() {
            Some(last) if next.0 <= last.1 => last.1 = last.1.max(next.1),
            _ => joined.push(next),
        }
    }
    joined
}

/// Whether `[from, to)` has a moment in one of the intervals, which are a [`union`].
pub(super) fn overlaps(intervals: &[(i64, i64)], from: i64, to: i64) -> bool {
    let next = intervals.partition_point(|interval| interval.1 <= from);
    intervals.get(next).is_some_and(|interval| interval.0 < to)
}

/// How time is cut: slot 0 is the first that has a counted instant.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Grid {
    /// Start of slot 0.
    start_ns: i64,
    step_ns: u64,
}

impl Grid {
    /// Slots for windows of `over_ns`; none if there would be too many.
    pub(super) fn new(over_ns: u64, timeline: &Timeline) -> Option<Self> {
        let step_ns = if DAY_NS <= over_ns {
            DAY_SLOT_NS
        } else {
            (over_ns / SLOTS_PER_WINDOW as u64).max(1)
        };
        let origin = timeline.origin_ns();
        let before = timeline.from_ns as i64 - origin;
        let start_ns = origin + before / step_ns as i64 * step_ns as i64;
        let slots = (timeline.end_ns as i64 - start_ns) as u64 / step_ns;
        (slots < MOST_SLOTS).then_some(Self { start_ns, step_ns })
    }

    #[inline]
    pub(super) fn slot(&self, at_ns: u64) -> usize {
        ((at_ns as i64 - self.start_ns) as u64 / self.step_ns) as usize
    }

    /// First instant of a slot.
    pub(super) fn at(&self, slot: usize) -> i64 {
        self.start_ns + slot as i64 * self.step_ns as i64
    }

    /// The first slot that starts at or after an instant.
    pub(super) fn slot_from(&self, at_ns: i64) -> usize {
        let since = (at_ns - self.start_ns).max(0) as u64;
        since.div_ceil(self.step_ns) as usize
    }

    /// One past the last slot that ends at or before an instant.
    pub(super) fn slots_to(&self, at_ns: i64) -> usize {
        let since = (at_ns - self.start_ns).max(0) as u64;
        (since / self.step_ns) as usize
    }

    fn slots_in_all(&self, end_ns: u64) -> u64 {
        (end_ns as i64 - self.start_ns).max(0) as u64 / self.step_ns
    }
}

/// What was sent in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Slot {
    sent: u64,
    answered: u64,
    degraded: u64,
    failed: u64,
    shed: u64,
    abandoned: u64,
    /// Answered in less than the threshold.
    below: u64,
    /// Answered in at most the threshold.
    upto: u64,
    /// Still inside at the end, and not yet longer than the threshold.
    undecided: u64,
    attempts: u64,
    /// `expired`, `duplicates` or `dead-letters`.
    extra: u64,
    /// Response times.
    sum_ns: u128,
    /// What lost visits would have been worth, in millionths of the currency.
    lost_micros: u128,
    /// The same of those still inside at the end.
    undecided_micros: u128,
}

impl Slot {
    fn combine(
        &self,
        other: &Self,
        with: impl Fn(u64, u64) -> u64,
        sum: impl Fn(u128, u128) -> u128,
    ) -> Self {
        Self {
            sent: with(self.sent, other.sent),
            answered: with(self.answered, other.answered),
            degraded: with(self.degraded, other.degraded),
            failed: with(self.failed, other.failed),
            shed: with(self.shed, other.shed),
            abandoned: with(self.abandoned, other.abandoned),
            below: with(self.below, other.below),
            upto: with(self.upto, other.upto),
            undecided: with(self.undecided, other.undecided),
            attempts: with(self.attempts, other.attempts),
            extra: with(self.extra, other.extra),
            sum_ns: sum(self.sum_ns, other.sum_ns),
            lost_micros: sum(self.lost_micros, other.lost_micros),
            undecided_micros: sum(self.undecided_micros, other.undecided_micros),
        }
    }

    fn plus(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a + b, |a, b| a + b)
    }

    /// That part of its requests.
    fn part(&self, part: Part) -> Self {
        let (of, slot) = (part.of_ns as u128, part.slot_ns as u128);
        self.combine(self, |count, _| part.of(count), |sum, _| sum * of / slot)
    }

    fn minus(&self, other: &Self) -> Self {
        self.combine(other, |a, b| a - b, |a, b| a - b)
    }
}

/// The slots of a quiet day, from its midnight on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// None if they are not kept.
    sketches: Vec<Sketch>,
}

/// A day to be judged as one window.
struct Whole<'a> {
    /// The part of it that was simulated.
    simulated: (i64, i64),
    /// The day, and a quiet one for the rest of it.
    rest: Option<((i64, i64), &'a Slots)>,
    /// So many times as many requests belong to the window, all of them kept.
    more: f64,
}

/// A part of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) of_ns: i64,
    pub(super) slot_ns: i64,
}

impl Part {
    /// That part of a number of things, in whole ones.
    pub(super) fn of(self, count: u64) -> u64 {
        let (of, slot) = (self.of_ns as u128, self.slot_ns as u128);
        ((u128::from(count) * of + slot / 2) / slot) as u64
    }
}

/// The slots of a day that lie outside its simulated part, and how much of each; what is left out aside.
pub(super) fn parts_outside(
    day: (i64, i64),
    simulated: (i64, i64),
    left_out: &[(i64, i64)],
) -> impl Iterator<Item = (usize, Part)> {
    let step = DAY_SLOT_NS as i64;
    (0..)
        .map(move |slot| (slot, day.0 + slot as i64 * step))
        .take_while(move |&(_, from)| from < day.1)
        .filter_map(move |(slot, from)| {
            let to = (from + step).min(day.1);
            let before = (to.min(simulated.0) - from).max(0);
            let after = (to - from.max(simulated.1)).max(0);
            let part = Part {
                of_ns: before + after,
                slot_ns: to - from,
            };
            let counts = 0 < part.of_ns && !overlaps(left_out, from, to);
            counts.then_some((slot, part))
        })
}

/// The requests of one subject, as one condition counts them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CountTrack {
    pub(super) rule: Rule,
    grid: Grid,
    slots: Vec<Slot>,
    /// Response times of answered requests per slot, for percentiles.
    sketches: Vec<Sketch>,
    keeps_sketches: bool,
}

impl CountTrack {
    /// None if there would be too many slots.
    pub(super) fn new(rule: Rule, timeline: &Timeline) -> Option<Self> {
        let grid = Grid::new(rule.over_ns, timeline)?;
        let is_percentile = matches!(rule.measure, Measure::Percentile(_));
        Some(Self {
            rule,
            grid,
            slots: Vec::new(),
            sketches: Vec::new(),
            keeps_sketches: is_percentile && grid.slots_in_all(timeline.end_ns) <= MOST_SKETCHES,
        })
    }

    #[inline]
    fn slot_mut(&mut self, sent_ns: u64) -> (usize, &mut Slot) {
        let index = self.grid.slot(sent_ns);
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, Slot::default);
        }
        (index, &mut self.slots[index])
    }

    #[inline]
    pub(super) fn record(&mut self, finished: &Finished) {
        let threshold = self.rule.value;
        let (index, slot) = self.slot_mut(finished.sent_ns);
        slot.sent += 1;
        slot.attempts += u64::from(finished.attempts);
        match finished.end {
            End::Ok | End::Declined => {}
            End::Degraded => slot.degraded += 1,
            End::Failed => slot.failed += 1,
            End::Shed => slot.shed += 1,
            End::Abandoned => slot.abandoned += 1,
        }
        if finished.end.is_answered() {
            let response = finished.response_ns as f64;
            slot.answered += 1;
            slot.below += u64::from(response < threshold);
            slot.upto += u64::from(response <= threshold);
            slot.sum_ns += u128::from(finished.response_ns);
            if self.keeps_sketches {
                if self.sketches.len() <= index {
                    self.sketches.resize_with(index + 1, Sketch::default);
                }
                self.sketches[index].add(finished.response_ns);
            }
        }
    }

    pub(super) fn record_inside(&mut self, sent_ns: u64, attempts: u32, now_ns: u64) {
        let too_long = matches!(self.rule.measure, Measure::Percentile(_))
            && self.rule.value < now_ns.saturating_sub(sent_ns) as f64;
        let (_, slot) = self.slot_mut(sent_ns);
        slot.sent += 1;
        slot.attempts += u64::from(attempts);
        slot.undecided += u64::from(!too_long);
    }

    /// A visit was lost, or is still inside at the end, that was worth so much.
    pub(super) fn money(&mut self, sent_ns: u64, micros: u64, lost: Lost) {
        if self.rule.measure == Measure::MoneyLost {
            let slot = self.slot_mut(sent_ns).1;
            match lost {
                Lost::Yes => slot.lost_micros += u128::from(micros),
                Lost::Perhaps => slot.undecided_micros += u128::from(micros),
            }
        }
    }

    pub(super) fn count(&mut self, what: Counted, sent_ns: u64) {
        let wanted = matches!(
            (self.rule.measure, what),
            (Measure::Expired, Counted::Expired)
                | (Measure::Duplicates, Counted::Duplicate)
                | (Measure::DeadLetters, Counted::DeadLetter)
        );
        if wanted {
            self.slot_mut(sent_ns).1.extra += 1;
        }
    }

    /// All windows of the run.
    pub(super) fn judge(
        &self,
        timeline: &Timeline,
        at_least: u64,
        left_out: &[(i64, i64)],
        quiet: Option<&Slots>,
    ) -> Found {
        let mut found = Found::default();
        let sums = Sums::new(self);
        let (from, end) = (timeline.from_ns as i64, timeline.end_ns as i64);
        let simulated = |day: (i64, i64)| (day.0.max(from), day.1.min(end));
        if DAY_NS <= self.rule.over_ns {
            for &day in &timeline.days {
                let whole = Whole {
                    simulated: simulated(day),
                    rest: quiet.map(|quiet| (day, quiet)),
                    more: self.rule.over_ns as f64 / DAY_NS as f64,
                };
                self.whole(&mut found, timeline, &sums, left_out, &whole);
            }
            return found;
        }
        let mut judged = vec![false; timeline.days.len()];
        let first = self.grid.slot_from(from);
        let last = (self.grid.slots_to(end) + 1).saturating_sub(SLOTS_PER_WINDOW);
        let mut sketch = Sum::new();
        for slot in first..last {
            let window = (self.grid.at(slot), self.grid.at(slot + SLOTS_PER_WINDOW));
            if overlaps(left_out, window.0, window.1) {
                continue;
            }
            let day = timeline.day_of_window(window.1);
            let day_start = timeline.days.get(day).map_or(from, |day| day.0);
            let before = left_out[..left_out.partition_point(|gap| gap.1 <= window.0)].last();
            let floor = day_start
                .max(from)
                .max(before.map_or(i64::MIN, |gap| gap.1));
            let Some(start) = self.prolonged(&sums, slot, at_least, floor) else {
                continue;
            };
            let agg = sums.between(start, slot + SLOTS_PER_WINDOW);
            let window = (self.grid.at(start), window.1);
            if let Some(holds) = self.holds(&agg, window, 1.0) {
                let value = self.value(&agg, window, 1.0, &mut sketch, |sketch| {
                    sums.sketch(sketch, start, slot + SLOTS_PER_WINDOW);
                });
                found.note(&self.rule, timeline, window, holds, value);
                if let Some(judged) = judged.get_mut(day) {
                    *judged = true;
                }
            }
        }
        for (&day, judged) in timeline.days.iter().zip(judged) {
            if !judged {
                let whole = Whole {
                    simulated: simulated(day),
                    rest: None,
                    more: 1.0,
                };
                self.whole(&mut found, timeline, &sums, left_out, &whole);
            }
        }
        found
    }

    /// The slots of a day that was simulated whole.
    pub(super) fn day(&self, day: (i64, i64)) -> Slots {
        let first = self.grid.slot_from(day.0);
        let slots = first..self.grid.slot_from(day.1);
        let sketch = |slot| self.sketches.get(slot).cloned().unwrap_or_default();
        Slots {
            slots: (slots.clone())
                .map(|slot| self.slots.get(slot).copied().unwrap_or_default())
                .collect(),
            sketches: if self.keeps_sketches {
                slots.map(sketch).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// The start slot of the window that starts at `slot`, prolonged until enough was sent in it, but not
    /// before `floor_ns`; none if that is not enough.
    fn prolonged(
        &self,
        sums: &Sums<'_>,
        slot: usize,
        at_least: u64,
        floor_ns: i64,
    ) -> Option<usize> {
        let end = slot + SLOTS_PER_WINDOW;
        let enough = |start: usize| at_least <= self.population(&sums.between(start, end));
        // An amount would only grow with the time it is summed over.
        if enough(slot) || self.rule.measure == Measure::MoneyLost {
            return Some(slot);
        }
        let floor = self.grid.slot_from(floor_ns);
        if slot <= floor || !enough(floor) {
            return None;
        }
        // The latest start that has enough.
        let (mut has, mut lacks) = (floor, slot);
        while 1 < lacks - has {
            let middle = has + (lacks - has) / 2;
            if enough(middle) {
                has = middle;
            } else {
                lacks = middle;
            }
        }
        Some(has)
    }

    /// All slots of a day, those that are left out aside, as one window.
    fn whole(
        &self,
        found: &mut Found,
        timeline: &Timeline,
        sums: &Sums<'_>,
        left_out: &[(i64, i64)],
        whole: &Whole<'_>,
    ) {
        let mut window = whole.simulated;
        if window.1 <= window.0 {
            return;
        }
        let first = self.grid.slot(window.0.max(self.grid.start_ns) as u64);
        let last = self.grid.slot_from(window.1).min(self.slots.len());
        let mut agg = Slot::default();
        let mut sketch = Sum::new();
        let mut length = 0;
        for slot in first..last {
            let (from, to) = (
                self.grid.at(slot).max(window.0),
                self.grid.at(slot + 1).min(window.1),
            );
            if !overlaps(left_out, from, to) {
                agg = agg.plus(&self.slots[slot]);
                sums.sketch(&mut sketch, slot, slot + 1);
                length += to - from;
            }
        }
        if let Some((day, quiet)) = whole.rest {
            for (slot, part) in parts_outside(day, whole.simulated, left_out) {
                // Where the clock goes back a day is longer than a quiet one may have been.
                let Some(row) = quiet.slots.get(slot) else {
                    continue;
                };
                agg = agg.plus(&row.part(part));
                if let Some(row) = quiet.sketches.get(slot) {
                    sketch.add_part(row, part);
                }
                length += part.of_ns;
            }
            window = day;
        }
        // What is left out is no time either.
        let judged_for = (window.0, window.0 + length.max(1));
        if let Some(holds) = self.holds(&agg, judged_for, whole.more) {
            let value = self.value(&agg, judged_for, whole.more, &mut sketch, |_| {});
            found.note(&self.rule, timeline, window, holds, value);
        }
    }

    /// The last window that breaks the condition, of those that lie in `[from_ns, to_ns)`, judged on
    /// what was sent since `floor_ns`: the start of the one after it.
    pub(super) fn last_broken(
        &self,
        from_ns: i64,
        to_ns: i64,
        floor_ns: i64,
        at_least: u64,
    ) -> Option<i64> {
        if DAY_NS <= self.rule.over_ns {
            return None;
        }
        let floor = self.grid.slot_from(floor_ns);
        let first = self.grid.slot_from(from_ns);
        let last = self.grid.slots_to(to_ns);
        (first..(last + 1).saturating_sub(SLOTS_PER_WINDOW))
            .rev()
            .find_map(|slot| {
                let end = slot + SLOTS_PER_WINDOW;
                let sum = |start: usize| self.sum(start, end);
                let mut start = slot;
                while floor < start && self.population(&sum(start)) < at_least {
                    start -= 1;
                }
                let holds = self.holds(&sum(start), (self.grid.at(start), self.grid.at(end)), 1.0);
                (holds == Some(false)).then(|| self.grid.at(slot + 1))
            })
    }

    fn sum(&self, from: usize, to: usize) -> Slot {
        let to = to.min(self.slots.len());
        let slots = self.slots.get(from..to).unwrap_or_default();
        slots
            .iter()
            .fold(Slot::default(), |sum, slot| sum.plus(slot))
    }

    /// Whom the condition speaks of.
    fn population(&self, agg: &Slot) -> u64 {
        if self.rule.of_answered {
            agg.answered
        } else {
            agg.sent
        }
    }

    /// Whether a window holds; none if nothing was sent, or if it depends on requests still inside.
    fn holds(&self, agg: &Slot, window: (i64, i64), more: f64) -> Option<bool> {
        let population = self.population(agg);
        if population == 0 && !(self.is_number() && 0 < agg.extra) {
            return None;
        }
        let undecided = if self.rule.of_answered {
            0
        } else {
            agg.undecided
        };
        let if_all = |good: bool| match self.rule.measure {
            Measure::Percentile(q) => {
                let good = if good { undecided } else { 0 };
                self.percentile_holds(agg, q, good, population, more)
            }
            _ => self.rule.holds(self.figure(agg, window, more, good)),
        };
        let (best, worst) = (if_all(true), if_all(false));
        (best == worst).then_some(best)
    }

    /// By exact counts: the percentile is the value of that rank.
    fn percentile_holds(&self, agg: &Slot, q: f64, good: u64, population: u64, more: f64) -> bool {
        // The rest of a longer window is as busy, and kept.
        let rest = (population as f64 * (more - 1.0)) as u64;
        let (below, upto) = (agg.below + good + rest, agg.upto + good + rest);
        let rank = rank_of(q, population + rest);
        let (is_less, is_at_most) = (rank <= below, rank <= upto);
        use crate::outcome::Op;
        match self.rule.op {
            Op::Less => is_less,
            Op::AtMost => is_at_most,
            Op::More => !is_at_most,
            Op::AtLeast => !is_less,
            Op::Equal => is_at_most && !is_less,
        }
    }

    /// The figure of a window, if requests still inside end well, or badly.
    fn figure(&self, agg: &Slot, window: (i64, i64), more: f64, good: bool) -> f64 {
        let of_answered = self.rule.of_answered;
        let population = self.population(agg) as f64;
        let undecided = if of_answered { 0 } else { agg.undecided };
        let bad = |count: u64| {
            let count = if of_answered { 0 } else { count } + if good { 0 } else { undecided };
            count as f64 / (population * more)
        };
        let lost = agg.failed + agg.shed + agg.abandoned;
        match self.rule.measure {
            Measure::Failed => bad(agg.failed),
            Measure::Shed => bad(agg.shed),
            Measure::Abandoned => bad(agg.abandoned),
            Measure::Lost => bad(lost),
            Measure::Errors => bad(agg.failed + agg.shed),
            Measure::Degraded => {
                (agg.degraded + if good { 0 } else { undecided }) as f64 / (population * more)
            }
            // Not one less the share lost: 99 of 100 must be 99 % to the last bit.
            Measure::Availability => {
                let missing = if of_answered { 0 } else { lost } + if good { 0 } else { undecided };
                (population * more - missing as f64) / (population * more)
            }
            Measure::Goodput => {
                let answered = agg.answered + if good { undecided } else { 0 };
                answered as f64 / ((window.1 - window.0) as f64 / 1e9)
            }
            Measure::MoneyLost => {
                let undecided = if good { 0 } else { agg.undecided_micros };
                (agg.lost_micros + undecided) as f64 / 1e6
            }
            // Attempts of those answered are not known apart; a call's attempts are those of all.
            Measure::Attempts => agg.attempts as f64 / agg.sent as f64,
            Measure::Mean => {
                let never = agg.sent - agg.answered - agg.undecided;
                if !of_answered && (0 < never || (!good && 0 < undecided)) {
                    f64::INFINITY
                } else {
                    agg.sum_ns as f64 / population
                }
            }
            Measure::Expired | Measure::Duplicates | Measure::DeadLetters if self.rule.is_share => {
                agg.extra as f64 / (population * more)
            }
            Measure::Expired | Measure::Duplicates | Measure::DeadLetters => agg.extra as f64,
            Measure::Percentile(_) | Measure::Level(_) | Measure::Recovers | Measure::Drains => {
                f64::NAN
            }
        }
    }

    /// Whether it is a number of things, which needs nothing sent.
    fn is_number(&self) -> bool {
        matches!(
            self.rule.measure,
            Measure::Expired | Measure::Duplicates | Measure::DeadLetters
        ) && !self.rule.is_share
    }

    /// What to print for a window that was judged.
    fn value(
        &self,
        agg: &Slot,
        window: (i64, i64),
        more: f64,
        sketch: &mut Sum,
        fill: impl FnOnce(&mut Sum),
    ) -> Option<f64> {
        let Measure::Percentile(q) = self.rule.measure else {
            return Some(self.figure(agg, window, more, true));
        };
        if !self.keeps_sketches {
            return None;
        }
        fill(sketch);
        let population = self.population(agg);
        // What lies beyond the rank in the day lies as far beyond it in the longer window.
        let total = (population as f64 * more) as u64;
        let rank = rank_of(q, total).saturating_sub(total - population).max(1);
        let value = sketch.at_rank(rank);
        sketch.clear();
        Some(value)
    }
}

/// The rank (1 is the smallest) of a percentile among `n`: the smallest one that q of them do not exceed.
pub(crate) fn rank_of(q: f64, n: u64) -> u64 {
    // 0.55 times 100 is a little more than 55.
    let exact = q * n as f64;
    ((exact * (1.0 - 1e-12)).ceil() as u64).clamp(1, n.max(1))
}

/// Sums of slots from the first one on, so that any stretch costs the same.
struct Sums<'a> {
    upto: Vec<Slot>,
    /// Slots with response times, and their numbers.
    sketches: Vec<(usize, &'a Sketch)>,
}

impl<'a> Sums<'a> {
    fn new(track: &'a CountTrack) -> Self {
        let mut upto = Vec::with_capacity(track.slots.len() + 1);
        let mut sum = Slot::default();
        upto.push(sum);
        for slot in &track.slots {
            sum = sum.plus(slot);
            upto.push(sum);
        }
        let sketches = track
            .sketches
            .iter()
            .enumerate()
            .filter(|(_, sketch)| !sketch.is_empty());
        Self {
            upto,
            sketches: sketches.collect(),
        }
    }

    fn between(&self, from: usize, to: usize) -> Slot {
        let last = self.upto.len() - 1;
        self.upto[to.min(last)].minus(&self.upto[from.min(last)])
    }

    fn sketch(&self, sum: &mut Sum, from: usize, to: usize) {
        let first = self.sketches.partition_point(|sketch| sketch.0 < from);
        for (_, sketch) in self.sketches[first..]
            .iter()
            .take_while(|sketch| sketch.0 < to)
        {
            sum.add(sketch);
        }
    }
}
