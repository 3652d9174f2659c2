//! How much more demand a promise bears: its break point, on normal days and with each single fault.
//!
//! The largest factor f on all demand such that the share of days that break the promise is at most `at-risk` at every
//! tested factor up to f. Factors are tried from below in steps of 5 %, none assumed to be better than the next.
//! The search looks with few days each: what all but surely holds or breaks is seen by two or four of them, what
//! is between by sixteen. Then fresh days decide at factors around the edge, and the interval is from the largest factor that
//! surely holds to the smallest that surely breaks.
//!
//! Above the edge the search goes on: where the promise seems to hold again, fresh days decide at the factors of that
//! stretch, and what surely holds is shown. However many factors that takes, all of it is wrong in one case of twenty at most:
//! the j-th of them that is decided has 1/(j (j + 1)) of the error, which adds up to all of it.
//!
//! With a fault, the days are those on which this one strikes at the busiest moment, as long and as large as the file draws it.

use std::collections::BTreeMap;
use std::sync::Arc;

use worstday_stats::interval::sequence::Sequence;
use worstday_stats::math;

use crate::answer::{Again, Brink, BrinkWith};
use crate::brink::{ERROR, LEAST, Ladder, MOST, grid};
use crate::check::{Check, Crew};
use crate::lived::{Strike, Trial, Unlived, World};

/// Factors that are passed over at first, on the way to one that breaks.
const STRIDE: usize = 5;

/// Days at a factor while searching: after so many, and so many more, it may be clear.
const LOOKS: [u64; 3] = [2, 4, 16];

/// That all days break where few should is no accident any more when it is rarer than that.
const ACCIDENT: f64 = 0.01;

/// Fresh days of one factor at most, if it does not take more to say that it holds.
const DAYS_MAX: u64 = 200;

/// Days come so many at a time.
const BATCH: u64 = 8;

/// Factors of a stretch above the edge that fresh days decide at most.
const AGAIN_MAX: usize = 8;

/// So many whole days, or windows around a strike, are the least that finds a break point.
const LEAST_DAYS: f64 = 120.0;

/// The break point of a promise on normal days; none if there was no budget to look for it.
pub(crate) fn break_point<C: Crew>(
    check: &mut Check<'_, C>,
    promise: usize,
) -> Result<Option<Brink>, Unlived> {
    let date = check.busiest_date();
    let unit = check.world.peak_rate(date);
    let edge = if check.affords(LEAST_DAYS) {
        let on = format!("{date}, the whole day");
        Edge::new(promise, On::Whole(date), on, unit)
    } else {
        let on = format!("{date}, its two busiest hours");
        Edge::new(promise, On::Busiest(date), on, unit)
    };
    edge.find(check)
}

/// The break points of the promises with each thing that strikes by itself, the most frequent first: each promise's list
/// names all of them, those for which there was no budget too.
pub(crate) fn with_each_fault<C: Crew>(
    check: &mut Check<'_, C>,
    promises: &[usize],
) -> Result<Vec<Vec<BrinkWith>>, Unlived> {
    let year = Arc::clone(&check.world.year);
    let mut of_promises = vec![Vec::new(); promises.len()];
    for clock in check.hunted_clocks() {
        let of = &year.clocks[clock];
        let moment = moment(check, clock);
        for (&promise, found) in promises.iter().zip(&mut of_promises) {
            let brink = match moment {
                Some((date, at)) => with_fault(check, promise, clock, date, at)?,
                None => None,
            };
            found.push(BrinkWith {
                name: of.name.clone(),
                place: format!("{}:{}", of.place.file, of.place.line),
                brink,
            });
        }
    }
    Ok(of_promises)
}

/// The busiest moment at which a clock may strike, and its date.
fn moment<C: Crew>(check: &Check<'_, C>, clock: usize) -> Option<(jiff::civil::Date, i64)> {
    let world = &check.world;
    let busiest = check.busiest_date();
    let Some((date, spans)) = world.year.strikes_only_during(&world.system, clock) else {
        return world.peak_of(busiest).map(|at| (busiest, at));
    };
    // A few moments of each time in which it can strike.
    let moments = spans
        .iter()
        .flat_map(|&(from, to)| (0..16).map(move |part| from + (to - from) / 16 * part));
    let mut best: Option<(i64, f64)> = None;
    for at in moments {
        let rate = world.visits_at(date, at).unwrap_or(0.0);
        if best.is_none_or(|(_, most)| most * (1.0 + 1e-9) < rate) {
            best = Some((at, rate));
        }
    }
    best.map(|(at, _)| (date, at))
}

fn with_fault<C: Crew>(
    check: &mut Check<'_, C>,
    promise: usize,
    clock: usize,
    date: jiff::civil::Date,
    at: i64,
) -> Result<Option<Brink>, Unlived> {
    const MINUTE_NS: i64 = 60_000_000_000;
    // What is judged over a whole day is lived whole: the rest of the day has more demand too.
    let whole = check.world.judges_whole_days(promise);
    let affordable = if whole {
        check.affords(LEAST_DAYS)
    } else {
        check.affords_windows(LEAST_DAYS)
    };
    if !affordable {
        return Ok(None);
    }
    let year = Arc::clone(&check.world.year);
    let strike = Strike {
        what: year.clocks[clock].what,
        at: at.div_euclid(MINUTE_NS) * MINUTE_NS,
        lasts_ns: None,
        by: None,
    };
    let local = year.calendar().local(strike.at);
    let on = local.strftime("%Y-%m-%d at %H:%M").to_string();
    let unit = check.world.visits_at(date, strike.at);
    let edge = Edge::new(
        promise,
        On::Struck {
            strike,
            date,
            whole,
        },
        on,
        unit,
    );
    edge.find(check)
}

/// What is lived at a factor.
#[derive(Clone, Copy, Debug)]
enum On {
    /// A date, whole.
    Whole(jiff::civil::Date),
    /// Its two busiest hours.
    Busiest(jiff::civil::Date),
    /// A strike, and the day around it, or all of its day.
    Struck {
        strike: Strike,
        date: jiff::civil::Date,
        whole: bool,
    },
}

/// A search for the edge of one promise.
struct Edge {
    promise: usize,
    on: On,
    /// What days are drawn by: not the promise, for one day judges all of them.
    phase: String,
    ladder: Ladder,
    /// What was seen at factors of the grid, by number: whether they break.
    seen: BTreeMap<usize, bool>,
    /// Of the factors that were decided: by number, if they are on the grid, and whether they break.
    decided: BTreeMap<usize, bool>,
}

impl Edge {
    fn new(promise: usize, on: On, told: String, unit: Option<f64>) -> Self {
        let phase = match on {
            On::Whole(_) | On::Busiest(_) => "brink".to_owned(),
            On::Struck { strike, .. } => format!("brink {:?}", strike.what),
        };
        Self {
            promise,
            on,
            phase,
            ladder: Ladder::new(told, unit),
            seen: BTreeMap::new(),
            decided: BTreeMap::new(),
        }
    }

    /// The edge, and what is above it; none if there was nothing left to find it with.
    fn find<C: Crew>(mut self, check: &mut Check<'_, C>) -> Result<Option<Brink>, Unlived> {
        let at_risk = check.world.system.promises[self.promise].at_risk;
        let (grid, today) = grid(LEAST, MOST);
        let Some(first) = self.first_that_breaks(check, &grid, today, at_risk)? else {
            return Ok(None);
        };
        // If nothing broke anywhere, fresh days at the largest factor say how sure that is.
        let last = grid.len() - 1;
        let first = first.unwrap_or(last);
        // Fresh days around the edge: upwards until one surely breaks, downwards until one surely holds.
        let (mut low, mut high) = (None, None);
        for at in first..=(first + 12).min(last) {
            match self.decide(check, &grid, at, at_risk)? {
                Some(true) => {
                    high = Some(at);
                    break;
                }
                Some(false) => low = Some(at),
                None if check.stopped.is_some() => break,
                None => {}
            }
        }
        // What cannot be told goes on for long where the fault breaks nearly as many days as may break: ever wider steps.
        let (mut at, mut step) = (first, 1);
        while low.is_none() && 0 < at && check.stopped.is_none() {
            at = at.saturating_sub(step);
            match self.decide(check, &grid, at, at_risk)? {
                Some(true) => {
                    high = Some(high.map_or(at, |known: usize| known.min(at)));
                    step = 1;
                }
                Some(false) => low = Some(at),
                None => step *= 2,
            }
        }
        if low == Some(last) {
            return Ok(Some(self.ladder.brink(Some(grid[last]), grid[last], None)));
        }
        if low.is_none() && high.is_none() {
            return Ok(None);
        }
        // What was seen at one factor may contradict what was seen at the next: the interval goes first.
        let (least, most) = (low.map_or(0.0, |at| grid[at]), high.map(|at| grid[at]));
        let estimate = self.largest_that_holds(at_risk);
        let estimate = estimate.map(|factor| factor.max(least).min(most.unwrap_or(f64::INFINITY)));
        let again = match high {
            Some(high) => self.again(check, &grid, high, at_risk)?,
            None => Vec::new(),
        };
        Ok(Some(Brink {
            again,
            ..self.ladder.brink(estimate, least, most)
        }))
    }

    /// The first factor from below at which the days of a few looks break; `Some(None)` if there is none, and none if
    /// there is nothing left to spend.
    fn first_that_breaks<C: Crew>(
        &mut self,
        check: &mut Check<'_, C>,
        grid: &[f64],
        today: usize,
        at_risk: f64,
    ) -> Result<Option<Option<usize>>, Unlived> {
        // Down from today in strides until one holds, then up in strides until one breaks, then every step between.
        let mut from = today;
        loop {
            match self.look(check, grid, from, at_risk)? {
                None => return Ok(None),
                Some(true) if 0 < from => from = from.saturating_sub(STRIDE),
                Some(_) => break,
            }
        }
        let mut to = from;
        while to + 1 < grid.len() {
            match self.look(check, grid, to, at_risk)? {
                None => return Ok(None),
                Some(true) => break,
                Some(false) => to = (to + STRIDE).min(grid.len() - 1),
            }
        }
        for at in from..=to {
            match self.look(check, grid, at, at_risk)? {
                None => return Ok(None),
                Some(true) => return Ok(Some(Some(at))),
                Some(false) => {}
            }
        }
        Ok(Some(None))
    }

    /// Stretches of factors above the edge at which the promise surely holds.
    fn again<C: Crew>(
        &mut self,
        check: &mut Check<'_, C>,
        grid: &[f64],
        edge: usize,
        at_risk: f64,
    ) -> Result<Vec<Again>, Unlived> {
        let mut stretches: Vec<Vec<usize>> = Vec::new();
        let mut held = false;
        for at in edge + 1..grid.len() {
            let Some(breaks) = self.look(check, grid, at, at_risk)? else {
                break;
            };
            match stretches.last_mut() {
                Some(stretch) if held && !breaks => stretch.push(at),
                _ if !breaks => stretches.push(vec![at]),
                _ => {}
            }
            held = !breaks;
        }
        let mut again: Vec<Again> = Vec::new();
        for stretch in stretches {
            // Its ends and what lies evenly between them.
            let many = stretch.len().min(AGAIN_MAX);
            let chosen =
                (0..many).map(|nth| stretch[nth * (stretch.len() - 1) / (many - 1).max(1)]);
            let mut joined = false;
            for at in chosen {
                let holds = self.decide(check, grid, at, at_risk)? == Some(false);
                match again.last_mut() {
                    Some(last) if holds && joined => {
                        last.to = grid[at];
                        last.factors += 1;
                    }
                    _ if holds => again.push(Again {
                        from: grid[at],
                        to: grid[at],
                        factors: 1,
                    }),
                    _ => {}
                }
                joined = holds;
            }
        }
        Ok(again)
    }

    fn day(&self, world: &World, factor: f64) -> worstday_model::day::Scenario {
        match self.on {
            On::Whole(date) => world.around(date, &[], factor),
            On::Busiest(date) => world.busiest(date, factor),
            On::Struck {
                strike,
                date,
                whole,
            } => {
                let mut day = world.around(date, &[strike], factor);
                if whole {
                    day.day = date;
                    (day.from, day.until) = (None, None);
                }
                day
            }
        }
    }

    /// Lives days at a factor, from one number to another: how many break, and of how many nothing is known; none if there
    /// is nothing left to spend.
    fn live<C: Crew>(
        &self,
        check: &mut Check<'_, C>,
        phase: &str,
        factor: f64,
        numbers: std::ops::Range<u64>,
    ) -> Result<Option<(u64, u64)>, Unlived> {
        let day = self.day(&check.world, factor);
        let trials: Vec<Trial> = numbers
            .map(|index| Trial::new(day.clone(), check.seed_of(phase, index)))
            .collect();
        let Some(tried) = check.batch(&trials, &format!("{factor:.2}x demand"))? else {
            return Ok(None);
        };
        check.days.brink += trials.len() as u64;
        let broken = |tried: &&crate::lived::Tried| tried.promises[self.promise].broken;
        let all = tried
            .iter()
            .filter(|tried| broken(tried) || tried.broke_off);
        let sure = tried.iter().filter(broken).count() as u64;
        Ok(Some((sure, all.count() as u64 - sure)))
    }

    /// Whether it seems to break at a factor, by a few days that are never counted; none if there is nothing left to spend.
    fn look<C: Crew>(
        &mut self,
        check: &mut Check<'_, C>,
        grid: &[f64],
        at: usize,
        at_risk: f64,
    ) -> Result<Option<bool>, Unlived> {
        if let Some(&breaks) = self.decided.get(&at).or_else(|| self.seen.get(&at)) {
            return Ok(Some(breaks));
        }
        let phase = format!("{} hunt", self.phase);
        let (mut days, mut broken) = (0, 0);
        for until in LOOKS {
            let lived = self.live(check, &phase, grid[at], days..until)?;
            let Some((sure, unknown)) = lived else {
                return Ok(None);
            };
            (days, broken) = (until, broken + sure + unknown);
            let accident = math::pow(at_risk, broken as f64);
            if (broken == 0 && LOOKS[1] <= days) || (broken == days && accident < ACCIDENT) {
                break;
            }
        }
        // Between what is allowed and all, a quarter of the way.
        let breaks = at_risk + 0.25 * (1.0 - at_risk) < broken as f64 / days as f64;
        self.seen.insert(at, breaks);
        Ok(Some(breaks))
    }

    /// Whether more than `at_risk` of fresh days break at a factor; none if that cannot be told.
    fn decide<C: Crew>(
        &mut self,
        check: &mut Check<'_, C>,
        grid: &[f64],
        at: usize,
        at_risk: f64,
    ) -> Result<Option<bool>, Unlived> {
        if let Some(&breaks) = self.decided.get(&at) {
            return Ok(Some(breaks));
        }
        let factor = grid[at];
        let nth = self.ladder.len() as f64 + 1.0;
        let error = ERROR / (nth * (nth + 1.0));
        let sequence = Sequence::new(1.0 - error, (3.0 / at_risk.max(1e-6)).max(1.0));
        // Half as many again as it takes if no day breaks.
        let needed = 1.5 * math::ln(2.0 / error) / at_risk.max(1e-6);
        let most = DAYS_MAX.max(needed as u64);
        let phase = format!("{} {factor:.6}", self.phase);
        let (mut trials, mut broken, mut unknown) = (0_u64, 0_u64, 0_u64);
        let mut answer = None;
        while trials < most {
            let of = |hits: u64| sequence.share(hits, trials);
            if at_risk < of(broken).low {
                answer = Some(true);
                break;
            }
            if of(broken + unknown).high <= at_risk {
                answer = Some(false);
                break;
            }
            let lived = self.live(check, &phase, factor, trials..trials + BATCH)?;
            let Some((sure, maybe)) = lived else { break };
            trials += BATCH;
            broken += sure;
            unknown += maybe;
        }
        self.ladder.add(factor, trials, broken + unknown);
        if let Some(breaks) = answer {
            self.decided.insert(at, breaks);
        }
        Ok(answer)
    }

    /// By the shares seen: between the last that holds and the first that does not, on a straight line.
    fn largest_that_holds(&self, at_risk: f64) -> Option<f64> {
        let tested = self.ladder.rows();
        let share = |row: &(f64, u64, u64)| row.2 as f64 / row.1.max(1) as f64;
        let above = tested.iter().position(|row| at_risk < share(row));
        match above {
            Some(0) => None,
            Some(at) => {
                let (held, broke) = (&tested[at - 1], &tested[at]);
                let part = (at_risk - share(held)) / (share(broke) - share(held));
                Some(held.0 + (broke.0 - held.0) * part.clamp(0.0, 1.0))
            }
            None => tested.last().map(|row| row.0),
        }
    }
}
