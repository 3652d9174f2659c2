//! Load against the size of a trigger: where nothing breaks, where it breaks and heals, and where it stays down.
//!
//! The fault of the worst day strikes once more, at the same time of the same date, on a grid of loads (all demand times a factor)
//! and of its lengths; of its sizes, where it has no length that could be varied. A row without it says what the
//! load does alone. Each cell is decided by its own fresh days, and is
//!
//! - *stable* if the promise holds on most of them,
//! - *vulnerable* if it breaks on most and the system is back to normal by the end, by the general rule of recovery,
//! - *collapsed* if it breaks and on most of them is not back by then (the three regions of Bronson et al., "Metastable
//!   failures in distributed systems", HotOS 2021).
//!
//! Seven days each; where those do not tell, seven more. A cell is *sure* if the exact intervals at one of these two looks keep its
//! side of one half: with two looks and two questions of 1.25 % on each side it is wrong in one case of twenty at most,
//! each cell for itself. All cells see the same seeds, so that neighbours differ by what differs between them.
//!
//! The price is bounded: so many days, so many events, and the time that the crew has. Cells are taken in an order that
//! leaves a coarser grid behind whenever it ends.

use serde::{Deserialize, Serialize};
use worstday_model::day::{Happens, Scenario};
use worstday_model::system::{
    Claim, ClientId, Dist, FaultId, FaultKind, FaultWhen, Lasts, Metric, Part, Promise, System,
};
use worstday_sim::law;
use worstday_stats::interval::clopper_pearson;

use crate::answer::Early;
use crate::check::{Check, Checked, Crew, Options};
use crate::claim::Extra;
use crate::lived::{Strike, Trial, Unlived, World};

/// Factors on today's demand.
const LOADS: [f64; 8] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0];

/// Lengths, and sizes as distances from no effect, as factors of those of the worst day.
const SIZES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

/// Days of a cell at each of its two looks.
const LOOK: u64 = 7;

/// Of each of the two intervals of a cell, at each look.
const CONFIDENCE: f64 = 0.975;

/// Of what is said of a cell that is sure: see this file's page.
const OF_A_CELL: f64 = 0.95;

/// All its days together handle no more events than that: a minute or two.
const EVENTS_MAX: f64 = 1e9;

/// Fewer visits per second are slow to show whether everything is back to normal.
const FEW_PER_S: f64 = 2.0;

const MINUTE_NS: u64 = 60_000_000_000;
const DAY_NS: u64 = 1_440 * MINUTE_NS;

/// The map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// The promise whose breaking is drawn.
    pub promise: String,
    /// The fault that strikes.
    pub fault: String,
    /// Where it comes from.
    pub origin: Origin,
    /// When it strikes, in local time: `2026-11-28 08:30`.
    pub at: String,
    /// What the sizes are.
    pub axis: Axis,
    /// Factors on today's demand, ascending.
    pub loads: Vec<f64>,
    /// Sizes in base units (s for lengths and delays), the least effect first.
    pub sizes: Vec<f64>,
    /// Load and size of the worst day, if it is of this fault.
    pub worst: Option<(f64, f64)>,
    /// Visits per second then, at factor 1; none if nobody comes at a rate.
    pub per_second: Option<f64>,
    /// So long after the fault's end it must be back to normal, s.
    pub horizon: f64,
    /// Row by row: without the fault first, then by size; each by load.
    pub cells: Vec<Cell>,
    /// Days lived.
    pub days: u64,
    /// Of what is said of each sure cell, for itself.
    pub confidence: f64,
    /// Why it ended before all cells were tried; none if it did not.
    pub ended: Option<Early>,
}

/// Where a fault of the map comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// It strikes on the worst day.
    WorstDay,
    /// The worst day needs no fault; this one is to be survived.
    Claimed,
    /// No day that breaks anything has a fault; this is the most frequent one.
    Frequent,
}

/// What is varied of the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    /// How long it lasts, s.
    Length,
    /// How many times as long work takes.
    Factor,
    /// The share of capacity that is left.
    Left,
    /// The share that fails or is lost.
    Ratio,
    /// The time that is added, s.
    Delay,
}

/// A load and a size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Factor on today's demand.
    pub load: f64,
    /// The fault's size; none without it.
    pub size: Option<f64>,
    /// Fresh days of which something is known.
    pub days: u64,
    /// Of these, those that break the promise.
    pub broken: u64,
    /// Of these, those that are not back to normal at the end.
    pub down: u64,
    /// What most of them do.
    pub region: Region,
    /// Whether that is more than chance.
    pub sure: bool,
}

/// What becomes of most days of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Region {
    /// Too few days.
    Unknown,
    /// The promise holds.
    Stable,
    /// It breaks, and the system recovers.
    Vulnerable,
    /// It breaks, and the system does not recover by the end.
    Collapsed,
}

/// The map of what was found; none if there is no fault whose length or size could be varied.
///
/// It has a budget of its own: the days of its grid, and the time that the crew has.
///
/// # Errors
///
/// [`Unlived`] if a day cannot be lived.
pub fn map<C: Crew>(
    world: &World,
    extra: &Extra,
    options: &Options,
    checked: &Checked,
    crew: &mut C,
) -> Result<Option<Map>, Unlived> {
    let options = Options {
        budget_days: None,
        ..options.clone()
    };
    let mut check = Check::new(world, extra, &options, crew);
    let Some(trigger) = Trigger::of(&check, checked) else {
        return Ok(None);
    };
    check.begin()?;
    let mut map = trigger.map(&check);
    let order = order(map.loads.len(), map.sizes.len() + 1);
    for look in 0..2 {
        for &at in &order {
            let cell = &map.cells[at];
            if cell.sure || check.stopped.is_some() || EVENTS_MAX <= check.pace.0 {
                continue;
            }
            let tried = trigger.look(&mut check, cell, look)?;
            map.days += tried.map_or(0, |_| LOOK);
            let cell = &mut map.cells[at];
            if let Some(seen) = tried {
                cell.days += seen.days;
                cell.broken += seen.broken;
                cell.down += seen.down;
                (cell.region, cell.sure) = region(cell.days, cell.broken, cell.down);
            }
        }
    }
    map.ended = check.stopped.or_else(|| {
        let untold = |cell: &Cell| cell.days == 0;
        (EVENTS_MAX <= check.pace.0 && map.cells.iter().any(untold)).then_some(Early::Budget)
    });
    Ok(Some(map))
}

/// What most of these days do, and whether that is more than chance.
fn region(days: u64, broken: u64, down: u64) -> (Region, bool) {
    if days < LOOK {
        return (Region::Unknown, false);
    }
    // Whether more than half of all days are so, if that can be told.
    let most = |hits: u64| {
        let share = clopper_pearson(hits, days, CONFIDENCE);
        match share {
            share if 0.5 < share.low => Some(true),
            share if share.high < 0.5 => Some(false),
            _ => None,
        }
    };
    if 2 * broken < days {
        (Region::Stable, most(broken) == Some(false))
    } else if 2 * down < days {
        let sure = most(broken) == Some(true) && most(down) == Some(false);
        (Region::Vulnerable, sure)
    } else {
        (Region::Collapsed, most(down) == Some(true))
    }
}

/// Cells in an order of which every beginning is a grid, or nearly: every fourth step of both axes, every second, all.
fn order(columns: usize, rows: usize) -> Vec<usize> {
    let level = |at: usize| match at {
        at if at.is_multiple_of(4) => 0,
        at if at.is_multiple_of(2) => 1,
        _ => 2,
    };
    let mut all: Vec<usize> = (0..columns * rows).collect();
    // Counted from the last column and row: the ends say most.
    all.sort_by_key(|&at| {
        let (column, row) = (columns - 1 - at % columns, rows - 1 - at / columns);
        (level(column).max(level(row)), at)
    });
    all
}

/// Days of a look.
#[derive(Clone, Copy, Default)]
struct Seen {
    days: u64,
    broken: u64,
    down: u64,
}

/// A fault that strikes on a day.
struct Trigger {
    promise: usize,
    /// The day.
    day: Scenario,
    /// Which of the things that happen on it.
    strike: usize,
    fault: usize,
    axis: Axis,
    /// The size that it has.
    size: f64,
    origin: Origin,
    horizon_ns: u64,
}

impl Trigger {
    /// The longest fault of the first day that was found and has one; else one that a broken promise should survive; else the
    /// most frequent.
    fn of<C: Crew>(check: &Check<'_, C>, checked: &Checked) -> Option<Self> {
        for (promise, _, found) in &checked.found {
            let of_day = Self::of_day(check, *promise, &found.trial.day, Origin::WorstDay);
            if of_day.is_some() {
                return of_day;
            }
        }
        let system = &check.world.system;
        let asked = |promise: &&Promise| {
            check.options.only.is_empty() || check.options.only.contains(&promise.name)
        };
        let broken = checked.found.first().map(|(promise, _, _)| *promise);
        let first = system.promises.iter().find(asked)?;
        let promise = broken.or_else(|| {
            let mut all = system.promises.iter();
            all.position(|promise| promise.name == first.name)
        })?;
        let claimed = checked.found.iter().flat_map(|(promise, claim, _)| {
            match &system.promises[*promise].survives[*claim].what {
                Claim::Together(parts) => parts.clone(),
                _ => Vec::new(),
            }
        });
        let claimed = claimed.filter_map(|part| match part {
            Part::Fault(id) => Some((id.index(), Origin::Claimed)),
            _ => None,
        });
        let mut frequent: Vec<(usize, f64)> = (0..check.options.known_faults)
            .filter_map(|fault| match system.faults[fault].when {
                FaultWhen::Every { mean_ns, .. } => Some((fault, mean_ns)),
                _ => None,
            })
            .collect();
        frequent.sort_by(|a, b| a.1.total_cmp(&b.1));
        let frequent = frequent.iter().map(|row| (row.0, Origin::Frequent));
        claimed.chain(frequent).find_map(|(fault, origin)| {
            let date = check.busiest_date();
            let at = match check.world.undisturbed(date) {
                Some((at, _)) => at,
                None => check.world.peak_of(date)?,
            };
            let strike = Strike {
                what: Happens::Fault(FaultId(fault as u32)),
                at,
                lasts_ns: None,
                by: None,
            };
            let day = check.world.around(date, &[strike], 1.0);
            Self::of_day(check, promise, &day, origin)
        })
    }

    /// The longest fault of a day that has a length or a size to vary.
    fn of_day<C: Crew>(
        check: &Check<'_, C>,
        promise: usize,
        day: &Scenario,
        origin: Origin,
    ) -> Option<Self> {
        let system = &check.world.system;
        let mut best: Option<Self> = None;
        for (strike, happening) in day.happens.iter().enumerate() {
            let Happens::Fault(id) = happening.what else {
                continue;
            };
            let fault = id.index();
            let Some((axis, size)) = axis(system, fault, happening.lasts_ns, happening.by) else {
                continue;
            };
            // A length before any size.
            let long = |axis: Axis, size: f64| if axis == Axis::Length { size } else { 0.0 };
            let longer = |best: &Self| long(best.axis, best.size) < long(axis, size);
            if best.as_ref().is_none_or(longer) {
                best = Some(Self {
                    promise,
                    day: day.clone(),
                    strike,
                    fault,
                    axis,
                    size,
                    origin,
                    horizon_ns: 0,
                });
            }
        }
        best.map(|trigger| {
            let rate = trigger.per_second(&check.world);
            let horizon_ns = horizon_ns(&system.promises[promise], rate);
            Self {
                horizon_ns,
                ..trigger
            }
        })
    }

    /// Visits per second when it strikes, at today's demand; none if nobody comes at a rate.
    fn per_second(&self, world: &World) -> Option<f64> {
        let at = self.at(world);
        let date = world.year.calendar().local(at).date();
        world.visits_at(date, at).filter(|rate| 0.0 < *rate)
    }

    /// The map before anything is known.
    fn map<C: Crew>(&self, check: &Check<'_, C>) -> Map {
        let world = &check.world;
        let system = &world.system;
        let sizes = self.sizes();
        let rows = std::iter::once(None).chain(sizes.iter().copied().map(Some));
        let cells = rows.flat_map(|size| {
            LOADS.iter().map(move |&load| Cell {
                load,
                size,
                days: 0,
                broken: 0,
                down: 0,
                region: Region::Unknown,
                sure: false,
            })
        });
        let at = self.at(world);
        let local = world.year.calendar().local(at);
        let demand = self.day.demand.first().map_or(1.0, |(_, factor)| *factor);
        Map {
            promise: system.promises[self.promise].name.clone(),
            fault: system.faults[self.fault].name.clone(),
            origin: self.origin,
            at: local.strftime("%Y-%m-%d %H:%M").to_string(),
            axis: self.axis,
            loads: LOADS.to_vec(),
            worst: (self.origin == Origin::WorstDay).then_some((demand, self.size)),
            per_second: self.per_second(world),
            horizon: self.horizon_ns as f64 / 1e9,
            cells: cells.collect(),
            sizes,
            days: 0,
            confidence: OF_A_CELL,
            ended: None,
        }
    }

    /// The sizes of the rows, the least effect first.
    fn sizes(&self) -> Vec<f64> {
        let mut sizes: Vec<f64> = SIZES
            .iter()
            .map(|&times| match self.axis {
                Axis::Length => (self.size * times).round().max(1.0),
                Axis::Delay => self.size * times,
                Axis::Factor => 1.0 + (self.size - 1.0) * times,
                Axis::Left => (1.0 - (1.0 - self.size) * times).max(0.01),
                Axis::Ratio => (self.size * times).min(1.0),
            })
            .map(|size| (size * 1e6).round() / 1e6)
            .collect();
        // What is at its bound is there once.
        sizes.dedup();
        sizes
    }

    /// When it strikes, Unix time in ns.
    fn at(&self, world: &World) -> i64 {
        let at = self.day.happens[self.strike].at;
        let after_midnight = self.day.from.is_some_and(|from| at < from);
        let date = match after_midnight {
            true => self.day.day.tomorrow().unwrap_or(self.day.day),
            false => self.day.day,
        };
        world.year.calendar().instant(date.to_datetime(at))
    }

    /// The day of a cell.
    fn day<C: Crew>(&self, check: &Check<'_, C>, cell: &Cell) -> Scenario {
        let world = &check.world;
        let calendar = world.year.calendar();
        let mut day = self.day.clone();
        let ids = 0..world.system.clients.len() as u32;
        day.demand = if cell.load == 1.0 {
            Vec::new()
        } else {
            ids.map(|id| (ClientId(id), cell.load)).collect()
        };
        let mut lasts_ns = 0;
        match cell.size {
            None => {
                day.happens.remove(self.strike);
            }
            Some(size) => {
                let happening = &mut day.happens[self.strike];
                if self.axis == Axis::Length {
                    lasts_ns = (size * 1e9) as u64;
                    happening.lasts_ns = Some(lasts_ns);
                } else {
                    let delay = self.axis == Axis::Delay;
                    happening.by = Some(if delay { size * 1e9 } else { size });
                    lasts_ns = match &world.system.faults[self.fault].lasts {
                        Lasts::Time(dist) => law(dist).quantile(0.5).max(0.0) as u64,
                        _ => 0,
                    };
                    lasts_ns = happening.lasts_ns.unwrap_or(lasts_ns);
                }
            }
        }
        let start = calendar.instant(day.day.to_datetime(day.from.unwrap_or_default()));
        let wanted = self.at(world) + (lasts_ns + self.horizon_ns) as i64;
        let wanted = (wanted - start) as u64;
        // Longer than a day it cannot be: then it ends when the day comes round.
        day.until = if wanted < DAY_NS {
            let end = start + (wanted.div_ceil(MINUTE_NS) * MINUTE_NS) as i64;
            Some(calendar.local(end).time())
        } else {
            day.from
        };
        day
    }

    /// Lives a look of a cell; none if there is nothing left to spend.
    fn look<C: Crew>(
        &self,
        check: &mut Check<'_, C>,
        cell: &Cell,
        look: u64,
    ) -> Result<Option<Seen>, Unlived> {
        let day = self.day(check, cell);
        let trials: Vec<Trial> = (look * LOOK..(look + 1) * LOOK)
            .map(|index| Trial {
                day: day.clone(),
                seed: check.seed_of("map", index),
                // To its end: what is back by then is asked.
                settles: false,
            })
            .collect();
        let Some(tried) = check.batch(&trials, &format!("a map at {:.2}x demand", cell.load))?
        else {
            return Ok(None);
        };
        let mut seen = Seen::default();
        for tried in tried {
            let judged = tried.promises[self.promise];
            // Nothing was judged, or it broke off before that: nothing is known of it.
            if !judged.broken && (!judged.told || tried.broke_off) {
                continue;
            }
            seen.days += 1;
            seen.broken += u64::from(judged.broken);
            seen.down += u64::from(judged.broken && !tried.recovered);
        }
        Ok(Some(seen))
    }
}

/// What can be varied of a fault, and its size as it is; none if nothing.
fn axis(
    system: &System,
    fault: usize,
    lasts_ns: Option<u64>,
    by: Option<f64>,
) -> Option<(Axis, f64)> {
    let row = &system.faults[fault];
    // What strikes together has lengths of its own.
    let together = matches!(row.kind, FaultKind::Together(_));
    let drawn = match &row.lasts {
        Lasts::Time(dist) if !together => Some(law(dist).quantile(0.5)),
        _ => None,
    };
    let lasts = lasts_ns.map(|ns| ns as f64).or(drawn);
    if let Some(lasts) = lasts.filter(|lasts| !together && 1e9 <= *lasts) {
        return Some((Axis::Length, lasts / 1e9));
    }
    let sized = |axis: Axis, dist: &Dist| {
        let size = by.unwrap_or_else(|| law(dist).quantile(0.5));
        Some(match axis {
            Axis::Delay => (axis, size / 1e9),
            _ => (axis, size),
        })
    };
    let found = match &row.kind {
        FaultKind::Slow { by, .. } => sized(Axis::Factor, by),
        FaultKind::Capacity { to, .. } => sized(Axis::Left, to),
        FaultKind::Errors { by, .. } | FaultKind::Loss { by, .. } => sized(Axis::Ratio, by),
        FaultKind::Delay { by, .. } => sized(Axis::Delay, by),
        _ => None,
    };
    // What has no effect has no larger one.
    found.filter(|&(axis, size)| match axis {
        Axis::Factor | Axis::Left => size != 1.0,
        _ => 0.0 < size,
    })
}

/// How long after the fault's end a day is looked at, ns: as long as for hidden capacity, or as the promise needs to be judged;
/// where too few come to be judged by the minute, an hour.
fn horizon_ns(promise: &Promise, per_second: Option<f64>) -> u64 {
    let few = per_second.is_none_or(|rate| rate < FEW_PER_S);
    let mut longest = if few { 60 * MINUTE_NS } else { 20 * MINUTE_NS };
    for must in &promise.must {
        if must.over_ns < DAY_NS {
            longest = longest.max(must.over_ns);
        }
        if must.metric == Metric::Recovers && must.value < DAY_NS as f64 {
            longest = longest.max(must.value as u64);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts that are on the edge of what two looks tell, by the binomial: 0.5^7 = 0.0078 is below 1.25 %, 8 * 0.5^7 = 0.0625
    /// is not; of fourteen, twelve (0.0065) and not eleven (0.0287).
    #[test]
    fn a_cell_is_sure_when_chance_would_not_do_it() {
        assert_eq!(region(7, 0, 0), (Region::Stable, true));
        assert_eq!(region(7, 1, 0), (Region::Stable, false));
        assert_eq!(region(7, 7, 0), (Region::Vulnerable, true));
        assert_eq!(region(7, 7, 1), (Region::Vulnerable, false));
        assert_eq!(region(7, 7, 7), (Region::Collapsed, true));
        assert_eq!(region(14, 12, 2), (Region::Vulnerable, true));
        assert_eq!(region(14, 11, 2), (Region::Vulnerable, false));
        assert_eq!(region(14, 14, 11), (Region::Collapsed, false));
        assert_eq!(region(14, 2, 2), (Region::Stable, true));
        assert_eq!(region(6, 6, 6), (Region::Unknown, false));
    }

    /// Wherever it ends, what was tried is spread over the whole map; each cell comes once.
    #[test]
    fn every_beginning_is_spread_out() {
        let (columns, rows) = (8, 6);
        let order = order(columns, rows);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..columns * rows).collect::<Vec<_>>());
        let first: Vec<(usize, usize)> = order
            .iter()
            .take(4)
            .map(|at| (at % columns, at / columns))
            .collect();
        assert_eq!(first, [(3, 1), (7, 1), (3, 5), (7, 5)]);
    }
}
