//! How much more a system carries: the break point of a promise.
//!
//! The largest factor f on all demand such that the share of normal days that break the promise is at most `at-risk` at every
//! tested factor up to f. Factors are tried from below in steps of at most 5 %, none assumed to be better than the next;
//! the search looks with few days each, then fresh days decide at factors around the edge, and the interval is
//! from the largest factor that surely holds to the smallest that surely breaks. However many factors that takes, it is wrong
//! in one case of twenty at most: the j-th of them that is decided has 1/(j (j + 1)) of the error, which adds up to all of it.

use worstday_stats::interval::sequence::Sequence;

use crate::answer::Brink;
use crate::check::{Check, Crew};
use crate::lived::{Trial, Unlived};

/// One step of factors.
const STEP: f64 = 1.05;

/// No factor above that is tried.
const MOST: f64 = 8.0;

/// Days at each factor while searching.
const LOOKS: u64 = 4;

/// Fresh days of one factor at most.
const DAYS_MAX: u64 = 200;

/// The interval may miss that often.
const ERROR: f64 = 0.05;

/// The break point of a promise on normal days; none if there was no budget to look for it.
pub(crate) fn break_point<C: Crew>(
    check: &mut Check<'_, C>,
    promise: usize,
) -> Result<Option<Brink>, Unlived> {
    let system = std::sync::Arc::clone(&check.world.system);
    let at_risk = system.promises[promise].at_risk;
    let date = check.busiest_date();
    let whole = check.affords_at_brink();
    let on = if whole {
        format!("{date}, the whole day")
    } else {
        format!("{date}, its two busiest hours")
    };
    let mut edge = Edge {
        promise,
        date,
        whole,
        tested: Vec::new(),
    };
    // From below, in few wide strides at first: each stride that holds is gone through in small steps later.
    let grid: Vec<f64> = {
        let mut grid = vec![1.0];
        while grid[grid.len() - 1] * STEP <= MOST * 1.000_001 {
            grid.push(grid[grid.len() - 1] * STEP);
        }
        grid
    };
    let mut breaks_at = None;
    let mut at = 0;
    while at < grid.len() {
        let Some(share) = edge.look(check, grid[at])? else {
            return Ok(None);
        };
        if 0.5 <= share {
            breaks_at = Some(at);
            break;
        }
        at += if at < 4 { 4 } else { 5 };
    }
    let Some(mut high_at) = breaks_at else {
        // Nothing broke anywhere: fresh days at the largest factor say how sure that is.
        let most = grid[grid.len() - 1];
        if edge.decide(check, most, at_risk)? != Some(false) {
            return Ok(None);
        }
        return Ok(Some(Brink {
            factor: Some(most),
            low: most,
            high: None,
            tested: edge.told(),
            on,
            unit_per_second: check.world.peak_rate(date),
        }));
    };
    // Every step below: the first that breaks at all is the edge to start from.
    let mut first_bad = high_at;
    for (step, &factor) in grid.iter().enumerate().take(high_at) {
        let Some(share) = edge.look(check, factor)? else {
            return Ok(None);
        };
        if 0.5 <= share {
            first_bad = step;
            break;
        }
    }
    high_at = first_bad;
    // Fresh days around the edge: upwards until one surely breaks, downwards until one surely holds, then between.
    let mut high = None;
    let mut factor = grid[high_at];
    for _ in 0..12 {
        match edge.decide(check, factor, at_risk)? {
            Some(true) => {
                high = Some(factor);
                break;
            }
            _ if check.stopped.is_some() => break,
            _ => factor *= STEP,
        }
    }
    let mut low = 0.0;
    let mut factor = grid[high_at] / STEP;
    for _ in 0..80 {
        match edge.decide(check, factor, at_risk)? {
            Some(false) => {
                low = factor;
                break;
            }
            Some(true) => {
                high = Some(high.map_or(factor, |known: f64| known.min(factor)));
                factor /= STEP;
            }
            None if check.stopped.is_some() => break,
            None => factor /= STEP,
        }
        if factor < 0.05 {
            break;
        }
    }
    if low == 0.0 && high.is_none() {
        return Ok(None);
    }
    // What was seen at one factor may contradict what was seen at the next: the interval goes first.
    let estimate = edge.largest_that_holds(at_risk);
    let estimate = estimate.map(|factor| factor.max(low).min(high.unwrap_or(f64::INFINITY)));
    Ok(Some(Brink {
        factor: estimate,
        low,
        high,
        tested: edge.told(),
        on,
        unit_per_second: check.world.peak_rate(date),
    }))
}

/// Factors and what was seen at them.
struct Edge {
    promise: usize,
    date: jiff::civil::Date,
    whole: bool,
    /// Factor, fresh days, broken.
    tested: Vec<(f64, u64, u64)>,
}

impl Edge {
    fn day(&self, world: &crate::lived::World, factor: f64) -> worstday_model::day::Scenario {
        if self.whole {
            world.around(self.date, &[], factor)
        } else {
            world.busiest(self.date, factor)
        }
    }

    /// The share of a few days that break, for the search; none if there is nothing left to spend.
    fn look<C: Crew>(&self, check: &mut Check<'_, C>, factor: f64) -> Result<Option<f64>, Unlived> {
        let day = self.day(&check.world, factor);
        let trials: Vec<Trial> = (0..LOOKS)
            .map(|index| Trial::new(day.clone(), check.seed_of("brink hunt", index)))
            .collect();
        let Some(tried) = check.batch(&trials, &format!("{factor:.2}x demand"))? else {
            return Ok(None);
        };
        check.days.brink += trials.len() as u64;
        let broken = tried
            .iter()
            .filter(|tried| tried.promises[self.promise].broken || tried.broke_off)
            .count();
        Ok(Some(broken as f64 / tried.len() as f64))
    }

    /// Whether more than `at_risk` of fresh days break at a factor; none if that cannot be told.
    fn decide<C: Crew>(
        &mut self,
        check: &mut Check<'_, C>,
        factor: f64,
        at_risk: f64,
    ) -> Result<Option<bool>, Unlived> {
        let day = self.day(&check.world, factor);
        let nth = self.tested.len() as f64 + 1.0;
        let confidence = 1.0 - ERROR / (nth * (nth + 1.0));
        let sequence = Sequence::new(confidence, (3.0 / at_risk.max(1e-6)).max(1.0));
        let (mut trials, mut broken, mut unknown) = (0_u64, 0_u64, 0_u64);
        let mut answer = None;
        while trials < DAYS_MAX {
            let of = |hits: u64| sequence.share(hits, trials);
            if at_risk < of(broken).low {
                answer = Some(true);
                break;
            }
            if of(broken + unknown).high <= at_risk {
                answer = Some(false);
                break;
            }
            let phase = format!("brink {factor:.6}");
            let batch: Vec<Trial> = (trials..trials + 8)
                .map(|index| Trial::new(day.clone(), check.seed_of(&phase, index)))
                .collect();
            let Some(tried) = check.batch(&batch, &format!("{factor:.2}x demand"))? else {
                break;
            };
            check.days.brink += batch.len() as u64;
            for tried in &tried {
                trials += 1;
                let is_broken = tried.promises[self.promise].broken;
                broken += u64::from(is_broken);
                unknown += u64::from(!is_broken && tried.broke_off);
            }
        }
        self.tested.push((factor, trials, broken + unknown));
        Ok(answer)
    }

    /// By the shares seen: between the last that holds and the first that does not, on a straight line.
    fn largest_that_holds(&self, at_risk: f64) -> Option<f64> {
        let tested = self.told();
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

    fn told(&self) -> Vec<(f64, u64, u64)> {
        let mut tested: Vec<(f64, u64, u64)> = self
            .tested
            .iter()
            .copied()
            .filter(|row| 0 < row.1)
            .collect();
        tested.sort_by(|a, b| a.0.total_cmp(&b.0));
        tested
    }
}
