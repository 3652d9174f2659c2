//! The load below which a system heals by itself: its hidden capacity.
//!
//! A service stands still, fully, for 1, 2, 4, 8 and 16 times the longest timeout, at constant load; twenty minutes later the
//! general rule of recovery says whether it came back. The hidden capacity is the largest load at which
//! fewer than one in twenty of a hundred days are still down after each of these (Bronson et al., "Metastable failures in
//! distributed systems", HotOS 2021; what decides is not the trigger but the loop). Loads are tried from below: more load may
//! heal where less does not, as a longer stall may be less often fatal than a short one.
//!
//! Which service: the one whose stall is fatal most often when a few days are tried.

use worstday_model::system::System;
use worstday_stats::interval::clopper_pearson;

use crate::answer::Brink;
use crate::brink::{ERROR, Ladder, Row, STEP};
use crate::check::{Check, Crew};
use crate::lived::{Strike, Trial, Unlived};

/// How long after the stall the verdict falls, ns.
const HORIZON_NS: i64 = 20 * 60_000_000_000;

/// Stalls, as multiples of the longest timeout.
const STALLS: [u64; 5] = [1, 2, 4, 8, 16];

/// Days per load and stall that decide.
const DAYS: u64 = 100;

/// Days per load and stall that lead.
const LOOKS: u64 = 8;

/// At most so many of the days may still be down: fewer than one in twenty.
const DOWN: f64 = 0.05;

/// Loads are tried from this share of today's up.
const LEAST: f64 = 0.1;

/// Fewer visits per second than that cannot be judged by the minute, at a tenth of them.
const LEAST_PER_S: f64 = 2.0;

/// And to this multiple of it.
const MOST: f64 = 4.0;

/// The hidden capacity, as a factor of today's load; none if there is no steady moment, or no budget for it.
pub(crate) fn hidden_capacity<C: Crew>(
    check: &mut Check<'_, C>,
    promise: usize,
) -> Result<Option<Brink>, Unlived> {
    // It is one number for the whole system: said once, with the first promise.
    if promise != 0 || !check.affords_windows(600.0) {
        return Ok(None);
    }
    let date = check.busiest_date();
    let Some((at, rate)) = check.world.undisturbed(date) else {
        return Ok(None);
    };
    // The rule of recovery looks at minutes: with fewer visits in them they say nothing.
    if rate < LEAST_PER_S {
        return Ok(None);
    }
    let Some(longest) = longest_timeout(&check.world.system) else {
        return Ok(None);
    };
    let Some(service) = fatal(check, date, at, longest)? else {
        return Ok(None);
    };
    let name = check.world.system.services[service].name.clone();
    let on = format!(
        "{rate:.3} visits/s, after {name} stood still for 1 to 16 times {} s",
        longest / 1_000_000_000
    );
    let mut ladder = Ladder::new(on, Some(rate));
    let trigger = Trigger {
        service,
        date,
        at,
        longest,
    };
    // From below, in steps of a tenth: the first load that a few days do not survive.
    let mut factor = LEAST;
    let mut fails = None;
    while factor <= MOST * 1.000_001 {
        let Some(down) = trigger.look(check, factor)? else {
            return Ok(None);
        };
        if down {
            fails = Some(factor);
            break;
        }
        factor *= 1.1;
    }
    let Some(mut fails) = fails else {
        return Ok(Some(ladder.brink(Some(MOST), MOST, None)));
    };
    // A hundred days each, downwards until a load holds.
    let mut holds = None;
    for _ in 0..40 {
        match trigger.decide(check, &mut ladder, fails)? {
            None => return Ok(None),
            Some(true) => {
                holds = Some(fails);
                break;
            }
            Some(false) => fails /= STEP,
        }
    }
    let Some(holds) = holds else {
        return Ok(Some(ladder.brink(None, 0.0, Some(fails * STEP))));
    };
    // And upwards again, if the few days of the search were unlucky.
    let mut high = holds * STEP;
    let mut best = holds;
    for _ in 0..10 {
        match trigger.decide(check, &mut ladder, high)? {
            None => break,
            Some(true) => {
                best = high;
                high *= STEP;
            }
            Some(false) => break,
        }
    }
    let (low, high) = interval(&ladder);
    Ok(Some(ladder.brink(Some(best), low, high)))
}

/// The longest timeout of any attempt, ns; none if nobody gives up.
fn longest_timeout(system: &System) -> Option<u64> {
    let calls = system.calls.iter();
    calls
        .flat_map(|call| [Some(&call.policy), call.mesh.as_ref()])
        .flatten()
        .filter_map(|policy| policy.timeout_ns)
        .max()
}

/// The service whose stall is fatal most often, at today's load.
fn fatal<C: Crew>(
    check: &mut Check<'_, C>,
    date: jiff::civil::Date,
    at: i64,
    longest: u64,
) -> Result<Option<usize>, Unlived> {
    let services = check.world.system.services.len();
    let mut worst: Option<(usize, usize)> = None;
    for service in 0..services {
        let trigger = Trigger {
            service,
            date,
            at,
            longest,
        };
        let Some(down) = trigger.down(check, 1.0, &[4], "hidden hunt", (0, LOOKS))? else {
            return Ok(None);
        };
        let down = down[0];
        if worst.is_none_or(|(_, most)| most < down) {
            worst = Some((service, down));
        }
    }
    Ok(worst.map(|(service, _)| service))
}

/// A stall of a service.
struct Trigger {
    service: usize,
    date: jiff::civil::Date,
    at: i64,
    longest: u64,
}

impl Trigger {
    fn trial<C>(&self, check: &Check<'_, C>, load: f64, times: u64, seed: u64) -> Trial {
        let lasts_ns = self.longest * times;
        let strike = Strike {
            what: check.extra.stall(check.options.known_faults, self.service),
            at: self.at,
            lasts_ns: Some(lasts_ns),
            by: None,
        };
        let mut day = check.world.around(self.date, &[strike], load);
        let end = self.at + lasts_ns as i64 + HORIZON_NS;
        day.until = Some(check.world.year.calendar().local(end).time());
        Trial::new(day, seed)
    }

    /// How many days are still down after each of these stalls.
    fn down<C: Crew>(
        &self,
        check: &mut Check<'_, C>,
        load: f64,
        stalls: &[u64],
        phase: &str,
        (from, to): (u64, u64),
    ) -> Result<Option<Vec<usize>>, Unlived> {
        let mut trials = Vec::new();
        for &times in stalls {
            let phase = format!("{phase} {load:.6} {times}");
            for index in from..to {
                let seed = check.seed_of(&phase, index);
                trials.push(self.trial(check, load, times, seed));
            }
        }
        let mut down = Vec::new();
        let per_stall = (to - from) as usize;
        for batch in trials.chunks(per_stall) {
            let Some(tried) = check.batch(batch, &format!("stalls at {load:.2}x demand"))? else {
                return Ok(None);
            };
            check.days.brink += batch.len() as u64;
            down.push(tried.iter().filter(|tried| !tried.recovered).count());
        }
        Ok(Some(down))
    }

    /// Whether some day of a few is still down; none if there is nothing left to spend.
    fn look<C: Crew>(&self, check: &mut Check<'_, C>, load: f64) -> Result<Option<bool>, Unlived> {
        let down = self.down(check, load, &STALLS, "hidden look", (0, LOOKS))?;
        Ok(down.map(|down| down.iter().any(|&n| 0 < n)))
    }

    /// Whether fewer than one in twenty of fresh days are down after each stall.
    fn decide<C: Crew>(
        &self,
        check: &mut Check<'_, C>,
        ladder: &mut Ladder,
        load: f64,
    ) -> Result<Option<bool>, Unlived> {
        let mut most = 0;
        for times in STALLS {
            let down = self.down(check, load, &[times], "hidden", (0, DAYS))?;
            let Some(down) = down else { return Ok(None) };
            most = most.max(down[0]);
            if DOWN * DAYS as f64 <= most as f64 {
                break;
            }
        }
        ladder.add(load, DAYS, most as u64);
        Ok(Some((most as f64) < DOWN * DAYS as f64))
    }
}

/// From the largest load that surely holds to the smallest that surely does not, by the exact interval of a share. One
/// stall of five is enough not to hold, so each has a fifth of the error there.
fn interval(ladder: &Ladder) -> (f64, Option<f64>) {
    let rows = ladder.rows();
    let share = |row: &Row, error| clopper_pearson(row.2, row.1, 1.0 - error);
    let low = rows.iter().filter(|row| share(row, ERROR).high <= DOWN);
    let high = rows.iter().filter(|row| DOWN < share(row, 0.2 * ERROR).low);
    (
        low.map(|row| row.0).fold(0.0, f64::max),
        high.map(|row| row.0).reduce(f64::min),
    )
}
