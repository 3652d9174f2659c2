//! What a change does to every promise: two systems, the same days.
//!
//! Each fresh day is drawn once and lived in both, with one seed: every draw is a function of names, so what the change does
//! not touch is the same in both to the last bit (common random numbers). What is counted are pairs. Days per year that the
//! change breaks, and those that it mends, are each a sum over the strata of the year, with an interval that holds at
//! every moment ([`Sequence`]); their difference lies between the ends of the two.
//!
//! Where the years differ (another fault, another rate, another calendar) no day of one is a day of the other: each is
//! then sampled by itself, and the difference is as wide as both.
//!
//! Break points are those of [`check`](crate::check); the change of one lies between the quotients of their ends.

use serde::{Deserialize, Serialize};
use worstday_model::system::System;
use worstday_stats::Interval;
use worstday_stats::interval::sequence::{Sequence, Stratum};

use crate::answer::{Brink, Early};
use crate::check::{BATCH, Check, Crew, Options};
use crate::claim::Extra;
use crate::lived::{Trial, Tried, Unlived, World};
use crate::year::Year;

/// Pairs of days are lived until so much of the budget is left; break points have the rest.
const SHARE_FOR_BRINKS: f64 = 0.4;

/// A difference is known well enough when its interval is no wider than this part of what was before, or
/// when this many pairs were lived.
const NARROW: f64 = 0.1;
const PAIRS_MAX: u64 = 4_000;

/// Quiet days that are lived in both.
const QUIET: u64 = 24;

/// A month of 30 days, ns.
pub(crate) const MONTH_NS: f64 = 30.0 * 86_400e9;

/// What a change does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    /// Names of the two systems.
    pub systems: (String, String),
    /// Hashes of the two models.
    pub models: (String, String),
    /// Whether each day was lived in both.
    pub paired: bool,
    /// Quiet days lived in both (or in each): they are told apart, for a year of them takes many to say anything; 0 where
    /// whole days are too dear.
    pub quiet: u64,
    /// All intervals of broken days together hold with this confidence.
    pub confidence: f64,
    /// Promises of both, in the order of the first.
    pub promises: Vec<PromiseDifference>,
    /// Promises that only one of them makes.
    pub alone: Vec<String>,
    /// What replicas and cores cost a month of 30 days, before and after; none without prices in both.
    pub per_month: Option<(f64, f64)>,
    /// Days lived in each.
    pub days: (u64, u64),
    /// Why it ended before all was told.
    pub ended: Option<Early>,
}

/// What a change does to a promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PromiseDifference {
    /// Its name.
    pub name: String,
    /// Days per year that break it, of those on which something strikes or is dated, before.
    pub before: Interval,
    /// After.
    pub after: Interval,
    /// The difference: below 0, fewer break.
    pub change: Interval,
    /// Its best estimate; none if a kind of day was never lived.
    pub estimate: Option<f64>,
    /// Days that broke before and not after, and the other way round.
    pub mended: u64,
    /// Days that broke after and not before.
    pub broken: u64,
    /// Quiet days that broke before, and after.
    pub quiet: (u64, u64),
    /// The break point before.
    pub break_before: Option<Brink>,
    /// The break point after.
    pub break_after: Option<Brink>,
    /// The break point after as a multiple of that before: between the quotients of the ends; no upper end if none is known.
    pub break_change: Option<(f64, Option<f64>)>,
}

/// Pairs of a stratum.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    before: u64,
    after: u64,
    mended: u64,
    broken: u64,
}

/// Compares two systems.
///
/// # Errors
///
/// [`Unlived`] if a day cannot be lived.
pub fn diff<C: Crew>(
    before: &World,
    after: &World,
    options: &Options,
    crew: &mut C,
) -> Result<Difference, Unlived> {
    let common: Vec<(usize, usize)> = before
        .system
        .promises
        .iter()
        .enumerate()
        .filter_map(|(at, promise)| {
            let same = |row: &worstday_model::system::Promise| row.name == promise.name;
            Some((at, after.system.promises.iter().position(same)?))
        })
        .collect();
    let names = |world: &World| -> Vec<String> {
        let promises = world.system.promises.iter();
        promises.map(|promise| promise.name.clone()).collect()
    };
    let (own, other) = (names(before), names(after));
    let alone = own
        .iter()
        .filter(|name| !other.contains(name))
        .chain(other.iter().filter(|name| !own.contains(name)))
        .cloned()
        .collect();
    let paired = same_days(&before.year, &after.year) && same_things(&before.system, &after.system);
    let lived = if paired {
        in_pairs(before, after, &common, options, crew)?
    } else {
        apart(before, after, &common, options, crew)?
    };
    let mut promises = lived.promises;
    let mut days = lived.days;
    let mut ended = lived.ended;
    if options.brink && ended != Some(Early::Stopped) {
        for side in [Side::Before, Side::After] {
            let extra = Extra::default();
            let world = if side == Side::Before { before } else { after };
            let mut check = Check::new(world, &extra, options, crew);
            // What is left of the days is halved: one part for each.
            check.days.brink = days.0 + days.1;
            check.begin()?;
            for (row, &(of_before, of_after)) in promises.iter_mut().zip(&common) {
                let (promise, brink) = match side {
                    Side::Before => (of_before, &mut row.break_before),
                    Side::After => (of_after, &mut row.break_after),
                };
                *brink = crate::break_point::break_point(&mut check, promise)?;
            }
            let all = check.days.all() - days.0 - days.1;
            match side {
                Side::Before => days.0 += all,
                Side::After => days.1 += all,
            }
            ended = ended.or(check.stopped);
        }
    }
    for row in &mut promises {
        if let (Some(before), Some(after)) = (&row.break_before, &row.break_after) {
            let low = before.high.map_or(0.0, |high| after.low / high);
            let high = after.high.filter(|_| 0.0 < before.low);
            row.break_change = Some((low, high.map(|high| high / before.low)));
        }
    }
    Ok(Difference {
        systems: (before.system.name.clone(), after.system.name.clone()),
        models: (before.hash.clone(), after.hash.clone()),
        paired,
        quiet: lived.quiet,
        confidence: options.confidence,
        promises,
        alone,
        per_month: price(&before.system).zip(price(&after.system)),
        days,
        ended,
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Side {
    Before,
    After,
}

/// What was seen of the days.
struct Lived {
    promises: Vec<PromiseDifference>,
    quiet: u64,
    days: (u64, u64),
    ended: Option<Early>,
}

/// Each day in both.
fn in_pairs<C: Crew>(
    before: &World,
    after: &World,
    common: &[(usize, usize)],
    options: &Options,
    crew: &mut C,
) -> Result<Lived, Unlived> {
    let extra = Extra::default();
    let mut check = Check::new(before, &extra, options, crew);
    check.begin()?;
    let mut after = after.clone();
    if check.world.quiet.is_some() {
        let date = check.busiest_date();
        let seed = check.seed_of("quiet day", 0);
        after = after.with_quiet_day(date, seed)?;
    }
    let strata = check.rates.len();
    let mut counted = vec![vec![Counted::default(); strata]; common.len()];
    let mut trials = vec![0_u64; strata];
    let alpha = (1.0 - options.confidence) / common.len().max(1) as f64;
    let rates = check.disturbed();
    let sequence = Sequence::new(1.0 - alpha / 4.0, 30.0);
    let phase = check.phase("difference");
    let mut quiet: Vec<(u64, u64)> = vec![(0, 0); common.len()];
    let mut quiets = 0;
    if let Some(stratum) = check.quiet.filter(|_| check.affords(3.0 * QUIET as f64)) {
        let days: Vec<Trial> = (0..QUIET)
            .map(|index| {
                let drawn = before.year.draw(&before.system, stratum, &phase, index);
                Trial::new(check.world.scenario(&drawn), drawn.seed)
            })
            .collect();
        for days in days.chunks(BATCH) {
            let Some(old) = check.batch(days, "quiet days")? else {
                break;
            };
            let Some(new) = check.batch_of(&after, days, "quiet days")? else {
                break;
            };
            check.days.confirmed += 2 * days.len() as u64;
            quiets += days.len() as u64;
            for (counts, &(of_before, of_after)) in quiet.iter_mut().zip(common) {
                counts.0 += old
                    .iter()
                    .filter(|tried| is_broken(tried, of_before))
                    .count() as u64;
                counts.1 += new
                    .iter()
                    .filter(|tried| is_broken(tried, of_after))
                    .count() as u64;
            }
        }
    }
    let mut open: Vec<usize> = (0..common.len()).collect();
    while !open.is_empty() && left(&mut check) > SHARE_FOR_BRINKS {
        let costs = check.costs();
        let mut planned: Vec<usize> = Vec::new();
        let mut more = trials.clone();
        for turn in 0..BATCH {
            let rows = &counted[open[turn % open.len()]];
            let gain = |at: usize| {
                // The spread of what a stratum adds to the difference; one never lived adds all of it.
                let differ = (rows[at].mended + rows[at].broken) as f64 + 0.5;
                let lived = more[at] as f64 + 1.0;
                rates[at]
                    * worstday_stats::math::sqrt((differ / lived).min(1.0) / lived / costs[at])
            };
            let best = (0..strata)
                .filter(|&at| 0.0 < gain(at) && costs[at].is_finite())
                .max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a)));
            let Some(best) = best else { break };
            planned.push(best);
            more[best] += 1;
        }
        if planned.is_empty() {
            break;
        }
        let mut days: Vec<Trial> = Vec::with_capacity(planned.len());
        let mut nth = trials.clone();
        for &stratum in &planned {
            let drawn = before
                .year
                .draw(&before.system, stratum, &phase, nth[stratum]);
            nth[stratum] += 1;
            days.push(Trial::new(check.world.scenario(&drawn), drawn.seed));
        }
        let trying = before.year.strata[planned[0]].name.clone();
        let Some(old) = check.batch(&days, &trying)? else {
            break;
        };
        let Some(new) = check.batch_of(&after, &days, &trying)? else {
            break;
        };
        check.days.confirmed += 2 * days.len() as u64;
        for ((&stratum, old), new) in planned.iter().zip(&old).zip(&new) {
            trials[stratum] += 1;
            check.spent[stratum].0 += old.events as f64;
            check.spent[stratum].1 += 1.0;
            for (rows, &(of_before, of_after)) in counted.iter_mut().zip(common) {
                let (was, is) = (is_broken(old, of_before), is_broken(new, of_after));
                let row = &mut rows[stratum];
                row.before += u64::from(was);
                row.after += u64::from(is);
                row.mended += u64::from(was && !is);
                row.broken += u64::from(is && !was);
            }
        }
        let pairs: u64 = trials.iter().sum();
        open.retain(|&at| {
            let total = |of: fn(&Counted) -> u64| sum(&sequence, &rates, &counted[at], &trials, of);
            let (mended, broken) = (total(|row| row.mended), total(|row| row.broken));
            let wide = (mended.high - mended.low).max(broken.high - broken.low);
            let scale = total(|row| row.before)
                .high
                .max(total(|row| row.after).high);
            pairs < PAIRS_MAX && NARROW * scale < wide
        });
    }
    let promises = common
        .iter()
        .zip(&counted)
        .zip(&quiet)
        .map(|((&(of_before, _), rows), &quiet)| {
            let total = |of: fn(&Counted) -> u64| sum(&sequence, &rates, rows, &trials, of);
            let (mended, broken) = (total(|row| row.mended), total(|row| row.broken));
            let seen = rates
                .iter()
                .zip(&trials)
                .all(|(rate, trials)| *rate == 0.0 || 0 < *trials);
            let estimate = rows
                .iter()
                .zip(&rates)
                .zip(&trials)
                .map(|((row, rate), trials)| {
                    rate * (row.broken as f64 - row.mended as f64) / (*trials).max(1) as f64
                });
            PromiseDifference {
                name: before.system.promises[of_before].name.clone(),
                before: total(|row| row.before),
                after: total(|row| row.after),
                change: Interval {
                    low: broken.low - mended.high,
                    high: broken.high - mended.low,
                },
                estimate: seen.then(|| estimate.sum()),
                mended: rows.iter().map(|row| row.mended).sum(),
                broken: rows.iter().map(|row| row.broken).sum(),
                quiet,
                break_before: None,
                break_after: None,
                break_change: None,
            }
        })
        .collect();
    let half = check.days.all() / 2;
    Ok(Lived {
        promises,
        quiet: quiets,
        days: (check.days.all() - half, half),
        ended: check.stopped,
    })
}

/// Each by itself: none of its days is one of the other.
fn apart<C: Crew>(
    before: &World,
    after: &World,
    common: &[(usize, usize)],
    options: &Options,
    crew: &mut C,
) -> Result<Lived, Unlived> {
    let alpha = (1.0 - options.confidence) / common.len().max(1) as f64;
    let sequence = Sequence::new(1.0 - alpha / 2.0, 30.0);
    let mut sides: Vec<(Vec<Interval>, Vec<Option<f64>>, u64)> = Vec::new();
    let mut ended = None;
    for (side, world) in [before, after].into_iter().enumerate() {
        let extra = Extra::default();
        let mut check = Check::new(world, &extra, options, crew);
        check.days.brink = sides.first().map_or(0, |side| side.2);
        check.begin()?;
        let rates = check.disturbed();
        let until = 1.0 - (1.0 - SHARE_FOR_BRINKS) * (side as f64 + 1.0) / 2.0;
        while left(&mut check) > until && check.days.confirmed < PAIRS_MAX {
            let costs = check.costs();
            let mut planned = Vec::new();
            let mut seen = check.seen.clone();
            for turn in 0..BATCH {
                let Some(&(of_before, of_after)) = common.get(turn % common.len().max(1)) else {
                    break;
                };
                let promise = if side == 0 { of_before } else { of_after };
                let towards = crate::tally::Towards::Kept;
                let Some(next) = crate::tally::next(&rates, &seen[promise], &costs, towards) else {
                    continue;
                };
                planned.push(next);
                for rows in &mut seen {
                    rows[next].trials += 1;
                }
            }
            if planned.is_empty() || !check.confirm(&planned)? {
                break;
            }
        }
        let of = |pair: &(usize, usize)| if side == 0 { pair.0 } else { pair.1 };
        let intervals = common
            .iter()
            .map(|pair| crate::tally::rate(&sequence, &rates, &check.seen[of(pair)]));
        let estimates = common
            .iter()
            .map(|pair| crate::tally::estimate(&rates, &check.seen[of(pair)]));
        let days = check.days.all() - check.days.brink;
        sides.push((intervals.collect(), estimates.collect(), days));
        ended = ended.or(check.stopped);
    }
    let promises = common
        .iter()
        .enumerate()
        .map(|(at, &(of_before, _))| {
            let (before_rate, after_rate) = (sides[0].0[at], sides[1].0[at]);
            PromiseDifference {
                name: before.system.promises[of_before].name.clone(),
                before: before_rate,
                after: after_rate,
                change: Interval {
                    low: after_rate.low - before_rate.high,
                    high: after_rate.high - before_rate.low,
                },
                estimate: sides[1].1[at]
                    .zip(sides[0].1[at])
                    .map(|(after, before)| after - before),
                mended: 0,
                broken: 0,
                quiet: (0, 0),
                break_before: None,
                break_after: None,
                break_change: None,
            }
        })
        .collect();
    Ok(Lived {
        promises,
        quiet: 0,
        days: (sides[0].2, sides[1].2),
        ended,
    })
}

fn is_broken(tried: &Tried, promise: usize) -> bool {
    tried.promises[promise].broken || tried.broke_off
}

/// The share of the budget that is left.
fn left<C: Crew>(check: &mut Check<'_, C>) -> f64 {
    if check.stopped.is_some() {
        return 0.0;
    }
    let days = check.options.budget_days.map_or(1.0, |most| {
        1.0 - check.days.all() as f64 / most.max(1) as f64
    });
    days.min(check.crew.time_left())
}

/// Days per year, over the strata.
fn sum(
    sequence: &Sequence,
    rates: &[f64],
    rows: &[Counted],
    trials: &[u64],
    of: fn(&Counted) -> u64,
) -> Interval {
    let strata: Vec<Stratum> = rates
        .iter()
        .zip(rows)
        .zip(trials)
        .map(|((&rate, row), &trials)| Stratum {
            rate,
            hits: of(row),
            trials,
        })
        .collect();
    sequence.total(&strata)
}

/// Whether a day that is drawn from one year is as likely in the other.
fn same_days(one: &Year, other: &Year) -> bool {
    let strata = |year: &Year| -> Vec<(String, u64)> {
        let strata = year.strata.iter();
        strata
            .map(|stratum| (stratum.name.clone(), stratum.rate.to_bits()))
            .collect()
    };
    one.dates() == other.dates() && strata(one) == strata(other)
}

/// Whether what may happen has the same numbers in both.
fn same_things(one: &System, other: &System) -> bool {
    let faults = |system: &System| -> Vec<String> {
        let faults = system.faults.iter();
        faults
            .map(|fault| format!("{} {:?}", fault.name, fault.when))
            .collect()
    };
    let events = |system: &System| -> Vec<String> {
        let events = system.events.iter();
        events
            .map(|event| format!("{} {:?}", event.name, event.when))
            .collect()
    };
    let clients = |system: &System| -> Vec<String> {
        let clients = system.clients.iter();
        clients.map(|client| client.name.clone()).collect()
    };
    faults(one) == faults(other) && events(one) == events(other) && clients(one) == clients(other)
}

/// What replicas and cores cost a month of 30 days; none if nothing has a price.
pub(crate) fn price(system: &System) -> Option<f64> {
    let costs = system.costs.as_ref()?;
    let mut per_ns = 0.0;
    for (id, each) in &costs.replica_per_ns {
        per_ns += each * f64::from(system.services[id.index()].replicas);
    }
    for service in &system.services {
        if let Some(cores) = &service.cores {
            per_ns += costs.core_per_ns * cores.request * f64::from(service.replicas);
        }
    }
    Some(per_ns * MONTH_NS)
}
